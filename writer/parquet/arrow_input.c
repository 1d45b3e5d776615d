/* SPDX-License-Identifier: Apache-2.0
 *
 * An Arrow stream to a Parquet file. SPEC: P-INPUT-1 to P-INPUT-3.
 */
#include "format/arrow/arrow_import.h"
#include "format/base/error.h"
#include "writer/parquet/parquet_create.h"

enum tarn_status tarn_parquet_write_arrow(struct tarn_store *store, struct tarn_text key, struct ArrowArrayStream *stream,
                                          const struct tarn_parquet_write_options *options, uint64_t *rows, struct tarn_error *err)
{
    struct tarn_batches *batches;
    struct tarn_sink *sink;

    if (rows != NULL) {
        *rows = 0;
    }
    TARN_RETURN_IF_ERROR(tarn_arrow_import_stream(store->env, stream, &batches, err));
    enum tarn_status status = tarn__parquet_create(store, key, batches->schema, options, tarn__arrow_stream_schema(batches), &sink, err);
    if (status == TARN_OK) {
        status = tarn_batches_copy(batches, sink, rows, err);
    }
    batches->close(batches);
    return status;
}
