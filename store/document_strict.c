#include "store/document_strict.h"

#include <jansson.h>
#include <stdio.h>

enum fc_err fc_strict_check(struct fc_span text, struct fc_strict_fault *fault)
{
    json_error_t error;
    *fault = (struct fc_strict_fault){0};
    json_t *loaded = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &error);
    if (loaded) {
        json_decref(loaded);
        return FC_OK;
    }
    fault->line = error.line > 0 ? (unsigned)error.line : 0;
    fault->column = error.column > 0 ? (unsigned)error.column : 0;
    snprintf(fault->text, sizeof fault->text, "%.*s", (int)sizeof fault->text - 1, error.text);
    return json_error_code(&error) == json_error_out_of_memory ? FC_E_NOMEM : FC_E_JSON;
}
