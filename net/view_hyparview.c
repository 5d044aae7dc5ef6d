#include "net/view_hyparview.h"

#include <stdlib.h>

#include "net/view_message.h"
#include "net/view_pick.h"

#define NEVER UINT64_MAX
enum {
    SECOND_US = 1000000,
    DIAL_US = 12 * SECOND_US,
    ASK_US = 5 * SECOND_US,
    CONTACT_US = 2 * SECOND_US, /* a link of ours that has served */
    IDLE_US = 60 * SECOND_US,
    RETRY_US = SECOND_US / 10,
    TRIED_US = FC_HYPARVIEW_STEP_US, /* who said no is not asked again before the next step */
    SHUFFLED = FC_HYPARVIEW_KA + FC_HYPARVIEW_KP,
};
_Static_assert(SHUFFLED < (int)FC_VIEW_KEYS_MAX, "a shuffle and who began it fit a list");
_Static_assert(FC_HYPARVIEW_ARWL <= (int)FC_VIEW_WALK_MAX, "a walk fits its field");

enum state { DIALLING, CONTACT, ASKED, ACTIVE, LOST };
enum purpose { FILL, JOIN, FORWARDED, ANSWER };
struct answer { /* to a shuffle */
    uint32_t count;
    struct fc_key keys[SHUFFLED + 1];
};
struct place {
    struct fc_key key;
    enum state state; /* LOST: the link is gone, and this node has not found it out */
    enum purpose purpose;
    uint64_t due_us;
    struct answer *answer; /* to be sent once the link is open; or NULL */
};
struct keys {
    uint32_t count;
    struct fc_key list[FC_HYPARVIEW_PASSIVE];
};
struct fc_view {
    /* First what is looked at with all news, of which there is much. */
    uint64_t now_us, step_at_us, fill_at_us;
    uint64_t due_us; /* the earliest of the places */
    uint32_t lost_count;
    struct place *places;
    uint32_t count, cap;
    struct fc_view_host host;
    struct keys passive, sent; /* sent: with the last shuffle */
    struct fc_view_notes tried;
};

static enum fc_err create(const struct fc_view_host *host, struct fc_view **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return FC_E_NOMEM;
    (*out)->host = *host;
    (*out)->due_us = NEVER;
    (*out)->step_at_us = host->random(host->ctx, FC_HYPARVIEW_STEP_US);
    return FC_OK;
}

static void destroy(struct fc_view *view)
{
    fc_view_notes_finish(&view->tried);
    for (uint32_t i = 0; i < view->count; i++)
        free(view->places[i].answer);
    free(view->places);
    free(view);
}

/* -- places ----------------------------------------------------------------------------------- */

static struct place *find(struct fc_view *view, const struct fc_key *key)
{
    for (uint32_t i = 0; i < view->count; i++)
        if (fc_key_eq(&view->places[i].key, key))
            return &view->places[i];
    return NULL;
}

static uint64_t earliest_us(const struct fc_view *view)
{
    uint64_t at_us = NEVER;
    for (uint32_t i = 0; i < view->count; i++)
        if (view->places[i].due_us < at_us)
            at_us = view->places[i].due_us;
    return at_us;
}

static void turn(struct fc_view *view, struct place *place, enum state state, uint64_t due_us)
{
    view->lost_count += (uint32_t)(state == LOST) - (uint32_t)(place->state == LOST);
    place->state = state;
    place->due_us = due_us;
    view->due_us = earliest_us(view);
}

static struct place *add(struct fc_view *view, const struct fc_key *key)
{
    if (view->count == view->cap) {
        uint32_t cap = view->cap ? 2 * view->cap : 8;
        struct place *list = realloc(view->places, cap * sizeof *list);
        if (!list)
            return NULL;
        view->places = list;
        view->cap = cap;
    }
    struct place *place = &view->places[view->count++];
    *place = (struct place){.key = *key};
    turn(view, place, CONTACT, view->now_us + IDLE_US);
    return place;
}

/* Drops the link, or the dial, with the place; `place` is another one's then. */
static void leave(struct fc_view *view, struct place *place)
{
    struct fc_key key = place->key;
    view->lost_count -= place->state == LOST;
    free(place->answer);
    *place = view->places[--view->count];
    view->due_us = earliest_us(view);
    view->host.drop(view->host.ctx, &key);
}

static bool is_active(const struct place *place)
{
    return place->state == ACTIVE || place->state == LOST;
}

static uint32_t active_count(const struct fc_view *view)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < view->count; i++)
        count += is_active(&view->places[i]);
    return count;
}

static void send(struct fc_view *view, const struct fc_key *key,
                 const struct fc_view_message *message)
{
    struct fc_buf bytes = {0};
    fc_view_encode(message, &bytes);
    if (!bytes.failed)
        view->host.send(view->host.ctx, key, fc_buf_span(&bytes));
    fc_buf_finish(&bytes);
}

/* -- the passive view ------------------------------------------------------------------------- */

static uint32_t place_of(const struct keys *keys, const struct fc_key *key)
{
    uint32_t at = 0;
    while (at < keys->count && !fc_key_eq(&keys->list[at], key))
        at++;
    return at;
}

static void take_out(struct keys *keys, const struct fc_key *key)
{
    uint32_t at = place_of(keys, key);
    if (at < keys->count)
        keys->list[at] = keys->list[--keys->count];
}

/* Where it is full, one of those sent away in the shuffle goes first, else any. */
static void add_passive(struct fc_view *view, const struct fc_key *key, struct keys *sent)
{
    const struct place *place = find(view, key);
    struct keys *passive = &view->passive;
    if (fc_key_eq(key, &view->host.self) || (place && is_active(place)) ||
        place_of(passive, key) < passive->count)
        return;
    while (sent && sent->count != 0 && passive->count == FC_HYPARVIEW_PASSIVE)
        take_out(passive, &sent->list[--sent->count]);
    if (passive->count == FC_HYPARVIEW_PASSIVE)
        take_out(passive, &passive->list[view->host.random(view->host.ctx, FC_HYPARVIEW_PASSIVE)]);
    passive->list[passive->count++] = *key;
}

/* Appends up to `max` of `from`, chosen at random, but `except`. */
static uint32_t sample(struct fc_view *view, struct keys from, const struct fc_key *except,
                       uint32_t max, struct fc_key *out)
{
    uint32_t count = 0;
    take_out(&from, except);
    while (count < max && from.count != 0) {
        out[count] = from.list[view->host.random(view->host.ctx, from.count)];
        take_out(&from, &out[count++]);
    }
    return count;
}

static struct keys active_keys(const struct fc_view *view)
{
    struct keys keys = {0};
    for (uint32_t i = 0; i < view->count && keys.count < FC_HYPARVIEW_PASSIVE; i++)
        if (is_active(&view->places[i]))
            keys.list[keys.count++] = view->places[i].key;
    return keys;
}

/* -- failures --------------------------------------------------------------------------------- */

static void fill_soon(struct fc_view *view)
{
    uint64_t at_us = view->now_us + view->host.random(view->host.ctx, RETRY_US);
    if (at_us < view->fill_at_us)
        view->fill_at_us = at_us;
}

static void found_out(struct fc_view *view, struct place *place)
{
    leave(view, place);
    fill_soon(view);
}

static void find_all_lost(struct fc_view *view)
{
    for (uint32_t i = view->count; i-- > 0 && view->lost_count != 0;)
        if (view->places[i].state == LOST)
            found_out(view, &view->places[i]);
}

/* A random neighbour to send to, neither `a` nor `b`; those found gone on the way are let go. */
static bool pick_active(struct fc_view *view, const struct fc_key *a, const struct fc_key *b,
                        struct fc_key *out)
{
    for (;;) {
        struct keys keys = active_keys(view);
        take_out(&keys, a);
        take_out(&keys, b);
        if (keys.count == 0)
            return false;
        *out = keys.list[view->host.random(view->host.ctx, keys.count)];
        struct place *place = find(view, out);
        if (place->state == ACTIVE)
            return true;
        found_out(view, place);
    }
}

/* -- the active view -------------------------------------------------------------------------- */

static void drop_random(struct fc_view *view)
{
    const struct fc_view_message message = {.kind = FC_VIEW_DISCONNECT};
    struct keys keys = active_keys(view);
    struct fc_key key = keys.list[view->host.random(view->host.ctx, keys.count)];
    send(view, &key, &message); /* nothing, where it is lost */
    bool was_lost = find(view, &key)->state == LOST;
    leave(view, find(view, &key));
    if (!was_lost)
        add_passive(view, &key, NULL);
}

static void add_active(struct fc_view *view, const struct fc_key *key)
{
    struct place *place = find(view, key);
    if (!place || place->state == ACTIVE) /* sending may have closed it */
        return;
    while (active_count(view) >= view->host.active_max)
        drop_random(view);
    turn(view, find(view, key), ACTIVE, NEVER);
    take_out(&view->passive, key);
    view->host.activate(view->host.ctx, key, true);
}

static void keep_answer(struct place *place, const struct keys *keys)
{
    if (!place->answer && !(place->answer = malloc(sizeof *place->answer)))
        return; /* an empty one is sent */
    place->answer->count = keys->count;
    for (uint32_t i = 0; i < keys->count; i++)
        place->answer->keys[i] = keys->list[i];
}

static void take_answer(struct place *place, struct fc_view_message *message)
{
    message->kind = FC_VIEW_SHUFFLE_REPLY;
    message->count = place->answer ? place->answer->count : 0;
    for (uint32_t i = 0; i < message->count; i++)
        message->keys[i] = place->answer->keys[i];
    free(place->answer);
    place->answer = NULL;
}

static void on_open_for(struct fc_view *view, struct place *place)
{
    struct fc_view_message message = {.kind = FC_VIEW_NEIGHBOR};
    turn(view, place, ASKED, view->now_us + ASK_US);
    switch (place->purpose) {
    case JOIN:
        message.kind = FC_VIEW_JOIN;
        break;
    case FILL:
        message.priority = active_count(view) == 0 ? FC_VIEW_HIGH : FC_VIEW_LOW;
        break;
    case FORWARDED:
        message.priority = FC_VIEW_HIGH;
        break;
    case ANSWER:
        take_answer(place, &message);
        turn(view, place, CONTACT, view->now_us + CONTACT_US);
        break;
    }
    struct fc_key key = place->key;
    send(view, &key, &message);
}

static bool can_dial(struct fc_view *view, const struct fc_key *key)
{
    struct fc_view_node node;
    for (uint32_t i = 0; i < view->host.bootstrap_count; i++)
        if (fc_key_eq(&view->host.bootstrap[i].key, key))
            return true;
    return view->host.find_node(view->host.ctx, key, &node) && node.can_dial;
}

/* Begins a link for a purpose, or uses the one that is there. NULL: it cannot. */
static struct place *reach(struct fc_view *view, const struct fc_key *key, enum purpose purpose)
{
    struct place *place = find(view, key);
    bool is_open = place && (place->state == CONTACT || place->state == ACTIVE);
    if ((place && !is_open) || (!place && !can_dial(view, key)))
        return NULL;
    if (!place)
        place = add(view, key);
    if (!place)
        return NULL;
    place->purpose = purpose;
    if (is_open)
        return place;
    turn(view, place, DIALLING, view->now_us + DIAL_US);
    view->host.dial(view->host.ctx, key);
    return place;
}

static void reach_to_ask(struct fc_view *view, const struct fc_key *key, enum purpose purpose)
{
    struct place *place = reach(view, key, purpose);
    if (place && place->state == CONTACT)
        on_open_for(view, place);
}

/* Where nobody is known any more, or yet: through a bootstrap peer. */
static void join(struct fc_view *view)
{
    uint32_t count = view->host.bootstrap_count;
    if (count == 0)
        return;
    const struct fc_key *key = &view->host.bootstrap[view->host.random(view->host.ctx, count)].key;
    if (!fc_key_eq(key, &view->host.self))
        reach_to_ask(view, key, JOIN);
}

/* One candidate of the passive view at a time, until the active view is full. */
static void fill(struct fc_view *view)
{
    view->fill_at_us = NEVER;
    if (active_count(view) >= view->host.active_max)
        return;
    for (uint32_t i = 0; i < view->count; i++)
        if ((view->places[i].state == DIALLING || view->places[i].state == ASKED) &&
            view->places[i].purpose != ANSWER)
            return; /* its end brings the next */
    struct keys left = view->passive;
    while (left.count != 0) {
        struct fc_key key = left.list[view->host.random(view->host.ctx, left.count)];
        take_out(&left, &key);
        if (fc_view_noted(&view->tried, &key, view->now_us))
            continue;
        if (!can_dial(view, &key)) {
            take_out(&view->passive, &key);
            continue;
        }
        fc_view_note(&view->tried, &key, view->now_us + TRIED_US);
        reach_to_ask(view, &key, FILL);
        return;
    }
    if (active_count(view) == 0)
        join(view);
}

/* -- messages --------------------------------------------------------------------------------- */

static void on_join(struct fc_view *view, const struct fc_key *key)
{
    const struct fc_view_message reply = {.kind = FC_VIEW_REPLY, .accepted = true};
    struct fc_view_message walk = {
        .kind = FC_VIEW_FORWARD_JOIN, .node = *key, .walk = FC_HYPARVIEW_ARWL};
    add_active(view, key);
    send(view, key, &reply);
    struct keys keys = active_keys(view);
    for (uint32_t i = 0; i < keys.count; i++) {
        struct place *place = find(view, &keys.list[i]);
        if (place && place->state == LOST)
            found_out(view, place);
        else if (!fc_key_eq(&keys.list[i], key))
            send(view, &keys.list[i], &walk);
    }
}

static void on_forward_join(struct fc_view *view, const struct fc_key *from,
                            struct fc_view_message *message)
{
    struct fc_key next;
    const struct place *place = find(view, &message->node);
    if (fc_key_eq(&message->node, &view->host.self))
        return;
    if (message->walk == FC_HYPARVIEW_PRWL)
        add_passive(view, &message->node, NULL);
    if (message->walk == 0 || active_count(view) <= 1 ||
        !pick_active(view, from, &message->node, &next)) {
        if (!place || place->state == CONTACT)
            reach_to_ask(view, &message->node, FORWARDED);
        return;
    }
    message->walk--;
    send(view, &next, message);
}

static void on_neighbor(struct fc_view *view, const struct fc_key *key,
                        enum fc_view_priority priority)
{
    if (active_count(view) >= view->host.active_max)
        find_all_lost(view); /* a place that is asked for is looked at */
    if (!find(view, key))
        return;
    bool room = active_count(view) < view->host.active_max;
    struct fc_view_message reply = {.kind = FC_VIEW_REPLY,
                                    .accepted = room || priority == FC_VIEW_HIGH ||
                                                is_active(find(view, key))};
    send(view, key, &reply);
    if (reply.accepted)
        add_active(view, key);
}

static void on_reply(struct fc_view *view, const struct fc_key *key, bool accepted)
{
    struct place *place = find(view, key);
    if (place->state == ACTIVE) /* both asked */
        return;
    if (place->state == ASKED && accepted) {
        add_active(view, key);
    } else if (place->state == ASKED) {
        turn(view, place, CONTACT, view->now_us + CONTACT_US);
    } else if (accepted) { /* it took too long */
        const struct fc_view_message message = {.kind = FC_VIEW_DISCONNECT};
        send(view, key, &message);
        place = find(view, key); /* sending may close */
        if (place)
            leave(view, place);
    }
    fill_soon(view);
}

static void on_disconnect(struct fc_view *view, const struct fc_key *key)
{
    leave(view, find(view, key));
    add_passive(view, key, NULL);
    fc_view_note(&view->tried, key, view->now_us + TRIED_US);
    fill_soon(view);
}

static void integrate(struct fc_view *view, const struct fc_view_message *message,
                      struct keys *sent)
{
    for (uint32_t i = 0; i < message->count; i++)
        add_passive(view, &message->keys[i], sent);
}

static void shuffle(struct fc_view *view)
{
    struct fc_view_message message = {
        .kind = FC_VIEW_SHUFFLE, .node = view->host.self, .walk = FC_HYPARVIEW_ARWL};
    struct fc_key to;
    if (!pick_active(view, &view->host.self, &view->host.self, &to))
        return;
    message.count = sample(view, active_keys(view), &to, FC_HYPARVIEW_KA, message.keys);
    message.count +=
        sample(view, view->passive, &to, FC_HYPARVIEW_KP, message.keys + message.count);
    view->sent.count = 0;
    for (uint32_t i = 0; i < message.count; i++)
        view->sent.list[view->sent.count++] = message.keys[i];
    send(view, &to, &message);
}

/* The answer goes to whoever began it, over a link of its own. */
static void answer(struct fc_view *view, struct fc_view_message *message)
{
    struct keys sent = {0};
    uint32_t count = message->count + 1 < SHUFFLED + 1 ? message->count + 1 : SHUFFLED + 1;
    sent.count = sample(view, view->passive, &message->node, count, sent.list);
    struct place *place = reach(view, &message->node, ANSWER);
    if (place)
        keep_answer(place, &sent);
    if (place && place->state == ACTIVE) {
        struct fc_view_message reply = {0};
        take_answer(place, &reply);
        send(view, &message->node, &reply);
    } else if (place && place->state == CONTACT) {
        on_open_for(view, place);
    }
    integrate(view, message, &sent);
    add_passive(view, &message->node, &sent);
}

static void on_shuffle(struct fc_view *view, const struct fc_key *from,
                       struct fc_view_message *message)
{
    struct fc_key next;
    if (fc_key_eq(&message->node, &view->host.self))
        return;
    message->walk -= message->walk != 0;
    if (message->walk != 0 && active_count(view) > 1 &&
        pick_active(view, from, &message->node, &next))
        send(view, &next, message);
    else
        answer(view, message);
}

static void on_message(struct fc_view *view, const struct fc_key *key, struct fc_span bytes,
                       uint64_t now_us)
{
    struct fc_view_message message;
    view->now_us = now_us;
    if (!find(view, key) && !add(view, key))
        return;
    enum fc_err err = fc_view_decode(bytes, &message);
    if (err != FC_OK) {
        view->host.punish(view->host.ctx, key, fc_err_text(err));
        return;
    }
    switch (message.kind) {
    case FC_VIEW_NEIGHBOR:
        on_neighbor(view, key, message.priority);
        break;
    case FC_VIEW_REPLY:
        on_reply(view, key, message.accepted);
        break;
    case FC_VIEW_DISCONNECT:
        on_disconnect(view, key);
        break;
    case FC_VIEW_JOIN:
        on_join(view, key);
        break;
    case FC_VIEW_FORWARD_JOIN:
        on_forward_join(view, key, &message);
        break;
    case FC_VIEW_SHUFFLE:
        on_shuffle(view, key, &message);
        break;
    case FC_VIEW_SHUFFLE_REPLY:
        integrate(view, &message, &view->sent);
        break;
    }
}

/* -- links ------------------------------------------------------------------------------------ */

static void on_membership(struct fc_view *view, uint64_t now_us)
{
    view->now_us = now_us; /* who may be dialled is looked up when it matters */
}

static void on_open(struct fc_view *view, const struct fc_key *key, bool inbound, uint64_t now_us)
{
    (void)inbound;
    view->now_us = now_us;
    struct place *place = find(view, key);
    if (place && place->state == LOST) { /* it is back unnoticed, and knows nothing */
        turn(view, place, CONTACT, now_us + IDLE_US);
        fill_soon(view);
    } else if (place && place->state == DIALLING) {
        on_open_for(view, place);
    } else if (!place) {
        add(view, key);
    }
}

static void on_closed(struct fc_view *view, const struct fc_key *key, uint64_t now_us)
{
    view->now_us = now_us;
    struct place *place = find(view, key);
    if (!place)
        return;
    if (place->state == ACTIVE) {
        turn(view, place, LOST, NEVER);
        view->host.drop(view->host.ctx, key);
    } else {
        leave(view, place);
        fill_soon(view);
    }
}

static void on_unreachable(struct fc_view *view, const struct fc_key *key, uint64_t now_us)
{
    view->now_us = now_us;
    struct place *place = find(view, key);
    if (!place || place->state != DIALLING)
        return;
    leave(view, place);
    take_out(&view->passive, key);
    fill_soon(view);
}

static void on_news(struct fc_view *view, uint64_t now_us)
{
    view->now_us = now_us;
    find_all_lost(view);
}

static void step(struct fc_view *view)
{
    view->step_at_us = view->now_us + FC_HYPARVIEW_STEP_US - FC_HYPARVIEW_STEP_US / 4 +
                       view->host.random(view->host.ctx, FC_HYPARVIEW_STEP_US / 2);
    find_all_lost(view);
    fill_soon(view);
    shuffle(view);
}

static void on_tick(struct fc_view *view, uint64_t now_us)
{
    view->now_us = now_us;
    for (uint32_t i = view->count; i-- > 0;) {
        if (i >= view->count)
            continue;
        struct place due = view->places[i];
        if (due.due_us > now_us)
            continue;
        leave(view, &view->places[i]);
        if (due.state == DIALLING)
            take_out(&view->passive, &due.key);
        fill_soon(view);
    }
    if (view->step_at_us <= now_us)
        step(view);
    if (view->fill_at_us <= now_us)
        fill(view);
}

static uint64_t deadline_us(const struct fc_view *view)
{
    uint64_t at_us = view->step_at_us < view->fill_at_us ? view->step_at_us : view->fill_at_us;
    return at_us < view->due_us ? at_us : view->due_us;
}

void fc_view_hyparview_hold(struct fc_view *view)
{
    view->step_at_us = NEVER;
}

const struct fc_view_ops fc_view_hyparview = {
    .name = "hyparview",
    .active_default = FC_HYPARVIEW_ACTIVE,
    .create = create,
    .destroy = destroy,
    .on_membership = on_membership,
    .on_open = on_open,
    .on_closed = on_closed,
    .on_unreachable = on_unreachable,
    .on_message = on_message,
    .on_news = on_news,
    .on_tick = on_tick,
    .deadline_us = deadline_us,
};
