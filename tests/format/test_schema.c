/* SPDX-License-Identifier: Apache-2.0
 * Schemas and types: what is refused, what is found by name, and types in SQL's words both ways.
 */
#include "format/base/bytes.h"
#include "tarn/type.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

static struct tarn_error err;

static const struct tarn_type i32 = {.id = TARN_TYPE_I32};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};

static struct tarn_field field(const char *name, const struct tarn_type *type)
{
    return (struct tarn_field){.name = tarn__text_of(name), .type = type, .nullable = true, .id = -1};
}

START_TEST(schema__copies_everything_it_is_given)
{
    struct tarn_env *env = tarn_test_env();
    char name[] = "city";
    char zone[] = "Europe/Rome";
    struct tarn_type stamp = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true, .zone = tarn__text_of(zone)};
    struct tarn_property property = {tarn__text_of(name), tarn__text_of(zone)};
    struct tarn_field fields[] = {field(name, &stamp)};
    fields[0].id = 7;
    fields[0].property_count = 1;
    fields[0].properties = &property;
    struct tarn_schema *schema;
    ck_assert_ok(tarn_schema_make(env, 1, fields, 1, &property, &schema, &err), &err);
    memset(name, 'x', sizeof(name) - 1);
    memset(zone, 'y', sizeof(zone) - 1);
    memset(fields, 0, sizeof(fields));
    ck_assert(tarn__text_equal(schema->fields[0].name, TARN_TEXT("city")));
    ck_assert(tarn__text_equal(schema->fields[0].type->zone, TARN_TEXT("Europe/Rome")));
    ck_assert(tarn__text_equal(schema->fields[0].properties[0].key, TARN_TEXT("city")));
    ck_assert(tarn__text_equal(schema->properties[0].value, TARN_TEXT("Europe/Rome")));
    ck_assert_int_eq(schema->fields[0].id, 7);
    struct tarn_schema *again = tarn_schema_retain(schema);
    tarn_schema_release(schema);
    ck_assert_uint_eq(again->field_count, 1);
    tarn_schema_release(again);
    tarn_schema_release(NULL);
    tarn_test_env_close(env);
}
END_TEST

static const struct tarn_field key_nullable[] = {{.name = {"key", 3}, .type = &text, .nullable = true, .id = -1},
                                                 {.name = {"value", 5}, .type = &text, .nullable = true, .id = -1}};
static const struct {
    const char *name;
    struct tarn_type type;
    struct tarn_text field;
} refused[] = {
    {"precision 0", {.id = TARN_TYPE_DECIMAL}, {"a", 1}},
    {"precision 77", {.id = TARN_TYPE_DECIMAL, .precision = 77}, {"a", 1}},
    {"scale over precision", {.id = TARN_TYPE_DECIMAL, .precision = 3, .scale = 4}, {"a", 1}},
    {"negative scale", {.id = TARN_TYPE_DECIMAL, .precision = 3, .scale = -1}, {"a", 1}},
    {"no such unit", {.id = TARN_TYPE_TIME, .unit = (enum tarn_time_unit)4}, {"a", 1}},
    {"no such type", {.id = (enum tarn_type_id)99}, {"a", 1}},
    {"list without element", {.id = TARN_TYPE_LIST}, {"a", 1}},
    {"scalar with members", {.id = TARN_TYPE_I32, .field_count = 1, .fields = key_nullable}, {"a", 1}},
    {"null map key", {.id = TARN_TYPE_MAP, .field_count = 2, .fields = key_nullable}, {"a", 1}},
    {"name with NUL", {.id = TARN_TYPE_I32}, {"a\0b", 3}},
    {"name of broken UTF-8", {.id = TARN_TYPE_I32}, {"\xff", 1}},
    {"type missing", {.id = TARN_TYPE_STRUCT, .field_count = 1, .fields = &(const struct tarn_field){.name = {"m", 1}}}, {"a", 1}},
};

START_TEST(schema__refuses_types_that_break_their_rules)
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_field bad = {.name = refused[_i].field, .type = &refused[_i].type, .id = -1};
    struct tarn_schema *schema = (struct tarn_schema *)&err;
    ck_assert_msg(tarn_schema_make(env, 1, &bad, 0, NULL, &schema, &err) == TARN_INVALID, "%s", refused[_i].name);
    ck_assert_ptr_null(schema);
    ck_assert_msg(err.message[0] != '\0' && err.column[0] != '\0', "%s", refused[_i].name);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(schema__refuses_equal_names_in_few_and_in_many)
{
    struct tarn_env *env = tarn_test_env();
    static char names[1000][16];
    static struct tarn_field fields[1000];
    for (int i = 0; i < 1000; i++) {
        snprintf(names[i], sizeof(names[i]), "c%d", i);
        fields[i] = field(names[i], &i32);
    }
    struct tarn_schema *schema;
    ck_assert_ok(tarn_schema_make(env, 1000, fields, 0, NULL, &schema, &err), &err);
    tarn_schema_release(schema);
    fields[999].name = fields[3].name;
    ck_assert_status(tarn_schema_make(env, 1000, fields, 0, NULL, &schema, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "duplicate_name");
    fields[1].name = fields[0].name;
    ck_assert_status(tarn_schema_make(env, 2, fields, 0, NULL, &schema, &err), TARN_INVALID);
    const struct tarn_type pair = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = fields};
    const struct tarn_field outer = field("s", &pair);
    ck_assert_status(tarn_schema_make(env, 1, &outer, 0, NULL, &schema, &err), TARN_INVALID);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(schema__refuses_what_is_nested_too_deep)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_type types[TARN_MAX_DEPTH + 1];
    struct tarn_field fields[TARN_MAX_DEPTH + 1];
    const struct tarn_type *below = &i32;
    for (int i = 0; i <= TARN_MAX_DEPTH; i++) {
        fields[i] = field("e", below);
        types[i] = (struct tarn_type){.id = TARN_TYPE_LIST, .field_count = 1, .fields = &fields[i]};
        below = &types[i];
    }
    struct tarn_schema *schema;
    const struct tarn_field deepest = field("d", &types[TARN_MAX_DEPTH - 2]); /* 63 lists and a number: 64 levels */
    ck_assert_ok(tarn_schema_make(env, 1, &deepest, 0, NULL, &schema, &err), &err);
    tarn_schema_release(schema);
    const struct tarn_field deeper = field("d", &types[TARN_MAX_DEPTH - 1]);
    ck_assert_status(tarn_schema_make(env, 1, &deeper, 0, NULL, &schema, &err), TARN_INVALID);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(fields__are_found_exactly_then_caselessly_if_unique)
{
    const struct tarn_field fields[] = {field("Name", &i32), field("name", &i32), field("City", &i32)};
    ck_assert_int_eq(tarn_fields_find(3, fields, TARN_TEXT("name")), 1);
    ck_assert_int_eq(tarn_fields_find(3, fields, TARN_TEXT("city")), 2);
    ck_assert_int_eq(tarn_fields_find(3, fields, TARN_TEXT("NAME")), -1);
    ck_assert_int_eq(tarn_fields_find(3, fields, TARN_TEXT("zip")), -1);
}
END_TEST

static const struct {
    struct tarn_type type;
    enum tarn_kind kind;
    uint32_t width;
} layouts[] = {
    {{.id = TARN_TYPE_BOOL}, TARN_KIND_BOOL, 0},
    {{.id = TARN_TYPE_U16}, TARN_KIND_U16, 2},
    {{.id = TARN_TYPE_DECIMAL, .precision = 9}, TARN_KIND_I32, 4},
    {{.id = TARN_TYPE_DECIMAL, .precision = 10}, TARN_KIND_I64, 8},
    {{.id = TARN_TYPE_DECIMAL, .precision = 19}, TARN_KIND_I128, 16},
    {{.id = TARN_TYPE_DECIMAL, .precision = 39}, TARN_KIND_I256, 32},
    {{.id = TARN_TYPE_DATE}, TARN_KIND_I32, 4},
    {{.id = TARN_TYPE_TIME, .unit = TARN_MILLI}, TARN_KIND_I32, 4},
    {{.id = TARN_TYPE_TIME, .unit = TARN_MICRO}, TARN_KIND_I64, 8},
    {{.id = TARN_TYPE_TIMESTAMP, .unit = TARN_NANO, .wide = true}, TARN_KIND_I128, 16},
    {{.id = TARN_TYPE_INTERVAL}, TARN_KIND_FIXED, 16},
    {{.id = TARN_TYPE_FIXED, .width = 5}, TARN_KIND_FIXED, 5},
    {{.id = TARN_TYPE_UUID}, TARN_KIND_FIXED, 16},
    {{.id = TARN_TYPE_JSON}, TARN_KIND_BYTES, 0},
    {{.id = TARN_TYPE_VARIANT}, TARN_KIND_NESTED, 0},
};

START_TEST(type__says_how_values_lie)
{
    ck_assert_int_eq(tarn_type_kind(&layouts[_i].type), layouts[_i].kind);
    ck_assert_uint_eq(tarn_type_width(&layouts[_i].type), layouts[_i].width);
}
END_TEST

/* what is read, and how it is written; NULL: the same */
static const struct {
    const char *text;
    const char *written;
} spoken[] = {
    {"BIGINT", NULL},
    {"int", "INTEGER"},
    {"Text", "VARCHAR"},
    {"varchar(20)", "VARCHAR"},
    {"double precision", "DOUBLE"},
    {"DECIMAL(10,2)", NULL},
    {"numeric( 10 , 2 )", "DECIMAL(10,2)"},
    {"decimal(7)", "DECIMAL(7,0)"},
    {"decimal", "DECIMAL(18,3)"},
    {"TIMESTAMP", NULL},
    {"TIMESTAMP(9)", NULL},
    {"timestamp_ms", "TIMESTAMP(3)"},
    {"TIMESTAMP(9) WIDE", NULL},
    {"timestamptz", "TIMESTAMP WITH TIME ZONE"},
    {"TIMESTAMP(3) WITH TIME ZONE 'Europe/Rome'", NULL},
    {"timestamp without time zone", "TIMESTAMP"},
    {"TIME(0)", NULL},
    {"TIME WITH TIME ZONE", NULL},
    {"DURATION(9)", NULL},
    {"BLOB", NULL},
    {"BINARY(16)", NULL},
    {"\"NULL\"", NULL},
    {"INTEGER[]", NULL},
    {"INTEGER[][]", NULL},
    {"(INTEGER NOT NULL)[]", NULL},
    {"STRUCT(a INTEGER, b VARCHAR[])", NULL},
    {"STRUCT(\"a b\" INTEGER NOT NULL, \"q\"\"q\" STRUCT(x DATE))", NULL},
    {"STRUCT()", NULL},
    {"MAP(VARCHAR, DOUBLE)", NULL},
    {"MAP(VARCHAR, (DOUBLE NOT NULL)[] NOT NULL)", NULL},
    {"GEOMETRY 'EPSG:4326'", NULL},
    {"VARIANT", NULL},
    {"UHUGE", ""},
};

START_TEST(type__is_read_and_written_in_words)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_schema *holder;
    const struct tarn_type *type;
    const char *expected = spoken[_i].written != NULL ? spoken[_i].written : spoken[_i].text;
    if (expected[0] == '\0') {
        ck_assert_status(tarn_type_parse(env, tarn__text_of(spoken[_i].text), &holder, &type, &err), TARN_INVALID);
    } else {
        ck_assert_ok(tarn_type_parse(env, tarn__text_of(spoken[_i].text), &holder, &type, &err), &err);
        char buffer[128];
        ck_assert_uint_eq(tarn_type_format(type, buffer, sizeof(buffer)), strlen(expected));
        ck_assert_str_eq(buffer, expected);
        ck_assert_uint_eq(tarn_type_format(type, buffer, 4), strlen(expected));
        ck_assert_uint_eq(strlen(buffer), 3);
        struct tarn_schema *again;
        const struct tarn_type *same;
        ck_assert_ok(tarn_type_parse(env, tarn__text_of(expected), &again, &same, &err), &err);
        ck_assert(tarn_type_equal(type, same));
        tarn_schema_release(again);
        tarn_schema_release(holder);
    }
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *text;
    int offset;
} unspoken[] = {
    {"", 0},
    {"INTEGER]", 7},
    {"INTEGER[", 8},
    {"DECIMAL(10", 10},
    {"DECIMAL(a)", 8},
    {"MAP(VARCHAR)", 12},
    {"STRUCT(a)", 8},
    {"STRUCT(INT", 10},
    {"INTEGER(3)", 7},
    {"TIMESTAMP(10)", 13},
    {"TIMESTAMP WITH", 14},
    {"(INTEGER NOT NULL)", 18},
    {"\"INTEGER", 0},
    {"STRUCT(a INT, a INT)", -1},
    {"DECIMAL(99,1)", -1},
    {"INT INT", 4},
};

START_TEST(type__names_the_place_of_what_it_cannot_read)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_schema *holder;
    const struct tarn_type *type;
    ck_assert_status(tarn_type_parse(env, tarn__text_of(unspoken[_i].text), &holder, &type, &err), TARN_INVALID);
    ck_assert_ptr_null(holder);
    ck_assert_msg(err.offset == unspoken[_i].offset, "%s: offset %d", unspoken[_i].text, (int)err.offset);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(type__of_a_thousand_levels_is_refused)
{
    struct tarn_env *env = tarn_test_env();
    static char deep[2002];
    struct tarn_schema *holder;
    const struct tarn_type *type;
    memset(deep, '(', 1000);
    ck_assert_status(tarn_type_parse(env, (struct tarn_text){deep, 1000}, &holder, &type, &err), TARN_INVALID);
    memcpy(deep, "INT", 3);
    for (int i = 3; i < 2001; i += 2) {
        memcpy(deep + i, "[]", 2);
    }
    ck_assert_status(tarn_type_parse(env, (struct tarn_text){deep, 2001}, &holder, &type, &err), TARN_INVALID);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(type__equality_minds_parameters_and_members_not_ids)
{
    struct tarn_field a = field("a", &i32);
    struct tarn_field b = a;
    b.id = 9;
    const struct tarn_type left = {.id = TARN_TYPE_STRUCT, .field_count = 1, .fields = &a};
    const struct tarn_type right = {.id = TARN_TYPE_STRUCT, .field_count = 1, .fields = &b};
    ck_assert(tarn_type_equal(&left, &right));
    b.nullable = false;
    ck_assert(!tarn_type_equal(&left, &right));
    const struct tarn_type utc = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true};
    const struct tarn_type named = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true, .zone = {"UTC", 3}};
    const struct tarn_type rome = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true, .zone = {"Europe/Rome", 11}};
    ck_assert(tarn_type_equal(&utc, &named));
    ck_assert(!tarn_type_equal(&utc, &rome));
}
END_TEST

TARN_SUITE("format/schema", TARN_TEST(schema__copies_everything_it_is_given),
           TARN_LOOP_TEST(schema__refuses_types_that_break_their_rules, refused), TARN_TEST(schema__refuses_equal_names_in_few_and_in_many),
           TARN_TEST(schema__refuses_what_is_nested_too_deep), TARN_TEST(fields__are_found_exactly_then_caselessly_if_unique),
           TARN_LOOP_TEST(type__says_how_values_lie, layouts), TARN_LOOP_TEST(type__is_read_and_written_in_words, spoken),
           TARN_LOOP_TEST(type__names_the_place_of_what_it_cannot_read, unspoken), TARN_TEST(type__of_a_thousand_levels_is_refused),
           TARN_TEST(type__equality_minds_parameters_and_members_not_ids))
