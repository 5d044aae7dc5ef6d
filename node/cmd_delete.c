/* `delete` and `set-status`: one operation for each key that is named. */
#include <stdlib.h>
#include <string.h>

#include "node/commands.h"
#include "node/publisher.h"

struct input {
    struct fc_publisher_options key;
    enum fc_status status; /* 0: delete */
    char **keys;
    int key_count;
};

static const struct argp_option delete_options[] = {FC_PUBLISHER_OPTIONS, {0}};

static error_t parse_delete(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    if (fc_publisher_parse(&input->key, key, arg)) {
        return 0;
    }
    switch (key) {
    case ARGP_KEY_ARGS:
        input->keys = state->argv + state->next;
        input->key_count = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "name the entries' keys");
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static error_t parse_status(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    if (key != ARGP_KEY_ARGS) {
        return parse_delete(key, arg, state);
    }
    const char *name = state->argv[state->next];
    for (int status = FC_STATUS_ACTIVE; status <= FC_STATUS_REVOKED; status++) {
        if (strcmp(fc_status_name((enum fc_status)status), name) == 0) {
            input->status = (enum fc_status)status;
        }
    }
    if (!input->status) {
        argp_error(state, "\"%s\" is no status: active, deprecated, ended or revoked", name);
    }
    state->next++;
    if (state->next == state->argc) {
        argp_error(state, "name the entries' keys");
    }
    return parse_delete(key, arg, state);
}

static enum fc_err ignore(void *ctx, const struct fc_message_entry *entry)
{
    enum fc_status *status = ctx;
    *status = entry->entry.status;
    return FC_OK;
}

struct work {
    struct fc_cli *cli;
    struct fc_publisher publisher;
    struct fc_op *ops;
    uint32_t count;
    uint64_t changed, unchanged, missing;
    struct fc_json *json; /* of what was missing, an open array; or NULL */
};

static bool repeated(const struct work *work, const struct fc_hash *key_hash)
{
    for (uint32_t i = 0; i < work->count; i++) {
        if (fc_hash_eq(&work->ops[i].key_hash, key_hash)) {
            return true;
        }
    }
    return false;
}

static enum fc_err flush(struct work *work)
{
    uint32_t changed = 0;
    enum fc_err err =
        work->count ? fc_publisher_send(&work->publisher, work->ops, work->count, NULL, 0, &changed)
                    : FC_OK;
    work->changed += changed;
    work->count = 0;
    return err;
}

static enum fc_err add(struct work *work, const struct input *input, const char *text)
{
    struct fc_span key = fc_span_str(text);
    struct fc_op op = {.kind = input->status ? FC_OP_STATUS : FC_OP_DELETE,
                       .key = key,
                       .key_hash = fc_key_hash(key),
                       .status = input->status};
    enum fc_status held = 0;
    enum fc_err err =
        fc_client_find(work->publisher.client, &work->publisher.participant, key, ignore, &held);
    if (err == FC_E_MISSING) {
        work->missing++;
        if (work->json) {
            fc_json_text(work->json, NULL, text);
        } else {
            fc_cli_warn(work->cli, "%s: no such entry in the feed of %s", text,
                        work->publisher.name);
        }
        return FC_OK;
    }
    if (err != FC_OK || repeated(work, &op.key_hash)) {
        return err;
    }
    if (input->status && held == input->status) {
        work->unchanged++;
        return FC_OK;
    }
    work->ops[work->count++] = op;
    return work->count == work->publisher.ops_max ? flush(work) : FC_OK;
}

static enum fc_exit report(struct work *work, const struct input *input, enum fc_err err)
{
    struct fc_cli *cli = work->cli;
    char version[FC_CLI_VERSION_BYTES] = "";
    const char *done = input->status ? "changed" : "deleted";
    if (work->publisher.version) {
        fc_cli_version(work->publisher.version, version);
    }
    if (cli->json) {
        fc_json_end(work->json);
        fc_json_uint(work->json, done, work->changed);
        fc_json_uint(work->json, "unchanged", work->unchanged);
        fc_json_text(work->json, "version", version[0] ? version : NULL);
        fc_json_end(work->json);
        enum fc_exit status = fc_cli_print_json(cli, work->json);
        if (status != FC_EXIT_OK) {
            return status;
        }
    } else {
        printf("%s: %llu %s, %llu not found%s%s\n", work->publisher.name,
               (unsigned long long)work->changed, done, (unsigned long long)work->missing,
               version[0] ? "; version " : "", version);
    }
    if (err != FC_OK) {
        return fc_client_fail(cli, work->publisher.client, err, "stopped");
    }
    if (work->missing) {
        return work->changed + work->unchanged ? FC_EXIT_PARTLY : FC_EXIT_MISSING;
    }
    return FC_EXIT_OK;
}

static enum fc_exit work_on(struct work *work, const struct input *input)
{
    struct fc_cli *cli = work->cli;
    work->ops = calloc(work->publisher.ops_max, sizeof *work->ops);
    if (!work->ops) {
        return fc_cli_fail(cli, FC_E_NOMEM, "cannot start");
    }
    if (cli->json) {
        work->json = fc_json_create();
        fc_json_object(work->json, NULL);
        fc_json_hash(work->json, "participant", &work->publisher.participant);
        fc_json_array(work->json, "missing");
    }
    enum fc_err err = FC_OK;
    for (int i = 0; i < input->key_count && err == FC_OK; i++) {
        err = add(work, input, input->keys[i]);
    }
    if (err == FC_OK) {
        err = flush(work);
    }
    free(work->ops);
    return report(work, input, err);
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {0};
    struct work work = {.cli = cli};
    struct fc_client *client = NULL;
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK) {
        return status;
    }
    if (fc_client_open(cli, &client) != FC_OK) {
        return cli->status;
    }
    if (fc_publisher_open(cli, client, &input.key, &work.publisher) == FC_OK) {
        status = work_on(&work, &input);
        fc_publisher_close(&work.publisher);
    } else {
        status = cli->status;
    }
    fc_client_close(client);
    return status;
}

const struct fc_command fc_command_delete = {
    .name = "delete",
    .family = "catalogue",
    .args = "KEY...",
    .summary = "Delete entries from a feed, everywhere",
    .help = "The deletion is signed and travels like any other change; what nodes keep of the "
            "entry afterwards does not allow its content to be guessed.",
    .example = "fedcat delete https://offers.cloud.example/compute-1",
    .options = delete_options,
    .parse = parse_delete,
    .run = run,
};

const struct fc_command fc_command_set_status = {
    .name = "set-status",
    .family = "catalogue",
    .args = "STATUS KEY...",
    .summary = "Mark entries as active, deprecated, ended or revoked",
    .example = "fedcat set-status deprecated https://offers.cloud.example/compute-1",
    .options = delete_options,
    .parse = parse_status,
    .run = run,
};
