/* Scenario files: what a file says is what a run gets, every wrong file is told where and why, and
 * --set speaks the same language. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario.h"
#include "tests/support/tempdir.h"

static void parse_fine(const char *text, struct fc_scenario *out)
{
    struct fc_scenario_error error = {""};
    if (fc_scenario_parse("t", fc_span_str(text), out, &error) != FC_OK)
        fail_msg("%s", error.text);
}

static void nothing_said_is_the_defaults(void **state)
{
    (void)state;
    struct fc_scenario scenario;
    parse_fine("# nothing\n", &scenario);
    assert_string_equal(scenario.name, "t");
    assert_string_equal(scenario.about, "");
    assert_int_equal(scenario.size, FC_SIZE_SMALL);
    assert_int_equal(scenario.seed, 1);
    assert_int_equal(scenario.federation.nodes, 12);
    assert_int_equal(scenario.federation.kind, FC_NODE_FULL);
    assert_int_equal(scenario.federation.store, FC_STORE_MEMORY);
    assert_int_equal(scenario.federation.start, FC_START_SEEDED);
    assert_int_equal(scenario.federation.feeds, 0);
    assert_int_equal(scenario.federation.governors, 3);
    assert_string_equal(scenario.federation.view, "registry");
    assert_int_equal(scenario.federation.active, 0);
    assert_string_equal(scenario.federation.spread, "plumtree");
    assert_int_equal(scenario.federation.fanout, 4);
    assert_true(scenario.federation.checkpoints);
    assert_int_equal(scenario.topology.kind, FC_TOPOLOGY_WHOLE);
    assert_int_equal(scenario.topology.nodes, 12);
    assert_int_equal(scenario.topology.latency.min_us, 10000);
    assert_null(scenario.topology_file);
    assert_int_equal(scenario.links.jitter_us, 0);
    assert_int_equal(scenario.links.bandwidth_bps, 0);
    assert_int_equal(scenario.workload_count, 0);
    assert_int_equal(scenario.fault_count, 0);
    assert_int_equal(scenario.dishonest_count, 0);
    assert_int_equal(scenario.run_us, 60000000);
    assert_int_equal(scenario.settle_us, 120000000);
    assert_int_equal(scenario.measure_us, 0);
    assert_int_equal(scenario.expect.delivery_ppm_min, UINT32_MAX);
    assert_int_equal(scenario.expect.redundancy_ppm_max, UINT32_MAX);
    assert_int_equal(scenario.expect.converge_us_max, UINT64_MAX);
    assert_int_equal(scenario.expect.memory_bytes_max, UINT64_MAX);
    assert_int_equal(scenario.expect.speed_milli_min, UINT32_MAX);
    fc_scenario_finish(&scenario);
}

static const char everything[] =
    "about: A third of the countries is cut off for an hour\n"
    "size: large\n"
    "seed: 42\n"
    "federation: {nodes: 1000, kind: full, store: memory, start: join, join_over: 1 min,\n"
    "             feeds: 500, governors: 5, view: hyparview, active: 7, spread: eager,\n"
    "             fanout: 3, dials_only: 10 %, checkpoints: no}\n"
    "topology: {kind: map, inflation: 1.4, hop: 2 ms, countries: [DE, FR, PT]}\n"
    "links: {jitter: 1 ms, bandwidth: 100 Mbit/s, access: 1 Gbit/s, loss: 0.1 %,\n"
    "        duplicate: 1 %, reorder: 2 %, queue: 100}\n"
    "workload:\n"
    "  - {rate: 1/s, content: 4 KB, from: 10 s}\n"
    "  - {rate: 10/min, content: 512..8 KB, for: 1 h, even: yes, count: 99, zipf: 1.2,\n"
    "     burst: 3, ops: 4, updates: 20 %, deletes: 0.05}\n"
    "faults:\n"
    "  - {at: 10 min, what: partition, countries: 33 %, for: 1 h}\n"
    "  - {what: crash, nodes: [17, 0, 5]}\n"
    "  - {what: partition, parts: 3}\n"
    "  - {what: skew, count: 4, skew: -5 s, for: 10 s}\n"
    "  - {what: slow, share: 10 %, factor: 2.5}\n"
    "  - {what: loss, countries: [PT, DE], loss: 30 %}\n"
    "  - {what: churn, rate: 20 %/h, down: 5 min}\n"
    "  - {what: trace, path: churn.txt}\n"
    "  - {what: join, count: 6}\n"
    "  - {what: random, rate: 30/h}\n"
    "dishonest: [{what: withhold, share: 5 %}, {what: garbage, count: 2, from: 1 min}]\n"
    "run: {for: 2 h, settle: 3 min}\n"
    "measure: {from: 60 s}\n"
    "expect: {delivery: 100 %, redundancy: 0.5, bytes_ratio: 1.15, last_ratio: 3,\n"
    "         converge: 10 s, heal_bytes: 1.5, memory: 8 GB, speed: 1}\n"
    "small: [federation.nodes=20, run.for=30 s]\n";

static void every_key_says_what_it_says(void **state)
{
    (void)state;
    struct fc_scenario s;
    parse_fine(everything, &s);
    assert_string_equal(s.about, "A third of the countries is cut off for an hour");
    assert_int_equal(s.size, FC_SIZE_LARGE);
    assert_int_equal(s.seed, 42);
    assert_int_equal(s.federation.nodes, 1000);
    assert_int_equal(s.federation.start, FC_START_JOIN);
    assert_int_equal(s.federation.join_over_us, 60000000);
    assert_int_equal(s.federation.feeds, 500);
    assert_int_equal(s.federation.governors, 5);
    assert_string_equal(s.federation.view, "hyparview");
    assert_int_equal(s.federation.active, 7);
    assert_string_equal(s.federation.spread, "eager");
    assert_int_equal(s.federation.fanout, 3);
    assert_int_equal(s.federation.dials_only_ppm, 100000);
    assert_false(s.federation.checkpoints);
    assert_int_equal(s.topology.kind, FC_TOPOLOGY_MAP);
    assert_int_equal(s.topology.nodes, 1000);
    assert_int_equal(s.topology.latency.kind, FC_LATENCY_MAP);
    assert_int_equal(s.topology.latency.inflation_permille, 1400);
    assert_int_equal(s.topology.latency.hop_us, 2000);
    assert_string_equal(s.topology.countries, "DE,FR,PT");
    assert_int_equal(s.links.jitter_us, 1000);
    assert_int_equal(s.links.bandwidth_bps, 100000000);
    assert_int_equal(s.links.access_bps, 1000000000);
    assert_int_equal(s.links.loss_ppm, 1000);
    assert_int_equal(s.links.duplicate_ppm, 10000);
    assert_int_equal(s.links.reorder_ppm, 20000);
    assert_int_equal(s.links.queue_max, 100);
    assert_int_equal(s.workload_count, 2);
    assert_int_equal(s.workload[0].per_hour, 3600);
    assert_int_equal(s.workload[0].content_bytes, 4000);
    assert_int_equal(s.workload[0].content_bytes_max, 4000);
    assert_int_equal(s.workload[0].from_us, 10000000);
    assert_int_equal(s.workload[0].for_us, 0);
    assert_int_equal(s.workload[0].burst, 1);
    assert_int_equal(s.workload[0].line, 11);
    assert_int_equal(s.workload[1].per_hour, 600);
    assert_int_equal(s.workload[1].content_bytes, 512);
    assert_int_equal(s.workload[1].content_bytes_max, 8000);
    assert_int_equal(s.workload[1].for_us, 3600000000);
    assert_true(s.workload[1].even);
    assert_int_equal(s.workload[1].count, 99);
    assert_int_equal(s.workload[1].zipf_milli, 1200);
    assert_int_equal(s.workload[1].burst, 3);
    assert_int_equal(s.workload[1].ops, 4);
    assert_int_equal(s.workload[1].update_ppm, 200000);
    assert_int_equal(s.workload[1].delete_ppm, 50000);
    assert_int_equal(s.run_us, 7200000000);
    assert_int_equal(s.settle_us, 180000000);
    assert_int_equal(s.measure_us, 60000000);
    assert_int_equal(s.expect.delivery_ppm_min, 1000000);
    assert_int_equal(s.expect.redundancy_ppm_max, 500000);
    assert_int_equal(s.expect.bytes_ratio_ppm_max, 1150000);
    assert_int_equal(s.expect.last_ratio_ppm_max, 3000000);
    assert_int_equal(s.expect.converge_us_max, 10000000);
    assert_int_equal(s.expect.heal_bytes_ratio_ppm_max, 1500000);
    assert_int_equal(s.expect.memory_bytes_max, 8000000000);
    assert_int_equal(s.expect.speed_milli_min, 1000);
    assert_int_equal(s.small_count, 2);
    assert_string_equal(s.small[1], "run.for=30 s");
    fc_scenario_finish(&s);
}

static void every_fault_says_what_it_says(void **state)
{
    (void)state;
    struct fc_scenario s;
    parse_fine(everything, &s);
    const struct fc_fault_spec *faults = s.faults;
    assert_int_equal(s.fault_count, 10);
    assert_int_equal(faults[0].kind, FC_FAULT_PARTITION);
    assert_int_equal(faults[0].at_us, 600000000);
    assert_int_equal(faults[0].for_us, 3600000000);
    assert_int_equal(faults[0].pick.kind, FC_PICK_COUNTRIES);
    assert_int_equal(faults[0].pick.count, 0);
    assert_int_equal(faults[0].pick.share_ppm, 330000);
    assert_int_equal(faults[0].line, 15);
    assert_int_equal(faults[1].pick.kind, FC_PICK_LIST);
    assert_int_equal(faults[1].pick.count, 3);
    assert_int_equal(faults[1].pick.list[0], 0);
    assert_int_equal(faults[1].pick.list[2], 17);
    assert_int_equal(faults[1].for_us, 0);
    assert_int_equal(faults[2].parts, 3);
    assert_int_equal(faults[2].pick.kind, FC_PICK_ALL);
    assert_int_equal(faults[3].pick.kind, FC_PICK_COUNT);
    assert_int_equal(faults[3].pick.count, 4);
    assert_int_equal(faults[3].skew_ms, -5000);
    assert_int_equal(faults[4].pick.share_ppm, 100000);
    assert_int_equal(faults[4].factor_milli, 2500);
    assert_int_equal(faults[5].pick.count, 2);
    assert_string_equal(faults[5].pick.countries[0], "DE");
    assert_string_equal(faults[5].pick.countries[1], "PT");
    assert_int_equal(faults[5].loss_ppm, 300000);
    assert_int_equal(faults[6].per_hour, 200000);
    assert_int_equal(faults[6].down_us, 300000000);
    assert_string_equal(faults[7].path, "churn.txt");
    assert_int_equal(faults[8].pick.count, 6);
    assert_int_equal(faults[9].per_hour, 30);
    assert_int_equal(s.dishonest_count, 2);
    assert_int_equal(s.dishonest[0].kind, FC_DISHONEST_WITHHOLD);
    assert_int_equal(s.dishonest[1].kind, FC_DISHONEST_GARBAGE);
    assert_int_equal(s.dishonest[1].from_us, 60000000);
    fc_scenario_finish(&s);
}

/* The whole line people see. */
static void wrong_files_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"nodes: 5\n", "t:1:1: unknown key 'nodes'; it belongs in federation"},
        {"federaton: {}\n", "t:1:1: unknown key 'federaton'; did you mean 'federation'?"},
        {"xyzzy: {}\n", "t:1:1: unknown key 'xyzzy'"},
        {"just words\n", "t:1:1: a scenario is keys and values, such as"},
        {"- a\n", "t:1:1: a scenario is keys and values"},
        {"run: 5\n", "t:1:6: run is a map of keys and values"},
        {"workload: {rate: 1/s}\n", "t:1:11: workload is a list; begin each item with '- '"},
        {"workload:\n  - 1/s\n", "t:2:5: an item of workload is a map, such as {rate: ...}"},
        {"faults:\n  - crash\n", "t:2:5: an item of faults is a map, such as {what: ...}"},
        {"federation:\n  nods: 5\n",
         "t:2:3: unknown key 'nods' in federation; did you mean 'nodes'?"},
        {"links:\n  latency: 5 ms\n",
         "t:2:3: unknown key 'latency' in links; it belongs in topology"},
        {"run:\n  bandwidth: 5 Mbit/s\n",
         "t:2:3: unknown key 'bandwidth' in run; it belongs in links"},
        {"run:\n  qqqqqq: 1\n", "t:2:3: unknown key 'qqqqqq' in run; there is for, settle"},
        {"federation:\n  nodes: 0x10\n", "t:2:10: '0x10' is not a whole number; or 'file'"},
        {"federation:\n  nodes: 1000001\n",
         "t:2:10: '1000001' is out of range; nodes is from 1 to 1000000, or 'file'"},
        {"federation:\n  nodes: [1]\n", "t:2:10: nodes is one value, not a list"},
        {"federation:\n  view: registri\n",
         "t:2:9: view is registry, hyparview, all or static, not 'registri'; did you mean "
         "'registry'?"},
        {"federation:\n  kind: tiny-ones\n", "t:2:9: kind is full or light, not 'tiny-ones'"},
        {"federation:\n  checkpoints: perhaps\n",
         "t:2:16: checkpoints is yes or no, not 'perhaps'"},
        {"run: {for: 10}\n", "t:1:12: '10' is not a duration with its unit: 250 us, 20 ms"},
        {"run: {for: 0}\n", "t:1:12: '0' is out of range; for is from 1 us to 366 d"},
        {"links: {loss: 96 %}\n", "t:1:15: '96 %' is out of range; loss is from 0 % to 95 %"},
        {"links: {bandwidth: 100}\n",
         "t:1:20: '100' is not a bandwidth: 64 kbit/s, 100 Mbit/s or 1 Gbit/s; or 'any'"},
        {"about: \"a\\nb\"\n", "t:1:8: about is one line of 0 to 200 bytes"},
        {"about: \"a\\u2028b\"\n", "t:1:8: about is one line of 0 to 200 bytes"},
        {"small: run.for=1 s\n", "t:1:8: small is a list, such as [federation.nodes=20]"},
        {"small: [\"\"]\n", "t:1:9: small is one line of 1 to 511 bytes"},
        {"federation: {nodes: 0}\n",
         "t:1:21: '0' is out of range; nodes is from 1 to 1000000, or 'file'"},
        {"small: [seed=3, foo.bar=3]\n", "t:1:17: small: foo.bar=3: there is no section 'foo'"},
        {"workload:\n  - {content: 1 KB}\n",
         "t:2:5: rate is missing in an item of workload (Deltas in the "
         "whole federation); write a rate: 10/s, 1/min or 5/h"},
        {"workload:\n  - {rate: 1/s, content: 8 KB..1 KB}\n",
         "t:2:26: content goes from the smaller to the larger size"},
        {"workload:\n  - {rate: 1/s, content: 1 KB..}\n", "t:2:26: '' is not a size"},
        {"workload:\n  - {rate: 1/s, content: 0}\n",
         "t:2:26: '0' is out of range; content is from"},
        {"faults:\n  - {at: 5 s}\n", "t:2:5: what is missing in an item of faults (What happens)"},
        {"faults:\n  - {what: crush}\n", "did you mean 'crash'?"},
        {"faults:\n  - {what: skew}\n", "t:2:5: skew is missing for skew (How far their clocks"},
        {"faults:\n  - {what: heal, share: 5 %}\n",
         "t:2:18: 'share' is not for heal; it goes with crash, restart, partition, isolate, cut, "
         "disk-full, skew, slow, loss, churn, revoke, recover"},
        {"faults:\n  - {what: crash, rate: 5/h}\n",
         "t:2:19: 'rate' is not for crash; it goes with churn, random"},
        {"faults:\n  - {what: crash, fro: 5 s}\n",
         "t:2:19: unknown key 'fro' in faults; did you mean 'for'?"},
        {"faults:\n  - {what: crash, share: 5 %, count: 3}\n",
         "t:2:31: which nodes is said twice, by 'share' and 'count'; keep one"},
        {"faults:\n  - {what: crash, nodes: 5}\n", "t:2:26: nodes is a list, such as [0, 5, 17]"},
        {"faults:\n  - {what: crash, nodes: []}\n", "t:2:26: nodes is an empty list"},
        {"faults:\n  - {what: crash, nodes: [5, 5]}\n", "t:2:26: nodes has 5 twice"},
        {"faults:\n  - {what: crash, nodes: [5, x]}\n", "t:2:30: 'x' is not a whole number"},
        {"faults:\n  - {what: crash, nodes: [5, 12]}\n",
         "t:2:26: faults.0.nodes names node 12; the last is 11"},
        {"faults:\n  - {what: crash, count: 13}\n",
         "t:2:26: faults.0.count is more than the nodes there are"},
        {"topology: {kind: map}\nfaults:\n  - {what: crash, countries: [Germany]}\n",
         "t:3:31: a country is two capital letters, such as DE"},
        {"topology: {kind: map}\nfaults:\n  - {what: crash, countries: [DE, DE]}\n",
         "t:3:30: countries has DE twice"},
        {"topology: {kind: map}\nfaults:\n  - {what: crash, countries: many}\n",
         "t:3:30: countries is a list of codes, [DE, FR], or a share, 33 %"},
        {"faults:\n  - {what: crash, countries: [DE]}\n",
         "t:2:30: faults.0.countries needs a topology with countries; topology.kind whole has "
         "none, "
         "map and two-tier have"},
        {"faults:\n  - {what: partition}\n",
         "t:2:5: faults.0 partition needs share, count, nodes, countries or parts"},
        {"faults:\n  - {what: partition, parts: 2, share: 5 %}\n",
         "t:2:30: faults.0.parts parts everyone alike; leave it or the picked nodes out"},
        {"faults:\n  - {what: revoke}\n", "t:2:5: faults.0 revoke needs share, count, nodes"},
        {"faults:\n  - {what: heal}\n  - {what: crash, at: 1 min}\n",
         "t:3:23: faults.1.at is after the end of the run (run.for)"},
        {"workload:\n  - {rate: 1/s, from: 1 min}\n",
         "t:2:23: workload.0.from is after the end of the run (run.for)"},
        {"workload:\n  - {rate: 1/s, updates: 60 %, deletes: 41 %}\n",
         "t:2:41: workload.0.deletes and updates are more than all"},
        {"workload:\n  - {rate: 1/s, ops: 65, content: 1 MiB}\n",
         "t:2:22: workload.0.ops with such contents are over 64 MiB a delta"},
        {"measure:\n  from: 1 min\n", "t:2:9: measure.from is after the end of the run (run.for)"},
        {"dishonest:\n  - {what: fork}\n", "t:2:5: dishonest.0 needs share, count, nodes"},
        {"dishonest:\n  - {what: fork, share: 60 %}\n  - {what: root, count: 5}\n",
         "t:3:5: dishonest.1 leaves no honest node"},
        {"dishonest:\n  - {what: fork, count: 1, from: 1 min}\n",
         "t:2:34: dishonest.0.from is after the end of the run (run.for)"},
        {"federation:\n  kind: light\ndishonest:\n  - {what: fork, count: 1}\n",
         "t:4:12: dishonest.0.what is not for light nodes, which are all honest; set kind: full"},
        {"federation:\n  kind: light\n  store: lmdb\n",
         "t:3:10: federation.store is not for light nodes, which have no replica; leave it out"},
        {"federation:\n  kind: light\nfaults:\n  - {what: rotate}\n",
         "t:4:12: faults.0.what is rotate, which light nodes do not know; set kind: full"},
        {"federation:\n  store: lmdb\n  nodes: 501\n",
         "t:3:10: federation.nodes is more than the 500 that store: lmdb is for"},
        {"federation:\n  nodes: 200001\n",
         "t:2:10: federation.nodes is more than the 200000 that can be full; set kind: light"},
        {"federation:\n  nodes: file\n",
         "t:2:10: federation.nodes is 'file', which needs topology.file"},
        {"federation:\n  join_over: 5 s\n", "t:2:14: federation.join_over goes with start: join"},
        {"federation:\n  start: join\n  join_over: 1 min\n",
         "t:3:14: federation.join_over is not over at the end of the run (run.for)"},
        {"federation:\n  view: static\n", "t:2:9: federation.view is static, which needs a "
                                          "topology with edges; topology.kind whole has none"},
        {"topology: {kind: rong}\n", "t:1:18: there is no topology 'rong'; did you mean 'ring'?"},
        {"topology: {kind: xxxxxxxxxx}\n", "t:1:18: there is no topology 'xxxxxxxxxx'; there is "},
        {"topology: {kind: [ring]}\n", "t:1:18: kind is one word"},
        {"topology: {kind: ring, file: x}\n", "t:1:30: topology has a kind or a file"},
        {"topology: {file: x, hop: 1 ms}\n", "t:1:21: topology is the file's; leave the other"},
        {"topology: {file: ''}\n", "t:1:18: file is one line of 1 to 511 bytes"},
        {"topology: {nodes: 5}\n", "t:1:12: unknown key 'nodes' in topology; it belongs in fed"},
        {"topology: {kind: ring, degree: 4}\n", "t:1:24: topology ring has no key 'degree'"},
        {"topology: {kind: regular, degre: 4}\n",
         "t:1:27: topology regular has no key 'degre'; did you mean 'degree'?"},
        {"topology: {kind: regular, degree: x}\n", "t:1:35: degree must be a number from 1"},
        {"topology: {latency: {a: 1}}\n", "t:1:21: latency is one value or a list of values"},
        {"federation:\n  nodes: 100\ntopology:\n  kind: torus\n  rows: 7\n",
         "t:5:9: topology.rows does not fit: 100 nodes cannot stand in 7 equal rows"},
        {"topology: {kind: torus}\nfederation: {nodes: 13}\n",
         "t:2:21: federation.nodes does not fit: 13 nodes make no rectangle"},
        {"topology: {kind: regular, degree: 12}\n",
         "t:1:35: topology.degree does not fit: a node has at most 11 others"},
        {"topology: {kind: erdos-renyi, edges: 9}\n",
         "t:1:38: topology.edges does not fit: 12 nodes need at least 11 edges"},
        {"federation:\n  nodes: 3\ntopology:\n  kind: barabasi-albert\n",
         "t:4:3: topology.edges_per_node does not fit: 3 edges per node need at least 4 nodes"},
        {"topology: {latency: 5 ms..9 ms}\n",
         "t:1:21: topology.latency does not fit: a range of latencies is drawn for edges"},
        {"run: {for: 1 s, for: 2 s}\n", "t:1:17: key 'for' is given twice, first in line 1"},
        {"run: {for: &x 1 s}\n", "t:1:12: anchors are not taken here"},
        {"run: {for: [}\n", "t:1:13: not YAML: "},
        {"\"\\e[2J\": 1\n", "t:1:1: unknown key '?[2J'"},
    };
    unsigned silent = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fc_scenario scenario;
        struct fc_scenario_error error = {""};
        enum fc_err err = fc_scenario_parse("t", fc_span_str(cases[i].text), &scenario, &error);
        if (!strstr(error.text, cases[i].says)) {
            print_error("%s: \"%s\" does not say \"%s\"\n", cases[i].text, error.text,
                        cases[i].says);
            silent++;
        }
        assert_true(err == FC_E_FORMAT || err == FC_E_BOUND);
        assert_null(scenario.about);
        fc_scenario_finish(&scenario);
    }
    assert_int_equal(silent, 0);
}

static void lists_have_a_bound(void **state)
{
    (void)state;
    struct fc_scenario scenario;
    struct fc_scenario_error error = {""};
    struct fc_buf text = {0};
    fc_buf_append(&text, "faults:\n", 8);
    for (int i = 0; i < FC_SCENARIO_LIST_MAX; i++)
        fc_buf_append(&text, "- what: heal\n", 13);
    assert_int_equal(fc_scenario_parse("t", fc_buf_span(&text), &scenario, &error), FC_OK);
    assert_int_equal(scenario.fault_count, FC_SCENARIO_LIST_MAX);
    fc_scenario_finish(&scenario);
    fc_buf_append(&text, "- what: heal\n", 13);
    assert_int_equal(fc_scenario_parse("t", fc_buf_span(&text), &scenario, &error), FC_E_BOUND);
    assert_string_equal(error.text, "t:2:1: faults has 257 items; at most 256 are taken");
    fc_buf_clear(&text);
    fc_buf_append(&text, "#", 1);
    while (text.len < FC_SCENARIO_BYTES_MAX)
        fc_buf_append(&text, "x", 1);
    assert_int_equal(fc_scenario_parse("t", fc_buf_span(&text), &scenario, &error), FC_OK);
    fc_scenario_finish(&scenario);
    fc_buf_append(&text, "x", 1);
    assert_int_equal(fc_scenario_parse("t", fc_buf_span(&text), &scenario, &error), FC_E_BOUND);
    assert_string_equal(error.text, "t: larger than 262144 bytes");
    fc_buf_finish(&text);
}

static void keys_left_empty_say_nothing(void **state)
{
    (void)state;
    struct fc_scenario scenario;
    parse_fine("faults:\nlinks:\nworkload: []\n", &scenario);
    assert_int_equal(scenario.fault_count, 0);
    assert_int_equal(scenario.workload_count, 0);
    fc_scenario_finish(&scenario);
}

static void files_are_found_and_anchor_their_paths(void **state)
{
    (void)state;
    struct fc_scenario scenario;
    struct fc_scenario_error error = {""};
    char *dir = tempdir_create(), *path = tempdir_path(dir, "my.test.yaml");
    char *missing = tempdir_path(dir, "none.yaml"), want[1200];
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("topology: {file: graph.graphml}\nfaults:\n- {what: trace, path: churn.txt}\n"
          "- {what: trace, path: /abs.txt}\n",
          file);
    fclose(file);
    snprintf(want, sizeof want, "%s:1:18: topology.file %s/graph.graphml: No such file", path, dir);
    assert_int_equal(fc_scenario_open(path, &scenario, &error), FC_E_MISSING);
    assert_non_null(strstr(error.text, want));
    char *graph = tempdir_path(dir, "graph.graphml");
    file = fopen(graph, "w");
    assert_non_null(file);
    fclose(file);
    free(graph);
    assert_int_equal(fc_scenario_open(path, &scenario, &error), FC_OK);
    assert_string_equal(scenario.name, "my.test");
    assert_int_equal(scenario.federation.nodes, 0);
    assert_int_equal(scenario.topology.nodes, 0);
    snprintf(want, sizeof want, "%s/graph.graphml", dir);
    assert_string_equal(scenario.topology_file, want);
    snprintf(want, sizeof want, "%s/churn.txt", dir);
    assert_string_equal(scenario.faults[0].path, want);
    assert_string_equal(scenario.faults[1].path, "/abs.txt");
    fc_scenario_finish(&scenario);
    assert_int_equal(fc_scenario_load(missing, &scenario, &error), FC_E_MISSING);
    assert_non_null(strstr(error.text, "none.yaml: No such file"));
    assert_int_equal(fc_scenario_open("first-rum", &scenario, &error), FC_E_MISSING);
    assert_non_null(strstr(error.text, "did you mean 'first-run'?"));
    assert_int_equal(fc_scenario_open("qqqqqqqqqqqqqqqq", &scenario, &error), FC_E_MISSING);
    assert_non_null(strstr(error.text, "write ./qqqqqqqqqqqqqqqq for a file"));
    free(path);
    free(missing);
    tempdir_destroy(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_said_is_the_defaults),
        cmocka_unit_test(every_key_says_what_it_says),
        cmocka_unit_test(every_fault_says_what_it_says),
        cmocka_unit_test(wrong_files_are_told),
        cmocka_unit_test(lists_have_a_bound),
        cmocka_unit_test(keys_left_empty_say_nothing),
        cmocka_unit_test(files_are_found_and_anchor_their_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
