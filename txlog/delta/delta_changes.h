/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_CHANGES_H
#define TARN_TXLOG_DELTA_DELTA_CHANGES_H

#include "txlog/core/changes.h"

#define TARN_DELTA_CHANGE_DATA "_change_data/"

/** Does the table ask its writers to record changes? */
bool tarn__delta_records_changes(const struct tarn_snapshot *snapshot);

TARN_WARN_UNUSED enum tarn_status tarn__delta_changes(struct tarn__change_set *set, const struct tarn_changes_options *options,
                                                      struct tarn_error *err);

#endif
