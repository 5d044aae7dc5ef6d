/* Searching the catalogue. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "node/service_call.h"
#include "store/query.h"

static void put_text(struct fc_buf *out, const struct fc_query_text *text)
{
    fc_pack_array(out, 2);
    fc_pack_str(out, text->text);
    fc_pack_array(out, 2 * text->mark_count);
    for (uint32_t i = 0; i < text->mark_count; i++) {
        fc_pack_uint(out, text->marks[i].at);
        fc_pack_uint(out, text->marks[i].len);
    }
}

static void put_hit(struct fc_buf *out, const struct fc_query_hit *hit)
{
    fc_pack_array(out, 18);
    fc_pack_bin(out, fc_span(hit->participant.b, sizeof hit->participant.b));
    fc_pack_bin(out, fc_span(hit->key_hash.b, sizeof hit->key_hash.b));
    fc_pack_str(out, hit->key);
    fc_pack_uint(out, hit->version);
    fc_pack_uint(out, (uint64_t)hit->status);
    fc_pack_uint(out, (uint64_t)hit->content);
    fc_pack_uint(out, hit->contested);
    fc_pack_uint(out, hit->time_ms);
    fc_pack_uint(out, hit->accepted_ms);
    fc_pack_uint(out, hit->score);
    put_text(out, &hit->name);
    put_text(out, &hit->snippet);
    fc_pack_str(out, hit->kind);
    fc_pack_str(out, hit->provider);
    fc_pack_str(out, hit->country);
    fc_pack_uint(out, (uint64_t)hit->provider_from);
    fc_pack_uint(out, (uint64_t)hit->country_from);
    fc_pack_str(out, hit->member);
}

static void put_facet(struct fc_buf *out, const struct fc_query_facet *facet)
{
    fc_pack_array(out, 3);
    fc_pack_uint(out, (uint64_t)facet->facet);
    fc_pack_array(out, facet->value_count);
    for (uint32_t i = 0; i < facet->value_count; i++) {
        fc_pack_array(out, 3);
        fc_pack_str(out, facet->values[i].value);
        fc_pack_str(out, facet->values[i].name);
        fc_pack_uint(out, facet->values[i].count);
    }
    fc_pack_uint(out, facet->others);
}

static void put_result(struct fc_buf *out, const struct fc_query_result *result)
{
    fc_pack_array(out, 7);
    fc_pack_uint(out, result->total);
    fc_pack_uint(out, result->at_most);
    fc_pack_uint(out, result->entries);
    fc_pack_uint(out, result->as_of_ms);
    fc_pack_array(out, result->hit_count);
    for (uint32_t i = 0; i < result->hit_count; i++) {
        put_hit(out, &result->hits[i]);
    }
    fc_pack_array(out, result->facet_count);
    for (uint32_t i = 0; i < result->facet_count; i++) {
        put_facet(out, &result->facets[i]);
    }
    fc_pack_str(out, result->next);
}

static void explain(struct fc_call *call, enum fc_err err)
{
    const char *text = NULL;
    if (err == FC_E_MISSING) {
        text = "there is no index, or one of another version: fedcat reindex makes it";
    } else if (err == FC_E_STALE) {
        text = "this page belongs to another search, or the index was made again: start over";
    } else if (err == FC_E_FORMAT) {
        text = "this is no cursor of a search";
    }
    if (text) {
        snprintf(call->text, sizeof call->text, "%s", text);
    }
}

enum fc_err fc_service_search(struct fc_call *call)
{
    struct fc_query query;
    struct fc_query_fault fault;
    struct fc_query_result *result = NULL;
    fc_query_init(&query);
    struct fc_span text = fc_unpack_str(&call->in, FC_QUERY_TEXT_BYTES_MAX);
    query.limit = (uint32_t)fc_unpack_uint(&call->in, FC_QUERY_LIMIT_MAX);
    query.facets = (uint32_t)fc_unpack_uint(&call->in, FC_FACETS_ALL);
    query.cursor = fc_unpack_str(&call->in, FC_QUERY_CURSOR_BYTES_MAX);
    enum fc_err err = fc_call_ready(call);
    if (err != FC_OK) {
        return err;
    }
    err = fc_query_parse(&query, text, &fault);
    if (err != FC_OK) {
        snprintf(call->text, sizeof call->text, "at character %u: %s",
                 fc_query_character(text, fault.at) + 1u, fault.text);
        return FC_E_ARG;
    }
    err = fc_query_run(call->replica, &query, &result);
    if (err != FC_OK) {
        explain(call, err);
        return err;
    }
    put_result(&call->body, result);
    fc_query_result_destroy(result);
    return FC_OK;
}

static void show_progress(void *ctx, const struct fc_index_progress *at)
{
    const struct fc_service *service = ctx;
    if (service->progress) {
        service->progress(service->progress_ctx, at->done, at->total);
    }
}

/* In transactions of its own: none is open while a verb that does not write is answered. */
enum fc_err fc_service_reindex(struct fc_call *call)
{
    struct fc_digest digest;
    enum fc_err err = fc_call_ready(call);
    if (err != FC_OK) {
        return err;
    }
    if (fc_replica_writing(call->replica)) {
        return FC_E_AGAIN;
    }
    err = fc_replica_reindex(call->replica, show_progress, call->service);
    if (err == FC_OK) {
        err = fc_replica_digest(call->replica, &digest);
    }
    if (err == FC_OK) {
        fc_pack_array(&call->body, 1);
        fc_pack_uint(&call->body, digest.entries);
    }
    return err;
}
