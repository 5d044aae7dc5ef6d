/* Whom a limit by address is on: the network a client is in, as far as it can be told. */
#ifndef FC_NODE_HTTP_ADDRESS_H
#define FC_NODE_HTTP_ADDRESS_H

#include "store/bytes.h"

struct sockaddr;

struct fc_http_address {
    uint8_t bytes[16]; /* of IPv4 the first four; an IPv4 address in IPv6 is one of IPv4 */
    bool six, loopback;
};
/* False: it is neither IPv4 nor IPv6. */
bool fc_http_address_read(const struct sockaddr *from, struct fc_http_address *out);
/* The last address of an X-Forwarded-For: what the next proxy saw. False: it is none. */
bool fc_http_address_forwarded(struct fc_span value, struct fc_http_address *out);
/* What stands for it: an IPv4 address whole, of one of IPv6 `six_bytes`. */
struct fc_span fc_http_address_network(const struct fc_http_address *address, size_t six_bytes);

#endif
