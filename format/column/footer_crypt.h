/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_FOOTER_CRYPT_H
#define TARN_FORMAT_COLUMN_FOOTER_CRYPT_H

#include "format/column/footer.h"
#include "format/crypt/file_cipher.h"

/*
 * The encryption of footers and column chunks, between footer.c, which calls it, and format/crypt, which knows no footers.
 */

/**
 * What stands before "PARE": FileCryptoMetaData, then the footer as a module. Sets footer->cipher; `plain` lies in `arena`.
 * Errors: CORRUPT "thrift", "module_length"; those of tarn__file_cipher_open and tarn__file_cipher_footer.
 */
TARN_WARN_UNUSED enum tarn_status tarn__footer_unlock(struct tarn_footer *footer, const struct tarn__given_keys *given,
                                                      struct tarn_span stored, struct tarn_arena *arena, struct tarn_span *plain,
                                                      struct tarn_error *err);

/**
 * A plain footer that was decoded and took `used` of its bytes: when it says that columns are encrypted, sets footer->cipher, and verifies
 * the signature behind it when there is a key. Errors: CORRUPT "footer_signature" (there is no room for one), those of
 * tarn__file_cipher_open and tarn__file_cipher_verify.
 */
TARN_WARN_UNUSED enum tarn_status tarn__footer_verify(struct tarn_footer *footer, const struct tarn__given_keys *given, size_t used,
                                                      struct tarn_error *err);

/**
 * Puts the metadata of an encrypted chunk in the place of what the footer shows of them. A chunk without a key keeps what it shows, when it
 * shows anything. Errors: those of tarn__column_cipher_open and tarn__column_cipher_module, CORRUPT "thrift", "footer".
 */
TARN_WARN_UNUSED enum tarn_status tarn__footer_decrypt_chunk(const struct tarn_footer *footer, uint32_t row_group, uint32_t leaf,
                                                             struct tarn_arena *arena, struct parquet_column_chunk *chunk,
                                                             struct tarn_error *err);

#endif
