/* What of a request's head is refused: heads as bytes, taken apart where they lie as the library
 * takes them apart, so that their distances are what the server sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "node/http_framing.h"

enum { HEAD_BYTES_MAX = 512 };

/* The next line, its end replaced by NULs: LF ends one, and a CR before it goes with it. */
static char *next_line(char **at)
{
    char *line = *at, *end = strchr(line, '\n');
    if (!end) /* hidden behind a NUL */
        end = memchr(line, '\n', HEAD_BYTES_MAX);
    *at = end + 1;
    *end = 0;
    if (end > line && end[-1] == '\r')
        end[-1] = 0;
    return line;
}

static void look(const char *head, size_t len, bool in_place, struct fc_http_framing *framing)
{
    char bytes[2 * HEAD_BYTES_MAX] = "", *at = bytes;
    assert_true(len < HEAD_BYTES_MAX);
    memcpy(bytes, head, len);
    char *method = next_line(&at);
    size_t line_len = (size_t)(at - method) - 1;
    char *target = memchr(method, ' ', line_len), *version = method + line_len - 1;
    while (*version != ' ')
        version--;
    assert_true(target && version > target);
    *target++ = *version++ = 0;
    fc_http_framing_line(framing, fc_span_str(method), fc_span_str(target), fc_span_str(version),
                         in_place);
    for (char *line = next_line(&at); *line; line = next_line(&at)) {
        char *value = strchr(line, ':');
        assert_non_null(value);
        *value++ = 0;
        value += strspn(value, " \t");
        if (!fc_http_framing_field(framing, fc_span_str(line), fc_span_str(value)))
            break;
    }
    bool taken = fc_http_framing_end(framing, (size_t)(at - bytes));
    assert_int_equal(taken, framing->fault == NULL);
}

#define FITS(head) fits(head, sizeof(head) - 1)
static void fits(const char *head, size_t len)
{
    struct fc_http_framing framing;
    for (int in_place = 0; in_place < 2; in_place++) {
        look(head, len, in_place, &framing);
        assert_null(framing.fault);
    }
}

#define REFUSED(head, status, words) refused(head, sizeof(head) - 1, status, words)
static void refused(const char *head, size_t len, unsigned status, const char *words)
{
    struct fc_http_framing framing;
    look(head, len, true, &framing);
    assert_non_null(framing.fault);
    assert_int_equal(framing.status, status);
    assert_non_null(strstr(framing.fault, words));
    assert_string_equal(framing.code, status == 501 ? "CODING" : "REQUEST");
}

#define GET  "GET /v1?q=a HTTP/1.1\r\n"
#define POST "POST /v1/records HTTP/1.1\r\nHost: x\r\n"

static void what_all_read_alike_is_taken(void **state)
{
    (void)state;
    FITS(GET "Host: x\r\n\r\n");
    FITS(GET
         "Host: x:80\r\nAccept: a, b;q=0.1\t\r\nX-Empty:\r\nx!#$%&'*+-.^_`|~9:\t \xc3\xa9\r\n\r\n");
    FITS("GET /v1 HTTP/1.0\r\n\r\n");
    FITS("GET /v1 HTTP/1.0\r\nHost: x\r\n\r\n");
    FITS("GET http://x/v1 HTTP/1.1\r\nHost: x\r\n\r\n");
    FITS(POST "Content-Length: 5\r\n\r\n");
    FITS(POST "transfer-encoding: Chunked\r\n\r\n");
}

static void lines_end_in_one_way(void **state)
{
    static const char words[] = "ends in CR LF";
    (void)state;
    REFUSED("GET /v1 HTTP/1.1\nHost: x\r\n\r\n", 400, words);
    REFUSED(GET "Host: x\nA: b\r\n\r\n", 400, words);
    REFUSED(GET "Host: x\n\r\n", 400, words);
    REFUSED(GET "Host: x\r\n\n", 400, words);
    REFUSED(GET "Host: x\n\n", 400, words);
    REFUSED("GET /v1 HTTP/1.0\r\n\n", 400, words);
    REFUSED(GET "Host: x\r\nA: b\0c\r\n\r\n", 400, words);
    REFUSED(GET "Host: x\r\nA: b\0\0\r\n\r\n", 400, words);
    REFUSED("GET /v1\0/x HTTP/1.1\r\nHost: x\r\n\r\n", 400, words);
    REFUSED("GET\0X /v1 HTTP/1.1\r\nHost: x\r\n\r\n", 400, words);
}

static void names_and_values_are_plain(void **state)
{
    (void)state;
    REFUSED("GET  /v1 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "first line");
    REFUSED("GET /v1 a HTTP/1.1\r\nHost: x\r\n\r\n", 400, "first line");
    REFUSED("GET /v1\t HTTP/1.1\r\nHost: x\r\n\r\n", 400, "first line");
    REFUSED("GE(T /v1 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "first line");
    REFUSED(POST "Content-Length : 5\r\n\r\n", 400, "field's name");
    REFUSED(POST " A: 5\r\n\r\n", 400, "field's name");
    REFUSED(POST ": 5\r\n\r\n", 400, "field's name");
    REFUSED(POST "A(: 5\r\n\r\n", 400, "field's name");
    REFUSED(POST "A: b\rContent-Length: 5\r\n\r\n", 400, "control character");
    REFUSED(POST "A: b\x7f\r\n\r\n", 400, "control character");
}

static void a_body_ends_in_one_way(void **state)
{
    (void)state;
    REFUSED(POST "Content-Length: 0\r\nContent-Length: 5\r\n\r\n", 400, "one Content-Length");
    REFUSED(POST "Content-Length: 5\r\ncontent-length: 5\r\n\r\n", 400, "one Content-Length");
    REFUSED(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "not both");
    REFUSED(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400, "not both");
    REFUSED(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n", 400,
            "one Transfer-Encoding");
    REFUSED(POST "Transfer-Encoding: xchunked\r\n\r\n", 501, "\"chunked\" alone");
    REFUSED(POST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, "\"chunked\" alone");
    REFUSED(POST "Transfer-Encoding: chunked \r\n\r\n", 501, "\"chunked\" alone");
    REFUSED(POST "Transfer-Encoding:\r\n\r\n", 501, "\"chunked\" alone");
    REFUSED("POST /v1 HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "HTTP/1.0 has no");
}

static void a_host_is_named_once(void **state)
{
    (void)state;
    REFUSED("GET /v1 HTTP/1.1\r\n\r\n", 400, "names the Host");
    REFUSED("GET /v1 HTTP/1.2\r\nA: b\r\n\r\n", 400, "names the Host");
    REFUSED(GET "Host: x\r\nHost: x\r\n\r\n", 400, "one Host");
    REFUSED("GET /v1 HTTP/1.0\r\nHost: x\r\nHOST: y\r\n\r\n", 400, "one Host");
}

static void chunks_are_told(void **state)
{
    struct fc_http_framing framing;
    (void)state;
    static const char chunked[] = POST "Transfer-Encoding: chunked\r\n\r\n", plain[] = POST "\r\n";
    look(chunked, sizeof chunked - 1, true, &framing);
    assert_true(fc_http_framing_chunked(&framing));
    look(plain, sizeof plain - 1, true, &framing);
    assert_false(fc_http_framing_chunked(&framing));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_all_read_alike_is_taken), cmocka_unit_test(lines_end_in_one_way),
        cmocka_unit_test(names_and_values_are_plain),   cmocka_unit_test(a_body_ends_in_one_way),
        cmocka_unit_test(a_host_is_named_once),         cmocka_unit_test(chunks_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
