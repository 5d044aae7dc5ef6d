/* `status`, `peers`, `digest`: is this node in sync, with whom, how far behind, how old? */
#include <inttypes.h>
#include <string.h>

#include "node/client.h"
#include "node/clock.h"
#include "node/commands.h"
#include "node/show.h"

static uint64_t age(uint64_t now_ms, uint64_t then_ms)
{
    return now_ms > then_ms ? now_ms - then_ms : 0;
}

/* Whom a line is about: the operator's name, else the begin of the node's key. */
static void put_node(struct fc_span name, const struct fc_key *key)
{
    char hex[65];
    if (name.len) {
        fc_cli_put(stdout, name, 40, false);
    } else {
        fc_hex(key->b, 32, hex);
        printf("node %.12s", hex);
    }
}

static void audit_text(const struct fc_message_status *status)
{
    const struct fc_core_audit *audit = &status->core.audit;
    char text[FC_CLOCK_TEXT_BYTES];
    if (!status->running) {
        return;
    }
    if (audit->last_ms == 0) {
        printf("compared    with nobody yet\n");
        return;
    }
    printf("compared    %s ago with ", fc_clock_age(age(status->now_ms, audit->last_ms), text));
    put_node(status->audit_name, &audit->peer);
    if (audit->lacking) {
        printf(": %u records were missing here and asked for\n", audit->lacking);
    } else if (audit->ahead) {
        printf(": nothing is missing here, %u records are held here and not there\n", audit->ahead);
    } else {
        printf(": nothing is missing here\n");
    }
}

static void witness_line(const struct fc_message_status *status,
                         const struct fc_message_witness *witness)
{
    const struct fc_core_witness *about = &witness->about;
    char text[FC_CLOCK_TEXT_BYTES];
    printf("            ");
    put_node(witness->name, &about->node_key);
    switch (about->view) {
    case FC_WITNESS_BEHIND:
        printf(" signed a catalogue that was this node's until %s",
               fc_clock_text(about->as_of_ms, text));
        break;
    case FC_WITNESS_OTHER:
        printf(" sees another catalogue since %s", fc_clock_text(about->since_ms, text));
        break;
    case FC_WITNESS_WITHHELD:
        printf(" sees another catalogue since %s", fc_clock_text(about->since_ms, text));
        printf(", of %" PRIu64 " feeds where this node holds %" PRIu64, about->feeds,
               about->own_feeds);
        break;
    }
    printf(", last signed %s ago\n", fc_clock_age(age(status->now_ms, about->time_ms), text));
}

static void witnesses_text(const struct fc_message_status *status)
{
    char text[FC_CLOCK_TEXT_BYTES];
    if (status->core.witnessed_ms) {
        printf("checkpoints the last that agrees with this node was signed %s ago\n",
               fc_clock_age(age(status->now_ms, status->core.witnessed_ms), text));
    } else if (status->witness_count) {
        printf("checkpoints none of another node agrees with this one: it may be the one that is "
               "kept apart\n");
    }
    for (uint32_t i = 0; i < status->witness_count; i++) {
        witness_line(status, &status->witnesses[i]);
    }
    if (status->witness_count && status->contested) {
        printf("            (contested feeds may differ without anybody withholding anything)\n");
    }
}

static void status_text(struct fc_cli *cli, const struct fc_message_status *status)
{
    char federation[65], operator_id[65], digest[65], text[FC_CLOCK_TEXT_BYTES];
    const char *word = fc_show_sync(status);
    fc_hex(status->federation.b, 32, federation);
    fc_hex(status->operator_id.b, 32, operator_id);
    fc_hex(status->digest.hash.b, 32, digest);
    printf("%s%s%s", strcmp(word, "in sync") == 0 ? fc_cli_green(cli) : fc_cli_bold(cli), word,
           fc_cli_plain(cli));
    if (status->running && status->core.open > 0) {
        printf(" with %u of %u peers", status->core.in_sync_with, status->core.open);
        if (status->core.synced_ms) {
            printf(", last %s ago",
                   fc_clock_age(age(status->now_ms, status->core.synced_ms), text));
        }
        if (status->core.loading) {
            printf(", %u feeds on their way", status->core.loading);
        }
    }
    printf("\nfederation  ");
    fc_cli_put(stdout, status->charter_name.len ? status->charter_name : fc_span_str("?"), 60,
               false);
    printf("  charter %" PRIu64 "%s\n            %s\n", status->charter_version,
           status->disputed ? "  DISPUTED: two rival charters; fedcat charter pin settles it" : "",
           federation);
    printf("operator    %s\n",
           fc_hash_is_zero(&status->operator_id) ? "not admitted yet" : operator_id);
    printf("catalogue   %" PRIu64 " entries of %" PRIu64 " feeds, %" PRIu64 " bytes",
           status->digest.entries, status->digest.feeds, status->digest.bytes);
    if (status->newest_ms) {
        printf(", newest signed %s ago",
               fc_clock_age(age(status->now_ms, status->newest_ms), text));
    }
    printf("\ndigest      %s\n", digest);
    if (status->missing || status->contested) {
        printf("attention   %" PRIu64 " documents still to come, %" PRIu64 " contested feeds\n",
               status->missing, status->contested);
    }
    audit_text(status);
    witnesses_text(status);
    printf("store       %.1f MB used\n", (double)status->used_bytes / 1e6);
}

static enum fc_exit run_status(struct fc_cli *cli, int argc, char **argv)
{
    struct fc_client *client = NULL;
    struct fc_message_status status;
    struct fc_span body = {0};
    struct fc_unpack in;
    enum fc_exit exit = fc_cli_parse(cli, argc, argv, NULL);
    if (exit != FC_EXIT_OK) {
        return exit;
    }
    if (fc_client_open(cli, &client) != FC_OK) {
        return cli->status;
    }
    enum fc_err err = fc_client_call(client, FC_VERB_STATUS, fc_span(NULL, 0), &body);
    if (err == FC_OK) {
        fc_unpack_init(&in, body);
        fc_message_get_status(&in, &status);
        err = fc_unpack_end(&in);
    }
    if (err != FC_OK) {
        exit = fc_client_fail(cli, client, err, "status");
    } else if (cli->json) {
        struct fc_json *json = fc_json_create();
        fc_show_status_json(json, &status);
        exit = fc_cli_print_json(cli, json);
    } else {
        status_text(cli, &status);
    }
    fc_client_close(client);
    return exit;
}

const struct fc_command fc_command_status = {
    .name = "status",
    .family = "life",
    .summary = "Say whether the node is in sync, with whom, and how old its news is",
    .example = "fedcat status",
    .run = run_status,
};

static void peer_text(const struct fc_message_peer *peer)
{
    const struct fc_peer_info *info = &peer->info;
    char key[65];
    fc_hex(info->key.b, 32, key);
    printf("%.12s  ", key);
    fc_cli_put(stdout, peer->name.len ? peer->name : fc_span_str("-"), 28, true);
    printf("  %-8s  %-3s  %-8s  %6.1f  %8" PRIu64 "  %8" PRIu64 "  ",
           fc_show_peer_state(info->state), info->inbound ? "in" : "out",
           info->state != FC_PEER_OPEN ? "-"
           : info->in_sync             ? "in sync"
                                       : "behind",
           (double)info->round_trip_us / 1000, info->bytes_in / 1024, info->bytes_out / 1024);
    fc_cli_put(stdout, peer->endpoint, 60, false);
    putchar('\n');
}

static enum fc_exit print_peers(struct fc_cli *cli, struct fc_span body)
{
    struct fc_unpack in;
    struct fc_json *json = cli->json ? fc_json_create() : NULL;
    fc_unpack_init(&in, body);
    uint32_t count = fc_unpack_array(&in, 0, UINT16_MAX);
    if (!json) {
        printf("%s%-12s  %-28s  %-8s  %-3s  %-8s  %6s  %8s  %8s  %s%s\n", fc_cli_bold(cli), "KEY",
               "OPERATOR", "STATE", "DIR", "SYNC", "RTT ms", "KiB in", "KiB out", "ENDPOINT",
               fc_cli_plain(cli));
    }
    fc_json_array(json, NULL);
    for (uint32_t i = 0; i < count && in.err == FC_OK; i++) {
        struct fc_message_peer peer;
        fc_message_get_peer(&in, &peer);
        if (json) {
            fc_show_peer_json(json, &peer);
        } else if (in.err == FC_OK) {
            peer_text(&peer);
        }
    }
    fc_json_end(json);
    enum fc_err err = fc_unpack_end(&in);
    if (err != FC_OK) {
        fc_json_destroy(json);
        return fc_cli_fail(cli, err, "answer");
    }
    return json ? fc_cli_print_json(cli, json) : FC_EXIT_OK;
}

static enum fc_exit run_peers(struct fc_cli *cli, int argc, char **argv)
{
    struct fc_client *client = NULL;
    struct fc_span body = {0};
    enum fc_exit status = fc_cli_parse(cli, argc, argv, NULL);
    if (status != FC_EXIT_OK) {
        return status;
    }
    if (fc_client_open(cli, &client) != FC_OK) {
        return cli->status;
    }
    if (!fc_client_running(client)) {
        fc_cli_warn(cli, "the node does not run, so it has no peers just now");
        status = FC_EXIT_BUSY;
    } else {
        enum fc_err err = fc_client_call(client, FC_VERB_PEERS, fc_span(NULL, 0), &body);
        status = err == FC_OK ? print_peers(cli, body) : fc_client_fail(cli, client, err, "peers");
    }
    fc_client_close(client);
    return status;
}

const struct fc_command fc_command_peers = {
    .name = "peers",
    .family = "life",
    .summary = "List the running node's peers and how each stands",
    .example = "fedcat peers --json",
    .run = run_peers,
};

static enum fc_exit run_digest(struct fc_cli *cli, int argc, char **argv)
{
    struct fc_client *client = NULL;
    struct fc_span body = {0};
    struct fc_unpack in;
    enum fc_exit status = fc_cli_parse(cli, argc, argv, NULL);
    if (status != FC_EXIT_OK) {
        return status;
    }
    if (fc_client_open(cli, &client) != FC_OK) {
        return cli->status;
    }
    enum fc_err err = fc_client_call(client, FC_VERB_DIGEST, fc_span(NULL, 0), &body);
    fc_unpack_init(&in, body);
    if (err == FC_OK) {
        fc_unpack_array(&in, 4, 4);
        struct fc_hash hash = fc_message_get_hash(&in);
        uint64_t feeds = fc_unpack_uint(&in, UINT64_MAX);
        uint64_t entries = fc_unpack_uint(&in, UINT64_MAX);
        uint64_t bytes = fc_unpack_uint(&in, UINT64_MAX);
        char hex[65];
        err = fc_unpack_end(&in);
        fc_hex(hash.b, 32, hex);
        if (err == FC_OK && cli->json) {
            struct fc_json *json = fc_json_create();
            fc_json_object(json, NULL);
            fc_json_hash(json, "digest", &hash);
            fc_json_uint(json, "feeds", feeds);
            fc_json_uint(json, "entries", entries);
            fc_json_uint(json, "bytes", bytes);
            fc_json_end(json);
            status = fc_cli_print_json(cli, json);
        } else if (err == FC_OK) {
            printf("%s  %" PRIu64 " feeds  %" PRIu64 " entries  %" PRIu64 " bytes\n", hex, feeds,
                   entries, bytes);
        }
    }
    if (err != FC_OK) {
        status = fc_client_fail(cli, client, err, "digest");
    }
    fc_client_close(client);
    return status;
}

const struct fc_command fc_command_digest = {
    .name = "digest",
    .family = "catalogue",
    .summary = "Print one hash over all feeds: equal digests mean equal catalogues",
    .example = "fedcat digest",
    .run = run_digest,
};
