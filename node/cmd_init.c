#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/commands.h"
#include "node/config.h"
#include "node/file.h"
#include "node/passphrase.h"

struct input {
    const char *listen[FC_ENDPOINTS_MAX], *announce[FC_ENDPOINTS_MAX];
    uint32_t listen_count, announce_count;
    const char *region, *operator_name;
    bool sealed;
};

enum { OPTION_LISTEN = 1, OPTION_ANNOUNCE, OPTION_REGION, OPTION_OPERATOR };

static const struct argp_option options[] = {
    {"listen", OPTION_LISTEN, "ENDPOINT", 0,
     "Take connections there: tcp://0.0.0.0:7400 (may be repeated; none: only dials out)", 0},
    {"announce", OPTION_ANNOUNCE, "ENDPOINT", 0, "As others reach it: tcp://node.example:7400", 0},
    {"region", OPTION_REGION, "TEXT", 0, "Where the node stands: DE, eu-central...", 0},
    {"operator", OPTION_OPERATOR, "NAME", 0, "Name of the operator's keys (default: operator)", 0},
    {"seal", 's', NULL, 0, "Seal the recovery key under a passphrase (recommended)", 0},
    {0}};

static void add_endpoint(struct argp_state *state, const char **list, uint32_t *count,
                         const char *text)
{
    if (!fc_config_endpoint_fits(text)) {
        argp_error(state, "\"%s\" is no endpoint; one looks like tcp://host:7400", text);
    } else if (*count == FC_ENDPOINTS_MAX) {
        argp_error(state, "more than %d endpoints", FC_ENDPOINTS_MAX);
    } else {
        list[(*count)++] = text;
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case OPTION_LISTEN:
        add_endpoint(state, input->listen, &input->listen_count, arg);
        return 0;
    case OPTION_ANNOUNCE:
        add_endpoint(state, input->announce, &input->announce_count, arg);
        return 0;
    case OPTION_REGION:
        input->region = arg;
        return 0;
    case OPTION_OPERATOR:
        input->operator_name = arg;
        return 0;
    case 's':
        input->sealed = true;
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static char **copy_list(const char *const *list, uint32_t count)
{
    char **copy = calloc(count ? count : 1, sizeof *copy);
    for (uint32_t i = 0; copy && i < count; i++) {
        copy[i] = strdup(list[i]);
    }
    return copy;
}

static enum fc_err write_config(struct fc_cli *cli, const struct input *input)
{
    struct fc_config *config = NULL;
    struct fc_buf text = {0};
    char *path = fc_home_path(&cli->home, "fedcat.yaml");
    enum fc_err err = path ? fc_config_default(&config) : FC_E_NOMEM;
    if (err == FC_OK) {
        free(config->listen);
        free(config->announce);
        free(config->region);
        free(config->operator_name);
        config->listen = copy_list(input->listen, input->listen_count);
        config->listen_count = input->listen_count;
        config->announce = copy_list(input->announce, input->announce_count);
        config->announce_count = input->announce_count;
        config->region = strdup(input->region ? input->region : "");
        config->operator_name = strdup(input->operator_name);
        err = fc_config_write(config, &text);
    }
    if (err == FC_OK) {
        err = fc_file_write(path, fc_buf_span(&text), 0600, true);
    }
    if (err == FC_E_KNOWN) {
        fc_cli_note(cli, "%s is there already and stays as it is", path);
        err = FC_OK;
    } else if (err != FC_OK) {
        fc_cli_fail(cli, err, "%s", path);
    }
    fc_config_free(config);
    fc_buf_finish(&text);
    free(path);
    return err;
}

static enum fc_err make_key(struct fc_cli *cli, enum fc_key_kind kind, const char *name,
                            bool sealed, struct fc_key *public_key)
{
    char *path = NULL;
    enum fc_err err = fc_home_key_path(&cli->home, fc_key_kind_name(kind), name, &path);
    if (err != FC_OK) {
        fc_cli_fail(cli, err, "key \"%s\"", name);
    } else if (access(path, F_OK) == 0) {
        struct fc_keyfile key;
        err = fc_keyfile_read(path, &key);
        *public_key = key.public_key;
        if (err != FC_OK) {
            fc_cli_fail(cli, err, "%s", path);
        }
    } else {
        enum fc_exit status;
        err = fc_passphrase_create_key(cli, path, kind, sealed, public_key, &status);
        cli->status = err == FC_OK ? cli->status : status;
    }
    free(path);
    return err;
}

static enum fc_exit report(struct fc_cli *cli, const struct fc_key keys[3])
{
    static const char *const names[] = {"node_key", "feed_key", "recovery_key"};
    char hex[65];
    if (cli->json) {
        struct fc_json *json = fc_json_create();
        fc_json_object(json, NULL);
        fc_json_text(json, "home", cli->home.path);
        for (int i = 0; i < 3; i++) {
            fc_json_key(json, names[i], &keys[i]);
        }
        struct fc_hash id = fc_participant_id(&keys[1], &keys[2]);
        fc_json_hash(json, "participant", &id);
        fc_json_end(json);
        return fc_cli_print_json(cli, json);
    }
    printf("A node in %s\n", cli->home.path);
    for (int i = 0; i < 3; i++) {
        fc_hex(keys[i].b, 32, hex);
        printf("  %-13s %s\n", names[i], hex);
    }
    fc_cli_note(cli, "\nNext:\n"
                     "  fedcat join FILE            the federation's bootstrap or charter file\n"
                     "  fedcat apply --help         ask its governors for admission\n"
                     "  fedcat submit CERTIFICATE   when they have signed\n"
                     "  fedcat run\n"
                     "Keep keys/recovery-*.key apart from this machine, once you are admitted.");
    return FC_EXIT_OK;
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {.operator_name = "operator"};
    struct fc_key keys[3];
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK) {
        return status;
    }
    enum fc_err err = fc_home_create(&cli->home);
    if (err != FC_OK) {
        return fc_cli_fail(cli, err, "%s", cli->home.path);
    }
    cli->status = FC_EXIT_FAILED;
    if (make_key(cli, FC_KEY_FEED, input.operator_name, false, &keys[1]) != FC_OK ||
        make_key(cli, FC_KEY_RECOVERY, input.operator_name, input.sealed, &keys[2]) != FC_OK ||
        make_key(cli, FC_KEY_NODE, "", false, &keys[0]) != FC_OK ||
        write_config(cli, &input) != FC_OK) {
        return cli->status;
    }
    return report(cli, keys);
}

const struct fc_command fc_command_init = {
    .name = "init",
    .family = "life",
    .summary = "Make a node: its directory, its keys, its configuration",
    .help = "Makes the node's transport key and its operator's feed and recovery keys. What is "
            "there already stays.",
    .example = "fedcat init --listen tcp://0.0.0.0:7400 --announce tcp://node.example:7400",
    .options = options,
    .parse = parse,
    .run = run,
};
