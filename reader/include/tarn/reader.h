/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_H
#define TARN_READER_H

#include "tarn/arrow.h"
#include "tarn/cursor.h"
#include "tarn/expr.h"
#include "tarn/finding.h"
#include "tarn/keys.h"
#include "tarn/store.h"

/*
 * Files as sources of rows: Parquet, CSV (and TSV), JSON (NDJSON and arrays), Arrow IPC (stream and file).
 *
 * Ownership: an opened source keeps its own reference on the store. Threads: a source is shareable (tarn/cursor.h).
 */

enum tarn_file_format {
    TARN_FILE_AUTO = 0, /**< by the first bytes, then by the name */
    TARN_FILE_PARQUET,
    TARN_FILE_CSV,   /**< any delimiter */
    TARN_FILE_JSON,  /**< an array of objects, or one object a line */
    TARN_FILE_ARROW, /**< Arrow IPC: the stream format or the file format (Feather version 2) */
};

/* ---- Parquet ---- */

/** What is made of the Arrow schema that a file carries (the key ARROW:schema), which never is more than a word on its Parquet schema. */
enum tarn_arrow_schema {
    TARN_ARROW_SCHEMA_USED = 0, /**< zones of timestamps, durations, and the extension types uuid, json and geoarrow.wkb */
    TARN_ARROW_SCHEMA_NO_ZONES, /**< all but the zones: files that differ in those are of one type */
    TARN_ARROW_SCHEMA_IGNORED,
};

struct tarn_parquet_read_options {
    uint32_t size;
    bool no_crc;             /**< do not verify page checksums */
    bool invalid_utf8_as_is; /**< hand out STRING bytes that are no UTF-8 instead of CORRUPT */
    uint64_t footer_limit;   /**< bytes; 0: 256 MiB. This and all other limits: docs/limits.md */
    uint64_t page_limit;     /**< bytes of one uncompressed page; 0: 2 GiB */
    enum tarn_wide_timestamps wide_timestamps;
    uint32_t key_count;
    const struct tarn_parquet_key *keys; /**< of an encrypted file; copied. Keys that are not among them are asked of the env's hooks */
    struct tarn_text aad_prefix;         /**< with which an encrypted file must have been written; empty: the env's hooks are asked */
    enum tarn_arrow_schema arrow_schema;
    uint32_t variant_count;
    const struct tarn_path *variants; /**< groups that are VARIANTs though the file does not say so (a step by id where it has one) */
};

#define TARN_PARQUET_READ_OPTIONS_INIT                                                                                                     \
    {                                                                                                                                      \
        sizeof(struct tarn_parquet_read_options), false, false, 0, 0, TARN_WIDE_EXACT, 0, NULL, {NULL, 0}, TARN_ARROW_SCHEMA_USED, 0, NULL \
    }

/* ---- CSV ---- */

/** Called for each rejected row instead of stopping. Texts are valid during the call. */
struct tarn_reject {
    uint64_t line;   /**< from 1, where the row begins */
    uint32_t column; /**< from 1; 0: the whole row */
    struct tarn_text column_name;
    struct tarn_text text; /**< the value, or the row */
    struct tarn_text raw;  /**< the whole row as read */
    struct tarn_text reason;
};

struct tarn_csv_options {
    uint32_t size;
    char delimiter; /**< 0: sniffed among , ; tab | */
    char quote;     /**< 0: sniffed among " and '; `no_quote` for none */
    char escape;    /**< 0: sniffed; equal to quote: doubling */
    bool no_quote;
    enum tarn_choice header;
    struct tarn_text encoding; /**< "utf-8", "utf-16le", "utf-16be", "latin1", "windows-1252"; empty: sniffed */
    uint32_t skip;             /**< lines to drop first */
    char comment;              /**< lines beginning with it are dropped; 0: none */
    uint32_t null_count;
    const struct tarn_text *nulls;    /**< spellings of null beside empty, NA, N/A, NULL, \N; with one given only these */
    const struct tarn_schema *schema; /**< columns and types to use, by order; NULL: sniffed */
    struct tarn_text date_format;     /**< "%d.%m.%Y"; empty: sniffed */
    char decimal_separator;           /**< 0: sniffed */
    bool all_varchar;
    bool prefer_decimal;                                         /**< DECIMAL instead of DOUBLE where every value has few digits */
    uint64_t sample_rows;                                        /**< 0: 20,480 */
    void (*reject)(void *arg, const struct tarn_reject *reject); /**< NULL: the first bad row stops */
    void *reject_arg;
};

#define TARN_CSV_OPTIONS_INIT                                                                                                              \
    {                                                                                                                                      \
        sizeof(struct tarn_csv_options), 0, 0, 0, false, TARN_CHOICE_AUTO, {NULL, 0}, 0, 0, 0, NULL, NULL, {NULL, 0}, 0, false, false, 0,  \
            NULL, NULL                                                                                                                     \
    }

/** What was decided about a CSV file. Texts belong to the source. */
struct tarn_csv_dialect {
    char delimiter;
    char quote; /**< 0: none */
    char escape;
    bool header;
    char decimal_separator;
    struct tarn_text encoding;
    struct tarn_text newline;     /**< "\n", "\r\n" or "\r" */
    struct tarn_text compression; /**< "", "gzip", "zstd" */
    struct tarn_text date_format;
    uint32_t skip;
};

/* ---- JSON ---- */

struct tarn_json_options {
    uint32_t size;
    const struct tarn_schema *schema; /**< NULL: inferred from a sample */
    uint64_t sample_rows;             /**< 0: 20,480 */
    struct tarn_text
        records; /**< path to the array of records in a document ("features"); empty: the document, or its only array of objects */
    void (*reject)(void *arg, const struct tarn_reject *reject);
    void *reject_arg;
};

#define TARN_JSON_OPTIONS_INIT                                                                                                             \
    {                                                                                                                                      \
        sizeof(struct tarn_json_options), NULL, 0, {NULL, 0}, NULL, NULL                                                                   \
    }

/* ---- Arrow IPC ---- */

struct tarn_arrow_ipc_read_options {
    uint32_t size;
    uint64_t metadata_limit; /**< bytes of one message's metadata, or of a file's footer; 0: 256 MiB */
};

#define TARN_ARROW_IPC_READ_OPTIONS_INIT                                                                                                   \
    {                                                                                                                                      \
        sizeof(struct tarn_arrow_ipc_read_options), 0                                                                                      \
    }

/**
 * Bytes that arrive once and cannot be read again (standard input). `read` gives up to `size` bytes, *got == 0 at the end.
 */
struct tarn_byte_stream {
    void *ctx;
    enum tarn_status (*read)(void *ctx, uint8_t *into, size_t size, size_t *got, struct tarn_error *err);
};

TARN_BEGIN_DECLS

/** Errors of all opens: NOT_FOUND, IO, CORRUPT, UNSUPPORTED, INVALID (options; for CSV and JSON also rows), LIMIT, NOMEM, CANCELLED. */
TARN_CALL tarn_parquet_open(struct tarn_store *store, struct tarn_text key, const struct tarn_parquet_read_options *options,
                            struct tarn_source **out, struct tarn_error *err);

/**
 * Reads all of a Parquet file and proves it: page checksums, levels, dictionary codes, UTF-8; rows, sizes, statistics, size statistics,
 * page indexes and bloom filters recomputed from the values. `fn` is told each finding (one OK when there is nothing wrong); the call
 * itself fails only when it could not go on. Reads one column chunk at a time.
 */
TARN_CALL tarn_parquet_verify(struct tarn_store *store, struct tarn_text key, const struct tarn_parquet_read_options *options,
                              void (*fn)(void *arg, const struct tarn_finding *finding), void *arg, struct tarn_error *err);

/**
 * A file that lies in memory of the host, from the first byte to the last. It is not copied: the bytes must not change and must stay where
 * they are until `release(arg)` is called, on any thread, when nothing that was read from them is left (a vector may be), or the open has
 * failed. `release` NULL: the host knows when that is.
 */
TARN_CALL tarn_parquet_open_memory(struct tarn_env *env, struct tarn_span bytes, void (*release)(void *arg), void *arg,
                                   const struct tarn_parquet_read_options *options, struct tarn_source **out, struct tarn_error *err);

TARN_CALL tarn_csv_open(struct tarn_store *store, struct tarn_text key, const struct tarn_csv_options *options, struct tarn_source **out,
                        struct tarn_error *err);
TARN_CALL tarn_csv_open_stream(struct tarn_env *env, struct tarn_byte_stream stream, const struct tarn_csv_options *options,
                               struct tarn_source **out, struct tarn_error *err);
/** Of a source opened by tarn_csv_open*. */
TARN_API struct tarn_csv_dialect tarn_csv_dialect(struct tarn_source *source);

TARN_CALL tarn_json_open(struct tarn_store *store, struct tarn_text key, const struct tarn_json_options *options, struct tarn_source **out,
                         struct tarn_error *err);
TARN_CALL tarn_json_open_stream(struct tarn_env *env, struct tarn_byte_stream stream, const struct tarn_json_options *options,
                                struct tarn_source **out, struct tarn_error *err);

/**
 * Arrow IPC, whether stream or file is seen by the first bytes. A file has one task a record batch, a stream one task; of a stream of bytes
 * one scan can be made. Big-endian data, unions and what else Arrow has and tarn has not are UNSUPPORTED.
 */
TARN_CALL tarn_arrow_ipc_open(struct tarn_store *store, struct tarn_text key, const struct tarn_arrow_ipc_read_options *options,
                              struct tarn_source **out, struct tarn_error *err);
/** The stream format only. */
TARN_CALL tarn_arrow_ipc_open_stream(struct tarn_env *env, struct tarn_byte_stream stream,
                                     const struct tarn_arrow_ipc_read_options *options, struct tarn_source **out, struct tarn_error *err);

/**
 * Did a scan of this CSV or JSON source stop because a later value broke a type that had been inferred? Then *wider is the schema to open
 * it with again (a new reference). The error was INVALID with detail "inferred_type".
 */
TARN_API bool tarn_source_wider_schema(struct tarn_source *source, struct tarn_schema **wider);

/** The format of a file, by its first bytes and its name. Errors: NOT_FOUND, IO. */
TARN_CALL tarn_file_format_detect(struct tarn_store *store, struct tarn_text key, enum tarn_file_format *out, struct tarn_error *err);

/** Opens a file of any format with default options, but for timestamps of 96 bits, which are given as microseconds: SQL computes with
 * those. */
TARN_CALL tarn_file_open(struct tarn_store *store, struct tarn_text key, enum tarn_file_format format, struct tarn_source **out,
                         struct tarn_error *err);

/** Several sources of equal schema (by name and type) as one: the rows of the first, then of the second. Takes them over, also when it
 * fails. */
TARN_CALL tarn_source_concat(struct tarn_env *env, uint32_t count, struct tarn_source *const *sources, struct tarn_source **out,
                             struct tarn_error *err);

TARN_END_DECLS

#endif
