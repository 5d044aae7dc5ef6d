/* A feed that was caught up may hash to anything. */
#include "store/replica_priv.h"

#define FC_E_ROOT FC_OK
#include "store/load.c"
