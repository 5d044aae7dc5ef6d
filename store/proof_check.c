#include "store/proof.h"

#include <string.h>

#include "store/merkle.h"
#include "store/pack.h"
#include "store/proof_priv.h"

enum { SIGNERS_MAX = 2 * FC_SIGNATURES_MAX };

struct voucher {
    uint32_t count; /* 2: a recovery certificate stands before the one it rests on */
    struct fc_span records[2];
    uint32_t path_count; /* one for each charter after the one it was issued under */
    struct fc_span paths;
};

struct claim {
    uint32_t charter_count;
    struct fc_span charters[FC_PROOF_CHARTERS_MAX];
    struct voucher voucher;
    struct fc_span head, state;
    struct fc_hash participant;
    struct fc_span key;
    bool has_content;
    uint8_t salt[FC_SALT_BYTES];
    struct fc_span content;
    uint32_t checkpoint_count;
    struct {
        struct fc_span record;
        struct voucher voucher;
    } checkpoints[FC_PROOF_CHECKPOINTS_MAX];
};

/* -- reading ----------------------------------------------------------------------------------- */

static void read_voucher(struct fc_unpack *in, struct voucher *out)
{
    out->count = fc_unpack_array(in, 1, 2);
    for (uint32_t i = 0; i < out->count; i++)
        out->records[i] = fc_unpack_bin(in, FC_RECORD_BYTES_MAX);
    out->path_count = fc_unpack_array(in, 0, FC_PROOF_CHARTERS_MAX - 1);
    size_t start = in->pos;
    for (uint32_t i = 0; i < out->path_count; i++)
        fc_unpack_any(in);
    out->paths = fc_span(in->data + start, in->pos - start);
}

static void read_content(struct fc_unpack *in, struct claim *claim)
{
    claim->has_content = !fc_unpack_nil(in);
    if (claim->has_content) {
        fc_unpack_fixed(in, claim->salt, sizeof claim->salt);
        claim->content = fc_unpack_bin(in, FC_CONTENT_BYTES_MAX);
    } else if (!fc_unpack_nil(in)) {
        fc_unpack_fail(in, FC_E_FORMAT);
    }
}

static enum fc_err read_claim(struct fc_span proof, struct claim *claim)
{
    struct fc_unpack in;
    if (proof.len > FC_PROOF_BYTES_MAX)
        return FC_E_FORMAT;
    fc_unpack_init(&in, proof);
    fc_unpack_array(&in, 11, 11);
    if (fc_unpack_uint(&in, FC_FORMAT) != FC_FORMAT)
        fc_unpack_fail(&in, FC_E_FORMAT);
    claim->charter_count = fc_unpack_array(&in, 1, FC_PROOF_CHARTERS_MAX);
    for (uint32_t i = 0; i < claim->charter_count; i++)
        claim->charters[i] = fc_unpack_bin(&in, FC_RECORD_BYTES_MAX);
    read_voucher(&in, &claim->voucher);
    claim->head = fc_unpack_bin(&in, FC_RECORD_BYTES_MAX);
    claim->state = fc_unpack_bin(&in, FC_PROOF_STATE_BYTES_MAX);
    fc_unpack_fixed(&in, claim->participant.b, 32);
    claim->key = fc_unpack_str(&in, FC_KEY_BYTES_MAX);
    read_content(&in, claim);
    claim->checkpoint_count = fc_unpack_array(&in, 0, FC_PROOF_CHECKPOINTS_MAX);
    for (uint32_t i = 0; i < claim->checkpoint_count; i++) {
        fc_unpack_array(&in, 3, 3);
        claim->checkpoints[i].record = fc_unpack_bin(&in, FC_RECORD_BYTES_MAX);
        read_voucher(&in, &claim->checkpoints[i].voucher);
    }
    return fc_unpack_end(&in) == FC_OK ? FC_OK : FC_E_FORMAT;
}

/* Parses a record that must be of `type` and of this federation. */
static enum fc_err open_record(struct fc_span bytes, enum fc_record_type type,
                               const struct fc_hash *federation, struct fc_record *out)
{
    if (fc_record_parse(bytes, out) != FC_OK || out->type != type)
        return FC_E_FORMAT;
    return federation && !fc_hash_eq(&out->federation, federation) ? FC_E_FEDERATION : FC_OK;
}

/* -- signatures -------------------------------------------------------------------------------- */

bool fc_proof_governs(const struct fc_charter *charter, const struct fc_key *key)
{
    for (uint32_t i = 0; charter && i < charter->governor_count; i++)
        if (fc_key_eq(&charter->governors[i].key, key))
            return true;
    return false;
}

/* Every signature must verify and be by a governor of one of the charters: what does not count has
 * no place in a proof. `first` may be NULL. */
static enum fc_err count_governors(const struct fc_record *record, struct fc_verifier verifier,
                                   const struct fc_charter *first, const struct fc_charter *second,
                                   uint32_t *by_first, uint32_t *by_second)
{
    struct fc_verify_job jobs[SIGNERS_MAX];
    if (record->signature_count > SIGNERS_MAX)
        return FC_E_FORMAT;
    *by_first = *by_second = 0;
    for (uint32_t i = 0; i < record->signature_count; i++) {
        struct fc_signature signature;
        fc_record_signature(record, i, &signature);
        bool of_first = fc_proof_governs(first, &signature.signer);
        bool of_second = fc_proof_governs(second, &signature.signer);
        if (!of_first && !of_second)
            return FC_E_SIGNATURE;
        *by_first += of_first;
        *by_second += of_second;
        jobs[i] = (struct fc_verify_job){signature.signer, record->hash, signature.sig, false};
    }
    if (record->signature_count > 0)
        verifier.verify(verifier.ctx, jobs, record->signature_count);
    for (uint32_t i = 0; i < record->signature_count; i++)
        if (!jobs[i].valid)
            return FC_E_SIGNATURE;
    return FC_OK;
}

/* Exactly one signature, by `key`. */
static enum fc_err check_single(const struct fc_record *record, struct fc_verifier verifier,
                                const struct fc_key *key)
{
    struct fc_signature signature;
    if (record->signature_count != 1)
        return FC_E_SIGNATURE;
    fc_record_signature(record, 0, &signature);
    struct fc_verify_job job = {signature.signer, record->hash, signature.sig, false};
    if (!fc_key_eq(&signature.signer, key))
        return FC_E_SIGNATURE;
    verifier.verify(verifier.ctx, &job, 1);
    return job.valid ? FC_OK : FC_E_SIGNATURE;
}

/* -- charters ---------------------------------------------------------------------------------- */

struct chain {
    const struct claim *claim;
    const struct fc_hash *federation;
    struct fc_verifier verifier;
    struct fc_hash hashes[FC_PROOF_CHARTERS_MAX];
    struct fc_charter last;
};

static enum fc_err open_charter(const struct chain *chain, uint32_t index, struct fc_record *record,
                                struct fc_charter *charter)
{
    enum fc_err err = open_record(chain->claim->charters[index], FC_RECORD_CHARTER,
                                  index == 0 ? NULL : chain->federation, record);
    if (err != FC_OK)
        return err;
    if (index == 0 && !fc_hash_eq(&record->hash, chain->federation))
        return FC_E_FEDERATION;
    if (fc_charter_parse(record, charter) != FC_OK || charter->version != index + 1)
        return FC_E_FORMAT;
    return FC_OK;
}

/* Each charter is signed by a quorum of its own governors and of the charter's before. */
static enum fc_err check_chain(struct chain *chain)
{
    struct fc_charter charter;
    for (uint32_t i = 0; i < chain->claim->charter_count; i++) {
        struct fc_record record;
        uint32_t old, own;
        enum fc_err err = open_charter(chain, i, &record, &charter);
        if (err == FC_OK && i > 0 && !fc_hash_eq(&charter.previous, &chain->hashes[i - 1]))
            err = FC_E_FORMAT;
        if (err == FC_OK)
            err = count_governors(&record, chain->verifier, i > 0 ? &chain->last : NULL, &charter,
                                  &old, &own);
        if (err != FC_OK)
            return err;
        if (own < charter.quorum || (i > 0 && old < chain->last.quorum))
            return FC_E_QUORUM;
        chain->hashes[i] = record.hash;
        chain->last = charter;
    }
    return FC_OK;
}

/* -- certificates ------------------------------------------------------------------------------ */

bool fc_proof_extends(const struct fc_certificate *recovery, const struct fc_certificate *base)
{
    struct fc_buf bodies[2] = {{0}, {0}};
    struct fc_certificate twin = *base;
    twin.r = recovery->r;
    twin.feed_key = recovery->feed_key;
    twin.incarnation = recovery->incarnation;
    twin.floor = recovery->floor;
    bool same = recovery->r > 0 && base->r == 0 &&
                recovery->incarnation == base->incarnation + recovery->r &&
                fc_certificate_body(recovery, &bodies[0]) == FC_OK &&
                fc_certificate_body(&twin, &bodies[1]) == FC_OK &&
                fc_span_eq(fc_buf_span(&bodies[0]), fc_buf_span(&bodies[1]));
    fc_buf_finish(&bodies[0]);
    fc_buf_finish(&bodies[1]);
    return same;
}

/* Every charter after `issued` must carry the certificate over. */
static enum fc_err check_carried(const struct chain *chain, const struct voucher *voucher,
                                 const struct fc_hash *certificate, uint32_t issued)
{
    struct fc_unpack in;
    if (voucher->path_count != chain->claim->charter_count - 1 - issued)
        return FC_E_DENIED;
    fc_unpack_init(&in, voucher->paths);
    for (uint32_t at = issued + 1; at < chain->claim->charter_count; at++) {
        struct fc_hash path[FC_MERKLE_PROOF_MAX];
        struct fc_charter charter;
        struct fc_record record;
        fc_unpack_array(&in, 2, 2);
        uint32_t index = (uint32_t)fc_unpack_uint(&in, FC_CARRIED_MAX - 1);
        uint32_t steps = fc_unpack_array(&in, 0, FC_MERKLE_PROOF_MAX);
        for (uint32_t i = 0; i < steps; i++)
            fc_unpack_fixed(&in, path[i].b, 32);
        if (in.err != FC_OK)
            return FC_E_FORMAT;
        enum fc_err err = open_charter(chain, at, &record, &charter);
        if (err != FC_OK)
            return err;
        if (index >= charter.carried_count ||
            !fc_merkle_check(&charter.carried, charter.carried_count, index, certificate, path,
                             steps))
            return FC_E_DENIED;
    }
    return fc_unpack_end(&in) == FC_OK ? FC_OK : FC_E_FORMAT;
}

/* The certificate that governors signed: under a charter of the chain, and carried over by
 * all that follow. */
static enum fc_err check_base(const struct chain *chain, const struct voucher *voucher,
                              struct fc_certificate *out, uint32_t *signatures)
{
    struct fc_record record, charter_record;
    struct fc_charter charter;
    uint32_t issued = 0, none;
    enum fc_err err = open_record(voucher->records[voucher->count - 1], FC_RECORD_CERTIFICATE,
                                  chain->federation, &record);
    if (err == FC_OK && fc_certificate_parse(&record, out) != FC_OK)
        err = FC_E_FORMAT;
    if (err != FC_OK)
        return err;
    while (issued < chain->claim->charter_count &&
           !fc_hash_eq(&chain->hashes[issued], &out->charter))
        issued++;
    if (issued == chain->claim->charter_count || out->r != 0)
        return FC_E_DENIED;
    err = open_charter(chain, issued, &charter_record, &charter);
    if (err == FC_OK)
        err = count_governors(&record, chain->verifier, NULL, &charter, &none, signatures);
    if (err == FC_OK && *signatures < charter.admit)
        err = FC_E_QUORUM;
    return err == FC_OK ? check_carried(chain, voucher, &record.hash, issued) : err;
}

/* `*hash` names the certificate a head or checkpoint may name; `*out` is its content. */
static enum fc_err check_voucher(const struct chain *chain, const struct voucher *voucher,
                                 struct fc_certificate *out, struct fc_hash *hash,
                                 uint32_t *signatures)
{
    struct fc_certificate base;
    struct fc_record record;
    enum fc_err err = check_base(chain, voucher, &base, signatures);
    if (err == FC_OK)
        err = open_record(voucher->records[0], FC_RECORD_CERTIFICATE, chain->federation, &record);
    if (err == FC_OK && fc_certificate_parse(&record, out) != FC_OK)
        err = FC_E_FORMAT;
    if (err != FC_OK)
        return err;
    *hash = record.hash;
    if (voucher->count == 1)
        return FC_OK;
    if (!fc_proof_extends(out, &base))
        return FC_E_DENIED;
    return check_single(&record, chain->verifier, &base.recovery_key);
}

/* -- state ------------------------------------------------------------------------------------- */

static enum fc_err check_head(const struct chain *chain, const struct fc_certificate *certificate,
                              const struct fc_hash *certificate_hash, struct fc_head *out)
{
    struct fc_record record;
    enum fc_err err = open_record(chain->claim->head, FC_RECORD_HEAD, chain->federation, &record);
    if (err == FC_OK && fc_head_parse(&record, out) != FC_OK)
        err = FC_E_FORMAT;
    if (err != FC_OK)
        return err;
    if (!fc_hash_eq(&out->certificate, certificate_hash) ||
        !fc_hash_eq(&out->participant, &certificate->participant) ||
        !fc_hash_eq(&out->participant, &chain->claim->participant) ||
        fc_version_incarnation(out->version) != certificate->incarnation ||
        fc_version_seq(out->version) <= certificate->floor ||
        out->entries > certificate->quota_entries || out->bytes > certificate->quota_bytes)
        return FC_E_DENIED;
    return check_single(&record, chain->verifier, &certificate->feed_key);
}

static enum fc_err check_state(const struct claim *claim, const struct fc_head *head,
                               struct fc_proof *out)
{
    struct fc_hash key_hash = fc_key_hash(claim->key);
    struct fc_span leaf;
    enum fc_err err = fc_tree_check(claim->state, &head->root, &key_hash, &out->present, &leaf);
    if (err != FC_OK)
        return err;
    if (!out->present)
        return claim->has_content ? FC_E_FORMAT : FC_OK;
    err = fc_leaf_parse(leaf, &out->entry);
    if (err != FC_OK)
        return FC_E_FORMAT;
    out->entry.key = claim->key;
    out->entry.state = claim->has_content ? FC_CONTENT_PRESENT : FC_CONTENT_MISSING;
    if (!claim->has_content)
        return FC_OK;
    struct fc_hash commitment = fc_commitment(claim->salt, claim->content);
    if (!fc_hash_eq(&commitment, &out->entry.commitment) || claim->content.len != out->entry.size)
        return FC_E_ROOT;
    memcpy(out->entry.salt, claim->salt, sizeof claim->salt);
    out->has_content = true;
    out->content = claim->content;
    return FC_OK;
}

static enum fc_err check_checkpoint(const struct chain *chain, uint32_t index, uint64_t *time_ms)
{
    struct fc_certificate certificate;
    struct fc_checkpoint checkpoint;
    struct fc_record record;
    struct fc_hash hash;
    uint32_t signatures;
    enum fc_err err = check_voucher(chain, &chain->claim->checkpoints[index].voucher, &certificate,
                                    &hash, &signatures);
    if (err == FC_OK)
        err = open_record(chain->claim->checkpoints[index].record, FC_RECORD_CHECKPOINT,
                          chain->federation, &record);
    if (err == FC_OK && fc_checkpoint_parse(&record, &checkpoint) != FC_OK)
        err = FC_E_FORMAT;
    if (err != FC_OK)
        return err;
    if (!fc_hash_eq(&checkpoint.participant, &certificate.participant) ||
        !fc_hash_eq(&checkpoint.charter, &chain->hashes[chain->claim->charter_count - 1]))
        return FC_E_DENIED;
    if (checkpoint.time_ms > *time_ms)
        *time_ms = checkpoint.time_ms;
    return check_single(&record, chain->verifier, &certificate.feed_key);
}

static enum fc_err check_claim(struct chain *chain, struct fc_proof *out)
{
    struct fc_certificate certificate;
    struct fc_hash certificate_hash;
    struct fc_head head;
    enum fc_err err = check_chain(chain);
    if (err == FC_OK)
        err = check_voucher(chain, &chain->claim->voucher, &certificate, &certificate_hash,
                            &out->certificate_signatures);
    if (err == FC_OK)
        err = check_head(chain, &certificate, &certificate_hash, &head);
    if (err == FC_OK)
        err = check_state(chain->claim, &head, out);
    for (uint32_t i = 0; err == FC_OK && i < chain->claim->checkpoint_count; i++)
        err = check_checkpoint(chain, i, &out->checkpoint_ms);
    if (err != FC_OK)
        return err;
    out->participant = chain->claim->participant;
    out->name = certificate.name;
    out->country = certificate.country;
    out->url = certificate.url;
    out->key = chain->claim->key;
    out->version = head.version;
    out->time_ms = head.time_ms;
    out->charter_version = chain->last.version;
    out->charter_name = chain->last.name;
    return FC_OK;
}

enum fc_err fc_proof_check(struct fc_span proof, const struct fc_hash *federation,
                           struct fc_verifier verifier, struct fc_proof *out)
{
    struct claim claim = {0};
    struct chain chain = {.claim = &claim, .federation = federation, .verifier = verifier};
    *out = (struct fc_proof){0};
    enum fc_err err = read_claim(proof, &claim);
    if (err == FC_OK)
        err = check_claim(&chain, out);
    if (err != FC_OK)
        *out = (struct fc_proof){0};
    return err;
}
