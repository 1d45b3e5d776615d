/* SPDX-License-Identifier: Apache-2.0
 * The Variant binary format: every type from bytes written by hand, every lie that the bytes can tell, look-ups, text, and the builder.
 */
#include "format/variant/variant.h"

#include <stdio.h>
#include <stdlib.h>

#include "format/base/utf8.h"
#include "format/variant/variant_build.h"
#include "format/variant/variant_text.h"
#include "tests/support/suite.h"

static struct tarn_error err;
static struct tarn_env *env;

enum { MOST = 4096 };

/* Bytes of a text of hex digits; blanks are passed over. */
struct bytes {
    uint8_t data[MOST];
    size_t size;
};

static struct tarn_span of_hex(const char *hex, struct bytes *out)
{
    out->size = 0;
    for (; *hex != '\0'; hex++) {
        if (*hex != ' ') {
            out->data[out->size++] = (uint8_t)(tarn__hex_value(hex[0]) << 4 | tarn__hex_value(hex[1]));
            hex++;
        }
    }
    return (struct tarn_span){out->data, out->size};
}

static enum tarn_status check_value(struct tarn_span metadata, struct tarn_span value)
{
    struct tarn_variant_metadata names;
    struct tarn_variant top;
    enum tarn_status status = tarn__variant_metadata_read(env, metadata, &names, &err);
    if (status == TARN_OK) {
        status = tarn__variant_open(&names, value, &top, &err);
    }
    if (status == TARN_OK) {
        status = tarn__variant_check(&top, 0, &err);
    }
    tarn__variant_metadata_free(env, &names);
    return status;
}

static void expect_text(struct tarn_span metadata, struct tarn_span value, enum tarn_text_style style, const char *expected)
{
    struct tarn_text_builder text;
    tarn__builder_init(&text, env);
    ck_assert(tarn__variant_text(&text, metadata, value, style));
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&text), tarn__text_of(expected)), "%.*s instead of %s",
                  TARN_TEXT_ARG(tarn__builder_text(&text)), expected);
    tarn__builder_free(&text);
}

#define NO_NAMES "01 00 00"
/* b, a, ab: not in order; a sits at 1, ab at 2, b at 0. */
#define UNSORTED "01 03 00 01 02 04 62 61 6162"
#define SORTED "11 03 00 01 03 04 61 6162 62"

struct value_case {
    const char *metadata;
    const char *value;
    const char *json;
    const char *sql;
};

static const struct value_case values[] = {
    {NO_NAMES, "00", "null", "NULL"},
    {NO_NAMES, "04", "true", "true"},
    {NO_NAMES, "08", "false", "false"},
    {NO_NAMES, "0c 80", "-128", "-128"},
    {NO_NAMES, "10 0080", "-32768", "-32768"},
    {NO_NAMES, "14 00000080", "-2147483648", "-2147483648"},
    {NO_NAMES, "18 ffffffffffffff7f", "9223372036854775807", "9223372036854775807"},
    {NO_NAMES, "1c 000000000000f83f", "1.5", "1.5"},
    {NO_NAMES, "1c 000000000000f07f", "\"Infinity\"", "inf"},
    {NO_NAMES, "20 02 d2040000", "\"12.34\"", "12.34"},
    {NO_NAMES, "24 01 ffffffffffffffff", "\"-0.1\"", "-0.1"},
    {NO_NAMES, "28 00 00000000000000000100000000000000", "\"18446744073709551616\"", "18446744073709551616"},
    {NO_NAMES, "28 02 ffffffffffffffffffffffffffffffff", "\"-0.01\"", "-0.01"},
    {NO_NAMES, "2c 424e0000", "\"2024-11-07\"", "2024-11-07"},
    {NO_NAMES, "30 c0b2f0d851260600", "\"2024-11-07T12:33:54.123456Z\"", "2024-11-07 12:33:54.123456+00"},
    {NO_NAMES, "34 c0b26f344da3feff", "\"1957-11-07T12:33:54.123456\"", "1957-11-07 12:33:54.123456"},
    {NO_NAMES, "38 cdcccc3d", "0.10000000149011612", "0.1"},
    {NO_NAMES, "3c 02000000 00ff", "\"0x00ff\"", "\\x00\\xFF"},
    {NO_NAMES, "40 02000000 c3a9", "\"\xc3\xa9\"", "\xc3\xa9"},
    {NO_NAMES, "09 c3a9", "\"\xc3\xa9\"", "\xc3\xa9"},
    {NO_NAMES, "01", "\"\"", ""},
    {NO_NAMES, "44 c0f229880a000000", "\"12:33:54.123456\"", "12:33:54.123456"},
    {NO_NAMES, "48 15413a6cb7af0518", "\"2024-11-07T12:33:54.123456789Z\"", "2024-11-07 12:33:54.123456789+00"},
    {NO_NAMES, "4c 15413a6cb7af0518", "\"2024-11-07T12:33:54.123456789\"", "2024-11-07 12:33:54.123456789"},
    {NO_NAMES, "50 f24f9b6481fa49d1b74e8c09a6e31c56", "\"f24f9b64-81fa-49d1-b74e-8c09a6e31c56\"", "f24f9b64-81fa-49d1-b74e-8c09a6e31c56"},
    {NO_NAMES, "02 00 00", "{}", "{}"},
    {NO_NAMES, "03 00 00", "[]", "[]"},
    {NO_NAMES, "03 02 00 02 03 0c01 00", "[1,null]", "[1, NULL]"},
    {UNSORTED, "02 03 01 02 00 00 01 02 03 04 08 00", "{\"a\":true,\"ab\":false,\"b\":null}", "{'a': true, 'ab': false, 'b': NULL}"},
    {SORTED, "02 02 00 02 00 01 06 04 03 01 00 01 00", "{\"a\":true,\"b\":[null]}", "{'a': true, 'b': [NULL]}"},
    /* values in another order than the fields, with bytes between them; ids and offsets of two and three bytes, a count of four */
    {SORTED, "56 02000000 0000 0200 0300 0000 0400 08 ff ff 04", "{\"a\":true,\"b\":false}", "{'a': true, 'b': false}"},
    {SORTED, "1b 01000000 000000 010000 00", "[null]", "[NULL]"},
    {SORTED, "2a 01 020000 000000 010000 04", "{\"b\":true}", "{'b': true}"},
    {SORTED, "3a 01 02000000 000000 010000 04", "{\"b\":true}", "{'b': true}"},
    {"c1 01000000 00000000 01000000 61", "02 01 00 00 01 04", "{\"a\":true}", "{'a': true}"},
    {"01 00 00 ff", "00 ff", "null", "NULL"}, /* bytes behind both */
};

START_TEST(variant__reads_every_type) /* P-VAR-2, P-VAR-5 */
{
    const struct value_case *c = &values[_i];
    struct bytes metadata;
    struct bytes value;
    env = tarn_test_env();
    of_hex(c->metadata, &metadata);
    of_hex(c->value, &value);
    ck_assert_ok(check_value((struct tarn_span){metadata.data, metadata.size}, (struct tarn_span){value.data, value.size}), &err);
    expect_text((struct tarn_span){metadata.data, metadata.size}, (struct tarn_span){value.data, value.size}, TARN_STYLE_JSON, c->json);
    expect_text((struct tarn_span){metadata.data, metadata.size}, (struct tarn_span){value.data, value.size}, TARN_STYLE_SQL, c->sql);
    tarn_test_env_close(env);
}
END_TEST

static const char *const bad_metadata[] = {
    "",                     /* nothing */
    "00 00 00",             /* version 0 */
    "02 00 00",             /* version 2 */
    "01",                   /* no size */
    "41 00",                /* half a size */
    "01 00",                /* no offset */
    "01 01 00 01",          /* the name is cut */
    "01 02 00 01 61 62",    /* an offset is cut */
    "01 01 01 01 61",       /* does not begin at 0 */
    "01 02 00 02 01 61 62", /* offsets fall */
    "01 01 00 ff 61",       /* a name far behind */
    "c1 ffffffff 00000000", /* 2^32 - 1 names */
    "01 01 00 01 ff",       /* no UTF-8 */
    "01 02 00 01 02 c3 a9", /* a character cut in two by an offset */
    "81 ffffff 000000",     /* 2^24 - 1 names */
};

START_TEST(variant__refuses_bad_metadata) /* P-VAR-1 */
{
    struct bytes bytes;
    struct tarn_variant_metadata names;
    env = tarn_test_env();
    ck_assert_status(tarn__variant_metadata_read(env, of_hex(bad_metadata[_i], &bytes), &names, &err), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "variant_metadata");
    tarn__variant_metadata_free(env, &names);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *metadata;
    const char *value;
} bad_values[] = {
    {NO_NAMES, ""},
    {NO_NAMES, "54"},                /* primitive type 21 */
    {NO_NAMES, "fc"},                /* primitive type 63 */
    {NO_NAMES, "0c"},                /* cut */
    {NO_NAMES, "18 00000000000000"}, /* cut */
    {NO_NAMES, "20 02 d20400"},      /* cut */
    {NO_NAMES, "20"},                /* no scale */
    {NO_NAMES, "20 27 d2040000"},    /* scale 39 */
    {NO_NAMES, "28 ff 00000000000000000000000000000000"},
    {NO_NAMES, "3c 020000"},                                /* half a length */
    {NO_NAMES, "3c ffffffff 00"},                           /* long beyond the bytes */
    {NO_NAMES, "40 01000000 ff"},                           /* no UTF-8 */
    {NO_NAMES, "05 ff"},                                    /* no UTF-8, short */
    {NO_NAMES, "09 61"},                                    /* cut */
    {NO_NAMES, "03"},                                       /* no size */
    {NO_NAMES, "13 000000"},                                /* half a size */
    {NO_NAMES, "03 01 00"},                                 /* no end */
    {NO_NAMES, "03 01 00 02 00"},                           /* ends behind the bytes */
    {NO_NAMES, "13 ffffffff 00"},                           /* 2^32 - 1 elements */
    {NO_NAMES, "03 01 01 01 00"},                           /* the element begins at the end */
    {NO_NAMES, "03 01 05 01 00"},                           /* and behind it */
    {NO_NAMES, "03 02 00 00 01 00"},                        /* two elements in one byte */
    {NO_NAMES, "03 01 00 01 0c"},                           /* an element that is cut by the end of the array */
    {NO_NAMES, "02 01 00 00 01 00"},                        /* a field id without names */
    {SORTED, "02 01 03 00 01 00"},                          /* field id 3 of 3 */
    {SORTED, "02 02 02 00 00 01 02 04 08"},                 /* b before a */
    {SORTED, "02 02 01 01 00 01 02 04 08"},                 /* ab twice */
    {UNSORTED, "02 02 00 01 00 01 02 04 08"},               /* b before a, ids ascending */
    {"01 02 00 01 02 61 61", "02 02 00 01 00 01 02 04 08"}, /* a twice under two ids */
    {SORTED, "02 02 00 01 00 00 01 04"},                    /* two fields in one byte */
    {SORTED, "42 ff 00"},                                   /* more fields than bytes */
    {NO_NAMES, "03 02 00 03 04 03 01 00 01 00"},            /* an inner array with an element cut, then one right */
};

START_TEST(variant__refuses_bad_values) /* P-VAR-3 */
{
    struct bytes metadata;
    struct bytes value;
    env = tarn_test_env();
    of_hex(bad_values[_i].metadata, &metadata);
    of_hex(bad_values[_i].value, &value);
    ck_assert_status(check_value((struct tarn_span){metadata.data, metadata.size}, (struct tarn_span){value.data, value.size}),
                     TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "variant");
    tarn_test_env_close(env);
}
END_TEST

static struct tarn_span span_of(const struct tarn_variant_builder *builder)
{
    return (struct tarn_span){builder->data, builder->size};
}

/* `depth` arrays around a null. */
static void nest(struct tarn_variant_builder *builder, unsigned depth)
{
    tarn__variant_builder_init(builder, env);
    for (unsigned i = 0; i < depth; i++) {
        tarn__variant_begin_array(builder);
    }
    tarn__variant_add_null(builder);
    for (unsigned i = 0; i < depth; i++) {
        ck_assert(tarn__variant_end(builder));
    }
    ck_assert_ok(tarn__variant_builder_status(builder, &err), &err);
}

START_TEST(variant__nests_as_deep_as_is_told) /* P-VAR-3 */
{
    struct tarn_variant_builder builder;
    struct tarn_text_builder text;
    struct bytes bytes;
    const struct tarn_span metadata = (env = tarn_test_env(), of_hex(NO_NAMES, &bytes));
    nest(&builder, TARN_VARIANT_DEPTH);
    ck_assert_ok(check_value(metadata, span_of(&builder)), &err);
    tarn__variant_builder_free(&builder);
    nest(&builder, TARN_VARIANT_DEPTH + 1);
    ck_assert_status(check_value(metadata, span_of(&builder)), TARN_LIMIT);
    ck_assert_str_eq(err.detail, "variant_depth");
    tarn__builder_init(&text, env);
    ck_assert(!tarn__variant_text(&text, metadata, span_of(&builder), TARN_STYLE_JSON));
    ck_assert_uint_eq(text.size, 0);
    tarn__builder_free(&text);
    tarn__variant_builder_free(&builder);
    tarn_test_env_close(env);
}
END_TEST

/* Arrays whose two elements are the same bytes: 2^60 values if anyone followed them all. */
START_TEST(variant__does_not_follow_shared_members) /* P-VAR-3 */
{
    struct tarn_text_builder text;
    uint8_t data[60 * 5 + 1];
    struct bytes bytes;
    size_t size = 0;
    env = tarn_test_env();
    const struct tarn_span metadata = of_hex(NO_NAMES, &bytes);
    for (unsigned left = 60; left > 0; left--) {
        const size_t inner = (size_t)(left - 1) * 6 + 1;
        const uint8_t level[6] = {0x07, 2, 0, 0, (uint8_t)inner, (uint8_t)(inner >> 8)};
        if (size + sizeof(level) > sizeof(data)) {
            break;
        }
        memcpy(data + size, level, sizeof(level));
        size += sizeof(level);
    }
    data[size++] = 0;
    ck_assert_status(check_value(metadata, (struct tarn_span){data, size}), TARN_CORRUPT);
    tarn__builder_init(&text, env);
    ck_assert(!tarn__variant_text(&text, metadata, (struct tarn_span){data, size}, TARN_STYLE_JSON));
    tarn__builder_free(&text);
    tarn_test_env_close(env);
}
END_TEST

static void expect_field(const char *metadata, const char *value, const char *name, int64_t expected)
{
    struct bytes metadata_bytes;
    struct bytes value_bytes;
    struct tarn_variant_metadata names;
    struct tarn_variant top;
    struct tarn_variant field;
    bool found;
    ck_assert_ok(tarn__variant_metadata_read(env, of_hex(metadata, &metadata_bytes), &names, &err), &err);
    ck_assert_ok(tarn__variant_open(&names, of_hex(value, &value_bytes), &top, &err), &err);
    ck_assert_ok(tarn__variant_field(&top, tarn__text_of(name), &found, &field, &err), &err);
    ck_assert_int_eq(found, expected >= 0);
    if (found) {
        ck_assert_int_eq(tarn__variant_int(&field), expected);
    }
    tarn__variant_metadata_free(env, &names);
}

START_TEST(variant__finds_fields) /* P-VAR-4 */
{
    env = tarn_test_env();
    static const char unsorted[] = "02 03 01 02 00 00 02 04 06 0c01 0c02 0c03";
    expect_field(UNSORTED, unsorted, "a", 1);
    expect_field(UNSORTED, unsorted, "ab", 2);
    expect_field(UNSORTED, unsorted, "b", 3);
    expect_field(UNSORTED, unsorted, "aa", -1);
    expect_field(UNSORTED, unsorted, "", -1);
    expect_field(UNSORTED, unsorted, "c", -1);
    expect_field(SORTED, "02 01 02 00 02 0c07", "b", 7);
    expect_field(SORTED, "02 01 02 00 02 0c07", "a", -1);
    expect_field(SORTED, "0c07", "a", -1); /* no object */
    expect_field(SORTED, "03 01 00 02 0c07", "a", -1);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(variant__finds_names_in_any_order) /* P-VAR-1 */
{
    struct bytes bytes;
    struct tarn_variant_metadata names;
    uint32_t rank;
    uint32_t id;
    env = tarn_test_env();
    /* c, a, b, a, "" */
    ck_assert_ok(tarn__variant_metadata_read(env, of_hex("01 05 00 01 02 03 04 04 63 61 62 61", &bytes), &names, &err), &err);
    ck_assert(tarn__variant_find_name(&names, TARN_TEXT("c"), &rank, &id));
    ck_assert_uint_eq(id, 0);
    ck_assert_uint_eq(rank, 4);
    ck_assert(tarn__variant_find_name(&names, TARN_TEXT("a"), &rank, &id));
    ck_assert(id == 1 || id == 3);
    ck_assert_uint_eq(rank, 1);
    ck_assert_uint_eq(tarn__variant_rank(&names, 1), tarn__variant_rank(&names, 3));
    ck_assert(tarn__variant_find_name(&names, TARN_TEXT(""), &rank, &id));
    ck_assert_uint_eq(id, 4);
    ck_assert(!tarn__variant_find_name(&names, TARN_TEXT("bb"), &rank, &id));
    ck_assert_uint_eq(rank, 4);
    ck_assert(!tarn__variant_find_name(&names, TARN_TEXT("d"), &rank, &id));
    ck_assert_uint_eq(rank, 5);
    tarn__variant_metadata_free(env, &names);
    tarn_test_env_close(env);
}
END_TEST

/* Every byte of an object with all there is, changed to every other; and cut at every length: right or refused, and text always ends. */
START_TEST(variant__survives_any_damage) /* P-VAR-3 */
{
    static const char metadata_hex[] = UNSORTED;
    static const char value_hex[] = "02 03 01 02 00 00 09 0f 17 03 02 00 02 05 0c01 0561 2001d2040000 02 02 01 02 00 01 02 04 00";
    struct bytes metadata;
    struct bytes value;
    unsigned right = 0;
    env = tarn_test_env();
    of_hex(metadata_hex, &metadata);
    of_hex(value_hex, &value);
    value.size = 25; /* what the object says */
    for (size_t i = 0; i < metadata.size + value.size; i++) {
        uint8_t *byte = i < metadata.size ? &metadata.data[i] : &value.data[i - metadata.size];
        const uint8_t before = *byte;
        for (unsigned other = 0; other < 256; other++) {
            struct tarn_text_builder text;
            *byte = (uint8_t)other;
            const struct tarn_span names = {metadata.data, metadata.size};
            const struct tarn_span bytes = {value.data, value.size};
            const enum tarn_status status = check_value(names, bytes);
            tarn__builder_init(&text, env);
            const bool shown = tarn__variant_text(&text, names, bytes, TARN_STYLE_JSON);
            ck_assert(status == TARN_OK ? shown : status == TARN_CORRUPT);
            right += status == TARN_OK;
            tarn__builder_free(&text);
        }
        *byte = before;
    }
    ck_assert_uint_gt(right, 0);
    for (size_t size = 0; size < value.size; size++) {
        ck_assert_int_ne(check_value((struct tarn_span){metadata.data, metadata.size}, (struct tarn_span){value.data, size}), TARN_OK);
    }
    tarn_test_env_close(env);
}
END_TEST

/* ---- the builder ---- */

static void expect_bytes(const struct tarn_variant_builder *builder, const char *hex)
{
    struct bytes expected;
    of_hex(hex, &expected);
    ck_assert_ok(tarn__variant_builder_status(builder, &err), &err);
    ck_assert_uint_eq(builder->size, expected.size);
    ck_assert_mem_eq(builder->data, expected.data, expected.size);
}

START_TEST(variant__builds_primitives) /* P-VAR-6 */
{
    struct tarn_variant_builder builder;
    const uint64_t words[2] = {(uint64_t)-1234, UINT64_MAX};
    struct bytes uuid;
    char long_text[64];
    env = tarn_test_env();
    tarn__variant_builder_init(&builder, env);
    tarn__variant_add_null(&builder);
    tarn__variant_add_bool(&builder, true);
    tarn__variant_add_bool(&builder, false);
    tarn__variant_add_int(&builder, TARN_VARIANT_I8, -1);
    tarn__variant_add_int(&builder, TARN_VARIANT_I16, -2);
    tarn__variant_add_int(&builder, TARN_VARIANT_DATE, 20034);
    tarn__variant_add_int(&builder, TARN_VARIANT_TIME_NTZ, 1);
    tarn__variant_add_float(&builder, TARN_VARIANT_F32, 1.5);
    tarn__variant_add_float(&builder, TARN_VARIANT_F64, -2.0);
    tarn__variant_add_decimal(&builder, TARN_VARIANT_DECIMAL4, 2, words);
    tarn__variant_add_decimal(&builder, TARN_VARIANT_DECIMAL8, 3, words);
    tarn__variant_add_decimal(&builder, TARN_VARIANT_DECIMAL16, 4, words);
    expect_bytes(&builder, "00 04 08 0cff 10feff 2c424e0000 440100000000000000 380000c03f 1c00000000000000c0 2002 2efbffff "
                           "2403 2efbffffffffffff 2804 2efbffffffffffffffffffffffffffff");
    tarn__variant_builder_clear(&builder);
    tarn__variant_add_bytes(&builder, TARN_VARIANT_STRING, tarn__span_of_text(TARN_TEXT("ab")));
    tarn__variant_add_bytes(&builder, TARN_VARIANT_BINARY, tarn__span_of_text(TARN_TEXT("ab")));
    tarn__variant_add_bytes(&builder, TARN_VARIANT_UUID, of_hex("000102030405060708090a0b0c0d0e0f", &uuid));
    expect_bytes(&builder, "096162 3c02000000 6162 50 000102030405060708090a0b0c0d0e0f");
    memset(long_text, 'x', sizeof(long_text));
    for (size_t size = 63; size <= 64; size++) {
        tarn__variant_builder_clear(&builder);
        tarn__variant_add_bytes(&builder, TARN_VARIANT_STRING, (struct tarn_span){(const uint8_t *)long_text, size});
        ck_assert_uint_eq(builder.data[0], size == 63 ? 0xfd : 0x40);
        ck_assert_uint_eq(builder.size, size == 63 ? 64 : 69);
    }
    tarn__variant_builder_free(&builder);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(variant__builds_objects_in_the_order_of_names) /* P-VAR-6 */
{
    struct tarn_variant_builder builder;
    env = tarn_test_env();
    tarn__variant_builder_init(&builder, env);
    tarn__variant_begin_object(&builder);
    tarn__variant_add_field(&builder, 0, 30);
    tarn__variant_add_int(&builder, TARN_VARIANT_I8, 3);
    tarn__variant_add_field(&builder, 700, 20);
    tarn__variant_begin_array(&builder);
    tarn__variant_add_null(&builder);
    tarn__variant_begin_object(&builder);
    ck_assert(tarn__variant_end(&builder));
    ck_assert(tarn__variant_end(&builder));
    tarn__variant_add_field(&builder, 1, 10);
    tarn__variant_add_bool(&builder, true);
    ck_assert(tarn__variant_end(&builder));
    expect_bytes(&builder, "12 03 0100 bc02 0000 0b 02 00 0c 0c03 03 02 00 01 04 00 02 00 00 04");
    tarn__variant_builder_clear(&builder);
    tarn__variant_begin_object(&builder);
    for (unsigned i = 0; i < 3; i++) {
        tarn__variant_add_field(&builder, i, 9 - i % 2);
        tarn__variant_add_null(&builder);
    }
    ck_assert(!tarn__variant_end(&builder)); /* two of one name */
    tarn__variant_builder_free(&builder);
    tarn_test_env_close(env);
}
END_TEST

/* Containers of every size class, back and forth: 1 to 4 bytes for counts, ids and offsets. */
START_TEST(variant__builds_what_it_reads) /* P-VAR-2, P-VAR-6 */
{
    static const unsigned counts[] = {0, 1, 255, 256, 70000};
    const unsigned count = counts[_i];
    struct tarn_variant_builder names;
    struct tarn_variant_builder builder;
    struct tarn_variant_metadata metadata;
    struct tarn_variant top;
    struct tarn_variant field;
    bool found;
    char(*text)[8] = calloc(count + 1u, sizeof(*text));
    struct tarn_text *list = calloc(count + 1u, sizeof(*list));
    env = tarn_test_env();
    for (unsigned i = 0; i < count; i++) {
        list[i] = (struct tarn_text){text[i], (size_t)snprintf(text[i], sizeof(text[i]), "n%u", (i * 7919) % count)};
    }
    tarn__variant_builder_init(&names, env);
    tarn__variant_builder_init(&builder, env);
    tarn__variant_add_metadata(&names, NULL, count, list);
    ck_assert_ok(tarn__variant_builder_status(&names, &err), &err);
    ck_assert_ok(tarn__variant_metadata_read(env, span_of(&names), &metadata, &err), &err);
    ck_assert_uint_eq(metadata.count, count);
    tarn__variant_begin_object(&builder);
    for (unsigned i = 0; i < count; i++) {
        tarn__variant_add_field(&builder, i, tarn__variant_rank(&metadata, i));
        tarn__variant_add_int(&builder, TARN_VARIANT_I32, (int64_t)i);
    }
    ck_assert(tarn__variant_end(&builder));
    ck_assert_ok(check_value(span_of(&names), span_of(&builder)), &err);
    ck_assert_ok(tarn__variant_open(&metadata, span_of(&builder), &top, &err), &err);
    ck_assert_uint_eq(top.count, count);
    ck_assert_uint_eq(top.bytes.size, builder.size);
    for (unsigned i = 0; i < count; i += 1 + count / 300) {
        ck_assert_ok(tarn__variant_field(&top, list[i], &found, &field, &err), &err);
        ck_assert(found);
        ck_assert_int_eq(tarn__variant_int(&field), (int64_t)i);
    }
    tarn__variant_metadata_free(env, &metadata);
    tarn__variant_builder_free(&builder);
    tarn__variant_builder_free(&names);
    free(list);
    free(text);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(variant__adds_names_behind_those_there_are) /* P-VAR-6 */
{
    struct tarn_variant_builder builder;
    struct tarn_variant_metadata base;
    struct bytes bytes;
    static const struct tarn_text more[] = {{"b", 1}, {"a", 1}};
    env = tarn_test_env();
    tarn__variant_builder_init(&builder, env);
    ck_assert_ok(tarn__variant_metadata_read(env, of_hex("11 01 00 01 61", &bytes), &base, &err), &err);
    tarn__variant_add_metadata(&builder, &base, 1, more);
    expect_bytes(&builder, "11 02 00 01 02 61 62"); /* still in order, and says so */
    tarn__variant_builder_clear(&builder);
    tarn__variant_add_metadata(&builder, &base, 2, more);
    expect_bytes(&builder, "01 03 00 01 02 03 61 62 61");
    tarn__variant_builder_clear(&builder);
    tarn__variant_add_metadata(&builder, NULL, 0, NULL);
    expect_bytes(&builder, "11 00 00");
    tarn__variant_metadata_free(env, &base);
    tarn__variant_builder_free(&builder);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("format/variant", TARN_LOOP_TEST(variant__reads_every_type, values), TARN_LOOP_TEST(variant__refuses_bad_metadata, bad_metadata),
           TARN_LOOP_TEST(variant__refuses_bad_values, bad_values), TARN_TEST(variant__nests_as_deep_as_is_told),
           TARN_TEST(variant__does_not_follow_shared_members), TARN_TEST(variant__finds_fields),
           TARN_TEST(variant__finds_names_in_any_order), TARN_TEST(variant__survives_any_damage), TARN_TEST(variant__builds_primitives),
           TARN_TEST(variant__builds_objects_in_the_order_of_names), TARN_LOOP_TIMES(variant__builds_what_it_reads, 5),
           TARN_TEST(variant__adds_names_behind_those_there_are))
