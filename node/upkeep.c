#include "node/upkeep.h"

#include <stdlib.h>
#include <string.h>

#include "node/author.h"
#include "node/clock.h"
#include "node/keyfile.h"
#include "node/message.h"
#include "store/checkpoint.h"

enum {
    CHECK_MS = 1000,
    DESCRIPTOR_RETRY_MS = 60 * 1000,
    CALM_US = 500 * 1000,            /* a state others are likely to be in as well */
    CALM_WAIT_MS = 10 * 1000,        /* for one; then any will do */
    CHECKPOINT_FIRST_MS = 60 * 1000, /* a first one, at the earliest, unless they come quicker */
};

void fc_upkeep_init(struct fc_upkeep *upkeep, struct fc_service *service,
                    const struct fc_config *config, const struct fc_log *log, uint64_t now_ms)
{
    *upkeep = (struct fc_upkeep){
        .service = service,
        .config = config,
        .log = log,
        .start_ms = now_ms,
    };
}

static bool store_failed(enum fc_err err)
{
    return err == FC_E_FULL || err == FC_E_IO || err == FC_E_NOMEM || err == FC_E_CORRUPT;
}

/* The operator's key, open, and its participant, when it is a member in good standing. */
static bool find_operator(const struct fc_upkeep *upkeep, struct fc_keyfile *key,
                          struct fc_participant *owner)
{
    const struct fc_ledger *ledger = fc_replica_ledger(upkeep->service->replica);
    char *path = NULL;
    bool found = false;
    if (fc_home_key_path(upkeep->service->home, "feed", upkeep->config->operator_name, &path) ==
            FC_OK &&
        fc_keyfile_open(path, fc_span(NULL, 0), key) == FC_OK) {
        for (size_t i = 0; i < fc_ledger_participant_count(ledger) && !found; i++) {
            fc_ledger_participant_at(ledger, i, owner);
            found = fc_key_eq(&owner->certificate->certificate.feed_key, &key->public_key) &&
                    !owner->revocation;
        }
        if (!found) {
            fc_keyfile_wipe(key);
        }
    }
    free(path);
    return found;
}

static bool same_place(const struct fc_upkeep *upkeep, const struct fc_node *node)
{
    const struct fc_service *service = upkeep->service;
    if (node->endpoint_count != service->announced_count ||
        !fc_span_eq(node->region, fc_span_str(upkeep->config->region))) {
        return false;
    }
    for (uint32_t i = 0; i < node->endpoint_count; i++) {
        if (!fc_span_eq(node->endpoints[i], fc_span_str(service->announced[i]))) {
            return false;
        }
    }
    return true;
}

static enum fc_err submit(const struct fc_upkeep *upkeep, const struct fc_buf *record,
                          uint64_t now_ms)
{
    struct fc_buf arguments = {0}, request = {0}, response = {0};
    fc_pack_array(&arguments, 1);
    fc_pack_bin(&arguments, fc_buf_span(record));
    fc_service_request(FC_VERB_SUBMIT_RECORD, fc_buf_span(&arguments), &request);
    enum fc_err code = FC_OK, err = arguments.failed ? FC_E_NOMEM : fc_buf_check(&request);
    struct fc_span text, body;
    if (err == FC_OK) {
        err = fc_service_run(upkeep->service, fc_buf_span(&request), now_ms, &response);
    }
    if (err == FC_OK) {
        err = fc_service_read(fc_buf_span(&response), &code, &text, &body);
    }
    fc_buf_finish(&arguments);
    fc_buf_finish(&request);
    fc_buf_finish(&response);
    return err == FC_OK ? code : err;
}

static enum fc_err sign_descriptor(const struct fc_upkeep *upkeep, const struct fc_keyfile *key,
                                   const struct fc_hash *participant, uint64_t seq, uint64_t now_ms)
{
    const struct fc_service *service = upkeep->service;
    struct fc_descriptor descriptor = {
        .federation = fc_replica_federation(service->replica),
        .participant = *participant,
        .node_key = service->node_key,
        .region = fc_span_str(upkeep->config->region),
        .seq = seq,
        .time_ms = now_ms,
    };
    struct fc_buf body = {0}, record = {0};
    for (uint32_t i = 0; i < service->announced_count && i < FC_ENDPOINTS_MAX; i++) {
        descriptor.endpoints[descriptor.endpoint_count++] = fc_span_str(service->announced[i]);
    }
    enum fc_err err = fc_descriptor_body(&descriptor, &body);
    if (err == FC_OK) {
        err = fc_record_sign(FC_RECORD_DESCRIPTOR, fc_buf_span(&body), &key->sign, &record);
    }
    if (err == FC_OK) {
        err = submit(upkeep, &record, now_ms);
    }
    fc_buf_finish(&body);
    fc_buf_finish(&record);
    return err;
}

static enum fc_err keep_descriptor(struct fc_upkeep *upkeep, uint64_t now_ms)
{
    struct fc_service *service = upkeep->service;
    struct fc_keyfile key;
    struct fc_participant owner;
    struct fc_node node = {0};
    uint64_t seq = 1;
    if (now_ms < upkeep->descriptor_next_ms || !find_operator(upkeep, &key, &owner)) {
        return FC_OK;
    }
    enum fc_err err =
        fc_ledger_node(fc_replica_ledger(service->replica), &service->node_key, &node);
    bool mine = err == FC_OK && fc_hash_eq(&node.participant, &owner.id);
    if (mine && node.descriptor) {
        seq = node.descriptor->descriptor.seq + 1;
    }
    if (mine && node.descriptor && same_place(upkeep, &node)) {
        fc_keyfile_wipe(&key);
        return FC_OK;
    }
    struct fc_hash id = owner.id;
    err = sign_descriptor(upkeep, &key, &id, seq, now_ms);
    fc_keyfile_wipe(&key);
    if (err == FC_OK) {
        fc_log_say(upkeep->log, FC_LOG_INFO, "signed this node's descriptor, %u endpoints",
                   service->announced_count);
    } else {
        fc_log_say(upkeep->log, FC_LOG_WARNING, "this node's descriptor was not accepted: %s",
                   fc_err_text(err));
        upkeep->descriptor_next_ms = now_ms + DESCRIPTOR_RETRY_MS;
    }
    return store_failed(err) ? err : FC_OK;
}

static enum fc_err beat(const struct fc_upkeep *upkeep, const struct fc_hash *participant,
                        const char *name, uint64_t now_ms)
{
    struct fc_buf arguments = {0}, request = {0}, response = {0};
    struct fc_span text, body;
    fc_pack_array(&arguments, 3);
    fc_message_put_hash(&arguments, participant);
    fc_pack_array(&arguments, 0);
    fc_pack_array(&arguments, 0);
    fc_service_request(FC_VERB_AUTHOR, fc_buf_span(&arguments), &request);
    enum fc_err code = FC_OK, err = arguments.failed ? FC_E_NOMEM : fc_buf_check(&request);
    if (err == FC_OK) {
        err = fc_service_run(upkeep->service, fc_buf_span(&request), now_ms, &response);
    }
    if (err == FC_OK) {
        err = fc_service_read(fc_buf_span(&response), &code, &text, &body);
    }
    if (err == FC_OK && code != FC_OK) {
        fc_log_say(upkeep->log, code == FC_E_COUNTER ? FC_LOG_WARNING : FC_LOG_DEBUG,
                   "no heartbeat for the feed of key %s: %s", name, fc_err_text(code));
    }
    fc_buf_finish(&arguments);
    fc_buf_finish(&request);
    fc_buf_finish(&response);
    return err;
}

/* True when the feed that the key signs has been silent for its certificate's interval. */
static bool is_due(const struct fc_upkeep *upkeep, const char *name, uint64_t now_ms,
                   struct fc_hash *participant)
{
    const struct fc_ledger *ledger = fc_replica_ledger(upkeep->service->replica);
    char *path = NULL;
    struct fc_keyfile key;
    bool due = false,
         readable = fc_home_key_path(upkeep->service->home, "feed", name, &path) == FC_OK &&
                    fc_keyfile_read(path, &key) == FC_OK && !key.sealed;
    free(path);
    for (size_t i = 0; readable && i < fc_ledger_participant_count(ledger); i++) {
        struct fc_participant owner;
        struct fc_feed feed = {0};
        fc_ledger_participant_at(ledger, i, &owner);
        const struct fc_certificate *certificate = &owner.certificate->certificate;
        if (fc_key_eq(&certificate->feed_key, &key.public_key) && !owner.revocation &&
            !owner.contested && certificate->heartbeat_ms > 0) {
            enum fc_err err = fc_replica_feed(upkeep->service->replica, &owner.id, &feed);
            *participant = owner.id;
            due = err == FC_E_MISSING ||
                  (err == FC_OK && now_ms >= feed.time_ms + certificate->heartbeat_ms);
        }
    }
    return due;
}

static enum fc_err keep_beating(const struct fc_upkeep *upkeep, uint64_t now_ms)
{
    char **names = NULL;
    size_t count = 0;
    enum fc_err err = fc_home_keys(upkeep->service->home, "feed", &names, &count);
    if (err != FC_OK) {
        fc_home_keys_free(names, count);
        return err == FC_E_NOMEM ? err : FC_OK;
    }
    for (size_t i = 0; i < count && err == FC_OK; i++) {
        struct fc_hash participant;
        if (is_due(upkeep, names[i], now_ms, &participant)) {
            err = beat(upkeep, &participant, names[i], now_ms);
        }
    }
    fc_home_keys_free(names, count);
    return err;
}

static enum fc_err write_checkpoint(const struct fc_upkeep *upkeep, const struct fc_keyfile *key,
                                    const struct fc_hash *participant, uint64_t now_ms)
{
    struct fc_buf body = {0}, record = {0};
    enum fc_err err = fc_replica_checkpoint(upkeep->service->replica, participant,
                                            &upkeep->service->node_key, now_ms, &body);
    if (err == FC_OK) {
        err = fc_record_sign(FC_RECORD_CHECKPOINT, fc_buf_span(&body), &key->sign, &record);
    }
    if (err == FC_OK) {
        err = submit(upkeep, &record, now_ms);
    }
    fc_buf_finish(&body);
    fc_buf_finish(&record);
    return err;
}

static void plan_checkpoint(struct fc_upkeep *upkeep)
{
    const struct fc_service *service = upkeep->service;
    const struct fc_ledger *ledger = fc_replica_ledger(service->replica);
    uint64_t least_ms = (uint64_t)upkeep->config->checkpoint_seconds * 1000;
    uint64_t first_ms = least_ms / 4 < CHECKPOINT_FIRST_MS ? least_ms / 4 : CHECKPOINT_FIRST_MS;
    upkeep->checkpoint_due_ms =
        fc_checkpoint_due_ms(&service->node_key, fc_checkpoint_last_ms(ledger, &service->node_key),
                             upkeep->start_ms + first_ms, fc_ledger_node_count(ledger), least_ms);
}

/* What is signed while news pours in was hardly anybody else's state. */
static bool is_calm(const struct fc_upkeep *upkeep, uint64_t now_ms)
{
    struct fc_core_status status;
    if (!upkeep->service->core || now_ms >= upkeep->checkpoint_due_ms + CALM_WAIT_MS) {
        return true;
    }
    fc_core_get_status(upkeep->service->core, &status);
    return fc_clock_mono_us() >= status.changed_us + CALM_US;
}

static enum fc_err keep_checkpoints(struct fc_upkeep *upkeep, uint64_t now_ms)
{
    struct fc_keyfile key;
    struct fc_participant owner;
    if (upkeep->config->checkpoint_seconds == 0) {
        return FC_OK;
    }
    if (upkeep->checkpoint_due_ms == 0) {
        plan_checkpoint(upkeep);
    }
    if (now_ms < upkeep->checkpoint_due_ms || !is_calm(upkeep, now_ms)) {
        return FC_OK;
    }
    upkeep->start_ms = now_ms; /* when none was made, it is tried again after a while */
    upkeep->checkpoint_due_ms = 0;
    if (!find_operator(upkeep, &key, &owner)) {
        return FC_OK;
    }
    struct fc_hash id = owner.id;
    enum fc_err err = write_checkpoint(upkeep, &key, &id, now_ms);
    fc_keyfile_wipe(&key);
    fc_log_say(upkeep->log, FC_LOG_DEBUG, "checkpoint: %s",
               err == FC_OK ? "signed" : fc_err_text(err));
    return store_failed(err) ? err : FC_OK;
}

enum fc_err fc_upkeep_run(struct fc_upkeep *upkeep, uint64_t now_ms, bool settled)
{
    if (now_ms < upkeep->next_ms) {
        return FC_OK;
    }
    upkeep->next_ms = now_ms + CHECK_MS;
    enum fc_err err = keep_descriptor(upkeep, now_ms);
    if (err == FC_OK && settled) {
        err = keep_beating(upkeep, now_ms);
    }
    if (err == FC_OK && settled) {
        err = keep_checkpoints(upkeep, now_ms);
    }
    return err;
}
