/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_CRYPT_MODULE_H
#define TARN_FORMAT_CRYPT_MODULE_H

#include "format/crypt/aes.h"

/*
 * Modules: what encryption cuts a Parquet file into. A module is its length (4 bytes, little-endian), a nonce (12), the ciphertext and, but
 * for page bodies of AES_GCM_CTR_V1, a tag (16). The tag also covers where in which file the module belongs (its AAD).
 */
enum tarn__module_type {
    TARN__MODULE_FOOTER = 0,
    TARN__MODULE_COLUMN_METADATA = 1,
    TARN__MODULE_DATA_PAGE = 2,
    TARN__MODULE_DICTIONARY_PAGE = 3,
    TARN__MODULE_DATA_PAGE_HEADER = 4,
    TARN__MODULE_DICTIONARY_PAGE_HEADER = 5,
    TARN__MODULE_COLUMN_INDEX = 6,
    TARN__MODULE_OFFSET_INDEX = 7,
    TARN__MODULE_BLOOM_FILTER_HEADER = 8,
    TARN__MODULE_BLOOM_FILTER_BITSET = 9,
};

/** Ordinals of row groups, columns and pages have 16 bits with a sign in the AAD: a file with more cannot be encrypted. */
enum { TARN__MODULE_MOST_ORDINAL = INT16_MAX };

/** Where a module belongs in its file. */
struct tarn__module_place {
    enum tarn__module_type type;
    uint16_t row_group;
    uint16_t column;
    uint16_t page; /**< of data pages and their headers: counted from 0, without dictionary pages */
};

enum { TARN__MODULE_LONGEST_SUFFIX = 7 };
/** The end of the AAD, behind the file's part: type and ordinals. Gives its size. */
size_t tarn__module_suffix(const struct tarn__module_place *place, uint8_t out[TARN__MODULE_LONGEST_SUFFIX]);

/** A module as it is stored. */
struct tarn__module {
    const uint8_t *nonce;
    struct tarn_span text;
    const uint8_t *tag; /**< NULL: without */
    size_t stored_size; /**< bytes with the length */
};

/** Bytes that a module has beside its text. */
static inline size_t tarn__module_overhead(bool tagged)
{
    return 4 + TARN__AES_NONCE + (tagged ? (size_t)TARN__AES_TAG : 0);
}

/**
 * The module at the begin of `bytes`; behind it may be more. Errors: CORRUPT detail "module_length" (longer than the bytes, or too short
 * for what every module has).
 */
TARN_WARN_UNUSED enum tarn_status tarn__module_parse(struct tarn_span bytes, bool tagged, struct tarn__module *out, struct tarn_error *err);

/** Decrypts into `out`, which has room for text.size bytes. `file_aad`: prefix and file identifier. False: the tag is wrong. */
TARN_WARN_UNUSED bool tarn__module_decrypt(struct tarn__aes *gcm, const struct tarn__module *module, struct tarn_span file_aad,
                                           const struct tarn__module_place *place, uint8_t *out);

#endif
