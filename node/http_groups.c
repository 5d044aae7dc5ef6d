#include "node/http.h"

extern const struct fc_http_group fc_api_v1_node; /* node/<name of the group>.c */
extern const struct fc_http_group fc_api_v1_entries;
extern const struct fc_http_group fc_api_v1_participants;

/* clang-format off: one a line, so that lines are easily added */
const struct fc_http_group *const fc_http_groups[] = {
    &fc_api_v1_entries,
    &fc_api_v1_participants,
    &fc_api_v1_node,
    NULL,
};
