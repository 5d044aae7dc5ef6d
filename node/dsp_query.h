/* EDC's QuerySpec, as it arrives in the filter of a CatalogRequestMessage, and whether an offer
 * matches it. What is not known is refused, never passed over (Dataspace Protocol 2025-1, 5.2). */
#ifndef FC_NODE_DSP_QUERY_H
#define FC_NODE_DSP_QUERY_H

#include "node/dsp_dataset.h"

enum {
    FC_DSP_CRITERIA_MAX = 16,
    FC_DSP_PATTERN_BYTES_MAX = 256, /* of "like" and "ilike" */
    FC_DSP_RIGHT_MAX = 100,         /* values of "in" */
    FC_DSP_FILTER_BYTES_MAX = 4096, /* of a filter, compact: it travels in the tokens of pages */
    FC_DSP_OFFSET_MAX = 100000000,
    FC_DSP_PAGE_DEFAULT = 50,
    FC_DSP_PAGE_MAX = 500,
};
enum fc_dsp_operator {
    FC_DSP_EQUAL,
    FC_DSP_NOT_EQUAL,
    FC_DSP_IN,
    FC_DSP_NOT_IN,
    FC_DSP_LIKE,
    FC_DSP_ILIKE,
    FC_DSP_CONTAINS,
    FC_DSP_LESS,
    FC_DSP_LESS_OR_EQUAL,
    FC_DSP_GREATER,
    FC_DSP_GREATER_OR_EQUAL,
};
enum fc_dsp_field {
    FC_DSP_ID,
    FC_DSP_NAME,
    FC_DSP_DESCRIPTION,
    FC_DSP_KEYWORD,
    FC_DSP_THEME,
    FC_DSP_PROVIDER,
    FC_DSP_PARTICIPANT, /* whose feed it is in: 64 digits */
    FC_DSP_KIND,
    FC_DSP_CONTENT_TYPE,
    FC_DSP_COUNTRY,
    FC_DSP_LICENSE,
    FC_DSP_LANGUAGE,
    FC_DSP_ENDPOINT,
    FC_DSP_ISSUER,
    FC_DSP_VALID_UNTIL,
};

struct fc_dsp_criterion {
    enum fc_dsp_field field;
    enum fc_dsp_operator op;
    const char *rights[FC_DSP_RIGHT_MAX]; /* texts, as the query owns them */
    size_t right_count;
};
struct fc_dsp_query {
    uint64_t offset, limit;
    struct fc_dsp_criterion criteria[FC_DSP_CRITERIA_MAX];
    size_t count;
    struct fc_buf filter; /* compact, as it was given; empty: none */
    struct fc_hash hash;  /* of its criteria: the same question */
    char **owned;
    size_t owned_count, owned_cap;
};

/* `filter` is the member of the message, or NULL. FC_E_FORMAT with a sentence in `fault`;
 * FC_E_NOMEM. Finish it either way. */
FC_MUST_USE enum fc_err fc_dsp_query_read(const struct fc_json_value *filter,
                                          struct fc_dsp_query *out, char *fault,
                                          size_t fault_bytes);
/* The same of a whole CatalogRequestMessage, whose shape is checked. FC_E_JSON. */
FC_MUST_USE enum fc_err fc_dsp_message_read(struct fc_span body, struct fc_dsp_query *out,
                                            char *fault, size_t fault_bytes);
void fc_dsp_query_finish(struct fc_dsp_query *query);
bool fc_dsp_query_matches(const struct fc_dsp_query *query, const struct fc_dsp_offer *offer);
/* Whether an offer in the feed of a participant may match. */
bool fc_dsp_query_may_match(const struct fc_dsp_query *query, const struct fc_hash *participant);

#endif
