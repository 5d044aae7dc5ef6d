/* Inside the ledger: what its files share. */
#ifndef FC_STORE_LEDGER_PRIV_H
#define FC_STORE_LEDGER_PRIV_H

#include "store/ledger.h"

enum {
    LEDGER_RECOVERIES_MAX = 64,     /* r within one g */
    LEDGER_CARRIES_WAITING_MAX = 4, /* carry lists that no held charter commits to yet */
    LEDGER_RIVALS_MAX = 16,         /* charters that follow one and the same */
    LEDGER_IDLE_MAX = 16384,        /* certificates, revocations, takedowns that do not count */
    LEDGER_NODE_KEYS_MAX = 256,     /* node keys one feed key may describe */
};

/* What two contradicting records are about. */
struct about {
    enum fc_record_type type;
    struct fc_hash participant;        /* zero for charters */
    struct fc_hash records[2];         /* ascending */
    uint16_t incarnation;              /* of heads */
    struct fc_hash certificates[2];    /* that the heads name */
    struct fc_certificate certificate; /* the first of two recoveries */
    struct fc_hash previous;           /* of charters: the one both follow */
};

struct fact { /* a record as it was read: shared between rolls, and as it is once it is in one */
    size_t refs;
    struct fc_hash id;    /* over all bytes: the record's hash leaves signatures out */
    struct fc_key signer; /* of a descriptor or checkpoint */
    struct about *about;  /* of evidence */
    struct fc_held held;  /* the last: its allocation ends with the member its type uses */
};

struct slot { /* a held record; never moves */
    struct fact *fact;
    size_t at;          /* in the list of all records */
    bool counts;        /* its charter is in the chain and every later one carries it; evidence: the
                           certificates it rests on do */
    bool doubled;       /* a recovery beside another one at the same (g, r) */
    bool conflicted;    /* a recovery at or above two that contradict each other */
    bool lined;         /* a certificate whose heads are the feed's, now or before */
    struct slot *carry; /* a charter's list; NULL: none, or not held */
    size_t chain_at;    /* a charter's place in the chain, from 1; 0: not in it */
};
struct slots {
    struct slot **list;
    size_t count, cap;
};

struct claim { /* a place for a node */
    struct fc_key key;
    struct party *party;
    struct slot *descriptor; /* NULL: from the certificate */
    bool first;              /* the certificate names it */
    bool raised;             /* stands in the registry */
};
struct claims {
    struct claim **list;
    size_t count, cap;
};

struct party {
    struct fc_hash id;
    struct slots certificates; /* ascending by g, r, hash */
    struct slots takedowns;    /* ascending by key, commitment */
    struct slots descriptors;  /* ascending by node key, signer */
    struct slots revocations, evidence;
    /* Decided from the above: */
    struct slot *certificate, *revocation;
    bool recovery_frozen, unsettled;
    struct claims claims; /* ascending by key */
};

/* Which records are held and which charters pinned, as a sum over hashes of their bytes. It tells
 * rolls of one process apart; nothing that is signed or sent rests on it. */
struct set_sum {
    uint64_t words[4];
};

/* What the records held say, but for checkpoints, on which nothing rests. A roll follows from the
 * set of its records and pins; one that several ledgers hold never changes. */
struct roll {
    size_t refs;
    struct roll *next; /* in the pool's chain */
    bool pooled;       /* to be found there */
    struct set_sum set;
    bool digest_known;
    struct fc_hash digest;
    struct fc_hash federation;
    struct fc_verifier verifier;
    struct slots records; /* all of them, in no order */
    struct slot **table;  /* by hash: open addressing, twice the size it needs */
    size_t table_size;
    size_t idle_count;
    struct slots charters, carries;
    struct slots disputes; /* evidence about charters */
    struct slots chain;    /* charters in force, version 1 first */
    bool disputed;
    bool waiting; /* a charter could follow, were its carry list held */
    struct fc_hash *pins;
    size_t pin_count;
    struct party **parties; /* ascending by id */
    size_t party_count, party_cap;
    size_t certified_count; /* parties that hold a certificate; they are what others see */
    struct party **certified;
    struct claims nodes;  /* ascending by key, one for each */
    struct claims rivals; /* claims to keys that are somebody else's */
};

struct fc_ledger {
    struct roll *roll;
    struct fc_ledger_pool *pool; /* NULL: not one of a pool's */
    bool still;                  /* others read it meanwhile: nothing is noted in the roll */
    struct fact **checkpoints;   /* ascending by hash */
    size_t checkpoint_count, checkpoint_cap;
};

/* store/ledger_fact.c */
struct fc_hash fc_fact_id(struct fc_span record);
/* Reads a record into memory of its own. FC_E_ARG for a head or an application. */
enum fc_err fc_fact_make(const struct fc_record *record, struct fact **out);
void fc_fact_release(struct fact *fact); /* NULL is fine */
/* Takes the fact over, also when it fails: NULL then. */
struct slot *fc_slot_create(struct fact *fact);
void fc_slot_destroy(struct slot *slot); /* NULL is fine */

/* store/ledger_roll.c */
struct roll *fc_roll_create(const struct fc_hash *federation, struct fc_verifier verifier);
void fc_roll_release(struct roll *roll); /* NULL is fine */
/* What fc_ledger_add does, in two steps. The first changes nothing but the slot, which is not in a
 * roll yet; what it displaces is. */
enum fc_err fc_roll_check(const struct roll *roll, struct slot *slot, struct slot **displaced,
                          struct fc_ledger_change *change);
/* Takes the slot over. FC_E_NOMEM: the roll is of no more use. */
enum fc_err fc_roll_file(struct roll *roll, struct slot *slot, struct slot *displaced,
                         struct fc_ledger_change *change);
enum fc_err fc_roll_pin(struct roll *roll, const struct fc_hash *charter);
/* Whom a record is about, and as what. */
void fc_fact_name(const struct fact *fact, struct fc_ledger_change *change);
enum fc_err fc_slots_add(struct slots *slots, struct slot *slot);
enum fc_err fc_slots_insert(struct slots *slots, size_t at, struct slot *slot);
/* Keeps the order. */
void fc_slots_remove(struct slots *slots, const struct slot *slot);
struct slot *fc_ledger_slot(const struct roll *roll, const struct fc_hash *hash);
struct party *fc_ledger_party(const struct roll *roll, const struct fc_hash *id);

/* What governors signed, and what rests on it: counts, or not. */
void fc_ledger_count(struct roll *roll, struct slot *slot, bool counts);

/* store/ledger_clone.c */
struct roll *fc_roll_clone(const struct roll *roll); /* NULL when out of memory */

/* store/ledger_pool.c */
enum fc_err fc_ledger_pool_add(struct fc_ledger *ledger, const struct fc_record *record,
                               struct fc_ledger_change *change);
enum fc_err fc_ledger_pool_pin(struct fc_ledger *ledger, const struct fc_hash *charter);
/* The one fact of a record, with a reference for the caller. */
enum fc_err fc_ledger_pool_fact(struct fc_ledger_pool *pool, const struct fc_record *record,
                                struct fact **out);
/* Gives up a reference of a ledger's. */
void fc_ledger_pool_leave(struct fc_ledger_pool *pool, struct roll *roll);

/* store/ledger_charter.c */
enum fc_err fc_ledger_add_charter(const struct roll *roll, const struct slot *slot,
                                  struct fc_ledger_change *change);
enum fc_err fc_ledger_add_carry(const struct roll *roll, const struct slot *slot,
                                struct slot **displaced);
enum fc_err fc_ledger_charter_signed(const struct roll *roll, const struct fc_record *record,
                                     const struct fc_charter *charter);
/* Two held charters that follow the same one. */
bool fc_ledger_rivals(const struct roll *roll, const struct fc_hash *a, const struct fc_hash *b);
/* Gives a charter its list, or a list to the charters that commit to it. */
void fc_ledger_match(struct roll *roll, struct slot *slot);
/* The chain from version 1 on, as the held charters, disputes and pins have it. */
enum fc_err fc_ledger_rechain(struct roll *roll);
/* Signatures by governors of a charter, verified; how many. */
uint32_t fc_ledger_signatures(const struct roll *roll, const struct fc_record *record,
                              const struct fc_charter *charter);
bool fc_ledger_counts(const struct roll *roll, const struct fc_hash *charter,
                      const struct fc_hash *record);
/* A charter that is held, in the chain or not; NULL. */
struct slot *fc_ledger_held_charter(const struct roll *roll, const struct fc_hash *hash);

/* store/ledger_party.c */
/* Decides anew what stands for a party, and which of its nodes are members. */
enum fc_err fc_party_decide(struct roll *roll, struct party *party);
enum fc_err fc_ledger_add_certificate(const struct roll *roll, const struct slot *slot,
                                      struct slot **displaced);
/* A recovery has been filed: marks it and the other one at its place, which is returned; NULL. */
struct slot *fc_party_double(struct party *party, struct slot *recovery);
enum fc_err fc_ledger_add_governed(const struct roll *roll, const struct slot *slot,
                                   const struct fc_hash *charter);
/* Equal in all that a recovery may not change, and of one base. */
bool fc_certificate_same_line(const struct fc_certificate *a, const struct fc_certificate *b);
/* Under both the same heads are valid. */
bool fc_certificate_same_heads(const struct fc_certificate *a, const struct fc_certificate *b);
/* Where a certificate stands in its party's list, or would. */
size_t fc_party_certificate_place(const struct party *party, const struct slot *slot);
/* Whether the feed goes on, or went, under the same incarnation, key and floor. */
bool fc_party_lined(const struct party *party, const struct fc_certificate *certificate);
/* The certificate a recovery certificate extends; NULL. */
struct slot *fc_party_base(const struct party *party, const struct fc_certificate *recovery);
bool fc_ledger_verify(const struct roll *roll, const struct fc_record *record,
                      const struct fc_key *key);

/* store/ledger_takedown.c */
/* Where a takedown stands in its party's list, or would. */
size_t fc_party_takedown_place(const struct party *party, const struct slot *slot);
void fc_takedown_count(struct roll *roll, struct slot *slot);

/* store/ledger_node.c */
/* Checks, and finds what the new one displaces. */
enum fc_err fc_ledger_add_descriptor(const struct roll *roll, struct slot *slot,
                                     struct slot **displaced);
/* Whether a checkpoint may be held. */
enum fc_err fc_roll_check_checkpoint(const struct roll *roll, struct fact *fact);
bool fc_roll_is_node_of(const struct roll *roll, const struct fc_hash *participant,
                        const struct fc_key *key);
/* Where a descriptor stands in its party's list, or would. */
size_t fc_party_descriptor_place(const struct party *party, const struct slot *slot);
/* Which of a party's nodes are members, now that its certificate is decided. */
enum fc_err fc_party_claim(struct roll *roll, struct party *party);
void fc_claims_finish(struct claims *claims);

/* store/ledger_evidence.c */
enum fc_err fc_ledger_add_evidence(const struct roll *roll, struct slot *slot,
                                   struct slot **displaced);
enum fc_err fc_roll_evidence(const struct roll *roll, struct fc_span first, struct fc_span second,
                             struct fc_buf *out);
struct fc_hash fc_about_subject(const struct about *about);
bool fc_party_contested(const struct party *party, uint16_t incarnation);

#endif
