/* What a node holds about one link: its state, what was told each way, what is under way. */
#ifndef FC_NET_SESSION_H
#define FC_NET_SESSION_H

#include "net/bucket.h"
#include "net/core.h"
#include "net/wire.h"

enum {
    FC_PENDING_MAX = 2048, /* records of one peer that wait */
    FC_PENDING_BYTES_MAX = 8 * 1024 * 1024,
    FC_OUTBOX_MAX = 256, /* messages kept for a link that takes none just now */
    FC_OUTBOX_BYTES_MAX = 16 * 1024 * 1024,
    FC_ANSWERED_BYTES_MAX = FC_OUTBOX_BYTES_MAX, /* more than all an honest peer asks at once */
    FC_MESSAGES_PER_S = 5000,
    FC_MESSAGES_BURST = 20000,
    FC_BYTES_PER_S = 256 * 1024 * 1024,
    FC_BYTES_BURST = 512 * 1024 * 1024,
    FC_QUESTIONS_PER_S = 100, /* comparisons and fetches */
    FC_QUESTIONS_BURST = 4096,
    FC_DROPPED_MAX = 20000, /* messages over the limit before the link is closed */
};

/* GREETING: hellos under way. CHARTERS: charters differ and are exchanged. OPEN: all else.
 * CLOSED: given up, swept at the step's end. */
enum fc_session_state {
    FC_SESSION_GREETING,
    FC_SESSION_CHARTERS,
    FC_SESSION_OPEN,
    FC_SESSION_CLOSED,
};

enum fc_wait {
    FC_WAIT_RECORD, /* names a record that is not held */
    FC_WAIT_TIME,   /* a head from the future */
    FC_WAIT_LOAD,   /* a head whose feed must be caught up */
    FC_WAIT_NEWS,   /* was announced; no bytes of it are here */
};
struct fc_pending {
    enum fc_wait wait;
    uint64_t index; /* in the peer's arrival log: its cursor stays below */
    enum fc_record_type type;
    struct fc_hash hash;
    struct fc_hash participant; /* of a head */
    fc_version version;
    uint64_t news; /* what was announced: see struct fc_spread_item */
    uint64_t due_us;
    struct fc_span bytes; /* owned */
};

/* IDLE: nothing to ask. ASKED: for a page. COMPARING: for a sketch. WAITING: what is lacking may be
 * on its way. FETCHING: for what a comparison found lacking. */
enum fc_sync_state {
    FC_SYNC_IDLE,
    FC_SYNC_ASKED,
    FC_SYNC_COMPARING,
    FC_SYNC_WAITING,
    FC_SYNC_FETCHING,
};
struct fc_compare; /* net/compare.c */
struct fc_sync {
    enum fc_sync_state state;
    bool needed;  /* something above `reached` may be held there */
    bool unknown; /* no cursor: compare what is held, before anything is asked from a place on */
    bool audit; /* the cursor says in sync: compare all the same, when nothing else is to be done */
    bool auditing; /* that is under way, and has found nothing lacking so far */
    bool overflow; /* not all of the page found room: ask for it again */
    uint64_t deadline_us, asked_us;
    uint64_t epoch, reached; /* of the peer's log: all up to here is taken in, or pending */
    uint64_t index;          /* the last arrival the peer told of */
    uint64_t page_next;      /* where `reached` goes once the page's records are fetched */
    uint64_t ahead_prev, ahead_index; /* told meanwhile: from one to the other nothing is left */
    uint64_t compared_us;             /* when a comparison ended; 0: never */
    struct fc_compare *compare;
};

struct fc_served { /* a feed on its way to the peer, as credit allows */
    bool used, first;
    uint64_t id;
    struct fc_hash participant;
    fc_version since, start;
    enum fc_wire_mode mode;
    struct fc_resume at;
    uint32_t credit;
};

struct fc_peer;
struct fc_session {
    fc_link link;
    struct fc_key key;
    bool inbound;
    bool active;  /* the spread knows of it */
    bool leaving; /* and that it will close */
    enum fc_session_state state;
    struct fc_peer *peer;
    uint64_t up_us, greeting_until_us, opened_us;

    struct fc_hash said_charter; /* in the own hello: both ends compare what the hellos say */
    bool greeted;                /* the peer's hello came */
    uint64_t charter_version;    /* of it, as the rest */
    struct fc_hash charter;
    uint64_t hello_epoch, hello_index;
    struct fc_hash hello_heads, hello_records;
    struct fc_buf certificate, descriptor;

    uint64_t told;   /* of the own log: see struct fc_wire_mark's prev */
    uint64_t pushed; /* the last arrival that was pushed, will be announced, or is held there */
    bool deferred;   /* some above `told` is still to be announced: no mark may pass it */
    bool hole;       /* something was not pushed: say so soon */
    bool blocked;
    struct fc_buf *outbox;
    uint32_t outbox_count, outbox_cap, outbox_returned;
    size_t outbox_bytes;

    struct fc_sync sync;
    struct fc_pending *pending;
    uint32_t pending_count, pending_cap, pending_next;
    uint32_t news_count; /* of them, FC_WAIT_NEWS */
    uint64_t news_index; /* the lowest that the announcement being read may be about */
    size_t pending_bytes;
    bool no_room;             /* something was not kept, for want of room */
    struct fc_served *served; /* FC_SERVED_MAX, made when first needed */

    uint64_t ping_at_us, ping_sent_us, ping_nonce;
    uint32_t pings_lost;
    bool ping_under_way;
    uint64_t round_trip_us;

    uint32_t loads_lost; /* in a row, for want of an answer */
    struct fc_bucket messages, bytes;
    struct fc_bucket questions; /* that cost a look at all that is held */
    uint32_t dropped;
    uint64_t answered_in; /* the batch of steps that `answered` is of */
    size_t answered;      /* bytes of answers in it */
    uint64_t synced_ms;
    uint64_t bytes_in, bytes_out, messages_in, messages_out;
};

struct fc_core;
/* NULL and core->err when out of memory. */
struct fc_session *fc_session_create(struct fc_core *core, fc_link link, const struct fc_key *key,
                                     bool inbound);
void fc_session_destroy(struct fc_session *session);
struct fc_session *fc_session_find(struct fc_core *core, fc_link link);
struct fc_session *fc_session_of(struct fc_core *core,
                                 const struct fc_key *key); /* open, or NULL */
/* Asserts that the declared transitions allow it. */
void fc_session_move(struct fc_session *session, enum fc_session_state state);
/* Encodes and sends, or keeps it while the link is blocked. Nothing once closed. */
void fc_session_send(struct fc_core *core, struct fc_session *session,
                     const struct fc_wire *message);
/* The same for an encoded message; its memory is taken over. */
void fc_session_send_bytes(struct fc_core *core, struct fc_session *session,
                           struct fc_buf *message);
void fc_session_blocked(struct fc_core *core, struct fc_session *session, struct fc_span refused);
void fc_session_writable(struct fc_core *core, struct fc_session *session);
/* Says goodbye and closes the link; the session is swept when the step ends. */
void fc_session_close(struct fc_core *core, struct fc_session *session, enum fc_goodbye code,
                      const char *text);
/* The link is gone already. */
void fc_session_lost(struct fc_core *core, struct fc_session *session);
/* Closes, and avoids the peer for a time that grows. */
void fc_session_punish(struct fc_core *core, struct fc_session *session, const char *text);
void fc_session_sweep(struct fc_core *core);

#endif
