#include "node/http_framing.h"

#include <string.h>
#include <strings.h>

enum { LINE_END_BYTES = 2 };

static bool refuse(struct fc_http_framing *framing, const char *fault)
{
    if (!framing->fault) {
        framing->fault = fault;
        framing->code = "REQUEST";
        framing->status = 400;
    }
    return false;
}

static bool refuse_line(struct fc_http_framing *framing)
{
    return refuse(framing, "Every line of a request's head ends in CR LF, goes on in no other, and "
                           "holds no NUL.");
}

/* RFC 9110, 5.6.2 */
static bool is_token(struct fc_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i], letter = c | 0x20;
        if (!(letter >= 'a' && letter <= 'z') && !(c >= '0' && c <= '9') &&
            (c == 0 || !strchr("!#$%&'*+-.^_`|~", c))) {
            return false;
        }
    }
    return text.len > 0;
}

/* No control character; of blanks those in `blanks` only. */
static bool is_clean(struct fc_span text, const char *blanks)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == 0x7f || (c <= ' ' && (c == 0 || !strchr(blanks, c)))) {
            return false;
        }
    }
    return true;
}

static bool is_word(struct fc_span text, const char *word)
{
    return text.len == strlen(word) && strncasecmp((const char *)text.data, word, text.len) == 0;
}

/* Whether `next` lies behind what was looked at last, with so many bytes between. */
static bool follows(struct fc_http_framing *framing, struct fc_span next, size_t between)
{
    bool right = !framing->at.data || framing->at.data + framing->at.len + between == next.data;
    if (framing->at.data) {
        framing->at = next;
    }
    return right;
}

void fc_http_framing_line(struct fc_http_framing *framing, struct fc_span method,
                          struct fc_span target, struct fc_span version, bool in_place)
{
    *framing = (struct fc_http_framing){.begin = method.data};
    framing->old = is_word(version, "HTTP/1.0");
    framing->host_wanted = !framing->old;
    if (!is_token(method) || !is_clean(target, "")) {
        (void)refuse(framing, "A request's first line is a method, a target without blanks, and "
                              "the version, with one space between.");
    }
    if (in_place) {
        framing->at = fc_span(method.data, method.len + 1 + target.len);
        if (!follows(framing, version, 1)) {
            (void)refuse_line(framing);
        }
    }
}

static bool take_coding(struct fc_http_framing *framing, struct fc_span value)
{
    framing->codings++;
    framing->one_chunked = is_word(value, "chunked");
    if (framing->codings > 1) {
        return refuse(framing, "A request has one Transfer-Encoding.");
    }
    if (framing->old) {
        return refuse(framing, "HTTP/1.0 has no Transfer-Encoding.");
    }
    if (!framing->one_chunked) {
        (void)refuse(framing, "Of transfer codings this server takes \"chunked\" alone.");
        framing->code = "CODING";
        framing->status = 501;
        return false;
    }
    return true;
}

bool fc_http_framing_field(struct fc_http_framing *framing, struct fc_span name,
                           struct fc_span value)
{
    if (framing->fault) {
        return false;
    }
    if (!follows(framing, name, LINE_END_BYTES)) {
        return refuse_line(framing);
    }
    if (framing->at.data) {
        framing->at = value;
    }
    if (!is_token(name)) {
        return refuse(framing, "A field's name is letters, digits and \"-\", and the colon follows "
                               "at once.");
    }
    if (!is_clean(value, " \t")) {
        return refuse(framing, "A field's value has a control character.");
    }
    if (is_word(name, "Host") && framing->hosts++ > 0) {
        return refuse(framing, "A request has one Host.");
    }
    if (is_word(name, "Content-Length") && framing->lengths++ > 0) {
        return refuse(framing, "A request has one Content-Length.");
    }
    return !is_word(name, "Transfer-Encoding") || take_coding(framing, value);
}

bool fc_http_framing_end(struct fc_http_framing *framing, size_t head_bytes)
{
    if (framing->fault) {
        return false;
    }
    if (!follows(framing, fc_span(framing->begin + head_bytes, 0), 2 * LINE_END_BYTES)) {
        return refuse_line(framing);
    }
    if (framing->lengths > 0 && framing->codings > 0) {
        return refuse(framing, "A request has a Content-Length or a Transfer-Encoding, not both.");
    }
    if (framing->host_wanted && framing->hosts == 0) {
        return refuse(framing, "A request of HTTP/1.1 names the Host it is for.");
    }
    return true;
}

bool fc_http_framing_chunked(const struct fc_http_framing *framing)
{
    return framing->codings == 1 && framing->one_chunked;
}
