/* ZeroMQ's sockets and messages as the transport uses them: the one file that knows the library.
 * Functions that say whether they succeeded leave errno as the library set it. Not for two threads
 * at once, but for what the library itself does on its own. */
#ifndef FC_NET_TRANSPORT_SOCKET_H
#define FC_NET_TRANSPORT_SOCKET_H

#include "net/transport_meter.h"
#include "store/crypto.h"
#include "store/limits.h"

/* -- the library's context --------------------------------------------------------------------- */

void *fc_sockets_create(void);
bool fc_sockets_set(void *sockets, int threads, int sockets_max);
void fc_sockets_shutdown(void *sockets); /* wakes its threads; NULL is fine */
void fc_sockets_destroy(void *sockets);  /* after all sockets are closed; NULL is fine */

/* -- frames ------------------------------------------------------------------------------------ */

struct fc_frame { /* must stay where it is between init and close */
    _Alignas(16) uint8_t b[64];
};
void fc_frame_init(struct fc_frame *frame);
void fc_frame_close(struct fc_frame *frame);
struct fc_span fc_frame_bytes(const struct fc_frame *frame);
/* Takes the packet, which is freed in time, by any thread; at once when it fails. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_frame_pack(struct fc_frame *frame, struct fc_packet *packet);
/* Of a message that came: the descriptor of its connection, and who the ZAP handler said it was. */
int fc_frame_fd(const struct fc_frame *frame);
const char *fc_frame_user(const struct fc_frame *frame); /* NULL: nobody */

/* The next frame that is here; false: none. */
bool fc_frame_receive(struct fc_frame *frame, void *socket);
enum fc_received { FC_RECEIVED_NOTHING, FC_RECEIVED_ONE, FC_RECEIVED_SEVERAL };
/* The rest of a message. Of several frames the last is kept, for none of them counts. */
enum fc_received fc_frame_receive_rest(struct fc_frame *frame, void *socket);
/* FC_OK: it went; FC_E_AGAIN, FC_E_CLOSED: it did not. */
FC_MUST_USE enum fc_err fc_frame_send(struct fc_frame *frame, void *socket);
/* The same of the frame in front of it: to whom. */
FC_MUST_USE enum fc_err fc_transport_socket_send_route(void *socket, struct fc_span route);

/* -- sockets ----------------------------------------------------------------------------------- */

enum fc_transport_socket_kind { FC_SOCKET_ROUTER, FC_SOCKET_DEALER, FC_SOCKET_ZAP };
void *fc_transport_socket_open(void *sockets,
                               enum fc_transport_socket_kind kind); /* NULL: none is to be had */

struct fc_transport_socket_options { /* of ROUTER and DEALER */
    int queue_out, queue_in;         /* messages */
    int handshake_ms, heartbeat_ms;
    const struct fc_box_key *secret;
};
bool fc_transport_socket_set_router(void *socket,
                                    const struct fc_transport_socket_options *options);
bool fc_transport_socket_set_dealer(void *socket, const struct fc_transport_socket_options *options,
                                    const struct fc_key *own, const struct fc_key *peer, bool ipv6);
bool fc_transport_socket_bind_zap(void *socket);
/* `bound` is what it became. FC_E_IO. */
FC_MUST_USE enum fc_err fc_transport_socket_bind(void *socket, const char *endpoint, bool ipv6,
                                                 char *bound, size_t bound_bytes);
bool fc_transport_socket_connect(void *socket, const char *endpoint);

int fc_transport_socket_fd(void *socket);        /* to poll for reading, edge-triggered; -1 */
bool fc_transport_socket_readable(void *socket); /* NULL: no */
void fc_transport_socket_refresh(void *socket);  /* takes note of room that was made */

/* -- monitors: what becomes of a socket's connections ------------------------------------------ */

enum fc_monitor_event {
    FC_MONITOR_NOTHING,
    FC_MONITOR_ACCEPTED,  /* `value`: its descriptor */
    FC_MONITOR_CONNECTED, /* the same */
    FC_MONITOR_READY,     /* the handshake succeeded */
    FC_MONITOR_ENDED,     /* or failed; of a ROUTER, `value` is the descriptor */
};
/* Of a ROUTER: accepted and ended; of a DEALER: connected, ready, ended. NULL: failed. */
void *fc_monitor_open(void *sockets, void *socket, enum fc_transport_socket_kind kind,
                      const char *name);
enum fc_monitor_event fc_monitor_next(void *monitor, uint32_t *value);
/* Both may be NULL. */
void fc_transport_socket_close(void *socket, void *monitor);

/* -- ZAP (ZeroMQ RFC 27): who may come in ------------------------------------------------------ */

struct fc_zap_request {
    char id[256];
    size_t id_len;
    struct fc_key key; /* meant where it is `whole` */
    bool whole;        /* of CURVE, with a key */
};
/* False: none waits. */
bool fc_zap_receive(void *socket, struct fc_zap_request *request);
/* An admitted one is known by its key, in hexadecimal, from then on. */
void fc_zap_answer(void *socket, const struct fc_zap_request *request, bool admitted);

#endif
