#include "tests/support/iolog.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static struct {
    struct iolog *log; /* NULL: not recording */
    char dir[PATH_MAX];
    unsigned fail_in;
    enum iolog_fault fault;
} recorder;

/* the record */

static char *copy_text(const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        abort();
    return copy;
}

static struct iolog_event *add(enum iolog_kind kind, const char *name)
{
    struct iolog *log = recorder.log;
    if (log->count % 64 == 0) {
        struct iolog_event *events = realloc(log->events, (log->count + 64) * sizeof *events);
        if (!events)
            abort();
        log->events = events;
    }
    struct iolog_event *event = &log->events[log->count++];
    *event = (struct iolog_event){.kind = kind, .name = name ? copy_text(name) : NULL};
    return event;
}

void iolog_start(const char *dir)
{
    if (!realpath(dir, recorder.dir))
        abort();
    recorder.log = calloc(1, sizeof *recorder.log);
    if (!recorder.log)
        abort();
    recorder.fail_in = 0;
}

struct iolog *iolog_stop(void)
{
    struct iolog *log = recorder.log;
    recorder.log = NULL;
    return log;
}

void iolog_destroy(struct iolog *log)
{
    for (size_t i = 0; i < log->count; i++) {
        free(log->events[i].name);
        free(log->events[i].to);
        free(log->events[i].data);
    }
    free(log->events);
    free(log);
}

void iolog_mark(uint64_t number)
{
    add(IOLOG_MARK, NULL)->offset = number;
}

void iolog_fail(unsigned nth, enum iolog_fault fault)
{
    recorder.fail_in = nth;
    recorder.fault = fault;
}

bool iolog_failed(void)
{
    return recorder.fail_in == 0;
}

/* The path within the recorded directory, NULL when it is outside or nothing is recorded. */
static const char *within(const char *path)
{
    size_t len = strlen(recorder.dir);
    if (strncmp(path, recorder.dir, len) || (path[len] && path[len] != '/'))
        return NULL;
    return path[len] ? path + len + 1 : path + len;
}

static const char *name_of_fd(int fd, char path[PATH_MAX])
{
    char link[64];
    if (!recorder.log)
        return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, PATH_MAX - 1);
    if (len < 0)
        return NULL;
    path[len] = 0;
    return within(path);
}

/* The name of a path whose last part may not exist. */
static const char *name_of_path(const char *given, char path[PATH_MAX])
{
    char parent[PATH_MAX];
    if (!recorder.log)
        return NULL;
    const char *slash = strrchr(given, '/');
    snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - given) : 1, slash ? given : ".");
    if (!realpath(parent, path))
        return NULL;
    size_t len = strlen(path);
    snprintf(path + len, PATH_MAX - len, "/%s", slash ? slash + 1 : given);
    return within(path);
}

/* What is to go wrong with this call. */
static enum iolog_fault next_fault(void)
{
    return recorder.fail_in && --recorder.fail_in == 0 ? recorder.fault : IOLOG_FAULT_NONE;
}

/* before libc's */

static ssize_t record_write(int fd, const struct iovec *iov, int count, off_t offset)
{
    char path[PATH_MAX];
    const char *name = name_of_fd(fd, path);
    size_t len = 0;
    for (int i = 0; i < count; i++)
        len += iov[i].iov_len;
    enum iolog_fault fault = name ? next_fault() : IOLOG_FAULT_NONE;
    if (fault == IOLOG_FAULT_FULL || fault == IOLOG_FAULT_IO) {
        errno = fault == IOLOG_FAULT_FULL ? ENOSPC : EIO;
        return -1;
    }
    uint8_t *data = malloc(len + 1);
    if (!data)
        abort();
    for (int i = 0, at = 0; i < count; at += (int)iov[i].iov_len, i++)
        memcpy(data + at, iov[i].iov_base, iov[i].iov_len);
    if (fault == IOLOG_FAULT_SHORT)
        len /= 2;
    ssize_t wrote = syscall(SYS_pwrite64, fd, data, len, offset);
    if (!name || wrote < 0) {
        free(data);
        return wrote;
    }
    struct iolog_event *event = add(IOLOG_WRITE, name);
    event->offset = (uint64_t)offset;
    event->data = data;
    event->len = (size_t)wrote;
    event->durable = fcntl(fd, F_GETFL) & O_DSYNC;
    return wrote;
}

/* For writes at the file's own place. */
static ssize_t record_append(int fd, const struct iovec *iov, int count)
{
    char path[PATH_MAX];
    off_t offset = name_of_fd(fd, path) ? lseek(fd, 0, SEEK_CUR) : -1;
    if (offset < 0)
        return syscall(SYS_writev, fd, iov, count);
    if (fcntl(fd, F_GETFL) & O_APPEND)
        offset = lseek(fd, 0, SEEK_END);
    ssize_t wrote = record_write(fd, iov, count, offset);
    if (wrote > 0)
        lseek(fd, offset + wrote, SEEK_SET);
    return wrote;
}

static struct iovec one(const void *data, size_t len)
{
    struct iovec iov = {.iov_len = len};
    memcpy(&iov.iov_base, &data, sizeof data);
    return iov;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
    struct iovec iov = one(data, len);
    return record_write(fd, &iov, 1, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t offset)
{
    struct iovec iov = one(data, len);
    return record_write(fd, &iov, 1, offset);
}

ssize_t pwritev(int fd, const struct iovec *iov, int count, off_t offset)
{
    return record_write(fd, iov, count, offset);
}

ssize_t pwritev64(int fd, const struct iovec *iov, int count, off64_t offset)
{
    return record_write(fd, iov, count, offset);
}

ssize_t write(int fd, const void *data, size_t len)
{
    struct iovec iov = one(data, len);
    return record_append(fd, &iov, 1);
}

ssize_t writev(int fd, const struct iovec *iov, int count)
{
    return record_append(fd, iov, count);
}

static int record_sync(int fd, long call)
{
    char path[PATH_MAX];
    struct stat stat;
    const char *name = name_of_fd(fd, path);
    enum iolog_fault fault = name ? next_fault() : IOLOG_FAULT_NONE;
    if (fault) {
        errno = fault == IOLOG_FAULT_FULL ? ENOSPC : EIO;
        return -1;
    }
    int result = (int)syscall(call, fd);
    if (name && !result && !fstat(fd, &stat))
        add(S_ISDIR(stat.st_mode) ? IOLOG_SYNC_DIR : IOLOG_SYNC, name);
    return result;
}

int fsync(int fd)
{
    return record_sync(fd, SYS_fsync);
}

int fdatasync(int fd)
{
    return record_sync(fd, SYS_fdatasync);
}

int ftruncate(int fd, off_t len)
{
    char path[PATH_MAX];
    const char *name = name_of_fd(fd, path);
    int result = (int)syscall(SYS_ftruncate, fd, len);
    if (name && !result)
        add(IOLOG_TRUNCATE, name)->offset = (uint64_t)len;
    return result;
}

int rename(const char *from, const char *to)
{
    char from_path[PATH_MAX], to_path[PATH_MAX];
    const char *from_name = name_of_path(from, from_path);
    const char *to_name = name_of_path(to, to_path);
    int result = (int)syscall(SYS_rename, from, to);
    if (!result && from_name && to_name)
        add(IOLOG_RENAME, from_name)->to = copy_text(to_name);
    return result;
}

int unlink(const char *given)
{
    char path[PATH_MAX];
    const char *name = name_of_path(given, path);
    int result = (int)syscall(SYS_unlink, given);
    if (!result && name)
        add(IOLOG_UNLINK, name);
    return result;
}
