#include <string.h>

#include "store/pack.h"
#include "store/record.h"

/* C0, DEL and C1 (U+0080 to U+009F): nothing that could steer a terminal or break a line. */
static bool has_controls(struct fc_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (byte < 0x20 || byte == 0x7f)
            return true;
        if (byte == 0xc2 && i + 1 < text.len && text.data[i + 1] < 0xa0)
            return true;
    }
    return false;
}

bool fc_text_valid(struct fc_span text, size_t len_min, size_t len_max)
{
    return text.len >= len_min && text.len <= len_max && fc_utf8_valid(text) && !has_controls(text);
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool name_valid(struct fc_span host)
{
    if (host.len == 0 || host.len > 253)
        return false;
    for (size_t i = 0; i < host.len; i++) {
        uint8_t c = host.data[i];
        if (!is_digit(c) && !is_letter(c) && c != '.' && c != '-')
            return false;
    }
    return true;
}

static bool address_valid(struct fc_span host)
{
    if (host.len < 4 || host.len > 47 || host.data[0] != '[' || host.data[host.len - 1] != ']')
        return false;
    for (size_t i = 1; i + 1 < host.len; i++) {
        uint8_t c = host.data[i];
        bool hex = is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!hex && c != ':' && c != '.')
            return false;
    }
    return true;
}

static bool port_valid(struct fc_span port)
{
    unsigned number = 0;
    if (port.len == 0 || port.len > 5 || port.data[0] == '0')
        return false;
    for (size_t i = 0; i < port.len; i++) {
        if (!is_digit(port.data[i]))
            return false;
        number = number * 10 + (port.data[i] - '0');
    }
    return number <= UINT16_MAX;
}

bool fc_endpoint_valid(struct fc_span endpoint)
{
    static const char scheme[] = "tcp://";
    size_t start = sizeof scheme - 1;
    if (endpoint.len <= start || endpoint.len > FC_TEXT_BYTES_MAX ||
        memcmp(endpoint.data, scheme, start) != 0)
        return false;
    size_t colon = endpoint.len;
    while (colon > start && endpoint.data[colon - 1] != ':')
        colon--;
    if (colon == start)
        return false;
    struct fc_span host = fc_span(endpoint.data + start, colon - 1 - start);
    struct fc_span port = fc_span(endpoint.data + colon, endpoint.len - colon);
    return (name_valid(host) || address_valid(host)) && port_valid(port);
}
