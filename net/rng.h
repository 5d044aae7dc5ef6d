/* A seeded generator (xoshiro256**, Blackman and Vigna): jitter and choices, never secrets. */
#ifndef FC_NET_RNG_H
#define FC_NET_RNG_H

#include <stdint.h>

struct fc_rng {
    uint64_t s[4];
};
void fc_rng_init(struct fc_rng *rng, const uint8_t seed[32]);
uint64_t fc_rng_next(struct fc_rng *rng);
/* Even over 0..below-1; 0 when `below` is 0. */
uint64_t fc_rng_below(struct fc_rng *rng, uint64_t below);
/* Even over value-value/4 .. value+value/4. */
uint64_t fc_rng_jitter(struct fc_rng *rng, uint64_t value);

#endif
