#include "node/commands.h"
#include "node/governance.h"

/* `submit FILE...`: hands records to this node, which passes them on. */
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

static enum fc_exit submit_file(struct fc_cli *cli, const char *path)
{
    struct fc_record_file file;
    enum fc_err err = fc_record_file_read(path, &file);
    if (err != FC_OK)
        return fc_cli_fail(cli, err, "%s", path);
    enum fc_exit status = FC_EXIT_OK;
    if (fc_record_file_last(&file, FC_RECORD_APPLICATION)) {
        fc_cli_warn(cli, "%s is an application: it goes to a governor, who runs fedcat admit",
                    path);
        status = FC_EXIT_USAGE;
    } else {
        status = fc_governance_submit(cli, fc_buf_span(&file.bytes));
        char line[FC_RECORD_LINE_BYTES];
        if (status == FC_EXIT_OK)
            fc_cli_note(cli, "%s: taken in", fc_record_line(&file.records[file.count - 1], line));
    }
    fc_record_file_finish(&file);
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
    .summary = "Hand complete records to this node, which passes them on",
    .help = "Charters, certificates, revocations and takedowns with all the signatures they need.",
    .example = "fedcat submit nimbus-certificate.fcr",
    .options = NULL,
    .parse = parse,
    .run = run,
};
