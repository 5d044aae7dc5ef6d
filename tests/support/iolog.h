/* A record of what this process writes and syncs below one directory, in order, and errors put in
 * its way. Programs named test_*_powercut are linked with powercut/iolog.c, whose functions stand
 * before libc's. One thread. */
#ifndef FC_TESTS_IOLOG_H
#define FC_TESTS_IOLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum iolog_kind {
    IOLOG_WRITE,    /* name, offset, data; `durable` when it is on the disk as it returns */
    IOLOG_TRUNCATE, /* name, offset is the new length */
    IOLOG_SYNC,     /* name: a file */
    IOLOG_SYNC_DIR, /* name: a directory, "" for the recorded one */
    IOLOG_RENAME,   /* name, to */
    IOLOG_UNLINK,   /* name */
    IOLOG_MARK,     /* offset is the number */
};

struct iolog_event {
    enum iolog_kind kind;
    char *name; /* within the directory */
    char *to;
    uint64_t offset;
    uint8_t *data;
    size_t len;
    bool durable;
};

struct iolog {
    struct iolog_event *events;
    size_t count;
};

void iolog_start(const char *dir); /* forgets what was recorded before */
struct iolog *iolog_stop(void);    /* the record; iolog_destroy() frees it */
void iolog_destroy(struct iolog *log);
/* Something was acknowledged: whatever comes after, it must be found again. */
void iolog_mark(uint64_t number);

enum iolog_fault { IOLOG_FAULT_NONE, IOLOG_FAULT_FULL, IOLOG_FAULT_IO, IOLOG_FAULT_SHORT };
/* The `nth` write or sync from now (the first is 1) below the directory fails so; a sync that
 * cannot be short fails with EIO. While recording only. */
void iolog_fail(unsigned nth, enum iolog_fault fault);
/* Whether that has happened. */
bool iolog_failed(void);

#endif
