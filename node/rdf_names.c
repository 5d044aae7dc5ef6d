#include "node/rdf_names.h"

#include <stdio.h>
#include <string.h>

static const struct fc_rdf_prefix prefixes[] = {
#define FC_RDF_PREFIX_ROW(prefix, ns) {prefix, ns},
    FC_RDF_PREFIX_TABLE(FC_RDF_PREFIX_ROW)
#undef FC_RDF_PREFIX_ROW
        {NULL, NULL},
};

const struct fc_rdf_prefix *fc_rdf_prefixes(void)
{
    return prefixes;
}

const char *fc_rdf_full_name(const char *name, char *out, size_t size)
{
    const char *colon = strchr(name, ':');
    size_t len = colon ? (size_t)(colon - name) : 0;
    for (size_t i = 0; colon && prefixes[i].prefix; i++) {
        if (strlen(prefixes[i].prefix) != len || memcmp(prefixes[i].prefix, name, len) != 0)
            continue;
        int made = snprintf(out, size, "%s%s", prefixes[i].ns, colon + 1);
        return made > 0 && (size_t)made < size ? out : NULL;
    }
    return NULL;
}
