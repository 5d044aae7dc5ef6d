#include <stdlib.h>
#include <string.h>

#include "node/commands.h"
#include "node/governance.h"

/* `federation new`: the first charter, whose hash is the federation's id for ever. */
struct input {
    struct fc_governance_input common;
    const char *verb, *name;
    char *governors[FC_GOVERNORS_MAX];
    uint32_t governor_count;
    uint64_t quorum, admit, heartbeat_ms, entries, bytes, ops, nodes;
};
enum { QUORUM = 0x6001, ADMIT, HEARTBEAT, ENTRIES, BYTES, OPS, NODES };

static const struct argp_option options[] = {
    {"name", 'n', "NAME", 0, "What the federation is called", 0},
    {"governor", 'g', "NAME,COUNTRY,KEY", 0,
     "A governor: KEY is 64 hexadecimal digits or a key file (repeat)", 0},
    {"quorum", QUORUM, "N", 0, "Signatures for the next charter (default: more than half)", 0},
    {"admit", ADMIT, "N", 0, "Signatures to admit, revoke and take down (default: the quorum)", 0},
    {"heartbeat", HEARTBEAT, "TIME", 0, "How often a quiet feed is signed anew (default 6h)", 0},
    {"quota-entries", ENTRIES, "N", 0, "Entries of a participant (default 1000000)", 0},
    {"quota-bytes", BYTES, "N", 0, "Bytes of a participant's contents (default 4 GiB)", 0},
    {"quota-ops", OPS, "N", 0, "Operations in one delta (default 8192)", 0},
    {"quota-nodes", NODES, "N", 0, "Nodes of an operator (default 8)", 0},
    FC_GOVERNANCE_OPTIONS,
    {0}};

static error_t number(struct argp_state *state, const char *arg, uint64_t max, uint64_t *out)
{
    if (fc_cli_uint(arg, max, out) != FC_OK)
        argp_error(state, "\"%s\" is not a number up to %llu", arg, (unsigned long long)max);
    return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case 'n':
        input->name = arg;
        return 0;
    case 'g':
        if (input->governor_count == FC_GOVERNORS_MAX)
            argp_error(state, "more than %d governors", FC_GOVERNORS_MAX);
        input->governors[input->governor_count++] = arg;
        return 0;
    case QUORUM:
        return number(state, arg, FC_GOVERNORS_MAX, &input->quorum);
    case ADMIT:
        return number(state, arg, FC_GOVERNORS_MAX, &input->admit);
    case HEARTBEAT:
        if (fc_cli_duration(arg, &input->heartbeat_ms) != FC_OK ||
            input->heartbeat_ms > FC_NUMBER_MAX)
            argp_error(state, "\"%s\" is no duration: 6h, 30min, 90d", arg);
        return 0;
    case ENTRIES:
        return number(state, arg, FC_NUMBER_MAX, &input->entries);
    case BYTES:
        return number(state, arg, FC_NUMBER_MAX, &input->bytes);
    case OPS:
        return number(state, arg, FC_OPS_MAX, &input->ops);
    case NODES:
        return number(state, arg, 1000, &input->nodes);
    case ARGP_KEY_ARG:
        return fc_cli_argument(state, arg, (const char **[]){&input->verb}, 1);
    case ARGP_KEY_END:
        if (!input->verb || strcmp(input->verb, "new") != 0)
            argp_error(state, "say: federation new");
        if (!input->name || input->governor_count == 0)
            argp_error(state, "--name and at least one --governor are needed");
        return 0;
    }
    return fc_governance_parse(key, arg, &input->common);
}

static int by_key(const void *a, const void *b)
{
    return fc_key_cmp(&((const struct fc_governor *)a)->key, &((const struct fc_governor *)b)->key);
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {.heartbeat_ms = 6 * 3600 * 1000,
                          .entries = 1000000,
                          .bytes = (uint64_t)4 << 30,
                          .ops = FC_OPS_MAX,
                          .nodes = 8};
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK)
        return status;
    struct fc_charter *charter = calloc(1, sizeof *charter);
    struct fc_buf body = {0};
    if (!charter)
        return fc_cli_fail(cli, FC_E_NOMEM, "charter");
    charter->version = 1;
    charter->name = fc_span_str(input.name);
    charter->format = FC_FORMAT;
    charter->governor_count = input.governor_count;
    charter->quorum = input.quorum ? (uint32_t)input.quorum : input.governor_count / 2 + 1;
    charter->admit = input.admit ? (uint32_t)input.admit : charter->quorum;
    charter->heartbeat_ms = input.heartbeat_ms;
    charter->quota_entries = input.entries;
    charter->quota_bytes = input.bytes;
    charter->quota_ops = (uint32_t)input.ops;
    charter->quota_nodes = (uint32_t)input.nodes;
    status = fc_governance_text(cli, "--name", input.name);
    for (uint32_t i = 0; i < input.governor_count && status == FC_EXIT_OK; i++)
        status = fc_governance_governor(cli, input.governors[i], &charter->governors[i]);
    if (status == FC_EXIT_OK) {
        qsort(charter->governors, charter->governor_count, sizeof charter->governors[0], by_key);
        status = fc_governance_terms(cli, charter);
    }
    enum fc_err err = status == FC_EXIT_OK ? fc_charter_body(charter, &body) : FC_OK;
    if (err != FC_OK)
        status = fc_cli_fail(cli, err, "charter");
    if (status == FC_EXIT_OK)
        status = fc_governance_issue(cli, &input.common, NULL, FC_RECORD_CHARTER,
                                     fc_buf_span(&body), fc_span(NULL, 0), "charter.fcr");
    fc_buf_finish(&body);
    free(charter);
    return status;
}

const struct fc_command fc_command_federation = {
    .name = "federation",
    .family = "governance",
    .args = "new",
    .summary = "Found a federation: write its first charter",
    .help = "Governors sign the file one after the other with \"fedcat charter sign\". The hash of "
            "the first charter is the federation's id: whoever knows it can check everything.",
    .example =
        "fedcat federation new --name \"Example Data Space\" --governor Alice,FR,keys/alice.key "
        "--governor Bruno,IT,keys/bruno.key --governor Carla,DE,keys/carla.key -o charter.fcr",
    .options = options,
    .parse = parse,
    .run = run,
};
