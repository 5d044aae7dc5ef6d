/* The constraints of DCAT-AP 3.0.1 as a table. */
#ifndef FC_NODE_DCAT_RULES_H
#define FC_NODE_DCAT_RULES_H

#include <stddef.h>

enum fc_dcat_value {
    FC_DCAT_ANY,
    FC_DCAT_NODE, /* an IRI or a blank node */
    FC_DCAT_IRI,
    FC_DCAT_LITERAL,
    FC_DCAT_DATE, /* xsd:date, dateTime, gYear or gYearMonth */
    FC_DCAT_DECIMAL,
    FC_DCAT_DURATION,
    FC_DCAT_COUNT, /* xsd:nonNegativeInteger */
    FC_DCAT_HEX,
    FC_DCAT_RESOURCE, /* a catalogue, dataset, data service or series */
};
struct fc_dcat_rule {
    const char *type, *property; /* names with prefixes of node/rdf_names.h */
    unsigned min, max;           /* max 0: any number */
    enum fc_dcat_value value;
};
/* The rules of one class, side by side; 0 when there are none. */
size_t fc_dcat_rules(const char *type, const struct fc_dcat_rule **first);
const struct fc_dcat_rule *fc_dcat_rule_at(size_t index); /* all of them; NULL at the end */

#endif
