#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "node/client.h"
#include "node/clock.h"
#include "node/commands.h"
#include "node/search_form.h"

struct input {
    struct fc_buf query; /* the words, a blank between them */
    uint64_t limit;
    uint32_t facets;
    const char *cursor;
};

static const struct argp_option options[] = {
    {"limit", 'n', "COUNT", 0, "At most so many entries (20; 0: counts alone)", 0},
    {"facets", 'f', "LIST", OPTION_ARG_OPTIONAL,
     "Also count by kind, country, theme, language, label, state, provider, participant; some of "
     "them with commas between, all if none is named",
     0},
    {"next", 'x', "CURSOR", 0, "Go on behind an earlier page, whose last line says how", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case 'n':
        if (fc_cli_uint(arg, FC_QUERY_LIMIT_MAX, &input->limit) != FC_OK) {
            argp_error(state, "\"%s\": a number up to %d", arg, FC_QUERY_LIMIT_MAX);
        }
        return 0;
    case 'f':
        if (!fc_search_facets(fc_span_str(arg ? arg : "all"), &input->facets)) {
            argp_error(state,
                       "\"%s\": there are kind, country, theme, language, label, state, "
                       "provider and participant to count by",
                       arg);
        }
        return 0;
    case 'x':
        input->cursor = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (input->query.len > 0) {
            fc_buf_append(&input->query, " ", 1);
        }
        fc_buf_append(&input->query, arg, strlen(arg));
        return 0;
    case ARGP_KEY_NO_ARGS:
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

/* -- an answer --------------------------------------------------------------------------------- */

static void get_text(struct fc_unpack *in, struct fc_query_text *out)
{
    fc_unpack_array(in, 2, 2);
    out->text = fc_unpack_str(in, 4 * FC_QUERY_SNIPPET_BYTES);
    uint32_t numbers = fc_unpack_array(in, 0, 2 * FC_QUERY_MARKS_MAX);
    out->mark_count = numbers / 2;
    for (uint32_t i = 0; i < numbers; i++) {
        uint16_t number = (uint16_t)fc_unpack_uint(in, UINT16_MAX);
        if (i % 2 == 0) {
            out->marks[i / 2].at = number;
        } else {
            out->marks[i / 2].len = number;
        }
    }
}

static void get_hit(struct fc_unpack *in, struct fc_query_hit *out)
{
    fc_unpack_array(in, 18, 18);
    out->participant = fc_message_get_hash(in);
    out->key_hash = fc_message_get_hash(in);
    out->key = fc_unpack_str(in, FC_KEY_BYTES_MAX);
    out->version = fc_unpack_uint(in, UINT64_MAX);
    out->status = (enum fc_status)fc_unpack_uint(in, FC_STATUS_REVOKED);
    out->content = (enum fc_content_state)fc_unpack_uint(in, FC_CONTENT_REFUSED);
    out->contested = fc_unpack_uint(in, 1) == 1;
    out->time_ms = fc_unpack_uint(in, UINT64_MAX);
    out->accepted_ms = fc_unpack_uint(in, UINT64_MAX);
    out->score = (uint32_t)fc_unpack_uint(in, UINT32_MAX);
    get_text(in, &out->name);
    get_text(in, &out->snippet);
    out->kind = fc_unpack_str(in, 4 * FC_QUERY_SNIPPET_BYTES);
    out->provider = fc_unpack_str(in, 4 * FC_QUERY_SNIPPET_BYTES);
    out->country = fc_unpack_str(in, 4 * FC_QUERY_SNIPPET_BYTES);
    out->provider_from = (enum fc_query_source)fc_unpack_uint(in, FC_SAID_MEMBER);
    out->country_from = (enum fc_query_source)fc_unpack_uint(in, FC_SAID_MEMBER);
    out->member = fc_unpack_str(in, FC_TEXT_BYTES_MAX);
}

static struct fc_query_value get_value(struct fc_unpack *in)
{
    struct fc_query_value value;
    fc_unpack_array(in, 3, 3);
    value.value = fc_unpack_str(in, FC_TEXT_BYTES_MAX);
    value.name = fc_unpack_str(in, FC_TEXT_BYTES_MAX);
    value.count = fc_unpack_uint(in, UINT64_MAX);
    return value;
}

/* -- for people -------------------------------------------------------------------------------- */

/* With what matched in bold, where the terminal has it. */
static void print_text(struct fc_cli *cli, const struct fc_query_text *text, unsigned columns)
{
    size_t at = 0;
    for (uint32_t i = 0; i < text->mark_count; i++) {
        size_t from = text->marks[i].at, to = from + text->marks[i].len;
        if (from < at || to > text->text.len) {
            continue;
        }
        fc_cli_put(stdout, fc_span(text->text.data + at, from - at), columns, false);
        fputs(fc_cli_bold(cli), stdout);
        fc_cli_put(stdout, fc_span(text->text.data + from, to - from), columns, false);
        fputs(fc_cli_plain(cli), stdout);
        at = to;
    }
    if (at < text->text.len) {
        fc_cli_put(stdout, fc_span(text->text.data + at, text->text.len - at), columns, false);
    }
}

static void print_part(struct fc_span text)
{
    if (text.len > 0) {
        fputs(", ", stdout);
        fc_cli_put(stdout, text, 60, false);
    }
}

static void print_by(struct fc_span name)
{
    putchar(' ');
    fc_cli_put(stdout, name, 60, false);
}

static void print_hit(struct fc_cli *cli, const struct fc_query_hit *hit, uint64_t now_ms)
{
    char age[FC_CLOCK_TEXT_BYTES];
    const char *status = fc_status_name(hit->status);
    if (hit->name.text.len > 0) {
        print_text(cli, &hit->name, 120);
    } else {
        fc_cli_put(stdout, hit->key, 120, false);
    }
    fputs("\n  ", stdout);
    fc_cli_put(stdout, hit->key, FC_KEY_BYTES_MAX, false);
    fputs("\n  ", stdout);
    fputs(status ? status : "?", stdout);
    fputs(hit->contested ? ", contested" : "", stdout);
    fputs(hit->content == FC_CONTENT_REFUSED   ? ", taken down"
          : hit->content == FC_CONTENT_MISSING ? ", not here yet"
                                               : "",
          stdout);
    print_part(hit->kind);
    print_part(hit->provider);
    print_part(hit->country);
    if (hit->member.len > 0 && !fc_span_eq(hit->member, hit->provider)) {
        fputs(", by", stdout);
        print_by(hit->member);
    }
    printf(", as of %s ago\n",
           fc_clock_age(now_ms > hit->time_ms ? now_ms - hit->time_ms : 0, age));
    if (hit->snippet.text.len > 0) {
        fputs("  ", stdout);
        print_text(cli, &hit->snippet, 300);
        putchar('\n');
    }
}

static void print_facet(struct fc_cli *cli, struct fc_unpack *in)
{
    fc_unpack_array(in, 3, 3);
    enum fc_facet facet = (enum fc_facet)fc_unpack_uint(in, FC_FACETS - 1);
    uint32_t count = fc_unpack_array(in, 0, FC_QUERY_FACET_VALUES_MAX);
    if (count > 0) {
        printf("%s%s%s", fc_cli_bold(cli), fc_facet_name(facet), fc_cli_plain(cli));
    }
    for (uint32_t i = 0; i < count && in->err == FC_OK; i++) {
        struct fc_query_value value = get_value(in);
        fputs(i ? ", " : "  ", stdout);
        fc_cli_put(stdout, value.name, 60, false);
        printf(" %" PRIu64, value.count);
    }
    uint64_t others = fc_unpack_uint(in, UINT64_MAX);
    if (others > 0) {
        printf(", and %" PRIu64 " more", others);
    }
    if (count > 0) {
        putchar('\n');
    }
}

static void print_next(const struct input *input, struct fc_span next)
{
    if (next.len > 0 && input->limit > 0) {
        printf("more: --next %.*s\n", (int)next.len, (const char *)next.data);
    }
}

static enum fc_err print_answer(struct fc_cli *cli, const struct input *input, struct fc_span body)
{
    struct fc_unpack in;
    uint64_t now_ms = fc_clock_wall_ms();
    fc_unpack_init(&in, body);
    fc_unpack_array(&in, 7, 7);
    uint64_t total = fc_unpack_uint(&in, UINT64_MAX);
    bool at_most = fc_unpack_uint(&in, 1) == 1;
    uint64_t entries = fc_unpack_uint(&in, UINT64_MAX);
    (void)fc_unpack_uint(&in, UINT64_MAX);
    printf("%s%" PRIu64 " of %" PRIu64 " entries\n", at_most ? "at most " : "", total, entries);
    uint32_t hits = fc_unpack_array(&in, 0, FC_QUERY_LIMIT_MAX);
    for (uint32_t i = 0; i < hits && in.err == FC_OK; i++) {
        struct fc_query_hit hit = {0};
        get_hit(&in, &hit);
        if (in.err == FC_OK) {
            print_hit(cli, &hit, now_ms);
        }
    }
    uint32_t facets = fc_unpack_array(&in, 0, FC_FACETS);
    for (uint32_t i = 0; i < facets && in.err == FC_OK; i++) {
        print_facet(cli, &in);
    }
    print_next(input, fc_unpack_str(&in, FC_QUERY_CURSOR_BYTES_MAX));
    return fc_unpack_end(&in);
}

/* -- as JSON ----------------------------------------------------------------------------------- */

static void facet_json(struct fc_json *json, struct fc_unpack *in)
{
    fc_unpack_array(in, 3, 3);
    enum fc_facet facet = (enum fc_facet)fc_unpack_uint(in, FC_FACETS - 1);
    uint32_t count = fc_unpack_array(in, 0, FC_QUERY_FACET_VALUES_MAX);
    fc_json_object(json, fc_facet_name(facet));
    fc_json_array(json, "values");
    for (uint32_t i = 0; i < count && in->err == FC_OK; i++) {
        struct fc_query_value value = get_value(in);
        fc_search_value_json(json, &value);
    }
    fc_json_end(json);
    fc_json_uint(json, "others", fc_unpack_uint(in, UINT64_MAX));
    fc_json_end(json);
}

static enum fc_err answer_json(struct fc_json *json, struct fc_span body)
{
    struct fc_unpack in;
    fc_unpack_init(&in, body);
    fc_unpack_array(&in, 7, 7);
    fc_json_object(json, NULL);
    fc_json_uint(json, "total", fc_unpack_uint(&in, UINT64_MAX));
    fc_json_bool(json, "at_most", fc_unpack_uint(&in, 1) == 1);
    fc_json_uint(json, "entries", fc_unpack_uint(&in, UINT64_MAX));
    fc_json_time(json, "as_of", fc_unpack_uint(&in, UINT64_MAX));
    uint32_t hits = fc_unpack_array(&in, 0, FC_QUERY_LIMIT_MAX);
    fc_json_array(json, "hits");
    for (uint32_t i = 0; i < hits && in.err == FC_OK; i++) {
        struct fc_query_hit hit = {0};
        get_hit(&in, &hit);
        fc_search_hit_json(json, &hit, NULL);
    }
    fc_json_end(json);
    uint32_t facets = fc_unpack_array(&in, 0, FC_FACETS);
    fc_json_object(json, "facets");
    for (uint32_t i = 0; i < facets && in.err == FC_OK; i++) {
        facet_json(json, &in);
    }
    fc_json_end(json);
    fc_search_span_json(json, "next", fc_unpack_str(&in, FC_QUERY_CURSOR_BYTES_MAX));
    fc_json_end(json);
    return fc_unpack_end(&in);
}

static enum fc_exit show(struct fc_cli *cli, const struct input *input, struct fc_span body)
{
    if (!cli->json) {
        enum fc_err err = print_answer(cli, input, body);
        return err == FC_OK ? FC_EXIT_OK : fc_cli_fail(cli, err, "answer");
    }
    struct fc_json *json = fc_json_create();
    enum fc_err err = answer_json(json, body);
    if (err != FC_OK) {
        fc_json_destroy(json);
        return fc_cli_fail(cli, err, "answer");
    }
    return fc_cli_print_json(cli, json);
}

/* -- asking ------------------------------------------------------------------------------------ */

/* A query that says nothing sensible is told here, with the place. */
static bool sensible(struct fc_cli *cli, const struct input *input)
{
    struct fc_query query;
    struct fc_query_fault fault;
    struct fc_span text = fc_buf_span(&input->query);
    fc_query_init(&query);
    if (fc_query_parse(&query, text, &fault) == FC_OK) {
        return true;
    }
    size_t end = fault.at + (size_t)fault.len < text.len ? fault.at + fault.len : text.len;
    int len = end > fault.at ? (int)(end - fault.at < 60 ? end - fault.at : 60) : 0;
    fc_cli_warn(cli, "at character %u, \"%.*s\": %s", fc_query_character(text, fault.at) + 1u, len,
                len ? (const char *)text.data + fault.at : "", fault.text);
    cli->status = FC_EXIT_USAGE;
    return false;
}

static enum fc_exit search(struct fc_cli *cli, const struct input *input)
{
    struct fc_client *client = NULL;
    struct fc_buf arguments = {0};
    struct fc_span body;
    if (!sensible(cli, input) || fc_client_open(cli, &client) != FC_OK) {
        return cli->status;
    }
    fc_pack_array(&arguments, 4);
    fc_pack_str(&arguments, fc_buf_span(&input->query));
    fc_pack_uint(&arguments, input->limit);
    fc_pack_uint(&arguments, input->facets);
    fc_pack_str(&arguments, fc_span_str(input->cursor ? input->cursor : ""));
    enum fc_err err = fc_buf_check(&arguments);
    if (err == FC_OK) {
        err = fc_client_call(client, FC_VERB_SEARCH, fc_buf_span(&arguments), &body);
    }
    enum fc_exit status =
        err == FC_OK ? show(cli, input, body) : fc_client_fail(cli, client, err, "search");
    fc_buf_finish(&arguments);
    fc_client_close(client);
    return status;
}

/* "-beta", which getopt would take for options that there are not. */
static bool is_word_left_out(const char *arg)
{
    uint32_t facets = 0;
    if (arg[0] != '-' || !isalpha((unsigned char)arg[1]) || !isalpha((unsigned char)arg[2])) {
        return false;
    }
    return arg[1] != 'x' && !(arg[1] == 'f' && fc_search_facets(fc_span_str(arg + 2), &facets));
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {.limit = 20};
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (is_word_left_out(argv[i])) {
            fc_cli_warn(cli,
                        "\"%.60s\" reads as an option: put -- before the words, or quote them "
                        "all: fedcat search -- %.60s",
                        argv[i], argv[i]);
            return FC_EXIT_USAGE;
        }
    }
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status == FC_EXIT_OK) {
        status = search(cli, &input);
    }
    fc_buf_finish(&input.query);
    return status;
}

const struct fc_command fc_command_search = {
    .name = "search",
    .family = "catalogue",
    .args = "[WORD|FIELD:VALUE|-WORD]...",
    .summary = "Find entries by what their documents say",
    .help = "All parts must hold. Words are found in every inflection and with or without accents; "
            "\"in quotes\" exactly so, stor* by how they begin, wrod~ with typing mistakes, a OR b "
            "either one, NOT a or -a everything without it. Fields are name, keyword, provider, "
            "description, kind, country, theme, "
            "language, label, state, participant, valid-from, valid-until and key: "
            "country:FR,DE valid-until:>=2027-01-01. Put -- before a first word that begins with "
            "a minus. sort:newest, oldest, name or -name orders otherwise than by relevance.",
    .example = "fedcat search 'health provider:ovh country:FR \"object storage\" -beta'",
    .options = options,
    .parse = parse,
    .run = run,
};
