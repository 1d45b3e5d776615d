/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening Arrow IPC: stream or file, the schema, a file's blocks. Specification: Arrow "Columnar format", "IPC streaming format", "IPC file
 * format". SPEC: X-IPC-1, X-IPC-9.
 */
#include "reader/arrow/ipc_source.h"

#include "format/base/bytes.h"
#include "format/base/checked.h"

enum { METADATA_LIMIT = 256 << 20 };

static const struct tarn_schema *ipc_schema(struct tarn_source *source)
{
    return tarn__ipc_source_of(source)->schema.schema;
}

static bool ipc_row_count(struct tarn_source *source, uint64_t *rows)
{
    (void)source;
    *rows = 0;
    return false;
}

static void ipc_close(struct tarn_source *source)
{
    struct tarn__ipc_source *self = tarn__ipc_source_of(source);
    struct tarn_env *env = source->env;
    tarn__ipc_schema_close(&self->schema);
    tarn_object_close(self->object);
    if (self->store != NULL) {
        tarn_store_close(self->store);
    }
    tarn__free(env, self->dictionaries);
    tarn__free(env, self->batches);
    tarn__free(env, self->key);
    tarn__free(env, self);
    tarn_env_close(env);
}

static const struct tarn_source_ops ipc_ops = {sizeof(ipc_ops), "arrow", ipc_schema, ipc_row_count, tarn__ipc_scan, ipc_close, NULL};

struct tarn__ipc_input tarn__ipc_source_input(struct tarn__ipc_source *source, struct tarn__ipc_counters *counters)
{
    return (struct tarn__ipc_input){.env = source->base.env,
                                    .object = source->object,
                                    .stream = source->stream,
                                    .at = source->begin,
                                    .limit = source->limit,
                                    .metadata_limit = source->metadata_limit,
                                    .counters = counters};
}

enum tarn_status tarn__ipc_source_failed(const struct tarn__ipc_source *source, enum tarn_status status, struct tarn_error *err)
{
    if (status != TARN_OK && source->key != NULL) {
        tarn__error_at_object(err, tarn__text_of(source->key));
    }
    return status;
}

/* Bodies are shown as they lie in the file, little-endian. */
static enum tarn_status check_machine(struct tarn_error *err)
{
    return TARN_BIG_ENDIAN ? tarn__unsupported(err, "arrow.big_endian", "this machine is big-endian") : TARN_OK;
}

/* ---- the file format ---- */

static enum tarn_status keep_blocks(struct tarn__ipc_source *self, const struct tarn__flat_vector *blocks, uint32_t *count,
                                    struct tarn__ipc_block **out, struct tarn_error *err)
{
    *count = blocks->count;
    *out = tarn__calloc(self->base.env, (size_t)blocks->count + 1, sizeof(**out));
    if (*out == NULL) {
        return tarn__nomem(self->base.env, err, blocks->count * sizeof(**out));
    }
    for (uint32_t i = 0; i < blocks->count; i++) {
        TARN_RETURN_IF_ERROR(tarn__ipc_block_read(blocks, i, self->limit, &(*out)[i], err));
    }
    return TARN_OK;
}

static enum tarn_status read_footer(struct tarn__ipc_source *self, struct tarn_span bytes, struct tarn_error *err)
{
    struct tarn__ipc_footer footer;
    TARN_RETURN_IF_ERROR(check_machine(err));
    TARN_RETURN_IF_ERROR(tarn__ipc_footer_read(bytes, self->limit, &footer, err));
    const enum tarn_status status = tarn__ipc_schema_read(self->base.env, &footer.schema, &self->schema, err);
    if (status == TARN_CORRUPT) {
        tarn__error_at_offset(err, self->limit);
    }
    TARN_RETURN_IF_ERROR(status);
    TARN_RETURN_IF_ERROR(keep_blocks(self, &footer.dictionaries, &self->dictionary_count, &self->dictionaries, err));
    return keep_blocks(self, &footer.records, &self->batch_count, &self->batches, err);
}

static enum tarn_status open_file(struct tarn__ipc_source *self, uint64_t size, struct tarn_error *err)
{
    uint8_t tail[TARN__IPC_TAIL];
    const struct tarn_read_range last = {size - sizeof(tail), sizeof(tail), tail};
    if (size < TARN__IPC_HEAD + sizeof(tail)) {
        return tarn__ipc_damaged(err, size, "an Arrow file of %llu bytes has no footer: it was not written whole",
                                 (unsigned long long)size);
    }
    TARN_RETURN_IF_ERROR(tarn_object_read(self->object, 1, &last, err));
    const uint32_t footer_size = tarn__load32(tail);
    if (memcmp(tail + 4, "ARROW1", TARN__IPC_MAGIC) != 0 || footer_size > size - TARN__IPC_HEAD - sizeof(tail)) {
        return tarn__ipc_damaged(err, size - sizeof(tail), "an Arrow file does not end with its footer: it was not written whole");
    }
    if (footer_size > self->metadata_limit) {
        return tarn__error_set(err, TARN_LIMIT, "arrow_metadata", "an Arrow file has a footer of %u bytes; the limit is %llu", footer_size,
                               (unsigned long long)self->metadata_limit);
    }
    self->file = true;
    self->limit = size - sizeof(tail) - footer_size;
    struct tarn_buffer *footer = tarn__buffer_new(self->base.env, footer_size);
    if (footer == NULL) {
        return tarn__nomem(self->base.env, err, footer_size);
    }
    const struct tarn_read_range range = {self->limit, footer_size, footer->data};
    enum tarn_status status = footer_size != 0 ? tarn_object_read(self->object, 1, &range, err) : TARN_OK;
    status = status == TARN_OK ? read_footer(self, tarn__buffer_span(footer), err) : status;
    tarn__buffer_release(footer);
    return status;
}

/* ---- the stream format ---- */

/* The first message, which is the schema; `input` is behind it then. */
static enum tarn_status read_schema(struct tarn__ipc_source *self, struct tarn__ipc_input *input, struct tarn_error *err)
{
    bool found;
    TARN_RETURN_IF_ERROR(check_machine(err));
    TARN_RETURN_IF_ERROR(tarn__ipc_input_next(input, &found, err));
    if (!found || input->message.header_type != TARN__IPC_SCHEMA) {
        return tarn__ipc_damaged(err, 0, "Arrow data begins with %s and not with its schema", found ? "rows" : "its end");
    }
    const enum tarn_status status = tarn__ipc_schema_read(self->base.env, &input->message.header, &self->schema, err);
    if (status == TARN_CORRUPT) {
        tarn__error_at_offset(err, input->message.at);
    }
    self->begin = input->at;
    return status;
}

/* ---- both ---- */

static enum tarn_status open_object(struct tarn__ipc_source *self, struct tarn_error *err)
{
    uint8_t head[TARN__IPC_HEAD] = {0};
    struct tarn__ipc_input input;
    TARN_RETURN_IF_ERROR(tarn_object_open(self->store, tarn__text_of(self->key), &self->object, err));
    const uint64_t size = tarn_object_info(self->object).size;
    const struct tarn_read_range first = {0, size < sizeof(head) ? (size_t)size : sizeof(head), head};
    TARN_RETURN_IF_ERROR(tarn_object_read(self->object, 1, &first, err));
    if (memcmp(head, "ARROW1", TARN__IPC_MAGIC) == 0) {
        return open_file(self, size, err);
    }
    if (memcmp(head, "FEA1", 4) == 0) {
        return tarn__unsupported(err, "arrow.feather_v1", "a Feather file of version 1: write it again as version 2, or as Parquet");
    }
    self->limit = size;
    input = tarn__ipc_source_input(self, NULL);
    const enum tarn_status status = read_schema(self, &input, err);
    tarn__ipc_input_close(&input);
    return status;
}

static enum tarn_status new_source(struct tarn_env *env, const struct tarn_arrow_ipc_read_options *given, struct tarn__ipc_source **out,
                                   struct tarn_error *err)
{
    struct tarn_arrow_ipc_read_options options = TARN_ARROW_IPC_READ_OPTIONS_INIT;
    *out = NULL;
    if (given != NULL && (given->size < sizeof(uint32_t) || given->size > sizeof(options))) {
        return tarn__invalid(err, "options_size", "tarn_arrow_ipc_read_options.size is %u: set it with TARN_ARROW_IPC_READ_OPTIONS_INIT",
                             given->size);
    }
    if (given != NULL) {
        memcpy(&options, given, given->size);
    }
    struct tarn__ipc_source *self = tarn__calloc(env, 1, sizeof(*self));
    if (self == NULL) {
        return tarn__nomem(env, err, sizeof(*self));
    }
    self->base = (struct tarn_source){&ipc_ops, tarn__env_retain(env)};
    self->metadata_limit = options.metadata_limit != 0 ? options.metadata_limit : METADATA_LIMIT;
    self->limit = UINT64_MAX;
    *out = self;
    return TARN_OK;
}

static enum tarn_status opened(struct tarn__ipc_source *self, enum tarn_status status, struct tarn_source **out, struct tarn_error *err)
{
    if (status != TARN_OK) {
        tarn__ipc_source_failed(self, status, err);
        ipc_close(&self->base);
        return status;
    }
    *out = &self->base;
    return TARN_OK;
}

enum tarn_status tarn_arrow_ipc_open(struct tarn_store *store, struct tarn_text key, const struct tarn_arrow_ipc_read_options *options,
                                     struct tarn_source **out, struct tarn_error *err)
{
    struct tarn__ipc_source *self;
    *out = NULL;
    TARN_RETURN_IF_ERROR(new_source(store->env, options, &self, err));
    self->store = tarn_store_retain(store);
    self->key = tarn__text_dup(store->env, key);
    const enum tarn_status status = self->key != NULL ? open_object(self, err) : tarn__nomem(store->env, err, key.size);
    return opened(self, status, out, err);
}

enum tarn_status tarn_arrow_ipc_open_stream(struct tarn_env *env, struct tarn_byte_stream stream,
                                            const struct tarn_arrow_ipc_read_options *options, struct tarn_source **out,
                                            struct tarn_error *err)
{
    struct tarn__ipc_source *self;
    *out = NULL;
    TARN_RETURN_IF_ERROR(new_source(env, options, &self, err));
    self->stream = stream;
    struct tarn__ipc_input input = tarn__ipc_source_input(self, NULL);
    const enum tarn_status status = read_schema(self, &input, err);
    tarn__ipc_input_close(&input);
    return opened(self, status, out, err);
}
