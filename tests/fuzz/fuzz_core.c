/* A member's link to a real core: what it sends after a genuine handshake is replaced, changed,
 * dropped or made up as the input says. Whatever that is, the replica stays sound and the node goes
 * on.
 *
 * The input is steps, each a kind, a length of two bytes and as many bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PARIS, MALLORY };
enum step { INJECT, REPLACE, CHANGE, DROP, PASS, STEPS };
static const uint64_t second_us = 1000000;

struct input {
    const uint8_t *data;
    size_t len;
    bool on;
};

static bool next(struct input *input, enum step *step, struct fc_span *bytes)
{
    if (input->len < 3)
        return false;
    size_t len = (size_t)input->data[1] << 8 | input->data[2];
    *step = (enum step)(input->data[0] % STEPS);
    len = len < input->len - 3 ? len : input->len - 3;
    *bytes = fc_span(input->data + 3, len);
    input->data += 3 + len;
    input->len -= 3 + len;
    return true;
}

/* Places of two bytes, and what is added to the byte there. */
static void change(struct fc_buf *message, struct fc_span edits)
{
    for (size_t i = 0; i + 2 < edits.len && message->len > 0; i += 3) {
        size_t place = ((size_t)edits.data[i] << 8 | edits.data[i + 1]) % message->len;
        message->data[place] = (uint8_t)(message->data[place] + edits.data[i + 2]);
    }
}

static bool tamper(void *ctx, uint32_t from, uint32_t to, struct fc_buf *message)
{
    struct input *input = ctx;
    struct fc_span bytes;
    enum step step;
    if (!input->on || from != MALLORY || to != PARIS || !next(input, &step, &bytes))
        return true;
    switch (step) {
    case INJECT: /* made up in its place */
    case REPLACE:
        fc_buf_clear(message);
        fc_buf_append(message, bytes.data, bytes.len);
        return true;
    case CHANGE:
        change(message, bytes);
        return true;
    case DROP:
        return false;
    case PASS:
    case STEPS:
        break;
    }
    return true;
}

static void found(void *ctx, const struct fc_damage *damage)
{
    (void)ctx, (void)damage;
    abort();
}

static void must_be_sound(struct fc_world *world)
{
    struct fc_replica *replica = fc_world_replica(world, PARIS);
    if (fc_replica_verify(replica, false, found, NULL, NULL) != FC_OK)
        abort();
    if (fc_world_put(world, PARIS, "urn:after", "{}") != FC_OK)
        abort();
}

static void publish(struct fc_world *world, unsigned from, unsigned to)
{
    struct fc_world_op ops[64];
    char keys[64][24];
    for (unsigned i = from; i < to; i++) {
        snprintf(keys[i - from], sizeof keys[0], "urn:entry:%u", i);
        ops[i - from] = (struct fc_world_op){keys[i - from], "{\"some\":\"content\"}", 0};
    }
    if (from == to) {
        ops[0] = (struct fc_world_op){.key = "urn:entry:3"};
        to++;
    }
    enum fc_err err = fc_world_publish(world, MALLORY, MALLORY, ops, to - from);
    if (err != FC_OK && err != FC_E_CONTESTED) /* the input may hold another head that it signed */
        abort();
}

/* What remains of the input comes without being asked for. */
static void inject_rest(struct fc_world *world, struct input *input)
{
    struct fc_span bytes;
    enum step step;
    input->on = false;
    while (next(input, &step, &bytes)) {
        if (step == INJECT && bytes.len > 0)
            fc_world_inject(world, MALLORY, PARIS, bytes);
        else
            fc_world_run(world, second_us / 4);
    }
    fc_world_run(world, 2 * second_us);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size, false};
    struct fc_world_config config = {.seed = 1, .governors = 1, .ctx = &input, .tamper = tamper};
    struct fc_world *world;
    if (fc_world_create(&config, &world) != FC_OK)
        abort();
    fc_world_admit(world, fc_world_add(world, "paris", FC_WORLD_NONE, false), 0);
    fc_world_admit(world, fc_world_add(world, "mallory", 0, false), 0);
    if (!fc_world_converge(world, 30 * second_us))
        abort();
    publish(world, 0, 40);
    fc_world_run(world, second_us);
    input.on = true;
    publish(world, 38, 44);
    fc_world_run(world, 16 * second_us);
    publish(world, 0, 0);
    fc_world_run(world, 16 * second_us);
    inject_rest(world, &input);
    must_be_sound(world);
    fc_world_destroy(world);
    return 0;
}
