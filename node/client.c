#include "node/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/clock.h"
#include "node/entropy.h"
#include "node/keyfile.h"
#include "node/socket.h"
#include "store/kv_lmdb.h"

enum { BUSY_WAIT_MS = 20000, BUSY_PAUSE_MS = 100, LOCK_WAIT_MS = 10000, LOCK_PAUSE_MS = 20 };

struct fc_client {
    int fd; /* -1: the store is open here */
    struct fc_replica *replica;
    struct fc_service service;
    struct fc_buf request, response;
    char text[1025];
};

static enum fc_err open_store(struct fc_cli *cli, struct fc_client *client)
{
    char *path = fc_home_path(&cli->home, "store");
    struct fc_kv_lmdb_config kv_config = {.path = path};
    struct fc_replica_config config = {.verifier = fc_verifier_plain(), .index = true};
    enum fc_err err = path ? fc_entropy_fill(config.seed, sizeof config.seed) : FC_E_NOMEM;
    if (err == FC_OK) {
        err = fc_kv_lmdb_open(&kv_config, &config.kv);
    }
    if (err == FC_OK) {
        err = fc_replica_open(&config, &client->replica);
    }
    free(path);
    return err;
}

/* What a node that does not run knows of itself. */
static void describe_self(struct fc_cli *cli, struct fc_client *client)
{
    struct fc_service *service = &client->service;
    struct fc_keyfile key;
    struct fc_node node;
    char *path = NULL;
    *service = (struct fc_service){.replica = client->replica, .home = &cli->home};
    if (fc_home_key_path(&cli->home, "node", "", &path) == FC_OK &&
        fc_keyfile_read(path, &key) == FC_OK) {
        service->node_key = key.public_key;
        if (fc_ledger_node(fc_replica_ledger(client->replica), &key.public_key, &node) == FC_OK) {
            service->operator_id = node.participant;
        }
    }
    free(path);
}

static enum fc_exit explain(struct fc_cli *cli, enum fc_err err)
{
    if (err == FC_E_MISSING) {
        fc_cli_warn(cli,
                    "%s: no store here yet (fedcat init makes a node, fedcat join takes it into a "
                    "federation; --home names another directory)",
                    cli->home.path);
        cli->status = FC_EXIT_MISSING;
        return cli->status;
    }
    return fc_cli_fail(cli, err, "%s", cli->home.path);
}

/* A store that is locked is a node on its way up or down, or another command: worth a wait. */
static enum fc_err reach(struct fc_cli *cli, struct fc_client *client, const char *path)
{
    uint64_t started_us = fc_clock_mono_us();
    for (;;) {
        enum fc_err err = fc_socket_connect(path, &client->fd);
        if (err != FC_E_MISSING) {
            return err;
        }
        err = open_store(cli, client);
        if (err == FC_OK) {
            describe_self(cli, client);
        }
        if (err != FC_E_LOCKED || fc_clock_mono_us() - started_us > LOCK_WAIT_MS * 1000ull) {
            return err;
        }
        usleep(LOCK_PAUSE_MS * 1000);
    }
}

enum fc_err fc_client_open(struct fc_cli *cli, struct fc_client **out)
{
    *out = NULL;
    struct fc_client *client = calloc(1, sizeof *client);
    char *path = fc_home_path(&cli->home, "fedcat.sock");
    enum fc_err err = client && path ? FC_OK : FC_E_NOMEM;
    if (err == FC_OK) {
        client->fd = -1;
        err = reach(cli, client, path);
    }
    free(path);
    if (err != FC_OK) {
        explain(cli, err);
        fc_client_close(client);
        return err;
    }
    *out = client;
    return FC_OK;
}

void fc_client_close(struct fc_client *client)
{
    if (!client) {
        return;
    }
    if (client->fd >= 0) {
        close(client->fd);
    }
    fc_replica_close(client->replica);
    fc_buf_finish(&client->request);
    fc_buf_finish(&client->response);
    free(client);
}

bool fc_client_running(const struct fc_client *client)
{
    return client->fd >= 0;
}

struct fc_service *fc_client_service(struct fc_client *client)
{
    return client->fd >= 0 ? NULL : &client->service;
}

const char *fc_client_explain(const struct fc_client *client, enum fc_err err)
{
    return client->text[0] ? client->text : fc_err_text(err);
}

static enum fc_err ask(struct fc_client *client)
{
    fc_buf_clear(&client->response);
    if (client->fd < 0) {
        enum fc_err err = fc_service_run(&client->service, fc_buf_span(&client->request),
                                         fc_clock_wall_ms(), &client->response);
        return client->response.len ? fc_buf_check(&client->response) : err;
    }
    enum fc_err err = fc_socket_send(client->fd, fc_buf_span(&client->request));
    return err == FC_OK
               ? fc_socket_receive(client->fd, FC_RESPONSE_BYTES_MAX + 4096, &client->response)
               : err;
}

enum fc_err fc_client_call(struct fc_client *client, enum fc_verb verb, struct fc_span arguments,
                           struct fc_span *body)
{
    static const uint8_t empty_array = 0x90;
    uint64_t started_us = fc_clock_mono_us();
    enum fc_err err, code = FC_OK;
    struct fc_span text = {0}, answer = {0};
    if (arguments.len == 0) {
        arguments = fc_span(&empty_array, 1);
    }
    do {
        fc_buf_clear(&client->request);
        fc_service_request(verb, arguments, &client->request);
        err = fc_buf_check(&client->request);
        if (err == FC_OK) {
            err = ask(client);
        }
        if (err == FC_OK) {
            err = fc_service_read(fc_buf_span(&client->response), &code, &text, &answer);
        }
        /* A node that has just started first hears from its peers what its feeds hold. */
        if (err == FC_OK && code == FC_E_AGAIN) {
            usleep(BUSY_PAUSE_MS * 1000);
        }
    } while (err == FC_OK && code == FC_E_AGAIN &&
             fc_clock_mono_us() - started_us < BUSY_WAIT_MS * 1000ull);
    size_t len = err == FC_OK && text.len < sizeof client->text ? text.len : 0;
    if (len) {
        memcpy(client->text, text.data, len);
    }
    client->text[len] = 0;
    if (body) {
        *body = answer;
    }
    return err == FC_OK ? code : err;
}

enum fc_exit fc_client_fail(struct fc_cli *cli, const struct fc_client *client, enum fc_err err,
                            const char *what)
{
    errno = 0; /* the fault was at the other end, or is in the text */
    if (client && client->text[0]) {
        return fc_cli_fail(cli, err, "%s: %s", what, client->text);
    }
    return fc_cli_fail(cli, err, "%s", what);
}
