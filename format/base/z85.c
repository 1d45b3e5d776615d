/* SPDX-License-Identifier: Apache-2.0
 *
 * Z85, ZeroMQ RFC 32: numbers of four bytes, most significant first, in base 85, most significant digit first.
 */
#include "format/base/z85.h"

#include "format/base/bytes.h"

enum { BYTES = 4, CHARACTERS = 5, BASE = 85 };

static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

bool tarn__z85_decode(struct tarn_text text, struct tarn_text_builder *out)
{
    if (text.size % CHARACTERS != 0) {
        return false;
    }
    for (size_t i = 0; i < text.size; i += CHARACTERS) {
        uint64_t number = 0;
        for (size_t k = 0; k < CHARACTERS; k++) {
            const char *digit = memchr(alphabet, text.data[i + k], BASE);
            if (digit == NULL) {
                return false;
            }
            number = number * BASE + (uint64_t)(digit - alphabet);
        }
        if (number > UINT32_MAX) {
            return false;
        }
        uint8_t bytes[BYTES];
        tarn__store32_be(bytes, (uint32_t)number);
        tarn__builder_add_bytes(out, bytes, BYTES);
    }
    return true;
}

void tarn__z85_encode(struct tarn_span bytes, struct tarn_text_builder *out)
{
    for (size_t i = 0; i < bytes.size; i += BYTES) {
        uint8_t padded[BYTES] = {0};
        char text[CHARACTERS];
        memcpy(padded, bytes.data + i, bytes.size - i < BYTES ? bytes.size - i : BYTES);
        uint32_t number = tarn__load32_be(padded);
        for (size_t k = CHARACTERS; k-- > 0; number /= BASE) {
            text[k] = alphabet[number % BASE];
        }
        tarn__builder_add_bytes(out, text, CHARACTERS);
    }
}
