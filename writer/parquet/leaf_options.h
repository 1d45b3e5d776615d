/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_WRITER_PARQUET_LEAF_OPTIONS_H
#define TARN_WRITER_PARQUET_LEAF_OPTIONS_H

#include "format/column/column_writer.h"
#include "format/column/leaf_path.h"
#include "tarn/parquet_writer.h"

/*
 * What is chosen for a file and for each of its leaves: the profile, what the options say of the file, what they say of columns.
 *
 * Threads: any. Ownership: what is resolved points to nothing of the options but `shredding_type`.
 */

/** What a profile stands for; docs/writing-parquet.md says why. */
struct tarn__profile {
    const char *name;
    int32_t codec; /**< enum parquet_codec */
    int32_t codec_level;
    uint32_t page_version;
    uint32_t encodings;     /**< TARN_ENCODING_BIT of each that AUTO may take */
    uint32_t decode_weight; /**< see encoding_choice.h */
    uint64_t group_rows;
    uint64_t group_bytes;
    uint32_t page_rows;
    uint32_t page_bytes;
    uint32_t dictionary_bytes;
    bool bloom_filters;
};

/** `profile` is one that tarn__write_options_check has let pass. */
const struct tarn__profile *tarn__profile_of(enum tarn_parquet_profile profile);

/** One leaf's. */
struct tarn__leaf_options {
    struct tarn__column_options column;
    bool page_index;
    enum tarn_choice shredding;
    const struct tarn_type *shredding_type;
};

/** Numbers and combinations that no file can have, whatever its schema. Errors: INVALID, with the option's name as detail; UNSUPPORTED
 * (codec). */
TARN_WARN_UNUSED enum tarn_status tarn__write_options_check(const struct tarn_parquet_write_options *options, struct tarn_error *err);

/**
 * The options of every leaf of `schema`, in `arena`. `options` were checked. Errors: NOT_FOUND (a path), INVALID (an encoding that a leaf's
 * type cannot have, a level that the codec does not have), UNSUPPORTED (codec), NOMEM; with the column.
 */
TARN_WARN_UNUSED enum tarn_status tarn__leaf_options_resolve(const struct tarn_parquet_write_options *options,
                                                             const struct tarn_schema *schema, const struct tarn__leaf_path *paths,
                                                             uint32_t leaf_count, struct tarn_arena *arena, struct tarn__leaf_options **out,
                                                             struct tarn_error *err);

#endif
