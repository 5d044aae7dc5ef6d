#include "sim/queue.h"

#include <stdlib.h>

static bool before(const struct fc_happening *a, const struct fc_happening *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

enum fc_err fc_queue_put(struct fc_queue *queue, struct fc_happening happening)
{
    if (queue->count == queue->cap) {
        size_t cap = queue->cap ? 2 * queue->cap : 256;
        struct fc_happening *heap = realloc(queue->heap, cap * sizeof *heap);
        if (!heap) {
            fc_buf_finish(&happening.bytes);
            return FC_E_NOMEM;
        }
        queue->heap = heap;
        queue->cap = cap;
    }
    happening.order = queue->order++;
    size_t at = queue->count++;
    while (at > 0 && before(&happening, &queue->heap[(at - 1) / 2])) {
        queue->heap[at] = queue->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    queue->heap[at] = happening;
    return FC_OK;
}

bool fc_queue_take(struct fc_queue *queue, uint64_t until_us, struct fc_happening *out)
{
    if (queue->count == 0 || queue->heap[0].at_us > until_us)
        return false;
    *out = queue->heap[0];
    struct fc_happening last = queue->heap[--queue->count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= queue->count)
            break;
        if (child + 1 < queue->count && before(&queue->heap[child + 1], &queue->heap[child]))
            child++;
        if (!before(&queue->heap[child], &last))
            break;
        queue->heap[at] = queue->heap[child];
        at = child;
    }
    if (queue->count != 0)
        queue->heap[at] = last;
    return true;
}

void fc_queue_finish(struct fc_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++)
        fc_buf_finish(&queue->heap[i].bytes);
    free(queue->heap);
    *queue = (struct fc_queue){0};
}
