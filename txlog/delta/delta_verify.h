/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_VERIFY_H
#define TARN_TXLOG_DELTA_DELTA_VERIFY_H

#include "txlog/core/table_format.h"

/** Every commit of the log read and parsed, and the state from each checkpoint compared with the one from commits. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_verify(const struct tarn_snapshot *snapshot,
                                                     void (*fn)(void *arg, const struct tarn_finding *finding), void *arg,
                                                     struct tarn_error *err);

#endif
