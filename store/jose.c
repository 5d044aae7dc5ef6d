#include "store/jose.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

enum { ES256_BYTES = 64 };

struct fc_jose_key {
    EVP_PKEY *pkey;
    enum fc_jose_alg alg; /* the one algorithm that belongs to it */
};

enum fc_jose_alg fc_jose_alg(const char *name)
{
    if (name && strcmp(name, "EdDSA") == 0)
        return FC_JOSE_EDDSA;
    if (name && strcmp(name, "ES256") == 0)
        return FC_JOSE_ES256;
    return name && strcmp(name, "PS256") == 0 ? FC_JOSE_PS256 : 0;
}

/* Takes the reference to `pkey`. */
static enum fc_err wrap(EVP_PKEY *pkey, enum fc_jose_alg alg, struct fc_jose_key **key)
{
    ERR_clear_error(); /* the queue belongs to the thread */
    *key = NULL;
    if (!pkey)
        return FC_E_FORMAT;
    *key = malloc(sizeof **key);
    if (!*key) {
        EVP_PKEY_free(pkey);
        return FC_E_NOMEM;
    }
    **key = (struct fc_jose_key){pkey, alg};
    return FC_OK;
}

void fc_jose_key_destroy(struct fc_jose_key *key)
{
    if (key)
        EVP_PKEY_free(key->pkey);
    free(key);
}

enum fc_err fc_jose_key_ed25519(struct fc_span x, struct fc_jose_key **key)
{
    *key = NULL;
    if (x.len != 32)
        return FC_E_FORMAT;
    return wrap(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x.data, x.len), FC_JOSE_EDDSA,
                key);
}

static EVP_PKEY *from_parameters(const char *type, OSSL_PARAM_BLD *builder)
{
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;
    if (!parameters || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(parameters);
    return pkey;
}

enum fc_err fc_jose_key_p256(struct fc_span point, struct fc_jose_key **key)
{
    *key = NULL;
    bool shaped = (point.len == 65 && point.data[0] == 4) ||
                  (point.len == 33 && (point.data[0] == 2 || point.data[0] == 3));
    if (!shaped)
        return FC_E_FORMAT;
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (builder &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.data, point.len))
        pkey = from_parameters("EC", builder);
    OSSL_PARAM_BLD_free(builder);
    return wrap(pkey, FC_JOSE_ES256, key);
}

static struct fc_span without_zeros(struct fc_span number)
{
    while (number.len > 0 && number.data[0] == 0)
        number = fc_span(number.data + 1, number.len - 1);
    return number;
}

enum fc_err fc_jose_key_rsa(struct fc_span n, struct fc_span e, struct fc_jose_key **key)
{
    *key = NULL;
    n = without_zeros(n);
    e = without_zeros(e);
    if (n.len == 0 || e.len == 0)
        return FC_E_FORMAT;
    if (n.len > FC_JOSE_RSA_BITS_MAX / 8 || e.len > FC_JOSE_RSA_EXPONENT_BYTES_MAX)
        return FC_E_BOUND;
    EVP_PKEY *pkey = NULL;
    BIGNUM *modulus = BN_bin2bn(n.data, (int)n.len, NULL);
    BIGNUM *exponent = BN_bin2bn(e.data, (int)e.len, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    bool small = modulus && BN_num_bits(modulus) < FC_JOSE_RSA_BITS_MIN;
    bool odd =
        modulus && exponent && BN_is_odd(modulus) && BN_is_odd(exponent) && !BN_is_one(exponent);
    if (builder && odd && !small &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent))
        pkey = from_parameters("RSA", builder);
    OSSL_PARAM_BLD_free(builder);
    BN_free(modulus);
    BN_free(exponent);
    return small ? FC_E_BOUND : wrap(pkey, FC_JOSE_PS256, key);
}

/* r and s side by side (RFC 7518 section 3.4) as the DER that OpenSSL reads. */
static int es256_der(struct fc_span signature, unsigned char **der)
{
    int len = -1;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature.data, ES256_BYTES / 2, NULL);
    BIGNUM *s = BN_bin2bn(signature.data + ES256_BYTES / 2, ES256_BYTES / 2, NULL);
    *der = NULL;
    if (pair && r && s && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = s = NULL; /* the pair owns them now */
        len = i2d_ECDSA_SIG(pair, der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return len;
}

static bool start(EVP_MD_CTX *ctx, const struct fc_jose_key *key)
{
    EVP_PKEY_CTX *pkey_ctx = NULL;
    const EVP_MD *md = key->alg == FC_JOSE_EDDSA ? NULL : EVP_sha256();
    if (EVP_DigestVerifyInit(ctx, &pkey_ctx, md, NULL, key->pkey) != 1)
        return false;
    return key->alg != FC_JOSE_PS256 ||
           (EVP_PKEY_CTX_set_rsa_padding(pkey_ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey_ctx, RSA_PSS_SALTLEN_DIGEST) == 1 &&
            EVP_PKEY_CTX_set_rsa_mgf1_md(pkey_ctx, EVP_sha256()) == 1);
}

enum fc_err fc_jose_verify(const struct fc_jose_key *key, enum fc_jose_alg alg,
                           struct fc_span signed_bytes, struct fc_span signature)
{
    unsigned char *der = NULL;
    if (alg != key->alg)
        return FC_E_DENIED;
    if (signature.len == 0 || signature.len > FC_JOSE_SIGNATURE_BYTES_MAX ||
        (alg != FC_JOSE_PS256 && signature.len != ES256_BYTES))
        return FC_E_SIGNATURE;
    if (alg == FC_JOSE_ES256) {
        int len = es256_der(signature, &der);
        if (len <= 0)
            return FC_E_NOMEM;
        signature = fc_span(der, (size_t)len);
    }
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    enum fc_err err = ctx ? FC_E_SIGNATURE : FC_E_NOMEM;
    if (ctx && start(ctx, key) &&
        EVP_DigestVerify(ctx, signature.data, signature.len, signed_bytes.data, signed_bytes.len) ==
            1)
        err = FC_OK;
    EVP_MD_CTX_free(ctx);
    OPENSSL_free(der);
    ERR_clear_error();
    return err;
}

static void print_subject(X509 *certificate, char *subject, size_t size)
{
    BIO *text = BIO_new(BIO_s_mem());
    int len = 0;
    if (text && X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0,
                                   XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0)
        len = BIO_read(text, subject, (int)size - 1);
    subject[len > 0 ? len : 0] = '\0';
    BIO_free(text);
}

enum fc_err fc_jose_certificate(struct fc_span der, const struct fc_jose_key *key, char *subject,
                                size_t size)
{
    const unsigned char *at = der.data;
    enum fc_err err = FC_E_FORMAT;
    subject[0] = '\0';
    X509 *certificate =
        der.len > 0 && der.len <= 64 * 1024 ? d2i_X509(NULL, &at, (long)der.len) : NULL;
    if (certificate && at == der.data + der.len) {
        EVP_PKEY *certified = X509_get0_pubkey(certificate);
        err = certified && EVP_PKEY_eq(certified, key->pkey) == 1 ? FC_OK : FC_E_DENIED;
        if (err == FC_OK)
            print_subject(certificate, subject, size);
    }
    X509_free(certificate);
    ERR_clear_error();
    return err;
}
