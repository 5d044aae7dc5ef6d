#include "store/words.h"

#include <string.h>
#include <utf8proc.h>

enum { FOLD_MAX = 32 }; /* code points that one may become */

/* Letters that Unicode does not decompose and people type without their stroke. */
static int32_t plain_letter(int32_t c)
{
    switch (c) {
    case 0xf8: /* o with stroke */
        return 'o';
    case 0x111: /* d with stroke */
        return 'd';
    case 0x127: /* h with stroke */
        return 'h';
    case 0x131: /* dotless i */
        return 'i';
    case 0x142: /* l with stroke */
        return 'l';
    default:
        return c;
    }
}

static size_t put(int32_t c, char *out, size_t len, size_t max)
{
    utf8proc_uint8_t bytes[4];
    c = plain_letter(c);
    if (c == 0xe6 || c == 0x153) { /* ae, oe */
        if (len + 2 > max)
            return 0;
        memcpy(out + len, c == 0xe6 ? "ae" : "oe", 2);
        return 2;
    }
    size_t size = (size_t)utf8proc_encode_char(c, bytes);
    if (size == 0 || len + size > max)
        return 0;
    memcpy(out + len, bytes, size);
    return size;
}

/* Appends a code point folded; false when it did not fit. */
static bool fold_point(int32_t c, char *out, size_t *len, size_t max)
{
    int32_t folded[FOLD_MAX];
    int boundary = UTF8PROC_BOUNDCLASS_START;
    utf8proc_ssize_t count =
        utf8proc_decompose_char(c, folded, FOLD_MAX,
                                UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD |
                                    UTF8PROC_STRIPMARK | UTF8PROC_IGNORE,
                                &boundary);
    for (utf8proc_ssize_t i = 0; i < count && i < FOLD_MAX; i++) {
        size_t size = put(folded[i], out, *len, max);
        if (size == 0)
            return false;
        *len += size;
    }
    return true;
}

enum class { CLASS_BREAK, CLASS_WORD, CLASS_MARK, CLASS_ALONE };

static bool is_alone(int32_t c)
{
    return (c >= 0x0e00 && c <= 0x0eff) || (c >= 0x1000 && c <= 0x109f) ||
           (c >= 0x1780 && c <= 0x17ff) || (c >= 0x3040 && c <= 0x30ff) ||
           (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x4e00 && c <= 0x9fff) ||
           (c >= 0xf900 && c <= 0xfaff) || (c >= 0x20000 && c <= 0x3ffff);
}

#define IN(name) (1u << UTF8PROC_CATEGORY_##name)

static enum class class_of(int32_t c) {
    const unsigned letters = IN(LU) | IN(LL) | IN(LT) | IN(LM) | IN(LO) | IN(ND) | IN(NL) | IN(NO);
    const unsigned marks = IN(MN) | IN(MC) | IN(ME) | IN(CF); /* CF: soft hyphens, joiners */
    unsigned category = 1u << utf8proc_category(c);
    if (category & letters) return is_alone(c) ? CLASS_ALONE : CLASS_WORD;
    return category & marks ? CLASS_MARK : CLASS_BREAK;
}

/* The code point at `pos`, -1 for a byte that begins none; *size is at least 1. */
static int32_t point_at(struct fc_span text, size_t pos, size_t *size)
{
    int32_t c;
    utf8proc_ssize_t taken =
        utf8proc_iterate(text.data + pos, (utf8proc_ssize_t)(text.len - pos), &c);
    *size = taken > 0 ? (size_t)taken : 1;
    return taken > 0 ? c : -1;
}

static char ascii_word(uint8_t c)
{
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
        return (char)c;
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : '\0';
}

/* Takes what continues a word; false at its end. */
static bool take(struct fc_word_reader *reader, struct fc_word *word, bool *full)
{
    size_t size = 1;
    uint8_t byte = reader->text.data[reader->pos];
    if (byte < 0x80) {
        char c = ascii_word(byte);
        if (c == '\0')
            return false;
        if (word->len < FC_WORD_BYTES_MAX && !*full)
            word->text[word->len++] = c;
        else
            *full = true;
        reader->pos++;
        word->end = reader->pos;
        return true;
    }
    int32_t c = point_at(reader->text, reader->pos, &size);
    enum class kind = c < 0 ? CLASS_BREAK : class_of(c);
    bool fresh = word->end == word->at;
    if (kind == CLASS_BREAK || (kind == CLASS_MARK && fresh) || (kind == CLASS_ALONE && !fresh))
        return false;
    if (!*full)
        *full = !fold_point(c, word->text, &word->len, FC_WORD_BYTES_MAX);
    reader->pos += size;
    word->end = reader->pos;
    return kind != CLASS_ALONE;
}

bool fc_word_next(struct fc_word_reader *reader, struct fc_word *word)
{
    while (reader->pos < reader->text.len) {
        bool full = false;
        word->at = word->end = reader->pos;
        word->len = 0;
        while (reader->pos < reader->text.len && take(reader, word, &full))
            ;
        if (word->len > 0)
            return true;
        if (word->end == word->at) { /* nothing that a word begins with */
            size_t size;
            (void)point_at(reader->text, reader->pos, &size);
            reader->pos += size;
        }
    }
    return false;
}

static bool is_umlaut(int32_t c)
{
    return c == 0xe4 || c == 0xf6 || c == 0xfc || c == 0xc4 || c == 0xd6 || c == 0xdc;
}

static bool has_umlaut(char c)
{
    return c == 'a' || c == 'o' || c == 'u';
}

size_t fc_word_written_out(struct fc_span word, char out[FC_WORD_BYTES_MAX])
{
    enum { DIAERESIS = 0x308 };
    size_t len = 0;
    bool any = false;
    for (size_t pos = 0, size; pos < word.len; pos += size) {
        int32_t c = point_at(word, pos, &size);
        bool umlaut = is_umlaut(c) || (c == DIAERESIS && len > 0 && has_umlaut(out[len - 1]));
        if (c >= 0 && !fold_point(c, out, &len, FC_WORD_BYTES_MAX))
            return 0;
        if (umlaut && len == FC_WORD_BYTES_MAX)
            return 0;
        if (umlaut)
            out[len++] = 'e';
        any = any || umlaut;
    }
    return any ? len : 0;
}

size_t fc_fold(struct fc_span text, char *out, size_t max)
{
    size_t len = 0;
    bool gap = false;
    for (size_t pos = 0, size; pos < text.len; pos += size) {
        int32_t c = point_at(text, pos, &size);
        if (c < 0)
            continue;
        if (c <= ' ' || c == 0xa0 || (c >= 0x2000 && c <= 0x200a) || c == 0x3000) {
            gap = len > 0;
            continue;
        }
        size_t before = len;
        if (gap && len < max)
            out[len++] = ' ';
        if (!fold_point(c, out, &len, max)) {
            len = before;
            break;
        }
        gap = false;
    }
    return len;
}
