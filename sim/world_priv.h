/* The world's inside, for the files that make it up. */
#ifndef FC_SIM_WORLD_PRIV_H
#define FC_SIM_WORLD_PRIV_H

#include "net/rng.h"
#include "sim/memo.h"
#include "sim/numbers.h"
#include "sim/world.h"

struct fc_world_node {
    struct fc_world *world;
    uint32_t index;
    char name[FC_WORLD_NAME_MAX];
    char country[3];
    char endpoint[FC_WORLD_NAME_MAX + 24]; /* empty: it only dials out */
    uint32_t *contacts;                    /* whom it dials first */
    uint32_t contact_count;
    struct fc_sign_key feed_key, recovery_key;
    struct fc_key feed_public, recovery_public;
    struct fc_key node_key;
    struct fc_hash participant;
    uint64_t g, r;
    uint16_t incarnation;
    uint64_t floor;
    fc_version counter; /* the last version signed, beside the key */

    struct fc_kv *kv; /* the replica's while up, else what survived; NULL: on the disk */
    struct fc_replica *replica;
    struct fc_core *core;
    bool up, described, founder, disk_full;
    uint32_t life; /* starts so far */
    int64_t skew_ms;
    uint64_t tick_at_us, ticked_us;
    uint32_t idle_ticks; /* in a row at one moment */
    enum fc_err fail_commit;
};

struct fc_world {
    struct fc_world_config config;
    struct fc_network *network;
    struct fc_rng rng;
    struct fc_world_node **nodes;
    uint32_t node_count, node_cap;
    struct fc_numbers by_key, by_participant;
    struct fc_key *lost_dials; /* of keys nobody has, by the number of their alarm */
    uint32_t *lost_dialler, *lost_life;
    uint64_t lost_count, lost_cap;
    struct fc_memo memo;
    struct fc_shared *shared; /* between all replicas */
    struct fc_kv *blank;      /* stores in memory begin as clones of it, and share what is alike */
    struct fc_hasher trace;
    bool seeding; /* the stores that all start with are being made */

    struct fc_sign_key governors[FC_GOVERNORS_MAX]; /* ascending by public key */
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
/* An event, in a transaction of its own; what comes of it leaves after the commit. */
void fc_world_step(struct fc_world *world, uint32_t node, struct fc_event event);
/* Work of a node's own users in a transaction, then the core's step. */
enum fc_err fc_world_local(struct fc_world *world, uint32_t at,
                           enum fc_err (*work)(void *ctx, struct fc_replica *replica), void *ctx);
/* Where a node's operator has been admitted, its node's descriptor is published once. */
void fc_world_describe(struct fc_world *world, uint32_t node);

/* world_node.c */
/* A node without a store yet, down. */
struct fc_world_node *fc_world_node_make(struct fc_world *world, const char *name, bool dials_only);
void fc_world_node_destroy(struct fc_world_node *node);

/* govern.c: appends a signed record. */
void fc_world_certificate(struct fc_world *world, const struct fc_world_node *node,
                          const struct fc_sign_key *signers, uint32_t count, struct fc_buf *record);
void fc_world_descriptor(struct fc_world *world, const struct fc_world_node *node,
                         struct fc_buf *record);

/* trace.c: what happened, into the trace's hash and, where wanted, as a line. */
void fc_trace_event(struct fc_world *world, uint32_t from, uint32_t to, uint32_t what,
                    struct fc_span bytes);
void fc_trace_arrival(struct fc_world *world, uint32_t from, uint32_t to, struct fc_span bytes);
/* A message as people read it. */
void fc_trace_message(const struct fc_world *world, struct fc_span bytes, struct fc_buf *out);
/* A line alone. */
void fc_trace_log(struct fc_world *world, uint32_t node, struct fc_span text);

#endif
