#include "tests/support/publisher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/kv_lmdb.h"
#include "tests/support/tempdir.h"

enum { SLOTS = 24, PUTS = 6 };

void publisher_init(struct publisher *publisher)
{
    fc_test_federation_init(&publisher->fed, "publisher", 3);
    fc_test_party_init(&publisher->party, &publisher->fed, "publisher");
}

void publisher_finish(struct publisher *publisher)
{
    fc_test_party_finish(&publisher->party);
    fc_test_federation_finish(&publisher->fed);
}

/* The same work again when it did not fit the map, which has grown. */
static enum fc_err admit(const struct publisher *publisher, struct fc_replica *replica)
{
    struct fc_participant who;
    enum fc_err err;
    if (fc_ledger_participant(fc_replica_ledger(replica), &publisher->party.id, &who) == FC_OK)
        return FC_OK;
    do {
        err = fc_replica_begin(replica);
        if (err != FC_OK)
            return err;
        err = fc_replica_add_record(replica, fc_buf_span(&publisher->fed.charter_record));
        if (err == FC_OK)
            err = fc_replica_add_record(replica, fc_buf_span(&publisher->party.certificate_record));
        if (err == FC_OK)
            err = fc_replica_commit(replica);
        else
            fc_replica_abort(replica);
    } while (err == FC_E_MAP_FULL);
    return err;
}

enum fc_err publisher_open(const struct publisher *publisher, const char *dir,
                           struct fc_replica **replica)
{
    char *path = tempdir_path(dir, "store");
    const struct fc_kv_lmdb_config store = {.path = path, .create = true, .map_bytes = 1 << 20};
    struct fc_replica_config config = {.verifier = fc_verifier_plain(),
                                       .seed = {1, 2, 3},
                                       .federation = publisher->fed.id,
                                       .create = true};
    enum fc_err err = fc_kv_lmdb_open(&store, &config.kv);
    free(path);
    if (err == FC_OK)
        err = fc_replica_open(&config, replica);
    if (err != FC_OK)
        return err;
    err = admit(publisher, *replica);
    if (err != FC_OK)
        fc_replica_close(*replica);
    return err;
}

/* -- numbered deltas --------------------------------------------------------------------------- */

struct texts {
    char keys[PUTS + 1][32];
    char contents[PUTS][400];
};

static void content_of(uint64_t number, unsigned slot, char *out, size_t len)
{
    int at = snprintf(out, len, "{\"number\":%llu,\"slot\":%u,\"text\":\"",
                      (unsigned long long)number, slot);
    unsigned fill = 20 + (unsigned)(number * 37 + slot * 11) % 300;
    for (unsigned i = 0; i < fill && (size_t)at + 3 < len; i++)
        out[at++] = (char)('a' + (number * 7 + slot * 3 + (uint64_t)i * i) % 26);
    snprintf(out + at, len - (size_t)at, "\"}");
}

static unsigned slot_of(uint64_t number, unsigned i)
{
    return (unsigned)(number * 5 + i) % SLOTS;
}

static unsigned deleted_slot(uint64_t number)
{
    return (unsigned)(number * 5 + SLOTS - 1) % SLOTS;
}

/* Slot -> the number of the delta that put it last; 0: not there. */
static void model(uint64_t last, uint64_t slots[SLOTS])
{
    memset(slots, 0, SLOTS * sizeof slots[0]);
    uint64_t first = last > 4 * SLOTS ? last - 4 * SLOTS : 1;
    for (uint64_t number = first; number <= last; number++) {
        for (unsigned i = 0; i < PUTS; i++)
            slots[slot_of(number, i)] = number;
        slots[deleted_slot(number)] = 0;
    }
}

static enum fc_err sign(void *ctx, struct fc_span head_body, struct fc_span delta_ops,
                        const struct fc_content *contents, uint32_t count, struct fc_buf *record)
{
    const struct publisher *publisher = ctx;
    (void)delta_ops;
    (void)contents;
    (void)count;
    return fc_record_sign(FC_RECORD_HEAD, head_body, &publisher->party.feed.secret, record);
}

enum fc_err publisher_publish(const struct publisher *publisher, struct fc_replica *replica,
                              uint64_t number)
{
    struct texts texts;
    struct fc_op ops[PUTS + 1];
    struct fc_content contents[PUTS];
    uint64_t slots[SLOTS];
    fc_version version;
    enum fc_err err;
    model(number - 1, slots);
    do {
        struct publisher *signer = (struct publisher *)(uintptr_t)publisher;
        struct fc_author author = {.participant = publisher->party.id,
                                   .ops = ops,
                                   .contents = contents,
                                   .content_count = PUTS,
                                   .now_ms = FC_TEST_NOW_MS,
                                   .ctx = signer,
                                   .sign = sign};
        for (unsigned i = 0; i < PUTS; i++) {
            snprintf(texts.keys[i], sizeof texts.keys[i], "urn:slot:%u", slot_of(number, i));
            content_of(number, slot_of(number, i), texts.contents[i], sizeof texts.contents[i]);
            ops[author.op_count++] = (struct fc_op){.kind = FC_OP_PUT,
                                                    .key = fc_span_str(texts.keys[i]),
                                                    .media_type = fc_span_str("application/json"),
                                                    .status = FC_STATUS_ACTIVE};
            contents[i] = (struct fc_content){.key_hash = fc_key_hash(fc_span_str(texts.keys[i])),
                                              .bytes = fc_span_str(texts.contents[i])};
        }
        if (slots[deleted_slot(number)]) {
            snprintf(texts.keys[PUTS], sizeof texts.keys[PUTS], "urn:slot:%u",
                     deleted_slot(number));
            ops[author.op_count++] =
                (struct fc_op){.kind = FC_OP_DELETE, .key = fc_span_str(texts.keys[PUTS])};
        }
        err = fc_replica_begin(replica);
        if (err != FC_OK)
            return err;
        err = fc_replica_author(replica, &author, &version);
        if (err == FC_OK)
            err = fc_replica_commit(replica);
        else
            fc_replica_abort(replica);
    } while (err == FC_E_MAP_FULL);
    return err;
}

static void damaged(void *ctx, const struct fc_damage *damage)
{
    fprintf(stderr, "%s\n", damage->text);
    *(bool *)ctx = false;
}

static bool slot_holds(const struct publisher *publisher, struct fc_replica *replica, unsigned slot,
                       uint64_t number)
{
    char key[32], expected[400];
    struct fc_buf content = {0};
    snprintf(key, sizeof key, "urn:slot:%u", slot);
    struct fc_hash key_hash = fc_key_hash(fc_span_str(key));
    enum fc_err err = fc_replica_content(replica, &publisher->party.id, &key_hash, &content);
    bool holds = number == 0 && err == FC_E_MISSING;
    if (number > 0 && err == FC_OK) {
        content_of(number, slot, expected, sizeof expected);
        holds = fc_span_eq(fc_buf_span(&content), fc_span_str(expected));
    }
    fc_buf_finish(&content);
    return holds;
}

bool publisher_holds(const struct publisher *publisher, struct fc_replica *replica, uint64_t *last)
{
    struct fc_feed feed;
    uint64_t slots[SLOTS];
    bool sound = true;
    *last = 0;
    if (fc_replica_feed(replica, &publisher->party.id, &feed) == FC_OK)
        *last = fc_version_seq(feed.version);
    if (fc_replica_verify(replica, false, damaged, NULL, &sound) != FC_OK || !sound)
        return false;
    model(*last, slots);
    for (unsigned slot = 0; slot < SLOTS && sound; slot++)
        sound = slot_holds(publisher, replica, slot, slots[slot]);
    return sound;
}
