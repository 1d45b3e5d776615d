/* SPDX-License-Identifier: Apache-2.0
 *
 * Apache Iceberg behind the interface of table formats.
 */
#include "txlog/iceberg/iceberg_format.h"

#include "txlog/iceberg/iceberg_statistics.h"
#include "txlog/iceberg/iceberg_value.h"

static enum tarn_status refuse(struct tarn_error *err)
{
    return tarn__unsupported(err, "table.format", "this build reads Iceberg tables and does not write them");
}

static enum tarn_status admit(const struct tarn_snapshot *snapshot, bool removes, struct tarn_error *err)
{
    (void)snapshot;
    (void)removes;
    return refuse(err);
}

static enum tarn_status begin(struct tarn_transaction *transaction, struct tarn_error *err)
{
    (void)transaction;
    return refuse(err);
}

static enum tarn_status create(struct tarn_snapshot *snapshot, const struct tarn_table_create_options *options, struct tarn_error *err)
{
    (void)snapshot;
    (void)options;
    return refuse(err);
}

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
    .admit = admit,
    .begin = begin,
    .create = create,
    .statistics = tarn__iceberg_statistics_make,
    .folder_name = tarn__iceberg_folder_escape,
    .null_folder = "null",
    .verify = tarn__iceberg_verify,
};
