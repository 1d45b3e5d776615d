/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_CHUNK_SKETCH_H
#define TARN_FORMAT_COLUMN_CHUNK_SKETCH_H

#include "format/column/chunk_facts.h"
#include "format/column/dictionary_builder.h"
#include "format/column/geo_bounds.h"
#include "format/column/leaf_form.h"
#include "format/index/bloom_build.h"

/*
 * What a chunk's values come to beside bounds and counts: a bloom filter, the box and types of geometries. Of a chunk with a dictionary the
 * entries are looked at, not each row.
 *
 * Threads: single. Memory: that of the bloom filter, while one is made.
 */
struct tarn__bloom_options {
    enum tarn_choice wanted; /**< NO; YES: of every chunk; AUTO: of those that it is likely to help */
    uint64_t distinct;       /**< values that are expected at most */
    double false_positives;  /**< 0 < it < 1 */
};

struct tarn__chunk_sketch {
    bool has_bloom;
    bool has_geo;
    enum tarn_choice wanted;
    const struct tarn_type *type;
    struct tarn__bloom_builder bloom;
    struct tarn__geo_bounds geo;
};

/** `type` outlives the sketch. Allocates nothing. */
void tarn__chunk_sketch_init(struct tarn__chunk_sketch *sketch, struct tarn_env *env, const struct tarn_type *type,
                             const struct tarn__leaf_form *form, const struct tarn__bloom_options *bloom);
void tarn__chunk_sketch_free(struct tarn__chunk_sketch *sketch);
/** Forgets all values. */
void tarn__chunk_sketch_reset(struct tarn__chunk_sketch *sketch);

/** `count` values as PLAIN stores them. False: no memory. */
TARN_WARN_UNUSED bool tarn__chunk_sketch_add_plain(struct tarn__chunk_sketch *sketch, const struct tarn__leaf_form *form,
                                                   const uint8_t *values, size_t count);
/** All entries. False: no memory. */
TARN_WARN_UNUSED bool tarn__chunk_sketch_add_dictionary(struct tarn__chunk_sketch *sketch, const struct tarn__leaf_form *form,
                                                        const struct tarn__dictionary_builder *dictionary);

/** What a choice is made by, of a chunk that is complete. */
struct tarn__chunk_outline {
    const struct tarn__chunk_pages *pages;
    bool all_dictionary;   /**< every page of values is dictionary-encoded */
    uint64_t stored_bytes; /**< of its pages */
};

/**
 * The bloom filter that is to be written; no blocks: none. AUTO: for texts, binaries, fixed-width bytes, UUIDs and integers, not where a
 * dictionary tells readers the same, nor where the bounds of pages lead to a value, nor where the filter would be large beside the
 * chunk or right too seldom. Borrows the sketch's bits.
 */
void tarn__chunk_sketch_bloom(struct tarn__chunk_sketch *sketch, const struct tarn__chunk_outline *chunk, struct tarn_bloom_filter *out);

#endif
