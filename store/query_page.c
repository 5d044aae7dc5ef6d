#include <stdlib.h>
#include <string.h>

#include "store/query_priv.h"

/* How much a word counts by where it stands (DESIGN: name > keyword > description). */
static const uint32_t tier_weights[FC_TIERS] = {
    [FC_TIER_NAME] = 12,
    [FC_TIER_KEYWORD] = 5,
    [FC_TIER_PROVIDER] = 4,
    [FC_TIER_TEXT] = 1,
};

/* Where a page begins: behind what was shown last. The words' weights travel along, so that what
 * has not changed keeps its score, and its place, while the catalogue changes. */
struct cursor {
    bool given;
    uint32_t score, doc;
    uint32_t weights[FC_UNITS_MAX];
    uint8_t name[FC_INDEX_NAME_BYTES];
    size_t name_len;
};
enum { CURSOR_HEAD = 26, CURSOR_BYTES_MAX = CURSOR_HEAD + FC_INDEX_NAME_BYTES };
_Static_assert(CURSOR_HEAD + 2 * FC_UNITS_MAX <= CURSOR_BYTES_MAX, "weights fit");
_Static_assert(2 * CURSOR_BYTES_MAX <= FC_QUERY_CURSOR_BYTES_MAX, "a cursor fits");

static bool by_name(enum fc_query_sort sort)
{
    return sort == FC_QUERY_NAME_UP || sort == FC_QUERY_NAME_DOWN;
}

static enum fc_err write_cursor(const struct fc_run *run, const struct cursor *cursor,
                                struct fc_buf *out)
{
    uint8_t bytes[CURSOR_BYTES_MAX];
    char text[2 * CURSOR_BYTES_MAX + 1];
    size_t len = CURSOR_HEAD;
    bytes[0] = 1;
    bytes[1] = (uint8_t)(by_name(run->query->sort) ? cursor->name_len : run->unit_count);
    fc_put_be64(bytes + 2, run->index->epoch);
    fc_put_be64(bytes + 10, fc_run_identify(run));
    fc_put_be32(bytes + 18, cursor->score);
    fc_put_be32(bytes + 22, cursor->doc);
    if (by_name(run->query->sort)) {
        memcpy(bytes + len, cursor->name, cursor->name_len);
        len += cursor->name_len;
    }
    for (uint32_t i = 0; !by_name(run->query->sort) && i < run->unit_count; i++) {
        bytes[len++] = (uint8_t)(run->units[i].weight >> 8);
        bytes[len++] = (uint8_t)run->units[i].weight;
    }
    fc_hex(bytes, len, text);
    fc_buf_append(out, text, 2 * len);
    return fc_buf_check(out);
}

static enum fc_err read_cursor(struct fc_run *run, struct cursor *cursor)
{
    uint8_t bytes[CURSOR_BYTES_MAX];
    char text[2 * CURSOR_BYTES_MAX + 1];
    size_t len = run->query->cursor.len / 2;
    *cursor = (struct cursor){.score = UINT32_MAX, .doc = UINT32_MAX};
    if (run->query->cursor.len == 0)
        return FC_OK;
    if (len > sizeof bytes || len < CURSOR_HEAD || run->query->cursor.len % 2 != 0)
        return FC_E_FORMAT;
    memcpy(text, run->query->cursor.data, 2 * len);
    text[2 * len] = '\0';
    size_t tail = len - CURSOR_HEAD;
    if (fc_unhex(text, bytes, len) != FC_OK || bytes[0] != 1)
        return FC_E_FORMAT;
    if (fc_get_be64(bytes + 2) != run->index->epoch ||
        fc_get_be64(bytes + 10) != fc_run_identify(run) ||
        tail != (by_name(run->query->sort) ? bytes[1] : 2u * run->unit_count))
        return FC_E_STALE;
    cursor->given = true;
    cursor->score = fc_get_be32(bytes + 18);
    cursor->doc = fc_get_be32(bytes + 22);
    if (by_name(run->query->sort)) {
        cursor->name_len = tail;
        memcpy(cursor->name, bytes + CURSOR_HEAD, tail);
        return FC_OK;
    }
    for (uint32_t i = 0; i < run->unit_count; i++)
        run->units[i].weight =
            (uint32_t)bytes[CURSOR_HEAD + 2 * i] << 8 | bytes[CURSOR_HEAD + 2 * i + 1];
    return FC_OK;
}

/* -- by score ---------------------------------------------------------------------------------- */

struct ranking {
    struct fc_run *run;
    const struct cursor *cursor;
    struct fc_ranked *list; /* the best so far, and up to as many again */
    uint32_t count, wanted;
    uint32_t least;                  /* what a document must have to come in */
    uint32_t best[FC_UNITS_MAX + 1]; /* that units from here on can add */
    uint32_t *docs;                  /* scratch, `wanted` of them */
};

static int compare_ranked(const void *a, const void *b)
{
    const struct fc_ranked *left = a, *right = b;
    if (left->score != right->score)
        return left->score > right->score ? -1 : 1;
    return left->doc > right->doc ? -1 : left->doc < right->doc;
}

/* All documents of a set have this score. */
static void rank_set(struct ranking *ranking, const struct fc_docs *docs, uint32_t score)
{
    uint32_t below = score < ranking->cursor->score ? UINT32_MAX : ranking->cursor->doc;
    if (score > ranking->cursor->score)
        return;
    size_t count = fc_docs_down(docs, below, ranking->docs, ranking->wanted);
    for (size_t i = 0; i < count; i++)
        ranking->list[ranking->count++] = (struct fc_ranked){score, ranking->docs[i]};
    if (ranking->count <= ranking->wanted)
        return;
    qsort(ranking->list, ranking->count, sizeof *ranking->list, compare_ranked);
    ranking->count = ranking->wanted;
    ranking->least = ranking->list[ranking->wanted - 1].score;
}

/* Divides a set by where the next word stands in its documents, the best places first. */
static enum fc_err rank(struct ranking *ranking, struct fc_docs *docs, uint32_t unit,
                        uint32_t score)
{
    struct fc_run *run = ranking->run;
    enum fc_err err = FC_OK;
    if (score + ranking->best[unit] < ranking->least || fc_docs_count(docs) == 0)
        return FC_OK;
    if (unit == run->unit_count) {
        rank_set(ranking, docs, score);
        return FC_OK;
    }
    for (unsigned tier = 0; tier < FC_TIERS && err == FC_OK; tier++) {
        const struct fc_docs *having = run->units[unit].tiers[tier];
        if (!having)
            continue;
        struct fc_docs *part = fc_docs_and_of(docs, having);
        if (!part)
            return FC_E_NOMEM;
        err = rank(ranking, part, unit + 1, score + run->units[unit].weight * tier_weights[tier]);
        fc_docs_minus(docs, having);
        fc_docs_destroy(part);
    }
    /* Found by another word of the same clause, which does not rank. */
    return err == FC_OK ? rank(ranking, docs, unit + 1, score) : err;
}

/* Of few documents each is given its score. */
enum { SCORED_MAX = 2048 };
struct scoring {
    uint32_t docs[SCORED_MAX], scores[SCORED_MAX], having[SCORED_MAX];
    uint8_t units[SCORED_MAX]; /* that a document has its weight of */
    size_t count;
};

static enum fc_err score_tier(struct scoring *scoring, const struct fc_run *run, uint32_t unit,
                              unsigned tier)
{
    uint32_t weight = run->units[unit].weight * tier_weights[tier];
    struct fc_docs *both = fc_docs_and_of(run->found, run->units[unit].tiers[tier]);
    if (!both)
        return FC_E_NOMEM;
    size_t having = fc_docs_up(both, 0, scoring->having, SCORED_MAX);
    for (size_t i = 0, at = 0; i < having; i++) {
        while (scoring->docs[at] < scoring->having[i])
            at++;
        if (scoring->units[at] <= unit) {
            scoring->units[at] = (uint8_t)(unit + 1);
            scoring->scores[at] += weight;
        }
    }
    fc_docs_destroy(both);
    return FC_OK;
}

/* The best `wanted` behind the cursor, in no order; as many again fit the list. */
static uint32_t choose(const struct scoring *scoring, const struct cursor *cursor, uint32_t wanted,
                       struct fc_ranked *list)
{
    uint32_t count = 0, least = 0;
    for (size_t i = scoring->count; i-- > 0;) { /* the newest of a score come first */
        struct fc_ranked ranked = {scoring->scores[i], scoring->docs[i]};
        if (ranked.score > cursor->score ||
            (ranked.score == cursor->score && ranked.doc >= cursor->doc) ||
            (count >= wanted && ranked.score <= least))
            continue;
        list[count++] = ranked;
        if (count < 2 * wanted && count != wanted)
            continue;
        qsort(list, count, sizeof *list, compare_ranked);
        count = wanted;
        least = list[wanted - 1].score;
    }
    return count;
}

static enum fc_err page_scored(struct fc_run *run, const struct cursor *cursor, uint32_t wanted,
                               struct fc_ranked *list, uint32_t *count)
{
    struct scoring scoring; /* of which the most is not used: not cleared */
    enum fc_err err = FC_OK;
    scoring.count = fc_docs_up(run->found, 0, scoring.docs, SCORED_MAX);
    memset(scoring.scores, 0, scoring.count * sizeof *scoring.scores);
    memset(scoring.units, 0, scoring.count * sizeof *scoring.units);
    for (uint32_t unit = 0; unit < run->unit_count && err == FC_OK; unit++)
        for (unsigned tier = 0; tier < FC_TIERS && err == FC_OK; tier++)
            if (run->units[unit].tiers[tier])
                err = score_tier(&scoring, run, unit, tier);
    if (err == FC_OK) {
        uint32_t chosen = choose(&scoring, cursor, wanted, list);
        qsort(list, chosen, sizeof *list, compare_ranked);
        *count = chosen < wanted ? chosen : wanted;
    }
    return err;
}

static enum fc_err page_best(struct fc_run *run, const struct cursor *cursor, uint32_t wanted,
                             struct fc_ranked *list, uint32_t *count)
{
    if (fc_docs_count(run->found) <= SCORED_MAX)
        return page_scored(run, cursor, wanted, list, count);
    struct ranking ranking = {.run = run, .cursor = cursor, .list = list, .wanted = wanted};
    struct fc_docs *docs = fc_docs_copy(run->found);
    ranking.docs = malloc(wanted * sizeof *ranking.docs);
    enum fc_err err = docs && ranking.docs ? FC_OK : FC_E_NOMEM;
    for (uint32_t i = run->unit_count; i-- > 0;) {
        uint32_t most = 0;
        for (unsigned tier = 0; tier < FC_TIERS; tier++)
            if (run->units[i].tiers[tier] && tier_weights[tier] > most)
                most = tier_weights[tier];
        ranking.best[i] = ranking.best[i + 1] + run->units[i].weight * most;
    }
    if (err == FC_OK)
        err = rank(&ranking, docs, 0, 0);
    qsort(list, ranking.count, sizeof *list, compare_ranked);
    *count = ranking.count;
    free(ranking.docs);
    fc_docs_destroy(docs);
    return err;
}

/* -- by arrival -------------------------------------------------------------------------------- */

static enum fc_err page_arrival(struct fc_run *run, const struct cursor *cursor, uint32_t wanted,
                                struct fc_ranked *list, uint32_t *count)
{
    uint32_t *docs = malloc(wanted * sizeof *docs);
    if (!docs)
        return FC_E_NOMEM;
    size_t found = run->query->sort == FC_QUERY_NEWEST
                       ? fc_docs_down(run->found, cursor->doc, docs, wanted)
                       : fc_docs_up(run->found, cursor->given ? cursor->doc + 1 : 0, docs, wanted);
    for (size_t i = 0; i < found; i++)
        list[i] = (struct fc_ranked){0, docs[i]};
    *count = (uint32_t)found;
    free(docs);
    return FC_OK;
}

/* -- by name ----------------------------------------------------------------------------------- */

struct named {
    uint32_t doc;
    uint8_t len;
    uint8_t name[FC_INDEX_NAME_BYTES];
};
/* Of few documents the names are read and sorted; of many the names are walked in order. */
enum { NAMES_READ_MAX = 4096 };

static int compare_named(const void *a, const void *b)
{
    const struct named *left = a, *right = b;
    int order = fc_span_cmp(fc_span(left->name, left->len), fc_span(right->name, right->len));
    return order ? order : (left->doc > right->doc) - (left->doc < right->doc);
}

static enum fc_err named_get(struct fc_run *run, uint32_t doc, struct named *out)
{
    struct fc_index_doc row;
    enum fc_err err = fc_run_doc(run, doc, &row);
    if (err != FC_OK)
        return err == FC_E_MISSING ? FC_E_CORRUPT : err;
    out->doc = doc;
    out->len = (uint8_t)row.name.len;
    memcpy(out->name, row.name.data, row.name.len);
    return FC_OK;
}

static bool behind(const struct cursor *cursor, const struct named *named, bool up)
{
    struct named last = {.doc = cursor->doc, .len = (uint8_t)cursor->name_len};
    if (!cursor->given)
        return true;
    memcpy(last.name, cursor->name, cursor->name_len);
    int order = compare_named(named, &last);
    return up ? order > 0 : order < 0;
}

static enum fc_err list_names(struct fc_run *run, const struct cursor *cursor,
                              const struct fc_docs *docs, struct named **names, size_t *count)
{
    bool up = run->query->sort == FC_QUERY_NAME_UP;
    size_t total = (size_t)fc_docs_count(docs), kept = 0;
    uint32_t *list = malloc((total + 1) * sizeof *list);
    *names = malloc((total + 1) * sizeof **names);
    enum fc_err err = list && *names ? FC_OK : FC_E_NOMEM;
    if (err == FC_OK)
        total = fc_docs_up(docs, 0, list, total);
    for (size_t i = 0; i < total && err == FC_OK; i++) {
        err = named_get(run, list[i], &(*names)[kept]);
        kept += err == FC_OK && behind(cursor, &(*names)[kept], up);
    }
    free(list);
    if (err == FC_OK)
        qsort(*names, kept, sizeof **names, compare_named);
    *count = kept;
    return err;
}

static enum fc_err page_names(struct fc_run *run, const struct cursor *cursor, uint32_t wanted,
                              struct fc_ranked *list, uint32_t *count)
{
    bool up = run->query->sort == FC_QUERY_NAME_UP;
    struct named *names = NULL;
    size_t total = 0;
    enum fc_err err = list_names(run, cursor, run->found, &names, &total);
    *count = (uint32_t)(total < wanted ? total : wanted);
    for (uint32_t i = 0; i < *count && err == FC_OK; i++)
        list[i] = (struct fc_ranked){0, names[up ? i : total - 1 - i].doc};
    free(names);
    return err;
}

/* Moves to the next name row in order; `at` is where it stands. FC_E_MISSING at the end. */
static enum fc_err step(struct fc_kv_cursor *cursor, bool up, struct fc_index_key *at,
                        uint32_t *doc)
{
    struct fc_span key, value;
    enum fc_err err;
    if (up) {
        err = fc_kv_seek(cursor, fc_index_span(at), &key, &value);
        if (err == FC_OK && fc_span_eq(key, fc_index_span(at)))
            err = fc_kv_next(cursor, &key, &value);
    } else {
        err = fc_kv_seek_before(cursor, fc_index_span(at), &key, &value);
    }
    if (err == FC_OK && (key.len < 6 || key.data[0] != 'N'))
        err = FC_E_MISSING;
    if (err != FC_OK)
        return err;
    memcpy(at->b, key.data, key.len);
    at->len = key.len;
    *doc = fc_get_be32(key.data + key.len - 4);
    return FC_OK;
}

static enum fc_err walk_merged(struct fc_run *run, const struct cursor *from, uint32_t wanted,
                               struct named *names, size_t *count)
{
    bool up = run->query->sort == FC_QUERY_NAME_UP;
    struct fc_index_key at = {.len = 1, .b = {up ? 'N' : 'N' + 1}};
    struct fc_kv_cursor *cursor = NULL;
    enum fc_err err = fc_kv_cursor_open(run->txn, FC_TABLE_INDEX, &cursor);
    if (err != FC_OK)
        return err;
    if (from->given)
        at = fc_index_key_name(fc_span(from->name, from->name_len), from->doc);
    for (size_t found = 0; err == FC_OK && found < wanted;) {
        uint32_t doc;
        err = step(cursor, up, &at, &doc);
        if (err == FC_OK && fc_docs_has(run->found, doc)) {
            err = named_get(run, doc, &names[(*count)++]);
            found++;
        }
    }
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

/* Those whose names wait to be merged are sorted in. */
static enum fc_err walk_names(struct fc_run *run, const struct cursor *cursor, uint32_t wanted,
                              struct fc_ranked *list, uint32_t *count)
{
    bool up = run->query->sort == FC_QUERY_NAME_UP;
    struct fc_docs *waiting = fc_docs_create();
    struct named *names = NULL, *more = NULL;
    size_t total = 0;
    for (uint32_t i = 0; waiting && i < run->pending_count; i++)
        if (fc_docs_has(run->found, run->pending[i].doc))
            fc_docs_add(waiting, run->pending[i].doc);
    enum fc_err err = waiting ? list_names(run, cursor, waiting, &names, &total) : FC_E_NOMEM;
    if (err == FC_OK && (more = realloc(names, (total + wanted) * sizeof *names)))
        names = more;
    else if (err == FC_OK)
        err = FC_E_NOMEM;
    if (err == FC_OK)
        err = walk_merged(run, cursor, wanted, names, &total);
    if (err == FC_OK)
        qsort(names, total, sizeof *names, compare_named);
    *count = (uint32_t)(total < wanted ? total : wanted);
    for (uint32_t i = 0; i < *count && err == FC_OK; i++)
        list[i] = (struct fc_ranked){0, names[up ? i : total - 1 - i].doc};
    free(names);
    fc_docs_destroy(waiting);
    return err;
}

/* -- the page ---------------------------------------------------------------------------------- */

static enum fc_err find_page(struct fc_run *run, const struct cursor *cursor, uint32_t wanted,
                             struct fc_ranked *list, uint32_t *count)
{
    switch (run->query->sort) {
    case FC_QUERY_BEST:
        return page_best(run, cursor, wanted, list, count);
    case FC_QUERY_NEWEST:
    case FC_QUERY_OLDEST:
        return page_arrival(run, cursor, wanted, list, count);
    case FC_QUERY_NAME_UP:
    case FC_QUERY_NAME_DOWN:
        return fc_docs_count(run->found) > NAMES_READ_MAX
                   ? walk_names(run, cursor, wanted, list, count)
                   : page_names(run, cursor, wanted, list, count);
    }
    return FC_E_ARG;
}

static enum fc_err next_cursor(struct fc_run *run, const struct fc_ranked *last,
                               struct fc_buf *next)
{
    struct cursor cursor = {.score = last->score, .doc = last->doc};
    if (by_name(run->query->sort)) {
        struct named named;
        enum fc_err err = named_get(run, last->doc, &named);
        if (err != FC_OK)
            return err;
        memcpy(cursor.name, named.name, named.len);
        cursor.name_len = named.len;
    }
    return write_cursor(run, &cursor, next);
}

enum fc_err fc_run_page(struct fc_run *run, struct fc_ranked **page, uint32_t *count,
                        struct fc_buf *next)
{
    uint32_t limit = run->query->limit, offset = run->query->offset, wanted = limit + offset + 1;
    struct cursor cursor;
    *count = 0;
    *page = NULL;
    enum fc_err err = read_cursor(run, &cursor);
    if (err != FC_OK || limit == 0)
        return err;
    *page = calloc(2 * (size_t)wanted, sizeof **page);
    if (!*page)
        return FC_E_NOMEM;
    err = find_page(run, &cursor, wanted, *page, count);
    if (err == FC_OK && *count == wanted) {
        *count = wanted - 1;
        err = next_cursor(run, &(*page)[*count - 1], next);
    }
    uint32_t skipped = offset < *count ? offset : *count;
    *count -= skipped;
    memmove(*page, *page + skipped, *count * sizeof **page);
    return err;
}
