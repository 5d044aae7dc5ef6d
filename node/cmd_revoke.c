#include <stdlib.h>
#include <string.h>

#include "node/client.h"
#include "node/commands.h"
#include "node/governance.h"

/* `revoke`: ends or freezes a participant's feed, at the last version that is to count. */
struct input {
    struct fc_governance_input common;
    const char *participant, *reason, *last;
    enum fc_revocation_mode mode;
};
enum { FREEZE = 0x6401, REMOVE, REASON, LAST };

static const struct argp_option options[] = {
    {"freeze", FREEZE, NULL, 0, "Keep the entries up to the last valid version (default)", 0},
    {"remove", REMOVE, NULL, 0, "Drop all of the feed's entries everywhere", 0},
    {"reason", REASON, "TEXT", 0, "Why, for everyone to read", 0},
    {"last-valid", LAST, "VERSION", 0,
     "Last version that counts, as history shows it: 1.42 (default: the one held here)", 0},
    FC_GOVERNANCE_OPTIONS,
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case FREEZE:
        input->mode = FC_REVOKE_FREEZE;
        return 0;
    case REMOVE:
        input->mode = FC_REVOKE_REMOVE;
        return 0;
    case REASON:
        input->reason = arg;
        return 0;
    case LAST:
        input->last = arg;
        return 0;
    case ARGP_KEY_ARG:
        return fc_cli_argument(state, arg, (const char **[]){&input->participant}, 1);
    case ARGP_KEY_END:
        if (!input->participant)
            argp_error(state, "which participant?");
        return 0;
    }
    return fc_governance_parse(key, arg, &input->common);
}

static enum fc_err version(const char *text, fc_version *out)
{
    char *end = NULL;
    unsigned long incarnation = strtoul(text, &end, 10);
    uint64_t seq = 0;
    if (end == text || *end != '.' || incarnation > UINT16_MAX)
        return FC_E_FORMAT;
    enum fc_err err = fc_cli_uint(end + 1, FC_SEQ_MAX, &seq);
    *out = fc_version_make((uint16_t)incarnation, seq);
    return err;
}

static enum fc_exit last_valid(struct fc_cli *cli, const struct input *input,
                               const struct fc_hash *participant, struct fc_revocation *revocation)
{
    struct fc_client *client = NULL;
    struct fc_message_participant held;
    if (input->last) {
        if (version(input->last, &revocation->last_valid) == FC_OK)
            return FC_EXIT_OK;
        fc_cli_warn(cli, "\"%s\" is no version: incarnation.number, as 1.42", input->last);
        return FC_EXIT_USAGE;
    }
    if (input->common.records) {
        fc_cli_warn(cli, "--last-valid is needed where no node is asked");
        return FC_EXIT_USAGE;
    }
    if (fc_client_open(cli, &client) != FC_OK)
        return cli->status;
    enum fc_exit status = FC_EXIT_OK;
    enum fc_err err = fc_client_participant(client, participant, &held);
    if (err == FC_OK) {
        revocation->last_valid = held.feed.version;
        revocation->last_head = held.feed.head_hash;
    } else {
        status = fc_client_fail(cli, client, err, input->participant);
    }
    fc_client_close(client);
    return status;
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {.mode = FC_REVOKE_FREEZE};
    struct fc_ledger *ledger = NULL;
    struct fc_participant participant;
    struct fc_buf body = {0};
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status == FC_EXIT_OK)
        status = fc_governance_open(cli, input.common.records, &ledger);
    if (status == FC_EXIT_OK)
        status = fc_governance_participant(cli, ledger, input.participant, &participant);
    const struct fc_held *charter = NULL;
    if (status == FC_EXIT_OK)
        charter = fc_governance_charter(cli, ledger, &status);
    if (status == FC_EXIT_OK) {
        struct fc_revocation revocation = {.federation =
                                               participant.certificate->certificate.federation,
                                           .charter = charter->record.hash,
                                           .participant = participant.id,
                                           .g = participant.certificate->certificate.g,
                                           .mode = input.mode,
                                           .reason = fc_span_str(input.reason ? input.reason : "")};
        status = last_valid(cli, &input, &participant.id, &revocation);
        enum fc_err err = FC_OK;
        if (status == FC_EXIT_OK)
            err = fc_revocation_body(&revocation, &body);
        if (err != FC_OK)
            status = fc_cli_fail(cli, err, "the revocation");
        if (status == FC_EXIT_OK)
            status = fc_governance_issue(cli, &input.common, ledger, FC_RECORD_REVOCATION,
                                         fc_buf_span(&body), fc_span(NULL, 0), "revocation.fcr");
    }
    fc_buf_finish(&body);
    fc_ledger_destroy(ledger);
    return status;
}

const struct fc_command fc_command_revoke = {
    .name = "revoke",
    .family = "governance",
    .args = "PARTICIPANT",
    .summary = "Freeze or remove a participant's feed",
    .help = "Freezing keeps what was put up to the last valid version and hides what came later; "
            "removing drops everything. Admitting the participant again lifts it.",
    .example = "fedcat revoke \"Nimbus Cloud SAS\" --freeze --reason \"key stolen\" "
               "--last-valid 1.42 --key alice -o revocation.fcr",
    .options = options,
    .parse = parse,
    .run = run,
};
