#include "node/rdf_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "store/pack.h"

/* A prefix is written once and stands for as much as one likes: what a text says may be so much
 * longer than it. */
enum { TEXT_BASE = 64 * 1024 * 1024, TEXT_EACH = 128 };

static const struct {
    const char *name;
    const char *ending;
    enum fc_rdf_syntax syntax;
} names[] = {
    {"turtle", ".ttl", FC_RDF_TURTLE},     {"ntriples", ".nt", FC_RDF_NTRIPLES},
    {"rdfxml", ".rdf", FC_RDF_XML},        {"rdfxml", ".xml", FC_RDF_XML},
    {"jsonld", ".jsonld", FC_RDF_JSON_LD}, {"jsonld", ".json", FC_RDF_JSON_LD},
    {"turtle", ".n3", FC_RDF_TURTLE},
};

enum fc_rdf_syntax fc_rdf_syntax(const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(names[i].name, name) == 0)
            return names[i].syntax;
    return 0;
}

static bool begins(struct fc_span bytes, const char *with)
{
    size_t len = strlen(with);
    return bytes.len >= len && strncasecmp((const char *)bytes.data, with, len) == 0;
}

enum fc_rdf_syntax fc_rdf_guess(const char *path, struct fc_span bytes)
{
    size_t len = strlen(path);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t ending = strlen(names[i].ending);
        if (len > ending && strcasecmp(path + len - ending, names[i].ending) == 0)
            return names[i].syntax;
    }
    if (begins(bytes, "\xef\xbb\xbf"))
        bytes = fc_span(bytes.data + 3, bytes.len - 3);
    while (bytes.len > 0 && strchr(" \t\r\n", bytes.data[0]) && bytes.data[0])
        bytes = fc_span(bytes.data + 1, bytes.len - 1);
    if (begins(bytes, "<?xml") || begins(bytes, "<rdf:RDF") || begins(bytes, "<!"))
        return FC_RDF_XML;
    if (begins(bytes, "{") || begins(bytes, "["))
        return FC_RDF_JSON_LD;
    if (begins(bytes, "@prefix") || begins(bytes, "@base") || begins(bytes, "PREFIX") ||
        begins(bytes, "BASE") || begins(bytes, "<") || begins(bytes, "_:") || begins(bytes, "#"))
        return FC_RDF_TURTLE; /* N-Triples are Turtle */
    return 0;
}

void fc_rdf_say(struct fc_rdf_fault *fault, unsigned line, unsigned column, const char *format, ...)
{
    va_list args;
    if (fault->text[0])
        return;
    va_start(args, format);
    vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);
    size_t len = strlen(fault->text);
    while (len > 0 && strchr(" \r\n", fault->text[len - 1]))
        fault->text[--len] = '\0';
    fault->line = line;
    fault->column = column;
}

void fc_rdf_say_bound(struct fc_rdf_fault *fault, unsigned line)
{
    fc_rdf_say(fault, line, 0,
               "more than %d statements, a text of more than %d bytes, or short names for far more "
               "text than there is",
               FC_RDF_TRIPLES_MAX, FC_RDF_TERM_BYTES_MAX);
}

static unsigned line_of(struct fc_span bytes, size_t at)
{
    unsigned line = 1;
    for (size_t i = 0; i < at && i < bytes.len; i++)
        line += bytes.data[i] == '\n';
    return line;
}

/* How many bytes are UTF-8 from the start on, by lines. */
static unsigned bad_line(struct fc_span bytes)
{
    size_t start = 0;
    while (start < bytes.len) {
        const uint8_t *end = memchr(bytes.data + start, '\n', bytes.len - start);
        size_t len = end ? (size_t)(end - bytes.data) - start : bytes.len - start;
        if (!fc_utf8_valid(fc_span(bytes.data + start, len)))
            break;
        start += len + 1;
    }
    return line_of(bytes, start);
}

static enum fc_err read_syntax(struct fc_rdf *rdf, enum fc_rdf_syntax syntax, struct fc_span bytes,
                               const char *base, struct fc_rdf_fault *fault)
{
    switch (syntax) {
    case FC_RDF_TURTLE:
    case FC_RDF_NTRIPLES:
        return fc_rdf_read_turtle(rdf, syntax == FC_RDF_NTRIPLES, bytes, base, fault);
    case FC_RDF_XML: {
        enum fc_err err = fc_rdf_xml_prolog(bytes, fault);
        return err == FC_OK ? fc_rdf_read_xml(rdf, bytes, base, fault) : err;
    }
    case FC_RDF_JSON_LD:
        return fc_rdf_read_json(rdf, bytes, fault);
    }
    return FC_E_ARG;
}

enum fc_err fc_rdf_read(struct fc_rdf *rdf, enum fc_rdf_syntax syntax, struct fc_span bytes,
                        const char *base, struct fc_rdf_fault *fault)
{
    *fault = (struct fc_rdf_fault){0};
    const uint8_t *nul = bytes.len ? memchr(bytes.data, 0, bytes.len) : NULL;
    if (bytes.len > FC_RDF_INPUT_BYTES_MAX) {
        fc_rdf_say(fault, 0, 0, "larger than %d MiB: split the catalogue",
                   FC_RDF_INPUT_BYTES_MAX / 1024 / 1024);
        return FC_E_BOUND;
    }
    if (nul || !fc_utf8_valid(bytes)) {
        fc_rdf_say(fault, nul ? line_of(bytes, (size_t)(nul - bytes.data)) : bad_line(bytes), 0,
                   nul ? "a zero byte: this is no text" : "not UTF-8: convert the file");
        return FC_E_FORMAT;
    }
    if (begins(bytes, "\xef\xbb\xbf"))
        bytes = fc_span(bytes.data + 3, bytes.len - 3);
    fc_rdf_bound_text(rdf, TEXT_BASE + (uint64_t)TEXT_EACH * bytes.len);
    enum fc_err err = read_syntax(rdf, syntax, bytes, base, fault);
    fc_rdf_bound_text(rdf, UINT64_MAX);
    return err;
}
