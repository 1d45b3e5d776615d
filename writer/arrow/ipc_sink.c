/* SPDX-License-Identifier: Apache-2.0
 *
 * Batches as Arrow IPC, stream or file. Specification: Arrow "Columnar format", "IPC streaming format", "IPC file format".
 * SPEC: X-IPC-10 to X-IPC-12.
 *
 * Invariants
 *  1. What is pending refers to the sink's own schema: the batches' sources may be gone when it is written.
 *  2. `position` is the number of bytes put out so far, those that still wait in `output` counted.
 *  3. In a file a dictionary only grows: codes of a later one are moved behind the entries of those before it.
 */
#include "format/arrow/arrow_export.h"
#include "format/arrow_ipc/ipc_build.h"
#include "format/base/bytes.h"
#include "format/batch/flatten.h"
#include "format/batch/gather.h"
#include "writer/text/text_output.h"

enum { MANY_BATCHES = 8, PENDING_BYTES = 64 << 20, PIECE = 256 * 1024 };

/* What has been put out of the dictionary of a column. */
struct dictionary {
    bool known;
    uint64_t id;      /* of the vectors' dictionary */
    uint64_t base;    /* entries before its first one */
    uint64_t entries; /* in all */
};

struct ipc_sink {
    struct tarn_sink base;
    struct tarn__text_output output;
    uint64_t position;
    struct tarn_arrow_ipc_write_options options;
    struct tarn_arrow_options arrow_options;
    struct ArrowSchema arrow;
    struct tarn__ipc_packer *packer;
    struct tarn__ipc_body_builder body;
    struct dictionary *dictionaries;            /* of each column */
    struct tarn_text_builder dictionary_blocks; /* for the footer */
    struct tarn_text_builder record_blocks;
    struct tarn_vector **pending; /* column after column of each batch */
    size_t pending_room;
    uint32_t pending_batches;
    uint32_t pending_rows;
    uint64_t pending_bytes;
};

static struct ipc_sink *sink_of(struct tarn_sink *base)
{
    return (struct ipc_sink *)(void *)base;
}

static bool is_file(const struct ipc_sink *sink)
{
    return sink->options.format == TARN_ARROW_IPC_FILE;
}

/* ---- messages ---- */

/* What was added to the output since it had `before` bytes counts. */
static enum tarn_status sent(struct ipc_sink *sink, size_t before, struct tarn_error *err)
{
    sink->position += sink->output.text.size - before;
    return tarn__text_output_flush(&sink->output, false, err);
}

static enum tarn_status put_bytes(struct ipc_sink *sink, const uint8_t *data, uint64_t size, struct tarn_error *err)
{
    for (uint64_t at = 0; at < size;) {
        const size_t before = sink->output.text.size;
        const size_t part = size - at < PIECE ? (size_t)(size - at) : PIECE;
        tarn__builder_add_bytes(&sink->output.text, data + at, part);
        TARN_RETURN_IF_ERROR(sent(sink, before, err));
        at += part;
    }
    return TARN_OK;
}

static enum tarn_status put_body(struct ipc_sink *sink, struct tarn_error *err)
{
    const struct tarn__ipc_body_builder *body = &sink->body;
    for (size_t i = 0; i < body->segment_count; i++) {
        const struct tarn__ipc_segment *segment = &body->segments[i];
        TARN_RETURN_IF_ERROR(
            put_bytes(sink, segment->data != NULL ? segment->data : (const uint8_t *)body->made.data + segment->made, segment->size, err));
        const size_t before = sink->output.text.size;
        const uint64_t over = segment->size % TARN__IPC_ALIGNMENT;
        tarn__builder_add_repeat(&sink->output.text, '\0', over != 0 ? (size_t)(TARN__IPC_ALIGNMENT - over) : 0);
        TARN_RETURN_IF_ERROR(sent(sink, before, err));
    }
    return TARN_OK;
}

/* The message that was added behind `before`, and the body. */
static enum tarn_status put_message(struct ipc_sink *sink, size_t before, struct tarn_text_builder *blocks, struct tarn_error *err)
{
    const uint64_t at = sink->position;
    TARN_RETURN_IF_ERROR(sent(sink, before, err));
    if (is_file(sink)) {
        tarn__ipc_put_block(blocks, at, (uint32_t)(sink->position - at), sink->body.size);
        TARN_RETURN_IF_ERROR(tarn__builder_status(blocks, err));
    }
    return put_body(sink, err);
}

/* ---- dictionaries ---- */

/* Codes that count from the file's first entry. Of what is null it does not matter. */
static enum tarn_status move_codes(struct ipc_sink *sink, const struct dictionary *dictionary, struct ArrowArray *codes, uint32_t **out,
                                   struct tarn_error *err)
{
    *out = NULL;
    if (dictionary->base == 0 || codes->length == 0) {
        return TARN_OK;
    }
    if (dictionary->entries > INT32_MAX) {
        return tarn__error_set(err, TARN_LIMIT, "arrow_dictionary",
                               "a dictionary of an Arrow file has over %d entries: write without dictionaries, or a stream", INT32_MAX);
    }
    uint32_t *moved = tarn__calloc(sink->base.env, (size_t)codes->length, sizeof(*moved));
    if (moved == NULL) {
        return tarn__nomem(sink->base.env, err, (uint64_t)codes->length * sizeof(*moved));
    }
    const uint32_t *from = codes->buffers[1];
    for (int64_t i = 0; i < codes->length; i++) {
        moved[i] = from[i] + (uint32_t)dictionary->base;
    }
    codes->buffers[1] = moved;
    *out = moved;
    return TARN_OK;
}

static enum tarn_status put_dictionary(struct ipc_sink *sink, uint32_t column, const struct ArrowArray *values, bool delta,
                                       struct tarn_error *err)
{
    const struct ArrowSchema *schema = sink->arrow.children[column]->dictionary;
    tarn__ipc_body_clear(&sink->body);
    TARN_RETURN_IF_ERROR(tarn__ipc_body_add(&sink->body, schema, values, 0, (uint64_t)values->length, err));
    TARN_RETURN_IF_ERROR(tarn__ipc_body_end(&sink->body, err));
    const size_t before = sink->output.text.size;
    tarn__ipc_put_dictionary(&sink->output.text, sink->position, column, delta, (uint64_t)values->length, &sink->body);
    return put_message(sink, before, &sink->dictionary_blocks, err);
}

/* Puts out the dictionary of a column unless it is the one put out last: more of it in a file, another one in a stream. */
static enum tarn_status bring_dictionary(struct ipc_sink *sink, uint32_t column, const struct tarn_vector *vector,
                                         const struct ArrowArray *array, struct tarn_error *err)
{
    struct dictionary *dictionary = &sink->dictionaries[column];
    const bool coded = vector->shape == TARN_SHAPE_DICTIONARY;
    if (array->dictionary == NULL || (coded && dictionary->known && dictionary->id == vector->dictionary->id)) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(put_dictionary(sink, column, array->dictionary, is_file(sink) && dictionary->known, err));
    dictionary->base = is_file(sink) ? dictionary->entries : 0;
    dictionary->entries = dictionary->base + (uint64_t)array->dictionary->length;
    dictionary->known = true;
    dictionary->id = coded ? vector->dictionary->id : tarn__next_id(sink->base.env);
    return TARN_OK;
}

/* ---- record batches ---- */

static enum tarn_status fill_body(struct ipc_sink *sink, struct ArrowArray *rows, uint32_t **moved, struct tarn_error *err)
{
    tarn__ipc_body_clear(&sink->body);
    for (int64_t i = 0; i < rows->n_children; i++) {
        TARN_RETURN_IF_ERROR(move_codes(sink, &sink->dictionaries[i], rows->children[i], &moved[i], err));
        TARN_RETURN_IF_ERROR(
            tarn__ipc_body_add(&sink->body, sink->arrow.children[i], rows->children[i], 0, (uint64_t)rows->children[i]->length, err));
    }
    return tarn__ipc_body_end(&sink->body, err);
}

static enum tarn_status put_rows(struct ipc_sink *sink, const struct tarn_batch *batch, struct ArrowArray *rows, struct tarn_error *err)
{
    for (uint32_t i = 0; i < batch->column_count; i++) {
        TARN_RETURN_IF_ERROR(bring_dictionary(sink, i, batch->columns[i], rows->children[i], err));
    }
    uint32_t **moved = tarn__calloc(sink->base.env, (size_t)batch->column_count + 1, sizeof(uint32_t *));
    enum tarn_status status = moved != NULL ? fill_body(sink, rows, moved, err) : tarn__nomem(sink->base.env, err, 0);
    if (status == TARN_OK) {
        const size_t before = sink->output.text.size;
        tarn__ipc_put_records(&sink->output.text, sink->position, (uint64_t)rows->length, &sink->body);
        status = put_message(sink, before, &sink->record_blocks, err);
    }
    for (uint32_t i = 0; moved != NULL && i < batch->column_count; i++) {
        tarn__free(sink->base.env, moved[i]);
    }
    tarn__free(sink->base.env, moved);
    return status;
}

/* All rows of a batch, cut so that there are not too many and 32-bit offsets suffice. */
static enum tarn_status put_batch(struct ipc_sink *sink, const struct tarn_batch *batch, struct tarn_error *err)
{
    uint32_t most = sink->options.batch_rows;
    for (uint32_t at = 0; at < batch->length;) {
        struct tarn_error own = TARN_ERROR_INIT;
        struct ArrowArray rows;
        const uint32_t count = batch->length - at < most ? batch->length - at : most;
        enum tarn_status status = tarn__arrow_export_rows(sink->base.env, batch, at, count, &sink->arrow_options, &rows, &own);
        if (status == TARN_LIMIT && count > 1 && strcmp(own.detail, "arrow_offsets") == 0) {
            most = count - count / 2;
            continue;
        }
        if (status != TARN_OK) {
            if (err != NULL) {
                *err = own;
            }
            return status;
        }
        status = put_rows(sink, batch, &rows, err);
        rows.release(&rows);
        TARN_RETURN_IF_ERROR(status);
        at += count;
    }
    return TARN_OK;
}

/* ---- what is pending ---- */

static void forget_pending(struct ipc_sink *sink)
{
    const size_t count = (size_t)sink->pending_batches * sink->base.schema->field_count;
    for (size_t i = 0; i < count; i++) {
        tarn_vector_release(sink->pending[i]);
    }
    sink->pending_batches = 0;
    sink->pending_rows = 0;
    sink->pending_bytes = 0;
}

/* Column `column` of all pending batches as one vector, spread out unless it leaves as a dictionary. */
static enum tarn_status join_column(struct ipc_sink *sink, uint32_t column, struct tarn_vector **scratch, struct tarn_vector **out,
                                    struct tarn_error *err)
{
    const struct tarn_type *type = sink->base.schema->fields[column].type;
    const uint32_t stride = sink->base.schema->field_count;
    struct tarn_vector *joined = NULL;
    *out = NULL;
    for (uint32_t i = 0; i < sink->pending_batches; i++) {
        scratch[i] = sink->pending[(size_t)i * stride + column];
    }
    if (sink->pending_batches == 1) {
        joined = tarn_vector_retain(scratch[0]);
    } else {
        TARN_RETURN_IF_ERROR(tarn__vector_concat(sink->base.env, type, sink->pending_batches, scratch, NULL, &joined, err));
    }
    if (joined->shape == TARN_SHAPE_DICTIONARY && tarn__arrow_keeps_dictionary(&sink->arrow_options, type)) {
        *out = joined;
        return TARN_OK;
    }
    const enum tarn_status status = tarn__vector_flatten(joined, NULL, out, err);
    tarn_vector_release(joined);
    return status;
}

static enum tarn_status join_columns(struct ipc_sink *sink, struct tarn_vector **columns, struct tarn_vector **scratch,
                                     struct tarn_batch **out, struct tarn_error *err)
{
    for (uint32_t i = 0; i < sink->base.schema->field_count; i++) {
        TARN_RETURN_IF_ERROR(join_column(sink, i, scratch, &columns[i], err));
    }
    return tarn_batch_make(sink->base.env, sink->base.schema, sink->pending_rows, columns, out, err);
}

static enum tarn_status flush(struct ipc_sink *sink, struct tarn_error *err)
{
    struct tarn_env *env = sink->base.env;
    const uint32_t count = sink->base.schema->field_count;
    struct tarn_batch *batch = NULL;
    if (sink->pending_rows == 0) {
        return TARN_OK;
    }
    struct tarn_vector **columns = tarn__calloc(env, (size_t)count + 1, sizeof(struct tarn_vector *));
    struct tarn_vector **scratch = tarn__calloc(env, (size_t)sink->pending_batches + 1, sizeof(struct tarn_vector *));
    enum tarn_status status = columns != NULL && scratch != NULL ? TARN_OK : tarn__nomem(env, err, 0);
    status = status == TARN_OK ? join_columns(sink, columns, scratch, &batch, err) : status;
    for (uint32_t i = 0; columns != NULL && i < count; i++) {
        tarn_vector_release(columns[i]);
    }
    tarn__free(env, columns);
    tarn__free(env, scratch);
    TARN_RETURN_IF_ERROR(status);
    forget_pending(sink);
    status = put_batch(sink, batch, err);
    tarn_batch_release(batch);
    return status;
}

static enum tarn_status keep_column(struct ipc_sink *sink, const struct tarn_batch *batch, uint32_t column, struct tarn_vector **out,
                                    struct tarn_error *err)
{
    const struct tarn_field *field = &sink->base.schema->fields[column];
    struct tarn_vector *selected;
    *out = NULL;
    TARN_RETURN_IF_ERROR(tarn__vector_select(batch->columns[column], &batch->selection, &selected, err));
    if (!field->nullable && tarn_vector_null_count(selected) != 0) {
        tarn_vector_release(selected);
        tarn__invalid(err, "null", "a column that may not have nulls has some");
        tarn__error_at_column(err, field->name);
        return TARN_INVALID;
    }
    *out = tarn__vector_retype(selected, field->type);
    tarn_vector_release(selected);
    return *out != NULL ? TARN_OK : tarn__nomem(sink->base.env, err, 0);
}

static enum tarn_status keep_batch(struct ipc_sink *sink, const struct tarn_batch *batch, struct tarn_error *err)
{
    const size_t first = (size_t)sink->pending_batches * batch->column_count;
    if (!tarn__grow(sink->base.env, &sink->pending, &sink->pending_room, first + batch->column_count, sizeof(struct tarn_vector *))) {
        return tarn__nomem(sink->base.env, err, 0);
    }
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < batch->column_count; i++) {
        const enum tarn_status status = keep_column(sink, batch, i, &sink->pending[first + i], err);
        if (status != TARN_OK) {
            for (uint32_t k = 0; k < i; k++) {
                tarn_vector_release(sink->pending[first + k]);
            }
            return status;
        }
        bytes += tarn__vector_memory(sink->pending[first + i]);
    }
    sink->pending_batches++;
    sink->pending_rows += batch->selection.count;
    sink->pending_bytes += bytes;
    return TARN_OK;
}

static enum tarn_status ipc_write(struct tarn_sink *base, const struct tarn_batch *batch, struct tarn_error *err)
{
    struct ipc_sink *sink = sink_of(base);
    if (sink->pending_rows > UINT32_MAX - batch->selection.count) {
        TARN_RETURN_IF_ERROR(flush(sink, err));
    }
    TARN_RETURN_IF_ERROR(keep_batch(sink, batch, err));
    return sink->pending_rows >= sink->options.batch_rows || sink->pending_bytes >= PENDING_BYTES ? flush(sink, err) : TARN_OK;
}

/* ---- begin and end ---- */

static void ipc_free(struct ipc_sink *sink)
{
    struct tarn_env *env = sink->base.env;
    forget_pending(sink);
    if (sink->arrow.release != NULL) {
        sink->arrow.release(&sink->arrow);
    }
    tarn__ipc_body_close(&sink->body);
    tarn__ipc_packer_close(sink->packer);
    tarn__builder_free(&sink->dictionary_blocks);
    tarn__builder_free(&sink->record_blocks);
    tarn__free(env, sink->dictionaries);
    tarn__free(env, sink->pending);
    tarn_schema_release(sink->base.schema);
    tarn__free(env, sink);
    tarn_env_close(env);
}

static enum tarn_status ipc_finish(struct tarn_sink *base, struct tarn_error *err)
{
    struct ipc_sink *sink = sink_of(base);
    enum tarn_status status = flush(sink, err);
    if (status == TARN_OK) {
        tarn__ipc_put_end(&sink->output.text);
        if (is_file(sink)) {
            tarn__ipc_put_footer(&sink->output.text, &sink->arrow, &sink->dictionary_blocks, &sink->record_blocks);
        }
        status = tarn__text_output_finish(&sink->output, err);
    } else {
        tarn__text_output_abort(&sink->output);
    }
    ipc_free(sink);
    return status;
}

static void ipc_abort(struct tarn_sink *base)
{
    struct ipc_sink *sink = sink_of(base);
    tarn__text_output_abort(&sink->output);
    ipc_free(sink);
}

static const struct tarn_sink_ops ipc_ops = {sizeof(ipc_ops), "arrow", ipc_write, ipc_finish, ipc_abort};

static enum tarn_status take_options(const struct tarn_arrow_ipc_write_options *given, struct tarn_arrow_ipc_write_options *out,
                                     enum tarn__ipc_codec *codec, struct tarn_error *err)
{
    *out = (struct tarn_arrow_ipc_write_options)TARN_ARROW_IPC_WRITE_OPTIONS_INIT;
    if (given != NULL && (given->size < sizeof(uint32_t) || given->size > sizeof(*out))) {
        return tarn__invalid(err, "options_size", "tarn_arrow_ipc_write_options.size is %u: set it with TARN_ARROW_IPC_WRITE_OPTIONS_INIT",
                             given->size);
    }
    if (given != NULL) {
        memcpy(out, given, given->size);
    }
    out->batch_rows = out->batch_rows != 0 ? out->batch_rows : TARN_BATCH_ROWS * MANY_BATCHES;
    if ((unsigned)out->format > TARN_ARROW_IPC_FILE) {
        return tarn__invalid(err, "format", "%d is no format of Arrow IPC", (int)out->format);
    }
    switch (out->codec) {
    case TARN_CODEC_DEFAULT:
    case TARN_CODEC_UNCOMPRESSED:
        *codec = TARN__IPC_PLAIN;
        return TARN_OK;
    case TARN_CODEC_ZSTD:
        *codec = TARN__IPC_ZSTD;
        return TARN_OK;
    case TARN_CODEC_LZ4_RAW:
        *codec = TARN__IPC_LZ4_FRAME;
        return TARN_OK;
    default:
        return tarn__invalid(err, "codec", "Arrow IPC is compressed by zstd or lz4, or not at all");
    }
}

/* All but the output. */
static enum tarn_status prepare(struct ipc_sink *sink, const struct tarn_schema *schema, const struct tarn_arrow_ipc_write_options *given,
                                struct tarn_error *err)
{
    struct tarn_env *env = sink->base.env;
    enum tarn__ipc_codec codec;
    TARN_RETURN_IF_ERROR(take_options(given, &sink->options, &codec, err));
    sink->arrow_options = (struct tarn_arrow_options)TARN_ARROW_OPTIONS_INIT;
    sink->arrow_options.strings = sink->options.strings;
    sink->arrow_options.keep_dictionaries = sink->options.keep_dictionaries;
    TARN_RETURN_IF_ERROR(tarn_arrow_export_schema(env, schema, &sink->arrow_options, &sink->arrow, err));
    TARN_RETURN_IF_ERROR(tarn__ipc_packer_open(env, &sink->packer, err));
    tarn__ipc_body_open(&sink->body, env, sink->packer, codec, sink->options.codec_level);
    sink->dictionaries = tarn__calloc(env, (size_t)schema->field_count + 1, sizeof(*sink->dictionaries));
    return sink->dictionaries != NULL ? TARN_OK : tarn__nomem(env, err, 0);
}

static enum tarn_status ipc_new(struct tarn_env *env, const struct tarn_schema *schema, const struct tarn_arrow_ipc_write_options *options,
                                struct ipc_sink **out, struct tarn_error *err)
{
    struct ipc_sink *sink = tarn__calloc(env, 1, sizeof(*sink));
    *out = NULL;
    if (sink == NULL) {
        return tarn__nomem(env, err, sizeof(*sink));
    }
    sink->base = (struct tarn_sink){&ipc_ops, tarn__env_retain(env), tarn_schema_retain(schema)};
    tarn__ipc_body_open(&sink->body, env, NULL, TARN__IPC_PLAIN, 0);
    tarn__builder_init(&sink->dictionary_blocks, env);
    tarn__builder_init(&sink->record_blocks, env);
    const enum tarn_status status = prepare(sink, schema, options, err);
    if (status != TARN_OK) {
        ipc_free(sink);
        return status;
    }
    *out = sink;
    return TARN_OK;
}

/* The magic of a file, and the schema. */
static enum tarn_status begin(struct ipc_sink *sink, struct tarn_sink **out, struct tarn_error *err)
{
    if (is_file(sink)) {
        tarn__builder_add_bytes(&sink->output.text, "ARROW1\0\0", TARN__IPC_HEAD);
    }
    tarn__ipc_put_schema(&sink->output.text, sink->output.text.size, &sink->arrow);
    const enum tarn_status status = sent(sink, 0, err);
    if (status != TARN_OK) {
        ipc_abort(&sink->base);
        return status;
    }
    *out = &sink->base;
    return TARN_OK;
}

enum tarn_status tarn_arrow_ipc_create(struct tarn_store *store, struct tarn_text key, const struct tarn_schema *schema,
                                       const struct tarn_arrow_ipc_write_options *options, struct tarn_sink **out, struct tarn_error *err)
{
    struct ipc_sink *sink;
    *out = NULL;
    TARN_RETURN_IF_ERROR(ipc_new(store->env, schema, options, &sink, err));
    const enum tarn_status status = tarn__text_output_open(&sink->output, store, key, err);
    if (status != TARN_OK) {
        ipc_abort(&sink->base);
        return status;
    }
    sink->output.mode = sink->options.mode;
    return begin(sink, out, err);
}

enum tarn_status tarn_arrow_ipc_create_stream(struct tarn_env *env, struct tarn_byte_sink to, const struct tarn_schema *schema,
                                              const struct tarn_arrow_ipc_write_options *options, struct tarn_sink **out,
                                              struct tarn_error *err)
{
    struct ipc_sink *sink;
    *out = NULL;
    TARN_RETURN_IF_ERROR(ipc_new(env, schema, options, &sink, err));
    tarn__text_output_open_stream(&sink->output, env, to);
    return begin(sink, out, err);
}
