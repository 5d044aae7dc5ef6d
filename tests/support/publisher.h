/* A participant that publishes numbered deltas on a replica on disk: delta n follows from n, so
 * that a replica which holds the first n can be told from one that holds anything else. */
#ifndef FC_TESTS_SUPPORT_PUBLISHER_H
#define FC_TESTS_SUPPORT_PUBLISHER_H

#include "store/replica.h"
#include "tests/support/keys.h"

struct publisher {
    struct fc_test_federation fed;
    struct fc_test_party party;
};
void publisher_init(struct publisher *publisher);
void publisher_finish(struct publisher *publisher);
/* Makes the replica at dir/store, with the participant admitted, when it is not there. */
enum fc_err publisher_open(const struct publisher *publisher, const char *dir,
                           struct fc_replica **replica);
/* Puts a few entries, replaces and deletes others, in one transaction. */
enum fc_err publisher_publish(const struct publisher *publisher, struct fc_replica *replica,
                              uint64_t number);
/* Whether all is sound and the entries are those that the first `*last` deltas leave, for the
 * replica's own last one. */
bool publisher_holds(const struct publisher *publisher, struct fc_replica *replica, uint64_t *last);

#endif
