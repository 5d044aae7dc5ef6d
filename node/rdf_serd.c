#include <serd/serd.h>
#include <stdlib.h>
#include <string.h>

#include "node/rdf_names.h"
#include "node/rdf_read.h"
#include "node/rdf_write.h"

/* Reading. */

struct reading {
    struct fc_rdf *rdf;
    struct fc_rdf_fault *fault;
    SerdEnv *env;
    struct fc_span left; /* of the input */
    enum fc_err err;
    size_t statements;
};

static SerdStatus stop(struct reading *r, enum fc_err err, const char *what)
{
    if (r->err == FC_OK) {
        r->err = err;
        if (err == FC_E_BOUND)
            fc_rdf_say_bound(r->fault, 0);
        else if (err == FC_E_FORMAT)
            fc_rdf_say(r->fault, 0, 0, "statement %zu: %s", r->statements, what);
    }
    return SERD_FAILURE;
}

/* An IRI in full; free the node. */
static SerdNode full_iri(const struct reading *r, const SerdNode *node)
{
    return serd_env_expand_node(r->env, node);
}

static struct fc_span text_of(const SerdNode *node)
{
    return fc_span(node->buf, node->buf ? node->n_bytes : 0);
}

static enum fc_err take(struct reading *r, const SerdNode *node, const SerdNode *datatype,
                        const SerdNode *language, fc_rdf_id *id)
{
    struct fc_rdf_term term = {.text = text_of(node)};
    SerdNode iri = SERD_NODE_NULL, type = SERD_NODE_NULL;
    switch (node->type) {
    case SERD_URI:
    case SERD_CURIE:
        iri = full_iri(r, node);
        term = (struct fc_rdf_term){.kind = FC_RDF_IRI, .text = text_of(&iri)};
        break;
    case SERD_BLANK:
        term.kind = FC_RDF_BLANK;
        break;
    case SERD_LITERAL:
    case SERD_NOTHING:
        term.kind = FC_RDF_LITERAL;
        if (datatype && datatype->buf) {
            type = full_iri(r, datatype);
            term.datatype = text_of(&type);
        }
        if (language && language->buf)
            term.language = text_of(language);
        break;
    }
    enum fc_err err = fc_rdf_intern(r->rdf, &term, id);
    serd_node_free(&iri);
    serd_node_free(&type);
    return err;
}

static SerdStatus on_statement(void *handle, SerdStatementFlags flags, const SerdNode *graph,
                               const SerdNode *s, const SerdNode *p, const SerdNode *o,
                               const SerdNode *datatype, const SerdNode *language)
{
    struct reading *r = handle;
    fc_rdf_id ids[3];
    (void)flags;
    (void)graph;
    r->statements++;
    if (r->err != FC_OK)
        return SERD_FAILURE;
    enum fc_err err = take(r, s, NULL, NULL, &ids[0]);
    if (err == FC_OK)
        err = take(r, p, NULL, NULL, &ids[1]);
    if (err == FC_OK)
        err = take(r, o, datatype, language, &ids[2]);
    if (err == FC_OK)
        err = fc_rdf_add_ids(r->rdf, ids[0], ids[1], ids[2]);
    if (err == FC_OK)
        return SERD_SUCCESS;
    return stop(r, err, "an IRI in it is none, or is relative and there is no base");
}

static SerdStatus on_prefix(void *handle, const SerdNode *name, const SerdNode *iri)
{
    struct reading *r = handle;
    return serd_env_set_prefix(r->env, name, iri);
}

static SerdStatus on_base(void *handle, const SerdNode *iri)
{
    struct reading *r = handle;
    return serd_env_set_base_uri(r->env, iri);
}

static SerdStatus on_error(void *handle, const SerdError *error)
{
    struct reading *r = handle;
    char text[160];
    va_list args;
    va_copy(args, *error->args);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the library's own */
    vsnprintf(text, sizeof text, error->fmt, args);
#pragma GCC diagnostic pop
    va_end(args);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    if (r->err == FC_OK) {
        r->err = FC_E_FORMAT;
        fc_rdf_say(r->fault, error->line, error->col, "%s", text);
    }
    return SERD_SUCCESS;
}

static size_t source(void *buf, size_t size, size_t count, void *stream)
{
    struct reading *r = stream;
    size_t len = size * count < r->left.len ? size * count : r->left.len;
    if (len > 0)
        memcpy(buf, r->left.data, len);
    r->left = fc_span(r->left.data + len, r->left.len - len);
    return len / size;
}

static int no_error(void *stream)
{
    (void)stream;
    return 0;
}

enum fc_err fc_rdf_read_turtle(struct fc_rdf *rdf, bool ntriples, struct fc_span bytes,
                               const char *base, struct fc_rdf_fault *fault)
{
    struct reading r = {.rdf = rdf, .fault = fault, .left = bytes};
    SerdNode base_node = serd_node_from_string(SERD_URI, (const uint8_t *)(base ? base : ""));
    r.env = serd_env_new(base ? &base_node : NULL);
    SerdReader *reader = serd_reader_new(ntriples ? SERD_NTRIPLES : SERD_TURTLE, &r, NULL, on_base,
                                         on_prefix, on_statement, NULL);
    if (!r.env || !reader) {
        serd_reader_free(reader);
        serd_env_free(r.env);
        return FC_E_NOMEM;
    }
    serd_reader_set_strict(reader, true);
    serd_reader_set_error_sink(reader, on_error, &r);
    SerdStatus status =
        serd_reader_read_source(reader, source, no_error, &r, (const uint8_t *)"input", 4096);
    if (r.err == FC_OK && status > SERD_FAILURE) {
        r.err = FC_E_FORMAT;
        fc_rdf_say(fault, 0, 0, "%s", (const char *)serd_strerror(status));
    }
    serd_reader_free(reader);
    serd_env_free(r.env);
    return r.err;
}

/* Writing. */

struct fc_rdf_turtle {
    FILE *out;
    SerdEnv *env;
    SerdWriter *writer;
    uint32_t graphs;
    bool failed;
};

static size_t sink(const void *buf, size_t len, void *stream)
{
    struct fc_rdf_turtle *turtle = stream;
    if (fwrite(buf, 1, len, turtle->out) != len)
        turtle->failed = true;
    return len;
}

enum fc_err fc_rdf_turtle_create(FILE *out, struct fc_rdf_turtle **turtle)
{
    *turtle = calloc(1, sizeof **turtle);
    if (!*turtle)
        return FC_E_NOMEM;
    (*turtle)->out = out;
    (*turtle)->env = serd_env_new(NULL);
    SerdStyle style = (SerdStyle)(SERD_STYLE_ABBREVIATED | SERD_STYLE_CURIED | SERD_STYLE_BULK);
    if ((*turtle)->env)
        (*turtle)->writer =
            serd_writer_new(SERD_TURTLE, style, (*turtle)->env, NULL, sink, *turtle);
    if (!(*turtle)->writer) {
        fc_rdf_turtle_destroy(*turtle);
        *turtle = NULL;
        return FC_E_NOMEM;
    }
    for (const struct fc_rdf_prefix *prefix = fc_rdf_prefixes(); prefix->prefix; prefix++) {
        SerdNode name = serd_node_from_string(SERD_LITERAL, (const uint8_t *)prefix->prefix);
        SerdNode iri = serd_node_from_string(SERD_URI, (const uint8_t *)prefix->ns);
        if (serd_writer_set_prefix((*turtle)->writer, &name, &iri) != SERD_SUCCESS)
            (*turtle)->failed = true;
    }
    return FC_OK;
}

void fc_rdf_turtle_destroy(struct fc_rdf_turtle *turtle)
{
    if (!turtle)
        return;
    serd_writer_free(turtle->writer);
    serd_env_free(turtle->env);
    free(turtle);
}

static SerdNode node_of(const struct fc_rdf_term *term, const char *blank)
{
    SerdType type = term->kind == FC_RDF_IRI     ? SERD_URI
                    : term->kind == FC_RDF_BLANK ? SERD_BLANK
                                                 : SERD_LITERAL;
    return serd_node_from_string(type, term->kind == FC_RDF_BLANK ? (const uint8_t *)blank
                                                                  : term->text.data);
}

/* A predicate or a datatype. The library would write rdf:nil as a list, which can be neither. */
static SerdNode iri_node(const char *iri)
{
    if (strcmp(iri, FC_RDF_NS "nil") == 0)
        return serd_node_from_string(SERD_CURIE, (const uint8_t *)"rdf:nil");
    return serd_node_from_string(SERD_URI, (const uint8_t *)iri);
}

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* Whether Turtle's grammar takes a bare text for a value of this type. */
static bool reads_bare(const char *text, const char *type)
{
    const char *number = text + (*text == '+' || *text == '-');
    size_t whole = digits(number);
    if (strcmp(type, FC_XSD "boolean") == 0)
        return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    if (strcmp(type, FC_XSD "integer") == 0)
        return whole > 0 && number[whole] == '\0';
    size_t rest = number[whole] == '.' ? digits(number + whole + 1) : 0;
    return rest > 0 && number[whole + 1 + rest] == '\0';
}

/* The library writes a boolean, an integer and a decimal without quotes whatever their text is,
 * even one that is Turtle itself; but not when their type has its short name. */
static SerdNode datatype_of(const struct fc_rdf_term *literal)
{
    static const char *const bare[] = {"xsd:boolean", "xsd:integer", "xsd:decimal"};
    const char *type = (const char *)literal->datatype.data;
    if (literal->datatype.len == 0)
        return SERD_NODE_NULL;
    for (size_t i = 0; i < sizeof bare / sizeof bare[0]; i++)
        if (strncmp(type, FC_XSD, sizeof FC_XSD - 1) == 0 &&
            strcmp(type + sizeof FC_XSD - 1, bare[i] + 4) == 0 &&
            !reads_bare((const char *)literal->text.data, type))
            return serd_node_from_string(SERD_CURIE, (const uint8_t *)bare[i]);
    return iri_node(type);
}

static bool write_one(struct fc_rdf_turtle *turtle, const struct fc_rdf *rdf,
                      const struct fc_rdf_triple *triple, const uint32_t *names)
{
    struct fc_rdf_term s = fc_rdf_term(rdf, triple->s), p = fc_rdf_term(rdf, triple->p);
    struct fc_rdf_term o = fc_rdf_term(rdf, triple->o);
    char s_name[32], o_name[32];
    snprintf(s_name, sizeof s_name, "g%ub%u", turtle->graphs, names[triple->s]);
    snprintf(o_name, sizeof o_name, "g%ub%u", turtle->graphs, names[triple->o]);
    SerdNode subject = node_of(&s, s_name), predicate = iri_node((const char *)p.text.data);
    SerdNode object = node_of(&o, o_name), datatype = datatype_of(&o), language = SERD_NODE_NULL;
    if (o.language.len)
        language = serd_node_from_string(SERD_LITERAL, o.language.data);
    return serd_writer_write_statement(turtle->writer, 0, NULL, &subject, &predicate, &object,
                                       &datatype, &language) == SERD_SUCCESS;
}

enum fc_err fc_rdf_turtle_add(struct fc_rdf_turtle *turtle, const struct fc_rdf *rdf)
{
    size_t count;
    const struct fc_rdf_triple *all = fc_rdf_all(rdf, &count);
    uint32_t *names = NULL;
    enum fc_err err = fc_rdf_blank_names(rdf, &names, NULL);
    for (size_t i = 0; i < count && err == FC_OK; i++)
        if (!write_one(turtle, rdf, &all[i], names))
            err = FC_E_IO;
    free(names);
    turtle->graphs++;
    return err == FC_OK && turtle->failed ? FC_E_IO : err;
}

enum fc_err fc_rdf_turtle_end(struct fc_rdf_turtle *turtle)
{
    SerdStatus status = serd_writer_finish(turtle->writer);
    return turtle->failed || status != SERD_SUCCESS ? FC_E_IO : FC_OK;
}
