#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/client.h"
#include "node/commands.h"
#include "node/export_dcat.h"
#include "node/file.h"
#include "node/show.h"

struct input {
    const char *participant, *out, *directory, *base;
    enum fc_dcat_syntax dcat; /* 0: NDJSON */
};
enum { BASE = 0x6401 };

static const struct argp_option options[] = {
    {"participant", 'p', "WHO", 0, "Only this feed: an id, its first digits, or a name", 0},
    {"out", 'o', "FILE", 0, "Write it there (default: standard output)", 0},
    {"format", 'f', "ndjson|dcat-turtle|dcat-jsonld", 0, "How to write it (default: ndjson)", 0},
    {"base", BASE, "URL", 0,
     "With DCAT: address of this node's API, under which the catalogue and its records are named",
     0},
    {"dir", 'd', "DIR", 0, "Write each document to a file of its own, byte for byte", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case 'p':
        input->participant = arg;
        return 0;
    case 'o':
        input->out = arg;
        return 0;
    case 'd':
        input->directory = arg;
        return 0;
    case 'f':
        if (strcmp(arg, "dcat-turtle") == 0) {
            input->dcat = FC_DCAT_TURTLE;
        } else if (strcmp(arg, "dcat-jsonld") == 0) {
            input->dcat = FC_DCAT_JSON_LD;
        } else if (strcmp(arg, "ndjson") != 0) {
            argp_error(state, "\"%s\" is no format: ndjson, dcat-turtle or dcat-jsonld", arg);
        }
        return 0;
    case BASE:
        input->base = arg;
        return 0;
    case ARGP_KEY_END:
        if (input->out && input->directory) {
            argp_error(state, "--out or --dir, not both");
        }
        if (input->dcat && input->directory) {
            argp_error(state, "--dir writes documents as they are; leave out --format");
        }
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

struct export
{
    struct fc_cli *cli;
    struct fc_client *client;
    const struct input *input;
    FILE *out;
    struct fc_progress progress;
    uint64_t written;
    struct fc_export_absent absent;
};

static enum fc_err write_line(struct export *export, const struct fc_message_entry *entry,
                              struct fc_span content)
{
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_show_entry_json(json, entry);
    fc_json_embed(json, "document", content);
    fc_json_end(json);
    enum fc_err err = fc_json_print(json, export->out, false);
    fc_json_destroy(json);
    return err;
}

/* DIR/<participant>/<H(key)>.<ending> */
static enum fc_err write_file(const struct export *export, const struct fc_message_entry *entry,
                              struct fc_span content)
{
    static const char json[] = "json";
    char feed[65], name[65], *path = NULL;
    bool is_json = memmem(entry->entry.media_type.data, entry->entry.media_type.len, json, 4);
    fc_hex(entry->participant.b, 8, feed);
    fc_hex(entry->entry.key_hash.b, 16, name);
    if (asprintf(&path, "%s/%s", export->input->directory, feed) < 0) {
        return FC_E_NOMEM;
    }
    bool made = (mkdir(export->input->directory, 0777) == 0 || errno == EEXIST) &&
                (mkdir(path, 0777) == 0 || errno == EEXIST);
    free(path);
    if (!made) {
        return FC_E_IO;
    }
    if (asprintf(&path, "%s/%s/%s.%s", export->input->directory, feed, name,
                 is_json ? json : "jwt") < 0) {
        return FC_E_NOMEM;
    }
    enum fc_err err = fc_file_write(path, content, 0644, false);
    free(path);
    return err;
}

static enum fc_err write_entry(void *ctx, const struct fc_message_entry *entry)
{
    struct export *export = ctx;
    struct fc_buf content = {0};
    enum fc_err err =
        fc_client_content(export->client, &entry->participant, &entry->entry.key_hash, &content);
    fc_progress_show(&export->progress, export->written, 0);
    if (fc_export_is_absent(&export->absent, err)) {
        err = FC_OK;
    } else if (err == FC_OK) {
        err = export->input->directory ? write_file(export, entry, fc_buf_span(&content))
                                       : write_line(export, entry, fc_buf_span(&content));
        export->written++;
    }
    fc_buf_finish(&content);
    return err;
}

static enum fc_err export_feed(void *ctx, const struct fc_message_participant *participant)
{
    struct export *export = ctx;
    struct fc_hash id = participant->id;
    return participant->feed.version == 0
               ? FC_OK
               : fc_client_entries(export->client, &id, write_entry, export);
}

static enum fc_exit export_all(struct export *export)
{
    struct fc_cli *cli = export->cli;
    struct fc_hash id;
    enum fc_err err;
    if (export->input->participant) {
        if (fc_client_find_participant(cli, export->client, export->input->participant, &id) !=
            FC_OK) {
            return cli->status;
        }
        err = fc_client_entries(export->client, &id, write_entry, export);
    } else {
        err = fc_client_participants(export->client, export_feed, export);
    }
    if (err == FC_OK && export->out != stdout && export->out && fflush(export->out) != 0) {
        err = FC_E_IO;
    }
    fc_progress_end(&export->progress);
    fc_export_note(cli, "documents", export->written, &export->absent);
    return err == FC_OK ? FC_EXIT_OK : fc_client_fail(cli, export->client, err, "export");
}

static enum fc_exit export_dcat(struct export *export)
{
    struct fc_cli *cli = export->cli;
    struct fc_hash id;
    struct fc_export_dcat how = {
        .syntax = export->input->dcat, .base = export->input->base, .out = export->out};
    if (export->input->participant) {
        if (fc_client_find_participant(cli, export->client, export->input->participant, &id) !=
            FC_OK) {
            return cli->status;
        }
        how.participant = &id;
    }
    return fc_export_dcat_run(cli, export->client, &how);
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {0};
    struct export export = {.cli = cli, .input = &input, .out = stdout};
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK) {
        return status;
    }
    if (fc_client_open(cli, &export.client) != FC_OK) {
        return cli->status;
    }
    if (input.out) {
        export.out = fopen(input.out, "we");
    }
    if (!export.out) {
        status = fc_cli_fail(cli, FC_E_IO, "%s", input.out);
    } else if (input.dcat) {
        status = export_dcat(&export);
    } else {
        fc_progress_start(&export.progress, cli, "documents:");
        status = export_all(&export);
    }
    if (export.out && export.out != stdout && fclose(export.out) != 0 && status == FC_EXIT_OK) {
        status = fc_cli_fail(cli, FC_E_IO, "%s", input.out);
    }
    fc_client_close(export.client);
    return status;
}

const struct fc_command fc_command_export = {
    .name = "export",
    .family = "catalogue",
    .summary = "Write the catalogue out, as NDJSON, as files, or as DCAT-AP",
    .help = "DCAT-AP 3.0.1 is what CKAN, piveau and data.europa.eu harvest: a catalogue of all "
            "active entries, with a record for each that says who signed it and when. NDJSON holds "
            "what is known of each entry and its document. A document that is a "
            "credential in compact form (JWT) stands there as text.",
    .example = "fedcat export --out catalogue.ndjson",
    .options = options,
    .parse = parse,
    .run = run,
};
