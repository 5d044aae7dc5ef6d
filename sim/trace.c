#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "net/wire.h"
#include "sim/trace.h"
#include "sim/world_priv.h"

static void line(struct fc_world *world, const char *text)
{
    if (world->config.line)
        world->config.line(world->config.ctx, text);
}

/* Of long messages both ends and the length: what lies between is hashed and signed in there. */
static void hash_bytes(struct fc_hasher *trace, struct fc_span bytes)
{
    enum { END = 128 };
    uint8_t len[8];
    fc_put_be64(len, bytes.len);
    fc_hasher_add(trace, fc_span(len, sizeof len));
    if (bytes.len <= 2 * END) {
        fc_hasher_add(trace, bytes);
        return;
    }
    fc_hasher_add(trace, fc_span(bytes.data, END));
    fc_hasher_add(trace, fc_span(bytes.data + bytes.len - END, END));
}

void fc_trace_event(struct fc_world *world, uint32_t from, uint32_t to, uint32_t what,
                    struct fc_span bytes)
{
    uint8_t numbers[20];
    fc_put_be64(numbers, fc_world_now_us(world));
    fc_put_be32(numbers + 8, from);
    fc_put_be32(numbers + 12, to);
    fc_put_be32(numbers + 16, what);
    fc_hasher_add(&world->trace, fc_span(numbers, sizeof numbers));
    hash_bytes(&world->trace, bytes);
}

void fc_world_say(struct fc_world *world, const char *format, ...)
{
    char text[512];
    int len = snprintf(text, sizeof text, "%12.6f ", (double)fc_world_now_us(world) / 1e6);
    va_list args;
    va_start(args, format);
    vsnprintf(text + len, sizeof text - (size_t)len, format, args);
    va_end(args);
    fc_trace_event(world, 0, 0, 0, fc_span_str(text));
    line(world, text);
}

/* What a node logs follows from what happens to it: it is shown, and no part of the hash. */
void fc_trace_log(struct fc_world *world, uint32_t node, struct fc_span text)
{
    struct fc_buf out = {0};
    if (!world->config.line)
        return;
    fc_trace_print(&out, "%12.6f %s: %.*s", (double)fc_world_now_us(world) / 1e6,
                   world->nodes[node]->name, (int)text.len, (const char *)text.data);
    fc_buf_append(&out, "", 1);
    if (!out.failed)
        line(world, (const char *)out.data);
    fc_buf_finish(&out);
}

void fc_trace_arrival(struct fc_world *world, uint32_t from, uint32_t to, struct fc_span bytes)
{
    fc_trace_event(world, from, to, 1, bytes);
    if (!world->config.line)
        return;
    struct fc_buf text = {0};
    fc_trace_print(&text, "%12.6f %s -> %s ", (double)fc_world_now_us(world) / 1e6,
                   world->nodes[from]->name, world->nodes[to]->name);
    fc_trace_message(world, bytes, &text);
    fc_buf_append(&text, "", 1);
    if (!text.failed)
        line(world, (const char *)text.data);
    fc_buf_finish(&text);
}

struct fc_hash fc_world_trace_hash(const struct fc_world *world)
{
    struct fc_hasher copy = world->trace;
    return fc_hasher_end(&copy);
}

static void print_version(struct fc_buf *out, fc_version version)
{
    fc_trace_print(out, "%u.%llu", fc_version_incarnation(version),
                   (unsigned long long)fc_version_seq(version));
}

static void print_head(const struct fc_world *world, const struct fc_record *record,
                       struct fc_buf *out)
{
    struct fc_head head;
    if (fc_head_parse(record, &head) != FC_OK)
        return;
    fc_trace_print(out, "head of %s ", fc_world_owner_name(world, &head.participant));
    print_version(out, head.version);
}

static void print_certificate(const struct fc_world *world, const struct fc_record *record,
                              struct fc_buf *out)
{
    struct fc_certificate certificate;
    if (fc_certificate_parse(record, &certificate) == FC_OK)
        fc_trace_print(out, "certificate of %s g %llu r %llu",
                       fc_world_owner_name(world, &certificate.participant),
                       (unsigned long long)certificate.g, (unsigned long long)certificate.r);
}

static void print_record(const struct fc_world *world, struct fc_span bytes, struct fc_buf *out)
{
    struct fc_record record;
    union {
        struct fc_charter charter;
        struct fc_carry carry;
        struct fc_revocation revocation;
        struct fc_descriptor descriptor;
    } body;
    if (fc_record_parse(bytes, &record) != FC_OK) {
        fc_trace_print(out, "not a record");
        return;
    }
    if (record.type == FC_RECORD_HEAD)
        print_head(world, &record, out);
    else if (record.type == FC_RECORD_CERTIFICATE)
        print_certificate(world, &record, out);
    else if (record.type == FC_RECORD_CHARTER && fc_charter_parse(&record, &body.charter) == FC_OK)
        fc_trace_print(out, "charter %llu", (unsigned long long)body.charter.version);
    else if (record.type == FC_RECORD_CARRY && fc_carry_parse(&record, &body.carry) == FC_OK)
        fc_trace_print(out, "carry list of %u", body.carry.count);
    else if (record.type == FC_RECORD_REVOCATION &&
             fc_revocation_parse(&record, &body.revocation) == FC_OK)
        fc_trace_print(out, "revocation of %s",
                       fc_world_owner_name(world, &body.revocation.participant));
    else if (record.type == FC_RECORD_DESCRIPTOR &&
             fc_descriptor_parse(&record, &body.descriptor) == FC_OK)
        fc_trace_print(out, "descriptor of %s",
                       fc_world_owner_name(world, &body.descriptor.participant));
    else
        fc_trace_print(out, "%s", fc_record_type_name(record.type));
}

static void print_records(const struct fc_world *world, const struct fc_wire_list *list,
                          struct fc_buf *out)
{
    struct fc_unpack at;
    const char *before = "";
    fc_wire_items(&at, list);
    while (fc_wire_more_items(&at)) {
        fc_trace_print(out, "%s", before);
        print_record(world, fc_wire_get_record(&at), out);
        before = ", ";
    }
}

static void print_rows(const struct fc_world *world, const struct fc_wire_list *list,
                       struct fc_buf *out)
{
    struct fc_unpack at;
    fc_wire_items(&at, list);
    while (fc_wire_more_items(&at)) {
        struct fc_wire_row row;
        fc_wire_get_row(&at, &row);
        fc_trace_print(out, "; %llu ", (unsigned long long)row.index);
        print_record(world, row.record, out);
    }
}

static void print_mark(const struct fc_wire_mark *mark, struct fc_buf *out)
{
    fc_trace_print(out, "%llu..%llu", (unsigned long long)mark->prev,
                   (unsigned long long)mark->index);
}

static void print_delta(const struct fc_world *world, const struct fc_wire *message,
                        struct fc_buf *out)
{
    struct fc_delta delta;
    struct fc_ops ops;
    print_mark(&message->delta.mark, out);
    if (fc_delta_parse(message->delta.delta, &delta) != FC_OK ||
        fc_ops_init(&ops, delta.ops) != FC_OK) {
        fc_trace_print(out, " not a delta");
        return;
    }
    fc_trace_print(out, " ");
    print_head(world, &delta.record, out);
    fc_trace_print(out, ", %u operations, %u contents", ops.count, message->delta.contents.count);
}

static void print_block(const struct fc_world *world, const struct fc_wire *message,
                        struct fc_buf *out)
{
    const struct fc_wire_block *block = &message->block;
    static const char *const modes[] = {"", "whole", "changes", "walk instead", "nothing newer"};
    fc_trace_print(out, "%s%s%s", modes[block->mode], block->items.len ? ", items" : "",
                   block->done ? ", done" : "");
    if (block->head.len != 0) {
        fc_trace_print(out, ", ");
        print_record(world, block->head, out);
    }
}

static void print_feed(const struct fc_world *world, const struct fc_wire *message,
                       struct fc_buf *out)
{
    const struct fc_wire_feed *feed = &message->feed;
    fc_trace_print(out, "%s since ", fc_world_owner_name(world, &feed->participant));
    print_version(out, feed->since);
    fc_trace_print(out, "%s", feed->whole ? ", whole" : "");
}

static void print_hello(const struct fc_world *world, const struct fc_wire *message,
                        struct fc_buf *out)
{
    const struct fc_wire_hello *hello = &message->hello;
    (void)world;
    fc_trace_print(out, "charter %llu, arrival %llu%s", (unsigned long long)hello->charter_version,
                   (unsigned long long)hello->index,
                   hello->certificate.len == 0  ? ", no certificate yet"
                   : hello->descriptor.len == 0 ? ", certificate"
                                                : ", certificate, descriptor");
}

static void print_compare(const struct fc_world *world, const struct fc_wire *message,
                          struct fc_buf *out)
{
    const struct fc_wire_compare *compare = &message->compare;
    (void)world;
    fc_trace_print(out, "%u held", compare->tally.count);
    if (compare->after.len != 0)
        fc_trace_print(out, ", items");
    else if (compare->from != 0)
        fc_trace_print(out, ", symbols from %llu", (unsigned long long)compare->from);
}

static void print_sketch(const struct fc_world *world, const struct fc_wire *message,
                         struct fc_buf *out)
{
    const struct fc_wire_sketch *sketch = &message->sketch;
    (void)world;
    if (sketch->symbols.len != 0)
        fc_trace_print(out, "%zu symbols from %llu", sketch->symbols.len / FC_RIBLT_SYMBOL_BYTES,
                       (unsigned long long)sketch->from);
    else
        fc_trace_print(out, "%zu items%s", sketch->items.len / FC_RIBLT_ITEM_BYTES,
                       sketch->more ? ", more" : "");
    fc_trace_print(out, ", arrival %llu", (unsigned long long)sketch->index);
}

/* Whose id begins so. */
static void owner_of(const void *ctx, uint32_t begin, char name[FC_TRACE_NAME_MAX])
{
    const struct fc_world *world = ctx;
    for (uint32_t i = 0; i < world->node_count; i++)
        if (fc_get_be32(world->nodes[i]->participant.b) == begin) {
            snprintf(name, FC_TRACE_NAME_MAX, "%s", world->nodes[i]->name);
            return;
        }
}

static void node_of(const void *ctx, const struct fc_key *key, char name[FC_TRACE_NAME_MAX])
{
    const struct fc_world *world = ctx;
    uint32_t node = fc_world_node_of(world, key);
    if (node != FC_WORLD_NONE)
        snprintf(name, FC_TRACE_NAME_MAX, "%s", world->nodes[node]->name);
}

static struct fc_trace_names names_of(const struct fc_world *world)
{
    return (struct fc_trace_names){.ctx = world, .owner = owner_of, .node = node_of};
}

static void print_goodbye(const struct fc_world *world, const struct fc_wire *message,
                          struct fc_buf *out)
{
    (void)world;
    fc_trace_print(out, "%.*s", (int)message->goodbye.text.len,
                   (const char *)message->goodbye.text.data);
}

static void print_charters(const struct fc_world *world, const struct fc_wire *message,
                           struct fc_buf *out)
{
    print_records(world, &message->charters.records, out);
    fc_trace_print(out, "%s", message->charters.last ? ", last" : "");
}

static void print_ping(const struct fc_world *world, const struct fc_wire *message,
                       struct fc_buf *out)
{
    (void)world;
    print_mark(&message->ping.mark, out);
}

static void print_sync(const struct fc_world *world, const struct fc_wire *message,
                       struct fc_buf *out)
{
    (void)world;
    fc_trace_print(out, "after %llu", (unsigned long long)message->sync.after);
}

static void print_page(const struct fc_world *world, const struct fc_wire *message,
                       struct fc_buf *out)
{
    fc_trace_print(out, "to %llu of %llu", (unsigned long long)message->page.next,
                   (unsigned long long)message->page.index);
    print_rows(world, &message->page.rows, out);
}

static void print_fetch(const struct fc_world *world, const struct fc_wire *message,
                        struct fc_buf *out)
{
    (void)world;
    fc_trace_print(out, "%zu items", message->fetch.items.len / FC_RIBLT_ITEM_BYTES);
}

static void print_some_records(const struct fc_world *world, const struct fc_wire *message,
                               struct fc_buf *out)
{
    print_records(world, &message->records.records, out);
}

static void print_one_record(const struct fc_world *world, const struct fc_wire *message,
                             struct fc_buf *out)
{
    print_mark(&message->record.mark, out);
    fc_trace_print(out, " ");
    print_record(world, message->record.record, out);
}

static void print_more(const struct fc_world *world, const struct fc_wire *message,
                       struct fc_buf *out)
{
    (void)world;
    fc_trace_print(out, "%llu", (unsigned long long)message->more.credit);
}

static void print_walk(const struct fc_world *world, const struct fc_wire *message,
                       struct fc_buf *out)
{
    fc_trace_print(out, "%s, %u places", fc_world_owner_name(world, &message->walk.participant),
                   message->walk.prefixes.count);
}

static void print_nodes(const struct fc_world *world, const struct fc_wire *message,
                        struct fc_buf *out)
{
    (void)world;
    fc_trace_print(out, "%u places", message->nodes.places.count);
}

static void print_want(const struct fc_world *world, const struct fc_wire *message,
                       struct fc_buf *out)
{
    (void)world;
    fc_trace_print(out, "%u", message->want.wants.count);
}

static void print_contents(const struct fc_world *world, const struct fc_wire *message,
                           struct fc_buf *out)
{
    (void)world;
    fc_trace_print(out, "%u of %llu", message->contents.contents.count,
                   (unsigned long long)message->contents.looked);
}

static void print_view(const struct fc_world *world, const struct fc_wire *message,
                       struct fc_buf *out)
{
    const struct fc_trace_names names = names_of(world);
    fc_trace_view(&names, message->opaque.bytes, out);
}

static void print_spread(const struct fc_world *world, const struct fc_wire *message,
                         struct fc_buf *out)
{
    const struct fc_trace_names names = names_of(world);
    fc_trace_spread(&names, message->opaque.bytes, out);
}

static void print_announce(const struct fc_world *world, const struct fc_wire *message,
                           struct fc_buf *out)
{
    const struct fc_trace_names names = names_of(world);
    print_mark(&message->announce.mark, out);
    fc_trace_news(&names, message->announce.bytes, out);
}

static void (*const printers[])(const struct fc_world *world, const struct fc_wire *message,
                                struct fc_buf *out) = {
    [FC_WIRE_HELLO] = print_hello,
    [FC_WIRE_GOODBYE] = print_goodbye,
    [FC_WIRE_CHARTERS] = print_charters,
    [FC_WIRE_PING] = print_ping,
    [FC_WIRE_PONG] = print_ping,
    [FC_WIRE_SYNC] = print_sync,
    [FC_WIRE_PAGE] = print_page,
    [FC_WIRE_FETCH] = print_fetch,
    [FC_WIRE_RECORDS] = print_some_records,
    [FC_WIRE_RECORD] = print_one_record,
    [FC_WIRE_DELTA] = print_delta,
    [FC_WIRE_FEED] = print_feed,
    [FC_WIRE_MORE] = print_more,
    [FC_WIRE_BLOCK] = print_block,
    [FC_WIRE_WALK] = print_walk,
    [FC_WIRE_NODES] = print_nodes,
    [FC_WIRE_WANT] = print_want,
    [FC_WIRE_CONTENTS] = print_contents,
    [FC_WIRE_VIEW] = print_view,
    [FC_WIRE_SPREAD] = print_spread,
    [FC_WIRE_ANNOUNCE] = print_announce,
    [FC_WIRE_COMPARE] = print_compare,
    [FC_WIRE_SKETCH] = print_sketch,
};
_Static_assert(sizeof printers / sizeof printers[0] == FC_WIRE_SKETCH + 1, "one for each kind");

void fc_trace_message(const struct fc_world *world, struct fc_span bytes, struct fc_buf *out)
{
    struct fc_wire message;
    if (fc_wire_decode(bytes, &message) != FC_OK) {
        fc_trace_print(out, "%zu bytes that are no message", bytes.len);
        return;
    }
    fc_trace_print(out, "%s ", fc_wire_kind_name(message.kind));
    printers[message.kind](world, &message, out);
}
