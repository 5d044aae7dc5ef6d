/* What is going to happen, the earliest first; of equals the one that was put in first. */
#ifndef FC_SIM_QUEUE_H
#define FC_SIM_QUEUE_H

#include "store/bytes.h"

enum fc_happening_kind {
    FC_HAPPENS_MESSAGE,
    FC_HAPPENS_UP,
    FC_HAPPENS_DOWN,
    FC_HAPPENS_DIAL_FAILED,
    FC_HAPPENS_TICK,
};
struct fc_happening {
    uint64_t at_us, order;
    enum fc_happening_kind kind;
    uint32_t node; /* whom it happens to */
    uint32_t link; /* index of the link */
    uint32_t life; /* of the node, for ticks and dials: a restarted one has another */
    bool inbound;
    uint8_t key[32];
    struct fc_buf bytes; /* owned */
};
struct fc_queue {
    struct fc_happening *heap;
    size_t count, cap;
    uint64_t order;
};
/* Takes the bytes over. */
FC_MUST_USE enum fc_err fc_queue_put(struct fc_queue *queue, struct fc_happening happening);
/* False when nothing is left at or before `until_us`. The caller frees the bytes. */
bool fc_queue_take(struct fc_queue *queue, uint64_t until_us, struct fc_happening *out);
void fc_queue_finish(struct fc_queue *queue);

#endif
