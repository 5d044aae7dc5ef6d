/* A scenario file, and an assignment: what is taken can be written and is then the same. */
#include <stdlib.h>
#include <string.h>

#include "sim/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fine)
{
    if (!fine)
        abort();
}

static void reads_back(const struct fc_scenario *scenario)
{
    struct fc_scenario again;
    struct fc_scenario_error error;
    struct fc_buf text = {0}, second = {0};
    fc_scenario_write(scenario, &text);
    must(fc_scenario_parse("again", fc_buf_span(&text), &again, &error) == FC_OK);
    fc_scenario_write(&again, &second);
    must(fc_span_eq(fc_buf_span(&text), fc_buf_span(&second)));
    fc_scenario_finish(&again);
    fc_buf_finish(&text);
    fc_buf_finish(&second);
}

static void assign(struct fc_scenario *scenario, struct fc_span data)
{
    struct fc_scenario_error error;
    struct fc_buf before = {0}, after = {0};
    char *text = (char *)fc_span_dup(data);
    fc_scenario_write(scenario, &before);
    if (fc_scenario_set(scenario, text, &error) != FC_OK) {
        must(error.text[0] != 0);
        fc_scenario_write(scenario, &after);
        must(fc_span_eq(fc_buf_span(&before), fc_buf_span(&after)));
    } else if (fc_scenario_check(scenario, &error) == FC_OK) {
        reads_back(scenario);
    }
    fc_buf_finish(&before);
    fc_buf_finish(&after);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_scenario scenario;
    struct fc_scenario_error error = {""};
    const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
    struct fc_span first = fc_span(data, line ? (size_t)(line - data) : size);
    enum fc_err err = fc_scenario_parse("file", fc_span(data, size), &scenario, &error);
    if (err == FC_OK)
        reads_back(&scenario);
    else
        must(error.text[0] != 0 && !scenario.about);
    /* The first line as an assignment, to what the rest says or to the defaults. */
    if (err != FC_OK && line)
        err = fc_scenario_parse("rest", fc_span(line, size - first.len), &scenario, &error);
    if (err != FC_OK)
        must(fc_scenario_init(&scenario, "defaults") == FC_OK);
    assign(&scenario, first);
    fc_scenario_finish(&scenario);
    return 0;
}
