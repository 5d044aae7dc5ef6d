#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/clock.h"
#include "node/commands.h"
#include "node/dcat_split.h"
#include "node/faults.h"
#include "node/file.h"
#include "node/harvest.h"
#include "node/rdf_read.h"

struct input {
    struct fc_publisher_options key;
    const char *path, *base, *prefix;
    enum fc_rdf_syntax syntax;
    bool keep, dry_run, limited, percent;
    uint64_t deletes_max;
};
enum { BASE = 0x6301, PREFIX, KEEP, DRY_RUN, DELETES };

static const struct argp_option options[] = {
    {"format", 'f', "turtle|ntriples|rdfxml|jsonld", 0,
     "What the file is (default: by its name or how it begins)", 0},
    {"base", BASE, "IRI", 0, "What relative IRIs in it are relative to", 0},
    {"prefix", PREFIX, "IRI", 0,
     "Only keys that begin so belong to this catalogue; for a feed that takes several", 0},
    {"keep", KEEP, NULL, 0, "Delete nothing that is no longer in the catalogue", 0},
    {"max-delete", DELETES, "N|N%", 0,
     "Refuse if more entries would be deleted (default: 10%, or 10 if that is half or less)", 0},
    {"dry-run", DRY_RUN, NULL, 0, "Only say what would be done", 0},
    FC_PUBLISHER_OPTIONS,
    {0}};

static void parse_limit(struct input *input, const char *arg, struct argp_state *state)
{
    size_t len = strlen(arg);
    char number[24] = "";
    input->percent = len > 1 && arg[len - 1] == '%';
    snprintf(number, sizeof number, "%.*s", (int)(input->percent ? len - 1 : len), arg);
    input->limited = true;
    if (len >= sizeof number ||
        fc_cli_uint(number, input->percent ? 100 : UINT32_MAX, &input->deletes_max) != FC_OK)
        argp_error(state, "--max-delete is a number of entries, or a share such as 20%%");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    if (fc_publisher_parse(&input->key, key, arg))
        return 0;
    switch (key) {
    case 'f':
        input->syntax = fc_rdf_syntax(arg);
        if (!input->syntax)
            argp_error(state, "\"%s\" is no format: turtle, ntriples, rdfxml or jsonld", arg);
        return 0;
    case BASE:
        input->base = arg;
        return 0;
    case PREFIX:
        input->prefix = arg;
        return 0;
    case KEEP:
        input->keep = true;
        return 0;
    case DRY_RUN:
        input->dry_run = true;
        return 0;
    case DELETES:
        parse_limit(input, arg, state);
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_error(state, "one catalogue at a time");
        input->path = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "name a file, or - for standard input");
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

/* Reading the file. */

static enum fc_exit fail_at(struct fc_cli *cli, const char *path, const struct fc_rdf_fault *fault)
{
    if (fault->line && fault->column)
        fc_cli_warn(cli, "%s:%u:%u: %s", path, fault->line, fault->column, fault->text);
    else if (fault->line)
        fc_cli_warn(cli, "%s:%u: %s", path, fault->line, fault->text);
    else
        fc_cli_warn(cli, "%s: %s", path, fault->text);
    return FC_EXIT_USAGE;
}

static enum fc_exit parse_bytes(struct fc_cli *cli, const struct input *input, struct fc_span bytes,
                                struct fc_rdf **rdf)
{
    struct fc_rdf_fault fault = {0};
    enum fc_rdf_syntax syntax = input->syntax ? input->syntax : fc_rdf_guess(input->path, bytes);
    if (!syntax) {
        fc_cli_warn(cli, "%s: neither its name nor how it begins says what it is: give --format",
                    input->path);
        return FC_EXIT_USAGE;
    }
    enum fc_err err = fc_rdf_create(rdf);
    if (err == FC_OK)
        err = fc_rdf_read(*rdf, syntax, bytes, input->base, &fault);
    if (err == FC_OK)
        fc_rdf_sort(*rdf);
    return err == FC_OK    ? FC_EXIT_OK
           : fault.text[0] ? fail_at(cli, input->path, &fault)
                           : fc_cli_fail(cli, err, "%s", input->path);
}

static enum fc_exit read_catalogue(struct fc_cli *cli, const struct input *input,
                                   struct fc_rdf **rdf)
{
    struct fc_buf bytes = {0};
    enum fc_err err = fc_file_read(input->path, FC_RDF_INPUT_BYTES_MAX, &bytes);
    enum fc_exit status = err == FC_OK ? parse_bytes(cli, input, fc_buf_span(&bytes), rdf)
                                       : fc_cli_fail(cli, err, "%s", input->path);
    fc_buf_finish(&bytes);
    return status;
}

/* Bringing it in. */

struct work {
    struct fc_cli *cli;
    struct fc_publisher publisher;
    struct fc_progress progress;
    struct fc_faults faults;
};

static void keep_fault(void *ctx, const char *place, const char *text)
{
    struct work *work = ctx;
    fc_faults_keep(&work->faults, work->cli, place, text);
}

static void progress(void *ctx, uint64_t done, uint64_t total)
{
    struct work *work = ctx;
    fc_progress_show(&work->progress, done, total);
}

static enum fc_exit print_json(struct work *work, const struct fc_harvest_counts *counts,
                               bool dry_run)
{
    struct fc_json *json = fc_json_create();
    char version[FC_CLI_VERSION_BYTES];
    fc_version signed_version = work->publisher.version;
    fc_json_object(json, NULL);
    fc_json_hash(json, "participant", &work->publisher.participant);
    fc_json_text(json, "name", work->publisher.name);
    fc_json_text(json, "version", signed_version ? fc_cli_version(signed_version, version) : NULL);
    fc_json_bool(json, "dry_run", dry_run);
    fc_json_uint(json, "new", counts->fresh);
    fc_json_uint(json, "changed", counts->changed);
    fc_json_uint(json, "unchanged", counts->unchanged);
    fc_json_uint(json, "deleted", counts->deleted);
    fc_json_uint(json, "gone", counts->gone);
    fc_faults_json(json, &work->faults, "entry");
    fc_json_end(json);
    return fc_cli_print_json(work->cli, json);
}

static void print_text(const struct work *work, const struct fc_harvest_counts *counts,
                       bool dry_run)
{
    char version[FC_CLI_VERSION_BYTES];
    printf("%s: %s%" PRIu64 " new, %" PRIu64 " changed, %" PRIu64 " unchanged, %" PRIu64
           " deleted, %" PRIu64 " failed",
           work->publisher.name, dry_run ? "would be: " : "", counts->fresh, counts->changed,
           counts->unchanged, counts->deleted, counts->failed);
    if (work->publisher.version)
        printf("; version %s", fc_cli_version(work->publisher.version, version));
    putchar('\n');
    fc_faults_print(&work->faults);
}

static enum fc_exit report(struct work *work, const struct input *input,
                           const struct fc_harvest_counts *counts, enum fc_err err)
{
    enum fc_exit status = FC_EXIT_OK;
    fc_progress_end(&work->progress);
    if (err == FC_E_DENIED && counts->fresh + counts->changed + counts->unchanged == 0) {
        fc_cli_warn(work->cli,
                    "%s: %" PRIu64 " of %" PRIu64 " entries are no longer in it; nothing was done. "
                    "If that is right, give --max-delete; to keep them, --keep",
                    input->path, counts->gone, counts->held);
        return FC_EXIT_REFUSED;
    }
    if (work->cli->json)
        status = print_json(work, counts, input->dry_run);
    else
        print_text(work, counts, input->dry_run);
    if (err != FC_OK)
        return fc_client_fail(work->cli, work->publisher.client, err, "stopped");
    if (counts->failed > 0)
        return counts->fresh + counts->changed + counts->unchanged > 0 ? FC_EXIT_PARTLY
                                                                       : FC_EXIT_USAGE;
    return status;
}

static enum fc_exit bring_in(struct work *work, const struct input *input, const struct fc_rdf *rdf)
{
    struct fc_harvest harvest = {
        .publisher = &work->publisher,
        .prefix = input->prefix,
        .keep = input->keep,
        .dry_run = input->dry_run,
        .limited = input->limited,
        .deletes_max = input->deletes_max,
        .percent = input->percent,
        .ctx = work,
        .fault = keep_fault,
        .progress = progress,
    };
    struct fc_harvest_counts counts;
    if (fc_dcat_count(rdf) == 0)
        fc_cli_note(work->cli, "%s: no dcat:Dataset, DataService or DatasetSeries in it",
                    input->path);
    fc_progress_start(&work->progress, work->cli, "entries:");
    enum fc_exit status = report(work, input, &counts, fc_harvest_run(&harvest, rdf, &counts));
    fc_faults_finish(&work->faults);
    return status;
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {0};
    struct work work = {.cli = cli};
    struct fc_client *client = NULL;
    struct fc_rdf *rdf = NULL;
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status == FC_EXIT_OK)
        status = read_catalogue(cli, &input, &rdf);
    if (status == FC_EXIT_OK && fc_client_open(cli, &client) != FC_OK)
        status = cli->status;
    if (status == FC_EXIT_OK) {
        if (fc_publisher_open(cli, client, &input.key, &work.publisher) == FC_OK) {
            status = bring_in(&work, &input, rdf);
            fc_publisher_close(&work.publisher);
        } else {
            status = cli->status;
        }
    }
    fc_client_close(client);
    fc_rdf_destroy(rdf);
    return status;
}

const struct fc_command fc_command_import = {
    .name = "import",
    .family = "catalogue",
    .args = "FILE|-",
    .summary = "Bring a DCAT catalogue into a feed; only what changed is signed",
    .help = "Reads Turtle, N-Triples, RDF/XML and JSON-LD, as CKAN and piveau write them. Each "
            "dcat:Dataset, DataService and DatasetSeries becomes one entry, with its distributions "
            "and all else that describes it; its key is its IRI. The same catalogue again changes "
            "nothing. Entries of an earlier import that are no longer in it are deleted; entries "
            "published in another way are left alone.",
    .example = "curl -s https://data.example/catalog.rdf | fedcat import --format rdfxml -",
    .options = options,
    .parse = parse,
    .run = run,
};
