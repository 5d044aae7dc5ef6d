#include "sim/assets.h"

/* The build names the directory, so that the build directory may be anywhere. */
#define ASSET(name, file)                                                                          \
    __asm__(".pushsection .rodata\n"                                                               \
            "fc_asset_" #name "_first:\n"                                                          \
            ".incbin \"" FC_ASSETS "/" file "\"\n"                                                 \
            "fc_asset_" #name "_last:\n"                                                           \
            ".byte 0\n"                                                                            \
            ".popsection\n"                                                                        \
            ".globl fc_asset_" #name "_first\n"                                                    \
            ".globl fc_asset_" #name "_last\n");                                                   \
    extern const uint8_t fc_asset_##name##_first[];                                                \
    extern const uint8_t fc_asset_##name##_last[];                                                 \
    struct fc_span fc_asset_##name(void)                                                           \
    {                                                                                              \
        return fc_span(fc_asset_##name##_first,                                                    \
                       (size_t)(fc_asset_##name##_last - fc_asset_##name##_first));                \
    }

ASSET(page_css, "page.css")
ASSET(page_html, "page.html")
ASSET(echarts, "echarts.min.js")
ASSET(europe, "europe.json")
ASSET(data_js, "data.js")
ASSET(plots_js, "plots.js")
ASSET(run_js, "run.js")
ASSET(map_js, "map.js")
ASSET(sweep_js, "sweep.js")
ASSET(page_js, "page.js")
