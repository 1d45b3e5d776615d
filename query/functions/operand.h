/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_QUERY_FUNCTIONS_OPERAND_H
#define TARN_QUERY_FUNCTIONS_OPERAND_H

#include "format/base/int128.h"
#include "format/batch/vector.h"

/*
 * A vector read row by row whatever its shape, and the dense arrays that functions compute with.
 *
 * An operand finds the place of a row by one step: the row itself, an index, or a constant. Numbers come as dense arrays of the class that
 * a function computes in (int64, 128 bits, double), without a copy where the vector has exactly that. Null slots of the arrays hold any
 * value: results are cleared where null, and errors are looked for in rows that are not.
 * Ownership: an operand borrows its vector; free what else it holds. Threads: single.
 */
struct tarn__operand {
    const struct tarn_vector *leaf; /**< FLAT, STRINGS, VIEWS, LIST, STRUCT or NULLS */
    const uint32_t *index;          /**< place of each row; NULL: the row itself, or `fixed` */
    uint32_t rows;
    uint32_t fixed;
    bool constant;
    bool all_null;
    const uint8_t *validity; /**< NULL: no nulls */
    struct tarn_buffer *own_index;
    struct tarn_buffer *own_values;
};

TARN_WARN_UNUSED enum tarn_status tarn__operand_init(struct tarn__operand *operand, const struct tarn_vector *vector,
                                                     struct tarn_error *err);
void tarn__operand_free(struct tarn__operand *operand);

static inline uint32_t tarn__operand_at(const struct tarn__operand *operand, uint32_t row)
{
    return operand->constant ? operand->fixed : operand->index != NULL ? operand->index[row] : row;
}

static inline bool tarn__operand_null(const struct tarn__operand *operand, uint32_t row)
{
    if (operand->all_null || operand->validity == NULL) {
        return operand->all_null;
    }
    return !tarn__bit_get(operand->validity, row);
}

/** Bytes of a row that is not null, of kind BYTES. */
static inline struct tarn_text tarn__operand_text(const struct tarn__operand *operand, uint32_t row)
{
    return tarn__vector_leaf_text(operand->leaf, tarn__operand_at(operand, row));
}

/** The 8 to 128 bits of an integer, decimal, date or timestamp; the row is not null. */
tarn_i128 tarn__operand_i128_at(const struct tarn__operand *operand, uint32_t row);
bool tarn__operand_bool_at(const struct tarn__operand *operand, uint32_t row);

/** Dense int64 of the kinds I8..I64 and U8..U32. NULL: no memory. */
const int64_t *tarn__operand_i64(struct tarn__operand *operand, struct tarn_env *env);
/** Dense 128-bit integers of all integer kinds up to I128. NULL: no memory. */
const tarn_i128 *tarn__operand_i128(struct tarn__operand *operand, struct tarn_env *env);
/** Dense doubles of F16, F32, F64. NULL: no memory. */
const double *tarn__operand_f64(struct tarn__operand *operand, struct tarn_env *env);

/** Dense validity of rows where none of the operands is null: *out NULL when no row is. */
TARN_WARN_UNUSED enum tarn_status tarn__operands_validity(struct tarn_env *env, uint32_t count, const struct tarn__operand *operands,
                                                          uint32_t rows, struct tarn_buffer **out, struct tarn_error *err);

/** Makes the slots of nulls zero, as vectors must have them. */
void tarn__clear_null_slots(uint8_t *values, size_t width, const struct tarn_buffer *validity, uint32_t rows);

#endif
