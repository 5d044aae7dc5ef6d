#include "node/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/commands.h"

static const char exit_text[] =
    "Exit status: 0 done; 1 failed (input, output, damage); 2 wrong usage or input; "
    "3 some of it failed, listed at the end; 4 not found; 5 refused by the federation's rules; "
    "6 in use by another process or not running.";

enum { OPTION_HOME = 0x1000, OPTION_JSON, OPTION_PASSPHRASE };

static const struct argp_option common_options[] = {
    {NULL, 0, NULL, 0, "Common options:", 90},
    {"home", OPTION_HOME, "DIR", 0,
     "The node's directory (default: $FEDCAT_HOME, else ~/.local/share/fedcat; for the user fedcat "
     "/var/lib/fedcat)",
     90},
    {"json", OPTION_JSON, NULL, 0, "Print JSON", 90},
    {"quiet", 'q', NULL, 0, "No notes and no progress", 90},
    {"passphrase-file", OPTION_PASSPHRASE, "FILE", 0,
     "Where a sealed key's passphrase stands (default: $FEDCAT_PASSPHRASE_FILE, else the terminal)",
     90},
    {0}};

const struct argp_option *fc_cli_common_options(void)
{
    return common_options + 1;
}

const char *fc_cli_exit_text(void)
{
    return exit_text;
}

struct parse {
    struct fc_cli *cli;
    void *input;
    const char *home;
};

error_t fc_cli_argument(const struct argp_state *state, const char *arg, const char **const *places,
                        unsigned count)
{
    if (state->arg_num >= count) {
        return ARGP_ERR_UNKNOWN;
    }
    *places[state->arg_num] = arg;
    return 0;
}

bool fc_cli_is_one_of(const char *word, const char *const *words)
{
    for (size_t i = 0; word && words[i]; i++) {
        if (strcmp(word, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static error_t parse_common(int key, char *arg, struct argp_state *state)
{
    struct parse *parse = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        if (parse->cli->command->parse) {
            state->child_inputs[0] = parse->input;
        }
        return 0;
    case OPTION_HOME:
        parse->home = arg;
        return 0;
    case OPTION_JSON:
        parse->cli->json = true;
        return 0;
    case OPTION_PASSPHRASE:
        parse->cli->passphrase_file = arg;
        return 0;
    case 'q':
        parse->cli->quiet = true;
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

enum fc_exit fc_cli_parse(struct fc_cli *cli, int argc, char **argv, void *input)
{
    const struct fc_command *command = cli->command;
    struct parse parse = {.cli = cli, .input = input};
    const struct argp own = {.options = command->options, .parser = command->parse};
    const struct argp_child children[] = {{&own, 0, NULL, 0}, {0}};
    char *doc = NULL;
    if (asprintf(&doc, "%s.\v%s%sExample:\n  %s\n\n%s", command->summary,
                 command->help ? command->help : "", command->help ? "\n\n" : "", command->example,
                 exit_text) < 0) {
        return fc_cli_fail(cli, FC_E_NOMEM, "cannot start");
    }
    const struct argp argp = {
        .options = common_options,
        .parser = parse_common,
        .args_doc = command->args,
        .doc = doc,
        .children = command->parse ? children : NULL,
    };
    error_t error = argp_parse(&argp, argc, argv, 0, NULL, &parse);
    free(doc);
    if (error) {
        fc_cli_warn(cli, "%s", strerror(error));
        return FC_EXIT_USAGE;
    }
    enum fc_err err = fc_home_init(&cli->home, parse.home);
    return err == FC_OK ? FC_EXIT_OK
                        : fc_cli_fail(cli, err, "cannot tell the node's directory (--home)");
}

static void print_family(FILE *out, const char *family, const char *title)
{
    fprintf(out, "\n%s\n", title);
    for (const struct fc_command *const *at = fc_commands; *at; at++) {
        if (strcmp((*at)->family, family) == 0) {
            fprintf(out, "  %-16s %s\n", (*at)->name, (*at)->summary);
        }
    }
}

static void print_help(FILE *out)
{
    fputs("Usage: fedcat COMMAND [OPTION...]\n"
          "A peer of a federated catalogue without an operator in the middle.\n",
          out);
    print_family(out, "life", "A node's life");
    print_family(out, "catalogue", "The catalogue");
    print_family(out, "governance", "Governance");
    fputs("\nfedcat COMMAND --help says more and shows an example.\n", out);
}

/* A command's name is one or two words; the longer match counts. `*words` is how many were used. */
static const struct fc_command *find(int argc, char **argv, int *words)
{
    const struct fc_command *found = NULL;
    *words = 0;
    for (const struct fc_command *const *at = fc_commands; *at; at++) {
        const char *name = (*at)->name, *space = strchr(name, ' ');
        if (!space && *words == 0 && strcmp(name, argv[1]) == 0) {
            found = *at;
            *words = 1;
        }
        if (space && argc > 2 && strlen(argv[1]) == (size_t)(space - name) &&
            strncmp(name, argv[1], (size_t)(space - name)) == 0 &&
            strcmp(space + 1, argv[2]) == 0) {
            found = *at;
            *words = 2;
        }
    }
    return found;
}

static int say_unknown(char **argv)
{
    bool first_word = false;
    size_t len = strlen(argv[1]);
    for (const struct fc_command *const *at = fc_commands; *at; at++) {
        if (strncmp((*at)->name, argv[1], len) == 0 && (*at)->name[len] == ' ') {
            fprintf(stderr, "%s fedcat %s\n", first_word ? "      " : "Usage:", (*at)->name);
            first_word = true;
        }
    }
    if (!first_word) {
        fprintf(stderr, "fedcat: no command is named \"%s\"; fedcat --help lists them\n", argv[1]);
    }
    return FC_EXIT_USAGE;
}

static int run(const struct fc_command *command, int words, int argc, char **argv)
{
    struct fc_cli cli = {
        .command = command,
        .passphrase_file = getenv("FEDCAT_PASSPHRASE_FILE"),
        .colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
    };
    char *name = NULL;
    enum fc_exit status = FC_EXIT_FAILED;
    if (fc_crypto_init() != FC_OK || asprintf(&name, "fedcat %s", command->name) < 0) {
        fputs("fedcat: cannot start\n", stderr);
    } else {
        argv[words] = name;
        argp_err_exit_status = FC_EXIT_USAGE;
        status = command->run(&cli, argc - words, argv + words);
    }
    if (fflush(stdout) != 0 && status == FC_EXIT_OK) {
        fc_cli_warn(&cli, "cannot write the output: %s", strerror(errno));
        status = FC_EXIT_FAILED;
    }
    fc_home_finish(&cli.home);
    free(name);
    return (int)status;
}

/* Common options before the command ("fedcat --home DIR run"): how many arguments they are. */
static int leading_options(int argc, char **argv)
{
    int count = 0;
    while (1 + count < argc && argv[1 + count][0] == '-') {
        const char *option = argv[1 + count];
        bool takes_next = strcmp(option, "--home") == 0 || strcmp(option, "--passphrase-file") == 0;
        count += takes_next ? 2 : 1;
    }
    return 1 + count < argc ? count : 0;
}

/* Moves them behind the command's words, where argp takes them. */
static void move_options(char **argv, int count, int words)
{
    char *moved[16];
    for (int i = 0; i < count; i++) {
        moved[i] = argv[1 + i];
    }
    for (int i = 0; i < words; i++) {
        argv[1 + i] = argv[1 + count + i];
    }
    for (int i = 0; i < count; i++) {
        argv[1 + words + i] = moved[i];
    }
}

int fc_cli_main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return FC_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return FC_EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("fedcat " FEDCAT_VERSION);
        return FC_EXIT_OK;
    }
    int words;
    int options = leading_options(argc, argv);
    if (options > 16) {
        print_help(stderr);
        return FC_EXIT_USAGE;
    }
    const struct fc_command *command = find(argc - options, argv + options, &words);
    if (!command) {
        return say_unknown(argv + options);
    }
    move_options(argv, options, words);
    return run(command, words, argc, argv);
}

enum fc_exit fc_cli_exit(enum fc_err err)
{
    switch (err) {
    case FC_OK:
    case FC_E_KNOWN:
        return FC_EXIT_OK;
    case FC_E_ARG:
    case FC_E_BOUND:
    case FC_E_FORMAT:
    case FC_E_JSON:
    case FC_E_SUBJECT:
        return FC_EXIT_USAGE;
    case FC_E_MISSING:
    case FC_E_UNKNOWN:
    case FC_E_WITHHELD:
        return FC_EXIT_MISSING;
    case FC_E_FEDERATION:
    case FC_E_SIGNATURE:
    case FC_E_QUORUM:
    case FC_E_STALE:
    case FC_E_GAP:
    case FC_E_FUTURE:
    case FC_E_QUOTA:
    case FC_E_CONTESTED:
    case FC_E_REVOKED:
    case FC_E_DENIED:
    case FC_E_DISPUTED:
    case FC_E_ROOT:
    case FC_E_COUNTER:
        return FC_EXIT_REFUSED;
    case FC_E_LOCKED:
    case FC_E_AGAIN:
    case FC_E_CLOSED:
        return FC_EXIT_BUSY;
    case FC_E_NOMEM:
    case FC_E_FULL:
    case FC_E_IO:
    case FC_E_CORRUPT:
    case FC_E_VERSION:
    case FC_E_MAP_FULL:
    case FC_E_PASSPHRASE:
    case FC_E_PERMISSION:
    case FC_E_NO_KEY:
        return FC_EXIT_FAILED;
    }
    return FC_EXIT_FAILED;
}

__attribute__((format(printf, 2, 0))) static void say(const struct fc_cli *cli, const char *format,
                                                      va_list args)
{
    fprintf(stderr, "fedcat %s: ", cli->command->name);
    vfprintf(stderr, format, args);
}

void fc_cli_warn(const struct fc_cli *cli, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(cli, format, args);
    va_end(args);
    fputc('\n', stderr);
}

/* What helps, where the error alone tells. */
static const char *remedy(enum fc_err err)
{
    if (err == FC_E_COUNTER)
        return "; it might sign what was signed before: replace it with fedcat recover";
    return err == FC_E_LOCKED ? "; another fedcat holds it" : "";
}

enum fc_exit fc_cli_fail(struct fc_cli *cli, enum fc_err err, const char *format, ...)
{
    int saved = errno;
    va_list args;
    va_start(args, format);
    say(cli, format, args);
    va_end(args);
    if (err == FC_E_IO && saved != 0) {
        fprintf(stderr, ": %s: %s\n", fc_err_text(err), strerror(saved));
    } else {
        fprintf(stderr, ": %s%s\n", fc_err_text(err), remedy(err));
    }
    cli->status = fc_cli_exit(err);
    if (cli->status == FC_EXIT_OK) {
        cli->status = FC_EXIT_FAILED; /* what is there already may be no fault elsewhere */
    }
    return cli->status;
}

void fc_cli_note(const struct fc_cli *cli, const char *format, ...)
{
    if (cli->quiet || cli->json) {
        return;
    }
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}
