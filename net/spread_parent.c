#include <stdlib.h>

#include "net/spread_plumtree_priv.h"

/* Choosing among neighbours by what they say is safe from loops while one is chosen only if it is
 * closer to the source than this node has been since the last news: the feasibility condition of
 * J. J. Garcia-Luna-Aceves, "Loop-free routing using diffusing computations", IEEE/ACM Transactions
 * on Networking 1(1), 1993, with each news for a new sequence number (RFC 8966, section 2.4). Who
 * has no such neighbour withdraws its distance, so that those behind it look elsewhere first, and
 * then takes whoever still has one. */

/* An unmeasured link counts as long as the others on average. */
uint32_t fc_tree_way(struct fc_spread *spread, uint8_t link)
{
    uint64_t round_us = fc_tree_round_us(spread, link);
    uint64_t way_us = round_us ? round_us / 2 : fc_tree_hop_us(spread);
    uint64_t way = way_us / FC_SPREAD_FAR_US + 1; /* never 0: each hop is farther */
    return way < FC_SPREAD_FAR_UNKNOWN ? (uint32_t)way : FC_SPREAD_FAR_UNKNOWN;
}

static bool is_measured(struct fc_spread *spread, uint8_t link)
{
    return fc_tree_round_us(spread, link) != 0;
}

static uint16_t told_by(const struct fc_group *group, uint8_t link)
{
    return link < FC_GROUPS_FAR_MAX ? group->told[link] : FC_SPREAD_FAR_UNKNOWN;
}

/* From the source to here, over this link. */
static uint16_t over(struct fc_spread *spread, const struct fc_group *group, uint8_t link)
{
    uint16_t told = told_by(group, link);
    if (told == FC_SPREAD_FAR_UNKNOWN || spread->links[link].distrust_until_us > spread->now_us)
        return FC_SPREAD_FAR_UNKNOWN;
    return fc_tree_add(told, fc_tree_way(spread, link));
}

static uint32_t margin(const struct fc_group *group)
{
    uint32_t least = FC_TREE_QUICKER_US / FC_SPREAD_FAR_US;
    uint32_t part = group->far / 32;
    return part > least ? part : least;
}

/* Whether the link, which brings no news of the group now, should. */
static bool is_closer(struct fc_spread *spread, const struct fc_group *group, uint8_t link)
{
    if (!(group->lazy & fc_tree_lasting(spread) & fc_tree_bit(link)) ||
        !fc_tree_is_open(spread, group->parent) || !(group->fresh & fc_tree_bit(link)) ||
        told_by(group, link) >= group->low)
        return false;
    uint16_t far = over(spread, group, link);
    return far != FC_SPREAD_FAR_UNKNOWN && far + margin(group) < group->far &&
           is_measured(spread, link);
}

/* -- telling peers ---------------------------------------------------------------------------- */

/* Groups with something to be told, found in one pass: the table is long and they are few. */
struct touched {
    struct fc_group **list;
    uint32_t count;
};

static void gather(struct fc_spread *spread, struct touched *touched)
{
    struct fc_group *group;
    uint32_t at = 0, cap = 0;
    *touched = (struct touched){0};
    while ((group = fc_groups_next(&spread->groups, &at)) != NULL) {
        if (!group->marked && !group->changed)
            continue;
        if (touched->count == cap) {
            uint32_t larger = cap ? 2 * cap : 64;
            struct fc_group **list = realloc(touched->list, larger * sizeof(*list));
            if (!list)
                return; /* the others stay as they are until the next time */
            touched->list = list;
            cap = larger;
        }
        touched->list[touched->count++] = group;
    }
}

/* Those that are marked, of which `link` is the parent, or the one before. */
static void send_marked(struct fc_spread *spread, const struct touched *touched, uint8_t link,
                        enum fc_spread_kind kind)
{
    struct fc_spread_message message = {.kind = kind};
    struct fc_buf groups = {0};
    for (uint32_t i = 0; i < touched->count; i++) {
        const struct fc_group *group = touched->list[i];
        uint8_t to = kind == FC_SPREAD_GRAFT ? group->parent : group->before;
        if (!group->marked || to != link || message.groups.count == FC_SPREAD_GROUPS_MAX)
            continue;
        fc_spread_put_group(&groups, group->id);
        message.groups.count++;
    }
    message.groups.bytes = fc_buf_span(&groups);
    if (message.groups.count != 0 && !groups.failed)
        fc_tree_send(spread, link, &message);
    fc_buf_finish(&groups);
}

static void send_distances(struct fc_spread *spread, uint8_t link, uint32_t count,
                           struct fc_buf *distances)
{
    struct fc_spread_message message = {.kind = FC_SPREAD_FAR, .distances = fc_buf_span(distances)};
    if (count != 0 && !distances->failed)
        fc_tree_send(spread, link, &message);
    fc_buf_finish(distances);
}

static void send_changed(struct fc_spread *spread, const struct touched *touched, uint8_t link)
{
    struct fc_buf distances = {0};
    uint32_t count = 0;
    for (uint32_t i = 0; i < touched->count && count < FC_SPREAD_GROUPS_MAX; i++) {
        if (!touched->list[i]->changed)
            continue;
        touched->list[i]->asks &= (uint16_t)~fc_tree_bit(link);
        fc_spread_put_far(&distances, touched->list[i]->id, touched->list[i]->far);
        count++;
    }
    send_distances(spread, link, count, &distances);
}

/* All that are known, or those it asks for. */
static void send_far(struct fc_spread *spread, uint8_t link, bool all)
{
    struct fc_buf distances = {0};
    struct fc_group *group;
    uint32_t at = 0, count = 0;
    while (count < FC_SPREAD_GROUPS_MAX && (group = fc_groups_next(&spread->groups, &at)) != NULL) {
        if (group->far == FC_SPREAD_FAR_UNKNOWN || (!all && !(group->asks & fc_tree_bit(link))))
            continue;
        group->asks &= (uint16_t)~fc_tree_bit(link);
        fc_spread_put_far(&distances, group->id, group->far);
        count++;
    }
    send_distances(spread, link, count, &distances);
}

static void send_changes(struct fc_spread *spread)
{
    struct touched touched;
    gather(spread, &touched);
    for (uint8_t i = 0; i < spread->link_cap && touched.count != 0; i++) {
        if (!fc_tree_is_open(spread, i))
            continue;
        send_marked(spread, &touched, i, FC_SPREAD_GRAFT);
        send_changed(spread, &touched, i);
    }
    for (uint32_t i = 0; i < touched.count; i++)
        touched.list[i]->marked = touched.list[i]->changed = false;
    free(touched.list);
}

static void send_one(struct fc_spread *spread, enum fc_spread_kind kind, uint8_t link, uint32_t id)
{
    struct fc_buf groups = {0};
    fc_spread_put_group(&groups, id);
    struct fc_spread_message message = {.kind = kind, .groups = {1, fc_buf_span(&groups)}};
    if (!groups.failed)
        fc_tree_send(spread, link, &message);
    fc_buf_finish(&groups);
}

/* -- closer parents --------------------------------------------------------------------------- */

/* That pushes here still; but not one that took this node for its parent meanwhile. */
static bool is_former(const struct fc_spread *spread, const struct fc_group *group)
{
    return fc_tree_is_open(spread, group->before) && (group->lazy & fc_tree_bit(group->before));
}

/* Make before break: the former parent is told after a while. */
static void follow(struct fc_spread *spread, struct fc_group *group, uint8_t link)
{
    group->parent = link;
    group->young = true;
    if (group->before == link || !fc_tree_is_open(spread, group->before))
        group->before = FC_GROUP_NONE;
    else if (spread->prune_at_us == FC_TREE_NEVER)
        spread->prune_at_us = spread->now_us + FC_TREE_OVERLAP_US;
}

static void change(struct fc_spread *spread, struct fc_group *group, uint8_t link)
{
    if (group->before != link && is_former(spread, group))
        send_one(spread, FC_SPREAD_PRUNE, group->before, group->id);
    group->before = group->parent;
    follow(spread, group, link);
    group->lazy = (group->lazy & ~fc_tree_bit(link)) | fc_tree_bit(group->before);
    group->far = over(spread, group, link);
    if (group->far < group->low)
        group->low = group->far;
}

void fc_tree_hear_far(struct fc_spread *spread, struct fc_group *group, uint8_t link, uint32_t far)
{
    if (link >= FC_GROUPS_FAR_MAX || fc_tree_is_shared(spread, group->id))
        return;
    group->told[link] = (uint16_t)far;
    group->fresh |= (uint16_t)fc_tree_bit(link);
    if (!is_closer(spread, group, link))
        return;
    uint32_t id = group->id;
    change(spread, group, link);
    send_one(spread, FC_SPREAD_GRAFT, link, id);
}

void fc_tree_prune_former(struct fc_spread *spread)
{
    struct touched touched;
    struct fc_group *group;
    uint32_t at = 0;
    bool any = false;
    spread->prune_at_us = FC_TREE_NEVER;
    while ((group = fc_groups_next(&spread->groups, &at)) != NULL) {
        if (group->before == FC_GROUP_NONE || group->orphan)
            continue;
        if (group->young) {
            spread->prune_at_us = spread->now_us + FC_TREE_OVERLAP_US;
            group->young = false;
            continue;
        }
        group->marked = is_former(spread, group);
        if (!group->marked)
            group->before = FC_GROUP_NONE;
        any = any || group->marked;
    }
    if (!any)
        return;
    gather(spread, &touched);
    for (uint8_t i = 0; i < spread->link_cap; i++)
        if (fc_tree_is_open(spread, i))
            send_marked(spread, &touched, i, FC_SPREAD_PRUNE);
    for (uint32_t i = 0; i < touched.count; i++) {
        if (touched.list[i]->marked)
            touched.list[i]->before = FC_GROUP_NONE;
        touched.list[i]->marked = false;
    }
    free(touched.list);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t settle_us(struct fc_spread *spread)
{
    return 2 * fc_tree_hop_us(spread) + FC_TREE_SETTLE_US;
}

static void hear(struct fc_spread *spread, struct fc_group *group, uint8_t link, uint16_t far)
{
    bool known = far != FC_SPREAD_FAR_UNKNOWN, kept = link < FC_GROUPS_FAR_MAX;
    if (!kept && group->parent != link)
        return;
    if (kept) {
        group->told[link] = far;
        group->fresh &= (uint16_t)~fc_tree_bit(link);
    }
    if (kept && known)
        group->fresh |= (uint16_t)fc_tree_bit(link);
    if (group->parent == link && known) {
        group->far = fc_tree_add(far, fc_tree_way(spread, link));
        if (!group->usual)
            fc_tree_note_usual(group);
    } else if (group->parent == link) {
        group->parent = FC_GROUP_NONE;
        group->before = link;
        group->orphan = true;
    }
    /* Who is behind the peer hears of it from its parent before it answers. */
    if (!known && group->far != FC_SPREAD_FAR_UNKNOWN && group->parent != FC_GROUP_NONE) {
        group->asks |= (uint16_t)fc_tree_bit(link);
        spread->answer_at_us = earlier(spread->answer_at_us, spread->now_us + settle_us(spread));
    }
    if (known && group->parent == FC_GROUP_NONE && !group->orphan) {
        group->orphan = true;
        group->withdrawn = group->far == FC_SPREAD_FAR_UNKNOWN;
    }
    if (group->orphan && spread->repair_at_us > spread->now_us + FC_TREE_SETTLE_US)
        spread->repair_at_us = spread->now_us + (known ? FC_TREE_SETTLE_US : 0);
}

/* A newcomer hears of all there is, and has it all from its first link. */
static struct fc_group *learn(struct fc_spread *spread, uint32_t id)
{
    struct fc_group *group = fc_groups_add(&spread->groups, id, false, spread->now_us);
    if (!group)
        return NULL;
    group->lazy = spread->open & ~spread->rest & ~fc_tree_bit(spread->root);
    group->parent = spread->root;
    return group;
}

void fc_tree_hear_all(struct fc_spread *spread, uint8_t link, struct fc_span distances)
{
    if (spread->shared)
        return;
    for (size_t i = 0; i < distances.len / FC_SPREAD_FAR_BYTES; i++) {
        uint16_t far;
        uint32_t id = fc_spread_get_far(distances, i, &far);
        if (id == FC_TREE_RECORDS)
            continue;
        struct fc_group *group =
            id != 0 ? fc_groups_find(&spread->groups, id, spread->now_us) : NULL;
        if (!group && id != 0 && far != FC_SPREAD_FAR_UNKNOWN)
            group = learn(spread, id);
        if (group)
            hear(spread, group, link, far);
    }
    spread->links[link].fresh = true;
    spread->look_at_us = spread->now_us;
}

void fc_tree_look(struct fc_spread *spread)
{
    struct fc_group *group;
    spread->look_at_us = FC_TREE_NEVER;
    for (uint8_t i = 0; i < spread->link_cap && i < FC_GROUPS_FAR_MAX; i++) {
        uint32_t at = 0;
        bool any = false;
        if (!fc_tree_is_open(spread, i) || !spread->links[i].fresh)
            continue;
        if (!is_measured(spread, i)) {
            spread->look_at_us = spread->now_us + FC_TREE_LOOK_US;
            continue;
        }
        spread->links[i].fresh = false;
        while ((group = fc_groups_next(&spread->groups, &at)) != NULL) {
            group->marked = is_closer(spread, group, i);
            if (group->marked)
                change(spread, group, i);
            any = any || group->marked;
        }
        if (any)
            send_changes(spread);
    }
}

/* -- lost parents ----------------------------------------------------------------------------- */

/* The nearest of these links. */
static uint8_t nearest(struct fc_spread *spread, uint32_t links)
{
    uint8_t best = FC_GROUP_NONE;
    uint32_t best_way = UINT32_MAX;
    for (uint8_t i = 0; i < spread->link_cap; i++) {
        uint32_t way = links & fc_tree_bit(i) ? fc_tree_way(spread, i) : UINT32_MAX;
        if (way >= best_way)
            continue;
        best = i;
        best_way = way;
    }
    return best;
}

void fc_tree_note_usual(struct fc_group *group)
{
    uint32_t usual = (group->far >> FC_TREE_USUAL_SHIFT) + 1u;
    group->usual = 0;
    if (group->far != FC_SPREAD_FAR_UNKNOWN)
        group->usual = (uint8_t)(usual < UINT8_MAX ? usual : UINT8_MAX);
}

/* What is told after a withdrawal may be of nodes that are behind this one and have not heard of
 * it. Where the source itself has gone they all are, and would lead one another around and count
 * farther and farther; but no way there is is so much longer than the usual one. */
static uint32_t farthest(const struct fc_group *group)
{
    uint32_t usual = (uint32_t)group->usual << FC_TREE_USUAL_SHIFT;
    return usual ? 2 * usual + FC_TREE_DETOUR_US / FC_SPREAD_FAR_US : FC_SPREAD_FAR_UNKNOWN;
}

/* The one of these links over which the source is closest, as told since the last news. */
static uint8_t closest(struct fc_spread *spread, const struct fc_group *group, uint32_t links)
{
    uint8_t best = FC_GROUP_NONE;
    uint16_t best_far = FC_SPREAD_FAR_UNKNOWN;
    for (uint8_t i = 0; i < spread->link_cap; i++) {
        if (!(links & group->fresh & fc_tree_bit(i)) || told_by(group, i) >= group->low)
            continue;
        uint16_t far = over(spread, group, i);
        if (far >= best_far || far > farthest(group))
            continue;
        best = i;
        best_far = far;
    }
    return best;
}

static void withdraw(struct fc_spread *spread, struct fc_group *group)
{
    uint64_t wait_us = settle_us(spread) << group->repairs;
    if (!group->withdrawn) {
        group->changed = group->far != FC_SPREAD_FAR_UNKNOWN;
        group->far = group->low = FC_SPREAD_FAR_UNKNOWN;
        group->fresh = 0;
        group->withdrawn = true;
    }
    group->repairs++;
    spread->repair_at_us = earlier(spread->repair_at_us, spread->now_us + wait_us);
}

/* Links that are pushed to lead away from the source, but those that told otherwise since this node
 * withdrew. Where distances are not known, the nearest link is as good a guess as any. */
static void adopt(struct fc_spread *spread, struct fc_group *group)
{
    uint32_t links = fc_tree_lasting(spread) & (group->withdrawn ? UINT32_MAX : group->lazy);
    uint8_t link = closest(spread, group, links);
    if (link == FC_GROUP_NONE && group->low == FC_SPREAD_FAR_UNKNOWN && !group->withdrawn)
        link = nearest(spread, links);
    if (link == FC_GROUP_NONE && group->repairs < FC_TREE_REPAIRS_MAX) {
        withdraw(spread, group);
        return;
    }
    group->orphan = group->withdrawn = false;
    group->repairs = 0;
    if (link == FC_GROUP_NONE)
        return; /* when it is announced it will be grafted */
    follow(spread, group, link);
    group->lazy = (group->lazy | fc_tree_bit(group->before)) & ~fc_tree_bit(link);
    group->far = over(spread, group, link);
    if (group->far < group->low)
        group->low = group->far;
    group->marked = true;
    group->changed = group->far != FC_SPREAD_FAR_UNKNOWN;
}

/* One link brings all groups that this node knows nothing of. */
static void graft_rest(struct fc_spread *spread)
{
    struct fc_spread_message message = {.kind = FC_SPREAD_GRAFT, .rest = true};
    struct fc_buf groups = {0};
    struct fc_group *group;
    uint32_t at = 0;
    spread->root = nearest(spread, fc_tree_lasting(spread));
    while ((group = fc_groups_next(&spread->groups, &at)) != NULL) {
        if (group->parent == FC_GROUP_NONE && !group->orphan) {
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

void fc_tree_answer(struct fc_spread *spread)
{
    struct fc_group *group;
    uint32_t at = 0, asking = 0;
    spread->answer_at_us = FC_TREE_NEVER;
    while ((group = fc_groups_next(&spread->groups, &at)) != NULL)
        asking |= group->asks;
    for (uint8_t i = 0; i < spread->link_cap && i < FC_GROUPS_FAR_MAX; i++)
        if (fc_tree_is_open(spread, i) && (asking & fc_tree_bit(i)))
            send_far(spread, i, false);
}

void fc_tree_repair(struct fc_spread *spread)
{
    struct fc_group *group;
    uint32_t at = 0;
    bool any = false;
    spread->repair_at_us = FC_TREE_NEVER;
    if (spread->open == 0)
        return; /* with the next link */
    while ((group = fc_groups_next(&spread->groups, &at)) != NULL) {
        if (group->orphan)
            adopt(spread, group);
        any = any || group->marked || group->changed;
    }
    if (any)
        send_changes(spread);
    if (spread->root == FC_GROUP_NONE && fc_tree_lasting(spread) != 0)
        graft_rest(spread);
    for (uint8_t i = 0; i < spread->link_cap && !spread->shared; i++) {
        if (!fc_tree_is_open(spread, i) || spread->links[i].told)
            continue;
        spread->links[i].told = true;
        send_far(spread, i, true);
    }
}
