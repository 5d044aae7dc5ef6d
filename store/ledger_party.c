/* Participants: which certificate stands, what revokes it, which nodes are members. */
#include <stdlib.h>
#include <string.h>

#include "store/ledger_priv.h"

bool fc_ledger_verify(const struct fc_ledger *ledger, const struct fc_record *record,
                      const struct fc_key *key)
{
    for (uint32_t i = 0; i < record->signature_count; i++) {
        struct fc_signature signature;
        fc_record_signature(record, i, &signature);
        if (fc_key_eq(&signature.signer, key)) {
            struct fc_verify_job job = {.key = *key, .hash = record->hash, .sig = signature.sig};
            ledger->verifier.verify(ledger->verifier.ctx, &job, 1);
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

/* A recovery certificate may change r, the feed key, the incarnation and the floor. */
static bool extends(const struct fc_certificate *next, const struct fc_certificate *base)
{
    return fc_hash_eq(&next->participant, &base->participant) && next->g == base->g &&
           fc_hash_eq(&next->charter, &base->charter) && fc_span_eq(next->name, base->name) &&
           fc_span_eq(next->country, base->country) && fc_span_eq(next->url, base->url) &&
           fc_key_eq(&next->recovery_key, &base->recovery_key) &&
           next->quota_entries == base->quota_entries && next->quota_bytes == base->quota_bytes &&
           next->quota_ops == base->quota_ops && next->quota_nodes == base->quota_nodes &&
           next->heartbeat_ms == base->heartbeat_ms &&
           fc_key_eq(&next->node_key, &base->node_key) && endpoints_eq(next, base) &&
           next->not_before_ms == base->not_before_ms && next->not_after_ms == base->not_after_ms &&
           next->incarnation == base->incarnation + next->r;
}

struct slot *fc_party_base(const struct party *party, const struct fc_held *recovery)
{
    for (size_t i = 0; party && i < party->certificates.count; i++) {
        struct slot *slot = party->certificates.list[i];
        if (slot->held.certificate.r == 0 &&
            extends(&recovery->certificate, &slot->held.certificate))
            return slot;
    }
    return NULL;
}

static enum fc_err check_recovery(const struct fc_ledger *ledger, const struct party *party,
                                  const struct fc_held *held)
{
    const struct fc_certificate *certificate = &held->certificate;
    size_t same = 0;
    bool based = false;
    if (certificate->r > LEDGER_RECOVERIES_MAX)
        return FC_E_BOUND;
    for (size_t i = 0; party && i < party->certificates.count; i++) {
        const struct fc_certificate *other = &party->certificates.list[i]->held.certificate;
        based = based || (other->g == certificate->g && other->r == 0);
        same += other->g == certificate->g && other->r == certificate->r;
    }
    const struct slot *base = fc_party_base(party, held);
    if (!base)
        return based ? FC_E_DENIED : FC_E_UNKNOWN;
    if (!fc_ledger_verify(ledger, &held->record, &base->held.certificate.recovery_key))
        return FC_E_SIGNATURE;
    /* Two are enough to freeze the feed; a third says nothing new. */
    return same < 2 ? FC_OK : FC_E_STALE;
}

enum fc_err fc_ledger_add_governed(struct fc_ledger *ledger, const struct fc_held *held,
                                   const struct fc_hash *charter)
{
    const struct slot *under = fc_ledger_held_charter(ledger, charter);
    if (!under)
        return FC_E_UNKNOWN;
    return fc_ledger_signatures(ledger, &held->record, &under->held.charter) <
                   under->held.charter.admit
               ? FC_E_QUORUM
               : FC_OK;
}

enum fc_err fc_ledger_add_certificate(struct fc_ledger *ledger, const struct fc_held *held)
{
    const struct fc_certificate *certificate = &held->certificate;
    const struct party *party = fc_ledger_party(ledger, &certificate->participant);
    if (certificate->r > 0)
        return check_recovery(ledger, party, held);
    bool rooted = certificate_is_first(certificate);
    for (size_t i = 0; party && i < party->certificates.count && !rooted; i++)
        rooted = certificate_is_first(&party->certificates.list[i]->held.certificate);
    enum fc_err err = fc_ledger_add_governed(ledger, held, &certificate->charter);
    return err == FC_OK && !rooted ? FC_E_UNKNOWN : err;
}

/* -- what stands ------------------------------------------------------------------------------- */

static bool in_chain(const struct fc_ledger *ledger, const struct fc_hash *charter)
{
    for (size_t i = 0; i < ledger->chain.count; i++)
        if (fc_hash_eq(&ledger->chain.list[i]->held.record.hash, charter))
            return true;
    return false;
}

/* Of governors' certificates that count, or else of those under rival charters: the highest g, of
 * equals the lower hash. */
static struct slot *standing_base(const struct fc_ledger *ledger, const struct party *party,
                                  bool counting)
{
    struct slot *best = NULL;
    for (size_t i = 0; i < party->certificates.count; i++) {
        struct slot *slot = party->certificates.list[i];
        const struct fc_certificate *certificate = &slot->held.certificate;
        if (certificate->r > 0 ||
            (counting ? !slot->counts : in_chain(ledger, &certificate->charter)))
            continue;
        uint64_t g = best ? best->held.certificate.g : 0;
        if (!best || certificate->g > g ||
            (certificate->g == g &&
             fc_hash_cmp(&slot->held.record.hash, &best->held.record.hash) < 0))
            best = slot;
    }
    return best;
}

/* The recoveries on top of it, one r after the other, up to two that contradict each other. */
static struct slot *recovered(const struct fc_ledger *ledger, const struct party *party,
                              struct slot *base, bool *frozen)
{
    struct slot *standing = base;
    uint64_t conflict = UINT64_MAX;
    for (size_t i = 0; i < party->certificates.count; i++) {
        const struct slot *a = party->certificates.list[i];
        if (a->held.certificate.r == 0 || fc_party_base(party, &a->held) != base)
            continue;
        for (size_t j = 0; j < i; j++) {
            const struct slot *b = party->certificates.list[j];
            if (b->held.certificate.r == a->held.certificate.r &&
                fc_party_base(party, &b->held) == base && a->held.certificate.r < conflict)
                conflict = a->held.certificate.r;
        }
    }
    for (size_t i = 0; i < party->evidence.count; i++) {
        struct fc_record record;
        struct fc_certificate certificate;
        if (fc_record_parse(party->evidence.list[i]->held.evidence.first, &record) == FC_OK &&
            record.type == FC_RECORD_CERTIFICATE &&
            fc_certificate_parse(&record, &certificate) == FC_OK &&
            certificate.g == base->held.certificate.g && certificate.r < conflict)
            conflict = certificate.r;
    }
    (void)ledger;
    *frozen = conflict != UINT64_MAX;
    for (size_t i = 0; i < party->certificates.count; i++) {
        struct slot *slot = party->certificates.list[i];
        const struct fc_certificate *certificate = &slot->held.certificate;
        if (certificate->r > standing->held.certificate.r && certificate->r < conflict &&
            fc_party_base(party, &slot->held) == base)
            standing = slot;
    }
    return standing;
}

static struct slot *standing_revocation(const struct party *party, uint64_t g)
{
    struct slot *best = NULL;
    for (size_t i = 0; i < party->revocations.count; i++) {
        struct slot *slot = party->revocations.list[i];
        if (!slot->counts || slot->held.revocation.g < g)
            continue;
        fc_version last = slot->held.revocation.last_valid;
        if (!best || last < best->held.revocation.last_valid ||
            (last == best->held.revocation.last_valid &&
             fc_hash_cmp(&slot->held.record.hash, &best->held.record.hash) < 0))
            best = slot;
    }
    return best;
}

static void count_records(const struct fc_ledger *ledger, struct party *party)
{
    struct slots *certificates = &party->certificates;
    for (size_t i = 0; i < certificates->count; i++) {
        struct slot *slot = certificates->list[i];
        if (slot->held.certificate.r == 0)
            slot->counts =
                fc_ledger_counts(ledger, &slot->held.certificate.charter, &slot->held.record.hash);
    }
    for (size_t i = 0; i < certificates->count; i++) {
        struct slot *slot = certificates->list[i];
        if (slot->held.certificate.r > 0) {
            const struct slot *base = fc_party_base(party, &slot->held);
            slot->counts = base && base->counts;
        }
    }
    for (size_t i = 0; i < party->revocations.count; i++) {
        struct slot *slot = party->revocations.list[i];
        slot->counts =
            fc_ledger_counts(ledger, &slot->held.revocation.charter, &slot->held.record.hash);
    }
    for (size_t i = 0; i < party->takedowns.count; i++) {
        struct slot *slot = party->takedowns.list[i];
        slot->counts =
            fc_ledger_counts(ledger, &slot->held.takedown.charter, &slot->held.record.hash);
    }
}

/* -- nodes ------------------------------------------------------------------------------------- */

static size_t node_place(const struct fc_ledger *ledger, const struct fc_key *key)
{
    size_t low = 0, high = ledger->node_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (fc_key_cmp(&ledger->nodes[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool first_node(const struct party *party, const struct fc_key *key)
{
    return party->certificate && fc_key_eq(&party->certificate->held.certificate.node_key, key);
}

/* A key two operators name belongs to the one whose certificate has it, else to the lower id. */
static bool outranks(const struct party *a, const struct party *b, const struct fc_key *key)
{
    bool first_a = first_node(a, key), first_b = first_node(b, key);
    return first_a != first_b ? first_a : fc_hash_cmp(&a->id, &b->id) < 0;
}

static enum fc_err node_claim(struct fc_ledger *ledger, struct party *party,
                              const struct fc_key *key, struct slot *descriptor)
{
    size_t at = node_place(ledger, key);
    struct node_row row = {.key = *key, .party = party, .descriptor = descriptor};
    if (at < ledger->node_count && fc_key_eq(&ledger->nodes[at].key, key)) {
        if (ledger->nodes[at].party == party || outranks(party, ledger->nodes[at].party, key))
            ledger->nodes[at] = row;
        return FC_OK;
    }
    if (ledger->node_count == ledger->node_cap) {
        size_t cap = ledger->node_cap ? ledger->node_cap * 2 : 16;
        struct node_row *nodes = realloc(ledger->nodes, cap * sizeof *nodes);
        if (!nodes)
            return FC_E_NOMEM;
        ledger->nodes = nodes;
        ledger->node_cap = cap;
    }
    memmove(ledger->nodes + at + 1, ledger->nodes + at,
            (ledger->node_count - at) * sizeof ledger->nodes[0]);
    ledger->nodes[at] = row;
    ledger->node_count++;
    return FC_OK;
}

static int by_node_key(const void *a, const void *b)
{
    const struct slot *x = *(struct slot *const *)a, *y = *(struct slot *const *)b;
    return fc_key_cmp(&x->held.descriptor.node_key, &y->held.descriptor.node_key);
}

static enum fc_err claim_all(struct fc_ledger *ledger, struct party *party)
{
    const struct fc_certificate *certificate = &party->certificate->held.certificate;
    struct slots *descriptors = &party->descriptors;
    uint32_t room = certificate->quota_nodes;
    bool first_retired = false;
    enum fc_err err = FC_OK;
    if (descriptors->count > 1)
        qsort(descriptors->list, descriptors->count, sizeof descriptors->list[0], by_node_key);
    for (size_t i = 0; i < descriptors->count; i++) {
        const struct fc_descriptor *descriptor = &descriptors->list[i]->held.descriptor;
        if (fc_key_eq(&descriptor->node_key, &certificate->node_key))
            first_retired = descriptor->retired;
    }
    bool named = !fc_key_is_zero(&certificate->node_key) && !first_retired;
    if (named && room > 0) {
        err = node_claim(ledger, party, &certificate->node_key, NULL);
        room--;
    }
    for (size_t i = 0; i < descriptors->count && err == FC_OK; i++) {
        struct slot *slot = descriptors->list[i];
        const struct fc_descriptor *descriptor = &slot->held.descriptor;
        bool first = named && fc_key_eq(&descriptor->node_key, &certificate->node_key);
        if (descriptor->retired || (!first && room == 0))
            continue;
        err = node_claim(ledger, party, &descriptor->node_key, slot);
        room -= !first;
    }
    return err;
}

static enum fc_err claim_others(struct fc_ledger *ledger, const struct fc_key *keys, size_t count,
                                const struct party *but)
{
    /* A place that became free goes to whoever else names the key; it is rare that anyone does. */
    enum fc_err err = FC_OK;
    for (size_t i = 0; i < ledger->party_count && err == FC_OK; i++) {
        struct party *party = ledger->parties[i];
        bool names = false;
        for (size_t k = 0; k < count && !names && party != but; k++) {
            names = first_node(party, &keys[k]);
            for (size_t j = 0; j < party->descriptors.count && !names; j++)
                names = fc_key_eq(&party->descriptors.list[j]->held.descriptor.node_key, &keys[k]);
        }
        if (names && party->certificate && !party->revocation)
            err = claim_all(ledger, party);
    }
    return err;
}

static enum fc_err decide_nodes(struct fc_ledger *ledger, struct party *party)
{
    size_t kept = 0, freed_count = 0;
    struct fc_key *freed = NULL;
    for (size_t i = 0; i < ledger->node_count; i++)
        freed_count += ledger->nodes[i].party == party;
    if (freed_count > 0) {
        freed = malloc(freed_count * sizeof *freed);
        if (!freed)
            return FC_E_NOMEM;
    }
    freed_count = 0;
    for (size_t i = 0; i < ledger->node_count; i++) {
        if (ledger->nodes[i].party == party)
            freed[freed_count++] = ledger->nodes[i].key;
        else
            ledger->nodes[kept++] = ledger->nodes[i];
    }
    ledger->node_count = kept;
    enum fc_err err = FC_OK;
    if (party->certificate && !party->revocation)
        err = claim_all(ledger, party);
    size_t lost = 0;
    for (size_t i = 0; i < freed_count; i++) {
        size_t at = node_place(ledger, &freed[i]);
        if (at >= ledger->node_count || !fc_key_eq(&ledger->nodes[at].key, &freed[i]))
            freed[lost++] = freed[i];
    }
    if (err == FC_OK && lost > 0)
        err = claim_others(ledger, freed, lost, party);
    free(freed);
    return err;
}

static void list_certified(struct fc_ledger *ledger)
{
    ledger->certified_count = 0;
    for (size_t i = 0; i < ledger->party_count; i++)
        if (ledger->parties[i]->certificate)
            ledger->certified[ledger->certified_count++] = ledger->parties[i];
}

enum fc_err fc_party_decide(struct fc_ledger *ledger, struct party *party)
{
    bool had = party->certificate != NULL;
    count_records(ledger, party);
    struct slot *base = standing_base(ledger, party, true);
    /* What was signed under one of two rivals goes on being shown, and says that it is unsettled.
     * What a rotation did not carry over is gone. */
    party->unsettled = !base && ledger->disputed;
    if (party->unsettled)
        base = standing_base(ledger, party, false);
    party->recovery_frozen = false;
    party->certificate = base ? recovered(ledger, party, base, &party->recovery_frozen) : NULL;
    party->revocation = base ? standing_revocation(party, base->held.certificate.g) : NULL;
    if (had != (party->certificate != NULL))
        list_certified(ledger);
    return decide_nodes(ledger, party);
}

/* -- descriptors and checkpoints --------------------------------------------------------------- */

bool fc_party_signed(const struct party *party, const struct fc_record *record)
{
    for (size_t i = 0; i < party->certificates.count; i++)
        if (fc_record_signed_by(record, &party->certificates.list[i]->held.certificate.feed_key))
            return true;
    return false;
}

enum fc_err fc_ledger_add_descriptor(struct fc_ledger *ledger, const struct fc_held *held,
                                     struct slot **displaced)
{
    const struct fc_descriptor *descriptor = &held->descriptor;
    const struct party *party = fc_ledger_party(ledger, &descriptor->participant);
    struct slot *last = NULL;
    size_t others = 0;
    if (!party || !party->certificate)
        return FC_E_UNKNOWN;
    if (!fc_party_signed(party, &held->record))
        return held->record.signature_count ? FC_E_UNKNOWN : FC_E_SIGNATURE;
    for (size_t i = 0; i < party->descriptors.count; i++) {
        struct slot *slot = party->descriptors.list[i];
        if (fc_key_eq(&slot->held.descriptor.node_key, &descriptor->node_key)) {
            bool older = slot->held.descriptor.seq < descriptor->seq ||
                         (slot->held.descriptor.seq == descriptor->seq &&
                          fc_hash_cmp(&held->record.hash, &slot->held.record.hash) < 0);
            *displaced = slot;
            return older ? FC_OK : FC_E_STALE;
        }
        if (!first_node(party, &slot->held.descriptor.node_key)) {
            others++;
            if (!last || by_node_key(&slot, &last) > 0)
                last = slot;
        }
    }
    /* Room for twice the nodes it may run, so that retired ones do not block the others; beyond
     * that the lower keys stay, whatever came first. */
    size_t room = 2 * (size_t)party->certificate->held.certificate.quota_nodes + 2;
    if (others < room || first_node(party, &descriptor->node_key))
        return FC_OK;
    *displaced = last;
    return fc_key_cmp(&descriptor->node_key, &last->held.descriptor.node_key) < 0 ? FC_OK
                                                                                  : FC_E_DENIED;
}

enum fc_err fc_ledger_add_checkpoint(struct fc_ledger *ledger, const struct fc_held *held,
                                     struct slot **displaced)
{
    const struct fc_checkpoint *checkpoint = &held->checkpoint;
    struct party *party = fc_ledger_party(ledger, &checkpoint->participant);
    size_t at = node_place(ledger, &checkpoint->node_key);
    bool member = at < ledger->node_count &&
                  fc_key_eq(&ledger->nodes[at].key, &checkpoint->node_key) &&
                  ledger->nodes[at].party == party;
    if (!party || !member)
        return FC_E_UNKNOWN;
    if (!fc_party_signed(party, &held->record))
        return held->record.signature_count ? FC_E_UNKNOWN : FC_E_SIGNATURE;
    for (size_t i = 0; i < party->checkpoints.count; i++) {
        struct slot *slot = party->checkpoints.list[i];
        if (fc_key_eq(&slot->held.checkpoint.node_key, &checkpoint->node_key)) {
            uint64_t before = slot->held.checkpoint.time_ms;
            *displaced = slot;
            return checkpoint->time_ms > before ||
                           (checkpoint->time_ms == before &&
                            fc_hash_cmp(&held->record.hash, &slot->held.record.hash) < 0)
                       ? FC_OK
                       : FC_E_STALE;
        }
    }
    return FC_OK;
}

/* -- what others ask --------------------------------------------------------------------------- */

static void describe(const struct fc_ledger *ledger, const struct party *party,
                     struct fc_participant *out)
{
    *out = (struct fc_participant){
        .id = party->id,
        .certificate = &party->certificate->held,
        .revocation = party->revocation ? &party->revocation->held : NULL,
        .recovery_frozen = party->recovery_frozen,
        .contested = fc_ledger_contested(ledger, &party->id,
                                         party->certificate->held.certificate.incarnation),
        .unsettled = party->unsettled};
}

enum fc_err fc_ledger_participant(const struct fc_ledger *ledger, const struct fc_hash *id,
                                  struct fc_participant *out)
{
    const struct party *party = fc_ledger_party(ledger, id);
    if (!party || !party->certificate)
        return FC_E_MISSING;
    describe(ledger, party, out);
    return FC_OK;
}

size_t fc_ledger_participant_count(const struct fc_ledger *ledger)
{
    return ledger->certified_count;
}

void fc_ledger_participant_at(const struct fc_ledger *ledger, size_t index,
                              struct fc_participant *out)
{
    describe(ledger, ledger->certified[index], out);
}

const struct fc_held *fc_ledger_takedown(const struct fc_ledger *ledger,
                                         const struct fc_hash *participant,
                                         const struct fc_hash *key_hash,
                                         const struct fc_hash *commitment)
{
    const struct party *party = fc_ledger_party(ledger, participant);
    const struct slot *best = NULL;
    for (size_t i = 0; party && i < party->takedowns.count; i++) {
        const struct slot *slot = party->takedowns.list[i];
        if (slot->counts && fc_hash_eq(&slot->held.takedown.key, key_hash) &&
            fc_hash_eq(&slot->held.takedown.commitment, commitment) &&
            (!best || fc_hash_cmp(&slot->held.record.hash, &best->held.record.hash) < 0))
            best = slot;
    }
    return best ? &best->held : NULL;
}

static void describe_node(const struct node_row *row, struct fc_node *out)
{
    *out = (struct fc_node){.key = row->key, .participant = row->party->id};
    if (row->descriptor) {
        const struct fc_descriptor *descriptor = &row->descriptor->held.descriptor;
        out->endpoint_count = descriptor->endpoint_count;
        memcpy(out->endpoints, descriptor->endpoints, sizeof out->endpoints);
        out->region = descriptor->region;
        out->descriptor = &row->descriptor->held;
    } else {
        const struct fc_certificate *certificate = &row->party->certificate->held.certificate;
        out->endpoint_count = certificate->endpoint_count;
        memcpy(out->endpoints, certificate->endpoints, sizeof out->endpoints);
        out->region = certificate->country;
    }
}

size_t fc_ledger_node_count(const struct fc_ledger *ledger)
{
    return ledger->node_count;
}

void fc_ledger_node_at(const struct fc_ledger *ledger, size_t index, struct fc_node *out)
{
    describe_node(&ledger->nodes[index], out);
}

enum fc_err fc_ledger_node(const struct fc_ledger *ledger, const struct fc_key *key,
                           struct fc_node *out)
{
    size_t at = node_place(ledger, key);
    if (at >= ledger->node_count || !fc_key_eq(&ledger->nodes[at].key, key))
        return FC_E_MISSING;
    describe_node(&ledger->nodes[at], out);
    return FC_OK;
}
