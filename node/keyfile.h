/* Secret keys in files: text, mode 0600, sealed under a passphrase if wished.
 *
 *     fedcat-key 1
 *     kind feed
 *     public <64 hexadecimal digits>
 *     secret <64 hexadecimal digits>        or: sealed <hexadecimal, store/crypto.h's fc_seal>
 */
#ifndef FC_NODE_KEYFILE_H
#define FC_NODE_KEYFILE_H

#include "store/crypto.h"

enum fc_key_kind { FC_KEY_NODE = 1, FC_KEY_FEED, FC_KEY_RECOVERY, FC_KEY_GOVERNOR };
/* "node", "feed", "recovery", "governor"; NULL for none. */
const char *fc_key_kind_name(enum fc_key_kind kind);

struct fc_keyfile {
    enum fc_key_kind kind;
    struct fc_key public_key;
    bool sealed;
    bool open; /* the secret is here */
    union {
        struct fc_sign_key sign; /* feed, recovery, governor */
        struct fc_box_key box;   /* node */
    };
};

/* Makes a new file from 32 bytes of entropy; an empty passphrase leaves it unsealed. A feed key
 * gets its zero counter with it. FC_E_KNOWN when there is a file already, FC_E_IO, FC_E_FULL,
 * FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_keyfile_create(const char *path, enum fc_key_kind kind,
                                          const uint8_t seed[32], struct fc_span passphrase,
                                          struct fc_key *public_key);
/* The public part alone; also of a sealed file. FC_E_MISSING, FC_E_PERMISSION (others than the
 * owner may read it, or somebody else owns it), FC_E_FORMAT, FC_E_IO. */
FC_MUST_USE enum fc_err fc_keyfile_read(const char *path, struct fc_keyfile *out);
/* With the secret. As above, and FC_E_PASSPHRASE when it is sealed and `passphrase` does not open
 * it. Wipe it after use. */
FC_MUST_USE enum fc_err fc_keyfile_open(const char *path, struct fc_span passphrase,
                                        struct fc_keyfile *out);
void fc_keyfile_wipe(struct fc_keyfile *key);

/* The text of a key file. `open` needs the passphrase, `read` leaves a sealed secret closed. */
FC_MUST_USE enum fc_err fc_keyfile_parse(struct fc_span text, bool with_secret,
                                         struct fc_span passphrase, struct fc_keyfile *out);

#endif
