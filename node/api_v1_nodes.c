/* The federation's nodes: who operates them, where, and what each last said it holds. */
#include <stdlib.h>

#include "node/api_v1.h"

/* The ledger keeps one checkpoint for each node; here they stand by node key. */
struct sightings {
    const struct fc_checkpoint **list;
    size_t count;
};

static int compare_keys(const void *a, const void *b)
{
    const struct fc_checkpoint *const *left = a, *const *right = b;
    return fc_key_cmp(&(*left)->node_key, &(*right)->node_key);
}

static enum fc_err gather(const struct fc_ledger *ledger, struct sightings *out)
{
    out->count = fc_ledger_checkpoint_count(ledger);
    out->list = calloc(out->count + 1, sizeof(const struct fc_checkpoint *));
    if (!out->list) {
        return FC_E_NOMEM;
    }
    for (size_t i = 0; i < out->count; i++) {
        out->list[i] = &fc_ledger_checkpoint_at(ledger, i)->checkpoint;
    }
    qsort(out->list, out->count, sizeof(const struct fc_checkpoint *), compare_keys);
    return FC_OK;
}

/* NULL: this node has published none that is held. */
static const struct fc_checkpoint *seen_at(const struct sightings *sightings,
                                           const struct fc_key *node_key)
{
    size_t low = 0, high = sightings->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = fc_key_cmp(&sightings->list[middle]->node_key, node_key);
        if (order == 0) {
            return sightings->list[middle];
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return NULL;
}

static void checkpoint_json(struct fc_json *json, const struct fc_checkpoint *checkpoint)
{
    if (!checkpoint) {
        fc_json_null(json, "checkpoint");
        return;
    }
    fc_json_object(json, "checkpoint");
    fc_json_hash(json, "digest", &checkpoint->digest);
    fc_json_uint(json, "feeds", checkpoint->feeds);
    fc_json_uint(json, "entries", checkpoint->entries);
    fc_json_time(json, "time", checkpoint->time_ms);
    fc_json_end(json);
}

static void node_json(struct fc_json *json, const struct fc_ledger *ledger,
                      const struct fc_node *node, const struct fc_checkpoint *checkpoint)
{
    struct fc_participant participant;
    bool known = fc_ledger_participant(ledger, &node->participant, &participant) == FC_OK;
    const struct fc_certificate *certificate = known ? &participant.certificate->certificate : NULL;
    fc_json_object(json, NULL);
    fc_json_key(json, "key", &node->key);
    fc_json_hash(json, "participant", &node->participant);
    fc_json_span(json, "name", certificate ? certificate->name : fc_span(NULL, 0));
    fc_json_span(json, "country", certificate ? certificate->country : fc_span(NULL, 0));
    fc_json_span(json, "region", node->region);
    fc_json_array(json, "endpoints");
    for (uint32_t i = 0; i < node->endpoint_count; i++) {
        fc_json_span(json, NULL, node->endpoints[i]);
    }
    fc_json_end(json);
    checkpoint_json(json, checkpoint);
    fc_json_end(json);
}

/* Nodes ascend by key, so "after" is the last one's. */
static void write_page(struct fc_json *json, const struct fc_ledger *ledger,
                       const struct sightings *sightings, uint64_t limit,
                       const struct fc_key *after)
{
    struct fc_node node = {.participant = {{0}}};
    uint64_t written = 0;
    size_t i = 0, count = fc_ledger_node_count(ledger);
    fc_json_object(json, NULL);
    fc_json_array(json, "nodes");
    for (; i < count && written < limit; i++) {
        fc_ledger_node_at(ledger, i, &node);
        if (!after || fc_key_cmp(&node.key, after) > 0) {
            node_json(json, ledger, &node, seen_at(sightings, &node.key));
            written++;
        }
    }
    fc_json_end(json);
    if (i < count && written > 0) {
        fc_json_key(json, "next", &node.key);
    } else {
        fc_json_null(json, "next");
    }
    fc_json_end(json);
}

static void get_nodes(struct fc_http_call *call)
{
    struct sightings sightings = {0};
    struct fc_key after_key;
    struct fc_hash after;
    uint64_t limit;
    bool resumed;
    struct fc_replica *replica = fc_http_replica(call);
    if (!replica || !fc_api_page(call, &limit, &after, &resumed)) {
        return;
    }
    const struct fc_ledger *ledger = fc_replica_ledger(replica);
    if (gather(ledger, &sightings) != FC_OK) {
        fc_http_fail_err(call, FC_E_NOMEM, NULL);
        return;
    }
    for (size_t i = 0; resumed && i < sizeof after_key.b; i++) {
        after_key.b[i] = after.b[i];
    }
    struct fc_json *json = fc_json_create();
    write_page(json, ledger, &sightings, limit, resumed ? &after_key : NULL);
    free(sightings.list);
    fc_http_set(call, "Cache-Control", "no-store");
    fc_http_reply_json(call, 200, json);
}

static const struct fc_http_route routes[] = {
    {FC_HTTP_GET, "/v1/nodes", get_nodes, 0, 0},
};
const struct fc_http_group fc_api_v1_nodes = {"nodes", routes, sizeof routes / sizeof routes[0]};
