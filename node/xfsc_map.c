#include "node/xfsc_map.h"

#include <stdlib.h>
#include <string.h>

#include "store/document.h"
#include "store/document_text.h"

static const struct {
    const char *name;
    enum fc_status status;
} statuses[] = {
    {"active", FC_STATUS_ACTIVE},
    {"deprecated", FC_STATUS_DEPRECATED},
    {"eol", FC_STATUS_ENDED},
    {"revoked", FC_STATUS_REVOKED},
};
enum { STATUSES = sizeof statuses / sizeof statuses[0] };

const char *fc_xfsc_status_name(enum fc_status status)
{
    for (size_t i = 0; i < STATUSES; i++) {
        if (statuses[i].status == status) {
            return statuses[i].name;
        }
    }
    return "active";
}

bool fc_xfsc_status_read(struct fc_span text, enum fc_status *status)
{
    for (size_t i = 0; i < STATUSES; i++) {
        if (fc_span_eq(text, fc_span_str(statuses[i].name))) {
            *status = statuses[i].status;
            return true;
        }
    }
    return false;
}

bool fc_xfsc_next(struct fc_span *list, struct fc_span *value)
{
    if (list->len == 0) {
        return false;
    }
    const uint8_t *comma = memchr(list->data, ',', list->len);
    size_t len = comma ? (size_t)(comma - list->data) : list->len;
    *value = fc_span(list->data, len);
    *list = fc_span(list->data + len + (comma ? 1 : 0), list->len - len - (comma ? 1 : 0));
    return true;
}

static bool read_time(struct fc_span text, uint64_t *ms)
{
    char copy[64];
    if (text.len >= sizeof copy) {
        return false;
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = 0;
    return fc_time_read(copy, ms);
}

bool fc_xfsc_range_read(struct fc_span text, uint64_t *from_ms, uint64_t *to_ms)
{
    const uint8_t *slash = text.len > 0 ? memchr(text.data, '/', text.len) : NULL;
    size_t len = slash ? (size_t)(slash - text.data) : 0;
    return slash && read_time(fc_span(text.data, len), from_ms) &&
           read_time(fc_span(slash + 1, text.len - len - 1), to_ms) && *from_ms <= *to_ms;
}

static void write_issuer(struct fc_json *json, const struct fc_xfsc_asset *asset)
{
    struct fc_document document = {.key = NULL};
    if (asset->content.len > 0 && fc_document_read(asset->content, &document, NULL) == FC_OK &&
        document.issuer) {
        fc_json_text(json, "issuer", document.issuer);
    } else {
        fc_json_span(json, "issuer", asset->publisher);
    }
    fc_document_finish(&document);
}

bool fc_xfsc_is_issued_by(const struct fc_xfsc_asset *asset, struct fc_span list)
{
    struct fc_document document = {.key = NULL};
    struct fc_span issuer = asset->publisher, value;
    bool found = false;
    if (asset->content.len > 0 && fc_document_read(asset->content, &document, NULL) == FC_OK &&
        document.issuer) {
        issuer = fc_span_str(document.issuer);
    }
    while (!found && fc_xfsc_next(&list, &value)) {
        found = fc_span_eq(value, issuer) || fc_span_eq(value, asset->publisher);
    }
    fc_document_finish(&document);
    return found;
}

void fc_xfsc_asset_members(struct fc_json *json, const struct fc_xfsc_asset *asset)
{
    const struct fc_entry *entry = &asset->entry;
    char urn[FC_XFSC_URN_BYTES] = "urn:fedcat:participant:";
    fc_hex(asset->participant.b, 32, urn + strlen(urn));
    if (asset->content.len > 0) {
        struct fc_hash sha = fc_sha256(asset->content);
        fc_json_hash(json, "assetHash", &sha);
    }
    fc_json_span(json, "id", entry->key);
    fc_json_text(json, "status", fc_xfsc_status_name(entry->status));
    write_issuer(json, asset);
    fc_json_array(json, "validatorDids");
    fc_json_end(json);
    if (asset->changed_ms > 0) {
        fc_json_time(json, "uploadDatetime", asset->changed_ms);
        fc_json_time(json, "statusDatetime", asset->changed_ms);
    }
    fc_json_span(json, "contentType", entry->media_type);
    fc_json_uint(json, "fileSize", entry->size);
    fc_json_text(json, "publishedBy", urn);
}

void fc_xfsc_warnings(struct fc_json *json, const char *first, const char *second)
{
    const char *texts[] = {first, second};
    bool any = false;
    for (size_t i = 0; i < 2; i++) {
        if (texts[i] && texts[i][0]) {
            if (!any) {
                fc_json_array(json, "warnings");
            }
            fc_json_text(json, NULL, texts[i]);
            any = true;
        }
    }
    if (any) {
        fc_json_end(json);
    }
}

void fc_xfsc_item(struct fc_json *json, const struct fc_xfsc_asset *asset, bool with_meta,
                  bool with_content, bool fits)
{
    const char *full = with_content && !fits
                           ? "The content is left out, as the answer has enough of them: ask for "
                             "fewer assets."
                           : NULL;
    fc_json_object(json, NULL);
    if (with_meta) {
        fc_json_object(json, "meta");
        fc_xfsc_asset_members(json, asset);
        fc_xfsc_warnings(json, asset->lack, full);
        fc_json_end(json);
    } else {
        fc_xfsc_warnings(json, asset->lack, full);
    }
    if (with_content && fits && asset->content.len > 0) {
        fc_json_span(json, "content", asset->content);
    }
    fc_json_end(json);
}

struct fc_span fc_xfsc_participant_id(const struct fc_participant *participant,
                                      char own[FC_XFSC_URN_BYTES])
{
    struct fc_span url = participant->certificate->certificate.url;
    if (url.len > 0) {
        return url;
    }
    strcpy(own, "urn:fedcat:participant:");
    fc_hex(participant->id.b, 32, own + strlen(own));
    return fc_span_str(own);
}

void fc_xfsc_participant(struct fc_json *json, const struct fc_participant *participant,
                         struct fc_span credential)
{
    char own[FC_XFSC_URN_BYTES];
    fc_json_object(json, NULL);
    fc_json_span(json, "id", fc_xfsc_participant_id(participant, own));
    fc_json_span(json, "name", participant->certificate->certificate.name);
    fc_json_key(json, "publicKey", &participant->certificate->certificate.feed_key);
    if (credential.len > 0) {
        fc_json_span(json, "asset", credential);
    }
    fc_json_end(json);
}
