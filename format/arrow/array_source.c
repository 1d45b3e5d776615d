/* SPDX-License-Identifier: Apache-2.0
 *
 * Arrays on their way in: the holder that keeps them, and the checks that all layouts have in common. SPEC: X-ARROW-6, X-ARROW-8.
 */
#include "format/arrow/array_source.h"

#include "format/base/checked.h"
#include "format/batch/bitmap.h"

/* ---- the holder ---- */

void tarn__arrow_holder_release(void *arg)
{
    struct tarn__arrow_holder *holder = arg;
    if (atomic_fetch_sub_explicit(&holder->references, 1, memory_order_acq_rel) == 1) {
        struct tarn_env *env = holder->env;
        if (holder->array.release != NULL) {
            holder->array.release(&holder->array);
        }
        tarn__free(env, holder);
        tarn_env_close(env);
    }
}

enum tarn_status tarn__arrow_nomem(const struct tarn__arrow_importer *importer)
{
    return tarn__nomem(importer->env, importer->err, 0);
}

enum tarn_status tarn__arrow_refuse(const struct tarn__arrow_importer *importer, const char *what)
{
    return tarn__invalid(importer->err, "arrow_array", "an ArrowArray is not as its layout demands: %s", what);
}

enum tarn_status tarn__arrow_refuse_row(const struct tarn__arrow_importer *importer, uint32_t row, const char *what)
{
    const enum tarn_status status = tarn__arrow_refuse(importer, what);
    tarn__error_at_row(importer->err, row);
    return status;
}

enum tarn_status tarn__arrow_made(const struct tarn__arrow_importer *importer, struct tarn_vector *vector, struct tarn_vector **out)
{
    *out = vector;
    return vector != NULL ? TARN_OK : tarn__arrow_nomem(importer);
}

/* Foreign memory as a buffer that keeps the array. NULL: no memory. */
struct tarn_buffer *tarn__arrow_show(const struct tarn__arrow_importer *importer, const void *data, size_t size)
{
    static const uint8_t nothing[8];
    atomic_fetch_add_explicit(&importer->holder->references, 1, memory_order_relaxed);
    struct tarn_buffer *buffer = tarn__buffer_wrap(importer->env, data != NULL ? data : nothing, data != NULL ? size : 0,
                                                   tarn__arrow_holder_release, importer->holder);
    if (buffer == NULL) {
        atomic_fetch_sub_explicit(&importer->holder->references, 1, memory_order_relaxed);
    }
    return buffer;
}

/* ---- what holds for every layout ---- */

uint32_t tarn__arrow_buffer_count(const struct ArrowSchema *schema, enum tarn__arrow_layout layout)
{
    if (schema->dictionary != NULL) {
        return 2;
    }
    switch (layout) {
    case TARN__ARROW_NULL:
    case TARN__ARROW_RUNS:
        return 0;
    case TARN__ARROW_STRUCT:
    case TARN__ARROW_FIXED_LIST:
        return 1;
    case TARN__ARROW_TEXT:
    case TARN__ARROW_LARGE_TEXT:
    case TARN__ARROW_LIST_VIEW:
    case TARN__ARROW_LARGE_LIST_VIEW:
    case TARN__ARROW_VIEWS: /* and more */
        return 3;
    default:
        return 2;
    }
}

static int64_t children_of(const struct tarn__arrow_source *source)
{
    if (source->schema->dictionary != NULL) {
        return 0;
    }
    switch (source->format.layout) {
    case TARN__ARROW_LIST:
    case TARN__ARROW_LARGE_LIST:
    case TARN__ARROW_FIXED_LIST:
    case TARN__ARROW_LIST_VIEW:
    case TARN__ARROW_LARGE_LIST_VIEW:
    case TARN__ARROW_MAP:
        return 1;
    case TARN__ARROW_RUNS:
        return 2;
    case TARN__ARROW_STRUCT:
        return source->schema->n_children;
    default:
        return 0;
    }
}

/* Opens rows `first`.. of `array`; everything that all layouts have in common is checked here. */
enum tarn_status tarn__arrow_source_open(const struct tarn__arrow_importer *importer, const struct ArrowSchema *schema,
                                         const struct ArrowArray *array, const struct tarn_type *type, uint64_t first, uint64_t length,
                                         struct tarn__arrow_source *out)
{
    uint64_t end;
    if (array == NULL || array->release == NULL) {
        return tarn__arrow_refuse(importer, "it is missing or released");
    }
    *out = (struct tarn__arrow_source){.schema = schema, .array = array, .type = type, .length = (uint32_t)length};
    TARN_RETURN_IF_ERROR(tarn__arrow_format_read(schema->format, &out->format, importer->err));
    if (array->length < 0 || array->length > TARN__ARROW_MOST_ROWS || array->offset < 0 || array->null_count < -1 ||
        array->null_count > array->length) {
        return tarn__arrow_refuse(importer, "its length, offset or null_count is out of range");
    }
    if (!tarn__add(first, length, &end) || end > (uint64_t)array->length) {
        return tarn__arrow_refuse(importer, "it is shorter than what refers to it");
    }
    if (!tarn__add((uint64_t)array->offset, first, &out->at) || out->at > INT64_MAX / 64) {
        return tarn__arrow_refuse(importer, "its offset is out of range");
    }
    const int64_t buffers = tarn__arrow_buffer_count(schema, out->format.layout);
    const bool views = schema->dictionary == NULL && out->format.layout == TARN__ARROW_VIEWS;
    const bool null_type = out->format.layout == TARN__ARROW_NULL;
    if (array->n_buffers < buffers || (array->n_buffers != buffers && !views && !null_type) || array->n_buffers > INT32_MAX ||
        (array->n_buffers != 0 && array->buffers == NULL)) {
        return tarn__arrow_refuse(importer, "it has another number of buffers");
    }
    const int64_t children = children_of(out);
    if (array->n_children != children || (children != 0 && array->children == NULL)) {
        return tarn__arrow_refuse(importer, "it has another number of children");
    }
    return (array->dictionary != NULL) == (schema->dictionary != NULL)
               ? TARN_OK
               : tarn__arrow_refuse(importer, "it has a dictionary, or none, against its schema");
}

/* The bitmap of the rows wanted; *out NULL when none is null. */
enum tarn_status tarn__arrow_validity(const struct tarn__arrow_importer *importer, const struct tarn__arrow_source *source,
                                      struct tarn_buffer **out)
{
    const uint8_t *bits = source->array->n_buffers != 0 ? source->array->buffers[0] : NULL;
    const int64_t told = source->array->null_count; /* -1: not counted */
    *out = NULL;
    if (bits == NULL) {
        return told <= 0 ? TARN_OK : tarn__arrow_refuse(importer, "it counts nulls and has no bitmap");
    }
    const uint64_t nulls = source->length - tarn__bitmap_count(bits, source->at, source->length);
    if (told >= 0 && (nulls > (uint64_t)told || (source->length == (uint64_t)source->array->length && nulls != (uint64_t)told))) {
        return tarn__arrow_refuse(importer, "it has another number of nulls than it counts");
    }
    if (nulls == 0) {
        return TARN_OK;
    }
    const size_t size = tarn__bits_bytes(source->length);
    if (source->at % 8 == 0) {
        *out = tarn__arrow_show(importer, bits + source->at / 8, size);
    } else {
        *out = tarn__buffer_new(importer->env, size);
        if (*out != NULL) {
            tarn__bitmap_copy((*out)->data, bits, source->at, source->length);
        }
    }
    return *out != NULL ? TARN_OK : tarn__arrow_nomem(importer);
}
