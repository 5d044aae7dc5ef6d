#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "topology.h"

enum fc_err topology_try(const char *words, uint64_t seed, struct fc_topology *out,
                         struct fc_topology_fault *fault)
{
    char copy[256], *rest = NULL;
    struct fc_topology_spec spec;
    enum fc_topology_kind kind;
    *out = (struct fc_topology){0};
    fault->text[0] = 0;
    assert_true(strlen(words) < sizeof copy);
    strcpy(copy, words);
    assert_int_equal(fc_topology_kind_find(strtok_r(copy, " ", &rest), &kind), FC_OK);
    fc_topology_spec_init(&spec, kind);
    for (char *word; (word = strtok_r(NULL, " ", &rest));) {
        char *value = strchr(word, '=');
        assert_non_null(value);
        *value++ = 0;
        enum fc_err err = fc_topology_spec_set(&spec, word, value, fault);
        if (err != FC_OK)
            return err;
    }
    return fc_topology_generate(&spec, seed, out, fault);
}

void topology_make(const char *words, uint64_t seed, struct fc_topology *out)
{
    struct fc_topology_fault fault;
    if (topology_try(words, seed, out, &fault) != FC_OK)
        fail_msg("%s: %s", words, fault.text);
}

static void check_neighbours(const struct fc_topology *topology)
{
    uint64_t ends = 0;
    for (uint32_t a = 0; a < topology->node_count; a++) {
        uint32_t count;
        const uint32_t *others = fc_topology_neighbours(topology, a, &count);
        ends += count;
        for (uint32_t i = 0; i < count; i++) {
            assert_true(others[i] < topology->node_count && others[i] != a);
            assert_true(i == 0 || others[i - 1] < others[i]);
            assert_int_not_equal(fc_topology_latency_us(topology, a, others[i]), FC_TOPOLOGY_NONE);
        }
    }
    assert_int_equal(ends, 2 * topology->edge_count);
}

void topology_check(const struct fc_topology *topology)
{
    struct fc_topology_shape shape;
    for (uint64_t i = 0; i < topology->edge_count; i++) {
        const struct fc_edge *edge = &topology->edges[i], *before = edge - (i > 0);
        assert_true(edge->a < edge->b && edge->b < topology->node_count);
        assert_true(i == 0 || before->a < edge->a || (before->a == edge->a && before->b < edge->b));
        assert_in_range(edge->latency_us, 1, FC_TOPOLOGY_LATENCY_MAX_US);
        assert_int_equal(fc_topology_latency_us(topology, edge->a, edge->b), edge->latency_us);
        assert_int_equal(fc_topology_latency_us(topology, edge->b, edge->a), edge->latency_us);
    }
    if (topology->whole)
        for (uint32_t a = 0; a < topology->node_count && a < 50; a++)
            for (uint32_t b = 0; b < topology->node_count; b++)
                assert_int_equal(fc_topology_latency_us(topology, a, b),
                                 fc_topology_latency_us(topology, b, a));
    else
        check_neighbours(topology);
    assert_int_equal(fc_topology_describe(topology, 10, &shape), FC_OK);
    assert_int_equal(shape.components, 1);
    assert_int_equal(shape.largest, topology->node_count);
    fc_topology_shape_finish(&shape);
}

void topology_hex(const struct fc_topology *topology, char out[65])
{
    struct fc_hash digest = fc_topology_digest(topology);
    fc_hex(digest.b, sizeof digest.b, out);
}
