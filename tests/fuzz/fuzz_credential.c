/* Any bytes as a signed document, and as the DID document it is checked against. The bytes before
 * the first zero byte are the one, those after it the other. */
#include <stdlib.h>
#include <string.h>

#include "store/credential.h"
#include "store/did.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition)
        abort();
}

static enum fc_err give(void *ctx, const char *did, struct fc_buf *out,
                        struct fc_credential_source *source)
{
    const struct fc_span *document = ctx;
    require(strlen(did) > 0);
    strcpy(source->text, "fuzz");
    fc_buf_append(out, document->data, document->len);
    return document->len ? fc_buf_check(out) : FC_E_MISSING;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    struct fc_span bytes = fc_span(data, zero ? (size_t)(zero - data) : size);
    struct fc_span document = zero ? fc_span(zero + 1, size - bytes.len - 1) : fc_span(NULL, 0);
    struct fc_credential_resolver resolver = {&document, give};
    struct fc_credential out, again;
    struct fc_did_key key;
    require(fc_credential_check(bytes, &resolver, 1790000000000, &out) == FC_OK);
    require((out.state == FC_CREDENTIAL_VERIFIED) == (out.why[0] == '\0'));
    require(out.state != FC_CREDENTIAL_VERIFIED || (out.tokens > 0 && out.algorithm[0]));
    require(fc_credential_check(bytes, &resolver, 1790000000000, &again) == FC_OK);
    require(again.state == out.state && strcmp(again.why, out.why) == 0);
    if (fc_did_document_key(document, "did:web:alpha.example", NULL, FC_DID_ASSERTION, &key) ==
        FC_OK)
        require(key.key != NULL);
    fc_did_key_finish(&key);
    return 0;
}
