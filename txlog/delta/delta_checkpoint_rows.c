/* SPDX-License-Identifier: Apache-2.0
 *
 * The columns of a checkpoint, and actions put into them.
 *
 * Specification: Delta PROTOCOL.md, "Checkpoint Schema", "V2 Spec".
 *
 * Invariants
 *  1. All rows that wait are of one kind; the builders of other kinds are empty.
 *  2. Files have dataChange false: to a reader of a checkpoint no row is new.
 *  3. Tombstones have neither statistics nor tags.
 */
#include "txlog/delta/delta_checkpoint_rows.h"

#include <string.h>

#include "format/base/bytes.h"
#include "format/base/datetime.h"
#include "format/json/json_pull.h"
#include "txlog/delta/delta_action_print.h"
#include "txlog/delta/delta_partition.h"

enum { BATCH_ROWS = 4096 };
static const uint64_t most_memory = 8 << 20; /* of the rows that wait */

#define FIELD(word, of)                                                                                                                    \
    {                                                                                                                                      \
        .name = {word, sizeof(word) - 1}, .type = of, .nullable = true, .id = -1                                                           \
    }
#define COUNT(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))
#define STRUCT(members)                                                                                                                    \
    {                                                                                                                                      \
        .id = TARN_TYPE_STRUCT, .field_count = COUNT(members), .fields = members                                                           \
    }

static const struct tarn_type type_text = {.id = TARN_TYPE_STRING};
static const struct tarn_type type_int = {.id = TARN_TYPE_I32};
static const struct tarn_type type_long = {.id = TARN_TYPE_I64};
static const struct tarn_type type_bool = {.id = TARN_TYPE_BOOL};
static const struct tarn_field map_fields[] = {{.name = {"key", 3}, .type = &type_text, .nullable = false, .id = -1},
                                               FIELD("value", &type_text)};
static const struct tarn_type type_map = {.id = TARN_TYPE_MAP, .field_count = 2, .fields = map_fields};
static const struct tarn_field list_fields[] = {FIELD("element", &type_text)};
static const struct tarn_type type_list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = list_fields};

static const struct tarn_field vector_fields[] = {FIELD("storageType", &type_text), FIELD("pathOrInlineDv", &type_text),
                                                  FIELD("offset", &type_int), FIELD("sizeInBytes", &type_int),
                                                  FIELD("cardinality", &type_long)};
static const struct tarn_type type_vector = STRUCT(vector_fields);

/* In the order of their fields. */
enum add_field {
    ADD_PATH,
    ADD_PARTITION,
    ADD_SIZE,
    ADD_MODIFIED,
    ADD_CHANGE,
    ADD_TAGS,
    ADD_VECTOR,
    ADD_ROW_ID,
    ADD_ROW_VERSION,
    ADD_PROVIDER,
    ADD_FIXED
};
static const struct tarn_field add_fields[] = {FIELD("path", &type_text),
                                               FIELD("partitionValues", &type_map),
                                               FIELD("size", &type_long),
                                               FIELD("modificationTime", &type_long),
                                               FIELD("dataChange", &type_bool),
                                               FIELD("tags", &type_map),
                                               FIELD("deletionVector", &type_vector),
                                               FIELD("baseRowId", &type_long),
                                               FIELD("defaultRowCommitVersion", &type_long),
                                               FIELD("clusteringProvider", &type_text)};

enum remove_field {
    REMOVE_PATH,
    REMOVE_TIME,
    REMOVE_CHANGE,
    REMOVE_EXTENDED,
    REMOVE_PARTITION,
    REMOVE_SIZE,
    REMOVE_VECTOR,
    REMOVE_ROW_ID,
    REMOVE_ROW_VERSION
};
static const struct tarn_field remove_fields[] = {FIELD("path", &type_text),
                                                  FIELD("deletionTimestamp", &type_long),
                                                  FIELD("dataChange", &type_bool),
                                                  FIELD("extendedFileMetadata", &type_bool),
                                                  FIELD("partitionValues", &type_map),
                                                  FIELD("size", &type_long),
                                                  FIELD("deletionVector", &type_vector),
                                                  FIELD("baseRowId", &type_long),
                                                  FIELD("defaultRowCommitVersion", &type_long)};
static const struct tarn_type type_remove = STRUCT(remove_fields);

static const struct tarn_field txn_fields[] = {FIELD("appId", &type_text), FIELD("version", &type_long), FIELD("lastUpdated", &type_long)};
static const struct tarn_type type_txn = STRUCT(txn_fields);

static const struct tarn_field format_fields[] = {FIELD("provider", &type_text), FIELD("options", &type_map)};
static const struct tarn_type type_format = STRUCT(format_fields);
static const struct tarn_field metadata_fields[] = {FIELD("id", &type_text),           FIELD("name", &type_text),
                                                    FIELD("description", &type_text),  FIELD("format", &type_format),
                                                    FIELD("schemaString", &type_text), FIELD("partitionColumns", &type_list),
                                                    FIELD("configuration", &type_map), FIELD("createdTime", &type_long)};
static const struct tarn_type type_metadata = STRUCT(metadata_fields);

static const struct tarn_field protocol_fields[] = {FIELD("minReaderVersion", &type_int), FIELD("minWriterVersion", &type_int),
                                                    FIELD("readerFeatures", &type_list), FIELD("writerFeatures", &type_list)};
static const struct tarn_type type_protocol = STRUCT(protocol_fields);

static const struct tarn_field domain_fields[] = {FIELD("domain", &type_text), FIELD("configuration", &type_text),
                                                  FIELD("removed", &type_bool)};
static const struct tarn_type type_domain = STRUCT(domain_fields);

static const struct tarn_field version_fields[] = {FIELD("version", &type_long), FIELD("tags", &type_map)};
static const struct tarn_type type_version = STRUCT(version_fields);

static const struct tarn_field sidecar_fields[] = {FIELD("path", &type_text), FIELD("sizeInBytes", &type_long),
                                                   FIELD("modificationTime", &type_long), FIELD("tags", &type_map)};
static const struct tarn_type type_sidecar = STRUCT(sidecar_fields);

/* ---- the schema ---- */

static enum tarn_status add_type(struct tarn__checkpoint_rows *rows, struct tarn_type *out, struct tarn_error *err)
{
    struct tarn_field *fields = tarn__arena_calloc(&rows->arena, ADD_FIXED + 3, sizeof(*fields));
    if (fields == NULL) {
        return tarn__nomem(rows->arena.env, err, sizeof(*fields));
    }
    memcpy(fields, add_fields, sizeof(add_fields));
    uint32_t count = ADD_FIXED;
    if (rows->shape.stats_json) {
        fields[count++] = (struct tarn_field)FIELD("stats", &type_text);
    }
    const struct tarn_type *type = NULL;
    if (rows->shape.partition_struct) {
        TARN_RETURN_IF_ERROR(tarn__checkpoint_partition_type(rows->snapshot, &rows->arena, &type, err));
    }
    rows->shape.partition_struct = type != NULL;
    if (type != NULL) {
        fields[count++] = (struct tarn_field)FIELD("partitionValues_parsed", type);
    }
    if (rows->shape.stats_struct) {
        TARN_RETURN_IF_ERROR(tarn__checkpoint_stats_type(rows->snapshot, &rows->arena, &type, err));
        fields[count++] = (struct tarn_field)FIELD("stats_parsed", type);
    }
    *out = (struct tarn_type){.id = TARN_TYPE_STRUCT, .field_count = count, .fields = fields};
    return TARN_OK;
}

static void take_column(struct tarn__checkpoint_rows *rows, struct tarn_field *fields, enum tarn__checkpoint_column column,
                        struct tarn_field field)
{
    fields[rows->column_count] = field;
    rows->columns[rows->column_count++] = column;
}

enum tarn_status tarn__checkpoint_rows_open(struct tarn__checkpoint_rows *rows, const struct tarn_snapshot *snapshot,
                                            struct tarn__checkpoint_shape shape, struct tarn_error *err)
{
    *rows = (struct tarn__checkpoint_rows){.snapshot = snapshot, .shape = shape, .kind = TARN_CHECKPOINT_COLUMNS};
    tarn__arena_init(&rows->arena, snapshot->env);
    tarn__builder_init(&rows->text, snapshot->env);
    struct tarn_type type_add;
    TARN_RETURN_IF_ERROR(add_type(rows, &type_add, err));
    struct tarn_field fields[TARN_CHECKPOINT_COLUMNS];
    if (!shape.files_only) {
        take_column(rows, fields, TARN_CHECKPOINT_TXN, (struct tarn_field)FIELD("txn", &type_txn));
    }
    take_column(rows, fields, TARN_CHECKPOINT_ADD, (struct tarn_field)FIELD("add", &type_add));
    take_column(rows, fields, TARN_CHECKPOINT_REMOVE, (struct tarn_field)FIELD("remove", &type_remove));
    if (!shape.files_only) {
        take_column(rows, fields, TARN_CHECKPOINT_METADATA, (struct tarn_field)FIELD("metaData", &type_metadata));
        take_column(rows, fields, TARN_CHECKPOINT_PROTOCOL, (struct tarn_field)FIELD("protocol", &type_protocol));
        take_column(rows, fields, TARN_CHECKPOINT_DOMAIN, (struct tarn_field)FIELD("domainMetadata", &type_domain));
    }
    if (!shape.files_only && shape.v2) {
        take_column(rows, fields, TARN_CHECKPOINT_METADATA_V2, (struct tarn_field)FIELD("checkpointMetadata", &type_version));
        take_column(rows, fields, TARN_CHECKPOINT_SIDECAR, (struct tarn_field)FIELD("sidecar", &type_sidecar));
    }
    TARN_RETURN_IF_ERROR(tarn_schema_make(snapshot->env, rows->column_count, fields, 0, NULL, &rows->schema, err));
    for (uint32_t i = 0; i < rows->column_count; i++) {
        TARN_RETURN_IF_ERROR(
            tarn__vector_builder_open(snapshot->env, rows->schema->fields[i].type, &rows->builders[rows->columns[i]], err));
    }
    return TARN_OK;
}

void tarn__checkpoint_rows_close(struct tarn__checkpoint_rows *rows)
{
    for (int i = 0; i < TARN_CHECKPOINT_COLUMNS; i++) {
        tarn__vector_builder_close_all(rows->builders[i]);
    }
    tarn_schema_release(rows->schema);
    tarn__builder_free(&rows->text);
    tarn__arena_free(&rows->arena);
}

/* ---- rows ---- */

enum tarn_status tarn__checkpoint_flush(struct tarn__checkpoint_rows *rows, struct tarn_error *err)
{
    if (rows->waiting == 0) {
        return TARN_OK;
    }
    struct tarn_env *env = rows->snapshot->env;
    TARN_RETURN_IF_ERROR(tarn__check_cancelled(env, err));
    struct tarn_vector *columns[TARN_CHECKPOINT_COLUMNS] = {NULL};
    for (uint32_t i = 0; i < rows->column_count; i++) {
        enum tarn_status status = TARN_OK;
        if (rows->columns[i] == rows->kind) {
            status = tarn__vector_builder_finish(rows->builders[rows->kind], &columns[i], err);
        } else {
            columns[i] = tarn__vector_nulls(env, rows->schema->fields[i].type, rows->waiting);
            status = columns[i] == NULL ? tarn__nomem(env, err, 0) : TARN_OK;
        }
        if (status != TARN_OK) {
            for (uint32_t c = 0; c < i; c++) {
                tarn_vector_release(columns[c]);
            }
            return status;
        }
    }
    struct tarn_batch *batch;
    TARN_RETURN_IF_ERROR(tarn__batch_adopt(env, rows->schema, rows->waiting, columns, &batch, err));
    rows->written += rows->waiting;
    rows->waiting = 0;
    const enum tarn_status status = tarn_sink_write(rows->sink, batch, err);
    tarn_batch_release(batch);
    tarn__arena_free(&rows->arena);
    return status;
}

/* Where the next row of a kind goes. */
static enum tarn_status begin_row(struct tarn__checkpoint_rows *rows, enum tarn__checkpoint_column kind,
                                  struct tarn_vector_builder **builder, struct tarn_error *err)
{
    if (rows->waiting == BATCH_ROWS || (rows->waiting != 0 && rows->kind != kind) ||
        (rows->waiting % 256 == 255 && tarn__vector_builder_memory(rows->builders[kind]) > most_memory)) {
        TARN_RETURN_IF_ERROR(tarn__checkpoint_flush(rows, err));
    }
    rows->kind = kind;
    *builder = rows->builders[kind];
    return TARN_OK;
}

static enum tarn_status end_row(struct tarn__checkpoint_rows *rows, struct tarn_vector_builder *builder, struct tarn_error *err)
{
    tarn__vector_builder_close(builder);
    rows->waiting++;
    return tarn__builder_status(&rows->text, err);
}

static struct tarn_vector_builder *member(struct tarn_vector_builder *builder, uint32_t i)
{
    return tarn__vector_builder_child(builder, i);
}

static void put_optional(struct tarn_vector_builder *builder, struct tarn_text text)
{
    if (text.size == 0) {
        tarn__vector_builder_null(builder);
    } else {
        tarn__vector_builder_text(builder, text);
    }
}

/* A number that is not known below `least`. */
static void put_number(struct tarn_vector_builder *builder, int64_t value, int64_t least)
{
    if (value < least) {
        tarn__vector_builder_null(builder);
    } else {
        tarn__vector_builder_i64(builder, value);
    }
}

static void put_partition(struct tarn_vector_builder *builder, struct tarn_text raw)
{
    struct tarn_text key;
    struct tarn_text value;
    bool is_null = false;
    while (tarn__delta_partition_next(&raw, &key, &value, &is_null)) {
        tarn__vector_builder_text(member(builder, 0), key);
        if (is_null) {
            tarn__vector_builder_null(member(builder, 1));
        } else {
            tarn__vector_builder_text(member(builder, 1), value);
        }
    }
    tarn__vector_builder_close(builder);
}

/* A flat JSON object of texts; what is none is no tags. */
static void put_tags(struct tarn__checkpoint_rows *rows, struct tarn_vector_builder *builder, struct tarn_text tags)
{
    if (tags.size == 0) {
        tarn__vector_builder_null(builder);
        return;
    }
    struct tarn_text raw = {NULL, 0};
    struct tarn_arena arena;
    tarn__arena_init(&arena, rows->snapshot->env);
    struct tarn_json json;
    tarn__json_open(&json, &(struct tarn_json_pull_options){.arena = &arena, .failure = TARN_CORRUPT}, tags);
    if (tarn__delta_partition_read(&json, &raw, NULL) != TARN_OK) {
        tarn__vector_builder_null(builder);
    } else {
        put_partition(builder, raw);
    }
    tarn__json_close(&json);
    tarn__arena_free(&arena);
}

static void put_vector(struct tarn_vector_builder *builder, const struct tarn__file_extra *extra)
{
    const struct tarn__deletion_vector *vector = extra != NULL ? extra->deletion_vector : NULL;
    if (vector == NULL) {
        tarn__vector_builder_null(builder);
        return;
    }
    tarn__vector_builder_text(member(builder, 0), vector->storage);
    tarn__vector_builder_text(member(builder, 1), vector->place);
    put_number(member(builder, 2), vector->has_offset ? (int64_t)vector->offset : -1, 0);
    tarn__vector_builder_i64(member(builder, 3), (int64_t)vector->size);
    tarn__vector_builder_i64(member(builder, 4), (int64_t)vector->cardinality);
    tarn__vector_builder_close(builder);
}

static struct tarn_text path_text(struct tarn__checkpoint_rows *rows, struct tarn_text path)
{
    tarn__builder_clear(&rows->text);
    tarn__delta_path_print(path, &rows->text);
    return tarn__builder_text(&rows->text);
}

enum tarn_status tarn__checkpoint_put_add(struct tarn__checkpoint_rows *rows, const struct tarn__tracked_file *file,
                                          struct tarn_text statistics, struct tarn_error *err)
{
    struct tarn_vector_builder *add;
    TARN_RETURN_IF_ERROR(begin_row(rows, TARN_CHECKPOINT_ADD, &add, err));
    const struct tarn__file_set *files = &rows->snapshot->files;
    const struct tarn__file_extra *extra = file->extra;
    tarn__vector_builder_text(member(add, ADD_PATH), path_text(rows, file->path));
    put_partition(member(add, ADD_PARTITION), files->partitions[file->partition].raw);
    tarn__vector_builder_i64(member(add, ADD_SIZE), (int64_t)file->size);
    tarn__vector_builder_i64(member(add, ADD_MODIFIED), tarn__floor_div(file->modified, 1000));
    tarn__vector_builder_bool(member(add, ADD_CHANGE), false);
    put_tags(rows, member(add, ADD_TAGS), extra != NULL ? extra->tags : (struct tarn_text){NULL, 0});
    put_vector(member(add, ADD_VECTOR), extra);
    put_number(member(add, ADD_ROW_ID), extra != NULL ? extra->first_row_id : -1, 0);
    put_number(member(add, ADD_ROW_VERSION), extra != NULL ? extra->row_version : -1, 0);
    put_optional(member(add, ADD_PROVIDER), extra != NULL ? extra->laid_out_by : (struct tarn_text){NULL, 0});
    uint32_t next = ADD_FIXED;
    if (rows->shape.stats_json) {
        put_optional(member(add, next++), statistics);
    }
    const struct tarn_type *type = NULL;
    for (uint32_t i = 0; i < rows->column_count; i++) {
        type = rows->columns[i] == TARN_CHECKPOINT_ADD ? rows->schema->fields[i].type : type;
    }
    if (rows->shape.partition_struct) {
        tarn__checkpoint_put_partition(tarn__snapshot_partition(rows->snapshot, file), type->fields[next].type, member(add, next));
        next++;
    }
    if (rows->shape.stats_struct) {
        tarn__checkpoint_put_stats(rows->snapshot->env, &rows->arena, type->fields[next].type, statistics, member(add, next));
    }
    return end_row(rows, add, err);
}

bool tarn__checkpoint_is_extended(const struct tarn_snapshot *snapshot, const struct tarn__file_set *set,
                                  const struct tarn__tracked_file *file)
{
    return file->rows >= 0 && (set->partitions[file->partition].raw.size != 0 || snapshot->spec->field_count == 0);
}

enum tarn_status tarn__checkpoint_put_remove(struct tarn__checkpoint_rows *rows, const struct tarn__file_set *set,
                                             const struct tarn__tracked_file *file, struct tarn_error *err)
{
    struct tarn_vector_builder *remove;
    TARN_RETURN_IF_ERROR(begin_row(rows, TARN_CHECKPOINT_REMOVE, &remove, err));
    const struct tarn_text partition = set->partitions[file->partition].raw;
    const bool extended = tarn__checkpoint_is_extended(rows->snapshot, set, file);
    tarn__vector_builder_text(member(remove, REMOVE_PATH), path_text(rows, file->path));
    tarn__vector_builder_i64(member(remove, REMOVE_TIME), tarn__floor_div(file->modified, 1000));
    tarn__vector_builder_bool(member(remove, REMOVE_CHANGE), false);
    tarn__vector_builder_bool(member(remove, REMOVE_EXTENDED), extended);
    if (extended) {
        put_partition(member(remove, REMOVE_PARTITION), partition);
    } else {
        tarn__vector_builder_null(member(remove, REMOVE_PARTITION));
    }
    put_number(member(remove, REMOVE_SIZE), file->rows >= 0 ? (int64_t)file->size : -1, 0);
    put_vector(member(remove, REMOVE_VECTOR), file->extra);
    put_number(member(remove, REMOVE_ROW_ID), file->extra != NULL ? file->extra->first_row_id : -1, 0);
    put_number(member(remove, REMOVE_ROW_VERSION), file->extra != NULL ? file->extra->row_version : -1, 0);
    return end_row(rows, remove, err);
}

static void put_texts(struct tarn_vector_builder *builder, bool there, uint32_t count, const struct tarn_text *texts)
{
    if (!there) {
        tarn__vector_builder_null(builder);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        tarn__vector_builder_text(member(builder, 0), texts[i]);
    }
    tarn__vector_builder_close(builder);
}

enum tarn_status tarn__checkpoint_put_protocol(struct tarn__checkpoint_rows *rows, const struct tarn__delta_protocol *protocol,
                                               struct tarn_error *err)
{
    struct tarn_vector_builder *row;
    TARN_RETURN_IF_ERROR(begin_row(rows, TARN_CHECKPOINT_PROTOCOL, &row, err));
    tarn__vector_builder_i64(member(row, 0), protocol->reader);
    tarn__vector_builder_i64(member(row, 1), protocol->writer);
    put_texts(member(row, 2), protocol->has_reader_features, protocol->reader_feature_count, protocol->reader_features);
    put_texts(member(row, 3), protocol->has_writer_features, protocol->writer_feature_count, protocol->writer_features);
    return end_row(rows, row, err);
}

enum tarn_status tarn__checkpoint_put_metadata(struct tarn__checkpoint_rows *rows, const struct tarn__delta_metadata *metadata,
                                               struct tarn_error *err)
{
    struct tarn_vector_builder *row;
    TARN_RETURN_IF_ERROR(begin_row(rows, TARN_CHECKPOINT_METADATA, &row, err));
    tarn__vector_builder_text(member(row, 0), metadata->id);
    put_optional(member(row, 1), metadata->name);
    put_optional(member(row, 2), metadata->description);
    struct tarn_vector_builder *format = member(row, 3);
    tarn__vector_builder_text(member(format, 0), metadata->provider.size != 0 ? metadata->provider : TARN_TEXT("parquet"));
    tarn__vector_builder_close(member(format, 1));
    tarn__vector_builder_close(format);
    tarn__vector_builder_text(member(row, 4), metadata->schema);
    put_texts(member(row, 5), true, metadata->partition_column_count, metadata->partition_columns);
    struct tarn_vector_builder *map = member(row, 6);
    for (uint32_t i = 0; i < metadata->property_count; i++) {
        tarn__vector_builder_text(member(map, 0), metadata->properties[i].key);
        tarn__vector_builder_text(member(map, 1), metadata->properties[i].value);
    }
    tarn__vector_builder_close(map);
    put_number(member(row, 7), metadata->created != 0 ? metadata->created : -1, 0);
    return end_row(rows, row, err);
}

enum tarn_status tarn__checkpoint_put_txn(struct tarn__checkpoint_rows *rows, const struct tarn__delta_txn *txn, struct tarn_error *err)
{
    struct tarn_vector_builder *row;
    TARN_RETURN_IF_ERROR(begin_row(rows, TARN_CHECKPOINT_TXN, &row, err));
    tarn__vector_builder_text(member(row, 0), txn->app_id);
    tarn__vector_builder_i64(member(row, 1), txn->version);
    put_number(member(row, 2), txn->last_updated != 0 ? txn->last_updated : -1, 0);
    return end_row(rows, row, err);
}

enum tarn_status tarn__checkpoint_put_domain(struct tarn__checkpoint_rows *rows, const struct tarn__delta_domain *domain,
                                             struct tarn_error *err)
{
    struct tarn_vector_builder *row;
    TARN_RETURN_IF_ERROR(begin_row(rows, TARN_CHECKPOINT_DOMAIN, &row, err));
    tarn__vector_builder_text(member(row, 0), domain->domain);
    tarn__vector_builder_text(member(row, 1), domain->configuration);
    tarn__vector_builder_bool(member(row, 2), false);
    return end_row(rows, row, err);
}

enum tarn_status tarn__checkpoint_put_version(struct tarn__checkpoint_rows *rows, int64_t version, struct tarn_error *err)
{
    struct tarn_vector_builder *row;
    TARN_RETURN_IF_ERROR(begin_row(rows, TARN_CHECKPOINT_METADATA_V2, &row, err));
    tarn__vector_builder_i64(member(row, 0), version);
    tarn__vector_builder_null(member(row, 1));
    return end_row(rows, row, err);
}

enum tarn_status tarn__checkpoint_put_sidecar(struct tarn__checkpoint_rows *rows, const struct tarn__checkpoint_sidecar *sidecar,
                                              struct tarn_error *err)
{
    struct tarn_vector_builder *row;
    TARN_RETURN_IF_ERROR(begin_row(rows, TARN_CHECKPOINT_SIDECAR, &row, err));
    tarn__vector_builder_text(member(row, 0), sidecar->path);
    tarn__vector_builder_i64(member(row, 1), (int64_t)sidecar->size);
    tarn__vector_builder_i64(member(row, 2), sidecar->modified);
    tarn__vector_builder_null(member(row, 3));
    return end_row(rows, row, err);
}
