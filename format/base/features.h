/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_FEATURES_H
#define TARN_FORMAT_BASE_FEATURES_H

#include "tarn/base.h"

/* The table of features that tarn knows by name and does not have: see features.def. Threads: any. */
struct tarn_feature {
    const char *name;
    const char *where; /**< "parquet", "delta", ... */
    const char *what;  /**< one sentence */
};

uint32_t tarn__feature_count(void);
/** `index` < count; in the order of the table. */
const struct tarn_feature *tarn__feature_at(uint32_t index);
/** NULL when the table does not have it. */
const struct tarn_feature *tarn__feature_find(struct tarn_text name);

#endif
