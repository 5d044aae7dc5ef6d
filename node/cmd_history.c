#include <inttypes.h>
#include <stdlib.h>

#include "node/client.h"
#include "node/clock.h"
#include "node/commands.h"
#include "node/show.h"

struct input {
    const char *participant;
    uint64_t count;
};

static const struct argp_option options[] = {
    {"count", 'n', "N", 0, "At most so many versions (default 20)", 0}, {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case 'n':
        if (fc_cli_uint(arg, UINT16_MAX, &input->count) != FC_OK || input->count == 0) {
            argp_error(state, "\"%s\" is no count", arg);
        }
        return 0;
    case ARGP_KEY_ARG:
        return fc_cli_argument(state, arg, (const char **[]){&input->participant}, 1);
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "name a participant: an id, its first digits, or a name");
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static enum fc_err print_json(const struct fc_record *record, const struct fc_head *head,
                              struct fc_ops *ops)
{
    struct fc_json *json = fc_json_create();
    fc_show_head_json(json, NULL, record, head, ops);
    enum fc_err err = fc_json_print(json, stdout, false);
    fc_json_destroy(json);
    return err;
}

/* `known`: the operations are held. Those of a head that came by catch-up are not. */
static void print_text(struct fc_cli *cli, const struct fc_head *head, struct fc_ops *ops,
                       bool known)
{
    enum { SHOWN_MAX = 5 };
    char version[FC_CLI_VERSION_BYTES], time[FC_CLOCK_TEXT_BYTES];
    struct fc_op op;
    uint32_t total = ops->count;
    printf("%s%-8s%s  %s  %" PRIu64 " entries%s\n", fc_cli_bold(cli),
           fc_cli_version(head->version, version), fc_cli_plain(cli),
           fc_clock_text(head->time_ms, time), head->entries,
           !known       ? "  (caught up to; what led to it was not sent)"
           : total == 0 ? "  (heartbeat)"
                        : "");
    for (uint32_t i = 0; i < SHOWN_MAX && fc_ops_next(ops, &op); i++) {
        printf("    %-7s ", fc_show_op(op.kind));
        fc_cli_put(stdout, op.key, FC_KEY_BYTES_MAX, false);
        if (op.kind == FC_OP_STATUS) {
            printf("  %s", fc_status_name(op.status));
        }
        putchar('\n');
    }
    if (total > SHOWN_MAX) {
        printf("    and %u more\n", total - SHOWN_MAX);
    }
}

static enum fc_err show_head(struct fc_cli *cli, struct fc_unpack *in, fc_version *below)
{
    struct fc_record record;
    struct fc_head head;
    struct fc_ops ops = {0};
    fc_unpack_array(in, 2, 2);
    struct fc_span head_record = fc_unpack_bin(in, FC_RECORD_BYTES_MAX);
    struct fc_span op_bytes = fc_unpack_bin(in, FC_OPS_BYTES_MAX);
    enum fc_err err = in->err == FC_OK ? fc_record_parse(head_record, &record) : in->err;
    if (err == FC_OK) {
        err = fc_head_parse(&record, &head);
    }
    if (err == FC_OK && op_bytes.len > 0) {
        err = fc_ops_init(&ops, op_bytes);
    }
    if (err != FC_OK) {
        return err;
    }
    *below = head.version;
    if (cli->json) {
        return print_json(&record, &head, op_bytes.len > 0 ? &ops : NULL);
    }
    print_text(cli, &head, &ops, op_bytes.len > 0);
    return FC_OK;
}

static enum fc_err page(struct fc_cli *cli, struct fc_client *client, const struct fc_hash *id,
                        fc_version *below, uint64_t *left, bool *more)
{
    struct fc_buf arguments = {0};
    struct fc_span body;
    struct fc_unpack in;
    fc_pack_array(&arguments, 3);
    fc_message_put_hash(&arguments, id);
    fc_pack_uint(&arguments, *below);
    fc_pack_uint(&arguments, *left);
    enum fc_err err = fc_buf_check(&arguments);
    if (err == FC_OK) {
        err = fc_client_call(client, FC_VERB_HISTORY, fc_buf_span(&arguments), &body);
    }
    fc_buf_finish(&arguments);
    if (err != FC_OK) {
        return err;
    }
    fc_unpack_init(&in, body);
    fc_unpack_array(&in, 2, 2);
    uint32_t count = fc_unpack_array(&in, 0, UINT16_MAX);
    for (uint32_t i = 0; i < count && err == FC_OK; i++) {
        err = show_head(cli, &in, below);
    }
    *left -= count;
    *more = fc_unpack_uint(&in, 1) == 1 && *left > 0 && count > 0;
    return err == FC_OK ? fc_unpack_end(&in) : err;
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {.count = 20};
    struct fc_client *client = NULL;
    struct fc_hash id;
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK) {
        return status;
    }
    if (fc_client_open(cli, &client) != FC_OK) {
        return cli->status;
    }
    status = cli->status;
    if (fc_client_find_participant(cli, client, input.participant, &id) != FC_OK) {
        status = cli->status;
    } else {
        fc_version below = 0;
        bool more = true;
        enum fc_err err = FC_OK;
        while (more && err == FC_OK) {
            err = page(cli, client, &id, &below, &input.count, &more);
        }
        status = err == FC_OK ? FC_EXIT_OK : fc_client_fail(cli, client, err, input.participant);
    }
    fc_client_close(client);
    return status;
}

const struct fc_command fc_command_history = {
    .name = "history",
    .family = "catalogue",
    .args = "PARTICIPANT",
    .summary = "Show the signed versions of a feed, newest first",
    .help = "A node keeps the last 64 heads of a feed. One that came by catch-up has no list of "
            "its operations. With --json: one object a line.",
    .example = "fedcat history \"Nordlicht Cloud\" --count 5",
    .options = options,
    .parse = parse,
    .run = run,
};
