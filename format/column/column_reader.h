/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_COLUMN_READER_H
#define TARN_FORMAT_COLUMN_COLUMN_READER_H

#include "format/column/footer.h"
#include "format/column/level_decode.h"
#include "format/column/value_decode.h"
#include "format/index/page_index.h"
#include "format/page/page.h"

/*
 * One leaf column of one row group, forward only: rows are read into a vector or skipped, whole pages without looking inside where their
 * headers allow it. No page is decompressed twice, and none before a row of it is read. With an offset index the reader goes straight to
 * the pages that hold wanted rows, and asks for no byte of the others.
 *
 * Ownership: keeps a reference on the bytes at hand; leaf, chunk, source and index outlive the reader. Threads: single.
 */
struct tarn__column_reader_options {
    struct tarn_env *env;
    const struct tarn_leaf *leaf;
    const struct parquet_column_metadata *chunk;
    const struct tarn_footer *footer; /**< of the file, for the keys of encrypted columns; NULL: there are none */
    uint32_t row_group;               /**< by number, with `footer` */
    uint64_t row_count;               /**< of the row group */
    uint64_t first_row;               /**< of the row group in the file: for errors */
    uint16_t slot_definition; /**< the definition level from which a level pair is a slot of the wanted vector; 0 outside of lists */
    bool keep_levels;         /**< what holds the leaf is wanted too: levels are kept beside the vector */
    bool no_crc;
    bool packed_low_first; /**< BIT_PACKED levels begin with the least significant bit */
    bool invalid_utf8_as_is;
    uint64_t page_limit;
};

enum { TARN_LEVEL_BLOCK = 1024 };

/** Where a reader stands. */
struct tarn__column_place {
    struct tarn_page_walk walk;
    struct tarn_page page;
    bool page_ready; /**< `page` has a header whose rows are not all taken; opened when `page_opened` */
    bool page_opened;
    bool ended;                        /**< there are no more pages */
    uint32_t slots_left;               /**< level pairs of the page that were not decoded yet */
    struct tarn_buffer *values_buffer; /**< what views of the current page point into */
    struct tarn__level_decoder definition;
    struct tarn__level_decoder repetition;
    struct tarn__value_decoder values;
    uint64_t row;       /**< rows of the row group that were read or skipped */
    uint32_t next_page; /**< with an offset index: the one behind the page at hand */

    /* Level pairs decoded ahead, of one page; rows end only where the next begins. */
    uint32_t block_at;
    uint32_t block_length;
    uint8_t block_definition[TARN_LEVEL_BLOCK];
    uint8_t block_repetition[TARN_LEVEL_BLOCK];
};

struct tarn__column_reader {
    struct tarn__column_reader_options options;
    const struct tarn__decode_kernels *kernels;
    struct tarn__value_rule rule;
    struct tarn__column_cipher *cipher; /**< NULL: the column is not encrypted */
    struct tarn_chunk_range range;
    const struct tarn_offset_index *offsets; /**< NULL: the pages are walked one after the other */
    struct tarn__column_place at;
    struct tarn_buffer *spare; /**< a page's memory, to be used again */
    struct tarn_page dictionary_page;
    bool dictionary_sought; /**< with an offset index: what stands before the data pages was looked at */
    bool dictionary_met;
    bool dictionary_ready;
    struct tarn__column_dictionary dictionary;
    struct tarn__column_output output;

    /* The level pairs of the rows read since `begin`, with keep_levels. */
    uint8_t *level_definition;
    uint8_t *level_repetition;
    size_t level_count;
    size_t level_definition_capacity;
    size_t level_repetition_capacity;

    uint64_t pages;         /**< opened so far */
    uint64_t pages_skipped; /**< passed over so far */
};

/** How a leaf's values become a vector's. Errors: UNSUPPORTED (by the leaf), LIMIT (levels over 255). */
TARN_WARN_UNUSED enum tarn_status tarn__value_rule_of(const struct tarn_leaf *leaf, struct tarn__value_rule *out, struct tarn_error *err);

/** Errors: UNSUPPORTED (type, codec), LIMIT, those of tarn__footer_cipher. `reader` needs no close when it fails. Takes no pages yet. */
TARN_WARN_UNUSED enum tarn_status tarn__column_reader_init(struct tarn__column_reader *reader,
                                                           const struct tarn__column_reader_options *options, struct tarn_error *err);
/** The bytes [begin, end) of the chunk's range, of which a reference is taken. Once, before the first row. */
void tarn__column_reader_start(struct tarn__column_reader *reader, struct tarn_codec_context *codec_context, struct tarn_buffer *bytes);
/**
 * The same with bytes that are brought by `source`, of the file's `range`. `offsets`, when given, is the chunk's: pages are then found by
 * it, and it is held against what they say of themselves.
 */
void tarn__column_reader_start_from(struct tarn__column_reader *reader, struct tarn_codec_context *codec_context,
                                    struct tarn_page_source source, struct tarn_chunk_range range, const struct tarn_offset_index *offsets);
void tarn__column_reader_free(struct tarn__column_reader *reader);

/** Begins a new vector: what was read before is forgotten. */
void tarn__column_reader_begin(struct tarn__column_reader *reader);
/**
 * Appends the next `rows` rows, which the row group has. Errors: CORRUPT (places: row group's column, page offset, row where a value is
 * at fault), UNSUPPORTED, LIMIT, NOMEM. After an error the reader may only be freed.
 */
TARN_WARN_UNUSED enum tarn_status tarn__column_reader_read(struct tarn__column_reader *reader, uint64_t rows, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__column_reader_skip(struct tarn__column_reader *reader, uint64_t rows, struct tarn_error *err);

/** Notes where the reader stands, in `place`, which tarn__column_place_release gives back; and goes back there, any number of times. */
void tarn__column_reader_mark(const struct tarn__column_reader *reader, struct tarn__column_place *place);
void tarn__column_reader_rewind(struct tarn__column_reader *reader, const struct tarn__column_place *place);
/** A zeroed place is legal. */
void tarn__column_place_release(struct tarn__column_place *place);

#endif
