#include <stdlib.h>
#include <string.h>

#include "net/inside.h"

enum { FETCH_ROWS = 512 }; /* asked for at once: what comes may have to wait in pending */

void fc_sync_open(struct fc_core *core, struct fc_session *session)
{
    struct fc_sync *sync = &session->sync;
    struct fc_arrival_mark own = fc_replica_arrival_mark(core->config.replica);
    struct fc_hash heads, records;
    fc_core_digests(core, &heads, &records);
    sync->epoch = session->hello_epoch;
    sync->index = session->hello_index;
    if (fc_hash_eq(&heads, &session->hello_heads) &&
        fc_hash_eq(&records, &session->hello_records)) {
        sync->reached = sync->index;
    } else if (session->peer->cursor_epoch == sync->epoch && sync->epoch != 0) {
        sync->reached = fc_earlier(session->peer->cursor_index, sync->index);
    } else {
        /* Rows without records pay where much of what the peer holds may be here already. */
        sync->brief = own.index >= sync->index / 4;
        sync->reached = 0;
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
        sync->brief = true; /* most of what is above is here */
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
        sync->brief = true;
        sync->needed = true;
        if (sync->state != FC_SYNC_IDLE)
            sync->overflow = true; /* the page under way does not count */
    }
}

bool fc_sync_is_done(const struct fc_session *session)
{
    const struct fc_sync *sync = &session->sync;
    return session->state == FC_SESSION_OPEN && !sync->needed && sync->state == FC_SYNC_IDLE &&
           sync->reached >= sync->index && session->pending_count == 0;
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
        sync->brief = true;
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
    struct fc_wire message = {
        .kind = FC_WIRE_SYNC,
        .sync = {.epoch = sync->epoch, .after = sync->reached, .brief = sync->brief}};
    fc_core_digests(core, &message.sync.heads, &message.sync.records);
    sync->state = FC_SYNC_ASKED;
    sync->needed = false;
    sync->overflow = false;
    sync->asked_us = core->now_us;
    sync->deadline_us = core->now_us + FC_ANSWER_US;
    fc_session_send(core, session, &message);
}

static void ask_rows(struct fc_core *core, struct fc_session *session)
{
    struct fc_sync *sync = &session->sync;
    struct fc_wire message = {.kind = FC_WIRE_FETCH};
    struct fc_buf rows = {0};
    uint32_t left = sync->row_count - sync->row_done;
    sync->row_asked = left < FETCH_ROWS ? left : FETCH_ROWS;
    for (uint32_t i = 0; i < sync->row_asked; i++)
        fc_wire_put_ask(&rows, &sync->rows[sync->row_done + i].ask);
    if (rows.failed)
        core->err = FC_E_NOMEM;
    message.fetch.rows =
        (struct fc_wire_list){.count = sync->row_asked, .bytes = fc_buf_span(&rows)};
    sync->state = FC_SYNC_FETCHING;
    sync->deadline_us = core->now_us + FC_ANSWER_US;
    fc_session_send(core, session, &message);
    fc_buf_finish(&rows);
}

void fc_sync_run(struct fc_core *core)
{
    uint32_t under_way = 0;
    for (uint32_t i = 0; i < core->session_count; i++) {
        struct fc_session *session = core->sessions[i];
        if (session->state != FC_SESSION_OPEN || session->sync.state == FC_SYNC_IDLE)
            continue;
        if (core->now_us >= session->sync.deadline_us)
            fc_session_close(core, session, FC_GOODBYE_SILENT, "no answer to a sync");
        else /* one that takes its time over a page must not keep the others waiting */
            under_way += core->now_us - session->sync.asked_us < FC_ANSWER_US;
    }
    uint32_t first = core->sync_next;
    for (uint32_t i = 0; i < core->session_count && under_way < FC_SYNCS_MAX; i++) {
        uint32_t turn = (first + i) % core->session_count;
        struct fc_session *session = core->sessions[turn];
        if (session->state != FC_SESSION_OPEN || session->sync.state != FC_SYNC_IDLE ||
            !session->sync.needed || !fc_pending_has_room(session))
            continue;
        ask_page(core, session);
        core->sync_next = turn + 1;
        under_way++;
    }
}

/* The page is through: the next, unless something of it found no room. */
static void page_done(struct fc_core *core, struct fc_session *session)
{
    struct fc_sync *sync = &session->sync;
    free(sync->rows);
    sync->rows = NULL;
    sync->row_count = sync->row_done = sync->row_asked = 0;
    sync->state = FC_SYNC_IDLE;
    if (!sync->overflow && sync->page_next > sync->reached)
        sync->reached = sync->page_next;
    if (!sync->overflow && sync->ahead_prev <= sync->reached && sync->ahead_index > sync->reached)
        sync->reached = sync->ahead_index;
    sync->needed = sync->overflow || sync->reached < sync->index;
    if (!sync->needed)
        sync->brief = false;
    fc_sync_note(core, session);
}

static bool is_lacking(struct fc_core *core, const struct fc_wire_row *row)
{
    struct fc_feed feed;
    if (row->type != FC_RECORD_HEAD)
        return fc_ledger_find(fc_replica_ledger(core->config.replica), &row->hash) == NULL;
    enum fc_err err = fc_replica_feed(core->config.replica, &row->subject, &feed);
    if (fc_core_store_failed(core, err))
        return false;
    return err != FC_OK || feed.damaged || feed.version < row->version ||
           (feed.version == row->version && !fc_hash_eq(&feed.head_hash, &row->hash));
}

static void take_brief(struct fc_core *core, struct fc_session *session,
                       const struct fc_wire_page *page)
{
    struct fc_sync *sync = &session->sync;
    struct fc_unpack at;
    free(sync->rows);
    sync->row_count = sync->row_done = 0;
    sync->rows = calloc(page->rows.count, sizeof *sync->rows);
    if (!sync->rows) {
        core->err = FC_E_NOMEM;
        return;
    }
    fc_wire_items(&at, &page->rows);
    while (fc_wire_more_items(&at)) {
        struct fc_wire_row row;
        fc_wire_get_row(&at, &row);
        if (is_lacking(core, &row))
            sync->rows[sync->row_count++] =
                (struct fc_fetch_row){row.index, {row.type, row.subject, row.hash}};
    }
    if (sync->row_count != 0)
        ask_rows(core, session);
    else
        page_done(core, session);
}

/* Records in their order, then all heads, their signatures in one batch. */
static bool take_records(struct fc_core *core, struct fc_session *session,
                         const struct fc_fetch_row *rows, const struct fc_span *records,
                         uint32_t count)
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
        line->index = rows[i].index;
        if (fc_record_parse(records[i], &line->record) == FC_OK &&
            line->record.type == FC_RECORD_HEAD &&
            fc_head_parse(&line->record, &line->head) == FC_OK)
            head_count++;
        else
            open = fc_accept_record(core, session, rows[i].index, records[i]);
    }
    if (open && core->err == FC_OK)
        open = fc_accept_heads(core, session, heads, head_count);
    session->sync.overflow = session->sync.overflow || session->no_room;
    free(heads);
    return open && core->err == FC_OK;
}

static void take_full(struct fc_core *core, struct fc_session *session,
                      const struct fc_wire_page *page)
{
    struct fc_fetch_row *rows = calloc(page->rows.count, sizeof *rows);
    struct fc_span *records = calloc(page->rows.count, sizeof *records);
    uint32_t count = 0;
    struct fc_unpack at;
    fc_wire_items(&at, &page->rows);
    while (rows && records && fc_wire_more_items(&at)) {
        struct fc_wire_row row;
        fc_wire_get_row(&at, &row);
        rows[count].index = row.index;
        records[count++] = row.record;
    }
    if (!rows || !records)
        core->err = FC_E_NOMEM;
    else if (take_records(core, session, rows, records, count))
        page_done(core, session);
    free(rows);
    free(records);
}

/* Rows are all of the kind asked for and within what the page says it covers. */
static bool rows_fit(const struct fc_session *session, const struct fc_wire_page *page)
{
    struct fc_unpack at;
    fc_wire_items(&at, &page->rows);
    while (fc_wire_more_items(&at)) {
        struct fc_wire_row row;
        fc_wire_get_row(&at, &row);
        if (row.index == 0 || row.index > page->next ||
            (row.record.len == 0) != session->sync.brief)
            return false;
    }
    return true;
}

void fc_sync_page(struct fc_core *core, struct fc_session *session, const struct fc_wire_page *page)
{
    struct fc_sync *sync = &session->sync;
    if (sync->state != FC_SYNC_ASKED)
        return;           /* an answer to a question that was given up */
    if (sync->overflow) { /* it was asked under other rules */
        sync->state = FC_SYNC_IDLE;
        return;
    }
    if (page->epoch != sync->epoch) {
        sync->state = FC_SYNC_IDLE;
        fc_sync_mark(core, session,
                     &(struct fc_wire_mark){.epoch = page->epoch, .index = page->index});
        return;
    }
    if (!rows_fit(session, page) || (page->next <= sync->reached && page->next < page->index)) {
        fc_session_close(core, session, FC_GOODBYE_PROTOCOL, "a page that does not fit");
        return;
    }
    if (page->index > sync->index)
        sync->index = page->index;
    sync->page_next = page->next;
    if (page->rows.count == 0)
        page_done(core, session);
    else if (sync->brief)
        take_brief(core, session, page);
    else
        take_full(core, session, page);
}

/* Each record must be one that was asked for, or the head that has taken its place. */
static bool match(const struct fc_sync *sync, const struct fc_record *record, uint32_t looked,
                  uint32_t *place)
{
    struct fc_head head;
    bool is_head = record->type == FC_RECORD_HEAD;
    if (is_head && fc_head_parse(record, &head) != FC_OK)
        return false;
    for (; *place < looked; (*place)++) {
        const struct fc_wire_ask *ask = &sync->rows[sync->row_done + *place].ask;
        if (is_head ? ask->type == FC_RECORD_HEAD && fc_hash_eq(&ask->subject, &head.participant)
                    : fc_hash_eq(&ask->hash, &record->hash))
            return true;
    }
    return false;
}

void fc_sync_records(struct fc_core *core, struct fc_session *session,
                     const struct fc_wire_records *message)
{
    struct fc_sync *sync = &session->sync;
    struct fc_unpack at;
    if (sync->state != FC_SYNC_FETCHING)
        return;
    uint32_t count = 0, place = 0, looked = (uint32_t)message->looked;
    bool fits = looked != 0 && looked <= sync->row_asked && message->records.count <= looked;
    struct fc_fetch_row *rows = calloc(FETCH_ROWS, sizeof *rows);
    struct fc_span *records = calloc(FETCH_ROWS, sizeof *records);
    fc_wire_items(&at, &message->records);
    while (rows && records && fits && fc_wire_more_items(&at)) {
        struct fc_record record;
        records[count] = fc_wire_get_record(&at);
        fits = fc_record_parse(records[count], &record) == FC_OK &&
               match(sync, &record, looked, &place);
        if (fits)
            rows[count++].index = sync->rows[sync->row_done + place++].index;
    }
    if (!rows || !records) {
        core->err = FC_E_NOMEM;
    } else if (!fits) {
        fc_session_close(core, session, FC_GOODBYE_PROTOCOL, "records that were not asked for");
    } else if (take_records(core, session, rows, records, count)) {
        sync->row_done += looked;
        if (sync->row_done < sync->row_count && !sync->overflow)
            ask_rows(core, session);
        else
            page_done(core, session);
    }
    free(rows);
    free(records);
}
