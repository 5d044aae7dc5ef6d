#include "node/dsp_scan.h"

#include <string.h>

#include "node/clock.h"

void fc_dsp_scan_finish(struct fc_dsp_scan *scan)
{
    fc_dsp_query_finish(&scan->query);
    fc_dsp_candidates_finish(&scan->candidates);
    fc_buf_finish(&scan->items);
    fc_buf_finish(&scan->content);
}

/* Whether an entry is on offer at all: not hidden, not ended, and its content is here. */
static bool is_on_offer(struct fc_replica *replica, const struct fc_hash *participant,
                        const struct fc_entry *entry)
{
    return entry->state == FC_CONTENT_PRESENT &&
           (entry->status == FC_STATUS_ACTIVE || entry->status == FC_STATUS_DEPRECATED) &&
           !fc_replica_hidden(replica, participant, entry->version);
}

/* What an entry is; the dataset is appended to `out` when it is one that is asked for. */
static enum fc_err look(struct fc_replica *replica, const struct fc_hash *participant,
                        const struct fc_entry *entry, const struct fc_dsp_query *query,
                        struct fc_span default_policy, struct fc_buf *content, bool root,
                        struct fc_buf *out, enum fc_dsp_outcome *outcome)
{
    struct fc_dsp_offer offer;
    *outcome = FC_DSP_OTHER;
    if (!is_on_offer(replica, participant, entry)) {
        return FC_OK;
    }
    fc_buf_clear(content);
    enum fc_err err = fc_replica_content(replica, participant, &entry->key_hash, content);
    if (err == FC_E_MISSING || err == FC_E_WITHHELD || err == FC_E_CORRUPT) {
        return FC_OK; /* one damaged content does not take the others away */
    }
    if (err != FC_OK) {
        return err;
    }
    err = fc_dsp_offer_read(entry->key, participant, fc_buf_span(content), &offer, outcome);
    if (err == FC_OK && *outcome == FC_DSP_DATASET) {
        if (query && !fc_dsp_query_matches(query, &offer)) {
            *outcome = FC_DSP_OTHER;
        } else {
            err = fc_dsp_dataset_write(&offer, fc_buf_span(content), default_policy, root, out,
                                       outcome);
        }
    }
    fc_dsp_offer_finish(&offer);
    return err;
}

/* -- a page ------------------------------------------------------------------------------------ */

static void note_page(struct fc_dsp_scan *scan)
{
    scan->last = scan->at;
    for (size_t i = 0; i < FC_DSP_OUTCOMES; i++) {
        scan->left_out[i] += scan->pending[i];
        scan->pending[i] = 0;
    }
}

/* FC_E_AGAIN stops: for now, or for good with `done`. */
static enum fc_err step(void *ctx, const struct fc_entry *entry)
{
    struct fc_dsp_scan *scan = ctx;
    struct fc_buf *items = &scan->items;
    enum fc_dsp_outcome outcome;
    size_t start = items->len;
    bool emits = scan->passed == scan->skip && scan->count < scan->limit;
    if (emits && scan->count > 0) {
        fc_buf_append(items, ",", 1);
    }
    enum fc_err err = look(scan->replica, &scan->feed->participant, entry, &scan->query,
                           scan->default_policy, &scan->content, false, items, &outcome);
    if (err != FC_OK || outcome != FC_DSP_DATASET || !emits) {
        items->len = start;
    }
    if (err != FC_OK) {
        return err;
    }
    bool full = outcome == FC_DSP_DATASET && scan->count == scan->limit;
    if (full) {
        scan->more = true;
        scan->done = true;
        return FC_E_AGAIN;
    }
    scan->at = (struct fc_dsp_place){true, scan->feed->participant, entry->key_hash};
    scan->pending[outcome] += scan->passed == scan->skip;
    if (outcome == FC_DSP_DATASET && !emits) {
        scan->passed++;
        scan->last = scan->at;
    } else if (outcome == FC_DSP_DATASET) {
        scan->count++;
        note_page(scan);
        if (scan->as_of_ms == 0 || scan->feed->time_ms < scan->as_of_ms) {
            scan->as_of_ms = scan->feed->time_ms;
        }
    }
    return fc_clock_mono_us() >= scan->until_us ? FC_E_AGAIN : FC_OK;
}

/* The id that the query asks for and no other; NULL: it asks for more. */
static const char *only_id(const struct fc_dsp_query *query)
{
    for (size_t i = 0; i < query->count; i++)
        if (query->criteria[i].field == FC_DSP_ID && query->criteria[i].op == FC_DSP_EQUAL &&
            query->criteria[i].right_count == 1)
            return query->criteria[i].rights[0];
    return NULL;
}

/* One entry of the feed at hand, where it has it and it comes after `after`. */
static enum fc_err step_key(struct fc_dsp_scan *scan, const struct fc_hash *key_hash,
                            const struct fc_hash *after)
{
    struct fc_buf hold = {0};
    struct fc_entry entry;
    if (after && fc_hash_cmp(key_hash, after) <= 0) {
        return FC_OK;
    }
    enum fc_err err =
        fc_replica_entry(scan->replica, &scan->feed->participant, key_hash, &hold, &entry);
    if (err == FC_OK) {
        err = step(scan, &entry);
    }
    fc_buf_finish(&hold);
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err step_candidates(struct fc_dsp_scan *scan, const struct fc_hash *after)
{
    const struct fc_dsp_candidates *candidates = &scan->candidates;
    const struct fc_hash *participant = &scan->feed->participant;
    enum fc_err err = FC_OK;
    for (size_t i = fc_dsp_candidates_of(candidates, participant);
         err == FC_OK && i < candidates->count &&
         fc_hash_eq(&candidates->list[i].participant, participant);
         i++) {
        err = step_key(scan, &candidates->list[i].key_hash, after);
    }
    return err;
}

static enum fc_err step_feed(void *ctx, const struct fc_feed *feed)
{
    struct fc_dsp_scan *scan = ctx;
    const char *id = only_id(&scan->query);
    int order = scan->at.placed ? fc_hash_cmp(&feed->participant, &scan->at.participant) : 1;
    if (order < 0 || feed->version == 0 ||
        !fc_dsp_query_may_match(&scan->query, &feed->participant)) {
        return FC_OK;
    }
    scan->feed = feed;
    const struct fc_hash place = scan->at.key_hash;
    const struct fc_hash *after = order == 0 ? &place : NULL;
    if (id) {
        const struct fc_hash key_hash = fc_key_hash(fc_span_str(id));
        return step_key(scan, &key_hash, after);
    }
    if (scan->candidates.found) {
        return step_candidates(scan, after);
    }
    return fc_replica_entries(scan->replica, &feed->participant, after, step, scan);
}

enum fc_err fc_dsp_scan_run(struct fc_dsp_scan *scan, struct fc_replica *replica, uint64_t until_us)
{
    enum fc_err err = FC_OK;
    scan->replica = replica;
    scan->until_us = until_us;
    if (!scan->asked && !scan->every_entry && !only_id(&scan->query)) {
        err = fc_dsp_candidates_find(replica, &scan->query, &scan->candidates);
    }
    scan->asked = true;
    if (err == FC_OK) {
        err = fc_replica_feeds(replica, step_feed, scan);
    }
    if (err == FC_OK) {
        scan->done = true;
        note_page(scan);
    }
    return err == FC_E_AGAIN ? fc_buf_check(&scan->items) : err;
}

/* -- one dataset ------------------------------------------------------------------------------- */

struct finding {
    struct fc_replica *replica;
    struct fc_hash key_hash;
    struct fc_span default_policy;
    struct fc_buf *out, content;
    struct fc_feed *feed;
    enum fc_dsp_outcome outcome;
    char *lack;
    bool withheld;
};

/* Why an entry is not on offer whatever it says. */
static void note_lack(struct finding *finding, const struct fc_hash *participant,
                      const struct fc_entry *entry)
{
    if (fc_replica_hidden(finding->replica, participant, entry->version)) {
        return;
    }
    if (entry->state == FC_CONTENT_REFUSED) {
        fc_withheld_text(finding->replica, participant, entry, finding->lack, NULL);
        finding->withheld = true;
    } else if (!finding->withheld && entry->state == FC_CONTENT_MISSING) {
        strcpy(finding->lack, "The content of the entry of that id has not arrived here yet");
    } else if (!finding->withheld && entry->status == FC_STATUS_ENDED) {
        strcpy(finding->lack, "The entry of that id has ended");
    } else if (!finding->withheld && entry->status == FC_STATUS_REVOKED) {
        strcpy(finding->lack, "The entry of that id is revoked");
    }
}

/* FC_E_KNOWN stops: it was found. */
static enum fc_err look_in(void *ctx, const struct fc_feed *feed)
{
    struct finding *finding = ctx;
    struct fc_buf hold = {0};
    struct fc_entry entry;
    enum fc_dsp_outcome outcome = FC_DSP_OTHER;
    enum fc_err err =
        fc_replica_entry(finding->replica, &feed->participant, &finding->key_hash, &hold, &entry);
    if (err == FC_OK) {
        err = look(finding->replica, &feed->participant, &entry, NULL, finding->default_policy,
                   &finding->content, true, finding->out, &outcome);
        finding->outcome = outcome == FC_DSP_OTHER ? finding->outcome : outcome;
        note_lack(finding, &feed->participant, &entry);
    }
    if (err == FC_OK && outcome == FC_DSP_DATASET) {
        *finding->feed = *feed;
        err = FC_E_KNOWN;
    }
    fc_buf_finish(&hold);
    return err == FC_E_MISSING ? FC_OK : err;
}

enum fc_err fc_dsp_find(struct fc_replica *replica, struct fc_span key,
                        struct fc_span default_policy, struct fc_buf *out, struct fc_feed *feed,
                        enum fc_dsp_outcome *outcome, char lack[FC_WITHHELD_BYTES])
{
    struct finding finding = {.replica = replica,
                              .key_hash = fc_key_hash(key),
                              .default_policy = default_policy,
                              .out = out,
                              .feed = feed,
                              .outcome = FC_DSP_OTHER,
                              .lack = lack};
    lack[0] = 0;
    enum fc_err err = fc_replica_feeds(replica, look_in, &finding);
    fc_buf_finish(&finding.content);
    *outcome = finding.outcome;
    if (err == FC_OK) {
        bool withheld = finding.withheld && finding.outcome == FC_DSP_OTHER;
        return withheld ? FC_E_WITHHELD : FC_E_MISSING;
    }
    return err == FC_E_KNOWN ? FC_OK : err;
}
