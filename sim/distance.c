#include "sim/distance.h"

/* Angles are in 10^-9 degrees, lengths of CORDIC's vectors times 2^40. */
#define DEGREE ((int64_t)1000000000)
enum { STEPS = 37, ONE_BITS = 30, CORDIC_BITS = 40 };

/* arctan(2^-i) */
static const int64_t steps[STEPS] = {
    45000000000, 26565051177, 14036243468, 7125016349, 3576334375, 1789910608, 895173710, 447614171,
    223810500,   111905677,   55952892,    27976453,   13988227,   6994114,    3497057,   1748528,
    874264,      437132,      218566,      109283,     54642,      27321,      13660,     6830,
    3415,        1708,        854,         427,        213,        107,        53,        27,
    13,          7,           3,           2,          1,
};
static const int64_t shrink = 667681663043; /* the product of cos(steps[i]), times 2^40 */

/* value / 2^by towards minus infinity, without shifting a negative number. */
static int64_t halve(int64_t value, int by)
{
    return value >= 0 ? value >> by : ~(~value >> by);
}

static int32_t to_one(int64_t value)
{
    return (int32_t)halve(value + ((int64_t)1 << (CORDIC_BITS - ONE_BITS - 1)),
                          CORDIC_BITS - ONE_BITS);
}

/* Of an angle within 90 degrees. */
static void cosine_sine(int64_t angle, int32_t *cosine, int32_t *sine)
{
    int64_t x = shrink, y = 0;
    for (int i = 0; i < STEPS; i++) {
        int64_t dx = halve(y, i), dy = halve(x, i);
        if (angle >= 0) {
            x -= dx;
            y += dy;
            angle -= steps[i];
        } else {
            x += dx;
            y -= dy;
            angle += steps[i];
        }
    }
    *cosine = to_one(x);
    *sine = to_one(y);
}

/* Of (x, y) with both at least 0 and below 2^31. */
static int64_t angle_of(int64_t x, int64_t y)
{
    int64_t angle = 0;
    x <<= CORDIC_BITS - ONE_BITS;
    y <<= CORDIC_BITS - ONE_BITS;
    for (int i = 0; i < STEPS; i++) {
        int64_t dx = halve(y, i), dy = halve(x, i);
        if (y > 0) {
            x += dx;
            y -= dy;
            angle += steps[i];
        } else {
            x -= dx;
            y += dy;
            angle -= steps[i];
        }
    }
    return angle > 0 ? angle : 0;
}

static int64_t root_of(uint64_t value)
{
    uint64_t root = 0;
    for (uint64_t bit = (uint64_t)1 << 62; bit; bit >>= 2) {
        if (value >= root + bit) {
            value -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return (int64_t)root;
}

static int64_t product(int32_t a, int32_t b)
{
    return (int64_t)a * b;
}

struct fc_place fc_place_at(int32_t latitude_udeg, int32_t longitude_udeg)
{
    int64_t latitude = latitude_udeg * (DEGREE / FC_UDEG);
    int64_t longitude = longitude_udeg * (DEGREE / FC_UDEG);
    int32_t upright, height, east, north;
    int32_t sign = 1;
    if (longitude > 90 * DEGREE || longitude < -90 * DEGREE) { /* the far side, turned over */
        longitude += longitude > 0 ? -180 * DEGREE : 180 * DEGREE;
        sign = -1;
    }
    cosine_sine(latitude, &upright, &height);
    cosine_sine(longitude, &east, &north);
    return (struct fc_place){sign * (int32_t)halve(product(upright, east), ONE_BITS),
                             sign * (int32_t)halve(product(upright, north), ONE_BITS), height};
}

/* The angle between two directions from their dot and cross product: good for near places, where
 * an arccosine would not be. */
uint32_t fc_distance_m(const struct fc_place *a, const struct fc_place *b)
{
    if (a->x == b->x && a->y == b->y && a->z == b->z)
        return 0;
    int64_t dot = halve(product(a->x, b->x) + product(a->y, b->y) + product(a->z, b->z), ONE_BITS);
    int64_t x = product(a->y, b->z) - product(a->z, b->y);
    int64_t y = product(a->z, b->x) - product(a->x, b->z);
    int64_t z = product(a->x, b->y) - product(a->y, b->x);
    /* Of the sizes: the same both ways. */
    uint64_t sum = 0;
    const int64_t cross[3] = {x, y, z};
    for (int i = 0; i < 3; i++) {
        uint64_t size = (uint64_t)(cross[i] < 0 ? -cross[i] : cross[i]) >> ONE_BITS;
        sum += size * size;
    }
    int64_t angle = angle_of(dot < 0 ? -dot : dot, root_of(sum));
    if (dot < 0)
        angle = 180 * DEGREE - angle;
    return (uint32_t)((angle * 111195 + DEGREE / 2) / DEGREE); /* 111,195 m in a degree */
}

uint32_t fc_fibre_us(uint32_t distance_m, uint32_t inflation_permille)
{
    const uint64_t metres_per_second = 299792458ull * 2 / 3;
    uint64_t length_mm = (uint64_t)distance_m * inflation_permille;
    return (uint32_t)((length_mm * 1000 + metres_per_second / 2) / metres_per_second);
}
