#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/dcat_split.h"
#include "node/rdf_names.h"
#include "node/rdf_read.h"
#include "node/rdf_write.h"
#include "store/limits.h"

static struct fc_rdf *read_as(enum fc_rdf_syntax syntax, const char *text)
{
    struct fc_rdf *rdf;
    struct fc_rdf_fault fault;
    assert_int_equal(fc_rdf_create(&rdf), FC_OK);
    if (fc_rdf_read(rdf, syntax, fc_span_str(text), NULL, &fault) != FC_OK)
        fail_msg("%s\n%u: %s", text, fault.line, fault.text);
    fc_rdf_sort(rdf);
    return rdf;
}

/* The graph as JSON-LD of ours; free it. */
static char *canonical(const struct fc_rdf *rdf)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    struct fc_json *json = fc_json_create();
    fc_json_array(json, NULL);
    assert_int_equal(fc_rdf_json_nodes(json, rdf, FC_RDF_NONE, "b", NULL), FC_OK);
    fc_json_end(json);
    assert_int_equal(fc_json_print(json, file, false), FC_OK);
    fc_json_destroy(json);
    fclose(file);
    return text;
}

static void check_same(enum fc_rdf_syntax syntax, const char *text, const char *wanted)
{
    struct fc_rdf *rdf = read_as(syntax, text);
    char *is = canonical(rdf);
    is[strlen(is) - 1] = '\0';
    if (strcmp(is, wanted) != 0)
        fail_msg("%s\nis     %s\nwanted %s", text, is, wanted);
    free(is);
    fc_rdf_destroy(rdf);
}

#define P "@prefix d: <http://purl.org/dc/terms/> . @prefix e: <https://e.example/> . "
#define X                                                                                          \
    "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "                            \
    "xmlns:d='http://purl.org/dc/terms/'>"

static void syntaxes_say_the_same(void **state)
{
    static const struct {
        enum fc_rdf_syntax syntax;
        const char *text;
    } ways[] = {
        {FC_RDF_TURTLE,
         P "e:1 d:title 'T'@en, 'U' ; a d:X ; d:date 2024 ; d:y [ d:z <https://z/> ] ."},
        {FC_RDF_NTRIPLES, "<https://e.example/1> <http://purl.org/dc/terms/title> \"T\"@en .\n"
                          "_:q <http://purl.org/dc/terms/z> <https://z/> .\n"
                          "<https://e.example/1> <http://purl.org/dc/terms/y> _:q .\n"
                          "<https://e.example/1> <http://purl.org/dc/terms/title> "
                          "\"U\"^^<http://www.w3.org/2001/XMLSchema#string> .\n"
                          "<https://e.example/1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
                          "<http://purl.org/dc/terms/X> .\n"
                          "<https://e.example/1> <http://purl.org/dc/terms/date> "
                          "\"2024\"^^<http://www.w3.org/2001/XMLSchema#integer> .\n"},
        {FC_RDF_XML, X "<d:X rdf:about='https://e.example/1'><d:title xml:lang='en'>T</d:title>"
                       "<d:title>U</d:title><d:y rdf:parseType='Resource'>"
                       "<d:z rdf:resource='https://z/'/></d:y>"
                       "<d:date rdf:datatype='http://www.w3.org/2001/XMLSchema#integer'>2024"
                       "</d:date></d:X></rdf:RDF>"},
        {FC_RDF_JSON_LD, "{\"@context\":{\"d\":\"http://purl.org/dc/terms/\"},"
                         "\"@id\":\"https://e.example/1\",\"@type\":\"d:X\",\"d:date\":2024,"
                         "\"d:title\":[\"U\",{\"@value\":\"T\",\"@language\":\"en\"}],"
                         "\"d:y\":{\"d:z\":{\"@id\":\"https://z/\"}}}"},
        {FC_RDF_JSON_LD, "\xef\xbb\xbf[{\"@context\":[{\"@vocab\":\"http://purl.org/dc/terms/\","
                         "\"e\":\"https://e.example/\"},{\"title\":{\"@container\":\"@language\"},"
                         "\"z\":{\"@type\":\"@id\"},\"id\":\"@id\"}],\"id\":\"e:1\","
                         "\"@type\":[\"X\"],\"date\":2024.0,"
                         "\"title\":{\"en\":[\"T\"],\"@none\":\"U\"},"
                         "\"y\":[{\"id\":\"_:n0\",\"z\":\"https://z/\"},null]}]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        check_same(ways[i].syntax, ways[i].text,
                   "[{\"@id\":\"https://e.example/1\",\"dct:date\":{\"@value\":\"2024\",\"@type\":"
                   "\"xsd:integer\"},\"dct:title\":[{\"@value\":\"T\",\"@language\":\"en\"},\"U\"],"
                   "\"dct:y\":{\"@id\":\"_:b0\"},\"@type\":\"dct:X\"},"
                   "{\"@id\":\"_:b0\",\"dct:z\":{\"@id\":\"https://z/\"}}]");
    }
}

static void json_ld_in_its_ways(void **state)
{
    static const struct {
        const char *text, *turtle;
    } cases[] = {
        {"{\"@context\":{\"@vocab\":\"https://v/\",\"p\":{\"@id\":\"https://v/"
         "q\",\"@type\":\"@id\"}},"
         "\"@id\":\"https://e/1\",\"p\":[\"https://e/2\",\"_:x\"],\"r\":true,\"s\":1.5}",
         "<https://e/1> <https://v/q> <https://e/2>, _:x ; <https://v/r> true ; <https://v/s> "
         "'1.5E0'^^<http://www.w3.org/2001/XMLSchema#double> ."},
        {"{\"@context\":{\"@vocab\":\"https://v/"
         "\",\"@language\":\"de\",\"n\":{\"@language\":null}},"
         "\"@id\":\"https://e/1\",\"m\":\"M\",\"n\":\"N\",\"o\":{\"@value\":\"O\"}}",
         "<https://e/1> <https://v/m> 'M'@de ; <https://v/n> 'N' ; <https://v/o> 'O' ."},
        {"{\"@context\":{\"@vocab\":\"https://v/\",\"l\":{\"@container\":\"@list\"}},"
         "\"@id\":\"https://e/"
         "1\",\"l\":[\"a\",\"b\"],\"m\":{\"@list\":[]},\"n\":{\"@set\":[\"s\"]}}",
         "<https://e/1> <https://v/l> ('a' 'b') ; <https://v/m> () ; <https://v/n> 's' ."},
        {"{\"@context\":{\"@vocab\":\"https://v/\"},\"@id\":\"https://e/1\","
         "\"@reverse\":{\"has\":{\"@id\":\"https://e/2\"}},\"@included\":[{\"@id\":\"https://e/3\","
         "\"x\":1e21}]}",
         "<https://e/2> <https://v/has> <https://e/1> . <https://e/3> <https://v/x> "
         "'1.0E21'^^<http://www.w3.org/2001/XMLSchema#double> ."},
        {"{\"@context\":{\"@vocab\":\"https://v/\",\"d\":{\"@type\":\"https://v/date\"}},"
         "\"@id\":\"https://e/1\",\"d\":\"2024\",\"y\":{\"@context\":{\"z\":\"https://w/"
         "z\"},\"z\":\"Z\"}}",
         "<https://e/1> <https://v/d> '2024'^^<https://v/date> ; <https://v/y> [ <https://w/z> 'Z' "
         "] ."},
        {"{\"@context\":\"https://semiceu.github.io/x/DCAT-AP/releases/3.0.1/context.jsonld\","
         "\"@id\":\"https://e/"
         "1\",\"@type\":\"Dataset\",\"title\":{\"de\":\"T\"},\"theme\":\"https://t/\","
         "\"datasetDistribution\":{\"@type\":\"Distribution\",\"byteSize\":\"7\"}}",
         "@prefix c: <http://www.w3.org/ns/dcat#> . <https://e/1> a c:Dataset ; "
         "<http://purl.org/dc/terms/title> 'T'@de ; c:theme <https://t/> ; c:distribution [ a "
         "c:Distribution ; c:byteSize '7'^^<http://www.w3.org/2001/XMLSchema#nonNegativeInteger> ] "
         "."},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fc_rdf *rdf = read_as(FC_RDF_TURTLE, cases[i].turtle);
        char *wanted = canonical(rdf);
        wanted[strlen(wanted) - 1] = '\0';
        check_same(FC_RDF_JSON_LD, cases[i].text, wanted);
        free(wanted);
        fc_rdf_destroy(rdf);
    }
}

static void faults_say_what_and_where(void **state)
{
    static const struct {
        enum fc_rdf_syntax syntax;
        const char *text;
        unsigned line;
        const char *says;
    } cases[] = {
        {FC_RDF_TURTLE, "<https://a/> <https://b/> .", 1, ""},
        {FC_RDF_TURTLE, P "\ne:1 e:2 e:3 .\ne:1 x:2 e:3 .", 0, "statement 2"},
        {FC_RDF_TURTLE, "<a> <https://b/> 1 .", 0, "relative"},
        {FC_RDF_TURTLE, "<https://a/> <https://b/> \"x\n", 1, ""},
        {FC_RDF_NTRIPLES, "<https://a/> <https://b/> [] .", 1, ""},
        {FC_RDF_XML, X "<d:X rdf:about='rel'/></rdf:RDF>", 1, "base"},
        {FC_RDF_XML, X "\n<d:X rdf:ID='1'>", 2, ""},
        {FC_RDF_XML, "", 0, ""},
        {FC_RDF_JSON_LD, "{\n\"a\":}", 2, "unexpected token"},
        {FC_RDF_JSON_LD, "\"x\"", 1, ""},
        {FC_RDF_JSON_LD, "{\"@context\":\"https://x/\"}", 0, "none is fetched"},
        {FC_RDF_JSON_LD, "{\"@context\":{\"@import\":\"https://x/\"}}", 0, "\"@import\""},
        {FC_RDF_JSON_LD, "{\"@context\":{\"a\":{\"@id\":\"https://a/\",\"@nest\":\"b\"}}}", 0,
         "\"a\""},
        {FC_RDF_JSON_LD,
         "{\"@context\":{\"a\":{\"@id\":\"https://a/\",\"@container\":\"@index\"}}}", 0,
         "@container"},
        {FC_RDF_JSON_LD, "{\"@id\":\"https://a/\",\"title\":\"T\"}", 0, "\"title\": no term"},
        {FC_RDF_JSON_LD, "{\"@id\":\"relative\",\"https://b/\":1}", 0, "\"relative\": no absolute"},
        {FC_RDF_JSON_LD, "{\"@id\":\"https://a/\",\"@graph\":[{\"@id\":\"https://b/\"}]}", 0,
         "named graph"},
        {FC_RDF_JSON_LD, "{\"@id\":\"https://a/\",\"https://b/\":{\"@value\":{}}}", 0, "object"},
        {FC_RDF_JSON_LD,
         "{\"@id\":\"https://a/\",\"https://b/\":{\"@value\":\"x\",\"@type\":\"@json\"}}", 0,
         "@type"},
        {FC_RDF_JSON_LD,
         "{\"@id\":\"https://a/\",\"https://b/\":{\"@value\":\"x\",\"@language\":\"no tag\"}}", 0,
         "language"},
        {FC_RDF_JSON_LD, "{\"@graph\":[1]}", 0, "no object"},
        {FC_RDF_JSON_LD, "{\"@nest\":{}}", 0, "not read here"},
        {FC_RDF_TURTLE, "\xff", 1, "not UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fc_rdf *rdf;
        struct fc_rdf_fault fault;
        assert_int_equal(fc_rdf_create(&rdf), FC_OK);
        enum fc_err err =
            fc_rdf_read(rdf, cases[i].syntax, fc_span_str(cases[i].text), NULL, &fault);
        if (err != FC_E_FORMAT || fault.line != cases[i].line || !fault.text[0] ||
            !strstr(fault.text, cases[i].says))
            fail_msg("%s: %s, %u: %s", cases[i].text, fc_err_name(err), fault.line, fault.text);
        fc_rdf_destroy(rdf);
    }
}

/* Nothing outside of the text is looked at, and a text does not grow without bound. */
static void entities_of_xml(void **state)
{
    static const char bomb[] =
        "<!DOCTYPE r [<!ENTITY a0 "
        "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'>"
        "<!ENTITY a1 '&a0;&a0;&a0;&a0;&a0;&a0;&a0;&a0;&a0;&a0;&a0;&a0;&a0;&a0;&a0;&a0;'>"
        "<!ENTITY a2 '&a1;&a1;&a1;&a1;&a1;&a1;&a1;&a1;&a1;&a1;&a1;&a1;&a1;&a1;&a1;&a1;'>"
        "<!ENTITY a3 '&a2;&a2;&a2;&a2;&a2;&a2;&a2;&a2;&a2;&a2;&a2;&a2;&a2;&a2;&a2;&a2;'>"
        "<!ENTITY a4 '&a3;&a3;&a3;&a3;&a3;&a3;&a3;&a3;&a3;&a3;&a3;&a3;&a3;&a3;&a3;&a3;'>"
        "<!ENTITY a5 '&a4;&a4;&a4;&a4;&a4;&a4;&a4;&a4;&a4;&a4;&a4;&a4;&a4;&a4;&a4;&a4;'>]>" X
        "<d:X rdf:about='https://a/'><d:title>&a5;</d:title></d:X></rdf:RDF>";
    struct fc_rdf *rdf;
    struct fc_rdf_fault fault;
    (void)state;
    assert_int_equal(fc_rdf_create(&rdf), FC_OK);
    assert_int_not_equal(fc_rdf_read(rdf, FC_RDF_XML, fc_span_str(bomb), NULL, &fault), FC_OK);
    fc_rdf_destroy(rdf);
}

#define TITLE(text) X "<d:X rdf:about='https://a/'><d:title>" text "</d:title></d:X></rdf:RDF>"

/* What is elsewhere is told, with its line; what is in the text is read. */
static void prologs_of_xml(void **state)
{
    static const struct {
        const char *text;
        unsigned line;    /* of the fault; 0: whatever it is */
        const char *says; /* NULL: it is read, and the title is "[in]" */
    } cases[] = {
        {"<!DOCTYPE r [<!ENTITY f SYSTEM 'file:///etc/hostname'>]>" TITLE("[&f;]"), 1, "\"f\""},
        {"<?xml version='1.0'?>\n<!-- <!DOCTYPE x> -->\n<!DOCTYPE r [\n<!ENTITY f PUBLIC 'p' "
         "'u'>]>" TITLE("[in]"),
         4, "\"f\" is elsewhere"},
        {"<!DOCTYPE r SYSTEM 'x.dtd' [<!-- ] --><?p ]?><!ELEMENT a (b)><!ATTLIST a b CDATA ']>'>"
         "<!ENTITY g ']>'>\n\t<!ENTITY\nlong SYSTEM\n'x'>]>" TITLE("[in]"),
         2, "\"long\""},
        {"<!DOCTYPE r [<!ENTITY u SYSTEM 'x' NDATA gif>]>" TITLE("[in]"), 1, "\"u\""},
        {"<!DOCTYPE r [\n<!ENTITY % p \"<!ENTITY x SYSTEM 'y'>\"> %p;]>" TITLE("[&x;]"), 2,
         "parameter"},
        {"<!DOCTYPE r SYSTEM 'x.dtd'>" TITLE("[&f;]"), 1, "Entity 'f'"},
        {"<!DOCTYPE r [<!ENTITY f 'in'>]>" TITLE("[&g;]"), 1, "Entity 'g'"},
        {"<?xml version='1.0' encoding='UTF-7'?>" TITLE("[in]"), 1, "\"UTF-7\""},
        {"<?xml version='1.0'\nencoding = \"ISO-8859-1\"?>" TITLE("[\xc3\xa4]"), 1, "ISO-8859-1"},
        {"<?xml encoding='?>" TITLE("[in]"), 0, ""},
        {"<!DOCTYPE", 0, ""},
        {"<!DOCTYPE r [<!ENTITY", 0, ""},
        {"<!DOCTYPE r [<!ENTITY f", 0, ""},
        {"<!DOCTYPE r [<!ENTITY f 'x", 0, ""},
        {"<!DOCTYPE r [<!--", 0, ""},
        {"<?xml version='1.0' encoding='ISO-8859-1'?>" TITLE("[in]"), 0, NULL},
        {"<?xml version='1.0' encoding='utf-8' standalone='yes'?>" TITLE("[in]"), 0, NULL},
        {"<!DOCTYPE r [<!ENTITY f 'i'><!ENTITY\tg \"&f;n\">]>" TITLE("[&g;]"), 0, NULL},
        {"<!DOCTYPE r [<!ENTITY f 'in'><!ENTITY SYSTEM 'x'>]>" TITLE("[&f;]"), 0, NULL},
        {"<!DOCTYPE r SYSTEM 'a [' [<!ENTITY f 'in'>]>" TITLE("[&f;]"), 0, NULL},
        {"<!-- <!DOCTYPE r [<!ENTITY f SYSTEM 'x'>]> -->" TITLE("[in]"), 0, NULL},
        {TITLE("[in]<!-- <!DOCTYPE r [<!ENTITY f SYSTEM 'x'>]> -->"), 0, NULL},
        {TITLE("[<![CDATA[in]]>]"), 0, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fc_rdf *rdf;
        struct fc_rdf_fault fault;
        assert_int_equal(fc_rdf_create(&rdf), FC_OK);
        enum fc_err err = fc_rdf_read(rdf, FC_RDF_XML, fc_span_str(cases[i].text), NULL, &fault);
        fc_rdf_sort(rdf);
        fc_rdf_id about = fc_rdf_find_iri(rdf, "https://a/");
        fc_rdf_id title = about == FC_RDF_NONE ? about : fc_rdf_object(rdf, about, FC_DCT "title");
        if (cases[i].says
                ? err != FC_E_FORMAT || fault.line != cases[i].line || !fault.text[0] ||
                      !strstr(fault.text, cases[i].says)
                : err != FC_OK || title == FC_RDF_NONE ||
                      strcmp((const char *)fc_rdf_term(rdf, title).text.data, "[in]") != 0)
            fail_msg("%s: %s, %u: %s", cases[i].text, fc_err_name(err), fault.line, fault.text);
        fc_rdf_destroy(rdf);
    }
}

/* The same graph whatever its blank nodes are called and however its statements are ordered. */
static void blank_nodes_are_named_by_their_place(void **state)
{
    static const char *const graphs[][8] = {
        {"<https://a/> <https://p/> _:%c .", "_:%c <https://p/> \"1\" .",
         "<https://a/> <https://p/> _:%c .", "_:%c <https://p/> \"2\" ."},
        /* a chain, told apart by its end alone */
        {"_:%c <https://p/> _:%c .", "_:%c <https://p/> _:%c .", "_:%c <https://p/> _:%c .",
         "_:%c <https://q/> \"end\" ."},
    };
    static const char names[3][5] = {"wxyz", "zyxw", "ybca"};
    static const unsigned char pairs[][2] = {{0, 1}, {1, 2}, {2, 3}, {3, 3}};
    char *first[2] = {NULL, NULL};
    (void)state;
    for (size_t g = 0; g < 2; g++) {
        for (size_t n = 0; n < 3; n++) {
            for (size_t turn = 0; turn < 4; turn++) {
                char text[512] = "";
                for (size_t i = 0; i < 4; i++) {
                    size_t k = (i + turn) % 4;
                    char line[128];
                    size_t a = g == 0 ? k / 2 : pairs[k][0], b = pairs[k][1];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
                    snprintf(line, sizeof line, graphs[g][k], names[n][a], names[n][b]);
#pragma GCC diagnostic pop
                    strcat(text, line);
                    strcat(text, "\n");
                }
                struct fc_rdf *rdf = read_as(FC_RDF_NTRIPLES, text);
                char *is = canonical(rdf);
                if (!first[g])
                    first[g] = strdup(is);
                assert_string_equal(is, first[g]);
                free(is);
                fc_rdf_destroy(rdf);
            }
        }
        free(first[g]);
    }
}

/* Ones that nothing tells apart get names nonetheless, and the text is read back as the same. */
static void blank_nodes_that_are_alike(void **state)
{
    struct fc_rdf *rdf = read_as(
        FC_RDF_TURTLE, "@prefix e: <https://e/> . _:a e:p _:b . _:b e:p _:c . _:c e:p _:a . "
                       "_:x e:p _:y . _:y e:p _:x . e:1 e:q [], [], _:a .");
    uint32_t *names;
    (void)state;
    assert_int_equal(fc_rdf_blank_names(rdf, &names, NULL), FC_OK);
    uint32_t seen = 0;
    for (uint32_t i = 0; i < fc_rdf_term_count(rdf); i++)
        if (names[i] != UINT32_MAX)
            seen |= 1u << names[i];
    assert_int_equal(seen, 0x7f);
    free(names);
    char *text = canonical(rdf), *wrapped = NULL;
    assert_true(asprintf(&wrapped, "%s", text) > 0);
    struct fc_rdf *back = read_as(FC_RDF_JSON_LD, wrapped);
    size_t before, after;
    fc_rdf_all(rdf, &before);
    fc_rdf_all(back, &after);
    assert_int_equal(before, after);
    fc_rdf_destroy(back);
    free(text);
    free(wrapped);
    fc_rdf_destroy(rdf);
}

static void an_iri_like_a_prefix_is_refused(void **state)
{
    struct fc_rdf *rdf = read_as(FC_RDF_TURTLE, "<https://a/> <https://b/> <dcat:Dataset> .");
    struct fc_json *json = fc_json_create();
    (void)state;
    fc_json_array(json, NULL);
    assert_int_equal(fc_rdf_json_nodes(json, rdf, FC_RDF_NONE, "b", NULL), FC_E_FORMAT);
    fc_json_destroy(json);
    fc_rdf_destroy(rdf);
}

static char *turtle_of(const struct fc_rdf *rdf)
{
    struct fc_rdf_turtle *turtle;
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    assert_int_equal(fc_rdf_turtle_create(file, &turtle), FC_OK);
    assert_int_equal(fc_rdf_turtle_add(turtle, rdf), FC_OK);
    assert_int_equal(fc_rdf_turtle_end(turtle), FC_OK);
    fc_rdf_turtle_destroy(turtle);
    fclose(file);
    return text;
}

/* Whatever a value says of its type, its text stays a text and its type the same. */
static void turtle_reads_back(void **state)
{
#define XSD_OF(name) "^^<http://www.w3.org/2001/XMLSchema#" name ">"
    static const char *const objects[] = {
        "7",
        "+07",
        "-1.50",
        "+.5",
        "true",
        "false",
        "''" XSD_OF("integer"),
        "'-'" XSD_OF("integer"),
        "'1.5'" XSD_OF("integer"),
        "'7 . <https://x/> <https://x/> 8'" XSD_OF("integer"),
        "'one'" XSD_OF("integer"),
        "'1'" XSD_OF("boolean"),
        "'True'" XSD_OF("boolean"),
        "'true, false'" XSD_OF("boolean"),
        "''" XSD_OF("decimal"),
        "'.'" XSD_OF("decimal"),
        "'5.'" XSD_OF("decimal"),
        "'5'" XSD_OF("decimal"),
        "'1.5E0'" XSD_OF("decimal"),
        "'1.5.5'" XSD_OF("decimal"),
        "'1.5e0'" XSD_OF("double"),
        "'x'" XSD_OF("integer2"),
        "'x'^^<" FC_RDF_NS "nil>",
        "<" FC_RDF_NS "nil>",
        "'\"\"\"\\n\\\\'@en",
    };
#undef XSD_OF
    static const char *const predicates[] = {"a", "<https://p/>", "<" FC_RDF_NS "nil>"};
    (void)state;
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++)
        for (size_t k = 0; k < sizeof predicates / sizeof predicates[0]; k++) {
            char text[256];
            snprintf(text, sizeof text, "<https://s/> %s %s .", predicates[k], objects[i]);
            struct fc_rdf *rdf = read_as(FC_RDF_TURTLE, text);
            char *written = turtle_of(rdf);
            struct fc_rdf *back = read_as(FC_RDF_TURTLE, written);
            char *wanted = canonical(rdf), *is = canonical(back);
            if (strcmp(is, wanted) != 0)
                fail_msg("%s\nwritten %s\nis      %s\nwanted  %s", text, written, is, wanted);
            free(written);
            free(wanted);
            free(is);
            fc_rdf_destroy(rdf);
            fc_rdf_destroy(back);
        }
}

static void guesses(void **state)
{
    static const struct {
        const char *path, *bytes;
        enum fc_rdf_syntax syntax;
    } cases[] = {
        {"a.ttl", "", FC_RDF_TURTLE},
        {"a.NT", "", FC_RDF_NTRIPLES},
        {"a.rdf", "", FC_RDF_XML},
        {"a.xml", "", FC_RDF_XML},
        {"a.jsonld", "", FC_RDF_JSON_LD},
        {"-", " <?xml", FC_RDF_XML},
        {"-", "<rdf:RDF", FC_RDF_XML},
        {"-", "\xef\xbb\xbf {", FC_RDF_JSON_LD},
        {"-", "@prefix", FC_RDF_TURTLE},
        {"-", "<https://a/>", FC_RDF_TURTLE},
        {"-", "hello", 0},
        {"-", "", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(fc_rdf_guess(cases[i].path, fc_span_str(cases[i].bytes)), cases[i].syntax);
}

/* Taking catalogues apart. */

struct given {
    char iris[512];
    char *last;
    unsigned count, faults;
};
static enum fc_err keep_given(void *ctx, const char *iri, struct fc_span document)
{
    struct given *given = ctx;
    strcat(strcat(given->iris, iri), " ");
    free(given->last);
    given->last = (char *)fc_span_dup(document);
    return FC_OK;
}
static enum fc_err count_given(void *ctx, const char *iri, struct fc_span document)
{
    struct given *given = ctx;
    assert_true(iri[0] && document.len > 0);
    given->count++;
    return FC_OK;
}
static void count_fault(void *ctx, const char *name, const char *text)
{
    struct given *given = ctx;
    assert_true(name[0] && text[0]);
    given->faults++;
}

#define C                                                                                          \
    "@prefix c: <http://www.w3.org/ns/dcat#> . @prefix t: <http://purl.org/dc/terms/> . "          \
    "@prefix f: <http://xmlns.com/foaf/0.1/> . @prefix s: <http://www.w3.org/2004/02/skos/core#> " \
    ". "

static void a_catalogue_taken_apart(void **state)
{
    struct given given = {.iris = ""};
    struct fc_dcat_split split = {&given, keep_given, count_fault};
    struct fc_rdf *rdf = read_as(
        FC_RDF_TURTLE,
        C "<https://x/> a c:Catalog, c:Dataset ; c:dataset <https://x/2>, <https://x/1> ; c:record "
          "<https://x/r> . <https://x/r> a c:CatalogRecord ; f:primaryTopic <https://x/1> ."
          "<https://x/1> a c:Dataset ; f:isPrimaryTopicOf <https://x/r> ; t:isPartOf <https://x/> ;"
          " c:distribution <https://x/d> ; t:relation <https://x/2> ; c:theme <https://x/t> ;"
          " t:creator [ f:name 'deep' ; f:knows [ f:name 'deeper' ] ] ."
          "<https://x/d> a c:Distribution ; t:license <https://x/l> . <https://x/l> t:title 'L' ;"
          " t:source <https://x/far> . <https://x/far> t:title 'far' ."
          "<https://x/t> a s:Concept ; s:inScheme <https://x/s> . <https://x/s> t:title 'scheme' ."
          "<https://x/2> a c:DataService ; t:title 'two' . <https://x/0> a c:DatasetSeries ."
          "[] a c:Dataset . <https://x/none> t:title 'none' .");
    (void)state;
    assert_int_equal(fc_dcat_count(rdf), 3);
    assert_true(fc_dcat_has(rdf, "https://x/2") && !fc_dcat_has(rdf, "https://x/none"));
    assert_false(fc_dcat_has(rdf, "https://x/") || fc_dcat_has(rdf, "https://nowhere/"));
    assert_int_equal(fc_dcat_split(rdf, &split), FC_OK);
    assert_string_equal(given.iris, "https://x/0 https://x/1 https://x/2 ");
    assert_int_equal(given.faults, 1);
    fc_rdf_destroy(rdf);

    rdf = read_as(FC_RDF_JSON_LD, given.last);
    size_t count;
    fc_rdf_all(rdf, &count);
    assert_int_equal(count, 2);
    fc_rdf_destroy(rdf);
    free(given.last);
}

static void what_belongs_to_an_entry(void **state)
{
    struct given given = {.iris = ""};
    struct fc_dcat_split split = {&given, keep_given, count_fault};
    struct fc_rdf *rdf = read_as(
        FC_RDF_TURTLE, C
        "<https://x/1> a c:Dataset ; f:isPrimaryTopicOf <https://x/r> ; t:relation <https://x/2> ;"
        " c:distribution <https://x/d> ; c:theme <https://x/t> ; t:creator [ f:knows [ f:name "
        "'deep' ] ] . <https://x/r> a f:Document ; f:primaryTopic <https://x/1> ; t:title 'record' "
        "."
        "<https://x/d> t:license <https://x/l> . <https://x/l> t:title 'L' ; t:source "
        "<https://x/far> ;"
        " t:creator [ f:name 'blank' ] . <https://x/far> t:title 'far' ."
        "<https://x/t> a s:Concept ; s:inScheme <https://x/s> ; s:prefLabel 'label' ."
        "<https://x/s> t:title 'scheme' . <https://x/2> a c:Catalog ; t:title 'catalogue' .");
    (void)state;
    assert_int_equal(fc_dcat_split(rdf, &split), FC_OK);
    static const char *const in[] = {"\"deep\"",  "\"L\"",   "\"blank\"",
                                     "\"label\"", "x/far\"", "x/s\""};
    static const char *const out[] = {"\"record\"", "\"far\"", "\"scheme\"", "\"catalogue\"",
                                      "x/r\""};
    for (size_t i = 0; i < sizeof in / sizeof in[0]; i++)
        assert_non_null(strstr(given.last, in[i]));
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++)
        assert_null(strstr(given.last, out[i]));
    free(given.last);
    fc_rdf_destroy(rdf);
}

static void documents_have_a_bound(void **state)
{
    for (unsigned extra = 0; extra < 2; extra++) {
        struct given given = {.iris = ""};
        struct fc_dcat_split split = {&given, keep_given, count_fault};
        struct fc_buf head = {0};
        static const char node[] =
            "{\"@id\":\"https://x/\",\"dct:title\":\"\",\"@type\":\"dcat:Dataset\"}]}\n";
        assert_int_equal(fc_rdf_json_head(&head), FC_OK);
        size_t len = FC_CONTENT_BYTES_MAX - head.len - strlen(node) + extra;
        char *title = calloc(len + 1, 1);
        assert_non_null(title);
        memset(title, 't', len);
        struct fc_rdf *rdf;
        assert_int_equal(fc_rdf_create(&rdf), FC_OK);
        struct fc_rdf_term s = fc_rdf_iri("https://x/"), p = fc_rdf_iri(FC_DCT "title");
        struct fc_rdf_term a = fc_rdf_iri(FC_RDF_TYPE), type = fc_rdf_iri(FC_DCAT "Dataset");
        struct fc_rdf_term o = fc_rdf_literal(title);
        assert_int_equal(fc_rdf_add(rdf, &s, &p, &o), FC_OK);
        assert_int_equal(fc_rdf_add(rdf, &s, &a, &type), FC_OK);
        fc_rdf_sort(rdf);
        (void)state;
        assert_int_equal(fc_dcat_split(rdf, &split), FC_OK);
        assert_int_equal(given.faults, extra);
        if (!extra)
            assert_int_equal(strlen(given.last), FC_CONTENT_BYTES_MAX);
        free(given.last);
        free(title);
        fc_buf_finish(&head);
        fc_rdf_destroy(rdf);
    }
}

/* Entries that all lead to one large node: most are told, none is lost, and it ends soon. */
static void a_catalogue_has_a_bound(void **state)
{
    enum { ENTRIES = 3000, NODES = 3000 };
    struct given given = {.iris = ""};
    struct fc_dcat_split split = {&given, count_given, count_fault};
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    (void)state;
    fputs("@prefix c: <" FC_DCAT "> . @prefix x: <urn:x:> . x:n x:p 1", file);
    for (unsigned i = 0; i < NODES; i++)
        fputs(", []", file);
    fputs(" .\n", file);
    for (unsigned i = 0; i < ENTRIES; i++)
        fprintf(file, "x:%u a c:Dataset ; x:p x:n .\n", i);
    fclose(file);
    struct fc_rdf *rdf = read_as(FC_RDF_TURTLE, text);
    assert_int_equal(fc_dcat_split(rdf, &split), FC_OK);
    assert_true(given.count > 0 && given.faults > ENTRIES / 2);
    assert_int_equal(given.count + given.faults, ENTRIES);
    fc_rdf_destroy(rdf);
    free(text);
}

/* A short name for a long IRI is no way to fill the memory, in any syntax. */
static void prefixes_have_a_bound(void **state)
{
    enum { LONG = 256 * 1024, NAMES = 2000 };
    static const struct {
        enum fc_rdf_syntax syntax;
        const char *head, *tail, *each, *end;
    } cases[] = {
        {FC_RDF_TURTLE, "@prefix p: <urn:", "> .\n", "p:%u p:p p:o .\n", ""},
        {FC_RDF_XML, "<r:RDF xmlns:r='" FC_RDF_NS "' xmlns:p='urn:", "'>",
         "<r:Description r:about='urn:%u'><p:p>o</p:p></r:Description>\n", "</r:RDF>"},
        {FC_RDF_JSON_LD, "{\"@context\":{\"p\":\"urn:", "\"},\"@graph\":[",
         "{\"@id\":\"p:%u\",\"p:p\":\"o\"},", "{}]}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = NULL;
        size_t len = 0;
        struct fc_rdf *rdf;
        struct fc_rdf_fault fault;
        FILE *file = open_memstream(&text, &len);
        fputs(cases[i].head, file);
        for (unsigned k = 0; k < LONG; k++)
            fputc('x', file);
        fputs(cases[i].tail, file);
        for (unsigned k = 0; k < NAMES; k++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            fprintf(file, cases[i].each, k);
#pragma GCC diagnostic pop
        }
        fputs(cases[i].end, file);
        fclose(file);
        assert_int_equal(fc_rdf_create(&rdf), FC_OK);
        enum fc_err err = fc_rdf_read(rdf, cases[i].syntax, fc_span(text, len), NULL, &fault);
        if (err != FC_E_BOUND && err != FC_E_FORMAT)
            fail_msg("case %zu: %s", i, fc_err_name(err));
        assert_non_null(strstr(fault.text, err == FC_E_BOUND ? "far more text" : "4,096 bytes"));
        fc_rdf_destroy(rdf);
        free(text);
    }
}

static void terms_have_a_bound(void **state)
{
    struct fc_rdf *rdf;
    fc_rdf_id id;
    uint8_t *text = malloc(FC_RDF_TERM_BYTES_MAX + 1);
    (void)state;
    assert_non_null(text);
    memset(text, 'a', FC_RDF_TERM_BYTES_MAX + 1);
    assert_int_equal(fc_rdf_create(&rdf), FC_OK);
    struct fc_rdf_term term = {.kind = FC_RDF_LITERAL,
                               .text = fc_span(text, FC_RDF_TERM_BYTES_MAX)};
    assert_int_equal(fc_rdf_intern(rdf, &term, &id), FC_OK);
    term.text.len++;
    assert_int_equal(fc_rdf_intern(rdf, &term, &id), FC_E_BOUND);
    free(text);
    static const char *const tags[] = {"de", "de-CH-1996", "x-abcdefgh"};
    static const char *const no_tags[] = {"-", "de-", "de--x", "d e", "abcdefghi", "-de", "7de"};
    for (size_t i = 0; i < 3; i++) {
        struct fc_rdf_term tagged = fc_rdf_literal("x");
        tagged.language = fc_span_str(tags[i]);
        assert_int_equal(fc_rdf_intern(rdf, &tagged, &id), FC_OK);
    }
    for (size_t i = 0; i < 7; i++) {
        struct fc_rdf_term tagged = fc_rdf_literal("x");
        tagged.language = fc_span_str(no_tags[i]);
        assert_int_equal(fc_rdf_intern(rdf, &tagged, &id), FC_E_FORMAT);
    }
    fc_rdf_destroy(rdf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(syntaxes_say_the_same),
        cmocka_unit_test(json_ld_in_its_ways),
        cmocka_unit_test(faults_say_what_and_where),
        cmocka_unit_test(entities_of_xml),
        cmocka_unit_test(prologs_of_xml),
        cmocka_unit_test(blank_nodes_are_named_by_their_place),
        cmocka_unit_test(blank_nodes_that_are_alike),
        cmocka_unit_test(an_iri_like_a_prefix_is_refused),
        cmocka_unit_test(turtle_reads_back),
        cmocka_unit_test(guesses),
        cmocka_unit_test(a_catalogue_taken_apart),
        cmocka_unit_test(what_belongs_to_an_entry),
        cmocka_unit_test(documents_have_a_bound),
        cmocka_unit_test(a_catalogue_has_a_bound),
        cmocka_unit_test(prefixes_have_a_bound),
        cmocka_unit_test(terms_have_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
