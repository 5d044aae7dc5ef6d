#include "store/reader.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "store/replica_priv.h"

/* A ledger as it was; counted on the writer's thread only. */
struct still {
    struct fc_ledger *ledger;
    size_t refs;
};

/* What a replica is at one commit, beside its tables. */
struct view {
    uint64_t number;
    struct fc_replica_state state;
    uint64_t takedowns_local;
    struct still *still;
    unsigned readers; /* that see it now; guarded by the mutex, as the list is */
    struct view *next;
};

struct fc_readers {
    struct fc_replica *replica;
    pthread_mutex_t mutex;
    struct view *views; /* the newest first */
    unsigned open;      /* readers */
};

struct fc_reader {
    struct fc_readers *readers;
    struct fc_kv_reader *kv;
    struct view *view; /* between begin and end */
    struct fc_replica replica;
};

/* -- what is offered, on the writer's thread --------------------------------------------------- */

static void still_release(struct still *still)
{
    if (!still || --still->refs > 0)
        return;
    fc_ledger_destroy(still->ledger);
    free(still);
}

static struct still *still_create(const struct fc_ledger *ledger)
{
    struct still *still = calloc(1, sizeof *still);
    if (!still || fc_ledger_share(ledger, &still->ledger) != FC_OK) {
        free(still);
        return NULL;
    }
    still->refs = 1;
    return still;
}

static void views_destroy(struct view *views)
{
    while (views) {
        struct view *view = views;
        views = view->next;
        still_release(view->still);
        free(view);
    }
}

/* Puts a view in front and gives back those nobody will ask for any more: an attempt under the same
 * number that was not committed, and whatever lies before the last commit. */
static struct view *replace(struct fc_readers *readers, struct view *view)
{
    struct view *gone = NULL;
    pthread_mutex_lock(&readers->mutex);
    for (struct view **link = &readers->views; *link;) {
        struct view *old = *link;
        if (old->readers > 0 || old->number + 1 == view->number) {
            link = &old->next;
            continue;
        }
        *link = old->next;
        old->next = gone;
        gone = old;
    }
    view->next = readers->views;
    readers->views = view;
    pthread_mutex_unlock(&readers->mutex);
    return gone;
}

/* The ledger that the last commit, or the one on its way, was offered with; NULL. */
static struct still *still_of(const struct fc_readers *readers, uint64_t number)
{
    for (const struct view *view = readers->views; view; view = view->next)
        if (view->number == number)
            return view->still;
    return NULL;
}

static enum fc_err offer(struct fc_readers *readers, uint64_t number, bool ledger_changed)
{
    const struct fc_replica *replica = readers->replica;
    struct view *view = calloc(1, sizeof *view);
    if (!view)
        return FC_E_NOMEM;
    struct still *still = ledger_changed ? NULL : still_of(readers, number - 1);
    if (still)
        still->refs++;
    else
        still = still_create(replica->ledger);
    if (!still) {
        free(view);
        return FC_E_NOMEM;
    }
    *view = (struct view){.number = number,
                          .state = replica->state,
                          .takedowns_local = replica->takedowns_local,
                          .still = still};
    views_destroy(replace(readers, view));
    return FC_OK;
}

enum fc_err fc_readers_offer(struct fc_readers *readers)
{
    const struct fc_replica *replica = readers->replica;
    return offer(readers, fc_kv_txn_number(replica->txn), replica->ledger_changed);
}

enum fc_err fc_readers_create(struct fc_replica *replica, struct fc_readers **out)
{
    *out = NULL;
    assert(!replica->txn && !replica->readers);
    if (replica->shared)
        return FC_E_ARG;
    struct fc_readers *readers = calloc(1, sizeof *readers);
    if (!readers)
        return FC_E_NOMEM;
    int failed = pthread_mutex_init(&readers->mutex, NULL);
    assert(!failed); /* it allocates nothing with default attributes */
    readers->replica = replica;
    struct fc_kv_reader *probe = NULL;
    struct fc_txn *txn = NULL;
    enum fc_err err = fc_kv_reader_open(replica->kv, &probe);
    if (err == FC_OK)
        err = fc_kv_reader_begin(probe, &txn);
    if (err == FC_OK) {
        err = offer(readers, fc_kv_txn_number(txn), true);
        fc_kv_reader_end(probe);
    }
    fc_kv_reader_close(probe);
    if (err != FC_OK) {
        fc_readers_destroy(readers);
        return err;
    }
    replica->readers = readers;
    *out = readers;
    return FC_OK;
}

void fc_readers_destroy(struct fc_readers *readers)
{
    if (!readers)
        return;
    assert(readers->open == 0);
    if (readers->replica->readers == readers)
        readers->replica->readers = NULL;
    views_destroy(readers->views);
    pthread_mutex_destroy(&readers->mutex);
    free(readers);
}

/* -- what is seen, on any thread --------------------------------------------------------------- */

enum fc_err fc_reader_open(struct fc_readers *readers, struct fc_reader **out)
{
    *out = NULL;
    struct fc_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return FC_E_NOMEM;
    enum fc_err err = fc_kv_reader_open(readers->replica->kv, &reader->kv);
    if (err != FC_OK) {
        free(reader);
        return err;
    }
    reader->readers = readers;
    reader->replica.federation = readers->replica->federation;
    /* What an index keeps in memory beside the store is each reader's own. */
    if (readers->replica->index)
        err = fc_index_create(&reader->replica.index);
    if (err != FC_OK) {
        fc_kv_reader_close(reader->kv);
        free(reader);
        return err;
    }
    pthread_mutex_lock(&readers->mutex);
    readers->open++;
    pthread_mutex_unlock(&readers->mutex);
    *out = reader;
    return FC_OK;
}

void fc_reader_close(struct fc_reader *reader)
{
    if (!reader)
        return;
    assert(!reader->view);
    fc_kv_reader_close(reader->kv);
    pthread_mutex_lock(&reader->readers->mutex);
    reader->readers->open--;
    pthread_mutex_unlock(&reader->readers->mutex);
    fc_codec_destroy(reader->replica.codec);
    fc_index_destroy(reader->replica.index);
    fc_buf_finish(&reader->replica.row);
    fc_buf_finish(&reader->replica.old);
    fc_buf_finish(&reader->replica.plain);
    fc_buf_finish(&reader->replica.frame);
    free(reader);
}

/* Between asking which commit is seen and taking hold of its view, none may be given back. */
static enum fc_err take_view(struct fc_reader *reader, struct fc_txn **txn)
{
    struct fc_readers *readers = reader->readers;
    pthread_mutex_lock(&readers->mutex);
    enum fc_err err = fc_kv_reader_begin(reader->kv, txn);
    uint64_t number = err == FC_OK ? fc_kv_txn_number(*txn) : 0;
    struct view *view = err == FC_OK ? readers->views : NULL;
    while (view && view->number != number)
        view = view->next;
    if (view)
        view->readers++;
    reader->view = view;
    pthread_mutex_unlock(&readers->mutex);
    if (err == FC_OK && !view) {
        fc_kv_reader_end(reader->kv);
        err = FC_E_AGAIN;
    }
    return err;
}

enum fc_err fc_reader_begin(struct fc_reader *reader, struct fc_replica **out)
{
    struct fc_txn *txn = NULL;
    assert(!reader->view);
    *out = NULL;
    enum fc_err err = take_view(reader, &txn);
    if (err != FC_OK)
        return err;
    struct fc_replica *replica = &reader->replica;
    replica->txn = txn;
    replica->at_commit = true;
    replica->ledger = reader->view->still->ledger;
    replica->state = reader->view->state;
    replica->takedowns_local = reader->view->takedowns_local;
    replica->row_known = replica->digest_known = false;
    err = replica->index ? fc_index_open(replica, txn) : FC_OK;
    if (err != FC_OK) {
        fc_reader_end(reader);
        return err;
    }
    *out = replica;
    return FC_OK;
}

void fc_reader_end(struct fc_reader *reader)
{
    assert(reader->view);
    /* First out of the store, whose map may wait for this, then the mutex. */
    fc_kv_reader_end(reader->kv);
    pthread_mutex_lock(&reader->readers->mutex);
    reader->view->readers--;
    pthread_mutex_unlock(&reader->readers->mutex);
    reader->view = NULL;
    reader->replica.txn = NULL;
    reader->replica.ledger = NULL;
}
