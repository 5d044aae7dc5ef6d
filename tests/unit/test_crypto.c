#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sodium.h>

#include "store/crypto.h"
#include "store/limits.h"

static void test_hash_is_blake2b(void **state)
{
    (void)state;
    /* Against the library's own interface, whole. */
    uint8_t personal[16] = "fedcat.head.1", expected[32];
    assert_int_equal(crypto_generichash_blake2b_salt_personal(expected, 32, (const uint8_t *)"abc",
                                                              3, NULL, 0, NULL, personal),
                     0);
    struct fc_hash hash = fc_hash("fedcat.head.1", fc_span("abc", 3));
    assert_memory_equal(hash.b, expected, 32);
    struct fc_hash other = fc_hash("fedcat.head.2", fc_span("abc", 3));
    assert_false(fc_hash_eq(&hash, &other));
    struct fc_hash longest = fc_hash("0123456789abcdef", fc_span(NULL, 0));
    assert_false(fc_hash_is_zero(&longest));
}

static void test_hash_in_pieces(void **state)
{
    (void)state;
    uint8_t bytes[1000];
    struct fc_hasher hasher;
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    struct fc_hash whole = fc_hash("p", fc_span(bytes, sizeof bytes));
    for (size_t cut = 0; cut <= sizeof bytes; cut += 37) {
        struct fc_hash two =
            fc_hash2("p", fc_span(bytes, cut), fc_span(bytes + cut, sizeof bytes - cut));
        assert_true(fc_hash_eq(&whole, &two));
        fc_hasher_init(&hasher, "p");
        for (size_t at = 0; at < sizeof bytes; at += cut + 1) {
            size_t len = sizeof bytes - at < cut + 1 ? sizeof bytes - at : cut + 1;
            fc_hasher_add(&hasher, fc_span(bytes + at, len));
        }
        struct fc_hash many = fc_hasher_end(&hasher);
        assert_true(fc_hash_eq(&whole, &many));
    }
}

static void test_compare(void **state)
{
    (void)state;
    struct fc_hash low = {{1}}, high = {{2}}, zero = {{0}};
    struct fc_key key_low = {{1}}, key_high = {{2}}, key_zero = {{0}};
    assert_true(fc_hash_cmp(&low, &high) < 0 && fc_hash_cmp(&high, &low) > 0);
    assert_int_equal(fc_hash_cmp(&low, &low), 0);
    assert_true(fc_hash_is_zero(&zero) && !fc_hash_is_zero(&low));
    assert_true(fc_key_cmp(&key_low, &key_high) < 0 && fc_key_cmp(&key_high, &key_low) > 0);
    assert_true(fc_key_eq(&key_low, &key_low) && !fc_key_eq(&key_low, &key_high));
    assert_true(fc_key_is_zero(&key_zero) && !fc_key_is_zero(&key_low));
}

static void test_sign(void **state)
{
    (void)state;
    uint8_t seed[32] = {1, 2, 3};
    struct fc_sign_key secret;
    struct fc_key pub, again, other;
    fc_sign_key_from_seed(seed, &secret, &pub);
    again = fc_sign_key_public(&secret);
    assert_true(fc_key_eq(&pub, &again));
    struct fc_hash hash = fc_hash("p", fc_span("x", 1));
    struct fc_sig sig = fc_sign(&secret, &hash), twice = fc_sign(&secret, &hash);
    assert_memory_equal(&sig, &twice, sizeof sig);
    assert_true(fc_verify(&pub, &hash, &sig));
    for (unsigned bit = 0; bit < 512; bit += 13) {
        struct fc_sig bad = sig;
        bad.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(fc_verify(&pub, &hash, &bad));
    }
    struct fc_hash elsewhere = fc_hash("q", fc_span("x", 1));
    assert_false(fc_verify(&pub, &elsewhere, &sig));
    seed[0] = 9;
    fc_sign_key_from_seed(seed, &secret, &other);
    assert_false(fc_verify(&other, &hash, &sig));
    struct fc_key zero = {{0}}; /* a point of small order */
    assert_false(fc_verify(&zero, &hash, &sig));
}

/* RFC 8032, section 7.1, TEST 1: the public key of that seed. */
static void test_rfc8032_key(void **state)
{
    (void)state;
    uint8_t seed[32], expected[32];
    struct fc_sign_key secret;
    struct fc_key pub;
    assert_int_equal(
        fc_unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", seed, 32),
        FC_OK);
    assert_int_equal(
        fc_unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", expected, 32),
        FC_OK);
    fc_sign_key_from_seed(seed, &secret, &pub);
    assert_memory_equal(pub.b, expected, 32);
}

static void test_box_key(void **state)
{
    (void)state;
    uint8_t seed[32] = {5};
    struct fc_box_key secret;
    struct fc_key pub;
    fc_box_key_from_seed(seed, &secret, &pub);
    struct fc_key again = fc_box_key_public(&secret);
    assert_true(fc_key_eq(&pub, &again) && !fc_key_is_zero(&pub));
}

static void test_verifier(void **state)
{
    (void)state;
    uint8_t seed[32] = {1};
    struct fc_sign_key secret;
    struct fc_verify_job jobs[3];
    for (int i = 0; i < 3; i++) {
        seed[1] = (uint8_t)i;
        fc_sign_key_from_seed(seed, &secret, &jobs[i].key);
        jobs[i].hash = fc_hash("p", fc_span(seed, 32));
        jobs[i].sig = fc_sign(&secret, &jobs[i].hash);
        jobs[i].valid = i == 1;
    }
    jobs[1].sig.b[0] ^= 1;
    struct fc_verifier verifier = fc_verifier_plain();
    verifier.verify(verifier.ctx, jobs, 3);
    assert_true(jobs[0].valid && !jobs[1].valid && jobs[2].valid);
    verifier.verify(verifier.ctx, NULL, 0);
}

static void test_seal(void **state)
{
    (void)state;
    uint8_t salt[16] = {1}, nonce[24] = {2};
    struct fc_buf sealed = {0}, plain = {0};
    struct fc_span pass = fc_span_str("correct horse"), secret = fc_span_str("a secret key");
    fc_buf_append(&plain, "kept", 4);
    assert_int_equal(fc_seal(pass, salt, nonce, secret, &sealed), FC_OK);
    assert_int_equal(fc_unseal(pass, fc_buf_span(&sealed), &plain), FC_OK);
    assert_int_equal(plain.len, 4 + secret.len);
    assert_memory_equal(plain.data, "kepta secret key", 16);
    assert_int_equal(fc_unseal(fc_span_str("wrong"), fc_buf_span(&sealed), &plain),
                     FC_E_PASSPHRASE);
    sealed.data[sealed.len - 1] ^= 1;
    assert_int_equal(fc_unseal(pass, fc_buf_span(&sealed), &plain), FC_E_PASSPHRASE);
    sealed.data[sealed.len - 1] ^= 1;
    assert_int_equal(plain.len, 4 + secret.len);
    for (size_t len = 0; len < sealed.len; len++)
        assert_int_equal(fc_unseal(pass, fc_span(sealed.data, len), &plain), FC_E_FORMAT);
    sealed.data[1] = 2; /* another format */
    assert_int_equal(fc_unseal(pass, fc_buf_span(&sealed), &plain), FC_E_FORMAT);
    fc_buf_finish(&sealed);
    fc_buf_finish(&plain);
}

static void test_seal_edges(void **state)
{
    (void)state;
    uint8_t salt[16] = {1}, nonce[24] = {2};
    uint8_t *large = calloc(1, FC_RECORD_BYTES_MAX + 1);
    struct fc_buf sealed = {0}, plain = {0};
    struct fc_span pass = fc_span("", 0);
    assert_int_equal(fc_seal(pass, salt, nonce, fc_span(large, FC_RECORD_BYTES_MAX + 1), &sealed),
                     FC_E_BOUND);
    assert_int_equal(fc_seal(pass, salt, nonce, fc_span(large, FC_RECORD_BYTES_MAX), &sealed),
                     FC_OK);
    assert_int_equal(fc_unseal(pass, fc_buf_span(&sealed), &plain), FC_OK);
    assert_int_equal(plain.len, FC_RECORD_BYTES_MAX);
    struct fc_buf full = {.failed = true};
    assert_int_equal(fc_seal(pass, salt, nonce, fc_span("x", 1), &full), FC_E_NOMEM);
    assert_int_equal(fc_unseal(pass, fc_buf_span(&sealed), &full), FC_E_NOMEM);
    /* A box too short for its tag. */
    assert_int_equal(fc_unseal(pass,
                               fc_span("\x94\x01\xc4\x10"
                                       "0123456789abcdef"
                                       "\xc4\x18"
                                       "0123456789abcdef01234567"
                                       "\xc4\x01x",
                                       4 + 16 + 2 + 24 + 3),
                               &plain),
                     FC_E_FORMAT);
    fc_buf_finish(&sealed);
    fc_buf_finish(&plain);
    free(large);
}

static void test_wipe(void **state)
{
    (void)state;
    uint8_t secret[40], zero[40] = {0};
    memset(secret, 0xaa, sizeof secret);
    fc_wipe(secret, sizeof secret);
    assert_memory_equal(secret, zero, sizeof zero);
}

static int start(void **state)
{
    (void)state;
    return fc_crypto_init();
}

/* The values of the papers' and the reference code's own vectors. */
static void sip_is_siphash(void **state)
{
    (void)state;
    struct fc_sip_key key;
    uint8_t input[15];
    for (uint8_t i = 0; i < sizeof key.b; i++)
        key.b[i] = i;
    for (uint8_t i = 0; i < sizeof input; i++)
        input[i] = i;
    assert_true(fc_sip(&key, fc_span(input, sizeof input)) == 0xa129ca6149be45e5u);
    static const uint8_t empty[16] = {0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6,
                                      0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02, 0x93};
    struct fc_sip128 wide = fc_sip128(&key, fc_span(input, 0));
    assert_memory_equal(wide.b, empty, sizeof empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sip_is_siphash),      cmocka_unit_test(test_hash_is_blake2b),
        cmocka_unit_test(test_hash_in_pieces), cmocka_unit_test(test_compare),
        cmocka_unit_test(test_sign),           cmocka_unit_test(test_rfc8032_key),
        cmocka_unit_test(test_box_key),        cmocka_unit_test(test_verifier),
        cmocka_unit_test(test_seal),           cmocka_unit_test(test_seal_edges),
        cmocka_unit_test(test_wipe),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
