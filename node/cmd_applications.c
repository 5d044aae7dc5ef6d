/* `applications`: requests for admission that came over HTTP. */
#include <stdlib.h>
#include <string.h>

#include "node/applications.h"
#include "node/clock.h"
#include "node/commands.h"
#include "node/file.h"
#include "node/record_file.h"

enum { OPT_ALL = 256, OPT_OLDER };

struct input {
    const char *verb, *out;
    const char *which[FC_APPLICATIONS_MAX];
    size_t count;
    bool all, by_age;
    uint64_t older_ms;
};

static const struct argp_option options[] = {
    {"out", 'o', "FILE", 0, "Where save writes it (default: standard output)", 0},
    {"all", OPT_ALL, NULL, 0, "drop all that wait", 0},
    {"older-than", OPT_OLDER, "TIME", 0, "drop those that came before: 7d, 12h", 0},
    {0},
};

/* What each verb takes. */
static void check(struct argp_state *state, const struct input *input)
{
    bool drop = strcmp(input->verb, "drop") == 0, save = strcmp(input->verb, "save") == 0;
    unsigned ways = (input->count > 0) + input->all + input->by_age;
    if (!drop && (input->all || input->by_age)) {
        argp_error(state, "--all and --older-than go with drop");
    }
    if (drop && ways != 1) {
        argp_error(state, "drop takes ids, or their first digits, or --all, or --older-than TIME");
    }
    if (!drop && input->count != save) {
        argp_error(state, "save takes one id, or its first digits; list takes none");
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case 'o':
        input->out = arg;
        return 0;
    case OPT_ALL:
        input->all = true;
        return 0;
    case OPT_OLDER:
        input->by_age = true;
        if (fc_cli_duration(arg, &input->older_ms) != FC_OK) {
            argp_error(state, "\"%s\" is no duration: 7d, 12h, 30min", arg);
        }
        return 0;
    case ARGP_KEY_ARG:
        if (!input->verb) {
            input->verb = arg;
            return 0;
        }
        if (input->count == FC_APPLICATIONS_MAX) {
            return ARGP_ERR_UNKNOWN;
        }
        input->which[input->count++] = arg;
        return 0;
    case ARGP_KEY_END:
        input->verb = input->verb ? input->verb : "list";
        if (!fc_cli_is_one_of(input->verb, (const char *const[]){"list", "save", "drop", NULL})) {
            argp_error(state, "list, save ID, or drop ID...");
        }
        check(state, input);
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
    enum fc_err err = fc_applications_read(&cli->home, input->which[0], &bytes);
    if (err == FC_OK) {
        err = fc_file_write(input->out ? input->out : "-", fc_buf_span(&bytes), 0644, false);
    }
    fc_buf_finish(&bytes);
    return err;
}

static enum fc_err drop(struct fc_cli *cli, const struct input *input, size_t *bad)
{
    uint64_t now_ms = fc_clock_wall_ms();
    unsigned dropped = (unsigned)input->count;
    enum fc_err err;
    if (input->count > 0) {
        err = fc_applications_drop(&cli->home, input->which, input->count, bad);
    } else {
        uint64_t older_ms = input->older_ms < now_ms ? input->older_ms : now_ms;
        err = fc_applications_drop_before(&cli->home, input->all ? UINT64_MAX : now_ms - older_ms,
                                          &dropped);
    }
    if (err == FC_OK) {
        fc_cli_note(cli, "%u dropped", dropped);
    }
    return err;
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {0};
    size_t bad = 0;
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK) {
        return status;
    }
    enum fc_err err;
    if (strcmp(input.verb, "save") == 0) {
        err = save(cli, &input);
    } else if (strcmp(input.verb, "drop") == 0) {
        err = drop(cli, &input, &bad);
    } else {
        err = fc_applications_each(&cli->home, cli, show);
    }
    return err == FC_OK ? FC_EXIT_OK : fail(cli, err, input.which[bad]);
}

const struct fc_command fc_command_applications = {
    .name = "applications",
    .family = "governance",
    .args = "[list | save ID | drop ID... | drop --all | drop --older-than TIME]",
    .summary = "List, take and drop requests for admission that came over HTTP",
    .help = "They wait in applications/ for 30 days, 256 at most; then the oldest makes room, once "
            "it has waited for a day. A governor saves one, looks at it (fedcat show), signs it "
            "(fedcat admit) or drops it.",
    .example = "fedcat applications save 3fa9 -o acme.app",
    .options = options,
    .parse = parse,
    .run = run,
};
