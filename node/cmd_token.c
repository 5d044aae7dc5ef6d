/* `token`: who may write over HTTP. */
#include <stdlib.h>
#include <string.h>

#include "node/client.h"
#include "node/clock.h"
#include "node/commands.h"
#include "node/token.h"

enum { OPT_ANY = 256 };

struct input {
    const char *verb, *name, *participant;
    bool any;
};

static const struct argp_option options[] = {
    {"participant", 'p', "WHO", 0, "The feed it is good for: an id, its first digits, or a name",
     0},
    {"any", OPT_ANY, NULL, 0, "It is good for every feed whose key this node holds", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case 'p':
        input->participant = arg;
        return 0;
    case OPT_ANY:
        input->any = true;
        return 0;
    case ARGP_KEY_ARG:
        return fc_cli_argument(state, arg, (const char **[]){&input->verb, &input->name}, 2);
    case ARGP_KEY_END:
        if (!fc_cli_is_one_of(input->verb, (const char *const[]){"new", "list", "revoke", NULL})) {
            argp_error(state, "new NAME, list, or revoke NAME");
        }
        if ((strcmp(input->verb, "list") == 0) != !input->name) {
            argp_error(state, "new and revoke take a name, list takes none");
        }
        if (strcmp(input->verb, "new") == 0 && !input->participant == !input->any) {
            argp_error(state, "say which feed it is good for: --participant WHO, or --any");
        }
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static enum fc_exit fail(struct fc_cli *cli, enum fc_err err, const char *name)
{
    switch ((int)err) {
    case FC_E_ARG:
        fc_cli_warn(cli, "\"%s\" is no name: letters, digits, '-', '_' and '.'", name);
        return FC_EXIT_USAGE;
    case FC_E_KNOWN:
        fc_cli_warn(cli, "there is a token named \"%s\"; revoke it first", name);
        return FC_EXIT_USAGE;
    case FC_E_MISSING:
        fc_cli_warn(cli, "there is no token named \"%s\"", name);
        return FC_EXIT_MISSING;
    case FC_E_BOUND:
        fc_cli_warn(cli, "there are %d tokens; revoke one that is not needed", FC_TOKENS_MAX);
        return FC_EXIT_USAGE;
    }
    return fc_cli_fail(cli, err, "%s", name);
}

static enum fc_exit run_new(struct fc_cli *cli, const struct input *input)
{
    struct fc_token token = {.any = input->any};
    char text[FC_TOKEN_TEXT_BYTES];
    struct fc_client *client = NULL;
    if (strlen(input->name) >= sizeof token.name) {
        return fail(cli, FC_E_ARG, input->name);
    }
    memcpy(token.name, input->name, strlen(input->name) + 1);
    if (!input->any) {
        if (fc_client_open(cli, &client) != FC_OK) {
            return cli->status;
        }
        enum fc_err found =
            fc_client_find_participant(cli, client, input->participant, &token.participant);
        fc_client_close(client);
        if (found != FC_OK) {
            return cli->status;
        }
    }
    enum fc_err err = fc_token_new(&cli->home, &token, text);
    if (err != FC_OK) {
        return fail(cli, err, input->name);
    }
    if (cli->json) {
        struct fc_json *json = fc_json_create();
        fc_json_object(json, NULL);
        fc_json_text(json, "name", token.name);
        fc_json_text(json, "token", text);
        fc_json_end(json);
        return fc_cli_print_json(cli, json);
    }
    printf("%s\n", text);
    fc_cli_note(cli, "keep it: only its hash stays here, and it is not shown again");
    return FC_EXIT_OK;
}

static void show(struct fc_cli *cli, const struct fc_token *token)
{
    char scope[65], created[FC_CLOCK_TEXT_BYTES];
    fc_hex(token->participant.b, 32, scope);
    if (!cli->json) {
        printf("%-24s  %-24s  %s\n", token->name, token->any ? "any" : scope,
               fc_clock_text(token->created_ms, created));
        return;
    }
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_text(json, "name", token->name);
    fc_json_text(json, "participant", token->any ? NULL : scope);
    fc_json_time(json, "created", token->created_ms);
    fc_json_end(json);
    if (fc_json_print(json, stdout, false) != FC_OK) {
        fc_cli_warn(cli, "cannot write");
    }
    fc_json_destroy(json);
}

/* What is wrong with one stands beside those that are right. */
static enum fc_exit run_list(struct fc_cli *cli)
{
    struct fc_token *tokens;
    size_t count;
    enum fc_exit status = FC_EXIT_OK;
    enum fc_err err = fc_token_list(&cli->home, &tokens, &count);
    if (err != FC_OK) {
        return fc_cli_fail(cli, err, "tokens");
    }
    for (size_t i = 0; i < count; i++) {
        if (tokens[i].fault == FC_OK) {
            show(cli, &tokens[i]);
            continue;
        }
        status = FC_EXIT_PARTLY;
        fc_cli_warn(cli, "%s/tokens/%s.token: %s, so it is refused: %s", cli->home.path,
                    tokens[i].name, fc_err_text(tokens[i].fault),
                    tokens[i].fault == FC_E_PERMISSION ? "chmod 600, or revoke it" : "revoke it");
    }
    free(tokens);
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
    if (strcmp(input.verb, "list") == 0) {
        return run_list(cli);
    }
    enum fc_err err = fc_token_revoke(&cli->home, input.name);
    return err == FC_OK ? FC_EXIT_OK : fail(cli, err, input.name);
}

const struct fc_command fc_command_token = {
    .name = "token",
    .family = "life",
    .args = "new NAME | list | revoke NAME",
    .summary = "Make, list and revoke the tokens that let programs publish over HTTP",
    .help = "A token is printed once; the node keeps its hash, in tokens/ with mode 0600. It is "
            "sent as \"Authorization: Bearer TOKEN\". A revoked one is refused from then on; the "
            "node need not be started again.",
    .example = "fedcat token new shop --participant \"Nimbus Cloud\"",
    .options = options,
    .parse = parse,
    .run = run,
};
