/* Deterministic governors, participants and their signed records, for every test that needs some.
 * All of it follows from labels and numbers: the same call gives the same bytes on every run.
 * Functions assert (abort) on failure, so that tests stay straight; records are appended to `out`.
 *
 *     struct fc_test_federation fed;
 *     fc_test_federation_init(&fed, "gaia", 3);             three governors, charter 1, quorum 2
 *     struct fc_test_party acme;
 *     fc_test_party_init(&acme, &fed, "acme");              certificate (1, 0) signed and ready
 *     struct fc_buf head = {0};
 *     fc_test_next_head(&acme, ops, root, 1, 2048, &head);  version 1.1, signed, state moved on
 */
#ifndef FC_TESTS_SUPPORT_KEYS_H
#define FC_TESTS_SUPPORT_KEYS_H

#include "store/delta.h"

#define FC_TEST_NOW_MS 1790000000000u /* a date in 2026 */

struct fc_test_key { /* Ed25519 */
    struct fc_sign_key secret;
    struct fc_key pub;
};
struct fc_test_box { /* Curve25519 */
    struct fc_box_key secret;
    struct fc_key pub;
};
void fc_test_seed(const char *label, unsigned index, uint8_t seed[32]);
struct fc_test_key fc_test_key(const char *label, unsigned index);
struct fc_test_box fc_test_box(const char *label, unsigned index);

/* A record of `type` around `body`, signed by each of `signers`. */
void fc_test_sign(enum fc_record_type type, const struct fc_buf *body,
                  const struct fc_test_key *signers, uint32_t count, struct fc_buf *out);
/* fc_record_parse that must succeed. */
struct fc_record fc_test_parse(const struct fc_buf *bytes);

struct fc_test_federation {
    struct fc_test_key governors[FC_GOVERNORS_MAX]; /* ascending by public key, as in the charter */
    uint32_t governor_count;
    struct fc_charter charter;    /* in force; its texts are constants */
    struct fc_buf charter_record; /* signed by all governors */
    struct fc_buf carry_record;   /* of the charter in force; empty for version 1 */
    struct fc_hash charter_hash;
    struct fc_hash id; /* of the federation */
};
/* Charter of version 1: `governors` of them, quorum more than half, admit 2 (1 if only one). */
void fc_test_federation_init(struct fc_test_federation *fed, const char *label, uint32_t governors);
void fc_test_federation_finish(struct fc_test_federation *fed);
/* The charter after the one in force, under new governors (labels `label`), signed by all old and
 * new ones; `carried` are hashes of records it carries over, in any order. Replaces the one in
 * force in `fed`. */
void fc_test_rotate(struct fc_test_federation *fed, const char *label, uint32_t governors,
                    const struct fc_hash *carried, uint32_t carried_count);

struct fc_test_party {
    char label[32];
    struct fc_test_key feed, recovery;
    struct fc_test_box node;
    struct fc_hash id;
    struct fc_certificate certificate; /* texts are constants or point into this struct: it must
                                          stay where it is */
    struct fc_buf certificate_record;
    struct fc_hash certificate_hash;
    struct fc_head head; /* the last one made; version 0 before the first */
    struct fc_hash head_hash;
};
/* A participant with certificate (1, 0), incarnation 1, floor 0, generous quota, no endpoints. */
void fc_test_party_init(struct fc_test_party *party, const struct fc_test_federation *fed,
                        const char *label);
void fc_test_party_finish(struct fc_test_party *party);
/* Signs `certificate` as it stands in the party by `admit` governors, under the charter in force,
 * and makes it the party's. Raise g yourself. */
void fc_test_certify(struct fc_test_party *party, const struct fc_test_federation *fed);
/* A recovery: r + 1, incarnation + 1, feed key number `index` of the party's, the given floor,
 * signed by the recovery key. */
void fc_test_recover(struct fc_test_party *party, unsigned index, uint64_t floor);

/* Signs `head` by the feed key as it is: for heads that should be refused. */
void fc_test_head(const struct fc_test_party *party, const struct fc_head *head,
                  struct fc_buf *out);
/* The next head: seq + 1 (or floor + 1), time + 1 s, previous filled in; the party moves on. */
void fc_test_next_head(struct fc_test_party *party, struct fc_span ops, const struct fc_hash *root,
                       uint64_t entries, uint64_t bytes, struct fc_buf *out);

void fc_test_descriptor(const struct fc_test_party *party, const struct fc_test_box *node,
                        const char *endpoint, uint64_t seq, struct fc_buf *out);
void fc_test_revocation(const struct fc_test_party *party, const struct fc_test_federation *fed,
                        fc_version last_valid, enum fc_revocation_mode mode, struct fc_buf *out);
void fc_test_takedown(const struct fc_test_party *party, const struct fc_test_federation *fed,
                      const struct fc_hash *key_hash, const struct fc_hash *commitment,
                      struct fc_buf *out);
void fc_test_checkpoint(const struct fc_test_party *party, const struct fc_test_federation *fed,
                        const struct fc_hash *digest, uint64_t feeds, uint64_t entries,
                        struct fc_buf *out);
/* Two records, in either order, as an evidence record. */
void fc_test_evidence(const struct fc_test_federation *fed, const struct fc_buf *a,
                      const struct fc_buf *b, struct fc_buf *out);

/* A put of `content` under a salt that follows from key and content. */
struct fc_op fc_test_put(const char *key, const char *content, uint8_t salt[FC_SALT_BYTES]);

#endif
