/* Which fields were found in which sample: tables in tests/golden/extraction-*.txt, so that what a
 * change of the rules does to real documents is seen where it is reviewed. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "store/crypto.h"
#include "store/document.h"
#include "tests/support/golden.h"

/* Where documents published by others are kept, if not there: FEDCAT_DATA, with a slash at its end.
 */
#define PUBLISHED FEDCAT_SOURCE_DIR "/../shared/data/"

enum { CELL_CHARS = 18 };

/* A field is a text, or a list of them with its count. */
struct field {
    const char *name;
    size_t offset, count_offset; /* count_offset 0: a text */
};
#define TEXT(heading, member)                                                                      \
    {                                                                                              \
        heading, offsetof(struct fc_document, member), 0                                           \
    }
#define LIST(heading, member, count)                                                               \
    {                                                                                              \
        heading, offsetof(struct fc_document, member), offsetof(struct fc_document, count)         \
    }
static const struct field fields[] = {
    TEXT("kind", kind),
    TEXT("format", format),
    TEXT("media type", media_type),
    TEXT("proof", proof),
    TEXT("key", key),
    TEXT("name", name),
    TEXT("description", description),
    TEXT("provider", provider),
    TEXT("provider name", provider_name),
    TEXT("country", country),
    TEXT("issuer", issuer),
    TEXT("terms", terms),
    TEXT("endpoint", endpoint),
    TEXT("license", license),
    TEXT("language", language),
    TEXT("valid from", valid_from),
    TEXT("valid until", valid_until),
    LIST("keywords", keywords, keyword_count),
    LIST("themes", themes, theme_count),
    LIST("labels", labels, label_count),
    LIST("subjects", subjects, subject_count),
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

/* The values of a field, none or more. */
static uint32_t values_of(const struct fc_document *document, const struct field *field,
                          const char *const **out)
{
    const char *base = (const char *)document;
    *out = (const char *const *)(const void *)(base + field->offset);
    if (field->count_offset)
        return *(const uint32_t *)(const void *)(base + field->count_offset);
    return **out != NULL;
}

struct table {
    struct fc_buf text;
    size_t samples, found[FIELDS];
    size_t path_chars;
};

static void append(struct table *table, const char *text)
{
    fc_buf_append(&table->text, text, strlen(text));
}

static void append_spaces(struct table *table, size_t count)
{
    while (count--)
        fc_buf_append(&table->text, " ", 1);
}

static bool starts_character(char byte)
{
    return ((unsigned char)byte & 0xC0) != 0x80;
}

static size_t characters(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += starts_character(*text);
    return count;
}

static const char *after_characters(const char *text, size_t count)
{
    for (; *text && (count > 0 || !starts_character(*text)); text++)
        count -= starts_character(*text);
    return text;
}

/* An IRI is told by its end, other text by its beginning. */
static void append_shortened(struct table *table, const char *value, size_t room)
{
    size_t len = characters(value);
    size_t begin = table->text.len;
    if (len <= room) {
        append(table, value);
        append_spaces(table, room - len);
    } else if (strchr(value, ':') && !strchr(value, ' ')) {
        append(table, "\u2026");
        append(table, after_characters(value, len - room + 1));
    } else {
        const char *end = after_characters(value, room - 1);
        fc_buf_append(&table->text, value, (size_t)(end - value));
        append(table, "\u2026");
    }
    for (size_t i = begin; i < table->text.len; i++)
        if (table->text.data[i] < ' ' || table->text.data[i] == '|')
            table->text.data[i] = ' ';
}

static void append_cell(struct table *table, const struct fc_document *document,
                        const struct field *field, struct fc_hasher *hasher)
{
    const char *const *values;
    char number[16] = "";
    uint32_t count = values_of(document, field, &values);
    append(table, " | ");
    if (field->count_offset && count > 0)
        snprintf(number, sizeof number, "%u: ", count);
    append(table, number);
    append_shortened(table, count ? values[0] : "-", CELL_CHARS - strlen(number));
    for (uint32_t i = 0; i < count; i++)
        fc_hasher_add(hasher, fc_span(values[i], strlen(values[i]) + 1));
    fc_hasher_add(hasher, fc_span("", 1));
    table->found[field - fields] += count > 0;
}

/* The last column is a hash of all values, whole: what is cut off above is held too. */
static void append_sample(struct table *table, const char *path, struct fc_span bytes)
{
    struct fc_document document;
    struct fc_document_fault fault;
    struct fc_hasher hasher;
    char digits[9];
    enum fc_err err = fc_document_read(bytes, &document, &fault);
    append(table, path);
    append_spaces(table, table->path_chars - strlen(path));
    table->samples++;
    if (err != FC_OK) {
        append(table, " | refused: ");
        append(table, fault.text);
        append(table, "\n");
        return;
    }
    fc_hasher_init(&hasher, "fedcat.test");
    for (size_t i = 0; i < FIELDS; i++)
        append_cell(table, &document, &fields[i], &hasher);
    struct fc_hash hash = fc_hasher_end(&hasher);
    fc_hex(hash.b, 4, digits);
    append(table, " | ");
    append(table, digits);
    append(table, "\n");
    fc_document_finish(&document);
}

static void append_heading(struct table *table)
{
    append(table, "sample");
    append_spaces(table, table->path_chars - strlen("sample"));
    for (size_t i = 0; i < FIELDS; i++) {
        append(table, " | ");
        append_shortened(table, fields[i].name, CELL_CHARS);
    }
    append(table, " | all, whole\n");
}

static void append_counts(struct table *table)
{
    char text[32];
    snprintf(text, sizeof text, "found in, of %zu", table->samples);
    append(table, text);
    append_spaces(table, table->path_chars - strlen(text));
    for (size_t i = 0; i < FIELDS; i++) {
        append(table, " | ");
        snprintf(text, sizeof text, "%zu", table->found[i]);
        append_shortened(table, text, CELL_CHARS);
    }
    append(table, " |\n");
}

/* Every file below root/folder that may be a document, in the order of their names. */
static void each_file(const char *root, const char *folder, void (*each)(void *, const char *),
                      void *ctx)
{
    char path[1024];
    struct dirent **entries;
    snprintf(path, sizeof path, "%s%s", root, folder);
    int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0)
        fail_msg("%s cannot be read", path);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name, *end = strrchr(name, '.');
        struct stat info;
        snprintf(path, sizeof path, "%s%s/%s", root, folder, name);
        assert_int_equal(stat(path, &info), 0);
        snprintf(path, sizeof path, "%s/%s", folder, name);
        if (S_ISDIR(info.st_mode) && name[0] != '.')
            each_file(root, path, each, ctx);
        else if (end && (!strcmp(end, ".json") || !strcmp(end, ".jsonld") || !strcmp(end, ".jwt")))
            each(ctx, path);
        free(entries[i]);
    }
    free(entries);
}

struct walk {
    const char *root;
    struct table *table;
};

static void widen(void *ctx, const char *path)
{
    struct walk *walk = ctx;
    if (strlen(path) > walk->table->path_chars)
        walk->table->path_chars = strlen(path);
}

static void read_sample(void *ctx, const char *path)
{
    struct walk *walk = ctx;
    char whole[1024];
    struct fc_buf bytes = {0};
    snprintf(whole, sizeof whole, "%s%s", walk->root, path);
    assert_true(fc_golden_read(whole, &bytes));
    append_sample(walk->table, path, fc_buf_span(&bytes));
    fc_buf_finish(&bytes);
}

static void make_table(const char *root, const char *const *folders, struct table *table)
{
    struct walk walk = {root, table};
    for (size_t i = 0; folders[i]; i++)
        each_file(root, folders[i], widen, &walk);
    append_heading(table);
    for (size_t i = 0; folders[i]; i++)
        each_file(root, folders[i], read_sample, &walk);
    append_counts(table);
    assert_int_equal(fc_buf_check(&table->text), FC_OK);
}

static void check_table(const char *name, const char *root, const char *const *folders)
{
    struct table table = {0};
    char path[256];
    make_table(root, folders, &table);
    snprintf(path, sizeof path, "tests/golden/extraction-%s.txt", name);
    bool same = fc_golden_check(path, fc_buf_span(&table.text));
    fc_buf_finish(&table.text);
    assert_true(same);
}

static void documents_of_others(void **state)
{
    static const char *const folders[] = {
        "gaia-x/loire",       "gaia-x/tagus",          "gaia-x/did", "gaia-x/bad",
        "dsp-2025-1/example", "dcat-ap-3.0.1/example", NULL};
    struct stat info;
    const char *root = getenv("FEDCAT_DATA");
    (void)state;
    root = root ? root : PUBLISHED;
    if (stat(root, &info) != 0) {
        print_message("%s is absent: documents of others are NOT tested here\n", root);
        skip();
    }
    check_table("published", root, folders);
}

static void samples_of_the_demo(void **state)
{
    static const char *const folders[] = {"samples", NULL};
    (void)state;
    check_table("samples", FEDCAT_SOURCE_DIR "/node/", folders);
}

static void shapes_of_the_fuzzers(void **state)
{
    static const char *const folders[] = {"fuzz_document", "fuzz_dsp_dataset", NULL};
    (void)state;
    check_table("corpus", FEDCAT_SOURCE_DIR "/tests/fuzz/corpus/", folders);
}

/* A column of dashes would hold nothing: in what the repository has itself, each field is found. */
static void every_field_is_found_somewhere(void **state)
{
    static const char *const samples[] = {"samples", NULL}, *const corpus[] = {"fuzz_document",
                                                                               NULL};
    struct table a = {0}, b = {0};
    (void)state;
    make_table(FEDCAT_SOURCE_DIR "/node/", samples, &a);
    make_table(FEDCAT_SOURCE_DIR "/tests/fuzz/corpus/", corpus, &b);
    for (size_t i = 0; i < FIELDS; i++)
        if (a.found[i] + b.found[i] == 0)
            fail_msg("no sample has a %s", fields[i].name);
    fc_buf_finish(&a.text);
    fc_buf_finish(&b.text);
}

/* A change beyond what a cell shows changes the last column. */
static void what_is_cut_off_counts(void **state)
{
    static const char *const texts[] = {
        "{\"id\":\"urn:x\",\"name\":\"A name that is longer than the cell\"}",
        "{\"id\":\"urn:x\",\"name\":\"A name that is longer than a cell\"}",
    };
    struct table tables[2] = {{.path_chars = 1}, {.path_chars = 1}};
    (void)state;
    for (size_t i = 0; i < 2; i++)
        append_sample(&tables[i], "x", fc_span_str(texts[i]));
    size_t len = tables[0].text.len;
    assert_int_equal(len, tables[1].text.len);
    assert_memory_equal(tables[0].text.data, tables[1].text.data, len - 9);
    assert_memory_not_equal(tables[0].text.data + len - 9, tables[1].text.data + len - 9, 9);
    for (size_t i = 0; i < 2; i++)
        fc_buf_finish(&tables[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_of_others),    cmocka_unit_test(samples_of_the_demo),
        cmocka_unit_test(shapes_of_the_fuzzers),  cmocka_unit_test(every_field_is_found_somewhere),
        cmocka_unit_test(what_is_cut_off_counts),
    };
    return fc_crypto_init() == FC_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
