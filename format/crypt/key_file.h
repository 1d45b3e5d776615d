/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_CRYPT_KEY_FILE_H
#define TARN_FORMAT_CRYPT_KEY_FILE_H

#include "format/base/bytes.h"
#include "tarn/keys.h"

/** Key `number` of "keys", in the order of the file; false: there are no more. Texts and bytes live as long as the file. */
bool tarn__key_file_key(const struct tarn_key_file *file, size_t number, struct tarn_text *name, struct tarn_span *key);
/** Empty: none. */
struct tarn_text tarn__key_file_aad_prefix(const struct tarn_key_file *file);

#endif
