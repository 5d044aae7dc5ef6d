#include "node/search_form.h"

#include <string.h>

#include "node/cli.h"

static unsigned find_facet(struct fc_span name)
{
    unsigned i = 0;
    while (i < FC_FACETS && !fc_span_eq(name, fc_span_str(fc_facet_name((enum fc_facet)i)))) {
        i++;
    }
    return i;
}

bool fc_search_facets(struct fc_span list, uint32_t *facets)
{
    if (fc_span_eq(list, fc_span_str("all"))) {
        *facets = FC_FACETS_ALL;
        return true;
    }
    while (list.len > 0) {
        const uint8_t *comma = memchr(list.data, ',', list.len);
        size_t len = comma ? (size_t)(comma - list.data) : list.len;
        unsigned facet = find_facet(fc_span(list.data, len));
        if (facet == FC_FACETS) {
            return false;
        }
        *facets |= 1u << facet;
        len += comma != NULL;
        list = fc_span(list.data + len, list.len - len);
    }
    return true;
}

void fc_search_span_json(struct fc_json *json, const char *key, struct fc_span text)
{
    if (text.len > 0) {
        fc_json_span(json, key, text);
    } else {
        fc_json_null(json, key);
    }
}

static void text_json(struct fc_json *json, const char *key, const struct fc_query_text *text)
{
    fc_json_object(json, key);
    fc_json_span(json, "text", text->text);
    fc_json_array(json, "marks");
    for (uint32_t i = 0; i < text->mark_count; i++) {
        fc_json_object(json, NULL);
        fc_json_uint(json, "at", text->marks[i].at);
        fc_json_uint(json, "length", text->marks[i].len);
        fc_json_end(json);
    }
    fc_json_end(json);
    fc_json_end(json);
}

static void source_json(struct fc_json *json, const char *key, enum fc_query_source source)
{
    const char *name = fc_query_source_name(source);
    if (name) {
        fc_json_text(json, key, name);
    } else {
        fc_json_null(json, key);
    }
}

void fc_search_hit_json(struct fc_json *json, const struct fc_query_hit *hit, const char *href)
{
    char version[FC_CLI_VERSION_BYTES];
    fc_json_object(json, NULL);
    fc_json_span(json, "key", hit->key);
    fc_json_hash(json, "participant", &hit->participant);
    fc_search_span_json(json, "participant_name", hit->member);
    fc_json_hash(json, "key_hash", &hit->key_hash);
    if (href) {
        fc_json_text(json, "href", href);
    }
    fc_json_text(json, "version", fc_cli_version(hit->version, version));
    fc_json_text(json, "status", fc_status_name(hit->status));
    fc_json_text(json, "content", fc_content_state_name(hit->content));
    fc_json_bool(json, "contested", hit->contested);
    fc_json_time(json, "as_of", hit->time_ms);
    fc_json_time(json, "accepted", hit->accepted_ms);
    fc_json_uint(json, "score", hit->score);
    fc_search_span_json(json, "kind", hit->kind);
    fc_search_span_json(json, "provider", hit->provider);
    source_json(json, "provider_from", hit->provider_from);
    fc_search_span_json(json, "country", hit->country);
    source_json(json, "country_from", hit->country_from);
    text_json(json, "name", &hit->name);
    text_json(json, "snippet", &hit->snippet);
    fc_json_end(json);
}

void fc_search_value_json(struct fc_json *json, const struct fc_query_value *value)
{
    fc_json_object(json, NULL);
    fc_json_span(json, "value", value->value);
    fc_json_span(json, "name", value->name);
    fc_json_uint(json, "count", value->count);
    fc_json_end(json);
}
