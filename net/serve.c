#include <stdlib.h>
#include <string.h>

#include "net/inside.h"

struct page {
    struct fc_buf rows;
    uint32_t count;
    uint64_t last;
};

static enum fc_err add_row(void *ctx, const struct fc_arrival *arrival)
{
    struct page *page = ctx;
    if (page->rows.len >= FC_PAGE_BYTES || page->count == FC_PAGE_ROWS_MAX)
        return FC_E_AGAIN;
    struct fc_wire_row row = {.index = arrival->index, .record = arrival->record};
    fc_wire_put_row(&page->rows, &row);
    page->count++;
    page->last = arrival->index;
    return page->rows.failed ? FC_E_NOMEM : FC_OK;
}

void fc_serve_page(struct fc_core *core, struct fc_session *session, uint64_t after)
{
    struct fc_arrival_mark mark = fc_replica_arrival_mark(core->config.replica);
    struct fc_wire message = {
        .kind = FC_WIRE_PAGE,
        .page = {.epoch = mark.epoch, .next = mark.index, .index = mark.index}};
    struct page page = {0};
    enum fc_err err = fc_replica_arrivals(core->config.replica, after, add_row, &page);
    if (err == FC_E_AGAIN)
        message.page.next = page.last;
    message.page.rows = (struct fc_wire_list){page.count, fc_buf_span(&page.rows)};
    if (err == FC_E_AGAIN || (!fc_core_store_failed(core, err) && err == FC_OK)) {
        if (message.page.next > session->told)
            session->told = message.page.next;
        if (session->told == mark.index)
            session->hole = false;
        fc_session_send(core, session, &message);
    }
    fc_buf_finish(&page.rows);
}

void fc_serve_sync(struct fc_core *core, struct fc_session *session,
                   const struct fc_wire_sync *sync)
{
    struct fc_arrival_mark mark = fc_replica_arrival_mark(core->config.replica);
    struct fc_hash heads, records;
    fc_core_digests(core, &heads, &records);
    if (fc_hash_eq(&heads, &sync->heads) && fc_hash_eq(&records, &sync->records)) {
        fc_serve_page(core, session, mark.index);
    } else if (sync->epoch == mark.epoch) {
        fc_serve_page(core, session, sync->after);
    } else {
        struct fc_wire message = {.kind = FC_WIRE_PAGE,
                                  .page = {.epoch = mark.epoch, .index = mark.index}};
        fc_session_send(core, session, &message);
    }
}

static struct fc_served *served_find(struct fc_session *session, uint64_t id)
{
    for (uint32_t i = 0; session->served && i < FC_SERVED_MAX; i++)
        if (session->served[i].used && session->served[i].id == id)
            return &session->served[i];
    return NULL;
}

static struct fc_served *served_new(struct fc_core *core, struct fc_session *session)
{
    if (!session->served)
        session->served = calloc(FC_SERVED_MAX, sizeof *session->served);
    if (!session->served) {
        core->err = FC_E_NOMEM;
        return NULL;
    }
    for (uint32_t i = 0; i < FC_SERVED_MAX; i++)
        if (!session->served[i].used)
            return &session->served[i];
    return NULL;
}

void fc_serve_feed(struct fc_core *core, struct fc_session *session,
                   const struct fc_wire_feed *feed)
{
    struct fc_served *served = served_find(session, feed->id);
    if (!served)
        served = served_new(core, session);
    if (!served)
        return; /* more at once than any honest peer asks for */
    fc_version since = feed->whole ? 0 : feed->since;
    *served = (struct fc_served){.used = true,
                                 .first = true,
                                 .id = feed->id,
                                 .participant = feed->participant,
                                 .since = since,
                                 .mode = since == 0 ? FC_MODE_WHOLE : FC_MODE_CHANGES,
                                 .credit = (uint32_t)feed->credit};
    core->serve_due = true;
}

void fc_serve_more(struct fc_core *core, struct fc_session *session,
                   const struct fc_wire_more *more)
{
    struct fc_served *served = served_find(session, more->id);
    if (!served)
        return;
    if (more->credit == 0)
        served->used = false;
    served->credit += (uint32_t)more->credit;
    if (served->credit > FC_CREDIT_MAX)
        served->credit = FC_CREDIT_MAX;
    core->serve_due = true;
}

/* The pass is through. When the feed moved on meanwhile, what changed since its begin follows. */
static bool pass_done(struct fc_served *served, fc_version version)
{
    if (version == served->start)
        return true;
    served->mode = FC_MODE_CHANGES;
    served->since = served->start;
    served->start = version;
    served->at = (struct fc_resume){0};
    return false;
}

struct filling {
    struct fc_buf head, items, frames, packed_items, packed_frames;
};

/* Fills one block. FC_OK, or what keeps it from being filled. */
static enum fc_err fill(struct fc_core *core, struct fc_served *served, struct fc_wire_block *block,
                        struct filling *at)
{
    struct fc_replica *replica = core->config.replica;
    struct fc_feed feed;
    bool through = false, has_ops;
    enum fc_err err = fc_replica_feed(replica, &served->participant, &feed);
    if (err == FC_OK && (feed.version == 0 || feed.version <= served->since))
        err = FC_E_MISSING;
    if (err != FC_OK)
        return err;
    if (served->first) {
        served->start = feed.version;
        err = fc_replica_count_changes(replica, &served->participant, served->since,
                                       &block->entries, &block->bytes);
    }
    block->mode = served->mode;
    if (err == FC_OK)
        err = fc_replica_read_changes(replica, &served->participant, served->since, &served->at,
                                      FC_BLOCK_OPEN_BYTES, &at->items, &at->frames, &through);
    if (err == FC_OK && through)
        block->done = pass_done(served, feed.version);
    if ((err == FC_OK && (block->done || served->first)) || err == FC_E_GAP) {
        enum fc_err failed =
            fc_replica_head(replica, &served->participant, &at->head, NULL, &has_ops);
        err = failed != FC_OK ? failed : err;
    }
    struct fc_codec *codec = fc_core_codec(core);
    if (err == FC_OK && at->items.len != 0)
        err = codec ? fc_block_pack(codec, fc_buf_span(&at->items), &at->packed_items) : FC_E_NOMEM;
    if (err == FC_OK && at->frames.len != 0)
        err =
            codec ? fc_block_pack(codec, fc_buf_span(&at->frames), &at->packed_frames) : FC_E_NOMEM;
    if (err == FC_OK && (at->items.failed || at->frames.failed || at->head.failed))
        err = FC_E_NOMEM;
    return err;
}

static void serve_block(struct fc_core *core, struct fc_session *session, struct fc_served *served)
{
    struct fc_wire message = {.kind = FC_WIRE_BLOCK};
    struct fc_wire_block *block = &message.block;
    struct filling at = {0};
    block->id = served->id;
    enum fc_err err = fill(core, served, block, &at);
    if (err == FC_E_GAP)
        block->mode = FC_MODE_WALK;
    else if (err != FC_OK)
        block->mode = FC_MODE_NONE;
    if (err != FC_OK) {
        block->done = true;
        block->entries = block->bytes = 0;
    } else {
        block->items = fc_buf_span(&at.packed_items);
        block->frames = fc_buf_span(&at.packed_frames);
    }
    if (err == FC_OK || err == FC_E_GAP)
        block->head = fc_buf_span(&at.head);
    served->first = false;
    served->credit--;
    served->used = !block->done;
    if (err == FC_E_GAP || !fc_core_store_failed(core, err))
        fc_session_send(core, session, &message);
    fc_buf_finish(&at.head);
    fc_buf_finish(&at.items);
    fc_buf_finish(&at.frames);
    fc_buf_finish(&at.packed_items);
    fc_buf_finish(&at.packed_frames);
}

/* Peers take turns, a block of each of their feeds at a time. */
void fc_serve_run(struct fc_core *core)
{
    size_t start = core->effects->bytes;
    bool served_any = core->serve_due;
    core->serve_due = false;
    while (served_any && core->err == FC_OK) {
        served_any = false;
        for (uint32_t i = 0; i < core->session_count && core->err == FC_OK; i++) {
            struct fc_session *session =
                core->sessions[(core->serve_next + i) % core->session_count];
            for (uint32_t j = 0; session->served && j < FC_SERVED_MAX; j++) {
                struct fc_served *served = &session->served[j];
                if (session->state != FC_SESSION_OPEN || session->blocked || !served->used ||
                    served->credit == 0)
                    continue;
                if (core->effects->bytes - start >= FC_SERVED_STEP_BYTES) {
                    core->serve_next = (core->serve_next + i) % core->session_count;
                    core->serve_due = true;
                    return;
                }
                serve_block(core, session, served);
                served_any = true;
            }
        }
    }
}

void fc_serve_walk(struct fc_core *core, struct fc_session *session,
                   const struct fc_wire_walk *walk)
{
    struct fc_wire message = {.kind = FC_WIRE_NODES, .nodes = {.id = walk->id}};
    struct fc_buf head = {0}, places = {0};
    struct fc_buf parts[3] = {{0}};
    struct fc_unpack at;
    uint32_t count = 0;
    bool has_ops;
    enum fc_err err =
        fc_replica_head(core->config.replica, &walk->participant, &head, NULL, &has_ops);
    fc_wire_items(&at, &walk->prefixes);
    while (err == FC_OK && fc_wire_more_items(&at) && places.len < FC_BLOCK_BYTES) {
        struct fc_wire_place place;
        fc_wire_get_prefix(&at, &place.prefix);
        for (int i = 0; i < 3; i++)
            fc_buf_clear(&parts[i]);
        err = fc_replica_read_walk(core->config.replica, &walk->participant, &place.prefix,
                                   &parts[0], &parts[1], &parts[2]);
        place.nodes = fc_buf_span(&parts[0]);
        place.items = fc_buf_span(&parts[1]);
        place.frames = fc_buf_span(&parts[2]);
        if (err == FC_OK) {
            fc_wire_put_place(&places, &place);
            count++;
        }
    }
    if (!fc_core_store_failed(core, err)) {
        if (err == FC_OK) {
            message.nodes.head = fc_buf_span(&head);
            message.nodes.places = (struct fc_wire_list){count, fc_buf_span(&places)};
        }
        fc_session_send(core, session, &message);
    }
    for (int i = 0; i < 3; i++)
        fc_buf_finish(&parts[i]);
    fc_buf_finish(&head);
    fc_buf_finish(&places);
}

void fc_serve_want(struct fc_core *core, struct fc_session *session,
                   const struct fc_wire_want *want)
{
    struct fc_wire message = {.kind = FC_WIRE_CONTENTS, .contents = {.id = want->id}};
    struct fc_buf contents = {0}, frame = {0};
    uint32_t count = 0;
    struct fc_unpack at;
    fc_wire_items(&at, &want->wants);
    while (fc_wire_more_items(&at) && contents.len < FC_PUSH_CONTENT_BYTES) {
        struct fc_hash participant, key_hash;
        struct fc_content content;
        fc_wire_get_want(&at, &participant, &key_hash);
        fc_buf_clear(&frame);
        enum fc_err err = fc_replica_content_frame(core->config.replica, &participant, &key_hash,
                                                   &frame, &content);
        if (fc_core_store_failed(core, err))
            break;
        message.contents.looked++;
        if (err != FC_OK)
            continue;
        fc_wire_put_content(&contents, &participant, &content);
        count++;
    }
    if (contents.failed)
        core->err = FC_E_NOMEM;
    message.contents.contents = (struct fc_wire_list){count, fc_buf_span(&contents)};
    fc_session_send(core, session, &message);
    fc_buf_finish(&contents);
    fc_buf_finish(&frame);
}
