#include "sim/batch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS_MAX = 1024, POLL_MS = 200 };

struct worker {
    pid_t pid;
    int fd;
    uint32_t job;
    struct fc_buf said;
};
struct ended { /* a job that ended before one with a lower number */
    struct fc_buf said;
    int status;
    bool is;
};
struct state {
    const struct fc_batch *batch;
    struct worker *workers;
    struct pollfd *polls;
    uint32_t worker_count, running;
    struct ended *ended;
    uint32_t next, told; /* jobs to start; jobs whose end was told */
    bool stop;
    double started_s;
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int work_and_tell(const struct fc_batch *batch, uint32_t job, int fd)
{
    FILE *out = fdopen(fd, "w");
    if (!out)
        return EXIT_FAILURE;
    int status = batch->work(batch->ctx, job, out);
    bool lost = ferror(out) != 0;
    return fclose(out) == 0 && !lost ? status : EXIT_FAILURE;
}

/* Nobody would hear of what an orphan finds. */
static bool goes_with(pid_t parent)
{
    return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent;
}

static enum fc_err start(struct state *state)
{
    int fds[2];
    if (pipe(fds) != 0)
        return FC_E_IO;
    fflush(NULL);
    pid_t parent = getpid(), pid = fork();
    if (pid < 0) {
        close(fds[0]);
        close(fds[1]);
        return errno == ENOMEM ? FC_E_NOMEM : FC_E_IO;
    }
    if (pid == 0) {
        close(fds[0]);
        if (!goes_with(parent))
            _exit(EXIT_FAILURE);
        _exit(work_and_tell(state->batch, state->next, fds[1]));
    }
    close(fds[1]);
    state->workers[state->running++] =
        (struct worker){.pid = pid, .fd = fds[0], .job = state->next++};
    return FC_OK;
}

/* Jobs whose turn it is, of those that have ended. */
static void tell(struct state *state)
{
    const struct fc_batch *batch = state->batch;
    while (state->told < batch->count && state->ended[state->told].is) {
        struct ended *ended = &state->ended[state->told];
        if (!batch->done(batch->ctx, state->told, fc_buf_span(&ended->said), ended->status))
            state->stop = true;
        fc_buf_finish(&ended->said);
        state->told++;
    }
}

static void reap(struct state *state, uint32_t at)
{
    struct worker worker = state->workers[at];
    int status = 0;
    while (waitpid(worker.pid, &status, 0) < 0 && errno == EINTR)
        continue;
    close(worker.fd);
    state->ended[worker.job] =
        (struct ended){.said = worker.said,
                       .status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
                       .is = true};
    state->workers[at] = state->workers[--state->running];
    tell(state);
}

static void listen_to(struct state *state)
{
    for (uint32_t i = 0; i < state->running; i++)
        state->polls[i] = (struct pollfd){state->workers[i].fd, POLLIN, 0};
    if (poll(state->polls, state->running, POLL_MS) <= 0)
        return;
    for (uint32_t i = state->running; i-- > 0;) {
        char bytes[65536];
        if (state->polls[i].revents == 0)
            continue;
        ssize_t got = read(state->workers[i].fd, bytes, sizeof bytes);
        if (got > 0)
            fc_buf_append(&state->workers[i].said, bytes, (size_t)got);
        else if (got == 0 || errno != EINTR)
            reap(state, i);
    }
}

static bool may_start(const struct state *state)
{
    const struct fc_batch *batch = state->batch;
    return !state->stop && state->next < batch->count && state->running < state->worker_count &&
           (batch->for_s <= 0 || now_s() - state->started_s < batch->for_s);
}

static enum fc_err run(struct state *state)
{
    enum fc_err err = FC_OK;
    while (err == FC_OK && (may_start(state) || state->running != 0)) {
        while (err == FC_OK && may_start(state))
            err = start(state);
        if (err != FC_OK)
            break;
        listen_to(state);
        if (state->batch->progress)
            state->batch->progress(state->batch->ctx, state->told, now_s() - state->started_s);
    }
    while (state->running != 0) { /* something failed: none is left behind */
        kill(state->workers[0].pid, SIGKILL);
        reap(state, 0);
    }
    return err;
}

static uint32_t workers_of(const struct fc_batch *batch)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t workers = batch->workers ? batch->workers : cores > 0 ? (uint32_t)cores : 1;
    return workers < WORKERS_MAX ? workers : WORKERS_MAX;
}

enum fc_err fc_batch_run(const struct fc_batch *batch, uint32_t *ran)
{
    struct state state = {.batch = batch, .worker_count = workers_of(batch), .started_s = now_s()};
    state.workers = calloc(state.worker_count, sizeof *state.workers);
    state.polls = calloc(state.worker_count, sizeof *state.polls);
    state.ended = calloc(batch->count + 1u, sizeof *state.ended);
    enum fc_err err = state.workers && state.polls && state.ended ? run(&state) : FC_E_NOMEM;
    *ran = state.told;
    for (uint32_t i = 0; state.ended && i < batch->count; i++)
        fc_buf_finish(&state.ended[i].said);
    free(state.workers);
    free(state.polls);
    free(state.ended);
    return err;
}
