#include "node/base64.h"

#include <string.h>

static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void encode(struct fc_span bytes, const char alphabet[65], bool pad, struct fc_buf *out)
{
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t word = (uint32_t)bytes.data[i] << 16;
        word |= left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0;
        word |= left > 2 ? bytes.data[i + 2] : 0;
        char four[4] = {alphabet[word >> 18], alphabet[(word >> 12) & 63],
                        left > 1 ? alphabet[(word >> 6) & 63] : '=',
                        left > 2 ? alphabet[word & 63] : '='};
        fc_buf_append(out, four, pad || left > 2 ? 4 : left + 1);
    }
}

void fc_base64_encode(struct fc_span bytes, struct fc_buf *out)
{
    encode(bytes, plain, true, out);
}

void fc_base64url_encode(struct fc_span bytes, struct fc_buf *out)
{
    encode(bytes, url, false, out);
}

enum fc_err fc_base64_decode(struct fc_span text, struct fc_buf *out)
{
    uint32_t word = 0;
    unsigned bits = 0;
    size_t pads = 0;
    while (text.len > 0 && text.data[text.len - 1] == '=' && pads < 2) {
        text.len--;
        pads++;
    }
    if (text.len % 4 == 1 || (pads > 0 && (text.len + pads) % 4 != 0)) {
        return FC_E_FORMAT;
    }
    for (size_t i = 0; i < text.len; i++) {
        const char *found = text.data[i] ? strchr(plain, text.data[i]) : NULL;
        if (!found) {
            return FC_E_FORMAT;
        }
        word = (word << 6) | (uint32_t)(found - plain);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            uint8_t byte = (uint8_t)(word >> bits);
            fc_buf_append(out, &byte, 1);
        }
    }
    return (word & ((1u << bits) - 1)) ? FC_E_FORMAT : fc_buf_check(out);
}
