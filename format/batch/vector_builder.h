/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BATCH_VECTOR_BUILDER_H
#define TARN_FORMAT_BATCH_VECTOR_BUILDER_H

#include "format/batch/vector.h"

/*
 * Vectors made row by row: for text formats, functions and tests. Gives FLAT, STRINGS, LIST and STRUCT.
 *
 * An append that finds no memory makes the builder `failed`; later appends do nothing, and finish reports it: callers need not check
 * each. Which append belongs to which kind is the caller's knowledge: a wrong one also fails, as INTERNAL.
 * Nested rows: append the members to the children (tarn__vector_builder_child), then close the row with tarn__vector_builder_close; for a
 * LIST what was appended to the child since the last close is the row; for a STRUCT one row for each child.
 * Ownership: the type is borrowed. Threads: single. Cost: amortised O(1) an append.
 */
struct tarn_vector_builder;

TARN_WARN_UNUSED enum tarn_status tarn__vector_builder_open(struct tarn_env *env, const struct tarn_type *type,
                                                            struct tarn_vector_builder **out, struct tarn_error *err);
/** NULL is legal. */
void tarn__vector_builder_close_all(struct tarn_vector_builder *builder);

/** Rows so far. */
uint32_t tarn__vector_builder_length(const struct tarn_vector_builder *builder);
/** Bytes of memory in use, children included: for limits of batches. */
uint64_t tarn__vector_builder_memory(const struct tarn_vector_builder *builder);

void tarn__vector_builder_null(struct tarn_vector_builder *builder);
void tarn__vector_builder_nulls(struct tarn_vector_builder *builder, uint32_t count);
void tarn__vector_builder_bool(struct tarn_vector_builder *builder, bool value);
/** Kinds I8..I64 and U8..U64 (the low bytes), I128 and I256 (sign-extended). */
void tarn__vector_builder_i64(struct tarn_vector_builder *builder, int64_t value);
/** F16, F32, F64. */
void tarn__vector_builder_f64(struct tarn_vector_builder *builder, double value);
/** Kinds I128 (the first two) and I256, low word first. */
void tarn__vector_builder_words(struct tarn_vector_builder *builder, const uint64_t words[4]);
/** BYTES; FIXED when text.size is the width. */
void tarn__vector_builder_text(struct tarn_vector_builder *builder, struct tarn_text text);
void tarn__vector_builder_value(struct tarn_vector_builder *builder, const struct tarn_value *value);
/** A row of any vector of an equal type, nested types too. */
void tarn__vector_builder_row(struct tarn_vector_builder *builder, const struct tarn_vector *vector, uint32_t row);

/** Child `i`: the element of a LIST; key 0 and value 1 of a MAP; a field of a STRUCT; metadata 0 and value 1 of a VARIANT. */
struct tarn_vector_builder *tarn__vector_builder_child(struct tarn_vector_builder *builder, uint32_t i);
/** Ends a nested row that is not null. */
void tarn__vector_builder_close(struct tarn_vector_builder *builder);

/** OK, or what finish would report: for callers that draw conclusions from lengths before the end. Cost: the children. */
TARN_WARN_UNUSED enum tarn_status tarn__vector_builder_status(const struct tarn_vector_builder *builder, struct tarn_error *err);

/** The rows as a vector; the builder is empty again and may be filled anew. Errors: NOMEM, LIMIT, INTERNAL. */
TARN_WARN_UNUSED enum tarn_status tarn__vector_builder_finish(struct tarn_vector_builder *builder, struct tarn_vector **out,
                                                              struct tarn_error *err);

#endif
