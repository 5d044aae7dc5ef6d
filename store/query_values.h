/* Texts of facets' values by their numbers, kept from search to search of one commit: a count goes
 * through numbers, and each answer wants the texts of some hundred of them. */
#ifndef FC_STORE_QUERY_VALUES_H
#define FC_STORE_QUERY_VALUES_H

#include "store/query_priv.h"

enum { FC_VALUES_NUMBERS_MAX = 65536 }; /* of one facet: greater ones are not kept */

void fc_values_destroy(struct fc_values *values); /* NULL is fine */

/* The text, as long as the run lasts; false: it is not kept. */
bool fc_run_value_text(const struct fc_run *run, unsigned facet, uint32_t number,
                       struct fc_span *text);
/* Copies it, if there is room and the commit is one that others will see as it is. */
void fc_run_keep_value(struct fc_run *run, unsigned facet, uint32_t number, struct fc_span text);

#endif
