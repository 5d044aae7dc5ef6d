#include "sim/route.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct fc_routes {
    const struct fc_topology *topology;
    uint32_t **rows; /* of each node: the time to each; NULL: not asked for yet */
    uint64_t *heap;  /* time and node, the least first */
    uint64_t heap_count;
};

enum fc_err fc_routes_create(const struct fc_topology *topology, struct fc_routes **out)
{
    *out = NULL;
    if (topology->node_count > FC_ROUTES_NODES_MAX)
        return FC_E_BOUND;
    struct fc_routes *routes = calloc(1, sizeof *routes);
    if (!routes)
        return FC_E_NOMEM;
    routes->topology = topology;
    routes->rows = calloc(topology->node_count + 1u, sizeof *routes->rows);
    routes->heap = calloc(2 * topology->edge_count + 2, sizeof *routes->heap);
    if (!routes->rows || !routes->heap) {
        fc_routes_destroy(routes);
        return FC_E_NOMEM;
    }
    *out = routes;
    return FC_OK;
}

void fc_routes_destroy(struct fc_routes *routes)
{
    if (!routes)
        return;
    for (uint32_t i = 0; routes->rows && i < routes->topology->node_count; i++)
        free(routes->rows[i]);
    free(routes->rows);
    free(routes->heap);
    free(routes);
}

static void push(struct fc_routes *routes, uint64_t item)
{
    uint64_t at = routes->heap_count++;
    for (; at > 0 && routes->heap[(at - 1) / 2] > item; at = (at - 1) / 2)
        routes->heap[at] = routes->heap[(at - 1) / 2];
    routes->heap[at] = item;
}

static uint64_t pop(struct fc_routes *routes)
{
    uint64_t *heap = routes->heap, least = heap[0], last = heap[--routes->heap_count], at = 0;
    for (uint64_t child = 1; child < routes->heap_count; child = 2 * at + 1) {
        if (child + 1 < routes->heap_count && heap[child + 1] < heap[child])
            child++;
        if (heap[child] >= last)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return least;
}

/* Dijkstra. What is in the heap and has been reached sooner since is passed over. */
static uint32_t *find_ways(struct fc_routes *routes, uint32_t from)
{
    const struct fc_topology *topology = routes->topology;
    uint32_t *us = malloc((topology->node_count + 1u) * sizeof *us);
    assert(us);
    memset(us, 0xff, topology->node_count * sizeof *us);
    us[from] = 0;
    routes->heap_count = 0;
    push(routes, from);
    while (routes->heap_count > 0) {
        uint64_t item = pop(routes);
        uint32_t node = (uint32_t)item;
        if (us[node] < item >> 32)
            continue;
        for (uint64_t i = topology->first[node]; i < topology->first[node + 1]; i++) {
            uint32_t next = topology->neighbours[i];
            uint64_t through = (item >> 32) + topology->neighbour_us[i];
            if (through >= us[next])
                continue;
            us[next] = (uint32_t)through;
            push(routes, through << 32 | next);
        }
    }
    return us;
}

uint32_t fc_routes_us(struct fc_routes *routes, uint32_t from, uint32_t to)
{
    if (!routes->rows[from] && routes->rows[to])
        return routes->rows[to][from]; /* the same in both directions */
    if (!routes->rows[from])
        routes->rows[from] = find_ways(routes, from);
    return routes->rows[from][to];
}
