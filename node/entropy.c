#include "node/entropy.h"

#include <errno.h>
#include <sys/random.h>

enum fc_err fc_entropy_fill(void *out, size_t len)
{
    uint8_t *at = out;
    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return FC_E_IO;
        }
        at += got;
        len -= (size_t)got;
    }
    return FC_OK;
}
