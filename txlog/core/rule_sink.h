/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_RULE_SINK_H
#define TARN_TXLOG_CORE_RULE_SINK_H

#include "tarn/alter.h"
#include "txlog/core/transaction.h"

/** Of copied rows: columns that are made anew where the table generates them. */
struct tarn__copied_columns {
    uint32_t made_count;
    const uint32_t *made;
};

/**
 * A sink in front of `inner` that makes rows whole by what the table says about its columns, and proves what it says about rows. Takes
 * `inner` over, also when it fails. What the inner sink has behind the table's columns rows have behind theirs. `copied`: the rows are
 * others of the table, so that numbers that they bring are theirs; NULL: they are new.
 */
TARN_WARN_UNUSED enum tarn_status tarn__rule_sink_open(struct tarn_transaction *transaction, const struct tarn_rows_options *rows,
                                                       const struct tarn__copied_columns *copied, struct tarn_sink *inner,
                                                       struct tarn_sink **out, struct tarn_error *err);

/** The rule about a column, or NULL. */
const struct tarn__row_rule *tarn__snapshot_rule(const struct tarn_snapshot *snapshot, uint32_t column);

#endif
