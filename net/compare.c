#include <stdlib.h>
#include <string.h>

#include "net/inside.h"

/* One comparison under way: symbols come until the difference is out, or, where that would cost
 * more, all items; then what is lacking here is fetched. */
struct fc_compare {
    struct fc_sip_key key;
    struct fc_holding own;
    struct fc_riblt riblt;
    struct fc_riblt_tally tally;
    uint64_t index; /* the peer's last arrival, when it began */
    uint32_t rounds, lists;
    bool audit;   /* the cursor said in sync */
    bool listing; /* items are asked for, from above `after` on */
    bool more;
    struct fc_riblt_item after;
    struct fc_riblt_item *lacking;
    uint32_t count, done, asked;
    uint32_t found, ahead; /* in all: lacking here; held here and not there */
};

void fc_compare_drop(struct fc_session *session)
{
    struct fc_compare *compare = session->sync.compare;
    if (!compare)
        return;
    fc_holding_finish(&compare->own);
    fc_riblt_finish(&compare->riblt);
    free(compare->lacking);
    free(compare);
    session->sync.compare = NULL;
}

void fc_compare_note(struct fc_core *core, struct fc_session *session, uint32_t lacking,
                     uint32_t ahead)
{
    struct fc_core_audit *audit = &core->audit;
    audit->count++;
    audit->found += lacking != 0 && session->sync.compare && session->sync.compare->audit;
    audit->fetched += lacking;
    audit->last_ms = core->wall_ms;
    audit->peer = session->key;
    audit->lacking = lacking;
    audit->ahead = ahead;
    session->sync.compared_us = core->audited_us = core->now_us;
    session->sync.audit = false;
}

/* -- asking ----------------------------------------------------------------------------------- */

/* A key nobody can foresee: its draws follow from the node's seed. */
static struct fc_sip_key draw_key(struct fc_core *core)
{
    struct fc_sip_key key;
    uint8_t number[8];
    fc_put_be64(number, core->keys_drawn++);
    struct fc_hash hash =
        fc_hash2("fedcat.compare.1", fc_span(core->config.seed, sizeof core->config.seed),
                 fc_span(number, sizeof number));
    memcpy(key.b, hash.b, sizeof key.b);
    return key;
}

static void send_ask(struct fc_core *core, struct fc_session *session, bool tallied)
{
    struct fc_sync *sync = &session->sync;
    struct fc_compare *compare = sync->compare;
    struct fc_wire message = {.kind = FC_WIRE_COMPARE,
                              .compare = {.key = compare->key,
                                          .tally = {.count = compare->own.count},
                                          .tallied = tallied,
                                          .index = compare->index,
                                          .from = compare->riblt.cell_count}};
    if (tallied) {
        if (compare->tally.count == 0)
            fc_riblt_count(&compare->key, compare->own.items, compare->own.count, &compare->tally);
        message.compare.tally = compare->tally;
    } else {
        message.compare.want = FC_COMPARE_GUESS;
    }
    if (compare->listing)
        message.compare.after = fc_span(compare->after.b, sizeof compare->after.b);
    fc_core_digests(core, &message.compare.heads, &message.compare.records);
    sync->state = FC_SYNC_COMPARING;
    sync->deadline_us = core->now_us + FC_ANSWER_US;
    fc_session_send(core, session, &message);
}

static bool look(struct fc_core *core, struct fc_compare *compare)
{
    fc_holding_finish(&compare->own);
    enum fc_err err = fc_holding_make(core->config.replica, &compare->key, &compare->own);
    return !fc_core_store_failed(core, err) && err == FC_OK;
}

void fc_compare_ask(struct fc_core *core, struct fc_session *session)
{
    struct fc_sync *sync = &session->sync;
    fc_compare_drop(session);
    sync->compare = calloc(1, sizeof *sync->compare);
    if (!sync->compare) {
        core->err = FC_E_NOMEM;
        return;
    }
    sync->compare->audit = sync->auditing;
    sync->compare->key = sync->compare->riblt.key = draw_key(core);
    if (!look(core, sync->compare))
        return;
    sync->needed = false;
    sync->overflow = false;
    sync->asked_us = core->now_us;
    send_ask(core, session, !sync->auditing);
}

/* -- what is lacking -------------------------------------------------------------------------- */

static void ask_items(struct fc_core *core, struct fc_session *session)
{
    struct fc_sync *sync = &session->sync;
    struct fc_compare *compare = sync->compare;
    uint32_t left = compare->count - compare->done;
    compare->asked = left < FC_FETCH_MAX ? left : FC_FETCH_MAX;
    struct fc_wire message = {
        .kind = FC_WIRE_FETCH,
        .fetch = {.key = compare->key,
                  .items = fc_span(compare->lacking + compare->done,
                                   compare->asked * sizeof *compare->lacking)}};
    sync->auditing = false; /* from here on this node is not in sync with the peer */
    sync->state = FC_SYNC_FETCHING;
    sync->deadline_us = core->now_us + FC_ANSWER_US;
    fc_session_send(core, session, &message);
}

static void end(struct fc_core *core, struct fc_session *session)
{
    struct fc_sync *sync = &session->sync;
    if (!sync->overflow)
        fc_compare_note(core, session, sync->compare->found, sync->compare->ahead);
    sync->page_next = sync->compare->index;
    if (sync->page_next > sync->index)
        sync->index = sync->page_next;
    fc_sync_taken(core, session);
}

/* Items asked for are through: those above them, or the end. */
static void go_on(struct fc_core *core, struct fc_session *session)
{
    struct fc_compare *compare = session->sync.compare;
    if (!compare->more || session->sync.overflow)
        end(core, session);
    else if (look(core, compare))
        send_ask(core, session, false);
}

/* Another peer has told all it holds: what is lacking is likely on its way from there. */
static bool may_come_by_itself(const struct fc_core *core, const struct fc_session *session)
{
    if (session->sync.compare->count > FC_AUDIT_WAIT_MAX)
        return false;
    for (uint32_t i = 0; i < core->session_count; i++)
        if (core->sessions[i] != session && core->sessions[i]->active &&
            fc_sync_is_done(core->sessions[i]))
            return true;
    return session->sync.auditing;
}

/* Keeps of `items` what is lacking, and has it fetched. */
static void fetch(struct fc_core *core, struct fc_session *session,
                  const struct fc_riblt_item *items, uint32_t count)
{
    struct fc_sync *sync = &session->sync;
    struct fc_compare *compare = sync->compare;
    uint32_t here;
    enum fc_err err;
    free(compare->lacking);
    compare->lacking = calloc(count ? count : 1, sizeof *compare->lacking);
    if (!compare->lacking) {
        core->err = FC_E_NOMEM;
        return;
    }
    if (count != 0)
        memcpy(compare->lacking, items, count * sizeof *items);
    compare->done = 0;
    compare->count = fc_holding_lacking(&compare->own, compare->lacking, count, &here, &err);
    if (err != FC_OK)
        core->err = err;
    if (!compare->listing)
        compare->ahead = here;
    fc_riblt_finish(&compare->riblt);
    fc_holding_finish(&compare->own);
    if (err != FC_OK) {
        return;
    } else if (compare->count == 0) {
        go_on(core, session);
    } else if (!compare->listing && may_come_by_itself(core, session)) {
        sync->state = FC_SYNC_WAITING;
        sync->deadline_us = core->now_us + FC_AUDIT_WAIT_US;
    } else {
        compare->found += compare->count;
        ask_items(core, session);
    }
}

void fc_compare_waited(struct fc_core *core, struct fc_session *session)
{
    struct fc_sync *sync = &session->sync;
    struct fc_compare *compare = sync->compare;
    uint32_t here;
    enum fc_err err;
    if (core->now_us < sync->deadline_us)
        return;
    if (sync->overflow) { /* it was asked under other rules */
        end(core, session);
        return;
    }
    if (!look(core, compare))
        return;
    compare->count =
        fc_holding_lacking(&compare->own, compare->lacking, compare->count, &here, &err);
    fc_holding_finish(&compare->own);
    if (err != FC_OK) {
        core->err = err;
    } else if (compare->count == 0) {
        end(core, session);
    } else {
        compare->found += compare->count;
        ask_items(core, session);
    }
}

/* -- answers ---------------------------------------------------------------------------------- */

static void list_instead(struct fc_core *core, struct fc_session *session)
{
    struct fc_compare *compare = session->sync.compare;
    fc_riblt_finish(&compare->riblt);
    compare->listing = true;
    compare->after = (struct fc_riblt_item){{0}};
    compare->index = 0;
    send_ask(core, session, false);
}

/* More symbols are worth it while they cost less than all items would. */
static bool is_worth_it(const struct fc_compare *compare, uint64_t their_count)
{
    uint64_t symbols = (uint64_t)compare->riblt.cell_count * FC_RIBLT_SYMBOL_BYTES;
    return compare->rounds < FC_COMPARE_ROUNDS_MAX && their_count <= UINT32_MAX &&
           symbols < their_count * FC_RIBLT_ITEM_BYTES;
}

static void take_symbols(struct fc_core *core, struct fc_session *session,
                         const struct fc_wire_sketch *sketch)
{
    struct fc_compare *compare = session->sync.compare;
    if (sketch->from == 0) { /* the first, or what is held there has changed meanwhile */
        fc_riblt_finish(&compare->riblt);
        compare->index = sketch->index;
    }
    bool fits = sketch->from == compare->riblt.cell_count && sketch->index == compare->index;
    enum fc_err err = FC_E_FORMAT;
    if (fits)
        err =
            fc_riblt_add(&compare->riblt, compare->own.items, compare->own.count, sketch->symbols);
    compare->rounds++;
    if (err == FC_E_NOMEM)
        core->err = err;
    else if (err == FC_OK && fc_riblt_is_done(&compare->riblt))
        fetch(core, session, compare->riblt.items, compare->riblt.item_count);
    else if (err == FC_OK && is_worth_it(compare, sketch->count))
        send_ask(core, session, true);
    else
        list_instead(core, session);
}

static bool ascend(const struct fc_riblt_item *after, const struct fc_riblt_item *items,
                   uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (fc_holding_compare(after, &items[i]) >= 0)
            return false;
        after = &items[i];
    }
    return true;
}

static void take_items(struct fc_core *core, struct fc_session *session,
                       const struct fc_wire_sketch *sketch)
{
    struct fc_compare *compare = session->sync.compare;
    uint32_t count = (uint32_t)(sketch->items.len / FC_RIBLT_ITEM_BYTES);
    struct fc_riblt_item *items = calloc(count ? count : 1, sizeof *items);
    if (!items) {
        core->err = FC_E_NOMEM;
        return;
    }
    if (count != 0)
        memcpy(items, sketch->items.data, sketch->items.len);
    if (!compare->listing || compare->lists == 0) {
        compare->listing = true;
        compare->after = (struct fc_riblt_item){{0}};
        compare->index = sketch->index; /* what comes later is above it, and asked for then */
    }
    compare->more = sketch->more && count != 0;
    if (!ascend(&compare->after, items, count) || ++compare->lists > FC_COMPARE_LISTS_MAX) {
        fc_session_close(core, session, FC_GOODBYE_PROTOCOL, "items that do not ascend, or end");
    } else {
        if (count != 0)
            compare->after = items[count - 1];
        fetch(core, session, items, count);
    }
    free(items);
}

void fc_compare_sketch(struct fc_core *core, struct fc_session *session,
                       const struct fc_wire_sketch *sketch)
{
    struct fc_sync *sync = &session->sync;
    if (sync->state != FC_SYNC_COMPARING)
        return;           /* an answer to a question that was given up */
    if (sync->overflow) { /* it was asked under other rules */
        fc_sync_taken(core, session);
    } else if (sketch->epoch != sync->epoch) {
        fc_compare_drop(session);
        sync->state = FC_SYNC_IDLE;
        sync->auditing = false;
        fc_sync_mark(core, session,
                     &(struct fc_wire_mark){.epoch = sketch->epoch, .index = sketch->index});
    } else if (sketch->symbols.len != 0 && !sync->compare->listing) {
        take_symbols(core, session, sketch);
    } else {
        take_items(core, session, sketch);
    }
}

/* Each record must be one that was asked for, or the head that has taken its place. */
static bool match(const struct fc_compare *compare, const struct fc_record *record, uint32_t looked,
                  uint32_t *place)
{
    struct fc_head head;
    struct fc_riblt_item item = fc_holding_record(&compare->key, &record->hash);
    if (record->type == FC_RECORD_HEAD) {
        if (fc_head_parse(record, &head) != FC_OK)
            return false;
        item = fc_holding_head(&compare->key, &head.participant, head.version, &record->hash);
    }
    for (; *place < looked; (*place)++) {
        const struct fc_riblt_item *asked = &compare->lacking[compare->done + *place];
        if (record->type == FC_RECORD_HEAD ? fc_holding_covers(&item, asked)
                                           : fc_holding_compare(&item, asked) == 0)
            return true;
    }
    return false;
}

void fc_compare_records(struct fc_core *core, struct fc_session *session,
                        const struct fc_wire_records *message)
{
    struct fc_sync *sync = &session->sync;
    struct fc_compare *compare = sync->compare;
    struct fc_unpack at;
    uint64_t indexes[FC_FETCH_MAX];
    struct fc_span records[FC_FETCH_MAX];
    if (sync->state != FC_SYNC_FETCHING)
        return;
    uint32_t count = 0, place = 0, looked = (uint32_t)message->looked;
    bool fits = looked != 0 && looked <= compare->asked && message->records.count <= looked;
    fc_wire_items(&at, &message->records);
    while (fits && fc_wire_more_items(&at)) {
        struct fc_record record;
        records[count] = fc_wire_get_record(&at);
        fits = fc_record_parse(records[count], &record) == FC_OK &&
               match(compare, &record, looked, &place);
        place++;
        /* Where it stands in the peer's log is not known: what waits keeps the cursor where it was
         * before the comparison. */
        if (fits)
            indexes[count++] = sync->reached + 1;
    }
    if (!fits) {
        fc_session_close(core, session, FC_GOODBYE_PROTOCOL, "records that were not asked for");
    } else if (fc_sync_take(core, session, indexes, records, count)) {
        compare->done += looked;
        if (compare->done < compare->count && !sync->overflow)
            ask_items(core, session);
        else
            go_on(core, session);
    }
}

/* -- the answering side ----------------------------------------------------------------------- */

/* About 1.35 symbols for each item that differs, 1.75 where they are few, and some to spare for an
 * estimate that is a quarter off. */
static uint64_t symbols_for(uint64_t differing)
{
    return differing + differing / 2 + 8;
}

static void send_symbols(struct fc_core *core, struct fc_session *session,
                         const struct fc_wire_compare *asked, const struct fc_holding *own,
                         uint64_t symbols)
{
    struct fc_arrival_mark mark = fc_replica_arrival_mark(core->config.replica);
    struct fc_wire message = {.kind = FC_WIRE_SKETCH,
                              .sketch = {.epoch = mark.epoch, .index = mark.index}};
    struct fc_buf coded = {0};
    uint64_t from = asked->index == mark.index ? asked->from : 0;
    uint64_t least = from / 2 > 8 ? from / 2 : 8;
    uint64_t to = symbols > from + least ? symbols : from + least;
    if (to - from > FC_SKETCH_SYMBOLS)
        to = from + FC_SKETCH_SYMBOLS;
    message.sketch.count = own->count;
    message.sketch.from = from;
    fc_riblt_encode(&asked->key, own->items, own->count, (uint32_t)from, (uint32_t)to, &coded);
    if (coded.failed)
        core->err = FC_E_NOMEM;
    message.sketch.symbols = fc_buf_span(&coded);
    fc_session_send(core, session, &message);
    fc_buf_finish(&coded);
}

static void send_items(struct fc_core *core, struct fc_session *session,
                       const struct fc_wire_compare *asked, struct fc_holding *own)
{
    struct fc_arrival_mark mark = fc_replica_arrival_mark(core->config.replica);
    struct fc_wire message = {
        .kind = FC_WIRE_SKETCH,
        .sketch = {.epoch = mark.epoch, .index = mark.index, .count = own->count}};
    uint32_t start = 0, count;
    if (own->count != 0)
        qsort(own->items, own->count, sizeof *own->items, fc_holding_compare);
    while (asked->after.len != 0 && start < own->count &&
           memcmp(own->items[start].b, asked->after.data, asked->after.len) <= 0)
        start++;
    count = own->count - start < FC_SKETCH_ITEMS ? own->count - start : FC_SKETCH_ITEMS;
    message.sketch.more = count < own->count - start;
    if (count != 0)
        message.sketch.items = fc_span(own->items + start, count * sizeof *own->items);
    fc_session_send(core, session, &message);
}

/* How much differs is a guess: the answer is symbols where they are likely to cost less than all
 * items, of which each is in one place only. */
static void answer(struct fc_core *core, struct fc_session *session,
                   const struct fc_wire_compare *asked, struct fc_holding *own)
{
    uint64_t symbols = asked->want;
    if (asked->tallied) {
        struct fc_riblt_tally tally;
        fc_riblt_count(&asked->key, own->items, own->count, &tally);
        symbols = symbols_for(fc_riblt_estimate(&asked->tally, &tally));
    }
    bool dear = symbols * FC_RIBLT_SYMBOL_BYTES > (uint64_t)own->count * FC_RIBLT_ITEM_BYTES;
    if (asked->after.len != 0 || own->count == 0 || (asked->tallied && dear))
        send_items(core, session, asked, own);
    else
        send_symbols(core, session, asked, own, symbols);
}

void fc_compare_serve(struct fc_core *core, struct fc_session *session,
                      const struct fc_wire_compare *asked)
{
    struct fc_holding own;
    uint64_t since;
    if (asked->from == 0 && asked->after.len == 0 &&
        fc_core_state_of(core, &asked->heads, &asked->records, &since) != FC_STATE_UNKNOWN) {
        fc_serve_page(core, session, since);
        return;
    }
    enum fc_err err = fc_holding_make(core->config.replica, &asked->key, &own);
    if (!fc_core_store_failed(core, err) && err == FC_OK)
        answer(core, session, asked, &own);
    fc_holding_finish(&own);
    /* What differs may be lacking here as well. */
    if (core->now_us - session->sync.compared_us > FC_AUDIT_REST_US)
        session->sync.audit = true;
}

/* -- fetching --------------------------------------------------------------------------------- */

struct wanted {
    struct fc_riblt_item item;
    uint32_t place;
};
struct finding {
    struct wanted *wanted; /* ascending by item */
    uint32_t count;
    struct found {
        bool head;
        struct fc_hash hash; /* a head's participant */
    } * found;               /* by place */
    bool *is_found;
};

static int compare_wanted(const void *a, const void *b)
{
    return fc_holding_compare(&((const struct wanted *)a)->item, &((const struct wanted *)b)->item);
}

/* Of a feed whatever head is held now answers: it covers the one that was asked for. */
static enum fc_err find_wanted(void *ctx, const struct fc_held_item *held)
{
    struct finding *finding = ctx;
    uint32_t low = 0, high = finding->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (memcmp(finding->wanted[middle].item.b, held->item.b, 6) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < finding->count; low++) {
        const struct wanted *wanted = &finding->wanted[low];
        bool same = fc_holding_compare(&wanted->item, &held->item) == 0;
        if (memcmp(wanted->item.b, held->item.b, 6) != 0)
            break;
        if (!same && !(held->feed && fc_holding_covers(&held->item, &wanted->item)))
            continue;
        finding->is_found[wanted->place] = true;
        finding->found[wanted->place] = (struct found){
            held->feed != NULL, held->feed ? held->feed->participant : held->record->record.hash};
    }
    return FC_OK;
}

static void put_found(struct fc_core *core, const struct found *found, struct fc_buf *records,
                      uint32_t *count)
{
    if (!found->head) {
        const struct fc_held *held =
            fc_ledger_find(fc_replica_ledger(core->config.replica), &found->hash);
        if (held) {
            fc_pack_bin(records, held->record.bytes);
            (*count)++;
        }
        return;
    }
    struct fc_buf record = {0};
    bool has_ops;
    enum fc_err err = fc_replica_head(core->config.replica, &found->hash, &record, NULL, &has_ops);
    if (!fc_core_store_failed(core, err) && err == FC_OK) {
        fc_pack_bin(records, fc_buf_span(&record));
        (*count)++;
    }
    fc_buf_finish(&record);
}

static void send_found(struct fc_core *core, struct fc_session *session,
                       const struct finding *finding)
{
    struct fc_wire message = {.kind = FC_WIRE_RECORDS};
    struct fc_buf records = {0};
    uint32_t count = 0, place = 0;
    for (; place < finding->count && records.len < FC_PAGE_BYTES && core->err == FC_OK; place++)
        if (finding->is_found[place])
            put_found(core, &finding->found[place], &records, &count);
    if (records.failed)
        core->err = FC_E_NOMEM;
    message.records.looked = place;
    message.records.records = (struct fc_wire_list){count, fc_buf_span(&records)};
    fc_session_send(core, session, &message);
    fc_buf_finish(&records);
}

void fc_compare_fetch(struct fc_core *core, struct fc_session *session,
                      const struct fc_wire_fetch *fetch)
{
    struct wanted wanted[FC_FETCH_MAX];
    struct found found[FC_FETCH_MAX];
    bool is_found[FC_FETCH_MAX] = {false};
    struct finding finding = {wanted, (uint32_t)(fetch->items.len / FC_RIBLT_ITEM_BYTES), found,
                              is_found};
    for (uint32_t i = 0; i < finding.count; i++) {
        memcpy(wanted[i].item.b, fetch->items.data + i * FC_RIBLT_ITEM_BYTES, FC_RIBLT_ITEM_BYTES);
        wanted[i].place = i;
    }
    qsort(wanted, finding.count, sizeof *wanted, compare_wanted);
    enum fc_err err = fc_holding_each(core->config.replica, &fetch->key, find_wanted, &finding);
    if (!fc_core_store_failed(core, err) && err == FC_OK)
        send_found(core, session, &finding);
}
