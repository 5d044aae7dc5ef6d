/* Comma-separated values as RFC 4180 has them, with LF at line ends: a header first, quotes where a
 * field needs them. No field has control characters in it: the writer puts spaces in their place,
 * so a row is a line. */
#ifndef FC_SIM_CSV_H
#define FC_SIM_CSV_H

#include "store/bytes.h"

/* Appends a field; fc_csv_end ends the row. */
void fc_csv_text(struct fc_buf *out, const char *text);
void fc_csv_span(struct fc_buf *out, struct fc_span text);
void fc_csv_uint(struct fc_buf *out, uint64_t value);
void fc_csv_real(struct fc_buf *out, double value, unsigned decimals); /* NAN: empty */
void fc_csv_micro(struct fc_buf *out, int64_t millionths); /* with a point and six decimals */
void fc_csv_end(struct fc_buf *out);

enum { FC_CSV_COLUMNS_MAX = 128, FC_CSV_LINE_MAX = 64 * 1024 };
struct fc_csv { /* reads; init with the whole text */
    struct fc_span rest;
    uint32_t line; /* of the row that was read last, from 1 */
    uint32_t count;
    struct fc_span fields[FC_CSV_COLUMNS_MAX]; /* borrowed from the text or from `room` */
    char room[FC_CSV_LINE_MAX];                /* fields that had quotes */
};
void fc_csv_init(struct fc_csv *csv, struct fc_span text);
/* The next row. FC_E_MISSING at the end, FC_E_FORMAT (a quote out of place), FC_E_BOUND. */
FC_MUST_USE enum fc_err fc_csv_next(struct fc_csv *csv);

#endif
