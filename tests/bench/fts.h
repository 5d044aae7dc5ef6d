/* SQLite FTS5 over the same documents, to hold the index against. */
#ifndef FC_BENCH_FTS_H
#define FC_BENCH_FTS_H

#include <stdint.h>

struct fts;
struct fts *fts_create(const char *path);
void fts_destroy(struct fts *fts);
void fts_begin(struct fts *fts);
void fts_commit(struct fts *fts);
/* The texts of one document and its facets: columns are NUL-terminated. */
struct fts_document {
    const char *name, *keyword, *provider, *text;
    const char *facets[8]; /* kind, country, theme, language, label, state, provider, participant */
    const char *key;
    int64_t version;
};
void fts_insert(struct fts *fts, int64_t number, const struct fts_document *document);
void fts_optimize(struct fts *fts); /* merges what the insertions left apart */
uint64_t fts_bytes(struct fts *fts);
/* The top 20 by bm25, weighted by column as the index weighs, each with its key, participant,
 * version and state; how many rows there were. */
unsigned fts_search(struct fts *fts, const char *match);
/* The same, with kind, provider, country, the name with what matched marked, and a snippet. */
unsigned fts_snippets(struct fts *fts, const char *match);
/* The counts of all facets, the 20 most frequent values each. */
unsigned fts_facets(struct fts *fts, const char *match);

#endif
