/* Text that a test makes, held against the file in which it was reviewed. */
#ifndef FC_TEST_GOLDEN_H
#define FC_TEST_GOLDEN_H

#include <jansson.h>

#include "store/bytes.h"

/* Whether `path`, from the source's root, holds `text`. If not, the first line that differs is
 * shown, with the three before it. With FEDCAT_GOLDEN_WRITE=1 the file is written anew instead. */
bool fc_golden_check(const char *path, struct fc_span text);

/* The same of a JSON value, however it is laid out; takes the reference. */
bool fc_golden_json(const char *path, json_t *value);

/* Appends all of a file; false: it cannot be read. */
bool fc_golden_read(const char *path, struct fc_buf *out);

#endif
