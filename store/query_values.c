#include "store/query_values.h"

#include <stdlib.h>
#include <string.h>

struct kept {
    uint8_t *text; /* NULL: not kept */
    uint32_t len;
};
struct fc_values {
    uint64_t number; /* of the commit */
    struct kept *lists[FC_FACETS];
    uint32_t caps[FC_FACETS];
};

void fc_values_destroy(struct fc_values *values)
{
    if (!values)
        return;
    for (unsigned facet = 0; facet < FC_FACETS; facet++) {
        for (uint32_t i = 0; i < values->caps[facet]; i++)
            free(values->lists[facet][i].text);
        free(values->lists[facet]);
    }
    free(values);
}

bool fc_run_value_text(const struct fc_run *run, unsigned facet, uint32_t number,
                       struct fc_span *text)
{
    const struct fc_values *values = run->index->values;
    if (!values || run->number == 0 || values->number != run->number ||
        number >= values->caps[facet] || !values->lists[facet][number].text)
        return false;
    *text = fc_span(values->lists[facet][number].text, values->lists[facet][number].len);
    return true;
}

static struct fc_values *of_commit(struct fc_run *run)
{
    struct fc_index *index = run->index;
    if (index->values && index->values->number == run->number)
        return index->values;
    fc_values_destroy(index->values);
    index->values = calloc(1, sizeof *index->values);
    if (index->values)
        index->values->number = run->number;
    return index->values;
}

static bool reach(struct fc_values *values, unsigned facet, uint32_t number)
{
    uint32_t cap = values->caps[facet] ? values->caps[facet] : 64;
    while (cap <= number)
        cap *= 2;
    if (cap == values->caps[facet])
        return true;
    struct kept *list = realloc(values->lists[facet], cap * sizeof *list);
    if (!list)
        return false;
    memset(list + values->caps[facet], 0, (cap - values->caps[facet]) * sizeof *list);
    values->lists[facet] = list;
    values->caps[facet] = cap;
    return true;
}

void fc_run_keep_value(struct fc_run *run, unsigned facet, uint32_t number, struct fc_span text)
{
    struct fc_values *values =
        run->number > 0 && number < FC_VALUES_NUMBERS_MAX ? of_commit(run) : NULL;
    if (!values || !reach(values, facet, number))
        return;
    struct kept *kept = &values->lists[facet][number];
    uint8_t *copy = kept->text ? NULL : malloc(text.len + 1);
    if (!copy)
        return;
    if (text.len > 0)
        memcpy(copy, text.data, text.len);
    *kept = (struct kept){copy, (uint32_t)text.len};
}
