/* SPDX-License-Identifier: Apache-2.0
 *
 * Shredded variants of any contents: the bytes say which column, which of its parts each row has, and what they hold. Beyond not
 * crashing: what is put together is right as a whole, and no memory stays.
 */
#include <stdio.h>
#include <stdlib.h>

#include "format/batch/vector_builder.h"
#include "format/variant/shredding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "fuzz_shredding: %s\n", what);
        abort();
    }
}

static const struct tarn_type binary = {.id = TARN_TYPE_BINARY};
static const struct tarn_type decimal = {.id = TARN_TYPE_DECIMAL, .precision = 9, .scale = 2};
#define FIELD(field_name, field_type)                                                                                                      \
    {                                                                                                                                      \
        .name = {field_name, sizeof(field_name) - 1}, .type = field_type, .nullable = true, .id = -1                                       \
    }
static const struct tarn_field pair_fields[] = {FIELD("value", &binary), FIELD("typed_value", &decimal)};
static const struct tarn_type pair = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = pair_fields};
static const struct tarn_field element = FIELD("element", &pair);
static const struct tarn_type list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &element};
static const struct tarn_field object_fields[] = {FIELD("b", &pair), FIELD("a", &pair)};
static const struct tarn_type object = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = object_fields};

#define DECIMALS(first) .kind = TARN_SHREDDING_PRIMITIVE, .value = (first), .typed = (first) + 1, .type = TARN_VARIANT_DECIMAL4, .scale = 2
static const struct tarn_shredding decimals = {DECIMALS(0)};
static const struct tarn_shredded_field fields[] = {{.child = 1, .name = 0, .group = {DECIMALS(0)}},
                                                    {.child = 0, .name = 1, .group = {DECIMALS(0)}}};
static const struct tarn_text names[] = {{"a", 1}, {"b", 1}};
static const struct tarn_variant_column columns[] = {
    {.metadata = 0, .group = {.value = 1, .typed = TARN_SHREDDING_ABSENT}},
    {.metadata = 0, .group = {DECIMALS(1)}},
    {.metadata = 0, .group = {.kind = TARN_SHREDDING_ARRAY, .value = 1, .typed = 2, .element = &decimals}},
    {.metadata = 0,
     .group = {.kind = TARN_SHREDDING_OBJECT, .value = 1, .typed = 2, .field_count = 2, .fields = fields},
     .name_count = 2,
     .names = names},
};
static const struct tarn_type *const typed_types[] = {&decimal, &decimal, &list, &object};

static uint8_t take_byte(struct tarn_span *input)
{
    return input->size != 0 ? *tarn__span_take(input, 1).data : 0;
}

static void add_bytes(struct tarn_vector_builder *builder, struct tarn_span *input)
{
    const uint8_t wish = take_byte(input);
    if (wish == 0) {
        tarn__vector_builder_null(builder);
        return;
    }
    const struct tarn_span bytes = tarn__span_take(input, wish - 1u < input->size ? wish - 1u : input->size);
    tarn__vector_builder_text(builder, (struct tarn_text){(const char *)bytes.data, bytes.size});
}

static void add_decimal(struct tarn_vector_builder *builder, struct tarn_span *input)
{
    const uint8_t value = take_byte(input);
    if (value == 0) {
        tarn__vector_builder_null(builder);
    } else {
        tarn__vector_builder_i64(builder, (int8_t)value);
    }
}

static void add_pair(struct tarn_vector_builder *builder, struct tarn_span *input)
{
    if (take_byte(input) == 1) {
        tarn__vector_builder_null(builder);
        return;
    }
    add_bytes(tarn__vector_builder_child(builder, 0), input);
    add_decimal(tarn__vector_builder_child(builder, 1), input);
    tarn__vector_builder_close(builder);
}

static void add_typed(struct tarn_vector_builder *builder, enum tarn_shredding_kind kind, struct tarn_span *input)
{
    if (kind == TARN_SHREDDING_NONE || kind == TARN_SHREDDING_PRIMITIVE) {
        add_decimal(builder, input);
        return;
    }
    const uint8_t wish = take_byte(input);
    if (wish == 0) {
        tarn__vector_builder_null(builder);
        return;
    }
    for (unsigned i = 0; i < (kind == TARN_SHREDDING_OBJECT ? 2u : wish % 8u); i++) {
        add_pair(tarn__vector_builder_child(builder, kind == TARN_SHREDDING_OBJECT ? i : 0), input);
    }
    tarn__vector_builder_close(builder);
}

static bool store(struct tarn_env *env, unsigned column, unsigned rows, struct tarn_span input, struct tarn_vector **stored)
{
    const struct tarn_type *const types[] = {&binary, &binary, typed_types[column]};
    struct tarn_vector_builder *builders[3] = {NULL, NULL, NULL};
    bool done = true;
    for (unsigned i = 0; i < 3; i++) {
        done = tarn__vector_builder_open(env, types[i], &builders[i], NULL) == TARN_OK && done;
    }
    for (unsigned i = 0; done && i < rows; i++) {
        add_bytes(builders[0], &input);
        add_bytes(builders[1], &input);
        add_typed(builders[2], columns[column].group.kind, &input);
    }
    for (unsigned i = 0; i < 3; i++) {
        done = done && tarn__vector_builder_finish(builders[i], &stored[i], NULL) == TARN_OK;
        tarn__vector_builder_close_all(builders[i]);
    }
    return done;
}

static void demand_right(struct tarn_env *env, struct tarn_vector *const parts[2], uint32_t row)
{
    struct tarn_variant_metadata metadata;
    struct tarn_variant value;
    demand(tarn__variant_metadata_read(env, tarn__span_of_text(tarn_vector_text(parts[0], row)), &metadata, NULL) == TARN_OK,
           "the metadata that was made is wrong");
    demand(tarn__variant_open(&metadata, tarn__span_of_text(tarn_vector_text(parts[1], row)), &value, NULL) == TARN_OK,
           "the value that was made does not open");
    demand(tarn__variant_check(&value, 0, NULL) == TARN_OK, "the value that was made is wrong");
    tarn__variant_metadata_free(env, &metadata);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_vector *stored[3] = {NULL, NULL, NULL};
    struct tarn_vector *parts[2];
    struct tarn_buffer *found = NULL;
    struct tarn_env *env;
    options.memory_limit = (uint64_t)64 << 20;
    if (size < 3 || tarn_env_open(&options, &env, NULL) != TARN_OK) {
        return 0;
    }
    const unsigned column = data[0] % (sizeof(columns) / sizeof(columns[0]));
    const unsigned rows = 1 + data[1] % 8u;
    const uint8_t validity = data[2];
    if (store(env, column, rows, (struct tarn_span){data + 3, size - 3}, stored)) {
        const enum tarn_status status = tarn__variant_reconstruct(env, &columns[column], rows, &validity, stored, parts, &found, &err);
        demand(status == TARN_OK || status == TARN_CORRUPT || status == TARN_LIMIT, "another status");
        for (uint32_t row = 0; status == TARN_OK && row < rows; row++) {
            if (tarn__bit_get(&validity, row)) {
                demand_right(env, parts, row);
            }
        }
        demand(status == TARN_OK || (parts[0] == NULL && parts[1] == NULL), "a part is left");
        tarn_vector_release(parts[0]);
        tarn_vector_release(parts[1]);
    }
    for (unsigned i = 0; i < 3; i++) {
        tarn_vector_release(stored[i]);
    }
    demand(tarn_env_memory(env, NULL) == 0, "memory is left");
    tarn_env_close(env);
    return 0;
}
