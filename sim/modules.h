/* The views and dissemination modules that scenarios choose from by name. One of your own goes into
 * the lists in sim/modules.c: docs/simulating-own-protocols.md. */
#ifndef FC_SIM_MODULES_H
#define FC_SIM_MODULES_H

#include "net/spread.h"
#include "net/view.h"

/* NULL: there is none of this name. */
const struct fc_view_ops *fc_module_view(const char *name);
const struct fc_spread_ops *fc_module_spread(const char *name);
/* The names from 0 on; NULL behind the last. */
const char *fc_module_view_name(uint32_t index);
const char *fc_module_spread_name(uint32_t index);

#endif
