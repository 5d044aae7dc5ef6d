/* Files that people pass around: whatever is in them is split, shown and shown as JSON. */
#include <stdlib.h>

#include "node/record_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_record_file file = {0};
    fc_buf_append(&file.bytes, data, size);
    if (fc_record_file_split(&file) == FC_OK) {
        FILE *out = fopen("/dev/null", "w");
        for (size_t i = 0; out && i < file.count; i++) {
            char line[FC_RECORD_LINE_BYTES];
            struct fc_json *json = fc_json_create();
            fc_record_print(&file.records[i], NULL, out);
            fc_record_json(json, NULL, &file.records[i], NULL);
            if (fc_json_print(json, out, false) != FC_OK)
                abort();
            fc_json_destroy(json);
            fc_record_line(&file.records[i], line);
        }
        if (out)
            fclose(out);
    }
    fc_record_file_finish(&file);
    return 0;
}
