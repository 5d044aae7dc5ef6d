/* Contents compressed with zstd and a dictionary trained on catalogue documents. The dictionary
 * belongs to the format: frames travel between nodes as they are stored. */
#ifndef FC_STORE_CONTENT_H
#define FC_STORE_CONTENT_H

#include "store/bytes.h"
#include "store/limits.h"

/* Keeps zstd's contexts and the digested dictionary; not for two threads at once. */
struct fc_codec;
FC_MUST_USE enum fc_err fc_codec_create(struct fc_codec **codec);
void fc_codec_destroy(struct fc_codec *codec); /* NULL is fine */

/* Appends a frame: a format byte (1 raw, 2 zstd with dictionary 1), then the bytes. Raw where
 * compression does not pay. FC_E_BOUND above FC_CONTENT_BYTES_MAX. */
FC_MUST_USE enum fc_err fc_content_pack(struct fc_codec *codec, struct fc_span plain,
                                        struct fc_buf *out);
/* Appends the plain bytes. Refuses, before taking memory, a frame that says it is larger than
 * `len_max`. FC_E_FORMAT, FC_E_BOUND, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_content_unpack(struct fc_codec *codec, struct fc_span frame,
                                          size_t len_max, struct fc_buf *out);
/* Appends the same content as a raw frame: a block of many compresses better than each alone. Same
 * bounds. */
FC_MUST_USE enum fc_err fc_content_open(struct fc_codec *codec, struct fc_span frame,
                                        size_t len_max, struct fc_buf *out);
/* Whether a frame is raw; `plain` gets what is in it. */
bool fc_content_is_raw(struct fc_span frame, struct fc_span *plain);
/* Blocks of catch-up: plain zstd without the dictionary, fast level. Same bounds. */
FC_MUST_USE enum fc_err fc_block_pack(struct fc_codec *codec, struct fc_span plain,
                                      struct fc_buf *out);
FC_MUST_USE enum fc_err fc_block_unpack(struct fc_codec *codec, struct fc_span block,
                                        size_t len_max, struct fc_buf *out);
/* Appends `plain` as an ordinary zstd frame (RFC 8878), for those who do not know our frames. Fast
 * level. FC_E_BOUND above FC_FRAME_BYTES_MAX; FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_zstd_pack(struct fc_codec *codec, struct fc_span plain,
                                     struct fc_buf *out);

#endif
