/* SPDX-License-Identifier: Apache-2.0
 *
 * Shredded variants reconstructed.
 *
 * Specification: parquet-format VariantShredding.md. SPEC: P-VARCOL-1 to P-VARCOL-6.
 *
 * Invariants
 *  1. A stored value goes into the result as it is, since ids of the stored metadata keep their meaning: names are only added behind.
 *  2. Fields have an order number that is that of their names: 2 * rank + 1 for a name of the metadata, and for another one twice the
 *     rank of the first name behind it, then the number of the name among all of the column's.
 *  3. A metadata of a dictionary page is read once, however many rows have it.
 */
#include "format/variant/shredding.h"

#include "format/variant/variant_build.h"

static const struct tarn_type binary = {.id = TARN_TYPE_BINARY};

/* What is known of a name under the metadata at hand. */
struct name {
    uint64_t metadata; /* number of the metadata this was found for, 0: none */
    uint64_t row;      /* 1 + the row it was added in */
    uint32_t id;       /* UINT32_MAX: not in it */
    uint32_t added;    /* place among the added ones */
    uint64_t order;
};

struct known {
    struct tarn_variant_metadata metadata;
    struct tarn_span stored;
};

struct rebuild {
    struct tarn_env *env;
    const struct tarn_variant_column *column;
    struct tarn_vector *const *stored;
    struct tarn_error *err;

    /* metadata */
    struct known *known;
    size_t known_count;
    size_t known_capacity;
    uint32_t *by_code; /* metadata in a dictionary: 1 + index in known, 0: not read */
    const struct tarn_variant_metadata *metadata;
    struct tarn_span metadata_bytes; /* as stored, of this row */
    uint64_t metadata_number;        /* of the metadata at hand, from 1; the same for no other one */
    size_t current;

    /* names */
    struct name *names;
    struct tarn_text *added;
    uint32_t added_count;
    uint32_t row;

    struct tarn_variant_builder values;
    struct tarn_variant_builder metadatas; /* used once a name was added */
    bool has_added;
    struct tarn_buffer *found; /* of a part: the rows that have it */
};

static enum tarn_status contradict(struct rebuild *r, const char *what)
{
    return tarn__corrupt(r->err, "variant_shredding", "a shredded variant %s", what);
}

/* ---- metadata ---- */

static enum tarn_status read_metadata(struct rebuild *r, struct tarn_span bytes)
{
    if (!tarn__grow(r->env, &r->known, &r->known_capacity, r->known_count + 1, sizeof(*r->known))) {
        return tarn__nomem(r->env, r->err, sizeof(*r->known));
    }
    struct known *known = &r->known[r->known_count];
    known->stored = bytes;
    TARN_RETURN_IF_ERROR(tarn__variant_metadata_read(r->env, bytes, &known->metadata, r->err));
    r->current = r->known_count++;
    r->metadata_number = r->by_code != NULL ? r->known_count : r->metadata_number + 1;
    return TARN_OK;
}

static bool is_last(const struct rebuild *r, struct tarn_span bytes)
{
    if (r->known_count == 0 || r->known[0].stored.size != bytes.size) {
        return false;
    }
    const struct tarn_span last = r->known[0].stored;
    return last.data == bytes.data || memcmp(last.data, bytes.data, bytes.size) == 0;
}

static enum tarn_status replace_metadata(struct rebuild *r, struct tarn_span bytes)
{
    if (r->known_count != 0) {
        tarn__variant_metadata_free(r->env, &r->known[0].metadata);
        r->known_count = 0;
    }
    return read_metadata(r, bytes);
}

/* Makes the metadata of `row` the one at hand. */
static enum tarn_status find_metadata(struct rebuild *r, uint32_t row)
{
    const struct tarn_vector *vector = r->stored[r->column->metadata];
    const struct tarn__vector_place place = tarn__vector_locate(vector, row);
    if (place.is_null) {
        return contradict(r, "has no metadata");
    }
    r->metadata_bytes = tarn__span_of_text(tarn__vector_leaf_text(place.vector, place.row));
    if (r->by_code != NULL) {
        const uint32_t index = r->by_code[place.row];
        if (index != 0) {
            r->current = index - 1;
            r->metadata_number = index;
        } else {
            TARN_RETURN_IF_ERROR(read_metadata(r, r->metadata_bytes));
            r->by_code[place.row] = (uint32_t)r->known_count;
        }
    } else {
        TARN_RETURN_IF_ERROR(is_last(r, r->metadata_bytes) ? TARN_OK : replace_metadata(r, r->metadata_bytes));
    }
    r->metadata = &r->known[r->current].metadata;
    return TARN_OK;
}

/* ---- names ---- */

static const struct name *find_name(struct rebuild *r, uint32_t number)
{
    struct name *name = &r->names[number];
    if (name->metadata != r->metadata_number) {
        uint32_t rank;
        const bool found = tarn__variant_find_name(r->metadata, r->column->names[number], &rank, &name->id);
        name->metadata = r->metadata_number;
        name->id = found ? name->id : UINT32_MAX;
        name->order = found ? (2 * (uint64_t)rank + 1) << 32 : (2 * (uint64_t)rank) << 32 | number;
    }
    return name;
}

static void add_field(struct rebuild *r, uint32_t number)
{
    const struct name *found = find_name(r, number);
    uint32_t id = found->id;
    if (id == UINT32_MAX) {
        struct name *name = &r->names[number];
        if (name->row != (uint64_t)r->row + 1) {
            name->row = (uint64_t)r->row + 1;
            name->added = r->added_count;
            r->added[r->added_count++] = r->column->names[number];
        }
        id = r->metadata->count + name->added;
    }
    tarn__variant_add_field(&r->values, id, found->order);
}

/* ---- values ---- */

static struct tarn__vector_place locate(struct tarn_vector *const *children, uint32_t child, uint32_t row)
{
    if (child == TARN_SHREDDING_ABSENT) {
        return (struct tarn__vector_place){NULL, 0, true};
    }
    return tarn__vector_locate(children[child], row);
}

static enum tarn_status open_value(struct rebuild *r, struct tarn__vector_place place, unsigned depth, struct tarn_variant *out)
{
    const struct tarn_span bytes = tarn__span_of_text(tarn__vector_leaf_text(place.vector, place.row));
    TARN_RETURN_IF_ERROR(tarn__variant_open(r->metadata, bytes, out, r->err));
    return tarn__variant_check(out, depth, r->err);
}

static void add_primitive(struct rebuild *r, const struct tarn_shredding *group, struct tarn__vector_place place)
{
    const struct tarn_value value = tarn__vector_value(place.vector, place.row);
    const enum tarn_kind kind = tarn_type_kind(place.vector->type);
    uint64_t words[2] = {value.u.words[0], value.u.words[1]};
    switch (group->type) {
    case TARN_VARIANT_TRUE:
        tarn__variant_add_bool(&r->values, value.u.boolean);
        return;
    case TARN_VARIANT_F32:
    case TARN_VARIANT_F64:
        tarn__variant_add_float(&r->values, group->type, value.u.f64);
        return;
    case TARN_VARIANT_DECIMAL4:
    case TARN_VARIANT_DECIMAL8:
    case TARN_VARIANT_DECIMAL16:
        if (kind == TARN_KIND_I32 || kind == TARN_KIND_I64) {
            words[0] = (uint64_t)value.u.i64;
            words[1] = value.u.i64 < 0 ? UINT64_MAX : 0;
        }
        tarn__variant_add_decimal(&r->values, group->type, group->scale, words);
        return;
    case TARN_VARIANT_BINARY:
    case TARN_VARIANT_STRING:
    case TARN_VARIANT_UUID:
        tarn__variant_add_bytes(&r->values, group->type, tarn__span_of_text(value.u.bytes));
        return;
    default:
        tarn__variant_add_int(&r->values, group->type, value.u.i64);
        return;
    }
}

static enum tarn_status add_group(struct rebuild *r, const struct tarn_shredding *group, struct tarn_vector *const *children, uint32_t row,
                                  unsigned depth);

/* The group of an element or field: its children and row. False: it is null, as a writer that made it optional may leave it. */
static bool enter(const struct tarn_vector *vector, uint32_t row, struct tarn__vector_place *out)
{
    *out = tarn__vector_locate(vector, row);
    return !out->is_null;
}

static bool is_missing(const struct tarn_shredding *group, struct tarn__vector_place place)
{
    return locate(place.vector->children, group->value, place.row).is_null &&
           locate(place.vector->children, group->typed, place.row).is_null;
}

static enum tarn_status add_array(struct rebuild *r, const struct tarn_shredding *group, struct tarn__vector_place list, unsigned depth)
{
    const uint64_t end = tarn__vector_offset(list.vector, list.row + 1);
    tarn__variant_begin_array(&r->values);
    for (uint64_t i = tarn__vector_offset(list.vector, list.row); i < end; i++) {
        struct tarn__vector_place element;
        if (enter(list.vector->children[0], (uint32_t)i, &element)) {
            TARN_RETURN_IF_ERROR(add_group(r, group->element, element.vector->children, element.row, depth + 1));
        } else {
            tarn__variant_add_null(&r->values);
        }
    }
    (void)tarn__variant_end(&r->values);
    return TARN_OK;
}

/* Fields of `rest` before `order`; one of that order is a shredded one too. */
static enum tarn_status add_rest(struct rebuild *r, const struct tarn_variant *rest, uint64_t order, uint32_t *at)
{
    for (; *at < rest->count; ++*at) {
        struct tarn_variant field;
        uint32_t id;
        TARN_RETURN_IF_ERROR(tarn__variant_field_id(rest, *at, &id, r->err));
        const uint64_t own = (2 * (uint64_t)tarn__variant_rank(r->metadata, id) + 1) << 32;
        if (own == order) {
            const struct tarn_text name = tarn__variant_name(r->metadata, id);
            return tarn__corrupt(r->err, "variant_shredding", "a shredded variant has field \"%.*s\" in a column of its own and in value",
                                 TARN_TEXT_ARG(name));
        }
        if (own > order) {
            break;
        }
        TARN_RETURN_IF_ERROR(tarn__variant_member(rest, *at, &field, r->err));
        tarn__variant_add_field(&r->values, id, own);
        tarn__variant_add_stored(&r->values, field.bytes);
    }
    return TARN_OK;
}

/* `rest`: the fields that are no columns, NULL: there are none. */
static enum tarn_status add_object(struct rebuild *r, const struct tarn_shredding *group, struct tarn__vector_place object,
                                   const struct tarn_variant *rest, unsigned depth)
{
    uint32_t at = 0;
    tarn__variant_begin_object(&r->values);
    for (uint32_t i = 0; i < group->field_count; i++) {
        const struct tarn_shredded_field *field = &group->fields[i];
        struct tarn__vector_place place;
        if (rest != NULL) {
            TARN_RETURN_IF_ERROR(add_rest(r, rest, find_name(r, field->name)->order, &at));
        }
        if (enter(object.vector->children[field->child], object.row, &place) && !is_missing(&field->group, place)) {
            add_field(r, field->name);
            TARN_RETURN_IF_ERROR(add_group(r, &field->group, place.vector->children, place.row, depth + 1));
        }
    }
    if (rest != NULL) {
        TARN_RETURN_IF_ERROR(add_rest(r, rest, UINT64_MAX, &at));
    }
    return tarn__variant_end(&r->values) ? TARN_OK : contradict(r, "has two fields of one name");
}

static enum tarn_status add_group(struct rebuild *r, const struct tarn_shredding *group, struct tarn_vector *const *children, uint32_t row,
                                  unsigned depth)
{
    const struct tarn__vector_place value = locate(children, group->value, row);
    const struct tarn__vector_place typed = locate(children, group->typed, row);
    struct tarn_variant stored;
    if (!value.is_null) {
        TARN_RETURN_IF_ERROR(open_value(r, value, depth, &stored));
    }
    if (typed.is_null) {
        if (value.is_null) {
            tarn__variant_add_null(&r->values);
        } else {
            tarn__variant_add_stored(&r->values, stored.bytes);
        }
        return TARN_OK;
    }
    if (!value.is_null && (group->kind != TARN_SHREDDING_OBJECT || stored.type != TARN_VARIANT_OBJECT)) {
        return contradict(r, group->kind == TARN_SHREDDING_OBJECT ? "has fields in columns and is no object in value"
                                                                  : "is in value and in typed_value");
    }
    switch (group->kind) {
    case TARN_SHREDDING_ARRAY:
        return add_array(r, group, typed, depth);
    case TARN_SHREDDING_OBJECT:
        return add_object(r, group, typed, value.is_null ? NULL : &stored, depth);
    default:
        add_primitive(r, group, typed);
        return TARN_OK;
    }
}

/* ---- parts ---- */

/* What the steps lead to from the value of a row; *found is false when there is no such field. */
static enum tarn_status add_stored_part(struct rebuild *r, uint32_t row, bool *found)
{
    const struct tarn__vector_place place = locate(r->stored, r->column->group.value, row);
    struct tarn_variant value;
    *found = false;
    if (place.is_null) {
        return TARN_OK;
    }
    const struct tarn_span bytes = tarn__span_of_text(tarn__vector_leaf_text(place.vector, place.row));
    TARN_RETURN_IF_ERROR(tarn__variant_open(r->metadata, bytes, &value, r->err));
    for (uint32_t i = 0; i < r->column->step_count; i++) {
        struct tarn_variant member;
        TARN_RETURN_IF_ERROR(tarn__variant_field(&value, r->column->steps[i], found, &member, r->err));
        if (!*found) {
            return TARN_OK;
        }
        value = member;
    }
    TARN_RETURN_IF_ERROR(tarn__variant_check(&value, 0, r->err));
    tarn__variant_add_stored(&r->values, value.bytes);
    return TARN_OK;
}

static enum tarn_status add_part(struct rebuild *r, uint32_t row, bool *found)
{
    const struct tarn_shredding *group = &r->column->group;
    if (r->column->step_count != 0) {
        return add_stored_part(r, row, found);
    }
    *found = !locate(r->stored, group->value, row).is_null || !locate(r->stored, group->typed, row).is_null;
    return *found ? add_group(r, group, r->stored, row, 0) : TARN_OK;
}

/* ---- rows ---- */

static bool is_null(const uint8_t *validity, uint32_t row)
{
    return validity != NULL && !tarn__bit_get(validity, row);
}

static enum tarn_status open_rebuild(struct rebuild *r)
{
    const struct tarn_vector *metadata = r->stored[r->column->metadata];
    tarn__variant_builder_init(&r->values, r->env);
    tarn__variant_builder_init(&r->metadatas, r->env);
    r->names = tarn__calloc(r->env, (size_t)r->column->name_count + 1, sizeof(*r->names));
    r->added = tarn__calloc(r->env, (size_t)r->column->name_count + 1, sizeof(*r->added));
    if (r->names == NULL || r->added == NULL) {
        return tarn__nomem(r->env, r->err, r->column->name_count * sizeof(*r->names));
    }
    if (metadata->shape == TARN_SHAPE_DICTIONARY) {
        r->by_code = tarn__calloc(r->env, (size_t)metadata->dictionary->values->length + 1, sizeof(uint32_t));
        if (r->by_code == NULL) {
            return tarn__nomem(r->env, r->err, metadata->dictionary->values->length * sizeof(uint32_t));
        }
    }
    return TARN_OK;
}

static void close_rebuild(struct rebuild *r)
{
    for (size_t i = 0; i < r->known_count; i++) {
        tarn__variant_metadata_free(r->env, &r->known[i].metadata);
    }
    tarn__free(r->env, r->known);
    tarn__free(r->env, r->by_code);
    tarn__free(r->env, r->names);
    tarn__free(r->env, r->added);
    tarn__variant_builder_free(&r->values);
    tarn__variant_builder_free(&r->metadatas);
}

/*
 * Nothing is shredded: are all rows right as they are stored? *all is false when a row has no value, which is then to be a null of variant.
 */
static enum tarn_status check_stored(struct rebuild *r, uint32_t length, const uint8_t *validity, bool *all)
{
    const struct tarn_vector *values = r->stored[r->column->group.value];
    const bool dictionary = values->shape == TARN_SHAPE_DICTIONARY;
    uint64_t *checked = NULL; /* of each entry: the number of the metadata it was last found right with */
    enum tarn_status status = TARN_OK;
    if (dictionary) {
        checked = tarn__calloc(r->env, (size_t)values->dictionary->values->length + 1, sizeof(*checked));
        if (checked == NULL) {
            return tarn__nomem(r->env, r->err, values->dictionary->values->length * sizeof(*checked));
        }
    }
    *all = true;
    for (uint32_t row = 0; row < length && *all && status == TARN_OK; row++) {
        if (is_null(validity, row)) {
            continue;
        }
        const struct tarn__vector_place place = tarn__vector_locate(values, row);
        struct tarn_variant value;
        status = find_metadata(r, row);
        if (place.is_null) {
            *all = false;
        } else if (status == TARN_OK && (checked == NULL || checked[place.row] != r->metadata_number)) {
            status = open_value(r, place, 0, &value);
            if (checked != NULL) {
                checked[place.row] = r->metadata_number;
            }
        }
    }
    tarn__free(r->env, checked);
    return status;
}

/* From the first row on that needs a name, all metadata are new ones, those of the rows before copied. */
static enum tarn_status add_metadata(struct rebuild *r, uint32_t row, uint32_t *offsets)
{
    if (!r->has_added) {
        r->has_added = true;
        for (uint32_t i = 0; i < row; i++) {
            const struct tarn_text before = tarn_vector_text(r->stored[r->column->metadata], i);
            offsets[i] = (uint32_t)r->metadatas.size;
            tarn__variant_add_stored(&r->metadatas, tarn__span_of_text(before));
            if (r->metadatas.size > UINT32_MAX) {
                break; /* found out below */
            }
        }
    }
    offsets[row] = (uint32_t)r->metadatas.size;
    if (r->added_count != 0) {
        tarn__variant_add_metadata(&r->metadatas, r->metadata, r->added_count, r->added);
    } else {
        tarn__variant_add_stored(&r->metadatas, r->metadata_bytes);
    }
    return TARN_OK;
}

static enum tarn_status check_size(struct rebuild *r, const struct tarn_variant_builder *builder)
{
    TARN_RETURN_IF_ERROR(tarn__variant_builder_status(builder, r->err));
    if (builder->size > UINT32_MAX) {
        return tarn__error_set(r->err, TARN_LIMIT, "batch_bytes",
                               "one batch would hold over 4 GiB of variants; ask for fewer rows at a time");
    }
    return TARN_OK;
}

static enum tarn_status rebuild_rows(struct rebuild *r, uint32_t length, const uint8_t *validity, uint32_t *value_offsets,
                                     uint32_t *metadata_offsets)
{
    for (uint32_t row = 0; row < length; row++) {
        r->row = row;
        r->added_count = 0;
        r->metadata_bytes = (struct tarn_span){NULL, 0};
        value_offsets[row] = (uint32_t)r->values.size;
        if (!is_null(validity, row)) {
            TARN_RETURN_IF_ERROR(find_metadata(r, row));
            bool found = true;
            TARN_RETURN_IF_ERROR(r->found != NULL ? add_part(r, row, &found) : add_group(r, &r->column->group, r->stored, row, 0));
            if (r->found != NULL && found) {
                tarn__bit_set(r->found->data, row);
            }
            TARN_RETURN_IF_ERROR(check_size(r, &r->values));
        }
        if (r->added_count != 0 || r->has_added) {
            TARN_RETURN_IF_ERROR(add_metadata(r, row, metadata_offsets));
            TARN_RETURN_IF_ERROR(check_size(r, &r->metadatas));
        }
    }
    value_offsets[length] = (uint32_t)r->values.size;
    metadata_offsets[length] = (uint32_t)r->metadatas.size;
    return TARN_OK;
}

static struct tarn_vector *strings(struct rebuild *r, uint32_t length, const struct tarn_variant_builder *built,
                                   struct tarn_buffer *offsets)
{
    struct tarn_buffer *bytes = tarn__buffer_new(r->env, built->size);
    if (bytes != NULL && built->size != 0) {
        memcpy(bytes->data, built->data, built->size);
    }
    return tarn__vector_strings(r->env, &binary, length, offsets, false, bytes, NULL);
}

static enum tarn_status rebuild_all(struct rebuild *r, uint32_t length, const uint8_t *validity, struct tarn_vector *out[2])
{
    const size_t size = ((size_t)length + 1) * sizeof(uint32_t);
    struct tarn_buffer *value_offsets = tarn__buffer_new(r->env, size);
    struct tarn_buffer *metadata_offsets = tarn__buffer_new(r->env, size);
    enum tarn_status status = value_offsets != NULL && metadata_offsets != NULL ? TARN_OK : tarn__nomem(r->env, r->err, size);
    if (status == TARN_OK) {
        status = rebuild_rows(r, length, validity, (uint32_t *)(void *)value_offsets->data, (uint32_t *)(void *)metadata_offsets->data);
    }
    if (status != TARN_OK) {
        tarn__buffer_release(value_offsets);
        tarn__buffer_release(metadata_offsets);
        return status;
    }
    if (r->has_added) {
        out[0] = strings(r, length, &r->metadatas, metadata_offsets);
    } else {
        tarn__buffer_release(metadata_offsets);
        out[0] = tarn_vector_retain(r->stored[r->column->metadata]);
    }
    out[1] = strings(r, length, &r->values, value_offsets);
    return out[0] != NULL && out[1] != NULL ? TARN_OK : tarn__nomem(r->env, r->err, 0);
}

enum tarn_status tarn__variant_reconstruct(struct tarn_env *env, const struct tarn_variant_column *column, uint32_t length,
                                           const uint8_t *validity, struct tarn_vector *const *stored, struct tarn_vector *out[2],
                                           struct tarn_buffer **found, struct tarn_error *err)
{
    struct rebuild r = {.env = env, .column = column, .stored = stored, .err = err};
    bool as_stored = false;
    out[0] = NULL;
    out[1] = NULL;
    *found = NULL;
    enum tarn_status status = open_rebuild(&r);
    if (status == TARN_OK && column->is_part) {
        r.found = tarn__buffer_new_zeroed(env, tarn__bits_bytes(length));
        status = r.found != NULL ? TARN_OK : tarn__nomem(env, err, tarn__bits_bytes(length));
    } else if (status == TARN_OK && column->group.kind == TARN_SHREDDING_NONE) {
        status = check_stored(&r, length, validity, &as_stored);
    }
    if (status == TARN_OK && as_stored) {
        out[0] = tarn_vector_retain(stored[column->metadata]);
        out[1] = tarn_vector_retain(stored[column->group.value]);
    } else if (status == TARN_OK) {
        status = rebuild_all(&r, length, validity, out);
    }
    close_rebuild(&r);
    if (status != TARN_OK) {
        tarn_vector_release(out[0]);
        tarn_vector_release(out[1]);
        tarn__buffer_release(r.found);
        out[0] = NULL;
        out[1] = NULL;
        return status;
    }
    *found = r.found;
    return TARN_OK;
}
