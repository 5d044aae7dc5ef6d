#include "node/service.h"

#include <stdio.h>
#include <string.h>

#include "node/service_call.h"

enum { REQUEST_FIELDS = 3, RESPONSE_FIELDS = 3, TEXT_BYTES_MAX = 1024, ATTEMPTS = 4 };
enum { ARGUMENTS_MAX = 4 };

const char *fc_verb_name(enum fc_verb verb)
{
    switch (verb) {
#define FC_VERB_CASE(name, number, writes)                                                         \
    case FC_VERB_##name:                                                                           \
        return #name;
        FC_VERB_TABLE(FC_VERB_CASE)
#undef FC_VERB_CASE
    }
    return NULL;
}

bool fc_verb_writes(enum fc_verb verb)
{
    switch (verb) {
#define FC_VERB_CASE(name, number, writes)                                                         \
    case FC_VERB_##name:                                                                           \
        return writes;
        FC_VERB_TABLE(FC_VERB_CASE)
#undef FC_VERB_CASE
    }
    return false;
}

void fc_service_request(enum fc_verb verb, struct fc_span arguments, struct fc_buf *out)
{
    fc_pack_array(out, REQUEST_FIELDS);
    fc_pack_uint(out, FC_SERVICE_FORMAT);
    fc_pack_uint(out, (uint64_t)verb);
    fc_pack_bin(out, arguments);
}

enum fc_err fc_service_parse(struct fc_span request, enum fc_verb *verb, struct fc_span *arguments)
{
    struct fc_unpack in;
    fc_unpack_init(&in, request);
    fc_unpack_array(&in, REQUEST_FIELDS, REQUEST_FIELDS);
    uint64_t format = fc_unpack_uint(&in, UINT32_MAX);
    *verb = (enum fc_verb)fc_unpack_uint(&in, INT16_MAX);
    *arguments = fc_unpack_bin(&in, FC_REQUEST_BYTES_MAX);
    enum fc_err err = fc_unpack_end(&in);
    if (err != FC_OK) {
        return err;
    }
    if (format != FC_SERVICE_FORMAT) {
        return FC_E_VERSION;
    }
    return fc_verb_name(*verb) ? FC_OK : FC_E_FORMAT;
}

void fc_service_response(enum fc_err code, const char *text, struct fc_span body,
                         struct fc_buf *out)
{
    fc_pack_array(out, RESPONSE_FIELDS);
    fc_pack_uint(out, (uint64_t) - (int)code);
    fc_pack_str(out, fc_span_str(text));
    fc_pack_bin(out, body);
}

enum fc_err fc_service_read(struct fc_span response, enum fc_err *code, struct fc_span *text,
                            struct fc_span *body)
{
    struct fc_unpack in;
    fc_unpack_init(&in, response);
    fc_unpack_array(&in, RESPONSE_FIELDS, RESPONSE_FIELDS);
    *code = (enum fc_err) - (int)fc_unpack_uint(&in, INT16_MAX);
    *text = fc_unpack_str(&in, TEXT_BYTES_MAX);
    *body = fc_unpack_bin(&in, FC_RESPONSE_BYTES_MAX);
    return fc_unpack_end(&in);
}

enum fc_err fc_call_ready(struct fc_call *call)
{
    return fc_unpack_end(&call->in);
}

bool fc_page_room(struct fc_page *page)
{
    bool room = page->count < page->max && page->items.len < FC_SERVICE_PAGE_BYTES;
    page->more = page->more || !room;
    return room;
}

enum fc_err fc_page_end(struct fc_page *page, enum fc_err err)
{
    struct fc_buf *body = &page->call->body;
    if (err == FC_OK || err == FC_E_AGAIN) {
        err = fc_buf_check(&page->items);
    }
    if (err == FC_OK) {
        fc_pack_array(body, 2);
        fc_pack_array(body, page->count);
        fc_buf_append(body, page->items.data, page->items.len);
        fc_pack_uint(body, page->more);
    }
    fc_buf_finish(&page->items);
    return err;
}

static enum fc_err dispatch(struct fc_call *call, enum fc_verb verb)
{
    switch (verb) {
    case FC_VERB_STATUS:
        return fc_service_status(call);
    case FC_VERB_PEERS:
        return fc_service_peers(call);
    case FC_VERB_DIGEST:
        return fc_service_digest(call);
    case FC_VERB_PARTICIPANTS:
        return fc_service_participants(call);
    case FC_VERB_PARTICIPANT:
        return fc_service_participant(call);
    case FC_VERB_BY_FEED_KEY:
        return fc_service_by_feed_key(call);
    case FC_VERB_LIST:
        return fc_service_list(call);
    case FC_VERB_FIND:
        return fc_service_find(call);
    case FC_VERB_CONTENT:
        return fc_service_content(call);
    case FC_VERB_HISTORY:
        return fc_service_history(call);
    case FC_VERB_PROVE:
        return fc_service_prove(call);
    case FC_VERB_RECORDS:
        return fc_service_records(call);
    case FC_VERB_RECORD:
        return fc_service_record(call);
    case FC_VERB_CHARTER:
        return fc_service_charter(call);
    case FC_VERB_BOOTSTRAP:
        return fc_service_bootstrap(call);
    case FC_VERB_SUBMIT_RECORD:
        return fc_service_submit_record(call);
    case FC_VERB_SUBMIT_DELTA:
        return fc_service_submit_delta(call);
    case FC_VERB_AUTHOR:
        return fc_service_author(call);
    case FC_VERB_PREPARE:
        return fc_service_prepare(call);
    case FC_VERB_TAKEDOWN_LOCAL:
        return fc_service_takedown_local(call);
    case FC_VERB_PIN:
        return fc_service_pin(call);
    case FC_VERB_VERIFY:
        return fc_service_verify(call);
    case FC_VERB_BACKUP:
        return fc_service_backup(call);
    case FC_VERB_SEARCH:
        return fc_service_search(call);
    case FC_VERB_REINDEX:
        return fc_service_reindex(call);
    }
    return FC_E_FORMAT;
}

/* Errors after which a write transaction cannot go on. */
static bool ends_transaction(enum fc_err err)
{
    return err == FC_E_NOMEM || err == FC_E_FULL || err == FC_E_IO || err == FC_E_CORRUPT ||
           err == FC_E_MAP_FULL;
}

enum fc_err fc_service_handle(struct fc_service *service, struct fc_span request, uint64_t now_ms,
                              struct fc_buf *response)
{
    struct fc_call call = {.service = service, .replica = service->replica, .now_ms = now_ms};
    struct fc_span arguments;
    enum fc_verb verb;
    enum fc_err err = fc_service_parse(request, &verb, &arguments);
    if (err != FC_OK) {
        fc_service_response(err, "the request is not one of this version", fc_span(NULL, 0),
                            response);
        return fc_buf_check(response);
    }
    fc_unpack_init(&call.in, arguments);
    call.arguments = fc_unpack_array(&call.in, 0, ARGUMENTS_MAX);
    err = dispatch(&call, verb);
    if (err == FC_OK) {
        err = fc_buf_check(&call.body);
    }
    fc_service_response(err, call.text, err == FC_OK ? fc_buf_span(&call.body) : fc_span(NULL, 0),
                        response);
    fc_buf_finish(&call.body);
    if (fc_buf_check(response) != FC_OK) {
        return FC_E_NOMEM;
    }
    return fc_verb_writes(verb) && ends_transaction(err) ? err : FC_OK;
}

static enum fc_err attempt(struct fc_service *service, struct fc_span request, uint64_t now_ms,
                           struct fc_buf *response)
{
    /* Rows, tree nodes and index entries: a few times what came in, and pages copied on write. */
    enum fc_err err =
        fc_kv_reserve(fc_replica_kv(service->replica), 4 * request.len + 4 * 1024 * 1024);
    if (err == FC_OK) {
        err = fc_replica_begin(service->replica);
    }
    if (err != FC_OK) {
        return err;
    }
    err = fc_service_handle(service, request, now_ms, response);
    if (err == FC_OK) {
        return fc_replica_commit(service->replica);
    }
    fc_replica_abort(service->replica);
    return err;
}

enum fc_err fc_service_run(struct fc_service *service, struct fc_span request, uint64_t now_ms,
                           struct fc_buf *response)
{
    enum fc_verb verb;
    struct fc_span arguments;
    size_t start = response->len;
    enum fc_err err = fc_service_parse(request, &verb, &arguments);
    if (err != FC_OK || !fc_verb_writes(verb)) {
        return fc_service_handle(service, request, now_ms, response);
    }
    for (int i = 0; i < ATTEMPTS; i++) {
        response->len = start;
        err = attempt(service, request, now_ms, response);
        if (err != FC_E_MAP_FULL) {
            break;
        }
    }
    if (err != FC_OK) {
        response->len = start;
        fc_service_response(err, "", fc_span(NULL, 0), response);
    }
    return err;
}
