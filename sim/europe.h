/* The European map: countries and cities, as facts for placing nodes.
 *
 * People of the EU's countries on 1 January 2024, in thousands, as Eurostat released it on 11 July
 * 2024; of Iceland, Liechtenstein, Norway and Switzerland from the same table, of the United
 * Kingdom the mid-2023 estimate of its Office for National Statistics. Cities weigh as the people
 * of their metropolitan regions in round ten thousands: a share within the country, nothing more.
 */
#ifndef FC_SIM_EUROPE_H
#define FC_SIM_EUROPE_H

#include <stdint.h>

struct fc_country {
    char code[4]; /* ISO 3166-1 */
    const char *name;
    uint32_t people_thousand;
};
struct fc_city {
    char country[4];
    const char *name;                  /* lower case ASCII; unique */
    int32_t latitude_e4, longitude_e4; /* degrees times 10^4 */
    uint32_t weight;
};
enum { FC_EUROPE_COUNTRIES = 32, FC_EUROPE_CITIES = 130 };
extern const struct fc_country fc_europe_countries[FC_EUROPE_COUNTRIES]; /* by code */
/* Grouped in the countries' order; in a country the heaviest first. */
extern const struct fc_city fc_europe_cities[FC_EUROPE_CITIES];

/* Shares out `seats` in proportion to the weights by largest remainder; the earlier wins a tie.
 * All zero weights: the first gets everything. Products stay below 2^64. */
void fc_apportion(uint32_t seats, const uint32_t *weights, uint32_t count, uint32_t *shares);

#endif
