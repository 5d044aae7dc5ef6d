/* A node's home in a scratch directory: keys with their counters, a replica, and the service over
 * it. The operator is a deterministic participant, admitted. */
#ifndef FC_TESTS_SUPPORT_HOME_H
#define FC_TESTS_SUPPORT_HOME_H

#include "node/client.h"
#include "tests/support/keys.h"

struct fc_test_home {
    char *dir;
    struct fc_home home;
    bool on_disk; /* the replica is LMDB in home/store */
    struct fc_test_federation fed;
    struct fc_test_party party;
    struct fc_replica *replica;
    struct fc_service service;
    uint64_t now_ms; /* one second later with every call */
    struct fc_buf response;
};
void fc_test_home_init(struct fc_test_home *home, bool on_disk);
void fc_test_home_finish(struct fc_test_home *home);
/* Opens the replica (again) over what is in the directory. */
enum fc_err fc_test_home_open(struct fc_test_home *home);
void fc_test_home_close(struct fc_test_home *home);
/* The party's feed key in keys/feed-operator.key, with its counter; its path on the heap. */
char *fc_test_home_key(struct fc_test_home *home);

/* One request; the answer's code. `body` is valid until the next. Takes the arguments' memory. */
enum fc_err fc_test_home_call(struct fc_test_home *home, enum fc_verb verb,
                              struct fc_buf *arguments, struct fc_unpack *body);
/* AUTHOR or PREPARE with one put (content not NULL) or delete; NULL key: a heartbeat. */
enum fc_err fc_test_home_author(struct fc_test_home *home, enum fc_verb verb, const char *key,
                                const char *content, struct fc_unpack *body);

#endif
