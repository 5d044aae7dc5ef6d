#include "sim/view_static.h"

#include <stdlib.h>

#define NEVER UINT64_MAX
enum { OTHER_DIALS_US = 2000000 }; /* of a pair the one with the lower key dials first */

struct fc_view {
    struct fc_view_host host;
    uint64_t dial_at_us;
    bool all_dialled;
};

static enum fc_err create(const struct fc_view_host *host, struct fc_view **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return FC_E_NOMEM;
    (*out)->host = *host;
    return FC_OK;
}

static void destroy(struct fc_view *view)
{
    free(view);
}

static void on_membership(struct fc_view *view, uint64_t now_us)
{
    (void)view, (void)now_us; /* who is a neighbour does not follow from it */
}

static void on_open(struct fc_view *view, const struct fc_key *key, bool inbound, uint64_t now_us)
{
    (void)inbound, (void)now_us;
    view->host.activate(view->host.ctx, key, true);
}

static void on_closed(struct fc_view *view, const struct fc_key *key, uint64_t now_us)
{
    (void)view, (void)key, (void)now_us; /* the host dials again who was dialled once */
}

static void on_message(struct fc_view *view, const struct fc_key *key, struct fc_span bytes,
                       uint64_t now_us)
{
    (void)bytes, (void)now_us;
    view->host.punish(view->host.ctx, key, "a static view has nothing to say");
}

static void on_tick(struct fc_view *view, uint64_t now_us)
{
    bool first = view->dial_at_us == 0;
    if (view->all_dialled || view->dial_at_us > now_us)
        return;
    for (uint32_t i = 0; i < view->host.bootstrap_count; i++) {
        const struct fc_key *key = &view->host.bootstrap[i].key;
        if (!first || fc_key_cmp(&view->host.self, key) < 0)
            view->host.dial(view->host.ctx, key);
    }
    view->dial_at_us = now_us + OTHER_DIALS_US;
    view->all_dialled = !first;
}

static uint64_t deadline_us(const struct fc_view *view)
{
    return view->all_dialled ? NEVER : view->dial_at_us;
}

const struct fc_view_ops fc_view_static = {
    .name = "static",
    .active_default = FC_PEERS_ACTIVE_MAX,
    .create = create,
    .destroy = destroy,
    .on_membership = on_membership,
    .on_open = on_open,
    .on_closed = on_closed,
    .on_unreachable = on_closed,
    .on_message = on_message,
    .on_tick = on_tick,
    .deadline_us = deadline_us,
};
