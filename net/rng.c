#include "net/rng.h"

/* splitmix64 between the seed and the state, so that a seed of zeros is as good as any. */
static uint64_t mix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

void fc_rng_init(struct fc_rng *rng, const uint8_t seed[32])
{
    uint64_t state = 0;
    for (int i = 0; i < 4; i++) {
        uint64_t word = 0;
        for (int j = 0; j < 8; j++)
            word = word << 8 | seed[8 * i + j];
        state ^= word;
        rng->s[i] = mix(&state);
    }
}

static uint64_t rotate(uint64_t value, int by)
{
    return value << by | value >> (64 - by);
}

uint64_t fc_rng_next(struct fc_rng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t fc_rng_below(struct fc_rng *rng, uint64_t below)
{
    if (below == 0)
        return 0;
    uint64_t threshold = -below % below;
    uint64_t value;
    do
        value = fc_rng_next(rng);
    while (value < threshold);
    return value % below;
}

uint64_t fc_rng_jitter(struct fc_rng *rng, uint64_t value)
{
    return value - value / 4 + fc_rng_below(rng, value / 2 + 1);
}
