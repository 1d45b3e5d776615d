/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_QUERY_DML_CHANGE_RECORD_H
#define TARN_QUERY_DML_CHANGE_RECORD_H

#include "query/query_state.h"

/*
 * The changes of a DELETE or UPDATE, recorded for those who follow the table (tarn_transaction_change_sink): a row that goes, or what a
 * row was and what it has become. The rows are those of a source for which the statement's predicate is true.
 *
 * Ownership: borrows the query and the transaction. Threads: single.
 */
struct tarn__change_record;

TARN_WARN_UNUSED enum tarn_status tarn__change_record_open(struct tarn_query *query, struct tarn_transaction *transaction, bool is_update,
                                                           struct tarn__change_record **out, struct tarn_error *err);
/** Records the matching rows of a source, of which there are so many (UINT64_MAX: not known). */
TARN_WARN_UNUSED enum tarn_status tarn__change_record_rows(struct tarn__change_record *record, struct tarn_source *source, uint64_t matched,
                                                           struct tarn_error *err);
/** Stages the files. */
TARN_WARN_UNUSED enum tarn_status tarn__change_record_finish(struct tarn__change_record *record, struct tarn_error *err);
/** Frees; what was not finished is dropped. Before the transaction ends. NULL is legal. */
void tarn__change_record_close(struct tarn__change_record *record);

#endif
