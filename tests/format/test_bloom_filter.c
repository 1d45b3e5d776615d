/* SPDX-License-Identifier: Apache-2.0 */
#include "format/index/bloom_filter.h"

#include <stdlib.h>

#include "tests/support/suite.h"

enum { HEADER = 16, BITS = 1024 };

static struct tarn_error err;

/* num_bytes 1024; BLOCK, XXHASH, UNCOMPRESSED. */
static const uint8_t header_bytes[HEADER] = {0x15, 0x80, 0x10, 0x1c, 0x1c, 0, 0, 0x1c, 0x1c, 0, 0, 0x1c, 0x1c, 0, 0, 0};

/* The filter of "hello", "parquet", "bloom" and "filter" that parquet-testing keeps: its words that are not 0, by offset of the file. */
static const struct {
    uint16_t offset;
    uint8_t bytes[16];
} golden[] = {
    {0x90, {0, 0, 0x10, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0x80, 0, 0, 0}},    {0xa0, {0, 2, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0x10, 0, 0, 0, 8}},
    {0xb0, {0, 0, 0x80, 0, 0, 0, 0, 0x10, 1, 0, 0, 0, 0, 0, 0, 0x10}}, {0xc0, {0x20, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0x40, 0, 0, 8, 0}},
    {0xf0, {4, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0x40, 0, 0, 0, 8, 0}},    {0x100, {0, 0, 0, 4, 0, 0x20, 0, 0, 0x10, 0, 0, 0, 2, 0, 0, 0}},
    {0x150, {0, 0, 0x20, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x20}},   {0x160, {0, 0, 0x80, 0, 0, 0, 0, 8, 0, 1, 0, 0, 0, 0x10, 0, 0}},
};

static void golden_file(uint8_t file[HEADER + BITS])
{
    memset(file, 0, HEADER + BITS);
    memcpy(file, header_bytes, HEADER);
    for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
        memcpy(file + golden[i].offset, golden[i].bytes, sizeof(golden[i].bytes));
    }
}

static bool has(const struct tarn_bloom_filter *filter, const char *text)
{
    return tarn__bloom_filter_probe(filter, tarn__bloom_hash(text, strlen(text)));
}

START_TEST(bloom_filter__knows_what_it_holds) /* P-BLOOM-1 */
{
    uint8_t file[HEADER + BITS];
    struct tarn_bloom_header header;
    struct tarn_bloom_filter filter;
    bool truncated;
    golden_file(file);
    ck_assert_ok(tarn__bloom_header_decode((struct tarn_span){file, sizeof(file)}, &header, &truncated, &err), &err);
    ck_assert_uint_eq(header.size, HEADER);
    ck_assert_uint_eq(header.bits_bytes, BITS);
    ck_assert_ok(tarn__bloom_filter_view(&header, (struct tarn_span){file + HEADER, BITS}, &filter, &err), &err);
    ck_assert_uint_eq(filter.block_count, 32);
    ck_assert(has(&filter, "hello") && has(&filter, "parquet") && has(&filter, "bloom") && has(&filter, "filter"));
    ck_assert(!has(&filter, "Hello") && !has(&filter, "") && !has(&filter, "filters") && !has(&filter, "tarn"));
    for (size_t i = 0; i < sizeof(file) - HEADER; i++) { /* each bit that is set is one that some word needs */
        for (unsigned bit = 0; bit < 8; bit++) {
            if ((file[HEADER + i] >> bit & 1) != 0) {
                file[HEADER + i] = (uint8_t)(file[HEADER + i] ^ 1u << bit);
                ck_assert(!has(&filter, "hello") || !has(&filter, "parquet") || !has(&filter, "bloom") || !has(&filter, "filter"));
                file[HEADER + i] = (uint8_t)(file[HEADER + i] ^ 1u << bit);
            }
        }
    }
    ck_assert_status(tarn__bloom_filter_view(&header, (struct tarn_span){file, BITS - 32}, &filter, &err), TARN_CORRUPT);
    ck_assert(has(&filter, "tarn")); /* no filter denies nothing */
}
END_TEST

static const struct {
    const char *name;
    uint8_t at;
    uint8_t byte;
    enum tarn_status status;
} damage[] = {
    {"no field", 0, 0x00, TARN_CORRUPT},         {"no bytes", 1, 0x00, TARN_CORRUPT},
    {"no block", 1, 0x90, TARN_CORRUPT}, /* 1032 bytes */
    {"negative", 1, 0x81, TARN_CORRUPT},         {"another algorithm", 4, 0x2c, TARN_UNSUPPORTED},
    {"another hash", 8, 0x2c, TARN_UNSUPPORTED}, {"another compression", 12, 0x2c, TARN_UNSUPPORTED},
};

START_TEST(bloom_filter__refuses_other_headers) /* P-BLOOM-2 */
{
    uint8_t bytes[HEADER];
    struct tarn_bloom_header header;
    bool truncated;
    memcpy(bytes, header_bytes, HEADER);
    bytes[damage[_i].at] = damage[_i].byte;
    const enum tarn_status status = tarn__bloom_header_decode((struct tarn_span){bytes, HEADER}, &header, &truncated, &err);
    ck_assert_msg(status == damage[_i].status, "%s: %s", damage[_i].name, tarn_status_name(status));
    ck_assert_str_eq(err.detail, "bloom_filter");
    ck_assert_uint_eq(header.bits_bytes, 0);
    for (size_t cut = 0; cut < HEADER; cut++) {
        uint8_t *exact = malloc(cut + 1);
        memcpy(exact, header_bytes, cut);
        ck_assert_status(tarn__bloom_header_decode((struct tarn_span){exact, cut}, &header, &truncated, &err), TARN_CORRUPT);
        ck_assert(truncated);
        free(exact);
    }
}
END_TEST

/* A file of `size` bytes with the golden filter at `offset`. */
struct place {
    const char *name;
    int64_t offset;
    int32_t length; /* 0: the footer does not say */
    size_t size;
    uint64_t limit;
    uint64_t requests;
    enum tarn_status status;
};

static const struct place places[] = {
    {"length stated", 100, HEADER + BITS, 10000, 0, 1, TARN_OK},
    {"length not stated", 100, 0, 10000, 0, 1, TARN_OK},
    {"at the end of the file", 100, 0, 100 + HEADER + BITS, 0, 1, TARN_OK},
    {"length is of the bits alone", 100, BITS, 10000, 0, 1, TARN_CORRUPT},
    {"length longer than the filter", 100, 5000, 10000, 0, 1, TARN_OK},
    {"length negative", 100, -5, 10000, 0, 1, TARN_OK},
    {"length over the end of the file", 100, INT32_MAX, 10000, 0, 1, TARN_OK},
    {"cut by the end of the file", 100, 0, 100 + HEADER + BITS - 1, 0, 1, TARN_CORRUPT},
    {"header cut by the end of the file", 100, 0, 100 + HEADER - 1, 0, 1, TARN_CORRUPT},
    {"behind the end", 100, 0, 100, 0, 0, TARN_CORRUPT},
    {"negative place", -1, 0, 100, 0, 0, TARN_CORRUPT},
    {"over the limit", 100, 0, 10000, BITS - 1, 1, TARN_LIMIT},
    {"just the limit", 100, 0, 10000, BITS, 1, TARN_OK},
};

START_TEST(bloom_filter__is_read_from_its_place) /* P-BLOOM-3 */
{
    const struct place *place = &places[_i];
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store;
    struct tarn_object *object;
    struct tarn_bloom_filter filter;
    struct tarn_store_stats before = {.size = sizeof(before)};
    struct tarn_store_stats after = {.size = sizeof(after)};
    uint8_t whole[HEADER + BITS];
    uint8_t *bytes = calloc(20000, 1);
    golden_file(whole);
    memcpy(bytes + 100, whole, sizeof(whole));
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    ck_assert_ok(tarn_store_put(store, TARN_TEXT("f"), (struct tarn_span){bytes, place->size}, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err),
                 &err);
    ck_assert_ok(tarn_object_open(store, TARN_TEXT("f"), &object, &err), &err);
    const struct parquet_column_metadata chunk = {.has_bloom_filter_offset = true,
                                                  .bloom_filter_offset = place->offset,
                                                  .has_bloom_filter_length = place->length != 0,
                                                  .bloom_filter_length = place->length};
    tarn_store_stats(store, &before);
    const enum tarn_status status = tarn__bloom_filter_read(object, &chunk, env, place->limit, &filter, &err);
    tarn_store_stats(store, &after);
    ck_assert_msg(status == place->status, "%s: %s", place->name, tarn_status_name(status));
    ck_assert_uint_eq(after.requests - before.requests, place->requests);
    ck_assert_msg(status == TARN_OK ? has(&filter, "hello") && !has(&filter, "tarn") : filter.block_count == 0, "%s", place->name);
    ck_assert(status == TARN_OK || strcmp(err.detail, "bloom_filter") == 0);
    tarn__bloom_filter_release(&filter);
    tarn__bloom_filter_release(&filter);
    free(bytes);
    tarn_object_close(object);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(bloom_filter__of_many_blocks_takes_two_reads) /* P-BLOOM-3 */
{
    enum { LARGE = 1 << 20 };
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store;
    struct tarn_object *object;
    struct tarn_bloom_filter filter;
    uint8_t *bytes = malloc(LARGE + 200);
    memset(bytes, 0xff, LARGE + 200);
    static const uint8_t head[] = {0x15, 0x80, 0x80, 0x80, 0x01, 0x1c, 0x1c, 0, 0, 0x1c, 0x1c, 0, 0, 0x1c, 0x1c, 0, 0, 0};
    memcpy(bytes + 4, head, sizeof(head));
    bytes[4 + sizeof(head) + LARGE - 2] = 0; /* the last word of the last block lacks bits 16 to 23 */
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    ck_assert_ok(tarn_store_put(store, TARN_TEXT("f"), (struct tarn_span){bytes, LARGE + 200}, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err),
                 &err);
    ck_assert_ok(tarn_object_open(store, TARN_TEXT("f"), &object, &err), &err);
    struct parquet_column_metadata chunk = {.has_bloom_filter_offset = true, .bloom_filter_offset = 4};
    ck_assert_ok(tarn__bloom_filter_read(object, &chunk, env, 0, &filter, &err), &err);
    ck_assert_uint_eq(filter.block_count, LARGE / 32);
    ck_assert_int_eq(memcmp(filter.blocks, bytes + 4 + sizeof(head), LARGE), 0);
    ck_assert(tarn__bloom_filter_probe(&filter, 0));
    ck_assert(!tarn__bloom_filter_probe(&filter, UINT64_MAX)); /* asks for bit 20 of it */
    tarn__bloom_filter_release(&filter);
    chunk.has_bloom_filter_offset = false;
    ck_assert_ok(tarn__bloom_filter_read(object, &chunk, env, 0, &filter, &err), &err);
    ck_assert_uint_eq(filter.block_count, 0);
    free(bytes);
    tarn_object_close(object);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

/* ---- literals ---- */

#define TYPE(name, ...) static const struct tarn_type name = {__VA_ARGS__}
TYPE(i8, .id = TARN_TYPE_I8);
TYPE(i32, .id = TARN_TYPE_I32);
TYPE(i64, .id = TARN_TYPE_I64);
TYPE(u8, .id = TARN_TYPE_U8);
TYPE(u64, .id = TARN_TYPE_U64);
TYPE(f16, .id = TARN_TYPE_F16);
TYPE(f32, .id = TARN_TYPE_F32);
TYPE(f64, .id = TARN_TYPE_F64);
TYPE(boolean, .id = TARN_TYPE_BOOL);
TYPE(string, .id = TARN_TYPE_STRING);
TYPE(binary, .id = TARN_TYPE_BINARY);
TYPE(uuid, .id = TARN_TYPE_UUID);
TYPE(date, .id = TARN_TYPE_DATE);
TYPE(millis, .id = TARN_TYPE_TIMESTAMP, .unit = TARN_MILLI, .utc = true);
TYPE(micros, .id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true);
TYPE(local, .id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO);
TYPE(seconds, .id = TARN_TYPE_TIMESTAMP, .unit = TARN_SECOND, .utc = true);
TYPE(dec9, .id = TARN_TYPE_DECIMAL, .precision = 9, .scale = 2);
TYPE(dec20, .id = TARN_TYPE_DECIMAL, .precision = 20, .scale = 2);
TYPE(dec20_3, .id = TARN_TYPE_DECIMAL, .precision = 20, .scale = 3);
TYPE(dec50, .id = TARN_TYPE_DECIMAL, .precision = 50, .scale = 2);

#define LEAF(t, p, n)                                                                                                                      \
    {                                                                                                                                      \
        .type = &(t), .physical = PARQUET_##p, .type_length = (n)                                                                          \
    }
#define PLAIN(...)                                                                                                                         \
    {                                                                                                                                      \
        (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})                                                             \
    }
#define NOTHING                                                                                                                            \
    {                                                                                                                                      \
        NULL, 0                                                                                                                            \
    }
#define SIXTEEN "0123456789abcdef"

/* `plain`: the bytes that are hashed; none: the literal says nothing. */
static const struct {
    struct tarn_leaf leaf;
    struct tarn_value value;
    struct tarn_span plain;
} literals[] = {
    {LEAF(i32, INT32, 0), {.type = &i32, .u.i64 = -2}, PLAIN(0xfe, 0xff, 0xff, 0xff)},
    {LEAF(i32, INT32, 0), {.type = &i64, .u.i64 = 5}, PLAIN(5, 0, 0, 0)},
    {LEAF(i32, INT32, 0), {.type = &u64, .u.u64 = 5}, PLAIN(5, 0, 0, 0)},
    {LEAF(i32, INT32, 0), {.type = &i64, .u.i64 = INT64_C(1) << 31}, NOTHING},
    {LEAF(i32, INT32, 0), {.type = &u64, .u.u64 = UINT64_MAX}, NOTHING},
    {LEAF(i8, INT32, 0), {.type = &i8, .u.i64 = -128}, PLAIN(0x80, 0xff, 0xff, 0xff)},
    {LEAF(i8, INT32, 0), {.type = &i32, .u.i64 = 128}, NOTHING},
    {LEAF(u8, INT32, 0), {.type = &u8, .u.u64 = 200}, PLAIN(200, 0, 0, 0)},
    {LEAF(u8, INT32, 0), {.type = &i32, .u.i64 = -1}, NOTHING},
    {LEAF(i64, INT64, 0), {.type = &i32, .u.i64 = -1}, PLAIN(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)},
    {LEAF(u64, INT64, 0), {.type = &u64, .u.u64 = UINT64_MAX}, PLAIN(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)},
    {LEAF(i32, INT32, 0), {.type = &f64, .u.f64 = 5}, NOTHING},
    {LEAF(i32, INT32, 0), {.type = &dec9, .u.i64 = 500}, NOTHING},
    {LEAF(i32, INT32, 0), {.type = &i32, .is_null = true}, NOTHING},
    {LEAF(f32, FLOAT, 0), {.type = &f32, .u.f64 = 1.5}, PLAIN(0, 0, 0xc0, 0x3f)},
    {LEAF(f32, FLOAT, 0), {.type = &f64, .u.f64 = -1.5}, PLAIN(0, 0, 0xc0, 0xbf)},
    {LEAF(f32, FLOAT, 0), {.type = &f64, .u.f64 = 0.1}, NOTHING},
    {LEAF(f32, FLOAT, 0), {.type = &f32, .u.f64 = 0.0}, NOTHING},
    {LEAF(f64, DOUBLE, 0), {.type = &f64, .u.f64 = 1.5}, PLAIN(0, 0, 0, 0, 0, 0, 0xf8, 0x3f)},
    {LEAF(f64, DOUBLE, 0), {.type = &f64, .u.f64 = -0.0}, NOTHING},
    {LEAF(f64, DOUBLE, 0), {.type = &f64, .u.f64 = __builtin_nan("")}, NOTHING},
    {LEAF(f64, DOUBLE, 0), {.type = &i64, .u.i64 = 1}, NOTHING},
    {LEAF(f16, FIXED_LEN_BYTE_ARRAY, 2), {.type = &f16, .u.f64 = 1.5}, NOTHING},
    {LEAF(boolean, BOOLEAN, 0), {.type = &boolean, .u.boolean = true}, NOTHING},
    {LEAF(date, INT32, 0), {.type = &date, .u.i64 = 256}, PLAIN(0, 1, 0, 0)},
    {LEAF(date, INT32, 0), {.type = &micros, .u.i64 = 256}, NOTHING},
    {LEAF(micros, INT64, 0), {.type = &micros, .u.i64 = -2}, PLAIN(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)},
    {LEAF(micros, INT64, 0), {.type = &millis, .u.i64 = 1}, NOTHING},
    {LEAF(micros, INT64, 0), {.type = &local, .u.i64 = 1}, NOTHING},
    {LEAF(seconds, INT64, 0), {.type = &seconds, .u.i64 = 1}, NOTHING},
    {LEAF(micros, INT96, 0), {.type = &micros, .u.i64 = 1}, NOTHING},
    {LEAF(dec9, INT32, 0), {.type = &dec9, .u.i64 = -2}, PLAIN(0xfe, 0xff, 0xff, 0xff)},
    {LEAF(dec9, INT64, 0), {.type = &dec20, .u.words = {258, 0, 0, 0}}, PLAIN(2, 1, 0, 0, 0, 0, 0, 0)},
    {LEAF(dec9, INT32, 0), {.type = &dec20, .u.words = {1, 1, 0, 0}}, NOTHING},
    {LEAF(dec9, FIXED_LEN_BYTE_ARRAY, 5), {.type = &dec9, .u.i64 = -2}, PLAIN(0xff, 0xff, 0xff, 0xff, 0xfe)},
    {LEAF(dec20, FIXED_LEN_BYTE_ARRAY, 9), {.type = &dec20, .u.words = {258, 0, 0, 0}}, PLAIN(0, 0, 0, 0, 0, 0, 0, 1, 2)},
    {LEAF(dec20, FIXED_LEN_BYTE_ARRAY, 9), {.type = &dec50, .u.words = {258, 0, 0, 0}}, PLAIN(0, 0, 0, 0, 0, 0, 0, 1, 2)},
    {LEAF(dec20, FIXED_LEN_BYTE_ARRAY, 9), {.type = &dec50, .u.words = {0, 0, 1, 0}}, NOTHING},
    {LEAF(dec20, FIXED_LEN_BYTE_ARRAY, 9), {.type = &dec20_3, .u.words = {258, 0, 0, 0}}, NOTHING},
    {LEAF(dec20, FIXED_LEN_BYTE_ARRAY, 33), {.type = &dec20, .u.words = {258, 0, 0, 0}}, NOTHING},
    {LEAF(dec20, BYTE_ARRAY, 0), {.type = &dec20, .u.words = {258, 0, 0, 0}}, NOTHING},
    {LEAF(dec9, INT32, 0), {.type = &i32, .u.i64 = 1}, NOTHING},
    {LEAF(string, BYTE_ARRAY, 0), {.type = &string, .u.bytes = {"ab", 2}}, PLAIN('a', 'b')},
    {LEAF(string, BYTE_ARRAY, 0), {.type = &binary, .u.bytes = {"ab", 2}}, PLAIN('a', 'b')},
    {LEAF(string, BYTE_ARRAY, 0), {.type = &i32, .u.i64 = 1}, NOTHING},
    {LEAF(uuid, FIXED_LEN_BYTE_ARRAY, 16),
     {.type = &uuid, .u.bytes = {SIXTEEN, 16}},
     PLAIN('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f')},
    {LEAF(uuid, FIXED_LEN_BYTE_ARRAY, 16), {.type = &binary, .u.bytes = {"ab", 2}}, NOTHING},
};

START_TEST(bloom_filter__hashes_a_literal_as_it_is_stored) /* P-BLOOM-4 P-BLOOM-5 */
{
    uint64_t hash;
    struct tarn_leaf leaf = literals[_i].leaf;
    static const uint8_t none[32] = {0};
    static const struct tarn_bloom_filter empty = {.blocks = none, .block_count = 1};
    const bool known = tarn__bloom_value_hash(&leaf, &literals[_i].value, &hash);
    ck_assert(known == (literals[_i].plain.data != NULL));
    ck_assert(!known || hash == tarn__bloom_hash(literals[_i].plain.data, literals[_i].plain.size));
    ck_assert(tarn__bloom_filter_may_hold(&empty, &leaf, &literals[_i].value) == !known);
    leaf.unsupported = "logical_type.unknown";
    ck_assert(tarn__bloom_filter_may_hold(&empty, &leaf, &literals[_i].value));
}
END_TEST

TARN_SUITE("format/bloom_filter", TARN_TEST(bloom_filter__knows_what_it_holds), TARN_LOOP_TEST(bloom_filter__refuses_other_headers, damage),
           TARN_LOOP_TEST(bloom_filter__is_read_from_its_place, places), TARN_TEST(bloom_filter__of_many_blocks_takes_two_reads),
           TARN_LOOP_TEST(bloom_filter__hashes_a_literal_as_it_is_stored, literals))
