/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_BENCH_FOLD_H
#define TARN_BENCH_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What columns hold, folded into two numbers a column: how many values there are, and a sum over every byte of them that depends on neither
 * the layout nor the batches. All engines of the decode suite are consumed by this code, so that its cost is the same for each.
 *
 * Sums wrap. An integer adds itself, a float its bits, a decimal its two's complement of 128 bits (the halves weighted), a boolean 1 when
 * true, a text its length (weighted) and its bytes, a list the number of its elements (weighted). Threads: a total each.
 */
enum fold_kind { FOLD_SIGNED, FOLD_UNSIGNED, FOLD_DECIMAL, FOLD_BYTES };

enum { FOLD_LENGTH_WEIGHT = 1021, FOLD_HIGH_WEIGHT = 3 };

struct fold_total {
    uint64_t values;
    uint64_t sum;
};

/** Bit `offset` + i of `validity` (NULL: all set) tells whether value i counts. `width` is 1, 2, 4, 8, 16 or 32; for FOLD_BYTES any. */
void fold_fixed(struct fold_total *total, enum fold_kind kind, uint32_t width, const void *values, const uint8_t *validity, uint64_t offset,
                uint64_t count);
/** Booleans: bits [offset, offset + count) of both. */
void fold_bits(struct fold_total *total, const uint8_t *bits, const uint8_t *validity, uint64_t offset, uint64_t count);
/** Texts that lie one after the other, those of nulls empty. */
void fold_texts(struct fold_total *total, const uint8_t *bytes, uint64_t size, const uint8_t *validity, uint64_t offset, uint64_t count);
/** Views of 16 bytes as Arrow's, with the addresses that their buffers begin at; those from `offset` on. */
void fold_views(struct fold_total *total, const void *views, const void *const *buffers, const uint8_t *validity, uint64_t offset,
                uint64_t count);
/** How many of the bits are set. */
uint64_t fold_count(const uint8_t *validity, uint64_t offset, uint64_t count);

/** One line: rows, then each column's two numbers (of many columns one sum over all). Returns the length as snprintf does. */
int fold_answer(char *text, size_t size, uint64_t rows, uint32_t columns, const struct fold_total *totals);

#endif
