#include "store/index_lexicon.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "store/docs.h"
#include "store/wide.h"

enum {
    SLOTS_FIRST = 16 * 1024,
    WAITING_MAX = 16,
    GRAIN = 4,               /* words begin at multiples of so many bytes */
    BLOCK_BYTES = 64 * 1024, /* of stems that are no beginnings of their words */
};

struct slot {
    uint32_t hash, place; /* of a word, in grains + 1; 0: free */
};

struct word {
    uint32_t number;
    uint32_t stamp; /* of the document that has it */
    int8_t language;
    uint8_t tier, len;
    char text[]; /* up to the next grain */
};
enum { WORD_HEAD = offsetof(struct word, text) };

struct waiting { /* a word that memory is being fetched for */
    uint32_t hash;
    int8_t language;
    uint8_t tier, len;
    char text[FC_WORD_BYTES_MAX + 4]; /* followed by zeros, up to a multiple of eight */
};
_Static_assert(sizeof(((struct waiting *)0)->text) % 8 == 0, "read eight bytes at a time");
_Static_assert(FC_WORD_BYTES_MAX <= UINT8_MAX, "a word holds its length");

struct block {
    struct block *next;
    size_t used;
    uint8_t bytes[BLOCK_BYTES];
};

struct said {     /* of one document */
    uint32_t end; /* of its words, in `items` */
    uint16_t low;
};

struct term { /* a word or stem, of one word of the table */
    uint64_t head;
    const uint8_t *text;
    uint32_t number; /* of the word */
    uint8_t len;
};

struct row { /* terms that are equal */
    uint32_t first, count;
};

struct fc_lexicon {
    struct slot *slots;
    uint32_t slot_count, words;
    struct fc_buf spelt; /* struct word, one after another */
    struct waiting waiting[WAITING_MAX];
    uint32_t waiting_count;
    uint32_t *items; /* words, document by document */
    uint32_t item_count, item_cap;
    struct fc_buf said; /* struct said */
    uint32_t stamp;
    struct block *blocks;
    /* once closed */
    uint32_t *starts; /* of a word's documents, in `list` */
    uint16_t *list;
    struct term *terms;
    struct row *rows;
    uint32_t tiers[FC_TIERS + 1]; /* the first row of each */
    uint16_t merged[2][FC_DOCS_CHUNK];
};

/* -- memory ------------------------------------------------------------------------------------ */

static enum fc_err make_slots(struct fc_lexicon *lexicon, uint32_t count)
{
    struct slot *slots = fc_wide_alloc(count * sizeof *slots);
    if (!slots)
        return FC_E_NOMEM;
    memset(slots, 0, count * sizeof *slots);
    lexicon->slots = slots;
    lexicon->slot_count = count;
    return FC_OK;
}

static enum fc_err grow(struct fc_lexicon *lexicon)
{
    struct slot *old = lexicon->slots;
    uint32_t count = lexicon->slot_count;
    enum fc_err err = make_slots(lexicon, 2 * count);
    if (err != FC_OK)
        return err;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = old[i].hash & (lexicon->slot_count - 1);
        if (old[i].place == 0)
            continue;
        while (lexicon->slots[at].place)
            at = (at + 1) & (lexicon->slot_count - 1);
        lexicon->slots[at] = old[i];
    }
    free(old);
    return FC_OK;
}

struct fc_lexicon *fc_lexicon_create(void)
{
    struct fc_lexicon *lexicon = calloc(1, sizeof *lexicon);
    if (lexicon && make_slots(lexicon, SLOTS_FIRST) == FC_OK)
        return lexicon;
    free(lexicon);
    return NULL;
}

static void open_again(struct fc_lexicon *lexicon)
{
    free(lexicon->starts);
    free(lexicon->list);
    free(lexicon->terms);
    free(lexicon->rows);
    lexicon->starts = NULL;
    lexicon->list = NULL;
    lexicon->terms = NULL;
    lexicon->rows = NULL;
    for (struct block *block = lexicon->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    lexicon->blocks = NULL;
}

void fc_lexicon_forget(struct fc_lexicon *lexicon)
{
    open_again(lexicon);
    memset(lexicon->slots, 0, lexicon->slot_count * sizeof *lexicon->slots);
    fc_buf_clear(&lexicon->spelt);
    lexicon->words = lexicon->waiting_count = lexicon->item_count = 0;
    lexicon->stamp = 0;
    fc_buf_clear(&lexicon->said);
}

void fc_lexicon_destroy(struct fc_lexicon *lexicon)
{
    if (!lexicon)
        return;
    open_again(lexicon);
    free(lexicon->slots);
    fc_buf_finish(&lexicon->spelt);
    free(lexicon->items);
    fc_buf_finish(&lexicon->said);
    free(lexicon);
}

bool fc_lexicon_full(const struct fc_lexicon *lexicon)
{
    return lexicon->item_count >= FC_LEXICON_ITEMS_MAX;
}

/* A copy that stays where it is; NULL without memory. */
static const uint8_t *keep(struct fc_lexicon *lexicon, const void *text, size_t len)
{
    struct block *block = lexicon->blocks;
    if (!block || BLOCK_BYTES - block->used < len) {
        block = malloc(sizeof *block);
        if (!block)
            return NULL;
        block->next = lexicon->blocks;
        block->used = 0;
        lexicon->blocks = block;
    }
    uint8_t *to = block->bytes + block->used;
    memcpy(to, text, len);
    block->used += len;
    return to;
}

/* -- words ------------------------------------------------------------------------------------- */

static struct word *word_at(const struct fc_lexicon *lexicon, uint32_t place)
{
    return (struct word *)(void *)(lexicon->spelt.data + (size_t)GRAIN * (place - 1));
}

static size_t word_bytes(const struct word *word)
{
    return (WORD_HEAD + (size_t)word->len + GRAIN - 1) / GRAIN * GRAIN;
}

static uint32_t hash_of(const struct waiting *waiting)
{
    uint64_t hash =
        (uint64_t)waiting->len << 16 | (uint64_t)waiting->tier << 8 | (uint8_t)waiting->language;
    for (size_t i = 0; i < waiting->len; i += 8) {
        uint64_t part;
        memcpy(&part, waiting->text + i, sizeof part);
        hash = (hash ^ part) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return (uint32_t)((hash * 0xff51afd7ed558ccdu) >> 32);
}

static bool is_word(const struct word *word, const struct waiting *waiting)
{
    return word->len == waiting->len && word->tier == waiting->tier &&
           word->language == waiting->language &&
           memcmp(word->text, waiting->text, waiting->len) == 0;
}

/* There is room for it. */
static struct word *add_word(struct fc_lexicon *lexicon, struct slot *slot,
                             const struct waiting *waiting)
{
    const struct word head = {.number = lexicon->words++,
                              .language = waiting->language,
                              .tier = waiting->tier,
                              .len = waiting->len};
    slot->hash = waiting->hash;
    slot->place = (uint32_t)(lexicon->spelt.len / GRAIN) + 1;
    struct word *word = (struct word *)(void *)fc_buf_extend(&lexicon->spelt, word_bytes(&head));
    memcpy(word, &head, WORD_HEAD);
    memcpy(word->text, waiting->text, waiting->len);
    return word;
}

/* For all that waits. */
static enum fc_err make_room(struct fc_lexicon *lexicon)
{
    enum { MOST = WAITING_MAX * (WORD_HEAD + FC_WORD_BYTES_MAX + GRAIN) };
    if (lexicon->words + WAITING_MAX > lexicon->slot_count / 8 * 5) {
        enum fc_err err = grow(lexicon);
        if (err != FC_OK)
            return err;
    }
    if (!fc_buf_extend(&lexicon->spelt, MOST))
        return FC_E_NOMEM;
    lexicon->spelt.len -= MOST;
    if (lexicon->item_cap - lexicon->item_count >= WAITING_MAX)
        return FC_OK;
    uint32_t cap = lexicon->item_cap ? 2 * lexicon->item_cap : 4096;
    uint32_t *items = realloc(lexicon->items, cap * sizeof *items);
    if (!items)
        return FC_E_NOMEM;
    lexicon->items = items;
    lexicon->item_cap = cap;
    return FC_OK;
}

static struct word *find_or_add(struct fc_lexicon *lexicon, const struct waiting *waiting)
{
    uint32_t mask = lexicon->slot_count - 1;
    for (uint32_t at = waiting->hash & mask;; at = (at + 1) & mask) {
        struct slot *slot = &lexicon->slots[at];
        if (slot->place == 0)
            return add_word(lexicon, slot, waiting);
        if (slot->hash != waiting->hash)
            continue;
        struct word *word = word_at(lexicon, slot->place);
        if (is_word(word, waiting))
            return word;
    }
}

static enum fc_err flush(struct fc_lexicon *lexicon)
{
    enum fc_err err = make_room(lexicon);
    if (err != FC_OK)
        return err;
    uint32_t mask = lexicon->slot_count - 1;
    /* Not as words come: a text that was written just now is slow to read in whole. */
    for (uint32_t i = 0; i < lexicon->waiting_count; i++) {
        lexicon->waiting[i].hash = hash_of(&lexicon->waiting[i]);
        __builtin_prefetch(&lexicon->slots[lexicon->waiting[i].hash & mask]);
    }
    for (uint32_t i = 0; i < lexicon->waiting_count; i++) {
        const struct slot *slot = &lexicon->slots[lexicon->waiting[i].hash & mask];
        if (slot->place)
            __builtin_prefetch(word_at(lexicon, slot->place), 1);
    }
    for (uint32_t i = 0; i < lexicon->waiting_count; i++) {
        struct word *word = find_or_add(lexicon, &lexicon->waiting[i]);
        if (word->stamp == lexicon->stamp)
            continue;
        word->stamp = lexicon->stamp;
        lexicon->items[lexicon->item_count++] = word->number;
    }
    lexicon->waiting_count = 0;
    return FC_OK;
}

static void end_document(struct fc_lexicon *lexicon)
{
    size_t count = lexicon->said.len / sizeof(struct said);
    if (count > 0)
        ((struct said *)(void *)lexicon->said.data)[count - 1].end = lexicon->item_count;
}

enum fc_err fc_lexicon_begin(struct fc_lexicon *lexicon, uint16_t low)
{
    const struct said said = {.low = low};
    enum fc_err err = lexicon->waiting_count > 0 ? flush(lexicon) : FC_OK;
    end_document(lexicon);
    lexicon->stamp++;
    fc_buf_append(&lexicon->said, &said, sizeof said);
    return err == FC_OK ? fc_buf_check(&lexicon->said) : err;
}

enum fc_err fc_lexicon_take(struct fc_lexicon *lexicon, enum fc_document_tier tier, int language,
                            struct fc_span word)
{
    assert(word.len > 0 && word.len <= FC_WORD_BYTES_MAX);
    struct waiting *waiting = &lexicon->waiting[lexicon->waiting_count++];
    waiting->tier = (uint8_t)tier;
    waiting->language = (int8_t)language;
    waiting->len = (uint8_t)word.len;
    memset(waiting->text + word.len / 8 * 8, 0, 8);
    memcpy(waiting->text, word.data, word.len);
    return lexicon->waiting_count == WAITING_MAX ? flush(lexicon) : FC_OK;
}

/* -- rows -------------------------------------------------------------------------------------- */

static int compare_whole(const void *a, const void *b)
{
    const struct term *left = a, *right = b;
    return fc_span_cmp(fc_span(left->text, left->len), fc_span(right->text, right->len));
}

static uint64_t head_of(const struct term *term, size_t depth)
{
    uint8_t head[8] = {0};
    if (term->len > depth)
        memcpy(head, term->text + depth, term->len - depth < 8 ? term->len - depth : 8);
    return fc_get_be64(head);
}

static bool comes_before(const struct term *a, const struct term *b)
{
    return a->head != b->head ? a->head < b->head : compare_whole(a, b) < 0;
}

static void sort_few(struct term *terms, uint32_t count, size_t depth)
{
    for (uint32_t i = 0; i < count; i++) {
        struct term term = terms[i];
        uint32_t at = i;
        term.head = head_of(&term, depth);
        for (; at > 0 && comes_before(&term, &terms[at - 1]); at--)
            terms[at] = terms[at - 1];
        terms[at] = term;
    }
}

/* By `head`, a byte at a time from the last; bytes that are the same in all are passed over. */
static void sort_heads(struct term *terms, struct term *other, uint32_t count)
{
    struct term *from = terms, *to = other;
    for (unsigned shift = 0; shift < 64; shift += 8) {
        uint32_t places[256] = {0}, at = 0;
        for (uint32_t i = 0; i < count; i++)
            places[from[i].head >> shift & 255]++;
        if (places[from[0].head >> shift & 255] == count)
            continue;
        for (unsigned i = 0; i < 256; i++) {
            uint32_t here = places[i];
            places[i] = at;
            at += here;
        }
        for (uint32_t i = 0; i < count; i++)
            to[places[from[i].head >> shift & 255]++] = from[i];
        struct term *swap = from;
        from = to;
        to = swap;
    }
    if (from != terms)
        memcpy(terms, from, count * sizeof *terms);
}

/* Terms that have the first `depth` bytes in common. */
static void sort_terms(struct term *terms, struct term *other, uint32_t count, size_t depth)
{
    enum { FEW = 24 };
    if (count <= FEW) {
        sort_few(terms, count, depth);
        return;
    }
    if (depth >= FC_WORD_BYTES_MAX) { /* equal, but perhaps for zeros at their ends */
        qsort(terms, count, sizeof *terms, compare_whole);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        terms[i].head = head_of(&terms[i], depth);
    sort_heads(terms, other, count);
    for (uint32_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && terms[end].head == terms[i].head;)
            end++;
        if (end - i > 1)
            sort_terms(terms + i, other, end - i, depth + 8);
    }
}

/* Lays the documents out by word. */
static enum fc_err scatter(struct fc_lexicon *lexicon)
{
    const struct said *said = (const struct said *)(const void *)lexicon->said.data;
    size_t documents = lexicon->said.len / sizeof *said;
    size_t words = lexicon->words;
    uint32_t *starts = lexicon->starts = calloc(words + 2, sizeof *starts);
    lexicon->list = fc_wide_alloc((lexicon->item_count + (size_t)1) * sizeof *lexicon->list);
    if (!starts || !lexicon->list)
        return FC_E_NOMEM;
    for (uint32_t i = 0; i < lexicon->item_count; i++)
        starts[lexicon->items[i] + 2]++;
    for (size_t i = 2; i < words + 2; i++)
        starts[i] += starts[i - 1];
    for (size_t i = 0, k = 0; i < documents; i++)
        for (; k < said[i].end; k++)
            lexicon->list[starts[lexicon->items[k] + 1]++] = said[i].low;
    return FC_OK;
}

static const struct word *next_word(const struct fc_lexicon *lexicon, size_t *at)
{
    if (*at >= lexicon->spelt.len)
        return NULL;
    const struct word *word = (const struct word *)(const void *)(lexicon->spelt.data + *at);
    *at += word_bytes(word);
    return word;
}

/* Words and stems, tier by tier; `ends` become where each tier's end. */
static enum fc_err spell(struct fc_lexicon *lexicon, struct fc_stemmer *stemmer,
                         uint32_t ends[FC_TIERS])
{
    struct term *terms = lexicon->terms;
    const struct word *word;
    for (size_t at = 0; (word = next_word(lexicon, &at));) {
        struct term term = {
            .text = (const uint8_t *)word->text, .number = word->number, .len = word->len};
        struct fc_span text = fc_span(term.text, term.len);
        terms[ends[word->tier]++] = term;
        struct fc_span stem = fc_stem(stemmer, word->language, text);
        if (fc_span_eq(stem, text))
            continue;
        term.len = (uint8_t)stem.len;
        if (stem.len > text.len || memcmp(stem.data, text.data, stem.len) != 0)
            term.text = keep(lexicon, stem.data, stem.len);
        if (!term.text)
            return FC_E_NOMEM;
        terms[ends[word->tier]++] = term;
    }
    return FC_OK;
}

static bool same_term(const struct term *a, const struct term *b)
{
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static enum fc_err order_terms(struct fc_lexicon *lexicon, struct fc_stemmer *stemmer,
                               struct term *other)
{
    uint32_t begins[FC_TIERS] = {0}, ends[FC_TIERS], at = 0, row = 0;
    const struct word *word;
    for (size_t place = 0; (word = next_word(lexicon, &place));)
        begins[word->tier] += 2;
    for (unsigned i = 0; i < FC_TIERS; i++) {
        uint32_t room = begins[i];
        begins[i] = ends[i] = at;
        at += room;
    }
    enum fc_err err = spell(lexicon, stemmer, ends);
    for (unsigned tier = 0; tier < FC_TIERS && err == FC_OK; tier++) {
        struct term *terms = lexicon->terms;
        lexicon->tiers[tier] = row;
        if (ends[tier] > begins[tier])
            sort_terms(terms + begins[tier], other, ends[tier] - begins[tier], 0);
        for (uint32_t i = begins[tier]; i < ends[tier]; i++) {
            if (i == begins[tier] || !same_term(&terms[i], &terms[i - 1]))
                lexicon->rows[row++] = (struct row){.first = i};
            lexicon->rows[row - 1].count++;
        }
    }
    lexicon->tiers[FC_TIERS] = row;
    return err;
}

/* Documents are laid out beside the words' being ordered: neither needs the other. */
enum { MANY_ITEMS = 256 * 1024 };
struct scattering {
    struct fc_lexicon *lexicon;
    enum fc_err err;
};

static void *scatter_main(void *arg)
{
    struct scattering *scattering = arg;
    scattering->err = scatter(scattering->lexicon);
    return NULL;
}

enum fc_err fc_lexicon_close(struct fc_lexicon *lexicon, struct fc_stemmer *stemmer, uint32_t *rows)
{
    *rows = 0;
    enum fc_err err = lexicon->waiting_count > 0 ? flush(lexicon) : FC_OK;
    end_document(lexicon);
    if (err != FC_OK)
        return err;
    size_t most = 2 * (size_t)lexicon->words + FC_TIERS + 1;
    struct scattering scattering = {.lexicon = lexicon};
    pthread_t thread;
    bool beside = lexicon->item_count > MANY_ITEMS &&
                  pthread_create(&thread, NULL, scatter_main, &scattering) == 0;
    struct term *other = fc_wide_alloc(most * sizeof *other);
    lexicon->terms = fc_wide_alloc(most * sizeof *lexicon->terms);
    lexicon->rows = fc_wide_alloc(most * sizeof *lexicon->rows);
    err = other && lexicon->terms && lexicon->rows ? order_terms(lexicon, stemmer, other)
                                                   : FC_E_NOMEM;
    free(other);
    if (beside)
        pthread_join(thread, NULL);
    else
        scatter_main(&scattering);
    *rows = lexicon->tiers[FC_TIERS];
    return err == FC_OK ? scattering.err : err;
}

/* Two lists into one, each number once; returns how many. */
static uint32_t unite(const uint16_t *a, uint32_t a_count, const uint16_t *b, uint32_t b_count,
                      uint16_t *out)
{
    uint32_t i = 0, k = 0, count = 0;
    while (i < a_count && k < b_count) {
        uint16_t left = a[i], right = b[k];
        out[count++] = left < right ? left : right;
        i += left <= right;
        k += right <= left;
    }
    for (; i < a_count; i++)
        out[count++] = a[i];
    for (; k < b_count; k++)
        out[count++] = b[k];
    return count;
}

void fc_lexicon_row(struct fc_lexicon *lexicon, uint32_t number, struct fc_lexicon_row *row)
{
    const struct row *at = &lexicon->rows[number];
    fc_lexicon_term(lexicon, number, row);
    row->count = 0;
    for (uint32_t i = 0; i < at->count; i++) {
        uint32_t word = lexicon->terms[at->first + i].number;
        const uint16_t *docs = lexicon->list + lexicon->starts[word];
        uint32_t count = lexicon->starts[word + 1] - lexicon->starts[word];
        if (row->count == 0) {
            row->docs = docs;
            row->count = count;
        } else if (count > 0) {
            uint16_t *out = lexicon->merged[row->docs == lexicon->merged[0]];
            row->count = unite(row->docs, row->count, docs, count, out);
            row->docs = out;
        }
    }
}

void fc_lexicon_term(const struct fc_lexicon *lexicon, uint32_t number, struct fc_lexicon_row *row)
{
    const struct term *term = &lexicon->terms[lexicon->rows[number].first];
    unsigned tier = 0;
    while (number >= lexicon->tiers[tier + 1])
        tier++;
    *row = (struct fc_lexicon_row){.tier = (enum fc_document_tier)tier,
                                   .term = fc_span(term->text, term->len)};
}

uint32_t fc_lexicon_tier(const struct fc_lexicon *lexicon, unsigned tier)
{
    return lexicon->tiers[tier];
}
