/* SPDX-License-Identifier: Apache-2.0
 * Schemas of Iceberg tables: every type by hand, both ways; what is wrong, what is too new; ids as Java gives them; name mappings.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "tests/support/fault.h"
#include "txlog/core/vector_adapt.h"
#include "txlog/iceberg/iceberg_schema.h"

static struct tarn_error err;

/* As Java writes it. */
static const char all_types[] =
    "{\"type\":\"struct\",\"schema-id\":3,\"identifier-field-ids\":[1,2],\"fields\":["
    "{\"id\":1,\"name\":\"id\",\"required\":true,\"type\":\"long\",\"doc\":\"the \\\"key\\\"\"},"
    "{\"id\":2,\"name\":\"b\",\"required\":true,\"type\":\"boolean\"},"
    "{\"id\":3,\"name\":\"i\",\"required\":false,\"type\":\"int\"},"
    "{\"id\":4,\"name\":\"f\",\"required\":false,\"type\":\"float\"},"
    "{\"id\":5,\"name\":\"d\",\"required\":false,\"type\":\"double\"},"
    "{\"id\":6,\"name\":\"dc\",\"required\":false,\"type\":\"decimal(18, 6)\"},"
    "{\"id\":7,\"name\":\"dt\",\"required\":false,\"type\":\"date\"},"
    "{\"id\":8,\"name\":\"t\",\"required\":false,\"type\":\"time\"},"
    "{\"id\":9,\"name\":\"ts\",\"required\":false,\"type\":\"timestamp\"},"
    "{\"id\":10,\"name\":\"tz\",\"required\":false,\"type\":\"timestamptz\"},"
    "{\"id\":11,\"name\":\"s\",\"required\":false,\"type\":\"string\"},"
    "{\"id\":12,\"name\":\"u\",\"required\":false,\"type\":\"uuid\"},"
    "{\"id\":13,\"name\":\"fx\",\"required\":false,\"type\":\"fixed[5]\"},"
    "{\"id\":14,\"name\":\"x\",\"required\":false,\"type\":\"binary\"},"
    "{\"id\":15,\"name\":\"li\",\"required\":false,\"type\":{\"type\":\"list\",\"element-id\":18,\"element\":\"uuid\",\"element-required\":"
    "false}},"
    "{\"id\":16,\"name\":\"m\",\"required\":false,\"type\":{\"type\":\"map\",\"key-id\":19,\"key\":\"date\",\"value-id\":20,\"value\":"
    "\"time\","
    "\"value-required\":true}},"
    "{\"id\":17,\"name\":\"st\",\"required\":false,\"type\":{\"type\":\"struct\",\"fields\":[{\"id\":21,\"name\":\"n\",\"required\":true,"
    "\"type\":\"fixed[2]\"}]}}]}";

static void print_schema(struct tarn_env *env, const struct tarn__iceberg_schema *schema, struct tarn_text_builder *out)
{
    struct tarn_json_printer json;
    tarn__builder_init(out, env);
    tarn__json_printer_init(&json, out);
    tarn__iceberg_schema_print(schema, &json);
}

START_TEST(iceberg_schema__every_type) /* T-ICEBERG-SCHEMA-1 */
{
    static const struct {
        enum tarn_type_id id;
        int32_t field;
    } expected[] = {
        {TARN_TYPE_I64, 1},     {TARN_TYPE_BOOL, 2},    {TARN_TYPE_I32, 3},    {TARN_TYPE_F32, 4},       {TARN_TYPE_F64, 5},
        {TARN_TYPE_DECIMAL, 6}, {TARN_TYPE_DATE, 7},    {TARN_TYPE_TIME, 8},   {TARN_TYPE_TIMESTAMP, 9}, {TARN_TYPE_TIMESTAMP, 10},
        {TARN_TYPE_STRING, 11}, {TARN_TYPE_UUID, 12},   {TARN_TYPE_FIXED, 13}, {TARN_TYPE_BINARY, 14},   {TARN_TYPE_LIST, 15},
        {TARN_TYPE_MAP, 16},    {TARN_TYPE_STRUCT, 17},
    };
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__iceberg_schema schema;
    ck_assert_ok(tarn__iceberg_schema_parse(env, tarn__text_of(all_types), &arena, &schema, &err), &err);
    ck_assert_int_eq(schema.id, 3);
    ck_assert_int_eq(schema.highest_id, 21);
    ck_assert_uint_eq(schema.identifier_count, 2);
    ck_assert_int_eq(schema.identifier_ids[1], 2);
    ck_assert_uint_eq(schema.schema->field_count, 17);
    const struct tarn_field *fields = schema.schema->fields;
    for (uint32_t i = 0; i < 17; i++) {
        ck_assert_int_eq(fields[i].type->id, expected[i].id);
        ck_assert_int_eq(fields[i].id, expected[i].field);
        ck_assert_int_eq(schema.physical[i].id, expected[i].field);
        ck_assert_int_eq(fields[i].nullable, i > 1);
    }
    ck_assert_int_eq(fields[5].type->precision, 18);
    ck_assert_int_eq(fields[5].type->scale, 6);
    ck_assert(fields[7].type->unit == TARN_MICRO && fields[8].type->unit == TARN_MICRO && !fields[8].type->utc && fields[9].type->utc);
    ck_assert_uint_eq(fields[12].type->width, 5);
    ck_assert_int_eq(fields[14].type->fields[0].id, 18);
    ck_assert(fields[14].type->fields[0].nullable && !fields[15].type->fields[0].nullable && !fields[15].type->fields[1].nullable);
    ck_assert_int_eq(schema.physical[15].children[1].id, 20);
    ck_assert_int_eq(schema.physical[16].children[0].id, 21);
    ck_assert(tarn__text_equal(fields[0].properties[0].value, TARN_TEXT("the \"key\"")));
    uint32_t top;
    ck_assert_ptr_eq(tarn__iceberg_schema_find(schema.schema, 21, &top), &fields[16].type->fields[0]);
    ck_assert_uint_eq(top, 16);
    ck_assert_ptr_null(tarn__iceberg_schema_find(schema.schema, 22, &top));
    struct tarn_text_builder out;
    print_schema(env, &schema, &out);
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&out), tarn__text_of(all_types)), "%.*s", (int)out.size, out.data);
    tarn__builder_free(&out);
    tarn_schema_release(schema.schema);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

#define FIELD(type) "{\"type\":\"struct\",\"fields\":[{\"id\":1,\"name\":\"c\",\"required\":true,\"type\":" type "}]}"
#define COLUMN(rest) "{\"type\":\"struct\",\"fields\":[" rest "]}"

static const struct {
    const char *json;
    enum tarn_status status;
    const char *detail;
} judged[] = {
    {FIELD("\"decimal(9,2)\""), TARN_OK, ""},
    {FIELD("\" decimal ( 9 ,  2 ) \""), TARN_OK, ""},
    {FIELD("\"fixed[ 16 ]\""), TARN_OK, ""},
    {FIELD("\"STRING\""), TARN_OK, ""},
    {"{\"type\":\"struct\",\"fields\":[]}", TARN_OK, ""},
    {"{\"type\":\"struct\",\"more\":{},\"fields\":[{\"id\":1,\"name\":\"c\",\"required\":true,\"type\":\"int\",\"doc\":null,\"x\":[1]}]}",
     TARN_OK, ""},
    {COLUMN("{\"id\":1,\"name\":\"c\",\"required\":true,\"type\":\"int\",\"initial-default\":null}"), TARN_OK, ""},
    {COLUMN("{\"id\":1,\"name\":\"c\",\"required\":true,\"type\":\"int\",\"initial-default\":7}"), TARN_UNSUPPORTED, "iceberg.default"},
    {COLUMN("{\"id\":1,\"name\":\"c\",\"required\":true,\"type\":\"int\",\"initial-default\":\"x\"}"), TARN_CORRUPT, "single_value"},

    {COLUMN("{\"initial-default\":{},\"id\":2,\"name\":\"c\",\"required\":true,\"type\":" FIELD("\"int\"") "}"), TARN_UNSUPPORTED,
     "iceberg.default"},
    {FIELD("\"timestamp_ns\""), TARN_UNSUPPORTED, "iceberg.type.timestamp_nanos"},
    {FIELD("\"timestamptz_ns\""), TARN_UNSUPPORTED, "iceberg.type.timestamp_nanos"},
    {FIELD("\"variant\""), TARN_UNSUPPORTED, "iceberg.type.variant"},
    {FIELD("\"unknown\""), TARN_UNSUPPORTED, "iceberg.type.unknown"},
    {FIELD("\"geometry(OGC:CRS84)\""), TARN_UNSUPPORTED, "iceberg.type.geospatial"},
    {FIELD("\"geography\""), TARN_UNSUPPORTED, "iceberg.type.geospatial"},
    {FIELD("{\"type\":\"list\",\"element-id\":2,\"element\":\"variant\",\"element-required\":true}"), TARN_UNSUPPORTED,
     "iceberg.type.variant"},
    {FIELD("\"integer\""), TARN_CORRUPT, "schema"},
    {FIELD("\"\""), TARN_CORRUPT, "schema"},
    {FIELD("7"), TARN_CORRUPT, "json.type"},
    {FIELD("\"decimal(39,2)\""), TARN_CORRUPT, "schema"},
    {FIELD("\"decimal(0,0)\""), TARN_CORRUPT, "schema"},
    {FIELD("\"decimal(9,10)\""), TARN_CORRUPT, "schema"},
    {FIELD("\"decimal(9)\""), TARN_CORRUPT, "schema"},
    {FIELD("\"decimal(9,2\""), TARN_CORRUPT, "schema"},
    {FIELD("\"decimal(9,2)x\""), TARN_CORRUPT, "schema"},
    {FIELD("\"decimal(99999999999,2)\""), TARN_CORRUPT, "schema"},
    {FIELD("\"fixed[0]\""), TARN_CORRUPT, "schema"},
    {FIELD("\"fixed[-1]\""), TARN_CORRUPT, "schema"},
    {FIELD("\"fixed\""), TARN_CORRUPT, "schema"},
    {FIELD("{\"type\":\"array\"}"), TARN_CORRUPT, "schema"},
    {FIELD("{}"), TARN_CORRUPT, "schema"},
    {FIELD("{\"type\":\"list\",\"element-id\":2,\"element\":\"int\"}"), TARN_CORRUPT, "schema"},
    {FIELD("{\"type\":\"list\",\"element\":\"int\",\"element-required\":true}"), TARN_CORRUPT, "schema"},
    {FIELD("{\"type\":\"map\",\"key-id\":2,\"key\":\"int\",\"value-id\":2,\"value\":\"int\",\"value-required\":true}"), TARN_CORRUPT,
     "schema"},
    {FIELD("{\"type\":\"map\",\"key-id\":2,\"key\":\"int\",\"value-id\":3,\"value-required\":true}"), TARN_CORRUPT, "schema"},
    {FIELD("{\"type\":\"struct\"}"), TARN_CORRUPT, "schema"},
    {COLUMN("{\"name\":\"c\",\"required\":true,\"type\":\"int\"}"), TARN_CORRUPT, "schema"},
    {COLUMN("{\"id\":-1,\"name\":\"c\",\"required\":true,\"type\":\"int\"}"), TARN_CORRUPT, "schema"},
    {COLUMN("{\"id\":2147483648,\"name\":\"c\",\"required\":true,\"type\":\"int\"}"), TARN_CORRUPT, "schema"},
    {COLUMN("{\"id\":1,\"required\":true,\"type\":\"int\"}"), TARN_CORRUPT, "schema"},
    {COLUMN("{\"id\":1,\"name\":\"c\",\"type\":\"int\"}"), TARN_CORRUPT, "schema"},
    {COLUMN("{\"id\":1,\"name\":\"c\",\"required\":true}"), TARN_CORRUPT, "schema"},
    {COLUMN("{\"id\":1,\"name\":\"c\",\"required\":true,\"type\":\"int\"},{\"id\":1,\"name\":\"d\",\"required\":true,\"type\":\"int\"}"),
     TARN_CORRUPT, "schema"},
    {COLUMN("{\"id\":1,\"name\":\"c\",\"required\":true,\"type\":\"int\"},{\"id\":2,\"name\":\"c\",\"required\":true,\"type\":\"int\"}"),
     TARN_CORRUPT, "schema"},
    {"{\"fields\":[]}", TARN_CORRUPT, "schema"},
    {"{\"type\":\"list\",\"fields\":[]}", TARN_CORRUPT, "schema"},
    {"{\"type\":\"struct\",\"schema-id\":-1,\"fields\":[]}", TARN_CORRUPT, "schema"},
    {"{\"type\":\"struct\",\"identifier-field-ids\":[1],\"fields\":[]}", TARN_CORRUPT, "schema"},
    {"{\"type\":\"struct\",\"fields\":[]} x", TARN_CORRUPT, "json.syntax"},
    {"[]", TARN_CORRUPT, "json.type"},
    {"", TARN_CORRUPT, "json.truncated"},
};

START_TEST(iceberg_schema__is_read_or_refused_for_its_reason) /* T-ICEBERG-SCHEMA-2 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__iceberg_schema schema;
    const enum tarn_status status = tarn__iceberg_schema_parse(env, tarn__text_of(judged[_i].json), &arena, &schema, &err);
    ck_assert_msg(status == judged[_i].status, "%s: %s %s", judged[_i].json, tarn_status_name(status), err.message);
    if (status != TARN_OK) {
        ck_assert_msg(strcmp(err.detail, judged[_i].detail) == 0, "%s: %s", judged[_i].json, err.detail);
        ck_assert_ptr_null(schema.schema);
    }
    tarn_schema_release(schema.schema);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(iceberg_schema__nesting_has_an_end)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn_text_builder json;
    tarn__builder_init(&json, env);
    tarn__builder_add_str(&json, "{\"type\":\"struct\",\"fields\":[{\"id\":0,\"name\":\"c\",\"required\":true,\"type\":");
    for (int i = 0; i < 100; i++) {
        tarn__builder_add_str(&json, "{\"type\":\"list\",\"element-id\":");
        tarn__builder_add_int64(&json, i + 1);
        tarn__builder_add_str(&json, ",\"element-required\":true,\"element\":");
    }
    tarn__builder_add_str(&json, "\"int\"");
    tarn__builder_add_repeat(&json, '}', 101);
    tarn__builder_add_str(&json, "]}");
    struct tarn__iceberg_schema schema;
    ck_assert_status(tarn__iceberg_schema_parse(env, tarn__builder_text(&json), &arena, &schema, &err), TARN_LIMIT);
    tarn__builder_free(&json);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

/* ---- new tables ---- */

static const struct {
    const char *from; /* SQL */
    bool narrow;
    const char *to; /* NULL: refused as `detail` */
    const char *detail;
} mapped[] = {
    {"BOOLEAN", false, "\"boolean\"", ""},
    {"TINYINT", false, "\"int\"", ""},
    {"SMALLINT", false, "\"int\"", ""},
    {"INTEGER", false, "\"int\"", ""},
    {"BIGINT", false, "\"long\"", ""},
    {"UTINYINT", false, "\"int\"", ""},
    {"USMALLINT", false, "\"int\"", ""},
    {"UINTEGER", false, "\"long\"", ""},
    {"UBIGINT", false, "\"decimal(20, 0)\"", ""},
    {"HALF", false, "\"float\"", ""},
    {"FLOAT", false, "\"float\"", ""},
    {"DOUBLE", false, "\"double\"", ""},
    {"DECIMAL(38,3)", false, "\"decimal(38, 3)\"", ""},
    {"DECIMAL(39,3)", true, NULL, "iceberg.type.decimal256"},
    {"DATE", false, "\"date\"", ""},
    {"TIME", false, "\"time\"", ""},
    {"TIMESTAMP", false, "\"timestamp\"", ""},
    {"TIMESTAMP WITH TIME ZONE", false, "\"timestamptz\"", ""},
    {"TIMESTAMP_NS", false, NULL, "iceberg.type.timestamp_nanos"},
    {"TIMESTAMP_NS", true, "\"timestamp\"", ""},
    {"VARCHAR", false, "\"string\"", ""},
    {"JSON", false, "\"string\"", ""},
    {"BLOB", false, "\"binary\"", ""},
    {"UUID", false, "\"uuid\"", ""},
    {"INTERVAL", true, NULL, "iceberg.type.none"},
    {"\"NULL\"", true, NULL, "iceberg.type.none"},
    {"UINTEGER[]", false, "{\"type\":\"list\",\"element-id\":2,\"element\":\"long\",\"element-required\":false}", ""},
    {"STRUCT(a UINTEGER, b INTERVAL)", false, NULL, "iceberg.type.none"},
};

START_TEST(iceberg_schema__types_for_new_tables) /* T-ICEBERG-SCHEMA-4 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn_schema *holder;
    struct tarn_field field = {.name = TARN_TEXT("c"), .nullable = true, .id = 99};
    ck_assert_ok(tarn_type_parse(env, tarn__text_of(mapped[_i].from), &holder, &field.type, &err), &err);
    struct tarn_schema *from;
    struct tarn_schema *to;
    ck_assert_ok(tarn_schema_make(env, 1, &field, 0, NULL, &from, &err), &err);
    const enum tarn_status status = tarn__iceberg_schema_map(env, from, mapped[_i].narrow, &to, &err);
    if (mapped[_i].to == NULL) {
        ck_assert_int_eq(status, TARN_UNSUPPORTED);
        ck_assert_str_eq(err.detail, mapped[_i].detail);
    } else {
        ck_assert_ok(status, &err);
        struct tarn__iceberg_schema schema;
        int32_t last = 0;
        ck_assert_ok(tarn__iceberg_schema_assign(env, &arena, to, 0, &last, &schema, &err), &err);
        struct tarn_text_builder out;
        struct tarn_json_printer json;
        tarn__builder_init(&out, env);
        tarn__json_printer_init(&json, &out);
        tarn__iceberg_type_print(schema.schema->fields[0].type, &json);
        ck_assert_msg(tarn__text_equal(tarn__builder_text(&out), tarn__text_of(mapped[_i].to)), "%.*s", (int)out.size, out.data);
        tarn__builder_free(&out);
        tarn_schema_release(schema.schema);
    }
    tarn_schema_release(to);
    tarn_schema_release(from);
    tarn_schema_release(holder);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(iceberg_schema__refuses_names_that_differ_in_case)
{
    struct tarn_env *env = tarn_test_env();
    static const struct tarn_type i32 = {.id = TARN_TYPE_I32};
    const struct tarn_field fields[] = {{.name = TARN_TEXT("a"), .type = &i32, .id = -1}, {.name = TARN_TEXT("A"), .type = &i32, .id = -1}};
    struct tarn_schema *from;
    struct tarn_schema *to;
    ck_assert_ok(tarn_schema_make(env, 2, fields, 0, NULL, &from, &err), &err);
    ck_assert_status(tarn__iceberg_schema_map(env, from, false, &to, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "column_name");
    ck_assert_status(tarn__iceberg_schema_map(env, NULL, false, &to, &err), TARN_INVALID);
    tarn_schema_release(from);
    tarn_test_env_close(env);
}
END_TEST

/* a INTEGER, b STRUCT(c VARCHAR[], d DATE), e MAP(VARCHAR, STRUCT(f INTEGER)), g TIME: all of a level, then each in depth. */
START_TEST(iceberg_schema__ids_in_the_order_of_java) /* T-ICEBERG-SCHEMA-5 */
{
    static const char expected[] =
        "{\"type\":\"struct\",\"schema-id\":0,\"fields\":[{\"id\":1,\"name\":\"a\",\"required\":false,\"type\":\"int\"},"
        "{\"id\":2,\"name\":\"b\",\"required\":false,\"type\":{\"type\":\"struct\",\"fields\":["
        "{\"id\":5,\"name\":\"c\",\"required\":false,\"type\":{\"type\":\"list\",\"element-id\":7,\"element\":\"string\",\"element-"
        "required\":false}},"
        "{\"id\":6,\"name\":\"d\",\"required\":false,\"type\":\"date\"}]}},"
        "{\"id\":3,\"name\":\"e\",\"required\":false,\"type\":{\"type\":\"map\",\"key-id\":8,\"key\":\"string\",\"value-id\":9,\"value\":"
        "{\"type\":\"struct\",\"fields\":[{\"id\":10,\"name\":\"f\",\"required\":false,\"type\":\"int\"}]},\"value-required\":false}},"
        "{\"id\":4,\"name\":\"g\",\"required\":false,\"type\":\"time\"}]}";
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn_schema *holder;
    const struct tarn_type *type;
    ck_assert_ok(tarn_type_parse(env,
                                 TARN_TEXT("STRUCT(a INTEGER, b STRUCT(c VARCHAR[], d DATE), e MAP(VARCHAR, STRUCT(f INTEGER)), g TIME)"),
                                 &holder, &type, &err),
                 &err);
    struct tarn_schema *from;
    ck_assert_ok(tarn_schema_make(env, type->field_count, type->fields, 0, NULL, &from, &err), &err);
    struct tarn__iceberg_schema schema;
    int32_t last = 0;
    ck_assert_ok(tarn__iceberg_schema_assign(env, &arena, from, 0, &last, &schema, &err), &err);
    ck_assert_int_eq(last, 10);
    struct tarn_text_builder out;
    print_schema(env, &schema, &out);
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&out), tarn__text_of(expected)), "%.*s", (int)out.size, out.data);
    tarn__builder_free(&out);
    tarn_schema_release(schema.schema);
    last = INT32_MAX - 3;
    ck_assert_status(tarn__iceberg_schema_assign(env, &arena, from, 0, &last, &schema, &err), TARN_LIMIT);
    tarn_schema_release(from);
    tarn_schema_release(holder);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(iceberg_schema__promotions) /* T-ICEBERG-SCHEMA-3 */
{
    static const struct {
        const char *from;
        const char *to;
        bool legal;
    } table[] = {
        {"\"int\"", "\"long\"", true},
        {"\"float\"", "\"double\"", true},
        {"\"decimal(9,2)\"", "\"decimal(10,2)\"", true},
        {"\"decimal(9,2)\"", "\"decimal(38,2)\"", true},
        {"\"date\"", "\"date\"", true},
        {"\"double\"", "\"float\"", false},
        {"\"timestamp\"", "\"date\"", false},
        {"\"string\"", "\"int\"", false},
    };
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct tarn_type *from;
        const struct tarn_type *to;
        struct tarn__adapt plan;
        ck_assert_ok(tarn__iceberg_type_parse(tarn__text_of(table[i].from), &arena, &from, &err), &err);
        ck_assert_ok(tarn__iceberg_type_parse(tarn__text_of(table[i].to), &arena, &to, &err), &err);
        const enum tarn_status status = tarn__adapt_plan(&arena, from, to, NULL, &plan, &err);
        ck_assert_msg((status == TARN_OK) == table[i].legal, "%s to %s", table[i].from, table[i].to);
    }
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

/* ---- name mapping ---- */

START_TEST(iceberg_schema__name_mapping) /* T-ICEBERG-SCHEMA-6 */
{
    static const char json[] = "[{\"field-id\":1,\"names\":[\"id\",\"record_id\"]},{\"field-id\":2,\"names\":[]},{\"names\":[\"free\"]},"
                               "{\"field-id\":3,\"names\":[\"loc\"],\"fields\":[{\"field-id\":4,\"names\":[\"lat\\u0075\"],\"x\":1}]}]";
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__iceberg_name_mapping mapping;
    ck_assert_ok(tarn__iceberg_name_mapping_parse(tarn__text_of(json), &arena, &mapping, &err), &err);
    ck_assert_uint_eq(mapping.field_count, 4);
    ck_assert_int_eq(mapping.fields[0].id, 1);
    ck_assert_uint_eq(mapping.fields[0].name_count, 2);
    ck_assert(tarn__text_equal(mapping.fields[0].names[1], TARN_TEXT("record_id")));
    ck_assert(mapping.fields[1].id == 2 && mapping.fields[1].name_count == 0);
    ck_assert_int_eq(mapping.fields[2].id, -1);
    ck_assert(mapping.fields[3].child_count == 1 && mapping.fields[3].children[0].id == 4);
    ck_assert(tarn__text_equal(mapping.fields[3].children[0].names[0], TARN_TEXT("latu")));
    static const char *const bad[] = {"{}",
                                      "[{}]",
                                      "[{\"field-id\":1}]",
                                      "[{\"field-id\":-1,\"names\":[\"a\"]}]",
                                      "[{\"names\":[1]}]",
                                      "[] []",
                                      "[{\"field-id\":\"1\",\"names\":[]}]",
                                      ""};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(tarn__iceberg_name_mapping_parse(tarn__text_of(bad[i]), &arena, &mapping, &err) == TARN_CORRUPT, "%s", bad[i]);
        ck_assert_uint_eq(mapping.field_count, 0);
    }
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

/* ---- want of memory ---- */

static enum tarn_status use_schema(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *error)
{
    (void)ctx;
    (void)fault;
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__iceberg_schema schema;
    struct tarn__iceberg_schema again = {0};
    struct tarn_schema *plain = NULL;
    enum tarn_status status = tarn__iceberg_schema_parse(env, tarn__text_of(all_types), &arena, &schema, error);
    if (status == TARN_OK) {
        status = tarn__iceberg_schema_map(env, schema.schema, false, &plain, error);
    }
    int32_t last = 100;
    if (status == TARN_OK) {
        status = tarn__iceberg_schema_assign(env, &arena, plain, 1, &last, &again, error);
    }
    if (status == TARN_OK) {
        struct tarn_text_builder out;
        print_schema(env, &again, &out);
        status = tarn__builder_status(&out, error);
        tarn__builder_free(&out);
    }
    struct tarn__iceberg_name_mapping mapping;
    if (status == TARN_OK) {
        status = tarn__iceberg_name_mapping_parse(TARN_TEXT("[{\"field-id\":1,\"names\":[\"a\"]}]"), &arena, &mapping, error);
    }
    tarn_schema_release(schema.schema);
    tarn_schema_release(plain);
    tarn_schema_release(again.schema);
    tarn__arena_free(&arena);
    return status;
}

START_TEST(iceberg_schema__survives_every_allocation_that_fails)
{
    ck_assert_uint_gt(tarn_fault_sweep(use_schema, NULL, TARN_FAULT_ALL_ALLOC), 8);
}
END_TEST

TARN_SUITE("txlog/iceberg_schema", TARN_TEST(iceberg_schema__every_type),
           TARN_LOOP_TEST(iceberg_schema__is_read_or_refused_for_its_reason, judged), TARN_TEST(iceberg_schema__nesting_has_an_end),
           TARN_LOOP_TEST(iceberg_schema__types_for_new_tables, mapped), TARN_TEST(iceberg_schema__refuses_names_that_differ_in_case),
           TARN_TEST(iceberg_schema__ids_in_the_order_of_java), TARN_TEST(iceberg_schema__promotions),
           TARN_TEST(iceberg_schema__name_mapping), TARN_TEST(iceberg_schema__survives_every_allocation_that_fails))
