/* SPDX-License-Identifier: Apache-2.0
 *
 * Geospatial statistics.
 *
 * Specification: parquet-format Geospatial.md, "Statistics", "Special geospatial values"; parquet.thrift "GeospatialStatistics".
 * SPEC: P-GEO-1 to P-GEO-4.
 *
 * Invariants
 *  1. Every coordinate that counts lies inside the box.
 *  2. Types are listed in ascending order of their codes, each once.
 */
#include "format/column/geo_bounds.h"

enum { DIMENSIONS = 4 };

void tarn__geo_bounds_init(struct tarn__geo_bounds *bounds, bool geography)
{
    *bounds = (struct tarn__geo_bounds){.geography = geography};
}

bool tarn__geo_counts(bool geography, enum tarn__wkb_axis axis, double value)
{
    if (geography && axis <= TARN__WKB_Y) {
        const double most = axis == TARN__WKB_X ? 180 : 90;
        return value >= -most && value <= most;
    }
    return value == value;
}

static void add_point(void *arg, const double point[TARN__WKB_AXES])
{
    struct tarn__geo_bounds *bounds = arg;

    for (unsigned axis = 0; axis < TARN__WKB_AXES; axis++) {
        const double value = point[axis];
        if (!tarn__geo_counts(bounds->geography, (enum tarn__wkb_axis)axis, value)) {
            continue;
        }
        if (!bounds->has[axis] || value < bounds->min[axis]) {
            bounds->min[axis] = value;
        }
        if (!bounds->has[axis] || value > bounds->max[axis]) {
            bounds->max[axis] = value;
        }
        bounds->has[axis] = true;
    }
}

void tarn__geo_bounds_add(struct tarn__geo_bounds *bounds, struct tarn_span wkb)
{
    struct tarn__wkb found;

    if (bounds->is_unknown) {
        return;
    }
    if (!tarn__wkb_walk(wkb, add_point, bounds, &found)) {
        bounds->is_unknown = true;
        return;
    }
    bounds->has_edges |= found.has_edges;
    bounds->types[found.type / 1000] |= (uint8_t)(1u << (found.type % 1000));
}

static bool list_types(const struct tarn__geo_bounds *bounds, struct tarn_arena *arena, parquet_i32_list *out)
{
    out->items = tarn__arena_calloc(arena, (size_t)DIMENSIONS * TARN__WKB_COLLECTION, sizeof(*out->items));
    if (out->items == NULL) {
        return false;
    }
    for (int32_t dimensions = 0; dimensions < DIMENSIONS; dimensions++) {
        for (int32_t base = TARN__WKB_POINT; base <= TARN__WKB_COLLECTION; base++) {
            if ((bounds->types[dimensions] >> base & 1) != 0) {
                out->items[out->count++] = dimensions * 1000 + base;
            }
        }
    }
    return true;
}

bool tarn__geo_bounds_statistics(const struct tarn__geo_bounds *bounds, struct tarn_arena *arena,
                                 struct parquet_geospatial_statistics **out)
{
    bool any = false;

    *out = NULL;
    for (int dimensions = 0; dimensions < DIMENSIONS; dimensions++) {
        any |= bounds->types[dimensions] != 0;
    }
    if (!any || bounds->is_unknown) {
        return true;
    }
    struct parquet_geospatial_statistics *statistics = tarn__arena_calloc(arena, 1, sizeof(*statistics));
    if (statistics == NULL || !list_types(bounds, arena, &statistics->geospatial_types)) {
        return false;
    }
    const bool z = bounds->has[TARN__WKB_Z];
    const bool m = bounds->has[TARN__WKB_M];
    statistics->has_geospatial_types = true;
    statistics->has_bbox = bounds->has[TARN__WKB_X] && bounds->has[TARN__WKB_Y] && !(bounds->geography && bounds->has_edges);
    statistics->bbox = (struct parquet_bounding_box){
        .has_zmin = z,
        .has_zmax = z,
        .has_mmin = m,
        .has_mmax = m,
        .xmin = bounds->min[TARN__WKB_X],
        .xmax = bounds->max[TARN__WKB_X],
        .ymin = bounds->min[TARN__WKB_Y],
        .ymax = bounds->max[TARN__WKB_Y],
        .zmin = bounds->min[TARN__WKB_Z],
        .zmax = bounds->max[TARN__WKB_Z],
        .mmin = bounds->min[TARN__WKB_M],
        .mmax = bounds->max[TARN__WKB_M],
    };
    *out = statistics;
    return true;
}
