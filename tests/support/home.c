#include "tests/support/home.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/keyfile.h"
#include "store/kv_lmdb.h"
#include "store/kv_mem.h"
#include "tests/support/tempdir.h"

char *fc_test_home_key(struct fc_test_home *home)
{
    char *path = NULL;
    assert(fc_home_key_path(&home->home, "feed", "operator", &path) == FC_OK);
    return path;
}

static void make_key(struct fc_test_home *home)
{
    uint8_t seed[32];
    struct fc_key made;
    char *path = fc_test_home_key(home);
    memcpy(seed, home->party.feed.secret.b, sizeof seed);
    assert(fc_keyfile_create(path, FC_KEY_FEED, seed, fc_span(NULL, 0), &made) == FC_OK);
    assert(fc_key_eq(&made, &home->party.feed.pub));
    free(path);
}

static void add(struct fc_test_home *home, const struct fc_buf *record)
{
    assert(fc_replica_begin(home->replica) == FC_OK);
    assert(fc_replica_add_record(home->replica, fc_buf_span(record)) == FC_OK);
    assert(fc_replica_commit(home->replica) == FC_OK);
}

enum fc_err fc_test_home_open(struct fc_test_home *home)
{
    char *path = fc_home_path(&home->home, "store");
    struct fc_kv_lmdb_config kv_config = {.path = path, .create = true};
    struct fc_replica_config config = {
        .verifier = fc_verifier_plain(), .federation = home->fed.id, .create = true};
    fc_test_seed("home", 0, config.seed);
    enum fc_err err =
        home->on_disk ? fc_kv_lmdb_open(&kv_config, &config.kv) : fc_kv_mem_create(&config.kv);
    if (err == FC_OK) {
        err = fc_replica_open(&config, &home->replica);
    }
    free(path);
    home->service = (struct fc_service){.replica = home->replica,
                                        .home = &home->home,
                                        .node_key = home->party.node.pub,
                                        .operator_id = home->party.id};
    return err;
}

void fc_test_home_close(struct fc_test_home *home)
{
    fc_replica_close(home->replica);
    home->replica = NULL;
}

void fc_test_home_init(struct fc_test_home *home, bool on_disk)
{
    *home = (struct fc_test_home){
        .dir = tempdir_create(), .on_disk = on_disk, .now_ms = FC_TEST_NOW_MS};
    assert(fc_crypto_init() == FC_OK);
    fc_test_federation_init(&home->fed, "home", 3);
    fc_test_party_init(&home->party, &home->fed, "acme");
    assert(fc_home_init(&home->home, home->dir) == FC_OK);
    assert(fc_home_create(&home->home) == FC_OK);
    make_key(home);
    assert(fc_test_home_open(home) == FC_OK);
    add(home, &home->fed.charter_record);
    add(home, &home->party.certificate_record);
}

void fc_test_home_finish(struct fc_test_home *home)
{
    fc_test_home_close(home);
    fc_buf_finish(&home->response);
    fc_home_finish(&home->home);
    fc_test_party_finish(&home->party);
    fc_test_federation_finish(&home->fed);
    tempdir_destroy(home->dir);
}

enum fc_err fc_test_home_call(struct fc_test_home *home, enum fc_verb verb,
                              struct fc_buf *arguments, struct fc_unpack *body)
{
    static const uint8_t none = 0x90;
    struct fc_buf request = {0};
    struct fc_span text, bytes = {0};
    enum fc_err code = FC_OK;
    home->now_ms += 1000;
    fc_buf_clear(&home->response);
    fc_service_request(verb, arguments ? fc_buf_span(arguments) : fc_span(&none, 1), &request);
    enum fc_err err =
        fc_service_run(&home->service, fc_buf_span(&request), home->now_ms, &home->response);
    if (home->response.len > 0) {
        assert(fc_service_read(fc_buf_span(&home->response), &code, &text, &bytes) == FC_OK);
    }
    if (body) {
        fc_unpack_init(body, bytes);
    }
    fc_buf_finish(&request);
    if (arguments) {
        fc_buf_finish(arguments);
    }
    return code != FC_OK ? code : err;
}

enum fc_err fc_test_home_author(struct fc_test_home *home, enum fc_verb verb, const char *key,
                                const char *content, struct fc_unpack *body)
{
    struct fc_buf arguments = {0};
    struct fc_op op = {.kind = content ? FC_OP_PUT : FC_OP_DELETE, .status = FC_STATUS_ACTIVE};
    struct fc_content bytes = {0};
    fc_pack_array(&arguments, 3);
    fc_message_put_hash(&arguments, &home->party.id);
    fc_pack_array(&arguments, key ? 1 : 0);
    if (key) {
        op.key = fc_span_str(key);
        op.media_type = content ? fc_span_str("application/json") : fc_span(NULL, 0);
        op.size = content ? strlen(content) : 0;
        bytes.key_hash = fc_key_hash(op.key);
        bytes.bytes = fc_span_str(content ? content : "");
        fc_message_put_op(&arguments, &op);
    }
    fc_message_put_contents(&arguments, &bytes, key && content ? 1 : 0);
    return fc_test_home_call(home, verb, &arguments, body);
}
