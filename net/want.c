#include <stdlib.h>
#include <string.h>

#include "net/inside.h"

void fc_want_soon(struct fc_core *core, const struct fc_session *from)
{
    core->want_due = true;
    core->want_failures = 0;
    core->want_at_us = core->now_us;
    core->want_from = from->key;
}

/* Who pushed last knows best; else any open peer, by chance. */
static struct fc_session *choose(struct fc_core *core)
{
    uint32_t open = 0;
    for (uint32_t i = 0; i < core->session_count; i++) {
        struct fc_session *session = core->sessions[i];
        if (session->state != FC_SESSION_OPEN || session->blocked)
            continue;
        if (core->want_failures == 0 && fc_key_eq(&session->key, &core->want_from))
            return session;
        open++;
    }
    uint64_t turn = fc_rng_below(&core->rng, open);
    for (uint32_t i = 0; i < core->session_count; i++) {
        struct fc_session *session = core->sessions[i];
        if (session->state == FC_SESSION_OPEN && !session->blocked && turn-- == 0)
            return session;
    }
    return NULL;
}

static void later(struct fc_core *core)
{
    core->want_from = (struct fc_key){{0}};
    uint32_t doublings =
        core->want_failures < FC_WANT_DOUBLINGS_MAX ? core->want_failures : FC_WANT_DOUBLINGS_MAX;
    core->want_failures++;
    core->want_at_us =
        core->now_us + fc_rng_jitter(&core->rng, (uint64_t)FC_WANT_BACKOFF_US << doublings);
}

static void end(struct fc_want_request *request)
{
    free(request->wants);
    *request = (struct fc_want_request){0};
}

void fc_want_finish(struct fc_core *core)
{
    for (int i = 0; core->wants && i < FC_WANTS_MAX; i++)
        end(&core->wants[i]);
    free(core->wants);
    core->wants = NULL;
}

static bool is_asked(const struct fc_core *core, const struct fc_want *want)
{
    for (int i = 0; i < FC_WANTS_MAX; i++) {
        const struct fc_want_request *request = &core->wants[i];
        for (uint32_t j = 0; request->used && j < request->count; j++)
            if (fc_hash_eq(&request->wants[j].key_hash, &want->key_hash) &&
                fc_hash_eq(&request->wants[j].participant, &want->participant))
                return true;
    }
    return false;
}

/* False when nothing is left to ask for now. */
static bool ask(struct fc_core *core, struct fc_want_request *request)
{
    struct fc_want *wants = calloc(FC_WANT_MAX, sizeof *wants);
    uint32_t count = 0;
    if (!wants) {
        core->err = FC_E_NOMEM;
        return false;
    }
    enum fc_err err = fc_replica_wanted(core->config.replica, wants, FC_WANT_MAX, &count);
    struct fc_session *session = choose(core);
    if (fc_core_store_failed(core, err) || err != FC_OK || count == 0 || !session) {
        core->want_due = session == NULL && count != 0;
        if (core->want_due)
            later(core);
        free(wants);
        return false;
    }
    struct fc_wire message = {.kind = FC_WIRE_WANT, .want = {.id = core->next_id++}};
    struct fc_buf list = {0};
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (is_asked(core, &wants[i]))
            continue;
        wants[kept++] = wants[i];
        fc_wire_put_want(&list, &wants[i].participant, &wants[i].key_hash);
    }
    if (list.failed)
        core->err = FC_E_NOMEM;
    if (kept == 0) {
        core->want_at_us = core->now_us + FC_ANSWER_US; /* all is asked for already */
        free(wants);
    } else {
        *request = (struct fc_want_request){.used = true,
                                            .id = message.want.id,
                                            .session = session,
                                            .count = kept,
                                            .deadline_us = core->now_us + FC_ANSWER_US,
                                            .wants = wants};
        message.want.wants = (struct fc_wire_list){kept, fc_buf_span(&list)};
        fc_session_send(core, session, &message);
    }
    fc_buf_finish(&list);
    return kept != 0;
}

void fc_want_run(struct fc_core *core)
{
    if (!core->wants && core->want_due)
        core->wants = calloc(FC_WANTS_MAX, sizeof *core->wants);
    if (!core->wants) {
        if (core->want_due)
            core->err = FC_E_NOMEM;
        return;
    }
    for (int i = 0; i < FC_WANTS_MAX; i++) {
        if (core->wants[i].used && core->wants[i].deadline_us <= core->now_us) {
            end(&core->wants[i]);
            later(core);
        }
    }
    for (int i = 0; i < FC_WANTS_MAX && core->want_due && core->err == FC_OK; i++)
        if (!core->wants[i].used && core->now_us >= core->want_at_us && !ask(core, &core->wants[i]))
            break;
}

/* While all questions are under way only their answers, or the lack of them, matter. */
uint64_t fc_want_deadline_us(const struct fc_core *core)
{
    uint64_t at_us = FC_NEVER;
    uint32_t used = 0;
    for (int i = 0; core->wants && i < FC_WANTS_MAX; i++) {
        if (!core->wants[i].used)
            continue;
        at_us = fc_earlier(at_us, core->wants[i].deadline_us);
        used++;
    }
    return core->want_due && used < FC_WANTS_MAX ? fc_earlier(at_us, core->want_at_us) : at_us;
}

void fc_want_closed(struct fc_core *core, const struct fc_session *session)
{
    for (int i = 0; core->wants && i < FC_WANTS_MAX; i++)
        if (core->wants[i].used && core->wants[i].session == session)
            end(&core->wants[i]);
}

static bool was_asked(const struct fc_want_request *request, const struct fc_hash *participant,
                      const struct fc_hash *key_hash)
{
    for (uint32_t i = 0; i < request->count; i++)
        if (fc_hash_eq(&request->wants[i].key_hash, key_hash) &&
            fc_hash_eq(&request->wants[i].participant, participant))
            return true;
    return false;
}

/* False: the peer lost its link, or the store failed. */
static bool take(struct fc_core *core, struct fc_session *session,
                 const struct fc_want_request *asked, const struct fc_wire_list *contents,
                 bool *progress)
{
    struct fc_unpack at;
    fc_wire_items(&at, contents);
    while (fc_wire_more_items(&at)) {
        struct fc_hash participant;
        struct fc_content content;
        fc_wire_get_content(&at, &participant, &content);
        if (!was_asked(asked, &participant, &content.key_hash)) {
            fc_session_close(core, session, FC_GOODBYE_PROTOCOL, "contents not asked for");
            return false;
        }
        enum fc_err err = fc_replica_put_content(core->config.replica, &participant, &content);
        if (fc_core_store_failed(core, err))
            return false;
        *progress = *progress || err == FC_OK;
    }
    return true;
}

void fc_want_contents(struct fc_core *core, struct fc_session *session,
                      const struct fc_wire_contents *message)
{
    struct fc_want_request *request = NULL;
    for (int i = 0; core->wants && i < FC_WANTS_MAX; i++)
        if (core->wants[i].used && core->wants[i].session == session &&
            core->wants[i].id == message->id)
            request = &core->wants[i];
    if (!request)
        return;
    struct fc_want_request asked = *request;
    *request = (struct fc_want_request){0};
    bool progress = false;
    bool taken = take(core, session, &asked, &message->contents, &progress);
    uint64_t asked_us = asked.deadline_us - FC_ANSWER_US;
    end(&asked);
    if (!taken)
        return;
    core->want_due = true;
    if (progress) {
        core->want_failures = 0;
        core->want_at_us = core->now_us;
        if (core->now_us - asked_us > FC_ANSWER_US / 10) /* others may be quicker */
            core->want_from = (struct fc_key){{0}};
    } else {
        later(core);
    }
}
