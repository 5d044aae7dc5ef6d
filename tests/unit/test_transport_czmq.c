/* A peer written with czmq, from its own certificates: whoever speaks CURVE and is a member gets
 * through, and nobody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <czmq.h>

#include "tests/support/link_node.h"

enum { ANSWER_MS = 5000 };

static zsock_t *dial(const struct link_node *node, zcert_t *cert)
{
    zsock_t *socket = zsock_new(ZMQ_DEALER);
    assert_non_null(socket);
    zcert_apply(cert, socket);
    zsock_set_curve_serverkey_bin(socket, node->key.b);
    zsock_set_linger(socket, 0);
    zsock_set_rcvtimeo(socket, ANSWER_MS);
    assert_int_equal(zsock_connect(socket, "%s", link_node_address(node)), 0);
    return socket;
}

static void a_member_gets_through(void **state)
{
    struct link_node node = {0};
    zcert_t *cert = zcert_new();
    (void)state;
    link_node_name(&node, 1);
    memcpy(node.members[node.member_count++].b, zcert_public_key(cert), 32);
    link_node_start(&node, "tcp://127.0.0.1:*");
    zsock_t *socket = dial(&node, cert);
    assert_int_equal(zstr_send(socket, "from czmq"), 0);
    struct fc_event *event = link_node_await(&node, &node, FC_EVENT_MESSAGE);
    assert_non_null(event);
    assert_memory_equal(event->key.b, zcert_public_key(cert), 32);
    assert_true(fc_span_eq(event->bytes, fc_span_str("from czmq")));
    link_node_say(&node, event->link, "to czmq");
    char *answer = NULL;
    for (int i = 0; i < 50 && !answer; i++) {
        link_node_take(&node);
        zsock_set_rcvtimeo(socket, 100);
        answer = zstr_recv(socket);
    }
    assert_non_null(answer);
    assert_string_equal(answer, "to czmq");
    zstr_free(&answer);
    zsock_destroy(&socket);
    zcert_destroy(&cert);
    link_node_stop(&node);
}

static void a_stranger_does_not(void **state)
{
    struct link_node node = {0};
    zcert_t *cert = zcert_new();
    (void)state;
    link_node_name(&node, 2);
    link_node_start(&node, "tcp://127.0.0.1:*");
    zsock_t *socket = dial(&node, cert);
    assert_int_equal(zstr_send(socket, "let me in"), 0);
    struct fc_transport_stats stats = {0};
    for (int i = 0; i < 100 && stats.refused == 0; i++) {
        link_node_idle(&node, &node, 50);
        fc_transport_get_stats(node.transport, &stats);
    }
    assert_true(stats.refused > 0);
    assert_int_equal(link_node_count_of(&node, FC_EVENT_MESSAGE), 0);
    assert_int_equal(link_node_count_of(&node, FC_EVENT_LINK_UP), 0);
    zsock_destroy(&socket);
    zcert_destroy(&cert);
    link_node_stop(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_gets_through),
        cmocka_unit_test(a_stranger_does_not),
    };
    zsys_init();
    zsys_handler_set(NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zsys_shutdown();
    return failed;
}
