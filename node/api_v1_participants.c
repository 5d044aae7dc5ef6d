/* Participants, their histories, records, the charter. */
#include <string.h>

#include "node/api_v1.h"
#include "node/http_text.h"
#include "node/record_file.h"
#include "node/show.h"

static void participant_json(struct fc_json *json, const struct fc_message_participant *message)
{
    struct fc_show_participant participant;
    fc_show_participant_read(message, &participant);
    fc_json_object(json, NULL);
    fc_show_participant_json(json, &participant);
    fc_json_end(json);
}

static void get_participants(struct fc_http_call *call)
{
    struct fc_hash after, last = {{0}};
    uint64_t left;
    bool resumed, more = false, good = true;
    struct fc_replica *replica = fc_http_replica(call);
    if (!replica || !fc_api_page(call, &left, &after, &resumed)) {
        return;
    }
    const struct fc_ledger *ledger = fc_replica_ledger(replica);
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_array(json, "participants");
    for (size_t i = 0; i < fc_ledger_participant_count(ledger) && good && !more; i++) {
        struct fc_participant participant;
        struct fc_message_participant message;
        fc_ledger_participant_at(ledger, i, &participant);
        if (resumed && fc_hash_cmp(&participant.id, &after) <= 0) {
            continue;
        }
        more = left == 0;
        if (!more) {
            left--;
            last = participant.id;
            good = fc_api_participant_read(replica, &participant, &message) == FC_OK;
            participant_json(json, &message);
        }
    }
    fc_json_end(json);
    if (more) {
        fc_json_hash(json, "next", &last);
    } else {
        fc_json_null(json, "next");
    }
    fc_json_end(json);
    if (good) {
        fc_http_reply_json(call, 200, json);
    } else {
        fc_json_destroy(json);
        fc_http_fail_err(call, FC_E_IO, "the feeds cannot be read");
    }
}

static void get_participant(struct fc_http_call *call)
{
    struct fc_hash id;
    struct fc_message_participant participant;
    struct fc_replica *replica = fc_http_replica(call);
    if (replica && fc_api_participant(call, replica, &id, &participant)) {
        struct fc_json *json = fc_json_create();
        participant_json(json, &participant);
        fc_http_reply_json(call, 200, json);
    }
}

/* -- history ----------------------------------------------------------------------------------- */

struct heads {
    struct fc_json *json;
    uint64_t left;
    fc_version last;
    bool more;
};

static enum fc_err add_head(void *ctx, struct fc_span head_record, struct fc_span ops_bytes)
{
    struct heads *heads = ctx;
    struct fc_record record;
    struct fc_head head;
    struct fc_ops ops;
    if (heads->left == 0) {
        heads->more = true;
        return FC_E_AGAIN;
    }
    if (fc_record_parse(head_record, &record) != FC_OK || fc_head_parse(&record, &head) != FC_OK) {
        return FC_E_CORRUPT;
    }
    heads->left--;
    heads->last = head.version;
    bool known = ops_bytes.data && fc_ops_init(&ops, ops_bytes) == FC_OK;
    fc_show_head_json(heads->json, NULL, &record, &head, known ? &ops : NULL);
    return FC_OK;
}

/* "1.42" as a version; false when it is none. */
static bool read_version(struct fc_span text, fc_version *version)
{
    char digits[32];
    unsigned long long seq;
    unsigned incarnation;
    int used = 0;
    if (text.len == 0 || text.len >= sizeof digits) {
        return false;
    }
    memcpy(digits, text.data, text.len);
    digits[text.len] = 0;
    if (sscanf(digits, "%5u.%15llu%n", &incarnation, &seq, &used) != 2 ||
        (size_t)used != text.len || incarnation > UINT16_MAX || seq > FC_SEQ_MAX) {
        return false;
    }
    *version = fc_version_make((uint16_t)incarnation, seq);
    return true;
}

static void get_history(struct fc_http_call *call)
{
    struct fc_hash id;
    struct fc_span text;
    struct fc_message_participant participant;
    struct heads heads = {.left = 20};
    fc_version below = 0;
    char version[FC_CLI_VERSION_BYTES];
    struct fc_replica *replica = fc_http_replica(call);
    if (!replica || !fc_api_participant(call, replica, &id, &participant) ||
        !fc_http_query_count(call, "limit", FC_HEADS_KEPT, &heads.left)) {
        return;
    }
    if (fc_http_query(call, "below", &text) && !read_version(text, &below)) {
        fc_http_fail(call, 400, "QUERY", "\"below\" takes a version, like 1.42.");
        return;
    }
    heads.json = fc_json_create();
    fc_json_object(heads.json, NULL);
    fc_json_array(heads.json, "heads");
    enum fc_err err = fc_replica_history(replica, &id, below, add_head, &heads);
    fc_json_end(heads.json);
    fc_json_text(heads.json, "next", heads.more ? fc_cli_version(heads.last, version) : NULL);
    fc_json_end(heads.json);
    if (err == FC_OK || err == FC_E_AGAIN || err == FC_E_MISSING) {
        fc_http_reply_json(call, 200, heads.json);
    } else {
        fc_json_destroy(heads.json);
        fc_http_fail_err(call, err, "the history cannot be read");
    }
}

/* -- records ----------------------------------------------------------------------------------- */

static void reply_record(struct fc_http_call *call, struct fc_span record)
{
    struct fc_buf copy = {0};
    fc_buf_append(&copy, record.data, record.len);
    fc_http_reply(call, 200, fc_api_record_type, &copy);
}

static void get_record(struct fc_http_call *call)
{
    struct fc_hash hash;
    char tag[65];
    struct fc_replica *replica;
    if (!fc_http_param_hash(call, "hash", &hash) || !(replica = fc_http_replica(call))) {
        return;
    }
    const struct fc_ledger *ledger = fc_replica_ledger(replica);
    const struct fc_held *held = fc_ledger_find(ledger, &hash);
    const char *accept = fc_http_header(call, "Accept");
    if (!held) {
        fc_http_fail(call, 404, "MISSING",
                     "No such record is held; heads are found under a participant's history.");
        return;
    }
    fc_http_set(call, "Vary", "Accept");
    if (accept && fc_accepts(accept, "application/json") &&
        !fc_accepts(accept, fc_api_record_type)) {
        struct fc_json *json = fc_json_create();
        fc_record_json(json, NULL, &held->record, ledger);
        fc_http_reply_json(call, 200, json);
        return;
    }
    fc_hex(hash.b, 32, tag);
    if (!fc_http_etag(call, tag)) {
        reply_record(call, held->record.bytes);
    }
}

static void get_charter(struct fc_http_call *call)
{
    struct fc_replica *replica = fc_http_replica(call);
    bool disputed = false;
    if (!replica) {
        return;
    }
    const struct fc_ledger *ledger = fc_replica_ledger(replica);
    const struct fc_held *held = fc_ledger_charter(ledger, &disputed);
    struct fc_hash federation = fc_replica_federation(replica);
    if (!held) {
        fc_http_fail(call, 404, "MISSING", "This node holds no charter yet.");
        return;
    }
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_hash(json, "federation", &federation);
    fc_json_hash(json, "hash", &held->record.hash);
    fc_json_bool(json, "disputed", disputed);
    fc_record_json(json, "charter", &held->record, ledger);
    fc_json_end(json);
    fc_http_reply_json(call, 200, json);
}

static const struct fc_http_route routes[] = {
    {FC_HTTP_GET, "/v1/participants", get_participants, 0, 0},
    {FC_HTTP_GET, "/v1/participants/{participant}", get_participant, 0, 0},
    {FC_HTTP_GET, "/v1/participants/{participant}/history", get_history, 0, 0},
    {FC_HTTP_GET, "/v1/records/{hash}", get_record, 0, 0},
    {FC_HTTP_GET, "/v1/charter", get_charter, 0, 0},
};
const struct fc_http_group fc_api_v1_participants = {"participants", routes,
                                                     sizeof routes / sizeof routes[0]};
