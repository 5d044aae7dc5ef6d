/* Items, frames and nodes as a dishonest peer might send them for a feed that moved on: whatever
 * comes, the held feed is what its head says, and a load that ends well leads to the other head.
 *
 * The input is a mode and steps, each a kind, a length of two bytes and as many bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/replica_priv.h"
#include "tests/support/replica.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum step { ITEMS, FRAMES, NODES, ADD, WALK, FOLLOW, FINISH, STEPS };

struct scene {
    bool ready;
    struct fc_test_federation fed;
    struct fc_test_party acme;
    struct fc_test_node ahead, behind;
    struct fc_buf head_bytes;
    struct fc_record head;
    struct fc_hash ahead_root;
};

static void publish(struct scene *scene, unsigned from, unsigned to, const char *content)
{
    struct fc_test_batch batch = {0};
    char keys[64][24];
    for (unsigned i = from; i < to; i++) {
        snprintf(keys[i - from], sizeof keys[0], "urn:entry:%u", i);
        fc_test_batch_put(&batch, keys[i - from], content);
    }
    if (fc_test_publish(&scene->ahead, &scene->acme, &batch, NULL) != FC_OK)
        abort();
    fc_test_batch_finish(&batch);
}

static void prepare(struct scene *scene)
{
    struct fc_test_batch batch = {0};
    fc_test_federation_init(&scene->fed, "fuzz", 1);
    fc_test_party_init(&scene->acme, &scene->fed, "acme");
    fc_test_node_init(&scene->ahead, FC_TEST_MEMORY, &scene->fed, "ahead");
    fc_test_node_init(&scene->behind, FC_TEST_MEMORY, &scene->fed, "behind");
    fc_test_admit(&scene->ahead, &scene->fed, &scene->acme);
    fc_test_admit(&scene->behind, &scene->fed, &scene->acme);
    publish(scene, 0, 40, "{\"first\":true}");
    if (fc_test_pass_delta(&scene->ahead, &scene->behind, &scene->acme.id, true) != FC_OK)
        abort();
    publish(scene, 38, 44, "{\"second\":true}");
    fc_test_batch_delete(&batch, "urn:entry:7");
    if (fc_test_publish(&scene->ahead, &scene->acme, &batch, NULL) != FC_OK)
        abort();
    fc_test_batch_finish(&batch);
    scene->head = fc_test_head_of(&scene->ahead, &scene->acme.id, &scene->head_bytes);
    scene->ahead_root = fc_test_feed(&scene->ahead, &scene->acme.id).root;
    scene->ready = true;
}

/* The rows that are held hash to the root that is held. */
static void must_be_sound(struct scene *scene)
{
    struct fc_subtree root;
    struct fc_feed feed = fc_test_feed(&scene->behind, &scene->acme.id);
    if (fc_tree_compute(scene->behind.replica->txn, feed.generation, &root) != FC_OK ||
        !fc_hash_eq(&root.hash, &feed.root) || root.count != feed.entries)
        abort();
}

struct run {
    struct fc_load *load;
    struct fc_span parts[3]; /* items, frames, nodes */
};

static enum fc_err walk(struct run *run, struct fc_span bytes)
{
    struct fc_prefix next[16], prefix = {0};
    uint32_t count;
    prefix.depth = bytes.len > 0 ? bytes.data[0] % (FC_TREE_DEPTH_MAX + 1) : 0;
    for (uint8_t i = 0; i < prefix.depth && i / 2u + 1u < bytes.len; i++)
        prefix.bits.b[i / 2] |= bytes.data[1 + i / 2] & (i % 2 ? 0x0f : 0xf0);
    return fc_load_walk(run->load, &prefix, run->parts[NODES], run->parts[ITEMS],
                        run->parts[FRAMES], next, 16, &count);
}

/* False: the load has ended. */
static bool take(struct scene *scene, struct run *run, enum step step, struct fc_span bytes)
{
    enum fc_err err = FC_OK;
    switch (step) {
    case ITEMS:
    case FRAMES:
    case NODES:
        run->parts[step] = bytes;
        break;
    case ADD:
        err = fc_load_add(run->load, run->parts[ITEMS], run->parts[FRAMES]);
        break;
    case WALK:
        err = walk(run, bytes);
        break;
    case FOLLOW:
        err = fc_load_follow(run->load);
        break;
    case FINISH:
        err = fc_load_finish(run->load, &scene->head, FC_TEST_NOW_MS);
        if (err == FC_OK) {
            struct fc_feed feed = fc_test_feed(&scene->behind, &scene->acme.id);
            if (!fc_hash_eq(&feed.root, &scene->ahead_root))
                abort();
            run->load = NULL;
        }
        must_be_sound(scene);
        break;
    case STEPS:
        break;
    }
    if (err == FC_E_CORRUPT || err == FC_E_IO || err == FC_E_LOCKED)
        abort();
    return run->load != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scene scene;
    struct run run = {0};
    if (!scene.ready)
        prepare(&scene);
    if (size == 0)
        return 0;
    if (fc_replica_begin(scene.behind.replica) != FC_OK ||
        fc_load_begin(scene.behind.replica, &scene.acme.id, (enum fc_load_mode)(data[0] % 3),
                      &run.load) != FC_OK)
        abort();
    for (size_t at = 1; size - at >= 3;) {
        enum step step = (enum step)(data[at] % STEPS);
        size_t len = (size_t)data[at + 1] << 8 | data[at + 2];
        at += 3;
        len = len < size - at ? len : size - at;
        if (!take(&scene, &run, step, fc_span(data + at, len)))
            break;
        at += len;
    }
    fc_load_abort(run.load);
    must_be_sound(&scene);
    fc_replica_abort(scene.behind.replica);
    return 0;
}
