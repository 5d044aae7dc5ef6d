/* `applications`: requests for admission that came over HTTP. */
#include <stdlib.h>
#include <string.h>

#include "node/applications.h"
#include "node/clock.h"
#include "node/commands.h"
#include "node/file.h"
#include "node/record_file.h"

struct input {
    const char *verb, *which, *out;
};

static const struct argp_option options[] = {
    {"out", 'o', "FILE", 0, "Where save writes it (default: standard output)", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case 'o':
        input->out = arg;
        return 0;
    case ARGP_KEY_ARG:
        return fc_cli_argument(state, arg, (const char **[]){&input->verb, &input->which}, 2);
    case ARGP_KEY_END:
        input->verb = input->verb ? input->verb : "list";
        if (!fc_cli_is_one_of(input->verb, (const char *const[]){"list", "save", "drop", NULL})) {
            argp_error(state, "list, save ID, or drop ID");
        }
        if ((strcmp(input->verb, "list") == 0) != !input->which) {
            argp_error(state, "save and drop take an id, or its first digits; list takes none");
        }
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static enum fc_err show(void *ctx, const struct fc_record *record, uint64_t came_ms)
{
    struct fc_cli *cli = ctx;
    char id[65], came[FC_CLOCK_TEXT_BYTES], line[FC_RECORD_LINE_BYTES];
    if (!cli->json) {
        fc_hex(record->hash.b, 32, id);
        printf("%.12s  %s  %s\n", id, fc_clock_text(came_ms, came), fc_record_line(record, line));
        return FC_OK;
    }
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_time(json, "came", came_ms);
    fc_record_json(json, "application", record, NULL);
    fc_json_end(json);
    enum fc_err err = fc_json_print(json, stdout, false);
    fc_json_destroy(json);
    return err;
}

static enum fc_exit fail(struct fc_cli *cli, enum fc_err err, const char *which)
{
    switch ((int)err) {
    case FC_E_ARG:
        fc_cli_warn(cli, "%s: no id of one application; fedcat applications lists them", which);
        return FC_EXIT_USAGE;
    case FC_E_MISSING:
        fc_cli_warn(cli, "%s: no application of this id waits here", which);
        return FC_EXIT_MISSING;
    }
    return fc_cli_fail(cli, err, "%s", which ? which : "applications");
}

static enum fc_err save(const struct fc_cli *cli, const struct input *input)
{
    struct fc_buf bytes = {0};
    enum fc_err err = fc_applications_read(&cli->home, input->which, &bytes);
    if (err == FC_OK) {
        err = fc_file_write(input->out ? input->out : "-", fc_buf_span(&bytes), 0644, false);
    }
    fc_buf_finish(&bytes);
    return err;
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {0};
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK) {
        return status;
    }
    enum fc_err err;
    if (strcmp(input.verb, "save") == 0) {
        err = save(cli, &input);
    } else if (strcmp(input.verb, "drop") == 0) {
        err = fc_applications_drop(&cli->home, input.which);
    } else {
        err = fc_applications_each(&cli->home, cli, show);
    }
    return err == FC_OK ? FC_EXIT_OK : fail(cli, err, input.which);
}

const struct fc_command fc_command_applications = {
    .name = "applications",
    .family = "governance",
    .args = "[list | save ID | drop ID]",
    .summary = "List, take and drop requests for admission that came over HTTP",
    .help = "They wait in applications/, 256 at most. A governor saves one, looks at it (fedcat "
            "show), signs it (fedcat admit) or drops it.",
    .example = "fedcat applications save 3fa9 -o acme.app",
    .options = options,
    .parse = parse,
    .run = run,
};
