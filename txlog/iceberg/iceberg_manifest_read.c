/* SPDX-License-Identifier: Apache-2.0
 *
 * Manifests, read.
 *
 * Specification: Iceberg, "Manifests", "Manifest Entry Fields", "Data File Fields", "Sequence Number Inheritance", appendix A.
 * SPEC: T-ICEBERG-MANIFEST-1 to T-ICEBERG-MANIFEST-8.
 *
 * Invariants
 *  1. What kind of type each known field has is checked once, when the manifest is opened; entries then only read.
 *  2. An entry is reset before it is read: a field that the schema lacks has the value that says so.
 *  3. The arrays that an entry points at belong to the manifest and are filled anew by each entry.
 */
#include "txlog/iceberg/iceberg_manifest.h"

/* Field ids of entry and data file. */
enum {
    ID_STATUS = 0,
    ID_SNAPSHOT = 1,
    ID_DATA_FILE = 2,
    ID_SEQUENCE = 3,
    ID_FILE_SEQUENCE = 4,
    ID_PATH = 100,
    ID_FORMAT = 101,
    ID_PARTITION = 102,
    ID_RECORDS = 103,
    ID_SIZE = 104,
    ID_COLUMN_SIZES = 108,
    ID_VALUE_COUNTS = 109,
    ID_NULL_COUNTS = 110,
    ID_LOWER_BOUNDS = 125,
    ID_UPPER_BOUNDS = 128,
    ID_KEY_METADATA = 131,
    ID_SPLIT_OFFSETS = 132,
    ID_CONTENT = 134,
    ID_EQUALITY_IDS = 135,
    ID_NAN_COUNTS = 137,
    ID_SORT_ORDER = 140,
    ID_FIRST_ROW = 142,
    ID_REFERENCED_FILE = 143,
    ID_CONTENT_OFFSET = 144,
    ID_CONTENT_SIZE = 145,
};

enum { NEWEST_VERSION = 3, COUNT_MAPS = 4, BOUND_MAPS = 2 };

struct count_pool {
    struct tarn__iceberg_count *items;
    size_t capacity;
};

struct bound_pool {
    struct tarn__iceberg_bound *items;
    size_t capacity;
};

struct tarn__iceberg_manifest {
    struct tarn_env *env;
    struct tarn__avro_reader reader;
    const struct tarn__avro_type *data_file;
    struct tarn__iceberg_manifest_info info;
    unsigned skip;
    bool fixed_as_bytes; /* plain fixed partition values are stored as bytes: Iceberg Java does so against its own schema */
    struct tarn__iceberg_entry entry;
    struct count_pool counts[COUNT_MAPS];
    struct bound_pool bounds[BOUND_MAPS];
    struct tarn__iceberg_partition_value *partition;
    size_t partition_capacity;
    int64_t *offsets;
    size_t offset_capacity;
    int32_t *equality_ids;
    size_t equality_capacity;
};

/* ---- what the schema must be ---- */

enum shape { SHAPE_NUMBER, SHAPE_TEXT, SHAPE_BINARY, SHAPE_RECORD, SHAPE_NUMBERS, SHAPE_COUNTS, SHAPE_BOUNDS };

struct known_field {
    int32_t id;
    const char *name;
    enum shape shape;
    bool required;
};

static const struct known_field entry_fields[] = {
    {ID_STATUS, "status", SHAPE_NUMBER, true},
    {ID_SNAPSHOT, "snapshot_id", SHAPE_NUMBER, false},
    {ID_SEQUENCE, "sequence_number", SHAPE_NUMBER, false},
    {ID_FILE_SEQUENCE, "file_sequence_number", SHAPE_NUMBER, false},
    {ID_DATA_FILE, "data_file", SHAPE_RECORD, true},
};

static const struct known_field file_fields[] = {
    {ID_CONTENT, "content", SHAPE_NUMBER, false},
    {ID_PATH, "file_path", SHAPE_TEXT, true},
    {ID_FORMAT, "file_format", SHAPE_TEXT, true},
    {ID_PARTITION, "partition", SHAPE_RECORD, false},
    {ID_RECORDS, "record_count", SHAPE_NUMBER, true},
    {ID_SIZE, "file_size_in_bytes", SHAPE_NUMBER, true},
    {ID_COLUMN_SIZES, "column_sizes", SHAPE_COUNTS, false},
    {ID_VALUE_COUNTS, "value_counts", SHAPE_COUNTS, false},
    {ID_NULL_COUNTS, "null_value_counts", SHAPE_COUNTS, false},
    {ID_NAN_COUNTS, "nan_value_counts", SHAPE_COUNTS, false},
    {ID_LOWER_BOUNDS, "lower_bounds", SHAPE_BOUNDS, false},
    {ID_UPPER_BOUNDS, "upper_bounds", SHAPE_BOUNDS, false},
    {ID_KEY_METADATA, "key_metadata", SHAPE_BINARY, false},
    {ID_SPLIT_OFFSETS, "split_offsets", SHAPE_NUMBERS, false},
    {ID_EQUALITY_IDS, "equality_ids", SHAPE_NUMBERS, false},
    {ID_SORT_ORDER, "sort_order_id", SHAPE_NUMBER, false},
    {ID_FIRST_ROW, "first_row_id", SHAPE_NUMBER, false},
    {ID_REFERENCED_FILE, "referenced_data_file", SHAPE_TEXT, false},
    {ID_CONTENT_OFFSET, "content_offset", SHAPE_NUMBER, false},
    {ID_CONTENT_SIZE, "content_size_in_bytes", SHAPE_NUMBER, false},
};

static bool is_number(const struct tarn__avro_type *type)
{
    return type->kind == TARN_AVRO_INT || type->kind == TARN_AVRO_LONG;
}

/* Iceberg's maps with keys that are no strings: arrays of (key, value). */
static bool is_map_to(const struct tarn__avro_type *type, bool to_bytes)
{
    const struct tarn__avro_type *pair = type->kind == TARN_AVRO_ARRAY ? type->element : NULL;
    return pair != NULL && pair->kind == TARN_AVRO_RECORD && pair->count == 2 && is_number(pair->fields[0].type) &&
           (to_bytes ? pair->fields[1].type->kind == TARN_AVRO_BYTES : is_number(pair->fields[1].type));
}

static bool has_shape(const struct tarn__avro_type *type, enum shape shape)
{
    switch (shape) {
    case SHAPE_NUMBER:
        return is_number(type);
    case SHAPE_TEXT:
        return type->kind == TARN_AVRO_STRING;
    case SHAPE_BINARY:
        return type->kind == TARN_AVRO_BYTES;
    case SHAPE_RECORD:
        return type->kind == TARN_AVRO_RECORD;
    case SHAPE_NUMBERS:
        return type->kind == TARN_AVRO_ARRAY && is_number(type->element);
    default:
        return is_map_to(type, shape == SHAPE_BOUNDS);
    }
}

static enum tarn_status check_fields(const struct tarn__avro_type *record, const struct known_field *known, size_t count,
                                     struct tarn_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const int32_t at = tarn__avro_field_by_id(record, known[i].id);
        if (at < 0) {
            if (known[i].required) {
                return tarn__corrupt(err, "iceberg.manifest", "the manifest's schema has no field %d (%s)", (int)known[i].id,
                                     known[i].name);
            }
            continue;
        }
        for (uint32_t behind = (uint32_t)at + 1; behind < record->count; behind++) {
            if (record->fields[behind].id == known[i].id) {
                return tarn__corrupt(err, "iceberg.manifest", "field %d (%s) stands twice in the manifest's schema", (int)known[i].id,
                                     known[i].name);
            }
        }
        bool optional;
        const struct tarn__avro_type *type = tarn__avro_required(record->fields[at].type, &optional);
        if (type == NULL || (!has_shape(type, known[i].shape) && (type->kind != TARN_AVRO_NULL || known[i].required))) {
            return tarn__corrupt(err, "iceberg.manifest", "field %d (%s) of the manifest's schema has another type than it must have",
                                 (int)known[i].id, known[i].name);
        }
    }
    return TARN_OK;
}

static enum tarn_status check_partition(const struct tarn__avro_type *record, bool *has_fixed, struct tarn_error *err)
{
    for (uint32_t i = 0; i < record->count; i++) {
        bool optional;
        const struct tarn__avro_type *type = tarn__avro_required(record->fields[i].type, &optional);
        if (type == NULL || type->kind >= TARN_AVRO_ENUM) {
            return tarn__corrupt(err, "iceberg.manifest", "field %d of the manifest's partition tuple has a type that no partition has",
                                 (int)record->fields[i].id);
        }
        *has_fixed = *has_fixed || (type->kind == TARN_AVRO_FIXED && type->logical == TARN_AVRO_PLAIN);
    }
    return TARN_OK;
}

/* ---- what the manifest says of itself ---- */

static int32_t number_of(const struct tarn__avro_reader *reader, const char *key)
{
    struct tarn_text text;
    int64_t number;
    if (!tarn__avro_metadata(reader, tarn__text_of(key), &text) || tarn__int64_parse(text, &number) != TARN_PARSED || number < 0 ||
        number > INT32_MAX) {
        return -1;
    }
    return (int32_t)number;
}

static enum tarn_status read_info(struct tarn__iceberg_manifest *manifest, struct tarn_error *err)
{
    struct tarn__iceberg_manifest_info *info = &manifest->info;
    struct tarn_text content;
    info->format_version = number_of(&manifest->reader, "format-version");
    info->format_version = info->format_version < 1 ? 1 : info->format_version;
    if (info->format_version > NEWEST_VERSION) {
        return tarn__unsupported(err, "iceberg.format_version", "the manifest is of format version %d; up to %d is read",
                                 (int)info->format_version, NEWEST_VERSION);
    }
    info->schema_id = number_of(&manifest->reader, "schema-id");
    info->spec_id = number_of(&manifest->reader, "partition-spec-id");
    tarn__avro_metadata(&manifest->reader, TARN_TEXT("schema"), &info->schema);
    tarn__avro_metadata(&manifest->reader, TARN_TEXT("partition-spec"), &info->partition_spec);
    if (tarn__avro_metadata(&manifest->reader, TARN_TEXT("content"), &content) && tarn__text_equal(content, TARN_TEXT("deletes"))) {
        info->content = TARN_ICEBERG_DELETE_MANIFEST;
    }
    return TARN_OK;
}

/* ---- entries ---- */

static enum tarn_status bad_entry(const struct tarn__iceberg_manifest *manifest, struct tarn_error *err, const char *what)
{
    return tarn__avro_fail(&manifest->reader, err, "iceberg.manifest", "%s", what);
}

/* A number within the bounds; absent when it is null and `has` is given. */
static enum tarn_status read_number(struct tarn__iceberg_manifest *manifest, const struct tarn__avro_type *type, int64_t least,
                                    int64_t most, bool *has, int64_t *out, struct tarn_error *err)
{
    const struct tarn__avro_type *actual;
    TARN_RETURN_IF_ERROR(tarn__avro_branch(&manifest->reader, type, &actual, err));
    const bool is_null = actual == NULL || actual->kind == TARN_AVRO_NULL;
    if (has != NULL) {
        *has = !is_null;
    }
    if (is_null) {
        return has != NULL ? TARN_OK : bad_entry(manifest, err, "a number that every entry has is null");
    }
    TARN_RETURN_IF_ERROR(tarn__avro_long(&manifest->reader, out, err));
    if (*out < least || *out > most) {
        *out = 0;
        return bad_entry(manifest, err, "a number of an entry is out of its range");
    }
    return TARN_OK;
}

/* The same for a number that stands in 32 bits or has -1 for none. */
static enum tarn_status read_small(struct tarn__iceberg_manifest *manifest, const struct tarn__avro_type *type, int32_t *out,
                                   struct tarn_error *err)
{
    int64_t number = -1;
    bool has;
    TARN_RETURN_IF_ERROR(read_number(manifest, type, INT32_MIN, INT32_MAX, &has, &number, err));
    *out = has && number >= 0 ? (int32_t)number : -1;
    return TARN_OK;
}

static enum tarn_status read_large(struct tarn__iceberg_manifest *manifest, const struct tarn__avro_type *type, int64_t *out,
                                   struct tarn_error *err)
{
    bool has;
    int64_t number = -1;
    TARN_RETURN_IF_ERROR(read_number(manifest, type, INT64_MIN, INT64_MAX, &has, &number, err));
    *out = has && number >= 0 ? number : -1;
    return TARN_OK;
}

static enum tarn_status read_text(struct tarn__iceberg_manifest *manifest, const struct tarn__avro_type *type, bool required,
                                  struct tarn_text *out, struct tarn_error *err)
{
    const struct tarn__avro_type *actual;
    TARN_RETURN_IF_ERROR(tarn__avro_branch(&manifest->reader, type, &actual, err));
    if (actual == NULL || actual->kind == TARN_AVRO_NULL) {
        return required ? bad_entry(manifest, err, "a text that every entry has is null") : TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__avro_string(&manifest->reader, out, err));
    return required && out->size == 0 ? bad_entry(manifest, err, "a text that every entry has is empty") : TARN_OK;
}

static enum tarn_status no_memory(const struct tarn__iceberg_manifest *manifest, size_t bytes, struct tarn_error *err)
{
    return tarn__nomem(manifest->env, err, bytes);
}

/* Whether an array or map follows, or null. */
static enum tarn_status begin_items(struct tarn__iceberg_manifest *manifest, const struct tarn__avro_type **type, bool *is_there,
                                    struct tarn_error *err)
{
    const struct tarn__avro_type *actual;
    TARN_RETURN_IF_ERROR(tarn__avro_branch(&manifest->reader, *type, &actual, err));
    *is_there = actual != NULL && actual->kind != TARN_AVRO_NULL;
    *type = actual;
    return TARN_OK;
}

static enum tarn_status read_counts(struct tarn__iceberg_manifest *manifest, const struct tarn__avro_type *type, struct count_pool *pool,
                                    struct tarn__iceberg_counts *out, struct tarn_error *err)
{
    struct tarn__avro_reader *reader = &manifest->reader;
    uint64_t more = 0;
    size_t size = 0;
    TARN_RETURN_IF_ERROR(begin_items(manifest, &type, &out->is_there, err));
    while (out->is_there) {
        TARN_RETURN_IF_ERROR(tarn__avro_items(reader, type, &more, err));
        if (more == 0) {
            break;
        }
        if (!tarn__grow(manifest->env, &pool->items, &pool->capacity, size + more, sizeof(*pool->items))) {
            return no_memory(manifest, (size + more) * sizeof(*pool->items), err);
        }
        for (; more != 0; more--, size++) {
            TARN_RETURN_IF_ERROR(tarn__avro_int(reader, &pool->items[size].field_id, err));
            TARN_RETURN_IF_ERROR(tarn__avro_long(reader, &pool->items[size].count, err));
        }
    }
    out->size = (uint32_t)size; /* items take at least two of a block's 2^30 bytes */
    out->items = pool->items;
    return TARN_OK;
}

static enum tarn_status read_bounds(struct tarn__iceberg_manifest *manifest, const struct tarn__avro_type *type, struct bound_pool *pool,
                                    struct tarn__iceberg_bounds *out, struct tarn_error *err)
{
    struct tarn__avro_reader *reader = &manifest->reader;
    uint64_t more = 0;
    size_t size = 0;
    TARN_RETURN_IF_ERROR(begin_items(manifest, &type, &out->is_there, err));
    while (out->is_there) {
        TARN_RETURN_IF_ERROR(tarn__avro_items(reader, type, &more, err));
        if (more == 0) {
            break;
        }
        if (!tarn__grow(manifest->env, &pool->items, &pool->capacity, size + more, sizeof(*pool->items))) {
            return no_memory(manifest, (size + more) * sizeof(*pool->items), err);
        }
        for (; more != 0; more--, size++) {
            TARN_RETURN_IF_ERROR(tarn__avro_int(reader, &pool->items[size].field_id, err));
            TARN_RETURN_IF_ERROR(tarn__avro_bytes(reader, &pool->items[size].bytes, err));
        }
    }
    out->size = (uint32_t)size;
    out->items = pool->items;
    return TARN_OK;
}

static enum tarn_status read_offsets(struct tarn__iceberg_manifest *manifest, const struct tarn__avro_type *type, struct tarn_error *err)
{
    struct tarn__iceberg_data_file *file = &manifest->entry.file;
    uint64_t more = 0;
    size_t size = 0;
    TARN_RETURN_IF_ERROR(begin_items(manifest, &type, &file->has_split_offsets, err));
    while (file->has_split_offsets) {
        TARN_RETURN_IF_ERROR(tarn__avro_items(&manifest->reader, type, &more, err));
        if (more == 0) {
            break;
        }
        if (!tarn__grow(manifest->env, &manifest->offsets, &manifest->offset_capacity, size + more, sizeof(int64_t))) {
            return no_memory(manifest, (size + more) * sizeof(int64_t), err);
        }
        for (; more != 0; more--, size++) {
            TARN_RETURN_IF_ERROR(tarn__avro_long(&manifest->reader, &manifest->offsets[size], err));
        }
    }
    file->split_offset_count = (uint32_t)size;
    file->split_offsets = manifest->offsets;
    return TARN_OK;
}

/* Some writers declare them long. */
static enum tarn_status read_equality_ids(struct tarn__iceberg_manifest *manifest, const struct tarn__avro_type *type,
                                          struct tarn_error *err)
{
    struct tarn__iceberg_data_file *file = &manifest->entry.file;
    uint64_t more = 0;
    size_t size = 0;
    TARN_RETURN_IF_ERROR(begin_items(manifest, &type, &file->has_equality_ids, err));
    while (file->has_equality_ids) {
        TARN_RETURN_IF_ERROR(tarn__avro_items(&manifest->reader, type, &more, err));
        if (more == 0) {
            break;
        }
        if (!tarn__grow(manifest->env, &manifest->equality_ids, &manifest->equality_capacity, size + more, sizeof(int32_t))) {
            return no_memory(manifest, (size + more) * sizeof(int32_t), err);
        }
        for (; more != 0; more--, size++) {
            TARN_RETURN_IF_ERROR(tarn__avro_int(&manifest->reader, &manifest->equality_ids[size], err));
        }
    }
    file->equality_id_count = (uint32_t)size;
    file->equality_ids = manifest->equality_ids;
    return TARN_OK;
}

static enum tarn_status read_key_metadata(struct tarn__iceberg_manifest *manifest, const struct tarn__avro_type *type,
                                          struct tarn_error *err)
{
    struct tarn__iceberg_data_file *file = &manifest->entry.file;
    const struct tarn__avro_type *actual;
    TARN_RETURN_IF_ERROR(tarn__avro_branch(&manifest->reader, type, &actual, err));
    file->has_key_metadata = actual != NULL && actual->kind != TARN_AVRO_NULL;
    return file->has_key_metadata ? tarn__avro_bytes(&manifest->reader, &file->key_metadata, err) : TARN_OK;
}

/* ---- partition tuples ---- */

static enum tarn_status read_fixed(struct tarn__iceberg_manifest *manifest, const struct tarn__avro_type *type, struct tarn_span *out,
                                   struct tarn_error *err)
{
    if (!manifest->fixed_as_bytes || type->logical != TARN_AVRO_PLAIN) {
        return tarn__avro_fixed(&manifest->reader, type->size, out, err);
    }
    TARN_RETURN_IF_ERROR(tarn__avro_bytes(&manifest->reader, out, err));
    return out->size == type->size ? TARN_OK : bad_entry(manifest, err, "a fixed partition value has another size than its type");
}

static enum tarn_status read_partition_value(struct tarn__iceberg_manifest *manifest, const struct tarn__avro_type *type,
                                             struct tarn__iceberg_partition_value *out, struct tarn_error *err)
{
    struct tarn__avro_reader *reader = &manifest->reader;
    const struct tarn__avro_type *actual;
    struct tarn_text text;
    float single;
    bool truth;
    TARN_RETURN_IF_ERROR(tarn__avro_branch(reader, type, &actual, err));
    if (actual == NULL || actual->kind == TARN_AVRO_NULL) {
        return TARN_OK;
    }
    out->kind = actual->kind;
    out->logical = actual->logical;
    out->stored = TARN_ICEBERG_INTEGER;
    switch (actual->kind) {
    case TARN_AVRO_BOOLEAN:
        TARN_RETURN_IF_ERROR(tarn__avro_bool(reader, &truth, err));
        out->integer = truth;
        return TARN_OK;
    case TARN_AVRO_INT:
    case TARN_AVRO_LONG:
        return tarn__avro_long(reader, &out->integer, err);
    case TARN_AVRO_FLOAT:
        out->stored = TARN_ICEBERG_REAL;
        TARN_RETURN_IF_ERROR(tarn__avro_float(reader, &single, err));
        out->real = (double)single;
        return TARN_OK;
    case TARN_AVRO_DOUBLE:
        out->stored = TARN_ICEBERG_REAL;
        return tarn__avro_double(reader, &out->real, err);
    case TARN_AVRO_STRING:
        out->stored = TARN_ICEBERG_BYTES;
        TARN_RETURN_IF_ERROR(tarn__avro_string(reader, &text, err));
        out->bytes = tarn__span_of_text(text);
        return TARN_OK;
    case TARN_AVRO_BYTES:
        out->stored = TARN_ICEBERG_BYTES;
        return tarn__avro_bytes(reader, &out->bytes, err);
    default:
        out->stored = TARN_ICEBERG_BYTES;
        return read_fixed(manifest, actual, &out->bytes, err);
    }
}

static enum tarn_status read_partition(struct tarn__iceberg_manifest *manifest, const struct tarn__avro_type *type, struct tarn_error *err)
{
    struct tarn__iceberg_data_file *file = &manifest->entry.file;
    const struct tarn__avro_type *record;
    TARN_RETURN_IF_ERROR(tarn__avro_branch(&manifest->reader, type, &record, err));
    if (record == NULL || record->count == 0) {
        return TARN_OK;
    }
    if (!tarn__grow(manifest->env, &manifest->partition, &manifest->partition_capacity, record->count, sizeof(*manifest->partition))) {
        return no_memory(manifest, record->count * sizeof(*manifest->partition), err);
    }
    for (uint32_t i = 0; i < record->count; i++) {
        manifest->partition[i] = (struct tarn__iceberg_partition_value){.field_id = record->fields[i].id};
        TARN_RETURN_IF_ERROR(read_partition_value(manifest, record->fields[i].type, &manifest->partition[i], err));
    }
    file->partition = manifest->partition;
    file->partition_count = record->count;
    return TARN_OK;
}

static enum tarn_status read_file_field(struct tarn__iceberg_manifest *manifest, int32_t id, const struct tarn__avro_type *type,
                                        struct tarn_error *err)
{
    struct tarn__iceberg_data_file *file = &manifest->entry.file;
    const bool counts = (manifest->skip & TARN_ICEBERG_SKIP_COUNTS) == 0;
    const bool bounds = (manifest->skip & TARN_ICEBERG_SKIP_BOUNDS) == 0;
    const bool offsets = (manifest->skip & TARN_ICEBERG_SKIP_OFFSETS) == 0;
    struct tarn__avro_reader *reader = &manifest->reader;
    int64_t number = 0;
    bool has;
    switch (id) {
    case ID_CONTENT:
        TARN_RETURN_IF_ERROR(read_number(manifest, type, TARN_ICEBERG_DATA, TARN_ICEBERG_EQUALITY_DELETES, &has, &number, err));
        file->content = (enum tarn__iceberg_content)number;
        return TARN_OK;
    case ID_PATH:
        return read_text(manifest, type, true, &file->path, err);
    case ID_FORMAT:
        return read_text(manifest, type, true, &file->format, err);
    case ID_PARTITION:
        return read_partition(manifest, type, err);
    case ID_RECORDS:
        return read_number(manifest, type, 0, INT64_MAX, NULL, &file->record_count, err);
    case ID_SIZE:
        return read_number(manifest, type, 0, INT64_MAX, NULL, &file->size, err);
    case ID_COLUMN_SIZES:
        return counts ? read_counts(manifest, type, &manifest->counts[0], &file->column_sizes, err) : tarn__avro_skip(reader, type, err);
    case ID_VALUE_COUNTS:
        return counts ? read_counts(manifest, type, &manifest->counts[1], &file->value_counts, err) : tarn__avro_skip(reader, type, err);
    case ID_NULL_COUNTS:
        return counts ? read_counts(manifest, type, &manifest->counts[2], &file->null_counts, err) : tarn__avro_skip(reader, type, err);
    case ID_NAN_COUNTS:
        return counts ? read_counts(manifest, type, &manifest->counts[3], &file->nan_counts, err) : tarn__avro_skip(reader, type, err);
    case ID_LOWER_BOUNDS:
        return bounds ? read_bounds(manifest, type, &manifest->bounds[0], &file->lower_bounds, err) : tarn__avro_skip(reader, type, err);
    case ID_UPPER_BOUNDS:
        return bounds ? read_bounds(manifest, type, &manifest->bounds[1], &file->upper_bounds, err) : tarn__avro_skip(reader, type, err);
    case ID_KEY_METADATA:
        return read_key_metadata(manifest, type, err);
    case ID_SPLIT_OFFSETS:
        return offsets ? read_offsets(manifest, type, err) : tarn__avro_skip(reader, type, err);
    case ID_EQUALITY_IDS:
        return read_equality_ids(manifest, type, err);
    case ID_SORT_ORDER:
        return read_small(manifest, type, &file->sort_order_id, err);
    case ID_FIRST_ROW:
        return read_large(manifest, type, &file->first_row_id, err);
    case ID_REFERENCED_FILE:
        return read_text(manifest, type, false, &file->referenced_data_file, err);
    case ID_CONTENT_OFFSET:
        return read_large(manifest, type, &file->content_offset, err);
    case ID_CONTENT_SIZE:
        return read_large(manifest, type, &file->content_size, err);
    default:
        return tarn__avro_skip(reader, type, err);
    }
}

static enum tarn_status read_data_file(struct tarn__iceberg_manifest *manifest, const struct tarn__avro_type *type, struct tarn_error *err)
{
    const struct tarn__avro_type *record;
    TARN_RETURN_IF_ERROR(tarn__avro_branch(&manifest->reader, type, &record, err));
    if (record == NULL) {
        return bad_entry(manifest, err, "an entry has no data file");
    }
    for (uint32_t i = 0; i < record->count; i++) {
        TARN_RETURN_IF_ERROR(read_file_field(manifest, record->fields[i].id, record->fields[i].type, err));
    }
    return TARN_OK;
}

static enum tarn_status read_entry(struct tarn__iceberg_manifest *manifest, struct tarn_error *err)
{
    const struct tarn__avro_type *root = tarn__avro_root(&manifest->reader);
    struct tarn__iceberg_entry *entry = &manifest->entry;
    *entry = (struct tarn__iceberg_entry){.file = {.sort_order_id = -1, .first_row_id = -1, .content_offset = -1, .content_size = -1}};
    for (uint32_t i = 0; i < root->count; i++) {
        const struct tarn__avro_type *type = root->fields[i].type;
        int64_t number = 0;
        switch (root->fields[i].id) {
        case ID_STATUS:
            TARN_RETURN_IF_ERROR(read_number(manifest, type, TARN_ICEBERG_EXISTING, TARN_ICEBERG_DELETED, NULL, &number, err));
            entry->status = (enum tarn__iceberg_status)number;
            break;
        case ID_SNAPSHOT:
            TARN_RETURN_IF_ERROR(read_number(manifest, type, INT64_MIN, INT64_MAX, &entry->has_snapshot_id, &entry->snapshot_id, err));
            break;
        case ID_SEQUENCE:
            TARN_RETURN_IF_ERROR(read_number(manifest, type, 0, INT64_MAX, &entry->has_sequence_number, &entry->sequence_number, err));
            break;
        case ID_FILE_SEQUENCE:
            TARN_RETURN_IF_ERROR(
                read_number(manifest, type, 0, INT64_MAX, &entry->has_file_sequence_number, &entry->file_sequence_number, err));
            break;
        case ID_DATA_FILE:
            TARN_RETURN_IF_ERROR(read_data_file(manifest, type, err));
            break;
        default:
            TARN_RETURN_IF_ERROR(tarn__avro_skip(&manifest->reader, type, err));
            break;
        }
    }
    return TARN_OK;
}

enum tarn_status tarn__iceberg_manifest_next(struct tarn__iceberg_manifest *manifest, struct tarn__iceberg_entry **entry,
                                             struct tarn_error *err)
{
    bool more;
    *entry = NULL;
    TARN_RETURN_IF_ERROR(tarn__avro_next(&manifest->reader, &more, err));
    if (!more) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(read_entry(manifest, err));
    *entry = &manifest->entry;
    return TARN_OK;
}

/* ---- opening ---- */

static enum tarn_status check_schema(struct tarn__iceberg_manifest *manifest, bool *has_fixed, struct tarn_error *err)
{
    const struct tarn__avro_type *root = tarn__avro_root(&manifest->reader);
    bool optional;
    if (root->kind != TARN_AVRO_RECORD) {
        return tarn__corrupt(err, "iceberg.manifest", "the Avro file does not hold records: it is no manifest");
    }
    TARN_RETURN_IF_ERROR(check_fields(root, entry_fields, sizeof(entry_fields) / sizeof(entry_fields[0]), err));
    const int32_t at = tarn__avro_field_by_id(root, ID_DATA_FILE);
    const struct tarn__avro_type *file = tarn__avro_required(root->fields[at].type, &optional);
    TARN_RETURN_IF_ERROR(check_fields(file, file_fields, sizeof(file_fields) / sizeof(file_fields[0]), err));
    const int32_t partition = tarn__avro_field_by_id(file, ID_PARTITION);
    if (partition < 0) {
        return TARN_OK;
    }
    const struct tarn__avro_type *tuple = tarn__avro_required(file->fields[partition].type, &optional);
    return tuple->kind == TARN_AVRO_RECORD ? check_partition(tuple, has_fixed, err) : TARN_OK;
}

static enum tarn_status open_as(struct tarn_env *env, struct tarn_span file, unsigned skip, bool fixed_as_bytes, bool *has_fixed,
                                struct tarn__iceberg_manifest **out, struct tarn_error *err)
{
    *out = tarn__calloc(env, 1, sizeof(**out));
    if (*out == NULL) {
        return tarn__nomem(env, err, sizeof(**out));
    }
    (*out)->env = env;
    (*out)->skip = skip;
    (*out)->fixed_as_bytes = fixed_as_bytes;
    enum tarn_status status = tarn__avro_open(env, file, &(*out)->reader, err);
    status = status == TARN_OK ? read_info(*out, err) : status;
    status = status == TARN_OK ? check_schema(*out, has_fixed, err) : status;
    if (status != TARN_OK) {
        tarn__iceberg_manifest_close(*out);
        *out = NULL;
    }
    return status;
}

/* Reads the whole manifest in one of the two forms of fixed values. */
static enum tarn_status try_form(struct tarn_env *env, struct tarn_span file, bool fixed_as_bytes, struct tarn_error *err)
{
    struct tarn__iceberg_manifest *manifest;
    struct tarn__iceberg_entry *entry;
    bool has_fixed = false;
    enum tarn_status status = open_as(env, file, 0, fixed_as_bytes, &has_fixed, &manifest, err);
    do {
        status = status == TARN_OK ? tarn__iceberg_manifest_next(manifest, &entry, err) : status;
    } while (status == TARN_OK && entry != NULL);
    tarn__iceberg_manifest_close(manifest);
    return status;
}

enum tarn_status tarn__iceberg_manifest_open(struct tarn_env *env, struct tarn_span file, unsigned skip,
                                             struct tarn__iceberg_manifest **out, struct tarn_error *err)
{
    bool has_fixed = false;
    TARN_RETURN_IF_ERROR(open_as(env, file, skip, false, &has_fixed, out, err));
    if (!has_fixed) {
        return TARN_OK;
    }
    /* Only one of the two forms can be read to the end; the specification's goes first, and gives the error when neither can. */
    struct tarn_error first = TARN_ERROR_INIT;
    enum tarn_status status = try_form(env, file, false, &first);
    if (status == TARN_CORRUPT) {
        status = try_form(env, file, true, NULL);
        (*out)->fixed_as_bytes = status == TARN_OK;
        status = status == TARN_OK || status == TARN_CORRUPT ? TARN_OK : status;
    }
    if (status != TARN_OK) {
        tarn__iceberg_manifest_close(*out);
        *out = NULL;
        if (err != NULL) {
            *err = first;
        }
        return tarn__error_recode(err, status);
    }
    return TARN_OK;
}

void tarn__iceberg_manifest_close(struct tarn__iceberg_manifest *manifest)
{
    if (manifest == NULL) {
        return;
    }
    for (size_t i = 0; i < COUNT_MAPS; i++) {
        tarn__free(manifest->env, manifest->counts[i].items);
    }
    for (size_t i = 0; i < BOUND_MAPS; i++) {
        tarn__free(manifest->env, manifest->bounds[i].items);
    }
    tarn__free(manifest->env, manifest->partition);
    tarn__free(manifest->env, manifest->offsets);
    tarn__free(manifest->env, manifest->equality_ids);
    tarn__avro_close(&manifest->reader);
    tarn__free(manifest->env, manifest);
}

const struct tarn__iceberg_manifest_info *tarn__iceberg_manifest_info(const struct tarn__iceberg_manifest *manifest)
{
    return &manifest->info;
}
