/* A verb, then its arguments, asked of a small node; and the same bytes as answers to a command. */
#include <stdlib.h>

#include "tests/support/home.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fc_test_home home;

static void finish(void)
{
    fc_test_home_finish(&home);
}

static void start(void)
{
    fc_test_home_init(&home, false);
    if (fc_test_home_author(&home, FC_VERB_AUTHOR, "urn:a", "{}", NULL) != FC_OK) {
        abort();
    }
    atexit(finish);
}

static void read_answers(struct fc_span bytes)
{
    struct fc_unpack in;
    struct fc_message_status status;
    struct fc_message_peer peer;
    struct fc_message_entry entry;
    struct fc_message_participant participant;
    struct fc_op op;
    struct fc_content *contents = NULL;
    uint32_t count;
    enum fc_err code;
    struct fc_span text, body;
    (void)!fc_service_read(bytes, &code, &text, &body);
    fc_unpack_init(&in, bytes);
    fc_message_get_status(&in, &status);
    fc_unpack_init(&in, bytes);
    fc_message_get_peer(&in, &peer);
    fc_unpack_init(&in, bytes);
    fc_message_get_entry(&in, &entry);
    fc_unpack_init(&in, bytes);
    fc_message_get_participant(&in, &participant);
    fc_unpack_init(&in, bytes);
    fc_message_get_op(&in, &op);
    fc_unpack_init(&in, bytes);
    (void)!fc_message_get_contents(&in, &contents, &count);
    free(contents);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!home.replica) {
        start();
    }
    read_answers(fc_span(data, size));
    if (size == 0) {
        return 0;
    }
    enum fc_verb verb = (enum fc_verb)(1 + data[0] % FC_VERB_BACKUP);
    if (verb != FC_VERB_BACKUP) { /* it writes where it is told to, for its own user */
        struct fc_buf arguments = {0};
        fc_buf_append(&arguments, data + 1, size - 1);
        (void)fc_test_home_call(&home, verb, &arguments, NULL);
    }
    if (fc_replica_writing(home.replica)) {
        abort();
    }
    return 0;
}
