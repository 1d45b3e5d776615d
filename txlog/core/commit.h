/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_COMMIT_H
#define TARN_TXLOG_CORE_COMMIT_H

#include "txlog/core/transaction.h"

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
