/* SPDX-License-Identifier: Apache-2.0
 * Well-known binary, byte by byte, and what geospatial statistics say of it.
 */
#include "format/column/geo_bounds.h"

#include <stdlib.h>

#include "format/base/bytes.h"
#include "tests/support/suite.h"

enum { ROOM = 4096 };

/* A geometry that is being put together. */
struct made {
    uint8_t bytes[ROOM];
    size_t size;
};

static void put_u32(struct made *made, bool big, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        made->bytes[made->size++] = (uint8_t)(value >> (big ? 24 - 8 * i : 8 * i));
    }
}

static void put_head(struct made *made, bool big, uint32_t code)
{
    made->bytes[made->size++] = big ? 0 : 1;
    put_u32(made, big, code);
}

static void put_doubles(struct made *made, bool big, size_t count, const double *values)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof(bits));
        for (unsigned k = 0; k < 8; k++) {
            made->bytes[made->size++] = (uint8_t)(bits >> (big ? 56 - 8 * k : 8 * k));
        }
    }
}

#define DOUBLES(made, big, ...)                                                                                                            \
    put_doubles((made), (big), sizeof((const double[]){__VA_ARGS__}) / sizeof(double), (const double[]){__VA_ARGS__})

static struct tarn_span span_of(const struct made *made)
{
    return (struct tarn_span){made->bytes, made->size};
}

static struct tarn__geo_bounds bounds;
static struct tarn_env *env;
static struct tarn_arena arena;
static struct parquet_geospatial_statistics *statistics;

static void begin(bool geography)
{
    env = tarn_test_env();
    tarn__arena_init(&arena, env);
    tarn__geo_bounds_init(&bounds, geography);
}

static void finish(void)
{
    ck_assert(tarn__geo_bounds_statistics(&bounds, &arena, &statistics));
}

static void end(void)
{
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}

/* The specification's own bytes of an empty point, an empty line and an empty polygon. */
START_TEST(geo_bounds__empty_ones_have_types_and_no_box) /* P-GEO-2 P-GEO-3 */
{
    static const uint8_t point[] = {1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f};
    static const uint8_t line[] = {1, 2, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t polygon[] = {1, 3, 0, 0, 0, 0, 0, 0, 0};
    begin(false);
    finish();
    ck_assert_ptr_null(statistics); /* of nothing there is nothing to say */
    tarn__geo_bounds_add(&bounds, (struct tarn_span){polygon, sizeof(polygon)});
    tarn__geo_bounds_add(&bounds, (struct tarn_span){line, sizeof(line)});
    tarn__geo_bounds_add(&bounds, (struct tarn_span){point, sizeof(point)});
    tarn__geo_bounds_add(&bounds, (struct tarn_span){point, sizeof(point)});
    finish();
    ck_assert_ptr_nonnull(statistics);
    ck_assert(!statistics->has_bbox);
    ck_assert_uint_eq(statistics->geospatial_types.count, 3);
    for (int32_t i = 0; i < 3; i++) {
        ck_assert_int_eq(statistics->geospatial_types.items[i], i + 1);
    }
    end();
}
END_TEST

/* XYZM in big-endian, XYZ, XYM and XY in little-endian; NaN in single axes. */
START_TEST(geo_bounds__are_of_each_axis) /* P-GEO-1 P-GEO-2 P-GEO-3 */
{
    const double nan = __builtin_nan("");
    struct made a = {.size = 0};
    put_head(&a, true, 3002);
    put_u32(&a, true, 2);
    DOUBLES(&a, true, 1, 2, 30, 40, -1, 7, nan, 44);
    struct made b = {.size = 0};
    put_head(&b, false, 1001);
    DOUBLES(&b, false, 5, nan, -3);
    struct made c = {.size = 0};
    put_head(&c, false, 2004);
    put_u32(&c, false, 2);
    put_head(&c, true, 2001);
    DOUBLES(&c, true, 2, 9, 100);
    put_head(&c, false, 2001);
    DOUBLES(&c, false, nan, -9, 3);
    struct made d = {.size = 0};
    put_head(&d, false, 3);
    put_u32(&d, false, 2);
    put_u32(&d, false, 1);
    DOUBLES(&d, false, 0, 0);
    put_u32(&d, false, 0);
    begin(false);
    tarn__geo_bounds_add(&bounds, span_of(&a));
    tarn__geo_bounds_add(&bounds, span_of(&b));
    tarn__geo_bounds_add(&bounds, span_of(&c));
    tarn__geo_bounds_add(&bounds, span_of(&d));
    finish();
    const struct parquet_bounding_box *box = &statistics->bbox;
    static const int32_t types[] = {3, 1001, 2004, 3002};
    ck_assert(statistics->has_bbox && box->has_zmin && box->has_zmax && box->has_mmin && box->has_mmax);
    ck_assert(box->xmin == -1 && box->xmax == 5);
    ck_assert(box->ymin == -9 && box->ymax == 9);
    ck_assert(box->zmin == -3 && box->zmax == 30);
    ck_assert(box->mmin == 3 && box->mmax == 100);
    ck_assert_uint_eq(statistics->geospatial_types.count, 4);
    ck_assert_mem_eq(statistics->geospatial_types.items, types, sizeof(types));
    end();
}
END_TEST

START_TEST(geo_bounds__of_planes_have_no_z) /* P-GEO-3 */
{
    struct made a = {.size = 0};
    put_head(&a, false, 1);
    DOUBLES(&a, false, 200, -100);
    begin(false);
    tarn__geo_bounds_add(&bounds, span_of(&a));
    finish();
    ck_assert(statistics->has_bbox && statistics->bbox.xmax == 200 && statistics->bbox.ymin == -100);
    ck_assert(!statistics->bbox.has_zmin && !statistics->bbox.has_zmax && !statistics->bbox.has_mmin && !statistics->bbox.has_mmax);
    end();
}
END_TEST

/* Coordinates outside of the world do not count; edges take the box away, since they bend. */
START_TEST(geo_bounds__of_geographies) /* P-GEO-4 */
{
    struct made a = {.size = 0};
    put_head(&a, false, 4);
    put_u32(&a, false, 3);
    put_head(&a, false, 1);
    DOUBLES(&a, false, 179.5, 91);
    put_head(&a, false, 1);
    DOUBLES(&a, false, -181, -90);
    put_head(&a, false, 1);
    DOUBLES(&a, false, -180, 3);
    begin(true);
    tarn__geo_bounds_add(&bounds, span_of(&a));
    finish();
    ck_assert(statistics->has_bbox);
    ck_assert(statistics->bbox.xmin == -180 && statistics->bbox.xmax == 179.5);
    ck_assert(statistics->bbox.ymin == -90 && statistics->bbox.ymax == 3);
    static const uint8_t empty[] = {1, 2, 0, 0, 0, 0, 0, 0, 0};
    tarn__geo_bounds_add(&bounds, (struct tarn_span){empty, sizeof(empty)});
    finish();
    ck_assert(statistics->has_bbox);
    struct made line = {.size = 0};
    put_head(&line, false, 2);
    put_u32(&line, false, 2);
    DOUBLES(&line, false, 0, 0, 10, 10);
    tarn__geo_bounds_add(&bounds, span_of(&line));
    finish();
    ck_assert(!statistics->has_bbox);
    ck_assert_uint_eq(statistics->geospatial_types.count, 2);
    end();
}
END_TEST

/* A collection of a point, a multi-polygon and an empty collection. */
static struct made nested(void)
{
    struct made made = {.size = 0};
    put_head(&made, false, 7);
    put_u32(&made, false, 3);
    put_head(&made, true, 1);
    DOUBLES(&made, true, 1, 1);
    put_head(&made, false, 6);
    put_u32(&made, false, 1);
    put_head(&made, true, 3);
    put_u32(&made, true, 1);
    put_u32(&made, true, 2);
    DOUBLES(&made, true, 2, 2, 3, 3);
    put_head(&made, false, 7);
    put_u32(&made, false, 0);
    return made;
}

START_TEST(wkb__every_cut_is_refused) /* P-GEO-1 */
{
    const struct made made = nested();
    struct tarn__wkb found;
    ck_assert(tarn__wkb_walk(span_of(&made), NULL, NULL, &found));
    ck_assert_int_eq(found.type, 7);
    ck_assert(found.has_edges);
    for (size_t cut = 0; cut < made.size; cut++) {
        uint8_t *exact = malloc(cut + 1); /* for the address sanitizer */
        memcpy(exact, made.bytes, cut);
        ck_assert_msg(!tarn__wkb_walk((struct tarn_span){exact, cut}, NULL, NULL, &found), "%zu", cut);
        free(exact);
    }
    struct made longer = made;
    longer.bytes[longer.size++] = 0;
    ck_assert(!tarn__wkb_walk(span_of(&longer), NULL, NULL, &found));
}
END_TEST

static const struct {
    const char *name;
    size_t at;
    uint8_t byte;
} damage[] = {
    {"no byte order", 0, 2},
    {"type 0", 1, 0},
    {"a curve", 1, 8},
    {"Z without Z", 2, 4},
    {"the flag of EWKB", 4, 0x80},
    {"the SRID of EWKB", 4, 0x20},
    {"many members", 8, 0xff},
    {"a member fewer", 5, 2},
    {"a member more", 5, 4},
    {"no order inside", 9, 7},
    {"another dimension inside", 12, 4},
    {"a line among polygons", 44, 2},
    {"many rings", 45, 0x7f},
};

START_TEST(wkb__damage_is_refused) /* P-GEO-1 */
{
    struct made made = nested();
    struct tarn__wkb found;
    ck_assert(made.bytes[damage[_i].at] != damage[_i].byte);
    made.bytes[damage[_i].at] = damage[_i].byte;
    ck_assert_msg(!tarn__wkb_walk(span_of(&made), NULL, NULL, &found), "%s", damage[_i].name);
    ck_assert_int_eq(found.type, 0);
    /* One such value, and nothing is said of the chunk. */
    const struct made right = nested();
    begin(false);
    tarn__geo_bounds_add(&bounds, span_of(&right));
    tarn__geo_bounds_add(&bounds, span_of(&made));
    tarn__geo_bounds_add(&bounds, span_of(&right));
    finish();
    ck_assert_ptr_null(statistics);
    end();
}
END_TEST

START_TEST(wkb__depth_and_flips_are_survived) /* P-GEO-1 */
{
    struct made deep = {.size = 0};
    struct tarn__wkb found;
    for (unsigned i = 0; i < TARN__WKB_DEPTH; i++) {
        put_head(&deep, false, 7);
        put_u32(&deep, false, i + 1 < TARN__WKB_DEPTH ? 1 : 0);
    }
    ck_assert(!tarn__wkb_walk(span_of(&deep), NULL, NULL, &found));
    ck_assert(tarn__wkb_walk((struct tarn_span){deep.bytes + 9, deep.size - 9}, NULL, NULL, &found));
    const struct made right = nested();
    for (size_t bit = 0; bit < right.size * 8; bit++) {
        struct made flipped = right;
        flipped.bytes[bit / 8] = (uint8_t)(flipped.bytes[bit / 8] ^ 1u << bit % 8);
        tarn__geo_bounds_init(&bounds, false);
        tarn__geo_bounds_add(&bounds, span_of(&flipped));
    }
    ck_assert(!tarn__wkb_walk((struct tarn_span){NULL, 0}, NULL, NULL, &found));
}
END_TEST

TARN_SUITE("geo_bounds", TARN_TEST(geo_bounds__empty_ones_have_types_and_no_box), TARN_TEST(geo_bounds__are_of_each_axis),
           TARN_TEST(geo_bounds__of_planes_have_no_z), TARN_TEST(geo_bounds__of_geographies), TARN_TEST(wkb__every_cut_is_refused),
           TARN_LOOP_TEST(wkb__damage_is_refused, damage), TARN_TEST(wkb__depth_and_flips_are_survived))
