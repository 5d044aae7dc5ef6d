/* Numbers of nodes by their keys or participants: 32 bytes each, which hashing has spread. */
#ifndef FC_SIM_NUMBERS_H
#define FC_SIM_NUMBERS_H

#include "store/bytes.h"

enum { FC_NUMBERS_NONE = 0xffffffff };

struct fc_numbers_slot {
    uint64_t prefix; /* the first eight bytes tell keys apart */
    uint32_t value;
    bool used;
};
struct fc_numbers { /* all zero is empty */
    struct fc_numbers_slot *slots;
    uint64_t count, cap;
};
/* Running out of memory, or a key that is there, ends the program. */
void fc_numbers_put(struct fc_numbers *index, const uint8_t key[32], uint32_t value);
/* FC_NUMBERS_NONE when it is not there. */
uint32_t fc_numbers_get(const struct fc_numbers *index, const uint8_t key[32]);
void fc_numbers_finish(struct fc_numbers *index);

#endif
