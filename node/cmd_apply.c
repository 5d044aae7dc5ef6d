#include <stdlib.h>
#include <string.h>

#include "node/commands.h"
#include "node/file.h"
#include "node/governance.h"
#include "node/passphrase.h"

/* `apply`: a request for a certificate, signed by the keys it names, as a file for governors. */
struct input {
    const char *key_name, *feed, *recovery, *name, *country, *url, *node_key, *federation, *out,
        *participant;
    const char *endpoints[FC_ENDPOINTS_MAX];
    uint32_t endpoint_count;
};
enum { FEED = 0x6201, RECOVERY, COUNTRY, URL, NODE_KEY, NO_NODE };

static const struct argp_option options[] = {
    {"name", 'n', "LEGAL NAME", 0, "The participant's legal name", 0},
    {"country", COUNTRY, "CC", 0, "Its country, two capital letters", 0},
    {"url", URL, "DID|URL", 0, "Where it says who it is", 0},
    {"keys", 'k', "NAME", 0, "Which feed and recovery keys in keys/ (default: operator)", 0},
    {"feed", FEED, "FILE", 0, "The feed key, when it is not in keys/", 0},
    {"recovery", RECOVERY, "FILE", 0, "The recovery key, when it is not in keys/", 0},
    {"endpoint", 'e', "tcp://HOST:PORT", 0, "Where others reach its node (repeat; none: dials out)",
     0},
    {"node-key", NODE_KEY, "KEY|none", 0, "Its first node's key (default: this node's)", 0},
    {"participant", 'p', "ID", 0,
     "Renew this participant, whose feed key was replaced (default: the one this node knows by "
     "the recovery key)",
     0},
    {"federation", 'f', "ID|FILE", 0, "The federation: its id, or its first charter", 0},
    {"out", 'o', "FILE", 0, "Write the application there (default: application.fcr)", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case 'n':
        input->name = arg;
        return 0;
    case COUNTRY:
        input->country = arg;
        return 0;
    case URL:
        input->url = arg;
        return 0;
    case 'k':
        input->key_name = arg;
        return 0;
    case FEED:
        input->feed = arg;
        return 0;
    case RECOVERY:
        input->recovery = arg;
        return 0;
    case NODE_KEY:
        input->node_key = arg;
        return 0;
    case 'f':
        input->federation = arg;
        return 0;
    case 'p':
        input->participant = arg;
        return 0;
    case 'o':
        input->out = arg;
        return 0;
    case 'e':
        if (input->endpoint_count == FC_ENDPOINTS_MAX)
            argp_error(state, "more than %d endpoints", FC_ENDPOINTS_MAX);
        input->endpoints[input->endpoint_count++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (!input->name || !input->country || !input->url)
            argp_error(state, "--name, --country and --url are needed");
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static enum fc_exit federation(struct fc_cli *cli, const char *text, struct fc_hash *id)
{
    struct fc_ledger *ledger = NULL;
    if (text && fc_cli_hash(text, id) == FC_OK)
        return FC_EXIT_OK;
    enum fc_exit status = FC_EXIT_OK;
    if (text) {
        /* A charter still short of signatures names its federation all the same. */
        struct fc_record_file file;
        struct fc_charter charter;
        enum fc_err err = fc_record_file_read(text, &file);
        if (err != FC_OK)
            return fc_governance_unread(cli, err, text);
        const struct fc_record *record = fc_record_file_last(&file, FC_RECORD_CHARTER);
        if (record && fc_charter_parse(record, &charter) == FC_OK) {
            *id = charter.version == 1 ? record->hash : charter.federation;
        } else {
            fc_cli_warn(cli, "%s holds no charter; --federation is an id or a charter file", text);
            status = FC_EXIT_USAGE;
        }
        fc_record_file_finish(&file);
        return status;
    }
    status = fc_governance_open(cli, NULL, &ledger);
    if (status == FC_EXIT_OK) {
        const struct fc_held *first = fc_ledger_charter_version(ledger, 1);
        if (first)
            *id = first->record.hash;
        else
            status = fc_cli_fail(cli, FC_E_MISSING, "no charter here; give --federation");
    }
    fc_ledger_destroy(ledger);
    return status;
}

static enum fc_exit node_key(struct fc_cli *cli, const char *text, struct fc_key *key)
{
    char *path = NULL;
    struct fc_keyfile file;
    if (text && strcmp(text, "none") == 0)
        return FC_EXIT_OK;
    if (text && fc_cli_key(text, key) == FC_OK)
        return FC_EXIT_OK;
    enum fc_err err = text ? FC_OK : fc_home_key_path(&cli->home, "node", "", &path);
    if (err == FC_OK)
        err = fc_keyfile_read(text ? text : path, &file);
    if (err != FC_OK) {
        enum fc_exit status = fc_cli_fail(cli, err, "node key %s", text ? text : path);
        free(path);
        return status;
    }
    *key = file.public_key;
    free(path);
    return FC_EXIT_OK;
}

static enum fc_exit check(struct fc_cli *cli, const struct input *input)
{
    enum fc_exit status = fc_governance_text(cli, "--name", input->name);
    if (status == FC_EXIT_OK)
        status = fc_governance_country(cli, input->country);
    if (status == FC_EXIT_OK)
        status = fc_governance_text(cli, "--url", input->url);
    for (uint32_t i = 0; i < input->endpoint_count && status == FC_EXIT_OK; i++) {
        if (!fc_endpoint_valid(fc_span_str(input->endpoints[i]))) {
            fc_cli_warn(cli, "\"%.200s\" is no endpoint: tcp://HOST:PORT", input->endpoints[i]);
            status = FC_EXIT_USAGE;
        }
    }
    if (status == FC_EXIT_OK && input->endpoint_count > 0 && input->node_key &&
        strcmp(input->node_key, "none") == 0) {
        fc_cli_warn(cli, "an endpoint goes with a node: leave out --endpoint or --node-key none");
        status = FC_EXIT_USAGE;
    }
    return status;
}

/* A participant's id is that of its first keys; after a recovery others have taken their place. */
static enum fc_exit identify(struct fc_cli *cli, const struct input *input,
                             struct fc_certificate *wanted)
{
    struct fc_hash first = fc_participant_id(&wanted->feed_key, &wanted->recovery_key);
    struct fc_ledger *ledger = NULL;
    wanted->participant = first;
    wanted->incarnation = 1;
    if (input->participant && fc_cli_hash(input->participant, &wanted->participant) != FC_OK) {
        fc_cli_warn(cli, "\"%.80s\" is no participant's id: 64 hexadecimal digits",
                    input->participant);
        return FC_EXIT_USAGE;
    }
    if (!input->participant)
        fc_governance_try(cli, NULL, &ledger);
    for (size_t i = 0; ledger && i < fc_ledger_participant_count(ledger); i++) {
        struct fc_participant known;
        fc_ledger_participant_at(ledger, i, &known);
        const struct fc_certificate *standing = &known.certificate->certificate;
        if (fc_hash_eq(&standing->federation, &wanted->federation) &&
            fc_key_eq(&standing->recovery_key, &wanted->recovery_key)) {
            wanted->participant = known.id;
            wanted->incarnation = standing->incarnation;
        }
    }
    if (!fc_hash_eq(&wanted->participant, &first) && wanted->incarnation == 1)
        wanted->incarnation = 2;
    fc_ledger_destroy(ledger);
    return FC_EXIT_OK;
}

static enum fc_exit write_application(struct fc_cli *cli, const struct input *input,
                                      const struct fc_application *application,
                                      const struct fc_keyfile *feed,
                                      const struct fc_keyfile *recovery)
{
    struct fc_buf body = {0}, once = {0}, twice = {0};
    struct fc_record record;
    const char *path = input->out ? input->out : "application.fcr";
    enum fc_err err = fc_application_body(application, &body);
    if (err == FC_OK)
        err = fc_record_sign(FC_RECORD_APPLICATION, fc_buf_span(&body), &feed->sign, &once);
    if (err == FC_OK)
        err = fc_record_parse(fc_buf_span(&once), &record);
    if (err == FC_OK)
        err = fc_record_cosign(&record, &recovery->sign, &twice);
    if (err == FC_OK)
        err = fc_file_write(path, fc_buf_span(&twice), 0644, false);
    enum fc_exit status = FC_EXIT_OK;
    char hex[65];
    fc_hex(application->wanted.participant.b, 32, hex);
    if (err != FC_OK) {
        status = fc_cli_fail(cli, err, "%s", path);
    } else if (cli->json) {
        struct fc_json *json = fc_json_create();
        fc_json_object(json, NULL);
        fc_json_text(json, "file", path);
        fc_json_hash(json, "participant", &application->wanted.participant);
        fc_json_end(json);
        status = fc_cli_print_json(cli, json);
    } else {
        printf("participant %s\nWrote %s: send it to a governor, who runs\n"
               "  fedcat admit %s --key KEY\n",
               hex, path, path);
    }
    fc_buf_finish(&body);
    fc_buf_finish(&once);
    fc_buf_finish(&twice);
    return status;
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {.key_name = "operator"};
    struct fc_application application = {0};
    struct fc_keyfile feed = {0}, recovery = {0};
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK)
        return status;
    struct fc_certificate *wanted = &application.wanted;
    status = check(cli, &input);
    if (status == FC_EXIT_OK)
        status = federation(cli, input.federation, &wanted->federation);
    if (status == FC_EXIT_OK)
        status = node_key(cli, input.node_key, &wanted->node_key);
    if (status == FC_EXIT_OK)
        status = fc_governance_key(cli, "feed", input.feed ? input.feed : input.key_name, &feed);
    if (status == FC_EXIT_OK)
        status = fc_governance_key(cli, "recovery",
                                   input.recovery ? input.recovery : input.key_name, &recovery);
    if (status == FC_EXIT_OK) {
        wanted->name = fc_span_str(input.name);
        wanted->country = fc_span_str(input.country);
        wanted->url = fc_span_str(input.url);
        wanted->feed_key = feed.public_key;
        wanted->recovery_key = recovery.public_key;
        wanted->endpoint_count = input.endpoint_count;
        for (uint32_t i = 0; i < input.endpoint_count; i++)
            wanted->endpoints[i] = fc_span_str(input.endpoints[i]);
        status = identify(cli, &input, wanted);
    }
    if (status == FC_EXIT_OK) {
        status = write_application(cli, &input, &application, &feed, &recovery);
    }
    fc_keyfile_wipe(&feed);
    fc_keyfile_wipe(&recovery);
    return status;
}

const struct fc_command fc_command_apply = {
    .name = "apply",
    .family = "governance",
    .args = NULL,
    .summary = "Ask to be admitted: write an application for the governors",
    .help = "The file names the participant, its feed and recovery keys and its first node, and is "
            "signed by both keys. Nothing in it is secret.",
    .example = "fedcat apply --name \"Nimbus Cloud SAS\" --country FR --url "
               "https://nimbus.example --endpoint tcp://cat.nimbus.example:7400 "
               "--federation charter.fcr -o nimbus.fcr",
    .options = options,
    .parse = parse,
    .run = run,
};
