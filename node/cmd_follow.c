/* `follow`: a service of credentials events, read into a feed. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/batch.h"
#include "node/clock.h"
#include "node/commands.h"
#include "node/follow.h"
#include "store/document.h"

enum { EVERY_MS = 60 * 1000, EVERY_MS_MIN = 1000 };

struct input {
    struct fc_publisher_options key;
    const char *url, *type;
    bool once, pointers, any_address;
    uint64_t every_ms, patience_ms;
};

static const struct argp_option options[] = {
    {"once", '1', NULL, 0, "End when there is nothing more, or at the first failure", 0},
    {"every", 'e', "TIME", 0, "Ask again after this time (default: 60s)", 0},
    {"type", 't', "TYPE", 0, "Only events of this type", 0},
    {"pointers", 'p', NULL, 0, "Get the credentials that events of v1 point at", 0},
    {"any-address", 'a', NULL, 0,
     "Get them from this machine and private networks as well, and through a proxy", 0},
    {"patience", 'w', "TIME", 0,
     "How long a page waits for what cannot be had for now, before it is skipped (default: 1d)", 0},
    FC_PUBLISHER_OPTIONS,
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    if (fc_publisher_parse(&input->key, key, arg)) {
        return 0;
    }
    switch (key) {
    case '1':
        input->once = true;
        return 0;
    case 'p':
        input->pointers = true;
        return 0;
    case 'a':
        input->any_address = true;
        return 0;
    case 'w':
        if (fc_cli_duration(arg, &input->patience_ms) != FC_OK) {
            argp_error(state, "\"%s\" is no time like 12h or 7d", arg);
        }
        return 0;
    case 't':
        input->type = arg;
        return 0;
    case 'e':
        if (fc_cli_duration(arg, &input->every_ms) != FC_OK || input->every_ms < EVERY_MS_MIN) {
            argp_error(state, "\"%s\" is no time of at least one second, like 90s or 5min", arg);
        }
        return 0;
    case ARGP_KEY_ARG:
        if (input->url) {
            argp_error(state, "one URL at a time");
        }
        input->url = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "name the service's URL");
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

struct work {
    struct fc_cli *cli;
    const struct input *input;
    struct fc_client *client; /* while a page is gone through */
    struct fc_publisher publisher;
    struct fc_hash participant;
    struct fc_batch *batch;
    struct fc_hash held[FC_FOLLOW_PAGE * 8]; /* keys in the batch */
    size_t held_count;
    uint64_t events, published, unchanged, skipped, failed;
};

static void say_fault(void *ctx, const char *place, const char *text)
{
    struct work *work = ctx;
    fc_cli_warn(work->cli, "%s: %s", place, text);
}

static void skip(void *ctx, const char *place, const char *text)
{
    struct work *work = ctx;
    work->skipped++;
    say_fault(work, place, text);
}

/* The node is asked anew for every page: it may have been restarted, and without one the store must
 * not stay locked while we wait. */
static enum fc_err open_batch(struct work *work)
{
    if (work->batch) {
        return FC_OK;
    }
    enum fc_err err = fc_client_open(work->cli, &work->client);
    if (err == FC_OK) {
        err = fc_publisher_open(work->cli, work->client, &work->input->key, &work->publisher);
        if (err != FC_OK) {
            fc_client_close(work->client);
            work->client = NULL;
        }
    }
    struct fc_batch_config config = {.ops_max = err == FC_OK ? work->publisher.ops_max : 0,
                                     .publisher = &work->publisher,
                                     .ctx = work,
                                     .fault = say_fault};
    return err == FC_OK ? fc_batch_create(&config, &work->batch) : err;
}

static void close_batch(struct work *work)
{
    if (work->batch) {
        struct fc_batch_counts counts = fc_batch_counts(work->batch);
        work->published += counts.published;
        work->unchanged += counts.unchanged;
        work->failed += counts.failed;
        fc_batch_destroy(work->batch);
        work->batch = NULL;
    }
    if (work->client) {
        fc_publisher_close(&work->publisher);
        fc_client_close(work->client);
        work->client = NULL;
    }
    work->held_count = 0;
}

/* A batch takes each key once; an entry that changed twice in a page is published twice. */
static enum fc_err make_room(struct work *work, struct fc_span bytes)
{
    struct fc_document document;
    enum fc_err err = fc_document_read(bytes, &document, NULL);
    if (err != FC_OK) {
        fc_document_finish(&document);
        return err == FC_E_NOMEM ? err : FC_OK; /* the batch says what is wrong with it */
    }
    struct fc_hash key_hash = fc_key_hash(fc_span_str(document.key));
    fc_document_finish(&document);
    bool repeated = work->held_count == sizeof work->held / sizeof work->held[0];
    for (size_t i = 0; i < work->held_count; i++) {
        repeated = repeated || fc_hash_eq(&work->held[i], &key_hash);
    }
    if (repeated) {
        err = fc_batch_flush(work->batch);
        close_batch(work);
        if (err == FC_OK) {
            err = open_batch(work);
        }
    }
    work->held[work->held_count++] = key_hash;
    return err;
}

static enum fc_err document(void *ctx, const char *place, struct fc_span bytes)
{
    struct work *work = ctx;
    enum fc_err err = open_batch(work);
    if (err == FC_OK) {
        err = make_room(work, bytes);
    }
    return err == FC_OK ? fc_batch_add(work->batch, place, bytes) : err;
}

static enum fc_err page(void *ctx)
{
    struct work *work = ctx;
    return work->batch ? fc_batch_flush(work->batch) : FC_OK;
}

static void wait_ms(uint64_t ms)
{
    struct timespec left = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&left, NULL);
}

static enum fc_exit report(struct work *work, enum fc_exit status)
{
    struct fc_cli *cli = work->cli;
    if (cli->json) {
        struct fc_json *json = fc_json_create();
        fc_json_object(json, NULL);
        fc_json_uint(json, "events", work->events);
        fc_json_uint(json, "published", work->published);
        fc_json_uint(json, "unchanged", work->unchanged);
        fc_json_uint(json, "skipped", work->skipped);
        fc_json_uint(json, "failed", work->failed);
        fc_json_end(json);
        enum fc_exit printed = fc_cli_print_json(cli, json);
        return status == FC_EXIT_OK ? printed : status;
    }
    printf("%" PRIu64 " events: %" PRIu64 " published, %" PRIu64 " unchanged, %" PRIu64
           " skipped, %" PRIu64 " failed\n",
           work->events, work->published, work->unchanged, work->skipped, work->failed);
    fflush(stdout);
    return status;
}

static enum fc_exit partly(const struct work *work)
{
    return work->failed + work->skipped > 0 ? FC_EXIT_PARTLY : FC_EXIT_OK;
}

/* Until there is nothing more (once), or for ever. */
static enum fc_exit follow_on(struct work *work, struct fc_follow *follow)
{
    char fault[300];
    unsigned failures = 0;
    for (;;) {
        size_t events = 0;
        uint64_t before = work->events, skipped = work->skipped;
        enum fc_err err = fc_follow_step(follow, &events, fault, sizeof fault);
        close_batch(work);
        work->events += events;
        work->skipped = err == FC_OK ? work->skipped : skipped; /* they come again */
        if (err == FC_E_STALE) {
            fc_cli_warn(work->cli, "%s: %s", work->input->url, fault);
            failures++;
        } else if (err != FC_OK) {
            bool input = fault[0] && err != FC_E_AGAIN; /* else it may be right another time */
            enum fc_exit status = input ? fc_cli_exit(err) : FC_EXIT_FAILED;
            fc_cli_warn(work->cli, "%s: %s", work->input->url, fault[0] ? fault : fc_err_text(err));
            if (work->input->once) {
                return report(work, status);
            }
            failures++;
        } else {
            failures = 0;
            if (events == 0 && work->input->once) {
                return report(work, partly(work));
            }
            if (events > 0 && !work->input->once && work->events != before) {
                (void)report(work, FC_EXIT_OK);
            }
        }
        if (failures > 0 || events == 0) {
            wait_ms(failures > 0 ? fc_follow_backoff_ms(failures) : work->input->every_ms);
        }
    }
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {.every_ms = EVERY_MS, .patience_ms = FC_FOLLOW_PATIENCE_MS};
    struct work work = {.cli = cli, .input = &input};
    struct fc_follow *follow = NULL;
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK) {
        return status;
    }
    if (open_batch(&work) != FC_OK) {
        close_batch(&work);
        return cli->status;
    }
    work.participant = work.publisher.participant;
    close_batch(&work);
    struct fc_follow_setup setup = {.home = &cli->home,
                                    .url = input.url,
                                    .type = input.type,
                                    .participant = &work.participant,
                                    .pointers = input.pointers,
                                    .any_address = input.any_address,
                                    .patience_ms = input.patience_ms,
                                    .ctx = &work,
                                    .document = document,
                                    .skip = skip,
                                    .page = page};
    enum fc_err err = fc_follow_create(&setup, &follow);
    if (err == FC_E_ARG) {
        fc_cli_warn(cli, "%s: give an http or https URL of at most %d bytes", input.url,
                    FC_FOLLOW_URL_BYTES_MAX);
        return FC_EXIT_USAGE;
    }
    if (err != FC_OK) {
        return fc_cli_fail(cli, err, "%s: what was kept of it in follow/ cannot be used",
                           input.url);
    }
    status = follow_on(&work, follow);
    fc_follow_destroy(follow);
    return status;
}

const struct fc_command fc_command_follow = {
    .name = "follow",
    .family = "catalogue",
    .args = "URL",
    .summary = "Read a service of credentials events into a feed",
    .help =
        "Takes the events of a Credentials Events Service, v1 or v2, page by page and in their "
        "order, and publishes the documents they hold as entries of a feed. Where it stands is "
        "kept in follow/ of the node's home, so that it goes on from there. Without a path that "
        "names them, /v2/credentials-events of the URL is asked. Documents that the feed holds "
        "already change nothing. With --pointers only what hashes to what its event says is "
        "published; what cannot be had for now is asked for again, with the whole page, until "
        "--patience is at its end.",
    .example = "fedcat follow https://ces.example/v2/credentials-events --once",
    .options = options,
    .parse = parse,
    .run = run,
};
