/* What a catalogue document says of itself. Reads JSON, JSON-LD, VC-JWT, presentations, Gaia-X
 * Loire and Tagus with their drifting namespaces, DCAT, DID documents: one table of extraction
 * rules (INTEROP section 5), and the bytes are never changed. */
#ifndef FC_STORE_DOCUMENT_H
#define FC_STORE_DOCUMENT_H

#include "store/bytes.h"
#include "store/limits.h"

enum { FC_DOCUMENT_WORDS_MAX = 64, FC_DOCUMENT_SUBJECTS_MAX = 64 };

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
    char *subjects[FC_DOCUMENT_SUBJECTS_MAX]; /* every subject's IRI */
    uint32_t subject_count;
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
void fc_document_finish(struct fc_document *document);

#endif
