/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_COMMIT_H
#define TARN_TXLOG_CORE_COMMIT_H

#include "txlog/core/transaction.h"

/** A transaction on a snapshot, whose reference it takes over, also when it fails. `operation`: history's word where the options have none.
 */
TARN_WARN_UNUSED enum tarn_status tarn__transaction_new(struct tarn_snapshot *snapshot, const struct tarn_transaction_options *options,
                                                        const char *operation, struct tarn_transaction **out, struct tarn_error *err);
/** There must be no table in the folder, of any format. Errors: EXISTS. */
TARN_WARN_UNUSED enum tarn_status tarn__check_no_table(struct tarn_store *store, struct tarn_error *err);
/** Frees the transaction; nothing in the store is touched. */
void tarn__transaction_free(struct tarn_transaction *transaction);
/** Removes every file that was staged: only when it is known that no version names them. */
void tarn__transaction_drop_staged(struct tarn_transaction *transaction);
/** Takes out the files of the partitions that new rows fall into: the last thing before the commit. */
TARN_WARN_UNUSED enum tarn_status tarn__transaction_settle_partitions(struct tarn_transaction *transaction, struct tarn_error *err);
/** Adds a file that is written already; its texts are copied. */
TARN_WARN_UNUSED enum tarn_status tarn__transaction_add_file(struct tarn_transaction *transaction, const struct tarn__staged_file *file,
                                                             struct tarn_error *err);
/** Takes a file of the base snapshot out. */
TARN_WARN_UNUSED enum tarn_status tarn__transaction_remove_index(struct tarn_transaction *transaction, uint32_t index,
                                                                 struct tarn_error *err);

#endif
