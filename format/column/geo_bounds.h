/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_GEO_BOUNDS_H
#define TARN_FORMAT_COLUMN_GEO_BOUNDS_H

#include "format/base/arena.h"
#include "format/column/wkb.h"
#include "format/thrift/parquet_thrift.h"

/*
 * The bounding box and the set of types of many geometries: a chunk's geospatial statistics.
 *
 * Threads: single. Allocates nothing while values are added.
 */
struct tarn__geo_bounds {
    bool geography;  /**< values outside of [-180, 180] and [-90, 90] do not count, and edges are no straight lines */
    bool is_unknown; /**< some value was no WKB that is known: nothing is said of the others */
    bool has_edges;
    bool has[TARN__WKB_AXES];
    double min[TARN__WKB_AXES];
    double max[TARN__WKB_AXES];
    uint8_t types[4]; /**< by dimensions: a bit each base type */
};

void tarn__geo_bounds_init(struct tarn__geo_bounds *bounds, bool geography);
void tarn__geo_bounds_add(struct tarn__geo_bounds *bounds, struct tarn_span wkb);

/**
 * Of what was added, in `arena`; *out NULL: there is nothing to say. A bounding box is there when some X and some Y count; of geographies
 * only when they have no edges, since these may reach beyond their ends. False: no memory.
 */
TARN_WARN_UNUSED bool tarn__geo_bounds_statistics(const struct tarn__geo_bounds *bounds, struct tarn_arena *arena,
                                                  struct parquet_geospatial_statistics **out);

/** Does a coordinate count? Not NaN, nor of a geography what lies outside of the world. */
bool tarn__geo_counts(bool geography, enum tarn__wkb_axis axis, double value);

#endif
