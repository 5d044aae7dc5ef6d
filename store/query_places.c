#include "store/query_places.h"

#include <stdlib.h>
#include <string.h>

/* Identifiers that were looked for: what a page and its facets ask, they ask again. */
enum { ASKED = 4096 };
struct asked {
    char *text; /* NULL: free */
    uint32_t len, first, count;
};

struct fc_places {
    uint64_t number; /* of the commit; 0: of this run alone */
    struct fc_place *list;
    uint32_t count, cap;
    uint32_t entries; /* of them, the others are certificates */
    bool is_located;
    struct fc_located *located;
    uint32_t located_count, located_cap;
    struct asked *asked;
};

static void drop_located(struct fc_places *places)
{
    for (uint32_t i = 0; i < places->located_count; i++)
        fc_docs_destroy(places->located[i].docs);
    free(places->located);
}

void fc_places_destroy(struct fc_places *places)
{
    if (!places)
        return;
    drop_located(places);
    for (size_t i = 0; places->asked && i < ASKED; i++)
        free(places->asked[i].text);
    free(places->asked);
    for (uint32_t i = 0; i < places->count; i++)
        free(places->list[i].name);
    free(places->list);
    free(places);
}

/* -- the list ---------------------------------------------------------------------------------- */

static uint64_t hash_of(struct fc_span name, const char *country)
{
    struct fc_hasher hasher;
    fc_hasher_init(&hasher, "fedcat.place.1");
    fc_hasher_add(&hasher, fc_span_str(country));
    fc_hasher_add(&hasher, fc_span("", 1));
    fc_hasher_add(&hasher, name);
    struct fc_hash hash = fc_hasher_end(&hasher);
    return fc_get_be64(hash.b);
}

static void set_country(struct fc_place *place, struct fc_span country)
{
    if (country.len < sizeof place->country)
        memcpy(place->country, country.data ? (const void *)country.data : "", country.len);
}

static enum fc_err add(struct fc_places *places, const struct fc_place *place)
{
    if (places->count == places->cap) {
        uint32_t cap = places->cap ? 2 * places->cap : 64;
        struct fc_place *list = realloc(places->list, cap * sizeof *list);
        if (!list)
            return FC_E_NOMEM;
        places->list = list;
        places->cap = cap;
    }
    places->list[places->count++] = *place;
    return FC_OK;
}

/* A term of an entry, which is seen. */
static enum fc_err add_entry(struct fc_run *run, struct fc_places *places, struct fc_span term,
                             uint32_t doc)
{
    struct fc_place place = {.doc = doc};
    struct fc_index_doc row;
    if (term.len < FC_INDEX_EQUAL_BYTES || term.len > FC_INDEX_PLACE_BYTES)
        return FC_E_CORRUPT;
    enum fc_err err = fc_run_doc(run, doc, &row);
    if (err != FC_OK)
        return err == FC_E_MISSING ? FC_E_CORRUPT : err;
    memcpy(place.id, term.data + 1, sizeof place.id);
    set_country(&place, fc_span(term.data + FC_INDEX_EQUAL_BYTES, term.len - FC_INDEX_EQUAL_BYTES));
    place.generation = row.generation;
    place.said = hash_of(row.name, place.country);
    return add(places, &place);
}

static enum fc_err add_row(struct fc_run *run, struct fc_places *places, uint32_t chunk,
                           struct fc_span term, struct fc_span row)
{
    uint32_t list[64], from = 0;
    struct fc_docs *docs = fc_docs_create();
    enum fc_err err = docs ? fc_docs_unpack(docs, chunk, row) : FC_E_NOMEM;
    for (size_t count = 1; count > 0 && err == FC_OK;) {
        count = fc_docs_up(docs, from, list, sizeof list / sizeof list[0]);
        for (size_t i = 0; i < count && err == FC_OK; i++)
            if (fc_docs_has(run->seen, list[i]))
                err = add_entry(run, places, term, list[i]);
        if (count > 0)
            from = list[count - 1] + 1;
    }
    fc_docs_destroy(docs);
    return err;
}

/* Rows of a chunk whose terms begin with a byte that no word begins with. */
static enum fc_err add_chunk(struct fc_run *run, struct fc_kv_cursor *cursor,
                             struct fc_places *places, uint32_t chunk)
{
    static const uint8_t kind = FC_TERM_PLACE;
    struct fc_index_key from = fc_index_key_item(FC_TIER_TEXT, chunk, fc_span(&kind, 1));
    struct fc_span key, value;
    enum fc_err err = fc_kv_seek(cursor, fc_index_span(&from), &key, &value);
    while (err == FC_OK && fc_span_begins(key, fc_index_span(&from))) {
        struct fc_span term = fc_span(key.data + from.len - 1, key.len - from.len + 1);
        err = add_row(run, places, chunk, term, value);
        if (err == FC_OK)
            err = fc_kv_next(cursor, &key, &value);
    }
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err add_pending(struct fc_run *run, struct fc_places *places)
{
    enum fc_err err = FC_OK;
    for (uint32_t i = 0; i < run->pending_count && err == FC_OK; i++) {
        struct fc_span items = run->pending[i].said.items, bytes;
        uint8_t tag;
        while (err == FC_OK && fc_said_next(&items, &tag, &bytes))
            if (tag == FC_TIER_TEXT && bytes.len > 0 && bytes.data[0] == FC_TERM_PLACE)
                err = add_entry(run, places, bytes, run->pending[i].doc);
    }
    return err;
}

static enum fc_err add_certificates(struct fc_run *run, struct fc_places *places)
{
    const struct fc_ledger *ledger = run->replica->ledger;
    enum fc_err err = FC_OK;
    for (size_t i = 0; i < fc_ledger_participant_count(ledger) && err == FC_OK; i++) {
        struct fc_participant who;
        uint8_t term[FC_INDEX_EQUAL_BYTES];
        fc_ledger_participant_at(ledger, i, &who);
        const struct fc_certificate *certificate = &who.certificate->certificate;
        if (certificate->url.len == 0 || who.revocation)
            continue;
        struct fc_place place = {.certified = true, .generation = (uint32_t)i};
        fc_index_equal_term(certificate->url, term);
        memcpy(place.id, term + 1, sizeof place.id);
        set_country(&place, certificate->country);
        place.said = hash_of(certificate->name, place.country);
        err = add(places, &place);
    }
    return err;
}

static int compare_places(const void *a, const void *b)
{
    const struct fc_place *left = a, *right = b;
    int order = memcmp(left->id, right->id, sizeof left->id);
    if (order)
        return order;
    if (left->said != right->said)
        return left->said < right->said ? -1 : 1;
    return left->doc > right->doc ? -1 : left->doc < right->doc;
}

static enum fc_err make_list(struct fc_run *run, struct fc_places *places)
{
    struct fc_kv_cursor *cursor = NULL;
    enum fc_err err = fc_kv_cursor_open(run->txn, FC_TABLE_INDEX, &cursor);
    for (uint32_t chunk = 0; chunk < run->chunks && err == FC_OK; chunk++)
        err = add_chunk(run, cursor, places, chunk);
    if (cursor)
        fc_kv_cursor_close(cursor);
    if (err == FC_OK)
        err = add_pending(run, places);
    places->entries = places->count;
    if (err == FC_OK)
        err = add_certificates(run, places);
    if (err == FC_OK && places->count > 0)
        qsort(places->list, places->count, sizeof *places->list, compare_places);
    return err;
}

static enum fc_err get(struct fc_run *run, struct fc_places **out)
{
    struct fc_index *index = run->index;
    *out = index->places;
    if (run->has_places ||
        (index->places && run->number > 0 && index->places->number == run->number))
        return FC_OK;
    struct fc_places *places = calloc(1, sizeof *places);
    enum fc_err err = places ? make_list(run, places) : FC_E_NOMEM;
    if (err != FC_OK) {
        fc_places_destroy(places);
        return err;
    }
    places->number = run->number;
    fc_places_destroy(index->places);
    *out = index->places = places;
    run->has_places = true;
    return FC_OK;
}

enum fc_err fc_run_has_places(struct fc_run *run, bool *any)
{
    struct fc_places *places;
    enum fc_err err = get(run, &places);
    *any = err == FC_OK && places->entries > 0;
    return err;
}

/* -- whom an identifier means ------------------------------------------------------------------ */

struct range {
    const struct fc_place *first;
    uint32_t count;
};

static struct range range_of(const struct fc_places *places, const uint8_t id[FC_PLACE_ID_BYTES])
{
    uint32_t low = 0, high = places->count, end;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (memcmp(places->list[middle].id, id, FC_PLACE_ID_BYTES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < places->count; end++)
        if (memcmp(places->list[end].id, id, FC_PLACE_ID_BYTES) != 0)
            break;
    return (struct range){places->list + low, end - low};
}

/* Where this identifier is kept, in the one place it may have. */
static struct asked *asked_of(struct fc_places *places, struct fc_span provider)
{
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */
    for (size_t i = 0; i < provider.len; i++)
        hash = (hash ^ provider.data[i]) * 0x100000001b3;
    if (!places->asked)
        places->asked = calloc(ASKED, sizeof *places->asked);
    return places->asked ? &places->asked[(hash >> 32) % ASKED] : NULL;
}

static struct range meant_by(struct fc_places *places, struct fc_span provider)
{
    uint8_t term[FC_INDEX_EQUAL_BYTES];
    struct asked *asked = asked_of(places, provider);
    if (asked && asked->text && fc_span_eq(fc_span(asked->text, asked->len), provider))
        return (struct range){places->list + asked->first, asked->count};
    fc_index_equal_term(provider, term);
    struct range range = range_of(places, term + 1);
    char *text = asked ? malloc(provider.len) : NULL;
    if (!text)
        return range;
    memcpy(text, provider.data, provider.len);
    free(asked->text);
    *asked = (struct asked){.text = text,
                            .len = (uint32_t)provider.len,
                            .first = (uint32_t)(range.first - places->list),
                            .count = range.count};
    return range;
}

static const struct fc_place *choose(struct range range, uint32_t generation)
{
    const struct fc_place *certified = NULL, *other = NULL;
    bool rivals = false, differ = false;
    for (uint32_t i = 0; i < range.count; i++) {
        const struct fc_place *place = &range.first[i];
        if (place->certified) {
            rivals = rivals || certified != NULL;
            certified = place;
            continue;
        }
        if (place->generation == generation)
            return place;
        differ = differ || (other && other->said != place->said);
        other = other ? other : place;
    }
    if (certified && !rivals)
        return certified;
    return differ ? NULL : other;
}

/* Whether it does not matter who asks where it is. */
static bool is_one_country(struct range range)
{
    for (uint32_t i = 1; i < range.count; i++)
        if (strcmp(range.first[i].country, range.first[0].country) != 0)
            return false;
    return true;
}

enum fc_err fc_run_place(struct fc_run *run, struct fc_span provider, uint32_t generation,
                         const struct fc_place **place)
{
    struct fc_places *places;
    *place = NULL;
    enum fc_err err = get(run, &places);
    if (err != FC_OK || places->count == 0 || provider.len == 0)
        return err;
    *place = choose(meant_by(places, provider), generation);
    return FC_OK;
}

enum fc_err fc_run_place_country(struct fc_run *run, struct fc_span provider, uint32_t generation,
                                 struct fc_span *country)
{
    struct fc_places *places;
    *country = (struct fc_span){0};
    enum fc_err err = get(run, &places);
    if (err != FC_OK || places->count == 0 || provider.len == 0)
        return err;
    struct range range = meant_by(places, provider);
    const struct fc_place *place =
        range.count > 0 && is_one_country(range) ? range.first : choose(range, generation);
    if (place)
        *country = fc_run_keep(run, fc_span_str(place->country));
    return run->err;
}

enum fc_err fc_run_place_name(struct fc_run *run, const struct fc_place *place,
                              struct fc_span *name)
{
    struct fc_participant who;
    enum fc_err err = FC_OK;
    *name = (struct fc_span){0};
    if (place->name) {
        *name = fc_run_keep(run, fc_span(place->name, place->name_len));
        return run->err;
    }
    if (place->certified) {
        fc_ledger_participant_at(run->replica->ledger, place->generation, &who);
        *name = fc_run_keep(run, who.certificate->certificate.name);
        err = run->err;
    } else {
        err = fc_run_name(run, place->doc, name);
    }
    /* of the list that was just asked for: it is this index's own */
    struct fc_place *kept = run->index->places->list + (place - run->index->places->list);
    kept->name = err == FC_OK ? malloc(name->len + 1) : NULL;
    if (kept->name && name->len > 0)
        memcpy(kept->name, name->data, name->len);
    kept->name_len = (uint32_t)name->len;
    return err;
}

/* -- documents of a provider ------------------------------------------------------------------- */

static enum fc_err provided(struct fc_run *run, const uint8_t id[FC_PLACE_ID_BYTES],
                            struct fc_docs *docs)
{
    uint8_t term[FC_INDEX_EQUAL_BYTES] = {FC_TERM_EQUAL};
    memcpy(term + 1, id, FC_PLACE_ID_BYTES);
    return fc_run_item(run, FC_TIER_PROVIDER, fc_span(term, sizeof term), docs);
}

static bool means(struct range range, uint32_t generation, const struct fc_place *place)
{
    const struct fc_place *meant = choose(range, generation);
    return meant && meant->said == place->said;
}

/* Keeps those documents that mean this place by the identifier. */
static enum fc_err keep_meant(struct fc_run *run, struct range range, const struct fc_place *place,
                              struct fc_docs *docs)
{
    uint32_t list[64], from = 0;
    enum fc_err err = FC_OK;
    for (size_t count = 1; count > 0 && err == FC_OK;) {
        count = fc_docs_up(docs, from, list, sizeof list / sizeof list[0]);
        for (size_t i = 0; i < count && err == FC_OK; i++) {
            struct fc_index_doc row;
            err = fc_run_doc(run, list[i], &row);
            if (err == FC_OK && !means(range, row.generation, place))
                fc_docs_remove(docs, list[i]);
            from = list[i] + 1;
        }
    }
    return err == FC_E_MISSING ? FC_E_CORRUPT : err;
}

static enum fc_err add_provided(struct fc_run *run, const struct fc_places *places,
                                const struct fc_place *place, struct fc_docs *docs)
{
    struct range range = range_of(places, place->id);
    struct fc_docs *theirs = fc_docs_create();
    enum fc_err err = theirs ? provided(run, place->id, theirs) : FC_E_NOMEM;
    if (err == FC_OK)
        fc_docs_and(theirs, run->seen);
    if (err == FC_OK && range.count > 1)
        err = keep_meant(run, range, place, theirs);
    if (err == FC_OK)
        fc_docs_or(docs, theirs);
    fc_docs_destroy(theirs);
    return err;
}

enum fc_err fc_run_places_named(struct fc_run *run, const struct fc_docs *named,
                                struct fc_docs *docs)
{
    struct fc_places *places;
    enum fc_err err = get(run, &places);
    for (uint32_t i = 0; err == FC_OK && i < places->count; i++)
        if (!places->list[i].certified && fc_docs_has(named, places->list[i].doc))
            err = add_provided(run, places, &places->list[i], docs);
    return err;
}

enum fc_err fc_run_places_certified(struct fc_run *run, const struct fc_docs *members,
                                    struct fc_docs *docs)
{
    struct fc_places *places;
    enum fc_err err = get(run, &places);
    for (uint32_t i = 0; err == FC_OK && i < places->count; i++)
        if (places->list[i].certified && fc_docs_has(members, places->list[i].generation))
            err = add_provided(run, places, &places->list[i], docs);
    return err;
}

/* -- countries --------------------------------------------------------------------------------- */

static enum fc_err country_of(struct fc_places *places, const char *country, struct fc_docs **docs)
{
    for (uint32_t i = 0; i < places->located_count; i++)
        if (strcmp(places->located[i].country, country) == 0) {
            *docs = places->located[i].docs;
            return FC_OK;
        }
    if (places->located_count == places->located_cap) {
        uint32_t cap = places->located_cap ? 2 * places->located_cap : 16;
        struct fc_located *list = realloc(places->located, cap * sizeof *list);
        if (!list)
            return FC_E_NOMEM;
        places->located = list;
        places->located_cap = cap;
    }
    struct fc_located *located = &places->located[places->located_count];
    *located = (struct fc_located){.docs = fc_docs_create()};
    if (!located->docs)
        return FC_E_NOMEM;
    strcpy(located->country, country); /* a place's: it fits */
    places->located_count++;
    *docs = located->docs;
    return FC_OK;
}

/* All merged documents that have some value of a facet. */
static enum fc_err having(struct fc_run *run, struct fc_kv_cursor *cursor, enum fc_facet facet,
                          uint32_t chunk, struct fc_docs *docs)
{
    struct fc_index_key from =
        fc_index_key_item((uint8_t)(FC_TAG_FACET + facet), chunk, (struct fc_span){0});
    struct fc_docs_bits bits = {0};
    struct fc_span key, value;
    bool any = false;
    enum fc_err err = fc_kv_seek(cursor, fc_index_span(&from), &key, &value);
    while (err == FC_OK && fc_span_begins(key, fc_index_span(&from))) {
        any = true;
        err = fc_docs_bits_add(&bits, value);
        if (err == FC_OK)
            err = fc_kv_next(cursor, &key, &value);
    }
    if (err == FC_E_MISSING)
        err = FC_OK;
    (void)run;
    return err == FC_OK && any ? fc_docs_take(docs, chunk, &bits) : err;
}

static bool pending_has(const struct fc_pending *pending, uint8_t wanted)
{
    struct fc_span items = pending->said.items, bytes;
    uint8_t tag;
    while (fc_said_next(&items, &tag, &bytes))
        if (tag == wanted)
            return true;
    return false;
}

/* Documents that were read and say no country. */
static enum fc_err find_unsaid(struct fc_run *run, struct fc_docs *unsaid)
{
    struct fc_docs *said = fc_docs_create();
    struct fc_kv_cursor *cursor = NULL;
    enum fc_err err = said ? fc_kv_cursor_open(run->txn, FC_TABLE_INDEX, &cursor) : FC_E_NOMEM;
    for (uint32_t chunk = 0; chunk < run->chunks && err == FC_OK; chunk++) {
        err = having(run, cursor, FC_FACET_KIND, chunk, unsaid);
        if (err == FC_OK)
            err = having(run, cursor, FC_FACET_COUNTRY, chunk, said);
    }
    if (cursor)
        fc_kv_cursor_close(cursor);
    if (err == FC_OK)
        fc_docs_minus(unsaid, said);
    for (uint32_t i = 0; i < run->pending_count && err == FC_OK; i++)
        if (pending_has(&run->pending[i], FC_TAG_FACET + FC_FACET_KIND) &&
            !pending_has(&run->pending[i], FC_TAG_FACET + FC_FACET_COUNTRY))
            fc_docs_add(unsaid, run->pending[i].doc);
    fc_docs_and(unsaid, run->seen);
    fc_docs_destroy(said);
    return err;
}

static enum fc_err locate(struct fc_places *places, const char *country, uint32_t doc,
                          struct fc_docs *rest)
{
    struct fc_docs *docs;
    if (country[0] == '\0')
        return FC_OK;
    enum fc_err err = country_of(places, country, &docs);
    if (err == FC_OK) {
        fc_docs_add(docs, doc);
        fc_docs_remove(rest, doc);
    }
    return err;
}

/* Those of `theirs`, one by one: whom the identifier means depends on who uses it. */
static enum fc_err locate_each(struct fc_run *run, struct fc_places *places, struct range range,
                               const struct fc_docs *theirs, struct fc_docs *rest)
{
    uint32_t list[64], from = 0;
    enum fc_err err = FC_OK;
    for (size_t count = 1; count > 0 && err == FC_OK;) {
        count = fc_docs_up(theirs, from, list, sizeof list / sizeof list[0]);
        for (size_t i = 0; i < count && err == FC_OK; i++) {
            struct fc_index_doc row;
            err = fc_run_doc(run, list[i], &row);
            const struct fc_place *place = err == FC_OK ? choose(range, row.generation) : NULL;
            if (place)
                err = locate(places, place->country, list[i], rest);
            from = list[i] + 1;
        }
    }
    return err == FC_E_MISSING ? FC_E_CORRUPT : err;
}

static enum fc_err locate_provider(struct fc_run *run, struct fc_places *places, struct range range,
                                   struct fc_docs *rest)
{
    struct fc_docs *theirs = fc_docs_create(), *docs;
    enum fc_err err = theirs ? provided(run, range.first->id, theirs) : FC_E_NOMEM;
    if (err == FC_OK)
        fc_docs_and(theirs, rest);
    if (err != FC_OK || fc_docs_count(theirs) == 0)
        goto out;
    if (!is_one_country(range)) {
        err = locate_each(run, places, range, theirs, rest);
    } else if (range.first->country[0] != '\0') {
        err = country_of(places, range.first->country, &docs);
        if (err == FC_OK) {
            fc_docs_or(docs, theirs);
            fc_docs_minus(rest, theirs);
        }
    }
out:
    fc_docs_destroy(theirs);
    return err;
}

struct feeds {
    struct fc_run *run;
    struct fc_places *places;
    struct fc_docs *rest;
};

static enum fc_err locate_feed(void *ctx, const struct fc_replica_row *row)
{
    const struct feeds *feeds = ctx;
    struct fc_participant who;
    struct fc_place place = {.doc = 0};
    struct fc_docs *theirs = NULL, *docs;
    if (fc_ledger_participant(feeds->run->replica->ledger, &row->feed.participant, &who) != FC_OK)
        return FC_OK;
    set_country(&place, who.certificate->certificate.country);
    if (place.country[0] == '\0')
        return FC_OK;
    theirs = fc_docs_create();
    enum fc_err err =
        theirs ? fc_run_generation(feeds->run, row->feed.generation, theirs) : FC_E_NOMEM;
    if (err == FC_OK)
        fc_docs_and(theirs, feeds->rest);
    if (err == FC_OK && fc_docs_count(theirs) > 0)
        err = country_of(feeds->places, place.country, &docs);
    else
        docs = NULL;
    if (err == FC_OK)
        fc_docs_or(docs, theirs);
    fc_docs_destroy(theirs);
    return err;
}

static enum fc_err locate_all(struct fc_run *run, struct fc_places *places)
{
    struct fc_docs *rest = fc_docs_create();
    enum fc_err err = rest ? find_unsaid(run, rest) : FC_E_NOMEM;
    for (uint32_t i = 0; i < places->count && err == FC_OK && fc_docs_count(rest) > 0;) {
        struct range range = {&places->list[i], 1};
        while (i + range.count < places->count &&
               memcmp(range.first[range.count].id, range.first->id, FC_PLACE_ID_BYTES) == 0)
            range.count++;
        err = locate_provider(run, places, range, rest);
        i += range.count;
    }
    struct feeds feeds = {run, places, rest};
    if (err == FC_OK && fc_docs_count(rest) > 0)
        err = fc_replica_rows_each(run->replica, locate_feed, &feeds);
    fc_docs_destroy(rest);
    return err;
}

enum fc_err fc_run_located(struct fc_run *run, const struct fc_located **list, uint32_t *count)
{
    struct fc_places *places;
    enum fc_err err = get(run, &places);
    if (err == FC_OK && !places->is_located) {
        err = locate_all(run, places);
        places->is_located = err == FC_OK;
        if (err != FC_OK) {
            drop_located(places);
            places->located = NULL;
            places->located_count = places->located_cap = 0;
        }
    }
    *list = err == FC_OK ? places->located : NULL;
    *count = err == FC_OK ? places->located_count : 0;
    return err;
}
