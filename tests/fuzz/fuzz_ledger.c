/* Records, one after the other, into a ledger: each is refused with a reason or held, and what is
 * held is found again. Every question is asked after each.
 *
 * Input: length (3 bytes, big-endian) and record, over and over. The federation is that of the
 * first record. Signatures are taken as good: bytes cannot guess them, and what lies behind them
 * is to be reached. */
#include <assert.h>
#include <string.h>

#include "store/ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RECORDS_MAX = 64 };

static void yes(void *ctx, struct fc_verify_job *jobs, size_t count)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++)
        jobs[i].valid = true;
}

static void ask_participants(const struct fc_ledger *ledger)
{
    for (size_t i = 0; i < fc_ledger_participant_count(ledger); i++) {
        struct fc_participant one, same;
        struct fc_key key;
        fc_ledger_participant_at(ledger, i, &one);
        enum fc_err err = fc_ledger_participant(ledger, &one.id, &same);
        assert(err == FC_OK && same.certificate == one.certificate);
        const struct fc_certificate *certificate = &one.certificate->certificate;
        struct fc_head head = {
            .certificate = one.certificate->record.hash,
            .participant = one.id,
            .version = fc_version_make(certificate->incarnation, certificate->floor + 1)};
        err = fc_ledger_judge(ledger, &head, &key);
        assert(err != FC_E_UNKNOWN || one.unsettled || !one.certificate);
        assert(one.contested == fc_ledger_contested(ledger, &one.id, certificate->incarnation));
        assert(!one.contested || err != FC_OK);
        (void)fc_ledger_takedown(ledger, &one.id, &one.id, &one.id);
    }
}

static void ask_nodes(const struct fc_ledger *ledger)
{
    for (size_t i = 0; i < fc_ledger_node_count(ledger); i++) {
        struct fc_node one, same, before;
        fc_ledger_node_at(ledger, i, &one);
        enum fc_err err = fc_ledger_node(ledger, &one.key, &same);
        assert(err == FC_OK && fc_hash_eq(&one.participant, &same.participant));
        if (i > 0) {
            fc_ledger_node_at(ledger, i - 1, &before);
            assert(fc_key_cmp(&before.key, &one.key) < 0);
        }
    }
}

static void ask_all(const struct fc_ledger *ledger)
{
    bool disputed;
    const struct fc_held *charter = fc_ledger_charter(ledger, &disputed);
    assert(charter || !disputed);
    assert(!charter || fc_ledger_charter_version(ledger, charter->charter.version) == charter);
    for (size_t i = 0; i < fc_ledger_record_count(ledger); i++) {
        const struct fc_held *held = fc_ledger_record_at(ledger, i);
        assert(fc_ledger_find(ledger, &held->record.hash) == held);
    }
    ask_participants(ledger);
    ask_nodes(ledger);
}

static void add(struct fc_ledger *ledger, struct fc_span bytes)
{
    struct fc_record record;
    struct fc_ledger_change change = {0};
    if (fc_record_parse(bytes, &record) != FC_OK)
        return;
    if (fc_ledger_add(ledger, &record, &change) == FC_OK) {
        struct fc_ledger_change again = {0};
        enum fc_err err = fc_ledger_add(ledger, &record, &again);
        assert(err == FC_E_KNOWN);
        for (uint32_t i = 0; i < change.displaced_count; i++)
            assert(!fc_ledger_find(ledger, &change.displaced[i]));
        if (change.evidence.len > 0)
            add(ledger, fc_buf_span(&change.evidence));
        if (record.type == FC_RECORD_CHARTER && (record.hash.b[0] & 1)) {
            err = fc_ledger_pin(ledger, &record.hash);
            assert(err == FC_OK || err == FC_E_NOMEM);
        }
    }
    fc_buf_finish(&change.evidence);
    ask_all(ledger);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_ledger *ledger = NULL;
    for (size_t at = 0, count = 0; at + 3 <= size && count < RECORDS_MAX; count++) {
        size_t length = (size_t)data[at] << 16 | (size_t)data[at + 1] << 8 | data[at + 2];
        struct fc_record record;
        at += 3;
        length = length < size - at ? length : size - at;
        struct fc_span bytes = fc_span(data + at, length);
        at += length;
        if (!ledger && fc_record_parse(bytes, &record) == FC_OK) {
            bool first = fc_hash_is_zero(&record.federation);
            enum fc_err err = fc_ledger_create(first ? &record.hash : &record.federation,
                                               (struct fc_verifier){NULL, yes}, &ledger);
            if (err != FC_OK)
                return 0;
        }
        if (ledger)
            add(ledger, bytes);
    }
    fc_ledger_destroy(ledger);
    return 0;
}
