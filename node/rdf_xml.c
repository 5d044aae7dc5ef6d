#include <raptor2/raptor2.h>
#include <stdio.h>
#include <string.h>

#include "node/rdf_read.h"

struct reading {
    struct fc_rdf *rdf;
    struct fc_rdf_fault *fault;
    raptor_parser *parser;
    size_t statements;
    enum fc_err err;
};

static unsigned line_now(const struct reading *r)
{
    raptor_locator *locator = r->parser ? raptor_parser_get_locator(r->parser) : NULL;
    return locator && locator->line > 0 ? (unsigned)locator->line : 0;
}

static void on_log(void *ctx, raptor_log_message *message)
{
    struct reading *r = ctx;
    char text[160];
    if (message->level < RAPTOR_LOG_LEVEL_ERROR || r->err != FC_OK)
        return;
    snprintf(text, sizeof text, "%s", message->text ? message->text : "not RDF/XML");
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    int line = message->locator ? message->locator->line : 0;
    r->err = FC_E_FORMAT;
    fc_rdf_say(r->fault, line > 0 ? (unsigned)line : line_now(r), 0, "%s", text);
}

static struct fc_span uri_text(raptor_uri *uri)
{
    size_t len = 0;
    const unsigned char *text = uri ? raptor_uri_as_counted_string(uri, &len) : NULL;
    return fc_span(text, len);
}

static enum fc_err take(struct reading *r, const raptor_term *from, fc_rdf_id *id)
{
    struct fc_rdf_term term = {0};
    switch (from->type) {
    case RAPTOR_TERM_TYPE_URI:
        term = (struct fc_rdf_term){.kind = FC_RDF_IRI, .text = uri_text(from->value.uri)};
        break;
    case RAPTOR_TERM_TYPE_BLANK:
        term.kind = FC_RDF_BLANK;
        term.text = fc_span(from->value.blank.string, from->value.blank.string_len);
        break;
    case RAPTOR_TERM_TYPE_LITERAL:
        term.kind = FC_RDF_LITERAL;
        term.text = fc_span(from->value.literal.string, from->value.literal.string_len);
        term.datatype = uri_text(from->value.literal.datatype);
        term.language = fc_span(from->value.literal.language, from->value.literal.language_len);
        break;
    case RAPTOR_TERM_TYPE_UNKNOWN:
        return FC_E_FORMAT;
    }
    return fc_rdf_intern(r->rdf, &term, id);
}

static void on_statement(void *ctx, raptor_statement *statement)
{
    struct reading *r = ctx;
    fc_rdf_id ids[3];
    if (r->err != FC_OK)
        return;
    r->statements++;
    r->err = take(r, statement->subject, &ids[0]);
    if (r->err == FC_OK)
        r->err = take(r, statement->predicate, &ids[1]);
    if (r->err == FC_OK)
        r->err = take(r, statement->object, &ids[2]);
    if (r->err == FC_OK)
        r->err = fc_rdf_add_ids(r->rdf, ids[0], ids[1], ids[2]);
    if (r->err == FC_OK)
        return;
    if (r->err == FC_E_BOUND)
        fc_rdf_say_bound(r->fault, line_now(r));
    else if (r->err == FC_E_FORMAT)
        fc_rdf_say(r->fault, line_now(r), 0,
                   "an IRI before this line is none, or is relative and there is no base");
    raptor_parser_parse_abort(r->parser);
}

static void parse(struct reading *r, struct fc_span bytes)
{
    enum { CHUNK_BYTES = 64 * 1024 };
    size_t at = 0;
    while (r->err == FC_OK) {
        size_t len = bytes.len - at < CHUNK_BYTES ? bytes.len - at : CHUNK_BYTES;
        bool last = at + len == bytes.len;
        int failed = raptor_parser_parse_chunk(r->parser, bytes.data + at, len, last);
        at += len;
        if (failed && r->err == FC_OK) {
            r->err = FC_E_FORMAT;
            fc_rdf_say(r->fault, line_now(r), 0, "not RDF/XML");
        }
        if (last)
            break;
    }
}

enum fc_err fc_rdf_read_xml(struct fc_rdf *rdf, struct fc_span bytes, const char *base,
                            struct fc_rdf_fault *fault)
{
    struct reading r = {.rdf = rdf, .fault = fault};
    raptor_world *world = raptor_new_world();
    raptor_uri *uri = NULL;
    enum fc_err err = FC_E_NOMEM;
    if (!world || raptor_world_open(world) != 0)
        goto out;
    raptor_world_set_log_handler(world, &r, on_log);
    r.parser = raptor_new_parser(world, "rdfxml");
    /* Without a base, relative IRIs become ones that fc_rdf_intern refuses. */
    uri = raptor_new_uri(world, (const unsigned char *)(base ? base : "0:"));
    if (!r.parser || !uri)
        goto out;
    raptor_parser_set_option(r.parser, RAPTOR_OPTION_NO_NET, NULL, 1);
    raptor_parser_set_option(r.parser, RAPTOR_OPTION_NO_FILE, NULL, 1);
    raptor_parser_set_option(r.parser, RAPTOR_OPTION_LOAD_EXTERNAL_ENTITIES, NULL, 0);
    raptor_parser_set_statement_handler(r.parser, &r, on_statement);
    err = FC_E_FORMAT;
    if (raptor_parser_parse_start(r.parser, uri) != 0)
        goto out;
    parse(&r, bytes);
    err = r.err;
out:
    if (r.parser)
        raptor_free_parser(r.parser);
    if (uri)
        raptor_free_uri(uri);
    if (world)
        raptor_free_world(world);
    return err;
}
