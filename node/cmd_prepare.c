/* For a provider who keeps the feed key away from every node: any node prepares a delta, the
 * provider signs it where the key is, any node takes it in. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/batch.h"
#include "node/bundle.h"
#include "node/clock.h"
#include "node/commands.h"
#include "node/documents.h"
#include "node/file.h"
#include "node/passphrase.h"

struct input {
    const char *participant, *out, *file;
    const char *deletes[256];
    uint32_t delete_count;
    bool ndjson;
    char **paths;
    int path_count;
    struct fc_publisher_options key;
};

static const struct argp_option prepare_options[] = {
    {"participant", 'p', "WHO", 0, "Whose feed: an id, its first digits, or a name", 0},
    {"out", 'o', "FILE", 0, "Write the prepared delta there", 0},
    {"delete", 'd', "KEY", 0, "Delete this entry (may be repeated)", 0},
    {"ndjson", 'n', NULL, 0, "Every file has one document a line", 0},
    {0}};

static error_t parse_prepare(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case 'p':
        input->participant = arg;
        return 0;
    case 'o':
        input->out = arg;
        return 0;
    case 'd':
        if (input->delete_count == sizeof input->deletes / sizeof input->deletes[0]) {
            argp_error(state, "more than 256 deletions in one delta");
        } else {
            input->deletes[input->delete_count++] = arg;
        }
        return 0;
    case 'n':
        input->ndjson = true;
        return 0;
    case ARGP_KEY_ARGS:
        input->paths = state->argv + state->next;
        input->path_count = state->argc - state->next;
        return 0;
    case ARGP_KEY_END:
        if (!input->participant || !input->out) {
            argp_error(state, "--participant and --out are needed");
        }
        if (input->path_count == 0 && input->delete_count == 0) {
            argp_error(state, "name documents, or entries to --delete");
        }
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

struct work {
    struct fc_cli *cli;
    struct fc_client *client;
    const struct input *input;
    struct fc_hash participant;
    struct fc_batch *batch;
    bool prepared;
    uint64_t faults;
};

static enum fc_err add(void *ctx, const char *place, struct fc_span bytes)
{
    struct work *work = ctx;
    return fc_batch_add(work->batch, place, bytes);
}

static void fault(void *ctx, const char *place, const char *text)
{
    struct work *work = ctx;
    work->faults++;
    fc_cli_warn(work->cli, "%s: %s", place, text);
}

static const char *explain(void *ctx, enum fc_err err)
{
    const struct work *work = ctx;
    return fc_client_explain(work->client, err);
}

static enum fc_err save(struct work *work, struct fc_span body)
{
    struct fc_bundle bundle = {0};
    struct fc_buf bytes = {0};
    struct fc_unpack in;
    fc_unpack_init(&in, body);
    fc_unpack_array(&in, 3, 3);
    bundle.head_body = fc_unpack_bin(&in, FC_RECORD_BYTES_MAX);
    bundle.ops = fc_unpack_bin(&in, FC_OPS_BYTES_MAX);
    enum fc_err err = fc_message_get_contents(&in, &bundle.contents, &bundle.content_count);
    if (err == FC_OK) {
        err = fc_unpack_end(&in);
    }
    if (err == FC_OK) {
        err = fc_bundle_write(&bundle, &bytes);
    }
    if (err == FC_OK) {
        err = fc_file_write(work->input->out, fc_buf_span(&bytes), 0600, false);
    }
    fc_bundle_finish(&bundle);
    fc_buf_finish(&bytes);
    work->prepared = err == FC_OK;
    return err;
}

/* One file is one delta: the first batch is prepared, a second one is too many. */
static enum fc_err prepare(void *ctx, const struct fc_op *ops, uint32_t op_count,
                           const struct fc_content *contents, uint32_t content_count,
                           uint32_t *changed)
{
    struct work *work = ctx;
    const struct input *input = work->input;
    struct fc_buf arguments = {0};
    struct fc_span body;
    if (work->prepared || op_count + input->delete_count > FC_OPS_MAX) {
        return FC_E_BOUND;
    }
    fc_pack_array(&arguments, 3);
    fc_message_put_hash(&arguments, &work->participant);
    fc_pack_array(&arguments, op_count + input->delete_count);
    for (uint32_t i = 0; i < op_count; i++) {
        fc_message_put_op(&arguments, &ops[i]);
    }
    for (uint32_t i = 0; i < input->delete_count; i++) {
        struct fc_op op = {.kind = FC_OP_DELETE, .key = fc_span_str(input->deletes[i])};
        fc_message_put_op(&arguments, &op);
    }
    fc_message_put_contents(&arguments, contents, content_count);
    enum fc_err err = fc_buf_check(&arguments);
    if (err == FC_OK) {
        err = fc_client_call(work->client, FC_VERB_PREPARE, fc_buf_span(&arguments), &body);
    }
    if (err == FC_OK) {
        err = save(work, body);
    }
    fc_buf_finish(&arguments);
    *changed = op_count;
    return err == FC_E_KNOWN ? FC_OK : err;
}

static enum fc_exit prepare_all(struct work *work)
{
    struct fc_cli *cli = work->cli;
    struct fc_batch_config config = {
        .ops_max = FC_OPS_MAX, .ctx = work, .send = prepare, .explain = explain, .fault = fault};
    struct fc_documents documents = {
        .ndjson = work->input->ndjson, .ctx = work, .each = add, .fault = fault};
    uint64_t skipped = 0;
    uint32_t changed = 0;
    enum fc_err err = fc_batch_create(&config, &work->batch);
    for (int i = 0; i < work->input->path_count && err == FC_OK; i++) {
        err = fc_documents_read(&documents, work->input->paths[i], &skipped);
    }
    if (err == FC_OK) {
        err = work->input->path_count ? fc_batch_flush(work->batch)
                                      : prepare(work, NULL, 0, NULL, 0, &changed);
    }
    fc_batch_destroy(work->batch);
    if (err != FC_OK) {
        return fc_client_fail(cli, work->client, err, "prepare");
    }
    if (!work->prepared) {
        fc_cli_note(cli, "nothing to sign: the feed holds all of this already");
        return work->faults ? FC_EXIT_USAGE : FC_EXIT_OK;
    }
    fc_cli_note(cli, "%s: sign it where the key is (fedcat sign), then fedcat submit",
                work->input->out);
    return work->faults ? FC_EXIT_PARTLY : FC_EXIT_OK;
}

static enum fc_exit run_prepare(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {0};
    struct work work = {.cli = cli, .input = &input};
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK) {
        return status;
    }
    if (fc_client_open(cli, &work.client) != FC_OK) {
        return cli->status;
    }
    if (fc_client_find_participant(cli, work.client, input.participant, &work.participant) ==
        FC_OK) {
        status = prepare_all(&work);
    } else {
        status = cli->status;
    }
    fc_client_close(work.client);
    return status;
}

const struct fc_command fc_command_prepare = {
    .name = "prepare",
    .family = "catalogue",
    .args = "[FILE|DIR|-...]",
    .summary = "Prepare a delta for a provider who signs elsewhere",
    .help = "The file holds the head to sign, its operations and the documents.",
    .example = "fedcat prepare --participant \"Nordlicht Cloud\" --out offers.prepared offers/",
    .options = prepare_options,
    .parse = parse_prepare,
    .run = run_prepare,
};

static const struct argp_option sign_options[] = {
    {"out", 'o', "FILE", 0, "Write the signed delta there", 0}, FC_PUBLISHER_OPTIONS, {0}};

static error_t parse_sign(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    if (fc_publisher_parse(&input->key, key, arg)) {
        return 0;
    }
    switch (key) {
    case 'o':
        input->out = arg;
        return 0;
    case ARGP_KEY_ARG:
        return fc_cli_argument(state, arg, (const char **[]){&input->file}, 1);
    case ARGP_KEY_END:
        if (!input->file || !input->out) {
            argp_error(state, "name a prepared delta, and --out");
        }
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static enum fc_err sign_bundle(struct fc_author_key *key, const struct fc_bundle *prepared,
                               struct fc_buf *bytes)
{
    struct fc_buf record = {0}, delta = {0};
    enum fc_err err = fc_author_sign_head(key, prepared->head_body, prepared->ops,
                                          prepared->contents, prepared->content_count, &record);
    if (err == FC_OK) {
        err = fc_delta_write(fc_buf_span(&record), prepared->ops, &delta);
    }
    struct fc_bundle done = {.is_signed = true,
                             .delta = fc_buf_span(&delta),
                             .contents = prepared->contents,
                             .content_count = prepared->content_count};
    if (err == FC_OK) {
        err = fc_bundle_write(&done, bytes);
    }
    fc_buf_finish(&record);
    fc_buf_finish(&delta);
    return err;
}

/* The same delta again, when the file was lost after it was signed. */
static bool signed_before(const struct fc_author_key *key, const struct fc_bundle *prepared)
{
    const struct fc_counter_state *last = fc_counter_state(key->counter);
    struct fc_record record;
    return last->serial > 0 && fc_record_parse(last->head_record, &record) == FC_OK &&
           fc_span_eq(record.body, prepared->head_body);
}

static enum fc_err write_again(const struct fc_author_key *key, struct fc_buf *bytes)
{
    const struct fc_counter_state *last = fc_counter_state(key->counter);
    struct fc_buf delta = {0};
    enum fc_err err = fc_delta_write(last->head_record, last->ops, &delta);
    struct fc_content *contents = calloc(last->content_count + 1, sizeof *contents);
    if (err == FC_OK && !contents) {
        err = FC_E_NOMEM;
    }
    if (err == FC_OK) {
        for (uint32_t i = 0; i < last->content_count; i++) {
            contents[i] = last->contents[i];
        }
        struct fc_bundle done = {.is_signed = true,
                                 .delta = fc_buf_span(&delta),
                                 .contents = contents,
                                 .content_count = last->content_count};
        err = fc_bundle_write(&done, bytes);
    }
    free(contents);
    fc_buf_finish(&delta);
    return err;
}

static enum fc_exit sign_with(struct fc_cli *cli, const struct input *input, const char *key_path,
                              struct fc_author_key *key, const struct fc_bundle *prepared)
{
    struct fc_buf bytes = {0};
    enum fc_exit status = FC_EXIT_OK;
    if (key->key.kind != FC_KEY_FEED) {
        fc_cli_warn(cli, "%s is a %s key; a feed key signs deltas", key_path,
                    fc_key_kind_name(key->key.kind));
        return FC_EXIT_USAGE;
    }
    enum fc_err err = fc_counter_open(key_path, &key->key.public_key, &key->counter);
    if (err == FC_OK) {
        err = signed_before(key, prepared) ? write_again(key, &bytes)
                                           : sign_bundle(key, prepared, &bytes);
    }
    if (err == FC_E_COUNTER && key->counter) {
        fc_cli_warn(cli,
                    "%s: refused: this key signed another version last; prepare it anew once "
                    "the node holds that one",
                    input->file);
        status = FC_EXIT_REFUSED;
    } else if (err != FC_OK) {
        status = fc_cli_fail(cli, err, "%s", key_path);
    } else {
        /* Signed and counted: when it cannot be written, signing again gives the same bytes. */
        err = fc_file_write(input->out, fc_buf_span(&bytes), 0600, false);
        status = err == FC_OK ? FC_EXIT_OK : fc_cli_fail(cli, err, "%s", input->out);
    }
    fc_buf_finish(&bytes);
    return status;
}

static enum fc_exit sign_file(struct fc_cli *cli, const struct input *input, const char *key_path)
{
    struct fc_buf bytes = {0};
    struct fc_bundle prepared = {0};
    struct fc_author_key key = {0};
    enum fc_exit status = FC_EXIT_OK;
    enum fc_err err = fc_file_read(input->file, FC_BUNDLE_BYTES_MAX, &bytes);
    if (err == FC_OK) {
        err = fc_bundle_parse(fc_buf_span(&bytes), &prepared);
        err = err == FC_OK && prepared.is_signed ? FC_E_ARG : err;
    }
    if (err != FC_OK) {
        status = fc_cli_fail(cli, err, "%s", input->file);
    } else if (fc_passphrase_open_key(cli, key_path, &key.key, &status) == FC_OK) {
        status = sign_with(cli, input, key_path, &key, &prepared);
    }
    fc_author_key_finish(&key);
    fc_bundle_finish(&prepared);
    fc_buf_finish(&bytes);
    return status;
}

static enum fc_exit run_sign(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {0};
    char *key_path = NULL;
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK) {
        return status;
    }
    if (fc_publisher_key_path(cli, &input.key, &key_path) != FC_OK) {
        return cli->status;
    }
    status = sign_file(cli, &input, key_path);
    free(key_path);
    return status;
}

const struct fc_command fc_command_sign = {
    .name = "sign",
    .family = "catalogue",
    .args = "FILE",
    .summary = "Sign a prepared delta with a feed key that lies here",
    .help = "Needs no node and no network. The key's counter is moved before the signature "
            "leaves, so the key never signs two deltas at one version; signing the same file "
            "again gives the same bytes. fedcat show prints what would be signed.",
    .example = "fedcat sign offers.prepared --key feed.key --out offers.delta",
    .options = sign_options,
    .parse = parse_sign,
    .run = run_sign,
};
