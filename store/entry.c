#include "store/entry.h"

#include <string.h>

#include "store/pack.h"

const char *fc_content_state_name(enum fc_content_state state)
{
    switch (state) {
    case FC_CONTENT_PRESENT:
        return "present";
    case FC_CONTENT_MISSING:
        return "missing";
    case FC_CONTENT_REFUSED:
        return "refused";
    }
    return NULL;
}

static bool leaf_valid(const struct fc_entry *entry)
{
    return fc_version_incarnation(entry->version) > 0 && fc_version_seq(entry->version) > 0 &&
           fc_status_name(entry->status) && entry->size <= FC_CONTENT_BYTES_MAX &&
           fc_text_valid(entry->media_type, 1, FC_MEDIA_TYPE_BYTES_MAX);
}

/* A salt is kept with its content alone, so that what was deleted cannot be guessed back. */
static bool row_valid(const struct fc_entry *entry)
{
    static const uint8_t zero[FC_SALT_BYTES];
    return leaf_valid(entry) && fc_text_valid(entry->key, 1, FC_KEY_BYTES_MAX) &&
           fc_content_state_name(entry->state) &&
           (entry->state == FC_CONTENT_PRESENT || memcmp(entry->salt, zero, sizeof zero) == 0);
}

/* Version, status, commitment, media type, size: what row and leaf have in common. */
static void write_core(struct fc_buf *out, const struct fc_entry *entry)
{
    fc_pack_uint(out, entry->version);
    fc_pack_uint(out, entry->status);
    fc_pack_bin(out, fc_span(entry->commitment.b, sizeof entry->commitment.b));
    fc_pack_str(out, entry->media_type);
    fc_pack_uint(out, entry->size);
}

static void read_core(struct fc_unpack *in, struct fc_entry *entry)
{
    entry->version = fc_unpack_uint(in, UINT64_MAX);
    entry->status = (enum fc_status)fc_unpack_uint(in, FC_STATUS_REVOKED);
    fc_unpack_fixed(in, entry->commitment.b, sizeof entry->commitment.b);
    entry->media_type = fc_unpack_str(in, FC_MEDIA_TYPE_BYTES_MAX);
    entry->size = fc_unpack_uint(in, FC_CONTENT_BYTES_MAX);
}

enum fc_err fc_entry_write(const struct fc_entry *entry, struct fc_buf *out)
{
    if (!row_valid(entry))
        return FC_E_ARG;
    fc_pack_array(out, 8);
    write_core(out, entry);
    fc_pack_str(out, entry->key);
    fc_pack_bin(out, fc_span(entry->salt, sizeof entry->salt));
    fc_pack_uint(out, entry->state);
    return fc_buf_check(out);
}

enum fc_err fc_entry_parse(const struct fc_hash *key_hash, struct fc_span row, struct fc_entry *out)
{
    struct fc_unpack in;
    *out = (struct fc_entry){.key_hash = *key_hash};
    fc_unpack_init(&in, row);
    fc_unpack_array(&in, 8, 8);
    read_core(&in, out);
    out->key = fc_unpack_str(&in, FC_KEY_BYTES_MAX);
    fc_unpack_fixed(&in, out->salt, sizeof out->salt);
    out->state = (enum fc_content_state)fc_unpack_uint(&in, FC_CONTENT_REFUSED);
    return fc_unpack_end(&in) == FC_OK && row_valid(out) ? FC_OK : FC_E_CORRUPT;
}

enum fc_err fc_leaf_write(const struct fc_entry *entry, struct fc_buf *out)
{
    if (!leaf_valid(entry))
        return FC_E_ARG;
    fc_pack_array(out, 6);
    fc_pack_bin(out, fc_span(entry->key_hash.b, sizeof entry->key_hash.b));
    write_core(out, entry);
    return fc_buf_check(out);
}

enum fc_err fc_leaf_parse(struct fc_span leaf, struct fc_entry *out)
{
    struct fc_unpack in;
    *out = (struct fc_entry){0};
    fc_unpack_init(&in, leaf);
    fc_unpack_array(&in, 6, 6);
    fc_unpack_fixed(&in, out->key_hash.b, sizeof out->key_hash.b);
    read_core(&in, out);
    enum fc_err err = fc_unpack_end(&in);
    return err == FC_OK && !leaf_valid(out) ? FC_E_FORMAT : err;
}

struct fc_hash fc_leaf_hash(struct fc_span leaf)
{
    return fc_hash("fedcat.leaf.1", leaf);
}

struct fc_entry_key fc_entry_key(uint32_t generation, const struct fc_hash *key_hash)
{
    struct fc_entry_key key;
    fc_put_be32(key.b, generation);
    memcpy(key.b + 4, key_hash->b, sizeof key_hash->b);
    return key;
}
