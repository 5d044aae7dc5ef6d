#include "sim/traffic.h"

#include "net/wire.h"

/* A message is an array whose first item is its kind, below 128: the second byte. */
enum fc_traffic fc_traffic_of(struct fc_span message)
{
    if (message.len < 2)
        return FC_TRAFFIC_OTHER;
    switch ((enum fc_wire_kind)message.data[1]) {
    case FC_WIRE_DELTA:
    case FC_WIRE_RECORD:
    case FC_WIRE_WANT:
    case FC_WIRE_CONTENTS:
        return FC_TRAFFIC_PAYLOAD;
    case FC_WIRE_SPREAD:
    case FC_WIRE_ANNOUNCE:
        return FC_TRAFFIC_CONTROL;
    case FC_WIRE_HELLO:
    case FC_WIRE_GOODBYE:
    case FC_WIRE_CHARTERS:
    case FC_WIRE_PING:
    case FC_WIRE_PONG:
    case FC_WIRE_VIEW:
        return FC_TRAFFIC_MEMBERSHIP;
    case FC_WIRE_SYNC:
    case FC_WIRE_PAGE:
    case FC_WIRE_FETCH:
    case FC_WIRE_RECORDS:
    case FC_WIRE_FEED:
    case FC_WIRE_MORE:
    case FC_WIRE_BLOCK:
    case FC_WIRE_WALK:
    case FC_WIRE_NODES:
    case FC_WIRE_COMPARE:
    case FC_WIRE_SKETCH:
        return FC_TRAFFIC_SYNC;
    }
    return FC_TRAFFIC_OTHER;
}
