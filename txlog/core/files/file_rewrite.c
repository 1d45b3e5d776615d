/* SPDX-License-Identifier: Apache-2.0
 *
 * A file's rows, written anew.
 *
 * SPEC: P-COPY-13.
 *
 * Invariants
 *  1. What was secret does not become plain by default.
 *  2. The source stays open until the new object is there: it may have the same name.
 */
#include "format/base/error.h"
#include "tarn/files.h"
#include "tarn/parquet.h"
#include "txlog/core/files/file_result.h"

static enum tarn_status check_secrecy(const struct tarn_file_place *from, const struct tarn_parquet_rewrite_options *options,
                                      struct tarn_error *err)
{
    struct tarn_parquet_metadata *metadata;
    bool secret = false;

    if (options->decrypt || (options->write != NULL && options->write->encryption != NULL)) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn_parquet_metadata_open(from->store, from->key, &metadata, err));
    const struct tarn_parquet_file_info info = tarn_parquet_file_info(metadata);
    enum tarn_status status = TARN_OK;
    secret = info.footer_encrypted;
    for (uint32_t leaf = 0; status == TARN_OK && !secret && info.row_group_count != 0 && leaf < info.leaf_count; leaf++) {
        struct tarn_parquet_chunk_info chunk;
        status = tarn_parquet_chunk_info(metadata, 0, leaf, &chunk, err);
        secret = status == TARN_OK && chunk.encrypted;
    }
    tarn_parquet_metadata_close(metadata);
    TARN_RETURN_IF_ERROR(status);
    return !secret ? TARN_OK
                   : tarn__invalid(err, "decrypt", "the file is encrypted and the new one would not be: say so, or how to encrypt it");
}

struct written {
    struct tarn_file_result *result;
    void (*finished)(void *arg, const struct tarn_parquet_result *result);
    void *finished_arg;
};

static void keep_result(void *arg, const struct tarn_parquet_result *result)
{
    const struct written *written = arg;
    tarn__file_result_set(written->result, result->rows, result->bytes, result->row_groups);
    if (written->finished != NULL) {
        written->finished(written->finished_arg, result);
    }
}

enum tarn_status tarn_parquet_rewrite(const struct tarn_file_place *from, const struct tarn_file_place *to,
                                      const struct tarn_parquet_rewrite_options *options, struct tarn_file_result *result,
                                      struct tarn_error *err)
{
    static const struct tarn_parquet_rewrite_options defaults = TARN_PARQUET_REWRITE_OPTIONS_INIT;
    struct tarn_parquet_rewrite_options given = defaults;
    struct tarn_parquet_write_options write = TARN_PARQUET_WRITE_OPTIONS_INIT;
    struct tarn_source *source = NULL;
    struct tarn_batches *batches = NULL;
    struct tarn_sink *sink = NULL;
    uint64_t rows;

    tarn__file_result_clear(result);
    if (options != NULL) {
        memcpy(&given, options, options->size < sizeof(given) ? options->size : sizeof(given));
    }
    if (given.write != NULL) {
        memcpy(&write, given.write, given.write->size < sizeof(write) ? given.write->size : sizeof(write));
        write.size = sizeof(write);
    }
    struct written written = {result, write.finished, write.finished_arg};
    write.finished = keep_result;
    write.finished_arg = &written;
    TARN_RETURN_IF_ERROR(check_secrecy(from, &given, err));
    enum tarn_status status = tarn_parquet_open(from->store, from->key, given.read, &source, err);
    status = status == TARN_OK ? tarn_source_batches(source, NULL, &batches, err) : status;
    status = status == TARN_OK ? tarn_parquet_create(to->store, to->key, batches->schema, &write, &sink, err) : status;
    status = status == TARN_OK ? tarn_batches_copy(batches, sink, &rows, err) : status;
    if (batches != NULL) {
        batches->close(batches);
    }
    tarn_source_close(source);
    return status;
}
