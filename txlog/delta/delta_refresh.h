/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_REFRESH_H
#define TARN_TXLOG_DELTA_DELTA_REFRESH_H

#include "txlog/core/table_format.h"

/** Asks for the next version's commit by its name. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_look(const struct tarn_snapshot *snapshot, enum tarn__later *later, struct tarn_error *err);
/** Replays the commits that are there by now onto a snapshot that was derived from a loaded one. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_advance(struct tarn_snapshot *snapshot, bool *advanced, struct tarn_error *err);

#endif
