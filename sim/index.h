/* Numbers of nodes by their keys or participants: 32 bytes each, which hashing has spread. */
#ifndef FC_SIM_INDEX_H
#define FC_SIM_INDEX_H

#include "store/bytes.h"

enum { FC_INDEX_NONE = 0xffffffff };

struct fc_index_slot {
    uint64_t prefix; /* the first eight bytes tell keys apart */
    uint32_t value;
    bool used;
};
struct fc_index { /* all zero is empty */
    struct fc_index_slot *slots;
    uint64_t count, cap;
};
/* Running out of memory, or a key that is there, ends the program. */
void fc_index_put(struct fc_index *index, const uint8_t key[32], uint32_t value);
/* FC_INDEX_NONE when it is not there. */
uint32_t fc_index_get(const struct fc_index *index, const uint8_t key[32]);
void fc_index_finish(struct fc_index *index);

#endif
