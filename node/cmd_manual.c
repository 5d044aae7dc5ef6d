#include <stdlib.h>
#include <string.h>

#include "node/commands.h"

/* `manual` and `completion`: the manual page and the shell's completion, from the table of
 * commands, so that they cannot say anything else than --help. */

static void roff(const char *text)
{
    for (bool start = true; *text; text++) {
        if (start && (*text == '.' || *text == '\''))
            fputs("\\&", stdout);
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
        start = *text == '\n';
    }
}

static void print_option(const struct argp_option *option)
{
    if (!option->name || (option->flags & OPTION_HIDDEN))
        return;
    fputs(".TP\n", stdout);
    if (option->key > 32 && option->key < 127)
        printf("\\fB\\-%c\\fR, ", option->key);
    fputs("\\fB\\-\\-", stdout);
    roff(option->name);
    fputs("\\fR", stdout);
    if (option->arg) {
        fputs(" \\fI", stdout);
        roff(option->arg);
        fputs("\\fR", stdout);
    }
    putchar('\n');
    roff(option->doc ? option->doc : "");
    putchar('\n');
}

static void print_command(const struct fc_command *command)
{
    fputs(".SS \"fedcat ", stdout);
    roff(command->name);
    if (command->args) {
        putchar(' ');
        roff(command->args);
    }
    fputs("\"\n", stdout);
    roff(command->summary);
    fputs(".\n", stdout);
    if (command->help) {
        roff(command->help);
        putchar('\n');
    }
    for (const struct argp_option *option = command->options;
         option && (option->name || option->doc || option->key); option++)
        print_option(option);
    fputs(".PP\nExample:\n.RS\n.nf\n", stdout);
    roff(command->example);
    fputs("\n.fi\n.RE\n", stdout);
}

static void print_family(const char *family, const char *title)
{
    printf(".SH %s\n", title);
    for (const struct fc_command *const *at = fc_commands; *at; at++)
        if (strcmp((*at)->family, family) == 0)
            print_command(*at);
}

static enum fc_exit manual(struct fc_cli *cli, int argc, char **argv)
{
    enum fc_exit status = fc_cli_parse(cli, argc, argv, NULL);
    if (status != FC_EXIT_OK)
        return status;
    puts(".TH FEDCAT 1 \"\" \"fedcat " FEDCAT_VERSION "\" \"User Commands\"\n"
         ".SH NAME\nfedcat \\- a peer of a federated catalogue without an operator\n"
         ".SH SYNOPSIS\n.B fedcat\n\\fICOMMAND\\fR [\\fIOPTION\\fR...] [\\fIARGUMENT\\fR...]\n"
         ".SH DESCRIPTION\n"
         "A node holds a complete replica of the catalogue, publishes the entries of the\n"
         "participants it hosts as signed deltas, gossips them to its peers, and answers from its\n"
         "own disk. Commands work whether the node runs or not.");
    print_family("life", "A NODE'S LIFE");
    print_family("catalogue", "THE CATALOGUE");
    print_family("governance", "GOVERNANCE");
    puts(".SH COMMON OPTIONS");
    for (const struct argp_option *option = fc_cli_common_options(); option->name || option->doc;
         option++)
        print_option(option);
    puts(".SH EXIT STATUS");
    roff(fc_cli_exit_text());
    puts("\n.SH FILES\n"
         ".TP\n.I ~/.local/share/fedcat\nA node's directory: its configuration, replica and keys.\n"
         ".TP\n.I /var/lib/fedcat\nThe same, of the system's node.\n"
         ".SH SEE ALSO\n.BR fedcat.yaml (5)");
    return FC_EXIT_OK;
}

const struct fc_command fc_command_manual = {
    .name = "manual",
    .family = "life",
    .summary = "Print the manual page",
    .help = "In the format of man(1); an installed package has it as fedcat(1).",
    .example = "fedcat manual | man -l -",
    .run = manual,
};

static void print_words(const struct argp_option *option)
{
    for (; option && (option->name || option->doc || option->key); option++)
        if (option->name && !(option->flags & OPTION_HIDDEN))
            printf(" --%s", option->name);
}

static enum fc_exit completion(struct fc_cli *cli, int argc, char **argv)
{
    enum fc_exit status = fc_cli_parse(cli, argc, argv, NULL);
    if (status != FC_EXIT_OK)
        return status;
    fputs("# bash completion for fedcat\n_fedcat() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} options=\"\"\n"
          "    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W \"",
          stdout);
    for (const struct fc_command *const *at = fc_commands; *at; at++)
        printf("%s%s", at == fc_commands ? "" : " ", (*at)->name);
    fputs("\" -- \"$word\"))\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n", stdout);
    for (const struct fc_command *const *at = fc_commands; *at; at++) {
        printf("    %s) options=\"", (*at)->name);
        print_words((*at)->options);
        puts("\" ;;");
    }
    fputs("    esac\n    options=\"$options", stdout);
    print_words(fc_cli_common_options());
    puts(" --help --usage\"\n"
         "    if [[ $word == -* ]]; then\n"
         "        COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
         "    else\n"
         "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
         "    fi\n}\ncomplete -o filenames -F _fedcat fedcat");
    return FC_EXIT_OK;
}

const struct fc_command fc_command_completion = {
    .name = "completion",
    .family = "life",
    .summary = "Print the completion for bash",
    .help = "An installed package has it where bash looks for it.",
    .example = "fedcat completion > ~/.local/share/bash-completion/completions/fedcat",
    .run = completion,
};
