#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/counter.h"
#include "node/file.h"
#include "node/keyfile.h"
#include "tests/support/keys.h"
#include "tests/support/tempdir.h"

static const uint8_t seed[32] = {7, 7, 7};

static struct fc_span none(void)
{
    return fc_span(NULL, 0);
}

static void every_kind_comes_back(void **state)
{
    (void)state;
    char *dir = tempdir_create();
    for (int kind = FC_KEY_NODE; kind <= FC_KEY_GOVERNOR; kind++) {
        char *path = tempdir_path(dir, fc_key_kind_name((enum fc_key_kind)kind));
        struct fc_key pub;
        struct fc_keyfile key;
        struct stat about;
        assert_int_equal(fc_keyfile_create(path, (enum fc_key_kind)kind, seed, none(), &pub),
                         FC_OK);
        assert_int_equal(stat(path, &about), 0);
        assert_int_equal(about.st_mode & 0777, 0600);
        assert_int_equal(fc_keyfile_read(path, &key), FC_OK);
        assert_false(key.open);
        assert_int_equal(fc_keyfile_open(path, none(), &key), FC_OK);
        assert_true(key.open && !key.sealed && (int)key.kind == kind);
        assert_true(fc_key_eq(&key.public_key, &pub));
        struct fc_key derived =
            kind == FC_KEY_NODE ? fc_box_key_public(&key.box) : fc_sign_key_public(&key.sign);
        assert_true(fc_key_eq(&derived, &pub));
        fc_keyfile_wipe(&key);
        /* never over a key that is there */
        assert_int_equal(fc_keyfile_create(path, (enum fc_key_kind)kind, seed, none(), &pub),
                         FC_E_KNOWN);
        free(path);
    }
    assert_null(fc_key_kind_name((enum fc_key_kind)9));
    tempdir_destroy(dir);
}

static void sealed_keys_need_their_passphrase(void **state)
{
    (void)state;
    char *dir = tempdir_create(), *path = tempdir_path(dir, "sealed");
    struct fc_key pub;
    struct fc_keyfile key;
    struct fc_buf text = {0};
    assert_int_equal(
        fc_keyfile_create(path, FC_KEY_RECOVERY, seed, fc_span_str("open sesame"), &pub), FC_OK);
    assert_int_equal(fc_keyfile_read(path, &key), FC_OK);
    assert_true(key.sealed && fc_key_eq(&key.public_key, &pub));
    assert_int_equal(fc_keyfile_open(path, none(), &key), FC_E_PASSPHRASE);
    assert_int_equal(fc_keyfile_open(path, fc_span_str("open sesam"), &key), FC_E_PASSPHRASE);
    assert_false(key.open);
    assert_int_equal(fc_keyfile_open(path, fc_span_str("open sesame"), &key), FC_OK);
    assert_true(key.open);
    char hex[65];
    fc_hex(seed, 32, hex);
    assert_int_equal(fc_file_read(path, 4096, &text), FC_OK);
    assert_null(memmem(text.data, text.len, hex, 64));
    fc_keyfile_wipe(&key);
    fc_buf_finish(&text);
    free(path);
    tempdir_destroy(dir);
}

static void open_permissions_are_refused(void **state)
{
    (void)state;
    char *dir = tempdir_create(), *path = tempdir_path(dir, "key");
    char *link_path = tempdir_path(dir, "link");
    struct fc_key pub;
    struct fc_keyfile key;
    static const mode_t bad[] = {0640, 0620, 0610, 0604, 0602, 0601};
    assert_int_equal(fc_keyfile_create(path, FC_KEY_GOVERNOR, seed, none(), &pub), FC_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(chmod(path, bad[i]), 0);
        assert_int_equal(fc_keyfile_read(path, &key), FC_E_PERMISSION);
        assert_int_equal(fc_keyfile_open(path, none(), &key), FC_E_PERMISSION);
    }
    assert_int_equal(chmod(path, 0400), 0);
    assert_int_equal(fc_keyfile_open(path, none(), &key), FC_OK);
    fc_keyfile_wipe(&key);
    assert_int_equal(symlink(path, link_path), 0);
    assert_int_equal(fc_keyfile_read(link_path, &key), FC_E_FORMAT);
    assert_int_equal(fc_keyfile_read("/nonexistent/key", &key), FC_E_MISSING);
    free(path);
    free(link_path);
    tempdir_destroy(dir);
}

static enum fc_err parse(const char *text)
{
    struct fc_keyfile key;
    enum fc_err err = fc_keyfile_parse(fc_span_str(text), true, none(), &key);
    if (err == FC_OK) {
        fc_keyfile_wipe(&key);
    }
    return err;
}

static void damaged_text_is_refused(void **state)
{
    (void)state;
    char *dir = tempdir_create(), *path = tempdir_path(dir, "key");
    struct fc_key pub;
    struct fc_keyfile key;
    struct fc_buf text = {0};
    assert_int_equal(fc_keyfile_create(path, FC_KEY_GOVERNOR, seed, none(), &pub), FC_OK);
    assert_int_equal(fc_file_read(path, 4096, &text), FC_OK);
    /* cut anywhere, or with any one byte changed: refused, or (a hexadecimal digit of either half)
     * halves that do not belong together, which is refused too */
    for (size_t len = 0; len < text.len; len++) {
        assert_int_not_equal(fc_keyfile_parse(fc_span(text.data, len), true, none(), &key), FC_OK);
    }
    for (size_t i = 0; i < text.len; i++) {
        text.data[i] ^= 1;
        assert_int_not_equal(fc_keyfile_parse(fc_buf_span(&text), true, none(), &key), FC_OK);
        text.data[i] ^= 1;
    }
    assert_int_equal(fc_keyfile_parse(fc_buf_span(&text), true, none(), &key), FC_OK);
    fc_keyfile_wipe(&key);
    assert_int_equal(parse("fedcat-key 2\nkind feed\n"), FC_E_VERSION);
    assert_int_equal(parse("hello"), FC_E_FORMAT);
    char *large = calloc(1, 5000);
    memset(large, 'a', 4999);
    assert_int_equal(parse(large), FC_E_BOUND);
    free(large);
    fc_buf_finish(&text);
    free(path);
    tempdir_destroy(dir);
}

static void a_feed_key_has_a_counter_from_the_start(void **state)
{
    (void)state;
    char *dir = tempdir_create(), *path = tempdir_path(dir, "feed"),
         *other = tempdir_path(dir, "governor");
    struct fc_key pub;
    struct fc_counter *counter;
    assert_int_equal(fc_keyfile_create(path, FC_KEY_FEED, seed, none(), &pub), FC_OK);
    assert_int_equal(fc_counter_open(path, &pub, &counter), FC_OK);
    assert_int_equal(fc_counter_state(counter)->serial, 0);
    fc_counter_close(counter);
    assert_int_equal(fc_keyfile_create(other, FC_KEY_GOVERNOR, seed, none(), &pub), FC_OK);
    assert_int_equal(fc_counter_open(other, &pub, &counter), FC_E_COUNTER);
    /* a counter that is there already belongs to a key that may have signed: no key is made */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(fc_keyfile_create(path, FC_KEY_FEED, seed, none(), &pub), FC_E_KNOWN);
    assert_int_not_equal(access(path, F_OK), 0);
    free(path);
    free(other);
    tempdir_destroy(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_comes_back),
        cmocka_unit_test(sealed_keys_need_their_passphrase),
        cmocka_unit_test(open_permissions_are_refused),
        cmocka_unit_test(damaged_text_is_refused),
        cmocka_unit_test(a_feed_key_has_a_counter_from_the_start),
    };
    return fc_crypto_init() == FC_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
