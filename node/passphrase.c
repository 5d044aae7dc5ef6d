#include "node/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "node/entropy.h"
#include "node/file.h"

enum { PASSPHRASE_BYTES_MAX = 1024 };

void fc_passphrase_wipe(struct fc_buf *passphrase)
{
    if (passphrase->data) {
        fc_wipe(passphrase->data, passphrase->cap);
    }
    fc_buf_finish(passphrase);
}

static enum fc_err from_file(const char *path, struct fc_buf *out)
{
    struct stat stat_buf;
    /* A pipe (<(...), /dev/fd) has no permissions worth asking about. */
    if (stat(path, &stat_buf) == 0 && S_ISREG(stat_buf.st_mode) && (stat_buf.st_mode & 077) != 0) {
        return FC_E_PERMISSION;
    }
    enum fc_err err = fc_file_read(path, PASSPHRASE_BYTES_MAX, out);
    const uint8_t *end = err == FC_OK && out->len ? memchr(out->data, '\n', out->len) : NULL;
    if (end) {
        out->len = (size_t)(end - out->data);
    }
    return err;
}

/* One line from the terminal with echo off. */
static enum fc_err ask(int tty, const char *prompt, struct fc_buf *out)
{
    struct termios before, silent;
    if (tcgetattr(tty, &before) != 0) {
        return FC_E_PASSPHRASE;
    }
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    silent.c_lflag |= ECHONL;
    enum fc_err err = fc_file_write_all(tty, fc_span_str(prompt));
    if (err != FC_OK || tcsetattr(tty, TCSAFLUSH, &silent) != 0) {
        return FC_E_IO;
    }
    char line[PASSPHRASE_BYTES_MAX];
    ssize_t got = read(tty, line, sizeof line);
    if (tcsetattr(tty, TCSAFLUSH, &before) != 0 || got < 0) {
        err = FC_E_IO;
    }
    if (err == FC_OK) {
        size_t len = got > 0 && line[got - 1] == '\n' ? (size_t)got - 1 : (size_t)got;
        fc_buf_append(out, line, len);
        err = fc_buf_check(out);
    }
    fc_wipe(line, sizeof line);
    return err;
}

static enum fc_err from_terminal(const char *prompt, bool confirm, struct fc_buf *out)
{
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0) {
        return FC_E_PASSPHRASE;
    }
    struct fc_buf again = {0};
    enum fc_err err = ask(tty, prompt, out);
    if (err == FC_OK && confirm) {
        err = ask(tty, "The same again: ", &again);
        if (err == FC_OK && !fc_span_eq(fc_buf_span(out), fc_buf_span(&again))) {
            err = FC_E_PASSPHRASE;
        }
    }
    fc_passphrase_wipe(&again);
    close(tty);
    return err;
}

enum fc_err fc_passphrase_get(const struct fc_cli *cli, const char *prompt, bool confirm,
                              struct fc_buf *out)
{
    enum fc_err err = cli->passphrase_file ? from_file(cli->passphrase_file, out)
                                           : from_terminal(prompt, confirm, out);
    return err == FC_OK && out->len == 0 ? FC_E_PASSPHRASE : err;
}

static void set(enum fc_exit *status, enum fc_exit value)
{
    if (status) {
        *status = value;
    }
}

static enum fc_exit explain(struct fc_cli *cli, enum fc_err err, const char *path)
{
    if (err == FC_E_PERMISSION) {
        fc_cli_warn(cli,
                    "%s: refused: it must belong to you and be readable by nobody else "
                    "(chmod 600)",
                    path);
        return FC_EXIT_FAILED;
    }
    if (err == FC_E_PASSPHRASE && !cli->passphrase_file) {
        fc_cli_warn(cli,
                    "%s: wrong or missing passphrase (without a terminal, give it with "
                    "--passphrase-file)",
                    path);
        return FC_EXIT_FAILED;
    }
    return fc_cli_fail(cli, err, "%s", path);
}

enum fc_err fc_passphrase_open_key(struct fc_cli *cli, const char *path, struct fc_keyfile *key,
                                   enum fc_exit *status)
{
    struct fc_buf passphrase = {0};
    enum fc_err err = fc_keyfile_read(path, key);
    if (err == FC_OK && key->sealed) {
        char *prompt = NULL;
        if (asprintf(&prompt, "Passphrase for %s: ", path) < 0) {
            prompt = NULL;
            err = FC_E_NOMEM;
        } else {
            err = fc_passphrase_get(cli, prompt, false, &passphrase);
        }
        free(prompt);
    }
    if (err == FC_OK) {
        err = fc_keyfile_open(path, fc_buf_span(&passphrase), key);
    }
    fc_passphrase_wipe(&passphrase);
    if (err != FC_OK) {
        set(status, explain(cli, err, path));
    }
    return err;
}

enum fc_err fc_passphrase_create_key(struct fc_cli *cli, const char *path, enum fc_key_kind kind,
                                     bool sealed, struct fc_key *public_key, enum fc_exit *status)
{
    struct fc_buf passphrase = {0};
    uint8_t seed[32];
    enum fc_err err = FC_OK;
    if (access(path, F_OK) == 0) {
        err = FC_E_KNOWN;
    }
    if (err == FC_OK && sealed) {
        err = fc_passphrase_get(cli, "A new passphrase for the key: ", true, &passphrase);
    }
    if (err == FC_OK) {
        err = fc_entropy_fill(seed, sizeof seed);
    }
    if (err == FC_OK) {
        err = fc_keyfile_create(path, kind, seed, fc_buf_span(&passphrase), public_key);
    }
    fc_wipe(seed, sizeof seed);
    fc_passphrase_wipe(&passphrase);
    if (err == FC_E_KNOWN) {
        fc_cli_warn(cli, "%s: there is a key already; it is left as it is", path);
        set(status, FC_EXIT_FAILED);
    } else if (err != FC_OK) {
        set(status, explain(cli, err, path));
    }
    return err;
}
