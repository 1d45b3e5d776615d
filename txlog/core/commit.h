/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_COMMIT_H
#define TARN_TXLOG_CORE_COMMIT_H

#include "txlog/core/transaction.h"

/** Frees the transaction; nothing in the store is touched. */
void tarn__transaction_free(struct tarn_transaction *transaction);
/** Removes every file that was staged: only when it is known that no version names them. */
void tarn__transaction_drop_staged(struct tarn_transaction *transaction);
/** Takes a file of the base snapshot out. */
TARN_WARN_UNUSED enum tarn_status tarn__transaction_remove_index(struct tarn_transaction *transaction, uint32_t index,
                                                                 struct tarn_error *err);

#endif
