/* SPDX-License-Identifier: Apache-2.0
 *
 * Values counted and compared. SPEC: P-VERIFY-3.
 *
 * Invariants
 *  1. NaN is counted and is never an extreme.
 *  2. `min` and `max` of kinds BYTES and FIXED point into min_text and max_text.
 */
#include "reader/verify/value_survey.h"

#include "format/base/alloc.h"

void tarn__value_survey_init(struct tarn__value_survey *survey, struct tarn_env *env)
{
    *survey = (struct tarn__value_survey){.env = env};
}

void tarn__value_survey_reset(struct tarn__value_survey *survey)
{
    survey->slots = 0;
    survey->nulls = 0;
    survey->nans = 0;
    survey->bytes = 0;
    survey->has = false;
}

void tarn__value_survey_free(struct tarn__value_survey *survey)
{
    tarn__free(survey->env, survey->min_text);
    tarn__free(survey->env, survey->max_text);
}

static bool is_text(enum tarn_kind kind)
{
    return kind == TARN_KIND_BYTES || kind == TARN_KIND_FIXED;
}

static bool keep(const struct tarn__value_survey *survey, const struct tarn_value *value, struct tarn_value *into, char **text,
                 size_t *capacity)
{
    *into = *value;
    if (!is_text(tarn_type_kind(value->type))) {
        return true;
    }
    const struct tarn_text bytes = value->u.bytes;
    if (!tarn__grow(survey->env, text, capacity, bytes.size + 1, 1)) {
        return false;
    }
    if (bytes.size != 0) {
        memcpy(*text, bytes.data, bytes.size);
    }
    into->u.bytes = (struct tarn_text){*text, bytes.size};
    return true;
}

static bool add_extremes(struct tarn__value_survey *survey, const struct tarn_value *low, const struct tarn_value *high)
{
    if ((!survey->has || tarn_value_compare(low, &survey->min) < 0) &&
        !keep(survey, low, &survey->min, &survey->min_text, &survey->min_capacity)) {
        return false;
    }
    if ((!survey->has || tarn_value_compare(high, &survey->max) > 0) &&
        !keep(survey, high, &survey->max, &survey->max_text, &survey->max_capacity)) {
        return false;
    }
    survey->has = true;
    return true;
}

static bool is_nan(enum tarn_kind kind, const struct tarn_value *value)
{
    return (kind == TARN_KIND_F16 || kind == TARN_KIND_F32 || kind == TARN_KIND_F64) && value->u.f64 != value->u.f64;
}

bool tarn__value_survey_add(struct tarn__value_survey *survey, const struct tarn_vector *vector)
{
    const enum tarn_kind kind = tarn_type_kind(vector->type);
    survey->slots += vector->length;
    for (uint32_t row = 0; row < vector->length; row++) {
        if (tarn_vector_is_null(vector, row)) {
            survey->nulls++;
            continue;
        }
        const struct tarn_value value = tarn__vector_value(vector, row);
        survey->bytes += kind == TARN_KIND_BYTES ? value.u.bytes.size : 0;
        if (is_nan(kind, &value)) {
            survey->nans++;
        } else if (!add_extremes(survey, &value, &value)) {
            return false;
        }
    }
    return true;
}

bool tarn__value_survey_merge(struct tarn__value_survey *survey, const struct tarn__value_survey *more)
{
    survey->slots += more->slots;
    survey->nulls += more->nulls;
    survey->nans += more->nans;
    survey->bytes += more->bytes;
    return !more->has || add_extremes(survey, &more->min, &more->max);
}
