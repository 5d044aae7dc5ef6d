#include "store/dictionary.h"

/* The build names the file, so that the build directory may be anywhere. */
__asm__(".pushsection .rodata\n"
        ".balign 16\n"
        "fc_dictionary_1_first:\n"
        ".incbin \"" FC_DICTIONARY_1 "\"\n"
        "fc_dictionary_1_last:\n"
        ".byte 0\n"
        ".popsection\n"
        ".globl fc_dictionary_1_first\n"
        ".globl fc_dictionary_1_last\n");

extern const uint8_t fc_dictionary_1_first[];
extern const uint8_t fc_dictionary_1_last[];

struct fc_span fc_dictionary_1(void)
{
    return fc_span(fc_dictionary_1_first, (size_t)(fc_dictionary_1_last - fc_dictionary_1_first));
}
