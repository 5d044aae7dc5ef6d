#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/commands.h"
#include "node/passphrase.h"

/* `key new KIND NAME`, `key show FILE|NAME`, `key list`. */
struct input {
    const char *verb, *kind, *name, *out;
    bool sealed;
};

static const struct argp_option options[] = {
    {"seal", 's', NULL, 0, "Seal the new key under a passphrase", 0},
    {"out", 'o', "FILE", 0, "Write the new key there instead of the node's keys/", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case 's':
        input->sealed = true;
        return 0;
    case 'o':
        input->out = arg;
        return 0;
    case ARGP_KEY_ARG:
        return fc_cli_argument(state, arg,
                               (const char **[]){&input->verb, &input->kind, &input->name}, 3);
    case ARGP_KEY_END:
        if (!fc_cli_is_one_of(input->verb, (const char *const[]){"new", "show", "list", NULL})) {
            argp_error(state, "say new, show or list");
        }
        if (strcmp(input->verb, "list") != 0 && !input->kind) {
            argp_error(state, "%s what?", input->verb);
        }
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static enum fc_exit print_key(struct fc_cli *cli, const char *path, const struct fc_keyfile *key)
{
    if (cli->json) {
        struct fc_json *json = fc_json_create();
        fc_json_object(json, NULL);
        fc_json_text(json, "file", path);
        fc_json_text(json, "kind", fc_key_kind_name(key->kind));
        fc_json_key(json, "key", &key->public_key);
        fc_json_bool(json, "sealed", key->sealed);
        fc_json_end(json);
        return fc_cli_print_json(cli, json);
    }
    char hex[65];
    fc_hex(key->public_key.b, 32, hex);
    printf("%s  %-8s %s%s\n", hex, fc_key_kind_name(key->kind), path,
           key->sealed ? "  sealed" : "");
    return FC_EXIT_OK;
}

static enum fc_exit run_new(struct fc_cli *cli, const struct input *input)
{
    enum fc_key_kind kind = FC_KEY_NODE;
    while (kind <= FC_KEY_GOVERNOR && strcmp(fc_key_kind_name(kind), input->kind) != 0) {
        kind++;
    }
    if (kind > FC_KEY_GOVERNOR) {
        fc_cli_warn(cli, "\"%s\" is no kind of key: governor, feed, recovery or node", input->kind);
        return FC_EXIT_USAGE;
    }
    char *path = NULL;
    enum fc_err err = FC_OK;
    if (input->out) {
        path = strdup(input->out);
        err = path ? FC_OK : FC_E_NOMEM;
    } else {
        err = fc_home_key_path(&cli->home, input->kind, input->name ? input->name : "", &path);
        if (err == FC_OK) {
            err = fc_home_create(&cli->home);
        }
    }
    enum fc_exit status = FC_EXIT_OK;
    if (err != FC_OK) {
        status =
            fc_cli_fail(cli, err, "%s key \"%s\"", input->kind, input->name ? input->name : "");
    } else {
        struct fc_keyfile made = {.kind = kind, .sealed = input->sealed};
        if (fc_passphrase_create_key(cli, path, kind, input->sealed, &made.public_key, &status) ==
            FC_OK) {
            status = print_key(cli, path, &made);
        }
    }
    free(path);
    return status;
}

static enum fc_exit show_path(struct fc_cli *cli, const char *path)
{
    struct fc_keyfile key;
    enum fc_err err = fc_keyfile_read(path, &key);
    return err == FC_OK ? print_key(cli, path, &key) : fc_cli_fail(cli, err, "%s", path);
}

static enum fc_exit run_list(struct fc_cli *cli)
{
    enum fc_exit status = FC_EXIT_OK;
    for (int kind = FC_KEY_NODE; kind <= FC_KEY_GOVERNOR; kind++) {
        const char *kind_name = fc_key_kind_name((enum fc_key_kind)kind);
        char **names = NULL;
        size_t count = 0;
        char *path = NULL;
        if (kind == FC_KEY_NODE && fc_home_exists(&cli->home) &&
            fc_home_key_path(&cli->home, "node", "", &path) == FC_OK) {
            status = show_path(cli, path);
            free(path);
        }
        if (fc_home_keys(&cli->home, kind_name, &names, &count) != FC_OK) {
            return fc_cli_fail(cli, FC_E_IO, "%s/keys", cli->home.path);
        }
        for (size_t i = 0; i < count; i++) {
            if (fc_home_key_path(&cli->home, kind_name, names[i], &path) == FC_OK) {
                enum fc_exit shown = show_path(cli, path);
                status = shown == FC_EXIT_OK ? status : shown;
                free(path);
            }
        }
        fc_home_keys_free(names, count);
    }
    return status;
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {0};
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK) {
        return status;
    }
    if (strcmp(input.verb, "new") == 0) {
        return run_new(cli, &input);
    }
    return strcmp(input.verb, "show") == 0 ? show_path(cli, input.kind) : run_list(cli);
}

const struct fc_command fc_command_key = {
    .name = "key",
    .family = "life",
    .args = "new KIND [NAME] | show FILE | list",
    .summary = "Make, show and list keys",
    .help = "Kinds: governor (signs charters and certificates), feed (signs a participant's "
            "entries), recovery (replaces a lost feed key), node (the transport). Keys are made "
            "with mode 0600 and refused when others may read them.",
    .example = "fedcat key new governor alice --seal",
    .options = options,
    .parse = parse,
    .run = run,
};
