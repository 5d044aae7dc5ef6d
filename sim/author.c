#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world_priv.h"

struct work {
    struct fc_world *world;
    uint32_t owner;
    const struct fc_world_op *list;
    uint32_t count;
    uint64_t now_ms;
    fc_version version;
    struct fc_hash hash; /* of the head signed last */
    bool counted;        /* never twice at one version */
};

static enum fc_err sign_head(struct fc_world *world, uint32_t owner, struct fc_span body,
                             struct fc_buf *record)
{
    const struct fc_world_node *node = world->nodes[owner];
    return fc_record_sign(FC_RECORD_HEAD, body, &node->feed_key, record);
}

/* What was signed and refused never leaves, and the next is signed at the same version: only what
 * was accepted is told. */
static void tell_signed(struct fc_world *world, uint32_t owner, fc_version version,
                        const struct fc_hash *hash)
{
    const struct fc_world_observer *observer = &world->config.observer;
    if (observer->signed_head)
        observer->signed_head(observer->ctx, owner, version, hash);
}

static enum fc_err sign_next(void *ctx, struct fc_span head_body, struct fc_span delta_ops,
                             const struct fc_content *contents, uint32_t count,
                             struct fc_buf *record)
{
    struct work *work = ctx;
    const struct fc_world_node *node = work->world->nodes[work->owner];
    (void)delta_ops, (void)contents, (void)count;
    work->hash = fc_record_hash(FC_RECORD_HEAD, head_body);
    size_t start = record->len;
    struct fc_record parsed;
    struct fc_head head;
    enum fc_err err = sign_head(work->world, work->owner, head_body, record);
    if (err == FC_OK)
        err = fc_record_parse(fc_span(record->data + start, record->len - start), &parsed);
    if (err == FC_OK)
        err = fc_head_parse(&parsed, &head);
    if (err == FC_OK && work->counted && head.version <= node->counter)
        err = FC_E_COUNTER;
    return err;
}

static void fill(const struct fc_world_op *in, struct fc_op *op, struct fc_content *contents,
                 uint32_t *content_count)
{
    op->key = fc_span_str(in->key);
    op->key_hash = fc_key_hash(op->key);
    op->kind = in->content ? FC_OP_PUT : FC_OP_DELETE;
    if (!in->content)
        return;
    op->media_type = fc_span_str("application/json");
    op->status = FC_STATUS_ACTIVE;
    struct fc_content *content = &contents[(*content_count)++];
    content->key_hash = op->key_hash;
    content->bytes = fc_span(in->content, in->content_len ? in->content_len : strlen(in->content));
}

static enum fc_err write(void *ctx, struct fc_replica *replica)
{
    struct work *work = ctx;
    struct fc_op *ops = calloc(work->count + 1u, sizeof *ops);
    struct fc_content *contents = calloc(work->count + 1u, sizeof *contents);
    assert(ops && contents);
    struct fc_author author = {.participant = work->world->nodes[work->owner]->participant,
                               .ops = ops,
                               .op_count = work->count,
                               .contents = contents,
                               .heartbeat = work->count == 0,
                               .now_ms = work->now_ms,
                               .ctx = work,
                               .sign = sign_next};
    for (uint32_t i = 0; i < work->count; i++)
        fill(&work->list[i], &ops[i], contents, &author.content_count);
    enum fc_err err = fc_replica_author(replica, &author, &work->version);
    if (err == FC_OK)
        tell_signed(work->world, work->owner, work->version, &work->hash);
    if (err == FC_OK && work->counted)
        work->world->nodes[work->owner]->counter = work->version;
    free(ops);
    free(contents);
    return err;
}

enum fc_err fc_world_author(struct fc_world *world, uint32_t owner, struct fc_replica *replica,
                            const struct fc_world_op *ops, uint32_t count, uint64_t now_ms)
{
    struct work work = {
        .world = world, .owner = owner, .list = ops, .count = count, .now_ms = now_ms};
    return write(&work, replica);
}

enum fc_err fc_world_publish(struct fc_world *world, uint32_t at, uint32_t owner,
                             const struct fc_world_op *list, uint32_t count)
{
    const struct fc_world_node *node = world->nodes[owner];
    struct work work = {.world = world,
                        .owner = owner,
                        .list = list,
                        .count = count,
                        .now_ms = fc_world_wall_ms(world, world->nodes[at]),
                        .counted = world->config.counters};
    if (count == 1)
        fc_world_say(world, "%s %s %s, at %s", node->name, list[0].content ? "puts" : "deletes",
                     list[0].key, world->nodes[at]->name);
    else
        fc_world_say(world, "%s publishes %u operations, at %s", node->name, count,
                     world->nodes[at]->name);
    return fc_world_local(world, at, write, &work);
}

enum fc_err fc_world_put(struct fc_world *world, uint32_t node, const char *key,
                         const char *content)
{
    struct fc_world_op op = {.key = key, .content = content};
    return fc_world_publish(world, node, node, &op, 1);
}

void fc_world_false_head(struct fc_world *world, uint32_t owner, uint32_t at, struct fc_buf *out)
{
    const struct fc_world_node *node = world->nodes[owner];
    struct fc_buf held = {0}, body = {0};
    struct fc_record record;
    struct fc_head head;
    bool has_ops;
    enum fc_err err =
        fc_replica_head(world->nodes[at]->replica, &node->participant, &held, NULL, &has_ops);
    if (err == FC_OK)
        err = fc_record_parse(fc_buf_span(&held), &record);
    if (err == FC_OK)
        err = fc_head_parse(&record, &head);
    assert(err == FC_OK);
    head.version++;
    head.time_ms++;
    head.previous = record.hash;
    head.ops = fc_hash("fedcat.sim.1", fc_span_str("operations nobody has"));
    head.root = fc_hash("fedcat.sim.1", fc_span_str("a root that leads nowhere"));
    head.entries++;
    head.bytes += 100;
    err = fc_head_body(&head, &body);
    if (err == FC_OK)
        err = sign_head(world, owner, fc_buf_span(&body), out);
    if (err == FC_OK) {
        struct fc_hash hash = fc_record_hash(FC_RECORD_HEAD, fc_buf_span(&body));
        tell_signed(world, owner, head.version, &hash);
    }
    assert(err == FC_OK);
    fc_buf_finish(&held);
    fc_buf_finish(&body);
}
