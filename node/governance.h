/* What the commands of governors share: the ledger they judge by, keys to sign with, and files that
 * gather signatures on their way from hand to hand. */
#ifndef FC_NODE_GOVERNANCE_H
#define FC_NODE_GOVERNANCE_H

#include "node/cli.h"
#include "node/keyfile.h"
#include "node/record_file.h"

enum { FC_GOVERNANCE_KEYS_MAX = FC_GOVERNORS_MAX };

/* Options every such command takes; put FC_GOVERNANCE_OPTIONS into its table and call
 * fc_governance_parse from its parser. */
struct fc_governance_input {
    const char *keys[FC_GOVERNANCE_KEYS_MAX]; /* files, or names under keys/ */
    uint32_t key_count;
    const char *out;
    const char *records; /* a file of records to judge by, instead of this node's */
    bool submit;
};
enum { FC_OPTION_SUBMIT = 0x5001, FC_OPTION_RECORDS };
#define FC_GOVERNANCE_OPTIONS                                                                      \
    {"key", 'k', "KEY", 0, "Sign with this key: a file, or a name in keys/ (may be repeated)", 1}, \
        {"out", 'o', "FILE", 0, "Write the record there", 1},                                      \
        {"records",                                                                                \
         FC_OPTION_RECORDS,                                                                        \
         "FILE",                                                                                   \
         0,                                                                                        \
         "Judge by the records in FILE (charters first) instead of this node's",                   \
         1},                                                                                       \
    {                                                                                              \
        "submit", FC_OPTION_SUBMIT, NULL, 0, "Hand it to this node when it has enough signatures", \
            1                                                                                      \
    }
error_t fc_governance_parse(int key, char *arg, struct fc_governance_input *input);

/* A ledger filled from `records` (a file), or from this node, running or not. On failure the line
 * is printed and *ledger is NULL. */
enum fc_exit fc_governance_open(struct fc_cli *cli, const char *records, struct fc_ledger **ledger);
/* From a node that is already being asked. */
struct fc_client;
enum fc_exit fc_governance_from(struct fc_cli *cli, struct fc_client *client,
                                struct fc_ledger **ledger);
/* The same where none may be had: *ledger stays NULL then, which is no failure. */
void fc_governance_try(struct fc_cli *cli, const char *records, struct fc_ledger **ledger);

/* The charter in force, with a word when governance is halted; NULL with *status set and the reason
 * printed when there is none. */
const struct fc_held *fc_governance_charter(struct fc_cli *cli, const struct fc_ledger *ledger,
                                            enum fc_exit *status);
/* Says why a file of records could not be read. */
enum fc_exit fc_governance_unread(struct fc_cli *cli, enum fc_err err, const char *path);

/* Hands records to this node, one after the other; prints what is refused. */
enum fc_exit fc_governance_submit(struct fc_cli *cli, struct fc_span records);

/* Opens a signing key given as a file or a name. Prints a failure. Wipe it after use. */
enum fc_exit fc_governance_key(struct fc_cli *cli, const char *kind, const char *name,
                               struct fc_keyfile *key);

/* Signs `body` with the input's keys, writes the record (after `before`, whole records that go with
 * it, may be empty) to the input's file or `fallback`, says how many signatures it has of how many
 * it needs and what to do next, and hands it in if wished. */
enum fc_exit fc_governance_issue(struct fc_cli *cli, const struct fc_governance_input *input,
                                 const struct fc_ledger *ledger, enum fc_record_type type,
                                 struct fc_span body, struct fc_span before, const char *fallback);
/* Adds the input's signatures to the last charter, certificate, revocation or takedown in a file,
 * or the one of `type` when not 0; shows what it says first. */
enum fc_exit fc_governance_cosign(struct fc_cli *cli, const struct fc_governance_input *input,
                                  const char *path, enum fc_record_type type);

/* Says so when a charter in a file lacks signatures: FC_EXIT_REFUSED; else FC_EXIT_OK. */
enum fc_exit fc_governance_lacks(struct fc_cli *cli, const char *path,
                                 const struct fc_record *record, const struct fc_ledger *ledger);

/* A participant by id, a prefix of it of 4 digits or more, or legal name. Prints a failure. */
enum fc_exit fc_governance_participant(struct fc_cli *cli, const struct fc_ledger *ledger,
                                       const char *name, struct fc_participant *out);
/* "NAME,COUNTRY,KEY" with KEY 64 digits or a key file. The spans borrow from `text`. */
enum fc_exit fc_governance_governor(struct fc_cli *cli, char *text, struct fc_governor *out);
/* Each says in one line what is wrong, where something is. */
enum fc_exit fc_governance_text(struct fc_cli *cli, const char *what, const char *text);
enum fc_exit fc_governance_country(struct fc_cli *cli, const char *text);
/* Governors sorted by key, quorum and admit. */
enum fc_exit fc_governance_terms(struct fc_cli *cli, const struct fc_charter *charter);

#endif
