#include "node/http_watch.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

struct fc_watches {
    pthread_mutex_t mutex; /* guards the list and what is in it */
    struct fc_watch *first;
};

struct fc_watch {
    int fd;
    uint64_t since_us; /* of the request's first line, or of the last answer's end; 0: it is being
                          answered */
    bool begun;        /* a first line has come */
    bool spoke;        /* on this connection, ever */
    struct fc_watch *prev, *next;
};

enum fc_err fc_watches_create(struct fc_watches **out)
{
    struct fc_watches *watches = calloc(1, sizeof *watches);
    *out = NULL;
    if (!watches || pthread_mutex_init(&watches->mutex, NULL) != 0) {
        free(watches);
        return FC_E_NOMEM;
    }
    *out = watches;
    return FC_OK;
}

void fc_watches_destroy(struct fc_watches *watches)
{
    if (watches) {
        pthread_mutex_destroy(&watches->mutex);
        free(watches);
    }
}

struct fc_watch *fc_watch_begin(struct fc_watches *watches, int fd, uint64_t now_us)
{
    struct fc_watch *watch = calloc(1, sizeof *watch);
    if (!watch) {
        return NULL;
    }
    watch->fd = fd;
    watch->since_us = now_us;
    pthread_mutex_lock(&watches->mutex);
    watch->next = watches->first;
    if (watch->next) {
        watch->next->prev = watch;
    }
    watches->first = watch;
    pthread_mutex_unlock(&watches->mutex);
    return watch;
}

void fc_watch_end(struct fc_watches *watches, struct fc_watch *watch)
{
    if (!watch) {
        return;
    }
    pthread_mutex_lock(&watches->mutex);
    if (watch->prev) {
        watch->prev->next = watch->next;
    } else {
        watches->first = watch->next;
    }
    if (watch->next) {
        watch->next->prev = watch->prev;
    }
    pthread_mutex_unlock(&watches->mutex);
    free(watch);
}

static void set(struct fc_watches *watches, struct fc_watch *watch, uint64_t since_us, bool begun)
{
    if (!watch) {
        return;
    }
    pthread_mutex_lock(&watches->mutex);
    watch->since_us = since_us;
    watch->begun = begun;
    watch->spoke = watch->spoke || begun;
    pthread_mutex_unlock(&watches->mutex);
}

void fc_watch_line(struct fc_watches *watches, struct fc_watch *watch, uint64_t now_us)
{
    set(watches, watch, now_us, true);
}

void fc_watch_whole(struct fc_watches *watches, struct fc_watch *watch)
{
    set(watches, watch, 0, false);
}

void fc_watch_answered(struct fc_watches *watches, struct fc_watch *watch, uint64_t now_us)
{
    set(watches, watch, now_us, false);
}

bool fc_watch_spoke(const struct fc_watch *watch)
{
    return watch && watch->spoke;
}

unsigned fc_watches_sweep(struct fc_watches *watches, uint64_t now_us, uint64_t patience_us,
                          bool silent)
{
    static const char late[] = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"
                               "Content-Length: 0\r\n\r\n";
    unsigned told = 0;
    pthread_mutex_lock(&watches->mutex);
    for (struct fc_watch *at = watches->first; at; at = at->next) {
        uint64_t allowed_us = at->begun ? patience_us : 2 * patience_us;
        if (at->since_us == 0 || now_us < at->since_us + allowed_us) {
            continue;
        }
        at->since_us = 0;
        if (at->begun && !silent) {
            ssize_t sent = send(at->fd, late, sizeof late - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
            (void)sent; /* a courtesy */
            told++;
        }
        shutdown(at->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&watches->mutex);
    return told;
}
