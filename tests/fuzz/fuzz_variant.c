/* SPDX-License-Identifier: Apache-2.0
 *
 * Variants of any bytes: the first byte says how long the metadata is, the value follows it. Beyond not crashing: a value that is found to
 * be right is shown, its text is JSON, each of its fields is found by its name, and built again it says the same; one that is not right is
 * refused by name; no memory stays.
 */
#include <stdio.h>
#include <stdlib.h>

#include "format/json/json_pull.h"
#include "format/variant/variant_build.h"
#include "format/variant/variant_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "fuzz_variant: %s\n", what);
        abort();
    }
}

static void demand_json(struct tarn_env *env, struct tarn_text text)
{
    struct tarn_json json;
    enum tarn_json_event event = TARN_JSON_NULL;
    const struct tarn_json_pull_options options = {.env = env, .failure = TARN_INVALID};
    enum tarn_status status = TARN_OK;
    tarn__json_open(&json, &options, text);
    while (status == TARN_OK && event != TARN_JSON_END) {
        status = tarn__json_next(&json, &event, NULL);
    }
    tarn__json_close(&json);
    demand(status == TARN_OK || status == TARN_LIMIT, "the text is no JSON");
}

static void copy_value(struct tarn_variant_builder *builder, const struct tarn_variant *value)
{
    const bool object = value->type == TARN_VARIANT_OBJECT;
    uint64_t words[2];
    switch (value->type) {
    case TARN_VARIANT_OBJECT:
    case TARN_VARIANT_ARRAY:
        if (object) {
            tarn__variant_begin_object(builder);
        } else {
            tarn__variant_begin_array(builder);
        }
        for (uint32_t i = 0; i < value->count; i++) {
            struct tarn_variant member;
            struct tarn_variant found;
            uint32_t id = 0;
            bool is_found = true;
            demand(tarn__variant_member(value, i, &member, NULL) == TARN_OK, "a member of a right value does not open");
            if (object) {
                demand(tarn__variant_field_id(value, i, &id, NULL) == TARN_OK, "a right value has a wrong id");
                demand(tarn__variant_field(value, tarn__variant_name(value->metadata, id), &is_found, &found, NULL) == TARN_OK,
                       "a look-up fails in a right value");
                demand(is_found && found.bytes.data == member.bytes.data, "a field is not found by its name");
                tarn__variant_add_field(builder, id, tarn__variant_rank(value->metadata, id));
            }
            copy_value(builder, &member);
        }
        demand(tarn__variant_end(builder), "a right object has a name twice");
        return;
    case TARN_VARIANT_DECIMAL4:
    case TARN_VARIANT_DECIMAL8:
    case TARN_VARIANT_DECIMAL16:
        tarn__variant_decimal(value, words);
        tarn__variant_add_decimal(builder, value->type, value->scale, words);
        return;
    case TARN_VARIANT_STRING:
    case TARN_VARIANT_BINARY:
    case TARN_VARIANT_UUID:
        tarn__variant_add_bytes(builder, value->type, value->payload);
        return;
    case TARN_VARIANT_F32:
    case TARN_VARIANT_F64:
        tarn__variant_add_float(builder, value->type, tarn__variant_float(value));
        return;
    case TARN_VARIANT_NULL:
        tarn__variant_add_null(builder);
        return;
    case TARN_VARIANT_TRUE:
    case TARN_VARIANT_FALSE:
        tarn__variant_add_bool(builder, value->type == TARN_VARIANT_TRUE);
        return;
    default:
        tarn__variant_add_int(builder, value->type, tarn__variant_int(value));
        return;
    }
}

static void check_right(struct tarn_env *env, const struct tarn_variant *value, struct tarn_text shown)
{
    struct tarn_variant_builder builder;
    struct tarn_text_builder text;
    struct tarn_variant again;
    tarn__variant_builder_init(&builder, env);
    tarn__builder_init(&text, env);
    demand_json(env, shown);
    copy_value(&builder, value);
    demand(tarn__variant_builder_status(&builder, NULL) == TARN_OK, "a small value cannot be built");
    const struct tarn_span bytes = {builder.data, builder.size};
    demand(tarn__variant_open(value->metadata, bytes, &again, NULL) == TARN_OK && again.bytes.size == bytes.size,
           "what was built does not open");
    demand(tarn__variant_check(&again, 0, NULL) == TARN_OK, "what was built is not right");
    demand(tarn__variant_text(&text, value->metadata->bytes, bytes, TARN_STYLE_JSON), "what was built is not shown");
    demand(tarn__text_equal(tarn__builder_text(&text), shown), "what was built says something else");
    tarn__builder_free(&text);
    tarn__variant_builder_free(&builder);
}

static void check_one(struct tarn_env *env, struct tarn_span metadata, struct tarn_span bytes)
{
    struct tarn_variant_metadata names;
    struct tarn_variant value;
    struct tarn_text_builder text;
    struct tarn_error err = TARN_ERROR_INIT;
    enum tarn_status status = tarn__variant_metadata_read(env, metadata, &names, &err);
    if (status == TARN_OK) {
        status = tarn__variant_open(&names, bytes, &value, &err);
    }
    if (status == TARN_OK) {
        status = tarn__variant_check(&value, 0, &err);
    }
    demand(status == TARN_OK || status == TARN_CORRUPT || status == TARN_LIMIT, "another status");
    tarn__builder_init(&text, env);
    for (int style = TARN_STYLE_SQL; style <= TARN_STYLE_JSON; style++) {
        tarn__builder_clear(&text);
        const bool shown = tarn__variant_text(&text, metadata, bytes, (enum tarn_text_style)style);
        demand(shown || (status != TARN_OK && text.size == 0), "a right value is not shown, or a wrong one half");
    }
    if (status == TARN_OK && !text.failed) {
        check_right(env, &value, tarn__builder_text(&text));
    }
    tarn__builder_free(&text);
    tarn__variant_metadata_free(env, &names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    options.memory_limit = (uint64_t)64 << 20;
    if (size == 0 || tarn_env_open(&options, &env, NULL) != TARN_OK) {
        return 0;
    }
    const size_t split = data[0] < size - 1 ? data[0] : size - 1;
    check_one(env, (struct tarn_span){data + 1, split}, (struct tarn_span){data + 1 + split, size - 1 - split});
    demand(tarn_env_memory(env, NULL) == 0, "memory is left");
    tarn_env_close(env);
    return 0;
}
