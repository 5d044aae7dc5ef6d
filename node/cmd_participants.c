#include <inttypes.h>

#include "node/client.h"
#include "node/clock.h"
#include "node/commands.h"
#include "node/show.h"

static enum fc_err show(void *ctx, const struct fc_message_participant *message)
{
    struct fc_cli *cli = ctx;
    struct fc_show_participant participant;
    fc_show_participant_read(message, &participant);
    if (cli->json) {
        struct fc_json *json = fc_json_create();
        fc_json_object(json, NULL);
        fc_show_participant_json(json, &participant);
        fc_json_end(json);
        enum fc_err err = fc_json_print(json, stdout, false);
        fc_json_destroy(json);
        return err;
    }
    char id[65], version[FC_CLI_VERSION_BYTES], age[FC_CLOCK_TEXT_BYTES] = "-";
    char state[FC_SHOW_STATE_BYTES];
    uint64_t now_ms = fc_clock_wall_ms(), signed_ms = message->feed.time_ms;
    fc_hex(message->id.b, 32, id);
    if (signed_ms) {
        fc_clock_age(now_ms > signed_ms ? now_ms - signed_ms : 0, age);
    }
    printf("%.12s  ", id);
    fc_cli_put(stdout, participant.certificate.name, 32, true);
    fputs("  ", stdout);
    fc_cli_put(stdout, participant.certificate.country, 2, true);
    printf("  %8" PRIu64 "  %-8s  %-8s  %s\n", message->feed.entries,
           message->feed.version ? fc_cli_version(message->feed.version, version) : "-", age,
           fc_show_participant_state(&participant, now_ms, state));
    return FC_OK;
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct fc_client *client = NULL;
    enum fc_exit status = fc_cli_parse(cli, argc, argv, NULL);
    if (status != FC_EXIT_OK) {
        return status;
    }
    if (fc_client_open(cli, &client) != FC_OK) {
        return cli->status;
    }
    if (!cli->json) {
        printf("%s%-12s  %-32s  %-2s  %8s  %-8s  %-8s  %s%s\n", fc_cli_bold(cli), "ID", "NAME", "",
               "ENTRIES", "VERSION", "SIGNED", "STATE", fc_cli_plain(cli));
    }
    enum fc_err err = fc_client_participants(client, show, cli);
    status = err == FC_OK ? FC_EXIT_OK : fc_client_fail(cli, client, err, "participants");
    fc_client_close(client);
    return status;
}

const struct fc_command fc_command_participants = {
    .name = "participants",
    .family = "catalogue",
    .summary = "List who takes part, and how fresh and in what state each feed is",
    .help = "States: ok; contested (its owner signed twice at one version); frozen; revoked; "
            "expired; silent (no heartbeat for three intervals). With --json: one object a line.",
    .example = "fedcat participants --json",
    .run = run,
};
