/* SPDX-License-Identifier: Apache-2.0
 * Vectors of every shape: asked row by row, gathered, sliced, joined and spread out, always against the same rows written by hand.
 */
#include "format/batch/flatten.h"
#include "format/batch/gather.h"
#include "format/batch/selection.h"
#include "format/batch/vector_builder.h"
#include "tests/support/suite.h"

#include <stdio.h>

static struct tarn_error err;

static const struct tarn_type i32 = {.id = TARN_TYPE_I32};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};
static const struct tarn_type boolean = {.id = TARN_TYPE_BOOL};
static const struct tarn_type uuid = {.id = TARN_TYPE_FIXED, .width = 3};
static const struct tarn_field element = {.name = {"element", 7}, .type = &text, .nullable = true, .id = -1};
static const struct tarn_type list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &element};
static const struct tarn_field members[] = {{.name = {"a", 1}, .type = &i32, .nullable = true, .id = -1},
                                            {.name = {"b", 1}, .type = &list, .nullable = true, .id = -1}};
static const struct tarn_type pair = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = members};

enum { ROWS = 21 };

/* Row i of every sample is null when i % 5 == 3 (CONSTANT: never), else depends on sample_key(i). */
struct sample {
    const char *name;
    const struct tarn_type *type;
    enum tarn_shape shape;
};

static const struct sample samples[] = {
    {"flat", &i32, TARN_SHAPE_FLAT},          {"bits", &boolean, TARN_SHAPE_FLAT}, {"fixed", &uuid, TARN_SHAPE_FLAT},
    {"strings", &text, TARN_SHAPE_STRINGS},   {"views", &text, TARN_SHAPE_VIEWS},  {"dictionary", &text, TARN_SHAPE_DICTIONARY},
    {"constant", &text, TARN_SHAPE_CONSTANT}, {"runs", &text, TARN_SHAPE_RUNS},    {"list", &list, TARN_SHAPE_LIST},
    {"struct", &pair, TARN_SHAPE_STRUCT},     {"nulls", &text, TARN_SHAPE_NULLS},
};

static const char *const words[] = {"", "tarn", "a text of more than twelve bytes", "x"};

static void append_key(struct tarn_vector_builder *builder, const struct tarn_type *type, uint32_t key)
{
    switch (type->id) {
    case TARN_TYPE_I32:
        tarn__vector_builder_i64(builder, (int64_t)key * 1000 - 7);
        break;
    case TARN_TYPE_BOOL:
        tarn__vector_builder_bool(builder, key % 2 != 0);
        break;
    case TARN_TYPE_FIXED:
        tarn__vector_builder_text(builder, (struct tarn_text){(const char[]){'u', (char)key, 'i'}, 3});
        break;
    case TARN_TYPE_STRING:
        tarn__vector_builder_text(builder, tarn__text_of(words[key % 4]));
        break;
    case TARN_TYPE_LIST:
        for (uint32_t i = 0; i < key % 4; i++) {
            append_key(tarn__vector_builder_child(builder, 0), &text, key + i);
        }
        tarn__vector_builder_close(builder);
        break;
    default:
        append_key(tarn__vector_builder_child(builder, 0), &i32, key);
        append_key(tarn__vector_builder_child(builder, 1), &list, key + 1);
        tarn__vector_builder_close(builder);
        break;
    }
}

static struct tarn_vector *build(struct tarn_env *env, const struct tarn_type *type, uint32_t rows, bool with_nulls)
{
    struct tarn_vector_builder *builder;
    struct tarn_vector *vector;
    ck_assert_ok(tarn__vector_builder_open(env, type, &builder, &err), &err);
    for (uint32_t i = 0; i < rows; i++) {
        if (with_nulls && i % 5 == 3) {
            tarn__vector_builder_null(builder);
        } else {
            append_key(builder, type, i);
        }
    }
    ck_assert_uint_eq(tarn__vector_builder_length(builder), rows);
    ck_assert_ok(tarn__vector_builder_finish(builder, &vector, &err), &err);
    tarn__vector_builder_close_all(builder);
    return vector;
}

static struct tarn_vector *build_views(struct tarn_env *env)
{
    struct tarn_vector *flat = build(env, &text, ROWS, true);
    struct tarn_buffer *views = tarn__buffer_new_zeroed(env, ROWS * sizeof(struct tarn_string_view));
    struct tarn_buffer *bytes = tarn__buffer_new(env, 64);
    struct tarn_buffer *validity = tarn__buffer_new_zeroed(env, 3);
    memcpy(bytes->data + 5, words[2], strlen(words[2]));
    for (uint32_t i = 0; i < ROWS; i++) {
        if (!tarn_vector_is_null(flat, i)) {
            ((struct tarn_string_view *)(void *)views->data)[i] = tarn__string_view(tarn_vector_text(flat, i), 0, 5);
            tarn__bit_set(validity->data, i);
        }
    }
    tarn_vector_release(flat);
    return tarn__vector_views(env, &text, ROWS, views, 1, &bytes, validity);
}

static struct tarn_vector *build_sample(struct tarn_env *env, const struct sample *sample)
{
    struct tarn_buffer *numbers = tarn__buffer_new_zeroed(env, ROWS * sizeof(uint32_t));
    uint32_t *at = (uint32_t *)(void *)numbers->data;
    struct tarn_buffer *validity;
    switch (sample->shape) {
    case TARN_SHAPE_DICTIONARY:
        validity = tarn__buffer_new_zeroed(env, 3);
        for (uint32_t i = 0; i < ROWS; i++) {
            if (i % 5 != 3) {
                at[i] = i % 4;
                tarn__bit_set(validity->data, i);
            }
        }
        return tarn__vector_dictionary(env, &text, ROWS, numbers, tarn__dictionary_make(env, build(env, &text, 4, false)), validity);
    case TARN_SHAPE_RUNS: /* a run of two rows for each of 11 values */
        for (uint32_t i = 0; i < 11; i++) {
            at[i] = i * 2 + 2 < ROWS ? i * 2 + 2 : ROWS;
        }
        return tarn__vector_runs(env, &text, ROWS, 11, numbers, build(env, &text, 11, true));
    default:
        tarn__buffer_release(numbers);
        break;
    }
    switch (sample->shape) {
    case TARN_SHAPE_VIEWS:
        return build_views(env);
    case TARN_SHAPE_CONSTANT:
        return tarn__vector_constant(env, &text, ROWS, build(env, &text, 2, false));
    case TARN_SHAPE_NULLS:
        return tarn__vector_nulls(env, sample->type, ROWS);
    default:
        return build(env, sample->type, ROWS, true);
    }
}

/* A row as text, nested too: what all comparisons below go by. */
static size_t show(const struct tarn_vector *vector, uint32_t row, char *out)
{
    const struct tarn__vector_place place = tarn__vector_locate(vector, row);
    if (place.is_null) {
        memcpy(out, "null", 4);
        return 4;
    }
    size_t size = 0;
    if (tarn_type_kind(vector->type) != TARN_KIND_NESTED) {
        const struct tarn_value value = tarn__vector_value(vector, row);
        const enum tarn_kind kind = tarn_type_kind(vector->type);
        if (kind == TARN_KIND_BYTES || kind == TARN_KIND_FIXED) {
            ck_assert(tarn__text_equal(value.u.bytes, tarn_vector_text(vector, row)));
            out[size++] = '\'';
            memcpy(out + size, value.u.bytes.data, value.u.bytes.size);
            return size + value.u.bytes.size;
        }
        return (size_t)sprintf(out, "%lld", kind == TARN_KIND_BOOL ? (long long)value.u.boolean : (long long)value.u.i64);
    }
    uint32_t begin = place.row;
    uint32_t end = place.row + 1;
    if (place.vector->shape == TARN_SHAPE_LIST) {
        begin = (uint32_t)tarn__vector_offset(place.vector, place.row);
        end = (uint32_t)tarn__vector_offset(place.vector, place.row + 1);
    }
    out[size++] = '[';
    for (uint32_t i = 0; i < place.vector->child_count; i++) {
        for (uint32_t k = begin; k < end; k++) {
            size += show(place.vector->children[i], k, out + size);
            out[size++] = ',';
        }
    }
    out[size++] = ']';
    return size;
}

static void assert_same_row(const struct tarn_vector *a, uint32_t i, const struct tarn_vector *b, uint32_t k, const char *what)
{
    char left[512] = {0};
    char right[512] = {0};
    left[show(a, i, left)] = '\0';
    right[show(b, k, right)] = '\0';
    ck_assert_msg(strcmp(left, right) == 0, "%s: row %u is %s, not %s", what, k, right, left);
    ck_assert_int_eq(tarn_vector_is_null(a, i), tarn_vector_is_null(b, k));
}

START_TEST(vector__answers_for_a_row_in_every_shape)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector *vector = build_sample(env, &samples[_i]);
    ck_assert_int_eq(vector->shape, samples[_i].shape);
    uint32_t nulls = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        const uint32_t key = vector->shape == TARN_SHAPE_RUNS ? i / 2 : vector->shape == TARN_SHAPE_CONSTANT ? 0 : i;
        const bool null = vector->shape == TARN_SHAPE_NULLS || (vector->shape != TARN_SHAPE_CONSTANT && key % 5 == 3);
        ck_assert_int_eq(tarn_vector_is_null(vector, i), null);
        nulls += null;
        if (vector->type == &text && !null) {
            ck_assert(tarn__text_equal(tarn_vector_text(vector, i), tarn__text_of(words[key % 4])));
        }
    }
    ck_assert_uint_eq(tarn_vector_null_count(vector), nulls);
    tarn_vector_release(vector);
    tarn_test_env_close(env);
}
END_TEST

static const uint32_t picks[][6] = {
    {0, 1, 2, 3, 4, 20},
    {20, 0, 7, 7, 3, 19},
    {5, TARN_GATHER_NULL, 6, 6, TARN_GATHER_NULL, 0},
    {1, 1, 1, 1, 1, 1},
};

START_TEST(gather__gives_the_rows_and_keeps_the_shape)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector *vector = build_sample(env, &samples[_i]);
    for (size_t p = 0; p < sizeof(picks) / sizeof(picks[0]); p++) {
        struct tarn_vector *picked;
        ck_assert_ok(tarn__vector_gather(vector, picks[p], 6, &picked, &err), &err);
        ck_assert_uint_eq(picked->length, 6);
        for (uint32_t i = 0; i < 6; i++) {
            if (picks[p][i] == TARN_GATHER_NULL) {
                ck_assert(tarn_vector_is_null(picked, i));
            } else {
                assert_same_row(vector, picks[p][i], picked, i, samples[_i].name);
            }
        }
        if (p == 0 || (p != 2 && vector->shape != TARN_SHAPE_RUNS)) {
            ck_assert_int_eq(picked->shape, vector->shape);
            ck_assert_ptr_eq(picked->dictionary, vector->dictionary);
        }
        tarn_vector_release(picked);
    }
    tarn_vector_release(vector);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(gather__takes_selections_of_every_kind)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector *vector = build_sample(env, &samples[_i]);
    static const uint32_t positions[] = {2, 9, 20};
    const uint8_t mask[] = {0x04, 0x02, 0x10};
    const struct tarn_selection selections[] = {tarn__selection_of_positions(ROWS, 3, positions), tarn__selection_of_mask(ROWS, mask)};
    for (size_t s = 0; s < 2; s++) {
        struct tarn_vector *picked;
        ck_assert_ok(tarn__vector_select(vector, &selections[s], &picked, &err), &err);
        ck_assert_uint_eq(picked->length, 3);
        for (uint32_t i = 0; i < 3; i++) {
            assert_same_row(vector, positions[i], picked, i, samples[_i].name);
        }
        tarn_vector_release(picked);
    }
    struct tarn_vector *same;
    ck_assert_ok(tarn__vector_select(vector, NULL, &same, &err), &err);
    ck_assert_ptr_eq(same, vector);
    tarn_vector_release(same);
    tarn_vector_release(vector);
    tarn_test_env_close(env);
}
END_TEST

enum { MANY = 1000 };

/* Few rows of many are left out: stretches are copied. */
START_TEST(gather__copies_stretches)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector *vector = build_sample(env, &samples[_i]);
    struct tarn_vector *many;
    uint32_t positions[MANY];
    for (uint32_t i = 0; i < MANY; i++) {
        positions[i] = i % ROWS;
    }
    ck_assert_ok(tarn__vector_gather(vector, positions, MANY, &many, &err), &err);
    for (uint32_t holes = 0; holes < 6; holes++) {
        uint32_t count = 0;
        for (uint32_t i = 0; i < MANY; i++) {
            const bool hole = holes == 0   ? i == 0
                              : holes == 1 ? i == MANY - 1
                              : holes == 2 ? i == 500
                              : holes == 3 ? i % 37 == 5
                              : holes == 4 ? i > 100 && i < 150
                                           : (i * 7919) % 101 < 5;
            if (!hole) {
                positions[count++] = i;
            }
        }
        const struct tarn_selection selection = tarn__selection_of_positions(MANY, count, positions);
        struct tarn_vector *picked;
        ck_assert_ok(tarn__vector_select(many, &selection, &picked, &err), &err);
        ck_assert_uint_eq(picked->length, count);
        for (uint32_t i = 0; i < count; i++) {
            assert_same_row(many, positions[i], picked, i, samples[_i].name);
        }
        tarn_vector_release(picked);
    }
    tarn_vector_release(many);
    tarn_vector_release(vector);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(slice__shows_a_part_and_slices_again)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector *vector = build_sample(env, &samples[_i]);
    for (uint32_t offset = 0; offset <= ROWS; offset++) {
        for (uint32_t length = 0; offset + length <= ROWS; length += 3) {
            struct tarn_vector *part;
            ck_assert_ok(tarn__vector_slice(vector, offset, length, &part, &err), &err);
            ck_assert_uint_eq(part->length, length);
            uint32_t nulls = 0;
            for (uint32_t i = 0; i < length; i++) {
                assert_same_row(vector, offset + i, part, i, samples[_i].name);
                nulls += tarn_vector_is_null(part, i);
            }
            ck_assert_uint_eq(tarn_vector_null_count(part), nulls);
            if (length >= 3) {
                struct tarn_vector *inner;
                ck_assert_ok(tarn__vector_slice(part, 1, length - 2, &inner, &err), &err);
                tarn_vector_release(part);
                part = inner;
                assert_same_row(vector, offset + 1, part, 0, samples[_i].name);
            }
            tarn_vector_release(part);
        }
    }
    tarn_vector_release(vector);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(flatten__spreads_and_counts)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector *vector = build_sample(env, &samples[_i]);
    struct tarn_vector *flat;
    uint64_t flattened = 0;
    ck_assert_ok(tarn__vector_flatten(vector, &flattened, &flat, &err), &err);
    for (uint32_t i = 0; i < ROWS; i++) {
        assert_same_row(vector, i, flat, i, samples[_i].name);
    }
    ck_assert_uint_eq(flattened, vector->shape == TARN_SHAPE_DICTIONARY || vector->shape == TARN_SHAPE_RUNS);
    ck_assert(flat->shape == TARN_SHAPE_FLAT || flat->shape == TARN_SHAPE_STRINGS || flat == vector);
    tarn_vector_release(flat);
    tarn_vector_release(vector);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(concat__joins_slices_of_every_shape)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector *vector = build_sample(env, &samples[_i]);
    struct tarn_vector *parts[3];
    struct tarn_vector *whole;
    uint64_t flattened = 0;
    ck_assert_ok(tarn__vector_slice(vector, 0, 5, &parts[0], &err), &err);
    ck_assert_ok(tarn__vector_slice(vector, 5, 0, &parts[1], &err), &err);
    ck_assert_ok(tarn__vector_slice(vector, 5, ROWS - 5, &parts[2], &err), &err);
    ck_assert_ok(tarn__vector_concat(env, vector->type, 3, parts, &flattened, &whole, &err), &err);
    ck_assert_uint_eq(whole->length, ROWS);
    for (uint32_t i = 0; i < ROWS; i++) {
        assert_same_row(vector, i, whole, i, samples[_i].name);
    }
    if (vector->shape == TARN_SHAPE_DICTIONARY) {
        ck_assert_ptr_eq(whole->dictionary, vector->dictionary);
        ck_assert_uint_eq(flattened, 0);
    }
    for (int i = 0; i < 3; i++) {
        tarn_vector_release(parts[i]);
    }
    tarn_vector_release(whole);
    tarn_vector_release(vector);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(concat__of_two_dictionaries_goes_by_value)
{
    struct tarn_env *env = tarn_test_env();
    const struct sample *sample = &samples[5];
    struct tarn_vector *parts[] = {build_sample(env, sample), build_sample(env, sample)};
    struct tarn_vector *whole;
    uint64_t flattened = 0;
    ck_assert_uint_ne(parts[0]->dictionary->id, parts[1]->dictionary->id);
    ck_assert_ok(tarn__vector_concat(env, &text, 2, parts, &flattened, &whole, &err), &err);
    ck_assert_uint_eq(flattened, 2);
    for (uint32_t i = 0; i < 2 * ROWS; i++) {
        assert_same_row(parts[i / ROWS], i % ROWS, whole, i, "joined");
    }
    tarn_vector_release(whole);
    tarn_vector_release(parts[0]);
    tarn_vector_release(parts[1]);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(builder__copies_rows_of_every_shape)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector *vector = build_sample(env, &samples[_i]);
    struct tarn_vector_builder *builder;
    struct tarn_vector *copy;
    ck_assert_ok(tarn__vector_builder_open(env, vector->type, &builder, &err), &err);
    for (int round = 0; round < 2; round++) { /* a builder can be filled again */
        for (uint32_t i = 0; i < ROWS; i++) {
            tarn__vector_builder_row(builder, vector, i);
        }
        ck_assert_ok(tarn__vector_builder_finish(builder, &copy, &err), &err);
        for (uint32_t i = 0; i < ROWS; i++) {
            assert_same_row(vector, i, copy, i, samples[_i].name);
        }
        tarn_vector_release(copy);
    }
    tarn__vector_builder_close_all(builder);
    tarn_vector_release(vector);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(vector__outlives_its_env)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector *vector = build_sample(env, &samples[_i]);
    struct tarn_vector *part;
    ck_assert_ok(tarn__vector_slice(vector, 3, 9, &part, &err), &err);
    tarn_vector_release(vector);
    tarn_env_close(env);
    char row[512];
    ck_assert_uint_gt(show(part, 4, row), 0);
    tarn_vector_release(part);
}
END_TEST

START_TEST(vector__of_a_value_repeats_it)
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_type decimal = {.id = TARN_TYPE_DECIMAL, .precision = 30, .scale = 2};
    const struct tarn_type half = {.id = TARN_TYPE_F16};
    const struct tarn_value values[] = {
        {.type = &i32, .u.i64 = -5},
        {.type = &boolean, .u.boolean = true},
        {.type = &decimal, .u.words = {7, UINT64_MAX, UINT64_MAX, UINT64_MAX}},
        {.type = &half, .u.f64 = -1.5},
        {.type = &text, .u.bytes = {"tarn", 4}},
        {.type = &text, .is_null = true},
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct tarn_vector *vector = tarn__vector_of_value(env, values[i].type, 3, &values[i]);
        const struct tarn_value back = tarn__vector_value(vector, 2);
        ck_assert_int_eq(back.is_null, values[i].is_null);
        if (values[i].type == &text) {
            ck_assert(back.is_null || tarn__text_equal(back.u.bytes, values[i].u.bytes));
        } else {
            ck_assert_mem_eq(&back.u, &values[i].u, values[i].type == &decimal ? 32 : 8);
        }
        tarn_vector_release(vector);
    }
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("format/gather", TARN_LOOP_TEST(vector__answers_for_a_row_in_every_shape, samples),
           TARN_LOOP_TEST(gather__gives_the_rows_and_keeps_the_shape, samples),
           TARN_LOOP_TEST(gather__takes_selections_of_every_kind, samples), TARN_LOOP_TEST(gather__copies_stretches, samples),
           TARN_LOOP_TEST(slice__shows_a_part_and_slices_again, samples), TARN_LOOP_TEST(flatten__spreads_and_counts, samples),
           TARN_LOOP_TEST(concat__joins_slices_of_every_shape, samples), TARN_TEST(concat__of_two_dictionaries_goes_by_value),
           TARN_LOOP_TEST(builder__copies_rows_of_every_shape, samples), TARN_LOOP_TEST(vector__outlives_its_env, samples),
           TARN_TEST(vector__of_a_value_repeats_it))
