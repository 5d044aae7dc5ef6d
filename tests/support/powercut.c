#include "tests/support/powercut.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/rng.h"
#include "tests/support/tempdir.h"

enum { FILES_MAX = 64, SECTOR = 512, PAGE = 4096 };

struct file {
    const char *name;     /* now, NULL when it has none */
    const char *old_name; /* when its directory was last synced */
    size_t synced;        /* its events before this are durable */
};

struct disk {
    const struct iolog *log;
    const struct powercut *cut;
    struct file files[FILES_MAX];
    size_t count;
    const struct file **written; /* by event: what it writes to, NULL for other events */
    bool names_are_new;
    uint64_t rng;
};

static struct file *find(struct disk *disk, const char *name)
{
    for (size_t i = 0; i < disk->count; i++)
        if (disk->files[i].name && !strcmp(disk->files[i].name, name))
            return &disk->files[i];
    return NULL;
}

static struct file *find_or_add(struct disk *disk, const char *name, size_t event)
{
    struct file *file = find(disk, name);
    if (file)
        return file;
    if (disk->count == FILES_MAX)
        abort();
    file = &disk->files[disk->count++];
    *file = (struct file){.name = name, .synced = event};
    return file;
}

static bool is_in(const char *name, const char *dir)
{
    const char *slash = strrchr(name, '/');
    size_t len = slash ? (size_t)(slash - name) : 0;
    return strlen(dir) == len && !strncmp(name, dir, len);
}

static void sync_names(struct disk *disk, const char *dir)
{
    for (size_t i = 0; i < disk->count; i++) {
        struct file *file = &disk->files[i];
        const char *name = file->name ? file->name : file->old_name;
        if (name && is_in(name, dir))
            file->old_name = file->name;
    }
}

/* Follows names and syncs up to the cut. */
static void follow(struct disk *disk, size_t index)
{
    const struct iolog_event *event = &disk->log->events[index];
    bool ended = index + 1 < disk->cut->cut && !disk->cut->syncs_are_lies;
    struct file *file;
    switch (event->kind) {
    case IOLOG_WRITE:
    case IOLOG_TRUNCATE:
        disk->written[index] = find_or_add(disk, event->name, index);
        break;
    case IOLOG_SYNC:
        file = find_or_add(disk, event->name, index);
        if (ended) {
            file->synced = index;
            if (!file->old_name)
                file->old_name = file->name; /* a new file's sync keeps its name as well */
        }
        break;
    case IOLOG_SYNC_DIR:
        if (ended)
            sync_names(disk, event->name);
        break;
    case IOLOG_RENAME:
        file = find(disk, event->to);
        if (file)
            file->name = NULL;
        find_or_add(disk, event->name, index)->name = event->to;
        break;
    case IOLOG_UNLINK:
        file = find(disk, event->name);
        if (file)
            file->name = NULL;
        break;
    case IOLOG_MARK:
        break;
    }
}

static bool keeps(struct disk *disk, size_t pending, size_t total)
{
    switch (disk->cut->kept) {
    case POWERCUT_NONE:
        return false;
    case POWERCUT_ALL:
        return true;
    case POWERCUT_FIRST_HALF:
        return pending < total / 2;
    case POWERCUT_LAST_HALF:
        return pending >= total / 2;
    case POWERCUT_SOME:
    case POWERCUT_SOME_PAGES:
    case POWERCUT_SOME_SECTORS:
    case POWERCUT_KEPT_COUNT:
        break;
    }
    return test_rng(&disk->rng) & 1;
}

static void put(int fd, const struct iolog_event *event, size_t from, size_t to)
{
    if (pwrite(fd, event->data + from, to - from, (off_t)(event->offset + from)) !=
        (ssize_t)(to - from))
        abort();
}

/* Each piece, cut where the disk's own pieces end, or not. */
static void put_torn(struct disk *disk, int fd, const struct iolog_event *event, size_t piece)
{
    for (size_t from = 0, to; from < event->len; from = to) {
        to = from + piece - (size_t)((event->offset + from) % piece);
        to = to < event->len ? to : event->len;
        if (test_rng(&disk->rng) & 1)
            put(fd, event, from, to);
    }
}

static void replay_event(struct disk *disk, int fd, const struct iolog_event *event, bool durable,
                         size_t pending, size_t total)
{
    if (event->kind == IOLOG_TRUNCATE) {
        if ((durable || keeps(disk, pending, total)) && ftruncate(fd, (off_t)event->offset))
            abort();
        return;
    }
    if (durable)
        put(fd, event, 0, event->len);
    else if (disk->cut->kept == POWERCUT_SOME_PAGES)
        put_torn(disk, fd, event, PAGE);
    else if (disk->cut->kept == POWERCUT_SOME_SECTORS)
        put_torn(disk, fd, event, SECTOR);
    else if (keeps(disk, pending, total))
        put(fd, event, 0, event->len);
}

static bool is_durable(const struct disk *disk, const struct file *file, size_t index)
{
    bool ended = index + 1 < disk->cut->cut && !disk->cut->syncs_are_lies;
    return index < file->synced || (disk->log->events[index].durable && ended);
}

static void make_parents(const char *dir, const char *name)
{
    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        char *part = strndup(name, (size_t)(slash - name));
        char *path = tempdir_path(dir, part);
        if (mkdir(path, 0700) && errno != EEXIST)
            abort();
        free(path);
        free(part);
    }
}

static void replay_file(struct disk *disk, const struct file *file, const char *dir)
{
    const char *name = disk->names_are_new ? file->name : file->old_name;
    if (!name)
        return;
    make_parents(dir, name);
    char *path = tempdir_path(dir, name);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        abort();
    size_t pending = 0, total = 0;
    for (size_t i = 0; i < disk->cut->cut; i++)
        total += disk->written[i] == file && !is_durable(disk, file, i);
    for (size_t i = 0; i < disk->cut->cut; i++) {
        if (disk->written[i] != file)
            continue;
        bool durable = is_durable(disk, file, i);
        replay_event(disk, fd, &disk->log->events[i], durable, pending, total);
        pending += !durable;
    }
    close(fd);
    free(path);
}

void powercut_replay(const struct iolog *log, const struct powercut *cut, const char *dir)
{
    struct disk disk = {.log = log, .cut = cut, .rng = cut->seed};
    disk.written = calloc(cut->cut + 1, sizeof(struct file *));
    if (!disk.written)
        abort();
    for (size_t i = 0; i < cut->cut; i++)
        follow(&disk, i);
    disk.names_are_new = keeps(&disk, 0, 2);
    for (size_t i = 0; i < disk.count; i++)
        replay_file(&disk, &disk.files[i], dir);
    free(disk.written);
}

uint64_t powercut_acknowledged(const struct iolog *log, size_t cut)
{
    uint64_t last = 0;
    for (size_t i = 0; i < cut; i++)
        if (log->events[i].kind == IOLOG_MARK)
            last = log->events[i].offset;
    return last;
}
