/* A flood of connections from outsiders, while members go on talking. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>
#include <zmq.h>

#include "tests/support/link_node.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum {
    SILENT = 3000,   /* connections that never say a word */
    GARBAGE = 2000,  /* that say what is no greeting */
    HALFWAY = 1000,  /* that greet, and stop before they prove a key */
    STRANGERS = 600, /* that prove a key nobody knows */
    OPEN_MAX = 1500, /* held open at a time */
    /* 1,024 unproven connections may stand, at less than 40 KB each; and as many again may be on
     * their way to the table. AddressSanitizer keeps freed memory for a while. */
    GROWTH_MAX_KIB = SANITIZED ? 512 * 1024 : 64 * 1024,
    /* 64 MiB, and what comes in within a fifth of a second more. */
    ENDLESS_MAX_KIB = SANITIZED ? 1024 * 1024 : 256 * 1024,
    DEADLINE_MS = 15000,
};

struct flood {
    int open[OPEN_MAX];
    uint32_t next;
    struct sockaddr_in to;
};

static void flood_connect(struct flood *flood, const void *bytes, size_t len)
{
    int *slot = &flood->open[flood->next++ % OPEN_MAX];
    if (*slot > 0)
        close(*slot);
    *slot = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*slot < 0)
        return;
    struct timeval wait = {.tv_usec = 200000};
    setsockopt(*slot, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    if (connect(*slot, (struct sockaddr *)&flood->to, sizeof flood->to) == 0 && len > 0) {
        ssize_t sent = send(*slot, bytes, len, MSG_NOSIGNAL);
        (void)sent;
    }
}

/* A greeting of ZMTP 3.1 that names CURVE, and then nothing. */
static void flood_greet(struct flood *flood)
{
    uint8_t greeting[64] = {0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1, 'C', 'U', 'R', 'V', 'E'};
    flood_connect(flood, greeting, sizeof greeting);
}

static void flood_strangers(const char *endpoint, const struct fc_key *server, uint32_t from)
{
    enum { AT_ONCE = 50 };
    void *sockets[AT_ONCE], *context = zmq_ctx_new();
    int zero = 0;
    for (uint32_t i = 0; i < AT_ONCE; i++) {
        uint8_t seed[32] = {0xee, (uint8_t)(from + i), (uint8_t)((from + i) >> 8)};
        struct fc_box_key secret;
        struct fc_key key;
        fc_box_key_from_seed(seed, &secret, &key);
        sockets[i] = zmq_socket(context, ZMQ_DEALER);
        zmq_setsockopt(sockets[i], ZMQ_LINGER, &zero, sizeof zero);
        zmq_setsockopt(sockets[i], ZMQ_CURVE_SECRETKEY, secret.b, 32);
        zmq_setsockopt(sockets[i], ZMQ_CURVE_PUBLICKEY, key.b, 32);
        zmq_setsockopt(sockets[i], ZMQ_CURVE_SERVERKEY, server->b, 32);
        zmq_connect(sockets[i], endpoint);
        zmq_send(sockets[i], "let me in", 9, ZMQ_DONTWAIT);
    }
    zmq_poll(NULL, 0, 250);
    for (uint32_t i = 0; i < AT_ONCE; i++)
        zmq_close(sockets[i]);
    zmq_ctx_term(context);
}

static void flood_main(const char *endpoint, const struct fc_key *server)
{
    static const char garbage[] = "GET / HTTP/1.1\r\nHost: catalogue.example\r\n\r\n";
    struct flood flood = {.to = {.sin_family = AF_INET}};
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
    setrlimit(RLIMIT_NOFILE, &limit);
    flood.to.sin_port = htons((uint16_t)atoi(strrchr(endpoint, ':') + 1));
    flood.to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (uint32_t i = 0; i < SILENT; i++) {
        flood_connect(&flood, NULL, 0);
        if (i < GARBAGE)
            flood_connect(&flood, garbage, sizeof garbage - 1);
        if (i < HALFWAY)
            flood_greet(&flood);
        if (i % (SILENT / (STRANGERS / 50)) == 0)
            flood_strangers(endpoint, server, i);
    }
    _exit(0);
}

static long rss_kib(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld %ld", &pages, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static uint32_t descriptors(void)
{
    uint32_t count = 0;
    for (int fd = 0; fd < 8192; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

struct watch {
    long rss_start, rss_max;
    uint32_t fds_max;
    uint32_t dials, joined, heard;
};

/* The newcomer dials, says hello, is heard, hangs up, and begins again. */
static void watch_newcomer(struct watch *watch, struct link_node *newcomer, struct link_node *hub,
                           bool *dialling)
{
    for (uint32_t i = 0; i < newcomer->seen_count; i++) {
        struct fc_event *event = &newcomer->seen[i];
        if (event->kind == FC_EVENT_LINK_UP) {
            watch->joined++;
            if (fc_transport_send(newcomer->transport, event->link, fc_span_str("hello")) != FC_OK)
                *dialling = false;
        } else {
            *dialling = false;
        }
    }
    link_node_forget(newcomer);
    if (!*dialling) {
        link_node_dial(newcomer, &hub->key, link_node_address(hub));
        watch->dials++;
        *dialling = true;
    }
}

/* The hub answers a newcomer's hello by closing its link; only members are ever heard of. */
static void watch_hub(struct watch *watch, struct link_node *hub, const struct link_pair *pair,
                      const struct link_node *newcomer, uint32_t *old_member_heard)
{
    for (uint32_t i = 0; i < hub->seen_count; i++) {
        const struct fc_event *event = &hub->seen[i];
        bool of_newcomer = fc_key_eq(&event->key, &newcomer->key);
        assert_true(of_newcomer || fc_key_eq(&event->key, &pair->b.key));
        if (event->kind != FC_EVENT_MESSAGE)
            continue;
        if (of_newcomer) {
            watch->heard++;
            fc_transport_close(hub->transport, event->link);
        } else {
            ++*old_member_heard;
        }
    }
    link_node_forget(hub);
}

static void outsiders_cost_little_and_members_get_through(void **state)
{
    struct link_pair pair;
    struct link_node newcomer;
    struct fc_transport_stats stats;
    struct watch watch = {0};
    uint32_t old_member_said = 0, old_member_heard = 0;
    bool dialling = false, flooding = true;
    (void)state;
    link_pair_start(&pair, (struct fc_transport_config){0});
    link_node_name(&newcomer, 3);
    link_node_admit(&pair.a, &newcomer);
    link_node_admit(&newcomer, &pair.a);
    link_node_start(&newcomer, NULL);
    struct link_node *nodes[] = {&pair.a, &pair.b, &newcomer};
    watch.rss_start = rss_kib();
    uint64_t begin = link_now_ms();
    pid_t child = fork();
    if (child == 0)
        flood_main(link_node_address(&pair.a), &pair.a.key);
    assert_true(child > 0);
    for (uint32_t turn = 0; flooding && link_now_ms() - begin < DEADLINE_MS; turn++) {
        for (int i = 0; i < 3; i++)
            link_node_take(nodes[i]);
        watch_hub(&watch, &pair.a, &pair, &newcomer, &old_member_heard);
        watch_newcomer(&watch, &newcomer, &pair.a, &dialling);
        assert_int_equal(pair.b.seen_count, 0); /* its link is never touched */
        if (turn % 20 == 0) {
            link_node_say(&pair.b, pair.of_b, "still here");
            old_member_said++;
            long rss = rss_kib();
            watch.rss_max = rss > watch.rss_max ? rss : watch.rss_max;
            uint32_t fds = descriptors();
            watch.fds_max = fds > watch.fds_max ? fds : watch.fds_max;
        }
        link_node_rest(nodes, 3, 20);
        flooding = waitpid(child, NULL, WNOHANG) == 0;
    }
    uint64_t took_ms = link_now_ms() - begin;
    if (flooding) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    /* What was under way when the flood ended arrives, too. */
    while (old_member_heard < old_member_said && link_now_ms() - begin < DEADLINE_MS + 5000) {
        for (int i = 0; i < 3; i++)
            link_node_take(nodes[i]);
        watch_hub(&watch, &pair.a, &pair, &newcomer, &old_member_heard);
        link_node_forget(&newcomer);
        link_node_rest(nodes, 3, 20);
    }
    fc_transport_get_stats(pair.a.transport, &stats);
    print_message("%d connections in %llu ms: RSS %ld KiB -> %ld KiB at most, %u descriptors at "
                  "most; %llu keys refused; newcomer: %u dials, %u up, %u heard; member: %u of "
                  "%u messages\n",
                  SILENT + GARBAGE + HALFWAY + STRANGERS, (unsigned long long)took_ms,
                  watch.rss_start, watch.rss_max, watch.fds_max, (unsigned long long)stats.refused,
                  watch.dials, watch.joined, watch.heard, old_member_heard, old_member_said);
    assert_false(flooding);
    assert_true(watch.rss_max - watch.rss_start < GROWTH_MAX_KIB);
    assert_true(watch.fds_max < 3000);
    assert_true(stats.refused >= STRANGERS / 2);
    assert_true(watch.heard >= 3);
    assert_int_equal(old_member_heard, old_member_said);
    for (int i = 0; i < 3; i++)
        link_node_stop(nodes[i]);
}

/* A client of CurveZMQ (RFC 26) by hand: ZeroMQ's own never sends a message without an end. */
struct curve {
    int fd;
    uint64_t counter;
    uint8_t secret[32], server[32]; /* short-term */
};

static bool write_all(int fd, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

static bool read_all(int fd, void *data, size_t len)
{
    return recv(fd, data, len, MSG_WAITALL) == (ssize_t)len;
}

static void curve_nonce(uint8_t nonce[24], const char *prefix, uint64_t counter)
{
    memcpy(nonce, prefix, 16);
    fc_put_be64(nonce + 16, counter);
}

/* A frame of either length; command frames have bit 2 set. */
static bool send_frame(int fd, uint8_t flags, const uint8_t *body, size_t len)
{
    uint8_t head[9] = {(uint8_t)(flags | (len > 255 ? 2 : 0)), (uint8_t)len};
    if (len > 255)
        fc_put_be64(head + 1, len);
    return write_all(fd, head, len > 255 ? 9 : 2) && write_all(fd, body, len);
}

static bool curve_hello(struct curve *curve, const uint8_t public[32], const uint8_t server[32])
{
    uint8_t body[200] = "\x05HELLO\x01", zeros[64] = {0}, nonce[24];
    memcpy(body + 80, public, 32);
    curve_nonce(nonce, "CurveZMQHELLO---", ++curve->counter);
    memcpy(body + 112, nonce + 16, 8);
    return crypto_box_easy(body + 120, zeros, sizeof zeros, nonce, server, curve->secret) == 0 &&
           send_frame(curve->fd, 4, body, sizeof body);
}

static bool curve_welcome(struct curve *curve, const uint8_t server[32], uint8_t cookie[96])
{
    uint8_t frame[2 + 168], nonce[24] = "WELCOME-", plain[128];
    if (!read_all(curve->fd, frame, sizeof frame) || memcmp(frame + 2, "\x07WELCOME", 8) != 0)
        return false;
    memcpy(nonce + 8, frame + 10, 16);
    if (crypto_box_open_easy(plain, frame + 26, 144, nonce, server, curve->secret) != 0)
        return false;
    memcpy(curve->server, plain, 32);
    memcpy(cookie, plain + 32, 96);
    return true;
}

static bool curve_initiate(struct curve *curve, const struct link_node *as,
                           const uint8_t public[32], const uint8_t server[32],
                           const uint8_t cookie[96])
{
    static const uint8_t metadata[] = "\x0bSocket-Type\0\0\0\x06"
                                      "DEALER";
    uint8_t plain[128 + sizeof metadata - 1], vouch[64], nonce[24] = "VOUCH---0123456789abcde";
    uint8_t body[9 + 96 + 8 + 16 + sizeof plain] = "\x08INITIATE", frame[258];
    memcpy(plain, as->key.b, 32);
    memcpy(plain + 32, nonce + 8, 16);
    memcpy(vouch, public, 32);
    memcpy(vouch + 32, server, 32);
    if (crypto_box_easy(plain + 48, vouch, sizeof vouch, nonce, curve->server, as->secret.b) != 0)
        return false;
    memcpy(plain + 128, metadata, sizeof metadata - 1);
    memcpy(body + 9, cookie, 96);
    curve_nonce(nonce, "CurveZMQINITIATE", ++curve->counter);
    memcpy(body + 105, nonce + 16, 8);
    return crypto_box_easy(body + 113, plain, sizeof plain, nonce, curve->server, curve->secret) ==
               0 &&
           send_frame(curve->fd, 4, body, sizeof body) && read_all(curve->fd, frame, 2) &&
           read_all(curve->fd, frame + 2, frame[1]) && memcmp(frame + 2, "\x05READY", 6) == 0;
}

static bool curve_connect(struct curve *curve, const char *endpoint, const struct link_node *as,
                          const uint8_t server[32])
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    uint8_t greeting[64] = {0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0, 'C', 'U', 'R', 'V', 'E'};
    uint8_t seed[32] = {0xcc}, public[32], theirs[64], cookie[96];
    *curve = (struct curve){.fd = socket(AF_INET, SOCK_STREAM, 0)};
    crypto_box_seed_keypair(public, curve->secret, seed);
    to.sin_port = htons((uint16_t)atoi(strrchr(endpoint, ':') + 1));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(curve->fd, (struct sockaddr *)&to, sizeof to) == 0 &&
           write_all(curve->fd, greeting, sizeof greeting) &&
           read_all(curve->fd, theirs, sizeof theirs) && curve_hello(curve, public, server) &&
           curve_welcome(curve, server, cookie) &&
           curve_initiate(curve, as, public, server, cookie);
}

static bool curve_send(struct curve *curve, bool more, const uint8_t *data, size_t len)
{
    uint8_t *plain = malloc(len + 1), *body = malloc(len + 64), nonce[24];
    if (!plain || !body)
        _exit(3);
    memcpy(body, "\x07MESSAGE", 8);
    plain[0] = more;
    memcpy(plain + 1, data, len);
    curve_nonce(nonce, "CurveZMQMESSAGEC", ++curve->counter);
    memcpy(body + 8, nonce + 16, 8);
    bool sent =
        crypto_box_easy(body + 16, plain, len + 1, nonce, curve->server, curve->secret) == 0 &&
        send_frame(curve->fd, 0, body, 16 + len + 1 + 16);
    free(plain);
    free(body);
    return sent;
}

/* Exit status: 0 when the link was cut, 1 when a gibibyte went through, 2 when it never stood. */
static void endless_main(const char *endpoint, const struct link_node *as, const uint8_t server[32])
{
    enum { FRAME = 256 * 1024, FRAMES = 4096 };
    struct curve curve;
    uint8_t *frame = calloc(1, FRAME);
    if (!frame || !curve_connect(&curve, endpoint, as, server) ||
        !curve_send(&curve, false, (const uint8_t *)"hello", 5))
        _exit(2);
    for (uint32_t i = 0; i < FRAMES; i++)
        if (!curve_send(&curve, true, frame, FRAME))
            _exit(0);
    _exit(1);
}

static void a_message_without_end_is_cut_off(void **state)
{
    struct link_pair pair;
    struct link_node c;
    int status = 0;
    (void)state;
    link_pair_start(&pair, (struct fc_transport_config){0});
    link_node_name(&c, 3);
    link_node_admit(&pair.a, &c);
    long start = rss_kib(), most = start;
    pid_t child = fork();
    if (child == 0)
        endless_main(link_node_address(&pair.a), &c, pair.a.key.b);
    assert_true(child > 0);
    assert_non_null(link_node_await(&pair.a, &pair.b, FC_EVENT_MESSAGE));
    uint64_t end = link_now_ms() + DEADLINE_MS;
    while (!link_node_find(&pair.a, FC_EVENT_LINK_DOWN) && link_now_ms() < end) {
        link_node_idle(&pair.a, &pair.b, 20);
        long rss = rss_kib();
        most = rss > most ? rss : most;
    }
    waitpid(child, &status, 0);
    print_message("a message without end: RSS %ld KiB -> %ld KiB at most\n", start, most);
    struct fc_event *down = link_node_find(&pair.a, FC_EVENT_LINK_DOWN);
    assert_non_null(down);
    assert_true(fc_key_eq(&down->key, &c.key));
    assert_int_equal(link_node_count_of(&pair.a, FC_EVENT_MESSAGE), 1);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(most - start < ENDLESS_MAX_KIB);
    link_pair_stop(&pair);
}

/* While nobody asks the transport for events, ZeroMQ's thread comes to a halt at the monitor's
 * bound; that must not keep the owner from reading on, nor from ending it. */
static void an_owner_that_is_busy_is_not_locked_out(void **state)
{
    (void)state;
    for (int ending = 0; ending < 2; ending++) {
        struct link_pair pair;
        link_pair_start(&pair, (struct fc_transport_config){0});
        pid_t child = fork();
        if (child == 0) {
            struct flood flood = {.to = {.sin_family = AF_INET}};
            flood.to.sin_port = htons((uint16_t)atoi(strrchr(link_node_address(&pair.a), ':') + 1));
            flood.to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            for (uint32_t i = 0; i < SILENT; i++) {
                int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
                int rc = connect(fd, (struct sockaddr *)&flood.to, sizeof flood.to);
                (void)rc;
                if (i % 8 == 7)
                    usleep(500);
                close(fd);
            }
            _exit(0);
        }
        assert_true(child > 0);
        waitpid(child, NULL, 0);
        if (ending == 0) {
            link_node_say(&pair.b, pair.of_b, "and now");
            assert_non_null(link_node_await(&pair.a, &pair.b, FC_EVENT_MESSAGE));
        }
        link_pair_stop(&pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_without_end_is_cut_off),
        cmocka_unit_test(an_owner_that_is_busy_is_not_locked_out),
        cmocka_unit_test(outsiders_cost_little_and_members_get_through),
    };
    return fc_crypto_init() == FC_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
