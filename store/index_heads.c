#include "store/index_heads.h"

#include <string.h>

enum {
    STATE_BYTES = 5,           /* whether there are any; how many documents came since */
    TERM_AT = 4,               /* in keys of postings and of heads: past kind, chunk, tier */
    WRITE_BYTES = 1024 * 1024, /* that wait to be written */
};

/* -- keys -------------------------------------------------------------------------------------- */

struct fc_index_key fc_heads_key(uint32_t chunk)
{
    struct fc_index_key key = {.len = 3, .b = {'H', (uint8_t)(chunk >> 8), (uint8_t)chunk}};
    return key;
}

struct fc_index_key fc_heads_key_from(uint32_t chunk, uint8_t tier, struct fc_span head)
{
    struct fc_index_key key = fc_heads_key(chunk);
    key.b[key.len++] = tier;
    if (head.len > 0)
        memcpy(key.b + key.len, head.data, head.len);
    key.len += head.len;
    return key;
}

static struct fc_span head_of(struct fc_span term)
{
    return fc_span(term.data, term.len < FC_HEAD_BYTES ? term.len : FC_HEAD_BYTES);
}

/* -- state ------------------------------------------------------------------------------------- */

struct state {
    bool written;
    uint32_t since; /* documents merged since then */
};

static enum fc_err parse_state(struct fc_span row, struct state *state)
{
    if (row.len != STATE_BYTES || row.data[0] > 1)
        return FC_E_CORRUPT;
    *state = (struct state){row.data[0] == 1, fc_get_be32(row.data + 1)};
    return FC_OK;
}

bool fc_heads_whole(struct fc_span row)
{
    struct state state;
    return parse_state(row, &state) == FC_OK && state.written && state.since == 0;
}

static enum fc_err get_state(struct fc_txn *txn, uint32_t chunk, struct state *state)
{
    struct fc_index_key key = fc_heads_key(chunk);
    struct fc_span row;
    *state = (struct state){0};
    enum fc_err err = fc_kv_get(txn, FC_TABLE_INDEX, fc_index_span(&key), &row);
    if (err == FC_E_MISSING)
        return FC_OK;
    return err == FC_OK ? parse_state(row, state) : err;
}

static enum fc_err put_state(struct fc_replica *replica, uint32_t chunk, const struct state *state)
{
    struct fc_index_key key = fc_heads_key(chunk);
    uint8_t row[STATE_BYTES] = {state->written};
    fc_put_be32(row + 1, state->since);
    return fc_kv_put(replica->txn, FC_TABLE_INDEX, fc_index_span(&key), fc_span(row, sizeof row));
}

enum fc_err fc_heads_note(struct fc_replica *replica, uint32_t chunk, uint32_t docs)
{
    struct state state;
    enum fc_err err = get_state(replica->txn, chunk, &state);
    if (err != FC_OK)
        return err;
    state.since += docs;
    return put_state(replica, chunk, &state);
}

/* -- the words of a chunk ---------------------------------------------------------------------- */

/* Words of one tier of a chunk that begin alike, one such group after another. */
struct groups {
    struct fc_kv_cursor *cursor;
    struct fc_index_key from;
    struct fc_span key, value; /* the next word */
    enum fc_err err;
    uint8_t head[FC_HEAD_BYTES];
    size_t head_len;
    struct fc_docs_bits bits; /* documents of the group */
};

static bool is_within(const struct groups *groups)
{
    return groups->err == FC_OK && fc_span_begins(groups->key, fc_index_span(&groups->from));
}

/* Of those whose words begin with `head`, or all. */
static void begin_groups(struct groups *groups, uint32_t chunk, uint8_t tier, struct fc_span head)
{
    groups->from = fc_index_key_item(tier, chunk, head);
    groups->err =
        fc_kv_seek(groups->cursor, fc_index_span(&groups->from), &groups->key, &groups->value);
    while (is_within(groups) && !fc_term_is_word(fc_span(groups->key.data + TERM_AT, 1)))
        groups->err = fc_kv_next(groups->cursor, &groups->key, &groups->value);
}

static bool next_group(struct groups *groups)
{
    if (!is_within(groups))
        return false;
    struct fc_span head = head_of(fc_span(groups->key.data + TERM_AT, groups->key.len - TERM_AT));
    groups->head_len = head.len;
    memcpy(groups->head, head.data, head.len);
    memset(&groups->bits, 0, sizeof groups->bits);
    head.data = groups->head;
    while (
        is_within(groups) &&
        fc_span_eq(head_of(fc_span(groups->key.data + TERM_AT, groups->key.len - TERM_AT)), head)) {
        groups->err = fc_docs_bits_add(&groups->bits, groups->value);
        if (groups->err == FC_OK)
            groups->err = fc_kv_next(groups->cursor, &groups->key, &groups->value);
    }
    return groups->err == FC_OK || groups->err == FC_E_MISSING;
}

static enum fc_err end_groups(const struct groups *groups)
{
    return groups->err == FC_E_MISSING ? FC_OK : groups->err;
}

/* -- writing ----------------------------------------------------------------------------------- */

/* Rows that were worked out: length of head, head, length of value, value. */
static enum fc_err keep_row(const struct groups *groups, struct fc_buf *rows)
{
    uint8_t bytes[1 + FC_HEAD_BYTES + 4] = {(uint8_t)groups->head_len};
    memcpy(bytes + 1, groups->head, groups->head_len);
    size_t at = rows->len, head = 1 + groups->head_len + 4;
    fc_buf_append(rows, bytes, head);
    if (fc_buf_check(rows) != FC_OK)
        return FC_E_NOMEM;
    enum fc_err err = fc_docs_pack_bits(&groups->bits, rows);
    if (err == FC_OK)
        fc_put_be32(rows->data + at + head - 4, (uint32_t)(rows->len - at - head));
    return err;
}

static enum fc_err put_rows(struct fc_replica *replica, uint32_t chunk, uint8_t tier,
                            struct fc_buf *rows)
{
    enum fc_err err = FC_OK;
    for (const uint8_t *at = rows->data, *end = at + rows->len; at < end && err == FC_OK;) {
        struct fc_index_key key = fc_heads_key_from(chunk, tier, fc_span(at + 1, at[0]));
        at += 1 + at[0];
        struct fc_span value = fc_span(at + 4, fc_get_be32(at));
        err = fc_kv_put(replica->txn, FC_TABLE_INDEX, fc_index_span(&key), value);
        at = value.data + value.len;
    }
    fc_buf_clear(rows);
    return err;
}

static enum fc_err write_tier(struct fc_replica *replica, uint32_t chunk, uint8_t tier,
                              struct fc_buf *rows)
{
    struct groups groups = {0};
    enum fc_err err = fc_kv_cursor_open(replica->txn, FC_TABLE_INDEX, &groups.cursor);
    if (err != FC_OK)
        return err;
    begin_groups(&groups, chunk, tier, (struct fc_span){0});
    while (err == FC_OK && next_group(&groups)) {
        err = keep_row(&groups, rows);
        if (err == FC_OK && rows->len > WRITE_BYTES) {
            /* The cursor stands at the next group's first word, which a write may move. */
            struct fc_index_key next = {.len = groups.err == FC_OK ? groups.key.len : 0};
            memcpy(next.b, groups.key.data, next.len);
            err = put_rows(replica, chunk, tier, rows);
            if (err == FC_OK && next.len > 0)
                groups.err =
                    fc_kv_seek(groups.cursor, fc_index_span(&next), &groups.key, &groups.value);
        }
    }
    if (err == FC_OK)
        err = end_groups(&groups);
    fc_kv_cursor_close(groups.cursor);
    return err == FC_OK ? put_rows(replica, chunk, tier, rows) : err;
}

static enum fc_err delete_all(struct fc_replica *replica, uint32_t chunk)
{
    struct fc_index_key from = fc_heads_key(chunk);
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span key, value;
    enum fc_err err = fc_kv_cursor_open(replica->txn, FC_TABLE_INDEX, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, fc_index_span(&from), &key, &value);
    while (err == FC_OK && fc_span_begins(key, fc_index_span(&from))) {
        struct fc_index_key copy = {.len = key.len};
        memcpy(copy.b, key.data, key.len);
        err = fc_kv_del(replica->txn, FC_TABLE_INDEX, fc_index_span(&copy));
        if (err == FC_OK)
            err = fc_kv_next(cursor, &key, &value);
    }
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err write_chunk(struct fc_replica *replica, uint32_t chunk)
{
    const struct state state = {.written = true};
    struct fc_buf rows = {0};
    enum fc_err err = delete_all(replica, chunk);
    for (uint8_t tier = 0; tier < FC_TIERS && err == FC_OK; tier++)
        err = write_tier(replica, chunk, tier, &rows);
    fc_buf_finish(&rows);
    return err == FC_OK ? put_state(replica, chunk, &state) : err;
}

/* The first document that has not been merged. */
static enum fc_err first_waiting(struct fc_replica *replica, uint64_t *first)
{
    static const uint8_t kinds[] = {'F', 'S'};
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span key, value;
    enum fc_err err = fc_kv_cursor_open(replica->txn, FC_TABLE_INDEX, &cursor);
    *first = replica->index->next_doc;
    for (size_t i = 0; i < sizeof kinds && err == FC_OK; i++) {
        err = fc_kv_seek(cursor, fc_span(&kinds[i], 1), &key, &value);
        if (err == FC_OK && key.len == 5 && key.data[0] == kinds[i] &&
            fc_get_be32(key.data + 1) < *first)
            *first = fc_get_be32(key.data + 1);
        if (err == FC_E_MISSING)
            err = FC_OK;
    }
    if (cursor)
        fc_kv_cursor_close(cursor);
    return err;
}

enum fc_err fc_heads_settle(struct fc_replica *replica, uint32_t chunk)
{
    struct state state;
    uint64_t first;
    enum fc_err err = get_state(replica->txn, chunk, &state);
    if (err != FC_OK || state.since == 0)
        return err;
    if (state.since >= replica->index->heads_after)
        return write_chunk(replica, chunk);
    err = first_waiting(replica, &first);
    bool is_full = first >> FC_DOCS_CHUNK_BITS > chunk;
    return err == FC_OK && is_full ? write_chunk(replica, chunk) : err;
}

/* -- checking ---------------------------------------------------------------------------------- */

struct checking {
    struct fc_txn *txn;
    struct groups groups;
    bool (*gone)(const void *ctx, uint32_t doc);
    const void *ctx;
    struct fc_docs_bits said; /* by the row at hand */
};

static enum fc_err compare(const struct checking *checking, uint32_t chunk, bool whole)
{
    for (uint32_t i = 0; i < FC_DOCS_CHUNK / 64; i++) {
        uint64_t more = checking->said.words[i] & ~checking->groups.bits.words[i];
        if (whole && checking->groups.bits.words[i] & ~checking->said.words[i])
            return FC_E_CORRUPT;
        for (; more; more &= more - 1)
            if (!checking->gone(checking->ctx, chunk << FC_DOCS_CHUNK_BITS | i * 64 |
                                                   (uint32_t)__builtin_ctzll(more)))
                return FC_E_CORRUPT;
    }
    return FC_OK;
}

static enum fc_err check_row(struct checking *checking, struct fc_span key, struct fc_span value,
                             bool whole, uint32_t *found)
{
    struct groups *groups = &checking->groups;
    uint32_t chunk = (uint32_t)key.data[1] << 8 | key.data[2];
    struct fc_span head = fc_span(key.data + TERM_AT, key.len - TERM_AT);
    if (head.len > FC_HEAD_BYTES || key.data[3] >= FC_TIERS)
        return FC_E_CORRUPT;
    memset(&checking->said, 0, sizeof checking->said);
    memset(&groups->bits, 0, sizeof groups->bits);
    enum fc_err err = fc_docs_bits_add(&checking->said, value);
    if (err != FC_OK)
        return err;
    begin_groups(groups, chunk, key.data[3], head);
    /* A shorter word is alone, and comes first. */
    if (next_group(groups) && groups->head_len == head.len)
        ++*found;
    else
        memset(&groups->bits, 0, sizeof groups->bits);
    err = end_groups(groups);
    return err == FC_OK ? compare(checking, chunk, whole) : err;
}

static enum fc_err count_groups(struct checking *checking, uint32_t chunk, uint32_t *count)
{
    struct groups *groups = &checking->groups;
    enum fc_err err = FC_OK;
    *count = 0;
    for (uint8_t tier = 0; tier < FC_TIERS && err == FC_OK; tier++) {
        begin_groups(groups, chunk, tier, (struct fc_span){0});
        while (next_group(groups))
            ++*count;
        err = end_groups(groups);
    }
    return err;
}

/* All rows of a chunk, from its state on, which the cursor stands at. */
static enum fc_err check_chunk(struct checking *checking, struct fc_kv_cursor *cursor,
                               struct fc_span *key, struct fc_span *value)
{
    struct state state;
    uint32_t chunk = (uint32_t)key->data[1] << 8 | key->data[2], found = 0, count = 0;
    enum fc_err err = key->len == 3 ? parse_state(*value, &state) : FC_E_CORRUPT;
    if (err != FC_OK)
        return err;
    struct fc_index_key from = fc_heads_key(chunk);
    bool whole = state.written && state.since == 0;
    err = whole ? count_groups(checking, chunk, &count) : FC_OK;
    if (err == FC_OK)
        err = fc_kv_next(cursor, key, value);
    while (err == FC_OK && fc_span_begins(*key, fc_index_span(&from))) {
        err = state.written ? check_row(checking, *key, *value, whole, &found) : FC_E_CORRUPT;
        if (err == FC_OK)
            err = fc_kv_next(cursor, key, value);
    }
    if ((err == FC_OK || err == FC_E_MISSING) && whole && found != count)
        return FC_E_CORRUPT;
    return err;
}

enum fc_err fc_heads_check(struct fc_txn *txn, bool (*gone)(const void *ctx, uint32_t doc),
                           const void *ctx)
{
    struct checking checking = {.txn = txn, .gone = gone, .ctx = ctx};
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span key, value;
    enum fc_err err = fc_kv_cursor_open(txn, FC_TABLE_INDEX, &cursor);
    if (err == FC_OK)
        err = fc_kv_cursor_open(txn, FC_TABLE_INDEX, &checking.groups.cursor);
    if (err == FC_OK)
        err = fc_kv_seek(cursor, fc_span("H", 1), &key, &value);
    while (err == FC_OK && key.data[0] == 'H')
        err = check_chunk(&checking, cursor, &key, &value);
    if (cursor)
        fc_kv_cursor_close(cursor);
    if (checking.groups.cursor)
        fc_kv_cursor_close(checking.groups.cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}
