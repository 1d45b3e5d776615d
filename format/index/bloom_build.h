/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_INDEX_BLOOM_BUILD_H
#define TARN_FORMAT_INDEX_BLOOM_BUILD_H

#include "format/index/bloom_filter.h"

/*
 * Split-block bloom filters being made: large at first, folded to the size that what was really seen needs.
 *
 * A filter of 2n blocks folds into one of n by joining neighbours: a hash that leads to block b of the large one leads to block b / 2 of
 * the small one, so that the result is the very filter that the same hashes would have made at that size.
 * What comes out depends on the set of values alone, not on their order, nor on how often they come.
 * Ownership: the builder owns its bits. Threads: single. Memory: as many bytes as it begins with, from the first value on.
 */
struct tarn__bloom_builder {
    struct tarn_env *env;
    double false_positives; /**< aimed at */
    uint32_t first_count;   /**< blocks that a filter begins with */
    struct tarn_buffer *blocks;
    uint32_t block_count; /**< 0: no value yet */
};

/** Largest filter that is made. */
enum { TARN_BLOOM_MOST_BYTES = 16 << 20 };

/** `distinct`: values that are expected at most; `false_positives`: 0 < it < 1. Allocates nothing. */
void tarn__bloom_builder_init(struct tarn__bloom_builder *builder, struct tarn_env *env, uint64_t distinct, double false_positives);
void tarn__bloom_builder_free(struct tarn__bloom_builder *builder);
/** Forgets the values. */
void tarn__bloom_builder_reset(struct tarn__bloom_builder *builder);

/** `count` values of `width` bytes, one behind the other, as PLAIN stores them. False: no memory. */
TARN_WARN_UNUSED bool tarn__bloom_builder_add_fixed(struct tarn__bloom_builder *builder, const uint8_t *values, size_t width, size_t count);
/** One byte array. False: no memory. */
TARN_WARN_UNUSED bool tarn__bloom_builder_add_bytes(struct tarn__bloom_builder *builder, struct tarn_span value);
/** `count` byte arrays as PLAIN stores them, each behind its length. False: no memory. */
TARN_WARN_UNUSED bool tarn__bloom_builder_add_plain(struct tarn__bloom_builder *builder, const uint8_t *values, size_t count);

/** Folds the filter as far as its false positives allow. `out` borrows the builder's bits; no blocks: there was no value. */
void tarn__bloom_builder_finish(struct tarn__bloom_builder *builder, struct tarn_bloom_filter *out);

/** The part of values that are not in the filter of which it says that they might be: what its set bits come to. */
double tarn__bloom_filter_false_positives(const struct tarn_bloom_filter *filter);

/** Appends the header that stands in front of the filter's bits. Errors: NOMEM, LIMIT. */
TARN_WARN_UNUSED enum tarn_status tarn__bloom_header_encode(const struct tarn_bloom_filter *filter, struct tarn_buffer *out,
                                                            struct tarn_error *err);

#endif
