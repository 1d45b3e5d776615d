/* SPDX-License-Identifier: Apache-2.0
 *
 * VARIANT columns written: what is shredded how, into bytes by hand; types inferred from rows; files that are read again as they were.
 */
#include <stdio.h>

#include "format/base/text.h"
#include "format/variant/variant_shred.h"
#include "tarn/reader.h"
#include "tests/support/canonical.h"
#include "tests/support/fault.h"
#include "tests/support/make_variant.h"
#include "tests/support/parquet_file.h"

static struct tarn_env *env;
static struct tarn_store *store;
static struct tarn_error err;

static const struct tarn_type variant = {.id = TARN_TYPE_VARIANT};
static const struct tarn_type i64 = {.id = TARN_TYPE_I64};

static void open_env(void)
{
    err = (struct tarn_error)TARN_ERROR_INIT;
    env = tarn_test_env();
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
}

static void close_env(void)
{
    tarn_store_close(store);
    tarn_test_env_close(env);
}

static struct tarn_vector *column_of(const struct tarn_type *type, uint32_t count, const char *const *texts)
{
    struct tarn_vector_builder *builder;
    struct tarn_vector *out;
    ck_assert_ok(tarn__vector_builder_open(env, type, &builder, &err), &err);
    for (uint32_t i = 0; i < count; i++) {
        tarn_test_add_variant(builder, env, texts[i]);
    }
    ck_assert_ok(tarn__vector_builder_finish(builder, &out, &err), &err);
    tarn__vector_builder_close_all(builder);
    return out;
}

/* ---- what becomes of one value ---- */

static const struct {
    const char *type;
    const char *value;
    const char *stored; /* `value` and `typed_value` */
} shreddings[] = {
    {"BIGINT", "7", "[null,7]"},
    {"BIGINT", "300", "[null,300]"},
    {"TINYINT", "300", "[\"0x102c01\",null]"},
    {"BIGINT", "null", "[\"0x00\",null]"},
    {"BIGINT", "1.00d", "[\"0x200264000000\",null]"},
    {"BIGINT", "\"7\"", "[\"0x0537\",null]"},
    {"BOOLEAN", "true", "[null,true]"},
    {"BOOLEAN", "false", "[null,false]"},
    {"DOUBLE", "1.5", "[null,1.5]"},
    {"DOUBLE", "1.5f", "[\"0x380000c03f\",null]"},
    {"FLOAT", "1.5f", "[null,1.5]"},
    {"DOUBLE", "1", "[\"0x0c01\",null]"},
    {"DECIMAL(9,2)", "1.50d", "[null,\"1.50\"]"},
    {"DECIMAL(9,2)", "1.5d", "[\"0x20010f000000\",null]"},
    {"DECIMAL(9,2)", "1.50Q", "[null,\"1.50\"]"},
    {"DECIMAL(4,2)", "123.45d", "[\"0x200239300000\",null]"},
    {"DECIMAL(38,2)", "-1.50d", "[null,\"-1.50\"]"},
    {"VARCHAR", "\"ab\"", "[null,\"ab\"]"},
    {"BLOB", "'ab'", "[null,\"0x6162\"]"},
    {"VARCHAR", "'ab'", "[\"0x3c020000006162\",null]"},
    {"BIGINT[]", "[1,2]", "[null,[{\"value\":null,\"typed_value\":1},{\"value\":null,\"typed_value\":2}]]"},
    {"BIGINT[]", "[]", "[null,[]]"},
    {"BIGINT[]", "[null,\"x\"]", "[null,[{\"value\":\"0x00\",\"typed_value\":null},{\"value\":\"0x0578\",\"typed_value\":null}]]"},
    {"BIGINT[]", "1", "[\"0x0c01\",null]"},
    {"STRUCT(a BIGINT)", "{\"a\":1}", "[null,{\"a\":{\"value\":null,\"typed_value\":1}}]"},
    {"STRUCT(a BIGINT)", "{}", "[null,{\"a\":{\"value\":null,\"typed_value\":null}}]"},
    {"STRUCT(a BIGINT)", "{\"a\":null}", "[null,{\"a\":{\"value\":\"0x00\",\"typed_value\":null}}]"},
    {"STRUCT(a BIGINT)", "{\"a\":true}", "[null,{\"a\":{\"value\":\"0x04\",\"typed_value\":null}}]"},
    {"STRUCT(a BIGINT)", "{\"b\":1}", "[\"0x02010000020c01\",{\"a\":{\"value\":null,\"typed_value\":null}}]"},
    {"STRUCT(a BIGINT)", "{\"0\":1,\"a\":2,\"b\":3}",
     "[\"0x0202000200020"
     "40c010c03\",{\"a\":{\"value\":null,\"typed_value\":2}}]"},
    {"STRUCT(a BIGINT)", "5", "[\"0x0c05\",null]"},
    {"STRUCT(c BIGINT, a VARCHAR)", "{\"a\":\"x\",\"c\":9}",
     "[null,{\"c\":{\"value\":null,\"typed_value\":9},\"a\":{\"value\":null,\"typed_value\":\"x\"}}]"},
    {"STRUCT(a STRUCT(x BOOLEAN))", "{\"a\":{\"x\":true,\"y\":1}}",
     "[null,{\"a\":{\"value\":\"0x02010200020c01\",\"typed_value\":{\"x\":{\"value\":null,\"typed_value\":true}}}}]"},
    {"STRUCT(a VARIANT)", "{\"a\":1}", "[null,{\"a\":{\"value\":\"0x0c01\"}}]"},
};

/* The plan of a reader for a column that is shredded so. */
static const struct tarn_variant_column *plan_of(struct tarn_arena *arena, const struct tarn_type *storage, struct tarn_file_schema **file)
{
    const struct tarn_field field = {.name = TARN_TEXT("v"), .type = storage, .nullable = true, .id = -1};
    const struct tarn_schema schema = {.field_count = 1, .fields = &field};
    struct parquet_schema_element *elements;
    uint32_t count;
    ck_assert_ok(tarn__file_schema_write(arena, &schema, &count, &elements, &err), &err);
    ck_assert_ok(tarn__file_schema_read(arena, count, elements, 0, NULL, file, &err), &err);
    ck_assert_ptr_nonnull((*file)->root.children[0].variant);
    return (*file)->root.children[0].variant;
}

START_TEST(variant_write__goes_where_its_type_fits) /* P-VARSHRED-1, P-VARSHRED-2, P-VARSHRED-3 */
{
    struct tarn_schema *holder;
    const struct tarn_type *typed;
    const struct tarn_type *storage;
    struct tarn_file_schema *file;
    struct tarn_arena arena;
    struct tarn_text_builder text;
    struct tarn_vector *stored;
    open_env();
    tarn__arena_init(&arena, env);
    ck_assert_ok(tarn_type_parse(env, tarn__text_of(shreddings[_i].type), &holder, &typed, &err), &err);
    ck_assert_ok(tarn__variant_storage_type(&arena, typed, &storage, &err), &err);
    const struct tarn_variant_column *plan = plan_of(&arena, storage, &file);
    struct tarn_vector *column = column_of(&variant, 2, (const char *const[]){NULL, shreddings[_i].value});
    ck_assert_ok(tarn__variant_shred(env, plan, storage, column, NULL, &stored, &err), &err);
    ck_assert(tarn_vector_is_null(stored, 0));
    ck_assert(!tarn_vector_is_null(stored, 1));
    tarn__builder_init(&text, env);
    struct tarn_json_printer printer;
    tarn__json_printer_init(&printer, &text);
    tarn__json_print_begin_array(&printer);
    tarn_canonical_value(&printer, stored->children[1], 1);
    tarn_canonical_value(&printer, stored->children[2], 1);
    tarn__json_print_end_array(&printer);
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&text), tarn__text_of(shreddings[_i].stored)), "%s as %s: %.*s", shreddings[_i].value,
                  shreddings[_i].type, TARN_TEXT_ARG(tarn__builder_text(&text)));
    ck_assert(tarn__text_equal(tarn_vector_text(stored->children[0], 1), tarn_vector_text(column->children[0], 1)));
    tarn__builder_free(&text);
    tarn_vector_release(stored);
    tarn_vector_release(column);
    tarn__file_schema_free(file);
    tarn__arena_free(&arena);
    tarn_schema_release(holder);
    close_env();
}
END_TEST

static const char *const no_types[] = {"UINTEGER",      "TIME WITH TIME ZONE", "MAP(VARCHAR, BIGINT)",
                                       "DECIMAL(39,0)", "STRUCT(a HALF)",      "BLOB(4)[]"};

START_TEST(variant_write__refuses_types_that_no_variant_has) /* P-VARSHRED-4 */
{
    struct tarn_schema *holder;
    const struct tarn_type *typed;
    const struct tarn_type *storage;
    struct tarn_arena arena;
    open_env();
    tarn__arena_init(&arena, env);
    if (tarn_type_parse(env, tarn__text_of(no_types[_i]), &holder, &typed, &err) == TARN_OK) {
        ck_assert_status(tarn__variant_storage_type(&arena, typed, &storage, &err), TARN_INVALID);
        ck_assert_str_eq(err.detail, "shredding_type");
        ck_assert_ptr_null(storage);
        tarn_schema_release(holder);
    }
    tarn__arena_free(&arena);
    close_env();
}
END_TEST

/* ---- files ---- */

static const struct tarn_field list_element = TARN_TEST_FIELD("element", &variant, true);
static const struct tarn_type list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &list_element};
static const struct tarn_field row_members[] = {TARN_TEST_FIELD("i", &i64, false), TARN_TEST_FIELD("w", &variant, true)};
static const struct tarn_type row_type = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = row_members};
static const struct tarn_field columns[] = {TARN_TEST_FIELD("id", &i64, false), TARN_TEST_FIELD("v", &variant, true),
                                            TARN_TEST_FIELD("l", &list, true), TARN_TEST_FIELD("s", &row_type, true)};

enum { ROWS = 5000, COLUMNS = 4 };

/* Mostly events of one kind, some others. */
static void event(uint32_t i, char *out, size_t size)
{
    static const char *const odd[] = {"null", "17", "\"text\"", "[1,2,\"x\"]", "{}", "{\"id\":\"not a number\"}"};
    if (i % 40 == 7) {
        snprintf(out, size, "%s", odd[i / 40 % 6]);
    } else {
        snprintf(out, size, "{\"id\":%u,\"name\":\"n%u\",\"price\":%u.%02ud,\"tags\":[\"a\",\"t%u\"],\"at\":{\"x\":%u.5,\"ok\":%s}%s}",
                 i * 37, i % 50, i % 90, i % 100, i % 9, i % 7, i % 3 == 0 ? "true" : "null", i % 11 == 0 ? ",\"rare\":[{\"k\":1}]" : "");
    }
}

static struct tarn_schema *make_schema(void)
{
    struct tarn_schema *schema;
    ck_assert_ok(tarn_schema_make(env, COLUMNS, columns, 0, NULL, &schema, &err), &err);
    return schema;
}

static struct tarn_batch *make_batch(const struct tarn_schema *schema, uint32_t first, uint32_t count)
{
    struct tarn_vector_builder *builders[COLUMNS];
    struct tarn_vector *vectors[COLUMNS];
    struct tarn_batch *batch;
    char text[300];
    for (uint32_t c = 0; c < COLUMNS; c++) {
        ck_assert_ok(tarn__vector_builder_open(env, schema->fields[c].type, &builders[c], &err), &err);
    }
    for (uint32_t i = first; i < first + count; i++) {
        tarn__vector_builder_i64(builders[0], i);
        event(i, text, sizeof(text));
        tarn_test_add_variant(builders[1], env, i % 13 == 5 ? NULL : text);
        for (uint32_t k = 0; i % 5 != 0 && k < i % 3; k++) {
            event(i + k, text, sizeof(text));
            tarn_test_add_variant(tarn__vector_builder_child(builders[2], 0), env, k == 1 ? NULL : text);
        }
        if (i % 5 == 0) {
            tarn__vector_builder_null(builders[2]);
            tarn__vector_builder_null(builders[3]);
        } else {
            tarn__vector_builder_close(builders[2]);
            tarn__vector_builder_i64(tarn__vector_builder_child(builders[3], 0), i);
            tarn_test_add_variant(tarn__vector_builder_child(builders[3], 1), env, i % 2 == 0 ? "true" : "[]");
            tarn__vector_builder_close(builders[3]);
        }
    }
    for (uint32_t c = 0; c < COLUMNS; c++) {
        ck_assert_ok(tarn__vector_builder_finish(builders[c], &vectors[c], &err), &err);
        tarn__vector_builder_close_all(builders[c]);
    }
    ck_assert_ok(tarn__batch_adopt(env, schema, count, vectors, &batch, &err), &err);
    return batch;
}

static void write_rows(const char *key, const struct tarn_parquet_write_options *options, uint32_t rows, uint32_t step,
                       struct tarn_text_builder *text)
{
    struct tarn_schema *schema = make_schema();
    struct tarn_sink *sink;
    ck_assert_ok(tarn_parquet_create(store, tarn__text_of(key), schema, options, &sink, &err), &err);
    for (uint32_t first = 0; first < rows; first += step) {
        struct tarn_batch *batch = make_batch(schema, first, rows - first < step ? rows - first : step);
        ck_assert_ok(tarn_sink_write(sink, batch, &err), &err);
        if (text != NULL) {
            tarn_canonical_batch(batch, text);
        }
        tarn_batch_release(batch);
    }
    ck_assert_ok(tarn_sink_finish(sink, &err), &err);
    tarn_schema_release(schema);
}

static void expect_rows(const char *key, const struct tarn_text_builder *expected)
{
    struct tarn_source *source;
    struct tarn_text_builder read;
    tarn__builder_init(&read, env);
    ck_assert_ok(tarn_parquet_open(store, tarn__text_of(key), NULL, &source, &err), &err);
    ck_assert_ok(tarn_canonical_rows(source, 777, &read, &err), &err);
    tarn_source_close(source);
    ck_assert_uint_eq(read.size, expected->size);
    ck_assert(read.size == 0 || memcmp(read.data, expected->data, read.size) == 0);
    tarn__builder_free(&read);
}

static bool has_leaf(struct tarn_parquet_file *file, const char *path)
{
    for (uint32_t i = 0; i < file->footer->schema->leaf_count; i++) {
        if (tarn__text_equal(file->footer->schema->leaves[i].path, tarn__text_of(path))) {
            return true;
        }
    }
    return false;
}

START_TEST(variant_write__infers_what_pays) /* P-VARSHRED-5, P-VARSHRED-6, P-VARSHRED-7 */
{
    struct tarn_text_builder expected;
    struct tarn_parquet_file file;
    open_env();
    tarn__builder_init(&expected, env);
    write_rows("one", NULL, ROWS, ROWS, &expected);
    write_rows("many", NULL, ROWS, 613, NULL);
    expect_rows("one", &expected);
    struct tarn_buffer *one = tarn_test_read(store, TARN_TEXT("one"));
    struct tarn_buffer *many = tarn_test_read(store, TARN_TEXT("many"));
    ck_assert_uint_eq(one->size, many->size);
    ck_assert_mem_eq(one->data, many->data, one->size);
    tarn__buffer_release(one);
    tarn__buffer_release(many);

    tarn_parquet_file_open(&file, store, TARN_TEXT("one"));
    ck_assert(has_leaf(&file, "v.typed_value.id.typed_value"));
    ck_assert(has_leaf(&file, "v.typed_value.name.value"));
    ck_assert(has_leaf(&file, "v.typed_value.price.typed_value"));
    ck_assert(has_leaf(&file, "v.typed_value.tags.typed_value.list.element.typed_value"));
    ck_assert(has_leaf(&file, "v.typed_value.at.typed_value.x.typed_value"));
    ck_assert(!has_leaf(&file, "v.typed_value.rare.value"));
    ck_assert(has_leaf(&file, "l.list.element.typed_value.id.typed_value"));
    ck_assert(!has_leaf(&file, "s.w.typed_value")); /* neither booleans nor arrays are nine in ten */
    for (uint32_t i = 0; i < file.footer->schema->leaf_count; i++) {
        const struct tarn_text path = file.footer->schema->leaves[i].path;
        const struct parquet_statistics *statistics = &tarn_parquet_file_chunk(&file, 0, i)->statistics;
        const bool id = tarn__text_equal(path, TARN_TEXT("v.typed_value.id.typed_value"));
        const bool bytes = tarn__text_equal(path, TARN_TEXT("v.value")) || tarn__text_equal(path, TARN_TEXT("v.metadata"));
        ck_assert(!id || (statistics->has_min_value && tarn__load64(statistics->min_value.data) == 0));
        ck_assert(!bytes || !statistics->has_min_value);
    }
    tarn_parquet_file_close(&file);
    tarn__builder_free(&expected);
    close_env();
}
END_TEST

static const struct {
    enum tarn_choice shredding;
    enum tarn_parquet_profile profile;
    const char *type;
    uint32_t rows;
    bool shredded;
} choices[] = {
    {TARN_CHOICE_AUTO, TARN_PROFILE_DEFAULT, NULL, 100, false}, /* too few to pay */
    {TARN_CHOICE_YES, TARN_PROFILE_DEFAULT, NULL, 100, true},
    {TARN_CHOICE_YES, TARN_PROFILE_DEFAULT, NULL, 0, false},
    {TARN_CHOICE_AUTO, TARN_PROFILE_COMPAT, NULL, 1000, false},
    {TARN_CHOICE_NO, TARN_PROFILE_DEFAULT, NULL, 1000, false},
    {TARN_CHOICE_NO, TARN_PROFILE_DEFAULT, "STRUCT(id BIGINT)", 1000, false},
    {TARN_CHOICE_AUTO, TARN_PROFILE_COMPAT, "STRUCT(id BIGINT)", 1000, true},
    {TARN_CHOICE_YES, TARN_PROFILE_DEFAULT, "STRUCT(tags VARCHAR[], id SMALLINT, rare STRUCT(k INTEGER)[])", 1000, true},
    {TARN_CHOICE_YES, TARN_PROFILE_DEFAULT, "VARCHAR", 1000, true},
};

START_TEST(variant_write__is_shredded_as_the_options_say) /* P-VARSHRED-5 */
{
    const struct tarn_path_step step = {.kind = TARN_PATH_FIELD, .name = TARN_TEXT("v"), .id = -1};
    struct tarn_parquet_column_options column = TARN_PARQUET_COLUMN_OPTIONS_INIT;
    struct tarn_text_builder expected;
    struct tarn_parquet_file file;
    struct tarn_schema *holder = NULL;
    open_env();
    tarn__builder_init(&expected, env);
    column.path = (struct tarn_path){1, &step};
    column.shredding = choices[_i].shredding;
    if (choices[_i].type != NULL) {
        ck_assert_ok(tarn_type_parse(env, tarn__text_of(choices[_i].type), &holder, &column.shredding_type, &err), &err);
    }
    const struct tarn_parquet_write_options options = {
        .size = sizeof(options), .profile = choices[_i].profile, .column_count = 1, .columns = &column, .row_group_rows = 300};
    write_rows("f", &options, choices[_i].rows, 97, &expected);
    expect_rows("f", &expected);
    tarn_parquet_file_open(&file, store, TARN_TEXT("f"));
    const struct tarn_node *node = &file.footer->schema->root.children[1];
    ck_assert_int_eq(node->kind, TARN_NODE_VARIANT);
    ck_assert_uint_eq(node->child_count, choices[_i].shredded ? 3 : 2);
    tarn_parquet_file_close(&file);
    tarn__builder_free(&expected);
    tarn_schema_release(holder);
    close_env();
}
END_TEST

/* ---- what is no variant ---- */

START_TEST(variant_write__refuses_bytes_that_are_none) /* P-VARSHRED-8 */
{
    static const char *const values[] = {"\x02\x01\x07\x00\x02\x0c\x01", "\x0c", "", "\x05\xff", NULL};
    static const size_t sizes[] = {7, 1, 0, 2, 0};
    static const struct tarn_field field = TARN_TEST_FIELD("v", &variant, true);
    struct tarn_vector_builder *builder;
    struct tarn_schema *schema;
    struct tarn_vector *column;
    struct tarn_batch *batch;
    struct tarn_sink *sink;
    open_env();
    ck_assert_ok(tarn_schema_make(env, 1, &field, 0, NULL, &schema, &err), &err);
    ck_assert_ok(tarn__vector_builder_open(env, schema->fields[0].type, &builder, &err), &err);
    tarn_test_add_variant(builder, env, "{\"a\":1}");
    tarn_test_add_variant(builder, env, NULL);
    tarn__vector_builder_text(tarn__vector_builder_child(builder, 0), (struct tarn_text){"\x01\x01\x00\x01"
                                                                                         "a",
                                                                                         5});
    if (values[_i / 2] != NULL) {
        tarn__vector_builder_text(tarn__vector_builder_child(builder, 1), (struct tarn_text){values[_i / 2], sizes[_i / 2]});
    } else {
        tarn__vector_builder_null(tarn__vector_builder_child(builder, 1));
    }
    tarn__vector_builder_close(builder);
    ck_assert_ok(tarn__vector_builder_finish(builder, &column, &err), &err);
    tarn__vector_builder_close_all(builder);
    ck_assert_ok(tarn__batch_adopt(env, schema, 3, &column, &batch, &err), &err);
    const struct tarn_parquet_write_options options = {.size = sizeof(options),
                                                       .profile = _i % 2 == 0 ? TARN_PROFILE_DEFAULT : TARN_PROFILE_COMPAT};
    ck_assert_ok(tarn_parquet_create(store, TARN_TEXT("f"), schema, &options, &sink, &err), &err);
    ck_assert_status(tarn_sink_write(sink, batch, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "variant");
    ck_assert_str_eq(err.column, "v");
    ck_assert_int_eq(err.row, 2);
    ck_assert_status(tarn_sink_finish(sink, &err), TARN_INVALID);
    ck_assert(tarn_test_store_is_empty(store));
    tarn_batch_release(batch);
    tarn_schema_release(schema);
    close_env();
}
END_TEST

/* ---- want of memory ---- */

static enum tarn_status body(void *ctx, struct tarn_fault *fault, struct tarn_env *faulty, struct tarn_error *error)
{
    static const struct tarn_field field = TARN_TEST_FIELD("l", &list, true);
    const struct tarn_path_step steps[] = {{.kind = TARN_PATH_FIELD, .name = TARN_TEXT("l"), .id = -1}, {.kind = TARN_PATH_ELEMENT}};
    struct tarn_parquet_column_options column = TARN_PARQUET_COLUMN_OPTIONS_INIT;
    struct tarn_parquet_write_options options = TARN_PARQUET_WRITE_OPTIONS_INIT;
    struct tarn_vector_builder *builder;
    struct tarn_vector *vector;
    struct tarn_schema *schema;
    struct tarn_store *target;
    struct tarn_batch *batch;
    struct tarn_sink *sink;
    (void)ctx;
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_store_open(faulty, TARN_TEXT("memory:w"), true, &target, &err), &err);
    ck_assert_ok(tarn_schema_make(faulty, 1, &field, 0, NULL, &schema, &err), &err);
    ck_assert_ok(tarn__vector_builder_open(faulty, schema->fields[0].type, &builder, &err), &err);
    tarn_test_add_variant(tarn__vector_builder_child(builder, 0), faulty, "{\"a\":[1],\"b\":2.50d}");
    tarn_test_add_variant(tarn__vector_builder_child(builder, 0), faulty, "{\"a\":[],\"c\":\"x\",\"b\":1.50d}");
    tarn__vector_builder_close(builder);
    ck_assert_ok(tarn__vector_builder_finish(builder, &vector, &err), &err);
    tarn__vector_builder_close_all(builder);
    ck_assert_ok(tarn__batch_adopt(faulty, schema, 1, &vector, &batch, &err), &err);
    column.path = (struct tarn_path){2, steps};
    column.shredding = TARN_CHOICE_YES;
    options.column_count = 1;
    options.columns = &column;
    tarn_fault_resume(fault);
    enum tarn_status status = tarn_parquet_create(target, TARN_TEXT("f"), schema, &options, &sink, error);
    if (status == TARN_OK && (status = tarn_sink_write(sink, batch, error)) != TARN_OK) {
        tarn_sink_abort(sink);
    } else if (status == TARN_OK) {
        status = tarn_sink_finish(sink, error);
    }
    tarn_fault_suspend(fault);
    if (status != TARN_OK) {
        ck_assert(tarn_test_store_is_empty(target));
    }
    tarn_batch_release(batch);
    tarn_schema_release(schema);
    tarn_store_close(target);
    return status;
}

START_TEST(variant_write__survives_want_of_memory)
{
    ck_assert_uint_gt(tarn_fault_sweep(body, NULL, TARN_FAULT_ALL_ALLOC), 100);
}
END_TEST

TARN_SUITE("variant_write", TARN_LOOP_TEST(variant_write__goes_where_its_type_fits, shreddings),
           TARN_LOOP_TEST(variant_write__refuses_types_that_no_variant_has, no_types), TARN_TEST(variant_write__infers_what_pays),
           TARN_LOOP_TEST(variant_write__is_shredded_as_the_options_say, choices),
           TARN_LOOP_TIMES(variant_write__refuses_bytes_that_are_none, 10), TARN_TEST(variant_write__survives_want_of_memory))
