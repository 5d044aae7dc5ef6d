#include "node/http_text.h"

#include <string.h>
#include <strings.h>

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum fc_err fc_percent_decode(struct fc_span text, bool plus, struct fc_buf *out)
{
    size_t start = out->len, len = 0;
    uint8_t *at = text.len ? fc_buf_extend(out, text.len) : NULL;
    if (!at) {
        return text.len ? FC_E_NOMEM : FC_OK;
    }
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '%') {
            int high = i + 2 < text.len ? hex_digit(text.data[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(text.data[i + 2]) : -1;
            c = low >= 0 ? (uint8_t)(high * 16 + low) : 0;
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c == 0) {
            out->len = start;
            return FC_E_FORMAT;
        }
        at[len++] = c;
    }
    out->len = start + len;
    return FC_OK;
}

static bool is_unreserved(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void fc_percent_encode(struct fc_span text, struct fc_buf *out)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        const char escaped[3] = {'%', digits[c >> 4], digits[c & 15]};
        if (is_unreserved(c)) {
            fc_buf_append(out, &c, 1);
        } else {
            fc_buf_append(out, escaped, sizeof escaped);
        }
    }
}

/* -- queries and paths ------------------------------------------------------------------------- */

/* What comes before the first `end`; `*rest` begins after it. */
static struct fc_span take(struct fc_span *rest, char end)
{
    const uint8_t *found = rest->len ? memchr(rest->data, end, rest->len) : NULL;
    struct fc_span taken = fc_span(rest->data, found ? (size_t)(found - rest->data) : rest->len);
    size_t used = taken.len + (found ? 1 : 0);
    *rest = fc_span(rest->data ? rest->data + used : NULL, rest->len - used);
    return taken;
}

bool fc_query_next(struct fc_span *rest, struct fc_span *name, struct fc_span *value)
{
    while (rest->len > 0) {
        struct fc_span field = take(rest, '&');
        if (field.len > 0) {
            *name = take(&field, '=');
            *value = field;
            return true;
        }
    }
    return false;
}

bool fc_pattern_match(const char *pattern, struct fc_span path,
                      struct fc_pattern_param params[FC_PATTERN_PARAMS_MAX], size_t *count)
{
    struct fc_span left = fc_span_str(pattern);
    *count = 0;
    if (path.len == 0 || path.data[0] != '/') {
        return false;
    }
    take(&left, '/');
    take(&path, '/');
    for (bool more = true; more;) {
        bool pattern_more = memchr(left.data, '/', left.len) != NULL;
        struct fc_span wanted = take(&left, '/');
        if (wanted.len > 3 && wanted.data[wanted.len - 2] == '*') {
            if (*count == FC_PATTERN_PARAMS_MAX) {
                return false;
            }
            params[(*count)++] =
                (struct fc_pattern_param){fc_span(wanted.data + 1, wanted.len - 3), path};
            return true;
        }
        bool path_more = path.len > 0 && memchr(path.data, '/', path.len) != NULL;
        struct fc_span got = take(&path, '/');
        if (wanted.len > 1 && wanted.data[0] == '{') {
            if (got.len == 0 || *count == FC_PATTERN_PARAMS_MAX) {
                return false;
            }
            params[(*count)++] =
                (struct fc_pattern_param){fc_span(wanted.data + 1, wanted.len - 2), got};
        } else if (!fc_span_eq(wanted, got)) {
            return false;
        }
        /* "/page" fits "/page/{rest*}" only with its slash. */
        if (pattern_more != path_more) {
            return false;
        }
        more = pattern_more;
    }
    return true;
}

/* -- header fields ----------------------------------------------------------------------------- */

static struct fc_span trim(struct fc_span text)
{
    while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text = fc_span(text.data + 1, text.len - 1);
    }
    while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t')) {
        text.len--;
    }
    return text;
}

static bool is_word(struct fc_span text, const char *word)
{
    return text.len == strlen(word) && strncasecmp((const char *)text.data, word, text.len) == 0;
}

/* "q=0.5" in thousandths among an element's parameters; 1000 when there is none, 0 when it is
 * broken. */
static unsigned quality_of(struct fc_span parameters)
{
    while (parameters.len > 0) {
        struct fc_span value = trim(take(&parameters, ';'));
        struct fc_span name = trim(take(&value, '='));
        if (!is_word(name, "q")) {
            continue;
        }
        value = trim(value);
        if (value.len == 0 || value.len > 5 || (value.data[0] != '0' && value.data[0] != '1') ||
            (value.len > 1 && value.data[1] != '.')) {
            return 0;
        }
        unsigned thousandths = (unsigned)(value.data[0] - '0') * 1000, place = 100;
        for (size_t i = 2; i < value.len; i++, place /= 10) {
            if (value.data[i] < '0' || value.data[i] > '9') {
                return 0;
            }
            thousandths += (unsigned)(value.data[i] - '0') * place;
        }
        return thousandths <= 1000 ? thousandths : 0;
    }
    return 1000;
}

const char *fc_coding_name(enum fc_coding coding)
{
    switch (coding) {
    case FC_CODING_NONE:
        return NULL;
    case FC_CODING_GZIP:
        return "gzip";
    case FC_CODING_ZSTD:
        return "zstd";
    }
    return NULL;
}

enum fc_coding fc_coding_choose(const char *accept_encoding)
{
    struct fc_span rest = accept_encoding ? fc_span_str(accept_encoding) : fc_span(NULL, 0);
    int gzip = -1, zstd = -1, any = 0;
    while (rest.len > 0) {
        struct fc_span element = take(&rest, ',');
        struct fc_span name = trim(take(&element, ';'));
        int quality = (int)quality_of(element);
        if (is_word(name, "gzip") || is_word(name, "x-gzip")) {
            gzip = quality;
        } else if (is_word(name, "zstd")) {
            zstd = quality;
        } else if (is_word(name, "*")) {
            any = quality;
        }
    }
    gzip = gzip < 0 ? any : gzip;
    zstd = zstd < 0 ? any : zstd;
    if (zstd > 0 && zstd >= gzip) {
        return FC_CODING_ZSTD;
    }
    return gzip > 0 ? FC_CODING_GZIP : FC_CODING_NONE;
}

static bool is_listed(const char *list, const char *tag, bool weak_too)
{
    struct fc_span rest = list ? fc_span_str(list) : fc_span(NULL, 0);
    size_t tag_len = strlen(tag);
    while (rest.len > 0) {
        struct fc_span element = trim(take(&rest, ','));
        if (is_word(element, "*")) {
            return true;
        }
        if (weak_too && element.len > 2 && memcmp(element.data, "W/", 2) == 0) {
            element = fc_span(element.data + 2, element.len - 2);
        }
        if (element.len < tag_len + 2 || element.data[0] != '"' ||
            element.data[element.len - 1] != '"' || memcmp(element.data + 1, tag, tag_len) != 0) {
            continue;
        }
        struct fc_span suffix = fc_span(element.data + 1 + tag_len, element.len - 2 - tag_len);
        if (suffix.len == 0 || is_word(suffix, "-gzip") || is_word(suffix, "-zstd")) {
            return true;
        }
    }
    return false;
}

bool fc_etag_listed(const char *if_none_match, const char *tag)
{
    return is_listed(if_none_match, tag, true);
}

bool fc_etag_listed_strongly(const char *if_match, const char *tag)
{
    return is_listed(if_match, tag, false);
}

struct fc_span fc_bearer(const char *authorization)
{
    static const char scheme[] = "Bearer ";
    size_t len = sizeof scheme - 1;
    if (!authorization || strncasecmp(authorization, scheme, len) != 0) {
        return fc_span(NULL, 0);
    }
    return trim(fc_span_str(authorization + len));
}

bool fc_accepts(const char *accept, const char *media_type)
{
    if (!accept) {
        return true;
    }
    const char *slash = strchr(media_type, '/');
    size_t type_len = slash ? (size_t)(slash - media_type) : strlen(media_type);
    unsigned best = 0, quality = 0; /* how closely what fits names it */
    struct fc_span rest = fc_span_str(accept);
    while (rest.len > 0) {
        struct fc_span element = take(&rest, ',');
        struct fc_span name = trim(take(&element, ';'));
        bool type_wide = name.len == type_len + 2 && name.data[name.len - 1] == '*' &&
                         strncasecmp((const char *)name.data, media_type, type_len + 1) == 0;
        unsigned close = is_word(name, media_type) ? 3
                         : type_wide               ? 2
                         : is_word(name, "*/*")    ? 1
                                                   : 0;
        if (close > best) {
            best = close;
            quality = quality_of(element);
        }
    }
    return best > 0 && quality > 0;
}

bool fc_equal_quietly(struct fc_span a, struct fc_span b)
{
    volatile uint8_t differs = a.len != b.len;
    for (size_t i = 0; i < a.len && i < b.len; i++) {
        differs = differs | (a.data[i] ^ b.data[i]);
    }
    return !differs;
}
