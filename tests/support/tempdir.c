#include "tests/support/tempdir.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

char *tempdir_create(void)
{
    const char *base = getenv("TMPDIR");
    char *path = tempdir_path(base ? base : "/tmp", "fedcat-test-XXXXXX");
    if (!mkdtemp(path))
        abort();
    return path;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat;
    (void)type;
    return ftw->level ? remove(path) : 0;
}

void tempdir_clear(const char *path)
{
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void tempdir_destroy(char *path)
{
    tempdir_clear(path);
    remove(path);
    free(path);
}

char *tempdir_path(const char *dir, const char *name)
{
    char *path;
    if (asprintf(&path, "%s/%s", dir, name) < 0)
        abort();
    return path;
}
