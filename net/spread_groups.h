/* What a node remembers of each tree it is part of: a bounded table, sized on demand, from which
 * the least recently used goes. */
#ifndef FC_NET_SPREAD_GROUPS_H
#define FC_NET_SPREAD_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FC_GROUPS_MAX = 65536,
    FC_GROUPS_LINKS_MAX = 32, /* links are numbered 0..31 */
    FC_GROUPS_FAR_MAX = 16,   /* of the first so many distances are kept */
    FC_GROUPS_FAR_UNKNOWN = 0xffff,
    FC_GROUP_NONE = 0xff, /* no link */
    FC_GROUP_SELF = 0xfe, /* news of this group begins here */
};

struct fc_group {
    uint32_t id;
    uint32_t lazy; /* one bit for each link that is only told of news */
    uint16_t used;
    uint8_t parent;                   /* the link that news comes from */
    uint8_t before;                   /* a former one that still pushes here */
    uint8_t repairs : 3;              /* tried in vain */
    uint8_t young : 1;                /* the parent may not know yet that it is one */
    uint8_t orphan : 1;               /* in want of a parent */
    uint8_t withdrawn : 1;            /* and no neighbour may be one: they were told so */
    uint8_t changed : 1;              /* its distance, which neighbours are to be told */
    uint8_t marked : 1;               /* free for use within one step */
    uint8_t usual;                    /* as `far`, when news came last; 0: unknown */
    uint16_t fresh;                   /* links that told a distance since news came last */
    uint16_t asks;                    /* links that want to be told one from here */
    uint16_t far;                     /* from who publishes to here; units are the user's */
    uint16_t low;                     /* the lowest of it since news came last */
    uint16_t told[FC_GROUPS_FAR_MAX]; /* from who publishes to each link's other end */
};
struct fc_groups {         /* all zero is empty */
    struct fc_group *list; /* side by side: to look at all of them is frequent */
    uint32_t count, room;
    struct fc_group_place *places;
    uint32_t cap; /* of the places */
};
void fc_groups_finish(struct fc_groups *groups);

/* NULL: not there. Pointers hold until the next fc_groups_add. */
struct fc_group *fc_groups_find(struct fc_groups *groups, uint32_t id, uint64_t now_us);
/* A new one; another may go for it if `evict`. NULL: no room, or no memory. */
struct fc_group *fc_groups_add(struct fc_groups *groups, uint32_t id, bool evict, uint64_t now_us);
/* All of them in turn: `*at` begins at 0. NULL at the end. */
struct fc_group *fc_groups_next(struct fc_groups *groups, uint32_t *at);

#endif
