/* Who and where providers are. A document names its provider by an identifier; the name and the
 * country stand in the provider's own entry, which may come, change and go at any time, in any
 * feed. So neither is written to the rows of the documents that name it: who has published under
 * which identifier is a term of the index like any other (FC_TERM_PLACE), and what follows from it
 * is worked out from the commit that is searched, once for all searches that see it.
 *
 * Of an identifier, one's own word goes first: for a document the entry in its own feed, then the
 * participant whose certificate has the identifier as its DID or URL, then entries in other feeds,
 * unless they contradict one another.
 *
 * A document without a country of its own is where its provider is by this rule, and else where
 * the participant that published it is by its certificate. */
#ifndef FC_STORE_QUERY_PLACES_H
#define FC_STORE_QUERY_PLACES_H

#include "store/query_priv.h"

enum { FC_PLACE_ID_BYTES = FC_INDEX_EQUAL_BYTES - 1, FC_PLACE_NOWHERE = UINT32_MAX };

struct fc_place {
    uint8_t id[FC_PLACE_ID_BYTES]; /* of the identifier, as of fc_index_equal_term */
    bool certified;                /* by a certificate: `generation` is its participant's place in
                                      the ledger, and there is no document */
    char country[4];               /* "": not said */
    uint32_t doc, generation;      /* of the provider's entry */
    uint64_t said;                 /* a hash of its name and country: those that agree are equal */
    char *name;                    /* as fc_run_place_name found it; NULL: it was not asked yet */
    uint32_t name_len;
};

void fc_places_destroy(struct fc_places *places); /* NULL is fine */

/* Whether entries say under which identifiers participants are known. */
FC_MUST_USE enum fc_err fc_run_has_places(struct fc_run *run, bool *any);
/* Whom a document of `generation` means, or anybody's with FC_PLACE_NOWHERE; NULL: not known here.
 * Makes the list of the commit at hand, if it is not there yet. */
FC_MUST_USE enum fc_err fc_run_place(struct fc_run *run, struct fc_span provider,
                                     uint32_t generation, const struct fc_place **place);
/* Where it is, which entries may agree on that do not agree on its name; empty: not known. */
FC_MUST_USE enum fc_err fc_run_place_country(struct fc_run *run, struct fc_span provider,
                                             uint32_t generation, struct fc_span *country);
/* Its name for people, borrowed for the length of the run; empty when there is none. */
FC_MUST_USE enum fc_err fc_run_place_name(struct fc_run *run, const struct fc_place *place,
                                          struct fc_span *name);
/* Adds documents whose provider's entry is one of `named`. */
FC_MUST_USE enum fc_err fc_run_places_named(struct fc_run *run, const struct fc_docs *named,
                                            struct fc_docs *docs);
/* Adds documents that mean one of these participants, each a bit by its place in the ledger, by
 * the identifier in its certificate. */
FC_MUST_USE enum fc_err fc_run_places_certified(struct fc_run *run, const struct fc_docs *members,
                                                struct fc_docs *docs);

/* Documents that say no country and are located in one otherwise. */
struct fc_located {
    char country[4];
    struct fc_docs *docs;
};
FC_MUST_USE enum fc_err fc_run_located(struct fc_run *run, const struct fc_located **list,
                                       uint32_t *count);

#endif
