/* What a node signs by itself, with feed keys that lie open in its home: its own descriptor when
 * its endpoints changed, heartbeats of feeds that have been silent, and checkpoints. */
#ifndef FC_NODE_UPKEEP_H
#define FC_NODE_UPKEEP_H

#include "node/config.h"
#include "node/log.h"
#include "node/service.h"

struct fc_upkeep {
    struct fc_service *service;
    const struct fc_config *config;
    const struct fc_log *log;
    uint64_t start_ms, next_ms, descriptor_next_ms;
    uint64_t checkpoint_due_ms; /* 0: to be worked out */
};
void fc_upkeep_init(struct fc_upkeep *upkeep, struct fc_service *service,
                    const struct fc_config *config, const struct fc_log *log, uint64_t now_ms);
/* Does what is due, each in a transaction of its own; service->changed is set by what was taken in.
 * `settled`: the node knows what its peers hold of its own feeds. Store errors. */
FC_MUST_USE enum fc_err fc_upkeep_run(struct fc_upkeep *upkeep, uint64_t now_ms, bool settled);

#endif
