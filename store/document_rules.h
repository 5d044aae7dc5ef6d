/* How the words of the many vocabularies map to the fields of a document: tables only.
 * Names are local names: what remains of a property or type once namespace or prefix is off. */
#ifndef FC_STORE_DOCUMENT_RULES_H
#define FC_STORE_DOCUMENT_RULES_H

#include <stdbool.h>

#include "store/bytes.h"

enum fc_document_field {
    FC_FIELD_NAME,
    FC_FIELD_DESCRIPTION,
    FC_FIELD_PROVIDER,
    FC_FIELD_COUNTRY,
    FC_FIELD_TERMS,
    FC_FIELD_ENDPOINT,
    FC_FIELD_LICENSE,
    FC_FIELD_LANGUAGE,
    FC_FIELD_VALID_FROM,
    FC_FIELD_VALID_UNTIL,
    FC_FIELD_KEYWORDS,
    FC_FIELD_THEMES,
    FC_FIELD_LABELS,
    FC_FIELD_STANDARDS, /* which anyone may say of himself: found by their words, no labels */
};
enum { FC_FIELD_COUNT = FC_FIELD_STANDARDS + 1 };

struct fc_document_rule {
    const char *names[20];  /* properties of the subject, the best first */
    const char *inside[12]; /* where a value that is an object keeps what is meant */
    const char *via[5];     /* objects that may say it in the subject's place */
    bool iris;              /* a bare reference is an answer too */
};
const struct fc_document_rule *fc_document_rule(enum fc_document_field field);

struct fc_document_kind {
    const char *type; /* the local name of a type, or, with `suffix`, how it ends */
    const char *kind;
    unsigned rank; /* among several subjects the lowest is what the document is about */
    bool suffix;
    bool dcat;
};
/* Never NULL: a type without an entry is kind "other". Case does not matter. */
const struct fc_document_kind *fc_document_kind(const char *local_type);

/* Whether somebody provides what a document of this kind is about. */
bool fc_document_is_offer(struct fc_span kind);

/* "gove", of the European data themes' codes
 * (publications.europa.eu/resource/authority/data-theme): the theme in English; NULL: it is none.
 */
const char *fc_document_theme(struct fc_span code);
/* ISO 3166: "DEU" -> "DE", for Europe; NULL for a code that is not in the table. */
const char *fc_document_country(const char *alpha3);
/* ISO 639: "DEU", "deu" or "ger" -> "de", for Europe; NULL for a code that is not in the table. */
const char *fc_document_language(const char *alpha3);

#endif
