#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/topology_priv.h"

enum { MATRIX_NODES_MAX = 5000 };

static enum fc_topology_format format_of(const char *path)
{
    static const struct {
        const char *ending;
        enum fc_topology_format format;
    } endings[] = {{".graphml", FC_TOPOLOGY_GRAPHML}, {".xml", FC_TOPOLOGY_GRAPHML},
                   {".edges", FC_TOPOLOGY_EDGES},     {".el", FC_TOPOLOGY_EDGES},
                   {".txt", FC_TOPOLOGY_EDGES},       {".csv", FC_TOPOLOGY_SITES}};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof endings[0]; i++)
        if (strcmp(dot, endings[i].ending) == 0)
            return endings[i].format;
    return strcmp(path, "-") == 0 ? FC_TOPOLOGY_GRAPHML : FC_TOPOLOGY_BY_NAME;
}

/* -- reading ---------------------------------------------------------------------------------- */

static enum fc_err read_all(FILE *file, struct fc_buf *out)
{
    enum { CHUNK = 1 << 16 };
    while (out->len <= FC_TOPOLOGY_FILE_BYTES_MAX) {
        uint8_t *room = fc_buf_extend(out, CHUNK);
        if (!room)
            return FC_E_NOMEM;
        size_t got = fread(room, 1, CHUNK, file);
        out->len -= CHUNK - got;
        if (got < CHUNK)
            return ferror(file) ? FC_E_IO : FC_OK;
    }
    return FC_E_BOUND;
}

static enum fc_err read_file(const char *path, struct fc_buf *out, struct fc_topology_fault *fault)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "rb");
    if (!file)
        return fc_topology_fail(fault, errno == ENOENT ? FC_E_MISSING : FC_E_IO, "%.200s: %s", path,
                                strerror(errno));
    errno = 0;
    enum fc_err err = read_all(file, out);
    if (err == FC_E_IO)
        fc_topology_fail(fault, err, "%.200s: %s", path, strerror(errno));
    else if (err == FC_E_BOUND)
        fc_topology_fail(fault, err, "%.200s: larger than %d MiB", path,
                         FC_TOPOLOGY_FILE_BYTES_MAX >> 20);
    else if (err != FC_OK)
        fc_topology_fail(fault, err, "%.200s: %s", path, fc_err_text(err));
    if (!is_stdin)
        fclose(file);
    return err;
}

/* Edges without a latency: by the map where both ends have a place, else 10 ms. */
static void fill(struct fc_topology *topology)
{
    struct fc_topology_spec usual;
    fc_topology_spec_init(&usual, FC_TOPOLOGY_TWO_TIER);
    for (uint64_t i = 0; i < topology->edge_count; i++) {
        struct fc_edge *edge = &topology->edges[i];
        const struct fc_site *a = &topology->sites[edge->a], *b = &topology->sites[edge->b];
        if (edge->latency_us == FC_TOPOLOGY_NONE)
            edge->latency_us = a->placed && b->placed ? fc_topology_map_us(&usual.latency, a, b)
                                                      : usual.latency.min_us;
    }
}

static enum fc_err finish_loading(const char *path, const struct fc_latency *missing, uint64_t seed,
                                  struct fc_topology *out, struct fc_topology_fault *fault)
{
    struct fc_topology_fault inner = {{0}};
    struct fc_rng rng = fc_topology_rng(seed, "times");
    enum fc_err err = FC_OK;
    if (!missing)
        fill(out);
    else
        err = fc_topology_time(out, missing, &rng, &inner);
    if (err == FC_OK)
        err = fc_topology_index(out, &inner);
    if (err != FC_OK) {
        fc_topology_fail(fault, err, "%.100s: %.200s", path, inner.text);
        fc_topology_finish(out);
    }
    return err == FC_E_ARG ? FC_E_FORMAT : err;
}

enum fc_err fc_topology_load(const char *path, enum fc_topology_format format,
                             const struct fc_latency *missing, uint64_t seed,
                             struct fc_topology *out, struct fc_topology_fault *fault)
{
    struct fc_buf text = {0};
    *out = (struct fc_topology){0};
    if (format == FC_TOPOLOGY_BY_NAME)
        format = format_of(path);
    if (format != FC_TOPOLOGY_GRAPHML && format != FC_TOPOLOGY_EDGES)
        return fc_topology_fail(fault, FC_E_FORMAT,
                                "%.200s: topologies are read from .graphml and .edges", path);
    enum fc_err err = read_file(path, &text, fault);
    if (err == FC_OK)
        err = format == FC_TOPOLOGY_GRAPHML
                  ? fc_graphml_parse(fc_buf_span(&text), path, out, fault)
                  : fc_edge_list_parse(fc_buf_span(&text), path, out, fault);
    fc_buf_finish(&text);
    return err == FC_OK ? finish_loading(path, missing, seed, out, fault) : err;
}

/* -- writing ---------------------------------------------------------------------------------- */

static void print(struct fc_buf *out, const char *text)
{
    fc_buf_append(out, text, strlen(text));
}

/* RFC 4180: a field in quotes, with quotes in it doubled. */
static void print_field(struct fc_buf *out, const char *text)
{
    if (!strpbrk(text, "\",")) {
        print(out, text);
        return;
    }
    print(out, "\"");
    for (; *text; text++) {
        if (*text == '"')
            print(out, "\"");
        fc_buf_append(out, text, 1);
    }
    print(out, "\"");
}

static void print_degrees(struct fc_buf *out, int32_t udeg)
{
    char text[24];
    uint32_t size = (uint32_t)(udeg < 0 ? -udeg : udeg);
    snprintf(text, sizeof text, "%s%u.%06u", udeg < 0 ? "-" : "", size / FC_UDEG, size % FC_UDEG);
    print(out, text);
}

static enum fc_err write_sites(const struct fc_topology *topology, struct fc_buf *out)
{
    print(out, "node,name,country,latitude,longitude,hub\n");
    for (uint32_t i = 0; i < topology->node_count; i++) {
        const struct fc_site *site = &topology->sites[i];
        char number[16];
        snprintf(number, sizeof number, "%u,", i);
        print(out, number);
        print_field(out, site->name);
        print(out, ",");
        print(out, site->country);
        print(out, ",");
        if (site->placed)
            print_degrees(out, site->latitude_udeg);
        print(out, ",");
        if (site->placed)
            print_degrees(out, site->longitude_udeg);
        print(out, ",");
        if (site->hub != FC_TOPOLOGY_NONE)
            print_field(out, topology->sites[site->hub].name);
        print(out, "\n");
    }
    return fc_buf_check(out);
}

/* Pairs that have no link are empty. */
static enum fc_err write_matrix(const struct fc_topology *topology, struct fc_buf *out,
                                struct fc_topology_fault *fault)
{
    if (topology->node_count > MATRIX_NODES_MAX)
        return fc_topology_fail(fault, FC_E_BOUND, "a matrix is written for at most %d nodes",
                                MATRIX_NODES_MAX);
    print(out, "latency_us");
    for (uint32_t i = 0; i < topology->node_count; i++) {
        print(out, ",");
        print_field(out, topology->sites[i].name);
    }
    print(out, "\n");
    for (uint32_t a = 0; a < topology->node_count; a++) {
        print_field(out, topology->sites[a].name);
        for (uint32_t b = 0; b < topology->node_count; b++) {
            char text[16] = ",";
            uint32_t us = fc_topology_latency_us(topology, a, b);
            if (us != FC_TOPOLOGY_NONE)
                snprintf(text, sizeof text, ",%u", us);
            print(out, text);
        }
        print(out, "\n");
    }
    return fc_buf_check(out);
}

static enum fc_err render(const struct fc_topology *topology, enum fc_topology_format format,
                          struct fc_buf *out, struct fc_topology_fault *fault)
{
    switch (format) {
    case FC_TOPOLOGY_GRAPHML:
        return fc_graphml_write(topology, out, fault);
    case FC_TOPOLOGY_EDGES:
        return fc_edge_list_write(topology, out, fault);
    case FC_TOPOLOGY_SITES:
        return write_sites(topology, out);
    case FC_TOPOLOGY_MATRIX:
        return write_matrix(topology, out, fault);
    case FC_TOPOLOGY_BY_NAME:
        break;
    }
    return fc_topology_fail(fault, FC_E_ARG,
                            "the name says no format: it ends in .graphml, .edges or .csv");
}

/* A file is there as a whole or not at all; a device or a link is written into as it stands. */
static bool is_replaced(const char *path)
{
    struct stat about;
    return lstat(path, &about) != 0 || S_ISREG(about.st_mode);
}

static enum fc_err put(const char *path, struct fc_span bytes, struct fc_topology_fault *fault)
{
    char other[4096];
    bool is_stdout = strcmp(path, "-") == 0, replaced = !is_stdout && is_replaced(path);
    int len = snprintf(other, sizeof other, "%s%s", path, replaced ? ".new" : "");
    if (len < 0 || (size_t)len >= sizeof other)
        return fc_topology_fail(fault, FC_E_IO, "%.200s: the name is too long", path);
    FILE *file = is_stdout ? stdout : fopen(other, "wb");
    bool fine = file && fwrite(bytes.data, 1, bytes.len, file) == bytes.len;
    int error = errno;
    if (file && (is_stdout ? fflush(file) : fclose(file)) != 0 && fine) {
        error = errno;
        fine = false;
    }
    if (fine && replaced && rename(other, path) != 0) {
        error = errno;
        fine = false;
    }
    if (fine)
        return FC_OK;
    if (file && replaced)
        unlink(other);
    return fc_topology_fail(fault, error == ENOSPC ? FC_E_FULL : FC_E_IO, "%.200s: %s", path,
                            strerror(error));
}

enum fc_err fc_topology_save(const struct fc_topology *topology, const char *path,
                             enum fc_topology_format format, struct fc_topology_fault *fault)
{
    struct fc_buf text = {0};
    struct fc_topology_fault inner = {{0}};
    if (format == FC_TOPOLOGY_BY_NAME)
        format = format_of(path);
    enum fc_err err = render(topology, format, &text, &inner);
    if (err != FC_OK)
        fc_topology_fail(fault, err, "%.100s: %.200s", path,
                         inner.text[0] ? inner.text : fc_err_text(err));
    else
        err = put(path, fc_buf_span(&text), fault);
    fc_buf_finish(&text);
    return err;
}
