#include <stdlib.h>
#include <string.h>

#include "node/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_config *config = NULL, *again = NULL;
    struct fc_buf text = {0};
    char fault[200];
    if (size == 0) {
        return 0;
    }
    if (fc_config_parse(fc_span(data, size), &config, fault, sizeof fault) != FC_OK) {
        return 0;
    }
    if (fc_config_write(config, &text) != FC_OK ||
        fc_config_parse(fc_buf_span(&text), &again, fault, sizeof fault) != FC_OK ||
        again->listen_count != config->listen_count ||
        strcmp(again->operator_name, config->operator_name) != 0) {
        abort();
    }
    fc_buf_finish(&text);
    fc_config_free(config);
    fc_config_free(again);
    return 0;
}
