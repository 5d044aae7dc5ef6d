#include "net/transport_meter.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fc_meter *fc_meter_create(int wake_fd)
{
    struct fc_meter *meter = malloc(sizeof *meter);
    if (!meter)
        return NULL;
    atomic_init(&meter->bytes, 0);
    atomic_init(&meter->refs, 1);
    atomic_init(&meter->waiting, false);
    meter->wake_fd = wake_fd;
    return meter;
}

void fc_meter_release(struct fc_meter *meter)
{
    if (meter && atomic_fetch_sub(&meter->refs, 1) == 1)
        free(meter);
}

struct fc_packet *fc_packet_create(struct fc_meter *meter, struct fc_span bytes)
{
    struct fc_packet *packet = malloc(sizeof *packet + bytes.len);
    if (!packet)
        return NULL;
    packet->meter = meter;
    packet->len = bytes.len;
    memcpy(packet->bytes, bytes.data, bytes.len);
    atomic_fetch_add(&meter->refs, 1);
    atomic_fetch_add(&meter->bytes, bytes.len);
    return packet;
}

void fc_packet_free(void *bytes, void *arg)
{
    struct fc_packet *packet = arg;
    struct fc_meter *meter = packet->meter;
    (void)bytes;
    atomic_fetch_sub(&meter->bytes, packet->len);
    if (atomic_exchange(&meter->waiting, false)) {
        uint64_t one = 1;
        /* A full counter means that the reader has been woken already. */
        ssize_t written = write(meter->wake_fd, &one, sizeof one);
        (void)written;
    }
    fc_meter_release(meter);
    free(packet);
}

bool fc_meter_fits(struct fc_meter *meter, size_t len, size_t max)
{
    size_t bytes = atomic_load(&meter->bytes);
    if (bytes == 0 || bytes + len <= max)
        return true;
    atomic_store(&meter->waiting, true);
    /* What left between the two lines above has not been told to anyone. */
    bytes = atomic_load(&meter->bytes);
    return bytes == 0 || bytes + len <= max;
}
