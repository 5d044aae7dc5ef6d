#include "node/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/counter.h"
#include "node/entropy.h"
#include "node/file.h"

enum { FILE_BYTES_MAX = 4096, SECRET_BYTES = 32 };

const char *fc_key_kind_name(enum fc_key_kind kind)
{
    switch (kind) {
    case FC_KEY_NODE:
        return "node";
    case FC_KEY_FEED:
        return "feed";
    case FC_KEY_RECOVERY:
        return "recovery";
    case FC_KEY_GOVERNOR:
        return "governor";
    }
    return NULL;
}

static void derive(struct fc_keyfile *key, const uint8_t seed[SECRET_BYTES], struct fc_key *pub)
{
    if (key->kind == FC_KEY_NODE) {
        fc_box_key_from_seed(seed, &key->box, pub);
    } else {
        fc_sign_key_from_seed(seed, &key->sign, pub);
    }
}

static void append_hex(struct fc_buf *out, const char *word, struct fc_span bytes)
{
    fc_buf_append(out, word, strlen(word));
    char pair[3];
    for (size_t i = 0; i < bytes.len; i++) {
        fc_hex(bytes.data + i, 1, pair);
        fc_buf_append(out, pair, 2);
    }
    fc_buf_append(out, "\n", 1);
}

static enum fc_err write_text(enum fc_key_kind kind, const struct fc_key *pub,
                              const uint8_t seed[SECRET_BYTES], struct fc_span passphrase,
                              struct fc_buf *out)
{
    const char *name = fc_key_kind_name(kind);
    fc_buf_append(out, "fedcat-key 1\nkind ", 18);
    fc_buf_append(out, name, strlen(name));
    append_hex(out, "\npublic ", fc_span(pub->b, sizeof pub->b));
    if (passphrase.len == 0) {
        append_hex(out, "secret ", fc_span(seed, SECRET_BYTES));
        return fc_buf_check(out);
    }
    uint8_t fresh[40]; /* salt and nonce */
    enum fc_err err = fc_entropy_fill(fresh, sizeof fresh);
    struct fc_buf sealed = {0};
    if (err == FC_OK) {
        err = fc_seal(passphrase, fresh, fresh + 16, fc_span(seed, SECRET_BYTES), &sealed);
    }
    if (err == FC_OK) {
        append_hex(out, "sealed ", fc_buf_span(&sealed));
        err = fc_buf_check(out);
    }
    fc_buf_finish(&sealed);
    return err;
}

static void wipe_buf(struct fc_buf *buf)
{
    if (buf->data) {
        fc_wipe(buf->data, buf->cap);
    }
    fc_buf_finish(buf);
}

enum fc_err fc_keyfile_create(const char *path, enum fc_key_kind kind, const uint8_t seed[32],
                              struct fc_span passphrase, struct fc_key *public_key)
{
    struct fc_keyfile key = {.kind = kind};
    struct fc_buf text = {0};
    derive(&key, seed, &key.public_key);
    enum fc_err err = write_text(kind, &key.public_key, seed, passphrase, &text);
    if (err == FC_OK) {
        err = fc_file_write(path, fc_buf_span(&text), 0600, true);
    }
    /* The key first: a counter that outlives a lost key does no harm, and a second attempt that
     * finds the key also finds that it was never given out. */
    if (err == FC_OK && kind == FC_KEY_FEED) {
        err = fc_counter_create(path, &key.public_key);
        if (err != FC_OK) {
            unlink(path);
        }
    }
    if (err == FC_OK) {
        *public_key = key.public_key;
    }
    wipe_buf(&text);
    fc_keyfile_wipe(&key);
    return err;
}

/* The rest of the line after "word "; advances past it. */
static bool take_line(struct fc_span *text, const char *word, struct fc_span *rest)
{
    size_t len = strlen(word);
    const uint8_t *end = text->len ? memchr(text->data, '\n', text->len) : NULL;
    if (!end || (size_t)(end - text->data) <= len || memcmp(text->data, word, len) != 0 ||
        text->data[len] != ' ') {
        return false;
    }
    *rest = fc_span(text->data + len + 1, (size_t)(end - text->data) - len - 1);
    *text = fc_span(end + 1, text->len - (size_t)(end + 1 - text->data));
    return true;
}

static enum fc_err unhex_span(struct fc_span digits, uint8_t *out, size_t len)
{
    char text[FILE_BYTES_MAX + 1];
    if (digits.len != 2 * len || digits.len > FILE_BYTES_MAX) {
        return FC_E_FORMAT;
    }
    memcpy(text, digits.data, digits.len);
    text[digits.len] = 0;
    enum fc_err err = fc_unhex(text, out, len);
    fc_wipe(text, sizeof text);
    return err;
}

static bool parse_kind(struct fc_span name, enum fc_key_kind *kind)
{
    for (int i = FC_KEY_NODE; i <= FC_KEY_GOVERNOR; i++) {
        if (fc_span_eq(name, fc_span_str(fc_key_kind_name((enum fc_key_kind)i)))) {
            *kind = (enum fc_key_kind)i;
            return true;
        }
    }
    return false;
}

/* Seed from the last line, and a check that it belongs to the public key above it. */
static enum fc_err parse_secret(struct fc_span digits, struct fc_span passphrase,
                                struct fc_keyfile *out)
{
    uint8_t raw[FILE_BYTES_MAX / 2];
    size_t len = digits.len / 2;
    struct fc_buf seed = {0};
    enum fc_err err = unhex_span(digits, raw, len);
    if (err == FC_OK && out->sealed) {
        err = passphrase.len ? fc_unseal(passphrase, fc_span(raw, len), &seed) : FC_E_PASSPHRASE;
    } else if (err == FC_OK) {
        fc_buf_append(&seed, raw, len);
        err = fc_buf_check(&seed);
    }
    if (err == FC_OK && seed.len != SECRET_BYTES) {
        err = FC_E_FORMAT;
    }
    if (err == FC_OK) {
        struct fc_key pub;
        derive(out, seed.data, &pub);
        out->open = fc_key_eq(&pub, &out->public_key);
        err = out->open ? FC_OK : FC_E_FORMAT;
    }
    fc_wipe(raw, sizeof raw);
    wipe_buf(&seed);
    return err;
}

enum fc_err fc_keyfile_parse(struct fc_span text, bool with_secret, struct fc_span passphrase,
                             struct fc_keyfile *out)
{
    struct fc_span version, kind, public_key, secret;
    *out = (struct fc_keyfile){0};
    if (text.len > FILE_BYTES_MAX) {
        return FC_E_BOUND;
    }
    if (!take_line(&text, "fedcat-key", &version)) {
        return FC_E_FORMAT;
    }
    if (!fc_span_eq(version, fc_span_str("1"))) {
        return FC_E_VERSION;
    }
    if (!take_line(&text, "kind", &kind) || !parse_kind(kind, &out->kind) ||
        !take_line(&text, "public", &public_key) ||
        unhex_span(public_key, out->public_key.b, sizeof out->public_key.b) != FC_OK) {
        return FC_E_FORMAT;
    }
    if (!take_line(&text, "secret", &secret)) {
        out->sealed = take_line(&text, "sealed", &secret);
        if (!out->sealed) {
            return FC_E_FORMAT;
        }
    }
    if (text.len != 0) {
        return FC_E_FORMAT;
    }
    enum fc_err err = with_secret ? parse_secret(secret, passphrase, out) : FC_OK;
    if (err != FC_OK) {
        fc_keyfile_wipe(out);
    }
    return err;
}

static enum fc_err load(const char *path, bool with_secret, struct fc_span passphrase,
                        struct fc_keyfile *out)
{
    *out = (struct fc_keyfile){0};
    struct stat stat;
    if (lstat(path, &stat) != 0) {
        return fc_file_error(errno);
    }
    if (!S_ISREG(stat.st_mode)) {
        return FC_E_FORMAT;
    }
    if ((stat.st_mode & 077) != 0 || stat.st_uid != geteuid()) {
        return FC_E_PERMISSION;
    }
    struct fc_buf text = {0};
    enum fc_err err = fc_file_read(path, FILE_BYTES_MAX, &text);
    if (err == FC_OK) {
        err = fc_keyfile_parse(fc_buf_span(&text), with_secret, passphrase, out);
    }
    wipe_buf(&text);
    return err;
}

enum fc_err fc_keyfile_read(const char *path, struct fc_keyfile *out)
{
    return load(path, false, fc_span(NULL, 0), out);
}

enum fc_err fc_keyfile_open(const char *path, struct fc_span passphrase, struct fc_keyfile *out)
{
    return load(path, true, passphrase, out);
}

void fc_keyfile_wipe(struct fc_keyfile *key)
{
    fc_wipe(&key->sign, sizeof key->sign);
    key->open = false;
}
