#include <string.h>

#include "node/client.h"
#include "node/commands.h"
#include "node/governance.h"

/* `takedown`: one content dropped and refused, everywhere by governors or on this node alone. */
struct input {
    struct fc_governance_input common;
    const char *participant, *key, *reason;
    bool local, lift;
};
enum { LOCAL = 0x6501, LIFT, REASON };

static const struct argp_option options[] = {
    {"local", LOCAL, NULL, 0, "On this node alone, without governors", 0},
    {"lift", LIFT, NULL, 0, "With --local: give the content back", 0},
    {"reason", REASON, "TEXT", 0, "Why, for everyone to read", 0},
    FC_GOVERNANCE_OPTIONS,
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case LOCAL:
        input->local = true;
        return 0;
    case LIFT:
        input->lift = true;
        return 0;
    case REASON:
        input->reason = arg;
        return 0;
    case ARGP_KEY_ARG:
        return fc_cli_argument(state, arg, (const char **[]){&input->participant, &input->key}, 2);
    case ARGP_KEY_END:
        if (!input->participant || !input->key)
            argp_error(state, "which participant's entry? PARTICIPANT KEY");
        if (input->lift && !input->local)
            argp_error(state, "--lift goes with --local: governors' takedowns stand");
        return 0;
    }
    return fc_governance_parse(key, arg, &input->common);
}

/* The commitment of the entry as it is held here: a takedown names one content, not a key. */
static enum fc_err commitment(struct fc_client *client, const struct fc_hash *participant,
                              const char *key, struct fc_hash *out)
{
    struct fc_buf arguments = {0};
    struct fc_span body;
    fc_pack_array(&arguments, 2);
    fc_message_put_hash(&arguments, participant);
    fc_pack_str(&arguments, fc_span_str(key));
    enum fc_err err = fc_client_call(client, FC_VERB_FIND, fc_buf_span(&arguments), &body);
    fc_buf_finish(&arguments);
    if (err != FC_OK)
        return err;
    struct fc_unpack in;
    fc_unpack_init(&in, body);
    uint32_t count = fc_unpack_array(&in, 0, UINT32_MAX);
    if (count == 0)
        return in.err != FC_OK ? in.err : FC_E_MISSING;
    struct fc_message_entry entry;
    fc_message_get_entry(&in, &entry);
    *out = entry.entry.commitment;
    return in.err;
}

static enum fc_exit local(struct fc_cli *cli, struct fc_client *client, const struct input *input,
                          const struct fc_hash *participant)
{
    struct fc_buf arguments = {0};
    struct fc_span body;
    struct fc_hash key_hash = fc_key_hash(fc_span_str(input->key)), ignored;
    enum fc_err err = input->lift ? FC_OK : commitment(client, participant, input->key, &ignored);
    if (err != FC_OK)
        return fc_client_fail(cli, client, err, input->key);
    fc_pack_array(&arguments, 4);
    fc_message_put_hash(&arguments, participant);
    fc_message_put_hash(&arguments, &key_hash);
    fc_pack_str(&arguments, fc_span_str(input->reason ? input->reason : ""));
    fc_pack_uint(&arguments, !input->lift);
    err = fc_client_call(client, FC_VERB_TAKEDOWN_LOCAL, fc_buf_span(&arguments), &body);
    fc_buf_finish(&arguments);
    if (err != FC_OK)
        return fc_client_fail(cli, client, err, input->key);
    if (cli->json) {
        struct fc_json *json = fc_json_create();
        fc_json_object(json, NULL);
        fc_json_hash(json, "participant", participant);
        fc_json_text(json, "key", input->key);
        fc_json_bool(json, "withheld", !input->lift);
        fc_json_end(json);
        return fc_cli_print_json(cli, json);
    }
    fc_cli_note(cli, input->lift ? "given back; the content is pulled from peers"
                                 : "withheld on this node; the entry stays, and says so");
    return FC_EXIT_OK;
}

/* Closes the client, for handing the record in opens one of its own. */
static enum fc_exit federation_wide(struct fc_cli *cli, struct fc_client **client,
                                    const struct input *input, const struct fc_hash *participant)
{
    struct fc_ledger *ledger = NULL;
    struct fc_buf body = {0};
    struct fc_takedown takedown = {.participant = *participant,
                                   .key = fc_key_hash(fc_span_str(input->key)),
                                   .reason = fc_span_str(input->reason ? input->reason : "")};
    enum fc_err err = commitment(*client, participant, input->key, &takedown.commitment);
    if (err != FC_OK)
        return fc_client_fail(cli, *client, err, input->key);
    enum fc_exit status = fc_governance_from(cli, *client, &ledger);
    fc_client_close(*client);
    *client = NULL;
    const struct fc_held *charter = NULL;
    if (status == FC_EXIT_OK)
        charter = fc_governance_charter(cli, ledger, &status);
    if (status == FC_EXIT_OK) {
        takedown.federation = fc_ledger_charter_version(ledger, 1)->record.hash;
        takedown.charter = charter->record.hash;
        err = fc_takedown_body(&takedown, &body);
        if (err != FC_OK)
            status = fc_cli_fail(cli, err, "the takedown");
    }
    if (status == FC_EXIT_OK)
        status = fc_governance_issue(cli, &input->common, ledger, FC_RECORD_TAKEDOWN,
                                     fc_buf_span(&body), fc_span(NULL, 0), "takedown.fcr");
    fc_buf_finish(&body);
    fc_ledger_destroy(ledger);
    return status;
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {0};
    struct fc_client *client = NULL;
    struct fc_hash participant;
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK)
        return status;
    if (fc_client_open(cli, &client) != FC_OK)
        return cli->status;
    if (fc_client_find_participant(cli, client, input.participant, &participant) != FC_OK)
        status = cli->status;
    else if (input.local)
        status = local(cli, client, &input, &participant);
    else
        status = federation_wide(cli, &client, &input, &participant);
    fc_client_close(client);
    return status;
}

const struct fc_command fc_command_takedown = {
    .name = "takedown",
    .family = "governance",
    .args = "PARTICIPANT KEY",
    .summary = "Withhold one content, everywhere or on this node alone",
    .help = "The content is dropped and refused; the entry stays, so that the feed's proofs hold. "
            "Without --local this writes a record for governors to sign.",
    .example = "fedcat takedown \"Nimbus Cloud SAS\" https://nimbus.example/offers/7 --local "
               "--reason \"court order 12/2026\"",
    .options = options,
    .parse = parse,
    .run = run,
};
