/* A federation in one process: nodes that run the real core over memory stores, a virtual network
 * and a virtual clock. All of it follows from one seed: the same calls give the same trace.
 *
 * Links keep the order of messages, as TCP does; a link that is cut loses what is under way. What a
 * step decided to send leaves after its commit. */
#ifndef FC_SIM_WORLD_H
#define FC_SIM_WORLD_H

#include "net/core.h"
#include "sim/network.h"

enum { FC_WORLD_NONE = 0xffffffff, FC_WORLD_NAME_MAX = 24 };
#define FC_WORLD_EPOCH_MS 1790000000000u /* wall clock at the virtual time 0; a day in 2026 */

/* What happens, for those who measure it. All may be NULL. */
struct fc_world_observer {
    void *ctx;
    void (*sent)(void *ctx, uint32_t from, uint32_t to, struct fc_span message);
    void (*arrived)(void *ctx, uint32_t from, uint32_t to, struct fc_span message);
    /* A delta was pushed to a node; it may be held there already. */
    void (*pushed)(void *ctx, uint32_t node, uint32_t from, uint32_t owner, fc_version version);
    /* A head is held at a node now; `from` is FC_WORLD_NONE for its own users'. */
    void (*accepted)(void *ctx, uint32_t node, uint32_t from, uint32_t owner,
                     const struct fc_arrival *head);
    /* A head was signed by the world: nobody else can sign. */
    void (*signed_head)(void *ctx, uint32_t owner, fc_version version, const struct fc_hash *hash);
    /* Started (true) or crashed. */
    void (*life)(void *ctx, uint32_t node, bool up);
    /* An alarm of fc_world_alarm. */
    void (*alarm)(void *ctx, uint64_t tag);
};

struct fc_world_config {
    uint64_t seed;
    uint64_t latency_us;                           /* one way; 0: 10 ms */
    uint64_t jitter_us;                            /* at most so much more */
    uint64_t bandwidth_bps, access_bps;            /* see sim/network.h; 0: any */
    uint32_t loss_ppm, duplicate_ppm, reorder_ppm; /* see sim/network.h */
    uint32_t queue_max; /* messages under way on a link, each way, before it is blocked; 0: any */
    uint32_t governors; /* 0: 3 */
    uint32_t quota_nodes;
    uint32_t peers_active_max;          /* of each node; 0: the view's own */
    const struct fc_view_ops *view;     /* of each node; NULL: the core's own choice */
    const struct fc_spread_ops *spread; /* the same */
    uint32_t spread_fanout;             /* of spreads that have one; 0: their own */
    const char
        *lmdb_dir; /* a directory for LMDB replicas, one below it for each node; NULL: memory */
    void *ctx;
    /* Called for each line of the trace; NULL: none is made. */
    void (*line)(void *ctx, const char *text);
    /* One way between two nodes, before jitter; NULL: latency_us for all. */
    uint64_t (*latency)(void *ctx, uint32_t from, uint32_t to);
    void *latency_ctx; /* NULL: ctx */
    /* May change a message on its way, or drop it (false); NULL: honest. */
    bool (*tamper)(void *ctx, uint32_t from, uint32_t to, struct fc_buf *message);
    struct fc_world_observer observer;
    bool counters; /* owners never sign twice at one version, wherever they publish */
    bool log;      /* put the core's log lines into the trace */
};
struct fc_world;

FC_MUST_USE enum fc_err fc_world_create(const struct fc_world_config *config,
                                        struct fc_world **world);
void fc_world_destroy(struct fc_world *world); /* NULL is fine */

/* A node and the participant that operates it, not admitted yet. `bootstrap`: whom it dials first,
 * or FC_WORLD_NONE: it begins with the charter in its store. `dials_only`: has no endpoint. */
uint32_t fc_world_add(struct fc_world *world, const char *name, uint32_t bootstrap,
                      bool dials_only);
/* The same, and down: fc_world_start starts it. */
uint32_t fc_world_prepare(struct fc_world *world, const char *name, uint32_t bootstrap,
                          bool dials_only);
/* Where a node stands: its certificate's country. Before it is admitted. */
void fc_world_country(struct fc_world *world, uint32_t node, const char country[3]);
/* Bootstrap peers, in place of the one it was added with; heeded when it starts. Copied. */
void fc_world_contacts(struct fc_world *world, uint32_t node, const uint32_t *list, uint32_t count);
/* Members from the start: certificates and descriptors of all, and a first head of each of the
 * first `feeds` of them, are in every store. Into an empty world; all are down at first. */
struct fc_world_member {
    char name[FC_WORLD_NAME_MAX];
    char country[3];
    bool dials_only;
};
void fc_world_seed(struct fc_world *world, const struct fc_world_member *members, uint32_t count,
                   uint32_t feeds);
/* The first start of a seeded node, or one after a crash. */
void fc_world_start(struct fc_world *world, uint32_t node);
/* The network under the nodes, for faults of links. */
struct fc_network *fc_world_network(const struct fc_world *world);
/* Governors admit the operator of `node`; the certificate is handed in at `at`. */
void fc_world_admit(struct fc_world *world, uint32_t node, uint32_t at);
uint32_t fc_world_count(const struct fc_world *world);
const char *fc_world_name(const struct fc_world *world, uint32_t node);
struct fc_replica *fc_world_replica(const struct fc_world *world, uint32_t node);
struct fc_core *fc_world_core(const struct fc_world *world, uint32_t node);
struct fc_hash fc_world_participant(const struct fc_world *world, uint32_t node);
struct fc_key fc_world_node_key(const struct fc_world *world, uint32_t node);
/* FC_WORLD_NONE: of nobody here. */
uint32_t fc_world_node_of(const struct fc_world *world, const struct fc_key *key);
uint32_t fc_world_owner_of(const struct fc_world *world, const struct fc_hash *participant);
const char *fc_world_owner_name(const struct fc_world *world, const struct fc_hash *participant);
bool fc_world_is_up(const struct fc_world *world, uint32_t node);

/* -- what users do ---------------------------------------------------------------------------- */

struct fc_world_op {
    const char *key;
    const char *content; /* NULL: delete */
    size_t content_len;  /* 0: strlen */
};
/* Publishes operations of `owner`'s feed at node `at` (usually the same). */
enum fc_err fc_world_publish(struct fc_world *world, uint32_t at, uint32_t owner,
                             const struct fc_world_op *ops, uint32_t count);
enum fc_err fc_world_put(struct fc_world *world, uint32_t node, const char *key,
                         const char *content);
/* The next head of a feed, in a replica that is nobody's, with its write transaction open. */
enum fc_err fc_world_author(struct fc_world *world, uint32_t owner, struct fc_replica *replica,
                            const struct fc_world_op *ops, uint32_t count, uint64_t now_ms);
/* A replica over a store that is nobody's; the store is taken over. */
enum fc_err fc_world_open_aside(struct fc_world *world, struct fc_kv *kv,
                                struct fc_replica **replica);
/* A head at this time of the node's clock, further ahead by so much. */
void fc_world_skew(struct fc_world *world, uint32_t node, int64_t skew_ms);
/* A record made elsewhere is handed in at a node. */
enum fc_err fc_world_hand_in(struct fc_world *world, uint32_t at, struct fc_span record);
/* A node signs what it holds now, and publishes it. */
enum fc_err fc_world_checkpoint(struct fc_world *world, uint32_t at);
/* FC_E_UNKNOWN: the node does not know the certificate that this one follows; nothing changed. */
enum fc_err fc_world_recover(struct fc_world *world, uint32_t owner, uint32_t at);
void fc_world_revoke(struct fc_world *world, uint32_t owner, uint32_t at, fc_version last_valid,
                     enum fc_revocation_mode mode);
/* A new charter that replaces one governor and carries all certificates and revocations over. */
void fc_world_rotate(struct fc_world *world, uint32_t at);
/* The same, and then another next to it of the same version, handed in at `other`: rivals. The
 * world goes on under the first. */
void fc_world_rotate_twice(struct fc_world *world, uint32_t at, uint32_t other);
/* Operators settle it: the world's charter counts at this node. */
void fc_world_pin(struct fc_world *world, uint32_t at);
/* Signs a head of `owner` over nothing that exists: its root leads nowhere. Appends the record. */
void fc_world_false_head(struct fc_world *world, uint32_t owner, uint32_t at, struct fc_buf *out);

/* -- what happens to them --------------------------------------------------------------------- */

void fc_world_crash(struct fc_world *world, uint32_t node);
void fc_world_restart(struct fc_world *world, uint32_t node);
/* While its disk is full, what would add to a node's store fails. */
void fc_world_disk_full(struct fc_world *world, uint32_t node, bool full);
/* It is up, has room, and knows the charter that governors act under. */
bool fc_world_can_govern(const struct fc_world *world, uint32_t node);
/* Nodes of different groups do not reach each other; all begin in group 0. */
void fc_world_group(struct fc_world *world, uint32_t node, uint32_t group);
void fc_world_heal(struct fc_world *world); /* all into group 0 */
/* Cuts the links between two nodes; they dial anew when they see fit. */
void fc_world_cut(struct fc_world *world, uint32_t a, uint32_t b);
/* Bytes that the far end of a link takes for a message of `from`. */
void fc_world_inject(struct fc_world *world, uint32_t from, uint32_t to, struct fc_span message);
/* The next commit of the node fails with this error. */
void fc_world_fail_commit(struct fc_world *world, uint32_t node, enum fc_err err);

/* -- time ------------------------------------------------------------------------------------- */

uint64_t fc_world_now_us(const struct fc_world *world);
void fc_world_run(struct fc_world *world, uint64_t for_us);
/* Calls the observer's alarm at that time. */
void fc_world_alarm(struct fc_world *world, uint64_t at_us, uint64_t tag);
/* Runs until all nodes that are up hold the same heads and records and miss no contents, or the
 * time is over. True when they do. */
bool fc_world_converge(struct fc_world *world, uint64_t within_us);
bool fc_world_is_converged(const struct fc_world *world);

struct fc_world_stats {
    uint64_t events, messages, bytes, blocked; /* messages and bytes that arrived */
    uint64_t signatures, signatures_checked;   /* asked for; really computed */
};
void fc_world_get_stats(const struct fc_world *world, struct fc_world_stats *out);
/* Over every line of the trace so far, whether or not it was shown. */
struct fc_hash fc_world_trace_hash(const struct fc_world *world);
/* Adds a line of one's own. */
void fc_world_say(struct fc_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
