/* The core's inside, shared by the files that make it up and by nothing else. */
#ifndef FC_NET_INSIDE_H
#define FC_NET_INSIDE_H

#include <assert.h>

#include "net/bucket.h"
#include "net/effects.h"
#include "net/history.h"
#include "net/holding.h"
#include "net/rng.h"
#include "net/session.h"
#include "net/spread.h"
#include "net/view.h"
#include "net/wire.h"

#define FC_NEVER UINT64_MAX
enum {
    FC_SECOND_US = 1000000,
    FC_GREETING_US = 10 * FC_SECOND_US, /* from link up to open */
    FC_PING_US = 10 * FC_SECOND_US,
    FC_PINGS_LOST_MAX = 3,
    FC_ANSWER_US = 30 * FC_SECOND_US, /* a question without an answer is given up */
    FC_BLOCK_US = 15 * FC_SECOND_US,  /* the same for a block of a feed */
    FC_LOADS_LOST_MAX = 3,
    FC_SLOW_US = 60 * FC_SECOND_US, /* a load that brings little gives way then to others */
    FC_SLOW_BYTES_PER_S = 32 * 1024,
    FC_DIAL_MIN_US = FC_SECOND_US,
    FC_DIAL_MAX_US = 60 * FC_SECOND_US,
    FC_STEADY_US = 30 * FC_SECOND_US, /* open so long, a link's failures are forgotten */
    FC_AVOID_US = 60 * FC_SECOND_US,  /* doubled with each strike */
    FC_AVOID_DOUBLINGS_MAX = 10,
    FC_PEERS_KEPT = 4096,
    FC_SYNCS_MAX = 4,   /* peers asked for pages at once */
    FC_LOADS_MAX = 8,   /* feeds being caught up at once */
    FC_CREDIT = 4,      /* blocks under way of each */
    FC_SERVED_MAX = 16, /* feeds served to one peer at once */
    FC_SERVED_STEP_BYTES = 2 * FC_BLOCK_BYTES,
    FC_WALK_QUEUE_MAX = 65536,
    FC_BACKOFFS_MAX = 256,
    FC_BACKOFF_US = FC_SECOND_US,
    FC_BACKOFF_DOUBLINGS_MAX = 8,
    FC_WANTS_MAX = 2, /* requests for contents under way */
    FC_WANT_BACKOFF_US = FC_SECOND_US / 2,
    FC_WANT_DOUBLINGS_MAX = 7,
    FC_RELAYED_PER_S = 10, /* heads of one participant relayed, at length */
    FC_RELAYED_BURST = 2048,
    FC_RELAYED_LEAST = 8,
    FC_RELAYED_KEPT = 1024,
    FC_TIDY_ROWS = 512,
    FC_TIDY_US = 20000,
    FC_NEWS_US = 4 * FC_SECOND_US, /* what was announced must come, or it is asked for by cursor */
    FC_PUSH_US =
        3 * FC_SECOND_US, /* what another link told of may be on its way over an active one */
    FC_AUDIT_US = 120 * FC_SECOND_US,       /* one neighbour in turn is compared with */
    FC_AUDIT_TRUST_US = 600 * FC_SECOND_US, /* the own past speaks for the present so long */
    FC_AUDIT_REST_US = 60 * FC_SECOND_US,   /* and none for its own sake so soon again */
    FC_AUDIT_WAIT_US = 2 * FC_SECOND_US,    /* what is lacking is given so long to come by itself */
    FC_AUDIT_WAIT_MAX = 64,                 /* if it is no more than this */
    FC_COMPARE_GUESS = 12,                  /* symbols of an audit, which is to find nothing */
    FC_COMPARE_ROUNDS_MAX = 16,             /* of symbols; then all items are asked for */
    FC_COMPARE_LISTS_MAX = 64,
    FC_WITNESS_MAX = 256,        /* nodes whose last checkpoints did not agree */
    FC_WITNESS_MISSES = 3,       /* in a row until it is said */
    FC_WITNESS_WAIT_MS = 30000,  /* for a state to come here that another was in already */
    FC_WITNESS_LATE_MS = 300000, /* a state so long past is another node's past, not the present */
    FC_CALM_US = FC_SECOND_US / 5,           /* a state that lasted so long is worth noting */
    FC_EFFECTS_BYTES_MAX = 32 * 1024 * 1024, /* pushes of one step stop here */
};

/* One for each key this node has to do with, linked or not. */
struct fc_peer {
    struct fc_key key;
    struct fc_session *session; /* the live one, or NULL */
    bool wanted;                /* by the view */
    bool dialling;
    uint32_t attempts, endpoint_next;
    uint64_t dial_at_us; /* when dialling: when to give it up */
    /* How far this peer's arrival log was taken in, nothing left out; epoch 0: not known. */
    uint64_t cursor_epoch, cursor_index;
    uint32_t strikes;
    uint64_t avoid_until_us;
    uint64_t used_us;
    uint64_t synced_ms;
};

enum fc_load_stage { FC_STAGE_ASKED, FC_STAGE_BLOCKS, FC_STAGE_FOLLOW, FC_STAGE_WALK };
struct fc_catchup { /* one feed being brought up to date from one peer */
    bool used;
    struct fc_hash participant;
    struct fc_session *session;
    uint64_t id;
    enum fc_load_stage stage;
    struct fc_load *load;
    struct fc_buf head; /* the signed head the peer leads to */
    struct fc_hash head_hash;
    bool whole;  /* asked for the whole feed, whatever is held */
    bool walked; /* the tree was walked once */
    uint32_t restarts;
    uint64_t items_bytes, frames_bytes, items_max, frames_max;
    uint64_t deadline_us;
    uint64_t begun_us, bytes_in;
    struct fc_prefix *queue; /* of a walk */
    uint32_t queue_count, queue_cap;
    uint32_t asked; /* the first so many of the queue are asked for */
};

struct fc_backoff {
    struct fc_hash participant;
    uint32_t attempts;
    uint64_t until_us;
};

struct fc_want_request {
    bool used;
    uint64_t id;
    struct fc_session *session;
    uint32_t count;
    uint64_t deadline_us;
    struct fc_want *wants; /* while used */
};

struct fc_relayed {
    struct fc_hash participant;
    struct fc_bucket bucket;
};

/* Checkpoints of one node that matched no state of this one, and one that may yet. */
struct fc_doubt {
    struct fc_core_witness about;
    uint32_t misses;
    bool waiting;
    uint64_t due_ms; /* wall clock */
    struct fc_hash digest;
};
struct fc_witnesses {
    struct fc_doubt *list;
    uint32_t count, cap;
    uint64_t agreed, agreed_ms;
    uint64_t due_ms; /* the earliest; 0: none waits */
};

struct fc_core {
    struct fc_core_config config;
    struct fc_bootstrap *bootstrap; /* copies, endpoints included */
    struct fc_rng rng;
    const struct fc_view_ops *view_ops;
    const struct fc_spread_ops *spread_ops;
    struct fc_view *view;
    struct fc_spread *spread;

    /* of the step under way */
    uint64_t now_us, wall_ms;
    uint64_t batch; /* steps whose effects leave together */
    struct fc_effects *effects;
    enum fc_err err; /* the first store error; sticks to the step's end */

    struct fc_session **sessions;
    uint32_t session_count, session_cap;
    uint32_t sync_next;   /* whose turn it is */
    bool sessions_closed; /* some wait to be swept */
    struct fc_peer **peers;
    uint64_t
        *peer_heads; /* the first bytes of their keys, in order: to look one up among few lines */
    uint32_t peer_count, peer_cap;
    bool peers_changed; /* since peers_due_us was found */
    uint64_t peers_due_us;

    uint64_t seen_epoch, seen_index; /* of the own arrival log: what was told to the spread */
    uint64_t telling;                /* the arrival the spread is being told of */
    bool in_push;                    /* a RECORD or DELTA is being taken in: `tag` came with it */
    uint32_t tag;
    bool membership_changed;
    struct fc_hash charter; /* in force at the last look */
    bool disputed;
    struct fc_hash digest_heads, digest_records;
    uint64_t digest_index;
    bool digest_known;
    struct fc_history history;
    uint64_t state_index, state_us, state_ms; /* of the state the replica is in, and since when */
    bool state_noted;
    uint64_t audit_at_us, audited_us; /* the next with a neighbour; the last with anyone */
    uint64_t keys_drawn;
    struct fc_core_audit audit;
    struct fc_witnesses witness;

    struct fc_catchup *loads; /* FC_LOADS_MAX, made when first needed */
    uint32_t load_count;
    struct fc_backoff *backoffs;
    uint32_t backoff_count, backoff_cap;
    uint64_t next_id;
    bool catchup_due; /* a slot came free, or something to load came up */
    uint64_t catchup_at_us;
    uint32_t catchup_next;  /* whose turn it is */
    uint64_t pending_at_us; /* the earliest head from the future comes of age */

    struct fc_want_request *wants; /* FC_WANTS_MAX, made when first needed */
    bool want_due;
    uint32_t want_failures;
    uint64_t want_at_us;
    struct fc_key want_from; /* pushed the last delta with contents left out */

    struct fc_relayed *relayed;
    uint32_t relayed_cap;       /* a power of two, up to FC_RELAYED_KEPT */
    struct fc_hash pushed_hash; /* record whose encoded tail is kept in push_tail */
    struct fc_buf push_tail;
    enum fc_wire_kind push_kind;

    bool tidy_due, serve_due;
    uint32_t serve_next;
    uint64_t tidy_at_us;
    uint64_t deadline_us;
    uint64_t synced_ms;
    uint64_t deltas_in, deltas_duplicate, deltas_refused;
};

/* True for an error of the store, which ends the step: it sticks. False for what a peer's bytes
 * can bring about; damage of our own is logged and refused. */
bool fc_core_store_failed(struct fc_core *core, enum fc_err err);
struct fc_codec *fc_core_codec(struct fc_core *core); /* NULL: core->err is set */
void fc_core_digests(struct fc_core *core, struct fc_hash *heads, struct fc_hash *records);
/* This node is in the same state, or was of late, and then all of it is here or superseded, unless
 * something was lost meanwhile. `*index`: the arrivals since then are what the other may lack. */
enum fc_core_state { FC_STATE_UNKNOWN, FC_STATE_PAST, FC_STATE_PRESENT };
enum fc_core_state fc_core_state_of(struct fc_core *core, const struct fc_hash *heads,
                                    const struct fc_hash *records, uint64_t *index);
/* The first eight digits, for logs. */
struct fc_short {
    char text[9];
};
struct fc_short fc_short_key(const struct fc_key *key);
struct fc_short fc_short_hash(const struct fc_hash *hash);
static inline uint64_t fc_earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* peer.c */
struct fc_peer *fc_peer_find(struct fc_core *core, const struct fc_key *key);
struct fc_peer *fc_peer_get(struct fc_core *core, const struct fc_key *key); /* NULL: NOMEM */
void fc_peer_dial_later(struct fc_core *core, struct fc_peer *peer);
void fc_peer_strike(struct fc_core *core, struct fc_peer *peer);
void fc_peer_run(struct fc_core *core);
uint64_t fc_peer_deadline_us(struct fc_core *core);
void fc_peer_membership(struct fc_core *core); /* endpoints may be known now */

/* greet.c */
void fc_greet_link_up(struct fc_core *core, const struct fc_event *event);
void fc_greet_hello(struct fc_core *core, struct fc_session *session,
                    const struct fc_wire_hello *hello);
void fc_greet_charters(struct fc_core *core, struct fc_session *session,
                       const struct fc_wire_charters *charters);
void fc_greet_goodbye(struct fc_core *core, struct fc_session *session,
                      const struct fc_wire_goodbye *goodbye);

/* ping.c */
void fc_ping_run(struct fc_core *core, struct fc_session *session);
void fc_ping_ping(struct fc_core *core, struct fc_session *session,
                  const struct fc_wire_ping *ping);
void fc_ping_pong(struct fc_core *core, struct fc_session *session,
                  const struct fc_wire_ping *pong);

/* sync.c */
void fc_sync_open(struct fc_core *core, struct fc_session *session);
void fc_sync_mark(struct fc_core *core, struct fc_session *session,
                  const struct fc_wire_mark *mark);
void fc_sync_need(struct fc_session *session);
/* What stands at `index` or above in the peer's log may be missing after all. */
void fc_sync_back(struct fc_session *session, uint64_t index);
void fc_sync_afresh(struct fc_core *core); /* from the start with everyone: rules changed */
void fc_sync_run(struct fc_core *core);
bool fc_sync_is_done(const struct fc_session *session);
void fc_sync_note(struct fc_core *core, struct fc_session *session); /* in sync now? */
void fc_sync_page(struct fc_core *core, struct fc_session *session,
                  const struct fc_wire_page *page);
/* Records in their order, then all heads, their signatures in one batch. False: the peer lost its
 * link, or core->err is set. */
bool fc_sync_take(struct fc_core *core, struct fc_session *session, const uint64_t *indexes,
                  const struct fc_span *records, uint32_t count);
/* What was asked for is through, up to page_next. */
void fc_sync_taken(struct fc_core *core, struct fc_session *session);

/* compare.c: what is lacking, by the difference of what is held here and there */
void fc_compare_ask(struct fc_core *core, struct fc_session *session);
void fc_compare_sketch(struct fc_core *core, struct fc_session *session,
                       const struct fc_wire_sketch *sketch);
void fc_compare_records(struct fc_core *core, struct fc_session *session,
                        const struct fc_wire_records *records);
void fc_compare_waited(struct fc_core *core, struct fc_session *session);
void fc_compare_drop(struct fc_session *session);
/* A comparison has ended: `lacking` here, `ahead` held here and not there. */
void fc_compare_note(struct fc_core *core, struct fc_session *session, uint32_t lacking,
                     uint32_t ahead);
void fc_compare_serve(struct fc_core *core, struct fc_session *session,
                      const struct fc_wire_compare *compare);
void fc_compare_fetch(struct fc_core *core, struct fc_session *session,
                      const struct fc_wire_fetch *fetch);
/* serve.c: the answering side */
/* What arrived here after that, as a page. */
void fc_serve_page(struct fc_core *core, struct fc_session *session, uint64_t after);
void fc_serve_sync(struct fc_core *core, struct fc_session *session,
                   const struct fc_wire_sync *sync);
void fc_serve_feed(struct fc_core *core, struct fc_session *session,
                   const struct fc_wire_feed *feed);
void fc_serve_more(struct fc_core *core, struct fc_session *session,
                   const struct fc_wire_more *more);
void fc_serve_walk(struct fc_core *core, struct fc_session *session,
                   const struct fc_wire_walk *walk);
void fc_serve_want(struct fc_core *core, struct fc_session *session,
                   const struct fc_wire_want *want);
void fc_serve_run(struct fc_core *core); /* blocks, as credit allows, a few per step */

/* accept.c: what comes from a peer is judged here */
/* A record of any type that is not a head. False: the peer lost its link. */
bool fc_accept_record(struct fc_core *core, struct fc_session *session, uint64_t index,
                      struct fc_span bytes);
struct fc_headline { /* a head and where it stands in the peer's arrival log */
    uint64_t index;
    struct fc_record record;
    struct fc_head head;
    enum fc_err verdict;
    struct fc_key key;
};
/* Signatures of all are checked in one batch. False: the peer lost its link. */
bool fc_accept_heads(struct fc_core *core, struct fc_session *session, struct fc_headline *list,
                     uint32_t count);
bool fc_accept_head_bytes(struct fc_core *core, struct fc_session *session, uint64_t index,
                          struct fc_span bytes);
void fc_accept_delta(struct fc_core *core, struct fc_session *session,
                     const struct fc_wire_delta *delta);
/* Judges one head for a load: FC_OK or FC_E_GAP, signature checked; else why not. */
enum fc_err fc_accept_judge(struct fc_core *core, struct fc_span bytes, struct fc_record *record,
                            struct fc_head *head);

/* pending.c: what cannot be taken yet. False: no room; the page must be asked for again. */
bool fc_pending_has_room(const struct fc_session *session);
bool fc_pending_add(struct fc_core *core, struct fc_session *session, enum fc_wait wait,
                    uint64_t index, const struct fc_record *record, const struct fc_head *head);
/* The peer announced it. */
bool fc_pending_add_news(struct fc_core *core, struct fc_session *session,
                         const struct fc_spread_item *item);
/* It, or something newer, is here or was refused: nothing waits for it any more. */
void fc_pending_drop_news(struct fc_core *core, struct fc_session *session,
                          const struct fc_spread_item *item);
void fc_pending_drop_feed(struct fc_core *core, const struct fc_hash *participant,
                          fc_version version);
void fc_pending_drop_here(struct fc_core *core, struct fc_session *session,
                          const struct fc_hash *participant);
/* Has the record at this place judged anew; it comes back if it still must wait. False: the peer
 * lost its link. */
bool fc_pending_again(struct fc_core *core, struct fc_session *session, uint32_t at);
void fc_pending_retry_unknown(struct fc_core *core);
void fc_pending_run(struct fc_core *core); /* what has become due */
void fc_pending_clear(struct fc_session *session);
uint64_t fc_pending_cursor(const struct fc_session *session);

/* catchup.c, walk.c */
void fc_catchup_run(struct fc_core *core);
void fc_catchup_block(struct fc_core *core, struct fc_session *session,
                      const struct fc_wire_block *block);
void fc_catchup_closed(struct fc_core *core, const struct fc_session *session);
void fc_catchup_reset(struct fc_core *core);
void fc_catchup_end(struct fc_core *core, struct fc_catchup *load, bool stop);
void fc_catchup_failed(struct fc_core *core, struct fc_catchup *load, const char *why);
void fc_catchup_finish(struct fc_core *core, struct fc_catchup *load);
void fc_catchup_ask(struct fc_core *core, struct fc_catchup *load, bool whole);
/* Takes the head the peer leads to. False: it was refused, and the load has ended. */
bool fc_catchup_head(struct fc_core *core, struct fc_catchup *load, struct fc_span head);
struct fc_catchup *fc_catchup_find(struct fc_core *core, const struct fc_session *session,
                                   uint64_t id);
bool fc_catchup_loading(const struct fc_core *core, const struct fc_hash *participant);
void fc_walk_begin(struct fc_core *core, struct fc_catchup *load);
void fc_walk_nodes(struct fc_core *core, struct fc_session *session,
                   const struct fc_wire_nodes *nodes);

/* push.c */
/* Tells the spread of what arrived since the last time. `hash`: the record that came from
 * `session`; other arrivals are this node's own doing. */
void fc_push_new(struct fc_core *core, struct fc_session *session, const struct fc_hash *hash);
bool fc_push_one(struct fc_core *core, const struct fc_key *key, const struct fc_arrival *arrival,
                 uint32_t tag);
/* At any time, outside of the order of arrivals: the mark does not move. */
bool fc_push_again(struct fc_core *core, struct fc_session *session,
                   const struct fc_arrival *arrival, uint32_t tag);

/* news.c: the spread's host, and what its peers say */
struct fc_spread_host fc_news_host(struct fc_core *core);
void fc_news_record(struct fc_core *core, struct fc_session *session,
                    const struct fc_wire_record *record);
void fc_news_delta(struct fc_core *core, struct fc_session *session,
                   const struct fc_wire_delta *delta);
void fc_news_announce(struct fc_core *core, struct fc_session *session,
                      const struct fc_wire_announce *announce);
void fc_news_duplicate(struct fc_core *core, struct fc_session *session,
                       const struct fc_arrival *arrival);

/* witness.c: others' checkpoints beside the own history */
void fc_witness_take(struct fc_core *core, const struct fc_hash *record);
void fc_witness_run(struct fc_core *core);
uint64_t fc_witness_deadline_us(const struct fc_core *core);

/* want.c */
void fc_want_contents(struct fc_core *core, struct fc_session *session,
                      const struct fc_wire_contents *contents);
void fc_want_run(struct fc_core *core);
uint64_t fc_want_deadline_us(const struct fc_core *core);
void fc_want_closed(struct fc_core *core, const struct fc_session *session);
void fc_want_finish(struct fc_core *core);
void fc_want_soon(struct fc_core *core, const struct fc_session *from);

#endif
