/* Bearer tokens: who may write over HTTP. A token is handed out once; a node keeps its hash, in
 * <home>/tokens/NAME.token with mode 0600, beside the participant whose feed it is good for. */
#ifndef FC_NODE_TOKEN_H
#define FC_NODE_TOKEN_H

#include "node/home.h"
#include "store/crypto.h"

enum { FC_TOKENS_MAX = 256, FC_TOKEN_TEXT_BYTES = 72 };

struct fc_token {
    char name[FC_HOME_NAME_BYTES_MAX + 1]; /* empty: none */
    bool any;                              /* every participant hosted here */
    struct fc_hash participant;
    uint64_t created_ms;
    enum fc_err fault; /* of one that is listed: what is wrong with its file, and so with it */
};

/* Draws a token, keeps its hash, and writes the text to hand out: "fedcat_" and 64 digits.
 * FC_E_KNOWN: the name is taken; FC_E_ARG: it is no name; FC_E_BOUND: there are too many. */
FC_MUST_USE enum fc_err fc_token_new(const struct fc_home *home, const struct fc_token *token,
                                     char text[FC_TOKEN_TEXT_BYTES]);
/* FC_E_MISSING, FC_E_ARG, FC_E_IO. */
FC_MUST_USE enum fc_err fc_token_revoke(const struct fc_home *home, const char *name);
/* All there are, sorted by name; free them. Faults of files: FC_E_PERMISSION (others may read it),
 * FC_E_FORMAT, FC_E_IO. */
FC_MUST_USE enum fc_err fc_token_list(const struct fc_home *home, struct fc_token **tokens,
                                      size_t *count);
/* The token that was handed out as `text`, compared with all that there are. A file that is open to
 * others, or damaged, counts for nothing. FC_E_DENIED when it is none; FC_E_PERMISSION, with the
 * token's name, when it is one whose file others may read. */
FC_MUST_USE enum fc_err fc_token_check(const struct fc_home *home, struct fc_span text,
                                       struct fc_token *token);

#endif
