/* Whether an address is one of the Internet's, and not of this machine, its networks or their
 * operators (IANA's registries of special-purpose addresses, RFC 6890). */
#ifndef FC_NODE_ADDRESS_H
#define FC_NODE_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* False for loopback, link-local, private and shared ranges, multicast, documentation, and for
 * IPv6 addresses that hold such a one of IPv4; also for what is neither IPv4 nor IPv6. */
bool fc_address_is_public(const struct sockaddr *address);

#endif
