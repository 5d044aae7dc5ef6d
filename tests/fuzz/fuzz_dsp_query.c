/* A CatalogRequestMessage from anyone: refused in words, or a query that can be asked. */
#include <stdlib.h>

#include "node/dsp_candidates.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char content[] =
        "{\"id\":\"https://x.example/1\",\"type\":\"gx:ServiceOffering\",\"gx:name\":\"One\","
        "\"gx:keyword\":[\"a\",\"b\"]}";
    struct fc_dsp_query query;
    struct fc_query ask;
    struct fc_dsp_offer offer;
    struct fc_hash participant = {{1}};
    enum fc_dsp_outcome outcome;
    char fault[300];
    enum fc_err err = fc_dsp_message_read(fc_span(data, size), &query, fault, sizeof fault);
    if ((err == FC_OK) != (fault[0] == 0) && err != FC_E_NOMEM) {
        abort();
    }
    if (err == FC_OK && fc_dsp_offer_read(fc_span_str("https://x.example/1"), &participant,
                                          fc_span_str(content), &offer, &outcome) == FC_OK) {
        (void)fc_dsp_query_matches(&query, &offer);
        if (fc_dsp_candidates_query(&query, &ask) && ask.clause_count > query.count) {
            abort();
        }
        fc_dsp_offer_finish(&offer);
    }
    fc_dsp_query_finish(&query);
    return 0;
}
