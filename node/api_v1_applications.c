/* Requests for admission, for governors to find. */
#include <string.h>

#include "node/api_v1.h"
#include "node/applications.h"

static void refuse(struct fc_http_call *call, enum fc_err err)
{
    switch ((int)err) {
    case FC_E_AGAIN:
        fc_http_set(call, "Retry-After", "86400");
        fc_http_fail(call, 503, "APPLICATIONS",
                     "%d applications wait for this node's governors, all of them since less than "
                     "%d hours: hand it in at another node.",
                     FC_APPLICATIONS_MAX, FC_APPLICATION_SAFE_HOURS);
        return;
    case FC_E_ARG:
    case FC_E_FORMAT:
        fc_http_fail(call, 400, fc_err_name(err),
                     "This is no application, as fedcat apply writes "
                     "them.");
        return;
    case FC_E_FEDERATION:
        fc_http_fail(call, 422, fc_err_name(err), "This application is to another federation.");
        return;
    case FC_E_SIGNATURE:
        fc_http_fail(call, 422, fc_err_name(err),
                     "An application is signed by the feed key and the recovery key it names.");
        return;
    }
    fc_http_fail_err(call, err, "the application was not kept");
}

static void post_application(struct fc_http_call *call)
{
    struct fc_hash hash, federation;
    struct fc_replica *replica = fc_http_replica(call);
    if (!replica) {
        return;
    }
    federation = fc_replica_federation(replica);
    enum fc_err err =
        fc_applications_check(fc_http_home(call), &federation, fc_http_body(call), &hash);
    if (err == FC_OK && !fc_http_share(call)) {
        return;
    }
    if (err == FC_OK) {
        err = fc_applications_keep(fc_http_home(call), fc_http_body(call), &hash,
                                   fc_http_now_ms(call));
    }
    if (err != FC_OK && err != FC_E_KNOWN) {
        refuse(call, err);
        return;
    }
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_hash(json, "application", &hash);
    fc_json_bool(json, "known", err == FC_E_KNOWN);
    fc_json_text(json, "detail",
                 "It waits for the governors who use this node; a certificate comes by gossip.");
    fc_json_end(json);
    fc_http_reply_json(call, 202, json);
}

static const struct fc_http_route routes[] = {
    {FC_HTTP_POST, "/v1/applications", post_application, FC_APPLICATION_BYTES_MAX, 0},
};
const struct fc_http_group fc_api_v1_applications = {"applications", routes,
                                                     sizeof routes / sizeof routes[0]};
