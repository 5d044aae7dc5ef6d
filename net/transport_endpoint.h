/* Endpoints of nodes: tcp://HOST:PORT, with a name, an IPv4 or a bracketed IPv6 address as HOST. */
#ifndef FC_NET_TRANSPORT_ENDPOINT_H
#define FC_NET_TRANSPORT_ENDPOINT_H

#include "store/bytes.h"

enum { FC_ENDPOINT_BYTES_MAX = 255 };

/* One that can be dialled. */
bool fc_endpoint_dialable(struct fc_span endpoint);
/* One that can be bound: HOST may be "*" too, and so may PORT. */
bool fc_endpoint_bindable(struct fc_span endpoint);
/* Whether HOST may mean an IPv6 address: bracketed, a name, or "*". */
bool fc_endpoint_may_be_ipv6(struct fc_span endpoint);

#endif
