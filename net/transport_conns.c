#include "net/transport_conns.h"

#include <assert.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { PENDING_MIN = 16, PENDING_MAX = 1024 };

size_t fc_conns_pending_max(size_t kept)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return PENDING_MAX;
    size_t rest = limit.rlim_cur > kept ? (limit.rlim_cur - kept) / 2 : 0;
    if (rest < PENDING_MIN)
        return PENDING_MIN;
    return rest < PENDING_MAX ? rest : PENDING_MAX;
}

static bool is_pending(const struct fc_conn *conn)
{
    return !conn->named && !conn->shut && !conn->gone;
}

static bool peer_of(int fd, struct sockaddr_storage *peer, socklen_t *len)
{
    *len = sizeof *peer;
    memset(peer, 0, sizeof *peer);
    return getpeername(fd, (struct sockaddr *)peer, len) == 0;
}

static bool same_host(const struct fc_conn *a, const struct fc_conn *b)
{
    if (a->peer.ss_family != b->peer.ss_family)
        return false;
    if (a->peer.ss_family == AF_INET)
        return ((const struct sockaddr_in *)&a->peer)->sin_addr.s_addr ==
               ((const struct sockaddr_in *)&b->peer)->sin_addr.s_addr;
    if (a->peer.ss_family == AF_INET6) /* one customer commonly holds a /64 */
        return memcmp(&((const struct sockaddr_in6 *)&a->peer)->sin6_addr,
                      &((const struct sockaddr_in6 *)&b->peer)->sin6_addr, 8) == 0;
    return true;
}

void fc_conns_finish(struct fc_conns *conns)
{
    free(conns->list);
    *conns = (struct fc_conns){0};
}

void fc_conns_shut(struct fc_conns *conns, struct fc_conn *conn)
{
    struct sockaddr_storage peer;
    socklen_t len;
    if (conn->shut || conn->gone)
        return;
    if (is_pending(conn))
        conns->pending--;
    conn->shut = true;
    /* ZeroMQ's thread may have closed the descriptor, and it may be another socket by now. */
    if (peer_of(conn->fd, &peer, &len) && len == conn->peer_len &&
        memcmp(&peer, &conn->peer, len) == 0)
        shutdown(conn->fd, SHUT_RDWR);
}

static void make_room(struct fc_conns *conns)
{
    const struct fc_conn *newest = &conns->list[conns->count - 1];
    struct fc_conn *oldest = NULL, *neighbour = NULL;
    size_t neighbours = 0;
    for (size_t i = 0; i < conns->count; i++) {
        struct fc_conn *conn = &conns->list[i];
        if (!is_pending(conn))
            continue;
        if (!oldest)
            oldest = conn;
        if (!same_host(conn, newest))
            continue;
        if (!neighbour)
            neighbour = conn;
        neighbours++;
    }
    assert(oldest);
    conns->evicted++;
    fc_conns_shut(conns, neighbours > conns->pending_max / 4 ? neighbour : oldest);
}

void fc_conns_opened(struct fc_conns *conns, int fd)
{
    struct fc_conn conn = {.fd = fd, .serial = ++conns->serial};
    if (!peer_of(fd, &conn.peer, &conn.peer_len))
        conn.peer_len = 0; /* closed again already; the event that says so is on its way */
    if (conns->count == conns->cap) {
        size_t cap = conns->cap ? conns->cap * 2 : 64;
        struct fc_conn *list = realloc(conns->list, cap * sizeof *list);
        if (!list) {
            if (conn.peer_len)
                shutdown(fd, SHUT_RDWR);
            return;
        }
        conns->list = list;
        conns->cap = cap;
    }
    conns->list[conns->count++] = conn;
    conns->pending++;
    while (conns->pending > conns->pending_max)
        make_room(conns);
}

void fc_conns_lost(struct fc_conns *conns, int fd)
{
    for (size_t i = conns->count; i-- > 0;) {
        struct fc_conn *conn = &conns->list[i];
        if (conn->fd != fd || conn->gone)
            continue;
        if (is_pending(conn))
            conns->pending--;
        conn->gone = true;
        return;
    }
}

struct fc_conn *fc_conns_by_route(const struct fc_conns *conns, const uint8_t route[FC_ROUTE_BYTES])
{
    for (size_t i = 0; i < conns->count; i++)
        if (conns->list[i].named && memcmp(conns->list[i].route, route, FC_ROUTE_BYTES) == 0)
            return &conns->list[i];
    return NULL;
}

struct fc_conn *fc_conns_unnamed(const struct fc_conns *conns, int fd)
{
    for (size_t i = 0; i < conns->count; i++)
        if (conns->list[i].fd == fd && !conns->list[i].named)
            return &conns->list[i];
    return NULL;
}

void fc_conns_name(struct fc_conns *conns, struct fc_conn *conn,
                   const uint8_t route[FC_ROUTE_BYTES])
{
    assert(!conn->named);
    if (is_pending(conn))
        conns->pending--;
    conn->named = true;
    memcpy(conn->route, route, FC_ROUTE_BYTES);
}

bool fc_intake_exceeds(struct fc_intake *intake, int fd, uint64_t max)
{
    struct tcp_info info;
    socklen_t len = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0 ||
        len < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received)
        return false;
    if (intake->delivered || info.tcpi_bytes_received < intake->mark) {
        intake->delivered = false;
        intake->mark = info.tcpi_bytes_received;
    }
    return info.tcpi_bytes_received - intake->mark > max;
}

void fc_conns_check_intake(struct fc_conns *conns, uint64_t max)
{
    for (size_t i = 0; i < conns->count; i++) {
        struct fc_conn *conn = &conns->list[i];
        if (!conn->shut && !conn->gone && fc_intake_exceeds(&conn->intake, conn->fd, max))
            fc_conns_shut(conns, conn);
    }
}

void fc_conns_sweep(struct fc_conns *conns, void *ctx, void (*lost)(void *ctx, uint32_t link))
{
    size_t kept = 0;
    for (size_t i = 0; i < conns->count; i++) {
        struct fc_conn *conn = &conns->list[i];
        if (!conn->gone)
            conns->list[kept++] = *conn;
        else if (conn->link)
            lost(ctx, conn->link);
    }
    conns->count = kept;
}
