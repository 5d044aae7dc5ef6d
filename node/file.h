/* Whole files: read under a bound, written so that a crash leaves the old or the new one. */
#ifndef FC_NODE_FILE_H
#define FC_NODE_FILE_H

#include "store/bytes.h"

/* Appends the file's bytes; "-" is standard input. FC_E_MISSING, FC_E_BOUND, FC_E_IO (errno says
 * more), FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_file_read(const char *path, size_t bytes_max, struct fc_buf *out);
/* Writes a new file beside it, syncs it, and renames it over `path`; "-" is standard output. With
 * `exclusive`, FC_E_KNOWN when the file is there. FC_E_FULL, FC_E_IO. */
FC_MUST_USE enum fc_err fc_file_write(const char *path, struct fc_span bytes, unsigned mode,
                                      bool exclusive);
/* Syncs the directory that holds `path`, so that a new name in it outlives a power cut. */
FC_MUST_USE enum fc_err fc_file_sync_directory(const char *path);
/* All bytes, whatever write(2) takes at a time. FC_E_FULL, FC_E_IO. */
FC_MUST_USE enum fc_err fc_file_write_all(int fd, struct fc_span bytes);
/* FC_E_FULL for ENOSPC and EDQUOT, FC_E_MISSING for ENOENT, FC_E_KNOWN for EEXIST, else FC_E_IO. */
enum fc_err fc_file_error(int error);

#endif
