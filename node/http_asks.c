#include "node/http_asks.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum stage { WAITS, TAKEN, ANSWERED, UNBEGUN, UNFINISHED, REFUSED };

struct fc_http_ask {
    struct fc_buf request, response;
    uint64_t deadline_us;
    void *link;
    enum stage stage;
    unsigned holders; /* whoever asked, and the queue */
    struct fc_http_ask *next;
};

struct fc_http_asks {
    pthread_mutex_t mutex;
    void (*answered)(void *link);
    int fd;
    bool closed;
    struct fc_http_ask *first, **end;
    struct fc_http_ask *current; /* the daemon is at it */
    size_t count, bytes;         /* of those that wait */
};

enum fc_err fc_asks_create(void (*answered)(void *link), struct fc_http_asks **out)
{
    struct fc_http_asks *asks = calloc(1, sizeof *asks);
    *out = NULL;
    if (!asks) {
        return FC_E_NOMEM;
    }
    asks->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (asks->fd < 0 || pthread_mutex_init(&asks->mutex, NULL) != 0) {
        if (asks->fd >= 0) {
            close(asks->fd);
        }
        free(asks);
        return FC_E_IO;
    }
    asks->answered = answered;
    asks->end = &asks->first;
    *out = asks;
    return FC_OK;
}

void fc_asks_destroy(struct fc_http_asks *asks)
{
    if (!asks) {
        return;
    }
    assert(!asks->first && !asks->current);
    close(asks->fd);
    pthread_mutex_destroy(&asks->mutex);
    free(asks);
}

static void let_go(struct fc_http_ask *ask)
{
    if (--ask->holders > 0) {
        return;
    }
    fc_buf_finish(&ask->request);
    fc_buf_finish(&ask->response);
    free(ask);
}

enum fc_err fc_asks_put(struct fc_http_asks *asks, struct fc_buf *request, uint64_t deadline_us,
                        void *link, struct fc_http_ask **out)
{
    struct fc_http_ask *ask = calloc(1, sizeof *ask);
    *out = NULL;
    if (!ask) {
        return FC_E_NOMEM;
    }
    ask->deadline_us = deadline_us;
    ask->link = link;
    ask->holders = 2;
    *out = ask; /* before the answer may come */
    pthread_mutex_lock(&asks->mutex);
    enum fc_err err = asks->closed                                     ? FC_E_CLOSED
                      : asks->count >= FC_ASKS_MAX                     ? FC_E_AGAIN
                      : asks->bytes + request->len > FC_ASKS_BYTES_MAX ? FC_E_AGAIN
                                                                       : FC_OK;
    if (err == FC_OK) {
        ask->request = *request;
        *request = (struct fc_buf){0};
        *asks->end = ask;
        asks->end = &ask->next;
        asks->count++;
        asks->bytes += ask->request.len;
    }
    pthread_mutex_unlock(&asks->mutex);
    if (err != FC_OK) {
        *out = NULL;
        free(ask);
        return err;
    }
    uint64_t one = 1;
    ssize_t written = write(asks->fd, &one, sizeof one);
    (void)written; /* it fails only when the count is full, and then the daemon is awake */
    return FC_OK;
}

enum fc_err fc_asks_take(struct fc_http_asks *asks, struct fc_http_ask *ask,
                         struct fc_buf *response)
{
    enum fc_err err = FC_OK;
    pthread_mutex_lock(&asks->mutex);
    switch (ask->stage) {
    case ANSWERED:
        *response = ask->response;
        ask->response = (struct fc_buf){0};
        break;
    case UNBEGUN:
        err = FC_E_AGAIN;
        break;
    case UNFINISHED:
        err = FC_E_IO;
        break;
    case WAITS:
    case TAKEN:
    case REFUSED:
        err = FC_E_CLOSED;
        break;
    }
    let_go(ask);
    pthread_mutex_unlock(&asks->mutex);
    return err;
}

/* -- the daemon -------------------------------------------------------------------------------- */

int fc_asks_fd(const struct fc_http_asks *asks)
{
    return asks->fd;
}

static struct fc_http_ask *pop(struct fc_http_asks *asks)
{
    struct fc_http_ask *ask = asks->first;
    if (ask) {
        asks->first = ask->next;
        asks->end = asks->first ? asks->end : &asks->first;
        asks->count--;
        asks->bytes -= ask->request.len;
    }
    return ask;
}

/* Within the mutex; the waker is called after it. */
static void *end_with(struct fc_http_ask *ask, enum stage stage)
{
    void *link = ask->link;
    ask->stage = stage;
    return link;
}

static bool serve_one(struct fc_http_asks *asks, void *ctx,
                      void (*answer)(void *ctx, struct fc_span request, struct fc_buf *response))
{
    struct fc_buf response = {0};
    pthread_mutex_lock(&asks->mutex);
    struct fc_http_ask *ask = pop(asks);
    asks->current = ask;
    if (ask) {
        ask->stage = TAKEN;
    }
    pthread_mutex_unlock(&asks->mutex);
    if (!ask) {
        return false;
    }
    answer(ctx, fc_buf_span(&ask->request), &response);
    void *link = NULL;
    pthread_mutex_lock(&asks->mutex);
    asks->current = NULL;
    if (ask->stage == TAKEN) {
        ask->response = response;
        response = (struct fc_buf){0};
        link = end_with(ask, ANSWERED);
    }
    let_go(ask);
    pthread_mutex_unlock(&asks->mutex);
    fc_buf_finish(&response);
    if (link) {
        asks->answered(link);
    }
    return true;
}

bool fc_asks_serve(struct fc_http_asks *asks, unsigned max, void *ctx,
                   void (*answer)(void *ctx, struct fc_span request, struct fc_buf *response))
{
    uint64_t count;
    unsigned served = 0;
    ssize_t got = read(asks->fd, &count, sizeof count);
    (void)got;
    while (served < max && serve_one(asks, ctx, answer)) {
        served++;
    }
    if (served == max) { /* there may be more: poll again */
        uint64_t one = 1;
        got = write(asks->fd, &one, sizeof one);
        (void)got;
    }
    return served > 0;
}

/* -- time and the end -------------------------------------------------------------------------- */

/* One that is to be given up; its link, or NULL. */
static void *give_up_one(struct fc_http_asks *asks, uint64_t now_us, bool all)
{
    void *link = NULL;
    pthread_mutex_lock(&asks->mutex);
    struct fc_http_ask *current = asks->current;
    if (asks->first && (all || asks->first->deadline_us <= now_us)) {
        struct fc_http_ask *ask = pop(asks); /* all have the same patience: the first is the next */
        link = end_with(ask, all ? REFUSED : UNBEGUN);
        let_go(ask);
    } else if (current && current->stage == TAKEN && (all || current->deadline_us <= now_us)) {
        link = end_with(current, UNFINISHED);
    }
    pthread_mutex_unlock(&asks->mutex);
    return link;
}

void fc_asks_expire(struct fc_http_asks *asks, uint64_t now_us)
{
    for (void *link = give_up_one(asks, now_us, false); link;
         link = give_up_one(asks, now_us, false)) {
        asks->answered(link);
    }
}

void fc_asks_close(struct fc_http_asks *asks)
{
    pthread_mutex_lock(&asks->mutex);
    asks->closed = true;
    pthread_mutex_unlock(&asks->mutex);
    for (void *link = give_up_one(asks, 0, true); link; link = give_up_one(asks, 0, true)) {
        asks->answered(link);
    }
}
