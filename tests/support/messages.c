#include "tests/support/messages.h"

#include <stdlib.h>

static struct fc_hash hash_of(const char *text)
{
    return fc_hash("fedcat.test.1", fc_span_str(text));
}

static struct fc_prefix prefix_of(uint8_t depth)
{
    struct fc_prefix prefix = {.depth = depth};
    for (uint8_t i = 0; i < depth; i++)
        prefix.bits.b[i / 2] |= (uint8_t)(i % 2 == 0 ? 0x50 : 0x0a);
    return prefix;
}

static struct fc_content content_of(const char *text)
{
    return (struct fc_content){.key_hash = hash_of(text),
                               .salt = {1, 2, 3},
                               .compressed = true,
                               .bytes = fc_span_str(text)};
}

/* The items of the list a message of this kind holds; returns how many. */
static uint32_t put_items(enum fc_wire_kind kind, struct fc_buf *out)
{
    struct fc_hash a = hash_of("a"), b = hash_of("b");
    struct fc_content content = content_of("content");
    struct fc_prefix prefix = prefix_of(3), root = {0};
    struct fc_wire_row full = {.index = 7, .record = fc_span_str("record")};
    struct fc_wire_row other = {.index = 300, .record = fc_span_str("another")};
    struct fc_wire_place place = {prefix, fc_span_str("nodes"), fc_span_str("items"),
                                  fc_span_str("frames")};
    switch (kind) {
    case FC_WIRE_PAGE:
        fc_wire_put_row(out, &full);
        fc_wire_put_row(out, &other);
        return 2;
    case FC_WIRE_CHARTERS:
    case FC_WIRE_RECORDS:
        fc_pack_bin(out, fc_span_str("record one"));
        fc_pack_bin(out, fc_span_str("record two"));
        return 2;
    case FC_WIRE_DELTA:
        fc_wire_put_content(out, NULL, &content);
        return 1;
    case FC_WIRE_CONTENTS:
        fc_wire_put_content(out, &a, &content);
        return 1;
    case FC_WIRE_WANT:
        fc_wire_put_want(out, &a, &b);
        return 1;
    case FC_WIRE_WALK:
        fc_wire_put_prefix(out, &root);
        fc_wire_put_prefix(out, &prefix);
        return 2;
    case FC_WIRE_NODES:
        fc_wire_put_place(out, &place);
        return 1;
    case FC_WIRE_HELLO:
    case FC_WIRE_GOODBYE:
    case FC_WIRE_PING:
    case FC_WIRE_PONG:
    case FC_WIRE_SYNC:
    case FC_WIRE_FETCH:
    case FC_WIRE_COMPARE:
    case FC_WIRE_SKETCH:
    case FC_WIRE_RECORD:
    case FC_WIRE_FEED:
    case FC_WIRE_MORE:
    case FC_WIRE_BLOCK:
    case FC_WIRE_VIEW:
    case FC_WIRE_SPREAD:
    case FC_WIRE_ANNOUNCE:
        break;
    }
    return 0;
}

static void fill(struct fc_wire *message, struct fc_wire_list list)
{
    const struct fc_wire_mark mark = {.epoch = 0x0102030405060708, .prev = 4, .index = 300};
    switch (message->kind) {
    case FC_WIRE_HELLO:
        message->hello = (struct fc_wire_hello){.version_min = 1,
                                                .version_max = 2,
                                                .federation = hash_of("federation"),
                                                .charter_version = 1,
                                                .charter = hash_of("charter"),
                                                .node_key = {{9}},
                                                .certificate = fc_span_str("certificate"),
                                                .epoch = 77,
                                                .index = 5,
                                                .heads = hash_of("heads"),
                                                .records = hash_of("records")};
        break;
    case FC_WIRE_GOODBYE:
        message->goodbye = (struct fc_wire_goodbye){FC_GOODBYE_BUSY, fc_span_str("too many links")};
        break;
    case FC_WIRE_CHARTERS:
        message->charters = (struct fc_wire_charters){true, list};
        break;
    case FC_WIRE_PING:
    case FC_WIRE_PONG:
        message->ping = (struct fc_wire_ping){42, mark};
        break;
    case FC_WIRE_SYNC:
        message->sync = (struct fc_wire_sync){77, 200, hash_of("heads"), hash_of("records")};
        break;
    case FC_WIRE_PAGE:
        message->page = (struct fc_wire_page){77, 300, 1000, list};
        break;
    case FC_WIRE_FETCH:
        message->fetch =
            (struct fc_wire_fetch){{{5, 6}}, fc_span_str("an item, sixteenanother item, 16")};
        break;
    case FC_WIRE_RECORDS:
        message->records = (struct fc_wire_records){3, list};
        break;
    case FC_WIRE_RECORD:
        message->record = (struct fc_wire_record){mark, 3, fc_span_str("record")};
        break;
    case FC_WIRE_DELTA:
        message->delta = (struct fc_wire_delta){mark, 0x107, fc_span_str("delta"), list};
        break;
    case FC_WIRE_FEED:
        message->feed = (struct fc_wire_feed){8, hash_of("participant"), 1ull << 48, false, 4};
        break;
    case FC_WIRE_MORE:
        message->more = (struct fc_wire_more){8, 1};
        break;
    case FC_WIRE_BLOCK:
        message->block = (struct fc_wire_block){.id = 8,
                                                .mode = FC_MODE_CHANGES,
                                                .done = true,
                                                .entries = 70000,
                                                .bytes = 1ull << 33,
                                                .head = fc_span_str("head"),
                                                .items = fc_span_str("items")};
        break;
    case FC_WIRE_WALK:
        message->walk = (struct fc_wire_walk){9, hash_of("participant"), list};
        break;
    case FC_WIRE_NODES:
        message->nodes = (struct fc_wire_nodes){9, fc_span_str("head"), list};
        break;
    case FC_WIRE_WANT:
        message->want = (struct fc_wire_want){10, list};
        break;
    case FC_WIRE_CONTENTS:
        message->contents = (struct fc_wire_contents){10, 2, list};
        break;
    case FC_WIRE_VIEW:
    case FC_WIRE_SPREAD:
        message->opaque.bytes = fc_span_str("opaque");
        break;
    case FC_WIRE_ANNOUNCE:
        message->announce = (struct fc_wire_announce){mark, fc_span_str("news")};
        break;
    case FC_WIRE_COMPARE:
        message->compare = (struct fc_wire_compare){.key = {{5, 6}},
                                                    .tally = {.count = 300},
                                                    .tallied = true,
                                                    .index = 1000,
                                                    .from = 12,
                                                    .want = 40,
                                                    .after = fc_span_str("an item, sixteen"),
                                                    .heads = hash_of("heads"),
                                                    .records = hash_of("records")};
        for (uint32_t i = 0; i < FC_RIBLT_TALLIES; i++)
            message->compare.tally.ones[i] = 120 + i;
        break;
    case FC_WIRE_SKETCH:
        message->sketch = (struct fc_wire_sketch){
            .epoch = 77,
            .index = 1000,
            .count = 290,
            .from = 12,
            .symbols = fc_span_str("twenty bytes, one of one symbol, another")};
        break;
    }
}

void fc_test_message(enum fc_wire_kind kind, struct fc_buf *out)
{
    struct fc_wire message = {.kind = kind};
    struct fc_buf items = {0};
    uint32_t count = put_items(kind, &items);
    fill(&message, (struct fc_wire_list){count, fc_buf_span(&items)});
    if (fc_wire_encode(&message, out) != FC_OK)
        abort();
    fc_buf_finish(&items);
}

bool fc_test_rewrite_message(struct fc_span bytes)
{
    struct fc_wire message;
    struct fc_buf again = {0};
    if (fc_wire_decode(bytes, &message) != FC_OK)
        return false;
    if (fc_wire_encode(&message, &again) != FC_OK || !fc_span_eq(bytes, fc_buf_span(&again)))
        abort();
    fc_buf_finish(&again);
    return true;
}
