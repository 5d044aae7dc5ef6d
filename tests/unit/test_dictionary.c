/* What dictionary 1 is worth, and that it never changes: frames made with it travel and are kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ftw.h>
#include <jansson.h>

#include "store/content.h"
#include "store/crypto.h"
#include "store/dictionary.h"

static const char samples[] = FEDCAT_SOURCE_DIR "/node/samples/";
static const char vectors_path[] = FEDCAT_SOURCE_DIR "/tests/vectors/content.json";

/* Left out when the dictionary was trained: tests/tools/dictionary. */
static const char *const held_out[] = {"fr/sante-rivage", "de/moselfin", "nl/tammepuu"};

/* nftw has no context. */
static struct {
    struct fc_codec *codec;
    unsigned documents;
    size_t plain, packed, block;
} sum;

static void read_file(const char *path, struct fc_buf *out)
{
    uint8_t chunk[4096];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (size_t got; (got = fread(chunk, 1, sizeof chunk, file)) > 0;)
        fc_buf_append(out, chunk, got);
    fclose(file);
}

static int pack_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    struct fc_buf plain = {0}, frame = {0}, block = {0}, back = {0};
    (void)stat;
    (void)ftw;
    if (type != FTW_F)
        return 0;
    read_file(path, &plain);
    assert_int_equal(fc_content_pack(sum.codec, fc_buf_span(&plain), &frame), FC_OK);
    assert_int_equal(fc_block_pack(sum.codec, fc_buf_span(&plain), &block), FC_OK);
    assert_int_equal(frame.data[0], 2);
    assert_int_equal(fc_content_unpack(sum.codec, fc_buf_span(&frame), plain.len, &back), FC_OK);
    assert_true(fc_span_eq(fc_buf_span(&back), fc_buf_span(&plain)));
    sum.documents++;
    sum.plain += plain.len;
    sum.packed += frame.len;
    sum.block += block.len;
    fc_buf_finish(&plain);
    fc_buf_finish(&frame);
    fc_buf_finish(&block);
    fc_buf_finish(&back);
    return 0;
}

static void test_ratio_on_documents_left_out(void **state)
{
    (void)state;
    assert_int_equal(fc_codec_create(&sum.codec), FC_OK);
    for (size_t i = 0; i < sizeof held_out / sizeof held_out[0]; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s%s", samples, held_out[i]);
        assert_int_equal(nftw(path, pack_one, 16, FTW_PHYS), 0);
    }
    double ratio = (double)sum.plain / (double)sum.packed;
    double alone = (double)sum.plain / (double)sum.block;
    print_message("%u documents, %zu bytes: %.2f to 1 with the dictionary, %.2f without\n",
                  sum.documents, sum.plain, ratio, alone);
    assert_true(sum.documents >= 15);
    assert_true(ratio > 4.0);
    assert_true(ratio > 1.5 * alone);
    fc_codec_destroy(sum.codec);
}

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    assert_non_null(value);
    return value;
}

static void test_dictionary_is_frozen(void **state)
{
    (void)state;
    char hash[65];
    json_t *frozen = json_load_file(vectors_path, 0, NULL);
    struct fc_span dictionary = fc_dictionary_1();
    assert_non_null(frozen);
    assert_int_equal(fc_crypto_init(), FC_OK);
    assert_true(dictionary.len <= 112 * 1024);
    assert_int_equal(dictionary.len,
                     json_integer_value(json_object_get(frozen, "dictionary_1_bytes")));
    struct fc_hash got = fc_hash("fedcat.dict.1", dictionary);
    fc_hex(got.b, 32, hash);
    assert_string_equal(hash, text(frozen, "dictionary_1_hash"));
    json_decref(frozen);
}

static void unhex(const char *digits, struct fc_buf *out)
{
    uint8_t *room = fc_buf_extend(out, strlen(digits) / 2 + 1);
    assert_non_null(room);
    assert_int_equal(fc_unhex(digits, room, strlen(digits) / 2), FC_OK);
    out->len = strlen(digits) / 2;
}

/* Frames written once must open for ever; how small a packer makes them is its own affair. */
static void test_frozen_frames_open(void **state)
{
    struct fc_codec *codec;
    json_t *frozen = json_load_file(vectors_path, 0, NULL), *one;
    size_t index;
    (void)state;
    assert_non_null(frozen);
    assert_int_equal(fc_codec_create(&codec), FC_OK);
    assert_true(json_array_size(json_object_get(frozen, "frames")) >= 5);
    json_array_foreach(json_object_get(frozen, "frames"), index, one)
    {
        struct fc_buf plain = {0}, frame = {0}, back = {0};
        bool block = strcmp(text(one, "kind"), "block") == 0;
        unhex(text(one, "plain"), &plain);
        unhex(text(one, "frame"), &frame);
        assert_int_equal((block ? fc_block_unpack : fc_content_unpack)(codec, fc_buf_span(&frame),
                                                                       plain.len, &back),
                         FC_OK);
        assert_true(fc_span_eq(fc_buf_span(&plain), fc_buf_span(&back)));
        fc_buf_finish(&plain);
        fc_buf_finish(&frame);
        fc_buf_finish(&back);
    }
    fc_codec_destroy(codec);
    json_decref(frozen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ratio_on_documents_left_out),
        cmocka_unit_test(test_dictionary_is_frozen),
        cmocka_unit_test(test_frozen_frames_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
