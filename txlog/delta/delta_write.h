/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_WRITE_H
#define TARN_TXLOG_DELTA_DELTA_WRITE_H

#include "txlog/core/transaction.h"
#include "txlog/delta/delta_state.h"

/** What a transaction builds on beside files: of the newest version that was judged; at first the snapshot's. In transaction->arena. */
struct tarn__delta_base {
    struct tarn__delta_protocol protocol;
    struct tarn__delta_metadata metadata;
};

static inline struct tarn__delta_base *tarn__delta_base_of(const struct tarn_transaction *transaction)
{
    return transaction->state;
}

TARN_WARN_UNUSED enum tarn_status tarn__delta_create(struct tarn_snapshot *snapshot, const struct tarn_table_create_options *options,
                                                     struct tarn_error *err);
/** Columns to partition by, found in the schema. Errors: INVALID partition_columns. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_choose_partition(struct tarn_arena *arena, uint32_t count, const struct tarn_text *names,
                                                               const struct tarn_schema *schema, struct tarn__delta_metadata *metadata,
                                                               struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_alter(struct tarn_transaction *transaction, const struct tarn_table_change *change,
                                                    struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_number(struct tarn_transaction *transaction, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_begin(struct tarn_transaction *transaction, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_app_version(const struct tarn_transaction *transaction, struct tarn_text app_id,
                                                          int64_t *version, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_partition(const struct tarn_snapshot *snapshot, const struct tarn_value *values,
                                                        struct tarn_text_builder *raw, struct tarn_error *err);
/** Writes the deletion vectors that the transaction's row deletes need and do not have yet. Errors: those of stores, LIMIT, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_stage_vectors(struct tarn_transaction *transaction, struct tarn_error *err);
/** delta.enableDeletionVectors is true, and the protocol has the feature. */
bool tarn__delta_may_delete_rows(const struct tarn_snapshot *snapshot);
TARN_WARN_UNUSED enum tarn_status tarn__delta_publish(struct tarn_transaction *transaction, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_judge(struct tarn_transaction *transaction, enum tarn__verdict *verdict,
                                                    struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_restore(struct tarn_transaction *transaction, const struct tarn_snapshot *target,
                                                      struct tarn_error *err);

#endif
