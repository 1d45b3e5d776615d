/* SPDX-License-Identifier: Apache-2.0
 *
 * Key-value metadata of files that are written.
 *
 * Specification: parquet.thrift "KeyValue". SPEC: P-KEY-1, P-KEY-2.
 */
#include "writer/parquet/file_keys.h"

#include "format/base/text.h"
#include "format/base/utf8.h"
#include "writer/parquet/arrow_schema.h"

static bool is_given(const struct tarn_parquet_write_options *options, uint32_t from, struct tarn_text key)
{
    for (uint32_t i = from; i < options->property_count; i++) {
        if (tarn__text_equal(options->properties[i].key, key)) {
            return true;
        }
    }
    return false;
}

static bool add(struct tarn_arena *arena, struct tarn__file_keys *keys, const struct tarn_property *property)
{
    struct parquet_key_value *pair = &keys->items[keys->count++];
    *pair = (struct parquet_key_value){tarn__arena_text(arena, property->key), true, tarn__arena_text(arena, property->value)};
    return pair->key.data != NULL && pair->value.data != NULL;
}

enum tarn_status tarn__file_keys_make(struct tarn_arena *arena, const struct tarn_schema *schema,
                                      const struct tarn_parquet_write_options *options, struct tarn__file_keys *out, struct tarn_error *err)
{
    const size_t most = (size_t)schema->property_count + options->property_count + 1;
    bool kept = true;

    *out = (struct tarn__file_keys){0, tarn__arena_calloc(arena, most, sizeof(*out->items))};
    if (out->items == NULL) {
        return tarn__nomem(arena->env, err, most * sizeof(*out->items));
    }
    for (uint32_t i = 0; kept && i < schema->property_count; i++) {
        if (tarn__is_own_key(schema->properties[i].key) && !is_given(options, 0, schema->properties[i].key)) {
            kept = add(arena, out, &schema->properties[i]);
        }
    }
    for (uint32_t i = 0; kept && i < options->property_count; i++) {
        const struct tarn_property *given = &options->properties[i];
        if (given->key.size == 0 || !tarn__is_own_key(given->key) || !tarn__utf8_is_valid(given->key) ||
            !tarn__utf8_is_valid(given->value)) {
            return tarn__invalid(err, "key", "\"%.*s\" cannot be set: keys and values are UTF-8, and some keys are the writer's own",
                                 TARN_TEXT_ARG(given->key));
        }
        if (!is_given(options, i + 1, given->key)) {
            kept = add(arena, out, given);
        }
    }
    return kept ? TARN_OK : tarn__nomem(arena->env, err, most * sizeof(*out->items));
}
