/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_METADATA_H
#define TARN_FORMAT_COLUMN_METADATA_H

#include "format/column/footer.h"
#include "tarn/parquet.h"

/* The handle behind tarn/parquet.h. Immutable once opened. */

/** What of a schema element is not in it, but in where it stands. */
struct tarn_element_place {
    uint32_t parent;
    uint32_t leaf; /**< UINT32_MAX: a group */
    uint16_t definition;
    uint16_t repetition;
};

struct tarn_parquet_metadata {
    struct tarn_env *env;
    struct tarn_object *object;
    struct tarn_footer *footer;
    struct tarn_text key;
    struct tarn_arena arena;
    const struct tarn_text *logical_types; /**< one a leaf */
    struct tarn_encodings_text *encodings; /**< one for each set that occurs */
    size_t encodings_count;
    size_t encodings_capacity;
    const struct tarn_element_place *elements;
    const struct tarn_parquet_key_value *key_values;
    const struct tarn_parquet_sorting_column *const *sorting_columns; /**< one array a row group */
};

/** The places of elements, keys and sorting columns, for metadata_detail.c. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__metadata_prepare(struct tarn_parquet_metadata *metadata, struct tarn_error *err);

/** A chunk by its numbers. Errors: INVALID (there is none), those of tarn__footer_chunk. */
TARN_WARN_UNUSED enum tarn_status tarn__metadata_find_chunk(const struct tarn_parquet_metadata *metadata, uint32_t row_group, uint32_t leaf,
                                                            struct tarn_arena *arena, const struct parquet_column_chunk **out,
                                                            struct tarn_error *err);

/** Thrift's key-values as the public ones, in `arena`; NULL: no memory. */
const struct tarn_parquet_key_value *tarn__metadata_key_values(struct tarn_arena *arena, uint32_t count,
                                                               const struct parquet_key_value *pairs);

#endif
