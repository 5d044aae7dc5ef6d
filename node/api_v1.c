#include "node/api_v1.h"

#include <stdio.h>
#include <string.h>

#include "node/clock.h"
#include "node/feed_times.h"
#include "node/show.h"
#include "node/signature.h"
#include "store/news.h"

void fc_api_note_feed(struct fc_http_call *call, struct fc_replica *replica,
                      const struct fc_feed *feed)
{
    char text[128], version[FC_CLI_VERSION_BYTES], signed_at[FC_CLOCK_TEXT_BYTES];
    struct fc_participant participant;
    bool contested = fc_ledger_participant(fc_replica_ledger(replica), &feed->participant,
                                           &participant) == FC_OK &&
                     participant.contested;
    snprintf(text, sizeof text, "version=%s, signed=%s%s", fc_cli_version(feed->version, version),
             fc_clock_text(feed->time_ms, signed_at), contested ? ", contested" : "");
    fc_http_set(call, "Fedcat-Feed", text);
}

char *fc_api_entry_path(const struct fc_hash *participant, const struct fc_hash *key_hash,
                        char out[FC_API_ENTRY_PATH_BYTES])
{
    char id[65], key[65];
    fc_hex(participant->b, 32, id);
    fc_hex(key_hash->b, 32, key);
    snprintf(out, FC_API_ENTRY_PATH_BYTES, "/v1/participants/%s/entries/%s", id, key);
    return out;
}

char *fc_api_entry_tag(const struct fc_entry *entry, char out[FC_API_TAG_BYTES])
{
    char hash[33];
    fc_hex(entry->commitment.b, 16, hash);
    snprintf(out, FC_API_TAG_BYTES, "%s-%u%u", hash, (unsigned)entry->status,
             (unsigned)entry->state);
    return out;
}

static void about_json(struct fc_json *json, struct fc_replica *replica,
                       const struct fc_message_entry *message, const struct fc_api_about *about)
{
    struct fc_credential credential;
    struct fc_buf content = {0};
    bool here = !message->hidden && message->entry.state == FC_CONTENT_PRESENT &&
                fc_replica_content(replica, &message->participant, &message->entry.key_hash,
                                   &content) == FC_OK;
    if (here) {
        fc_show_document_json(json, "about", fc_buf_span(&content));
    } else {
        fc_json_null(json, "about");
    }
    if (about->signature) {
        if (here && fc_signature_check_held(replica, fc_buf_span(&content), about->now_ms,
                                            &credential) == FC_OK) {
            fc_signature_json(json, &credential);
        } else {
            fc_json_null(json, "signature");
        }
    }
    fc_buf_finish(&content);
}

static enum fc_err note_head(void *ctx, struct fc_span bytes, struct fc_span ops)
{
    struct fc_record record;
    struct fc_head head;
    (void)ops;
    enum fc_err err = fc_record_parse(bytes, &record);
    if (err == FC_OK) {
        err = fc_head_parse(&record, &head);
    }
    if (err == FC_OK) {
        fc_feed_times_add(ctx, head.version, head.time_ms);
    }
    return err;
}

/* When the version that an entry has was signed, and when this node took it in. */
static void times_json(struct fc_json *json, struct fc_replica *replica,
                       const struct fc_hash *participant, fc_version version)
{
    struct fc_feed_times times = {.count = 0};
    struct fc_news news;
    bool known = false;
    if (fc_replica_history(replica, participant, 0, note_head, &times) != FC_OK) {
        times.count = 0;
    }
    for (uint32_t i = 0; i < times.count; i++) {
        known = known || times.versions[i] == version;
    }
    fc_json_time(json, "signed", fc_feed_times_of(&times, version));
    fc_json_bool(json, "signed_exact", known);
    enum fc_err err = fc_replica_news_arrival(replica, participant, version, &news);
    fc_json_time(json, "accepted", err == FC_OK ? news.accepted_ms : 0);
}

void fc_api_entry_json(struct fc_json *json, struct fc_replica *replica,
                       const struct fc_hash *participant, const struct fc_entry *entry,
                       const struct fc_api_about *about)
{
    char path[FC_API_ENTRY_PATH_BYTES];
    struct fc_message_entry message = {
        .participant = *participant,
        .entry = *entry,
        .hidden = fc_replica_hidden(replica, participant, entry->version),
    };
    fc_json_object(json, NULL);
    fc_show_entry_json(json, &message);
    fc_json_hash(json, "key_hash", &entry->key_hash);
    fc_json_text(json, "href", fc_api_entry_path(participant, &entry->key_hash, path));
    if (about && about->signature) {
        times_json(json, replica, participant, entry->version);
    }
    if (about) {
        about_json(json, replica, &message, about);
    }
    fc_json_end(json);
}

bool fc_api_page(struct fc_http_call *call, uint64_t *limit, struct fc_hash *after, bool *resumed)
{
    struct fc_span text;
    char digits[65] = "";
    *limit = FC_API_PAGE_DEFAULT;
    *resumed = fc_http_query(call, "after", &text);
    if (!fc_http_query_count(call, "limit", FC_API_PAGE_MAX, limit)) {
        return false;
    }
    if (*resumed && text.len == 64) {
        memcpy(digits, text.data, 64);
    }
    if (*resumed && fc_unhex(digits, after->b, 32) != FC_OK) {
        fc_http_fail(call, 400, "QUERY", "\"after\" takes what \"next\" of the page before said.");
        return false;
    }
    return true;
}

enum fc_err fc_api_participant_read(struct fc_replica *replica,
                                    const struct fc_participant *participant,
                                    struct fc_message_participant *out)
{
    *out = (struct fc_message_participant){
        .id = participant->id,
        .certificate = participant->certificate->record.bytes,
        .recovery_frozen = participant->recovery_frozen,
        .contested = participant->contested,
        .unsettled = participant->unsettled,
    };
    if (participant->revocation) {
        out->revoked = participant->revocation->revocation.mode;
    }
    enum fc_err err = fc_replica_feed(replica, &participant->id, &out->feed);
    if (err == FC_E_MISSING) {
        out->feed = (struct fc_feed){.participant = participant->id};
        err = FC_OK;
    }
    return err;
}

bool fc_api_participant(struct fc_http_call *call, struct fc_replica *replica, struct fc_hash *id,
                        struct fc_message_participant *out)
{
    struct fc_participant participant;
    if (!fc_http_param_hash(call, "participant", id)) {
        return false;
    }
    if (fc_ledger_participant(fc_replica_ledger(replica), id, &participant) != FC_OK) {
        fc_http_fail(call, 404, "PARTICIPANT", "No participant has this id.");
        return false;
    }
    enum fc_err err = fc_api_participant_read(replica, &participant, out);
    if (err != FC_OK) {
        fc_http_fail_err(call, err, "the feed cannot be read");
    }
    return err == FC_OK;
}

void fc_api_refuse(struct fc_http_call *call, enum fc_err code, struct fc_span text,
                   const char *what)
{
    if (code == FC_E_AGAIN) {
        fc_http_set(call, "Retry-After", "3");
    }
    if (text.len > 0) {
        fc_http_fail(call, fc_http_status_of(code), fc_err_name(code), "%.*s.", (int)text.len,
                     (const char *)text.data);
    } else {
        fc_http_fail_err(call, code, what);
    }
}
