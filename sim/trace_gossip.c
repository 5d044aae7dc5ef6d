#include <stdarg.h>
#include <stdio.h>

#include "net/spread_message.h"
#include "net/view_message.h"
#include "sim/trace.h"

void fc_trace_print(struct fc_buf *out, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len > 0)
        fc_buf_append(out, text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1);
}

static void print_owner(const struct fc_trace_names *names, uint32_t begin, struct fc_buf *out)
{
    char name[FC_TRACE_NAME_MAX] = "?";
    names->owner(names->ctx, begin, name);
    fc_trace_print(out, "%s", name);
}

static void print_group(const struct fc_trace_names *names, uint32_t group, struct fc_buf *out)
{
    if (group == 1)
        fc_trace_print(out, "records");
    else
        print_owner(names, group, out);
}

static void print_item(const struct fc_trace_names *names, const struct fc_spread_item *item,
                       struct fc_buf *out)
{
    if (item->version == 0) {
        fc_trace_print(out, " record %08x", (unsigned)(item->id >> 32));
        return;
    }
    fc_trace_print(out, " head of ");
    print_owner(names, (uint32_t)(item->id >> 32), out);
    fc_trace_print(out, " %u.%llu", fc_version_incarnation(item->version),
                   (unsigned long long)fc_version_seq(item->version));
}

void fc_trace_news(const struct fc_trace_names *names, struct fc_span bytes, struct fc_buf *out)
{
    struct fc_spread_list list;
    struct fc_unpack at;
    if (fc_spread_decode_news(bytes, &list) != FC_OK) {
        fc_trace_print(out, " %zu bytes", bytes.len);
        return;
    }
    fc_unpack_init(&at, list.bytes);
    for (uint32_t i = 0; i < list.count; i++) {
        struct fc_spread_news news;
        fc_spread_get_news(&at, &news);
        fc_trace_print(out, "%s", i ? "," : "");
        print_item(names, &news.item, out);
    }
}

static void print_distances(const struct fc_trace_names *names, struct fc_span distances,
                            struct fc_buf *out)
{
    for (size_t i = 0; i < distances.len / FC_SPREAD_FAR_BYTES; i++) {
        uint16_t far;
        uint32_t group = fc_spread_get_far(distances, i, &far);
        fc_trace_print(out, "%s ", i ? "," : "");
        print_group(names, group, out);
        if (far == FC_SPREAD_FAR_UNKNOWN)
            fc_trace_print(out, " ?");
        else
            fc_trace_print(out, " %u.%u ms", far / 10, far % 10);
    }
}

void fc_trace_spread(const struct fc_trace_names *names, struct fc_span bytes, struct fc_buf *out)
{
    static const char *const kinds[] = {"", "graft", "prune", "want", "far"};
    struct fc_spread_message message;
    struct fc_unpack at;
    if (fc_spread_decode(bytes, &message) != FC_OK) {
        fc_trace_print(out, "%zu bytes", bytes.len);
        return;
    }
    fc_trace_print(out, "%s%s", kinds[message.kind], message.rest ? " all but" : "");
    fc_unpack_init(&at, message.groups.bytes);
    for (uint32_t i = 0; i < message.groups.count; i++) {
        fc_trace_print(out, " ");
        print_group(names, fc_spread_get_group(&at), out);
    }
    fc_unpack_init(&at, message.items.bytes);
    for (uint32_t i = 0; i < message.items.count; i++) {
        struct fc_spread_item item;
        fc_spread_get_item(&at, &item);
        print_item(names, &item, out);
    }
    print_distances(names, message.distances, out);
}

static void print_node(const struct fc_trace_names *names, const struct fc_key *key,
                       struct fc_buf *out)
{
    char name[FC_TRACE_NAME_MAX] = "?";
    names->node(names->ctx, key, name);
    fc_trace_print(out, " %s", name);
}

/* By the names of docs/protocol.md. */
void fc_trace_view(const struct fc_trace_names *names, struct fc_span bytes, struct fc_buf *out)
{
    static const char *const priorities[] = {
        [FC_VIEW_LOW] = "low", [FC_VIEW_HIGH] = "high", [FC_VIEW_SWAP] = "swap"};
    struct fc_view_message message;
    if (fc_view_decode(bytes, &message) != FC_OK) {
        fc_trace_print(out, "%zu bytes", bytes.len);
        return;
    }
    switch (message.kind) {
    case FC_VIEW_NEIGHBOR:
        fc_trace_print(out, "NEIGHBOR %s", priorities[message.priority]);
        break;
    case FC_VIEW_REPLY:
        fc_trace_print(out, "REPLY %s", message.accepted ? "yes" : "no");
        break;
    case FC_VIEW_DISCONNECT:
        fc_trace_print(out, "DISCONNECT");
        break;
    case FC_VIEW_JOIN:
        fc_trace_print(out, "JOIN");
        break;
    case FC_VIEW_FORWARD_JOIN:
        fc_trace_print(out, "FORWARDJOIN of");
        print_node(names, &message.node, out);
        fc_trace_print(out, ", %u steps", message.walk);
        break;
    case FC_VIEW_SHUFFLE:
        fc_trace_print(out, "SHUFFLE of");
        print_node(names, &message.node, out);
        fc_trace_print(out, ", %u steps:", message.walk);
        break;
    case FC_VIEW_SHUFFLE_REPLY:
        fc_trace_print(out, "SHUFFLEREPLY:");
        break;
    }
    for (uint32_t i = 0; i < message.count; i++)
        print_node(names, &message.keys[i], out);
}
