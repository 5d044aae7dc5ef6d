#include "store/stem.h"

#include <libstemmer.h>
#include <stdlib.h>
#include <string.h>

#include "store/document_rules.h"

/* ISO 639-1, as libstemmer takes them. */
static const char *const languages[FC_STEM_LANGUAGES] = {
    "en", "de", "fr", "nl", "it", "es", "pt", "da", "sv", "no",
    "fi", "hu", "ro", "el", "ga", "lt", "tr", "ru", "ca",
};

/* Greek and Russian endings have no ASCII letter: such a word is its own stem. */
enum { GREEK = 13, IRISH = 14, RUSSIAN = 17 };

enum { SLOTS = 64 * 1024, WORD_MAX = 24 };

/* What was asked before: the same words come again and again. A stem is how its word begins, but
 * for its last letter perhaps. */
struct slot {
    uint32_t hash;
    int8_t language;
    uint8_t word_len, stem_len;
    char last;
    char word[WORD_MAX];
};
struct fc_stemmer {
    struct sb_stemmer *algorithms[FC_STEM_LANGUAGES];
    struct slot *slots;
    char stem[WORD_MAX]; /* the one given last */
};

enum fc_err fc_stemmer_create(struct fc_stemmer **out)
{
    struct fc_stemmer *stemmer = calloc(1, sizeof *stemmer);
    *out = stemmer;
    if (!stemmer)
        return FC_E_NOMEM;
    stemmer->slots = calloc(SLOTS, sizeof *stemmer->slots);
    bool whole = stemmer->slots != NULL;
    for (int i = 0; i < FC_STEM_LANGUAGES && whole; i++) {
        stemmer->algorithms[i] = sb_stemmer_new(languages[i], NULL);
        whole = stemmer->algorithms[i] != NULL;
    }
    if (whole)
        return FC_OK;
    fc_stemmer_destroy(stemmer);
    *out = NULL;
    return FC_E_NOMEM;
}

void fc_stemmer_destroy(struct fc_stemmer *stemmer)
{
    if (!stemmer)
        return;
    for (int i = 0; i < FC_STEM_LANGUAGES; i++)
        if (stemmer->algorithms[i])
            sb_stemmer_delete(stemmer->algorithms[i]);
    free(stemmer->slots);
    free(stemmer);
}

int fc_stem_language(const char *tag)
{
    char code[4] = "";
    if (!tag)
        return 0;
    for (size_t i = 0; i < 3 && tag[i] && tag[i] != '-' && tag[i] != '_'; i++)
        code[i] = (char)(tag[i] | 0x20);
    const char *two = code[2] ? fc_document_language(code) : code;
    if (two && (strcmp(two, "nb") == 0 || strcmp(two, "nn") == 0))
        two = "no";
    for (int i = 0; two && i < FC_STEM_LANGUAGES; i++)
        if (strcmp(two, languages[i]) == 0)
            return i;
    return -1;
}

/* Irish marks case and number at the beginning of a word, and its stemmer takes that away. */
bool fc_stem_keeps_first(int language)
{
    return language != IRISH;
}

static uint32_t hash_of(int language, struct fc_span word)
{
    uint64_t hash = 0xcbf29ce484222325u ^ (uint64_t)(language + 1);
    for (size_t i = 0; i < word.len; i++)
        hash = (hash ^ word.data[i]) * 0x100000001b3u;
    return (uint32_t)(hash ^ hash >> 32);
}

static struct fc_span ask(struct fc_stemmer *stemmer, int language, struct fc_span word)
{
    struct sb_stemmer *algorithm = stemmer->algorithms[language];
    const sb_symbol *stem = sb_stemmer_stem(algorithm, word.data, (int)word.len);
    int len = stem ? sb_stemmer_length(algorithm) : 0;
    return len > 0 ? fc_span(stem, (size_t)len) : word;
}

static bool is_ascii(struct fc_span word)
{
    uint8_t all = 0;
    for (size_t i = 0; i < word.len; i++)
        all |= word.data[i];
    return all < 0x80;
}

struct fc_span fc_stem(struct fc_stemmer *stemmer, int language, struct fc_span word)
{
    if (language < 0 || language >= FC_STEM_LANGUAGES || word.len < 3)
        return word;
    if ((language == GREEK || language == RUSSIAN) && is_ascii(word))
        return word;
    if (word.len > WORD_MAX)
        return ask(stemmer, language, word);
    uint32_t hash = hash_of(language, word);
    struct slot *slot = &stemmer->slots[hash % SLOTS];
    if (slot->hash == hash && slot->language == language && slot->word_len == word.len &&
        memcmp(slot->word, word.data, word.len) == 0) {
        memcpy(stemmer->stem, slot->word, sizeof stemmer->stem);
        stemmer->stem[slot->stem_len - 1] = slot->last;
        return fc_span(stemmer->stem, slot->stem_len);
    }
    struct fc_span stem = ask(stemmer, language, word);
    if (stem.len > word.len || memcmp(stem.data, word.data, stem.len - 1) != 0)
        return stem;
    slot->hash = hash;
    slot->language = (int8_t)language;
    slot->word_len = (uint8_t)word.len;
    slot->stem_len = (uint8_t)stem.len;
    slot->last = (char)stem.data[stem.len - 1];
    memcpy(slot->word, word.data, word.len);
    return stem;
}
