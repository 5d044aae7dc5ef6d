#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/content.h"
#include "store/dictionary.h"
#include "tests/support/rng.h"

/* One frame: single segment of 3 bytes, a last raw block "abc" (RFC 8878, 3.1.1). */
static const uint8_t hello_frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x03,
                                      0x19, 0x00, 0x00, 'a',  'b',  'c'};

static int setup(void **state)
{
    struct fc_codec *codec;
    assert_int_equal(fc_codec_create(&codec), FC_OK);
    *state = codec;
    return 0;
}

static int teardown(void **state)
{
    fc_codec_destroy(*state);
    return 0;
}

typedef enum fc_err pack_fn(struct fc_codec *, struct fc_span, struct fc_buf *);
typedef enum fc_err unpack_fn(struct fc_codec *, struct fc_span, size_t, struct fc_buf *);

static uint8_t *make_text(size_t len)
{
    static const char words[] = "\"gx:providedBy\": {\"@id\": \"https://nimbus.example/offer/\"}, ";
    uint8_t *text = malloc(len + 1);
    assert_non_null(text);
    for (size_t i = 0; i < len; i++)
        text[i] = (uint8_t)words[i % (sizeof words - 1)];
    return text;
}

static void round_trip(struct fc_codec *codec, pack_fn *pack, unpack_fn *unpack, const void *data,
                       size_t len)
{
    struct fc_buf frame = {0}, plain = {0};
    fc_buf_append(&frame, "before", 6);
    fc_buf_append(&plain, "kept", 4);
    assert_int_equal(pack(codec, fc_span(data, len), &frame), FC_OK);
    struct fc_span bytes = fc_span(frame.data + 6, frame.len - 6);
    assert_memory_equal(frame.data, "before", 6);
    assert_true(bytes.len <= len + 1);
    assert_int_equal(unpack(codec, bytes, len, &plain), FC_OK);
    assert_int_equal(plain.len, len + 4);
    assert_memory_equal(plain.data, "kept", 4);
    if (len)
        assert_memory_equal(plain.data + 4, data, len);
    if (len) { /* one byte less than it holds */
        assert_int_equal(unpack(codec, bytes, len - 1, &plain), FC_E_BOUND);
        assert_int_equal(plain.len, len + 4);
    }
    fc_buf_finish(&frame);
    fc_buf_finish(&plain);
}

static void test_round_trips(void **state)
{
    static const size_t sizes[] = {0,    1,     2,      15,     255,    256,    257,
                                   4096, 65535, 131072, 131073, 300000, 1048575};
    uint64_t seed = 7;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *text = make_text(sizes[i]);
        round_trip(*state, fc_content_pack, fc_content_unpack, text, sizes[i]);
        round_trip(*state, fc_block_pack, fc_block_unpack, text, sizes[i]);
        for (size_t k = 0; k < sizes[i]; k++)
            text[k] = (uint8_t)test_rng(&seed);
        round_trip(*state, fc_content_pack, fc_content_unpack, text, sizes[i]);
        round_trip(*state, fc_block_pack, fc_block_unpack, text, sizes[i]);
        free(text);
    }
}

static void test_bounds_at_the_edge(void **state)
{
    struct fc_buf frame = {0};
    uint8_t *text = make_text(FC_FRAME_BYTES_MAX + 1);
    round_trip(*state, fc_content_pack, fc_content_unpack, text, FC_CONTENT_BYTES_MAX);
    round_trip(*state, fc_block_pack, fc_block_unpack, text, FC_FRAME_BYTES_MAX);
    assert_int_equal(fc_content_pack(*state, fc_span(text, FC_CONTENT_BYTES_MAX + 1), &frame),
                     FC_E_BOUND);
    assert_int_equal(fc_block_pack(*state, fc_span(text, FC_FRAME_BYTES_MAX + 1), &frame),
                     FC_E_BOUND);
    assert_int_equal(frame.len, 0);
    assert_int_equal(frame.cap, 0);
    free(text);
    fc_buf_finish(&frame);
}

static void test_incompressible_is_raw(void **state)
{
    uint8_t noise[500];
    uint64_t seed = 3;
    struct fc_buf frame = {0};
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)test_rng(&seed);
    assert_int_equal(fc_content_pack(*state, fc_span(noise, sizeof noise), &frame), FC_OK);
    assert_int_equal(frame.len, sizeof noise + 1);
    assert_int_equal(frame.data[0], 1);
    assert_memory_equal(frame.data + 1, noise, sizeof noise);
    fc_buf_finish(&frame);
}

/* A few bytes that unfold to a megabyte are refused by what they say, before memory is taken. */
static void test_bomb_is_refused_by_its_header(void **state)
{
    struct fc_buf frame = {0}, plain = {0};
    uint8_t *zeros = calloc(1, FC_CONTENT_BYTES_MAX);
    assert_non_null(zeros);
    assert_int_equal(fc_content_pack(*state, fc_span(zeros, FC_CONTENT_BYTES_MAX), &frame), FC_OK);
    assert_true(frame.len < 200);
    assert_int_equal(fc_content_unpack(*state, fc_buf_span(&frame), 4096, &plain), FC_E_BOUND);
    assert_int_equal(plain.cap, 0);
    free(zeros);
    fc_buf_finish(&frame);
    fc_buf_finish(&plain);
}

/* Header says 8 bytes, content is 256: an RLE block that holds more than was announced. */
static void test_frame_that_lies_about_its_size(void **state)
{
    static const uint8_t more[] = {3, 0x28, 0xb5, 0x2f, 0xfd, 0x20, 8, 0x03, 0x08, 0x00, 'x'};
    static const uint8_t less[] = {3, 0x28, 0xb5, 0x2f, 0xfd, 0x20, 200, 0x43, 0x00, 0x00, 'x'};
    static const uint8_t huge[] = {3,   0x28, 0xb5, 0x2f, 0xfd, 0xe0, 255,  255, 255,
                                   255, 255,  255,  255,  127,  0x01, 0x00, 0x00};
    struct fc_buf plain = {0};
    assert_int_equal(fc_block_unpack(*state, fc_span(more, sizeof more), 4096, &plain),
                     FC_E_FORMAT);
    assert_int_equal(fc_block_unpack(*state, fc_span(less, sizeof less), 4096, &plain),
                     FC_E_FORMAT);
    assert_int_equal(plain.len, 0);
    fc_buf_finish(&plain);
    assert_int_equal(fc_block_unpack(*state, fc_span(huge, sizeof huge), SIZE_MAX / 4, &plain),
                     FC_E_BOUND);
    assert_int_equal(plain.cap, 0);
}

static enum fc_err unpack_block(struct fc_codec *codec, const struct fc_buf *frame)
{
    struct fc_buf plain = {0};
    enum fc_err err = fc_block_unpack(codec, fc_buf_span(frame), 1 << 20, &plain);
    if (err != FC_OK)
        assert_int_equal(plain.len, 0);
    fc_buf_finish(&plain);
    return err;
}

/* It says it holds nothing, and does. */
static void test_empty_frame(void **state)
{
    static const uint8_t empty[] = {3, 0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 0x01, 0x00, 0x00};
    static const uint8_t more[] = {3, 0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 0x03, 0x08, 0x00, 'x'};
    struct fc_buf plain = {0};
    assert_int_equal(fc_block_unpack(*state, fc_span(empty, sizeof empty), 0, &plain), FC_OK);
    assert_int_equal(fc_block_unpack(*state, fc_span(more, sizeof more), 0, &plain), FC_E_FORMAT);
    assert_int_equal(plain.len, 0);
}

static void test_only_one_whole_frame(void **state)
{
    static const uint8_t unsized[] = {3,    0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x00,
                                      0x19, 0x00, 0x00, 'a',  'b',  'c'};
    static const uint8_t other_dictionary[] = {3,    0x28, 0xb5, 0x2f, 0xfd, 0x21, 0x07,
                                               0x03, 0x19, 0x00, 0x00, 'a',  'b',  'c'};
    static const uint8_t skippable[] = {3, 0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 'a'};
    struct fc_buf frame = {0};
    const uint8_t format = 3;
    assert_int_equal(unpack_block(*state, &frame), FC_E_FORMAT);
    fc_buf_append(&frame, &format, 1);
    assert_int_equal(unpack_block(*state, &frame), FC_E_FORMAT);
    fc_buf_append(&frame, hello_frame, sizeof hello_frame);
    assert_int_equal(unpack_block(*state, &frame), FC_OK);
    frame.len--;
    assert_int_equal(unpack_block(*state, &frame), FC_E_FORMAT);
    frame.len++;
    fc_buf_append(&frame, "", 1);
    assert_int_equal(unpack_block(*state, &frame), FC_E_FORMAT);
    frame.len--;
    fc_buf_append(&frame, hello_frame, sizeof hello_frame);
    assert_int_equal(unpack_block(*state, &frame), FC_E_FORMAT);
    fc_buf_clear(&frame);
    fc_buf_append(&frame, unsized, sizeof unsized);
    assert_int_equal(unpack_block(*state, &frame), FC_E_FORMAT);
    fc_buf_clear(&frame);
    fc_buf_append(&frame, other_dictionary, sizeof other_dictionary);
    assert_int_equal(unpack_block(*state, &frame), FC_E_FORMAT);
    fc_buf_clear(&frame);
    fc_buf_append(&frame, skippable, sizeof skippable);
    assert_int_equal(unpack_block(*state, &frame), FC_E_FORMAT);
    fc_buf_finish(&frame);
}

/* Contents and blocks are told apart, and no other format is guessed. */
static void test_formats(void **state)
{
    struct fc_buf frame = {0}, plain = {0};
    uint8_t *text = make_text(2000);
    assert_int_equal(fc_content_pack(*state, fc_span(text, 2000), &frame), FC_OK);
    for (unsigned format = 0; format < 256; format++) {
        frame.data[0] = (uint8_t)format;
        fc_buf_clear(&plain);
        enum fc_err err = fc_content_unpack(*state, fc_buf_span(&frame), 4096, &plain);
        assert_int_equal(err, format == 1 || format == 2 ? FC_OK : FC_E_FORMAT);
    }
    frame.data[0] = 2;
    assert_int_equal(fc_block_unpack(*state, fc_buf_span(&frame), 4096, &plain), FC_E_FORMAT);
    free(text);
    fc_buf_finish(&frame);
    fc_buf_finish(&plain);
}

/* Every flipped byte of a frame: an answer within the bound, or an error that leaves no trace. */
static void test_tampered_frames(void **state)
{
    struct fc_buf frame = {0}, plain = {0};
    uint8_t *text = make_text(3000);
    assert_int_equal(fc_content_pack(*state, fc_span(text, 3000), &frame), FC_OK);
    for (size_t i = 0; i < frame.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            frame.data[i] ^= (uint8_t)(1u << bit);
            fc_buf_clear(&plain);
            enum fc_err err = fc_content_unpack(*state, fc_buf_span(&frame), 4096, &plain);
            assert_true(plain.len <= 4096);
            if (err != FC_OK)
                assert_int_equal(plain.len, 0);
            frame.data[i] ^= (uint8_t)(1u << bit);
        }
    }
    free(text);
    fc_buf_finish(&frame);
    fc_buf_finish(&plain);
}

static void test_destroy_null(void **state)
{
    (void)state;
    fc_codec_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trips, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bounds_at_the_edge, setup, teardown),
        cmocka_unit_test_setup_teardown(test_incompressible_is_raw, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bomb_is_refused_by_its_header, setup, teardown),
        cmocka_unit_test_setup_teardown(test_frame_that_lies_about_its_size, setup, teardown),
        cmocka_unit_test_setup_teardown(test_empty_frame, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_one_whole_frame, setup, teardown),
        cmocka_unit_test_setup_teardown(test_formats, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tampered_frames, setup, teardown),
        cmocka_unit_test(test_destroy_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
