/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_INTERVAL_H
#define TARN_TXLOG_DELTA_DELTA_INTERVAL_H

#include "txlog/delta/delta_state.h"

/** An interval as table properties have it: "interval 30 days", "1 week 2 hours". False: not of this form, or with months or years. */
bool tarn__delta_interval_parse(struct tarn_text text, int64_t *microseconds);

/** The interval that a property says; `otherwise` where it is missing or makes no sense. */
int64_t tarn__delta_property_interval(const struct tarn__delta_state *state, struct tarn_text key, int64_t otherwise);

/** The whole number that a property says; `otherwise` where it is missing or makes no sense. */
int64_t tarn__delta_property_int(const struct tarn__delta_state *state, struct tarn_text key, int64_t otherwise);

#define TARN_DELTA_DAY (INT64_C(86400) * 1000000)
/** What Spark takes where a table says nothing. */
#define TARN_DELTA_FILE_RETENTION (7 * TARN_DELTA_DAY)
#define TARN_DELTA_LOG_RETENTION (30 * TARN_DELTA_DAY)

#endif
