/* Neighbours that are given: links with all bootstrap peers, dialled again when they are lost, and
 * news over every link there is. Light nodes get the edges of a topology for bootstrap peers. */
#ifndef FC_SIM_VIEW_STATIC_H
#define FC_SIM_VIEW_STATIC_H

#include "net/view.h"

extern const struct fc_view_ops fc_view_static;

#endif
