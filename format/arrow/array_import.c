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
#include "format/arrow/array_source.h"

/* ---- any array ---- */

static bool kind_fits(const struct tarn__arrow_source *source)
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

static enum tarn_status import_layout(const struct tarn__arrow_importer *importer, const struct tarn__arrow_source *source,
                                      struct tarn_buffer *validity, struct tarn_vector **out)
{
    switch (source->format.layout) {
    case TARN__ARROW_BITS:
        return tarn__arrow_import_bits(importer, source, validity, out);
    case TARN__ARROW_FIXED:
        return tarn__arrow_import_fixed(importer, source, validity, out);
    case TARN__ARROW_DECIMAL:
        return source->format.width == tarn_type_width(source->type) ? tarn__arrow_import_fixed(importer, source, validity, out)
                                                                     : tarn__arrow_import_converted(importer, source, validity, out);
    case TARN__ARROW_TEXT:
    case TARN__ARROW_LARGE_TEXT:
        return tarn__arrow_import_strings(importer, source, validity, out);
    case TARN__ARROW_VIEWS:
        return tarn__arrow_import_views(importer, source, validity, out);
    case TARN__ARROW_LIST:
    case TARN__ARROW_LARGE_LIST:
    case TARN__ARROW_MAP:
        return tarn__arrow_import_list(importer, source, validity, out);
    case TARN__ARROW_FIXED_LIST:
        return tarn__arrow_import_fixed_list(importer, source, validity, out);
    case TARN__ARROW_LIST_VIEW:
    case TARN__ARROW_LARGE_LIST_VIEW:
        return tarn__arrow_import_list_views(importer, source, validity, out);
    case TARN__ARROW_STRUCT:
        return tarn__arrow_import_struct(importer, source, validity, out);
    default:
        return tarn__arrow_import_converted(importer, source, validity, out);
    }
}

static bool needs_values(enum tarn__arrow_layout layout)
{
    return layout == TARN__ARROW_BITS || layout == TARN__ARROW_FIXED || layout == TARN__ARROW_DECIMAL || layout == TARN__ARROW_DATE64 ||
           layout == TARN__ARROW_MONTHS || layout == TARN__ARROW_DAY_TIME || layout == TARN__ARROW_VIEWS;
}

enum tarn_status tarn__arrow_import_array(const struct tarn__arrow_importer *importer, const struct ArrowSchema *schema,
                                          const struct ArrowArray *array, const struct tarn_type *type, uint64_t first, uint64_t length,
                                          struct tarn_vector **out)
{
    struct tarn__arrow_source source;
    struct tarn_buffer *validity;
    *out = NULL;
    TARN_RETURN_IF_ERROR(tarn__arrow_source_open(importer, schema, array, type, first, length, &source));
    if (schema->dictionary == NULL && !kind_fits(&source)) {
        return tarn__arrow_refuse(importer, "its format is not that of the schema");
    }
    if (schema->dictionary == NULL && source.format.layout == TARN__ARROW_NULL) {
        return tarn__arrow_made(importer, tarn__vector_nulls(importer->env, type, source.length), out);
    }
    if (schema->dictionary == NULL && source.format.layout == TARN__ARROW_RUNS) {
        return tarn__arrow_import_runs(importer, &source, out);
    }
    TARN_RETURN_IF_ERROR(tarn__arrow_validity(importer, &source, &validity));
    if (schema->dictionary != NULL) {
        return tarn__arrow_import_dictionary(importer, &source, validity, out);
    }
    if (needs_values(source.format.layout) && source.length != 0 && array->buffers[1] == NULL &&
        (source.format.layout != TARN__ARROW_FIXED || source.format.width != 0)) {
        tarn__buffer_release(validity);
        return tarn__arrow_refuse(importer, "it has no values");
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

static enum tarn_status import_columns(const struct tarn__arrow_importer *importer, const struct tarn_schema *schema,
                                       const struct ArrowSchema *arrow_schema, struct tarn_batch **out)
{
    const struct ArrowArray *array = &importer->holder->array;
    const struct tarn_type rows = {.id = TARN_TYPE_STRUCT, .field_count = schema->field_count, .fields = schema->fields};
    struct tarn__arrow_source source;
    struct tarn_buffer *validity;
    struct tarn_vector *vector;
    TARN_RETURN_IF_ERROR(tarn__arrow_source_open(importer, arrow_schema, array, &rows, 0, tarn__arrow_length(array), &source));
    if (source.format.layout != TARN__ARROW_STRUCT || !kind_fits(&source)) {
        return tarn__arrow_refuse(importer, "it is no struct of the schema's columns");
    }
    TARN_RETURN_IF_ERROR(tarn__arrow_validity(importer, &source, &validity));
    if (validity != NULL) {
        tarn__buffer_release(validity);
        return tarn__arrow_refuse(importer, "a whole row is null");
    }
    TARN_RETURN_IF_ERROR(tarn__arrow_import_struct(importer, &source, NULL, &vector));
    const enum tarn_status status = tarn_batch_make(importer->env, schema, source.length, vector->children, out, importer->err);
    tarn_vector_release(vector);
    return status;
}

/* The array in a holder of one reference, the caller's; NULL with the error set, and the array released. */
static enum tarn_status hold(struct tarn_env *env, struct ArrowArray *array, struct tarn__arrow_holder **out, struct tarn_error *err)
{
    struct tarn__arrow_holder *holder = array->release != NULL ? tarn__calloc(env, 1, sizeof(*holder)) : NULL;
    *out = holder;
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
    return TARN_OK;
}

enum tarn_status tarn_arrow_import_batch(struct tarn_env *env, const struct tarn_schema *schema, const struct ArrowSchema *arrow_schema,
                                         struct ArrowArray *array, struct tarn_batch **out, struct tarn_error *err)
{
    struct tarn__arrow_holder *holder;
    *out = NULL;
    TARN_RETURN_IF_ERROR(hold(env, array, &holder, err));
    const struct tarn__arrow_importer importer = {env, holder, err};
    const enum tarn_status status = import_columns(&importer, schema, arrow_schema, out);
    tarn__arrow_holder_release(holder);
    return status;
}

enum tarn_status tarn__arrow_import_column(struct tarn_env *env, const struct tarn_field *field, const struct ArrowSchema *schema,
                                           struct ArrowArray *array, struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn__arrow_holder *holder;
    *out = NULL;
    TARN_RETURN_IF_ERROR(hold(env, array, &holder, err));
    const struct tarn__arrow_importer importer = {env, holder, err};
    const enum tarn_status status =
        tarn__arrow_import_member(&importer, schema, &holder->array, field, 0, tarn__arrow_length(&holder->array), out);
    tarn__arrow_holder_release(holder);
    return status;
}
