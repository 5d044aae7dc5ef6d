/* Participants: which certificate stands, and what revokes it. */
#include <stdlib.h>
#include <string.h>

#include "store/ledger_priv.h"

bool fc_ledger_verify(const struct roll *roll, const struct fc_record *record,
                      const struct fc_key *key)
{
    for (uint32_t i = 0; i < record->signature_count; i++) {
        struct fc_signature signature;
        fc_record_signature(record, i, &signature);
        if (fc_key_eq(&signature.signer, key)) {
            struct fc_verify_job job = {.key = *key, .hash = record->hash, .sig = signature.sig};
            roll->verifier.verify(roll->verifier.ctx, &job, 1);
            return job.valid;
        }
    }
    return false;
}

/* -- certificates ------------------------------------------------------------------------------ */

static bool certificate_is_first(const struct fc_certificate *certificate)
{
    struct fc_hash id = fc_participant_id(&certificate->feed_key, &certificate->recovery_key);
    return fc_hash_eq(&id, &certificate->participant);
}

static bool endpoints_eq(const struct fc_certificate *a, const struct fc_certificate *b)
{
    if (a->endpoint_count != b->endpoint_count)
        return false;
    for (uint32_t i = 0; i < a->endpoint_count; i++)
        if (!fc_span_eq(a->endpoints[i], b->endpoints[i]))
            return false;
    return true;
}

/* A recovery certificate may change r, the feed key, the incarnation (by one for each r) and the
 * floor. */
bool fc_certificate_same_line(const struct fc_certificate *a, const struct fc_certificate *b)
{
    return fc_hash_eq(&a->participant, &b->participant) && a->g == b->g &&
           fc_hash_eq(&a->charter, &b->charter) && fc_span_eq(a->name, b->name) &&
           fc_span_eq(a->country, b->country) && fc_span_eq(a->url, b->url) &&
           fc_key_eq(&a->recovery_key, &b->recovery_key) && a->quota_entries == b->quota_entries &&
           a->quota_bytes == b->quota_bytes && a->quota_ops == b->quota_ops &&
           a->quota_nodes == b->quota_nodes && a->heartbeat_ms == b->heartbeat_ms &&
           fc_key_eq(&a->node_key, &b->node_key) && endpoints_eq(a, b) &&
           a->not_before_ms == b->not_before_ms && a->not_after_ms == b->not_after_ms &&
           a->incarnation + b->r == b->incarnation + a->r;
}

bool fc_certificate_same_heads(const struct fc_certificate *a, const struct fc_certificate *b)
{
    return a->incarnation == b->incarnation && a->floor == b->floor &&
           fc_key_eq(&a->feed_key, &b->feed_key);
}

static int compare_certificates(const struct slot *a, const struct slot *b)
{
    const struct fc_certificate *x = &a->fact->held.certificate, *y = &b->fact->held.certificate;
    if (x->g != y->g)
        return x->g < y->g ? -1 : 1;
    if (x->r != y->r)
        return x->r < y->r ? -1 : 1;
    return fc_hash_cmp(&a->fact->held.record.hash, &b->fact->held.record.hash);
}

size_t fc_party_certificate_place(const struct party *party, const struct slot *slot)
{
    size_t at = party->certificates.count;
    while (at > 0 && compare_certificates(party->certificates.list[at - 1], slot) > 0)
        at--;
    return at;
}

static bool extends(const struct fc_certificate *recovery, const struct slot *base)
{
    return base->fact->held.certificate.r == 0 &&
           fc_certificate_same_line(recovery, &base->fact->held.certificate);
}

struct slot *fc_party_base(const struct party *party, const struct fc_certificate *recovery)
{
    for (size_t i = 0; party && i < party->certificates.count; i++)
        if (extends(recovery, party->certificates.list[i]))
            return party->certificates.list[i];
    return NULL;
}

static bool alike(const struct fc_certificate *a, const struct fc_certificate *b)
{
    return a->r == b->r && fc_certificate_same_line(a, b);
}

static enum fc_err check_recovery(const struct roll *roll, const struct party *party,
                                  const struct slot *slot, struct slot **displaced)
{
    const struct fc_certificate *certificate = &slot->fact->held.certificate;
    struct slot *highest = NULL;
    size_t same = 0;
    if (certificate->r > LEDGER_RECOVERIES_MAX)
        return FC_E_BOUND;
    if (!fc_ledger_verify(roll, &slot->fact->held.record, &certificate->recovery_key))
        return FC_E_SIGNATURE;
    if (!fc_party_base(party, certificate))
        return FC_E_UNKNOWN;
    for (size_t i = 0; i < party->certificates.count; i++) {
        struct slot *other = party->certificates.list[i];
        if (!alike(certificate, &other->fact->held.certificate))
            continue;
        same++;
        if (!highest ||
            fc_hash_cmp(&highest->fact->held.record.hash, &other->fact->held.record.hash) < 0)
            highest = other;
    }
    /* Two are enough to freeze the feed: the lowest, so that all keep the same ones. */
    if (same < 2)
        return FC_OK;
    *displaced = highest;
    return fc_hash_cmp(&slot->fact->held.record.hash, &highest->fact->held.record.hash) < 0
               ? FC_OK
               : FC_E_STALE;
}

struct slot *fc_party_double(struct party *party, struct slot *recovery)
{
    for (size_t i = 0; i < party->certificates.count; i++) {
        struct slot *other = party->certificates.list[i];
        if (other != recovery &&
            alike(&recovery->fact->held.certificate, &other->fact->held.certificate)) {
            recovery->doubled = other->doubled = true;
            return other;
        }
    }
    return NULL;
}

enum fc_err fc_ledger_add_governed(const struct roll *roll, const struct slot *slot,
                                   const struct fc_hash *charter)
{
    const struct slot *under = fc_ledger_held_charter(roll, charter);
    if (!under)
        return FC_E_UNKNOWN;
    if (fc_ledger_signatures(roll, &slot->fact->held.record, &under->fact->held.charter) <
        under->fact->held.charter.admit)
        return FC_E_QUORUM;
    /* Governors who are none any more can sign without end what does not count. */
    bool idle = !fc_ledger_counts(roll, charter, &slot->fact->held.record.hash);
    return idle && roll->idle_count >= LEDGER_IDLE_MAX ? FC_E_AGAIN : FC_OK;
}

enum fc_err fc_ledger_add_certificate(const struct roll *roll, const struct slot *slot,
                                      struct slot **displaced)
{
    const struct fc_certificate *certificate = &slot->fact->held.certificate;
    const struct party *party = fc_ledger_party(roll, &certificate->participant);
    if (certificate->r > 0)
        return check_recovery(roll, party, slot, displaced);
    bool rooted = certificate_is_first(certificate);
    for (size_t i = 0; party && i < party->certificates.count && !rooted; i++)
        rooted = certificate_is_first(&party->certificates.list[i]->fact->held.certificate);
    enum fc_err err = fc_ledger_add_governed(roll, slot, &certificate->charter);
    return err == FC_OK && !rooted ? FC_E_UNKNOWN : err;
}

/* -- what counts ------------------------------------------------------------------------------- */

static bool base_counts(const struct party *party, const struct fc_certificate *recovery)
{
    for (size_t i = 0; i < party->certificates.count; i++)
        if (party->certificates.list[i]->counts && extends(recovery, party->certificates.list[i]))
            return true;
    return false;
}

/* Recoveries come after what they extend. */
static void count_certificates(struct roll *roll, struct party *party)
{
    for (size_t i = 0; i < party->certificates.count; i++) {
        struct slot *slot = party->certificates.list[i];
        const struct fc_certificate *certificate = &slot->fact->held.certificate;
        fc_ledger_count(roll, slot,
                        certificate->r == 0 ? fc_ledger_counts(roll, &certificate->charter,
                                                               &slot->fact->held.record.hash)
                                            : base_counts(party, certificate));
    }
}

static void count_revocations(struct roll *roll, struct party *party)
{
    for (size_t i = 0; i < party->revocations.count; i++) {
        struct slot *slot = party->revocations.list[i];
        const struct fc_hash *charter = &slot->fact->held.revocation.charter;
        fc_ledger_count(roll, slot, fc_ledger_counts(roll, charter, &slot->fact->held.record.hash));
    }
}

/* The lowest r at which two recoveries of one line contradict each other. */
static uint64_t line_conflict(const struct party *party, const struct fc_certificate *line)
{
    uint64_t lowest = UINT64_MAX;
    for (size_t i = 0; i < party->certificates.count; i++) {
        const struct slot *slot = party->certificates.list[i];
        const struct fc_certificate *certificate = &slot->fact->held.certificate;
        if (slot->doubled && certificate->r < lowest && fc_certificate_same_line(certificate, line))
            lowest = certificate->r;
    }
    for (size_t i = 0; i < party->evidence.count; i++) {
        const struct about *about = party->evidence.list[i]->fact->about;
        if (about->type == FC_RECORD_CERTIFICATE && about->certificate.r < lowest &&
            fc_certificate_same_line(&about->certificate, line))
            lowest = about->certificate.r;
    }
    return lowest;
}

static void mark_conflicts(struct party *party)
{
    for (size_t i = 0; i < party->certificates.count; i++) {
        struct slot *slot = party->certificates.list[i];
        const struct fc_certificate *certificate = &slot->fact->held.certificate;
        slot->conflicted =
            certificate->r > 0 && certificate->r >= line_conflict(party, certificate);
    }
}

/* Whether the key signs for that incarnation: keys that a retired quorum or a recovery in conflict
 * brought in do not. */
static bool speaks(const struct party *party, uint16_t incarnation, const struct fc_key *key)
{
    for (size_t i = 0; i < party->certificates.count; i++) {
        const struct slot *slot = party->certificates.list[i];
        if (slot->fact->held.certificate.incarnation == incarnation && !slot->conflicted &&
            (slot->counts || party->unsettled) &&
            fc_key_eq(&slot->fact->held.certificate.feed_key, key))
            return true;
    }
    return false;
}

/* Evidence against heads counts while who signed them does, by the certificates the heads name or
 * by later ones that go on with the same key. */
static void count_evidence(const struct roll *roll, struct party *party)
{
    for (size_t i = 0; i < party->evidence.count; i++) {
        struct slot *slot = party->evidence.list[i];
        const struct about *about = slot->fact->about;
        slot->counts = true;
        for (int k = 0; k < 2 && about->type == FC_RECORD_HEAD; k++) {
            const struct slot *named = fc_ledger_slot(roll, &about->certificates[k]);
            if (!named ||
                !speaks(party, about->incarnation, &named->fact->held.certificate.feed_key))
                slot->counts = false;
        }
    }
}

bool fc_party_lined(const struct party *party, const struct fc_certificate *certificate)
{
    for (size_t i = 0; i < party->certificates.count; i++)
        if (party->certificates.list[i]->lined &&
            fc_certificate_same_heads(&party->certificates.list[i]->fact->held.certificate,
                                      certificate))
            return true;
    return false;
}

bool fc_party_contested(const struct party *party, uint16_t incarnation)
{
    for (size_t i = 0; i < party->evidence.count; i++) {
        const struct slot *slot = party->evidence.list[i];
        if (slot->counts && slot->fact->about->type == FC_RECORD_HEAD &&
            slot->fact->about->incarnation == incarnation)
            return true;
    }
    return false;
}

/* -- what stands ------------------------------------------------------------------------------- */

static bool in_chain(const struct roll *roll, const struct fc_hash *charter)
{
    const struct slot *slot = fc_ledger_held_charter(roll, charter);
    return slot && slot->chain_at > 0;
}

/* An incarnation never falls, and within one neither key nor floor changes. */
static bool continues(const struct fc_certificate *next, const struct fc_certificate *base)
{
    return next->incarnation > base->incarnation || fc_certificate_same_heads(next, base);
}

/* Of governors' certificates that count, by ascending g, those that continue the one before; of one
 * g the lower hash. The last of them stands. */
static struct slot *standing_base(const struct party *party)
{
    struct slot *best = NULL;
    for (size_t i = 0; i < party->certificates.count; i++) {
        struct slot *slot = party->certificates.list[i];
        const struct fc_certificate *certificate = &slot->fact->held.certificate;
        slot->lined = slot->counts && certificate->r == 0 &&
                      (!best || (certificate->g > best->fact->held.certificate.g &&
                                 continues(certificate, &best->fact->held.certificate)));
        if (slot->lined)
            best = slot;
    }
    return best;
}

static void line_recoveries(const struct party *party)
{
    for (size_t i = 0; i < party->certificates.count; i++) {
        struct slot *slot = party->certificates.list[i];
        for (size_t j = 0; j < i && slot->fact->held.certificate.r > 0 && !slot->conflicted; j++) {
            const struct slot *base = party->certificates.list[j];
            if (base->lined && extends(&slot->fact->held.certificate, base))
                slot->lined = true;
        }
    }
}

/* Of those under rival charters: the highest g, of equals the lower hash. */
static struct slot *disputed_base(const struct roll *roll, const struct party *party)
{
    struct slot *best = NULL;
    for (size_t i = 0; i < party->certificates.count; i++) {
        struct slot *slot = party->certificates.list[i];
        const struct fc_certificate *certificate = &slot->fact->held.certificate;
        if (certificate->r == 0 && !in_chain(roll, &certificate->charter) &&
            (!best || certificate->g > best->fact->held.certificate.g))
            best = slot;
    }
    return best;
}

/* The last recovery on top of it, below two that contradict each other. */
static struct slot *recovered(const struct party *party, struct slot *base, bool *frozen)
{
    struct slot *standing = base;
    *frozen = line_conflict(party, &base->fact->held.certificate) != UINT64_MAX;
    for (size_t i = 0; i < party->certificates.count; i++) {
        struct slot *slot = party->certificates.list[i];
        if (!slot->conflicted &&
            slot->fact->held.certificate.r > standing->fact->held.certificate.r &&
            extends(&slot->fact->held.certificate, base))
            standing = slot;
    }
    return standing;
}

static struct slot *standing_revocation(const struct party *party, uint64_t g)
{
    struct slot *best = NULL;
    for (size_t i = 0; i < party->revocations.count; i++) {
        struct slot *slot = party->revocations.list[i];
        if (!slot->counts || slot->fact->held.revocation.g < g)
            continue;
        fc_version last = slot->fact->held.revocation.last_valid;
        if (!best || last < best->fact->held.revocation.last_valid ||
            (last == best->fact->held.revocation.last_valid &&
             fc_hash_cmp(&slot->fact->held.record.hash, &best->fact->held.record.hash) < 0))
            best = slot;
    }
    return best;
}

static size_t certified_place(const struct roll *roll, const struct fc_hash *id)
{
    size_t low = 0, high = roll->certified_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (fc_hash_cmp(&roll->certified[middle]->id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void list_certified(struct roll *roll, struct party *party)
{
    size_t at = certified_place(roll, &party->id);
    bool listed = at < roll->certified_count && roll->certified[at] == party;
    struct party **place = roll->certified + at;
    if (party->certificate && !listed) {
        memmove(place + 1, place, (roll->certified_count - at) * sizeof *place);
        *place = party;
        roll->certified_count++;
    } else if (!party->certificate && listed) {
        roll->certified_count--;
        memmove(place, place + 1, (roll->certified_count - at) * sizeof *place);
    }
}

enum fc_err fc_party_decide(struct roll *roll, struct party *party)
{
    count_certificates(roll, party);
    count_revocations(roll, party);
    mark_conflicts(party);
    struct slot *base = standing_base(party);
    line_recoveries(party);
    /* What was signed under one of two rivals goes on being shown, and says that it is unsettled.
     * What a rotation did not carry over is gone. */
    party->unsettled = !base && roll->disputed;
    if (party->unsettled)
        base = disputed_base(roll, party);
    party->unsettled = party->unsettled && base;
    count_evidence(roll, party);
    party->recovery_frozen = false;
    party->certificate = base ? recovered(party, base, &party->recovery_frozen) : NULL;
    party->revocation = base ? standing_revocation(party, base->fact->held.certificate.g) : NULL;
    list_certified(roll, party);
    return fc_party_claim(roll, party);
}

/* -- what others ask --------------------------------------------------------------------------- */

static void describe(const struct party *party, struct fc_participant *out)
{
    *out = (struct fc_participant){
        .id = party->id,
        .certificate = &party->certificate->fact->held,
        .revocation = party->revocation ? &party->revocation->fact->held : NULL,
        .recovery_frozen = party->recovery_frozen,
        .contested =
            fc_party_contested(party, party->certificate->fact->held.certificate.incarnation),
        .unsettled = party->unsettled};
}

enum fc_err fc_ledger_participant(const struct fc_ledger *ledger, const struct fc_hash *id,
                                  struct fc_participant *out)
{
    const struct roll *roll = ledger->roll;
    const struct party *party = fc_ledger_party(roll, id);
    if (!party || !party->certificate)
        return FC_E_MISSING;
    describe(party, out);
    return FC_OK;
}

size_t fc_ledger_participant_count(const struct fc_ledger *ledger)
{
    const struct roll *roll = ledger->roll;
    return roll->certified_count;
}

void fc_ledger_participant_at(const struct fc_ledger *ledger, size_t index,
                              struct fc_participant *out)
{
    const struct roll *roll = ledger->roll;
    describe(roll->certified[index], out);
}
