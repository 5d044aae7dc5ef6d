/* Numbers with units, as people write them and as the simulator counts: 20 ms, 4 KB, 0.5 %,
 * 10/min, 100 Mbit/s. Every value is a whole number of its unit; what is finer is refused, and what
 * is written reads back as the same number. */
#ifndef FC_SIM_QUANTITY_H
#define FC_SIM_QUANTITY_H

#include "store/bytes.h"

enum fc_quantity_kind {
    FC_QUANTITY_COUNT,     /* 1000 */
    FC_QUANTITY_DURATION,  /* microseconds: 250 us, 20 ms, 10 s, 5 min, 1 h, 2 d */
    FC_QUANTITY_OFFSET,    /* milliseconds with a sign, as an int64_t: -5 s, 250 ms */
    FC_QUANTITY_SIZE,      /* bytes: 512, 4 KB (4000), 1 MiB (1048576) */
    FC_QUANTITY_SHARE,     /* parts per million: 20 %, 0.2 */
    FC_QUANTITY_RATIO,     /* millionths: 1.15 */
    FC_QUANTITY_FACTOR,    /* thousandths: 2.5 */
    FC_QUANTITY_RATE,      /* events an hour: 10/s, 1/min, 5/h */
    FC_QUANTITY_TURNOVER,  /* parts per million an hour: 20 %/h */
    FC_QUANTITY_BANDWIDTH, /* bits a second: 64 kbit/s, 100 Mbit/s */
    FC_QUANTITY_KINDS
};

const char *fc_quantity_name(enum fc_quantity_kind kind); /* "share" */
/* What a kind is and how it is written: "a share: 20 % or 0.2". */
const char *fc_quantity_form(enum fc_quantity_kind kind);

/* FC_E_FORMAT: not of this kind; FC_E_BOUND: does not fit, or finer than the unit. `fault` then
 * says what is wrong and what to write. Blanks around the number and its unit do not matter. */
struct fc_quantity_fault {
    char text[200];
};
FC_MUST_USE enum fc_err fc_quantity_parse(enum fc_quantity_kind kind, const char *text,
                                          uint64_t *value, struct fc_quantity_fault *fault);

/* In the largest unit that keeps it whole, for people and for reading back. */
enum { FC_QUANTITY_TEXT_MAX = 48 };
void fc_quantity_write(enum fc_quantity_kind kind, uint64_t value, char out[FC_QUANTITY_TEXT_MAX]);

#endif
