/* SPDX-License-Identifier: Apache-2.0
 * Footers made by an enemy: nested a million deep, with two thousand million columns, lists and varints without end. Each is refused, at
 * a cost in memory that is a small multiple of its own bytes.
 */
#include "format/column/footer.h"
#include "tests/support/footer_twin.h"
#include "tests/support/suite.h"

/* What a footer may cost: a schema element of three bytes becomes a struct of about a hundred, a field, a node and a leaf. */
enum { MOST_TIMES = 160, BASE = 1 << 20 };

static struct tarn_error err;

static struct tarn_buffer *bytes;

static void put(const char *raw, size_t size)
{
    ck_assert(tarn__buffer_append(bytes, raw, size));
}
#define PUT(literal) put(literal, sizeof(literal) - 1)

static void repeat(const char *raw, size_t size, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        put(raw, size);
    }
}
#define REPEAT(literal, times) repeat(literal, sizeof(literal) - 1, times)

/* version 1, a schema of a root and one INT32 column "a" */
#define HEAD                                                                                                                               \
    "\x15\x02\x19\x2c\x48\x01r\x15\x02\x00\x15\x02\x25\x00\x18\x01"                                                                        \
    "a\x00"
/* the rest of a file without row groups */
#define TAIL "\x16\x00\x19\x0c\x00"
/* column metadata up to its last field: INT32, two encodings, path a, no codec, 1 value, 10 and 10 bytes, at byte 4 */
#define CHUNK                                                                                                                              \
    "\x26\x00\x1c\x15\x02\x19\x25\x00\x06\x19\x18\x01"                                                                                     \
    "a\x15\x00\x16\x02\x16\x14\x16\x14\x26\x08"

static void nothing_wrong(void)
{
    PUT(HEAD "\x16\x02\x19\x1c\x19\x1c" CHUNK "\x00\x00\x16\x14\x16\x02\x00\x00");
}

/* ---- depth ---- */

static void structs_within_structs(void)
{
    PUT(HEAD TAIL);
    bytes->size--;
    PUT("\xac"); /* field 14 */
    REPEAT("\x1c", 1000000);
    REPEAT("\x00", 1000000);
}

static void lists_within_lists(void)
{
    PUT(HEAD TAIL);
    bytes->size--;
    PUT("\xa9");
    REPEAT("\x19", 1000000);
}

static void maps_within_maps(void)
{
    PUT(HEAD TAIL);
    bytes->size--;
    PUT("\xab");
    REPEAT("\x01\xbb", 1000000);
}

static void structs_in_statistics(void)
{
    PUT(HEAD "\x16\x02\x19\x1c\x19\x1c" CHUNK "\x3c\xfc");
    REPEAT("\x1c", 1000000);
}

static void groups_within_groups(void)
{
    PUT("\x15\x02\x19\xfc\xc0\x84\x3d"); /* 1,000,000 elements */
    REPEAT("\x48\x01g\x15\x02\x00", 1000000);
    PUT("\x16\x00\x19\x0c\x00");
}

/* ---- numbers ---- */

static void schema_of_2_31_elements(void)
{
    PUT("\x15\x02\x19\xfc\xff\xff\xff\xff\x07");
    REPEAT("\x48\x01g\x00", 100);
}

static void schema_of_2_64_elements(void)
{
    PUT("\x15\x02\x19\xfc\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    REPEAT("\x48\x01g\x00", 100);
}

static void root_of_2_31_children(void)
{
    PUT("\x15\x02\x19\x2c\x48\x01r\x15\xfe\xff\xff\xff\x0f\x00\x15\x02\x25\x00\x18\x01"
        "a\x00" TAIL);
}

static void columns_without_end(void)
{
    PUT(HEAD "\x16\x02\x19\x1c\x19\xfc\xff\xff\xff\xff\x07" CHUNK "\x00\x00");
}

static void row_groups_without_end(void)
{
    PUT(HEAD "\x16\x02\x19\xfc\xff\xff\xff\xff\x07\x19\x1c" CHUNK "\x00\x00\x16\x14\x16\x02\x00");
}

static void row_groups_of_nothing(void)
{
    PUT(HEAD "\x16\x00\x19\xfc\xa0\x8d\x06"); /* 100,000 row groups without columns */
    REPEAT("\x19\x0c\x16\x00\x16\x00\x00", 100000);
    PUT("\x00");
}

static void keys_without_end(void)
{
    PUT(HEAD "\x16\x00\x19\x0c\x19\xfc\xff\xff\xff\xff\x07\x18\x01k\x00\x00");
}

static void encodings_without_end(void)
{
    PUT(HEAD "\x16\x02\x19\x1c\x19\x1c\x26\x00\x1c\x15\x02\x19\xf5\xff\xff\xff\xff\x07\x00\x00");
}

static void path_without_end(void)
{
    PUT(HEAD "\x16\x02\x19\x1c\x19\x1c\x26\x00\x1c\x15\x02\x19\x05\x19\xf8\xff\xff\xff\xff\x07\x00\x00");
}

static void name_of_4_gib(void)
{
    PUT("\x15\x02\x19\x2c\x48\xff\xff\xff\xff\x0fr\x15\x02\x00");
}

static void elements_of_three_bytes(void)
{
    PUT("\x15\x02\x19\xfc\xa0\x8d\x06"); /* 100,000 of them */
    REPEAT("\x48\x00\x00", 100000);
    PUT(TAIL);
}

static void elements_over_the_limit(void)
{
    PUT("\x15\x02\x19\xfc\xc1\x84\x40"); /* 2^20 + 577 */
    REPEAT("\x48\x00\x00", (1 << 20) + 577);
    PUT(TAIL);
}

static void columns_of_few_bytes(void)
{
    PUT("\x15\x02\x19\xfc\xa1\x8d\x06\x48\x01r\x15\xc0\x9a\x0c\x00"); /* a root of 100,000 children */
    REPEAT("\x15\x02\x25\x00\x18\x00\x00", 100000);
    PUT(TAIL);
}

/* ---- varints ---- */

static void varint_of_eleven_bytes(void)
{
    PUT(HEAD "\x16\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\x19\x0c\x00");
}

static void varint_over_64_bits(void)
{
    PUT(HEAD "\x16\xff\xff\xff\xff\xff\xff\xff\xff\xff\x03\x19\x0c\x00");
}

static void varint_without_end(void)
{
    PUT(HEAD "\x16");
    REPEAT("\xff", 1000000);
}

static void values_of_eleven_bytes(void)
{
    PUT(HEAD "\x16\x02\x19\x1c\x19\x1c\x26\x00\x1c\x15\x02\x19\x25\x00\x06\x19\x18\x01"
             "a\x15\x00\x16\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x16\x14\x16\x14\x26\x08\x00\x00\x16\x14\x16\x02\x00\x00");
}

static void codec_of_40_bits(void)
{
    PUT(HEAD "\x16\x02\x19\x1c\x19\x1c\x26\x00\x1c\x15\x02\x19\x25\x00\x06\x19\x18\x01"
             "a\x15\x80\x80\x80\x80\x80\x02\x16\x02\x16\x14\x16\x14\x26\x08\x00\x00\x16\x14\x16\x02\x00\x00");
}

/* ---- rows and places ---- */

static void rows_of_2_63(void)
{
    PUT(HEAD "\x16\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x19\x0c\x00");
}

static void rows_less_than_none(void)
{
    PUT(HEAD "\x16\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x19\x0c\x00");
}

static void place_at_2_63(void)
{
    PUT(HEAD "\x16\x02\x19\x1c\x19\x1c\x26\x00\x1c\x15\x02\x19\x25\x00\x06\x19\x18\x01"
             "a\x15\x00\x16\x02\x16\x14\x16\x14\x26\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00\x16\x14\x16\x02\x00\x00");
}

static void size_of_2_63(void)
{
    PUT(HEAD "\x16\x02\x19\x1c\x19\x1c\x26\x00\x1c\x15\x02\x19\x25\x00\x06\x19\x18\x01"
             "a\x15\x00\x16\x02\x16\x14\x16\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x26\x08\x00\x00\x16\x14\x16\x02\x00\x00");
}

/* ---- field ids ---- */

static void ids_beyond_16_bits(void)
{
    PUT(HEAD TAIL);
    bytes->size--;
    REPEAT("\xf1", 3000); /* bools, each 15 ids on */
    PUT("\x00");
}

static void ids_that_go_back(void)
{
    PUT(HEAD TAIL);
    bytes->size--;
    PUT("\x06\x06\x00"); /* num_rows again, by its whole id */
    PUT("\x00");
}

static void ids_below_0(void)
{
    PUT(HEAD TAIL);
    bytes->size--;
    PUT("\x01\x13\x00"); /* a bool of id -10: unknown, passed over */
}

static void types_that_do_not_exist(void)
{
    PUT(HEAD TAIL);
    bytes->size--;
    PUT("\xae\x00");
}

static const struct {
    const char *name;
    void (*make)(void);
    enum tarn_status status;
    const char *detail;
} bombs[] = {
#define BOMB(make, status, detail)                                                                                                         \
    {                                                                                                                                      \
#make, make, status, detail                                                                                                        \
    }
    BOMB(nothing_wrong, TARN_OK, ""),
    BOMB(structs_within_structs, TARN_LIMIT, "thrift_depth"),
    BOMB(lists_within_lists, TARN_LIMIT, "thrift_depth"),
    BOMB(maps_within_maps, TARN_LIMIT, "thrift_depth"),
    BOMB(structs_in_statistics, TARN_LIMIT, "thrift_depth"),
    BOMB(groups_within_groups, TARN_LIMIT, "schema_depth"),
    BOMB(schema_of_2_31_elements, TARN_CORRUPT, "thrift"),
    BOMB(schema_of_2_64_elements, TARN_CORRUPT, "thrift"),
    BOMB(root_of_2_31_children, TARN_CORRUPT, "schema"),
    BOMB(columns_without_end, TARN_CORRUPT, "thrift"),
    BOMB(row_groups_without_end, TARN_CORRUPT, "thrift"),
    BOMB(row_groups_of_nothing, TARN_CORRUPT, "footer"),
    BOMB(keys_without_end, TARN_CORRUPT, "thrift"),
    BOMB(encodings_without_end, TARN_CORRUPT, "thrift"),
    BOMB(path_without_end, TARN_CORRUPT, "thrift"),
    BOMB(name_of_4_gib, TARN_CORRUPT, "thrift"),
    BOMB(elements_of_three_bytes, TARN_CORRUPT, "schema"),
    BOMB(elements_over_the_limit, TARN_LIMIT, "columns"),
    BOMB(columns_of_few_bytes, TARN_OK, ""),
    BOMB(varint_of_eleven_bytes, TARN_CORRUPT, "thrift"),
    BOMB(varint_over_64_bits, TARN_CORRUPT, "thrift"),
    BOMB(varint_without_end, TARN_CORRUPT, "thrift"),
    BOMB(values_of_eleven_bytes, TARN_CORRUPT, "thrift"),
    BOMB(codec_of_40_bits, TARN_CORRUPT, "thrift"),
    BOMB(rows_of_2_63, TARN_CORRUPT, "footer"),
    BOMB(rows_less_than_none, TARN_CORRUPT, "footer"),
    BOMB(place_at_2_63, TARN_CORRUPT, "footer"),
    BOMB(size_of_2_63, TARN_CORRUPT, "footer"),
    BOMB(ids_beyond_16_bits, TARN_CORRUPT, "thrift"),
    BOMB(ids_that_go_back, TARN_CORRUPT, "thrift"),
    BOMB(ids_below_0, TARN_OK, ""),
    BOMB(types_that_do_not_exist, TARN_CORRUPT, "thrift"),
};

START_TEST(footer_bombs__are_refused_at_the_cost_of_their_bytes) /* P-HOSTILE-4 */
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *maker = tarn_test_env();
    struct tarn_env *env;
    struct tarn_footer *footer;
    uint64_t peak;
    bytes = tarn__buffer_new(maker, 0);
    bombs[_i].make();
    options.memory_limit = UINT64_C(1) << 30;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    const enum tarn_status status = tarn__footer_decode(env, tarn__buffer_span(bytes), 100000, 200000, &footer, &err);
    ck_assert_msg(status == bombs[_i].status, "%s: %d, %s", bombs[_i].name, (int)status, err.message);
    if (status != TARN_OK) {
        ck_assert_msg(strcmp(err.detail, bombs[_i].detail) == 0, "%s: %s", bombs[_i].name, err.detail);
    }
    tarn__footer_release(footer);
    tarn_env_memory(env, &peak);
    ck_assert_msg(peak <= BASE + bytes->size * MOST_TIMES, "%s: %llu bytes for %zu", bombs[_i].name, (unsigned long long)peak, bytes->size);
    const char *difference = tarn_test_footer_twin(env, tarn__buffer_span(bytes), 100000, 200000);
    ck_assert_msg(difference == NULL, "%s: %s", bombs[_i].name, difference != NULL ? difference : "");
    tarn_test_env_close(env);
    tarn__buffer_release(bytes);
    tarn_test_env_close(maker);
}
END_TEST

/* A chunk costs four bytes, whatever statistics it has: memory of a wide footer is its bytes, its schema, and that. */
START_TEST(footer_bombs__wide_footers_cost_what_is_asked_for) /* P-FOOTER-12 */
{
    enum { COLUMNS = 2000, GROUPS = 20 };
    struct tarn_env *maker = tarn_test_env();
    struct tarn_env *env = tarn_test_env();
    struct tarn_footer *footer;
    uint64_t peak;
    uint64_t alone;
    bytes = tarn__buffer_new(maker, 0);
    for (unsigned round = 0; round < 2; round++) { /* without row groups, and with */
        bytes->size = 0;
        PUT("\x15\x02\x19\xfc\xd1\x0f\x48\x01r\x15\xa0\x1f\x00"); /* 2,001 elements, a root of 2,000 */
        for (unsigned column = 0; column < COLUMNS; column++) {
            const char name[] = {'\x15',
                                 '\x02',
                                 '\x25',
                                 '\x00',
                                 '\x18',
                                 '\x04',
                                 (char)('0' + column / 1000),
                                 (char)('0' + column / 100 % 10),
                                 (char)('0' + column / 10 % 10),
                                 (char)('0' + column % 10),
                                 '\x00'};
            put(name, sizeof(name));
        }
        if (round == 0) {
            PUT(TAIL);
        } else {
            PUT("\x16\x28\x19\xfc\x14"); /* 20 rows, 20 row groups */
            for (unsigned group = 0; group < GROUPS; group++) {
                PUT("\x19\xfc\xd0\x0f");
                REPEAT(CHUNK "\x3c\x18\x04zzzz\x18\x04zzzz\x16\x00\x28\x04zzzz\x18\x04zzzz\x00\x00\x00", COLUMNS);
                PUT("\x16\x14\x16\x02\x00");
            }
            PUT("\x00");
        }
        ck_assert_ok(tarn__footer_decode(env, tarn__buffer_span(bytes), 100000, 20000000, &footer, &err), &err);
        const uint64_t now = tarn_env_memory(env, &peak);
        if (round == 0) {
            alone = now - bytes->size;
        } else {
            ck_assert_uint_lt(now - bytes->size, alone + COLUMNS * GROUPS * 5);
            ck_assert_uint_lt(peak, alone * 2 + bytes->size + COLUMNS * GROUPS * 5);
        }
        tarn__footer_release(footer);
    }
    tarn__buffer_release(bytes);
    tarn_test_env_close(env);
    tarn_test_env_close(maker);
}
END_TEST

TARN_SUITE("format/footer_bombs", TARN_LOOP_TEST(footer_bombs__are_refused_at_the_cost_of_their_bytes, bombs),
           TARN_TEST(footer_bombs__wide_footers_cost_what_is_asked_for))
