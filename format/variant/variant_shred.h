/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_VARIANT_VARIANT_SHRED_H
#define TARN_FORMAT_VARIANT_VARIANT_SHRED_H

#include "format/base/arena.h"
#include "format/variant/shredding.h"

/*
 * Variants into columns of their own: what a shredded VARIANT is stored as, and the rows of it.
 *
 * A value goes into typed_value where its type is the column's: integers into any integer column that has room for them (the
 * specification holds all exact numbers for one class), decimals of the column's scale into one with enough digits, everything else only
 * into its own type. What does not fit stays in `value`, as it is stored.
 * Threads: a plan is immutable; shredding is single.
 */

/**
 * The type of a VARIANT that is shredded by `typed`: its members are `metadata`, `value` and `typed_value`, of which the last is made of
 * groups of `value` and `typed_value` below fields and elements. A VARIANT inside `typed` is a group of `value` alone.
 * Errors: INVALID detail "shredding_type" (a type that no variant has, a struct without members or with one twice), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__variant_storage_type(struct tarn_arena *arena, const struct tarn_type *typed,
                                                             const struct tarn_type **out, struct tarn_error *err);

/**
 * The rows of a VARIANT vector of any shape as `storage` has them; `column` is what a reader makes of that type, NULL: nothing is
 * shredded, and the vector itself is given once it is found right. Rows without a bit in `live` (NULL: all have one) are not looked at,
 * and null in the result.
 * Errors: INVALID detail "variant" with the row (bytes that are no variant, no value), LIMIT, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__variant_shred(struct tarn_env *env, const struct tarn_variant_column *column,
                                                      const struct tarn_type *storage, struct tarn_vector *vector, const uint8_t *live,
                                                      struct tarn_vector **out, struct tarn_error *err);

/** Reads variants row after row: a metadata that stands in row after row is read once. Zeroed but for `env` at the begin. */
struct tarn__variant_reader {
    struct tarn_env *env;
    struct tarn_variant_metadata metadata;
    struct tarn_buffer *bytes; /**< of that metadata: a copy */
    bool known;
};

/**
 * Row `row` of a VARIANT vector of shape STRUCT, where it is not null; checked whole. `out` is valid until the next call.
 * Errors: INVALID detail "variant", LIMIT, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__variant_reader_row(struct tarn__variant_reader *reader, const struct tarn_vector *vector,
                                                           uint32_t row, struct tarn_variant *out, struct tarn_error *err);
void tarn__variant_reader_free(struct tarn__variant_reader *reader);

#endif
