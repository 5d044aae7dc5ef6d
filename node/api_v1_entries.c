/* Entries: their original bytes, what is known of them, proofs. */
#include <string.h>

#include "node/api_v1.h"
#include "node/withheld.h"
#include "store/proof.h"

/* -- one entry --------------------------------------------------------------------------------- */

static void refuse_withheld(struct fc_http_call *call, struct fc_replica *replica,
                            const struct fc_hash *participant, const struct fc_entry *entry)
{
    struct fc_hash record;
    char link[128], hash[65], text[FC_WITHHELD_BYTES];
    fc_withheld_text(replica, participant, entry, text, &record);
    if (!fc_hash_is_zero(&record)) {
        fc_hex(record.b, 32, hash);
        snprintf(link, sizeof link, "</v1/records/%s>; rel=\"describedby\"", hash);
        fc_http_set(call, "Link", link);
    }
    fc_http_fail(call, 451, "WITHHELD", "%s", text);
}

static void reply_bytes(struct fc_http_call *call, struct fc_replica *replica,
                        const struct fc_hash *participant, const struct fc_entry *entry)
{
    struct fc_buf content = {0};
    enum fc_err err = fc_replica_content(replica, participant, &entry->key_hash, &content);
    if (err == FC_OK) {
        /* Its publisher chose the type: a page among documents must not act as one of ours. */
        fc_http_set(call, "Content-Security-Policy", "default-src 'none'; sandbox");
        fc_http_reply_as(call, 200, entry->media_type, &content);
        return;
    }
    fc_buf_finish(&content);
    if (err == FC_E_WITHHELD) {
        refuse_withheld(call, replica, participant, entry);
    } else if (err == FC_E_MISSING) {
        fc_http_set(call, "Retry-After", "30");
        fc_http_fail(call, 404, "CONTENT_MISSING",
                     "The entry is known; its content has not arrived here yet.");
    } else {
        fc_http_fail_err(call, err, "the content cannot be read");
    }
}

static bool note_entry(struct fc_http_call *call, const struct fc_hash *participant,
                       const struct fc_entry *entry)
{
    char tag[FC_API_TAG_BYTES], link[FC_API_ENTRY_PATH_BYTES + 48], path[FC_API_ENTRY_PATH_BYTES];
    snprintf(link, sizeof link, "<%s/proof>; rel=\"describedby\"; type=\"%s\"",
             fc_api_entry_path(participant, &entry->key_hash, path), fc_api_proof_type);
    fc_http_set(call, "Link", link);
    return entry->state == FC_CONTENT_PRESENT && fc_http_etag(call, fc_api_entry_tag(entry, tag));
}

/* Finds the entry a path names; `hold` backs it. False: answered. */
static bool find_entry(struct fc_http_call *call, struct fc_replica *replica,
                       const struct fc_hash *participant, const struct fc_hash *key_hash,
                       struct fc_buf *hold, struct fc_entry *entry)
{
    struct fc_feed feed;
    enum fc_err err = fc_replica_feed(replica, participant, &feed);
    if (err == FC_OK) {
        fc_api_note_feed(call, replica, &feed);
        err = fc_replica_entry(replica, participant, key_hash, hold, entry);
    }
    if (err == FC_E_MISSING) {
        fc_http_fail(call, 404, "MISSING", "This feed has no such entry.");
    } else if (err != FC_OK) {
        fc_http_fail_err(call, err, "the entry cannot be read");
    }
    return err == FC_OK;
}

static void reply_entry(struct fc_http_call *call, struct fc_replica *replica,
                        const struct fc_hash *participant, const struct fc_hash *key_hash)
{
    struct fc_buf hold = {0};
    struct fc_entry entry;
    if (find_entry(call, replica, participant, key_hash, &hold, &entry)) {
        if (fc_replica_hidden(replica, participant, entry.version)) {
            fc_http_fail(call, 404, "HIDDEN",
                         "The feed was frozen by governors before this entry was put.");
        } else if (!note_entry(call, participant, &entry)) {
            reply_bytes(call, replica, participant, &entry);
        }
    }
    fc_buf_finish(&hold);
}

static void get_entry(struct fc_http_call *call)
{
    struct fc_hash participant, key_hash;
    struct fc_replica *replica;
    if (fc_http_param_hash(call, "participant", &participant) &&
        fc_http_param_hash(call, "key", &key_hash) && (replica = fc_http_replica(call))) {
        reply_entry(call, replica, &participant, &key_hash);
    }
}

static void get_meta(struct fc_http_call *call)
{
    struct fc_hash participant, key_hash;
    struct fc_replica *replica;
    struct fc_buf hold = {0};
    struct fc_entry entry;
    if (fc_http_param_hash(call, "participant", &participant) &&
        fc_http_param_hash(call, "key", &key_hash) && (replica = fc_http_replica(call)) &&
        find_entry(call, replica, &participant, &key_hash, &hold, &entry)) {
        struct fc_json *json = fc_json_create();
        struct fc_api_about about = {.signature = true, .now_ms = fc_http_now_ms(call)};
        fc_api_entry_json(json, replica, &participant, &entry, &about);
        fc_http_reply_json(call, 200, json);
    }
    fc_buf_finish(&hold);
}

/* -- by key, wherever it is -------------------------------------------------------------------- */

enum { HOLDERS_MAX = 100 };
struct holders {
    struct fc_replica *replica;
    struct fc_json *json;
    struct fc_hash first;
    unsigned count;
};

static enum fc_err add_holder(void *ctx, const struct fc_hash *participant,
                              const struct fc_entry *entry)
{
    struct holders *holders = ctx;
    if (holders->count++ == 0) {
        holders->first = *participant;
    }
    fc_api_entry_json(holders->json, holders->replica, participant, entry, NULL);
    return holders->count < HOLDERS_MAX ? FC_OK : FC_E_BOUND;
}

static void reply_choices(struct fc_http_call *call, struct holders *holders, bool as_list)
{
    fc_json_end(holders->json);
    fc_json_end(holders->json);
    fc_http_reply_json(call, as_list ? 200 : 300, holders->json);
    holders->json = NULL;
}

/* One holder: its bytes. More: a list of them to choose from, under 300. With list=1: always. */
static void get_by_key(struct fc_http_call *call)
{
    struct fc_span key, list;
    struct holders holders = {.json = NULL};
    if (!fc_http_query(call, "key", &key) || key.len == 0 || key.len > FC_KEY_BYTES_MAX) {
        fc_http_fail(call, 400, "QUERY",
                     "\"key\" takes an entry's IRI, percent-encoded, of at most %d bytes.",
                     FC_KEY_BYTES_MAX);
        return;
    }
    holders.replica = fc_http_replica(call);
    if (!holders.replica) {
        return;
    }
    bool as_list = fc_http_query(call, "list", &list) && fc_span_eq(list, fc_span_str("1"));
    struct fc_hash key_hash = fc_key_hash(key);
    holders.json = fc_json_create();
    fc_json_object(holders.json, NULL);
    fc_json_array(holders.json, "entries");
    enum fc_err err = fc_replica_holders(holders.replica, &key_hash, add_holder, &holders);
    if (err != FC_OK && err != FC_E_BOUND) {
        fc_http_fail_err(call, err, "the entry cannot be looked up");
    } else if (holders.count == 0 && !as_list) {
        fc_http_fail(call, 404, "MISSING", "No feed has an entry of this key.");
    } else if (holders.count == 1 && !as_list) {
        reply_entry(call, holders.replica, &holders.first, &key_hash);
    } else {
        reply_choices(call, &holders, as_list);
    }
    fc_json_destroy(holders.json);
}

/* -- lists ------------------------------------------------------------------------------------- */

struct page {
    struct fc_replica *replica;
    const struct fc_hash *participant;
    struct fc_json *json;
    uint64_t left;
    struct fc_hash last;
    bool more;
    struct fc_api_about document;
    const struct fc_api_about *about;
};

static enum fc_err list_one(void *ctx, const struct fc_entry *entry)
{
    struct page *page = ctx;
    if (page->left == 0) {
        page->more = true;
        return FC_E_AGAIN;
    }
    page->left--;
    page->last = entry->key_hash;
    fc_api_entry_json(page->json, page->replica, page->participant, entry, page->about);
    return FC_OK;
}

static void get_entries(struct fc_http_call *call)
{
    struct fc_hash id, after;
    struct fc_message_participant participant;
    struct page page = {.participant = &id};
    struct fc_span about;
    bool resumed;
    page.replica = fc_http_replica(call);
    if (!page.replica || !fc_api_participant(call, page.replica, &id, &participant) ||
        !fc_api_page(call, &page.left, &after, &resumed)) {
        return;
    }
    if (fc_http_query(call, "about", &about) && fc_span_eq(about, fc_span_str("1"))) {
        page.about = &page.document;
    }
    page.json = fc_json_create();
    fc_json_object(page.json, NULL);
    fc_json_array(page.json, "entries");
    enum fc_err err = FC_OK;
    if (participant.feed.version) {
        fc_api_note_feed(call, page.replica, &participant.feed);
        err = fc_replica_entries(page.replica, &id, resumed ? &after : NULL, list_one, &page);
    }
    fc_json_end(page.json);
    if (page.more) {
        fc_json_hash(page.json, "next", &page.last);
    } else {
        fc_json_null(page.json, "next");
    }
    fc_json_end(page.json);
    if (err == FC_OK || err == FC_E_AGAIN) {
        fc_http_reply_json(call, 200, page.json);
    } else {
        fc_json_destroy(page.json);
        fc_http_fail_err(call, err, "the entries cannot be read");
    }
}

/* -- proofs ------------------------------------------------------------------------------------ */

static void reply_proof(struct fc_http_call *call, struct fc_replica *replica,
                        const struct fc_hash *participant, struct fc_span key)
{
    struct fc_buf proof = {0};
    enum fc_err err = fc_proof_write(replica, participant, key, &proof);
    if (err == FC_OK) {
        fc_http_reply(call, 200, fc_api_proof_type, &proof);
        return;
    }
    fc_buf_finish(&proof);
    fc_http_fail_err(call, err, "there is no proof");
}

static void get_entry_proof(struct fc_http_call *call)
{
    struct fc_hash participant, key_hash;
    struct fc_replica *replica;
    struct fc_buf hold = {0};
    struct fc_entry entry;
    if (fc_http_param_hash(call, "participant", &participant) &&
        fc_http_param_hash(call, "key", &key_hash) && (replica = fc_http_replica(call)) &&
        find_entry(call, replica, &participant, &key_hash, &hold, &entry)) {
        reply_proof(call, replica, &participant, entry.key);
    }
    fc_buf_finish(&hold);
}

/* Of any key: that it is in the feed, or that it is not. */
static void get_proof(struct fc_http_call *call)
{
    struct fc_hash id;
    struct fc_span key;
    struct fc_message_participant participant;
    struct fc_replica *replica = fc_http_replica(call);
    if (!replica || !fc_api_participant(call, replica, &id, &participant)) {
        return;
    }
    if (!fc_http_query(call, "key", &key) || key.len == 0 || key.len > FC_KEY_BYTES_MAX) {
        fc_http_fail(call, 400, "QUERY", "\"key\" takes the IRI to prove there, or not there.");
    } else if (!participant.feed.version) {
        fc_http_fail(call, 404, "MISSING", "Nothing of this feed is held here yet.");
    } else {
        fc_api_note_feed(call, replica, &participant.feed);
        reply_proof(call, replica, &id, key);
    }
}

static const struct fc_http_route routes[] = {
    {FC_HTTP_GET, "/v1/participants/{participant}/entries/{key}", get_entry, 0, 0},
    {FC_HTTP_GET, "/v1/participants/{participant}/entries/{key}/meta", get_meta, 0, 0},
    {FC_HTTP_GET, "/v1/participants/{participant}/entries/{key}/proof", get_entry_proof, 0, 0},
    {FC_HTTP_GET, "/v1/participants/{participant}/entries", get_entries, 0, 0},
    {FC_HTTP_GET, "/v1/participants/{participant}/proof", get_proof, 0, 0},
    {FC_HTTP_GET, "/v1/entries", get_by_key, 0, 0},
};
const struct fc_http_group fc_api_v1_entries = {"entries", routes,
                                                sizeof routes / sizeof routes[0]};
