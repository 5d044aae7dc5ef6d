#include <inttypes.h>

#include "node/client.h"
#include "node/commands.h"

static const struct argp_option options[] = {
    {"repair", 'r', NULL, 0,
     "Rebuild what can be rebuilt; what cannot is dropped and comes again from peers", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    bool *repair = state->input;
    (void)arg;
    if (key == 'r') {
        *repair = true;
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static void show_progress(void *ctx, uint64_t done, uint64_t total)
{
    fc_progress_show(ctx, done, total);
}

struct damage {
    struct fc_span text;
    struct fc_hash participant, key_hash;
    bool repaired;
};

static void damage_json(struct fc_json *json, const struct damage *damage)
{
    fc_json_object(json, NULL);
    fc_json_span(json, "damage", damage->text);
    if (!fc_hash_is_zero(&damage->participant)) {
        fc_json_hash(json, "participant", &damage->participant);
    }
    if (!fc_hash_is_zero(&damage->key_hash)) {
        fc_json_hash(json, "key_hash", &damage->key_hash);
    }
    fc_json_bool(json, "repaired", damage->repaired);
    fc_json_end(json);
}

static void damage_text(const struct damage *damage)
{
    char feed[65] = "", key[65] = "";
    if (!fc_hash_is_zero(&damage->participant)) {
        fc_hex(damage->participant.b, 32, feed);
    }
    if (!fc_hash_is_zero(&damage->key_hash)) {
        fc_hex(damage->key_hash.b, 32, key);
    }
    fc_cli_put(stdout, damage->text, 200, false);
    printf("%s%.12s%s%.12s%s\n", feed[0] ? "  feed " : "", feed, key[0] ? "  entry " : "", key,
           damage->repaired ? "  (rebuilt)" : "");
}

static enum fc_exit report(struct fc_cli *cli, struct fc_span body, bool repair)
{
    struct fc_unpack in;
    uint64_t open = 0;
    struct fc_json *json = cli->json ? fc_json_create() : NULL;
    fc_unpack_init(&in, body);
    fc_unpack_array(&in, 2, 2);
    uint32_t listed = fc_unpack_array(&in, 0, UINT16_MAX);
    fc_json_object(json, NULL);
    fc_json_array(json, "found");
    for (uint32_t i = 0; i < listed && in.err == FC_OK; i++) {
        struct damage damage;
        fc_unpack_array(&in, 4, 4);
        damage.text = fc_unpack_str(&in, FC_TEXT_BYTES_MAX);
        damage.participant = fc_message_get_hash(&in);
        damage.key_hash = fc_message_get_hash(&in);
        damage.repaired = fc_unpack_uint(&in, 1) == 1;
        open += !damage.repaired;
        if (json) {
            damage_json(json, &damage);
        } else {
            damage_text(&damage);
        }
    }
    uint64_t count = fc_unpack_uint(&in, UINT64_MAX);
    enum fc_err err = fc_unpack_end(&in);
    if (err != FC_OK) {
        fc_json_destroy(json);
        return fc_cli_fail(cli, err, "answer");
    }
    enum fc_exit status = FC_EXIT_OK;
    if (json) {
        fc_json_end(json);
        fc_json_uint(json, "count", count);
        fc_json_bool(json, "repair", repair);
        fc_json_end(json);
        status = fc_cli_print_json(cli, json);
    } else if (count == 0) {
        printf("%ssound%s: every hash, signature, root and index entry is right\n",
               fc_cli_green(cli), fc_cli_plain(cli));
    } else {
        printf("%s%" PRIu64 " damaged%s%s\n", fc_cli_red(cli), count, fc_cli_plain(cli),
               !repair ? "; fedcat verify --repair mends them"
               : open  ? "; what could not be rebuilt comes again from peers"
                       : "; all rebuilt");
    }
    return count > 0 && !repair ? FC_EXIT_FAILED : status;
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    bool repair = false;
    struct fc_client *client = NULL;
    struct fc_progress progress;
    struct fc_span body;
    struct fc_buf arguments = {0};
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &repair);
    if (status != FC_EXIT_OK) {
        return status;
    }
    if (fc_client_open(cli, &client) != FC_OK) {
        return cli->status;
    }
    fc_progress_start(&progress, cli, "entries verified:");
    if (fc_client_service(client)) {
        fc_client_service(client)->progress = show_progress;
        fc_client_service(client)->progress_ctx = &progress;
    }
    fc_pack_array(&arguments, 1);
    fc_pack_uint(&arguments, repair);
    enum fc_err err = fc_buf_check(&arguments);
    if (err == FC_OK) {
        err = fc_client_call(client, FC_VERB_VERIFY, fc_buf_span(&arguments), &body);
    }
    fc_progress_end(&progress);
    if (err == FC_OK && repair) {
        status = report(cli, body, repair);
        err = fc_client_call(client, FC_VERB_REINDEX, fc_span(NULL, 0), NULL);
        status = err == FC_OK ? status : fc_client_fail(cli, client, err, "search index");
    } else {
        status =
            err == FC_OK ? report(cli, body, repair) : fc_client_fail(cli, client, err, "verify");
    }
    fc_buf_finish(&arguments);
    fc_client_close(client);
    return status;
}

const struct fc_command fc_command_verify = {
    .name = "verify",
    .family = "catalogue",
    .summary = "Recompute every hash, signature, root and index entry of the replica",
    .help = "Exit status 1 when something is damaged and --repair was not given.",
    .example = "fedcat verify --repair",
    .options = options,
    .parse = parse,
    .run = run,
};
