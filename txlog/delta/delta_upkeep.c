/* SPDX-License-Identifier: Apache-2.0
 *
 * What Delta does to keep its log.
 */
#include "txlog/delta/delta_upkeep.h"

#include "txlog/delta/delta_checkpoint_write.h"
#include "txlog/delta/delta_seal.h"

const struct tarn__table_upkeep tarn__delta_upkeep = {
    .checkpoint = tarn__delta_checkpoint_write,
    .compact_log = tarn__delta_compact_log,
    .clean_log = tarn__delta_clean_log,
    .check = tarn__delta_check,
    .verify_chain = tarn__delta_verify_chain,
    .usage = tarn__delta_usage,
};
