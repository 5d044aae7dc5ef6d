#include "sim/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OPEN_MAX_FDS = 16, PATH_BYTES_MAX = 4096 };

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *walk)
{
    (void)stat, (void)type, (void)walk;
    return remove(path);
}

/* NULL: errno says why. */
static char *make_dir(void)
{
    const char *base = getenv("TMPDIR");
    char path[PATH_BYTES_MAX];
    int len = snprintf(path, sizeof path, "%s/fedcat-sim-XXXXXX", base && *base ? base : "/tmp");
    if (len < 0 || (size_t)len >= sizeof path) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    char *whole = mkdtemp(path) ? realpath(path, NULL) : NULL; /* the keeper goes elsewhere */
    int why = errno;
    if (!whole)
        rmdir(path);
    errno = why;
    return whole;
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t wrote = write(fd, bytes, len);
        if (wrote < 0 && errno != EINTR)
            return false;
        bytes += wrote > 0 ? wrote : 0;
        len -= wrote > 0 ? (size_t)wrote : 0;
    }
    return true;
}

/* In the child: out of the terminal's and the group's reach, and holding nothing open that others
 * wait to see closed. It makes the directory itself: there is no moment at which one is there and
 * nobody would remove it. */
_Noreturn static void keep(int lifeline, int answer)
{
    sigset_t all;
    char *path, byte;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    setsid();
    if (dup2(lifeline, 0) != 0 || dup2(answer, 1) != 1)
        _exit(EXIT_FAILURE);
    close_range(2, ~0u, 0);
    path = make_dir();
    if (!path)
        _exit(errno);
    bool told = write_all(1, path, strlen(path) + 1);
    close(1);
    while (told && read(0, &byte, 1) < 0 && errno == EINTR)
        continue;
    bool gone = chdir("/") == 0 && nftw(path, remove_one, OPEN_MAX_FDS, FTW_DEPTH | FTW_PHYS) == 0;
    _exit(gone ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* The path ends with a NUL, or the keeper could not make it. */
static enum fc_err hear(int answer, char **path)
{
    char text[PATH_BYTES_MAX];
    size_t len = 0;
    while (len < sizeof text) {
        ssize_t got = read(answer, text + len, sizeof text - len);
        if (got == 0 || (got < 0 && errno != EINTR))
            break;
        len += got > 0 ? (size_t)got : 0;
    }
    if (len == 0 || text[len - 1] != '\0')
        return FC_E_IO;
    *path = strdup(text);
    return *path ? FC_OK : FC_E_NOMEM;
}

enum fc_err fc_scratch_create(struct fc_scratch *scratch)
{
    int life[2], answer[2];
    *scratch = (struct fc_scratch){0};
    if (pipe2(life, O_CLOEXEC) != 0)
        return FC_E_IO;
    if (pipe2(answer, O_CLOEXEC) != 0) {
        close(life[0]);
        close(life[1]);
        return FC_E_IO;
    }
    pid_t keeper = fork();
    if (keeper == 0) {
        close(life[1]);
        close(answer[0]);
        keep(life[0], answer[1]);
    }
    enum fc_err err = keeper > 0 ? FC_OK : errno == ENOMEM ? FC_E_NOMEM : FC_E_IO;
    close(life[0]);
    close(answer[1]);
    if (err == FC_OK)
        err = hear(answer[0], &scratch->path);
    close(answer[0]);
    scratch->lifeline = life[1];
    scratch->keeper = keeper;
    if (err == FC_OK)
        return FC_OK;
    int status = 0;
    close(life[1]);
    while (keeper > 0 && waitpid(keeper, &status, 0) < 0 && errno == EINTR)
        continue;
    *scratch = (struct fc_scratch){0};
    if (keeper > 0 && err == FC_E_IO && WIFEXITED(status))
        errno = WEXITSTATUS(status);
    return err;
}

void fc_scratch_destroy(struct fc_scratch *scratch)
{
    if (!scratch->path)
        return;
    close(scratch->lifeline);
    while (waitpid(scratch->keeper, NULL, 0) < 0 && errno == EINTR)
        continue;
    free(scratch->path);
    *scratch = (struct fc_scratch){0};
}
