#include <stdio.h>
#include <string.h>

#include "sim/scenario_fields.h"

/* The build lists the files of sim/scenarios as FC_SHIPPED(number, name, path), so that they are
 * in the program and can be run anywhere. */
#define FC_SHIPPED(number, name, path)                                                             \
    __asm__(".pushsection .rodata\n"                                                               \
            "fc_scenario_" #number "_first:\n"                                                     \
            ".incbin \"" path "\"\n"                                                               \
            "fc_scenario_" #number "_last:\n"                                                      \
            ".byte 0\n"                                                                            \
            ".popsection\n"                                                                        \
            ".globl fc_scenario_" #number "_first\n"                                               \
            ".globl fc_scenario_" #number "_last\n");                                              \
    extern const uint8_t fc_scenario_##number##_first[], fc_scenario_##number##_last[];
#include FC_SHIPPED_FILES
#undef FC_SHIPPED

struct shipped {
    const char *name;
    const uint8_t *first, *last;
};
#define FC_SHIPPED(number, name, path)                                                             \
    {name, fc_scenario_##number##_first, fc_scenario_##number##_last},
static const struct shipped shipped[] = {
#include FC_SHIPPED_FILES
};

bool fc_scenario_shipped(uint32_t index, struct fc_scenario_file *out)
{
    if (index >= sizeof shipped / sizeof shipped[0])
        return false;
    const struct shipped *file = &shipped[index];
    *out = (struct fc_scenario_file){file->name,
                                     fc_span(file->first, (size_t)(file->last - file->first))};
    return true;
}

static const char *shipped_at(const void *ctx, uint32_t index)
{
    (void)ctx;
    return index < sizeof shipped / sizeof shipped[0] ? shipped[index].name : NULL;
}

enum fc_err fc_scenario_open(const char *name, struct fc_scenario *out,
                             struct fc_scenario_error *error)
{
    struct fc_scenario_file file;
    size_t len = strlen(name);
    if (strchr(name, '/') || (len > 5 && strcmp(name + len - 5, ".yaml") == 0))
        return fc_scenario_load(name, out, error);
    for (uint32_t i = 0; fc_scenario_shipped(i, &file); i++)
        if (strcmp(file.name, name) == 0)
            return fc_scenario_parse(name, file.text, out, error);
    const struct fc_scenario_source source = {name, false, error};
    const char *near = fc_nearest(name, shipped_at, NULL);
    memset(out, 0, sizeof *out);
    if (near)
        return fc_scenario_fail(&source, FC_E_MISSING, NULL,
                                "no such scenario comes with the program; did you mean '%s'?",
                                near);
    return fc_scenario_fail(&source, FC_E_MISSING, NULL,
                            "no such scenario comes with the program ('fedcat-sim list' shows "
                            "them); write ./%s for a file",
                            name);
}
