#include "node/interop.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/file.h"

enum { POLICY_BYTES_MAX = 64 * 1024 };

struct fc_interop {
    struct fc_key node_key;
    struct fc_buf policy;
    struct fc_asset_hashes *hashes;
    pthread_mutex_t mutex;
    struct {
        struct fc_hash query;
        uint64_t offset;
        struct fc_dsp_place place;
    } places[FC_INTEROP_PLACES_MAX]; /* a ring: the oldest goes */
    size_t place_count, place_next;
    uint64_t dcat_items;
    bool dcat_counted;
};

static enum fc_err read_policy(struct fc_interop *interop, const char *path, char *fault,
                               size_t fault_bytes)
{
    struct fc_buf file = {0};
    char why[256] = "";
    enum fc_err err = fc_file_read(path, POLICY_BYTES_MAX, &file);
    if (err == FC_OK) {
        err = fc_dsp_policy_default(fc_buf_span(&file), &interop->policy, why, sizeof why);
    }
    if (err != FC_OK) {
        snprintf(fault, fault_bytes, "dsp_default_policy: %s: %s", path,
                 why[0] ? why : fc_err_text(err));
    }
    fc_buf_finish(&file);
    return err;
}

enum fc_err fc_interop_create(const struct fc_interop_setup *setup, struct fc_interop **out,
                              char *fault, size_t fault_bytes)
{
    struct fc_interop *interop = calloc(1, sizeof *interop);
    *out = NULL;
    fault[0] = 0;
    if (!interop || pthread_mutex_init(&interop->mutex, NULL) != 0) {
        free(interop);
        return FC_E_NOMEM;
    }
    interop->node_key = setup->node_key;
    enum fc_err err = fc_asset_hashes_create(&interop->hashes);
    if (err == FC_OK && setup->dsp_default_policy && setup->dsp_default_policy[0]) {
        err = read_policy(interop, setup->dsp_default_policy, fault, fault_bytes);
    }
    if (err != FC_OK) {
        fc_interop_destroy(interop);
        return err;
    }
    *out = interop;
    return FC_OK;
}

void fc_interop_destroy(struct fc_interop *interop)
{
    if (interop) {
        fc_asset_hashes_destroy(interop->hashes);
        pthread_mutex_destroy(&interop->mutex);
        fc_buf_finish(&interop->policy);
        free(interop);
    }
}

struct fc_span fc_interop_default_policy(const struct fc_interop *interop)
{
    return fc_buf_span(&interop->policy);
}

bool fc_interop_operator(const struct fc_interop *interop, const struct fc_ledger *ledger,
                         struct fc_participant *out)
{
    struct fc_node node;
    return fc_ledger_node(ledger, &interop->node_key, &node) == FC_OK &&
           fc_ledger_participant(ledger, &node.participant, out) == FC_OK;
}

struct fc_asset_hashes *fc_interop_asset_hashes(struct fc_interop *interop)
{
    return interop->hashes;
}

void fc_interop_set_dcat_items(struct fc_interop *interop, uint64_t items)
{
    pthread_mutex_lock(&interop->mutex);
    interop->dcat_items = items;
    interop->dcat_counted = true;
    pthread_mutex_unlock(&interop->mutex);
}

bool fc_interop_dcat_items(struct fc_interop *interop, uint64_t *items)
{
    pthread_mutex_lock(&interop->mutex);
    bool counted = interop->dcat_counted;
    *items = interop->dcat_items;
    pthread_mutex_unlock(&interop->mutex);
    return counted;
}

void fc_interop_remember(struct fc_interop *interop, const struct fc_hash *query, uint64_t offset,
                         const struct fc_dsp_place *place)
{
    pthread_mutex_lock(&interop->mutex);
    size_t at = interop->place_next;
    for (size_t i = 0; i < interop->place_count; i++) {
        if (interop->places[i].offset == offset && fc_hash_eq(&interop->places[i].query, query)) {
            at = i;
        }
    }
    interop->places[at].query = *query;
    interop->places[at].offset = offset;
    interop->places[at].place = *place;
    if (at == interop->place_next) {
        interop->place_next = (at + 1) % FC_INTEROP_PLACES_MAX;
    }
    if (at == interop->place_count) {
        interop->place_count++;
    }
    pthread_mutex_unlock(&interop->mutex);
}

uint64_t fc_interop_recall(struct fc_interop *interop, const struct fc_hash *query, uint64_t offset,
                           struct fc_dsp_place *place)
{
    uint64_t best = 0;
    *place = (struct fc_dsp_place){.placed = false};
    pthread_mutex_lock(&interop->mutex);
    for (size_t i = 0; i < interop->place_count; i++) {
        uint64_t there = interop->places[i].offset;
        if (there > best && there <= offset && fc_hash_eq(&interop->places[i].query, query)) {
            best = there;
            *place = interop->places[i].place;
        }
    }
    pthread_mutex_unlock(&interop->mutex);
    return best;
}
