/* Where a passphrase comes from: a file (--passphrase-file, FEDCAT_PASSPHRASE_FILE), else the
 * terminal, without echo. */
#ifndef FC_NODE_PASSPHRASE_H
#define FC_NODE_PASSPHRASE_H

#include "node/cli.h"
#include "node/keyfile.h"

/* Appends it, without the line's end. `confirm` asks twice. The caller wipes `out` with
 * fc_passphrase_wipe. FC_E_PASSPHRASE: no file and no terminal, or the two differ, or it is empty;
 * FC_E_PERMISSION: others may read the file; FC_E_MISSING, FC_E_IO. */
FC_MUST_USE enum fc_err fc_passphrase_get(const struct fc_cli *cli, const char *prompt,
                                          bool confirm, struct fc_buf *out);
void fc_passphrase_wipe(struct fc_buf *passphrase);

/* Opens a key file, asking for the passphrase only when it is sealed. On a failure the one clear
 * line is printed and `*status`, if not NULL, is the exit status. Wipe the key after use. */
FC_MUST_USE enum fc_err fc_passphrase_open_key(struct fc_cli *cli, const char *path,
                                               struct fc_keyfile *key, enum fc_exit *status);
/* Makes a key file from fresh entropy; asks for a passphrase when `sealed`. Prints a failure. */
FC_MUST_USE enum fc_err fc_passphrase_create_key(struct fc_cli *cli, const char *path,
                                                 enum fc_key_kind kind, bool sealed,
                                                 struct fc_key *public_key, enum fc_exit *status);

#endif
