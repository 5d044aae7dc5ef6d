/* "Never sign twice": what a counter lets through, and that no torn write makes it forget. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "node/counter.h"
#include "node/file.h"
#include "tests/support/child.h"
#include "tests/support/keys.h"
#include "tests/support/tempdir.h"

struct fixture {
    char *dir, *key_path;
    struct fc_test_federation fed;
    struct fc_test_party party;
    struct fc_counter *counter;
    struct fc_buf ops;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct fc_op op = {0};
    uint8_t salt[FC_SALT_BYTES];
    *state = f;
    f->dir = tempdir_create();
    f->key_path = tempdir_path(f->dir, "feed.key");
    fc_test_federation_init(&f->fed, "counter", 3);
    fc_test_party_init(&f->party, &f->fed, "acme");
    op = fc_test_put("https://acme.example/1", "{}", salt);
    assert_int_equal(fc_ops_write(&op, 1, &f->ops), FC_OK);
    assert_int_equal(fc_counter_create(f->key_path, &f->party.feed.pub), FC_OK);
    assert_int_equal(fc_counter_open(f->key_path, &f->party.feed.pub, &f->counter), FC_OK);
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    fc_counter_close(f->counter);
    fc_buf_finish(&f->ops);
    fc_test_party_finish(&f->party);
    fc_test_federation_finish(&f->fed);
    free(f->key_path);
    tempdir_destroy(f->dir);
    free(f);
    return 0;
}

static void reopen(struct fixture *f)
{
    fc_counter_close(f->counter);
    assert_int_equal(fc_counter_open(f->key_path, &f->party.feed.pub, &f->counter), FC_OK);
}

static void next_head(struct fixture *f, struct fc_buf *record)
{
    struct fc_hash root = {{1}};
    fc_test_next_head(&f->party, fc_buf_span(&f->ops), &root, 1, 2, record);
}

static enum fc_err advance(struct fixture *f, const struct fc_buf *record)
{
    struct fc_content content = {.key_hash = {{2}}, .salt = {3}, .bytes = fc_span_str("{}")};
    return fc_counter_advance(f->counter, fc_buf_span(record), fc_buf_span(&f->ops), &content, 1);
}

static void only_the_next_version_is_signed(void **state)
{
    struct fixture *f = *state;
    struct fc_buf first = {0}, second = {0}, third = {0}, rival = {0};
    next_head(f, &first);
    next_head(f, &second);
    struct fc_head rival_head = f->party.head;
    rival_head.entries = 9;
    fc_test_head(&f->party, &rival_head, &rival);
    next_head(f, &third);

    assert_int_equal(advance(f, &second), FC_E_COUNTER); /* a gap */
    assert_int_equal(advance(f, &first), FC_OK);
    assert_int_equal(advance(f, &first), FC_E_COUNTER); /* again */
    assert_int_equal(advance(f, &third), FC_E_COUNTER); /* a gap */
    assert_int_equal(advance(f, &second), FC_OK);
    assert_int_equal(advance(f, &rival), FC_E_COUNTER); /* two at one version */
    reopen(f);
    assert_int_equal(advance(f, &rival), FC_E_COUNTER);
    const struct fc_counter_state *last = fc_counter_state(f->counter);
    assert_int_equal(last->serial, 2);
    assert_int_equal(last->version, fc_version_make(1, 2));
    assert_true(fc_span_eq(last->head_record, fc_buf_span(&second)));
    assert_true(fc_span_eq(last->ops, fc_buf_span(&f->ops)));
    assert_int_equal(last->content_count, 1);
    assert_true(fc_span_eq(last->contents[0].bytes, fc_span_str("{}")));
    assert_int_equal(advance(f, &third), FC_OK);
    fc_buf_finish(&first);
    fc_buf_finish(&second);
    fc_buf_finish(&third);
    fc_buf_finish(&rival);
}

static void others_are_refused(void **state)
{
    struct fixture *f = *state;
    struct fc_buf first = {0}, head = {0}, foreign = {0};
    next_head(f, &first);
    assert_int_equal(advance(f, &first), FC_OK);
    /* another participant under the same key, also as a first head */
    struct fc_head other = f->party.head;
    other.participant.b[0] ^= 1;
    other.version++;
    other.previous = f->party.head_hash;
    fc_test_head(&f->party, &other, &head);
    assert_int_equal(advance(f, &head), FC_E_COUNTER);
    /* the next version, but not of what was signed */
    other = f->party.head;
    other.version++;
    other.previous = (struct fc_hash){{9}};
    fc_buf_clear(&head);
    fc_test_head(&f->party, &other, &head);
    assert_int_equal(advance(f, &head), FC_E_COUNTER);
    /* signed by another key, or no head at all */
    struct fc_test_party stranger;
    struct fc_hash root = {{1}};
    fc_test_party_init(&stranger, &f->fed, "stranger");
    fc_test_next_head(&stranger, fc_buf_span(&f->ops), &root, 1, 2, &foreign);
    assert_int_equal(advance(f, &foreign), FC_E_FORMAT);
    assert_int_equal(advance(f, &f->party.certificate_record), FC_E_FORMAT);
    /* a new incarnation begins without a previous head */
    other = f->party.head;
    other.version = fc_version_make(2, 5);
    other.previous = f->party.head_hash;
    fc_buf_clear(&head);
    fc_test_head(&f->party, &other, &head);
    assert_int_equal(advance(f, &head), FC_E_COUNTER);
    other.previous = (struct fc_hash){{0}};
    fc_buf_clear(&head);
    fc_test_head(&f->party, &other, &head);
    assert_int_equal(advance(f, &head), FC_OK);
    /* and the old one is over */
    other.version = fc_version_make(1, 2);
    other.previous = f->party.head_hash;
    fc_buf_clear(&head);
    fc_test_head(&f->party, &other, &head);
    assert_int_equal(advance(f, &head), FC_E_COUNTER);
    fc_test_party_finish(&stranger);
    fc_buf_finish(&first);
    fc_buf_finish(&head);
    fc_buf_finish(&foreign);
}

static char *count_path(struct fixture *f, unsigned which)
{
    return tempdir_path(f->dir, which ? "feed.key.count1" : "feed.key.count0");
}

/* Whatever part of the last write reached the disk: the counter stands at the last or at the one
 * before, never elsewhere, and with its delta whole. */
static void a_torn_write_is_survived(void **state)
{
    struct fixture *f = *state;
    struct fc_buf records[3] = {{0}}, old = {0}, new = {0};
    for (int i = 0; i < 2; i++) {
        next_head(f, &records[i]);
        assert_int_equal(advance(f, &records[i]), FC_OK);
    }
    /* serial 2 went to count0, so a third goes to count1 */
    char *path = count_path(f, 1);
    assert_int_equal(fc_file_read(path, 1 << 20, &old), FC_OK);
    next_head(f, &records[2]);
    assert_int_equal(advance(f, &records[2]), FC_OK);
    assert_int_equal(fc_file_read(path, 1 << 20, &new), FC_OK);
    unsigned at_old = 0, at_new = 0;
    for (size_t cut = 0; cut <= new.len; cut += cut + 7 < new.len &&cut > 40 ? 7 : 1) {
        struct fc_buf torn = {0};
        fc_buf_append(&torn, new.data, cut);
        if (cut < old.len) {
            fc_buf_append(&torn, old.data + cut, old.len - cut);
        }
        assert_int_equal(fc_file_write(path, fc_buf_span(&torn), 0600, false), FC_OK);
        reopen(f);
        const struct fc_counter_state *last = fc_counter_state(f->counter);
        bool is_new = last->version == fc_version_make(1, 3);
        assert_true(is_new || last->version == fc_version_make(1, 2));
        assert_true(fc_span_eq(last->head_record, fc_buf_span(is_new ? &records[2] : &records[1])));
        assert_int_equal(last->content_count, 1);
        at_new += is_new;
        at_old += !is_new;
        fc_buf_finish(&torn);
    }
    assert_true(at_old > 40 && at_new > 0);
    for (int i = 0; i < 3; i++) {
        fc_buf_finish(&records[i]);
    }
    fc_buf_finish(&old);
    fc_buf_finish(&new);
    free(path);
}

static void a_key_without_its_counter_cannot_sign(void **state)
{
    struct fixture *f = *state;
    struct fc_counter *second = NULL;
    char *first_file = count_path(f, 0), *second_file = count_path(f, 1);
    /* held by one process at a time */
    assert_int_equal(fc_counter_open(f->key_path, &f->party.feed.pub, &second), FC_E_LOCKED);
    fc_counter_close(f->counter);
    f->counter = NULL;
    struct fc_key stranger = {{5}};
    assert_int_equal(fc_counter_open(f->key_path, &stranger, &second), FC_E_COUNTER);
    /* damage in the only file */
    struct fc_buf bytes = {0};
    assert_int_equal(fc_file_read(first_file, 1 << 20, &bytes), FC_OK);
    for (size_t i = 0; i < bytes.len; i++) {
        bytes.data[i] ^= 0x10;
        assert_int_equal(fc_file_write(first_file, fc_buf_span(&bytes), 0600, false), FC_OK);
        assert_int_equal(fc_counter_open(f->key_path, &f->party.feed.pub, &second), FC_E_COUNTER);
        bytes.data[i] ^= 0x10;
    }
    assert_int_equal(unlink(first_file), 0);
    assert_int_equal(fc_counter_open(f->key_path, &f->party.feed.pub, &second), FC_E_COUNTER);
    assert_int_equal(access(second_file, F_OK), -1);
    fc_buf_finish(&bytes);
    free(first_file);
    free(second_file);
}

/* In a child: no file may grow, as on a full disk; then it may again. */
static int full_disk(void *context)
{
    struct fixture *f = context;
    struct fc_buf first = {0}, second = {0};
    struct rlimit none = {100, RLIM_INFINITY}, free_again = {RLIM_INFINITY, RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    next_head(f, &first);
    next_head(f, &second);
    CHILD_CHECK(setrlimit(RLIMIT_FSIZE, &none) == 0);
    CHILD_CHECK(advance(f, &first) == FC_E_IO);
    CHILD_CHECK(fc_counter_state(f->counter)->serial == 0);
    CHILD_CHECK(setrlimit(RLIMIT_FSIZE, &free_again) == 0);
    CHILD_CHECK(advance(f, &second) == FC_E_COUNTER);
    CHILD_CHECK(advance(f, &first) == FC_OK);
    CHILD_CHECK(advance(f, &second) == FC_OK);
    fc_buf_finish(&first);
    fc_buf_finish(&second);
    return CHILD_OK;
}

static void a_write_that_fails_changes_nothing(void **state)
{
    assert_int_equal(child_run(full_disk, *state), CHILD_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_the_next_version_is_signed, setup, teardown),
        cmocka_unit_test_setup_teardown(others_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_torn_write_is_survived, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_without_its_counter_cannot_sign, setup, teardown),
        cmocka_unit_test_setup_teardown(a_write_that_fails_changes_nothing, setup, teardown),
    };
    return fc_crypto_init() == FC_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
