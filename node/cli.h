/* The command line: one table of subcommands, and what they share.
 *
 * A command lives in node/cmd_<name>.c, defines one `const struct fc_command`, and is listed in
 * node/commands.c. It parses its options with fc_cli_parse, does its work, and returns an exit
 * status. Output goes to standard output, everything else to standard error. */
#ifndef FC_NODE_CLI_H
#define FC_NODE_CLI_H

#include <argp.h>
#include <stdio.h>

#include "node/home.h"
#include "node/json.h"
#include "store/crypto.h"
#include "store/record.h"

enum fc_exit {
    FC_EXIT_OK = 0,
    FC_EXIT_FAILED = 1,  /* input, output, damage, memory */
    FC_EXIT_USAGE = 2,   /* the command line, a configuration or an input file is wrong */
    FC_EXIT_PARTLY = 3,  /* some went through, some did not; the ones that did not are listed */
    FC_EXIT_MISSING = 4, /* what was asked for is not there */
    FC_EXIT_REFUSED = 5, /* against the federation's rules: signature, quorum, quota, contested */
    FC_EXIT_BUSY = 6,    /* in use by another process, or not running */
};
/* The status for an error. */
enum fc_exit fc_cli_exit(enum fc_err err);

struct fc_cli {
    const struct fc_command *command;
    struct fc_home home;
    bool json, quiet;
    bool colour;                 /* standard output is a terminal and NO_COLOR is not set */
    const char *passphrase_file; /* option, else FEDCAT_PASSPHRASE_FILE, else NULL */
    enum fc_exit status;         /* what fc_cli_fail last returned */
};

struct fc_command {
    const char *name;                  /* "publish", "charter sign" */
    const char *family;                /* "life", "catalogue" or "governance" */
    const char *args;                  /* "FILE|DIR...", or NULL */
    const char *summary;               /* one line, no full stop */
    const char *help;                  /* more, after the options; or NULL */
    const char *example;               /* shown by --help */
    const struct argp_option *options; /* of its own; or NULL */
    /* Takes one option or argument as argp's parsers do; NULL when it takes none. `state->input` is
     * what was given to fc_cli_parse. ARGP_KEY_NO_ARGS and ARGP_KEY_ARG as usual. */
    error_t (*parse)(int key, char *arg, struct argp_state *state);
    enum fc_exit (*run)(struct fc_cli *cli, int argc, char **argv);
};

/* Ends with NULL; in the order --help shows them. */
extern const struct fc_command *const fc_commands[];

/* main() of the program. */
int fc_cli_main(int argc, char **argv);

/* Parses the command's own and the common options (--home, --json, --quiet, --passphrase-file).
 * Usage faults and --help end the process, as argp does. FC_EXIT_OK, else the status to return. */
FC_MUST_USE enum fc_exit fc_cli_parse(struct fc_cli *cli, int argc, char **argv, void *input);

/* For parsers: takes an argument into the place that is its turn; ARGP_ERR_UNKNOWN when `count`
 * were there before it. */
error_t fc_cli_argument(const struct argp_state *state, const char *arg, const char **const *places,
                        unsigned count);
/* Whether a word is one of a list that ends with NULL; no word is none of them. */
bool fc_cli_is_one_of(const char *word, const char *const *words);

/* For the manual page: options every command takes, and what exit statuses mean. */
const struct argp_option *fc_cli_common_options(void);
const char *fc_cli_exit_text(void);

/* "fedcat publish: <message>" on standard error. */
void fc_cli_warn(const struct fc_cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same with ": <what the error means>"; returns the exit status for it. errno is told for
 * FC_E_IO. */
enum fc_exit fc_cli_fail(struct fc_cli *cli, enum fc_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A word for people unless --quiet or --json; on standard error. */
void fc_cli_note(const struct fc_cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Colours, empty where there is no terminal: FC_CLI_BOLD(cli) "..." FC_CLI_PLAIN(cli). */
const char *fc_cli_bold(const struct fc_cli *cli);
const char *fc_cli_red(const struct fc_cli *cli);
const char *fc_cli_green(const struct fc_cli *cli);
const char *fc_cli_dim(const struct fc_cli *cli);
const char *fc_cli_plain(const struct fc_cli *cli);

/* Text from a record or a peer, for a terminal: control characters and broken UTF-8 become '?'.
 * What turns the direction of text is left out. Up to `columns` characters, padded to them when
 * `pad`; what is cut ends in an ellipsis, from four columns on. */
void fc_cli_put(FILE *out, struct fc_span text, unsigned columns, bool pad);
/* Prints a JSON value and destroys it; FC_EXIT_OK or the status of a failure. Indented on a
 * terminal, else one line. */
enum fc_exit fc_cli_print_json(struct fc_cli *cli, struct fc_json *json);

/* 64 hexadecimal digits. FC_E_FORMAT. */
FC_MUST_USE enum fc_err fc_cli_hash(const char *text, struct fc_hash *hash);
FC_MUST_USE enum fc_err fc_cli_key(const char *text, struct fc_key *key);
/* A whole decimal number. FC_E_FORMAT, FC_E_BOUND. */
FC_MUST_USE enum fc_err fc_cli_uint(const char *text, uint64_t max, uint64_t *out);
/* "90d", "12h", "30min", "10s" or plain milliseconds. FC_E_FORMAT. */
FC_MUST_USE enum fc_err fc_cli_duration(const char *text, uint64_t *out_ms);
/* "2026-03-01", "2026-03-01T12:00:00Z" to Unix milliseconds. FC_E_FORMAT. */
FC_MUST_USE enum fc_err fc_cli_time(const char *text, uint64_t *out_ms);
/* A feed's version for people: "1.42", incarnation and seq. Returns `out`. */
enum { FC_CLI_VERSION_BYTES = 32 };
char *fc_cli_version(fc_version version, char out[FC_CLI_VERSION_BYTES]);

/* A line on standard error that counts up, once two seconds have passed and only on a terminal. */
struct fc_progress {
    const struct fc_cli *cli;
    const char *what;
    uint64_t started_us, shown_us;
    bool shown;
};
void fc_progress_start(struct fc_progress *progress, const struct fc_cli *cli, const char *what);
void fc_progress_show(struct fc_progress *progress, uint64_t done, uint64_t total); /* 0: unknown */
void fc_progress_end(struct fc_progress *progress);

#endif
