/* SPDX-License-Identifier: Apache-2.0
 *
 * ArrowArray as a batch. Specification: "The Arrow C data interface", "Arrow columnar format". SPEC: X-ARROW-6 to X-ARROW-8.
 *
 * Invariants
 *  1. Nothing is used before it is checked: counts of buffers and children, lengths and offsets, ends of texts and lists, codes, views,
 *     runs, UTF-8. How long a buffer is an ArrowArray does not say: that the last offset lies within is believed.
 *  2. The array lives in a holder that every buffer shown refers to; it is released when the last of them goes, on whatever thread.
 *  3. What tarn promises of its vectors holds: slots of nulls are zero, values are aligned, dictionaries hold no nulls. Where a foreign
 * array breaks that, its buffer is copied and mended.
 */
#include <stdatomic.h>

#include "format/arrow/arrow_import.h"
#include "format/base/bytes.h"
#include "format/base/checked.h"
#include "format/base/utf8.h"
#include "format/batch/bitmap.h"
#include "format/batch/gather.h"
#include "format/batch/vector.h"

enum { MOST_ROWS = INT32_MAX };

/* ---- the holder ---- */

struct holder {
    struct tarn_env *env;
    struct ArrowArray array;
    atomic_uint_fast32_t references;
};

static void release_holder(void *arg)
{
    struct holder *holder = arg;
    if (atomic_fetch_sub_explicit(&holder->references, 1, memory_order_acq_rel) == 1) {
        struct tarn_env *env = holder->env;
        if (holder->array.release != NULL) {
            holder->array.release(&holder->array);
        }
        tarn__free(env, holder);
        tarn_env_close(env);
    }
}

struct importer {
    struct tarn_env *env;
    struct holder *holder;
    struct tarn_error *err;
};

/* Rows first .. first+length-1 of an array, its own offset not counted yet. */
struct source {
    const struct ArrowSchema *schema;
    const struct ArrowArray *array;
    const struct tarn_type *type;
    struct tarn__arrow_format format;
    uint64_t at; /* first row wanted, in the buffers */
    uint32_t length;
};

static enum tarn_status nomem(const struct importer *importer)
{
    return tarn__nomem(importer->env, importer->err, 0);
}

static enum tarn_status refuse(const struct importer *importer, const char *what)
{
    return tarn__invalid(importer->err, "arrow_array", "an ArrowArray is not as its layout demands: %s", what);
}

static enum tarn_status refuse_row(const struct importer *importer, uint32_t row, const char *what)
{
    refuse(importer, what);
    tarn__error_at_row(importer->err, row);
    return TARN_INVALID;
}

static enum tarn_status made(const struct importer *importer, struct tarn_vector *vector, struct tarn_vector **out)
{
    *out = vector;
    return vector != NULL ? TARN_OK : nomem(importer);
}

/* Foreign memory as a buffer that keeps the array. NULL: no memory. */
static struct tarn_buffer *show(const struct importer *importer, const void *data, size_t size)
{
    static const uint8_t nothing[8];
    atomic_fetch_add_explicit(&importer->holder->references, 1, memory_order_relaxed);
    struct tarn_buffer *buffer =
        tarn__buffer_wrap(importer->env, data != NULL ? data : nothing, data != NULL ? size : 0, release_holder, importer->holder);
    if (buffer == NULL) {
        atomic_fetch_sub_explicit(&importer->holder->references, 1, memory_order_relaxed);
    }
    return buffer;
}

static struct tarn_buffer *copy(const struct importer *importer, const void *data, size_t size)
{
    struct tarn_buffer *buffer = tarn__buffer_new(importer->env, size);
    if (buffer != NULL && size != 0) {
        memcpy(buffer->data, data, size);
    }
    return buffer;
}

/* ---- what holds for every layout ---- */

static int64_t buffers_of(const struct source *source)
{
    if (source->schema->dictionary != NULL) {
        return 2;
    }
    switch (source->format.layout) {
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

static int64_t children_of(const struct source *source)
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
static enum tarn_status open_source(const struct importer *importer, const struct ArrowSchema *schema, const struct ArrowArray *array,
                                    const struct tarn_type *type, uint64_t first, uint64_t length, struct source *out)
{
    uint64_t end;
    if (array == NULL || array->release == NULL) {
        return refuse(importer, "it is missing or released");
    }
    *out = (struct source){.schema = schema, .array = array, .type = type, .length = (uint32_t)length};
    TARN_RETURN_IF_ERROR(tarn__arrow_format_read(schema->format, &out->format, importer->err));
    if (array->length < 0 || array->length > MOST_ROWS || array->offset < 0 || array->null_count < -1 ||
        array->null_count > array->length) {
        return refuse(importer, "its length, offset or null_count is out of range");
    }
    if (!tarn__add(first, length, &end) || end > (uint64_t)array->length) {
        return refuse(importer, "it is shorter than what refers to it");
    }
    if (!tarn__add((uint64_t)array->offset, first, &out->at) || out->at > INT64_MAX / 64) {
        return refuse(importer, "its offset is out of range");
    }
    const int64_t buffers = buffers_of(out);
    const bool views = schema->dictionary == NULL && out->format.layout == TARN__ARROW_VIEWS;
    const bool null_type = out->format.layout == TARN__ARROW_NULL;
    if (array->n_buffers < buffers || (array->n_buffers != buffers && !views && !null_type) || array->n_buffers > INT32_MAX ||
        (array->n_buffers != 0 && array->buffers == NULL)) {
        return refuse(importer, "it has another number of buffers");
    }
    const int64_t children = children_of(out);
    if (array->n_children != children || (children != 0 && array->children == NULL)) {
        return refuse(importer, "it has another number of children");
    }
    return (array->dictionary != NULL) == (schema->dictionary != NULL)
               ? TARN_OK
               : refuse(importer, "it has a dictionary, or none, against its schema");
}

/* The bitmap of the rows wanted; *out NULL when none is null. */
static enum tarn_status import_validity(const struct importer *importer, const struct source *source, struct tarn_buffer **out)
{
    const uint8_t *bits = source->array->n_buffers != 0 ? source->array->buffers[0] : NULL;
    *out = NULL;
    if (bits == NULL || source->array->null_count == 0) {
        return bits != NULL || source->array->null_count <= 0 ? TARN_OK : refuse(importer, "it counts nulls and has no bitmap");
    }
    if (tarn__bitmap_count(bits, source->at, source->length) == source->length) {
        return TARN_OK;
    }
    const size_t size = tarn__bits_bytes(source->length);
    if (source->at % 8 == 0) {
        *out = show(importer, bits + source->at / 8, size);
    } else {
        *out = tarn__buffer_new(importer->env, size);
        if (*out != NULL) {
            tarn__bitmap_copy((*out)->data, bits, source->at, source->length);
        }
    }
    return *out != NULL ? TARN_OK : nomem(importer);
}

static bool is_null(const struct tarn_buffer *validity, uint32_t row)
{
    return validity != NULL && !tarn__bit_get(validity->data, row);
}

/* ---- fixed width ---- */

static bool has_dirt(const uint8_t *values, size_t width, const struct tarn_buffer *validity, uint32_t length)
{
    for (uint32_t i = 0; i < length && validity != NULL; i++) {
        for (size_t k = 0; k < width && !tarn__bit_get(validity->data, i); k++) {
            if (values[i * width + k] != 0) {
                return true;
            }
        }
    }
    return false;
}

/* `length` values of `width` bytes as a buffer: shown when they are aligned and zero where null, else copied. NULL: no memory. */
static struct tarn_buffer *import_values(const struct importer *importer, const uint8_t *values, size_t width, uint32_t length,
                                         const struct tarn_buffer *validity)
{
    const size_t align = width == 2 || width == 4 || width == 8 ? width : 1;
    if ((uintptr_t)values % align == 0 && !has_dirt(values, width, validity, length)) {
        return show(importer, values, length * width);
    }
    struct tarn_buffer *clean = copy(importer, values, length * width);
    for (uint32_t i = 0; i < length && clean != NULL; i++) {
        if (is_null(validity, i)) {
            memset(clean->data + i * width, 0, width);
        }
    }
    return clean;
}

static enum tarn_status import_bits(const struct importer *importer, const struct source *source, struct tarn_buffer *validity,
                                    struct tarn_vector **out)
{
    struct tarn_buffer *bits = tarn__buffer_new(importer->env, tarn__bits_bytes(source->length));
    if (bits != NULL) {
        tarn__bitmap_copy(bits->data, source->array->buffers[1], source->at, source->length);
        for (size_t i = 0; i < bits->size && validity != NULL; i++) {
            bits->data[i] &= validity->data[i];
        }
    }
    return made(importer, tarn__vector_flat(importer->env, source->type, source->length, bits, validity), out);
}

static enum tarn_status import_fixed(const struct importer *importer, const struct source *source, struct tarn_buffer *validity,
                                     struct tarn_vector **out)
{
    const uint8_t *values = (const uint8_t *)source->array->buffers[1] + source->at * source->format.width;
    struct tarn_buffer *buffer = import_values(importer, values, source->format.width, source->length, validity);
    return made(importer, tarn__vector_flat(importer->env, source->type, source->length, buffer, validity), out);
}

/* One value of a layout that is converted; NULL, or what is wrong with it. */
static const char *convert(const struct source *source, const uint8_t *from, uint8_t *to)
{
    static const int64_t day = 86400000;
    int64_t number = 0;
    int32_t parts[2] = {0, 0};
    switch (source->format.layout) {
    case TARN__ARROW_DATE64: {
        memcpy(&number, from, sizeof(number));
        const int32_t days = (int32_t)(number / day);
        memcpy(to, &days, sizeof(days));
        return number % day != 0 || number / day != days ? "a date in milliseconds is not a whole day, or too far away" : NULL;
    }
    case TARN__ARROW_MONTHS:
        memcpy(to, from, sizeof(parts[0]));
        return NULL;
    case TARN__ARROW_DAY_TIME:
        memcpy(parts, from, sizeof(parts));
        number = (int64_t)parts[1] * 1000000;
        memcpy(to + 4, &parts[0], sizeof(parts[0]));
        memcpy(to + 8, &number, sizeof(number));
        return NULL;
    default: { /* a decimal of another width */
        const uint32_t width = tarn_type_width(source->type);
        const uint32_t least = width < source->format.width ? width : source->format.width;
        const uint8_t sign = from[source->format.width - 1] >> 7 != 0 ? 0xff : 0;
        memcpy(to, from, least);
        memset(to + least, sign, width - least);
        for (uint32_t i = least; i < source->format.width; i++) {
            if (from[i] != sign) {
                return "a decimal has more digits than its precision";
            }
        }
        return (to[least - 1] ^ sign) >> 7 != 0 ? "a decimal has more digits than its precision" : NULL;
    }
    }
}

static enum tarn_status import_converted(const struct importer *importer, const struct source *source, struct tarn_buffer *validity,
                                         struct tarn_vector **out)
{
    const uint32_t width = tarn_type_width(source->type);
    const uint8_t *from = (const uint8_t *)source->array->buffers[1] + source->at * source->format.width;
    struct tarn_buffer *values = tarn__buffer_new_zeroed(importer->env, (size_t)source->length * width);
    for (uint32_t i = 0; i < source->length && values != NULL; i++) {
        const char *wrong =
            is_null(validity, i) ? NULL : convert(source, from + (size_t)i * source->format.width, values->data + (size_t)i * width);
        if (wrong != NULL) {
            tarn__buffer_release(values);
            tarn__buffer_release(validity);
            return refuse_row(importer, i, wrong);
        }
    }
    return made(importer, tarn__vector_flat(importer->env, source->type, source->length, values, validity), out);
}

/* ---- texts ---- */

static bool is_text(const struct tarn_type *type)
{
    return type->id == TARN_TYPE_STRING || type->id == TARN_TYPE_JSON || type->id == TARN_TYPE_ENUM;
}

static enum tarn_status check_utf8(const struct importer *importer, const struct tarn_vector *vector)
{
    for (uint32_t i = 0; i < vector->length && is_text(vector->type); i++) {
        if ((vector->validity == NULL || tarn__bit_get(vector->validity, i)) && !tarn__utf8_is_valid(tarn__vector_leaf_text(vector, i))) {
            return refuse_row(importer, i, "a text is not valid UTF-8");
        }
    }
    return TARN_OK;
}

/* Do length + 1 offsets ascend from at least 0 to at most `limit`? */
static bool offsets_ascend(const uint8_t *offsets, bool wide, uint32_t length, uint64_t limit)
{
    uint64_t last = 0;
    for (uint32_t i = 0; i <= length; i++) {
        const uint64_t offset = wide ? ((const uint64_t *)(const void *)offsets)[i] : ((const uint32_t *)(const void *)offsets)[i];
        if (offset < last || offset > limit) {
            return false;
        }
        last = offset;
    }
    return true;
}

/* length + 1 offsets as a buffer; the last one goes to *end. */
static enum tarn_status import_offsets(const struct importer *importer, const struct source *source, bool wide, uint64_t limit,
                                       struct tarn_buffer **out, uint64_t *end)
{
    const size_t width = wide ? 8 : 4;
    const uint8_t *offsets = source->array->buffers[1];
    *out = NULL;
    *end = 0;
    if (offsets == NULL) { /* old writers leave it out of empty arrays */
        if (source->length != 0) {
            return refuse(importer, "it has no offsets");
        }
        *out = tarn__buffer_new_zeroed(importer->env, width);
        return *out != NULL ? TARN_OK : nomem(importer);
    }
    offsets += source->at * width;
    *out = import_values(importer, offsets, width, source->length + 1, NULL);
    if (*out == NULL) {
        return nomem(importer);
    }
    if (!offsets_ascend((*out)->data, wide, source->length, limit)) {
        tarn__buffer_release(*out);
        *out = NULL;
        return refuse(importer, "its offsets do not ascend, or lead out of what they are offsets in");
    }
    *end = wide ? ((const uint64_t *)(const void *)(*out)->data)[source->length]
                : ((const uint32_t *)(const void *)(*out)->data)[source->length];
    return TARN_OK;
}

static enum tarn_status import_strings(const struct importer *importer, const struct source *source, struct tarn_buffer *validity,
                                       struct tarn_vector **out)
{
    const bool wide = source->format.layout == TARN__ARROW_LARGE_TEXT;
    struct tarn_buffer *offsets;
    uint64_t end;
    enum tarn_status status = import_offsets(importer, source, wide, wide ? INT64_MAX : INT32_MAX, &offsets, &end);
    if (status == TARN_OK && end != 0 && source->array->buffers[2] == NULL) {
        status = refuse(importer, "it has offsets and no bytes");
        tarn__buffer_release(offsets);
    }
    if (status != TARN_OK) {
        tarn__buffer_release(validity);
        return status;
    }
    struct tarn_buffer *bytes = show(importer, source->array->buffers[2], (size_t)end);
    TARN_RETURN_IF_ERROR(
        made(importer, tarn__vector_strings(importer->env, source->type, source->length, offsets, wide, bytes, validity), out));
    status = check_utf8(importer, *out);
    if (status != TARN_OK) {
        tarn_vector_release(*out);
        *out = NULL;
    }
    return status;
}

static bool view_fits(const struct tarn_string_view *view, const struct ArrowArray *array, uint32_t buffers)
{
    if (view->size <= sizeof(view->u.inlined)) {
        return true;
    }
    const int64_t *sizes = array->buffers[array->n_buffers - 1];
    if (view->size > INT32_MAX || view->u.ref.buffer >= buffers || sizes[view->u.ref.buffer] < 0) {
        return false;
    }
    const uint64_t size = (uint64_t)sizes[view->u.ref.buffer];
    const uint8_t *bytes = array->buffers[2 + view->u.ref.buffer];
    return bytes != NULL && view->u.ref.offset <= size && view->size <= size - view->u.ref.offset &&
           memcmp(bytes + view->u.ref.offset, view->u.ref.prefix, sizeof(view->u.ref.prefix)) == 0;
}

static enum tarn_status import_views(const struct importer *importer, const struct source *source, struct tarn_buffer *validity,
                                     struct tarn_vector **out)
{
    const struct ArrowArray *array = source->array;
    const uint32_t count = (uint32_t)(array->n_buffers - 3);
    const uint8_t *from = (const uint8_t *)array->buffers[1] + source->at * sizeof(struct tarn_string_view);
    struct tarn_buffer *views = copy(importer, from, (size_t)source->length * sizeof(struct tarn_string_view));
    struct tarn_buffer **buffers = tarn__calloc(importer->env, (size_t)count + 1, sizeof(struct tarn_buffer *));
    enum tarn_status status = views != NULL && buffers != NULL ? TARN_OK : nomem(importer);
    if (status == TARN_OK && count != 0 && array->buffers[array->n_buffers - 1] == NULL) {
        status = refuse(importer, "it has views and no sizes of their buffers");
    }
    struct tarn_string_view *view = views != NULL ? (struct tarn_string_view *)(void *)views->data : NULL;
    for (uint32_t i = 0; i < source->length && status == TARN_OK; i++) {
        if (is_null(validity, i)) {
            memset(&view[i], 0, sizeof(view[i]));
        } else if (!view_fits(&view[i], array, count)) {
            status = refuse_row(importer, i, "a view leads out of its buffers");
        }
    }
    if (status != TARN_OK) {
        tarn__buffer_release(views);
        tarn__buffer_release(validity);
        tarn__free(importer->env, buffers);
        return status;
    }
    for (uint32_t i = 0; i < count; i++) {
        const int64_t size = ((const int64_t *)array->buffers[array->n_buffers - 1])[i];
        buffers[i] = show(importer, array->buffers[2 + i], size > 0 ? (size_t)size : 0);
    }
    status = made(importer, tarn__vector_views(importer->env, source->type, source->length, views, count, buffers, validity), out);
    tarn__free(importer->env, buffers);
    if (status == TARN_OK && (status = check_utf8(importer, *out)) != TARN_OK) {
        tarn_vector_release(*out);
        *out = NULL;
    }
    return status;
}

/* ---- nested ---- */

static enum tarn_status import_array(const struct importer *importer, const struct ArrowSchema *schema, const struct ArrowArray *array,
                                     const struct tarn_type *type, uint64_t first, uint64_t length, struct tarn_vector **out);

/* Puts a name before the path that an error has already: innermost first, so that it reads from the outside in. */
static void prefix_path(struct tarn_error *err, struct tarn_text name)
{
    char path[sizeof(err->column)];
    if (err == NULL) {
        return;
    }
    memcpy(path, err->column, sizeof(path));
    const size_t inner = strlen(path);
    if (inner == 0 || name.size + 1 + inner >= sizeof(path)) {
        tarn__error_at_column(err, name);
        return;
    }
    memcpy(err->column, name.data, name.size);
    err->column[name.size] = '.';
    memcpy(err->column + name.size + 1, path, inner + 1);
}

static enum tarn_status import_member(const struct importer *importer, const struct ArrowSchema *schema, const struct ArrowArray *array,
                                      const struct tarn_field *field, uint64_t first, uint64_t length, struct tarn_vector **out)
{
    enum tarn_status status = import_array(importer, schema, array, field->type, first, length, out);
    if (status == TARN_OK && !field->nullable && tarn_vector_null_count(*out) != 0) {
        tarn_vector_release(*out);
        *out = NULL;
        status = refuse(importer, "it has nulls and its schema says that it has none");
    }
    if (status != TARN_OK) {
        prefix_path(importer->err, field->name);
    }
    return status;
}

static uint64_t length_of(const struct ArrowArray *array)
{
    return array != NULL && array->length > 0 ? (uint64_t)array->length : 0;
}

static enum tarn_status import_struct(const struct importer *importer, const struct source *source, struct tarn_buffer *validity,
                                      struct tarn_vector **out)
{
    static const struct tarn_type binary = {.id = TARN_TYPE_BINARY};
    static const struct tarn_field variant[] = {{.name = {"metadata", 8}, .type = &binary, .nullable = true, .id = -1},
                                                {.name = {"value", 5}, .type = &binary, .nullable = true, .id = -1}};
    const struct tarn_field *fields = source->type->id == TARN_TYPE_VARIANT ? variant : source->type->fields;
    const uint32_t count = (uint32_t)source->array->n_children;
    struct tarn_vector **children = tarn__calloc(importer->env, (size_t)count + 1, sizeof(struct tarn_vector *));
    enum tarn_status status = children != NULL ? TARN_OK : nomem(importer);
    for (uint32_t i = 0; i < count && status == TARN_OK; i++) {
        struct tarn_field field = fields[i];
        field.nullable = field.nullable || validity != NULL; /* below a null anything may stand */
        status = import_member(importer, source->schema->children[i], source->array->children[i], &field, source->at, source->length,
                               &children[i]);
    }
    if (status == TARN_OK) {
        status = made(importer, tarn__vector_struct(importer->env, source->type, source->length, count, children, validity), out);
    } else {
        for (uint32_t i = 0; i < count && children != NULL; i++) {
            tarn_vector_release(children[i]);
        }
        tarn__buffer_release(validity);
    }
    tarn__free(importer->env, children);
    return status;
}

/* The elements of a list, or keys and values of a map, whole. */
static enum tarn_status import_elements(const struct importer *importer, const struct source *source, uint64_t first, uint64_t length,
                                        struct tarn_vector *children[2])
{
    const struct ArrowSchema *schema = source->schema->children[0];
    const struct ArrowArray *array = source->array->children[0];
    children[0] = NULL;
    children[1] = NULL;
    if (source->type->id != TARN_TYPE_MAP) {
        return import_member(importer, schema, array, &source->type->fields[0], first, length, &children[0]);
    }
    struct source entries;
    struct tarn_buffer *validity;
    TARN_RETURN_IF_ERROR(open_source(importer, schema, array, source->type, first, length, &entries));
    if (entries.format.layout != TARN__ARROW_STRUCT || array->n_children != 2) {
        return refuse(importer, "the entries of a map are no struct of key and value");
    }
    TARN_RETURN_IF_ERROR(import_validity(importer, &entries, &validity));
    if (validity != NULL) {
        tarn__buffer_release(validity);
        return refuse(importer, "an entry of a map is null");
    }
    enum tarn_status status = TARN_OK;
    for (int i = 0; i < 2 && status == TARN_OK; i++) {
        status =
            import_member(importer, schema->children[i], array->children[i], &source->type->fields[i], entries.at, length, &children[i]);
    }
    if (status != TARN_OK) {
        tarn_vector_release(children[0]);
        children[0] = NULL;
    }
    return status;
}

static enum tarn_status import_list(const struct importer *importer, const struct source *source, struct tarn_buffer *validity,
                                    struct tarn_vector **out)
{
    const bool wide = source->format.layout == TARN__ARROW_LARGE_LIST;
    const uint64_t elements = length_of(source->array->children[0]);
    const uint32_t count = source->type->id == TARN_TYPE_MAP ? 2 : 1;
    struct tarn_vector *children[2];
    struct tarn_buffer *offsets;
    uint64_t end;
    enum tarn_status status = import_offsets(importer, source, wide, elements, &offsets, &end);
    if (status == TARN_OK && (status = import_elements(importer, source, 0, elements, children)) != TARN_OK) {
        tarn__buffer_release(offsets);
    }
    if (status != TARN_OK) {
        tarn__buffer_release(validity);
        return status;
    }
    return made(importer, tarn__vector_list(importer->env, source->type, source->length, offsets, wide, count, children, validity), out);
}

static enum tarn_status import_fixed_list(const struct importer *importer, const struct source *source, struct tarn_buffer *validity,
                                          struct tarn_vector **out)
{
    const uint64_t width = source->format.width;
    uint64_t first;
    struct tarn_vector *children[2];
    enum tarn_status status = TARN_OK;
    if (!tarn__mul(source->at, width, &first) || source->length * width > MOST_ROWS) {
        status = refuse(importer, "it has too many elements");
    }
    if (status == TARN_OK) {
        status = import_elements(importer, source, first, source->length * width, children);
    }
    if (status != TARN_OK) {
        tarn__buffer_release(validity);
        return status;
    }
    struct tarn_buffer *offsets = tarn__buffer_new(importer->env, ((size_t)source->length + 1) * sizeof(uint32_t));
    for (uint32_t i = 0; i <= source->length && offsets != NULL; i++) {
        ((uint32_t *)(void *)offsets->data)[i] = (uint32_t)(i * width);
    }
    return made(importer, tarn__vector_list(importer->env, source->type, source->length, offsets, false, 1, children, validity), out);
}

static uint64_t number_at(const void *numbers, bool wide, uint64_t i)
{
    uint32_t narrow;
    uint64_t value;
    if (wide) {
        memcpy(&value, (const uint8_t *)numbers + i * 8, 8);
        return value;
    }
    memcpy(&narrow, (const uint8_t *)numbers + i * 4, 4);
    return narrow;
}

/* Lists in any order, perhaps overlapping: their elements are gathered. Takes `validity` over. */
static enum tarn_status gather_lists(const struct importer *importer, const struct source *source, struct tarn_vector *elements,
                                     struct tarn_buffer *validity, struct tarn_vector **out)
{
    const bool wide = source->format.layout == TARN__ARROW_LARGE_LIST_VIEW;
    const void *const *buffers = source->array->buffers;
    struct tarn_buffer *offsets = tarn__buffer_new(importer->env, ((size_t)source->length + 1) * sizeof(uint32_t));
    uint32_t *positions = NULL;
    size_t capacity = 0;
    uint64_t total = 0;
    enum tarn_status status = offsets != NULL ? TARN_OK : nomem(importer);
    for (uint32_t i = 0; i < source->length && status == TARN_OK; i++) {
        const uint64_t begin = number_at(buffers[1], wide, source->at + i);
        const uint64_t size = is_null(validity, i) ? 0 : number_at(buffers[2], wide, source->at + i);
        ((uint32_t *)(void *)offsets->data)[i] = (uint32_t)total;
        if (size != 0 && (begin > elements->length || size > elements->length - begin || total + size > MOST_ROWS)) {
            status = refuse_row(importer, i, "a list leads out of its elements");
        } else if (!tarn__grow(importer->env, &positions, &capacity, (size_t)(total + size) + 1, sizeof(*positions))) {
            status = nomem(importer);
        }
        for (uint64_t k = 0; k < size && status == TARN_OK; k++) {
            positions[total++] = (uint32_t)(begin + k);
        }
    }
    struct tarn_vector *gathered = NULL;
    if (status == TARN_OK) {
        ((uint32_t *)(void *)offsets->data)[source->length] = (uint32_t)total;
        status = tarn__vector_gather(elements, positions, (uint32_t)total, &gathered, importer->err);
    }
    tarn__free(importer->env, positions);
    if (status != TARN_OK) {
        tarn__buffer_release(offsets);
        tarn__buffer_release(validity);
        return status;
    }
    return made(importer, tarn__vector_list(importer->env, source->type, source->length, offsets, false, 1, &gathered, validity), out);
}

static enum tarn_status import_list_views(const struct importer *importer, const struct source *source, struct tarn_buffer *validity,
                                          struct tarn_vector **out)
{
    struct tarn_vector *children[2];
    enum tarn_status status = TARN_OK;
    if (source->length != 0 && (source->array->buffers[1] == NULL || source->array->buffers[2] == NULL)) {
        status = refuse(importer, "it has no offsets or no sizes");
    }
    if (status == TARN_OK) {
        status = import_elements(importer, source, 0, length_of(source->array->children[0]), children);
    }
    if (status != TARN_OK) {
        tarn__buffer_release(validity);
        return status;
    }
    status = gather_lists(importer, source, children[0], validity, out);
    tarn_vector_release(children[0]);
    return status;
}

/* ---- runs and dictionaries ---- */

static bool index_width(const char *format, uint32_t *width, bool *is_signed)
{
    static const char formats[] = "cCsSiIlL";
    const char *at = format[0] != '\0' && format[1] == '\0' ? strchr(formats, format[0]) : NULL;
    *width = at != NULL ? 1u << (at - formats) / 2 : 0;
    *is_signed = at != NULL && (at - formats) % 2 == 0;
    return at != NULL;
}

static int64_t index_at(const uint8_t *values, uint32_t width, bool is_signed, uint64_t i)
{
    uint8_t bytes[8] = {0};
    memcpy(bytes + (TARN_BIG_ENDIAN ? 8 - width : 0), values + i * width, width);
    const uint64_t value = TARN_BIG_ENDIAN ? tarn__load64_be(bytes) : tarn__load64(bytes);
    const unsigned unused = 64 - width * 8;
    return is_signed ? (int64_t)(value << unused) >> unused : value > INT64_MAX ? -1 : (int64_t)value;
}

/* The ends of the runs that hold the rows wanted, made relative to the first; *first_run is the run of that one. */
static enum tarn_status import_ends(const struct importer *importer, const struct source *source, const struct source *ends,
                                    struct tarn_buffer **out, uint32_t *first_run, uint32_t *run_count)
{
    uint32_t width;
    bool is_signed;
    int64_t last = 0;
    *out = NULL;
    *first_run = 0;
    *run_count = 0;
    if (!index_width(ends->schema->format, &width, &is_signed) || !is_signed || width < 2 ||
        (ends->length != 0 && ends->array->buffers[1] == NULL)) {
        return refuse(importer, "its run ends are no integers");
    }
    struct tarn_buffer *made_ends = tarn__buffer_new(importer->env, (size_t)ends->length * sizeof(uint32_t));
    if (made_ends == NULL) {
        return nomem(importer);
    }
    const uint64_t begin = source->at;
    const uint64_t stop = begin + source->length;
    for (uint32_t i = 0; i < ends->length && (uint64_t)last < stop; i++) {
        const int64_t end = index_at(ends->array->buffers[1], width, is_signed, ends->at + i);
        if (end <= last) {
            tarn__buffer_release(made_ends);
            return refuse(importer, "its run ends do not ascend");
        }
        last = end;
        if ((uint64_t)end <= begin) {
            (*first_run)++;
            continue;
        }
        ((uint32_t *)(void *)made_ends->data)[(*run_count)++] = (uint32_t)(((uint64_t)end < stop ? (uint64_t)end : stop) - begin);
    }
    if ((uint64_t)last < stop && source->length != 0) {
        tarn__buffer_release(made_ends);
        return refuse(importer, "its runs end before its rows");
    }
    *run_count = source->length != 0 ? *run_count : 0;
    *out = made_ends;
    return TARN_OK;
}

static enum tarn_status import_runs(const struct importer *importer, const struct source *source, struct tarn_vector **out)
{
    static const struct tarn_type number = {.id = TARN_TYPE_I64};
    const struct ArrowArray *array = source->array;
    struct source ends;
    struct tarn_buffer *buffer;
    struct tarn_vector *values;
    uint32_t first;
    uint32_t count;
    TARN_RETURN_IF_ERROR(
        open_source(importer, source->schema->children[0], array->children[0], &number, 0, length_of(array->children[0]), &ends));
    TARN_RETURN_IF_ERROR(import_ends(importer, source, &ends, &buffer, &first, &count));
    const enum tarn_status status =
        import_array(importer, source->schema->children[1], array->children[1], source->type, first, count, &values);
    if (status != TARN_OK) {
        tarn__buffer_release(buffer);
        return status;
    }
    return made(importer, tarn__vector_runs(importer->env, source->type, source->length, count, buffer, values), out);
}

/* Codes, checked; TARN_GATHER_NULL where the row is null. NULL with the error set. */
static enum tarn_status import_codes(const struct importer *importer, const struct source *source, const struct tarn_buffer *validity,
                                     uint32_t entries, uint32_t null_code, struct tarn_buffer **out)
{
    uint32_t width;
    bool is_signed;
    *out = NULL;
    if (!index_width(source->schema->format, &width, &is_signed) || (source->length != 0 && source->array->buffers[1] == NULL)) {
        return refuse(importer, "the codes of a dictionary are no integers");
    }
    struct tarn_buffer *codes = tarn__buffer_new(importer->env, (size_t)source->length * sizeof(uint32_t));
    if (codes == NULL) {
        return nomem(importer);
    }
    for (uint32_t i = 0; i < source->length; i++) {
        const int64_t code = is_null(validity, i) ? null_code : index_at(source->array->buffers[1], width, is_signed, source->at + i);
        if (!is_null(validity, i) && (code < 0 || code >= (int64_t)entries)) {
            tarn__buffer_release(codes);
            return refuse_row(importer, i, "a code has no entry in the dictionary");
        }
        ((uint32_t *)(void *)codes->data)[i] = (uint32_t)code;
    }
    *out = codes;
    return TARN_OK;
}

static enum tarn_status import_dictionary(const struct importer *importer, const struct source *source, struct tarn_buffer *validity,
                                          struct tarn_vector **out)
{
    const struct ArrowArray *dictionary = source->array->dictionary;
    struct tarn_vector *values;
    struct tarn_buffer *codes = NULL;
    enum tarn_status status =
        import_array(importer, source->schema->dictionary, dictionary, source->type, 0, length_of(dictionary), &values);
    if (status != TARN_OK) {
        tarn__buffer_release(validity);
        return status;
    }
    const bool plain = (values->shape == TARN_SHAPE_FLAT || values->shape == TARN_SHAPE_STRINGS || values->shape == TARN_SHAPE_VIEWS) &&
                       values->validity == NULL;
    status = import_codes(importer, source, validity, values->length, plain ? 0 : TARN_GATHER_NULL, &codes);
    if (status == TARN_OK && !plain) { /* entries that tarn's dictionaries cannot hold: the rows themselves, then */
        status = tarn__vector_gather(values, (const uint32_t *)(const void *)codes->data, source->length, out, importer->err);
        tarn__buffer_release(codes);
    } else if (status == TARN_OK) {
        struct tarn_dictionary *made_dictionary = tarn__dictionary_make(importer->env, tarn_vector_retain(values));
        status = made(
            importer,
            tarn__vector_dictionary(importer->env, source->type, source->length, codes, made_dictionary, tarn__buffer_retain(validity)),
            out);
    }
    tarn__buffer_release(validity);
    tarn_vector_release(values);
    return status;
}

/* ---- any array ---- */

static bool kind_fits(const struct source *source)
{
    const struct tarn_type *type = source->type;
    switch (source->format.layout) {
    case TARN__ARROW_STRUCT:
        return type->id == TARN_TYPE_VARIANT ? source->schema->n_children == 2
                                             : type->id == TARN_TYPE_STRUCT && type->field_count == source->schema->n_children;
    case TARN__ARROW_MAP:
        return type->id == TARN_TYPE_MAP;
    case TARN__ARROW_RUNS:
        return true;
    case TARN__ARROW_LIST:
    case TARN__ARROW_LARGE_LIST:
    case TARN__ARROW_FIXED_LIST:
    case TARN__ARROW_LIST_VIEW:
    case TARN__ARROW_LARGE_LIST_VIEW:
        return type->id == TARN_TYPE_LIST;
    default:
        return tarn_type_kind(type) == tarn_type_kind(&source->format.type);
    }
}

static enum tarn_status import_layout(const struct importer *importer, const struct source *source, struct tarn_buffer *validity,
                                      struct tarn_vector **out)
{
    switch (source->format.layout) {
    case TARN__ARROW_BITS:
        return import_bits(importer, source, validity, out);
    case TARN__ARROW_FIXED:
        return import_fixed(importer, source, validity, out);
    case TARN__ARROW_DECIMAL:
        return source->format.width == tarn_type_width(source->type) ? import_fixed(importer, source, validity, out)
                                                                     : import_converted(importer, source, validity, out);
    case TARN__ARROW_TEXT:
    case TARN__ARROW_LARGE_TEXT:
        return import_strings(importer, source, validity, out);
    case TARN__ARROW_VIEWS:
        return import_views(importer, source, validity, out);
    case TARN__ARROW_LIST:
    case TARN__ARROW_LARGE_LIST:
    case TARN__ARROW_MAP:
        return import_list(importer, source, validity, out);
    case TARN__ARROW_FIXED_LIST:
        return import_fixed_list(importer, source, validity, out);
    case TARN__ARROW_LIST_VIEW:
    case TARN__ARROW_LARGE_LIST_VIEW:
        return import_list_views(importer, source, validity, out);
    case TARN__ARROW_STRUCT:
        return import_struct(importer, source, validity, out);
    default:
        return import_converted(importer, source, validity, out);
    }
}

static bool needs_values(enum tarn__arrow_layout layout)
{
    return layout == TARN__ARROW_BITS || layout == TARN__ARROW_FIXED || layout == TARN__ARROW_DECIMAL || layout == TARN__ARROW_DATE64 ||
           layout == TARN__ARROW_MONTHS || layout == TARN__ARROW_DAY_TIME || layout == TARN__ARROW_VIEWS;
}

static enum tarn_status import_array(const struct importer *importer, const struct ArrowSchema *schema, const struct ArrowArray *array,
                                     const struct tarn_type *type, uint64_t first, uint64_t length, struct tarn_vector **out)
{
    struct source source;
    struct tarn_buffer *validity;
    *out = NULL;
    TARN_RETURN_IF_ERROR(open_source(importer, schema, array, type, first, length, &source));
    if (schema->dictionary == NULL && !kind_fits(&source)) {
        return refuse(importer, "its format is not that of the schema");
    }
    if (schema->dictionary == NULL && source.format.layout == TARN__ARROW_NULL) {
        return made(importer, tarn__vector_nulls(importer->env, type, source.length), out);
    }
    if (schema->dictionary == NULL && source.format.layout == TARN__ARROW_RUNS) {
        return import_runs(importer, &source, out);
    }
    TARN_RETURN_IF_ERROR(import_validity(importer, &source, &validity));
    if (schema->dictionary != NULL) {
        return import_dictionary(importer, &source, validity, out);
    }
    if (needs_values(source.format.layout) && source.length != 0 && array->buffers[1] == NULL &&
        (source.format.layout != TARN__ARROW_FIXED || source.format.width != 0)) {
        tarn__buffer_release(validity);
        return refuse(importer, "it has no values");
    }
    if (source.length == 0 && needs_values(source.format.layout)) { /* nothing may be looked at */
        static const uint8_t nothing[8];
        const void *none[3] = {NULL, nothing, NULL};
        struct ArrowArray empty = *array;
        empty.buffers = none;
        empty.n_buffers = source.format.layout == TARN__ARROW_VIEWS ? 3 : 2;
        empty.offset = 0;
        source.array = &empty;
        source.at = 0;
        return import_layout(importer, &source, validity, out);
    }
    return import_layout(importer, &source, validity, out);
}

static enum tarn_status import_columns(const struct importer *importer, const struct tarn_schema *schema,
                                       const struct ArrowSchema *arrow_schema, struct tarn_batch **out)
{
    const struct ArrowArray *array = &importer->holder->array;
    const struct tarn_type rows = {.id = TARN_TYPE_STRUCT, .field_count = schema->field_count, .fields = schema->fields};
    struct source source;
    struct tarn_buffer *validity;
    struct tarn_vector *vector;
    TARN_RETURN_IF_ERROR(open_source(importer, arrow_schema, array, &rows, 0, length_of(array), &source));
    if (source.format.layout != TARN__ARROW_STRUCT || !kind_fits(&source)) {
        return refuse(importer, "it is no struct of the schema's columns");
    }
    TARN_RETURN_IF_ERROR(import_validity(importer, &source, &validity));
    if (validity != NULL) {
        tarn__buffer_release(validity);
        return refuse(importer, "a whole row is null");
    }
    TARN_RETURN_IF_ERROR(import_struct(importer, &source, NULL, &vector));
    const enum tarn_status status = tarn_batch_make(importer->env, schema, source.length, vector->children, out, importer->err);
    tarn_vector_release(vector);
    return status;
}

enum tarn_status tarn_arrow_import_batch(struct tarn_env *env, const struct tarn_schema *schema, const struct ArrowSchema *arrow_schema,
                                         struct ArrowArray *array, struct tarn_batch **out, struct tarn_error *err)
{
    struct holder *holder = array->release != NULL ? tarn__calloc(env, 1, sizeof(*holder)) : NULL;
    *out = NULL;
    if (holder == NULL) {
        const bool released = array->release == NULL;
        if (!released) {
            array->release(array);
        }
        return released ? tarn__invalid(err, "arrow_released", "the ArrowArray has been released") : tarn__nomem(env, err, sizeof(*holder));
    }
    holder->env = tarn__env_retain(env);
    holder->array = *array;
    array->release = NULL;
    atomic_init(&holder->references, 1);
    const struct importer importer = {env, holder, err};
    const enum tarn_status status = import_columns(&importer, schema, arrow_schema, out);
    release_holder(holder);
    return status;
}
