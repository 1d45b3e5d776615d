/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_WKB_H
#define TARN_FORMAT_COLUMN_WKB_H

#include "tarn/base.h"

/*
 * Well-known binary (ISO) of geometries, walked: points to multi-polygons and collections of them, in XY, XYZ, XYM and XYZM, of either
 * byte order. The flags and SRIDs of EWKB, curves and surfaces are not known here: such a value is as good as damaged.
 *
 * Threads: any. Allocates nothing. Cost: linear in the bytes, whatever they say.
 */

/** Axes of a coordinate. */
enum tarn__wkb_axis { TARN__WKB_X, TARN__WKB_Y, TARN__WKB_Z, TARN__WKB_M, TARN__WKB_AXES };

/** Base types: the code of the specification is one of these plus 1000 (Z), 2000 (M) or 3000 (ZM). */
enum { TARN__WKB_POINT = 1, TARN__WKB_COLLECTION = 7, TARN__WKB_DEPTH = 32 };

struct tarn__wkb {
    int32_t type;   /**< code of the whole */
    bool has_edges; /**< some line or ring of it has points */
};

/** `point[axis]`: axes that there are not are NaN. */
typedef void tarn__wkb_point_fn(void *arg, const double point[TARN__WKB_AXES]);

/**
 * Calls `fn` (may be NULL) for each point, also those of an empty POINT, which are NaN. False: the bytes are no such geometry, or nest
 * deeper than TARN__WKB_DEPTH; `fn` may have been called by then.
 */
TARN_WARN_UNUSED bool tarn__wkb_walk(struct tarn_span bytes, tarn__wkb_point_fn *fn, void *arg, struct tarn__wkb *out);

#endif
