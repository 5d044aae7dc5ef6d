#include <string.h>

#include "node/commands.h"
#include "node/daemon.h"

struct input {
    const char *format, *level;
};

static const struct argp_option options[] = {
    {"log-format", 'f', "FORMAT", 0, "text or json, instead of the configuration's", 0},
    {"log-level", 'l', "LEVEL", 0, "error, warning, info or debug", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case 'f':
        if (strcmp(arg, "text") != 0 && strcmp(arg, "json") != 0) {
            argp_error(state, "\"%s\" is no format: text or json", arg);
        }
        input->format = arg;
        return 0;
    case 'l':
        input->level = arg;
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static bool set_level(struct fc_config *config, const char *level)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    for (int i = 0; i < 4; i++) {
        if (strcmp(names[i], level) == 0) {
            config->log.level = (enum fc_log_level)i;
            return true;
        }
    }
    return false;
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {0};
    struct fc_config *config = NULL;
    char fault[300];
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK) {
        return status;
    }
    enum fc_err err = fc_config_load(&cli->home, &config, fault, sizeof fault);
    if (err != FC_OK) {
        fc_cli_warn(cli, "%s/fedcat.yaml: %s", cli->home.path, fault[0] ? fault : fc_err_text(err));
        return fc_cli_exit(err);
    }
    if (input.format) {
        config->log.format = strcmp(input.format, "json") == 0 ? FC_LOG_JSON : FC_LOG_TEXT;
    }
    if (input.level && !set_level(config, input.level)) {
        fc_cli_warn(cli, "\"%s\" is no level: error, warning, info or debug", input.level);
        status = FC_EXIT_USAGE;
    } else {
        status = fc_daemon_run(cli, config);
    }
    fc_config_free(config);
    return status;
}

const struct fc_command fc_command_run = {
    .name = "run",
    .family = "life",
    .summary = "Run the node in the foreground, until SIGTERM",
    .help = "Logs go to standard error. Under systemd it tells when it is ready and how it is.",
    .example = "fedcat run --log-format json",
    .options = options,
    .parse = parse,
    .run = run,
};
