#include "sim/graph.h"

#include <igraph.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/topology_priv.h"

/* -- igraph and its process-wide state -------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char first_reason[200]; /* of the error under way; under the lock */

static void note_error(const char *reason, const char *file, int line, igraph_error_t code)
{
    (void)file;
    (void)line;
    (void)code;
    if (first_reason[0] == 0)
        snprintf(first_reason, sizeof first_reason, "%s", reason);
    IGRAPH_FINALLY_FREE();
}

struct session {
    igraph_error_handler_t *errors;
    igraph_warning_handler_t *warnings;
    igraph_attribute_table_t *attributes;
    igraph_rng_t *generator, own;
};

static igraph_error_t rng_init(void **state)
{
    *state = calloc(1, sizeof(struct fc_rng));
    return *state ? IGRAPH_SUCCESS : IGRAPH_ENOMEM;
}

static void rng_destroy(void *state)
{
    free(state);
}

static igraph_error_t rng_seed(void *state, igraph_uint_t seed)
{
    (void)state;
    (void)seed;
    return IGRAPH_SUCCESS; /* its state is copied in and out by begin and end */
}

static igraph_uint_t rng_get(void *state)
{
    return fc_rng_next(state);
}

/* Failures before the first success. The binary digits of such a number are independent: digit i
 * is 1 with q^(2^i) / (1 + q^(2^i)), where q = 1 - p. No logarithm, which libraries round each in
 * their own way. */
static igraph_real_t rng_get_geom(void *state, igraph_real_t p)
{
    double power = 1 - p, digit = 1, value = 0;
    while (power > 0x1p-64 && digit < 0x1p52) {
        double draw = (double)(fc_rng_next(state) >> 11) * 0x1p-53;
        if (draw < power / (1 + power))
            value += digit;
        power *= power;
        digit *= 2;
    }
    return value;
}

static const igraph_rng_type_t rng_type = {
    .name = "fedcat",
    .bits = 64,
    .init = rng_init,
    .destroy = rng_destroy,
    .seed = rng_seed,
    .get = rng_get,
    .get_geom = rng_get_geom,
};

/* `rng` may be NULL where nothing is drawn. */
static enum fc_err begin(struct session *session, const struct fc_rng *rng)
{
    pthread_mutex_lock(&lock);
    first_reason[0] = 0;
    session->errors = igraph_set_error_handler(note_error);
    session->warnings = igraph_set_warning_handler(igraph_warning_handler_ignore);
    session->attributes = igraph_set_attribute_table(&igraph_cattribute_table);
    session->generator = igraph_rng_default();
    if (igraph_rng_init(&session->own, &rng_type) != IGRAPH_SUCCESS) {
        session->own.state = NULL;
        return FC_E_NOMEM;
    }
    session->own.is_seeded = true;
    if (rng)
        *(struct fc_rng *)session->own.state = *rng;
    igraph_rng_set_default(&session->own);
    return FC_OK;
}

static void end(struct session *session, struct fc_rng *rng)
{
    igraph_rng_set_default(session->generator);
    if (rng && session->own.state)
        *rng = *(const struct fc_rng *)session->own.state;
    if (session->own.state)
        igraph_rng_destroy(&session->own);
    igraph_set_attribute_table(session->attributes);
    igraph_set_warning_handler(session->warnings);
    igraph_set_error_handler(session->errors);
    pthread_mutex_unlock(&lock);
}

/* igraph's outcome as ours, with its first words for it. Before end(). */
static enum fc_err outcome(igraph_error_t code, struct fc_topology_fault *fault)
{
    if (code == IGRAPH_SUCCESS)
        return FC_OK;
    size_t len = strlen(first_reason);
    if (len > 0 && first_reason[len - 1] == '.')
        first_reason[len - 1] = 0;
    return fc_topology_fail(fault, code == IGRAPH_ENOMEM ? FC_E_NOMEM : FC_E_ARG, "%s",
                            first_reason[0] ? first_reason : "igraph failed");
}

/* -- generators ------------------------------------------------------------------------------- */

static igraph_error_t make_torus(const struct fc_topology_spec *spec, igraph_t *graph)
{
    igraph_vector_int_t sides;
    igraph_vector_bool_t closed;
    igraph_error_t code = igraph_vector_int_init(&sides, 2);
    if (code != IGRAPH_SUCCESS)
        return code;
    code = igraph_vector_bool_init(&closed, 2);
    if (code == IGRAPH_SUCCESS) {
        VECTOR(sides)[0] = spec->nodes / spec->rows; /* nodes go row by row */
        VECTOR(sides)[1] = spec->rows;
        VECTOR(closed)[0] = VECTOR(closed)[1] = true;
        code = igraph_square_lattice(graph, &sides, 1, false, false, &closed);
        igraph_vector_bool_destroy(&closed);
    }
    igraph_vector_int_destroy(&sides);
    return code;
}

/* Grows from a clique of edges_per_node + 1, so that nobody begins without a link. */
static igraph_error_t make_barabasi(const struct fc_topology_spec *spec, igraph_t *graph)
{
    igraph_t clique;
    igraph_error_t code = igraph_full(&clique, spec->edges_per_node + 1, false, false);
    if (code != IGRAPH_SUCCESS)
        return code;
    code = igraph_barabasi_game(graph, spec->nodes, 1, spec->edges_per_node, NULL, true, 0, false,
                                IGRAPH_BARABASI_PSUMTREE, &clique);
    igraph_destroy(&clique);
    return code;
}

static igraph_error_t make(const struct fc_topology_spec *spec, igraph_t *graph)
{
    igraph_integer_t nodes = spec->nodes;
    switch (spec->kind) {
    case FC_TOPOLOGY_RING:
        return igraph_ring(graph, nodes, false, false, true);
    case FC_TOPOLOGY_TORUS:
        return make_torus(spec, graph);
    case FC_TOPOLOGY_STAR:
        return igraph_star(graph, nodes, IGRAPH_STAR_UNDIRECTED, 0);
    case FC_TOPOLOGY_ERDOS_RENYI:
        return igraph_erdos_renyi_game_gnp(graph, nodes, spec->probability, false, false);
    case FC_TOPOLOGY_REGULAR:
        return igraph_k_regular_game(graph, nodes, spec->degree, false, false);
    case FC_TOPOLOGY_BARABASI_ALBERT:
        return make_barabasi(spec, graph);
    case FC_TOPOLOGY_WATTS_STROGATZ:
        return igraph_watts_strogatz_game(graph, 1, nodes, spec->degree / 2, spec->probability,
                                          false, false);
    case FC_TOPOLOGY_WHOLE:
    case FC_TOPOLOGY_MAP:
    case FC_TOPOLOGY_TWO_TIER:
    case FC_TOPOLOGY_KINDS:
        break;
    }
    return IGRAPH_EINVAL;
}

static int by_ends(const void *a, const void *b)
{
    const struct fc_edge *left = a, *right = b;
    if (left->a != right->a)
        return left->a < right->a ? -1 : 1;
    return left->b < right->b ? -1 : left->b > right->b;
}

/* Loops and second edges, as a ring of two has them, are left out. */
static enum fc_err take_edges(const igraph_t *graph, struct fc_graph *out)
{
    uint64_t count = (uint64_t)igraph_ecount(graph), kept = 0;
    struct fc_edge *edges = malloc((count + 1) * sizeof *edges);
    if (!edges)
        return FC_E_NOMEM;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t from = (uint32_t)IGRAPH_FROM(graph, (igraph_integer_t)i);
        uint32_t to = (uint32_t)IGRAPH_TO(graph, (igraph_integer_t)i);
        edges[i] = (struct fc_edge){from < to ? from : to, from < to ? to : from, FC_TOPOLOGY_NONE};
    }
    qsort(edges, count, sizeof *edges, by_ends);
    for (uint64_t i = 0; i < count; i++)
        if (edges[i].a != edges[i].b && (kept == 0 || by_ends(&edges[kept - 1], &edges[i]) != 0))
            edges[kept++] = edges[i];
    *out = (struct fc_graph){(uint32_t)igraph_vcount(graph), kept, edges};
    return FC_OK;
}

enum fc_err fc_graph_make(const struct fc_topology_spec *spec, struct fc_rng *rng,
                          struct fc_graph *out, struct fc_topology_fault *fault)
{
    struct session session;
    igraph_t graph;
    *out = (struct fc_graph){0};
    enum fc_err err = begin(&session, rng);
    if (err == FC_OK)
        err = outcome(make(spec, &graph), fault);
    if (err == FC_OK) {
        err = take_edges(&graph, out);
        igraph_destroy(&graph);
    }
    end(&session, rng);
    return err;
}

/* -- measures --------------------------------------------------------------------------------- */

static igraph_error_t build(igraph_t *graph, uint32_t node_count, const struct fc_edge *edges,
                            uint64_t edge_count)
{
    igraph_vector_int_t ends;
    igraph_error_t code = igraph_vector_int_init(&ends, (igraph_integer_t)(2 * edge_count));
    if (code != IGRAPH_SUCCESS)
        return code;
    for (uint64_t i = 0; i < edge_count; i++) {
        VECTOR(ends)[2 * i] = edges[i].a;
        VECTOR(ends)[2 * i + 1] = edges[i].b;
    }
    code = igraph_create(graph, &ends, node_count, false);
    igraph_vector_int_destroy(&ends);
    return code;
}

static igraph_error_t find_parts(const igraph_t *graph, uint32_t *parts, bool *in_largest,
                                 uint32_t *largest)
{
    igraph_vector_int_t membership, sizes;
    igraph_integer_t count = 0, best = 0;
    igraph_error_t code = igraph_vector_int_init(&membership, 0);
    if (code != IGRAPH_SUCCESS)
        return code;
    code = igraph_vector_int_init(&sizes, 0);
    if (code == IGRAPH_SUCCESS) {
        code = igraph_connected_components(graph, &membership, &sizes, &count, IGRAPH_WEAK);
        for (igraph_integer_t i = 1; code == IGRAPH_SUCCESS && i < count; i++)
            if (VECTOR(sizes)[i] > VECTOR(sizes)[best])
                best = i;
        if (code == IGRAPH_SUCCESS) {
            *parts = (uint32_t)count;
            *largest = count > 0 ? (uint32_t)VECTOR(sizes)[best] : 0;
            for (igraph_integer_t i = 0; in_largest && i < igraph_vcount(graph); i++)
                in_largest[i] = VECTOR(membership)[i] == best;
        }
        igraph_vector_int_destroy(&sizes);
    }
    igraph_vector_int_destroy(&membership);
    return code;
}

enum fc_err fc_graph_parts(uint32_t node_count, const struct fc_edge *edges, uint64_t edge_count,
                           uint32_t *parts, bool **in_largest, uint32_t *largest)
{
    struct session session;
    igraph_t graph;
    bool *flags = calloc((size_t)node_count + 1, sizeof *flags);
    *in_largest = NULL;
    if (!flags)
        return FC_E_NOMEM;
    enum fc_err err = begin(&session, NULL);
    if (err == FC_OK)
        err = outcome(build(&graph, node_count, edges, edge_count), NULL);
    if (err == FC_OK) {
        err = outcome(find_parts(&graph, parts, flags, largest), NULL);
        igraph_destroy(&graph);
    }
    end(&session, NULL);
    if (err == FC_OK)
        *in_largest = flags;
    else
        free(flags);
    return err;
}

struct sums {
    double hops, us;
    uint64_t pairs;
};

static void add_paths(const igraph_matrix_t *hops, const igraph_matrix_t *us, uint32_t from,
                      struct sums *sums, struct fc_topology_shape *shape)
{
    for (igraph_integer_t to = 0; to < igraph_matrix_ncol(hops); to++) {
        double steps = MATRIX(*hops, 0, to), time = MATRIX(*us, 0, to);
        if (to == from || !isfinite(steps))
            continue;
        sums->hops += steps;
        sums->us += time;
        sums->pairs++;
        if (steps > shape->diameter_hops)
            shape->diameter_hops = (uint32_t)steps;
        if (time > (double)shape->path_us_max)
            shape->path_us_max = (uint64_t)time;
    }
}

/* One source at a time, so that memory stays that of one row. */
static igraph_error_t measure_paths(const igraph_t *graph, const igraph_vector_t *weights,
                                    struct fc_topology_shape *shape)
{
    igraph_matrix_t hops, us;
    struct sums sums = {0};
    uint64_t nodes = (uint64_t)igraph_vcount(graph);
    igraph_error_t code = igraph_matrix_init(&hops, 0, 0);
    if (code != IGRAPH_SUCCESS)
        return code;
    code = igraph_matrix_init(&us, 0, 0);
    if (code != IGRAPH_SUCCESS) {
        igraph_matrix_destroy(&hops);
        return code;
    }
    for (uint64_t i = 0; i < shape->sources && code == IGRAPH_SUCCESS; i++) {
        igraph_integer_t from = (igraph_integer_t)(i * nodes / shape->sources);
        code = igraph_distances(graph, &hops, igraph_vss_1(from), igraph_vss_all(), IGRAPH_ALL);
        if (code == IGRAPH_SUCCESS)
            code = igraph_distances_dijkstra(graph, &us, igraph_vss_1(from), igraph_vss_all(),
                                             weights, IGRAPH_ALL);
        if (code == IGRAPH_SUCCESS)
            add_paths(&hops, &us, (uint32_t)from, &sums, shape);
    }
    if (sums.pairs > 0) {
        shape->path_hops_mean = sums.hops / (double)sums.pairs;
        shape->path_us_mean = sums.us / (double)sums.pairs;
    }
    igraph_matrix_destroy(&us);
    igraph_matrix_destroy(&hops);
    return code;
}

static igraph_error_t measure(const igraph_t *graph, const struct fc_topology *topology,
                              struct fc_topology_shape *shape)
{
    igraph_vector_t weights;
    igraph_real_t clustering = 0;
    igraph_error_t code = find_parts(graph, &shape->components, NULL, &shape->largest);
    if (code == IGRAPH_SUCCESS)
        code = igraph_transitivity_undirected(graph, &clustering, IGRAPH_TRANSITIVITY_ZERO);
    shape->clustering = clustering;
    if (code == IGRAPH_SUCCESS)
        code = igraph_vector_init(&weights, (igraph_integer_t)topology->edge_count);
    if (code != IGRAPH_SUCCESS)
        return code;
    for (uint64_t i = 0; i < topology->edge_count; i++)
        VECTOR(weights)[i] = topology->edges[i].latency_us;
    code = measure_paths(graph, &weights, shape);
    igraph_vector_destroy(&weights);
    return code;
}

enum fc_err fc_graph_measure(const struct fc_topology *topology, uint32_t sources_max,
                             struct fc_topology_shape *shape)
{
    struct session session;
    igraph_t graph;
    shape->sources = sources_max < topology->node_count ? sources_max : topology->node_count;
    enum fc_err err = begin(&session, NULL);
    if (err == FC_OK)
        err = outcome(build(&graph, topology->node_count, topology->edges, topology->edge_count),
                      NULL);
    if (err == FC_OK) {
        err = outcome(measure(&graph, topology, shape), NULL);
        igraph_destroy(&graph);
    }
    end(&session, NULL);
    return err;
}

/* -- documents -------------------------------------------------------------------------------- */

struct fc_graph_document {
    struct session session;
    igraph_t graph;
    bool has_graph;
    igraph_strvector_t names[3]; /* attributes of the graph itself, its nodes, its edges */
    igraph_vector_int_t types[3];
    int names_made, types_made; /* so many of them are to be destroyed */
};

static igraph_error_t list_attributes(struct fc_graph_document *document)
{
    igraph_strvector_t *names = document->names;
    igraph_vector_int_t *types = document->types;
    igraph_error_t code = IGRAPH_SUCCESS;
    for (int i = 0; i < 3 && code == IGRAPH_SUCCESS; i++) {
        code = igraph_strvector_init(&names[i], 0);
        document->names_made += code == IGRAPH_SUCCESS;
        if (code == IGRAPH_SUCCESS)
            code = igraph_vector_int_init(&types[i], 0);
        document->types_made += code == IGRAPH_SUCCESS;
    }
    if (code == IGRAPH_SUCCESS)
        code = igraph_cattribute_list(&document->graph, &names[0], &types[0], &names[1], &types[1],
                                      &names[2], &types[2]);
    return code;
}

void fc_graph_close(struct fc_graph_document *document)
{
    if (!document)
        return;
    for (int i = 0; i < document->names_made; i++)
        igraph_strvector_destroy(&document->names[i]);
    for (int i = 0; i < document->types_made; i++)
        igraph_vector_int_destroy(&document->types[i]);
    if (document->has_graph)
        igraph_destroy(&document->graph);
    end(&document->session, NULL);
    free(document);
}

static enum fc_err start(struct fc_graph_document **document, struct fc_topology_fault *fault)
{
    *document = calloc(1, sizeof **document);
    if (!*document)
        return fc_topology_fail(fault, FC_E_NOMEM, "out of memory");
    enum fc_err err = begin(&(*document)->session, NULL);
    return err == FC_OK ? FC_OK : fc_topology_fail(fault, err, "%s", fc_err_text(err));
}

static enum fc_err parse(struct fc_span text, struct fc_graph_document *document,
                         struct fc_topology_fault *fault)
{
    union {
        const uint8_t *read;
        void *write;
    } bytes = {text.data}; /* opened for reading only */
    FILE *file = fmemopen(bytes.write, text.len, "r");
    if (!file)
        return fc_topology_fail(fault, FC_E_NOMEM, "out of memory");
    igraph_error_t code = igraph_read_graph_graphml(&document->graph, file, 0);
    fclose(file);
    document->has_graph = code == IGRAPH_SUCCESS;
    if (code == IGRAPH_EINVAL)
        return fc_topology_fail(fault, FC_E_FORMAT, "there is no GraphML graph in it");
    enum fc_err err = outcome(code, fault);
    if (err == FC_OK)
        err = outcome(list_attributes(document), fault);
    return err == FC_E_ARG ? FC_E_FORMAT : err;
}

enum fc_err fc_graph_read(struct fc_span text, struct fc_graph_document **out,
                          struct fc_topology_fault *fault)
{
    enum fc_err err = start(out, fault);
    if (err == FC_OK)
        err = parse(text, *out, fault);
    if (err != FC_OK) {
        fc_graph_close(*out);
        *out = NULL;
    }
    return err;
}

enum fc_err fc_graph_open(uint32_t node_count, const struct fc_edge *edges, uint64_t edge_count,
                          struct fc_graph_document **out, struct fc_topology_fault *fault)
{
    enum fc_err err = start(out, fault);
    if (err == FC_OK)
        err = outcome(build(&(*out)->graph, node_count, edges, edge_count), fault);
    if (err == FC_OK) {
        (*out)->has_graph = true;
    } else {
        fc_graph_close(*out);
        *out = NULL;
    }
    return err;
}

enum fc_err fc_graph_write(struct fc_graph_document *document, struct fc_buf *out,
                           struct fc_topology_fault *fault)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    if (!file)
        return fc_topology_fail(fault, FC_E_NOMEM, "out of memory");
    enum fc_err err = outcome(igraph_write_graph_graphml(&document->graph, file, true), fault);
    if (fclose(file) != 0 && err == FC_OK)
        err = fc_topology_fail(fault, FC_E_NOMEM, "out of memory");
    if (err == FC_OK) {
        fc_buf_append(out, text, len);
        err = fc_buf_check(out);
    }
    free(text);
    return err;
}

uint64_t fc_graph_count(const struct fc_graph_document *document, enum fc_graph_element element)
{
    if (element == FC_GRAPH_ITSELF)
        return 1;
    return (uint64_t)(element == FC_GRAPH_NODES ? igraph_vcount(&document->graph)
                                                : igraph_ecount(&document->graph));
}

void fc_graph_ends(const struct fc_graph_document *document, uint64_t edge, uint32_t *a,
                   uint32_t *b)
{
    *a = (uint32_t)IGRAPH_FROM(&document->graph, (igraph_integer_t)edge);
    *b = (uint32_t)IGRAPH_TO(&document->graph, (igraph_integer_t)edge);
}

static enum fc_graph_type type_of(igraph_integer_t type)
{
    return type == IGRAPH_ATTRIBUTE_NUMERIC   ? FC_GRAPH_NUMBER
           : type == IGRAPH_ATTRIBUTE_BOOLEAN ? FC_GRAPH_BOOLEAN
           : type == IGRAPH_ATTRIBUTE_STRING  ? FC_GRAPH_TEXT
                                              : FC_GRAPH_ABSENT;
}

struct fc_graph_column fc_graph_find(const struct fc_graph_document *document,
                                     enum fc_graph_element element, const char *const *names)
{
    const igraph_strvector_t *all = &document->names[element];
    if (document->types_made < 3) /* none was read */
        return (struct fc_graph_column){0};
    for (; *names; names++)
        for (igraph_integer_t i = 0; i < igraph_strvector_size(all); i++)
            if (strcmp(igraph_strvector_get(all, i), *names) == 0)
                return (struct fc_graph_column){*names,
                                                type_of(VECTOR(document->types[element])[i])};
    return (struct fc_graph_column){0};
}

/* igraph's getters do not look at types: a column that is not of the type is never asked for. */
double fc_graph_number(const struct fc_graph_document *document, enum fc_graph_element element,
                       struct fc_graph_column column, uint64_t index)
{
    const igraph_t *graph = &document->graph;
    igraph_integer_t at = (igraph_integer_t)index;
    if (column.type == FC_GRAPH_BOOLEAN && element == FC_GRAPH_ITSELF)
        return GAB(graph, column.name);
    if (column.type != FC_GRAPH_NUMBER)
        return NAN;
    switch (element) {
    case FC_GRAPH_ITSELF:
        return GAN(graph, column.name);
    case FC_GRAPH_NODES:
        return VAN(graph, column.name, at);
    case FC_GRAPH_EDGES:
        return EAN(graph, column.name, at);
    }
    return NAN;
}

const char *fc_graph_text(const struct fc_graph_document *document, enum fc_graph_element element,
                          struct fc_graph_column column, uint64_t index)
{
    if (column.type != FC_GRAPH_TEXT)
        return "";
    switch (element) {
    case FC_GRAPH_ITSELF:
        return GAS(&document->graph, column.name);
    case FC_GRAPH_NODES:
        return VAS(&document->graph, column.name, (igraph_integer_t)index);
    case FC_GRAPH_EDGES:
        return EAS(&document->graph, column.name, (igraph_integer_t)index);
    }
    return "";
}

enum fc_err fc_graph_set(struct fc_graph_document *document, enum fc_graph_element element,
                         const char *name, uint64_t index, double value)
{
    igraph_t *graph = &document->graph;
    igraph_integer_t at = (igraph_integer_t)index;
    switch (element) {
    case FC_GRAPH_ITSELF:
        return outcome(igraph_cattribute_GAN_set(graph, name, value), NULL);
    case FC_GRAPH_NODES:
        return outcome(igraph_cattribute_VAN_set(graph, name, at, value), NULL);
    case FC_GRAPH_EDGES:
        return outcome(igraph_cattribute_EAN_set(graph, name, at, value), NULL);
    }
    return FC_E_ARG;
}

enum fc_err fc_graph_set_text(struct fc_graph_document *document, const char *name, uint32_t node,
                              const char *text)
{
    return outcome(igraph_cattribute_VAS_set(&document->graph, name, node, text), NULL);
}

enum fc_err fc_graph_set_true(struct fc_graph_document *document, const char *name)
{
    return outcome(igraph_cattribute_GAB_set(&document->graph, name, true), NULL);
}
