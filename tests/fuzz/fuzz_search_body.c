/* A search in JSON from anyone: refused in one sentence, or a query within its bounds. */
#include <stdlib.h>
#include <string.h>

#include "node/search_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_search_body body;
    char fault[FC_SEARCH_FAULT_BYTES];
    enum fc_err err = fc_search_body_read(fc_span(data, size), &body, fault);
    if ((err == FC_OK) != (fault[0] == 0) && err != FC_E_NOMEM) {
        abort();
    }
    if (err == FC_OK &&
        (body.query.clause_count > FC_QUERY_CLAUSES_MAX ||
         body.query.term_count > FC_QUERY_TERMS_MAX || body.query.limit > FC_QUERY_LIMIT_MAX ||
         body.query.offset > FC_QUERY_OFFSET_MAX || body.query.text_len > sizeof body.query.text)) {
        abort();
    }
    return 0;
}
