#include "tests/support/ledger.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool right, const char *what)
{
    if (right)
        return;
    fprintf(stderr, "test support: %s\n", what);
    abort();
}

struct fc_ledger *fc_test_ledger(const struct fc_test_federation *fed)
{
    struct fc_ledger *ledger;
    must(fc_ledger_create(&fed->id, fc_verifier_plain(), &ledger) == FC_OK, "ledger");
    return ledger;
}

enum fc_err fc_test_ledger_add(struct fc_ledger *ledger, const struct fc_buf *bytes)
{
    struct fc_record record = fc_test_parse(bytes);
    struct fc_ledger_change change;
    enum fc_err err = fc_ledger_add(ledger, &record, &change);
    must(err == FC_OK || change.evidence.len == 0, "evidence from a record that was refused");
    if (change.evidence.len > 0) {
        enum fc_err more = fc_test_ledger_add(ledger, &change.evidence);
        must(more == FC_OK || more == FC_E_KNOWN || more == FC_E_STALE, "evidence refused");
    }
    fc_buf_finish(&change.evidence);
    return err;
}

void fc_test_ledger_fill(struct fc_ledger *ledger, const struct fc_buf *records, size_t count,
                         const size_t *order)
{
    bool *done = calloc(count, sizeof *done), again = true;
    must(done != NULL, "memory");
    while (again) {
        again = false;
        for (size_t i = 0; i < count; i++) {
            size_t at = order ? order[i] : i;
            if (done[at])
                continue;
            done[at] = fc_test_ledger_add(ledger, &records[at]) != FC_E_UNKNOWN;
            again = again || done[at];
        }
    }
    free(done);
}

void fc_test_certificate_by(const struct fc_test_party *party, const struct fc_test_key *signers,
                            uint32_t count, struct fc_buf *out)
{
    struct fc_buf body = {0};
    must(fc_certificate_body(&party->certificate, &body) == FC_OK, "certificate");
    fc_test_sign(FC_RECORD_CERTIFICATE, &body, signers, count, out);
    fc_buf_finish(&body);
}

void fc_test_head_by(const struct fc_head *head, const struct fc_test_key *feed, struct fc_buf *out)
{
    struct fc_buf body = {0};
    must(fc_head_body(head, &body) == FC_OK, "head");
    fc_test_sign(FC_RECORD_HEAD, &body, feed, 1, out);
    fc_buf_finish(&body);
}

enum fc_err fc_test_ledger_judge(const struct fc_ledger *ledger, const struct fc_buf *bytes)
{
    struct fc_record record = fc_test_parse(bytes);
    struct fc_head head;
    struct fc_key key;
    must(fc_head_parse(&record, &head) == FC_OK, "head");
    return fc_ledger_judge(ledger, &head, &key);
}

__attribute__((format(printf, 2, 3))) static void say(struct fc_buf *out, const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    must(length >= 0 && (size_t)length < sizeof line, "a line too long");
    fc_buf_append(out, line, (size_t)length);
}

static void say_bytes(struct fc_buf *out, const char *what, const uint8_t *bytes)
{
    say(out, " %s ", what);
    for (size_t i = 0; i < 8; i++)
        say(out, "%02x", bytes[i]);
}

static void say_held(struct fc_buf *out, const char *what, const struct fc_held *held)
{
    if (held)
        say_bytes(out, what, held->record.hash.b);
    else
        say(out, " no %s", what);
}

static void dump_participants(const struct fc_ledger *ledger, struct fc_buf *out)
{
    struct fc_participant one, same;
    for (size_t i = 0; i < fc_ledger_participant_count(ledger); i++) {
        fc_ledger_participant_at(ledger, i, &one);
        must(fc_ledger_participant(ledger, &one.id, &same) == FC_OK &&
                 same.certificate == one.certificate,
             "a participant that is listed and not found");
        say_bytes(out, "participant", one.id.b);
        say_held(out, "certificate", one.certificate);
        say_held(out, "revocation", one.revocation);
        say(out, " frozen %d contested %d unsettled %d by incarnation", one.recovery_frozen,
            one.contested, one.unsettled);
        for (uint16_t j = 1; j < 8; j++)
            say(out, " %d", fc_ledger_contested(ledger, &one.id, j));
        say(out, "\n");
    }
}

static void dump_nodes(const struct fc_ledger *ledger, struct fc_buf *out)
{
    struct fc_node one, same;
    for (size_t i = 0; i < fc_ledger_node_count(ledger); i++) {
        fc_ledger_node_at(ledger, i, &one);
        must(fc_ledger_node(ledger, &one.key, &same) == FC_OK &&
                 fc_hash_eq(&same.participant, &one.participant),
             "a node that is listed and not found");
        say_bytes(out, "node", one.key.b);
        say_bytes(out, "of", one.participant.b);
        say_held(out, "descriptor", one.descriptor);
        say(out, " endpoints %u\n", one.endpoint_count);
    }
}

/* Evidence in one number, but for that of heads whose certificate made way for a lower one. */
static void dump_evidence(const struct fc_ledger *ledger, struct fc_buf *out)
{
    uint8_t folded[32] = {0};
    for (size_t i = 0; i < fc_ledger_record_count(ledger); i++) {
        const struct fc_held *held = fc_ledger_record_at(ledger, i);
        struct fc_record record;
        struct fc_head head;
        if (held->record.type != FC_RECORD_EVIDENCE)
            continue;
        must(fc_record_parse(held->evidence.first, &record) == FC_OK, "evidence");
        if (record.type == FC_RECORD_HEAD &&
            (fc_head_parse(&record, &head) != FC_OK || !fc_ledger_find(ledger, &head.certificate)))
            continue;
        for (size_t j = 0; j < 32; j++)
            folded[j] ^= held->record.hash.b[j];
    }
    say_bytes(out, "evidence", folded);
    say(out, "\n");
}

void fc_test_ledger_dump(const struct fc_ledger *ledger, const struct fc_test_question *question,
                         struct fc_buf *out)
{
    bool disputed;
    say_held(out, "charter", fc_ledger_charter(ledger, &disputed));
    say(out, " disputed %d\n", disputed);
    for (uint64_t version = 1; fc_ledger_charter_version(ledger, version); version++)
        say_held(out, "version", fc_ledger_charter_version(ledger, version));
    say(out, "\n");
    dump_participants(ledger, out);
    dump_nodes(ledger, out);
    dump_evidence(ledger, out);
    for (size_t i = 0; i < question->takedown_count; i++) {
        const struct fc_hash *asked = question->takedowns[i];
        say_held(out, "takedown", fc_ledger_takedown(ledger, &asked[0], &asked[1], &asked[2]));
    }
    for (size_t i = 0; i < question->head_count; i++)
        say(out, " %s", fc_err_name(fc_test_ledger_judge(ledger, &question->heads[i])));
    say(out, "\n");
    must(fc_buf_check(out) == FC_OK, "memory");
}
