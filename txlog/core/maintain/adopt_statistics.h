/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_MAINTAIN_ADOPT_STATISTICS_H
#define TARN_TXLOG_CORE_MAINTAIN_ADOPT_STATISTICS_H

#include "txlog/core/table_format.h"

/**
 * The statistics of a Parquet file that is there, as far as its footer says them, for the table that it is adopted into: columns are found
 * by name. *rows is how many it has. Errors: those of reading the footer, UNSUPPORTED encryption, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__adopt_statistics(const struct tarn_snapshot *snapshot, struct tarn_text key, uint64_t *rows,
                                                         struct tarn_text_builder *out, struct tarn_error *err);

#endif
