#include "node/publisher.h"

#include <stdlib.h>
#include <string.h>

#include "node/config.h"
#include "node/passphrase.h"

bool fc_publisher_parse(struct fc_publisher_options *options, int key, const char *arg)
{
    if (key == FC_PUBLISHER_OPTION_AS) {
        options->as = arg;
    } else if (key == FC_PUBLISHER_OPTION_KEY) {
        options->key_file = arg;
    } else {
        return false;
    }
    return true;
}

static enum fc_err fail(struct fc_cli *cli, enum fc_err err, const char *what)
{
    fc_cli_fail(cli, err, "%s", what);
    return err;
}

enum fc_err fc_publisher_key_path(struct fc_cli *cli, const struct fc_publisher_options *options,
                                  char **path)
{
    struct fc_config *config = NULL;
    char fault[200];
    *path = NULL;
    if (options->key_file) {
        *path = strdup(options->key_file);
        return *path ? FC_OK : fail(cli, FC_E_NOMEM, "cannot start");
    }
    enum fc_err err = FC_OK;
    if (!options->as) {
        err = fc_config_load(&cli->home, &config, fault, sizeof fault);
        if (err != FC_OK) {
            fc_cli_warn(cli, "%s/fedcat.yaml: %s", cli->home.path,
                        fault[0] ? fault : fc_err_text(err));
            cli->status = fc_cli_exit(err);
            return err;
        }
    }
    const char *name = options->as ? options->as : config->operator_name;
    err = fc_home_key_path(&cli->home, "feed", name, path);
    if (err != FC_OK) {
        fc_cli_fail(cli, err, "key \"%s\"", name);
    }
    fc_config_free(config);
    return err;
}

static enum fc_err find_participant(struct fc_publisher *publisher)
{
    struct fc_cli *cli = publisher->cli;
    struct fc_message_participant participant;
    struct fc_record record;
    struct fc_certificate certificate;
    enum fc_err err = fc_client_by_feed_key(publisher->client, &publisher->feed_key, &participant);
    if (err == FC_E_MISSING) {
        char hex[65];
        fc_hex(publisher->feed_key.b, 32, hex);
        fc_cli_warn(cli,
                    "no participant's certificate names the feed key %.16s...: it is not admitted "
                    "(fedcat apply), was replaced (fedcat recover), or this node has not heard of "
                    "it yet",
                    hex);
        cli->status = FC_EXIT_REFUSED;
        return err;
    }
    if (err == FC_OK) {
        err = fc_record_parse(participant.certificate, &record);
    }
    if (err == FC_OK) {
        err = fc_certificate_parse(&record, &certificate);
    }
    if (err != FC_OK) {
        fc_client_fail(cli, publisher->client, err, "participant");
        return err;
    }
    publisher->participant = participant.id;
    snprintf(publisher->name, sizeof publisher->name, "%.*s", (int)certificate.name.len,
             (const char *)certificate.name.data);
    publisher->ops_max = certificate.quota_ops && certificate.quota_ops < FC_OPS_MAX
                             ? certificate.quota_ops
                             : FC_OPS_MAX;
    return FC_OK;
}

static enum fc_err open_own(struct fc_publisher *publisher, const char *path)
{
    struct fc_cli *cli = publisher->cli;
    enum fc_exit status = FC_EXIT_OK;
    enum fc_err err = fc_passphrase_open_key(cli, path, &publisher->key.key, &status);
    if (err != FC_OK) {
        cli->status = status;
        return err;
    }
    err = fc_counter_open(path, &publisher->feed_key, &publisher->key.counter);
    if (err == FC_E_COUNTER) {
        fc_cli_warn(cli,
                    "%s: its signing counter is not here, so it might sign what was signed before; "
                    "a key that came without its counter is replaced with fedcat recover",
                    path);
        cli->status = FC_EXIT_REFUSED;
    } else if (err != FC_OK) {
        fc_cli_fail(cli, err, "%s", path);
    }
    return err;
}

enum fc_err fc_publisher_open(struct fc_cli *cli, struct fc_client *client,
                              const struct fc_publisher_options *options, struct fc_publisher *out)
{
    struct fc_keyfile about;
    char *path = NULL;
    *out = (struct fc_publisher){.cli = cli, .client = client};
    enum fc_err err = fc_publisher_key_path(cli, options, &path);
    if (err == FC_OK) {
        err = fc_keyfile_read(path, &about);
        if (err == FC_OK && about.kind != FC_KEY_FEED) {
            err = FC_E_ARG;
            fc_cli_warn(cli, "%s: a %s key does not sign entries; a feed key does", path,
                        fc_key_kind_name(about.kind));
            cli->status = FC_EXIT_USAGE;
        } else if (err == FC_E_PERMISSION) {
            fc_cli_warn(cli,
                        "%s: refused: it must belong to you and be readable by nobody else "
                        "(chmod 600)",
                        path);
            cli->status = FC_EXIT_FAILED;
        } else if (err != FC_OK) {
            fc_cli_fail(cli, err, "%s", path);
        }
    }
    if (err == FC_OK) {
        out->feed_key = about.public_key;
        err = find_participant(out);
    }
    if (err == FC_OK) {
        out->own = options->key_file || about.sealed;
        err = out->own ? open_own(out, path) : FC_OK;
    }
    free(path);
    if (err != FC_OK) {
        fc_publisher_close(out);
    }
    return err;
}

void fc_publisher_close(struct fc_publisher *publisher)
{
    if (publisher->own) {
        fc_author_key_finish(&publisher->key);
    }
}

static void pack_batch(const struct fc_publisher *publisher, const struct fc_op *ops,
                       uint32_t op_count, const struct fc_content *contents, uint32_t content_count,
                       struct fc_buf *out)
{
    fc_pack_array(out, 3);
    fc_message_put_hash(out, &publisher->participant);
    fc_pack_array(out, op_count);
    for (uint32_t i = 0; i < op_count; i++) {
        fc_message_put_op(out, &ops[i]);
    }
    fc_message_put_contents(out, contents, content_count);
}

static enum fc_err submit(struct fc_publisher *publisher, struct fc_span head_record,
                          struct fc_span ops, const struct fc_content *contents, uint32_t count)
{
    struct fc_buf delta = {0}, arguments = {0};
    enum fc_err err = fc_delta_write(head_record, ops, &delta);
    if (err == FC_OK) {
        fc_pack_array(&arguments, 2);
        fc_pack_bin(&arguments, fc_buf_span(&delta));
        fc_message_put_contents(&arguments, contents, count);
        err = fc_buf_check(&arguments);
    }
    if (err == FC_OK) {
        err =
            fc_client_call(publisher->client, FC_VERB_SUBMIT_DELTA, fc_buf_span(&arguments), NULL);
    }
    fc_buf_finish(&delta);
    fc_buf_finish(&arguments);
    return err;
}

/* What was signed before and never arrived goes first. */
static enum fc_err resume(struct fc_publisher *publisher)
{
    const struct fc_counter_state *last = fc_counter_state(publisher->key.counter);
    struct fc_message_participant participant;
    enum fc_err err =
        fc_client_participant(publisher->client, &publisher->participant, &participant);
    if (err != FC_OK || last->serial == 0 || participant.feed.version >= last->version ||
        !fc_hash_eq(&last->participant, &publisher->participant)) {
        return err;
    }
    err = submit(publisher, last->head_record, last->ops, last->contents, last->content_count);
    /* Of an incarnation that is over: nothing is owed to it. */
    return err == FC_E_STALE || err == FC_E_DENIED ? FC_OK : err;
}

static enum fc_err sign_here(struct fc_publisher *publisher, struct fc_span prepared,
                             uint32_t *changed)
{
    struct fc_unpack in;
    struct fc_content *contents = NULL;
    struct fc_buf record = {0};
    struct fc_ops ops;
    uint32_t count = 0;
    fc_unpack_init(&in, prepared);
    fc_unpack_array(&in, 3, 3);
    struct fc_span head_body = fc_unpack_bin(&in, FC_RECORD_BYTES_MAX);
    struct fc_span delta_ops = fc_unpack_bin(&in, FC_OPS_BYTES_MAX);
    enum fc_err err = fc_message_get_contents(&in, &contents, &count);
    if (err == FC_OK) {
        err = fc_unpack_end(&in);
    }
    if (err == FC_OK) {
        err = fc_ops_init(&ops, delta_ops);
    }
    if (err == FC_OK) {
        err = fc_author_sign_head(&publisher->key, head_body, delta_ops, contents, count, &record);
    }
    if (err == FC_OK) {
        *changed = ops.count;
        publisher->version = fc_counter_state(publisher->key.counter)->version;
        err = submit(publisher, fc_buf_span(&record), delta_ops, contents, count);
    }
    fc_buf_finish(&record);
    free(contents);
    return err;
}

static enum fc_err send_own(struct fc_publisher *publisher, struct fc_span batch, uint32_t *changed)
{
    struct fc_span body;
    struct fc_buf prepared = {0};
    enum fc_err err = resume(publisher);
    if (err == FC_OK) {
        err = fc_client_call(publisher->client, FC_VERB_PREPARE, batch, &body);
    }
    if (err == FC_E_KNOWN) {
        return FC_OK;
    }
    if (err == FC_OK) {
        fc_buf_append(&prepared, body.data, body.len);
        err = fc_buf_check(&prepared);
    }
    if (err == FC_OK) {
        err = sign_here(publisher, fc_buf_span(&prepared), changed);
    }
    fc_buf_finish(&prepared);
    return err;
}

static enum fc_err send_by_node(struct fc_publisher *publisher, struct fc_span batch,
                                uint32_t *changed)
{
    struct fc_span body;
    struct fc_unpack in;
    enum fc_err err = fc_client_call(publisher->client, FC_VERB_AUTHOR, batch, &body);
    if (err == FC_OK) {
        fc_unpack_init(&in, body);
        fc_unpack_array(&in, 2, 2);
        publisher->version = fc_unpack_uint(&in, UINT64_MAX);
        *changed = (uint32_t)fc_unpack_uint(&in, FC_OPS_MAX);
        err = fc_unpack_end(&in);
    }
    return err;
}

enum fc_err fc_publisher_send(struct fc_publisher *publisher, const struct fc_op *ops,
                              uint32_t op_count, const struct fc_content *contents,
                              uint32_t content_count, uint32_t *changed)
{
    struct fc_buf batch = {0};
    *changed = 0;
    pack_batch(publisher, ops, op_count, contents, content_count, &batch);
    enum fc_err err = fc_buf_check(&batch);
    if (err == FC_OK) {
        err = publisher->own ? send_own(publisher, fc_buf_span(&batch), changed)
                             : send_by_node(publisher, fc_buf_span(&batch), changed);
    }
    fc_buf_finish(&batch);
    return err;
}
