#include "node/applications.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/file.h"

static const char suffix[] = ".fcr";

static bool is_file(const char *name)
{
    size_t len = strlen(name);
    return len == 64 + sizeof suffix - 1 && strspn(name, "0123456789abcdef") == 64 &&
           strcmp(name + 64, suffix) == 0;
}

static char *path_of(const struct fc_home *home, const char *file)
{
    char *path = NULL;
    return asprintf(&path, "%s/applications/%s", home->path, file) < 0 ? NULL : path;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_free(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
    free(names);
}

/* Sorted. A missing directory holds none. */
static enum fc_err names_read(const struct fc_home *home, char ***out, size_t *count)
{
    char *path = fc_home_path(home, "applications"), **names = NULL;
    DIR *directory = path ? opendir(path) : NULL;
    enum fc_err err = directory ? FC_OK : !path ? FC_E_NOMEM : fc_file_error(errno);
    free(path);
    *out = NULL;
    *count = 0;
    if (err != FC_OK) {
        return err == FC_E_MISSING ? FC_OK : err;
    }
    for (struct dirent *at = readdir(directory); at && err == FC_OK; at = readdir(directory)) {
        if (!is_file(at->d_name)) {
            continue;
        }
        char **grown = realloc(names, (*count + 1) * sizeof *grown);
        names = grown ? grown : names;
        char *name = grown ? strdup(at->d_name) : NULL;
        if (name) {
            names[(*count)++] = name;
        } else {
            err = FC_E_NOMEM;
        }
    }
    closedir(directory);
    if (err != FC_OK) {
        names_free(names, *count);
        return err;
    }
    if (*count > 1) {
        qsort(names, *count, sizeof *names, by_name);
    }
    *out = names;
    return FC_OK;
}

/* -- taking one in ----------------------------------------------------------------------------- */

static enum fc_err judge(const struct fc_hash *federation, struct fc_span bytes,
                         struct fc_hash *hash)
{
    struct fc_record record;
    struct fc_application application;
    if (bytes.len > FC_APPLICATION_BYTES_MAX) {
        return FC_E_BOUND;
    }
    enum fc_err err = fc_record_parse(bytes, &record);
    if (err == FC_OK && record.type != FC_RECORD_APPLICATION) {
        err = FC_E_ARG;
    }
    if (err == FC_OK) {
        err = fc_application_parse(&record, &application);
    }
    if (err == FC_OK && !fc_hash_eq(&application.wanted.federation, federation)) {
        err = FC_E_FEDERATION;
    }
    if (err == FC_OK && (!fc_record_signed_by(&record, &application.wanted.feed_key) ||
                         !fc_record_signed_by(&record, &application.wanted.recovery_key))) {
        err = FC_E_SIGNATURE;
    }
    *hash = record.hash;
    return err;
}

static enum fc_err write_one(const struct fc_home *home, struct fc_span bytes,
                             const struct fc_hash *hash)
{
    char digits[65], *path = NULL;
    char *directory = fc_home_path(home, "applications");
    fc_hex(hash->b, 32, digits);
    if (!directory || asprintf(&path, "%s/%s%s", directory, digits, suffix) < 0) {
        free(directory);
        return FC_E_NOMEM;
    }
    enum fc_err err = FC_OK;
    if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
        err = fc_file_error(errno);
    }
    if (err == FC_OK) {
        err = fc_file_write(path, bytes, 0600, true);
    }
    free(directory);
    free(path);
    return err;
}

enum fc_err fc_applications_check(const struct fc_home *home, const struct fc_hash *federation,
                                  struct fc_span bytes, struct fc_hash *hash)
{
    char digits[65], *path = NULL;
    enum fc_err err = judge(federation, bytes, hash);
    if (err != FC_OK) {
        return err;
    }
    fc_hex(hash->b, 32, digits);
    if (asprintf(&path, "%s/applications/%s%s", home->path, digits, suffix) < 0) {
        return FC_E_NOMEM;
    }
    if (access(path, F_OK) == 0) {
        err = FC_E_KNOWN;
    } else if (errno != ENOENT) {
        err = fc_file_error(errno);
    }
    free(path);
    return err;
}

/* When it came; FC_E_MISSING: it was dropped meanwhile. */
static enum fc_err came_at(const struct fc_home *home, const char *file, uint64_t *came_ms)
{
    struct stat status;
    char *path = path_of(home, file);
    enum fc_err err = path ? FC_OK : FC_E_NOMEM;
    if (err == FC_OK && stat(path, &status) != 0) {
        err = fc_file_error(errno);
    }
    if (err == FC_OK) {
        *came_ms = (uint64_t)status.st_mtim.tv_sec * 1000;
    }
    free(path);
    return err;
}

static enum fc_err remove_one(const struct fc_home *home, const char *file)
{
    char *path = path_of(home, file);
    enum fc_err err = path ? FC_OK : FC_E_NOMEM;
    if (err == FC_OK && unlink(path) != 0) {
        err = fc_file_error(errno);
    }
    free(path);
    return err;
}

/* What came before a time goes; of the rest, how many there are, and the oldest. */
struct sweeping {
    uint64_t before_ms, oldest_ms;
    unsigned dropped, left;
    char *oldest; /* among the names */
};

static enum fc_err sweep(const struct fc_home *home, char **names, size_t count,
                         struct sweeping *sweeping)
{
    enum fc_err err = FC_OK;
    for (size_t i = 0; i < count && err == FC_OK; i++) {
        uint64_t came_ms = 0;
        err = came_at(home, names[i], &came_ms);
        if (err == FC_OK && came_ms < sweeping->before_ms) {
            err = remove_one(home, names[i]);
            sweeping->dropped += err == FC_OK;
        } else if (err == FC_OK) {
            if (sweeping->left++ == 0 || came_ms < sweeping->oldest_ms) {
                sweeping->oldest = names[i];
                sweeping->oldest_ms = came_ms;
            }
        }
        err = err == FC_E_MISSING ? FC_OK : err;
    }
    return err;
}

enum fc_err fc_applications_drop_before(const struct fc_home *home, uint64_t before_ms,
                                        unsigned *dropped)
{
    char **names;
    size_t count;
    struct sweeping sweeping = {.before_ms = before_ms};
    enum fc_err err = names_read(home, &names, &count);
    if (err == FC_OK) {
        err = sweep(home, names, count, &sweeping);
    }
    names_free(names, count);
    *dropped = sweeping.dropped;
    return err;
}

enum fc_err fc_applications_keep(const struct fc_home *home, struct fc_span bytes,
                                 const struct fc_hash *hash, uint64_t now_ms)
{
    const uint64_t hour_ms = 3600 * 1000;
    char **names;
    size_t count;
    struct sweeping sweeping = {.before_ms = now_ms - FC_APPLICATION_DAYS * 24 * hour_ms};
    enum fc_err err = names_read(home, &names, &count);
    if (err == FC_OK) {
        err = sweep(home, names, count, &sweeping);
    }
    if (err == FC_OK && sweeping.left >= FC_APPLICATIONS_MAX) {
        bool safe = sweeping.oldest_ms + FC_APPLICATION_SAFE_HOURS * hour_ms > now_ms;
        err = safe ? FC_E_AGAIN : remove_one(home, sweeping.oldest);
        err = err == FC_E_MISSING ? FC_OK : err;
    }
    names_free(names, count);
    return err == FC_OK ? write_one(home, bytes, hash) : err;
}

/* -- looking at them --------------------------------------------------------------------------- */

static enum fc_err read_one(const struct fc_home *home, const char *file, struct fc_buf *out,
                            uint64_t *came_ms)
{
    char *path = path_of(home, file);
    enum fc_err err = path ? came_at(home, file, came_ms) : FC_E_NOMEM;
    if (err == FC_OK) {
        err = fc_file_read(path, FC_APPLICATION_BYTES_MAX, out);
    }
    free(path);
    return err;
}

enum fc_err fc_applications_each(const struct fc_home *home, void *ctx,
                                 enum fc_err (*each)(void *ctx, const struct fc_record *record,
                                                     uint64_t came_ms))
{
    char **names;
    size_t count;
    struct fc_buf bytes = {0};
    enum fc_err err = names_read(home, &names, &count);
    for (size_t i = 0; i < count && err == FC_OK; i++) {
        struct fc_record record;
        uint64_t came_ms = 0;
        fc_buf_clear(&bytes);
        err = read_one(home, names[i], &bytes, &came_ms);
        if (err == FC_E_MISSING) { /* dropped meanwhile */
            err = FC_OK;
            continue;
        }
        if (err == FC_OK) {
            err = fc_record_parse(fc_buf_span(&bytes), &record);
        }
        if (err == FC_OK) {
            err = each(ctx, &record, came_ms);
        }
    }
    names_free(names, count);
    fc_buf_finish(&bytes);
    return err;
}

/* The one file whose name begins so. */
static enum fc_err find(const struct fc_home *home, const char *prefix, char **file)
{
    char **names;
    size_t count, found = 0, len = strlen(prefix);
    *file = NULL;
    if (len == 0 || len > 64 || strspn(prefix, "0123456789abcdef") != len) {
        return FC_E_ARG;
    }
    enum fc_err err = names_read(home, &names, &count);
    for (size_t i = 0; i < count && err == FC_OK; i++) {
        if (strncmp(names[i], prefix, len) == 0 && found++ == 0) {
            *file = strdup(names[i]);
            err = *file ? FC_OK : FC_E_NOMEM;
        }
    }
    names_free(names, count);
    if (err == FC_OK && found != 1) {
        free(*file);
        *file = NULL;
        err = found ? FC_E_ARG : FC_E_MISSING;
    }
    return err;
}

enum fc_err fc_applications_drop(const struct fc_home *home, const char *const *prefixes,
                                 size_t count, size_t *bad)
{
    char **files = calloc(count + 1, sizeof *files);
    enum fc_err err = files ? FC_OK : FC_E_NOMEM;
    *bad = 0;
    for (size_t i = 0; i < count && err == FC_OK; i++) {
        *bad = i;
        err = find(home, prefixes[i], &files[i]);
    }
    for (size_t i = 0; i < count && err == FC_OK; i++) {
        *bad = i;
        err = remove_one(home, files[i]);
        err = err == FC_E_MISSING ? FC_OK : err; /* named twice */
    }
    names_free(files, files ? count : 0);
    return err;
}

enum fc_err fc_applications_read(const struct fc_home *home, const char *prefix, struct fc_buf *out)
{
    char *file = NULL;
    uint64_t came_ms;
    enum fc_err err = find(home, prefix, &file);
    if (err == FC_OK) {
        err = read_one(home, file, out, &came_ms);
    }
    free(file);
    return err;
}
