#include <stdlib.h>
#include <string.h>

#include "store/index_heads.h"
#include "store/query_members.h"
#include "store/query_places.h"

struct fc_span fc_run_value(const struct fc_run *run, const struct fc_query_term *term)
{
    return fc_span(run->query->text + term->at, term->len);
}

void fc_run_form(struct fc_run *run, struct fc_span form, bool prefix)
{
    if (run->form_count == FC_WORDS_MAX || form.len == 0 || form.len > FC_WORD_BYTES_MAX)
        return;
    struct fc_form *made = &run->forms[run->form_count++];
    made->len = (uint8_t)form.len;
    made->prefix = prefix;
    run->firsts[form.data[0]] = true;
    memcpy(made->text, form.data, form.len);
}

static unsigned tiers_of(enum fc_query_field field)
{
    switch ((int)field) {
    case FC_QUERY_NAME:
        return 1u << FC_TIER_NAME;
    case FC_QUERY_KEYWORD:
        return 1u << FC_TIER_KEYWORD;
    case FC_QUERY_PROVIDER:
        return 1u << FC_TIER_PROVIDER;
    case FC_QUERY_DESCRIPTION:
        return 1u << FC_TIER_TEXT;
    default:
        return (1u << FC_TIERS) - 1;
    }
}

/* -- where items stand ------------------------------------------------------------------------- */

/* Adds documents whose rows wait that say an item, or one that begins so. */
static void pending_items(struct fc_run *run, uint8_t tag, struct fc_span item, bool prefix,
                          struct fc_docs *docs)
{
    for (uint32_t i = 0; i < run->pending_count; i++) {
        struct fc_span items = run->pending[i].said.items, bytes;
        uint8_t other;
        while (fc_said_next(&items, &other, &bytes)) {
            if (other != tag || (prefix ? !fc_span_begins(bytes, item) : !fc_span_eq(bytes, item)))
                continue;
            fc_docs_add(docs, run->pending[i].doc);
            break;
        }
    }
}

/* What one chunk has of an item; nothing when it has no row of it. */
static enum fc_err item_chunk(struct fc_run *run, uint8_t tag, uint32_t chunk, struct fc_span item,
                              struct fc_docs *docs)
{
    struct fc_index_key key = fc_index_key_item(tag, chunk, item);
    struct fc_span row;
    enum fc_err err = fc_run_get(run, &key, &row);
    if (err == FC_OK)
        err = fc_docs_unpack(docs, chunk, row);
    return err == FC_E_MISSING ? FC_OK : err;
}

enum fc_err fc_run_item(struct fc_run *run, uint8_t tag, struct fc_span item, struct fc_docs *docs)
{
    enum fc_err err = FC_OK;
    for (uint32_t chunk = 0; chunk < run->chunks && err == FC_OK; chunk++)
        err = item_chunk(run, tag, chunk, item, docs);
    pending_items(run, tag, item, false, docs);
    return err;
}

/* All rows of one chunk whose keys begin so. */
static enum fc_err prefix_chunk(struct fc_run *run, uint32_t chunk, struct fc_index_key from,
                                struct fc_docs *docs)
{
    struct fc_docs_bits bits;
    struct fc_span key, value;
    bool any = false;
    enum fc_err err = fc_kv_seek(run->cursor, fc_index_span(&from), &key, &value);
    while (err == FC_OK && fc_span_begins(key, fc_index_span(&from))) {
        if (!any)
            memset(&bits, 0, sizeof bits);
        any = true;
        err = fc_docs_bits_add(&bits, value);
        if (err == FC_OK)
            err = fc_kv_next(run->cursor, &key, &value);
    }
    if (err == FC_E_MISSING)
        err = FC_OK;
    return err == FC_OK && any ? fc_docs_take(docs, chunk, &bits) : err;
}

/* -- forms of a word --------------------------------------------------------------------------- */

struct forms {
    struct fc_form list[FC_TYPOS_MAX];
    struct fc_word_places places[FC_TYPOS_MAX]; /* of those that were looked up */
    bool looked_up[FC_TYPOS_MAX];
    uint32_t count;
    bool prefix;
};

static bool has_form(const struct fc_form *list, uint32_t count, struct fc_span text)
{
    for (uint32_t i = 0; i < count; i++)
        if (fc_span_eq(fc_span(list[i].text, list[i].len), text))
            return true;
    return false;
}

static void add_form(struct fc_run *run, struct forms *forms, struct fc_span text)
{
    if (has_form(forms->list, forms->count, text))
        return;
    if (forms->count == FC_TYPOS_MAX || text.len == 0 || text.len > FC_WORD_BYTES_MAX)
        return;
    struct fc_form *form = &forms->list[forms->count++];
    form->len = (uint8_t)text.len;
    memcpy(form->text, text.data, text.len);
    fc_run_form(run, text, forms->prefix);
}

static struct fc_span form_text(const struct forms *forms, uint32_t i)
{
    return fc_span(forms->list[i].text, forms->list[i].len);
}

/* Where a word stands: nowhere, but in rows that wait, perhaps. */
static enum fc_err look_up(struct fc_run *run, struct fc_span word, struct fc_word_places *places)
{
    struct fc_index_key key = fc_index_key_word(word);
    struct fc_span row;
    *places = (struct fc_word_places){0};
    enum fc_err err = fc_run_get(run, &key, &row);
    if (err == FC_OK)
        err = fc_word_places_parse(row, places);
    return err == FC_E_MISSING ? FC_OK : err;
}

/* "uebertragung" for "Übertragung", by those whose keyboard has no such key. Words in which two
 * vowels meet for other reasons are found as they are, and then this is not asked. */
static struct fc_span with_umlauts(struct fc_span word, char out[FC_WORD_BYTES_MAX])
{
    enum { SHORTEST = 4 };
    size_t len = 0;
    for (size_t i = 0; i < word.len && len < FC_WORD_BYTES_MAX; i++) {
        uint8_t c = word.data[i];
        out[len++] = (char)c;
        i += (c == 'a' || c == 'o' || c == 'u') && i + 1 < word.len && word.data[i + 1] == 'e';
    }
    return fc_span(out, len < word.len && len >= SHORTEST ? len : 0);
}

/* In the languages that there are documents in. Most agree on most stems: each is looked up once.
 */
static enum fc_err stem_forms(struct fc_run *run, struct forms *forms, struct fc_span word)
{
    enum fc_err err = FC_OK;
    struct fc_form tried[FC_STEM_LANGUAGES];
    uint32_t count = 0;
    for (int language = 0; language < FC_STEM_LANGUAGES && err == FC_OK; language++) {
        if (!(run->index->languages & 1u << language))
            continue;
        struct fc_span stem = fc_stem(run->index->sayer->stemmer, language, word);
        if (stem.len > sizeof tried[0].text || has_form(tried, count, stem) ||
            has_form(forms->list, forms->count, stem))
            continue;
        struct fc_form *form = &tried[count++];
        form->len = (uint8_t)stem.len;
        memcpy(form->text, stem.data, stem.len);
        struct fc_word_places places;
        err = look_up(run, fc_span(form->text, form->len), &places);
        if (err != FC_OK || (run->pending_count == 0 && places.rows == 0))
            continue;
        uint32_t place = forms->count;
        add_form(run, forms, fc_span(form->text, form->len));
        if (forms->count > place) {
            forms->places[place] = places;
            forms->looked_up[place] = true;
        }
    }
    return err;
}

/* Where no document has the word in any form, it may be one with umlauts. */
static enum fc_err word_forms(struct fc_run *run, struct forms *forms, struct fc_span word)
{
    char plain[FC_WORD_BYTES_MAX];
    uint32_t rows = 0;
    enum fc_err err = stem_forms(run, forms, word);
    for (uint32_t i = 0; i < forms->count && err == FC_OK; i++) {
        if (!forms->looked_up[i])
            err = look_up(run, form_text(forms, i), &forms->places[i]);
        forms->looked_up[i] = err == FC_OK;
        rows += forms->places[i].rows;
    }
    struct fc_span other = with_umlauts(word, plain);
    if (err != FC_OK || rows > 0 || other.len == 0)
        return err;
    add_form(run, forms, other);
    return stem_forms(run, forms, other);
}

/* Edits between two words (Levenshtein, with neighbours swapped as one), or more than `max`. */
static unsigned edits(struct fc_span a, struct fc_span b, unsigned max)
{
    uint8_t rows[3][FC_WORD_BYTES_MAX + 1];
    size_t apart = a.len > b.len ? a.len - b.len : b.len - a.len;
    if (apart > max)
        return max + 1;
    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = (uint8_t)j;
    for (size_t i = 1; i <= a.len; i++) {
        uint8_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two = rows[(i + 1) % 3];
        unsigned least = row[0] = (uint8_t)i;
        for (size_t j = 1; j <= b.len; j++) {
            unsigned cost = above[j - 1] + (a.data[i - 1] != b.data[j - 1]);
            cost = above[j] + 1u < cost ? above[j] + 1u : cost;
            cost = row[j - 1] + 1u < cost ? row[j - 1] + 1u : cost;
            if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1])
                cost = two[j - 2] + 1u < cost ? two[j - 2] + 1u : cost;
            row[j] = (uint8_t)cost;
            least = cost < least ? cost : least;
        }
        if (least > max)
            return max + 1;
    }
    return rows[a.len % 3][b.len];
}

static void pending_typos(struct fc_run *run, struct forms *forms, struct fc_span word,
                          unsigned max)
{
    for (uint32_t i = 0; i < run->pending_count; i++) {
        struct fc_span items = run->pending[i].said.items, bytes;
        uint8_t tag;
        while (fc_said_next(&items, &tag, &bytes))
            if (tag < FC_TIERS && bytes.len > 0 && bytes.len <= FC_WORD_BYTES_MAX &&
                bytes.data[0] == word.data[0] && edits(word, bytes, max) <= max)
                add_form(run, forms, bytes);
    }
}

/* Of names in certificates, which need not stand in any document. */
static enum fc_err member_typos(struct fc_run *run, struct forms *forms, struct fc_span word,
                                unsigned max)
{
    const struct fc_member_word *words;
    uint32_t count;
    enum fc_err err = fc_run_member_words(run, fc_span(word.data, 1), &words, &count);
    for (uint32_t i = 0; i < count; i++)
        if (edits(word, words[i].text, max) <= max)
            add_form(run, forms, words[i].text);
    return err;
}

/* Words of the dictionary that are close; the first letter is taken to be right. */
static enum fc_err typo_forms(struct fc_run *run, struct forms *forms, struct fc_span word)
{
    unsigned max = word.len >= 8 ? 2 : word.len >= 4 ? 1 : 0;
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span key, value;
    const uint8_t from[2] = {FC_INDEX_WORDS, word.data[0]};
    enum fc_err err = fc_kv_cursor_open(run->txn, FC_TABLE_INDEX, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, fc_span(from, sizeof from), &key, &value);
    while (err == FC_OK && fc_span_begins(key, fc_span(from, sizeof from))) {
        struct fc_span known = fc_span(key.data + 1, key.len - 1);
        if (known.len <= FC_WORD_BYTES_MAX && edits(word, known, max) <= max)
            add_form(run, forms, known);
        err = fc_kv_next(cursor, &key, &value);
    }
    fc_kv_cursor_close(cursor);
    pending_typos(run, forms, word, max);
    if (err == FC_E_MISSING)
        err = FC_OK;
    return err == FC_OK ? member_typos(run, forms, word, max) : err;
}

/* -- text -------------------------------------------------------------------------------------- */

static enum fc_err need_tier(struct fc_unit *unit, unsigned tier)
{
    if (!unit->tiers[tier])
        unit->tiers[tier] = fc_docs_create();
    return unit->tiers[tier] ? FC_OK : FC_E_NOMEM;
}

static enum fc_err need_tiers(struct fc_unit *unit, unsigned tiers)
{
    enum fc_err err = FC_OK;
    for (unsigned tier = 0; tier < FC_TIERS && err == FC_OK; tier++)
        if (tiers & 1u << tier)
            err = need_tier(unit, tier);
    return err;
}

/* In the order of the rows: forms of one word lie side by side. */
static enum fc_err merged_forms(struct fc_run *run, struct forms *forms, unsigned tiers,
                                struct fc_unit *unit)
{
    enum fc_err err = FC_OK;
    for (uint32_t i = 0; i < forms->count && err == FC_OK; i++)
        if (!forms->looked_up[i])
            err = look_up(run, form_text(forms, i), &forms->places[i]);
    for (uint32_t chunk = 0; chunk < run->chunks && err == FC_OK; chunk++)
        for (uint8_t tier = 0; tier < FC_TIERS && err == FC_OK; tier++)
            for (uint32_t i = 0; i < forms->count && err == FC_OK; i++)
                if (tiers & forms->places[i].tiers & 1u << tier &&
                    forms->places[i].chunks & fc_word_chunk(chunk)) {
                    err = need_tier(unit, tier);
                    if (err == FC_OK)
                        err = item_chunk(run, tier, chunk, form_text(forms, i), unit->tiers[tier]);
                }
    return err;
}

static enum fc_err all_forms(struct fc_run *run, struct forms *forms, unsigned tiers,
                             struct fc_unit *unit)
{
    enum fc_err err = merged_forms(run, forms, tiers, unit);
    if (err == FC_OK && run->pending_count > 0)
        err = need_tiers(unit, tiers);
    for (uint32_t i = 0; i < forms->count && err == FC_OK && run->pending_count > 0; i++)
        for (uint8_t tier = 0; tier < FC_TIERS; tier++)
            if (tiers & 1u << tier)
                pending_items(run, tier, form_text(forms, i), false, unit->tiers[tier]);
    return err;
}

/* Of a short one a chunk's heads are enough, where it has them. */
static enum fc_err prefix_form_chunk(struct fc_run *run, struct fc_span form, unsigned tiers,
                                     uint32_t chunk, struct fc_unit *unit)
{
    struct fc_index_key state = fc_heads_key(chunk);
    struct fc_span row;
    bool heads = false;
    enum fc_err err = FC_OK;
    if (form.len <= FC_HEAD_BYTES) {
        err = fc_run_get(run, &state, &row);
        heads = err == FC_OK && fc_heads_whole(row);
    }
    if (err == FC_E_MISSING)
        err = FC_OK;
    for (uint8_t tier = 0; tier < FC_TIERS && err == FC_OK; tier++)
        if (tiers & 1u << tier)
            err = prefix_chunk(run, chunk,
                               heads ? fc_heads_key_from(chunk, tier, form)
                                     : fc_index_key_item(tier, chunk, form),
                               unit->tiers[tier]);
    return err;
}

static enum fc_err prefix_form_docs(struct fc_run *run, struct fc_span form, unsigned tiers,
                                    struct fc_unit *unit)
{
    enum fc_err err = FC_OK;
    for (uint32_t chunk = 0; chunk < run->chunks && err == FC_OK; chunk++)
        err = prefix_form_chunk(run, form, tiers, chunk, unit);
    for (uint8_t tier = 0; tier < FC_TIERS && err == FC_OK; tier++)
        if (tiers & 1u << tier)
            pending_items(run, tier, form, true, unit->tiers[tier]);
    return err;
}

static enum fc_err forms_docs(struct fc_run *run, struct forms *forms, unsigned tiers,
                              struct fc_unit *unit)
{
    /* One there is always, so that a cursor finds as many words that rank as its page had. */
    enum fc_err err = need_tiers(unit, forms->prefix ? tiers : tiers & -tiers);
    if (err == FC_OK && !forms->prefix)
        return all_forms(run, forms, tiers, unit);
    for (uint32_t i = 0; i < forms->count && err == FC_OK; i++)
        err = prefix_form_docs(run, form_text(forms, i), tiers, unit);
    return err;
}

static enum fc_err union_of(const struct fc_unit *unit, struct fc_docs **docs)
{
    *docs = fc_docs_create();
    if (!*docs)
        return FC_E_NOMEM;
    for (unsigned tier = 0; tier < FC_TIERS; tier++)
        fc_docs_or(*docs, unit->tiers[tier]);
    return FC_OK;
}

static void finish_unit(struct fc_unit *unit)
{
    for (unsigned tier = 0; tier < FC_TIERS; tier++)
        fc_docs_destroy(unit->tiers[tier]);
    *unit = (struct fc_unit){0};
}

/* Those whose provider's own entry has such a word in its name. */
static enum fc_err entry_docs(struct fc_run *run, struct forms *forms, struct fc_unit *unit)
{
    struct fc_unit names = {0};
    bool any;
    enum fc_err err = fc_run_has_places(run, &any);
    if (err != FC_OK || !any)
        return err;
    if (!unit->tiers[FC_TIER_NAME])
        err = forms_docs(run, forms, 1u << FC_TIER_NAME, &names);
    const struct fc_docs *named =
        unit->tiers[FC_TIER_NAME] ? unit->tiers[FC_TIER_NAME] : names.tiers[FC_TIER_NAME];
    if (err == FC_OK && fc_docs_count(named) > 0)
        err = need_tier(unit, FC_TIER_PROVIDER);
    if (err == FC_OK && fc_docs_count(named) > 0)
        err = fc_run_places_named(run, named, unit->tiers[FC_TIER_PROVIDER]);
    finish_unit(&names);
    return err;
}

static enum fc_err add_members(struct fc_run *run, struct fc_span form, bool prefix,
                               struct fc_docs *members)
{
    const struct fc_member_word *words;
    uint32_t count;
    enum fc_err err = fc_run_member_words(run, form, &words, &count);
    for (uint32_t i = 0; i < count && (prefix || words[i].text.len == form.len); i++)
        fc_docs_add(members, words[i].participant);
    return err;
}

/* Participants that have such a word in the name of their certificate, by place in the ledger. The
 * forms are what documents have, so that a stem may not be among them. */
static enum fc_err named_members(struct fc_run *run, const struct forms *forms, bool inflected,
                                 struct fc_docs *members)
{
    enum fc_err err = FC_OK;
    for (uint32_t i = 0; i < forms->count && err == FC_OK; i++) {
        struct fc_span form = form_text(forms, i);
        err = add_members(run, form, forms->prefix, members);
        if (err == FC_OK && inflected)
            err =
                add_members(run, fc_stem(run->index->sayer->stemmer, fc_stem_language(NULL), form),
                            false, members);
    }
    return err;
}

/* Those that mean such a participant as their provider, or name none and were published by it. */
static enum fc_err member_docs(struct fc_run *run, const struct forms *forms, bool inflected,
                               struct fc_unit *unit)
{
    struct fc_docs *members = fc_docs_create();
    uint32_t list[64], from = 0;
    enum fc_err err = members ? named_members(run, forms, inflected, members) : FC_E_NOMEM;
    if (err == FC_OK && fc_docs_count(members) > 0)
        err = need_tier(unit, FC_TIER_PROVIDER);
    if (err == FC_OK && fc_docs_count(members) > 0)
        err = fc_run_places_certified(run, members, unit->tiers[FC_TIER_PROVIDER]);
    for (size_t count = 1; count > 0 && err == FC_OK;) {
        count = fc_docs_up(members, from, list, sizeof list / sizeof list[0]);
        for (size_t i = 0; i < count && err == FC_OK; i++)
            err = fc_run_member_docs(run, list[i], unit->tiers[FC_TIER_PROVIDER]);
        if (count > 0)
            from = list[count - 1] + 1;
    }
    fc_docs_destroy(members);
    return err;
}

/* Documents may have it as those write it who have no key for an umlaut. */
static enum fc_err written_out_forms(struct fc_run *run, struct forms *forms, struct fc_span word)
{
    char text[FC_WORD_BYTES_MAX];
    struct fc_span other = fc_span(text, fc_word_written_out(word, text));
    if (other.len == 0)
        return FC_OK;
    add_form(run, forms, other);
    return forms->prefix ? FC_OK : stem_forms(run, forms, other);
}

/* `typed` is the word as it stands in the query. */
static enum fc_err word_docs(struct fc_run *run, const struct fc_query_term *term,
                             const struct fc_word *word, struct fc_span typed, struct fc_unit *unit)
{
    struct forms forms = {.prefix = term->match == FC_QUERY_PREFIX};
    struct fc_span folded = fc_span(word->text, word->len);
    enum fc_err err = FC_OK;
    add_form(run, &forms, folded);
    if (term->match == FC_QUERY_WORD)
        err = word_forms(run, &forms, folded);
    else if (term->match == FC_QUERY_TYPO)
        err = typo_forms(run, &forms, folded);
    if (err == FC_OK && (forms.prefix || term->match == FC_QUERY_WORD))
        err = written_out_forms(run, &forms, typed);
    if (err == FC_OK)
        err = forms_docs(run, &forms, tiers_of(term->field), unit);
    bool provider = term->field == FC_QUERY_PROVIDER || term->field == FC_QUERY_ANY;
    if (err == FC_OK && provider)
        err = entry_docs(run, &forms, unit);
    return err == FC_OK && provider ? member_docs(run, &forms, term->match == FC_QUERY_WORD, unit)
                                    : err;
}

/* Words of one value must all be there; the last of a prefix is the one that is not whole. */
static enum fc_err text_docs(struct fc_run *run, const struct fc_query_term *term,
                             struct fc_unit *first, struct fc_docs **docs)
{
    struct fc_span value = fc_run_value(run, term);
    struct fc_word_reader reader = fc_word_reader(value);
    struct fc_word word, next;
    bool more = fc_word_next(&reader, &word);
    enum fc_err err = FC_OK;
    while (more && err == FC_OK) {
        struct fc_query_term each = *term;
        struct fc_unit unit = {0};
        struct fc_docs *having = NULL;
        more = fc_word_next(&reader, &next);
        if (term->match == FC_QUERY_PHRASE || (term->match == FC_QUERY_PREFIX && more))
            each.match = FC_QUERY_EXACT;
        err =
            word_docs(run, &each, &word, fc_span(value.data + word.at, word.end - word.at), &unit);
        if (err == FC_OK)
            err = union_of(&unit, &having);
        if (err == FC_OK && *docs)
            fc_docs_and(*docs, having);
        if (err == FC_OK && !*docs) {
            *docs = having;
            having = NULL;
            if (first) {
                *first = unit;
                unit = (struct fc_unit){0};
            }
        }
        fc_docs_destroy(having);
        finish_unit(&unit);
        word = next;
    }
    if (err == FC_OK && !*docs)
        *docs = fc_docs_create();
    return err == FC_OK && !*docs ? FC_E_NOMEM : err;
}

/* -- values ------------------------------------------------------------------------------------ */

static enum fc_err equal_provider(struct fc_run *run, struct fc_span value, struct fc_docs *docs)
{
    uint8_t item[FC_INDEX_EQUAL_BYTES];
    fc_index_equal_term(value, item);
    return fc_run_item(run, FC_TIER_PROVIDER, fc_span(item, sizeof item), docs);
}

static enum fc_err contested_docs(struct fc_run *run, struct fc_docs *docs)
{
    const uint8_t prefix[2] = {'L', FC_SET_CONTESTED};
    for (uint32_t i = 0; i < run->pending_count; i++)
        if (run->pending[i].contested)
            fc_docs_add(docs, run->pending[i].doc);
    return fc_index_docs_all(run->txn, fc_span(prefix, sizeof prefix), docs);
}

static enum fc_err facet_docs(struct fc_run *run, enum fc_facet facet, struct fc_span value,
                              struct fc_docs *docs)
{
    char kept[FC_INDEX_VALUE_BYTES];
    struct fc_span item = fc_span(kept, fc_index_facet_value(facet, value, kept));
    if (item.len == 0)
        return FC_OK;
    if (facet == FC_FACET_STATE && fc_span_eq(item, fc_span_str("contested")))
        return contested_docs(run, docs);
    for (uint32_t i = 0; facet == FC_FACET_STATE && i < run->pending_count; i++) {
        const char *name = fc_status_name(run->pending[i].said.status);
        if (name && fc_span_eq(item, fc_span_str(name)))
            fc_docs_add(docs, run->pending[i].doc);
    }
    return fc_run_item(run, (uint8_t)(FC_TAG_FACET + facet), item, docs);
}

/* Also those that are there because their provider is, or who published them. */
static enum fc_err country_docs(struct fc_run *run, struct fc_span value, struct fc_docs *docs)
{
    const struct fc_located *list;
    char kept[FC_INDEX_VALUE_BYTES];
    uint32_t count;
    size_t len = fc_index_facet_value(FC_FACET_COUNTRY, value, kept);
    enum fc_err err = facet_docs(run, FC_FACET_COUNTRY, value, docs);
    if (err == FC_OK)
        err = fc_run_located(run, &list, &count);
    for (uint32_t i = 0; err == FC_OK && i < count; i++)
        if (fc_span_eq(fc_span_str(list[i].country), fc_span(kept, len)))
            fc_docs_or(docs, list[i].docs);
    return err;
}

static enum fc_err range_docs(struct fc_run *run, enum fc_column column,
                              const struct fc_query_term *term, struct fc_docs *docs)
{
    int64_t low = (int64_t)term->low + FC_DAY_ZERO, high = (int64_t)term->high + FC_DAY_ZERO;
    struct fc_kv_cursor *cursor = NULL;
    struct fc_index_key from = fc_index_key_column(column, 0);
    struct fc_span key, value;
    enum fc_err err = fc_kv_cursor_open(run->txn, FC_TABLE_INDEX, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, fc_index_span(&from), &key, &value);
    while (err == FC_OK && key.len == 6 && memcmp(key.data, from.b, 2) == 0) {
        uint32_t base = fc_get_be32(key.data + 2) * FC_COLUMN_PAGE;
        for (uint32_t i = 0; i < value.len / 4; i++) {
            uint32_t day = fc_get_be32(value.data + 4 * i);
            if (day > 0 && day >= low && day <= high)
                fc_docs_add(docs, base + i);
        }
        err = fc_kv_next(cursor, &key, &value);
    }
    fc_kv_cursor_close(cursor);
    for (uint32_t i = 0; i < run->pending_count; i++) {
        const struct fc_said *said = &run->pending[i].said;
        uint32_t day = column == FC_COLUMN_FROM ? said->from : said->until;
        if (day > 0 && day >= low && day <= high)
            fc_docs_add(docs, run->pending[i].doc);
    }
    return err == FC_E_MISSING ? FC_OK : err;
}

/* -- generations ------------------------------------------------------------------------------- */

struct members {
    struct fc_run *run;
    const struct fc_query_term *term;
    struct fc_docs *docs;
};

static bool words_in(struct fc_span words, struct fc_span text)
{
    struct fc_word_reader wanted = fc_word_reader(words);
    struct fc_word word, other;
    while (fc_word_next(&wanted, &word)) {
        struct fc_word_reader reader = fc_word_reader(text);
        bool found = false;
        while (!found && fc_word_next(&reader, &other))
            found = other.len == word.len && memcmp(other.text, word.text, word.len) == 0;
        if (!found)
            return false;
    }
    return true;
}

static bool is_meant(const struct members *members, const struct fc_hash *participant)
{
    struct fc_span value = fc_run_value(members->run, members->term);
    struct fc_participant who;
    char id[65];
    fc_hex(participant->b, sizeof participant->b, id);
    if (members->term->match == FC_QUERY_EQUAL)
        return value.len >= 8 && value.len <= 64 &&
               strncasecmp((const char *)value.data, id, value.len) == 0;
    return fc_ledger_participant(members->run->replica->ledger, participant, &who) == FC_OK &&
           words_in(value, who.certificate->certificate.name);
}

enum fc_err fc_run_generation(struct fc_run *run, uint32_t generation, struct fc_docs *docs)
{
    struct fc_index_key prefix = fc_index_key_doc('G', generation);
    for (uint32_t i = 0; i < run->pending_count; i++)
        if (run->pending[i].said.generation == generation)
            fc_docs_add(docs, run->pending[i].doc);
    return fc_index_docs_all(run->txn, fc_index_span(&prefix), docs);
}

static enum fc_err each_feed(void *ctx, const struct fc_replica_row *row)
{
    struct members *members = ctx;
    struct fc_run *run = members->run;
    if (members->term->field == FC_QUERY_PARTICIPANT)
        return is_meant(members, &row->feed.participant)
                   ? fc_run_generation(run, row->feed.generation, members->docs)
                   : FC_OK;
    struct fc_hash key_hash = fc_key_hash(fc_run_value(run, members->term));
    uint32_t doc;
    enum fc_err err = fc_index_doc_find(run->txn, row->feed.generation, &key_hash, &doc);
    if (err == FC_OK)
        fc_docs_add(members->docs, doc);
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err value_docs(struct fc_run *run, const struct fc_query_term *term,
                              struct fc_docs *docs)
{
    struct members members = {run, term, docs};
    struct fc_span value = fc_run_value(run, term);
    switch (term->field) {
    case FC_QUERY_PROVIDER:
        return equal_provider(run, value, docs);
    case FC_QUERY_VALID_FROM:
        return range_docs(run, FC_COLUMN_FROM, term, docs);
    case FC_QUERY_VALID_UNTIL:
        return range_docs(run, FC_COLUMN_UNTIL, term, docs);
    case FC_QUERY_PARTICIPANT:
    case FC_QUERY_KEY:
        return fc_replica_rows_each(run->replica, each_feed, &members);
    case FC_QUERY_KIND:
        return facet_docs(run, FC_FACET_KIND, value, docs);
    case FC_QUERY_COUNTRY:
        return country_docs(run, value, docs);
    case FC_QUERY_THEME:
        return facet_docs(run, FC_FACET_THEME, value, docs);
    case FC_QUERY_LANGUAGE:
        return facet_docs(run, FC_FACET_LANGUAGE, value, docs);
    case FC_QUERY_LABEL:
        return facet_docs(run, FC_FACET_LABEL, value, docs);
    case FC_QUERY_STATE:
        return facet_docs(run, FC_FACET_STATE, value, docs);
    case FC_QUERY_ANY:
    case FC_QUERY_NAME:
    case FC_QUERY_KEYWORD:
    case FC_QUERY_DESCRIPTION:
        break;
    }
    return FC_E_ARG;
}

enum fc_err fc_run_term(struct fc_run *run, const struct fc_query_term *term, struct fc_unit *unit,
                        struct fc_docs **docs)
{
    enum fc_err err;
    *docs = NULL;
    if (fc_query_is_text(term->field) && term->match != FC_QUERY_EQUAL) {
        err = text_docs(run, term, unit, docs);
    } else {
        *docs = fc_docs_create();
        err = *docs ? value_docs(run, term, *docs) : FC_E_NOMEM;
    }
    if (err != FC_OK) {
        fc_docs_destroy(*docs);
        *docs = NULL;
    }
    return err;
}
