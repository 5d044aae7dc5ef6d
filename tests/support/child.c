#include "tests/support/child.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>

int child_run(int (*work)(void *context), void *context)
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        abort();
    if (pid == 0)
        _exit(work(context));
    if (waitpid(pid, &status, 0) != pid)
        abort();
    return WIFEXITED(status) ? WEXITSTATUS(status) : CHILD_FAILED;
}

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    int done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return done;
}

/* A user namespace, in which this user may mount. */
static int unshare_user(void)
{
    char map[64];
    snprintf(map, sizeof map, "0 %u 1", (unsigned)geteuid());
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
           write_file("/proc/self/setgroups", "deny") && write_file("/proc/self/uid_map", map);
}

int child_mount_tmpfs(const char *dir, unsigned long bytes)
{
    char options[64];
    if (unshare(CLONE_NEWNS) && !unshare_user())
        return 0;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
        return 0;
    snprintf(options, sizeof options, "size=%lu", bytes);
    return mount("tmpfs", dir, "tmpfs", 0, options) == 0;
}
