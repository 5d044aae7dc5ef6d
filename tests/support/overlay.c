#include "tests/support/overlay.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t index_of(const struct fc_world *world, const struct fc_key *key)
{
    for (uint32_t i = 0; i < fc_world_count(world); i++) {
        struct fc_key other = fc_world_node_key(world, i);
        if (fc_key_eq(&other, key))
            return i;
    }
    return FC_WORLD_NONE;
}

static void read_links(struct fc_overlay *overlay, const struct fc_world *world, uint32_t node)
{
    const struct fc_core *core = fc_world_core(world, node);
    for (size_t i = 0; i < fc_core_peer_count(core); i++) {
        struct fc_peer_info info;
        fc_core_peer_at(core, i, &info);
        if (!info.active)
            continue;
        uint32_t peer = index_of(world, &info.key);
        assert(peer != FC_WORLD_NONE);
        overlay->edge[node * overlay->count + peer] = 1;
        overlay->degree[node]++;
    }
}

static void visit(const struct fc_overlay *overlay, const struct fc_world *world, uint32_t from,
                  uint8_t *seen)
{
    uint32_t *queue = calloc(overlay->count, sizeof *queue), head = 0, tail = 0;
    assert(queue);
    queue[tail++] = from;
    seen[from] = 1;
    while (head < tail) {
        uint32_t node = queue[head++];
        for (uint32_t i = 0; i < overlay->count; i++) {
            if (seen[i] || !overlay->edge[node * overlay->count + i] || !fc_world_is_up(world, i))
                continue;
            seen[i] = 1;
            queue[tail++] = i;
        }
    }
    free(queue);
}

static void measure(struct fc_overlay *overlay, const struct fc_world *world)
{
    uint8_t *seen = calloc(overlay->count + 1u, 1);
    uint64_t sum = 0;
    assert(seen);
    overlay->low = UINT32_MAX;
    for (uint32_t i = 0; i < overlay->count; i++) {
        if (!fc_world_is_up(world, i))
            continue;
        overlay->up++;
        sum += overlay->degree[i];
        if (overlay->degree[i] < overlay->low)
            overlay->low = overlay->degree[i];
        if (overlay->degree[i] > overlay->high)
            overlay->high = overlay->degree[i];
        for (uint32_t j = 0; j < overlay->count; j++)
            overlay->one_sided += overlay->edge[i * overlay->count + j] != 0 &&
                                  overlay->edge[j * overlay->count + i] == 0;
        if (!seen[i]) {
            overlay->parts++;
            visit(overlay, world, i, seen);
        }
    }
    overlay->mean = overlay->up ? (double)sum / overlay->up : 0;
    free(seen);
}

void fc_overlay_look(struct fc_overlay *overlay, const struct fc_world *world)
{
    *overlay = (struct fc_overlay){.count = fc_world_count(world)};
    overlay->edge = calloc((size_t)overlay->count * overlay->count + 1, 1);
    overlay->degree = calloc(overlay->count + 1u, sizeof *overlay->degree);
    assert(overlay->edge && overlay->degree);
    for (uint32_t i = 0; i < overlay->count; i++)
        if (fc_world_is_up(world, i))
            read_links(overlay, world, i);
    measure(overlay, world);
}

void fc_overlay_finish(struct fc_overlay *overlay)
{
    free(overlay->edge);
    free(overlay->degree);
    *overlay = (struct fc_overlay){0};
}

void fc_overlay_print(const struct fc_overlay *overlay, const char *when)
{
    uint32_t counts[16] = {0};
    for (uint32_t i = 0; i < overlay->count; i++)
        counts[overlay->degree[i] < 15 ? overlay->degree[i] : 15]++;
    printf("%-34s %u up, %u parts, %u one-sided, degree mean %.2f:", when, overlay->up,
           overlay->parts, overlay->one_sided, overlay->mean);
    counts[0] -= overlay->count - overlay->up;
    for (uint32_t i = 0; i < 16; i++)
        if (counts[i] != 0)
            printf(" %ux%u", counts[i], i);
    printf("\n");
}

bool fc_overlay_settle(struct fc_world *world, uint64_t within_us)
{
    const uint64_t stride_us = 1000000;
    for (uint64_t spent_us = 0; spent_us < within_us; spent_us += stride_us) {
        struct fc_overlay overlay;
        fc_world_run(world, stride_us);
        fc_overlay_look(&overlay, world);
        bool settled = overlay.parts == 1 && overlay.one_sided == 0;
        fc_overlay_finish(&overlay);
        if (settled)
            return true;
    }
    return false;
}

uint32_t fc_overlay_add(struct fc_world *world, uint32_t bootstrap, bool dials_only)
{
    char name[FC_WORLD_NAME_MAX];
    snprintf(name, sizeof name, "n%u", fc_world_count(world));
    uint32_t node = fc_world_add(world, name, bootstrap, dials_only);
    fc_world_admit(world, node, bootstrap == FC_WORLD_NONE ? node : bootstrap);
    return node;
}

void fc_overlay_grow(struct fc_world *world, uint32_t count, uint64_t every_us)
{
    uint32_t founder = fc_overlay_add(world, FC_WORLD_NONE, false);
    for (uint32_t i = 1; i < count; i++) {
        fc_world_run(world, every_us);
        fc_overlay_add(world, founder, false);
    }
}
