/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_TABLE_SCAN_H
#define TARN_TXLOG_CORE_TABLE_SCAN_H

#include "txlog/core/snapshot.h"

/** Some files of a snapshot (indexes ascending; NULL: all) as a source, which keeps the snapshot. */
TARN_WARN_UNUSED enum tarn_status tarn__table_source(struct tarn_snapshot *snapshot, const uint32_t *files, uint32_t file_count,
                                                     struct tarn_source **out, struct tarn_error *err);

/** Opens a data file of the snapshot. Errors: AUTH (a path that leads out of the table), CORRUPT missing_file, and the reader's. */
TARN_WARN_UNUSED enum tarn_status tarn__open_data_file(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file,
                                                       struct tarn_source **out, struct tarn_error *err);

#endif
