#include "node/socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static enum fc_err address(const char *path, struct sockaddr_un *out)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof out->sun_path) {
        return FC_E_BOUND;
    }
    memcpy(out->sun_path, path, len + 1);
    return FC_OK;
}

enum fc_err fc_socket_connect(const char *path, int *fd)
{
    struct sockaddr_un at;
    *fd = -1;
    enum fc_err err = address(path, &at);
    if (err != FC_OK) {
        return err;
    }
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0) {
        return FC_E_IO;
    }
    if (connect(*fd, (struct sockaddr *)&at, sizeof at) == 0) {
        return FC_OK;
    }
    err = errno == ENOENT || errno == ECONNREFUSED ? FC_E_MISSING : FC_E_IO;
    int saved = errno;
    close(*fd);
    *fd = -1;
    errno = saved;
    return err;
}

enum fc_err fc_socket_listen(const char *path, int *fd)
{
    struct sockaddr_un at;
    enum fc_err err = fc_socket_connect(path, fd);
    if (err == FC_OK) {
        close(*fd);
        *fd = -1;
        return FC_E_LOCKED;
    }
    if (err != FC_E_MISSING) {
        return err;
    }
    err = address(path, &at);
    if (err != FC_OK) {
        return err;
    }
    unlink(path);
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = umask(0177); /* never open to others, not even for a moment */
    bool bound = *fd >= 0 && bind(*fd, (struct sockaddr *)&at, sizeof at) == 0;
    umask(before);
    if (bound && listen(*fd, 64) == 0) {
        return FC_OK;
    }
    int saved = errno;
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
    errno = saved;
    return FC_E_IO;
}

bool fc_socket_trusted(int fd)
{
    struct ucred who;
    socklen_t len = sizeof who;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
           (who.uid == geteuid() || who.uid == 0);
}

static enum fc_err send_all(int fd, const uint8_t *at, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            return FC_E_CLOSED;
        }
        at += sent;
        len -= (size_t)sent;
    }
    return FC_OK;
}

enum fc_err fc_socket_send(int fd, struct fc_span payload)
{
    uint8_t length[4];
    fc_put_be32(length, (uint32_t)payload.len);
    enum fc_err err = send_all(fd, length, sizeof length);
    return err == FC_OK ? send_all(fd, payload.data, payload.len) : err;
}

static enum fc_err receive_all(int fd, uint8_t *at, size_t len)
{
    while (len > 0) {
        ssize_t got = recv(fd, at, len, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return FC_E_CLOSED;
        }
        at += got;
        len -= (size_t)got;
    }
    return FC_OK;
}

enum fc_err fc_socket_receive(int fd, size_t bytes_max, struct fc_buf *out)
{
    uint8_t length[4];
    enum fc_err err = receive_all(fd, length, sizeof length);
    if (err != FC_OK) {
        return err;
    }
    size_t len = fc_get_be32(length);
    if (len > bytes_max) {
        return FC_E_BOUND;
    }
    uint8_t *room = fc_buf_extend(out, len);
    return room || len == 0 ? receive_all(fd, room, len) : FC_E_NOMEM;
}
