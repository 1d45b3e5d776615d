/* SPDX-License-Identifier: Apache-2.0
 * Schemas, both ways: the shapes of LogicalTypes.md with its rules of backward compatibility, and the mapping of types.
 */
#include "format/column/parquet_schema.h"

#include "format/base/bytes.h"
#include "format/column/logical_type.h"
#include "format/column/variant_schema.h"
#include "tarn/cursor.h"
#include "tests/support/fault.h"

static struct tarn_error err;
static struct tarn_env *env;
static struct tarn_arena arena;

static void open_arena(void)
{
    env = tarn_test_env();
    tarn__arena_init(&arena, env);
}

static void close_arena(struct tarn_file_schema *schema)
{
    tarn__file_schema_free(schema);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}

/* Elements in short. */
#define GROUP(element_name, repetition, children, ...)                                                                                     \
    {                                                                                                                                      \
        .name = {element_name, sizeof(element_name) - 1}, .has_repetition_type = true, .repetition_type = PARQUET_##repetition,            \
        .has_num_children = true, .num_children = children, __VA_ARGS__                                                                    \
    }
#define LEAF(element_name, repetition, physical, ...)                                                                                      \
    {                                                                                                                                      \
        .name = {element_name, sizeof(element_name) - 1}, .has_repetition_type = true, .repetition_type = PARQUET_##repetition,            \
        .has_type = true, .type = PARQUET_##physical, __VA_ARGS__                                                                          \
    }
#define ROOT(children)                                                                                                                     \
    {                                                                                                                                      \
        .name = {"root", 4}, .has_num_children = true, .num_children = children                                                            \
    }
#define CONVERTED(id) .has_converted_type = true, .converted_type = PARQUET_CONVERTED_##id
#define LOGICAL(type_id) .has_logical_type = true, .logical_type = {.id = PARQUET_LOGICAL_##type_id}
#define NOTHING .has_field_id = false

#define READ(elements, out) tarn__file_schema_read(&arena, sizeof(elements) / sizeof((elements)[0]), elements, 0, NULL, out, &err)

static void expect_type(const struct tarn_type *type, const char *sql)
{
    char text[200];
    tarn_type_format(type, text, sizeof(text));
    ck_assert_str_eq(text, sql);
}

static void expect_levels(const struct tarn_node *node, enum tarn_node_kind kind, unsigned definition, unsigned repetition, bool nullable)
{
    ck_assert_int_eq(node->kind, kind);
    ck_assert_uint_eq(node->definition, definition);
    ck_assert_uint_eq(node->repetition, repetition);
    ck_assert_int_eq(node->nullable, nullable);
}

START_TEST(schema__three_level_lists) /* P-SCHEMA-1, P-SCHEMA-2 */
{
    static const struct parquet_schema_element elements[] = {
        ROOT(2),
        LEAF("a", REQUIRED, INT64, .has_field_id = true, .field_id = 7),
        GROUP("b", OPTIONAL, 1, LOGICAL(LIST)),
        GROUP("list", REPEATED, 1, NOTHING),
        LEAF("element", OPTIONAL, BYTE_ARRAY, CONVERTED(UTF8)),
    };
    struct tarn_file_schema *schema;
    open_arena();
    ck_assert_ok(READ(elements, &schema), &err);
    ck_assert_uint_eq(schema->schema->field_count, 2);
    expect_type(schema->schema->fields[1].type, "VARCHAR[]");
    ck_assert_int_eq(schema->schema->fields[0].id, 7);
    ck_assert_int_eq(schema->schema->fields[1].id, -1);
    const struct tarn_node *list = &schema->root.children[1];
    expect_levels(list, TARN_NODE_LIST, 1, 1, true);
    ck_assert_uint_eq(list->element_definition, 2);
    expect_levels(&list->children[0], TARN_NODE_LEAF, 3, 1, true);
    ck_assert_uint_eq(schema->leaf_count, 2);
    const struct tarn_leaf *leaf = &schema->leaves[1];
    ck_assert_uint_eq(leaf->max_definition, 3);
    ck_assert_uint_eq(leaf->max_repetition, 1);
    ck_assert_int_eq(strncmp(leaf->path.data, "b.list.element", leaf->path.size), 0);
    ck_assert_uint_eq(leaf->path.size, 14);
    ck_assert_uint_eq(leaf->step_count, 3);
    ck_assert_ptr_eq(leaf->node, &list->children[0]);
    ck_assert_ptr_eq(leaf->type, list->children[0].field->type);
    ck_assert_ptr_eq(list->field, &schema->schema->fields[1]);
    ck_assert_int_eq(leaf->order, TARN_ORDER_BYTES);
    ck_assert_int_eq(schema->leaves[0].order, TARN_ORDER_SIGNED);
    ck_assert_uint_eq(list->leaf, 1);
    ck_assert_uint_eq(list->leaf_count, 1);
    close_arena(schema);
}
END_TEST

/* Every list below is column "l"; `sql` is what it must become, `definition` the largest level of its first leaf. */
struct list_case {
    const char *sql;
    unsigned definition;
    unsigned repetition;
    unsigned count;
    struct parquet_schema_element elements[7];
};

static const struct list_case lists[] = {
    {"(INTEGER NOT NULL)[]", 1, 1, 3, {ROOT(1), GROUP("l", REQUIRED, 1, CONVERTED(LIST)), LEAF("element", REPEATED, INT32, NOTHING)}},
    {"(STRUCT(str VARCHAR NOT NULL, num INTEGER NOT NULL) NOT NULL)[]",
     1,
     1,
     5,
     {ROOT(1), GROUP("l", REQUIRED, 1, CONVERTED(LIST)), GROUP("element", REPEATED, 2, NOTHING),
      LEAF("str", REQUIRED, BYTE_ARRAY, LOGICAL(STRING)), LEAF("num", REQUIRED, INT32, NOTHING)}},
    {"(STRUCT(str VARCHAR NOT NULL) NOT NULL)[]",
     2,
     1,
     4,
     {ROOT(1), GROUP("l", OPTIONAL, 1, CONVERTED(LIST)), GROUP("array", REPEATED, 1, NOTHING),
      LEAF("str", REQUIRED, BYTE_ARRAY, LOGICAL(STRING))}},
    {"(STRUCT(str VARCHAR NOT NULL) NOT NULL)[]",
     2,
     1,
     4,
     {ROOT(1), GROUP("l", OPTIONAL, 1, CONVERTED(LIST)), GROUP("l_tuple", REPEATED, 1, NOTHING),
      LEAF("str", REQUIRED, BYTE_ARRAY, LOGICAL(STRING))}},
    {"(VARCHAR NOT NULL)[]",
     2,
     1,
     4,
     {ROOT(1), GROUP("l", OPTIONAL, 1, CONVERTED(LIST)), GROUP("bag", REPEATED, 1, NOTHING),
      LEAF("x", REQUIRED, BYTE_ARRAY, LOGICAL(STRING))}},
    {"(STRUCT(x (INTEGER NOT NULL)[] NOT NULL) NOT NULL)[]",
     3,
     2,
     4,
     {ROOT(1), GROUP("l", OPTIONAL, 1, CONVERTED(LIST)), GROUP("bag", REPEATED, 1, NOTHING), LEAF("x", REPEATED, INT32, NOTHING)}},
    {"((INTEGER NOT NULL)[] NOT NULL)[]",
     2,
     2,
     4,
     {ROOT(1), GROUP("l", REQUIRED, 1, CONVERTED(LIST)), GROUP("element", REPEATED, 1, CONVERTED(LIST)),
      LEAF("array", REPEATED, INT32, NOTHING)}},
    {"(DOUBLE NOT NULL)[]", 1, 1, 2, {ROOT(1), LEAF("l", REPEATED, DOUBLE, NOTHING)}},
    {"(STRUCT(x INTEGER) NOT NULL)[]", 2, 1, 3, {ROOT(1), GROUP("l", REPEATED, 1, NOTHING), LEAF("x", OPTIONAL, INT32, NOTHING)}},
    {"STRUCT(x INTEGER)", 2, 0, 3, {ROOT(1), GROUP("l", OPTIONAL, 1, LOGICAL(LIST)), LEAF("x", OPTIONAL, INT32, NOTHING)}},
};

START_TEST(schema__older_lists) /* P-SCHEMA-2 */
{
    const struct list_case *c = &lists[_i];
    struct tarn_file_schema *schema;
    open_arena();
    ck_assert_ok(tarn__file_schema_read(&arena, c->count, c->elements, 0, NULL, &schema, &err), &err);
    expect_type(schema->schema->fields[0].type, c->sql);
    ck_assert_uint_eq(schema->leaves[0].max_definition, c->definition);
    ck_assert_uint_eq(schema->leaves[0].max_repetition, c->repetition);
    close_arena(schema);
}
END_TEST

START_TEST(schema__maps) /* P-SCHEMA-3 */
{
    static const struct parquet_schema_element elements[] = {
        ROOT(2),
        GROUP("m", OPTIONAL, 1, CONVERTED(MAP_KEY_VALUE)),
        GROUP("map", REPEATED, 2, NOTHING),
        LEAF("k", OPTIONAL, BYTE_ARRAY, CONVERTED(UTF8)), /* wrongly optional */
        LEAF("v", OPTIONAL, INT32, NOTHING),
        GROUP("s", REQUIRED, 1, LOGICAL(MAP)),
        GROUP("key_value", REPEATED, 1, NOTHING),
        LEAF("key", REQUIRED, INT64, NOTHING),
    };
    struct tarn_file_schema *schema;
    open_arena();
    ck_assert_ok(READ(elements, &schema), &err);
    expect_type(schema->schema->fields[0].type, "MAP(VARCHAR, INTEGER)");
    const struct tarn_node *map = &schema->root.children[0];
    expect_levels(map, TARN_NODE_MAP, 1, 1, true);
    ck_assert_uint_eq(map->element_definition, 2);
    expect_levels(&map->children[0], TARN_NODE_LEAF, 3, 1, true);
    expect_levels(&map->children[1], TARN_NODE_LEAF, 3, 1, true);
    ck_assert(!map->children[0].field->nullable);
    const struct tarn_node *set = &schema->root.children[1];
    expect_levels(set, TARN_NODE_MAP, 0, 1, false);
    ck_assert_int_eq(set->children[1].kind, TARN_NODE_ABSENT);
    ck_assert_int_eq(set->children[1].field->type->id, TARN_TYPE_NULL);
    ck_assert_uint_eq(schema->leaf_count, 3);
    close_arena(schema);
}
END_TEST

START_TEST(schema__structs_and_variants)
{
    static const struct parquet_schema_element elements[] = {
        ROOT(2),
        GROUP("s", OPTIONAL, 2, NOTHING),
        LEAF("x", REQUIRED, DOUBLE, NOTHING),
        GROUP("in", REQUIRED, 1, NOTHING),
        LEAF("y", OPTIONAL, BOOLEAN, NOTHING),
        GROUP("v", OPTIONAL, 2, LOGICAL(VARIANT)),
        LEAF("metadata", REQUIRED, BYTE_ARRAY, NOTHING),
        LEAF("value", OPTIONAL, BYTE_ARRAY, NOTHING),
    };
    struct tarn_file_schema *schema;
    open_arena();
    ck_assert_ok(READ(elements, &schema), &err);
    expect_levels(&schema->root.children[0], TARN_NODE_STRUCT, 1, 0, true);
    expect_levels(&schema->root.children[0].children[1], TARN_NODE_STRUCT, 1, 0, false);
    ck_assert_uint_eq(schema->leaves[0].max_definition, 1);
    ck_assert_uint_eq(schema->leaves[1].max_definition, 2);
    const struct tarn_node *variant = &schema->root.children[1];
    ck_assert_int_eq(variant->kind, TARN_NODE_VARIANT);
    ck_assert_int_eq(variant->field->type->id, TARN_TYPE_VARIANT);
    ck_assert_int_eq(variant->children[1].field->type->id, TARN_TYPE_BINARY);
    ck_assert_ptr_nonnull(variant->variant);
    ck_assert_ptr_null(schema->leaves[3].malformed);
    ck_assert_ptr_null(schema->leaves[0].unsupported);
    close_arena(schema);
}
END_TEST

#define INTEGER_OF(width, sign) .has_logical_type = true, .logical_type = {.id = PARQUET_LOGICAL_INTEGER, .u.integer = {width, sign}}
#define TIME_OF(kind, unit_id, is_utc)                                                                                                     \
    .has_logical_type = true,                                                                                                              \
    .logical_type = {.id = PARQUET_LOGICAL_##kind, .u.time = {.unit = {PARQUET_UNIT_##unit_id}, .is_adjusted_to_utc = is_utc}}
#define DECIMAL_OF(p, s) .has_logical_type = true, .logical_type = {.id = PARQUET_LOGICAL_DECIMAL, .u.decimal = {s, p}}

/* Columns that typed_value may be, and what their values become. */
static const struct {
    struct parquet_schema_element typed;
    int type; /* -1: none */
} typed_values[] = {
    {LEAF("typed_value", OPTIONAL, BOOLEAN, NOTHING), TARN_VARIANT_TRUE},
    {LEAF("typed_value", OPTIONAL, INT32, INTEGER_OF(8, true)), TARN_VARIANT_I8},
    {LEAF("typed_value", OPTIONAL, INT32, INTEGER_OF(16, true)), TARN_VARIANT_I16},
    {LEAF("typed_value", OPTIONAL, INT32, NOTHING), TARN_VARIANT_I32},
    {LEAF("typed_value", OPTIONAL, INT64, INTEGER_OF(64, true)), TARN_VARIANT_I64},
    {LEAF("typed_value", OPTIONAL, FLOAT, NOTHING), TARN_VARIANT_F32},
    {LEAF("typed_value", OPTIONAL, DOUBLE, NOTHING), TARN_VARIANT_F64},
    {LEAF("typed_value", OPTIONAL, INT32, DECIMAL_OF(9, 2)), TARN_VARIANT_DECIMAL4},
    {LEAF("typed_value", OPTIONAL, INT64, DECIMAL_OF(5, 2)), TARN_VARIANT_DECIMAL8},
    {LEAF("typed_value", OPTIONAL, BYTE_ARRAY, DECIMAL_OF(38, 2)), TARN_VARIANT_DECIMAL16},
    {LEAF("typed_value", OPTIONAL, FIXED_LEN_BYTE_ARRAY, .has_type_length = true, .type_length = 16, DECIMAL_OF(20, 0)),
     TARN_VARIANT_DECIMAL16},
    {LEAF("typed_value", OPTIONAL, INT32, LOGICAL(DATE)), TARN_VARIANT_DATE},
    {LEAF("typed_value", OPTIONAL, INT64, TIME_OF(TIME, MICROS, false)), TARN_VARIANT_TIME_NTZ},
    {LEAF("typed_value", OPTIONAL, INT64, TIME_OF(TIMESTAMP, MICROS, true)), TARN_VARIANT_TIMESTAMP},
    {LEAF("typed_value", OPTIONAL, INT64, TIME_OF(TIMESTAMP, MICROS, false)), TARN_VARIANT_TIMESTAMP_NTZ},
    {LEAF("typed_value", OPTIONAL, INT64, TIME_OF(TIMESTAMP, NANOS, true)), TARN_VARIANT_TIMESTAMP_NANOS},
    {LEAF("typed_value", OPTIONAL, INT64, TIME_OF(TIMESTAMP, NANOS, false)), TARN_VARIANT_TIMESTAMP_NTZ_NANOS},
    {LEAF("typed_value", OPTIONAL, BYTE_ARRAY, NOTHING), TARN_VARIANT_BINARY},
    {LEAF("typed_value", OPTIONAL, BYTE_ARRAY, LOGICAL(STRING)), TARN_VARIANT_STRING},
    {LEAF("typed_value", OPTIONAL, FIXED_LEN_BYTE_ARRAY, .has_type_length = true, .type_length = 16, LOGICAL(UUID)), TARN_VARIANT_UUID},
    {LEAF("typed_value", OPTIONAL, INT32, INTEGER_OF(8, false)), -1},
    {LEAF("typed_value", OPTIONAL, INT32, INTEGER_OF(32, false)), -1},
    {LEAF("typed_value", OPTIONAL, INT64, INTEGER_OF(64, false)), -1},
    {LEAF("typed_value", OPTIONAL, INT96, NOTHING), -1},
    {LEAF("typed_value", OPTIONAL, FIXED_LEN_BYTE_ARRAY, .has_type_length = true, .type_length = 4, NOTHING), -1},
    {LEAF("typed_value", OPTIONAL, FIXED_LEN_BYTE_ARRAY, .has_type_length = true, .type_length = 2, LOGICAL(FLOAT16)), -1},
    {LEAF("typed_value", OPTIONAL, FIXED_LEN_BYTE_ARRAY, .has_type_length = true, .type_length = 17, DECIMAL_OF(39, 0)), -1},
    {LEAF("typed_value", OPTIONAL, INT32, TIME_OF(TIME, MILLIS, false)), -1},
    {LEAF("typed_value", OPTIONAL, INT64, TIME_OF(TIME, MICROS, true)), -1},
    {LEAF("typed_value", OPTIONAL, INT64, TIME_OF(TIMESTAMP, MILLIS, true)), -1},
    {LEAF("typed_value", OPTIONAL, BYTE_ARRAY, LOGICAL(JSON)), -1},
    {LEAF("typed_value", OPTIONAL, BYTE_ARRAY, LOGICAL(ENUM)), -1},
    {LEAF("typed_value", OPTIONAL, INT32, LOGICAL(UNKNOWN)), -1},
};

START_TEST(schema__knows_the_types_that_variants_are_shredded_to) /* P-VARCOL-2 */
{
    const struct parquet_schema_element elements[] = {
        ROOT(2),
        LEAF("x", REQUIRED, INT32, NOTHING),
        GROUP("v", OPTIONAL, 3, LOGICAL(VARIANT)),
        typed_values[_i].typed,
        LEAF("value", OPTIONAL, BYTE_ARRAY, NOTHING),
        LEAF("metadata", REQUIRED, BYTE_ARRAY, NOTHING),
    };
    struct tarn_file_schema *schema;
    open_arena();
    ck_assert_ok(READ(elements, &schema), &err);
    const struct tarn_variant_column *column = schema->root.children[1].variant;
    ck_assert_int_eq(column != NULL, typed_values[_i].type >= 0);
    ck_assert_int_eq(schema->leaves[1].malformed != NULL, column == NULL);
    ck_assert_int_eq(schema->leaves[3].malformed != NULL, column == NULL);
    ck_assert_ptr_null(schema->leaves[0].malformed); /* other columns can be read */
    if (column != NULL) {
        ck_assert_uint_eq(column->metadata, 2);
        ck_assert_uint_eq(column->group.value, 1);
        ck_assert_uint_eq(column->group.typed, 0);
        ck_assert_int_eq(column->group.kind, TARN_SHREDDING_PRIMITIVE);
        ck_assert_int_eq(column->group.type, typed_values[_i].type);
    }
    close_arena(schema);
}
END_TEST

#define VALUE LEAF("value", OPTIONAL, BYTE_ARRAY, NOTHING)
#define METADATA LEAF("metadata", REQUIRED, BYTE_ARRAY, NOTHING)

START_TEST(schema__shredded_objects_and_arrays) /* P-VARCOL-1 */
{
    static const struct parquet_schema_element elements[] = {
        ROOT(1),
        GROUP("v", REQUIRED, 3, LOGICAL(VARIANT)),
        LEAF("_note", OPTIONAL, INT32, NOTHING),
        METADATA,
        GROUP("typed_value", OPTIONAL, 2, NOTHING), /* value may be absent */
        GROUP("b", REQUIRED, 1, NOTHING),
        GROUP("typed_value", OPTIONAL, 1, LOGICAL(LIST)),
        GROUP("list", REPEATED, 1, NOTHING),
        GROUP("element", REQUIRED, 2, NOTHING),
        VALUE,
        GROUP("typed_value", OPTIONAL, 1, NOTHING),
        GROUP("b", REQUIRED, 1, NOTHING),
        VALUE,
        GROUP("a", REQUIRED, 1, NOTHING),
        VALUE,
    };
    struct tarn_file_schema *schema;
    open_arena();
    ck_assert_ok(READ(elements, &schema), &err);
    const struct tarn_variant_column *column = schema->root.children[0].variant;
    ck_assert_ptr_nonnull(column);
    ck_assert_uint_eq(column->metadata, 1);
    ck_assert_uint_eq(column->group.value, TARN_SHREDDING_ABSENT);
    ck_assert_uint_eq(column->name_count, 2);
    ck_assert(tarn__text_equal(column->names[0], TARN_TEXT("a")));
    ck_assert_int_eq(column->group.kind, TARN_SHREDDING_OBJECT);
    ck_assert_uint_eq(column->group.field_count, 2);
    const struct tarn_shredded_field *fields = column->group.fields;
    ck_assert_uint_eq(fields[0].child, 1);
    ck_assert_uint_eq(fields[0].name, 0);
    ck_assert_uint_eq(fields[1].child, 0);
    ck_assert_uint_eq(fields[1].name, 1);
    ck_assert_int_eq(fields[1].group.kind, TARN_SHREDDING_ARRAY);
    ck_assert_int_eq(fields[1].group.element->kind, TARN_SHREDDING_OBJECT);
    ck_assert_uint_eq(fields[1].group.element->fields[0].name, 1);
    close_arena(schema);
}
END_TEST

static const struct {
    struct parquet_schema_element elements[9];
} no_variants[] = {
    {{ROOT(1), GROUP("v", REQUIRED, 1, LOGICAL(VARIANT)), VALUE}},
    {{ROOT(1), GROUP("v", REQUIRED, 1, LOGICAL(VARIANT)), METADATA}},
    {{ROOT(1), GROUP("v", REQUIRED, 2, LOGICAL(VARIANT)), METADATA, LEAF("value", OPTIONAL, BYTE_ARRAY, LOGICAL(STRING))}},
    {{ROOT(1), GROUP("v", REQUIRED, 2, LOGICAL(VARIANT)), METADATA, LEAF("value", OPTIONAL, INT32, NOTHING)}},
    {{ROOT(1), GROUP("v", REQUIRED, 2, LOGICAL(VARIANT)), METADATA, LEAF("value", REPEATED, BYTE_ARRAY, NOTHING)}},
    {{ROOT(1), GROUP("v", REQUIRED, 3, LOGICAL(VARIANT)), METADATA, VALUE, LEAF("other", OPTIONAL, INT32, NOTHING)}},
    {{ROOT(1), GROUP("v", REQUIRED, 3, LOGICAL(VARIANT)), METADATA, VALUE, VALUE}},
    {{ROOT(1), GROUP("v", REQUIRED, 3, LOGICAL(VARIANT)), METADATA, METADATA, VALUE}},
    {{ROOT(1), GROUP("v", REQUIRED, 2, LOGICAL(VARIANT)), METADATA, GROUP("typed_value", OPTIONAL, 1, NOTHING),
      LEAF("a", OPTIONAL, INT32, NOTHING)}},
    {{ROOT(1), GROUP("v", REQUIRED, 3, LOGICAL(VARIANT)), METADATA, VALUE, GROUP("typed_value", OPTIONAL, 0, NOTHING)}},
    {{ROOT(1), GROUP("v", REQUIRED, 2, LOGICAL(VARIANT)), METADATA, GROUP("typed_value", OPTIONAL, 1, NOTHING),
      GROUP("a", REQUIRED, 1, NOTHING), LEAF("_note", OPTIONAL, INT32, NOTHING)}},
    {{ROOT(1), GROUP("v", REQUIRED, 2, LOGICAL(VARIANT)), METADATA, GROUP("typed_value", OPTIONAL, 2, NOTHING),
      GROUP("a", REQUIRED, 1, NOTHING), VALUE, GROUP("a", REQUIRED, 1, NOTHING), VALUE}},
    {{ROOT(1), GROUP("v", REQUIRED, 2, LOGICAL(VARIANT)), METADATA, GROUP("typed_value", OPTIONAL, 1, LOGICAL(MAP)),
      GROUP("key_value", REPEATED, 2, NOTHING), LEAF("key", REQUIRED, INT32, NOTHING), LEAF("value", REQUIRED, INT32, NOTHING)}},
    {{ROOT(1), GROUP("v", REQUIRED, 2, LOGICAL(VARIANT)), METADATA, GROUP("typed_value", OPTIONAL, 1, LOGICAL(LIST)),
      GROUP("list", REPEATED, 1, NOTHING), LEAF("element", REQUIRED, INT32, NOTHING)}},
    {{ROOT(1), GROUP("v", REQUIRED, 3, LOGICAL(VARIANT)), METADATA, VALUE, GROUP("typed_value", OPTIONAL, 2, LOGICAL(VARIANT)), METADATA,
      VALUE}},
};

START_TEST(schema__groups_that_are_no_variants) /* P-VARCOL-1, P-VARCOL-2 */
{
    struct tarn_file_schema *schema;
    uint32_t count = 0;
    open_arena();
    while (count < 9 && no_variants[_i].elements[count].name.size != 0) {
        count++;
    }
    ck_assert_ok(tarn__file_schema_read(&arena, count, no_variants[_i].elements, 0, NULL, &schema, &err), &err);
    ck_assert_ptr_null(schema->root.children[0].variant);
    for (uint32_t i = 0; i < schema->leaf_count; i++) {
        ck_assert_ptr_nonnull(schema->leaves[i].malformed);
    }
    close_arena(schema);
}
END_TEST

struct broken_case {
    const char *name;
    enum tarn_status status;
    unsigned count;
    struct parquet_schema_element elements[4];
};

static const struct broken_case broken[] = {
    {"no element", TARN_CORRUPT, 0, {ROOT(0)}},
    {"root is a leaf", TARN_CORRUPT, 1, {LEAF("x", REQUIRED, INT32, NOTHING)}},
    {"children missing", TARN_CORRUPT, 2, {ROOT(2), LEAF("x", REQUIRED, INT32, NOTHING)}},
    {"children left over", TARN_CORRUPT, 3, {ROOT(1), LEAF("x", REQUIRED, INT32, NOTHING), LEAF("y", REQUIRED, INT32, NOTHING)}},
    {"2^31 - 1 children", TARN_CORRUPT, 2, {ROOT(INT32_MAX), LEAF("x", REQUIRED, INT32, NOTHING)}},
    {"negative children", TARN_CORRUPT, 2, {ROOT(1), GROUP("x", REQUIRED, -1, NOTHING)}},
    {"type and children",
     TARN_CORRUPT,
     3,
     {ROOT(1), LEAF("x", REQUIRED, INT32, .has_num_children = true, .num_children = 1), LEAF("y", REQUIRED, INT32, NOTHING)}},
    {"neither", TARN_CORRUPT, 2, {ROOT(1), {.name = {"x", 1}}}},
    {"no length", TARN_CORRUPT, 2, {ROOT(1), LEAF("x", REQUIRED, FIXED_LEN_BYTE_ARRAY, NOTHING)}},
    {"length 0", TARN_CORRUPT, 2, {ROOT(1), LEAF("x", REQUIRED, FIXED_LEN_BYTE_ARRAY, .has_type_length = true)}},
};

START_TEST(schema__refuses_what_is_no_tree) /* P-SCHEMA-4 */
{
    struct tarn_file_schema *schema;
    open_arena();
    ck_assert_msg(tarn__file_schema_read(&arena, broken[_i].count, broken[_i].elements, 0, NULL, &schema, &err) == broken[_i].status, "%s",
                  broken[_i].name);
    ck_assert_ptr_null(schema);
    close_arena(NULL);
}
END_TEST

START_TEST(schema__limits_depth) /* P-SCHEMA-5 */
{
    enum { DEEP = 5000 };
    static struct parquet_schema_element elements[DEEP];
    struct tarn_file_schema *schema;
    for (unsigned depth = 60; depth <= DEEP; depth = depth < 70 ? depth + 1 : depth * 3) {
        const unsigned count = depth < DEEP ? depth : DEEP;
        for (unsigned i = 0; i < count; i++) {
            elements[i] = (struct parquet_schema_element)GROUP("g", OPTIONAL, 1, NOTHING);
        }
        elements[count - 1] = (struct parquet_schema_element)LEAF("x", OPTIONAL, INT32, NOTHING);
        open_arena();
        const enum tarn_status status = tarn__file_schema_read(&arena, count, elements, 0, NULL, &schema, &err);
        ck_assert_int_eq(status, count - 1 <= TARN_MAX_DEPTH ? TARN_OK : TARN_LIMIT);
        close_arena(schema);
    }
}
END_TEST

#define FIXED_OF(n) .has_type_length = true, .type_length = n

struct type_case {
    const char *sql;
    enum tarn_order order;
    const char *unsupported;
    struct parquet_schema_element element;
};

static const struct type_case types[] = {
    {"BOOLEAN", TARN_ORDER_BOOL, NULL, LEAF("x", OPTIONAL, BOOLEAN, NOTHING)},
    {"INTEGER", TARN_ORDER_SIGNED, NULL, LEAF("x", OPTIONAL, INT32, NOTHING)},
    {"TINYINT", TARN_ORDER_SIGNED, NULL, LEAF("x", OPTIONAL, INT32, CONVERTED(INT_8))},
    {"SMALLINT", TARN_ORDER_SIGNED, NULL, LEAF("x", OPTIONAL, INT32, INTEGER_OF(16, true))},
    {"UTINYINT", TARN_ORDER_UNSIGNED, NULL, LEAF("x", OPTIONAL, INT32, INTEGER_OF(8, false))},
    {"USMALLINT", TARN_ORDER_UNSIGNED, NULL, LEAF("x", OPTIONAL, INT32, CONVERTED(UINT_16))},
    {"UINTEGER", TARN_ORDER_UNSIGNED, NULL, LEAF("x", OPTIONAL, INT32, CONVERTED(UINT_32))},
    {"UBIGINT", TARN_ORDER_UNSIGNED, NULL, LEAF("x", OPTIONAL, INT64, CONVERTED(UINT_64))},
    {"BIGINT", TARN_ORDER_SIGNED, NULL, LEAF("x", OPTIONAL, INT64, INTEGER_OF(8, false))}, /* not allowed there: ignored */
    {"DATE", TARN_ORDER_SIGNED, NULL, LEAF("x", OPTIONAL, INT32, CONVERTED(DATE))},
    {"DOUBLE", TARN_ORDER_FLOAT, NULL, LEAF("x", OPTIONAL, DOUBLE, NOTHING)},
    {"BLOB", TARN_ORDER_BYTES, NULL, LEAF("x", OPTIONAL, BYTE_ARRAY, NOTHING)},
    {"VARCHAR", TARN_ORDER_BYTES, NULL, LEAF("x", OPTIONAL, BYTE_ARRAY, LOGICAL(STRING))},
    {"UUID", TARN_ORDER_BYTES, NULL, LEAF("x", OPTIONAL, FIXED_LEN_BYTE_ARRAY, FIXED_OF(16), LOGICAL(UUID))},
    {"DECIMAL(9,2)", TARN_ORDER_SIGNED, NULL, LEAF("x", OPTIONAL, INT32, DECIMAL_OF(9, 2))},
    {"DECIMAL(20,0)", TARN_ORDER_BIG, NULL, LEAF("x", OPTIONAL, BYTE_ARRAY, CONVERTED(DECIMAL), .precision = 20)},
    {"DECIMAL(38,3)", TARN_ORDER_BIG, NULL, LEAF("x", OPTIONAL, FIXED_LEN_BYTE_ARRAY, FIXED_OF(16), DECIMAL_OF(38, 3))},
    {"BLOB", TARN_ORDER_UNDEFINED, NULL, LEAF("x", OPTIONAL, BYTE_ARRAY, DECIMAL_OF(77, 3))},
};

START_TEST(schema__types) /* P-TYPE-1, P-TYPE-2, P-TYPE-3 */
{
    struct tarn_leaf_type read;
    ck_assert_ok(tarn__leaf_type_read(&types[_i].element, &read, &err), &err);
    expect_type(&read.type, types[_i].sql);
    ck_assert_int_eq(read.order, types[_i].order);
    ck_assert_ptr_null(read.unsupported);
}
END_TEST

START_TEST(schema__times) /* P-TYPE-4 */
{
    static const struct {
        struct parquet_schema_element element;
        struct tarn_type type;
    } times[] = {
        {LEAF("x", OPTIONAL, INT32, CONVERTED(TIME_MILLIS)), {.id = TARN_TYPE_TIME, .unit = TARN_MILLI, .utc = true}},
        {LEAF("x", OPTIONAL, INT64, TIME_OF(TIME, NANOS, false)), {.id = TARN_TYPE_TIME, .unit = TARN_NANO}},
        {LEAF("x", OPTIONAL, INT64, CONVERTED(TIMESTAMP_MICROS)), {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true}},
        {LEAF("x", OPTIONAL, INT64, TIME_OF(TIMESTAMP, MILLIS, false)), {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MILLI}},
        {LEAF("x", OPTIONAL, INT96, NOTHING), {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_NANO, .utc = true, .wide = true}},
        {LEAF("x", OPTIONAL, FIXED_LEN_BYTE_ARRAY, FIXED_OF(12), TIME_OF(TIMESTAMP, MILLIS, false)),
         {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MILLI, .wide = true}},
        {LEAF("x", OPTIONAL, FIXED_LEN_BYTE_ARRAY, FIXED_OF(12), CONVERTED(INTERVAL)), {.id = TARN_TYPE_INTERVAL}},
    };
    for (unsigned i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        struct tarn_leaf_type read;
        ck_assert_ok(tarn__leaf_type_read(&times[i].element, &read, &err), &err);
        ck_assert(tarn_type_equal(&read.type, &times[i].type));
        ck_assert_ptr_null(read.unsupported);
    }
}
END_TEST

START_TEST(schema__keeps_names_as_they_are) /* P-SCHEMA-9 */
{
    static const struct parquet_schema_element elements[] = {
        ROOT(5),
        LEAF("x", REQUIRED, INT32, NOTHING),
        LEAF("x", REQUIRED, INT64, NOTHING),
        LEAF("x\0y", REQUIRED, INT32, NOTHING),
        LEAF("\xff", REQUIRED, INT32, NOTHING),
        LEAF("", REQUIRED, DOUBLE, NOTHING),
    };
    struct tarn_file_schema *schema;
    const struct tarn_type *type;
    bool nullable;
    open_arena();
    ck_assert_ok(READ(elements, &schema), &err);
    const struct tarn_field *fields = schema->schema->fields;
    ck_assert_int_eq(tarn_fields_find(5, fields, ((struct tarn_text){"x\0y", 3})), 2);
    ck_assert_int_eq(tarn_fields_find(5, fields, TARN_TEXT("\xff")), 3);
    ck_assert_int_eq(tarn_fields_find(5, fields, TARN_TEXT("")), 4);
    ck_assert_int_eq(tarn_fields_find(5, fields, TARN_TEXT("x")), -1); /* of two nobody can tell which */
    for (int32_t i = 0; i < 2; i++) {
        const struct tarn_path_step step = {TARN_PATH_POSITION, TARN_TEXT(""), i};
        const struct tarn_path path = {1, &step};
        ck_assert_ok(tarn_path_resolve(schema->schema, &path, &type, &nullable, NULL, &err), &err);
        ck_assert_ptr_eq(type, fields[i].type);
    }
    const struct tarn_path_step beyond = {TARN_PATH_POSITION, TARN_TEXT(""), 5};
    const struct tarn_path path = {1, &beyond};
    ck_assert_status(tarn_path_resolve(schema->schema, &path, &type, &nullable, NULL, &err), TARN_NOT_FOUND);
    close_arena(schema);
}
END_TEST

START_TEST(schema__a_wrong_annotation_is_its_columns_fault) /* P-TYPE-8 */
{
    static const struct parquet_schema_element wrong[] = {
        LEAF("x", OPTIONAL, INT32, CONVERTED(INT_64)),
        LEAF("x", OPTIONAL, INT64, INTEGER_OF(8, false)),
        LEAF("x", OPTIONAL, INT32, INTEGER_OF(24, true)),
        LEAF("x", OPTIONAL, INT32, TIME_OF(TIMESTAMP, MILLIS, false)),
        LEAF("x", OPTIONAL, INT64, CONVERTED(TIME_MILLIS)),
        LEAF("x", OPTIONAL, INT64, CONVERTED(DATE)),
        LEAF("x", OPTIONAL, INT32, LOGICAL(UUID)),
        LEAF("x", OPTIONAL, FIXED_LEN_BYTE_ARRAY, FIXED_OF(4), LOGICAL(FLOAT16)),
        LEAF("x", OPTIONAL, DOUBLE, DECIMAL_OF(9, 2)),
        LEAF("x", OPTIONAL, INT32, DECIMAL_OF(0, 0)),
        LEAF("x", OPTIONAL, INT32, DECIMAL_OF(4, 5)),
        LEAF("x", OPTIONAL, INT64, CONVERTED(UTF8)),
        LEAF("x", OPTIONAL, FIXED_LEN_BYTE_ARRAY, FIXED_OF(16), CONVERTED(INTERVAL)),
        LEAF("x", OPTIONAL, INT32, LOGICAL(GEOMETRY)),
    };
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct tarn_leaf_type read;
        ck_assert_ok(tarn__leaf_type_read(&wrong[i], &read, &err), &err);
        ck_assert_msg(read.malformed != NULL, "case %u", i);
    }
}
END_TEST

START_TEST(schema__ninety_six_bits_are_given_as_asked) /* P-TYPE-4 */
{
    static const struct parquet_schema_element elements[] = {
        ROOT(2),
        LEAF("a", OPTIONAL, INT96, NOTHING),
        LEAF("b", OPTIONAL, FIXED_LEN_BYTE_ARRAY, FIXED_OF(12), TIME_OF(TIMESTAMP, NANOS, false)),
    };
    static const char *const shown[][2] = {
        [TARN_WIDE_EXACT] = {"TIMESTAMP(9) WIDE WITH TIME ZONE", "TIMESTAMP(9) WIDE"},
        [TARN_WIDE_MICROS] = {"TIMESTAMP WITH TIME ZONE", "TIMESTAMP"},
        [TARN_WIDE_BYTES] = {"BINARY(12)", "BINARY(12)"},
    };
    for (unsigned how = TARN_WIDE_EXACT; how <= TARN_WIDE_BYTES; how++) {
        struct tarn_file_schema *schema;
        open_arena();
        ck_assert_ok(READ(elements, &schema), &err);
        tarn__file_schema_give_timestamps(schema, (enum tarn_wide_timestamps)how);
        expect_type(schema->schema->fields[0].type, shown[how][0]);
        expect_type(schema->leaves[1].type, shown[how][1]);
        close_arena(schema);
    }
}
END_TEST

START_TEST(schema__what_is_unknown_stays_readable_around_it) /* P-TYPE-5 */
{
    static const struct parquet_schema_element elements[] = {
        ROOT(5),
        LEAF("a", OPTIONAL, BYTE_ARRAY, .has_logical_type = true, .logical_type = {.id = 2555}),
        LEAF("b", OPTIONAL, FIXED_LEN_BYTE_ARRAY, FIXED_OF(12), TIME_OF(TIMESTAMP, NANOS, true)),
        {.name = {"c", 1}, .has_repetition_type = true, .repetition_type = 3, .has_type = true, .type = PARQUET_INT32},
        {.name = {"d", 1}, .has_repetition_type = true, .has_type = true, .type = 8},
        LEAF("e", OPTIONAL, INT64, .has_logical_type = true, .logical_type = {.id = PARQUET_LOGICAL_TIMESTAMP, .u.time = {.unit = {9}}}),
    };
    struct tarn_file_schema *schema;
    open_arena();
    ck_assert_ok(READ(elements, &schema), &err);
    expect_type(schema->leaves[0].type, "BLOB");
    ck_assert_int_eq(schema->leaves[0].order, TARN_ORDER_UNDEFINED);
    ck_assert_ptr_null(schema->leaves[0].unsupported);
    expect_type(schema->leaves[1].type, "TIMESTAMP(9) WIDE WITH TIME ZONE");
    ck_assert_str_eq(schema->leaves[2].unsupported, "repetition.unknown");
    ck_assert_str_eq(schema->leaves[3].unsupported, "physical_type.unknown");
    expect_type(schema->leaves[4].type, "BIGINT");
    ck_assert_int_eq(schema->leaves[4].order, TARN_ORDER_UNDEFINED);
    close_arena(schema);
}
END_TEST

/* ---- writing ---- */

static struct tarn_schema *schema_of(const char *sql)
{
    struct tarn_schema *holder;
    const struct tarn_type *type;
    ck_assert_ok(tarn_type_parse(env, tarn__text_of(sql), &holder, &type, &err), &err);
    const struct tarn_field field = {.name = TARN_TEXT("x"), .type = type, .nullable = true, .id = 3};
    struct tarn_schema *schema;
    ck_assert_ok(tarn_schema_make(env, 1, &field, 0, NULL, &schema, &err), &err);
    tarn_schema_release(holder);
    return schema;
}

static const struct {
    const char *sql;
    int32_t physical;
    int32_t length;
    int32_t logical;
    int32_t converted; /* -1: none */
} written[] = {
    {"BOOLEAN", PARQUET_BOOLEAN, 0, 0, -1},
    {"TINYINT", PARQUET_INT32, 0, PARQUET_LOGICAL_INTEGER, PARQUET_CONVERTED_INT_8},
    {"INTEGER", PARQUET_INT32, 0, 0, -1},
    {"BIGINT", PARQUET_INT64, 0, 0, -1},
    {"UINTEGER", PARQUET_INT32, 0, PARQUET_LOGICAL_INTEGER, PARQUET_CONVERTED_UINT_32},
    {"UBIGINT", PARQUET_INT64, 0, PARQUET_LOGICAL_INTEGER, PARQUET_CONVERTED_UINT_64},
    {"REAL", PARQUET_FLOAT, 0, 0, -1},
    {"DOUBLE", PARQUET_DOUBLE, 0, 0, -1},
    {"DECIMAL(9,2)", PARQUET_INT32, 0, PARQUET_LOGICAL_DECIMAL, PARQUET_CONVERTED_DECIMAL},
    {"DECIMAL(18,2)", PARQUET_INT64, 0, PARQUET_LOGICAL_DECIMAL, PARQUET_CONVERTED_DECIMAL},
    {"DECIMAL(19,2)", PARQUET_FIXED_LEN_BYTE_ARRAY, 9, PARQUET_LOGICAL_DECIMAL, PARQUET_CONVERTED_DECIMAL},
    {"DECIMAL(38,10)", PARQUET_FIXED_LEN_BYTE_ARRAY, 16, PARQUET_LOGICAL_DECIMAL, PARQUET_CONVERTED_DECIMAL},
    {"DATE", PARQUET_INT32, 0, PARQUET_LOGICAL_DATE, PARQUET_CONVERTED_DATE},
    {"TIME", PARQUET_INT64, 0, PARQUET_LOGICAL_TIME, PARQUET_CONVERTED_TIME_MICROS},
    {"TIMESTAMP", PARQUET_INT64, 0, PARQUET_LOGICAL_TIMESTAMP, PARQUET_CONVERTED_TIMESTAMP_MICROS},
    {"TIMESTAMP WITH TIME ZONE", PARQUET_INT64, 0, PARQUET_LOGICAL_TIMESTAMP, PARQUET_CONVERTED_TIMESTAMP_MICROS},
    {"VARCHAR", PARQUET_BYTE_ARRAY, 0, PARQUET_LOGICAL_STRING, PARQUET_CONVERTED_UTF8},
    {"JSON", PARQUET_BYTE_ARRAY, 0, PARQUET_LOGICAL_JSON, PARQUET_CONVERTED_JSON},
    {"BLOB", PARQUET_BYTE_ARRAY, 0, 0, -1},
    {"UUID", PARQUET_FIXED_LEN_BYTE_ARRAY, 16, PARQUET_LOGICAL_UUID, -1},
};

START_TEST(schema__writes_types) /* P-TYPE-6, P-SCHEMA-8 */
{
    struct parquet_schema_element *elements;
    struct tarn_file_schema *back;
    uint32_t count;
    open_arena();
    struct tarn_schema *schema = schema_of(written[_i].sql);
    ck_assert_ok(tarn__file_schema_write(&arena, schema, &count, &elements, &err), &err);
    ck_assert_uint_eq(count, 2);
    ck_assert(!elements[0].has_type && !elements[0].has_repetition_type);
    const struct parquet_schema_element *x = &elements[1];
    ck_assert(x->has_type && x->has_repetition_type);
    ck_assert_int_eq(x->type, written[_i].physical);
    ck_assert_int_eq(x->type_length, written[_i].length);
    ck_assert_int_eq(x->has_type_length, written[_i].length != 0);
    ck_assert_int_eq(x->has_logical_type ? x->logical_type.id : 0, written[_i].logical);
    ck_assert_int_eq(x->has_converted_type ? x->converted_type : -1, written[_i].converted);
    ck_assert_int_eq(x->has_precision, written[_i].converted == PARQUET_CONVERTED_DECIMAL);
    ck_assert_int_eq(x->field_id, 3);
    ck_assert_ok(tarn__file_schema_read(&arena, count, elements, 0, NULL, &back, &err), &err);
    ck_assert(tarn_type_equal(back->schema->fields[0].type, schema->fields[0].type));
    tarn_schema_release(schema);
    close_arena(back);
}
END_TEST

START_TEST(schema__writes_nesting_in_three_levels) /* P-SCHEMA-6 */
{
    static const char *const names[] = {"schema", "x", "list", "element", "m", "key_value", "key", "value", "list", "element"};
    static const int32_t repetitions[] = {-1,
                                          PARQUET_OPTIONAL,
                                          PARQUET_REPEATED,
                                          PARQUET_OPTIONAL,
                                          PARQUET_OPTIONAL,
                                          PARQUET_REPEATED,
                                          PARQUET_REQUIRED,
                                          PARQUET_OPTIONAL,
                                          PARQUET_REPEATED,
                                          PARQUET_OPTIONAL};
    struct parquet_schema_element *elements;
    struct tarn_file_schema *back;
    uint32_t count;
    open_arena();
    struct tarn_schema *schema = schema_of("STRUCT(m MAP(VARCHAR, DOUBLE[]))[]");
    ck_assert_ok(tarn__file_schema_write(&arena, schema, &count, &elements, &err), &err);
    ck_assert_uint_eq(count, 10);
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_int_eq(strncmp(elements[i].name.data, names[i], elements[i].name.size), 0);
        ck_assert_int_eq(elements[i].has_repetition_type ? elements[i].repetition_type : -1, repetitions[i]);
    }
    ck_assert_int_eq(elements[1].logical_type.id, PARQUET_LOGICAL_LIST);
    ck_assert_int_eq(elements[4].converted_type, PARQUET_CONVERTED_MAP);
    ck_assert_ok(tarn__file_schema_read(&arena, count, elements, 0, NULL, &back, &err), &err);
    ck_assert(tarn_type_equal(back->schema->fields[0].type, schema->fields[0].type));
    ck_assert_uint_eq(back->leaves[1].max_definition, 8);
    ck_assert_uint_eq(back->leaves[1].max_repetition, 3);
    tarn_schema_release(schema);
    close_arena(back);
}
END_TEST

START_TEST(schema__refuses_to_write_what_parquet_cannot_hold) /* P-TYPE-10, P-SCHEMA-7 */
{
    static const struct {
        struct tarn_type type;
        enum tarn_status status;
        const char *detail;
    } cases[] = {
        {{.id = TARN_TYPE_FIXED, .width = 0}, TARN_INVALID, "width"},
        {{.id = TARN_TYPE_FIXED, .width = 32, .precision = 77}, TARN_INVALID, "decimal"}, /* 2^255 has 77 digits, but not all of 77 */
        {{.id = TARN_TYPE_STRUCT}, TARN_INVALID, "schema"},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct tarn_field field = {.name = TARN_TEXT("x"), .type = &cases[i].type, .id = -1};
        const struct tarn_schema schema = {.field_count = 1, .fields = &field};
        struct parquet_schema_element *elements;
        uint32_t count;
        open_arena();
        ck_assert_status(tarn__file_schema_write(&arena, &schema, &count, &elements, &err), cases[i].status);
        ck_assert_str_eq(err.detail, cases[i].detail);
        ck_assert_ptr_null(elements);
        close_arena(NULL);
    }
}
END_TEST

START_TEST(schema__keeps_what_no_type_says) /* P-TYPE-11 */
{
    static const struct tarn_type text = {.id = TARN_TYPE_STRING};
    static const struct tarn_field uri = {.name = TARN_TEXT("uri"), .type = &text, .nullable = true, .id = -1};
    static const struct tarn_type file = {.id = TARN_TYPE_STRUCT, .field_count = 1, .fields = &uri};
    static const struct tarn_type geography = {.id = TARN_TYPE_GEOGRAPHY, .zone = TARN_TEXT("EPSG:4326")};
    static const struct tarn_property is_file = {TARN_TEXT("PARQUET:logical_type"), TARN_TEXT("FILE")};
    static const struct tarn_property edges = {TARN_TEXT("PARQUET:algorithm"), TARN_TEXT("KARNEY")};
    static const struct tarn_property nonsense = {TARN_TEXT("PARQUET:algorithm"), TARN_TEXT("STRAIGHT")};
    static const struct tarn_field fields[] = {
        {.name = TARN_TEXT("f"), .type = &file, .id = -1, .property_count = 1, .properties = &is_file},
        {.name = TARN_TEXT("g"), .type = &geography, .id = -1, .property_count = 1, .properties = &edges},
        {.name = TARN_TEXT("h"), .type = &geography, .id = -1, .property_count = 1, .properties = &nonsense},
    };
    const struct tarn_schema schema = {.field_count = 3, .fields = fields};
    struct parquet_schema_element *elements;
    struct tarn_file_schema *back;
    uint32_t count;
    open_arena();
    ck_assert_ok(tarn__file_schema_write(&arena, &schema, &count, &elements, &err), &err);
    ck_assert_int_eq(elements[1].logical_type.id, PARQUET_LOGICAL_FILE);
    ck_assert(elements[3].logical_type.u.geography.has_algorithm);
    ck_assert_int_eq(elements[3].logical_type.u.geography.algorithm, PARQUET_EDGE_KARNEY);
    ck_assert(!elements[4].logical_type.u.geography.has_algorithm);
    ck_assert_ok(tarn__file_schema_read(&arena, count, elements, 0, NULL, &back, &err), &err);
    for (unsigned i = 0; i < 2; i++) {
        const struct tarn_field *field = &back->schema->fields[i];
        ck_assert_uint_eq(field->property_count, 1);
        ck_assert(tarn__text_equal(field->properties[0].key, fields[i].properties[0].key));
        ck_assert(tarn__text_equal(field->properties[0].value, fields[i].properties[0].value));
    }
    ck_assert_uint_eq(back->schema->fields[2].property_count, 0);
    close_arena(back);
}
END_TEST

START_TEST(schema__spells_logical_types)
{
    static const struct {
        struct parquet_schema_element element;
        const char *text;
    } cases[] = {
        {LEAF("x", OPTIONAL, INT32, NOTHING), ""},
        {LEAF("x", OPTIONAL, BYTE_ARRAY, CONVERTED(UTF8)), "STRING"},
        {LEAF("x", OPTIONAL, INT64, TIME_OF(TIMESTAMP, MICROS, true)), "TIMESTAMP(isAdjustedToUTC=true, unit=MICROS)"},
        {LEAF("x", OPTIONAL, INT32, DECIMAL_OF(9, 2)), "DECIMAL(9, 2)"},
        {LEAF("x", OPTIONAL, INT32, INTEGER_OF(8, false)), "INTEGER(8, false)"},
        {LEAF("x", OPTIONAL, BYTE_ARRAY, .has_logical_type = true, .logical_type = {.id = 2555}), "UNKNOWN"},
        {LEAF("x", OPTIONAL, BYTE_ARRAY, LOGICAL(GEOMETRY)), "GEOMETRY(crs=OGC:CRS84)"},
    };
    open_arena();
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tarn_text text;
        ck_assert_ok(tarn__logical_type_text(&arena, &cases[i].element, &text, &err), &err);
        ck_assert_str_eq(text.data, cases[i].text);
    }
    close_arena(NULL);
}
END_TEST

static enum tarn_status read_and_write(void *ctx, struct tarn_fault *fault, struct tarn_env *fault_env, struct tarn_error *e)
{
    struct tarn_arena own;
    struct tarn_file_schema *schema;
    struct parquet_schema_element *elements;
    uint32_t count;
    (void)ctx, (void)fault;
    tarn__arena_init(&own, fault_env);
    enum tarn_status status = tarn__file_schema_read(&own, lists[1].count, lists[1].elements, 0, NULL, &schema, e);
    if (status == TARN_OK) {
        status = tarn__file_schema_write(&own, schema->schema, &count, &elements, e);
    }
    tarn__file_schema_free(schema);
    tarn__arena_free(&own);
    return status;
}

START_TEST(schema__survives_every_failed_allocation)
{
    ck_assert_uint_gt(tarn_fault_sweep(read_and_write, NULL, TARN_FAULT_ALL_ALLOC), 3);
}
END_TEST

TARN_SUITE("format/parquet_schema", TARN_TEST(schema__three_level_lists), TARN_LOOP_TEST(schema__older_lists, lists),
           TARN_TEST(schema__maps), TARN_TEST(schema__structs_and_variants),
           TARN_LOOP_TEST(schema__knows_the_types_that_variants_are_shredded_to, typed_values),
           TARN_TEST(schema__shredded_objects_and_arrays), TARN_LOOP_TEST(schema__groups_that_are_no_variants, no_variants),
           TARN_LOOP_TEST(schema__refuses_what_is_no_tree, broken), TARN_TEST(schema__limits_depth), TARN_LOOP_TEST(schema__types, types),
           TARN_TEST(schema__times), TARN_TEST(schema__what_is_unknown_stays_readable_around_it),
           TARN_TEST(schema__keeps_names_as_they_are), TARN_TEST(schema__a_wrong_annotation_is_its_columns_fault),
           TARN_TEST(schema__ninety_six_bits_are_given_as_asked), TARN_LOOP_TEST(schema__writes_types, written),
           TARN_TEST(schema__writes_nesting_in_three_levels), TARN_TEST(schema__refuses_to_write_what_parquet_cannot_hold),
           TARN_TEST(schema__keeps_what_no_type_says), TARN_TEST(schema__spells_logical_types),
           TARN_TEST(schema__survives_every_failed_allocation))
