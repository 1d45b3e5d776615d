/* SPDX-License-Identifier: Apache-2.0
 *
 * The table formats there are, in the order in which a folder is asked for them.
 */
#include "txlog/core/table_format.h"
#include "txlog/delta/delta_format.h"
#include "txlog/iceberg/iceberg_format.h"

const struct tarn__table_format *const tarn__table_formats[] = {&tarn__delta_format, &tarn__iceberg_format, NULL};
