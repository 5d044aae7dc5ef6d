#include "node/http_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static void take_four(const void *bytes, struct fc_http_address *out)
{
    *out = (struct fc_http_address){.six = false};
    memcpy(out->bytes, bytes, 4);
    out->loopback = out->bytes[0] == 127;
}

static void take_six(const struct in6_addr *six, struct fc_http_address *out)
{
    if (IN6_IS_ADDR_V4MAPPED(six)) {
        take_four(six->s6_addr + 12, out);
        return;
    }
    *out = (struct fc_http_address){.six = true, .loopback = IN6_IS_ADDR_LOOPBACK(six)};
    memcpy(out->bytes, six->s6_addr, 16);
}

bool fc_http_address_read(const struct sockaddr *from, struct fc_http_address *out)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    if (from->sa_family == AF_INET) {
        memcpy(&four, from, sizeof four);
        take_four(&four.sin_addr, out);
        return true;
    }
    if (from->sa_family == AF_INET6) {
        memcpy(&six, from, sizeof six);
        take_six(&six.sin6_addr, out);
        return true;
    }
    return false;
}

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80" */
bool fc_http_address_forwarded(struct fc_span value, struct fc_http_address *out)
{
    char text[INET6_ADDRSTRLEN + 16];
    struct in_addr four;
    struct in6_addr six;
    for (size_t i = value.len; i > 0; i--) {
        if (value.data[i - 1] == ',') {
            value = fc_span(value.data + i, value.len - i);
            break;
        }
    }
    while (value.len > 0 && strchr(" \t", value.data[0])) {
        value = fc_span(value.data + 1, value.len - 1);
    }
    while (value.len > 0 && strchr(" \t", value.data[value.len - 1])) {
        value.len--;
    }
    if (value.len == 0 || value.len >= sizeof text || memchr(value.data, 0, value.len)) {
        return false;
    }
    memcpy(text, value.data, value.len);
    text[value.len] = 0;
    char *host = text, *colon = strchr(text, ':');
    if (text[0] == '[') {
        host++;
        host[strcspn(host, "]")] = 0;
    } else if (colon && colon == strrchr(text, ':')) {
        *colon = 0;
    }
    if (inet_pton(AF_INET, host, &four) == 1) {
        take_four(&four, out);
        return true;
    }
    if (inet_pton(AF_INET6, host, &six) == 1) {
        take_six(&six, out);
        return true;
    }
    return false;
}

struct fc_span fc_http_address_network(const struct fc_http_address *address, size_t six_bytes)
{
    return fc_span(address->bytes, address->six ? six_bytes : 4);
}
