/* Every outcome a fedcat function can report, with the words a person reads.
 * 0 is success; errors are negative. One table, so that code and text cannot drift apart. */
#ifndef FC_STORE_ERR_H
#define FC_STORE_ERR_H

#define FC_ERR_TABLE(X)                                                                            \
    X(NOMEM, 1, "out of memory")                                                                   \
    X(ARG, 2, "invalid argument")                                                                  \
    X(BOUND, 3, "larger than the limit allows")                                                    \
    X(FORMAT, 4, "malformed or not in canonical form")                                             \
    X(FEDERATION, 5, "belongs to another federation")                                              \
    X(SIGNATURE, 6, "signature does not verify")                                                   \
    X(QUORUM, 7, "not enough valid signatures of governors")                                       \
    X(UNKNOWN, 8, "names a record that is not held here")                                          \
    X(KNOWN, 9, "already held")                                                                    \
    X(STALE, 10, "older than what is held")                                                        \
    X(GAP, 11, "does not follow the head that is held")                                            \
    X(FUTURE, 12, "dated in the future")                                                           \
    X(QUOTA, 13, "exceeds the participant's quota")                                                \
    X(CONTESTED, 14, "the feed is contested")                                                      \
    X(REVOKED, 15, "the participant's certificate is revoked or frozen")                           \
    X(DENIED, 16, "not permitted by the certificate")                                              \
    X(DISPUTED, 17, "governance is halted by two rival charters")                                  \
    X(ROOT, 18, "entries do not hash to the signed state root")                                    \
    X(MISSING, 19, "not found")                                                                    \
    X(WITHHELD, 20, "content was taken down")                                                      \
    X(FULL, 21, "no space left on the disk")                                                       \
    X(IO, 22, "input or output failed")                                                            \
    X(CORRUPT, 23, "stored data is damaged")                                                       \
    X(LOCKED, 24, "in use by another process")                                                     \
    X(COUNTER, 25, "the key's signing counter is missing or behind")                               \
    X(VERSION, 26, "written in a format this program does not read")                               \
    X(AGAIN, 27, "cannot take more just now")                                                      \
    X(MAP_FULL, 28, "the store's map must grow")                                                   \
    X(CLOSED, 29, "closed")                                                                        \
    X(JSON, 30, "not valid JSON")                                                                  \
    X(SUBJECT, 31, "has no subject identifier")                                                    \
    X(PASSPHRASE, 32, "wrong or missing passphrase")                                               \
    X(PERMISSION, 33, "file permissions are too open")                                             \
    X(NO_KEY, 34, "this node does not hold the participant's feed key")

enum fc_err {
    FC_OK = 0,
#define FC_ERR_ENUM(name, number, text) FC_E_##name = -(number),
    FC_ERR_TABLE(FC_ERR_ENUM)
#undef FC_ERR_ENUM
};

#define FC_MUST_USE __attribute__((warn_unused_result))

/* The text for a code; never NULL, also for a code that is not in the table. */
const char *fc_err_text(enum fc_err err);
/* The code's name ("QUORUM"), for logs and JSON. */
const char *fc_err_name(enum fc_err err);

#endif
