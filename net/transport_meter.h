/* Counts the bytes a link has handed to ZeroMQ and that are not on the wire yet: ZeroMQ bounds a
 * queue by messages, and 64 messages of 4 MiB are too much to grant every peer. */
#ifndef FC_NET_TRANSPORT_METER_H
#define FC_NET_TRANSPORT_METER_H

#include <stdatomic.h>

#include "store/bytes.h"

struct fc_meter {
    atomic_size_t bytes;
    atomic_uint refs; /* the link, and each packet on its way */
    atomic_bool waiting;
    int wake_fd; /* an eventfd, written when bytes left and `waiting` was set; borrowed */
};
struct fc_meter *fc_meter_create(int wake_fd);
void fc_meter_release(struct fc_meter *meter); /* NULL is fine */

/* A copy of bytes, counted until fc_packet_free, which any thread may call. */
struct fc_packet {
    struct fc_meter *meter;
    size_t len;
    uint8_t bytes[];
};
struct fc_packet *fc_packet_create(struct fc_meter *meter, struct fc_span bytes);
void fc_packet_free(void *bytes, void *packet);

/* Whether `len` more bytes fit under `max`; one message always does when nothing is queued. When
 * not, wake_fd will be written once bytes have left. */
bool fc_meter_fits(struct fc_meter *meter, size_t len, size_t max);

#endif
