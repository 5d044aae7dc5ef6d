/* Figures as people read them: three digits that count, in the unit that suits. The report page
 * says them alike. */
#ifndef FC_SIM_WORDING_H
#define FC_SIM_WORDING_H

#include "sim/summary.h"

enum { FC_WORDING_MAX = 48 };
/* `unit` as a measure has it: "us" and "s" (times), "B", "share" (of 1, in percent), "" (a count),
 * else a plain number. NAN is "none". */
void fc_wording_value(const char *unit, double value, char out[FC_WORDING_MAX]);
/* What was measured of an expectation; where there is nothing, why: "nothing was published". */
void fc_wording_expect(const struct fc_summary *summary, const struct fc_summary_expect *expect,
                       char out[FC_WORDING_MAX]);

#endif
