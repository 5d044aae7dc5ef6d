/* Nodes that are no more than a transport and a list of members, for tests of links. */
#ifndef FC_TESTS_LINK_NODE_H
#define FC_TESTS_LINK_NODE_H

#include "net/transport.h"

enum { LINK_NODE_WAIT_MS = 8000, LINK_NODE_MEMBERS_MAX = 32, LINK_NODE_EVENTS_MAX = 512 };

/* A node of the test: its transport, whom it admits, and what it has seen. */
struct link_node {
    struct fc_transport *transport;
    struct fc_box_key secret;
    struct fc_key key;
    struct fc_key members[LINK_NODE_MEMBERS_MAX];
    uint32_t member_count;
    struct fc_event seen[LINK_NODE_EVENTS_MAX]; /* bytes: a copy on the heap */
    uint32_t seen_count;
};
/* Two nodes that know each other; `b` has dialled `a` and said hello. */
struct link_pair {
    struct link_node a, b;
    fc_link of_a, of_b; /* the link as each of them calls it */
};

uint64_t link_now_ms(void);
bool link_node_admits(void *ctx, const struct fc_key *key);
void link_node_admit(struct link_node *node, const struct link_node *other);
void link_node_name(struct link_node *node, uint8_t number);
void link_node_start_with(struct link_node *node, const char *bind,
                          struct fc_transport_config config);
void link_node_start(struct link_node *node, const char *bind);
void link_node_forget(struct link_node *node);
void link_node_stop(struct link_node *node);
void link_node_take(struct link_node *node);
void link_node_rest(struct link_node *const *nodes, uint32_t count, int wait_ms);
struct fc_event *link_node_find(struct link_node *node, enum fc_event_kind kind);
uint32_t link_node_count_of(const struct link_node *node, enum fc_event_kind kind);
struct fc_event *link_node_await(struct link_node *waiting, struct link_node *other,
                                 enum fc_event_kind kind);
void link_node_idle(struct link_node *a, struct link_node *b, uint64_t for_ms);
void link_node_dial(struct link_node *from, const struct fc_key *key, const char *endpoint);
void link_node_say(struct link_node *from, fc_link link, const char *text);
const char *link_node_address(const struct link_node *node);
void link_pair_join(struct link_pair *pair);
void link_pair_start(struct link_pair *pair, struct fc_transport_config config);
void link_pair_stop(struct link_pair *pair);

#endif
