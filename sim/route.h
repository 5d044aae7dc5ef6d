/* The quickest ways over the edges of a topology, for those who may talk and have no edge. */
#ifndef FC_SIM_ROUTE_H
#define FC_SIM_ROUTE_H

#include "sim/topology.h"

enum { FC_ROUTES_NODES_MAX = 10000 }; /* ways from each to each are held: 400 MB */
struct fc_routes;

/* The topology is borrowed. FC_E_BOUND: more nodes than that; FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_routes_create(const struct fc_topology *topology,
                                         struct fc_routes **routes);
void fc_routes_destroy(struct fc_routes *routes); /* NULL is fine */
/* One way. Ways from a node are found when the first of them is asked for. UINT32_MAX: so long, or
 * there is none. */
uint32_t fc_routes_us(struct fc_routes *routes, uint32_t from, uint32_t to);

#endif
