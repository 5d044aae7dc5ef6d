/* Memory for large tables that are read here and there: in large pages, where the system has them,
 * it takes the processor far less to find it. */
#ifndef FC_STORE_WIDE_H
#define FC_STORE_WIDE_H

#include <stddef.h>

/* Not cleared; NULL without memory. Given back with free. */
void *fc_wide_alloc(size_t size);

#endif
