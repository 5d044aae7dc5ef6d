#include "node/commands.h"
#include "node/governance.h"

struct input {
    struct fc_governance_input common;
    const char *path;
};

static const struct argp_option options[] = {FC_GOVERNANCE_OPTIONS, {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        return fc_cli_argument(state, arg, (const char **[]){&input->path}, 1);
    case ARGP_KEY_END:
        if (!input->path)
            argp_error(state, "which file?");
        return 0;
    }
    return fc_governance_parse(key, arg, &input->common);
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {0};
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    return status != FC_EXIT_OK ? status : fc_governance_cosign(cli, &input.common, input.path, 0);
}

const struct fc_command fc_command_cosign = {
    .name = "cosign",
    .family = "governance",
    .args = "FILE",
    .summary = "Add a governor's signature to a charter, certificate, revocation or takedown",
    .help = "Shows what the file says, signs it and writes it back (or to --out). Pass the file "
            "on until it has enough signatures, then: fedcat submit FILE.",
    .example = "fedcat cosign nimbus.fcr --key keys/governor-bruno.key",
    .options = options,
    .parse = parse,
    .run = run,
};
