/* Asking the index. What a person types (docs/searching.md) becomes the structured form that
 * programs fill in themselves; running it gives hits, an exact count, facet counts and a cursor.
 *
 * A query is a list of clauses that all must hold; a clause is a list of terms of which one must
 * hold, or, negated, none may. With no clause that is not negated it is asked of the whole
 * catalogue. Hidden entries (freeze, lost membership) are never found; contested and revoked ones
 * are, and say so. */
#ifndef FC_STORE_QUERY_H
#define FC_STORE_QUERY_H

#include "store/replica.h"

enum {
    FC_QUERY_TEXT_BYTES_MAX = 1024, /* of a query as typed, and of all its values together */
    FC_QUERY_TERMS_MAX = 64,
    FC_QUERY_CLAUSES_MAX = 32,
    FC_QUERY_LIMIT_MAX = 200,
    FC_QUERY_OFFSET_MAX = 10000, /* for callers that page by number: a cursor has no such end */
    FC_QUERY_FACET_VALUES_MAX = 100,
    FC_QUERY_CURSOR_BYTES_MAX = 160,
    FC_QUERY_MARKS_MAX = 16,
    FC_QUERY_SNIPPET_BYTES = 240, /* about; at most twice that */
};

/* Where a term is looked for. ANY is name, keyword, provider and description together. */
enum fc_query_field {
    FC_QUERY_ANY,
    FC_QUERY_NAME,
    FC_QUERY_KEYWORD,     /* keywords and themes, as words */
    FC_QUERY_PROVIDER,    /* words of its name and IRI; EQUAL: the IRI or name itself */
    FC_QUERY_DESCRIPTION, /* and other text of the document */
    FC_QUERY_KIND,        /* values, as fc_document has them; counted as facets */
    FC_QUERY_COUNTRY,
    FC_QUERY_THEME,
    FC_QUERY_LANGUAGE,
    FC_QUERY_LABEL,
    FC_QUERY_STATE,       /* active, deprecated, ended, revoked, contested */
    FC_QUERY_PARTICIPANT, /* hexadecimal id, 8 digits or more, or words of the legal name */
    FC_QUERY_VALID_FROM,  /* days; RANGE alone */
    FC_QUERY_VALID_UNTIL,
    FC_QUERY_KEY, /* the entry's key, as it is */
};
enum { FC_QUERY_FIELDS = FC_QUERY_KEY + 1 };
const char *fc_query_field_name(enum fc_query_field field); /* as it is typed; "" for ANY */
/* FC_E_MISSING when there is no such field. */
FC_MUST_USE enum fc_err fc_query_field_find(struct fc_span name, enum fc_query_field *field);

enum fc_query_match {
    FC_QUERY_WORD,   /* all words of the value, folded, in any inflection */
    FC_QUERY_EXACT,  /* the word as typed, folded but not stemmed */
    FC_QUERY_PREFIX, /* words that begin so */
    FC_QUERY_TYPO,   /* words at most 1 (from 4 letters) or 2 (from 8) edits away */
    FC_QUERY_PHRASE, /* the words one after another in one text; alone in its clause */
    FC_QUERY_EQUAL,  /* the whole value; what facets and KEY take */
    FC_QUERY_RANGE,  /* low..high, both included */
};

struct fc_query_term {
    enum fc_query_field field;
    enum fc_query_match match;
    uint16_t at, len;  /* the value in the query's text */
    int32_t low, high; /* RANGE: days since 1970-01-01 */
};
struct fc_query_clause {
    uint16_t first, count; /* terms */
    bool negated;
    bool chosen; /* from a facet's values, which are counted as though nothing were chosen */
};

enum fc_query_sort {
    FC_QUERY_BEST,   /* by field and rarity, then the newest here */
    FC_QUERY_NEWEST, /* in the order in which they came here */
    FC_QUERY_OLDEST,
    FC_QUERY_NAME_UP, /* by folded name */
    FC_QUERY_NAME_DOWN,
};

enum fc_facet {
    FC_FACET_KIND,
    FC_FACET_COUNTRY,
    FC_FACET_THEME,
    FC_FACET_LANGUAGE,
    FC_FACET_LABEL,
    FC_FACET_STATE,
    FC_FACET_PROVIDER,
    FC_FACET_PARTICIPANT,
};
enum { FC_FACETS = FC_FACET_PARTICIPANT + 1, FC_FACETS_ALL = (1 << FC_FACETS) - 1 };
const char *fc_facet_name(enum fc_facet facet);
enum fc_query_field fc_facet_field(enum fc_facet facet); /* what filters by it, with EQUAL */

/* In the caller's memory; nothing to free. */
struct fc_query {
    struct fc_query_clause clauses[FC_QUERY_CLAUSES_MAX];
    struct fc_query_term terms[FC_QUERY_TERMS_MAX];
    uint16_t clause_count, term_count, text_len;
    char text[FC_QUERY_TEXT_BYTES_MAX];
    enum fc_query_sort sort;
    uint32_t limit;        /* hits wanted, up to FC_QUERY_LIMIT_MAX; 0: counts alone */
    uint32_t offset;       /* hits left out before them; not together with a cursor */
    uint32_t facets;       /* 1 << enum fc_facet: those to count */
    uint32_t facet_values; /* of each; 0: 20 */
    bool snippets;         /* read the contents of hits for names and snippets */
    struct fc_span cursor; /* from the page before; empty: from the first. Borrowed */
};

struct fc_query_fault {
    uint16_t at, len; /* bytes of the text that are meant */
    char text[200];   /* what is wrong and what to do */
};

/* Empty: everything, best first, 20 hits, with snippets, no facets. */
void fc_query_init(struct fc_query *query);
/* Adds what `text` asks for. FC_E_FORMAT, FC_E_BOUND; `fault`, if not NULL, says where. */
FC_MUST_USE enum fc_err fc_query_parse(struct fc_query *query, struct fc_span text,
                                       struct fc_query_fault *fault);
/* The value as documents have it, of a field whose values are a closed list (kind, state): in any
 * case, with '-' or '_' for a blank. False: it is none of them. Other fields: as it is. */
bool fc_query_value(enum fc_query_field field, struct fc_span value, struct fc_span *known);
const char *fc_query_values(enum fc_query_field field); /* that list in words; NULL: it is open */
/* How many characters a text has before one of its bytes. */
uint32_t fc_query_character(struct fc_span text, uint16_t at);
/* For programs: a clause, and terms for the clause added last. FC_E_BOUND; FC_E_ARG where the field
 * does not take such a match, or a value is empty or not UTF-8. */
FC_MUST_USE enum fc_err fc_query_clause(struct fc_query *query, bool negated);
FC_MUST_USE enum fc_err fc_query_choice(struct fc_query *query); /* a clause of a facet's values */
FC_MUST_USE enum fc_err fc_query_term(struct fc_query *query, enum fc_query_field field,
                                      enum fc_query_match match, struct fc_span value);
/* A day as text; days since 1970-01-01. And whether there is anything to look for in a value. */
bool fc_query_day(struct fc_span text, int32_t *day);
bool fc_query_has_word(struct fc_span value);
FC_MUST_USE enum fc_err fc_query_range(struct fc_query *query, enum fc_query_field field,
                                       int32_t low_day, int32_t high_day);

struct fc_query_mark { /* what matched, in a text of the hit */
    uint16_t at, len;
};
struct fc_query_text {
    struct fc_span text; /* UTF-8, one line, no controls, nothing that turns its direction */
    struct fc_query_mark marks[FC_QUERY_MARKS_MAX];
    uint32_t mark_count;
};
enum fc_query_source { /* who says so */
                       FC_SAID_NOWHERE,
                       FC_SAID_DOCUMENT, /* the entry's own document */
                       FC_SAID_PROVIDER, /* the provider's own entry, or certificate */
                       FC_SAID_MEMBER,   /* the certificate of the participant that published it */
};
const char *fc_query_source_name(enum fc_query_source source); /* NULL: nowhere */
struct fc_query_hit {
    struct fc_hash participant, key_hash;
    struct fc_span member; /* the participant's legal name */
    struct fc_span key;
    fc_version version;
    enum fc_status status;
    enum fc_content_state content;
    bool contested;
    uint64_t time_ms;     /* the participant's, signed: the feed is known as of then */
    uint64_t accepted_ms; /* this node's clock when it took that in */
    uint32_t score;       /* comparable within one result */
    /* With snippets; empty where the document says nothing. */
    struct fc_query_text name, snippet;
    struct fc_span kind, provider, country; /* of the provider its name, else what it goes by */
    enum fc_query_source provider_from, country_from;
};
struct fc_query_value {
    struct fc_span value; /* what EQUAL takes */
    struct fc_span name;  /* for people; of a participant its legal name */
    uint64_t count;
};
struct fc_query_facet {
    enum fc_facet facet;
    struct fc_query_value *values; /* most frequent first, then by value */
    uint32_t value_count;
    uint64_t others; /* distinct values that are not listed */
};
struct fc_query_result {
    uint64_t total;    /* entries that match, exact unless `at_most` */
    bool at_most;      /* a phrase was too frequent to be looked up in every text that has its
                          words */
    uint64_t entries;  /* that can be found at all */
    uint64_t as_of_ms; /* the oldest signed time among the hits' feeds; 0 without hits */
    struct fc_query_hit *hits;
    uint32_t hit_count;
    struct fc_query_facet facets[FC_FACETS];
    uint32_t facet_count;
    struct fc_span next; /* cursor of the next page; empty: this was the last */
};

/* Reads from the open write transaction or from a read transaction of its own. Spans live as long
 * as the result. FC_E_MISSING: this replica keeps no index, or must rebuild it; FC_E_STALE: the
 * cursor is of another query or of an index that was rebuilt: start again; FC_E_FORMAT: it is no
 * cursor; FC_E_BOUND, FC_E_ARG: beyond the limits above; store errors. */
FC_MUST_USE enum fc_err fc_query_run(struct fc_replica *replica, const struct fc_query *query,
                                     struct fc_query_result **result);
void fc_query_result_destroy(struct fc_query_result *result); /* NULL is fine */

#endif
