/* SPDX-License-Identifier: Apache-2.0
 * The Arrow schema in a Parquet file: what it adds, and that nothing in it does harm.
 */
#include "format/column/arrow_refine.h"
#include "tests/support/suite.h"

static struct tarn_error err;

/* Of pyarrow 26.0.1: t timestamp[us, Europe/Berlin], d duration[ns], u uuid, j json, l list<struct<d duration[ms], x int64>>, dict
 * dictionary<string>, lv large_string. */
static const char arrow[] =
    "/////2ADAAAQAAAAAAAKAAwABgAFAAgACgAAAAABBAAEAAAAfP///wQAAAAHAAAA8AIAALACAAD8AQAAQAEAAIgAAAA8AAAABAAAADz9//8AAAEUEAAAABQA"
    "AAAEAAAAAAAAAAIAAABsdgAA+P7//xAAGAAIAAYABwAMABAAFAAQAAAAAAABBRQAAAA4AAAAIAAAAAQAAAAAAAAABAAAAGRpY3QAAAAACAAIAAAABAAIAAAA"
    "BAAAAHj///8AAAABIAAAAFD///+4/f//AAABDBQAAAAYAAAABAAAAAEAAAAQAAAAAQAAAGwAAAB4////4P3//wAAAQ0YAAAAIAAAAAQAAAACAAAATAAAABQA"
    "AAAEAAAAaXRlbQAAAACo////EP7//wAAAQIQAAAAHAAAAAQAAAAAAAAAAQAAAHgAAAAIAAwACAAHAAgAAAAAAAABQAAAAET+//8AAAESEAAAABgAAAAEAAAA"
    "AAAAAAEAAABkAAAABAAEAAQAAABa////AAABBRQAAACUAAAACAAAABAAAAAAAAAAAQAAAGoAAAACAAAAQAAAAAQAAAAQ////GAAAAAQAAAAKAAAAYXJyb3cu"
    "anNvbgAAFAAAAEFSUk9XOmV4dGVuc2lvbjpuYW1lAAAAAEj///8QAAAABAAAAAAAAAAAAAAAGAAAAEFSUk9XOmV4dGVuc2lvbjptZXRhZGF0YQAAAAAEAAYA"
    "BAAAAAAAEgAYAAgABgAHAAwAAAAQABQAEgAAAAAAAQ8UAAAAnAAAAAgAAAAQAAAAAAAAAAEAAAB1AAAAAgAAAEgAAAAEAAAAyP///xgAAAAEAAAACgAAAGFy"
    "cm93LnV1aWQAABQAAABBUlJPVzpleHRlbnNpb246bmFtZQAAAAAIAAwABAAIAAgAAAAQAAAABAAAAAAAAAAAAAAAGAAAAEFSUk9XOmV4dGVuc2lvbjptZXRh"
    "ZGF0YQAABgAIAAQABgAAABAAAADU////AAABEhAAAAAYAAAABAAAAAAAAAABAAAAZAAGAAgABgAGAAAAAAADABAAFAAIAAYABwAMAAAAEAAQAAAAAAABChAA"
    "AAAcAAAABAAAAAAAAAABAAAAdAAAAAgADAAGAAgACAAAAAAAAgAEAAAADQAAAEV1cm9wZS9CZXJsaW4AAAA=";

#define ELEMENT(its_name, physical, ...)                                                                                                   \
    {                                                                                                                                      \
        .name = {its_name, sizeof(its_name) - 1}, .has_type = true, .type = PARQUET_##physical, .has_repetition_type = true,               \
        .repetition_type = PARQUET_OPTIONAL, __VA_ARGS__                                                                                   \
    }
#define OF_GROUP(its_name, count, repetition, ...)                                                                                         \
    {                                                                                                                                      \
        .name = {its_name, sizeof(its_name) - 1}, .has_num_children = true, .num_children = count, .has_repetition_type = true,            \
        .repetition_type = PARQUET_##repetition, __VA_ARGS__                                                                               \
    }
#define AS(type_id) .has_logical_type = true, .logical_type = {.id = PARQUET_LOGICAL_##type_id}

static const struct parquet_schema_element elements[] = {
    {.name = {"schema", 6}, .has_num_children = true, .num_children = 7},
    ELEMENT("t", INT64, .has_logical_type = true,
            .logical_type = {.id = PARQUET_LOGICAL_TIMESTAMP, .u.time = {.unit = {PARQUET_UNIT_MICROS}, .is_adjusted_to_utc = true}}),
    ELEMENT("d", INT64, .has_field_id = false),
    ELEMENT("u", FIXED_LEN_BYTE_ARRAY, .has_type_length = true, .type_length = 16),
    ELEMENT("j", BYTE_ARRAY, AS(STRING)),
    OF_GROUP("l", 1, OPTIONAL, AS(LIST)),
    OF_GROUP("list", 1, REPEATED, .has_field_id = false),
    OF_GROUP("element", 2, OPTIONAL, .has_field_id = false),
    ELEMENT("d", INT64, .has_field_id = false),
    ELEMENT("x", INT64, .has_field_id = false),
    ELEMENT("dict", BYTE_ARRAY, AS(STRING)),
    ELEMENT("lv", BYTE_ARRAY, AS(STRING)),
};
enum { ELEMENTS = sizeof(elements) / sizeof(elements[0]) };

static enum tarn_status refined(struct tarn_env *env, struct tarn_text value, bool zones, char *shown, size_t size)
{
    const struct tarn_property property = {TARN_TEXT("ARROW:schema"), value};
    struct tarn_file_schema *schema = NULL;
    struct tarn_arena arena;
    size_t used = 0;
    shown[0] = '\0';
    tarn__arena_init(&arena, env);
    enum tarn_status status = tarn__file_schema_read(&arena, ELEMENTS, elements, 1, &property, &schema, &err);
    if (status == TARN_OK) {
        status = tarn__arrow_refine(env, schema, zones, &err);
    }
    for (uint32_t i = 0; status == TARN_OK && i < schema->schema->field_count; i++) {
        used += tarn_type_format(schema->schema->fields[i].type, shown + used, size - used);
        shown[used++] = ';';
        shown[used] = '\0';
    }
    tarn__file_schema_free(schema);
    tarn__arena_free(&arena);
    return status;
}

static const char plain[] = "TIMESTAMP WITH TIME ZONE;BIGINT;BINARY(16);VARCHAR;STRUCT(d BIGINT, x BIGINT)[];VARCHAR;VARCHAR;";

START_TEST(arrow_refine__adds_what_parquet_has_no_word_for) /* P-ARROW-1 */
{
    struct tarn_env *env = tarn_test_env();
    char shown[600];
    ck_assert_ok(refined(env, tarn__text_of(arrow), true, shown, sizeof(shown)), &err);
    ck_assert_ptr_nonnull(strstr(shown, "Europe/Berlin"));
    ck_assert_ok(refined(env, tarn__text_of(arrow), false, shown, sizeof(shown)), &err);
    ck_assert_str_eq(shown, "TIMESTAMP WITH TIME ZONE;DURATION(9);UUID;JSON;STRUCT(d DURATION(3), x BIGINT)[];VARCHAR;VARCHAR;");
    tarn_test_env_close(env);
}
END_TEST

START_TEST(arrow_refine__survives_every_damage) /* P-ARROW-2 */
{
    struct tarn_env *env = tarn_test_env();
    char shown[600];
    char copy[sizeof(arrow)];
    for (size_t size = 0; size < sizeof(arrow) - 1; size += 7) {
        ck_assert_ok(refined(env, (struct tarn_text){arrow, size}, true, shown, sizeof(shown)), &err);
    }
    for (size_t i = 0; i < sizeof(arrow) - 1; i += 3) {
        memcpy(copy, arrow, sizeof(arrow));
        copy[i] = copy[i] == 'A' ? '/' : 'A';
        ck_assert_ok(refined(env, tarn__text_of(copy), true, shown, sizeof(shown)), &err);
    }
    ck_assert_ok(refined(env, TARN_TEXT("no base64!"), true, shown, sizeof(shown)), &err);
    ck_assert_str_eq(shown, plain);
    ck_assert_ok(refined(env, TARN_TEXT("////"), true, shown, sizeof(shown)), &err);
    ck_assert_str_eq(shown, plain);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("format/arrow_refine", TARN_TEST(arrow_refine__adds_what_parquet_has_no_word_for),
           TARN_TEST(arrow_refine__survives_every_damage))
