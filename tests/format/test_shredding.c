/* SPDX-License-Identifier: Apache-2.0
 * Variants put together from shredded columns, from vectors written out by hand.
 */
#include "format/variant/shredding.h"

#include "format/base/utf8.h"
#include "format/batch/vector_builder.h"
#include "format/variant/variant_text.h"
#include "tests/support/fault.h"

static struct tarn_error err;

static const struct tarn_type binary = {.id = TARN_TYPE_BINARY};
static const struct tarn_type i32 = {.id = TARN_TYPE_I32};

enum { MOST = 64 };

/* a: { value, typed_value: INTEGER }, b: { value } */
static const struct tarn_field a_fields[] = {{.name = {"value", 5}, .type = &binary, .nullable = true, .id = -1},
                                             {.name = {"typed_value", 11}, .type = &i32, .nullable = true, .id = -1}};
static const struct tarn_type a_type = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = a_fields};
static const struct tarn_field b_fields[] = {{.name = {"value", 5}, .type = &binary, .nullable = true, .id = -1}};
static const struct tarn_type b_type = {.id = TARN_TYPE_STRUCT, .field_count = 1, .fields = b_fields};
static const struct tarn_field object_fields[] = {{.name = {"b", 1}, .type = &b_type, .nullable = true, .id = -1},
                                                  {.name = {"a", 1}, .type = &a_type, .nullable = false, .id = -1}};
static const struct tarn_type object_type = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = object_fields};
static const struct tarn_field list_field = {.name = {"element", 7}, .type = &a_type, .nullable = false, .id = -1};
static const struct tarn_type list_type = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &list_field};

static const struct tarn_text names[] = {{"a", 1}, {"b", 1}};
#define INTEGERS .kind = TARN_SHREDDING_PRIMITIVE, .value = 0, .typed = 1, .type = TARN_VARIANT_I32
static const struct tarn_shredding integers = {INTEGERS};
static const struct tarn_shredded_field fields[] = {
    {.child = 1, .name = 0, .group = {INTEGERS}},
    {.child = 0, .name = 1, .group = {.kind = TARN_SHREDDING_NONE, .value = 0, .typed = TARN_SHREDDING_ABSENT}},
};
static const struct tarn_variant_column plain = {.metadata = 0, .group = {.value = 1, .typed = TARN_SHREDDING_ABSENT}};
static const struct tarn_variant_column primitive = {
    .metadata = 0, .group = {.kind = TARN_SHREDDING_PRIMITIVE, .value = 1, .typed = 2, .type = TARN_VARIANT_I32}};
static const struct tarn_variant_column object = {
    .metadata = 0,
    .group = {.kind = TARN_SHREDDING_OBJECT, .value = 1, .typed = 2, .field_count = 2, .fields = fields},
    .name_count = 2,
    .names = names};
static const struct tarn_variant_column array = {.metadata = 0,
                                                 .group = {.kind = TARN_SHREDDING_ARRAY, .value = 1, .typed = 2, .element = &integers}};

/* Appends the bytes of a text of hex digits; NULL: a null. */
static void add_hex(struct tarn_vector_builder *builder, const char *hex)
{
    uint8_t bytes[MOST];
    size_t size = 0;
    if (hex == NULL) {
        tarn__vector_builder_null(builder);
        return;
    }
    for (; *hex != '\0'; hex++) {
        if (*hex != ' ') {
            bytes[size++] = (uint8_t)(tarn__hex_value(hex[0]) << 4 | tarn__hex_value(hex[1]));
            hex++;
        }
    }
    tarn__vector_builder_text(builder, (struct tarn_text){(const char *)bytes, size});
}

/* An integer, a null, or nothing at all. */
struct integer {
    bool is_there;
    int32_t value;
};

struct row {
    bool is_null;
    const char *metadata;
    const char *value;
    struct {
        bool is_there;
        struct integer integer; /* PRIMITIVE */
        const char *a_value;    /* OBJECT */
        struct integer a_typed;
        bool no_b; /* the group is null */
        const char *b_value;
        unsigned count; /* ARRAY */
        struct integer elements[3];
        const char *element_value; /* of the last one */
    } typed;
};

static void add_integer(struct tarn_vector_builder *builder, struct integer integer)
{
    if (integer.is_there) {
        tarn__vector_builder_i64(builder, integer.value);
    } else {
        tarn__vector_builder_null(builder);
    }
}

static void add_typed(struct tarn_vector_builder *typed, enum tarn_shredding_kind kind, const struct row *row)
{
    if (!row->typed.is_there) {
        tarn__vector_builder_null(typed);
    } else if (kind == TARN_SHREDDING_PRIMITIVE) {
        add_integer(typed, row->typed.integer);
    } else if (kind == TARN_SHREDDING_OBJECT) {
        struct tarn_vector_builder *b = tarn__vector_builder_child(typed, 0);
        struct tarn_vector_builder *a = tarn__vector_builder_child(typed, 1);
        if (row->typed.no_b) {
            tarn__vector_builder_null(b);
        } else {
            add_hex(tarn__vector_builder_child(b, 0), row->typed.b_value);
            tarn__vector_builder_close(b);
        }
        add_hex(tarn__vector_builder_child(a, 0), row->typed.a_value);
        add_integer(tarn__vector_builder_child(a, 1), row->typed.a_typed);
        tarn__vector_builder_close(a);
        tarn__vector_builder_close(typed);
    } else {
        struct tarn_vector_builder *element = tarn__vector_builder_child(typed, 0);
        for (unsigned i = 0; i < row->typed.count; i++) {
            add_hex(tarn__vector_builder_child(element, 0), i + 1 == row->typed.count ? row->typed.element_value : NULL);
            add_integer(tarn__vector_builder_child(element, 1), row->typed.elements[i]);
            tarn__vector_builder_close(element);
        }
        tarn__vector_builder_close(typed);
    }
}

struct stored {
    struct tarn_vector *children[3];
    uint8_t validity;
};

static enum tarn_status finish(struct tarn_vector_builder **builders, struct stored *stored, struct tarn_error *error)
{
    for (unsigned i = 0; i < 3; i++) {
        TARN_RETURN_IF_ERROR(tarn__vector_builder_finish(builders[i], &stored->children[i], error));
    }
    return TARN_OK;
}

static enum tarn_status store(struct tarn_env *env, enum tarn_shredding_kind kind, unsigned count, const struct row *rows,
                              struct stored *stored, struct tarn_error *error)
{
    static const struct tarn_type *const types[] = {[TARN_SHREDDING_NONE] = &i32,
                                                    [TARN_SHREDDING_PRIMITIVE] = &i32,
                                                    [TARN_SHREDDING_ARRAY] = &list_type,
                                                    [TARN_SHREDDING_OBJECT] = &object_type};
    const struct tarn_type *const all[3] = {&binary, &binary, types[kind]};
    struct tarn_vector_builder *builders[3] = {NULL, NULL, NULL};
    enum tarn_status status = TARN_OK;
    *stored = (struct stored){.validity = 0};
    for (unsigned i = 0; i < 3 && status == TARN_OK; i++) {
        status = tarn__vector_builder_open(env, all[i], &builders[i], error);
    }
    for (unsigned i = 0; i < count && status == TARN_OK; i++) {
        stored->validity = (uint8_t)(stored->validity | (unsigned)!rows[i].is_null << i);
        add_hex(builders[0], rows[i].metadata);
        add_hex(builders[1], rows[i].value);
        add_typed(builders[2], kind == TARN_SHREDDING_NONE ? TARN_SHREDDING_PRIMITIVE : kind, &rows[i]);
    }
    status = status == TARN_OK ? finish(builders, stored, error) : status;
    for (unsigned i = 0; i < 3; i++) {
        tarn__vector_builder_close_all(builders[i]);
    }
    return status;
}

static void release(struct tarn_vector **vectors, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        tarn_vector_release(vectors[i]);
    }
}

static enum tarn_status run(struct tarn_env *env, const struct tarn_variant_column *column, unsigned count, const struct row *rows,
                            struct tarn_vector *out[2], struct tarn_error *error)
{
    struct stored stored;
    enum tarn_status status = store(env, column->group.kind, count, rows, &stored, error);
    out[0] = NULL;
    out[1] = NULL;
    if (status == TARN_OK) {
        struct tarn_buffer *found;
        status = tarn__variant_reconstruct(env, column, count, &stored.validity, stored.children, out, &found, error);
        tarn__buffer_release(found);
    }
    release(stored.children, 3);
    return status;
}

static void expect_json(struct tarn_env *env, struct tarn_vector *const out[2], uint32_t row, const char *expected)
{
    struct tarn_text_builder json;
    tarn__builder_init(&json, env);
    const struct tarn_span metadata = tarn__span_of_text(tarn_vector_text(out[0], row));
    const struct tarn_span value = tarn__span_of_text(tarn_vector_text(out[1], row));
    ck_assert(tarn__variant_text(&json, metadata, value, TARN_STYLE_JSON));
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&json), tarn__text_of(expected)), "row %u: %.*s instead of %s", row,
                  TARN_TEXT_ARG(tarn__builder_text(&json)), expected);
    tarn__builder_free(&json);
}

#define NO_NAMES "01 00 00"
#define AB "11 02 00 01 02 61 62"
#define CB "01 02 00 01 02 63 62" /* c, b: not in order and without a */
#define BINARY_A "3c 01000000 61"

static void expect_rows(const struct tarn_variant_column *column, unsigned count, const struct row *rows, const char *const *expected)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector *out[2];
    ck_assert_ok(run(env, column, count, rows, out, &err), &err);
    for (unsigned i = 0; i < count; i++) {
        if (rows[i].is_null) {
            ck_assert_uint_eq(tarn_vector_text(out[1], i).size, 0);
        } else {
            expect_json(env, out, i, expected[i]);
        }
    }
    release(out, 2);
    tarn_test_env_close(env);
}

START_TEST(shredding__hands_out_what_was_not_shredded) /* P-VARCOL-6 */
{
    static const struct row rows[] = {
        {.metadata = NO_NAMES, .value = "0c05"}, {.is_null = true}, {.metadata = AB, .value = "02 01 01 00 01 04"}};
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector *out[2];
    struct stored stored;
    ck_assert_ok(store(env, TARN_SHREDDING_NONE, 3, rows, &stored, &err), &err);
    struct tarn_buffer *found;
    ck_assert_ok(tarn__variant_reconstruct(env, &plain, 3, &stored.validity, stored.children, out, &found, &err), &err);
    ck_assert_ptr_null(found);
    ck_assert_ptr_eq(out[0], stored.children[0]);
    ck_assert_ptr_eq(out[1], stored.children[1]);
    expect_json(env, out, 0, "5");
    expect_json(env, out, 2, "{\"b\":true}");
    release(out, 2);
    release(stored.children, 3);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(shredding__makes_a_null_of_what_is_missing) /* P-VARCOL-3 */
{
    static const struct row rows[] = {{.metadata = NO_NAMES}, {.metadata = NO_NAMES, .value = "04"}};
    static const char *const expected[] = {"null", "true"};
    expect_rows(&plain, 2, rows, expected);
    expect_rows(&primitive, 2, rows, expected);
}
END_TEST

START_TEST(shredding__takes_value_or_typed_value) /* P-VARCOL-3 */
{
    static const struct row rows[] = {
        {.metadata = NO_NAMES, .typed = {.is_there = true, .integer = {true, -7}}},
        {.metadata = NO_NAMES, .value = "0561"},
        {.is_null = true},
        {.metadata = NO_NAMES, .value = "00"},
    };
    static const char *const expected[] = {"-7", "\"a\"", NULL, "null"};
    expect_rows(&primitive, 4, rows, expected);
}
END_TEST

START_TEST(shredding__puts_objects_together) /* P-VARCOL-3, P-VARCOL-4 */
{
    static const struct row rows[] = {
        {.metadata = AB, .typed = {.is_there = true, .a_typed = {true, 1}, .b_value = "04"}},
        {.metadata = AB, .typed = {.is_there = true}},                                /* both fields missing */
        {.metadata = AB, .typed = {.is_there = true, .a_value = "00", .no_b = true}}, /* a null that is there, a group that is not */
        {.metadata = AB, .value = "0c09"},                                            /* no object */
        {.metadata = "11 03 00 01 02 03 30 61 63",                                    /* 0, a, c, of which value has 0 and c */
         .value = "02 02 00 02 00 01 02 04 08",
         .typed = {.is_there = true, .a_typed = {true, 2}}},
        {.metadata = "11 03 00 01 02 03 30 61 63", .value = "02 00 00", .typed = {.is_there = true, .a_value = BINARY_A}},
    };
    static const char *const expected[] = {"{\"a\":1,\"b\":true}", "{}", "{\"a\":null}", "9", "{\"0\":true,\"a\":2,\"c\":false}",
                                           "{\"a\":\"0x61\"}"};
    expect_rows(&object, 6, rows, expected);
}
END_TEST

START_TEST(shredding__adds_names_that_are_not_in_the_metadata) /* P-VARCOL-5 */
{
    static const struct row rows[] = {
        {.metadata = AB, .typed = {.is_there = true, .a_typed = {true, 1}}},
        {.is_null = true},
        {.metadata = CB, .value = "02 01 00 00 01 04", .typed = {.is_there = true, .a_typed = {true, 2}, .b_value = "08"}},
        {.metadata = NO_NAMES, .typed = {.is_there = true, .a_typed = {true, 3}, .b_value = "00"}},
        {.metadata = AB, .typed = {.is_there = true, .b_value = "04"}},
    };
    static const char *const expected[] = {"{\"a\":1}", NULL, "{\"a\":2,\"b\":false,\"c\":true}", "{\"a\":3,\"b\":null}", "{\"b\":true}"};
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector *out[2];
    expect_rows(&object, 5, rows, expected);
    ck_assert_ok(run(env, &object, 5, rows, out, &err), &err);
    const struct tarn_text added = tarn_vector_text(out[0], 2); /* c, b, then a */
    ck_assert_uint_eq(added.size, 9);
    ck_assert_mem_eq(added.data,
                     "\x01\x03\x00\x01\x02\x03"
                     "cba",
                     9);
    ck_assert_uint_eq(tarn_vector_text(out[0], 0).size, 7);
    release(out, 2);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(shredding__puts_arrays_together) /* P-VARCOL-3 */
{
    static const struct row rows[] = {
        {.metadata = NO_NAMES, .typed = {.is_there = true}},
        {.metadata = NO_NAMES, .typed = {.is_there = true, .count = 3, .elements = {{true, 1}}, .element_value = "0562"}},
        {.metadata = NO_NAMES, .value = "03 01 00 01 04"},
    };
    static const char *const expected[] = {"[]", "[1,null,\"b\"]", "[true]"};
    expect_rows(&array, 3, rows, expected);
}
END_TEST

static const struct {
    const struct tarn_variant_column *column;
    const char *detail;
    struct row row;
} wrong[] = {
    {&plain, "variant_shredding", {.value = "00"}}, /* no metadata */
    {&plain, "variant_metadata", {.metadata = "02 00 00", .value = "00"}},
    {&plain, "variant", {.metadata = NO_NAMES, .value = "0c"}},
    {&plain, "variant", {.metadata = NO_NAMES, .value = "02 01 00 00 01 00"}},
    {&primitive, "variant_shredding", {.metadata = NO_NAMES, .value = "00", .typed = {.is_there = true, .integer = {true, 1}}}},
    {&primitive, "variant", {.metadata = NO_NAMES, .value = ""}},
    {&array, "variant_shredding", {.metadata = NO_NAMES, .value = "03 00 00", .typed = {.is_there = true}}},
    {&array,
     "variant_shredding",
     {.metadata = NO_NAMES, .typed = {.is_there = true, .count = 1, .elements = {{true, 1}}, .element_value = "00"}}},
    {&object, "variant_shredding", {.metadata = AB, .value = "00", .typed = {.is_there = true}}}, /* no object */
    {&object, "variant_shredding", {.metadata = AB, .value = "02 01 00 00 01 04", .typed = {.is_there = true, .a_typed = {true, 1}}}},
    {&object,
     "variant_shredding",
     {.metadata = AB, .value = "02 01 01 00 01 04", .typed = {.is_there = true}}}, /* b is missing, in value */
    {&object, "variant", {.metadata = AB, .value = "02 02 01 00 00 01 02 04 04", .typed = {.is_there = true}}},
    {&object, "variant", {.metadata = AB, .typed = {.is_there = true, .a_value = "54"}}},
};

START_TEST(shredding__refuses_what_contradicts_itself) /* P-VARCOL-4, P-VARCOL-6 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector *out[2];
    ck_assert_status(run(env, wrong[_i].column, 1, &wrong[_i].row, out, &err), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, wrong[_i].detail);
    ck_assert_ptr_null(out[0]);
    ck_assert_ptr_null(out[1]);
    tarn_test_env_close(env);
}
END_TEST

/* Two metadata in turns, by code: each is read once, and what was found for one is not taken for the other. */
START_TEST(shredding__keeps_metadata_of_a_dictionary_apart) /* P-VARCOL-5 */
{
    static const char *const entries[] = {AB, "11 02 00 01 02 30 62"}; /* a, b; 0, b */
    static const struct row rows[] = {{.metadata = AB, .value = "02 01 00 00 01 04"},
                                      {.metadata = AB, .value = "02 01 00 00 01 04"},
                                      {.metadata = AB, .value = "02 01 00 00 01 04"},
                                      {.metadata = AB, .value = "02 01 01 00 01 04"}};
    static const uint32_t codes[] = {0, 1, 0, 1};
    static const char *const expected[] = {"{\"a\":true}", "{\"0\":true}", "{\"a\":true}", "{\"b\":true}"};
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector_builder *builder;
    struct tarn_vector *names_of_entries;
    struct tarn_vector *out[2];
    struct stored stored;
    ck_assert_ok(store(env, TARN_SHREDDING_PRIMITIVE, 4, rows, &stored, &err), &err);
    ck_assert_ok(tarn__vector_builder_open(env, &binary, &builder, &err), &err);
    add_hex(builder, entries[0]);
    add_hex(builder, entries[1]);
    ck_assert_ok(tarn__vector_builder_finish(builder, &names_of_entries, &err), &err);
    tarn__vector_builder_close_all(builder);
    tarn_vector_release(stored.children[0]);
    struct tarn_buffer *buffer = tarn__buffer_new(env, sizeof(codes));
    memcpy(buffer->data, codes, sizeof(codes));
    stored.children[0] = tarn__vector_dictionary(env, &binary, 4, buffer, tarn__dictionary_make(env, names_of_entries), NULL);
    for (unsigned shredded = 0; shredded < 2; shredded++) {
        struct tarn_buffer *found;
        ck_assert_ok(tarn__variant_reconstruct(env, shredded != 0 ? &primitive : &plain, 4, NULL, stored.children, out, &found, &err),
                     &err);
        for (uint32_t i = 0; i < 4; i++) {
            expect_json(env, out, i, expected[i]);
        }
        ck_assert_ptr_eq(out[0], stored.children[0]); /* as it is stored, still a dictionary */
        release(out, 2);
    }
    release(stored.children, 3);
    tarn_test_env_close(env);
}
END_TEST

static const struct row sweep_rows[] = {
    {.metadata = AB, .typed = {.is_there = true, .a_typed = {true, 1}, .b_value = "04"}},
    {.metadata = CB, .value = "02 01 00 00 01 04", .typed = {.is_there = true, .a_typed = {true, 2}, .b_value = "08"}},
};

static enum tarn_status sweep(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *error)
{
    struct stored stored;
    struct tarn_vector *out[2];
    (void)ctx;
    tarn_fault_suspend(fault);
    ck_assert_ok(store(env, TARN_SHREDDING_OBJECT, 2, sweep_rows, &stored, error), error);
    tarn_fault_resume(fault);
    struct tarn_buffer *found;
    const enum tarn_status status = tarn__variant_reconstruct(env, &object, 2, NULL, stored.children, out, &found, error);
    tarn_fault_suspend(fault);
    if (status == TARN_OK) {
        expect_json(env, out, 1, "{\"a\":2,\"b\":false,\"c\":true}");
    } else {
        ck_assert_ptr_null(out[0]);
        ck_assert_ptr_null(out[1]);
    }
    release(out, 2);
    release(stored.children, 3);
    tarn_fault_resume(fault);
    return status;
}

START_TEST(shredding__survives_want_of_memory)
{
    tarn_fault_sweep(sweep, NULL, TARN_FAULT_ALL_ALLOC);
}
END_TEST

TARN_SUITE("format/shredding", TARN_TEST(shredding__hands_out_what_was_not_shredded), TARN_TEST(shredding__makes_a_null_of_what_is_missing),
           TARN_TEST(shredding__takes_value_or_typed_value), TARN_TEST(shredding__puts_objects_together),
           TARN_TEST(shredding__adds_names_that_are_not_in_the_metadata), TARN_TEST(shredding__puts_arrays_together),
           TARN_LOOP_TEST(shredding__refuses_what_contradicts_itself, wrong), TARN_TEST(shredding__keeps_metadata_of_a_dictionary_apart),
           TARN_TEST(shredding__survives_want_of_memory))
