/* SPDX-License-Identifier: Apache-2.0
 *
 * Checkpoints: the actions of a log up to a version as rows of Parquet (or lines of JSON at the top of version 2), replayed behind the
 * commits that came after.
 *
 * Specification: Delta PROTOCOL.md, "Checkpoints", "V1 Spec", "V2 Spec", "Checkpoint Schema".
 *
 * Invariants
 *  1. Only columns that the file has are asked for; one that it lacks is null in every row.
 *  2. A checkpoint is read whole or fails: the caller drops what was replayed.
 *  3. Sidecars lie in _delta_log/_sidecars; of them file actions only are read.
 *  4. A checkpoint of the second specification says which version it is of, once; where it says how many files its sidecars add, so many
 *     there are. One that was cut between two lines is found by that.
 */
#include "txlog/delta/delta_checkpoint.h"

#include "format/base/bytes.h"
#include "format/batch/vector.h"
#include "format/json/json_print.h"
#include "tarn/reader.h"
#include "txlog/delta/delta_partition.h"
#include "txlog/delta/delta_path.h"

enum column {
    ADD_PATH,
    ADD_PARTITION,
    ADD_SIZE,
    ADD_MODIFIED,
    ADD_STATS,
    ADD_ROWS,
    ADD_BASE_ROW_ID,
    ADD_ROW_VERSION,
    ADD_TAGS,
    ADD_LAID_OUT_BY,
    DV_STORAGE,
    DV_PLACE,
    DV_OFFSET,
    DV_SIZE,
    DV_CARDINALITY,
    PROTOCOL_READER,
    PROTOCOL_WRITER,
    PROTOCOL_READER_FEATURES,
    PROTOCOL_WRITER_FEATURES,
    META_ID,
    META_NAME,
    META_DESCRIPTION,
    META_PROVIDER,
    META_SCHEMA,
    META_PARTITION,
    META_CONFIGURATION,
    META_CREATED,
    TXN_APP,
    TXN_VERSION,
    TXN_UPDATED,
    DOMAIN_NAME,
    DOMAIN_CONFIGURATION,
    DOMAIN_REMOVED,
    SIDECAR_PATH,
    CHECKPOINT_VERSION,
    CHECKPOINT_TAGS,
    REMOVE_PATH, /* from here on for visitors only */
    REMOVE_PARTITION,
    REMOVE_SIZE,
    REMOVE_TIME,
    REMOVE_BASE_ROW_ID,
    REMOVE_ROW_VERSION,
    REMOVE_DV_STORAGE,
    REMOVE_DV_PLACE,
    REMOVE_DV_OFFSET,
    REMOVE_DV_SIZE,
    REMOVE_DV_CARDINALITY,
    COLUMN_COUNT
};

enum { MOST_STEPS = 3 };

static const char *const column_paths[COLUMN_COUNT][MOST_STEPS] = {
    [ADD_PATH] = {"add", "path"},
    [ADD_PARTITION] = {"add", "partitionValues"},
    [ADD_SIZE] = {"add", "size"},
    [ADD_MODIFIED] = {"add", "modificationTime"},
    [ADD_STATS] = {"add", "stats"},
    [ADD_ROWS] = {"add", "stats_parsed", "numRecords"},
    [ADD_BASE_ROW_ID] = {"add", "baseRowId"},
    [ADD_ROW_VERSION] = {"add", "defaultRowCommitVersion"},
    [ADD_TAGS] = {"add", "tags"},
    [ADD_LAID_OUT_BY] = {"add", "clusteringProvider"},
    [DV_STORAGE] = {"add", "deletionVector", "storageType"},
    [DV_PLACE] = {"add", "deletionVector", "pathOrInlineDv"},
    [DV_OFFSET] = {"add", "deletionVector", "offset"},
    [DV_SIZE] = {"add", "deletionVector", "sizeInBytes"},
    [DV_CARDINALITY] = {"add", "deletionVector", "cardinality"},
    [PROTOCOL_READER] = {"protocol", "minReaderVersion"},
    [PROTOCOL_WRITER] = {"protocol", "minWriterVersion"},
    [PROTOCOL_READER_FEATURES] = {"protocol", "readerFeatures"},
    [PROTOCOL_WRITER_FEATURES] = {"protocol", "writerFeatures"},
    [META_ID] = {"metaData", "id"},
    [META_NAME] = {"metaData", "name"},
    [META_DESCRIPTION] = {"metaData", "description"},
    [META_PROVIDER] = {"metaData", "format", "provider"},
    [META_SCHEMA] = {"metaData", "schemaString"},
    [META_PARTITION] = {"metaData", "partitionColumns"},
    [META_CONFIGURATION] = {"metaData", "configuration"},
    [META_CREATED] = {"metaData", "createdTime"},
    [TXN_APP] = {"txn", "appId"},
    [TXN_VERSION] = {"txn", "version"},
    [TXN_UPDATED] = {"txn", "lastUpdated"},
    [DOMAIN_NAME] = {"domainMetadata", "domain"},
    [DOMAIN_CONFIGURATION] = {"domainMetadata", "configuration"},
    [DOMAIN_REMOVED] = {"domainMetadata", "removed"},
    [SIDECAR_PATH] = {"sidecar", "path"},
    [CHECKPOINT_VERSION] = {"checkpointMetadata", "version"},
    [CHECKPOINT_TAGS] = {"checkpointMetadata", "tags"},
    [REMOVE_PATH] = {"remove", "path"},
    [REMOVE_PARTITION] = {"remove", "partitionValues"},
    [REMOVE_SIZE] = {"remove", "size"},
    [REMOVE_TIME] = {"remove", "deletionTimestamp"},
    [REMOVE_BASE_ROW_ID] = {"remove", "baseRowId"},
    [REMOVE_ROW_VERSION] = {"remove", "defaultRowCommitVersion"},
    [REMOVE_DV_STORAGE] = {"remove", "deletionVector", "storageType"},
    [REMOVE_DV_PLACE] = {"remove", "deletionVector", "pathOrInlineDv"},
    [REMOVE_DV_OFFSET] = {"remove", "deletionVector", "offset"},
    [REMOVE_DV_SIZE] = {"remove", "deletionVector", "sizeInBytes"},
    [REMOVE_DV_CARDINALITY] = {"remove", "deletionVector", "cardinality"},
};

/* What a column must be for us to read it; another type is a damaged checkpoint. */
enum shape { TEXT, NUMBER, TRUTH, TEXTS, PROPERTIES };

static enum shape column_shape(enum column column)
{
    switch (column) {
    case ADD_SIZE:
    case ADD_MODIFIED:
    case ADD_ROWS:
    case ADD_BASE_ROW_ID:
    case ADD_ROW_VERSION:
    case DV_OFFSET:
    case DV_SIZE:
    case DV_CARDINALITY:
    case PROTOCOL_READER:
    case PROTOCOL_WRITER:
    case META_CREATED:
    case TXN_VERSION:
    case CHECKPOINT_VERSION:
    case TXN_UPDATED:
    case REMOVE_SIZE:
    case REMOVE_TIME:
    case REMOVE_BASE_ROW_ID:
    case REMOVE_ROW_VERSION:
    case REMOVE_DV_OFFSET:
    case REMOVE_DV_SIZE:
    case REMOVE_DV_CARDINALITY:
        return NUMBER;
    case DOMAIN_REMOVED:
        return TRUTH;
    case PROTOCOL_READER_FEATURES:
    case PROTOCOL_WRITER_FEATURES:
    case META_PARTITION:
        return TEXTS;
    case ADD_PARTITION:
    case ADD_TAGS:
    case META_CONFIGURATION:
    case CHECKPOINT_TAGS:
    case REMOVE_PARTITION:
        return PROPERTIES;
    default:
        return TEXT;
    }
}

static bool is_text(const struct tarn_type *type)
{
    return tarn_type_kind(type) == TARN_KIND_BYTES;
}

static bool fits(enum shape shape, const struct tarn_type *type)
{
    switch (shape) {
    case NUMBER:
        return type->id >= TARN_TYPE_I8 && type->id <= TARN_TYPE_I64;
    case TRUTH:
        return type->id == TARN_TYPE_BOOL;
    case TEXTS:
        return type->id == TARN_TYPE_LIST && is_text(type->fields[0].type);
    case PROPERTIES:
        return type->id == TARN_TYPE_MAP && is_text(type->fields[0].type) && is_text(type->fields[1].type);
    default:
        return is_text(type);
    }
}

/* One Parquet file of a checkpoint being read. */
struct rows {
    struct tarn__delta_replay *replay;
    struct tarn_arena arena; /* of one batch */
    int32_t handles[COLUMN_COUNT];
    struct tarn_vector *vectors[COLUMN_COUNT];
    struct tarn_text *sidecars; /* in the snapshot's arena: few */
    size_t sidecar_count;
    size_t sidecar_capacity;
    bool in_sidecar;
    uint64_t adds; /* in sidecars */
    struct tarn__delta_checkpoint_metadata metadata;
    uint32_t metadata_count;
};

/* Has no row of the vector a value? Most columns of most batches are so, and are then not looked at row by row. */
static bool is_all_null(const struct tarn_vector *vector)
{
    if (vector->validity == NULL || vector->length == 0) {
        return vector->shape == TARN_SHAPE_NULLS;
    }
    const uint32_t whole = vector->length / 8;
    for (uint32_t i = 0; i < whole; i++) {
        if (vector->validity[i] != 0) {
            return false;
        }
    }
    return vector->length % 8 == 0 || (vector->validity[whole] & ((1u << vector->length % 8) - 1)) == 0;
}

static inline bool is_there(const struct rows *rows, enum column column, uint32_t row)
{
    const struct tarn_vector *vector = rows->vectors[column];
    if (vector == NULL) {
        return false;
    }
    return vector->validity != NULL ? tarn__bit_get(vector->validity, row) : !tarn_vector_is_null(vector, row);
}

static struct tarn_text text_at(const struct rows *rows, enum column column, uint32_t row)
{
    if (!is_there(rows, column, row)) {
        return (struct tarn_text){"", 0};
    }
    const struct tarn_vector *vector = rows->vectors[column];
    return vector->shape == TARN_SHAPE_STRINGS || vector->shape == TARN_SHAPE_VIEWS ? tarn__vector_leaf_text(vector, row)
                                                                                    : tarn_vector_text(vector, row);
}

static int64_t number_at(const struct rows *rows, enum column column, uint32_t row, int64_t when_null)
{
    if (!is_there(rows, column, row)) {
        return when_null;
    }
    const struct tarn_vector *vector = rows->vectors[column];
    return vector->shape == TARN_SHAPE_FLAT && vector->type->id == TARN_TYPE_I64 ? ((const int64_t *)vector->u.values)[row]
                                                                                 : tarn__vector_value(vector, row).u.i64;
}

/* The elements of a list or map: its children and their range. */
static bool elements_at(const struct rows *rows, enum column column, uint32_t row, const struct tarn_vector **list, uint32_t *begin,
                        uint32_t *end)
{
    if (!is_there(rows, column, row)) {
        return false;
    }
    const struct tarn__vector_place place = tarn__vector_locate(rows->vectors[column], row);
    *list = place.vector;
    *begin = (uint32_t)tarn__vector_offset(place.vector, place.row);
    *end = (uint32_t)tarn__vector_offset(place.vector, place.row + 1);
    return true;
}

static enum tarn_status texts_at(struct rows *rows, enum column column, uint32_t row, struct tarn_text **out, uint32_t *count, bool *there,
                                 struct tarn_error *err)
{
    const struct tarn_vector *list;
    uint32_t begin;
    uint32_t end;
    *out = NULL;
    *count = 0;
    *there = elements_at(rows, column, row, &list, &begin, &end);
    if (!*there) {
        return TARN_OK;
    }
    *count = end - begin;
    *out = tarn__arena_calloc(&rows->arena, (size_t)*count + 1, sizeof(**out));
    if (*out == NULL) {
        return tarn__nomem(rows->arena.env, err, *count);
    }
    for (uint32_t i = begin; i < end; i++) {
        (*out)[i - begin] = tarn_vector_text(list->children[0], i);
    }
    return TARN_OK;
}

static enum tarn_status replay_protocol(struct rows *rows, uint32_t row, struct tarn_error *err)
{
    struct tarn__delta_action action = {.kind = TARN_DELTA_PROTOCOL};
    struct tarn__delta_protocol *protocol = &action.u.protocol;
    protocol->reader = (int32_t)number_at(rows, PROTOCOL_READER, row, 0);
    protocol->writer = (int32_t)number_at(rows, PROTOCOL_WRITER, row, 0);
    TARN_RETURN_IF_ERROR(texts_at(rows, PROTOCOL_READER_FEATURES, row, &protocol->reader_features, &protocol->reader_feature_count,
                                  &protocol->has_reader_features, err));
    TARN_RETURN_IF_ERROR(texts_at(rows, PROTOCOL_WRITER_FEATURES, row, &protocol->writer_features, &protocol->writer_feature_count,
                                  &protocol->has_writer_features, err));
    return tarn__delta_replay_action(rows->replay, &action, err);
}

static enum tarn_status replay_metadata(struct rows *rows, uint32_t row, struct tarn_error *err)
{
    struct tarn__delta_action action = {.kind = TARN_DELTA_METADATA};
    struct tarn__delta_metadata *metadata = &action.u.metadata;
    metadata->id = text_at(rows, META_ID, row);
    metadata->name = text_at(rows, META_NAME, row);
    metadata->description = text_at(rows, META_DESCRIPTION, row);
    metadata->provider = text_at(rows, META_PROVIDER, row);
    metadata->schema = text_at(rows, META_SCHEMA, row);
    metadata->created = number_at(rows, META_CREATED, row, 0);
    bool there;
    TARN_RETURN_IF_ERROR(texts_at(rows, META_PARTITION, row, &metadata->partition_columns, &metadata->partition_column_count, &there, err));
    const struct tarn_vector *map;
    uint32_t begin;
    uint32_t end;
    if (elements_at(rows, META_CONFIGURATION, row, &map, &begin, &end)) {
        metadata->property_count = end - begin;
        metadata->properties = tarn__arena_calloc(&rows->arena, (size_t)(end - begin) + 1, sizeof(*metadata->properties));
        if (metadata->properties == NULL) {
            return tarn__nomem(rows->arena.env, err, end - begin);
        }
        for (uint32_t i = begin; i < end; i++) {
            metadata->properties[i - begin] =
                (struct tarn_property){tarn_vector_text(map->children[0], i), tarn_vector_text(map->children[1], i)};
        }
    }
    return tarn__delta_replay_action(rows->replay, &action, err);
}

/* Path and partition values; they lie in the vector or in the replay's scratch. */
static enum tarn_status read_path(struct rows *rows, enum column path, enum column partition, uint32_t row, struct tarn__delta_file *file,
                                  struct tarn_error *err)
{
    struct tarn_text_builder *scratch = &rows->replay->scratch;
    tarn__builder_clear(scratch);
    const struct tarn_text uri = text_at(rows, path, row);
    const bool plain = tarn__delta_path_is_plain(uri);
    const bool legal = plain || tarn__delta_path_decode(uri, scratch);
    const size_t path_size = scratch->size;
    const struct tarn_vector *map;
    uint32_t begin;
    uint32_t end;
    if (elements_at(rows, partition, row, &map, &begin, &end)) {
        for (uint32_t i = begin; i < end; i++) {
            const struct tarn_text value = tarn_vector_text(map->children[1], i);
            tarn__delta_partition_add(scratch, tarn_vector_text(map->children[0], i),
                                      tarn_vector_is_null(map->children[1], i) ? NULL : &value);
        }
    }
    TARN_RETURN_IF_ERROR(tarn__builder_status(scratch, err));
    if (!legal || (path_size == 0 && !plain)) {
        return tarn__corrupt(err, "checkpoint", "a file without a legal path");
    }
    file->path = plain ? uri : (struct tarn_text){scratch->data, path_size};
    file->partition = (struct tarn_text){scratch->data + path_size, scratch->size - path_size};
    return TARN_OK;
}

/* `first` is the column of the storage type, behind which the others stand in order. */
static void read_vector(const struct rows *rows, enum column first, uint32_t row, struct tarn__delta_file *file)
{
    if (!is_there(rows, first, row)) {
        return;
    }
    const int64_t offset = number_at(rows, first + (DV_OFFSET - DV_STORAGE), row, -1);
    const int64_t bytes = number_at(rows, first + (DV_SIZE - DV_STORAGE), row, 0);
    const int64_t cardinality = number_at(rows, first + (DV_CARDINALITY - DV_STORAGE), row, 0);
    file->vector = (struct tarn__deletion_vector){
        .storage = text_at(rows, first, row),
        .place = text_at(rows, first + (DV_PLACE - DV_STORAGE), row),
        .has_offset = offset >= 0,
        .offset = offset >= 0 ? (uint64_t)offset : 0,
        .size = bytes > 0 ? (uint64_t)bytes : 0,
        .cardinality = cardinality > 0 ? (uint64_t)cardinality : 0,
    };
    file->extra.deletion_vector = &file->vector;
}

/* The map of tags as the JSON that it is in commits. */
static enum tarn_status read_tags(struct rows *rows, uint32_t row, struct tarn_text *out, struct tarn_error *err)
{
    const struct tarn_vector *map;
    uint32_t begin;
    uint32_t end;
    if (!elements_at(rows, ADD_TAGS, row, &map, &begin, &end)) {
        return TARN_OK;
    }
    struct tarn_text_builder text;
    struct tarn_json_printer json;
    tarn__builder_init(&text, rows->arena.env);
    tarn__json_printer_init(&json, &text);
    tarn__json_print_begin_object(&json);
    for (uint32_t i = begin; i < end; i++) {
        tarn__json_print_key(&json, tarn_vector_text(map->children[0], i));
        if (tarn_vector_is_null(map->children[1], i)) {
            tarn__json_print_null(&json);
        } else {
            tarn__json_print_string(&json, tarn_vector_text(map->children[1], i));
        }
    }
    tarn__json_print_end_object(&json);
    enum tarn_status status = tarn__builder_status(&text, err);
    if (status == TARN_OK) {
        *out = tarn__arena_text(&rows->arena, tarn__builder_text(&text));
        status = out->data == NULL ? tarn__nomem(rows->arena.env, err, text.size) : TARN_OK;
    }
    tarn__builder_free(&text);
    return status;
}

static enum tarn_status replay_add(struct rows *rows, uint32_t row, struct tarn_error *err)
{
    struct tarn__delta_action action = {.kind = TARN_DELTA_ADD};
    struct tarn__delta_file *file = &action.u.file;
    TARN_RETURN_IF_ERROR(read_path(rows, ADD_PATH, ADD_PARTITION, row, file, err));
    const int64_t size = number_at(rows, ADD_SIZE, row, -1);
    if (size < 0) {
        return tarn__corrupt(err, "checkpoint", "an added file without a legal size");
    }
    file->has_size = true;
    file->size = (uint64_t)size;
    file->modified = number_at(rows, ADD_MODIFIED, row, 0);
    file->statistics = text_at(rows, ADD_STATS, row);
    file->rows =
        file->statistics.size != 0 ? tarn__delta_statistics_rows(rows->arena.env, file->statistics) : number_at(rows, ADD_ROWS, row, -1);
    file->extra = (struct tarn__file_extra){
        .first_row_id = number_at(rows, ADD_BASE_ROW_ID, row, -1),
        .row_version = number_at(rows, ADD_ROW_VERSION, row, -1),
        .file_sequence = -1,
        .laid_out_by = text_at(rows, ADD_LAID_OUT_BY, row),
    };
    TARN_RETURN_IF_ERROR(read_tags(rows, row, &file->extra.tags, err));
    read_vector(rows, DV_STORAGE, row, file);
    rows->adds += rows->in_sidecar;
    return tarn__delta_replay_action(rows->replay, &action, err);
}

static enum tarn_status visit_remove(struct rows *rows, uint32_t row, struct tarn_error *err)
{
    struct tarn__delta_action action = {.kind = TARN_DELTA_REMOVE};
    struct tarn__delta_file *file = &action.u.file;
    TARN_RETURN_IF_ERROR(read_path(rows, REMOVE_PATH, REMOVE_PARTITION, row, file, err));
    const int64_t size = number_at(rows, REMOVE_SIZE, row, -1);
    file->has_size = size >= 0;
    file->size = size >= 0 ? (uint64_t)size : 0;
    file->modified = number_at(rows, REMOVE_TIME, row, 0);
    file->rows = -1;
    file->extra = (struct tarn__file_extra){
        .first_row_id = number_at(rows, REMOVE_BASE_ROW_ID, row, -1),
        .row_version = number_at(rows, REMOVE_ROW_VERSION, row, -1),
        .file_sequence = -1,
    };
    read_vector(rows, REMOVE_DV_STORAGE, row, file);
    return tarn__delta_replay_action(rows->replay, &action, err);
}

static void note_metadata(struct rows *rows, uint32_t row)
{
    const struct tarn_vector *map;
    uint32_t begin;
    uint32_t end;
    rows->metadata_count++;
    rows->metadata = (struct tarn__delta_checkpoint_metadata){number_at(rows, CHECKPOINT_VERSION, row, -1), -1};
    if (elements_at(rows, CHECKPOINT_TAGS, row, &map, &begin, &end)) {
        for (uint32_t i = begin; i < end; i++) {
            int64_t adds;
            if (tarn__text_equal(tarn_vector_text(map->children[0], i), TARN_TEXT("numOfAddFiles")) &&
                !tarn_vector_is_null(map->children[1], i) &&
                tarn__int64_parse(tarn_vector_text(map->children[1], i), &adds) == TARN_PARSED && adds >= 0) {
                rows->metadata.adds = adds;
            }
        }
    }
}

static enum tarn_status note_sidecar(struct rows *rows, struct tarn_text path, struct tarn_error *err)
{
    const struct tarn__delta_visitor *visitor = rows->replay->visitor;
    if (visitor != NULL && visitor->top_only) {
        struct tarn__delta_action action = {.kind = TARN_DELTA_SIDECAR};
        action.u.sidecar = path;
        return tarn__delta_replay_action(rows->replay, &action, err);
    }
    struct tarn_arena *arena = &rows->replay->snapshot->arena;
    if (rows->sidecar_count == rows->sidecar_capacity) {
        const size_t capacity = rows->sidecar_capacity == 0 ? 8 : rows->sidecar_capacity * 2;
        struct tarn_text *grown = tarn__arena_calloc(arena, capacity, sizeof(*grown));
        if (grown == NULL) {
            return tarn__nomem(arena->env, err, capacity);
        }
        for (size_t i = 0; i < rows->sidecar_count; i++) {
            grown[i] = rows->sidecars[i];
        }
        rows->sidecars = grown;
        rows->sidecar_capacity = capacity;
    }
    struct tarn_text copy = tarn__arena_text(arena, path);
    if (copy.data == NULL) {
        return tarn__nomem(arena->env, err, path.size);
    }
    rows->sidecars[rows->sidecar_count++] = copy;
    return TARN_OK;
}

static enum tarn_status replay_row(struct rows *rows, uint32_t row, struct tarn_error *err)
{
    if (is_there(rows, ADD_PATH, row)) {
        return replay_add(rows, row, err);
    }
    if (is_there(rows, PROTOCOL_READER, row)) {
        return replay_protocol(rows, row, err);
    }
    if (is_there(rows, META_SCHEMA, row)) {
        return replay_metadata(rows, row, err);
    }
    if (is_there(rows, TXN_APP, row)) {
        struct tarn__delta_action action = {.kind = TARN_DELTA_TXN};
        action.u.txn = (struct tarn__delta_txn){text_at(rows, TXN_APP, row), number_at(rows, TXN_VERSION, row, 0),
                                                number_at(rows, TXN_UPDATED, row, 0)};
        return tarn__delta_replay_action(rows->replay, &action, err);
    }
    if (is_there(rows, DOMAIN_NAME, row)) {
        struct tarn__delta_action action = {.kind = TARN_DELTA_DOMAIN};
        action.u.domain = (struct tarn__delta_domain){text_at(rows, DOMAIN_NAME, row), text_at(rows, DOMAIN_CONFIGURATION, row),
                                                      is_there(rows, DOMAIN_REMOVED, row) &&
                                                          tarn__vector_value(rows->vectors[DOMAIN_REMOVED], row).u.boolean};
        return tarn__delta_replay_action(rows->replay, &action, err);
    }
    if (is_there(rows, SIDECAR_PATH, row)) {
        return note_sidecar(rows, text_at(rows, SIDECAR_PATH, row), err);
    }
    if (is_there(rows, CHECKPOINT_VERSION, row)) {
        note_metadata(rows, row);
        return TARN_OK;
    }
    return is_there(rows, REMOVE_PATH, row) ? visit_remove(rows, row, err) : TARN_OK;
}

static enum tarn_status replay_cursor(struct rows *rows, struct tarn_cursor *cursor, struct tarn_error *err)
{
    for (;;) {
        TARN_RETURN_IF_ERROR(tarn__check_cancelled(rows->arena.env, err));
        uint32_t count;
        TARN_RETURN_IF_ERROR(tarn_cursor_next(cursor, TARN_BATCH_ROWS, &count, err));
        if (count == 0) {
            return TARN_OK;
        }
        for (int c = 0; c < COLUMN_COUNT; c++) {
            rows->vectors[c] = NULL;
            if (rows->handles[c] >= 0) {
                TARN_RETURN_IF_ERROR(tarn_cursor_column(cursor, (uint32_t)rows->handles[c], NULL, &rows->vectors[c], err));
                rows->vectors[c] = is_all_null(rows->vectors[c]) ? NULL : rows->vectors[c];
            }
        }
        for (uint32_t row = 0; row < count; row++) {
            const enum tarn_status status = replay_row(rows, row, err);
            if (status != TARN_OK) {
                tarn__error_at_row(err, row);
                return status;
            }
        }
        tarn__arena_free(&rows->arena);
    }
}

/* Is the column asked for? Of a sidecar file actions count, for metadata alone the rest is passed over, and visitors say what they take. */
static bool is_wanted(const struct rows *rows, enum column column)
{
    const struct tarn__delta_visitor *visitor = rows->replay->visitor;
    const bool added = column <= DV_CARDINALITY;
    const bool removed = column >= REMOVE_PATH;
    if (rows->replay->metadata_only) {
        return column >= PROTOCOL_READER && column <= META_CREATED;
    }
    if (rows->in_sidecar && !added && !removed) {
        return false;
    }
    return removed ? visitor != NULL : !added || visitor == NULL || !visitor->without_added;
}

static enum tarn_status replay_source(struct rows *rows, struct tarn_source *source, struct tarn_error *err)
{
    struct tarn_path_step steps[COLUMN_COUNT][MOST_STEPS];
    struct tarn_path paths[COLUMN_COUNT];
    uint32_t asked = 0;
    bool known = false;
    for (int c = 0; c < COLUMN_COUNT; c++) {
        struct tarn_path path = {.steps = steps[c]};
        while (path.depth < MOST_STEPS && column_paths[c][path.depth] != NULL) {
            steps[c][path.depth] =
                (struct tarn_path_step){.kind = TARN_PATH_FIELD, .name = tarn__text_of(column_paths[c][path.depth]), .id = -1};
            path.depth++;
        }
        const struct tarn_type *type;
        bool nullable;
        rows->handles[c] = -1;
        if (tarn_path_resolve(tarn_source_schema(source), &path, &type, &nullable, NULL, NULL) == TARN_OK) {
            known = known || c == ADD_PATH || c == META_SCHEMA;
            if (!is_wanted(rows, (enum column)c)) {
                continue;
            }
            if (!fits(column_shape((enum column)c), type)) {
                return tarn__corrupt(err, "checkpoint", "the column %s.%s of the checkpoint has a wrong type", column_paths[c][0],
                                     column_paths[c][1]);
            }
            paths[asked] = path;
            rows->handles[c] = (int32_t)asked++;
        }
    }
    if (!known) {
        return tarn__corrupt(err, "checkpoint", "a Parquet file that has none of a checkpoint's columns");
    }
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    request.path_count = asked;
    request.paths = paths;
    struct tarn_scan *scan;
    TARN_RETURN_IF_ERROR(tarn_source_scan(source, &request, &scan, err));
    enum tarn_status status = TARN_OK;
    const uint32_t tasks = tarn_scan_task_count(scan);
    for (uint32_t t = 0; status == TARN_OK && t < tasks; t++) {
        struct tarn_cursor *cursor;
        status = tarn_scan_open(scan, t, &cursor, err);
        if (status == TARN_OK) {
            status = replay_cursor(rows, cursor, err);
            tarn_cursor_close(cursor);
        }
    }
    tarn__arena_free(&rows->arena);
    tarn_scan_close(scan);
    return status;
}

static enum tarn_status replay_parquet(struct rows *rows, struct tarn_text key, struct tarn_error *err)
{
    struct tarn_source *source;
    enum tarn_status status = tarn_parquet_open(rows->replay->snapshot->store, key, NULL, &source, err);
    if (status == TARN_OK) {
        status = replay_source(rows, source, err);
        tarn_source_close(source);
    }
    if (status != TARN_OK) {
        tarn__error_at_object(err, key);
    }
    return status;
}

static enum tarn_status replay_json(struct rows *rows, struct tarn_text key, struct tarn_error *err)
{
    struct tarn__delta_stream stream;
    TARN_RETURN_IF_ERROR(tarn__delta_stream_open(&stream, rows->replay->snapshot->store, key, err));
    enum tarn_status status;
    for (;;) {
        struct tarn__delta_action action;
        bool more;
        status = tarn__delta_stream_next(&stream, &action, &more, err);
        if (status != TARN_OK || !more) {
            break;
        }
        if (action.kind == TARN_DELTA_SIDECAR) {
            status = note_sidecar(rows, action.u.sidecar, err);
        } else if (action.kind == TARN_DELTA_CHECKPOINT_METADATA) {
            rows->metadata = action.u.checkpoint;
            rows->metadata_count++;
        } else {
            status = tarn__delta_replay_action(rows->replay, &action, err);
        }
        if (status != TARN_OK) {
            break;
        }
    }
    tarn__delta_stream_close(&stream);
    return status;
}

/* What a checkpoint of the second specification has to say of itself, held against what it has. */
static enum tarn_status check_metadata(const struct rows *rows, const struct tarn__delta_checkpoint *checkpoint, struct tarn_error *err)
{
    const bool must = checkpoint->kind == TARN_CHECKPOINT_UUID || rows->sidecar_count != 0;
    if (rows->replay->metadata_only || (!must && rows->metadata_count == 0)) {
        return TARN_OK;
    }
    if (rows->metadata_count != 1) {
        return tarn__corrupt(err, "checkpoint", "a checkpoint with %u checkpointMetadata instead of one", rows->metadata_count);
    }
    if (rows->metadata.version != checkpoint->version) {
        return tarn__corrupt(err, "checkpoint", "a checkpoint that says it is of version %lld", (long long)rows->metadata.version);
    }
    const bool counted = rows->replay->visitor == NULL || !rows->replay->visitor->without_added;
    if (counted && rows->metadata.adds >= 0 && rows->sidecar_count != 0 && rows->adds != (uint64_t)rows->metadata.adds) {
        return tarn__corrupt(err, "checkpoint", "the sidecars add %llu files instead of %lld", (unsigned long long)rows->adds,
                             (long long)rows->metadata.adds);
    }
    return TARN_OK;
}

static enum tarn_status replay_sidecars(struct rows *rows, struct tarn_error *err)
{
    rows->in_sidecar = true;
    for (size_t i = 0; i < rows->sidecar_count; i++) {
        const struct tarn_text path = rows->sidecars[i];
        struct tarn_text_builder key;
        tarn__builder_init(&key, rows->arena.env);
        tarn__builder_add_str(&key, TARN_DELTA_LOG "_sidecars/");
        if (tarn__text_starts(path, TARN_TEXT(TARN_DELTA_LOG))) {
            tarn__builder_clear(&key); /* some writers give the path from the table's root */
        }
        tarn__builder_add(&key, path);
        enum tarn_status status = tarn__builder_status(&key, err);
        if (status == TARN_OK) {
            status = replay_parquet(rows, tarn__builder_text(&key), err);
        }
        tarn__builder_free(&key);
        TARN_RETURN_IF_ERROR(status);
    }
    return TARN_OK;
}

bool tarn__delta_checkpoint_is_complete(const struct tarn__delta_checkpoint *checkpoint)
{
    return checkpoint->kind != TARN_CHECKPOINT_PARTS || checkpoint->parts_there == checkpoint->parts;
}

enum tarn_status tarn__delta_replay_checkpoint(struct tarn__delta_replay *replay, const struct tarn__delta_checkpoint *checkpoint,
                                               struct tarn_error *err)
{
    tarn__delta_replay_next(replay, checkpoint->version, true);
    struct rows rows = {.replay = replay};
    tarn__arena_init(&rows.arena, replay->snapshot->env);
    enum tarn_status status = TARN_OK;
    if (checkpoint->kind == TARN_CHECKPOINT_PARTS) {
        for (uint32_t part = 1; status == TARN_OK && part <= checkpoint->parts; part++) {
            char key[TARN_DELTA_KEY * 2];
            tarn__delta_part_key(checkpoint->version, part, checkpoint->parts, key);
            status = replay_parquet(&rows, tarn__text_of(key), err);
        }
    } else if (tarn__text_ends(checkpoint->key, TARN_TEXT(".json"))) {
        status = replay_json(&rows, checkpoint->key, err);
    } else {
        status = replay_parquet(&rows, checkpoint->key, err);
    }
    if (status == TARN_OK && !replay->metadata_only) {
        status = replay_sidecars(&rows, err);
    }
    if (status == TARN_OK) {
        status = check_metadata(&rows, checkpoint, err);
    }
    if (status == TARN_OK) {
        status = tarn__delta_replay_settle(replay, err);
    }
    tarn__arena_free(&rows.arena);
    if (status == TARN_INVALID) { /* a sidecar's path that is no key: stored bytes, not the caller's */
        status = tarn__corrupt(err, "checkpoint", "the checkpoint names a sidecar outside the log");
    }
    if (status != TARN_OK) {
        tarn__error_at_version(err, checkpoint->version);
    }
    return status;
}
