/* What the query's sources share. */
#ifndef FC_STORE_QUERY_PRIV_H
#define FC_STORE_QUERY_PRIV_H

#include "store/index_priv.h"

bool fc_query_is_text(enum fc_query_field field);
bool fc_query_is_day(enum fc_query_field field);
bool fc_query_takes(enum fc_query_field field, enum fc_query_match match);

enum {
    FC_UNITS_MAX = 6,          /* words that rank; others only have to be there */
    FC_WORDS_MAX = 256,        /* forms of the words asked for, to mark in texts */
    FC_TYPOS_MAX = 64,         /* words close to one that was mistyped */
    FC_PHRASE_DOCS_MAX = 2000, /* texts looked through for phrases */
};

/* A row that waits to be merged: searched as it is. */
struct fc_pending {
    uint32_t doc;
    struct fc_said said;
    bool contested;
};
/* A word that ranks: where documents have it. */
struct fc_unit {
    struct fc_docs *tiers[FC_TIERS]; /* NULL: nowhere */
    uint32_t weight;
};
/* A form of a word that was asked for, to mark it. */
struct fc_form {
    uint8_t len;
    bool prefix;
    char text[FC_WORD_BYTES_MAX];
};
struct fc_phrase {
    uint16_t term; /* of the query */
    bool negated;
};
struct fc_run {
    struct fc_replica *replica;
    struct fc_index *index;
    const struct fc_query *query;
    struct fc_txn *txn;
    struct fc_kv_cursor *cursor; /* of the index: what is looked up next is often near */
    uint32_t chunks;             /* that there are */
    struct fc_docs *seen, *found;
    struct fc_docs *open;              /* found by what is not chosen from facets; NULL: as found */
    struct fc_docs *chosen[FC_FACETS]; /* by what is; NULL: nothing */
    uint32_t counting;                 /* facets, at the moment */
    struct fc_pending *pending;
    uint32_t pending_count;
    struct fc_unit units[FC_UNITS_MAX];
    uint32_t unit_count;
    uint32_t form_count;
    bool firsts[256]; /* bytes that forms begin with */
    struct fc_phrase phrases[FC_QUERY_TERMS_MAX];
    uint32_t phrase_count;
    struct fc_query_result *result;
    uint64_t number;  /* of the commit that is searched; 0: it may change, or is not counted */
    bool has_places;  /* index->places is of this run */
    bool has_members; /* the same of index->members */
    struct fc_docs *nobodys; /* could name a provider and do not; NULL: not looked up yet */
    enum fc_err err;         /* the first of those below that failed */
    struct fc_form forms[FC_WORDS_MAX]; /* last: not cleared */
};
/* What a cursor belongs to: the same question in the same order. */
uint64_t fc_run_identify(const struct fc_run *run);
/* A row of the index. FC_E_MISSING. */
FC_MUST_USE enum fc_err fc_run_get(struct fc_run *run, const struct fc_index_key *key,
                                   struct fc_span *row);
/* The row that a document's place is in, and what it is there. FC_E_MISSING. */
FC_MUST_USE enum fc_err fc_run_row(struct fc_run *run, uint32_t doc, struct fc_span *row);
FC_MUST_USE enum fc_err fc_run_doc(struct fc_run *run, uint32_t doc, struct fc_index_doc *out);
/* Memory that lives as long as the result; NULL, and run->err, without memory. */
void *fc_run_take(struct fc_run *run, size_t size);
struct fc_span fc_run_keep(struct fc_run *run, struct fc_span bytes);
struct fc_span fc_run_value(const struct fc_run *run, const struct fc_query_term *term);
/* A word that may stand in a hit's text, to be marked there. */
void fc_run_form(struct fc_run *run, struct fc_span form, bool prefix);

/* The documents that hold a term. With `unit`, of a term of text, also where, to rank by. */
FC_MUST_USE enum fc_err fc_run_term(struct fc_run *run, const struct fc_query_term *term,
                                    struct fc_unit *unit, struct fc_docs **docs);
/* Adds documents that say an item, or all of a generation. */
FC_MUST_USE enum fc_err fc_run_item(struct fc_run *run, uint8_t tag, struct fc_span item,
                                    struct fc_docs *docs);
FC_MUST_USE enum fc_err fc_run_generation(struct fc_run *run, uint32_t generation,
                                          struct fc_docs *docs);
/* Takes those out that have a phrase's words but not the phrase. */
FC_MUST_USE enum fc_err fc_run_phrases(struct fc_run *run);

/* The page: documents in order, with scores, and the cursor of the next. */
struct fc_ranked {
    uint32_t score, doc;
};
FC_MUST_USE enum fc_err fc_run_page(struct fc_run *run, struct fc_ranked **page, uint32_t *count,
                                    struct fc_buf *next);
FC_MUST_USE enum fc_err fc_run_facets(struct fc_run *run);
FC_MUST_USE enum fc_err fc_run_hits(struct fc_run *run, const struct fc_ranked *page,
                                    uint32_t count);
/* The name that a document says it has, in one line; empty: none, or it is not here. */
FC_MUST_USE enum fc_err fc_run_name(struct fc_run *run, uint32_t doc, struct fc_span *name);
/* Reads a document's text: `plain` is cleared first, empty when the content is not here. */
FC_MUST_USE enum fc_err fc_run_content(struct fc_run *run, uint32_t doc, struct fc_buf *plain);

#endif
