/* `backup` and `restore`. Keys and counters are in neither: a restored node never forks itself. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/client.h"
#include "node/clock.h"
#include "node/commands.h"
#include "node/entropy.h"
#include "node/file.h"
#include "node/socket.h"
#include "store/kv_lmdb.h"

static const char *const plain_files[] = {"fedcat.yaml", "bootstrap.json"};
enum { PLAIN_FILES = 2, PLAIN_BYTES_MAX = 4 * 1024 * 1024 };

struct input {
    const char *path;
    bool force;
};

static error_t parse_path(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case 'f':
        input->force = true;
        return 0;
    case ARGP_KEY_ARG:
        return fc_cli_argument(state, arg, (const char **[]){&input->path}, 1);
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "name a directory");
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static char *below(const char *directory, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

static enum fc_err copy_plain(const char *from_directory, const char *to_directory,
                              const char *name, bool keep)
{
    struct fc_buf bytes = {0};
    char *from = below(from_directory, name), *to = below(to_directory, name);
    enum fc_err err = from && to ? FC_OK : FC_E_NOMEM;
    if (err == FC_OK) {
        err = fc_file_read(from, PLAIN_BYTES_MAX, &bytes);
    }
    if (err == FC_OK) {
        err = fc_file_write(to, fc_buf_span(&bytes), 0600, keep);
    }
    free(from);
    free(to);
    fc_buf_finish(&bytes);
    return err == FC_E_MISSING || err == FC_E_KNOWN ? FC_OK : err;
}

static enum fc_exit backup(struct fc_cli *cli, struct fc_client *client, const char *path)
{
    if (mkdir(path, 0700) != 0) {
        return fc_cli_fail(cli, fc_file_error(errno), "%s", path);
    }
    char *full = realpath(path, NULL), *store = full ? below(full, "store") : NULL;
    struct fc_buf arguments = {0};
    enum fc_err err = store ? FC_OK : FC_E_NOMEM;
    if (err == FC_OK) {
        fc_pack_array(&arguments, 1);
        fc_pack_str(&arguments, fc_span_str(store));
        err = fc_buf_check(&arguments);
    }
    if (err == FC_OK) {
        err = fc_client_call(client, FC_VERB_BACKUP, fc_buf_span(&arguments), NULL);
    }
    enum fc_exit status =
        err == FC_OK ? FC_EXIT_OK : fc_client_fail(cli, client, err, "backup of the store");
    for (size_t i = 0; i < PLAIN_FILES && err == FC_OK; i++) {
        err = copy_plain(cli->home.path, full, plain_files[i], false);
        status = err == FC_OK ? FC_EXIT_OK : fc_cli_fail(cli, err, "%s", plain_files[i]);
    }
    if (err == FC_OK) {
        fc_cli_note(cli, "%s: the store and the configuration; keys and counters are not in it",
                    full);
    } else {
        rmdir(path); /* only when nothing went in */
    }
    fc_buf_finish(&arguments);
    free(store);
    free(full);
    return status;
}

static enum fc_exit run_backup(struct fc_cli *cli, int argc, char **argv)
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
    status = backup(cli, client, input.path);
    fc_client_close(client);
    return status;
}

const struct fc_command fc_command_backup = {
    .name = "backup",
    .family = "catalogue",
    .args = "DIR",
    .summary = "Copy the store, consistent and compacted, into a new directory",
    .help = "Also while the node runs. Keys and their counters are not copied: keep keys apart, "
            "and never copy a counter.",
    .example = "fedcat backup /srv/backup/fedcat-monday",
    .parse = parse_path,
    .run = run_backup,
};

static enum fc_err copy_large(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    enum fc_err err = in < 0 || out < 0 ? fc_file_error(errno) : FC_OK;
    static const size_t chunk_bytes = 1024 * 1024;
    uint8_t *chunk = malloc(chunk_bytes);
    ssize_t got = 1;
    while (err == FC_OK && got > 0) {
        got = chunk ? read(in, chunk, chunk_bytes) : -1;
        err = got < 0 ? FC_E_IO : fc_file_write_all(out, fc_span(chunk, (size_t)got));
    }
    if (err == FC_OK && fsync(out) != 0) {
        err = fc_file_error(errno);
    }
    free(chunk);
    if (in >= 0) {
        close(in);
    }
    if (out >= 0 && close(out) != 0 && err == FC_OK) {
        err = fc_file_error(errno);
    }
    return err;
}

/* Every plain file of one directory into another, which is made. */
static enum fc_err copy_directory(const char *from, const char *to)
{
    DIR *directory = opendir(from);
    if (!directory) {
        return fc_file_error(errno);
    }
    enum fc_err err = mkdir(to, 0700) == 0 ? FC_OK : fc_file_error(errno);
    for (struct dirent *at = readdir(directory); at && err == FC_OK; at = readdir(directory)) {
        struct stat about;
        char *source = below(from, at->d_name), *target = below(to, at->d_name);
        if (!source || !target) {
            err = FC_E_NOMEM;
        } else if (stat(source, &about) == 0 && S_ISREG(about.st_mode)) {
            err = copy_large(source, target);
        }
        free(source);
        free(target);
    }
    closedir(directory);
    return err;
}

static void remove_directory(const char *path)
{
    DIR *directory = opendir(path);
    for (struct dirent *at = directory ? readdir(directory) : NULL; at; at = readdir(directory)) {
        char *file = below(path, at->d_name);
        if (file) {
            unlink(file);
        }
        free(file);
    }
    if (directory) {
        closedir(directory);
    }
    rmdir(path);
}

/* Opens the copy, checks it page by page, and gives its arrival log a new epoch: what peers
 * remember of the old log is not true of this one. */
static enum fc_err renew(const char *path, struct fc_digest *digest)
{
    struct fc_kv_lmdb_config kv_config = {.path = path};
    struct fc_replica_config config = {.verifier = fc_verifier_plain(), .index = true};
    struct fc_replica *replica = NULL;
    enum fc_err err = fc_entropy_fill(config.seed, sizeof config.seed);
    if (err == FC_OK) {
        err = fc_kv_lmdb_open(&kv_config, &config.kv);
    }
    if (err == FC_OK) {
        err = fc_replica_open(&config, &replica);
    }
    if (err == FC_OK) {
        err = fc_kv_check(fc_replica_kv(replica));
    }
    if (err == FC_OK) {
        err = fc_kv_reserve(fc_replica_kv(replica), 4 * 1024 * 1024);
    }
    if (err == FC_OK) {
        err = fc_replica_begin(replica);
    }
    if (err == FC_OK) {
        err = fc_replica_new_epoch(replica);
        if (err == FC_OK) {
            err = fc_replica_commit(replica);
        } else {
            fc_replica_abort(replica);
        }
    }
    if (err == FC_OK) {
        err = fc_replica_digest(replica, digest);
    }
    fc_replica_close(replica);
    return err;
}

/* Puts the new store in the old one's place; the old one stays beside it under another name. */
static enum fc_err exchange(struct fc_cli *cli, const char *fresh, const char *store, bool force)
{
    rmdir(store); /* an empty one, as init makes it */
    if (access(store, F_OK) == 0) {
        char *aside = NULL;
        if (!force) {
            return FC_E_KNOWN;
        }
        if (asprintf(&aside, "%s.%" PRIu64, store, fc_clock_wall_ms()) < 0) {
            return FC_E_NOMEM;
        }
        if (rename(store, aside) != 0) {
            free(aside);
            return FC_E_IO;
        }
        fc_cli_note(cli, "the store that was here is kept as %s", aside);
        free(aside);
    }
    if (rename(fresh, store) != 0) {
        return fc_file_error(errno);
    }
    return fc_file_sync_directory(store);
}

static enum fc_exit restore(struct fc_cli *cli, const struct input *input)
{
    struct fc_digest digest = {0};
    char *from = below(input->path, "store"), *fresh = fc_home_path(&cli->home, "store.restore");
    char *store = fc_home_path(&cli->home, "store");
    enum fc_err err = from && fresh && store ? fc_home_create(&cli->home) : FC_E_NOMEM;
    if (err == FC_OK) {
        remove_directory(fresh); /* of an attempt that was cut off */
        err = copy_directory(from, fresh);
    }
    if (err == FC_OK) {
        err = renew(fresh, &digest);
    }
    if (err == FC_OK) {
        err = exchange(cli, fresh, store, input->force);
    }
    for (size_t i = 0; i < PLAIN_FILES && err == FC_OK; i++) {
        err = copy_plain(input->path, cli->home.path, plain_files[i], true);
    }
    enum fc_exit status = FC_EXIT_OK;
    if (err == FC_E_KNOWN) {
        fc_cli_warn(cli, "%s: there is a store already; --force puts it aside", store);
        status = FC_EXIT_FAILED;
    } else if (err != FC_OK) {
        status = fc_cli_fail(cli, err, "%s", input->path);
    } else {
        fc_cli_note(cli,
                    "restored: %" PRIu64 " entries of %" PRIu64 " feeds. What is newer comes from "
                    "peers; a feed key that lost its counter is replaced with fedcat recover.",
                    digest.entries, digest.feeds);
    }
    if (err != FC_OK && fresh) {
        remove_directory(fresh);
    }
    free(from);
    free(fresh);
    free(store);
    return status;
}

static enum fc_exit run_restore(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {0};
    int fd = -1;
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK) {
        return status;
    }
    char *path = fc_home_path(&cli->home, "fedcat.sock");
    if (path && fc_socket_connect(path, &fd) == FC_OK) {
        close(fd);
        fc_cli_warn(cli, "%s: a node runs here; stop it first", cli->home.path);
        status = FC_EXIT_BUSY;
    } else {
        status = restore(cli, &input);
    }
    free(path);
    return status;
}

static const struct argp_option restore_options[] = {
    {"force", 'f', NULL, 0, "Put a store that is here already aside", 0}, {0}};

const struct fc_command fc_command_restore = {
    .name = "restore",
    .family = "catalogue",
    .args = "DIR",
    .summary = "Bring a store back from a backup",
    .help = "The arrival log gets a new epoch, so that peers do not take the restored node for "
            "the one they knew. A feed key whose counter is still here goes on where it was, once "
            "the node has caught up; one without its counter cannot sign.",
    .example = "fedcat restore /srv/backup/fedcat-monday",
    .options = restore_options,
    .parse = parse_path,
    .run = run_restore,
};
