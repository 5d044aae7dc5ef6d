/* GET /assets: filters, paging, and a count of all that match. */
#include <stdlib.h>
#include <string.h>

#include "node/clock.h"
#include "node/interop.h"
#include "node/xfsc.h"
#include "store/news.h"

enum {
    LIMIT_MAX = 1000,
    LIST_VALUES_MAX = 100,
    PAGE_BYTES_MAX = 16 * 1024 * 1024, /* of contents in one answer */
    LISTING_US_MAX = 30 * 1000 * 1000,
};

struct range {
    bool given;
    uint64_t from_ms, to_ms;
};
struct listing {
    /* what is asked for; spans are the request's */
    struct fc_span ids, hashes, issuers;
    bool by_id, by_hash, by_issuer, by_validator;
    unsigned statuses; /* a bit for each; 0: any */
    struct range uploaded, changed;
    bool with_meta, with_content;
    uint64_t offset, limit;
    struct fc_hash caller;
    bool caller_known;

    /* how far it came */
    struct fc_json *json;
    struct fc_buf hold;
    uint64_t total, bytes;
    bool placed;
    struct fc_hash participant, key_hash;
    uint64_t until_us, give_up_us;
    struct fc_replica *replica;
};

static void listing_destroy(void *kept)
{
    struct listing *listing = kept;
    fc_json_destroy(listing->json);
    fc_buf_finish(&listing->hold);
    free(listing);
}

/* -- the question ------------------------------------------------------------------------------ */

static bool read_statuses(struct fc_http_call *call, struct listing *listing)
{
    struct fc_span list, value;
    enum fc_status status;
    if (!fc_http_query(call, "statuses", &list)) {
        return true;
    }
    while (fc_xfsc_next(&list, &value)) {
        if (!fc_xfsc_status_read(value, &status)) {
            fc_xfsc_refuse(call, 400, "client_error",
                           "statuses takes active, eol, deprecated and revoked.");
            return false;
        }
        listing->statuses |= 1u << status;
    }
    return true;
}

static bool read_range(struct fc_http_call *call, const char *name, struct range *out)
{
    struct fc_span text;
    out->given = fc_http_query(call, name, &text);
    if (out->given && !fc_xfsc_range_read(text, &out->from_ms, &out->to_ms)) {
        fc_xfsc_refuse(call, 400, "client_error",
                       "%s takes two times of RFC 3339 with a slash between them.", name);
        return false;
    }
    return true;
}

static bool read_list(struct fc_http_call *call, const char *name, struct fc_span *list,
                      bool *given)
{
    struct fc_span rest, value;
    size_t count = 0;
    *given = fc_http_query(call, name, list);
    rest = *given ? *list : fc_span(NULL, 0);
    while (fc_xfsc_next(&rest, &value)) {
        count++;
    }
    if (count > LIST_VALUES_MAX) {
        fc_xfsc_refuse(call, 400, "client_error", "%s takes at most %d values.", name,
                       LIST_VALUES_MAX);
        return false;
    }
    return true;
}

static bool read_hashes(struct fc_http_call *call, struct listing *listing)
{
    struct fc_hash hash;
    struct fc_span rest, value;
    if (!read_list(call, "hashes", &listing->hashes, &listing->by_hash)) {
        return false;
    }
    rest = listing->hashes;
    while (fc_xfsc_next(&rest, &value)) {
        if (!fc_xfsc_hash_read(value, &hash)) {
            fc_xfsc_refuse(call, 400, "client_error",
                           "hashes takes SHA-256 in 64 hexadecimal digits.");
            return false;
        }
    }
    return true;
}

static bool read_question(struct fc_http_call *call, struct listing *listing)
{
    struct fc_span ignored;
    listing->limit = 100;
    listing->with_meta = true;
    if (!fc_http_query_uint(call, "offset", UINT32_MAX, &listing->offset) ||
        !fc_http_query_uint(call, "limit", LIMIT_MAX, &listing->limit) || listing->limit == 0) {
        fc_xfsc_refuse(call, 400, "client_error",
                       "offset is a whole number, limit one from 1 to %d.", LIMIT_MAX);
        return false;
    }
    return read_statuses(call, listing) && read_hashes(call, listing) &&
           read_list(call, "ids", &listing->ids, &listing->by_id) &&
           read_list(call, "issuers", &listing->issuers, &listing->by_issuer) &&
           read_list(call, "validators", &ignored, &listing->by_validator) &&
           read_range(call, "uploadTimerange", &listing->uploaded) &&
           read_range(call, "statusTimerange", &listing->changed) &&
           fc_xfsc_query_bool(call, "withMeta", &listing->with_meta) &&
           fc_xfsc_query_bool(call, "withContent", &listing->with_content);
}

/* -- the answer -------------------------------------------------------------------------------- */

static bool is_within(const struct range *range, uint64_t ms)
{
    return !range->given || (ms >= range->from_ms && ms <= range->to_ms);
}

/* What can be judged by the row alone. */
static bool row_matches(const struct listing *listing, const struct fc_hash *participant,
                        const struct fc_entry *entry)
{
    struct fc_news news = {.accepted_ms = 0};
    if ((listing->statuses && !(listing->statuses & (1u << entry->status))) ||
        listing->by_validator || fc_replica_hidden(listing->replica, participant, entry->version)) {
        return false;
    }
    if (listing->uploaded.given || listing->changed.given) {
        if (fc_replica_news_arrival(listing->replica, participant, entry->version, &news) !=
            FC_OK) {
            return false;
        }
    }
    return is_within(&listing->uploaded, news.accepted_ms) &&
           is_within(&listing->changed, news.accepted_ms);
}

static enum fc_err add(struct listing *listing, const struct fc_hash *participant,
                       const struct fc_entry *entry)
{
    struct fc_xfsc_asset asset;
    bool in_page =
        listing->total >= listing->offset && listing->total - listing->offset < listing->limit;
    if (!row_matches(listing, participant, entry)) {
        return FC_OK;
    }
    if (!in_page && !listing->by_issuer) {
        listing->total++;
        return FC_OK;
    }
    enum fc_err err =
        fc_xfsc_asset_load(listing->replica, participant, entry, &listing->hold, &asset);
    if (err != FC_OK || (listing->by_issuer && !fc_xfsc_is_issued_by(&asset, listing->issuers))) {
        return err;
    }
    listing->total++;
    if (in_page) {
        listing->bytes += asset.content.len;
        fc_xfsc_item(listing->json, &asset, listing->with_meta, listing->with_content,
                     listing->bytes <= PAGE_BYTES_MAX);
    }
    return FC_OK;
}

static enum fc_err add_by_id(void *ctx, const struct fc_hash *participant,
                             const struct fc_entry *entry)
{
    struct listing *listing = ctx;
    struct fc_span rest = listing->hashes, value;
    struct fc_hash wanted, sha;
    struct fc_buf content = {0};
    bool found = !listing->by_hash;
    if (!found &&
        fc_replica_content(listing->replica, participant, &entry->key_hash, &content) == FC_OK) {
        sha = fc_sha256(fc_buf_span(&content));
        while (!found && fc_xfsc_next(&rest, &value)) {
            found = fc_xfsc_hash_read(value, &wanted) && fc_hash_eq(&wanted, &sha);
        }
    }
    fc_buf_finish(&content);
    return found ? add(listing, participant, entry) : FC_OK;
}

static enum fc_err add_by_hash(void *ctx, const struct fc_hash *participant,
                               const struct fc_hash *key_hash)
{
    struct listing *listing = ctx;
    struct fc_buf hold = {0};
    struct fc_entry entry;
    enum fc_err err = fc_replica_entry(listing->replica, participant, key_hash, &hold, &entry);
    if (err == FC_OK) {
        err = add(listing, participant, &entry);
    }
    fc_buf_finish(&hold);
    return err;
}

static enum fc_err scan_entry(void *ctx, const struct fc_entry *entry)
{
    struct listing *listing = ctx;
    enum fc_err err = add(listing, &listing->participant, entry);
    listing->placed = true;
    listing->key_hash = entry->key_hash;
    if (err == FC_OK && fc_clock_mono_us() >= listing->until_us) {
        return FC_E_AGAIN;
    }
    return err;
}

static enum fc_err scan_feed(void *ctx, const struct fc_feed *feed)
{
    struct listing *listing = ctx;
    int order = listing->placed ? fc_hash_cmp(&feed->participant, &listing->participant) : 1;
    struct fc_hash after = listing->key_hash;
    if (order < 0) {
        return FC_OK;
    }
    listing->participant = feed->participant;
    return fc_replica_entries(listing->replica, &feed->participant, order == 0 ? &after : NULL,
                              scan_entry, listing);
}

/* FC_E_AGAIN: there is more to do. */
static enum fc_err work(struct fc_http_call *call, struct listing *listing)
{
    struct fc_asset_hashes *hashes = fc_interop_asset_hashes(fc_http_interop(call));
    struct fc_span rest, value;
    struct fc_hash hash;
    enum fc_err err = FC_OK;
    if (listing->by_id) {
        rest = listing->ids;
        while (err == FC_OK && fc_xfsc_next(&rest, &value)) {
            err =
                fc_xfsc_by_id(listing->replica, value,
                              listing->caller_known ? &listing->caller : NULL, add_by_id, listing);
        }
        return err;
    }
    if (!listing->by_hash) {
        return fc_replica_feeds(listing->replica, scan_feed, listing);
    }
    err = fc_asset_hashes_update(hashes, listing->replica, listing->until_us);
    rest = listing->hashes;
    while (err == FC_OK && fc_xfsc_next(&rest, &value)) {
        if (fc_xfsc_hash_read(value, &hash)) {
            err = fc_asset_hashes_find(hashes, listing->replica, &hash, add_by_hash, listing);
        }
    }
    return err;
}

static void go_on(struct fc_http_call *call)
{
    struct listing *listing = fc_http_kept(call);
    listing->replica = fc_http_replica(call);
    if (!listing->replica) {
        return;
    }
    listing->until_us = fc_clock_mono_us() + FC_XFSC_SLICE_US;
    enum fc_err err = work(call, listing);
    if (err == FC_E_AGAIN && listing->until_us < listing->give_up_us && !fc_http_stopping(call)) {
        fc_http_wait(call, fc_replica_arrival_mark(listing->replica), 1, go_on);
    } else if (err == FC_OK) {
        fc_json_end(listing->json);
        fc_json_uint(listing->json, "totalCount", listing->total);
        fc_json_end(listing->json);
        fc_http_reply_json(call, 200, listing->json);
        listing->json = NULL;
    } else if (err == FC_E_AGAIN) {
        fc_xfsc_refuse(call, 500, "server_error",
                       "There is too much to go through; narrow the question.");
    } else {
        fc_xfsc_refuse_err(call, err, "The assets cannot be read");
    }
}

void fc_xfsc_list(struct fc_http_call *call)
{
    struct fc_replica *replica = fc_http_replica(call);
    struct listing *listing = calloc(1, sizeof *listing);
    if (!replica || !listing) {
        free(listing);
        if (replica) {
            fc_xfsc_refuse_err(call, FC_E_NOMEM, "The assets cannot be read");
        }
        return;
    }
    fc_http_keep(call, listing, listing_destroy);
    if (!read_question(call, listing)) {
        return;
    }
    listing->caller_known = fc_xfsc_caller(call, replica, &listing->caller);
    listing->give_up_us = fc_clock_mono_us() + LISTING_US_MAX;
    listing->json = fc_json_create();
    fc_json_object(listing->json, NULL);
    fc_json_array(listing->json, "items");
    go_on(call);
}
