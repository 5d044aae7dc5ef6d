/* What a handler works with: a reader of the replica and a compressor, taken from a pool and given
 * back. */
#ifndef FC_NODE_HTTP_TOOLS_H
#define FC_NODE_HTTP_TOOLS_H

#include "store/content.h"
#include "store/reader.h"

struct fc_http_tools {
    struct fc_reader *reader;
    struct fc_codec *codec;
    struct fc_http_tools *next;
};
struct fc_http_toolbox;
FC_MUST_USE enum fc_err fc_toolbox_create(struct fc_readers *readers,
                                          struct fc_http_toolbox **toolbox);
void fc_toolbox_destroy(struct fc_http_toolbox *toolbox); /* NULL is fine; all were given back */
FC_MUST_USE enum fc_err fc_toolbox_take(struct fc_http_toolbox *toolbox,
                                        struct fc_http_tools **tools);
void fc_toolbox_give(struct fc_http_toolbox *toolbox, struct fc_http_tools *tools);

#endif
