/* The ledger as views see it: what a host that has one answers them with (net/view.h). */
#ifndef FC_NET_VIEW_LEDGER_H
#define FC_NET_VIEW_LEDGER_H

#include "net/view.h"

bool fc_view_ledger_find(const struct fc_ledger *ledger, const struct fc_key *key,
                         struct fc_view_node *out);
void fc_view_ledger_at(const struct fc_ledger *ledger, size_t index, struct fc_view_node *out);
bool fc_view_ledger_draw(const struct fc_ledger *ledger,
                         uint64_t (*below)(void *ctx, uint64_t bound), void *ctx,
                         struct fc_view_node *out);

#endif
