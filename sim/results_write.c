#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/csv.h"
#include "sim/results_priv.h"

/* Each file is one table: its columns, and a function that appends rows from `next` on until the
 * buffer is well filled, so that a large file never stands in memory as a whole. */
struct table {
    const char *name, *columns;
    void (*rows)(const struct fc_results *results, uint32_t *next, struct fc_buf *out);
};
enum { CHUNK_BYTES = 1 << 16 };
#define TRAFFIC_COLUMNS(prefix)                                                                    \
    prefix "_payload," prefix "_control," prefix "_membership," prefix "_sync," prefix "_other"

static void put_traffic(struct fc_buf *out, const uint64_t *bytes)
{
    for (int i = 0; i < FC_TRAFFIC_COUNT; i++)
        fc_csv_uint(out, bytes[i]);
}

static void put_latency(struct fc_buf *out, const struct fc_result_delta *delta, uint64_t value_us)
{
    if (delta->timed > 0)
        fc_csv_uint(out, value_us);
    else
        fc_csv_text(out, "");
}

static void delta_rows(const struct fc_results *results, uint32_t *next, struct fc_buf *out)
{
    for (; *next < results->delta_count && out->len < CHUNK_BYTES; ++*next) {
        const struct fc_result_delta *delta = &results->deltas[*next];
        if (!delta->measured)
            continue;
        fc_csv_uint(out, *next);
        fc_csv_uint(out, delta->feed);
        fc_csv_uint(out, delta->version);
        fc_csv_uint(out, delta->node);
        fc_csv_uint(out, delta->at_us);
        fc_csv_uint(out, delta->bytes);
        fc_csv_uint(out, delta->wanted);
        fc_csv_uint(out, delta->reached);
        put_latency(out, delta, delta->p50_us);
        put_latency(out, delta, delta->p95_us);
        put_latency(out, delta, delta->p99_us);
        put_latency(out, delta, delta->last_us);
        fc_csv_uint(out, delta->farthest_direct_us);
        if (delta->hops_known > 0)
            fc_csv_real(out, (double)delta->hops_sum / delta->hops_known, 3);
        else
            fc_csv_text(out, "");
        fc_csv_uint(out, delta->hops_max);
        fc_csv_uint(out, delta->payloads);
        fc_csv_uint(out, delta->duplicates);
        fc_csv_end(out);
    }
}

static void series_rows(const struct fc_results *results, uint32_t *next, struct fc_buf *out)
{
    for (; *next < results->interval_count && out->len < CHUNK_BYTES; ++*next) {
        const struct fc_result_interval *interval = &results->intervals[*next];
        uint64_t end_us = (*next + 1) * results->config.interval_us;
        fc_csv_uint(out, end_us < results->end_us ? end_us : results->end_us);
        fc_csv_uint(out, interval->up);
        fc_csv_uint(out, interval->behind);
        fc_csv_uint(out, interval->missing_pairs);
        fc_csv_real(out, interval->up > 0 ? 1 - (double)interval->behind / interval->up : 1, 6);
        fc_csv_uint(out, interval->published);
        fc_csv_uint(out, interval->delivered);
        fc_csv_uint(out, interval->payloads);
        fc_csv_uint(out, interval->duplicates);
        put_traffic(out, interval->bytes);
        fc_csv_end(out);
    }
}

static void latency_rows(const struct fc_results *results, uint32_t *next, struct fc_buf *out)
{
    const struct fc_histogram *each = results->to_each;
    uint64_t nodes = 0, deltas = 0;
    if (*next > 0) /* all at once: a few thousand rows at most */
        return;
    *next = 1;
    uint64_t *lasts = calloc(FC_HISTOGRAM_BUCKETS, sizeof *lasts);
    if (!lasts) {
        out->failed = true;
        return;
    }
    for (uint32_t i = 0; i < results->delta_count; i++)
        if (results->deltas[i].measured && results->deltas[i].timed > 0)
            lasts[fc_histogram_bucket(results->deltas[i].last_us)]++;
    for (uint32_t i = 0; i < FC_HISTOGRAM_BUCKETS; i++) {
        nodes += each->buckets[i];
        deltas += lasts[i];
        if (each->buckets[i] == 0 && lasts[i] == 0)
            continue;
        fc_csv_uint(out, fc_histogram_bucket_end(i));
        fc_csv_uint(out, nodes);
        fc_csv_uint(out, deltas);
        fc_csv_end(out);
    }
    free(lasts);
}

static void put_name(struct fc_buf *out, const struct fc_results *results, uint32_t node)
{
    char name[24];
    snprintf(name, sizeof name, "node-%u", (unsigned)node);
    fc_csv_text(out, results->nodes[node].name ? results->nodes[node].name : name);
}

static void put_degrees(struct fc_buf *out, int32_t udeg)
{
    if (udeg != FC_RESULTS_NOWHERE)
        fc_csv_micro(out, udeg);
    else
        fc_csv_text(out, "");
}

static void node_rows(const struct fc_results *results, uint32_t *next, struct fc_buf *out)
{
    for (; *next < results->config.nodes && out->len < CHUNK_BYTES; ++*next) {
        const struct fc_result_node *node = &results->nodes[*next];
        if (!node->here)
            continue;
        fc_csv_uint(out, *next);
        put_name(out, results, *next);
        fc_csv_text(out, node->country);
        put_degrees(out, node->latitude_udeg);
        put_degrees(out, node->longitude_udeg);
        fc_csv_uint(out, node->up);
        fc_csv_uint(out, !node->dishonest);
        fc_csv_uint(out, !node->left);
        fc_csv_uint(out, node->degree);
        fc_csv_uint(out, node->delivered);
        fc_csv_uint(out, node->duplicates);
        put_traffic(out, node->bytes_in);
        put_traffic(out, node->bytes_out);
        fc_csv_end(out);
    }
}

static void link_rows(const struct fc_results *results, uint32_t *next, struct fc_buf *out)
{
    for (; *next < results->link_count && out->len < CHUNK_BYTES; ++*next) {
        const struct fc_result_link *link = &results->links[*next];
        fc_csv_uint(out, link->a);
        fc_csv_uint(out, link->b);
        fc_csv_uint(out, link->latency_us);
        fc_csv_uint(out, fc_results_payloads_of(results, link->a, link->b));
        fc_csv_uint(out, fc_results_payloads_of(results, link->b, link->a));
        fc_csv_end(out);
    }
}

static void fault_rows(const struct fc_results *results, uint32_t *next, struct fc_buf *out)
{
    for (; *next < results->fault_count && out->len < CHUNK_BYTES; ++*next) {
        const struct fc_result_fault *fault = &results->faults[*next];
        bool ended = fault->end_us != UINT64_MAX;
        fc_csv_uint(out, fault->at_us);
        fc_csv_text(out, fault->what);
        fc_csv_uint(out, fault->nodes);
        if (ended)
            fc_csv_uint(out, fault->end_us);
        else
            fc_csv_text(out, "");
        if (ended && fault->converged)
            fc_csv_uint(out, fault->last_us - fault->end_us);
        else
            fc_csv_text(out, "");
        fc_csv_uint(out, fault->missing_bytes);
        fc_csv_uint(out, fault->bytes);
        fc_csv_end(out);
    }
}

static void state_rows(const struct fc_results *results, uint32_t *next, struct fc_buf *out)
{
    static const char *const names[] = {"down", "up", "behind"};
    for (; *next < results->change_count && out->len < CHUNK_BYTES; ++*next) {
        const struct fc_result_change *change = &results->changes[*next];
        uint64_t end_us = (change->interval + 1) * results->config.interval_us;
        fc_csv_uint(out, end_us < results->end_us ? end_us : results->end_us);
        fc_csv_uint(out, change->node);
        fc_csv_text(out, names[change->state]);
        fc_csv_end(out);
    }
}

static void way_rows(const struct fc_results *results, uint32_t index, const char *role,
                     struct fc_buf *out)
{
    if (index == FC_RESULTS_NONE || !results->deltas[index].flight.arrivals)
        return;
    const struct fc_result_delta *delta = &results->deltas[index];
    for (uint32_t i = 0; i < delta->arrivals; i++) {
        const struct fc_result_arrival *arrival = &delta->flight.arrivals[i];
        fc_csv_text(out, role);
        fc_csv_uint(out, index);
        fc_csv_uint(out, arrival->node);
        if (arrival->from != FC_RESULTS_NONE)
            fc_csv_uint(out, arrival->from);
        else
            fc_csv_text(out, "");
        fc_csv_uint(out, arrival->after_us);
        if (arrival->hops != FC_HOPS_UNKNOWN)
            fc_csv_uint(out, arrival->hops);
        else
            fc_csv_text(out, "");
        fc_csv_uint(out, arrival->timed);
        fc_csv_end(out);
    }
}

static void spread_rows(const struct fc_results *results, uint32_t *next, struct fc_buf *out)
{
    static const char *const roles[] = {"median", "fastest", "slowest"};
    const uint32_t indexes[] = {fc_results_median(results), results->fastest, results->slowest};
    for (; *next < 3 && out->len < CHUNK_BYTES; ++*next)
        way_rows(results, indexes[*next], roles[*next], out);
}

static const struct table tables[] = {
    {"deltas.csv",
     "delta,feed,version,node,published_us,bytes,wanted,reached,p50_us,p95_us,p99_us,last_us,"
     "farthest_direct_us,hops_mean,hops_max,payloads,duplicates",
     delta_rows},
    {"series.csv",
     "time_us,nodes_up,nodes_behind,missing,converged,published,delivered,payloads,"
     "duplicates," TRAFFIC_COLUMNS("bytes"),
     series_rows},
    {"latency.csv", "latency_us,nodes,deltas", latency_rows},
    {"nodes.csv",
     "node,name,country,latitude,longitude,up,honest,member,degree,delivered,"
     "duplicates," TRAFFIC_COLUMNS("in") "," TRAFFIC_COLUMNS("out"),
     node_rows},
    {"links.csv", "a,b,latency_us,payloads_ab,payloads_ba", link_rows},
    {"faults.csv", "time_us,what,nodes,end_us,converge_us,missing_bytes,heal_bytes", fault_rows},
    {"states.csv", "time_us,node,state", state_rows},
    {"spread.csv", "role,delta,node,from,after_us,hops,timed", spread_rows},
};

const char *fc_results_columns(const char *name)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        if (strcmp(tables[i].name, name) == 0)
            return tables[i].columns;
    return NULL;
}

enum fc_err fc_results_failure(int error)
{
    return error == ENOSPC || error == EDQUOT ? FC_E_FULL : FC_E_IO;
}

static FILE *open_in(const char *dir, const char *name)
{
    char *path;
    if (asprintf(&path, "%s/%s", dir, name) < 0)
        return NULL;
    FILE *file = fopen(path, "we");
    free(path);
    return file;
}

static bool flush_to(FILE *file, struct fc_buf *buf)
{
    bool done = fc_buf_check(buf) == FC_OK && fwrite(buf->data, 1, buf->len, file) == buf->len;
    fc_buf_clear(buf);
    return done;
}

static bool fill_table(const struct fc_results *results, const struct table *table, FILE *file,
                       struct fc_buf *buf)
{
    uint32_t next = 0;
    fc_buf_append(buf, table->columns, strlen(table->columns));
    fc_buf_append(buf, "\n", 1);
    do {
        if (!flush_to(file, buf))
            return false;
        table->rows(results, &next, buf);
    } while (buf->len > 0 || buf->failed);
    return true;
}

static enum fc_err write_table(const struct fc_results *results, const struct table *table,
                               const char *dir, struct fc_buf *buf)
{
    FILE *file = open_in(dir, table->name);
    if (!file)
        return fc_results_failure(errno);
    errno = 0;
    bool done = fill_table(results, table, file, buf);
    enum fc_err err = done ? FC_OK : errno != 0 ? fc_results_failure(errno) : FC_E_NOMEM;
    if (fclose(file) != 0 && err == FC_OK)
        err = fc_results_failure(errno);
    return err;
}

static enum fc_err write_whole(const char *dir, const char *name, struct fc_span bytes)
{
    FILE *file = open_in(dir, name);
    if (!file)
        return fc_results_failure(errno);
    enum fc_err err = FC_OK;
    if (bytes.len > 0 && fwrite(bytes.data, 1, bytes.len, file) != bytes.len)
        err = fc_results_failure(errno);
    if (fclose(file) != 0 && err == FC_OK)
        err = fc_results_failure(errno);
    return err;
}

static enum fc_err make_dir(const char *dir)
{
    return mkdir(dir, 0777) == 0 || errno == EEXIST ? FC_OK : fc_results_failure(errno);
}

static enum fc_err forget(const char *dir, const char *name)
{
    char *path;
    if (asprintf(&path, "%s/%s", dir, name) < 0)
        return FC_E_NOMEM;
    enum fc_err err = unlink(path) == 0 || errno == ENOENT ? FC_OK : fc_results_failure(errno);
    free(path);
    return err;
}

enum fc_err fc_results_prepare(const char *dir)
{
    static const char trial[] = ".trial";
    enum fc_err err = make_dir(dir);
    if (err == FC_OK)
        err = write_whole(dir, trial, fc_span_str("can this be written?\n"));
    if (err == FC_OK)
        err = forget(dir, trial);
    return err;
}

enum fc_err fc_results_write(const struct fc_results *results, const struct fc_summary *summary,
                             struct fc_span scenario_yaml, const char *dir)
{
    struct fc_buf buf = {0};
    enum fc_err err = make_dir(dir);
    if (err == FC_OK) /* of an earlier run */
        err = forget(dir, "summary.json");
    if (err == FC_OK)
        err = write_whole(dir, "scenario.yaml", scenario_yaml);
    for (size_t i = 0; err == FC_OK && i < sizeof tables / sizeof tables[0]; i++)
        err = write_table(results, &tables[i], dir, &buf);
    fc_buf_clear(&buf);
    if (err == FC_OK) {
        fc_summary_write_json(summary, &buf);
        err = fc_buf_check(&buf);
    }
    if (err == FC_OK) /* last: a directory that has it is complete */
        err = write_whole(dir, "summary.json", fc_buf_span(&buf));
    fc_buf_finish(&buf);
    return err;
}
