/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_WRITER_H
#define TARN_WRITER_H

#include "tarn/arrow.h"
#include "tarn/sink.h"
#include "tarn/store.h"

/*
 * Batches to files: Parquet, CSV, JSON, Arrow IPC. Each is a sink (tarn/sink.h) over one object of a store, invisible until finish.
 *
 * Threads: single. Ownership: a sink keeps its own references on store and schema.
 */

enum tarn_codec {
    TARN_CODEC_DEFAULT = 0, /**< zstd */
    TARN_CODEC_UNCOMPRESSED,
    TARN_CODEC_SNAPPY,
    TARN_CODEC_ZSTD,
    TARN_CODEC_LZ4_RAW,
};

/** What is known of one leaf column of a finished file: for a table's statistics. */
struct tarn_leaf_result {
    uint32_t depth;
    const uint32_t *index; /**< position among its siblings at each step, LIST and MAP members included */
    const struct tarn_type *type;
    struct tarn_bounds bounds; /**< exact, except texts and binaries over 64 bytes, which are cut */
    uint64_t compressed_size;
};

/** Facts of a finished Parquet file. Valid until the options' `arg` owner is told; copy what is to be kept. */
struct tarn_parquet_result {
    uint64_t rows;
    uint64_t bytes;
    uint32_t row_groups;
    uint32_t leaf_count;
    const struct tarn_leaf_result *leaves;
    const uint64_t *row_group_offsets; /**< byte where each row group begins */
};

struct tarn_parquet_write_options {
    uint32_t size;
    enum tarn_codec codec;
    int32_t codec_level;       /**< 0: the codec's default */
    uint64_t row_group_rows;   /**< most rows; 0: 1,048,576 */
    uint64_t row_group_bytes;  /**< most uncompressed bytes, about; 0: 128 MiB */
    uint32_t page_rows;        /**< most rows; 0: 20,000 */
    uint32_t page_bytes;       /**< most uncompressed bytes, about; 0: 1 MiB */
    uint32_t dictionary_bytes; /**< largest dictionary before falling back to PLAIN; 0: 1 MiB */
    bool no_dictionary;
    bool no_statistics;
    bool no_page_index;
    bool no_crc;
    enum tarn_put_mode mode;     /**< when the file is made visible */
    struct tarn_text created_by; /**< empty: tarn's own */
    /** Told once, inside finish, after the file is visible. NULL: not wanted. */
    void (*finished)(void *arg, const struct tarn_parquet_result *result);
    void *finished_arg;
};

#define TARN_PARQUET_WRITE_OPTIONS_INIT                                                                                                    \
    {                                                                                                                                      \
        sizeof(struct tarn_parquet_write_options), TARN_CODEC_DEFAULT, 0, 0, 0, 0, 0, 0, false, false, false, false, TARN_PUT_OVERWRITE,   \
            {NULL, 0}, NULL, NULL                                                                                                          \
    }

struct tarn_csv_write_options {
    uint32_t size;
    char delimiter; /**< 0: comma */
    bool no_header;
    struct tarn_text null_text; /**< empty by default; a text equal to it is quoted */
};

#define TARN_CSV_WRITE_OPTIONS_INIT                                                                                                        \
    {                                                                                                                                      \
        sizeof(struct tarn_csv_write_options), 0, false,                                                                                   \
        {                                                                                                                                  \
            NULL, 0                                                                                                                        \
        }                                                                                                                                  \
    }

struct tarn_json_write_options {
    uint32_t size;
    bool array;           /**< one array of objects instead of one object a line */
    bool stored_variants; /**< VARIANT as {"metadata":"0x..","value":"0x.."} instead of what it holds */
};

#define TARN_JSON_WRITE_OPTIONS_INIT                                                                                                       \
    {                                                                                                                                      \
        sizeof(struct tarn_json_write_options), false, false                                                                               \
    }

enum tarn_arrow_ipc_format {
    TARN_ARROW_IPC_STREAM = 0, /**< application/vnd.apache.arrow.stream */
    TARN_ARROW_IPC_FILE = 1,   /**< application/vnd.apache.arrow.file, also known as Feather version 2 */
};

struct tarn_arrow_ipc_write_options {
    uint32_t size;
    enum tarn_arrow_ipc_format format;
    enum tarn_codec codec;           /**< DEFAULT and UNCOMPRESSED: none; ZSTD; LZ4_RAW stands for LZ4 frames. Else INVALID */
    int32_t codec_level;             /**< 0: the codec's default */
    enum tarn_arrow_strings strings; /**< how texts and binaries leave */
    bool keep_dictionaries;          /**< top-level texts leave as dictionary arrays of 32-bit codes, else spread out */
    uint32_t batch_rows;             /**< rows of one record batch: smaller batches are put together; 0: TARN_BATCH_ROWS * 8 */
    enum tarn_put_mode mode;         /**< when the file is made visible */
};

#define TARN_ARROW_IPC_WRITE_OPTIONS_INIT                                                                                                  \
    {                                                                                                                                      \
        sizeof(struct tarn_arrow_ipc_write_options), TARN_ARROW_IPC_STREAM, TARN_CODEC_DEFAULT, 0, TARN_ARROW_UTF8, false, 0,              \
            TARN_PUT_OVERWRITE                                                                                                             \
    }

/** Where a sink's bytes go when it is no object of a store (standard output). Bytes are valid during the call. */
struct tarn_byte_sink {
    void *ctx;
    enum tarn_status (*write)(void *ctx, struct tarn_span bytes, struct tarn_error *err);
};

TARN_BEGIN_DECLS

/** Errors: INVALID (schema, options), UNSUPPORTED (a type Parquet has no word for), EXISTS, IO, NOMEM. */
TARN_CALL tarn_parquet_create(struct tarn_store *store, struct tarn_text key, const struct tarn_schema *schema,
                              const struct tarn_parquet_write_options *options, struct tarn_sink **out, struct tarn_error *err);

TARN_CALL tarn_csv_create(struct tarn_store *store, struct tarn_text key, const struct tarn_schema *schema,
                          const struct tarn_csv_write_options *options, struct tarn_sink **out, struct tarn_error *err);
TARN_CALL tarn_csv_create_stream(struct tarn_env *env, struct tarn_byte_sink to, const struct tarn_schema *schema,
                                 const struct tarn_csv_write_options *options, struct tarn_sink **out, struct tarn_error *err);

/** Values as docs/canonical-json.md says: exact, one object a row. */
TARN_CALL tarn_json_create(struct tarn_store *store, struct tarn_text key, const struct tarn_schema *schema,
                           const struct tarn_json_write_options *options, struct tarn_sink **out, struct tarn_error *err);
TARN_CALL tarn_json_create_stream(struct tarn_env *env, struct tarn_byte_sink to, const struct tarn_schema *schema,
                                  const struct tarn_json_write_options *options, struct tarn_sink **out, struct tarn_error *err);

/** Errors: INVALID (schema, options), UNSUPPORTED (a type Arrow has no word for), EXISTS, IO, NOMEM. */
TARN_CALL tarn_arrow_ipc_create(struct tarn_store *store, struct tarn_text key, const struct tarn_schema *schema,
                                const struct tarn_arrow_ipc_write_options *options, struct tarn_sink **out, struct tarn_error *err);
TARN_CALL tarn_arrow_ipc_create_stream(struct tarn_env *env, struct tarn_byte_sink to, const struct tarn_schema *schema,
                                       const struct tarn_arrow_ipc_write_options *options, struct tarn_sink **out, struct tarn_error *err);

TARN_END_DECLS

#endif
