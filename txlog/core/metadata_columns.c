/* SPDX-License-Identifier: Apache-2.0
 *
 * Columns that say where a row comes from.
 *
 * SPEC: T-ROWID-1, T-METADATA-1.
 *
 * Invariants
 *  1. The id of a row is what the file stores for it, and where that is null or not there the file's first id plus the row's position,
 *     which counts rows that a deletion vector hides; likewise the version of its last write.
 */
#include "txlog/core/metadata_columns.h"

#include <string.h>

#include "format/base/bytes.h"
#include "format/batch/vector.h"

static const struct tarn_type text = {.id = TARN_TYPE_STRING};
static const struct tarn_type number = {.id = TARN_TYPE_I64};
static const struct tarn_type instant = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true};

#define MEMBER(literal, its_type, may_be_null)                                                                                             \
    {                                                                                                                                      \
        .name = {literal, sizeof(literal) - 1}, .type = &(its_type), .nullable = (may_be_null), .id = -1                                   \
    }

static const struct tarn_field members[TARN_METADATA_COUNT] = {
    [TARN_METADATA_FILE_PATH] = MEMBER("file_path", text, false),
    [TARN_METADATA_FILE_NAME] = MEMBER("file_name", text, false),
    [TARN_METADATA_FILE_SIZE] = MEMBER("file_size", number, false),
    [TARN_METADATA_FILE_TIME] = MEMBER("file_modification_time", instant, false),
    [TARN_METADATA_ROW_INDEX] = MEMBER("row_index", number, false),
    [TARN_METADATA_ROW_ID] = MEMBER("row_id", number, true),
    [TARN_METADATA_ROW_VERSION] = MEMBER("row_commit_version", number, true),
    [TARN_METADATA_BASE_ROW_ID] = MEMBER("base_row_id", number, true),
    [TARN_METADATA_DEFAULT_ROW_VERSION] = MEMBER("default_row_commit_version", number, true),
};

static const struct tarn_text metadata_name = {"_metadata", 9};
static const struct tarn_type whole = {.id = TARN_TYPE_STRUCT, .field_count = TARN_METADATA_COUNT, .fields = members};
static const struct tarn_type without_ids = {.id = TARN_TYPE_STRUCT, .field_count = TARN_METADATA_ROW_ID, .fields = members};

const struct tarn_field *tarn__metadata_field(const struct tarn_snapshot *snapshot)
{
    static const struct tarn_field fields[2] = {MEMBER("_metadata", without_ids, false), MEMBER("_metadata", whole, false)};
    return &fields[snapshot->has_row_ids];
}

/* The member that a path means; false: it is no path into the struct. An empty name: none was given. */
static bool member_named(const struct tarn_path *path, struct tarn_text *name)
{
    const struct tarn_text struct_name = metadata_name;
    if (path->depth == 0 || path->steps[0].kind != TARN_PATH_FIELD || !tarn__text_starts(path->steps[0].name, struct_name)) {
        return false;
    }
    const struct tarn_text rest = {path->steps[0].name.data + struct_name.size, path->steps[0].name.size - struct_name.size};
    *name = (struct tarn_text){"", 0};
    if (rest.size == 0) {
        if (path->depth == 2 && path->steps[1].kind == TARN_PATH_FIELD) {
            *name = path->steps[1].name;
        }
        return true;
    }
    *name = (struct tarn_text){rest.data + 1, rest.size - 1};
    return path->depth == 1 && rest.data[0] == '.';
}

enum tarn_status tarn__metadata_column_find(const struct tarn_snapshot *snapshot, const struct tarn_path *path,
                                            enum tarn__metadata_column *out, const struct tarn_type **type, struct tarn_error *err)
{
    struct tarn_text name;
    *out = TARN_METADATA_NONE;
    if (!member_named(path, &name) || tarn_fields_find(snapshot->schema->field_count, snapshot->schema->fields, path->steps[0].name) >= 0) {
        return TARN_OK;
    }
    if (name.size == 0) {
        return tarn__error_set(err, TARN_NOT_FOUND, "column", "_metadata is asked for by its members: _metadata.file_path and others");
    }
    const struct tarn_type *members_type = tarn__metadata_field(snapshot)->type;
    const int32_t found = tarn_fields_find(members_type->field_count, members_type->fields, name);
    if (found >= 0) {
        *out = (enum tarn__metadata_column)found;
        *type = members[found].type;
        return TARN_OK;
    }
    return tarn__error_set(err, TARN_NOT_FOUND, "column", "_metadata has no member \"%.*s\"%s", TARN_TEXT_ARG(name),
                           snapshot->has_row_ids ? "" : ", and the table does not keep ids of rows");
}

static enum tarn_status file_path(const struct tarn_snapshot *snapshot, struct tarn_text key, struct tarn_arena *arena,
                                  struct tarn_text *out, struct tarn_error *err)
{
    const struct tarn_text location = tarn_store_location(snapshot->store);
    struct tarn_text_builder path;
    tarn__builder_init(&path, snapshot->env);
    if (!tarn__place_leads_out(key) && location.size != 0) {
        tarn__builder_add(&path, location);
        tarn__builder_add_char(&path, '/');
    }
    tarn__builder_add(&path, key);
    enum tarn_status status = tarn__builder_status(&path, err);
    if (status == TARN_OK) {
        *out = tarn__arena_text(arena, tarn__builder_text(&path));
        status = out->data == NULL ? tarn__nomem(snapshot->env, err, path.size) : TARN_OK;
    }
    tarn__builder_free(&path);
    return status;
}

enum tarn_status tarn__metadata_value(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file,
                                      enum tarn__metadata_column column, struct tarn_arena *arena, struct tarn_value *out,
                                      struct tarn_error *err)
{
    const struct tarn__file_extra *extra = file->extra;
    *out = (struct tarn_value){.type = members[column].type};
    switch (column) {
    case TARN_METADATA_FILE_PATH:
        return file_path(snapshot, file->path, arena, &out->u.bytes, err);
    case TARN_METADATA_FILE_NAME: {
        const char *slash = file->path.size != 0 ? memrchr(file->path.data, '/', file->path.size) : NULL;
        const char *begin = slash != NULL ? slash + 1 : file->path.data;
        out->u.bytes = (struct tarn_text){begin, (size_t)(file->path.data + file->path.size - begin)};
        return TARN_OK;
    }
    case TARN_METADATA_FILE_SIZE:
        out->u.i64 = (int64_t)file->size;
        return TARN_OK;
    case TARN_METADATA_FILE_TIME:
        out->u.i64 = file->modified;
        return TARN_OK;
    case TARN_METADATA_BASE_ROW_ID:
        out->u.i64 = extra != NULL ? extra->first_row_id : -1;
        break;
    default:
        out->u.i64 = extra != NULL ? extra->row_version : -1;
        break;
    }
    out->is_null = out->u.i64 < 0;
    return TARN_OK;
}

enum tarn_status tarn__metadata_numbers(struct tarn_env *env, const struct tarn_type *type, uint32_t length,
                                        const struct tarn_vector *stored, const struct tarn_vector *positions, int64_t base,
                                        struct tarn_vector **out, struct tarn_error *err)
{
    *out = NULL;
    struct tarn_buffer *values = tarn__buffer_new_zeroed(env, (size_t)length * sizeof(int64_t));
    struct tarn_buffer *validity = tarn__buffer_new_zeroed(env, tarn__bits_bytes(length));
    enum tarn_status status = values == NULL || validity == NULL ? tarn__nomem(env, err, length * sizeof(int64_t)) : TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < length; i++) {
        int64_t value = base;
        if (stored != NULL && !tarn_vector_is_null(stored, i)) {
            value = tarn__vector_value(stored, i).u.i64;
        } else if (base < 0) {
            continue;
        } else if (positions != NULL && __builtin_add_overflow(base, tarn__vector_value(positions, i).u.i64, &value)) {
            status = tarn__corrupt(err, "row_id", "the ids of a file's rows go beyond 64 bits");
        }
        if (status == TARN_OK) {
            ((int64_t *)values->data)[i] = value;
            tarn__bit_set(validity->data, i);
        }
    }
    if (status != TARN_OK) {
        tarn__buffer_release(values);
        tarn__buffer_release(validity);
        return status;
    }
    *out = tarn__vector_flat(env, type, length, values, validity);
    return *out == NULL ? tarn__nomem(env, err, 0) : TARN_OK;
}
