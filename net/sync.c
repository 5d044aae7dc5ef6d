#include <stdlib.h>
#include <string.h>

#include "net/inside.h"

enum { BACK_ROWS = 32 }; /* beyond so many rows a comparison is smaller */

/* What the hello said, beside the own states. */
static enum fc_core_state said_state(struct fc_core *core, const struct fc_session *session)
{
    uint64_t since;
    return fc_core_state_of(core, &session->hello_heads, &session->hello_records, &since);
}

/* Whether what was here of late is here now, as far as that is known. */
static bool is_trusted(const struct fc_core *core)
{
    return core->audited_us != 0 && core->now_us - core->audited_us < FC_AUDIT_TRUST_US;
}

void fc_sync_open(struct fc_core *core, struct fc_session *session)
{
    struct fc_sync *sync = &session->sync;
    struct fc_arrival_mark own = fc_replica_arrival_mark(core->config.replica);
    enum fc_core_state known = said_state(core, session);
    sync->epoch = session->hello_epoch;
    sync->index = session->hello_index;
    sync->reached = 0;
    if (known == FC_STATE_PRESENT)
        fc_compare_note(core, session, 0, 0);
    if (known != FC_STATE_UNKNOWN) {
        sync->reached = sync->index;
        sync->audit = known == FC_STATE_PAST && !is_trusted(core);
    } else if (session->peer->cursor_epoch == sync->epoch && session->peer->cursor_index != 0) {
        sync->reached = fc_earlier(session->peer->cursor_index, sync->index);
        sync->audit = true;
    } else {
        /* It pays where much of what the peer holds may be here already. */
        sync->unknown = own.index >= sync->index / 4;
    }
    sync->needed = sync->reached < sync->index;
    fc_sync_note(core, session);
}

void fc_sync_need(struct fc_session *session)
{
    session->sync.needed = true;
}

void fc_sync_back(struct fc_session *session, uint64_t index)
{
    struct fc_sync *sync = &session->sync;
    if (index != 0 && sync->reached >= index)
        sync->reached = index - 1;
    sync->needed = true;
    if (sync->state != FC_SYNC_IDLE)
        sync->overflow = true; /* the page under way does not count */
    else
        sync->unknown = sync->index - sync->reached > BACK_ROWS; /* most of it is here */
}

void fc_sync_afresh(struct fc_core *core)
{
    for (uint32_t i = 0; i < core->peer_count; i++)
        core->peers[i]->cursor_epoch = 0;
    for (uint32_t i = 0; i < core->session_count; i++) {
        struct fc_sync *sync = &core->sessions[i]->sync;
        if (core->sessions[i]->state != FC_SESSION_OPEN)
            continue;
        sync->reached = sync->ahead_prev = sync->ahead_index = 0;
        sync->unknown = true;
        sync->needed = true;
        sync->auditing = false;
        if (sync->state != FC_SYNC_IDLE)
            sync->overflow = true; /* the page under way does not count */
    }
}

bool fc_sync_is_done(const struct fc_session *session)
{
    const struct fc_sync *sync = &session->sync;
    return session->state == FC_SESSION_OPEN && !sync->needed &&
           (sync->state == FC_SYNC_IDLE || sync->auditing) && sync->reached >= sync->index &&
           session->pending_count == 0;
}

void fc_sync_note(struct fc_core *core, struct fc_session *session)
{
    if (!fc_sync_is_done(session))
        return;
    session->synced_ms = core->wall_ms;
    core->synced_ms = core->wall_ms;
}

void fc_sync_mark(struct fc_core *core, struct fc_session *session, const struct fc_wire_mark *mark)
{
    struct fc_sync *sync = &session->sync;
    if (mark->epoch != sync->epoch) {
        sync->epoch = mark->epoch;
        sync->reached = sync->ahead_prev = sync->ahead_index = 0;
        sync->index = mark->index;
        sync->unknown = true;
        sync->needed = true;
        return;
    }
    if (mark->index > sync->index)
        sync->index = mark->index;
    if (mark->prev > sync->reached) {
        sync->needed = true;
        if (mark->prev > sync->ahead_index)
            sync->ahead_prev = mark->prev;
        if (mark->index > sync->ahead_index)
            sync->ahead_index = mark->index;
    } else if (mark->index > sync->reached) {
        sync->reached = mark->index;
    }
    fc_sync_note(core, session);
}

static void ask_page(struct fc_core *core, struct fc_session *session)
{
    struct fc_sync *sync = &session->sync;
    struct fc_wire message = {.kind = FC_WIRE_SYNC,
                              .sync = {.epoch = sync->epoch, .after = sync->reached}};
    fc_core_digests(core, &message.sync.heads, &message.sync.records);
    sync->state = FC_SYNC_ASKED;
    sync->needed = false;
    sync->overflow = false;
    sync->asked_us = core->now_us;
    sync->deadline_us = core->now_us + FC_ANSWER_US;
    fc_session_send(core, session, &message);
}

/* A neighbour now and then, each in turn: a cursor says what was told, a comparison what is held.
 */
static void run_audit(struct fc_core *core)
{
    struct fc_session *choice = NULL;
    if (core->audit_at_us == 0)
        core->audit_at_us = core->now_us + fc_rng_jitter(&core->rng, FC_AUDIT_US);
    if (core->now_us < core->audit_at_us)
        return;
    core->audit_at_us = core->now_us + fc_rng_jitter(&core->rng, FC_AUDIT_US);
    for (uint32_t i = 0; i < core->session_count; i++) {
        struct fc_session *session = core->sessions[i];
        if (session->state == FC_SESSION_OPEN &&
            (!choice || session->sync.compared_us < choice->sync.compared_us))
            choice = session;
    }
    if (choice)
        choice->sync.audit = true;
}

/* Whether something is to be asked of the peer now. */
static bool is_due(const struct fc_session *session)
{
    const struct fc_sync *sync = &session->sync;
    if (session->state != FC_SESSION_OPEN || sync->state != FC_SYNC_IDLE ||
        !fc_pending_has_room(session))
        return false;
    return sync->needed || (sync->audit && fc_sync_is_done(session));
}

static void ask(struct fc_core *core, struct fc_session *session)
{
    struct fc_sync *sync = &session->sync;
    sync->auditing = !sync->needed;
    if (sync->auditing && sync->compared_us == 0) { /* since the hello it may have been settled */
        enum fc_core_state known = said_state(core, session);
        if (known == FC_STATE_PRESENT)
            fc_compare_note(core, session, 0, 0);
        if (known == FC_STATE_PRESENT || (known == FC_STATE_PAST && is_trusted(core))) {
            sync->auditing = sync->audit = false;
            return;
        }
    }
    if (sync->needed && !sync->unknown)
        ask_page(core, session);
    else
        fc_compare_ask(core, session);
}

void fc_sync_run(struct fc_core *core)
{
    uint32_t under_way = 0;
    run_audit(core);
    for (uint32_t i = 0; i < core->session_count; i++) {
        struct fc_session *session = core->sessions[i];
        if (session->state != FC_SESSION_OPEN || session->sync.state == FC_SYNC_IDLE)
            continue;
        if (session->sync.state == FC_SYNC_WAITING)
            fc_compare_waited(core, session);
        else if (core->now_us >= session->sync.deadline_us)
            fc_session_close(core, session, FC_GOODBYE_SILENT, "no answer to a sync");
        else /* one that takes its time over a page must not keep the others waiting */
            under_way += core->now_us - session->sync.asked_us < FC_ANSWER_US;
    }
    uint32_t first = core->sync_next;
    for (uint32_t i = 0; i < core->session_count && under_way < FC_SYNCS_MAX; i++) {
        uint32_t turn = (first + i) % core->session_count;
        struct fc_session *session = core->sessions[turn];
        if (!is_due(session))
            continue;
        ask(core, session);
        core->sync_next = turn + 1;
        under_way++;
    }
}

/* The next, unless something of it found no room. */
void fc_sync_taken(struct fc_core *core, struct fc_session *session)
{
    struct fc_sync *sync = &session->sync;
    fc_compare_drop(session);
    sync->state = FC_SYNC_IDLE;
    sync->auditing = false;
    if (!sync->overflow && sync->page_next > sync->reached)
        sync->reached = sync->page_next;
    if (!sync->overflow && sync->ahead_prev <= sync->reached && sync->ahead_index > sync->reached)
        sync->reached = sync->ahead_index;
    if (!sync->overflow)
        sync->unknown = false;
    sync->needed = sync->overflow || sync->reached < sync->index;
    fc_sync_note(core, session);
}

bool fc_sync_take(struct fc_core *core, struct fc_session *session, const uint64_t *indexes,
                  const struct fc_span *records, uint32_t count)
{
    struct fc_headline *heads = calloc(count ? count : 1, sizeof *heads);
    uint32_t head_count = 0;
    bool open = true;
    if (!heads) {
        core->err = FC_E_NOMEM;
        return false;
    }
    session->no_room = false;
    for (uint32_t i = 0; i < count && open && core->err == FC_OK; i++) {
        struct fc_headline *line = &heads[head_count];
        line->index = indexes[i];
        if (fc_record_parse(records[i], &line->record) == FC_OK &&
            line->record.type == FC_RECORD_HEAD &&
            fc_head_parse(&line->record, &line->head) == FC_OK)
            head_count++;
        else
            open = fc_accept_record(core, session, indexes[i], records[i]);
    }
    if (open && core->err == FC_OK)
        open = fc_accept_heads(core, session, heads, head_count);
    session->sync.overflow = session->sync.overflow || session->no_room;
    free(heads);
    return open && core->err == FC_OK;
}

static void take_rows(struct fc_core *core, struct fc_session *session,
                      const struct fc_wire_page *page)
{
    uint64_t *indexes = calloc(page->rows.count, sizeof *indexes);
    struct fc_span *records = calloc(page->rows.count, sizeof *records);
    uint32_t count = 0;
    struct fc_unpack at;
    fc_wire_items(&at, &page->rows);
    while (indexes && records && fc_wire_more_items(&at)) {
        struct fc_wire_row row;
        fc_wire_get_row(&at, &row);
        indexes[count] = row.index;
        records[count++] = row.record;
    }
    if (!indexes || !records)
        core->err = FC_E_NOMEM;
    else if (fc_sync_take(core, session, indexes, records, count))
        fc_sync_taken(core, session);
    free(indexes);
    free(records);
}

/* Rows are within what the page says it covers. */
static bool rows_fit(const struct fc_wire_page *page)
{
    struct fc_unpack at;
    fc_wire_items(&at, &page->rows);
    while (fc_wire_more_items(&at)) {
        struct fc_wire_row row;
        fc_wire_get_row(&at, &row);
        if (row.index == 0 || row.index > page->next)
            return false;
    }
    return true;
}

/* The answer to a comparison: what is held here was held there, and this is what came after. */
static void was_known(struct fc_core *core, struct fc_session *session,
                      const struct fc_wire_page *page)
{
    struct fc_sync *sync = &session->sync;
    sync->audit = false;
    if (page->next < page->index)
        sync->reached = 0; /* what follows is asked for from there on */
    fc_compare_note(core, session, 0, 0);
}

void fc_sync_page(struct fc_core *core, struct fc_session *session, const struct fc_wire_page *page)
{
    struct fc_sync *sync = &session->sync;
    bool compared = sync->state == FC_SYNC_COMPARING;
    if (sync->state != FC_SYNC_ASKED && !compared)
        return;           /* an answer to a question that was given up */
    if (sync->overflow) { /* it was asked under other rules */
        fc_sync_taken(core, session);
        return;
    }
    if (page->epoch != sync->epoch) {
        sync->state = FC_SYNC_IDLE;
        sync->auditing = false;
        fc_sync_mark(core, session,
                     &(struct fc_wire_mark){.epoch = page->epoch, .index = page->index});
        return;
    }
    if (!rows_fit(page) || (!compared && page->next <= sync->reached && page->next < page->index)) {
        fc_session_close(core, session, FC_GOODBYE_PROTOCOL, "a page that does not fit");
        return;
    }
    if (compared)
        was_known(core, session, page);
    if (page->index > sync->index)
        sync->index = page->index;
    sync->page_next = page->next;
    if (page->rows.count == 0)
        fc_sync_taken(core, session);
    else
        take_rows(core, session, page);
}
