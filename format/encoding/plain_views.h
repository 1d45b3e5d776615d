/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ENCODING_PLAIN_VIEWS_H
#define TARN_FORMAT_ENCODING_PLAIN_VIEWS_H

#include "format/base/bytes.h"
#include "format/base/error.h"
#include "tarn/batch.h"

/*
 * Byte arrays of a page as views of 16 bytes into it. Threads: any. Allocates nothing.
 */

enum { TARN_VIEW_INLINED = 12 };

/** The bits of the two words of a view that a short array of each length leaves; of a long one (row 13) the whole first word. */
extern const uint64_t tarn__view_kept[TARN_VIEW_INLINED + 2][2];

/**
 * A view, without a branch, of an array of `size` bytes which lies at `offset` of buffer number `buffer`: `first` is the size and the
 * first four bytes, `second` the next eight, whatever is there where the array is shorter. Little-endian machines only.
 */
static inline void tarn__view_put(struct tarn_string_view *view, uint64_t first, uint64_t second, uint32_t buffer, uint32_t offset)
{
    const uint32_t size = (uint32_t)first;
    const uint32_t row = size <= TARN_VIEW_INLINED ? size : TARN_VIEW_INLINED + 1;
    const uint64_t reference = (uint64_t)offset << 32 | buffer;
    uint64_t words[2] = {first & tarn__view_kept[row][0], second & tarn__view_kept[row][1]};
    words[1] |= size <= TARN_VIEW_INLINED ? 0 : reference;
    memcpy(view, words, sizeof(words));
}

/**
 * The next `n` byte arrays of `rest`, which is moved behind them and begins in a buffer of number `buffer` and address `begin`, at most
 * 4 GiB from it. Errors: CORRUPT detail "plain" when a length leads outside.
 */
TARN_WARN_UNUSED enum tarn_status tarn__plain_take_views(struct tarn_span *rest, uint32_t buffer, const uint8_t *begin, uint32_t n,
                                                         struct tarn_string_view *views, struct tarn_error *err);

#endif
