/* The raw trace: a line of JSON for all that happens. Names in it are ours and need no escapes. */
#include <errno.h>
#include <inttypes.h>

#include "sim/results_priv.h"

bool fc_results_wants_events(const struct fc_results *results)
{
    return results->events != NULL;
}

static void note_failure(struct fc_results *results)
{
    if (results->events_error == 0)
        results->events_error = errno != 0 ? errno : EIO;
}

void fc_results_event(struct fc_results *results, const struct fc_results_event *event)
{
    FILE *out = results->events;
    if (!out)
        return;
    errno = 0;
    fprintf(out, "{\"t_us\":%" PRIu64 ",\"kind\":\"%s\"", event->at_us, event->kind);
    if (event->what)
        fprintf(out, ",\"what\":\"%s\",\"fault\":%" PRIu32, event->what, event->fault);
    if (event->node != FC_RESULTS_NONE)
        fprintf(out, ",\"node\":%" PRIu32, event->node);
    if (event->peer != FC_RESULTS_NONE)
        fprintf(out, ",\"peer\":%" PRIu32, event->peer);
    if (event->class)
        fprintf(out, ",\"class\":\"%s\"", event->class);
    if (event->bytes != 0)
        fprintf(out, ",\"bytes\":%" PRIu64, event->bytes);
    if (event->feed != FC_RESULTS_NONE)
        fprintf(out, ",\"feed\":%" PRIu32 ",\"version\":%" PRIu64, event->feed, event->version);
    if (fputs("}\n", out) < 0 || ferror(out))
        note_failure(results);
}

enum fc_err fc_results_events_close(struct fc_results *results)
{
    errno = 0;
    if (results->events && fclose(results->events) != 0)
        note_failure(results);
    results->events = NULL;
    errno = results->events_error;
    return errno == 0 ? FC_OK : fc_results_failure(errno);
}
