#include "tests/bench/catalogue.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LANGUAGES = 6, RANKS = 60000, PROVIDERS = 2000 };

static const char *const codes[LANGUAGES] = {"en", "de", "fr", "it", "es", "nl"};
static const char *const syllables[LANGUAGES][20] = {
    {"sto",  "ra", "ge",   "clo", "ud", "ser", "ver", "da",  "ta", "net",
     "work", "li", "ness", "com", "pu", "ter", "sys", "tem", "fa", "st"},
    {"spei", "cher", "ge",   "sund", "heit", "da", "ten",  "dienst", "über", "tra",
     "gung", "netz", "werk", "wol",  "ke",   "si", "cher", "prü",    "fung", "ein"},
    {"san", "té",   "don", "née", "ser", "vice", "ré",   "seau", "hé",  "ber",
     "ge",  "ment", "nua", "ge",  "cal", "cul",  "stoc", "ka",   "ger", "ou"},
    {"ser", "vi", "zio", "da",  "ti", "re", "te", "sa", "lu",  "te",
     "nu",  "vo", "la",  "cal", "co", "lo", "me", "mo", "ria", "si"},
    {"ser", "vi", "cio", "da",   "tos", "red", "sa",  "lud", "nu", "be",
     "al",  "ma", "cén", "ción", "re",  "gis", "tro", "mo",  "ne", "da"},
    {"dienst", "ge",   "zond", "heid", "ge",     "ge", "vens", "op", "slag", "net",
     "werk",   "wolk", "re",   "ken",  "kracht", "be", "vei",  "li", "ging", "uit"},
};
static const char *const countries[] = {"FR", "DE", "IT", "ES", "NL", "BE", "PL",
                                        "FI", "PT", "AT", "IE", "SE", "DK", "GR"};
static const char *const labels[] = {"SC",       "L1", "L2",          "L3",
                                     "ISO27001", "C5", "SecNumCloud", "EUCS"};

static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* 0..count-1, n times as often as n times as far down. */
static uint32_t zipf(uint64_t *state, uint32_t count)
{
    double u = (double)(next(state) >> 11) / 9007199254740992.0;
    uint32_t rank = (uint32_t)(exp(u * log((double)count + 1)) - 1);
    return rank < count ? rank : count - 1;
}

__attribute__((format(printf, 2, 3))) static void say(struct fc_buf *out, const char *format, ...)
{
    char text[512];
    va_list list;
    va_start(list, format);
    int len = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    fc_buf_append(out, text, (size_t)len);
}

void catalogue_word(unsigned language, uint32_t rank, char out[32])
{
    const char *const *list = syllables[language % LANGUAGES];
    char *to = out;
    rank += 20;
    for (; rank > 0 && to - out < 24; rank /= 20)
        to = stpcpy(to, list[rank % 20]);
}

void catalogue_key(uint64_t number, struct fc_buf *out)
{
    say(out, "https://p%u.example/o/%07x", (unsigned)(number * 2654435761u % PROVIDERS),
        (unsigned)number);
}

static void prose(struct fc_buf *out, uint64_t *state, unsigned language, unsigned count,
                  const char *between)
{
    char word[32];
    for (unsigned i = 0; i < count; i++) {
        catalogue_word(language, zipf(state, RANKS), word);
        say(out, "%s%s", i ? between : "", word);
    }
}

void catalogue_write(uint64_t number, uint32_t revision, struct fc_buf *out)
{
    uint64_t state = number * 1000003 + revision * 77;
    unsigned language = zipf(&state, LANGUAGES), provider = zipf(&state, PROVIDERS);
    say(out, "{\"@context\":[\"https://www.w3.org/ns/credentials/v2\","
             "\"https://w3id.org/gaia-x/2511#\"],\"id\":\"");
    catalogue_key(number, out);
    say(out,
        "\",\"type\":[\"VerifiableCredential\",\"gx:ServiceOffering\"],\"issuer\":"
        "\"did:web:p%u.example\",\"validFrom\":\"20%02u-%02u-%02uT10:00:00Z\",\"validUntil\":"
        "\"20%02u-%02u-28T23:59:59Z\",\"credentialSubject\":{\"id\":\"",
        provider, 24 + (unsigned)(next(&state) % 3), 1 + (unsigned)(next(&state) % 12),
        1 + (unsigned)(next(&state) % 28), 27 + (unsigned)(next(&state) % 3),
        1 + (unsigned)(next(&state) % 12));
    catalogue_key(number, out);
    say(out,
        "#cs\",\"type\":\"gx:ServiceOffering\",\"gx:providedBy\":{\"id\":"
        "\"https://p%u.example/participant.json#cs\"},\"gx:name\":\"",
        provider);
    prose(out, &state, language, 2 + (unsigned)(next(&state) % 3), " ");
    say(out, "\",\"gx:keyword\":[\"");
    prose(out, &state, language, 2 + (unsigned)(next(&state) % 4), "\",\"");
    say(out, "\"],\"dcat:theme\":\"theme-%u\",\"gx:labelLevel\":\"%s\",\"dct:language\":\"%s\",",
        zipf(&state, 40), labels[zipf(&state, 8)], codes[language]);
    say(out,
        "\"gx:serviceOfferingTermsAndConditions\":{\"type\":\"gx:TermsAndConditions\",\"gx:url\":"
        "\"https://legal.p%u.example/%u\",\"gx:hash\":\"%016llx%016llx\"},"
        "\"gx:legalAddress\":{\"type\":\"gx:Address\",\"gx:countryCode\":\"%s\"},"
        "\"gx:description\":{\"@language\":\"%s\",\"@value\":\"",
        provider, (unsigned)(next(&state) % 9), (unsigned long long)next(&state),
        (unsigned long long)next(&state), countries[zipf(&state, 14)], codes[language]);
    if (next(&state) % 10 != 0)
        say(out, "%s ", CATALOGUE_COMMON);
    prose(out, &state, language, 40 + (unsigned)(next(&state) % 100), " ");
    say(out, ".\"}}}");
}
