/* Random small federations with random faults, for hunting mistakes in the protocol: everything
 * about one follows from its seed. */
#ifndef FC_SIM_CHECK_H
#define FC_SIM_CHECK_H

#include "sim/scenario.h"

/* `seed` as digits; NULL: 1. */
FC_MUST_USE enum fc_err fc_check_scenario(const char *seed, struct fc_scenario *out,
                                          struct fc_scenario_error *error);

#endif
