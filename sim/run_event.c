#include "sim/run_priv.h"

static struct fc_results_event event_of(const struct fc_run *run, const char *kind)
{
    return (struct fc_results_event){.at_us = fc_run_now_us(run),
                                     .kind = kind,
                                     .node = FC_RESULTS_NONE,
                                     .peer = FC_RESULTS_NONE,
                                     .feed = FC_RESULTS_NONE};
}

void fc_event_message(struct fc_run *run, const char *kind, uint32_t node, uint32_t peer,
                      enum fc_traffic traffic, uint64_t bytes)
{
    if (!run->events)
        return;
    struct fc_results_event event = event_of(run, kind);
    event.node = node;
    event.peer = peer;
    event.class = fc_traffic_name(traffic);
    event.bytes = bytes;
    fc_results_event(run->events, &event);
}

/* What comes from nobody was published there. */
void fc_event_accepted(struct fc_run *run, uint32_t node, uint32_t from, uint32_t feed,
                       fc_version version)
{
    if (!run->events)
        return;
    struct fc_results_event event = event_of(run, from == FC_WORLD_NONE ? "publish" : "deliver");
    event.node = node;
    event.peer = from;
    event.feed = feed;
    event.version = version;
    fc_results_event(run->events, &event);
}

void fc_event_life(struct fc_run *run, uint32_t node, bool up)
{
    if (!run->events)
        return;
    struct fc_results_event event = event_of(run, up ? "up" : "down");
    event.node = node;
    fc_results_event(run->events, &event);
}

void fc_event_fault(struct fc_run *run, const char *kind, const struct fc_active_fault *fault)
{
    if (!run->events)
        return;
    struct fc_results_event event = event_of(run, kind);
    event.what = fc_fault_name(fault->spec.kind);
    event.fault = fault->number;
    fc_results_event(run->events, &event);
}
