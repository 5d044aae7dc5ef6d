/* Golden traces: what happens between nodes, line by line, compared with what is committed in
 * tests/golden. With FEDCAT_GOLDEN_WRITE=1 in the environment they are written anew. */
#ifndef FC_TESTS_SUPPORT_STORY_H
#define FC_TESTS_SUPPORT_STORY_H

#include "sim/world.h"

struct fc_story {
    struct fc_world *world;
    struct fc_buf text;
    struct fc_world_config config;
    /* For whoever lies in this story. */
    uint32_t liar;
    struct fc_buf false_head;
};
/* A world whose trace is kept. Aborts on failure. */
void fc_story_begin(struct fc_story *story, uint64_t seed);
/* Compares with tests/golden/<name>.trace and prints the first line that differs. True when all is
 * as it was. Ends the story. */
bool fc_story_end(struct fc_story *story, const char *name);

/* Nodes named here, all admitted at the first and joined through it; all in sync after. */
void fc_story_federation(struct fc_story *story, const char *const *names, uint32_t count);

#endif
