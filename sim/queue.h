/* What is going to happen, the earliest first; of equals the one that was put in first.
 *
 * A radix queue: an event waits in the slot of the highest byte in which its time differs from the
 * present, and moves to a finer one when its time comes near. It is moved at most seven times, in
 * practice two or three, and slots are read from end to end, so that a million events under way
 * cost hardly more than a hundred (Ahuja, Mehlhorn, Orlin, Tarjan, "Faster algorithms for the
 * shortest path problem", J. ACM 1990; Varghese and Lauck's timing wheels, SOSP 1987). */
#ifndef FC_SIM_QUEUE_H
#define FC_SIM_QUEUE_H

#include "store/bytes.h"

/* What the fields but the time mean is the caller's affair. */
struct fc_happening {
    uint64_t at_us;
    union {
        uint64_t number;
        void *data;
    };
    uint32_t node, link, size;
    uint16_t kind, flags;
};
_Static_assert(sizeof(struct fc_happening) == 32, "two to a cache line");

enum { FC_QUEUE_LEVELS = 8, FC_QUEUE_SLOTS = 256 };
struct fc_queue_slot { /* a list of blocks */
    struct fc_queue_block *first, *last;
    uint32_t taken, filled; /* of the first, of the last */
};
struct fc_queue { /* all zero is empty, at the time 0 */
    uint64_t now_us;
    size_t count, count_max;
    struct fc_queue_slot slots[FC_QUEUE_LEVELS][FC_QUEUE_SLOTS];
    uint64_t used[FC_QUEUE_LEVELS][FC_QUEUE_SLOTS / 64]; /* a bit for each slot that has some */
    struct fc_queue_block *free;
    struct fc_queue_slab *slabs; /* all the memory there is */
    size_t slab_count;
};
/* Not before the last one taken, nor before an `until_us` at which nothing was left. FC_E_NOMEM:
 * it was not put in. */
FC_MUST_USE enum fc_err fc_queue_put(struct fc_queue *queue, const struct fc_happening *happening);
/* False when nothing is left at or before `until_us`. */
bool fc_queue_take(struct fc_queue *queue, uint64_t until_us, struct fc_happening *out);
/* One that will be taken about so many later, as far as it is known and near; NULL: none. */
const struct fc_happening *fc_queue_ahead(const struct fc_queue *queue, uint32_t steps);
size_t fc_queue_memory_bytes(const struct fc_queue *queue);
/* What is still in it is forgotten: take it out first where it owns something. */
void fc_queue_finish(struct fc_queue *queue);

#endif
