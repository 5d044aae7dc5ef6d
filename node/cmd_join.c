/* `join` takes a node into a federation's reach; `bootstrap` writes what others join with. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/bootfile.h"
#include "node/client.h"
#include "node/commands.h"
#include "node/entropy.h"
#include "node/file.h"
#include "node/socket.h"
#include "store/kv_lmdb.h"

static error_t parse_join(int key, char *arg, struct argp_state *state)
{
    const char **source = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        return fc_cli_argument(state, arg, (const char **[]){source}, 1);
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "name a bootstrap file, a charter file, or an endpoint");
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static enum fc_err read_source(struct fc_cli *cli, const char *source, struct fc_bootfile *out)
{
    struct fc_buf bytes = {0};
    char fault[200] = "";
    *out = (struct fc_bootfile){0};
    enum fc_err err;
    if (strncmp(source, "tcp://", 6) == 0) {
        err = fc_bootfile_from_endpoint(source, out);
        if (err != FC_OK) {
            fc_cli_warn(cli, "an endpoint to join by is tcp://HOST:PORT#NODE-KEY@FEDERATION-ID");
            cli->status = FC_EXIT_USAGE;
        }
        return err;
    }
    err = fc_file_read(source, FC_BOOTFILE_BYTES_MAX, &bytes);
    if (err == FC_OK) {
        err = fc_bootfile_parse(fc_buf_span(&bytes), out, fault, sizeof fault);
    }
    fc_buf_finish(&bytes);
    if (fault[0]) {
        fc_cli_warn(cli, "%s: %s", source, fault);
        cli->status = fc_cli_exit(err);
    } else if (err != FC_OK) {
        fc_cli_fail(cli, err, "%s", source);
    }
    return err;
}

static enum fc_err add_charter(struct fc_replica *replica, struct fc_span charter)
{
    enum fc_err err = fc_replica_begin(replica);
    if (err != FC_OK) {
        return err;
    }
    err = fc_replica_add_record(replica, charter);
    if (err == FC_OK) {
        return fc_replica_commit(replica);
    }
    fc_replica_abort(replica);
    return err == FC_E_KNOWN || err == FC_E_STALE ? FC_OK : err;
}

/* Opens the store or makes it for that federation, and puts the charter in. */
static enum fc_err make_store(struct fc_cli *cli, const char *source,
                              const struct fc_bootfile *boot)
{
    char *path = fc_home_path(&cli->home, "store");
    struct fc_kv_lmdb_config kv_config = {.path = path, .create = true};
    struct fc_replica_config config = {.verifier = fc_verifier_plain(),
                                       .federation = boot->federation,
                                       .create = true,
                                       .index = true};
    struct fc_replica *replica = NULL;
    enum fc_err err = path ? fc_entropy_fill(config.seed, sizeof config.seed) : FC_E_NOMEM;
    if (err == FC_OK) {
        err = fc_kv_lmdb_open(&kv_config, &config.kv);
    }
    if (err == FC_OK) {
        err = fc_replica_open(&config, &replica);
    }
    if (err == FC_OK && boot->charter.len > 0) {
        err = add_charter(replica, fc_buf_span(&boot->charter));
    }
    fc_replica_close(replica);
    free(path);
    if (err == FC_E_FEDERATION) {
        fc_cli_warn(cli, "%s: this node is of another federation already; a node is of one",
                    cli->home.path);
        cli->status = FC_EXIT_REFUSED;
    } else if (err == FC_E_QUORUM) {
        fc_cli_warn(cli,
                    "%s: not enough valid signatures of governors: more of them sign it with "
                    "fedcat charter sign",
                    source);
        cli->status = FC_EXIT_REFUSED;
    } else if (err != FC_OK) {
        fc_cli_fail(cli, err, "%s/store", cli->home.path);
    }
    return err;
}

static enum fc_exit join(struct fc_cli *cli, const char *source)
{
    struct fc_bootfile boot;
    int fd = -1;
    char *socket_path = fc_home_path(&cli->home, "fedcat.sock");
    if (socket_path && fc_socket_connect(socket_path, &fd) == FC_OK) {
        close(fd);
        free(socket_path);
        fc_cli_warn(cli, "%s: a node runs here; stop it first", cli->home.path);
        return FC_EXIT_BUSY;
    }
    free(socket_path);
    if (read_source(cli, source, &boot) != FC_OK) {
        return cli->status;
    }
    enum fc_err err = make_store(cli, source, &boot);
    enum fc_exit status = cli->status;
    if (err == FC_OK) {
        err = fc_bootfile_save(&cli->home, &boot);
        status =
            err == FC_OK ? FC_EXIT_OK : fc_cli_fail(cli, err, "%s/bootstrap.json", cli->home.path);
    }
    if (err == FC_OK && cli->json) {
        struct fc_json *json = fc_json_create();
        fc_json_object(json, NULL);
        fc_json_hash(json, "federation", &boot.federation);
        fc_json_uint(json, "nodes", boot.node_count);
        fc_json_bool(json, "charter", boot.charter.len > 0);
        fc_json_end(json);
        status = fc_cli_print_json(cli, json);
    } else if (err == FC_OK) {
        char hex[65];
        fc_hex(boot.federation.b, 32, hex);
        printf("federation %s\n", hex);
        fc_cli_note(cli,
                    boot.node_count ? "%u nodes to dial; members' nodes let this one in once "
                                      "governors have admitted its operator (fedcat apply)"
                                    : "%u nodes to dial: this is the first, or others dial in",
                    boot.node_count);
    }
    fc_bootfile_finish(&boot);
    return status;
}

static enum fc_exit run_join(struct fc_cli *cli, int argc, char **argv)
{
    const char *source = NULL;
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &source);
    if (status != FC_EXIT_OK) {
        return status;
    }
    if (!fc_home_exists(&cli->home)) {
        fc_cli_warn(cli, "%s: no node here yet; fedcat init makes one", cli->home.path);
        return FC_EXIT_MISSING;
    }
    return join(cli, source);
}

const struct fc_command fc_command_join = {
    .name = "join",
    .family = "life",
    .args = "FILE|ENDPOINT",
    .summary = "Take this node into a federation's reach",
    .help = "FILE is a bootstrap file (fedcat bootstrap writes one) or a federation's first "
            "charter; ENDPOINT is tcp://HOST:PORT#NODE-KEY@FEDERATION-ID. Joining again adds nodes "
            "to dial.",
    .example = "fedcat join bootstrap.json",
    .parse = parse_join,
    .run = run_join,
};

static const struct argp_option bootstrap_options[] = {
    {"out", 'o', "FILE", 0, "Write it there (default: standard output)", 0}, {0}};

static error_t parse_bootstrap(int key, char *arg, struct argp_state *state)
{
    const char **out = state->input;
    if (key == 'o') {
        *out = arg;
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static enum fc_err read_bootstrap(struct fc_span body, struct fc_bootfile *boot)
{
    struct fc_unpack in;
    enum fc_err err = FC_OK;
    fc_unpack_init(&in, body);
    fc_unpack_array(&in, 3, 3);
    boot->federation = fc_message_get_hash(&in);
    uint32_t nodes = fc_unpack_array(&in, 0, FC_BOOTFILE_NODES_MAX);
    for (uint32_t i = 0; i < nodes && in.err == FC_OK && err == FC_OK; i++) {
        struct fc_key key;
        fc_unpack_array(&in, 2, 2);
        fc_unpack_fixed(&in, key.b, sizeof key.b);
        uint32_t endpoints = fc_unpack_array(&in, 0, FC_ENDPOINTS_MAX);
        for (uint32_t j = 0; j < endpoints && in.err == FC_OK && err == FC_OK; j++) {
            err = fc_bootfile_add(boot, &key, fc_unpack_str(&in, FC_TEXT_BYTES_MAX));
        }
    }
    uint32_t records = fc_unpack_array(&in, 0, 1);
    if (records == 1) {
        struct fc_span charter = fc_unpack_bin(&in, FC_RECORD_BYTES_MAX);
        fc_buf_append(&boot->charter, charter.data, charter.len);
    }
    if (err == FC_OK) {
        err = fc_unpack_end(&in);
    }
    return err == FC_OK ? fc_buf_check(&boot->charter) : err;
}

static enum fc_exit print_bootstrap(struct fc_cli *cli, const struct fc_bootfile *boot,
                                    const char *path)
{
    FILE *out = path ? fopen(path, "we") : stdout;
    if (!out) {
        return fc_cli_fail(cli, FC_E_IO, "%s", path);
    }
    enum fc_err err = fc_bootfile_print(boot, out);
    if (path && fclose(out) != 0 && err == FC_OK) {
        err = FC_E_IO;
    }
    if (boot->node_count == 0) {
        fc_cli_note(cli, "It names no node: none has an endpoint that others could dial.");
    }
    return err == FC_OK ? FC_EXIT_OK : fc_cli_fail(cli, err, "%s", path ? path : "output");
}

static enum fc_exit run_bootstrap(struct fc_cli *cli, int argc, char **argv)
{
    const char *path = NULL;
    struct fc_client *client = NULL;
    struct fc_bootfile boot = {0};
    struct fc_span body = {0};
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &path);
    if (status != FC_EXIT_OK) {
        return status;
    }
    if (fc_client_open(cli, &client) != FC_OK) {
        return cli->status;
    }
    enum fc_err err = fc_client_call(client, FC_VERB_BOOTSTRAP, fc_span(NULL, 0), &body);
    if (err == FC_OK) {
        err = read_bootstrap(body, &boot);
    }
    status = err == FC_OK ? print_bootstrap(cli, &boot, path)
                          : fc_client_fail(cli, client, err, "bootstrap");
    fc_bootfile_finish(&boot);
    fc_client_close(client);
    return status;
}

const struct fc_command fc_command_bootstrap = {
    .name = "bootstrap",
    .family = "life",
    .summary = "Write the file that new nodes join with",
    .help = "It holds the federation's id and first charter, this node's endpoints and key, and "
            "those of some others.",
    .example = "fedcat bootstrap --out bootstrap.json",
    .options = bootstrap_options,
    .parse = parse_bootstrap,
    .run = run_bootstrap,
};
