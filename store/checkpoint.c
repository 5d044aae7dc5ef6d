#include "store/checkpoint.h"

enum { TOGETHER_MAX = 60 };

uint64_t fc_checkpoint_interval_ms(size_t nodes, uint64_t least_ms)
{
    uint64_t shared_ms = nodes * least_ms / TOGETHER_MAX;
    return shared_ms > least_ms ? shared_ms : least_ms;
}

/* Even over 0..below-1. */
static uint64_t pick(const struct fc_key *node_key, uint64_t time_ms, uint64_t below)
{
    uint8_t bytes[8];
    fc_put_be64(bytes, time_ms);
    struct fc_hash hash = fc_hash2("fedcat.jitter.1", fc_span(node_key->b, sizeof node_key->b),
                                   fc_span(bytes, sizeof bytes));
    return below ? fc_get_be64(hash.b) % below : 0;
}

uint64_t fc_checkpoint_due_ms(const struct fc_key *node_key, uint64_t last_ms, uint64_t start_ms,
                              size_t nodes, uint64_t least_ms)
{
    uint64_t interval_ms = fc_checkpoint_interval_ms(nodes, least_ms);
    if (last_ms == 0)
        return start_ms + pick(node_key, start_ms, interval_ms / 4);
    return last_ms + interval_ms - interval_ms / 4 + pick(node_key, last_ms, interval_ms / 2);
}

uint64_t fc_checkpoint_last_ms(const struct fc_ledger *ledger, const struct fc_key *node_key)
{
    uint64_t last_ms = 0;
    for (size_t i = 0; i < fc_ledger_record_count(ledger); i++) {
        const struct fc_held *held = fc_ledger_record_at(ledger, i);
        if (held->record.type == FC_RECORD_CHECKPOINT &&
            fc_key_eq(&held->checkpoint.node_key, node_key) && held->checkpoint.time_ms > last_ms)
            last_ms = held->checkpoint.time_ms;
    }
    return last_ms;
}

enum fc_err fc_replica_checkpoint(struct fc_replica *replica, const struct fc_hash *participant,
                                  const struct fc_key *node_key, uint64_t now_ms,
                                  struct fc_buf *body)
{
    const struct fc_held *charter = fc_ledger_charter(fc_replica_ledger(replica), NULL);
    struct fc_digest digest;
    enum fc_err err = charter ? fc_replica_digest(replica, &digest) : FC_E_UNKNOWN;
    if (err != FC_OK)
        return err;
    struct fc_checkpoint checkpoint = {
        .federation = fc_replica_federation(replica),
        .participant = *participant,
        .node_key = *node_key,
        .charter = charter->record.hash,
        .digest = digest.hash,
        .feeds = digest.feeds,
        .entries = digest.entries,
        .time_ms = now_ms,
    };
    return fc_checkpoint_body(&checkpoint, body);
}
