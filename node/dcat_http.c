/* The catalogue as DCAT-AP, page by page, for harvesters: each page is a whole document that names
 * the next (Hydra, and Link). A page is asked for by where the one before ended, so that entries
 * which come or go in between neither hide nor repeat others. */
#include <stdlib.h>
#include <string.h>

#include "node/clock.h"
#include "node/dcat_export.h"
#include "node/feed_times.h"
#include "node/http.h"
#include "node/interop.h"

enum {
    PAGE_ENTRIES_DEFAULT = 100,
    PAGE_ENTRIES_MAX = 1000,
    PAGE_CONTENT_BYTES = 4 * 1024 * 1024, /* after which it ends with the entry it is at */
    CURSOR_DIGITS = 128,                  /* participant and H(key) */
    ADDRESS_BYTES = FC_HTTP_BASE_BYTES + 256,
    SLICE_US = 25 * 1000, /* of counting, then others have their turn */
};

struct cursor {
    struct fc_hash participant, key_hash;
};
struct page {
    struct fc_replica *replica;
    enum fc_dcat_syntax syntax;
    uint64_t limit, written;
    bool resumed, more;
    struct cursor after, last;  /* where it begins; its last entry */
    struct fc_dcat_entry entry; /* what is the same for a feed's entries */
    struct fc_feed_times times;
    uint64_t feed_ms, content_bytes;
    struct fc_dcat_entry *entries; /* of this page; texts in `texts` */
    struct fc_buf *texts;          /* two for each: key and content */
    uint64_t items;                /* of the whole catalogue */

    /* while they are counted: how far that came */
    bool placed;
    struct cursor at;
    uint64_t until_us;
};

static void page_destroy(void *kept)
{
    struct page *page = kept;
    for (uint64_t i = 0; page->texts && i < 2 * page->limit; i++)
        fc_buf_finish(&page->texts[i]);
    free(page->texts);
    free(page->entries);
    free(page);
}

/* What the catalogue has. */

static bool is_shown(struct fc_replica *replica, const struct fc_hash *participant,
                     const struct fc_entry *entry)
{
    return (entry->status == FC_STATUS_ACTIVE || entry->status == FC_STATUS_DEPRECATED) &&
           entry->state == FC_CONTENT_PRESENT &&
           !fc_replica_hidden(replica, participant, entry->version);
}

static enum fc_err count_entry(void *ctx, const struct fc_entry *held)
{
    enum { LOOK_EVERY = 256 };
    struct page *page = ctx;
    page->items += is_shown(page->replica, &page->at.participant, held);
    page->at.key_hash = held->key_hash;
    page->placed = true;
    bool look = held->key_hash.b[31] % LOOK_EVERY == 0;
    return look && fc_clock_mono_us() >= page->until_us ? FC_E_AGAIN : FC_OK;
}

/* FC_E_AGAIN: there is more. */
static enum fc_err count_feed(void *ctx, const struct fc_feed *feed)
{
    struct page *page = ctx;
    int order = page->placed ? fc_hash_cmp(&feed->participant, &page->at.participant) : 1;
    struct fc_hash after = page->at.key_hash;
    if (order < 0)
        return FC_OK;
    page->at.participant = feed->participant;
    return fc_replica_entries(page->replica, &feed->participant, order == 0 ? &after : NULL,
                              count_entry, page);
}

/* Gathering a page. */

static enum fc_err note_head(void *ctx, struct fc_span record_bytes, struct fc_span ops)
{
    struct page *page = ctx;
    struct fc_record record;
    struct fc_head head;
    (void)ops;
    enum fc_err err = fc_record_parse(record_bytes, &record);
    if (err == FC_OK)
        err = fc_head_parse(&record, &head);
    if (err == FC_OK)
        fc_feed_times_add(&page->times, head.version, head.time_ms);
    return err;
}

static enum fc_err gather_entry(void *ctx, const struct fc_entry *held)
{
    struct page *page = ctx;
    if (!is_shown(page->replica, &page->entry.participant, held))
        return FC_OK;
    if (page->written == page->limit || page->content_bytes >= PAGE_CONTENT_BYTES) {
        page->more = true;
        return FC_E_AGAIN;
    }
    struct fc_buf *key = &page->texts[2 * page->written], *content = key + 1;
    enum fc_err err =
        fc_replica_content(page->replica, &page->entry.participant, &held->key_hash, content);
    if (err != FC_OK)
        return err == FC_E_MISSING || err == FC_E_WITHHELD ? FC_OK : err;
    fc_buf_append(key, held->key.data, held->key.len);
    uint64_t signed_ms = fc_feed_times_of(&page->times, held->version);
    struct fc_dcat_entry *entry = &page->entries[page->written++];
    *entry = page->entry;
    entry->key = fc_buf_span(key);
    entry->content = fc_buf_span(content);
    entry->key_hash = held->key_hash;
    entry->version = held->version;
    entry->signed_ms = signed_ms ? signed_ms : page->feed_ms;
    page->content_bytes += content->len;
    page->last = (struct cursor){page->entry.participant, held->key_hash};
    return fc_buf_check(key);
}

static enum fc_err gather_feed(void *ctx, const struct fc_feed *feed)
{
    struct page *page = ctx;
    struct fc_participant participant;
    int order = page->resumed ? fc_hash_cmp(&feed->participant, &page->after.participant) : 1;
    if (order < 0 || page->more)
        return FC_OK;
    page->entry = (struct fc_dcat_entry){.participant = feed->participant};
    if (fc_ledger_participant(fc_replica_ledger(page->replica), &feed->participant, &participant) ==
        FC_OK) {
        page->entry.participant_name = participant.certificate->certificate.name;
        page->entry.participant_url = participant.certificate->certificate.url;
    }
    page->feed_ms = feed->time_ms;
    page->times.count = 0;
    enum fc_err err = fc_replica_history(page->replica, &feed->participant, 0, note_head, page);
    if (err == FC_OK)
        err = fc_replica_entries(page->replica, &feed->participant,
                                 order == 0 ? &page->after.key_hash : NULL, gather_entry, page);
    return err == FC_E_AGAIN ? FC_OK : err;
}

/* Writing it. */

static void address_of(const char *base, const struct page *page, const struct cursor *after,
                       char out[ADDRESS_BYTES])
{
    char participant[65], key_hash[65], limit[32] = "";
    const char *ending = page->syntax == FC_DCAT_TURTLE ? "ttl" : "jsonld";
    int len = snprintf(out, ADDRESS_BYTES, "%s/dcat/catalog.%s", base, ending);
    if (page->limit != PAGE_ENTRIES_DEFAULT)
        snprintf(limit, sizeof limit, "limit=%llu", (unsigned long long)page->limit);
    if (after) {
        fc_hex(after->participant.b, 32, participant);
        fc_hex(after->key_hash.b, 32, key_hash);
        snprintf(out + len, ADDRESS_BYTES - (size_t)len, "?page=%s%s%s%s", participant, key_hash,
                 limit[0] ? "&" : "", limit);
    } else if (limit[0]) {
        snprintf(out + len, ADDRESS_BYTES - (size_t)len, "?%s", limit);
    }
}

static enum fc_err write_page(const struct page *page, const struct fc_dcat_catalog *catalog,
                              const struct fc_dcat_page *frame, FILE *out)
{
    struct fc_dcat_export *dcat = NULL;
    enum fc_err err = fc_dcat_export_create(page->syntax, out, catalog, frame, &dcat);
    for (uint64_t i = 0; i < page->written && err == FC_OK; i++)
        err = fc_dcat_export_add(dcat, &page->entries[i]);
    if (err == FC_OK)
        err = fc_dcat_export_end(dcat);
    fc_dcat_export_destroy(dcat);
    return err;
}

/* The catalogue is the federation's. */
static enum fc_err describe(struct page *page, const char *base, const struct fc_dcat_page *frame,
                            FILE *out)
{
    char iri[ADDRESS_BYTES], records[ADDRESS_BYTES], node[ADDRESS_BYTES];
    char title[FC_TEXT_BYTES_MAX + 1] = "Catalogue", text[FC_TEXT_BYTES_MAX + 64];
    bool disputed;
    const struct fc_held *charter = fc_ledger_charter(fc_replica_ledger(page->replica), &disputed);
    if (charter && charter->charter.name.len)
        snprintf(title, sizeof title, "%.*s", (int)charter->charter.name.len,
                 (const char *)charter->charter.name.data);
    snprintf(text, sizeof text, "The catalogue of the federation %s", title);
    snprintf(iri, sizeof iri, "%s/dcat/catalog", base);
    snprintf(records, sizeof records, "%s/v1/participants/", base);
    snprintf(node, sizeof node, "%s/", base);
    const struct fc_dcat_catalog catalog = {
        .iri = iri,
        .title = title,
        .description = text,
        .publisher_iri = node,
        .publisher_name = title,
        .record_base = records,
        .separator = "/entries/",
        .record_suffix = "/meta",
        .proof_suffix = "/proof",
    };
    return write_page(page, &catalog, frame, out);
}

static void reply(struct fc_http_call *call, struct page *page)
{
    char base[FC_HTTP_BASE_BYTES], self[ADDRESS_BYTES], first[ADDRESS_BYTES], next[ADDRESS_BYTES];
    char link[ADDRESS_BYTES + 32], *text = NULL;
    size_t len = 0;
    struct fc_buf body = {0};
    fc_http_base(call, base);
    address_of(base, page, page->resumed ? &page->after : NULL, self);
    address_of(base, page, NULL, first);
    address_of(base, page, &page->last, next);
    const struct fc_dcat_page frame = {
        .collection = first,
        .self = self,
        .first = first,
        .next = page->more ? next : NULL,
        .items = page->items,
        .items_per_page = page->limit,
    };
    FILE *out = open_memstream(&text, &len);
    enum fc_err err = out ? describe(page, base, &frame, out) : FC_E_NOMEM;
    if (out && fclose(out) != 0)
        err = FC_E_NOMEM;
    if (err == FC_OK)
        fc_buf_append(&body, text, len);
    free(text);
    if (err != FC_OK) {
        fc_buf_finish(&body);
        fc_http_fail_err(call, err, "the catalogue cannot be written");
        return;
    }
    if (page->more) {
        snprintf(link, sizeof link, "<%s>; rel=\"next\"", next);
        fc_http_set(call, "Link", link);
    }
    fc_http_reply(call, 200, fc_dcat_media_type(page->syntax), &body);
}

/* Asking. */

static bool read_cursor(struct fc_http_call *call, struct page *page)
{
    struct fc_span text;
    char digits[CURSOR_DIGITS + 1] = "";
    page->resumed = fc_http_query(call, "page", &text);
    if (page->resumed && text.len == CURSOR_DIGITS)
        memcpy(digits, text.data, CURSOR_DIGITS);
    if (!page->resumed || fc_unhex(digits, (uint8_t *)&page->after, sizeof page->after) == FC_OK)
        return true;
    fc_http_fail(call, 400, "QUERY",
                 "\"page\" takes what the address of the next page said, or is left out.");
    return false;
}
_Static_assert(sizeof(struct cursor) == CURSOR_DIGITS / 2, "a cursor is its two hashes");

/* A slice of counting, and when that is done, the page. */
static void go_on(struct fc_http_call *call)
{
    struct page *page = fc_http_kept(call);
    struct fc_interop *interop = fc_http_interop(call);
    enum fc_err err = FC_OK;
    uint64_t known;
    page->replica = fc_http_replica(call);
    if (!page->replica)
        return;
    if (page->resumed && fc_interop_dcat_items(interop, &known)) {
        page->items = known;
    } else {
        page->until_us = fc_clock_mono_us() + SLICE_US;
        err = fc_replica_feeds(page->replica, count_feed, page);
        if (err == FC_E_AGAIN && !fc_http_stopping(call)) {
            fc_http_wait(call, fc_replica_arrival_mark(page->replica), 1, go_on);
            return;
        }
        if (err == FC_OK)
            fc_interop_set_dcat_items(interop, page->items);
    }
    if (err == FC_OK)
        err = fc_replica_feeds(page->replica, gather_feed, page);
    if (err == FC_OK)
        reply(call, page);
    else
        fc_http_fail_err(call, err, "the catalogue cannot be read");
}

static void give(struct fc_http_call *call, enum fc_dcat_syntax syntax)
{
    struct page *page = calloc(1, sizeof *page);
    if (!page) {
        fc_http_fail_err(call, FC_E_NOMEM, NULL);
        return;
    }
    fc_http_keep(call, page, page_destroy);
    page->syntax = syntax;
    page->limit = PAGE_ENTRIES_DEFAULT;
    if (!fc_http_query_uint(call, "limit", PAGE_ENTRIES_MAX, &page->limit) ||
        !read_cursor(call, page))
        return;
    page->limit = page->limit ? page->limit : 1;
    page->entries = calloc(page->limit, sizeof *page->entries);
    page->texts = calloc(2 * page->limit, sizeof *page->texts);
    if (page->entries && page->texts)
        go_on(call);
    else
        fc_http_fail_err(call, FC_E_NOMEM, NULL);
}

static void get_turtle(struct fc_http_call *call)
{
    give(call, FC_DCAT_TURTLE);
}

static void get_json_ld(struct fc_http_call *call)
{
    give(call, FC_DCAT_JSON_LD);
}

/* On to the one that is asked for: JSON-LD to whoever names it and does not name Turtle before it.
 * A copy on the way then holds one form under one address. */
static void get_either(struct fc_http_call *call)
{
    const char *accept = fc_http_header(call, "Accept");
    const char *json = accept ? strstr(accept, "json") : NULL;
    const char *turtle = accept ? strstr(accept, "turtle") : NULL;
    struct page page = {.limit = PAGE_ENTRIES_DEFAULT,
                        .syntax =
                            json && (!turtle || json < turtle) ? FC_DCAT_JSON_LD : FC_DCAT_TURTLE};
    char base[FC_HTTP_BASE_BYTES], address[ADDRESS_BYTES];
    if (!fc_http_query_uint(call, "limit", PAGE_ENTRIES_MAX, &page.limit) ||
        !read_cursor(call, &page))
        return;
    address_of(fc_http_base(call, base), &page, page.resumed ? &page.after : NULL, address);
    fc_http_set(call, "Location", address);
    fc_http_set(call, "Vary", "Accept");
    fc_http_reply_empty(call, 303);
}

static const struct fc_http_route routes[] = {
    {FC_HTTP_GET, "/dcat/catalog.ttl", get_turtle, 0, 0},
    {FC_HTTP_GET, "/dcat/catalog.jsonld", get_json_ld, 0, 0},
    {FC_HTTP_GET, "/dcat/catalog", get_either, 0, 0},
    {FC_HTTP_GET, "/dcat", get_either, 0, 0},
};
const struct fc_http_group fc_api_dcat = {"dcat", routes, sizeof routes / sizeof routes[0]};
