/* The report: one HTML file that needs nothing else, with the figures and plots of a run, or of the
 * runs of a sweep. */
#ifndef FC_SIM_REPORT_H
#define FC_SIM_REPORT_H

#include "store/bytes.h"

/* `paths`: one directory that fc_results_write wrote, or files of JSON lines that are joined. `out`
 * "-" is standard output. On failure one line for people in `error`. */
struct fc_report_error {
    char text[512];
};
FC_MUST_USE enum fc_err fc_report_write(const char *const *paths, uint32_t count, const char *out,
                                        struct fc_report_error *error);

#endif
