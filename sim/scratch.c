#include "sim/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
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

/* In the child: out of the terminal's and the group's reach, and holding nothing open that others
 * wait to see closed. */
_Noreturn static void keep(const char *path, int lifeline)
{
    sigset_t all;
    char byte;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    setsid();
    if (chdir("/") != 0 || dup2(lifeline, 0) != 0)
        _exit(EXIT_FAILURE);
    close_range(1, ~0u, 0);
    while (read(0, &byte, 1) < 0 && errno == EINTR)
        continue;
    _exit(nftw(path, remove_one, OPEN_MAX_FDS, FTW_DEPTH | FTW_PHYS) == 0 ? EXIT_SUCCESS
                                                                          : EXIT_FAILURE);
}

static enum fc_err make_dir(char **out)
{
    const char *base = getenv("TMPDIR");
    char path[PATH_BYTES_MAX], *whole;
    int len = snprintf(path, sizeof path, "%s/fedcat-sim-XXXXXX", base && *base ? base : "/tmp");
    if (len < 0 || (size_t)len >= sizeof path)
        return FC_E_BOUND;
    if (!mkdtemp(path))
        return FC_E_IO;
    whole = realpath(path, NULL); /* the child is elsewhere */
    if (!whole)
        rmdir(path);
    *out = whole;
    return whole ? FC_OK : FC_E_IO;
}

enum fc_err fc_scratch_create(struct fc_scratch *scratch)
{
    int ends[2];
    *scratch = (struct fc_scratch){0};
    enum fc_err err = make_dir(&scratch->path);
    if (err != FC_OK)
        return err;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        err = FC_E_IO;
        goto out;
    }
    scratch->lifeline = ends[1];
    scratch->keeper = fork();
    if (scratch->keeper == 0) {
        close(ends[1]);
        keep(scratch->path, ends[0]);
    }
    close(ends[0]);
    if (scratch->keeper > 0)
        return FC_OK;
    err = errno == ENOMEM ? FC_E_NOMEM : FC_E_IO;
    close(ends[1]);
out:
    rmdir(scratch->path);
    free(scratch->path);
    *scratch = (struct fc_scratch){0};
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
