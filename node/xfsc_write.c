/* Assets put, deleted and revoked, in the feed of the participant whose token the caller has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/clock.h"
#include "node/http_text.h"
#include "node/interop.h"
#include "node/interop_publish.h"
#include "node/xfsc.h"

enum { HASHING_US_MAX = 30 * 1000 * 1000 };
enum what { ADD, UPDATE, JOIN, DELETE_HASH, DELETE_ID, REVOKE };

struct writing {
    enum what what;
    struct fc_hash participant, key_hash, sha;
    bool found, elsewhere; /* an entry of that hash: in the caller's feed, in another's */
    uint64_t give_up_us;
};

static struct writing *begin(struct fc_http_call *call, enum what what, struct fc_replica **replica)
{
    struct writing *writing = calloc(1, sizeof *writing);
    *replica = fc_http_replica(call);
    if (!*replica || !writing) {
        free(writing);
        if (*replica) {
            fc_xfsc_refuse_err(call, FC_E_NOMEM, "The request cannot be taken");
        }
        return NULL;
    }
    writing->what = what;
    fc_http_keep(call, writing, free);
    return fc_xfsc_authorize(call, *replica, &writing->participant) ? writing : NULL;
}

/* -- the answer -------------------------------------------------------------------------------- */

static void set_location(struct fc_http_call *call, struct fc_span id)
{
    struct fc_buf location = {0};
    static const char path[] = "/xfsc/assets/";
    fc_buf_append(&location, path, sizeof path - 1);
    fc_percent_encode(id, &location);
    fc_buf_append(&location, "", 1);
    if (!location.failed) {
        fc_http_set(call, "Location", (const char *)location.data);
    }
    fc_buf_finish(&location);
}

static void reply_asset(struct fc_http_call *call, struct fc_replica *replica,
                        const struct writing *writing, const struct fc_entry *entry)
{
    struct fc_buf hold = {0};
    struct fc_xfsc_asset asset;
    struct fc_span comment;
    struct fc_participant participant;
    struct fc_json *json = fc_json_create();
    enum fc_err err = fc_xfsc_asset_load(replica, &writing->participant, entry, &hold, &asset);
    if (err == FC_OK && writing->what == JOIN) {
        err =
            fc_ledger_participant(fc_replica_ledger(replica), &writing->participant, &participant);
    }
    if (err != FC_OK) {
        fc_json_destroy(json);
        fc_xfsc_refuse_err(call, err, "It is done, but cannot be read back");
    } else {
        if (writing->what == JOIN) {
            fc_xfsc_participant(json, &participant, asset.content);
        } else {
            fc_json_object(json, NULL);
            bool noted = fc_http_query(call, "changeComment", &comment);
            fc_xfsc_asset_members(json, &asset);
            fc_xfsc_warnings(json, asset.lack, noted ? "changeComment is not kept here." : NULL);
            fc_json_end(json);
        }
        set_location(call, entry->key);
        bool created = writing->what == ADD || writing->what == JOIN;
        fc_http_reply_json(call, created ? 201 : 200, json);
    }
    fc_buf_finish(&hold);
}

static void written(struct fc_http_call *call, enum fc_err code, struct fc_span text,
                    struct fc_span body)
{
    const struct writing *writing = fc_http_kept(call);
    struct fc_replica *replica = NULL;
    struct fc_buf hold = {0}, none = {0};
    struct fc_entry entry;
    (void)body;
    if (code != FC_OK) {
        fc_xfsc_refuse(call, fc_http_status_of(code), fc_err_name(code), "%.*s.",
                       (int)(text.len ? text.len : strlen(fc_err_text(code))),
                       text.len ? (const char *)text.data : fc_err_text(code));
    } else if (writing->what == DELETE_HASH) {
        fc_http_reply(call, 200, "application/json", &none);
    } else if (writing->what == DELETE_ID) {
        fc_http_reply_empty(call, 204);
    } else if ((replica = fc_http_replica(call))) {
        enum fc_err err =
            fc_replica_entry(replica, &writing->participant, &writing->key_hash, &hold, &entry);
        if (err == FC_OK) {
            reply_asset(call, replica, writing, &entry);
        } else {
            fc_xfsc_refuse_err(call, err, "It is done, but cannot be read back");
        }
    }
    fc_buf_finish(&hold);
}

/* -- putting ----------------------------------------------------------------------------------- */

static bool is_held(struct fc_replica *replica, const struct writing *writing,
                    struct fc_span content)
{
    struct fc_buf held = {0};
    bool same =
        fc_replica_content(replica, &writing->participant, &writing->key_hash, &held) == FC_OK &&
        fc_span_eq(fc_buf_span(&held), content);
    fc_buf_finish(&held);
    return same;
}

static enum fc_err note_holder(void *ctx, const struct fc_hash *participant,
                               const struct fc_entry *entry)
{
    struct writing *writing = ctx;
    (void)entry;
    if (fc_hash_eq(participant, &writing->participant)) {
        writing->found = true;
    } else {
        writing->elsewhere = true;
    }
    return FC_OK;
}

/* Only what is there can be changed. False: refused. */
static bool is_there(struct fc_http_call *call, struct fc_replica *replica, struct writing *writing,
                     struct fc_span id)
{
    enum fc_err err = fc_xfsc_by_id(replica, id, &writing->participant, note_holder, writing);
    if (err != FC_OK) {
        fc_xfsc_refuse_err(call, err, "The asset cannot be read");
    } else if (!writing->found && writing->elsewhere) {
        fc_xfsc_refuse(call, 403, "forbidden_error",
                       "This asset is in another participant's feed; POST one of your own.");
    } else if (!writing->found) {
        fc_xfsc_refuse(call, 404, "not_found_error", "No feed has an asset of this id; POST it.");
    }
    return err == FC_OK && writing->found;
}

/* What the document must be for this route. False: refused. */
static bool check_document(struct fc_http_call *call, struct fc_replica *replica,
                           struct writing *writing, const struct fc_document *document)
{
    struct fc_span key = fc_span_str(document->key), id = fc_http_param(call, "id");
    writing->key_hash = fc_key_hash(key);
    if (writing->what == UPDATE && !fc_span_eq(id, key)) {
        fc_xfsc_refuse(call, 400, "client_error", "The document's own id is \"%.200s\".",
                       document->key);
        return false;
    }
    if (writing->what == UPDATE && !is_there(call, replica, writing, key)) {
        return false;
    }
    if (writing->what == JOIN && (!document->kind || strcmp(document->kind, "participant") != 0)) {
        fc_xfsc_refuse(call, 400, "client_error", "This is no credential about a participant.");
        return false;
    }
    if (writing->what != UPDATE && is_held(replica, writing, fc_http_body(call))) {
        fc_xfsc_refuse(call, writing->what == ADD ? 409 : 400, "conflict_error",
                       "The feed holds this very document already.");
        return false;
    }
    return true;
}

static void put(struct fc_http_call *call, enum what what)
{
    struct fc_document document = {.key = NULL};
    struct fc_document_fault fault = {.text = ""};
    struct fc_replica *replica;
    struct writing *writing = begin(call, what, &replica);
    struct fc_span content = fc_http_body(call);
    if (!writing) {
        return;
    }
    enum fc_err err = fc_document_read(content, &document, &fault);
    if (err != FC_OK) {
        fc_xfsc_refuse(call, 400, "client_error", "line %u, column %u: %s.", fault.line,
                       fault.column, fault.text[0] ? fault.text : fc_err_text(err));
    } else if (check_document(call, replica, writing, &document)) {
        struct fc_op op = {.kind = FC_OP_PUT,
                           .key = fc_span_str(document.key),
                           .media_type = fc_span_str(document.media_type),
                           .size = content.len,
                           .status = FC_STATUS_ACTIVE};
        fc_interop_author(call, &writing->participant, &op, content, written);
    }
    fc_document_finish(&document);
}

void fc_xfsc_add(struct fc_http_call *call)
{
    put(call, ADD);
}

void fc_xfsc_update(struct fc_http_call *call)
{
    put(call, UPDATE);
}

/* A participant is admitted by governors; what it can do here is publish what it says of itself. */
void fc_xfsc_join(struct fc_http_call *call)
{
    put(call, JOIN);
}

/* -- by hash ----------------------------------------------------------------------------------- */

static void change(struct fc_http_call *call, struct fc_replica *replica, struct writing *writing)
{
    struct fc_buf hold = {0};
    struct fc_entry entry;
    enum fc_err err =
        fc_replica_entry(replica, &writing->participant, &writing->key_hash, &hold, &entry);
    if (err == FC_E_MISSING && writing->what == DELETE_ID) {
        fc_http_reply_empty(call, 204);
    } else if (err != FC_OK) {
        fc_xfsc_refuse_err(call, err, "The asset cannot be read");
    } else if (writing->what == REVOKE && entry.status != FC_STATUS_ACTIVE) {
        fc_xfsc_refuse(call, 400, "client_error", "Only an active asset can be revoked.");
    } else {
        struct fc_op op = {.kind = writing->what == REVOKE ? FC_OP_STATUS : FC_OP_DELETE,
                           .key = entry.key,
                           .status = writing->what == REVOKE ? FC_STATUS_REVOKED : 0};
        fc_interop_author(call, &writing->participant, &op, fc_span(NULL, 0), written);
    }
    fc_buf_finish(&hold);
}

static enum fc_err found(void *ctx, const struct fc_hash *participant,
                         const struct fc_hash *key_hash)
{
    struct writing *writing = ctx;
    if (fc_hash_eq(participant, &writing->participant)) {
        writing->key_hash = *key_hash;
        writing->found = true;
    } else {
        writing->elsewhere = true;
    }
    return FC_OK;
}

static void find(struct fc_http_call *call)
{
    struct writing *writing = fc_http_kept(call);
    struct fc_replica *replica = fc_http_replica(call);
    struct fc_asset_hashes *hashes = fc_interop_asset_hashes(fc_http_interop(call));
    uint64_t now_us = fc_clock_mono_us();
    if (!replica) {
        return;
    }
    enum fc_err err = fc_asset_hashes_update(hashes, replica, now_us + FC_XFSC_SLICE_US);
    if (err == FC_E_AGAIN && now_us < writing->give_up_us && !fc_http_stopping(call)) {
        fc_http_wait(call, fc_replica_arrival_mark(replica), 1, find);
        return;
    }
    if (err == FC_OK) {
        err = fc_asset_hashes_find(hashes, replica, &writing->sha, found, writing);
    }
    if (err != FC_OK) {
        fc_xfsc_refuse_err(call, err == FC_E_AGAIN ? FC_E_IO : err, "The hash cannot be looked up");
    } else if (writing->found) {
        change(call, replica, writing);
    } else if (writing->elsewhere) {
        fc_xfsc_refuse(call, 403, "forbidden_error",
                       "This asset is in another participant's feed.");
    } else {
        fc_xfsc_refuse(call, 404, "not_found_error", "No asset has this hash.");
    }
}

static void by_hash(struct fc_http_call *call, enum what what)
{
    struct fc_replica *replica;
    struct writing *writing = begin(call, what, &replica);
    if (!writing) {
        return;
    }
    if (!fc_xfsc_hash_read(fc_http_param(call, "hash"), &writing->sha)) {
        fc_xfsc_refuse(call, 400, "client_error",
                       "An asset's hash is SHA-256 in 64 hexadecimal digits.");
        return;
    }
    writing->give_up_us = fc_clock_mono_us() + HASHING_US_MAX;
    find(call);
}

void fc_xfsc_delete(struct fc_http_call *call)
{
    by_hash(call, DELETE_HASH);
}

void fc_xfsc_revoke(struct fc_http_call *call)
{
    by_hash(call, REVOKE);
}

void fc_xfsc_delete_by_id(struct fc_http_call *call)
{
    struct fc_replica *replica;
    struct writing *writing = begin(call, DELETE_ID, &replica);
    if (writing) {
        writing->key_hash = fc_key_hash(fc_http_param(call, "id"));
        change(call, replica, writing);
    }
}
