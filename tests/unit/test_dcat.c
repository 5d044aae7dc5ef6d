#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/dcat_entry.h"
#include "node/dcat_rules.h"
#include "node/feed_times.h"
#include "node/rdf_names.h"
#include "node/rdf_read.h"

static const struct fc_dcat_catalog catalog = {
    .iri = "https://cat.example/dcat/catalog",
    .title = "Title",
    .description = "Description",
    .publisher_iri = "https://operator.example/",
    .publisher_name = "Operator",
    .record_base = "https://cat.example/record/",
    .separator = "/",
    .record_suffix = "/meta",
    .proof_suffix = "/proof",
};

static struct fc_dcat_entry entry_of(const char *key, const char *content)
{
    struct fc_dcat_entry entry = {
        .key = fc_span_str(key),
        .content = fc_span_str(content),
        .key_hash = fc_hash("test", fc_span_str(key)),
        .participant_name = fc_span_str("Party"),
        .participant_url = fc_span_str("did:web:party.example"),
        .version = fc_version_make(2, 7),
        .signed_ms = 1790000000000,
    };
    return entry;
}

static struct fc_rdf *read_back(enum fc_dcat_syntax syntax, char *text, size_t len)
{
    struct fc_rdf *rdf;
    struct fc_rdf_fault fault;
    assert_int_equal(fc_rdf_create(&rdf), FC_OK);
    if (fc_rdf_read(rdf, syntax == FC_DCAT_TURTLE ? FC_RDF_TURTLE : FC_RDF_JSON_LD,
                    fc_span(text, len), NULL, &fault) != FC_OK)
        fail_msg("%u: %s\n%s", fault.line, fault.text, text);
    fc_rdf_sort(rdf);
    free(text);
    return rdf;
}

/* An export of these entries, read back. */
static struct fc_rdf *export_of(enum fc_dcat_syntax syntax, const struct fc_dcat_page *page,
                                const struct fc_dcat_entry *entries, size_t count)
{
    struct fc_dcat_export *dcat;
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    assert_int_equal(fc_dcat_export_create(syntax, file, &catalog, page, &dcat), FC_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(fc_dcat_export_add(dcat, &entries[i]), FC_OK);
    assert_int_equal(fc_dcat_export_end(dcat), FC_OK);
    fc_dcat_export_destroy(dcat);
    assert_int_equal(fclose(file), 0);
    return read_back(syntax, text, len);
}

static const char *object_text(const struct fc_rdf *rdf, const char *s, const char *p)
{
    fc_rdf_id subject = fc_rdf_find_iri(rdf, s);
    fc_rdf_id object = subject == FC_RDF_NONE ? FC_RDF_NONE : fc_rdf_object(rdf, subject, p);
    return object == FC_RDF_NONE ? "" : (const char *)fc_rdf_term(rdf, object).text.data;
}

static bool has_type(const struct fc_rdf *rdf, const char *s, const char *type)
{
    fc_rdf_id subject = fc_rdf_find_iri(rdf, s);
    return subject != FC_RDF_NONE && fc_rdf_has_type(rdf, subject, type);
}

static bool says(const struct fc_rdf *rdf, const char *s, const char *p, const char *o)
{
    size_t count;
    fc_rdf_id subject = fc_rdf_find_iri(rdf, s);
    const struct fc_rdf_triple *of =
        subject == FC_RDF_NONE ? NULL : fc_rdf_of(rdf, subject, &count);
    for (size_t i = 0; of && i < count; i++)
        if (fc_rdf_is(rdf, of[i].p, p) &&
            strcmp((const char *)fc_rdf_term(rdf, of[i].o).text.data, o) == 0)
            return true;
    return false;
}

static const enum fc_dcat_syntax syntaxes[] = {FC_DCAT_TURTLE, FC_DCAT_JSON_LD};

static void kinds_of_entries(void **state)
{
#define VC(type, more)                                                                             \
    "{\"@context\":[\"https://www.w3.org/ns/credentials/v2\"],\"credentialSubject\":{\"id\":"      \
    "\"urn:s\",\"type\":\"gx:" type "\"" more "}}"
    static const struct {
        const char *content, *type, *listed;
        bool record;
    } cases[] = {
        {VC("ServiceOffering", ",\"gx:name\":\"N\",\"gx:endpoint\":\"https://e.example/\""),
         FC_DCAT "DataService", FC_DCAT "service", true},
        {VC("ServiceOffering", ",\"gx:name\":\"N\""), FC_DCAT "Resource", FC_DCAT "resource",
         false},
        {VC("ServiceOffering", ",\"gx:endpoint\":\"https://e.example/\""), FC_DCAT "Resource",
         FC_DCAT "resource", false},
        {VC("ServiceOffering", ",\"gx:name\":\"N\",\"gx:endpoint\":\"no address\""),
         FC_DCAT "Resource", FC_DCAT "resource", false},
        {VC("DataProduct", ",\"gx:name\":\"N\",\"gx:description\":\"D\""), FC_DCAT "Dataset",
         FC_DCAT "dataset", true},
        {VC("DataProduct", ",\"gx:name\":\"N\""), FC_DCAT "Resource", FC_DCAT "resource", false},
        {VC("LegalPerson", ",\"gx:legalName\":\"N\""), FC_FOAF "Agent", "", false},
        {VC("LegalPerson", ""), FC_DCAT "Resource", FC_DCAT "resource", false},
        {"{\"id\":\"urn:s\",\"verificationMethod\":[]}", FC_DCAT "Resource", FC_DCAT "resource",
         false},
        {"no JSON at all", FC_DCAT "Resource", FC_DCAT "resource", false},
        {"{\"@context\":{\"dcat\":\"http://www.w3.org/ns/dcat#\",\"dct\":\"http://purl.org/dc/"
         "terms/\"},"
         "\"@id\":\"urn:s\",\"@type\":\"dcat:DatasetSeries\",\"dct:title\":\"T\",\"dct:"
         "description\":"
         "\"D\",\"dct:own\":\"kept\"}",
         FC_DCAT "DatasetSeries", FC_DCAT "dataset", true},
        {"{\"@context\":\"https://unknown.example/\",\"@id\":\"urn:s\",\"@type\":\"dcat:Dataset\","
         "\"dct:title\":\"T\",\"dct:description\":\"D\"}",
         FC_DCAT "Dataset", FC_DCAT "dataset", true},
    };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        size_t k = i / 2;
        struct fc_dcat_entry entry = entry_of("urn:s", cases[k].content);
        struct fc_rdf *rdf = export_of(syntaxes[i % 2], NULL, &entry, 1);
        char hash[65], record[256], proof[280];
        fc_hex(entry.key_hash.b, 32, hash);
        snprintf(record, sizeof record, "https://cat.example/record/%064d/%s/meta", 0, hash);
        snprintf(proof, sizeof proof, "https://cat.example/record/%064d/%s/proof", 0, hash);
        if (!has_type(rdf, "urn:s", cases[k].type))
            fail_msg("%s is no %s", cases[k].content, cases[k].type);
        if (cases[k].listed[0])
            assert_string_equal(object_text(rdf, catalog.iri, cases[k].listed), "urn:s");
        assert_string_equal(object_text(rdf, record, FC_FOAF "primaryTopic"), "urn:s");
        assert_string_equal(object_text(rdf, record, FC_DCT "modified"), "2026-09-21T14:13:20Z");
        assert_string_equal(object_text(rdf, record, FC_DCT "provenance"), proof);
        assert_string_equal(object_text(rdf, record, FC_PROV "wasAttributedTo"),
                            "did:web:party.example");
        assert_string_equal(object_text(rdf, "did:web:party.example", FC_FOAF "name"), "Party");
        assert_true(has_type(rdf, record, FC_DCAT "CatalogRecord") == cases[k].record);
        assert_true(has_type(rdf, record, FC_FOAF "Document") != cases[k].record);
        if (k == 10)
            assert_string_equal(object_text(rdf, "urn:s", FC_DCT "own"), "kept");
        fc_rdf_destroy(rdf);
    }
}

/* What an entry says of what is not its own is not passed on. */
static void entries_keep_to_themselves(void **state)
{
    static const char *const contents[] = {
        "{\"@context\":{\"c\":\"http://www.w3.org/ns/dcat#\",\"t\":\"http://purl.org/dc/terms/\"},"
        "\"@graph\":[{\"@id\":\"urn:1\",\"@type\":\"c:Dataset\",\"t:title\":\"one\",\"t:"
        "description\":"
        "\"D\",\"t:publisher\":{\"@id\":\"urn:p\",\"t:type\":{\"@id\":\"urn:a\"}}},"
        "{\"@id\":\"https://cat.example/dcat/catalog\",\"t:title\":\"mine\"},"
        "{\"@id\":\"https://cat.example/record/x\",\"t:title\":\"forged\"},"
        "{\"@id\":\"urn:cat\",\"@type\":\"c:Catalog\",\"t:title\":\"other\"},"
        "{\"@id\":\"urn:rec\",\"@type\":\"c:CatalogRecord\",\"t:title\":\"other\"}]}",
        "{\"@context\":{\"c\":\"http://www.w3.org/ns/dcat#\",\"t\":\"http://purl.org/dc/terms/\"},"
        "\"@graph\":[{\"@id\":\"urn:2\",\"@type\":\"c:Dataset\",\"t:title\":\"two\",\"t:"
        "description\":"
        "\"D\",\"t:publisher\":{\"@id\":\"urn:p\",\"t:type\":{\"@id\":\"urn:b\"}}},"
        "{\"@id\":\"urn:1\",\"t:title\":\"hijacked\"}]}",
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fc_dcat_entry entries[] = {
            entry_of("urn:1", contents[0]), entry_of("urn:2", contents[1]),
            entry_of("urn:1", contents[0]), entry_of("not an IRI", contents[0])};
        struct fc_rdf *rdf = export_of(syntaxes[i], NULL, entries, 4);
        assert_true(says(rdf, "urn:1", FC_DCT "title", "one"));
        assert_false(says(rdf, "urn:1", FC_DCT "title", "hijacked"));
        assert_true(says(rdf, "urn:p", FC_DCT "type", "urn:a"));
        assert_false(says(rdf, "urn:p", FC_DCT "type", "urn:b"));
        assert_false(says(rdf, catalog.iri, FC_DCT "title", "mine"));
        assert_int_equal(fc_rdf_find_iri(rdf, "https://cat.example/record/x"), FC_RDF_NONE);
        assert_int_equal(fc_rdf_find_iri(rdf, "urn:cat"), FC_RDF_NONE);
        assert_int_equal(fc_rdf_find_iri(rdf, "urn:rec"), FC_RDF_NONE);
        fc_rdf_destroy(rdf);
    }
}

static void pages_lead_on(void **state)
{
    const struct fc_dcat_page page = {
        .collection = "https://cat.example/dcat/catalog.ttl",
        .self = "https://cat.example/dcat/catalog.ttl?page=2",
        .first = "https://cat.example/dcat/catalog.ttl?page=1",
        .previous = "https://cat.example/dcat/catalog.ttl?page=1",
        .next = "https://cat.example/dcat/catalog.ttl?page=3",
        .last = "https://cat.example/dcat/catalog.ttl?page=9",
        .items = 900,
        .items_per_page = 100,
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fc_rdf *rdf = export_of(syntaxes[i], &page, NULL, 0);
        assert_true(has_type(rdf, page.collection, FC_HYDRA "PagedCollection"));
        assert_true(says(rdf, page.collection, FC_HYDRA "nextPage", page.next));
        assert_true(says(rdf, page.collection, FC_HYDRA "totalItems", "900"));
        assert_true(has_type(rdf, page.self, FC_HYDRA "PartialCollectionView"));
        assert_true(says(rdf, page.self, FC_HYDRA "next", page.next));
        assert_true(says(rdf, page.self, FC_HYDRA "previous", page.previous));
        fc_rdf_destroy(rdf);
    }
    struct fc_dcat_page wrong = page;
    struct fc_dcat_export *dcat;
    wrong.next = "no address";
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    assert_int_equal(fc_dcat_export_create(FC_DCAT_TURTLE, file, &catalog, &wrong, &dcat),
                     FC_E_FORMAT);
    assert_null(dcat);
    fclose(file);
    free(text);
}

/* Values against what a property wants: what is left of them. */
static void values_are_made_to_fit(void **state)
{
#define D "http://www.w3.org/2001/XMLSchema#"
    static const struct {
        const char *class, *property, *value, *is;
    } cases[] = {
        {"dcat:Dataset", "dct:issued", "'2024-02-29'", "date"},
        {"dcat:Dataset", "dct:issued", "'2023-02-29'", NULL},
        {"dcat:Dataset", "dct:issued", "'2024-02-29T12:00:00.5+01:00'", "dateTime"},
        {"dcat:Dataset", "dct:issued", "'2024-02-29 12:00:00'", NULL},
        {"dcat:Dataset", "dct:issued", "'2024'", "gYear"},
        {"dcat:Dataset", "dct:issued", "'2024-12'", "gYearMonth"},
        {"dcat:Dataset", "dct:issued", "'2024-13'", NULL},
        {"dcat:Dataset", "dct:issued", "'2024-05'^^<" D "date>", "gYearMonth"},
        {"dcat:Dataset", "dct:issued", "<https://x/>", NULL},
        {"dcat:Dataset", "dcat:spatialResolutionInMeters", "10", "decimal"},
        {"dcat:Dataset", "dcat:spatialResolutionInMeters", "'-1.50'", "decimal"},
        {"dcat:Dataset", "dcat:spatialResolutionInMeters", "'1e3'", NULL},
        {"dcat:Dataset", "dcat:spatialResolutionInMeters", "'.'", NULL},
        {"dcat:Dataset", "dcat:spatialResolutionInMeters", "'1.2.3'", NULL},
        {"dcat:Dataset", "dcat:temporalResolution", "'P1Y2M3DT4H5M6.7S'", "duration"},
        {"dcat:Dataset", "dcat:temporalResolution", "'-P1D'", "duration"},
        {"dcat:Dataset", "dcat:temporalResolution", "'P'", NULL},
        {"dcat:Dataset", "dcat:temporalResolution", "'PT'", NULL},
        {"dcat:Dataset", "dcat:temporalResolution", "'P1DT'", NULL},
        {"dcat:Dataset", "dcat:temporalResolution", "'P1H'", NULL},
        {"dcat:Dataset", "dcat:temporalResolution", "'P1D1Y'", NULL},
        {"dcat:Distribution", "dcat:byteSize", "'12'^^<" D "decimal>", "nonNegativeInteger"},
        {"dcat:Distribution", "dcat:byteSize", "'-12'", NULL},
        {"dcat:Distribution", "dcat:byteSize", "'12.0'", NULL},
        {"dcat:Distribution", "dct:license", "'https://l.example/'", "@id"},
        {"dcat:Distribution", "dct:license", "'CC BY'", NULL},
        {"dcat:Distribution", "dct:license", "[]", "@id"},
        {"dcat:Dataset", "dcat:theme", "[]", NULL},
        {"dcat:Dataset", "dcat:keyword", "<https://x/>", NULL},
        {"dcat:Dataset", "dcat:keyword", "'x'@en", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1024], property[FC_RDF_NAME_BYTES];
        struct fc_rdf *rdf;
        struct fc_rdf_fault fault;
        struct fc_dcat_conformed done = {0};
        snprintf(text, sizeof text,
                 "@prefix dcat: <" FC_DCAT "> . @prefix dct: <" FC_DCT "> . <https://s/> a %s ; "
                 "dct:title 'T' ; dct:description 'D' ; dcat:accessURL <https://a/> ; %s %s .",
                 cases[i].class, cases[i].property, cases[i].value);
        assert_int_equal(fc_rdf_create(&rdf), FC_OK);
        assert_int_equal(fc_rdf_read(rdf, FC_RDF_TURTLE, fc_span_str(text), NULL, &fault), FC_OK);
        fc_rdf_sort(rdf);
        assert_int_equal(fc_dcat_conform(rdf, &done), FC_OK);
        assert_int_equal(done.demoted, 0);
        fc_rdf_id object =
            fc_rdf_object(rdf, fc_rdf_find_iri(rdf, "https://s/"),
                          fc_rdf_full_name(cases[i].property, property, sizeof property));
        if ((object == FC_RDF_NONE) != (cases[i].is == NULL))
            fail_msg("%s is %s", text, cases[i].is ? "left out" : "kept");
        if (cases[i].is) {
            struct fc_rdf_term term = fc_rdf_term(rdf, object);
            if (strcmp(cases[i].is, "@id") == 0)
                assert_int_not_equal(term.kind, FC_RDF_LITERAL);
            else if (cases[i].is[0])
                assert_string_equal((const char *)term.datatype.data + strlen(D), cases[i].is);
        }
        fc_rdf_destroy(rdf);
    }
}

static void rules_are_well_formed(void **state)
{
    const struct fc_dcat_rule *rule, *before = NULL;
    char name[FC_RDF_NAME_BYTES];
    (void)state;
    for (size_t i = 0; (rule = fc_dcat_rule_at(i)); i++) {
        assert_non_null(fc_rdf_full_name(rule->type, name, sizeof name));
        assert_non_null(fc_rdf_full_name(rule->property, name, sizeof name));
        if (before) /* by class, each property once */
            assert_true(strcmp(before->type, rule->type) < 0 ||
                        (strcmp(before->type, rule->type) == 0 &&
                         strcmp(before->property, rule->property) < 0));
        before = rule;
    }
    assert_non_null(before);
}

static void times_of_versions(void **state)
{
    struct fc_feed_times times = {.count = 0};
    (void)state;
    assert_int_equal(fc_feed_times_of(&times, 1), 0);
    for (uint64_t i = 0; i < FC_HEADS_KEPT + 5; i++)
        fc_feed_times_add(&times, 1000 - i, 5000 - i);
    assert_int_equal(fc_feed_times_of(&times, 1000), 5000);
    assert_int_equal(fc_feed_times_of(&times, 999), 4999);
    assert_int_equal(fc_feed_times_of(&times, 3), 5000 - FC_HEADS_KEPT + 1);
    assert_int_equal(fc_feed_times_of(&times, 1001), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_of_entries),      cmocka_unit_test(entries_keep_to_themselves),
        cmocka_unit_test(pages_lead_on),         cmocka_unit_test(values_are_made_to_fit),
        cmocka_unit_test(rules_are_well_formed), cmocka_unit_test(times_of_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
