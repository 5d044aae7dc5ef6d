/* What may be published: JSON without ambiguity. What is held is read by store/document_tree.h,
 * which takes more. */
#ifndef FC_STORE_DOCUMENT_STRICT_H
#define FC_STORE_DOCUMENT_STRICT_H

#include "store/bytes.h"

struct fc_strict_fault {
    unsigned line, column; /* 0: not known */
    char text[160];
};
/* UTF-8, no name twice in an object, no U+0000, an object or array at the top. FC_E_JSON with the
 * fault; FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_strict_check(struct fc_span text, struct fc_strict_fault *fault);

#endif
