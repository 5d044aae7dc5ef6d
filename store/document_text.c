#include "store/document_text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static int sextet(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

enum fc_err fc_base64url_decode(struct fc_span text, struct fc_buf *out)
{
    uint32_t bits = 0;
    unsigned held = 0;
    if (text.len == 0)
        return FC_OK;
    if (text.len % 4 == 1)
        return FC_E_FORMAT;
    uint8_t *to = fc_buf_extend(out, text.len / 4 * 3 + (text.len % 4 ? text.len % 4 - 1 : 0));
    if (!to)
        return FC_E_NOMEM;
    for (size_t i = 0; i < text.len; i++) {
        int value = sextet(text.data[i]);
        if (value < 0)
            return FC_E_FORMAT;
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            *to++ = (uint8_t)(bits >> held);
            bits &= (1u << held) - 1;
        }
    }
    return bits == 0 ? FC_OK : FC_E_FORMAT; /* left-over bits: another text for the same bytes */
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool fc_jwt_split(struct fc_span text, struct fc_jwt *out)
{
    struct fc_span parts[3] = {{0}};
    unsigned part = 0;
    while (text.len > 0 && is_blank(text.data[0]))
        text = fc_span(text.data + 1, text.len - 1);
    while (text.len > 0 && is_blank(text.data[text.len - 1]))
        text.len--;
    parts[0].data = text.data;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '.') {
            if (++part == 3)
                return false;
            parts[part].data = text.data + i + 1;
        } else if (sextet(text.data[i]) < 0) {
            return false;
        } else {
            parts[part].len++;
        }
    }
    *out = (struct fc_jwt){parts[0], parts[1], parts[2]};
    return part == 2 && parts[0].len > 0 && parts[1].len > 0;
}

struct fc_span fc_jwt_in_data_url(const char *url)
{
    static const char *const types[] = {"data:application/vc+jwt", "data:application/vp+jwt",
                                        "data:application/vc+ld+json+jwt",
                                        "data:application/vp+ld+json+jwt"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        size_t len = strlen(types[i]);
        if (strncasecmp(url, types[i], len) == 0 && (url[len] == ',' || url[len] == ';'))
            return fc_span_str(url + len + 1);
    }
    return fc_span(NULL, 0);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool fc_iri_ok(const char *text)
{
    const char *c = text;
    if (!is_letter(*c))
        return false;
    while (is_letter(*c) || (*c >= '0' && *c <= '9') || *c == '+' || *c == '-' || *c == '.')
        c++;
    if (*c != ':' || c[1] == '\0')
        return false;
    for (; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("<>\"{}|\\^`", *c))
            return false;
    return true;
}

const char *fc_iri_local(const char *text)
{
    const char *mark = strrchr(text, '#');
    if (!mark)
        mark = strrchr(text, '/');
    if (!mark)
        mark = strrchr(text, ':');
    return mark ? mark + 1 : text;
}

bool fc_language_ok(const char *text)
{
    size_t letters = 0;
    while (is_letter(text[letters]))
        letters++;
    if (letters < 2 || letters > 3)
        return false;
    return text[letters] == '\0' || (text[letters] == '-' && strlen(text) <= 16);
}

bool fc_country_code(const char *text, char out[4])
{
    const char *code = fc_iri_ok(text) ? fc_iri_local(text) : text;
    size_t len = 0;
    while (len < 4 && is_letter(code[len]))
        len++;
    if (len < 2 || len > 3 || (code[len] != '\0' && (code[len] != '-' || len != 2)))
        return false;
    for (size_t i = 0; i < len; i++)
        out[i] = (char)(code[i] & ~0x20);
    out[len] = '\0';
    return true;
}

void fc_time_text(int64_t seconds, char out[32])
{
    time_t when = (time_t)seconds;
    struct tm parts;
    out[0] = '\0';
    if (gmtime_r(&when, &parts))
        strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

/* Exactly `count` digits. */
static bool take_number(const char **at, unsigned count, unsigned *value)
{
    *value = 0;
    for (unsigned i = 0; i < count; i++, ++*at) {
        if (**at < '0' || **at > '9')
            return false;
        *value = *value * 10 + (unsigned)(**at - '0');
    }
    return true;
}

static bool take_char(const char **at, const char *any)
{
    if (**at == '\0' || !strchr(any, **at))
        return false;
    ++*at;
    return true;
}

/* The fraction of a second, in milliseconds; more digits are read over. */
static unsigned take_fraction(const char **at)
{
    unsigned ms = 0, weight = 100;
    if (**at != '.' || (*at)[1] < '0' || (*at)[1] > '9')
        return 0;
    for (++*at; **at >= '0' && **at <= '9'; ++*at, weight /= 10)
        ms += weight * (unsigned)(**at - '0');
    return ms;
}

/* "Z", "+02:00" or nothing, in minutes east. */
static bool take_offset(const char **at, int *minutes)
{
    unsigned hour = 0, minute = 0;
    bool west = **at == '-';
    *minutes = 0;
    if (**at == '\0' || take_char(at, "Zz"))
        return true;
    if (!take_char(at, "+-") || !take_number(at, 2, &hour) || !take_char(at, ":") ||
        !take_number(at, 2, &minute) || hour > 14 || minute > 59)
        return false;
    *minutes = (int)(hour * 60 + minute) * (west ? -1 : 1);
    return true;
}

bool fc_time_read(const char *text, uint64_t *out_ms)
{
    unsigned year, month, day, hour = 0, minute = 0, second = 0, ms = 0;
    static const unsigned char days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int offset = 0;
    if (!take_number(&text, 4, &year) || !take_char(&text, "-") || !take_number(&text, 2, &month) ||
        !take_char(&text, "-") || !take_number(&text, 2, &day))
        return false;
    if (take_char(&text, "Tt ")) {
        if (!take_number(&text, 2, &hour) || !take_char(&text, ":") ||
            !take_number(&text, 2, &minute) || !take_char(&text, ":") ||
            !take_number(&text, 2, &second))
            return false;
        ms = take_fraction(&text);
    }
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (!take_offset(&text, &offset) || *text != '\0' || year < 1970 || month < 1 || month > 12 ||
        day < 1 || day > days[month - 1] || (month == 2 && day == 29 && !leap) || hour > 24 ||
        minute > 59 || second > 60)
        return false;
    struct tm parts = {.tm_year = (int)year - 1900,
                       .tm_mon = (int)month - 1,
                       .tm_mday = (int)day,
                       .tm_hour = (int)hour,
                       .tm_min = (int)minute - offset,
                       .tm_sec = (int)second};
    time_t seconds = timegm(&parts);
    if (seconds < 0)
        return false;
    *out_ms = (uint64_t)seconds * 1000 + ms;
    return true;
}

struct fc_json_size fc_json_measure(struct fc_span text)
{
    struct fc_json_size size = {.values = 1};
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            size.values++;
            if (++depth > size.depth)
                size.depth = depth;
        } else if (c == ',') {
            size.values++;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return size;
}
