/* SPDX-License-Identifier: Apache-2.0
 *
 * Arrays of arrays in: structs, lists of all kinds, maps, runs, dictionaries. SPEC: X-ARROW-4, X-ARROW-6.
 */
#include "format/arrow/array_source.h"
#include "format/base/checked.h"
#include "format/batch/gather.h"

/* ---- nested ---- */

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

enum tarn_status tarn__arrow_import_member(const struct tarn__arrow_importer *importer, const struct ArrowSchema *schema,
                                           const struct ArrowArray *array, const struct tarn_field *field, uint64_t first, uint64_t length,
                                           struct tarn_vector **out)
{
    enum tarn_status status = tarn__arrow_import_array(importer, schema, array, field->type, first, length, out);
    if (status == TARN_OK && !field->nullable && tarn_vector_null_count(*out) != 0) {
        tarn_vector_release(*out);
        *out = NULL;
        status = tarn__arrow_refuse(importer, "it has nulls and its schema says that it has none");
    }
    if (status != TARN_OK) {
        prefix_path(importer->err, field->name);
    }
    return status;
}

enum tarn_status tarn__arrow_import_struct(const struct tarn__arrow_importer *importer, const struct tarn__arrow_source *source,
                                           struct tarn_buffer *validity, struct tarn_vector **out)
{
    static const struct tarn_type binary = {.id = TARN_TYPE_BINARY};
    static const struct tarn_field variant[] = {{.name = {"metadata", 8}, .type = &binary, .nullable = true, .id = -1},
                                                {.name = {"value", 5}, .type = &binary, .nullable = true, .id = -1}};
    const struct tarn_field *fields = source->type->id == TARN_TYPE_VARIANT ? variant : source->type->fields;
    const uint32_t count = (uint32_t)source->array->n_children;
    struct tarn_vector **children = tarn__calloc(importer->env, (size_t)count + 1, sizeof(struct tarn_vector *));
    enum tarn_status status = children != NULL ? TARN_OK : tarn__arrow_nomem(importer);
    for (uint32_t i = 0; i < count && status == TARN_OK; i++) {
        struct tarn_field field = fields[i];
        field.nullable = field.nullable || validity != NULL; /* below a null anything may stand */
        status = tarn__arrow_import_member(importer, source->schema->children[i], source->array->children[i], &field, source->at,
                                           source->length, &children[i]);
    }
    if (status == TARN_OK) {
        status =
            tarn__arrow_made(importer, tarn__vector_struct(importer->env, source->type, source->length, count, children, validity), out);
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
static enum tarn_status import_elements(const struct tarn__arrow_importer *importer, const struct tarn__arrow_source *source,
                                        uint64_t first, uint64_t length, struct tarn_vector *children[2])
{
    const struct ArrowSchema *schema = source->schema->children[0];
    const struct ArrowArray *array = source->array->children[0];
    children[0] = NULL;
    children[1] = NULL;
    if (source->type->id != TARN_TYPE_MAP) {
        return tarn__arrow_import_member(importer, schema, array, &source->type->fields[0], first, length, &children[0]);
    }
    struct tarn__arrow_source entries;
    struct tarn_buffer *validity;
    TARN_RETURN_IF_ERROR(tarn__arrow_source_open(importer, schema, array, source->type, first, length, &entries));
    if (entries.format.layout != TARN__ARROW_STRUCT || array->n_children != 2) {
        return tarn__arrow_refuse(importer, "the entries of a map are no struct of key and value");
    }
    TARN_RETURN_IF_ERROR(tarn__arrow_validity(importer, &entries, &validity));
    if (validity != NULL) {
        tarn__buffer_release(validity);
        return tarn__arrow_refuse(importer, "an entry of a map is null");
    }
    enum tarn_status status = TARN_OK;
    for (int i = 0; i < 2 && status == TARN_OK; i++) {
        status = tarn__arrow_import_member(importer, schema->children[i], array->children[i], &source->type->fields[i], entries.at, length,
                                           &children[i]);
    }
    if (status != TARN_OK) {
        tarn_vector_release(children[0]);
        children[0] = NULL;
    }
    return status;
}

enum tarn_status tarn__arrow_import_list(const struct tarn__arrow_importer *importer, const struct tarn__arrow_source *source,
                                         struct tarn_buffer *validity, struct tarn_vector **out)
{
    const bool wide = source->format.layout == TARN__ARROW_LARGE_LIST;
    const uint64_t elements = tarn__arrow_length(source->array->children[0]);
    const uint32_t count = source->type->id == TARN_TYPE_MAP ? 2 : 1;
    struct tarn_vector *children[2];
    struct tarn_buffer *offsets;
    uint64_t end;
    enum tarn_status status = tarn__arrow_offsets(importer, source, wide, elements, &offsets, &end);
    if (status == TARN_OK && (status = import_elements(importer, source, 0, elements, children)) != TARN_OK) {
        tarn__buffer_release(offsets);
    }
    if (status != TARN_OK) {
        tarn__buffer_release(validity);
        return status;
    }
    return tarn__arrow_made(importer,
                            tarn__vector_list(importer->env, source->type, source->length, offsets, wide, count, children, validity), out);
}

enum tarn_status tarn__arrow_import_fixed_list(const struct tarn__arrow_importer *importer, const struct tarn__arrow_source *source,
                                               struct tarn_buffer *validity, struct tarn_vector **out)
{
    const uint64_t width = source->format.width;
    uint64_t first;
    struct tarn_vector *children[2];
    enum tarn_status status = TARN_OK;
    if (!tarn__mul(source->at, width, &first) || source->length * width > TARN__ARROW_MOST_ROWS) {
        status = tarn__arrow_refuse(importer, "it has too many elements");
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
    return tarn__arrow_made(importer, tarn__vector_list(importer->env, source->type, source->length, offsets, false, 1, children, validity),
                            out);
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
static enum tarn_status gather_lists(const struct tarn__arrow_importer *importer, const struct tarn__arrow_source *source,
                                     struct tarn_vector *elements, struct tarn_buffer *validity, struct tarn_vector **out)
{
    const bool wide = source->format.layout == TARN__ARROW_LARGE_LIST_VIEW;
    const void *const *buffers = source->array->buffers;
    struct tarn_buffer *offsets = tarn__buffer_new(importer->env, ((size_t)source->length + 1) * sizeof(uint32_t));
    uint32_t *positions = NULL;
    size_t capacity = 0;
    uint64_t total = 0;
    enum tarn_status status = offsets != NULL ? TARN_OK : tarn__arrow_nomem(importer);
    for (uint32_t i = 0; i < source->length && status == TARN_OK; i++) {
        const uint64_t begin = number_at(buffers[1], wide, source->at + i);
        const uint64_t size = tarn__arrow_is_null(validity, i) ? 0 : number_at(buffers[2], wide, source->at + i);
        ((uint32_t *)(void *)offsets->data)[i] = (uint32_t)total;
        if (size != 0 && (begin > elements->length || size > elements->length - begin || total + size > TARN__ARROW_MOST_ROWS)) {
            status = tarn__arrow_refuse_row(importer, i, "a list leads out of its elements");
        } else if (!tarn__grow(importer->env, &positions, &capacity, (size_t)(total + size) + 1, sizeof(*positions))) {
            status = tarn__arrow_nomem(importer);
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
    return tarn__arrow_made(importer,
                            tarn__vector_list(importer->env, source->type, source->length, offsets, false, 1, &gathered, validity), out);
}

enum tarn_status tarn__arrow_import_list_views(const struct tarn__arrow_importer *importer, const struct tarn__arrow_source *source,
                                               struct tarn_buffer *validity, struct tarn_vector **out)
{
    struct tarn_vector *children[2];
    enum tarn_status status = TARN_OK;
    if (source->length != 0 && (source->array->buffers[1] == NULL || source->array->buffers[2] == NULL)) {
        status = tarn__arrow_refuse(importer, "it has no offsets or no sizes");
    }
    if (status == TARN_OK) {
        status = import_elements(importer, source, 0, tarn__arrow_length(source->array->children[0]), children);
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

bool tarn__arrow_index_width(const char *format, uint32_t *width, bool *is_signed)
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
static enum tarn_status import_ends(const struct tarn__arrow_importer *importer, const struct tarn__arrow_source *source,
                                    const struct tarn__arrow_source *ends, struct tarn_buffer **out, uint32_t *first_run,
                                    uint32_t *run_count)
{
    uint32_t width;
    bool is_signed;
    int64_t last = 0;
    *out = NULL;
    *first_run = 0;
    *run_count = 0;
    if (!tarn__arrow_index_width(ends->schema->format, &width, &is_signed) || !is_signed || width < 2 ||
        (ends->length != 0 && ends->array->buffers[1] == NULL)) {
        return tarn__arrow_refuse(importer, "its run ends are no integers");
    }
    struct tarn_buffer *made_ends = tarn__buffer_new(importer->env, (size_t)ends->length * sizeof(uint32_t));
    if (made_ends == NULL) {
        return tarn__arrow_nomem(importer);
    }
    const uint64_t begin = source->at;
    const uint64_t stop = begin + source->length;
    for (uint32_t i = 0; i < ends->length && (uint64_t)last < stop; i++) {
        const int64_t end = index_at(ends->array->buffers[1], width, is_signed, ends->at + i);
        if (end <= last) {
            tarn__buffer_release(made_ends);
            return tarn__arrow_refuse(importer, "its run ends do not ascend");
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
        return tarn__arrow_refuse(importer, "its runs end before its rows");
    }
    *run_count = source->length != 0 ? *run_count : 0;
    *out = made_ends;
    return TARN_OK;
}

enum tarn_status tarn__arrow_import_runs(const struct tarn__arrow_importer *importer, const struct tarn__arrow_source *source,
                                         struct tarn_vector **out)
{
    static const struct tarn_type number = {.id = TARN_TYPE_I64};
    const struct ArrowArray *array = source->array;
    struct tarn__arrow_source ends;
    struct tarn_buffer *buffer;
    struct tarn_vector *values;
    uint32_t first;
    uint32_t count;
    TARN_RETURN_IF_ERROR(tarn__arrow_source_open(importer, source->schema->children[0], array->children[0], &number, 0,
                                                 tarn__arrow_length(array->children[0]), &ends));
    TARN_RETURN_IF_ERROR(import_ends(importer, source, &ends, &buffer, &first, &count));
    const enum tarn_status status =
        tarn__arrow_import_array(importer, source->schema->children[1], array->children[1], source->type, first, count, &values);
    if (status != TARN_OK) {
        tarn__buffer_release(buffer);
        return status;
    }
    return tarn__arrow_made(importer, tarn__vector_runs(importer->env, source->type, source->length, count, buffer, values), out);
}

/* Codes, checked; TARN_GATHER_NULL where the row is null. NULL with the error set. */
static enum tarn_status import_codes(const struct tarn__arrow_importer *importer, const struct tarn__arrow_source *source,
                                     const struct tarn_buffer *validity, uint32_t entries, uint32_t null_code, struct tarn_buffer **out)
{
    uint32_t width;
    bool is_signed;
    *out = NULL;
    if (!tarn__arrow_index_width(source->schema->format, &width, &is_signed) ||
        (source->length != 0 && source->array->buffers[1] == NULL)) {
        return tarn__arrow_refuse(importer, "the codes of a dictionary are no integers");
    }
    struct tarn_buffer *codes = tarn__buffer_new(importer->env, (size_t)source->length * sizeof(uint32_t));
    if (codes == NULL) {
        return tarn__arrow_nomem(importer);
    }
    for (uint32_t i = 0; i < source->length; i++) {
        const int64_t code =
            tarn__arrow_is_null(validity, i) ? null_code : index_at(source->array->buffers[1], width, is_signed, source->at + i);
        if (!tarn__arrow_is_null(validity, i) && (code < 0 || code >= (int64_t)entries)) {
            tarn__buffer_release(codes);
            return tarn__arrow_refuse_row(importer, i, "a code has no entry in the dictionary");
        }
        ((uint32_t *)(void *)codes->data)[i] = (uint32_t)code;
    }
    *out = codes;
    return TARN_OK;
}

static void release_values_array(struct ArrowArray *array)
{
    array->release = NULL;
}

static bool can_be_dictionary(const struct tarn_vector *values)
{
    return (values->shape == TARN_SHAPE_FLAT || values->shape == TARN_SHAPE_STRINGS || values->shape == TARN_SHAPE_VIEWS) &&
           values->validity == NULL;
}

bool tarn__arrow_values_make(struct tarn_env *env, struct tarn_vector *vector, struct tarn__arrow_values *out)
{
    *out = (struct tarn__arrow_values){vector, NULL};
    if (!can_be_dictionary(vector)) {
        return true;
    }
    out->dictionary = tarn__dictionary_make(env, tarn_vector_retain(vector));
    if (out->dictionary == NULL) {
        tarn_vector_release(vector);
        out->vector = NULL;
    }
    return out->dictionary != NULL;
}

void tarn__arrow_values_release(struct tarn__arrow_values *values)
{
    tarn__dictionary_release(values->dictionary);
    tarn_vector_release(values->vector);
    *values = (struct tarn__arrow_values){NULL, NULL};
}

struct ArrowArray tarn__arrow_values_array(struct tarn__arrow_values *values)
{
    return (struct ArrowArray){.length = values->vector->length, .release = release_values_array, .private_data = values};
}

/* The values of a dictionary, which the caller then releases: those known before, or the array's. */
static enum tarn_status import_values(const struct tarn__arrow_importer *importer, const struct tarn__arrow_source *source,
                                      struct tarn__arrow_values *out)
{
    const struct ArrowArray *array = source->array->dictionary;
    struct tarn_vector *vector;
    *out = (struct tarn__arrow_values){NULL, NULL};
    if (array->release == release_values_array) {
        const struct tarn__arrow_values *known = array->private_data;
        if (!tarn_type_equal(known->vector->type, source->type)) {
            return tarn__arrow_refuse(importer, "its dictionary is of another type");
        }
        out->vector = tarn_vector_retain(known->vector);
        out->dictionary = known->dictionary != NULL ? tarn__dictionary_retain(known->dictionary) : NULL;
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(
        tarn__arrow_import_array(importer, source->schema->dictionary, array, source->type, 0, tarn__arrow_length(array), &vector));
    return tarn__arrow_values_make(importer->env, vector, out) ? TARN_OK : tarn__arrow_nomem(importer);
}

enum tarn_status tarn__arrow_import_dictionary(const struct tarn__arrow_importer *importer, const struct tarn__arrow_source *source,
                                               struct tarn_buffer *validity, struct tarn_vector **out)
{
    struct tarn__arrow_values values;
    struct tarn_buffer *codes = NULL;
    enum tarn_status status = import_values(importer, source, &values);
    if (status != TARN_OK) {
        tarn__buffer_release(validity);
        return status;
    }
    const bool plain = values.dictionary != NULL;
    status = import_codes(importer, source, validity, values.vector->length, plain ? 0 : TARN_GATHER_NULL, &codes);
    if (status == TARN_OK && !plain) { /* entries that tarn's dictionaries cannot hold: the rows themselves, then */
        status = tarn__vector_gather(values.vector, (const uint32_t *)(const void *)codes->data, source->length, out, importer->err);
        tarn__buffer_release(codes);
    } else if (status == TARN_OK) {
        status = tarn__arrow_made(importer,
                                  tarn__vector_dictionary(importer->env, source->type, source->length, codes,
                                                          tarn__dictionary_retain(values.dictionary), tarn__buffer_retain(validity)),
                                  out);
    }
    tarn__buffer_release(validity);
    tarn__arrow_values_release(&values);
    return status;
}
