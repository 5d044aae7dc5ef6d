/* Any bytes as a query, as a document to index, and as a value of the index. */
#include <stdlib.h>
#include <string.h>

#include "store/index_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition)
        abort();
}

static void read_query(struct fc_span text)
{
    struct fc_query query;
    struct fc_query_fault fault;
    fc_query_init(&query);
    enum fc_err err = fc_query_parse(&query, text, &fault);
    if (err != FC_OK) {
        require(err == FC_E_FORMAT || err == FC_E_BOUND);
        require(fault.text[0] != '\0' && fault.at <= text.len);
        return;
    }
    require(query.text_len <= FC_QUERY_TEXT_BYTES_MAX);
    require(fc_utf8_valid(fc_span(query.text, query.text_len)));
    for (uint16_t i = 0; i < query.clause_count; i++)
        require(query.clauses[i].count > 0 &&
                query.clauses[i].first + query.clauses[i].count <= query.term_count);
    for (uint16_t i = 0; i < query.term_count; i++)
        require(query.terms[i].at + query.terms[i].len <= query.text_len);
}

/* What an entry says stays within its bounds, whatever its document is. */
static void index_document(struct fc_sayer *sayer, struct fc_span plain)
{
    struct fc_entry entry = {.key = fc_span_str("https://a.example/x"), .version = 7};
    struct fc_said said;
    struct fc_span bytes;
    uint8_t tag;
    unsigned terms = 0, names = 0;
    require(fc_say(sayer, 1, &entry, plain) == FC_OK);
    require(fc_said_parse(fc_buf_span(&sayer->said), &said) == FC_OK && said.version == 7);
    while (fc_said_next(&said.items, &tag, &bytes)) {
        require(bytes.len <= FC_INDEX_PROVIDER_BYTES);
        require(tag >= FC_TIERS || (bytes.len > 0 && bytes.len <= FC_WORD_BYTES_MAX));
        terms += tag < FC_TIERS;
        names += tag == FC_TAG_NAME;
    }
    require(said.items.len == 0 && names == 1 && terms <= FC_INDEX_TERMS_MAX + 512);
}

/* The same of what a load asks. */
static void index_apart(struct fc_sayer *sayer, struct fc_span plain)
{
    const struct fc_entry entry = {
        .key = fc_span_str("https://a.example/x"), .version = 7, .size = plain.len};
    const uint8_t raw = 1;
    struct fc_buf frame = {0};
    struct fc_said said;
    struct fc_said_word word;
    struct fc_span bytes;
    uint8_t tag;
    fc_buf_append(&frame, &raw, 1);
    fc_buf_append(&frame, plain.data, plain.len);
    require(fc_say_apart(sayer, 1, &entry, fc_buf_span(&frame)) == FC_OK);
    require(fc_said_parse(fc_buf_span(&sayer->said), &said) == FC_OK);
    while (fc_said_next(&said.items, &tag, &bytes))
        require(tag >= FC_TIERS);
    bytes = fc_buf_span(&sayer->words);
    while (fc_said_word_next(&bytes, &word))
        require((unsigned)word.tier < FC_TIERS && word.language >= -1 &&
                word.language < FC_STEM_LANGUAGES && word.text.len > 0 &&
                word.text.len <= FC_WORD_BYTES_MAX);
    require(bytes.len == 0);
    fc_buf_finish(&frame);
}

static void read_set(struct fc_span value)
{
    struct fc_docs *docs = fc_docs_create();
    struct fc_buf out = {0};
    require(docs != NULL);
    if (fc_docs_unpack(docs, 3, value) == FC_OK) {
        require(fc_docs_count(docs) > 0 && fc_docs_pack(docs, 3, &out) == FC_OK);
        struct fc_docs *again = fc_docs_create();
        require(again && fc_docs_unpack(again, 3, fc_buf_span(&out)) == FC_OK);
        require(fc_docs_count(again) == fc_docs_count(docs));
        fc_docs_destroy(again);
    }
    fc_buf_finish(&out);
    fc_docs_destroy(docs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fc_sayer *sayer;
    if (!sayer)
        require(fc_sayer_create(&sayer) == FC_OK);
    if (size == 0)
        return 0;
    struct fc_span rest = fc_span(data + 1, size - 1);
    switch (data[0] % 3) {
    case 0:
        read_query(rest);
        break;
    case 1:
        index_document(sayer, rest);
        index_apart(sayer, rest);
        break;
    case 2:
        read_set(rest);
        break;
    }
    return 0;
}
