#include "node/faults.h"

#include <stdlib.h>
#include <string.h>

static bool grow(struct fc_faults *faults)
{
    if (faults->count < faults->cap) {
        return true;
    }
    size_t cap = faults->cap ? 2 * faults->cap : 16;
    struct fc_fault *grown = realloc(faults->list, cap * sizeof *grown);
    if (!grown) {
        return false;
    }
    faults->list = grown;
    faults->cap = cap;
    return true;
}

void fc_faults_keep(struct fc_faults *faults, const struct fc_cli *cli, const char *place,
                    const char *text)
{
    struct fc_fault fault = {strdup(place), strdup(text)};
    if (fault.place && fault.text && grow(faults)) {
        faults->list[faults->count++] = fault;
        return;
    }
    free(fault.place);
    free(fault.text);
    fc_cli_warn(cli, "%s: %s", place, text);
}

void fc_faults_finish(struct fc_faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        free(faults->list[i].place);
        free(faults->list[i].text);
    }
    free(faults->list);
    *faults = (struct fc_faults){0};
}

void fc_faults_print(const struct fc_faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        fprintf(stderr, "%s: %s\n", faults->list[i].place, faults->list[i].text);
    }
}

void fc_faults_json(struct fc_json *json, const struct fc_faults *faults, const char *place)
{
    fc_json_array(json, "failed");
    for (size_t i = 0; i < faults->count; i++) {
        fc_json_object(json, NULL);
        fc_json_text(json, place, faults->list[i].place);
        fc_json_text(json, "error", faults->list[i].text);
        fc_json_end(json);
    }
    fc_json_end(json);
}
