#include "node/http.h"

extern const struct fc_http_group fc_api_v1_node; /* node/<name of the group>.c */
extern const struct fc_http_group fc_api_v1_entries;
extern const struct fc_http_group fc_api_v1_participants;
extern const struct fc_http_group fc_api_v1_applications;
extern const struct fc_http_group fc_api_v1_write;
extern const struct fc_http_group fc_api_v1_changes;
extern const struct fc_http_group fc_api_dcat;
extern const struct fc_http_group fc_dsp_group; /* node/dsp.c */
extern const struct fc_http_group fc_ces_group;
extern const struct fc_http_group fc_xfsc_group;
extern const struct fc_http_group fc_api_v1_nodes;
extern const struct fc_http_group fc_api_v1_search;
extern const struct fc_http_group fc_web;

/* One a line, so that lines are easily added. */
/* clang-format off */
const struct fc_http_group *const fc_http_groups[] = {
    &fc_api_v1_entries,
    &fc_api_v1_participants,
    &fc_api_v1_changes,
    &fc_api_v1_write,
    &fc_api_v1_applications,
    &fc_api_v1_node,
    &fc_api_dcat,
    &fc_dsp_group,
    &fc_ces_group,
    &fc_xfsc_group,
    &fc_api_v1_search,
    &fc_api_v1_nodes,
    &fc_web,
    NULL,
};
/* clang-format on */
