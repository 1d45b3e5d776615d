/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_CLONE_H
#define TARN_TXLOG_DELTA_DELTA_CLONE_H

#include "txlog/core/transaction.h"
#include "txlog/delta/delta_state.h"

/* A Delta table made like another one (tarn__table_format). */
TARN_WARN_UNUSED enum tarn_status tarn__delta_clone(struct tarn_snapshot *snapshot, const struct tarn_snapshot *source,
                                                    struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_clone_state(struct tarn_transaction *transaction, const struct tarn_snapshot *source,
                                                          struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_vector_key(const struct tarn_snapshot *snapshot, const struct tarn__deletion_vector *vector,
                                                         struct tarn_text_builder *out, struct tarn_error *err);
struct tarn_text tarn__delta_cloned_from(const struct tarn_snapshot *snapshot);

/** Sets the domains of a state, and takes out those that it does not have. `numbers`: also how far row ids have been given out. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_take_domains(struct tarn_transaction *transaction, const struct tarn__delta_state *from,
                                                           bool numbers, struct tarn_error *err);
/** Schema, layout, properties, name and description, not the id. */
bool tarn__delta_metadata_same(const struct tarn__delta_metadata *a, const struct tarn__delta_metadata *b);

#endif
