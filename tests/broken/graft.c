/* Trees are pruned and never mended. */
#include "net/spread_plumtree_priv.h"

void __wrap_fc_tree_ask(struct fc_spread *spread);
void __wrap_fc_tree_repair(struct fc_spread *spread);

void __wrap_fc_tree_ask(struct fc_spread *spread)
{
    spread->wanted_at_us = FC_TREE_NEVER;
}

void __wrap_fc_tree_repair(struct fc_spread *spread)
{
    spread->repair_at_us = FC_TREE_NEVER;
}
