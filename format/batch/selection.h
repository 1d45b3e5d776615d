/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BATCH_SELECTION_H
#define TARN_FORMAT_BATCH_SELECTION_H

#include "format/base/buffer.h"
#include "tarn/batch.h"

/*
 * Selections: walking them, composing them, turning one kind into another. They borrow their memory; functions that make one write it into
 * an array that the caller gives. Threads: any. Allocate nothing.
 */

/** Room that positions of `count` rows need when a function below writes them; whole words of a mask fit in too. */
static inline size_t tarn__selection_bytes(uint32_t rows)
{
    return ((size_t)rows + 16) * sizeof(uint32_t);
}

/** The selected positions: those of POSITIONS themselves, else written to `room` (rows of them). */
const uint32_t *tarn__selection_positions(const struct tarn_selection *selection, uint32_t *room);

/** Position number `i` < count; costs O(rows) for a mask. */
uint32_t tarn__selection_at(const struct tarn_selection *selection, uint32_t i);

bool tarn__selection_has(const struct tarn_selection *selection, uint32_t row);

/** A mask as a selection, counted. */
struct tarn_selection tarn__selection_of_mask(uint32_t rows, const uint8_t *mask);
struct tarn_selection tarn__selection_of_positions(uint32_t rows, uint32_t count, const uint32_t *positions);

/**
 * `inner` selects from the rows that `outer` selects (inner->rows == outer->count): which rows of outer's are these? Positions are written
 * to `room` (inner->count of them), unless one of the two selects all and the other can be given as it is.
 */
struct tarn_selection tarn__selection_compose(const struct tarn_selection *outer, const struct tarn_selection *inner, uint32_t *room);

/** Rows that both select. Positions are written to `room` (the smaller count). */
struct tarn_selection tarn__selection_intersect(const struct tarn_selection *a, const struct tarn_selection *b, uint32_t *room);

/** `part`, a subset of `whole` over the same rows, as a selection of whole's selected rows. Positions are written to `room`. */
struct tarn_selection tarn__selection_relative(const struct tarn_selection *whole, const struct tarn_selection *part, uint32_t *room);

/** Writes the positions of the set bits among the first `rows`; returns how many. */
uint32_t tarn__mask_positions(const uint8_t *mask, uint32_t rows, uint32_t *positions);

#endif
