/* What a run leaves in a directory: the results, and the scenario with all that it names, so that
 * it repeats the run from wherever the directory is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/run_priv.h"

static char *path_in(const struct fc_run *run, const char *name)
{
    char *path;
    return asprintf(&path, "%s/%s", run->config.out_dir, name) < 0 ? NULL : path;
}

static enum fc_err failed(int error)
{
    return error == ENOSPC || error == EDQUOT ? FC_E_FULL : FC_E_IO;
}

/* With the latencies that it got when it was read. */
static enum fc_err write_topology(const struct fc_run *run, const char *name)
{
    struct fc_topology_fault fault = {{0}};
    char *path = path_in(run, name);
    if (!path)
        return FC_E_NOMEM;
    enum fc_err err = fc_topology_save(&run->topology, path, FC_TOPOLOGY_GRAPHML, &fault);
    if (err != FC_OK && fault.text[0] != 0)
        snprintf(run->error->text, sizeof run->error->text, "%s", fault.text);
    free(path);
    return err;
}

static enum fc_err write_trace(const struct fc_run *run, const struct fc_active_fault *fault,
                               const char *name)
{
    char *path = path_in(run, name);
    FILE *file = path ? fopen(path, "we") : NULL;
    enum fc_err err = file ? FC_OK : path ? failed(errno) : FC_E_NOMEM;
    for (uint32_t i = 0; err == FC_OK && i < fault->row_count; i++) {
        const struct fc_churn_row *row = &fault->rows[i];
        if (fprintf(file, "%llu.%06llu %u %s\n", (unsigned long long)(row->at_us / 1000000),
                    (unsigned long long)(row->at_us % 1000000), row->node,
                    row->up ? "up" : "down") < 0)
            err = failed(errno);
    }
    if (file && fclose(file) != 0 && err == FC_OK)
        err = failed(errno);
    free(path);
    return err;
}

/* A copy of what was named, under a name of its own beside scenario.yaml. */
static enum fc_err rename_to(char **path, const char *name)
{
    char *own = strdup(name);
    if (!own)
        return FC_E_NOMEM;
    free(*path);
    *path = own;
    return FC_OK;
}

static enum fc_err keep_named(const struct fc_run *run, struct fc_scenario *kept)
{
    static const char topology[] = "topology.graphml";
    enum fc_err err = FC_OK;
    if (kept->topology_file)
        err = write_topology(run, topology);
    if (err == FC_OK && kept->topology_file)
        err = rename_to(&kept->topology_file, topology);
    for (uint32_t i = 0; err == FC_OK && i < kept->fault_count; i++) {
        char name[32];
        if (kept->faults[i].kind != FC_FAULT_TRACE)
            continue;
        snprintf(name, sizeof name, "trace-%u.txt", i);
        err = write_trace(run, &run->faults[i], name);
        if (err == FC_OK)
            err = rename_to(&kept->faults[i].path, name);
    }
    return err;
}

enum fc_err fc_run_write(struct fc_run *run, const struct fc_summary *summary)
{
    const char *dir = run->config.out_dir;
    struct fc_scenario kept = {0};
    struct fc_buf yaml = {0};
    enum fc_err err = mkdir(dir, 0777) == 0 || errno == EEXIST ? FC_OK : failed(errno);
    if (err == FC_OK)
        err = fc_scenario_copy(run->scenario, &kept);
    if (err == FC_OK)
        err = keep_named(run, &kept);
    if (err == FC_OK) {
        fc_scenario_write(&kept, &yaml);
        err = fc_buf_check(&yaml);
    }
    if (err == FC_OK)
        err = fc_results_write(run->results, summary, fc_buf_span(&yaml), dir);
    if (err != FC_OK && run->error->text[0] == 0)
        snprintf(run->error->text, sizeof run->error->text, "%s: %s", dir,
                 err == FC_E_IO ? strerror(errno) : fc_err_text(err));
    fc_scenario_finish(&kept);
    fc_buf_finish(&yaml);
    return err;
}
