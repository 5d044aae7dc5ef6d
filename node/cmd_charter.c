#include <stdlib.h>
#include <string.h>

#include "node/client.h"
#include "node/commands.h"
#include "node/file.h"
#include "node/governance.h"
#include "store/merkle.h"

/* `charter sign|show|rotate|pin`. */
struct input {
    struct fc_governance_input common;
    const char *verb, *target, *name;
    char *add[FC_GOVERNORS_MAX];
    char *drop[FC_GOVERNORS_MAX];
    uint32_t add_count, drop_count;
    uint64_t quorum, admit;
};
enum { QUORUM = 0x6101, ADMIT, ADD, DROP };

static const struct argp_option options[] = {
    {"name", 'n', "NAME", 0, "rotate: a new name for the federation", 0},
    {"add", ADD, "NAME,COUNTRY,KEY", 0, "rotate: a governor who joins (repeat)", 0},
    {"drop", DROP, "NAME|KEY", 0, "rotate: a governor who leaves (repeat)", 0},
    {"quorum", QUORUM, "N", 0, "rotate: signatures for the charter after", 0},
    {"admit", ADMIT, "N", 0, "rotate: signatures to admit, revoke and take down", 0},
    FC_GOVERNANCE_OPTIONS,
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case 'n':
        input->name = arg;
        return 0;
    case ADD:
    case DROP:
        if (input->add_count == FC_GOVERNORS_MAX || input->drop_count == FC_GOVERNORS_MAX)
            argp_error(state, "more than %d governors", FC_GOVERNORS_MAX);
        if (key == ADD)
            input->add[input->add_count++] = arg;
        else
            input->drop[input->drop_count++] = arg;
        return 0;
    case QUORUM:
    case ADMIT:
        if (fc_cli_uint(arg, FC_GOVERNORS_MAX, key == ADMIT ? &input->admit : &input->quorum) !=
            FC_OK)
            argp_error(state, "\"%s\" is not a number of governors", arg);
        return 0;
    case ARGP_KEY_ARG:
        return fc_cli_argument(state, arg, (const char **[]){&input->verb, &input->target}, 2);
    case ARGP_KEY_END:
        if (!input->verb)
            argp_error(state, "say sign, show, rotate or pin");
        if (input->target && strcmp(input->verb, "rotate") == 0)
            argp_error(state, "charter rotate starts from the charter in force here; --records "
                              "FILE names another one");
        if (!input->target && (strcmp(input->verb, "sign") == 0 || strcmp(input->verb, "pin") == 0))
            argp_error(state, "charter %s needs a %s", input->verb,
                       strcmp(input->verb, "pin") == 0 ? "charter's hash" : "file");
        return 0;
    }
    return fc_governance_parse(key, arg, &input->common);
}

static enum fc_exit show_record(struct fc_cli *cli, const struct fc_record *record,
                                const struct fc_ledger *ledger)
{
    if (!cli->json) {
        fc_record_print(record, ledger, stdout);
        return FC_EXIT_OK;
    }
    struct fc_json *json = fc_json_create();
    fc_record_json(json, NULL, record, ledger);
    return fc_cli_print_json(cli, json);
}

/* The last charter in a file, in force or on its way to be. */
static enum fc_exit show_file(struct fc_cli *cli, const struct input *input, const char *path)
{
    struct fc_record_file file;
    struct fc_ledger *ledger = NULL;
    enum fc_err err = fc_record_file_read(path, &file);
    if (err != FC_OK)
        return fc_governance_unread(cli, err, path);
    const struct fc_record *record = fc_record_file_last(&file, FC_RECORD_CHARTER);
    enum fc_exit status = FC_EXIT_USAGE;
    if (!record || fc_record_check_body(record) != FC_OK) {
        fc_cli_warn(cli, "%s holds no charter", path);
    } else {
        fc_governance_try(cli, input->common.records, &ledger);
        status = show_record(cli, record, ledger);
    }
    if (status == FC_EXIT_OK)
        status = fc_governance_lacks(cli, path, record, ledger);
    fc_ledger_destroy(ledger);
    fc_record_file_finish(&file);
    return status;
}

static enum fc_exit show(struct fc_cli *cli, const struct input *input)
{
    struct fc_ledger *ledger = NULL;
    bool disputed = false;
    if (input->target)
        return show_file(cli, input, input->target);
    enum fc_exit status = fc_governance_open(cli, input->common.records, &ledger);
    if (status != FC_EXIT_OK)
        return status;
    const struct fc_held *held = fc_ledger_charter(ledger, &disputed);
    if (held) {
        status = show_record(cli, &held->record, ledger);
    } else {
        fc_cli_warn(cli, "no charter is in force here yet: its governors sign it with fedcat "
                         "charter sign, or it comes from the first peer");
        status = FC_EXIT_MISSING;
    }
    if (disputed)
        fc_cli_warn(cli, "governance is halted: two rival charters follow this one; compare them "
                         "(fedcat log --type charter --full) and settle it here with: fedcat "
                         "charter pin HASH");
    fc_ledger_destroy(ledger);
    return status;
}

static int by_hash(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct fc_hash));
}

/* Certificates, revocations and takedowns that count today: what the next charter takes along. */
static enum fc_err carry_over(const struct fc_ledger *ledger, struct fc_charter *next,
                              struct fc_buf *record)
{
    struct fc_buf hashes = {0}, body = {0};
    for (size_t i = 0; i < fc_ledger_record_count(ledger); i++) {
        const struct fc_held *held = fc_ledger_record_at(ledger, i);
        if (fc_ledger_in_force(ledger, &held->record.hash))
            fc_buf_append(&hashes, held->record.hash.b, sizeof held->record.hash.b);
    }
    enum fc_err err = fc_buf_check(&hashes);
    if (err == FC_OK && hashes.len / 32 > FC_CARRIED_MAX)
        err = FC_E_BOUND;
    if (err == FC_OK && hashes.len > 0) {
        qsort(hashes.data, hashes.len / 32, 32, by_hash);
        next->carried_count = (uint32_t)(hashes.len / 32);
        next->carried = fc_merkle_root(fc_buf_span(&hashes));
        struct fc_carry carry = {.federation = next->federation,
                                 .version = next->version,
                                 .count = next->carried_count,
                                 .hashes = fc_buf_span(&hashes)};
        err = fc_carry_body(&carry, &body);
        if (err == FC_OK)
            err = fc_record_write(FC_RECORD_CARRY, fc_buf_span(&body), NULL, 0, record);
    }
    fc_buf_finish(&hashes);
    fc_buf_finish(&body);
    return err;
}

static bool leaves(const struct fc_governor *governor, const struct input *input)
{
    char hex[65];
    fc_hex(governor->key.b, 32, hex);
    for (uint32_t i = 0; i < input->drop_count; i++)
        if (strcmp(hex, input->drop[i]) == 0 ||
            fc_span_eq(governor->name, fc_span_str(input->drop[i])))
            return true;
    return false;
}

static int by_key(const void *a, const void *b)
{
    return fc_key_cmp(&((const struct fc_governor *)a)->key, &((const struct fc_governor *)b)->key);
}

static enum fc_exit change_governors(struct fc_cli *cli, struct input *input,
                                     struct fc_charter *next)
{
    uint32_t kept = 0, left = 0;
    for (uint32_t i = 0; i < next->governor_count; i++) {
        if (leaves(&next->governors[i], input))
            left++;
        else
            next->governors[kept++] = next->governors[i];
    }
    if (left != input->drop_count) {
        fc_cli_warn(cli,
                    "--drop names %u, and %u governors in the charter go by that: see fedcat "
                    "charter show, or give the key",
                    input->drop_count, left);
        return FC_EXIT_USAGE;
    }
    for (uint32_t i = 0; i < input->add_count; i++) {
        if (kept == FC_GOVERNORS_MAX)
            return fc_cli_fail(cli, FC_E_BOUND, "%u governors", kept + 1);
        enum fc_exit status = fc_governance_governor(cli, input->add[i], &next->governors[kept++]);
        if (status != FC_EXIT_OK)
            return status;
    }
    bool changed = kept != next->governor_count;
    next->governor_count = kept;
    qsort(next->governors, kept, sizeof next->governors[0], by_key);
    if (input->quorum || changed)
        next->quorum = input->quorum ? (uint32_t)input->quorum : kept / 2 + 1;
    if (input->admit)
        next->admit = (uint32_t)input->admit;
    else if (next->admit > kept)
        next->admit = kept;
    return FC_EXIT_OK;
}

static enum fc_exit rotate(struct fc_cli *cli, struct input *input)
{
    struct fc_ledger *ledger = NULL;
    struct fc_buf body = {0}, carry = {0};
    enum fc_exit status = fc_governance_open(cli, input->common.records, &ledger);
    if (status != FC_EXIT_OK)
        return status;
    const struct fc_held *held = fc_governance_charter(cli, ledger, &status);
    struct fc_charter *next = malloc(sizeof *next);
    if (held && !next)
        status = fc_cli_fail(cli, FC_E_NOMEM, "the next charter");
    if (status != FC_EXIT_OK)
        goto out;
    *next = held->charter;
    next->version++;
    next->previous = held->record.hash;
    next->federation = held->charter.version == 1 ? held->record.hash : held->charter.federation;
    next->carried_count = 0;
    next->carried = (struct fc_hash){{0}};
    if (input->name)
        next->name = fc_span_str(input->name);
    status = input->name ? fc_governance_text(cli, "--name", input->name) : FC_EXIT_OK;
    if (status == FC_EXIT_OK)
        status = change_governors(cli, input, next);
    if (status == FC_EXIT_OK)
        status = fc_governance_terms(cli, next);
    if (status != FC_EXIT_OK)
        goto out;
    enum fc_err err = carry_over(ledger, next, &carry);
    if (err == FC_OK)
        err = fc_charter_body(next, &body);
    status = err != FC_OK
                 ? fc_cli_fail(cli, err, "the next charter")
                 : fc_governance_issue(cli, &input->common, ledger, FC_RECORD_CHARTER,
                                       fc_buf_span(&body), fc_buf_span(&carry), "charter-next.fcr");
out:
    free(next);
    fc_buf_finish(&body);
    fc_buf_finish(&carry);
    fc_ledger_destroy(ledger);
    return status;
}

static enum fc_exit pin(struct fc_cli *cli, const struct input *input)
{
    struct fc_hash hash;
    if (fc_cli_hash(input->target, &hash) != FC_OK) {
        fc_cli_warn(cli, "\"%s\" is no charter's hash: 64 hexadecimal digits", input->target);
        return FC_EXIT_USAGE;
    }
    struct fc_client *client = NULL;
    struct fc_buf arguments = {0};
    struct fc_span body;
    enum fc_exit status = FC_EXIT_OK;
    if (fc_client_open(cli, &client) != FC_OK)
        return cli->status;
    fc_pack_array(&arguments, 1);
    fc_message_put_hash(&arguments, &hash);
    enum fc_err err = fc_client_call(client, FC_VERB_PIN, fc_buf_span(&arguments), &body);
    if (err == FC_E_MISSING) {
        fc_cli_warn(cli, "no charter of that hash is held here; fedcat log --type charter --full "
                         "shows those that are");
        status = FC_EXIT_MISSING;
    } else if (err != FC_OK) {
        status = fc_client_fail(cli, client, err, input->target);
    } else if (cli->json) {
        struct fc_json *json = fc_json_create();
        fc_json_object(json, NULL);
        fc_json_hash(json, "pinned", &hash);
        fc_json_end(json);
        status = fc_cli_print_json(cli, json);
    } else {
        fc_cli_note(cli, "pinned here; every operator decides this for their own node");
    }
    fc_buf_finish(&arguments);
    fc_client_close(client);
    return status;
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {0};
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK)
        return status;
    if (strcmp(input.verb, "sign") == 0)
        return fc_governance_cosign(cli, &input.common, input.target, FC_RECORD_CHARTER);
    if (strcmp(input.verb, "show") == 0)
        return show(cli, &input);
    if (strcmp(input.verb, "rotate") == 0)
        return rotate(cli, &input);
    if (strcmp(input.verb, "pin") == 0)
        return pin(cli, &input);
    fc_cli_warn(cli, "\"%s\": say sign, show, rotate or pin", input.verb);
    return FC_EXIT_USAGE;
}

const struct fc_command fc_command_charter = {
    .name = "charter",
    .family = "governance",
    .args = "sign FILE | show [FILE] | rotate | pin HASH",
    .summary = "Sign, show and replace the charter; settle rival ones",
    .help = "rotate writes the next charter together with the list of what it carries over; it "
            "needs a quorum of the old governors and of the new. pin settles, for this node, which "
            "of two rival charters counts.",
    .example = "fedcat charter rotate --add Dora,ES,keys/dora.key --drop Bruno --key alice "
               "-o charter-2.fcr",
    .options = options,
    .parse = parse,
    .run = run,
};
