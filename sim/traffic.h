/* Which class a message of the protocol belongs to, for measures. */
#ifndef FC_SIM_TRAFFIC_H
#define FC_SIM_TRAFFIC_H

#include "sim/results.h"

enum fc_traffic fc_traffic_of(struct fc_span message);

#endif
