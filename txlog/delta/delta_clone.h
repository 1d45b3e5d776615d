/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_CLONE_H
#define TARN_TXLOG_DELTA_DELTA_CLONE_H

#include "txlog/core/transaction.h"

/* A Delta table made like another one (tarn__table_format). */
TARN_WARN_UNUSED enum tarn_status tarn__delta_clone(struct tarn_snapshot *snapshot, const struct tarn_snapshot *source,
                                                    struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_clone_state(struct tarn_transaction *transaction, const struct tarn_snapshot *source,
                                                          struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_vector_key(const struct tarn_snapshot *snapshot, const struct tarn__deletion_vector *vector,
                                                         struct tarn_text_builder *out, struct tarn_error *err);
struct tarn_text tarn__delta_cloned_from(const struct tarn_snapshot *snapshot);

#endif
