/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BATCH_BITMAP_H
#define TARN_FORMAT_BATCH_BITMAP_H

#include "format/base/buffer.h"

/*
 * Bitmaps of validity and selection: bits least significant first, NULL standing for "all set" where the parameter says so.
 *
 * Bits behind the last are zero in every bitmap that is made here. Threads: any.
 */

/** Set bits among the first `length` of `bits`, beginning at bit `offset`. */
uint32_t tarn__bitmap_count(const uint8_t *bits, uint64_t offset, uint32_t length);

/** Copies `length` bits; `to` begins at bit 0 and has whole bytes of its own. `from` NULL: all set. */
void tarn__bitmap_copy(uint8_t *to, const uint8_t *from, uint64_t from_offset, uint32_t length);

/** Sets bits at..at+length-1 to `value`. */
void tarn__bitmap_fill(uint8_t *bits, uint64_t at, uint64_t length, bool value);

/** Appends `length` bits of `from` (NULL: all set) to `to` at bit `at`; bits of `to` from `at` on must be zero. */
void tarn__bitmap_append(uint8_t *to, uint64_t at, const uint8_t *from, uint64_t from_offset, uint32_t length);

/** A new bitmap of both (NULL: all set). *out NULL: all set. False when there is no memory. */
bool tarn__bitmap_and(struct tarn_env *env, const uint8_t *a, const uint8_t *b, uint32_t length, struct tarn_buffer **out);

/** A new bitmap of the bits at the positions; position UINT32_MAX gives a zero. NULL: no memory. */
struct tarn_buffer *tarn__bitmap_gather(struct tarn_env *env, const uint8_t *bits, const uint32_t *positions, uint32_t count);

/** A new bitmap of `length` bits that are all `value`. NULL: no memory. */
struct tarn_buffer *tarn__bitmap_new(struct tarn_env *env, uint32_t length, bool value);

#endif
