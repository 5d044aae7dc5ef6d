#include "net/spread_plumtree_priv.h"

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* -- what is missing -------------------------------------------------------------------------- */

/* As long as a push may take over so many hops as measured here, or twice as long as the last one
 * took from its source to here. */
static uint64_t patience_us(struct fc_spread *spread, uint64_t id)
{
    struct fc_spread_item item = {id, 1};
    const struct fc_group *group =
        fc_groups_find(&spread->groups, fc_tree_group_of(spread, &item), spread->now_us);
    uint64_t wait_us = FC_PLUMTREE_GRAFT_HOPS * fc_tree_hop_us(spread);
    if (group && group->far != FC_SPREAD_FAR_UNKNOWN &&
        wait_us < 2 * (uint64_t)group->far * FC_SPREAD_FAR_US)
        wait_us = 2 * (uint64_t)group->far * FC_SPREAD_FAR_US;
    if (wait_us < FC_TREE_GRAFT_MIN_US)
        wait_us = FC_TREE_GRAFT_MIN_US;
    wait_us = earlier(wait_us, FC_TREE_GRAFT_MAX_US);
    return wait_us + spread->host.random(spread->host.ctx, wait_us / 4);
}

static void begin_wanting(struct fc_spread *spread, struct fc_recent *recent, fc_version version)
{
    spread->wanted += !recent->is_wanted;
    recent->is_wanted = true;
    recent->wanted = version;
    recent->known = recent->tried = 0;
    recent->attempts = 0;
    recent->no_tree = false;
    recent->heard = recent->asked = FC_GROUP_NONE;
    recent->due_us = spread->now_us + patience_us(spread, recent->id);
}

void fc_tree_want(struct fc_spread *spread, const struct fc_spread_news *news, uint8_t link)
{
    struct fc_recent *recent = fc_tree_recent(spread, news->item.id);
    if (!recent)
        return; /* by cursor, then */
    fc_tree_unqueue(spread, recent, link);
    if (!recent->is_wanted)
        begin_wanting(spread, recent, news->item.version);
    /* Who has a newer one serves that; the lowest is what most can serve. */
    if (news->item.version < recent->wanted)
        recent->wanted = news->item.version;
    recent->known |= fc_tree_bit(link);
    if (news->hops == 0) {
        recent->no_tree = true;
        uint64_t soon_us = spread->now_us + spread->host.random(spread->host.ctx, FC_TREE_BATCH_US);
        recent->due_us = earlier(recent->due_us, soon_us);
    } else if (recent->heard == FC_GROUP_NONE) {
        recent->heard = link;
    }
    spread->wanted_at_us = earlier(spread->wanted_at_us, recent->due_us);
}

void fc_tree_forget_wanted(struct fc_spread *spread, struct fc_recent *recent)
{
    spread->wanted -= recent->is_wanted;
    recent->is_wanted = false;
}

void fc_tree_came(struct fc_spread *spread, struct fc_recent *recent, uint8_t link)
{
    if (!recent->is_wanted || recent->held < recent->wanted)
        return;
    fc_tree_forget_wanted(spread, recent);
    if (link != FC_GROUP_NONE && recent->asked == link)
        spread->links[link].unserved /= 2;
}

void fc_tree_blame(struct fc_spread *spread, const struct fc_group *group,
                   const struct fc_spread_item *item, uint8_t link)
{
    const struct fc_recent *recent = fc_recents_find(&spread->recents, item->id);
    if (link != FC_GROUP_NONE)
        spread->links[link].failed = 0;
    if (!recent || !recent->is_wanted || recent->attempts == 0 || group->parent == link ||
        !fc_tree_is_open(spread, group->parent))
        return;
    struct fc_tree_link *parent = &spread->links[group->parent];
    if (++parent->failed < FC_TREE_FAILED_MAX)
        return;
    parent->failed = 0;
    parent->distrust_until_us = spread->now_us + FC_TREE_IGNORE_US;
}

/* -- asking for it ---------------------------------------------------------------------------- */

static void note_unserved(struct fc_spread *spread, uint8_t link)
{
    struct fc_tree_link *to = &spread->links[link];
    to->unserved++;
    if (to->unserved >= FC_TREE_UNSERVED_DROP)
        spread->host.drop(spread->host.ctx, &to->key, "announces what it does not serve");
    else if (to->unserved >= FC_TREE_UNSERVED_MAX)
        to->ignore_until_us = spread->now_us + FC_TREE_IGNORE_US;
}

/* The one that had it first; then any other that has it; then once more from the begin. */
static uint8_t choose(struct fc_spread *spread, struct fc_recent *recent)
{
    uint32_t usable = recent->known & spread->open;
    for (uint8_t i = 0; i < spread->link_cap; i++)
        if (spread->links[i].ignore_until_us > spread->now_us)
            usable &= ~fc_tree_bit(i);
    if ((usable & ~recent->tried) == 0)
        recent->tried = 0;
    usable &= ~recent->tried;
    if (usable & fc_tree_bit(recent->heard))
        return recent->heard;
    uint8_t chosen = FC_GROUP_NONE;
    uint64_t seen = 0;
    for (uint8_t i = 0; i < spread->link_cap; i++)
        if ((usable & fc_tree_bit(i)) && spread->host.random(spread->host.ctx, ++seen) == 0)
            chosen = i;
    return chosen;
}

static void ask_for(struct fc_spread *spread, struct fc_recent *recent)
{
    if (recent->attempts != 0 && fc_tree_is_open(spread, recent->asked))
        note_unserved(spread, recent->asked);
    uint8_t link = recent->attempts < FC_TREE_ASKS_MAX ? choose(spread, recent) : FC_GROUP_NONE;
    if (link == FC_GROUP_NONE) { /* the cursor will bring it */
        fc_tree_forget_wanted(spread, recent);
        return;
    }
    uint64_t wait_us = FC_TREE_ASK_US + 2 * fc_tree_round_us(spread, link);
    recent->asked = link;
    recent->tried |= fc_tree_bit(link);
    recent->due_us = spread->now_us + (wait_us << recent->attempts);
    recent->attempts++;
    recent->asking = true;
}

/* All that is asked of one link: what a tree should bring is grafted, the rest wanted. */
static void send_asked(struct fc_spread *spread, uint8_t link, bool no_tree)
{
    struct fc_spread_message message = {.kind = no_tree ? FC_SPREAD_WANT : FC_SPREAD_GRAFT};
    struct fc_recent *recent = NULL;
    struct fc_buf items = {0};
    while (message.items.count < FC_SPREAD_ITEMS_MAX &&
           (recent = fc_recents_before(&spread->recents, recent)) != NULL) {
        if (!recent->asking || recent->asked != link || recent->no_tree != no_tree)
            continue;
        struct fc_spread_item item = {recent->id, recent->wanted};
        struct fc_group *group =
            no_tree
                ? NULL
                : fc_groups_find(&spread->groups, fc_tree_group_of(spread, &item), spread->now_us);
        if (group)
            group->lazy &= ~fc_tree_bit(link);
        recent->asking = false;
        fc_spread_put_item(&items, &item);
        message.items.count++;
    }
    message.items.bytes = fc_buf_span(&items);
    if (message.items.count != 0 && !items.failed)
        fc_tree_send(spread, link, &message);
    fc_buf_finish(&items);
}

void fc_tree_ask(struct fc_spread *spread)
{
    struct fc_recent *recent = NULL;
    uint32_t left = spread->wanted, asking = 0;
    spread->wanted_at_us = FC_TREE_NEVER;
    while (left != 0 && (recent = fc_recents_before(&spread->recents, recent)) != NULL) {
        if (!recent->is_wanted)
            continue;
        left--;
        if (recent->due_us <= spread->now_us)
            ask_for(spread, recent);
        if (recent->is_wanted)
            spread->wanted_at_us = earlier(spread->wanted_at_us, recent->due_us);
        asking += recent->asking;
    }
    for (uint8_t i = 0; asking != 0 && i < spread->link_cap; i++) {
        send_asked(spread, i, false);
        send_asked(spread, i, true);
    }
}

/* -- what peers ask --------------------------------------------------------------------------- */

/* The peer takes this node for its parent: it is none of this node's, then. */
static void lead(struct fc_spread *spread, struct fc_group *group, uint8_t link)
{
    group->lazy &= ~fc_tree_bit(link);
    if (group->parent != link)
        return;
    group->parent = FC_GROUP_NONE;
    group->orphan = true;
    spread->repair_at_us = spread->now_us;
}

/* A group made for a peer's word takes no place of another. */
static struct fc_group *group_for(struct fc_spread *spread, uint32_t id)
{
    if (id == 0)
        return NULL;
    struct fc_group *group = fc_groups_find(&spread->groups, id, spread->now_us);
    if (group)
        return group;
    group = fc_groups_add(&spread->groups, id, false, spread->now_us);
    if (group)
        group->lazy = spread->open & ~spread->rest;
    return group;
}

static void push_to(struct fc_spread *spread, uint8_t link, const struct fc_spread_item *item,
                    uint32_t flags)
{
    struct fc_recent *recent = fc_recents_find(&spread->recents, item->id);
    bool by_tree = recent && recent->is_held && recent->from != FC_RECENT_FETCHED;
    uint32_t tag = by_tree ? fc_tree_tag(recent->hops + 1u, recent->far, flags)
                           : fc_tree_tag(FC_SPREAD_HOPS, FC_SPREAD_FAR_UNKNOWN, flags);
    bool held = recent && recent->is_held && recent->held >= item->version;
    if (held && !flags && !recent->is_wanted && (recent->known & fc_tree_bit(link)))
        return; /* it is on its way there */
    if (!spread->host.push_item(spread->host.ctx, &spread->links[link].key, item, tag) || !held ||
        !fc_tree_is_open(spread, link))
        return;
    fc_tree_unqueue(spread, recent, link);
    if (!recent->is_wanted)
        recent->known |= fc_tree_bit(link);
}

static void on_graft(struct fc_spread *spread, uint8_t link,
                     const struct fc_spread_message *message)
{
    struct fc_unpack at;
    struct fc_group *group;
    uint32_t place = 0;
    fc_unpack_init(&at, message->groups.bytes);
    for (uint32_t i = 0; i < message->groups.count; i++) {
        group = group_for(spread, fc_spread_get_group(&at));
        if (group && message->rest)
            group->marked = true;
        else if (group)
            lead(spread, group, link);
    }
    if (message->rest)
        spread->rest |= fc_tree_bit(link);
    while (message->rest && (group = fc_groups_next(&spread->groups, &place)) != NULL) {
        if (!group->marked)
            lead(spread, group, link);
        group->marked = false;
    }
    fc_unpack_init(&at, message->items.bytes);
    for (uint32_t i = 0; i < message->items.count && fc_tree_is_open(spread, link); i++) {
        struct fc_spread_item item;
        fc_spread_get_item(&at, &item);
        group = group_for(spread, fc_tree_group_of(spread, &item));
        if (group)
            lead(spread, group, link);
        push_to(spread, link, &item, 0);
    }
}

static void on_prune(struct fc_spread *spread, uint8_t link,
                     const struct fc_spread_message *message)
{
    struct fc_unpack at;
    fc_unpack_init(&at, message->groups.bytes);
    for (uint32_t i = 0; i < message->groups.count; i++) {
        uint32_t id = fc_spread_get_group(&at);
        struct fc_group *group = NULL;
        if (id != 0)
            group = spread->rest & fc_tree_bit(link)
                        ? group_for(spread, id)
                        : fc_groups_find(&spread->groups, id, spread->now_us);
        if (!group)
            continue;
        group->lazy |= fc_tree_bit(link);
        if (group->parent == link) { /* both had it from others: it pushes here no more either */
            group->parent = FC_GROUP_NONE;
            group->orphan = true;
            spread->repair_at_us = spread->now_us;
        }
    }
}

void fc_tree_on_message(struct fc_spread *spread, uint8_t link, struct fc_span bytes)
{
    struct fc_spread_message message;
    struct fc_unpack at;
    enum fc_err err = fc_spread_decode(bytes, &message);
    if (err != FC_OK) {
        spread->host.punish(spread->host.ctx, &spread->links[link].key, fc_err_text(err));
        return;
    }
    switch (message.kind) {
    case FC_SPREAD_GRAFT:
        on_graft(spread, link, &message);
        break;
    case FC_SPREAD_PRUNE:
        on_prune(spread, link, &message);
        break;
    case FC_SPREAD_FAR:
        fc_tree_hear_all(spread, link, message.distances);
        break;
    case FC_SPREAD_WANT:
        fc_unpack_init(&at, message.items.bytes);
        for (uint32_t i = 0; i < message.items.count && fc_tree_is_open(spread, link); i++) {
            struct fc_spread_item item;
            fc_spread_get_item(&at, &item);
            push_to(spread, link, &item, FC_TREE_TAG_WANTED);
        }
        break;
    }
}
