/* SPDX-License-Identifier: Apache-2.0
 *
 * Scan tasks as bytes. SPEC: Part II, "Scan tasks".
 *
 *   bytes     = "TARNSCAN", version (1), body, xxHash64 of all before (8, little-endian)
 *   body      = text format, text folder, flags (1 by id, 2 aliases, 4 row ids, 8 no pruning), fields, physical..., physical ids,
 *               physical versions, spec, file, paths, predicate, varint first row, varint rows behind it + 1 (0: to the end)
 *   fields    = varint count, (text name, nullable, varint id + 1, type)...
 *   physical  = text name, varint id + 1, varint count, text alias..., varint count, physical...; of each field
 *   spec      = varint count, (varint column + 1, transform, number parameter, text name, varint id + 1, type or 255, null, value)...
 *   file      = text path, varint size, number modified, varint rows + 1, number sequence, number spec, extra
 *   extra     = 0, or 1, number sort order, varint first row id + 1, varint row version + 1, number file sequence, vector
 *   vector    = 0, or 1, text storage, text place, has offset, varint offset, varint size, varint cardinality
 *   paths     = varint count, (varint count, (kind, text name, varint id + 1)...)...
 *   predicate = text, of no bytes when there is none
 *   number    = a varint of the number zigzagged
 *
 * Types, values, texts and varints are those of expressions (format/expr/coded.c).
 *
 * Invariants
 *  1. The checksum is compared first; it guards against damage, not against an enemy: every count, size and index is checked all the same.
 *  2. What is decoded is as deep as a schema may be, and no deeper; its trees of fields and of physical names have one shape.
 */
#include "txlog/core/task_bytes.h"

#include <string.h>

#include "format/base/bytes.h"
#include "format/base/hash.h"
#include "format/expr/coded.h"
#include "txlog/core/table_format.h"

enum { VERSION = 1, MAGIC = 8, CHECKSUM = 8, NO_TYPE = 255, FLAG_BY_ID = 1, FLAG_ALIASES = 2, FLAG_ROW_IDS = 4, FLAG_NO_PRUNE = 8 };

static const char magic[] = "TARNSCAN";

/* ---- writing ---- */

static void put_number(struct tarn_text_builder *out, int64_t value)
{
    tarn__coded_put_varint(out, ((uint64_t)value << 1) ^ (uint64_t)(value >> 63));
}

static void put_optional(struct tarn_text_builder *out, int64_t value)
{
    tarn__coded_put_varint(out, value < 0 ? 0 : (uint64_t)value + 1);
}

static void put_physical(struct tarn_text_builder *out, const struct tarn__physical *physical)
{
    tarn__coded_put_text(out, physical->name);
    put_optional(out, physical->id);
    tarn__coded_put_varint(out, physical->alias_count);
    for (uint32_t i = 0; i < physical->alias_count; i++) {
        tarn__coded_put_text(out, physical->aliases[i]);
    }
    tarn__coded_put_varint(out, physical->child_count);
    for (uint32_t i = 0; i < physical->child_count; i++) {
        put_physical(out, &physical->children[i]);
    }
}

static void put_fields(struct tarn_text_builder *out, uint32_t count, const struct tarn_field *fields)
{
    tarn__coded_put_varint(out, count);
    for (uint32_t i = 0; i < count; i++) {
        tarn__coded_put_text(out, fields[i].name);
        tarn__coded_put_byte(out, fields[i].nullable);
        put_optional(out, fields[i].id);
        tarn__coded_put_type(out, fields[i].type);
    }
}

static void put_spec(struct tarn_text_builder *out, const struct tarn__partition *partition)
{
    const uint32_t count = partition != NULL && partition->values != NULL && partition->spec != NULL ? partition->spec->field_count : 0;
    tarn__coded_put_varint(out, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct tarn__partition_field *field = &partition->spec->fields[i];
        tarn__coded_put_varint(out, field->column == TARN_NO_COLUMN ? 0 : (uint64_t)field->column + 1);
        tarn__coded_put_byte(out, field->transform);
        put_number(out, field->parameter);
        tarn__coded_put_text(out, field->name);
        put_optional(out, field->id);
        if (field->type == NULL || partition->values[i].type == NULL) {
            tarn__coded_put_byte(out, NO_TYPE);
            continue;
        }
        tarn__coded_put_type(out, partition->values[i].type);
        tarn__coded_put_value(out, &partition->values[i]);
    }
}

static void put_extra(struct tarn_text_builder *out, const struct tarn__file_extra *extra)
{
    tarn__coded_put_byte(out, extra != NULL);
    if (extra == NULL) {
        return;
    }
    put_number(out, extra->sort_order_id);
    put_optional(out, extra->first_row_id);
    put_optional(out, extra->row_version);
    put_number(out, extra->file_sequence);
    const struct tarn__deletion_vector *vector = extra->deletion_vector;
    tarn__coded_put_byte(out, vector != NULL);
    if (vector != NULL) {
        tarn__coded_put_text(out, vector->storage);
        tarn__coded_put_text(out, vector->place);
        tarn__coded_put_byte(out, vector->has_offset);
        tarn__coded_put_varint(out, vector->offset);
        tarn__coded_put_varint(out, vector->size);
        tarn__coded_put_varint(out, vector->cardinality);
    }
}

static void put_file(struct tarn_text_builder *out, const struct tarn__tracked_file *file)
{
    tarn__coded_put_text(out, file->path);
    tarn__coded_put_varint(out, file->size);
    put_number(out, file->modified);
    put_optional(out, file->rows);
    put_number(out, file->sequence);
    put_number(out, file->spec_id);
    put_extra(out, file->extra);
}

static void put_paths(struct tarn_text_builder *out, uint32_t count, const struct tarn_path *paths)
{
    tarn__coded_put_varint(out, count);
    for (uint32_t i = 0; i < count; i++) {
        tarn__coded_put_varint(out, paths[i].depth);
        for (uint32_t d = 0; d < paths[i].depth; d++) {
            const struct tarn_path_step *step = &paths[i].steps[d];
            tarn__coded_put_byte(out, step->kind);
            tarn__coded_put_text(out, step->name);
            put_optional(out, step->id);
        }
    }
}

static enum tarn_status put_predicate(struct tarn_env *env, struct tarn_text_builder *out, const struct tarn_expr *predicate,
                                      struct tarn_error *err)
{
    struct tarn_span bytes = {NULL, 0};
    if (predicate != NULL) {
        TARN_RETURN_IF_ERROR(tarn_expr_encode(env, predicate, &bytes, err));
    }
    tarn__coded_put_text(out, (struct tarn_text){(const char *)bytes.data, bytes.size});
    tarn_expr_bytes_free(env, bytes);
    return TARN_OK;
}

enum tarn_status tarn__task_encode(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file,
                                   const struct tarn__task *task, struct tarn_text_builder *out, struct tarn_error *err)
{
    struct tarn_text folder = tarn_store_location(snapshot->store);
    if (folder.size == 0 && snapshot->place.entry == NULL) {
        folder = tarn__text_of(snapshot->place.uri);
    }
    if (folder.size == 0) {
        return tarn__unsupported(err, "scan.task_location", "the table's store does not say where it is, so that nobody else can find it");
    }
    tarn__builder_add_bytes(out, magic, MAGIC);
    tarn__coded_put_byte(out, VERSION);
    tarn__coded_put_text(out, tarn__text_of(snapshot->format->name));
    tarn__coded_put_text(out, folder);
    tarn__coded_put_byte(out, (snapshot->match_by_id ? (unsigned)FLAG_BY_ID : 0) | (snapshot->has_aliases ? (unsigned)FLAG_ALIASES : 0) |
                                  (snapshot->has_row_ids ? (unsigned)FLAG_ROW_IDS : 0) | (task->no_prune ? (unsigned)FLAG_NO_PRUNE : 0));
    put_fields(out, snapshot->schema->field_count, snapshot->schema->fields);
    for (uint32_t i = 0; i < snapshot->schema->field_count; i++) {
        put_physical(out, &snapshot->physical[i]);
    }
    put_physical(out, &snapshot->row_id_column);
    put_physical(out, &snapshot->row_version_column);
    put_spec(out, tarn__snapshot_partition(snapshot, file));
    put_file(out, file);
    put_paths(out, task->path_count, task->paths);
    TARN_RETURN_IF_ERROR(put_predicate(snapshot->env, out, task->predicate, err));
    tarn__coded_put_varint(out, task->range.begin);
    tarn__coded_put_varint(out, task->range.end == UINT64_MAX ? 0 : task->range.end - task->range.begin + 1);
    TARN_RETURN_IF_ERROR(tarn__builder_status(out, err));
    uint8_t checksum[CHECKSUM];
    tarn__store64(checksum, tarn__xxh64(out->data, out->size, 0));
    tarn__builder_add_bytes(out, checksum, sizeof(checksum));
    return tarn__builder_status(out, err);
}

/* ---- reading ---- */

static enum tarn_status take_number(struct tarn__coded *reader, int64_t *out)
{
    uint64_t value;
    TARN_RETURN_IF_ERROR(tarn__coded_take_varint(reader, UINT64_MAX, &value));
    *out = (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
    return TARN_OK;
}

static enum tarn_status take_small(struct tarn__coded *reader, int32_t *out)
{
    int64_t value;
    TARN_RETURN_IF_ERROR(take_number(reader, &value));
    *out = (int32_t)value;
    return value == *out ? TARN_OK : tarn__coded_damaged(reader, "a number is out of range");
}

static enum tarn_status take_optional(struct tarn__coded *reader, int64_t *out)
{
    uint64_t value;
    TARN_RETURN_IF_ERROR(tarn__coded_take_varint(reader, (uint64_t)INT64_MAX + 1, &value));
    *out = (int64_t)value - 1;
    return TARN_OK;
}

static enum tarn_status take_bool(struct tarn__coded *reader, bool *out)
{
    unsigned byte;
    TARN_RETURN_IF_ERROR(tarn__coded_take_byte(reader, 2, &byte));
    *out = byte != 0;
    return TARN_OK;
}

/* Texts that outlive the bytes. */
static enum tarn_status take_copy(struct tarn__coded *reader, struct tarn_text *out)
{
    struct tarn_text text;
    TARN_RETURN_IF_ERROR(tarn__coded_take_text(reader, &text));
    *out = tarn__arena_text(reader->arena, text);
    return out->data == NULL ? tarn__nomem(reader->arena->env, reader->err, text.size) : TARN_OK;
}

/* `type`: of the field that the names are of; NULL: of none, which has no members. */
static enum tarn_status take_physical(struct tarn__coded *reader, const struct tarn_type *type, struct tarn__physical *out)
{
    enum tarn_status status;
    TARN_RETURN_IF_ERROR(take_copy(reader, &out->name));
    TARN_RETURN_IF_ERROR(tarn__coded_take_id(reader, &out->id));
    TARN_RETURN_IF_ERROR(tarn__coded_take_count(reader, &out->alias_count));
    struct tarn_text *aliases = tarn__coded_room(reader, (size_t)out->alias_count + 1, sizeof(*aliases), &status);
    out->aliases = aliases;
    for (uint32_t i = 0; status == TARN_OK && i < out->alias_count; i++) {
        status = take_copy(reader, &aliases[i]);
    }
    TARN_RETURN_IF_ERROR(status);
    TARN_RETURN_IF_ERROR(tarn__coded_take_count(reader, &out->child_count));
    if (out->child_count != (type != NULL ? type->field_count : 0)) {
        return tarn__coded_damaged(reader, "names that are not those of the fields");
    }
    struct tarn__physical *children = tarn__coded_room(reader, (size_t)out->child_count + 1, sizeof(*children), &status);
    out->children = children;
    for (uint32_t i = 0; status == TARN_OK && i < out->child_count; i++) {
        status = take_physical(reader, type->fields[i].type, &children[i]);
    }
    return status;
}

static enum tarn_status take_schema(struct tarn__coded *reader, struct tarn_snapshot *snapshot)
{
    enum tarn_status status;
    uint32_t count;
    TARN_RETURN_IF_ERROR(tarn__coded_take_count(reader, &count));
    struct tarn_field *fields = tarn__coded_room(reader, (size_t)count + 1, sizeof(*fields), &status);
    for (uint32_t i = 0; status == TARN_OK && i < count; i++) {
        TARN_RETURN_IF_ERROR(tarn__coded_take_text(reader, &fields[i].name));
        TARN_RETURN_IF_ERROR(take_bool(reader, &fields[i].nullable));
        TARN_RETURN_IF_ERROR(tarn__coded_take_id(reader, &fields[i].id));
        status = tarn__coded_take_type(reader, 1, &fields[i].type);
    }
    TARN_RETURN_IF_ERROR(status);
    struct tarn_schema *schema;
    struct tarn_error wrong = TARN_ERROR_INIT;
    status = tarn_schema_make(snapshot->env, count, fields, 0, NULL, &schema, &wrong);
    if (status == TARN_NOMEM) {
        return tarn__nomem(snapshot->env, reader->err, 0);
    }
    if (status != TARN_OK) {
        return tarn__coded_damaged(reader, wrong.message);
    }
    TARN_RETURN_IF_ERROR(tarn__snapshot_set_schema(snapshot, 0, schema, reader->err));
    struct tarn__physical *physical = tarn__coded_room(reader, (size_t)count + 1, sizeof(*physical), &status);
    for (uint32_t i = 0; status == TARN_OK && i < count; i++) {
        status = take_physical(reader, schema->fields[i].type, &physical[i]);
    }
    snapshot->physical = physical;
    TARN_RETURN_IF_ERROR(status);
    TARN_RETURN_IF_ERROR(take_physical(reader, NULL, &snapshot->row_id_column));
    return take_physical(reader, NULL, &snapshot->row_version_column);
}

static enum tarn_status take_partition_field(struct tarn__coded *reader, const struct tarn_schema *schema,
                                             struct tarn__partition_field *field, struct tarn_value *value)
{
    uint64_t column;
    unsigned transform;
    TARN_RETURN_IF_ERROR(tarn__coded_take_varint(reader, (uint64_t)schema->field_count + 1, &column));
    field->column = column == 0 ? TARN_NO_COLUMN : (uint32_t)(column - 1);
    TARN_RETURN_IF_ERROR(tarn__coded_take_byte(reader, TARN_TRANSFORM_UNKNOWN + 1, &transform));
    field->transform = (enum tarn__transform)transform;
    TARN_RETURN_IF_ERROR(take_small(reader, &field->parameter));
    TARN_RETURN_IF_ERROR(take_copy(reader, &field->name));
    TARN_RETURN_IF_ERROR(tarn__coded_take_id(reader, &field->id));
    if (reader->rest.size != 0 && reader->rest.data[0] == NO_TYPE) {
        (void)tarn__span_take(&reader->rest, 1);
        *value = (struct tarn_value){.is_null = true};
    } else {
        TARN_RETURN_IF_ERROR(tarn__coded_take_type(reader, 1, &field->type));
        value->type = field->type;
        TARN_RETURN_IF_ERROR(tarn__coded_take_value(reader, value));
    }
    if (field->transform == TARN_TRANSFORM_IDENTITY && column != 0 &&
        (field->type == NULL || !tarn_type_equal(field->type, schema->fields[column - 1].type))) {
        return tarn__coded_damaged(reader, "a partition value that is not of its column's type");
    }
    const enum tarn_kind kind = value->is_null ? TARN_KIND_NULL : tarn_type_kind(field->type);
    if (kind == TARN_KIND_BYTES || kind == TARN_KIND_FIXED) {
        if (kind == TARN_KIND_FIXED && value->u.bytes.size != tarn_type_width(field->type)) {
            return tarn__coded_damaged(reader, "a partition value of another width than its type");
        }
        value->u.bytes = tarn__arena_text(reader->arena, value->u.bytes);
        return value->u.bytes.data == NULL ? tarn__nomem(reader->arena->env, reader->err, value->u.bytes.size) : TARN_OK;
    }
    return TARN_OK;
}

static enum tarn_status take_spec(struct tarn__coded *reader, struct tarn_snapshot *snapshot)
{
    enum tarn_status status;
    uint32_t count;
    TARN_RETURN_IF_ERROR(tarn__coded_take_count(reader, &count));
    struct tarn__partition_spec *spec = tarn__coded_room(reader, 1, sizeof(*spec), &status);
    TARN_RETURN_IF_ERROR(status);
    struct tarn__partition_field *fields = tarn__coded_room(reader, (size_t)count + 1, sizeof(*fields), &status);
    TARN_RETURN_IF_ERROR(status);
    struct tarn_value *values = tarn__coded_room(reader, (size_t)count + 1, sizeof(*values), &status);
    for (uint32_t i = 0; status == TARN_OK && i < count; i++) {
        status = take_partition_field(reader, snapshot->schema, &fields[i], &values[i]);
    }
    TARN_RETURN_IF_ERROR(status);
    *spec = (struct tarn__partition_spec){.field_count = count, .fields = fields};
    snapshot->specs = spec;
    snapshot->spec_count = 1;
    snapshot->spec = spec;
    uint32_t index;
    TARN_RETURN_IF_ERROR(tarn__file_set_partition(&snapshot->files, (struct tarn_text){"", 0}, &index, reader->err));
    struct tarn__partition *partition = &snapshot->files.partitions[index];
    partition->spec = spec;
    partition->count = count;
    partition->values = values;
    return TARN_OK;
}

static enum tarn_status take_vector(struct tarn__coded *reader, struct tarn__deletion_vector *vector)
{
    TARN_RETURN_IF_ERROR(take_copy(reader, &vector->storage));
    TARN_RETURN_IF_ERROR(take_copy(reader, &vector->place));
    TARN_RETURN_IF_ERROR(take_bool(reader, &vector->has_offset));
    TARN_RETURN_IF_ERROR(tarn__coded_take_varint(reader, UINT64_MAX, &vector->offset));
    TARN_RETURN_IF_ERROR(tarn__coded_take_varint(reader, UINT64_MAX, &vector->size));
    return tarn__coded_take_varint(reader, UINT64_MAX, &vector->cardinality);
}

static enum tarn_status take_file(struct tarn__coded *reader, struct tarn_snapshot *snapshot)
{
    struct tarn__tracked_file file = {0};
    enum tarn_status status;
    int64_t spec_id;
    bool there;
    TARN_RETURN_IF_ERROR(take_copy(reader, &file.path));
    TARN_RETURN_IF_ERROR(tarn__coded_take_varint(reader, (uint64_t)INT64_MAX + 1, &file.size));
    TARN_RETURN_IF_ERROR(take_number(reader, &file.modified));
    TARN_RETURN_IF_ERROR(take_optional(reader, &file.rows));
    TARN_RETURN_IF_ERROR(take_number(reader, &file.sequence));
    TARN_RETURN_IF_ERROR(take_number(reader, &spec_id)); /* there is one spec here, whatever number it had */
    TARN_RETURN_IF_ERROR(take_bool(reader, &there));
    if (there) {
        struct tarn__file_extra *extra = tarn__coded_room(reader, 1, sizeof(*extra), &status);
        TARN_RETURN_IF_ERROR(status);
        file.extra = extra;
        TARN_RETURN_IF_ERROR(take_small(reader, &extra->sort_order_id));
        TARN_RETURN_IF_ERROR(take_optional(reader, &extra->first_row_id));
        TARN_RETURN_IF_ERROR(take_optional(reader, &extra->row_version));
        TARN_RETURN_IF_ERROR(take_number(reader, &extra->file_sequence));
        TARN_RETURN_IF_ERROR(take_bool(reader, &there));
        if (there) {
            struct tarn__deletion_vector *vector = tarn__coded_room(reader, 1, sizeof(*vector), &status);
            TARN_RETURN_IF_ERROR(status);
            extra->deletion_vector = vector;
            TARN_RETURN_IF_ERROR(take_vector(reader, vector));
        }
    }
    return tarn__file_set_add(&snapshot->files, &file, reader->err);
}

static enum tarn_status take_path(struct tarn__coded *reader, struct tarn_path *path)
{
    enum tarn_status status;
    TARN_RETURN_IF_ERROR(tarn__coded_take_count(reader, &path->depth));
    struct tarn_path_step *steps = tarn__coded_room(reader, (size_t)path->depth + 1, sizeof(*steps), &status);
    path->steps = steps;
    for (uint32_t i = 0; status == TARN_OK && i < path->depth; i++) {
        unsigned kind;
        TARN_RETURN_IF_ERROR(tarn__coded_take_byte(reader, TARN_PATH_TYPED + 1, &kind));
        steps[i].kind = (enum tarn_path_kind)kind;
        TARN_RETURN_IF_ERROR(take_copy(reader, &steps[i].name));
        status = tarn__coded_take_id(reader, &steps[i].id);
    }
    return status;
}

static enum tarn_status take_wishes(struct tarn__coded *reader, struct tarn__task *task)
{
    enum tarn_status status;
    TARN_RETURN_IF_ERROR(tarn__coded_take_count(reader, &task->path_count));
    struct tarn_path *paths = tarn__coded_room(reader, (size_t)task->path_count + 1, sizeof(*paths), &status);
    task->paths = paths;
    for (uint32_t i = 0; status == TARN_OK && i < task->path_count; i++) {
        status = take_path(reader, &paths[i]);
    }
    TARN_RETURN_IF_ERROR(status);
    struct tarn_text predicate;
    uint64_t count;
    TARN_RETURN_IF_ERROR(tarn__coded_take_text(reader, &predicate));
    TARN_RETURN_IF_ERROR(tarn__coded_take_varint(reader, UINT64_MAX, &task->range.begin));
    TARN_RETURN_IF_ERROR(tarn__coded_take_varint(reader, UINT64_MAX, &count));
    task->range.end = UINT64_MAX;
    if (count != 0 && __builtin_add_overflow(task->range.begin, count - 1, &task->range.end)) {
        return tarn__coded_damaged(reader, "rows that lie beyond 64 bits");
    }
    if (reader->rest.size != 0) {
        return tarn__coded_damaged(reader, "something follows the end");
    }
    return predicate.size == 0 ? TARN_OK
                               : tarn_expr_decode(reader->arena->env, tarn__span_of_text(predicate), &task->predicate, reader->err);
}

static enum tarn_status take_rest(struct tarn__coded *reader, struct tarn_snapshot *snapshot, struct tarn__task *task)
{
    unsigned flags;
    TARN_RETURN_IF_ERROR(tarn__coded_take_byte(reader, 16, &flags));
    snapshot->match_by_id = (flags & FLAG_BY_ID) != 0;
    snapshot->has_aliases = (flags & FLAG_ALIASES) != 0;
    snapshot->has_row_ids = (flags & FLAG_ROW_IDS) != 0;
    task->no_prune = (flags & FLAG_NO_PRUNE) != 0;
    TARN_RETURN_IF_ERROR(take_schema(reader, snapshot));
    TARN_RETURN_IF_ERROR(tarn__snapshot_find_variants(snapshot, reader->err));
    TARN_RETURN_IF_ERROR(take_spec(reader, snapshot));
    TARN_RETURN_IF_ERROR(take_file(reader, snapshot));
    return take_wishes(reader, task);
}

static enum tarn_status find_format(struct tarn_text name, const struct tarn__table_format **out, struct tarn_error *err)
{
    for (size_t i = 0; tarn__table_formats[i] != NULL; i++) {
        if (tarn__text_equal(name, tarn__text_of(tarn__table_formats[i]->name))) {
            *out = tarn__table_formats[i];
            return TARN_OK;
        }
    }
    return tarn__unsupported(err, "table.format", "the task is of a table of format \"%.*s\", which this build does not have",
                             TARN_TEXT_ARG(name));
}

/* The snapshot that the rest is put into. */
static enum tarn_status begin_snapshot(struct tarn_env *env, struct tarn__coded *reader, struct tarn_snapshot **out, struct tarn_error *err)
{
    struct tarn_text name;
    struct tarn_text folder;
    const struct tarn__table_format *format = NULL;
    struct tarn__place place;
    TARN_RETURN_IF_ERROR(tarn__coded_take_text(reader, &name));
    TARN_RETURN_IF_ERROR(tarn__coded_take_text(reader, &folder));
    TARN_RETURN_IF_ERROR(find_format(name, &format, err));
    TARN_RETURN_IF_ERROR(tarn__place_open_folder(env, folder, &place, err));
    const enum tarn_status status = tarn__snapshot_new(&place, format, out, err);
    tarn__place_close(&place);
    return status;
}

static enum tarn_status check_frame(struct tarn_span bytes, struct tarn_span *body, struct tarn_error *err)
{
    if (bytes.size < MAGIC + 1 + CHECKSUM || memcmp(bytes.data, magic, MAGIC) != 0) {
        return tarn__corrupt(err, "scan_task", "these bytes are no scan task");
    }
    if (bytes.data[MAGIC] != VERSION) {
        return tarn__unsupported(err, "scan.task_version", "a scan task of version %u: this build knows version %d", bytes.data[MAGIC],
                                 (int)VERSION);
    }
    const size_t size = bytes.size - CHECKSUM;
    if (tarn__load64(bytes.data + size) != tarn__xxh64(bytes.data, size, 0)) {
        return tarn__corrupt(err, "scan_task", "the bytes of a scan task are damaged: their checksum is another");
    }
    *body = (struct tarn_span){bytes.data + MAGIC + 1, size - MAGIC - 1};
    return TARN_OK;
}

enum tarn_status tarn__task_decode(struct tarn_env *env, struct tarn_span bytes, struct tarn_snapshot **out, struct tarn__task *task,
                                   struct tarn_error *err)
{
    struct tarn_span body;
    struct tarn_snapshot *snapshot;
    *out = NULL;
    *task = (struct tarn__task){.range = {0, UINT64_MAX}};
    TARN_RETURN_IF_ERROR(check_frame(bytes, &body, err));
    struct tarn__coded reader = {
        .rest = body, .whole = {bytes.data, bytes.size - CHECKSUM}, .detail = "scan_task", .noun = "a scan task", .err = err};
    TARN_RETURN_IF_ERROR(begin_snapshot(env, &reader, &snapshot, err));
    reader.arena = &snapshot->arena;
    enum tarn_status status = take_rest(&reader, snapshot, task);
    if (status == TARN_OK) {
        status = tarn__snapshot_seal(snapshot, err);
    }
    if (status != TARN_OK) {
        tarn_expr_release(task->predicate);
        task->predicate = NULL;
        tarn_snapshot_close(snapshot);
        return status;
    }
    *out = snapshot;
    return TARN_OK;
}
