/* SPDX-License-Identifier: Apache-2.0
 * Avro container files: bytes written by hand from the specification, damage row by row, every failed allocation, every file of the corpus.
 */
#include <ftw.h>
#include <stdio.h>

#include "format/avro/avro_writer.h"
#include "format/base/hash.h"
#include "format/codec/codec.h"
#include "format/codec/snappy.h"
#include "format/thrift/parquet_thrift.h"
#include "tests/support/avro_text.h"
#include "tests/support/fault.h"

static struct tarn_error err;

#define SYNC "0123456789abcdef"

/* A file put together piece by piece: strings and numbers below 64 are one byte longer than they are. */
static struct tarn_text_builder made;

static void put_number(int64_t value)
{
    uint64_t bits = (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
    for (; bits >= 0x80; bits >>= 7) {
        tarn__builder_add_char(&made, (char)(bits | 0x80));
    }
    tarn__builder_add_char(&made, (char)bits);
}

static void put_text(const char *text)
{
    put_number((int64_t)strlen(text));
    tarn__builder_add_str(&made, text);
}

static void put_header(const char *schema, const char *codec)
{
    tarn__builder_clear(&made);
    tarn__builder_add_bytes(&made, "Obj\1", 4);
    put_number(codec != NULL ? 2 : 1);
    put_text("avro.schema");
    put_text(schema);
    if (codec != NULL) {
        put_text("avro.codec");
        put_text(codec);
    }
    put_number(0);
    tarn__builder_add_str(&made, SYNC);
}

static void put_block(int64_t count, const void *bytes, size_t size)
{
    put_number(count);
    put_number((int64_t)size);
    tarn__builder_add_bytes(&made, bytes, size);
    tarn__builder_add_str(&made, SYNC);
}

static struct tarn_span made_span(void)
{
    return tarn__span_of_text(tarn__builder_text(&made));
}

/* What the file holds as text; skipping must agree in status and count. */
static enum tarn_status read_text(struct tarn_env *env, struct tarn_span file, char *out, size_t room)
{
    struct tarn_text_builder text;
    uint64_t count;
    uint64_t skipped;
    err = (struct tarn_error)TARN_ERROR_INIT;
    tarn__builder_init(&text, env);
    const enum tarn_status passed = tarn_avro_skip_file(env, file, &skipped, NULL);
    const enum tarn_status status = tarn_avro_print_file(env, file, &text, &count, &err);
    if (status == TARN_OK) {
        ck_assert_status(passed, TARN_OK);
        ck_assert_uint_eq(skipped, count);
    }
    snprintf(out, room, "%.*s", (int)text.size, text.size != 0 ? text.data : "");
    tarn__builder_free(&text);
    return status;
}

/* ---- schemas ---- */

static const struct tarn__avro_type *parse(struct tarn_arena *arena, const char *json)
{
    const struct tarn__avro_type *type;
    ck_assert_ok(tarn__avro_schema_parse(arena, tarn__text_of(json), 0, TARN_CORRUPT, &type, &err), &err);
    return type;
}

START_TEST(avro_schema__keeps_ids_and_logical_types) /* A-SCHEMA-1 A-SCHEMA-2 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    bool optional;
    tarn__arena_init(&arena, env);
    /* Attributes in an order that makes no reader's life easy. */
    const struct tarn__avro_type *root = parse(
        &arena,
        "{\"fields\":[{\"field-id\":7,\"default\":null,\"type\":[\"null\",{\"scale\":2,\"precision\":9,\"size\":4,\"logicalType\":"
        "\"decimal\","
        "\"name\":\"d\",\"type\":\"fixed\"}],\"name\":\"a.b c\"},"
        "{\"name\":\"m\",\"field-id\":8,\"type\":{\"type\":\"array\",\"logicalType\":\"map\",\"items\":{\"type\":\"record\",\"name\":\"k1_"
        "v2\","
        "\"fields\":[{\"name\":\"key\",\"type\":\"int\",\"field-id\":117},{\"name\":\"value\",\"type\":\"long\",\"field-id\":118}]}}},"
        "{\"name\":\"l\",\"type\":{\"type\":\"array\",\"items\":\"int\",\"element-id\":136}},"
        "{\"name\":\"p\",\"type\":{\"type\":\"map\",\"values\":\"bytes\",\"key-id\":5,\"value-id\":6}},"
        "{\"name\":\"t\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-micros\",\"adjust-to-utc\":false}},"
        "{\"name\":\"z\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-nanos\",\"adjust-to-utc\":true}},"
        "{\"name\":\"u\",\"type\":{\"type\":\"fixed\",\"name\":\"u\",\"size\":16,\"logicalType\":\"uuid\"}},"
        "{\"name\":\"n\",\"type\":{\"type\":\"string\",\"logicalType\":\"date\"}},"
        "{\"name\":\"e\",\"type\":{\"type\":\"int\",\"logicalType\":\"date\"}}],\"doc\":{\"x\":[1]},\"name\":\"r-1\",\"type\":\"record\"}");
    ck_assert_int_eq(root->kind, TARN_AVRO_RECORD);
    ck_assert_uint_eq(root->count, 9);
    ck_assert_int_eq(root->fields[0].id, 7);
    ck_assert(tarn__text_equal(root->fields[0].name, TARN_TEXT("a.b c")));
    const struct tarn__avro_type *decimal = tarn__avro_required(root->fields[0].type, &optional);
    ck_assert(optional);
    ck_assert_int_eq(decimal->logical, TARN_AVRO_DECIMAL);
    ck_assert_int_eq(decimal->precision, 9);
    ck_assert_int_eq(decimal->scale, 2);
    ck_assert_uint_eq(decimal->size, 4);
    ck_assert_int_eq(root->fields[1].type->logical, TARN_AVRO_LOGICAL_MAP);
    ck_assert_int_eq(root->fields[1].type->key_id, 117);
    ck_assert_int_eq(root->fields[1].type->value_id, 118);
    ck_assert_int_eq(root->fields[2].id, -1);
    ck_assert_int_eq(root->fields[2].type->element_id, 136);
    ck_assert_int_eq(root->fields[3].type->key_id, 5);
    ck_assert_int_eq(root->fields[3].type->value_id, 6);
    ck_assert_int_eq(root->fields[4].type->logical, TARN_AVRO_TIMESTAMP_MICROS);
    ck_assert(!root->fields[4].type->adjust_to_utc);
    ck_assert_int_eq(root->fields[5].type->logical, TARN_AVRO_TIMESTAMP_NANOS);
    ck_assert(root->fields[5].type->adjust_to_utc);
    ck_assert_int_eq(root->fields[6].type->logical, TARN_AVRO_UUID);
    ck_assert_int_eq(root->fields[7].type->logical, TARN_AVRO_PLAIN); /* a logical type that does not fit is passed over */
    ck_assert_int_eq(root->fields[8].type->logical, TARN_AVRO_DATE);
    ck_assert_int_eq(tarn__avro_field_by_id(root, 8), 1);
    ck_assert_int_eq(tarn__avro_field_by_id(root, 9), -1);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(avro_schema__names_are_resolved_by_namespace) /* A-SCHEMA-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    const struct tarn__avro_type *root = parse(
        &arena,
        "{\"type\":\"record\",\"name\":\"a.b.r\",\"fields\":[{\"name\":\"x\",\"type\":{\"type\":\"fixed\",\"name\":\"f\",\"size\":2}},"
        "{\"name\":\"y\",\"type\":\"f\"},{\"name\":\"z\",\"type\":[\"a.b.f\",\"null\"]}]}");
    ck_assert(tarn__text_equal(root->fields[0].type->name, TARN_TEXT("a.b.f")));
    ck_assert_ptr_eq(root->fields[1].type, root->fields[0].type);
    ck_assert_ptr_eq(root->fields[2].type->branches[0], root->fields[0].type);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *json;
    enum tarn_status status;
    const char *detail;
} bad_schemas[] = {
    {"", TARN_CORRUPT, "json.truncated"},
    {"\"int\" 1", TARN_CORRUPT, "json.syntax"},
    {"\"nothing\"", TARN_CORRUPT, "avro.schema"},
    {"7", TARN_CORRUPT, "avro.schema"},
    {"[]", TARN_CORRUPT, "avro.schema"},
    {"[[\"int\"]]", TARN_CORRUPT, "avro.schema"},
    {"{\"type\":\"record\",\"fields\":[]}", TARN_CORRUPT, "avro.schema"},
    {"{\"type\":\"record\",\"name\":\"r\"}", TARN_CORRUPT, "avro.schema"},
    {"{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"x\"}]}", TARN_CORRUPT, "avro.schema"},
    {"{\"type\":\"record\",\"name\":\"r\",\"fields\":[1]}", TARN_CORRUPT, "json.type"},
    {"{\"type\":\"array\"}", TARN_CORRUPT, "avro.schema"},
    {"{\"type\":\"enum\",\"name\":\"e\"}", TARN_CORRUPT, "avro.schema"},
    {"{\"type\":\"fixed\",\"name\":\"f\"}", TARN_CORRUPT, "avro.schema"},
    {"{\"type\":\"fixed\",\"name\":\"f\",\"size\":-1}", TARN_CORRUPT, "avro.schema"},
    {"{\"type\":\"fixed\",\"name\":\"f\",\"size\":99999999999}", TARN_CORRUPT, "avro.schema"},
    {"{\"name\":\"f\"}", TARN_CORRUPT, "avro.schema"},
    {"{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"x\",\"type\":[\"null\",\"r\"]}]}", TARN_UNSUPPORTED, "avro.recursion"},
};

START_TEST(avro_schema__refuses_what_is_none) /* A-SCHEMA-4 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    const struct tarn__avro_type *type;
    tarn__arena_init(&arena, env);
    ck_assert_status(tarn__avro_schema_parse(&arena, tarn__text_of(bad_schemas[_i].json), 0, TARN_CORRUPT, &type, &err),
                     bad_schemas[_i].status);
    ck_assert_str_eq(err.detail, bad_schemas[_i].detail);
    ck_assert_ptr_null(type);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(avro_schema__is_bounded) /* A-SCHEMA-5 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_text_builder json;
    struct tarn_arena arena;
    const struct tarn__avro_type *type;
    tarn__builder_init(&json, env);
    for (int depth = TARN_AVRO_MOST_DEPTH - 1; depth <= TARN_AVRO_MOST_DEPTH; depth++) {
        tarn__builder_clear(&json);
        for (int i = 0; i < depth; i++) {
            tarn__builder_add_str(&json, "{\"type\":\"array\",\"items\":");
        }
        tarn__builder_add_str(&json, "\"int\"");
        tarn__builder_add_repeat(&json, '}', (size_t)depth);
        tarn__arena_init(&arena, env);
        ck_assert_status(tarn__avro_schema_parse(&arena, tarn__builder_text(&json), 0, TARN_CORRUPT, &type, &err),
                         depth < TARN_AVRO_MOST_DEPTH ? TARN_OK : TARN_LIMIT);
        tarn__arena_free(&arena);
    }
    tarn__builder_clear(&json);
    tarn__builder_add_str(&json, "[\"null\"");
    for (int i = 0; i < TARN_AVRO_MOST_TYPES; i++) {
        tarn__builder_add_str(&json, ",[\"int\"]");
    }
    tarn__builder_add_str(&json, "]");
    tarn__arena_init(&arena, env);
    ck_assert_int_ne(tarn__avro_schema_parse(&arena, tarn__builder_text(&json), 0, TARN_CORRUPT, &type, &err), TARN_OK);
    tarn__arena_free(&arena);
    /* Types that double at each step have no bytes and are passed over in one. */
    tarn__builder_clear(&json);
    for (int i = 0; i < 40; i++) {
        tarn__builder_add_str(&json, "{\"type\":\"record\",\"name\":\"r");
        tarn__builder_add_int64(&json, i);
        tarn__builder_add_str(&json, "\",\"fields\":[{\"name\":\"a\",\"type\":");
    }
    tarn__builder_add_str(&json, "\"null\"");
    for (int i = 40; i-- > 0;) {
        if (i == 39) {
            tarn__builder_add_str(&json, "}]}");
            continue;
        }
        tarn__builder_add_str(&json, "},{\"name\":\"b\",\"type\":\"r");
        tarn__builder_add_int64(&json, i + 1);
        tarn__builder_add_str(&json, "\"}]}");
    }
    size_t size;
    char *text = tarn__builder_take(&json, &size);
    ck_assert_ptr_nonnull(text);
    uint64_t count;
    tarn__builder_init(&made, env);
    put_header(text, NULL);
    put_block(3, "", 0);
    ck_assert_ok(tarn_avro_skip_file(env, made_span(), &count, &err), &err);
    ck_assert_uint_eq(count, 3);
    tarn__builder_free(&made);
    tarn__free(env, text);
    tarn__builder_free(&json);
    tarn_test_env_close(env);
}
END_TEST

/* ---- values ---- */

static const struct {
    const char *schema;
    const char *bytes;
    size_t size;
    const char *text;
} values[] = {
#define VALUE(schema, bytes, text)                                                                                                         \
    {                                                                                                                                      \
        schema, bytes, sizeof(bytes) - 1, text                                                                                             \
    }
    VALUE("\"null\"", "", "null\n"),
    VALUE("\"boolean\"", "\1", "true\n"),
    VALUE("\"int\"", "\x7f", "-64\n"),
    VALUE("\"int\"", "\xff\xff\xff\xff\x0f", "-2147483648\n"),
    VALUE("\"long\"", "\x80\1", "64\n"),
    VALUE("\"long\"", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", "-9223372036854775808\n"),
    VALUE("\"long\"", "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1", "9223372036854775807\n"),
    VALUE("\"long\"", "\x82\0", "1\n"),                                                    /* a byte longer than it need be */
    VALUE("\"long\"", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\3", "-9223372036854775808\n"), /* and bits above the 64th */
    VALUE("\"float\"", "\0\0\xc0\x3f", "1.5\n"),
    VALUE("\"double\"", "\0\0\0\0\0\0\4\xc0", "-2.5\n"),
    VALUE("\"bytes\"", "\4\0\xff", "\"0x00ff\"\n"),
    VALUE("\"string\"", "\6foo", "\"foo\"\n"),
    VALUE("\"string\"", "\0", "\"\"\n"),
    VALUE("{\"type\":\"fixed\",\"name\":\"f\",\"size\":3}", "abc", "\"0x616263\"\n"),
    VALUE("{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"A\",\"B\"]}", "\2", "1\n"),
    VALUE("[\"null\",\"string\"]", "\2\2a", "\"a\"\n"),
    VALUE("[\"null\",\"string\"]", "\0", "null\n"),
    VALUE("[\"long\",\"null\"]", "\0\6", "3\n"), /* null behind */
    VALUE("{\"type\":\"array\",\"items\":\"long\"}", "\4\6\x36\0", "[3,27]\n"),
    VALUE("{\"type\":\"array\",\"items\":\"long\"}", "\3\4\6\x36\2\x08\0", "[3,27,4]\n"), /* two blocks, the first with its size */
    VALUE("{\"type\":\"array\",\"items\":\"long\"}", "\3\2\6\x36\0", "[3,27]\n"),         /* a size that lies changes nothing */
    VALUE("{\"type\":\"array\",\"items\":\"float\"}", "\2\0\0\xc0\x3f\0", "[1.5]\n"),
    VALUE("{\"type\":\"array\",\"items\":\"string\"}", "\2\2x\2\2y\0", "[\"x\",\"y\"]\n"),
    VALUE("{\"type\":\"map\",\"values\":\"int\"}", "\2\2k\4\0", "[[\"k\",2]]\n"),
    VALUE("{\"type\":\"map\",\"values\":\"int\"}", "\1\6\2k\4\0", "[[\"k\",2]]\n"),
    VALUE("{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"a\",\"type\":\"long\"},{\"name\":\"b\",\"type\":\"string\"}]}",
          "\x36\6foo", "{\"a\":27,\"b\":\"foo\"}\n"),
};

START_TEST(avro_reader__values_are_those_of_the_specification) /* A-FILE-4 */
{
    struct tarn_env *env = tarn_test_env();
    char text[256];
    tarn__builder_init(&made, env);
    put_header(values[_i].schema, _i % 2 == 0 ? "null" : NULL);
    put_block(1, values[_i].bytes, values[_i].size);
    ck_assert_ok(read_text(env, made_span(), text, sizeof(text)), &err);
    ck_assert_str_eq(text, values[_i].text);
    if (values[_i].size != 0) { /* a byte less is CORRUPT, and one more too */
        put_header(values[_i].schema, NULL);
        put_block(1, values[_i].bytes, values[_i].size - 1);
        ck_assert_status(read_text(env, made_span(), text, sizeof(text)), TARN_CORRUPT);
        ck_assert_int_ge(err.offset, 0);
        put_header(values[_i].schema, NULL);
        put_number(1);
        put_number((int64_t)values[_i].size + 1);
        tarn__builder_add_bytes(&made, values[_i].bytes, values[_i].size);
        tarn__builder_add_str(&made, "\x01" SYNC);
        ck_assert_status(read_text(env, made_span(), text, sizeof(text)), TARN_CORRUPT);
        ck_assert_str_eq(err.detail, "avro.block");
    }
    tarn__builder_free(&made);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *schema;
    const char *bytes;
    size_t size;
    int64_t count;
    enum tarn_status status;
    const char *detail;
} bad_values[] = {
#define BAD(schema, bytes, count, status, detail)                                                                                          \
    {                                                                                                                                      \
        schema, bytes, sizeof(bytes) - 1, count, status, detail                                                                            \
    }
    BAD("\"boolean\"", "\2", 1, TARN_CORRUPT, "avro.value"),
    BAD("\"int\"", "\x80\x80\x80\x80\x10", 1, TARN_CORRUPT, "avro.value"),
    BAD("\"long\"", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0", 1, TARN_CORRUPT, "avro.value"),
    BAD("\"string\"", "\1", 1, TARN_CORRUPT, "avro.value"),
    BAD("\"string\"", "\2\xff", 1, TARN_CORRUPT, "avro.value"),
    BAD("\"bytes\"", "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1", 1, TARN_CORRUPT, "avro.value"),
    BAD("[\"null\",\"int\"]", "\4", 1, TARN_CORRUPT, "avro.value"),
    BAD("[\"null\",\"int\"]", "\1", 1, TARN_CORRUPT, "avro.value"),
    BAD("{\"type\":\"array\",\"items\":\"int\"}", "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1", 1, TARN_CORRUPT, "avro.value"),
    BAD("{\"type\":\"array\",\"items\":\"int\"}", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\0", 1, TARN_CORRUPT, "avro.value"),
    BAD("{\"type\":\"array\",\"items\":\"int\"}", "\1\x10\0", 1, TARN_CORRUPT, "avro.value"),
    BAD("{\"type\":\"array\",\"items\":\"null\"}", "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1", 1, TARN_LIMIT, "avro.block"),
    BAD("{\"type\":\"map\",\"values\":\"null\"}", "\x06\2a\0", 1, TARN_CORRUPT, "avro.value"),
    BAD("\"int\"", "\0\0", 3, TARN_CORRUPT, "avro.value"),
    BAD("\"int\"", "\0", INT64_MAX, TARN_CORRUPT, "avro.value"),
    BAD("\"null\"", "", INT64_MAX, TARN_LIMIT, "avro.block"),
    BAD("\"int\"", "\0", -1, TARN_CORRUPT, "avro.block"),
    BAD("\"int\"", "\0\0", 1, TARN_CORRUPT, "avro.block"),
};

START_TEST(avro_reader__refuses_damaged_values) /* A-FILE-5 A-FILE-6 */
{
    struct tarn_env *env = tarn_test_env();
    char text[256];
    tarn__builder_init(&made, env);
    put_header(bad_values[_i].schema, NULL);
    put_block(bad_values[_i].count, bad_values[_i].bytes, bad_values[_i].size);
    ck_assert_status(read_text(env, made_span(), text, sizeof(text)), bad_values[_i].status);
    ck_assert_str_eq(err.detail, bad_values[_i].detail);
    ck_assert_int_gt(err.offset, 0);
    tarn__builder_free(&made);
    tarn_test_env_close(env);
}
END_TEST

/* ---- files ---- */

START_TEST(avro_reader__header_counts_may_be_negative) /* A-FILE-2 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn__avro_reader reader;
    struct tarn_text value;
    bool more;
    tarn__builder_init(&made, env);
    tarn__builder_add_bytes(&made, "Obj\1", 4);
    put_number(-1);
    put_number(18);
    put_text("avro.schema");
    put_text("\"int\"");
    put_number(1);
    put_text("k");
    put_text("v");
    put_number(0);
    tarn__builder_add_str(&made, SYNC);
    ck_assert_ok(tarn__avro_open(env, made_span(), &reader, &err), &err);
    ck_assert(tarn__avro_metadata(&reader, TARN_TEXT("k"), &value));
    ck_assert(tarn__text_equal(value, TARN_TEXT("v")));
    ck_assert(!tarn__avro_metadata(&reader, TARN_TEXT("K"), &value));
    ck_assert_int_eq(tarn__avro_root(&reader)->kind, TARN_AVRO_INT);
    ck_assert_ok(tarn__avro_next(&reader, &more, &err), &err); /* a file without data */
    ck_assert(!more);
    tarn__avro_close(&reader);
    tarn__builder_free(&made);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(avro_reader__blocks_follow_one_another) /* A-FILE-3 */
{
    struct tarn_env *env = tarn_test_env();
    char text[256];
    tarn__builder_init(&made, env);
    put_header("\"string\"", "null");
    put_block(2, "\2a\2b", 4);
    put_block(0, "", 0);
    put_block(1, "\2c", 2);
    ck_assert_ok(read_text(env, made_span(), text, sizeof(text)), &err);
    ck_assert_str_eq(text, "\"a\"\n\"b\"\n\"c\"\n");
    tarn__builder_free(&made);
    tarn_test_env_close(env);
}
END_TEST

/* Every cut of a file is CORRUPT but those between blocks; every changed byte of header and frames is seen, or changes a name only. */
START_TEST(avro_reader__refuses_cut_files) /* A-FILE-1 A-FILE-7 */
{
    struct tarn_env *env = tarn_test_env();
    char text[256];
    tarn__builder_init(&made, env);
    put_header("\"string\"", "null");
    const size_t header = made.size;
    put_block(2, "\2a\2b", 4);
    const size_t first = made.size;
    put_block(1, "\2c", 2);
    for (size_t size = 0; size < made.size; size++) {
        const struct tarn_span cut = {(const uint8_t *)made.data, size};
        const enum tarn_status expected = size == header || size == first ? TARN_OK : TARN_CORRUPT;
        ck_assert_msg(read_text(env, cut, text, sizeof(text)) == expected, "cut at %zu", size);
    }
    made.data[first - 1] ^= 1;
    ck_assert_status(read_text(env, made_span(), text, sizeof(text)), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "avro.sync");
    ck_assert_int_eq(err.offset, (int64_t)header);
    made.data[0] ^= 1;
    ck_assert_status(read_text(env, made_span(), text, sizeof(text)), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "avro.header");
    tarn__builder_free(&made);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(avro_reader__a_file_without_schema_is_corrupt) /* A-FILE-8 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn__avro_reader reader;
    tarn__builder_init(&made, env);
    tarn__builder_add_bytes(&made, "Obj\1\0" SYNC, 5 + 16);
    ck_assert_status(tarn__avro_open(env, made_span(), &reader, &err), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "avro.header");
    ck_assert_ptr_null(reader.file);
    put_header("{\"type\":\"array\"}", NULL);
    ck_assert_status(tarn__avro_open(env, made_span(), &reader, &err), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "avro.schema");
    ck_assert_int_eq(err.offset, 4 + 1 + 12 + 1); /* where the schema stands in the file */
    tarn__builder_free(&made);
    tarn_test_env_close(env);
}
END_TEST

/* ---- codecs ---- */

/* "\6foo\6bar" by zlib's compressobj(wbits=-15), and as fastavro leaves it: with a part of zlib's trailer behind. */
static const uint8_t deflated[] = {0x63, 0x4b, 0xcb, 0xcf, 0x67, 0x4b, 0x4a, 0x2c, 0x02, 0x00};

static void expect_foobar(struct tarn_env *env)
{
    char text[256];
    ck_assert_ok(read_text(env, made_span(), text, sizeof(text)), &err);
    ck_assert_str_eq(text, "\"foo\"\n\"bar\"\n");
}

START_TEST(avro_codec__deflate) /* A-CODEC-2 */
{
    struct tarn_env *env = tarn_test_env();
    uint8_t trailed[sizeof(deflated) + 3];
    char text[256];
    memcpy(trailed, deflated, sizeof(deflated));
    memcpy(trailed + sizeof(deflated), "\x0b\xd0\x02", 3);
    tarn__builder_init(&made, env);
    put_header("\"string\"", "deflate");
    put_block(2, deflated, sizeof(deflated));
    expect_foobar(env);
    put_header("\"string\"", "deflate");
    put_block(2, trailed, sizeof(trailed));
    expect_foobar(env);
    for (size_t size = 0; size < sizeof(deflated) - 1; size++) {
        put_header("\"string\"", "deflate");
        put_block(2, deflated, size);
        ck_assert_status(read_text(env, made_span(), text, sizeof(text)), TARN_CORRUPT);
        ck_assert_str_eq(err.detail, "avro.codec");
    }
    tarn__builder_free(&made);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(avro_codec__zstandard) /* A-CODEC-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_codec_context *codec;
    uint8_t packed[256];
    size_t size;
    char text[256];
    ck_assert_ok(tarn__codec_context_open(env, &codec, &err), &err);
    const struct tarn_span data = {(const uint8_t *)"\6foo\6bar", 8};
    ck_assert_uint_ge(sizeof(packed), tarn__codec_bound(PARQUET_CODEC_ZSTD, data.size));
    ck_assert_ok(tarn__codec_compress(codec, PARQUET_CODEC_ZSTD, 3, data, packed, &size, &err), &err);
    tarn__builder_init(&made, env);
    put_header("\"string\"", "zstandard");
    put_block(2, packed, size);
    expect_foobar(env);
    put_header("\"string\"", "zstandard");
    put_block(2, packed, size - 1);
    ck_assert_status(read_text(env, made_span(), text, sizeof(text)), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "avro.codec");
    tarn__builder_free(&made);
    tarn__codec_context_close(codec);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(avro_codec__snappy_has_a_checksum) /* A-CODEC-4 */
{
    struct tarn_env *env = tarn_test_env();
    char text[256];
    uint8_t packed[] = "\x08\x1c\6foo\6bar\0\0\0\0"; /* one literal of eight bytes, then the checksum */
    const size_t size = sizeof(packed) - 1;
    tarn__store32_be(packed + size - 4, tarn__crc32(0, packed + 2, 8));
    tarn__builder_init(&made, env);
    put_header("\"string\"", "snappy");
    put_block(2, packed, size);
    expect_foobar(env);
    packed[size - 1] ^= 1;
    put_header("\"string\"", "snappy");
    put_block(2, packed, size);
    ck_assert_status(read_text(env, made_span(), text, sizeof(text)), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "avro.crc");
    packed[0] = 9;
    put_header("\"string\"", "snappy");
    put_block(2, packed, size);
    ck_assert_status(read_text(env, made_span(), text, sizeof(text)), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "avro.codec");
    tarn__builder_free(&made);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(avro_codec__others_are_refused_by_name) /* A-CODEC-1 */
{
    struct tarn_env *env = tarn_test_env();
    char text[256];
    tarn__builder_init(&made, env);
    put_header("\"string\"", "bzip2");
    put_block(1, "\2a", 2);
    ck_assert_status(read_text(env, made_span(), text, sizeof(text)), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, "avro.codec");
    tarn__builder_free(&made);
    tarn_test_env_close(env);
}
END_TEST

/* ---- writing ---- */

static const char *const written_schema =
    "{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"a\",\"type\":[\"null\",\"long\"]},{\"name\":\"b\",\"type\":\"boolean\"},"
    "{\"name\":\"c\",\"type\":\"float\"},{\"name\":\"d\",\"type\":\"double\"},{\"name\":\"e\",\"type\":\"bytes\"},{\"name\":\"f\",\"type\":"
    "\"string\"},{\"name\":\"g\",\"type\":{\"type\":\"fixed\",\"name\":\"x\",\"size\":2}},{\"name\":\"h\",\"type\":{\"type\":\"array\","
    "\"items\":"
    "\"int\"}}]}";

static enum tarn_status write_data(struct tarn_env *env, enum tarn__avro_codec codec, int64_t count, struct tarn_text_builder *out)
{
    const struct tarn__avro_pair pair = {TARN_TEXT("key"), TARN_TEXT("value")};
    const struct tarn__avro_writer_options options = {
        .schema = tarn__text_of(written_schema), .codec = codec, .pairs = &pair, .pair_count = 1};
    struct tarn__avro_writer writer;
    enum tarn_status status = tarn__avro_writer_open(&writer, env, &options, out, &err);
    if (status != TARN_OK) {
        return status;
    }
    for (int64_t i = 0; i < count && status == TARN_OK; i++) {
        tarn__avro_put_branch(&writer, i % 2 == 0 ? 1 : 0);
        if (i % 2 == 0) {
            tarn__avro_put_long(&writer, i * 1000003 - 5);
        }
        tarn__avro_put_bool(&writer, i % 3 == 0);
        tarn__avro_put_float(&writer, (float)i + 0.5f);
        tarn__avro_put_double(&writer, (double)i * -0.25);
        tarn__avro_put_bytes(&writer, (struct tarn_span){(const uint8_t *)"\0\1\2", (size_t)(i % 4)});
        tarn__avro_put_string(&writer, TARN_TEXT("text"));
        tarn__avro_put_fixed(&writer, (struct tarn_span){(const uint8_t *)"xy", 2});
        if (i % 5 != 0) {
            tarn__avro_put_items(&writer, 2);
            tarn__avro_put_long(&writer, i);
            tarn__avro_put_long(&writer, -i);
        }
        tarn__avro_put_items(&writer, 0);
        status = tarn__avro_writer_end_datum(&writer, &err);
    }
    status = status == TARN_OK ? tarn__avro_writer_finish(&writer, &err) : status;
    tarn__avro_writer_close(&writer);
    return status;
}

START_TEST(avro_writer__writes_the_bytes_of_the_specification) /* A-WRITE-1 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_text_builder out;
    tarn__builder_init(&out, env);
    ck_assert_ok(write_data(env, TARN_AVRO_CODEC_NULL, 2, &out), &err);
    const size_t tail = 2 + 35 + 16;
    ck_assert_uint_gt(out.size, tail);
    const char *block = out.data + out.size - 2 - 51 - 16;
    /* i = 0: a -5, true, 0.5, -0, no bytes, text, xy, no items; i = 1: null, false, 1.5, -0.25, one byte, text, xy, [1, -1] */
    static const char expected[] = "\x04\x66"
                                   "\2\x09\1\0\0\0\x3f\0\0\0\0\0\0\0\x80\0\x08textxy\0"
                                   "\0\0\0\0\xc0\x3f\0\0\0\0\0\0\xd0\xbf\2\0\x08textxy\4\2\1\0";
    ck_assert_uint_eq(sizeof(expected) - 1, 2 + 51);
    ck_assert_mem_eq(block, expected, sizeof(expected) - 1);
    ck_assert_mem_eq(out.data, "Obj\1\6", 5);
    ck_assert_mem_eq(out.data + out.size - 16, block - 16, 16); /* the marker of the header stands behind the block */
    tarn__builder_free(&out);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(avro_writer__both_codecs_give_the_same_data) /* A-WRITE-2 A-WRITE-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_text_builder file[2];
    struct tarn_text_builder text[2];
    for (int i = 0; i < 2; i++) {
        uint64_t count;
        struct tarn__avro_reader reader;
        struct tarn_text value;
        tarn__builder_init(&file[i], env);
        tarn__builder_init(&text[i], env);
        ck_assert_ok(write_data(env, (enum tarn__avro_codec)i, 5000, &file[i]), &err);
        const struct tarn_span bytes = tarn__span_of_text(tarn__builder_text(&file[i]));
        ck_assert_ok(tarn_avro_print_file(env, bytes, &text[i], &count, &err), &err);
        ck_assert_uint_eq(count, 5000);
        ck_assert_ok(tarn__avro_open(env, bytes, &reader, &err), &err);
        ck_assert(tarn__avro_metadata(&reader, TARN_TEXT("key"), &value));
        ck_assert(tarn__text_equal(value, TARN_TEXT("value")));
        ck_assert(tarn__avro_metadata(&reader, TARN_TEXT("avro.schema"), &value));
        ck_assert(tarn__text_equal(value, tarn__text_of(written_schema)));
        tarn__avro_close(&reader);
    }
    ck_assert(tarn__text_equal(tarn__builder_text(&text[0]), tarn__builder_text(&text[1])));
#ifndef TARN_MINIMAL
    ck_assert_uint_lt(file[1].size * 2, file[0].size);
#endif
    for (int i = 0; i < 2; i++) {
        tarn__builder_free(&file[i]);
        tarn__builder_free(&text[i]);
    }
    tarn_test_env_close(env);
}
END_TEST

START_TEST(avro_writer__refuses_levels_that_there_are_not)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn__avro_writer writer;
    struct tarn_text_builder out;
    const struct tarn__avro_writer_options options = {.schema = TARN_TEXT("\"long\""), .codec = TARN_AVRO_CODEC_DEFLATE, .level = 13};
    tarn__builder_init(&out, env);
    ck_assert_status(tarn__avro_writer_open(&writer, env, &options, &out, &err), TARN_INVALID);
    tarn__builder_free(&out);
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status write_and_read(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *error)
{
    struct tarn_text_builder file;
    struct tarn_text_builder text;
    uint64_t count;
    (void)fault;
    tarn__builder_init(&file, env);
    tarn__builder_init(&text, env);
    enum tarn_status status = write_data(env, *(enum tarn__avro_codec *)ctx, 3000, &file);
    if (status == TARN_OK) {
        status = tarn_avro_print_file(env, tarn__span_of_text(tarn__builder_text(&file)), &text, &count, &err);
    }
    if (status != TARN_OK) {
        *error = err;
    }
    tarn__builder_free(&file);
    tarn__builder_free(&text);
    return status;
}

START_TEST(avro__survives_every_failed_allocation)
{
    enum tarn__avro_codec codec = (enum tarn__avro_codec)_i;
    ck_assert_uint_gt(tarn_fault_sweep(write_and_read, &codec, TARN_FAULT_ALL_ALLOC), 10);
}
END_TEST

/* ---- the corpus ---- */

static struct tarn_env *corpus_env;
static unsigned corpus_files;
static uint64_t corpus_data;

static int read_corpus_file(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)walk;
    const size_t length = strlen(path);
    if (type != FTW_F || length < 5 || strcmp(path + length - 5, ".avro") != 0) {
        return 0;
    }
    struct tarn_text_builder text;
    uint64_t count;
    uint64_t skipped;
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    char *bytes = tarn__alloc(corpus_env, (size_t)info->st_size);
    ck_assert_uint_eq(fread(bytes, 1, (size_t)info->st_size, file), (size_t)info->st_size);
    fclose(file);
    const struct tarn_span span = {(const uint8_t *)bytes, (size_t)info->st_size};
    tarn__builder_init(&text, corpus_env);
    const enum tarn_status status = tarn_avro_print_file(corpus_env, span, &text, &count, &err);
    /* Java writes such a partition value as bytes though the schema says fixed; the manifest reader knows. */
    if (strstr(path, "part_identity_fixed_java") == NULL) {
        ck_assert_msg(status == TARN_OK, "%s: %s", path, err.message);
        ck_assert_ok(tarn_avro_skip_file(corpus_env, span, &skipped, &err), &err);
        ck_assert_uint_eq(skipped, count);
    }
    corpus_files++;
    corpus_data += count;
    tarn__builder_free(&text);
    tarn__free(corpus_env, bytes);
    return 0;
}

START_TEST(avro_reader__reads_every_file_of_the_corpus)
{
    const char *corpus = tarn_test_corpus();
    char path[4096];
    if (corpus == NULL) {
        return;
    }
    corpus_env = tarn_test_env();
    snprintf(path, sizeof(path), "%s/iceberg", corpus);
    ck_assert_int_eq(nftw(path, read_corpus_file, 16, FTW_PHYS), 0);
    ck_assert_uint_ge(corpus_files, 700);
    ck_assert_uint_ge(corpus_data, 1000);
    tarn_test_env_close(corpus_env);
}
END_TEST

TARN_SUITE("format/avro", TARN_TEST(avro_schema__keeps_ids_and_logical_types), TARN_TEST(avro_schema__names_are_resolved_by_namespace),
           TARN_LOOP_TEST(avro_schema__refuses_what_is_none, bad_schemas), TARN_TEST(avro_schema__is_bounded),
           TARN_LOOP_TEST(avro_reader__values_are_those_of_the_specification, values),
           TARN_LOOP_TEST(avro_reader__refuses_damaged_values, bad_values), TARN_TEST(avro_reader__header_counts_may_be_negative),
           TARN_TEST(avro_reader__blocks_follow_one_another), TARN_TEST(avro_reader__refuses_cut_files),
           TARN_TEST(avro_reader__a_file_without_schema_is_corrupt), TARN_TEST(avro_codec__deflate), TARN_TEST(avro_codec__zstandard),
           TARN_TEST(avro_codec__snappy_has_a_checksum), TARN_TEST(avro_codec__others_are_refused_by_name),
           TARN_TEST(avro_writer__writes_the_bytes_of_the_specification), TARN_TEST(avro_writer__both_codecs_give_the_same_data),
           TARN_TEST(avro_writer__refuses_levels_that_there_are_not), TARN_LOOP_TIMES(avro__survives_every_failed_allocation, 2),
           TARN_TEST(avro_reader__reads_every_file_of_the_corpus))
