/* Documents gathered into deltas: keys read, repeats found, split where a delta is full. */
#ifndef FC_NODE_BATCH_H
#define FC_NODE_BATCH_H

#include "node/publisher.h"

struct fc_batch;

/* What became of everything that was added. */
struct fc_batch_counts {
    uint64_t published; /* new or changed */
    uint64_t unchanged;
    uint64_t failed;
};
/* `send` signs a full batch and hands it on; `fault` is told of each document that did not go
 * through. */
struct fc_batch_config {
    uint32_t ops_max;
    struct fc_publisher *publisher; /* where `send` and `explain` are NULL */
    void *ctx;
    enum fc_err (*send)(void *ctx, const struct fc_op *ops, uint32_t op_count,
                        const struct fc_content *contents, uint32_t content_count,
                        uint32_t *changed);
    const char *(*explain)(void *ctx, enum fc_err err); /* why `send` failed, in words */
    void (*fault)(void *ctx, const char *place, const char *text);
};
FC_MUST_USE enum fc_err fc_batch_create(const struct fc_batch_config *config,
                                        struct fc_batch **batch);
void fc_batch_destroy(struct fc_batch *batch); /* NULL is fine */
/* Adds one document; a bad one is a fault and FC_OK. What ends the run is returned: FC_E_NOMEM, or
 * an error of `send` that is not the documents' fault. */
FC_MUST_USE enum fc_err fc_batch_add(struct fc_batch *batch, const char *place,
                                     struct fc_span bytes);
/* Sends what is left. */
FC_MUST_USE enum fc_err fc_batch_flush(struct fc_batch *batch);
struct fc_batch_counts fc_batch_counts(const struct fc_batch *batch);
/* A fault that was found elsewhere counts, too. */
void fc_batch_fault(struct fc_batch *batch, const char *place, const char *text);

#endif
