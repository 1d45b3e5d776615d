/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_WRITER_H
#define TARN_WRITER_H

#include "tarn/arrow.h"
#include "tarn/parquet_writer.h"

/*
 * Batches to files: Parquet, CSV, JSON, Arrow IPC. Each is a sink (tarn/sink.h) over one object of a store, invisible until finish.
 *
 * Threads: single. Ownership: a sink keeps its own references on store and schema.
 */

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
