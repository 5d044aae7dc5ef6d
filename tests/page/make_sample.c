/* Writes what the page is tested with: DIR/run, a run's directory, and DIR/sweep.jsonl. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/sample_run.h"

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
    FILE *file = fopen(path, "w");
    if (!file || fwrite(lines.data, 1, lines.len, file) != lines.len || fclose(file) != 0)
        return 1;
    fc_buf_finish(&lines);
    return 0;
}
