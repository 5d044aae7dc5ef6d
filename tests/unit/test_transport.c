#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#include "tests/support/link_node.h"

static const struct fc_transport_config plain = {0};

static struct fc_transport_stats stats_of(const struct link_node *node)
{
    struct fc_transport_stats stats;
    fc_transport_get_stats(node->transport, &stats);
    return stats;
}

static void messages_go_both_ways(void **state)
{
    struct link_pair pair;
    (void)state;
    link_pair_start(&pair, plain);
    link_node_say(&pair.a, pair.of_a, "first");
    link_node_say(&pair.a, pair.of_a, "second");
    struct fc_event *event = link_node_await(&pair.b, &pair.a, FC_EVENT_MESSAGE);
    assert_non_null(event);
    assert_int_equal(event->link, pair.of_b);
    assert_true(fc_span_eq(event->bytes, fc_span_str("first")));
    link_node_idle(&pair.b, &pair.a, 50);
    assert_int_equal(pair.b.seen_count, 2);
    assert_true(fc_span_eq(pair.b.seen[1].bytes, fc_span_str("second")));
    link_node_say(&pair.b, pair.of_b, "back");
    event = link_node_await(&pair.a, &pair.b, FC_EVENT_MESSAGE);
    assert_non_null(event);
    assert_int_equal(event->link, pair.of_a);
    assert_true(event->inbound);
    assert_true(fc_key_eq(&event->key, &pair.b.key));
    assert_true(fc_span_eq(event->bytes, fc_span_str("back")));
    struct fc_transport_stats stats = stats_of(&pair.a);
    assert_int_equal(stats.handshakes, 1);
    assert_int_equal(stats.refused, 0);
    assert_int_equal(stats.links, 1);
    assert_int_equal(stats.bytes_in, 9);
    assert_int_equal(stats.bytes_out, 11);
    link_pair_stop(&pair);
}

/* A bare DEALER under a node's key: what a peer of another make, or a bad one, may send. */
struct stranger {
    void *context, *socket;
};

static void stranger_start(struct stranger *stranger, const struct link_node *as,
                           const struct link_node *to, const char *routing_id)
{
    int zero = 0;
    struct fc_key key = fc_box_key_public(&as->secret);
    stranger->context = zmq_ctx_new();
    stranger->socket = zmq_socket(stranger->context, ZMQ_DEALER);
    zmq_setsockopt(stranger->socket, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(stranger->socket, ZMQ_CURVE_SECRETKEY, as->secret.b, 32);
    zmq_setsockopt(stranger->socket, ZMQ_CURVE_PUBLICKEY, key.b, 32);
    zmq_setsockopt(stranger->socket, ZMQ_CURVE_SERVERKEY, to->key.b, 32);
    if (routing_id)
        zmq_setsockopt(stranger->socket, ZMQ_ROUTING_ID, routing_id, strlen(routing_id));
    assert_int_equal(zmq_connect(stranger->socket, link_node_address(to)), 0);
}

static void stranger_stop(struct stranger *stranger)
{
    zmq_close(stranger->socket);
    zmq_ctx_term(stranger->context);
}

static void a_frame_of_the_largest_size_passes(void **state)
{
    struct link_pair pair;
    uint8_t *bytes = malloc(FC_FRAME_BYTES_MAX + 1);
    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i <= FC_FRAME_BYTES_MAX; i++)
        bytes[i] = (uint8_t)(i * 31 + i / 4096);
    struct fc_span largest = fc_span(bytes, FC_FRAME_BYTES_MAX);
    link_pair_start(&pair, plain);
    struct link_node *ends[] = {&pair.a, &pair.b};
    const fc_link links[] = {pair.of_a, pair.of_b};
    for (int i = 0; i < 2; i++) {
        struct fc_transport *transport = ends[i]->transport;
        assert_int_equal(fc_transport_send(transport, links[i], largest), FC_OK);
        struct fc_event *event = link_node_await(ends[1 - i], ends[i], FC_EVENT_MESSAGE);
        assert_non_null(event);
        assert_true(fc_span_eq(event->bytes, largest));
        assert_int_equal(
            fc_transport_send(transport, links[i], fc_span(bytes, FC_FRAME_BYTES_MAX + 1)),
            FC_E_BOUND);
        assert_int_equal(fc_transport_send(transport, links[i], fc_span(bytes, 0)), FC_E_BOUND);
    }
    link_pair_stop(&pair);
    free(bytes);
}

static void a_larger_frame_ends_only_its_own_link(void **state)
{
    struct link_pair pair;
    struct link_node c;
    struct stranger stranger;
    uint8_t *bytes = calloc(1, FC_FRAME_BYTES_MAX + 1);
    (void)state;
    assert_non_null(bytes);
    link_pair_start(&pair, plain);
    link_node_name(&c, 3);
    link_node_admit(&pair.a, &c);
    stranger_start(&stranger, &c, &pair.a, NULL);
    zmq_send(stranger.socket, "hello", 5, 0);
    struct fc_event *event = link_node_await(&pair.a, &pair.b, FC_EVENT_MESSAGE);
    assert_non_null(event);
    assert_true(fc_key_eq(&event->key, &c.key));
    fc_link link = event->link;
    zmq_send(stranger.socket, bytes, FC_FRAME_BYTES_MAX + 1, 0);
    event = link_node_await(&pair.a, &pair.b, FC_EVENT_LINK_DOWN);
    assert_non_null(event);
    assert_int_equal(event->link, link);
    assert_int_equal(link_node_count_of(&pair.a, FC_EVENT_MESSAGE), 1);
    link_node_say(&pair.b, pair.of_b, "still here");
    link_node_forget(&pair.a);
    assert_non_null(link_node_await(&pair.a, &pair.b, FC_EVENT_MESSAGE));
    stranger_stop(&stranger);
    link_pair_stop(&pair);
    free(bytes);
}

static void odd_messages_are_dropped_and_counted(void **state)
{
    struct link_pair pair;
    struct link_node c, d;
    struct stranger several, named;
    (void)state;
    link_pair_start(&pair, plain);
    link_node_name(&c, 3);
    link_node_name(&d, 4);
    link_node_admit(&pair.a, &c);
    link_node_admit(&pair.a, &d);
    stranger_start(&several, &c, &pair.a, NULL);
    zmq_send(several.socket, "one", 3, ZMQ_SNDMORE);
    zmq_send(several.socket, "two", 3, 0);
    zmq_send(several.socket, "", 0, ZMQ_SNDMORE);
    zmq_send(several.socket, "", 0, 0);
    zmq_send(several.socket, "", 0, 0);
    zmq_send(several.socket, "good", 4, 0);
    struct fc_event *event = link_node_await(&pair.a, &pair.b, FC_EVENT_MESSAGE);
    assert_non_null(event);
    assert_true(fc_span_eq(event->bytes, fc_span_str("good")));
    assert_int_equal(stats_of(&pair.a).dropped, 3);
    /* One that sets a routing id itself could take those that others would be given. */
    link_node_forget(&pair.a);
    stranger_start(&named, &d, &pair.a, "I am someone");
    zmq_send(named.socket, "hello", 5, 0);
    link_node_idle(&pair.a, &pair.b, 300);
    assert_int_equal(pair.a.seen_count, 0);
    assert_int_equal(stats_of(&pair.a).dropped, 4);
    stranger_stop(&several);
    stranger_stop(&named);
    link_pair_stop(&pair);
}

static void an_unknown_key_stops_at_the_handshake(void **state)
{
    struct link_node a, b;
    (void)state;
    link_node_name(&a, 1);
    link_node_name(&b, 2);
    link_node_admit(&b, &a);
    link_node_start(&a, "tcp://127.0.0.1:*");
    link_node_start(&b, NULL);
    link_node_dial(&b, &a.key, link_node_address(&a));
    struct fc_event *failed = link_node_await(&b, &a, FC_EVENT_DIAL_FAILED);
    assert_non_null(failed);
    assert_true(fc_key_eq(&failed->key, &a.key));
    assert_int_equal(b.seen_count, 1);
    assert_int_equal(a.seen_count, 0);
    assert_int_equal(stats_of(&a).refused, 1);
    assert_int_equal(stats_of(&a).handshakes, 0);
    assert_int_equal(stats_of(&b).links, 0);
    /* And is welcome once it is a member. */
    link_node_admit(&a, &b);
    link_node_dial(&b, &a.key, link_node_address(&a));
    assert_non_null(link_node_await(&b, &a, FC_EVENT_LINK_UP));
    link_node_stop(&b);
    link_node_stop(&a);
}

static void dials_that_cannot_work_fail(void **state)
{
    struct link_node a, b;
    (void)state;
    link_node_name(&a, 1);
    link_node_name(&b, 2);
    link_node_admit(&a, &b);
    link_node_admit(&b, &a);
    link_node_start_with(&a, "tcp://127.0.0.1:*",
                         (struct fc_transport_config){.handshake_ms = 700});
    link_node_start_with(&b, NULL, (struct fc_transport_config){.handshake_ms = 700});
    char closed[64];
    snprintf(closed, sizeof closed, "%s", link_node_address(&a));
    link_node_dial(&b, &b.key, closed); /* the wrong server key */
    assert_non_null(link_node_await(&b, &a, FC_EVENT_DIAL_FAILED));
    link_node_forget(&b);
    link_node_stop(&a);
    link_node_dial(&b, &a.key, closed); /* nobody listens */
    assert_non_null(link_node_await(&b, NULL, FC_EVENT_DIAL_FAILED));
    link_node_forget(&b);
    link_node_dial(&b, &a.key, "tcp://nowhere.invalid:7400"); /* no such name */
    assert_non_null(link_node_await(&b, NULL, FC_EVENT_DIAL_FAILED));
    assert_int_equal(stats_of(&b).links, 0);
    link_node_stop(&b);
}

static void endpoints_are_checked(void **state)
{
    static const char *const bad[] = {
        "",
        "tcp://",
        "tcp://:7400",
        "tcp://host",
        "tcp://host:",
        "tcp://host:0",
        "tcp://host:65536",
        "tcp://host:74o0",
        "tcp://*:7400",
        "tcp://host:*",
        "tcp://ho st:7400",
        "tcp://a:1;b:2",
        "tcp://::1:7400",
        "ipc:///tmp/socket",
        "inproc://zeromq.zap.01",
        "udp://host:7400",
        "http://host:7400",
    };
    struct link_node a;
    char longest[400] = "tcp://";
    (void)state;
    link_node_name(&a, 1);
    link_node_start(&a, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(fc_transport_dial(a.transport, &a.key, fc_span_str(bad[i])), FC_E_ARG);
    memset(longest + 6, 'a', 245);
    memcpy(longest + 251, ":740", 5);
    assert_int_equal(strlen(longest), 255);
    assert_int_equal(fc_transport_dial(a.transport, &a.key, fc_span_str(longest)), FC_OK);
    memcpy(longest + 251, ":7400", 6);
    assert_int_equal(fc_transport_dial(a.transport, &a.key, fc_span_str(longest)), FC_E_ARG);
    assert_int_equal(fc_transport_dial(a.transport, &a.key, fc_span("tcp://h\0:1", 10)), FC_E_ARG);
    link_node_stop(&a);
}

static enum fc_err try_bind(struct link_node *node, const char *first, const char *second,
                            const char **failed)
{
    const char *bind[] = {first, second};
    struct fc_transport_config config = {
        .secret = node->secret, .bind = bind, .bind_count = 2, .ctx = node};
    config.admits = link_node_admits;
    return fc_transport_create(&config, &node->transport, failed);
}

static void binds_say_which_failed(void **state)
{
    struct link_node a, b;
    const char *failed;
    (void)state;
    link_node_name(&a, 1);
    link_node_name(&b, 2);
    assert_int_equal(try_bind(&a, "tcp://127.0.0.1:*", "tcp://127.0.0.1:*", &failed), FC_OK);
    assert_null(failed);
    assert_non_null(fc_transport_endpoint(a.transport, 1));
    assert_string_not_equal(fc_transport_endpoint(a.transport, 0),
                            fc_transport_endpoint(a.transport, 1));
    assert_null(fc_transport_endpoint(a.transport, 2));
    const char *taken = fc_transport_endpoint(a.transport, 1);
    assert_int_equal(try_bind(&b, "tcp://127.0.0.1:*", taken, &failed), FC_E_IO);
    assert_ptr_equal(failed, taken);
    assert_int_equal(try_bind(&b, "ipc:///x", "tcp://127.0.0.1:*", &failed), FC_E_ARG);
    assert_string_equal(failed, "ipc:///x");
    link_node_stop(&a);
}

static void an_ipv6_endpoint_works(void **state)
{
    struct link_pair pair;
    const char *failed;
    (void)state;
    link_node_name(&pair.a, 1);
    link_node_name(&pair.b, 2);
    link_node_admit(&pair.a, &pair.b);
    link_node_admit(&pair.b, &pair.a);
    if (try_bind(&pair.a, "tcp://[::1]:*", "tcp://127.0.0.1:*", &failed) != FC_OK) {
        print_message("this machine has no IPv6: not tested\n");
        skip();
    }
    assert_int_equal(strncmp(link_node_address(&pair.a), "tcp://[::1]:", 12), 0);
    link_node_start(&pair.b, NULL);
    link_pair_join(&pair);
    link_pair_stop(&pair);
}

static void a_revoked_member_is_shut_out(void **state)
{
    struct link_pair pair;
    (void)state;
    link_pair_start(&pair, plain);
    pair.a.member_count = 0;
    /* Without a recheck: not one message more. */
    link_node_say(&pair.b, pair.of_b, "may I");
    struct fc_event *event = link_node_await(&pair.a, &pair.b, FC_EVENT_LINK_DOWN);
    assert_non_null(event);
    assert_int_equal(event->link, pair.of_a);
    assert_null(link_node_find(&pair.a, FC_EVENT_MESSAGE));
    assert_int_equal(stats_of(&pair.a).dropped, 1);
    assert_int_equal(fc_transport_send(pair.a.transport, pair.of_a, fc_span_str("x")), FC_E_CLOSED);
    assert_non_null(link_node_await(&pair.b, &pair.a, FC_EVENT_LINK_DOWN));
    link_pair_stop(&pair);
}

static void a_recheck_closes_at_once_both_ways(void **state)
{
    struct link_pair pair;
    (void)state;
    for (int dialler = 0; dialler < 2; dialler++) {
        link_pair_start(&pair, plain);
        struct link_node *one = dialler ? &pair.b : &pair.a;
        struct link_node *other = dialler ? &pair.a : &pair.b;
        fc_transport_recheck(one->transport);
        link_node_idle(one, other, 50);
        assert_int_equal(one->seen_count, 0);
        one->member_count = 0;
        fc_transport_recheck(one->transport);
        assert_int_equal(stats_of(one).links, 0);
        assert_non_null(link_node_await(one, other, FC_EVENT_LINK_DOWN));
        assert_non_null(link_node_await(other, one, FC_EVENT_LINK_DOWN));
        link_pair_stop(&pair);
    }
}

static void closing_a_link_reaches_the_other_end(void **state)
{
    struct link_pair pair;
    (void)state;
    link_pair_start(&pair, plain);
    fc_transport_close(pair.a.transport, pair.of_a);
    fc_transport_close(pair.a.transport, pair.of_a);
    assert_non_null(link_node_await(&pair.b, &pair.a, FC_EVENT_LINK_DOWN));
    assert_int_equal(pair.a.seen_count, 0);
    assert_int_equal(fc_transport_send(pair.b.transport, pair.of_b, fc_span_str("x")), FC_E_CLOSED);
    link_node_forget(&pair.b);
    link_pair_join(&pair);
    fc_transport_close(pair.b.transport, pair.of_b);
    struct fc_event *event = link_node_await(&pair.a, &pair.b, FC_EVENT_LINK_DOWN);
    assert_non_null(event);
    assert_int_equal(event->link, pair.of_a);
    link_pair_stop(&pair);
}

static void a_restarted_peer_is_dialled_again(void **state)
{
    struct link_pair pair;
    char endpoint[64];
    (void)state;
    link_pair_start(&pair, plain);
    snprintf(endpoint, sizeof endpoint, "%s", link_node_address(&pair.a));
    link_node_stop(&pair.a);
    struct fc_event *event = link_node_await(&pair.b, NULL, FC_EVENT_LINK_DOWN);
    assert_non_null(event);
    assert_int_equal(event->link, pair.of_b);
    link_node_idle(&pair.b, NULL, 100);
    assert_int_equal(pair.b.seen_count, 1); /* it does not dial by itself */
    link_node_forget(&pair.b);
    link_node_start(&pair.a, endpoint);
    fc_link before = pair.of_b;
    link_pair_join(&pair);
    assert_int_not_equal(pair.of_b, before);
    /* And the other way round: the one that dialled is started anew. */
    link_node_stop(&pair.b);
    event = link_node_await(&pair.a, NULL, FC_EVENT_LINK_DOWN);
    assert_non_null(event);
    before = pair.of_a;
    assert_int_equal(event->link, before);
    link_node_forget(&pair.a);
    link_node_start(&pair.b, NULL);
    link_pair_join(&pair);
    assert_int_not_equal(pair.of_a, before);
    link_pair_stop(&pair);
}

/* Sends until told to wait; how many were taken. */
static uint32_t fill(struct link_node *from, fc_link link, struct fc_span bytes, uint32_t at_most)
{
    uint32_t taken = 0;
    enum fc_err err = FC_OK;
    while (taken < at_most && err == FC_OK) {
        err = fc_transport_send(from->transport, link, bytes);
        taken += err == FC_OK;
    }
    if (taken < at_most)
        assert_int_equal(err, FC_E_AGAIN);
    return taken;
}

static void check_backpressure(struct link_pair *pair, bool from_a, size_t len, uint32_t bound)
{
    struct link_node *from = from_a ? &pair->a : &pair->b, *to = from_a ? &pair->b : &pair->a;
    fc_link link = from_a ? pair->of_a : pair->of_b;
    uint8_t *bytes = calloc(1, len);
    uint32_t taken, arrived = 0;
    assert_non_null(bytes);
    taken = fill(from, link, fc_span(bytes, len), bound + 1);
    /* While nobody reads, the kernel and the queues of both ends fill up. */
    for (int i = 0; i < 40; i++) {
        link_node_idle(from, NULL, 10);
        if (link_node_find(from, FC_EVENT_WRITABLE)) {
            link_node_forget(from);
            taken += fill(from, link, fc_span(bytes, len), bound + 1);
        }
    }
    assert_in_range(taken, 2, bound);
    assert_null(link_node_find(from, FC_EVENT_WRITABLE));
    uint64_t end = link_now_ms() + LINK_NODE_WAIT_MS;
    while (arrived < taken && link_now_ms() < end) {
        struct link_node *both[] = {from, to};
        link_node_take(to);
        arrived += link_node_count_of(to, FC_EVENT_MESSAGE);
        link_node_forget(to);
        link_node_take(from);
        link_node_rest(both, 2, 20);
    }
    assert_int_equal(arrived, taken);
    assert_int_equal(link_node_count_of(from, FC_EVENT_WRITABLE), 1);
    link_node_forget(from);
    assert_int_equal(fc_transport_send(from->transport, link, fc_span(bytes, len)), FC_OK);
    assert_non_null(link_node_await(to, from, FC_EVENT_MESSAGE));
    link_node_forget(to);
    free(bytes);
}

static void a_full_link_says_so_and_recovers(void **state)
{
    struct link_pair pair;
    (void)state;
    link_pair_start(&pair, (struct fc_transport_config){.queue_max = 16});
    for (int from_a = 0; from_a < 2; from_a++) {
        /* Large ones: 8 MiB wait here, 8 messages there, the rest in the kernel. */
        check_backpressure(&pair, from_a, 1024 * 1024, 8 + 8 + 16);
        /* Small ones: 16 wait here, 8 there, and 16 MiB at most in the kernel. */
        check_backpressure(&pair, from_a, 64 * 1024, 16 + 8 + 16 * 16);
    }
    link_pair_stop(&pair);
}

static void links_are_counted_up_to_the_bound(void **state)
{
    enum { LINKS = 12 };
    struct link_node hub, spokes[LINKS + 1];
    (void)state;
    link_node_name(&hub, 1);
    link_node_start_with(&hub, "tcp://127.0.0.1:*",
                         (struct fc_transport_config){.links_max = LINKS});
    for (int i = 0; i <= LINKS; i++) {
        link_node_name(&spokes[i], (uint8_t)(10 + i));
        link_node_admit(&hub, &spokes[i]);
        link_node_admit(&spokes[i], &hub);
        link_node_start_with(&spokes[i], NULL, (struct fc_transport_config){.links_max = 1});
        link_node_dial(&spokes[i], &hub.key, link_node_address(&hub));
        assert_int_equal(
            fc_transport_dial(spokes[i].transport, &hub.key, fc_span_str(link_node_address(&hub))),
            FC_E_BOUND);
        struct fc_event *up = link_node_await(&spokes[i], &hub, FC_EVENT_LINK_UP);
        assert_non_null(up);
        link_node_say(&spokes[i], up->link, "hello");
        if (i < LINKS) {
            assert_non_null(link_node_await(&hub, &spokes[i], FC_EVENT_MESSAGE));
            link_node_forget(&hub);
        }
    }
    assert_non_null(link_node_await(&spokes[LINKS], &hub, FC_EVENT_LINK_DOWN));
    assert_int_equal(hub.seen_count, 0);
    assert_int_equal(stats_of(&hub).links, LINKS);
    /* One leaves, the next may come. */
    link_node_stop(&spokes[0]);
    assert_non_null(link_node_await(&hub, NULL, FC_EVENT_LINK_DOWN));
    link_node_forget(&hub);
    link_node_forget(&spokes[LINKS]);
    link_node_dial(&spokes[LINKS], &hub.key, link_node_address(&hub));
    struct fc_event *up = link_node_await(&spokes[LINKS], &hub, FC_EVENT_LINK_UP);
    assert_non_null(up);
    link_node_say(&spokes[LINKS], up->link, "hello");
    assert_non_null(link_node_await(&hub, &spokes[LINKS], FC_EVENT_MESSAGE));
    for (int i = 0; i <= LINKS; i++)
        link_node_stop(&spokes[i]);
    link_node_stop(&hub);
}

static void one_key_holds_few_links(void **state)
{
    struct link_pair pair;
    fc_link oldest;
    (void)state;
    link_pair_start(&pair, plain);
    oldest = pair.of_a;
    for (int i = 0; i < 3; i++)
        link_pair_join(&pair);
    assert_int_equal(stats_of(&pair.a).links, 4);
    link_node_dial(&pair.b, &pair.a.key, link_node_address(&pair.a));
    struct fc_event *up = link_node_await(&pair.b, &pair.a, FC_EVENT_LINK_UP);
    assert_non_null(up);
    link_node_say(&pair.b, up->link, "hello");
    struct fc_event *down = link_node_await(&pair.a, &pair.b, FC_EVENT_LINK_DOWN);
    assert_non_null(down);
    assert_int_equal(down->link, oldest);
    assert_int_equal(stats_of(&pair.a).links, 4);
    link_pair_stop(&pair);
}

static void a_silent_peer_is_noticed(void **state)
{
    (void)state;
    /* A stopped process keeps its sockets: only heartbeats can tell. */
    struct link_node a, b;
    link_node_name(&a, 1);
    link_node_name(&b, 2);
    link_node_admit(&a, &b);
    link_node_admit(&b, &a);
    struct fc_transport_config config = {.heartbeat_ms = 100, .handshake_ms = 2000};
    link_node_start_with(&a, "tcp://127.0.0.1:*", config);
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        link_node_start_with(&b, NULL, config);
        link_node_dial(&b, &a.key, link_node_address(&a));
        struct fc_event *up = link_node_await(&b, NULL, FC_EVENT_LINK_UP);
        if (up)
            link_node_say(&b, up->link, "hello");
        char byte = 0;
        ssize_t got = read(ready[0], &byte, 1);
        (void)got;
        _exit(0);
    }
    assert_true(child > 0);
    assert_non_null(link_node_await(&a, NULL, FC_EVENT_MESSAGE));
    link_node_idle(&a, NULL, 600);
    assert_null(link_node_find(&a, FC_EVENT_LINK_DOWN)); /* idle, but alive */
    kill(child, SIGSTOP);
    assert_non_null(link_node_await(&a, NULL, FC_EVENT_LINK_DOWN));
    kill(child, SIGCONT);
    assert_int_equal(write(ready[1], "x", 1), 1);
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    link_node_stop(&a);
}

static void messages_stay_until_released(void **state)
{
    struct link_pair pair;
    struct fc_event events[3];
    char text[40];
    (void)state;
    link_pair_start(&pair, plain);
    for (int i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "message number %d", i);
        link_node_say(&pair.a, pair.of_a, text);
    }
    uint64_t end = link_now_ms() + LINK_NODE_WAIT_MS;
    for (int i = 0; i < 3 && link_now_ms() < end;)
        i += fc_transport_next(pair.b.transport, &events[i]);
    for (int i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "message number %d", i);
        assert_true(fc_span_eq(events[i].bytes, fc_span_str(text)));
    }
    fc_transport_release(pair.b.transport);
    fc_transport_release(pair.b.transport);
    link_pair_stop(&pair);
    fc_transport_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_go_both_ways),
        cmocka_unit_test(messages_stay_until_released),
        cmocka_unit_test(a_frame_of_the_largest_size_passes),
        cmocka_unit_test(a_larger_frame_ends_only_its_own_link),
        cmocka_unit_test(odd_messages_are_dropped_and_counted),
        cmocka_unit_test(an_unknown_key_stops_at_the_handshake),
        cmocka_unit_test(dials_that_cannot_work_fail),
        cmocka_unit_test(endpoints_are_checked),
        cmocka_unit_test(binds_say_which_failed),
        cmocka_unit_test(an_ipv6_endpoint_works),
        cmocka_unit_test(a_revoked_member_is_shut_out),
        cmocka_unit_test(a_recheck_closes_at_once_both_ways),
        cmocka_unit_test(closing_a_link_reaches_the_other_end),
        cmocka_unit_test(a_restarted_peer_is_dialled_again),
        cmocka_unit_test(a_full_link_says_so_and_recovers),
        cmocka_unit_test(links_are_counted_up_to_the_bound),
        cmocka_unit_test(one_key_holds_few_links),
        cmocka_unit_test(a_silent_peer_is_noticed),
    };
    return fc_crypto_init() == FC_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
