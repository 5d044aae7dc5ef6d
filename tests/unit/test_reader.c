/* Readers on other threads: one commit, whole, while the writer goes on. Built a second time under
 * ThreadSanitizer (test_reader_tsan). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/kv_lmdb.h"
#include "store/kv_mem.h"
#include "store/query.h"
#include "store/reader.h"
#include "tests/support/keys.h"
#include "tests/support/replica.h"
#include "tests/support/tempdir.h"

enum { PARTIES = 12, ROUNDS = 120, READERS = 3, PAD = 6000 };

static void ok(enum fc_err err)
{
    assert_string_equal(fc_err_text(err), fc_err_text(FC_OK));
}

struct world {
    char *dir;
    struct fc_test_federation fed;
    struct fc_test_party parties[PARTIES];
    struct fc_replica *replica;
    struct fc_readers *readers;
};

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world->dir = tempdir_create();
    fc_test_federation_init(&world->fed, "readers", 3);
    for (unsigned i = 0; i < PARTIES; i++) {
        char label[16];
        snprintf(label, sizeof label, "party %u", i);
        fc_test_party_init(&world->parties[i], &world->fed, label);
    }
    char *path = tempdir_path(world->dir, "store");
    const struct fc_kv_lmdb_config store = {.path = path, .create = true, .map_bytes = 1};
    struct fc_replica_config config = {.verifier = fc_verifier_plain(),
                                       .federation = world->fed.id,
                                       .create = true,
                                       .index = true};
    ok(fc_kv_lmdb_open(&store, &config.kv));
    ok(fc_replica_open(&config, &world->replica));
    free(path);
    ok(fc_readers_create(world->replica, &world->readers));
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    fc_readers_destroy(world->readers);
    fc_replica_close(world->replica);
    for (unsigned i = 0; i < PARTIES; i++)
        fc_test_party_finish(&world->parties[i]);
    fc_test_federation_finish(&world->fed);
    tempdir_destroy(world->dir);
    free(world);
    return 0;
}

/* The same work again when it did not fit the map, which has grown. */
static enum fc_err add(struct world *world, const struct fc_buf *record)
{
    enum fc_err err;
    do {
        ok(fc_replica_begin(world->replica));
        err = fc_replica_add_record(world->replica, fc_buf_span(record));
        if (err == FC_OK)
            err = fc_replica_commit(world->replica);
        else
            fc_replica_abort(world->replica);
    } while (err == FC_E_MAP_FULL);
    return err;
}

static void put(struct world *world, const struct fc_test_party *party, const char *key,
                const char *content)
{
    struct fc_test_node node = {.replica = world->replica};
    struct fc_test_batch batch = {0};
    enum fc_err err;
    ok(fc_kv_reserve(fc_replica_kv(world->replica), 64 * 1024));
    do {
        fc_test_batch_put(&batch, key, content);
        err = fc_test_publish(&node, party, &batch, NULL);
    } while (err == FC_E_MAP_FULL);
    ok(err);
    fc_test_batch_finish(&batch);
}

static void expect(struct fc_replica *replica, const struct fc_test_party *party, const char *key,
                   const char *content)
{
    struct fc_buf got = {0};
    struct fc_hash key_hash = fc_key_hash(fc_span_str(key));
    ok(fc_replica_content(replica, &party->id, &key_hash, &got));
    assert_int_equal(got.len, strlen(content));
    assert_memory_equal(got.data, content, got.len);
    fc_buf_finish(&got);
}

static void one_commit_whole(void **state)
{
    struct world *world = *state;
    struct fc_reader *reader;
    struct fc_replica *seen;
    struct fc_feed feed;
    ok(fc_reader_open(world->readers, &reader));
    ok(fc_reader_begin(reader, &seen));
    assert_int_equal(fc_replica_arrival_mark(seen).index, 0);
    assert_null(fc_ledger_charter(fc_replica_ledger(seen), NULL));
    fc_reader_end(reader);

    ok(add(world, &world->fed.charter_record));
    ok(add(world, &world->parties[0].certificate_record));
    put(world, &world->parties[0], "urn:a", "first");
    ok(fc_reader_begin(reader, &seen));
    uint64_t index = fc_replica_arrival_mark(seen).index;
    expect(seen, &world->parties[0], "urn:a", "first");
    put(world, &world->parties[0], "urn:a", "second");
    ok(add(world, &world->parties[1].certificate_record));
    expect(seen, &world->parties[0], "urn:a", "first");
    assert_int_equal(fc_replica_arrival_mark(seen).index, index);
    assert_int_equal(fc_ledger_participant_count(fc_replica_ledger(seen)), 1);
    ok(fc_replica_feed(seen, &world->parties[0].id, &feed));
    assert_int_equal(feed.version & UINT32_MAX, 1);
    fc_reader_end(reader);

    ok(fc_reader_begin(reader, &seen));
    expect(seen, &world->parties[0], "urn:a", "second");
    assert_int_equal(fc_ledger_participant_count(fc_replica_ledger(seen)), 2);
    assert_int_equal(fc_replica_arrival_mark(seen).index,
                     fc_replica_arrival_mark(world->replica).index);
    fc_reader_end(reader);
    fc_reader_close(reader);
}

static uint64_t found(struct fc_replica *replica, const char *text)
{
    struct fc_query query;
    struct fc_query_result *result;
    fc_query_init(&query);
    ok(fc_query_parse(&query, fc_span_str(text), NULL));
    ok(fc_query_run(replica, &query, &result));
    uint64_t total = result->total;
    assert_int_equal(result->hit_count, total);
    fc_query_result_destroy(result);
    return total;
}

static void searches_see_their_commit(void **state)
{
    static const char first[] = "{\"id\":\"urn:a\",\"type\":\"x\",\"name\":\"alder\"}";
    static const char second[] = "{\"id\":\"urn:a\",\"type\":\"x\",\"name\":\"birch\"}";
    struct world *world = *state;
    struct fc_reader *reader;
    struct fc_replica *seen;
    ok(add(world, &world->fed.charter_record));
    ok(add(world, &world->parties[0].certificate_record));
    ok(fc_reader_open(world->readers, &reader));
    ok(fc_reader_begin(reader, &seen));
    assert_int_equal(found(seen, "alder"), 0);
    fc_reader_end(reader);
    put(world, &world->parties[0], "urn:a", first);
    ok(fc_reader_begin(reader, &seen));
    put(world, &world->parties[0], "urn:a", second);
    assert_int_equal(found(seen, "alder"), 1);
    assert_int_equal(found(seen, "birch"), 0);
    fc_reader_end(reader);
    ok(fc_reader_begin(reader, &seen));
    assert_int_equal(found(seen, "alder"), 0);
    assert_int_equal(found(seen, "birch"), 1);
    fc_reader_end(reader);
    fc_reader_close(reader);
}

static void what_was_aborted_is_never_seen(void **state)
{
    struct world *world = *state;
    struct fc_reader *reader;
    struct fc_replica *seen;
    ok(fc_reader_open(world->readers, &reader));
    ok(add(world, &world->fed.charter_record));
    ok(fc_replica_begin(world->replica));
    ok(fc_replica_add_record(world->replica, fc_buf_span(&world->parties[0].certificate_record)));
    ok(fc_reader_begin(reader, &seen));
    assert_int_equal(fc_ledger_participant_count(fc_replica_ledger(seen)), 0);
    fc_replica_abort(world->replica);
    assert_int_equal(fc_ledger_participant_count(fc_replica_ledger(seen)), 0);
    fc_reader_end(reader);
    /* Nothing to commit takes no number, so the next commit has the one this was offered under. */
    for (int i = 0; i < 3; i++) {
        ok(fc_replica_begin(world->replica));
        ok(fc_replica_commit(world->replica));
        ok(fc_reader_begin(reader, &seen));
        assert_int_equal(fc_ledger_participant_count(fc_replica_ledger(seen)), 0);
        fc_reader_end(reader);
    }
    ok(add(world, &world->parties[1].certificate_record));
    ok(fc_reader_begin(reader, &seen));
    assert_int_equal(fc_ledger_participant_count(fc_replica_ledger(seen)), 1);
    struct fc_hash digest, expected;
    ok(fc_ledger_digest(fc_replica_ledger(seen), &digest));
    ok(fc_ledger_digest(fc_replica_ledger(world->replica), &expected));
    assert_memory_equal(&digest, &expected, sizeof digest);
    fc_reader_end(reader);
    fc_reader_close(reader);
}

static void memory_and_shared_replicas_have_none(void **state)
{
    (void)state;
    struct fc_test_federation fed;
    struct fc_test_node node;
    struct fc_readers *readers = NULL;
    fc_test_federation_init(&fed, "readers", 1);
    for (int backend = FC_TEST_MEMORY; backend <= FC_TEST_SHARED; backend++) {
        if (backend == FC_TEST_LMDB)
            continue;
        fc_test_node_init(&node, (enum fc_test_backend)backend, &fed, "a");
        assert_int_equal(fc_readers_create(node.replica, &readers), FC_E_ARG);
        assert_null(readers);
        fc_test_node_finish(&node);
    }
    fc_test_federation_finish(&fed);
}

/* -- beside a writer --------------------------------------------------------------------------- */

struct crowd {
    struct world *world;
    pthread_t thread;
    const bool *stop;
    uint64_t reads, least, most;
    bool failed;
};

/* Party 0's entry says how many participants there were when it was put. */
static bool consistent(struct crowd *crowd, struct fc_replica *seen)
{
    const struct fc_test_party *first = &crowd->world->parties[0];
    struct fc_hash key_hash = fc_key_hash(fc_span_str("urn:count"));
    size_t count = fc_ledger_participant_count(fc_replica_ledger(seen));
    struct fc_buf got = {0};
    struct fc_feed feed;
    struct fc_arrival_mark mark = fc_replica_arrival_mark(seen);
    bool right = fc_replica_content(seen, &first->id, &key_hash, &got) == FC_OK && got.len > PAD &&
                 strtoul((char *)got.data, NULL, 10) == count && mark.index >= crowd->least;
    for (size_t i = 0; i < count && right; i++) {
        struct fc_participant participant;
        fc_ledger_participant_at(fc_replica_ledger(seen), i, &participant);
        right = participant.certificate != NULL;
    }
    right = right && fc_replica_feed(seen, &first->id, &feed) == FC_OK && feed.entries == 1;
    crowd->least = mark.index;
    crowd->most = count > crowd->most ? count : crowd->most;
    fc_buf_finish(&got);
    return right;
}

static void *crowd_run(void *arg)
{
    struct crowd *crowd = arg;
    struct fc_reader *reader = NULL;
    struct fc_replica *seen;
    crowd->failed = fc_reader_open(crowd->world->readers, &reader) != FC_OK;
    while (!crowd->failed && !__atomic_load_n(crowd->stop, __ATOMIC_RELAXED)) {
        crowd->failed = fc_reader_begin(reader, &seen) != FC_OK;
        if (!crowd->failed) {
            crowd->failed = !consistent(crowd, seen);
            crowd->reads++;
            fc_reader_end(reader);
        }
    }
    fc_reader_close(reader);
    return NULL;
}

/* Certificate and entry in one transaction; every third one is given up first. */
static enum fc_err attempt(struct world *world, unsigned round, unsigned *admitted)
{
    static const char pad[PAD + 1] = {[0 ... PAD - 1] = ' '};
    bool admits = round % 10 == 0 && *admitted < PARTIES;
    char content[PAD + 32];
    struct fc_test_node node = {.replica = world->replica};
    struct fc_test_batch batch = {0};
    ok(fc_replica_begin(world->replica));
    if (admits) {
        const struct fc_buf *record = &world->parties[*admitted].certificate_record;
        enum fc_err err = fc_replica_add_record(world->replica, fc_buf_span(record));
        if (err != FC_OK || round % 3 == 0) {
            fc_replica_abort(world->replica);
            assert_true(err == FC_OK || err == FC_E_MAP_FULL);
            if (err != FC_OK)
                return err;
            ok(fc_replica_begin(world->replica));
            err = fc_replica_add_record(world->replica, fc_buf_span(record));
        }
        if (err != FC_OK) {
            fc_replica_abort(world->replica);
            return err;
        }
    }
    unsigned count = *admitted + (admits ? 1 : 0);
    snprintf(content, sizeof content, "%u %u%s", count, round, pad);
    fc_test_batch_put(&batch, "urn:count", content);
    enum fc_err err = fc_test_author(&node, &world->parties[0], &batch);
    fc_test_batch_finish(&batch);
    if (err != FC_OK) {
        fc_replica_abort(world->replica);
        return err;
    }
    err = fc_replica_commit(world->replica);
    if (err == FC_OK)
        *admitted = count;
    return err;
}

static void beside_a_writer(void **state)
{
    struct world *world = *state;
    struct crowd crowd[READERS] = {{0}};
    struct fc_kv_stat before, after;
    bool stop = false;
    unsigned admitted = 1;
    ok(add(world, &world->fed.charter_record));
    ok(add(world, &world->parties[0].certificate_record));
    while (attempt(world, 1, &admitted) == FC_E_MAP_FULL) {
    }
    ok(fc_kv_stat(fc_replica_kv(world->replica), &before));
    for (int i = 0; i < READERS; i++) {
        crowd[i].world = world;
        crowd[i].stop = &stop;
        assert_int_equal(pthread_create(&crowd[i].thread, NULL, crowd_run, &crowd[i]), 0);
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        enum fc_err err;
        do
            err = attempt(world, round, &admitted);
        while (err == FC_E_MAP_FULL);
        ok(err);
        if (round % 16 == 0) /* the map grows under the readers */
            ok(fc_kv_reserve(fc_replica_kv(world->replica), (uint64_t)(round + 1) * 65536));
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (int i = 0; i < READERS; i++) {
        pthread_join(crowd[i].thread, NULL);
        assert_false(crowd[i].failed);
        assert_true(crowd[i].reads > 0);
    }
    ok(fc_kv_stat(fc_replica_kv(world->replica), &after));
    assert_true(after.map_bytes > before.map_bytes);
    assert_int_equal(admitted, PARTIES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_commit_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(searches_see_their_commit, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_aborted_is_never_seen, setup, teardown),
        cmocka_unit_test(memory_and_shared_replicas_have_none),
        cmocka_unit_test_setup_teardown(beside_a_writer, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
