/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_LAYOUT_H
#define TARN_TXLOG_DELTA_DELTA_LAYOUT_H

#include "txlog/core/maintain/layout.h"

/* How a Delta table says by which columns its rows are clustered, and how its files say that they are (tarn__table_format). */
TARN_WARN_UNUSED enum tarn_status tarn__delta_layout(const struct tarn_snapshot *snapshot, struct tarn_arena *arena,
                                                     struct tarn__layout *out, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_layout_tags(const struct tarn_snapshot *snapshot, const struct tarn__layout *layout,
                                                          const char *group, struct tarn_text_builder *out, struct tarn_error *err);
bool tarn__delta_has_layout(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file, const struct tarn__layout *layout);
uint64_t tarn__delta_target_size(const struct tarn_snapshot *snapshot);

/** Does the table say that its rows are clustered? */
bool tarn__delta_is_clustered(const struct tarn_snapshot *snapshot);

#endif
