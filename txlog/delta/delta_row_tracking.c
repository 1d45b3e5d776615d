/* SPDX-License-Identifier: Apache-2.0
 *
 * Row ids and row commit versions, on the side of writers. SPEC: T-DELTA-ROWS-1 to T-DELTA-ROWS-6.
 *
 * Specification: Delta PROTOCOL.md, "Row Tracking".
 *
 * Invariants
 *  1. No id is given twice: ids begin behind the mark of the newest version below, and the mark never goes down.
 *  2. What is given depends on that version and on the files alone: an attempt that was lost leaves nothing behind.
 */
#include "txlog/delta/delta_row_tracking.h"

#include "format/base/bytes.h"
#include "txlog/delta/delta_state.h"

static struct tarn_text property(const struct tarn__delta_metadata *metadata, struct tarn_text key)
{
    for (uint32_t i = 0; i < metadata->property_count; i++) {
        if (tarn__text_equal(metadata->properties[i].key, key)) {
            return metadata->properties[i].value;
        }
    }
    return (struct tarn_text){"", 0};
}

bool tarn__delta_numbers_rows(const struct tarn__delta_protocol *protocol, const struct tarn__delta_metadata *metadata)
{
    return tarn__delta_protocol_has_writer(protocol, TARN_TEXT("rowTracking")) &&
           !tarn__text_equal(property(metadata, TARN_TEXT("delta.rowTrackingSuspended")), TARN_TEXT("true"));
}

bool tarn__delta_keeps_row_ids(const struct tarn__delta_protocol *protocol, const struct tarn__delta_metadata *metadata)
{
    return tarn__delta_numbers_rows(protocol, metadata) &&
           tarn__text_equal(property(metadata, TARN_TEXT("delta.enableRowTracking")), TARN_TEXT("true"));
}

void tarn__delta_row_numbers_begin(struct tarn__delta_row_numbers *numbers, const struct tarn_transaction *transaction,
                                   const struct tarn__delta_protocol *protocol, const struct tarn__delta_metadata *metadata)
{
    *numbers = (struct tarn__delta_row_numbers){
        .given = tarn__delta_numbers_rows(protocol, metadata),
        .before = transaction->row_id_mark,
        .mark = transaction->row_id_mark,
        .version = transaction->made,
    };
}

enum tarn_status tarn__delta_assign_row_ids(struct tarn__delta_row_numbers *numbers, int64_t rows, struct tarn__file_extra *extra,
                                            struct tarn_error *err)
{
    if (!numbers->given) {
        return TARN_OK;
    }
    extra->row_version = extra->row_version >= 0 ? extra->row_version : numbers->version;
    if (rows < 0) {
        return extra->first_row_id >= 0
                   ? TARN_OK
                   : tarn__invalid(err, "row_count", "a file without a number of rows cannot be added to a table whose rows have ids");
    }
    if (extra->first_row_id < 0) {
        extra->first_row_id = numbers->mark + 1;
    }
    if (rows > INT64_MAX - extra->first_row_id) {
        return tarn__error_set(err, TARN_LIMIT, "row_ids", "the table has given out all ids that rows can have");
    }
    const int64_t last = extra->first_row_id + rows - 1;
    numbers->mark = last > numbers->mark ? last : numbers->mark;
    return TARN_OK;
}

const char *tarn__delta_rows_preserved(const struct tarn_transaction *transaction, const struct tarn__delta_protocol *protocol,
                                       const struct tarn__delta_metadata *metadata)
{
    if (!tarn__delta_keeps_row_ids(protocol, metadata) || (transaction->removed_count == 0 && !transaction->rearranges)) {
        return NULL;
    }
    return transaction->removes_all || !transaction->rows_new ? "true" : "false";
}
