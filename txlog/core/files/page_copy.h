/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_FILES_PAGE_COPY_H
#define TARN_TXLOG_CORE_FILES_PAGE_COPY_H

#include "format/column/footer.h"
#include "tarn/store.h"

/*
 * Row groups of Parquet files, put into another file byte for byte, and what its footer and page index then say of them.
 *
 * Order of calls: open, any number of groups and adopt, finish; the row groups are then those of the new footer.
 * Ownership: borrows the writer; what it keeps of a source points into the source's footer, which must live as long.
 */

struct tarn__page_source {
    struct tarn_object *object;
    const struct tarn_footer *footer;
    const uint32_t *leaves;   /**< for each leaf of the new file: its number in this one; NULL: the same */
    const bool *other_orders; /**< for each leaf of the new file: bounds are of another order there, and must go; NULL: none */
    bool other_writer;        /**< the new file is not by the writer of this one: bounds that readers judge by the writer must go */
};

struct tarn__index_copy {
    uint32_t group;
    uint32_t leaf;
    uint64_t begin; /**< in `index_bytes` */
    uint32_t size;
};

struct tarn__page_copy {
    struct tarn_env *env;
    struct tarn_arena arena;
    struct tarn_object_writer *out;
    const struct tarn_file_schema *schema; /**< of the new file */
    bool drop_page_index;
    bool drop_bloom_filters;
    uint8_t *room;
    struct tarn_buffer *index_bytes;
    struct tarn__index_copy *column_indexes;
    size_t column_index_count;
    size_t column_index_capacity;
    struct tarn__index_copy *offset_indexes;
    size_t offset_index_count;
    size_t offset_index_capacity;

    /** What the footer says. */
    uint64_t rows;
    struct parquet_row_group *groups;
    size_t group_capacity;
    uint32_t group_count;
};

/** Zeroes it first: it may be closed whatever the answer. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__page_copy_open(struct tarn_env *env, struct tarn_object_writer *out,
                                                       const struct tarn_file_schema *schema, struct tarn__page_copy *copy,
                                                       struct tarn_error *err);

/** Bytes [begin, end) of an object, behind what is written. Errors: IO, CANCELLED. */
TARN_WARN_UNUSED enum tarn_status tarn__page_copy_bytes(struct tarn__page_copy *copy, struct tarn_object *object, uint64_t begin,
                                                        uint64_t end, struct tarn_error *err);

/**
 * All row groups of a source: pages, bloom filters; indexes are kept until finish. Errors: CORRUPT (an index or filter that is none; parts
 * that overlap), UNSUPPORTED (copy.encrypted, external_column_chunk), IO, NOMEM, LIMIT.
 */
TARN_WARN_UNUSED enum tarn_status tarn__page_copy_groups(struct tarn__page_copy *copy, const struct tarn__page_source *source,
                                                         struct tarn_error *err);

/** All row groups of a footer whose pages and indexes lie in the new file already, where that footer says. `object` is not used. */
TARN_WARN_UNUSED enum tarn_status tarn__page_copy_adopt(struct tarn__page_copy *copy, const struct tarn__page_source *source,
                                                        struct tarn_error *err);

/** Writes the page index of what was copied. */
TARN_WARN_UNUSED enum tarn_status tarn__page_copy_finish(struct tarn__page_copy *copy, struct tarn_error *err);

void tarn__page_copy_close(struct tarn__page_copy *copy);

/**
 * Writes the end of the file: `metadata` with the row groups of `copy`, decoded once more as a reader would before anyone can see it.
 * Errors: those of tarn__footer_write; INTERNAL when what was written would not be read.
 */
TARN_WARN_UNUSED enum tarn_status tarn__page_copy_footer(struct tarn__page_copy *copy, const struct parquet_file_metadata *metadata,
                                                         struct tarn_error *err);

/** Refuses what cannot be copied: encrypted files. */
TARN_WARN_UNUSED enum tarn_status tarn__page_copy_check(const struct tarn_footer *footer, struct tarn_error *err);

#endif
