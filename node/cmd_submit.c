#include <stdlib.h>

#include "node/bundle.h"
#include "node/client.h"
#include "node/commands.h"
#include "node/file.h"
#include "node/governance.h"

/* `submit FILE...`: hands records and signed deltas to this node, which passes them on. */
struct input {
    const char *paths[64];
    unsigned count;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        if (input->count == sizeof input->paths / sizeof input->paths[0])
            argp_error(state, "more than 64 files at once");
        input->paths[input->count++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (input->count == 0)
            argp_error(state, "which files?");
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static enum fc_exit print_taken(struct fc_cli *cli, const char *path, const char *kind,
                                const struct fc_record *records, size_t count)
{
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_text(json, "file", path);
    fc_json_text(json, "taken", kind);
    fc_json_array(json, "records");
    for (size_t i = 0; i < count; i++) {
        fc_json_object(json, NULL);
        fc_json_text(json, "type", fc_record_type_name(records[i].type));
        fc_json_hash(json, "hash", &records[i].hash);
        fc_json_end(json);
    }
    fc_json_end(json);
    fc_json_end(json);
    return fc_cli_print_json(cli, json);
}

static enum fc_exit send_delta(struct fc_cli *cli, const char *path, const struct fc_bundle *bundle)
{
    struct fc_client *client = NULL;
    struct fc_buf arguments = {0};
    struct fc_span body;
    if (fc_client_open(cli, &client) != FC_OK)
        return cli->status;
    fc_pack_array(&arguments, 2);
    fc_pack_bin(&arguments, bundle->delta);
    fc_message_put_contents(&arguments, bundle->contents, bundle->content_count);
    enum fc_exit status = FC_EXIT_OK;
    enum fc_err err = fc_buf_check(&arguments);
    if (err == FC_OK)
        err = fc_client_call(client, FC_VERB_SUBMIT_DELTA, fc_buf_span(&arguments), &body);
    if (err == FC_E_KNOWN)
        fc_cli_note(cli, "%s: held already", path);
    else if (err != FC_OK)
        status = fc_client_fail(cli, client, err, path);
    else if (cli->json)
        status = print_taken(cli, path, "delta", NULL, 0);
    else
        fc_cli_note(cli, "%s: taken in", path);
    fc_buf_finish(&arguments);
    fc_client_close(client);
    return status;
}

static enum fc_exit submit_delta(struct fc_cli *cli, const char *path, struct fc_span bytes)
{
    struct fc_bundle bundle;
    enum fc_err err = fc_bundle_parse(bytes, &bundle);
    if (err != FC_OK)
        return fc_cli_fail(cli, err, "%s", path);
    enum fc_exit status = FC_EXIT_USAGE;
    if (bundle.is_signed)
        status = send_delta(cli, path, &bundle);
    else
        fc_cli_warn(cli, "%s is not signed yet: fedcat sign %s, where the key is", path, path);
    fc_bundle_finish(&bundle);
    return status;
}

static enum fc_exit submit_records(struct fc_cli *cli, const char *path, struct fc_buf *bytes)
{
    struct fc_record_file file = {.bytes = *bytes};
    *bytes = (struct fc_buf){0};
    enum fc_exit status = FC_EXIT_OK;
    enum fc_err err = fc_record_file_split(&file);
    if (err != FC_OK) {
        status = fc_governance_unread(cli, err, path);
    } else if (fc_record_file_last(&file, FC_RECORD_APPLICATION)) {
        fc_cli_warn(cli, "%s is an application: it goes to a governor, who runs fedcat admit",
                    path);
        status = FC_EXIT_USAGE;
    } else {
        status = fc_governance_submit(cli, fc_buf_span(&file.bytes));
        char line[FC_RECORD_LINE_BYTES];
        if (status == FC_EXIT_OK && cli->json)
            status = print_taken(cli, path, "records", file.records, file.count);
        else if (status == FC_EXIT_OK)
            fc_cli_note(cli, "%s: taken in", fc_record_line(&file.records[file.count - 1], line));
    }
    fc_record_file_finish(&file);
    return status;
}

static enum fc_exit submit_file(struct fc_cli *cli, const char *path)
{
    struct fc_buf bytes = {0};
    enum fc_err err = fc_file_read(path, FC_RECORD_FILE_BYTES_MAX, &bytes);
    enum fc_exit status = FC_EXIT_OK;
    if (err != FC_OK)
        status = fc_cli_fail(cli, err, "%s", path);
    else if (fc_bundle_is(fc_buf_span(&bytes)))
        status = submit_delta(cli, path, fc_buf_span(&bytes));
    else
        status = submit_records(cli, path, &bytes);
    fc_buf_finish(&bytes);
    return status;
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {0};
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    for (unsigned i = 0; i < input.count && status == FC_EXIT_OK; i++)
        status = submit_file(cli, input.paths[i]);
    return status;
}

const struct fc_command fc_command_submit = {
    .name = "submit",
    .family = "governance",
    .args = "FILE...",
    .summary = "Hand complete records or a signed delta to this node, which passes them on",
    .help =
        "Charters, certificates, revocations and takedowns with all the signatures they need, and "
        "what fedcat sign wrote.",
    .example = "fedcat submit nimbus-certificate.fcr",
    .options = NULL,
    .parse = parse,
    .run = run,
};
