#include "node/counter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/file.h"
#include "store/pack.h"

/* A file: length of what follows (4, big-endian), a canonical array [format, key, serial,
 * participant, version, head hash, head record, ops, [[H(key), salt, compressed, bytes], ...]],
 * BLAKE2b-256 of the array. Bytes after that are left from a longer predecessor. */
enum {
    FORMAT = 1,
    FILE_BYTES_MAX = 16 * 1024 * 1024,
    CONTENT_FIELDS = 4,
    FIELDS = 9,
};

struct fc_counter {
    struct fc_key key;
    char *path[2];
    int fd[2];
    unsigned current; /* which file holds `state` */
    struct fc_counter_state state;
    struct fc_buf bytes;         /* what the state's spans point into */
    struct fc_content *contents; /* the state's */
};

static struct fc_hash checksum(struct fc_span bytes)
{
    return fc_hash("fedcat.count.1", bytes);
}

static void write_state(const struct fc_key *key, const struct fc_counter_state *state,
                        struct fc_buf *out)
{
    size_t start = out->len;
    uint8_t *length = fc_buf_extend(out, 4);
    if (!length) {
        return;
    }
    fc_pack_array(out, FIELDS);
    fc_pack_uint(out, FORMAT);
    fc_pack_bin(out, fc_span(key->b, sizeof key->b));
    fc_pack_uint(out, state->serial);
    fc_pack_bin(out, fc_span(state->participant.b, 32));
    fc_pack_uint(out, state->version);
    fc_pack_bin(out, fc_span(state->head_hash.b, 32));
    fc_pack_bin(out, state->head_record);
    fc_pack_bin(out, state->ops);
    fc_pack_array(out, state->content_count);
    for (uint32_t i = 0; i < state->content_count; i++) {
        const struct fc_content *content = &state->contents[i];
        fc_pack_array(out, CONTENT_FIELDS);
        fc_pack_bin(out, fc_span(content->key_hash.b, 32));
        fc_pack_bin(out, fc_span(content->salt, FC_SALT_BYTES));
        fc_pack_uint(out, content->compressed);
        fc_pack_bin(out, content->bytes);
    }
    if (out->failed) {
        return;
    }
    fc_put_be32(out->data + start, (uint32_t)(out->len - start - 4));
    struct fc_hash sum = checksum(fc_span(out->data + start + 4, out->len - start - 4));
    fc_buf_append(out, sum.b, sizeof sum.b);
}

static enum fc_err parse_contents(struct fc_unpack *in, struct fc_counter_state *state,
                                  struct fc_content **contents)
{
    /* The header's count was held against the bytes that are left, so it bounds the memory. */
    state->content_count = fc_unpack_array(in, 0, FC_OPS_MAX);
    *contents = calloc(state->content_count ? state->content_count : 1, sizeof **contents);
    if (!*contents) {
        return FC_E_NOMEM;
    }
    state->contents = *contents;
    for (uint32_t i = 0; i < state->content_count && in->err == FC_OK; i++) {
        struct fc_content *content = &(*contents)[i];
        fc_unpack_array(in, CONTENT_FIELDS, CONTENT_FIELDS);
        fc_unpack_fixed(in, content->key_hash.b, 32);
        fc_unpack_fixed(in, content->salt, FC_SALT_BYTES);
        content->compressed = fc_unpack_uint(in, 1) == 1;
        content->bytes = fc_unpack_bin(in, FC_CONTENT_BYTES_MAX + 1024);
    }
    return FC_OK;
}

enum fc_err fc_counter_parse(struct fc_span bytes, const struct fc_key *key,
                             struct fc_counter_state *state, struct fc_content **contents)
{
    *state = (struct fc_counter_state){0};
    *contents = NULL;
    if (bytes.len < 36 || fc_get_be32(bytes.data) > bytes.len - 36) {
        return FC_E_FORMAT;
    }
    struct fc_span body = fc_span(bytes.data + 4, fc_get_be32(bytes.data));
    struct fc_hash sum = checksum(body);
    if (memcmp(sum.b, body.data + body.len, sizeof sum.b) != 0) {
        return FC_E_FORMAT;
    }
    struct fc_unpack in;
    struct fc_key owner;
    fc_unpack_init(&in, body);
    fc_unpack_array(&in, FIELDS, FIELDS);
    if (fc_unpack_uint(&in, UINT64_MAX) != FORMAT) {
        fc_unpack_fail(&in, FC_E_FORMAT);
    }
    fc_unpack_fixed(&in, owner.b, sizeof owner.b);
    state->serial = fc_unpack_uint(&in, UINT64_MAX - 1);
    fc_unpack_fixed(&in, state->participant.b, 32);
    state->version = fc_unpack_uint(&in, UINT64_MAX);
    fc_unpack_fixed(&in, state->head_hash.b, 32);
    state->head_record = fc_unpack_bin(&in, FC_RECORD_BYTES_MAX);
    state->ops = fc_unpack_bin(&in, FC_OPS_BYTES_MAX);
    enum fc_err err = parse_contents(&in, state, contents);
    if (err == FC_OK) {
        err = fc_unpack_end(&in);
    }
    if (err == FC_OK && !fc_key_eq(&owner, key)) {
        err = FC_E_FORMAT;
    }
    return err;
}

static char *counter_path(const char *key_path, unsigned which)
{
    char *path = NULL;
    return asprintf(&path, "%s.count%u", key_path, which) < 0 ? NULL : path;
}

enum fc_err fc_counter_create(const char *key_path, const struct fc_key *key)
{
    struct fc_counter_state zero = {0};
    struct fc_buf bytes = {0};
    char *path = counter_path(key_path, 0), *other = counter_path(key_path, 1);
    enum fc_err err = path && other ? FC_OK : FC_E_NOMEM;
    if (err == FC_OK && access(other, F_OK) == 0) {
        err = FC_E_KNOWN;
    }
    write_state(key, &zero, &bytes);
    if (err == FC_OK) {
        err = fc_buf_check(&bytes);
    }
    if (err == FC_OK) {
        err = fc_file_write(path, fc_buf_span(&bytes), 0600, true);
    }
    fc_buf_finish(&bytes);
    free(path);
    free(other);
    return err;
}

static enum fc_err open_files(struct fc_counter *counter)
{
    for (unsigned i = 0; i < 2; i++) {
        counter->fd[i] = open(counter->path[i], O_RDWR | O_CLOEXEC);
        if (counter->fd[i] < 0 && errno != ENOENT) {
            return FC_E_IO;
        }
    }
    if (counter->fd[0] < 0) {
        return FC_E_COUNTER; /* made with the key: without it, this is a copy of the key */
    }
    if (flock(counter->fd[0], LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK ? FC_E_LOCKED : FC_E_IO;
    }
    return FC_OK;
}

/* The state with what it points into, in place of the one before. */
static void take(struct fc_counter *counter, unsigned which, const struct fc_counter_state *state,
                 const struct fc_buf *bytes, struct fc_content *contents)
{
    fc_buf_finish(&counter->bytes);
    free(counter->contents);
    counter->bytes = *bytes;
    counter->contents = contents;
    counter->state = *state;
    counter->current = which;
}

/* Takes the one of the two whose serial is higher. */
static enum fc_err load(struct fc_counter *counter)
{
    bool found = false;
    enum fc_err err = FC_OK;
    for (unsigned i = 0; i < 2 && err == FC_OK; i++) {
        struct fc_buf bytes = {0};
        struct fc_content *contents = NULL;
        struct fc_counter_state state;
        if (counter->fd[i] < 0) {
            continue;
        }
        err = fc_file_read(counter->path[i], FILE_BYTES_MAX, &bytes);
        if (err == FC_OK) {
            err = fc_counter_parse(fc_buf_span(&bytes), &counter->key, &state, &contents);
        }
        if (err == FC_OK && (!found || state.serial > counter->state.serial)) {
            take(counter, i, &state, &bytes, contents);
            found = true;
            continue;
        }
        free(contents);
        fc_buf_finish(&bytes);
        err = err == FC_E_FORMAT ? FC_OK : err; /* a write that was cut off */
    }
    return err != FC_OK ? err : found ? FC_OK : FC_E_COUNTER;
}

enum fc_err fc_counter_open(const char *key_path, const struct fc_key *key, struct fc_counter **out)
{
    *out = NULL;
    struct fc_counter *counter = calloc(1, sizeof *counter);
    if (!counter) {
        return FC_E_NOMEM;
    }
    counter->key = *key;
    counter->fd[0] = counter->fd[1] = -1;
    counter->path[0] = counter_path(key_path, 0);
    counter->path[1] = counter_path(key_path, 1);
    enum fc_err err = counter->path[0] && counter->path[1] ? FC_OK : FC_E_NOMEM;
    if (err == FC_OK) {
        err = open_files(counter);
    }
    if (err == FC_OK) {
        err = load(counter);
    }
    if (err != FC_OK) {
        fc_counter_close(counter);
        return err;
    }
    *out = counter;
    return FC_OK;
}

void fc_counter_close(struct fc_counter *counter)
{
    if (!counter) {
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        if (counter->fd[i] >= 0) {
            close(counter->fd[i]);
        }
        free(counter->path[i]);
    }
    fc_buf_finish(&counter->bytes);
    free(counter->contents);
    free(counter);
}

const struct fc_counter_state *fc_counter_state(const struct fc_counter *counter)
{
    return &counter->state;
}

enum fc_err fc_counter_check(const struct fc_counter *counter, const struct fc_head *head)
{
    const struct fc_counter_state *last = &counter->state;
    if (last->serial == 0) {
        return fc_hash_is_zero(&head->previous) ? FC_OK : FC_E_COUNTER;
    }
    if (!fc_hash_eq(&last->participant, &head->participant)) {
        return FC_E_COUNTER;
    }
    if (fc_version_incarnation(head->version) > fc_version_incarnation(last->version)) {
        return fc_hash_is_zero(&head->previous) ? FC_OK : FC_E_COUNTER;
    }
    bool follows =
        head->version == last->version + 1 && fc_hash_eq(&head->previous, &last->head_hash);
    return follows ? FC_OK : FC_E_COUNTER;
}

/* In place and never shorter, so that the sync has only data to write. */
static enum fc_err write_synced(struct fc_counter *counter, unsigned which, struct fc_span bytes)
{
    bool fresh = counter->fd[which] < 0;
    if (fresh) {
        counter->fd[which] = open(counter->path[which], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (counter->fd[which] < 0) {
            return fc_file_error(errno);
        }
    }
    if (lseek(counter->fd[which], 0, SEEK_SET) != 0) {
        return FC_E_IO;
    }
    enum fc_err err = fc_file_write_all(counter->fd[which], bytes);
    if (err == FC_OK && fdatasync(counter->fd[which]) != 0) {
        err = fc_file_error(errno);
    }
    if (err == FC_OK && fresh) {
        err = fc_file_sync_directory(counter->path[which]);
    }
    return err;
}

enum fc_err fc_counter_advance(struct fc_counter *counter, struct fc_span head_record,
                               struct fc_span ops, const struct fc_content *contents,
                               uint32_t count)
{
    struct fc_record record;
    struct fc_head head;
    if (fc_record_parse(head_record, &record) != FC_OK || record.type != FC_RECORD_HEAD ||
        fc_head_parse(&record, &head) != FC_OK || !fc_record_signed_by(&record, &counter->key)) {
        return FC_E_FORMAT;
    }
    enum fc_err err = fc_counter_check(counter, &head);
    if (err != FC_OK) {
        return err;
    }
    struct fc_counter_state next = {
        .serial = counter->state.serial + 1,
        .participant = head.participant,
        .version = head.version,
        .head_hash = record.hash,
        .head_record = head_record,
        .ops = ops,
        .contents = contents,
        .content_count = count,
    };
    struct fc_buf bytes = {0};
    unsigned which = 1 - counter->current;
    struct fc_content *parsed = NULL;
    write_state(&counter->key, &next, &bytes);
    err = count > FC_OPS_MAX || bytes.len > FILE_BYTES_MAX ? FC_E_BOUND : fc_buf_check(&bytes);
    /* Reading back what will be written proves that it can be read after a crash. */
    struct fc_counter_state check;
    if (err == FC_OK) {
        err = fc_counter_parse(fc_buf_span(&bytes), &counter->key, &check, &parsed);
    }
    if (err == FC_OK) {
        err = write_synced(counter, which, fc_buf_span(&bytes));
    }
    if (err != FC_OK) {
        fc_buf_finish(&bytes);
        free(parsed);
        return err;
    }
    take(counter, which, &check, &bytes, parsed);
    return FC_OK;
}
