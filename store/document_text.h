/* Small readers of text that documents are made of. */
#ifndef FC_STORE_DOCUMENT_TEXT_H
#define FC_STORE_DOCUMENT_TEXT_H

#include "store/bytes.h"

/* Appends what base64url (RFC 4648, without padding) says; FC_E_FORMAT, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_base64url_decode(struct fc_span text, struct fc_buf *out);

/* The parts of a compact JWT (RFC 7519), white space around it ignored; false: it is none. */
struct fc_jwt {
    struct fc_span header, payload, signature;
};
bool fc_jwt_split(struct fc_span text, struct fc_jwt *out);
/* The JWT in data:application/vc+jwt,<jwt> or ...;<jwt>; an empty span when there is none. */
struct fc_span fc_jwt_in_data_url(const char *url);

/* An absolute IRI: a scheme and something after it, no blanks, controls or brackets. */
bool fc_iri_ok(const char *text);
/* Past the namespace or prefix: "https://x/2511#legalName", "gx:legalName" -> "legalName". */
const char *fc_iri_local(const char *text);
/* Whether a text may be a language tag: "de", "pt-BR". */
bool fc_language_ok(const char *text);
/* A country code out of "DE", "be", "BE-BRU", "FR-HDF" or an IRI that ends in one: upper case,
 * two or three letters. False when it is none. */
bool fc_country_code(const char *text, char out[4]);
/* RFC 3339, UTC. */
void fc_time_text(int64_t seconds, char out[32]);
/* A date, or a date and time with or without an offset (then UTC), as RFC 3339 and XML Schema
 * write them from the year 1970 on, to Unix milliseconds. False: it is none. */
bool fc_time_read(const char *text, uint64_t *out_ms);

/* What a JSON text would cost to read, before any memory is taken for it. */
struct fc_json_size {
    size_t values, depth; /* at least as many values as there are; how deep they nest */
};
struct fc_json_size fc_json_measure(struct fc_span text);

#endif
