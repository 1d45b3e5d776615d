/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ENCODING_DELTA_BYTE_ARRAY_H
#define TARN_FORMAT_ENCODING_DELTA_BYTE_ARRAY_H

#include "format/base/buffer.h"
#include "format/encoding/delta_binary_packed.h"

/*
 * DELTA_LENGTH_BYTE_ARRAY: all lengths, then all bytes. DELTA_BYTE_ARRAY: what each value shares with the one before, then the rest of
 * each as DELTA_LENGTH_BYTE_ARRAY.
 *
 * Ownership: both borrow the page. The second holds a reference on the value before the next, and so does each copy of it: retain and
 * release below. Threads: single.
 */
struct tarn__delta_lengths {
    struct tarn__delta_reader lengths;
    struct tarn_span bytes; /**< of the values not yet taken */
};

/** `most`: as for tarn__delta_reader_init. Errors: CORRUPT. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_lengths_init(struct tarn__delta_lengths *values, const struct tarn__kernels *kernels,
                                                           struct tarn_span page, uint32_t most, struct tarn_error *err);
/** The lengths of the next `n` values and their bytes, one behind the other. Errors: CORRUPT. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_lengths_take(struct tarn__delta_lengths *values, uint32_t n, uint32_t *lengths,
                                                           struct tarn_span *bytes, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_lengths_skip(struct tarn__delta_lengths *values, uint32_t n, struct tarn_error *err);

struct tarn__delta_strings {
    struct tarn_env *env;
    struct tarn__delta_reader prefixes;
    struct tarn__delta_lengths suffixes;
    struct tarn_buffer *previous; /**< the value before the next, with some bytes of room behind it; NULL: empty */
    uint32_t previous_size;
};

enum {
    TARN_DELTA_STRINGS_AT_ONCE = 512,
    TARN_DELTA_STRINGS_SLACK = 16 /**< bytes behind the last value that building may write */
};

/** Some values that have been measured and not yet put together. */
struct tarn__delta_string_piece {
    uint32_t count;
    uint32_t prefix[TARN_DELTA_STRINGS_AT_ONCE];
    uint32_t suffix[TARN_DELTA_STRINGS_AT_ONCE];
    struct tarn_span suffixes;
    uint64_t size; /**< of all of them */
};

TARN_WARN_UNUSED enum tarn_status tarn__delta_strings_init(struct tarn__delta_strings *values, struct tarn_env *env, struct tarn_span page,
                                                           uint32_t most, struct tarn_error *err);
void tarn__delta_strings_retain(const struct tarn__delta_strings *values);
void tarn__delta_strings_release(struct tarn__delta_strings *values);

/**
 * The next `n` <= TARN_DELTA_STRINGS_AT_ONCE values without their bytes; tarn__delta_strings_build has to follow before anything else.
 * Errors: CORRUPT (also: a prefix longer than the value before).
 */
TARN_WARN_UNUSED enum tarn_status tarn__delta_strings_measure(struct tarn__delta_strings *values, uint32_t n,
                                                              struct tarn__delta_string_piece *piece, struct tarn_error *err);
/** Puts them together in `out`, one behind the other; there are piece->size bytes and, with `slack`, as many more. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_strings_build(struct tarn__delta_strings *values,
                                                            const struct tarn__delta_string_piece *piece, bool slack, uint8_t *out,
                                                            struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_strings_skip(struct tarn__delta_strings *values, uint32_t n, struct tarn_error *err);

#endif
