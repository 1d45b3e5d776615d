/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_ROW_TRACKING_H
#define TARN_TXLOG_DELTA_DELTA_ROW_TRACKING_H

#include "txlog/core/transaction.h"
#include "txlog/delta/delta_action.h"

/*
 * Row tracking: ids of rows that outlive the files they are in.
 *
 * Every added file is given ids for its rows from the table's mark on, and the version that adds it. The numbers are given out while a
 * commit is encoded, from the newest version known then: another attempt gives out others.
 */
#define TARN_DELTA_ROW_TRACKING "delta.rowTracking"

/** Do added files get ids? The protocol decides, whether or not the ids are kept when rows are copied. */
bool tarn__delta_numbers_rows(const struct tarn__delta_protocol *protocol, const struct tarn__delta_metadata *metadata);
/** Do rows keep their ids? */
bool tarn__delta_keeps_row_ids(const struct tarn__delta_protocol *protocol, const struct tarn__delta_metadata *metadata);
/** The numbers that an attempt gives out. */
struct tarn__delta_row_numbers {
    bool given;      /* files get them */
    int64_t before;  /* the mark of the version below; -1: none */
    int64_t mark;    /* the highest id that was given */
    int64_t version; /* that is made */
};

void tarn__delta_row_numbers_begin(struct tarn__delta_row_numbers *numbers, const struct tarn_transaction *transaction,
                                   const struct tarn__delta_protocol *protocol, const struct tarn__delta_metadata *metadata);
/**
 * Ids for the rows of one more file, into `extra`, unless it has them. `rows` -1: not known. Errors: INVALID row_count, LIMIT row_ids.
 */
TARN_WARN_UNUSED enum tarn_status tarn__delta_assign_row_ids(struct tarn__delta_row_numbers *numbers, int64_t rows,
                                                             struct tarn__file_extra *extra, struct tarn_error *err);
/** The mark that the domain's configuration says; -1: none. */
int64_t tarn__delta_row_id_mark(struct tarn_env *env, struct tarn_text configuration);
/** "true" or "false" for commitInfo's tag: did the rows that stay keep their ids? NULL: there is nothing to say. */
const char *tarn__delta_rows_preserved(const struct tarn_transaction *transaction, const struct tarn__delta_protocol *protocol,
                                       const struct tarn__delta_metadata *metadata);

#endif
