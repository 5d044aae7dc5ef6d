/* `prove` writes a proof from the replica; `check-proof` checks one without a node. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/bootfile.h"
#include "node/client.h"
#include "node/clock.h"
#include "node/commands.h"
#include "node/file.h"
#include "store/proof.h"

struct input {
    const char *key, *participant, *out; /* prove */
    const char *file, *federation, *content;
};

static const struct argp_option prove_options[] = {
    {"participant", 'p', "WHO", 0, "In this feed: an id, its first digits, or a name", 0},
    {"out", 'o', "FILE", 0, "Write the proof there (default: standard output)", 0},
    {0}};

static error_t parse_prove(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case 'p':
        input->participant = arg;
        return 0;
    case 'o':
        input->out = arg;
        return 0;
    case ARGP_KEY_ARG:
        return fc_cli_argument(state, arg, (const char **[]){&input->key}, 1);
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "name an entry's key");
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

struct owner {
    struct fc_hash id;
    unsigned count;
};

static enum fc_err keep_owner(void *ctx, const struct fc_message_entry *entry)
{
    struct owner *owner = ctx;
    owner->id = entry->participant;
    owner->count++;
    return FC_OK;
}

/* Whose feed the proof is about: named, or the only one that has the key. */
static enum fc_err find_owner(struct fc_cli *cli, struct fc_client *client,
                              const struct input *input, struct fc_hash *id)
{
    struct owner owner = {0};
    if (input->participant) {
        return fc_client_find_participant(cli, client, input->participant, id);
    }
    enum fc_err err = fc_client_find(client, NULL, fc_span_str(input->key), keep_owner, &owner);
    if (err == FC_E_MISSING) {
        fc_cli_warn(cli,
                    "%s: no feed has such an entry; to prove that one does not, name it with "
                    "--participant",
                    input->key);
        cli->status = FC_EXIT_MISSING;
    } else if (err != FC_OK) {
        fc_client_fail(cli, client, err, input->key);
    } else if (owner.count > 1) {
        fc_cli_warn(cli, "%s: several feeds have such an entry; name one with --participant",
                    input->key);
        cli->status = FC_EXIT_USAGE;
        err = FC_E_ARG;
    }
    *id = owner.id;
    return err;
}

static enum fc_exit prove(struct fc_cli *cli, struct fc_client *client, const struct input *input)
{
    struct fc_hash id;
    struct fc_buf arguments = {0};
    struct fc_span body;
    struct fc_unpack in;
    if (find_owner(cli, client, input, &id) != FC_OK) {
        return cli->status;
    }
    fc_pack_array(&arguments, 2);
    fc_message_put_hash(&arguments, &id);
    fc_pack_str(&arguments, fc_span_str(input->key));
    enum fc_err err = fc_buf_check(&arguments);
    if (err == FC_OK) {
        err = fc_client_call(client, FC_VERB_PROVE, fc_buf_span(&arguments), &body);
    }
    fc_buf_finish(&arguments);
    if (err != FC_OK) {
        return fc_client_fail(cli, client, err, input->key);
    }
    fc_unpack_init(&in, body);
    fc_unpack_array(&in, 1, 1);
    struct fc_span proof = fc_unpack_bin(&in, FC_RESPONSE_BYTES_MAX);
    err = fc_unpack_end(&in);
    if (err == FC_OK) {
        err = fc_file_write(input->out ? input->out : "-", proof, 0644, false);
    }
    if (err == FC_OK && input->out) {
        fc_cli_note(cli, "%s: %zu bytes; fedcat check-proof %s --federation ID checks it anywhere",
                    input->out, proof.len, input->out);
    }
    return err == FC_OK ? FC_EXIT_OK
                        : fc_cli_fail(cli, err, "%s", input->out ? input->out : "proof");
}

static enum fc_exit run_prove(struct fc_cli *cli, int argc, char **argv)
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
    status = prove(cli, client, &input);
    fc_client_close(client);
    return status;
}

const struct fc_command fc_command_prove = {
    .name = "prove",
    .family = "catalogue",
    .args = "KEY",
    .summary = "Write a proof that an entry is in the catalogue, or is not",
    .help = "The proof holds everything from the federation's first charter to the document. "
            "fedcat check-proof checks it without a node and without a network.",
    .example = "fedcat prove https://offers.cloud.example/compute-1 -o compute-1.proof",
    .options = prove_options,
    .parse = parse_prove,
    .run = run_prove,
};

static const struct argp_option check_options[] = {
    {"federation", 'f', "ID|FILE", 0,
     "The federation to trust: its id, or a bootstrap or charter file (default: this node's)", 0},
    {"content", 'c', "FILE", 0, "Write the proven document there", 0},
    {0}};

static error_t parse_check(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case 'f':
        input->federation = arg;
        return 0;
    case 'c':
        input->content = arg;
        return 0;
    case ARGP_KEY_ARG:
        return fc_cli_argument(state, arg, (const char **[]){&input->file}, 1);
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "name a proof's file");
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static enum fc_err find_federation(struct fc_cli *cli, const struct input *input,
                                   struct fc_hash *federation)
{
    struct fc_bootfile boot = {0};
    struct fc_buf bytes = {0};
    char fault[200] = "";
    enum fc_err err = FC_OK;
    if (input->federation && fc_cli_hash(input->federation, federation) == FC_OK) {
        return FC_OK;
    }
    if (input->federation) {
        err = fc_file_read(input->federation, FC_BOOTFILE_BYTES_MAX, &bytes);
        if (err == FC_OK) {
            err = fc_bootfile_parse(fc_buf_span(&bytes), &boot, fault, sizeof fault);
        }
    } else {
        err = fc_bootfile_load(&cli->home, &boot);
    }
    *federation = boot.federation;
    if (err != FC_OK && !input->federation) {
        fc_cli_warn(cli, "say which federation to trust: --federation ID, or a bootstrap file");
        cli->status = FC_EXIT_USAGE;
    } else if (err != FC_OK) {
        fc_cli_fail(cli, err, "%s%s%s", input->federation, fault[0] ? ": " : "", fault);
    }
    fc_bootfile_finish(&boot);
    fc_buf_finish(&bytes);
    return err;
}

static void print_proof_text(struct fc_cli *cli, const struct fc_proof *proof)
{
    char version[FC_CLI_VERSION_BYTES], time[FC_CLOCK_TEXT_BYTES];
    printf("%s%s%s  ", fc_cli_green(cli), proof->present ? "proven" : "proven absent",
           fc_cli_plain(cli));
    fc_cli_put(stdout, proof->key, FC_KEY_BYTES_MAX, false);
    printf("\n  feed of        ");
    fc_cli_put(stdout, proof->name, FC_TEXT_BYTES_MAX, false);
    printf(" (");
    fc_cli_put(stdout, proof->country, 2, false);
    printf(")\n  version        %s, signed %s\n", fc_cli_version(proof->version, version),
           fc_clock_text(proof->time_ms, time));
    if (proof->present) {
        const char *status = fc_status_name(proof->entry.status);
        printf("  status         %s, put in version %s\n", status ? status : "?",
               fc_cli_version(proof->entry.version, version));
        printf("  document       %s\n",
               proof->has_content ? "included, and matches" : "not included");
    }
    printf("  charter        ");
    fc_cli_put(stdout, proof->charter_name, FC_TEXT_BYTES_MAX, false);
    printf(", version %" PRIu64 "; certificate signed by %u governors\n", proof->charter_version,
           proof->certificate_signatures);
    if (proof->checkpoint_ms) {
        printf("  checkpoint     %s\n", fc_clock_text(proof->checkpoint_ms, time));
    }
}

static enum fc_exit print_proof(struct fc_cli *cli, const struct fc_proof *proof)
{
    char version[FC_CLI_VERSION_BYTES];
    if (!cli->json) {
        print_proof_text(cli, proof);
        return FC_EXIT_OK;
    }
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_bool(json, "valid", true);
    fc_json_bool(json, "present", proof->present);
    fc_json_span(json, "key", proof->key);
    fc_json_hash(json, "participant", &proof->participant);
    fc_json_span(json, "name", proof->name);
    fc_json_span(json, "country", proof->country);
    fc_json_span(json, "url", proof->url);
    fc_json_text(json, "version", fc_cli_version(proof->version, version));
    fc_json_time(json, "signed", proof->time_ms);
    if (proof->present) {
        fc_json_text(json, "status", fc_status_name(proof->entry.status));
        fc_json_text(json, "put_in", fc_cli_version(proof->entry.version, version));
        fc_json_span(json, "media_type", proof->entry.media_type);
    }
    fc_json_uint(json, "charter_version", proof->charter_version);
    fc_json_span(json, "charter", proof->charter_name);
    fc_json_uint(json, "governors", proof->certificate_signatures);
    fc_json_time(json, "checkpoint", proof->checkpoint_ms);
    if (proof->has_content) {
        fc_json_embed(json, "document", proof->content);
    }
    fc_json_end(json);
    return fc_cli_print_json(cli, json);
}

static enum fc_exit run_check(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {0};
    struct fc_buf bytes = {0};
    struct fc_hash federation;
    struct fc_proof proof;
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK) {
        return status;
    }
    if (find_federation(cli, &input, &federation) != FC_OK) {
        return cli->status;
    }
    enum fc_err err = fc_file_read(input.file, FC_RESPONSE_BYTES_MAX, &bytes);
    if (err != FC_OK) {
        status = fc_cli_fail(cli, err, "%s", input.file);
    } else {
        err = fc_proof_check(fc_buf_span(&bytes), &federation, fc_verifier_plain(), &proof);
        if (err != FC_OK) {
            status = fc_cli_fail(cli, err, "%s: not proven", input.file);
            status = FC_EXIT_REFUSED;
        } else {
            status = print_proof(cli, &proof);
        }
    }
    if (err == FC_OK && input.content && proof.has_content) {
        err = fc_file_write(input.content, proof.content, 0644, false);
        status = err == FC_OK ? status : fc_cli_fail(cli, err, "%s", input.content);
    }
    fc_buf_finish(&bytes);
    return status;
}

const struct fc_command fc_command_check_proof = {
    .name = "check-proof",
    .family = "catalogue",
    .args = "FILE",
    .summary = "Check a proof offline, trusting only a federation's id",
    .help = "Needs no node: signatures of governors, the participant's signature and the path to "
            "the entry are all in the file. Exit status 5 when it does not hold.",
    .example = "fedcat check-proof compute-1.proof --federation bootstrap.json",
    .options = check_options,
    .parse = parse_check,
    .run = run_check,
};
