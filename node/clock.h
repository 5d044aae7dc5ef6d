/* The machine's clocks, read here and handed down as numbers. */
#ifndef FC_NODE_CLOCK_H
#define FC_NODE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

uint64_t fc_clock_wall_ms(void); /* Unix time */
uint64_t fc_clock_mono_us(void); /* never goes back; since some start */

enum { FC_CLOCK_TEXT_BYTES = 32 };
/* "2026-03-01T12:00:00Z"; returns `out`. */
char *fc_clock_text(uint64_t wall_ms, char out[FC_CLOCK_TEXT_BYTES]);
/* "3 s", "12 min", "5 h", "2 d"; returns `out`. */
char *fc_clock_age(uint64_t age_ms, char out[FC_CLOCK_TEXT_BYTES]);

#endif
