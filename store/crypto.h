/* Hashes, signatures and sealed keys; libsodium underneath. No entropy is drawn here: seeds and
 * nonces are handed in, so that a run can be repeated. */
#ifndef FC_STORE_CRYPTO_H
#define FC_STORE_CRYPTO_H

#include "store/bytes.h"

struct fc_hash {
    uint8_t b[32];
};
struct fc_key { /* Ed25519 or Curve25519 public key */
    uint8_t b[32];
};
struct fc_sig {
    uint8_t b[64];
};
struct fc_sign_key { /* Ed25519 seed and public key, as libsodium keeps them */
    uint8_t b[64];
};
struct fc_box_key { /* Curve25519 secret key */
    uint8_t b[32];
};

/* Call once before anything else; FC_E_IO when libsodium cannot start. */
FC_MUST_USE enum fc_err fc_crypto_init(void);

/* BLAKE2b-256 with a personal string of at most 16 bytes, zero-padded ("fedcat.head.1"). */
struct fc_hash fc_hash(const char *personal, struct fc_span bytes);
/* The same over two runs of bytes, one after the other. */
struct fc_hash fc_hash2(const char *personal, struct fc_span first, struct fc_span second);
/* Streaming, for inputs that are not in one piece. */
struct fc_hasher {
    _Alignas(64) uint8_t state[384];
};
void fc_hasher_init(struct fc_hasher *hasher, const char *personal);
void fc_hasher_add(struct fc_hasher *hasher, struct fc_span bytes);
struct fc_hash fc_hasher_end(struct fc_hasher *hasher);

/* SHA-256 (FIPS 180-4): for those who name documents so; nothing of ours is signed over it. */
struct fc_hash fc_sha256(struct fc_span bytes);

/* SipHash-2-4 (Aumasson, Bernstein, 2012), its bytes read as little-endian numbers: for tables and
 * sketches under a key that others cannot foresee, never for what is signed. */
struct fc_sip_key {
    uint8_t b[16];
};
uint64_t fc_sip(const struct fc_sip_key *key, struct fc_span bytes);
/* The variant of 128 bits. */
struct fc_sip128 {
    uint8_t b[16];
};
struct fc_sip128 fc_sip128(const struct fc_sip_key *key, struct fc_span bytes);

bool fc_hash_eq(const struct fc_hash *a, const struct fc_hash *b);
int fc_hash_cmp(const struct fc_hash *a, const struct fc_hash *b);
bool fc_hash_is_zero(const struct fc_hash *hash);
bool fc_key_eq(const struct fc_key *a, const struct fc_key *b);
int fc_key_cmp(const struct fc_key *a, const struct fc_key *b);
bool fc_key_is_zero(const struct fc_key *key);

void fc_sign_key_from_seed(const uint8_t seed[32], struct fc_sign_key *secret, struct fc_key *pub);
struct fc_key fc_sign_key_public(const struct fc_sign_key *secret);
/* Signs the 32 bytes of a hash. Deterministic (RFC 8032). */
struct fc_sig fc_sign(const struct fc_sign_key *secret, const struct fc_hash *hash);
bool fc_verify(const struct fc_key *key, const struct fc_hash *hash, const struct fc_sig *sig);

void fc_box_key_from_seed(const uint8_t seed[32], struct fc_box_key *secret, struct fc_key *pub);
struct fc_key fc_box_key_public(const struct fc_box_key *secret);

/* Seals bytes under a passphrase: Argon2id, then XSalsa20-Poly1305. `salt` and `nonce` must be
 * fresh. Costs about 0.1 s and 64 MiB. FC_E_NOMEM. Output is appended. */
FC_MUST_USE enum fc_err fc_seal(struct fc_span passphrase, const uint8_t salt[16],
                                const uint8_t nonce[24], struct fc_span plain, struct fc_buf *out);
/* FC_E_PASSPHRASE when it does not open; FC_E_FORMAT; FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_unseal(struct fc_span passphrase, struct fc_span sealed,
                                  struct fc_buf *out);
/* Overwrites a secret, in a way the compiler keeps. */
void fc_wipe(void *data, size_t len);

/* One signature to check; `valid` is the answer. */
struct fc_verify_job {
    struct fc_key key;
    struct fc_hash hash;
    struct fc_sig sig;
    bool valid;
};
/* Whoever runs the core decides how batches are verified: on all cores, or remembered once per
 * process. The answer must be the one fc_verify gives. */
struct fc_verifier {
    void *ctx;
    void (*verify)(void *ctx, struct fc_verify_job *jobs, size_t count);
};
/* One after the other on the calling thread. */
struct fc_verifier fc_verifier_plain(void);

#endif
