/* SPDX-License-Identifier: Apache-2.0
 *
 * Batches as ArrowArray. Specification: "The Arrow C data interface" and "Arrow columnar format". SPEC: X-ARROW-2, X-ARROW-3.
 *
 * Invariants
 *  1. An exported array holds references on the vector whose memory it shows, on buffers made for it, and on the env: it may be released
 *     on any thread, whenever.
 *  2. A node counts a child only when the child can be released, so that a half-made array gives everything back.
 *  3. Memory is shown as it is where the layouts agree; what differs (narrow decimals, wide timestamps, other offsets) is made anew.
 */
#include "format/arrow/arrow_export.h"
#include "format/arrow/interval_bytes.h"
#include "format/base/bytes.h"
#include "format/base/int128.h"
#include "format/batch/bitmap.h"
#include "format/batch/flatten.h"
#include "format/batch/gather.h"
#include "format/batch/vector.h"
#include "format/kernels/decode_kernels.h"

enum { MADE_BUFFERS = 4 };

struct node {
    struct tarn_env *env;
    struct tarn_vector *vector;             /* whose memory is shown; NULL: none */
    struct tarn_buffer *made[MADE_BUFFERS]; /* buffers made for this array */
    struct ArrowArray *children;
    struct ArrowArray **pointers;
    struct ArrowArray *dictionary;
    const void *buffers[]; /* as many as the layout has */
};

static void release_node(struct ArrowArray *array)
{
    struct node *node = array->private_data;
    struct tarn_env *env = node->env;
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release != NULL) {
            array->children[i]->release(array->children[i]);
        }
    }
    if (array->dictionary != NULL && array->dictionary->release != NULL) {
        array->dictionary->release(array->dictionary);
    }
    for (int i = 0; i < MADE_BUFFERS; i++) {
        tarn__buffer_release(node->made[i]);
    }
    tarn_vector_release(node->vector);
    tarn__free(env, node->children);
    tarn__free(env, node->pointers);
    tarn__free(env, node->dictionary);
    tarn__free(env, node);
    array->release = NULL;
    tarn_env_close(env);
}

struct exporter {
    struct tarn_env *env;
    const struct tarn_arrow_options *options;
    struct tarn_error *err;
};

static enum tarn_status nomem(const struct exporter *exporter)
{
    return tarn__nomem(exporter->env, exporter->err, 0);
}

static enum tarn_status open_node(const struct exporter *exporter, struct tarn_vector *vector, uint32_t length, uint32_t buffers,
                                  uint32_t children, struct ArrowArray *out)
{
    struct tarn_env *env = exporter->env;
    memset(out, 0, sizeof(*out));
    struct node *node = tarn__calloc(env, 1, sizeof(*node) + (size_t)buffers * sizeof(const void *));
    if (node == NULL) {
        return nomem(exporter);
    }
    node->env = tarn__env_retain(env);
    node->vector = tarn_vector_retain(vector);
    node->children = tarn__calloc(env, (size_t)children + 1, sizeof(struct ArrowArray));
    node->pointers = tarn__calloc(env, (size_t)children + 1, sizeof(struct ArrowArray *));
    out->private_data = node;
    out->release = release_node;
    out->length = length;
    out->n_buffers = buffers;
    out->buffers = node->buffers;
    out->children = children != 0 ? node->pointers : NULL;
    if (vector != NULL && buffers != 0) {
        out->null_count = tarn_vector_null_count(vector);
        node->buffers[0] = out->null_count != 0 ? vector->validity : NULL;
    }
    return node->children != NULL && node->pointers != NULL ? TARN_OK : nomem(exporter);
}

static struct ArrowArray *next_child(struct ArrowArray *array)
{
    struct node *node = array->private_data;
    struct ArrowArray *child = &node->children[array->n_children];
    node->pointers[array->n_children++] = child;
    return child;
}

/* Puts a buffer made for the array in its place; NULL is want of memory. */
static enum tarn_status own(const struct exporter *exporter, struct ArrowArray *array, uint32_t place, struct tarn_buffer *buffer)
{
    struct node *node = array->private_data;
    if (buffer == NULL) {
        return nomem(exporter);
    }
    node->made[place < MADE_BUFFERS ? place : MADE_BUFFERS - 1] = buffer;
    node->buffers[place] = buffer->data;
    return TARN_OK;
}

static enum tarn_status too_long(const struct exporter *exporter, const struct tarn_vector *vector)
{
    (void)vector;
    return tarn__error_set(exporter->err, TARN_LIMIT, "arrow_offsets",
                           "the texts or lists of one batch are too long for offsets of 32 bits: ask for large strings or smaller batches");
}

/* ---- offsets ---- */

/* Offsets of 32 bits from 0 on that span what the vector's span. */
static struct tarn_buffer *narrow_offsets(const struct exporter *exporter, const struct tarn_vector *vector)
{
    struct tarn_buffer *offsets = tarn__buffer_new(exporter->env, ((size_t)vector->length + 1) * sizeof(uint32_t));
    const uint64_t first = tarn__vector_offset(vector, 0);
    for (uint32_t i = 0; i <= vector->length && offsets != NULL; i++) {
        ((uint32_t *)(void *)offsets->data)[i] = (uint32_t)(tarn__vector_offset(vector, i) - first);
    }
    return offsets;
}

static struct tarn_buffer *wide_offsets(const struct exporter *exporter, const struct tarn_vector *vector)
{
    struct tarn_buffer *offsets = tarn__buffer_new(exporter->env, ((size_t)vector->length + 1) * sizeof(uint64_t));
    for (uint32_t i = 0; i <= vector->length && offsets != NULL; i++) {
        ((uint64_t *)(void *)offsets->data)[i] = tarn__vector_offset(vector, i);
    }
    return offsets;
}

static enum tarn_status export_strings(const struct exporter *exporter, struct tarn_vector *vector, struct ArrowArray *out)
{
    const bool large = exporter->options->strings == TARN_ARROW_LARGE_UTF8;
    const uint64_t first = tarn__vector_offset(vector, 0);
    const uint64_t end = tarn__vector_offset(vector, vector->length);
    TARN_RETURN_IF_ERROR(open_node(exporter, vector, vector->length, 3, 0, out));
    struct node *node = out->private_data;
    node->buffers[1] = vector->u.offsets;
    node->buffers[2] = vector->bytes;
    if (large) {
        return vector->wide_offsets ? TARN_OK : own(exporter, out, 1, wide_offsets(exporter, vector));
    }
    if (end - first > INT32_MAX) {
        return too_long(exporter, vector);
    }
    if (!vector->wide_offsets && end <= INT32_MAX) {
        return TARN_OK;
    }
    node->buffers[2] = vector->bytes + first;
    return own(exporter, out, 1, narrow_offsets(exporter, vector));
}

/* ---- views ---- */

static enum tarn_status export_view_buffers(const struct exporter *exporter, struct tarn_vector *vector, struct ArrowArray *out)
{
    const uint32_t count = vector->view_buffer_count;
    TARN_RETURN_IF_ERROR(open_node(exporter, vector, vector->length, count + 3, 0, out));
    struct node *node = out->private_data;
    node->buffers[1] = vector->u.views;
    struct tarn_buffer *sizes = tarn__buffer_new(exporter->env, ((size_t)count + 1) * sizeof(int64_t));
    for (uint32_t i = 0; i < count && sizes != NULL; i++) {
        node->buffers[2 + i] = vector->view_buffers[i]->data;
        ((int64_t *)(void *)sizes->data)[i] = (int64_t)vector->view_buffers[i]->size;
    }
    if (sizes != NULL) {
        ((int64_t *)(void *)sizes->data)[count] = 0;
    }
    return own(exporter, out, count + 2, sizes);
}

/* Texts with offsets, seen through views into their bytes. */
static enum tarn_status export_strings_as_views(const struct exporter *exporter, struct tarn_vector *vector, struct ArrowArray *out)
{
    const uint64_t first = tarn__vector_offset(vector, 0);
    const uint64_t size = tarn__vector_offset(vector, vector->length) - first;
    if (size > INT32_MAX) {
        return too_long(exporter, vector);
    }
    TARN_RETURN_IF_ERROR(open_node(exporter, vector, vector->length, 4, 0, out));
    struct node *node = out->private_data;
    struct tarn_buffer *views = tarn__buffer_new_zeroed(exporter->env, (size_t)vector->length * sizeof(struct tarn_string_view));
    for (uint32_t i = 0; i < vector->length && views != NULL; i++) {
        const uint32_t offset = (uint32_t)(tarn__vector_offset(vector, i) - first);
        if (vector->validity == NULL || tarn__bit_get(vector->validity, i)) {
            ((struct tarn_string_view *)(void *)views->data)[i] = tarn__string_view(tarn__vector_leaf_text(vector, i), 0, offset);
        }
    }
    node->buffers[2] = vector->bytes + first;
    struct tarn_buffer *sizes = tarn__buffer_new(exporter->env, sizeof(int64_t));
    if (sizes != NULL) {
        ((int64_t *)(void *)sizes->data)[0] = (int64_t)size;
    }
    const enum tarn_status status = own(exporter, out, 3, sizes);
    const enum tarn_status viewed = own(exporter, out, 1, views);
    return status != TARN_OK ? status : viewed;
}

static void view_entries(const struct tarn_vector *entries, const uint32_t *codes, uint32_t count, struct tarn_string_view *views)
{
    const uint64_t first = tarn__vector_offset(entries, 0);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t code = codes != NULL ? codes[i] : i;
        views[i] = tarn__string_view(tarn__vector_leaf_text(entries, code), 0, (uint32_t)(tarn__vector_offset(entries, code) - first));
    }
}

/* The views of a dictionary's codes; each entry's is made once where there are fewer entries than rows. */
static bool view_codes(struct tarn_env *env, const struct tarn_vector *vector, struct tarn_string_view *views)
{
    const struct tarn_vector *entries = vector->dictionary->values;
    if (entries->length > vector->length) {
        view_entries(entries, vector->u.codes, vector->length, views);
    } else if (entries->length != 0) {
        struct tarn_string_view *table = tarn__alloc(env, (size_t)entries->length * sizeof(*table));
        if (table == NULL) {
            return false;
        }
        view_entries(entries, NULL, entries->length, table);
        for (uint32_t i = 0; i < vector->length; i++) {
            views[i] = table[vector->u.codes[i]];
        }
        tarn__free(env, table);
    } else {
        memset(views, 0, (size_t)vector->length * sizeof(*views));
    }
    for (uint32_t i = 0; vector->validity != NULL && i < vector->length; i++) {
        if (!tarn__bit_get(vector->validity, i)) {
            memset(&views[i], 0, sizeof(views[i]));
        }
    }
    return true;
}

/* Codes of texts with offsets, seen through views into the dictionary's bytes. */
static enum tarn_status export_codes_as_views(const struct exporter *exporter, struct tarn_vector *vector, struct ArrowArray *out)
{
    const struct tarn_vector *entries = vector->dictionary->values;
    const uint64_t first = tarn__vector_offset(entries, 0);
    const uint64_t size = tarn__vector_offset(entries, entries->length) - first;
    if (size > INT32_MAX) {
        return too_long(exporter, vector);
    }
    TARN_RETURN_IF_ERROR(open_node(exporter, vector, vector->length, 4, 0, out));
    struct node *node = out->private_data;
    struct tarn_buffer *sizes = tarn__buffer_new(exporter->env, sizeof(int64_t));
    if (sizes != NULL) {
        ((int64_t *)(void *)sizes->data)[0] = (int64_t)size;
    }
    node->buffers[2] = entries->bytes + first;
    TARN_RETURN_IF_ERROR(own(exporter, out, 3, sizes));
    struct tarn_buffer *views = tarn__buffer_new(exporter->env, (size_t)vector->length * sizeof(struct tarn_string_view));
    TARN_RETURN_IF_ERROR(own(exporter, out, 1, views));
    return view_codes(exporter->env, vector, (struct tarn_string_view *)(void *)views->data) ? TARN_OK : nomem(exporter);
}

/* ---- fixed width ---- */

static struct tarn_buffer *decimals_of_128(const struct exporter *exporter, const struct tarn_vector *vector)
{
    struct tarn_buffer *values = tarn__buffer_new(exporter->env, (size_t)vector->length * 16);
    const struct tarn__decode_kernels *kernels = tarn__decode_kernels_of(exporter->env);
    if (values != NULL && tarn_type_kind(vector->type) == TARN_KIND_I32) {
        kernels->widen32(vector->u.values, vector->length, (int64_t *)(void *)values->data);
    } else if (values != NULL) {
        kernels->widen64(vector->u.values, vector->length, (int64_t *)(void *)values->data);
    }
    return values;
}

/* Wide timestamps in microseconds, rounded down; what is out of range is an error that names the row. */
static enum tarn_status microseconds(const struct exporter *exporter, const struct tarn_vector *vector, struct tarn_buffer **out)
{
    static const int64_t per_second[] = {1, 1000, 1000000, 1000000000};
    const int64_t unit = per_second[vector->type->unit];
    struct tarn_buffer *values = tarn__buffer_new(exporter->env, (size_t)vector->length * sizeof(int64_t));
    *out = NULL;
    if (values == NULL) {
        return nomem(exporter);
    }
    for (uint32_t i = 0; i < vector->length; i++) {
        uint64_t words[2];
        memcpy(words, (const uint8_t *)vector->u.values + (size_t)i * sizeof(words), sizeof(words));
        tarn_i128 value = (tarn_i128)((tarn_u128)words[1] << 64 | words[0]);
        if (unit > 1000000) {
            const tarn_i128 rest = value % 1000;
            value = value / 1000 - (rest < 0);
        } else if (!tarn__i128_mul(value, 1000000 / unit, &value)) {
            value = TARN_I128_MAX;
        }
        if (value > INT64_MAX || value < INT64_MIN) {
            tarn__buffer_release(values);
            tarn__invalid(exporter->err, "timestamp_range", "a timestamp is out of the range of microseconds");
            tarn__error_at_row(exporter->err, i);
            return TARN_INVALID;
        }
        ((int64_t *)(void *)values->data)[i] = (int64_t)value;
    }
    *out = values;
    return TARN_OK;
}

static enum tarn_status export_flat(const struct exporter *exporter, struct tarn_vector *vector, struct ArrowArray *out)
{
    const struct tarn_type *type = vector->type;
    TARN_RETURN_IF_ERROR(open_node(exporter, vector, vector->length, 2, 0, out));
    struct node *node = out->private_data;
    node->buffers[1] = vector->u.values;
    if (type->id == TARN_TYPE_DECIMAL && type->precision <= 18) {
        return own(exporter, out, 1, decimals_of_128(exporter, vector));
    }
    if (TARN_BIG_ENDIAN && type->id == TARN_TYPE_INTERVAL) {
        struct tarn_buffer *numbers = tarn__buffer_new(exporter->env, (size_t)vector->length * TARN__ARROW_INTERVAL);
        if (numbers != NULL) {
            tarn__arrow_turn_intervals(vector->u.values, vector->length, numbers->data);
        }
        return own(exporter, out, 1, numbers);
    }
    if (type->id == TARN_TYPE_TIMESTAMP && type->wide) {
        struct tarn_buffer *values;
        TARN_RETURN_IF_ERROR(microseconds(exporter, vector, &values));
        return own(exporter, out, 1, values);
    }
    return TARN_OK;
}

/* ---- nested ---- */

static enum tarn_status export_vector(const struct exporter *exporter, struct tarn_vector *vector, struct ArrowArray *out);

static enum tarn_status export_struct(const struct exporter *exporter, struct tarn_vector *vector, struct ArrowArray *out)
{
    TARN_RETURN_IF_ERROR(open_node(exporter, vector, vector->length, 1, vector->child_count, out));
    for (uint32_t i = 0; i < vector->child_count; i++) {
        TARN_RETURN_IF_ERROR(export_vector(exporter, vector->children[i], next_child(out)));
    }
    return TARN_OK;
}

static enum tarn_status export_list(const struct exporter *exporter, struct tarn_vector *vector, struct ArrowArray *out)
{
    const uint64_t end = tarn__vector_offset(vector, vector->length);
    TARN_RETURN_IF_ERROR(open_node(exporter, vector, vector->length, 2, 1, out));
    struct node *node = out->private_data;
    node->buffers[1] = vector->u.offsets;
    const uint64_t first = tarn__vector_offset(vector, 0);
    if (end - first > INT32_MAX) {
        return too_long(exporter, vector);
    }
    const bool same = !vector->wide_offsets && end <= INT32_MAX;
    if (!same) {
        TARN_RETURN_IF_ERROR(own(exporter, out, 1, narrow_offsets(exporter, vector)));
    }
    struct ArrowArray *target = next_child(out);
    const bool map = vector->child_count == 2;
    if (map) {
        TARN_RETURN_IF_ERROR(open_node(exporter, NULL, same ? vector->children[0]->length : (uint32_t)(end - first), 1, 2, target));
    }
    for (uint32_t i = 0; i < vector->child_count; i++) {
        struct tarn_vector *part = tarn_vector_retain(vector->children[i]);
        if (!same) { /* the offsets begin at 0 now, and so must the elements */
            tarn_vector_release(part);
            TARN_RETURN_IF_ERROR(tarn__vector_slice(vector->children[i], (uint32_t)first, (uint32_t)(end - first), &part, exporter->err));
        }
        const enum tarn_status status = export_vector(exporter, part, map ? next_child(target) : target);
        tarn_vector_release(part);
        TARN_RETURN_IF_ERROR(status);
    }
    return TARN_OK;
}

/* A vector of shape FLAT, STRINGS, VIEWS, LIST, STRUCT or, of type NULL, NULLS. */
static enum tarn_status export_vector(const struct exporter *exporter, struct tarn_vector *vector, struct ArrowArray *out)
{
    const bool views = exporter->options->strings == TARN_ARROW_UTF8_VIEW;
    switch (vector->shape) {
    case TARN_SHAPE_FLAT:
        return export_flat(exporter, vector, out);
    case TARN_SHAPE_STRINGS:
        return views ? export_strings_as_views(exporter, vector, out) : export_strings(exporter, vector, out);
    case TARN_SHAPE_VIEWS:
        return export_view_buffers(exporter, vector, out);
    case TARN_SHAPE_LIST:
        return export_list(exporter, vector, out);
    case TARN_SHAPE_STRUCT:
        return export_struct(exporter, vector, out);
    default:
        TARN_RETURN_IF_ERROR(open_node(exporter, vector, vector->length, 0, 0, out));
        out->null_count = vector->length;
        return TARN_OK;
    }
}

/* ---- columns ---- */

static struct tarn_buffer *counted_codes(const struct exporter *exporter, uint32_t count)
{
    struct tarn_buffer *codes = tarn__buffer_new(exporter->env, (size_t)count * sizeof(uint32_t));
    for (uint32_t i = 0; i < count && codes != NULL; i++) {
        ((uint32_t *)(void *)codes->data)[i] = i;
    }
    return codes;
}

static enum tarn_status export_values(const struct exporter *exporter, struct tarn_vector *vector, struct ArrowArray *out)
{
    struct tarn_vector *flat;
    if (vector->shape == TARN_SHAPE_VIEWS && exporter->options->strings == TARN_ARROW_UTF8_VIEW) {
        return export_view_buffers(exporter, vector, out);
    }
    if (vector->shape == TARN_SHAPE_DICTIONARY && vector->dictionary->values->shape == TARN_SHAPE_STRINGS &&
        exporter->options->strings == TARN_ARROW_UTF8_VIEW) {
        return export_codes_as_views(exporter, vector, out);
    }
    TARN_RETURN_IF_ERROR(tarn__vector_flatten(vector, NULL, &flat, exporter->err));
    const enum tarn_status status = export_vector(exporter, flat, out);
    tarn_vector_release(flat);
    return status;
}

/* A dictionary column. One that is none in this batch becomes one whose entries are its rows. */
static enum tarn_status export_codes(const struct exporter *exporter, struct tarn_vector *vector, struct ArrowArray *out)
{
    const bool coded = vector->shape == TARN_SHAPE_DICTIONARY;
    TARN_RETURN_IF_ERROR(open_node(exporter, vector, vector->length, 2, 0, out));
    struct node *node = out->private_data;
    if (!coded) { /* its nulls are those of the entries */
        out->null_count = 0;
        node->buffers[0] = NULL;
        TARN_RETURN_IF_ERROR(own(exporter, out, 1, counted_codes(exporter, vector->length)));
    } else {
        node->buffers[1] = vector->u.codes;
    }
    node->dictionary = tarn__calloc(exporter->env, 1, sizeof(*node->dictionary));
    out->dictionary = node->dictionary;
    if (node->dictionary == NULL) {
        return nomem(exporter);
    }
    return export_values(exporter, coded ? vector->dictionary->values : vector, node->dictionary);
}

static enum tarn_status export_columns(const struct exporter *exporter, const struct tarn_batch *batch, uint32_t first, uint32_t count,
                                       struct ArrowArray *out)
{
    TARN_RETURN_IF_ERROR(open_node(exporter, NULL, count, 1, batch->column_count, out));
    for (uint32_t i = 0; i < batch->column_count; i++) {
        struct tarn_vector *part;
        TARN_RETURN_IF_ERROR(tarn__vector_slice(batch->columns[i], first, count, &part, exporter->err));
        const bool keep = tarn__arrow_keeps_dictionary(exporter->options, part->type);
        const enum tarn_status status =
            keep ? export_codes(exporter, part, next_child(out)) : export_values(exporter, part, next_child(out));
        tarn_vector_release(part);
        if (status != TARN_OK) {
            tarn__error_at_column(exporter->err, batch->schema->fields[i].name);
            return status;
        }
    }
    return TARN_OK;
}

enum tarn_status tarn__arrow_export_rows(struct tarn_env *env, const struct tarn_batch *batch, uint32_t first, uint32_t count,
                                         const struct tarn_arrow_options *options, struct ArrowArray *out, struct tarn_error *err)
{
    const struct exporter exporter = {env, options, err};
    memset(out, 0, sizeof(*out));
    const enum tarn_status status = export_columns(&exporter, batch, first, count, out);
    if (status != TARN_OK) {
        if (out->release != NULL) {
            out->release(out);
        }
        memset(out, 0, sizeof(*out));
    }
    return status;
}

enum tarn_status tarn_arrow_export_batch(struct tarn_env *env, const struct tarn_batch *batch, const struct tarn_arrow_options *given,
                                         struct ArrowArray *out, struct tarn_error *err)
{
    struct tarn_arrow_options options;
    struct tarn_batch *dense;
    memset(out, 0, sizeof(*out));
    TARN_RETURN_IF_ERROR(tarn__arrow_options(given, &options, err));
    TARN_RETURN_IF_ERROR(tarn__batch_compact(env, (struct tarn_batch *)(uintptr_t)batch, &dense, err));
    const enum tarn_status status = tarn__arrow_export_rows(env, dense, 0, dense->length, &options, out, err);
    tarn_batch_release(dense);
    return status;
}
