/* Whatever a client sends as a path, a query or a header field. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "node/http_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(struct fc_span text)
{
    struct fc_buf plain = {0}, encoded = {0}, again = {0};
    if (fc_percent_decode(text, text.len % 2 == 1, &plain) == FC_OK) {
        assert(plain.len <= text.len);
        assert(plain.len == 0 || !memchr(plain.data, 0, plain.len));
        fc_percent_encode(fc_buf_span(&plain), &encoded);
        assert(fc_percent_decode(fc_buf_span(&encoded), true, &again) == FC_OK);
        assert(fc_span_eq(fc_buf_span(&again), fc_buf_span(&plain)));
    } else {
        assert(plain.len == 0);
    }
    fc_buf_finish(&plain);
    fc_buf_finish(&encoded);
    fc_buf_finish(&again);
}

static void match(struct fc_span path)
{
    static const char *const patterns[] = {"/", "/v1/participants/{participant}/entries/{key}",
                                           "/page/{rest*}", "/{a}/{b}/{c}/{d}/{e}/{f}/{g}"};
    struct fc_pattern_param params[FC_PATTERN_PARAMS_MAX];
    size_t count;
    for (size_t i = 0; i < 4; i++) {
        if (fc_pattern_match(patterns[i], path, params, &count)) {
            assert(count <= FC_PATTERN_PARAMS_MAX);
            for (size_t j = 0; j < count; j++) {
                assert(params[j].value.len <= path.len);
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_span all = fc_span(data, size), rest = all, name, value;
    char *text = (char *)fc_span_dup(all);
    size_t seen = 0;
    decode(all);
    match(all);
    while (fc_query_next(&rest, &name, &value)) {
        seen += name.len + value.len;
    }
    assert(seen <= size);
    assert(fc_coding_choose(text) == fc_coding_choose(text));
    if (fc_etag_listed(text, "abc")) {
        assert(strstr(text, "\"abc") || strchr(text, '*'));
    }
    assert(fc_bearer(text).len <= strlen(text));
    (void)fc_accepts(text, "text/event-stream");
    free(text);
    return 0;
}
