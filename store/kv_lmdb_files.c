#include "store/kv_lmdb_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

char *fc_lmdb_path(const char *dir, const char *name)
{
    char *path;
    return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

enum fc_err fc_lmdb_errno(int number)
{
    switch (number) {
    case 0:
        return FC_OK;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return FC_E_FULL;
    case ENOMEM:
        return FC_E_NOMEM;
    case ENOENT:
        return FC_E_MISSING;
    default:
        return FC_E_IO;
    }
}

static enum fc_err sync_path(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fc_lmdb_errno(errno);
    enum fc_err err = fsync(fd) ? fc_lmdb_errno(errno) : FC_OK;
    close(fd);
    return err;
}

enum fc_err fc_lmdb_make_dir(const char *path)
{
    if (mkdir(path, 0700))
        return errno == EEXIST ? FC_E_KNOWN : fc_lmdb_errno(errno);
    char *parent = fc_lmdb_path(path, "..");
    if (!parent)
        return FC_E_NOMEM;
    enum fc_err err = sync_path(parent);
    free(parent);
    return err;
}

enum fc_err fc_lmdb_lock(const char *dir, int *fd)
{
    char *path = fc_lmdb_path(dir, FC_LMDB_OWNER);
    if (!path)
        return FC_E_NOMEM;
    enum fc_err err = FC_OK;
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0) {
        err = fc_lmdb_errno(errno);
    } else if (flock(*fd, LOCK_EX | LOCK_NB)) {
        err = errno == EWOULDBLOCK ? FC_E_LOCKED : FC_E_IO;
        close(*fd);
        *fd = -1;
    }
    free(path);
    return err;
}

enum fc_err fc_lmdb_publish(const char *dir)
{
    char *draft = fc_lmdb_path(dir, FC_LMDB_DRAFT);
    char *data = fc_lmdb_path(dir, FC_LMDB_DATA);
    enum fc_err err = draft && data ? sync_path(draft) : FC_E_NOMEM;
    if (!err && rename(draft, data))
        err = fc_lmdb_errno(errno);
    if (!err)
        err = sync_path(dir);
    free(draft);
    free(data);
    return err;
}

/* Whether the data file has come within a page of the largest file this process may write. */
static bool is_at_limit(const char *dir)
{
    struct rlimit limit;
    struct stat stat_buf;
    char *path = fc_lmdb_path(dir, FC_LMDB_DATA);
    bool at_limit = path && !getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur != RLIM_INFINITY &&
                    !stat(path, &stat_buf) &&
                    (uint64_t)stat_buf.st_size + (64u << 10) > limit.rlim_cur;
    free(path);
    return at_limit;
}

static bool write_is_refused(int fd)
{
    static const uint8_t bytes[4096];
    for (unsigned i = 0; i < 16; i++) {
        ssize_t wrote = write(fd, bytes, sizeof bytes);
        if (wrote < 0)
            return fc_lmdb_errno(errno) == FC_E_FULL;
        if ((size_t)wrote < sizeof bytes)
            return true;
    }
    return false;
}

/* The only question that disks, quotas and file systems all answer is a write. */
static bool probe_is_refused(const char *dir)
{
    char *path = fc_lmdb_path(dir, "room.probe");
    if (!path)
        return false;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool refused = fd < 0 ? fc_lmdb_errno(errno) == FC_E_FULL : write_is_refused(fd);
    if (fd >= 0)
        close(fd);
    unlink(path);
    free(path);
    return refused;
}

bool fc_lmdb_is_full(const char *dir)
{
    return is_at_limit(dir) || probe_is_refused(dir);
}
