/* What only the LMDB backend has: a file, a map that grows, an owner, a disk that can be full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/kv_lmdb.h"
#include "tests/support/child.h"
#include "tests/support/numbered.h"
#include "tests/support/rng.h"
#include "tests/support/tempdir.h"

#define OK(call) assert_int_equal(call, FC_OK)

enum { SMALL_MAP = 256 << 10 };

static int setup(void **state)
{
    *state = tempdir_create();
    return 0;
}

static int teardown(void **state)
{
    tempdir_destroy(*state);
    return 0;
}

static enum fc_err open_with(const char *dir, bool create, uint64_t map_bytes, uint64_t max,
                             struct fc_kv **kv)
{
    struct fc_kv_lmdb_config config = {dir, create, map_bytes, max};
    return fc_kv_lmdb_open(&config, kv);
}

static struct fc_kv *open_store(const char *dir)
{
    struct fc_kv *kv;
    OK(open_with(dir, true, 0, 0, &kv));
    return kv;
}

static struct fc_txn *begin(struct fc_kv *kv, bool write)
{
    struct fc_txn *txn;
    OK(fc_kv_begin(kv, write, &txn));
    return txn;
}

/* One row of that many bytes in a transaction of its own, done again when the map has grown. */
static enum fc_err put_row(struct fc_kv *kv, uint64_t number, size_t len, unsigned *grown)
{
    uint8_t key[8];
    uint8_t *value = malloc(len);
    enum fc_err err = FC_E_MAP_FULL;
    if (!value)
        abort();
    memset(value, (int)number, len);
    fc_put_be64(key, number);
    for (unsigned i = 0; i < 16 && err == FC_E_MAP_FULL; i++) {
        struct fc_txn *txn;
        err = fc_kv_begin(kv, true, &txn);
        if (err)
            break;
        err = fc_kv_append(txn, FC_TABLE_CONTENT, fc_span(key, 8), fc_span(value, len));
        if (err)
            fc_kv_abort(txn);
        else
            err = fc_kv_commit(txn);
        *grown += err == FC_E_MAP_FULL;
    }
    free(value);
    return err;
}

static bool row_is(struct fc_kv *kv, uint64_t number, size_t len)
{
    uint8_t key[8];
    struct fc_txn *txn;
    struct fc_span value;
    if (fc_kv_begin(kv, false, &txn))
        return false;
    fc_put_be64(key, number);
    bool same =
        fc_kv_get(txn, FC_TABLE_CONTENT, fc_span(key, 8), &value) == FC_OK && value.len == len;
    for (size_t i = 0; same && i < len; i++)
        same = value.data[i] == (uint8_t)number;
    fc_kv_abort(txn);
    return same;
}

static uint64_t map_bytes_of(struct fc_kv *kv)
{
    struct fc_kv_stat stat;
    OK(fc_kv_stat(kv, &stat));
    assert_true(stat.used_bytes <= stat.map_bytes);
    return stat.map_bytes;
}

/* the map */

static void map_grows_before_it_is_full(void **state)
{
    enum { ROWS = 200, BYTES = 20000 };
    struct fc_kv *kv;
    unsigned grown = 0;
    OK(open_with(*state, true, SMALL_MAP, 0, &kv));
    assert_int_equal(map_bytes_of(kv), SMALL_MAP);
    for (uint64_t i = 0; i < ROWS; i++)
        OK(put_row(kv, i, BYTES, &grown));
    assert_int_equal(grown, 0);
    assert_true(map_bytes_of(kv) >= ROWS * BYTES);
    for (uint64_t i = 0; i < ROWS; i++)
        assert_true(row_is(kv, i, BYTES));
    OK(fc_kv_check(kv));
    fc_kv_close(kv);
    OK(open_with(*state, false, SMALL_MAP, 0, &kv)); /* smaller than what is there */
    assert_true(map_bytes_of(kv) >= ROWS * BYTES);
    OK(put_row(kv, ROWS, BYTES, &grown));
    fc_kv_close(kv);
}

static void map_grows_after_it_was_full(void **state)
{
    enum { BYTES = 3 << 20 };
    struct fc_kv *kv;
    unsigned grown = 0;
    OK(open_with(*state, true, SMALL_MAP, 0, &kv));
    OK(put_row(kv, 1, 100, &grown));
    assert_int_equal(grown, 0);
    OK(put_row(kv, 2, BYTES, &grown));
    assert_true(grown >= 1 && grown <= 6);
    assert_true(row_is(kv, 1, 100));
    assert_true(row_is(kv, 2, BYTES));
    fc_kv_close(kv);
}

static void reserve_makes_room_first(void **state)
{
    enum { BYTES = 8 << 20 };
    struct fc_kv *kv;
    unsigned grown = 0;
    OK(open_with(*state, true, SMALL_MAP, 64 << 20, &kv));
    OK(fc_kv_reserve(kv, BYTES));
    OK(put_row(kv, 1, BYTES, &grown));
    assert_int_equal(grown, 0);
    assert_int_equal(fc_kv_reserve(kv, 65 << 20), FC_E_FULL);
    fc_kv_close(kv);
}

/* With a reader open the map cannot move: it is said, and it is done when the reader has gone. */
static void map_waits_for_readers(void **state)
{
    struct fc_kv *kv;
    struct fc_txn *reader, *txn;
    uint8_t *large = calloc(1, 1 << 20);
    assert_non_null(large);
    OK(open_with(*state, true, SMALL_MAP, 0, &kv));
    reader = begin(kv, false);
    txn = begin(kv, true);
    assert_int_equal(fc_kv_put(txn, FC_TABLE_META, fc_span_str("a"), fc_span(large, 1 << 20)),
                     FC_E_MAP_FULL);
    assert_int_equal(fc_kv_put(txn, FC_TABLE_META, fc_span_str("b"), fc_span(large, 1)),
                     FC_E_MAP_FULL); /* an error stays */
    assert_int_equal(fc_kv_commit(txn), FC_E_MAP_FULL);
    assert_int_equal(fc_kv_begin(kv, true, &txn), FC_E_MAP_FULL);
    fc_kv_abort(reader);
    for (enum fc_err err = FC_E_MAP_FULL; err;) {
        txn = begin(kv, true);
        err = fc_kv_put(txn, FC_TABLE_META, fc_span_str("a"), fc_span(large, 1 << 20));
        if (!err)
            break;
        assert_int_equal(err, FC_E_MAP_FULL);
        fc_kv_abort(txn);
    }
    OK(fc_kv_commit(txn));
    fc_kv_close(kv);
    free(large);
}

static void map_has_a_greatest_size(void **state)
{
    enum { BYTES = 10000 };
    struct fc_kv *kv;
    unsigned grown = 0;
    uint64_t rows = 0;
    enum fc_err err;
    OK(open_with(*state, true, SMALL_MAP, 1 << 20, &kv));
    while (!(err = put_row(kv, rows, BYTES, &grown)) && rows < 1000)
        rows++;
    assert_int_equal(err, FC_E_FULL);
    assert_true(rows > 40);
    assert_int_equal(map_bytes_of(kv), 1 << 20);
    for (uint64_t i = 0; i < rows; i++)
        assert_true(row_is(kv, i, BYTES));
    OK(fc_kv_check(kv));
    fc_kv_close(kv);
    OK(open_with(*state, false, 0, 2 << 20, &kv));
    OK(put_row(kv, rows, BYTES, &grown));
    fc_kv_close(kv);
}

/* owner, names, modes */

static int open_elsewhere(void *dir)
{
    struct fc_kv *kv;
    enum fc_err err = open_with(dir, true, 0, 0, &kv);
    fc_kv_close(kv);
    return -err;
}

static void one_process_owns_it(void **state)
{
    struct fc_kv *kv = open_store(*state), *second;
    assert_int_equal(child_run(open_elsewhere, *state), -FC_E_LOCKED);
    assert_int_equal(open_with(*state, false, 0, 0, &second), FC_E_LOCKED);
    assert_null(second);
    unsigned grown = 0;
    OK(put_row(kv, 1, 10, &grown));
    fc_kv_close(kv);
    assert_int_equal(child_run(open_elsewhere, *state), 0);
}

static int die_as_owner(void *dir)
{
    struct fc_kv *kv;
    struct fc_txn *reader, *writer;
    CHILD_CHECK(open_with(dir, true, 0, 0, &kv) == FC_OK);
    CHILD_CHECK(fc_kv_begin(kv, false, &reader) == FC_OK);
    CHILD_CHECK(fc_kv_begin(kv, true, &writer) == FC_OK);
    return 5;
}

static void a_dead_owner_is_no_owner(void **state)
{
    assert_int_equal(child_run(die_as_owner, *state), 5);
    struct fc_kv *kv = open_store(*state);
    unsigned grown = 0;
    OK(put_row(kv, 1, 10, &grown));
    fc_kv_close(kv);
}

static mode_t mode_of(const char *path)
{
    struct stat buf;
    assert_int_equal(stat(path, &buf), 0);
    return buf.st_mode & 0777;
}

static void only_the_owner_may_read(void **state)
{
    char *dir = tempdir_path(*state, "store");
    struct fc_kv *kv;
    assert_int_equal(open_with(dir, false, 0, 0, &kv), FC_E_MISSING);
    assert_int_equal(access(dir, F_OK), -1);
    kv = open_store(dir);
    assert_int_equal(mode_of(dir), 0700);
    static const char *const names[] = {"data.mdb", "data.mdb-lock", "owner.lock"};
    for (unsigned i = 0; i < 3; i++) {
        char *path = tempdir_path(dir, names[i]);
        assert_int_equal(mode_of(path), 0600);
        free(path);
    }
    fc_kv_close(kv);
    free(dir);
}

/* the bytes of the file */

struct image {
    uint8_t *bytes;
    size_t len;
};

static struct image read_image(const char *path)
{
    struct stat buf;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &buf) == 0);
    struct image image = {malloc((size_t)buf.st_size + 1), (size_t)buf.st_size};
    assert_non_null(image.bytes);
    assert_int_equal(read(fd, image.bytes, image.len), image.len);
    close(fd);
    return image;
}

/* Puts bytes in their place in the file, which stays the same file: a store may have it open. */
static void patch(const char *path, size_t offset, const void *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, (off_t)offset), len);
    close(fd);
}

static void other_formats_are_refused(void **state)
{
    static const char name[] = "fedcat.format";
    struct fc_kv *kv = open_store(*state);
    fc_kv_close(kv);
    char *path = tempdir_path(*state, "data.mdb");
    struct image image = read_image(path);
    const uint8_t *at = memmem(image.bytes, image.len, name, strlen(name));
    assert_non_null(at);
    size_t offset = (size_t)(at - image.bytes) + strlen(name);
    assert_int_equal(fc_get_be32(image.bytes + offset), 1);
    for (uint8_t format = 0; format < 4; format++) {
        patch(path, offset + 3, &format, 1);
        assert_int_equal(open_with(*state, true, 0, 0, &kv), format == 1 ? FC_OK : FC_E_VERSION);
        fc_kv_close(kv);
    }
    patch(path, 0, image.bytes, image.len);
    uint32_t version = 2; /* the library's own, behind its magic number in both metas */
    patch(path, 16 + 4, &version, sizeof version);
    assert_int_equal(open_with(*state, true, 0, 0, &kv), FC_E_VERSION);
    free(image.bytes);
    free(path);
}

static void other_files_are_refused(void **state)
{
    char *path = tempdir_path(*state, "data.mdb");
    uint64_t rng = 5;
    uint8_t noise[16384] = {0};
    for (unsigned round = 0; round < 4; round++) {
        static const size_t sizes[] = {0, 100, 8192, 16384};
        for (size_t i = 0; round > 2 && i < sizeof noise; i++)
            noise[i] = (uint8_t)test_rng(&rng);
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_int_equal(write(fd, noise, sizes[round]), sizes[round]);
        close(fd);
        struct fc_kv *kv;
        assert_int_equal(open_with(*state, true, 0, 0, &kv), FC_E_CORRUPT);
        assert_null(kv);
    }
    free(path);
}

/* A store whose file has no free pages, with trees of some depth, large values if asked. */
static char *compact_store(const char *dir, uint64_t rows, size_t large)
{
    char *from = tempdir_path(dir, "from"), *to = tempdir_path(dir, "to");
    struct fc_kv *kv = open_store(from);
    struct fc_txn *txn = begin(kv, true);
    uint8_t key[40] = {0}, value[300];
    memset(value, 'v', sizeof value);
    for (uint64_t i = 0; i < rows; i++) {
        fc_put_be64(key, i * 0x9e3779b97f4a7c15u);
        enum fc_table table = i % 3 ? FC_TABLE_ENTRY : FC_TABLE_TREE;
        OK(fc_kv_put(txn, table, fc_span(key, sizeof key), fc_span(value, 100 + i % 200)));
    }
    if (large) {
        uint8_t *bytes = calloc(1, large);
        assert_non_null(bytes);
        OK(fc_kv_put(txn, FC_TABLE_CONTENT, fc_span(key, 8), fc_span(bytes, large)));
        free(bytes);
    }
    OK(fc_kv_commit(txn));
    OK(fc_kv_backup(kv, to));
    fc_kv_close(kv);
    free(from);
    return to;
}

static void a_truncated_file_is_damaged(void **state)
{
    char *dir = compact_store(*state, 800, 50000);
    char *path = tempdir_path(dir, "data.mdb");
    struct image image = read_image(path);
    struct fc_kv *kv;
    OK(open_with(dir, false, 0, 0, &kv));
    OK(fc_kv_check(kv));
    fc_kv_close(kv);
    for (size_t len = image.len - 1; len > 0; len = len > 5000 ? len - 5000 : len / 2) {
        assert_int_equal(truncate(path, (off_t)len), 0);
        assert_int_equal(open_with(dir, false, 0, 0, &kv), FC_E_CORRUPT);
    }
    free(image.bytes);
    free(path);
    free(dir);
}

/* Every page of a compact store is needed, so no damage to any of them goes unseen. */
static void damaged_pages_are_found(void **state)
{
    enum { PAGE = 4096 };
    char *dir = compact_store(*state, 1500, 0);
    char *path = tempdir_path(dir, "data.mdb");
    struct fc_kv *kv;
    OK(open_with(dir, false, 0, 0, &kv));
    OK(fc_kv_check(kv));
    struct image image = read_image(path);
    size_t pages = image.len / PAGE;
    uint64_t rng = 9;
    assert_true(pages > 60);
    for (size_t page = 0; page < pages; page++) {
        const uint8_t *was = image.bytes + page * PAGE;
        uint8_t bad[PAGE] = {0};
        for (unsigned kind = 0; kind < 4; kind++) {
            if (kind == 1) /* another page's bytes: a write that went astray */
                memcpy(bad, image.bytes + (page + 2) % pages * PAGE, PAGE);
            if (kind == 2)
                for (size_t i = 0; i < PAGE; i++)
                    bad[i] = (uint8_t)test_rng(&rng);
            if (kind == 3) { /* a header that is right before noise */
                if (page < 2)
                    continue;
                memcpy(bad, was, 16);
            }
            patch(path, page * PAGE, bad, PAGE);
            assert_int_equal(fc_kv_check(kv), FC_E_CORRUPT);
        }
        patch(path, page * PAGE, was, PAGE);
    }
    OK(fc_kv_check(kv));
    fc_kv_close(kv);
    free(image.bytes);
    free(path);
    free(dir);
}

/* Any bit may be wrong: the check says so or, where it is within a row, has nothing to say. */
static void any_flipped_bit_is_survived(void **state)
{
    enum { ROUNDS = 3000 };
    char *dir = compact_store(*state, 300, 20000);
    char *path = tempdir_path(dir, "data.mdb");
    struct fc_kv *kv;
    OK(open_with(dir, false, 0, 0, &kv));
    struct image image = read_image(path);
    uint64_t rng = 21;
    unsigned found = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t at = test_rng_below(&rng, (uint32_t)image.len);
        if (i % 2) /* half of them where the structure is: at the head of a page */
            at = at / 4096 * 4096 + at % 64;
        uint8_t bad = image.bytes[at] ^ (uint8_t)(1u << test_rng_below(&rng, 8));
        patch(path, at, &bad, 1);
        enum fc_err err = fc_kv_check(kv);
        assert_true(err == FC_OK || err == FC_E_CORRUPT || err == FC_E_VERSION);
        found += err != FC_OK;
        patch(path, at, &image.bytes[at], 1);
    }
    assert_true(found > ROUNDS / 4);
    OK(fc_kv_check(kv));
    fc_kv_close(kv);
    free(image.bytes);
    free(path);
    free(dir);
}

/* The same before opening: an error, or a store that can at least be checked and closed. */
static void any_damaged_head_is_survived(void **state)
{
    char *dir = compact_store(*state, 300, 20000);
    char *path = tempdir_path(dir, "data.mdb");
    struct image image = read_image(path);
    uint64_t rng = 33;
    unsigned refused = 0;
    for (unsigned i = 0; i < 400; i++) {
        uint8_t noise[8];
        size_t at = test_rng_below(&rng, 2) * 4096u + 16 + test_rng_below(&rng, 136 - 8);
        fc_put_be64(noise, i % 3 ? test_rng(&rng) : test_rng_below(&rng, 64));
        patch(path, at, noise, sizeof noise);
        struct fc_kv *kv;
        enum fc_err err = open_with(dir, false, 0, 0, &kv);
        if (!err)
            err = fc_kv_check(kv);
        refused += err != FC_OK;
        fc_kv_close(kv);
        patch(path, 0, image.bytes, image.len);
    }
    assert_true(refused > 100);
    free(image.bytes);
    free(path);
    free(dir);
}

/* backup */

static void backup_is_a_store(void **state)
{
    enum { TXNS = 30 };
    char *dir = tempdir_path(*state, "store"), *to = tempdir_path(*state, "backup");
    struct fc_kv *kv = open_store(dir), *copy;
    uint64_t last;
    for (uint64_t i = 1; i <= TXNS; i++) {
        struct fc_txn *txn = begin(kv, true);
        OK(numbered_write(txn, i));
        OK(fc_kv_commit(txn));
        if (i == TXNS / 2)
            OK(fc_kv_backup(kv, to));
    }
    assert_int_equal(fc_kv_backup(kv, to), FC_E_KNOWN);
    OK(open_with(to, false, 0, 0, &copy));
    OK(fc_kv_check(copy));
    assert_true(numbered_holds(copy, &last));
    assert_int_equal(last, TXNS / 2);
    assert_true(numbered_holds(kv, &last));
    assert_int_equal(last, TXNS);
    fc_kv_close(copy);
    fc_kv_close(kv);
    free(dir);
    free(to);
}

static void damage_is_not_backed_up(void **state)
{
    char *dir = compact_store(*state, 300, 0), *to = tempdir_path(*state, "backup");
    char *path = tempdir_path(dir, "data.mdb");
    struct fc_kv *kv;
    uint8_t zero[4096] = {0};
    OK(open_with(dir, false, 0, 0, &kv));
    patch(path, 5 * 4096, zero, sizeof zero);
    assert_int_equal(fc_kv_backup(kv, to), FC_E_CORRUPT);
    assert_int_equal(access(to, F_OK), -1);
    fc_kv_close(kv);
    free(dir);
    free(to);
    free(path);
}

/* a full disk */

static int fill(struct fc_kv *kv, uint64_t *rows, size_t bytes)
{
    unsigned grown = 0;
    enum fc_err err;
    while (!(err = put_row(kv, *rows, bytes, &grown)))
        CHILD_CHECK(++*rows < 10000);
    return -err;
}

/* All of them, and what the store says of itself. */
static void check_rows(struct fc_kv *kv, uint64_t rows, size_t bytes)
{
    struct fc_kv_stat stat;
    for (uint64_t i = 0; i < rows; i++)
        CHILD_CHECK(row_is(kv, i, bytes));
    CHILD_CHECK(fc_kv_stat(kv, &stat) == FC_OK && stat.rows[FC_TABLE_CONTENT] == rows);
    CHILD_CHECK(fc_kv_check(kv) == FC_OK);
}

/* Fills, makes room, fills again: by rows that end within a page and by rows of many pages, whose
 * writes come out short rather than not at all. */
static void fill_and_clear(const char *dir, size_t bytes, void (*make_room)(const char *dir))
{
    struct fc_kv *kv;
    uint64_t rows = 0;
    CHILD_CHECK(open_with(dir, true, 0, 0, &kv) == FC_OK);
    CHILD_CHECK(fill(kv, &rows, bytes) == -FC_E_FULL);
    CHILD_CHECK(rows > 3);
    check_rows(kv, rows, bytes);
    CHILD_CHECK(fill(kv, &rows, bytes) == -FC_E_FULL);
    fc_kv_close(kv);
    CHILD_CHECK(open_with(dir, false, 0, 0, &kv) == FC_OK); /* it opens when there is no room */
    check_rows(kv, rows, bytes);
    CHILD_CHECK(fill(kv, &rows, bytes) == -FC_E_FULL);
    uint64_t before = rows;
    make_room(dir);
    CHILD_CHECK(fill(kv, &rows, bytes) == -FC_E_FULL);
    CHILD_CHECK(rows > before + 3);
    check_rows(kv, rows, bytes);
    fc_kv_close(kv);
}

static void remove_ballast(const char *dir)
{
    char *path = tempdir_path(dir, "ballast");
    CHILD_CHECK(unlink(path) == 0);
    free(path);
}

static void put_ballast(const char *dir, size_t len)
{
    char *path = tempdir_path(dir, "ballast");
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHILD_CHECK(fd >= 0 && posix_fallocate(fd, 0, (off_t)len) == 0);
    close(fd);
    free(path);
}

static int fill_small_disk(void *dir)
{
    static const size_t sizes[] = {1000, 5000, 90000};
    for (unsigned i = 0; i < 3; i++) {
        if (!child_mount_tmpfs(dir, 4 << 20))
            return CHILD_SKIPPED;
        put_ballast(dir, 2 << 20);
        fill_and_clear(dir, sizes[i], remove_ballast);
    }
    return CHILD_OK;
}

static int create_on_full_disk(void *dir)
{
    struct fc_kv *kv;
    if (!child_mount_tmpfs(dir, 256 << 10))
        return CHILD_SKIPPED;
    put_ballast(dir, 248 << 10);
    CHILD_CHECK(open_with(dir, true, 0, 0, &kv) == FC_E_FULL);
    CHILD_CHECK(open_with(dir, true, 0, 0, &kv) == FC_E_FULL);
    CHILD_CHECK(open_with(dir, false, 0, 0, &kv) == FC_E_MISSING);
    remove_ballast(dir);
    CHILD_CHECK(open_with(dir, true, 0, 0, &kv) == FC_OK);
    CHILD_CHECK(fc_kv_check(kv) == FC_OK);
    fc_kv_close(kv);
    return CHILD_OK;
}

static void full_disk(void **state)
{
    int result = child_run(fill_small_disk, *state);
    if (result == CHILD_SKIPPED) {
        print_message("no tmpfs may be mounted here; the file limit is tested instead\n");
        skip();
    }
    assert_int_equal(result, CHILD_OK);
}

static void full_disk_at_creation(void **state)
{
    int result = child_run(create_on_full_disk, *state);
    if (result == CHILD_SKIPPED)
        skip();
    assert_int_equal(result, CHILD_OK);
}

static void set_limit(rlim_t bytes)
{
    struct rlimit limit;
    CHILD_CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    limit.rlim_cur = bytes;
    CHILD_CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

static void raise_limit(const char *dir)
{
    (void)dir;
    set_limit(4 << 20);
}

static int fill_to_limit(void *dir)
{
    static const size_t sizes[] = {1000, 5000, 90000};
    signal(SIGXFSZ, SIG_IGN);
    for (unsigned i = 0; i < 3; i++) {
        set_limit(2000000);
        fill_and_clear(dir, sizes[i], raise_limit);
        tempdir_clear(dir);
    }
    return CHILD_OK;
}

static void full_by_limit(void **state)
{
    assert_int_equal(child_run(fill_to_limit, *state), CHILD_OK);
}

#define TEST(test)                                                                                 \
    {                                                                                              \
#test, test, setup, teardown, NULL                                                         \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(map_grows_before_it_is_full),
        TEST(map_grows_after_it_was_full),
        TEST(reserve_makes_room_first),
        TEST(map_waits_for_readers),
        TEST(map_has_a_greatest_size),
        TEST(one_process_owns_it),
        TEST(a_dead_owner_is_no_owner),
        TEST(only_the_owner_may_read),
        TEST(other_formats_are_refused),
        TEST(other_files_are_refused),
        TEST(a_truncated_file_is_damaged),
        TEST(damaged_pages_are_found),
        TEST(any_flipped_bit_is_survived),
        TEST(any_damaged_head_is_survived),
        TEST(backup_is_a_store),
        TEST(damage_is_not_backed_up),
        TEST(full_disk),
        TEST(full_disk_at_creation),
        TEST(full_by_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
