/* What a node remembers, for a while, of the news that passed: one entry for each subject. Bounded,
 * sized on demand; the entry that was touched longest ago goes. */
#ifndef FC_NET_SPREAD_RECENT_H
#define FC_NET_SPREAD_RECENT_H

#include "net/spread.h"

enum {
    FC_RECENTS_MAX = 4096,
    FC_RECENT_US = 10000000,  /* so long one is kept in any case while there is room */
    FC_RECENT_FETCHED = 0xfd, /* `from` of what came by no push; else a link, or see FC_GROUP_ */
};

/* Links are bits of masks, or their numbers. `known`: they have what is wanted here, or held. */
struct fc_recent {
    uint64_t id;
    fc_version held, wanted;
    uint64_t at_us;  /* when it was accepted */
    uint64_t due_us; /* when to ask for what is wanted */
    uint32_t known, announce, tried;
    uint8_t from;  /* who pushed what is held first */
    uint8_t hops;  /* from who published it to here */
    uint16_t far;  /* the same as a distance */
    uint8_t heard; /* the link that announced what is wanted first */
    uint8_t asked; /* the link that was asked last */
    uint8_t attempts;
    bool is_held, is_wanted;
    bool asking;                 /* is being asked for in this step */
    bool no_tree;                /* it was announced as caught up: no push of it is on its way */
    uint16_t next, newer, older; /* in its chain; by time. Places are counted from 1 */
};
struct fc_recents { /* all zero is empty */
    struct fc_recent *list;
    uint16_t *chains; /* as many as places */
    uint32_t cap, count;
    uint16_t newest, oldest;
};
void fc_recents_finish(struct fc_recents *recents);

struct fc_recent *fc_recents_find(const struct fc_recents *recents, uint64_t id);
/* The place a new entry will take is given up by this one first: NULL when it is free, or can be
 * made. Whatever hangs on the entry must be let go of before fc_recents_add. */
struct fc_recent *fc_recents_victim(struct fc_recents *recents, uint64_t now_us);
/* A new entry, the newest; there must be none of this id. Other pointers are void. NULL: no memory.
 */
struct fc_recent *fc_recents_add(struct fc_recents *recents, uint64_t id, uint64_t now_us);
/* Makes it the newest. */
void fc_recents_touch(struct fc_recents *recents, struct fc_recent *recent);
/* From the newest back: NULL at the end. Begins with NULL. */
struct fc_recent *fc_recents_before(const struct fc_recents *recents,
                                    const struct fc_recent *recent);

#endif
