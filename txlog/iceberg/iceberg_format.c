/* SPDX-License-Identifier: Apache-2.0
 *
 * Apache Iceberg behind the interface of table formats.
 */
#include "txlog/iceberg/iceberg_format.h"

#include "txlog/iceberg/iceberg_statistics.h"
#include "txlog/iceberg/iceberg_value.h"
#include "txlog/iceberg/iceberg_write.h"

const struct tarn__table_format tarn__iceberg_format = {
    .name = "iceberg",
    .data_folder = "data/",
    .has_metadata_files = true,
    .keeps_partition_columns = true,
    .detect = tarn__iceberg_detect,
    .load = tarn__iceberg_load,
    .history = tarn__iceberg_history,
    .bounds = tarn__iceberg_statistics_bounds,
    .statistics_text = tarn__iceberg_statistics_text,
    .admit = tarn__iceberg_admit,
    .begin = tarn__iceberg_begin,
    .create = tarn__iceberg_create,
    .statistics = tarn__iceberg_statistics_make,
    .partition = tarn__iceberg_partition,
    .partition_values = tarn__iceberg_partition_values,
    .partition_text = tarn__iceberg_partition_text,
    .folder_name = tarn__iceberg_folder_escape,
    .null_folder = "null",
    .publish = tarn__iceberg_publish,
    .judge = tarn__iceberg_judge,
    .settle = tarn__iceberg_settle,
    .app_version = tarn__iceberg_newest_app_version,
    .end = tarn__iceberg_end,
    .restore = tarn__iceberg_restore,
    .verify = tarn__iceberg_verify,
};
