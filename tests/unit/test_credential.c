#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "store/credential.h"
#include "store/did.h"
#include "store/did_choice.h"
#include "store/document_text.h"

#define DATA   FEDCAT_SOURCE_DIR "/../shared/data/gaia-x/"
#define NOW_MS 1790000000000u /* 2026-09-21 */

static json_t *vectors;

static int load_vectors(void **state)
{
    json_error_t error;
    (void)state;
    vectors = json_load_file(FEDCAT_SOURCE_DIR "/tests/vectors/credentials.json", 0, &error);
    return vectors ? 0 : -1;
}

static int free_vectors(void **state)
{
    (void)state;
    json_decref(vectors);
    return 0;
}

static enum fc_err from_vectors(void *ctx, const char *did, struct fc_buf *out,
                                struct fc_credential_source *source)
{
    const char *document = json_string_value(json_object_get(ctx, did));
    if (!document)
        return FC_E_MISSING;
    snprintf(source->text, sizeof source->text, "vectors");
    fc_buf_append(out, document, strlen(document));
    return fc_buf_check(out);
}

static void check_text(const char *name, const json_t *one, const char *field, const char *is)
{
    const char *wanted = json_string_value(json_object_get(one, field));
    if (wanted && strcmp(wanted, is) != 0)
        fail_msg("%s: %s is \"%s\", not \"%s\"", name, field, is, wanted);
}

static void check_number(const char *name, const json_t *one, const char *field, uint64_t is)
{
    const json_t *wanted = json_object_get(one, field);
    if (wanted && (uint64_t)json_integer_value(wanted) != is)
        fail_msg("%s: %s is %llu", name, field, (unsigned long long)is);
}

static void signatures_of_others(void **state)
{
    struct fc_credential_resolver resolver = {json_object_get(vectors, "documents"), from_vectors};
    json_t *one;
    size_t i;
    (void)state;
    json_array_foreach(json_object_get(vectors, "cases"), i, one)
    {
        struct fc_credential out;
        const char *name = json_string_value(json_object_get(one, "name"));
        const char *why = json_string_value(json_object_get(one, "why"));
        bool offline = json_is_true(json_object_get(one, "offline"));
        struct fc_span bytes = fc_span_str(json_string_value(json_object_get(one, "document")));
        assert_int_equal(fc_credential_check(bytes, offline ? NULL : &resolver, NOW_MS, &out),
                         FC_OK);
        const char *state_name = fc_credential_state_name(out.state);
        if (strcmp(state_name, json_string_value(json_object_get(one, "state"))) != 0)
            fail_msg("%s: %s (%s)", name, state_name, out.why);
        if (!strstr(out.why, why) || (out.state == FC_CREDENTIAL_VERIFIED) != (out.why[0] == '\0'))
            fail_msg("%s: why is \"%s\"", name, out.why);
        check_text(name, one, "issuer", out.issuer);
        check_text(name, one, "algorithm", out.algorithm);
        check_text(name, one, "key_id", out.key_id);
        check_text(name, one, "certificate", out.certificate);
        check_number(name, one, "valid_from_ms", out.valid_from_ms);
        check_number(name, one, "valid_until_ms", out.valid_until_ms);
        check_number(name, one, "period", out.period);
        check_number(name, one, "tokens", out.tokens);
    }
    assert_int_equal(i, 82);
}

/* The reason for programs, and what it names, which the sentence for people has as well. */
static void reasons_have_codes(void **state)
{
    static const struct {
        const char *name, *code, *about;
    } known[] = {
        {"no kid, several keys", "KEY_UNNAMED", ""},
        {"did:key, another fragment", "KEY_MISSING", NULL},
        {"did:jwk with the secret half", "KEY_DISCLOSED", ""},
        {"did:jwk that is no JSON", "KEY_KIND", ""},
        {"presentation with a changed one", "BYTES_DIFFER", ""},
        {"presentation with an unsigned one", "PART_BARE", ""},
        {"presentation with one of an unknown issuer", "DID_MISSING", "did:web:gone.example"},
        {"a credential signed with a login key", "KEY_NOT_ALLOWED", NULL},
        {"holder that is not the signer", "SIGNER_NOT_ISSUER", NULL},
        {"unsigned", "BARE", ""},
        {"JSON-LD proof", "PROOF_GRAPH", "JsonWebSignature2020"},
        {"document under another DID", "DID_INVALID", NULL},
        {"issuer is no DID", "ISSUER_NO_DID", ""},
        {"two issuers", "ISSUERS_DIFFER", ""},
        {"no issuer", "ISSUER_MISSING", ""},
        {"alg none", "TOKEN_BARE", "none"},
        {"no alg", "TOKEN_NO_ALGORITHM", ""},
        {"HMAC with the public key", "ALGORITHM_UNKNOWN", "HS256"},
        {"EdDSA for an EC key", "ALGORITHM_MISFIT", "EdDSA"},
        {"an algorithm that the key is not for", "ALGORITHM_OTHER", NULL},
        {"a small RSA key", "KEY_SIZE", ""},
        {"b64 false", "EXTENSIONS", ""},
        {"alg twice", "TOKEN_UNREADABLE", ""},
        {"wrapped too often", "TOKENS_MANY", "64"},
    };
    struct fc_credential_resolver resolver = {json_object_get(vectors, "documents"), from_vectors};
    size_t i, met = 0;
    json_t *one;
    (void)state;
    json_array_foreach(json_object_get(vectors, "cases"), i, one)
    {
        struct fc_credential out;
        const char *name = json_string_value(json_object_get(one, "name"));
        bool offline = json_is_true(json_object_get(one, "offline"));
        struct fc_span bytes = fc_span_str(json_string_value(json_object_get(one, "document")));
        assert_int_equal(fc_credential_check(bytes, offline ? NULL : &resolver, NOW_MS, &out),
                         FC_OK);
        const char *code = fc_credential_code_name(out.code);
        assert_int_equal(code == NULL, out.state == FC_CREDENTIAL_VERIFIED);
        for (unsigned at = 0; at < FC_CREDENTIAL_ABOUT_MAX; at++) {
            bool named = fc_credential_about_name(out.code, at) != NULL;
            char begin[100]; /* the sentence may be cut */
            snprintf(begin, sizeof begin, "%s", out.about[at]);
            if (named != (begin[0] != '\0') || !strstr(out.why, begin))
                fail_msg("%s: \"%s\" in \"%s\"", name, out.about[at], out.why);
        }
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
            if (strcmp(known[k].name, name) != 0)
                continue;
            met++;
            assert_string_equal(code, known[k].code);
            if (known[k].about)
                assert_string_equal(out.about[0], known[k].about);
        }
    }
    assert_int_equal(met, sizeof known / sizeof known[0]);
    assert_null(fc_credential_about_name(FC_CREDENTIAL_DID_MISSING, 1));
    assert_string_equal(fc_credential_about_name(FC_CREDENTIAL_DID_MISSING, 0), "did");
}

static void rfc_examples(void **state)
{
    json_t *one;
    size_t i;
    (void)state;
    json_array_foreach(json_object_get(vectors, "jws"), i, one)
    {
        struct fc_buf did = {0}, signature = {0};
        struct fc_did_key key;
        struct fc_jwt jwt;
        char *jwk = json_dumps(json_object_get(one, "key"), JSON_COMPACT);
        json_t *document =
            json_pack("{s:s,s:[{s:s,s:O}],s:[s]}", "id", "did:web:x", "verificationMethod", "id",
                      "#k", "publicKeyJwk", json_object_get(one, "key"), "assertionMethod", "#k");
        char *text = json_dumps(document, 0);
        const char *compact = json_string_value(json_object_get(one, "compact"));
        assert_int_equal(fc_did_document_key(fc_span_str(text), "did:web:x", "did:web:x#k",
                                             FC_DID_ASSERTION, &key),
                         FC_OK);
        assert_true(fc_jwt_split(fc_span_str(compact), &jwt));
        assert_int_equal(fc_base64url_decode(jwt.signature, &signature), FC_OK);
        struct fc_span input = fc_span(compact, jwt.header.len + 1 + jwt.payload.len);
        enum fc_jose_alg alg = i == 0 ? FC_JOSE_EDDSA : FC_JOSE_ES256;
        assert_int_equal(fc_jose_verify(key.key, alg, input, fc_buf_span(&signature)), FC_OK);
        for (size_t at = 0; at < signature.len; at++) { /* every byte of it counts */
            signature.data[at] ^= 1;
            assert_int_equal(fc_jose_verify(key.key, alg, input, fc_buf_span(&signature)),
                             FC_E_SIGNATURE);
            signature.data[at] ^= 1;
        }
        for (enum fc_jose_alg wrong = FC_JOSE_EDDSA; wrong <= FC_JOSE_PS256; wrong++)
            if (wrong != alg)
                assert_int_equal(fc_jose_verify(key.key, wrong, input, fc_buf_span(&signature)),
                                 FC_E_DENIED);
        fc_did_key_finish(&key);
        fc_buf_finish(&signature);
        fc_buf_finish(&did);
        json_decref(document);
        free(text);
        free(jwk);
    }
    assert_int_equal(i, 2);
}

/* The did:key specification's own examples, with the keys that they stand for. */
static void did_key_examples(void **state)
{
    static const char *const dids[] = {
        "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
        "did:key:z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG",
        "did:key:z6MknGc3ocHs3zdPiJbnaaqDi58NGb4pk1Sp9WxWufuXSdxf",
        "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169",
        "did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv",
    };
    static const char *const refused[] = {
        "did:key:",                                                  /* nothing */
        "did:key:z",                                                 /* no number */
        "did:key:x6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",  /* another base */
        "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooW0",  /* no digit of it */
        "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWpp", /* a byte more */
        "did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc",  /* X25519 */
        "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2160", /* no digit of it */
    };
    struct fc_did_key key;
    (void)state;
    for (size_t i = 0; i < sizeof dids / sizeof dids[0]; i++) {
        if (fc_did_self_key(dids[i], NULL, &key) != FC_OK)
            fail_msg("%s is refused", dids[i]);
        enum fc_jose_alg alg = i < 3 ? FC_JOSE_EDDSA : FC_JOSE_ES256;
        uint8_t zeros[64] = {0};
        assert_int_equal(fc_jose_verify(key.key, alg, fc_span_str("x"), fc_span(zeros, 64)),
                         FC_E_SIGNATURE);
        fc_did_key_finish(&key);
    }
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (fc_did_self_key(refused[i], NULL, &key) != FC_E_FORMAT)
            fail_msg("%s is taken", refused[i]);
        assert_null(key.key);
    }
}

static void keys_have_bounds(void **state)
{
    static const struct {
        size_t bits, exponent_bytes;
        enum fc_err err;
    } cases[] = {
        {2047, 3, FC_E_BOUND}, {2048, 3, FC_OK}, {8192, 3, FC_OK},
        {8193, 3, FC_E_BOUND}, {2048, 8, FC_OK}, {2048, 9, FC_E_BOUND},
    };
    uint8_t n[1032], e[16];
    struct fc_jose_key *key = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = (cases[i].bits + 7) / 8;
        memset(n, 0xff, sizeof n);
        memset(e, 0xff, sizeof e);
        n[0] = (uint8_t)(0xff >> (8 * len - cases[i].bits));
        assert_int_equal(
            fc_jose_key_rsa(fc_span(n, len), fc_span(e, cases[i].exponent_bytes), &key),
            cases[i].err);
        assert_true((key != NULL) == (cases[i].err == FC_OK));
        fc_jose_key_destroy(key);
    }
    memset(n, 0xff, sizeof n);
    n[255] = 0xfe; /* even */
    assert_int_equal(fc_jose_key_rsa(fc_span(n, 256), fc_span(e, 3), &key), FC_E_FORMAT);
    e[0] = 1;
    n[255] = 0xff;
    assert_int_equal(fc_jose_key_rsa(fc_span(n, 256), fc_span(e, 1), &key), FC_E_FORMAT);
    uint8_t point[65] = {4, 1};
    assert_int_equal(fc_jose_key_p256(fc_span(point, 65), &key), FC_E_FORMAT); /* not on it */
    assert_int_equal(fc_jose_key_p256(fc_span(point, 64), &key), FC_E_FORMAT);
    assert_int_equal(fc_jose_key_ed25519(fc_span(point, 31), &key), FC_E_FORMAT);
    assert_int_equal(fc_jose_key_ed25519(fc_span(point, 33), &key), FC_E_FORMAT);
}

static void tokens_are_bounded(void **state)
{
    (void)state;
    for (unsigned extra = 0; extra < 2; extra++) {
        struct fc_buf text = {0};
        struct fc_credential out;
        const char *head = "{\"verifiableCredential\":[\"e30.e30.AA\"";
        fc_buf_append(&text, head, strlen(head));
        for (unsigned i = 1; i < FC_CREDENTIAL_TOKENS_MAX + extra; i++)
            fc_buf_append(&text, ",\"e30.e30.AA\"", 13);
        fc_buf_append(&text, "]}", 2);
        assert_int_equal(fc_credential_check(fc_buf_span(&text), NULL, NOW_MS, &out), FC_OK);
        assert_int_equal(out.tokens, FC_CREDENTIAL_TOKENS_MAX);
        assert_int_equal(out.state, FC_CREDENTIAL_WRONG); /* no alg */
        fc_buf_finish(&text);
    }
    uint8_t *large = calloc(1, FC_CONTENT_BYTES_MAX + 1);
    struct fc_credential out;
    assert_non_null(large);
    memset(large, 'a', FC_CONTENT_BYTES_MAX + 1);
    large[10] = large[20] = '.';
    assert_int_equal(fc_credential_check(fc_span(large, FC_CONTENT_BYTES_MAX), NULL, 0, &out),
                     FC_OK);
    assert_int_equal(out.state, FC_CREDENTIAL_WRONG);
    assert_int_equal(fc_credential_check(fc_span(large, FC_CONTENT_BYTES_MAX + 1), NULL, 0, &out),
                     FC_OK);
    assert_int_equal(out.state, FC_CREDENTIAL_NOT_VERIFIABLE);
    free(large);
    struct fc_buf deep = {0};
    for (int i = 0; i < 70; i++)
        fc_buf_append(&deep, "[", 1);
    assert_int_equal(fc_credential_check(fc_buf_span(&deep), NULL, 0, &out), FC_OK);
    assert_int_equal(out.state, FC_CREDENTIAL_NOT_VERIFIABLE);
    fc_buf_finish(&deep);
}

static enum fc_err fail_with(void *ctx, const char *did, struct fc_buf *out,
                             struct fc_credential_source *source)
{
    (void)did;
    (void)out;
    (void)source;
    return *(enum fc_err *)ctx;
}

static void what_the_resolver_says_counts(void **state)
{
    json_t *first = json_array_get(json_object_get(vectors, "cases"), 0);
    struct fc_span bytes = fc_span_str(json_string_value(json_object_get(first, "document")));
    struct fc_credential out;
    enum fc_err err = FC_E_CONTESTED;
    struct fc_credential_resolver resolver = {&err, fail_with};
    (void)state;
    assert_int_equal(fc_credential_check(bytes, &resolver, NOW_MS, &out), FC_OK);
    assert_int_equal(out.state, FC_CREDENTIAL_NOT_VERIFIABLE);
    assert_non_null(strstr(out.why, "several participants"));
    err = FC_E_CORRUPT;
    assert_int_equal(fc_credential_check(bytes, &resolver, NOW_MS, &out), FC_E_CORRUPT);
}

static void whose_document_counts(void **state)
{
    static const struct {
        const char *did, *url;
        bool vouched;
    } cases[] = {
        {"did:web:a.example", "did:web:a.example", true},
        {"did:web:a.example", "https://a.example", true},
        {"did:web:a.example:unit:1", "HTTPS://A.example/about", true},
        {"did:web:a.example%3A8443", "https://a.example:8443/", true},
        {"did:web:a.example", "https://a.example:8443/", false},
        {"did:web:a.example", "http://a.example/", false},
        {"did:web:a.example", "https://a.example.evil.example/", false},
        {"did:web:a.example", "https://b.example/a.example", false},
        {"did:web:a.example", "did:web:a.example:unit", false},
        {"did:iota:1", "https://a.example", false},
        {"did:web:a.example", "", false},
        {"did:web:", "https://", false},
    };
    struct fc_did_choice choice;
    struct fc_credential_source source;
    struct fc_buf out = {0};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (fc_did_is_vouched(cases[i].did, fc_span_str(cases[i].url)) != cases[i].vouched)
            fail_msg("%s by %s", cases[i].did, cases[i].url);

    struct fc_span one = fc_span_str("1"), two = fc_span_str("2"), none = fc_span_str("");
    struct fc_span other = fc_span_str("https://b.example"), own = fc_span_str("did:web:a.example");
    fc_did_choice_init(&choice, "did:web:a.example");
    assert_int_equal(fc_did_choice_take(&choice, &out, &source), FC_E_MISSING);
    assert_int_equal(fc_did_choice_add(&choice, one, fc_span_str("B"), other), FC_OK);
    assert_int_equal(fc_did_choice_add(&choice, one, fc_span_str("C"), none), FC_OK);
    assert_int_equal(fc_did_choice_take(&choice, &out, &source), FC_OK);
    assert_string_equal(source.text, "B");
    assert_false(source.vouched);
    assert_int_equal(fc_did_choice_add(&choice, two, fc_span_str("D"), none), FC_OK);
    assert_int_equal(fc_did_choice_take(&choice, &out, &source), FC_E_CONTESTED);
    assert_int_equal(fc_did_choice_add(&choice, two, fc_span_str("A"), own), FC_OK);
    assert_int_equal(fc_did_choice_add(&choice, one, fc_span_str("B"), other), FC_OK);
    fc_buf_clear(&out);
    assert_int_equal(fc_did_choice_take(&choice, &out, &source), FC_OK);
    assert_string_equal(source.text, "A");
    assert_true(source.vouched);
    assert_true(fc_span_eq(fc_buf_span(&out), two));
    assert_int_equal(fc_did_choice_add(&choice, one, fc_span_str("A2"), own), FC_OK);
    assert_int_equal(fc_did_choice_take(&choice, &out, &source), FC_E_CONTESTED);
    fc_did_choice_finish(&choice);
    fc_buf_finish(&out);
}

/* Real ones, against the one DID document that is among them. */

static struct fc_buf read_data(const char *name)
{
    char path[512];
    struct fc_buf bytes = {0};
    snprintf(path, sizeof path, DATA "%s", name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return bytes;
    size_t len;
    uint8_t part[4096];
    while ((len = fread(part, 1, sizeof part, file)) > 0)
        fc_buf_append(&bytes, part, len);
    fclose(file);
    return bytes;
}

static enum fc_err from_data(void *ctx, const char *did, struct fc_buf *out,
                             struct fc_credential_source *source)
{
    static const char *const held[][2] = {
        {"did:iota:testnet:0x1a7bded4d22dc54722435d624e4323e10fcbc570cd57462eabbf3a5ab2ced24f",
         "did/did-iota.json"},
        {"did:web:did-server", "did/did-web-x5u.json"},
        {"did:web:compliance.gaia-x.eu", "tagus/ovh-did.json"},
    };
    (void)ctx;
    source->vouched = true;
    for (size_t i = 0; i < sizeof held / sizeof held[0]; i++) {
        if (strcmp(held[i][0], did) == 0) {
            *out = read_data(held[i][1]);
            return FC_OK;
        }
    }
    return FC_E_MISSING;
}

static void real_credentials(void **state)
{
    static const struct {
        const char *path;
        enum fc_credential_state state;
        const char *why;
    } cases[] = {
        {"loire/data-space-connector.json", FC_CREDENTIAL_VERIFIED, ""},
        {"loire/invoice-service-offering.json", FC_CREDENTIAL_VERIFIED, ""},
        {"loire/acme-legal-entity.json", FC_CREDENTIAL_NOT_VERIFIABLE, "no DID document"},
        {"loire/service-offering-compliance-credential.json", FC_CREDENTIAL_NOT_VERIFIABLE,
         "no DID document"},
        {"loire/digital-service-offering.jsonld", FC_CREDENTIAL_UNSIGNED, "no signature"},
        {"loire/legal-person-missing-required.jsonld", FC_CREDENTIAL_UNSIGNED, "no signature"},
        {"loire/legal-person-valid.jsonld", FC_CREDENTIAL_UNSIGNED, "no signature"},
        {"loire/service-offering.jsonld", FC_CREDENTIAL_UNSIGNED, "no signature"},
        {"tagus/ovh-participantOVH.json", FC_CREDENTIAL_NOT_VERIFIABLE, "JsonWebSignature2020"},
        {"tagus/ovh-serviceManagedK8sOVH.json", FC_CREDENTIAL_NOT_VERIFIABLE,
         "JsonWebSignature2020"},
        {"tagus/participant-vp-faulty-missing-proof.json", FC_CREDENTIAL_NOT_VERIFIABLE,
         "JsonWebSignature2020"},
        {"tagus/participant-vp.json", FC_CREDENTIAL_NOT_VERIFIABLE, "JsonWebSignature2020"},
        {"tagus/service-input.json", FC_CREDENTIAL_NOT_VERIFIABLE, "JsonWebSignature2020"},
        {"tagus/service-offering-and-ressources-vp.json", FC_CREDENTIAL_NOT_VERIFIABLE,
         "JsonWebSignature2020"},
        {"tagus/service-offering-vp.json", FC_CREDENTIAL_NOT_VERIFIABLE, "JsonWebSignature2020"},
        {"tagus/ovh-did.json", FC_CREDENTIAL_UNSIGNED, "no signature"},
        {"did/did-iota.json", FC_CREDENTIAL_UNSIGNED, "no signature"},
        {"did/did-web-x5u.json", FC_CREDENTIAL_UNSIGNED, "no signature"},
    };
    const struct fc_credential_resolver resolver = {NULL, from_data};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fc_buf bytes = read_data(cases[i].path);
        struct fc_credential out;
        if (bytes.len == 0) {
            print_message("%s is not there: real samples are not looked at\n", DATA);
            skip();
        }
        assert_int_equal(fc_credential_check(fc_buf_span(&bytes), &resolver, NOW_MS, &out), FC_OK);
        if (out.state != cases[i].state || !strstr(out.why, cases[i].why))
            fail_msg("%s: %s (%s)", cases[i].path, fc_credential_state_name(out.state), out.why);
        fc_buf_finish(&bytes);
    }
}

/* No change of one letter leaves a signed document verified with another payload. */
static void any_letter_counts(void **state)
{
    const struct fc_credential_resolver resolver = {NULL, from_data};
    struct fc_buf bytes = read_data("loire/invoice-service-offering.json");
    struct fc_credential out;
    (void)state;
    if (bytes.len == 0)
        skip();
    uint8_t *start = memmem(bytes.data, bytes.len, "eyJ", 3);
    assert_non_null(start);
    uint8_t *end = memchr(start, '"', bytes.len - (size_t)(start - bytes.data));
    assert_non_null(end); /* a plain copy stands behind it, which nothing is read from */
    for (uint8_t *at = start; at < end; at++) {
        uint8_t was = *at;
        if (was == '.')
            continue;
        *at = was == 'A' ? 'B' : 'A';
        assert_int_equal(fc_credential_check(fc_buf_span(&bytes), &resolver, NOW_MS, &out), FC_OK);
        if (out.state == FC_CREDENTIAL_VERIFIED)
            fail_msg("letter %zu may change", (size_t)(at - bytes.data));
        *at = was;
    }
    fc_buf_finish(&bytes);
}

static void times_are_read(void **state)
{
    static const struct {
        const char *text;
        uint64_t ms;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-03-01", 1772323200000},
        {"2026-03-01T12:00:00.25Z", 1772366400250},
        {"2026-03-01T12:00:00.123456789Z", 1772366400123},
        {"2026-03-01T14:00:00+02:00", 1772366400000},
        {"2026-03-01T07:30:00-04:30", 1772366400000},
        {"2024-02-29T00:00:00", 1709164800000},
        {"9999-12-31T23:59:59Z", 253402300799000},
    };
    static const char *const refused[] = {
        "",
        "2026",
        "2026-3-1",
        "2026-13-01",
        "2026-02-29",
        "2026-04-31",
        "2026-00-01",
        "1969-12-31",
        "2026-03-01T25:00:00Z",
        "2026-03-01T",
        "2026-03-01T12:00Z",
        "2026-03-01T12:00:00Zx",
        "2026-03-01T12:00:00+0200",
        "2026-03-01T12:00:00.Z",
        "2026-03-01T12:00:00+15:00",
        "1970-01-01T00:00:00+01:00",
    };
    uint64_t ms;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(fc_time_read(cases[i].text, &ms));
        assert_int_equal(ms, cases[i].ms);
    }
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (fc_time_read(refused[i], &ms))
            fail_msg("\"%s\" is taken", refused[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_of_others),
        cmocka_unit_test(reasons_have_codes),
        cmocka_unit_test(rfc_examples),
        cmocka_unit_test(did_key_examples),
        cmocka_unit_test(keys_have_bounds),
        cmocka_unit_test(tokens_are_bounded),
        cmocka_unit_test(what_the_resolver_says_counts),
        cmocka_unit_test(whose_document_counts),
        cmocka_unit_test(real_credentials),
        cmocka_unit_test(any_letter_counts),
        cmocka_unit_test(times_are_read),
    };
    return cmocka_run_group_tests(tests, load_vectors, free_vectors);
}
