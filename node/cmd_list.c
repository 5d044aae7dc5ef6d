#include <inttypes.h>
#include <string.h>

#include "node/client.h"
#include "node/clock.h"
#include "node/commands.h"
#include "node/show.h"
#include "node/signature.h"

struct input {
    const char *participant, *prefix;
    enum fc_status status; /* 0: any */
    bool detailed;
};

static const struct argp_option options[] = {
    {"participant", 'p', "WHO", 0, "Only this feed: an id, its first digits, or a name", 0},
    {"status", 's', "STATUS", 0, "Only active, deprecated, ended or revoked ones", 0},
    {"long", 'l', NULL, 0, "Also what each document says, and whether its signature is right", 0},
    {"prefix", 'x', "TEXT", 0, "Only keys that begin so", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case 'p':
        input->participant = arg;
        return 0;
    case 'x':
        input->prefix = arg;
        return 0;
    case 'l':
        input->detailed = true;
        return 0;
    case 's':
        for (int status = FC_STATUS_ACTIVE; status <= FC_STATUS_REVOKED; status++) {
            if (strcmp(fc_status_name((enum fc_status)status), arg) == 0) {
                input->status = (enum fc_status)status;
            }
        }
        if (!input->status) {
            argp_error(state, "\"%s\" is no status", arg);
        }
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

struct listing {
    struct fc_cli *cli;
    struct fc_client *client;
    const struct input *input;
};

static bool wanted(const struct input *input, const struct fc_message_entry *entry)
{
    size_t len = input->prefix ? strlen(input->prefix) : 0;
    return (!input->status || input->status == entry->entry.status) &&
           len <= entry->entry.key.len &&
           (len == 0 || memcmp(entry->entry.key.data, input->prefix, len) == 0);
}

static enum fc_err print_entry(struct listing *listing, const struct fc_message_entry *entry,
                               const struct fc_buf *content)
{
    char state[FC_SHOW_STATE_BYTES], version[FC_CLI_VERSION_BYTES];
    struct fc_credential credential;
    if (content) {
        enum fc_err err = fc_signature_check(listing->client, fc_buf_span(content), &credential);
        if (err != FC_OK) {
            return err;
        }
    }
    if (listing->cli->json) {
        struct fc_json *json = fc_json_create();
        fc_json_object(json, NULL);
        fc_show_entry_json(json, entry);
        if (content) {
            fc_show_document_json(json, "about", fc_buf_span(content));
            fc_signature_json(json, &credential);
        }
        fc_json_end(json);
        enum fc_err err = fc_json_print(json, stdout, false);
        fc_json_destroy(json);
        return err;
    }
    printf("  %-12s %-8s %8" PRIu64 "  ", fc_show_entry_state(entry, state),
           fc_cli_version(entry->entry.version, version), entry->entry.size);
    fc_cli_put(stdout, entry->entry.key, FC_KEY_BYTES_MAX, false);
    if (content) {
        fputs("\n               ", stdout);
        fc_show_document_line(fc_buf_span(content), stdout);
        printf("  %s", fc_credential_state_name(credential.state));
    }
    putchar('\n');
    return FC_OK;
}

static enum fc_err show_entry(void *ctx, const struct fc_message_entry *entry)
{
    struct listing *listing = ctx;
    struct fc_buf content = {0};
    if (!wanted(listing->input, entry)) {
        return FC_OK;
    }
    if (!listing->input->detailed) {
        return print_entry(listing, entry, NULL);
    }
    enum fc_err err =
        fc_client_content(listing->client, &entry->participant, &entry->entry.key_hash, &content);
    if (err == FC_OK || err == FC_E_MISSING || err == FC_E_WITHHELD) {
        err = print_entry(listing, entry, err == FC_OK ? &content : NULL);
    }
    fc_buf_finish(&content);
    return err;
}

static enum fc_err show_feed(void *ctx, const struct fc_message_participant *message)
{
    struct listing *listing = ctx;
    struct fc_show_participant participant;
    struct fc_hash id = message->id;
    char version[FC_CLI_VERSION_BYTES], age[FC_CLOCK_TEXT_BYTES], state[FC_SHOW_STATE_BYTES];
    uint64_t now_ms = fc_clock_wall_ms(), signed_ms = message->feed.time_ms;
    if (message->feed.version == 0) {
        return FC_OK;
    }
    if (!listing->cli->json) {
        fc_show_participant_read(message, &participant);
        fputs(fc_cli_bold(listing->cli), stdout);
        fc_cli_put(stdout, participant.certificate.name, 60, false);
        printf("%s  version %s, signed %s ago, %" PRIu64 " entries, %s\n",
               fc_cli_plain(listing->cli), fc_cli_version(message->feed.version, version),
               fc_clock_age(now_ms > signed_ms ? now_ms - signed_ms : 0, age),
               message->feed.entries, fc_show_participant_state(&participant, now_ms, state));
    }
    return fc_client_entries(listing->client, &id, show_entry, listing);
}

static enum fc_exit list(struct listing *listing)
{
    struct fc_cli *cli = listing->cli;
    enum fc_err err;
    if (listing->input->participant) {
        struct fc_hash id;
        struct fc_message_participant message;
        if (fc_client_find_participant(cli, listing->client, listing->input->participant, &id) !=
            FC_OK) {
            return cli->status;
        }
        err = fc_client_participant(listing->client, &id, &message);
        err = err == FC_OK ? show_feed(listing, &message) : err;
    } else {
        err = fc_client_participants(listing->client, show_feed, listing);
    }
    return err == FC_OK ? FC_EXIT_OK : fc_client_fail(cli, listing->client, err, "list");
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {0};
    struct listing listing = {.cli = cli, .input = &input};
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK) {
        return status;
    }
    if (fc_client_open(cli, &listing.client) != FC_OK) {
        return cli->status;
    }
    status = list(&listing);
    fc_client_close(listing.client);
    return status;
}

const struct fc_command fc_command_list = {
    .name = "list",
    .family = "catalogue",
    .summary = "List entries, feed by feed, with how fresh each feed is",
    .help = "With --json: one object a line.",
    .example = "fedcat list --participant \"Nordlicht Cloud\" --status active",
    .options = options,
    .parse = parse,
    .run = run,
};
