#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world_priv.h"
#include "store/checkpoint.h"
#include "store/merkle.h"

enum { FAR_MS = 10 };

static int compare_keys(const void *a, const void *b)
{
    struct fc_key left = fc_sign_key_public(a);
    struct fc_key right = fc_sign_key_public(b);
    return fc_key_cmp(&left, &right);
}

static struct fc_sign_key make_governor(struct fc_world *world)
{
    uint8_t seed[32];
    struct fc_sign_key secret;
    struct fc_key pub;
    fc_world_derive(world, "governor", world->governors_made++, 0, seed);
    fc_sign_key_from_seed(seed, &secret, &pub);
    return secret;
}

static void fill_governors(struct fc_world *world)
{
    static const char *const countries[] = {"FR", "DE", "IT", "ES", "NL", "BE", "PL", "SE"};
    qsort(world->governors, world->governor_count, sizeof world->governors[0], compare_keys);
    world->charter.governor_count = world->governor_count;
    for (uint32_t i = 0; i < world->governor_count; i++)
        world->charter.governors[i] =
            (struct fc_governor){.name = fc_span_str("Governor"),
                                 .country = fc_span_str(countries[i % 8]),
                                 .key = fc_sign_key_public(&world->governors[i])};
}

/* Signs a body by many; appends the record. Of those in every store from the start it is known that
 * they verify; all others are checked once. */
static void sign(struct fc_world *world, enum fc_record_type type, const struct fc_buf *body,
                 const struct fc_sign_key *secrets, uint32_t count, struct fc_buf *out)
{
    struct fc_signature signatures[2 * FC_GOVERNORS_MAX];
    struct fc_hash hash = fc_record_hash(type, fc_buf_span(body));
    for (uint32_t i = 0; i < count; i++) {
        signatures[i] = (struct fc_signature){.signer = fc_sign_key_public(&secrets[i]),
                                              .sig = fc_sign(&secrets[i], &hash)};
        if (world->seeding)
            fc_memo_note(&world->memo, &signatures[i].signer, &hash, &signatures[i].sig);
    }
    enum fc_err err = fc_record_write(type, fc_buf_span(body), signatures, count, out);
    assert(err == FC_OK);
}

static void adopt(struct fc_world *world, const struct fc_sign_key *signers, uint32_t count)
{
    struct fc_buf body = {0};
    enum fc_err err = fc_charter_body(&world->charter, &body);
    assert(err == FC_OK);
    fc_buf_clear(&world->charter_record);
    sign(world, FC_RECORD_CHARTER, &body, signers, count, &world->charter_record);
    world->charter_hash = fc_record_hash(FC_RECORD_CHARTER, fc_buf_span(&body));
    fc_buf_finish(&body);
}

void fc_world_found(struct fc_world *world)
{
    struct fc_charter *charter = &world->charter;
    assert(world->config.governors <= FC_GOVERNORS_MAX);
    world->governor_count = world->config.governors;
    for (uint32_t i = 0; i < world->governor_count; i++)
        world->governors[i] = make_governor(world);
    charter->version = 1;
    charter->name = fc_span_str("Simulated federation");
    charter->quorum = world->governor_count / 2 + 1;
    charter->admit = world->governor_count > 1 ? 2 : 1;
    charter->format = FC_FORMAT;
    charter->heartbeat_ms = 24u * 3600u * 1000u;
    charter->quota_entries = 1000000;
    charter->quota_bytes = 4000000000u;
    charter->quota_ops = FC_OPS_MAX;
    charter->quota_nodes = world->config.quota_nodes ? world->config.quota_nodes : 4;
    fill_governors(world);
    adopt(world, world->governors, world->governor_count);
    world->federation = world->charter_hash;
}

struct handed {
    struct fc_span record;
};

static enum fc_err hand_in(void *ctx, struct fc_replica *replica)
{
    const struct handed *handed = ctx;
    return fc_replica_add_record(replica, handed->record);
}

enum fc_err fc_world_hand_in(struct fc_world *world, uint32_t at, struct fc_span record)
{
    struct handed handed = {record};
    return fc_world_local(world, at, hand_in, &handed);
}

static void must_hand_in(struct fc_world *world, uint32_t at, const struct fc_buf *record)
{
    enum fc_err err = fc_world_hand_in(world, at, fc_buf_span(record));
    assert(err == FC_OK);
}

enum fc_err fc_world_checkpoint(struct fc_world *world, uint32_t at)
{
    const struct fc_world_node *node = world->nodes[at];
    struct fc_buf body = {0}, record = {0};
    enum fc_err err = node->up ? FC_OK : FC_E_CLOSED;
    if (err == FC_OK)
        err = fc_replica_checkpoint(node->replica, &node->participant, &node->node_key,
                                    fc_world_wall_ms(world, node), &body);
    if (err == FC_OK)
        err = fc_record_sign(FC_RECORD_CHECKPOINT, fc_buf_span(&body), &node->feed_key, &record);
    if (err == FC_OK)
        err = fc_world_hand_in(world, at, fc_buf_span(&record));
    fc_buf_finish(&body);
    fc_buf_finish(&record);
    return err;
}

static struct fc_certificate certificate_of(const struct fc_world *world,
                                            const struct fc_world_node *node)
{
    struct fc_certificate certificate = {.federation = world->federation,
                                         .participant = node->participant,
                                         .g = node->g,
                                         .r = node->r,
                                         .charter = world->charter_hash,
                                         .name = fc_span_str(node->name),
                                         .country = fc_span_str(node->country),
                                         .url = fc_span_str("did:web:simulated.example"),
                                         .feed_key = node->feed_public,
                                         .recovery_key = node->recovery_public,
                                         .incarnation = node->incarnation,
                                         .floor = node->floor,
                                         .quota_entries = world->charter.quota_entries,
                                         .quota_bytes = world->charter.quota_bytes,
                                         .quota_ops = world->charter.quota_ops,
                                         .quota_nodes = world->charter.quota_nodes,
                                         .heartbeat_ms = world->charter.heartbeat_ms,
                                         .node_key = node->node_key,
                                         .not_before_ms = 0,
                                         .not_after_ms = FC_WORLD_EPOCH_MS * FAR_MS};
    if (node->endpoint[0] != 0) {
        certificate.endpoint_count = 1;
        certificate.endpoints[0] = fc_span_str(node->endpoint);
    }
    return certificate;
}

void fc_world_certificate(struct fc_world *world, const struct fc_world_node *node,
                          const struct fc_sign_key *signers, uint32_t count, struct fc_buf *record)
{
    struct fc_certificate certificate = certificate_of(world, node);
    struct fc_buf body = {0};
    enum fc_err err = fc_certificate_body(&certificate, &body);
    assert(err == FC_OK);
    sign(world, FC_RECORD_CERTIFICATE, &body, signers, count, record);
    fc_buf_finish(&body);
}

static enum fc_err certify(struct fc_world *world, const struct fc_world_node *node,
                           const struct fc_sign_key *signers, uint32_t count, uint32_t at)
{
    struct fc_buf record = {0};
    fc_world_certificate(world, node, signers, count, &record);
    enum fc_err err = fc_world_hand_in(world, at, fc_buf_span(&record));
    fc_buf_finish(&record);
    return err;
}

void fc_world_admit(struct fc_world *world, uint32_t index, uint32_t at)
{
    struct fc_world_node *node = world->nodes[index];
    fc_world_say(world, "governors admit %s, at %s", node->name, world->nodes[at]->name);
    node->g++;
    node->r = 0;
    enum fc_err err = certify(world, node, world->governors, world->charter.admit, at);
    assert(err == FC_OK);
    fc_world_describe(world, at);
}

enum fc_err fc_world_recover(struct fc_world *world, uint32_t owner, uint32_t at)
{
    struct fc_world_node *node = world->nodes[owner];
    const struct fc_world_node before = *node;
    uint8_t seed[32];
    struct fc_feed feed;
    fc_world_say(world, "%s recovers with a new feed key, at %s", node->name,
                 world->nodes[at]->name);
    node->r++;
    node->incarnation++;
    fc_world_derive(world, "feed", owner, node->incarnation, seed);
    fc_sign_key_from_seed(seed, &node->feed_key, &node->feed_public);
    if (fc_replica_feed(world->nodes[at]->replica, &node->participant, &feed) == FC_OK)
        node->floor = fc_version_seq(feed.version);
    enum fc_err err = certify(world, node, &node->recovery_key, 1, at);
    if (err == FC_OK)
        return FC_OK;
    node->r = before.r; /* what it extends is not known there */
    node->incarnation = before.incarnation;
    node->feed_key = before.feed_key;
    node->feed_public = before.feed_public;
    node->floor = before.floor;
    return err;
}

void fc_world_revoke(struct fc_world *world, uint32_t owner, uint32_t at, fc_version last_valid,
                     enum fc_revocation_mode mode)
{
    const struct fc_world_node *node = world->nodes[owner];
    struct fc_revocation revocation = {.federation = world->federation,
                                       .charter = world->charter_hash,
                                       .participant = node->participant,
                                       .g = node->g,
                                       .last_valid = last_valid,
                                       .mode = mode,
                                       .reason = fc_span_str("left the federation")};
    struct fc_buf body = {0}, record = {0};
    fc_world_say(world, "governors revoke %s, at %s", node->name, world->nodes[at]->name);
    enum fc_err err = fc_revocation_body(&revocation, &body);
    assert(err == FC_OK);
    sign(world, FC_RECORD_REVOCATION, &body, world->governors, world->charter.admit, &record);
    must_hand_in(world, at, &record);
    fc_buf_finish(&body);
    fc_buf_finish(&record);
}

static int compare_hashes(const void *a, const void *b)
{
    return fc_hash_cmp(a, b);
}

/* Hashes of all records that lose their force unless they are carried over. */
static uint32_t gather(const struct fc_ledger *ledger, struct fc_hash *hashes)
{
    uint32_t count = 0;
    for (size_t i = 0; i < fc_ledger_record_count(ledger); i++) {
        const struct fc_record *record = &fc_ledger_record_at(ledger, i)->record;
        if (record->type == FC_RECORD_CERTIFICATE || record->type == FC_RECORD_REVOCATION ||
            record->type == FC_RECORD_TAKEDOWN)
            hashes[count++] = record->hash;
    }
    qsort(hashes, count, sizeof *hashes, compare_hashes);
    return count;
}

static void make_carry(struct fc_world *world, struct fc_span hashes, uint32_t count,
                       struct fc_buf *record)
{
    struct fc_carry carry = {.federation = world->federation,
                             .version = world->charter.version,
                             .count = count,
                             .hashes = hashes};
    struct fc_buf body = {0};
    enum fc_err err = fc_carry_body(&carry, &body);
    if (err == FC_OK)
        err = fc_record_write(FC_RECORD_CARRY, fc_buf_span(&body), NULL, 0, record);
    assert(err == FC_OK);
    fc_buf_finish(&body);
}

void fc_world_rotate(struct fc_world *world, uint32_t at)
{
    const struct fc_ledger *ledger = fc_replica_ledger(world->nodes[at]->replica);
    struct fc_sign_key signers[2 * FC_GOVERNORS_MAX];
    struct fc_hash *hashes = calloc(fc_ledger_record_count(ledger) + 1, sizeof *hashes);
    struct fc_buf carry = {0};
    assert(hashes);
    uint32_t count = gather(ledger, hashes);
    uint32_t signer_count = world->governor_count;
    memcpy(signers, world->governors, signer_count * sizeof *signers);
    signers[signer_count] = world->governors[0] = make_governor(world);
    signer_count++;
    world->charter.federation = world->federation;
    world->charter.previous = world->charter_hash;
    world->charter.version++;
    world->charter.carried_count = count;
    world->charter.carried = fc_merkle_root(fc_span(hashes, count * sizeof *hashes));
    fill_governors(world);
    adopt(world, signers, signer_count);
    make_carry(world, fc_span(hashes, count * sizeof *hashes), count, &carry);
    fc_world_say(world, "governors adopt charter %llu, at %s",
                 (unsigned long long)world->charter.version, world->nodes[at]->name);
    must_hand_in(world, at, &carry);
    must_hand_in(world, at, &world->charter_record);
    fc_buf_finish(&carry);
    free(hashes);
}

void fc_world_rotate_twice(struct fc_world *world, uint32_t at, uint32_t other)
{
    struct fc_sign_key governors[FC_GOVERNORS_MAX];
    struct fc_charter charter = world->charter;
    struct fc_hash hash = world->charter_hash;
    memcpy(governors, world->governors, sizeof governors);
    fc_world_rotate(world, other);
    memcpy(world->governors, governors, sizeof governors);
    world->charter = charter;
    world->charter_hash = hash;
    fc_world_rotate(world, at);
}

static enum fc_err pin(void *ctx, struct fc_replica *replica)
{
    return fc_replica_pin(replica, ctx);
}

void fc_world_pin(struct fc_world *world, uint32_t at)
{
    fc_world_say(world, "%s pins charter %llu", world->nodes[at]->name,
                 (unsigned long long)world->charter.version);
    enum fc_err err = fc_world_local(world, at, pin, &world->charter_hash);
    assert(err == FC_OK);
}

void fc_world_descriptor(struct fc_world *world, const struct fc_world_node *node,
                         struct fc_buf *record)
{
    struct fc_descriptor descriptor = {.federation = world->federation,
                                       .participant = node->participant,
                                       .node_key = node->node_key,
                                       .region = fc_span_str("eu"),
                                       .seq = 1,
                                       .time_ms = fc_world_wall_ms(world, node)};
    if (node->endpoint[0] != 0) {
        descriptor.endpoint_count = 1;
        descriptor.endpoints[0] = fc_span_str(node->endpoint);
    }
    struct fc_buf body = {0};
    enum fc_err err = fc_descriptor_body(&descriptor, &body);
    assert(err == FC_OK);
    sign(world, FC_RECORD_DESCRIPTOR, &body, &node->feed_key, 1, record);
    fc_buf_finish(&body);
}

void fc_world_describe(struct fc_world *world, uint32_t index)
{
    struct fc_world_node *node = world->nodes[index];
    struct fc_node known;
    if (!node->up || node->described || node->disk_full ||
        fc_ledger_node(fc_replica_ledger(node->replica), &node->node_key, &known) != FC_OK)
        return;
    node->described = true;
    struct fc_buf record = {0};
    fc_world_descriptor(world, node, &record);
    must_hand_in(world, index, &record);
    fc_buf_finish(&record);
}
