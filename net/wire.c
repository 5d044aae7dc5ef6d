#include "net/wire.h"

#include <string.h>

static void put_hash(struct fc_buf *out, const struct fc_hash *hash)
{
    fc_pack_bin(out, fc_span(hash->b, sizeof hash->b));
}

static void get_hash(struct fc_unpack *in, struct fc_hash *hash)
{
    fc_unpack_fixed(in, hash->b, sizeof hash->b);
}

static bool get_bool(struct fc_unpack *in)
{
    return fc_unpack_uint(in, 1) != 0;
}

static void put_optional(struct fc_buf *out, struct fc_span bytes)
{
    if (bytes.len == 0)
        fc_pack_nil(out);
    else
        fc_pack_bin(out, bytes);
}

/* nil or a run of at least one byte: an empty one would be a second way to say nil. */
static struct fc_span get_optional(struct fc_unpack *in, size_t len_max)
{
    if (fc_unpack_nil(in))
        return (struct fc_span){0};
    struct fc_span bytes = fc_unpack_bin(in, len_max);
    if (bytes.len == 0)
        fc_unpack_fail(in, FC_E_FORMAT);
    return bytes;
}

/* nil, or runs of so many bytes each. */
static struct fc_span get_runs(struct fc_unpack *in, size_t run_bytes, size_t runs_max)
{
    struct fc_span bytes = get_optional(in, run_bytes * runs_max);
    if (bytes.len % run_bytes != 0)
        fc_unpack_fail(in, FC_E_FORMAT);
    return bytes;
}

static void put_list(struct fc_buf *out, const struct fc_wire_list *list)
{
    fc_pack_array(out, list->count);
    fc_buf_append(out, list->bytes.data, list->bytes.len);
}

static struct fc_wire_list get_list(struct fc_unpack *in, uint32_t max,
                                    void (*item)(struct fc_unpack *in))
{
    struct fc_wire_list list = {.count = fc_unpack_array(in, 0, max)};
    size_t start = in->pos;
    for (uint32_t i = 0; i < list.count && in->err == FC_OK; i++)
        item(in);
    if (in->err != FC_OK)
        return (struct fc_wire_list){0};
    list.bytes = fc_span(in->data + start, in->pos - start);
    return list;
}

static void item_record(struct fc_unpack *in)
{
    fc_wire_get_record(in);
}

static void item_row(struct fc_unpack *in)
{
    struct fc_wire_row row;
    fc_wire_get_row(in, &row);
}

static void item_content(struct fc_unpack *in)
{
    struct fc_content content;
    fc_wire_get_content(in, NULL, &content);
}

static void item_content_of(struct fc_unpack *in)
{
    struct fc_hash participant;
    struct fc_content content;
    fc_wire_get_content(in, &participant, &content);
}

static void item_want(struct fc_unpack *in)
{
    struct fc_hash participant, key_hash;
    fc_wire_get_want(in, &participant, &key_hash);
}

static void item_prefix(struct fc_unpack *in)
{
    struct fc_prefix prefix;
    fc_wire_get_prefix(in, &prefix);
}

static void item_place(struct fc_unpack *in)
{
    struct fc_wire_place place;
    fc_wire_get_place(in, &place);
}

static void put_hello(struct fc_buf *out, const struct fc_wire *message)
{
    const struct fc_wire_hello *hello = &message->hello;
    fc_pack_uint(out, hello->version_min);
    fc_pack_uint(out, hello->version_max);
    put_hash(out, &hello->federation);
    fc_pack_uint(out, hello->charter_version);
    put_hash(out, &hello->charter);
    fc_pack_bin(out, fc_span(hello->node_key.b, sizeof hello->node_key.b));
    put_optional(out, hello->certificate);
    put_optional(out, hello->descriptor);
    fc_pack_uint(out, hello->epoch);
    fc_pack_uint(out, hello->index);
    put_hash(out, &hello->heads);
    put_hash(out, &hello->records);
}

static void get_hello(struct fc_unpack *in, struct fc_wire *message)
{
    struct fc_wire_hello *hello = &message->hello;
    hello->version_min = fc_unpack_uint(in, FC_WIRE_VERSIONS_MAX);
    hello->version_max = fc_unpack_uint(in, FC_WIRE_VERSIONS_MAX);
    if (hello->version_min > hello->version_max)
        fc_unpack_fail(in, FC_E_FORMAT);
    get_hash(in, &hello->federation);
    hello->charter_version = fc_unpack_uint(in, UINT64_MAX);
    get_hash(in, &hello->charter);
    fc_unpack_fixed(in, hello->node_key.b, sizeof hello->node_key.b);
    hello->certificate = get_optional(in, FC_RECORD_BYTES_MAX);
    hello->descriptor = get_optional(in, FC_RECORD_BYTES_MAX);
    hello->epoch = fc_unpack_uint(in, UINT64_MAX);
    hello->index = fc_unpack_uint(in, UINT64_MAX);
    get_hash(in, &hello->heads);
    get_hash(in, &hello->records);
}

static void put_goodbye(struct fc_buf *out, const struct fc_wire *message)
{
    const struct fc_wire_goodbye *goodbye = &message->goodbye;
    fc_pack_uint(out, goodbye->code);
    fc_pack_str(out, goodbye->text);
}

static void get_goodbye(struct fc_unpack *in, struct fc_wire *message)
{
    struct fc_wire_goodbye *goodbye = &message->goodbye;
    goodbye->code = fc_unpack_uint(in, UINT64_MAX);
    goodbye->text = fc_unpack_str(in, FC_TEXT_BYTES_MAX);
}

static void put_charters(struct fc_buf *out, const struct fc_wire *message)
{
    const struct fc_wire_charters *charters = &message->charters;
    fc_pack_uint(out, charters->last);
    put_list(out, &charters->records);
}

static void get_charters(struct fc_unpack *in, struct fc_wire *message)
{
    struct fc_wire_charters *charters = &message->charters;
    charters->last = get_bool(in);
    charters->records = get_list(in, FC_CHARTERS_MAX, item_record);
}

static void put_mark(struct fc_buf *out, const struct fc_wire_mark *mark)
{
    fc_pack_uint(out, mark->epoch);
    fc_pack_uint(out, mark->prev);
    fc_pack_uint(out, mark->index);
}

static void get_mark(struct fc_unpack *in, struct fc_wire_mark *mark)
{
    mark->epoch = fc_unpack_uint(in, UINT64_MAX);
    mark->prev = fc_unpack_uint(in, UINT64_MAX);
    mark->index = fc_unpack_uint(in, UINT64_MAX);
    if (mark->prev > mark->index)
        fc_unpack_fail(in, FC_E_FORMAT);
}

static void put_ping(struct fc_buf *out, const struct fc_wire *message)
{
    const struct fc_wire_ping *ping = &message->ping;
    fc_pack_uint(out, ping->nonce);
    put_mark(out, &ping->mark);
}

static void get_ping(struct fc_unpack *in, struct fc_wire *message)
{
    struct fc_wire_ping *ping = &message->ping;
    ping->nonce = fc_unpack_uint(in, UINT64_MAX);
    get_mark(in, &ping->mark);
}

static void put_sync(struct fc_buf *out, const struct fc_wire *message)
{
    const struct fc_wire_sync *sync = &message->sync;
    fc_pack_uint(out, sync->epoch);
    fc_pack_uint(out, sync->after);
    put_hash(out, &sync->heads);
    put_hash(out, &sync->records);
}

static void get_sync(struct fc_unpack *in, struct fc_wire *message)
{
    struct fc_wire_sync *sync = &message->sync;
    sync->epoch = fc_unpack_uint(in, UINT64_MAX);
    sync->after = fc_unpack_uint(in, UINT64_MAX);
    get_hash(in, &sync->heads);
    get_hash(in, &sync->records);
}

static void put_page(struct fc_buf *out, const struct fc_wire *message)
{
    const struct fc_wire_page *page = &message->page;
    fc_pack_uint(out, page->epoch);
    fc_pack_uint(out, page->next);
    fc_pack_uint(out, page->index);
    put_list(out, &page->rows);
}

static void get_page(struct fc_unpack *in, struct fc_wire *message)
{
    struct fc_wire_page *page = &message->page;
    page->epoch = fc_unpack_uint(in, UINT64_MAX);
    page->next = fc_unpack_uint(in, UINT64_MAX);
    page->index = fc_unpack_uint(in, UINT64_MAX);
    if (page->next > page->index)
        fc_unpack_fail(in, FC_E_FORMAT);
    page->rows = get_list(in, FC_PAGE_ROWS_MAX, item_row);
}

static void put_compare(struct fc_buf *out, const struct fc_wire *message)
{
    const struct fc_wire_compare *compare = &message->compare;
    fc_pack_bin(out, fc_span(compare->key.b, sizeof compare->key.b));
    fc_pack_uint(out, compare->tally.count);
    fc_pack_array(out, compare->tallied ? FC_RIBLT_TALLIES : 0);
    for (int i = 0; compare->tallied && i < FC_RIBLT_TALLIES; i++)
        fc_pack_uint(out, compare->tally.ones[i]);
    fc_pack_uint(out, compare->index);
    fc_pack_uint(out, compare->from);
    fc_pack_uint(out, compare->want);
    put_optional(out, compare->after);
    put_hash(out, &compare->heads);
    put_hash(out, &compare->records);
}

static void get_compare(struct fc_unpack *in, struct fc_wire *message)
{
    struct fc_wire_compare *compare = &message->compare;
    fc_unpack_fixed(in, compare->key.b, sizeof compare->key.b);
    compare->tally.count = (uint32_t)fc_unpack_uint(in, UINT32_MAX);
    uint32_t count = fc_unpack_array(in, 0, FC_RIBLT_TALLIES);
    compare->tallied = count != 0;
    if (count != 0 && count != FC_RIBLT_TALLIES)
        fc_unpack_fail(in, FC_E_FORMAT);
    for (uint32_t i = 0; i < count && in->err == FC_OK; i++)
        compare->tally.ones[i] = (uint32_t)fc_unpack_uint(in, compare->tally.count);
    compare->index = fc_unpack_uint(in, UINT64_MAX);
    compare->from = fc_unpack_uint(in, FC_RIBLT_SYMBOLS_MAX);
    compare->want = fc_unpack_uint(in, FC_SKETCH_SYMBOLS);
    compare->after = get_runs(in, FC_RIBLT_ITEM_BYTES, 1);
    get_hash(in, &compare->heads);
    get_hash(in, &compare->records);
}

static void put_sketch(struct fc_buf *out, const struct fc_wire *message)
{
    const struct fc_wire_sketch *sketch = &message->sketch;
    fc_pack_uint(out, sketch->epoch);
    fc_pack_uint(out, sketch->index);
    fc_pack_uint(out, sketch->count);
    fc_pack_uint(out, sketch->from);
    fc_pack_uint(out, sketch->more);
    put_optional(out, sketch->symbols);
    put_optional(out, sketch->items);
}

static void get_sketch(struct fc_unpack *in, struct fc_wire *message)
{
    struct fc_wire_sketch *sketch = &message->sketch;
    sketch->epoch = fc_unpack_uint(in, UINT64_MAX);
    sketch->index = fc_unpack_uint(in, UINT64_MAX);
    sketch->count = fc_unpack_uint(in, UINT32_MAX);
    sketch->from = fc_unpack_uint(in, FC_RIBLT_SYMBOLS_MAX);
    sketch->more = get_bool(in);
    sketch->symbols = get_runs(in, FC_RIBLT_SYMBOL_BYTES, FC_SKETCH_SYMBOLS);
    sketch->items = get_runs(in, FC_RIBLT_ITEM_BYTES, FC_SKETCH_ITEMS);
    if (sketch->symbols.len != 0 && (sketch->items.len != 0 || sketch->more))
        fc_unpack_fail(in, FC_E_FORMAT);
}

static void put_fetch(struct fc_buf *out, const struct fc_wire *message)
{
    const struct fc_wire_fetch *fetch = &message->fetch;
    fc_pack_bin(out, fc_span(fetch->key.b, sizeof fetch->key.b));
    put_optional(out, fetch->items);
}

static void get_fetch(struct fc_unpack *in, struct fc_wire *message)
{
    struct fc_wire_fetch *fetch = &message->fetch;
    fc_unpack_fixed(in, fetch->key.b, sizeof fetch->key.b);
    fetch->items = get_runs(in, FC_RIBLT_ITEM_BYTES, FC_FETCH_MAX);
    if (fetch->items.len == 0)
        fc_unpack_fail(in, FC_E_FORMAT);
}

static void put_records(struct fc_buf *out, const struct fc_wire *message)
{
    const struct fc_wire_records *records = &message->records;
    fc_pack_uint(out, records->looked);
    put_list(out, &records->records);
}

static void get_records(struct fc_unpack *in, struct fc_wire *message)
{
    struct fc_wire_records *records = &message->records;
    records->looked = fc_unpack_uint(in, FC_FETCH_MAX);
    records->records = get_list(in, FC_FETCH_MAX, item_record);
}

static void put_delta(struct fc_buf *out, const struct fc_wire *message)
{
    const struct fc_wire_delta *delta = &message->delta;
    put_mark(out, &delta->mark);
    fc_pack_uint(out, delta->tag);
    fc_pack_bin(out, delta->delta);
    put_list(out, &delta->contents);
}

static void get_delta(struct fc_unpack *in, struct fc_wire *message)
{
    struct fc_wire_delta *delta = &message->delta;
    get_mark(in, &delta->mark);
    delta->tag = (uint32_t)fc_unpack_uint(in, UINT32_MAX);
    delta->delta = fc_unpack_bin(in, FC_DELTA_BYTES_MAX);
    delta->contents = get_list(in, FC_OPS_MAX, item_content);
}

static void put_feed(struct fc_buf *out, const struct fc_wire *message)
{
    const struct fc_wire_feed *feed = &message->feed;
    fc_pack_uint(out, feed->id);
    put_hash(out, &feed->participant);
    fc_pack_uint(out, feed->since);
    fc_pack_uint(out, feed->whole);
    fc_pack_uint(out, feed->credit);
}

static void get_feed(struct fc_unpack *in, struct fc_wire *message)
{
    struct fc_wire_feed *feed = &message->feed;
    feed->id = fc_unpack_uint(in, UINT64_MAX);
    get_hash(in, &feed->participant);
    feed->since = fc_unpack_uint(in, UINT64_MAX);
    feed->whole = get_bool(in);
    feed->credit = fc_unpack_uint(in, FC_CREDIT_MAX);
}

static void put_block(struct fc_buf *out, const struct fc_wire *message)
{
    const struct fc_wire_block *block = &message->block;
    fc_pack_uint(out, block->id);
    fc_pack_uint(out, block->mode);
    fc_pack_uint(out, block->done);
    fc_pack_uint(out, block->entries);
    fc_pack_uint(out, block->bytes);
    put_optional(out, block->head);
    put_optional(out, block->items);
    put_optional(out, block->frames);
}

static void get_block(struct fc_unpack *in, struct fc_wire *message)
{
    struct fc_wire_block *block = &message->block;
    block->id = fc_unpack_uint(in, UINT64_MAX);
    uint64_t mode = fc_unpack_uint(in, FC_MODE_NONE);
    if (mode == 0)
        fc_unpack_fail(in, FC_E_FORMAT);
    block->mode = (enum fc_wire_mode)mode;
    block->done = get_bool(in);
    block->entries = fc_unpack_uint(in, UINT64_MAX);
    block->bytes = fc_unpack_uint(in, UINT64_MAX);
    block->head = get_optional(in, FC_RECORD_BYTES_MAX);
    block->items = get_optional(in, FC_ITEMS_BYTES_MAX);
    block->frames = get_optional(in, FC_FRAMES_BYTES_MAX);
}

static void put_record(struct fc_buf *out, const struct fc_wire *message)
{
    put_mark(out, &message->record.mark);
    fc_pack_uint(out, message->record.tag);
    fc_pack_bin(out, message->record.record);
}

static void get_record(struct fc_unpack *in, struct fc_wire *message)
{
    get_mark(in, &message->record.mark);
    message->record.tag = (uint32_t)fc_unpack_uint(in, UINT32_MAX);
    message->record.record = fc_wire_get_record(in);
}

static void put_more(struct fc_buf *out, const struct fc_wire *message)
{
    fc_pack_uint(out, message->more.id);
    fc_pack_uint(out, message->more.credit);
}

static void get_more(struct fc_unpack *in, struct fc_wire *message)
{
    message->more.id = fc_unpack_uint(in, UINT64_MAX);
    message->more.credit = fc_unpack_uint(in, FC_CREDIT_MAX);
}

static void put_walk(struct fc_buf *out, const struct fc_wire *message)
{
    fc_pack_uint(out, message->walk.id);
    put_hash(out, &message->walk.participant);
    put_list(out, &message->walk.prefixes);
}

static void get_walk(struct fc_unpack *in, struct fc_wire *message)
{
    message->walk.id = fc_unpack_uint(in, UINT64_MAX);
    get_hash(in, &message->walk.participant);
    message->walk.prefixes = get_list(in, FC_PREFIXES_MAX, item_prefix);
}

static void put_nodes(struct fc_buf *out, const struct fc_wire *message)
{
    fc_pack_uint(out, message->nodes.id);
    put_optional(out, message->nodes.head);
    put_list(out, &message->nodes.places);
}

static void get_nodes(struct fc_unpack *in, struct fc_wire *message)
{
    message->nodes.id = fc_unpack_uint(in, UINT64_MAX);
    message->nodes.head = get_optional(in, FC_RECORD_BYTES_MAX);
    message->nodes.places = get_list(in, FC_PREFIXES_MAX, item_place);
}

static void put_want(struct fc_buf *out, const struct fc_wire *message)
{
    fc_pack_uint(out, message->want.id);
    put_list(out, &message->want.wants);
}

static void get_want(struct fc_unpack *in, struct fc_wire *message)
{
    message->want.id = fc_unpack_uint(in, UINT64_MAX);
    message->want.wants = get_list(in, FC_WANT_MAX, item_want);
}

static void put_contents(struct fc_buf *out, const struct fc_wire *message)
{
    fc_pack_uint(out, message->contents.id);
    fc_pack_uint(out, message->contents.looked);
    put_list(out, &message->contents.contents);
}

static void get_contents(struct fc_unpack *in, struct fc_wire *message)
{
    message->contents.id = fc_unpack_uint(in, UINT64_MAX);
    message->contents.looked = fc_unpack_uint(in, FC_WANT_MAX);
    message->contents.contents = get_list(in, FC_WANT_MAX, item_content_of);
}

static void put_opaque(struct fc_buf *out, const struct fc_wire *message)
{
    fc_pack_bin(out, message->opaque.bytes);
}

static void get_opaque(struct fc_unpack *in, struct fc_wire *message)
{
    message->opaque.bytes = fc_unpack_bin(in, FC_OPAQUE_BYTES_MAX);
}

static void put_announce(struct fc_buf *out, const struct fc_wire *message)
{
    put_mark(out, &message->announce.mark);
    fc_pack_bin(out, message->announce.bytes);
}

static void get_announce(struct fc_unpack *in, struct fc_wire *message)
{
    get_mark(in, &message->announce.mark);
    message->announce.bytes = fc_unpack_bin(in, FC_OPAQUE_BYTES_MAX);
}

/* -- kinds ------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    uint8_t fields; /* after the kind */
    void (*put)(struct fc_buf *out, const struct fc_wire *message);
    void (*get)(struct fc_unpack *in, struct fc_wire *message);
} kinds[] = {
    [FC_WIRE_HELLO] = {"HELLO", 12, put_hello, get_hello},
    [FC_WIRE_GOODBYE] = {"GOODBYE", 2, put_goodbye, get_goodbye},
    [FC_WIRE_CHARTERS] = {"CHARTERS", 2, put_charters, get_charters},
    [FC_WIRE_PING] = {"PING", 4, put_ping, get_ping},
    [FC_WIRE_PONG] = {"PONG", 4, put_ping, get_ping},
    [FC_WIRE_SYNC] = {"SYNC", 4, put_sync, get_sync},
    [FC_WIRE_PAGE] = {"PAGE", 4, put_page, get_page},
    [FC_WIRE_FETCH] = {"FETCH", 2, put_fetch, get_fetch},
    [FC_WIRE_RECORDS] = {"RECORDS", 2, put_records, get_records},
    [FC_WIRE_RECORD] = {"RECORD", 5, put_record, get_record},
    [FC_WIRE_DELTA] = {"DELTA", 6, put_delta, get_delta},
    [FC_WIRE_FEED] = {"FEED", 5, put_feed, get_feed},
    [FC_WIRE_MORE] = {"MORE", 2, put_more, get_more},
    [FC_WIRE_BLOCK] = {"BLOCK", 8, put_block, get_block},
    [FC_WIRE_WALK] = {"WALK", 3, put_walk, get_walk},
    [FC_WIRE_NODES] = {"NODES", 3, put_nodes, get_nodes},
    [FC_WIRE_WANT] = {"WANT", 2, put_want, get_want},
    [FC_WIRE_CONTENTS] = {"CONTENTS", 3, put_contents, get_contents},
    [FC_WIRE_VIEW] = {"VIEW", 1, put_opaque, get_opaque},
    [FC_WIRE_SPREAD] = {"SPREAD", 1, put_opaque, get_opaque},
    [FC_WIRE_ANNOUNCE] = {"ANNOUNCE", 4, put_announce, get_announce},
    [FC_WIRE_COMPARE] = {"COMPARE", 9, put_compare, get_compare},
    [FC_WIRE_SKETCH] = {"SKETCH", 7, put_sketch, get_sketch},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };
_Static_assert(KINDS == FC_WIRE_SKETCH + 1, "a row for each kind");

const char *fc_wire_kind_name(enum fc_wire_kind kind)
{
    return (size_t)kind < KINDS ? kinds[kind].name : NULL;
}

enum fc_err fc_wire_encode(const struct fc_wire *message, struct fc_buf *out)
{
    size_t start = out->len;
    fc_pack_array(out, kinds[message->kind].fields + 1u);
    fc_pack_uint(out, message->kind);
    kinds[message->kind].put(out, message);
    if (fc_buf_check(out) != FC_OK)
        return FC_E_NOMEM;
    return out->len - start > FC_FRAME_BYTES_MAX ? FC_E_BOUND : FC_OK;
}

void fc_wire_push(struct fc_buf *out, enum fc_wire_kind kind, const struct fc_wire_mark *mark,
                  uint32_t tag)
{
    fc_pack_array(out, kinds[kind].fields + 1u);
    fc_pack_uint(out, kind);
    put_mark(out, mark);
    fc_pack_uint(out, tag);
}

enum fc_err fc_wire_decode(struct fc_span bytes, struct fc_wire *out)
{
    struct fc_unpack in;
    if (bytes.len > FC_FRAME_BYTES_MAX)
        return FC_E_BOUND;
    memset(out, 0, sizeof *out);
    fc_unpack_init(&in, bytes);
    uint32_t count = fc_unpack_array(&in, 1, KINDS);
    uint64_t kind = fc_unpack_uint(&in, FC_WIRE_SKETCH);
    if (in.err != FC_OK)
        return in.err;
    if (!kinds[kind].name || count != kinds[kind].fields + 1u)
        return FC_E_FORMAT;
    out->kind = (enum fc_wire_kind)kind;
    kinds[kind].get(&in, out);
    return fc_unpack_end(&in);
}
