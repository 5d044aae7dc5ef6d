#include "node/dcat_export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/dcat_entry.h"
#include "node/rdf_names.h"
#include "node/rdf_write.h"
#include "store/document_text.h"

struct fc_dcat_export {
    enum fc_dcat_syntax syntax;
    FILE *out;
    struct fc_dcat_catalog catalog;
    struct fc_rdf_turtle *turtle;
    struct fc_json *json;
    uint64_t graphs, nodes; /* written as JSON-LD */
    struct fc_hash *seen;   /* IRIs that were described, a hash table, at most half full */
    size_t seen_count, seen_cap;
    struct fc_dcat_conformed conformed;
};

const char *fc_dcat_media_type(enum fc_dcat_syntax syntax)
{
    return syntax == FC_DCAT_TURTLE ? "text/turtle" : "application/ld+json";
}

struct fc_dcat_conformed fc_dcat_export_conformed(const struct fc_dcat_export *dcat)
{
    return dcat->conformed;
}

void fc_dcat_export_destroy(struct fc_dcat_export *dcat)
{
    if (!dcat)
        return;
    fc_rdf_turtle_destroy(dcat->turtle);
    fc_json_destroy(dcat->json);
    free(dcat->seen);
    free(dcat);
}

/* Writing graphs. */

/* Nodes as values of one array, each on a line of its own. */
static enum fc_err write_nodes(struct fc_dcat_export *dcat, const struct fc_rdf *rdf,
                               fc_rdf_id first)
{
    char label[32], *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    snprintf(label, sizeof label, "g%" PRIu64 "b", dcat->graphs++);
    fc_json_array(dcat->json, NULL);
    enum fc_err err = file ? fc_rdf_json_nodes(dcat->json, rdf, first, label, NULL) : FC_E_NOMEM;
    fc_json_end(dcat->json);
    enum fc_err printed = file ? fc_json_print(dcat->json, file, false) : FC_E_NOMEM;
    if (err == FC_OK)
        err = printed;
    if (file && fclose(file) != 0)
        err = FC_E_NOMEM;
    if (err == FC_OK && len > 3) { /* without [ ] and the new line */
        fputs(dcat->nodes++ ? ",\n" : "\n", dcat->out);
        if (fwrite(text + 1, 1, len - 3, dcat->out) != len - 3)
            err = FC_E_IO;
    }
    free(text);
    return err;
}

static enum fc_err write_graph(struct fc_dcat_export *dcat, const struct fc_rdf *rdf,
                               fc_rdf_id first)
{
    return dcat->syntax == FC_DCAT_TURTLE ? fc_rdf_turtle_add(dcat->turtle, rdf)
                                          : write_nodes(dcat, rdf, first);
}

/* What was described. */

static struct fc_hash *seen_slot(struct fc_hash *table, size_t cap, const struct fc_hash *hash)
{
    size_t at = (size_t)fc_get_be64(hash->b) & (cap - 1);
    while (!fc_hash_is_zero(&table[at]) && !fc_hash_eq(&table[at], hash))
        at = (at + 1) & (cap - 1);
    return &table[at];
}

static enum fc_err grow_seen(struct fc_dcat_export *dcat)
{
    size_t cap = dcat->seen_cap ? dcat->seen_cap * 2 : 1024;
    struct fc_hash *grown = calloc(cap, sizeof *grown);
    if (!grown)
        return FC_E_NOMEM;
    for (size_t i = 0; i < dcat->seen_cap; i++)
        if (!fc_hash_is_zero(&dcat->seen[i]))
            *seen_slot(grown, cap, &dcat->seen[i]) = dcat->seen[i];
    free(dcat->seen);
    dcat->seen = grown;
    dcat->seen_cap = cap;
    return FC_OK;
}

static struct fc_hash iri_hash(const struct fc_rdf *rdf, fc_rdf_id id)
{
    return fc_hash("fedcat.dcat", fc_rdf_term(rdf, id).text);
}

struct fresh {
    struct fc_dcat_export *dcat;
    const struct fc_rdf *rdf;
};
static bool is_fresh(void *ctx, const struct fc_rdf_triple *triple)
{
    struct fresh *fresh = ctx;
    struct fc_rdf_term s = fc_rdf_term(fresh->rdf, triple->s);
    const char *base = fresh->dcat->catalog.record_base;
    if (s.kind != FC_RDF_IRI)
        return true;
    if (strncmp((const char *)s.text.data, base, strlen(base)) == 0) /* records are ours to write */
        return false;
    struct fc_hash hash = iri_hash(fresh->rdf, triple->s);
    return fc_hash_is_zero(seen_slot(fresh->dcat->seen, fresh->dcat->seen_cap, &hash));
}

static enum fc_err mark(struct fc_dcat_export *dcat, const struct fc_rdf *rdf)
{
    size_t count;
    const struct fc_rdf_triple *all = fc_rdf_all(rdf, &count);
    enum fc_err err = FC_OK;
    for (size_t i = 0; i < count && err == FC_OK; i++) {
        if ((i > 0 && all[i].s == all[i - 1].s) || fc_rdf_term(rdf, all[i].s).kind != FC_RDF_IRI)
            continue;
        struct fc_hash hash = iri_hash(rdf, all[i].s);
        *seen_slot(dcat->seen, dcat->seen_cap, &hash) = hash;
        if (++dcat->seen_count * 2 > dcat->seen_cap)
            err = grow_seen(dcat);
    }
    return err;
}

/* The catalogue's own head. */

struct saying {
    struct fc_rdf *rdf;
    enum fc_err err;
};

static void iri(struct saying *say, const char *s, const char *p, const char *o)
{
    if (say->err == FC_OK && o && !fc_iri_ok(o))
        say->err = FC_E_FORMAT;
    if (say->err == FC_OK)
        say->err = fc_dcat_say_iri(say->rdf, s, p, o);
}

static void text(struct saying *say, const char *s, const char *p, const char *o,
                 const char *datatype)
{
    if (say->err == FC_OK && o)
        say->err = fc_dcat_say_text(say->rdf, s, p, fc_span_str(o), datatype, NULL);
}

static void say_page(struct saying *say, const struct fc_dcat_page *page)
{
    char number[24];
    const char *s = page->collection;
    iri(say, s, FC_RDF_TYPE, FC_HYDRA "PagedCollection");
    iri(say, s, FC_RDF_TYPE, FC_HYDRA "Collection");
    snprintf(number, sizeof number, "%" PRIu64, page->items);
    text(say, s, FC_HYDRA "totalItems", number, FC_XSD "integer");
    snprintf(number, sizeof number, "%" PRIu64, page->items_per_page);
    text(say, s, FC_HYDRA "itemsPerPage", number, FC_XSD "integer");
    iri(say, s, FC_HYDRA "firstPage", page->first);
    iri(say, s, FC_HYDRA "previousPage", page->previous);
    iri(say, s, FC_HYDRA "nextPage", page->next);
    iri(say, s, FC_HYDRA "lastPage", page->last);
    iri(say, s, FC_HYDRA "view", page->self);
    iri(say, page->self, FC_RDF_TYPE, FC_HYDRA "PartialCollectionView");
    iri(say, page->self, FC_HYDRA "first", page->first);
    iri(say, page->self, FC_HYDRA "previous", page->previous);
    iri(say, page->self, FC_HYDRA "next", page->next);
    iri(say, page->self, FC_HYDRA "last", page->last);
}

static enum fc_err write_head(struct fc_dcat_export *dcat, const struct fc_dcat_page *page)
{
    const struct fc_dcat_catalog *catalog = &dcat->catalog;
    struct saying say = {0};
    say.err = fc_rdf_create(&say.rdf);
    iri(&say, catalog->iri, FC_RDF_TYPE, FC_DCAT "Catalog");
    text(&say, catalog->iri, FC_DCT "title", catalog->title, NULL);
    text(&say, catalog->iri, FC_DCT "description", catalog->description, NULL);
    iri(&say, catalog->iri, FC_DCT "publisher", catalog->publisher_iri);
    iri(&say, catalog->publisher_iri, FC_RDF_TYPE, FC_FOAF "Agent");
    text(&say, catalog->publisher_iri, FC_FOAF "name", catalog->publisher_name, NULL);
    if (page)
        say_page(&say, page);
    enum fc_err err = say.err;
    if (err == FC_OK) {
        fc_rdf_sort(say.rdf);
        err = mark(dcat, say.rdf);
    }
    if (err == FC_OK)
        err = write_graph(dcat, say.rdf, fc_rdf_find_iri(say.rdf, catalog->iri));
    fc_rdf_destroy(say.rdf);
    return err;
}

static enum fc_err start(struct fc_dcat_export *dcat)
{
    if (dcat->syntax == FC_DCAT_TURTLE)
        return fc_rdf_turtle_create(dcat->out, &dcat->turtle);
    struct fc_buf head = {0};
    dcat->json = fc_json_create();
    enum fc_err err = dcat->json ? fc_rdf_json_head(&head) : FC_E_NOMEM;
    if (err == FC_OK && fwrite(head.data, 1, head.len, dcat->out) != head.len)
        err = FC_E_IO;
    fc_buf_finish(&head);
    return err;
}

enum fc_err fc_dcat_export_create(enum fc_dcat_syntax syntax, FILE *out,
                                  const struct fc_dcat_catalog *catalog,
                                  const struct fc_dcat_page *page, struct fc_dcat_export **dcat)
{
    *dcat = calloc(1, sizeof **dcat);
    if (!*dcat)
        return FC_E_NOMEM;
    (*dcat)->syntax = syntax;
    (*dcat)->out = out;
    (*dcat)->catalog = *catalog;
    enum fc_err err = grow_seen(*dcat);
    if (err == FC_OK)
        err = start(*dcat);
    if (err == FC_OK)
        err = write_head(*dcat, page);
    if (err != FC_OK) {
        fc_dcat_export_destroy(*dcat);
        *dcat = NULL;
    }
    return err;
}

/* Entries. */

/* Where an entry is from: its record's own statements. */
static enum fc_err say_record(struct fc_rdf *rdf, const struct fc_dcat_export *dcat,
                              const struct fc_dcat_entry *entry, const char *key, bool is_record)
{
    const struct fc_dcat_catalog *catalog = &dcat->catalog;
    char participant[65], key_hash[65], time[32], origin[128], *record = NULL, *proof = NULL;
    char *name = NULL, *url = NULL;
    struct saying say = {.rdf = rdf};
    fc_hex(entry->participant.b, 32, participant);
    fc_hex(entry->key_hash.b, 32, key_hash);
    fc_time_text((int64_t)(entry->signed_ms / 1000), time);
    snprintf(origin, sizeof origin, "urn:fedcat:participant:%s", participant);
    url = (char *)fc_span_dup(entry->participant_url);
    name = (char *)fc_span_dup(entry->participant_name);
    const char *agent = url && fc_iri_ok(url) ? url : origin;
    if (!url || !name ||
        asprintf(&record, "%s%s%s%s%s", catalog->record_base, participant, catalog->separator,
                 key_hash, catalog->record_suffix ? catalog->record_suffix : "") < 0 ||
        asprintf(&proof, "%s%s%s%s%s", catalog->record_base, participant, catalog->separator,
                 key_hash, catalog->proof_suffix ? catalog->proof_suffix : "") < 0)
        say.err = FC_E_NOMEM;
    char version[128];
    snprintf(version, sizeof version, "%s:%u.%" PRIu64, participant,
             fc_version_incarnation(entry->version), fc_version_seq(entry->version));
    iri(&say, catalog->iri, FC_DCAT "record", is_record ? record : NULL);
    iri(&say, record, FC_RDF_TYPE, is_record ? FC_DCAT "CatalogRecord" : FC_FOAF "Document");
    iri(&say, record, FC_FOAF "primaryTopic", key);
    iri(&say, is_record ? NULL : key, FC_FOAF "isPrimaryTopicOf", record);
    text(&say, record, FC_DCT "modified", time, FC_XSD "dateTime");
    text(&say, record, FC_DCT "identifier", version, NULL);
    iri(&say, record, FC_PROV "wasAttributedTo", agent);
    iri(&say, agent, FC_RDF_TYPE, FC_FOAF "Agent");
    text(&say, agent, FC_FOAF "name", name && *name ? name : participant, NULL);
    if (catalog->proof_suffix && say.err == FC_OK) {
        iri(&say, record, FC_DCT "provenance", proof);
        iri(&say, proof, FC_RDF_TYPE, FC_DCT "ProvenanceStatement");
    }
    free(record);
    free(proof);
    free(name);
    free(url);
    return say.err;
}

/* Describes the entry, as far as no other has. How it is listed follows from what is then said. */
static enum fc_err describe(struct fc_dcat_export *dcat, struct fc_rdf *rdf,
                            const struct fc_dcat_entry *entry, const char *key)
{
    struct fresh fresh = {dcat, rdf};
    struct saying say = {.rdf = rdf};
    bool record = false;
    say.err = fc_dcat_entry_describe(rdf, entry);
    if (say.err != FC_OK)
        return say.err;
    fc_rdf_sort(rdf);
    fc_rdf_filter(rdf, is_fresh, &fresh);
    say.err = fc_dcat_conform(rdf, &dcat->conformed);
    if (say.err != FC_OK)
        return say.err;
    fc_rdf_id main = fc_rdf_find_iri(rdf, key);
    const char *listed = main == FC_RDF_NONE ? NULL : fc_dcat_entry_listed(rdf, main, &record);
    say.err = mark(dcat, rdf);
    iri(&say, dcat->catalog.iri, listed ? listed : FC_DCAT "resource", listed ? key : NULL);
    return say.err == FC_OK ? say_record(rdf, dcat, entry, key, record) : say.err;
}

enum fc_err fc_dcat_export_add(struct fc_dcat_export *dcat, const struct fc_dcat_entry *entry)
{
    struct fc_rdf *rdf = NULL;
    char *key = (char *)fc_span_dup(entry->key);
    enum fc_err err = key ? FC_OK : FC_E_NOMEM;
    if (err == FC_OK && !fc_iri_ok(key)) /* no document has such a key; a peer's might */
        goto out;
    if (err == FC_OK)
        err = fc_rdf_create(&rdf);
    if (err == FC_OK)
        err = describe(dcat, rdf, entry, key);
    if (err == FC_OK) {
        fc_rdf_sort(rdf);
        err = write_graph(dcat, rdf, fc_rdf_find_iri(rdf, key));
    }
out:
    fc_rdf_destroy(rdf);
    free(key);
    return err;
}

enum fc_err fc_dcat_export_end(struct fc_dcat_export *dcat)
{
    enum fc_err err = FC_OK;
    if (dcat->syntax == FC_DCAT_TURTLE)
        err = fc_rdf_turtle_end(dcat->turtle);
    else if (fputs("\n]}\n", dcat->out) == EOF)
        err = FC_E_IO;
    if (fflush(dcat->out) != 0 || ferror(dcat->out))
        err = FC_E_IO;
    return err;
}
