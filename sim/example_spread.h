/* The example of docs/simulating-own-protocols.md: infect and die. Who hears of something for the
 * first time pushes it to `fanout` of its links, chosen at random, and never again. */
#ifndef FC_SIM_EXAMPLE_SPREAD_H
#define FC_SIM_EXAMPLE_SPREAD_H

#include "net/spread.h"

enum { FC_EXAMPLE_FANOUT = 4 };
extern const struct fc_spread_ops fc_spread_example;

#endif
