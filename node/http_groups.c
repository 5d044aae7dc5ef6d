#include "node/http.h"

extern const struct fc_http_group fc_api_v1_node; /* node/api_v1_node.c */

/* clang-format off: one a line, so that lines are easily added */
const struct fc_http_group *const fc_http_groups[] = {
    &fc_api_v1_node,
    NULL,
};
