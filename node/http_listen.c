#include "node/http_listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/file.h"
#include "node/http_address.h"

enum { PEM_BYTES_MAX = 1024 * 1024, BACKLOG = 511 };

/* "host:port", "[::1]:port"; the host may be empty for all addresses. */
static enum fc_err split_address(const char *text, char host[256], char port[8])
{
    const char *colon = strrchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : 0;
    if (!colon || len >= 256 || strlen(colon + 1) >= 8) {
        return FC_E_ARG;
    }
    bool bracketed = len >= 2 && text[0] == '[' && text[len - 1] == ']';
    snprintf(host, 256, "%.*s", (int)(bracketed ? len - 2 : len), text + (bracketed ? 1 : 0));
    snprintf(port, 8, "%s", colon + 1);
    return FC_OK;
}

static int bind_one(const struct addrinfo *at)
{
    int one = 1;
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, at->ai_addr, at->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static enum fc_err listen_at(const char *address, int *out, char *fault, size_t fault_bytes)
{
    char host[256], port[8];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list = NULL;
    *out = -1;
    if (split_address(address, host, port) != FC_OK ||
        getaddrinfo(host[0] ? host : NULL, port, &hints, &list) != 0) {
        snprintf(fault, fault_bytes,
                 "\"%s\" is no address to listen on; one looks like "
                 "127.0.0.1:7480",
                 address);
        return FC_E_ARG;
    }
    int error = EADDRNOTAVAIL;
    for (const struct addrinfo *at = list; at && *out < 0; at = at->ai_next) {
        *out = bind_one(at);
        error = *out < 0 ? errno : 0;
    }
    freeaddrinfo(list);
    if (*out >= 0) {
        return FC_OK;
    }
    snprintf(fault, fault_bytes, "%s: %s", address, strerror(error));
    return error == EADDRINUSE ? FC_E_LOCKED : FC_E_ARG;
}

enum fc_err fc_http_listen(const struct fc_config_http *config, int *fd, char *fault,
                           size_t fault_bytes)
{
    enum fc_err err = listen_at(config->listen, fd, fault, fault_bytes);
    if (err == FC_E_LOCKED && !config->listen_given) {
        /* Several nodes on one machine: only the first has the usual port. */
        err = listen_at("127.0.0.1:0", fd, fault, fault_bytes);
    }
    return err;
}

bool fc_http_listen_is_loopback(int fd)
{
    struct sockaddr_storage address;
    struct fc_http_address read;
    socklen_t len = sizeof address;
    return getsockname(fd, (struct sockaddr *)&address, &len) == 0 &&
           fc_http_address_read((struct sockaddr *)&address, &read) && read.loopback;
}

void fc_http_listen_url(int fd, bool tls, char *out, size_t out_bytes)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    char host[128] = "127.0.0.1", port[8] = "0";
    if (getsockname(fd, (struct sockaddr *)&address, &len) == 0) {
        getnameinfo((struct sockaddr *)&address, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV);
    }
    bool six = strchr(host, ':') != NULL;
    snprintf(out, out_bytes, "http%s://%s%s%s:%s", tls ? "s" : "", six ? "[" : "", host,
             six ? "]" : "", port);
}

enum fc_err fc_http_pem_read(const char *path, char **out, char *fault, size_t fault_bytes)
{
    struct fc_buf text = {0};
    enum fc_err err = fc_file_read(path, PEM_BYTES_MAX, &text);
    if (err == FC_OK) {
        fc_buf_append(&text, "", 1);
        err = fc_buf_check(&text);
    }
    if (err != FC_OK) {
        snprintf(fault, fault_bytes, "%s: %s", path, fc_err_text(err));
        fc_buf_finish(&text);
        return err;
    }
    *out = (char *)text.data;
    return FC_OK;
}
