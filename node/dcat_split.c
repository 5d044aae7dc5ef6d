#include "node/dcat_split.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/rdf_names.h"
#include "node/rdf_write.h"
#include "store/limits.h"

enum {
    STEPS_MAX = 2,     /* to nodes with an IRI */
    NODES_MAX = 65536, /* in one document */
};
/* What may be looked at for all documents of a catalogue: entries that lead to the same large node
 * have it in each of their documents, which would be their number times its size. */
enum {
    WORK_BASE = 8 * 1024 * 1024,
    WORK_EACH = 256,      /* more for each statement there is */
    WORK_TEXT_BYTES = 64, /* a text of as many counts like a statement */
};

static bool is_entry(const struct fc_rdf *rdf, fc_rdf_id id)
{
    static const char *const entries[] = {FC_DCAT "Dataset", FC_DCAT "DataService",
                                          FC_DCAT "DatasetSeries"};
    if (fc_rdf_has_type(rdf, id, FC_DCAT "Catalog"))
        return false;
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
        if (fc_rdf_has_type(rdf, id, entries[i]))
            return true;
    return false;
}

/* Nodes a document does not go on into. */
static bool is_border(const struct fc_rdf *rdf, fc_rdf_id id)
{
    return is_entry(rdf, id) || fc_rdf_has_type(rdf, id, FC_DCAT "Catalog") ||
           fc_rdf_has_type(rdf, id, FC_DCAT "CatalogRecord");
}

struct step {
    fc_rdf_id node;
    unsigned steps;
};
struct walk {
    const struct fc_rdf *from;
    struct fc_rdf *to;
    struct step *queue;
    size_t count, cap;
    uint8_t *seen; /* a bit for each term */
    uint64_t work, work_max;
};

static enum fc_err visit(struct walk *walk, fc_rdf_id node, unsigned steps)
{
    if (walk->seen[node / 8] & (1u << (node % 8)))
        return FC_OK;
    if (walk->count == NODES_MAX)
        return FC_E_BOUND;
    if (walk->count == walk->cap) {
        size_t cap = walk->cap ? walk->cap * 2 : 32;
        struct step *queue = realloc(walk->queue, cap * sizeof *queue);
        if (!queue)
            return FC_E_NOMEM;
        walk->queue = queue;
        walk->cap = cap;
    }
    walk->seen[node / 8] |= (uint8_t)(1u << (node % 8));
    walk->queue[walk->count++] = (struct step){node, steps};
    return FC_OK;
}

/* A vocabulary would lead on to all of its terms. */
static bool is_concept(const struct fc_rdf *rdf, fc_rdf_id id)
{
    return fc_rdf_has_type(rdf, id, "http://www.w3.org/2004/02/skos/core#Concept") ||
           fc_rdf_has_type(rdf, id, "http://www.w3.org/2004/02/skos/core#ConceptScheme");
}

static enum fc_err follow(struct walk *walk, const struct fc_rdf_triple *triple, unsigned steps,
                          bool ends)
{
    size_t described;
    enum fc_rdf_kind kind = fc_rdf_term(walk->from, triple->o).kind;
    if (kind == FC_RDF_LITERAL || fc_rdf_is(walk->from, triple->p, FC_RDF_TYPE))
        return FC_OK;
    fc_rdf_of(walk->from, triple->o, &described);
    if (described == 0 || is_border(walk->from, triple->o))
        return FC_OK;
    if (kind == FC_RDF_BLANK)
        return visit(walk, triple->o, steps);
    return ends || steps == STEPS_MAX ? FC_OK : visit(walk, triple->o, steps + 1);
}

/* What a catalogue's record says is the catalogue's word, not the entry's. */
static bool is_record_link(const struct fc_rdf *rdf, const struct fc_rdf_triple *triple)
{
    return fc_rdf_is(rdf, triple->p, FC_FOAF "isPrimaryTopicOf") &&
           fc_rdf_object(rdf, triple->o, FC_FOAF "primaryTopic") == triple->s;
}

static enum fc_err copy_node(struct walk *walk, struct step step)
{
    size_t count;
    const struct fc_rdf_triple *of = fc_rdf_of(walk->from, step.node, &count);
    bool ends = is_concept(walk->from, step.node);
    enum fc_err err = FC_OK;
    walk->work += count;
    for (size_t i = 0; i < count && err == FC_OK; i++) {
        struct fc_rdf_term s = fc_rdf_term(walk->from, of[i].s);
        struct fc_rdf_term p = fc_rdf_term(walk->from, of[i].p);
        struct fc_rdf_term o = fc_rdf_term(walk->from, of[i].o);
        if (is_record_link(walk->from, &of[i]))
            continue;
        err = fc_rdf_add(walk->to, &s, &p, &o);
        if (err == FC_OK)
            err = follow(walk, &of[i], step.steps, ends);
    }
    return err;
}

static enum fc_err write_document(struct walk *walk, fc_rdf_id first, char **text, size_t *len)
{
    FILE *file = open_memstream(text, len);
    struct fc_json *json = fc_json_create();
    enum fc_err err = file && json ? FC_OK : FC_E_NOMEM;
    fc_json_object(json, NULL);
    fc_rdf_json_context(json);
    fc_json_array(json, "@graph");
    if (err == FC_OK)
        err = fc_rdf_json_nodes(json, walk->to, first, "b", &walk->work);
    fc_json_end(json);
    fc_json_end(json);
    if (err == FC_OK)
        err = fc_json_print(json, file, false);
    fc_json_destroy(json);
    if (file && fclose(file) != 0)
        err = FC_E_NOMEM;
    walk->work += *len / WORK_TEXT_BYTES;
    return err;
}

/* The entry alone, as a graph of its own. The bits that were set are cleared again. */
static enum fc_err cut_out(struct walk *walk, fc_rdf_id entry)
{
    walk->count = 0;
    enum fc_err err = fc_rdf_create(&walk->to);
    if (err == FC_OK)
        err = visit(walk, entry, 0);
    for (size_t i = 0; i < walk->count && err == FC_OK; i++)
        err = copy_node(walk, walk->queue[i]);
    for (size_t i = 0; i < walk->count; i++)
        walk->seen[walk->queue[i].node / 8] = 0;
    return err;
}

static enum fc_err give(struct walk *walk, fc_rdf_id entry, const struct fc_dcat_split *split)
{
    struct fc_rdf_term iri = fc_rdf_term(walk->from, entry);
    const char *name = (const char *)iri.text.data;
    char *text = NULL;
    size_t len = 0;
    if (walk->work >= walk->work_max) {
        split->fault(split->ctx, name, "the entries of the catalogue repeat too much of it");
        return FC_OK;
    }
    enum fc_err err = cut_out(walk, entry);
    if (err == FC_OK) {
        fc_rdf_sort(walk->to);
        err = write_document(walk, fc_rdf_find_iri(walk->to, name), &text, &len);
    }
    fc_rdf_destroy(walk->to);
    walk->to = NULL;
    if (err == FC_E_BOUND || (err == FC_OK && len > FC_CONTENT_BYTES_MAX))
        split->fault(split->ctx, name, "its description is larger than 1 MiB");
    else if (err == FC_E_FORMAT)
        split->fault(split->ctx, name,
                     "an IRI in it begins with a prefix (\"dcat:\") that was never written out");
    else if (err == FC_OK)
        err = split->each(split->ctx, name, fc_span(text, len));
    free(text);
    return err == FC_E_BOUND || err == FC_E_FORMAT ? FC_OK : err;
}

static int by_iri(const void *a, const void *b, void *ctx)
{
    const struct fc_rdf *rdf = ctx;
    struct fc_rdf_term left = fc_rdf_term(rdf, *(const fc_rdf_id *)a);
    struct fc_rdf_term right = fc_rdf_term(rdf, *(const fc_rdf_id *)b);
    return fc_rdf_term_cmp(&left, &right);
}

static void tell_nameless(const struct fc_rdf *rdf, fc_rdf_id id, const struct fc_dcat_split *split)
{
    fc_rdf_id title = fc_rdf_object(rdf, id, FC_DCT "title");
    char name[160];
    snprintf(name, sizeof name, "\"%.120s\"",
             title == FC_RDF_NONE ? "" : (const char *)fc_rdf_term(rdf, title).text.data);
    split->fault(split->ctx, name, "has no IRI, so there is nothing to know it by again");
}

static enum fc_err list_entries(const struct fc_rdf *rdf, const struct fc_dcat_split *split,
                                fc_rdf_id **entries, size_t *entry_count)
{
    size_t count;
    const struct fc_rdf_triple *all = fc_rdf_all(rdf, &count);
    *entry_count = 0;
    *entries = calloc(count + 1, sizeof **entries);
    if (!*entries)
        return FC_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        if ((i > 0 && all[i].s == all[i - 1].s) || !is_entry(rdf, all[i].s))
            continue;
        if (fc_rdf_term(rdf, all[i].s).kind == FC_RDF_BLANK)
            tell_nameless(rdf, all[i].s, split);
        else
            (*entries)[(*entry_count)++] = all[i].s;
    }
    qsort_r(*entries, *entry_count, sizeof **entries, by_iri, (void *)(uintptr_t)rdf);
    return FC_OK;
}

enum fc_err fc_dcat_split(const struct fc_rdf *rdf, const struct fc_dcat_split *split)
{
    struct walk walk = {.from = rdf, .seen = calloc(fc_rdf_term_count(rdf) / 8 + 1, 1)};
    fc_rdf_id *entries = NULL;
    size_t count = 0, statements;
    fc_rdf_all(rdf, &statements);
    walk.work_max = WORK_BASE + (uint64_t)WORK_EACH * statements;
    enum fc_err err = walk.seen ? list_entries(rdf, split, &entries, &count) : FC_E_NOMEM;
    for (size_t i = 0; i < count && err == FC_OK; i++)
        err = give(&walk, entries[i], split);
    free(entries);
    free(walk.queue);
    free(walk.seen);
    return err;
}

bool fc_dcat_has(const struct fc_rdf *rdf, const char *iri)
{
    fc_rdf_id id = fc_rdf_find_iri(rdf, iri);
    return id != FC_RDF_NONE && is_entry(rdf, id);
}

size_t fc_dcat_count(const struct fc_rdf *rdf)
{
    size_t count, entries = 0;
    const struct fc_rdf_triple *all = fc_rdf_all(rdf, &count);
    for (size_t i = 0; i < count; i++)
        if ((i == 0 || all[i].s != all[i - 1].s) && is_entry(rdf, all[i].s) &&
            fc_rdf_term(rdf, all[i].s).kind == FC_RDF_IRI)
            entries++;
    return entries;
}

enum fc_err fc_dcat_is_split(struct fc_span document, bool *is)
{
    struct fc_buf head = {0};
    enum fc_err err = fc_rdf_json_head(&head);
    *is =
        err == FC_OK && document.len > head.len && memcmp(document.data, head.data, head.len) == 0;
    fc_buf_finish(&head);
    return err;
}
