/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_CRYPT_FILE_CIPHER_PARTS_H
#define TARN_FORMAT_CRYPT_FILE_CIPHER_PARTS_H

#include "format/crypt/file_cipher.h"

/* What file_cipher.c makes and column_cipher.c reads. */
struct tarn__file_cipher {
    struct tarn_env *env;
    struct tarn__aes_library *library;
    struct tarn__key_ring *ring;
    struct tarn_span aad;               /* prefix and file identifier */
    const struct tarn__key *footer_key; /* NULL: none was given */
    uint32_t row_groups;
    uint32_t columns;
    bool ctr;            /* bodies of pages have no tag */
    bool prefix_missing; /* nothing can be decrypted */
};

/** AUTH "aad_prefix_missing" when the file needs one that was not given. */
TARN_WARN_UNUSED enum tarn_status tarn__file_cipher_check_prefix(const struct tarn__file_cipher *file, struct tarn_error *err);

#endif
