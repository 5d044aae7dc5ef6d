#include "node/documents.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/file.h"
#include "store/limits.h"

static bool ends_with(const char *name, const char *const *endings, size_t count)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < count; i++) {
        size_t ending = strlen(endings[i]);
        if (len > ending && strcasecmp(name + len - ending, endings[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_lines(const char *name)
{
    static const char *const endings[] = {".ndjson", ".jsonl"};
    return ends_with(name, endings, 2);
}

static bool is_document(const char *name)
{
    static const char *const endings[] = {".json", ".jsonld", ".jwt", ".vc", ".vp"};
    return ends_with(name, endings, 5) || is_lines(name);
}

static bool is_blank(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!strchr(" \t\r\n", line[i])) {
            return false;
        }
    }
    return true;
}

static void too_large(const struct fc_documents *documents, const char *place)
{
    documents->fault(documents->ctx, place, "the document is larger than 1 MiB");
}

static enum fc_err give_line(const struct fc_documents *documents, const char *path,
                             unsigned long number, const char *line, size_t len)
{
    char *place = NULL;
    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r')) {
        len--;
    }
    if (is_blank(line, len)) {
        return FC_OK;
    }
    if (asprintf(&place, "%s:%lu", path, number) < 0) {
        return FC_E_NOMEM;
    }
    enum fc_err err = FC_OK;
    if (len > FC_CONTENT_BYTES_MAX) {
        too_large(documents, place);
    } else {
        err = documents->each(documents->ctx, place, fc_span(line, len));
    }
    free(place);
    return err;
}

/* One line of at most a document's size; what is beyond is read and dropped, and the line comes
 * back one byte too long. False at the end. */
static bool read_line(FILE *file, char *line, size_t *len)
{
    int c = EOF;
    *len = 0;
    while ((c = getc(file)) != EOF) {
        if (*len <= FC_CONTENT_BYTES_MAX + 1) {
            line[(*len)++] = (char)c;
        }
        if (c == '\n') {
            break;
        }
    }
    return *len > 0;
}

static enum fc_err read_lines(const struct fc_documents *documents, const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (!file) {
        documents->fault(documents->ctx, path, strerror(errno));
        return FC_OK;
    }
    char *line = malloc(FC_CONTENT_BYTES_MAX + 2);
    enum fc_err err = line ? FC_OK : FC_E_NOMEM;
    size_t len = 0;
    for (unsigned long number = 1; err == FC_OK && read_line(file, line, &len); number++) {
        err = give_line(documents, path, number, line, len);
    }
    if (ferror(file)) {
        documents->fault(documents->ctx, path, "cannot be read to its end");
    }
    free(line);
    if (file != stdin) {
        fclose(file);
    }
    return err;
}

static enum fc_err read_whole(const struct fc_documents *documents, const char *path)
{
    struct fc_buf bytes = {0};
    enum fc_err err = fc_file_read(path, FC_CONTENT_BYTES_MAX, &bytes);
    if (err == FC_OK) {
        err = documents->each(documents->ctx, path, fc_buf_span(&bytes));
    } else if (err == FC_E_BOUND) {
        too_large(documents, path);
        err = FC_OK;
    } else if (err != FC_E_NOMEM) {
        documents->fault(documents->ctx, path, strerror(errno));
        err = FC_OK;
    }
    fc_buf_finish(&bytes);
    return err;
}

static enum fc_err read_directory(const struct fc_documents *documents, const char *path,
                                  uint64_t *skipped, unsigned depth);

static enum fc_err read_path(const struct fc_documents *documents, const char *path, bool named,
                             uint64_t *skipped, unsigned depth)
{
    struct stat about;
    if (strcmp(path, "-") != 0 && stat(path, &about) != 0) {
        documents->fault(documents->ctx, path, strerror(errno));
        return FC_OK;
    }
    if (strcmp(path, "-") != 0 && S_ISDIR(about.st_mode)) {
        return read_directory(documents, path, skipped, depth);
    }
    if (!named && !is_document(path)) {
        ++*skipped;
        return FC_OK;
    }
    return documents->ndjson || is_lines(path) ? read_lines(documents, path)
                                               : read_whole(documents, path);
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static enum fc_err read_directory(const struct fc_documents *documents, const char *path,
                                  uint64_t *skipped, unsigned depth)
{
    enum { DEPTH_MAX = 32 };
    struct dirent **list = NULL;
    if (depth == DEPTH_MAX) {
        documents->fault(documents->ctx, path, "directories are nested too deeply");
        return FC_OK;
    }
    int count = scandir(path, &list, visible, by_bytes);
    if (count < 0) {
        documents->fault(documents->ctx, path, strerror(errno));
        return FC_OK;
    }
    enum fc_err err = FC_OK;
    for (int i = 0; i < count; i++) {
        char *below = NULL;
        const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
        if (err == FC_OK && asprintf(&below, "%s%s%s", path, slash, list[i]->d_name) < 0) {
            err = FC_E_NOMEM;
            below = NULL;
        }
        if (err == FC_OK) {
            err = read_path(documents, below, false, skipped, depth + 1);
        }
        free(below);
        free(list[i]);
    }
    free(list);
    return err;
}

enum fc_err fc_documents_read(const struct fc_documents *documents, const char *path,
                              uint64_t *skipped)
{
    return read_path(documents, path, true, skipped, 0);
}
