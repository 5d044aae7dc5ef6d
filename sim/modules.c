#include "sim/modules.h"

#include <string.h>

#include "net/spread_eager.h"
#include "net/spread_plumtree.h"
#include "net/view_hyparview.h"
#include "net/view_registry.h"
#include "sim/example_spread.h"
#include "sim/view_static.h"

static const struct fc_view_ops *const views[] = {
    &fc_view_registry,
    &fc_view_hyparview,
    &fc_view_all,
    &fc_view_static,
};
static const struct fc_spread_ops *const spreads[] = {
    &fc_spread_plumtree, &fc_spread_plumtree_shared, &fc_spread_eager,
    &fc_spread_flood,    &fc_spread_example,
};
enum { VIEWS = sizeof views / sizeof views[0], SPREADS = sizeof spreads / sizeof spreads[0] };

const struct fc_view_ops *fc_module_view(const char *name)
{
    for (int i = 0; i < VIEWS; i++)
        if (strcmp(views[i]->name, name) == 0)
            return views[i];
    return NULL;
}

const struct fc_spread_ops *fc_module_spread(const char *name)
{
    for (int i = 0; i < SPREADS; i++)
        if (strcmp(spreads[i]->name, name) == 0)
            return spreads[i];
    return NULL;
}

const char *fc_module_view_name(uint32_t index)
{
    return index < VIEWS ? views[index]->name : NULL;
}

const char *fc_module_spread_name(uint32_t index)
{
    return index < SPREADS ? spreads[index]->name : NULL;
}
