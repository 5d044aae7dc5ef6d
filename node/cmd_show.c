#include <string.h>

#include "node/bundle.h"
#include "node/commands.h"
#include "node/file.h"
#include "node/governance.h"

/* `show FILE`: what a file of records says, and who signed. */
struct input {
    const char *path, *records;
};

static const struct argp_option options[] = {
    {"records", FC_OPTION_RECORDS, "FILE", 0, "Name signers by the charters in FILE", 0}, {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case FC_OPTION_RECORDS:
        input->records = arg;
        return 0;
    case ARGP_KEY_ARG:
        return fc_cli_argument(state, arg, (const char **[]){&input->path}, 1);
    case ARGP_KEY_END:
        if (!input->path)
            argp_error(state, "which file?");
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

/* A delta, prepared or signed, is no file of records. False when this is none. */
static bool show_bundle(struct fc_cli *cli, const char *path, enum fc_exit *status)
{
    struct fc_buf bytes = {0};
    struct fc_bundle bundle = {0};
    bool is_one = fc_file_read(path, FC_BUNDLE_BYTES_MAX, &bytes) == FC_OK &&
                  fc_bundle_is(fc_buf_span(&bytes));
    if (is_one) {
        enum fc_err err = fc_bundle_parse(fc_buf_span(&bytes), &bundle);
        *status =
            err == FC_OK ? fc_bundle_print(cli, path, &bundle) : fc_cli_fail(cli, err, "%s", path);
        fc_bundle_finish(&bundle);
    }
    fc_buf_finish(&bytes);
    return is_one;
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {0};
    struct fc_record_file file;
    struct fc_ledger *ledger = NULL;
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK)
        return status;
    if (strcmp(input.path, "-") != 0 && show_bundle(cli, input.path, &status))
        return status;
    enum fc_err err = fc_record_file_read(input.path, &file);
    if (err != FC_OK)
        return fc_governance_unread(cli, err, input.path);
    fc_governance_try(cli, input.records, &ledger);
    struct fc_json *json = cli->json ? fc_json_create() : NULL;
    fc_json_array(json, NULL);
    for (size_t i = 0; i < file.count; i++) {
        if (cli->json)
            fc_record_json(json, NULL, &file.records[i], ledger);
        else
            fc_record_print(&file.records[i], ledger, stdout);
    }
    fc_json_end(json);
    if (cli->json)
        status = fc_cli_print_json(cli, json);
    fc_ledger_destroy(ledger);
    fc_record_file_finish(&file);
    return status;
}

const struct fc_command fc_command_show = {
    .name = "show",
    .family = "governance",
    .args = "FILE",
    .summary = "Show what a file of records or a delta says, and who signed it",
    .help = "Applications, charters, certificates, revocations, takedowns: anything fedcat writes "
            "for governors to pass on. Also a delta that fedcat prepare or fedcat sign wrote: "
            "read it before you sign it.",
    .example = "fedcat show nimbus-certificate.fcr",
    .options = options,
    .parse = parse,
    .run = run,
};
