/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_EXPR_CODED_H
#define TARN_FORMAT_EXPR_CODED_H

#include "format/base/arena.h"
#include "format/base/text.h"
#include "tarn/value.h"

/*
 * Numbers, texts, types and values as bytes that are the same on every machine (coded.c has the form). Writing goes to a builder, whose
 * state says whether there was memory. Reading checks every size against what is left; texts are borrowed from the bytes, types lie in the
 * arena. Errors of reading: CORRUPT with `detail` and the offset, NOMEM.
 */
void tarn__coded_put_byte(struct tarn_text_builder *out, unsigned byte);
void tarn__coded_put_varint(struct tarn_text_builder *out, uint64_t value);
void tarn__coded_put_text(struct tarn_text_builder *out, struct tarn_text text);
void tarn__coded_put_type(struct tarn_text_builder *out, const struct tarn_type *type);
/** Without its type. */
void tarn__coded_put_value(struct tarn_text_builder *out, const struct tarn_value *value);

struct tarn__coded {
    struct tarn_span rest;
    struct tarn_span whole;
    struct tarn_arena *arena;
    const char *detail; /* of errors */
    const char *noun;   /* "an expression" */
    struct tarn_error *err;
};

/** CORRUPT, at the place that reading has come to. */
enum tarn_status tarn__coded_damaged(const struct tarn__coded *reader, const char *what);
/** Below `limit`. */
TARN_WARN_UNUSED enum tarn_status tarn__coded_take_byte(struct tarn__coded *reader, unsigned limit, unsigned *out);
TARN_WARN_UNUSED enum tarn_status tarn__coded_take_varint(struct tarn__coded *reader, uint64_t limit, uint64_t *out);
/** A count of things that take a byte each at least. */
TARN_WARN_UNUSED enum tarn_status tarn__coded_take_count(struct tarn__coded *reader, uint32_t *out);
TARN_WARN_UNUSED enum tarn_status tarn__coded_take_text(struct tarn__coded *reader, struct tarn_text *out);
/** A number from -1 to INT32_MAX, stored as one more. */
TARN_WARN_UNUSED enum tarn_status tarn__coded_take_id(struct tarn__coded *reader, int32_t *out);
/** `depth`: 1 at the top. */
TARN_WARN_UNUSED enum tarn_status tarn__coded_take_type(struct tarn__coded *reader, unsigned depth, const struct tarn_type **out);
/** value->type is given. */
TARN_WARN_UNUSED enum tarn_status tarn__coded_take_value(struct tarn__coded *reader, struct tarn_value *value);
/** Zeroed memory of the arena. */
void *tarn__coded_room(struct tarn__coded *reader, size_t count, size_t size, enum tarn_status *status);

#endif
