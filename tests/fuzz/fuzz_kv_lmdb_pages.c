/* Any bytes as a data file: the page walker refuses them, or the library can read them whole. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "store/kv_lmdb.h"
#include "store/kv_lmdb_pages.h"
#include "tests/support/tempdir.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_all(int fd, const uint8_t *data, size_t size)
{
    if (fd < 0 || (size && write(fd, data, size) != (ssize_t)size))
        abort();
}

static void read_table(struct fc_txn *txn, enum fc_table table)
{
    struct fc_kv_cursor *cursor;
    struct fc_span key, value;
    volatile uint8_t sum = 0;
    if (fc_kv_cursor_open(txn, table, &cursor))
        return;
    while (fc_kv_next(cursor, &key, &value) == FC_OK)
        for (size_t i = 0; i < value.len; i++)
            sum = (uint8_t)(sum + value.data[i]);
    fc_kv_cursor_close(cursor);
}

/* Reads and writes with the library what the walker took for sound. */
static void use_store(const uint8_t *data, size_t size)
{
    struct fc_kv *kv;
    struct fc_txn *txn;
    char *dir = tempdir_create(), *path = tempdir_path(dir, "data.mdb");
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    write_all(fd, data, size);
    close(fd);
    struct fc_kv_lmdb_config config = {.path = dir, .map_bytes = 1 << 20};
    if (fc_kv_lmdb_open(&config, &kv) == FC_OK) {
        if (fc_kv_begin(kv, false, &txn) == FC_OK) {
            for (unsigned i = 0; i < FC_TABLE_COUNT; i++)
                read_table(txn, (enum fc_table)i);
            fc_kv_abort(txn);
        }
        fc_kv_close(kv);
    }
    free(path);
    tempdir_destroy(dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = memfd_create("pages", MFD_CLOEXEC);
    write_all(fd, data, size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    enum fc_err head = fc_lmdb_pages_check(path, FC_LMDB_PAGES_HEAD);
    enum fc_err all = fc_lmdb_pages_check(path, FC_LMDB_PAGES_ALL);
    close(fd);
    if (all == FC_OK && head != FC_OK)
        abort(); /* the head is a part of all */
    if (all == FC_OK)
        use_store(data, size);
    return 0;
}
