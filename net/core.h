/* The protocol as a pure step: an event in, effects out.
 *
 * No socket, clock or entropy in here: every event carries the time, randomness grows from a seed,
 * storage is the replica's. The driver (daemon or simulator) opens the replica's write transaction,
 * steps a batch of events, commits, and only then carries the effects out. When the commit fails it
 * drops the effects and steps FC_EVENT_RESET, which closes every session and starts afresh from
 * what the store holds. */
#ifndef FC_NET_CORE_H
#define FC_NET_CORE_H

#include "store/replica.h"

typedef uint32_t fc_link; /* a connection to one peer, numbered by the driver; never 0 */

enum fc_event_kind {
    FC_EVENT_TICK,        /* time has come (fc_core_deadline_us), or might have */
    FC_EVENT_LINK_UP,     /* link, key, inbound: the peer proved that it holds key */
    FC_EVENT_LINK_DOWN,   /* link */
    FC_EVENT_DIAL_FAILED, /* key: a dial of ours came to nothing */
    FC_EVENT_MESSAGE,     /* link, bytes: borrowed for the step */
    FC_EVENT_WRITABLE,    /* link: it takes messages again after an FC_EVENT_BLOCKED */
    FC_EVENT_BLOCKED,     /* link, bytes: this message was not taken. Hand back every one that is
                             refused, in order: the core keeps them until FC_EVENT_WRITABLE */
    FC_EVENT_LOCAL,       /* records or deltas were accepted from this node's own users */
    FC_EVENT_RESET,       /* the transaction in which the last steps ran was lost */
};
struct fc_event {
    enum fc_event_kind kind;
    uint64_t now_us;  /* monotonic: timers, rates */
    uint64_t wall_ms; /* Unix time: what records are dated by */
    fc_link link;
    struct fc_key key;
    bool inbound;
    struct fc_span bytes;
};

enum fc_effect_kind {
    FC_EFFECT_SEND,  /* link, bytes */
    FC_EFFECT_DIAL,  /* key, endpoint */
    FC_EFFECT_CLOSE, /* link */
    FC_EFFECT_LOG,   /* level, text */
};
enum fc_log_level { FC_LOG_ERROR, FC_LOG_WARNING, FC_LOG_INFO, FC_LOG_DEBUG };
struct fc_effect {
    enum fc_effect_kind kind;
    fc_link link;
    struct fc_key key;
    enum fc_log_level level;
    struct fc_span bytes; /* message, endpoint or text; owned by the effects */
};
/* A growing list; all zero is empty. Clear it after carrying it out. */
struct fc_effects {
    struct fc_effect *list;
    size_t count, cap;
    struct fc_buf *blocks; /* backing memory */
    size_t block_count, block_cap;
    size_t bytes;
    bool failed;
};
void fc_effects_clear(struct fc_effects *effects);
void fc_effects_finish(struct fc_effects *effects);

struct fc_bootstrap {
    struct fc_key key;
    struct fc_span endpoint;
};

struct fc_view_ops;   /* net/view.h */
struct fc_spread_ops; /* net/spread.h */

/* What a node takes in, for those who measure it. Called within a step; both may be NULL. */
struct fc_core_observer {
    void *ctx;
    /* A delta was pushed here by a peer; it may be held already. */
    void (*pushed)(void *ctx, const struct fc_key *from, const struct fc_hash *participant,
                   fc_version version);
    /* A head is held now; `from` is NULL for this node's own. */
    void (*accepted)(void *ctx, const struct fc_key *from, const struct fc_arrival *head);
};

struct fc_core_config {
    struct fc_replica *replica; /* borrowed */
    struct fc_verifier verifier;
    uint8_t seed[32];
    struct fc_key node_key;     /* this node's transport key */
    struct fc_hash participant; /* its operator; zero before it is admitted */
    const struct fc_bootstrap *bootstrap;
    uint32_t bootstrap_count;
    const struct fc_view_ops *view;     /* NULL: fc_view_all */
    const struct fc_spread_ops *spread; /* NULL: fc_spread_flood */
    uint32_t spread_fanout;             /* of modules that have one; 0: the module's own */
    uint32_t peers_active_max;          /* 0: the view's own */
    struct fc_core_observer observer;
};

struct fc_core;
FC_MUST_USE enum fc_err fc_core_create(const struct fc_core_config *config, struct fc_core **core);
void fc_core_destroy(struct fc_core *core); /* NULL is fine */

/* The replica's write transaction must be open. FC_OK; or a store error, after which the driver
 * aborts the transaction and steps FC_EVENT_RESET. Nothing a peer sends is an error here: a bad
 * peer loses its link. */
FC_MUST_USE enum fc_err fc_core_step(struct fc_core *core, const struct fc_event *event,
                                     struct fc_effects *effects);
/* When to step a tick, at the latest; UINT64_MAX: no timer runs. */
uint64_t fc_core_deadline_us(const struct fc_core *core);

/* Admission, asked for every message by the transport and at its handshake: is this key a node of
 * a member that is not revoked, or a bootstrap peer of ours? */
bool fc_core_admits(const struct fc_core *core, const struct fc_key *key);

/* What `status` and `peers` show. */
enum fc_peer_state { FC_PEER_DIALLING, FC_PEER_GREETING, FC_PEER_CHARTERS, FC_PEER_OPEN };
struct fc_peer_info {
    struct fc_key key;
    struct fc_hash participant; /* zero when not known yet */
    enum fc_peer_state state;
    bool inbound;
    bool active;            /* news goes over it, and will */
    bool in_sync;           /* nothing known to be held there is missing here */
    uint64_t behind;        /* arrivals of the peer still to be looked at */
    uint64_t synced_ms;     /* wall time of the last moment in sync; 0: never */
    uint64_t round_trip_us; /* 0: not measured */
    uint64_t bytes_in, bytes_out, messages_in, messages_out;
};
size_t fc_core_peer_count(const struct fc_core *core);
void fc_core_peer_at(const struct fc_core *core, size_t index, struct fc_peer_info *out);

/* Comparisons of all that is held with a peer, beyond what cursors say: on contact, and with a
 * neighbour now and then. */
struct fc_core_audit {
    uint64_t count;   /* that came to an end */
    uint64_t found;   /* of them, those that found something lacking here against the cursor */
    uint64_t fetched; /* records that were lacking, and asked for */
    uint64_t last_ms; /* wall clock; 0: none yet */
    struct fc_key peer;
    uint32_t lacking; /* in the last one: held there, and neither here nor on its way */
    uint32_t ahead;   /* held here, and not there */
};
/* What others' checkpoints say beside this node's own states. Those of which nothing is listed
 * match one it was in at about their time. */
enum fc_witness_view {
    FC_WITNESS_BEHIND,   /* what it shows was this node's state up to as_of_ms */
    FC_WITNESS_OTHER,    /* what it shows was never this node's state, three times in a row */
    FC_WITNESS_WITHHELD, /* the same, and fewer feeds than this node has held for long */
};
struct fc_core_witness {
    struct fc_key node_key;
    enum fc_witness_view view;
    uint64_t
        since_ms;     /* time of the first checkpoint that said so, without one since that agrees */
    uint64_t time_ms; /* of the last one */
    uint64_t as_of_ms; /* FC_WITNESS_BEHIND */
    uint64_t feeds, own_feeds;
};
size_t fc_core_witness_count(const struct fc_core *core);
void fc_core_witness_at(const struct fc_core *core, size_t index, struct fc_core_witness *out);

struct fc_core_status {
    uint32_t open, dialling;
    uint32_t in_sync_with; /* open peers this node is in sync with */
    uint64_t synced_ms;    /* last moment in sync with anyone */
    uint32_t loading;      /* feeds being caught up */
    uint64_t contents_wanted;
    uint64_t deltas_in, deltas_duplicate, deltas_refused;
    struct fc_core_audit audit;
    uint64_t witnessed, witnessed_ms; /* checkpoints of others that agreed; the time of the last */
    uint64_t changed_us;              /* when the replica last changed, on the monotonic clock */
};
void fc_core_get_status(const struct fc_core *core, struct fc_core_status *out);

#endif
