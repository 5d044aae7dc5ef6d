/* What the groups that speak others' protocols share for as long as the server lives: the
 * operator's default policy, and where clients that count their way through a catalogue stood. For
 * any number of threads at once. */
#ifndef FC_NODE_INTEROP_H
#define FC_NODE_INTEROP_H

#include "node/asset_hash.h"
#include "node/dsp_token.h"
#include "store/ledger.h"

struct fc_interop_setup {
    struct fc_key node_key;
    const char *dsp_default_policy; /* a file; empty: none */
};
struct fc_interop;
/* FC_E_MISSING, FC_E_IO, FC_E_JSON, FC_E_FORMAT: of the file, `fault` says more; FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_interop_create(const struct fc_interop_setup *setup,
                                          struct fc_interop **interop, char *fault,
                                          size_t fault_bytes);
void fc_interop_destroy(struct fc_interop *interop); /* NULL is fine */

/* An array of offers in the protocol's form; empty: none is set. */
struct fc_span fc_interop_default_policy(const struct fc_interop *interop);
/* Who runs this node; false before it is admitted. */
bool fc_interop_operator(const struct fc_interop *interop, const struct fc_ledger *ledger,
                         struct fc_participant *out);
struct fc_asset_hashes *fc_interop_asset_hashes(struct fc_interop *interop);

/* How many entries a DCAT catalogue had when its first page was last asked for, so that not every
 * page counts them; false: nobody has asked yet. */
void fc_interop_set_dcat_items(struct fc_interop *interop, uint64_t items);
bool fc_interop_dcat_items(struct fc_interop *interop, uint64_t *items);

/* Clients that page by offset alone come back for the next one: the last places are kept, so that
 * nobody counts from the start again. */
enum { FC_INTEROP_PLACES_MAX = 256 };
void fc_interop_remember(struct fc_interop *interop, const struct fc_hash *query, uint64_t offset,
                         const struct fc_dsp_place *place);
/* The place of the greatest offset known that is not above `offset`; returns that offset. */
uint64_t fc_interop_recall(struct fc_interop *interop, const struct fc_hash *query, uint64_t offset,
                           struct fc_dsp_place *place);

#endif
