#include "node/token.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/clock.h"
#include "node/entropy.h"
#include "node/file.h"
#include "node/http_text.h"

enum { FILE_BYTES_MAX = 1024, SECRET_BYTES = 32 };
static const char lead[] = "fedcat_", suffix[] = ".token";

static struct fc_hash hash_of(struct fc_span text)
{
    return fc_hash("fedcat.token.1", text);
}

/* -- files ------------------------------------------------------------------------------------- */

static enum fc_err path_of(const struct fc_home *home, const char *name, char **path)
{
    *path = NULL;
    if (!fc_home_name_fits(name)) {
        return FC_E_ARG;
    }
    return asprintf(path, "%s/tokens/%s%s", home->path, name, suffix) < 0 ? FC_E_NOMEM : FC_OK;
}

static enum fc_err write_file(const char *path, const struct fc_token *token,
                              const struct fc_hash *hash)
{
    char scope[65], digits[65], text[FILE_BYTES_MAX];
    fc_hex(token->participant.b, 32, scope);
    fc_hex(hash->b, 32, digits);
    int len = snprintf(text, sizeof text, "fedcat-token 1\nscope %s\ncreated %llu\nhash %s\n",
                       token->any ? "any" : scope, (unsigned long long)token->created_ms, digits);
    return fc_file_write(path, fc_span(text, (size_t)len), 0600, true);
}

/* FC_E_PERMISSION (all the same read), FC_E_FORMAT, FC_E_MISSING, FC_E_IO. */
static enum fc_err read_file(const char *path, struct fc_token *token, struct fc_hash *hash)
{
    struct fc_buf bytes = {0};
    struct stat status;
    char scope[65], digits[65];
    unsigned long long created;
    int used = 0;
    if (stat(path, &status) != 0) {
        return fc_file_error(errno);
    }
    enum fc_err err = fc_file_read(path, FILE_BYTES_MAX, &bytes);
    if (err == FC_OK) {
        fc_buf_append(&bytes, "", 1);
        err = fc_buf_check(&bytes);
    }
    if (err == FC_OK &&
        (sscanf((char *)bytes.data, "fedcat-token 1\nscope %64s\ncreated %llu\nhash %64s\n%n",
                scope, &created, digits, &used) != 3 ||
         used == 0 || bytes.data[used] != 0)) {
        err = FC_E_FORMAT;
    }
    fc_buf_finish(&bytes);
    if (err != FC_OK) {
        return err == FC_E_BOUND ? FC_E_FORMAT : err;
    }
    token->created_ms = created;
    token->any = strcmp(scope, "any") == 0;
    err = fc_unhex(digits, hash->b, 32);
    if (strlen(digits) != 64 || (!token->any && strlen(scope) != 64)) {
        return FC_E_FORMAT;
    }
    if (err == FC_OK && !token->any) {
        err = fc_unhex(scope, token->participant.b, 32);
    }
    return err == FC_OK && (status.st_mode & 077) ? FC_E_PERMISSION : err;
}

/* The NAME of "NAME.token"; false when the file is none. */
static bool name_of(const char *file, char name[FC_HOME_NAME_BYTES_MAX + 1])
{
    size_t len = strlen(file), end = sizeof suffix - 1;
    if (len <= end || len - end > FC_HOME_NAME_BYTES_MAX || strcmp(file + len - end, suffix) != 0) {
        return false;
    }
    memcpy(name, file, len - end);
    name[len - end] = 0;
    return fc_home_name_fits(name);
}

/* Calls back for each token with what reading it came to. */
static enum fc_err each(const struct fc_home *home, void *ctx,
                        enum fc_err (*found)(void *ctx, const struct fc_token *token,
                                             const struct fc_hash *hash, enum fc_err err))
{
    char *path = fc_home_path(home, "tokens");
    DIR *directory = path ? opendir(path) : NULL;
    free(path);
    if (!directory) {
        return !path ? FC_E_NOMEM : errno == ENOENT ? FC_OK : FC_E_IO;
    }
    enum fc_err err = FC_OK;
    unsigned count = 0;
    for (struct dirent *at = readdir(directory); at && err == FC_OK; at = readdir(directory)) {
        struct fc_token token = {.any = false};
        struct fc_hash hash = {{0}};
        if (!name_of(at->d_name, token.name)) {
            continue;
        }
        if (count++ == FC_TOKENS_MAX) {
            err = FC_E_BOUND;
            break;
        }
        err = path_of(home, token.name, &path);
        if (err == FC_OK) {
            err = found(ctx, &token, &hash, read_file(path, &token, &hash));
        }
        free(path);
    }
    closedir(directory);
    return err;
}

/* -- what is asked ----------------------------------------------------------------------------- */

static enum fc_err count_one(void *ctx, const struct fc_token *token, const struct fc_hash *hash,
                             enum fc_err err)
{
    unsigned *count = ctx;
    (void)token, (void)hash, (void)err;
    (*count)++;
    return FC_OK;
}

enum fc_err fc_token_new(const struct fc_home *home, const struct fc_token *token,
                         char text[FC_TOKEN_TEXT_BYTES])
{
    uint8_t secret[SECRET_BYTES];
    char *path = NULL, *directory = NULL;
    unsigned count = 0;
    enum fc_err err = path_of(home, token->name, &path);
    if (err == FC_OK) {
        directory = fc_home_path(home, "tokens");
        err = directory ? FC_OK : FC_E_NOMEM;
    }
    if (err == FC_OK && mkdir(directory, 0700) != 0 && errno != EEXIST) {
        err = fc_file_error(errno);
    }
    if (err == FC_OK) {
        err = each(home, &count, count_one);
    }
    if (err == FC_OK && count >= FC_TOKENS_MAX) {
        err = FC_E_BOUND;
    }
    if (err == FC_OK) {
        err = fc_entropy_fill(secret, sizeof secret);
    }
    if (err == FC_OK) {
        memcpy(text, lead, sizeof lead);
        fc_hex(secret, sizeof secret, text + sizeof lead - 1);
        struct fc_token made = *token;
        made.created_ms = made.created_ms ? made.created_ms : fc_clock_wall_ms();
        struct fc_hash hash = hash_of(fc_span_str(text));
        err = write_file(path, &made, &hash);
    }
    fc_wipe(secret, sizeof secret);
    free(directory);
    free(path);
    return err;
}

enum fc_err fc_token_revoke(const struct fc_home *home, const char *name)
{
    char *path = NULL;
    enum fc_err err = path_of(home, name, &path);
    if (err == FC_OK && unlink(path) != 0) {
        err = fc_file_error(errno);
    }
    if (err == FC_OK) {
        err = fc_file_sync_directory(path);
    }
    free(path);
    return err;
}

struct listing {
    struct fc_token *tokens;
    size_t count;
};

static enum fc_err list_one(void *ctx, const struct fc_token *token, const struct fc_hash *hash,
                            enum fc_err err)
{
    struct listing *listing = ctx;
    (void)hash;
    if (err == FC_E_MISSING) {
        return FC_OK; /* revoked meanwhile */
    }
    struct fc_token *grown =
        realloc(listing->tokens, (listing->count + 1) * sizeof *listing->tokens);
    if (!grown) {
        return FC_E_NOMEM;
    }
    listing->tokens = grown;
    grown[listing->count] = *token;
    grown[listing->count++].fault = err;
    return FC_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct fc_token *)a)->name, ((const struct fc_token *)b)->name);
}

enum fc_err fc_token_list(const struct fc_home *home, struct fc_token **tokens, size_t *count)
{
    struct listing listing = {.tokens = NULL};
    enum fc_err err = each(home, &listing, list_one);
    if (err != FC_OK) {
        free(listing.tokens);
        listing = (struct listing){0};
    }
    if (listing.count > 1) {
        qsort(listing.tokens, listing.count, sizeof *listing.tokens, by_name);
    }
    *tokens = listing.tokens;
    *count = listing.count;
    return err;
}

struct checking {
    struct fc_hash hash;
    struct fc_token *token;
    enum fc_err err;
};

/* All are compared, so that the time tells nothing of which one it was. */
static enum fc_err check_one(void *ctx, const struct fc_token *token, const struct fc_hash *hash,
                             enum fc_err err)
{
    struct checking *checking = ctx;
    bool same = fc_equal_quietly(fc_span(hash->b, 32), fc_span(checking->hash.b, 32));
    if ((err == FC_OK || err == FC_E_PERMISSION) && same && checking->err != FC_OK) {
        *checking->token = *token;
        checking->err = err;
    }
    return FC_OK;
}

enum fc_err fc_token_check(const struct fc_home *home, struct fc_span text, struct fc_token *token)
{
    struct checking checking = {.hash = hash_of(text), .token = token, .err = FC_E_DENIED};
    *token = (struct fc_token){.any = false};
    if (text.len != sizeof lead - 1 + 2 * SECRET_BYTES) {
        return FC_E_DENIED;
    }
    enum fc_err err = each(home, &checking, check_one);
    return err == FC_OK ? checking.err : err;
}
