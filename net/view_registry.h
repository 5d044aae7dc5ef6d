/* The view that scales: a handful of symmetric links, chosen from the signed registry of nodes.
 *
 * The reactive part is HyParView's (Leitao, Pereira, Rodrigues, DSN 2007): NEIGHBOR with priority,
 * accepted or rejected, a lost neighbour replaced at once. In place of its passive view stands the
 * registry, which nobody can fill with addresses of their own making. */
#ifndef FC_NET_VIEW_REGISTRY_H
#define FC_NET_VIEW_REGISTRY_H

#include "net/view.h"

enum { FC_REGISTRY_ACTIVE = 7 };
extern const struct fc_view_ops fc_view_registry;

#endif
