/* Writes what the page is tested with: DIR/run, a run's directory, and DIR/sweep.jsonl. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/sample_run.h"

static bool write_file(const char *path, const struct fc_buf *lines)
{
    FILE *file = fopen(path, "w");
    return file && fwrite(lines->data, 1, lines->len, file) == lines->len && fclose(file) == 0;
}

/* Runs of different commands, two of them broken, and the scenario with one. */
static void make_broken(struct fc_buf *lines)
{
    static struct fc_summary summary;
    fc_buf_clear(lines);
    for (uint64_t seed = 1; seed <= 6; seed++) {
        sample_run(20, seed, &summary, NULL);
        if (seed > 3) {
            summary.set_count = 2;
            snprintf(summary.sets[1].key, sizeof summary.sets[1].key, "links.loss");
            snprintf(summary.sets[1].value, sizeof summary.sets[1].value, "5 %%");
        }
        if (seed == 2 || seed == 5)
            snprintf(summary.failure, sizeof summary.failure, "%d.500000 s: n3 <b>differs</b>",
                     (int)seed);
        if (seed == 4)
            fc_summary_write_json_with(&summary, fc_span_str("seed: 1 # </script>\n"), lines);
        else
            fc_summary_write_json(&summary, lines);
    }
}

int main(int argc, char **argv)
{
    static const uint32_t sizes[] = {20, 40, 80, 160};
    static struct fc_summary summary;
    struct fc_buf lines = {0};
    char path[4096];
    if (argc != 2)
        return 2;
    snprintf(path, sizeof path, "%s/run", argv[1]);
    sample_run(150, 1, &summary, path);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (uint64_t seed = 1; seed <= 5; seed++) {
            sample_run(sizes[i], seed, &summary, NULL);
            fc_summary_write_json(&summary, &lines);
        }
    snprintf(path, sizeof path, "%s/sweep.jsonl", argv[1]);
    bool done = write_file(path, &lines);
    make_broken(&lines);
    snprintf(path, sizeof path, "%s/broken.jsonl", argv[1]);
    done = done && write_file(path, &lines);
    fc_buf_finish(&lines);
    return done ? 0 : 1;
}
