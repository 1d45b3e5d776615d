/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_WRITER_PARQUET_ROW_GROUP_WRITER_H
#define TARN_WRITER_PARQUET_ROW_GROUP_WRITER_H

#include "format/column/parquet_schema.h"
#include "tarn/store.h"
#include "writer/parquet/bloom_store.h"
#include "writer/parquet/file_encryption.h"
#include "writer/parquet/leaf_options.h"
#include "writer/parquet/sorting.h"

/*
 * The row groups of a Parquet file: rows go to the writers of all leaves, in parallel where the env has threads; a full group goes to the
 * file, and what the footer and the page index will say of it is kept.
 *
 * Threads: single (it runs tasks on the env's executor itself). The bytes do not depend on the number of threads.
 */
struct tarn__row_group_options {
    const struct tarn__leaf_options *leaves; /**< one a leaf; outlives the writer */
    uint64_t most_rows;                      /**< of a group */
    enum tarn_parquet_check check;
    uint64_t most_bytes;                            /**< of a group, before compression, about */
    const struct tarn__file_encryption *encryption; /**< outlives the writer */
    struct tarn__sorting *sorting;                  /**< outlives the writer */
};

/** An index of a chunk, kept until the row groups are written. */
struct tarn__index_part {
    uint64_t begin; /**< in `index_bytes` */
    uint32_t size;  /**< 0: none */
};

struct tarn__row_group_writer {
    struct tarn_env *env;
    struct tarn_arena *arena; /**< of the file: metadata */
    struct tarn_object_writer *file;
    struct tarn__row_group_options options;
    const struct tarn_file_schema *schema;
    const struct tarn__leaf_path *paths;
    uint32_t leaf_count;
    bool has_page_index; /**< of some leaf: then all have an offset index */
    struct tarn__column_writer **columns;
    struct tarn__column_chunk *chunks; /* of the group that is being completed */
    struct tarn__chunk_encryptor encryptor;
    struct tarn_codec_context **contexts;
    uint32_t context_count;
    uint32_t *order;     /* of the leaves, those with most bytes first: what threads begin with */
    uint64_t next_check; /* rows of the group at which its size is looked at again */

    /** What the footer says. */
    uint64_t rows;       /**< taken, whether in the file yet or not */
    uint64_t group_rows; /**< of these, in the open group */
    struct parquet_row_group *groups;
    size_t group_capacity;
    uint32_t group_count;
    struct tarn__value_facts *facts; /**< of each leaf, over all groups */
    uint64_t *stored;                /**< bytes of each leaf, over all groups */

    struct tarn__bloom_store blooms;
    struct tarn_buffer *index_bytes;
    struct tarn__index_part *column_indexes; /* leaf_count a group */
    struct tarn__index_part *offset_indexes;
    size_t column_index_capacity;
    size_t offset_index_capacity;
};

/** `file` is borrowed, as are arena, schema and paths. Zeroed before. Errors: NOMEM, LIMIT. After a failure it is still to be freed. */
TARN_WARN_UNUSED enum tarn_status tarn__row_group_writer_init(struct tarn__row_group_writer *writer, struct tarn_arena *arena,
                                                              struct tarn_object_writer *file, const struct tarn_file_schema *schema,
                                                              const struct tarn__leaf_path *paths,
                                                              const struct tarn__row_group_options *options, struct tarn_error *err);

/** The batch's selected rows. Errors: those of the column writers with row and column, and of the store. */
TARN_WARN_UNUSED enum tarn_status tarn__row_group_writer_write(struct tarn__row_group_writer *writer, const struct tarn_batch *batch,
                                                               const uint32_t *positions, uint32_t count, struct tarn_error *err);

/** Writes the last group and the page index; the footer may then be made of `groups`. */
TARN_WARN_UNUSED enum tarn_status tarn__row_group_writer_finish(struct tarn__row_group_writer *writer, struct tarn_error *err);

void tarn__row_group_writer_free(struct tarn__row_group_writer *writer);

#endif
