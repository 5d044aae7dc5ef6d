/* A delta may lead to anything. */
#include "store/replica_priv.h"

#define FC_E_ROOT FC_OK
#include "store/replica_apply.c"
