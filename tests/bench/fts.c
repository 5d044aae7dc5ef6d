#include "tests/bench/fts.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"

enum { FACETS = 8 };

struct fts {
    sqlite3 *db;
    sqlite3_stmt *text, *facet, *search, *counts[FACETS];
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
    run(fts, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-262144;"
             "CREATE VIRTUAL TABLE t USING fts5(name, keyword, provider, text,"
             " tokenize=\"unicode61 remove_diacritics 2\");"
             "CREATE TABLE f(id INTEGER PRIMARY KEY, kind, country, theme, language, label, state,"
             " provider, participant);");
    fts->text = prepare(fts, "INSERT INTO t(rowid, name, keyword, provider, text)"
                             " VALUES(?,?,?,?,?)");
    fts->facet = prepare(fts, "INSERT INTO f VALUES(?,?,?,?,?,?,?,?,?)");
    fts->search = prepare(fts, "SELECT rowid FROM t WHERE t MATCH ?"
                               " ORDER BY bm25(t, 12, 5, 4, 1) LIMIT 20");
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
    finish(fts, fts->facet);
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
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
        count++;
    if (rc != SQLITE_DONE)
        bench_die("sqlite: %s", sqlite3_errmsg(fts->db));
    sqlite3_reset(statement);
    return count;
}

unsigned fts_search(struct fts *fts, const char *match)
{
    return rows(fts, fts->search, match);
}

unsigned fts_facets(struct fts *fts, const char *match)
{
    unsigned count = rows(fts, fts->search, match);
    for (int i = 0; i < FACETS; i++)
        count += rows(fts, fts->counts[i], match);
    return count;
}
