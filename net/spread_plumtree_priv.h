/* The inside of the trees, shared by the files that make them up and by nothing else. */
#ifndef FC_NET_SPREAD_PLUMTREE_PRIV_H
#define FC_NET_SPREAD_PLUMTREE_PRIV_H

#include "net/spread_groups.h"
#include "net/spread_message.h"
#include "net/spread_plumtree.h"
#include "net/spread_recent.h"

#define FC_TREE_NEVER UINT64_MAX
enum {
    FC_TREE_BATCH_US = 50000, /* an announcement waits so long for others, and half more at most */
    FC_TREE_GRAFT_MIN_US = 100000,
    FC_TREE_GRAFT_MAX_US = 3000000, /* round trips may have been measured in worse times */
    FC_TREE_HOP_US = 25000,         /* while no round trip is measured */
    FC_TREE_ASK_US = 200000,        /* an answer to a graft; doubled each time */
    FC_TREE_ASKS_MAX = 6,
    FC_TREE_REPAIRS_MAX = 5,
    FC_TREE_USUAL_SHIFT = 5,     /* the usual distance is kept in units 2^5 times as large */
    FC_TREE_DETOUR_US = 50000,   /* beyond twice the usual distance: so far, and no farther */
    FC_TREE_SETTLE_US = 20000,   /* so long neighbours may take to tell */
    FC_TREE_OVERLAP_US = 300000, /* a former parent pushes on so long, and twice as long at most */
    FC_TREE_QUICKER_US = 1000,   /* what is not worth another parent */
    FC_TREE_LOOK_US = 1000000,   /* until a new link is looked at again */
    FC_TREE_FAILED_MAX = 4,      /* grafts around a parent, in a row: it is none for a while */
    FC_TREE_UNSERVED_MAX = 8,    /* announced and not served: no more grafts for a while */
    FC_TREE_UNSERVED_DROP = 24,  /* and the link goes */
    FC_TREE_IGNORE_US = 60000000,
    FC_TREE_TAG_FLOOD = 0x100,  /* the group has no tree yet where this comes from */
    FC_TREE_TAG_WANTED = 0x200, /* it was asked for, once: no sign of a tree */
    FC_TREE_RECORDS = 1,        /* the group of all that is no head */
};

struct fc_tree_link {
    bool open;
    struct fc_key key;
    uint32_t queued; /* items to be announced */
    uint64_t flush_at_us;
    bool fresh;      /* not compared with the other links yet */
    bool told;       /* how far this node is from all sources */
    uint32_t failed; /* as a parent, in a row */
    uint32_t unserved;
    uint64_t ignore_until_us, distrust_until_us;
    uint64_t round_us, round_at_us; /* its round trip, and the time of the event it was asked at */
};

struct fc_spread {
    struct fc_spread_host host;
    bool shared;
    uint64_t now_us;
    struct fc_tree_link *links;
    uint32_t link_cap;
    uint32_t open;    /* one bit for each link */
    uint32_t leaving; /* those that will close: no parents, but they still push */
    uint32_t rest;    /* those that grafted all groups that are not known here yet */
    uint8_t root;     /* where this node did so */
    struct fc_groups groups;
    struct fc_recents recents;
    uint32_t wanted; /* of the recents */
    uint64_t wanted_at_us, repair_at_us, look_at_us, answer_at_us, prune_at_us;
    uint64_t hop_us, hop_at_us;
};

static inline uint32_t fc_tree_bit(uint32_t link)
{
    return link < FC_GROUPS_LINKS_MAX ? 1u << link : 0;
}
static inline bool fc_tree_is_open(const struct fc_spread *spread, uint32_t link)
{
    return (spread->open & fc_tree_bit(link)) != 0;
}
/* The links that may be parents. */
static inline uint32_t fc_tree_lasting(const struct fc_spread *spread)
{
    return spread->open & ~spread->leaving;
}
static inline uint32_t fc_tree_group_of(const struct fc_spread *spread,
                                        const struct fc_spread_item *item)
{
    uint32_t id = (uint32_t)(item->id >> 32);
    return spread->shared || item->version == 0 || id == 0 ? FC_TREE_RECORDS : id;
}
/* One way over a link, in units of distance. */
uint32_t fc_tree_way(struct fc_spread *spread, uint8_t link);
/* Distances add up to unknown when one is. */
static inline uint16_t fc_tree_add(uint32_t a, uint32_t b)
{
    return (uint16_t)(a + b < FC_SPREAD_FAR_UNKNOWN ? a + b : FC_SPREAD_FAR_UNKNOWN);
}
static inline uint16_t fc_tree_far_of(uint32_t tag)
{
    return (uint16_t)(tag >> 16);
}
static inline uint32_t fc_tree_tag(uint32_t hops, uint16_t far, uint32_t flags)
{
    return (hops < FC_SPREAD_HOPS ? hops : FC_SPREAD_HOPS) | flags | (uint32_t)far << 16;
}
/* Many publish into it: it has no source to be near to, and no link is upstream for good. */
static inline bool fc_tree_is_shared(const struct fc_spread *spread, uint32_t group)
{
    return spread->shared || group == FC_TREE_RECORDS;
}
/* As far as news came: a way that is much longer is none. */
void fc_tree_note_usual(struct fc_group *group);
/* FC_GROUP_NONE: it is not open. */
uint8_t fc_tree_link_of(const struct fc_spread *spread, const struct fc_key *key);
uint64_t fc_tree_hop_us(struct fc_spread *spread);
uint64_t fc_tree_round_us(struct fc_spread *spread, uint8_t link); /* 0: not measured */
void fc_tree_send(struct fc_spread *spread, uint8_t link, const struct fc_spread_message *message);
/* The entry of an id, made when there is none; NULL: no memory. Others may go for it. */
struct fc_recent *fc_tree_recent(struct fc_spread *spread, uint64_t id);
/* The peer has it: it need not be announced there. */
void fc_tree_unqueue(struct fc_spread *spread, struct fc_recent *recent, uint8_t link);

/* spread_graft.c: what is missing, and who should send it */
void fc_tree_want(struct fc_spread *spread, const struct fc_spread_news *news, uint8_t link);
/* It came: what was wanted of it is so no more. */
void fc_tree_came(struct fc_spread *spread, struct fc_recent *recent, uint8_t link);
void fc_tree_forget_wanted(struct fc_spread *spread, struct fc_recent *recent);
void fc_tree_ask(struct fc_spread *spread); /* what is due */
/* The parent did not bring what came, asked for, over this link. */
void fc_tree_blame(struct fc_spread *spread, const struct fc_group *group,
                   const struct fc_spread_item *item, uint8_t link);
void fc_tree_on_message(struct fc_spread *spread, uint8_t link, struct fc_span bytes);

/* spread_parent.c: from whom to have each group's news */
/* A peer says how far it is; a closer one becomes the parent. */
void fc_tree_hear_far(struct fc_spread *spread, struct fc_group *group, uint8_t link, uint32_t far);
void fc_tree_hear_all(struct fc_spread *spread, uint8_t link, struct fc_span distances);
void fc_tree_look(struct fc_spread *spread);   /* at new links, once they are measured */
void fc_tree_answer(struct fc_spread *spread); /* who asks for distances */
void fc_tree_repair(struct fc_spread *spread); /* groups without a parent; new links */
/* Former parents, once the new ones had time to hear of it: news that passes meanwhile comes from
 * one of the two. */
void fc_tree_prune_former(struct fc_spread *spread);

#endif
