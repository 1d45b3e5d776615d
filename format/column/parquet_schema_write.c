/* SPDX-License-Identifier: Apache-2.0
 *
 * A logical schema as SchemaElements, depth first.
 *
 * Specification: Parquet LogicalTypes.md, "Nested Types". SPEC: P-SCHEMA-6 to P-SCHEMA-8.
 */
#include "format/base/bytes.h"
#include "format/column/leaf_path.h"
#include "format/column/logical_type.h"

struct writer {
    struct parquet_schema_element *elements; /* NULL: count only */
    uint32_t count;
    struct tarn_error *err;
};

/* The next element; while counting, a place that is thrown away. */
static struct parquet_schema_element *next(struct writer *w, struct parquet_schema_element *scratch, struct tarn_text name,
                                           int32_t repetition)
{
    struct parquet_schema_element *element = w->elements != NULL ? &w->elements[w->count] : scratch;
    w->count++;
    *element = (struct parquet_schema_element){.name = name, .has_repetition_type = true, .repetition_type = repetition};
    return element;
}

static void make_group(struct parquet_schema_element *element, uint32_t children, int32_t logical, int32_t converted)
{
    element->has_num_children = true;
    element->num_children = (int32_t)children;
    if (logical != 0) {
        element->has_logical_type = element->has_converted_type = true;
        element->logical_type.id = logical;
        element->converted_type = converted;
    }
}

static enum tarn_status put_field(struct writer *w, const struct tarn_field *field, struct tarn_text name, bool required, uint32_t depth);

static enum tarn_status put_list(struct writer *w, struct parquet_schema_element *element, const struct tarn_type *type, uint32_t depth)
{
    struct parquet_schema_element scratch;
    make_group(element, 1, PARQUET_LOGICAL_LIST, PARQUET_CONVERTED_LIST);
    make_group(next(w, &scratch, TARN_TEXT("list"), PARQUET_REPEATED), 1, 0, 0);
    return put_field(w, &type->fields[0], TARN_TEXT("element"), false, depth + 1);
}

static enum tarn_status put_map(struct writer *w, struct parquet_schema_element *element, const struct tarn_type *type, uint32_t depth)
{
    struct parquet_schema_element scratch;
    make_group(element, 1, PARQUET_LOGICAL_MAP, PARQUET_CONVERTED_MAP);
    make_group(next(w, &scratch, TARN_TEXT("key_value"), PARQUET_REPEATED), 2, 0, 0);
    TARN_RETURN_IF_ERROR(put_field(w, &type->fields[0], TARN_TEXT("key"), true, depth + 1));
    return put_field(w, &type->fields[1], TARN_TEXT("value"), false, depth + 1);
}

static enum tarn_status put_struct(struct writer *w, struct parquet_schema_element *element, const struct tarn_type *type, uint32_t depth)
{
    if (type->field_count == 0) {
        return tarn__invalid(w->err, "schema", "column %.*s is a struct without fields, which Parquet cannot store",
                             TARN_TEXT_ARG(element->name));
    }
    make_group(element, type->field_count, 0, 0);
    for (uint32_t i = 0; i < type->field_count; i++) {
        TARN_RETURN_IF_ERROR(put_field(w, &type->fields[i], type->fields[i].name, false, depth + 1));
    }
    return TARN_OK;
}

/* `metadata`, `value` and, of a shredded one, `typed_value`. */
static enum tarn_status put_variant(struct writer *w, struct parquet_schema_element *element, const struct tarn_type *type, uint32_t depth)
{
    uint32_t count;
    const struct tarn_field *members = tarn__storage_members(type, &count);
    make_group(element, count, 0, 0);
    element->has_logical_type = true;
    element->logical_type = (struct parquet_logical_type){.id = PARQUET_LOGICAL_VARIANT, .u.variant = {true, 1}};
    for (uint32_t i = 0; i < count; i++) {
        TARN_RETURN_IF_ERROR(put_field(w, &members[i], members[i].name, false, depth + 1));
    }
    return TARN_OK;
}

/* What the type has no member for, a field keeps among its properties (parquet_schema.h). */
static void put_kept(struct parquet_schema_element *element, const struct tarn_field *field)
{
    for (uint32_t i = 0; i < field->property_count; i++) {
        const struct tarn_property *property = &field->properties[i];
        int32_t algorithm;
        if (field->type->id == TARN_TYPE_STRUCT && tarn__text_equal(property->key, TARN_TEXT(TARN_PARQUET_LOGICAL_KEY)) &&
            tarn__text_equal(property->value, TARN_TEXT("FILE"))) {
            element->has_logical_type = true;
            element->logical_type = (struct parquet_logical_type){.id = PARQUET_LOGICAL_FILE};
        } else if (field->type->id == TARN_TYPE_GEOGRAPHY && tarn__text_equal(property->key, TARN_TEXT(TARN_PARQUET_ALGORITHM_KEY)) &&
                   tarn__edge_algorithm_of(property->value, &algorithm)) {
            element->logical_type.u.geography.has_algorithm = true;
            element->logical_type.u.geography.algorithm = algorithm;
        }
    }
}

static enum tarn_status put_field(struct writer *w, const struct tarn_field *field, struct tarn_text name, bool required, uint32_t depth)
{
    struct parquet_schema_element scratch;
    if (depth > TARN_MAX_DEPTH) {
        return tarn__error_set(w->err, TARN_LIMIT, "schema_depth", "the schema nests deeper than %d", TARN_MAX_DEPTH);
    }
    struct parquet_schema_element *element = next(w, &scratch, name, required || !field->nullable ? PARQUET_REQUIRED : PARQUET_OPTIONAL);
    element->has_field_id = field->id >= 0;
    element->field_id = field->id >= 0 ? field->id : 0;
    switch (field->type->id) {
    case TARN_TYPE_LIST:
        return put_list(w, element, field->type, depth);
    case TARN_TYPE_MAP:
        return put_map(w, element, field->type, depth);
    case TARN_TYPE_STRUCT:
        put_kept(element, field);
        return put_struct(w, element, field->type, depth);
    case TARN_TYPE_VARIANT:
        return put_variant(w, element, field->type, depth);
    default:
        break;
    }
    const enum tarn_status status = tarn__leaf_type_write(field->type, element, w->err);
    put_kept(element, field);
    if (status != TARN_OK) {
        tarn__error_at_column(w->err, field->name);
    }
    return status;
}

static enum tarn_status put_schema(struct writer *w, const struct tarn_schema *schema)
{
    struct parquet_schema_element scratch;
    struct parquet_schema_element *root = next(w, &scratch, TARN_TEXT("schema"), PARQUET_REQUIRED);
    root->has_repetition_type = false;
    make_group(root, schema->field_count, 0, 0);
    for (uint32_t i = 0; i < schema->field_count; i++) {
        TARN_RETURN_IF_ERROR(put_field(w, &schema->fields[i], schema->fields[i].name, false, 1));
    }
    return TARN_OK;
}

enum tarn_status tarn__file_schema_write(struct tarn_arena *arena, const struct tarn_schema *schema, uint32_t *count,
                                         struct parquet_schema_element **elements, struct tarn_error *err)
{
    struct writer w = {.err = err};
    *count = 0;
    *elements = NULL;
    TARN_RETURN_IF_ERROR(put_schema(&w, schema));
    struct parquet_schema_element *made = tarn__arena_calloc(arena, w.count, sizeof(*made));
    if (made == NULL) {
        return tarn__nomem(arena->env, err, (uint64_t)w.count * sizeof(*made));
    }
    w = (struct writer){.elements = made, .err = err};
    TARN_RETURN_IF_ERROR(put_schema(&w, schema));
    *count = w.count;
    *elements = made;
    return TARN_OK;
}
