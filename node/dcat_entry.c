#include "node/dcat_entry.h"

#include <stdlib.h>
#include <string.h>

#include "node/rdf_names.h"
#include "node/rdf_read.h"
#include "store/document.h"
#include "store/document_text.h"

static struct fc_rdf_term node(const char *name)
{
    return strncmp(name, "_:", 2) == 0 ? fc_rdf_blank(name + 2) : fc_rdf_iri(name);
}

/* What cannot be said is not said. */
static enum fc_err lenient(enum fc_err err)
{
    return err == FC_E_FORMAT || err == FC_E_BOUND ? FC_OK : err;
}

enum fc_err fc_dcat_say_iri(struct fc_rdf *rdf, const char *s, const char *p, const char *o)
{
    if (!s || !o)
        return FC_OK;
    struct fc_rdf_term subject = node(s), predicate = fc_rdf_iri(p), object = node(o);
    return lenient(fc_rdf_add(rdf, &subject, &predicate, &object));
}

enum fc_err fc_dcat_say_text(struct fc_rdf *rdf, const char *s, const char *p, struct fc_span text,
                             const char *datatype, const char *language)
{
    if (!s || text.len == 0)
        return FC_OK;
    struct fc_rdf_term subject = node(s), predicate = fc_rdf_iri(p);
    struct fc_rdf_term object = {.kind = FC_RDF_LITERAL, .text = text};
    if (datatype)
        object.datatype = fc_span_str(datatype);
    else if (language && fc_language_ok(language))
        object.language = fc_span_str(language);
    return lenient(fc_rdf_add(rdf, &subject, &predicate, &object));
}

/* Entries that are DCAT already. */

struct foreign {
    const struct fc_rdf *rdf;
    fc_rdf_id main;
};

/* Other catalogues' own frame is not part of this one's. */
static bool own(void *ctx, const struct fc_rdf_triple *triple)
{
    struct foreign *foreign = ctx;
    return triple->s == foreign->main ||
           (!fc_rdf_has_type(foreign->rdf, triple->s, FC_DCAT "Catalog") &&
            !fc_rdf_has_type(foreign->rdf, triple->s, FC_DCAT "CatalogRecord"));
}

/* Reads the document's own statements; *done is false when they cannot be read as such. */
static enum fc_err read_dcat(struct fc_rdf *rdf, const struct fc_dcat_entry *entry, const char *key,
                             bool *done)
{
    struct fc_rdf *read = NULL;
    struct fc_rdf_fault fault;
    size_t count, own_count = 0;
    *done = false;
    enum fc_err err = fc_rdf_create(&read);
    if (err == FC_OK)
        err = fc_rdf_read(read, FC_RDF_JSON_LD, entry->content, NULL, &fault);
    if (err == FC_OK) {
        fc_rdf_sort(read);
        struct foreign foreign = {read, fc_rdf_find_iri(read, key)};
        if (foreign.main != FC_RDF_NONE)
            fc_rdf_of(read, foreign.main, &own_count);
        const struct fc_rdf_triple *all = fc_rdf_all(read, &count);
        for (size_t i = 0; own_count > 0 && i < count && err == FC_OK; i++) {
            struct fc_rdf_term s = fc_rdf_term(read, all[i].s), p = fc_rdf_term(read, all[i].p);
            struct fc_rdf_term o = fc_rdf_term(read, all[i].o);
            if (own(&foreign, &all[i]))
                err = fc_rdf_add(rdf, &s, &p, &o);
        }
        *done = err == FC_OK && own_count > 0;
    }
    fc_rdf_destroy(read);
    return lenient(err);
}

/* All others. */

struct saying {
    struct fc_rdf *rdf;
    const char *s;
    const struct fc_document *document;
    enum fc_err err;
};

static void say_iri(struct saying *say, const char *p, const char *o)
{
    if (say->err == FC_OK)
        say->err = fc_dcat_say_iri(say->rdf, say->s, p, o);
}

static void say_text(struct saying *say, const char *p, const char *text)
{
    if (say->err == FC_OK && text)
        say->err =
            fc_dcat_say_text(say->rdf, say->s, p, fc_span_str(text), NULL, say->document->language);
}

static void say_publisher(struct saying *say)
{
    const struct fc_document *document = say->document;
    const char *agent = document->provider ? document->provider : "_:publisher";
    if (!document->provider && !document->provider_name)
        return;
    say_iri(say, FC_DCT "publisher", agent);
    if (document->provider_name && say->err == FC_OK) {
        say->err = fc_dcat_say_iri(say->rdf, agent, FC_RDF_TYPE, FC_FOAF "Agent");
        if (say->err == FC_OK)
            say->err = fc_dcat_say_text(say->rdf, agent, FC_FOAF "name",
                                        fc_span_str(document->provider_name), NULL, NULL);
    }
}

static void say_distribution(struct saying *say)
{
    const char *access = say->document->endpoint;
    if (!access || !fc_iri_ok(access))
        return;
    say_iri(say, FC_DCAT "distribution", "_:distribution");
    struct saying of = *say;
    of.s = "_:distribution";
    say_iri(&of, FC_RDF_TYPE, FC_DCAT "Distribution");
    say_iri(&of, FC_DCAT "accessURL", access);
    say_iri(&of, FC_DCT "license", say->document->license);
    say->err = of.err;
}

static void say_agent(struct saying *say)
{
    say_iri(say, FC_RDF_TYPE, FC_FOAF "Agent");
    if (say->err == FC_OK)
        say->err = fc_dcat_say_text(say->rdf, say->s, FC_FOAF "name",
                                    fc_span_str(say->document->name), NULL, NULL);
}

static void say_resource(struct saying *say)
{
    const struct fc_document *document = say->document;
    bool service =
        strcmp(document->kind, "service") == 0 || strcmp(document->kind, "data service") == 0;
    bool dataset = strcmp(document->kind, "dataset") == 0;
    bool endpoint = document->endpoint && fc_iri_ok(document->endpoint);
    service = service && endpoint && document->name;
    dataset = dataset && document->name && document->description;
    say_iri(say, FC_RDF_TYPE,
            service   ? FC_DCAT "DataService"
            : dataset ? FC_DCAT "Dataset"
                      : FC_DCAT "Resource");
    say_text(say, FC_DCT "title", document->name);
    say_text(say, FC_DCT "description", document->description);
    say_publisher(say);
    say_iri(say, FC_DCT "license", dataset ? NULL : document->license);
    say_iri(say, FC_DCT "rights", document->terms);
    for (uint32_t i = 0; i < document->keyword_count; i++)
        say_text(say, FC_DCAT "keyword", document->keywords[i]);
    for (uint32_t i = 0; i < document->theme_count; i++)
        say_iri(say, FC_DCAT "theme", document->themes[i]);
    if (service)
        say_iri(say, FC_DCAT "endpointURL", document->endpoint);
    if (dataset)
        say_distribution(say);
}

static enum fc_err from_fields(struct fc_rdf *rdf, const char *key,
                               const struct fc_document *document)
{
    struct saying say = {.rdf = rdf, .s = key, .document = document};
    if (strcmp(document->kind, "participant") == 0 && document->name)
        say_agent(&say);
    else
        say_resource(&say);
    return say.err;
}

enum fc_err fc_dcat_entry_describe(struct fc_rdf *rdf, const struct fc_dcat_entry *entry)
{
    struct fc_document document = {0};
    bool done = false;
    char *key = (char *)fc_span_dup(entry->key);
    if (!key)
        return FC_E_NOMEM;
    enum fc_err err = fc_document_read(entry->content, &document, NULL);
    if (err == FC_OK && strcmp(document.format, "dcat") == 0)
        err = read_dcat(rdf, entry, key, &done);
    if (err == FC_OK && !done)
        err = from_fields(rdf, key, &document);
    else if (err != FC_OK && err != FC_E_NOMEM)
        err = fc_dcat_say_iri(rdf, key, FC_RDF_TYPE, FC_DCAT "Resource");
    fc_document_finish(&document);
    free(key);
    return err;
}

const char *fc_dcat_entry_listed(const struct fc_rdf *rdf, fc_rdf_id id, bool *record)
{
    static const char *const classes[][2] = {
        {FC_DCAT "Catalog", FC_DCAT "catalog"},
        {FC_DCAT "Dataset", FC_DCAT "dataset"},
        {FC_DCAT "DatasetSeries", FC_DCAT "dataset"},
        {FC_DCAT "DataService", FC_DCAT "service"},
    };
    *record = false;
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (fc_rdf_has_type(rdf, id, classes[i][0])) {
            *record = true;
            return classes[i][1];
        }
    }
    return fc_rdf_has_type(rdf, id, FC_FOAF "Agent") ? NULL : FC_DCAT "resource";
}
