/* What one key should not both have signed, and what heads are accepted in the light of it. */
#include <stdlib.h>
#include <string.h>

#include "store/ledger_priv.h"

/* -- kinds of contradiction -------------------------------------------------------------------- */

static bool heads_contradict(const struct fc_record *a, const struct fc_record *b,
                             struct about *about)
{
    struct fc_head x, y;
    if (fc_head_parse(a, &x) != FC_OK || fc_head_parse(b, &y) != FC_OK ||
        !fc_hash_eq(&x.participant, &y.participant))
        return false;
    about->participant = x.participant;
    about->incarnation = fc_version_incarnation(x.version);
    about->certificates[0] = x.certificate;
    about->certificates[1] = y.certificate;
    if (x.version == y.version)
        return true;
    if (about->incarnation != fc_version_incarnation(y.version))
        return false;
    if (x.version + 1 == y.version)
        return !fc_hash_eq(&y.previous, &a->hash);
    return y.version + 1 == x.version && !fc_hash_eq(&x.previous, &b->hash);
}

static bool certificates_contradict(const struct fc_record *a, const struct fc_record *b,
                                    struct about *about)
{
    struct fc_certificate other;
    if (fc_certificate_parse(a, &about->certificate) != FC_OK ||
        fc_certificate_parse(b, &other) != FC_OK)
        return false;
    about->participant = other.participant;
    return other.r > 0 && other.r == about->certificate.r &&
           fc_certificate_same_line(&about->certificate, &other);
}

static bool charters_contradict(const struct fc_record *a, const struct fc_record *b,
                                struct about *about)
{
    struct fc_charter x, y;
    if (fc_charter_parse(a, &x) != FC_OK || fc_charter_parse(b, &y) != FC_OK)
        return false;
    about->previous = x.previous;
    return x.version > 1 && x.version == y.version && fc_hash_eq(&x.previous, &y.previous);
}

/* Spans in `about` point into the records. */
static bool contradict(const struct fc_record *a, const struct fc_record *b, struct about *about)
{
    *about = (struct about){.type = a->type, .records = {a->hash, b->hash}};
    if (a->type != b->type || fc_hash_cmp(&a->hash, &b->hash) >= 0)
        return false;
    if (a->type == FC_RECORD_HEAD)
        return heads_contradict(a, b, about);
    if (a->type == FC_RECORD_CERTIFICATE)
        return certificates_contradict(a, b, about);
    return a->type == FC_RECORD_CHARTER && charters_contradict(a, b, about);
}

/* -- are both really signed? ------------------------------------------------------------------- */

static enum fc_err head_signed(const struct roll *roll, const struct fc_record *record)
{
    struct fc_head head;
    enum fc_err err = fc_head_parse(record, &head);
    if (err != FC_OK)
        return err;
    const struct slot *slot = fc_ledger_slot(roll, &head.certificate);
    if (!slot || slot->fact->held.record.type != FC_RECORD_CERTIFICATE)
        return FC_E_UNKNOWN;
    const struct fc_certificate *certificate = &slot->fact->held.certificate;
    if (!fc_hash_eq(&certificate->participant, &head.participant) ||
        certificate->incarnation != fc_version_incarnation(head.version))
        return FC_E_DENIED;
    return fc_ledger_verify(roll, record, &certificate->feed_key) ? FC_OK : FC_E_SIGNATURE;
}

static enum fc_err recovery_signed(const struct roll *roll, const struct fc_record *record)
{
    struct fc_certificate certificate;
    enum fc_err err = fc_certificate_parse(record, &certificate);
    if (err != FC_OK)
        return err;
    if (certificate.r > LEDGER_RECOVERIES_MAX)
        return FC_E_BOUND;
    if (!fc_ledger_verify(roll, record, &certificate.recovery_key))
        return FC_E_SIGNATURE;
    return fc_party_base(fc_ledger_party(roll, &certificate.participant), &certificate)
               ? FC_OK
               : FC_E_UNKNOWN;
}

static enum fc_err rival_signed(const struct roll *roll, const struct fc_record *record)
{
    struct fc_charter charter;
    enum fc_err err = fc_charter_parse(record, &charter);
    return err == FC_OK ? fc_ledger_charter_signed(roll, record, &charter) : err;
}

static enum fc_err is_signed(const struct roll *roll, const struct fc_record *record)
{
    if (record->type == FC_RECORD_HEAD)
        return head_signed(roll, record);
    return record->type == FC_RECORD_CERTIFICATE ? recovery_signed(roll, record)
                                                 : rival_signed(roll, record);
}

/* -- evidence ---------------------------------------------------------------------------------- */

enum fc_err fc_roll_evidence(const struct roll *roll, struct fc_span first, struct fc_span second,
                             struct fc_buf *out)
{
    struct fc_record a, b;
    struct about about;
    if (fc_record_parse(first, &a) != FC_OK || fc_record_parse(second, &b) != FC_OK)
        return FC_E_ARG;
    bool ordered = fc_hash_cmp(&a.hash, &b.hash) < 0;
    if (!contradict(ordered ? &a : &b, ordered ? &b : &a, &about) || is_signed(roll, &a) != FC_OK ||
        is_signed(roll, &b) != FC_OK)
        return FC_E_ARG;
    struct fc_evidence evidence = {.federation = roll->federation,
                                   .first = ordered ? first : second,
                                   .second = ordered ? second : first};
    struct fc_buf body = {0};
    enum fc_err err = fc_evidence_body(&evidence, &body);
    if (err == FC_OK)
        err = fc_record_write(FC_RECORD_EVIDENCE, fc_buf_span(&body), NULL, 0, out);
    fc_buf_finish(&body);
    return err;
}

/* Evidence against heads is about an incarnation and the certificates the heads name, of recoveries
 * about a line of certificates and r, of charters about the one before. */
static bool about_same(const struct about *a, const struct about *b)
{
    if (a->type != b->type || !fc_hash_eq(&a->participant, &b->participant))
        return false;
    if (a->type == FC_RECORD_CHARTER)
        return fc_hash_eq(&a->previous, &b->previous);
    if (a->type == FC_RECORD_CERTIFICATE)
        return a->certificate.r == b->certificate.r &&
               fc_certificate_same_line(&a->certificate, &b->certificate);
    return a->incarnation == b->incarnation &&
           fc_hash_eq(&a->certificates[0], &b->certificates[0]) &&
           fc_hash_eq(&a->certificates[1], &b->certificates[1]);
}

struct fc_hash fc_about_subject(const struct about *about)
{
    uint8_t bytes[1 + 3 * 32 + 8] = {(uint8_t)about->type};
    uint8_t *at = bytes + 1;
    if (about->type == FC_RECORD_CHARTER) {
        memcpy(at, about->previous.b, 32);
    } else if (about->type == FC_RECORD_CERTIFICATE) {
        memcpy(at, about->certificate.charter.b, 32);
        memcpy(at + 32, about->certificate.recovery_key.b, 32);
        fc_put_be64(at + 64, about->certificate.g);
        fc_put_be64(at + 96, about->certificate.r);
    } else {
        memcpy(at, about->certificates[0].b, 32);
        memcpy(at + 32, about->certificates[1].b, 32);
        fc_put_be64(at + 96, about->incarnation);
    }
    return fc_hash2("fedcat.subject.1", fc_span(about->participant.b, 32),
                    fc_span(bytes, sizeof bytes));
}

/* The lower pair stands: the two lowest of any number are one pair, whichever became known when. */
static int compare_evidence(const struct slot *a, const struct slot *b)
{
    int order = fc_hash_cmp(&a->fact->about->records[0], &b->fact->about->records[0]);
    if (order == 0)
        order = fc_hash_cmp(&a->fact->about->records[1], &b->fact->about->records[1]);
    return order ? order : fc_hash_cmp(&a->fact->held.record.hash, &b->fact->held.record.hash);
}

static enum fc_err check_evidence(const struct roll *roll, struct slot *slot)
{
    struct fc_record a, b;
    enum fc_err err = fc_record_parse(slot->fact->held.evidence.first, &a);
    if (err == FC_OK)
        err = fc_record_parse(slot->fact->held.evidence.second, &b);
    if (err == FC_OK && !contradict(&a, &b, slot->fact->about))
        err = FC_E_DENIED;
    if (err == FC_OK)
        err = is_signed(roll, &a);
    return err == FC_OK ? is_signed(roll, &b) : err;
}

enum fc_err fc_ledger_add_evidence(const struct roll *roll, struct slot *slot,
                                   struct slot **displaced)
{
    if (!slot->fact->about)
        slot->fact->about = calloc(1, sizeof *slot->fact->about);
    enum fc_err err = slot->fact->about ? check_evidence(roll, slot) : FC_E_NOMEM;
    if (err != FC_OK)
        return err;
    const struct party *party = fc_ledger_party(roll, &slot->fact->about->participant);
    const struct slots *held = slot->fact->about->type == FC_RECORD_CHARTER ? &roll->disputes
                               : party                                      ? &party->evidence
                                                                            : NULL;
    for (size_t i = 0; held && i < held->count; i++) {
        if (about_same(held->list[i]->fact->about, slot->fact->about)) {
            *displaced = held->list[i];
            return compare_evidence(slot, *displaced) < 0 ? FC_OK : FC_E_STALE;
        }
    }
    return FC_OK;
}

bool fc_ledger_contested(const struct fc_ledger *ledger, const struct fc_hash *participant,
                         uint16_t incarnation)
{
    const struct roll *roll = ledger->roll;
    const struct party *party = fc_ledger_party(roll, participant);
    return party && fc_party_contested(party, incarnation);
}

/* -- heads ------------------------------------------------------------------------------------- */

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
    const struct roll *roll = ledger->roll;
    const struct slot *slot = fc_ledger_slot(roll, &head->certificate);
    if (!slot || slot->fact->held.record.type != FC_RECORD_CERTIFICATE)
        return FC_E_UNKNOWN;
    const struct fc_certificate *certificate = &slot->fact->held.certificate;
    *key = certificate->feed_key;
    enum fc_err err = judge_alone(certificate, head);
    if (err != FC_OK)
        return err;
    if (!slot->counts)
        return roll->disputed ? FC_E_DISPUTED : roll->waiting ? FC_E_UNKNOWN : FC_E_DENIED;
    const struct party *party = fc_ledger_party(roll, &head->participant);
    const struct slot *revocation = party->revocation;
    if (revocation && (revocation->fact->held.revocation.mode == FC_REVOKE_REMOVE ||
                       head->version > revocation->fact->held.revocation.last_valid))
        return FC_E_REVOKED;
    if (party->recovery_frozen || slot->conflicted)
        return FC_E_REVOKED;
    const struct fc_certificate *standing = &party->certificate->fact->held.certificate;
    if (certificate->incarnation > standing->incarnation || !fc_party_lined(party, certificate) ||
        (certificate->incarnation == standing->incarnation &&
         !fc_certificate_same_heads(certificate, standing)))
        return FC_E_DENIED;
    if (certificate->incarnation < standing->incarnation &&
        fc_version_seq(head->version) > standing->floor)
        return FC_E_STALE;
    return fc_party_contested(party, certificate->incarnation) ? FC_E_CONTESTED : FC_OK;
}

enum fc_err fc_ledger_evidence(const struct fc_ledger *ledger, struct fc_span first,
                               struct fc_span second, struct fc_buf *out)
{
    return fc_roll_evidence(ledger->roll, first, second, out);
}
