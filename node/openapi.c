#include "node/openapi.h"

/* The build names the file, so that the build directory may be anywhere. */
__asm__(".pushsection .rodata\n"
        ".balign 16\n"
        "fc_openapi_first:\n"
        ".incbin \"" FC_OPENAPI "\"\n"
        "fc_openapi_last:\n"
        ".byte 0\n"
        ".popsection\n"
        ".globl fc_openapi_first\n"
        ".globl fc_openapi_last\n");

extern const uint8_t fc_openapi_first[];
extern const uint8_t fc_openapi_last[];

struct fc_span fc_openapi(void)
{
    return fc_span(fc_openapi_first, (size_t)(fc_openapi_last - fc_openapi_first));
}
