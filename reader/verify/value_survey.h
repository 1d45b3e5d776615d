/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_VERIFY_VALUE_SURVEY_H
#define TARN_READER_VERIFY_VALUE_SURVEY_H

#include "format/batch/vector.h"
#include "tarn/value.h"

/*
 * What the values of a page or of a chunk come to: counts, the least and the greatest. Made from decoded vectors, by comparison of values
 * alone: nothing of what the writer computes its statistics with is used here.
 *
 * Ownership: texts of the extremes are copied. Threads: single.
 */
struct tarn__value_survey {
    struct tarn_env *env;
    uint64_t slots;
    uint64_t nulls;
    uint64_t nans;
    uint64_t bytes; /**< what values of kind BYTES hold together */
    bool has;       /**< there is a value that is no NaN */
    struct tarn_value min;
    struct tarn_value max;
    char *min_text;
    char *max_text;
    size_t min_capacity;
    size_t max_capacity;
};

void tarn__value_survey_init(struct tarn__value_survey *survey, struct tarn_env *env);
/** Forgets the values; keeps the memory. */
void tarn__value_survey_reset(struct tarn__value_survey *survey);
void tarn__value_survey_free(struct tarn__value_survey *survey);

/** Adds the values of a leaf's vector. False: no memory. */
TARN_WARN_UNUSED bool tarn__value_survey_add(struct tarn__value_survey *survey, const struct tarn_vector *vector);
/** Adds what another survey of the same type found. False: no memory. */
TARN_WARN_UNUSED bool tarn__value_survey_merge(struct tarn__value_survey *survey, const struct tarn__value_survey *more);

#endif
