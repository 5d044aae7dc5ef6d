#include "node/clients.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/service.h"
#include "node/socket.h"

enum { FRAME_BYTES_MAX = FC_REQUEST_BYTES_MAX + 4096, READ_BYTES = 64 * 1024 };
enum { KEPT_BYTES = 256 * 1024 }; /* what a buffer may keep while a client is idle */

struct client {
    int fd; /* -1: the slot is free */
    struct fc_buf in, out;
    size_t sent;
};

struct fc_clients {
    struct fc_clients_config config;
    char *path;
    int fd;
    struct client list[FC_CLIENTS_MAX];
};

enum fc_err fc_clients_create(const struct fc_clients_config *config, struct fc_clients **out)
{
    struct fc_clients *clients = calloc(1, sizeof *clients);
    *out = NULL;
    if (!clients) {
        return FC_E_NOMEM;
    }
    clients->config = *config;
    clients->fd = -1;
    for (size_t i = 0; i < FC_CLIENTS_MAX; i++) {
        clients->list[i].fd = -1;
    }
    char *path = strdup(config->path);
    enum fc_err err = path ? fc_socket_listen(path, &clients->fd) : FC_E_NOMEM;
    if (err != FC_OK) {
        free(path);
        fc_clients_destroy(clients);
        return err;
    }
    clients->path = path;
    *out = clients;
    return FC_OK;
}

static void drop(struct client *client)
{
    close(client->fd);
    client->fd = -1;
    fc_buf_finish(&client->in);
    fc_buf_finish(&client->out);
    client->sent = 0;
}

void fc_clients_destroy(struct fc_clients *clients)
{
    if (!clients) {
        return;
    }
    for (size_t i = 0; i < FC_CLIENTS_MAX; i++) {
        if (clients->list[i].fd >= 0) {
            drop(&clients->list[i]);
        }
    }
    if (clients->fd >= 0) {
        close(clients->fd);
    }
    if (clients->path) {
        unlink(clients->path);
    }
    free(clients->path);
    free(clients);
}

uint32_t fc_clients_poll(const struct fc_clients *clients, struct pollfd *fds)
{
    uint32_t count = 0;
    fds[count++] = (struct pollfd){.fd = clients->fd, .events = POLLIN};
    for (size_t i = 0; i < FC_CLIENTS_MAX; i++) {
        const struct client *client = &clients->list[i];
        if (client->fd >= 0) {
            /* Nothing more is read from one that does not take its answer. */
            short events = client->sent < client->out.len ? POLLOUT : POLLIN;
            fds[count++] = (struct pollfd){.fd = client->fd, .events = events};
        }
    }
    return count;
}

static void take_new(struct fc_clients *clients)
{
    for (;;) {
        int fd = accept4(clients->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            return;
        }
        struct client *free_slot = NULL;
        for (size_t i = 0; i < FC_CLIENTS_MAX && !free_slot; i++) {
            free_slot = clients->list[i].fd < 0 ? &clients->list[i] : NULL;
        }
        if (free_slot && fc_socket_trusted(fd)) {
            free_slot->fd = fd;
        } else {
            close(fd);
        }
    }
}

/* False when the client is gone. */
static bool push_out(struct client *client)
{
    while (client->sent < client->out.len) {
        ssize_t sent = send(client->fd, client->out.data + client->sent,
                            client->out.len - client->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0) {
            return errno == EAGAIN || errno == EWOULDBLOCK;
        }
        client->sent += (size_t)sent;
    }
    client->sent = 0;
    if (client->out.cap > KEPT_BYTES) {
        fc_buf_finish(&client->out);
    } else {
        fc_buf_clear(&client->out);
    }
    return true;
}

static bool pull_in(struct client *client)
{
    size_t want = READ_BYTES;
    if (client->in.len >= 4) {
        size_t whole = 4 + (size_t)fc_get_be32(client->in.data);
        if (whole > FRAME_BYTES_MAX) {
            return false;
        }
        want = whole > client->in.len ? whole - client->in.len : 0;
    }
    want = want < READ_BYTES ? want : READ_BYTES;
    if (want == 0) {
        return true;
    }
    uint8_t *at = fc_buf_extend(&client->in, want);
    if (!at) {
        return false;
    }
    ssize_t got = recv(client->fd, at, want, MSG_DONTWAIT);
    client->in.len -= got > 0 ? want - (size_t)got : want;
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
}

/* Answers the request at the front of `in` when it is whole. */
static bool answer(struct fc_clients *clients, struct client *client)
{
    if (client->in.len < 4 || client->out.len > 0) {
        return false;
    }
    size_t len = fc_get_be32(client->in.data);
    if (client->in.len < 4 + len) {
        return false;
    }
    uint8_t *room = fc_buf_extend(&client->out, 4);
    if (room) {
        clients->config.answer(clients->config.ctx, fc_span(client->in.data + 4, len),
                               &client->out);
    }
    if (fc_buf_check(&client->out) == FC_OK && client->out.len >= 4) {
        fc_put_be32(client->out.data, (uint32_t)(client->out.len - 4));
    }
    size_t rest = client->in.len - 4 - len;
    memmove(client->in.data, client->in.data + 4 + len, rest);
    client->in.len = rest;
    if (rest == 0 && client->in.cap > KEPT_BYTES) {
        fc_buf_finish(&client->in);
    }
    return true;
}

/* Until nothing more comes in, or the answer does not go out at once. */
static bool serve_one(struct fc_clients *clients, struct client *client, bool *answered)
{
    if (!push_out(client)) {
        return false;
    }
    bool more = true;
    while (more && client->out.len == 0) {
        size_t before = client->in.len;
        if (!pull_in(client)) {
            return false;
        }
        more = client->in.len > before;
        if (answer(clients, client)) {
            *answered = more = true;
            if (fc_buf_check(&client->out) != FC_OK || !push_out(client)) {
                return false;
            }
        }
    }
    return true;
}

bool fc_clients_serve(struct fc_clients *clients)
{
    bool answered = false;
    take_new(clients);
    for (size_t i = 0; i < FC_CLIENTS_MAX; i++) {
        struct client *client = &clients->list[i];
        if (client->fd >= 0 && !serve_one(clients, client, &answered)) {
            drop(client);
        }
    }
    return answered;
}
