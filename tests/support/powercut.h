/* What a power cut may leave: a recorded run of writes and syncs, cut anywhere.
 *
 * What was synced is there. Of what was not, any part may be: any subset of the writes, and of a
 * write any of its sectors. Names that changed since their directory was synced may be the old or
 * the new ones. */
#ifndef FC_TESTS_POWERCUT_H
#define FC_TESTS_POWERCUT_H

#include "tests/support/iolog.h"

enum powercut_kept {
    POWERCUT_NONE,
    POWERCUT_ALL,
    POWERCUT_FIRST_HALF,
    POWERCUT_LAST_HALF,
    POWERCUT_SOME,         /* each write or none of it */
    POWERCUT_SOME_PAGES,   /* torn: each 4096 bytes of a write or not */
    POWERCUT_SOME_SECTORS, /* torn: each 512 bytes of a write or not */
    POWERCUT_KEPT_COUNT,
};

struct powercut {
    size_t cut; /* the events that were begun before it; the last of them may not have ended */
    enum powercut_kept kept;
    uint64_t seed;
    bool syncs_are_lies; /* as a disk that does not keep its word: to see that a test can fail */
};

/* Fills the empty directory `dir` with what the cut leaves. */
void powercut_replay(const struct iolog *log, const struct powercut *cut, const char *dir);
/* The number last marked before the cut, 0 when none. */
uint64_t powercut_acknowledged(const struct iolog *log, size_t cut);

#endif
