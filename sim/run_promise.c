#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/run_priv.h"

enum { VERIFIED_MAX = 16 }; /* replicas that are recomputed whole at the end */

void fc_promise_broken(struct fc_run *run, const char *format, ...)
{
    va_list args;
    if (run->failure[0] != 0)
        return;
    int len =
        snprintf(run->failure, sizeof run->failure, "%.6f s: ", (double)fc_run_now_us(run) / 1e6);
    va_start(args, format);
    vsnprintf(run->failure + len, sizeof run->failure - (size_t)len, format, args);
    va_end(args);
    run->failure_us = fc_run_now_us(run);
    fc_run_say(run, "BROKEN %s", run->failure);
}

void fc_promise_finish(struct fc_run *run)
{
    free(run->heads);
    fc_numbers_finish(&run->head_index);
    fc_numbers_finish(&run->first_head);
    fc_numbers_finish(&run->verified);
}

/* -- nothing is held that was not signed; nobody honest signs twice --------------------------- */

static struct fc_hash place_of(uint32_t owner, fc_version version)
{
    uint8_t key[12];
    fc_put_be32(key, owner);
    fc_put_be64(key + 4, version);
    return fc_hash("fedcat.sim.1", fc_span(key, sizeof key));
}

void fc_promise_signed(struct fc_run *run, uint32_t owner, fc_version version,
                       const struct fc_hash *hash)
{
    struct fc_hash place = place_of(owner, version);
    uint32_t first = fc_numbers_get(&run->first_head, place.b);
    if (fc_numbers_get(&run->head_index, hash->b) != FC_NUMBERS_NONE)
        return;
    if (run->head_count == run->head_cap) {
        uint64_t cap = run->head_cap ? 2 * run->head_cap : 1024;
        struct fc_signed *heads = realloc(run->heads, cap * sizeof *heads);
        if (!heads)
            abort();
        run->heads = heads;
        run->head_cap = cap;
    }
    run->heads[run->head_count] = (struct fc_signed){owner, version, *hash};
    fc_numbers_put(&run->head_index, hash->b, (uint32_t)run->head_count);
    if (first == FC_NUMBERS_NONE)
        fc_numbers_put(&run->first_head, place.b, (uint32_t)run->head_count);
    run->head_count++;
    uint32_t host = owner < run->fleet.feeds ? fc_fleet_host(&run->fleet, owner) : owner;
    if (first != FC_NUMBERS_NONE && run->honest && run->honest[host])
        fc_promise_broken(run, "%s signed two heads at version %u.%llu",
                          fc_fleet_name(&run->fleet, owner), fc_version_incarnation(version),
                          (unsigned long long)fc_version_seq(version));
}

static void check_signed(struct fc_run *run, uint32_t node, uint32_t owner, fc_version version,
                         const struct fc_hash *hash)
{
    uint32_t at = fc_numbers_get(&run->head_index, hash->b);
    if (at == FC_NUMBERS_NONE || run->heads[at].owner != owner || run->heads[at].version != version)
        fc_promise_broken(run, "%s holds a head of %s, version %u.%llu, that was not signed",
                          fc_fleet_name(&run->fleet, node),
                          owner == FC_WORLD_NONE ? "nobody" : fc_fleet_name(&run->fleet, owner),
                          fc_version_incarnation(version),
                          (unsigned long long)fc_version_seq(version));
}

void fc_promise_accepted(struct fc_run *run, uint32_t node, uint32_t owner,
                         const struct fc_arrival *head)
{
    check_signed(run, node, owner, head->version, &head->hash);
}

/* -- what was acknowledged is never lost ------------------------------------------------------ */

void fc_promise_started(struct fc_run *run, uint32_t node)
{
    for (uint32_t feed = node; run->fleet.world && run->feeds && feed < run->fleet.feeds;
         feed += run->fleet.nodes) {
        struct fc_hash owner = fc_world_participant(run->fleet.world, feed);
        struct fc_feed held = {0};
        fc_version acknowledged = run->feeds[feed].acknowledged;
        enum fc_err err = fc_replica_feed(fc_world_replica(run->fleet.world, node), &owner, &held);
        if (acknowledged != 0 && (err != FC_OK || held.version < acknowledged))
            fc_promise_broken(run, "%s lost version %u.%llu, which it had acknowledged",
                              fc_fleet_name(&run->fleet, node),
                              fc_version_incarnation(acknowledged),
                              (unsigned long long)fc_version_seq(acknowledged));
    }
}

/* -- convergence ------------------------------------------------------------------------------ */

struct view {
    const struct fc_ledger *ledger;
    struct fc_hasher heads, contested;
    uint64_t missing;
};

static enum fc_err add_feed(void *ctx, const struct fc_feed *feed)
{
    struct view *view = ctx;
    struct fc_participant party;
    uint8_t version[8];
    fc_put_be64(version, feed->version);
    bool contested = fc_ledger_participant(view->ledger, &feed->participant, &party) == FC_OK &&
                     (party.contested || party.recovery_frozen);
    struct fc_hasher *hasher = contested ? &view->contested : &view->heads;
    fc_hasher_add(hasher, fc_span(feed->participant.b, sizeof feed->participant.b));
    if (!contested) {
        fc_hasher_add(hasher, fc_span(version, sizeof version));
        fc_hasher_add(hasher, fc_span(feed->head_hash.b, sizeof feed->head_hash.b));
        view->missing += feed->missing;
    }
    return FC_OK;
}

/* What a node holds of feeds nobody contests, and which are contested. */
static bool look(struct fc_run *run, uint32_t node, struct fc_hash out[2])
{
    struct fc_replica *replica = fc_world_replica(run->fleet.world, node);
    struct view view = {.ledger = fc_replica_ledger(replica)};
    fc_hasher_init(&view.heads, "fedcat.sim.1");
    fc_hasher_init(&view.contested, "fedcat.sim.1");
    if (fc_replica_feeds(replica, add_feed, &view) != FC_OK)
        return false;
    out[0] = fc_hasher_end(&view.heads);
    out[1] = fc_hasher_end(&view.contested);
    return view.missing == 0;
}

static uint64_t charter_version(const struct fc_ledger *ledger)
{
    const struct fc_held *held = fc_ledger_charter(ledger, NULL);
    return held ? held->charter.version : 0;
}

/* The ledger of one that knows the charter in force: a rotation that did not carry a member over
 * leaves it outside, and it may never hear of that. When all who knew it have gone, the newest that
 * is known counts. NULL: nobody honest is up. */
static const struct fc_ledger *present_ledger(struct fc_run *run)
{
    struct fc_world *world = run->fleet.world;
    const struct fc_ledger *newest = NULL;
    for (uint32_t i = 0; i < fc_world_count(world); i++) {
        if (!run->honest[i] || run->left[i] || !fc_world_is_up(world, i))
            continue; /* who was revoked may never hear of it */
        const struct fc_ledger *ledger = fc_replica_ledger(fc_world_replica(world, i));
        if (fc_world_can_govern(world, i))
            return ledger;
        if (!newest || charter_version(ledger) > charter_version(newest))
            newest = ledger;
    }
    return newest;
}

/* Honest, up, and a member's. */
static bool counts(struct fc_run *run, const struct fc_ledger *present, uint32_t node)
{
    struct fc_node known;
    if (!fc_world_is_up(run->fleet.world, node) || !run->honest[node])
        return false;
    struct fc_key key = fc_world_node_key(run->fleet.world, node);
    return fc_ledger_node(present, &key, &known) == FC_OK;
}

bool fc_promise_counts(struct fc_run *run, uint32_t node)
{
    const struct fc_ledger *present = present_ledger(run);
    return present && counts(run, present, node);
}

/* Two that count; else there is nobody to get anything from, or to differ with. */
static bool has_company(struct fc_run *run, const struct fc_ledger *present)
{
    uint32_t found = 0;
    for (uint32_t i = 0; present && found < 2 && i < fc_world_count(run->fleet.world); i++)
        found += counts(run, present, i);
    return found == 2;
}

static bool is_world_converged(struct fc_run *run)
{
    struct fc_hash first[2], other[2];
    const struct fc_ledger *present = present_ledger(run);
    uint32_t before = 0;
    bool any = false;
    if (!has_company(run, present))
        return true;
    for (uint32_t i = 0; i < fc_world_count(run->fleet.world); i++) {
        if (!counts(run, present, i))
            continue;
        bool whole = look(run, i, other);
        bool same = !any || (fc_hash_eq(&first[0], &other[0]) && fc_hash_eq(&first[1], &other[1]));
        if (!whole || !same) {
            run->apart[0] = same ? i : before;
            run->apart[1] = i;
            return false;
        }
        memcpy(first, other, sizeof first);
        before = i;
        any = true;
    }
    return true;
}

bool fc_promise_is_converged(struct fc_run *run)
{
    bool measured = fc_results_is_converged(run->results);
    return run->fleet.light ? measured : is_world_converged(run);
}

/* -- at the end ------------------------------------------------------------------------------- */

static void found(void *ctx, const struct fc_damage *damage)
{
    fc_promise_broken(ctx, "a replica is not sound: %s", damage->text);
}

struct shown {
    struct fc_run *run;
    uint32_t node;
};

/* With the key of the certificate that the head names, and by no verifier of the nodes. Each head
 * is looked at once. */
static void check_signature(struct fc_run *run, uint32_t node, const struct fc_feed *feed)
{
    struct fc_replica *replica = fc_world_replica(run->fleet.world, node);
    struct fc_buf bytes = {0};
    struct fc_record record;
    struct fc_signature signature;
    bool has_ops;
    if (fc_replica_head(replica, &feed->participant, &bytes, NULL, &has_ops) != FC_OK) {
        fc_promise_broken(run, "%s cannot read a head", fc_fleet_name(&run->fleet, node));
        return;
    }
    struct fc_hash whole = fc_hash("fedcat.sim.1", fc_buf_span(&bytes));
    if (fc_numbers_get(&run->verified, whole.b) == FC_NUMBERS_NONE) {
        const struct fc_held *held = fc_ledger_find(fc_replica_ledger(replica), &feed->certificate);
        bool valid = held && fc_record_parse(fc_buf_span(&bytes), &record) == FC_OK &&
                     record.signature_count == 1;
        if (valid)
            fc_record_signature(&record, 0, &signature);
        if (valid && fc_verify(&held->certificate.feed_key, &record.hash, &signature.sig))
            fc_numbers_put(&run->verified, whole.b, 0);
        else if (held)
            fc_promise_broken(run, "%s holds a head of %s whose signature does not verify",
                              fc_fleet_name(&run->fleet, node),
                              fc_world_owner_name(run->fleet.world, &feed->participant));
    }
    fc_buf_finish(&bytes);
}

static enum fc_err check_shown(void *ctx, const struct fc_feed *feed)
{
    struct shown *shown = ctx;
    struct fc_world *world = shown->run->fleet.world;
    if (feed->version == 0)
        return FC_OK;
    check_signed(shown->run, shown->node, fc_world_owner_of(world, &feed->participant),
                 feed->version, &feed->head_hash);
    check_signature(shown->run, shown->node, feed);
    return FC_OK;
}

/* The answer to "am I in sync?" at rest, which may take a round of questions. Dishonest peers may
 * keep it from being given. FC_WORLD_NONE: all know. */
static uint32_t who_does_not_know(struct fc_run *run)
{
    const struct fc_ledger *present = present_ledger(run);
    struct fc_core_status status;
    for (uint32_t i = 0; present && i < fc_world_count(run->fleet.world); i++) {
        if (!counts(run, present, i))
            continue;
        fc_core_get_status(fc_world_core(run->fleet.world, i), &status);
        if (status.open != 0 && status.in_sync_with == 0)
            return i;
    }
    return FC_WORLD_NONE;
}

bool fc_promise_all_know(struct fc_run *run)
{
    return run->fleet.light || run->scenario->dishonest_count != 0 ||
           who_does_not_know(run) == FC_WORLD_NONE;
}

static void check_all(struct fc_run *run)
{
    const struct fc_ledger *present = present_ledger(run);
    uint32_t verified = 0, count = fc_world_count(run->fleet.world);
    uint32_t stride = count / VERIFIED_MAX + 1;
    for (uint32_t i = 0; i < count; i++) {
        struct shown shown = {run, i};
        struct fc_replica *replica = fc_world_replica(run->fleet.world, i);
        if (!counts(run, present, i))
            continue;
        if (fc_replica_feeds(replica, check_shown, &shown) != FC_OK)
            fc_promise_broken(run, "%s cannot read its feeds", fc_fleet_name(&run->fleet, i));
        if (i % stride != 0 || verified++ >= VERIFIED_MAX)
            continue;
        if (fc_replica_verify(replica, false, found, NULL, run) != FC_OK)
            fc_promise_broken(run, "%s cannot read its replica", fc_fleet_name(&run->fleet, i));
    }
}

struct difference {
    struct fc_run *run;
    uint32_t a, b;
    char text[128];
};

static enum fc_err find_difference(void *ctx, const struct fc_feed *feed)
{
    struct difference *found = ctx;
    struct fc_world *world = found->run->fleet.world;
    struct fc_feed other = {0};
    uint32_t owner = fc_world_owner_of(world, &feed->participant);
    if (fc_replica_feed(fc_world_replica(world, found->b), &feed->participant, &other) != FC_OK)
        other.version = 0;
    if (other.version == feed->version && fc_hash_eq(&other.head_hash, &feed->head_hash) &&
        feed->missing == 0)
        return FC_OK;
    snprintf(found->text, sizeof found->text, ": of %s %u.%llu (%llu contents missing) and %u.%llu",
             owner == FC_WORLD_NONE ? "nobody" : fc_world_name(world, owner),
             fc_version_incarnation(feed->version),
             (unsigned long long)fc_version_seq(feed->version), (unsigned long long)feed->missing,
             fc_version_incarnation(other.version),
             (unsigned long long)fc_version_seq(other.version));
    return FC_E_AGAIN;
}

/* Two nodes, and the first feed that they do not hold alike. */
static void tell_apart(struct fc_run *run)
{
    struct difference found = {.run = run, .a = run->apart[0], .b = run->apart[1]};
    enum fc_err err =
        fc_replica_feeds(fc_world_replica(run->fleet.world, found.a), find_difference, &found);
    if (err == FC_OK) {
        struct difference back = {.run = run, .a = found.b, .b = found.a};
        found = back;
        err =
            fc_replica_feeds(fc_world_replica(run->fleet.world, found.a), find_difference, &found);
    }
    fc_promise_broken(run, "%s and %s do not hold the same %.0f s after the run%s",
                      fc_fleet_name(&run->fleet, found.a), fc_fleet_name(&run->fleet, found.b),
                      (double)(fc_run_now_us(run) - run->scenario->run_us) / 1e6,
                      err == FC_E_AGAIN ? found.text : ", in what is contested");
}

void fc_promise_end(struct fc_run *run, bool converged)
{
    if (run->fleet.light || run->failure[0] != 0)
        return;
    if (!converged) {
        tell_apart(run);
        return;
    }
    check_all(run);
    if (!fc_promise_all_know(run))
        fc_promise_broken(run, "%s holds everything and does not know that it is in sync",
                          fc_fleet_name(&run->fleet, who_does_not_know(run)));
}
