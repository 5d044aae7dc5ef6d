/* Any bytes as a document: an answer or an error, and every answer within its bounds. */
#include <stdlib.h>
#include <string.h>

#include "store/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition)
        abort();
}

static void check(const struct fc_document *document)
{
    require(document->key && document->media_type && document->kind && document->format);
    require(document->proof && strchr(document->key, ':') != NULL);
    require(strlen(document->key) <= FC_KEY_BYTES_MAX);
    require(strlen(document->media_type) <= FC_MEDIA_TYPE_BYTES_MAX);
    require(document->keyword_count <= FC_DOCUMENT_WORDS_MAX);
    require(document->theme_count <= FC_DOCUMENT_WORDS_MAX);
    require(document->subject_count <= FC_DOCUMENT_SUBJECTS_MAX);
    for (uint32_t i = 0; i < document->keyword_count; i++)
        require(document->keywords[i][0] != '\0');
    for (uint32_t i = 0; i < document->theme_count; i++)
        require(document->themes[i][0] != '\0');
    for (uint32_t i = 0; i < document->subject_count; i++)
        require(strchr(document->subjects[i], ':') != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_document document, again;
    struct fc_document_fault fault;
    enum fc_err err = fc_document_read(fc_span(data, size), &document, &fault);
    if (err == FC_OK) {
        check(&document);
        require(fc_document_read(fc_span(data, size), &again, NULL) == FC_OK);
        require(strcmp(document.key, again.key) == 0 && strcmp(document.kind, again.kind) == 0);
        fc_document_finish(&again);
    } else {
        require(err == FC_E_JSON || err == FC_E_SUBJECT || err == FC_E_BOUND || err == FC_E_NOMEM);
        require(fault.text[0] != '\0' && document.key == NULL);
    }
    fc_document_finish(&document);
    return 0;
}
