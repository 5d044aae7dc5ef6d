/* What this node is, and whether it can serve. */
#include "node/http.h"
#include "node/message.h"

static const char text_plain[] = "text/plain; charset=utf-8";

static void get_health(struct fc_http_call *call)
{
    fc_http_reply_static(call, 200, text_plain, fc_span_str("ok\n"));
}

static const struct fc_http_route routes[] = {
    {FC_HTTP_GET, "/healthz", get_health, 0, 0},
};
const struct fc_http_group fc_api_v1_node = {"node", routes, sizeof routes / sizeof routes[0]};
