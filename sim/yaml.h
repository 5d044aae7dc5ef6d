/* A YAML text as a small tree whose nodes know where they stand. Of YAML it takes what a file that
 * people write by hand needs: one document of maps, lists and scalars. Anchors, aliases, tags and
 * keys given twice are refused, and so is what is too deep or too large, before memory is taken. */
#ifndef FC_SIM_YAML_H
#define FC_SIM_YAML_H

#include "store/bytes.h"

enum {
    FC_YAML_DEPTH_MAX = 8,
    FC_YAML_NODES_MAX = 65536,
    FC_YAML_KEYS_MAX = 64, /* in one map */
};

enum fc_yaml_kind { FC_YAML_SCALAR, FC_YAML_LIST, FC_YAML_MAP };
struct fc_yaml_node {
    enum fc_yaml_kind kind;
    uint32_t line, column; /* from 1 */
    bool quoted;           /* a scalar in quotes, or a block of text */
    char *text;            /* of a scalar; UTF-8 without a NUL within */
    uint32_t count;        /* of a list or a map */
    uint32_t room;
    struct fc_yaml_node *keys;  /* of a map: scalars */
    struct fc_yaml_node *nodes; /* values of a map, items of a list */
};
struct fc_yaml_fault {
    uint32_t line, column; /* from 1; 0: of the text as a whole */
    char text[200];
};

/* An empty document is an empty map. FC_E_FORMAT, FC_E_BOUND, FC_E_NOMEM; `root` is empty then. */
FC_MUST_USE enum fc_err fc_yaml_parse(struct fc_span text, size_t bytes_max,
                                      struct fc_yaml_node *root, struct fc_yaml_fault *fault);
void fc_yaml_finish(struct fc_yaml_node *root);

/* The value under a key of a map; NULL: none, or not a map. */
const struct fc_yaml_node *fc_yaml_find(const struct fc_yaml_node *map, const char *key);

/* Copies what is fit to be shown in a message: unprintable bytes as '?', cut with "..." */
void fc_yaml_show(const char *text, char *out, size_t out_bytes);

#endif
