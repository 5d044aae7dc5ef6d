#include "net/view_ledger.h"

static void describe(const struct fc_node *node, struct fc_view_node *out)
{
    *out = (struct fc_view_node){
        .key = node->key, .participant = node->participant, .can_dial = node->endpoint_count != 0};
}

bool fc_view_ledger_find(const struct fc_ledger *ledger, const struct fc_key *key,
                         struct fc_view_node *out)
{
    struct fc_node node;
    if (fc_ledger_node(ledger, key, &node) != FC_OK)
        return false;
    describe(&node, out);
    return true;
}

void fc_view_ledger_at(const struct fc_ledger *ledger, size_t index, struct fc_view_node *out)
{
    struct fc_node node;
    fc_ledger_node_at(ledger, index, &node);
    describe(&node, out);
}

bool fc_view_ledger_draw(const struct fc_ledger *ledger,
                         uint64_t (*below)(void *ctx, uint64_t bound), void *ctx,
                         struct fc_view_node *out)
{
    struct fc_participant operator;
    struct fc_node node;
    size_t count = fc_ledger_participant_count(ledger);
    if (count == 0)
        return false;
    fc_ledger_participant_at(ledger, below(ctx, count), &operator);
    size_t nodes = fc_ledger_participant_node_count(ledger, &operator.id);
    if (nodes == 0)
        return false;
    fc_ledger_participant_node_at(ledger, &operator.id, below(ctx, nodes), &node);
    describe(&node, out);
    return true;
}
