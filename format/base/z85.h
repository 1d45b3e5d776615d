/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_Z85_H
#define TARN_FORMAT_BASE_Z85_H

#include "format/base/text.h"

/*
 * Z85 (ZeroMQ RFC 32): four bytes as five printable characters, none of which JSON escapes. Threads: any.
 */

/** Appends the bytes of a text. False: its length is no multiple of five, a character is none of the alphabet, or five are above 2^32. */
bool tarn__z85_decode(struct tarn_text text, struct tarn_text_builder *out);
/** Appends the text of bytes; up to three zero bytes are added to make their number a multiple of four. */
void tarn__z85_encode(struct tarn_span bytes, struct tarn_text_builder *out);

#endif
