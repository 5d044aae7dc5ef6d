#include <stdlib.h>
#include <string.h>

#include "net/spread_plumtree_priv.h"

static enum fc_err make(const struct fc_spread_host *host, bool shared, struct fc_spread **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return FC_E_NOMEM;
    (*out)->host = *host;
    (*out)->shared = shared;
    (*out)->root = FC_GROUP_NONE;
    (*out)->wanted_at_us = (*out)->repair_at_us = FC_TREE_NEVER;
    (*out)->look_at_us = (*out)->answer_at_us = (*out)->prune_at_us = FC_TREE_NEVER;
    return FC_OK;
}

static enum fc_err create(const struct fc_spread_host *host, struct fc_spread **out)
{
    return make(host, false, out);
}

static enum fc_err create_shared(const struct fc_spread_host *host, struct fc_spread **out)
{
    return make(host, true, out);
}

static void destroy(struct fc_spread *spread)
{
    fc_groups_finish(&spread->groups);
    fc_recents_finish(&spread->recents);
    free(spread->links);
    free(spread);
}

/* -- links ------------------------------------------------------------------------------------ */

uint8_t fc_tree_link_of(const struct fc_spread *spread, const struct fc_key *key)
{
    for (uint32_t i = 0; key && i < spread->link_cap; i++)
        if (spread->links[i].open && fc_key_eq(&spread->links[i].key, key))
            return (uint8_t)i;
    return FC_GROUP_NONE;
}

/* Asked once in an event: a message speaks of thousands of groups. */
uint64_t fc_tree_round_us(struct fc_spread *spread, uint8_t link)
{
    struct fc_tree_link *of = &spread->links[link];
    if (of->round_at_us != spread->now_us) {
        of->round_us = spread->host.round_trip_us(spread->host.ctx, &of->key);
        of->round_at_us = spread->now_us;
    }
    return of->round_us;
}

uint64_t fc_tree_hop_us(struct fc_spread *spread)
{
    uint64_t sum_us = 0, count = 0;
    if (spread->hop_us != 0 && spread->now_us < spread->hop_at_us)
        return spread->hop_us;
    for (uint32_t i = 0; i < spread->link_cap; i++) {
        uint64_t round_us = spread->links[i].open ? fc_tree_round_us(spread, (uint8_t)i) : 0;
        sum_us += round_us / 2;
        count += round_us != 0;
    }
    spread->hop_us = count ? sum_us / count + 1 : FC_TREE_HOP_US;
    spread->hop_at_us = spread->now_us + 1000000;
    return spread->hop_us;
}

void fc_tree_send(struct fc_spread *spread, uint8_t link, const struct fc_spread_message *message)
{
    struct fc_buf bytes = {0};
    fc_spread_encode(message, &bytes);
    if (!bytes.failed && fc_tree_is_open(spread, link))
        spread->host.send(spread->host.ctx, &spread->links[link].key, fc_buf_span(&bytes));
    fc_buf_finish(&bytes);
}

static uint8_t free_link(struct fc_spread *spread)
{
    for (uint32_t i = 0; i < spread->link_cap; i++)
        if (!spread->links[i].open)
            return (uint8_t)i;
    if (spread->link_cap == FC_GROUPS_LINKS_MAX)
        return FC_GROUP_NONE;
    uint32_t cap = spread->link_cap ? 2 * spread->link_cap : 8;
    struct fc_tree_link *links = realloc(spread->links, cap * sizeof *links);
    if (!links)
        return FC_GROUP_NONE;
    memset(links + spread->link_cap, 0, (cap - spread->link_cap) * sizeof *links);
    spread->links = links;
    spread->link_cap = cap;
    return (uint8_t)(cap == 8 ? 0 : cap / 2);
}

/* A peer beyond the last link hears of everything by cursor. */
static void on_open(struct fc_spread *spread, const struct fc_key *key, uint64_t now_us)
{
    uint32_t at = 0;
    struct fc_group *group;
    spread->now_us = now_us;
    uint8_t link = free_link(spread);
    if (link == FC_GROUP_NONE || fc_tree_link_of(spread, key) != FC_GROUP_NONE)
        return;
    spread->links[link] = (struct fc_tree_link){
        .open = true, .key = *key, .flush_at_us = FC_TREE_NEVER, .round_at_us = FC_TREE_NEVER};
    spread->open |= fc_tree_bit(link);
    while ((group = fc_groups_next(&spread->groups, &at)) != NULL)
        group->lazy |= fc_tree_bit(link);
    spread->hop_us = 0;
    spread->repair_at_us = now_us;
}

static void forget_in_groups(struct fc_spread *spread, uint8_t link)
{
    uint32_t at = 0;
    struct fc_group *group;
    while ((group = fc_groups_next(&spread->groups, &at)) != NULL) {
        group->lazy &= ~fc_tree_bit(link);
        if (link < FC_GROUPS_FAR_MAX)
            group->told[link] = FC_SPREAD_FAR_UNKNOWN;
        group->fresh &= (uint16_t)~fc_tree_bit(link);
        group->asks &= (uint16_t)~fc_tree_bit(link);
        if (group->before == link)
            group->before = FC_GROUP_NONE;
        if (group->parent == link) {
            group->parent = FC_GROUP_NONE;
            group->orphan = true;
        }
    }
}

static void forget_in_recents(struct fc_spread *spread, uint8_t link)
{
    struct fc_recent *recent = NULL;
    while ((recent = fc_recents_before(&spread->recents, recent)) != NULL) {
        recent->known &= ~fc_tree_bit(link);
        recent->announce &= ~fc_tree_bit(link);
        recent->tried &= ~fc_tree_bit(link);
        if (recent->from == link)
            recent->from = FC_GROUP_NONE;
        if (recent->heard == link)
            recent->heard = FC_GROUP_NONE;
        if (recent->asked == link)
            recent->asked = FC_GROUP_NONE;
    }
}

static void on_closed(struct fc_spread *spread, const struct fc_key *key, uint64_t now_us)
{
    spread->now_us = now_us;
    uint8_t link = fc_tree_link_of(spread, key);
    if (link == FC_GROUP_NONE)
        return;
    spread->links[link].open = false;
    spread->open &= ~fc_tree_bit(link);
    spread->leaving &= ~fc_tree_bit(link);
    spread->rest &= ~fc_tree_bit(link);
    if (spread->root == link)
        spread->root = FC_GROUP_NONE;
    forget_in_groups(spread, link);
    forget_in_recents(spread, link);
    spread->hop_us = 0;
    spread->repair_at_us = now_us;
}

/* As if the peer had said that it is no way to any source; it pushes until another does. */
static void on_leaving(struct fc_spread *spread, const struct fc_key *key, uint64_t now_us)
{
    uint32_t at = 0;
    struct fc_group *group;
    spread->now_us = now_us;
    uint8_t link = fc_tree_link_of(spread, key);
    if (link == FC_GROUP_NONE)
        return;
    spread->leaving |= fc_tree_bit(link);
    if (spread->root == link)
        spread->root = FC_GROUP_NONE;
    while ((group = fc_groups_next(&spread->groups, &at)) != NULL) {
        if (link < FC_GROUPS_FAR_MAX)
            group->told[link] = FC_SPREAD_FAR_UNKNOWN;
        group->fresh &= (uint16_t)~fc_tree_bit(link);
        if (group->parent != link)
            continue;
        group->parent = FC_GROUP_NONE;
        group->before = link;
        group->orphan = true;
    }
    spread->repair_at_us = now_us;
}

/* -- announcements ---------------------------------------------------------------------------- */

static void queue(struct fc_spread *spread, struct fc_recent *recent, uint8_t link)
{
    struct fc_tree_link *to = &spread->links[link];
    spread->host.defer(spread->host.ctx, &to->key);
    if (recent->announce & fc_tree_bit(link))
        return;
    recent->announce |= fc_tree_bit(link);
    if (to->queued++ == 0)
        to->flush_at_us = spread->now_us + FC_TREE_BATCH_US +
                          spread->host.random(spread->host.ctx, FC_TREE_BATCH_US);
}

void fc_tree_unqueue(struct fc_spread *spread, struct fc_recent *recent, uint8_t link)
{
    if (!(recent->announce & fc_tree_bit(link)))
        return;
    struct fc_tree_link *to = &spread->links[link];
    recent->announce &= ~fc_tree_bit(link);
    if (--to->queued != 0)
        return;
    to->flush_at_us = FC_TREE_NEVER;
    spread->host.settle(spread->host.ctx, &to->key, true);
}

/* More than can be remembered is to be announced: all of it is left to the cursor. */
static void give_up(struct fc_spread *spread, uint8_t link)
{
    struct fc_recent *recent = NULL;
    while ((recent = fc_recents_before(&spread->recents, recent)) != NULL)
        recent->announce &= ~fc_tree_bit(link);
    spread->links[link].queued = 0;
    spread->links[link].flush_at_us = FC_TREE_NEVER;
    spread->host.settle(spread->host.ctx, &spread->links[link].key, false);
}

struct fc_recent *fc_tree_recent(struct fc_spread *spread, uint64_t id)
{
    struct fc_recent *recent = fc_recents_find(&spread->recents, id);
    if (recent) {
        fc_recents_touch(&spread->recents, recent);
        return recent;
    }
    struct fc_recent *victim = fc_recents_victim(&spread->recents, spread->now_us);
    if (victim) {
        fc_tree_forget_wanted(spread, victim);
        for (uint8_t i = 0; i < spread->link_cap; i++)
            if (victim->announce & fc_tree_bit(i))
                give_up(spread, i);
    }
    recent = fc_recents_add(&spread->recents, id, spread->now_us);
    if (recent)
        recent->from = recent->heard = recent->asked = FC_GROUP_NONE;
    return recent;
}

static struct fc_spread_news news_of(const struct fc_recent *recent)
{
    uint32_t hops = recent->hops + 1u;
    if (recent->from == FC_RECENT_FETCHED)
        hops = 0;
    return (struct fc_spread_news){.item = {recent->id, recent->held},
                                   .hops = hops < FC_SPREAD_HOPS ? hops : FC_SPREAD_HOPS,
                                   .far = recent->far};
}

/* False: it was not taken. */
static bool announce(struct fc_spread *spread, uint8_t link, struct fc_buf *items, uint32_t count,
                     bool last)
{
    struct fc_spread_list list = {count, fc_buf_span(items)};
    struct fc_buf bytes = {0};
    fc_spread_encode_news(&list, &bytes);
    bool fine = !items->failed && !bytes.failed && fc_tree_is_open(spread, link);
    fine = fine && spread->host.announce(spread->host.ctx, &spread->links[link].key,
                                         fc_buf_span(&bytes), last);
    fc_buf_finish(&bytes);
    fc_buf_clear(items);
    return fine;
}

static void flush(struct fc_spread *spread, uint8_t link)
{
    struct fc_recent *recent = NULL;
    struct fc_buf items = {0};
    uint32_t count = 0;
    bool fine = true;
    struct fc_tree_link *to = &spread->links[link];
    to->flush_at_us = FC_TREE_NEVER;
    while (fine && to->queued != 0 &&
           (recent = fc_recents_before(&spread->recents, recent)) != NULL) {
        if (!(recent->announce & fc_tree_bit(link)))
            continue;
        struct fc_spread_news news = news_of(recent);
        recent->announce &= ~fc_tree_bit(link);
        to->queued--;
        if (count == FC_SPREAD_NEWS_MAX) {
            fine = announce(spread, link, &items, count, false);
            count = 0;
        }
        fc_spread_put_news(&items, &news);
        count++;
    }
    fine = fine && announce(spread, link, &items, count, true);
    if (!fine && fc_tree_is_open(spread, link))
        give_up(spread, link);
    fc_buf_finish(&items);
}

/* -- news ------------------------------------------------------------------------------------- */

/* A group that is new here, and on the way to here, has no tree: it is flooded. One that is new
 * only here has: this node is a leaf of it. */
static struct fc_group *group_of(struct fc_spread *spread, uint32_t id, bool flood, bool *made)
{
    struct fc_group *group = fc_groups_find(&spread->groups, id, spread->now_us);
    *made = !group;
    if (group)
        return group;
    group = fc_groups_add(&spread->groups, id, true, spread->now_us);
    if (group)
        group->lazy = flood ? 0 : spread->open & ~spread->rest;
    return group;
}

static uint8_t hops_of(uint32_t tag)
{
    uint32_t hops = fc_spread_hops(tag);
    return (uint8_t)(hops < FC_SPREAD_HOPS ? hops : FC_SPREAD_HOPS - 1);
}

/* A push over a link that was told to push no more, and had not heard it yet: there will be no
 * other over it. */
static bool is_last_push(const struct fc_spread *spread, const struct fc_group *group, uint8_t from)
{
    return !fc_tree_is_shared(spread, group->id) && (group->lazy & fc_tree_bit(from)) &&
           (fc_tree_lasting(spread) & fc_tree_bit(group->parent));
}

static void note_parent(struct fc_spread *spread, struct fc_group *group, uint8_t from,
                        uint16_t far)
{
    if (is_last_push(spread, group, from)) {
        group->low = group->far;
        group->fresh = 0;
        return;
    }
    /* With one source for each tree, who was the parent has it from elsewhere. */
    if (!fc_tree_is_shared(spread, group->id) && group->parent != from)
        group->lazy |= fc_tree_bit(group->parent);
    bool lasts = !(spread->leaving & fc_tree_bit(from));
    group->parent = lasts ? from : FC_GROUP_NONE;
    if (!lasts)
        group->before = from;
    else if (group->before == from)
        group->before = FC_GROUP_NONE;
    group->lazy &= ~fc_tree_bit(from);
    group->far = group->low = far;
    fc_tree_note_usual(group);
    group->fresh = 0;
    group->orphan = !lasts;
    group->withdrawn = group->changed = false;
    group->repairs = 0;
    uint64_t look_at_us = spread->now_us + FC_TREE_SETTLE_US + 2 * FC_TREE_BATCH_US;
    if (!lasts && look_at_us < spread->repair_at_us)
        spread->repair_at_us = look_at_us;
}

/* From the source to here, over the link it was pushed over. */
static uint16_t far_of(struct fc_spread *spread, uint32_t group, uint8_t link, uint32_t tag)
{
    if (fc_tree_is_shared(spread, group) || link == FC_GROUP_NONE)
        return FC_SPREAD_FAR_UNKNOWN;
    return fc_tree_add(fc_tree_far_of(tag), fc_tree_way(spread, link));
}

/* To every link but `from`: a push along the tree, an announcement elsewhere. */
static void pass_on(struct fc_spread *spread, const struct fc_arrival *arrival,
                    struct fc_recent *recent, uint32_t lazy, uint8_t from, uint32_t tag)
{
    for (uint8_t i = 0; i < spread->link_cap; i++) {
        if (!fc_tree_is_open(spread, i))
            continue;
        bool known = i == from || (recent && (recent->known & fc_tree_bit(i)));
        if (!known && (lazy & fc_tree_bit(i))) {
            if (recent)
                queue(spread, recent, i);
            continue;
        }
        if (recent)
            fc_tree_unqueue(spread, recent, i);
        if (known)
            spread->host.skip(spread->host.ctx, &spread->links[i].key);
        else if (spread->host.push(spread->host.ctx, &spread->links[i].key, arrival, tag) &&
                 recent && !recent->is_wanted)
            recent->known |= fc_tree_bit(i);
    }
}

static struct fc_recent *note_held(struct fc_spread *spread, const struct fc_spread_item *item,
                                   uint8_t from, uint8_t hops, uint16_t far)
{
    struct fc_recent *recent = fc_tree_recent(spread, item->id);
    if (!recent)
        return NULL;
    if (!recent->is_wanted || recent->wanted < item->version)
        recent->known = 0;
    recent->is_held = true;
    recent->held = item->version;
    recent->at_us = spread->now_us;
    recent->from = from;
    recent->hops = hops;
    recent->far = far;
    return recent;
}

static void on_accepted(struct fc_spread *spread, const struct fc_arrival *arrival,
                        enum fc_spread_way way, const struct fc_key *from_key, uint32_t tag,
                        uint64_t now_us)
{
    struct fc_spread_item item = fc_spread_item_of(arrival);
    bool made;
    spread->now_us = now_us;
    uint8_t link = fc_tree_link_of(spread, from_key);
    bool by_tree = way == FC_SPREAD_PUSHED && link != FC_GROUP_NONE && !(tag & FC_TREE_TAG_WANTED);
    bool flood = way == FC_SPREAD_OWN || (by_tree && (tag & FC_TREE_TAG_FLOOD));
    uint32_t id = fc_tree_group_of(spread, &item);
    struct fc_group *group = group_of(spread, id, flood, &made);
    uint8_t hops = way == FC_SPREAD_OWN ? 0 : hops_of(tag);
    bool source = way == FC_SPREAD_OWN && !fc_tree_is_shared(spread, id);
    uint16_t far = source ? 0 : far_of(spread, id, link, tag);
    uint8_t first = way == FC_SPREAD_OWN ? FC_GROUP_SELF : by_tree ? link : FC_RECENT_FETCHED;
    if (group)
        fc_tree_blame(spread, group, &item, link);
    if (group && first != FC_RECENT_FETCHED)
        note_parent(spread, group, first, far);
    struct fc_recent *recent = note_held(spread, &item, first, hops, far);
    if (recent)
        fc_tree_came(spread, recent, link);
    uint32_t lazy = group && first != FC_RECENT_FETCHED ? group->lazy : UINT32_MAX;
    if (group && first < FC_GROUPS_LINKS_MAX && group->parent != first)
        lazy |= fc_tree_bit(group->parent); /* which is about to push it */
    pass_on(spread, arrival, recent, lazy, link,
            fc_tree_tag(hops + 1u, far, made && flood ? FC_TREE_TAG_FLOOD : 0));
    if (group && by_tree)
        fc_tree_hear_far(spread, group, link, fc_tree_far_of(tag));
}

static void prune(struct fc_spread *spread, struct fc_group *group, uint8_t link)
{
    struct fc_buf groups = {0};
    uint32_t id = group->id;
    group->lazy |= fc_tree_bit(link);
    if (group->before == link)
        group->before = FC_GROUP_NONE;
    fc_spread_put_group(&groups, id);
    fc_tree_send(
        spread, link,
        &(struct fc_spread_message){.kind = FC_SPREAD_PRUNE, .groups = {1, fc_buf_span(&groups)}});
    fc_buf_finish(&groups);
}

static void on_duplicate(struct fc_spread *spread, const struct fc_arrival *arrival,
                         const struct fc_key *from_key, uint32_t tag, uint64_t now_us)
{
    struct fc_spread_item item = fc_spread_item_of(arrival);
    spread->now_us = now_us;
    uint8_t link = fc_tree_link_of(spread, from_key);
    struct fc_recent *recent = fc_recents_find(&spread->recents, item.id);
    struct fc_group *group =
        fc_groups_find(&spread->groups, fc_tree_group_of(spread, &item), now_us);
    if (link == FC_GROUP_NONE || !recent || !recent->is_held || recent->held < item.version)
        return;
    if (recent->asked == link)
        spread->links[link].unserved /= 2;
    bool same = recent->held == item.version;
    if (same && !recent->is_wanted)
        recent->known |= fc_tree_bit(link);
    if (same)
        fc_tree_unqueue(spread, recent, link);
    if ((tag & FC_TREE_TAG_WANTED) || !group || (same && recent->from == link))
        return;
    if (recent->from == FC_RECENT_FETCHED) { /* the tree does lead here */
        if (group->parent == FC_GROUP_NONE)
            note_parent(spread, group, link,
                        far_of(spread, fc_tree_group_of(spread, &item), link, tag));
        return;
    }
    if (group->parent == link && !fc_tree_is_open(spread, recent->from))
        return; /* the only way there is */
    if (group->parent == FC_GROUP_NONE && recent->from != FC_GROUP_SELF) {
        note_parent(spread, group, link,
                    far_of(spread, fc_tree_group_of(spread, &item), link, tag));
        return;
    }
    if (group->parent == link && is_last_push(spread, group, recent->from))
        return; /* that one was quicker, once more */
    if (group->parent == link)
        group->parent = recent->from;
    prune(spread, group, link);
    fc_tree_hear_far(spread, group, link, fc_tree_far_of(tag));
}

static void on_announce(struct fc_spread *spread, const struct fc_key *key, struct fc_span bytes,
                        uint64_t now_us)
{
    struct fc_spread_list list;
    struct fc_unpack at;
    spread->now_us = now_us;
    uint8_t link = fc_tree_link_of(spread, key);
    enum fc_err err = fc_spread_decode_news(bytes, &list);
    if (err != FC_OK) {
        spread->host.punish(spread->host.ctx, key, fc_err_text(err));
        return;
    }
    fc_unpack_init(&at, list.bytes);
    for (uint32_t i = 0; i < list.count; i++) {
        struct fc_spread_news news;
        fc_spread_get_news(&at, &news);
        link = fc_tree_link_of(spread, key); /* sending may close it */
        struct fc_recent *recent = fc_recents_find(&spread->recents, news.item.id);
        bool held = recent && recent->is_held && recent->held >= news.item.version;
        if (!held && !spread->host.holds(spread->host.ctx, &news.item)) {
            spread->host.missing(spread->host.ctx, key, &news.item);
            if (link != FC_GROUP_NONE)
                fc_tree_want(spread, &news, link);
            continue;
        }
        if (link == FC_GROUP_NONE || !held || recent->held != news.item.version)
            continue;
        if (news.far <= recent->far) /* else it may want to know that this node is closer */
            fc_tree_unqueue(spread, recent, link);
        if (!recent->is_wanted)
            recent->known |= fc_tree_bit(link);
        struct fc_group *group =
            fc_groups_find(&spread->groups, fc_tree_group_of(spread, &news.item), now_us);
        if (news.hops != 0 && group)
            fc_tree_hear_far(spread, group, link, news.far);
    }
}

static void on_message(struct fc_spread *spread, const struct fc_key *key, struct fc_span bytes,
                       uint64_t now_us)
{
    spread->now_us = now_us;
    uint8_t link = fc_tree_link_of(spread, key);
    if (link != FC_GROUP_NONE)
        fc_tree_on_message(spread, link, bytes);
}

/* -- time ------------------------------------------------------------------------------------- */

static void on_tick(struct fc_spread *spread, uint64_t now_us)
{
    spread->now_us = now_us;
    if (spread->repair_at_us <= now_us)
        fc_tree_repair(spread);
    if (spread->look_at_us <= now_us)
        fc_tree_look(spread);
    if (spread->answer_at_us <= now_us)
        fc_tree_answer(spread);
    if (spread->prune_at_us <= now_us)
        fc_tree_prune_former(spread);
    if (spread->wanted_at_us <= now_us)
        fc_tree_ask(spread);
    for (uint8_t i = 0; i < spread->link_cap; i++)
        if (spread->links[i].open && spread->links[i].flush_at_us <= now_us)
            flush(spread, i);
}

static uint64_t deadline_us(const struct fc_spread *spread)
{
    uint64_t at_us =
        spread->repair_at_us < spread->wanted_at_us ? spread->repair_at_us : spread->wanted_at_us;
    if (spread->look_at_us < at_us)
        at_us = spread->look_at_us;
    if (spread->answer_at_us < at_us)
        at_us = spread->answer_at_us;
    if (spread->prune_at_us < at_us)
        at_us = spread->prune_at_us;
    for (uint32_t i = 0; i < spread->link_cap; i++)
        if (spread->links[i].open && spread->links[i].flush_at_us < at_us)
            at_us = spread->links[i].flush_at_us;
    return at_us;
}

const struct fc_spread_ops fc_spread_plumtree = {
    .name = "plumtree",
    .create = create,
    .destroy = destroy,
    .on_open = on_open,
    .on_closed = on_closed,
    .on_leaving = on_leaving,
    .on_accepted = on_accepted,
    .on_duplicate = on_duplicate,
    .on_announce = on_announce,
    .on_message = on_message,
    .on_tick = on_tick,
    .deadline_us = deadline_us,
};

const struct fc_spread_ops fc_spread_plumtree_shared = {
    .name = "plumtree-shared",
    .create = create_shared,
    .destroy = destroy,
    .on_open = on_open,
    .on_closed = on_closed,
    .on_leaving = on_leaving,
    .on_accepted = on_accepted,
    .on_duplicate = on_duplicate,
    .on_announce = on_announce,
    .on_message = on_message,
    .on_tick = on_tick,
    .deadline_us = deadline_us,
};
