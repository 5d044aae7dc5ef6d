/* The dictionary contents are compressed with: part of the format, never changed once in use; a new
 * one gets a number and a frame format of its own. How it was made: tests/tools/dictionary. */
#ifndef FC_STORE_DICTIONARY_H
#define FC_STORE_DICTIONARY_H

#include "store/bytes.h"

struct fc_span fc_dictionary_1(void); /* lives as long as the program */

#endif
