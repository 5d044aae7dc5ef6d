#include <stdlib.h>
#include <string.h>

#include "store/document_rules.h"
#include "store/query_members.h"
#include "store/query_places.h"

/* -- words that match -------------------------------------------------------------------------- */

static bool is_form(const struct fc_run *run, const char *text, size_t len)
{
    for (uint32_t i = 0; i < run->form_count; i++) {
        const struct fc_form *form = &run->forms[i];
        if (form->prefix ? len >= form->len : len == form->len)
            if (memcmp(text, form->text, form->len) == 0)
                return true;
    }
    return false;
}

/* A word as it stands matches by itself or by its stem. */
static bool matches(const struct fc_run *run, int language, const struct fc_word *word)
{
    if (fc_stem_keeps_first(language) && !run->firsts[(uint8_t)word->text[0]])
        return false;
    if (is_form(run, word->text, word->len))
        return true;
    struct fc_span stem =
        fc_stem(run->index->sayer->stemmer, language, fc_span(word->text, word->len));
    return is_form(run, (const char *)stem.data, stem.len);
}

enum class { CLASS_BREAK, CLASS_WORD, CLASS_OTHER };

/* Of a byte of text: what words of ASCII are made of, what parts them, or more than ASCII. */
static enum class class_of(uint8_t c) {
    static const uint8_t classes[256] = {['0' ... '9'] = CLASS_WORD,
                                         ['A' ... 'Z'] = CLASS_WORD,
                                         ['a' ... 'z'] = CLASS_WORD,
                                         [0x80 ... 0xff] = CLASS_OTHER};
    return (enum class)classes[c];
}

/* Passes over words that cannot match for their first letter; of ASCII alone, which need no
 * folding. */
static void pass_over(const struct fc_run *run, int language, struct fc_word_reader *reader)
{
    const uint8_t *text = reader->text.data;
    size_t pos = reader->pos, len = reader->text.len;
    if (!fc_stem_keeps_first(language))
        return;
    while (pos < len && class_of(text[pos]) != CLASS_OTHER) {
        size_t start = pos;
        enum class class = class_of(text[pos]);
        uint8_t first = text[pos] >= 'A' ? text[pos] | 0x20 : text[pos];
        if (class == CLASS_WORD && run->firsts[first])
            break;
        while (pos < len && class_of(text[pos]) == class)
            pos++;
        if (class == CLASS_WORD && pos < len && class_of(text[pos]) == CLASS_OTHER) {
            pos = start; /* it goes on, perhaps */
            break;
        }
    }
    reader->pos = pos;
}

/* The next word that matches. */
static bool next_match(const struct fc_run *run, int language, struct fc_word_reader *reader,
                       struct fc_word *word)
{
    for (;;) {
        pass_over(run, language, reader);
        if (!fc_word_next(reader, word))
            return false;
        if (matches(run, language, word))
            return true;
    }
}

/* -- a text with its marks --------------------------------------------------------------------- */

/* What turns the direction of text around, also of what stands behind it: U+202A to U+202E and
 * U+2066 to U+2069 (Unicode Standard Annex 9). */
static bool turns(struct fc_span text, size_t at)
{
    const uint8_t *c = text.data + at;
    if (text.len - at < 3 || c[0] != 0xe2)
        return false;
    return (c[1] == 0x80 && c[2] >= 0xaa && c[2] <= 0xae) ||
           (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9);
}

/* One line without controls, of at most `max` bytes, cut between characters. */
static struct fc_span one_line(struct fc_run *run, struct fc_span text, size_t max)
{
    uint8_t *out = fc_run_take(run, (text.len < max ? text.len : max) + 1);
    size_t len = 0;
    bool gap = false;
    for (size_t i = 0; out && i < text.len;) {
        uint8_t byte = text.data[i];
        size_t size = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
        bool control = byte <= ' ' || byte == 0x7f ||
                       (byte == 0xc2 && i + 1 < text.len && text.data[i + 1] < 0xa0);
        if (size > text.len - i)
            break;
        if (control) {
            gap = len > 0;
        } else if (!turns(text, i)) {
            if (len + gap + size > max)
                break;
            if (gap)
                out[len++] = ' ';
            memcpy(out + len, text.data + i, size);
            len += size;
            gap = false;
        }
        i += size;
    }
    return fc_span(out, out ? len : 0);
}

static void mark(struct fc_run *run, int language, struct fc_query_text *out)
{
    struct fc_word_reader reader = fc_word_reader(out->text);
    struct fc_word word;
    while (out->mark_count < FC_QUERY_MARKS_MAX && next_match(run, language, &reader, &word))
        out->marks[out->mark_count++] =
            (struct fc_query_mark){(uint16_t)word.at, (uint16_t)(word.end - word.at)};
}

/* Where a piece of about FC_QUERY_SNIPPET_BYTES begins that has the most matches. */
struct piece {
    size_t at;
    uint32_t hits;
};

static struct piece best_piece(struct fc_run *run, int language, struct fc_span text)
{
    struct fc_word_reader reader = fc_word_reader(text);
    struct fc_word word;
    size_t places[64];
    uint32_t count = 0;
    struct piece best = {0};
    while (count < 64 && next_match(run, language, &reader, &word))
        places[count++] = word.at;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t hits = 0;
        while (i + hits < count && places[i + hits] < places[i] + FC_QUERY_SNIPPET_BYTES)
            hits++;
        if (hits > best.hits)
            best = (struct piece){places[i], hits};
    }
    return best;
}

/* Some words before the place, from the beginning of one. */
static size_t before(struct fc_span text, size_t at)
{
    size_t start = at > FC_QUERY_SNIPPET_BYTES / 4 ? at - FC_QUERY_SNIPPET_BYTES / 4 : 0;
    while (start > 0 && start < at && text.data[start - 1] != ' ')
        start++;
    while (start < at && (text.data[start] & 0xc0) == 0x80)
        start++;
    return start;
}

static bool is_described(const struct fc_card *card)
{
    for (uint32_t i = 0; i < card->text_count; i++)
        if (card->texts[i].tier == FC_TIER_TEXT)
            return true;
    return false;
}

/* The text to show, and the best place in it; NULL: there is none. A description goes before
 * another text that matches as often, and is shown if nothing matches. Who provides is shown beside
 * it, and is no description. */
static const struct fc_card_text *best_text(struct fc_run *run, const struct fc_card *card,
                                            struct piece *place)
{
    const struct fc_card_text *best = NULL;
    bool has_description = is_described(card);
    for (uint32_t i = 0; i < card->text_count; i++) {
        const struct fc_card_text *text = &card->texts[i];
        bool described = text->tier == FC_TIER_TEXT;
        if (has_description && text->tier == FC_TIER_PROVIDER)
            continue;
        struct piece piece = best_piece(run, text->language, text->text);
        if (!described && piece.hits == 0)
            continue;
        if (best && (piece.hits < place->hits ||
                     (piece.hits == place->hits && (best->tier == FC_TIER_TEXT || !described))))
            continue;
        best = text;
        *place = piece;
    }
    return best;
}

static struct fc_span keep_line(struct fc_run *run, struct fc_span text)
{
    return text.data ? one_line(run, text, FC_QUERY_SNIPPET_BYTES) : (struct fc_span){0};
}

static void describe(struct fc_run *run, const struct fc_card *card, struct fc_query_hit *hit)
{
    struct piece piece = {0};
    const struct fc_card_text *text = best_text(run, card, &piece);
    hit->name.text = keep_line(run, card->name);
    mark(run, card->language, &hit->name);
    if (text) {
        size_t start = before(text->text, piece.at), rest = text->text.len - start;
        if (rest > (size_t)2 * FC_QUERY_SNIPPET_BYTES)
            rest = (size_t)2 * FC_QUERY_SNIPPET_BYTES;
        hit->snippet.text = keep_line(run, fc_span(text->text.data + start, rest));
        mark(run, text->language, &hit->snippet);
    }
    hit->kind = keep_line(run, card->kind);
    hit->provider = keep_line(run, card->provider_name.data ? card->provider_name : card->provider);
    hit->country = keep_line(run, card->country);
    hit->provider_from = hit->provider.len > 0 ? FC_SAID_DOCUMENT : FC_SAID_NOWHERE;
    hit->country_from = hit->country.len > 0 ? FC_SAID_DOCUMENT : FC_SAID_NOWHERE;
}

/* -- reading from the store -------------------------------------------------------------------- */

/* The row is borrowed from the store, in which nothing is written meanwhile. */
static enum fc_err read_entry(struct fc_run *run, const struct fc_index_doc *place,
                              struct fc_entry *entry)
{
    struct fc_entry_key key = fc_entry_key(place->generation, &place->key_hash);
    struct fc_span row;
    enum fc_err err = fc_kv_get(run->txn, FC_TABLE_ENTRY, fc_span(key.b, sizeof key.b), &row);
    return err == FC_OK ? fc_entry_parse(&place->key_hash, row, entry) : err;
}

static enum fc_err read_content(struct fc_run *run, const struct fc_index_doc *place,
                                const struct fc_entry *entry, struct fc_buf *plain)
{
    struct fc_entry_key key = fc_entry_key(place->generation, &place->key_hash);
    struct fc_codec *codec;
    struct fc_span frame;
    fc_buf_clear(plain);
    enum fc_err err = fc_replica_codec(run->replica, &codec);
    if (err != FC_OK || entry->state != FC_CONTENT_PRESENT)
        return err;
    err = fc_kv_get(run->txn, FC_TABLE_CONTENT, fc_span(key.b, sizeof key.b), &frame);
    if (err == FC_OK)
        err = fc_content_unpack(codec, frame, (size_t)entry->size, plain);
    if (err == FC_E_NOMEM)
        return err;
    if (err != FC_OK) /* a content that is damaged: fc_replica_verify reports it */
        fc_buf_clear(plain);
    return FC_OK;
}

enum fc_err fc_run_content(struct fc_run *run, uint32_t doc, struct fc_buf *plain)
{
    struct fc_index_doc place;
    struct fc_entry entry;
    enum fc_err err = fc_run_doc(run, doc, &place);
    if (err == FC_OK)
        err = read_entry(run, &place, &entry);
    if (err == FC_OK)
        err = read_content(run, &place, &entry, plain);
    return err == FC_E_MISSING ? FC_E_CORRUPT : err;
}

/* -- what others say of it --------------------------------------------------------------------- */

/* The provider's name by its own entry, where the document has an identifier alone. */
static enum fc_err name_provider(struct fc_run *run, uint32_t generation, struct fc_span provider,
                                 struct fc_query_hit *hit)
{
    const struct fc_place *place;
    struct fc_span name = {0};
    enum fc_err err = fc_run_place(run, provider, generation, &place);
    if (err == FC_OK && place)
        err = fc_run_place_name(run, place, &name);
    if (err == FC_OK && name.len > 0) {
        hit->provider = name;
        hit->provider_from = FC_SAID_PROVIDER;
    }
    return err;
}

struct page { /* hits of one feed often follow one another: what it is, is read once */
    struct fc_buf plain;
    uint32_t generation;
    bool known;
    struct fc_index_generation of;
    struct fc_feed feed;
    struct fc_participant who;
    bool is_member;
};

static enum fc_err find_country(struct fc_run *run, const struct page *page,
                                struct fc_span provider, struct fc_query_hit *hit)
{
    enum fc_err err = fc_run_place_country(run, provider, page->generation, &hit->country);
    hit->country_from = hit->country.len > 0 ? FC_SAID_PROVIDER : FC_SAID_NOWHERE;
    if (err != FC_OK || hit->country.len > 0 || !page->is_member)
        return err;
    hit->country = keep_line(run, page->who.certificate->certificate.country);
    hit->country_from = hit->country.len > 0 ? FC_SAID_MEMBER : FC_SAID_NOWHERE;
    return run->err;
}

/* Of an offer that names nobody, who published it. */
static enum fc_err find_provider(struct fc_run *run, const struct page *page,
                                 struct fc_span provider, struct fc_query_hit *hit)
{
    if (provider.len > 0)
        return name_provider(run, page->generation, provider, hit);
    if (!page->is_member || !fc_document_is_offer(hit->kind))
        return FC_OK;
    hit->provider = keep_line(run, page->who.certificate->certificate.name);
    hit->provider_from = hit->provider.len > 0 ? FC_SAID_MEMBER : FC_SAID_NOWHERE;
    return run->err;
}

static enum fc_err know_feed(struct fc_run *run, struct page *page, uint32_t generation)
{
    if (page->known && page->generation == generation)
        return FC_OK;
    enum fc_err err = fc_index_generation_get(run->txn, generation, &page->of);
    if (err == FC_OK)
        err = fc_replica_feed(run->replica, &page->of.participant, &page->feed);
    page->is_member =
        err == FC_OK &&
        fc_ledger_participant(run->replica->ledger, &page->of.participant, &page->who) == FC_OK;
    page->generation = generation;
    page->known = err == FC_OK;
    return err;
}

/* What the document says, borrowed until the next one is asked for; NULL: it is not here. */
static enum fc_err card_of(struct fc_run *run, const struct fc_index_doc *place,
                           const struct fc_entry *entry, struct fc_buf *plain,
                           const struct fc_card **card)
{
    struct fc_index *index = run->index;
    *card = NULL;
    if (entry->state != FC_CONTENT_PRESENT)
        return FC_OK;
    if (!index->cards)
        index->cards = fc_cards_create();
    if (!index->cards)
        return FC_E_NOMEM;
    *card = fc_cards_find(index->cards, &entry->commitment);
    enum fc_err err = *card ? FC_OK : read_content(run, place, entry, plain);
    if (err == FC_OK && !*card && plain->len > 0)
        err = fc_cards_read(index->cards, &entry->commitment, fc_buf_span(plain), card);
    return err == FC_E_MISSING ? FC_E_CORRUPT : err;
}

enum fc_err fc_run_name(struct fc_run *run, uint32_t doc, struct fc_span *name)
{
    struct fc_index_doc place;
    struct fc_entry entry;
    struct fc_buf plain = {0};
    const struct fc_card *card = NULL;
    *name = (struct fc_span){0};
    enum fc_err err = fc_run_doc(run, doc, &place);
    if (err == FC_OK)
        err = read_entry(run, &place, &entry);
    if (err == FC_OK)
        err = card_of(run, &place, &entry, &plain, &card);
    if (err == FC_OK && card)
        *name = keep_line(run, card->name);
    fc_buf_finish(&plain);
    return err == FC_E_MISSING ? FC_E_CORRUPT : err;
}

/* What the document says, if its content is here and can be read, and what follows from it. */
static enum fc_err tell(struct fc_run *run, const struct fc_index_doc *place,
                        const struct fc_entry *entry, struct page *page, struct fc_query_hit *hit)
{
    const struct fc_card *card;
    enum fc_err err = card_of(run, place, entry, &page->plain, &card);
    if (err != FC_OK || !card)
        return err;
    describe(run, card, hit);
    bool named = card->provider_name.data != NULL;
    struct fc_span provider =
        card->provider.data ? fc_run_keep(run, card->provider) : (struct fc_span){0};
    if (!named)
        err = find_provider(run, page, provider, hit);
    if (err == FC_OK && hit->country.len == 0 && hit->kind.len > 0)
        err = find_country(run, page, provider, hit);
    return err == FC_OK ? run->err : err;
}

static enum fc_err fill_hit(struct fc_run *run, const struct fc_ranked *ranked, struct fc_span row,
                            struct fc_query_hit *hit, struct page *page)
{
    struct fc_index_doc place;
    struct fc_entry entry;
    enum fc_err err = fc_index_doc_parse(row, ranked->doc, &place);
    if (err == FC_OK)
        err = know_feed(run, page, place.generation);
    if (err == FC_OK)
        err = read_entry(run, &place, &entry);
    if (err != FC_OK)
        return err == FC_E_MISSING ? FC_E_CORRUPT : err;
    *hit = (struct fc_query_hit){.participant = page->of.participant,
                                 .key_hash = place.key_hash,
                                 .key = fc_run_keep(run, entry.key),
                                 .version = entry.version,
                                 .status = entry.status,
                                 .content = entry.state,
                                 .contested = page->of.contested,
                                 .time_ms = page->feed.time_ms,
                                 .accepted_ms = page->feed.accepted_ms,
                                 .score = ranked->score};
    if (page->is_member)
        hit->member = fc_run_keep(run, page->who.certificate->certificate.name);
    if (run->result->as_of_ms == 0 || hit->time_ms < run->result->as_of_ms)
        run->result->as_of_ms = hit->time_ms;
    return run->query->snippets ? tell(run, &place, &entry, page, hit) : FC_OK;
}

/* Documents stand far apart: all are on their way before the first is waited for. */
static enum fc_err find_rows(struct fc_run *run, const struct fc_ranked *ranked, uint32_t count,
                             struct fc_span *rows)
{
    enum fc_err err = FC_OK;
    for (uint32_t i = 0; i < count && err == FC_OK; i++) {
        err = fc_run_row(run, ranked[i].doc, &rows[i]);
        if (err == FC_OK)
            fc_index_doc_prefetch(rows[i], ranked[i].doc);
    }
    return err == FC_E_MISSING ? FC_E_CORRUPT : err;
}

enum fc_err fc_run_hits(struct fc_run *run, const struct fc_ranked *ranked, uint32_t count)
{
    struct page page = {0};
    if (count == 0)
        return FC_OK;
    struct fc_query_hit *hits = fc_run_take(run, count * sizeof *hits);
    struct fc_span *rows = fc_run_take(run, count * sizeof *rows);
    if (!hits || !rows)
        return FC_E_NOMEM;
    enum fc_err err = find_rows(run, ranked, count, rows);
    for (uint32_t i = 0; i < count && err == FC_OK; i++)
        err = fill_hit(run, &ranked[i], rows[i], &hits[i], &page);
    run->result->hits = hits;
    run->result->hit_count = count;
    fc_buf_finish(&page.plain);
    return err;
}

/* -- phrases ----------------------------------------------------------------------------------- */

struct looking {
    struct fc_span phrase;
    enum fc_query_field field;
    bool found;
};

static bool field_has(enum fc_query_field field, enum fc_document_tier tier)
{
    static const enum fc_query_field fields[FC_TIERS] = {FC_QUERY_NAME, FC_QUERY_KEYWORD,
                                                         FC_QUERY_PROVIDER, FC_QUERY_DESCRIPTION};
    return field == FC_QUERY_ANY || field == fields[tier];
}

/* Whether the words follow one another from where `text` stands. */
static bool follows(struct fc_word_reader text, struct fc_span phrase)
{
    struct fc_word_reader wanted = fc_word_reader(phrase);
    struct fc_word word, other;
    while (fc_word_next(&wanted, &word))
        if (!fc_word_next(&text, &other) || other.len != word.len ||
            memcmp(other.text, word.text, word.len) != 0)
            return false;
    return true;
}

static void look_for(void *ctx, const struct fc_document_text *text)
{
    struct looking *looking = ctx;
    struct fc_word_reader reader = fc_word_reader(text->text);
    struct fc_word word;
    if (looking->found || !field_has(looking->field, text->tier))
        return;
    do
        looking->found = follows(reader, looking->phrase);
    while (!looking->found && fc_word_next(&reader, &word));
}

/* A name that stands in the provider's own entry or in a certificate is looked in as though the
 * document had it. */
static enum fc_err look_in_provider(struct fc_run *run, uint32_t doc,
                                    const struct fc_document *document, struct looking *looking)
{
    struct fc_document_text text = {.tier = FC_TIER_PROVIDER};
    const struct fc_place *place = NULL;
    struct fc_index_doc row;
    bool nobody = !document->provider && !document->provider_name &&
                  fc_document_is_offer(fc_span_str(document->kind));
    if (looking->found || (!document->provider && !nobody) ||
        !field_has(looking->field, FC_TIER_PROVIDER))
        return FC_OK;
    enum fc_err err = fc_run_doc(run, doc, &row);
    if (err == FC_OK && nobody)
        err = fc_run_member_name(run, row.generation, &text.text);
    else if (err == FC_OK)
        err = fc_run_place(run, fc_span_str(document->provider), row.generation, &place);
    if (err == FC_OK && place)
        err = fc_run_place_name(run, place, &text.text);
    if (err == FC_OK)
        look_for(looking, &text);
    return err == FC_E_MISSING ? FC_E_CORRUPT : err;
}

static enum fc_err check_phrases(struct fc_run *run, uint32_t doc, struct fc_buf *plain,
                                 bool *stays)
{
    struct fc_document document;
    enum fc_err err = fc_run_content(run, doc, plain);
    *stays = true;
    for (uint32_t i = 0; i < run->phrase_count && err == FC_OK && *stays; i++) {
        const struct fc_query_term *term = &run->query->terms[run->phrases[i].term];
        struct looking looking = {.phrase = fc_run_value(run, term), .field = term->field};
        if (plain->len > 0) {
            err = fc_document_index(fc_buf_span(plain), &document, look_for, &looking);
            if (err == FC_OK) {
                err = look_in_provider(run, doc, &document, &looking);
                fc_document_finish(&document);
            }
            if (err != FC_E_NOMEM)
                err = FC_OK;
        }
        *stays = looking.found != run->phrases[i].negated;
    }
    return err;
}

static enum fc_err keep_phrases(struct fc_run *run, struct fc_docs *docs, bool *all)
{
    struct fc_buf plain = {0};
    uint32_t list[FC_PHRASE_DOCS_MAX];
    enum fc_err err = FC_OK;
    *all = fc_docs_count(docs) <= FC_PHRASE_DOCS_MAX;
    if (!*all)
        return FC_OK;
    size_t read = fc_docs_up(docs, 0, list, FC_PHRASE_DOCS_MAX);
    for (size_t i = 0; i < read && err == FC_OK; i++) {
        bool stays = true;
        err = check_phrases(run, list[i], &plain, &stays);
        if (err == FC_OK && !stays)
            fc_docs_remove(docs, list[i]);
    }
    fc_buf_finish(&plain);
    return err;
}

enum fc_err fc_run_phrases(struct fc_run *run)
{
    bool all = false;
    enum fc_err err = run->open ? keep_phrases(run, run->open, &all) : FC_OK;
    if (err == FC_OK && all) {
        fc_docs_and(run->found, run->open);
        return FC_OK;
    }
    if (err == FC_OK)
        err = keep_phrases(run, run->found, &all);
    run->result->at_most = err == FC_OK && !all;
    return err;
}
