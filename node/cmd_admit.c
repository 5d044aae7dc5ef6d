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
enum { ENTRIES = 0x6301, BYTES, OPS, NODES, DAYS };

static const struct argp_option options[] = {
    {"quota-entries", ENTRIES, "N", 0, "Entries (default: the charter's)", 0},
    {"quota-bytes", BYTES, "N", 0, "Bytes of contents (default: the charter's)", 0},
    {"quota-ops", OPS, "N", 0, "Operations in one delta (default: the charter's)", 0},
    {"quota-nodes", NODES, "N", 0, "Nodes (default: the charter's)", 0},
    {"days", DAYS, "N", 0, "How long it is valid (default: 1095)", 0},
    FC_GOVERNANCE_OPTIONS,
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    uint64_t *number = NULL;
    switch (key) {
    case ENTRIES:
        number = &input->entries;
        break;
    case BYTES:
        number = &input->bytes;
        break;
    case OPS:
        number = &input->ops;
        break;
    case NODES:
        number = &input->nodes;
        break;
    case DAYS:
        number = &input->days;
        break;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            return ARGP_ERR_UNKNOWN;
        input->path = arg;
        return 0;
    case ARGP_KEY_END:
        if (!input->path)
            argp_error(state, "which application?");
        return 0;
    }
    if (!number)
        return fc_governance_parse(key, arg, &input->common);
    if (fc_cli_uint(arg, key == OPS ? FC_OPS_MAX : UINT32_MAX, number) != FC_OK)
        argp_error(state, "\"%s\" is not a number that fits", arg);
    return 0;
}

/* An application must be signed by the very keys it asks a certificate for. */
static enum fc_exit read_application(struct fc_cli *cli, const char *path,
                                     struct fc_record_file *file,
                                     struct fc_application *application)
{
    enum fc_err err = fc_record_file_read(path, file);
    if (err != FC_OK)
        return fc_cli_fail(cli, err, "%s", path);
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
        return fc_cli_fail(cli, err, "%s", path);
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

static void fill_in(struct fc_certificate *certificate, const struct fc_ledger *ledger,
                    const struct fc_held *charter, const struct input *input)
{
    const struct fc_charter *terms = &charter->charter;
    struct fc_participant before;
    certificate->g = next_g(ledger, &certificate->participant);
    certificate->r = 0;
    certificate->charter = charter->record.hash;
    certificate->quota_entries = input->entries ? input->entries : terms->quota_entries;
    certificate->quota_bytes = input->bytes ? input->bytes : terms->quota_bytes;
    certificate->quota_ops = (uint32_t)(input->ops ? input->ops : terms->quota_ops);
    certificate->quota_nodes = (uint32_t)(input->nodes ? input->nodes : terms->quota_nodes);
    certificate->heartbeat_ms = terms->heartbeat_ms;
    certificate->not_before_ms = fc_clock_wall_ms();
    certificate->not_after_ms = certificate->not_before_ms + input->days * 86400000u;
    if (fc_ledger_participant(ledger, &certificate->participant, &before) != FC_OK ||
        !before.certificate)
        return;
    const struct fc_certificate *standing = &before.certificate->certificate;
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

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {.days = 1095};
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
    const struct fc_held *charter = fc_ledger_charter(ledger, NULL);
    const struct fc_held *first = fc_ledger_charter_version(ledger, 1);
    enum fc_err err = charter && first ? FC_OK : FC_E_MISSING;
    if (err != FC_OK) {
        status = fc_cli_fail(cli, err, "a charter in force");
        goto out;
    }
    if (!fc_hash_eq(&application->wanted.federation, &first->record.hash)) {
        status = fc_cli_fail(cli, FC_E_FEDERATION, "%s", input.path);
        goto out;
    }
    fill_in(&application->wanted, ledger, charter, &input);
    err = fc_certificate_body(&application->wanted, &body);
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
