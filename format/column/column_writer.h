/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_COLUMN_WRITER_H
#define TARN_FORMAT_COLUMN_COLUMN_WRITER_H

#include "format/codec/codec.h"
#include "format/column/chunk_facts.h"
#include "format/column/chunk_sketch.h"
#include "format/column/encoding_choice.h"
#include "format/column/leaf_digest.h"
#include "format/column/leaf_form.h"
#include "format/column/leaf_path.h"
#include "format/column/page_build.h"

/*
 * One leaf column of a file being written: rows in, the bytes and facts of a column chunk out.
 *
 * What it makes depends on the rows alone, not on how they were cut into batches or in which shapes they came.
 * Memory: the encoded pages of the chunk, the dictionary, one page that is being filled, and at most TARN_HELD_PAGES (held_pages.h) behind
 * it that wait for the choice of their encoding. Threads: a writer is single-threaded; the writers of different columns may run at once,
 * each call with a codec context of its own.
 */
struct tarn__column_writer;

struct tarn__column_options {
    int32_t codec; /**< enum parquet_codec */
    int32_t codec_level;
    uint32_t page_version;  /**< of data pages: 1 or 2 */
    uint32_t encodings;     /**< TARN_ENCODING_BIT of those to choose among; all are possible for the type */
    bool dictionary_first;  /**< a dictionary without trial, the others when it is full */
    uint32_t decode_weight; /**< what time of decoding counts against bytes: see encoding_choice.h */
    uint64_t group_rows;    /**< that a row group will have, about */
    uint32_t page_rows;
    uint32_t page_bytes;
    uint32_t dictionary_bytes; /**< largest dictionary */
    uint32_t bound_bytes;      /**< longest bound; 0: TARN_BOUND_BYTES */
    bool total_order;          /**< floats by IEEE_754_TOTAL_ORDER */
    bool no_nan_counts;
    struct tarn__bloom_options bloom; /**< of no number of values: `group_rows` */
    bool no_statistics;
    bool no_crc;
    bool digest; /**< of the rows taken: see leaf_digest.h */
};

enum { TARN_ENCODING_COUNT = PARQUET_ENCODING_ALP + 1 };

/** A finished chunk. All of it is the writer's, until its next reset. */
struct tarn__column_chunk {
    struct tarn_span dictionary_page; /**< empty: none. Stands first in the file */
    struct tarn_span data_pages;
    int32_t codec; /**< the one asked for, or UNCOMPRESSED where that saves too little */
    uint64_t uncompressed_size;
    uint32_t page_version;
    uint32_t pages_of[TARN_ENCODING_COUNT]; /**< data pages by encoding, that of dictionaries RLE_DICTIONARY */
    uint64_t unencoded_bytes;               /**< of byte arrays */
    struct tarn__value_facts facts;
    struct tarn__leaf_sums sums; /**< of its rows, with options.digest */
    struct tarn__chunk_pages pages;
    const int64_t *definition_histogram; /**< max + 1 counts; NULL where the level says nothing that counts do not */
    const int64_t *repetition_histogram;
    struct tarn_bloom_filter bloom;     /**< no blocks: none */
    const struct tarn__geo_bounds *geo; /**< NULL: no geometries */
};

/** `path` and its schema outlive the writer. Errors: NOMEM, LIMIT, INTERNAL (a type that tarn__file_schema_write refuses). */
TARN_WARN_UNUSED enum tarn_status tarn__column_writer_open(struct tarn_env *env, const struct tarn__leaf_path *path,
                                                           const struct tarn__column_options *options, struct tarn__column_writer **out,
                                                           struct tarn_error *err);

/**
 * Takes rows first .. first + count - 1 of the column's vector, or those at `positions`.
 * Errors: INVALID (`null_in_required`, `decimal_range`, `page_size`, `vector`), UNSUPPORTED (codec), NOMEM, LIMIT; the writer is then
 * only to be closed. The row is counted from the first one taken, where it is known.
 */
TARN_WARN_UNUSED enum tarn_status tarn__column_writer_write(struct tarn__column_writer *writer, struct tarn_codec_context *context,
                                                            const struct tarn_vector *column, const uint32_t *positions, uint32_t first,
                                                            uint32_t count, struct tarn_error *err);

/** Bytes that the chunk has so far, before compression, about. */
uint64_t tarn__column_writer_size(const struct tarn__column_writer *writer);

/** Completes the chunk. Errors: as write. */
TARN_WARN_UNUSED enum tarn_status tarn__column_writer_finish(struct tarn__column_writer *writer, struct tarn_codec_context *context,
                                                             struct tarn__column_chunk *out, struct tarn_error *err);

/** Ready for the next chunk. */
void tarn__column_writer_reset(struct tarn__column_writer *writer);

const struct tarn__leaf_form *tarn__column_writer_form(const struct tarn__column_writer *writer);

/** NULL is legal. */
void tarn__column_writer_close(struct tarn__column_writer *writer);

#endif
