/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ENCODING_DELTA_BINARY_PACKED_H
#define TARN_FORMAT_ENCODING_DELTA_BINARY_PACKED_H

#include "format/base/bytes.h"
#include "format/base/error.h"
#include "format/kernels/kernels.h"

/*
 * DELTA_BINARY_PACKED: numbers as differences, a few at a time or passed over.
 *
 * All arithmetic wraps, in 64 bits; numbers of 32 bits are the low halves, so that differences of 33 bits, as some writers store them for
 * INT32, come out right. Ownership: borrows the bytes; may be copied, to come back. Threads: single. Allocates nothing.
 */
struct tarn__delta_reader {
    const struct tarn__kernels *kernels;
    struct tarn_span rest; /**< from the miniblock at hand on */
    const uint8_t *widths; /**< of the block's miniblocks */
    uint64_t min_delta;
    uint64_t last;     /**< the number before the next; the first one while `begun` is false */
    uint32_t left;     /**< numbers not yet taken */
    uint32_t in_block; /**< miniblocks of a block */
    uint32_t in_miniblock;
    uint32_t miniblock; /**< the one at hand; `in_block`: none */
    uint32_t at;        /**< differences taken of it */
    uint8_t width;      /**< of its differences, in bits */
    bool begun;
};

/**
 * No bytes at all are no numbers. Errors: CORRUPT detail "delta": a header that ends early, blocks of a shape that the specification does
 * not have, more than `most` numbers.
 */
TARN_WARN_UNUSED enum tarn_status tarn__delta_reader_init(struct tarn__delta_reader *reader, const struct tarn__kernels *kernels,
                                                          struct tarn_span bytes, uint32_t most, struct tarn_error *err);

/** The next `n` numbers. Errors: CORRUPT detail "delta": fewer are left, the bytes end early, a width over 64. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_reader_take32(struct tarn__delta_reader *reader, uint32_t n, uint32_t *out,
                                                            struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_reader_take64(struct tarn__delta_reader *reader, uint32_t n, uint64_t *out,
                                                            struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_reader_skip(struct tarn__delta_reader *reader, uint32_t n, struct tarn_error *err);

/** Where the numbers end: the bytes behind them, found without unpacking. Errors: as tarn__delta_reader_take32. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_reader_behind(const struct tarn__delta_reader *reader, struct tarn_span *behind,
                                                            struct tarn_error *err);

#endif
