#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/support/link_node.h"

uint64_t link_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool link_node_admits(void *ctx, const struct fc_key *key)
{
    const struct link_node *node = ctx;
    for (uint32_t i = 0; i < node->member_count; i++)
        if (fc_key_eq(&node->members[i], key))
            return true;
    return false;
}

void link_node_admit(struct link_node *node, const struct link_node *other)
{
    assert_true(node->member_count < LINK_NODE_MEMBERS_MAX);
    node->members[node->member_count++] = other->key;
}

void link_node_name(struct link_node *node, uint8_t number)
{
    uint8_t seed[32] = {number, 0xfc};
    memset(node, 0, sizeof *node);
    fc_box_key_from_seed(seed, &node->secret, &node->key);
}

void link_node_start_with(struct link_node *node, const char *bind,
                          struct fc_transport_config config)
{
    config.secret = node->secret;
    config.bind = &bind;
    config.bind_count = bind != NULL;
    config.ctx = node;
    config.admits = link_node_admits;
    assert_int_equal(fc_transport_create(&config, &node->transport, NULL), FC_OK);
}

void link_node_start(struct link_node *node, const char *bind)
{
    link_node_start_with(node, bind, (struct fc_transport_config){.handshake_ms = 2000});
}

void link_node_forget(struct link_node *node)
{
    for (uint32_t i = 0; i < node->seen_count; i++)
        free((void *)(uintptr_t)node->seen[i].bytes.data);
    node->seen_count = 0;
}

void link_node_stop(struct link_node *node)
{
    fc_transport_destroy(node->transport);
    node->transport = NULL;
    link_node_forget(node);
}

/* Takes in all that has come; messages are copied, so that release can be called at once. */
void link_node_take(struct link_node *node)
{
    struct fc_event event;
    while (node->transport && fc_transport_next(node->transport, &event)) {
        assert_true(node->seen_count < LINK_NODE_EVENTS_MAX);
        if (event.bytes.len > 0)
            event.bytes.data = fc_span_dup(event.bytes);
        node->seen[node->seen_count++] = event;
    }
    if (node->transport)
        fc_transport_release(node->transport);
}

/* Polls the nodes' descriptors, as the daemon does, for at most wait_ms. */
void link_node_rest(struct link_node *const *nodes, uint32_t count, int wait_ms)
{
    struct pollfd polled[512];
    nfds_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        int fds[256];
        if (!nodes[i]->transport)
            continue;
        if (fc_transport_pending(nodes[i]->transport))
            wait_ms = 0;
        uint32_t some = fc_transport_fds(nodes[i]->transport, fds, 256);
        for (uint32_t k = 0; k < some && total < 512; k++)
            polled[total++] = (struct pollfd){.fd = fds[k], .events = POLLIN};
    }
    poll(polled, total, wait_ms);
}

struct fc_event *link_node_find(struct link_node *node, enum fc_event_kind kind)
{
    for (uint32_t i = 0; i < node->seen_count; i++)
        if (node->seen[i].kind == kind)
            return &node->seen[i];
    return NULL;
}

uint32_t link_node_count_of(const struct link_node *node, enum fc_event_kind kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < node->seen_count; i++)
        count += node->seen[i].kind == kind;
    return count;
}

/* Runs both nodes until `waiting` has seen an event of the kind; NULL when it never does. */
struct fc_event *link_node_await(struct link_node *waiting, struct link_node *other,
                                 enum fc_event_kind kind)
{
    struct link_node *nodes[] = {waiting, other};
    uint64_t end = link_now_ms() + LINK_NODE_WAIT_MS;
    for (;;) {
        link_node_take(waiting);
        if (other)
            link_node_take(other);
        struct fc_event *event = link_node_find(waiting, kind);
        if (event || link_now_ms() > end)
            return event;
        link_node_rest(nodes, other ? 2 : 1, 50);
    }
}

/* Runs both for a while, for what must not happen. */
void link_node_idle(struct link_node *a, struct link_node *b, uint64_t for_ms)
{
    struct link_node *nodes[] = {a, b};
    uint64_t end = link_now_ms() + for_ms;
    while (link_now_ms() < end) {
        link_node_take(a);
        if (b)
            link_node_take(b);
        link_node_rest(nodes, b ? 2 : 1, 10);
    }
}

void link_node_dial(struct link_node *from, const struct fc_key *key, const char *endpoint)
{
    assert_int_equal(fc_transport_dial(from->transport, key, fc_span_str(endpoint)), FC_OK);
}

void link_node_say(struct link_node *from, fc_link link, const char *text)
{
    assert_int_equal(fc_transport_send(from->transport, link, fc_span_str(text)), FC_OK);
}

const char *link_node_address(const struct link_node *node)
{
    return fc_transport_endpoint(node->transport, 0);
}

void link_pair_join(struct link_pair *pair)
{
    link_node_dial(&pair->b, &pair->a.key, link_node_address(&pair->a));
    struct fc_event *up = link_node_await(&pair->b, &pair->a, FC_EVENT_LINK_UP);
    assert_non_null(up);
    assert_false(up->inbound);
    assert_true(fc_key_eq(&up->key, &pair->a.key));
    pair->of_b = up->link;
    link_node_say(&pair->b, pair->of_b, "hello");
    assert_non_null(link_node_await(&pair->a, &pair->b, FC_EVENT_MESSAGE));
    up = link_node_find(&pair->a, FC_EVENT_LINK_UP);
    assert_non_null(up);
    assert_true(up->inbound);
    assert_true(fc_key_eq(&up->key, &pair->b.key));
    pair->of_a = up->link;
    link_node_forget(&pair->a);
    link_node_forget(&pair->b);
}

void link_pair_start(struct link_pair *pair, struct fc_transport_config config)
{
    link_node_name(&pair->a, 1);
    link_node_name(&pair->b, 2);
    link_node_admit(&pair->a, &pair->b);
    link_node_admit(&pair->b, &pair->a);
    config.handshake_ms = 2000;
    link_node_start_with(&pair->a, "tcp://127.0.0.1:*", config);
    link_node_start_with(&pair->b, NULL, config);
    link_pair_join(pair);
}

void link_pair_stop(struct link_pair *pair)
{
    link_node_stop(&pair->b);
    link_node_stop(&pair->a);
}
