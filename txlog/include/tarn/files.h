/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FILES_H
#define TARN_FILES_H

#include "tarn/arrow.h"
#include "tarn/parquet_writer.h"
#include "tarn/reader.h"
#include "tarn/store.h"

/*
 * Parquet files made of Parquet files: written anew with other options, renamed without touching a page, merged, appended to.
 *
 * Every call makes one new object and makes it visible at its end, or leaves everything as it was: where the destination is a source too,
 * the old object stays until the new one takes its place in one step, and what has it open goes on reading it.
 *
 * Copied pages keep their bytes, and so do column indexes and bloom filters; offset indexes, and offsets in the footer, follow their pages.
 * Statistics, size statistics, encoding statistics, key-values of columns and sorting columns stay as they are. What of a footer is not in
 * parquet-format 2.14 is dropped: whether it would still hold cannot be known. Memory: the footers and the page index, and a few MiB.
 *
 * Encrypted files are read and written by tarn_parquet_rewrite alone: a module is bound to its place in its file, so that copying pages
 * is UNSUPPORTED "copy.encrypted"; without a key for the footer it is AUTH.
 *
 * Threads: each call single. Errors of all: NOT_FOUND, CORRUPT, UNSUPPORTED, AUTH, IO, NOMEM, LIMIT, CANCELLED, and what stands there.
 */

/** A file in a store. */
struct tarn_file_place {
    struct tarn_store *store;
    struct tarn_text key;
};

/** What became. */
struct tarn_file_result {
    uint32_t size;
    uint64_t rows;
    uint64_t bytes;
    uint32_t row_groups;
};

#define TARN_FILE_RESULT_INIT                                                                                                              \
    {                                                                                                                                      \
        sizeof(struct tarn_file_result), 0, 0, 0                                                                                           \
    }

/** A column or a group of columns, by its path in the stored schema with dots between the names, and what it is called from now on. */
struct tarn_parquet_rename {
    struct tarn_text path;
    struct tarn_text name;
};

struct tarn_parquet_field_id {
    struct tarn_text path;
    int32_t id; /**< -1: none */
};

struct tarn_parquet_copy_options {
    uint32_t size;
    enum tarn_put_mode mode;
    uint32_t rename_count;
    const struct tarn_parquet_rename *renames;
    uint32_t field_id_count;
    const struct tarn_parquet_field_id *field_ids;
    uint32_t set_count; /**< key-value metadata that is set, after `unset` */
    const struct tarn_property *set;
    uint32_t unset_count; /**< keys that are removed */
    const struct tarn_text *unset;
    bool drop_page_index;
    bool drop_bloom_filters;
    /** Told what is lost or decided, in words, once each. NULL: not wanted. */
    void (*note)(void *arg, struct tarn_text words);
    void *note_arg;
};

#define TARN_PARQUET_COPY_OPTIONS_INIT                                                                                                     \
    {                                                                                                                                      \
        sizeof(struct tarn_parquet_copy_options), TARN_PUT_OVERWRITE, 0, NULL, 0, NULL, 0, NULL, 0, NULL, false, false, NULL, NULL         \
    }

struct tarn_parquet_rewrite_options {
    uint32_t size;
    const struct tarn_parquet_write_options *write; /**< NULL: defaults. Key-values of the file are kept beside those given */
    const struct tarn_parquet_read_options *read;   /**< NULL: defaults */
    bool decrypt;                                   /**< an encrypted file may become a plain one */
};

#define TARN_PARQUET_REWRITE_OPTIONS_INIT                                                                                                  \
    {                                                                                                                                      \
        sizeof(struct tarn_parquet_rewrite_options), NULL, NULL, false                                                                     \
    }

struct tarn_parquet_append_options {
    uint32_t size;
    const struct tarn_parquet_write_options *write; /**< of the new row groups; mode, created_by and properties are not used */
};

#define TARN_PARQUET_APPEND_OPTIONS_INIT                                                                                                   \
    {                                                                                                                                      \
        sizeof(struct tarn_parquet_append_options), NULL                                                                                   \
    }

TARN_BEGIN_DECLS

/**
 * Copies a file with another footer: columns renamed, field ids given, key-values set and removed, indexes dropped. With no option but
 * these first four the bytes before the footer stay exactly as they are. A renamed column takes with it the keys in which other programs
 * keep a schema by names (ARROW:schema, pandas, Spark's, Avro's, geo): they are dropped, and `note` is told. Errors: NOT_FOUND detail
 * "column", INVALID details "rename" (a name that is there, empty, or of a list's or map's own parts), "key".
 */
TARN_CALL tarn_parquet_copy(const struct tarn_file_place *from, const struct tarn_file_place *to,
                            const struct tarn_parquet_copy_options *options, struct tarn_file_result *result, struct tarn_error *err);

/**
 * All row groups of several files, in order, as one file. The schema, its order of columns, and the key-values are those of the first;
 * columns of others may stand in another order. `created_by` stays when all say the same, else it is tarn's. Where a column's order of
 * bounds differs from the first's, bounds are dropped. `note` is told of key-values that differ or are left out.
 * Errors: INVALID detail "schema" (columns that differ in name, type or nullability), detail "files" (none).
 */
TARN_CALL tarn_parquet_merge(uint32_t count, const struct tarn_file_place *files, const struct tarn_file_place *to,
                             const struct tarn_parquet_copy_options *options, struct tarn_file_result *result, struct tarn_error *err);

/**
 * Rows behind those of a file, in row groups of their own. The batches have the columns of the file, by order, name and type.
 * Errors: INVALID detail "schema" (other columns; a column that the file stores as tarn does not write it), and those of the sink.
 */
TARN_CALL tarn_parquet_append(const struct tarn_file_place *file, struct tarn_batches *rows,
                              const struct tarn_parquet_append_options *options, struct tarn_file_result *result, struct tarn_error *err);

/** A sink that does what tarn_parquet_append does, for whoever brings the rows. `schema`: that of the rows. */
TARN_CALL tarn_parquet_append_open(const struct tarn_file_place *file, const struct tarn_schema *schema,
                                   const struct tarn_parquet_append_options *options, struct tarn_sink **out, struct tarn_error *err);

/**
 * Decodes a file and writes its rows anew. Errors: those of tarn_parquet_open and tarn_parquet_create; INVALID detail "decrypt" (an
 * encrypted file, and neither encryption in the options nor `decrypt`).
 */
TARN_CALL tarn_parquet_rewrite(const struct tarn_file_place *from, const struct tarn_file_place *to,
                               const struct tarn_parquet_rewrite_options *options, struct tarn_file_result *result, struct tarn_error *err);

TARN_END_DECLS

#endif
