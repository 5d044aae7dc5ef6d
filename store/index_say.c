#include <stdlib.h>
#include <string.h>

#include "store/document_rules.h"
#include "store/document_text.h"
#include "store/index_priv.h"

enum { MORE_MAX = 512 }; /* items beside terms of text: facets and the key's words */
_Static_assert(FC_INDEX_TERMS_MAX + MORE_MAX < FC_INDEX_SLOTS / 2,
               "the table of terms stays loose");

enum fc_err fc_sayer_create(struct fc_sayer **out)
{
    struct fc_sayer *sayer = calloc(1, sizeof *sayer);
    *out = sayer;
    if (!sayer)
        return FC_E_NOMEM;
    enum fc_err err = fc_stemmer_create(&sayer->stemmer);
    if (err == FC_OK)
        err = fc_codec_create(&sayer->codec);
    if (err != FC_OK) {
        fc_sayer_destroy(sayer);
        *out = NULL;
    }
    return err;
}

void fc_sayer_destroy(struct fc_sayer *sayer)
{
    if (!sayer)
        return;
    fc_stemmer_destroy(sayer->stemmer);
    fc_codec_destroy(sayer->codec);
    fc_buf_finish(&sayer->said);
    fc_buf_finish(&sayer->words);
    fc_buf_finish(&sayer->plain);
    free(sayer);
}

/* -- values ------------------------------------------------------------------------------------ */

void fc_index_equal_term(struct fc_span value, uint8_t out[FC_INDEX_EQUAL_BYTES])
{
    char folded[FC_INDEX_EQUAL_TEXT_MAX];
    size_t len = fc_fold(value, folded, sizeof folded);
    struct fc_hash hash = fc_hash("fedcat.equal.1", fc_span(folded, len));
    out[0] = FC_TERM_EQUAL;
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

/* Of a word of a text: tier, language, length, bytes. */
static void hand_on(struct fc_sayer *sayer, enum fc_document_tier tier, int language,
                    struct fc_span word)
{
    const uint8_t head[3] = {(uint8_t)tier, (uint8_t)language, (uint8_t)word.len};
    if (word.len == 0)
        return;
    uint8_t *to = fc_buf_extend(&sayer->words, sizeof head + word.len);
    if (!to)
        return;
    memcpy(to, head, sizeof head);
    memcpy(to + sizeof head, word.data, word.len);
    sayer->word_count++;
}

bool fc_said_word_next(struct fc_span *words, struct fc_said_word *word)
{
    if (words->len < 3)
        return false;
    const uint8_t *head = words->data;
    *word = (struct fc_said_word){(enum fc_document_tier)head[0], (int8_t)head[1],
                                  fc_span(head + 3, head[2])};
    *words = fc_span(head + 3 + head[2], words->len - 3 - head[2]);
    return true;
}

/* A word that was handed on may bring its stem. */
static bool are_too_many(const struct fc_sayer *sayer)
{
    return sayer->terms + 2 * sayer->word_count >= FC_INDEX_TERMS_MAX;
}

/* Appends an item unless the document has it. */
static void say(struct fc_sayer *sayer, uint8_t tag, struct fc_span bytes)
{
    struct fc_buf *said = &sayer->said;
    if (tag < FC_TIERS && sayer->apart) {
        hand_on(sayer, (enum fc_document_tier)tag, -1, bytes);
        return;
    }
    uint32_t at = hash_of(tag, bytes) % FC_INDEX_SLOTS;
    if (bytes.len == 0 || sayer->terms >= FC_INDEX_TERMS_MAX + MORE_MAX)
        return;
    for (; sayer->slots[at].stamp == sayer->stamp; at = (at + 1) % FC_INDEX_SLOTS) {
        const uint8_t *there = said->data + sayer->slots[at].offset;
        if (there[0] == tag && there[1] == bytes.len &&
            memcmp(there + 2, bytes.data, bytes.len) == 0)
            return;
    }
    sayer->slots[at] = (struct fc_index_slot){sayer->stamp, (uint32_t)said->len};
    sayer->terms++;
    append(said, tag, bytes);
    if (said->failed)
        sayer->terms = FC_INDEX_TERMS_MAX + MORE_MAX; /* nothing stands where the slot points */
}

static void say_word(struct fc_sayer *sayer, enum fc_document_tier tier, int language,
                     struct fc_span word)
{
    if (sayer->apart) {
        hand_on(sayer, tier, language, word);
        return;
    }
    say(sayer, (uint8_t)tier, word);
    struct fc_span stem = fc_stem(sayer->stemmer, language, word);
    if (!fc_span_eq(stem, word))
        say(sayer, (uint8_t)tier, stem);
}

static void say_words(struct fc_sayer *sayer, enum fc_document_tier tier, const char *language,
                      struct fc_span text)
{
    struct fc_word_reader reader = fc_word_reader(text);
    struct fc_word word;
    int stemmed = fc_stem_language(language);
    if (stemmed >= 0)
        sayer->languages |= 1u << stemmed;
    while (fc_word_next(&reader, &word) && !are_too_many(sayer))
        say_word(sayer, tier, stemmed, fc_span(word.text, word.len));
}

struct saying {
    struct fc_sayer *sayer;
    const struct fc_document *document;
};

static bool is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

/* Where a word begins within a run of letters: "participantOVH", "OVHCloud". */
static bool begins_word(struct fc_span text, size_t at)
{
    uint8_t before = text.data[at - 1], c = text.data[at];
    uint8_t next = at + 1 < text.len ? text.data[at + 1] : '\0';
    if (!is_upper(c))
        return false;
    return (before >= 'a' && before <= 'z') || (is_upper(before) && next >= 'a' && next <= 'z');
}

/* Words of an identifier that only capitals part. */
static void say_parts(struct fc_sayer *sayer, enum fc_document_tier tier, struct fc_span text)
{
    size_t start = 0;
    for (size_t at = 1; at < text.len; at++)
        if (begins_word(text, at)) {
            say_words(sayer, tier, "", fc_span(text.data + start, at - start));
            start = at;
        }
    if (start > 0)
        say_words(sayer, tier, "", fc_span(text.data + start, text.len - start));
}

static void say_text(void *ctx, const struct fc_document_text *text)
{
    const struct saying *saying = ctx;
    const char *language = text->language ? text->language : saying->document->language;
    say_words(saying->sayer, text->tier, language, text->text);
    if (text->tier == FC_TIER_PROVIDER && memchr(text->text.data, ':', text->text.len))
        say_parts(saying->sayer, text->tier, text->text);
}

static void say_facet(struct fc_sayer *sayer, enum fc_facet facet, const char *text)
{
    char value[FC_INDEX_VALUE_BYTES];
    if (!text || sayer->facets[facet] == FC_INDEX_FACETS_MAX)
        return;
    if (fc_iri_ok(text))
        text = fc_iri_local(text);
    size_t len = fc_index_facet_value(facet, fc_span_str(text), value);
    uint32_t before = sayer->terms;
    say(sayer, (uint8_t)(FC_TAG_FACET + facet), fc_span(value, len));
    sayer->facets[facet] += sayer->terms - before;
}

static struct fc_span cut(const char *text, size_t max)
{
    size_t len = strlen(text);
    if (len > max)
        for (len = max; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
            len--;
    return fc_span(text, len);
}

static void say_equal(struct fc_sayer *sayer, struct fc_span value)
{
    uint8_t term[FC_INDEX_EQUAL_BYTES];
    fc_index_equal_term(value, term);
    say(sayer, FC_TIER_PROVIDER, fc_span(term, sizeof term));
}

static void say_provider(struct fc_sayer *sayer, const struct fc_document *document)
{
    static const uint8_t nobody = FC_TERM_NOBODY;
    const char *both[] = {document->provider, document->provider_name};
    bool counted = false;
    for (size_t i = 0; i < 2; i++) {
        if (!both[i] || both[i][0] == '\0')
            continue;
        struct fc_span value = cut(both[i], FC_INDEX_PROVIDER_BYTES);
        say_equal(sayer, fc_span_str(both[i]));
        if (value.len < strlen(both[i]))
            say_equal(sayer, value); /* what the facet offers to filter by */
        if (!counted)
            append(&sayer->said, FC_TAG_PROVIDER, value);
        counted = true;
    }
    if (!counted && fc_document_is_offer(fc_span_str(document->kind)))
        say(sayer, FC_TIER_PROVIDER, fc_span(&nobody, 1));
}

static void say_place(struct fc_sayer *sayer, struct fc_span iri, const char *country)
{
    uint8_t term[FC_INDEX_PLACE_BYTES];
    char value[FC_INDEX_VALUE_BYTES];
    size_t len = 0;
    fc_index_equal_term(iri, term);
    term[0] = FC_TERM_PLACE;
    if (country)
        len = fc_index_facet_value(FC_FACET_COUNTRY, fc_span_str(country), value);
    if (len > sizeof term - FC_INDEX_EQUAL_BYTES)
        len = 0;
    memcpy(term + FC_INDEX_EQUAL_BYTES, value, len);
    say(sayer, FC_TIER_TEXT, fc_span(term, FC_INDEX_EQUAL_BYTES + len));
}

/* Under which identifiers others may name a participant as their provider. */
static void say_places(struct fc_sayer *sayer, const struct fc_document *document,
                       struct fc_span key)
{
    const char *subject = document->subject;
    if (strcmp(document->kind, "participant") != 0)
        return;
    say_place(sayer, key, document->country);
    if (!subject)
        return;
    say_place(sayer, fc_span_str(subject), document->country);
    const char *fragment = strchr(subject, '#');
    if (fragment && fragment > subject)
        say_place(sayer, fc_span(subject, (size_t)(fragment - subject)), document->country);
}

static uint32_t day_of(const char *text)
{
    int32_t day;
    return text && fc_index_day(fc_span_str(text), &day) ? (uint32_t)(day + FC_DAY_ZERO) : 0;
}

static void say_document(struct fc_sayer *sayer, const struct fc_document *document,
                         struct fc_said *head)
{
    char name[FC_INDEX_NAME_BYTES];
    say_facet(sayer, FC_FACET_KIND, document->kind);
    say_facet(sayer, FC_FACET_COUNTRY, document->country);
    say_facet(sayer, FC_FACET_LANGUAGE, document->language);
    for (uint32_t i = 0; i < document->theme_count; i++)
        say_facet(sayer, FC_FACET_THEME, document->themes[i]);
    for (uint32_t i = 0; i < document->label_count; i++)
        say_facet(sayer, FC_FACET_LABEL, document->labels[i]);
    say_provider(sayer, document);
    size_t len = document->name ? fc_fold(fc_span_str(document->name), name, sizeof name) : 0;
    append(&sayer->said, FC_TAG_NAME, fc_span(name, len));
    head->from = day_of(document->valid_from);
    head->until = day_of(document->valid_until);
}

/* The entry's key, without its scheme. */
static void say_key(struct fc_sayer *sayer, struct fc_span key)
{
    for (size_t i = 0; i + 3 < key.len; i++)
        if (memcmp(key.data + i, "://", 3) == 0) {
            key = fc_span(key.data + i + 3, key.len - i - 3);
            break;
        }
    say_words(sayer, FC_TIER_TEXT, "", key);
    say_parts(sayer, FC_TIER_TEXT, key);
}

enum fc_err fc_say(struct fc_sayer *sayer, uint32_t generation, const struct fc_entry *entry,
                   struct fc_span plain)
{
    struct fc_document document;
    struct fc_said head = {
        .generation = generation, .version = entry->version, .status = entry->status};
    uint8_t bytes[FC_SAID_HEAD] = {0};
    if (++sayer->stamp == 0) {
        memset(sayer->slots, 0, sizeof sayer->slots);
        sayer->stamp = 1;
    }
    sayer->terms = sayer->word_count = sayer->languages = 0;
    memset(sayer->facets, 0, sizeof sayer->facets);
    fc_buf_clear(&sayer->said);
    fc_buf_clear(&sayer->words);
    fc_buf_append(&sayer->said, bytes, sizeof bytes);
    struct saying saying = {.sayer = sayer, .document = &document};
    enum fc_err err =
        plain.data ? fc_document_index(plain, &document, say_text, &saying) : FC_E_JSON;
    if (err == FC_OK) {
        say_document(sayer, &document, &head);
        say_places(sayer, &document, entry->key);
        fc_document_finish(&document);
    } else
        append(&sayer->said, FC_TAG_NAME, (struct fc_span){0}); /* sorted by, all the same */
    if (err == FC_E_NOMEM || sayer->said.failed)
        return FC_E_NOMEM;
    say_key(sayer, entry->key);
    if (sayer->said.failed || sayer->words.failed)
        return FC_E_NOMEM;
    fc_said_head(bytes, &head);
    memcpy(sayer->said.data, bytes, sizeof bytes);
    return FC_OK;
}

/* NULL data: there is none, or it is damaged. */
static enum fc_err unpack(struct fc_sayer *sayer, const struct fc_entry *entry,
                          struct fc_span frame, struct fc_span *plain)
{
    *plain = (struct fc_span){0};
    if (frame.len == 0)
        return FC_OK;
    fc_buf_clear(&sayer->plain);
    enum fc_err err = fc_content_unpack(sayer->codec, frame, (size_t)entry->size, &sayer->plain);
    if (err == FC_OK && sayer->plain.len > 0)
        *plain = fc_buf_span(&sayer->plain);
    return err == FC_E_NOMEM ? err : FC_OK;
}

enum fc_err fc_say_frame(struct fc_sayer *sayer, uint32_t generation, const struct fc_entry *entry,
                         struct fc_span frame)
{
    struct fc_span plain;
    enum fc_err err = unpack(sayer, entry, frame, &plain);
    return err == FC_OK ? fc_say(sayer, generation, entry, plain) : err;
}

/* Of what was said in one piece. */
static enum fc_err take_apart(struct fc_sayer *sayer)
{
    struct fc_buf *said = &sayer->said;
    struct fc_span items = fc_span(said->data + FC_SAID_HEAD, said->len - FC_SAID_HEAD), bytes;
    size_t len = FC_SAID_HEAD;
    uint8_t tag;
    while (fc_said_next(&items, &tag, &bytes)) {
        if (tag < FC_TIERS) {
            hand_on(sayer, (enum fc_document_tier)tag, -1, bytes);
            continue;
        }
        memmove(said->data + len, bytes.data - 2, bytes.len + 2);
        len += bytes.len + 2;
    }
    said->len = len;
    return fc_buf_check(&sayer->words);
}

enum fc_err fc_say_apart(struct fc_sayer *sayer, uint32_t generation, const struct fc_entry *entry,
                         struct fc_span frame)
{
    struct fc_span plain;
    enum fc_err err = unpack(sayer, entry, frame, &plain);
    if (err != FC_OK)
        return err;
    sayer->apart = true;
    err = fc_say(sayer, generation, entry, plain);
    sayer->apart = false;
    if (err != FC_OK || !are_too_many(sayer))
        return err;
    /* So many that some may be one too many: which, is known when they are said one by one. */
    err = fc_say(sayer, generation, entry, plain);
    return err == FC_OK ? take_apart(sayer) : err;
}
