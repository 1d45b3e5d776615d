/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_ENCRYPT_H
#define TARN_TESTS_SUPPORT_ENCRYPT_H

#include "format/base/buffer.h"
#include "format/thrift/parquet_thrift.h"
#include "tarn/store.h"

/*
 * Plain Parquet files made into encrypted ones, by libcrypto's own interface and apart from format/crypt: page by page, with indexes, and
 * with every module's place noted, so that a test can swap, cut and flip. Bloom filters are left out. Not in minimal builds.
 */
struct tarn_test_column_key {
    const char *path; /* of the leaf; a path that is not there is a column in clear */
    const char *key;  /* its characters are the bytes; NULL: the footer's key */
    const char *id;   /* key metadata; NULL: none */
};

struct tarn_test_encryption {
    int32_t algorithm; /* enum parquet_encryption_algorithm_id */
    bool plain_footer;
    bool java_levels; /* levels of DATA_PAGE_V2 stay in clear */
    const char *footer_key;
    const char *footer_id; /* NULL: none */
    const char *prefix;    /* NULL: none */
    bool supply_prefix;    /* it is not stored */
    uint32_t column_count; /* 0: all columns, with the footer's key */
    const struct tarn_test_column_key *columns;
};

/* Where a module is. */
struct tarn_test_module {
    uint8_t type;
    uint16_t row_group;
    uint16_t column;
    uint16_t page;
    size_t offset;
    size_t size; /* with its length */
};

struct tarn_test_encrypted {
    struct tarn_buffer *bytes;
    uint32_t module_count;
    struct tarn_test_module modules[4096];
};

/** Encrypts the object `key` of the store. Give `bytes` back. Fails the test when something is wrong. */
void tarn_test_encrypt(struct tarn_store *store, struct tarn_text key, const struct tarn_test_encryption *how,
                       struct tarn_test_encrypted *out);

/** The module at this place; fails the test when there is none. */
const struct tarn_test_module *tarn_test_module(const struct tarn_test_encrypted *file, uint8_t type, uint16_t row_group, uint16_t column,
                                                uint16_t page);

#endif
