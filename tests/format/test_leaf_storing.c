/* SPDX-License-Identifier: Apache-2.0
 *
 * Values whose stored form is not that of vectors: seconds, intervals, timestamps of 128 bits. Bytes by hand.
 */
#include "format/column/leaf_form.h"
#include "format/thrift/parquet_thrift.h"
#include "tests/support/suite.h"

static struct tarn_error err;

static const struct {
    const char *name;
    struct tarn_type type;
    uint64_t value[2]; /* as a vector holds it, little-endian */
    uint8_t stored[12];
    uint32_t width;
    const char *detail; /* NULL: it is stored */
} stored_values[] = {
    {"a time of seconds", {.id = TARN_TYPE_TIME, .unit = TARN_SECOND}, {3, 0}, {0xb8, 0x0b}, 4, NULL},
    {"too many of them", {.id = TARN_TYPE_TIME, .unit = TARN_SECOND}, {2147484, 0}, {0}, 4, "time_range"},
    {"a timestamp of seconds",
     {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_SECOND},
     {(uint64_t)-1, 0},
     {0x18, 0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
     8,
     NULL},
    {"too many", {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_SECOND}, {INT64_MAX / 1000 + 1, 0}, {0}, 8, "time_range"},
    {"an interval", {.id = TARN_TYPE_INTERVAL}, {(uint64_t)2 << 32 | 14, 5000000}, {14, 0, 0, 0, 2, 0, 0, 0, 5}, 12, NULL},
    {"the most milliseconds",
     {.id = TARN_TYPE_INTERVAL},
     {0, UINT64_C(4294967295) * 1000000},
     {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff},
     12,
     NULL},
    {"too many milliseconds", {.id = TARN_TYPE_INTERVAL}, {0, UINT64_C(4294967296) * 1000000}, {0}, 12, "interval_range"},
    {"microseconds in it", {.id = TARN_TYPE_INTERVAL}, {0, 5000001}, {0}, 12, "interval_range"},
    {"negative months", {.id = TARN_TYPE_INTERVAL}, {0xffffffff, 0}, {0}, 12, "interval_range"},
    {"negative days", {.id = TARN_TYPE_INTERVAL}, {UINT64_C(0xffffffff) << 32, 0}, {0}, 12, "interval_range"},
    {"negative nanoseconds", {.id = TARN_TYPE_INTERVAL}, {0, (uint64_t)-1000000}, {0}, 12, "interval_range"},
    {"nanoseconds",
     {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_NANO, .wide = true},
     {0x1122334455667788, 0x01020304},
     {0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 4, 3, 2, 1},
     12,
     NULL},
    {"before 1970",
     {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_NANO, .wide = true},
     {(uint64_t)-2, UINT64_MAX},
     {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
     12,
     NULL},
    {"over 96 bits", {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_NANO, .wide = true}, {0, 0x80000000}, {0}, 12, "time_range"},
    {"milliseconds", {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MILLI, .wide = true}, {7000000, 0}, {7}, 12, NULL},
    {"finer than the unit", {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MILLI, .wide = true}, {7000001, 0}, {0}, 12, "time_range"},
};

START_TEST(leaf_storing__bytes) /* P-TYPE-7, P-TYPE-9 */
{
    struct tarn__leaf_form form;
    uint8_t out[12] = {0};
    const uint32_t memory = tarn_type_width(&stored_values[_i].type);
    const uint64_t *value = stored_values[_i].value;
    const uint32_t low = (uint32_t)value[0];
    uint8_t held[32] = {0};                                /* row 1: row 0 is zero */
    if (stored_values[_i].type.id == TARN_TYPE_INTERVAL) { /* bytes, as Parquet's are */
        tarn__store64(held + memory, value[0]);
        tarn__store64(held + memory + 8, value[1]);
    } else {
        memcpy(held + memory, memory == sizeof(low) ? (const void *)&low : (const void *)value, memory);
    }
    const struct tarn_vector vector = {.type = &stored_values[_i].type, .shape = TARN_SHAPE_FLAT, .length = 2, .u.values = held};
    ck_assert(tarn__leaf_form_of(&stored_values[_i].type, &form));
    ck_assert_uint_eq(form.width, stored_values[_i].width);
    const struct tarn__leaf_values values = {&vector, NULL, 1};
    const enum tarn_status status = tarn__leaf_store(&form, values, 1, out, &err);
    if (stored_values[_i].detail != NULL) {
        ck_assert_status(status, TARN_INVALID);
        ck_assert_str_eq(err.detail, stored_values[_i].detail);
        return;
    }
    ck_assert_ok(status, &err);
    ck_assert_mem_eq(out, stored_values[_i].stored, form.width);
}
END_TEST

START_TEST(leaf_storing__what_has_no_order_has_no_bounds)
{
    static const struct tarn_type types[] = {
        {.id = TARN_TYPE_INTERVAL},
        {.id = TARN_TYPE_GEOMETRY},
        {.id = TARN_TYPE_GEOGRAPHY},
        {.id = TARN_TYPE_NULL},
        {.id = TARN_TYPE_BINARY, .wide = true},
    };
    struct tarn__leaf_form form;
    ck_assert(tarn__leaf_form_of(&types[_i], &form));
    ck_assert_int_eq(form.order, TARN_STORED_NONE);
}
END_TEST

TARN_SUITE("leaf_storing", TARN_LOOP_TEST(leaf_storing__bytes, stored_values),
           TARN_LOOP_TIMES(leaf_storing__what_has_no_order_has_no_bounds, 5))
