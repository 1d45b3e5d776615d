/* SPDX-License-Identifier: Apache-2.0
 *
 * ArrowArrayStream over batches, and batches over a foreign stream. Specification: "The Arrow C stream interface". SPEC: X-ARROW-9.
 *
 * Invariants
 *  1. After an error an exported stream gives that error for ever: no row is skipped.
 *  2. `dense` holds the rows that are not handed out yet, from `at` on.
 */
#include <errno.h>

#include "format/arrow/arrow_export.h"
#include "format/arrow/arrow_import.h"
#include "format/base/bytes.h"
#include "format/batch/gather.h"

enum { MANY_BATCHES = 8, LINE = 1024 };

/* ---- out ---- */

struct exported {
    struct tarn_env *env;
    struct tarn_batches *batches;
    struct tarn_arrow_options options;
    struct tarn_batch *dense;
    uint32_t at;
    struct tarn_error error; /* code OK: none */
    char line[LINE];
};

static int failed(struct exported *exported)
{
    tarn_error_format(&exported->error, exported->line, sizeof(exported->line));
    return tarn_status_errno(exported->error.code);
}

static int exported_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct exported *exported = stream->private_data;
    struct tarn_error error = TARN_ERROR_INIT;
    const enum tarn_status status = tarn_arrow_export_schema(exported->env, exported->batches->schema, &exported->options, out, &error);
    if (status != TARN_OK) {
        exported->error = error;
        return failed(exported);
    }
    return 0;
}

/* The next rows, dense; none at the end. */
static enum tarn_status fill(struct exported *exported)
{
    struct tarn_batch *batch;
    while (exported->dense == NULL || exported->at == exported->dense->length) {
        tarn_batch_release(exported->dense);
        exported->dense = NULL;
        exported->at = 0;
        TARN_RETURN_IF_ERROR(exported->batches->next(exported->batches, &batch, &exported->error));
        if (batch == NULL) {
            return TARN_OK;
        }
        TARN_RETURN_IF_ERROR(tarn__batch_compact(exported->env, batch, &exported->dense, &exported->error));
    }
    return TARN_OK;
}

/* As many of the rows that are left as go into one array. */
static enum tarn_status export_some(struct exported *exported, struct ArrowArray *out)
{
    const uint32_t most = exported->options.batch_rows != 0 ? exported->options.batch_rows : TARN_BATCH_ROWS * MANY_BATCHES;
    const uint32_t left = exported->dense->length - exported->at;
    uint32_t rows = left < most ? left : most;
    for (;;) {
        struct tarn_error error = TARN_ERROR_INIT;
        const enum tarn_status status =
            tarn__arrow_export_rows(exported->env, exported->dense, exported->at, rows, &exported->options, out, &error);
        if (status == TARN_LIMIT && rows > 1 && strcmp(error.detail, "arrow_offsets") == 0) {
            rows -= rows / 2;
            continue;
        }
        if (status != TARN_OK) {
            exported->error = error;
            return status;
        }
        exported->at += rows;
        return TARN_OK;
    }
}

static int exported_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct exported *exported = stream->private_data;
    memset(out, 0, sizeof(*out));
    if (exported->error.code != TARN_OK) {
        return failed(exported);
    }
    enum tarn_status status = fill(exported);
    if (status == TARN_OK && exported->dense != NULL) {
        status = export_some(exported, out);
    }
    if (status != TARN_OK) {
        exported->error.code = status;
        return failed(exported);
    }
    return 0;
}

static const char *exported_error(struct ArrowArrayStream *stream)
{
    const struct exported *exported = stream->private_data;
    return exported->error.code != TARN_OK ? exported->line : NULL;
}

static void exported_release(struct ArrowArrayStream *stream)
{
    struct exported *exported = stream->private_data;
    struct tarn_env *env = exported->env;
    tarn_batch_release(exported->dense);
    exported->batches->close(exported->batches);
    tarn__free(env, exported);
    stream->release = NULL;
    tarn_env_close(env);
}

enum tarn_status tarn_arrow_export_stream(struct tarn_batches *batches, const struct tarn_arrow_options *given,
                                          struct ArrowArrayStream *out, struct tarn_error *err)
{
    struct tarn_arrow_options options;
    struct tarn_env *env = batches->env;
    memset(out, 0, sizeof(*out));
    enum tarn_status status = tarn__arrow_options(given, &options, err);
    struct exported *exported = status == TARN_OK ? tarn__calloc(env, 1, sizeof(*exported)) : NULL;
    if (exported == NULL) {
        status = status == TARN_OK ? tarn__nomem(env, err, sizeof(*exported)) : status;
        batches->close(batches);
        return status;
    }
    exported->env = tarn__env_retain(env);
    exported->batches = batches;
    exported->options = options;
    exported->error = (struct tarn_error)TARN_ERROR_INIT;
    *out = (struct ArrowArrayStream){exported_schema, exported_next, exported_error, exported_release, exported};
    return TARN_OK;
}

bool tarn_stream_error(struct ArrowArrayStream *stream, struct tarn_error *err)
{
    if (stream->release != exported_release) {
        return false;
    }
    const struct exported *exported = stream->private_data;
    if (exported->error.code == TARN_OK) {
        return false;
    }
    if (err != NULL) {
        *err = exported->error;
    }
    return true;
}

/* ---- in ---- */

struct imported {
    struct tarn_batches batches; /* first: the two addresses are one */
    struct ArrowArrayStream stream;
    struct ArrowSchema arrow_schema;
    struct tarn_schema *schema;
    struct tarn_batch *batch; /* handed out */
};

static struct imported *imported_of(struct tarn_batches *batches)
{
    return (struct imported *)(void *)batches;
}

const struct ArrowSchema *tarn__arrow_stream_schema(struct tarn_batches *batches)
{
    return &imported_of(batches)->arrow_schema;
}

/* What a foreign stream's errno and words say. */
static enum tarn_status stream_failed(struct ArrowArrayStream *stream, int sys_errno, struct tarn_error *err)
{
    struct tarn_error own;
    if (tarn_stream_error(stream, &own)) {
        if (err != NULL) {
            *err = own;
        }
        return own.code;
    }
    const char *words = stream->get_last_error != NULL ? stream->get_last_error(stream) : NULL;
    const enum tarn_status status = sys_errno == ENOMEM      ? TARN_NOMEM
                                    : sys_errno == EINVAL    ? TARN_INVALID
                                    : sys_errno == ECANCELED ? TARN_CANCELLED
                                    : sys_errno == ENOTSUP   ? TARN_UNSUPPORTED
                                                             : TARN_IO;
    tarn__error_set(err, status, "arrow_stream", "the Arrow stream failed: %.300s", words != NULL ? words : "it does not say why");
    if (err != NULL) {
        err->sys_errno = sys_errno;
    }
    return status;
}

static enum tarn_status imported_next(struct tarn_batches *batches, struct tarn_batch **out, struct tarn_error *err)
{
    struct imported *imported = imported_of(batches);
    struct ArrowArray array;
    *out = NULL;
    tarn_batch_release(imported->batch);
    imported->batch = NULL;
    TARN_RETURN_IF_ERROR(tarn__check_cancelled(batches->env, err));
    memset(&array, 0, sizeof(array));
    const int failure = imported->stream.get_next(&imported->stream, &array);
    if (failure != 0) {
        return stream_failed(&imported->stream, failure, err);
    }
    if (array.release == NULL) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn_arrow_import_batch(batches->env, imported->schema, &imported->arrow_schema, &array, &imported->batch, err));
    *out = imported->batch;
    return TARN_OK;
}

static void imported_close(struct tarn_batches *batches)
{
    struct imported *imported = imported_of(batches);
    struct tarn_env *env = batches->env;
    tarn_batch_release(imported->batch);
    if (imported->arrow_schema.release != NULL) {
        imported->arrow_schema.release(&imported->arrow_schema);
    }
    if (imported->stream.release != NULL) {
        imported->stream.release(&imported->stream);
    }
    tarn_schema_release(imported->schema);
    tarn__free(env, imported);
    tarn_env_close(env);
}

enum tarn_status tarn_arrow_import_stream(struct tarn_env *env, struct ArrowArrayStream *stream, struct tarn_batches **out,
                                          struct tarn_error *err)
{
    *out = NULL;
    if (stream->release == NULL) {
        return tarn__invalid(err, "arrow_released", "the ArrowArrayStream has been released");
    }
    struct imported *imported = tarn__calloc(env, 1, sizeof(*imported));
    if (imported == NULL) {
        stream->release(stream);
        return tarn__nomem(env, err, sizeof(*imported));
    }
    imported->batches = (struct tarn_batches){.env = tarn__env_retain(env), .next = imported_next, .close = imported_close};
    imported->stream = *stream;
    stream->release = NULL;
    const int failure = imported->stream.get_schema(&imported->stream, &imported->arrow_schema);
    enum tarn_status status = TARN_OK;
    if (failure != 0) {
        imported->arrow_schema.release = NULL;
        status = stream_failed(&imported->stream, failure, err);
    } else {
        status = tarn_arrow_import_schema(env, &imported->arrow_schema, &imported->schema, err);
    }
    if (status != TARN_OK) {
        imported_close(&imported->batches);
        return status;
    }
    imported->batches.schema = imported->schema;
    *out = &imported->batches;
    return TARN_OK;
}
