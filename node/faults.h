/* What went wrong with single documents, kept for the end, where a person looks. */
#ifndef FC_NODE_FAULTS_H
#define FC_NODE_FAULTS_H

#include "node/cli.h"

struct fc_fault {
    char *place, *text;
};
struct fc_faults { /* all zero is empty */
    struct fc_fault *list;
    size_t count, cap;
};
/* Copies both; without memory for it, it is said at once. */
void fc_faults_keep(struct fc_faults *faults, const struct fc_cli *cli, const char *place,
                    const char *text);
void fc_faults_finish(struct fc_faults *faults);
/* A line each on standard error. */
void fc_faults_print(const struct fc_faults *faults);
/* "failed": a list of objects that call the place `place`. */
void fc_faults_json(struct fc_json *json, const struct fc_faults *faults, const char *place);

#endif
