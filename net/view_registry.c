#include "net/view_registry.h"

#include <assert.h>
#include <stdlib.h>

#include "net/view_message.h"
#include "net/view_pick.h"

#define NEVER UINT64_MAX
enum {
    SECOND_US = 1000000,
    DIAL_US = 12 * SECOND_US,    /* until a link is open */
    ASK_US = 5 * SECOND_US,      /* until a NEIGHBOR is answered */
    CONTACT_US = 15 * SECOND_US, /* a link that was not to last; its pings have told by then */
    IDLE_US = 60 * SECOND_US,    /* one that another node opened and makes nothing of */
    CROWD = 64,                  /* so many places, and idle links must go sooner */
    CROWD_US = 5 * SECOND_US,
    AUDIT_US = 30 * SECOND_US,
    AUDIT_MISSED_US = 10 * SECOND_US, /* while some nodes are missed */
    SWAP_EVERY = 16,                  /* audits that end in another neighbour, one in so many */
    SWAP_NODES = 32, /* and fewer with the number of nodes: all together keep the rate */
    SEEK_MIN_US = SECOND_US / 10,
    SEEK_DOUBLINGS_MAX = 6,
    SEEK_REJECTED_MAX = 3, /* in a row; then it asks to be let in between others */
    ASKS_MAX = 2,          /* under way to fill the view */
    AVOID_US = 5 * SECOND_US,
    MISSED_US = 1800 * SECOND_US,
    EVICTIONS = 2, /* for others, in EVICTION_US */
    EVICTION_US = 20 * SECOND_US,
    FAVOUR_US = 120 * SECOND_US, /* nobody is made room for twice within it */
    LEAVE_US = 3 * SECOND_US, /* a link that is given up stays so long, for trees to move off it */
};

enum state { DIALLING, CONTACT, ASKED, ACTIVE, LEAVING };
enum purpose { SEEK, AUDIT, SWAP, NEAR };
struct place {
    struct fc_key key;
    enum state state;
    enum purpose purpose;
    bool ours;      /* this node chose it */
    bool near;      /* for its round trip; all others count as random */
    bool dial_only; /* has no endpoint: beyond the bound, in the reserve */
    uint64_t due_us;
};
struct fc_view {
    struct fc_view_host host;
    struct place *places; /* links, at most FC_LINKS_MAX, and dials of ours under way */
    uint32_t count, cap;
    uint64_t now_us, seek_at_us, audit_at_us;
    uint32_t rejected; /* in a row */
    bool starved;      /* nobody was left to ask */
    struct fc_view_notes avoided, missed, favoured;
    uint64_t evicted_us[EVICTIONS]; /* from when on the next may be */
};

static enum fc_err create(const struct fc_view_host *host, struct fc_view **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return FC_E_NOMEM;
    (*out)->host = *host;
    (*out)->seek_at_us = 0;
    (*out)->audit_at_us = host->random(host->ctx, AUDIT_US);
    return FC_OK;
}

static void destroy(struct fc_view *view)
{
    fc_view_notes_finish(&view->avoided);
    fc_view_notes_finish(&view->missed);
    fc_view_notes_finish(&view->favoured);
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

/* NULL when out of memory: the link then closes unused when its other end sees fit. */
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
    uint64_t idle_us = view->count > CROWD ? CROWD_US : IDLE_US;
    *place = (struct place){.key = *key, .state = CONTACT, .due_us = view->now_us + idle_us};
    return place;
}

/* Drops the link, or the dial, with the place; `place` is another one's then. */
static void leave(struct fc_view *view, struct place *place)
{
    struct fc_key key = place->key;
    *place = view->places[--view->count];
    view->host.drop(view->host.ctx, &key);
}

static uint32_t near_max(const struct fc_view *view)
{
    return view->host.active_max * 2 / 5;
}

/* Below this it looks for more; up to the bound it takes who asks. The one between leaves room for
 * newcomers, and keeps a full overlay from asking around for ever. */
static uint32_t active_low(const struct fc_view *view)
{
    return view->host.active_max > 1 ? view->host.active_max - 1 : 1;
}

static uint32_t degree(const struct fc_view *view, bool dial_only)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < view->count; i++)
        count += view->places[i].state == ACTIVE && view->places[i].dial_only == dial_only;
    return count;
}

static uint32_t near_count(const struct fc_view *view)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < view->count; i++)
        count += view->places[i].state == ACTIVE && view->places[i].near;
    return count;
}

static bool is_dial_only(struct fc_view *view, const struct fc_key *key)
{
    struct fc_view_node node;
    return view->host.find_node(view->host.ctx, key, &node) && !node.can_dial;
}

static uint64_t jitter(struct fc_view *view, uint64_t value_us)
{
    return value_us - value_us / 4 + view->host.random(view->host.ctx, value_us / 2 + 1);
}

static void send(struct fc_view *view, const struct fc_key *key, struct fc_view_message message)
{
    struct fc_buf bytes = {0};
    fc_view_encode(&message, &bytes);
    if (!bytes.failed) /* else the other end's patience ends it */
        view->host.send(view->host.ctx, key, fc_buf_span(&bytes));
    fc_buf_finish(&bytes);
}

/* -- looking for neighbours ------------------------------------------------------------------- */

static void seek_later(struct fc_view *view)
{
    uint32_t doublings = view->rejected < SEEK_DOUBLINGS_MAX ? view->rejected : SEEK_DOUBLINGS_MAX;
    uint64_t at_us = view->now_us + jitter(view, (uint64_t)SEEK_MIN_US << doublings);
    if (degree(view, false) < active_low(view) && at_us < view->seek_at_us)
        view->seek_at_us = at_us;
}

static void failed(struct fc_view *view, enum purpose purpose)
{
    if (purpose == SEEK)
        view->rejected++;
    seek_later(view);
}

static void ask(struct fc_view *view, struct place *place)
{
    struct fc_view_message message = {.kind = FC_VIEW_NEIGHBOR};
    bool alone = degree(view, false) == 0;
    if (alone)
        message.priority = FC_VIEW_HIGH;
    else if (place->purpose == SWAP ||
             (place->purpose == SEEK && view->rejected >= SEEK_REJECTED_MAX))
        message.priority = FC_VIEW_SWAP;
    struct fc_key key = place->key;
    place->state = ASKED;
    place->ours = true;
    place->due_us = view->now_us + ASK_US;
    send(view, &key, message);
}

/* Links others opened and left idle are as good as any; all else that has a place is in use. */
static bool may_seek(void *ctx, const struct fc_key *key)
{
    struct fc_view *view = ctx;
    const struct place *place = find(view, key);
    return (!place || (place->state == CONTACT && !place->ours)) &&
           !fc_view_noted(&view->avoided, key, view->now_us);
}

static bool may_audit(void *ctx, const struct fc_key *key)
{
    return !find(ctx, key);
}

static bool start(struct fc_view *view, const struct fc_key *key, enum purpose purpose)
{
    struct place *place = find(view, key);
    bool is_open = place != NULL;
    if (!place)
        place = add(view, key);
    if (!place)
        return false;
    place->purpose = purpose;
    place->ours = true;
    if (is_open) {
        ask(view, place);
    } else {
        place->state = DIALLING;
        place->due_us = view->now_us + DIAL_US;
        view->host.dial(view->host.ctx, key);
    }
    return true;
}

static void seek(struct fc_view *view)
{
    struct fc_key key;
    uint32_t have = degree(view, false), asks = 0;
    view->seek_at_us = NEVER;
    view->starved = false;
    for (uint32_t i = 0; i < view->count; i++)
        asks += view->places[i].purpose == SEEK &&
                (view->places[i].state == ASKED || view->places[i].state == DIALLING);
    for (; have + asks < active_low(view) && asks < ASKS_MAX; asks++) {
        if (!fc_view_pick(&view->host, may_seek, view, &key) || !start(view, &key, SEEK)) {
            view->starved = true;
            view->rejected++;
            seek_later(view);
            return;
        }
    }
}

/* One random node that is no neighbour: both sides compare what they hold, which joins catalogues;
 * where it had been missed, or once in a while, it becomes a neighbour, which joins overlays. */
static void audit(struct fc_view *view)
{
    struct fc_key key;
    struct fc_view_node node;
    uint64_t nodes = view->host.node_count(view->host.ctx);
    uint64_t every = nodes > SWAP_NODES ? SWAP_EVERY * nodes / SWAP_NODES : SWAP_EVERY;
    enum purpose purpose = view->host.random(view->host.ctx, every) == 0 ? SWAP : AUDIT;
    uint32_t missed = view->missed.count;
    view->audit_at_us = view->now_us + jitter(view, missed ? AUDIT_MISSED_US : AUDIT_US);
    for (uint32_t i = 0; i < view->count; i++)
        if (view->places[i].purpose != SEEK && view->places[i].ours &&
            view->places[i].state < ACTIVE)
            return; /* one at a time */
    bool found = false;
    if (missed != 0 && view->host.random(view->host.ctx, 2) == 0) {
        key = view->missed.list[view->host.random(view->host.ctx, missed)].key;
        found =
            !find(view, &key) && view->host.find_node(view->host.ctx, &key, &node) && node.can_dial;
        if (!found)
            fc_view_unnote(&view->missed, &key);
    }
    if (found || fc_view_pick(&view->host, may_audit, view, &key))
        start(view, &key, purpose);
}

/* -- making room ------------------------------------------------------------------------------ */

/* The last link among those this node chose at random stays, whoever asks: it is the one that
 * nobody else had a say in. Without one, the last random link. */
static bool is_kept(const struct fc_view *view, const struct place *place,
                    const struct fc_key *except)
{
    uint32_t random = 0, chosen = 0;
    for (uint32_t i = 0; i < view->count; i++) {
        const struct place *other = &view->places[i];
        bool counts = other->state == ACTIVE && !other->near && !other->dial_only &&
                      !fc_key_eq(&other->key, except);
        random += counts;
        chosen += counts && other->ours;
    }
    if (place->near)
        return false;
    return chosen != 0 ? place->ours && chosen == 1 : random == 1;
}

static struct place *random_victim(struct fc_view *view, const struct fc_key *except)
{
    struct place *victim = NULL;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < view->count; i++) {
        struct place *place = &view->places[i];
        if (place->state != ACTIVE || place->dial_only || fc_key_eq(&place->key, except) ||
            is_kept(view, place, except))
            continue;
        if (view->host.random(view->host.ctx, ++seen) == 0)
            victim = place;
    }
    return victim;
}

static uint64_t round_trip_us(struct fc_view *view, const struct place *place)
{
    uint64_t measured_us = view->host.round_trip_us(view->host.ctx, &place->key);
    return measured_us ? measured_us : NEVER;
}

/* The slowest of the near links, or of the others; NULL: none may go. */
static struct place *slowest(struct fc_view *view, bool near, const struct fc_key *except)
{
    struct place *victim = NULL;
    for (uint32_t i = 0; i < view->count; i++) {
        struct place *place = &view->places[i];
        if (place->state != ACTIVE || place->dial_only || place->near != near ||
            fc_key_eq(&place->key, except) || (!near && is_kept(view, place, except)))
            continue;
        if (!victim || round_trip_us(view, place) > round_trip_us(view, victim))
            victim = place;
    }
    return victim;
}

/* Make before break: the link serves on for a while, and both ends move to others. */
static void retire(struct fc_view *view, struct place *place, uint64_t for_us)
{
    struct fc_key key = place->key;
    place->state = LEAVING;
    place->due_us = view->now_us + for_us;
    view->host.retire(view->host.ctx, &key);
}

static void disconnect(struct fc_view *view, struct place *place)
{
    struct fc_key key = place->key;
    bool was_active = place->state == ACTIVE;
    fc_view_note(&view->avoided, &key, view->now_us + AVOID_US);
    send(view, &key, (struct fc_view_message){.kind = FC_VIEW_DISCONNECT});
    place = find(view, &key); /* sending may close */
    if (place && was_active)
        retire(view, place, LEAVE_US);
    else if (place)
        leave(view, place);
}

/* A few evictions in a while, whoever asks for them, and no operator gets two places by one: a
 * storm of joins, or a neighbour that plays one, leaves most of a view as it is. */
static bool may_evict(struct fc_view *view, const struct fc_key *asker)
{
    struct fc_view_node node, other;
    uint32_t at = view->evicted_us[0] <= view->evicted_us[1] ? 0 : 1;
    if (view->evicted_us[at] > view->now_us ||
        fc_view_noted(&view->favoured, asker, view->now_us) ||
        !view->host.find_node(view->host.ctx, asker, &node))
        return false;
    for (uint32_t i = 0; i < view->count; i++)
        if (view->places[i].state == ACTIVE &&
            view->host.find_node(view->host.ctx, &view->places[i].key, &other) &&
            fc_hash_eq(&other.participant, &node.participant))
            return false;
    return true;
}

static bool make_room(struct fc_view *view, const struct fc_key *asker)
{
    struct place *victim = may_evict(view, asker) ? random_victim(view, asker) : NULL;
    if (!victim)
        return false;
    view->evicted_us[view->evicted_us[0] <= view->evicted_us[1] ? 0 : 1] =
        view->now_us + EVICTION_US;
    fc_view_note(&view->favoured, asker, view->now_us + FAVOUR_US);
    disconnect(view, victim);
    return true;
}

/* -- neighbours ------------------------------------------------------------------------------- */

static void activate(struct fc_view *view, struct place *place)
{
    place->state = ACTIVE;
    place->due_us = NEVER;
    struct fc_key key = place->key;
    fc_view_unnote(&view->missed, &key);
    view->host.activate(view->host.ctx, &key, true);
}

static void on_neighbor(struct fc_view *view, const struct fc_key *key,
                        const struct fc_view_message *message)
{
    struct place *place = find(view, key);
    place->dial_only = is_dial_only(view, key);
    bool accepted = place->state == ACTIVE;
    if (place->state == LEAVING)
        return; /* a moment ago it was a neighbour: its patience ends with the link */
    if (!accepted)
        accepted = degree(view, place->dial_only) < view->host.active_max;
    if (!accepted && !place->dial_only && message->priority != FC_VIEW_LOW)
        accepted = make_room(view, key);
    send(view, key, (struct fc_view_message){.kind = FC_VIEW_REPLY, .accepted = accepted});
    place = find(view, key); /* places move, and sending may close */
    if (accepted && place && place->state != ACTIVE) {
        place->near = false;
        place->ours = place->state == ASKED; /* both asked */
        activate(view, place);
    }
}

/* This node took one more than it has room for: another of its own choice goes. */
static void shed(struct fc_view *view, const struct fc_key *newcomer, enum purpose purpose)
{
    struct place *victim;
    if (purpose == NEAR)
        victim = slowest(view, near_count(view) > near_max(view), newcomer);
    else
        victim = random_victim(view, newcomer);
    if (!victim)
        victim = find(view, newcomer);
    if (victim)
        disconnect(view, victim);
}

static void on_accepted(struct fc_view *view, struct place *place)
{
    struct fc_key key = place->key;
    enum purpose purpose = place->purpose;
    bool full = degree(view, false) >= view->host.active_max;
    if (full && purpose == SEEK) { /* others came first */
        disconnect(view, place);
        return;
    }
    place->near = purpose == NEAR;
    view->rejected = 0;
    activate(view, place);
    if (full && find(view, &key))
        shed(view, &key, purpose);
    seek_later(view);
}

static void on_reply(struct fc_view *view, const struct fc_key *key, bool accepted)
{
    struct place *place = find(view, key);
    if (place->state == ACTIVE || place->state == LEAVING) /* both asked */
        return;
    if (place->state == CONTACT && accepted) {
        disconnect(view, place); /* it took too long */
    } else if (place->state == ASKED && accepted) {
        on_accepted(view, place);
    } else if (place->state == ASKED) {
        /* The link stays a while: a newcomer learns over it who else there is. */
        place->state = CONTACT;
        place->due_us = view->now_us + CONTACT_US;
        fc_view_note(&view->avoided, key, view->now_us + AVOID_US);
        failed(view, place->purpose);
        place->purpose = SEEK;
    }
}

static void on_disconnect(struct fc_view *view, const struct fc_key *key)
{
    struct place *place = find(view, key);
    fc_view_note(&view->avoided, key, view->now_us + AVOID_US);
    if (place->state == LEAVING)
        return; /* both gave it up */
    if (place->state == ACTIVE)
        retire(view, place, 2 * LEAVE_US); /* the other end closes it */
    else
        leave(view, place);
    view->seek_at_us = view->now_us;
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
        on_neighbor(view, key, &message);
        break;
    case FC_VIEW_REPLY:
        on_reply(view, key, message.accepted);
        break;
    case FC_VIEW_DISCONNECT:
        on_disconnect(view, key);
        break;
    case FC_VIEW_JOIN:
    case FC_VIEW_FORWARD_JOIN:
    case FC_VIEW_SHUFFLE:
    case FC_VIEW_SHUFFLE_REPLY:
        break; /* of another view: not for this one */
    }
}

/* -- links ------------------------------------------------------------------------------------ */

static void on_membership(struct fc_view *view, uint64_t now_us)
{
    view->now_us = now_us;
    for (uint32_t i = 0; i < view->count; i++)
        view->places[i].dial_only = is_dial_only(view, &view->places[i].key);
    if (view->starved) { /* there may be someone now */
        view->starved = false;
        view->rejected = 0;
        seek_later(view);
    }
}

static void on_open(struct fc_view *view, const struct fc_key *key, bool inbound, uint64_t now_us)
{
    (void)inbound;
    view->now_us = now_us;
    struct place *place = find(view, key);
    bool came_back = fc_view_unnote(&view->missed, key);
    if (!place) {
        add(view, key);
        return;
    }
    if (place->state != DIALLING)
        return;
    if (place->purpose == AUDIT && came_back)
        place->purpose = SWAP;
    else if (degree(view, false) < active_low(view))
        place->purpose = SEEK;
    place->state = CONTACT;
    place->due_us = view->now_us + CONTACT_US;
    if (place->purpose != AUDIT)
        ask(view, place);
}

static void miss(struct fc_view *view, const struct fc_key *key)
{
    fc_view_note(&view->avoided, key, view->now_us + AVOID_US);
    fc_view_note(&view->missed, key, view->now_us + MISSED_US);
}

static void on_closed(struct fc_view *view, const struct fc_key *key, uint64_t now_us)
{
    view->now_us = now_us;
    struct place *place = find(view, key);
    if (!place)
        return;
    struct place lost = *place;
    leave(view, place);
    if (lost.state == ACTIVE) {
        miss(view, key);
        view->seek_at_us = now_us;
    } else if (lost.state != LEAVING && lost.ours) {
        fc_view_note(&view->avoided, key, now_us + AVOID_US);
        failed(view, lost.purpose);
    }
}

static void on_unreachable(struct fc_view *view, const struct fc_key *key, uint64_t now_us)
{
    view->now_us = now_us;
    struct place *place = find(view, key);
    if (!place || place->state != DIALLING)
        return;
    enum purpose purpose = place->purpose;
    leave(view, place);
    miss(view, key);
    failed(view, purpose);
}

/* Worth a place among the near: clearly quicker than what would go for it. */
static bool is_nearer(struct fc_view *view, const struct place *place)
{
    uint64_t own_us = round_trip_us(view, place);
    bool full = near_count(view) >= near_max(view);
    struct place *other = slowest(view, full, &place->key);
    return near_max(view) != 0 && own_us != NEVER && other &&
           own_us < round_trip_us(view, other) / 4 * 3;
}

static void run_due(struct fc_view *view, struct place *place)
{
    struct place due = *place;
    if (due.state == CONTACT && due.ours && due.purpose == AUDIT && is_nearer(view, place)) {
        place->purpose = NEAR;
        ask(view, place);
        return;
    }
    leave(view, place);
    if (due.state == DIALLING)
        miss(view, &due.key);
    else if (due.state == ASKED)
        fc_view_note(&view->avoided, &due.key, view->now_us + AVOID_US);
    if (due.state != CONTACT && due.state != LEAVING)
        failed(view, due.purpose);
}

static void on_tick(struct fc_view *view, uint64_t now_us)
{
    view->now_us = now_us;
    /* Who leaves is replaced by one seen already; sending may close one more. */
    for (uint32_t i = view->count; i-- > 0;)
        if (i < view->count && view->places[i].due_us <= now_us)
            run_due(view, &view->places[i]);
    if (view->seek_at_us <= now_us)
        seek(view);
    if (view->audit_at_us <= now_us)
        audit(view);
}

static uint64_t deadline_us(const struct fc_view *view)
{
    uint64_t at_us = view->seek_at_us < view->audit_at_us ? view->seek_at_us : view->audit_at_us;
    for (uint32_t i = 0; i < view->count; i++)
        if (view->places[i].due_us < at_us)
            at_us = view->places[i].due_us;
    return at_us;
}

const struct fc_view_ops fc_view_registry = {
    .name = "registry",
    .active_default = FC_REGISTRY_ACTIVE,
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
