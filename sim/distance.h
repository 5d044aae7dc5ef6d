/* Great circles in whole numbers only, so that every machine and compiler finds the same distance:
 * sine, cosine and arctangent are CORDIC (Volder 1959), good to a few centimetres on the Earth. */
#ifndef FC_SIM_DISTANCE_H
#define FC_SIM_DISTANCE_H

#include <stdint.h>

enum { FC_UDEG = 1000000 }; /* micro-degrees in a degree */

/* A point of the unit sphere, components times 2^30. */
struct fc_place {
    int32_t x, y, z;
};
/* Latitude within 90 degrees, longitude within 180, either way. */
struct fc_place fc_place_at(int32_t latitude_udeg, int32_t longitude_udeg);
/* On a sphere of the Earth's mean radius, 6371.009 km. Symmetric. */
uint32_t fc_distance_m(const struct fc_place *a, const struct fc_place *b);
/* The time light takes through that much fibre: two thirds of its speed in vacuum, a fibre longer
 * than the great circle by `inflation_permille` / 1000. Rounded to the nearest. */
uint32_t fc_fibre_us(uint32_t distance_m, uint32_t inflation_permille);

#endif
