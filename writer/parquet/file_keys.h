/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_WRITER_PARQUET_FILE_KEYS_H
#define TARN_WRITER_PARQUET_FILE_KEYS_H

#include "format/base/arena.h"
#include "format/thrift/parquet_thrift.h"
#include "tarn/parquet_writer.h"

struct tarn__file_keys {
    uint32_t count;
    struct parquet_key_value *items; /**< room for one more behind them */
};

/**
 * The key-value metadata of a file: the schema's keys that are not of another file, then those of the options, which count where both have
 * one; of equal ones among the options the last. Copies of all, in `arena`. Errors: INVALID detail "key", NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__file_keys_make(struct tarn_arena *arena, const struct tarn_schema *schema,
                                                       const struct tarn_parquet_write_options *options, struct tarn__file_keys *out,
                                                       struct tarn_error *err);

#endif
