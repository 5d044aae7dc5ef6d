/* The index says what the entries say, whatever happens to them and in whatever order: random
 * histories on two nodes, each looked at through the index and by reading every document. */
#include "tests/support/replica_case.h"

#include <stdio.h>
#include <string.h>

#include "store/index_heads.h"
#include "store/kv_lmdb.h"
#include "store/query.h"
#include "store/reader.h"
#include "tests/support/rng.h"

enum { WORDS = 14, KEYS = 40, SEEDS = 12, STEPS = 45 };

static const char *const words[WORDS] = {"cloud", "storage", "health", "wind",   "archive",
                                         "grid",  "clinic",  "soil",   "sensor", "storm",
                                         "store", "helium",  "cloudy", "delta"};
static const char *const beginnings[] = {"c", "cl", "clo", "st", "sto", "stor", "hel", "so"};
static const char *const countries[] = {"FR", "DE", "NL", "IT"};

/* -- two nodes --------------------------------------------------------------------------------- */

struct pair {
    enum fc_test_backend backend;
    struct fc_test_federation fed;
    struct fc_test_party parties[2];
    struct fc_test_node a, b;
    uint64_t rng;
    bool frozen[2];
    char keys[KEYS][64];
};

static int setup(void **state)
{
    struct pair *pair = calloc(1, sizeof *pair);
    if (!pair)
        return -1;
    pair->backend = *(const enum fc_test_backend *)*state;
    fc_test_federation_init(&pair->fed, "index", 3);
    fc_test_party_init(&pair->parties[0], &pair->fed, "acme");
    fc_test_party_init(&pair->parties[1], &pair->fed, "other");
    for (unsigned i = 0; i < KEYS; i++)
        snprintf(pair->keys[i], sizeof pair->keys[i], "https://x.example/%u", i);
    *state = pair;
    return 0;
}

static void start(struct pair *pair, uint64_t seed)
{
    struct fc_test_node *nodes[] = {&pair->a, &pair->b};
    pair->rng = seed;
    for (unsigned i = 0; i < 2; i++) {
        fc_test_node_init_index(nodes[i], pair->backend, &pair->fed, i ? "node b" : "node a");
        fc_test_admit(nodes[i], &pair->fed, &pair->parties[0]);
        fc_test_admit(nodes[i], &pair->fed, &pair->parties[1]);
        pair->frozen[i] = false;
    }
}

static void stop(struct pair *pair)
{
    fc_test_node_finish(&pair->a);
    fc_test_node_finish(&pair->b);
}

static int teardown(void **state)
{
    struct pair *pair = *state;
    fc_test_party_finish(&pair->parties[0]);
    fc_test_party_finish(&pair->parties[1]);
    fc_test_federation_finish(&pair->fed);
    free(pair);
    return 0;
}

/* -- documents: blanks around every word, so that a search for " word " finds it ----------------
 */

static void append_words(struct pair *pair, char *text, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        strcat(text, words[test_rng_below(&pair->rng, WORDS)]);
        strcat(text, " ");
    }
}

/* Some say no country; some are a provider's own, that others name. */
static void make_content(struct pair *pair, const char *key, char *out, size_t size)
{
    char country[64] = "", name[128] = " ", keyword[128] = " ", text[512] = " ";
    append_words(pair, name, 1 + test_rng_below(&pair->rng, 2));
    append_words(pair, keyword, test_rng_below(&pair->rng, 3));
    append_words(pair, text, test_rng_below(&pair->rng, 8));
    if (test_rng_below(&pair->rng, 3) > 0)
        snprintf(country, sizeof country, ",\"gx:countryCode\":\"%s\"",
                 countries[test_rng_below(&pair->rng, 4)]);
    unsigned number = (unsigned)strtoul(strrchr(key, '/') + 1, NULL, 10);
    if (number < WORDS && test_rng_below(&pair->rng, 3) > 0)
        snprintf(out, size,
                 "{\"id\":\"%s\",\"type\":\"VerifiableCredential\",\"credentialSubject\":{\"id\":"
                 "\"https://%s.example/\",\"type\":\"gx:LegalParticipant\",\"name\":\"%s\","
                 "\"keyword\":[\"%s\"],\"description\":\"%s\"%s}}",
                 key, words[number], name, keyword, text, country);
    else
        snprintf(out, size,
                 "{\"id\":\"%s\",\"type\":\"gx:ServiceOffering\",\"name\":\"%s\",\"keyword\":"
                 "[\"%s\"],\"description\":\"%s\",\"gx:providedBy\":{\"id\":\"https://%s.example/"
                 "\"}%s}",
                 key, name, keyword, text, words[test_rng_below(&pair->rng, WORDS)], country);
}

struct model { /* one entry as its document has it */
    struct fc_hash participant, key_hash;
    enum fc_status status;
    bool contested, content;
    char name[128], keyword[128], text[512], country[64], provider[64], self[64];
    char provider_name[128]; /* as its own entry has it */
    bool matched;
};
struct models {
    struct fc_test_node *node;
    struct fc_hash participant;
    bool contested;
    struct model list[2 * KEYS];
    unsigned count;
};

static void field(const char *content, const char *before, char *out)
{
    const char *at = strstr(content, before);
    size_t len = 0;
    if (at) {
        at += strlen(before);
        while (at[len] != '"')
            len++;
        memcpy(out, at, len);
    }
    out[len] = '\0';
}

static enum fc_err model_entry(void *ctx, const struct fc_entry *entry)
{
    struct models *models = ctx;
    struct fc_buf content = {0};
    if (fc_replica_hidden(models->node->replica, &models->participant, entry->version))
        return FC_OK;
    struct model *model = &models->list[models->count++];
    *model = (struct model){.participant = models->participant,
                            .key_hash = entry->key_hash,
                            .status = entry->status,
                            .contested = models->contested};
    enum fc_err err =
        fc_replica_content(models->node->replica, &models->participant, &entry->key_hash, &content);
    model->content = err == FC_OK;
    if (err == FC_OK) {
        fc_buf_append(&content, "", 1);
        const char *text = (const char *)content.data;
        field(text, "\"name\":\"", model->name);
        field(text, "\"keyword\":[\"", model->keyword);
        field(text, "\"description\":\"", model->text);
        field(text, "\"gx:countryCode\":\"", model->country);
        field(text, "\"gx:providedBy\":{\"id\":\"", model->provider);
        field(text, "\"credentialSubject\":{\"id\":\"", model->self);
    }
    fc_buf_finish(&content);
    return FC_OK;
}

/* A provider's own entry: that in the same feed goes first. */
static const struct model *provider_of(const struct models *models, const struct model *model)
{
    const struct model *found = NULL;
    for (unsigned m = 0; m < models->count && model->provider[0]; m++) {
        const struct model *other = &models->list[m];
        bool same = fc_hash_eq(&other->participant, &model->participant);
        if (strcmp(other->self, model->provider) == 0 && (!found || same))
            found = other;
    }
    return found;
}

/* Where what says no country is: with its provider, else with its member, which is in France. */
static void locate_models(struct models *models)
{
    char(*found)[64] = calloc(2 * KEYS, sizeof *found);
    assert_non_null(found);
    for (unsigned m = 0; m < models->count; m++) {
        struct model *model = &models->list[m];
        const struct model *provider = provider_of(models, model);
        strcpy(model->provider_name, provider ? provider->name : "");
        strcpy(found[m], model->country);
        if (model->content && !found[m][0])
            strcpy(found[m], provider && provider->country[0] ? provider->country : "FR");
    }
    for (unsigned m = 0; m < models->count; m++)
        strcpy(models->list[m].country, found[m]);
    free(found);
}

static void read_models(struct pair *pair, struct fc_test_node *node, struct models *models)
{
    memset(models, 0, sizeof *models);
    models->node = node;
    for (unsigned i = 0; i < 2; i++) {
        struct fc_participant who;
        models->participant = pair->parties[i].id;
        assert_ok(
            fc_ledger_participant(fc_replica_ledger(node->replica), &models->participant, &who));
        models->contested = who.contested || who.revocation;
        enum fc_err err =
            fc_replica_entries(node->replica, &models->participant, NULL, model_entry, models);
        assert_true(err == FC_OK || err == FC_E_MISSING);
    }
    locate_models(models);
}

/* -- questions --------------------------------------------------------------------------------- */

struct question {
    struct {
        enum fc_query_field field;
        enum fc_query_match match;
        const char *word;
        bool negated;
    } terms[3];
    unsigned count;
};

static bool text_has(const char *text, const char *word, enum fc_query_match match)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, match == FC_QUERY_PREFIX ? " %s" : " %s ", word);
    return strstr(text, wanted) != NULL;
}

/* In "https://word.example/" */
static bool provider_has(const char *provider, const char *word, enum fc_query_match match)
{
    size_t len = strlen(word);
    const char *name = provider[0] ? provider + strlen("https://") : "";
    return strncmp(name, word, len) == 0 && (match == FC_QUERY_PREFIX || name[len] == '.');
}

static bool model_has(const struct model *model, enum fc_query_field field,
                      enum fc_query_match match, const char *word)
{
    bool any = field == FC_QUERY_ANY;
    if (field == FC_QUERY_COUNTRY)
        return strcmp(model->country, word) == 0;
    if (field == FC_QUERY_PROVIDER)
        return strcmp(model->provider, word) == 0;
    if (field == FC_QUERY_STATE)
        return strcmp(word, "contested") == 0 ? model->contested
                                              : strcmp(fc_status_name(model->status), word) == 0;
    if ((any || field == FC_QUERY_NAME) && text_has(model->name, word, match))
        return true;
    if ((any || field == FC_QUERY_KEYWORD) && text_has(model->keyword, word, match))
        return true;
    if (any &&
        (provider_has(model->provider, word, match) || text_has(model->provider_name, word, match)))
        return true;
    return (any || field == FC_QUERY_DESCRIPTION) && text_has(model->text, word, match);
}

static struct question ask(struct pair *pair)
{
    static const char *const states[] = {"active", "deprecated", "ended", "contested"};
    struct question question = {.count = 1 + test_rng_below(&pair->rng, 3)};
    for (unsigned i = 0; i < question.count; i++) {
        unsigned kind = test_rng_below(&pair->rng, 10);
        question.terms[i].word = words[test_rng_below(&pair->rng, WORDS)];
        question.terms[i].match = kind == 9 ? FC_QUERY_PREFIX : FC_QUERY_EXACT;
        if (kind == 9 && test_rng_below(&pair->rng, 4))
            question.terms[i].word = beginnings[test_rng_below(&pair->rng, 8)];
        question.terms[i].field = kind < 4    ? FC_QUERY_ANY
                                  : kind == 4 ? FC_QUERY_NAME
                                  : kind == 5 ? FC_QUERY_KEYWORD
                                  : kind == 6 ? FC_QUERY_DESCRIPTION
                                              : FC_QUERY_ANY;
        if (kind == 7 || kind == 8) {
            question.terms[i].match = FC_QUERY_EQUAL;
            question.terms[i].field = kind == 7 ? FC_QUERY_COUNTRY : FC_QUERY_STATE;
            question.terms[i].word = kind == 7 ? countries[test_rng_below(&pair->rng, 4)]
                                               : states[test_rng_below(&pair->rng, 4)];
        }
        question.terms[i].negated = i > 0 && test_rng_below(&pair->rng, 4) == 0;
    }
    return question;
}

static void build(const struct question *question, struct fc_query *query)
{
    fc_query_init(query);
    query->limit = 7;
    query->snippets = false;
    for (unsigned i = 0; i < question->count; i++) {
        assert_ok(fc_query_clause(query, question->terms[i].negated));
        assert_ok(fc_query_term(query, question->terms[i].field, question->terms[i].match,
                                fc_span_str(question->terms[i].word)));
    }
}

static unsigned mark_expected(struct models *models, const struct question *question)
{
    unsigned count = 0;
    for (unsigned m = 0; m < models->count; m++) {
        struct model *model = &models->list[m];
        model->matched = true;
        for (unsigned i = 0; i < question->count && model->matched; i++)
            model->matched = model_has(model, question->terms[i].field, question->terms[i].match,
                                       question->terms[i].word) != question->terms[i].negated;
        count += model->matched;
    }
    return count;
}

static struct model *find_model(struct models *models, const struct fc_query_hit *hit)
{
    for (unsigned m = 0; m < models->count; m++)
        if (fc_hash_eq(&models->list[m].participant, &hit->participant) &&
            fc_hash_eq(&models->list[m].key_hash, &hit->key_hash))
            return &models->list[m];
    return NULL;
}

static void check_facets(const struct models *models, const struct fc_query_result *result)
{
    for (uint32_t f = 0; f < result->facet_count; f++) {
        const struct fc_query_facet *facet = &result->facets[f];
        uint64_t counted = 0;
        for (uint32_t i = 0; i < facet->value_count; i++) {
            unsigned expected = 0;
            char value[80];
            snprintf(value, sizeof value, "%.*s", (int)facet->values[i].value.len,
                     (const char *)facet->values[i].value.data);
            for (unsigned m = 0; m < models->count; m++) {
                const struct model *model = &models->list[m];
                char id[65];
                fc_hex(model->participant.b, 32, id);
                bool has =
                    facet->facet == FC_FACET_PARTICIPANT
                        ? strcmp(id, value) == 0
                        : model_has(model, fc_facet_field(facet->facet), FC_QUERY_EQUAL, value);
                expected += model->matched && has;
            }
            if (expected != facet->values[i].count || expected == 0)
                fail_msg("facet %s=%s: %u, counted %u", fc_facet_name(facet->facet), value,
                         expected, (unsigned)facet->values[i].count);
            counted += strcmp(value, "contested") ? facet->values[i].count : 0;
        }
        if (facet->facet == FC_FACET_PARTICIPANT || facet->facet == FC_FACET_STATE)
            assert_int_equal(counted, result->total); /* each has one */
    }
}

static void check_question(struct pair *pair, struct fc_test_node *node, struct models *models)
{
    static const enum fc_query_sort sorts[] = {FC_QUERY_BEST, FC_QUERY_NEWEST, FC_QUERY_OLDEST,
                                               FC_QUERY_NAME_UP, FC_QUERY_NAME_DOWN};
    struct question question = ask(pair);
    struct fc_query query;
    struct fc_query_result *result = NULL;
    unsigned expected = mark_expected(models, &question), seen = 0;
    char cursor[FC_QUERY_CURSOR_BYTES_MAX];
    uint32_t score = UINT32_MAX;
    build(&question, &query);
    query.sort = sorts[test_rng_below(&pair->rng, 5)];
    query.facets = 1u << FC_FACET_COUNTRY | 1u << FC_FACET_STATE | 1u << FC_FACET_PARTICIPANT |
                   1u << FC_FACET_PROVIDER;
    do {
        assert_ok(fc_query_run(node->replica, &query, &result));
        assert_int_equal(result->total, expected);
        assert_int_equal(result->entries, models->count);
        check_facets(models, result);
        for (uint32_t i = 0; i < result->hit_count; i++) {
            struct model *model = find_model(models, &result->hits[i]);
            assert_non_null(model);
            if (!model->matched)
                fail_msg("sort %d: hit %u, %u of %u, content %d: a wrong one, or a second time",
                         query.sort, i, seen, expected, model->content);
            model->matched = false; /* and not twice */
            assert_int_equal(result->hits[i].status, model->status);
            assert_int_equal(result->hits[i].contested, model->contested);
            assert_true(result->hits[i].score <= score);
            score = result->hits[i].score;
            seen++;
        }
        (void)mark_expected; /* facets of later pages are those of the first */
        query.facets = 0;
        query.cursor = fc_span(cursor, result->next.len);
        memcpy(cursor, result->next.data ? (const void *)result->next.data : "", result->next.len);
        fc_query_result_destroy(result);
    } while (query.cursor.len > 0);
    assert_int_equal(seen, expected);
}

static void check_node(struct pair *pair, struct fc_test_node *node)
{
    struct fc_index_sums actual, expected;
    struct models *models = malloc(sizeof *models);
    assert_non_null(models);
    assert_ok(fc_index_sum_expected(node->replica, &expected));
    assert_ok(fc_index_sum_actual(node->replica, &actual));
    assert_int_equal(actual.documents, expected.documents);
    assert_int_equal(actual.term_count, expected.term_count);
    assert_int_equal(actual.facet_count, expected.facet_count);
    assert_memory_equal(&actual, &expected, sizeof actual);
    read_models(pair, node, models);
    for (unsigned i = 0; i < 4; i++)
        check_question(pair, node, models);
    free(models);
}

/* -- histories --------------------------------------------------------------------------------- */

static void publish(struct pair *pair)
{
    static const enum fc_status statuses[] = {FC_STATUS_ACTIVE, FC_STATUS_DEPRECATED,
                                              FC_STATUS_ENDED, FC_STATUS_REVOKED};
    unsigned who = test_rng_below(&pair->rng, 2), count = 1 + test_rng_below(&pair->rng, 12);
    struct fc_test_batch batch = {.now_ms = 0};
    char(*contents)[1024] = calloc(count, sizeof *contents);
    bool used[KEYS] = {false};
    assert_non_null(contents);
    for (unsigned i = 0; i < count; i++) {
        unsigned number = test_rng_below(&pair->rng, KEYS), kind = test_rng_below(&pair->rng, 8);
        const char *key = pair->keys[number];
        struct fc_hash key_hash = fc_key_hash(fc_span_str(key));
        struct fc_buf hold = {0};
        struct fc_entry entry;
        bool held = fc_replica_entry(pair->a.replica, &pair->parties[who].id, &key_hash, &hold,
                                     &entry) == FC_OK;
        fc_buf_finish(&hold);
        if (used[number])
            continue;
        used[number] = true;
        if (held && kind == 0) {
            fc_test_batch_delete(&batch, key);
        } else if (held && kind == 1) {
            fc_test_batch_status(&batch, key, statuses[test_rng_below(&pair->rng, 4)]);
        } else {
            make_content(pair, key, contents[i], sizeof contents[i]);
            fc_test_batch_put(&batch, key, contents[i]);
        }
    }
    enum fc_err err = fc_test_publish(&pair->a, &pair->parties[who], &batch, NULL);
    assert_true(err == FC_OK || err == FC_E_KNOWN || (pair->frozen[who] && err == FC_E_REVOKED));
    fc_test_batch_finish(&batch);
    free(contents);
}

static void pass_on(struct pair *pair)
{
    static const enum fc_load_mode modes[] = {FC_LOAD_WHOLE, FC_LOAD_CHANGES, FC_LOAD_WALK};
    const struct fc_hash *who = &pair->parties[test_rng_below(&pair->rng, 2)].id;
    enum fc_load_mode mode = modes[test_rng_below(&pair->rng, 3)];
    struct fc_feed feed;
    if (fc_replica_feed(pair->a.replica, who, &feed) != FC_OK)
        return;
    enum fc_err judged = fc_test_judge(&pair->a, &pair->b, who);
    if (judged == FC_OK && test_rng_below(&pair->rng, 2) == 0) {
        (void)!fc_test_pass_delta(&pair->a, &pair->b, who, test_rng_below(&pair->rng, 3) > 0);
    } else if (judged == FC_OK || judged == FC_E_GAP) {
        if (fc_replica_feed(pair->b.replica, who, &feed) != FC_OK)
            mode = FC_LOAD_WHOLE;
        (void)!fc_test_catch_up(&pair->a, &pair->b, who, mode,
                                500 + test_rng_below(&pair->rng, 4000));
    }
}

/* A freeze at some version, or what heals it. */
static void freeze(struct pair *pair)
{
    unsigned who = test_rng_below(&pair->rng, 2);
    struct fc_test_party *party = &pair->parties[who];
    struct fc_buf record = {0};
    struct fc_feed feed;
    if (pair->frozen[who]) {
        party->certificate.g++;
        fc_test_certify(party, &pair->fed);
        fc_buf_append(&record, party->certificate_record.data, party->certificate_record.len);
    } else if (fc_replica_feed(pair->a.replica, &party->id, &feed) == FC_OK) {
        uint64_t seq = fc_version_seq(feed.version);
        fc_version last = fc_version_make(fc_version_incarnation(feed.version),
                                          1 + test_rng_below(&pair->rng, (uint32_t)seq));
        fc_test_revocation(party, &pair->fed, last, FC_REVOKE_FREEZE, &record);
    } else {
        return;
    }
    pair->frozen[who] = !pair->frozen[who];
    assert_ok(fc_test_add(&pair->a, &record));
    assert_ok(fc_test_add(&pair->b, &record));
    fc_buf_finish(&record);
}

static void take_down(struct pair *pair, struct fc_test_node *node)
{
    const struct fc_hash *who = &pair->parties[test_rng_below(&pair->rng, 2)].id;
    struct fc_hash key_hash =
        fc_key_hash(fc_span_str(pair->keys[test_rng_below(&pair->rng, KEYS)]));
    bool on = test_rng_below(&pair->rng, 2) == 0;
    assert_ok(fc_replica_begin(node->replica));
    enum fc_err err =
        fc_replica_takedown_local(node->replica, who, &key_hash, fc_span_str("a reason"), on);
    if (err == FC_OK)
        assert_ok(fc_replica_commit(node->replica));
    else
        fc_replica_abort(node->replica);
}

static void tidy(struct fc_test_node *node)
{
    bool more;
    assert_ok(fc_replica_begin(node->replica));
    assert_ok(fc_replica_tidy(node->replica, 30, &more));
    assert_ok(fc_replica_commit(node->replica));
}

static void merge(struct fc_test_node *node)
{
    assert_ok(fc_replica_begin(node->replica));
    assert_ok(fc_index_merge(node->replica, true));
    assert_ok(fc_replica_commit(node->replica));
}

static void step(struct pair *pair)
{
    struct fc_test_node *node = test_rng_below(&pair->rng, 2) ? &pair->a : &pair->b;
    pair->a.replica->index->heads_after = 1 + test_rng_below(&pair->rng, 30);
    pair->b.replica->index->heads_after = 1 + test_rng_below(&pair->rng, 30);
    switch (test_rng_below(&pair->rng, 16)) {
    case 0:
        freeze(pair);
        break;
    case 1:
        take_down(pair, node);
        break;
    case 2:
        tidy(node);
        break;
    case 3:
    case 4:
        merge(node);
        break;
    case 5:
        fc_test_node_reopen(node);
        break;
    case 6:
    case 7:
    case 8:
    case 9:
        pass_on(pair);
        break;
    default:
        publish(pair);
    }
}

static void check_rebuilt(struct pair *pair, struct fc_test_node *node)
{
    struct fc_index_sums before, after;
    assert_ok(fc_index_sum_actual(node->replica, &before));
    assert_ok(fc_replica_reindex(node->replica, NULL, NULL));
    assert_ok(fc_index_sum_actual(node->replica, &after));
    assert_memory_equal(&before, &after, sizeof before);
    check_node(pair, node);
}

static void test_random_histories(void **state)
{
    struct pair *pair = *state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        start(pair, seed);
        for (unsigned i = 0; i < STEPS; i++) {
            step(pair);
            check_node(pair, &pair->a);
            check_node(pair, &pair->b);
        }
        check_rebuilt(pair, &pair->a);
        check_rebuilt(pair, &pair->b);
        assert_int_equal(fc_test_verify(&pair->a, false), 0);
        stop(pair);
        fc_test_party_finish(&pair->parties[0]);
        fc_test_party_finish(&pair->parties[1]);
        fc_test_party_init(&pair->parties[0], &pair->fed, "acme");
        fc_test_party_init(&pair->parties[1], &pair->fed, "other");
    }
}

/* The store alone, without what injects faults into it, which has no readers. */
static void open_bare(struct fc_test_node *node)
{
    const struct fc_kv_lmdb_config disk = {.path = node->path};
    struct fc_replica_config config = {.verifier = fc_verifier_plain(), .seed = {7}, .index = true};
    fc_replica_close(node->replica);
    assert_ok(fc_kv_lmdb_open(&disk, &config.kv));
    assert_ok(fc_replica_open(&config, &node->replica));
}

/* Another thread's view of a commit is searched like the replica itself. */
static void test_readers_search(void **state)
{
    struct pair *pair = *state;
    struct fc_readers *readers = NULL;
    struct fc_reader *reader = NULL;
    struct fc_replica *seen = NULL;
    struct fc_query query;
    struct fc_query_result *before = NULL, *result = NULL;
    start(pair, 77);
    for (unsigned i = 0; i < 6; i++)
        publish(pair);
    open_bare(&pair->a);
    fc_query_init(&query);
    query.facets = FC_FACETS_ALL;
    assert_ok(fc_query_parse(&query, fc_span_str("cloud OR storage"), NULL));
    assert_ok(fc_readers_create(pair->a.replica, &readers));
    assert_ok(fc_reader_open(readers, &reader));
    assert_ok(fc_query_run(pair->a.replica, &query, &before));
    assert_true(before->total > 0);
    assert_ok(fc_reader_begin(reader, &seen));
    for (unsigned i = 0; i < 6; i++)
        publish(pair); /* meanwhile */
    merge(&pair->a);
    assert_ok(fc_query_run(seen, &query, &result));
    assert_int_equal(result->total, before->total);
    assert_int_equal(result->entries, before->entries);
    assert_int_equal(result->hit_count, before->hit_count);
    for (uint32_t i = 0; i < result->hit_count; i++)
        assert_true(fc_hash_eq(&result->hits[i].key_hash, &before->hits[i].key_hash));
    fc_query_result_destroy(result);
    fc_query_result_destroy(before);
    fc_reader_end(reader);
    assert_ok(fc_reader_begin(reader, &seen));
    assert_ok(fc_query_run(seen, &query, &result));
    assert_ok(fc_query_run(pair->a.replica, &query, &before));
    assert_int_equal(result->total, before->total);
    fc_query_result_destroy(result);
    fc_query_result_destroy(before);
    fc_reader_end(reader);
    fc_reader_close(reader);
    fc_readers_destroy(readers);
    stop(pair);
}

/* -- rows that wait ---------------------------------------------------------------------------- */

/* Puts `count` entries in one commit, under numbers from *next on. */
static void put_more(struct pair *pair, unsigned *next, unsigned count)
{
    struct fc_test_batch batch = {.now_ms = 0};
    char(*contents)[1024] = calloc(count, sizeof *contents);
    char(*keys)[64] = calloc(count, sizeof *keys);
    assert_non_null(contents);
    assert_non_null(keys);
    for (unsigned i = 0; i < count; i++) {
        snprintf(keys[i], sizeof keys[i], "https://w.example/%u", (*next)++);
        make_content(pair, keys[i], contents[i], sizeof contents[i]);
        fc_test_batch_put(&batch, keys[i], contents[i]);
    }
    assert_ok(fc_test_publish(&pair->a, &pair->parties[0], &batch, NULL));
    fc_test_batch_finish(&batch);
    free(contents);
    free(keys);
}

static void check_sums(struct pair *pair, unsigned documents)
{
    struct fc_index_sums actual, expected;
    assert_ok(fc_index_sum_expected(pair->a.replica, &expected));
    assert_ok(fc_index_sum_actual(pair->a.replica, &actual));
    assert_int_equal(actual.documents, documents);
    assert_memory_equal(&actual, &expected, sizeof actual);
}

/* Rows that wait are merged a few at a commit, so that no writer waits for all of them. */
static void test_slices(void **state)
{
    struct pair *pair = *state;
    unsigned next = 0;
    start(pair, 5);
    const struct fc_index *index = pair->a.replica->index;
    put_more(pair, &next, FC_INDEX_PENDING_MAX);
    assert_int_equal(index->pending, FC_INDEX_PENDING_MAX); /* as many as may wait */
    for (unsigned i = 0; i < 40; i++) {
        put_more(pair, &next, 1);
        assert_in_range(index->pending, FC_INDEX_PENDING_MAX - 4, FC_INDEX_PENDING_MAX);
        check_sums(pair, next);
    }
    put_more(pair, &next, 100); /* what comes at once goes at once */
    assert_in_range(index->pending, FC_INDEX_PENDING_MAX - 4, FC_INDEX_PENDING_MAX);
    check_sums(pair, next);
    put_more(pair, &next, 2 * FC_INDEX_PENDING_MAX + 1);
    assert_int_equal(index->pending, 0);
    check_sums(pair, next);
    stop(pair);
}

/* A document of more words than are indexed says the same whichever way it comes in. */
static void test_long_texts(void **state)
{
    enum { LENGTHS = 9, BYTES = 80 * 1024 };
    static const unsigned lengths[LENGTHS] = {1,    1000, FC_INDEX_TERMS_MAX / 2 - 20,
                                              2047, 2048, FC_INDEX_TERMS_MAX / 2 + 20,
                                              4095, 4096, 6000};
    struct pair *pair = *state;
    struct fc_index_sums put, loaded;
    struct fc_test_batch batch = {.now_ms = 0};
    char *contents = calloc(LENGTHS, BYTES);
    char keys[LENGTHS][64];
    start(pair, 5);
    assert_non_null(contents);
    for (unsigned i = 0; i < LENGTHS; i++) {
        char *text = contents + (size_t)i * BYTES;
        snprintf(keys[i], sizeof keys[i], "https://long.example/%u", i);
        int len = snprintf(text, BYTES, "{\"@id\":\"%s\",\"description\":\"", keys[i]);
        for (unsigned k = 0; k < lengths[i]; k++) /* of every second the stem is another word */
            len += snprintf(text + len, (size_t)(BYTES - len), k % 2 ? "w%uing " : "w%u ", k);
        snprintf(text + len, (size_t)(BYTES - len), "\"}");
        fc_test_batch_put(&batch, keys[i], text);
    }
    assert_ok(fc_test_publish(&pair->a, &pair->parties[0], &batch, NULL));
    check_sums(pair, LENGTHS);
    assert_ok(fc_index_sum_actual(pair->a.replica, &put));
    assert_in_range(put.term_count, 4 * (uint64_t)FC_INDEX_TERMS_MAX, UINT64_MAX);
    assert_ok(fc_replica_reindex(pair->a.replica, NULL, NULL));
    assert_ok(fc_index_sum_actual(pair->a.replica, &loaded));
    assert_memory_equal(&put, &loaded, sizeof put);
    fc_test_batch_finish(&batch);
    free(contents);
    stop(pair);
}

/* -- the dictionary ---------------------------------------------------------------------------- */

/* A word that some rows have. */
static struct fc_index_key some_word(struct pair *pair)
{
    struct fc_index_key found = {0};
    struct fc_kv_cursor *cursor = NULL;
    struct fc_replica_read read;
    struct fc_span key, value;
    assert_ok(fc_replica_read_begin(pair->a.replica, &read));
    assert_ok(fc_kv_cursor_open(read.txn, FC_TABLE_INDEX, &cursor));
    assert_ok(fc_kv_seek(cursor, fc_span_str("oc"), &key, &value));
    assert_true(key.data[0] == FC_INDEX_WORDS && key.data[1] == 'c');
    memcpy(found.b, key.data, key.len);
    found.len = key.len;
    fc_kv_cursor_close(cursor);
    fc_replica_read_end(&read);
    return found;
}

enum harm { NOTHING, ROW_GONE, ROW_MORE, ROWS_MORE, ROWS_LESS, TIER_LOST, CHUNK_LOST, TOO_SHORT };

static void do_harm(struct pair *pair, const struct fc_index_key *key, enum harm harm)
{
    struct fc_replica *replica = pair->a.replica;
    struct fc_span word = fc_span(key->b + 1, key->len - 1);
    struct fc_word_places places;
    assert_ok(fc_replica_begin(replica));
    assert_ok(fc_word_places_get(replica->txn, word, &places));
    if (harm == ROW_GONE)
        assert_ok(fc_kv_del(replica->txn, FC_TABLE_INDEX, fc_index_span(key)));
    else if (harm == ROW_MORE)
        assert_ok(fc_word_places_put(replica, fc_span_str("nowhere"), &places));
    else if (harm == TOO_SHORT)
        assert_ok(fc_kv_put(replica->txn, FC_TABLE_INDEX, fc_index_span(key), fc_span("x", 1)));
    places.rows += harm == ROWS_MORE ? 1 : harm == ROWS_LESS ? -1u : 0;
    places.tiers = harm == TIER_LOST ? 0 : places.tiers;
    places.chunks = harm == CHUNK_LOST ? ~places.chunks : places.chunks;
    if (harm == ROWS_MORE || harm == ROWS_LESS || harm == TIER_LOST || harm == CHUNK_LOST)
        assert_ok(fc_word_places_put(replica, word, &places));
    assert_ok(fc_replica_commit(replica));
}

/* What the dictionary says wrongly is found, and a repair makes the index anew. */
static void test_damaged_words(void **state)
{
    struct pair *pair = *state;
    struct fc_index_sums sums;
    unsigned next = 0;
    for (int harm = NOTHING; harm <= TOO_SHORT; harm++) {
        start(pair, 6);
        put_more(pair, &next, FC_INDEX_PENDING_MAX + 20);
        merge(&pair->a);
        struct fc_index_key key = some_word(pair);
        assert_int_equal(fc_test_verify(&pair->a, false), 0);
        do_harm(pair, &key, (enum harm)harm);
        assert_int_equal(fc_index_sum_actual(pair->a.replica, &sums),
                         harm == NOTHING ? FC_OK : FC_E_CORRUPT);
        assert_int_equal(fc_test_verify(&pair->a, false), harm != NOTHING);
        assert_int_equal(fc_test_verify(&pair->a, true), harm != NOTHING);
        assert_int_equal(fc_replica_index_state(pair->a.replica),
                         harm == NOTHING ? FC_INDEX_READY : FC_INDEX_STALE);
        stop(pair);
    }
}

/* -- words' first bytes ------------------------------------------------------------------------ */

enum head_harm {
    HEADS_WHOLE,
    HEAD_GONE,
    HEAD_MORE,      /* a row that no word is of */
    HEAD_LESS_DOCS, /* a row that does not have all */
    HEAD_MORE_DOCS,
    HEAD_TOO_LONG,
    STATE_GONE,
    STATE_NEVER,
    STATE_TOO_SHORT,
};

static void harm_heads(struct pair *pair, enum head_harm harm)
{
    struct fc_replica *replica = pair->a.replica;
    struct fc_index_key state = fc_heads_key(0),
                        clo = fc_heads_key_from(0, FC_TIER_TEXT, fc_span_str("clo")),
                        none = fc_heads_key_from(0, FC_TIER_TEXT, fc_span_str("clx")),
                        four = fc_heads_key_from(0, FC_TIER_TEXT, fc_span_str("clou"));
    const uint16_t one[] = {3};
    uint16_t all[20];
    struct fc_buf few = {0}, many = {0};
    struct fc_span row;
    for (uint16_t i = 0; i < 20; i++)
        all[i] = i;
    assert_ok(fc_docs_pack_list(one, 1, &few));
    assert_ok(fc_docs_pack_list(all, 20, &many));
    assert_ok(fc_replica_begin(replica));
    assert_ok(fc_kv_get(replica->txn, FC_TABLE_INDEX, fc_index_span(&state), &row));
    assert_true(fc_heads_whole(row));
    assert_ok(fc_kv_get(replica->txn, FC_TABLE_INDEX, fc_index_span(&clo), &row));
    if (harm == HEAD_GONE)
        assert_ok(fc_kv_del(replica->txn, FC_TABLE_INDEX, fc_index_span(&clo)));
    else if (harm == STATE_GONE)
        assert_ok(fc_kv_del(replica->txn, FC_TABLE_INDEX, fc_index_span(&state)));
    const struct {
        const struct fc_index_key *key;
        struct fc_span value;
    } puts[] = {
        [HEAD_MORE] = {&none, fc_buf_span(&few)},
        [HEAD_LESS_DOCS] = {&clo, fc_buf_span(&few)},
        [HEAD_MORE_DOCS] = {&clo, fc_buf_span(&many)},
        [HEAD_TOO_LONG] = {&four, fc_buf_span(&few)},
        [STATE_NEVER] = {&state, fc_span("\0\0\0\0\1", 5)},
        [STATE_TOO_SHORT] = {&state, fc_span("\1", 1)},
    };
    if (puts[harm].key)
        assert_ok(fc_kv_put(replica->txn, FC_TABLE_INDEX, fc_index_span(puts[harm].key),
                            puts[harm].value));
    assert_ok(fc_replica_commit(replica));
    fc_buf_finish(&few);
    fc_buf_finish(&many);
}

static void test_damaged_heads(void **state)
{
    struct pair *pair = *state;
    struct fc_index_sums sums;
    unsigned next = 0;
    for (int harm = HEADS_WHOLE; harm <= STATE_TOO_SHORT; harm++) {
        start(pair, 6);
        pair->a.replica->index->heads_after = 1;
        put_more(pair, &next, 20);
        merge(&pair->a);
        harm_heads(pair, (enum head_harm)harm);
        assert_int_equal(fc_index_sum_actual(pair->a.replica, &sums),
                         harm == HEADS_WHOLE ? FC_OK : FC_E_CORRUPT);
        stop(pair);
    }
}

static unsigned rows_of(struct pair *pair, uint8_t kind)
{
    struct fc_kv_cursor *cursor = NULL;
    struct fc_replica_read read;
    struct fc_span key, value;
    unsigned count = 0;
    assert_ok(fc_replica_read_begin(pair->a.replica, &read));
    assert_ok(fc_kv_cursor_open(read.txn, FC_TABLE_INDEX, &cursor));
    enum fc_err err = fc_kv_seek(cursor, fc_span(&kind, 1), &key, &value);
    for (; err == FC_OK && key.data[0] == kind; err = fc_kv_next(cursor, &key, &value))
        count++;
    fc_kv_cursor_close(cursor);
    fc_replica_read_end(&read);
    return count;
}

/* Pages of documents and numbers of values go with the last that they are of. */
static void test_emptied(void **state)
{
    struct pair *pair = *state;
    struct fc_test_batch batch = {.now_ms = 0};
    char keys[FC_DOC_PAGE + 1][64];
    unsigned next = 0;
    start(pair, 9);
    put_more(pair, &next, FC_DOC_PAGE + 1);
    merge(&pair->a);
    assert_int_equal(rows_of(pair, 'D'), 2);
    assert_int_equal(rows_of(pair, 'T'), 1);
    assert_int_equal(rows_of(pair, 'Y'), rows_of(pair, 'Z'));
    assert_in_range(rows_of(pair, 'Y'), 2, 6); /* two kinds and some countries */
    check_sums(pair, next);
    for (unsigned i = 0; i < next; i++) {
        snprintf(keys[i], sizeof keys[i], "https://w.example/%u", i);
        fc_test_batch_delete(&batch, keys[i]);
    }
    assert_ok(fc_test_publish(&pair->a, &pair->parties[0], &batch, NULL));
    fc_test_batch_finish(&batch);
    assert_int_equal(rows_of(pair, 'D'), 0);
    check_sums(pair, 0);
    merge(&pair->a);
    assert_int_equal(rows_of(pair, 'Y'), 0);
    assert_int_equal(rows_of(pair, 'Z'), 0);
    check_sums(pair, 0);
    put_more(pair, &next, 1);
    merge(&pair->a);
    check_sums(pair, 1);
    stop(pair);
}

/* An index of another version is not asked, is made again, and then says what it said. */
static void test_old_version(void **state)
{
    struct pair *pair = *state;
    struct fc_query query;
    struct fc_query_result *result;
    struct fc_span value;
    uint8_t row[64];
    unsigned next = 0;
    start(pair, 11);
    put_more(pair, &next, 30);
    merge(&pair->a);
    assert_ok(fc_replica_begin(pair->a.replica));
    assert_ok(fc_kv_get(pair->a.replica->txn, FC_TABLE_INDEX, fc_span("I", 1), &value));
    assert_true(value.len <= sizeof row);
    memcpy(row, value.data, value.len);
    assert_int_equal(fc_get_be32(row), FC_INDEX_VERSION);
    fc_put_be32(row, FC_INDEX_VERSION - 1);
    assert_ok(
        fc_kv_put(pair->a.replica->txn, FC_TABLE_INDEX, fc_span("I", 1), fc_span(row, value.len)));
    assert_ok(fc_replica_commit(pair->a.replica));
    fc_test_node_reopen(&pair->a);
    assert_int_equal(fc_replica_index_state(pair->a.replica), FC_INDEX_STALE);
    fc_query_init(&query);
    assert_int_equal(fc_query_run(pair->a.replica, &query, &result), FC_E_MISSING);
    put_more(pair, &next, 1); /* what comes meanwhile is taken in */
    assert_ok(fc_replica_reindex(pair->a.replica, NULL, NULL));
    assert_int_equal(fc_replica_index_state(pair->a.replica), FC_INDEX_READY);
    check_sums(pair, next);
    assert_ok(fc_query_run(pair->a.replica, &query, &result));
    assert_int_equal(result->total, next);
    fc_query_result_destroy(result);
    fc_test_node_reopen(&pair->a);
    assert_int_equal(fc_replica_index_state(pair->a.replica), FC_INDEX_READY);
    stop(pair);
}

#define ON(f, name, at)                                                                            \
    {                                                                                              \
#f name, f, setup, teardown, &fc_test_backends[at]                                         \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(test_random_histories, " (memory)", 0),
        ON(test_random_histories, " (lmdb)", 1),
        ON(test_random_histories, " (shared)", 2),
        ON(test_readers_search, " (lmdb)", 1),
        ON(test_slices, " (memory)", 0),
        ON(test_slices, " (lmdb)", 1),
        ON(test_long_texts, " (lmdb)", 1),
        ON(test_damaged_words, " (memory)", 0),
        ON(test_damaged_words, " (lmdb)", 1),
        ON(test_damaged_heads, " (memory)", 0),
        ON(test_damaged_heads, " (lmdb)", 1),
        ON(test_old_version, " (memory)", 0),
        ON(test_old_version, " (lmdb)", 1),
        ON(test_emptied, " (memory)", 0),
        ON(test_emptied, " (lmdb)", 1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
