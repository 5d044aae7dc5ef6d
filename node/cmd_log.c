#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/client.h"
#include "node/clock.h"
#include "node/commands.h"
#include "node/governance.h"

/* `log`: who signed what, in the order it arrived here. */
struct input {
    const char *type;
    bool heads, full;
};
enum { TYPE = 0x6701, HEADS, FULL };

static const struct argp_option options[] = {
    {"type", TYPE, "TYPE", 0, "Only charters, certificates, revocations...: one type's name", 0},
    {"heads", HEADS, NULL, 0, "Feeds' heads as well", 0},
    {"full", FULL, NULL, 0, "All that each record says", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case TYPE:
        input->type = arg;
        for (int type = FC_RECORD_CHARTER; type <= FC_RECORD_HEAD; type++)
            if (strcmp(fc_record_type_name((enum fc_record_type)type), arg) == 0)
                return 0;
        argp_error(state, "\"%s\" is no type of record", arg);
        return EINVAL;
    case HEADS:
        input->heads = true;
        return 0;
    case FULL:
        input->full = true;
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

struct walk {
    const struct input *input;
    const struct fc_ledger *ledger;
    struct fc_json *json;
};

static uint64_t dated(const struct fc_record *record)
{
    union {
        struct fc_certificate certificate;
        struct fc_descriptor descriptor;
        struct fc_checkpoint checkpoint;
        struct fc_head head;
    } body;
    if (record->type == FC_RECORD_CERTIFICATE &&
        fc_certificate_parse(record, &body.certificate) == FC_OK)
        return body.certificate.not_before_ms;
    if (record->type == FC_RECORD_DESCRIPTOR &&
        fc_descriptor_parse(record, &body.descriptor) == FC_OK)
        return body.descriptor.time_ms;
    if (record->type == FC_RECORD_CHECKPOINT &&
        fc_checkpoint_parse(record, &body.checkpoint) == FC_OK)
        return body.checkpoint.time_ms;
    if (record->type == FC_RECORD_HEAD && fc_head_parse(record, &body.head) == FC_OK)
        return body.head.time_ms;
    return 0;
}

static enum fc_err each(void *ctx, uint64_t index, const struct fc_record *record)
{
    struct walk *walk = ctx;
    const struct input *input = walk->input;
    char line[FC_RECORD_LINE_BYTES], when[FC_CLOCK_TEXT_BYTES];
    const char *type = fc_record_type_name(record->type);
    if (input->type ? strcmp(type, input->type) != 0
                    : record->type == FC_RECORD_HEAD && !input->heads)
        return FC_OK;
    if (walk->json) {
        fc_record_json(walk->json, NULL, record, walk->ledger);
        return FC_OK;
    }
    uint64_t time_ms = dated(record);
    printf("%6" PRIu64 "  %-20s  ", index, time_ms ? fc_clock_text(time_ms, when) : "");
    if (input->full) {
        fc_record_print(record, walk->ledger, stdout);
        return FC_OK;
    }
    printf("%s", fc_record_line(record, line));
    for (uint32_t i = 0; i < record->signature_count; i++) {
        struct fc_signature signature;
        char name[80];
        fc_record_signature(record, i, &signature);
        fc_record_signer(walk->ledger, &signature.signer, name, sizeof name);
        printf("%s%s", i == 0 ? "  signed by " : ", ", name);
    }
    putchar('\n');
    return FC_OK;
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {0};
    struct fc_client *client = NULL;
    struct fc_ledger *ledger = NULL;
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK)
        return status;
    if (fc_client_open(cli, &client) != FC_OK)
        return cli->status;
    status = fc_governance_from(cli, client, &ledger);
    if (status == FC_EXIT_OK) {
        struct walk walk = {.input = &input, .ledger = ledger};
        if (cli->json) {
            walk.json = fc_json_create();
            fc_json_array(walk.json, NULL);
        }
        enum fc_err err = fc_client_records(client, each, &walk);
        if (err != FC_OK) {
            status = fc_client_fail(cli, client, err, "this node's records");
            fc_json_destroy(walk.json);
        } else if (walk.json) {
            fc_json_end(walk.json);
            status = fc_cli_print_json(cli, walk.json);
        }
    }
    fc_ledger_destroy(ledger);
    fc_client_close(client);
    return status;
}

const struct fc_command fc_command_log = {
    .name = "log",
    .family = "governance",
    .args = NULL,
    .summary = "Who signed what: charters, certificates, revocations and the rest",
    .help = "In the order the records arrived at this node. The date is the one the record itself "
            "carries, where it carries one.",
    .example = "fedcat log --type certificate --full",
    .options = options,
    .parse = parse,
    .run = run,
};
