#include "net/transport_socket.h"

#include <errno.h>
#include <string.h>
#include <zmq.h>

enum {
    BACKLOG = 512,
    CURVE_OVERHEAD = 33,     /* command name, nonce and box around a message's flags and bytes */
    RECONNECT_MS = 86400000, /* in effect never: -1 would hide failures of name resolution */
};
#define ZAP_ENDPOINT "inproc://zeromq.zap.01"
#define ZAP_DOMAIN   "fedcat"

_Static_assert(sizeof(zmq_msg_t) <= sizeof(struct fc_frame), "a frame has room for the library's");
_Static_assert(_Alignof(zmq_msg_t) <= _Alignof(struct fc_frame), "and stands as it must");

/* -- the library's context --------------------------------------------------------------------- */

void *fc_sockets_create(void)
{
    return zmq_ctx_new();
}

bool fc_sockets_set(void *sockets, int threads, int sockets_max)
{
    return zmq_ctx_set(sockets, ZMQ_IO_THREADS, threads) == 0 &&
           zmq_ctx_set(sockets, ZMQ_MAX_SOCKETS, sockets_max) == 0;
}

void fc_sockets_shutdown(void *sockets)
{
    if (sockets)
        zmq_ctx_shutdown(sockets);
}

void fc_sockets_destroy(void *sockets)
{
    if (sockets)
        zmq_ctx_term(sockets);
}

/* -- frames ------------------------------------------------------------------------------------ */

static zmq_msg_t *msg_of(const struct fc_frame *frame)
{
    return (zmq_msg_t *)(uintptr_t)frame->b; /* the library's getters want it without const */
}

void fc_frame_init(struct fc_frame *frame)
{
    zmq_msg_init(msg_of(frame));
}

void fc_frame_close(struct fc_frame *frame)
{
    zmq_msg_close(msg_of(frame));
}

struct fc_span fc_frame_bytes(const struct fc_frame *frame)
{
    return fc_span(zmq_msg_data(msg_of(frame)), zmq_msg_size(msg_of(frame)));
}

enum fc_err fc_frame_pack(struct fc_frame *frame, struct fc_packet *packet)
{
    if (zmq_msg_init_data(msg_of(frame), packet->bytes, packet->len, fc_packet_free, packet) == 0)
        return FC_OK;
    fc_packet_free(NULL, packet);
    return FC_E_NOMEM;
}

int fc_frame_fd(const struct fc_frame *frame)
{
    return zmq_msg_get(msg_of(frame), ZMQ_SRCFD);
}

const char *fc_frame_user(const struct fc_frame *frame)
{
    return zmq_msg_gets(msg_of(frame), "User-Id");
}

bool fc_frame_receive(struct fc_frame *frame, void *socket)
{
    return zmq_msg_recv(msg_of(frame), socket, ZMQ_DONTWAIT) >= 0;
}

enum fc_received fc_frame_receive_rest(struct fc_frame *frame, void *socket)
{
    enum fc_received received = FC_RECEIVED_ONE;
    if (!fc_frame_receive(frame, socket))
        return FC_RECEIVED_NOTHING;
    while (zmq_msg_more(msg_of(frame))) {
        received = FC_RECEIVED_SEVERAL;
        if (!fc_frame_receive(frame, socket))
            break;
    }
    return received;
}

static enum fc_err sent(int rc)
{
    if (rc >= 0)
        return FC_OK;
    return errno == EAGAIN ? FC_E_AGAIN : FC_E_CLOSED;
}

enum fc_err fc_frame_send(struct fc_frame *frame, void *socket)
{
    return sent(zmq_msg_send(msg_of(frame), socket, ZMQ_DONTWAIT));
}

enum fc_err fc_transport_socket_send_route(void *socket, struct fc_span route)
{
    return sent(zmq_send(socket, route.data, route.len, ZMQ_SNDMORE | ZMQ_DONTWAIT));
}

/* -- sockets ----------------------------------------------------------------------------------- */

void *fc_transport_socket_open(void *sockets, enum fc_transport_socket_kind kind)
{
    static const int types[] = {[FC_SOCKET_ROUTER] = ZMQ_ROUTER,
                                [FC_SOCKET_DEALER] = ZMQ_DEALER,
                                [FC_SOCKET_ZAP] = ZMQ_REP};
    return zmq_socket(sockets, types[kind]);
}

static bool set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

/* Dials have a thread of their own: the library resolves names on it. */
static bool set_thread(void *socket, uint64_t mask)
{
    return zmq_setsockopt(socket, ZMQ_AFFINITY, &mask, sizeof mask) == 0;
}

static bool set_common(void *socket, const struct fc_transport_socket_options *options)
{
    int64_t frame_max = FC_FRAME_BYTES_MAX + CURVE_OVERHEAD;
    int silence_ms = options->heartbeat_ms * 3;
    return set_int(socket, ZMQ_LINGER, 0) && set_int(socket, ZMQ_SNDHWM, options->queue_out) &&
           set_int(socket, ZMQ_RCVHWM, options->queue_in) &&
           set_int(socket, ZMQ_HANDSHAKE_IVL, options->handshake_ms) &&
           set_int(socket, ZMQ_HEARTBEAT_IVL, options->heartbeat_ms) &&
           set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, silence_ms) &&
           set_int(socket, ZMQ_HEARTBEAT_TTL, silence_ms) &&
           set_int(socket, ZMQ_TCP_KEEPALIVE, 1) &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, options->secret->b, 32) == 0;
}

bool fc_transport_socket_set_router(void *socket, const struct fc_transport_socket_options *options)
{
    return set_common(socket, options) && set_thread(socket, 1) &&
           set_int(socket, ZMQ_ROUTER_MANDATORY, 1) && set_int(socket, ZMQ_ROUTER_HANDOVER, 0) &&
           set_int(socket, ZMQ_BACKLOG, BACKLOG) && set_int(socket, ZMQ_CURVE_SERVER, 1) &&
           zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN)) == 0;
}

bool fc_transport_socket_set_dealer(void *socket, const struct fc_transport_socket_options *options,
                                    const struct fc_key *own, const struct fc_key *peer, bool ipv6)
{
    return set_common(socket, options) && set_thread(socket, 2) &&
           zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, own->b, 32) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, peer->b, 32) == 0 &&
           set_int(socket, ZMQ_IPV6, ipv6) &&
           set_int(socket, ZMQ_CONNECT_TIMEOUT, options->handshake_ms) &&
           set_int(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
}

bool fc_transport_socket_bind_zap(void *socket)
{
    return set_int(socket, ZMQ_LINGER, 0) && zmq_bind(socket, ZAP_ENDPOINT) == 0;
}

enum fc_err fc_transport_socket_bind(void *socket, const char *endpoint, bool ipv6, char *bound,
                                     size_t bound_bytes)
{
    if (!set_int(socket, ZMQ_IPV6, ipv6))
        return FC_E_IO;
    if (zmq_bind(socket, endpoint) != 0) {
        /* "*" and names have a second meaning where the machine has no IPv6. */
        if (!ipv6 || errno == EADDRINUSE || !set_int(socket, ZMQ_IPV6, 0) ||
            zmq_bind(socket, endpoint) != 0)
            return FC_E_IO;
    }
    return zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, bound, &bound_bytes) == 0 ? FC_OK : FC_E_IO;
}

bool fc_transport_socket_connect(void *socket, const char *endpoint)
{
    return zmq_connect(socket, endpoint) == 0;
}

int fc_transport_socket_fd(void *socket)
{
    int fd;
    size_t len = sizeof fd;
    return zmq_getsockopt(socket, ZMQ_FD, &fd, &len) == 0 ? fd : -1;
}

static int events_of(void *socket)
{
    int events = 0;
    size_t len = sizeof events;
    return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &len) == 0 ? events : 0;
}

bool fc_transport_socket_readable(void *socket)
{
    return socket && (events_of(socket) & ZMQ_POLLIN);
}

void fc_transport_socket_refresh(void *socket)
{
    (void)events_of(socket);
}

/* -- monitors ---------------------------------------------------------------------------------- */

void *fc_monitor_open(void *sockets, void *socket, enum fc_transport_socket_kind kind,
                      const char *name)
{
    const int events = kind == FC_SOCKET_ROUTER
                           ? ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED
                           : ZMQ_EVENT_CONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                                 ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                                 ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                                 ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_CONNECT_RETRIED |
                                 ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED;
    void *monitor = zmq_socket(sockets, ZMQ_PAIR);
    if (monitor && set_int(monitor, ZMQ_LINGER, 0) &&
        zmq_socket_monitor(socket, name, events) == 0 && zmq_connect(monitor, name) == 0)
        return monitor;
    if (monitor) {
        zmq_socket_monitor(socket, NULL, 0);
        zmq_close(monitor);
    }
    return NULL;
}

static enum fc_monitor_event meaning(uint16_t event)
{
    switch (event) {
    case 0:
        return FC_MONITOR_NOTHING;
    case ZMQ_EVENT_ACCEPTED:
        return FC_MONITOR_ACCEPTED;
    case ZMQ_EVENT_CONNECTED:
        return FC_MONITOR_CONNECTED;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        return FC_MONITOR_READY;
    default:
        return FC_MONITOR_ENDED;
    }
}

enum fc_monitor_event fc_monitor_next(void *monitor, uint32_t *value)
{
    zmq_msg_t msg;
    uint16_t event = 0;
    zmq_msg_init(&msg);
    if (zmq_msg_recv(&msg, monitor, ZMQ_DONTWAIT) == 6) {
        const uint8_t *data = zmq_msg_data(&msg);
        memcpy(&event, data, sizeof event);
        memcpy(value, data + sizeof event, sizeof *value);
    }
    while (zmq_msg_more(&msg) && zmq_msg_recv(&msg, monitor, ZMQ_DONTWAIT) >= 0)
        ;
    zmq_msg_close(&msg);
    return meaning(event);
}

void fc_transport_socket_close(void *socket, void *monitor)
{
    /* First, so that ZeroMQ's thread never waits for a monitor that nobody reads. */
    if (monitor && socket)
        zmq_socket_monitor(socket, NULL, 0);
    if (monitor)
        zmq_close(monitor);
    if (socket)
        zmq_close(socket);
}

/* -- ZAP --------------------------------------------------------------------------------------- */

/* RFC 27: version, request id, domain, address, identity, mechanism, credentials. */
bool fc_zap_receive(void *socket, struct fc_zap_request *request)
{
    enum { FRAMES = 7 };
    char mechanism[16] = "";
    size_t mechanism_len = 0, key_len = 0, size = sizeof(int);
    int count = 0, more = 1;
    request->id_len = 0;
    while (more) {
        struct fc_frame frame;
        fc_frame_init(&frame);
        if (!fc_frame_receive(&frame, socket))
            return false;
        struct fc_span bytes = fc_frame_bytes(&frame);
        if (count == 1 && bytes.len < sizeof request->id)
            memcpy(request->id, bytes.data, request->id_len = bytes.len);
        if (count == 5 && bytes.len < sizeof mechanism)
            memcpy(mechanism, bytes.data, mechanism_len = bytes.len);
        if (count == 6 && bytes.len == sizeof request->key)
            memcpy(&request->key, bytes.data, key_len = bytes.len);
        fc_frame_close(&frame);
        count++;
        zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size);
    }
    request->whole = count == FRAMES && key_len == sizeof request->key && mechanism_len == 5 &&
                     memcmp(mechanism, "CURVE", 5) == 0;
    return true;
}

void fc_zap_answer(void *socket, const struct fc_zap_request *request, bool admitted)
{
    char user[2 * sizeof request->key + 1] = "";
    if (admitted)
        fc_hex(request->key.b, sizeof request->key, user);
    zmq_send(socket, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(socket, request->id, request->id_len, ZMQ_SNDMORE);
    zmq_send(socket, admitted ? "200" : "400", 3, ZMQ_SNDMORE);
    zmq_send(socket, "", 0, ZMQ_SNDMORE);
    zmq_send(socket, user, strlen(user), ZMQ_SNDMORE);
    zmq_send(socket, "", 0, 0);
}
