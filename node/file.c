#include "node/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum fc_err fc_file_error(int error)
{
    if (error == ENOSPC || error == EDQUOT) {
        return FC_E_FULL;
    }
    if (error == EEXIST) {
        return FC_E_KNOWN;
    }
    return error == ENOENT ? FC_E_MISSING : FC_E_IO;
}

static enum fc_err read_all(int fd, size_t bytes_max, struct fc_buf *out)
{
    size_t start = out->len;
    for (;;) {
        size_t room = bytes_max - (out->len - start);
        size_t want = room < 65536 ? room + 1 : 65536;
        uint8_t *at = fc_buf_extend(out, want);
        if (!at) {
            return FC_E_NOMEM;
        }
        ssize_t got = read(fd, at, want);
        out->len -= want;
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return FC_E_IO;
        }
        if ((size_t)got > room) {
            return FC_E_BOUND;
        }
        if (got == 0) {
            return FC_OK;
        }
        out->len += (size_t)got;
    }
}

enum fc_err fc_file_read(const char *path, size_t bytes_max, struct fc_buf *out)
{
    if (strcmp(path, "-") == 0) {
        return read_all(STDIN_FILENO, bytes_max, out);
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fc_file_error(errno);
    }
    enum fc_err err = read_all(fd, bytes_max, out);
    int saved = errno;
    close(fd);
    errno = saved;
    return err;
}

enum fc_err fc_file_write_all(int fd, struct fc_span bytes)
{
    while (bytes.len > 0) {
        ssize_t put = write(fd, bytes.data, bytes.len);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return fc_file_error(errno);
        }
        bytes = fc_span(bytes.data + put, bytes.len - (size_t)put);
    }
    return FC_OK;
}

enum fc_err fc_file_sync_directory(const char *path)
{
    char *copy = strdup(path);
    if (!copy) {
        return FC_E_NOMEM;
    }
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    if (fd < 0) {
        return fc_file_error(errno);
    }
    enum fc_err err = fsync(fd) == 0 ? FC_OK : fc_file_error(errno);
    close(fd);
    return err;
}

static enum fc_err write_beside(const char *path, char *beside, struct fc_span bytes, unsigned mode,
                                bool exclusive)
{
    int fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0) {
        return fc_file_error(errno);
    }
    enum fc_err err = fc_file_write_all(fd, bytes);
    if (err == FC_OK && (fchmod(fd, mode) != 0 || fsync(fd) != 0)) {
        err = fc_file_error(errno);
    }
    if (close(fd) != 0 && err == FC_OK) {
        err = fc_file_error(errno);
    }
    /* link(2) refuses to replace; rename(2) replaces at once. */
    if (err == FC_OK && (exclusive ? link(beside, path) : rename(beside, path)) != 0) {
        err = fc_file_error(errno);
    }
    if (err != FC_OK || exclusive) {
        int saved = errno;
        unlink(beside);
        errno = saved;
    }
    return err;
}

enum fc_err fc_file_write(const char *path, struct fc_span bytes, unsigned mode, bool exclusive)
{
    if (strcmp(path, "-") == 0) {
        return fc_file_write_all(STDOUT_FILENO, bytes);
    }
    char *beside = NULL;
    if (asprintf(&beside, "%s.XXXXXX", path) < 0) {
        return FC_E_NOMEM;
    }
    enum fc_err err = write_beside(path, beside, bytes, mode, exclusive);
    free(beside);
    return err == FC_OK ? fc_file_sync_directory(path) : err;
}
