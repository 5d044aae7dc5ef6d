/* Every allocation of a shared ledger's change fails once: the others never notice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/ledger_pool.h"
#include "tests/support/ledger.h"

static uint64_t left = UINT64_MAX; /* allocations until one fails */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool fails(void)
{
    return left != UINT64_MAX && left-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

enum { OTHERS = 2, FAILURES_MAX = 2000 };

struct scene {
    struct fc_test_federation fed;
    struct fc_test_party acme, bolt, cord, recovered;
    struct fc_ledger_pool *pool;
    struct fc_ledger *others[OTHERS];
    struct fc_buf records[5];
    struct fc_buf before;
};

static void refill(struct scene *scene, struct fc_ledger *ledger)
{
    static const struct fc_test_question question;
    const struct fc_buf *const held[] = {&scene->fed.charter_record,
                                         &scene->acme.certificate_record,
                                         &scene->bolt.certificate_record};
    struct fc_buf dump = {0};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
        enum fc_err err = fc_test_ledger_add(ledger, held[i]);
        assert_true(err == FC_OK || err == FC_E_KNOWN);
    }
    fc_test_ledger_dump(ledger, &question, &dump);
    if (scene->before.len == 0)
        fc_buf_append(&scene->before, dump.data, dump.len);
    assert_true(fc_span_eq(fc_buf_span(&dump), fc_buf_span(&scene->before)));
    fc_buf_finish(&dump);
}

static void setup(struct scene *scene)
{
    struct fc_hash digest = {{1}};
    memset(scene, 0, sizeof *scene);
    fc_test_federation_init(&scene->fed, "nomem", 1);
    fc_test_party_init(&scene->acme, &scene->fed, "acme");
    fc_test_party_init(&scene->bolt, &scene->fed, "bolt");
    fc_test_party_init(&scene->cord, &scene->fed, "cord");
    fc_test_party_init(&scene->recovered, &scene->fed, "bolt");
    scene->pool = fc_ledger_pool_create(fc_verifier_plain());
    for (int i = 0; i < OTHERS; i++) {
        scene->others[i] = fc_test_ledger(&scene->fed);
        fc_ledger_pool_join(scene->pool, scene->others[i]);
        refill(scene, scene->others[i]);
    }
    fc_buf_append(&scene->records[0], scene->cord.certificate_record.data,
                  scene->cord.certificate_record.len);
    fc_test_descriptor(&scene->acme, &scene->acme.node, "tcp://[::1]:7400", 1, &scene->records[1]);
    fc_test_revocation(&scene->bolt, &scene->fed, 0, FC_REVOKE_REMOVE, &scene->records[2]);
    fc_test_checkpoint(&scene->acme, &scene->fed, &digest, 1, 1, &scene->records[3]);
    fc_test_recover(&scene->recovered, 1, 0);
    fc_buf_append(&scene->records[4], scene->recovered.certificate_record.data,
                  scene->recovered.certificate_record.len);
}

static void teardown(struct scene *scene)
{
    for (int i = 0; i < OTHERS; i++)
        fc_ledger_destroy(scene->others[i]);
    fc_ledger_pool_destroy(scene->pool);
    for (size_t i = 0; i < sizeof scene->records / sizeof *scene->records; i++)
        fc_buf_finish(&scene->records[i]);
    fc_buf_finish(&scene->before);
    fc_test_party_finish(&scene->acme);
    fc_test_party_finish(&scene->bolt);
    fc_test_party_finish(&scene->cord);
    fc_test_party_finish(&scene->recovered);
    fc_test_federation_finish(&scene->fed);
}

/* True when the record came in before the memory ran out. */
static bool add_with(struct scene *scene, const struct fc_buf *bytes, uint64_t allocations)
{
    struct fc_ledger_id id = fc_ledger_id(scene->others[0]);
    struct fc_ledger *ledger = NULL;
    struct fc_ledger_change change = {0};
    struct fc_record record = fc_test_parse(bytes);
    assert_int_equal(fc_ledger_pool_open(scene->pool, &scene->fed.id, &id, &ledger), FC_OK);
    left = allocations;
    enum fc_err err = fc_ledger_add(ledger, &record, &change);
    bool spared = left != UINT64_MAX; /* none failed */
    left = UINT64_MAX;
    fc_buf_finish(&change.evidence);
    if (err == FC_OK)
        assert_non_null(fc_ledger_find(ledger, &record.hash));
    else
        assert_int_equal(err, FC_E_NOMEM);
    fc_ledger_destroy(ledger);
    return spared;
}

static void nobody_else_notices(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < 5; kind++) {
        struct scene scene;
        bool spared = false;
        for (uint64_t i = 0; !spared; i++) {
            assert_in_range(i, 0, FAILURES_MAX);
            setup(&scene); /* afresh: nothing is known of the step */
            spared = add_with(&scene, &scene.records[kind], i);
            refill(&scene, scene.others[0]);
            teardown(&scene);
        }
    }
}

/* The only holder of a ledger runs out while changing it in place. */
static void what_is_broken_is_not_found(void **state)
{
    (void)state;
    bool spared = false;
    for (uint64_t i = 0; !spared; i++) {
        struct scene scene;
        struct fc_ledger_change change = {0};
        setup(&scene);
        struct fc_record record = fc_test_parse(&scene.records[0]);
        struct fc_ledger_id id = fc_ledger_id(scene.others[0]);
        struct fc_ledger *again;
        fc_ledger_destroy(scene.others[1]);
        scene.others[1] = NULL;
        left = i;
        enum fc_err err = fc_ledger_add(scene.others[0], &record, &change);
        spared = left != UINT64_MAX;
        left = UINT64_MAX;
        assert_true(err == FC_OK || err == FC_E_NOMEM);
        fc_ledger_destroy(scene.others[0]);
        scene.others[0] = NULL;
        if (fc_ledger_pool_open(scene.pool, &scene.fed.id, &id, &again) == FC_OK) {
            refill(&scene, again);
            fc_ledger_destroy(again);
        }
        teardown(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_else_notices),
        cmocka_unit_test(what_is_broken_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
