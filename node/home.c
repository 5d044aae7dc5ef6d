#include "node/home.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum fc_err set(struct fc_home *home, char *path)
{
    home->path = path;
    return path ? FC_OK : FC_E_NOMEM;
}

static char *join(const char *directory, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

enum fc_err fc_home_init(struct fc_home *home, const char *path)
{
    const char *env = getenv("FEDCAT_HOME");
    if (!path && env && *env) {
        path = env;
    }
    if (path) {
        return set(home, strdup(path));
    }
    struct passwd *user = getpwuid(geteuid());
    if (user && strcmp(user->pw_name, "fedcat") == 0) {
        return set(home, strdup("/var/lib/fedcat"));
    }
    env = getenv("XDG_DATA_HOME");
    if (env && *env) {
        return set(home, join(env, "fedcat"));
    }
    env = getenv("HOME");
    if (!env || !*env) {
        env = user ? user->pw_dir : NULL;
    }
    if (!env) {
        home->path = NULL;
        return FC_E_MISSING;
    }
    return set(home, join(env, ".local/share/fedcat"));
}

void fc_home_finish(struct fc_home *home)
{
    free(home->path);
    home->path = NULL;
}

char *fc_home_path(const struct fc_home *home, const char *name)
{
    return join(home->path, name);
}

/* Like mkdir -p for the last component's parents, which keep the usual mode. */
static enum fc_err make_directory(const char *path)
{
    char *copy = strdup(path);
    if (!copy) {
        return FC_E_NOMEM;
    }
    enum fc_err err = FC_OK;
    for (char *slash = strchr(copy + 1, '/'); slash && err == FC_OK;
         slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(copy, 0777) != 0 && errno != EEXIST) {
            err = FC_E_IO;
        }
        *slash = '/';
    }
    if (err == FC_OK && mkdir(copy, 0700) != 0 && errno != EEXIST) {
        err = FC_E_IO;
    }
    int saved = errno;
    free(copy);
    errno = saved;
    return err;
}

enum fc_err fc_home_create(const struct fc_home *home)
{
    static const char *const names[] = {"store", "keys"};
    enum fc_err err = make_directory(home->path);
    for (size_t i = 0; i < 2 && err == FC_OK; i++) {
        char *path = fc_home_path(home, names[i]);
        err = path ? make_directory(path) : FC_E_NOMEM;
        free(path);
    }
    return err;
}

bool fc_home_exists(const struct fc_home *home)
{
    char *path = fc_home_path(home, "keys/node.key");
    bool there = path && access(path, F_OK) == 0;
    free(path);
    return there;
}

bool fc_home_name_fits(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t len = strlen(name);
    return len > 0 && len <= FC_HOME_NAME_BYTES_MAX && name[0] != '.' && name[0] != '-' &&
           strspn(name, allowed) == len;
}

enum fc_err fc_home_key_path(const struct fc_home *home, const char *kind, const char *name,
                             char **path)
{
    *path = NULL;
    if (strcmp(kind, "node") == 0) {
        *path = fc_home_path(home, "keys/node.key");
        return *path ? FC_OK : FC_E_NOMEM;
    }
    if (!fc_home_name_fits(name)) {
        return FC_E_ARG;
    }
    return asprintf(path, "%s/keys/%s-%s.key", home->path, kind, name) < 0 ? FC_E_NOMEM : FC_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The NAME in "<kind>-NAME.key", on the heap; NULL when the file is not one. */
static char *key_name(const char *file, const char *kind)
{
    size_t prefix = strlen(kind), len = strlen(file);
    if (len < prefix + 6 || strncmp(file, kind, prefix) != 0 || file[prefix] != '-' ||
        strcmp(file + len - 4, ".key") != 0) {
        return NULL;
    }
    char *name = strndup(file + prefix + 1, len - prefix - 5);
    if (name && !fc_home_name_fits(name)) {
        free(name);
        name = NULL;
    }
    return name;
}

enum fc_err fc_home_keys(const struct fc_home *home, const char *kind, char ***names, size_t *count)
{
    *names = NULL;
    *count = 0;
    char *path = fc_home_path(home, "keys");
    DIR *directory = path ? opendir(path) : NULL;
    free(path);
    if (!directory) {
        return errno == ENOENT ? FC_OK : FC_E_IO;
    }
    enum fc_err err = FC_OK;
    for (struct dirent *at = readdir(directory); at && err == FC_OK; at = readdir(directory)) {
        char *name = key_name(at->d_name, kind);
        if (!name) {
            continue;
        }
        char **grown = realloc(*names, (*count + 1) * sizeof *grown);
        if (!grown) {
            free(name);
            err = FC_E_NOMEM;
            break;
        }
        *names = grown;
        grown[(*count)++] = name;
    }
    closedir(directory);
    if (*count > 1) {
        qsort(*names, *count, sizeof **names, by_name);
    }
    return err;
}

void fc_home_keys_free(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
    free(names);
}
