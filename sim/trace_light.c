/* Lines of the trace of light nodes. They are named n0, n1, ..., and feeds as nodes are. */
#include <stdio.h>

#include "sim/light_priv.h"
#include "sim/trace.h"

static void owner_of(const void *ctx, uint32_t begin, char name[FC_TRACE_NAME_MAX])
{
    const struct fc_light *light = ctx;
    for (uint32_t i = 0; i < light->delta_count; i++)
        if (fc_get_be32(light->arrivals[i].subject.b) == begin) {
            snprintf(name, FC_TRACE_NAME_MAX, "n%u", light->deltas[i].feed);
            return;
        }
}

static void node_of(const void *ctx, const struct fc_key *key, char name[FC_TRACE_NAME_MAX])
{
    uint32_t node = fc_light_node_of(ctx, key);
    if (node != FC_LIGHT_NONE)
        snprintf(name, FC_TRACE_NAME_MAX, "n%u", node);
}

void fc_light_print(const struct fc_light *light, const struct fc_light_message *message,
                    struct fc_buf *out)
{
    const struct fc_trace_names names = {.ctx = light, .owner = owner_of, .node = node_of};
    fc_trace_print(out, "n%u -> n%u ", message->from, message->to);
    if (message->class == FC_LIGHT_PAYLOAD) {
        const struct fc_light_delta *delta = &light->deltas[message->delta];
        fc_trace_print(out, "DELTA of n%u %llu, %u hops, %u bytes", delta->feed,
                       (unsigned long long)delta->version, message->hops, message->size);
    } else if (message->class == FC_LIGHT_VIEW) {
        fc_trace_print(out, "VIEW ");
        fc_trace_view(&names, message->bytes, out);
    } else if (message->announces) {
        fc_trace_print(out, "ANNOUNCE");
        fc_trace_news(&names, message->bytes, out);
    } else {
        fc_trace_print(out, "SPREAD ");
        fc_trace_spread(&names, message->bytes, out);
    }
}
