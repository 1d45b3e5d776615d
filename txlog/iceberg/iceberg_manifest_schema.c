/* SPDX-License-Identifier: Apache-2.0
 *
 * The schemas of manifests and manifest lists, printed from one table in two languages.
 *
 * Specification: Iceberg, "Manifests", "Manifest Lists", appendix A. SPEC: T-ICEBERG-MANIFEST-WRITE-1, T-ICEBERG-MANIFEST-WRITE-2.
 */
#include "txlog/iceberg/iceberg_manifest_schema.h"

#include <stdio.h>

#include "format/base/decimal.h"
#include "format/base/utf8.h"
#include "format/json/json_print.h"
#include "txlog/iceberg/iceberg_schema.h"

enum field_kind { FIELD_BOOLEAN, FIELD_INT, FIELD_LONG, FIELD_STRING, FIELD_BINARY, FIELD_MAP, FIELD_LIST, FIELD_RECORD, FIELD_PARTITION };

struct field_row {
    int32_t id;
    const char *name;
    enum field_kind kind;
    bool required;
    const char *doc;       /* NULL: none */
    int32_t inner_id;      /* of a map's key, a list's element */
    int32_t value_id;      /* of a map's value */
    enum field_kind inner; /* of a map's value, a list's element */
    const char *record;    /* of a record, or a list of records: its Avro name */
    const struct field_row *rows;
    uint32_t row_count;
};

/* What is printed: the rows, and where they say PARTITION, these fields. */
struct printing {
    uint32_t field_count;
    const struct tarn__iceberg_manifest_field *fields;
    struct tarn_json_printer avro;
    struct tarn_json_printer iceberg;
};

#define ROW(field_id, field_name, field_kind, is_required, text)                                                                           \
    {                                                                                                                                      \
        .id = (field_id), .name = (field_name), .kind = (field_kind), .required = (is_required), .doc = (text)                             \
    }
#define ROWS(table) .rows = (table), .row_count = sizeof(table) / sizeof((table)[0])
#define COUNTS(key, value) .kind = FIELD_MAP, .inner_id = (key), .value_id = (value), .inner = FIELD_LONG
#define BOUNDS(key, value) .kind = FIELD_MAP, .inner_id = (key), .value_id = (value), .inner = FIELD_BINARY

static const struct field_row file_rows[] = {
    ROW(134, "content", FIELD_INT, true, "Contents of the file: 0=data, 1=position deletes, 2=equality deletes"),
    ROW(100, "file_path", FIELD_STRING, true, "Location URI with FS scheme"),
    ROW(101, "file_format", FIELD_STRING, true, "File format name: avro, orc, or parquet"),
    ROW(102, "partition", FIELD_PARTITION, true, "Partition data tuple, schema based on the partition spec"),
    ROW(103, "record_count", FIELD_LONG, true, "Number of records in the file"),
    ROW(104, "file_size_in_bytes", FIELD_LONG, true, "Total file size in bytes"),
    {108, "column_sizes", .doc = "Map of column id to total size on disk", COUNTS(117, 118)},
    {109, "value_counts", .doc = "Map of column id to total count, including null and NaN", COUNTS(119, 120)},
    {110, "null_value_counts", .doc = "Map of column id to null value count", COUNTS(121, 122)},
    {137, "nan_value_counts", .doc = "Map of column id to number of NaN values in the column", COUNTS(138, 139)},
    {125, "lower_bounds", .doc = "Map of column id to lower bound", BOUNDS(126, 127)},
    {128, "upper_bounds", .doc = "Map of column id to upper bound", BOUNDS(129, 130)},
    ROW(131, "key_metadata", FIELD_BINARY, false, "Encryption key metadata blob"),
    {132, "split_offsets", FIELD_LIST, false, "Splittable offsets", .inner_id = 133, .inner = FIELD_LONG},
    {135, "equality_ids", FIELD_LIST, false, "Equality comparison field IDs", .inner_id = 136, .inner = FIELD_INT},
    ROW(140, "sort_order_id", FIELD_INT, false, "Sort order ID"),
    ROW(143, "referenced_data_file", FIELD_STRING, false,
        "Fully qualified location (URI with FS scheme) of a data file that all deletes reference"),
};

static const struct field_row entry_rows[] = {
    ROW(0, "status", FIELD_INT, true, NULL),
    ROW(1, "snapshot_id", FIELD_LONG, false, NULL),
    ROW(3, "sequence_number", FIELD_LONG, false, NULL),
    ROW(4, "file_sequence_number", FIELD_LONG, false, NULL),
    {2, "data_file", FIELD_RECORD, true, NULL, .record = "r2", ROWS(file_rows)},
};

static const struct field_row summary_rows[] = {
    ROW(509, "contains_null", FIELD_BOOLEAN, true, "True if any file has a null partition value"),
    ROW(518, "contains_nan", FIELD_BOOLEAN, false, "True if any file has a nan partition value"),
    ROW(510, "lower_bound", FIELD_BINARY, false, "Partition lower bound for all files"),
    ROW(511, "upper_bound", FIELD_BINARY, false, "Partition upper bound for all files"),
};

static const struct field_row list_rows[] = {
    ROW(500, "manifest_path", FIELD_STRING, true, "Location URI with FS scheme"),
    ROW(501, "manifest_length", FIELD_LONG, true, "Total file size in bytes"),
    ROW(502, "partition_spec_id", FIELD_INT, true, "Spec ID used to write"),
    ROW(517, "content", FIELD_INT, true, "Contents of the manifest: 0=data, 1=deletes"),
    ROW(515, "sequence_number", FIELD_LONG, true, "Sequence number when the manifest was added"),
    ROW(516, "min_sequence_number", FIELD_LONG, true, "Lowest sequence number in the manifest"),
    ROW(503, "added_snapshot_id", FIELD_LONG, true, "Snapshot ID that added the manifest"),
    ROW(504, "added_files_count", FIELD_INT, true, "Added entry count"),
    ROW(505, "existing_files_count", FIELD_INT, true, "Existing entry count"),
    ROW(506, "deleted_files_count", FIELD_INT, true, "Deleted entry count"),
    ROW(512, "added_rows_count", FIELD_LONG, true, "Added rows count"),
    ROW(513, "existing_rows_count", FIELD_LONG, true, "Existing rows count"),
    ROW(514, "deleted_rows_count", FIELD_LONG, true, "Deleted rows count"),
    {507, "partitions", FIELD_LIST, false, "Summary for each partition", .inner_id = 508, .inner = FIELD_RECORD, .record = "r508",
     ROWS(summary_rows)},
    ROW(519, "key_metadata", FIELD_BINARY, false, "Encryption key metadata blob"),
};

static const char *avro_word(enum field_kind kind)
{
    static const char *const words[] = {"boolean", "int", "long", "string", "bytes"};
    return words[kind];
}

static const char *iceberg_word(enum field_kind kind)
{
    static const char *const words[] = {"boolean", "int", "long", "string", "binary"};
    return words[kind];
}

static void member(struct tarn_json_printer *json, const char *key, const char *text)
{
    tarn__json_print_key(json, tarn__text_of(key));
    tarn__json_print_str(json, text);
}

static void member_int(struct tarn_json_printer *json, const char *key, int64_t number)
{
    tarn__json_print_key(json, tarn__text_of(key));
    tarn__json_print_int64(json, number);
}

/* ---- partition tuples ---- */

void tarn__iceberg_avro_name(struct tarn_text name, struct tarn_text_builder *out)
{
    for (size_t at = 0; at < name.size;) {
        uint32_t point;
        const size_t size = tarn__utf8_decode(name, at, &point);
        const bool letter = (point | 0x20) >= 'a' && (point | 0x20) <= 'z' && point < 0x80;
        const bool digit = point >= '0' && point <= '9';
        char text[32];
        if (letter || point == '_' || (digit && at != 0)) {
            tarn__builder_add_char(out, (char)point);
        } else if (digit) {
            tarn__builder_add_char(out, '_');
            tarn__builder_add_char(out, (char)point);
        } else if (point < 0x10000) {
            tarn__builder_add_bytes(out, text, (size_t)snprintf(text, sizeof(text), "_x%X", (unsigned)point));
        } else { /* Java's characters are halves of surrogate pairs */
            const unsigned high = 0xd800 + ((point - 0x10000) >> 10);
            const unsigned low = 0xdc00 + ((point - 0x10000) & 0x3ff);
            tarn__builder_add_bytes(out, text, (size_t)snprintf(text, sizeof(text), "_x%X_x%X", high, low));
        }
        at += size != 0 ? size : 1;
    }
}

/*
 * A fixed of that name. Avro has names defined once, and Java then refers to the first definition; PyIceberg does not read that, so a
 * second one gets a name of its own: the id of its field behind it (`again`; 0: it is the first).
 */
static void print_fixed(struct tarn_json_printer *json, const char *name, uint32_t size, int32_t again, const struct tarn_type *type)
{
    char own[64];
    if (again != 0) {
        snprintf(own, sizeof(own), "%s_%d", name, (int)again);
        name = own;
    }
    tarn__json_print_begin_object(json);
    member(json, "type", "fixed");
    member(json, "name", name);
    member_int(json, "size", size);
    if (type->id == TARN_TYPE_UUID) {
        member(json, "logicalType", "uuid");
    } else if (type->id == TARN_TYPE_DECIMAL) {
        member(json, "logicalType", "decimal");
        member_int(json, "precision", type->precision);
        member_int(json, "scale", type->scale);
    }
    tarn__json_print_end_object(json);
}

static void print_annotated(struct tarn_json_printer *json, const char *word, const char *logical, const struct tarn_type *timestamp)
{
    tarn__json_print_begin_object(json);
    member(json, "type", word);
    member(json, "logicalType", logical);
    if (timestamp != NULL) {
        tarn__json_print_key(json, TARN_TEXT("adjust-to-utc"));
        tarn__json_print_bool(json, timestamp->utc);
    }
    tarn__json_print_end_object(json);
}

/* False: no partition value has this type. `again`: the field's id when a field before has the type too. */
static bool print_partition_type(struct tarn_json_printer *json, const struct tarn_type *type, int32_t again)
{
    char name[48];
    switch (type->id) {
    case TARN_TYPE_BOOL:
        tarn__json_print_str(json, "boolean");
        return true;
    case TARN_TYPE_I32:
        tarn__json_print_str(json, "int");
        return true;
    case TARN_TYPE_I64:
        tarn__json_print_str(json, "long");
        return true;
    case TARN_TYPE_F32:
        tarn__json_print_str(json, "float");
        return true;
    case TARN_TYPE_F64:
        tarn__json_print_str(json, "double");
        return true;
    case TARN_TYPE_STRING:
        tarn__json_print_str(json, "string");
        return true;
    case TARN_TYPE_BINARY:
    case TARN_TYPE_FIXED: /* Iceberg Java reads bytes whatever stands here: with a fixed nobody reads what others write */
        tarn__json_print_str(json, "bytes");
        return true;
    case TARN_TYPE_DATE:
        print_annotated(json, "int", "date", NULL);
        return true;
    case TARN_TYPE_TIME:
        print_annotated(json, "long", "time-micros", NULL);
        return type->unit == TARN_MICRO;
    case TARN_TYPE_TIMESTAMP:
        print_annotated(json, "long", "timestamp-micros", type);
        return type->unit == TARN_MICRO && !type->wide;
    case TARN_TYPE_UUID:
        print_fixed(json, "uuid_fixed", 16, again, type);
        return true;
    case TARN_TYPE_DECIMAL:
        if (type->precision < 1 || type->precision > TARN_DECIMAL128_DIGITS) {
            return false;
        }
        snprintf(name, sizeof(name), "decimal_%d_%d", (int)type->precision, (int)type->scale);
        print_fixed(json, name, tarn__decimal_width((unsigned)type->precision), again, type);
        return true;
    default:
        return false;
    }
}

static void print_partition_name(struct tarn_json_printer *json, struct tarn_text name, bool *changed)
{
    struct tarn_text_builder clean;
    tarn__builder_init(&clean, json->out->env);
    tarn__iceberg_avro_name(name, &clean);
    tarn__json_print_string(json, tarn__builder_text(&clean));
    *changed = !tarn__text_equal(tarn__builder_text(&clean), name);
    json->out->failed = json->out->failed || clean.failed;
    tarn__builder_free(&clean);
}

static bool seen_before(const struct printing *printing, uint32_t field)
{
    for (uint32_t i = 0; i < field; i++) {
        if (tarn_type_equal(printing->fields[i].type, printing->fields[field].type)) {
            return true;
        }
    }
    return false;
}

static enum tarn_status print_partition(struct printing *printing, struct tarn_error *err)
{
    struct tarn_json_printer *avro = &printing->avro;
    struct tarn_json_printer *iceberg = &printing->iceberg;
    tarn__json_print_begin_object(avro);
    member(avro, "type", "record");
    member(avro, "name", "r102");
    tarn__json_print_key(avro, TARN_TEXT("fields"));
    tarn__json_print_begin_array(avro);
    tarn__json_print_begin_object(iceberg);
    member(iceberg, "type", "struct");
    tarn__json_print_key(iceberg, TARN_TEXT("fields"));
    tarn__json_print_begin_array(iceberg);
    for (uint32_t i = 0; i < printing->field_count; i++) {
        const struct tarn__iceberg_manifest_field *field = &printing->fields[i];
        bool changed;
        tarn__json_print_begin_object(avro);
        tarn__json_print_key(avro, TARN_TEXT("name"));
        print_partition_name(avro, field->name, &changed);
        tarn__json_print_key(avro, TARN_TEXT("type"));
        tarn__json_print_begin_array(avro);
        tarn__json_print_str(avro, "null");
        if (field->type == NULL || !print_partition_type(avro, field->type, seen_before(printing, i) ? field->id : 0)) {
            return tarn__invalid(err, "partition_type", "partition field %.*s is of a type that no partition value has",
                                 TARN_TEXT_ARG(field->name));
        }
        tarn__json_print_end_array(avro);
        tarn__json_print_key(avro, TARN_TEXT("default"));
        tarn__json_print_null(avro);
        if (changed) {
            tarn__json_print_key(avro, TARN_TEXT("iceberg-field-name"));
            tarn__json_print_string(avro, field->name);
        }
        member_int(avro, "field-id", field->id);
        tarn__json_print_end_object(avro);
        tarn__json_print_begin_object(iceberg);
        member_int(iceberg, "id", field->id);
        tarn__json_print_key(iceberg, TARN_TEXT("name"));
        tarn__json_print_string(iceberg, field->name);
        tarn__json_print_key(iceberg, TARN_TEXT("required"));
        tarn__json_print_bool(iceberg, false);
        tarn__json_print_key(iceberg, TARN_TEXT("type"));
        tarn__iceberg_type_print(field->type, iceberg);
        tarn__json_print_end_object(iceberg);
    }
    tarn__json_print_end_array(avro);
    tarn__json_print_end_object(avro);
    tarn__json_print_end_array(iceberg);
    tarn__json_print_end_object(iceberg);
    return TARN_OK;
}

/* ---- rows ---- */

static enum tarn_status print_rows(struct printing *printing, const struct field_row *rows, uint32_t count, struct tarn_error *err);

static enum tarn_status print_record(struct printing *printing, const struct field_row *row, struct tarn_error *err)
{
    tarn__json_print_begin_object(&printing->avro);
    member(&printing->avro, "type", "record");
    member(&printing->avro, "name", row->record);
    tarn__json_print_begin_object(&printing->iceberg);
    member(&printing->iceberg, "type", "struct");
    TARN_RETURN_IF_ERROR(print_rows(printing, row->rows, row->row_count, err));
    tarn__json_print_end_object(&printing->avro);
    tarn__json_print_end_object(&printing->iceberg);
    return TARN_OK;
}

static void print_map(struct printing *printing, const struct field_row *row)
{
    struct tarn_json_printer *avro = &printing->avro;
    struct tarn_json_printer *iceberg = &printing->iceberg;
    char name[32];
    snprintf(name, sizeof(name), "k%d_v%d", (int)row->inner_id, (int)row->value_id);
    tarn__json_print_begin_object(avro);
    member(avro, "type", "array");
    tarn__json_print_key(avro, TARN_TEXT("items"));
    tarn__json_print_begin_object(avro);
    member(avro, "type", "record");
    member(avro, "name", name);
    tarn__json_print_key(avro, TARN_TEXT("fields"));
    tarn__json_print_begin_array(avro);
    for (int value = 0; value < 2; value++) {
        tarn__json_print_begin_object(avro);
        member(avro, "name", value != 0 ? "value" : "key");
        member(avro, "type", value != 0 ? avro_word(row->inner) : "int");
        member_int(avro, "field-id", value != 0 ? row->value_id : row->inner_id);
        tarn__json_print_end_object(avro);
    }
    tarn__json_print_end_array(avro);
    tarn__json_print_end_object(avro);
    member(avro, "logicalType", "map");
    tarn__json_print_end_object(avro);
    tarn__json_print_begin_object(iceberg);
    member(iceberg, "type", "map");
    member_int(iceberg, "key-id", row->inner_id);
    member(iceberg, "key", "int");
    member_int(iceberg, "value-id", row->value_id);
    member(iceberg, "value", iceberg_word(row->inner));
    tarn__json_print_key(iceberg, TARN_TEXT("value-required"));
    tarn__json_print_bool(iceberg, true);
    tarn__json_print_end_object(iceberg);
}

static enum tarn_status print_list(struct printing *printing, const struct field_row *row, struct tarn_error *err)
{
    struct tarn_json_printer *avro = &printing->avro;
    struct tarn_json_printer *iceberg = &printing->iceberg;
    tarn__json_print_begin_object(avro);
    member(avro, "type", "array");
    tarn__json_print_key(avro, TARN_TEXT("items"));
    tarn__json_print_begin_object(iceberg);
    member(iceberg, "type", "list");
    member_int(iceberg, "element-id", row->inner_id);
    tarn__json_print_key(iceberg, TARN_TEXT("element"));
    if (row->inner == FIELD_RECORD) {
        TARN_RETURN_IF_ERROR(print_record(printing, row, err));
    } else {
        tarn__json_print_str(avro, avro_word(row->inner));
        tarn__json_print_str(iceberg, iceberg_word(row->inner));
    }
    member_int(avro, "element-id", row->inner_id);
    tarn__json_print_end_object(avro);
    tarn__json_print_key(iceberg, TARN_TEXT("element-required"));
    tarn__json_print_bool(iceberg, true);
    tarn__json_print_end_object(iceberg);
    return TARN_OK;
}

static enum tarn_status print_type(struct printing *printing, const struct field_row *row, struct tarn_error *err)
{
    switch (row->kind) {
    case FIELD_MAP:
        print_map(printing, row);
        return TARN_OK;
    case FIELD_LIST:
        return print_list(printing, row, err);
    case FIELD_RECORD:
        return print_record(printing, row, err);
    case FIELD_PARTITION:
        return print_partition(printing, err);
    default:
        tarn__json_print_str(&printing->avro, avro_word(row->kind));
        tarn__json_print_str(&printing->iceberg, iceberg_word(row->kind));
        return TARN_OK;
    }
}

static enum tarn_status print_row(struct printing *printing, const struct field_row *row, struct tarn_error *err)
{
    struct tarn_json_printer *avro = &printing->avro;
    struct tarn_json_printer *iceberg = &printing->iceberg;
    tarn__json_print_begin_object(avro);
    member(avro, "name", row->name);
    tarn__json_print_key(avro, TARN_TEXT("type"));
    tarn__json_print_begin_object(iceberg);
    member_int(iceberg, "id", row->id);
    member(iceberg, "name", row->name);
    tarn__json_print_key(iceberg, TARN_TEXT("required"));
    tarn__json_print_bool(iceberg, row->required);
    tarn__json_print_key(iceberg, TARN_TEXT("type"));
    if (!row->required) {
        tarn__json_print_begin_array(avro);
        tarn__json_print_str(avro, "null");
    }
    TARN_RETURN_IF_ERROR(print_type(printing, row, err));
    if (!row->required) {
        tarn__json_print_end_array(avro);
    }
    if (row->doc != NULL) {
        member(avro, "doc", row->doc);
        member(iceberg, "doc", row->doc);
    }
    if (!row->required) {
        tarn__json_print_key(avro, TARN_TEXT("default"));
        tarn__json_print_null(avro);
    }
    member_int(avro, "field-id", row->id);
    tarn__json_print_end_object(avro);
    tarn__json_print_end_object(iceberg);
    return TARN_OK;
}

static enum tarn_status print_rows(struct printing *printing, const struct field_row *rows, uint32_t count, struct tarn_error *err)
{
    tarn__json_print_key(&printing->avro, TARN_TEXT("fields"));
    tarn__json_print_begin_array(&printing->avro);
    tarn__json_print_key(&printing->iceberg, TARN_TEXT("fields"));
    tarn__json_print_begin_array(&printing->iceberg);
    for (uint32_t i = 0; i < count; i++) {
        TARN_RETURN_IF_ERROR(print_row(printing, &rows[i], err));
    }
    tarn__json_print_end_array(&printing->avro);
    tarn__json_print_end_array(&printing->iceberg);
    return TARN_OK;
}

static enum tarn_status print_root(struct printing *printing, const char *name, const struct field_row *rows, uint32_t count,
                                   struct tarn_text_builder *avro, struct tarn_text_builder *iceberg, struct tarn_error *err)
{
    tarn__json_printer_init(&printing->avro, avro);
    tarn__json_printer_init(&printing->iceberg, iceberg);
    tarn__json_print_begin_object(&printing->avro);
    member(&printing->avro, "type", "record");
    member(&printing->avro, "name", name);
    tarn__json_print_begin_object(&printing->iceberg);
    member(&printing->iceberg, "type", "struct");
    member_int(&printing->iceberg, "schema-id", 0);
    TARN_RETURN_IF_ERROR(print_rows(printing, rows, count, err));
    tarn__json_print_end_object(&printing->avro);
    tarn__json_print_end_object(&printing->iceberg);
    return TARN_OK;
}

enum tarn_status tarn__iceberg_manifest_schemas(uint32_t field_count, const struct tarn__iceberg_manifest_field *fields,
                                                struct tarn_text_builder *avro, struct tarn_text_builder *iceberg, struct tarn_error *err)
{
    struct printing printing = {.field_count = field_count, .fields = fields};
    TARN_RETURN_IF_ERROR(
        print_root(&printing, "manifest_entry", entry_rows, sizeof(entry_rows) / sizeof(entry_rows[0]), avro, iceberg, err));
    TARN_RETURN_IF_ERROR(tarn__builder_status(avro, err));
    return tarn__builder_status(iceberg, err);
}

enum tarn_status tarn__iceberg_manifest_list_schemas(struct tarn_text_builder *avro, struct tarn_text_builder *iceberg,
                                                     struct tarn_error *err)
{
    struct printing printing = {.field_count = 0};
    TARN_RETURN_IF_ERROR(print_root(&printing, "manifest_file", list_rows, sizeof(list_rows) / sizeof(list_rows[0]), avro, iceberg, err));
    TARN_RETURN_IF_ERROR(tarn__builder_status(avro, err));
    return tarn__builder_status(iceberg, err);
}
