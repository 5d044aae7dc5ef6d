#include <stdlib.h>

#include "net/inside.h"

/* Judged by the record and what it names, both at hand: every honest relay refuses it too. */
static bool is_invalid(enum fc_err err)
{
    return err == FC_E_FORMAT || err == FC_E_BOUND || err == FC_E_SIGNATURE || err == FC_E_QUORUM ||
           err == FC_E_FEDERATION || err == FC_E_ARG;
}

bool fc_accept_record(struct fc_core *core, struct fc_session *session, uint64_t index,
                      struct fc_span bytes)
{
    struct fc_record record;
    enum fc_err err = fc_record_parse(bytes, &record);
    if (err == FC_OK && record.type == FC_RECORD_HEAD)
        return fc_accept_head_bytes(core, session, index, bytes);
    if (err == FC_OK && record.type == FC_RECORD_APPLICATION)
        err = FC_E_FORMAT;
    if (err == FC_OK)
        err = fc_replica_add_record(core->config.replica, bytes);
    if (fc_core_store_failed(core, err))
        return true;
    if (is_invalid(err)) {
        fc_session_punish(core, session, fc_err_text(err));
        return false;
    }
    if (err == FC_OK)
        fc_push_new(core, session, &record.hash);
    else if (err == FC_E_UNKNOWN)
        fc_pending_add(core, session, FC_WAIT_RECORD, index, &record, NULL);
    else if (err == FC_E_KNOWN)
        fc_news_duplicate(
            core, session,
            &(struct fc_arrival){.type = record.type, .subject = record.hash, .hash = record.hash});
    return session->state != FC_SESSION_CLOSED;
}

static bool needs_signature(const struct fc_headline *line)
{
    return line->verdict == FC_OK || line->verdict == FC_E_GAP || line->verdict == FC_E_FUTURE ||
           (line->verdict == FC_E_CONTESTED && !fc_key_is_zero(&line->key));
}

/* False when one does not verify. */
static bool check_signatures(struct fc_core *core, struct fc_headline *list, uint32_t count)
{
    struct fc_verify_job *jobs = calloc(count ? count : 1, sizeof *jobs);
    uint32_t job_count = 0;
    bool valid = true;
    if (!jobs) {
        core->err = FC_E_NOMEM;
        return true;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct fc_signature signature;
        if (!needs_signature(&list[i]))
            continue;
        if (list[i].record.signature_count != 1) {
            valid = false;
            break;
        }
        fc_record_signature(&list[i].record, 0, &signature);
        valid = valid && fc_key_eq(&signature.signer, &list[i].key);
        jobs[job_count++] =
            (struct fc_verify_job){list[i].key, list[i].record.hash, signature.sig, false};
    }
    if (valid && job_count != 0)
        core->config.verifier.verify(core->config.verifier.ctx, jobs, job_count);
    for (uint32_t i = 0; valid && i < job_count; i++)
        valid = jobs[i].valid;
    free(jobs);
    return valid;
}

static void contest(struct fc_core *core, const struct fc_headline *line)
{
    uint64_t before = fc_replica_arrival_mark(core->config.replica).index;
    enum fc_err err = fc_replica_contest(core->config.replica, &line->record);
    if (fc_core_store_failed(core, err))
        return;
    if (err == FC_OK && fc_replica_arrival_mark(core->config.replica).index != before) {
        fc_effects_log(core->effects, FC_LOG_WARNING, "feed %s is contested: it signed twice",
                       fc_short_hash(&line->head.participant).text);
        fc_push_new(core, NULL, NULL);
    }
    core->deltas_refused++;
}

static void duplicate(struct fc_core *core, struct fc_session *session,
                      const struct fc_headline *line)
{
    struct fc_arrival arrival = {.type = FC_RECORD_HEAD,
                                 .subject = line->head.participant,
                                 .hash = line->record.hash,
                                 .version = line->head.version};
    fc_news_duplicate(core, session, &arrival);
}

static void settle(struct fc_core *core, struct fc_session *session, const struct fc_headline *line)
{
    enum fc_err verdict = line->verdict;
    if (fc_core_store_failed(core, verdict))
        return;
    if (verdict == FC_OK || verdict == FC_E_GAP)
        fc_pending_add(core, session, FC_WAIT_LOAD, line->index, &line->record, &line->head);
    else if (verdict == FC_E_FUTURE)
        fc_pending_add(core, session, FC_WAIT_TIME, line->index, &line->record, &line->head);
    else if (verdict == FC_E_UNKNOWN)
        fc_pending_add(core, session, FC_WAIT_RECORD, line->index, &line->record, &line->head);
    else if (verdict == FC_E_CONTESTED && !fc_key_is_zero(&line->key))
        contest(core, line);
    else if (verdict == FC_E_KNOWN || verdict == FC_E_STALE)
        duplicate(core, session, line);
    else
        core->deltas_refused++;
}

static void judge(struct fc_core *core, struct fc_headline *line)
{
    line->key = (struct fc_key){{0}};
    line->verdict = fc_replica_judge(core->config.replica, &line->record, &line->head,
                                     core->wall_ms, &line->key);
}

bool fc_accept_heads(struct fc_core *core, struct fc_session *session, struct fc_headline *list,
                     uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        judge(core, &list[i]);
        if (is_invalid(list[i].verdict)) {
            fc_session_punish(core, session, fc_err_text(list[i].verdict));
            return false;
        }
    }
    if (!check_signatures(core, list, count)) {
        fc_session_punish(core, session, fc_err_text(FC_E_SIGNATURE));
        return false;
    }
    for (uint32_t i = 0; i < count && core->err == FC_OK; i++)
        settle(core, session, &list[i]);
    return session->state != FC_SESSION_CLOSED;
}

bool fc_accept_head_bytes(struct fc_core *core, struct fc_session *session, uint64_t index,
                          struct fc_span bytes)
{
    struct fc_headline line = {.index = index};
    enum fc_err err = fc_record_parse(bytes, &line.record);
    if (err == FC_OK)
        err = fc_head_parse(&line.record, &line.head);
    if (err != FC_OK) {
        fc_session_punish(core, session, fc_err_text(err));
        return false;
    }
    return fc_accept_heads(core, session, &line, 1);
}

enum fc_err fc_accept_judge(struct fc_core *core, struct fc_span bytes, struct fc_record *record,
                            struct fc_head *head)
{
    struct fc_headline line = {0};
    enum fc_err err = fc_record_parse(bytes, &line.record);
    if (err == FC_OK)
        err = fc_head_parse(&line.record, &line.head);
    if (err != FC_OK)
        return err;
    judge(core, &line);
    *record = line.record;
    *head = line.head;
    if (!check_signatures(core, &line, 1))
        return FC_E_SIGNATURE;
    return line.verdict;
}

static enum fc_err apply(struct fc_core *core, const struct fc_delta *delta,
                         const struct fc_wire_list *list, uint32_t *bad)
{
    struct fc_content *contents = calloc(list->count ? list->count : 1, sizeof *contents);
    struct fc_unpack at;
    if (!contents)
        return FC_E_NOMEM;
    fc_wire_items(&at, list);
    for (uint32_t i = 0; i < list->count; i++)
        fc_wire_get_content(&at, NULL, &contents[i]);
    enum fc_err err =
        fc_replica_apply(core->config.replica, delta, contents, list->count, core->wall_ms, bad);
    free(contents);
    return err;
}

static void applied(struct fc_core *core, struct fc_session *session, const struct fc_delta *delta,
                    uint32_t bad)
{
    struct fc_feed feed;
    fc_pending_drop_feed(core, &delta->head.participant, delta->head.version);
    fc_push_new(core, session, &delta->record.hash);
    enum fc_err err = fc_replica_feed(core->config.replica, &delta->head.participant, &feed);
    if (!fc_core_store_failed(core, err) && err == FC_OK && feed.missing != 0)
        fc_want_soon(core, session);
    if (bad != 0)
        fc_session_punish(core, session, "contents that are not what was signed");
}

void fc_accept_delta(struct fc_core *core, struct fc_session *session,
                     const struct fc_wire_delta *message)
{
    struct fc_delta delta;
    enum fc_err err = fc_delta_parse(message->delta, &delta);
    core->deltas_in++;
    if (err != FC_OK) {
        fc_session_punish(core, session, fc_err_text(err));
        return;
    }
    struct fc_headline line = {
        .index = message->mark.prev + 1, .record = delta.record, .head = delta.head};
    if (core->config.observer.pushed)
        core->config.observer.pushed(core->config.observer.ctx, &session->key,
                                     &delta.head.participant, delta.head.version);
    judge(core, &line);
    if (line.verdict == FC_E_KNOWN || line.verdict == FC_E_STALE)
        core->deltas_duplicate++;
    session->no_room = false;
    if (line.verdict == FC_OK) {
        uint32_t bad = 0;
        if (!check_signatures(core, &line, 1)) {
            fc_session_punish(core, session, fc_err_text(FC_E_SIGNATURE));
            return;
        }
        err = apply(core, &delta, &message->contents, &bad);
        if (fc_core_store_failed(core, err))
            return;
        if (err == FC_OK)
            applied(core, session, &delta, bad);
        else /* the operations do not lead to the root from here: perhaps its entries do */
            fc_pending_add(core, session, FC_WAIT_LOAD, line.index, &line.record, &line.head);
    } else if (!fc_accept_heads(core, session, &line, 1)) {
        return;
    }
    if (session->state == FC_SESSION_CLOSED)
        return;
    fc_pending_drop_news(
        core, session,
        &(struct fc_spread_item){fc_get_be64(line.head.participant.b), line.head.version});
    if (!session->no_room)
        fc_sync_mark(core, session, &message->mark);
}
