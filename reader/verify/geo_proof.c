/* SPDX-License-Identifier: Apache-2.0
 *
 * Geospatial statistics, proved.
 *
 * Specification: parquet-format Geospatial.md, "Statistics". SPEC: P-VERIFY-11.
 *
 * Invariants
 *  1. What the specification leaves out of a box (NaN, values that are no WKB, coordinates of geographies outside of the world) need not
 * lie in it. A box with NaN is no claim; one whose xmin is above its xmax goes round the other way.
 */
#include "reader/verify/geo_proof.h"

#include "format/column/geo_bounds.h"

enum { MOST_LISTED = 32 };
/* Degrees: boxes on a sphere are made with angles and sines, which do not give back the last bits of what went in. */
#define ROUNDING 1e-9

void tarn__geo_proof_init(struct tarn__geo_proof *proof, const struct tarn_leaf *leaf, const struct parquet_column_metadata *chunk)
{
    const bool is_geo = leaf->type != NULL && (leaf->type->id == TARN_TYPE_GEOMETRY || leaf->type->id == TARN_TYPE_GEOGRAPHY);
    *proof = (struct tarn__geo_proof){.claim = is_geo ? chunk->geospatial_statistics : NULL,
                                      .geography = is_geo && leaf->type->id == TARN_TYPE_GEOGRAPHY};
}

/* Within `slack` of the box. */
static bool is_inside(const struct tarn__geo_proof *proof, enum tarn__wkb_axis axis, double value, double slack)
{
    const struct parquet_bounding_box *box = &proof->claim->bbox;
    const double low[] = {box->xmin, box->ymin, box->zmin, box->mmin};
    const double high[] = {box->xmax, box->ymax, box->zmax, box->mmax};
    const bool claimed[] = {true, true, box->has_zmin && box->has_zmax, box->has_mmin && box->has_mmax};

    if (!claimed[axis] || low[axis] != low[axis] || high[axis] != high[axis] || !tarn__geo_counts(proof->geography, axis, value)) {
        return true;
    }
    if (axis == TARN__WKB_X && low[axis] > high[axis]) {
        return value >= low[axis] - slack || value <= high[axis] + slack;
    }
    return value >= low[axis] - slack && value <= high[axis] + slack;
}

static void prove_point(void *arg, const double point[TARN__WKB_AXES])
{
    struct tarn__geo_proof *proof = arg;

    for (unsigned axis = 0; axis < TARN__WKB_AXES; axis++) {
        const enum tarn__wkb_axis at = (enum tarn__wkb_axis)axis;
        if (is_inside(proof, at, point[axis], 0)) {
            continue;
        }
        if (proof->geography && at <= TARN__WKB_Y && is_inside(proof, at, point[axis], ROUNDING)) {
            proof->beside++;
        } else {
            proof->outside++;
        }
    }
}

static void prove_type(struct tarn__geo_proof *proof, int32_t type)
{
    const parquet_i32_list *types = &proof->claim->geospatial_types;
    bool found = types->count == 0; /* not known */

    for (uint32_t i = 0; i < types->count; i++) {
        if (types->items[i] == type) {
            found = true;
            proof->listed |= i < MOST_LISTED ? UINT32_C(1) << i : 0;
        }
    }
    proof->unlisted += !found;
}

void tarn__geo_proof_add(struct tarn__geo_proof *proof, const struct tarn_vector *vector)
{
    for (uint32_t row = 0; proof->claim != NULL && row < vector->length; row++) {
        struct tarn__wkb found;
        if (tarn_vector_is_null(vector, row)) {
            continue;
        }
        const struct tarn_text text = tarn_vector_text(vector, row);
        const struct tarn_span bytes = {(const uint8_t *)text.data, text.size};
        if (!tarn__wkb_walk(bytes, NULL, NULL, &found)) {
            proof->unknown++;
            continue;
        }
        prove_type(proof, found.type);
        if (proof->claim->has_bbox && !tarn__wkb_walk(bytes, prove_point, proof, &found)) {
            proof->unknown++;
        }
    }
}

void tarn__geo_proof_end(const struct tarn__geo_proof *proof, struct tarn__finder *finder)
{
    if (proof->claim == NULL) {
        return;
    }
    if (proof->outside != 0) {
        tarn__find(finder, TARN_FINDING_ERROR, "geospatial_statistics", "%llu coordinates lie outside of the chunk's bounding box",
                   (unsigned long long)proof->outside);
    }
    if (proof->beside != 0) {
        tarn__find(finder, TARN_FINDING_WARNING, "geospatial_statistics",
                   "%llu coordinates lie outside of the chunk's bounding box by less than rounding may come to",
                   (unsigned long long)proof->beside);
    }
    if (proof->unlisted != 0) {
        tarn__find(finder, TARN_FINDING_ERROR, "geospatial_statistics", "%llu geometries are of types that the chunk does not list",
                   (unsigned long long)proof->unlisted);
    }
    for (uint32_t i = 0; i < proof->claim->geospatial_types.count && i < MOST_LISTED && proof->unknown == 0; i++) {
        if ((proof->listed >> i & 1) == 0) {
            tarn__find(finder, TARN_FINDING_WARNING, "geospatial_statistics", "geometries of type %ld are listed, and there is none",
                       (long)proof->claim->geospatial_types.items[i]);
        }
    }
}
