#include <stdlib.h>
#include <string.h>

#include "node/rdf_names.h"
#include "node/rdf_write.h"

void fc_rdf_json_context(struct fc_json *json)
{
    fc_json_object(json, "@context");
    for (const struct fc_rdf_prefix *prefix = fc_rdf_prefixes(); prefix->prefix; prefix++)
        fc_json_text(json, prefix->prefix, prefix->ns);
    fc_json_end(json);
}

enum fc_err fc_rdf_json_head(struct fc_buf *out)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    struct fc_json *json = fc_json_create();
    static const char end[] = "]}\n";
    if (!file || !json) {
        if (file)
            fclose(file);
        free(text);
        fc_json_destroy(json);
        return FC_E_NOMEM;
    }
    fc_json_object(json, NULL);
    fc_rdf_json_context(json);
    fc_json_array(json, "@graph");
    fc_json_end(json);
    fc_json_end(json);
    enum fc_err err = fc_json_print(json, file, false);
    fc_json_destroy(json);
    if (fclose(file) != 0)
        err = FC_E_NOMEM;
    if (err == FC_OK)
        fc_buf_append(out, text, len - strlen(end));
    free(text);
    return err == FC_OK ? fc_buf_check(out) : err;
}

struct writing {
    struct fc_json *json;
    const struct fc_rdf *rdf;
    const char *label;
    uint32_t *names;
    fc_rdf_id first;
};

/* "dcat:Dataset" for an IRI in one of our namespaces, else the IRI; `room` holds the former. */
static const char *compact(struct fc_span iri, char room[128])
{
    for (const struct fc_rdf_prefix *prefix = fc_rdf_prefixes(); prefix->prefix; prefix++) {
        size_t len = strlen(prefix->ns);
        if (iri.len <= len || iri.len - len > 64 || memcmp(iri.data, prefix->ns, len) != 0)
            continue;
        const char *local = (const char *)iri.data + len;
        if (strncmp(local, "//", 2) == 0)
            break;
        snprintf(room, 128, "%s:%s", prefix->prefix, local);
        return room;
    }
    return (const char *)iri.data;
}

/* An IRI whose scheme is one of our prefixes would be read as another IRI. */
static bool is_ambiguous(struct fc_span iri)
{
    for (const struct fc_rdf_prefix *prefix = fc_rdf_prefixes(); prefix->prefix; prefix++) {
        size_t len = strlen(prefix->prefix);
        if (iri.len > len && iri.data[len] == ':' && memcmp(iri.data, prefix->prefix, len) == 0 &&
            strncmp((const char *)iri.data + len, "://", 3) != 0)
            return true;
    }
    return false;
}

static void put_id(struct writing *w, fc_rdf_id id)
{
    struct fc_rdf_term term = fc_rdf_term(w->rdf, id);
    char name[64];
    if (term.kind == FC_RDF_BLANK) {
        snprintf(name, sizeof name, "_:%s%u", w->label, w->names[id]);
        fc_json_text(w->json, "@id", name);
    } else {
        fc_json_span(w->json, "@id", term.text);
    }
}

static void put_value(struct writing *w, const char *key, fc_rdf_id id)
{
    struct fc_rdf_term term = fc_rdf_term(w->rdf, id);
    char room[128];
    if (term.kind == FC_RDF_LITERAL && term.datatype.len + term.language.len == 0) {
        fc_json_span(w->json, key, term.text);
        return;
    }
    fc_json_object(w->json, key);
    if (term.kind != FC_RDF_LITERAL) {
        put_id(w, id);
    } else {
        fc_json_span(w->json, "@value", term.text);
        if (term.language.len)
            fc_json_span(w->json, "@language", term.language);
        else
            fc_json_text(w->json, "@type", compact(term.datatype, room));
    }
    fc_json_end(w->json);
}

static int by_value(const void *a, const void *b, void *ctx)
{
    const struct writing *w = ctx;
    fc_rdf_id x = *(const fc_rdf_id *)a, y = *(const fc_rdf_id *)b;
    struct fc_rdf_term left = fc_rdf_term(w->rdf, x), right = fc_rdf_term(w->rdf, y);
    if (left.kind == FC_RDF_BLANK && right.kind == FC_RDF_BLANK)
        return (w->names[x] > w->names[y]) - (w->names[x] < w->names[y]);
    return fc_rdf_term_cmp(&left, &right);
}

static void put_types(struct writing *w, const fc_rdf_id *types, size_t count)
{
    char room[128];
    if (count > 1)
        fc_json_array(w->json, "@type");
    for (size_t i = 0; i < count; i++)
        fc_json_text(w->json, count > 1 ? NULL : "@type",
                     compact(fc_rdf_term(w->rdf, types[i]).text, room));
    if (count > 1)
        fc_json_end(w->json);
}

static void put_values(struct writing *w, fc_rdf_id predicate, fc_rdf_id *values, size_t count)
{
    char room[128];
    const char *key = compact(fc_rdf_term(w->rdf, predicate).text, room);
    size_t types = 0;
    qsort_r(values, count, sizeof *values, by_value, w);
    if (fc_rdf_is(w->rdf, predicate, FC_RDF_TYPE)) { /* IRIs stand in front */
        while (types < count && fc_rdf_term(w->rdf, values[types]).kind == FC_RDF_IRI)
            types++;
        if (types > 0)
            put_types(w, values, types);
    }
    if (count - types > 1)
        fc_json_array(w->json, key);
    for (size_t i = types; i < count; i++)
        put_value(w, count - types > 1 ? NULL : key, values[i]);
    if (count - types > 1)
        fc_json_end(w->json);
}

static enum fc_err put_node(struct writing *w, fc_rdf_id subject)
{
    size_t count, run;
    const struct fc_rdf_triple *of = fc_rdf_of(w->rdf, subject, &count);
    fc_rdf_id *values = calloc(count + 1, sizeof *values);
    if (!values)
        return FC_E_NOMEM;
    fc_json_object(w->json, NULL);
    put_id(w, subject);
    for (size_t i = 0; i < count; i += run) {
        for (run = 0; i + run < count && of[i + run].p == of[i].p; run++)
            values[run] = of[i + run].o;
        put_values(w, of[i].p, values, run);
    }
    fc_json_end(w->json);
    free(values);
    return FC_OK;
}

static int by_place(const void *a, const void *b, void *ctx)
{
    const struct writing *w = ctx;
    fc_rdf_id x = *(const fc_rdf_id *)a, y = *(const fc_rdf_id *)b;
    if (x == w->first || y == w->first)
        return (y == w->first) - (x == w->first);
    return by_value(a, b, ctx);
}

static enum fc_err check(const struct fc_rdf *rdf)
{
    for (uint32_t i = 0; i < fc_rdf_term_count(rdf); i++) {
        struct fc_rdf_term term = fc_rdf_term(rdf, i);
        if (term.kind == FC_RDF_IRI ? is_ambiguous(term.text) : is_ambiguous(term.datatype))
            return FC_E_FORMAT;
    }
    return FC_OK;
}

enum fc_err fc_rdf_json_nodes(struct fc_json *json, const struct fc_rdf *rdf, fc_rdf_id first,
                              const char *label, uint64_t *work)
{
    struct writing w = {.json = json, .rdf = rdf, .label = label, .first = first};
    size_t count, subjects = 0;
    const struct fc_rdf_triple *all = fc_rdf_all(rdf, &count);
    fc_rdf_id *order = calloc(count + 1, sizeof *order);
    enum fc_err err = order ? check(rdf) : FC_E_NOMEM;
    if (err == FC_OK)
        err = fc_rdf_blank_names(rdf, &w.names, work);
    for (size_t i = 0; i < count && err == FC_OK; i++)
        if (i == 0 || all[i].s != all[i - 1].s)
            order[subjects++] = all[i].s;
    if (err == FC_OK)
        qsort_r(order, subjects, sizeof *order, by_place, &w);
    for (size_t i = 0; i < subjects && err == FC_OK; i++)
        err = put_node(&w, order[i]);
    free(order);
    free(w.names);
    return err;
}
