/* The keys of scenario files: one table for reading, writing, --set and the reference. A section is
 * a map of fields (`links:`) or a list of such maps (`faults:`); the first field of a list's items
 * may be a word that says which of the others an item can have. */
#ifndef FC_SIM_SCENARIO_FIELDS_H
#define FC_SIM_SCENARIO_FIELDS_H

#include "sim/quantity.h"
#include "sim/scenario.h"
#include "sim/yaml.h"

enum fc_field_kind {
    FC_FIELD_QUANTITY,  /* uint32_t, uint64_t or int64_t */
    FC_FIELD_SIZES,     /* a size, or two as least..most: two uint64_t */
    FC_FIELD_WORD,      /* one of `words`: an enum, its place among them */
    FC_FIELD_NAME,      /* one of `words`: char[24] */
    FC_FIELD_FLAG,      /* yes or no: bool */
    FC_FIELD_TEXT,      /* char *, on the heap; NULL: none, if it may not be empty */
    FC_FIELD_TEXTS,     /* a list of texts: char **, and a uint32_t count after it */
    FC_FIELD_SHARE_OF,  /* the rest are ways to fill in a struct fc_pick: a share of the nodes */
    FC_FIELD_COUNT_OF,  /* so many */
    FC_FIELD_NODES,     /* a list of indices */
    FC_FIELD_COUNTRIES, /* a list of codes, or a share of all countries */
};
struct fc_field {
    const char *name;
    enum fc_field_kind kind;
    enum fc_quantity_kind quantity;
    uint32_t offset, bytes; /* within the section's struct */
    uint64_t min, max, preset;
    const char *word; /* a word for one more value, NULL: none */
    uint64_t word_value;
    const char *const *words;    /* NULL-terminated */
    const char *const *meanings; /* of the words, one each; NULL: they say it */
    uint32_t of, needed_by;      /* bit 1 << an item's word; of 0: all */
    const char *help;
};
struct fc_section {
    const char *name; /* "": keys of the file itself */
    const struct fc_field *fields;
    uint32_t field_count;
    uint32_t offset;                   /* of the struct or the list within struct fc_scenario */
    uint32_t item_bytes, count_offset; /* of a list */
    bool worded;                       /* the first field says which others an item can have */
    uint32_t line_offset;              /* of a list: where an item keeps its line */
    const char *help;
};
enum {
    FC_SECTION_FILE,
    FC_SECTION_FEDERATION,
    FC_SECTION_TOPOLOGY, /* its fields are fc_topology_params: scenario_topology.c */
    FC_SECTION_LINKS,
    FC_SECTION_WORKLOAD,
    FC_SECTION_FAULTS,
    FC_SECTION_DISHONEST,
    FC_SECTION_RUN,
    FC_SECTION_MEASURE,
    FC_SECTION_EXPECT,
    FC_SECTIONS
};
extern const struct fc_section fc_sections[FC_SECTIONS];
extern const char *const fc_fault_words[FC_FAULT_KINDS + 1];
extern const char *const fc_dishonesty_words[FC_DISHONEST_KINDS + 1];

/* NULL: no such section, or no such field that an item with this word (0 to 31) can have. */
const struct fc_section *fc_section_find(const char *name);
const struct fc_field *fc_section_field(const struct fc_section *section, const char *name,
                                        unsigned word);
/* Whether an item with this word can have it. */
bool fc_field_fits(const struct fc_field *field, unsigned word);

struct fc_field_fault {
    const struct fc_yaml_node *at;
    char text[400];
};
/* Values at `base`, where the section's struct begins. Reading replaces the value, or leaves it as
 * it is and says why: FC_E_FORMAT, FC_E_BOUND, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_field_read(const struct fc_field *field, const struct fc_yaml_node *node,
                                      void *base, struct fc_field_fault *fault);
/* As YAML on one line. False: nothing is there to be written. */
bool fc_field_write(const struct fc_field *field, const void *base, struct fc_buf *out);
/* For storage that holds nothing yet. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_field_preset(const struct fc_field *field, void *base);
void fc_field_finish(const struct fc_field *field, void *base);

/* -- reading: scenario_read.c, scenario_topology.c ----------------------------------------------
 */

/* Where a text comes from, and where to say what is wrong with it. */
struct fc_scenario_source {
    const char *name;
    bool lines; /* say line and column */
    struct fc_scenario_error *error;
};
/* "name:line:column: text", without the numbers when `at` is NULL. Returns err. */
enum fc_err fc_scenario_fail(const struct fc_scenario_source *source, enum fc_err err,
                             const struct fc_yaml_node *at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
enum fc_err fc_scenario_fail_field(const struct fc_scenario_source *source, enum fc_err err,
                                   const struct fc_field_fault *fault);

/* Into a scenario that has been initialised; what is not given stays as it is. */
FC_MUST_USE enum fc_err fc_scenario_read(const struct fc_scenario_source *source,
                                         const struct fc_yaml_node *root, struct fc_scenario *out);
/* A map: the keys that are given. A list: replaces the one there is. */
FC_MUST_USE enum fc_err fc_section_read(const struct fc_scenario_source *source,
                                        const struct fc_section *section,
                                        const struct fc_yaml_node *node, struct fc_scenario *out);
/* Into memory that holds nothing; on failure it holds nothing. */
FC_MUST_USE enum fc_err fc_scenario_read_item(const struct fc_scenario_source *source,
                                              const struct fc_section *section,
                                              const struct fc_yaml_node *node, void *item);
void fc_item_finish(const struct fc_section *section, void *item);
unsigned fc_item_word(const struct fc_section *section, const void *item); /* 0: not worded */
void *fc_section_item(const struct fc_section *section, const struct fc_scenario *scenario,
                      uint32_t index); /* NULL past the last */
uint32_t fc_section_count(const struct fc_section *section, const struct fc_scenario *scenario);

FC_MUST_USE enum fc_err fc_scenario_topology_read(const struct fc_scenario_source *source,
                                                  const struct fc_yaml_node *map,
                                                  struct fc_scenario *out);
FC_MUST_USE enum fc_err fc_scenario_topology_set(const struct fc_scenario_source *source,
                                                 const char *key, const struct fc_yaml_node *key_at,
                                                 const struct fc_yaml_node *value,
                                                 struct fc_scenario *out);
/* The key at this place, from 0, that this scenario has, and its value; false past the last. */
enum { FC_TOPOLOGY_KEY_MAX = 48 };
bool fc_scenario_topology_key(const struct fc_scenario *scenario, uint32_t index,
                              char name[FC_TOPOLOGY_KEY_MAX], struct fc_buf *value);

/* What does not go together: the key it is said of ("faults.2.countries") and why. */
struct fc_scenario_clash {
    char key[64];
    char text[300];
};
FC_MUST_USE enum fc_err fc_scenario_find_clash(const struct fc_scenario *scenario,
                                               struct fc_scenario_clash *clash);

/* One item of a list as {key: value, ...}, with this word in place of its own: the keys that go
 * with both. */
void fc_scenario_write_item(const struct fc_section *section, const void *item, unsigned word,
                            struct fc_buf *out);

/* The known name that is like this one; NULL: none is. */
const char *fc_nearest(const char *name, const char *(*known)(const void *ctx, uint32_t index),
                       const void *ctx);

/* Appends text; as a double-quoted YAML scalar. */
void fc_buf_text(struct fc_buf *out, const char *text);
void fc_buf_quoted(struct fc_buf *out, const char *text);

/* What --small would say of its assignments, before anybody asks for it. `list`: where they stand
 * in a file; NULL: nowhere. */
FC_MUST_USE enum fc_err fc_scenario_check_small(const struct fc_scenario_source *source,
                                                const struct fc_yaml_node *list,
                                                const struct fc_scenario *scenario);

#endif
