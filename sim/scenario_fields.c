#include "sim/scenario_fields.h"

#include <string.h>

#include "store/limits.h"

#define AT(type, member)                                                                           \
    .offset = offsetof(struct type, member), .bytes = sizeof(((struct type *)0)->member)
#define COUNT(type, member) AT(type, member), .quantity = FC_QUANTITY_COUNT
#define TIME(type, member)  AT(type, member), .quantity = FC_QUANTITY_DURATION
#define SHARE(type, member) AT(type, member), .quantity = FC_QUANTITY_SHARE
#define RATIO(type, member) AT(type, member), .quantity = FC_QUANTITY_RATIO
#define WORDS(type, member) AT(type, member), .kind = FC_FIELD_WORD, .words
#define NAMES(type, member) AT(type, member), .kind = FC_FIELD_NAME, .words
#define COUNT_OF(table)     (sizeof table / sizeof table[0])
#define ANY                 .word = "any", .word_value = 0
#define NOT_ASKED(type)     .word = "any", .word_value = type##_MAX, .preset = type##_MAX

#define SECOND_US 1000000ull
#define MINUTE_US (60 * SECOND_US)
#define YEAR_US   (366 * 24 * 60 * MINUTE_US)
#define ALL_PPM   1000000u
/* A whole loss would never let a message through; so would, in effect, what is nearly that. */
#define LOSS_PPM_MAX      950000u
#define RATE_MAX          (100000ull * 3600)
#define TURNOVER_PPM_MAX  (1000ull * ALL_PPM)
#define BANDWIDTH_BPS_MIN 1000ull
#define BANDWIDTH_BPS_MAX 10000000000000ull
#define EVERY             UINT32_MAX

static const char *const size_words[] = {"small", "large", NULL};
static const char *const node_words[] = {"full", "light", NULL};
static const char *const store_words[] = {"memory", "lmdb", NULL};
static const char *const start_words[] = {"seeded", "join", NULL};
static const char *const view_names[] = {"registry", "hyparview", "all", "static", NULL};
static const char *const spread_names[] = {"plumtree", "plumtree-shared", "eager",
                                           "flood",    "example",         NULL};
static const char *const view_meanings[] = {
    "a handful of links, near and random, from the signed registry of nodes: the daemon's",
    "HyParView as published: joins walk, passive views are shuffled",
    "a link to every node: each dials up to 64 and takes the links of all who dial it",
    "the topology's own edges and no others",
};
static const char *const spread_meanings[] = {
    "a tree for each feed, announcements beside it: the daemon's",
    "Plumtree as published: one tree for all",
    "to `fanout` peers at random, once, with nothing that repairs",
    "to every peer that is not known to have it",
    "to `fanout` links at random, once: the example of simulating-own-protocols.md",
};
const char *const fc_fault_words[FC_FAULT_KINDS + 1] = {
    "crash", "restart", "partition", "heal", "isolate", "cut",     "disk-full", "skew",   "slow",
    "loss",  "churn",   "trace",     "join", "revoke",  "recover", "rotate",    "random", NULL};
static const char *const fault_meanings[] = {
    "They stop; what was not synced is lost. After `for` they start again",
    "They stop and start again at once",
    "They and the rest do not reach each other; or `parts` random parts do not",
    "Partitions and isolation end",
    "Each of them reaches nobody",
    "Their links are reset once, with what is under way on them",
    "Their commits fail",
    "Their clocks are wrong by `skew`",
    "Messages to and from them take `factor` times as long",
    "`loss` of the messages on their links is lost, in place of the links' own",
    "They crash at random at a `rate`, and come back after `down`",
    "They go and come back as a file says",
    "`count` new participants are admitted, with a node each",
    "Governors revoke their operators",
    "Their operators' keys are recovered: feeds open a new incarnation",
    "Governors rotate the charter",
    "One of the above that passes, over a few nodes, at a `rate`",
};
const char *const fc_dishonesty_words[FC_DISHONEST_KINDS + 1] = {
    "fork", "withhold", "stale", "flood", "signature", "root", "announce", "garbage", NULL};
static const char *const dishonesty_meanings[] = {
    "Sign two heads at one version and show them to different peers",
    "Forward and serve nothing of others'",
    "Answer with an old state",
    "Send many messages of little use",
    "Send records with invalid signatures",
    "Sign heads whose root leads nowhere",
    "Announce what they do not have",
    "Send messages with bytes changed at random",
};

static const struct fc_field file_fields[] = {
    {.name = "about",
     AT(fc_scenario, about),
     .kind = FC_FIELD_TEXT,
     .max = 200,
     .help = "What the scenario shows, in one line"},
    {.name = "size",
     WORDS(fc_scenario, size) = size_words,
     .help = "What it takes to run: small is seconds, large is minutes and gigabytes"},
    {.name = "seed",
     COUNT(fc_scenario, seed),
     .max = UINT64_MAX,
     .preset = 1,
     .help = "Everything random follows from it"},
    {.name = "small",
     AT(fc_scenario, small),
     .kind = FC_FIELD_TEXTS,
     .max = FC_SCENARIO_SMALL_MAX,
     .help = "Assignments, as for --set, that make it a matter of seconds"},
};

#define FEDERATION fc_federation_spec
static const struct fc_field federation_fields[] = {
    {.name = "nodes",
     COUNT(FEDERATION, nodes),
     .min = 1,
     .max = FC_SCENARIO_NODES_MAX,
     .preset = 12,
     .word = "file",
     .word_value = 0,
     .help = "Nodes at the start; 'file': as many as topology.file has"},
    {.name = "kind",
     WORDS(FEDERATION, kind) = node_words,
     .help =
         "full: the whole core over a replica; light: view and spread modules only, for 100,000"},
    {.name = "store",
     WORDS(FEDERATION, store) = store_words,
     .help = "Where replicas are; lmdb: on disk, for up to 500 nodes"},
    {.name = "start",
     WORDS(FEDERATION, start) = start_words,
     .help = "seeded: all are members from the start; join: they come one by one through node 0"},
    {.name = "join_over",
     TIME(FEDERATION, join_over_us),
     .max = 7 * 24 * 60 * MINUTE_US,
     .help = "With start: join, the time over which they come"},
    {.name = "feeds",
     COUNT(FEDERATION, feeds),
     .max = FC_SCENARIO_NODES_MAX,
     .word = "nodes",
     .word_value = 0,
     .min = 1,
     .help = "Participants that publish, on the nodes in turn; 'nodes': one on each"},
    {.name = "governors",
     COUNT(FEDERATION, governors),
     .min = 1,
     .max = FC_GOVERNORS_MAX,
     .preset = 3,
     .help = "Keys named in the charter; more than half must sign"},
    {.name = "view",
     NAMES(FEDERATION, view) = view_names,
     .meanings = view_meanings,
     .help = "How nodes choose whom to hold links with; static: the topology's own edges"},
    {.name = "active",
     COUNT(FEDERATION, active),
     .min = 1,
     .max = FC_PEERS_ACTIVE_MAX,
     .word = "view",
     .word_value = 0,
     .help = "Links each node holds for news, at most; 'view': the view's own number"},
    {.name = "spread",
     NAMES(FEDERATION, spread) = spread_names,
     .meanings = spread_meanings,
     .help = "How news travels over them"},
    {.name = "fanout",
     COUNT(FEDERATION, fanout),
     .min = 1,
     .max = FC_PEERS_ACTIVE_MAX,
     .preset = 4,
     .help = "With spread: eager, the peers each node pushes to"},
    {.name = "dials_only",
     SHARE(FEDERATION, dials_only_ppm),
     .max = 900000,
     .help = "Share of nodes without an endpoint: they dial and cannot be dialled"},
    {.name = "checkpoints",
     AT(FEDERATION, checkpoints),
     .kind = FC_FIELD_FLAG,
     .preset = 1,
     .help = "Whether nodes publish checkpoints"},
};

#define LINKS fc_links_spec
static const struct fc_field links_fields[] = {
    {.name = "jitter",
     TIME(LINKS, jitter_us),
     .max = MINUTE_US,
     .help = "Each message takes up to so much longer, evenly spread"},
    {.name = "bandwidth",
     AT(LINKS, bandwidth_bps),
     .quantity = FC_QUANTITY_BANDWIDTH,
     .min = BANDWIDTH_BPS_MIN,
     .max = BANDWIDTH_BPS_MAX,
     ANY,
     .help = "Of each link, in each direction"},
    {.name = "access",
     AT(LINKS, access_bps),
     .quantity = FC_QUANTITY_BANDWIDTH,
     .min = BANDWIDTH_BPS_MIN,
     .max = BANDWIDTH_BPS_MAX,
     ANY,
     .help = "Of each node's own line out, shared by its links"},
    {.name = "loss",
     SHARE(LINKS, loss_ppm),
     .max = LOSS_PPM_MAX,
     .help = "Share of messages lost; on ordered links seen as the delay of sending again"},
    {.name = "duplicate",
     SHARE(LINKS, duplicate_ppm),
     .max = ALL_PPM,
     .help = "Share of messages that arrive twice; ordered links drop the copy"},
    {.name = "reorder",
     SHARE(LINKS, reorder_ppm),
     .max = ALL_PPM,
     .help = "Share of messages that are overtaken; ordered links wait for them"},
    {.name = "queue",
     COUNT(LINKS, queue_max),
     .min = 1,
     .max = 1000000,
     ANY,
     .help = "Messages under way before a link takes no more"},
};

#define WORKLOAD fc_workload_spec
static const struct fc_field workload_fields[] = {
    {.name = "from", TIME(WORKLOAD, from_us), .max = YEAR_US, .help = "When publishing begins"},
    {.name = "for",
     TIME(WORKLOAD, for_us),
     .min = 1,
     .max = YEAR_US,
     .word = "rest",
     .word_value = 0,
     .help = "How long; 'rest': to the end of the run"},
    {.name = "rate",
     AT(WORKLOAD, per_hour),
     .quantity = FC_QUANTITY_RATE,
     .min = 1,
     .max = RATE_MAX,
     .needed_by = EVERY,
     .help = "Deltas in the whole federation"},
    {.name = "even",
     AT(WORKLOAD, even),
     .kind = FC_FIELD_FLAG,
     .help = "Exactly even in time, else a Poisson process"},
    {.name = "in_turn",
     AT(WORKLOAD, in_turn),
     .kind = FC_FIELD_FLAG,
     .help = "Each feed in turn, instead of one at random: to let all trees grow first"},
    {.name = "count",
     COUNT(WORKLOAD, count),
     .min = 1,
     .max = 1000000000,
     ANY,
     .help = "Stop after so many deltas"},
    {.name = "zipf",
     AT(WORKLOAD, zipf_milli),
     .quantity = FC_QUANTITY_FACTOR,
     .max = 10000,
     .help = "Exponent of how unevenly feeds publish; 0: all alike"},
    {.name = "burst",
     COUNT(WORKLOAD, burst),
     .min = 1,
     .max = 10000,
     .preset = 1,
     .help = "Deltas at once each time, of feeds of their own choice"},
    {.name = "ops",
     COUNT(WORKLOAD, ops),
     .min = 1,
     .max = FC_OPS_MAX,
     .preset = 1,
     .help = "Operations in a delta"},
    {.name = "content",
     AT(WORKLOAD, content_bytes),
     .kind = FC_FIELD_SIZES,
     .min = 1,
     .max = FC_CONTENT_BYTES_MAX,
     .preset = 1000,
     .help = "Bytes of each content as stored, after compression; or evenly between two, as 1 "
             "KB..8 KB"},
    {.name = "updates",
     SHARE(WORKLOAD, update_ppm),
     .max = ALL_PPM,
     .help = "Share of operations that replace an entry; the rest put new ones"},
    {.name = "deletes",
     SHARE(WORKLOAD, delete_ppm),
     .max = ALL_PPM,
     .help = "Share of operations that delete an entry"},
};

#define F(name) (1u << FC_FAULT_##name)
#define PICKS                                                                                      \
    (F(CRASH) | F(RESTART) | F(PARTITION) | F(ISOLATE) | F(CUT) | F(DISK_FULL) | F(SKEW) |         \
     F(SLOW) | F(LOSS) | F(CHURN) | F(REVOKE) | F(RECOVER))
#define LASTS                                                                                      \
    (F(CRASH) | F(PARTITION) | F(ISOLATE) | F(DISK_FULL) | F(SKEW) | F(SLOW) | F(LOSS) |           \
     F(CHURN) | F(TRACE) | F(RANDOM))
#define FAULT fc_fault_spec
static const struct fc_field fault_fields[] = {
    {.name = "what",
     WORDS(FAULT, kind) = fc_fault_words,
     .needed_by = EVERY,
     .meanings = fault_meanings,
     .help = "What happens"},
    {.name = "at", TIME(FAULT, at_us), .max = YEAR_US, .help = "When"},
    {.name = "for",
     TIME(FAULT, for_us),
     .min = 1,
     .max = YEAR_US,
     .word = "good",
     .word_value = 0,
     .of = LASTS,
     .help = "How long; 'good': to the end of the run"},
    {.name = "share",
     AT(FAULT, pick),
     .kind = FC_FIELD_SHARE_OF,
     .min = 1,
     .max = ALL_PPM,
     .of = PICKS,
     .help = "Which nodes: a share of them, chosen by the seed; else all"},
    {.name = "count",
     AT(FAULT, pick),
     .kind = FC_FIELD_COUNT_OF,
     .min = 1,
     .max = FC_SCENARIO_NODES_MAX,
     .of = PICKS | F(JOIN),
     .needed_by = F(JOIN),
     .help = "Which nodes: so many, chosen by the seed; of join: how many come"},
    {.name = "nodes",
     AT(FAULT, pick),
     .kind = FC_FIELD_NODES,
     .max = FC_SCENARIO_NODES_MAX - 1,
     .of = PICKS,
     .help = "Which nodes: these, counted from 0"},
    {.name = "countries",
     AT(FAULT, pick),
     .kind = FC_FIELD_COUNTRIES,
     .min = 1,
     .max = ALL_PPM,
     .of = PICKS,
     .help = "Which nodes: those of these countries, or of a share of all countries"},
    {.name = "parts",
     COUNT(FAULT, parts),
     .min = 2,
     .max = 1000,
     .word = "none",
     .word_value = 0,
     .of = F(PARTITION),
     .help = "Instead of those picked against the rest: equal parts at random"},
    {.name = "skew",
     AT(FAULT, skew_ms),
     .quantity = FC_QUANTITY_OFFSET,
     .min = (uint64_t) - (int64_t)(366ll * 86400000),
     .max = 366ll * 86400000,
     .of = F(SKEW),
     .needed_by = F(SKEW),
     .help = "How far their clocks are ahead, or behind with a minus"},
    {.name = "factor",
     AT(FAULT, factor_milli),
     .quantity = FC_QUANTITY_FACTOR,
     .min = 1001,
     .max = 1000000,
     .preset = 10000,
     .of = F(SLOW),
     .help = "How many times as long messages take"},
    {.name = "loss",
     SHARE(FAULT, loss_ppm),
     .max = LOSS_PPM_MAX,
     .of = F(LOSS),
     .needed_by = F(LOSS),
     .help = "Share of messages lost on their links"},
    {.name = "rate",
     AT(FAULT, per_hour),
     .quantity = FC_QUANTITY_TURNOVER,
     .min = 1,
     .max = TURNOVER_PPM_MAX,
     .of = F(CHURN),
     .needed_by = F(CHURN),
     .help = "Share of the nodes that crash in a time"},
    {.name = "rate",
     AT(FAULT, per_hour),
     .quantity = FC_QUANTITY_RATE,
     .min = 1,
     .max = RATE_MAX,
     .of = F(RANDOM),
     .needed_by = F(RANDOM),
     .help = "Faults of any kind, at random"},
    {.name = "down",
     TIME(FAULT, down_us),
     .min = 1,
     .max = YEAR_US,
     .preset = MINUTE_US,
     .of = F(CHURN),
     .help = "How long a node stays away, on average (exponential)"},
    {.name = "path",
     AT(FAULT, path),
     .kind = FC_FIELD_TEXT,
     .max = FC_SCENARIO_TEXT_MAX - 1,
     .min = 1,
     .of = F(TRACE),
     .needed_by = F(TRACE),
     .help = "A file of lines 'seconds node up|down'"},
};

#define DISHONEST fc_dishonest_spec
static const struct fc_field dishonest_fields[] = {
    {.name = "what",
     WORDS(DISHONEST, kind) = fc_dishonesty_words,
     .needed_by = EVERY,
     .meanings = dishonesty_meanings,
     .help = "What they do"},
    {.name = "from", TIME(DISHONEST, from_us), .max = YEAR_US, .help = "Honest until then"},
    {.name = "share",
     AT(DISHONEST, pick),
     .kind = FC_FIELD_SHARE_OF,
     .min = 1,
     .max = ALL_PPM,
     .help = "Which nodes: a share of them, chosen by the seed"},
    {.name = "count",
     AT(DISHONEST, pick),
     .kind = FC_FIELD_COUNT_OF,
     .min = 1,
     .max = FC_SCENARIO_NODES_MAX,
     .help = "Which nodes: so many, chosen by the seed"},
    {.name = "nodes",
     AT(DISHONEST, pick),
     .kind = FC_FIELD_NODES,
     .max = FC_SCENARIO_NODES_MAX - 1,
     .help = "Which nodes: these, counted from 0"},
    {.name = "countries",
     AT(DISHONEST, pick),
     .kind = FC_FIELD_COUNTRIES,
     .min = 1,
     .max = ALL_PPM,
     .help = "Which nodes: those of these countries, or of a share of all countries"},
};

static const struct fc_field run_fields[] = {
    {.name = "for",
     TIME(fc_scenario, run_us),
     .min = 1,
     .max = YEAR_US,
     .preset = MINUTE_US,
     .help = "How long the run is, in its own time"},
    {.name = "settle",
     TIME(fc_scenario, settle_us),
     .max = YEAR_US,
     .preset = 2 * MINUTE_US,
     .help = "At most so long after it, until all have converged"},
};
static const struct fc_field measure_fields[] = {
    {.name = "from",
     TIME(fc_scenario, measure_us),
     .max = YEAR_US,
     .help = "Figures are of deltas published from then on, and of bytes sent from then on"},
};

#define EXPECT fc_expect_spec
static const struct fc_field expect_fields[] = {
    {.name = "delivery",
     SHARE(EXPECT, delivery_ppm_min),
     .max = ALL_PPM,
     NOT_ASKED(UINT32),
     .help = "At least: share of deltas that arrived, over all honest nodes that are up"},
    {.name = "redundancy",
     RATIO(EXPECT, redundancy_ppm_max),
     .max = 1000 * ALL_PPM,
     NOT_ASKED(UINT32),
     .help = "At most: copies of a delta beyond the one each node needs"},
    {.name = "bytes_ratio",
     RATIO(EXPECT, bytes_ratio_ppm_max),
     .max = 1000 * ALL_PPM,
     NOT_ASKED(UINT32),
     .help = "At most: all bytes on all links / (deltas and contents x nodes)"},
    {.name = "last_ratio",
     RATIO(EXPECT, last_ratio_ppm_max),
     .max = 1000 * ALL_PPM,
     NOT_ASKED(UINT32),
     .help = "At most: time to the last node (99th percentile) / direct latency to the farthest"},
    {.name = "converge",
     TIME(EXPECT, converge_us_max),
     .max = YEAR_US,
     NOT_ASKED(UINT64),
     .help = "At most: time until all agree after the last fault healed"},
    {.name = "heal_bytes",
     RATIO(EXPECT, heal_bytes_ratio_ppm_max),
     .max = 1000 * ALL_PPM,
     NOT_ASKED(UINT32),
     .help = "At most: bytes after the last fault healed / bytes missing"},
    {.name = "memory",
     AT(EXPECT, memory_bytes_max),
     .quantity = FC_QUANTITY_SIZE,
     .min = 1000000,
     .max = 1000000000000000,
     NOT_ASKED(UINT64),
     .help = "At most: memory of the program"},
    {.name = "speed",
     AT(EXPECT, speed_milli_min),
     .quantity = FC_QUANTITY_FACTOR,
     .max = 1000000000,
     NOT_ASKED(UINT32),
     .help = "At least: time in the run / time it takes here"},
};

#define SECTION(table) .fields = table, .field_count = COUNT_OF(table)
#define MAP(member)    .offset = offsetof(struct fc_scenario, member)
#define LIST(member, number)                                                                       \
    .offset = offsetof(struct fc_scenario, member),                                                \
    .count_offset = offsetof(struct fc_scenario, number)
_Static_assert(COUNT_OF(view_meanings) + 1 == COUNT_OF(view_names), "one each");
_Static_assert(COUNT_OF(spread_meanings) + 1 == COUNT_OF(spread_names), "one each");
_Static_assert(COUNT_OF(fault_meanings) == FC_FAULT_KINDS, "one each");
_Static_assert(COUNT_OF(dishonesty_meanings) == FC_DISHONEST_KINDS, "one each");

const struct fc_section fc_sections[FC_SECTIONS] = {
    [FC_SECTION_FILE] = {"", SECTION(file_fields), .help = "Of the scenario as a whole"},
    [FC_SECTION_FEDERATION] = {"federation", SECTION(federation_fields), MAP(federation),
                               .help = "Who takes part, and with which modules"},
    [FC_SECTION_TOPOLOGY] = {"topology", MAP(topology),
                             .help = "Where nodes stand, who can reach whom, and how far it is"},
    [FC_SECTION_LINKS] = {"links", SECTION(links_fields), MAP(links),
                          .help = "What connections are like"},
    [FC_SECTION_WORKLOAD] = {"workload", SECTION(workload_fields), LIST(workload, workload_count),
                             .item_bytes = sizeof(struct WORKLOAD),
                             .line_offset = offsetof(struct WORKLOAD, line),
                             .help = "A list: what is published"},
    [FC_SECTION_FAULTS] = {"faults", SECTION(fault_fields), LIST(faults, fault_count),
                           .item_bytes = sizeof(struct FAULT), .worded = true,
                           .line_offset = offsetof(struct FAULT, line),
                           .help = "A list: what goes wrong, and changes of membership"},
    [FC_SECTION_DISHONEST] = {"dishonest", SECTION(dishonest_fields),
                              LIST(dishonest, dishonest_count),
                              .item_bytes = sizeof(struct DISHONEST), .worded = true,
                              .line_offset = offsetof(struct DISHONEST, line),
                              .help = "A list: nodes that break the rules"},
    [FC_SECTION_RUN] = {"run", SECTION(run_fields), .help = "How long it goes"},
    [FC_SECTION_MEASURE] = {"measure", SECTION(measure_fields), .help = "What figures are of"},
    [FC_SECTION_EXPECT] = {"expect", SECTION(expect_fields), MAP(expect),
                           .help = "What the run must show; 'any': not asked for"},
};

const struct fc_section *fc_section_find(const char *name)
{
    for (uint32_t i = FC_SECTION_FEDERATION; i < FC_SECTIONS; i++)
        if (strcmp(fc_sections[i].name, name) == 0)
            return &fc_sections[i];
    return NULL;
}

bool fc_field_fits(const struct fc_field *field, unsigned word)
{
    return field->of == 0 || (field->of >> word & 1);
}

const struct fc_field *fc_section_field(const struct fc_section *section, const char *name,
                                        unsigned word)
{
    for (uint32_t i = 0; i < section->field_count; i++)
        if (strcmp(section->fields[i].name, name) == 0 && fc_field_fits(&section->fields[i], word))
            return &section->fields[i];
    return NULL;
}

const char *fc_fault_name(enum fc_fault_kind kind)
{
    return fc_fault_words[kind];
}

const char *fc_dishonesty_name(enum fc_dishonesty kind)
{
    return fc_dishonesty_words[kind];
}
