#include <stdlib.h>

#include "sim/topology_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read and written again is read as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct fc_latency usual = {FC_LATENCY_CONSTANT, 10000, 10000, 0, 0};
    struct fc_topology one, two;
    struct fc_topology_fault fault;
    struct fc_buf text = {0};
    if (size == 0 || fc_edge_list_parse(fc_span(data, size), "fuzz", &one, &fault) != FC_OK)
        return 0;
    if (fc_topology_time(&one, &usual, NULL, &fault) == FC_OK &&
        fc_topology_index(&one, &fault) == FC_OK) {
        if (fc_edge_list_write(&one, &text, &fault) != FC_OK ||
            fc_edge_list_parse(fc_buf_span(&text), "again", &two, &fault) != FC_OK ||
            fc_topology_index(&two, &fault) != FC_OK)
            abort();
        struct fc_hash a = fc_topology_digest(&one), b = fc_topology_digest(&two);
        if (!fc_hash_eq(&a, &b))
            abort();
        fc_topology_finish(&two);
    }
    fc_topology_finish(&one);
    fc_buf_finish(&text);
    return 0;
}
