#include "store/docs.h"

#include <assert.h>
#include <endian.h>
#include <roaring/roaring.h>
#include <string.h>

enum {
    WORDS = FC_DOCS_CHUNK / 64,
    HEAD_BYTES = 16, /* of Roaring's portable format around one container without runs */
    COOKIE = 12346,
    LIST_MAX = 4096, /* numbers that Roaring keeps as a list */
};
enum form { FORM_LIST = 'A', FORM_BITS = 'B', FORM_RUNS = 'R' }; /* a value's first byte */

/* A struct fc_docs is a roaring_bitmap_t; the library's readers do not change what they get. */
static roaring_bitmap_t *bitmap(const struct fc_docs *docs)
{
    return (roaring_bitmap_t *)(uintptr_t)docs;
}

struct fc_docs *fc_docs_create(void)
{
    return (struct fc_docs *)roaring_bitmap_create();
}

struct fc_docs *fc_docs_copy(const struct fc_docs *docs)
{
    return docs ? (struct fc_docs *)roaring_bitmap_copy(bitmap(docs)) : fc_docs_create();
}

void fc_docs_destroy(struct fc_docs *docs)
{
    if (docs)
        roaring_bitmap_free(bitmap(docs));
}

void fc_docs_add(struct fc_docs *docs, uint32_t doc)
{
    roaring_bitmap_add(bitmap(docs), doc);
}

void fc_docs_add_many(struct fc_docs *docs, const uint32_t *list, size_t count)
{
    roaring_bitmap_add_many(bitmap(docs), count, list);
}

void fc_docs_remove(struct fc_docs *docs, uint32_t doc)
{
    roaring_bitmap_remove(bitmap(docs), doc);
}

bool fc_docs_has(const struct fc_docs *docs, uint32_t doc)
{
    return docs && roaring_bitmap_contains(bitmap(docs), doc);
}

uint64_t fc_docs_count(const struct fc_docs *docs)
{
    return docs ? roaring_bitmap_get_cardinality(bitmap(docs)) : 0;
}

uint64_t fc_docs_count_chunk(const struct fc_docs *docs, uint32_t chunk)
{
    uint64_t from = (uint64_t)chunk << FC_DOCS_CHUNK_BITS;
    return docs ? roaring_bitmap_range_cardinality(bitmap(docs), from, from + FC_DOCS_CHUNK) : 0;
}

uint64_t fc_docs_count_and(const struct fc_docs *a, const struct fc_docs *b)
{
    return a && b ? roaring_bitmap_and_cardinality(bitmap(a), bitmap(b)) : 0;
}

void fc_docs_or(struct fc_docs *docs, const struct fc_docs *other)
{
    if (other)
        roaring_bitmap_or_inplace(bitmap(docs), bitmap(other));
}

void fc_docs_and(struct fc_docs *docs, const struct fc_docs *other)
{
    if (other)
        roaring_bitmap_and_inplace(bitmap(docs), bitmap(other));
    else
        roaring_bitmap_clear(bitmap(docs));
}

void fc_docs_minus(struct fc_docs *docs, const struct fc_docs *other)
{
    if (other)
        roaring_bitmap_andnot_inplace(bitmap(docs), bitmap(other));
}

struct fc_docs *fc_docs_and_of(const struct fc_docs *a, const struct fc_docs *b)
{
    return a && b ? (struct fc_docs *)roaring_bitmap_and(bitmap(a), bitmap(b)) : fc_docs_create();
}

struct fc_docs *fc_docs_minus_of(const struct fc_docs *a, const struct fc_docs *b)
{
    return a && b ? (struct fc_docs *)roaring_bitmap_andnot(bitmap(a), bitmap(b)) : fc_docs_copy(a);
}

size_t fc_docs_down(const struct fc_docs *docs, uint32_t below, uint32_t *out, size_t max)
{
    roaring_uint32_iterator_t at;
    size_t count = 0;
    if (!docs || below == 0 || roaring_bitmap_is_empty(bitmap(docs)))
        return 0;
    roaring_init_iterator(bitmap(docs), &at);
    if (!roaring_move_uint32_iterator_equalorlarger(&at, below))
        roaring_init_iterator_last(bitmap(docs), &at);
    else
        roaring_previous_uint32_iterator(&at);
    while (at.has_value && count < max) {
        out[count++] = at.current_value;
        roaring_previous_uint32_iterator(&at);
    }
    return count;
}

size_t fc_docs_up(const struct fc_docs *docs, uint32_t from, uint32_t *out, size_t max)
{
    roaring_uint32_iterator_t at;
    if (!docs)
        return 0;
    roaring_init_iterator(bitmap(docs), &at);
    if (from > 0 && !roaring_move_uint32_iterator_equalorlarger(&at, from))
        return 0;
    return roaring_read_uint32_iterator(&at, out, (uint32_t)max);
}

uint32_t fc_docs_chunk(const struct fc_docs *docs, uint32_t from)
{
    uint32_t doc;
    if (from > UINT16_MAX || fc_docs_up(docs, from << FC_DOCS_CHUNK_BITS, &doc, 1) == 0)
        return UINT32_MAX;
    return doc >> FC_DOCS_CHUNK_BITS;
}

/* -- values ------------------------------------------------------------------------------------ */

static uint16_t get16(const uint8_t *from)
{
    return (uint16_t)(from[0] | from[1] << 8);
}

static void append16(struct fc_buf *out, uint32_t value)
{
    const uint8_t bytes[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
    fc_buf_append(out, bytes, sizeof bytes);
}

struct run {
    uint32_t first, last;
};

/* Runs of a list, or of bits, up to `max` of them; more: max + 1. */
static size_t list_runs(const uint8_t *list, size_t count, struct run *runs, size_t max)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t value = get16(list + 2 * i);
        if (found > 0 && runs[found - 1].last + 1 == value) {
            runs[found - 1].last = value;
            continue;
        }
        if (found == max)
            return max + 1;
        runs[found++] = (struct run){value, value};
    }
    return found;
}

static size_t bits_runs(const uint8_t *bytes, struct run *runs, size_t max)
{
    size_t found = 0;
    for (uint32_t i = 0; i < WORDS; i++) {
        uint64_t word;
        memcpy(&word, bytes + i * sizeof word, sizeof word);
        while (word) {
            uint32_t first = (uint32_t)__builtin_ctzll(word);
            uint64_t rest = ~(word >> first);
            uint32_t len = rest ? (uint32_t)__builtin_ctzll(rest) : 64 - first;
            uint32_t value = i * 64 + first;
            if (found > 0 && runs[found - 1].last + 1 == value) {
                runs[found - 1].last = value + len - 1;
            } else if (found == max) {
                return max + 1;
            } else {
                runs[found++] = (struct run){value, value + len - 1};
            }
            word = first + len >= 64 ? 0 : word & ~(((1ull << len) - 1) << first);
        }
    }
    return found;
}

/* The numbers of a set of one chunk, or its bits when they are many; returns their bytes. `whole`
 * has room for Roaring's format, and they begin after its head. The library (0.2) never ends to
 * make a list of a run that has a chunk's last number in it. */
static size_t write_body(roaring_bitmap_t *set, size_t count, uint8_t *whole)
{
    uint32_t numbers[LIST_MAX];
    if (count > LIST_MAX) {
        (void)roaring_bitmap_remove_run_compression(set);
        return roaring_bitmap_portable_serialize(set, (char *)whole) - HEAD_BYTES;
    }
    roaring_bitmap_to_uint32_array(set, numbers);
    for (size_t i = 0; i < count; i++) {
        whole[HEAD_BYTES + 2 * i] = (uint8_t)numbers[i];
        whole[HEAD_BYTES + 2 * i + 1] = (uint8_t)(numbers[i] >> 8);
    }
    return 2 * count;
}

enum fc_err fc_docs_pack(const struct fc_docs *docs, uint32_t chunk, struct fc_buf *out)
{
    enum { RUNS_MAX = 256 };
    uint8_t whole[HEAD_BYTES + FC_DOCS_CHUNK / 8];
    struct run runs[RUNS_MAX];
    roaring_bitmap_t *set = bitmap(docs);
    size_t count = roaring_bitmap_get_cardinality(set);
    assert(count > 0 && roaring_bitmap_minimum(set) >> FC_DOCS_CHUNK_BITS == chunk &&
           roaring_bitmap_maximum(set) >> FC_DOCS_CHUNK_BITS == chunk);
    size_t len = write_body(set, count, whole);
    const uint8_t *body = whole + HEAD_BYTES;
    bool list = count <= LIST_MAX;
    size_t run_count =
        list ? list_runs(body, count, runs, RUNS_MAX) : bits_runs(body, runs, RUNS_MAX);
    if (run_count <= RUNS_MAX && 4 * run_count < len) {
        fc_buf_append(out, &(uint8_t){FORM_RUNS}, 1);
        for (size_t i = 0; i < run_count; i++) {
            append16(out, runs[i].first);
            append16(out, runs[i].last);
        }
        return fc_buf_check(out);
    }
    fc_buf_append(out, &(uint8_t){list ? FORM_LIST : FORM_BITS}, 1);
    fc_buf_append(out, body, len);
    return fc_buf_check(out);
}

enum fc_err fc_docs_pack_list(const uint16_t *list, size_t count, struct fc_buf *out)
{
    if (count <= LIST_MAX) {
        uint8_t *to = fc_buf_extend(out, 1 + 2 * count);
        if (!to)
            return FC_E_NOMEM;
        *to++ = FORM_LIST;
        for (size_t i = 0; i < count; i++) {
            *to++ = (uint8_t)list[i];
            *to++ = (uint8_t)(list[i] >> 8);
        }
        return FC_OK;
    }
    struct fc_docs *docs = fc_docs_create();
    if (!docs)
        return FC_E_NOMEM;
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && list[end] == list[end - 1] + 1;)
            end++;
        roaring_bitmap_add_range_closed(bitmap(docs), list[i], list[end - 1]);
    }
    enum fc_err err = fc_docs_pack(docs, 0, out);
    fc_docs_destroy(docs);
    return err;
}

enum fc_err fc_docs_pack_bits(const struct fc_docs_bits *bits, struct fc_buf *out)
{
    struct fc_docs *docs = fc_docs_create();
    enum fc_err err = docs ? fc_docs_take(docs, 0, bits) : FC_E_NOMEM;
    if (err == FC_OK)
        err = fc_docs_pack(docs, 0, out);
    fc_docs_destroy(docs);
    return err;
}

/* A step has no way out in its middle, so that compilers compare several at once. */
static bool rises(const uint8_t *body, size_t count)
{
    enum { STEP = 32 };
    uint16_t values[STEP + 1];
    size_t at = 0;
    for (; at + STEP < count; at += STEP) {
        uint16_t falls = 0;
        memcpy(values, body + 2 * at, sizeof values);
        for (size_t i = 0; i < STEP; i++)
            falls |= le16toh(values[i]) >= le16toh(values[i + 1]) ? UINT16_MAX : 0;
        if (falls)
            return false;
    }
    for (; at + 1 < count; at++)
        if (get16(body + 2 * at) >= get16(body + 2 * at + 2))
            return false;
    return true;
}

/* Whether a value is what fc_docs_pack writes: the library trusts its input. */
static bool sound(struct fc_span value, uint32_t *count)
{
    *count = 0;
    if (value.len < 2)
        return false;
    const uint8_t *body = value.data + 1;
    size_t len = value.len - 1;
    if (value.data[0] == FORM_BITS) {
        for (size_t i = 0; len == FC_DOCS_CHUNK / 8 && i < WORDS; i++) {
            uint64_t word;
            memcpy(&word, body + i * sizeof word, sizeof word);
            *count += (uint32_t)__builtin_popcountll(word);
        }
        return *count > LIST_MAX;
    }
    if (value.data[0] == FORM_LIST) {
        *count = (uint32_t)(len / 2);
        return len % 2 == 0 && *count <= LIST_MAX && rises(body, *count);
    }
    for (size_t i = 0; i + 4 <= len; i += 4) {
        uint32_t first = get16(body + i), last = get16(body + i + 2);
        if (last < first || (i > 0 && first <= get16(body + i - 2)))
            return false;
        *count += last - first + 1;
    }
    return value.data[0] == FORM_RUNS && len % 4 == 0;
}

/* A container's body, sound, through the library's own format. */
static enum fc_err read_body(struct fc_docs *docs, uint32_t chunk, uint32_t count, const void *body,
                             size_t len)
{
    uint8_t whole[HEAD_BYTES + FC_DOCS_CHUNK / 8];
    const uint32_t cookie = COOKIE, one = 1, offset = HEAD_BYTES;
    const uint16_t key = (uint16_t)chunk, less = (uint16_t)(count - 1);
    memcpy(whole, &cookie, 4);
    memcpy(whole + 4, &one, 4);
    memcpy(whole + 8, &key, 2);
    memcpy(whole + 10, &less, 2);
    memcpy(whole + 12, &offset, 4);
    memcpy(whole + HEAD_BYTES, body, len);
    roaring_bitmap_t *read =
        roaring_bitmap_portable_deserialize_safe((char *)whole, HEAD_BYTES + len);
    if (!read)
        return FC_E_NOMEM;
    if (roaring_bitmap_is_empty(bitmap(docs))) {
        roaring_bitmap_t empty = *bitmap(docs);
        *bitmap(docs) = *read;
        *read = empty;
    } else {
        roaring_bitmap_or_inplace(bitmap(docs), read);
    }
    roaring_bitmap_free(read);
    return FC_OK;
}

enum fc_err fc_docs_unpack(struct fc_docs *docs, uint32_t chunk, struct fc_span value)
{
    uint32_t count, base = chunk << FC_DOCS_CHUNK_BITS;
    if (chunk > UINT16_MAX || !sound(value, &count))
        return FC_E_CORRUPT;
    const uint8_t *body = value.data + 1;
    if (value.data[0] == FORM_RUNS) {
        for (size_t i = 0; i < value.len - 1; i += 4)
            roaring_bitmap_add_range_closed(bitmap(docs), base + get16(body + i),
                                            base + get16(body + i + 2));
        return FC_OK;
    }
    if (count <= 4) {
        for (uint32_t i = 0; i < count; i++)
            fc_docs_add(docs, base + get16(body + 2 * i));
        return FC_OK;
    }
    return read_body(docs, chunk, count, body, value.len - 1);
}

/* A list that only grows at its end is copied. */
static bool extend(struct fc_span value, const uint32_t *in, size_t in_count, struct fc_buf *out)
{
    size_t held = value.len > 0 ? (value.len - 1) / 2 : 0;
    if (in_count == 0 || held + in_count > LIST_MAX ||
        (value.len > 0 && (value.data[0] != FORM_LIST || value.len < 3)))
        return false;
    if (held > 0 && get16(value.data + value.len - 2) >= (in[0] & (FC_DOCS_CHUNK - 1)))
        return false;
    for (size_t i = 1; i < in_count; i++)
        if (in[i] <= in[i - 1])
            return false;
    if (value.len == 0)
        fc_buf_append(out, &(uint8_t){FORM_LIST}, 1);
    else
        fc_buf_append(out, value.data, value.len);
    for (size_t i = 0; i < in_count; i++)
        append16(out, in[i]);
    return true;
}

enum fc_err fc_docs_patch(uint32_t chunk, struct fc_span value, const uint32_t *out,
                          size_t out_count, const uint32_t *in, size_t in_count,
                          struct fc_buf *patched)
{
    if (out_count == 0 && extend(value, in, in_count, patched))
        return fc_buf_check(patched);
    struct fc_docs *docs = fc_docs_create();
    if (!docs)
        return FC_E_NOMEM;
    enum fc_err err = value.len > 0 ? fc_docs_unpack(docs, chunk, value) : FC_OK;
    for (size_t i = 0; i < out_count && err == FC_OK; i++)
        fc_docs_remove(docs, out[i]);
    if (err == FC_OK)
        fc_docs_add_many(docs, in, in_count);
    if (err == FC_OK && fc_docs_count(docs) > 0)
        err = fc_docs_pack(docs, chunk, patched);
    fc_docs_destroy(docs);
    return err;
}

/* -- counting ---------------------------------------------------------------------------------- */

void fc_docs_open(const struct fc_docs *docs, uint32_t chunk, struct fc_docs_bits *bits)
{
    uint32_t list[512], from = chunk << FC_DOCS_CHUNK_BITS;
    size_t count;
    memset(bits, 0, sizeof *bits);
    for (;;) {
        count = fc_docs_up(docs, from, list, sizeof list / sizeof list[0]);
        for (size_t i = 0; i < count; i++) {
            if (list[i] >> FC_DOCS_CHUNK_BITS != chunk)
                return;
            uint32_t low = list[i] & (FC_DOCS_CHUNK - 1);
            bits->words[low / 64] |= 1ull << low % 64;
            if (bits->count < FC_DOCS_FEW)
                bits->few[bits->count] = (uint16_t)low;
            bits->count++;
        }
        if (count < sizeof list / sizeof list[0] || list[count - 1] == UINT32_MAX)
            return;
        from = list[count - 1] + 1;
    }
}

static uint32_t common_run(const struct fc_docs_bits *bits, uint32_t first, uint32_t last)
{
    uint32_t count = 0;
    for (uint32_t i = first / 64; i <= last / 64; i++) {
        uint64_t word = bits->words[i];
        if (i == first / 64)
            word &= ~0ull << first % 64;
        if (i == last / 64)
            word &= ~0ull >> (63 - last % 64);
        count += (uint32_t)__builtin_popcountll(word);
    }
    return count;
}

/* Of few numbers each is looked for, which costs less than to read the whole value. */
static uint32_t few_in_bits(const struct fc_docs_bits *bits, const uint8_t *body)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < bits->count; i++)
        found += body[bits->few[i] / 8] >> bits->few[i] % 8 & 1;
    return found;
}

static uint32_t few_in_runs(const struct fc_docs_bits *bits, const uint8_t *body, size_t len)
{
    uint32_t found = 0;
    size_t at = 0;
    for (uint32_t i = 0; i < bits->count; i++) {
        while (at + 4 <= len && get16(body + at + 2) < bits->few[i])
            at += 4;
        if (at + 4 > len)
            break;
        found += get16(body + at) <= bits->few[i];
    }
    return found;
}

enum fc_err fc_docs_common(const struct fc_docs_bits *bits, struct fc_span value, uint32_t *count)
{
    *count = 0;
    if (value.len < 2)
        return FC_E_CORRUPT;
    const uint8_t *body = value.data + 1;
    size_t len = value.len - 1;
    uint32_t found = 0;
    bool few = bits->count > 0 && bits->count <= FC_DOCS_FEW;
    if (few && value.data[0] == FORM_BITS && len == FC_DOCS_CHUNK / 8) {
        found = few_in_bits(bits, body);
    } else if (few && value.data[0] == FORM_RUNS) {
        found = few_in_runs(bits, body, len);
    } else if (value.data[0] == FORM_BITS && len == FC_DOCS_CHUNK / 8) {
        for (size_t i = 0; i < WORDS; i++) {
            uint64_t word;
            memcpy(&word, body + i * sizeof word, sizeof word);
            found += (uint32_t)__builtin_popcountll(word & bits->words[i]);
        }
    } else if (value.data[0] == FORM_LIST) {
        for (size_t i = 0; i + 2 <= len; i += 2) {
            uint32_t low = get16(body + i);
            found += bits->words[low / 64] >> low % 64 & 1;
        }
    } else if (value.data[0] == FORM_RUNS) {
        for (size_t i = 0; i + 4 <= len; i += 4) {
            uint32_t first = get16(body + i), last = get16(body + i + 2);
            if (last < first)
                return FC_E_CORRUPT;
            found += common_run(bits, first, last);
        }
    } else {
        return FC_E_CORRUPT;
    }
    *count = found;
    return FC_OK;
}

enum fc_err fc_docs_bits_add(struct fc_docs_bits *bits, struct fc_span value)
{
    uint32_t count;
    if (!sound(value, &count))
        return FC_E_CORRUPT;
    const uint8_t *body = value.data + 1;
    if (value.data[0] == FORM_BITS) {
        for (size_t i = 0; i < WORDS; i++) {
            uint64_t word;
            memcpy(&word, body + i * sizeof word, sizeof word);
            bits->words[i] |= word;
        }
    } else if (value.data[0] == FORM_LIST) {
        for (size_t i = 0; i + 2 < value.len; i += 2) {
            uint32_t low = get16(body + i);
            bits->words[low / 64] |= 1ull << low % 64;
        }
    } else {
        for (size_t i = 0; i + 4 < value.len; i += 4)
            for (uint32_t low = get16(body + i), last = get16(body + i + 2); low <= last; low++)
                bits->words[low / 64] |= 1ull << low % 64;
    }
    return FC_OK;
}

enum fc_err fc_docs_take(struct fc_docs *docs, uint32_t chunk, const struct fc_docs_bits *bits)
{
    uint32_t count = 0, list[LIST_MAX], base = chunk << FC_DOCS_CHUNK_BITS;
    for (size_t i = 0; i < WORDS; i++)
        count += (uint32_t)__builtin_popcountll(bits->words[i]);
    if (count > LIST_MAX)
        return read_body(docs, chunk, count, bits->words, sizeof bits->words);
    count = 0;
    for (uint32_t i = 0; i < WORDS; i++)
        for (uint64_t word = bits->words[i]; word; word &= word - 1)
            list[count++] = base + i * 64 + (uint32_t)__builtin_ctzll(word);
    fc_docs_add_many(docs, list, count);
    return FC_OK;
}
