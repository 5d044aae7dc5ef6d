/* Any bytes as a catalogue, in each syntax (the first byte says which): statements or an error with
 * its reason; documents that are what they say; text that reads back as the same statements. */
#include <stdlib.h>
#include <string.h>

#include "node/dcat_conform.h"
#include "node/dcat_split.h"
#include "node/rdf_read.h"
#include "node/rdf_write.h"
#include "store/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition)
        abort();
}

static struct fc_rdf *read(enum fc_rdf_syntax syntax, struct fc_span bytes)
{
    struct fc_rdf *rdf = NULL;
    struct fc_rdf_fault fault;
    require(fc_rdf_create(&rdf) == FC_OK);
    enum fc_err err = fc_rdf_read(rdf, syntax, bytes, NULL, &fault);
    if (err == FC_OK) {
        fc_rdf_sort(rdf);
        return rdf;
    }
    require(err == FC_E_FORMAT || err == FC_E_BOUND);
    require(fault.text[0] != '\0');
    fc_rdf_destroy(rdf);
    return NULL;
}

/* An imported document is canonical: read and cut out again it is the same. */
static enum fc_err again(void *ctx, const char *iri, struct fc_span document)
{
    struct fc_span *before = ctx;
    (void)iri;
    require(fc_span_eq(*before, document));
    return FC_OK;
}

static void no_fault(void *ctx, const char *name, const char *text)
{
    (void)ctx;
    (void)name;
    require(text[0] != '\0');
}

static enum fc_err each(void *ctx, const char *iri, struct fc_span document)
{
    struct fc_dcat_split split = {&document, again, no_fault};
    bool is = false;
    (void)ctx;
    require(iri[0] != '\0' && document.len <= FC_CONTENT_BYTES_MAX);
    require(fc_dcat_is_split(document, &is) == FC_OK && is);
    struct fc_rdf *rdf = read(FC_RDF_JSON_LD, document);
    require(rdf != NULL && fc_dcat_has(rdf, iri));
    require(fc_dcat_split(rdf, &split) == FC_OK);
    fc_rdf_destroy(rdf);
    return FC_OK;
}

static uint64_t hash(uint64_t before, struct fc_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        before = (before ^ bytes.data[i]) * 0x100000001b3u;
    return (before ^ bytes.len) * 0x100000001b3u;
}

/* Of all statements whatever their order; blank nodes are all one. */
static uint64_t digest(const struct fc_rdf *rdf)
{
    size_t count;
    uint64_t sum = 0;
    const struct fc_rdf_triple *all = fc_rdf_all(rdf, &count);
    for (size_t i = 0; i < count; i++) {
        const fc_rdf_id ids[] = {all[i].s, all[i].p, all[i].o};
        uint64_t one = 0xcbf29ce484222325u;
        for (size_t k = 0; k < 3; k++) {
            struct fc_rdf_term term = fc_rdf_term(rdf, ids[k]);
            one = (one ^ term.kind) * 0x100000001b3u;
            if (term.kind != FC_RDF_BLANK)
                one = hash(hash(hash(one, term.text), term.datatype), term.language);
        }
        sum += one;
    }
    return sum;
}

/* Turtle of ours reads back as the same statements. */
static void there_and_back(const struct fc_rdf *rdf)
{
    struct fc_rdf_turtle *turtle = NULL;
    char *text = NULL;
    size_t len = 0, before, after;
    FILE *file = open_memstream(&text, &len);
    require(file != NULL && fc_rdf_turtle_create(file, &turtle) == FC_OK);
    require(fc_rdf_turtle_add(turtle, rdf) == FC_OK && fc_rdf_turtle_end(turtle) == FC_OK);
    fc_rdf_turtle_destroy(turtle);
    require(fclose(file) == 0);
    struct fc_rdf *back = read(FC_RDF_TURTLE, fc_span(text, len));
    require(back != NULL);
    fc_rdf_all(rdf, &before);
    fc_rdf_all(back, &after);
    require(before == after && digest(rdf) == digest(back));
    fc_rdf_destroy(back);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_dcat_split split = {NULL, each, no_fault};
    struct fc_dcat_conformed done = {0};
    if (size == 0)
        return 0;
    enum fc_rdf_syntax syntax = (enum fc_rdf_syntax)(FC_RDF_TURTLE + data[0] % 4);
    struct fc_rdf *rdf = read(syntax, fc_span(data + 1, size - 1));
    if (!rdf)
        return 0;
    require(fc_dcat_split(rdf, &split) == FC_OK);
    there_and_back(rdf);
    require(fc_dcat_conform(rdf, &done) == FC_OK);
    uint64_t changes = done.retyped + done.dropped + done.demoted;
    require(fc_dcat_conform(rdf, &done) == FC_OK);
    require(done.retyped + done.dropped + done.demoted == changes);
    fc_rdf_destroy(rdf);
    return 0;
}
