#include "sim/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/rng.h"

static uint64_t between(struct fc_rng *rng, uint64_t low, uint64_t high)
{
    return low + fc_rng_below(rng, high - low + 1);
}

static bool chance(struct fc_rng *rng, uint64_t percent)
{
    return fc_rng_below(rng, 100) < percent;
}

static const char *pick(struct fc_rng *rng, const char *const *list, uint64_t count)
{
    return list[fc_rng_below(rng, count)];
}

#define PICK(rng, list) pick(rng, list, sizeof(list) / sizeof((list)[0]))

static void write_dishonest(struct fc_rng *rng, FILE *out)
{
    static const char *const kinds[] = {"fork", "withhold", "stale",   "flood",
                                        "root", "announce", "garbage", "signature"};
    fprintf(out, "dishonest: [{what: %s, share: %" PRIu64 " %%, from: 3 s}]\n", PICK(rng, kinds),
            between(rng, 10, 25));
}

/* Tails are common, and most runs mix several things. */
static void write_scenario(struct fc_rng *rng, uint64_t seed, FILE *out)
{
    static const char *const topologies[] = {"map", "map", "whole", "whole", "country-hubs"};
    const char *topology = PICK(rng, topologies);
    bool hubs = topology[0] == 'c';
    uint64_t nodes = between(rng, 4, 18);
    bool seeded = chance(rng, 70);
    fprintf(out, "about: Random federation %" PRIu64 "\nseed: %" PRIu64 "\n", seed, seed);
    fprintf(out,
            "federation: {nodes: %" PRIu64 ", feeds: %" PRIu64 ", start: %s, active: %" PRIu64
            "}\n",
            nodes, seeded && chance(rng, 40) ? nodes * 2 : nodes, seeded ? "seeded" : "join",
            between(rng, 3, 5));
    fprintf(out, "topology: {kind: %s}\n", hubs ? "map" : topology);
    fprintf(out, "links: {jitter: %" PRIu64 " us, loss: %.2f %%, bandwidth: %" PRIu64 " Mbit/s",
            between(rng, 0, 20000), chance(rng, 40) ? (double)between(rng, 1, 500) / 100 : 0.0,
            between(rng, 1, 100));
    if (chance(rng, 30))
        fprintf(out, ", queue: %" PRIu64, between(rng, 4, 64));
    fprintf(out, "}\n");
    fprintf(out,
            "workload:\n  - {rate: %" PRIu64 "/s, content: %" PRIu64 "..%" PRIu64 ", ops: %" PRIu64
            ", updates: 30 %%, deletes: 15 %%, from: 3 s, for: 20 s}\n",
            between(rng, 1, 8), between(rng, 50, 500), between(rng, 500, 20000),
            between(rng, 1, 12));
    fprintf(out, "faults:\n  - {at: 4 s, what: random, rate: %" PRIu64 "/min, for: 20 s}\n",
            between(rng, 5, 60));
    if (chance(rng, 25))
        write_dishonest(rng, out);
    fprintf(out, "run: {for: 30 s, settle: 5 min}\n");
}

enum fc_err fc_check_scenario(const char *text, struct fc_scenario *out,
                              struct fc_scenario_error *error)
{
    uint64_t seed = text ? strtoull(text, NULL, 10) : 1;
    uint8_t bytes[32] = {'c', 'h', 'e', 'c', 'k'};
    struct fc_rng rng;
    char *yaml = NULL;
    size_t len = 0;
    fc_put_be64(bytes + 8, seed);
    fc_rng_init(&rng, bytes);
    FILE *file = open_memstream(&yaml, &len);
    if (!file)
        return FC_E_NOMEM;
    write_scenario(&rng, seed, file);
    if (fclose(file) != 0) {
        free(yaml);
        return FC_E_NOMEM;
    }
    enum fc_err err = fc_scenario_parse("check", fc_span(yaml, len), out, error);
    free(yaml);
    return err;
}
