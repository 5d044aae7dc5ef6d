/* The world's inside, for the files that make it up. */
#ifndef FC_SIM_WORLD_PRIV_H
#define FC_SIM_WORLD_PRIV_H

#include "net/rng.h"
#include "sim/memo.h"
#include "sim/queue.h"
#include "sim/world.h"

enum fc_world_happening_kind {
    FC_WORLD_HAPPENS_MESSAGE,
    FC_WORLD_HAPPENS_UP,
    FC_WORLD_HAPPENS_DOWN,
    FC_WORLD_HAPPENS_DIAL_FAILED,
    FC_WORLD_HAPPENS_TICK,
};

struct fc_world_node {
    char name[FC_WORLD_NAME_MAX];
    char endpoint[64]; /* empty: it only dials out */
    uint32_t bootstrap;
    struct fc_sign_key feed_key, recovery_key;
    struct fc_key feed_public, recovery_public;
    struct fc_box_key box;
    struct fc_key node_key;
    struct fc_hash participant;
    uint64_t g, r;
    uint16_t incarnation;
    uint64_t floor;

    struct fc_kv *kv; /* the replica's while up, else what survived */
    struct fc_replica *replica;
    struct fc_core *core;
    bool up, described;
    uint32_t life, group;
    int64_t skew_ms;
    uint64_t tick_at_us;
    uint32_t idle_ticks; /* in a row at one moment */
    enum fc_err fail_commit;
};

struct fc_world_happening {
    uint64_t at_us;
    enum fc_world_happening_kind kind;
    uint32_t node; /* whom it happens to */
    uint32_t link; /* index of the link */
    uint32_t life; /* of the node, for ticks and dials: a restarted one has another */
    bool inbound;
    uint8_t key[32];
    struct fc_buf bytes; /* owned */
};

struct fc_world_link {
    uint32_t node[2];    /* who dialled, who was dialled */
    bool open[2];        /* told of it, and not told or said that it is gone */
    bool cut;            /* what is under way is lost */
    uint64_t last_us[2]; /* arrival of the last message towards the end */
    uint32_t queued[2];  /* under way towards the end */
    bool blocked[2];     /* the sender towards that end was refused */
};

enum { FC_WORLD_GOVERNORS_MAX = 16 };
struct fc_world {
    struct fc_world_config config;
    struct fc_rng rng;
    uint64_t now_us;
    struct fc_queue queue;
    struct fc_world_node **nodes;
    uint32_t node_count, node_cap;
    struct fc_world_link *links;
    uint32_t link_count, link_cap;
    struct fc_memo memo;
    struct fc_hasher trace;
    struct fc_world_stats stats;

    struct fc_sign_key governors[FC_WORLD_GOVERNORS_MAX]; /* ascending by public key */
    uint32_t governor_count;
    uint32_t governors_made;
    struct fc_charter charter;
    struct fc_buf charter_record;
    struct fc_hash charter_hash, federation;
};

/* Seeds follow from the world's, a label and numbers. */
void fc_world_derive(const struct fc_world *world, const char *label, uint64_t a, uint64_t b,
                     uint8_t seed[32]);
void fc_world_found(struct fc_world *world);
uint64_t fc_world_wall_ms(const struct fc_world *world, const struct fc_world_node *node);
/* Work of a node's own users in a transaction, then the core's step. */
enum fc_err fc_world_local(struct fc_world *world, uint32_t at,
                           enum fc_err (*work)(void *ctx, struct fc_replica *replica), void *ctx);
/* Where a node's operator has been admitted, its node's descriptor is published once. */
void fc_world_describe(struct fc_world *world, uint32_t node);
const char *fc_world_owner(const struct fc_world *world, const struct fc_hash *participant);

/* trace.c: a message as people read it. */
void fc_trace_message(const struct fc_world *world, struct fc_span bytes, struct fc_buf *out);
void fc_trace_print(struct fc_buf *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
