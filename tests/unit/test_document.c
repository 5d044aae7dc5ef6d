#include <dirent.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "store/document.h"
#include "store/document_rules.h"
#include "store/document_text.h"

#define DATA FEDCAT_SOURCE_DIR "/../shared/data/"

static struct fc_span load(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(FC_CONTENT_BYTES_MAX + 1);
    assert_non_null(data);
    if (!file)
        fail_msg("%s cannot be read", path);
    size_t len = fread(data, 1, FC_CONTENT_BYTES_MAX + 1, file);
    fclose(file);
    return fc_span(data, len);
}

static void unload(struct fc_span span)
{
    free((void *)(uintptr_t)span.data);
}

static enum fc_err read_text(const char *text, struct fc_document *out,
                             struct fc_document_fault *fault)
{
    return fc_document_read(fc_span_str(text), out, fault);
}

/* What a text field must be: NULL says nothing, a trailing * allows for more. */
static void check_field(const char *where, const char *name, const char *is, const char *wanted)
{
    size_t len = wanted ? strlen(wanted) : 0;
    bool right = wanted ? is != NULL && (wanted[len - 1] == '*' ? strncmp(is, wanted, len - 1) == 0
                                                                : strcmp(is, wanted) == 0)
                        : is == NULL;
    if (!right)
        fail_msg("%s: %s is %s, not %s", where, name, is ? is : "absent",
                 wanted ? wanted : "absent");
}

struct sample {
    const char *path, *key, *media_type, *kind, *format, *proof;
    const char *name, *provider, *provider_name, *country, *issuer, *terms, *endpoint, *license;
    const char *valid_from, *valid_until;
    uint32_t subjects;
};

static void check_sample(const char *where, const struct fc_document *document,
                         const struct sample *sample)
{
    check_field(where, "key", document->key, sample->key);
    check_field(where, "media type", document->media_type, sample->media_type);
    check_field(where, "kind", document->kind, sample->kind);
    check_field(where, "format", document->format, sample->format);
    check_field(where, "proof", document->proof, sample->proof);
    check_field(where, "name", document->name, sample->name);
    check_field(where, "provider", document->provider, sample->provider);
    check_field(where, "provider name", document->provider_name, sample->provider_name);
    check_field(where, "country", document->country, sample->country);
    check_field(where, "issuer", document->issuer, sample->issuer);
    check_field(where, "terms", document->terms, sample->terms);
    check_field(where, "endpoint", document->endpoint, sample->endpoint);
    check_field(where, "license", document->license, sample->license);
    check_field(where, "valid from", document->valid_from, sample->valid_from);
    check_field(where, "valid until", document->valid_until, sample->valid_until);
    if (document->subject_count != sample->subjects)
        fail_msg("%s: %u subjects, not %u", where, document->subject_count, sample->subjects);
}

#define IOTA_A "did:iota:testnet:0x1a7bded4d22dc54722435d624e4323e10fcbc570cd57462eabbf3a5ab2ced24f"
#define IOTA_B "did:iota:testnet:0xb0d60698c3ad801241881650176245556f90ca0c9ed7584ca250f312e9ec95c8"
#define IOTA_C "did:iota:testnet:0x858478793a53bae2136466dc8097466337e4189a19943f928fb27d39a5d5badd"
#define TWIN   "https://twinfoundation.github.io/federated-catalogue/public-web/test-credentials/"
#define WIZARD "https://wizard.lab.gaia-x.eu/"
#define AISBL  "Gaia-X European Association for Data and Cloud AISBL"

static const struct sample samples[] = {
    {.path = "gaia-x/loire/acme-legal-entity.json",
     .key = TWIN "acme-legal-entity.json",
     .media_type = "application/json",
     .kind = "participant",
     .format = "loire",
     .proof = "jwt",
     .name = "ACME, Inc.",
     .country = "KE",
     .issuer = IOTA_B,
     .valid_from = "2025-03-11T14:45:41Z",
     .valid_until = "2027-06-22T22:45:41Z",
     .subjects = 1},
    {.path = "gaia-x/loire/data-space-connector.json",
     .key = TWIN "data-space-connector-1.json",
     .media_type = "application/json",
     .kind = "data service",
     .format = "loire",
     .proof = "jwt",
     .provider = IOTA_A,
     .issuer = IOTA_A,
     .endpoint = "https://my-twin-node.example.org:9000/twin-ds-connector",
     .valid_from = "2025-03-24T15:43:20Z",
     .valid_until = "2027-07-05T23:43:20Z",
     .subjects = 1},
    {.path = "gaia-x/loire/invoice-service-offering.json",
     .key = TWIN "service-offering-1.json",
     .media_type = "application/json",
     .kind = "service",
     .format = "loire",
     .proof = "jwt",
     .name = "Service 1",
     .provider = IOTA_A,
     .issuer = IOTA_A,
     .endpoint = "https://endpoint.example.org/api",
     .valid_from = "2025-03-24T15:39:39Z",
     .valid_until = "2027-07-05T23:39:39Z",
     .subjects = 1},
    {.path = "gaia-x/loire/service-offering-compliance-credential.json",
     .key = "https://example.org/iota/onboarding/credentials/1742830835",
     .media_type = "application/json",
     .kind = "compliance",
     .format = "loire",
     .proof = "jwt",
     .issuer = IOTA_C,
     .valid_from = "2025-03-24T15:40:35Z",
     .valid_until = "2027-07-05T23:40:35Z",
     .subjects = 1},
    {.path = "gaia-x/loire/digital-service-offering.jsonld",
     .key = "https://www.example.org/DigitalService1",
     .media_type = "application/vp+ld+json",
     .kind = "service",
     .format = "loire",
     .proof = "none",
     .provider = "did:web:example.com",
     .issuer = "did:web:example.com",
     .terms = "https://example.com/tac",
     .valid_from = "2024-01-01T00:00:00Z",
     .subjects = 1},
    {.path = "gaia-x/loire/legal-person-missing-required.jsonld",
     .key = "https://example.com/vc/loire-lp-invalid-1",
     .media_type = "application/vp+ld+json",
     .kind = "participant",
     .format = "loire",
     .proof = "none",
     .name = "Missing Registration Corp",
     .issuer = "did:web:issuer.example.com",
     .valid_from = "2026-01-01T00:00:00Z",
     .subjects = 1},
    {.path = "gaia-x/loire/legal-person-valid.jsonld",
     .key = "https://example.com/vc/loire-lp-valid-1",
     .media_type = "application/vp+ld+json",
     .kind = "participant",
     .format = "loire",
     .proof = "none",
     .name = "Example Corp GmbH",
     .issuer = "did:web:issuer.example.com",
     .valid_from = "2026-01-01T00:00:00Z",
     .subjects = 1},
    {.path = "gaia-x/loire/service-offering.jsonld",
     .key = "https://www.example.org/SoftwareOffering.json",
     .media_type = "application/vp+ld+json",
     .kind = "service",
     .format = "loire",
     .proof = "none",
     .provider = "http://gaiax.de",
     .country = "DE",
     .issuer = "http://gaiax.de",
     .terms = "https://www.example.org/tac",
     .valid_from = "2022-10-19T18:48:09Z",
     .subjects = 1},
    {.path = "gaia-x/did/did-iota.json",
     .key = IOTA_A,
     .media_type = "application/did+json",
     .kind = "did",
     .format = "did",
     .proof = "none",
     .subjects = 1},
    {.path = "gaia-x/did/did-web-x5u.json",
     .key = "did:web:did-server",
     .media_type = "application/did+ld+json",
     .kind = "did",
     .format = "did",
     .proof = "none",
     .subjects = 1},
    {.path = "gaia-x/tagus/ovh-did.json",
     .key = "did:web:compliance.gaia-x.eu",
     .media_type = "application/did+ld+json",
     .kind = "did",
     .format = "did",
     .proof = "none",
     .subjects = 1},
    {.path = "gaia-x/tagus/ovh-participantOVH.json",
     .key = "https://compliance.gaia-x.eu/.well-known/participantOVH.json",
     .media_type = "application/json",
     .kind = "participant",
     .format = "tagus",
     .proof = "jws-2020",
     .name = "OVH",
     .country = "FR",
     .issuer = "did:web:delta-dao.com",
     .valid_from = "2022-09-23T23:23:23.235Z",
     .subjects = 1},
    {.path = "gaia-x/tagus/ovh-serviceManagedK8sOVH.json",
     .key = "https://compliance.gaia-x.eu/.well-known/serviceManagedK8sOVH.json",
     .media_type = "application/json",
     .kind = "service",
     .format = "tagus",
     .proof = "jws-2020",
     .name = "Managed OVH Cloud K8s Cluster",
     .provider = "https://compliance.gaia-x.eu/.well-known/participantOVH.json",
     .issuer = "did:web:delta-dao.com",
     .terms = "https://www.ovhcloud.com/fr/terms-and-conditions/",
     .valid_from = "2022-09-26T23:23:23.235Z",
     .subjects = 1},
    {.path = "gaia-x/tagus/participant-vp.json",
     .key = WIZARD "api/credentials/2d37wb*",
     .media_type = "application/vp+ld+json",
     .kind = "participant",
     .format = "tagus",
     .proof = "jws-2020",
     .name = AISBL,
     .country = "BE",
     .issuer = "did:web:wizard.lab.gaia-x.eu:api:credentials:*",
     .valid_from = "2023-07-12T08:58:07.859Z",
     .subjects = 3},
    {.path = "gaia-x/tagus/participant-vp-faulty-missing-proof.json",
     .key = "did:web:raw.githubusercontent.com:egavard:payload-sign:master",
     .media_type = "application/vp+ld+json",
     .kind = "participant",
     .format = "tagus",
     .proof = "none",
     .name = AISBL,
     .country = "BE",
     .issuer = "did:web:raw.githubusercontent.com:egavard:payload-sign:master",
     .valid_from = "2023-03-21T12:00:00.148Z",
     .subjects = 2},
    {.path = "gaia-x/tagus/service-offering-vp.json",
     .key = WIZARD "api/credentials/2d37wb*",
     .media_type = "application/vp+ld+json",
     .kind = "service",
     .format = "tagus",
     .proof = "jws-2020",
     .provider = WIZARD "api/credentials/2d37wb*",
     .provider_name = AISBL,
     .country = "BE",
     .issuer = "did:web:wizard.lab.gaia-x.eu:api:credentials:*",
     .terms = "*",
     .valid_from = "2023-07-12T09:37:01.595Z",
     .subjects = 4},
    {.path = "gaia-x/tagus/service-offering-and-ressources-vp.json",
     .key = WIZARD "development/api/credentials/2d37wb*",
     .media_type = "application/vp+ld+json",
     .kind = "service",
     .format = "tagus",
     .proof = "jws-2020",
     .provider = "did:web:wizard.lab.gaia-x.eu:development:api:credentials:*",
     .provider_name = "Gaia-X AISBL",
     .country = "BE",
     .issuer = "did:web:wizard.lab.gaia-x.eu:development:api:credentials:*",
     .terms = "https://lab.gaia-x.eu/soterms.json",
     .license = "EPL-2.0",
     .valid_from = "2023-10-02T08:41:30.703Z",
     .subjects = 10},
    {.path = "gaia-x/tagus/service-input.json",
     .key = "https://www.msg.group/serviceoffering",
     .media_type = "application/json",
     .kind = "service",
     .format = "tagus",
     .proof = "jws-2020",
     .provider = "https://participant.gxfs.gx4fm.org/.well-known/legalParticipant.json",
     .provider_name = "msg systems AG",
     .country = "DE",
     .terms = "https://www.msg.group/sotermsandconditions",
     .subjects = 9},
    {.path = "dsp-2025-1/example/catalog.json",
     .key = "urn:uuid:3afeadd8-ed2d-569e-d634-8394a8836d57",
     .media_type = "application/ld+json",
     .kind = "dataset",
     .format = "dcat",
     .proof = "none",
     .provider = "urn:example:DataProviderA",
     .endpoint = "https://provider-a.com/connector",
     .subjects = 3},
    {.path = "dsp-2025-1/example/dataset.json",
     .key = "urn:uuid:3afeadd8-ed2d-569e-d634-8394a8836d57",
     .media_type = "application/ld+json",
     .kind = "dataset",
     .format = "dcat",
     .proof = "none",
     .endpoint = "https://provider-a.com/connector",
     .subjects = 1},
    {.path = "dcat-ap-3.0.1/example/bee-population.jsonld",
     .key = "example-ds:BeePopulation",
     .media_type = "application/ld+json",
     .kind = "dataset",
     .format = "dcat",
     .proof = "none",
     .name = "Bee population",
     .provider = "example-ag:GreekEnvironmentAgency",
     .subjects = 1},
    {.path = "dcat-ap-3.0.1/example/ms-catalogue.jsonld",
     .key = "https://data.exampleMS.gov/id/dataset/HVD-reporting-2023",
     .media_type = "application/ld+json",
     .kind = "dataset",
     .format = "dcat",
     .proof = "none",
     .name = "MS HVD Reporting 2023",
     .endpoint = "https://orgea.exampleMS.gov/api/v2/",
     .subjects = 5},
};
enum { SAMPLES = sizeof samples / sizeof samples[0] };

static bool data_here(void)
{
    struct stat info;
    if (stat(DATA, &info) == 0)
        return true;
    print_message("%s is absent: documents of others are NOT tested here\n", DATA);
    return false;
}

static void documents_of_others_say_what_they_are(void **state)
{
    char path[512];
    (void)state;
    if (!data_here())
        skip();
    for (size_t i = 0; i < SAMPLES; i++) {
        struct fc_document document;
        struct fc_document_fault fault;
        snprintf(path, sizeof path, DATA "%s", samples[i].path);
        struct fc_span bytes = load(path);
        if (fc_document_read(bytes, &document, &fault) != FC_OK)
            fail_msg("%s: %s", samples[i].path, fault.text);
        check_sample(samples[i].path, &document, &samples[i]);
        for (size_t k = 0; k < i; k++) /* the two examples of one dataset share its key */
            if (strcmp(samples[i].key, samples[k].key) == 0 && !strchr(samples[i].key, '*'))
                assert_non_null(strstr(samples[i].path, "dsp-2025-1/example/dataset.json"));
        fc_document_finish(&document);
        unload(bytes);
    }
}

/* None of the credentials there may be forgotten above. */
static void no_document_of_others_is_left_out(void **state)
{
    static const char *const folders[] = {"gaia-x/loire", "gaia-x/tagus", "gaia-x/did"};
    (void)state;
    if (!data_here())
        skip();
    for (size_t f = 0; f < 3; f++) {
        char path[512];
        snprintf(path, sizeof path, DATA "%s", folders[f]);
        DIR *dir = opendir(path);
        assert_non_null(dir);
        for (struct dirent *entry; (entry = readdir(dir));) {
            bool found = entry->d_name[0] == '.';
            snprintf(path, sizeof path, "%s/%s", folders[f], entry->d_name);
            for (size_t i = 0; !found && i < SAMPLES; i++)
                found = strcmp(samples[i].path, path) == 0;
            if (!found)
                fail_msg("%s is not tested", path);
        }
        closedir(dir);
    }
}

struct shelf {
    char *keys[512];
    size_t count, participants, offers;
};

static int check_own(const char *path, const struct stat *info, int type, struct FTW *where,
                     struct shelf *shelf)
{
    struct fc_document document;
    struct fc_document_fault fault;
    (void)info;
    (void)where;
    if (type != FTW_F || (!strstr(path, ".json") && !strstr(path, ".jwt")))
        return 0;
    struct fc_span bytes = load(path);
    if (fc_document_read(bytes, &document, &fault) != FC_OK)
        fail_msg("%s: %s", path, fault.text);
    unload(bytes);
    for (size_t i = 0; i < shelf->count; i++)
        if (strcmp(shelf->keys[i], document.key) == 0)
            fail_msg("%s: the key %s is taken", path, document.key);
    assert_true(shelf->count < 512);
    shelf->keys[shelf->count++] = strdup(document.key);
    bool participant = strcmp(document.kind, "participant") == 0;
    bool did = strcmp(document.kind, "did") == 0;
    if (!did && !document.name)
        fail_msg("%s has no name", path);
    if (participant && (!document.country || strlen(document.country) != 2))
        fail_msg("%s has no country", path);
    if (!participant && !did &&
        (!document.provider || !document.description || !document.language ||
         strlen(document.language) != 2 || document.keyword_count == 0 || !document.theme_count))
        fail_msg("%s says too little of itself", path);
    shelf->participants += participant;
    shelf->offers += !participant && !did;
    fc_document_finish(&document);
    return 0;
}

static struct shelf *current; /* nftw hands nothing on */

static int check_own_file(const char *path, const struct stat *info, int type, struct FTW *where)
{
    return check_own(path, info, type, where, current);
}

static void documents_of_our_own_say_enough(void **state)
{
    struct shelf shelf = {0};
    (void)state;
    current = &shelf;
    assert_int_equal(nftw(FEDCAT_SOURCE_DIR "/node/samples", check_own_file, 16, FTW_PHYS), 0);
    print_message("%zu documents: %zu participants, %zu offers\n", shelf.count, shelf.participants,
                  shelf.offers);
    assert_true(shelf.offers >= 60);
    for (size_t i = 0; i < shelf.count; i++)
        free(shelf.keys[i]);
}

static void a_fault_has_a_place(void **state)
{
    struct fc_document document;
    struct fc_document_fault fault;
    (void)state;
    if (data_here()) {
        struct fc_span bytes = load(DATA "gaia-x/bad/missing-quote.jsonld");
        assert_int_equal(fc_document_read(bytes, &document, &fault), FC_E_JSON);
        assert_int_equal(fault.line, 8);
        assert_true(fault.column > 1);
        assert_non_null(strstr(fault.text, "verifiableCredential"));
        unload(bytes);
    }
    static const struct {
        const char *text;
        enum fc_err err;
        unsigned line;
        const char *says;
    } faults[] = {
        {"", FC_E_JSON, 0, "is empty"},
        {"  \r\n\n\t", FC_E_JSON, 0, "is empty"},
        {"  \n\n x", FC_E_JSON, 3, "expected"},
        {"{\"id\": \"https://a.example/\"\n", FC_E_JSON, 2, "end of file"},
        {"{\"id\": \"https://a.example/\",\n\"id\": \"x\"}", FC_E_JSON, 2, "duplicate"},
        {"{\"id\": \"https://a.example/\",\n\n\"name\": \"\xff\"}", FC_E_JSON, 3, "0xff"},
        {"{\"id\": \"https://a.example/\", \"name\": \"\xc3\"}", FC_E_JSON, 1, "decode"},
        {"{\"id\": \"https://a.example/\", \"name\": \"\xed\xa0\x80\"}", FC_E_JSON, 1, "decode"},
        {"{\"id\": \"https://a.example/\", \"name\": \"a\\u0000b\"}", FC_E_JSON, 1, "u0000"},
        {"{\"id\": \"https://a.example/\"} {}", FC_E_JSON, 1, "end of file"},
        {"\"https://a.example/\"", FC_E_JSON, 1, "expected"},
        {"{}", FC_E_SUBJECT, 0, "\"id\""},
        {"[]", FC_E_SUBJECT, 0, "\"id\""},
        {"{\"@graph\": []}", FC_E_SUBJECT, 0, "\"id\""},
        {"{\"id\": \"no iri\", \"name\": \"x\"}", FC_E_SUBJECT, 0, "\"id\""},
        {"{\"id\": \"_:blank\", \"name\": \"x\"}", FC_E_SUBJECT, 0, "\"id\""},
        {"{\"id\": 7, \"credentialSubject\": {\"id\": \"\"}}", FC_E_SUBJECT, 0, "\"id\""},
        {"{\"verifiableCredential\": []}", FC_E_SUBJECT, 0, "\"id\""},
        {"YWJj.YWJj.YWJj", FC_E_JSON, 0, "header of a JWT"},
        {"e30.YWJj.", FC_E_JSON, 0, "payload of a JWT"},
        {"e30.e30.", FC_E_SUBJECT, 0, "\"id\""},
        {"e31.e30.", FC_E_JSON, 0, "not base64url"}, /* a spare bit is set */
        {"W10.e30.", FC_E_JSON, 0, "not an object"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        enum fc_err err = read_text(faults[i].text, &document, &fault);
        if (err != faults[i].err || fault.line != faults[i].line ||
            !strstr(fault.text, faults[i].says))
            fail_msg("%s: %s, line %u: %s", faults[i].text, fc_err_name(err), fault.line,
                     fault.text);
        assert_null(document.key);
        fc_document_finish(&document);
        assert_int_equal(read_text(faults[i].text, &document, NULL), faults[i].err);
    }
}

static struct fc_span nested(size_t depth)
{
    char *text = malloc(2 * depth + 64), *to = text;
    assert_non_null(text);
    to += sprintf(to, "{\"id\":\"https://a.example/\",\"x\":");
    for (size_t i = 0; i < depth - 1; i++)
        *to++ = '[';
    for (size_t i = 0; i < depth - 1; i++)
        *to++ = ']';
    *to++ = '}';
    return fc_span(text, (size_t)(to - text));
}

static void bounds_are_kept(void **state)
{
    struct fc_document document;
    struct fc_document_fault fault;
    (void)state;
    for (size_t depth = 64; depth <= 65; depth++) {
        struct fc_span text = nested(depth);
        assert_int_equal(fc_document_read(text, &document, &fault),
                         depth == 64 ? FC_OK : FC_E_BOUND);
        fc_document_finish(&document);
        unload(text);
    }
    for (size_t extra = 0; extra < 2; extra++) { /* a key of 1,024 bytes, and of one more */
        char text[1200] = "{\"id\":\"urn:";
        memset(text + 11, 'k', 1020 + extra);
        strcpy(text + 11 + 1020 + extra, "\"}");
        assert_int_equal(read_text(text, &document, &fault), extra ? FC_E_BOUND : FC_OK);
        fc_document_finish(&document);
    }
    for (size_t extra = 0; extra < 2; extra++) { /* the largest document, and one byte more */
        size_t len = FC_CONTENT_BYTES_MAX + extra;
        char *text = malloc(len);
        assert_non_null(text);
        int head = sprintf(text, "{\"id\":\"https://a.example/\",\"description\":\"");
        memset(text + head, 'd', len - (size_t)head);
        memcpy(text + len - 2, "\"}", 2);
        assert_int_equal(fc_document_read(fc_span(text, len), &document, &fault),
                         extra ? FC_E_BOUND : FC_OK);
        if (!extra)
            assert_int_equal(strlen(document.description), 16 * 1024);
        fc_document_finish(&document);
        free(text);
    }
    for (size_t extra = 0; extra < 2; extra++) { /* so many values that memory would go */
        size_t count = 64 * 1024 - 3 + extra;
        char *text = malloc(3 * count + 64), *to = text;
        assert_non_null(text);
        to += sprintf(to, "{\"id\":\"https://a.example/\",\"x\":[0");
        for (size_t i = 1; i < count; i++)
            to += sprintf(to, ",0");
        to += sprintf(to, "]}");
        struct fc_json_size size = fc_json_measure(fc_span(text, (size_t)(to - text)));
        assert_int_equal(size.values, 64 * 1024 + extra);
        assert_int_equal(fc_document_read(fc_span(text, (size_t)(to - text)), &document, &fault),
                         extra ? FC_E_BOUND : FC_OK);
        fc_document_finish(&document);
        free(text);
    }
}

static void words_and_subjects_are_bounded(void **state)
{
    struct fc_document document;
    char *text = malloc(64 * 1024), *to = text;
    (void)state;
    assert_non_null(text);
    to += sprintf(to, "{\"@graph\":[{\"@id\":\"https://a.example/0\",\"@type\":\"dcat:Dataset\","
                      "\"dcat:keyword\":[\"same\",\"same\"");
    for (int i = 0; i < 100; i++)
        to += sprintf(to, ",\"word %d\"", i);
    to += sprintf(to,
                  "],\"dcat:theme\":[\"https://t.example/1\",{\"@id\":\"https://t.example/1\"}]}");
    for (int i = 0; i < 100; i++)
        to += sprintf(to, ",{\"@id\":\"https://a.example/%d\"}", i);
    sprintf(to, "]}");
    assert_int_equal(read_text(text, &document, NULL), FC_OK);
    assert_int_equal(document.keyword_count, FC_DOCUMENT_WORDS_MAX);
    assert_string_equal(document.keywords[1], "word 0");
    assert_int_equal(document.theme_count, 1);
    assert_int_equal(document.subject_count, FC_DOCUMENT_SUBJECTS_MAX);
    assert_string_equal(document.subjects[0], "https://a.example/0");
    assert_string_equal(document.subjects[1], "https://a.example/1");
    fc_document_finish(&document);
    free(text);
}

/* The same statement in the ways that it is written in. */
static void vocabularies_and_shapes_mean_the_same(void **state)
{
    static const char *const ways[] = {
        "{\"id\":\"https://a.example/s\",\"type\":\"gx:ServiceOffering\",\"gx:name\":\"N\","
        "\"gx:description\":\"D\",\"gx:providedBy\":{\"id\":\"did:web:a.example\"},"
        "\"gx:keyword\":[\"k\",\"l\"]}",
        "{\"@id\":\"https://a.example/s\",\"@type\":[\"ServiceOffering\"],"
        "\"name\":{\"@value\":\"N\",\"@type\":\"xsd:string\"},\"description\":[\"D\"],"
        "\"providedBy\":\"did:web:a.example\",\"keyword\":{\"@list\":[\"k\",\"l\"]}}",
        "{\"@id\":\"https://a.example/s\",\"@type\":"
        "[\"https://w3id.org/gaia-x/2511#ServiceOffering\",\"x:Other\"],"
        "\"https://schema.org/name\":[{\"@value\":\"N\"}],"
        "\"https://w3id.org/gaia-x/development#description\":{\"@set\":[\"D\"]},"
        "\"https://w3id.org/gaia-x/2511#providedBy\":[{\"@id\":\"did:web:a.example\"}],"
        "\"http://www.w3.org/ns/dcat#keyword\":[{\"@value\":\"k\"},{\"@value\":\"l\"}]}",
        "{\"@context\":{\"e\":\"https://a.example/\"},\"@id\":\"e:s\","
        "\"@type\":\"gx-service-offering:ServiceOffering\",\"dct:title\":{\"en\":\"N\",\"de\":"
        "\"M\"},"
        "\"dct:description\":[{\"@value\":\"X\",\"@language\":\"fr\"},"
        "{\"@value\":\"D\",\"@language\":\"en\"}],"
        "\"gx-service-offering:providedBy\":{\"@id\":\"did:web:a.example\"},"
        "\"dcat:keyword\":{\"en\":[\"k\"],\"de\":\"l\"}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct fc_document document;
        struct fc_document_fault fault;
        if (read_text(ways[i], &document, &fault) != FC_OK)
            fail_msg("way %zu: %s", i, fault.text);
        check_field(ways[i], "key", document.key, "https://a.example/s");
        check_field(ways[i], "kind", document.kind, "service");
        check_field(ways[i], "name", document.name, "N");
        check_field(ways[i], "description", document.description, "D");
        check_field(ways[i], "provider", document.provider, "did:web:a.example");
        assert_int_equal(document.keyword_count, i == 1 ? 1 : 2);
        assert_string_equal(document.keywords[0], "k");
        check_field(ways[i], "language", document.language, i == 3 ? "en" : NULL);
        fc_document_finish(&document);
    }
}

static void which_key_a_document_has(void **state)
{
    static const struct {
        const char *text, *key, *kind;
    } cases[] = {
        /* the credential's own id */
        {"{\"id\":\"urn:vc\",\"credentialSubject\":{\"id\":\"urn:s\"}}", "urn:vc", "credential"},
        /* else its subject's */
        {"{\"credentialSubject\":[{\"name\":\"x\"},{\"@id\":\"urn:s\"}]}", "urn:s", "credential"},
        {"{\"credentialSubject\":\"urn:s\"}", "urn:s", "credential"},
        /* a presentation of one credential is that credential */
        {"{\"id\":\"urn:vp\",\"verifiableCredential\":{\"id\":\"urn:vc\","
         "\"credentialSubject\":{\"id\":\"urn:s\"}}}",
         "urn:vc", "credential"},
        {"{\"id\":\"urn:vp\",\"verifiableCredential\":[{\"credentialSubject\":{}}]}", "urn:vp",
         "credential"},
        /* one of several is itself, or what it offers */
        {"{\"id\":\"urn:vp\",\"verifiableCredential\":["
         "{\"id\":\"urn:1\",\"credentialSubject\":{\"type\":\"gx:VatID\"}},"
         "{\"id\":\"urn:2\",\"credentialSubject\":{\"type\":\"gx:ServiceOffering\"}}]}",
         "urn:vp", "service"},
        {"{\"verifiableCredential\":["
         "{\"id\":\"urn:1\",\"credentialSubject\":{\"type\":\"gx:VatID\"}},"
         "{\"id\":\"urn:2\",\"credentialSubject\":{\"type\":\"gx:ServiceOffering\"}}]}",
         "urn:2", "service"},
        {"{\"verifiableCredential\":["
         "{\"id\":\"urn:1\",\"credentialSubject\":{\"id\":\"urn:a\"}},"
         "{\"id\":\"urn:2\",\"credentialSubject\":{\"id\":\"urn:b\"}}]}",
         "urn:1", "credential"},
        /* a graph's catalogue before its datasets, those before services */
        {"{\"@graph\":[{\"@id\":\"urn:1\",\"@type\":\"dcat:DataService\"},"
         "{\"@id\":\"urn:2\",\"@type\":\"dcat:Dataset\"},"
         "{\"@id\":\"urn:3\",\"@type\":\"dcat:Catalog\"}]}",
         "urn:3", "dataset"},
        {"[{\"@id\":\"urn:1\",\"@type\":\"http://www.w3.org/ns/dcat#DataService\"},"
         "{\"@id\":\"urn:2\",\"@type\":\"http://www.w3.org/ns/dcat#Distribution\"}]",
         "urn:1", "data service"},
        {"{\"id\":\"did:web:x.example\",\"verificationMethod\":[]}", "did:web:x.example", "did"},
        {"{\"id\":\"urn:x\",\"anything\":1}", "urn:x", "other"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fc_document document;
        struct fc_document_fault fault;
        if (read_text(cases[i].text, &document, &fault) != FC_OK)
            fail_msg("%s: %s", cases[i].text, fault.text);
        check_field(cases[i].text, "key", document.key, cases[i].key);
        check_field(cases[i].text, "kind", document.kind, cases[i].kind);
        fc_document_finish(&document);
    }
}

static void tokens_are_read_in_every_wrapping(void **state)
{
    static const struct {
        const char *file, *media_type, *proof;
    } cases[] = {
        {"vc.json", "application/vc+ld+json", "none"},
        {"vc.jwt", "application/vc+jwt", "jwt"},
        {"vp.jwt", "application/vp+jwt", "jwt"},
        {"vp.json", "application/vp+ld+json", "enveloped"},
        {"enveloped.json", "application/vc+ld+json", "enveloped"},
        {"enveloped-semicolon.json", "application/vc+ld+json", "enveloped"},
        {"wrapper.json", "application/json", "jwt"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fc_document document;
        char path[512];
        snprintf(path, sizeof path, FEDCAT_SOURCE_DIR "/tests/fuzz/corpus/fuzz_document/%s",
                 cases[i].file);
        struct fc_span bytes = load(path);
        assert_int_equal(fc_document_read(bytes, &document, NULL), FC_OK);
        const struct sample sample = {.key = "https://alpha.example/vc/1",
                                      .media_type = cases[i].media_type,
                                      .kind = "service",
                                      .format = "loire",
                                      .proof = cases[i].proof,
                                      .name = "Storage",
                                      .provider = "did:web:alpha.example",
                                      .issuer = "did:web:alpha.example",
                                      .terms = "https://alpha.example/tac",
                                      .valid_from = "2026-01-01T00:00:00Z",
                                      .valid_until = "2027-01-01T00:00:00Z",
                                      .subjects = 1};
        check_sample(cases[i].file, &document, &sample);
        fc_document_finish(&document);
        unload(bytes);
    }
}

static void append_base64url(struct fc_buf *out, const void *data, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i += 3) {
        size_t some = len - i < 3 ? len - i : 3;
        uint32_t bits = (uint32_t)bytes[i] << 16 | (some > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                        (some > 2 ? bytes[i + 2] : 0);
        for (size_t k = 0; k <= some; k++)
            fc_buf_append(out, &digits[bits >> (18 - 6 * k) & 63], 1);
    }
}

/* Tokens in tokens: each layer is a presentation that holds the one before. */
static void wrappings_are_bounded(void **state)
{
    static const char innermost[] = "{\"id\":\"urn:x\",\"credentialSubject\":{}}";
    struct fc_buf inner = {0};
    enum fc_err err = FC_OK;
    unsigned layers = 0;
    (void)state;
    fc_buf_append(&inner, "e30.", 4);
    append_base64url(&inner, innermost, sizeof innermost - 1);
    fc_buf_append(&inner, ".", 1);
    while (err == FC_OK && layers < 20) {
        struct fc_document document;
        err = fc_document_read(fc_buf_span(&inner), &document, NULL);
        if (err == FC_OK)
            assert_string_equal(document.key, "urn:x");
        fc_document_finish(&document);
        struct fc_buf payload = {0}, outer = {0};
        fc_buf_append(&payload, "{\"verifiableCredential\":[\"", 26);
        fc_buf_append(&payload, inner.data, inner.len);
        fc_buf_append(&payload, "\"]}", 3);
        fc_buf_append(&outer, "e30.", 4);
        append_base64url(&outer, payload.data, payload.len);
        fc_buf_append(&outer, ".", 1);
        fc_buf_finish(&payload);
        fc_buf_finish(&inner);
        inner = outer;
        layers++;
    }
    fc_buf_finish(&inner);
    assert_int_equal(err, FC_E_BOUND);
    assert_in_range(layers, 2, 6);
}

static void base64url_has_one_form(void **state)
{
    static const struct {
        const char *text, *bytes;
    } good[] = {
        {"", ""},           {"Zg", "f"},          {"Zm8", "fo"},          {"Zm9v", "foo"},
        {"Zm9vYg", "foob"}, {"Zm9vYmE", "fooba"}, {"Zm9vYmFy", "foobar"}, {"-_-_", "\xfb\xff\xbf"}};
    static const char *const bad[] = {"Z", "Zh", "Zm9", "Zg==", "Zm9v\n", "Zm+v", "Zm/v", "Zm9vY"};
    struct fc_buf out = {0};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        fc_buf_clear(&out);
        assert_int_equal(fc_base64url_decode(fc_span_str(good[i].text), &out), FC_OK);
        assert_true(fc_span_eq(fc_buf_span(&out), fc_span_str(good[i].bytes)));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(fc_base64url_decode(fc_span_str(bad[i]), &out), FC_E_FORMAT);
    fc_buf_finish(&out);
}

static void countries_and_languages_are_codes(void **state)
{
    static const char *const cases[][2] = {
        {"DE", "DE"},      {"de", "DE"},
        {"BE-BRU", "BE"},  {"DEU", "DEU"},
        {"Germany", NULL}, {"D", NULL},
        {"", NULL},        {"D1", NULL},
        {"DEU-X", NULL},   {"http://publications.europa.eu/resource/authority/country/FRA", "FRA"},
    };
    char code[4];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool is = fc_country_code(cases[i][0], code);
        assert_int_equal(is, cases[i][1] != NULL);
        if (is)
            assert_string_equal(code, cases[i][1]);
    }
    assert_string_equal(fc_document_country("DEU"), "DE");
    assert_null(fc_document_country("ZZZ"));
    assert_string_equal(fc_document_language("ELL"), "el");
    assert_null(fc_document_language("zzz"));
}

static void long_text_is_cut_between_characters(void **state)
{
    struct fc_document document;
    char text[8192], *to = text;
    (void)state;
    to += sprintf(to, "{\"id\":\"urn:x\",\"name\":\"a");
    for (int i = 0; i < 2000; i++)
        to += sprintf(to, "\u00e9");
    sprintf(to, "\"}");
    assert_int_equal(read_text(text, &document, NULL), FC_OK);
    assert_int_equal(strlen(document.name), 2047); /* 2,048 would split an e with an accent */
    fc_document_finish(&document);
    fc_document_finish(&document);
}

static void gather(void *ctx, const struct fc_document_text *text)
{
    char line[256];
    int len = snprintf(line, sizeof line, "%d %.*s\n", (int)text->tier, (int)text->text.len,
                       (const char *)text->text.data);
    fc_buf_append(ctx, line, (size_t)len);
}

/* Also what the credential says in its subject's place, and what the document is about first. */
static void texts_of_the_main_subject_come_first(void **state)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"{\"id\":\"urn:vc\",\"name\":\"N\",\"description\":\"D\","
         "\"credentialSubject\":{\"id\":\"urn:s\",\"keyword\":\"k\"}}",
         "0 N\n3 D\n1 k\n"},
        {"{\"id\":\"urn:vc\",\"name\":\"N\",\"description\":\"D\","
         "\"credentialSubject\":{\"id\":\"urn:s\",\"name\":\"S\"}}",
         "3 D\n0 S\n"},
        {"{\"@graph\":[{\"@id\":\"urn:1\",\"@type\":\"dcat:Distribution\",\"title\":\"file\"},"
         "{\"@id\":\"urn:2\",\"@type\":\"dcat:Dataset\",\"title\":\"data\"}]}",
         "0 data\n0 file\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fc_document document;
        struct fc_buf said = {0};
        assert_int_equal(fc_document_index(fc_span_str(cases[i].text), &document, gather, &said),
                         FC_OK);
        fc_buf_append(&said, "", 1);
        assert_string_equal((const char *)said.data, cases[i].said);
        fc_document_finish(&document);
        fc_buf_finish(&said);
    }
}

/* What a specification's version is called is no label; its words are found nevertheless. */
static void standards_are_no_labels(void **state)
{
    static const char text[] =
        "{\"@id\":\"urn:s\",\"@type\":\"gx:ServiceOffering\","
        "\"dct:conformsTo\":[{\"@id\":\"https://spec.openapis.org/oas/v3.1.0\"},"
        "{\"@id\":\"https://geo.example/inspire\",\"dct:title\":{\"de\":\"Straßennetz\"}}],"
        "\"gx:standardConformity\":{\"gx:title\":\"OpenID Connect\"},"
        "\"gx:certifications\":\"ISO 27001\",\"gx:labelLevel\":\"SC\"}";
    struct fc_document document;
    struct fc_buf said = {0};
    (void)state;
    assert_int_equal(fc_document_index(fc_span_str(text), &document, gather, &said), FC_OK);
    assert_int_equal(document.label_count, 2);
    assert_string_equal(document.labels[0], "SC");
    assert_string_equal(document.labels[1], "ISO 27001");
    fc_buf_append(&said, "", 1);
    assert_string_equal((const char *)said.data,
                        "1 SC\n1 ISO 27001\n1 v3.1.0\n1 Straßennetz\n1 inspire\n"
                        "1 OpenID Connect\n");
    fc_document_finish(&document);
    fc_buf_finish(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_of_others_say_what_they_are),
        cmocka_unit_test(no_document_of_others_is_left_out),
        cmocka_unit_test(documents_of_our_own_say_enough),
        cmocka_unit_test(a_fault_has_a_place),
        cmocka_unit_test(bounds_are_kept),
        cmocka_unit_test(words_and_subjects_are_bounded),
        cmocka_unit_test(vocabularies_and_shapes_mean_the_same),
        cmocka_unit_test(which_key_a_document_has),
        cmocka_unit_test(tokens_are_read_in_every_wrapping),
        cmocka_unit_test(wrappings_are_bounded),
        cmocka_unit_test(base64url_has_one_form),
        cmocka_unit_test(countries_and_languages_are_codes),
        cmocka_unit_test(long_text_is_cut_between_characters),
        cmocka_unit_test(texts_of_the_main_subject_come_first),
        cmocka_unit_test(standards_are_no_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
