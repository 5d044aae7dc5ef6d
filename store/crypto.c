#include "store/crypto.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "store/limits.h"
#include "store/pack.h"

_Static_assert(sizeof(struct fc_hash) == crypto_generichash_blake2b_BYTES, "BLAKE2b-256");
_Static_assert(sizeof(struct fc_key) == crypto_sign_PUBLICKEYBYTES, "Ed25519 public key");
_Static_assert(sizeof(struct fc_sign_key) == crypto_sign_SECRETKEYBYTES, "Ed25519 secret key");
_Static_assert(sizeof(struct fc_sig) == crypto_sign_BYTES, "Ed25519 signature");
_Static_assert(sizeof(struct fc_box_key) == crypto_box_SECRETKEYBYTES, "Curve25519 secret key");
_Static_assert(sizeof(struct fc_hasher) >= sizeof(crypto_generichash_blake2b_state), "room");

enum fc_err fc_crypto_init(void)
{
    return sodium_init() < 0 ? FC_E_IO : FC_OK;
}

static crypto_generichash_blake2b_state *state_of(struct fc_hasher *hasher)
{
    return (crypto_generichash_blake2b_state *)(void *)hasher->state;
}

void fc_hasher_init(struct fc_hasher *hasher, const char *personal)
{
    uint8_t padded[crypto_generichash_blake2b_PERSONALBYTES] = {0};
    size_t len = strlen(personal);
    assert(len <= sizeof padded);
    memcpy(padded, personal, len);
    crypto_generichash_blake2b_init_salt_personal(state_of(hasher), NULL, 0, sizeof(struct fc_hash),
                                                  NULL, padded);
}

void fc_hasher_add(struct fc_hasher *hasher, struct fc_span bytes)
{
    if (bytes.len > 0)
        crypto_generichash_blake2b_update(state_of(hasher), bytes.data, bytes.len);
}

struct fc_hash fc_hasher_end(struct fc_hasher *hasher)
{
    struct fc_hash hash;
    crypto_generichash_blake2b_final(state_of(hasher), hash.b, sizeof hash.b);
    return hash;
}

struct fc_hash fc_hash(const char *personal, struct fc_span bytes)
{
    return fc_hash2(personal, bytes, fc_span(NULL, 0));
}

struct fc_hash fc_sha256(struct fc_span bytes)
{
    struct fc_hash hash;
    crypto_hash_sha256(hash.b, bytes.data, bytes.len);
    return hash;
}

struct fc_hash fc_hash2(const char *personal, struct fc_span first, struct fc_span second)
{
    struct fc_hasher hasher;
    fc_hasher_init(&hasher, personal);
    fc_hasher_add(&hasher, first);
    fc_hasher_add(&hasher, second);
    return fc_hasher_end(&hasher);
}

_Static_assert(sizeof(struct fc_sip_key) == crypto_shorthash_siphash24_KEYBYTES, "SipHash");
_Static_assert(sizeof(struct fc_sip128) == crypto_shorthash_siphashx24_BYTES, "SipHash, 128 bits");

uint64_t fc_sip(const struct fc_sip_key *key, struct fc_span bytes)
{
    uint8_t out[crypto_shorthash_siphash24_BYTES];
    uint64_t value = 0;
    crypto_shorthash_siphash24(out, bytes.data, bytes.len, key->b);
    for (int i = 7; i >= 0; i--)
        value = value << 8 | out[i];
    return value;
}

struct fc_sip128 fc_sip128(const struct fc_sip_key *key, struct fc_span bytes)
{
    struct fc_sip128 out;
    crypto_shorthash_siphashx24(out.b, bytes.data, bytes.len, key->b);
    return out;
}

bool fc_hash_eq(const struct fc_hash *a, const struct fc_hash *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

int fc_hash_cmp(const struct fc_hash *a, const struct fc_hash *b)
{
    return memcmp(a->b, b->b, sizeof a->b);
}

bool fc_hash_is_zero(const struct fc_hash *hash)
{
    static const struct fc_hash zero;
    return fc_hash_eq(hash, &zero);
}

bool fc_key_eq(const struct fc_key *a, const struct fc_key *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

int fc_key_cmp(const struct fc_key *a, const struct fc_key *b)
{
    return memcmp(a->b, b->b, sizeof a->b);
}

bool fc_key_is_zero(const struct fc_key *key)
{
    static const struct fc_key zero;
    return fc_key_eq(key, &zero);
}

void fc_sign_key_from_seed(const uint8_t seed[32], struct fc_sign_key *secret, struct fc_key *pub)
{
    crypto_sign_seed_keypair(pub->b, secret->b, seed);
}

struct fc_key fc_sign_key_public(const struct fc_sign_key *secret)
{
    struct fc_key pub;
    crypto_sign_ed25519_sk_to_pk(pub.b, secret->b);
    return pub;
}

struct fc_sig fc_sign(const struct fc_sign_key *secret, const struct fc_hash *hash)
{
    struct fc_sig sig;
    crypto_sign_detached(sig.b, NULL, hash->b, sizeof hash->b, secret->b);
    return sig;
}

bool fc_verify(const struct fc_key *key, const struct fc_hash *hash, const struct fc_sig *sig)
{
    return crypto_sign_verify_detached(sig->b, hash->b, sizeof hash->b, key->b) == 0;
}

void fc_box_key_from_seed(const uint8_t seed[32], struct fc_box_key *secret, struct fc_key *pub)
{
    crypto_box_seed_keypair(pub->b, secret->b, seed);
}

struct fc_key fc_box_key_public(const struct fc_box_key *secret)
{
    struct fc_key pub;
    crypto_scalarmult_base(pub.b, secret->b);
    return pub;
}

/* A sealed secret is [1, salt, nonce, box]; 1 stands for Argon2id with these costs. */
enum { SEAL_FORMAT = 1, SEAL_PASSES = 2, SEAL_MEMORY_BYTES = 64 * 1024 * 1024 };

static enum fc_err derive(struct fc_span passphrase, const uint8_t salt[16],
                          uint8_t key[crypto_secretbox_KEYBYTES])
{
    const char *text = passphrase.len ? (const char *)passphrase.data : "";
    int failed = crypto_pwhash(key, crypto_secretbox_KEYBYTES, text, passphrase.len, salt,
                               SEAL_PASSES, SEAL_MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13);
    return failed ? FC_E_NOMEM : FC_OK;
}

enum fc_err fc_seal(struct fc_span passphrase, const uint8_t salt[16], const uint8_t nonce[24],
                    struct fc_span plain, struct fc_buf *out)
{
    uint8_t key[crypto_secretbox_KEYBYTES];
    if (plain.len > FC_RECORD_BYTES_MAX)
        return FC_E_BOUND;
    size_t len = crypto_secretbox_MACBYTES + plain.len;
    uint8_t *box = malloc(len);
    if (!box)
        return FC_E_NOMEM;
    enum fc_err err = derive(passphrase, salt, key);
    if (err != FC_OK)
        goto out;
    crypto_secretbox_easy(box, plain.data, plain.len, nonce, key);
    fc_pack_array(out, 4);
    fc_pack_uint(out, SEAL_FORMAT);
    fc_pack_bin(out, fc_span(salt, 16));
    fc_pack_bin(out, fc_span(nonce, 24));
    fc_pack_bin(out, fc_span(box, len));
    err = fc_buf_check(out);
out:
    fc_wipe(key, sizeof key);
    free(box);
    return err;
}

enum fc_err fc_unseal(struct fc_span passphrase, struct fc_span sealed, struct fc_buf *out)
{
    uint8_t key[crypto_secretbox_KEYBYTES], salt[16], nonce[24];
    struct fc_unpack in;
    fc_unpack_init(&in, sealed);
    fc_unpack_array(&in, 4, 4);
    uint64_t format = fc_unpack_uint(&in, UINT64_MAX);
    fc_unpack_fixed(&in, salt, sizeof salt);
    fc_unpack_fixed(&in, nonce, sizeof nonce);
    struct fc_span box = fc_unpack_bin(&in, crypto_secretbox_MACBYTES + FC_RECORD_BYTES_MAX);
    if (fc_unpack_end(&in) != FC_OK || format != SEAL_FORMAT || box.len < crypto_secretbox_MACBYTES)
        return FC_E_FORMAT;
    size_t len = out->len;
    enum fc_err err = derive(passphrase, salt, key);
    if (err != FC_OK)
        return err;
    uint8_t *plain = fc_buf_extend(out, box.len - crypto_secretbox_MACBYTES);
    if (!plain)
        err = FC_E_NOMEM;
    else if (crypto_secretbox_open_easy(plain, box.data, box.len, nonce, key) != 0)
        err = FC_E_PASSPHRASE;
    if (err != FC_OK)
        out->len = len;
    fc_wipe(key, sizeof key);
    return err;
}

void fc_wipe(void *data, size_t len)
{
    sodium_memzero(data, len);
}

static void verify_plain(void *ctx, struct fc_verify_job *jobs, size_t count)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++)
        jobs[i].valid = fc_verify(&jobs[i].key, &jobs[i].hash, &jobs[i].sig);
}

struct fc_verifier fc_verifier_plain(void)
{
    return (struct fc_verifier){NULL, verify_plain};
}
