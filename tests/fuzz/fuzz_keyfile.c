#include <stdlib.h>

#include "node/keyfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_keyfile key;
    if (fc_crypto_init() != FC_OK) {
        abort();
    }
    /* Without a passphrase: opening a sealed one costs Argon2 and has a target of its own. */
    if (fc_keyfile_parse(fc_span(data, size), true, fc_span(NULL, 0), &key) == FC_OK) {
        if (!key.open || key.sealed || !fc_key_kind_name(key.kind)) {
            abort();
        }
        fc_keyfile_wipe(&key);
    } else if (key.open) {
        abort();
    }
    return 0;
}
