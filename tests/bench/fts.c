#include "tests/bench/fts.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"

enum { FACETS = 8 };

struct fts {
    sqlite3 *db;
    sqlite3_stmt *text, *facet, *search, *snippets, *counts[FACETS];
    uint64_t read; /* bytes of all columns handed back */
};

static const char *const facet_names[FACETS] = {"kind",  "country", "theme",    "language",
                                                "label", "state",   "provider", "participant"};

static void run(struct fts *fts, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(fts->db, sql, NULL, NULL, &message) != SQLITE_OK)
        bench_die("sqlite: %s", message);
}

static sqlite3_stmt *prepare(struct fts *fts, const char *sql)
{
    sqlite3_stmt *made = NULL;
    if (sqlite3_prepare_v2(fts->db, sql, -1, &made, NULL) != SQLITE_OK)
        bench_die("sqlite: %s", sqlite3_errmsg(fts->db));
    return made;
}

struct fts *fts_create(const char *path)
{
    struct fts *fts = calloc(1, sizeof *fts);
    if (!fts || sqlite3_open(path, &fts->db) != SQLITE_OK)
        bench_die("sqlite: %s", path);
    /* Porter, for the index finds inflections too and a reader asks both for the same. */
    run(fts, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-262144;"
             "PRAGMA mmap_size=2147418112;"
             "CREATE VIRTUAL TABLE t USING fts5(name, keyword, provider, text,"
             " tokenize=\"porter unicode61 remove_diacritics 2\");"
             "INSERT INTO t(t, rank) VALUES('rank', 'bm25(12.0, 5.0, 4.0, 1.0)');"
             "CREATE TABLE f(id INTEGER PRIMARY KEY, kind, country, theme, language, label, state,"
             " provider, participant, key, version INTEGER);");
    fts->text = prepare(fts, "INSERT INTO t(rowid, name, keyword, provider, text)"
                             " VALUES(?,?,?,?,?)");
    fts->facet = prepare(fts, "INSERT INTO f VALUES(?,?,?,?,?,?,?,?,?,?,?)");
    /* By `rank`, which spares SQLite from joining what is not among the 20. */
    fts->search = prepare(fts, "SELECT f.key, f.participant, f.version, f.state"
                               " FROM t JOIN f ON f.id = t.rowid WHERE t MATCH ?"
                               " ORDER BY rank LIMIT 20");
    fts->snippets = prepare(fts, "SELECT f.key, f.participant, f.version, f.state, f.kind,"
                                 " f.provider, f.country, highlight(t, 0, '[', ']'),"
                                 " snippet(t, 3, '[', ']', '', 32)"
                                 " FROM t JOIN f ON f.id = t.rowid WHERE t MATCH ?"
                                 " ORDER BY rank LIMIT 20");
    for (int i = 0; i < FACETS; i++) {
        char sql[256];
        snprintf(sql, sizeof sql,
                 "SELECT f.%s, count(*) AS n FROM t JOIN f ON f.id = t.rowid WHERE t MATCH ?"
                 " GROUP BY 1 ORDER BY n DESC LIMIT 20",
                 facet_names[i]);
        fts->counts[i] = prepare(fts, sql);
    }
    return fts;
}

void fts_destroy(struct fts *fts)
{
    sqlite3_finalize(fts->text);
    sqlite3_finalize(fts->facet);
    sqlite3_finalize(fts->search);
    sqlite3_finalize(fts->snippets);
    for (int i = 0; i < FACETS; i++)
        sqlite3_finalize(fts->counts[i]);
    sqlite3_close(fts->db);
    free(fts);
}

void fts_begin(struct fts *fts)
{
    run(fts, "BEGIN");
}

void fts_commit(struct fts *fts)
{
    run(fts, "COMMIT");
}

static void finish(struct fts *fts, sqlite3_stmt *statement)
{
    if (sqlite3_step(statement) != SQLITE_DONE)
        bench_die("sqlite: %s", sqlite3_errmsg(fts->db));
    sqlite3_reset(statement);
}

void fts_insert(struct fts *fts, int64_t number, const struct fts_document *document)
{
    const char *texts[] = {document->name, document->keyword, document->provider, document->text};
    sqlite3_bind_int64(fts->text, 1, number);
    for (int i = 0; i < 4; i++)
        sqlite3_bind_text(fts->text, i + 2, texts[i], -1, SQLITE_STATIC);
    finish(fts, fts->text);
    sqlite3_bind_int64(fts->facet, 1, number);
    for (int i = 0; i < FACETS; i++)
        sqlite3_bind_text(fts->facet, i + 2, document->facets[i], -1, SQLITE_STATIC);
    sqlite3_bind_text(fts->facet, FACETS + 2, document->key, -1, SQLITE_STATIC);
    sqlite3_bind_int64(fts->facet, FACETS + 3, document->version);
    finish(fts, fts->facet);
}

void fts_optimize(struct fts *fts)
{
    run(fts, "INSERT INTO t(t) VALUES('optimize')");
}

uint64_t fts_bytes(struct fts *fts)
{
    run(fts, "PRAGMA wal_checkpoint(TRUNCATE)");
    sqlite3_stmt *statement =
        prepare(fts, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
    uint64_t bytes =
        sqlite3_step(statement) == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return bytes;
}

static unsigned rows(struct fts *fts, sqlite3_stmt *statement, const char *match)
{
    unsigned count = 0;
    int rc;
    sqlite3_bind_text(statement, 1, match, -1, SQLITE_STATIC);
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(statement); i++)
            if (sqlite3_column_text(statement, i))
                fts->read += (uint64_t)sqlite3_column_bytes(statement, i);
        count++;
    }
    if (rc != SQLITE_DONE)
        bench_die("sqlite: %s", sqlite3_errmsg(fts->db));
    sqlite3_reset(statement);
    return count;
}

unsigned fts_search(struct fts *fts, const char *match)
{
    return rows(fts, fts->search, match);
}

unsigned fts_snippets(struct fts *fts, const char *match)
{
    return rows(fts, fts->snippets, match);
}

unsigned fts_facets(struct fts *fts, const char *match)
{
    unsigned count = rows(fts, fts->search, match);
    for (int i = 0; i < FACETS; i++)
        count += rows(fts, fts->counts[i], match);
    return count;
}
