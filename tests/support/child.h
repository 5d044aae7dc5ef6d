/* Work done in a process of its own. */
#ifndef FC_TESTS_CHILD_H
#define FC_TESTS_CHILD_H

#include <stdio.h>
#include <unistd.h>

enum { CHILD_OK = 0, CHILD_FAILED = 1, CHILD_SKIPPED = 77 };

/* In a child, where the test framework's assertions cannot be used. */
#define CHILD_CHECK(condition)                                                                     \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            _exit(CHILD_FAILED);                                                                   \
        }                                                                                          \
    } while (0)

/* Runs `work` in a child and returns what it returned, or CHILD_FAILED when it died. */
int child_run(int (*work)(void *context), void *context);

/* Calls in a child, before anything else: mounts an empty tmpfs of that size on `dir`, seen by this
 * process alone. False where that is not permitted. */
int child_mount_tmpfs(const char *dir, unsigned long bytes);

#endif
