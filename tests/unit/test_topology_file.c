#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/tempdir.h"
#include "../support/topology.h"
#include "sim/topology_priv.h"

static char *folder;

static int make_folder(void **state)
{
    (void)state;
    folder = tempdir_create();
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    tempdir_destroy(folder);
    return 0;
}

static void save(const struct fc_topology *topology, const char *name)
{
    struct fc_topology_fault fault;
    char *path = tempdir_path(folder, name);
    if (fc_topology_save(topology, path, FC_TOPOLOGY_BY_NAME, &fault) != FC_OK)
        fail_msg("%s", fault.text);
    free(path);
}

static void load(const char *name, struct fc_topology *out)
{
    struct fc_topology_fault fault;
    char *path = tempdir_path(folder, name);
    if (fc_topology_load(path, FC_TOPOLOGY_BY_NAME, NULL, 0, out, &fault) != FC_OK)
        fail_msg("%s", fault.text);
    free(path);
}

static void assert_same(const struct fc_topology *one, const struct fc_topology *other)
{
    struct fc_hash a = fc_topology_digest(one), b = fc_topology_digest(other);
    assert_true(fc_hash_eq(&a, &b));
    assert_int_equal(one->node_count, other->node_count);
    for (uint32_t i = 0; i < one->node_count && i < 100; i++)
        for (uint32_t j = 0; j < one->node_count; j++)
            assert_int_equal(fc_topology_latency_us(one, i, j),
                             fc_topology_latency_us(other, i, j));
}

static void graphml_keeps_everything(void **state)
{
    (void)state;
    static const char *const words[] = {
        "whole nodes=1",
        "whole nodes=40 latency=17us",
        "whole nodes=40 latency=map inflation=2.125 hop=333us",
        "map nodes=700",
        "map nodes=100 hubs=2 countries=DE,FR,GB",
        "two-tier nodes=200",
        "barabasi-albert nodes=100 latency=map",
        "regular nodes=100 latency=1us..60s",
        "ring nodes=1",
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct fc_topology made, read;
        topology_make(words[i], 1, &made);
        save(&made, "t.graphml");
        load("t.graphml", &read);
        assert_same(&made, &read);
        fc_topology_finish(&made);
        fc_topology_finish(&read);
    }
}

static void edge_lists_keep_names_and_edges(void **state)
{
    (void)state;
    static const char *const words[] = {"ring nodes=1", "star nodes=50",
                                        "barabasi-albert nodes=100 latency=3ms..40ms"};
    struct fc_topology made, read;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        topology_make(words[i], 1, &made);
        save(&made, "t.edges");
        load("t.edges", &read);
        assert_same(&made, &read);
        fc_topology_finish(&made);
        fc_topology_finish(&read);
    }
    topology_make("two-tier nodes=80", 1, &made);
    save(&made, "t.edges");
    load("t.edges", &read);
    assert_int_equal(made.edge_count, read.edge_count);
    assert_memory_equal(made.edges, read.edges, made.edge_count * sizeof *made.edges);
    for (uint32_t i = 0; i < made.node_count; i++)
        assert_string_equal(made.sites[i].name, read.sites[i].name);
    fc_topology_finish(&made);
    fc_topology_finish(&read);
}

static void read_text(const char *name, struct fc_buf *out)
{
    char *path = tempdir_path(folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fc_buf_clear(out);
    for (int byte; (byte = fgetc(file)) != EOF;) {
        uint8_t value = (uint8_t)byte;
        fc_buf_append(out, &value, 1);
    }
    fc_buf_append(out, "", 1);
    fclose(file);
    free(path);
}

static void csv_is_written(void **state)
{
    (void)state;
    struct fc_topology topology;
    struct fc_topology_fault fault;
    struct fc_buf text = {0};
    topology_make("two-tier nodes=3 countries=PT", 1, &topology);
    save(&topology, "t.csv");
    read_text("t.csv", &text);
    assert_string_equal((const char *)text.data, "node,name,country,latitude,longitude,hub\n"
                                                 "0,hub-pt,PT,38.722300,-9.139300,hub-pt\n"
                                                 "1,porto-1,PT,41.157900,-8.629100,hub-pt\n"
                                                 "2,lisbon-1,PT,38.722300,-9.139300,hub-pt\n");
    strcpy(topology.sites[2].name, "a \"b\", c");
    char *path = tempdir_path(folder, "m.csv");
    assert_int_equal(fc_topology_save(&topology, path, FC_TOPOLOGY_MATRIX, &fault), FC_OK);
    read_text("m.csv", &text);
    assert_string_equal((const char *)text.data, "latency_us,hub-pt,porto-1,\"a \"\"b\"\", c\"\n"
                                                 "hub-pt,0,3059,1000\n"
                                                 "porto-1,3059,0,\n"
                                                 "\"a \"\"b\"\", c\",1000,,0\n");
    fc_topology_finish(&topology);
    topology_make("map nodes=5001", 1, &topology);
    assert_int_equal(fc_topology_save(&topology, path, FC_TOPOLOGY_MATRIX, &fault), FC_E_BOUND);
    fc_topology_finish(&topology);
    free(path);
    fc_buf_finish(&text);
}

static void what_cannot_be_written_is_said(void **state)
{
    (void)state;
    struct fc_topology topology;
    struct fc_topology_fault fault;
    char *path = tempdir_path(folder, "none.edges");
    topology_make("map nodes=5", 1, &topology);
    assert_int_equal(fc_topology_save(&topology, path, FC_TOPOLOGY_BY_NAME, &fault), FC_E_ARG);
    assert_non_null(strstr(fault.text, "a whole topology has no edges"));
    assert_int_equal(fc_topology_save(&topology, "x.dot", FC_TOPOLOGY_BY_NAME, &fault), FC_E_ARG);
    assert_non_null(strstr(fault.text, ".graphml, .edges or .csv"));
    assert_int_equal(
        fc_topology_save(&topology, "/nowhere/at/all.graphml", FC_TOPOLOGY_BY_NAME, &fault),
        FC_E_IO);
    assert_non_null(strstr(fault.text, "No such file"));
    fc_topology_finish(&topology);
    topology_make("ring nodes=5", 1, &topology);
    strcpy(topology.sites[0].name, "a b");
    assert_int_equal(fc_topology_save(&topology, path, FC_TOPOLOGY_BY_NAME, &fault), FC_E_ARG);
    assert_non_null(strstr(fault.text, "'a b' has a blank"));
    assert_null(fopen(path, "rb"));
    fc_topology_finish(&topology);
    free(path);
}

static enum fc_err load_text(const char *name, const char *text, const struct fc_latency *missing,
                             struct fc_topology *out, struct fc_topology_fault *fault)
{
    char *path = tempdir_path(folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    fault->text[0] = 0;
    enum fc_err err = fc_topology_load(path, FC_TOPOLOGY_BY_NAME, missing, 0, out, fault);
    free(path);
    return err;
}

static void edge_lists_are_read(void **state)
{
    (void)state;
    struct fc_topology topology;
    struct fc_topology_fault fault;
    const char *text = "# a comment\n"
                       "\n"
                       "alone\r\n"
                       "12 7 1500 # and another\n"
                       "\t7   c\t\n"
                       "c 7\n"
                       "caf\xc3\xa9 12 1";
    assert_int_equal(load_text("r.txt", text, NULL, &topology, &fault), FC_OK);
    assert_int_equal(topology.node_count, 5);
    assert_int_equal(topology.edge_count, 3);
    assert_string_equal(topology.sites[0].name, "alone");
    assert_int_equal(fc_topology_latency_us(&topology, 1, 2), 1500);
    assert_int_equal(fc_topology_latency_us(&topology, 2, 3), 10000);
    assert_int_equal(fc_topology_find(&topology, "caf\xc3\xa9"), 4);
    fc_topology_finish(&topology);
    const struct fc_latency range = {FC_LATENCY_UNIFORM, 100, 200, 0, 0};
    assert_int_equal(load_text("r.txt", "a b\nb c 7\n", &range, &topology, &fault), FC_OK);
    assert_in_range(fc_topology_latency_us(&topology, 0, 1), 100, 200);
    assert_int_equal(fc_topology_latency_us(&topology, 1, 2), 7);
    fc_topology_finish(&topology);
}

static void faults_of_edge_lists_have_a_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "there is no edge in it"},
        {"# nothing\n", "there is no edge in it"},
        {"a b 1\na a 2\n", ".edges:2: an edge from a node to itself"},
        {"a b c\n", ".edges:1: a latency is whole microseconds"},
        {"a b 0\n", ".edges:1: a latency is whole microseconds"},
        {"a b -5\n", ".edges:1: a latency is whole microseconds"},
        {"a b 60000001\n", ".edges:1: a latency is whole microseconds"},
        {"a b 99999999999999999999\n", ".edges:1: a latency is whole microseconds"},
        {"\n\na b 1 2\n", ".edges:3: more than a line"},
        {"a b 1\nb a 2\n", "'a' and 'b' have two edges with different latencies"},
        {"a\xff b\n", ".edges:1: a name is not UTF-8"},
        {"a\x01 b\n", ".edges:1: a byte that is no text"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b\n",
         ".edges:1: a name has at most 63 bytes"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fc_topology topology;
        struct fc_topology_fault fault;
        assert_int_equal(load_text("b.edges", bad[i].text, NULL, &topology, &fault), FC_E_FORMAT);
        if (!strstr(fault.text, bad[i].says))
            fail_msg("%zu: %s", i, fault.text);
        assert_null(topology.sites);
    }
}

#define HEAD                                                                                       \
    "<?xml version=\"1.0\"?>\n<graphml>\n"                                                         \
    "<key id=\"n\" for=\"node\" attr.name=\"name\" attr.type=\"string\"/>\n"                       \
    "<key id=\"c\" for=\"node\" attr.name=\"Country\" attr.type=\"string\"/>\n"                    \
    "<key id=\"y\" for=\"node\" attr.name=\"Latitude\" attr.type=\"double\"/>\n"                   \
    "<key id=\"x\" for=\"node\" attr.name=\"Longitude\" attr.type=\"double\"/>\n"                  \
    "<key id=\"l\" for=\"edge\" attr.name=\"%s\" attr.type=\"%s\"/>\n"                             \
    "<graph edgedefault=\"undirected\">\n"
#define NODES                                                                                      \
    "<node id=\"0\"><data key=\"n\">Porto</data><data key=\"c\">Portugal</data>"                   \
    "<data key=\"y\">41.1579</data><data key=\"x\">-8.6291</data></node>\n"                        \
    "<node id=\"1\"><data key=\"n\">New York</data><data key=\"c\">us</data></node>\n"             \
    "<node id=\"2\"><data key=\"n\">C</data><data key=\"y\">38.7223</data>"                        \
    "<data key=\"x\">-9.1393</data></node>\n"
#define TAIL "</graph></graphml>\n"

static enum fc_err load_graphml(const char *column, const char *type, const char *body,
                                struct fc_topology *out, struct fc_topology_fault *fault)
{
    char text[4096], head[1024];
    snprintf(head, sizeof head, HEAD, column, type);
    snprintf(text, sizeof text, "%s%s", head, body);
    return load_text("z.graphml", text, NULL, out, fault);
}

static void graphml_of_others_is_read(void **state)
{
    (void)state;
    struct fc_topology topology;
    struct fc_topology_fault fault;
    enum fc_err err = load_graphml("latency_ms", "double",
                                   NODES "<edge source=\"0\" target=\"1\"><data key=\"l\">12.3456"
                                         "</data></edge><edge source=\"2\" target=\"0\"/>"
                                         "<edge source=\"2\" target=\"1\"/>" TAIL,
                                   &topology, &fault);
    if (err != FC_OK)
        fail_msg("%s", fault.text);
    assert_int_equal(topology.node_count, 3);
    assert_int_equal(topology.edge_count, 3);
    assert_string_equal(topology.sites[0].country, "PT");
    assert_string_equal(topology.sites[1].country, "US");
    assert_string_equal(topology.sites[1].name, "New York");
    assert_string_equal(topology.sites[2].country, "");
    assert_int_equal(topology.sites[2].region, FC_TOPOLOGY_NONE);
    assert_int_equal(topology.sites[0].latitude_udeg, 41157900);
    assert_false(topology.sites[1].placed);
    assert_int_equal(fc_topology_latency_us(&topology, 0, 1), 12346);
    assert_int_equal(fc_topology_latency_us(&topology, 0, 2), 3059); /* the map */
    assert_int_equal(fc_topology_latency_us(&topology, 1, 2), 10000);
    fc_topology_finish(&topology);
}

static void faults_of_graphml_are_said(void **state)
{
    (void)state;
    static const struct {
        const char *column, *type, *body, *says;
    } bad[] = {
        {"latency_us", "int", "<node id=\"0\">\n</graph></graphml>", ".graphml:10: Opening and"},
        {"latency_us", "string", NODES TAIL, "the attribute 'latency_us' must be a number"},
        {"latency_us", "double",
         NODES "<edge source=\"0\" target=\"1\"><data key=\"l\">1.5</data></edge>" TAIL,
         "the edge between 'New York' and 'Porto': 'latency_us' must be whole microseconds"},
        {"latency_us", "double",
         NODES "<edge source=\"0\" target=\"1\"><data key=\"l\">-1</data></edge>" TAIL,
         "must be whole microseconds above 0"},
        {"latency_us", "double",
         NODES "<edge source=\"0\" target=\"1\"><data key=\"l\">1e300</data></edge>" TAIL,
         "at most 60 s"},
        {"weight", "double",
         NODES "<edge source=\"0\" target=\"1\"><data key=\"l\">0</data></edge>" TAIL,
         "'weight' must be milliseconds above 0"},
        {"latency_us", "int",
         NODES "<edge source=\"0\" target=\"1\"><data key=\"l\">x</data></edge>" TAIL,
         "z.graphml: Unexpected character"},
        {"latency_us", "int", NODES "<edge source=\"1\" target=\"1\"/>" TAIL, "an edge to itself"},
        {"latency_us", "int", NODES "<edge source=\"1\" target=\"9\"/>" TAIL, "z.graphml: "},
        {"latency_us", "int", NODES "<node id=\"9\"><data key=\"n\">C</data></node>" TAIL,
         "two nodes have the name 'C'"},
        {"latency_us", "int", "<node id=\"9\"><data key=\"y\">91</data></node>" TAIL,
         "z.graphml: node "},
        {"latency_us", "int",
         "<node id=\"9\"><data key=\"n\">a</data><data key=\"y\">1</data></node>" TAIL,
         "node 'a' needs a latitude"},
        {"latency_us", "int", TAIL, "there is no node"},
        {"latency_us", "int", "", ".graphml:8: Extra content"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fc_topology topology;
        struct fc_topology_fault fault;
        enum fc_err err = load_graphml(bad[i].column, bad[i].type, bad[i].body, &topology, &fault);
        if (err != FC_E_FORMAT || !strstr(fault.text, bad[i].says))
            fail_msg("%zu: %s: %s", i, fc_err_name(err), fault.text);
        assert_null(strchr(fault.text, '\n'));
        assert_null(topology.sites);
    }
}

static void what_is_no_graphml_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "the file is empty"},
        {"a b 10\n", ".graphml:1: "},
        {"<graphml/>", "there is no GraphML graph in it"},
        {"<html/>", "there is no GraphML graph in it"},
        {"<!DOCTYPE g [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><graphml/>",
         "without a document type"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fc_topology topology;
        struct fc_topology_fault fault;
        assert_int_equal(load_text("x.graphml", bad[i].text, NULL, &topology, &fault), FC_E_FORMAT);
        if (!strstr(fault.text, bad[i].says))
            fail_msg("%zu: %s", i, fault.text);
    }
    struct fc_topology topology;
    struct fc_topology_fault fault;
    assert_int_equal(
        fc_topology_load("no-such.graphml", FC_TOPOLOGY_BY_NAME, NULL, 0, &topology, &fault),
        FC_E_MISSING);
    assert_string_equal(fault.text, "no-such.graphml: No such file or directory");
    assert_int_equal(fc_topology_load("sites.csv", FC_TOPOLOGY_BY_NAME, NULL, 0, &topology, &fault),
                     FC_E_FORMAT);
}

/* Cut anywhere, a document is an error or a topology, never a crash. */
static void graphml_cut_anywhere_is_survived(void **state)
{
    (void)state;
    struct fc_topology made, read;
    struct fc_buf text = {0};
    topology_make("two-tier nodes=6 countries=PT,ES", 1, &made);
    assert_int_equal(fc_graphml_write(&made, &text, NULL), FC_OK);
    for (size_t len = 0; len < text.len; len++)
        if (fc_graphml_parse(fc_span(text.data, len), "cut", &read, NULL) == FC_OK)
            fc_topology_finish(&read);
    for (size_t at = 0; at < text.len; at++) {
        uint8_t kept = text.data[at];
        text.data[at] ^= 0x13;
        if (fc_graphml_parse(fc_buf_span(&text), "bent", &read, NULL) == FC_OK)
            fc_topology_finish(&read);
        text.data[at] = kept;
    }
    fc_topology_finish(&made);
    fc_buf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(graphml_keeps_everything),
        cmocka_unit_test(edge_lists_keep_names_and_edges),
        cmocka_unit_test(csv_is_written),
        cmocka_unit_test(what_cannot_be_written_is_said),
        cmocka_unit_test(edge_lists_are_read),
        cmocka_unit_test(faults_of_edge_lists_have_a_line),
        cmocka_unit_test(graphml_of_others_is_read),
        cmocka_unit_test(faults_of_graphml_are_said),
        cmocka_unit_test(what_is_no_graphml_is_refused),
        cmocka_unit_test(graphml_cut_anywhere_is_survived),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
