/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_VERIFY_GEO_PROOF_H
#define TARN_READER_VERIFY_GEO_PROOF_H

#include "format/column/wkb.h"
#include "reader/verify/claims.h"

/*
 * The geospatial statistics of a chunk, held against its geometries: every coordinate that counts lies inside the bounding box, every type
 * is listed.
 *
 * Threads: single. Allocates nothing.
 */
struct tarn__geo_proof {
    const struct parquet_geospatial_statistics *claim; /**< NULL: there is none, and nothing is looked at */
    bool geography;
    uint64_t outside;  /**< coordinates that the box does not hold */
    uint64_t beside;   /**< of geographies: coordinates so near to the box that its maker's rounding may have put them out */
    uint64_t unlisted; /**< geometries of a type that is not listed */
    uint64_t unknown;  /**< values that are no WKB */
    uint32_t listed;   /**< bit i: a geometry of listed type number i was seen */
};

void tarn__geo_proof_init(struct tarn__geo_proof *proof, const struct tarn_leaf *leaf, const struct parquet_column_metadata *chunk);
/** The values of a leaf's vector. */
void tarn__geo_proof_add(struct tarn__geo_proof *proof, const struct tarn_vector *vector);
/** Tells what is wrong. */
void tarn__geo_proof_end(const struct tarn__geo_proof *proof, struct tarn__finder *finder);

#endif
