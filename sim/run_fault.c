#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/run_priv.h"

enum { TRACE_ROWS_MAX = 10000000, RANDOM_LIVE_MAX = 1024 };

/* -- what they are for ------------------------------------------------------------------------ */

static enum fc_err refuse(struct fc_run *run, const struct fc_fault_spec *spec, const char *why)
{
    snprintf(run->error->text, sizeof run->error->text, "%s:%u: %s %s", run->scenario->name,
             spec->line, fc_fault_name(spec->kind), why);
    return FC_E_ARG;
}

static bool is_for_whole_nodes(enum fc_fault_kind kind)
{
    return kind == FC_FAULT_DISK_FULL || kind == FC_FAULT_SKEW || kind == FC_FAULT_JOIN ||
           kind == FC_FAULT_REVOKE || kind == FC_FAULT_RECOVER || kind == FC_FAULT_ROTATE;
}

/* Lines `time_s node up|down`, ascending in time; # begins a comment. */
static enum fc_err read_trace(struct fc_run *run, struct fc_active_fault *fault)
{
    FILE *file = fopen(fault->spec.path, "r");
    char line[256], what[8];
    uint32_t number = 0, cap = 0;
    double at_s;
    unsigned node;
    if (!file) {
        snprintf(run->error->text, sizeof run->error->text, "%s: %s", fault->spec.path,
                 strerror(errno));
        return FC_E_MISSING;
    }
    enum fc_err err = FC_OK;
    while (err == FC_OK && fgets(line, sizeof line, file)) {
        number++;
        line[strcspn(line, "#\n")] = 0;
        if (line[strspn(line, " \t\r")] == 0)
            continue;
        bool fine = sscanf(line, "%lf %u %7s", &at_s, &node, what) == 3 && at_s >= 0 &&
                    at_s < 1e9 && node < run->fleet.nodes &&
                    (strcmp(what, "up") == 0 || strcmp(what, "down") == 0);
        uint64_t at_us = fine ? (uint64_t)(at_s * 1e6 + 0.5) : 0;
        if (!fine || fault->row_count == TRACE_ROWS_MAX ||
            (fault->row_count != 0 && at_us < fault->rows[fault->row_count - 1].at_us)) {
            snprintf(run->error->text, sizeof run->error->text,
                     "%s:%u: a line is `seconds node up` or `seconds node down`, with seconds "
                     "ascending and nodes below %u",
                     fault->spec.path, number, run->fleet.nodes);
            err = FC_E_FORMAT;
            break;
        }
        if (fault->row_count == cap) {
            cap = cap ? 2 * cap : 256;
            struct fc_churn_row *rows = realloc(fault->rows, cap * sizeof *rows);
            if (!rows) {
                err = FC_E_NOMEM;
                break;
            }
            fault->rows = rows;
        }
        fault->rows[fault->row_count++] =
            (struct fc_churn_row){at_us, node, strcmp(what, "up") == 0};
    }
    if (err == FC_OK && ferror(file)) { /* a directory, for one */
        snprintf(run->error->text, sizeof run->error->text, "%s: %s", fault->spec.path,
                 strerror(errno));
        err = FC_E_MISSING;
    }
    fclose(file);
    return err;
}

static struct fc_active_fault *add(struct fc_run *run, const struct fc_fault_spec *spec)
{
    if (run->fault_count == run->fault_cap) {
        uint32_t cap = run->fault_cap ? 2 * run->fault_cap : 16;
        struct fc_active_fault *faults = realloc(run->faults, cap * sizeof *faults);
        if (!faults)
            return NULL;
        run->faults = faults;
        run->fault_cap = cap;
    }
    struct fc_active_fault *fault = &run->faults[run->fault_count++];
    *fault = (struct fc_active_fault){.spec = *spec};
    fault->nodes = fc_run_pick(run, &spec->pick, NULL, &fault->count);
    return fault->nodes ? fault : NULL;
}

enum fc_err fc_fault_begin_all(struct fc_run *run)
{
    for (uint32_t i = 0; i < run->scenario->fault_count; i++) {
        const struct fc_fault_spec *spec = &run->scenario->faults[i];
        if (run->fleet.light && is_for_whole_nodes(spec->kind))
            return refuse(run, spec, "is for whole nodes; take federation.kind: full");
        struct fc_active_fault *fault = add(run, spec);
        if (!fault)
            return FC_E_NOMEM;
        char why[96];
        if (fc_run_pick_fault(run, &spec->pick, fault->count, why))
            return refuse(run, spec, why);
        enum fc_err err = spec->kind == FC_FAULT_TRACE ? read_trace(run, fault) : FC_OK;
        if (err != FC_OK)
            return err;
        fc_run_alarm(run, spec->at_us, FC_ACTION_FAULT, i);
    }
    return FC_OK;
}

void fc_fault_finish(struct fc_run *run)
{
    for (uint32_t i = 0; i < run->fault_count; i++) {
        free(run->faults[i].nodes);
        free(run->faults[i].rows);
    }
    free(run->faults);
}

/* -- nodes that go and come back -------------------------------------------------------------- */

/* Several faults may keep a node down; it is back when the last lets go. */
static void take_down(struct fc_run *run, uint32_t node)
{
    if (run->faulty[node] < UINT8_MAX)
        run->faulty[node]++;
    if (fc_fleet_is_up(&run->fleet, node))
        fc_fleet_crash(&run->fleet, node);
}

static void bring_back(struct fc_run *run, uint32_t node)
{
    if (run->faulty[node] != 0)
        run->faulty[node]--;
    fc_run_start(run, node);
}

static void churn(struct fc_run *run, uint32_t number)
{
    struct fc_active_fault *fault = &run->faults[number];
    const struct fc_fault_spec *spec = &fault->spec;
    uint64_t now_us = fc_run_now_us(run);
    uint64_t per_hour_ppm = (uint64_t)fault->count * spec->per_hour; /* nodes an hour, millionths */
    if (fault->ended || per_hour_ppm == 0 || now_us > run->scenario->run_us)
        return;
    if (fault->begun) {
        uint32_t node = fault->nodes[fc_rng_below(&run->rng, fault->count)];
        if (run->faulty[node] == 0 && fc_fleet_is_up(&run->fleet, node)) {
            take_down(run, node);
            uint64_t down_us = fc_run_wait_us(run, spec->down_us ? spec->down_us : 60000000);
            fc_run_alarm(run, now_us + down_us + 1, FC_ACTION_RETURN, node);
        }
    }
    fault->begun = true;
    double mean_us = 3600e6 * 1e6 / (double)per_hour_ppm;
    fc_run_alarm(run, now_us + 1 + fc_run_wait_us(run, (uint64_t)mean_us), FC_ACTION_CHURN, number);
}

static void follow_trace(struct fc_run *run, uint32_t number)
{
    struct fc_active_fault *fault = &run->faults[number];
    uint64_t start_us = fault->spec.at_us;
    while (fault->row_next < fault->row_count) {
        const struct fc_churn_row *row = &fault->rows[fault->row_next];
        if (start_us + row->at_us > fc_run_now_us(run)) {
            fc_run_alarm(run, start_us + row->at_us, FC_ACTION_TRACE, number);
            return;
        }
        if (row->up)
            bring_back(run, row->node);
        else if (run->faulty[row->node] == 0)
            take_down(run, row->node);
        fault->row_next++;
    }
}

/* -- governance ------------------------------------------------------------------------------- */

static uint32_t someone_up(struct fc_run *run)
{
    for (uint32_t i = 0; i < 64; i++) {
        uint32_t node = (uint32_t)fc_rng_below(&run->rng, run->fleet.nodes);
        if (fc_fleet_is_up(&run->fleet, node) && run->honest[node] && !run->left[node])
            return node;
    }
    return FC_WORLD_NONE;
}

static bool may_govern(const struct fc_run *run, uint32_t node)
{
    return node != FC_WORLD_NONE && fc_world_can_govern(run->fleet.world, node);
}

static void join_some(struct fc_run *run, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        char name[FC_WORLD_NAME_MAX];
        uint32_t at = someone_up(run);
        if (!may_govern(run, at) || fc_world_count(run->fleet.world) >= run->total)
            continue;
        snprintf(name, sizeof name, "new%u", fc_world_count(run->fleet.world));
        fc_results_node(run->results, fc_world_count(run->fleet.world), name, "", 0, 0);
        uint32_t node = fc_world_add(run->fleet.world, name, at, false);
        fc_world_admit(run->fleet.world, node, at);
    }
}

/* As the command does: a new certificate, and at once the head that opens its incarnation. */
static void recover(struct fc_run *run, uint32_t owner, uint32_t at)
{
    struct fc_world *world = run->fleet.world;
    enum fc_err err = fc_world_recover(world, owner, at);
    if (err == FC_OK)
        err = fc_world_publish(world, at, owner, NULL, 0);
    if (err != FC_OK)
        fc_run_say(run, "%s does not recover at %s: %s", fc_fleet_name(&run->fleet, owner),
                   fc_fleet_name(&run->fleet, at), fc_err_text(err));
}

static void revoke(struct fc_run *run, uint32_t owner, uint32_t at, fc_version last_valid)
{
    run->left[owner] = 1;
    fc_results_leave(run->results, fc_run_now_us(run), owner);
    fc_world_revoke(run->fleet.world, owner, at, last_valid, FC_REVOKE_FREEZE);
}

static void govern(struct fc_run *run, const struct fc_active_fault *fault)
{
    struct fc_world *world = run->fleet.world;
    for (uint32_t i = 0; i < fault->count; i++) {
        uint32_t owner = fault->nodes[i], at = someone_up(run);
        if (!may_govern(run, at) || owner >= fc_world_count(world))
            continue;
        struct fc_hash id = fc_world_participant(world, owner);
        struct fc_participant party;
        struct fc_feed feed = {0};
        if (fc_ledger_participant(fc_replica_ledger(fc_world_replica(world, at)), &id, &party) !=
                FC_OK ||
            party.revocation)
            continue;
        if (fc_replica_feed(fc_world_replica(world, at), &id, &feed) != FC_OK)
            feed.version = 0;
        if (fault->spec.kind == FC_FAULT_REVOKE)
            revoke(run, owner, at, feed.version);
        else if (fault->spec.kind == FC_FAULT_RECOVER)
            recover(run, owner, at);
    }
    uint32_t at = someone_up(run);
    if (fault->spec.kind == FC_FAULT_ROTATE && may_govern(run, at))
        fc_world_rotate(world, at);
}

/* -- begin and end ---------------------------------------------------------------------------- */

static void partition(struct fc_run *run, const struct fc_active_fault *fault)
{
    struct fc_network *network = fc_fleet_network(&run->fleet);
    for (uint32_t i = 0; fault->spec.parts > 1 && i < run->fleet.nodes; i++)
        fc_network_group(network, i, (uint32_t)fc_rng_below(&run->rng, fault->spec.parts));
    for (uint32_t i = 0; fault->spec.parts <= 1 && i < fault->count; i++)
        fc_network_group(network, fault->nodes[i], 1);
}

static void for_node(struct fc_run *run, const struct fc_fault_spec *spec, uint32_t node, bool on)
{
    struct fc_network *network = fc_fleet_network(&run->fleet);
    switch (spec->kind) {
    case FC_FAULT_CRASH:
        if (on)
            take_down(run, node);
        else
            bring_back(run, node);
        break;
    case FC_FAULT_RESTART:
        if (fc_fleet_is_up(&run->fleet, node))
            fc_fleet_crash(&run->fleet, node);
        run->faulty[node] = 1;
        bring_back(run, node);
        break;
    case FC_FAULT_ISOLATE:
        if (on)
            fc_network_isolate(network, node);
        else
            fc_network_group(network, node, 0);
        break;
    case FC_FAULT_CUT:
        fc_network_cut_all(network, node);
        break;
    case FC_FAULT_DISK_FULL:
        fc_world_disk_full(run->fleet.world, node, on);
        break;
    case FC_FAULT_SKEW:
        fc_world_skew(run->fleet.world, node, on ? spec->skew_ms : 0);
        break;
    case FC_FAULT_SLOW:
        fc_network_slow(network, node, on ? spec->factor_milli : 1000);
        break;
    case FC_FAULT_LOSS:
        fc_network_lose(network, node, on ? spec->loss_ppm : 0);
        break;
    case FC_FAULT_PARTITION:
    case FC_FAULT_HEAL:
    case FC_FAULT_CHURN:
    case FC_FAULT_TRACE:
    case FC_FAULT_JOIN:
    case FC_FAULT_REVOKE:
    case FC_FAULT_RECOVER:
    case FC_FAULT_ROTATE:
    case FC_FAULT_RANDOM:
    case FC_FAULT_KINDS:
        break;
    }
}

/* A random fault: one that passes, over a few nodes. */
static void random_fault(struct fc_run *run, const struct fc_fault_spec *from)
{
    static const enum fc_fault_kind kinds[] = {
        FC_FAULT_CRASH, FC_FAULT_CRASH,   FC_FAULT_PARTITION, FC_FAULT_ISOLATE,   FC_FAULT_CUT,
        FC_FAULT_CUT,   FC_FAULT_LOSS,    FC_FAULT_SLOW,      FC_FAULT_DISK_FULL, FC_FAULT_SKEW,
        FC_FAULT_JOIN,  FC_FAULT_RECOVER, FC_FAULT_ROTATE};
    uint32_t count = run->fleet.light ? 8 : (uint32_t)(sizeof kinds / sizeof kinds[0]);
    enum fc_fault_kind kind = kinds[fc_rng_below(&run->rng, count)];
    struct fc_fault_spec spec = {.kind = kind,
                                 .at_us = fc_run_now_us(run),
                                 .for_us = 500000 + fc_rng_below(&run->rng, 15000000),
                                 .skew_ms = (int64_t)fc_rng_below(&run->rng, 120000) - 60000,
                                 .factor_milli = 1000 + (uint32_t)fc_rng_below(&run->rng, 20000),
                                 .loss_ppm = (uint32_t)fc_rng_below(&run->rng, 300000),
                                 .line = from->line};
    spec.pick =
        (struct fc_pick){.kind = FC_PICK_COUNT,
                         .count = 1 + (uint32_t)fc_rng_below(&run->rng, 1 + run->fleet.nodes / 3)};
    if (kind == FC_FAULT_RECOVER || kind == FC_FAULT_JOIN || kind == FC_FAULT_ROTATE)
        spec.pick.count = 1;
    if (run->fault_count < RANDOM_LIVE_MAX && add(run, &spec))
        fc_fault_alarm(run, FC_ACTION_FAULT, run->fault_count - 1);
}

static void next_random(struct fc_run *run, uint32_t number)
{
    const struct fc_fault_spec spec = run->faults[number].spec;
    uint64_t now_us = fc_run_now_us(run);
    uint64_t end_us = spec.for_us ? spec.at_us + spec.for_us : run->scenario->run_us;
    if (spec.per_hour == 0 || now_us > end_us)
        return;
    if (run->faults[number].begun)
        random_fault(run, &spec);
    run->faults[number].begun = true;
    uint64_t wait_us = fc_run_wait_us(run, UINT64_C(3600000000) / spec.per_hour);
    fc_run_alarm(run, now_us + 1 + wait_us, FC_ACTION_RANDOM, number);
}

/* Over as soon as it has happened. */
static bool is_instant(const struct fc_fault_spec *spec)
{
    return spec->kind == FC_FAULT_RESTART || spec->kind == FC_FAULT_HEAL ||
           spec->kind == FC_FAULT_CUT || spec->kind == FC_FAULT_JOIN ||
           spec->kind == FC_FAULT_REVOKE || spec->kind == FC_FAULT_RECOVER ||
           spec->kind == FC_FAULT_ROTATE;
}

static void tell_end(struct fc_run *run, const struct fc_active_fault *fault)
{
    fc_event_fault(run, "heal", fault);
    fc_results_fault_end(run->results, fc_run_now_us(run), fault->number);
}

static void begin(struct fc_run *run, uint32_t number)
{
    struct fc_active_fault *fault = &run->faults[number];
    const struct fc_fault_spec spec = fault->spec;
    fc_run_say(run, "%s of %u nodes begins", fc_fault_name(spec.kind), fault->count);
    fault->number =
        fc_results_fault(run->results, fc_run_now_us(run), fc_fault_name(spec.kind), fault->count);
    fc_event_fault(run, "fault", fault);
    if (spec.kind == FC_FAULT_CHURN) {
        churn(run, number);
    } else if (spec.kind == FC_FAULT_TRACE) {
        follow_trace(run, number);
    } else if (spec.kind == FC_FAULT_RANDOM) {
        next_random(run, number);
    } else {
        fault->begun = true;
        if (spec.kind == FC_FAULT_PARTITION)
            partition(run, fault);
        else if (spec.kind == FC_FAULT_HEAL)
            fc_network_heal(fc_fleet_network(&run->fleet));
        else if (spec.kind == FC_FAULT_JOIN)
            join_some(run, spec.pick.count);
        else if (is_for_whole_nodes(spec.kind) && spec.kind >= FC_FAULT_REVOKE)
            govern(run, fault);
        for (uint32_t i = 0; i < run->faults[number].count; i++)
            for_node(run, &spec, run->faults[number].nodes[i], true);
    }
    if (is_instant(&spec)) {
        run->faults[number].ended = true;
        tell_end(run, &run->faults[number]);
    } else if (spec.for_us != 0) {
        fc_run_alarm(run, fc_run_now_us(run) + spec.for_us, FC_ACTION_FAULT_END, number);
    }
}

static void end(struct fc_run *run, uint32_t number)
{
    struct fc_active_fault *fault = &run->faults[number];
    if (fault->ended)
        return;
    fault->ended = true;
    fc_run_say(run, "%s of %u nodes ends", fc_fault_name(fault->spec.kind), fault->count);
    if (fault->spec.kind == FC_FAULT_PARTITION)
        fc_network_heal(fc_fleet_network(&run->fleet));
    for (uint32_t i = 0; i < fault->count; i++)
        for_node(run, &fault->spec, fault->nodes[i], false);
    tell_end(run, fault);
}

void fc_fault_alarm(struct fc_run *run, enum fc_action action, uint32_t number)
{
    if (action == FC_ACTION_FAULT)
        begin(run, number);
    else if (action == FC_ACTION_FAULT_END)
        end(run, number);
    else if (action == FC_ACTION_CHURN)
        churn(run, number);
    else if (action == FC_ACTION_RETURN)
        bring_back(run, number);
    else if (action == FC_ACTION_TRACE)
        follow_trace(run, number);
    else if (action == FC_ACTION_RANDOM)
        next_random(run, number);
}

/* What lasts longer than the run ends with it, but for crashes that were for good. */
void fc_fault_end_all(struct fc_run *run)
{
    struct fc_network *network = fc_fleet_network(&run->fleet);
    for (uint32_t i = 0; i < run->fault_count; i++)
        if (run->faults[i].begun && run->faults[i].spec.for_us != 0)
            end(run, i);
    fc_network_heal(network);
    for (uint32_t i = 0; i < run->fleet.nodes; i++) {
        fc_network_slow(network, i, 1000);
        fc_network_lose(network, i, 0);
        if (run->fleet.world && i < fc_world_count(run->fleet.world))
            fc_world_disk_full(run->fleet.world, i, false);
    }
}
