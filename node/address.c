#include "node/address.h"

#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

struct range {
    uint8_t prefix[16];
    unsigned bits;
};

static bool is_in(const uint8_t *address, const struct range *range)
{
    unsigned whole = range->bits / 8, rest = range->bits % 8;
    uint8_t mask = (uint8_t)(0xff00u >> rest);
    return memcmp(address, range->prefix, whole) == 0 &&
           (rest == 0 || ((address[whole] ^ range->prefix[whole]) & mask) == 0);
}

static bool is_public_4(const uint8_t address[4])
{
    static const struct range others[] = {
        {{0}, 8},             /* this network */
        {{10}, 8},            /* private, RFC 1918 */
        {{100, 64}, 10},      /* shared by carriers, RFC 6598 */
        {{127}, 8},           /* loopback */
        {{169, 254}, 16},     /* link-local */
        {{172, 16}, 12},      /* private */
        {{192, 0, 0}, 24},    /* protocol assignments */
        {{192, 0, 2}, 24},    /* documentation */
        {{192, 168}, 16},     /* private */
        {{198, 18}, 15},      /* benchmarks */
        {{198, 51, 100}, 24}, /* documentation */
        {{203, 0, 113}, 24},  /* documentation */
        {{224}, 3},           /* multicast, reserved, broadcast */
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (is_in(address, &others[i])) {
            return false;
        }
    }
    return true;
}

static bool is_public_6(const uint8_t address[16])
{
    static const struct range global = {{0x20}, 3}, teredo = {{0x20, 0x01}, 23},
                              documentation = {{0x20, 0x01, 0x0d, 0xb8}, 32},
                              documentation_2 = {{0x3f, 0xff}, 20};
    static const struct {
        struct range range;
        size_t at;
    } holding_ipv4[] = {
        {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96}, 12}, /* mapped */
        {{{0x00, 0x64, 0xff, 0x9b}, 96}, 12},                   /* translated, RFC 6052 */
        {{{0x20, 0x02}, 16}, 2},                                /* 6to4 */
    };
    for (size_t i = 0; i < sizeof holding_ipv4 / sizeof holding_ipv4[0]; i++) {
        if (is_in(address, &holding_ipv4[i].range)) {
            return is_public_4(address + holding_ipv4[i].at);
        }
    }
    return is_in(address, &global) && !is_in(address, &teredo) && !is_in(address, &documentation) &&
           !is_in(address, &documentation_2);
}

bool fc_address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in four;
        memcpy(&four, address, sizeof four);
        return is_public_4((const uint8_t *)&four.sin_addr);
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 six;
        memcpy(&six, address, sizeof six);
        return is_public_6(six.sin6_addr.s6_addr);
    }
    return false;
}
