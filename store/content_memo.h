/* Remembers contents that were found to be what they commit to: where many nodes take in the same
 * one, it is unpacked and hashed once. Compared byte for byte: the verdict is that of a check. */
#ifndef FC_STORE_CONTENT_MEMO_H
#define FC_STORE_CONTENT_MEMO_H

#include "store/delta.h"

struct fc_content_memo;
struct fc_content_memo *fc_content_memo_create(void);       /* NULL when out of memory */
void fc_content_memo_destroy(struct fc_content_memo *memo); /* NULL is fine */

/* True when this very content was found right before. */
bool fc_content_memo_knows(struct fc_content_memo *memo, const struct fc_content *content,
                           uint64_t size, const struct fc_hash *commitment);
/* It was found right. Large ones are not remembered, and old ones give way. */
void fc_content_memo_note(struct fc_content_memo *memo, const struct fc_content *content,
                          uint64_t size, const struct fc_hash *commitment);

#endif
