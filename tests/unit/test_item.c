#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "store/item.h"
#include "tests/support/golden.h"

static const struct fc_item sample = {
    .key = {(const uint8_t *)"urn:a", 5},
    .version = (fc_version)1 << 48 | 7,
    .status = FC_STATUS_ACTIVE,
    .media_type = {(const uint8_t *)"text/plain", 10},
    .size = 12,
    .has_content = true,
    .salt = {1, 2, 3},
    .frame_len = 9,
};

static enum fc_err read_back(const struct fc_item *item, struct fc_item *out)
{
    struct fc_buf bytes = {0}, again = {0};
    struct fc_unpack in;
    fc_item_write(item, &bytes);
    fc_unpack_init(&in, fc_buf_span(&bytes));
    enum fc_err err = fc_item_read(&in, out);
    if (err == FC_OK) {
        assert_int_equal(in.pos, in.len);
        fc_item_write(out, &again);
        assert_true(fc_span_eq(fc_buf_span(&bytes), fc_buf_span(&again)));
        out->key = out->media_type = (struct fc_span){0}; /* they point into what goes now */
    }
    fc_buf_finish(&bytes);
    fc_buf_finish(&again);
    return err;
}

static void items_come_back_as_they_were(void **state)
{
    (void)state;
    struct fc_item item = sample, out;
    struct fc_hash key_hash = fc_key_hash(fc_span_str("urn:a"));
    assert_int_equal(read_back(&item, &out), FC_OK);
    assert_true(fc_hash_eq(&out.key_hash, &key_hash) && out.has_content && !out.deleted);
    assert_memory_equal(out.salt, item.salt, sizeof item.salt);
    item.has_content = false;
    item.frame_len = 0;
    item.commitment.b[4] = 9;
    assert_int_equal(read_back(&item, &out), FC_OK);
    assert_true(!out.has_content && fc_hash_eq(&out.commitment, &item.commitment));
    item = (struct fc_item){.deleted = true, .version = sample.version, .key_hash = key_hash};
    assert_int_equal(read_back(&item, &out), FC_OK);
    assert_true(out.deleted && out.version == sample.version);
    assert_true(fc_hash_eq(&out.key_hash, &key_hash));
}

static void items_are_bounded(void **state)
{
    (void)state;
    static char long_text[FC_KEY_BYTES_MAX + 1];
    struct fc_item item = sample, out;
    memset(long_text, 'x', sizeof long_text);
    item.key = fc_span(long_text, FC_KEY_BYTES_MAX);
    assert_int_equal(read_back(&item, &out), FC_OK);
    item.key.len++;
    assert_int_not_equal(read_back(&item, &out), FC_OK);
    item.key.len = 0;
    assert_int_not_equal(read_back(&item, &out), FC_OK);
    item = sample;
    item.media_type = fc_span(long_text, FC_MEDIA_TYPE_BYTES_MAX);
    assert_int_equal(read_back(&item, &out), FC_OK);
    item.media_type.len++;
    assert_int_not_equal(read_back(&item, &out), FC_OK);
    item = sample;
    item.size = FC_CONTENT_BYTES_MAX;
    item.frame_len = FC_ITEM_FRAME_BYTES_MAX;
    assert_int_equal(read_back(&item, &out), FC_OK);
    item.size++;
    assert_int_not_equal(read_back(&item, &out), FC_OK);
    item = sample;
    item.frame_len = FC_ITEM_FRAME_BYTES_MAX + 1;
    assert_int_not_equal(read_back(&item, &out), FC_OK);
    item.frame_len = 0; /* a content that came has a frame */
    assert_int_not_equal(read_back(&item, &out), FC_OK);
    item = sample;
    item.status = FC_STATUS_REVOKED;
    assert_int_equal(read_back(&item, &out), FC_OK);
    item.status = (enum fc_status)(FC_STATUS_REVOKED + 1);
    assert_int_not_equal(read_back(&item, &out), FC_OK);
    item.status = (enum fc_status)0;
    assert_int_not_equal(read_back(&item, &out), FC_OK);
    item = sample;
    item.version = 7; /* no incarnation */
    assert_int_not_equal(read_back(&item, &out), FC_OK);
    item.version = (fc_version)1 << 48;
    assert_int_not_equal(read_back(&item, &out), FC_OK);
}

/* Sixteen children, of which the second is an inner node with two of its own. */
static void fill_nodes(struct fc_walk_node nodes[16])
{
    struct fc_hash places[16] = {{{0}}};
    memset(nodes, 0, 16 * sizeof nodes[0]);
    nodes[0].self.count = FC_BUCKET_MAX;
    nodes[0].self.hash.b[0] = 1;
    nodes[1].inner = true;
    nodes[1].children[3].count = 20;
    nodes[1].children[3].hash.b[0] = 2;
    nodes[1].children[15].count = 1;
    nodes[1].children[15].hash.b[0] = 3;
    places[3] = nodes[1].children[3].hash;
    places[15] = nodes[1].children[15].hash;
    nodes[1].self.count = 21;
    nodes[1].self.hash = fc_tree_hash16(places, false);
}

static enum fc_err nodes_back(const struct fc_walk_node nodes[16])
{
    struct fc_walk_node out[16];
    struct fc_buf bytes = {0}, again = {0};
    fc_walk_nodes_write(nodes, &bytes);
    enum fc_err err = fc_walk_nodes_parse(fc_buf_span(&bytes), out);
    if (err == FC_OK) {
        fc_walk_nodes_write(out, &again);
        assert_true(fc_span_eq(fc_buf_span(&bytes), fc_buf_span(&again)));
        struct fc_span cut = fc_span(bytes.data, bytes.len - 1);
        assert_int_not_equal(fc_walk_nodes_parse(cut, out), FC_OK);
    }
    fc_buf_finish(&bytes);
    fc_buf_finish(&again);
    return err;
}

static void nodes_must_add_up(void **state)
{
    (void)state;
    struct fc_walk_node nodes[16];
    fill_nodes(nodes);
    assert_int_equal(nodes_back(nodes), FC_OK);
    nodes[1].self.hash.b[7] ^= 1;
    assert_int_equal(nodes_back(nodes), FC_E_FORMAT);
    fill_nodes(nodes);
    nodes[1].self.count++;
    assert_int_equal(nodes_back(nodes), FC_E_FORMAT);
    fill_nodes(nodes);
    nodes[0].self.count++; /* too many for a bucket */
    assert_int_equal(nodes_back(nodes), FC_E_FORMAT);
    fill_nodes(nodes);
    nodes[0].inner = true; /* too few for an inner node */
    assert_int_equal(nodes_back(nodes), FC_E_FORMAT);
}

/* -- vectors -------------------------------------------------------------------------------------
 */

static json_t *hex(const void *data, size_t len)
{
    char *text = malloc(2 * len + 1);
    assert_non_null(text);
    fc_hex(data, len, text);
    json_t *value = json_string(text);
    free(text);
    return value;
}

static json_t *vector_item(const char *about, const struct fc_item *item)
{
    struct fc_buf bytes = {0};
    fc_item_write(item, &bytes);
    json_t *made = json_pack("{s:s, s:o}", "about", about, "bytes", hex(bytes.data, bytes.len));
    fc_buf_finish(&bytes);
    return made;
}

static json_t *vectors_make(void)
{
    json_t *items = json_array();
    struct fc_walk_node nodes[16];
    struct fc_buf bytes = {0};
    struct fc_item item = sample;
    json_array_append_new(items,
                          vector_item("entry urn:a, version 1.7, active, text/plain of 12 bytes, "
                                      "salt 010203 and zeros, a frame of 9 bytes",
                                      &item));
    item.has_content = false;
    item.frame_len = 0;
    memset(item.commitment.b, 0x42, sizeof item.commitment.b);
    json_array_append_new(
        items, vector_item("the same without its content, commitment 42 repeated", &item));
    item = (struct fc_item){.deleted = true, .version = sample.version};
    item.key_hash = fc_key_hash(sample.key);
    json_array_append_new(items, vector_item("urn:a deleted in version 1.7", &item));
    fill_nodes(nodes);
    fc_walk_nodes_write(nodes, &bytes);
    json_t *walk = json_pack("{s:s, s:o}", "about",
                             "child 0 a bucket of 16, hash 01 and zeros; child 1 an inner node of "
                             "21 with children 3 (20, hash 02) and 15 (1, hash 03)",
                             "bytes", hex(bytes.data, bytes.len));
    fc_buf_finish(&bytes);
    return json_pack("{s:s, s:o, s:o}", "about", "items and nodes of catch-up", "items", items,
                     "nodes", walk);
}

/* FEDCAT_GOLDEN_WRITE=1 writes them anew; otherwise what is frozen must come out. */
static void bytes_are_frozen(void **state)
{
    (void)state;
    assert_true(fc_golden_json("tests/vectors/catchup.json", vectors_make()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_back_as_they_were),
        cmocka_unit_test(items_are_bounded),
        cmocka_unit_test(nodes_must_add_up),
        cmocka_unit_test(bytes_are_frozen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
