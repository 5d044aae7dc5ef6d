/* Inside the ledger: what its files share. */
#ifndef FC_STORE_LEDGER_PRIV_H
#define FC_STORE_LEDGER_PRIV_H

#include "store/ledger.h"

enum {
    LEDGER_RECOVERIES_MAX = 64,     /* r within one g */
    LEDGER_CARRIES_WAITING_MAX = 4, /* carry lists that no held charter commits to yet */
};

struct slot { /* a held record; never moves */
    struct fc_held held;
    uint8_t *bytes;
    bool counts; /* its charter is in the chain and every later one carries it */
};
struct slots {
    struct slot **list;
    size_t count, cap;
};

struct party {
    struct fc_hash id;
    struct slots certificates, revocations, takedowns, descriptors, evidence, checkpoints;
    /* Decided from the above: */
    struct slot *certificate, *revocation;
    bool recovery_frozen, unsettled;
};

struct node_row {
    struct fc_key key;
    struct party *party;
    struct slot *descriptor; /* NULL: from the certificate */
};

struct fc_ledger {
    struct fc_hash federation;
    struct fc_verifier verifier;
    struct slots records; /* all of them, in no order */
    struct slot **table;  /* by hash: open addressing, twice the size it needs */
    size_t table_size;
    struct slots charters, carries;
    struct slots chain; /* charters in force, version 1 first */
    bool disputed;
    struct fc_hash *pins;
    size_t pin_count;
    struct party **parties; /* ascending by id */
    size_t party_count, party_cap;
    size_t certified_count; /* parties that hold a certificate; they are what others see */
    struct party **certified;
    struct node_row *nodes; /* ascending by key */
    size_t node_count, node_cap;
};

/* store/ledger.c */
enum fc_err fc_slots_add(struct slots *slots, struct slot *slot);
void fc_slots_remove(struct slots *slots, const struct slot *slot);
struct slot *fc_ledger_slot(const struct fc_ledger *ledger, const struct fc_hash *hash);
struct party *fc_ledger_party(const struct fc_ledger *ledger, const struct fc_hash *id);
/* Takes the record in: copies its bytes, parses them again, and files it in the table. */
enum fc_err fc_ledger_keep(struct fc_ledger *ledger, const struct fc_record *record,
                           struct slot **slot);
void fc_ledger_forget(struct fc_ledger *ledger, struct slot *slot);
enum fc_err fc_held_parse(struct fc_held *held);

/* store/ledger_charter.c */
enum fc_err fc_ledger_add_charter(struct fc_ledger *ledger, const struct fc_held *held,
                                  struct fc_ledger_change *change);
enum fc_err fc_ledger_add_carry(struct fc_ledger *ledger, const struct fc_held *held,
                                struct fc_ledger_change *change);
enum fc_err fc_ledger_charter_signed(const struct fc_ledger *ledger, const struct fc_held *held);
/* The chain from version 1 on, as the held charters and pins have it. */
enum fc_err fc_ledger_rechain(struct fc_ledger *ledger);
/* Signatures by governors of a charter, verified; how many. */
uint32_t fc_ledger_signatures(const struct fc_ledger *ledger, const struct fc_record *record,
                              const struct fc_charter *charter);
bool fc_ledger_counts(const struct fc_ledger *ledger, const struct fc_hash *charter,
                      const struct fc_hash *record);
/* A charter that is held, in the chain or not; NULL. */
struct slot *fc_ledger_held_charter(const struct fc_ledger *ledger, const struct fc_hash *hash);

/* store/ledger_party.c */
/* Decides anew what stands for a party, and which of its nodes are members. */
enum fc_err fc_party_decide(struct fc_ledger *ledger, struct party *party);
enum fc_err fc_ledger_add_certificate(struct fc_ledger *ledger, const struct fc_held *held);
enum fc_err fc_ledger_add_governed(struct fc_ledger *ledger, const struct fc_held *held,
                                   const struct fc_hash *charter);
/* Checks, and finds what the new one displaces. */
enum fc_err fc_ledger_add_descriptor(struct fc_ledger *ledger, const struct fc_held *held,
                                     struct slot **displaced);
enum fc_err fc_ledger_add_checkpoint(struct fc_ledger *ledger, const struct fc_held *held,
                                     struct slot **displaced);
bool fc_party_signed(const struct party *party, const struct fc_record *record);
/* The certificate a recovery certificate extends; NULL. */
struct slot *fc_party_base(const struct party *party, const struct fc_held *recovery);
bool fc_ledger_verify(const struct fc_ledger *ledger, const struct fc_record *record,
                      const struct fc_key *key);

/* store/ledger_evidence.c */
enum fc_err fc_ledger_add_evidence(struct fc_ledger *ledger, const struct fc_held *held,
                                   struct fc_hash *participant, struct slot **displaced,
                                   struct fc_ledger_change *change);
/* What an evidence record in `slot` is about. */
struct fc_hash fc_evidence_subject(const struct fc_held *held, struct fc_hash *participant,
                                   uint16_t *incarnation);

#endif
