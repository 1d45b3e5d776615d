/* SPDX-License-Identifier: Apache-2.0
 *
 * Shredding: levels and value places against those of the Dremel paper and of Parquet's README, worked out by hand.
 */
#include <stdio.h>

#include "format/batch/vector_builder.h"
#include "format/column/shred.h"
#include "tests/support/suite.h"

enum { MOST = 64 };

static struct tarn_env *env;
static struct tarn_error err;
static struct tarn_schema *schema;
static struct tarn__leaf_path *paths;
static uint32_t leaf_count;
static struct tarn_arena arena;
static struct tarn__shredder shredder;
static struct tarn__shredded out;

static const struct tarn_type i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};

#define FIELD(field_name, field_type, is_nullable)                                                                                         \
    (struct tarn_field)                                                                                                                    \
    {                                                                                                                                      \
        .name = TARN_TEXT(field_name), .type = (field_type), .nullable = (is_nullable), .id = -1                                           \
    }

static void open_one(struct tarn_field field)
{
    err = (struct tarn_error)TARN_ERROR_INIT;
    env = tarn_test_env();
    ck_assert_ok(tarn_schema_make(env, 1, &field, 0, NULL, &schema, &err), &err);
    tarn__arena_init(&arena, env);
    ck_assert_ok(tarn__leaf_paths_make(schema, &arena, &paths, &leaf_count, &err), &err);
    shredder = (struct tarn__shredder){.env = env};
}

static void close_all(void)
{
    tarn__shredder_free(&shredder);
    tarn__arena_free(&arena);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}

static struct tarn_vector_builder *builder_open(void)
{
    struct tarn_vector_builder *builder;
    ck_assert_ok(tarn__vector_builder_open(env, schema->fields[0].type, &builder, &err), &err);
    return builder;
}

static struct tarn_vector *builder_end(struct tarn_vector_builder *builder)
{
    struct tarn_vector *vector;
    ck_assert_ok(tarn__vector_builder_finish(builder, &vector, &err), &err);
    tarn__vector_builder_close_all(builder);
    return vector;
}

static void shred(uint32_t leaf, const struct tarn_vector *vector)
{
    ck_assert_ok(tarn__shred(&shredder, &paths[leaf], vector, (struct tarn__shred_rows){NULL, 0, vector->length}, &out, &err), &err);
}

/* "r:d r:d ..." of what was shredded. */
static const char *levels(uint32_t leaf)
{
    static char all[4 * MOST];
    size_t used = 0;
    all[0] = 0;
    for (size_t i = 0; i < out.slots; i++) {
        const unsigned r = out.repetition != NULL ? out.repetition[i] : 0;
        const unsigned d = out.definition != NULL ? out.definition[i] : paths[leaf].max_definition;
        used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%u:%u", i == 0 ? "" : " ", r, d);
    }
    return all;
}

/* "a,b,c": the rows of the leaf's vector that hold values. */
static const char *value_rows(void)
{
    static char all[8 * MOST];
    size_t used = 0;
    all[0] = 0;
    for (size_t i = 0; i < out.values; i++) {
        const unsigned row = out.rows != NULL ? out.rows[i] : out.first_row + (unsigned)i;
        used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%u", i == 0 ? "" : ",", row);
    }
    return all;
}

START_TEST(shred__required_column_has_no_levels) /* P-SHRED-1 */
{
    open_one(FIELD("a", &i64, false));
    struct tarn_vector_builder *builder = builder_open();
    for (int64_t i = 0; i < 5; i++) {
        tarn__vector_builder_i64(builder, i);
    }
    struct tarn_vector *vector = builder_end(builder);

    ck_assert_uint_eq(paths[0].max_definition, 0);
    ck_assert_uint_eq(paths[0].max_repetition, 0);
    ck_assert_ok(tarn__shred(&shredder, &paths[0], vector, (struct tarn__shred_rows){NULL, 2, 3}, &out, &err), &err);
    ck_assert_ptr_null(out.definition);
    ck_assert_ptr_null(out.repetition);
    ck_assert_uint_eq(out.slots, 3);
    ck_assert_str_eq(value_rows(), "2,3,4");

    tarn_vector_release(vector);
    close_all();
}
END_TEST

START_TEST(shred__nulls_of_a_flat_column_end_at_level_zero) /* P-SHRED-2 */
{
    open_one(FIELD("a", &i64, true));
    struct tarn_vector_builder *builder = builder_open();
    tarn__vector_builder_i64(builder, 10);
    tarn__vector_builder_null(builder);
    tarn__vector_builder_i64(builder, 12);
    tarn__vector_builder_null(builder);
    struct tarn_vector *vector = builder_end(builder);

    shred(0, vector);
    ck_assert_str_eq(levels(0), "0:1 0:0 0:1 0:0");
    ck_assert_str_eq(value_rows(), "0,2");

    const uint32_t positions[] = {1, 2};
    ck_assert_ok(tarn__shred(&shredder, &paths[0], vector, (struct tarn__shred_rows){positions, 0, 2}, &out, &err), &err);
    ck_assert_str_eq(levels(0), "0:0 0:1");
    ck_assert_str_eq(value_rows(), "2");

    tarn_vector_release(vector);
    close_all();
}
END_TEST

START_TEST(shred__optional_column_without_nulls_keeps_no_level_array)
{
    open_one(FIELD("a", &i64, true));
    struct tarn_vector_builder *builder = builder_open();
    for (int64_t i = 0; i < 200; i++) {
        tarn__vector_builder_i64(builder, i);
    }
    struct tarn_vector *vector = builder_end(builder);
    shred(0, vector);
    ck_assert_ptr_null(out.definition);
    ck_assert_ptr_null(out.rows);
    ck_assert_uint_eq(out.values, 200);
    tarn_vector_release(vector);
    close_all();
}
END_TEST

/* Parquet's README: a: optional, b: optional, c: optional. */
START_TEST(shred__structs_count_definitions_downwards) /* P-SHRED-2 */
{
    const struct tarn_field c = FIELD("c", &i64, true);
    const struct tarn_type b_type = {.id = TARN_TYPE_STRUCT, .field_count = 1, .fields = &c};
    const struct tarn_field b = FIELD("b", &b_type, true);
    const struct tarn_type a_type = {.id = TARN_TYPE_STRUCT, .field_count = 1, .fields = &b};
    open_one(FIELD("a", &a_type, true));
    struct tarn_vector_builder *at_a = builder_open();
    struct tarn_vector_builder *at_b = tarn__vector_builder_child(at_a, 0);
    struct tarn_vector_builder *at_c = tarn__vector_builder_child(at_b, 0);
    tarn__vector_builder_null(at_a); /* a null */
    tarn__vector_builder_null(at_b); /* a.b null */
    tarn__vector_builder_close(at_a);
    tarn__vector_builder_null(at_c); /* a.b.c null */
    tarn__vector_builder_close(at_b);
    tarn__vector_builder_close(at_a);
    tarn__vector_builder_i64(at_c, 7);
    tarn__vector_builder_close(at_b);
    tarn__vector_builder_close(at_a);
    struct tarn_vector *vector = builder_end(at_a);

    shred(0, vector);
    ck_assert_uint_eq(paths[0].max_definition, 3);
    ck_assert_str_eq(levels(0), "0:0 0:1 0:2 0:3");
    ck_assert_str_eq(value_rows(), "3");
    tarn_vector_release(vector);
    close_all();
}
END_TEST

/* A required struct in an optional one adds no level. */
START_TEST(shred__required_members_add_no_level)
{
    const struct tarn_field c = FIELD("c", &i64, false);
    const struct tarn_type b_type = {.id = TARN_TYPE_STRUCT, .field_count = 1, .fields = &c};
    open_one(FIELD("b", &b_type, true));
    struct tarn_vector_builder *at_b = builder_open();
    tarn__vector_builder_null(at_b);
    tarn__vector_builder_i64(tarn__vector_builder_child(at_b, 0), 4);
    tarn__vector_builder_close(at_b);
    struct tarn_vector *vector = builder_end(at_b);

    shred(0, vector);
    ck_assert_uint_eq(paths[0].max_definition, 1);
    ck_assert_str_eq(levels(0), "0:0 0:1");
    ck_assert_str_eq(value_rows(), "1");
    tarn_vector_release(vector);
    close_all();
}
END_TEST

/* Parquet's blog on Dremel: [[a,b,c],[d,e,f,g]], [[h],[i,j]], as lists of lists of required strings. */
START_TEST(shred__dremel_nested_lists) /* P-SHRED-3 */
{
    const struct tarn_field inner_element = FIELD("element", &text, false);
    const struct tarn_type inner_type = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &inner_element};
    const struct tarn_field element = FIELD("element", &inner_type, false);
    const struct tarn_type outer_type = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &element};
    open_one(FIELD("level1", &outer_type, false));
    struct tarn_vector_builder *outer = builder_open();
    struct tarn_vector_builder *inner = tarn__vector_builder_child(outer, 0);
    struct tarn_vector_builder *leaf = tarn__vector_builder_child(inner, 0);
    static const char *const records[2][2] = {{"abc", "defg"}, {"h", "ij"}};
    for (int r = 0; r < 2; r++) {
        for (int l = 0; l < 2; l++) {
            for (const char *at = records[r][l]; *at != 0; at++) {
                tarn__vector_builder_text(leaf, (struct tarn_text){at, 1});
            }
            tarn__vector_builder_close(inner);
        }
        tarn__vector_builder_close(outer);
    }
    struct tarn_vector *vector = builder_end(outer);

    shred(0, vector);
    ck_assert_uint_eq(paths[0].max_repetition, 2);
    ck_assert_str_eq(levels(0), "0:2 2:2 2:2 1:2 2:2 2:2 2:2 0:2 1:2 2:2");
    ck_assert_str_eq(value_rows(), "0,1,2,3,4,5,6,7,8,9");
    tarn_vector_release(vector);
    close_all();
}
END_TEST

/* The paper's Document: Links.Backward and Links.Forward, Name.Language.Code and .Country, Name.Url, records r1 and r2. */
START_TEST(shred__dremel_document) /* P-SHRED-3 P-SHRED-4 */
{
    const struct tarn_field language_fields[] = {FIELD("Code", &text, false), FIELD("Country", &text, true)};
    const struct tarn_type language = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = language_fields};
    const struct tarn_field language_element = FIELD("element", &language, false);
    const struct tarn_type languages = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &language_element};
    const struct tarn_field name_fields[] = {FIELD("Language", &languages, false), FIELD("Url", &text, true)};
    const struct tarn_type name = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = name_fields};
    const struct tarn_field name_element = FIELD("element", &name, false);
    const struct tarn_type names = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &name_element};
    open_one(FIELD("Name", &names, false));
    ck_assert_uint_eq(leaf_count, 3);

    struct tarn_vector_builder *at_names = builder_open();
    struct tarn_vector_builder *at_name = tarn__vector_builder_child(at_names, 0);
    struct tarn_vector_builder *at_languages = tarn__vector_builder_child(at_name, 0);
    struct tarn_vector_builder *at_url = tarn__vector_builder_child(at_name, 1);
    struct tarn_vector_builder *at_language = tarn__vector_builder_child(at_languages, 0);
    struct tarn_vector_builder *at_code = tarn__vector_builder_child(at_language, 0);
    struct tarn_vector_builder *at_country = tarn__vector_builder_child(at_language, 1);
    /* r1: Name (en-us/us, en, http://A), Name (http://B), Name (en-gb/gb) */
    tarn__vector_builder_text(at_code, TARN_TEXT("en-us"));
    tarn__vector_builder_text(at_country, TARN_TEXT("us"));
    tarn__vector_builder_close(at_language);
    tarn__vector_builder_text(at_code, TARN_TEXT("en"));
    tarn__vector_builder_null(at_country);
    tarn__vector_builder_close(at_language);
    tarn__vector_builder_close(at_languages);
    tarn__vector_builder_text(at_url, TARN_TEXT("http://A"));
    tarn__vector_builder_close(at_name);
    tarn__vector_builder_close(at_languages);
    tarn__vector_builder_text(at_url, TARN_TEXT("http://B"));
    tarn__vector_builder_close(at_name);
    tarn__vector_builder_text(at_code, TARN_TEXT("en-gb"));
    tarn__vector_builder_text(at_country, TARN_TEXT("gb"));
    tarn__vector_builder_close(at_language);
    tarn__vector_builder_close(at_languages);
    tarn__vector_builder_null(at_url);
    tarn__vector_builder_close(at_name);
    tarn__vector_builder_close(at_names);
    /* r2: Name (http://C) */
    tarn__vector_builder_close(at_languages);
    tarn__vector_builder_text(at_url, TARN_TEXT("http://C"));
    tarn__vector_builder_close(at_name);
    tarn__vector_builder_close(at_names);
    struct tarn_vector *vector = builder_end(at_names);

    shred(0, vector); /* figure 3 of the paper, with the list levels as there */
    ck_assert_str_eq(levels(0), "0:2 2:2 1:1 1:2 0:1");
    ck_assert_str_eq(value_rows(), "0,1,2");
    shred(1, vector);
    ck_assert_str_eq(levels(1), "0:3 2:2 1:1 1:3 0:1");
    ck_assert_str_eq(value_rows(), "0,2");
    shred(2, vector);
    ck_assert_str_eq(levels(2), "0:2 1:2 1:1 0:2");
    ck_assert_str_eq(value_rows(), "0,1,3");
    tarn_vector_release(vector);
    close_all();
}
END_TEST

/* null, [], [null], [1, null, 2]: optional list of optional elements. */
START_TEST(shred__null_empty_and_null_element_differ) /* P-SHRED-4 */
{
    const struct tarn_field element = FIELD("element", &i64, true);
    const struct tarn_type list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &element};
    open_one(FIELD("l", &list, true));
    struct tarn_vector_builder *at_list = builder_open();
    struct tarn_vector_builder *at_element = tarn__vector_builder_child(at_list, 0);
    tarn__vector_builder_null(at_list);
    tarn__vector_builder_close(at_list);
    tarn__vector_builder_null(at_element);
    tarn__vector_builder_close(at_list);
    tarn__vector_builder_i64(at_element, 1);
    tarn__vector_builder_null(at_element);
    tarn__vector_builder_i64(at_element, 2);
    tarn__vector_builder_close(at_list);
    struct tarn_vector *vector = builder_end(at_list);

    shred(0, vector);
    ck_assert_uint_eq(paths[0].max_definition, 3);
    ck_assert_str_eq(levels(0), "0:0 0:1 0:2 0:3 1:2 1:3");
    ck_assert_str_eq(value_rows(), "1,3");

    const uint32_t backwards[] = {3, 1}; /* rows of a selection need not be neighbours */
    ck_assert_ok(tarn__shred(&shredder, &paths[0], vector, (struct tarn__shred_rows){backwards, 0, 2}, &out, &err), &err);
    ck_assert_str_eq(levels(0), "0:3 1:2 1:3 0:1");
    ck_assert_str_eq(value_rows(), "1,3");
    tarn_vector_release(vector);
    close_all();
}
END_TEST

START_TEST(shred__map_values_may_be_null) /* P-SHRED-5 */
{
    const struct tarn_field entry[] = {FIELD("key", &text, false), FIELD("value", &i64, true)};
    const struct tarn_type map = {.id = TARN_TYPE_MAP, .field_count = 2, .fields = entry};
    open_one(FIELD("m", &map, true));
    struct tarn_vector_builder *at_map = builder_open();
    tarn__vector_builder_text(tarn__vector_builder_child(at_map, 0), TARN_TEXT("a"));
    tarn__vector_builder_i64(tarn__vector_builder_child(at_map, 1), 1);
    tarn__vector_builder_text(tarn__vector_builder_child(at_map, 0), TARN_TEXT("b"));
    tarn__vector_builder_null(tarn__vector_builder_child(at_map, 1));
    tarn__vector_builder_close(at_map);
    tarn__vector_builder_null(at_map);
    tarn__vector_builder_close(at_map);
    struct tarn_vector *vector = builder_end(at_map);

    ck_assert_uint_eq(leaf_count, 2);
    shred(0, vector);
    ck_assert_str_eq(levels(0), "0:2 1:2 0:0 0:1");
    shred(1, vector);
    ck_assert_str_eq(levels(1), "0:3 1:2 0:0 0:1");
    ck_assert_str_eq(value_rows(), "0");
    tarn_vector_release(vector);
    close_all();
}
END_TEST

START_TEST(shred__constants_and_runs_are_not_spread_out)
{
    open_one(FIELD("a", &text, true));
    struct tarn_vector_builder *builder = builder_open();
    tarn__vector_builder_text(builder, TARN_TEXT("x"));
    tarn__vector_builder_null(builder);
    tarn__vector_builder_text(builder, TARN_TEXT("y"));
    struct tarn_vector *values = builder_end(builder);
    struct tarn_buffer *ends = tarn__buffer_new(env, 3 * sizeof(uint32_t));
    memcpy(ends->data, (const uint32_t[]){2, 3, 6}, 3 * sizeof(uint32_t));
    struct tarn_vector *runs = tarn__vector_runs(env, schema->fields[0].type, 6, 3, ends, tarn_vector_retain(values));
    shred(0, runs);
    ck_assert_str_eq(levels(0), "0:1 0:1 0:0 0:1 0:1 0:1");
    ck_assert_str_eq(value_rows(), "0,0,2,2,2");
    ck_assert_ptr_eq(out.vector, values);

    struct tarn_vector *constant = tarn__vector_constant(env, schema->fields[0].type, 3, tarn_vector_retain(values));
    shred(0, constant);
    ck_assert_str_eq(value_rows(), "0,0,0");

    struct tarn_vector *nulls = tarn__vector_nulls(env, schema->fields[0].type, 2);
    shred(0, nulls);
    ck_assert_str_eq(levels(0), "0:0 0:0");
    ck_assert_ptr_null(out.vector);

    tarn_vector_release(nulls);
    tarn_vector_release(constant);
    tarn_vector_release(runs);
    tarn_vector_release(values);
    close_all();
}
END_TEST

/* A constant list: the same elements again for each row. */
START_TEST(shred__constant_of_a_list_repeats_its_elements)
{
    const struct tarn_field element = FIELD("element", &i64, false);
    const struct tarn_type list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &element};
    open_one(FIELD("l", &list, false));
    struct tarn_vector_builder *at_list = builder_open();
    tarn__vector_builder_i64(tarn__vector_builder_child(at_list, 0), 1);
    tarn__vector_builder_i64(tarn__vector_builder_child(at_list, 0), 2);
    tarn__vector_builder_close(at_list);
    struct tarn_vector *one = builder_end(at_list);
    struct tarn_vector *constant = tarn__vector_constant(env, schema->fields[0].type, 3, one);
    shred(0, constant);
    ck_assert_str_eq(levels(0), "0:1 1:1 0:1 1:1 0:1 1:1");
    ck_assert_str_eq(value_rows(), "0,1,0,1,0,1");
    tarn_vector_release(constant);
    close_all();
}
END_TEST

START_TEST(shred__null_in_a_required_field_names_the_row) /* P-SHRED-6 */
{
    const struct tarn_field element = FIELD("element", &i64, false);
    const struct tarn_type list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &element};
    open_one(FIELD("l", &list, true));
    struct tarn_vector_builder *at_list = builder_open();
    struct tarn_vector_builder *at_element = tarn__vector_builder_child(at_list, 0);
    tarn__vector_builder_i64(at_element, 1);
    tarn__vector_builder_i64(at_element, 1);
    tarn__vector_builder_close(at_list);
    tarn__vector_builder_null(at_list);
    tarn__vector_builder_i64(at_element, 1);
    tarn__vector_builder_null(at_element);
    tarn__vector_builder_close(at_list);
    struct tarn_vector *vector = builder_end(at_list);
    const struct tarn__shred_rows all = {NULL, 0, 3};
    ck_assert_status(tarn__shred(&shredder, &paths[0], vector, all, &out, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "null_in_required");
    ck_assert_int_eq(err.row, 2);
    tarn_vector_release(vector);
    close_all();
}
END_TEST

/* Under a null struct the slots of its required members are null too, and legal. */
START_TEST(shred__required_member_of_a_null_struct_is_no_error) /* P-SHRED-6 */
{
    const struct tarn_field inner = FIELD("c", &i64, false);
    const struct tarn_type type = {.id = TARN_TYPE_STRUCT, .field_count = 1, .fields = &inner};
    open_one(FIELD("s", &type, true));
    struct tarn_vector *child = tarn__vector_nulls(env, schema->fields[0].type->fields[0].type, 2);
    struct tarn_buffer *validity = tarn__buffer_new_zeroed(env, 1);
    struct tarn_vector *vector = tarn__vector_struct(env, schema->fields[0].type, 2, 1, &child, validity);
    shred(0, vector);
    ck_assert_str_eq(levels(0), "0:0 0:0");
    tarn_vector_release(vector);
    close_all();
}
END_TEST

START_TEST(leaf_path__struct_without_members_is_refused)
{
    const struct tarn_type empty = {.id = TARN_TYPE_STRUCT};
    const struct tarn_field field = FIELD("s", &empty, true);
    const struct tarn_schema bare = {.field_count = 1, .fields = &field};
    env = tarn_test_env();
    tarn__arena_init(&arena, env);
    ck_assert_status(tarn__leaf_paths_make(&bare, &arena, &paths, &leaf_count, &err), TARN_INVALID);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("shred", TARN_TEST(shred__required_column_has_no_levels), TARN_TEST(shred__nulls_of_a_flat_column_end_at_level_zero),
           TARN_TEST(shred__optional_column_without_nulls_keeps_no_level_array), TARN_TEST(shred__structs_count_definitions_downwards),
           TARN_TEST(shred__required_members_add_no_level), TARN_TEST(shred__dremel_nested_lists), TARN_TEST(shred__dremel_document),
           TARN_TEST(shred__null_empty_and_null_element_differ), TARN_TEST(shred__map_values_may_be_null),
           TARN_TEST(shred__constants_and_runs_are_not_spread_out), TARN_TEST(shred__constant_of_a_list_repeats_its_elements),
           TARN_TEST(shred__null_in_a_required_field_names_the_row), TARN_TEST(shred__required_member_of_a_null_struct_is_no_error),
           TARN_TEST(leaf_path__struct_without_members_is_refused))
