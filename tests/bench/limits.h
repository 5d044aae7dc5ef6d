/* What the libraries do when nothing else is asked of them: the limits figures are held against. */
#ifndef FC_BENCH_LIMITS_H
#define FC_BENCH_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* Ed25519 verifications per second in bare loops, one on each of `threads`. */
double limit_verify_per_s(unsigned threads);

/* Rows per second put into a bare LMDB environment in `path`, `batch` to a synced transaction:
 * `count` rows under random 36-byte keys, sizes cycling through `sizes`. */
double limit_lmdb_puts_per_s(const char *path, uint32_t count, uint32_t batch, const size_t *sizes,
                             size_t size_count);

struct limit_copy {
    double wall_s;
    double wire_mb;       /* all bytes of the loopback device meanwhile */
    double round_trip_ms; /* median of small messages there and back */
};
/* Sends `bytes` in 64 KiB messages over one CURVE socket to another process. */
struct limit_copy limit_curve_copy(uint64_t bytes);

/* Bytes sent so far on the loopback device of this network namespace. */
uint64_t loopback_bytes(void);

#endif
