/* SPDX-License-Identifier: Apache-2.0
 *
 * Columns of record batches read. Specification: Arrow "Columnar format", "RecordBatch message". SPEC: X-IPC-5, X-IPC-7.
 *
 * Invariants
 *  1. A buffer is shown to the import only when it is as long as the node's length and its layout demand, so that the import, which
 * believes that buffers are long enough, may.
 *  2. The array that is imported keeps the buffers of its column alive, and no others.
 */
#include "format/arrow_ipc/ipc_array.h"

#include "format/base/bytes.h"
#include "format/base/checked.h"
#include "format/batch/bitmap.h"

/* ---- places ---- */

struct places {
    const struct tarn__ipc_records *records;
    struct tarn__ipc_place at; /* what is passed so far */
    struct tarn_error *err;
};

static enum tarn_status pass_field(struct places *places, const struct tarn__ipc_field *field)
{
    const bool views = field->schema.dictionary == NULL && field->format.layout == TARN__ARROW_VIEWS;
    uint64_t buffers = tarn__arrow_buffer_count(&field->schema, field->format.layout);
    if (views) { /* the sizes of the data buffers, one of the C data interface's, stand in the metadata here */
        if (places->at.variadic == places->records->variadic.count) {
            return tarn__ipc_damaged(places->err, places->records->message->at, "an Arrow record batch counts no buffers for its views");
        }
        const int64_t variadic = tarn__flat_int64(&places->records->variadic, sizeof(int64_t), places->at.variadic++, 0);
        if (variadic < 0 || variadic > places->records->buffers.count) {
            return tarn__ipc_damaged(places->err, places->records->message->at, "an Arrow record batch counts %lld buffers for its views",
                                     (long long)variadic);
        }
        buffers += (uint64_t)variadic - 1;
    }
    places->at.node++;
    if (places->at.node > places->records->nodes.count || buffers > places->records->buffers.count - places->at.buffer) {
        return tarn__ipc_damaged(places->err, places->records->message->at,
                                 "an Arrow record batch has fewer nodes or buffers than columns");
    }
    places->at.buffer += (uint32_t)buffers;
    for (int64_t i = 0; field->schema.dictionary == NULL && i < field->schema.n_children; i++) {
        TARN_RETURN_IF_ERROR(pass_field(places, tarn__ipc_field_of(field->schema.children[i])));
    }
    return TARN_OK;
}

enum tarn_status tarn__ipc_places(const struct tarn__ipc_records *records, uint32_t count, struct ArrowSchema *const *columns,
                                  struct tarn__ipc_place *out, struct tarn_error *err)
{
    struct places places = {records, {0, 0, 0, 0}, err};
    for (uint32_t i = 0; i < count; i++) {
        out[i] = places.at;
        TARN_RETURN_IF_ERROR(pass_field(&places, tarn__ipc_field_of(columns[i])));
        out[i].buffer_count = places.at.buffer - out[i].buffer;
    }
    if (places.at.node != records->nodes.count || places.at.buffer != records->buffers.count) {
        return tarn__ipc_damaged(err, records->message->at, "an Arrow record batch has more nodes or buffers than its columns");
    }
    return TARN_OK;
}

/* ---- an array ---- */

/* What the array at the top owns. */
struct owned {
    struct tarn_arena arena;
    uint32_t buffer_count;
    struct tarn_buffer **buffers;
};

struct build {
    const struct tarn__ipc_array_reader *reader;
    const struct tarn__ipc_records *records;
    struct owned *owned;
    uint32_t node;
    uint32_t buffer; /* of `owned` */
    uint32_t variadic;
    struct tarn_error *err;
};

static void release_child(struct ArrowArray *array)
{
    array->release = NULL; /* its memory is the top array's */
}

static void release_top(struct ArrowArray *array)
{
    struct owned *owned = array->private_data;
    struct tarn_env *env = owned->arena.env;
    for (uint32_t i = 0; i < owned->buffer_count; i++) {
        tarn__buffer_release(owned->buffers[i]);
    }
    tarn__free(env, owned->buffers);
    tarn__arena_free(&owned->arena);
    tarn__free(env, owned);
    array->release = NULL;
    tarn_env_close(env);
}

static enum tarn_status broken(const struct build *build, const char *what)
{
    return tarn__ipc_damaged(build->err, build->records->message->at, "an Arrow record batch is damaged: %s", what);
}

static enum tarn_status nomem(const struct build *build)
{
    return tarn__nomem(build->reader->env, build->err, 0);
}

static uint64_t buffer_size(const struct build *build, uint32_t i)
{
    const struct tarn_buffer *buffer = build->owned->buffers[i];
    return buffer != NULL ? buffer->size : 0;
}

/* The next buffer, which must have `needed` bytes; NULL when none are needed and it is empty. */
static enum tarn_status take(struct build *build, uint64_t needed, const char *what, const void **out)
{
    const struct tarn_buffer *buffer = build->owned->buffers[build->buffer];
    *out = buffer != NULL && buffer->size != 0 ? buffer->data : NULL;
    if (buffer_size(build, build->buffer++) < needed) {
        return broken(build, what);
    }
    return TARN_OK;
}

static enum tarn_status take_validity(struct build *build, struct ArrowArray *array)
{
    const uint32_t length = (uint32_t)array->length;
    const void *bits;
    TARN_RETURN_IF_ERROR(take(build, array->null_count != 0 ? tarn__bits_bytes(length) : 0, "a validity bitmap is too short", &bits));
    if (array->null_count == 0) { /* the bitmap may be anything, then */
        return TARN_OK;
    }
    if (tarn__bitmap_count(bits, 0, length) != length - (uint32_t)array->null_count) {
        return broken(build, "a validity bitmap has another number of nulls than its node says");
    }
    array->buffers[0] = bits;
    return TARN_OK;
}

/* Offsets, of which the last must lie in what they are offsets in; that they ascend is for the import to see. */
static enum tarn_status take_offsets(struct build *build, struct ArrowArray *array, size_t width, const uint8_t **last)
{
    const uint64_t needed = array->length != 0 || buffer_size(build, build->buffer) >= width ? ((uint64_t)array->length + 1) * width : 0;
    TARN_RETURN_IF_ERROR(take(build, needed, "offsets are too short", &array->buffers[1]));
    *last = needed != 0 ? (const uint8_t *)array->buffers[1] + (uint64_t)array->length * width : NULL;
    array->buffers[1] = needed != 0 ? array->buffers[1] : NULL;
    return TARN_OK;
}

static enum tarn_status take_text(struct build *build, struct ArrowArray *array, size_t width)
{
    const uint8_t *last;
    TARN_RETURN_IF_ERROR(take_offsets(build, array, width, &last));
    const uint64_t end = last == NULL ? 0 : width == 8 ? tarn__load64(last) : tarn__load32(last);
    return take(build, end, "offsets lead out of their bytes", &array->buffers[2]);
}

static enum tarn_status take_views(struct build *build, struct ArrowArray *array, uint32_t variadic)
{
    TARN_RETURN_IF_ERROR(take(build, (uint64_t)array->length * 16, "views are too short", &array->buffers[1]));
    int64_t *sizes = tarn__arena_calloc(&build->owned->arena, (size_t)variadic + 1, sizeof(*sizes));
    if (sizes == NULL) {
        return nomem(build);
    }
    for (uint32_t i = 0; i < variadic; i++) {
        sizes[i] = (int64_t)buffer_size(build, build->buffer);
        TARN_RETURN_IF_ERROR(take(build, 0, "", &array->buffers[2 + i]));
    }
    array->buffers[2 + variadic] = sizes;
    return TARN_OK;
}

static enum tarn_status take_values(struct build *build, struct ArrowArray *array, uint64_t width)
{
    uint64_t needed;
    if (!tarn__mul((uint64_t)array->length, width, &needed)) {
        return broken(build, "values are too many");
    }
    return take(build, needed, "values are too short", &array->buffers[1]);
}

static enum tarn_status take_layout(struct build *build, const struct tarn__ipc_field *field, struct ArrowArray *array, uint32_t variadic)
{
    const uint8_t *last;
    uint32_t width;
    bool is_signed;
    if (field->schema.dictionary != NULL) {
        return tarn__arrow_index_width(field->schema.format, &width, &is_signed)
                   ? take_values(build, array, width)
                   : broken(build, "the codes of a dictionary are no integers");
    }
    switch (field->format.layout) {
    case TARN__ARROW_BITS:
        return take(build, tarn__bits_bytes((uint64_t)array->length), "values are too short", &array->buffers[1]);
    case TARN__ARROW_FIXED:
    case TARN__ARROW_DECIMAL:
    case TARN__ARROW_DATE64:
    case TARN__ARROW_MONTHS:
    case TARN__ARROW_DAY_TIME:
        return take_values(build, array, field->format.width);
    case TARN__ARROW_TEXT:
        return take_text(build, array, 4);
    case TARN__ARROW_LARGE_TEXT:
        return take_text(build, array, 8);
    case TARN__ARROW_VIEWS:
        return take_views(build, array, variadic);
    case TARN__ARROW_LIST:
    case TARN__ARROW_MAP:
        return take_offsets(build, array, 4, &last);
    case TARN__ARROW_LARGE_LIST:
        return take_offsets(build, array, 8, &last);
    case TARN__ARROW_LIST_VIEW:
    case TARN__ARROW_LARGE_LIST_VIEW:
        width = field->format.layout == TARN__ARROW_LIST_VIEW ? 4 : 8;
        TARN_RETURN_IF_ERROR(take_values(build, array, width));
        return take(build, (uint64_t)array->length * width, "sizes are too short", &array->buffers[2]);
    default: /* validity at most */
        return TARN_OK;
    }
}

static enum tarn_status read_node(struct build *build, struct ArrowArray *array)
{
    array->length = tarn__flat_int64(&build->records->nodes, TARN__IPC_NODE, build->node, 0);
    array->null_count = tarn__flat_int64(&build->records->nodes, TARN__IPC_NODE, build->node, 8);
    build->node++;
    if (array->length < 0 || array->length > INT32_MAX || array->null_count < 0 || array->null_count > array->length) {
        return broken(build, "the length or the number of nulls of a node is out of range");
    }
    return TARN_OK;
}

static enum tarn_status build_array(struct build *build, const struct tarn__ipc_field *field, struct ArrowArray *array);

static enum tarn_status build_children(struct build *build, const struct tarn__ipc_field *field, struct ArrowArray *array)
{
    const size_t count = (size_t)field->schema.n_children;
    struct ArrowArray *children = tarn__arena_calloc(&build->owned->arena, count, sizeof(*children));
    struct ArrowArray **pointers = tarn__arena_calloc(&build->owned->arena, count, sizeof(struct ArrowArray *));
    if (children == NULL || pointers == NULL) {
        return nomem(build);
    }
    array->children = pointers;
    array->n_children = (int64_t)count;
    for (size_t i = 0; i < count; i++) {
        pointers[i] = &children[i];
        children[i].release = release_child;
        TARN_RETURN_IF_ERROR(build_array(build, tarn__ipc_field_of(field->schema.children[i]), &children[i]));
    }
    return TARN_OK;
}

static enum tarn_status set_dictionary(struct build *build, const struct tarn__ipc_field *field, struct ArrowArray *array)
{
    struct tarn__arrow_values *values = &build->reader->values[field->dictionary];
    if (values->vector == NULL) {
        return broken(build, "it has codes before the dictionary that they are of");
    }
    array->dictionary = tarn__arena_alloc(&build->owned->arena, sizeof(*array->dictionary));
    if (array->dictionary == NULL) {
        return nomem(build);
    }
    *array->dictionary = tarn__arrow_values_array(values);
    return TARN_OK;
}

static enum tarn_status build_array(struct build *build, const struct tarn__ipc_field *field, struct ArrowArray *array)
{
    const bool coded = field->schema.dictionary != NULL;
    const bool views = !coded && field->format.layout == TARN__ARROW_VIEWS;
    const uint32_t variadic = views ? (uint32_t)tarn__flat_int64(&build->records->variadic, sizeof(int64_t), build->variadic++, 0) : 0;
    const uint32_t buffers = tarn__arrow_buffer_count(&field->schema, field->format.layout) + variadic;
    TARN_RETURN_IF_ERROR(read_node(build, array));
    array->n_buffers = buffers;
    array->buffers = tarn__arena_calloc(&build->owned->arena, (size_t)buffers + 1, sizeof(const void *));
    if (array->buffers == NULL) {
        return nomem(build);
    }
    if (buffers == 0) { /* nulls and runs: their nodes count what no bitmap shows */
        array->null_count = 0;
    } else {
        TARN_RETURN_IF_ERROR(take_validity(build, array));
        TARN_RETURN_IF_ERROR(take_layout(build, field, array, variadic));
    }
    return coded ? set_dictionary(build, field, array) : build_children(build, field, array);
}

/* ---- a column ---- */

static enum tarn_status load(const struct tarn__ipc_array_reader *reader, const struct tarn__ipc_records *records,
                             const struct tarn__ipc_place *place, struct owned *owned, struct tarn_error *err)
{
    struct tarn__ipc_range *ranges = tarn__arena_calloc(&owned->arena, place->buffer_count, sizeof(*ranges));
    owned->buffers = tarn__calloc(reader->env, (size_t)place->buffer_count + 1, sizeof(struct tarn_buffer *));
    if (ranges == NULL || owned->buffers == NULL) {
        return tarn__nomem(reader->env, err, 0);
    }
    uint64_t left = records->message->body_size; /* buffers that overlap could ask for the body many times over */
    for (uint32_t i = 0; i < place->buffer_count; i++) {
        TARN_RETURN_IF_ERROR(tarn__ipc_records_range(records, place->buffer + i, &ranges[i], err));
        if (ranges[i].size > left) {
            return tarn__ipc_damaged(err, records->message->at, "the buffers of an Arrow record batch overlap");
        }
        left -= ranges[i].size;
    }
    TARN_RETURN_IF_ERROR(reader->body.read(reader->body.ctx, records->message, place->buffer_count, ranges, owned->buffers, err));
    owned->buffer_count = place->buffer_count;
    for (uint32_t i = 0; i < place->buffer_count && records->codec != TARN__IPC_PLAIN; i++) {
        struct tarn_buffer *packed = owned->buffers[i];
        if (packed != NULL) {
            const enum tarn_status status = tarn__ipc_unpack(reader->packer, records->codec, packed, &owned->buffers[i], err);
            tarn__buffer_release(packed);
            if (status != TARN_OK) {
                tarn__error_at_offset(err, records->message->body_at + ranges[i].offset);
                return status;
            }
        }
    }
    return TARN_OK;
}

static enum tarn_status open_array(const struct tarn__ipc_array_reader *reader, struct ArrowArray *array, struct tarn_error *err)
{
    struct owned *owned = tarn__calloc(reader->env, 1, sizeof(*owned));
    *array = (struct ArrowArray){.release = NULL};
    if (owned == NULL) {
        return tarn__nomem(reader->env, err, sizeof(*owned));
    }
    tarn__arena_init(&owned->arena, tarn__env_retain(reader->env));
    array->private_data = owned;
    array->release = release_top;
    return TARN_OK;
}

enum tarn_status tarn__ipc_column_read(const struct tarn__ipc_array_reader *reader, const struct tarn__ipc_records *records,
                                       const struct ArrowSchema *column, const struct tarn_field *field,
                                       const struct tarn__ipc_place *place, struct tarn_vector **out, struct tarn_error *err)
{
    struct ArrowArray array;
    *out = NULL;
    TARN_RETURN_IF_ERROR(open_array(reader, &array, err));
    struct owned *owned = array.private_data;
    struct build build = {reader, records, owned, place->node, 0, place->variadic, err};
    enum tarn_status status = load(reader, records, place, owned, err);
    status = status == TARN_OK ? build_array(&build, tarn__ipc_field_of(column), &array) : status;
    if (status == TARN_OK && array.length != records->length) {
        status = broken(&build, "a column has another length than the batch");
    }
    if (status != TARN_OK) {
        array.release(&array);
        tarn__error_at_column(err, field->name);
        return status;
    }
    status = tarn__ipc_blame_file(tarn__arrow_import_column(reader->env, field, column, &array, out, err), err);
    if (status != TARN_OK) {
        tarn__error_at_offset(err, records->message->at);
    }
    return status;
}
