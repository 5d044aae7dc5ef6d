#include "store/proof.h"

#include <string.h>

#include "store/merkle.h"
#include "store/pack.h"
#include "store/proof_priv.h"

/* -- records with the signatures that count ---------------------------------------------------- */

static uint32_t keep_valid(const struct fc_record *record, const struct fc_charter *first,
                           const struct fc_charter *second, const struct fc_key *single,
                           struct fc_signature kept[2 * FC_SIGNATURES_MAX])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < record->signature_count && count < 2 * FC_SIGNATURES_MAX; i++) {
        fc_record_signature(record, i, &kept[count]);
        const struct fc_key *signer = &kept[count].signer;
        if ((fc_proof_governs(first, signer) || fc_proof_governs(second, signer) ||
             (single && fc_key_eq(single, signer))) &&
            fc_verify(signer, &record->hash, &kept[count].sig))
            count++;
    }
    return count;
}

/* Writes a record, as binary, with its valid signatures by governors of either charter or by one
 * key: a checker refuses any that does not count, so that every byte of a proof matters. */
static enum fc_err put_record(const struct fc_record *record, const struct fc_charter *first,
                              const struct fc_charter *second, const struct fc_key *single,
                              struct fc_buf *out)
{
    struct fc_signature kept[2 * FC_SIGNATURES_MAX];
    struct fc_buf bytes = {0};
    uint32_t count = keep_valid(record, first, second, single, kept);
    enum fc_err err = fc_record_write(record->type, record->body, kept, count, &bytes);
    if (err == FC_OK) {
        fc_pack_bin(out, fc_buf_span(&bytes));
        err = fc_buf_check(out);
    }
    fc_buf_finish(&bytes);
    return err;
}

/* -- who vouches ------------------------------------------------------------------------------- */

static const struct fc_held *find_certificate(const struct fc_ledger *ledger,
                                              const struct fc_hash *hash)
{
    const struct fc_held *held = fc_ledger_find(ledger, hash);
    return held && held->record.type == FC_RECORD_CERTIFICATE ? held : NULL;
}

/* The certificate of governors that a recovery certificate rests on. */
static const struct fc_held *find_base(const struct fc_ledger *ledger,
                                       const struct fc_certificate *recovery)
{
    size_t count = fc_ledger_record_count(ledger);
    for (size_t i = 0; i < count; i++) {
        const struct fc_held *held = fc_ledger_record_at(ledger, i);
        if (held->record.type == FC_RECORD_CERTIFICATE && held->certificate.r == 0 &&
            fc_proof_extends(recovery, &held->certificate))
            return held;
    }
    return NULL;
}

static const struct fc_held *find_carry(const struct fc_ledger *ledger,
                                        const struct fc_charter *charter)
{
    size_t count = fc_ledger_record_count(ledger);
    for (size_t i = 0; i < count; i++) {
        const struct fc_held *held = fc_ledger_record_at(ledger, i);
        if (held->record.type != FC_RECORD_CARRY || held->carry.version != charter->version)
            continue;
        struct fc_hash root = fc_merkle_root(held->carry.hashes);
        if (fc_hash_eq(&root, &charter->carried))
            return held;
    }
    return NULL;
}

static bool find_hash(struct fc_span hashes, uint32_t count, const struct fc_hash *hash,
                      uint32_t *index)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = memcmp(hashes.data + (size_t)middle * 32, hash->b, 32);
        if (order == 0) {
            *index = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static enum fc_err put_path(const struct fc_ledger *ledger, const struct fc_charter *charter,
                            const struct fc_hash *certificate, struct fc_buf *out)
{
    struct fc_hash path[FC_MERKLE_PROOF_MAX];
    uint32_t index;
    const struct fc_held *list = find_carry(ledger, charter);
    if (!list || !find_hash(list->carry.hashes, list->carry.count, certificate, &index))
        return FC_E_UNKNOWN;
    uint32_t steps = fc_merkle_prove(list->carry.hashes, index, path);
    fc_pack_array(out, 2);
    fc_pack_uint(out, index);
    fc_pack_array(out, steps);
    for (uint32_t i = 0; i < steps; i++)
        fc_pack_bin(out, fc_span(path[i].b, 32));
    return FC_OK;
}

/* A path from the certificate to what each later charter carries over. */
static enum fc_err put_carry(const struct fc_ledger *ledger, const struct fc_held *last,
                             const struct fc_charter *issued, const struct fc_hash *certificate,
                             struct fc_buf *out)
{
    if (issued->version > last->charter.version)
        return FC_E_UNKNOWN;
    fc_pack_array(out, (uint32_t)(last->charter.version - issued->version));
    for (uint64_t v = issued->version + 1; v <= last->charter.version; v++) {
        const struct fc_held *held = fc_ledger_charter_version(ledger, v);
        enum fc_err err = held ? put_path(ledger, &held->charter, certificate, out) : FC_E_UNKNOWN;
        if (err != FC_OK)
            return err;
    }
    return FC_OK;
}

/* [certificate] or [recovery certificate, certificate], and the paths of the last. */
static enum fc_err put_voucher(const struct fc_ledger *ledger, const struct fc_held *charter,
                               const struct fc_held *certificate, struct fc_buf *out)
{
    const struct fc_held *base = certificate;
    enum fc_err err = FC_OK;
    if (certificate->certificate.r > 0)
        base = find_base(ledger, &certificate->certificate);
    const struct fc_held *issued = base ? fc_ledger_find(ledger, &base->certificate.charter) : NULL;
    if (!issued || issued->record.type != FC_RECORD_CHARTER)
        return FC_E_UNKNOWN;
    fc_pack_array(out, base == certificate ? 1 : 2);
    if (base != certificate)
        err = put_record(&certificate->record, NULL, NULL, &base->certificate.recovery_key, out);
    if (err == FC_OK)
        err = put_record(&base->record, &issued->charter, NULL, NULL, out);
    return err == FC_OK ? put_carry(ledger, charter, &issued->charter, &base->record.hash, out)
                        : err;
}

static enum fc_err put_charters(const struct fc_ledger *ledger, const struct fc_held *last,
                                struct fc_buf *out)
{
    const struct fc_charter *before = NULL;
    uint64_t count = last->charter.version;
    if (count > FC_PROOF_CHARTERS_MAX)
        return FC_E_BOUND;
    fc_pack_array(out, (uint32_t)count);
    for (uint64_t version = 1; version <= count; version++) {
        const struct fc_held *held =
            version == count ? last : fc_ledger_charter_version(ledger, version);
        if (!held)
            return FC_E_UNKNOWN;
        enum fc_err err = put_record(&held->record, before, &held->charter, NULL, out);
        if (err != FC_OK)
            return err;
        before = &held->charter;
    }
    return FC_OK;
}

/* -- checkpoints ------------------------------------------------------------------------------- */

/* The certificate whose feed key signed it; NULL when that is not the one that stands. */
static const struct fc_held *checkpoint_certificate(const struct fc_ledger *ledger,
                                                    const struct fc_held *checkpoint)
{
    struct fc_participant participant;
    if (fc_ledger_participant(ledger, &checkpoint->checkpoint.participant, &participant) != FC_OK ||
        participant.revocation ||
        !fc_record_signed_by(&checkpoint->record, &participant.certificate->certificate.feed_key))
        return NULL;
    return participant.certificate;
}

/* The latest ones made under the charter in force, latest first. */
static uint32_t pick_checkpoints(const struct fc_ledger *ledger, const struct fc_held *charter,
                                 const struct fc_held *picked[FC_PROOF_CHECKPOINTS_MAX])
{
    uint32_t count = 0;
    size_t records = fc_ledger_record_count(ledger);
    for (size_t i = 0; i < records; i++) {
        const struct fc_held *held = fc_ledger_record_at(ledger, i);
        if (held->record.type != FC_RECORD_CHECKPOINT ||
            !fc_hash_eq(&held->checkpoint.charter, &charter->record.hash))
            continue;
        uint32_t at = count;
        while (at > 0 && picked[at - 1]->checkpoint.time_ms < held->checkpoint.time_ms)
            at--;
        if (at == FC_PROOF_CHECKPOINTS_MAX || !checkpoint_certificate(ledger, held))
            continue;
        if (count < FC_PROOF_CHECKPOINTS_MAX)
            count++;
        memmove(&picked[at + 1], &picked[at], (count - at - 1) * sizeof picked[0]);
        picked[at] = held;
    }
    return count;
}

/* Those whose voucher can be shown. */
static enum fc_err put_checkpoints(const struct fc_ledger *ledger, const struct fc_held *charter,
                                   struct fc_buf *out)
{
    const struct fc_held *picked[FC_PROOF_CHECKPOINTS_MAX];
    struct fc_buf items = {0};
    uint32_t count = pick_checkpoints(ledger, charter, picked), written = 0;
    enum fc_err err = FC_OK;
    for (uint32_t i = 0; i < count && err == FC_OK; i++) {
        const struct fc_held *certificate = checkpoint_certificate(ledger, picked[i]);
        size_t start = items.len;
        fc_pack_array(&items, 3);
        err =
            put_record(&picked[i]->record, NULL, NULL, &certificate->certificate.feed_key, &items);
        if (err == FC_OK)
            err = put_voucher(ledger, charter, certificate, &items);
        if (err == FC_OK) {
            written++;
        } else if (err == FC_E_UNKNOWN) {
            items.len = start;
            err = FC_OK;
        }
    }
    fc_pack_array(out, written);
    fc_buf_append(out, items.data, items.len);
    if (err == FC_OK)
        err = fc_buf_check(&items);
    fc_buf_finish(&items);
    return err;
}

/* -- the proof --------------------------------------------------------------------------------- */

/* Head, state proof, participant, key, and salt and content where they are here. */
static enum fc_err put_state(struct fc_replica *replica, const struct fc_hash *participant,
                             struct fc_span key, const struct fc_record *head,
                             const struct fc_key *feed_key, struct fc_buf *out)
{
    struct fc_hash key_hash = fc_key_hash(key);
    struct fc_buf state = {0}, hold = {0}, content = {0};
    struct fc_entry entry;
    enum fc_err err = put_record(head, NULL, NULL, feed_key, out);
    if (err == FC_OK)
        err = fc_replica_prove(replica, participant, &key_hash, &state);
    if (err != FC_OK)
        goto out;
    fc_pack_bin(out, fc_buf_span(&state));
    fc_pack_bin(out, fc_span(participant->b, 32));
    fc_pack_str(out, key);
    err = fc_replica_entry(replica, participant, &key_hash, &hold, &entry);
    if (err == FC_OK && entry.state == FC_CONTENT_PRESENT)
        err = fc_replica_content(replica, participant, &key_hash, &content);
    else if (err == FC_OK)
        err = FC_E_MISSING;
    if (err == FC_OK) {
        fc_pack_bin(out, fc_span(entry.salt, sizeof entry.salt));
        fc_pack_bin(out, fc_buf_span(&content));
    } else if (err == FC_E_MISSING || err == FC_E_WITHHELD) {
        fc_pack_nil(out);
        fc_pack_nil(out);
        err = FC_OK;
    }
out:
    fc_buf_finish(&state);
    fc_buf_finish(&hold);
    fc_buf_finish(&content);
    return err;
}

static enum fc_err put_proof(struct fc_replica *replica, const struct fc_hash *participant,
                             struct fc_span key, const struct fc_record *record, struct fc_buf *out)
{
    const struct fc_ledger *ledger = fc_replica_ledger(replica);
    const struct fc_held *charter = fc_ledger_charter(ledger, NULL);
    struct fc_head head;
    enum fc_err err = fc_head_parse(record, &head);
    if (err != FC_OK)
        return err;
    const struct fc_held *certificate = find_certificate(ledger, &head.certificate);
    if (!charter || !certificate)
        return FC_E_UNKNOWN;
    fc_pack_array(out, 11);
    fc_pack_uint(out, FC_FORMAT);
    err = put_charters(ledger, charter, out);
    if (err == FC_OK)
        err = put_voucher(ledger, charter, certificate, out);
    if (err == FC_OK)
        err = put_state(replica, participant, key, record, &certificate->certificate.feed_key, out);
    if (err == FC_OK)
        err = put_checkpoints(ledger, charter, out);
    return err == FC_OK ? fc_buf_check(out) : err;
}

enum fc_err fc_proof_write(struct fc_replica *replica, const struct fc_hash *participant,
                           struct fc_span key, struct fc_buf *out)
{
    struct fc_buf bytes = {0};
    struct fc_record record;
    bool has_ops;
    size_t start = out->len;
    enum fc_err err = fc_replica_head(replica, participant, &bytes, NULL, &has_ops);
    if (err == FC_OK)
        err = fc_record_parse(fc_buf_span(&bytes), &record);
    if (err == FC_OK)
        err = put_proof(replica, participant, key, &record, out);
    if (err != FC_OK)
        out->len = start;
    fc_buf_finish(&bytes);
    return err;
}
