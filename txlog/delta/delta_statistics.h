/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_STATISTICS_H
#define TARN_TXLOG_DELTA_DELTA_STATISTICS_H

#include "txlog/core/ingest.h"
#include "txlog/core/table_format.h"

/**
 * Bounds of some columns out of the JSON of add.stats. Bounds are widened by what writers are known to cut: timestamps to milliseconds,
 * texts to 32 characters, decimals through doubles, zone offsets to minutes. What cannot be read is not known.
 */
TARN_WARN_UNUSED enum tarn_status tarn__delta_statistics_bounds(const struct tarn_snapshot *snapshot, struct tarn_text statistics,
                                                                struct tarn_arena *arena, uint32_t count,
                                                                struct tarn__bounds_wanted *wanted, struct tarn_error *err);

/** The JSON for a new file, as Spark writes it. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_statistics_print(const struct tarn_snapshot *snapshot,
                                                               const struct tarn__statistics_input *input, struct tarn_text_builder *out,
                                                               struct tarn_error *err);

/** The JSON of a file of `rows` rows once some of them are deleted: bounds hold, and are said not to be tight. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_statistics_widen(struct tarn_env *env, struct tarn_text statistics, uint64_t rows,
                                                               struct tarn_text_builder *out, struct tarn_error *err);

#endif
