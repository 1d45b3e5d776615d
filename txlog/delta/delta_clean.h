/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_CLEAN_H
#define TARN_TXLOG_DELTA_DELTA_CLEAN_H

#include "txlog/core/table_format.h"

/* What a clean-up of a Delta table goes by (tarn__table_format). */
TARN_WARN_UNUSED enum tarn_status tarn__delta_clean(const struct tarn_snapshot *snapshot, int64_t horizon,
                                                    const struct tarn__clean_visitor *visitor, struct tarn_error *err);
bool tarn__delta_is_hidden(const struct tarn_snapshot *snapshot, struct tarn_text name);
int64_t tarn__delta_file_retention(const struct tarn_snapshot *snapshot);
void tarn__delta_cleaned(const struct tarn_snapshot *snapshot, int64_t horizon);

#endif
