/* A document from anyone: as a dataset and as an event, or not. */
#include <stdlib.h>

#include "node/ces_event.h"
#include "node/dsp_dataset.h"

static void read_event(struct fc_span bytes)
{
    struct fc_json_value *value = NULL;
    struct fc_ces_event event;
    char fault[200];
    if (fc_json_parse(bytes, &value, NULL) == FC_OK) {
        (void)!fc_ces_event_read(value, &event, fault, sizeof fault);
        fc_ces_event_finish(&event);
    }
    fc_json_free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_span bytes = fc_span(data, size);
    struct fc_dsp_offer offer;
    struct fc_hash participant = {{1}};
    struct fc_buf out = {0};
    struct fc_json_value *value = NULL;
    enum fc_dsp_outcome outcome;
    if (fc_dsp_offer_read(fc_span_str("urn:x"), &participant, bytes, &offer, &outcome) == FC_OK &&
        outcome == FC_DSP_DATASET &&
        fc_dsp_dataset_write(&offer, bytes, fc_span_str("[]"), true, &out, &outcome) == FC_OK &&
        outcome == FC_DSP_DATASET) {
        if (fc_json_parse(fc_buf_span(&out), &value, NULL) != FC_OK) {
            abort(); /* what leaves is JSON */
        }
    }
    fc_json_free(value);
    fc_buf_finish(&out);
    fc_dsp_offer_finish(&offer);
    read_event(bytes);
    return 0;
}
