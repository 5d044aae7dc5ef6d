/* Providers' names and countries, which stand in entries of their own that come, change and go. */
#include "tests/support/replica_case.h"

#include <stdio.h>
#include <string.h>

#include "store/index_priv.h"
#include "store/query.h"

#define OFFER    "https://acme.example/offers/1"
#define PROVIDER "https://cloud.example/.well-known/participantOVH.json"

struct world {
    struct fc_test_federation fed;
    struct fc_test_party acme, other, third; /* in France, Spain and Italy */
    struct fc_test_node node;
    bool merges; /* rows are merged before anything is asked */
};

static void place_party(struct world *world, struct fc_test_party *party, const char *country,
                        const char *url)
{
    party->certificate.country = fc_span_str(country);
    party->certificate.url = fc_span_str(url);
    fc_test_certify(party, &world->fed);
    fc_test_admit(&world->node, &world->fed, party);
}

static void start(struct world *world, enum fc_test_backend backend, bool merges)
{
    memset(world, 0, sizeof *world);
    world->merges = merges;
    fc_test_federation_init(&world->fed, "places", 3);
    fc_test_party_init(&world->acme, &world->fed, "acme");
    fc_test_party_init(&world->other, &world->fed, "other");
    fc_test_party_init(&world->third, &world->fed, "third");
    fc_test_node_init_index(&world->node, backend, &world->fed, "node");
    place_party(world, &world->acme, "FR", "https://acme.example/");
    place_party(world, &world->other, "ES", "did:web:other.example");
    place_party(world, &world->third, "IT", "did:web:third.example");
}

static void stop(struct world *world)
{
    fc_test_node_finish(&world->node);
    fc_test_party_finish(&world->acme);
    fc_test_party_finish(&world->other);
    fc_test_party_finish(&world->third);
    fc_test_federation_finish(&world->fed);
}

static void settle(struct world *world)
{
    if (!world->merges)
        return;
    assert_ok(fc_replica_begin(world->node.replica));
    assert_ok(fc_index_merge(world->node.replica, true));
    assert_ok(fc_replica_commit(world->node.replica));
}

static void publish(struct world *world, const struct fc_test_party *party, const char *key,
                    const char *content)
{
    fc_test_publish_one(&world->node, party, key, content);
    settle(world);
}

static void offer(struct world *world, const struct fc_test_party *party, const char *key,
                  const char *provider)
{
    char content[1024];
    snprintf(content, sizeof content,
             "{\"id\":\"%s\",\"type\":\"gx:ServiceOffering\",\"gx:name\":\"Clusters\","
             "\"gx:description\":\"Machines that are managed\",\"gx:providedBy\":{\"id\":\"%s\"}}",
             key, provider);
    publish(world, party, key, content);
}

/* A provider's own entry: a credential under its own identifier, about PROVIDER. */
static void describe(struct world *world, const struct fc_test_party *party, const char *name,
                     const char *country)
{
    char content[1024], said[64] = "";
    if (country)
        snprintf(said, sizeof said, ",\"gx:legalAddress\":{\"gx:countryCode\":\"%s\"}", country);
    snprintf(
        content, sizeof content,
        "{\"@context\":[\"https://www.w3.org/2018/credentials/v1\"],\"id\":\"https://c.example/p\","
        "\"type\":[\"VerifiableCredential\"],\"credentialSubject\":{\"id\":\"" PROVIDER "#cs\","
        "\"type\":\"gx:LegalParticipant\",\"gx:legalName\":\"%s\"%s}}",
        name, said);
    publish(world, party, "https://c.example/p", content);
}

static void withdraw(struct world *world, const struct fc_test_party *party, const char *key)
{
    struct fc_test_batch batch = {.now_ms = 0};
    fc_test_batch_delete(&batch, key);
    assert_ok(fc_test_publish(&world->node, party, &batch, NULL));
    fc_test_batch_finish(&batch);
    settle(world);
}

/* -- asking ------------------------------------------------------------------------------------ */

static struct fc_query_result *search(struct world *world, const char *text)
{
    struct fc_query query;
    struct fc_query_result *result;
    fc_query_init(&query);
    query.facets = FC_FACETS_ALL;
    assert_ok(fc_query_parse(&query, fc_span_str(text), NULL));
    assert_ok(fc_query_run(world->node.replica, &query, &result));
    return result;
}

static unsigned count(struct world *world, const char *text)
{
    struct fc_query_result *result = search(world, text);
    unsigned total = (unsigned)result->total;
    fc_query_result_destroy(result);
    return total;
}

static bool is(struct fc_span text, const char *expected)
{
    return fc_span_eq(text, fc_span_str(expected));
}

/* Counted, found by it, and not by another. */
static void expect_country(struct world *world, const char *key, const char *country,
                           enum fc_query_source from)
{
    static const char *const all[] = {"FR", "ES", "IT", "DE", "NL", "BE", "LU"};
    char text[160];
    bool counted = false;
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
        snprintf(text, sizeof text, "key:%s country:%s", key, all[i]);
        assert_int_equal(count(world, text), strcmp(all[i], country) == 0);
        snprintf(text, sizeof text, "key:%s -country:%s", key, all[i]);
        assert_int_equal(count(world, text), strcmp(all[i], country) != 0);
    }
    snprintf(text, sizeof text, "key:%s", key);
    struct fc_query_result *result = search(world, text);
    assert_int_equal(result->hit_count, 1);
    assert_true(is(result->hits[0].country, country));
    assert_int_equal(result->hits[0].country_from, from);
    for (uint32_t i = 0; i < result->facet_count; i++)
        if (result->facets[i].facet == FC_FACET_COUNTRY) {
            assert_int_equal(result->facets[i].value_count, 1);
            counted = is(result->facets[i].values[0].value, country) &&
                      result->facets[i].values[0].count == 1;
        }
    assert_true(counted);
    fc_query_result_destroy(result);
}

/* On the hit and beside the facet's value, which stays what the documents say. */
static void expect_provider(struct world *world, const char *key, const char *name,
                            enum fc_query_source from)
{
    char text[160];
    snprintf(text, sizeof text, "key:%s", key);
    struct fc_query_result *result = search(world, text);
    assert_int_equal(result->hit_count, 1);
    assert_true(is(result->hits[0].provider, name));
    assert_int_equal(result->hits[0].provider_from, from);
    fc_query_result_destroy(result);
}

static void expect_facet_name(struct world *world, const char *value, const char *name)
{
    struct fc_query_result *result = search(world, "kind:service");
    bool found = false;
    for (uint32_t i = 0; i < result->facet_count; i++)
        for (uint32_t k = 0; k < result->facets[i].value_count; k++)
            if (result->facets[i].facet == FC_FACET_PROVIDER &&
                is(result->facets[i].values[k].value, value))
                found = is(result->facets[i].values[k].name, name);
    assert_true(found);
    fc_query_result_destroy(result);
}

static void check_index(struct world *world)
{
    struct fc_index_sums actual, expected;
    assert_ok(fc_index_sum_expected(world->node.replica, &expected));
    assert_ok(fc_index_sum_actual(world->node.replica, &actual));
    assert_memory_equal(&actual, &expected, sizeof actual);
}

/* -- stories ----------------------------------------------------------------------------------- */

static void follow_entries(struct world *world)
{
    struct fc_test_party *acme = &world->acme, *other = &world->other, *third = &world->third;
    offer(world, acme, OFFER, PROVIDER);
    expect_country(world, OFFER, "FR", FC_SAID_MEMBER);
    expect_provider(world, OFFER, PROVIDER, FC_SAID_DOCUMENT);
    describe(world, other, "Grand Nuage SAS", "DE"); /* after the offer */
    expect_country(world, OFFER, "DE", FC_SAID_PROVIDER);
    expect_provider(world, OFFER, "Grand Nuage SAS", FC_SAID_PROVIDER);
    expect_facet_name(world, PROVIDER, "Grand Nuage SAS");
    offer(world, acme, OFFER "b", PROVIDER); /* before the offer */
    expect_country(world, OFFER "b", "DE", FC_SAID_PROVIDER);
    assert_int_equal(count(world, "country:de"), 3);
    describe(world, other, "Grand Nuage SAS", "NL"); /* it moves */
    expect_country(world, OFFER, "NL", FC_SAID_PROVIDER);
    describe(world, other, "Grand Nuage SAS", NULL); /* and no longer says where */
    expect_country(world, OFFER, "FR", FC_SAID_MEMBER);
    expect_provider(world, OFFER, "Grand Nuage SAS", FC_SAID_PROVIDER);
    describe(world, other, "Grand Nuage SAS", "NL");
    describe(world, third, "Grand Nuage SAS", "NL"); /* a copy elsewhere agrees */
    expect_country(world, OFFER, "NL", FC_SAID_PROVIDER);
    expect_provider(world, OFFER, "Grand Nuage SAS", FC_SAID_PROVIDER);
    describe(world, third, "Someone Else", "NL"); /* this one does not, on the name */
    expect_country(world, OFFER, "NL", FC_SAID_PROVIDER);
    expect_provider(world, OFFER, PROVIDER, FC_SAID_DOCUMENT);
    assert_int_equal(count(world, "provider:else"), 0);
    describe(world, third, "Someone Else", "IT"); /* nor on the country */
    expect_country(world, OFFER, "FR", FC_SAID_MEMBER);
    describe(world, acme, "Nuage chez Acme", "BE"); /* one's own word goes first */
    expect_country(world, OFFER, "BE", FC_SAID_PROVIDER);
    expect_provider(world, OFFER, "Nuage chez Acme", FC_SAID_PROVIDER);
    assert_int_equal(count(world, "provider:chez"), 2);
    assert_int_equal(count(world, "provider:else"), 0);
    withdraw(world, acme, "https://c.example/p");
    withdraw(world, third, "https://c.example/p");
    expect_country(world, OFFER, "NL", FC_SAID_PROVIDER);
    check_index(world);
}

static void take_down(struct world *world)
{
    struct fc_replica *replica = world->node.replica;
    struct fc_hash key_hash = fc_key_hash(fc_span_str("https://c.example/p"));
    assert_ok(fc_replica_begin(replica));
    assert_ok(fc_replica_takedown_local(replica, &world->other.id, &key_hash,
                                        fc_span_str("a reason"), true));
    assert_ok(fc_replica_commit(replica));
    settle(world);
    expect_country(world, OFFER, "FR", FC_SAID_MEMBER);
    expect_provider(world, OFFER, PROVIDER, FC_SAID_DOCUMENT);
    /* What cannot be read is nowhere. */
    assert_int_equal(count(world, "key:https://c.example/p"), 1);
    assert_int_equal(count(world, "key:https://c.example/p country:ES"), 0);
    check_index(world);
}

static void follow_certificates(struct world *world)
{
    struct fc_test_party *acme = &world->acme;
    offer(world, acme, OFFER "c", "did:web:third.example");
    expect_country(world, OFFER "c", "IT", FC_SAID_PROVIDER);
    expect_provider(world, OFFER "c", "third", FC_SAID_PROVIDER);
    acme->certificate.g++;
    acme->certificate.country = fc_span_str("LU");
    fc_test_certify(acme, &world->fed);
    assert_ok(fc_test_add(&world->node, &acme->certificate_record));
    expect_country(world, OFFER, "LU", FC_SAID_MEMBER);
    expect_country(world, OFFER "c", "IT", FC_SAID_PROVIDER);
}

static void test_providers(void **state)
{
    for (int merges = 0; merges < 2; merges++) {
        struct world world;
        start(&world, *(const enum fc_test_backend *)*state, merges);
        follow_entries(&world);
        take_down(&world);
        follow_certificates(&world);
        fc_test_node_reopen(&world.node);
        expect_country(&world, OFFER, "LU", FC_SAID_MEMBER);
        assert_ok(fc_replica_reindex(world.node.replica, NULL, NULL));
        expect_country(&world, OFFER "c", "IT", FC_SAID_PROVIDER);
        stop(&world);
    }
}

/* By words of the identifier, also those that capitals part, and of the provider's own entry. */
static void test_words(void **state)
{
    for (int merges = 0; merges < 2; merges++) {
        struct world world;
        start(&world, *(const enum fc_test_backend *)*state, merges);
        offer(&world, &world.acme, OFFER, PROVIDER);
        offer(&world, &world.acme, OFFER "d", "did:web:OVHCloud.example");
        assert_int_equal(count(&world, "provider:participantovh"), 1);
        assert_int_equal(count(&world, "provider:ovh"), 2);
        assert_int_equal(count(&world, "provider:participant"), 1);
        assert_int_equal(count(&world, "provider:cloud"), 2);
        assert_int_equal(count(&world, "provider:nuage"), 0);
        describe(&world, &world.other, "Grand Nuage SAS", "DE");
        assert_int_equal(count(&world, "provider:nuage"), 1);
        assert_int_equal(count(&world, "provider:nua*"), 1);
        assert_int_equal(count(&world, "provider:naueg~"), 0); /* two edits */
        assert_int_equal(count(&world, "provider:nuege~"), 1);
        assert_int_equal(count(&world, "nuage"), 2); /* and the entry itself */
        assert_int_equal(count(&world, "nuage clusters"), 1);
        assert_int_equal(count(&world, "provider:\"grand nuage\""), 1);
        assert_int_equal(count(&world, "provider:\"nuage grand\""), 0);
        assert_int_equal(count(&world, "\"grand nuage\" kind:service"), 1);
        assert_int_equal(count(&world, "clusters -provider:nuage"), 1);
        assert_int_equal(count(&world, "name:nuage"), 1);
        stop(&world);
    }
}

static void unprovided(struct world *world, const struct fc_test_party *party, const char *key,
                       const char *type)
{
    char content[1024];
    snprintf(content, sizeof content,
             "{\"id\":\"%s\",\"type\":\"%s\",\"gx:name\":\"Alone\","
             "\"gx:description\":\"Of nobody\"}",
             key, type);
    publish(world, party, key, content);
}

static void admit_again(struct world *world, struct fc_test_party *party, const char *name)
{
    party->certificate.g++;
    party->certificate.name = fc_span_str(name);
    fc_test_certify(party, &world->fed);
    assert_ok(fc_test_add(&world->node, &party->certificate_record));
}

/* By the name under which governors admitted who is meant by the identifier, or who published an
 * offer that names nobody. */
static void test_members(void **state)
{
    for (int merges = 0; merges < 2; merges++) {
        struct world world;
        start(&world, *(const enum fc_test_backend *)*state, merges);
        offer(&world, &world.acme, OFFER, "did:web:third.example");
        unprovided(&world, &world.other, OFFER "u", "dcat:Dataset");
        unprovided(&world, &world.other, OFFER "v", "gx:LegalPerson");
        expect_provider(&world, OFFER, "third", FC_SAID_PROVIDER);
        expect_provider(&world, OFFER "u", "other", FC_SAID_MEMBER);
        expect_provider(&world, OFFER "v", "", FC_SAID_NOWHERE);
        assert_int_equal(count(&world, "provider:third"), 1); /* a word of the identifier, too */
        assert_int_equal(count(&world, "provider:acme"), 0);  /* it names another */
        admit_again(&world, &world.third, "Holdings du Troisi\u00e8me");
        admit_again(&world, &world.other, "Grand Nuage SAS");
        expect_provider(&world, OFFER, "Holdings du Troisi\u00e8me", FC_SAID_PROVIDER);
        expect_provider(&world, OFFER "u", "Grand Nuage SAS", FC_SAID_MEMBER);
        assert_int_equal(count(&world, "provider:troisieme"), 1);
        assert_int_equal(count(&world, "provider:holding"), 1); /* inflected */
        assert_int_equal(count(&world, "provider:hold*"), 1);
        assert_int_equal(count(&world, "provider:troiseime~"), 1);
        assert_int_equal(count(&world, "provider:nuage"), 1);
        assert_int_equal(count(&world, "nuage"), 1);
        assert_int_equal(count(&world, "name:nuage"), 0);
        assert_int_equal(count(&world, "alone -provider:nuage"), 1);
        assert_int_equal(count(&world, "provider:\"grand nuage\""), 1);
        assert_int_equal(count(&world, "provider:\"nuage grand\""), 0);
        assert_int_equal(count(&world, "provider:\"du troisi\u00e8me\""), 1);
        assert_int_equal(count(&world, "provider:other"), 0);
        describe(&world, &world.acme, "Somebody", NULL); /* it says nothing of these */
        assert_int_equal(count(&world, "provider:nuage"), 1);
        offer(&world, &world.other, OFFER "u", PROVIDER); /* it names somebody now */
        assert_int_equal(count(&world, "provider:nuage"), 0);
        unprovided(&world, &world.other, OFFER "u", "gx:ServiceOffering");
        check_index(&world);
        fc_test_node_reopen(&world.node);
        assert_ok(fc_replica_reindex(world.node.replica, NULL, NULL));
        assert_int_equal(count(&world, "provider:nuage"), 1);
        check_index(&world);
        stop(&world);
    }
}

/* Identifiers that agree in their first hundred bytes are two. */
static void test_long_identifiers(void **state)
{
    struct world world;
    char a[400], b[400];
    memset(a, 'x', sizeof a);
    memcpy(a, "https://w.example/", 18);
    a[sizeof a - 1] = '\0';
    strcpy(b, a);
    b[sizeof b - 2] = 'y';
    start(&world, *(const enum fc_test_backend *)*state, true);
    offer(&world, &world.acme, OFFER, a);
    offer(&world, &world.acme, OFFER "b", b);
    char text[500], content[1024];
    snprintf(content, sizeof content,
             "{\"id\":\"%s\",\"type\":\"gx:LegalParticipant\",\"gx:legalName\":\"Long\","
             "\"gx:countryCode\":\"DE\"}",
             b);
    publish(&world, &world.other, b, content);
    expect_country(&world, OFFER, "FR", FC_SAID_MEMBER);
    expect_country(&world, OFFER "b", "DE", FC_SAID_PROVIDER);
    snprintf(text, sizeof text, "provider:%s", a);
    assert_int_equal(count(&world, text), 1);
    snprintf(text, sizeof text, "provider:%.120s", a); /* as the facet has it */
    assert_int_equal(count(&world, text), 2);
    stop(&world);
}

/* Who provides stands beside a description and not in its place. */
static void test_snippets(void **state)
{
    struct world world;
    start(&world, *(const enum fc_test_backend *)*state, true);
    offer(&world, &world.acme, OFFER, PROVIDER);
    publish(&world, &world.acme, OFFER "e",
            "{\"id\":\"" OFFER "e\",\"type\":\"gx:ServiceOffering\",\"gx:providedBy\":\"" PROVIDER
            "\"}");
    struct fc_query_result *result = search(&world, "cloud");
    assert_int_equal(result->hit_count, 2);
    for (uint32_t i = 0; i < 2; i++)
        assert_true(is(result->hits[i].snippet.text,
                       is(result->hits[i].key, OFFER) ? "Machines that are managed" : PROVIDER));
    fc_query_result_destroy(result);
    stop(&world);
}

#define ON(f, name, at)                                                                            \
    {                                                                                              \
#f name, f, NULL, NULL, &fc_test_backends[at]                                              \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(test_providers, " (memory)", 0),
        ON(test_providers, " (lmdb)", 1),
        ON(test_words, " (memory)", 0),
        ON(test_words, " (lmdb)", 1),
        ON(test_members, " (memory)", 0),
        ON(test_members, " (lmdb)", 1),
        ON(test_long_identifiers, " (memory)", 0),
        ON(test_snippets, " (memory)", 0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
