/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_MAINTAIN_CLUSTER_KEY_H
#define TARN_TXLOG_CORE_MAINTAIN_CLUSTER_KEY_H

#include "format/base/arena.h"
#include "format/batch/vector.h"

/*
 * Where a row lies on a curve through several columns: rows that are near each other in all of them have keys that are near.
 *
 * A column counts by rank, not by value: its rank is the share of sampled rows with a smaller value, so that any type with an order will do
 * and skew does not waste the curve. Nulls are below all values. First every row (or a part of them) goes to tarn__cluster_sample, then
 * tarn__cluster_seal, then keys are made.
 * Threads: single until sealed, then shareable.
 */
enum { TARN_CLUSTER_MOST_COLUMNS = 16, TARN_CLUSTER_SAMPLES = 1 << 15 };

enum tarn__curve { TARN_CURVE_ZORDER = 0, TARN_CURVE_HILBERT };

/** 128 bits, compared as one number. */
struct tarn__cluster_key {
    uint64_t high;
    uint64_t low;
};

/** The sampled values of one column, in an order-preserving form: a number, or bytes. */
struct tarn__cluster_samples {
    bool is_bytes;
    uint32_t count;
    uint64_t *numbers;
    struct tarn_text *texts; /* own memory each */
    uint64_t seen;           /* rows that came by */
    uint64_t step;           /* one of so many is taken */
};

struct tarn__cluster_ranks {
    struct tarn_env *env;
    enum tarn__curve curve;
    uint32_t column_count;
    unsigned bits; /* of each column's rank */
    struct tarn__cluster_samples columns[TARN_CLUSTER_MOST_COLUMNS];
};

/** Can rows be clustered by values of this type? */
bool tarn__type_is_clusterable(const struct tarn_type *type);

/** `types`: of the columns, clusterable. Freed whatever the answer. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__cluster_ranks_init(struct tarn__cluster_ranks *ranks, struct tarn_env *env, enum tarn__curve curve,
                                                           uint32_t column_count, const struct tarn_type *const *types,
                                                           struct tarn_error *err);
void tarn__cluster_ranks_free(struct tarn__cluster_ranks *ranks);
/** More rows of a column. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__cluster_sample(struct tarn__cluster_ranks *ranks, uint32_t column, const struct tarn_vector *vector,
                                                       struct tarn_error *err);
/** No more rows come. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__cluster_seal(struct tarn__cluster_ranks *ranks, struct tarn_error *err);

/** The keys of `length` rows; `columns`: one vector a column. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__cluster_keys(const struct tarn__cluster_ranks *ranks, struct tarn_vector *const *columns,
                                                     uint32_t length, struct tarn__cluster_key *keys, struct tarn_error *err);

/** The key of a point: one rank of `bits` bits a column. `ranks` is used up. */
struct tarn__cluster_key tarn__curve_key(enum tarn__curve curve, uint32_t count, unsigned bits, uint32_t *ranks);

static inline int tarn__cluster_key_compare(struct tarn__cluster_key a, struct tarn__cluster_key b)
{
    return a.high != b.high ? (a.high < b.high ? -1 : 1) : a.low != b.low ? (a.low < b.low ? -1 : 1) : 0;
}

#endif
