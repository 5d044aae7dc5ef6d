#include <stdlib.h>
#include <string.h>

#include "net/view.h"

/* Of a pair the node with the lower key dials at once; the other only when that has not led to a
 * link, since it may be the one that can be reached or the one that cannot. */
enum {
    OTHER_DIALS_US = 2000000,
    FAILURES_MAX = 3, /* in a row; then another node gets the place, if there is one */
};

struct place {
    struct fc_key key;
    bool wanted; /* has an endpoint: one of those to keep a link with */
    bool dialled, open, seen;
    uint32_t failures;
    uint64_t due_us;
};
struct fc_view {
    struct fc_view_host host;
    struct place *places;
    uint32_t count, cap;
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
    free(view->places);
    free(view);
}

static struct place *find(struct fc_view *view, const struct fc_key *key)
{
    for (uint32_t i = 0; i < view->count; i++)
        if (fc_key_eq(&view->places[i].key, key))
            return &view->places[i];
    return NULL;
}

/* NULL when out of memory: the peer is then left out, which harms nothing but reach. */
static struct place *get(struct fc_view *view, const struct fc_key *key)
{
    struct place *place = find(view, key);
    if (place)
        return place;
    if (view->count == view->cap) {
        uint32_t cap = view->cap ? 2 * view->cap : 8;
        struct place *list = realloc(view->places, cap * sizeof *list);
        if (!list)
            return NULL;
        view->places = list;
        view->cap = cap;
    }
    place = &view->places[view->count++];
    *place = (struct place){.key = *key, .due_us = UINT64_MAX};
    return place;
}

static uint32_t taken(const struct fc_view *view)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < view->count; i++)
        count += view->places[i].wanted || view->places[i].open;
    return count;
}

static bool is_reachable(const struct fc_view *view)
{
    struct fc_view_node self;
    return view->host.find_node(view->host.ctx, &view->host.self, &self) && self.can_dial;
}

static void want(struct fc_view *view, const struct fc_key *key, bool at_once, uint64_t now_us)
{
    struct place *place = find(view, key);
    if (!place && taken(view) >= view->host.active_max)
        return;
    place = place ? place : get(view, key);
    if (!place)
        return;
    place->seen = true;
    if (place->wanted || (!place->open && taken(view) >= view->host.active_max))
        return;
    place->wanted = true;
    if (!place->open)
        place->due_us = at_once ? now_us : now_us + OTHER_DIALS_US;
}

static void forget_gone(struct fc_view *view)
{
    for (uint32_t i = view->count; i-- > 0;) {
        struct place place = view->places[i];
        if (place.seen || (!place.wanted && place.open))
            continue;
        view->places[i] = view->places[--view->count];
        if (place.wanted)
            view->host.drop(view->host.ctx, &place.key);
    }
}

static void on_membership(struct fc_view *view, uint64_t now_us)
{
    size_t count = view->host.node_count(view->host.ctx);
    size_t start = (size_t)view->host.random(view->host.ctx, count);
    bool reachable = is_reachable(view);
    for (uint32_t i = 0; i < view->count; i++)
        view->places[i].seen = false;
    for (uint32_t i = 0; i < view->host.bootstrap_count; i++)
        if (!fc_key_eq(&view->host.bootstrap[i].key, &view->host.self))
            want(view, &view->host.bootstrap[i].key, true, now_us);
    for (size_t i = 0; i < count; i++) {
        struct fc_view_node node;
        view->host.node_at(view->host.ctx, (start + i) % count, &node);
        if (!node.can_dial || fc_key_eq(&node.key, &view->host.self))
            continue;
        bool lower = fc_key_cmp(&view->host.self, &node.key) < 0;
        want(view, &node.key, lower || !reachable, now_us);
    }
    forget_gone(view);
}

static void on_open(struct fc_view *view, const struct fc_key *key, bool inbound, uint64_t now_us)
{
    (void)inbound, (void)now_us;
    struct place *place = get(view, key);
    view->host.activate(view->host.ctx, key, true);
    if (!place)
        return;
    place->open = true;
    place->failures = 0;
    place->due_us = UINT64_MAX;
}

static void on_closed(struct fc_view *view, const struct fc_key *key, uint64_t now_us)
{
    struct place *place = find(view, key);
    if (!place)
        return;
    place->open = false;
    if (!place->wanted)
        *place = view->places[--view->count];
    else if (!place->dialled) /* once dialled, the core sees to it again and again */
        place->due_us = now_us + OTHER_DIALS_US;
}

static void on_unreachable(struct fc_view *view, const struct fc_key *key, uint64_t now_us)
{
    struct place *place = find(view, key);
    if (!place || !place->wanted || ++place->failures < FAILURES_MAX ||
        view->host.node_count(view->host.ctx) <= view->count + 1)
        return;
    *place = view->places[--view->count];
    view->host.drop(view->host.ctx, key);
    on_membership(view, now_us);
}

static void on_message(struct fc_view *view, const struct fc_key *key, struct fc_span bytes,
                       uint64_t now_us)
{
    (void)view, (void)key, (void)bytes, (void)now_us; /* this view has nothing to say */
}

static void on_tick(struct fc_view *view, uint64_t now_us)
{
    for (uint32_t i = 0; i < view->count; i++) {
        struct place *place = &view->places[i];
        if (place->due_us > now_us)
            continue;
        place->due_us = UINT64_MAX;
        place->dialled = true;
        view->host.dial(view->host.ctx, &place->key);
    }
}

static uint64_t deadline_us(const struct fc_view *view)
{
    uint64_t deadline = UINT64_MAX;
    for (uint32_t i = 0; i < view->count; i++)
        if (view->places[i].due_us < deadline)
            deadline = view->places[i].due_us;
    return deadline;
}

const struct fc_view_ops fc_view_all = {
    .name = "all",
    .active_default = FC_PEERS_ACTIVE_MAX,
    .create = create,
    .destroy = destroy,
    .on_membership = on_membership,
    .on_open = on_open,
    .on_closed = on_closed,
    .on_unreachable = on_unreachable,
    .on_message = on_message,
    .on_tick = on_tick,
    .deadline_us = deadline_us,
};
