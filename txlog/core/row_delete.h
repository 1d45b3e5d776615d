/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_ROW_DELETE_H
#define TARN_TXLOG_CORE_ROW_DELETE_H

#include "txlog/core/transaction.h"

/*
 * Rows that a transaction deletes in files that stay: each such file gets a new deletion vector. Part of a transaction, and as
 * single-threaded.
 */

/** The deletion in a file of the base, or NULL. */
struct tarn__row_deletion *tarn__row_deletion_of(const struct tarn_transaction *transaction, uint32_t file);

/** Forgets the deletion in a file, which goes as a whole. */
void tarn__row_deletion_drop(struct tarn_transaction *transaction, uint32_t file);

/**
 * Builds a deletion on what someone who came first has left of its file: `before` (NULL: nothing was deleted; its texts must live as long
 * as the transaction) with the rows `theirs`. The vector is then written anew, unless nothing is left of the file. Errors: NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__row_deletion_rebase(struct tarn_transaction *transaction, struct tarn__row_deletion *deletion,
                                                            const struct tarn__deletion_vector *before, const struct tarn__roaring *theirs,
                                                            struct tarn_error *err);

/** Frees all of them. */
void tarn__row_deletions_free(struct tarn_transaction *transaction);

#endif
