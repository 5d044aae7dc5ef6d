/* A search's answer as JSON, and the facets it asks for: the same from the API and the command. */
#ifndef FC_NODE_SEARCH_FORM_H
#define FC_NODE_SEARCH_FORM_H

#include "node/json.h"
#include "store/query.h"

/* "kind,country", or "all", as bits of 1 << enum fc_facet added to `facets`; false: one is unknown.
 */
bool fc_search_facets(struct fc_span list, uint32_t *facets);
/* One hit as an object; `href`: where its entry is, or NULL for nowhere. */
void fc_search_hit_json(struct fc_json *json, const struct fc_query_hit *hit, const char *href);
/* A value of a facet; an object. */
void fc_search_value_json(struct fc_json *json, const struct fc_query_value *value);
/* A text, or null where there is none. */
void fc_search_span_json(struct fc_json *json, const char *key, struct fc_span text);

#endif
