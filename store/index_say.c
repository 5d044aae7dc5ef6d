#include <string.h>

#include "store/document_text.h"
#include "store/index_priv.h"

enum { MORE_MAX = 512 }; /* items beside terms of text: facets and the key's words */
_Static_assert(FC_INDEX_TERMS_MAX + MORE_MAX < FC_INDEX_SLOTS / 2,
               "the table of terms stays loose");

/* -- values ------------------------------------------------------------------------------------ */

void fc_index_equal_term(struct fc_span value, uint8_t out[FC_INDEX_EQUAL_BYTES])
{
    char folded[FC_INDEX_PROVIDER_BYTES];
    size_t len = fc_fold(value, folded, sizeof folded);
    struct fc_hash hash = fc_hash("fedcat.equal.1", fc_span(folded, len));
    out[0] = 1; /* with which no word begins */
    memcpy(out + 1, hash.b, FC_INDEX_EQUAL_BYTES - 1);
}

size_t fc_index_facet_value(enum fc_facet facet, struct fc_span text,
                            char out[FC_INDEX_VALUE_BYTES])
{
    size_t len = fc_fold(text, out, FC_INDEX_VALUE_BYTES);
    if (facet == FC_FACET_COUNTRY)
        for (size_t i = 0; i < len; i++)
            if (out[i] >= 'a' && out[i] <= 'z')
                out[i] = (char)(out[i] & ~0x20);
    return len;
}

static bool digits(struct fc_span text, size_t at, size_t count, int32_t *value)
{
    *value = 0;
    for (size_t i = 0; i < count; i++) {
        if (at + i >= text.len || text.data[at + i] < '0' || text.data[at + i] > '9')
            return false;
        *value = *value * 10 + (text.data[at + i] - '0');
    }
    return true;
}

bool fc_index_day(struct fc_span text, int32_t *day)
{
    static const uint8_t lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int32_t year, month, date;
    if (!digits(text, 0, 4, &year) || !digits(text, 5, 2, &month) || !digits(text, 8, 2, &date) ||
        text.data[4] != '-' || text.data[7] != '-' || month < 1 || month > 12 || date < 1 ||
        date > lengths[month - 1])
        return false;
    if (text.len > 10 && text.data[10] != 'T' && text.data[10] != 't' && text.data[10] != ' ')
        return false;
    /* Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
    year -= month <= 2;
    int32_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int32_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + date - 1;
    *day = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
    return true;
}

/* -- terms of one document --------------------------------------------------------------------- */

static void append(struct fc_buf *out, uint8_t tag, struct fc_span bytes)
{
    const uint8_t head[2] = {tag, (uint8_t)bytes.len};
    fc_buf_append(out, head, sizeof head);
    if (bytes.len > 0)
        fc_buf_append(out, bytes.data, bytes.len);
}

static uint32_t hash_of(uint8_t tag, struct fc_span bytes)
{
    uint64_t hash = 0x9e3779b97f4a7c15u * (tag + 1u);
    size_t i = 0;
    for (; i + 8 <= bytes.len; i += 8) {
        uint64_t word;
        memcpy(&word, bytes.data + i, 8);
        hash = (hash ^ word) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 32;
    }
    for (; i < bytes.len; i++)
        hash = (hash ^ bytes.data[i]) * 0x100000001b3u;
    return (uint32_t)(hash ^ hash >> 29);
}

static void hand_on(struct fc_index *index, enum fc_document_tier tier, int language,
                    struct fc_span word)
{
    if (index->sink_err == FC_OK && word.len > 0)
        index->sink_err = index->sink->take(index->sink->ctx, tier, language, word);
}

/* Appends an item unless the document has it. */
static void say(struct fc_index *index, uint8_t tag, struct fc_span bytes)
{
    struct fc_buf *said = &index->said;
    if (tag < FC_TIERS && index->sink) {
        hand_on(index, (enum fc_document_tier)tag, -1, bytes);
        return;
    }
    uint32_t at = hash_of(tag, bytes) % FC_INDEX_SLOTS;
    if (bytes.len == 0 || index->terms >= FC_INDEX_TERMS_MAX + MORE_MAX)
        return;
    for (; index->slots[at].stamp == index->stamp; at = (at + 1) % FC_INDEX_SLOTS) {
        const uint8_t *there = said->data + index->slots[at].offset;
        if (there[0] == tag && there[1] == bytes.len &&
            memcmp(there + 2, bytes.data, bytes.len) == 0)
            return;
    }
    index->slots[at] = (struct fc_index_slot){index->stamp, (uint32_t)said->len};
    index->terms++;
    append(said, tag, bytes);
    if (said->failed)
        index->terms = FC_INDEX_TERMS_MAX + MORE_MAX; /* nothing stands where the slot points */
}

static void say_word(struct fc_index *index, enum fc_document_tier tier, int language,
                     struct fc_span word)
{
    if (index->sink) {
        hand_on(index, tier, language, word);
        return;
    }
    say(index, (uint8_t)tier, word);
    struct fc_span stem = fc_stem(index->stemmer, language, word);
    if (!fc_span_eq(stem, word))
        say(index, (uint8_t)tier, stem);
}

static void say_words(struct fc_index *index, enum fc_document_tier tier, const char *language,
                      struct fc_span text)
{
    struct fc_word_reader reader = fc_word_reader(text);
    struct fc_word word;
    int stemmed = fc_stem_language(language);
    while (fc_word_next(&reader, &word) && index->terms < FC_INDEX_TERMS_MAX)
        say_word(index, tier, stemmed, fc_span(word.text, word.len));
}

struct saying {
    struct fc_index *index;
    const struct fc_document *document;
};

static void say_text(void *ctx, const struct fc_document_text *text)
{
    const struct saying *saying = ctx;
    const char *language = text->language ? text->language : saying->document->language;
    say_words(saying->index, text->tier, language, text->text);
}

static void say_facet(struct fc_index *index, enum fc_facet facet, const char *text)
{
    char value[FC_INDEX_VALUE_BYTES];
    if (!text || index->facets[facet] == FC_INDEX_FACETS_MAX)
        return;
    if (fc_iri_ok(text))
        text = fc_iri_local(text);
    size_t len = fc_index_facet_value(facet, fc_span_str(text), value);
    uint32_t before = index->terms;
    say(index, (uint8_t)(FC_TAG_FACET + facet), fc_span(value, len));
    index->facets[facet] += index->terms - before;
}

static struct fc_span cut(const char *text, size_t max)
{
    size_t len = strlen(text);
    if (len > max)
        for (len = max; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
            len--;
    return fc_span(text, len);
}

static void say_provider(struct fc_index *index, const struct fc_document *document)
{
    const char *both[] = {document->provider, document->provider_name};
    uint8_t term[FC_INDEX_EQUAL_BYTES];
    bool counted = false;
    for (size_t i = 0; i < 2; i++) {
        if (!both[i] || both[i][0] == '\0')
            continue;
        struct fc_span value = cut(both[i], FC_INDEX_PROVIDER_BYTES);
        fc_index_equal_term(value, term);
        say(index, FC_TIER_PROVIDER, fc_span(term, sizeof term));
        if (!counted)
            append(&index->said, FC_TAG_PROVIDER, value);
        counted = true;
    }
}

static uint32_t day_of(const char *text)
{
    int32_t day;
    return text && fc_index_day(fc_span_str(text), &day) ? (uint32_t)(day + FC_DAY_ZERO) : 0;
}

static void say_document(struct fc_index *index, const struct fc_document *document,
                         struct fc_said *head)
{
    char name[FC_INDEX_NAME_BYTES];
    say_facet(index, FC_FACET_KIND, document->kind);
    say_facet(index, FC_FACET_COUNTRY, document->country);
    say_facet(index, FC_FACET_LANGUAGE, document->language);
    for (uint32_t i = 0; i < document->theme_count; i++)
        say_facet(index, FC_FACET_THEME, document->themes[i]);
    for (uint32_t i = 0; i < document->label_count; i++)
        say_facet(index, FC_FACET_LABEL, document->labels[i]);
    say_provider(index, document);
    size_t len = document->name ? fc_fold(fc_span_str(document->name), name, sizeof name) : 0;
    append(&index->said, FC_TAG_NAME, fc_span(name, len));
    head->from = day_of(document->valid_from);
    head->until = day_of(document->valid_until);
}

/* The entry's key, without its scheme. */
static void say_key(struct fc_index *index, struct fc_span key)
{
    for (size_t i = 0; i + 3 < key.len; i++)
        if (memcmp(key.data + i, "://", 3) == 0) {
            key = fc_span(key.data + i + 3, key.len - i - 3);
            break;
        }
    say_words(index, FC_TIER_TEXT, "", key);
}

enum fc_err fc_index_say(struct fc_index *index, uint32_t generation, const struct fc_entry *entry,
                         struct fc_span plain)
{
    struct fc_document document;
    struct fc_said head = {
        .generation = generation, .version = entry->version, .status = entry->status};
    uint8_t bytes[FC_SAID_HEAD] = {0};
    if (++index->stamp == 0) {
        memset(index->slots, 0, sizeof index->slots);
        index->stamp = 1;
    }
    index->terms = 0;
    index->sink_err = FC_OK;
    memset(index->facets, 0, sizeof index->facets);
    fc_buf_clear(&index->said);
    fc_buf_append(&index->said, bytes, sizeof bytes);
    struct saying saying = {.index = index, .document = &document};
    enum fc_err err =
        plain.data ? fc_document_index(plain, &document, say_text, &saying) : FC_E_JSON;
    if (err == FC_OK) {
        say_document(index, &document, &head);
        fc_document_finish(&document);
    } else
        append(&index->said, FC_TAG_NAME, (struct fc_span){0}); /* sorted by, all the same */
    if (err == FC_E_NOMEM || index->said.failed)
        return FC_E_NOMEM;
    say_key(index, entry->key);
    if (index->said.failed || index->sink_err != FC_OK)
        return index->said.failed ? FC_E_NOMEM : index->sink_err;
    fc_said_head(bytes, &head);
    memcpy(index->said.data, bytes, sizeof bytes);
    return FC_OK;
}

enum fc_err fc_index_say_frame(struct fc_replica *replica, uint32_t generation,
                               const struct fc_entry *entry, struct fc_span frame)
{
    struct fc_index *index = replica->index;
    struct fc_codec *codec;
    struct fc_span plain = {0};
    enum fc_err err = fc_replica_codec(replica, &codec);
    if (err != FC_OK)
        return err;
    if (frame.len > 0) {
        fc_buf_clear(&index->plain);
        err = fc_content_unpack(codec, frame, (size_t)entry->size, &index->plain);
        if (err == FC_E_NOMEM)
            return err;
        if (err == FC_OK && index->plain.len > 0)
            plain = fc_buf_span(&index->plain);
    }
    return fc_index_say(index, generation, entry, plain);
}
