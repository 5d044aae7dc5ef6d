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
    FC_TREE_GRAFT_MAX_US = 10000000,
    FC_TREE_HOP_US = 25000,  /* while no round trip is measured */
    FC_TREE_ASK_US = 200000, /* an answer to a graft; doubled each time */
    FC_TREE_ASKS_MAX = 6,
    FC_TREE_REPAIRS_MAX = 3,
    FC_TREE_QUICKER_US = 4000,  /* what is not worth another parent */
    FC_TREE_UNSERVED_MAX = 8,   /* announced and not served: no more grafts for a while */
    FC_TREE_UNSERVED_DROP = 24, /* and the link goes */
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
    uint32_t unserved;
    uint64_t ignore_until_us;
};

struct fc_spread {
    struct fc_spread_host host;
    bool shared;
    uint64_t now_us;
    struct fc_tree_link *links;
    uint32_t link_cap;
    uint32_t open; /* one bit for each link */
    uint32_t rest; /* those that grafted all groups that are not known here yet */
    uint8_t root;  /* where this node did so */
    struct fc_groups groups;
    struct fc_recents recents;
    uint32_t wanted; /* of the recents */
    uint64_t wanted_at_us, repair_at_us;
    uint64_t hop_us, hop_at_us;
    uint64_t late_us; /* how much later than an announcement a push came lately, at most */
};

static inline uint32_t fc_tree_bit(uint32_t link)
{
    return link < FC_GROUPS_LINKS_MAX ? 1u << link : 0;
}
static inline bool fc_tree_is_open(const struct fc_spread *spread, uint32_t link)
{
    return (spread->open & fc_tree_bit(link)) != 0;
}
static inline uint32_t fc_tree_group_of(const struct fc_spread *spread,
                                        const struct fc_spread_item *item)
{
    uint32_t id = (uint32_t)(item->id >> 32);
    return spread->shared || item->version == 0 || id == 0 ? FC_TREE_RECORDS : id;
}
/* FC_GROUP_NONE: it is not open. */
uint8_t fc_tree_link_of(const struct fc_spread *spread, const struct fc_key *key);
uint64_t fc_tree_hop_us(struct fc_spread *spread);
void fc_tree_send(struct fc_spread *spread, uint8_t link, const struct fc_spread_message *message);
/* The entry of an id, made when there is none; NULL: no memory. Others may go for it. */
struct fc_recent *fc_tree_recent(struct fc_spread *spread, uint64_t id);
/* The peer has it: it need not be announced there. */
void fc_tree_unqueue(struct fc_spread *spread, struct fc_recent *recent, uint8_t link);

/* spread_graft.c: what is missing, and who should send it */
void fc_tree_want(struct fc_spread *spread, const struct fc_spread_news *news, uint8_t link);
/* It came: what was wanted of it is so no more. */
void fc_tree_came(struct fc_spread *spread, struct fc_recent *recent, uint8_t link, bool by_tree);
void fc_tree_forget_wanted(struct fc_spread *spread, struct fc_recent *recent);
/* Would this link have been a better parent? `heard_us`: when its push would have come. */
void fc_tree_compare(struct fc_spread *spread, const struct fc_recent *recent, uint8_t link,
                     uint64_t heard_us);
void fc_tree_ask(struct fc_spread *spread);    /* what is due */
void fc_tree_repair(struct fc_spread *spread); /* groups without a parent */
void fc_tree_on_message(struct fc_spread *spread, uint8_t link, struct fc_span bytes);

#endif
