#include "node/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

uint64_t fc_clock_wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t fc_clock_mono_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

char *fc_clock_text(uint64_t wall_ms, char out[FC_CLOCK_TEXT_BYTES])
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc;
    /* Years past 9999 come only from nonsense in a record; they are shown as such. */
    if (wall_ms / 1000 > 253402300799u || !gmtime_r(&seconds, &utc) ||
        strftime(out, FC_CLOCK_TEXT_BYTES, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0) {
        snprintf(out, FC_CLOCK_TEXT_BYTES, "@%" PRIu64, wall_ms);
    }
    return out;
}

char *fc_clock_age(uint64_t age_ms, char out[FC_CLOCK_TEXT_BYTES])
{
    static const struct {
        uint64_t ms;
        const char *unit;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (age_ms >= 2 * units[i].ms) {
            snprintf(out, FC_CLOCK_TEXT_BYTES, "%" PRIu64 " %s", age_ms / units[i].ms,
                     units[i].unit);
            return out;
        }
    }
    snprintf(out, FC_CLOCK_TEXT_BYTES, "%.1f s", (double)age_ms / 1000);
    return out;
}
