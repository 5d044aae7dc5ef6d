#include "store/wide.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { PAGE_BYTES = 2 * 1024 * 1024 };

void *fc_wide_alloc(size_t size)
{
    if (size < 2 * (size_t)PAGE_BYTES)
        return malloc(size > 0 ? size : 1);
    size_t whole = (size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    void *memory = whole >= size ? aligned_alloc(PAGE_BYTES, whole) : NULL;
#ifdef MADV_HUGEPAGE
    if (memory) /* advice: without it the memory is only slower */
        (void)madvise(memory, whole, MADV_HUGEPAGE);
#endif
    return memory;
}
