/* Entropy from the kernel: the only source of it in the program. */
#ifndef FC_NODE_ENTROPY_H
#define FC_NODE_ENTROPY_H

#include "store/bytes.h"

/* Fills `out` with `len` random bytes. FC_E_IO when the kernel has none to give. */
FC_MUST_USE enum fc_err fc_entropy_fill(void *out, size_t len);

#endif
