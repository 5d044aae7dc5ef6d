#include "store/did.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/document_text.h"

enum {
    JWK_BYTES_MAX = 16 * 1024,
    MULTIBASE_BYTES_MAX = 64, /* of a compressed point with its prefix in base 58, and room */
    METHODS_MAX = 256,        /* looked at in one document */
};

void fc_did_key_finish(struct fc_did_key *key)
{
    fc_jose_key_destroy(key->key);
    *key = (struct fc_did_key){0};
}

/* JWK (RFC 7517). */

static enum fc_err member(const struct fc_tree *jwk, const char *name, struct fc_buf *out)
{
    const char *text = fc_tree_text(fc_tree_exact(jwk, name));
    if (!text || !*text || strlen(text) > JWK_BYTES_MAX)
        return FC_E_FORMAT;
    return fc_base64url_decode(fc_span_str(text), out);
}

static enum fc_err read_ed25519(const struct fc_tree *jwk, struct fc_jose_key **key)
{
    struct fc_buf x = {0};
    enum fc_err err = member(jwk, "x", &x);
    if (err == FC_OK)
        err = fc_jose_key_ed25519(fc_buf_span(&x), key);
    fc_buf_finish(&x);
    return err;
}

static enum fc_err read_p256(const struct fc_tree *jwk, struct fc_jose_key **key)
{
    struct fc_buf point = {0};
    fc_buf_append(&point, "\x04", 1);
    enum fc_err err = fc_buf_check(&point);
    if (err == FC_OK)
        err = member(jwk, "x", &point);
    if (err == FC_OK && point.len != 33)
        err = FC_E_FORMAT;
    if (err == FC_OK)
        err = member(jwk, "y", &point);
    if (err == FC_OK)
        err = fc_jose_key_p256(fc_buf_span(&point), key);
    fc_buf_finish(&point);
    return err;
}

static enum fc_err read_rsa(const struct fc_tree *jwk, struct fc_jose_key **key)
{
    struct fc_buf n = {0}, e = {0};
    enum fc_err err = member(jwk, "n", &n);
    if (err == FC_OK)
        err = member(jwk, "e", &e);
    if (err == FC_OK)
        err = fc_jose_key_rsa(fc_buf_span(&n), fc_buf_span(&e), key);
    fc_buf_finish(&n);
    fc_buf_finish(&e);
    return err;
}

static bool is(const struct fc_tree *jwk, const char *name, const char *wanted)
{
    const char *text = fc_tree_text(fc_tree_exact(jwk, name));
    return text && strcmp(text, wanted) == 0;
}

/* "use" and "key_ops" (RFC 7517 sections 4.2 and 4.3) where they are given. */
static bool may_verify(const struct fc_tree *jwk)
{
    const struct fc_tree *ops = fc_tree_exact(jwk, "key_ops");
    bool verifies = ops == NULL;
    for (size_t i = 0; i < fc_tree_count(ops); i++) {
        const char *op = fc_tree_text(fc_tree_at(ops, i));
        verifies = verifies || (op && strcmp(op, "verify") == 0);
    }
    return verifies && (!fc_tree_exact(jwk, "use") || is(jwk, "use", "sig"));
}

static void decode_base64(const char *text, struct fc_buf *out)
{
    struct fc_buf url = {0};
    for (; *text && *text != '='; text++) {
        char c = *text == '+' ? '-' : *text == '/' ? '_' : *text;
        fc_buf_append(&url, &c, 1);
    }
    if (fc_buf_check(&url) != FC_OK || fc_base64url_decode(fc_buf_span(&url), out) != FC_OK)
        fc_buf_clear(out);
    fc_buf_finish(&url);
}

/* "x5c" (RFC 7517 section 4.7): plain base64, the key's own certificate first. */
static void read_certificate(const struct fc_tree *jwk, struct fc_did_key *out)
{
    const char *text = fc_tree_text(fc_tree_at(fc_tree_exact(jwk, "x5c"), 0));
    struct fc_buf der = {0};
    if (!text || strlen(text) > JWK_BYTES_MAX)
        return;
    decode_base64(text, &der);
    if (fc_jose_certificate(fc_buf_span(&der), out->key, out->certificate,
                            sizeof out->certificate) != FC_OK)
        out->certificate[0] = '\0';
    fc_buf_finish(&der);
}

static enum fc_err read_jwk(const struct fc_tree *jwk, struct fc_did_key *out)
{
    const char *alg = fc_tree_text(fc_tree_exact(jwk, "alg"));
    enum fc_err err = FC_E_FORMAT;
    if (fc_tree_exact(jwk, "d"))
        return FC_E_REVOKED;
    if (!may_verify(jwk))
        return FC_E_DENIED;
    if (is(jwk, "kty", "OKP") && is(jwk, "crv", "Ed25519"))
        err = read_ed25519(jwk, &out->key);
    else if (is(jwk, "kty", "EC") && is(jwk, "crv", "P-256"))
        err = read_p256(jwk, &out->key);
    else if (is(jwk, "kty", "RSA"))
        err = read_rsa(jwk, &out->key);
    if (err == FC_OK && alg)
        snprintf(out->algorithm, sizeof out->algorithm, "%s", alg);
    if (err == FC_OK)
        read_certificate(jwk, out);
    return err;
}

/* Multibase base58btc with a multicodec prefix (did:key, Multikey). */

static int base58_digit(char c)
{
    static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

/* The number in the last *len bytes of `out`, leading ones ("1") as zero bytes. */
static bool base58_decode(const char *text, size_t len, uint8_t out[MULTIBASE_BYTES_MAX],
                          size_t *out_len)
{
    size_t zeros = 0, used = 0;
    memset(out, 0, MULTIBASE_BYTES_MAX);
    while (zeros < len && text[zeros] == '1')
        zeros++;
    for (size_t i = zeros; i < len; i++) {
        int carry = base58_digit(text[i]);
        if (carry < 0)
            return false;
        for (size_t k = 0; k < used || carry > 0; k++) {
            if (k == MULTIBASE_BYTES_MAX)
                return false;
            uint8_t *byte = &out[MULTIBASE_BYTES_MAX - 1 - k];
            carry += 58 * *byte;
            *byte = (uint8_t)carry;
            carry >>= 8;
            if (k >= used)
                used = k + 1;
        }
    }
    *out_len = used + zeros;
    return *out_len <= MULTIBASE_BYTES_MAX;
}

static enum fc_err read_multikey(const char *text, size_t len, struct fc_did_key *out)
{
    uint8_t room[MULTIBASE_BYTES_MAX];
    size_t bytes = 0;
    if (len < 2 || len > 2 * MULTIBASE_BYTES_MAX || text[0] != 'z' ||
        !base58_decode(text + 1, len - 1, room, &bytes) || bytes < 2)
        return FC_E_FORMAT;
    const uint8_t *at = room + sizeof room - bytes;
    struct fc_span key = fc_span(at + 2, bytes - 2);
    if (at[0] == 0xed && at[1] == 0x01)
        return fc_jose_key_ed25519(key, &out->key);
    if (at[0] == 0x80 && at[1] == 0x24 && key.len == 33)
        return fc_jose_key_p256(key, &out->key);
    return FC_E_FORMAT;
}

/* Identifiers that hold their key. */

static const char key_method[] = "did:key:", jwk_method[] = "did:jwk:";

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

bool fc_did_is_self_contained(const char *did)
{
    return begins(did, key_method) || begins(did, jwk_method);
}

static enum fc_err read_did_jwk(const char *text, struct fc_did_key *out)
{
    struct fc_buf json = {0};
    struct fc_tree *jwk = NULL;
    struct fc_strict_fault fault;
    if (strlen(text) > JWK_BYTES_MAX)
        return FC_E_BOUND;
    enum fc_err err = fc_base64url_decode(fc_span_str(text), &json);
    if (err == FC_OK)
        err = fc_tree_load(fc_buf_span(&json), true, &jwk, &fault);
    if (err == FC_OK)
        err = read_jwk(jwk, out);
    fc_tree_destroy(jwk);
    fc_buf_finish(&json);
    return err == FC_E_JSON ? FC_E_FORMAT : err;
}

enum fc_err fc_did_self_key(const char *did, const char *key_id, struct fc_did_key *out)
{
    bool is_jwk = begins(did, jwk_method);
    const char *own = did + strlen(key_method);
    const char *fragment = key_id ? strchr(key_id, '#') : NULL;
    *out = (struct fc_did_key){0};
    if (fragment && strcmp(fragment + 1, is_jwk ? "0" : own) != 0)
        return FC_E_MISSING;
    if (!fragment && key_id && strcmp(key_id, did) != 0 && strcmp(key_id, is_jwk ? "0" : own) != 0)
        return FC_E_MISSING;
    enum fc_err err = is_jwk ? read_did_jwk(own, out) : read_multikey(own, strlen(own), out);
    if (err != FC_OK)
        fc_did_key_finish(out);
    return err;
}

/* DID documents. */

/* Whether a method's id means the key: both may be relative to the document's DID. */
static bool same_key(const char *did, const char *id, const char *wanted)
{
    size_t len = strlen(did);
    if (strncmp(id, did, len) == 0 && id[len] == '#')
        id += len;
    if (strncmp(wanted, did, len) == 0 && wanted[len] == '#')
        wanted += len;
    if (id[0] == '#' && wanted[0] != '#' && !begins(wanted, "did:"))
        id++;
    return strcmp(id, wanted) == 0;
}

static bool is_method(const struct fc_tree *method, const char *did, const char *key_id)
{
    const char *id = fc_tree_is_object(method) ? fc_tree_id(method) : fc_tree_text(method);
    return id && same_key(did, id, key_id);
}

/* A list under a verification relationship holds references, or methods themselves. */
static const struct fc_tree *in_list(const struct fc_tree *document, const char *name,
                                     const char *did, const char *key_id)
{
    const struct fc_tree *list = fc_tree_exact(document, name);
    for (size_t i = 0; i < fc_tree_count(list) && i < METHODS_MAX; i++)
        if (is_method(fc_tree_at(list, i), did, key_id))
            return fc_tree_at(list, i);
    return NULL;
}

/* The one key that may assert, where a signature names none. */
static const char *only_key(const struct fc_tree *document)
{
    const struct fc_tree *list = fc_tree_exact(document, "assertionMethod");
    const struct fc_tree *method = fc_tree_count(list) == 1 ? fc_tree_at(list, 0) : NULL;
    return fc_tree_is_object(method) ? fc_tree_id(method) : fc_tree_text(method);
}

/* Some signatures name a key by the "kid" of its JWK. */
static const struct fc_tree *by_kid(const struct fc_tree *document, const char *kid)
{
    const struct fc_tree *list = fc_tree_exact(document, "verificationMethod");
    for (size_t i = 0; i < fc_tree_count(list) && i < METHODS_MAX; i++)
        if (is(fc_tree_exact(fc_tree_at(list, i), "publicKeyJwk"), "kid", kid))
            return fc_tree_at(list, i);
    return NULL;
}

static enum fc_err find_method(const struct fc_tree *document, const char *did, const char *key_id,
                               enum fc_did_use use, const struct fc_tree **method)
{
    if (!key_id)
        key_id = only_key(document);
    if (!key_id)
        return FC_E_MISSING;
    *method = in_list(document, "verificationMethod", did, key_id);
    if (!*method)
        *method = by_kid(document, key_id);
    if (*method && fc_tree_id(*method))
        key_id = fc_tree_id(*method);
    const struct fc_tree *listed = in_list(document, "assertionMethod", did, key_id);
    if (!listed && use == FC_DID_PRESENTATION)
        listed = in_list(document, "authentication", did, key_id);
    if (!*method && fc_tree_is_object(listed))
        *method = listed;
    if (!*method)
        return FC_E_MISSING;
    return listed ? FC_OK : FC_E_DENIED;
}

static enum fc_err read_method(const struct fc_tree *method, struct fc_did_key *out)
{
    const struct fc_tree *jwk = fc_tree_exact(method, "publicKeyJwk");
    const char *multibase = fc_tree_text(fc_tree_exact(method, "publicKeyMultibase"));
    if (fc_tree_is_object(jwk))
        return read_jwk(jwk, out);
    return multibase ? read_multikey(multibase, strlen(multibase), out) : FC_E_FORMAT;
}

enum fc_err fc_did_document_key(struct fc_span bytes, const char *did, const char *key_id,
                                enum fc_did_use use, struct fc_did_key *out)
{
    struct fc_tree *document = NULL;
    struct fc_strict_fault fault;
    const struct fc_tree *method = NULL;
    *out = (struct fc_did_key){0};
    enum fc_err err = fc_tree_load(bytes, true, &document, &fault);
    if (err == FC_OK && (!fc_tree_id(document) || strcmp(fc_tree_id(document), did) != 0))
        err = FC_E_JSON;
    if (err == FC_OK)
        err = find_method(document, did, key_id, use, &method);
    if (err == FC_OK)
        err = read_method(method, out);
    fc_tree_destroy(document);
    if (err != FC_OK)
        fc_did_key_finish(out);
    return err;
}
