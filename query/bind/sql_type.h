/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_QUERY_BIND_SQL_TYPE_H
#define TARN_QUERY_BIND_SQL_TYPE_H

#include "format/base/arena.h"
#include "tarn/type.h"

/*
 * The algebra of types in SQL: which they are, which two combine to what, which conversions happen unasked. As DuckDB has it; integers of
 * 128 bits (HUGEINT) are DECIMAL(38,0) here.
 *
 * Threads: any. The types below are static; others are made in an arena.
 */
extern const struct tarn_type tarn__sql_null;
extern const struct tarn_type tarn__sql_boolean;
extern const struct tarn_type tarn__sql_tinyint;
extern const struct tarn_type tarn__sql_integer;
extern const struct tarn_type tarn__sql_bigint;
extern const struct tarn_type tarn__sql_hugeint;
extern const struct tarn_type tarn__sql_float;
extern const struct tarn_type tarn__sql_double;
extern const struct tarn_type tarn__sql_varchar;
extern const struct tarn_type tarn__sql_blob;
extern const struct tarn_type tarn__sql_date;
extern const struct tarn_type tarn__sql_time;
extern const struct tarn_type tarn__sql_timestamp;
extern const struct tarn_type tarn__sql_timestamptz;
extern const struct tarn_type tarn__sql_interval;

/** I8..I64, U8..U64. */
bool tarn__sql_is_integer(const struct tarn_type *type);
bool tarn__sql_is_float(const struct tarn_type *type);
/** Integers, decimals, floats. */
bool tarn__sql_is_number(const struct tarn_type *type);
/** STRING, JSON, ENUM. */
bool tarn__sql_is_text(const struct tarn_type *type);
/** DATE, TIMESTAMP. */
bool tarn__sql_is_moment(const struct tarn_type *type);
bool tarn__sql_is_null(const struct tarn_type *type);

/** Decimal digits that an integer type needs; a decimal's own. */
struct tarn__digits {
    int32_t precision;
    int32_t scale;
};
struct tarn__digits tarn__sql_digits(const struct tarn_type *type);
/** DECIMAL(precision, scale), both cut to what is legal. NULL: no memory. */
const struct tarn_type *tarn__sql_decimal(struct tarn_arena *arena, int32_t precision, int32_t scale);
const struct tarn_type *tarn__sql_list(struct tarn_arena *arena, const struct tarn_type *element);
/** Digits behind the second: 0, 3, 6, 9. */
unsigned tarn__sql_ticks(const struct tarn_type *type);

/**
 * The type that values of both can be brought to without asking: for CASE, IN, comparison, VALUES. NULL with *nomem unset: there is none.
 */
const struct tarn_type *tarn__sql_common(struct tarn_arena *arena, const struct tarn_type *a, const struct tarn_type *b, bool *nomem);

/** May a function's argument of type `from` be converted to `to` unasked? */
bool tarn__sql_converts(const struct tarn_type *from, const struct tarn_type *to);

#endif
