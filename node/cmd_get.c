#include <stdlib.h>
#include <string.h>

#include "node/client.h"
#include "node/clock.h"
#include "node/commands.h"
#include "node/file.h"
#include "node/show.h"
#include "node/signature.h"

struct input {
    const char *key, *participant, *out;
    bool about;
};

static const struct argp_option options[] = {
    {"participant", 'p', "WHO", 0, "Look in this feed: an id, its first digits, or a name", 0},
    {"out", 'o', "FILE", 0, "Write the content there", 0},
    {"about", 'a', NULL, 0, "What the document says of itself, and whether its signature is right",
     0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case 'p':
        input->participant = arg;
        return 0;
    case 'o':
        input->out = arg;
        return 0;
    case 'a':
        input->about = true;
        return 0;
    case ARGP_KEY_ARG:
        return fc_cli_argument(state, arg, (const char **[]){&input->key}, 1);
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "name an entry's key");
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

struct found {
    struct fc_cli *cli;
    struct fc_message_entry entry; /* the last; its spans are not used after the search */
    unsigned count;
    char media_type[FC_MEDIA_TYPE_BYTES_MAX + 1];
};

static enum fc_err keep(void *ctx, const struct fc_message_entry *entry)
{
    struct found *found = ctx;
    found->entry = *entry;
    found->count++;
    snprintf(found->media_type, sizeof found->media_type, "%.*s", (int)entry->entry.media_type.len,
             (const char *)entry->entry.media_type.data);
    return FC_OK;
}

static enum fc_err name_feed(void *ctx, const struct fc_message_entry *entry)
{
    const struct found *found = ctx;
    char id[65];
    fc_hex(entry->participant.b, 32, id);
    fc_cli_warn(found->cli, "  --participant %s", id);
    return FC_OK;
}

static enum fc_exit print_json(struct fc_cli *cli, struct fc_client *client, struct found *found,
                               const char *key, struct fc_span content, bool has_content)
{
    struct fc_message_participant message;
    struct fc_credential credential;
    struct fc_json *json = fc_json_create();
    found->entry.entry.key = fc_span_str(key);
    found->entry.entry.media_type = fc_span_str(found->media_type);
    fc_json_object(json, NULL);
    fc_show_entry_json(json, &found->entry);
    if (fc_client_participant(client, &found->entry.participant, &message) == FC_OK) {
        struct fc_show_participant participant;
        fc_show_participant_read(&message, &participant);
        fc_json_object(json, "feed");
        fc_show_participant_json(json, &participant);
        fc_json_end(json);
    }
    if (has_content) {
        fc_show_document_json(json, "about", content);
        if (fc_signature_check(client, content, &credential) == FC_OK) {
            fc_signature_json(json, &credential);
        }
        fc_json_embed(json, "document", content);
    } else {
        fc_json_null(json, "document");
    }
    fc_json_end(json);
    return fc_cli_print_json(cli, json);
}

static enum fc_exit print(struct fc_cli *cli, struct fc_client *client, struct found *found,
                          const struct input *input)
{
    struct fc_buf content = {0};
    enum fc_err err = fc_client_content(client, &found->entry.participant,
                                        &found->entry.entry.key_hash, &content);
    enum fc_exit status = FC_EXIT_OK;
    if (cli->json && !input->out && (err == FC_OK || err == FC_E_MISSING || err == FC_E_WITHHELD)) {
        status = print_json(cli, client, found, input->key, fc_buf_span(&content), err == FC_OK);
    } else if (err == FC_E_MISSING) {
        fc_cli_warn(cli, "%s: the entry is known, its content has not arrived here yet",
                    input->key);
        status = FC_EXIT_MISSING;
    } else if (err == FC_OK && input->about) {
        fc_show_document(fc_buf_span(&content), stdout);
        struct fc_credential credential;
        err = fc_signature_check(client, fc_buf_span(&content), &credential);
        if (err == FC_OK) {
            fc_signature_print(&credential, stdout);
        } else {
            status = fc_client_fail(cli, client, err, input->key);
        }
    } else if (err == FC_OK) {
        err = fc_file_write(input->out ? input->out : "-", fc_buf_span(&content), 0644, false);
        status = err == FC_OK ? FC_EXIT_OK : fc_cli_fail(cli, err, "%s", input->out);
    } else {
        status = fc_client_fail(cli, client, err, input->key);
    }
    fc_buf_finish(&content);
    return status;
}

static enum fc_exit get(struct fc_cli *cli, struct fc_client *client, const struct input *input)
{
    struct fc_hash participant;
    struct found found = {.cli = cli};
    const struct fc_hash *in_feed = NULL;
    if (input->participant) {
        if (fc_client_find_participant(cli, client, input->participant, &participant) != FC_OK) {
            return cli->status;
        }
        in_feed = &participant;
    }
    struct fc_span key = fc_span_str(input->key);
    enum fc_err err = fc_client_find(client, in_feed, key, keep, &found);
    if (err != FC_OK) {
        return fc_client_fail(cli, client, err, input->key);
    }
    if (found.count > 1) {
        fc_cli_warn(cli, "%s: %u feeds have an entry of this key; say which:", input->key,
                    found.count);
        err = fc_client_find(client, NULL, key, name_feed, &found);
        return err == FC_OK ? FC_EXIT_USAGE : fc_client_fail(cli, client, err, input->key);
    }
    return print(cli, client, &found, input);
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {0};
    struct fc_client *client = NULL;
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK) {
        return status;
    }
    if (fc_client_open(cli, &client) != FC_OK) {
        return cli->status;
    }
    status = get(cli, client, &input);
    fc_client_close(client);
    return status;
}

const struct fc_command fc_command_get = {
    .name = "get",
    .family = "catalogue",
    .args = "KEY",
    .summary = "Print an entry's document, byte for byte",
    .help =
        "With --json: what is known of the entry, how fresh its feed is, what the document says "
        "of itself, whether its signature is right, and the document. Signatures (VC-JWT with "
        "EdDSA, ES256, PS256) are checked against did:key, did:jwk, and DID documents that are "
        "entries here; nothing is fetched.",
    .example = "fedcat get https://offers.cloud.example/compute-1",
    .options = options,
    .parse = parse,
    .run = run,
};
