#include "net/transport_endpoint.h"

#include <string.h>

static const char scheme[] = "tcp://";

struct parts {
    struct fc_span host, port;
    bool bracketed;
};

static bool split(struct fc_span endpoint, struct parts *out)
{
    size_t skip = sizeof scheme - 1;
    const uint8_t *colon;
    if (endpoint.len <= skip || endpoint.len > FC_ENDPOINT_BYTES_MAX ||
        memcmp(endpoint.data, scheme, skip) != 0)
        return false;
    struct fc_span rest = fc_span(endpoint.data + skip, endpoint.len - skip);
    colon = memrchr(rest.data, ':', rest.len);
    if (!colon)
        return false;
    out->host = fc_span(rest.data, (size_t)(colon - rest.data));
    out->port = fc_span(colon + 1, rest.len - out->host.len - 1);
    out->bracketed =
        out->host.len > 2 && out->host.data[0] == '[' && out->host.data[out->host.len - 1] == ']';
    if (out->bracketed)
        out->host = fc_span(out->host.data + 1, out->host.len - 2);
    return out->host.len > 0;
}

static bool is_star(struct fc_span text)
{
    return text.len == 1 && text.data[0] == '*';
}

static bool host_ok(const struct parts *parts)
{
    for (size_t i = 0; i < parts->host.len; i++) {
        uint8_t c = parts->host.data[i];
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (parts->bracketed ? !(hex || c == ':' || c == '.' || c == '%' || letter)
                             : !(hex || letter || c == '.' || c == '-' || c == '_'))
            return false;
    }
    return true;
}

static bool port_ok(struct fc_span port)
{
    unsigned value = 0;
    if (port.len == 0 || port.len > 5)
        return false;
    for (size_t i = 0; i < port.len; i++) {
        if (port.data[i] < '0' || port.data[i] > '9')
            return false;
        value = value * 10 + (unsigned)(port.data[i] - '0');
    }
    return value > 0 && value <= 65535;
}

bool fc_endpoint_dialable(struct fc_span endpoint)
{
    struct parts parts;
    return split(endpoint, &parts) && host_ok(&parts) && port_ok(parts.port);
}

bool fc_endpoint_bindable(struct fc_span endpoint)
{
    struct parts parts;
    return split(endpoint, &parts) &&
           ((is_star(parts.host) && !parts.bracketed) || host_ok(&parts)) &&
           (is_star(parts.port) || port_ok(parts.port));
}

bool fc_endpoint_may_be_ipv6(struct fc_span endpoint)
{
    struct parts parts;
    if (!split(endpoint, &parts))
        return false;
    for (size_t i = 0; i < parts.host.len && !parts.bracketed; i++)
        if (parts.host.data[i] != '.' && (parts.host.data[i] < '0' || parts.host.data[i] > '9'))
            return true;
    return parts.bracketed;
}
