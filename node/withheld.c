#include "node/withheld.h"

#include <stdio.h>

char *fc_withheld_text(struct fc_replica *replica, const struct fc_hash *participant,
                       const struct fc_entry *entry, char out[FC_WITHHELD_BYTES],
                       struct fc_hash *record)
{
    struct fc_buf reason = {0};
    struct fc_hash hash = {{0}};
    enum fc_err err = fc_replica_takedown_reason(replica, participant, &entry->key_hash,
                                                 &entry->commitment, &reason, &hash);
    if (err == FC_OK) {
        snprintf(out, FC_WITHHELD_BYTES, "Taken down by %s: %.*s",
                 fc_hash_is_zero(&hash) ? "this node" : "the federation's governors",
                 (int)reason.len, reason.len ? (const char *)reason.data : "");
    } else {
        hash = (struct fc_hash){{0}};
        snprintf(out, FC_WITHHELD_BYTES, "This content was taken down.");
    }
    fc_buf_finish(&reason);
    if (record) {
        *record = hash;
    }
    return out;
}
