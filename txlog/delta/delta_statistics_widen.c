/* SPDX-License-Identifier: Apache-2.0
 *
 * Statistics of a file of which rows are deleted: the same, said to be wide.
 *
 * Specification: Delta PROTOCOL.md, "Per-file Statistics": tightBounds, and numRecords, which must be there and is the number of rows that
 * the file holds.
 */
#include "format/base/bytes.h"
#include "format/json/json_print.h"
#include "format/json/json_pull.h"
#include "txlog/delta/delta_statistics.h"

/* The members that stay as they are. */
static enum tarn_status copy_members(struct tarn_json *json, struct tarn_json_printer *out, struct tarn_error *err)
{
    bool is_null = false;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, &is_null, err));
    for (bool more = !is_null; more;) {
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            break;
        }
        if (tarn__json_is(json, "numRecords") || tarn__json_is(json, "tightBounds")) {
            TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
            continue;
        }
        struct tarn_text raw;
        tarn__json_print_key(out, json->text);
        TARN_RETURN_IF_ERROR(tarn__json_raw(json, &raw, err));
        tarn__json_print_raw(out, raw);
    }
    return TARN_OK;
}

static void begin(struct tarn_json_printer *printer, uint64_t rows, struct tarn_text_builder *out)
{
    tarn__json_printer_init(printer, out);
    tarn__json_print_begin_object(printer);
    tarn__json_print_key(printer, TARN_TEXT("numRecords"));
    tarn__json_print_int64(printer, (int64_t)rows);
}

static void end(struct tarn_json_printer *printer)
{
    tarn__json_print_key(printer, TARN_TEXT("tightBounds"));
    tarn__json_print_bool(printer, false);
    tarn__json_print_end_object(printer);
}

enum tarn_status tarn__delta_statistics_widen(struct tarn_env *env, struct tarn_text statistics, uint64_t rows,
                                              struct tarn_text_builder *out, struct tarn_error *err)
{
    struct tarn_json_printer printer;
    const size_t before = out->size;
    enum tarn_status status = TARN_OK;
    begin(&printer, rows, out);
    if (statistics.size != 0) {
        struct tarn_json json;
        tarn__json_open(&json, &(struct tarn_json_pull_options){.env = env, .failure = TARN_CORRUPT}, statistics);
        status = copy_members(&json, &printer, err);
        tarn__json_close(&json);
    }
    if (status == TARN_CORRUPT) { /* statistics that are none say nothing of the columns */
        out->size = out->failed ? out->size : before;
        begin(&printer, rows, out);
        status = TARN_OK;
    }
    end(&printer);
    return status == TARN_OK ? tarn__builder_status(out, err) : status;
}
