/* SPDX-License-Identifier: Apache-2.0
 *
 * Random values of every type an Iceberg table can be partitioned by, and what each transform makes of them: a JSON object a line, for
 * a foreign implementation to compare with.
 *   print_transforms SEED COUNT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/batch/value_decimal.h"
#include "txlog/core/partition_transform.h"
#include "txlog/iceberg/iceberg_schema.h"
#include "txlog/iceberg/iceberg_spec.h"
#include "txlog/iceberg/iceberg_value.h"

static uint64_t seed;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * UINT64_C(0x2545f4914f6cdd1d);
}

static int64_t random_in(int64_t least, int64_t most)
{
    return least + (int64_t)(next_random() % ((uint64_t)most - (uint64_t)least + 1));
}

static const char *const types[] = {"\"int\"",           "\"long\"",           "\"date\"",           "\"time\"",     "\"timestamp\"",
                                    "\"timestamptz\"",   "\"string\"",         "\"uuid\"",           "\"fixed[7]\"", "\"binary\"",
                                    "\"decimal(9, 2)\"", "\"decimal(18, 4)\"", "\"decimal(38, 10)\""};

static struct tarn_value random_value(const struct tarn_type *type, char *room)
{
    static const char *const letters[] = {"a", "Z", "0", " ", "/", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x90\xa7", "\""};
    struct tarn_value value = {.type = type};
    const unsigned bits = (unsigned)random_in(1, 63); /* numbers of every length */
    const int64_t number = (int64_t)(next_random() >> (64 - bits)) * (next_random() % 2 != 0 ? 1 : -1);
    size_t size = 0;
    switch (type->id) {
    case TARN_TYPE_I32:
        value.u.i64 = (int32_t)number;
        break;
    case TARN_TYPE_I64:
        value.u.i64 = number;
        break;
    case TARN_TYPE_DATE:
        value.u.i64 = random_in(-700000, 2900000); /* years 53 to 9909 */
        break;
    case TARN_TYPE_TIME:
        value.u.i64 = random_in(0, 86399999999);
        break;
    case TARN_TYPE_TIMESTAMP:
        value.u.i64 = random_in(-60000000000, 250000000000) * 1000000 + random_in(0, 999999);
        break;
    case TARN_TYPE_DECIMAL:
        tarn__value_set_unscaled(&value, type->precision == 9    ? number % 1000000000
                                         : type->precision == 18 ? number % 1000000000000000000
                                                                 : (tarn_i128)number * random_in(1, 1000000000000000000));
        break;
    case TARN_TYPE_STRING:
        for (int64_t n = random_in(0, 12); n > 0; n--) {
            const char *letter = letters[next_random() % (sizeof(letters) / sizeof(letters[0]))];
            memcpy(room + size, letter, strlen(letter));
            size += strlen(letter);
        }
        value.u.bytes = (struct tarn_text){room, size};
        break;
    default:
        size = type->id == TARN_TYPE_UUID ? 16 : type->id == TARN_TYPE_FIXED ? type->width : (size_t)random_in(0, 12);
        for (size_t i = 0; i < size; i++) {
            room[i] = (char)next_random();
        }
        value.u.bytes = (struct tarn_text){room, size};
        break;
    }
    return value;
}

static void print_bytes(struct tarn_json_printer *json, const char *key, const struct tarn_value *value)
{
    struct tarn_text_builder bytes;
    struct tarn_text_builder hex;
    tarn__builder_init(&bytes, json->out->env);
    tarn__builder_init(&hex, json->out->env);
    tarn__iceberg_value_encode(value, &bytes);
    tarn__builder_add_hex(&hex, tarn__span_of_text(tarn__builder_text(&bytes)));
    tarn__json_print_key(json, tarn__text_of(key));
    tarn__json_print_string(json, tarn__builder_text(&hex));
    tarn__builder_free(&hex);
    tarn__builder_free(&bytes);
}

static void print_line(struct tarn_env *env, const char *type, const struct tarn_value *value, enum tarn__transform transform,
                       int32_t parameter, const struct tarn_value *made)
{
    struct tarn_text_builder out;
    struct tarn_text_builder word;
    struct tarn_json_printer json;
    tarn__builder_init(&out, env);
    tarn__builder_init(&word, env);
    tarn__json_printer_init(&json, &out);
    tarn__json_print_begin_object(&json);
    tarn__json_print_key(&json, TARN_TEXT("type"));
    tarn__json_print_raw(&json, tarn__text_of(type));
    tarn__iceberg_transform_print(transform, parameter, &word);
    tarn__json_print_key(&json, TARN_TEXT("transform"));
    tarn__json_print_string(&json, tarn__builder_text(&word));
    print_bytes(&json, "value", value);
    print_bytes(&json, "result", made);
    tarn__json_print_key(&json, TARN_TEXT("json"));
    tarn__iceberg_value_print(value, &json);
    tarn__builder_clear(&word);
    tarn__iceberg_transform_text(transform, made, &word);
    tarn__json_print_key(&json, TARN_TEXT("text"));
    tarn__json_print_string(&json, tarn__builder_text(&word));
    tarn__json_print_end_object(&json);
    printf("%.*s\n", (int)out.size, out.data);
    tarn__builder_free(&word);
    tarn__builder_free(&out);
}

int main(int argc, char **argv)
{
    struct tarn_env *env;
    if (argc != 3 || tarn_env_open(NULL, &env, NULL) != TARN_OK) {
        return 2;
    }
    seed = (uint64_t)strtoull(argv[1], NULL, 10) * 2 + 1;
    const long count = strtol(argv[2], NULL, 10);
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
        const struct tarn_type *type;
        if (tarn__iceberg_type_parse(tarn__text_of(types[t]), &arena, &type, NULL) != TARN_OK) {
            return 1;
        }
        for (long i = 0; i < count; i++) {
            char room[64];
            const struct tarn_value value = random_value(type, room);
            for (int transform = 0; transform < TARN_TRANSFORM_VOID; transform++) {
                const int32_t parameter = transform == TARN_TRANSFORM_BUCKET     ? (int32_t)random_in(1, 1000)
                                          : transform == TARN_TRANSFORM_TRUNCATE ? (int32_t)random_in(1, 8)
                                                                                 : 0;
                const struct tarn_type *result;
                struct tarn_value made;
                if (tarn__transform_result((enum tarn__transform)transform, parameter, type, &result, NULL) == TARN_OK &&
                    tarn__transform_apply((enum tarn__transform)transform, parameter, &value, result, &made, NULL) == TARN_OK) {
                    print_line(env, types[t], &value, (enum tarn__transform)transform, parameter, &made);
                }
            }
        }
    }
    tarn__arena_free(&arena);
    tarn_env_close(env);
    return 0;
}
