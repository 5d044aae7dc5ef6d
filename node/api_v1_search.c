/* Search, from this node's own index as of the last commit. */
#include <string.h>

#include "node/api_v1.h"
#include "node/search_body.h"
#include "node/search_form.h"

/* -- what is asked ----------------------------------------------------------------------------- */

static bool refuse_query(struct fc_http_call *call, enum fc_err err, const char *what)
{
    if (err == FC_OK) {
        return true;
    }
    if (err == FC_E_BOUND) {
        fc_http_fail(call, 400, "QUERY", "%s asks for too much at once.", what);
    } else {
        fc_http_fail(call, 400, "QUERY", "%s takes no such value.", what);
    }
    return false;
}

static bool read_text(struct fc_http_call *call, struct fc_query *query)
{
    struct fc_span text;
    struct fc_query_fault fault;
    if (!fc_http_query(call, "q", &text) || fc_query_parse(query, text, &fault) == FC_OK) {
        return true;
    }
    fc_http_fail(call, 400, "QUERY", "At character %u of \"q\": %s.",
                 fc_query_character(text, fault.at) + 1u, fault.text);
    return false;
}

/* "kind=service&kind=dataset&country=FR": one of the values of each facet that is named. */
static bool read_filters(struct fc_http_call *call, struct fc_query *query)
{
    for (unsigned i = 0; i < FC_FACETS; i++) {
        const char *name = fc_facet_name((enum fc_facet)i);
        struct fc_span value;
        for (size_t k = 0; fc_http_query_at(call, name, k, &value); k++) {
            enum fc_query_field field = fc_facet_field((enum fc_facet)i);
            enum fc_err err = k == 0 ? fc_query_choice(query) : FC_OK;
            if (!fc_query_value(field, value, &value)) {
                fc_http_fail(call, 400, "QUERY", "\"%s\" is one of %s.", name,
                             fc_query_values(field));
                return false;
            }
            if (err == FC_OK) {
                err = fc_query_term(query, field, FC_QUERY_EQUAL, value);
            }
            if (!refuse_query(call, err, name)) {
                return false;
            }
        }
    }
    return true;
}

/* "facets=kind,country"; "facets=all". */
static bool read_facets(struct fc_http_call *call, struct fc_query *query)
{
    struct fc_span list;
    if (!fc_http_query(call, "facets", &list)) {
        return true;
    }
    if (!fc_search_facets(list, &query->facets)) {
        fc_http_fail(call, 400, "QUERY",
                     "\"facets\" takes kind, country, theme, language, label, state, provider, "
                     "participant with commas between, or all.");
        return false;
    }
    return true;
}

static bool read_sort(struct fc_http_call *call, struct fc_query *query)
{
    struct fc_span value;
    if (!fc_http_query(call, "sort", &value) || fc_search_sort(value, &query->sort)) {
        return true;
    }
    fc_http_fail(call, 400, "QUERY", "\"sort\" takes best, newest, oldest, name or -name.");
    return false;
}

static bool read_query(struct fc_http_call *call, struct fc_query *query)
{
    static const char *const names[] = {"q",           "kind",   "country",      "theme",
                                        "language",    "label",  "state",        "provider",
                                        "participant", "facets", "facet_values", "sort",
                                        "limit",       "offset", "cursor",       NULL};
    uint64_t limit = 20, offset = 0, values = 0;
    fc_query_init(query);
    if (!fc_http_query_only(call, names) || !read_text(call, query) || !read_filters(call, query) ||
        !read_facets(call, query) || !read_sort(call, query) ||
        !fc_http_query_uint(call, "limit", FC_QUERY_LIMIT_MAX, &limit) ||
        !fc_http_query_uint(call, "offset", FC_QUERY_OFFSET_MAX, &offset) ||
        !fc_http_query_uint(call, "facet_values", FC_QUERY_FACET_VALUES_MAX, &values)) {
        return false;
    }
    query->limit = (uint32_t)limit;
    query->offset = (uint32_t)offset;
    query->facet_values = (uint32_t)values;
    if (fc_http_query(call, "cursor", &query->cursor) && offset > 0) {
        fc_http_fail(call, 400, "QUERY", "\"cursor\" and \"offset\" do not go together.");
        return false;
    }
    return true;
}

/* -- what is answered -------------------------------------------------------------------------- */

static void facet_json(struct fc_json *json, const struct fc_query_facet *facet)
{
    fc_json_object(json, fc_facet_name(facet->facet));
    fc_json_array(json, "values");
    for (uint32_t i = 0; i < facet->value_count; i++) {
        fc_search_value_json(json, &facet->values[i]);
    }
    fc_json_end(json);
    fc_json_uint(json, "others", facet->others);
    fc_json_end(json);
}

static void reply_result(struct fc_http_call *call, const struct fc_query_result *result)
{
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_uint(json, "total", result->total);
    fc_json_bool(json, "at_most", result->at_most);
    fc_json_uint(json, "entries", result->entries);
    fc_json_time(json, "as_of", result->as_of_ms);
    fc_json_array(json, "hits");
    for (uint32_t i = 0; i < result->hit_count; i++) {
        const struct fc_query_hit *hit = &result->hits[i];
        char path[FC_API_ENTRY_PATH_BYTES];
        fc_search_hit_json(json, hit, fc_api_entry_path(&hit->participant, &hit->key_hash, path));
    }
    fc_json_end(json);
    fc_json_object(json, "facets");
    for (uint32_t i = 0; i < result->facet_count; i++) {
        facet_json(json, &result->facets[i]);
    }
    fc_json_end(json);
    fc_search_span_json(json, "next", result->next);
    fc_json_end(json);
    fc_http_set(call, "Cache-Control", "no-cache");
    fc_http_reply_json(call, 200, json);
}

static void refuse_run(struct fc_http_call *call, enum fc_err err)
{
    if (err == FC_E_MISSING) {
        fc_http_set(call, "Retry-After", "30");
        fc_http_fail(call, 503, "INDEX", "This node's search index must be made again first.");
    } else if (err == FC_E_STALE) {
        fc_http_fail(call, 410, "CURSOR",
                     "This page belongs to another search, or the index was made again: start "
                     "with the first one.");
    } else if (err == FC_E_FORMAT) {
        fc_http_fail(call, 400, "CURSOR",
                     "\"cursor\" takes what \"next\" of the page before said.");
    } else {
        fc_http_fail_err(call, err, "the search cannot be answered");
    }
}

static void answer(struct fc_http_call *call, const struct fc_query *query)
{
    struct fc_query_result *result = NULL;
    struct fc_replica *replica = fc_http_replica(call);
    if (!replica) {
        return;
    }
    enum fc_err err = fc_query_run(replica, query, &result);
    if (err == FC_OK) {
        reply_result(call, result);
    } else {
        refuse_run(call, err);
    }
    fc_query_result_destroy(result);
}

static void get_search(struct fc_http_call *call)
{
    struct fc_query query;
    if (read_query(call, &query)) {
        answer(call, &query);
    }
}

static void post_search(struct fc_http_call *call)
{
    static const char *const none[] = {NULL};
    struct fc_search_body body;
    char fault[FC_SEARCH_FAULT_BYTES];
    if (!fc_http_query_only(call, none)) {
        return;
    }
    enum fc_err err = fc_search_body_read(fc_http_body(call), &body, fault);
    if (err == FC_OK) {
        answer(call, &body.query);
    } else if (err == FC_E_NOMEM) {
        fc_http_fail_err(call, err, "the search cannot be read");
    } else {
        fc_http_fail(call, 400, "QUERY", "%s", fault);
    }
}

static const struct fc_http_route routes[] = {
    {FC_HTTP_GET, "/v1/search", get_search, 0, 0},
    {FC_HTTP_POST, "/v1/search", post_search, FC_SEARCH_BODY_BYTES_MAX, 0},
};
const struct fc_http_group fc_api_v1_search = {"search", routes, sizeof routes / sizeof routes[0]};
