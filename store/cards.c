#include "store/cards.h"

#include <stdlib.h>
#include <string.h>

#include "store/stem.h"

enum { SETS = 2048, WAYS = 4 }; /* where a card may stand: one of four places */

/* A card is one block: its head, its texts, and their bytes. */
struct kept {
    struct fc_hash commitment;
    size_t bytes;
    uint32_t used; /* when it was looked at last */
    struct fc_card card;
};
struct fc_cards {
    struct kept *places[SETS][WAYS];
    size_t bytes;
    uint32_t clock, hand; /* the set where room is made next */
    struct kept *large;   /* read last, and not to be kept */
    struct fc_buf texts;  /* struct fc_card_text, their `data` offsets into `words` yet */
    struct fc_buf words;
};

struct fc_cards *fc_cards_create(void)
{
    return calloc(1, sizeof(struct fc_cards));
}

static void drop(struct fc_cards *cards, struct kept **place)
{
    if (*place)
        cards->bytes -= (*place)->bytes;
    free(*place);
    *place = NULL;
}

void fc_cards_destroy(struct fc_cards *cards)
{
    if (!cards)
        return;
    for (size_t i = 0; i < SETS; i++)
        for (size_t k = 0; k < WAYS; k++)
            free(cards->places[i][k]);
    free(cards->large);
    fc_buf_finish(&cards->texts);
    fc_buf_finish(&cards->words);
    free(cards);
}

size_t fc_cards_bytes(const struct fc_cards *cards)
{
    return cards->bytes;
}

static struct kept **set_of(struct fc_cards *cards, const struct fc_hash *commitment)
{
    return cards->places[fc_get_be32(commitment->b) % SETS];
}

const struct fc_card *fc_cards_find(struct fc_cards *cards, const struct fc_hash *commitment)
{
    struct kept **set = set_of(cards, commitment);
    for (size_t k = 0; k < WAYS; k++)
        if (set[k] && fc_hash_eq(&set[k]->commitment, commitment)) {
            set[k]->used = ++cards->clock;
            return &set[k]->card;
        }
    return NULL;
}

/* -- reading ----------------------------------------------------------------------------------- */

static void take_text(void *ctx, const struct fc_document_text *text)
{
    struct fc_cards *cards = ctx;
    const struct fc_card_text taken = {
        text->tier, fc_stem_language(text->language), {NULL, text->text.len}};
    if (text->tier == FC_TIER_NAME || text->text.len == 0)
        return;
    fc_buf_append(&cards->texts, &taken, sizeof taken);
    fc_buf_append(&cards->words, text->text.data, text->text.len);
}

static size_t length(const char *text)
{
    return text ? strlen(text) : 0;
}

static struct fc_span put(uint8_t **to, const void *bytes, size_t len)
{
    uint8_t *at = *to;
    if (!bytes)
        return (struct fc_span){0};
    if (len > 0)
        memcpy(at, bytes, len);
    *to += len;
    return fc_span(at, len);
}

static struct kept *make(const struct fc_cards *cards, const struct fc_hash *commitment,
                         const struct fc_document *document)
{
    size_t count = cards->texts.len / sizeof(struct fc_card_text);
    size_t bytes = sizeof(struct kept) + cards->texts.len + cards->words.len +
                   length(document->name) + length(document->kind) + length(document->provider) +
                   length(document->provider_name) + length(document->country);
    struct kept *kept = malloc(bytes);
    if (!kept)
        return NULL;
    struct fc_card_text *texts = (struct fc_card_text *)(void *)(kept + 1);
    uint8_t *to = (uint8_t *)(texts + count);
    const uint8_t *words = cards->words.data;
    if (count > 0)
        memcpy(texts, cards->texts.data, cards->texts.len);
    for (size_t i = 0; i < count; i++) {
        texts[i].text = put(&to, words, texts[i].text.len);
        words += texts[i].text.len;
    }
    *kept = (struct kept){.commitment = *commitment, .bytes = bytes};
    kept->card = (struct fc_card){
        .name = put(&to, document->name, length(document->name)),
        .kind = put(&to, document->kind, length(document->kind)),
        .provider = put(&to, document->provider, length(document->provider)),
        .provider_name = put(&to, document->provider_name, length(document->provider_name)),
        .country = put(&to, document->country, length(document->country)),
        .language = fc_stem_language(document->language),
        .texts = texts,
        .text_count = (uint32_t)count,
    };
    return kept;
}

/* -- keeping ----------------------------------------------------------------------------------- */

static struct kept **oldest(struct kept **set, uint32_t clock)
{
    struct kept **found = set;
    for (size_t k = 0; k < WAYS; k++) {
        if (!set[k])
            return &set[k];
        if (clock - set[k]->used > clock - (*found)->used)
            found = &set[k];
    }
    return found;
}

/* Goes round the sets and takes from each what was not looked at for longest. */
static void make_room(struct fc_cards *cards)
{
    while (cards->bytes > FC_CARDS_BYTES_MAX) {
        struct kept **set = cards->places[cards->hand++ % SETS], **old = NULL;
        for (size_t k = 0; k < WAYS; k++)
            if (set[k] && (!old || cards->clock - set[k]->used > cards->clock - (*old)->used))
                old = &set[k];
        if (old)
            drop(cards, old);
    }
}

static void keep(struct fc_cards *cards, struct kept *kept)
{
    if (kept->bytes > FC_CARD_BYTES_MAX) {
        free(cards->large);
        cards->large = kept;
        return;
    }
    cards->bytes += kept->bytes;
    kept->used = ++cards->clock;
    struct kept **place = oldest(set_of(cards, &kept->commitment), cards->clock);
    drop(cards, place);
    make_room(cards); /* before it stands anywhere: it is not the one that goes */
    *place = kept;
}

enum fc_err fc_cards_read(struct fc_cards *cards, const struct fc_hash *commitment,
                          struct fc_span plain, const struct fc_card **card)
{
    struct fc_document document;
    fc_buf_clear(&cards->texts);
    fc_buf_clear(&cards->words);
    enum fc_err err = fc_document_index(plain, &document, take_text, cards);
    if (err == FC_E_NOMEM)
        return err;
    if (err != FC_OK)
        document = (struct fc_document){0};
    bool whole = !cards->texts.failed && !cards->words.failed;
    struct kept *kept = whole ? make(cards, commitment, &document) : NULL;
    fc_document_finish(&document);
    if (!kept)
        return FC_E_NOMEM;
    keep(cards, kept);
    *card = &kept->card;
    return FC_OK;
}
