#include "store/credential.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/did.h"
#include "store/document_text.h"

enum { ITEMS_MAX = 1024 }; /* of a list that are looked at */

/* One JWT, taken apart. */
struct token {
    struct fc_jwt jwt;
    struct fc_tree *header, *payload; /* owned */
    const struct fc_tree *statement;  /* the credential or presentation in the payload */
    bool presentation;
    char *did; /* of the key that signed; owned */
    const char *key_id;
};

struct checking {
    const struct fc_credential_resolver *resolver;
    uint64_t now_ms;
    struct fc_credential *out;
    uint32_t tokens;
    bool any, bare; /* a signature was met; a credential without one was */
    enum fc_err err;
};

const char *fc_credential_state_name(enum fc_credential_state state)
{
    switch (state) {
    case FC_CREDENTIAL_UNSIGNED:
        return "unsigned";
    case FC_CREDENTIAL_VERIFIED:
        return "verified";
    case FC_CREDENTIAL_NOT_VERIFIABLE:
        return "not verifiable here";
    case FC_CREDENTIAL_WRONG:
        return "wrong";
    }
    return "?";
}

/* Copies what fits, whole characters only. */
static void copy(char *out, size_t size, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    if (len >= size) {
        len = size - 1;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
    }
    memcpy(out, text ? text : "", len);
    out[len] = '\0';
}

static void verdict(struct fc_credential *of, enum fc_credential_state state, const char *format,
                    ...) __attribute__((format(printf, 3, 4)));
static void verdict(struct fc_credential *of, enum fc_credential_state state, const char *format,
                    ...)
{
    char text[FC_CREDENTIAL_WHY_BYTES + 4];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    of->state = state;
    copy(of->why, sizeof of->why, text);
}

/* The worst counts; among equals the first. */
static void merge(struct checking *c, const struct fc_credential *one)
{
    if (!c->any || one->state > c->out->state)
        *c->out = *one;
    c->any = true;
}

/* What a token says of itself. */

static const char *id_of(const struct fc_tree *value)
{
    return fc_tree_is_object(value) ? fc_tree_id(value) : fc_tree_text(value);
}

/* Whoever speaks must be one and the same wherever the token names it. NULL and *clash when not. */
static const char *issuer_of(const struct token *token, bool *clash)
{
    const char *said[] = {
        id_of(fc_tree_exact(token->statement, token->presentation ? "holder" : "issuer")),
        id_of(fc_tree_exact(token->payload, "iss")),
        id_of(fc_tree_exact(token->header, "iss")),
    };
    const char *issuer = NULL;
    *clash = false;
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        if (issuer && said[i] && strcmp(issuer, said[i]) != 0)
            *clash = true;
        if (!issuer)
            issuer = said[i];
    }
    return issuer;
}

static void read_time(const struct fc_tree *statement, const char *name, uint64_t *out_ms)
{
    const char *text = fc_tree_text(fc_tree_exact(statement, name));
    if (*out_ms == 0 && text && !fc_time_read(text, out_ms))
        *out_ms = 0;
}

static void read_seconds(const struct fc_tree *payload, const char *name, uint64_t *out_ms)
{
    uint64_t seconds;
    if (fc_tree_uint(fc_tree_exact(payload, name), &seconds) && seconds < UINT64_MAX / 1000)
        *out_ms = seconds * 1000;
}

/* The narrower of what the JWT and the credential say. */
static void read_period(const struct token *token, uint64_t now_ms, struct fc_credential *one)
{
    uint64_t from = 0, until = 0, nbf = 0, exp = 0;
    read_time(token->statement, "validFrom", &from);
    read_time(token->statement, "issuanceDate", &from);
    read_time(token->statement, "validUntil", &until);
    read_time(token->statement, "expirationDate", &until);
    read_seconds(token->payload, "nbf", &nbf);
    read_seconds(token->payload, "exp", &exp);
    one->valid_from_ms = nbf > from ? nbf : from;
    one->valid_until_ms = exp && (!until || exp < until) ? exp : until;
    if (one->valid_from_ms && now_ms < one->valid_from_ms)
        one->period = FC_CREDENTIAL_NOT_YET;
    if (one->valid_until_ms && now_ms > one->valid_until_ms)
        one->period = FC_CREDENTIAL_EXPIRED;
}

static struct fc_tree *load_part(struct fc_span part, enum fc_err *err)
{
    struct fc_buf bytes = {0};
    struct fc_tree *tree = NULL;
    struct fc_strict_fault fault;
    *err = fc_base64url_decode(part, &bytes);
    if (*err == FC_OK)
        *err = fc_tree_load(fc_buf_span(&bytes), true, &tree, &fault);
    fc_buf_finish(&bytes);
    if (tree && !fc_tree_is_object(tree)) {
        fc_tree_destroy(tree);
        tree = NULL;
        *err = FC_E_JSON;
    }
    return tree;
}

static enum fc_err open_token(struct fc_span text, struct token *token)
{
    enum fc_err err = FC_E_JSON;
    *token = (struct token){0};
    if (!fc_jwt_split(text, &token->jwt))
        return err;
    token->header = load_part(token->jwt.header, &err);
    if (err == FC_OK)
        token->payload = load_part(token->jwt.payload, &err);
    if (err != FC_OK)
        return err;
    const struct fc_tree *vc = fc_tree_exact(token->payload, "vc");
    const struct fc_tree *vp = fc_tree_exact(token->payload, "vp");
    token->statement = fc_tree_is_object(vc) ? vc : fc_tree_is_object(vp) ? vp : token->payload;
    token->presentation = fc_tree_exact(token->statement, "verifiableCredential") != NULL ||
                          fc_tree_has_type(token->statement, "VerifiablePresentation");
    return FC_OK;
}

static void close_token(struct token *token)
{
    fc_tree_destroy(token->header);
    fc_tree_destroy(token->payload);
    free(token->did);
}

/* Whose key signed: the DID before the fragment of "kid", else the issuer's. */
static enum fc_err name_key(struct token *token, const char *issuer)
{
    const char *kid = fc_tree_text(fc_tree_exact(token->header, "kid"));
    const char *did = kid && strncmp(kid, "did:", 4) == 0 ? kid : issuer;
    token->key_id = kid;
    if (!did)
        return FC_OK;
    token->did = (char *)fc_span_dup(fc_span(did, strcspn(did, "#?")));
    return token->did ? FC_OK : FC_E_NOMEM;
}

/* Judging one. */

static void explain_key(struct fc_credential *one, enum fc_err err, const struct token *token)
{
    enum fc_credential_state no = FC_CREDENTIAL_NOT_VERIFIABLE;
    if (err == FC_E_MISSING)
        verdict(one, no, "the DID document held here has no key %s",
                token->key_id ? token->key_id : "without a name");
    else if (err == FC_E_DENIED)
        verdict(one, FC_CREDENTIAL_WRONG, "%s does not let this key sign such statements",
                token->did);
    else if (err == FC_E_REVOKED)
        verdict(one, FC_CREDENTIAL_WRONG, "the key's secret half is published with it");
    else if (err == FC_E_BOUND)
        verdict(one, no, "the key's size is not taken: RSA of 2,048 to 8,192 bits is");
    else if (err == FC_E_JSON)
        verdict(one, no, "what is held under %s is no DID document of it", token->did);
    else
        verdict(one, no, "the key is of a kind that is not known here");
}

static enum fc_err find_key(struct checking *c, const struct token *token,
                            struct fc_credential *one, struct fc_did_key *key)
{
    enum fc_did_use use = token->presentation ? FC_DID_PRESENTATION : FC_DID_ASSERTION;
    struct fc_buf document = {0};
    enum fc_err err = FC_E_MISSING;
    *key = (struct fc_did_key){0};
    if (fc_did_is_self_contained(token->did)) {
        err = fc_did_self_key(token->did, token->key_id, key);
        one->source.vouched = true;
    } else {
        if (c->resolver)
            err = c->resolver->document(c->resolver->ctx, token->did, &document, &one->source);
        if (err == FC_E_MISSING || err == FC_E_CONTESTED) {
            verdict(one, FC_CREDENTIAL_NOT_VERIFIABLE,
                    err == FC_E_MISSING ? "no DID document of %s is in the replica"
                                        : "several participants publish different documents of %s",
                    token->did);
            fc_buf_finish(&document);
            return FC_OK;
        }
        if (err == FC_OK)
            err = fc_did_document_key(fc_buf_span(&document), token->did, token->key_id, use, key);
        else
            c->err = err;
    }
    fc_buf_finish(&document);
    if (err == FC_E_NOMEM)
        c->err = err;
    if (err != FC_OK && c->err == FC_OK)
        explain_key(one, err, token);
    return c->err;
}

static void try_signature(struct checking *c, const struct token *token, enum fc_jose_alg alg,
                          const struct fc_did_key *key, struct fc_credential *one)
{
    struct fc_buf signature = {0};
    struct fc_span input =
        fc_span(token->jwt.header.data, token->jwt.header.len + 1 + token->jwt.payload.len);
    copy(one->certificate, sizeof one->certificate, key->certificate);
    if (key->algorithm[0] && strcmp(key->algorithm, one->algorithm) != 0) {
        verdict(one, FC_CREDENTIAL_WRONG, "signed with %s, but the key is for %s only",
                one->algorithm, key->algorithm);
        return;
    }
    enum fc_err err = fc_base64url_decode(token->jwt.signature, &signature);
    if (err == FC_OK)
        err = fc_jose_verify(key->key, alg, input, fc_buf_span(&signature));
    fc_buf_finish(&signature);
    if (err == FC_OK)
        verdict(one, FC_CREDENTIAL_VERIFIED, "%s", "");
    else if (err == FC_E_NOMEM)
        c->err = err;
    else if (err == FC_E_DENIED)
        verdict(one, FC_CREDENTIAL_WRONG, "%s does not go with this kind of key", one->algorithm);
    else
        verdict(one, FC_CREDENTIAL_WRONG, "the signature is not that key's over these bytes");
}

/* What a header may say for a signature to be looked at; extensions change what is signed
 * (RFC 7515 section 4.1.11, RFC 7797). False with the verdict. */
static bool check_header(const struct token *token, enum fc_jose_alg *alg,
                         struct fc_credential *one)
{
    const char *name = fc_tree_text(fc_tree_exact(token->header, "alg"));
    *alg = fc_jose_alg(name);
    copy(one->algorithm, sizeof one->algorithm, name);
    if (!name || strcasecmp(name, "none") == 0 || token->jwt.signature.len == 0) {
        verdict(one, FC_CREDENTIAL_WRONG, "a JWT without a signature (alg %s)",
                name ? name : "not said");
        return false;
    }
    if (fc_tree_exact(token->header, "crit") || fc_tree_exact(token->header, "b64")) {
        verdict(one, FC_CREDENTIAL_NOT_VERIFIABLE,
                "its header asks for extensions (crit, b64) that are not known here");
        return false;
    }
    if (*alg == 0)
        verdict(one, FC_CREDENTIAL_NOT_VERIFIABLE,
                "signed with %s: EdDSA, ES256 and PS256 are known here", name);
    return *alg != 0;
}

static void judge(struct checking *c, struct token *token, struct fc_credential *one)
{
    bool clash = false;
    enum fc_jose_alg alg = 0;
    const char *issuer = issuer_of(token, &clash);
    copy(one->issuer, sizeof one->issuer, issuer);
    read_period(token, c->now_ms, one);
    c->err = name_key(token, issuer);
    if (c->err != FC_OK)
        return;
    copy(one->key_id, sizeof one->key_id, token->key_id);
    struct fc_did_key key = {0};
    if (!check_header(token, &alg, one))
        return;
    if (clash)
        verdict(one, FC_CREDENTIAL_WRONG, "it names more than one issuer");
    else if (!token->did || strncmp(token->did, "did:", 4) != 0)
        verdict(one, FC_CREDENTIAL_NOT_VERIFIABLE, "its issuer is no DID");
    else if (issuer && strcmp(issuer, token->did) != 0)
        verdict(one, FC_CREDENTIAL_WRONG, "signed by %s, which is not its issuer", token->did);
    else if (!issuer && !token->presentation)
        verdict(one, FC_CREDENTIAL_WRONG, "a credential that names no issuer");
    else if (find_key(c, token, one, &key) == FC_OK && key.key)
        try_signature(c, token, alg, &key, one);
    fc_did_key_finish(&key);
}

/* Finding them: the ways of store/document.c, but every statement counts. */

static void visit(struct checking *c, const struct fc_tree *value, unsigned wraps);

static void visit_members(struct checking *c, const struct fc_tree *object, unsigned wraps)
{
    static const char *const names[] = {"verifiableCredential", "verifiableCredentials",
                                        "selfDescriptionCredential", "complianceCredential",
                                        "jwtCredential"};
    for (size_t k = 0; k < sizeof names / sizeof names[0] && c->err == FC_OK; k++) {
        const struct fc_tree *list = fc_tree_get(object, names[k]);
        for (size_t i = 0; i < fc_tree_count(list) && c->err == FC_OK; i++)
            visit(c, fc_tree_at(list, i), wraps);
    }
}

static void visit_token(struct checking *c, struct fc_span text, unsigned wraps)
{
    struct fc_credential one = {.state = FC_CREDENTIAL_WRONG};
    struct token token;
    if (wraps > FC_CREDENTIAL_WRAPS_MAX || c->tokens == FC_CREDENTIAL_TOKENS_MAX) {
        verdict(&one, FC_CREDENTIAL_NOT_VERIFIABLE,
                "more than %d JWTs, or wrapped more than %d times", FC_CREDENTIAL_TOKENS_MAX,
                FC_CREDENTIAL_WRAPS_MAX);
        merge(c, &one);
        return;
    }
    c->tokens++;
    enum fc_err err = open_token(text, &token);
    if (err == FC_E_NOMEM)
        c->err = err;
    else if (err != FC_OK)
        verdict(&one, FC_CREDENTIAL_WRONG, "a JWT that cannot be read");
    else
        judge(c, &token, &one);
    if (c->err == FC_OK)
        merge(c, &one);
    if (err == FC_OK && c->err == FC_OK)
        visit_members(c, token.statement, wraps + 1);
    close_token(&token);
}

/* A proof inside JSON-LD is over a graph, not over these bytes. */
static void visit_proof(struct checking *c, const struct fc_tree *object,
                        const struct fc_tree *proof)
{
    struct fc_credential one = {0};
    proof = fc_tree_at(proof, 0);
    const char *type = fc_tree_text(fc_tree_at(fc_tree_types(proof), 0));
    copy(one.issuer, sizeof one.issuer, id_of(fc_tree_get(object, "issuer")));
    copy(one.key_id, sizeof one.key_id, id_of(fc_tree_get(proof, "verificationMethod")));
    copy(one.algorithm, sizeof one.algorithm, "JSON-LD");
    struct token as = {.statement = object};
    read_period(&as, c->now_ms, &one);
    verdict(&one, FC_CREDENTIAL_NOT_VERIFIABLE,
            "its proof (%.60s) is over an RDF graph in canonical form, which is not computed here",
            type ? type : "of no known type");
    merge(c, &one);
}

static void visit_object(struct checking *c, const struct fc_tree *object, unsigned wraps)
{
    const char *id = fc_tree_id(object);
    struct fc_span inside = id ? fc_jwt_in_data_url(id) : fc_span(NULL, 0);
    const struct fc_tree *proof = fc_tree_get(object, "proof");
    if (inside.len > 0) {
        visit_token(c, inside, wraps);
        return;
    }
    if (proof)
        visit_proof(c, object, proof);
    else if (fc_tree_get(object, "credentialSubject"))
        c->bare = true;
    visit_members(c, object, wraps + 1);
}

static void visit(struct checking *c, const struct fc_tree *value, unsigned wraps)
{
    const char *text = fc_tree_text(value);
    struct fc_jwt jwt;
    if (wraps > 2 * FC_CREDENTIAL_WRAPS_MAX)
        return;
    if (text) {
        struct fc_span inside = fc_jwt_in_data_url(text);
        if (inside.len > 0 || fc_jwt_split(fc_span_str(text), &jwt))
            visit_token(c, inside.len > 0 ? inside : fc_span_str(text), wraps);
    } else if (fc_tree_is_array(value)) {
        for (size_t i = 0; i < fc_tree_count(value) && i < ITEMS_MAX && c->err == FC_OK; i++)
            visit(c, fc_tree_at(value, i), wraps + 1);
    } else if (fc_tree_is_object(value)) {
        visit_object(c, value, wraps);
    }
}

static void visit_root(struct checking *c, const struct fc_tree *root)
{
    const struct fc_tree *lists[] = {fc_tree_exact(root, "@graph"), fc_tree_get(root, "claims")};
    visit(c, root, 0);
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < fc_tree_count(lists[k]) && i < ITEMS_MAX && c->err == FC_OK; i++)
            visit(c, fc_tree_at(lists[k], i), 1);
}

/* One statement that nobody signed keeps the whole from being verified. */
static void conclude(struct checking *c)
{
    if (!c->any)
        verdict(c->out, FC_CREDENTIAL_UNSIGNED, "it bears no signature of its own");
    else if (c->bare && c->out->state == FC_CREDENTIAL_VERIFIED)
        verdict(c->out, FC_CREDENTIAL_NOT_VERIFIABLE,
                "a credential in it bears no signature of its own");
    c->out->tokens = c->tokens;
}

enum fc_err fc_credential_check(struct fc_span bytes, const struct fc_credential_resolver *resolver,
                                uint64_t now_ms, struct fc_credential *out)
{
    struct checking c = {.resolver = resolver, .now_ms = now_ms, .out = out};
    struct fc_tree *root = NULL;
    struct fc_strict_fault fault;
    struct fc_jwt jwt;
    *out = (struct fc_credential){0};
    if (bytes.len > FC_CONTENT_BYTES_MAX) {
        verdict(out, FC_CREDENTIAL_NOT_VERIFIABLE, "larger than %d bytes", FC_CONTENT_BYTES_MAX);
        return FC_OK;
    }
    if (fc_jwt_split(bytes, &jwt)) {
        visit_token(&c, bytes, 0);
    } else {
        c.err = fc_tree_load(bytes, true, &root, &fault);
        if (c.err == FC_OK)
            visit_root(&c, root);
    }
    fc_tree_destroy(root);
    if (c.err == FC_E_BOUND) {
        verdict(out, FC_CREDENTIAL_NOT_VERIFIABLE, "it has more values than are read");
        return FC_OK;
    }
    if (c.err == FC_E_JSON)
        c.err = FC_OK;
    conclude(&c);
    return c.err;
}
