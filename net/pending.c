#include <stdlib.h>
#include <string.h>

#include "net/inside.h"

bool fc_pending_has_room(const struct fc_session *session)
{
    return session->pending_count <= FC_PENDING_MAX / 2 &&
           session->pending_bytes <= FC_PENDING_BYTES_MAX / 2;
}

static void remove_at(struct fc_session *session, uint32_t at)
{
    struct fc_pending *pending = &session->pending[at];
    session->pending_bytes -= pending->bytes.len;
    session->news_count -= pending->wait == FC_WAIT_NEWS;
    free((void *)(uintptr_t)pending->bytes.data);
    *pending = session->pending[--session->pending_count];
}

void fc_pending_clear(struct fc_session *session)
{
    while (session->pending_count != 0)
        remove_at(session, session->pending_count - 1);
}

/* The same record, or an older head of the same feed that waits for the same. */
static struct fc_pending *find(struct fc_session *session, enum fc_wait wait,
                               const struct fc_record *record, const struct fc_head *head)
{
    for (uint32_t i = 0; i < session->pending_count; i++) {
        struct fc_pending *pending = &session->pending[i];
        if (fc_hash_eq(&pending->hash, &record->hash))
            return pending;
        if (head && pending->wait == wait && pending->type == FC_RECORD_HEAD &&
            fc_hash_eq(&pending->participant, &head->participant))
            return pending;
    }
    return NULL;
}

static struct fc_pending *make_room(struct fc_core *core, struct fc_session *session)
{
    if (session->pending_count == session->pending_cap) {
        uint32_t cap = session->pending_cap ? 2 * session->pending_cap : 16;
        struct fc_pending *list = realloc(session->pending, cap * sizeof *list);
        if (!list) {
            core->err = FC_E_NOMEM;
            return NULL;
        }
        session->pending = list;
        session->pending_cap = cap;
    }
    return &session->pending[session->pending_count];
}

static uint64_t due_us(const struct fc_core *core, const struct fc_head *head)
{
    uint64_t ripe_ms = head->time_ms > FC_SKEW_MS ? head->time_ms - FC_SKEW_MS : 0;
    uint64_t wait_ms = ripe_ms > core->wall_ms ? ripe_ms - core->wall_ms : 1;
    const uint64_t day_ms = 24u * 3600u * 1000u; /* looked at again then, whatever it says */
    return core->now_us + (wait_ms < day_ms ? wait_ms : day_ms) * 1000;
}

static uint64_t news_of(const struct fc_record *record, const struct fc_head *head)
{
    return fc_get_be64(head ? head->participant.b : record->hash.b);
}

/* What was announced before stands where its announcement says, or above. */
static uint64_t lowest(const struct fc_session *session, uint64_t index, uint64_t news)
{
    for (uint32_t i = 0; session->news_count != 0 && i < session->pending_count; i++)
        if (session->pending[i].wait == FC_WAIT_NEWS && session->pending[i].news == news)
            index = fc_earlier(index, session->pending[i].index);
    return index;
}

static bool has_active(const struct fc_core *core)
{
    for (uint32_t i = 0; i < core->session_count; i++)
        if (core->sessions[i]->active)
            return true;
    return false;
}

bool fc_pending_add(struct fc_core *core, struct fc_session *session, enum fc_wait wait,
                    uint64_t index, const struct fc_record *record, const struct fc_head *head)
{
    struct fc_pending *old = find(session, wait, record, head);
    if (old && old->type == FC_RECORD_HEAD && head && old->version > head->version)
        return true;
    if (old)
        remove_at(session, (uint32_t)(old - session->pending));
    if (session->pending_count >= FC_PENDING_MAX ||
        session->pending_bytes + record->bytes.len > FC_PENDING_BYTES_MAX) {
        session->no_room = true;
        session->sync.needed = true;
        return false;
    }
    struct fc_pending *pending = make_room(core, session);
    uint8_t *copy = pending ? fc_span_dup(record->bytes) : NULL;
    if (!copy) {
        core->err = FC_E_NOMEM;
        return false;
    }
    *pending = (struct fc_pending){.wait = wait,
                                   .index = lowest(session, index, news_of(record, head)),
                                   .type = record->type,
                                   .hash = record->hash,
                                   .due_us = FC_NEVER,
                                   .bytes = fc_span(copy, record->bytes.len)};
    if (head) {
        pending->participant = head->participant;
        pending->version = head->version;
    }
    if (wait == FC_WAIT_LOAD) {
        bool pushed_soon = !session->active && !core->in_push && has_active(core);
        pending->due_us = pushed_soon ? core->now_us + FC_PUSH_US : 0;
    }
    if (wait == FC_WAIT_TIME) {
        pending->due_us = due_us(core, head);
        core->pending_at_us = fc_earlier(core->pending_at_us, pending->due_us);
    }
    session->pending_count++;
    session->pending_bytes += record->bytes.len;
    if (wait == FC_WAIT_LOAD)
        core->catchup_due = true;
    return true;
}

bool fc_pending_add_news(struct fc_core *core, struct fc_session *session,
                         const struct fc_spread_item *item)
{
    for (uint32_t i = 0; i < session->pending_count; i++) {
        struct fc_pending *old = &session->pending[i];
        if (old->wait != FC_WAIT_NEWS || old->news != item->id)
            continue;
        if (old->version < item->version)
            old->version = item->version;
        return true;
    }
    struct fc_pending *pending =
        session->pending_count < FC_PENDING_MAX ? make_room(core, session) : NULL;
    if (!pending) {
        session->no_room = true;
        session->sync.needed = true;
        return false;
    }
    *pending = (struct fc_pending){.wait = FC_WAIT_NEWS,
                                   .index = session->news_index,
                                   .version = item->version,
                                   .news = item->id,
                                   .due_us = core->now_us + FC_NEWS_US};
    core->pending_at_us = fc_earlier(core->pending_at_us, pending->due_us);
    session->pending_count++;
    session->news_count++;
    return true;
}

void fc_pending_drop_news(struct fc_core *core, struct fc_session *session,
                          const struct fc_spread_item *item)
{
    uint32_t before = session->news_count;
    for (uint32_t i = session->pending_count; session->news_count != 0 && i-- > 0;)
        if (session->pending[i].wait == FC_WAIT_NEWS && session->pending[i].news == item->id &&
            session->pending[i].version <= item->version)
            remove_at(session, i);
    if (before != session->news_count && session->state == FC_SESSION_OPEN)
        fc_sync_note(core, session);
}

uint64_t fc_pending_cursor(const struct fc_session *session)
{
    uint64_t cursor = session->sync.reached;
    for (uint32_t i = 0; i < session->pending_count; i++)
        if (session->pending[i].index != 0 && session->pending[i].index <= cursor)
            cursor = session->pending[i].index - 1;
    return cursor;
}

void fc_pending_drop_feed(struct fc_core *core, const struct fc_hash *participant,
                          fc_version version)
{
    for (uint32_t i = 0; i < core->session_count; i++) {
        struct fc_session *session = core->sessions[i];
        uint32_t before = session->pending_count;
        for (uint32_t j = session->pending_count; j-- > 0;) {
            struct fc_pending *pending = &session->pending[j];
            if (pending->type == FC_RECORD_HEAD && pending->version <= version &&
                fc_hash_eq(&pending->participant, participant))
                remove_at(session, j);
        }
        if (before != session->pending_count && session->state == FC_SESSION_OPEN)
            fc_sync_note(core, session);
    }
}

void fc_pending_drop_here(struct fc_core *core, struct fc_session *session,
                          const struct fc_hash *participant)
{
    uint64_t news = fc_get_be64(participant->b);
    for (uint32_t j = session->pending_count; j-- > 0;) {
        const struct fc_pending *pending = &session->pending[j];
        if (pending->wait == FC_WAIT_NEWS
                ? pending->version != 0 && pending->news == news
                : pending->type == FC_RECORD_HEAD && fc_hash_eq(&pending->participant, participant))
            remove_at(session, j);
    }
    if (session->state == FC_SESSION_OPEN)
        fc_sync_note(core, session);
}

bool fc_pending_again(struct fc_core *core, struct fc_session *session, uint32_t at)
{
    struct fc_pending taken = session->pending[at];
    session->pending_bytes -= taken.bytes.len;
    session->pending[at] = session->pending[--session->pending_count];
    bool kept = fc_accept_record(core, session, taken.index, taken.bytes);
    free((void *)(uintptr_t)taken.bytes.data);
    return kept;
}

static bool retry(struct fc_core *core, struct fc_session *session)
{
    bool progress = false;
    /* From the end: what comes back goes to the end, past those still to be looked at. */
    for (uint32_t i = session->pending_count; i-- > 0 && core->err == FC_OK;) {
        if (i >= session->pending_count || session->pending[i].wait != FC_WAIT_RECORD)
            continue;
        struct fc_hash hash = session->pending[i].hash;
        if (!fc_pending_again(core, session, i))
            return progress;
        bool back = false;
        for (uint32_t j = 0; j < session->pending_count && !back; j++)
            back = session->pending[j].wait == FC_WAIT_RECORD &&
                   fc_hash_eq(&session->pending[j].hash, &hash);
        progress = progress || !back;
    }
    if (progress && session->state == FC_SESSION_OPEN)
        fc_sync_note(core, session);
    return progress;
}

void fc_pending_retry_unknown(struct fc_core *core)
{
    bool progress = true;
    while (progress && core->err == FC_OK) {
        progress = false;
        for (uint32_t i = 0; i < core->session_count && core->err == FC_OK; i++)
            if (core->sessions[i]->state != FC_SESSION_CLOSED)
                progress = retry(core, core->sessions[i]) || progress;
    }
}

/* What was announced has come from nobody: the cursor goes back below it. */
static void overdue(struct fc_session *session, uint32_t at)
{
    uint64_t index = session->pending[at].index;
    remove_at(session, at);
    fc_sync_back(session, index);
}

static void run_session(struct fc_core *core, struct fc_session *session)
{
    for (uint32_t i = session->pending_count; i-- > 0 && core->err == FC_OK;) {
        if (session->state == FC_SESSION_CLOSED)
            return;
        if (i >= session->pending_count)
            continue;
        const struct fc_pending *pending = &session->pending[i];
        if (pending->wait != FC_WAIT_TIME && pending->wait != FC_WAIT_NEWS)
            continue;
        if (pending->due_us > core->now_us)
            core->pending_at_us = fc_earlier(core->pending_at_us, pending->due_us);
        else if (pending->wait == FC_WAIT_NEWS)
            overdue(session, i);
        else
            fc_pending_again(core, session, i);
    }
}

void fc_pending_run(struct fc_core *core)
{
    if (core->now_us < core->pending_at_us)
        return;
    core->pending_at_us = FC_NEVER;
    for (uint32_t i = 0; i < core->session_count && core->err == FC_OK; i++)
        run_session(core, core->sessions[i]);
}
