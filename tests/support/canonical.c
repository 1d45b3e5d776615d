/* SPDX-License-Identifier: Apache-2.0
 * Canonical rows: what two readers of one file must agree on, digit by digit.
 */
#include "tests/support/canonical.h"

#include <stdio.h>
#include <stdlib.h>

#include "format/base/alloc.h"
#include "format/base/datetime.h"
#include "format/base/decimal.h"
#include "format/base/number.h"
#include "format/base/utf8.h"
#include "format/batch/half.h"
#include "format/batch/row_text.h"
#include "format/batch/vector.h"

static void print_text(struct tarn_json_printer *printer, const char *text, size_t size)
{
    tarn__json_print_string(printer, (struct tarn_text){text, size});
}

static void print_decimal(struct tarn_json_printer *printer, const struct tarn_vector *vector, uint32_t row)
{
    const struct tarn_value value = tarn__vector_value(vector, row);
    const unsigned scale = (unsigned)vector->type->scale;
    char text[TARN_DECIMAL_TEXT];
    struct tarn_i256 wide;
    const enum tarn_kind kind = tarn_type_kind(vector->type);
    if (kind == TARN_KIND_I32 || kind == TARN_KIND_I64) {
        wide = tarn__i256_of(value.u.i64);
    } else {
        memcpy(wide.words, value.u.words, sizeof(wide.words));
    }
    print_text(printer, text, tarn__decimal256_print(wide, scale, text));
}

static void print_uuid(struct tarn_json_printer *printer, struct tarn_text bytes)
{
    char text[37];
    size_t at = 0;
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text[at++] = '-';
        }
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%02x", (unsigned char)bytes.data[i]);
    }
    print_text(printer, text, at);
}

static void print_interval(struct tarn_json_printer *printer, struct tarn_text bytes)
{
    const uint8_t *data = (const uint8_t *)bytes.data;
    tarn__json_print_begin_object(printer);
    tarn__json_print_key(printer, TARN_TEXT("months"));
    tarn__json_print_uint64(printer, tarn__load32(data));
    tarn__json_print_key(printer, TARN_TEXT("days"));
    tarn__json_print_uint64(printer, tarn__load32(data + 4));
    tarn__json_print_key(printer, TARN_TEXT("millis"));
    tarn__json_print_uint64(printer, tarn__load64(data + 8) / 1000000);
    tarn__json_print_end_object(printer);
}

/* A time outside of its day stays what it is: -03:51:39.000, 24:00:00.000. */
static size_t print_time_of_day(int64_t ticks, unsigned digits, char *text)
{
    const uint64_t size = ticks < 0 ? 0 - (uint64_t)ticks : (uint64_t)ticks;
    const uint64_t per_second = (uint64_t)tarn__ticks_per_second(digits);
    const uint64_t seconds = size / per_second;
    int length = snprintf(text, TARN_DATETIME_TEXT, "%s%02llu:%02llu:%02llu", ticks < 0 ? "-" : "", (unsigned long long)(seconds / 3600),
                          (unsigned long long)(seconds / 60 % 60), (unsigned long long)(seconds % 60));
    if (digits != 0) {
        length +=
            snprintf(text + length, (size_t)(TARN_DATETIME_TEXT - length), ".%0*llu", (int)digits, (unsigned long long)(size % per_second));
    }
    return (size_t)length;
}

static void print_time(struct tarn_json_printer *printer, const struct tarn_vector *vector, uint32_t row)
{
    const struct tarn_type *type = vector->type;
    const unsigned digits = (unsigned)type->unit * 3;
    const struct tarn_value value = tarn__vector_value(vector, row);
    char text[TARN_DATETIME_TEXT];
    size_t size;
    if (type->id == TARN_TYPE_DATE) {
        size = tarn__date_print(value.u.i64, text);
    } else if (type->id == TARN_TYPE_TIME) {
        size = print_time_of_day(value.u.i64, digits, text);
    } else if (type->wide) {
        const tarn_i128 nanos = (tarn_i128)((tarn_u128)value.u.words[1] << 64 | value.u.words[0]);
        size = tarn__timestamp_print_wide(nanos, digits, type->utc ? TARN_TIMESTAMP_JSON_UTC : TARN_TIMESTAMP_JSON, text);
    } else {
        size = tarn__timestamp_print(value.u.i64, digits, type->utc ? TARN_TIMESTAMP_JSON_UTC : TARN_TIMESTAMP_JSON, text);
    }
    print_text(printer, text, size);
}

static void print_bytes(struct tarn_json_printer *printer, const struct tarn_type *type, struct tarn_text bytes)
{
    const bool text = type->id == TARN_TYPE_STRING || type->id == TARN_TYPE_JSON || type->id == TARN_TYPE_ENUM;
    if (type->precision != 0) {
        struct tarn_text_builder number;
        tarn__builder_init(&number, printer->out->env);
        if (tarn__decimal_bytes_add(&number, tarn__span_of_text(bytes), (unsigned)type->scale)) {
            tarn__json_print_string(printer, tarn__builder_text(&number));
        } else {
            tarn__json_print_hex(printer, tarn__span_of_text(bytes));
        }
        tarn__builder_free(&number);
    } else if (type->id == TARN_TYPE_UUID) {
        print_uuid(printer, bytes);
    } else if (type->id == TARN_TYPE_INTERVAL) {
        print_interval(printer, bytes);
    } else if (text && tarn__utf8_is_valid(bytes)) {
        tarn__json_print_string(printer, bytes);
    } else {
        tarn__json_print_hex(printer, tarn__span_of_text(bytes));
    }
}

static void print_value(struct tarn_json_printer *printer, const struct tarn_vector *vector, uint32_t row, enum tarn_text_style style);

static void print_list(struct tarn_json_printer *printer, const struct tarn_vector *vector, uint32_t row, enum tarn_text_style style)
{
    const uint64_t end = tarn__vector_offset(vector, row + 1);
    tarn__json_print_begin_array(printer);
    for (uint64_t i = tarn__vector_offset(vector, row); i < end; i++) {
        if (vector->child_count == 1 || vector->children[1]->type->id == TARN_TYPE_NULL) {
            print_value(printer, vector->children[0], (uint32_t)i, style);
            continue;
        }
        tarn__json_print_begin_array(printer);
        print_value(printer, vector->children[0], (uint32_t)i, style);
        print_value(printer, vector->children[1], (uint32_t)i, style);
        tarn__json_print_end_array(printer);
    }
    tarn__json_print_end_array(printer);
}

static void print_struct(struct tarn_json_printer *printer, const struct tarn_vector *vector, uint32_t row, enum tarn_text_style style)
{
    tarn__json_print_begin_object(printer);
    for (uint32_t i = 0; i < vector->child_count; i++) {
        tarn__json_print_key(printer, vector->type->fields[i].name);
        print_value(printer, vector->children[i], row, style);
    }
    tarn__json_print_end_object(printer);
}

static void print_variant(struct tarn_json_printer *printer, const struct tarn_vector *vector, uint32_t row, enum tarn_text_style style)
{
    struct tarn_text_builder text;
    tarn__builder_init(&text, printer->out->env);
    tarn__row_text(&text, vector, row, style);
    tarn__json_print_raw(printer, tarn__builder_text(&text));
    printer->out->failed = printer->out->failed || text.failed;
    tarn__builder_free(&text);
}

static void print_scalar(struct tarn_json_printer *printer, const struct tarn_vector *vector, uint32_t row)
{
    const struct tarn_type *type = vector->type;
    const struct tarn_value value = tarn__vector_value(vector, row);
    switch (type->id) {
    case TARN_TYPE_DECIMAL:
        print_decimal(printer, vector, row);
        return;
    case TARN_TYPE_DATE:
    case TARN_TYPE_TIME:
    case TARN_TYPE_TIMESTAMP:
        print_time(printer, vector, row);
        return;
    default:
        break;
    }
    switch (tarn_type_kind(type)) {
    case TARN_KIND_BOOL:
        tarn__json_print_bool(printer, value.u.boolean);
        return;
    case TARN_KIND_I8:
    case TARN_KIND_I16:
    case TARN_KIND_I32:
    case TARN_KIND_I64:
        tarn__json_print_int64(printer, value.u.i64);
        return;
    case TARN_KIND_U8:
    case TARN_KIND_U16:
    case TARN_KIND_U32:
    case TARN_KIND_U64:
        tarn__json_print_uint64(printer, value.u.u64);
        return;
    case TARN_KIND_F16:
    case TARN_KIND_F32:
    case TARN_KIND_F64:
        tarn__json_print_double(printer, value.u.f64);
        return;
    default:
        print_bytes(printer, type, value.u.bytes);
        return;
    }
}

static void print_value(struct tarn_json_printer *printer, const struct tarn_vector *vector, uint32_t row, enum tarn_text_style style)
{
    const struct tarn__vector_place place = tarn__vector_locate(vector, row);
    if (place.is_null) {
        tarn__json_print_null(printer);
    } else if (place.vector->shape == TARN_SHAPE_LIST) {
        print_list(printer, place.vector, place.row, style);
    } else if (place.vector->type->id == TARN_TYPE_VARIANT) {
        print_variant(printer, place.vector, place.row, style);
    } else if (place.vector->shape == TARN_SHAPE_STRUCT) {
        print_struct(printer, place.vector, place.row, style);
    } else {
        print_scalar(printer, place.vector, place.row);
    }
}

void tarn_canonical_value(struct tarn_json_printer *printer, const struct tarn_vector *vector, uint32_t row)
{
    print_value(printer, vector, row, TARN_STYLE_JSON);
}

static enum tarn_status print_task(struct tarn_cursor *cursor, const struct tarn_schema *schema, uint32_t batch_rows,
                                   enum tarn_text_style style, struct tarn_vector **columns, struct tarn_text_builder *out,
                                   struct tarn_error *err)
{
    for (;;) {
        uint32_t rows;
        TARN_RETURN_IF_ERROR(tarn_cursor_next(cursor, batch_rows, &rows, err));
        if (rows == 0) {
            return TARN_OK;
        }
        for (uint32_t c = 0; c < schema->field_count; c++) {
            TARN_RETURN_IF_ERROR(tarn_cursor_column(cursor, c, NULL, &columns[c], err));
            if (columns[c]->length != rows) {
                return tarn__internal(err, "a vector of %u rows in a window of %u", columns[c]->length, rows);
            }
        }
        for (uint32_t row = 0; row < rows; row++) {
            struct tarn_json_printer printer;
            tarn__json_printer_init(&printer, out);
            tarn__json_print_begin_object(&printer);
            for (uint32_t c = 0; c < schema->field_count; c++) {
                tarn__json_print_key(&printer, schema->fields[c].name);
                print_value(&printer, columns[c], row, style);
            }
            tarn__json_print_end_object(&printer);
            tarn__builder_add_char(out, '\n');
        }
    }
}

static enum tarn_status print_tasks(struct tarn_scan *scan, const struct tarn_schema *schema, uint32_t batch_rows,
                                    enum tarn_text_style style, struct tarn_vector **columns, struct tarn_text_builder *out,
                                    struct tarn_error *err)
{
    for (uint32_t task = 0; task < tarn_scan_task_count(scan); task++) {
        struct tarn_cursor *cursor;
        TARN_RETURN_IF_ERROR(tarn_scan_open(scan, task, &cursor, err));
        const enum tarn_status status = print_task(cursor, schema, batch_rows, style, columns, out, err);
        tarn_cursor_close(cursor);
        TARN_RETURN_IF_ERROR(status);
    }
    return TARN_OK;
}

static enum tarn_status print_source(struct tarn_source *source, uint32_t batch_rows, enum tarn_text_style style,
                                     struct tarn_text_builder *out, struct tarn_error *err)
{
    const struct tarn_schema *schema = tarn_source_schema(source);
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct tarn_scan *scan = NULL;
    struct tarn_path_step *steps = calloc(schema->field_count + 1u, sizeof(*steps));
    struct tarn_path *paths = calloc(schema->field_count + 1u, sizeof(*paths));
    struct tarn_vector **columns = calloc(schema->field_count + 1u, sizeof(struct tarn_vector *));
    for (uint32_t i = 0; i < schema->field_count; i++) {
        steps[i] = (struct tarn_path_step){TARN_PATH_POSITION, schema->fields[i].name, (int32_t)i};
        paths[i] = (struct tarn_path){1, &steps[i]};
    }
    request.path_count = schema->field_count;
    request.paths = paths;
    request.batch_rows = batch_rows;
    enum tarn_status status = tarn_source_scan(source, &request, &scan, err);
    if (status == TARN_OK) {
        status = print_tasks(scan, schema, batch_rows, style, columns, out, err);
    }
    tarn_scan_close(scan);
    free(steps);
    free(paths);
    free(columns);
    return status;
}

void tarn_canonical_batch(const struct tarn_batch *batch, struct tarn_text_builder *out)
{
    for (uint32_t row = 0; row < batch->length; row++) {
        struct tarn_json_printer printer;
        tarn__json_printer_init(&printer, out);
        tarn__json_print_begin_object(&printer);
        for (uint32_t i = 0; i < batch->column_count; i++) {
            tarn__json_print_key(&printer, batch->schema->fields[i].name);
            tarn_canonical_value(&printer, batch->columns[i], row);
        }
        tarn__json_print_end_object(&printer);
        tarn__builder_add_char(out, '\n');
    }
}

enum tarn_status tarn_canonical_rows(struct tarn_source *source, uint32_t batch_rows, struct tarn_text_builder *out, struct tarn_error *err)
{
    return print_source(source, batch_rows, TARN_STYLE_JSON, out, err);
}

enum tarn_status tarn_canonical_rows_stored(struct tarn_source *source, uint32_t batch_rows, struct tarn_text_builder *out,
                                            struct tarn_error *err)
{
    return print_source(source, batch_rows, TARN_STYLE_JSON_STORED, out, err);
}
