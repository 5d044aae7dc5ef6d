/* What a catalogue document says of itself. Reads JSON, JSON-LD, VC-JWT, presentations, Gaia-X
 * Loire and Tagus with their drifting namespaces, DCAT, DID documents: one table of extraction
 * rules (INTEROP section 5), and the bytes are never changed. */
#ifndef FC_STORE_DOCUMENT_H
#define FC_STORE_DOCUMENT_H

#include "store/bytes.h"
#include "store/limits.h"

enum {
    FC_DOCUMENT_WORDS_MAX = 64,
    FC_DOCUMENT_SUBJECTS_MAX = 64,
    FC_DOCUMENT_LABELS_MAX = 16,
    FC_DOCUMENT_TEXT_BYTES_MAX = 128 * 1024, /* of one document that are indexed */
};

struct fc_document {  /* NUL-terminated UTF-8 owned by the document; NULL where it says nothing */
    char *key;        /* the credential's own id, else its subject's IRI */
    char *media_type; /* as detected: application/ld+json, application/vc+jwt, ... */
    char *kind;       /* service, participant, dataset, data service, resource, did, compliance,
                         credential, other */
    char *format;     /* loire, tagus, dcat, did, json */
    char *name, *description, *provider, *provider_name, *country, *issuer;
    char *terms, *endpoint, *license, *language;
    char *valid_from, *valid_until;
    char *keywords[FC_DOCUMENT_WORDS_MAX];
    uint32_t keyword_count;
    char *themes[FC_DOCUMENT_WORDS_MAX];
    uint32_t theme_count;
    char *labels[FC_DOCUMENT_LABELS_MAX]; /* labels and certifications */
    uint32_t label_count;
    char *subjects[FC_DOCUMENT_SUBJECTS_MAX]; /* every subject's IRI */
    uint32_t subject_count;
    char *subject; /* the IRI of the one that the document is about */
    const char
        *proof; /* how it is signed: "none", "jwt", "enveloped", "jws-2020", "data-integrity" */
};

/* Where a fault is, for one clear line. */
struct fc_document_fault {
    unsigned line, column; /* 0: not known */
    char text[160];        /* what is wrong and what to do */
};

/* FC_E_JSON, FC_E_SUBJECT, FC_E_BOUND, FC_E_NOMEM; `fault`, if not NULL, says more. */
FC_MUST_USE enum fc_err fc_document_read(struct fc_span bytes, struct fc_document *out,
                                         struct fc_document_fault *fault);
/* What the index reads: the same of content that is held, which was published elsewhere and may be
 * anything. Duplicate names and a missing key do not matter. `each`, if not NULL, gets the text of
 * all subjects in all languages, FC_DOCUMENT_TEXT_BYTES_MAX of it at most. FC_E_JSON: there is no
 * text in it; FC_E_BOUND, FC_E_NOMEM. */
enum fc_document_tier { /* what a text is to its document, the foremost first */
                        FC_TIER_NAME,
                        FC_TIER_KEYWORD,
                        FC_TIER_PROVIDER,
                        FC_TIER_TEXT,
};
enum { FC_TIERS = FC_TIER_TEXT + 1 };
struct fc_document_text {
    enum fc_document_tier tier;
    const char *language; /* a tag; NULL where it is not said */
    struct fc_span text;  /* valid during the callback */
};
FC_MUST_USE enum fc_err fc_document_index(struct fc_span bytes, struct fc_document *out,
                                          void (*each)(void *ctx,
                                                       const struct fc_document_text *text),
                                          void *ctx);
void fc_document_finish(struct fc_document *document);

#endif
