/* Adding to the list of effects; the core's side of it. */
#ifndef FC_NET_EFFECTS_H
#define FC_NET_EFFECTS_H

#include "net/core.h"

/* Takes the buffer's memory over; `message` is empty after. A growth that fails sets `failed`. */
void fc_effects_send(struct fc_effects *effects, fc_link link, struct fc_buf *message);
void fc_effects_dial(struct fc_effects *effects, const struct fc_key *key, struct fc_span endpoint);
void fc_effects_close(struct fc_effects *effects, fc_link link);
/* Text of at most 255 bytes; longer is cut. */
void fc_effects_log(struct fc_effects *effects, enum fc_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
