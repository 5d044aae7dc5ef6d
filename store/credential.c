#include "store/credential.h"

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

/* What each code says, {} standing for what it names. */
static const struct {
    const char *name, *text, *about[FC_CREDENTIAL_ABOUT_MAX];
} codes[FC_CREDENTIAL_CODES] = {
    [FC_CREDENTIAL_NO_CODE] = {NULL, "", {NULL}},
    [FC_CREDENTIAL_BARE] = {"BARE", "it bears no signature of its own", {NULL}},
    [FC_CREDENTIAL_PART_BARE] = {"PART_BARE",
                                 "a credential in it bears no signature of its own",
                                 {NULL}},
    [FC_CREDENTIAL_TOKEN_BARE] = {"TOKEN_BARE",
                                  "a JWT without a signature (alg {})",
                                  {"algorithm"}},
    [FC_CREDENTIAL_TOKEN_NO_ALGORITHM] = {"TOKEN_NO_ALGORITHM",
                                          "a JWT without a signature (alg not said)",
                                          {NULL}},
    [FC_CREDENTIAL_TOKEN_UNREADABLE] = {"TOKEN_UNREADABLE", "a JWT that cannot be read", {NULL}},
    [FC_CREDENTIAL_TOKENS_MANY] = {"TOKENS_MANY",
                                   "more than {} JWTs, or wrapped more than {} times",
                                   {"tokens", "wraps"}},
    [FC_CREDENTIAL_VALUES_MANY] = {"VALUES_MANY", "it has more values than are read", {NULL}},
    [FC_CREDENTIAL_LARGE] = {"LARGE", "larger than {} bytes", {"bytes"}},
    [FC_CREDENTIAL_EXTENSIONS] =
        {"EXTENSIONS",
         "its header asks for extensions (crit, b64) that are not known here",
         {NULL}},
    [FC_CREDENTIAL_ALGORITHM_UNKNOWN] = {"ALGORITHM_UNKNOWN",
                                         "signed with {}: EdDSA, ES256 and PS256 are known here",
                                         {"algorithm"}},
    [FC_CREDENTIAL_ALGORITHM_OTHER] = {"ALGORITHM_OTHER",
                                       "signed with {}, but the key is for {} only",
                                       {"algorithm", "key_algorithm"}},
    [FC_CREDENTIAL_ALGORITHM_MISFIT] = {"ALGORITHM_MISFIT",
                                        "{} does not go with this kind of key",
                                        {"algorithm"}},
    [FC_CREDENTIAL_ISSUERS_DIFFER] = {"ISSUERS_DIFFER", "it names more than one issuer", {NULL}},
    [FC_CREDENTIAL_ISSUER_MISSING] = {"ISSUER_MISSING",
                                      "a credential that names no issuer",
                                      {NULL}},
    [FC_CREDENTIAL_ISSUER_NO_DID] = {"ISSUER_NO_DID", "its issuer is no DID", {NULL}},
    [FC_CREDENTIAL_SIGNER_NOT_ISSUER] = {"SIGNER_NOT_ISSUER",
                                         "signed by {}, which is not its issuer",
                                         {"did"}},
    [FC_CREDENTIAL_DID_MISSING] = {"DID_MISSING",
                                   "no DID document of {} is in the replica",
                                   {"did"}},
    [FC_CREDENTIAL_DID_DISPUTED] = {"DID_DISPUTED",
                                    "several participants publish different documents of {}",
                                    {"did"}},
    [FC_CREDENTIAL_DID_INVALID] = {"DID_INVALID",
                                   "what is held under {} is no DID document of it",
                                   {"did"}},
    [FC_CREDENTIAL_KEY_MISSING] = {"KEY_MISSING",
                                   "the DID document held here has no key {}",
                                   {"key"}},
    [FC_CREDENTIAL_KEY_UNNAMED] = {"KEY_UNNAMED",
                                   "the DID document held here has no key without a name",
                                   {NULL}},
    [FC_CREDENTIAL_KEY_NOT_ALLOWED] = {"KEY_NOT_ALLOWED",
                                       "{} does not let this key sign such statements",
                                       {"did"}},
    [FC_CREDENTIAL_KEY_DISCLOSED] = {"KEY_DISCLOSED",
                                     "the key's secret half is published with it",
                                     {NULL}},
    [FC_CREDENTIAL_KEY_SIZE] = {"KEY_SIZE",
                                "the key's size is not taken: RSA of 2,048 to 8,192 bits is",
                                {NULL}},
    [FC_CREDENTIAL_KEY_KIND] = {"KEY_KIND", "the key is of a kind that is not known here", {NULL}},
    [FC_CREDENTIAL_BYTES_DIFFER] = {"BYTES_DIFFER",
                                    "the signature is not that key's over these bytes",
                                    {NULL}},
    [FC_CREDENTIAL_PROOF_GRAPH] =
        {"PROOF_GRAPH",
         "its proof ({}) is over an RDF graph in canonical form, which is not computed here",
         {"proof"}},
    [FC_CREDENTIAL_PROOF_UNTYPED] = {"PROOF_UNTYPED",
                                     "its proof (of no known type) is over an RDF graph in "
                                     "canonical form, which is not computed here",
                                     {NULL}},
};

const char *fc_credential_code_name(enum fc_credential_code code)
{
    return codes[code].name;
}

const char *fc_credential_about_name(enum fc_credential_code code, unsigned at)
{
    return at < FC_CREDENTIAL_ABOUT_MAX ? codes[code].about[at] : NULL;
}

static void fill_in(struct fc_credential *of)
{
    char text[2 * FC_CREDENTIAL_NAME_BYTES + FC_CREDENTIAL_WHY_BYTES];
    const char *from = codes[of->code].text, *gap;
    size_t len = 0;
    for (unsigned at = 0; at < FC_CREDENTIAL_ABOUT_MAX && (gap = strstr(from, "{}")); at++) {
        len += (size_t)snprintf(text + len, sizeof text - len, "%.*s%s", (int)(gap - from), from,
                                of->about[at]);
        from = gap + 2;
    }
    snprintf(text + len, sizeof text - len, "%s", from);
    copy(of->why, sizeof of->why, text);
}

/* `a` and `b` are what the code names, as far as it does. */
static void verdict(struct fc_credential *of, enum fc_credential_state state,
                    enum fc_credential_code code, const char *a, const char *b)
{
    of->state = state;
    of->code = code;
    copy(of->about[0], sizeof of->about[0], a);
    copy(of->about[1], sizeof of->about[1], b);
    fill_in(of);
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
    if (err == FC_E_MISSING && token->key_id)
        verdict(one, no, FC_CREDENTIAL_KEY_MISSING, token->key_id, NULL);
    else if (err == FC_E_MISSING)
        verdict(one, no, FC_CREDENTIAL_KEY_UNNAMED, NULL, NULL);
    else if (err == FC_E_DENIED)
        verdict(one, FC_CREDENTIAL_WRONG, FC_CREDENTIAL_KEY_NOT_ALLOWED, token->did, NULL);
    else if (err == FC_E_REVOKED)
        verdict(one, FC_CREDENTIAL_WRONG, FC_CREDENTIAL_KEY_DISCLOSED, NULL, NULL);
    else if (err == FC_E_BOUND)
        verdict(one, no, FC_CREDENTIAL_KEY_SIZE, NULL, NULL);
    else if (err == FC_E_JSON)
        verdict(one, no, FC_CREDENTIAL_DID_INVALID, token->did, NULL);
    else
        verdict(one, no, FC_CREDENTIAL_KEY_KIND, NULL, NULL);
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
                    err == FC_E_MISSING ? FC_CREDENTIAL_DID_MISSING : FC_CREDENTIAL_DID_DISPUTED,
                    token->did, NULL);
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
        verdict(one, FC_CREDENTIAL_WRONG, FC_CREDENTIAL_ALGORITHM_OTHER, one->algorithm,
                key->algorithm);
        return;
    }
    enum fc_err err = fc_base64url_decode(token->jwt.signature, &signature);
    if (err == FC_OK)
        err = fc_jose_verify(key->key, alg, input, fc_buf_span(&signature));
    fc_buf_finish(&signature);
    if (err == FC_OK)
        verdict(one, FC_CREDENTIAL_VERIFIED, FC_CREDENTIAL_NO_CODE, NULL, NULL);
    else if (err == FC_E_NOMEM)
        c->err = err;
    else if (err == FC_E_DENIED)
        verdict(one, FC_CREDENTIAL_WRONG, FC_CREDENTIAL_ALGORITHM_MISFIT, one->algorithm, NULL);
    else
        verdict(one, FC_CREDENTIAL_WRONG, FC_CREDENTIAL_BYTES_DIFFER, NULL, NULL);
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
        verdict(one, FC_CREDENTIAL_WRONG,
                name ? FC_CREDENTIAL_TOKEN_BARE : FC_CREDENTIAL_TOKEN_NO_ALGORITHM, name, NULL);
        return false;
    }
    if (fc_tree_exact(token->header, "crit") || fc_tree_exact(token->header, "b64")) {
        verdict(one, FC_CREDENTIAL_NOT_VERIFIABLE, FC_CREDENTIAL_EXTENSIONS, NULL, NULL);
        return false;
    }
    if (*alg == 0)
        verdict(one, FC_CREDENTIAL_NOT_VERIFIABLE, FC_CREDENTIAL_ALGORITHM_UNKNOWN, name, NULL);
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
        verdict(one, FC_CREDENTIAL_WRONG, FC_CREDENTIAL_ISSUERS_DIFFER, NULL, NULL);
    else if (!token->did || strncmp(token->did, "did:", 4) != 0)
        verdict(one, FC_CREDENTIAL_NOT_VERIFIABLE, FC_CREDENTIAL_ISSUER_NO_DID, NULL, NULL);
    else if (issuer && strcmp(issuer, token->did) != 0)
        verdict(one, FC_CREDENTIAL_WRONG, FC_CREDENTIAL_SIGNER_NOT_ISSUER, token->did, NULL);
    else if (!issuer && !token->presentation)
        verdict(one, FC_CREDENTIAL_WRONG, FC_CREDENTIAL_ISSUER_MISSING, NULL, NULL);
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
        char tokens[12], most[12];
        snprintf(tokens, sizeof tokens, "%d", FC_CREDENTIAL_TOKENS_MAX);
        snprintf(most, sizeof most, "%d", FC_CREDENTIAL_WRAPS_MAX);
        verdict(&one, FC_CREDENTIAL_NOT_VERIFIABLE, FC_CREDENTIAL_TOKENS_MANY, tokens, most);
        merge(c, &one);
        return;
    }
    c->tokens++;
    enum fc_err err = open_token(text, &token);
    if (err == FC_E_NOMEM)
        c->err = err;
    else if (err != FC_OK)
        verdict(&one, FC_CREDENTIAL_WRONG, FC_CREDENTIAL_TOKEN_UNREADABLE, NULL, NULL);
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
    char shown[61];
    copy(shown, sizeof shown, type);
    verdict(&one, FC_CREDENTIAL_NOT_VERIFIABLE,
            type ? FC_CREDENTIAL_PROOF_GRAPH : FC_CREDENTIAL_PROOF_UNTYPED, shown, NULL);
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
        verdict(c->out, FC_CREDENTIAL_UNSIGNED, FC_CREDENTIAL_BARE, NULL, NULL);
    else if (c->bare && c->out->state == FC_CREDENTIAL_VERIFIED)
        verdict(c->out, FC_CREDENTIAL_NOT_VERIFIABLE, FC_CREDENTIAL_PART_BARE, NULL, NULL);
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
        char most[12];
        snprintf(most, sizeof most, "%d", FC_CONTENT_BYTES_MAX);
        verdict(out, FC_CREDENTIAL_NOT_VERIFIABLE, FC_CREDENTIAL_LARGE, most, NULL);
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
        verdict(out, FC_CREDENTIAL_NOT_VERIFIABLE, FC_CREDENTIAL_VALUES_MANY, NULL, NULL);
        return FC_OK;
    }
    if (c.err == FC_E_JSON)
        c.err = FC_OK;
    conclude(&c);
    return c.err;
}
