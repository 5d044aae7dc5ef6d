/* Replicas for tests: over either backend, in one federation, publishing and passing on.
 * Functions assert (abort) on what must not fail and return what a test wants to look at. */
#ifndef FC_TESTS_SUPPORT_REPLICA_H
#define FC_TESTS_SUPPORT_REPLICA_H

#include "store/replica.h"
#include "tests/support/keys.h"
#include "tests/support/kv_fault.h"

/* Shared: in memory, and all such nodes of the process hold in common what they can. */
enum fc_test_backend { FC_TEST_MEMORY, FC_TEST_LMDB, FC_TEST_SHARED };

/* What shared nodes hold in common, while there is one; NULL. */
struct fc_shared *fc_test_shared(void);

struct fc_test_node {
    enum fc_test_backend backend;
    bool index; /* keeps a search index */
    struct fc_hash federation;
    char *path; /* of the LMDB store */
    uint8_t seed[32];
    struct fc_replica *replica;
    struct fc_kv_fault *fault;
};
/* A new empty replica; label makes its seed. */
void fc_test_node_init(struct fc_test_node *node, enum fc_test_backend backend,
                       const struct fc_test_federation *fed, const char *label);
/* The same with a search index. */
void fc_test_node_init_index(struct fc_test_node *node, enum fc_test_backend backend,
                             const struct fc_test_federation *fed, const char *label);
/* Closed and opened again, as by another process; memory is cloned. */
void fc_test_node_reopen(struct fc_test_node *node);
void fc_test_node_finish(struct fc_test_node *node);

/* In a transaction of its own, committed when it succeeds. */
enum fc_err fc_test_add(struct fc_test_node *node, const struct fc_buf *record);
/* Charter and certificate. */
void fc_test_admit(struct fc_test_node *node, const struct fc_test_federation *fed,
                   const struct fc_test_party *party);

/* A batch of changes; keys and contents are borrowed strings. */
enum { FC_TEST_BATCH_MAX = 8192 };
struct fc_test_batch {
    struct fc_op *ops;
    struct fc_content *contents;
    uint32_t op_count, content_count;
    bool heartbeat;
    uint64_t now_ms;
    enum fc_err sign_err; /* what the signer answers */
};
void fc_test_batch_finish(struct fc_test_batch *batch);
void fc_test_batch_put(struct fc_test_batch *batch, const char *key, const char *content);
void fc_test_batch_status(struct fc_test_batch *batch, const char *key, enum fc_status status);
void fc_test_batch_delete(struct fc_test_batch *batch, const char *key);
/* Authors the batch, which is empty after, and commits. */
enum fc_err fc_test_publish(struct fc_test_node *node, const struct fc_test_party *party,
                            struct fc_test_batch *batch, fc_version *version);
/* The same within the open transaction, which is left open. */
enum fc_err fc_test_author(struct fc_test_node *node, const struct fc_test_party *party,
                           struct fc_test_batch *batch);
/* One put. */
void fc_test_publish_one(struct fc_test_node *node, const struct fc_test_party *party,
                         const char *key, const char *content);

/* The held head of `from`, judged by `to`. */
enum fc_err fc_test_judge(struct fc_test_node *from, struct fc_test_node *to,
                          const struct fc_hash *participant);
/* The held head's delta, with its contents when `contents`, judged, applied and committed. */
enum fc_err fc_test_pass_delta(struct fc_test_node *from, struct fc_test_node *to,
                               const struct fc_hash *participant, bool contents);
/* Brings `to` to the head of `from` by one way of catch-up, in blocks of `block_bytes`. */
enum fc_err fc_test_catch_up(struct fc_test_node *from, struct fc_test_node *to,
                             const struct fc_hash *participant, enum fc_load_mode mode,
                             size_t block_bytes);
/* A walk of the tree for an open load: asks `from` until nothing is left to ask. */
enum fc_err fc_test_walk(struct fc_test_node *from, struct fc_load *load,
                         const struct fc_hash *participant, uint32_t next_max);
/* The held head of `from` as a record; `hold` backs it. */
struct fc_record fc_test_head_of(struct fc_test_node *from, const struct fc_hash *participant,
                                 struct fc_buf *hold);

/* Hash over every row of the store. */
struct fc_hash fc_test_fingerprint(struct fc_test_node *node);
/* Damages found; with `repair`, in a transaction that is committed. */
unsigned fc_test_verify(struct fc_test_node *node, bool repair);
struct fc_feed fc_test_feed(struct fc_test_node *node, const struct fc_hash *participant);
/* The content is there and equals `expected`; NULL: it is not there. */
void fc_test_expect(struct fc_test_node *node, const struct fc_hash *participant, const char *key,
                    const char *expected);
/* Equal digests, and both sound. */
void fc_test_expect_equal(struct fc_test_node *a, struct fc_test_node *b);

#endif
