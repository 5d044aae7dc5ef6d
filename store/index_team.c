#include "store/index_team.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BATCH_ENTRIES = 32,
    BATCH_BYTES_MAX = 256 * 1024, /* of rows and frames; a larger entry is alone in its batch */
    BATCHES = 64,                 /* in the ring: so many are ahead of the caller */
    THREADS_MAX = 32,
    BATCHES_ALONE = 4, /* that the caller works out before others are called */
};

struct job {
    struct fc_team_entry entry; /* spans are set when it is worked on */
    size_t row, row_len, frame, frame_len;
    size_t said, said_len, words, words_len;
    uint32_t languages;
};
struct batch {
    struct job jobs[BATCH_ENTRIES];
    uint32_t count, taken;
    struct fc_buf in, out; /* rows and frames; what was said */
    enum fc_err err;
    bool done;
};

/* Batches are filled at `filling`, worked out from `next` on, and taken at `taking`; numbers only
 * grow, and find their place in the ring. */
struct fc_team {
    struct batch ring[BATCHES];
    uint64_t taking, filling;
    struct fc_sayer *own;
    uint32_t thread_count, threads_max;
    struct worker {
        struct fc_team *team;
        struct fc_sayer *sayer;
        pthread_t thread;
    } workers[THREADS_MAX];
    pthread_mutex_t lock; /* guards what follows, and `done` of batches */
    pthread_cond_t work, done;
    uint64_t next, filled; /* batches before `filled` may be worked on */
    bool stopping;
};

static struct batch *batch_at(struct fc_team *team, uint64_t number)
{
    return &team->ring[number % BATCHES];
}

/* -- working ----------------------------------------------------------------------------------- */

static enum fc_err work_out(struct fc_sayer *sayer, struct batch *batch, struct job *job)
{
    struct fc_entry entry;
    struct fc_span row = fc_span(batch->in.data + job->row, job->row_len);
    struct fc_span frame = fc_span(batch->in.data + job->frame, job->frame_len);
    enum fc_err err = fc_entry_parse(&job->entry.key_hash, row, &entry);
    if (err == FC_OK)
        err = fc_say_apart(sayer, job->entry.generation, &entry, frame);
    if (err != FC_OK)
        return err;
    job->said = batch->out.len;
    job->said_len = sayer->said.len;
    job->words = job->said + job->said_len;
    job->words_len = sayer->words.len;
    job->languages = sayer->languages;
    fc_buf_append(&batch->out, sayer->said.data, sayer->said.len);
    if (sayer->words.len > 0)
        fc_buf_append(&batch->out, sayer->words.data, sayer->words.len);
    return fc_buf_check(&batch->out);
}

/* Works out the next batch; called, and returns, with the lock held. */
static void help(struct fc_team *team, struct fc_sayer *sayer)
{
    struct batch *batch = batch_at(team, team->next++);
    enum fc_err err = FC_OK;
    pthread_mutex_unlock(&team->lock);
    for (uint32_t i = 0; i < batch->count && err == FC_OK; i++)
        err = work_out(sayer, batch, &batch->jobs[i]);
    pthread_mutex_lock(&team->lock);
    batch->err = err;
    batch->done = true;
    pthread_cond_signal(&team->done);
}

static void *worker_main(void *arg)
{
    struct worker *worker = arg;
    struct fc_team *team = worker->team;
    pthread_mutex_lock(&team->lock);
    while (!team->stopping) {
        if (team->next < team->filled)
            help(team, worker->sayer);
        else
            pthread_cond_wait(&team->work, &team->lock);
    }
    pthread_mutex_unlock(&team->lock);
    return NULL;
}

/* One more, if there can be one: with fewer it takes longer. */
static void hire(struct fc_team *team)
{
    struct worker *worker = &team->workers[team->thread_count];
    worker->team = team;
    if (fc_sayer_create(&worker->sayer) != FC_OK)
        return;
    if (pthread_create(&worker->thread, NULL, worker_main, worker) == 0)
        team->thread_count++;
    else
        fc_sayer_destroy(worker->sayer);
}

/* -- made and unmade --------------------------------------------------------------------------- */

struct fc_team *fc_team_create(uint32_t threads, struct fc_sayer *own)
{
    struct fc_team *team = calloc(1, sizeof *team);
    if (!team)
        return NULL;
    if (threads == 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        threads = online > 0 ? (uint32_t)online : 1;
    }
    team->threads_max = threads - 1 < THREADS_MAX ? threads - 1 : THREADS_MAX;
    team->own = own;
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->work, NULL);
    pthread_cond_init(&team->done, NULL);
    return team;
}

void fc_team_destroy(struct fc_team *team)
{
    if (!team)
        return;
    pthread_mutex_lock(&team->lock);
    team->stopping = true;
    pthread_cond_broadcast(&team->work);
    pthread_mutex_unlock(&team->lock);
    for (uint32_t i = 0; i < team->thread_count; i++) {
        pthread_join(team->workers[i].thread, NULL);
        fc_sayer_destroy(team->workers[i].sayer);
    }
    for (size_t i = 0; i < BATCHES; i++) {
        fc_buf_finish(&team->ring[i].in);
        fc_buf_finish(&team->ring[i].out);
    }
    pthread_cond_destroy(&team->done);
    pthread_cond_destroy(&team->work);
    pthread_mutex_destroy(&team->lock);
    free(team);
}

/* -- in and out -------------------------------------------------------------------------------- */

/* What is being filled may be worked on. */
static void hand_in(struct fc_team *team)
{
    team->filling++;
    pthread_mutex_lock(&team->lock);
    team->filled = team->filling;
    pthread_cond_signal(&team->work);
    pthread_mutex_unlock(&team->lock);
    if (team->filling > BATCHES_ALONE && team->thread_count < team->threads_max)
        hire(team);
}

/* One batch at least is free: an entry may end one and begin another. */
bool fc_team_full(const struct fc_team *team)
{
    return team->filling - team->taking >= BATCHES - 1;
}

enum fc_err fc_team_put(struct fc_team *team, const struct fc_team_entry *entry)
{
    struct batch *batch = batch_at(team, team->filling);
    assert(team->filling - team->taking < BATCHES);
    if (batch->count > 0 &&
        batch->in.len + entry->row.len + entry->frame.len > (size_t)BATCH_BYTES_MAX) {
        hand_in(team);
        return fc_team_put(team, entry);
    }
    struct job *job = &batch->jobs[batch->count];
    *job = (struct job){.entry = *entry,
                        .row = batch->in.len,
                        .row_len = entry->row.len,
                        .frame = batch->in.len + entry->row.len,
                        .frame_len = entry->frame.len};
    fc_buf_append(&batch->in, entry->row.data, entry->row.len);
    if (entry->frame.len > 0)
        fc_buf_append(&batch->in, entry->frame.data, entry->frame.len);
    if (fc_buf_check(&batch->in) != FC_OK)
        return FC_E_NOMEM;
    if (++batch->count == BATCH_ENTRIES)
        hand_in(team);
    return FC_OK;
}

/* Works at what is next itself, rather than wait. */
static void await(struct fc_team *team, const struct batch *batch)
{
    pthread_mutex_lock(&team->lock);
    while (!batch->done) {
        if (team->next < team->filled)
            help(team, team->own);
        else
            pthread_cond_wait(&team->done, &team->lock);
    }
    pthread_mutex_unlock(&team->lock);
}

static void reuse(struct fc_team *team)
{
    struct batch *batch = batch_at(team, team->taking++);
    fc_buf_clear(&batch->in);
    fc_buf_clear(&batch->out);
    batch->count = batch->taken = 0;
    batch->done = false;
}

enum fc_err fc_team_take(struct fc_team *team, struct fc_team_said *said)
{
    if (team->taking < team->filling &&
        batch_at(team, team->taking)->taken == batch_at(team, team->taking)->count)
        reuse(team);
    struct batch *batch = batch_at(team, team->taking);
    if (team->taking == team->filling) {
        if (batch->count == 0)
            return FC_E_MISSING;
        hand_in(team);
    }
    await(team, batch);
    if (batch->err != FC_OK)
        return batch->err;
    const struct job *job = &batch->jobs[batch->taken++];
    *said = (struct fc_team_said){.doc = job->entry.doc,
                                  .generation = job->entry.generation,
                                  .key_hash = job->entry.key_hash,
                                  .languages = job->languages,
                                  .said = fc_span(batch->out.data + job->said, job->said_len),
                                  .words = fc_span(batch->out.data + job->words, job->words_len)};
    return FC_OK;
}
