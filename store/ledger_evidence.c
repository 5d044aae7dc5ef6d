/* What one key should not both have signed, and what heads are accepted in the light of it. */
#include <stdlib.h>
#include <string.h>

#include "store/ledger_priv.h"

/* -- kinds of contradiction ---------------------------------------------------------------------
 */

static bool heads_contradict(const struct fc_record *a, const struct fc_record *b)
{
    struct fc_head x, y;
    if (fc_head_parse(a, &x) != FC_OK || fc_head_parse(b, &y) != FC_OK ||
        !fc_hash_eq(&x.participant, &y.participant))
        return false;
    if (x.version == y.version)
        return true;
    if (fc_version_incarnation(x.version) != fc_version_incarnation(y.version))
        return false;
    if (x.version + 1 == y.version)
        return !fc_hash_eq(&y.previous, &a->hash);
    return y.version + 1 == x.version && !fc_hash_eq(&x.previous, &b->hash);
}

static bool certificates_contradict(const struct fc_record *a, const struct fc_record *b)
{
    struct fc_certificate x, y;
    return fc_certificate_parse(a, &x) == FC_OK && fc_certificate_parse(b, &y) == FC_OK &&
           fc_hash_eq(&x.participant, &y.participant) && x.g == y.g && x.r == y.r && x.r > 0;
}

static bool charters_contradict(const struct fc_record *a, const struct fc_record *b)
{
    struct fc_charter *both = malloc(2 * sizeof *both);
    bool rivals = both && fc_charter_parse(a, &both[0]) == FC_OK &&
                  fc_charter_parse(b, &both[1]) == FC_OK && both[0].version > 1 &&
                  both[0].version == both[1].version &&
                  fc_hash_eq(&both[0].previous, &both[1].previous);
    free(both);
    return rivals;
}

static bool contradict(const struct fc_record *a, const struct fc_record *b)
{
    if (a->type != b->type || fc_hash_eq(&a->hash, &b->hash))
        return false;
    if (a->type == FC_RECORD_HEAD)
        return heads_contradict(a, b);
    if (a->type == FC_RECORD_CERTIFICATE)
        return certificates_contradict(a, b);
    return a->type == FC_RECORD_CHARTER && charters_contradict(a, b);
}

/* -- are both really signed? ------------------------------------------------------------------- */

static enum fc_err head_signed(const struct fc_ledger *ledger, const struct fc_record *record)
{
    struct fc_head head;
    enum fc_err err = fc_head_parse(record, &head);
    if (err != FC_OK)
        return err;
    const struct slot *slot = fc_ledger_slot(ledger, &head.certificate);
    if (!slot || slot->held.record.type != FC_RECORD_CERTIFICATE)
        return FC_E_UNKNOWN;
    const struct fc_certificate *certificate = &slot->held.certificate;
    if (!fc_hash_eq(&certificate->participant, &head.participant) ||
        certificate->incarnation != fc_version_incarnation(head.version))
        return FC_E_DENIED;
    return fc_ledger_verify(ledger, record, &certificate->feed_key) ? FC_OK : FC_E_SIGNATURE;
}

static enum fc_err recovery_signed(const struct fc_ledger *ledger, const struct fc_record *record)
{
    struct fc_held held = {.record = *record};
    enum fc_err err = fc_certificate_parse(record, &held.certificate);
    if (err != FC_OK)
        return err;
    const struct slot *base =
        fc_party_base(fc_ledger_party(ledger, &held.certificate.participant), &held);
    if (!base)
        return FC_E_UNKNOWN;
    return fc_ledger_verify(ledger, record, &base->held.certificate.recovery_key) ? FC_OK
                                                                                  : FC_E_SIGNATURE;
}

static enum fc_err rival_signed(const struct fc_ledger *ledger, const struct fc_record *record)
{
    struct fc_held *held = calloc(1, sizeof *held);
    if (!held)
        return FC_E_NOMEM;
    held->record = *record;
    enum fc_err err = fc_charter_parse(record, &held->charter);
    if (err == FC_OK)
        err = fc_ledger_charter_signed(ledger, held);
    free(held);
    return err;
}

static enum fc_err is_signed(const struct fc_ledger *ledger, const struct fc_record *record)
{
    if (record->type == FC_RECORD_HEAD)
        return head_signed(ledger, record);
    return record->type == FC_RECORD_CERTIFICATE ? recovery_signed(ledger, record)
                                                 : rival_signed(ledger, record);
}

/* -- evidence -----------------------------------------------------------------------------------
 */

enum fc_err fc_ledger_evidence(const struct fc_ledger *ledger, struct fc_span first,
                               struct fc_span second, struct fc_buf *out)
{
    struct fc_record a, b;
    if (fc_record_parse(first, &a) != FC_OK || fc_record_parse(second, &b) != FC_OK ||
        !contradict(&a, &b) || is_signed(ledger, &a) != FC_OK || is_signed(ledger, &b) != FC_OK)
        return FC_E_ARG;
    bool ordered = fc_hash_cmp(&a.hash, &b.hash) < 0;
    struct fc_evidence evidence = {.federation = ledger->federation,
                                   .first = ordered ? first : second,
                                   .second = ordered ? second : first};
    struct fc_buf body = {0};
    enum fc_err err = fc_evidence_body(&evidence, &body);
    if (err == FC_OK)
        err = fc_record_write(FC_RECORD_EVIDENCE, fc_buf_span(&body), NULL, 0, out);
    fc_buf_finish(&body);
    return err;
}

/* Evidence against heads is about an incarnation, of recoveries about (g, r), of charters about the
 * one before. */
struct fc_hash fc_evidence_subject(const struct fc_held *held, struct fc_hash *participant,
                                   uint16_t *incarnation)
{
    struct fc_record record;
    struct fc_head head;
    struct fc_certificate certificate;
    uint8_t number[17] = {0};
    *incarnation = 0;
    if (fc_record_parse(held->evidence.first, &record) != FC_OK)
        return held->record.hash;
    number[0] = (uint8_t)record.type;
    if (record.type == FC_RECORD_HEAD && fc_head_parse(&record, &head) == FC_OK) {
        *participant = head.participant;
        *incarnation = fc_version_incarnation(head.version);
        fc_put_be64(number + 1, *incarnation);
        return fc_hash2("fedcat.subject.1", fc_span(participant->b, 32),
                        fc_span(number, sizeof number));
    }
    if (record.type == FC_RECORD_CERTIFICATE &&
        fc_certificate_parse(&record, &certificate) == FC_OK) {
        *participant = certificate.participant;
        fc_put_be64(number + 1, certificate.g);
        fc_put_be64(number + 9, certificate.r);
        return fc_hash2("fedcat.subject.1", fc_span(participant->b, 32),
                        fc_span(number, sizeof number));
    }
    struct fc_charter *charter = malloc(sizeof *charter);
    struct fc_hash subject = held->record.hash;
    if (charter && fc_charter_parse(&record, charter) == FC_OK)
        subject = fc_hash2("fedcat.subject.1", fc_span(charter->previous.b, 32),
                           fc_span(number, sizeof number));
    free(charter);
    return subject;
}

/* Both rivals become known to whoever sees the evidence, even where only one of them was. */
static enum fc_err keep_rival(struct fc_ledger *ledger, const struct fc_record *record)
{
    struct slot *slot;
    if (fc_ledger_slot(ledger, &record->hash))
        return FC_OK;
    enum fc_err err = fc_ledger_keep(ledger, record, &slot);
    return err == FC_OK ? fc_slots_add(&ledger->charters, slot) : err;
}

enum fc_err fc_ledger_add_evidence(struct fc_ledger *ledger, const struct fc_held *held,
                                   struct fc_hash *participant, struct slot **displaced,
                                   struct fc_ledger_change *change)
{
    struct fc_record a, b;
    uint16_t incarnation;
    (void)change;
    enum fc_err err = fc_record_parse(held->evidence.first, &a);
    if (err == FC_OK)
        err = fc_record_parse(held->evidence.second, &b);
    if (err == FC_OK && (!contradict(&a, &b) || fc_hash_cmp(&a.hash, &b.hash) >= 0))
        err = FC_E_DENIED;
    if (err == FC_OK)
        err = is_signed(ledger, &a);
    if (err == FC_OK)
        err = is_signed(ledger, &b);
    if (err != FC_OK)
        return err;
    struct fc_hash subject = fc_evidence_subject(held, participant, &incarnation);
    const struct party *party = fc_ledger_party(ledger, participant);
    for (size_t i = 0; party && i < party->evidence.count; i++) {
        struct slot *slot = party->evidence.list[i];
        struct fc_hash unused;
        uint16_t other_incarnation;
        struct fc_hash other = fc_evidence_subject(&slot->held, &unused, &other_incarnation);
        if (fc_hash_eq(&other, &subject)) {
            *displaced = slot;
            return fc_hash_cmp(&held->record.hash, &slot->held.record.hash) < 0 ? FC_OK
                                                                                : FC_E_STALE;
        }
    }
    if (a.type == FC_RECORD_CHARTER) {
        err = keep_rival(ledger, &a);
        if (err == FC_OK)
            err = keep_rival(ledger, &b);
    }
    return err;
}

bool fc_ledger_contested(const struct fc_ledger *ledger, const struct fc_hash *participant,
                         uint16_t incarnation)
{
    const struct party *party = fc_ledger_party(ledger, participant);
    for (size_t i = 0; party && i < party->evidence.count; i++) {
        struct fc_hash unused;
        uint16_t about;
        (void)fc_evidence_subject(&party->evidence.list[i]->held, &unused, &about);
        if (about == incarnation && about != 0)
            return true;
    }
    return false;
}

/* -- heads --------------------------------------------------------------------------------------
 */

static enum fc_err judge_alone(const struct fc_certificate *certificate, const struct fc_head *head)
{
    uint64_t seq = fc_version_seq(head->version);
    if (!fc_hash_eq(&certificate->participant, &head->participant) ||
        certificate->incarnation != fc_version_incarnation(head->version) ||
        seq <= certificate->floor ||
        (seq == certificate->floor + 1) != fc_hash_is_zero(&head->previous))
        return FC_E_DENIED;
    if (head->entries > certificate->quota_entries || head->bytes > certificate->quota_bytes)
        return FC_E_QUOTA;
    return FC_OK;
}

enum fc_err fc_ledger_judge(const struct fc_ledger *ledger, const struct fc_head *head,
                            struct fc_key *key)
{
    const struct slot *slot = fc_ledger_slot(ledger, &head->certificate);
    if (!slot || slot->held.record.type != FC_RECORD_CERTIFICATE)
        return FC_E_UNKNOWN;
    const struct fc_certificate *certificate = &slot->held.certificate;
    *key = certificate->feed_key;
    enum fc_err err = judge_alone(certificate, head);
    if (err != FC_OK)
        return err;
    if (!slot->counts)
        return ledger->disputed ? FC_E_DISPUTED : FC_E_DENIED;
    const struct party *party = fc_ledger_party(ledger, &head->participant);
    const struct slot *revocation = party->revocation;
    if (revocation && (revocation->held.revocation.mode == FC_REVOKE_REMOVE ||
                       head->version > revocation->held.revocation.last_valid))
        return FC_E_REVOKED;
    if (party->recovery_frozen)
        return FC_E_REVOKED;
    const struct fc_certificate *standing = &party->certificate->held.certificate;
    if (certificate->incarnation > standing->incarnation)
        return FC_E_DENIED;
    if (certificate->incarnation < standing->incarnation &&
        fc_version_seq(head->version) > standing->floor)
        return FC_E_STALE;
    return fc_ledger_contested(ledger, &head->participant, certificate->incarnation)
               ? FC_E_CONTESTED
               : FC_OK;
}
