/* SPDX-License-Identifier: Apache-2.0
 *
 * Delta Lake behind the interface of table formats.
 */
#include "txlog/delta/delta_format.h"

#include "format/base/bytes.h"
#include "txlog/delta/delta_changes.h"
#include "txlog/delta/delta_clean.h"
#include "txlog/delta/delta_clone.h"
#include "txlog/delta/delta_deletion_vector.h"
#include "txlog/delta/delta_layout.h"
#include "txlog/delta/delta_load.h"
#include "txlog/delta/delta_partition.h"
#include "txlog/delta/delta_path.h"
#include "txlog/delta/delta_refresh.h"
#include "txlog/delta/delta_state.h"
#include "txlog/delta/delta_statistics.h"
#include "txlog/delta/delta_upkeep.h"
#include "txlog/delta/delta_verify.h"
#include "txlog/delta/delta_write.h"

static enum tarn_status note_any(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *err)
{
    (void)info;
    struct tarn_text name = {key.data + sizeof(TARN_DELTA_LOG) - 1, key.size - (sizeof(TARN_DELTA_LOG) - 1)};
    if (name.size > 20 && name.data[20] == '.' && name.data[0] == '0') {
        *(bool *)arg = true;
        return tarn__error_set(err, TARN_CANCELLED, "found", "found"); /* ends the listing; not seen by anyone */
    }
    return TARN_OK;
}

static enum tarn_status detect(struct tarn_store *store, bool *is, struct tarn_error *err)
{
    *is = false;
    struct tarn_error local = TARN_ERROR_INIT;
    const enum tarn_status status = tarn_store_list(store, TARN_TEXT(TARN_DELTA_LOG), (struct tarn_text){"", 0}, note_any, is, &local);
    if (status != TARN_OK && !*is) {
        if (err != NULL) {
            *err = local;
        }
        return status;
    }
    return TARN_OK;
}

static enum tarn_status partition_text(const struct tarn__partition_field *field, const struct tarn_value *value,
                                       struct tarn_text_builder *out, struct tarn_error *err)
{
    (void)field;
    return tarn__delta_value_print(value, out, err);
}

const struct tarn__table_format tarn__delta_format = {
    .name = "delta",
    .data_folder = "",
    .detect = detect,
    .load = tarn__delta_load,
    .look = tarn__delta_look,
    .advance = tarn__delta_advance,
    .history = tarn__delta_history,
    .changes = tarn__delta_changes,
    .bounds = tarn__delta_statistics_bounds,
    .deleted_rows = tarn__delta_vector_load,
    .admit = tarn__delta_protocol_admit_write,
    .begin = tarn__delta_begin,
    .create = tarn__delta_create,
    .statistics = tarn__delta_statistics_print,
    .partition = tarn__delta_partition,
    .partition_values = tarn__delta_partition_values,
    .partition_text = partition_text,
    .partition_value = tarn__delta_value_parse,
    .folder_name = tarn__delta_path_escape_name,
    .null_folder = "__HIVE_DEFAULT_PARTITION__",
    .may_delete_rows = tarn__delta_may_delete_rows,
    .records_changes = tarn__delta_records_changes,
    .change_folder = TARN_DELTA_CHANGE_DATA,
    .publish = tarn__delta_publish,
    .judge = tarn__delta_judge,
    .app_version = tarn__delta_app_version,
    .settle = tarn__delta_settle,
    .alter = tarn__delta_alter,
    .number = tarn__delta_number,
    .restore = tarn__delta_restore,
    .clean = tarn__delta_clean,
    .cleaned = tarn__delta_cleaned,
    .is_hidden = tarn__delta_is_hidden,
    .file_retention = tarn__delta_file_retention,
    .clone = tarn__delta_clone,
    .clone_state = tarn__delta_clone_state,
    .cloned_from = tarn__delta_cloned_from,
    .vector_key = tarn__delta_vector_key,
    .layout = tarn__delta_layout,
    .layout_tags = tarn__delta_layout_tags,
    .has_layout = tarn__delta_has_layout,
    .target_size = tarn__delta_target_size,
    .verify = tarn__delta_verify,
    .upkeep = &tarn__delta_upkeep,
};
