/* Finds sites by their name. */
#ifndef FC_SIM_NAMES_H
#define FC_SIM_NAMES_H

#include "sim/topology.h"

struct fc_names {
    uint32_t *slots; /* open addressing: index + 1, 0 is free */
    uint32_t cap, count;
};
/* Takes in sites[index]; `at` is the site of that name that was there first, or `index`. The sites
 * may move between calls. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_names_put(struct fc_names *names, const struct fc_site *sites,
                                     uint32_t index, uint32_t *at);
/* FC_TOPOLOGY_NONE: no site has it. */
uint32_t fc_names_find(const struct fc_names *names, const struct fc_site *sites, const char *name);
void fc_names_finish(struct fc_names *names);

#endif
