#include "net/riblt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint64_t hash_of(const struct fc_sip_key *key, const struct fc_riblt_item *item)
{
    return fc_sip(key, fc_span(item->b, sizeof item->b));
}

static uint32_t check_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

/* splitmix64 (Steele, Lea, Flood, OOPSLA 2014) */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* The largest r with r * r <= value; the processor's root is a guess, put right here. */
static uint64_t root(uint64_t value)
{
    uint64_t r = (uint64_t)sqrt((double)value);
    while (r > UINT32_MAX || r * r > value)
        r--;
    while (r < UINT32_MAX && (r + 1) * (r + 1) <= value)
        r++;
    return r;
}

static struct fc_riblt_walk walk_from(uint64_t hash)
{
    return (struct fc_riblt_walk){.state = hash};
}

struct fc_riblt_walk fc_riblt_walk(const struct fc_sip_key *key, const struct fc_riblt_item *item)
{
    return walk_from(hash_of(key, item));
}

/* Symbol i holds an item with probability 1 / (1 + i / 2): from i on the gap to the next one is
 * (i + 3/2) (u^(-1/2) - 1), rounded up, for u uniform in (0, 1]. Here u = n / 2^24, and
 * s = 2^20 u^(-1/2). */
void fc_riblt_step(struct fc_riblt_walk *walk)
{
    if (walk->at >= 1u << 28) {
        walk->at = UINT32_MAX;
        return;
    }
    uint64_t n = (next_random(&walk->state) >> 40) + 1;
    uint64_t s = root(UINT64_MAX / n) - (1u << 20);
    if (s > UINT32_MAX) /* below 2^20: u is 1 */
        s = 0;
    uint64_t gap = ((2 * (uint64_t)walk->at + 3) * s + (1u << 21) - 1) >> 21;
    uint64_t at = walk->at + (gap ? gap : 1);
    walk->at = at < UINT32_MAX ? (uint32_t)at : UINT32_MAX;
}

static void flip(struct fc_riblt_cell *cell, const uint64_t sum[2], uint32_t check)
{
    cell->sum[0] ^= sum[0];
    cell->sum[1] ^= sum[1];
    cell->check ^= check;
}

/* Flips a set into cells, which are those of the symbols before `to` from `from` on. */
static void flip_all(const struct fc_sip_key *key, const struct fc_riblt_item *items,
                     uint32_t count, struct fc_riblt_cell *cells, uint32_t from, uint32_t to)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t hash = hash_of(key, &items[i]), sum[2];
        memcpy(sum, items[i].b, sizeof sum);
        for (struct fc_riblt_walk walk = walk_from(hash); walk.at < to; fc_riblt_step(&walk))
            if (walk.at >= from)
                flip(&cells[walk.at - from], sum, check_of(hash));
    }
}

void fc_riblt_encode(const struct fc_sip_key *key, const struct fc_riblt_item *items,
                     uint32_t count, uint32_t from, uint32_t to, struct fc_buf *out)
{
    struct fc_riblt_cell *cells = calloc(to > from ? to - from : 1, sizeof *cells);
    if (!cells) {
        out->failed = true;
        return;
    }
    if (to > from)
        flip_all(key, items, count, cells, from, to);
    for (uint32_t i = 0; i + from < to; i++) {
        uint8_t symbol[FC_RIBLT_SYMBOL_BYTES];
        memcpy(symbol, cells[i].sum, FC_RIBLT_ITEM_BYTES);
        fc_put_be32(symbol + FC_RIBLT_ITEM_BYTES, cells[i].check);
        fc_buf_append(out, symbol, sizeof symbol);
    }
    free(cells);
}

/* -- peeling ---------------------------------------------------------------------------------- */

static bool is_empty(const struct fc_riblt_cell *cell)
{
    return (cell->sum[0] | cell->sum[1] | cell->check) == 0;
}

static bool is_pure(const struct fc_riblt *riblt, const struct fc_riblt_cell *cell, uint64_t *hash)
{
    struct fc_riblt_item item;
    if (is_empty(cell))
        return false;
    memcpy(item.b, cell->sum, sizeof item.b);
    *hash = hash_of(&riblt->key, &item);
    return check_of(*hash) == cell->check;
}

static enum fc_err enqueue(struct fc_riblt *riblt, uint32_t at)
{
    if (riblt->queue_count == riblt->queue_cap) {
        uint32_t cap = riblt->queue_cap ? 2 * riblt->queue_cap : 64;
        uint32_t *queue = realloc(riblt->queue, cap * sizeof *queue);
        if (!queue)
            return FC_E_NOMEM;
        riblt->queue = queue;
        riblt->queue_cap = cap;
    }
    riblt->queue[riblt->queue_count++] = at;
    return FC_OK;
}

static enum fc_err found(struct fc_riblt *riblt, const struct fc_riblt_cell *cell)
{
    if (riblt->item_count == riblt->cell_count)
        return FC_E_FORMAT;
    if (riblt->item_count == riblt->item_cap) {
        uint32_t cap = riblt->item_cap ? 2 * riblt->item_cap : 64;
        struct fc_riblt_item *items = realloc(riblt->items, cap * sizeof *items);
        if (!items)
            return FC_E_NOMEM;
        riblt->items = items;
        riblt->item_cap = cap;
    }
    memcpy(riblt->items[riblt->item_count++].b, cell->sum, FC_RIBLT_ITEM_BYTES);
    return FC_OK;
}

static enum fc_err peel(struct fc_riblt *riblt)
{
    uint64_t hash, other;
    while (riblt->queue_count != 0) {
        struct fc_riblt_cell cell = riblt->cells[riblt->queue[--riblt->queue_count]];
        if (!is_pure(riblt, &cell, &hash))
            continue;
        enum fc_err err = found(riblt, &cell);
        struct fc_riblt_walk walk = walk_from(hash);
        for (; err == FC_OK && walk.at < riblt->cell_count; fc_riblt_step(&walk)) {
            flip(&riblt->cells[walk.at], cell.sum, cell.check);
            if (is_pure(riblt, &riblt->cells[walk.at], &other))
                err = enqueue(riblt, walk.at);
        }
        if (err != FC_OK)
            return err;
    }
    return FC_OK;
}

enum fc_err fc_riblt_add(struct fc_riblt *riblt, const struct fc_riblt_item *own,
                         uint32_t own_count, struct fc_span symbols)
{
    uint64_t hash;
    uint32_t from = riblt->cell_count;
    size_t added = symbols.len / FC_RIBLT_SYMBOL_BYTES;
    if (added == 0)
        return FC_OK;
    if (added > FC_RIBLT_SYMBOLS_MAX - from)
        return FC_E_BOUND;
    uint32_t to = from + (uint32_t)added;
    struct fc_riblt_cell *cells = realloc(riblt->cells, to * sizeof *cells);
    if (!cells)
        return FC_E_NOMEM;
    riblt->cells = cells;
    riblt->cell_count = to;
    for (uint32_t i = 0; i < added; i++) {
        const uint8_t *symbol = symbols.data + (size_t)i * FC_RIBLT_SYMBOL_BYTES;
        memcpy(cells[from + i].sum, symbol, FC_RIBLT_ITEM_BYTES);
        cells[from + i].check = fc_get_be32(symbol + FC_RIBLT_ITEM_BYTES);
    }
    flip_all(&riblt->key, own, own_count, cells + from, from, to);
    flip_all(&riblt->key, riblt->items, riblt->item_count, cells + from, from, to);
    for (uint32_t i = from; i < to; i++)
        if (is_pure(riblt, &cells[i], &hash) && enqueue(riblt, i) != FC_OK)
            return FC_E_NOMEM;
    return peel(riblt);
}

/* Symbol 0 holds every item, so that it is the last to empty; symbols of no set leave others. */
bool fc_riblt_is_done(const struct fc_riblt *riblt)
{
    if (riblt->cell_count == 0)
        return false;
    for (uint32_t i = 0; i < riblt->cell_count; i++)
        if (!is_empty(&riblt->cells[i]))
            return false;
    return true;
}

void fc_riblt_finish(struct fc_riblt *riblt)
{
    free(riblt->cells);
    free(riblt->items);
    free(riblt->queue);
    *riblt = (struct fc_riblt){.key = riblt->key};
}

/* -- how much differs ------------------------------------------------------------------------- */

void fc_riblt_count(const struct fc_sip_key *key, const struct fc_riblt_item *items, uint32_t count,
                    struct fc_riblt_tally *out)
{
    *out = (struct fc_riblt_tally){.count = count};
    for (uint32_t i = 0; i < count; i++) {
        uint64_t hash = hash_of(key, &items[i]);
        for (int j = 0; j < FC_RIBLT_TALLIES; j++)
            out->ones[j] += (uint32_t)(hash >> j & 1);
    }
}

/* With +1 for a bit that is set and -1 for one that is not, each sum over what differs has a square
 * that is on average the number of items that differ. */
uint32_t fc_riblt_estimate(const struct fc_riblt_tally *a, const struct fc_riblt_tally *b)
{
    const int64_t sum_max = 1 << 29;
    uint64_t squares = 0;
    uint32_t least = a->count > b->count ? a->count - b->count : b->count - a->count;
    for (int j = 0; j < FC_RIBLT_TALLIES; j++) {
        int64_t sum = 2 * ((int64_t)a->ones[j] - b->ones[j]) - ((int64_t)a->count - b->count);
        if (sum > sum_max || sum < -sum_max)
            return UINT32_MAX;
        squares += (uint64_t)(sum * sum);
    }
    uint64_t mean = squares / FC_RIBLT_TALLIES;
    uint32_t estimate = mean < UINT32_MAX ? (uint32_t)mean : UINT32_MAX;
    return estimate > least ? estimate : least;
}
