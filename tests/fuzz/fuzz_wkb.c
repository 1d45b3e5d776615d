/* SPDX-License-Identifier: Apache-2.0
 *
 * Geometries of any bytes: the first byte says whether they are geographies, each value follows its length in a byte. Beyond not crashing:
 * what is walked twice is found alike, every coordinate that counts lies in the box that is made of all, every type is listed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "format/column/geo_bounds.h"
#include "tarn/env.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "fuzz_wkb: %s\n", what);
        abort();
    }
}

struct seen {
    const struct parquet_geospatial_statistics *statistics;
    bool geography;
};

static void demand_inside(void *arg, const double point[TARN__WKB_AXES])
{
    const struct seen *seen = arg;
    const struct parquet_bounding_box *box = &seen->statistics->bbox;
    const double low[] = {box->xmin, box->ymin, box->zmin, box->mmin};
    const double high[] = {box->xmax, box->ymax, box->zmax, box->mmax};
    for (unsigned axis = 0; axis < TARN__WKB_AXES; axis++) {
        const double value = point[axis];
        if (tarn__geo_counts(seen->geography, (enum tarn__wkb_axis)axis, value)) {
            demand(axis != TARN__WKB_Z || box->has_zmin, "there is a Z and no bound of it");
            demand(axis != TARN__WKB_M || box->has_mmin, "there is an M and no bound of it");
            demand(value >= low[axis] && value <= high[axis], "a coordinate lies outside of its box");
        }
    }
}

static struct tarn_span next_value(const uint8_t **data, size_t *size)
{
    const size_t wanted = **data;
    const size_t taken = wanted < *size - 1 ? wanted : *size - 1;
    const struct tarn_span value = {*data + 1, taken};
    *data += taken + 1;
    *size -= taken + 1;
    return value;
}

static void demand_listed(const struct parquet_geospatial_statistics *statistics, int32_t type)
{
    bool listed = false;
    for (uint32_t i = 0; i < statistics->geospatial_types.count; i++) {
        listed |= statistics->geospatial_types.items[i] == type;
    }
    demand(listed, "a type is not listed");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parquet_geospatial_statistics *statistics;
    struct tarn__geo_bounds bounds;
    struct tarn_arena arena;
    struct tarn_env *env;
    if (size < 2 || tarn_env_open(NULL, &env, NULL) != TARN_OK) {
        return 0;
    }
    struct seen seen = {.geography = (data[0] & 1) != 0};
    tarn__arena_init(&arena, env);
    tarn__geo_bounds_init(&bounds, seen.geography);
    const uint8_t *at = data + 1;
    for (size_t left = size - 1; left != 0;) {
        tarn__geo_bounds_add(&bounds, next_value(&at, &left));
    }
    demand(tarn__geo_bounds_statistics(&bounds, &arena, &statistics), "no memory");
    seen.statistics = statistics;
    at = data + 1;
    for (size_t left = size - 1; left != 0 && statistics != NULL;) {
        struct tarn__wkb found;
        struct tarn__wkb again;
        const struct tarn_span value = next_value(&at, &left);
        demand(tarn__wkb_walk(value, NULL, NULL, &found), "statistics of what is no WKB");
        demand_listed(statistics, found.type);
        demand(tarn__wkb_walk(value, statistics->has_bbox ? demand_inside : NULL, &seen, &again), "a second walk finds damage");
        demand(found.type == again.type && found.has_edges == again.has_edges, "a second walk finds something else");
    }
    tarn__arena_free(&arena);
    tarn_env_close(env);
    return 0;
}
