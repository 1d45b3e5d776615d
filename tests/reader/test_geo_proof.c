/* SPDX-License-Identifier: Apache-2.0
 * Geospatial statistics that lie are found; those that only say less than they could are not minded.
 */
#include "reader/verify/geo_proof.h"

#include "format/batch/vector_builder.h"
#include "tests/support/suite.h"

static struct tarn_error err;
static struct tarn_env *env;
static const struct tarn_type geometry = {.id = TARN_TYPE_GEOMETRY};
static const struct tarn_type geography = {.id = TARN_TYPE_GEOGRAPHY};

struct heard {
    unsigned warnings;
    unsigned errors;
};

static void hear(void *arg, const struct tarn_finding *finding)
{
    struct heard *heard = arg;
    heard->warnings += finding->kind == TARN_FINDING_WARNING;
    heard->errors += finding->kind == TARN_FINDING_ERROR;
    ck_assert_str_eq(finding->error->detail, "geospatial_statistics");
}

/* POINT Z (x y z) in little-endian bytes. */
static void put_point(struct tarn_vector_builder *builder, double x, double y, double z)
{
    char bytes[29] = {1, (char)0xe9, 3, 0, 0};
    const double axes[] = {x, y, z};
    for (unsigned i = 0; i < 3; i++) {
        uint64_t bits;
        memcpy(&bits, &axes[i], sizeof(bits));
        for (unsigned k = 0; k < 8; k++) {
            bytes[5 + 8 * i + k] = (char)(bits >> (8 * k));
        }
    }
    tarn__vector_builder_text(builder, (struct tarn_text){bytes, sizeof(bytes)});
}

#define BOX(...)                                                                                                                           \
    {                                                                                                                                      \
        __VA_ARGS__                                                                                                                        \
    }

/* Of POINT Z (170 10 1), POINT Z (-170 -10 5), null, and POINT Z (NaN NaN NaN). */
static const struct {
    const char *name;
    bool geography;
    bool has_bbox;
    struct parquet_bounding_box bbox;
    int32_t types[3];
    uint32_t type_count;
    unsigned errors;
    unsigned warnings;
} claims[] = {
    {"nothing", false, false, {.xmin = 0}, {0}, 0, 0, 0},
    {"the truth",
     false,
     true,
     BOX(.xmin = -170, .xmax = 170, .ymin = -10, .ymax = 10, .has_zmin = true, .has_zmax = true, .zmin = 1, .zmax = 5),
     {1001},
     1,
     0,
     0},
    {"a wider box", false, true, BOX(.xmin = -180, .xmax = 180, .ymin = -90, .ymax = 90), {1001}, 1, 0, 0},
    {"xmin too high", false, true, BOX(.xmin = -169, .xmax = 170, .ymin = -10, .ymax = 10), {1001}, 1, 1, 0},
    {"xmax too low", false, true, BOX(.xmin = -170, .xmax = 169, .ymin = -10, .ymax = 10), {1001}, 1, 1, 0},
    {"ymin too high", false, true, BOX(.xmin = -170, .xmax = 170, .ymin = -9, .ymax = 10), {1001}, 1, 1, 0},
    {"ymax too low", false, true, BOX(.xmin = -170, .xmax = 170, .ymin = -10, .ymax = 9), {1001}, 1, 1, 0},
    {"zmin too high",
     false,
     true,
     BOX(.xmin = -170, .xmax = 170, .ymin = -10, .ymax = 10, .has_zmin = true, .has_zmax = true, .zmin = 2, .zmax = 5),
     {1001},
     1,
     1,
     0},
    {"zmax too low",
     false,
     true,
     BOX(.xmin = -170, .xmax = 170, .ymin = -10, .ymax = 10, .has_zmin = true, .has_zmax = true, .zmin = 1, .zmax = 4),
     {1001},
     1,
     1,
     0},
    {"one side of Z is no claim",
     false,
     true,
     BOX(.xmin = -170, .xmax = 170, .ymin = -10, .ymax = 10, .has_zmin = true, .zmin = 4),
     {1001},
     1,
     0,
     0},
    {"NaN is no claim", false, true, BOX(.xmin = __builtin_nan(""), .xmax = 0, .ymin = -10, .ymax = 10), {1001}, 1, 0, 0},
    {"round the antimeridian", true, true, BOX(.xmin = 170, .xmax = -170, .ymin = -10, .ymax = 10), {1001}, 1, 0, 0},
    {"round, but too short", true, true, BOX(.xmin = 171, .xmax = -170, .ymin = -10, .ymax = 10), {1001}, 1, 1, 0},
    {"rounded", true, true, BOX(.xmin = -170 + 1e-12, .xmax = 170, .ymin = -10, .ymax = 10), {1001}, 1, 0, 1},
    {"rounded on a plane", false, true, BOX(.xmin = -170 + 1e-12, .xmax = 170, .ymin = -10, .ymax = 10), {1001}, 1, 1, 0},
    {"another type", false, false, {.xmin = 0}, {1}, 1, 1, 1},
    {"a type too many", false, false, {.xmin = 0}, {1001, 1002}, 2, 0, 1},
};

START_TEST(geo_proof__finds_what_is_wrong) /* P-VERIFY-11 */
{
    struct tarn_vector_builder *builder;
    struct tarn_vector *vector;
    struct tarn__geo_proof proof;
    struct heard heard = {0};
    struct tarn__finder finder = {.fn = hear, .arg = &heard, .object = TARN_TEXT("f"), .row_group = -1};
    int32_t types[3];
    const double nan = __builtin_nan("");
    memcpy(types, claims[_i].types, sizeof(types));
    struct parquet_geospatial_statistics claim = {.has_bbox = claims[_i].has_bbox,
                                                  .has_geospatial_types = claims[_i].type_count != 0,
                                                  .bbox = claims[_i].bbox,
                                                  .geospatial_types = {claims[_i].type_count, types}};
    const struct tarn_leaf leaf = {.type = claims[_i].geography ? &geography : &geometry};
    const struct parquet_column_metadata chunk = {.geospatial_statistics = &claim};
    env = tarn_test_env();
    ck_assert_ok(tarn__vector_builder_open(env, leaf.type, &builder, &err), &err);
    put_point(builder, 170, 10, 1);
    put_point(builder, -170, -10, 5);
    tarn__vector_builder_null(builder);
    put_point(builder, nan, nan, nan);
    ck_assert_ok(tarn__vector_builder_finish(builder, &vector, &err), &err);
    tarn__vector_builder_close_all(builder);
    tarn__geo_proof_init(&proof, &leaf, &chunk);
    tarn__geo_proof_add(&proof, vector);
    tarn__geo_proof_end(&proof, &finder);
    ck_assert_msg(heard.errors == claims[_i].errors, "%s: %u errors", claims[_i].name, heard.errors);
    ck_assert_msg(heard.warnings == claims[_i].warnings, "%s: %u warnings", claims[_i].name, heard.warnings);
    tarn_vector_release(vector);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("geo_proof", TARN_LOOP_TEST(geo_proof__finds_what_is_wrong, claims))
