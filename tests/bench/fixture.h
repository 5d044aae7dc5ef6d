/* A federation of one participant and replicas on disk, for benchmarks inside one process. */
#ifndef FC_BENCH_FIXTURE_H
#define FC_BENCH_FIXTURE_H

#include "store/replica.h"
#include "tests/support/keys.h"

struct fixture {
    char folder[64];
    struct fc_test_federation fed;
    struct fc_test_party party;
    /* What is published, by number; offers.h if not said otherwise. */
    void (*key)(uint64_t number, struct fc_buf *out);
    void (*write)(uint64_t number, uint32_t revision, struct fc_buf *out);
};
void fixture_init(struct fixture *fixture, const char *label);
void fixture_finish(struct fixture *fixture); /* removes the folder */
void fixture_path(const struct fixture *fixture, const char *name, char path[128]);
/* A new replica on disk that holds the charter and the certificate. */
struct fc_replica *fixture_open(const struct fixture *fixture, const char *name);
/* The same with a search index. */
struct fc_replica *fixture_open_index(const struct fixture *fixture, const char *name);

/* A delta as it travels. */
struct made {
    struct fc_buf bytes;
    struct fc_content *contents;
    struct fc_buf *frames;
    uint32_t count;
};
void made_finish(struct made *made);
/* Publishes offers from..from+count-1 in one delta; keeps a copy in `made` unless it is NULL. */
void fixture_publish(struct fixture *fixture, struct fc_replica *replica, uint64_t from,
                     uint32_t count, uint32_t revision, struct made *made);

#endif
