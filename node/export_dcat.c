#include "node/export_dcat.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/feed_times.h"
#include "node/show.h"
#include "store/document_text.h"

bool fc_export_is_absent(struct fc_export_absent *absent, enum fc_err err)
{
    absent->missing += err == FC_E_MISSING;
    absent->withheld += err == FC_E_WITHHELD;
    return err == FC_E_MISSING || err == FC_E_WITHHELD;
}

void fc_export_note(const struct fc_cli *cli, const char *what, uint64_t written,
                    const struct fc_export_absent *absent)
{
    char missing[64] = "", withheld[64] = "";
    if (absent->missing > 0)
        snprintf(missing, sizeof missing, ", %" PRIu64 " have not arrived here yet",
                 absent->missing);
    if (absent->withheld > 0)
        snprintf(withheld, sizeof withheld, ", %" PRIu64 " were taken down", absent->withheld);
    fc_cli_note(cli, "%" PRIu64 " %s exported%s%s", written, what, missing, withheld);
}

struct work {
    struct fc_cli *cli;
    struct fc_client *client;
    const struct fc_export_dcat *options;
    struct fc_dcat_export *dcat;
    struct fc_progress progress;
    struct fc_feed_times times; /* of the feed that is gone through */
    struct fc_buf name, url;    /* of its participant */
    uint64_t feed_ms;
    uint64_t written;
    struct fc_export_absent absent;
};

/* A page of heads: [[[head record, ops]...], more]. */
static enum fc_err read_heads(struct work *work, struct fc_span body, fc_version *below, bool *more)
{
    struct fc_unpack in;
    fc_unpack_init(&in, body);
    fc_unpack_array(&in, 2, 2);
    uint32_t count = fc_unpack_array(&in, 0, UINT16_MAX);
    enum fc_err err = FC_OK;
    for (uint32_t i = 0; i < count && err == FC_OK; i++) {
        struct fc_record record;
        struct fc_head head;
        fc_unpack_array(&in, 2, 2);
        struct fc_span bytes = fc_unpack_bin(&in, FC_RECORD_BYTES_MAX);
        fc_unpack_bin(&in, FC_OPS_BYTES_MAX);
        err = in.err == FC_OK ? fc_record_parse(bytes, &record) : in.err;
        if (err == FC_OK)
            err = fc_head_parse(&record, &head);
        if (err == FC_OK) {
            fc_feed_times_add(&work->times, head.version, head.time_ms);
            *below = head.version;
        }
    }
    *more = fc_unpack_uint(&in, 1) == 1 && count > 0;
    return err == FC_OK ? fc_unpack_end(&in) : err;
}

static enum fc_err read_times(struct work *work, const struct fc_hash *participant)
{
    fc_version below = 0;
    bool more = true;
    enum fc_err err = FC_OK;
    work->times.count = 0;
    while (more && err == FC_OK && work->times.count < FC_HEADS_KEPT) {
        struct fc_buf arguments = {0};
        struct fc_span body;
        fc_pack_array(&arguments, 3);
        fc_message_put_hash(&arguments, participant);
        fc_pack_uint(&arguments, below);
        fc_pack_uint(&arguments, FC_HEADS_KEPT);
        err = fc_buf_check(&arguments);
        if (err == FC_OK)
            err = fc_client_call(work->client, FC_VERB_HISTORY, fc_buf_span(&arguments), &body);
        fc_buf_finish(&arguments);
        if (err == FC_OK)
            err = read_heads(work, body, &below, &more);
    }
    return err;
}

static enum fc_err export_entry(void *ctx, const struct fc_message_entry *message)
{
    struct work *work = ctx;
    const struct fc_entry *held = &message->entry;
    struct fc_buf content = {0};
    if (message->hidden ||
        (held->status != FC_STATUS_ACTIVE && held->status != FC_STATUS_DEPRECATED))
        return FC_OK;
    fc_progress_show(&work->progress, work->written, 0);
    enum fc_err err =
        fc_client_content(work->client, &message->participant, &held->key_hash, &content);
    if (err == FC_OK) {
        uint64_t signed_ms = fc_feed_times_of(&work->times, held->version);
        struct fc_dcat_entry entry = {
            .key = held->key,
            .content = fc_buf_span(&content),
            .key_hash = held->key_hash,
            .participant = message->participant,
            .participant_name = fc_buf_span(&work->name),
            .participant_url = fc_buf_span(&work->url),
            .version = held->version,
            .signed_ms = signed_ms ? signed_ms : work->feed_ms,
        };
        err = fc_dcat_export_add(work->dcat, &entry);
        work->written++;
    } else if (fc_export_is_absent(&work->absent, err)) {
        err = FC_OK;
    }
    fc_buf_finish(&content);
    return err;
}

static enum fc_err export_feed(void *ctx, const struct fc_message_participant *message)
{
    struct work *work = ctx;
    struct fc_show_participant participant;
    struct fc_hash id = message->id;
    if (message->feed.version == 0)
        return FC_OK;
    fc_show_participant_read(message, &participant);
    fc_buf_clear(&work->name);
    fc_buf_clear(&work->url);
    fc_buf_append(&work->name, participant.certificate.name.data, participant.certificate.name.len);
    fc_buf_append(&work->url, participant.certificate.url.data, participant.certificate.url.len);
    work->feed_ms = message->feed.time_ms;
    enum fc_err err = read_times(work, &id);
    return err == FC_OK ? fc_client_entries(work->client, &id, export_entry, work) : err;
}

static enum fc_err export_all(struct work *work)
{
    const struct fc_hash *one = work->options->participant;
    struct fc_message_participant message;
    if (!one)
        return fc_client_participants(work->client, export_feed, work);
    enum fc_err err = fc_client_participant(work->client, one, &message);
    if (err != FC_OK)
        return err;
    /* What it points into is gone with the next call. */
    struct fc_buf certificate = {0};
    fc_buf_append(&certificate, message.certificate.data, message.certificate.len);
    message.certificate = fc_buf_span(&certificate);
    err = fc_buf_check(&certificate);
    if (err == FC_OK)
        err = export_feed(work, &message);
    fc_buf_finish(&certificate);
    return err;
}

/* The catalogue's own head: the federation's, as this node holds it. */

struct head {
    char *iri, *title, *description, *publisher, *publisher_name, *records;
};

static void free_head(struct head *head)
{
    free(head->iri);
    free(head->title);
    free(head->description);
    free(head->publisher);
    free(head->publisher_name);
    free(head->records);
}

static enum fc_err read_status(struct fc_client *client, struct fc_message_status *status)
{
    struct fc_span body;
    struct fc_unpack in;
    enum fc_err err = fc_client_call(client, FC_VERB_STATUS, fc_span(NULL, 0), &body);
    if (err != FC_OK)
        return err;
    fc_unpack_init(&in, body);
    fc_message_get_status(&in, status);
    return fc_unpack_end(&in);
}

static enum fc_err name_operator(struct fc_client *client, const struct fc_hash *id,
                                 struct head *head)
{
    struct fc_message_participant message;
    struct fc_show_participant participant = {0};
    enum fc_err err =
        fc_hash_is_zero(id) ? FC_E_MISSING : fc_client_participant(client, id, &message);
    if (err == FC_OK)
        fc_show_participant_read(&message, &participant);
    else if (err != FC_E_MISSING)
        return err;
    struct fc_span name = participant.certificate.name, url = participant.certificate.url;
    head->publisher_name =
        name.len ? (char *)fc_span_dup(name) : strdup("a node that is no participant's");
    head->publisher = (char *)fc_span_dup(url);
    return head->publisher_name && head->publisher ? FC_OK : FC_E_NOMEM;
}

static enum fc_err make_head(struct work *work, struct head *head)
{
    struct fc_message_status status;
    char federation[65], node[65];
    enum fc_err err = read_status(work->client, &status);
    if (err != FC_OK)
        return err;
    const char *base = work->options->base;
    int len = (int)status.charter_name.len;
    const char *name = (const char *)status.charter_name.data;
    struct fc_hash operator_id = status.operator_id;
    fc_hex(status.federation.b, 32, federation);
    fc_hex(status.node_key.b, 32, node);
    if (asprintf(&head->title, "%.*s", len ? len : 9, len ? name : "Catalogue") < 0 ||
        asprintf(&head->description, "The catalogue of the federation %.*s", len, name) < 0 ||
        (base ? asprintf(&head->iri, "%s/dcat/catalog", base)
              : asprintf(&head->iri, "urn:fedcat:federation:%s", federation)) < 0 ||
        (base ? asprintf(&head->records, "%s/v1/participants/", base)
              : asprintf(&head->records, "urn:fedcat:record:")) < 0)
        return FC_E_NOMEM;
    err = name_operator(work->client, &operator_id, head);
    if (err == FC_OK && !fc_iri_ok(head->publisher)) {
        free(head->publisher);
        err = asprintf(&head->publisher, "urn:fedcat:node:%s", node) < 0 ? FC_E_NOMEM : FC_OK;
    }
    return err;
}

static enum fc_err write_all(struct work *work, const struct head *head)
{
    const struct fc_dcat_catalog catalog = {
        .iri = head->iri,
        .title = head->title,
        .description = head->description,
        .publisher_iri = head->publisher,
        .publisher_name = head->publisher_name,
        .record_base = head->records,
        .separator = work->options->base ? "/entries/" : ":",
        .record_suffix = work->options->base ? "/meta" : NULL,
        .proof_suffix = work->options->base ? "/proof" : NULL,
    };
    enum fc_err err = fc_dcat_export_create(work->options->syntax, work->options->out, &catalog,
                                            NULL, &work->dcat);
    if (err == FC_OK)
        err = export_all(work);
    if (err == FC_OK)
        err = fc_dcat_export_end(work->dcat);
    return err;
}

enum fc_exit fc_export_dcat_run(struct fc_cli *cli, struct fc_client *client,
                                const struct fc_export_dcat *options)
{
    struct work work = {.cli = cli, .client = client, .options = options};
    struct head head = {0};
    if (options->base && !fc_iri_ok(options->base)) {
        fc_cli_warn(cli, "--base %s: no address such as https://catalogue.example", options->base);
        return FC_EXIT_USAGE;
    }
    fc_progress_start(&work.progress, cli, "entries:");
    enum fc_err err = make_head(&work, &head);
    if (err == FC_OK)
        err = write_all(&work, &head);
    fc_progress_end(&work.progress);
    if (err == FC_OK) {
        struct fc_dcat_conformed fit = fc_dcat_export_conformed(work.dcat);
        fc_export_note(cli, "entries", work.written, &work.absent);
        if (fit.retyped + fit.dropped + fit.demoted > 0)
            fc_cli_note(cli,
                        "to fit DCAT-AP: %" PRIu64 " values typed, %" PRIu64
                        " statements left out, %" PRIu64 " nodes without their class",
                        fit.retyped, fit.dropped, fit.demoted);
    }
    fc_dcat_export_destroy(work.dcat);
    fc_buf_finish(&work.name);
    fc_buf_finish(&work.url);
    free_head(&head);
    return err == FC_OK ? FC_EXIT_OK : fc_client_fail(cli, client, err, "export");
}
