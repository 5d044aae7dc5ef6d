/* XFSC Federated Catalogue 1.0: the routes its clients use, below /xfsc. */
#include "node/xfsc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/interop.h"
#include "node/interop_publish.h"
#include "store/news.h"

enum { BODY_BYTES_MAX = FC_CONTENT_BYTES_MAX, QUERY_BYTES_MAX = 64 * 1024, PAGE_MAX = 1000 };

/* -- what they share --------------------------------------------------------------------------- */

void fc_xfsc_refuse(struct fc_http_call *call, unsigned status, const char *code,
                    const char *format, ...)
{
    char message[FC_WITHHELD_BYTES + 64];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_text(json, "code", code);
    fc_json_text(json, "message", message);
    fc_json_end(json);
    fc_http_reply_json(call, status, json);
}

void fc_xfsc_refuse_err(struct fc_http_call *call, enum fc_err err, const char *what)
{
    fc_xfsc_refuse(call, fc_http_status_of(err), fc_err_name(err), "%s: %s.", what,
                   fc_err_text(err));
}

bool fc_xfsc_query_bool(struct fc_http_call *call, const char *name, bool *out)
{
    struct fc_span text;
    if (!fc_http_query(call, name, &text)) {
        return true;
    }
    *out = fc_span_eq(text, fc_span_str("true"));
    if (!*out && !fc_span_eq(text, fc_span_str("false"))) {
        fc_xfsc_refuse(call, 400, "client_error", "%s is true or false.", name);
        return false;
    }
    return true;
}

/* FC_E_MISSING, FC_E_WITHHELD and FC_E_CORRUPT in words; other errors are handed on. */
static enum fc_err say_lack(struct fc_replica *replica, enum fc_err err, struct fc_xfsc_asset *out)
{
    if (err == FC_E_WITHHELD) {
        fc_withheld_text(replica, &out->participant, &out->entry, out->lack, NULL);
    } else if (err == FC_E_MISSING) {
        strcpy(out->lack, "The content has not arrived here yet.");
    } else if (err == FC_E_CORRUPT) {
        strcpy(out->lack, "The content is damaged on this node and waits for its repair.");
    } else {
        return err;
    }
    return FC_OK;
}

enum fc_err fc_xfsc_asset_load(struct fc_replica *replica, const struct fc_hash *participant,
                               const struct fc_entry *entry, struct fc_buf *hold,
                               struct fc_xfsc_asset *out)
{
    struct fc_participant about;
    struct fc_news news;
    char own[FC_XFSC_URN_BYTES] = "";
    struct fc_span publisher = fc_span_str(own);
    *out = (struct fc_xfsc_asset){.participant = *participant, .entry = *entry};
    if (fc_ledger_participant(fc_replica_ledger(replica), participant, &about) == FC_OK) {
        publisher = fc_xfsc_participant_id(&about, own);
    }
    if (fc_replica_news_arrival(replica, participant, entry->version, &news) == FC_OK) {
        out->changed_ms = news.accepted_ms;
    }
    fc_buf_clear(hold);
    fc_buf_append(hold, publisher.data, publisher.len);
    enum fc_err err = fc_replica_content(replica, participant, &entry->key_hash, hold);
    out->publisher = fc_span(hold->data, publisher.len);
    if (err == FC_OK) {
        out->content = fc_span(hold->data + publisher.len, hold->len - publisher.len);
        return fc_buf_check(hold);
    }
    return say_lack(replica, err, out);
}

struct by_id {
    struct fc_replica *replica;
    const struct fc_hash *first;
    bool others; /* than that of `first` are wanted now */
    enum fc_err (*each)(void *ctx, const struct fc_hash *participant, const struct fc_entry *entry);
    void *ctx;
};

static enum fc_err take_holder(void *ctx, const struct fc_hash *participant,
                               const struct fc_entry *entry)
{
    struct by_id *by = ctx;
    bool other = !by->first || !fc_hash_eq(by->first, participant);
    if (other != by->others || fc_replica_hidden(by->replica, participant, entry->version)) {
        return FC_OK;
    }
    return by->each(by->ctx, participant, entry);
}

enum fc_err fc_xfsc_by_id(struct fc_replica *replica, struct fc_span id,
                          const struct fc_hash *first,
                          enum fc_err (*each)(void *ctx, const struct fc_hash *participant,
                                              const struct fc_entry *entry),
                          void *ctx)
{
    struct by_id by = {replica, first, false, each, ctx};
    struct fc_hash key_hash = fc_key_hash(id);
    struct fc_buf hold = {0};
    struct fc_entry entry;
    enum fc_err err = FC_OK;
    if (first) {
        err = fc_replica_entry(replica, first, &key_hash, &hold, &entry);
        err = err == FC_OK ? take_holder(&by, first, &entry) : err;
        err = err == FC_E_MISSING ? FC_OK : err;
    }
    fc_buf_finish(&hold);
    by.others = true;
    return err == FC_OK ? fc_replica_holders(replica, &key_hash, take_holder, &by) : err;
}

bool fc_xfsc_caller(struct fc_http_call *call, struct fc_replica *replica, struct fc_hash *out)
{
    return fc_interop_caller(call, replica, out) == FC_OK;
}

bool fc_xfsc_authorize(struct fc_http_call *call, struct fc_replica *replica, struct fc_hash *out)
{
    enum fc_err err = fc_interop_caller(call, replica, out);
    if (err == FC_E_MISSING || err == FC_E_DENIED) {
        fc_http_set(call, "WWW-Authenticate", "Bearer realm=\"fedcat\"");
        fc_xfsc_refuse(call, 401, "unauthorized", "This takes a bearer token that is valid here.");
    } else if (err == FC_E_ARG) {
        fc_xfsc_refuse(call, 400, "client_error", "\"participant\" takes 64 hexadecimal digits.");
    } else if (err != FC_OK) {
        fc_xfsc_refuse_err(call, err, "The tokens cannot be read");
    }
    return err == FC_OK;
}

bool fc_xfsc_hash_read(struct fc_span text, struct fc_hash *out)
{
    char digits[65];
    if (text.len != 64) {
        return false;
    }
    memcpy(digits, text.data, 64);
    digits[64] = 0;
    return fc_unhex(digits, out->b, 32) == FC_OK;
}

/* -- one asset --------------------------------------------------------------------------------- */

/* Several feeds may hold one id: the first is the answer, the others stand beside it. One whose
 * content was taken down comes after those that are there, and is no answer alone. */
struct holders {
    struct fc_replica *replica;
    struct fc_json *json;
    struct fc_buf hold;
    bool withheld; /* those are gone through now */
    unsigned count, shown;
    char lack[FC_WITHHELD_BYTES]; /* of the first */
};
enum { HOLDERS_MAX = 100 };

static enum fc_err add_holder(void *ctx, const struct fc_hash *participant,
                              const struct fc_entry *entry)
{
    struct holders *holders = ctx;
    struct fc_xfsc_asset asset;
    if ((entry->state == FC_CONTENT_REFUSED) != holders->withheld) {
        return FC_OK;
    }
    enum fc_err err =
        fc_xfsc_asset_load(holders->replica, participant, entry, &holders->hold, &asset);
    if (err != FC_OK) {
        return err;
    }
    if (holders->count == 1) {
        fc_json_array(holders->json, "alternatives");
    }
    if (holders->count > 0) {
        fc_json_object(holders->json, NULL);
    } else {
        memcpy(holders->lack, asset.lack, sizeof asset.lack);
    }
    fc_xfsc_asset_members(holders->json, &asset);
    if (holders->count > 0) {
        fc_xfsc_warnings(holders->json, asset.lack, NULL);
        fc_json_end(holders->json);
    }
    holders->shown += !holders->withheld;
    return ++holders->count == HOLDERS_MAX ? FC_E_BOUND : FC_OK;
}

static enum fc_err find_holders(struct holders *holders, struct fc_span id,
                                const struct fc_hash *caller)
{
    enum fc_err err = fc_xfsc_by_id(holders->replica, id, caller, add_holder, holders);
    holders->withheld = true;
    if (err == FC_OK) {
        err = fc_xfsc_by_id(holders->replica, id, caller, add_holder, holders);
    }
    return err == FC_E_BOUND ? FC_OK : err;
}

static void reply_holders(struct fc_http_call *call, struct holders *holders)
{
    char several[160] = "";
    if (holders->count > 1) {
        fc_json_end(holders->json);
        snprintf(several, sizeof several,
                 "%u participants publish this id; the others' are in alternatives, and in "
                 "/assets?ids=",
                 holders->count);
    }
    fc_xfsc_warnings(holders->json, several, holders->lack);
    fc_json_end(holders->json);
    fc_http_reply_json(call, 200, holders->json);
    holders->json = NULL;
}

static void get_asset(struct fc_http_call *call)
{
    struct holders holders = {.replica = fc_http_replica(call), .json = NULL};
    struct fc_hash caller;
    struct fc_span version;
    if (!holders.replica) {
        return;
    }
    if (fc_http_query(call, "version", &version)) {
        fc_xfsc_refuse(call, 404, "not_found_error",
                       "This node keeps no version of an asset but the one that holds now: ask "
                       "for it without \"version\".");
        return;
    }
    bool known = fc_xfsc_caller(call, holders.replica, &caller);
    holders.json = fc_json_create();
    fc_json_object(holders.json, NULL);
    enum fc_err err = find_holders(&holders, fc_http_param(call, "id"), known ? &caller : NULL);
    if (err != FC_OK) {
        fc_xfsc_refuse_err(call, err, "The asset cannot be read");
    } else if (holders.count == 0) {
        fc_xfsc_refuse(call, 404, "not_found_error", "No feed has an asset of this id.");
    } else if (holders.shown == 0) {
        fc_xfsc_refuse(call, 451, "withheld", "%s", holders.lack);
    } else {
        reply_holders(call, &holders);
    }
    fc_json_destroy(holders.json);
    fc_buf_finish(&holders.hold);
}

/* -- participants ------------------------------------------------------------------------------ */

static void write_participant(struct fc_json *json, struct fc_replica *replica,
                              const struct fc_participant *participant)
{
    struct fc_buf credential = {0};
    char own[FC_XFSC_URN_BYTES];
    struct fc_hash key_hash = fc_key_hash(fc_xfsc_participant_id(participant, own));
    if (fc_replica_content(replica, &participant->id, &key_hash, &credential) != FC_OK) {
        fc_buf_clear(&credential);
    }
    fc_xfsc_participant(json, participant, fc_buf_span(&credential));
    fc_buf_finish(&credential);
}

static bool is_member(const struct fc_participant *participant)
{
    return !participant->revocation || participant->revocation->revocation.mode != FC_REVOKE_REMOVE;
}

static bool read_page(struct fc_http_call *call, uint64_t *offset, uint64_t *limit)
{
    struct fc_span text;
    *offset = 0;
    *limit = 100;
    if (fc_http_query_uint(call, "offset", UINT32_MAX, offset) &&
        fc_http_query_uint(call, "limit", PAGE_MAX, limit) && *limit > 0) {
        return true;
    }
    (void)fc_http_query(call, "offset", &text);
    fc_xfsc_refuse(call, 400, "client_error", "offset is a whole number, limit one from 1 to %d.",
                   PAGE_MAX);
    return false;
}

static void get_participants(struct fc_http_call *call)
{
    struct fc_replica *replica = fc_http_replica(call);
    struct fc_participant participant;
    uint64_t offset, limit, total = 0;
    if (!replica || !read_page(call, &offset, &limit)) {
        return;
    }
    const struct fc_ledger *ledger = fc_replica_ledger(replica);
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_array(json, "items");
    for (size_t i = 0; i < fc_ledger_participant_count(ledger); i++) {
        fc_ledger_participant_at(ledger, i, &participant);
        if (is_member(&participant)) {
            if (total >= offset && total - offset < limit) {
                write_participant(json, replica, &participant);
            }
            total++;
        }
    }
    fc_json_end(json);
    fc_json_uint(json, "totalCount", total);
    fc_json_end(json);
    fc_http_reply_json(call, 200, json);
}

static void get_participant(struct fc_http_call *call)
{
    struct fc_replica *replica = fc_http_replica(call);
    struct fc_span wanted = fc_http_param(call, "id");
    struct fc_participant participant;
    char own[FC_XFSC_URN_BYTES], urn[FC_XFSC_URN_BYTES] = "urn:fedcat:participant:";
    size_t lead = strlen(urn);
    if (!replica) {
        return;
    }
    const struct fc_ledger *ledger = fc_replica_ledger(replica);
    for (size_t i = 0; i < fc_ledger_participant_count(ledger); i++) {
        fc_ledger_participant_at(ledger, i, &participant);
        fc_hex(participant.id.b, 32, urn + lead);
        if (is_member(&participant) &&
            (fc_span_eq(wanted, fc_xfsc_participant_id(&participant, own)) ||
             fc_span_eq(wanted, fc_span_str(urn)) || fc_span_eq(wanted, fc_span_str(urn + lead)))) {
            struct fc_json *json = fc_json_create();
            write_participant(json, replica, &participant);
            fc_http_reply_json(call, 200, json);
            return;
        }
    }
    fc_xfsc_refuse(call, 404, "not_found_error", "No participant has this id.");
}

/* -- queries ----------------------------------------------------------------------------------- */

static void get_query_info(struct fc_http_call *call)
{
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_text(json, "backend", "FEDCAT");
    fc_json_bool(json, "enabled", false);
    fc_json_text(json, "documentation",
                 "This node speaks neither SPARQL nor openCypher. Search it over /v1, or list "
                 "assets by id, hash, issuer, status and time.");
    fc_json_end(json);
    fc_http_reply_json(call, 200, json);
}

static void post_query(struct fc_http_call *call)
{
    const char *type = fc_http_header(call, "Content-Type");
    fc_xfsc_refuse(call, 415, "unsupported_query_language",
                   "\"%.100s\" is no language this node answers queries in; see /query/info.",
                   type ? type : "");
}

static void post_search(struct fc_http_call *call)
{
    fc_xfsc_refuse(call, 422, "unsupported_query_language",
                   "This node answers queries in no graph language; see /query/info. It holds the "
                   "whole federation's entries, so that there is no other server to ask.");
}

static const struct fc_http_route routes[] = {
    {FC_HTTP_GET, "/xfsc/assets", fc_xfsc_list, 0, 0},
    {FC_HTTP_POST, "/xfsc/assets", fc_xfsc_add, BODY_BYTES_MAX, 0},
    {FC_HTTP_DELETE, "/xfsc/assets/by-id/{id*}", fc_xfsc_delete_by_id, 0, 0},
    {FC_HTTP_POST, "/xfsc/assets/{hash}/revoke", fc_xfsc_revoke, QUERY_BYTES_MAX, 0},
    {FC_HTTP_DELETE, "/xfsc/assets/{hash}", fc_xfsc_delete, 0, 0},
    {FC_HTTP_GET, "/xfsc/assets/{id*}", get_asset, 0, 0},
    {FC_HTTP_PUT, "/xfsc/assets/{id*}", fc_xfsc_update, BODY_BYTES_MAX, 0},
    {FC_HTTP_GET, "/xfsc/participants", get_participants, 0, 0},
    {FC_HTTP_POST, "/xfsc/participants", fc_xfsc_join, BODY_BYTES_MAX, 0},
    {FC_HTTP_GET, "/xfsc/participants/{id*}", get_participant, 0, 0},
    {FC_HTTP_POST, "/xfsc/verification", fc_xfsc_verify, BODY_BYTES_MAX, 0},
    {FC_HTTP_GET, "/xfsc/query/info", get_query_info, 0, 0},
    {FC_HTTP_POST, "/xfsc/query/search", post_search, QUERY_BYTES_MAX, 0},
    {FC_HTTP_POST, "/xfsc/query", post_query, QUERY_BYTES_MAX, 0},
};
const struct fc_http_group fc_xfsc_group = {"xfsc", routes, sizeof routes / sizeof routes[0]};
