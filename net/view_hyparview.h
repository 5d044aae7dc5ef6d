/* HyParView as published, for study: J. Leitao, J. Pereira, L. Rodrigues, "HyParView: a membership
 * protocol for reliable gossip-based broadcast", DSN 2007. The parameters are the paper's.
 *
 * A failed neighbour is found as there: when something is to be sent to it, news included, or at
 * the next membership step; also, which the paper leaves open, when another node asks for a place
 * and there is none. Until then it keeps its place. */
#ifndef FC_NET_VIEW_HYPARVIEW_H
#define FC_NET_VIEW_HYPARVIEW_H

#include "net/view.h"

enum {
    FC_HYPARVIEW_ACTIVE = 5,
    FC_HYPARVIEW_PASSIVE = 30,
    FC_HYPARVIEW_ARWL = 6, /* steps a join walks */
    FC_HYPARVIEW_PRWL = 3, /* steps left where it enters a passive view */
    FC_HYPARVIEW_KA = 3,   /* of the active view, in a shuffle */
    FC_HYPARVIEW_KP = 4,   /* of the passive view */
    FC_HYPARVIEW_STEP_US = 10000000,
};
extern const struct fc_view_ops fc_view_hyparview;

/* For study: no membership step from now on, as between the failures and the messages that the
 * paper's figures show. Failures are found on sending alone. */
void fc_view_hyparview_hold(struct fc_view *view);

#endif
