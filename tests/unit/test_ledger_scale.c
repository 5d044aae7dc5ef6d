/* Ten thousand participants of three nodes each: no addition and no question may look at them all.
 * Signatures are taken as good here, so that what is timed is the ledger. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/ledger.h"
#include "tests/support/keys.h"

enum { PARTIES = 10000, NODES = 3 };

static void yes(void *ctx, struct fc_verify_job *jobs, size_t count)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++)
        jobs[i].valid = true;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Any 32 bytes will do for a key nobody signs with. */
static struct fc_key drawn_key(const char *what, uint32_t number)
{
    struct fc_key key;
    uint8_t bytes[4];
    fc_put_be32(bytes, number);
    struct fc_hash hash = fc_hash2("fedcat.test.1", fc_span_str(what), fc_span(bytes, 4));
    memcpy(key.b, hash.b, sizeof key.b);
    return key;
}

static void put(struct fc_buf *all, enum fc_record_type type, struct fc_buf *body,
                const struct fc_key *signers, uint32_t count)
{
    struct fc_signature signatures[2] = {{{{0}}, {{0}}}};
    for (uint32_t i = 0; i < count; i++)
        signatures[i].signer = signers[i];
    assert_int_equal(fc_record_write(type, fc_buf_span(body), signatures, count, all), FC_OK);
    fc_buf_clear(body);
}

static void make_party(const struct fc_test_federation *fed, uint32_t number, struct fc_buf *all,
                       size_t *ends, size_t *count)
{
    struct fc_buf body = {0};
    struct fc_key governors[2] = {fed->governors[0].pub, fed->governors[1].pub};
    struct fc_certificate certificate = {
        .federation = fed->id,
        .g = 1,
        .charter = fed->charter_hash,
        .name = fc_span_str("A provider"),
        .country = fc_span_str("IT"),
        .url = fc_span_str("did:web:provider.example"),
        .feed_key = drawn_key("feed", number),
        .recovery_key = drawn_key("recovery", number),
        .incarnation = 1,
        .quota_nodes = NODES,
        .node_key = drawn_key("node", number * NODES),
        .not_after_ms = 1,
    };
    certificate.participant = fc_participant_id(&certificate.feed_key, &certificate.recovery_key);
    assert_int_equal(fc_certificate_body(&certificate, &body), FC_OK);
    put(all, FC_RECORD_CERTIFICATE, &body, governors, 2);
    ends[(*count)++] = all->len;
    for (uint32_t i = 0; i < NODES; i++) {
        struct fc_descriptor descriptor = {.federation = fed->id,
                                           .participant = certificate.participant,
                                           .node_key = drawn_key("node", number * NODES + i),
                                           .endpoint_count = 1,
                                           .endpoints = {fc_span_str("tcp://node.example:7800")},
                                           .seq = 1};
        assert_int_equal(fc_descriptor_body(&descriptor, &body), FC_OK);
        put(all, FC_RECORD_DESCRIPTOR, &body, &certificate.feed_key, 1);
        ends[(*count)++] = all->len;
    }
    fc_buf_finish(&body);
}

static void add(struct fc_ledger *ledger, struct fc_span bytes)
{
    struct fc_record record;
    struct fc_ledger_change change;
    assert_int_equal(fc_record_parse(bytes, &record), FC_OK);
    assert_int_equal(fc_ledger_add(ledger, &record, &change), FC_OK);
}

static void ask_all(const struct fc_ledger *ledger)
{
    struct fc_node node;
    struct fc_participant participant;
    for (uint32_t i = 0; i < PARTIES * NODES; i++) {
        struct fc_key key = drawn_key("node", i);
        assert_int_equal(fc_ledger_node(ledger, &key, &node), FC_OK);
    }
    for (size_t i = 0; i < fc_ledger_participant_count(ledger); i++) {
        fc_ledger_participant_at(ledger, i, &participant);
        struct fc_head head = {.certificate = participant.certificate->record.hash,
                               .participant = participant.id,
                               .version = fc_version_make(1, 1)};
        struct fc_key key;
        assert_int_equal(fc_ledger_judge(ledger, &head, &key), FC_OK);
    }
}

static void grows_with_its_members(void **state)
{
    (void)state;
    struct fc_test_federation fed;
    struct fc_ledger *ledger;
    struct fc_buf all = {0};
    size_t count = 0, *ends = calloc((size_t)PARTIES * (1 + NODES), sizeof *ends);
    assert_non_null(ends);
    fc_test_federation_init(&fed, "scale", 3);
    for (uint32_t i = 0; i < PARTIES; i++)
        make_party(&fed, i, &all, ends, &count);
    assert_int_equal(fc_ledger_create(&fed.id, (struct fc_verifier){NULL, yes}, &ledger), FC_OK);
    double start = seconds();
    add(ledger, fc_buf_span(&fed.charter_record));
    for (size_t i = 0; i < count; i++)
        add(ledger, fc_span(all.data + (i ? ends[i - 1] : 0), ends[i] - (i ? ends[i - 1] : 0)));
    double added = seconds();
    assert_int_equal(fc_ledger_participant_count(ledger), PARTIES);
    assert_int_equal(fc_ledger_node_count(ledger), PARTIES * NODES);
    ask_all(ledger);
    double asked = seconds();
    print_message("%zu records in %.2f s; %d nodes found and %d heads judged in %.2f s\n", count,
                  added - start, PARTIES * NODES, PARTIES, asked - added);
    /* A ledger that looks at all for each takes minutes; sanitizers and a busy machine, seconds. */
    assert_true(asked - start < 10);
    fc_ledger_destroy(ledger);
    fc_buf_finish(&all);
    free(ends);
    fc_test_federation_finish(&fed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(grows_with_its_members)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
