#include <stdlib.h>
#include <string.h>

#include "node/clock.h"
#include "node/commands.h"
#include "node/governance.h"

/* `admit`: a governor turns an application into a certificate. */
struct input {
    struct fc_governance_input common;
    const char *path;
    uint64_t entries, bytes, ops, nodes, days;
};
enum { ENTRIES = 0x6301, BYTES, OPS, NODES, DAYS, DAYS_MAX = 36500 };
#define NOT_GIVEN UINT64_MAX

static const struct argp_option options[] = {
    {"quota-entries", ENTRIES, "N", 0, "Entries (default: as before, else the charter's)", 0},
    {"quota-bytes", BYTES, "N", 0, "Bytes of contents (default likewise)", 0},
    {"quota-ops", OPS, "N", 0, "Operations in one delta (default likewise)", 0},
    {"quota-nodes", NODES, "N", 0, "Nodes (default likewise)", 0},
    {"days", DAYS, "N", 0, "How long it is valid (default: 1095)", 0},
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
    case ENTRIES:
        return number(state, arg, FC_NUMBER_MAX, &input->entries);
    case BYTES:
        return number(state, arg, FC_NUMBER_MAX, &input->bytes);
    case OPS:
        return number(state, arg, FC_OPS_MAX, &input->ops);
    case NODES:
        return number(state, arg, UINT32_MAX, &input->nodes);
    case DAYS:
        if (fc_cli_uint(arg, DAYS_MAX, &input->days) != FC_OK || input->days == 0)
            argp_error(state, "\"%s\" days: from 1 to %d", arg, DAYS_MAX);
        return 0;
    case ARGP_KEY_ARG:
        return fc_cli_argument(state, arg, (const char **[]){&input->path}, 1);
    case ARGP_KEY_END:
        if (!input->path)
            argp_error(state, "which application?");
        return 0;
    }
    return fc_governance_parse(key, arg, &input->common);
}

/* An application must be signed by the very keys it asks a certificate for. */
static enum fc_exit read_application(struct fc_cli *cli, const char *path,
                                     struct fc_record_file *file,
                                     struct fc_application *application)
{
    enum fc_err err = fc_record_file_read(path, file);
    if (err != FC_OK)
        return fc_governance_unread(cli, err, path);
    const struct fc_record *record = fc_record_file_last(file, FC_RECORD_APPLICATION);
    if (!record) {
        fc_cli_warn(cli, "%s holds no application; fedcat apply writes one", path);
        return FC_EXIT_USAGE;
    }
    err = fc_application_parse(record, application);
    if (err == FC_OK && (!fc_record_signed_by(record, &application->wanted.feed_key) ||
                         !fc_record_signed_by(record, &application->wanted.recovery_key)))
        err = FC_E_SIGNATURE;
    if (err != FC_OK)
        return fc_governance_unread(cli, err, path);
    if (!cli->json && !cli->quiet)
        fc_record_print(record, NULL, stderr);
    return FC_EXIT_OK;
}

/* The g of a new certificate: above every one of the participant, and of its revocations. */
static uint64_t next_g(const struct fc_ledger *ledger, const struct fc_hash *participant)
{
    uint64_t g = 0;
    for (size_t i = 0; i < fc_ledger_record_count(ledger); i++) {
        const struct fc_held *held = fc_ledger_record_at(ledger, i);
        if (held->record.type == FC_RECORD_CERTIFICATE &&
            fc_hash_eq(&held->certificate.participant, participant) && held->certificate.g > g)
            g = held->certificate.g;
        if (held->record.type == FC_RECORD_REVOCATION &&
            fc_hash_eq(&held->revocation.participant, participant) && held->revocation.g > g)
            g = held->revocation.g;
    }
    return g + 1;
}

static uint16_t last_incarnation(const struct fc_ledger *ledger, const struct fc_hash *participant)
{
    uint16_t last = 0;
    for (size_t i = 0; i < fc_ledger_record_count(ledger); i++) {
        const struct fc_held *held = fc_ledger_record_at(ledger, i);
        if (held->record.type == FC_RECORD_CERTIFICATE &&
            fc_hash_eq(&held->certificate.participant, participant) &&
            held->certificate.incarnation > last)
            last = held->certificate.incarnation;
    }
    return last;
}

static uint64_t pick(uint64_t given, uint64_t otherwise)
{
    return given != NOT_GIVEN ? given : otherwise;
}

static void set_quotas(struct fc_certificate *certificate, const struct input *input,
                       const struct fc_charter *terms, const struct fc_certificate *before)
{
    certificate->quota_entries =
        pick(input->entries, before ? before->quota_entries : terms->quota_entries);
    certificate->quota_bytes =
        pick(input->bytes, before ? before->quota_bytes : terms->quota_bytes);
    certificate->quota_ops =
        (uint32_t)pick(input->ops, before ? before->quota_ops : terms->quota_ops);
    certificate->quota_nodes =
        (uint32_t)pick(input->nodes, before ? before->quota_nodes : terms->quota_nodes);
}

static void fill_in(struct fc_certificate *certificate, const struct fc_ledger *ledger,
                    const struct fc_held *charter, const struct input *input)
{
    const struct fc_charter *terms = &charter->charter;
    struct fc_participant before;
    certificate->g = next_g(ledger, &certificate->participant);
    certificate->r = 0;
    certificate->charter = charter->record.hash;
    certificate->heartbeat_ms = terms->heartbeat_ms;
    certificate->not_before_ms = fc_clock_wall_ms();
    certificate->not_after_ms = certificate->not_before_ms + input->days * 86400000u;
    if (fc_ledger_participant(ledger, &certificate->participant, &before) != FC_OK ||
        !before.certificate) {
        set_quotas(certificate, input, terms, NULL);
        return;
    }
    const struct fc_certificate *standing = &before.certificate->certificate;
    set_quotas(certificate, input, terms, standing);
    certificate->floor = standing->floor;
    if (before.recovery_frozen) {
        /* Two recoveries contradict each other: the applicant's feed key opens a new incarnation.
         */
        certificate->incarnation = (uint16_t)(last_incarnation(ledger, &before.id) + 1);
    } else {
        /* Renewed: the feed goes on where it stands. */
        certificate->feed_key = standing->feed_key;
        certificate->incarnation = standing->incarnation;
    }
}

/* Whoever holds the recovery key is the participant: nobody else's application renews it. */
static enum fc_exit check_owner(struct fc_cli *cli, const char *path,
                                const struct fc_ledger *ledger, const struct fc_certificate *wanted)
{
    struct fc_hash first = fc_participant_id(&wanted->feed_key, &wanted->recovery_key);
    struct fc_participant before;
    bool known = fc_ledger_participant(ledger, &wanted->participant, &before) == FC_OK;
    if (!known && !fc_hash_eq(&first, &wanted->participant)) {
        fc_cli_warn(cli, "%s: renews a participant that is not known here", path);
        return FC_EXIT_REFUSED;
    }
    if (known && !fc_key_eq(&before.certificate->certificate.recovery_key, &wanted->recovery_key)) {
        fc_cli_warn(cli, "%s: refused: its recovery key is not the participant's", path);
        return FC_EXIT_REFUSED;
    }
    return FC_EXIT_OK;
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {.entries = NOT_GIVEN,
                          .bytes = NOT_GIVEN,
                          .ops = NOT_GIVEN,
                          .nodes = NOT_GIVEN,
                          .days = 1095};
    struct fc_record_file file = {0};
    struct fc_application *application = NULL;
    struct fc_ledger *ledger = NULL;
    struct fc_buf body = {0};
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK)
        return status;
    application = calloc(1, sizeof *application);
    if (!application)
        return fc_cli_fail(cli, FC_E_NOMEM, "application");
    status = read_application(cli, input.path, &file, application);
    if (status == FC_EXIT_OK)
        status = fc_governance_open(cli, input.common.records, &ledger);
    if (status != FC_EXIT_OK)
        goto out;
    const struct fc_held *charter = fc_governance_charter(cli, ledger, &status);
    if (!charter)
        goto out;
    if (!fc_hash_eq(&application->wanted.federation,
                    &fc_ledger_charter_version(ledger, 1)->record.hash)) {
        status = fc_cli_fail(cli, FC_E_FEDERATION, "%s", input.path);
        goto out;
    }
    status = check_owner(cli, input.path, ledger, &application->wanted);
    if (status != FC_EXIT_OK)
        goto out;
    fill_in(&application->wanted, ledger, charter, &input);
    enum fc_err err = fc_certificate_body(&application->wanted, &body);
    status = err != FC_OK
                 ? fc_cli_fail(cli, err, "the certificate")
                 : fc_governance_issue(cli, &input.common, ledger, FC_RECORD_CERTIFICATE,
                                       fc_buf_span(&body), fc_span(NULL, 0), "certificate.fcr");
out:
    fc_buf_finish(&body);
    fc_ledger_destroy(ledger);
    fc_record_file_finish(&file);
    free(application);
    return status;
}

const struct fc_command fc_command_admit = {
    .name = "admit",
    .family = "governance",
    .args = "APPLICATION",
    .summary = "Turn an application into a certificate",
    .help = "Shows the application first. As many governors as the charter asks for sign the "
            "certificate, one after the other, with fedcat cosign. Admitting a participant again "
            "renews its certificate, and lifts a revocation.",
    .example = "fedcat admit nimbus.fcr --records charter.fcr --key keys/governor-alice.key "
               "-o nimbus-certificate.fcr",
    .options = options,
    .parse = parse,
    .run = run,
};
