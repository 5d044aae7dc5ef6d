#include "tests/support/crash.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/child.h"
#include "tests/support/rng.h"

enum { WINDOW_ROUNDS = 25, WINDOWS_MAX = 16 };

void crash_acknowledge(int acks, uint64_t number)
{
    CHILD_CHECK(write(acks, &number, sizeof number) == sizeof number);
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Reads acknowledgements until the pipe ends or, when there is one, the deadline comes. */
static void read_acks(int acks, const int64_t *deadline, uint64_t *last)
{
    for (;;) {
        int64_t left = deadline ? *deadline - now_us() : 0;
        if (deadline && left <= 0)
            return;
        struct pollfd poll_fd = {acks, POLLIN, 0};
        struct timespec wait = {left / 1000000, left % 1000000 * 1000};
        int ready = ppoll(&poll_fd, 1, deadline ? &wait : NULL, NULL);
        if (ready < 0 && errno != EINTR)
            abort();
        if (ready <= 0)
            continue;
        uint64_t number;
        if (read(acks, &number, sizeof number) != sizeof number)
            return;
        *last = number;
    }
}

static bool run_round(const struct crash_job *job, unsigned delay_us, uint64_t next,
                      uint64_t *acknowledged)
{
    int acks[2], status;
    if (pipe(acks))
        abort();
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        abort();
    if (pid == 0) {
        close(acks[0]);
        job->work(job->context, next, acks[1]);
        _exit(CHILD_FAILED);
    }
    close(acks[1]);
    int64_t deadline = now_us() + delay_us;
    read_acks(acks[0], &deadline, acknowledged);
    kill(pid, SIGKILL);
    if (waitpid(pid, &status, 0) != pid)
        abort();
    read_acks(acks[0], NULL, acknowledged);
    close(acks[0]);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* Where others keep the processors busy, hardly anything is done before the kill: it waits longer
 * then. */
static unsigned wait_longer(const struct crash_report *report, unsigned *busy_before, unsigned us,
                            unsigned us_max)
{
    if (report->rounds % WINDOW_ROUNDS != 0)
        return us;
    unsigned busy = report->busy_rounds - *busy_before;
    *busy_before = report->busy_rounds;
    return busy < WINDOW_ROUNDS / 2 && us < us_max ? 2 * us : us;
}

bool crash_run(const struct crash_job *job, struct crash_report *report)
{
    uint64_t rng = job->seed, held = 0;
    unsigned window_us = job->delay_us_max, busy_before = 0;
    *report = (struct crash_report){0};
    for (unsigned round = 0; round < job->rounds; round++) {
        unsigned delay_us = test_rng_below(&rng, window_us);
        uint64_t acknowledged = held, before = held;
        bool killed = run_round(job, delay_us, held + 1, &acknowledged);
        bool sound = job->held(job->context, &held);
        if (!killed || !sound || held < acknowledged || held > acknowledged + 1) {
            fprintf(stderr, "round %u, killed after %u us: %s, %s, acknowledged %llu, held %llu\n",
                    round, delay_us, killed ? "killed" : "ended by itself",
                    sound ? "sound" : "damaged", (unsigned long long)acknowledged,
                    (unsigned long long)held);
            return false;
        }
        report->rounds++;
        report->acknowledged += acknowledged - before;
        report->busy_rounds += acknowledged > before;
        report->ahead += held > acknowledged;
        window_us = wait_longer(report, &busy_before, window_us, WINDOWS_MAX * job->delay_us_max);
    }
    return true;
}
