/* A node's directory.
 *
 *     fedcat.yaml      configuration
 *     bootstrap.json   the federation and the first peers, as `join` was given them
 *     store/           the replica
 *     keys/            node.key, feed-NAME.key, recovery-NAME.key, governor-NAME.key, and beside
 *                      each feed key its signing counter
 *     tokens/          NAME.token: who may write over HTTP
 *     applications/    requests for admission that came over HTTP
 *     fedcat.sock      where a running node takes commands */
#ifndef FC_NODE_HOME_H
#define FC_NODE_HOME_H

#include "store/bytes.h"

struct fc_home {
    char *path; /* owned */
};

/* `path` NULL: $FEDCAT_HOME, else /var/lib/fedcat for the user "fedcat", else
 * $XDG_DATA_HOME/fedcat, else ~/.local/share/fedcat. Nothing is made on the disk. FC_E_NOMEM;
 * FC_E_MISSING no home directory is known. */
FC_MUST_USE enum fc_err fc_home_init(struct fc_home *home, const char *path);
void fc_home_finish(struct fc_home *home);

/* Makes the directory, store/ and keys/, with mode 0700. What is there already stays. FC_E_IO with
 * errno set, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_home_create(const struct fc_home *home);
bool fc_home_exists(const struct fc_home *home); /* it holds a node's key */

/* A path inside, on the heap; NULL when out of memory. "keys/node.key" */
char *fc_home_path(const struct fc_home *home, const char *name);
/* keys/<kind>-<name>.key, or keys/node.key for the kind "node". FC_E_ARG unless `name` is made of
 * letters, digits, '-', '_' and '.', starts with none of the last and is short. */
FC_MUST_USE enum fc_err fc_home_key_path(const struct fc_home *home, const char *kind,
                                         const char *name, char **path);
enum { FC_HOME_NAME_BYTES_MAX = 64 };
bool fc_home_name_fits(const char *name);
/* Names of the keys of a kind in keys/, sorted; free each and the list. */
FC_MUST_USE enum fc_err fc_home_keys(const struct fc_home *home, const char *kind, char ***names,
                                     size_t *count);
void fc_home_keys_free(char **names, size_t count);

#endif
