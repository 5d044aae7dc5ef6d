/* The documents in node/samples: what the demonstration publishes is what its text promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ftw.h>
#include <jansson.h>

static const char root[] = FEDCAT_SOURCE_DIR "/node/samples/";
static const char *const hubs[] = {"fr/", "de/", "nl/"};

/* nftw has no context: what it has seen. */
static struct {
    unsigned files, per_hub[3], offers, people, dids;
    json_t *ids, *languages, *countries, *themes;
} seen;

static const char *text(const json_t *object, const char *key, const char *other)
{
    const json_t *value = json_object_get(object, key);
    return json_string_value(value ? value : json_object_get(object, other));
}

/* Languages, countries and themes, wherever they stand. */
static void gather(json_t *value)
{
    const char *key;
    json_t *member;
    size_t index;
    if (json_is_array(value))
        json_array_foreach(value, index, member) gather(member);
    if (!json_is_object(value))
        return;
    json_object_foreach(value, key, member)
    {
        const char *string = json_string_value(member);
        if (strcmp(key, "@language") == 0 && string)
            json_object_set_new(seen.languages, string, json_true());
        if (strcmp(key, "gx:countryCode") == 0 && string)
            json_object_set_new(seen.countries, string, json_true());
        if (strcmp(key, "dcterms:subject") == 0 || strcmp(key, "dct:subject") == 0)
            json_object_set_new(seen.themes, string, json_true());
        gather(member);
    }
}

static void count_kind(const json_t *document, const char *file)
{
    const json_t *subject = json_object_get(document, "credentialSubject");
    if (strcmp(file, "did.json") == 0) {
        assert_string_equal(text(document, "id", "@id"),
                            strstr(text(document, "id", "@id"), "did:web:"));
        seen.dids++;
    } else if (strcmp(file, "participant.json") == 0) {
        assert_non_null(text(subject, "gx:legalName", "gx:legalName"));
        seen.people++;
    } else {
        const json_t *offer = subject ? subject : document;
        assert_true(json_object_get(offer, "gx:providedBy") ||
                    json_object_get(offer, "dct:publisher") ||
                    json_object_get(offer, "dcterms:publisher"));
        seen.offers++;
    }
}

static int visit(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    json_error_t error;
    if (type != FTW_F)
        return 0;
    json_t *document = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!document)
        print_error("%s:%d: %s\n", path, error.line, error.text);
    assert_non_null(document);
    const char *id = text(document, "id", "@id");
    assert_non_null(id);
    assert_null(json_object_get(seen.ids, id));
    assert_non_null(strstr(path, ".json"));
    assert_non_null(strstr(id, ".example"));
    assert_in_range(stat->st_size, 512, 4800);
    json_object_set_new(seen.ids, id, json_true());
    gather(document);
    count_kind(document, path + ftw->base);
    for (unsigned i = 0; i < 3; i++)
        seen.per_hub[i] += strncmp(path + sizeof root - 1, hubs[i], 3) == 0;
    seen.files++;
    json_decref(document);
    return 0;
}

static void test_samples(void **state)
{
    (void)state;
    seen.ids = json_object();
    seen.languages = json_object();
    seen.countries = json_object();
    seen.themes = json_object();
    assert_int_equal(nftw(root, visit, 16, FTW_PHYS), 0);
    print_message("%u files: %u offers of %u organisations, %u DID documents; %zu countries, "
                  "%zu languages, %zu domains\n",
                  seen.files, seen.offers, seen.people, seen.dids, json_object_size(seen.countries),
                  json_object_size(seen.languages), json_object_size(seen.themes));
    assert_true(seen.offers >= 64);
    assert_true(seen.people >= 16);
    assert_true(seen.dids >= 3);
    assert_int_equal(json_object_size(seen.themes), 8);
    assert_true(json_object_size(seen.languages) >= 8);
    assert_true(json_object_size(seen.countries) >= 12);
    unsigned all = 0;
    for (unsigned i = 0; i < 3; i++) {
        assert_true(seen.per_hub[i] * 4 >= seen.files);
        all += seen.per_hub[i];
    }
    assert_int_equal(all, seen.files);
    json_decref(seen.ids);
    json_decref(seen.languages);
    json_decref(seen.countries);
    json_decref(seen.themes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_samples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
