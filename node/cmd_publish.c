#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/batch.h"
#include "node/clock.h"
#include "node/commands.h"
#include "node/documents.h"
#include "node/faults.h"

struct input {
    struct fc_publisher_options key;
    bool ndjson;
    char **paths;
    int path_count;
};

static const struct argp_option options[] = {
    {"ndjson", 'n', NULL, 0, "Every file has one document a line", 0}, FC_PUBLISHER_OPTIONS, {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    if (fc_publisher_parse(&input->key, key, arg)) {
        return 0;
    }
    switch (key) {
    case 'n':
        input->ndjson = true;
        return 0;
    case ARGP_KEY_ARGS:
        input->paths = state->argv + state->next;
        input->path_count = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "name files or directories, or - for standard input");
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

struct work {
    struct fc_cli *cli;
    struct fc_publisher publisher;
    struct fc_batch *batch;
    struct fc_progress progress;
    struct fc_faults faults;
    uint64_t read;
    uint64_t skipped;
    uint64_t started_us;
};

static void keep_fault(void *ctx, const char *place, const char *text)
{
    struct work *work = ctx;
    fc_faults_keep(&work->faults, work->cli, place, text);
}

static enum fc_err add(void *ctx, const char *place, struct fc_span bytes)
{
    struct work *work = ctx;
    fc_progress_show(&work->progress, ++work->read, 0);
    return fc_batch_add(work->batch, place, bytes);
}

static void file_fault(void *ctx, const char *place, const char *text)
{
    struct work *work = ctx;
    fc_batch_fault(work->batch, place, text);
}

static void print_json(const struct work *work, struct fc_json *json)
{
    struct fc_batch_counts counts = fc_batch_counts(work->batch);
    char version[FC_CLI_VERSION_BYTES];
    fc_json_object(json, NULL);
    fc_json_hash(json, "participant", &work->publisher.participant);
    fc_json_text(json, "name", work->publisher.name);
    fc_json_text(json, "version",
                 work->publisher.version ? fc_cli_version(work->publisher.version, version) : NULL);
    fc_json_uint(json, "published", counts.published);
    fc_json_uint(json, "unchanged", counts.unchanged);
    fc_faults_json(json, &work->faults, "place");
    fc_json_end(json);
}

static enum fc_exit report(struct work *work, enum fc_err err)
{
    struct fc_cli *cli = work->cli;
    struct fc_batch_counts counts = fc_batch_counts(work->batch);
    enum fc_exit status = FC_EXIT_OK;
    fc_progress_end(&work->progress);
    if (cli->json) {
        struct fc_json *json = fc_json_create();
        print_json(work, json);
        status = fc_cli_print_json(cli, json);
    } else {
        char version[FC_CLI_VERSION_BYTES];
        printf("%s: %" PRIu64 " published, %" PRIu64 " unchanged, %" PRIu64 " failed",
               work->publisher.name, counts.published, counts.unchanged, counts.failed);
        if (work->publisher.version) {
            printf("; version %s", fc_cli_version(work->publisher.version, version));
        }
        printf(" (%.2f s)\n", (double)(fc_clock_mono_us() - work->started_us) / 1e6);
        fc_faults_print(&work->faults);
    }
    if (work->skipped) {
        fc_cli_note(cli, "%" PRIu64 " files in directories are not named as documents; left out",
                    work->skipped);
    }
    if (err != FC_OK) {
        return fc_client_fail(cli, work->publisher.client, err, "stopped");
    }
    if (counts.failed > 0) {
        return counts.published + counts.unchanged > 0 ? FC_EXIT_PARTLY : FC_EXIT_USAGE;
    }
    return status;
}

static enum fc_exit publish(struct fc_cli *cli, const struct input *input, struct work *work)
{
    struct fc_batch_config config = {
        .ops_max = work->publisher.ops_max,
        .publisher = &work->publisher,
        .ctx = work,
        .fault = keep_fault,
    };
    struct fc_documents documents = {
        .ndjson = input->ndjson, .ctx = work, .each = add, .fault = file_fault};
    enum fc_err err = fc_batch_create(&config, &work->batch);
    if (err != FC_OK) {
        return fc_cli_fail(cli, err, "cannot start");
    }
    fc_progress_start(&work->progress, cli, "documents read:");
    work->started_us = fc_clock_mono_us();
    for (int i = 0; i < input->path_count && err == FC_OK; i++) {
        err = fc_documents_read(&documents, input->paths[i], &work->skipped);
    }
    if (err == FC_OK) {
        err = fc_batch_flush(work->batch);
    }
    enum fc_exit status = report(work, err);
    fc_batch_destroy(work->batch);
    fc_faults_finish(&work->faults);
    return status;
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {0};
    struct work work = {.cli = cli};
    struct fc_client *client = NULL;
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK) {
        return status;
    }
    if (fc_client_open(cli, &client) != FC_OK) {
        return cli->status;
    }
    status = FC_EXIT_FAILED;
    if (fc_publisher_open(cli, client, &input.key, &work.publisher) == FC_OK) {
        status = publish(cli, &input, &work);
        fc_publisher_close(&work.publisher);
    } else {
        status = cli->status;
    }
    fc_client_close(client);
    return status;
}

const struct fc_command fc_command_publish = {
    .name = "publish",
    .family = "catalogue",
    .args = "FILE|DIR|-...",
    .summary = "Publish documents as signed entries of a feed",
    .help = "Takes JSON, JSON-LD, VC-JWT and presentations as they are, and NDJSON (.ndjson, "
            ".jsonl, or --ndjson). A document's key is its credential's id, else its subject's. "
            "Publishing the same bytes again changes nothing. Documents that cannot go through "
            "are listed at the end; the others do.",
    .example = "fedcat publish offers/ extra.ndjson",
    .options = options,
    .parse = parse,
    .run = run,
};
