/* Whether a catalogue document is signed by whom it says: VC-JWT and presentations (VC-JOSE-COSE,
 * Gaia-X Loire, VC 1.1 as JWT), with EdDSA, ES256 or PS256, against the keys that did:key and
 * did:jwk hold, or that DID documents at hand name. Nothing is fetched. A function of the bytes,
 * those documents and the time. */
#ifndef FC_STORE_CREDENTIAL_H
#define FC_STORE_CREDENTIAL_H

#include "store/bytes.h"
#include "store/limits.h"

enum fc_credential_state {
    FC_CREDENTIAL_UNSIGNED,       /* bears no signature of its own */
    FC_CREDENTIAL_VERIFIED,       /* every signature in it is right */
    FC_CREDENTIAL_NOT_VERIFIABLE, /* at least one cannot be judged here, none is wrong */
    FC_CREDENTIAL_WRONG,          /* at least one is wrong */
};
/* "unsigned", "verified", "not verifiable here", "wrong". */
const char *fc_credential_state_name(enum fc_credential_state state);

enum fc_credential_period {
    FC_CREDENTIAL_CURRENT,
    FC_CREDENTIAL_NOT_YET,
    FC_CREDENTIAL_EXPIRED,
};

/* Why a state is not "verified": for programs, which say it in the language of who reads it. */
enum fc_credential_code {
    FC_CREDENTIAL_NO_CODE, /* it is verified */
    FC_CREDENTIAL_BARE,
    FC_CREDENTIAL_PART_BARE,
    FC_CREDENTIAL_TOKEN_BARE,
    FC_CREDENTIAL_TOKEN_NO_ALGORITHM,
    FC_CREDENTIAL_TOKEN_UNREADABLE,
    FC_CREDENTIAL_TOKENS_MANY,
    FC_CREDENTIAL_VALUES_MANY,
    FC_CREDENTIAL_LARGE,
    FC_CREDENTIAL_EXTENSIONS,
    FC_CREDENTIAL_ALGORITHM_UNKNOWN,
    FC_CREDENTIAL_ALGORITHM_OTHER,
    FC_CREDENTIAL_ALGORITHM_MISFIT,
    FC_CREDENTIAL_ISSUERS_DIFFER,
    FC_CREDENTIAL_ISSUER_MISSING,
    FC_CREDENTIAL_ISSUER_NO_DID,
    FC_CREDENTIAL_SIGNER_NOT_ISSUER,
    FC_CREDENTIAL_DID_MISSING,
    FC_CREDENTIAL_DID_DISPUTED,
    FC_CREDENTIAL_DID_INVALID,
    FC_CREDENTIAL_KEY_MISSING,
    FC_CREDENTIAL_KEY_UNNAMED,
    FC_CREDENTIAL_KEY_NOT_ALLOWED,
    FC_CREDENTIAL_KEY_DISCLOSED,
    FC_CREDENTIAL_KEY_SIZE,
    FC_CREDENTIAL_KEY_KIND,
    FC_CREDENTIAL_BYTES_DIFFER,
    FC_CREDENTIAL_PROOF_GRAPH,
    FC_CREDENTIAL_PROOF_UNTYPED,
    FC_CREDENTIAL_CODES,
};
enum { FC_CREDENTIAL_ABOUT_MAX = 2 };
/* "DID_MISSING"; NULL for none. */
const char *fc_credential_code_name(enum fc_credential_code code);
/* What about[at] of such a verdict is: "did"; NULL: it has no more. */
const char *fc_credential_about_name(enum fc_credential_code code, unsigned at);

enum {
    FC_CREDENTIAL_WHY_BYTES = 256,
    FC_CREDENTIAL_NAME_BYTES = 512,
    FC_CREDENTIAL_TOKENS_MAX = 64, /* JWTs in one document */
    FC_CREDENTIAL_WRAPS_MAX = 4,   /* a JWT in a presentation in a JWT ... */
};

/* Whose word it is that a key belongs to a DID. */
struct fc_credential_source {
    char text[128]; /* the participant that published the DID document; NUL-terminated */
    bool vouched;   /* its certificate names that DID; or the DID holds its key itself */
};

/* All texts are NUL-terminated UTF-8, cut where they are longer than their room, empty where there
 * is nothing to say. Of several signatures: the one that decides the state, else the first. */
struct fc_credential {
    enum fc_credential_state state;
    char why[FC_CREDENTIAL_WHY_BYTES]; /* for every state but verified */
    enum fc_credential_code code;      /* the same for programs, and what it names */
    char about[FC_CREDENTIAL_ABOUT_MAX][FC_CREDENTIAL_NAME_BYTES];
    char issuer[FC_CREDENTIAL_NAME_BYTES];
    char key_id[FC_CREDENTIAL_NAME_BYTES];
    char algorithm[16];
    char certificate[256]; /* X.509 subject beside the key; its issuer unjudged */
    struct fc_credential_source source;
    uint64_t valid_from_ms, valid_until_ms; /* 0: not said */
    enum fc_credential_period period;       /* by the reader's clock */
    uint32_t tokens;                        /* JWTs that were looked at */
};

/* Where DID documents are looked up (store/did_choice.h picks one of several). `document` appends
 * the bytes of the one of `did` and says whose it is. FC_E_MISSING: none is held; FC_E_CONTESTED:
 * several that differ are, and none stands above the others; any other error ends the check. */
struct fc_credential_resolver {
    void *ctx;
    enum fc_err (*document)(void *ctx, const char *did, struct fc_buf *out,
                            struct fc_credential_source *source);
};

/* FC_OK with the verdict, whatever the bytes are; FC_E_NOMEM, and errors of the resolver. Bytes
 * that are no document are unsigned. `resolver` NULL: no DID document is at hand. */
FC_MUST_USE enum fc_err fc_credential_check(struct fc_span bytes,
                                            const struct fc_credential_resolver *resolver,
                                            uint64_t now_ms, struct fc_credential *out);

#endif
