/* SPDX-License-Identifier: Apache-2.0
 *
 * Variants shredded.
 *
 * Specification: parquet-format VariantShredding.md. SPEC: P-VARSHRED-1 to P-VARSHRED-5.
 *
 * Invariants
 *  1. No variant reaches a file that was not checked whole.
 *  2. Ids of the metadata keep their meaning: it is stored as it came, names of shredded fields included.
 *  3. Fields of objects and of plans are both in the order of their names, so that they are merged in one pass.
 */
#include "format/variant/variant_shred.h"

#include "format/base/int128.h"
#include "format/batch/vector_builder.h"
#include "format/variant/variant_build.h"

/* ---- the type of what is stored ---- */

static const struct tarn_type variant_bytes = {.id = TARN_TYPE_BINARY, .wide = true}; /* as leaf_path.h says */

static enum tarn_status typed_of(struct tarn_arena *arena, const struct tarn_type *type, const struct tarn_type **out,
                                 struct tarn_error *err);

static struct tarn_field member(const char *name, size_t size, const struct tarn_type *type, bool nullable)
{
    return (struct tarn_field){.name = {name, size}, .type = type, .nullable = nullable, .id = -1};
}

static enum tarn_status nomem(struct tarn_arena *arena, struct tarn_error *err)
{
    return tarn__nomem(arena->env, err, sizeof(struct tarn_field));
}

/* The group of `value` and `typed_value` that a field or element is. */
static enum tarn_status group_of(struct tarn_arena *arena, const struct tarn_type *type, const struct tarn_type **out,
                                 struct tarn_error *err)
{
    struct tarn_type *group = tarn__arena_calloc(arena, 1, sizeof(*group));
    struct tarn_field *fields = tarn__arena_calloc(arena, 2, sizeof(*fields));
    if (group == NULL || fields == NULL) {
        return nomem(arena, err);
    }
    *group = (struct tarn_type){.id = TARN_TYPE_STRUCT, .field_count = type->id == TARN_TYPE_VARIANT ? 1 : 2, .fields = fields};
    fields[0] = member("value", 5, &variant_bytes, true);
    if (type->id != TARN_TYPE_VARIANT) {
        const struct tarn_type *typed;
        TARN_RETURN_IF_ERROR(typed_of(arena, type, &typed, err));
        fields[1] = member("typed_value", 11, typed, true);
    }
    *out = group;
    return TARN_OK;
}

static bool is_shreddable(const struct tarn_type *type)
{
    switch (type->id) {
    case TARN_TYPE_BOOL:
    case TARN_TYPE_I8:
    case TARN_TYPE_I16:
    case TARN_TYPE_I32:
    case TARN_TYPE_I64:
    case TARN_TYPE_F32:
    case TARN_TYPE_F64:
    case TARN_TYPE_DATE:
    case TARN_TYPE_STRING:
    case TARN_TYPE_UUID:
        return true;
    case TARN_TYPE_BINARY:
        return type->precision == 0;
    case TARN_TYPE_DECIMAL:
        return type->precision <= 38;
    case TARN_TYPE_TIME:
        return type->unit == TARN_MICRO && !type->utc;
    case TARN_TYPE_TIMESTAMP:
        return !type->wide && (type->unit == TARN_MICRO || type->unit == TARN_NANO);
    default:
        return false;
    }
}

static enum tarn_status object_of(struct tarn_arena *arena, const struct tarn_type *type, struct tarn_type *out, struct tarn_error *err)
{
    struct tarn_field *fields = tarn__arena_calloc(arena, (size_t)type->field_count + 1, sizeof(*fields));
    if (fields == NULL) {
        return nomem(arena, err);
    }
    if (type->field_count == 0) {
        return tarn__invalid(err, "shredding_type", "an object without fields cannot be shredded");
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct tarn_type *group;
        for (uint32_t k = 0; k < i; k++) {
            if (tarn__text_equal(type->fields[k].name, type->fields[i].name)) {
                return tarn__invalid(err, "shredding_type", "field \"%.*s\" stands twice", TARN_TEXT_ARG(type->fields[i].name));
            }
        }
        TARN_RETURN_IF_ERROR(group_of(arena, type->fields[i].type, &group, err));
        fields[i] = (struct tarn_field){.name = type->fields[i].name, .type = group, .id = -1};
    }
    out->fields = fields;
    out->field_count = type->field_count;
    return TARN_OK;
}

static enum tarn_status typed_of(struct tarn_arena *arena, const struct tarn_type *type, const struct tarn_type **out,
                                 struct tarn_error *err)
{
    struct tarn_type *made = tarn__arena_calloc(arena, 1, sizeof(*made));
    if (made == NULL) {
        return nomem(arena, err);
    }
    *out = made;
    made->id = type->id;
    if (type->id == TARN_TYPE_STRUCT) {
        return object_of(arena, type, made, err);
    }
    if (type->id == TARN_TYPE_LIST) {
        struct tarn_field *element = tarn__arena_calloc(arena, 1, sizeof(*element));
        const struct tarn_type *group;
        if (element == NULL) {
            return nomem(arena, err);
        }
        TARN_RETURN_IF_ERROR(group_of(arena, type->fields[0].type, &group, err));
        *element = member("element", 7, group, false);
        made->fields = element;
        made->field_count = 1;
        return TARN_OK;
    }
    if (!is_shreddable(type)) {
        char text[64];
        (void)tarn_type_format(type, text, sizeof(text));
        return tarn__invalid(err, "shredding_type", "no value of a variant has the type %s", text);
    }
    *made = (struct tarn_type){.id = type->id, .unit = type->unit, .utc = type->utc, .precision = type->precision, .scale = type->scale};
    return TARN_OK;
}

enum tarn_status tarn__variant_storage_type(struct tarn_arena *arena, const struct tarn_type *typed, const struct tarn_type **out,
                                            struct tarn_error *err)
{
    struct tarn_type *storage = tarn__arena_calloc(arena, 1, sizeof(*storage));
    struct tarn_field *fields = tarn__arena_calloc(arena, 3, sizeof(*fields));
    const struct tarn_type *type;
    *out = NULL;
    if (storage == NULL || fields == NULL) {
        return nomem(arena, err);
    }
    TARN_RETURN_IF_ERROR(typed_of(arena, typed, &type, err));
    fields[0] = member("metadata", 8, &variant_bytes, false);
    fields[1] = member("value", 5, &variant_bytes, true);
    fields[2] = member("typed_value", 11, type, true);
    *storage = (struct tarn_type){.id = TARN_TYPE_VARIANT, .field_count = 3, .fields = fields};
    *out = storage;
    return TARN_OK;
}

/* ---- rows in ---- */

static enum tarn_status no_variant(struct tarn_error *err, const struct tarn_error *why)
{
    return tarn__invalid(err, "variant", "a value of a VARIANT column is no variant: %.200s", why->message);
}

static enum tarn_status know_metadata(struct tarn__variant_reader *reader, struct tarn_text bytes, struct tarn_error *why)
{
    if (reader->known && reader->bytes->size == bytes.size && memcmp(reader->bytes->data, bytes.data, bytes.size) == 0) {
        return TARN_OK;
    }
    tarn__variant_reader_free(reader);
    reader->bytes = tarn__buffer_new(reader->env, bytes.size);
    if (reader->bytes == NULL) {
        return tarn__nomem(reader->env, why, bytes.size);
    }
    if (bytes.size != 0) {
        memcpy(reader->bytes->data, bytes.data, bytes.size);
    }
    TARN_RETURN_IF_ERROR(tarn__variant_metadata_read(reader->env, tarn__buffer_span(reader->bytes), &reader->metadata, why));
    reader->known = true;
    return TARN_OK;
}

enum tarn_status tarn__variant_reader_row(struct tarn__variant_reader *reader, const struct tarn_vector *vector, uint32_t row,
                                          struct tarn_variant *out, struct tarn_error *err)
{
    struct tarn_error why = TARN_ERROR_INIT;
    const struct tarn__vector_place metadata = tarn__vector_locate(vector->children[0], row);
    const struct tarn__vector_place value = tarn__vector_locate(vector->children[1], row);
    if (metadata.is_null || value.is_null) {
        return tarn__invalid(err, "variant", "a variant that is not null has no metadata or no value");
    }
    enum tarn_status status = know_metadata(reader, tarn__vector_leaf_text(metadata.vector, metadata.row), &why);
    if (status == TARN_OK) {
        const struct tarn_span bytes = tarn__span_of_text(tarn__vector_leaf_text(value.vector, value.row));
        status = tarn__variant_open(&reader->metadata, bytes, out, &why);
    }
    if (status == TARN_OK) {
        status = tarn__variant_check(out, 0, &why);
    }
    if (status == TARN_CORRUPT) {
        return no_variant(err, &why);
    }
    if (status != TARN_OK && err != NULL) {
        *err = why;
    }
    return status;
}

void tarn__variant_reader_free(struct tarn__variant_reader *reader)
{
    tarn__variant_metadata_free(reader->env, &reader->metadata);
    tarn__buffer_release(reader->bytes);
    *reader = (struct tarn__variant_reader){.env = reader->env};
}

/* ---- values ---- */

struct shredder {
    struct tarn__variant_reader reader;
    const struct tarn_variant_column *column;
    struct tarn_variant_builder rest;
};

static bool int_fits(enum tarn_variant_type type, int64_t value)
{
    switch (type) {
    case TARN_VARIANT_I8:
        return value >= INT8_MIN && value <= INT8_MAX;
    case TARN_VARIANT_I16:
        return value >= INT16_MIN && value <= INT16_MAX;
    case TARN_VARIANT_I32:
        return value >= INT32_MIN && value <= INT32_MAX;
    default:
        return true;
    }
}

static bool decimal_fits(const struct tarn_type *type, const struct tarn_variant *v)
{
    uint64_t words[2];
    if (v->scale != type->scale) {
        return false;
    }
    tarn__variant_decimal(v, words);
    const tarn_i128 value = (tarn_i128)((tarn_u128)words[1] << 64 | words[0]);
    tarn_i128 most = 1;
    for (int32_t i = 0; i < type->precision; i++) {
        most *= 10;
    }
    return value > -most && value < most;
}

static bool is_int(enum tarn_variant_type type)
{
    return type >= TARN_VARIANT_I8 && type <= TARN_VARIANT_I64;
}

static bool is_decimal(enum tarn_variant_type type)
{
    return type >= TARN_VARIANT_DECIMAL4 && type <= TARN_VARIANT_DECIMAL16;
}

static bool fits(const struct tarn_shredding *group, const struct tarn_type *type, const struct tarn_variant *v)
{
    if (group->type == TARN_VARIANT_TRUE) {
        return v->type == TARN_VARIANT_TRUE || v->type == TARN_VARIANT_FALSE;
    }
    if (is_int(group->type)) {
        return is_int(v->type) && int_fits(group->type, tarn__variant_int(v));
    }
    if (is_decimal(group->type)) {
        return is_decimal(v->type) && decimal_fits(type, v);
    }
    return v->type == group->type;
}

static void put_decimal(struct tarn_vector_builder *builder, const struct tarn_type *type, const struct tarn_variant *v)
{
    uint64_t words[4];
    tarn__variant_decimal(v, words);
    words[2] = words[3] = (int64_t)words[1] < 0 ? UINT64_MAX : 0;
    if (tarn_type_kind(type) == TARN_KIND_I128) {
        tarn__vector_builder_words(builder, words);
    } else {
        tarn__vector_builder_i64(builder, (int64_t)words[0]);
    }
}

static void put_primitive(struct tarn_vector_builder *builder, const struct tarn_type *type, const struct tarn_variant *v)
{
    switch (v->type) {
    case TARN_VARIANT_TRUE:
    case TARN_VARIANT_FALSE:
        tarn__vector_builder_bool(builder, v->type == TARN_VARIANT_TRUE);
        return;
    case TARN_VARIANT_F32:
    case TARN_VARIANT_F64:
        tarn__vector_builder_f64(builder, tarn__variant_float(v));
        return;
    case TARN_VARIANT_DECIMAL4:
    case TARN_VARIANT_DECIMAL8:
    case TARN_VARIANT_DECIMAL16:
        put_decimal(builder, type, v);
        return;
    case TARN_VARIANT_BINARY:
    case TARN_VARIANT_STRING:
    case TARN_VARIANT_UUID:
        tarn__vector_builder_text(builder, (struct tarn_text){(const char *)v->payload.data, v->payload.size});
        return;
    default:
        tarn__vector_builder_i64(builder, tarn__variant_int(v));
        return;
    }
}

/* ---- groups ---- */

/* Where a group's values go; `typed` NULL: it has none. */
struct columns {
    struct tarn_vector_builder *value;
    struct tarn_vector_builder *typed;
    const struct tarn_type *type; /* of typed */
};

static enum tarn_status put_group(struct shredder *s, const struct tarn_shredding *group, struct columns to, const struct tarn_variant *v,
                                  struct tarn_error *err);

/* A field or element: a group in a STRUCT of its own. `v` NULL: it is missing. */
static enum tarn_status put_member(struct shredder *s, const struct tarn_shredding *group, struct tarn_vector_builder *builder,
                                   const struct tarn_type *type, const struct tarn_variant *v, struct tarn_error *err)
{
    const bool typed = group->typed != TARN_SHREDDING_ABSENT;
    const struct columns to = {tarn__vector_builder_child(builder, group->value),
                               typed ? tarn__vector_builder_child(builder, group->typed) : NULL,
                               typed ? type->fields[group->typed].type : NULL};
    if (v != NULL) {
        TARN_RETURN_IF_ERROR(put_group(s, group, to, v, err));
    } else {
        tarn__vector_builder_null(to.value);
        if (to.typed != NULL) {
            tarn__vector_builder_null(to.typed);
        }
    }
    tarn__vector_builder_close(builder);
    return TARN_OK;
}

static enum tarn_status put_array(struct shredder *s, const struct tarn_shredding *group, struct columns to, const struct tarn_variant *v,
                                  struct tarn_error *err)
{
    for (uint32_t i = 0; i < v->count; i++) {
        struct tarn_variant element;
        TARN_RETURN_IF_ERROR(tarn__variant_member(v, i, &element, err));
        TARN_RETURN_IF_ERROR(
            put_member(s, group->element, tarn__vector_builder_child(to.typed, 0), to.type->fields[0].type, &element, err));
    }
    tarn__vector_builder_close(to.typed);
    tarn__vector_builder_null(to.value);
    return TARN_OK;
}

/* The name of a plan's field against that of field `at` of an object; after the last one all are greater. */
static enum tarn_status compare_field(struct shredder *s, const struct tarn_shredded_field *field, const struct tarn_variant *v,
                                      uint32_t at, int *order, uint32_t *id, struct tarn_error *err)
{
    *order = -1;
    if (at < v->count) {
        TARN_RETURN_IF_ERROR(tarn__variant_field_id(v, at, id, err));
        *order = tarn__text_compare(s->column->names[field->name], tarn__variant_name(v->metadata, *id));
    }
    return TARN_OK;
}

/* The fields that have no column as an object of their own; nothing when there are none. */
static enum tarn_status put_rest(struct shredder *s, const struct tarn_shredding *group, struct tarn_vector_builder *value,
                                 const struct tarn_variant *v, struct tarn_error *err)
{
    uint32_t left = 0;
    uint32_t k = 0;
    tarn__variant_builder_clear(&s->rest);
    tarn__variant_begin_object(&s->rest);
    for (uint32_t at = 0; at < v->count; at++) {
        struct tarn_variant field;
        uint32_t id = 0;
        int order = -1;
        TARN_RETURN_IF_ERROR(tarn__variant_field_id(v, at, &id, err));
        while (k < group->field_count && order < 0) {
            TARN_RETURN_IF_ERROR(compare_field(s, &group->fields[k], v, at, &order, &id, err));
            k += order < 0;
        }
        if (k < group->field_count && order == 0) {
            continue;
        }
        TARN_RETURN_IF_ERROR(tarn__variant_member(v, at, &field, err));
        tarn__variant_add_field(&s->rest, id, tarn__variant_rank(v->metadata, id));
        tarn__variant_add_stored(&s->rest, field.bytes);
        left++;
    }
    (void)tarn__variant_end(&s->rest);
    TARN_RETURN_IF_ERROR(tarn__variant_builder_status(&s->rest, err));
    if (left == 0) {
        tarn__vector_builder_null(value);
    } else {
        tarn__vector_builder_text(value, (struct tarn_text){(const char *)s->rest.data, s->rest.size});
    }
    return TARN_OK;
}

static enum tarn_status put_object(struct shredder *s, const struct tarn_shredding *group, struct columns to, const struct tarn_variant *v,
                                   struct tarn_error *err)
{
    uint32_t at = 0;
    TARN_RETURN_IF_ERROR(put_rest(s, group, to.value, v, err));
    for (uint32_t i = 0; i < group->field_count; i++) {
        const struct tarn_shredded_field *field = &group->fields[i];
        struct tarn_variant held;
        uint32_t id;
        int order;
        TARN_RETURN_IF_ERROR(compare_field(s, field, v, at, &order, &id, err));
        while (order > 0) {
            at++;
            TARN_RETURN_IF_ERROR(compare_field(s, field, v, at, &order, &id, err));
        }
        if (order == 0) {
            TARN_RETURN_IF_ERROR(tarn__variant_member(v, at++, &held, err));
        }
        TARN_RETURN_IF_ERROR(put_member(s, &field->group, tarn__vector_builder_child(to.typed, field->child),
                                        to.type->fields[field->child].type, order == 0 ? &held : NULL, err));
    }
    tarn__vector_builder_close(to.typed);
    return TARN_OK;
}

static enum tarn_status put_group(struct shredder *s, const struct tarn_shredding *group, struct columns to, const struct tarn_variant *v,
                                  struct tarn_error *err)
{
    if (group->kind == TARN_SHREDDING_ARRAY && v->type == TARN_VARIANT_ARRAY) {
        return put_array(s, group, to, v, err);
    }
    if (group->kind == TARN_SHREDDING_OBJECT && v->type == TARN_VARIANT_OBJECT) {
        return put_object(s, group, to, v, err);
    }
    if (group->kind == TARN_SHREDDING_PRIMITIVE && fits(group, to.type, v)) {
        put_primitive(to.typed, to.type, v);
        tarn__vector_builder_null(to.value);
        return TARN_OK;
    }
    tarn__vector_builder_text(to.value, (struct tarn_text){(const char *)v->bytes.data, v->bytes.size});
    if (to.typed != NULL) {
        tarn__vector_builder_null(to.typed);
    }
    return TARN_OK;
}

/* ---- rows ---- */

static bool is_live(const struct tarn_vector *vector, const uint8_t *live, uint32_t row)
{
    return (live == NULL || tarn__bit_get(live, row)) && (vector->validity == NULL || tarn__bit_get(vector->validity, row));
}

static enum tarn_status check_rows(struct shredder *s, const struct tarn_vector *vector, const uint8_t *live, struct tarn_error *err)
{
    for (uint32_t row = 0; row < vector->length; row++) {
        struct tarn_variant v;
        if (is_live(vector, live, row)) {
            const enum tarn_status status = tarn__variant_reader_row(&s->reader, vector, row, &v, err);
            if (status != TARN_OK) {
                tarn__error_at_row(err, row);
                return status;
            }
        }
    }
    return TARN_OK;
}

static enum tarn_status build_rows(struct shredder *s, const struct tarn_vector *vector, const uint8_t *live,
                                   struct tarn_vector_builder *builder, const struct tarn_type *storage, struct tarn_error *err)
{
    const struct columns to = {tarn__vector_builder_child(builder, 0), tarn__vector_builder_child(builder, 1), storage->fields[2].type};
    for (uint32_t row = 0; row < vector->length; row++) {
        struct tarn_variant v;
        if (!is_live(vector, live, row)) {
            tarn__vector_builder_null(builder);
            continue;
        }
        enum tarn_status status = tarn__variant_reader_row(&s->reader, vector, row, &v, err);
        if (status == TARN_OK) {
            status = put_group(s, &s->column->group, to, &v, err);
        }
        if (status != TARN_OK) {
            tarn__error_at_row(err, row);
            return status;
        }
        tarn__vector_builder_close(builder);
    }
    return TARN_OK;
}

/* The vector of rows that are built: null where it was null or not live. */
static enum tarn_status join(struct tarn_env *env, const struct tarn_type *storage, const struct tarn_vector *vector,
                             const struct tarn_vector *built, struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_vector *children[3] = {tarn_vector_retain(vector->children[0]), tarn_vector_retain(built->children[0]),
                                       tarn_vector_retain(built->children[1])};
    struct tarn_buffer *validity = NULL;
    if (built->validity != NULL) {
        validity = tarn__buffer_new(env, tarn__bits_bytes(vector->length));
        if (validity != NULL) {
            memcpy(validity->data, built->validity, tarn__bits_bytes(vector->length));
        }
    }
    if (built->validity != NULL && validity == NULL) {
        for (unsigned i = 0; i < 3; i++) {
            tarn_vector_release(children[i]);
        }
        return tarn__nomem(env, err, vector->length);
    }
    *out = tarn__vector_struct(env, storage, vector->length, 3, children, validity);
    return *out != NULL ? TARN_OK : tarn__nomem(env, err, vector->length);
}

static enum tarn_status shred_rows(struct shredder *s, struct tarn_env *env, const struct tarn_type *storage, struct tarn_vector *vector,
                                   const uint8_t *live, struct tarn_vector **out, struct tarn_error *err)
{
    const struct tarn_type pair = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = storage->fields + 1};
    struct tarn_vector_builder *builder;
    struct tarn_vector *built = NULL;
    TARN_RETURN_IF_ERROR(tarn__vector_builder_open(env, &pair, &builder, err));
    enum tarn_status status = build_rows(s, vector, live, builder, storage, err);
    if (status == TARN_OK) {
        status = tarn__vector_builder_finish(builder, &built, err);
    }
    tarn__vector_builder_close_all(builder);
    if (status == TARN_OK) {
        status = join(env, storage, vector, built, out, err);
    }
    tarn_vector_release(built);
    return status;
}

enum tarn_status tarn__variant_shred(struct tarn_env *env, const struct tarn_variant_column *column, const struct tarn_type *storage,
                                     struct tarn_vector *vector, const uint8_t *live, struct tarn_vector **out, struct tarn_error *err)
{
    struct shredder s = {.reader = {.env = env}, .column = column};
    enum tarn_status status = TARN_OK;

    *out = NULL;
    if (vector->shape == TARN_SHAPE_CONSTANT || vector->shape == TARN_SHAPE_RUNS) {
        struct tarn_vector *child;
        TARN_RETURN_IF_ERROR(tarn__variant_shred(env, column, storage, vector->children[0], NULL, &child, err));
        *out = tarn__vector_with_children(vector, &child);
        tarn_vector_release(child);
        return *out != NULL ? TARN_OK : tarn__nomem(env, err, 0);
    }
    if (vector->shape == TARN_SHAPE_NULLS) {
        *out = tarn_vector_retain(vector);
        return TARN_OK;
    }
    if (vector->shape != TARN_SHAPE_STRUCT || vector->child_count != 2) {
        return tarn__invalid(err, "vector", "a VARIANT column was given a vector whose shape it cannot have");
    }
    tarn__variant_builder_init(&s.rest, env);
    if (column == NULL) {
        status = check_rows(&s, vector, live, err);
        *out = status == TARN_OK ? tarn_vector_retain(vector) : NULL;
    } else {
        status = shred_rows(&s, env, storage, vector, live, out, err);
    }
    tarn__variant_builder_free(&s.rest);
    tarn__variant_reader_free(&s.reader);
    return status;
}
