#include "net/spread_plumtree_priv.h"

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* -- what is missing -------------------------------------------------------------------------- */

/* As long as a push may take over so many hops as measured, and twice what it lately took longer
 * than an announcement. */
static uint64_t patience_us(struct fc_spread *spread)
{
    uint64_t wait_us = FC_PLUMTREE_GRAFT_HOPS * fc_tree_hop_us(spread) + 2 * spread->late_us;
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
    recent->heard_us = FC_TREE_NEVER;
    recent->due_us = spread->now_us + patience_us(spread);
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
    uint64_t age_us = (uint64_t)news->age_ms * 1000;
    uint64_t heard_us = spread->now_us > age_us ? spread->now_us - age_us : 0;
    if (news->hops == 0) {
        recent->no_tree = true;
        uint64_t soon_us = spread->now_us + spread->host.random(spread->host.ctx, FC_TREE_BATCH_US);
        recent->due_us = earlier(recent->due_us, soon_us);
    } else if (heard_us < recent->heard_us) {
        recent->heard_us = heard_us;
        recent->heard = link;
    }
    spread->wanted_at_us = earlier(spread->wanted_at_us, recent->due_us);
}

void fc_tree_forget_wanted(struct fc_spread *spread, struct fc_recent *recent)
{
    spread->wanted -= recent->is_wanted;
    recent->is_wanted = false;
}

void fc_tree_came(struct fc_spread *spread, struct fc_recent *recent, uint8_t link, bool by_tree)
{
    if (!recent->is_wanted || recent->held < recent->wanted)
        return;
    fc_tree_forget_wanted(spread, recent);
    if (link != FC_GROUP_NONE && recent->asked == link)
        spread->links[link].unserved /= 2;
    if (!by_tree || recent->heard == FC_GROUP_NONE || recent->heard_us > spread->now_us)
        return;
    uint64_t late_us = spread->now_us - recent->heard_us;
    spread->late_us -= spread->late_us / 64;
    if (recent->attempts == 0 && late_us > spread->late_us)
        spread->late_us = earlier(late_us, FC_TREE_GRAFT_MAX_US / 4);
    if (recent->heard != link)
        fc_tree_compare(spread, recent, recent->heard, recent->heard_us);
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
    uint64_t wait_us =
        FC_TREE_ASK_US + 2 * spread->host.round_trip_us(spread->host.ctx, &spread->links[link].key);
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

/* -- better parents --------------------------------------------------------------------------- */

static void send_groups(struct fc_spread *spread, enum fc_spread_kind kind, uint8_t link,
                        uint32_t id)
{
    struct fc_buf groups = {0};
    fc_spread_put_group(&groups, id);
    struct fc_spread_message message = {.kind = kind, .groups = {1, fc_buf_span(&groups)}};
    if (!groups.failed)
        fc_tree_send(spread, link, &message);
    fc_buf_finish(&groups);
}

static void swap(struct fc_spread *spread, struct fc_group *group, uint8_t link)
{
    uint8_t before = group->parent;
    uint32_t id = group->id;
    group->lazy = (group->lazy & ~fc_tree_bit(link)) | fc_tree_bit(before);
    group->parent = link;
    group->other = before;
    group->quick = FC_GROUP_NONE;
    send_groups(spread, FC_SPREAD_GRAFT, link, id);
    send_groups(spread, FC_SPREAD_PRUNE, before, id);
}

/* One clear case is enough, of a small gain it takes two in a row: links vary. */
void fc_tree_compare(struct fc_spread *spread, const struct fc_recent *recent, uint8_t link,
                     uint64_t heard_us)
{
    struct fc_spread_item item = {recent->id, recent->held};
    struct fc_group *group =
        fc_groups_find(&spread->groups, fc_tree_group_of(spread, &item), spread->now_us);
    if (!group || !fc_tree_is_open(spread, group->parent) || recent->from != group->parent ||
        group->parent == link || !(group->lazy & fc_tree_bit(link)))
        return;
    uint64_t gain_us = recent->at_us > heard_us ? recent->at_us - heard_us : 0;
    uint64_t least_us = fc_tree_hop_us(spread) / 2;
    if (least_us < FC_TREE_QUICKER_US)
        least_us = FC_TREE_QUICKER_US;
    if (gain_us != 0)
        group->other = link; /* it had it before: it does not have it from here */
    if (gain_us > least_us) {
        group->quick_count = group->quick == link ? (uint8_t)(group->quick_count + 1) : 1;
        group->quick = link;
        if (group->quick_count >= 2 || gain_us > 4 * least_us)
            swap(spread, group, link);
    } else if (group->quick == link) {
        group->quick = FC_GROUP_NONE;
    }
}

/* -- lost parents ----------------------------------------------------------------------------- */

/* The nearest of these links. */
static uint8_t nearest(struct fc_spread *spread, uint32_t links)
{
    uint8_t best = FC_GROUP_NONE;
    uint64_t best_us = FC_TREE_NEVER;
    for (uint8_t i = 0; i < spread->link_cap; i++) {
        if (!(links & fc_tree_bit(i)))
            continue;
        uint64_t round_us = spread->host.round_trip_us(spread->host.ctx, &spread->links[i].key);
        if (round_us == 0)
            round_us = FC_TREE_NEVER - 1;
        if (round_us < best_us) {
            best = i;
            best_us = round_us;
        }
    }
    return best;
}

/* Links that are pushed to are further from the source than this node: a parent is none of them. */
static void adopt(struct fc_spread *spread, struct fc_group *group)
{
    uint32_t links = spread->open & group->lazy;
    uint8_t link = group->other;
    if (!(links & fc_tree_bit(link)))
        link = nearest(spread, links);
    group->orphan = false;
    group->marked = false;
    if (link == FC_GROUP_NONE || group->repairs >= FC_TREE_REPAIRS_MAX)
        return; /* when it is announced it will be grafted */
    group->repairs++;
    group->parent = link;
    group->other = FC_GROUP_NONE;
    group->lazy &= ~fc_tree_bit(link);
    group->marked = true;
}

/* Sends the groups of the table that are marked and have this parent. */
static void send_adopted(struct fc_spread *spread, uint8_t link)
{
    struct fc_spread_message message = {.kind = FC_SPREAD_GRAFT};
    struct fc_buf groups = {0};
    struct fc_group *group;
    uint32_t at = 0;
    while ((group = fc_groups_next(&spread->groups, &at)) != NULL) {
        if (!group->marked || group->parent != link || message.groups.count == FC_SPREAD_GROUPS_MAX)
            continue;
        group->marked = false;
        fc_spread_put_group(&groups, group->id);
        message.groups.count++;
    }
    message.groups.bytes = fc_buf_span(&groups);
    if (message.groups.count != 0 && !groups.failed)
        fc_tree_send(spread, link, &message);
    fc_buf_finish(&groups);
}

/* One link brings all groups that this node knows nothing of. */
static void graft_rest(struct fc_spread *spread)
{
    struct fc_spread_message message = {.kind = FC_SPREAD_GRAFT, .rest = true};
    struct fc_buf groups = {0};
    struct fc_group *group;
    uint32_t at = 0;
    spread->root = nearest(spread, spread->open);
    while ((group = fc_groups_next(&spread->groups, &at)) != NULL) {
        if (group->parent == FC_GROUP_NONE) {
            group->parent = spread->root;
            group->lazy &= ~fc_tree_bit(spread->root);
        } else if (message.groups.count < FC_SPREAD_GROUPS_MAX) {
            fc_spread_put_group(&groups, group->id);
            message.groups.count++;
        }
    }
    message.groups.bytes = fc_buf_span(&groups);
    if (!groups.failed)
        fc_tree_send(spread, spread->root, &message);
    fc_buf_finish(&groups);
}

void fc_tree_repair(struct fc_spread *spread)
{
    struct fc_group *group;
    uint32_t at = 0;
    spread->repair_at_us = FC_TREE_NEVER;
    if (spread->open == 0)
        return; /* with the next link */
    while ((group = fc_groups_next(&spread->groups, &at)) != NULL)
        if (group->orphan)
            adopt(spread, group);
    for (uint8_t i = 0; i < spread->link_cap; i++)
        if (fc_tree_is_open(spread, i))
            send_adopted(spread, i);
    if (spread->root == FC_GROUP_NONE && spread->open != 0)
        graft_rest(spread);
}

/* -- what peers ask --------------------------------------------------------------------------- */

/* The peer takes this node for its parent: it is none of this node's, then. */
static void lead(struct fc_spread *spread, struct fc_group *group, uint8_t link)
{
    group->lazy &= ~fc_tree_bit(link);
    if (group->other == link)
        group->other = FC_GROUP_NONE;
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
    uint32_t hops = recent && recent->is_held && recent->from != FC_RECENT_FETCHED
                        ? recent->hops + 1u
                        : FC_SPREAD_HOPS - 1u;
    bool held = recent && recent->is_held && recent->held >= item->version;
    if (held && !flags && !recent->is_wanted && (recent->known & fc_tree_bit(link)))
        return; /* it is on its way there */
    if (!spread->host.push_item(spread->host.ctx, &spread->links[link].key, item, hops | flags) ||
        !held || !fc_tree_is_open(spread, link))
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
