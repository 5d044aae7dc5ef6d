#include <inttypes.h>

#include "node/client.h"
#include "node/commands.h"

static void show_progress(void *ctx, uint64_t done, uint64_t total)
{
    fc_progress_show(ctx, done, total);
}

static enum fc_exit report(struct fc_cli *cli, struct fc_span body)
{
    struct fc_unpack in;
    fc_unpack_init(&in, body);
    fc_unpack_array(&in, 1, 1);
    uint64_t entries = fc_unpack_uint(&in, UINT64_MAX);
    enum fc_err err = fc_unpack_end(&in);
    if (err != FC_OK) {
        return fc_cli_fail(cli, err, "answer");
    }
    if (!cli->json) {
        printf("%" PRIu64 " entries indexed\n", entries);
        return FC_EXIT_OK;
    }
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_uint(json, "entries", entries);
    fc_json_end(json);
    return fc_cli_print_json(cli, json);
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct fc_client *client = NULL;
    struct fc_progress progress;
    struct fc_span body;
    enum fc_exit status = fc_cli_parse(cli, argc, argv, NULL);
    if (status != FC_EXIT_OK) {
        return status;
    }
    if (fc_client_open(cli, &client) != FC_OK) {
        return cli->status;
    }
    fc_progress_start(&progress, cli, "entries indexed:");
    if (fc_client_service(client)) {
        fc_client_service(client)->progress = show_progress;
        fc_client_service(client)->progress_ctx = &progress;
    }
    enum fc_err err = fc_client_call(client, FC_VERB_REINDEX, fc_span(NULL, 0), &body);
    fc_progress_end(&progress);
    status = err == FC_OK ? report(cli, body) : fc_client_fail(cli, client, err, "reindex");
    fc_client_close(client);
    return status;
}

const struct fc_command fc_command_reindex = {
    .name = "reindex",
    .family = "catalogue",
    .summary = "Make the search index again from the entries",
    .help = "The index follows every change by itself, and one of an older version is made again "
            "when a node starts. A running node answers nothing else meanwhile.",
    .example = "fedcat reindex",
    .run = run,
};
