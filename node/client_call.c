/* The calls that several commands make. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "node/client.h"

enum { PAGE_ITEMS = 1000 };

static enum fc_err call(struct fc_client *client, enum fc_verb verb, struct fc_buf *arguments,
                        struct fc_unpack *in)
{
    struct fc_span body = {0};
    enum fc_err err = fc_buf_check(arguments);
    if (err == FC_OK) {
        err = fc_client_call(client, verb, fc_buf_span(arguments), &body);
    }
    fc_buf_finish(arguments);
    fc_unpack_init(in, body);
    return err;
}

enum fc_err fc_client_submit_record(struct fc_client *client, struct fc_span record,
                                    struct fc_hash *hash)
{
    struct fc_buf arguments = {0};
    struct fc_unpack in;
    fc_pack_array(&arguments, 1);
    fc_pack_bin(&arguments, record);
    enum fc_err err = call(client, FC_VERB_SUBMIT_RECORD, &arguments, &in);
    if (err == FC_OK) {
        fc_unpack_array(&in, 2, 2);
        struct fc_hash got = fc_message_get_hash(&in);
        fc_unpack_uint(&in, UINT16_MAX);
        err = fc_unpack_end(&in);
        if (hash) {
            *hash = got;
        }
    }
    return err;
}

enum fc_err fc_client_charter(struct fc_client *client, uint64_t version, struct fc_buf *record,
                              bool *disputed)
{
    struct fc_buf arguments = {0};
    struct fc_unpack in;
    fc_pack_array(&arguments, 1);
    fc_pack_uint(&arguments, version);
    enum fc_err err = call(client, FC_VERB_CHARTER, &arguments, &in);
    if (err == FC_OK) {
        fc_unpack_array(&in, 2, 2);
        struct fc_span bytes = fc_unpack_bin(&in, FC_RECORD_BYTES_MAX);
        bool halted = fc_unpack_uint(&in, 1) == 1;
        err = fc_unpack_end(&in);
        fc_buf_append(record, bytes.data, bytes.len);
        if (disputed) {
            *disputed = halted;
        }
    }
    return err == FC_OK ? fc_buf_check(record) : err;
}

enum fc_err fc_client_record(struct fc_client *client, const struct fc_hash *hash,
                             struct fc_buf *record)
{
    struct fc_buf arguments = {0};
    struct fc_unpack in;
    fc_pack_array(&arguments, 1);
    fc_message_put_hash(&arguments, hash);
    enum fc_err err = call(client, FC_VERB_RECORD, &arguments, &in);
    if (err == FC_OK) {
        fc_unpack_array(&in, 1, 1);
        struct fc_span bytes = fc_unpack_bin(&in, FC_CARRY_BYTES_MAX);
        err = fc_unpack_end(&in);
        fc_buf_append(record, bytes.data, bytes.len);
    }
    return err == FC_OK ? fc_buf_check(record) : err;
}

static enum fc_err get_participant(struct fc_client *client, enum fc_verb verb,
                                   const uint8_t by[32], struct fc_message_participant *out)
{
    struct fc_buf arguments = {0};
    struct fc_unpack in;
    fc_pack_array(&arguments, 1);
    fc_pack_bin(&arguments, fc_span(by, 32));
    enum fc_err err = call(client, verb, &arguments, &in);
    if (err == FC_OK) {
        fc_message_get_participant(&in, out);
        err = fc_unpack_end(&in);
    }
    return err;
}

enum fc_err fc_client_participant(struct fc_client *client, const struct fc_hash *id,
                                  struct fc_message_participant *out)
{
    return get_participant(client, FC_VERB_PARTICIPANT, id->b, out);
}

enum fc_err fc_client_by_feed_key(struct fc_client *client, const struct fc_key *key,
                                  struct fc_message_participant *out)
{
    return get_participant(client, FC_VERB_BY_FEED_KEY, key->b, out);
}

/* A callback may make calls of its own, so a page is copied before it is gone through. */
static enum fc_err copy_page(struct fc_unpack *in, struct fc_buf *page)
{
    fc_buf_clear(page);
    fc_buf_append(page, in->data, in->len);
    fc_unpack_init(in, fc_buf_span(page));
    fc_unpack_array(in, 2, 2);
    return fc_buf_check(page);
}

/* A list that is asked for page by page: what was had last, and who gets the items. */
struct list {
    enum fc_verb verb;
    const struct fc_hash *participant; /* of entries */
    struct fc_hash last;
    uint64_t after; /* of records */
    bool begun;
    enum fc_err (*take)(struct list *list, struct fc_unpack *in);
    union {
        enum fc_err (*participant)(void *ctx, const struct fc_message_participant *participant);
        enum fc_err (*entry)(void *ctx, const struct fc_message_entry *entry);
        enum fc_err (*record)(void *ctx, uint64_t index, const struct fc_record *record);
    } each;
    void *ctx;
};

static void put_place(const struct list *list, struct fc_buf *arguments)
{
    fc_pack_array(arguments, list->participant ? 3 : 2);
    if (list->participant) {
        fc_message_put_hash(arguments, list->participant);
    }
    if (list->verb == FC_VERB_RECORDS) {
        fc_pack_uint(arguments, list->after);
    } else {
        fc_message_put_hash_or_nil(arguments, list->begun ? &list->last : NULL);
    }
    fc_pack_uint(arguments, PAGE_ITEMS);
}

static enum fc_err take_page(struct fc_client *client, struct list *list, struct fc_buf *page,
                             bool *more)
{
    struct fc_buf arguments = {0};
    struct fc_unpack in;
    put_place(list, &arguments);
    enum fc_err err = call(client, list->verb, &arguments, &in);
    if (err == FC_OK) {
        err = copy_page(&in, page);
    }
    uint32_t count = err == FC_OK ? fc_unpack_array(&in, 0, PAGE_ITEMS) : 0;
    for (uint32_t i = 0; i < count && err == FC_OK; i++) {
        err = list->take(list, &in);
        list->begun = true;
    }
    if (err == FC_OK) {
        *more = fc_unpack_uint(&in, 1) == 1;
        err = fc_unpack_end(&in);
    }
    return err;
}

static enum fc_err take_all(struct fc_client *client, struct list *list)
{
    struct fc_buf page = {0};
    bool more = true;
    enum fc_err err = FC_OK;
    while (more && err == FC_OK) {
        err = take_page(client, list, &page, &more);
    }
    fc_buf_finish(&page);
    return err;
}

static enum fc_err take_participant(struct list *list, struct fc_unpack *in)
{
    struct fc_message_participant participant;
    fc_message_get_participant(in, &participant);
    list->last = participant.id;
    return in->err == FC_OK ? list->each.participant(list->ctx, &participant) : in->err;
}

enum fc_err fc_client_participants(
    struct fc_client *client,
    enum fc_err (*each)(void *ctx, const struct fc_message_participant *participant), void *ctx)
{
    struct list list = {.verb = FC_VERB_PARTICIPANTS,
                        .take = take_participant,
                        .each.participant = each,
                        .ctx = ctx};
    return take_all(client, &list);
}

static enum fc_err take_entry(struct list *list, struct fc_unpack *in)
{
    struct fc_message_entry entry;
    fc_message_get_entry(in, &entry);
    list->last = entry.entry.key_hash;
    return in->err == FC_OK ? list->each.entry(list->ctx, &entry) : in->err;
}

enum fc_err fc_client_entries(struct fc_client *client, const struct fc_hash *participant,
                              enum fc_err (*each)(void *ctx, const struct fc_message_entry *entry),
                              void *ctx)
{
    struct list list = {.verb = FC_VERB_LIST,
                        .participant = participant,
                        .take = take_entry,
                        .each.entry = each,
                        .ctx = ctx};
    return take_all(client, &list);
}

enum fc_err fc_client_find(struct fc_client *client, const struct fc_hash *participant,
                           struct fc_span key,
                           enum fc_err (*each)(void *ctx, const struct fc_message_entry *entry),
                           void *ctx)
{
    struct fc_buf arguments = {0}, page = {0};
    struct fc_unpack in;
    fc_pack_array(&arguments, 2);
    fc_message_put_hash_or_nil(&arguments, participant);
    fc_pack_str(&arguments, key);
    enum fc_err err = call(client, FC_VERB_FIND, &arguments, &in);
    if (err == FC_OK) {
        fc_buf_append(&page, in.data, in.len);
        err = fc_buf_check(&page);
    }
    fc_unpack_init(&in, fc_buf_span(&page));
    uint32_t count = err == FC_OK ? fc_unpack_array(&in, 1, UINT32_MAX) : 0;
    for (uint32_t i = 0; i < count && err == FC_OK; i++) {
        struct fc_message_entry entry;
        fc_message_get_entry(&in, &entry);
        err = in.err == FC_OK ? each(ctx, &entry) : in.err;
    }
    fc_buf_finish(&page);
    return err == FC_OK ? in.err : err;
}

enum fc_err fc_client_content(struct fc_client *client, const struct fc_hash *participant,
                              const struct fc_hash *key_hash, struct fc_buf *out)
{
    struct fc_buf arguments = {0};
    struct fc_unpack in;
    fc_pack_array(&arguments, 2);
    fc_message_put_hash(&arguments, participant);
    fc_message_put_hash(&arguments, key_hash);
    enum fc_err err = call(client, FC_VERB_CONTENT, &arguments, &in);
    if (err == FC_OK) {
        fc_unpack_array(&in, 1, 1);
        struct fc_span bytes = fc_unpack_bin(&in, FC_CONTENT_BYTES_MAX);
        err = fc_unpack_end(&in);
        fc_buf_append(out, bytes.data, bytes.len);
    }
    return err == FC_OK ? fc_buf_check(out) : err;
}

static enum fc_err take_record(struct list *list, struct fc_unpack *in)
{
    struct fc_record record;
    fc_unpack_array(in, 3, 3);
    list->after = fc_unpack_uint(in, UINT64_MAX);
    fc_unpack_uint(in, UINT16_MAX);
    struct fc_span bytes = fc_unpack_bin(in, FC_CARRY_BYTES_MAX);
    if (in->err != FC_OK) {
        return in->err;
    }
    enum fc_err err = fc_record_parse(bytes, &record);
    return err == FC_OK ? list->each.record(list->ctx, list->after, &record) : err;
}

enum fc_err fc_client_records(struct fc_client *client,
                              enum fc_err (*each)(void *ctx, uint64_t index,
                                                  const struct fc_record *record),
                              void *ctx)
{
    struct list list = {
        .verb = FC_VERB_RECORDS, .take = take_record, .each.record = each, .ctx = ctx};
    return take_all(client, &list);
}

struct search {
    const char *text;
    size_t len;
    bool hex;
    struct fc_hash id;
    unsigned found;
};

static enum fc_err compare(void *ctx, const struct fc_message_participant *participant)
{
    struct search *search = ctx;
    struct fc_record record;
    struct fc_certificate certificate;
    char hex[65];
    fc_hex(participant->id.b, 32, hex);
    bool fits = search->hex && strncasecmp(hex, search->text, search->len) == 0;
    if (!fits && fc_record_parse(participant->certificate, &record) == FC_OK &&
        fc_certificate_parse(&record, &certificate) == FC_OK) {
        fits = certificate.name.len == search->len &&
               memcmp(certificate.name.data, search->text, search->len) == 0;
    }
    if (fits) {
        search->id = participant->id;
        search->found++;
    }
    return FC_OK;
}

enum fc_err fc_client_find_participant(struct fc_cli *cli, struct fc_client *client,
                                       const char *text, struct fc_hash *id)
{
    struct search search = {.text = text, .len = strlen(text)};
    search.hex = search.len >= 8 && search.len <= 64;
    for (size_t i = 0; i < search.len; i++) {
        search.hex = search.hex && isxdigit((unsigned char)text[i]);
    }
    enum fc_err err = fc_client_participants(client, compare, &search);
    if (err != FC_OK) {
        fc_client_fail(cli, client, err, "participants");
        return err;
    }
    if (search.found == 1) {
        *id = search.id;
        return FC_OK;
    }
    fc_cli_warn(cli,
                search.found ? "\"%s\" fits several participants: give more of the id"
                             : "no participant is called \"%s\" (fedcat participants)",
                text);
    cli->status = search.found ? FC_EXIT_USAGE : FC_EXIT_MISSING;
    return search.found ? FC_E_ARG : FC_E_MISSING;
}
