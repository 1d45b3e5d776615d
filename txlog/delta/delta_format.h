/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_FORMAT_H
#define TARN_TXLOG_DELTA_DELTA_FORMAT_H

#include "txlog/core/table_format.h"

/* Delta Lake as a table format: its log is the folder _delta_log. */
extern const struct tarn__table_format tarn__delta_format;

#endif
