/* The documents a person names: files, directories (sorted, recursively), standard input ("-"), and
 * NDJSON, one document a line. */
#ifndef FC_NODE_DOCUMENTS_H
#define FC_NODE_DOCUMENTS_H

#include "store/bytes.h"

struct fc_documents {
    bool ndjson; /* every file is NDJSON, not only those named .ndjson or .jsonl */
    void *ctx;
    /* `place` is "FILE" or "FILE:LINE". A return that is not FC_OK stops and is returned. */
    enum fc_err (*each)(void *ctx, const char *place, struct fc_span bytes);
    /* A file that cannot be read, a document above the limit; goes on with the next. */
    void (*fault)(void *ctx, const char *place, const char *text);
};
/* In directories: files named .json, .jsonld, .jwt, .vc, .vp, .ndjson or .jsonl, hidden ones left
 * out; `*skipped` counts the others. FC_E_NOMEM and what `each` returned. */
FC_MUST_USE enum fc_err fc_documents_read(const struct fc_documents *documents, const char *path,
                                          uint64_t *skipped);

#endif
