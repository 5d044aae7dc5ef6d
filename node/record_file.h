/* Files of records: what governors and operators pass around. Records as they are, back to back. */
#ifndef FC_NODE_RECORD_FILE_H
#define FC_NODE_RECORD_FILE_H

#include "node/json.h"
#include "store/ledger.h"

struct fc_record_file {
    struct fc_buf bytes;
    struct fc_record *records; /* point into bytes */
    size_t count;
};
enum { FC_RECORD_FILE_BYTES_MAX = 64 * 1024 * 1024 };

/* "-" is standard input. FC_E_MISSING, FC_E_FORMAT, FC_E_BOUND, FC_E_IO, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_record_file_read(const char *path, struct fc_record_file *file);
/* Finds the records in `bytes`, which are there already. */
FC_MUST_USE enum fc_err fc_record_file_split(struct fc_record_file *file);
void fc_record_file_finish(struct fc_record_file *file);
/* The last record of a type; NULL when there is none. */
const struct fc_record *fc_record_file_last(const struct fc_record_file *file,
                                            enum fc_record_type type);

/* What a record says, in lines for people: each of its fields and who signed. `ledger`, if not
 * NULL, puts governors' names beside their keys. */
void fc_record_print(const struct fc_record *record, const struct fc_ledger *ledger, FILE *out);
/* The same as one JSON object. */
void fc_record_json(struct fc_json *json, const char *key, const struct fc_record *record,
                    const struct fc_ledger *ledger);
/* A signer in a few words: a governor's or participant's name, else the key's first digits. */
void fc_record_signer(const struct fc_ledger *ledger, const struct fc_key *key, char *out,
                      size_t size);
/* One line: "certificate of Nimbus Cloud (FR)". Returns `out`. */
enum { FC_RECORD_LINE_BYTES = 200 };
char *fc_record_line(const struct fc_record *record, char out[FC_RECORD_LINE_BYTES]);

#endif
