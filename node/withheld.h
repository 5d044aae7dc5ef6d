/* Why a content is withheld, in a sentence for those who ask for it. */
#ifndef FC_NODE_WITHHELD_H
#define FC_NODE_WITHHELD_H

#include "store/replica.h"

enum { FC_WITHHELD_BYTES = FC_TEXT_BYTES_MAX + 64 };
/* "Taken down by the federation's governors: ..." or "... by this node: ..."; returns `out`.
 * `record`, if not NULL, gets the takedown's hash; zero: there is no record. */
char *fc_withheld_text(struct fc_replica *replica, const struct fc_hash *participant,
                       const struct fc_entry *entry, char out[FC_WITHHELD_BYTES],
                       struct fc_hash *record);

#endif
