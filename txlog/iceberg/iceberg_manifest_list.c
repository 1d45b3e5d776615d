/* SPDX-License-Identifier: Apache-2.0
 *
 * Manifest lists, read.
 *
 * Specification: Iceberg, "Manifest Lists", appendix A. SPEC: T-ICEBERG-LIST-1 to T-ICEBERG-LIST-3.
 */
#include "txlog/iceberg/iceberg_manifest_list.h"

/* Field ids. */
enum {
    ID_PATH = 500,
    ID_LENGTH = 501,
    ID_SPEC = 502,
    ID_ADDED_SNAPSHOT = 503,
    ID_ADDED_FILES = 504,
    ID_EXISTING_FILES = 505,
    ID_DELETED_FILES = 506,
    ID_PARTITIONS = 507,
    ID_CONTAINS_NULL = 509,
    ID_LOWER = 510,
    ID_UPPER = 511,
    ID_ADDED_ROWS = 512,
    ID_EXISTING_ROWS = 513,
    ID_DELETED_ROWS = 514,
    ID_SEQUENCE = 515,
    ID_MIN_SEQUENCE = 516,
    ID_CONTENT = 517,
    ID_CONTAINS_NAN = 518,
    ID_KEY_METADATA = 519,
    ID_FIRST_ROW = 520,
};

struct list_reader {
    struct tarn__avro_reader avro;
    struct tarn_arena *arena;
    struct tarn__iceberg_manifest_file *files;
    size_t count;
    size_t capacity;
};

static enum tarn_status wrong(const struct list_reader *list, struct tarn_error *err, const char *what)
{
    return tarn__avro_fail(&list->avro, err, "iceberg.manifest_list", "%s", what);
}

static bool is_null(const struct tarn__avro_type *actual)
{
    return actual == NULL || actual->kind == TARN_AVRO_NULL;
}

/* A number within the bounds; null leaves *out as it is, and is refused when the field is `required`. */
static enum tarn_status read_number(struct list_reader *list, const struct tarn__avro_type *type, int64_t least, int64_t most,
                                    bool required, int64_t *out, struct tarn_error *err)
{
    const struct tarn__avro_type *actual;
    TARN_RETURN_IF_ERROR(tarn__avro_branch(&list->avro, type, &actual, err));
    if (is_null(actual)) {
        return required ? wrong(list, err, "a number that every manifest has is null") : TARN_OK;
    }
    if (actual->kind != TARN_AVRO_INT && actual->kind != TARN_AVRO_LONG) {
        return wrong(list, err, "a number of a manifest is of another type");
    }
    int64_t number;
    TARN_RETURN_IF_ERROR(tarn__avro_long(&list->avro, &number, err));
    if (number < least || number > most) {
        return wrong(list, err, "a number of a manifest is out of its range");
    }
    *out = number;
    return TARN_OK;
}

static enum tarn_status read_count(struct list_reader *list, const struct tarn__avro_type *type, int32_t *out, struct tarn_error *err)
{
    int64_t number = -1;
    TARN_RETURN_IF_ERROR(read_number(list, type, 0, INT32_MAX, false, &number, err));
    *out = (int32_t)number;
    return TARN_OK;
}

static enum tarn_status read_bytes(struct list_reader *list, const struct tarn__avro_type *type, bool *has, struct tarn_span *out,
                                   struct tarn_error *err)
{
    const struct tarn__avro_type *actual;
    struct tarn_span bytes;
    TARN_RETURN_IF_ERROR(tarn__avro_branch(&list->avro, type, &actual, err));
    if (is_null(actual)) {
        return TARN_OK;
    }
    if (actual->kind != TARN_AVRO_BYTES) {
        return wrong(list, err, "a bound or key of a manifest is of another type than bytes");
    }
    TARN_RETURN_IF_ERROR(tarn__avro_bytes(&list->avro, &bytes, err));
    *has = true;
    *out = tarn__arena_span(list->arena, bytes);
    return bytes.size == 0 || out->data != NULL ? TARN_OK : tarn__nomem(list->arena->env, err, bytes.size);
}

static enum tarn_status read_path(struct list_reader *list, const struct tarn__avro_type *type, struct tarn_text *out,
                                  struct tarn_error *err)
{
    const struct tarn__avro_type *actual;
    struct tarn_text text;
    TARN_RETURN_IF_ERROR(tarn__avro_branch(&list->avro, type, &actual, err));
    if (is_null(actual) || actual->kind != TARN_AVRO_STRING) {
        return wrong(list, err, "the path of a manifest is no text");
    }
    TARN_RETURN_IF_ERROR(tarn__avro_string(&list->avro, &text, err));
    if (text.size == 0) {
        return wrong(list, err, "the path of a manifest is empty");
    }
    *out = tarn__arena_text(list->arena, text);
    return out->data != NULL ? TARN_OK : tarn__nomem(list->arena->env, err, text.size);
}

static enum tarn_status read_bool(struct list_reader *list, const struct tarn__avro_type *type, int8_t *out, struct tarn_error *err)
{
    const struct tarn__avro_type *actual;
    bool truth;
    TARN_RETURN_IF_ERROR(tarn__avro_branch(&list->avro, type, &actual, err));
    if (is_null(actual)) {
        return TARN_OK;
    }
    if (actual->kind != TARN_AVRO_BOOLEAN) {
        return wrong(list, err, "a flag of a manifest is no boolean");
    }
    TARN_RETURN_IF_ERROR(tarn__avro_bool(&list->avro, &truth, err));
    *out = truth ? 1 : 0;
    return TARN_OK;
}

static enum tarn_status read_summary(struct list_reader *list, const struct tarn__avro_type *record,
                                     struct tarn__iceberg_field_summary *out, struct tarn_error *err)
{
    int8_t has_null = 1; /* where nothing is said there may be one */
    *out = (struct tarn__iceberg_field_summary){.contains_nan = -1};
    for (uint32_t i = 0; i < record->count; i++) {
        const struct tarn__avro_type *type = record->fields[i].type;
        enum tarn_status status;
        switch (record->fields[i].id) {
        case ID_CONTAINS_NULL:
            status = read_bool(list, type, &has_null, err);
            break;
        case ID_CONTAINS_NAN:
            status = read_bool(list, type, &out->contains_nan, err);
            break;
        case ID_LOWER:
            status = read_bytes(list, type, &out->has_lower, &out->lower, err);
            break;
        case ID_UPPER:
            status = read_bytes(list, type, &out->has_upper, &out->upper, err);
            break;
        default:
            status = tarn__avro_skip(&list->avro, type, err);
            break;
        }
        TARN_RETURN_IF_ERROR(status);
    }
    out->contains_null = has_null != 0;
    return TARN_OK;
}

static enum tarn_status read_summaries(struct list_reader *list, const struct tarn__avro_type *type,
                                       struct tarn__iceberg_manifest_file *file, struct tarn_error *err)
{
    const struct tarn__avro_type *actual;
    const struct tarn__avro_type *record = NULL;
    bool optional;
    TARN_RETURN_IF_ERROR(tarn__avro_branch(&list->avro, type, &actual, err));
    if (is_null(actual)) {
        return TARN_OK;
    }
    record = actual->kind == TARN_AVRO_ARRAY ? tarn__avro_required(actual->element, &optional) : NULL;
    if (record == NULL || record->kind != TARN_AVRO_RECORD || record->count == 0) {
        return wrong(list, err, "the partition summaries of a manifest are no array of records");
    }
    file->has_partitions = true;
    struct tarn__iceberg_field_summary *all = NULL;
    size_t capacity = 0;
    for (;;) {
        uint64_t more;
        TARN_RETURN_IF_ERROR(tarn__avro_items(&list->avro, actual, &more, err));
        if (more == 0) {
            return TARN_OK;
        }
        const size_t before = file->partition_count;
        if (before + more > capacity) { /* what was read stays behind in the arena: several blocks are rare */
            capacity = before + more > capacity * 2 ? before + more : capacity * 2;
            all = tarn__arena_calloc(list->arena, capacity, sizeof(*all));
            if (all == NULL) {
                return tarn__nomem(list->arena->env, err, capacity * sizeof(*all));
            }
            if (before != 0) {
                memcpy(all, file->partitions, before * sizeof(*all));
            }
            file->partitions = all;
        }
        for (uint64_t i = 0; i < more; i++) {
            const struct tarn__avro_type *item;
            TARN_RETURN_IF_ERROR(tarn__avro_branch(&list->avro, actual->element, &item, err));
            if (is_null(item)) {
                return wrong(list, err, "a partition summary of a manifest is null");
            }
            TARN_RETURN_IF_ERROR(read_summary(list, record, &all[before + i], err));
        }
        file->partition_count = (uint32_t)(before + more); /* of a block's 2^30 bytes at most */
    }
}

static enum tarn_status read_field(struct list_reader *list, int32_t id, const struct tarn__avro_type *type,
                                   struct tarn__iceberg_manifest_file *file, struct tarn_error *err)
{
    int64_t number = 0;
    switch (id) {
    case ID_PATH:
        return read_path(list, type, &file->path, err);
    case ID_LENGTH:
        return read_number(list, type, 0, INT64_MAX, true, &file->length, err);
    case ID_SPEC:
        TARN_RETURN_IF_ERROR(read_number(list, type, 0, INT32_MAX, true, &number, err));
        file->spec_id = (int32_t)number;
        return TARN_OK;
    case ID_CONTENT:
        TARN_RETURN_IF_ERROR(read_number(list, type, TARN_ICEBERG_DATA_MANIFEST, TARN_ICEBERG_DELETE_MANIFEST, false, &number, err));
        file->content = (enum tarn__iceberg_manifest_content)number;
        return TARN_OK;
    case ID_SEQUENCE:
        return read_number(list, type, 0, INT64_MAX, false, &file->sequence_number, err);
    case ID_MIN_SEQUENCE:
        return read_number(list, type, 0, INT64_MAX, false, &file->min_sequence_number, err);
    case ID_ADDED_SNAPSHOT:
        return read_number(list, type, INT64_MIN, INT64_MAX, false, &file->added_snapshot_id, err);
    case ID_ADDED_FILES:
        return read_count(list, type, &file->added_files, err);
    case ID_EXISTING_FILES:
        return read_count(list, type, &file->existing_files, err);
    case ID_DELETED_FILES:
        return read_count(list, type, &file->deleted_files, err);
    case ID_ADDED_ROWS:
        return read_number(list, type, 0, INT64_MAX, false, &file->added_rows, err);
    case ID_EXISTING_ROWS:
        return read_number(list, type, 0, INT64_MAX, false, &file->existing_rows, err);
    case ID_DELETED_ROWS:
        return read_number(list, type, 0, INT64_MAX, false, &file->deleted_rows, err);
    case ID_PARTITIONS:
        return read_summaries(list, type, file, err);
    case ID_KEY_METADATA:
        return read_bytes(list, type, &file->has_key_metadata, &file->key_metadata, err);
    case ID_FIRST_ROW:
        return read_number(list, type, 0, INT64_MAX, false, &file->first_row_id, err);
    default:
        return tarn__avro_skip(&list->avro, type, err);
    }
}

static enum tarn_status check_root(const struct tarn__avro_type *root, struct tarn_error *err)
{
    static const int32_t required[] = {ID_PATH, ID_LENGTH, ID_SPEC};
    if (root->kind != TARN_AVRO_RECORD) {
        return tarn__corrupt(err, "iceberg.manifest_list", "the Avro file does not hold records: it is no manifest list");
    }
    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        if (tarn__avro_field_by_id(root, required[i]) < 0) {
            return tarn__corrupt(err, "iceberg.manifest_list", "the manifest list's schema has no field %d", (int)required[i]);
        }
    }
    return TARN_OK;
}

static enum tarn_status read_files(struct list_reader *list, struct tarn_error *err)
{
    const struct tarn__avro_type *root = tarn__avro_root(&list->avro);
    TARN_RETURN_IF_ERROR(check_root(root, err));
    for (;;) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__avro_next(&list->avro, &more, err));
        if (!more) {
            return TARN_OK;
        }
        if (!tarn__grow(list->arena->env, &list->files, &list->capacity, list->count + 1, sizeof(*list->files))) {
            return tarn__nomem(list->arena->env, err, (list->count + 1) * sizeof(*list->files));
        }
        struct tarn__iceberg_manifest_file *file = &list->files[list->count++];
        *file = (struct tarn__iceberg_manifest_file){.added_files = -1,
                                                     .existing_files = -1,
                                                     .deleted_files = -1,
                                                     .added_rows = -1,
                                                     .existing_rows = -1,
                                                     .deleted_rows = -1,
                                                     .first_row_id = -1};
        for (uint32_t i = 0; i < root->count; i++) {
            TARN_RETURN_IF_ERROR(read_field(list, root->fields[i].id, root->fields[i].type, file, err));
        }
    }
}

enum tarn_status tarn__iceberg_manifest_list_read(struct tarn_arena *arena, struct tarn_span file, struct tarn__iceberg_manifest_file **out,
                                                  size_t *count, struct tarn_error *err)
{
    struct list_reader list = {.arena = arena};
    *out = NULL;
    *count = 0;
    enum tarn_status status = tarn__avro_open(arena->env, file, &list.avro, err);
    status = status == TARN_OK ? read_files(&list, err) : status;
    if (status == TARN_OK && list.count != 0) {
        *out = tarn__arena_alloc(arena, list.count * sizeof(**out));
        if (*out == NULL) {
            status = tarn__nomem(arena->env, err, list.count * sizeof(**out));
        } else {
            memcpy(*out, list.files, list.count * sizeof(**out));
            *count = list.count;
        }
    }
    tarn__free(arena->env, list.files);
    tarn__avro_close(&list.avro);
    return status;
}
