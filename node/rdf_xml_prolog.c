/* What of a document type the reader of RDF/XML would pass over without a word: entities that are
 * elsewhere. It fetches nothing, so that they would be empty and the text around them short. */
#include <string.h>
#include <strings.h>

#include "node/rdf_read.h"

struct scan {
    struct fc_span bytes;
    size_t at;
    struct fc_rdf_fault *fault;
};

/* At the line of `at`; the sentence is `before`, `what`, `after`. */
static enum fc_err refuse(const struct scan *scan, size_t at, const char *before,
                          struct fc_span what, const char *after)
{
    unsigned line = 1;
    for (size_t i = 0; i < at; i++)
        line += scan->bytes.data[i] == '\n';
    fc_rdf_say(scan->fault, line, 0, "%s%.*s%s", before, (int)(what.len < 40 ? what.len : 40),
               what.len ? (const char *)what.data : "", after);
    return FC_E_FORMAT;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* 0 at the end. */
static uint8_t now(const struct scan *scan)
{
    return scan->at < scan->bytes.len ? scan->bytes.data[scan->at] : 0;
}

static void skip_space(struct scan *scan)
{
    while (is_space(now(scan)))
        scan->at++;
}

static bool take(struct scan *scan, const char *text)
{
    size_t len = strlen(text);
    bool found =
        scan->bytes.len - scan->at >= len && memcmp(scan->bytes.data + scan->at, text, len) == 0;
    scan->at += found ? len : 0;
    return found;
}

/* To behind the next `end`, or to the end of all. */
static void skip_past(struct scan *scan, const char *end)
{
    while (scan->at < scan->bytes.len && !take(scan, end))
        scan->at++;
}

static bool skip_quoted(struct scan *scan)
{
    const char end[2] = {(char)now(scan), 0};
    if (end[0] != '"' && end[0] != '\'')
        return false;
    scan->at++;
    skip_past(scan, end);
    return true;
}

static bool skip_comment(struct scan *scan)
{
    if (take(scan, "<!--"))
        skip_past(scan, "-->");
    else if (take(scan, "<?"))
        skip_past(scan, "?>");
    else
        return false;
    return true;
}

/* To behind the '>' of a declaration. */
static void skip_declaration(struct scan *scan)
{
    while (scan->at < scan->bytes.len && now(scan) != '>')
        if (!skip_quoted(scan))
            scan->at++;
    scan->at += scan->at < scan->bytes.len;
}

static enum fc_err read_entity(struct scan *scan)
{
    size_t start = scan->at;
    skip_space(scan);
    if (now(scan) == '%')
        return refuse(scan, start, "parameter entities are not read here", fc_span(NULL, 0),
                      ": put what they stand for in their place");
    size_t name = scan->at;
    while (scan->at < scan->bytes.len && !is_space(now(scan)) && now(scan) != '>')
        scan->at++;
    size_t len = scan->at - name;
    skip_space(scan);
    uint8_t next = now(scan);
    if (next != '"' && next != '\'' && next != '>' && next != 0)
        return refuse(scan, start, "the entity \"", fc_span(scan->bytes.data + name, len),
                      "\" is elsewhere, and nothing is fetched: put its text in its place");
    skip_declaration(scan);
    return FC_OK;
}

static enum fc_err read_subset(struct scan *scan)
{
    enum fc_err err = FC_OK;
    while (err == FC_OK && scan->at < scan->bytes.len) {
        skip_space(scan);
        if (take(scan, "]"))
            break;
        if (skip_comment(scan))
            continue;
        if (take(scan, "<!ENTITY"))
            err = read_entity(scan);
        else if (take(scan, "<!"))
            skip_declaration(scan);
        else
            scan->at++;
    }
    return err;
}

static enum fc_err read_type(struct scan *scan)
{
    while (scan->at < scan->bytes.len && now(scan) != '>') {
        if (take(scan, "["))
            return read_subset(scan);
        if (!skip_quoted(scan))
            scan->at++;
    }
    return FC_OK;
}

static bool begins(struct fc_span text, const char *with)
{
    size_t len = strlen(with);
    return text.len >= len && strncasecmp((const char *)text.data, with, len) == 0;
}

static bool is_ascii(struct fc_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.data[i] >= 0x80)
            return false;
    return true;
}

/* The bytes are UTF-8. Of a file that says something else, what is read here and what the reader
 * makes of it could differ. */
static enum fc_err check_encoding(struct scan *scan, struct fc_span name)
{
    static const char *const like_ascii[] = {"ISO-8859-", "ISO8859-", "WINDOWS-125", "CP125",
                                             "LATIN"};
    if ((name.len == 5 || name.len == 4) && (begins(name, "UTF-8") || begins(name, "UTF8")))
        return FC_OK;
    bool harmless = begins(name, "US-ASCII") || begins(name, "ASCII");
    for (size_t i = 0; i < sizeof like_ascii / sizeof like_ascii[0]; i++)
        harmless = harmless || begins(name, like_ascii[i]);
    if (harmless && is_ascii(scan->bytes))
        return FC_OK;
    return refuse(scan, 0, "it says that it is in \"", name,
                  "\": convert the file to UTF-8, and let it say so");
}

static enum fc_err read_declaration(struct scan *scan)
{
    const uint8_t *start = scan->bytes.data + scan->at;
    const uint8_t *end = memmem(start, scan->bytes.len - scan->at, "?>", 2);
    struct scan inside = {.bytes = fc_span(start, end ? (size_t)(end - start) : 0)};
    skip_past(scan, "?>");
    while (inside.at < inside.bytes.len) {
        skip_space(&inside);
        if (!take(&inside, "encoding")) {
            inside.at += !skip_quoted(&inside);
            continue;
        }
        skip_space(&inside);
        (void)take(&inside, "=");
        skip_space(&inside);
        size_t value = inside.at + 1;
        if (skip_quoted(&inside) && inside.at > value)
            return check_encoding(scan, fc_span(start + value, inside.at - value - 1));
    }
    return FC_OK;
}

enum fc_err fc_rdf_xml_prolog(struct fc_span bytes, struct fc_rdf_fault *fault)
{
    struct scan scan = {.bytes = bytes, .fault = fault};
    enum fc_err err = FC_OK;
    if (take(&scan, "<?xml") && is_space(now(&scan)))
        err = read_declaration(&scan);
    while (err == FC_OK) {
        skip_space(&scan);
        if (skip_comment(&scan))
            continue;
        return take(&scan, "<!DOCTYPE") ? read_type(&scan) : FC_OK;
    }
    return err;
}
