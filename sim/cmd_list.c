#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli.h"

struct options {
    bool keys, markdown;
    const char *show;
};

enum { OPT_KEYS = 256, OPT_MARKDOWN };
static const struct argp_option options_table[] = {
    {"keys", OPT_KEYS, NULL, 0, "Print every key a scenario may have, with units and defaults", 0},
    {"markdown", OPT_MARKDOWN, NULL, 0, "The keys as Markdown", 0},
    {0},
};
static const char doc[] = "Lists the scenarios that come with the program, one line each; with a "
                          "NAME prints that one, to "
                          "copy and change.\v"
                          "Examples:\n"
                          "  fedcat-sim list\n"
                          "  fedcat-sim list churn > mine.yaml\n"
                          "  fedcat-sim list --keys | less\n";

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    if (key == OPT_KEYS)
        options->keys = true;
    else if (key == OPT_MARKDOWN)
        options->keys = options->markdown = true;
    else if (key == ARGP_KEY_ARG && !options->show)
        options->show = arg;
    else if (key == ARGP_KEY_ARG)
        argp_error(state, "one scenario at a time, not '%s' too", arg);
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static int show(const char *name)
{
    struct fc_scenario_file file;
    for (uint32_t i = 0; fc_scenario_shipped(i, &file); i++)
        if (strcmp(file.name, name) == 0) {
            fwrite(file.text.data, 1, file.text.len, stdout);
            return EXIT_SUCCESS;
        }
    fprintf(stderr, "fedcat-sim: there is no scenario '%s'; `fedcat-sim list` shows them\n", name);
    return FC_EXIT_USAGE;
}

static int list_all(void)
{
    struct fc_scenario_file file;
    for (uint32_t i = 0; fc_scenario_shipped(i, &file); i++) {
        struct fc_scenario scenario;
        struct fc_scenario_error error;
        if (fc_scenario_parse(file.name, file.text, &scenario, &error) != FC_OK) {
            fprintf(stderr, "fedcat-sim: %s\n", error.text);
            return FC_EXIT_FAILED;
        }
        printf("%-22s %6u nodes%s  %s\n", file.name, scenario.federation.nodes,
               scenario.size == FC_SIZE_LARGE ? ", large" : "       ", scenario.about);
        fc_scenario_finish(&scenario);
    }
    return EXIT_SUCCESS;
}

int fc_cmd_list(int argc, char **argv)
{
    static const struct argp argp = {options_table, parse, "[NAME]", doc, NULL, NULL, NULL};
    struct options options = {0};
    argp_err_exit_status = FC_EXIT_USAGE;
    if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
        return FC_EXIT_USAGE;
    if (options.keys) {
        struct fc_buf text = {0};
        fc_scenario_reference(options.markdown, &text);
        fwrite(text.data, 1, text.len, stdout);
        fc_buf_finish(&text);
        return EXIT_SUCCESS;
    }
    return options.show ? show(options.show) : list_all();
}
