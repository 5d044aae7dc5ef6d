/* The catalogue as DCAT-AP 3.0.1, in Turtle or JSON-LD: a dcat:Catalog, its entries, and a record
 * for each that says where it is from. Whole, or page by page as harvesters fetch it (Hydra's
 * PagedCollection and PartialCollectionView, as ckanext-dcat and piveau follow them).
 *
 * Entries that are DCAT keep their own statements; what DCAT-AP forbids is left out or typed
 * (node/dcat_conform.h), and nothing is invented. Others are told by what store/document.h reads of
 * them: a service with an endpoint and a name is a dcat:DataService, data with a name and a
 * description a dcat:Dataset, a participant with a name a foaf:Agent, all else a dcat:Resource. A
 * record is a dcat:CatalogRecord where its topic is of a class that may have one; else it is a
 * foaf:Document that says the same. */
#ifndef FC_NODE_DCAT_EXPORT_H
#define FC_NODE_DCAT_EXPORT_H

#include <stdio.h>

#include "node/dcat_conform.h"
#include "store/record.h"

struct fc_dcat_catalog { /* texts are borrowed until the end */
    const char *iri, *title, *description;
    const char *publisher_iri, *publisher_name;
    /* A record's IRI is `record_base`, the participant's id in hexadecimal, `separator`, H(key) and
     * `record_suffix`, the proof's the same with `proof_suffix`: addresses of the node's API, or
     * "urn:fedcat:record:" with ":". A suffix NULL: nothing is appended, no proof is named. */
    const char *record_base, *separator, *record_suffix, *proof_suffix;
};
struct fc_dcat_page { /* addresses; NULL: there is none */
    const char *collection, *self, *first, *previous, *next, *last;
    uint64_t items, items_per_page;
};
struct fc_dcat_entry { /* texts are borrowed for the call */
    struct fc_span key, content;
    struct fc_hash key_hash, participant;
    struct fc_span participant_name, participant_url;
    fc_version version;
    uint64_t signed_ms; /* when the version that last put it was signed */
};

enum fc_dcat_syntax { FC_DCAT_TURTLE = 1, FC_DCAT_JSON_LD };
/* "text/turtle", "application/ld+json". */
const char *fc_dcat_media_type(enum fc_dcat_syntax syntax);

struct fc_dcat_export;
/* Writes the head. `page` NULL: the catalogue is whole. FC_E_FORMAT: an IRI of the catalogue or the
 * page is none; FC_E_IO, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_dcat_export_create(enum fc_dcat_syntax syntax, FILE *out,
                                              const struct fc_dcat_catalog *catalog,
                                              const struct fc_dcat_page *page,
                                              struct fc_dcat_export **dcat);
/* A node that two entries describe is described by the first. FC_E_IO, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_dcat_export_add(struct fc_dcat_export *dcat,
                                           const struct fc_dcat_entry *entry);
FC_MUST_USE enum fc_err fc_dcat_export_end(struct fc_dcat_export *dcat);
/* What did not fit, so far. */
struct fc_dcat_conformed fc_dcat_export_conformed(const struct fc_dcat_export *dcat);
void fc_dcat_export_destroy(struct fc_dcat_export *dcat); /* NULL is fine */

#endif
