/* SPDX-License-Identifier: Apache-2.0
 *
 * Actions out of JSON.
 *
 * Specification: Delta PROTOCOL.md, "Actions".
 *
 * Invariants
 *  1. Texts of an action that are kept while the line is read lie in the line or in the stream's arena: nothing points at scratch.
 *  2. A line is an object with at most one known action; the first one counts.
 *  3. Fields of a wrong kind in a known action are CORRUPT; null is absent.
 */
#include "txlog/delta/delta_action.h"

#include <string.h>

#include "format/base/text.h"
#include "format/base/utf8.h"
#include "txlog/delta/delta_action_scan.h"
#include "txlog/delta/delta_partition.h"
#include "txlog/delta/delta_path.h"

/* Texts of the arena are given up once they have grown so far: an action needs its own only. */
enum { ARENA_ROOM = 1 << 20, READ_BYTES = 1 << 20 };
static const uint64_t most_line = (uint64_t)1 << 31;

static enum tarn_status read_text(struct tarn_json *json, struct tarn_text *out, struct tarn_error *err)
{
    bool is_null = false;
    return tarn__json_string(json, out, &is_null, err);
}

static enum tarn_status read_int(struct tarn_json *json, int64_t *out, int64_t when_null, struct tarn_error *err)
{
    bool is_null = false;
    TARN_RETURN_IF_ERROR(tarn__json_int64(json, out, &is_null, err));
    if (is_null) {
        *out = when_null;
    }
    return TARN_OK;
}

static enum tarn_status read_bool(struct tarn_json *json, bool *out, struct tarn_error *err)
{
    bool is_null = false;
    return tarn__json_bool(json, out, &is_null, err);
}

static enum tarn_status read_int32(struct tarn_json *json, int32_t *out, struct tarn_error *err)
{
    int64_t value;
    TARN_RETURN_IF_ERROR(read_int(json, &value, 0, err));
    if (value < 0 || value > INT32_MAX) {
        return tarn__json_fail(json, err, "json.range", "a number between 0 and %d is due here", INT32_MAX);
    }
    *out = (int32_t)value;
    return TARN_OK;
}

/* An array of strings, or null. */
static enum tarn_status read_texts(struct tarn_json *json, struct tarn_text **out, uint32_t *count, bool *there, struct tarn_error *err)
{
    struct tarn_arena *arena = json->options.arena;
    *out = NULL;
    *count = 0;
    bool is_null = false;
    TARN_RETURN_IF_ERROR(tarn__json_array(json, &is_null, err));
    *there = !is_null;
    uint32_t capacity = 0;
    for (bool more = !is_null; more;) {
        TARN_RETURN_IF_ERROR(tarn__json_element(json, &more, err));
        if (!more) {
            break;
        }
        if (*count == capacity) {
            capacity = capacity == 0 ? 8 : capacity * 2;
            struct tarn_text *grown = tarn__arena_calloc(arena, capacity, sizeof(*grown));
            if (grown == NULL) {
                return tarn__nomem(arena->env, err, (uint64_t)capacity * sizeof(*grown));
            }
            if (*count != 0) {
                memcpy(grown, *out, *count * sizeof(*grown));
            }
            *out = grown;
        }
        TARN_RETURN_IF_ERROR(tarn__json_string(json, &(*out)[*count], NULL, err));
        (*count)++;
    }
    return TARN_OK;
}

/* An object of texts (a null among them is empty), or null. */
static enum tarn_status read_properties(struct tarn_json *json, struct tarn_property **out, uint32_t *count, struct tarn_error *err)
{
    struct tarn_arena *arena = json->options.arena;
    *out = NULL;
    *count = 0;
    bool is_null = false;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, &is_null, err));
    uint32_t capacity = 0;
    for (bool more = !is_null; more;) {
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            break;
        }
        if (*count == capacity) {
            capacity = capacity == 0 ? 8 : capacity * 2;
            struct tarn_property *grown = tarn__arena_calloc(arena, capacity, sizeof(*grown));
            if (grown == NULL) {
                return tarn__nomem(arena->env, err, (uint64_t)capacity * sizeof(*grown));
            }
            if (*count != 0) {
                memcpy(grown, *out, *count * sizeof(*grown));
            }
            *out = grown;
        }
        (*out)[*count].key = json->text;
        TARN_RETURN_IF_ERROR(read_text(json, &(*out)[*count].value, err));
        (*count)++;
    }
    return TARN_OK;
}

/* Walks the fields of an action: `field` handles the key in json->text and says whether it knew it. */
typedef enum tarn_status (*field_fn)(struct tarn_json *json, struct tarn__delta_action *action, bool *known, struct tarn_error *err);

static enum tarn_status read_fields(struct tarn_json *json, struct tarn__delta_action *action, field_fn field, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__json_object(json, NULL, err));
    for (bool more = true;;) {
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            return TARN_OK;
        }
        bool known = false;
        TARN_RETURN_IF_ERROR(field(json, action, &known, err));
        if (!known) {
            TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
        }
    }
}

static enum tarn_status protocol_field(struct tarn_json *json, struct tarn__delta_action *action, bool *known, struct tarn_error *err)
{
    struct tarn__delta_protocol *protocol = &action->u.protocol;
    *known = true;
    if (tarn__json_is(json, "minReaderVersion")) {
        return read_int32(json, &protocol->reader, err);
    }
    if (tarn__json_is(json, "minWriterVersion")) {
        return read_int32(json, &protocol->writer, err);
    }
    if (tarn__json_is(json, "readerFeatures")) {
        return read_texts(json, &protocol->reader_features, &protocol->reader_feature_count, &protocol->has_reader_features, err);
    }
    if (tarn__json_is(json, "writerFeatures")) {
        return read_texts(json, &protocol->writer_features, &protocol->writer_feature_count, &protocol->has_writer_features, err);
    }
    *known = false;
    return TARN_OK;
}

static enum tarn_status format_field(struct tarn_json *json, struct tarn__delta_action *action, bool *known, struct tarn_error *err)
{
    if (tarn__json_is(json, "provider")) {
        *known = true;
        return read_text(json, &action->u.metadata.provider, err);
    }
    return TARN_OK;
}

static enum tarn_status metadata_field(struct tarn_json *json, struct tarn__delta_action *action, bool *known, struct tarn_error *err)
{
    struct tarn__delta_metadata *metadata = &action->u.metadata;
    bool there;
    *known = true;
    if (tarn__json_is(json, "id")) {
        return read_text(json, &metadata->id, err);
    }
    if (tarn__json_is(json, "name")) {
        return read_text(json, &metadata->name, err);
    }
    if (tarn__json_is(json, "description")) {
        return read_text(json, &metadata->description, err);
    }
    if (tarn__json_is(json, "schemaString")) {
        return read_text(json, &metadata->schema, err);
    }
    if (tarn__json_is(json, "format")) {
        return read_fields(json, action, format_field, err);
    }
    if (tarn__json_is(json, "partitionColumns")) {
        return read_texts(json, &metadata->partition_columns, &metadata->partition_column_count, &there, err);
    }
    if (tarn__json_is(json, "createdTime")) {
        return read_int(json, &metadata->created, 0, err);
    }
    if (tarn__json_is(json, "configuration")) {
        return read_properties(json, &metadata->properties, &metadata->property_count, err);
    }
    *known = false;
    return TARN_OK;
}

static enum tarn_status vector_field(struct tarn_json *json, struct tarn__delta_action *action, bool *known, struct tarn_error *err)
{
    struct tarn__deletion_vector *vector = &action->u.file.vector;
    int64_t number;
    *known = true;
    if (tarn__json_is(json, "storageType")) {
        return read_text(json, &vector->storage, err);
    }
    if (tarn__json_is(json, "pathOrInlineDv")) {
        return read_text(json, &vector->place, err);
    }
    if (tarn__json_is(json, "offset")) {
        TARN_RETURN_IF_ERROR(read_int(json, &number, -1, err));
        vector->has_offset = number >= 0;
        vector->offset = number >= 0 ? (uint64_t)number : 0;
        return TARN_OK;
    }
    if (tarn__json_is(json, "sizeInBytes")) {
        TARN_RETURN_IF_ERROR(read_int(json, &number, 0, err));
        vector->size = number > 0 ? (uint64_t)number : 0;
        return TARN_OK;
    }
    if (tarn__json_is(json, "cardinality")) {
        TARN_RETURN_IF_ERROR(read_int(json, &number, 0, err));
        vector->cardinality = number > 0 ? (uint64_t)number : 0;
        return TARN_OK;
    }
    *known = false;
    return TARN_OK;
}

static enum tarn_status read_vector(struct tarn_json *json, struct tarn__delta_action *action, struct tarn_error *err)
{
    struct tarn__delta_file *file = &action->u.file;
    bool is_null = false;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, &is_null, err));
    if (is_null) {
        return TARN_OK;
    }
    for (bool more = true;;) {
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            break;
        }
        bool known;
        TARN_RETURN_IF_ERROR(vector_field(json, action, &known, err));
        if (!known) {
            TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
        }
    }
    if (file->vector.storage.size == 0 || file->vector.place.size == 0) {
        return tarn__json_fail(json, err, "deletion_vector", "a deletion vector without storageType or pathOrInlineDv");
    }
    file->extra.deletion_vector = &file->vector;
    return TARN_OK;
}

static enum tarn_status read_path(struct tarn_json *json, struct tarn_text *out, struct tarn_error *err)
{
    struct tarn_arena *arena = json->options.arena;
    struct tarn_text uri;
    TARN_RETURN_IF_ERROR(tarn__json_string(json, &uri, NULL, err));
    struct tarn_text_builder key;
    tarn__builder_init(&key, arena->env);
    const bool legal = tarn__delta_path_decode(uri, &key);
    enum tarn_status status = tarn__builder_status(&key, err);
    if (status == TARN_OK && (!legal || key.size == 0)) {
        status = tarn__json_fail(json, err, "path", "a path that names no file");
    }
    if (status == TARN_OK) {
        *out = tarn__arena_text(arena, tarn__builder_text(&key));
        status = out->data == NULL ? tarn__nomem(arena->env, err, key.size) : TARN_OK;
    }
    tarn__builder_free(&key);
    return status;
}

static enum tarn_status file_field(struct tarn_json *json, struct tarn__delta_action *action, bool *known, struct tarn_error *err)
{
    struct tarn__delta_file *file = &action->u.file;
    int64_t number;
    *known = true;
    if (tarn__json_is(json, "path")) {
        return read_path(json, &file->path, err);
    }
    if (tarn__json_is(json, "size")) {
        TARN_RETURN_IF_ERROR(read_int(json, &number, -1, err));
        file->has_size = number >= 0;
        file->size = number >= 0 ? (uint64_t)number : 0;
        return TARN_OK;
    }
    if (tarn__json_is(json, "modificationTime") || tarn__json_is(json, "deletionTimestamp")) {
        return read_int(json, &file->modified, 0, err);
    }
    if (tarn__json_is(json, "dataChange")) {
        return read_bool(json, &file->data_change, err);
    }
    if (tarn__json_is(json, "partitionValues")) {
        return tarn__delta_partition_read(json, &file->partition, err);
    }
    if (tarn__json_is(json, "stats")) {
        TARN_RETURN_IF_ERROR(read_text(json, &file->statistics, err));
        file->rows = tarn__delta_statistics_rows(json->options.arena->env, file->statistics);
        return TARN_OK;
    }
    if (tarn__json_is(json, "deletionVector")) {
        return read_vector(json, action, err);
    }
    if (tarn__json_is(json, "baseRowId")) {
        return read_int(json, &file->extra.first_row_id, -1, err);
    }
    if (tarn__json_is(json, "defaultRowCommitVersion")) {
        return read_int(json, &file->extra.row_version, -1, err);
    }
    if (tarn__json_is(json, "clusteringProvider")) {
        return read_text(json, &file->extra.laid_out_by, err);
    }
    if (tarn__json_is(json, "tags")) {
        TARN_RETURN_IF_ERROR(tarn__json_raw(json, &file->extra.tags, err));
        if (tarn__text_equal(file->extra.tags, TARN_TEXT("null"))) {
            file->extra.tags = (struct tarn_text){NULL, 0};
        }
        return TARN_OK;
    }
    *known = false;
    return TARN_OK;
}

static enum tarn_status txn_field(struct tarn_json *json, struct tarn__delta_action *action, bool *known, struct tarn_error *err)
{
    *known = true;
    if (tarn__json_is(json, "appId")) {
        return read_text(json, &action->u.txn.app_id, err);
    }
    if (tarn__json_is(json, "version")) {
        return read_int(json, &action->u.txn.version, 0, err);
    }
    if (tarn__json_is(json, "lastUpdated")) {
        return read_int(json, &action->u.txn.last_updated, 0, err);
    }
    *known = false;
    return TARN_OK;
}

static enum tarn_status domain_field(struct tarn_json *json, struct tarn__delta_action *action, bool *known, struct tarn_error *err)
{
    *known = true;
    if (tarn__json_is(json, "domain")) {
        return read_text(json, &action->u.domain.domain, err);
    }
    if (tarn__json_is(json, "configuration")) {
        return read_text(json, &action->u.domain.configuration, err);
    }
    if (tarn__json_is(json, "removed")) {
        return read_bool(json, &action->u.domain.removed, err);
    }
    *known = false;
    return TARN_OK;
}

/* History's words may be of any JSON kind: engines write what they like. Strings are decoded, the rest is kept as it is. */
static enum tarn_status read_loose_text(struct tarn_json *json, struct tarn_text *out, struct tarn_error *err)
{
    struct tarn_text raw;
    TARN_RETURN_IF_ERROR(tarn__json_raw(json, &raw, err));
    *out = raw;
    if (raw.size >= 2 && raw.data[0] == '"') {
        struct tarn_json inner;
        tarn__json_open(&inner, &(struct tarn_json_pull_options){.arena = json->options.arena, .failure = TARN_CORRUPT}, raw);
        const enum tarn_status status = tarn__json_string(&inner, out, NULL, err);
        tarn__json_close(&inner);
        return status;
    }
    if (tarn__text_equal(raw, TARN_TEXT("null"))) {
        *out = (struct tarn_text){NULL, 0};
    }
    return TARN_OK;
}

static bool loose_int(struct tarn_text text, int64_t *out)
{
    return tarn__int64_parse(text, out) == TARN_PARSED;
}

static enum tarn_status commit_info_field(struct tarn_json *json, struct tarn__delta_action *action, bool *known, struct tarn_error *err)
{
    struct tarn__delta_commit_info *info = &action->u.commit_info;
    struct tarn_text *text = NULL;
    struct tarn_text word = {NULL, 0};
    const struct tarn_text key = json->text;
    if (tarn__text_equal(key, TARN_TEXT("operation"))) {
        text = &info->operation;
    } else if (tarn__text_equal(key, TARN_TEXT("operationParameters"))) {
        text = &info->parameters;
    } else if (tarn__text_equal(key, TARN_TEXT("operationMetrics"))) {
        text = &info->metrics;
    } else if (tarn__text_equal(key, TARN_TEXT("engineInfo"))) {
        text = &info->engine;
    } else if (tarn__text_equal(key, TARN_TEXT("txnId"))) {
        text = &info->commit_id;
    } else if (tarn__text_equal(key, TARN_TEXT("userMetadata"))) {
        text = &info->user_metadata;
    } else if (tarn__text_equal(key, TARN_TEXT("timestamp")) || tarn__text_equal(key, TARN_TEXT("inCommitTimestamp")) ||
               tarn__text_equal(key, TARN_TEXT("readVersion")) || tarn__text_equal(key, TARN_TEXT("isBlindAppend"))) {
        text = &word;
    } else {
        return TARN_OK;
    }
    *known = true;
    TARN_RETURN_IF_ERROR(read_loose_text(json, text, err));
    if (tarn__text_equal(key, TARN_TEXT("timestamp"))) {
        info->has_timestamp = loose_int(word, &info->timestamp);
    } else if (tarn__text_equal(key, TARN_TEXT("inCommitTimestamp"))) {
        info->has_in_commit_timestamp = loose_int(word, &info->in_commit_timestamp);
    } else if (tarn__text_equal(key, TARN_TEXT("readVersion"))) {
        info->read_version = loose_int(word, &info->read_version) ? info->read_version : -1;
    } else if (tarn__text_equal(key, TARN_TEXT("isBlindAppend"))) {
        info->blind_append = tarn__text_equal(word, TARN_TEXT("true"));
    }
    return TARN_OK;
}

static enum tarn_status sidecar_field(struct tarn_json *json, struct tarn__delta_action *action, bool *known, struct tarn_error *err)
{
    if (tarn__json_is(json, "path")) {
        *known = true;
        return read_path(json, &action->u.sidecar, err);
    }
    return TARN_OK;
}

/* Tags are texts; what is no number says nothing. */
static enum tarn_status tag_field(struct tarn_json *json, struct tarn__delta_action *action, bool *known, struct tarn_error *err)
{
    if (!tarn__json_is(json, "numOfAddFiles")) {
        return TARN_OK;
    }
    struct tarn_text word;
    int64_t adds;
    *known = true;
    TARN_RETURN_IF_ERROR(read_loose_text(json, &word, err));
    action->u.checkpoint.adds = loose_int(word, &adds) && adds >= 0 ? adds : -1;
    return TARN_OK;
}

static enum tarn_status checkpoint_field(struct tarn_json *json, struct tarn__delta_action *action, bool *known, struct tarn_error *err)
{
    *known = true;
    if (tarn__json_is(json, "version")) {
        return read_int(json, &action->u.checkpoint.version, -1, err);
    }
    if (tarn__json_is(json, "tags")) {
        bool is_null = false;
        struct tarn_json ahead = *json;
        TARN_RETURN_IF_ERROR(tarn__json_object(&ahead, &is_null, err));
        return is_null ? tarn__json_skip(json, err) : read_fields(json, action, tag_field, err);
    }
    *known = false;
    return TARN_OK;
}

static const struct {
    struct tarn_text key;
    enum tarn__delta_action_kind kind;
    field_fn field;
} kinds[] = {
    {{"add", 3}, TARN_DELTA_ADD, file_field},
    {{"remove", 6}, TARN_DELTA_REMOVE, file_field},
    {{"metaData", 8}, TARN_DELTA_METADATA, metadata_field},
    {{"protocol", 8}, TARN_DELTA_PROTOCOL, protocol_field},
    {{"commitInfo", 10}, TARN_DELTA_COMMIT_INFO, commit_info_field},
    {{"txn", 3}, TARN_DELTA_TXN, txn_field},
    {{"domainMetadata", 14}, TARN_DELTA_DOMAIN, domain_field},
    {{"cdc", 3}, TARN_DELTA_CDC, file_field},
    {{"sidecar", 7}, TARN_DELTA_SIDECAR, sidecar_field},
    {{"checkpointMetadata", 18}, TARN_DELTA_CHECKPOINT_METADATA, checkpoint_field},
};

void tarn__delta_action_begin(struct tarn__delta_action *action, enum tarn__delta_action_kind kind)
{
    memset(action, 0, sizeof(*action));
    action->kind = kind;
    if (kind == TARN_DELTA_ADD || kind == TARN_DELTA_REMOVE || kind == TARN_DELTA_CDC) {
        action->u.file.data_change = true;
        action->u.file.rows = -1;
        action->u.file.extra = (struct tarn__file_extra){.first_row_id = -1, .row_version = -1, .file_sequence = -1};
    } else if (kind == TARN_DELTA_COMMIT_INFO) {
        action->u.commit_info.read_version = -1;
    } else if (kind == TARN_DELTA_CHECKPOINT_METADATA) {
        action->u.checkpoint = (struct tarn__delta_checkpoint_metadata){-1, -1};
    }
}

/* What an action must have to mean anything. */
static enum tarn_status check_action(const struct tarn_json *json, const struct tarn__delta_action *action, struct tarn_error *err)
{
    switch (action->kind) {
    case TARN_DELTA_ADD:
    case TARN_DELTA_REMOVE:
    case TARN_DELTA_CDC:
        if (action->u.file.path.size == 0) {
            return tarn__json_fail(json, err, "action", "a file action without a path");
        }
        if (action->kind == TARN_DELTA_ADD && !action->u.file.has_size) {
            return tarn__json_fail(json, err, "action", "an added file without its size");
        }
        return TARN_OK;
    case TARN_DELTA_PROTOCOL:
        return action->u.protocol.reader < 1 || action->u.protocol.writer < 1
                   ? tarn__json_fail(json, err, "protocol", "a protocol without minReaderVersion or minWriterVersion")
                   : TARN_OK;
    case TARN_DELTA_SIDECAR:
        return action->u.sidecar.size == 0 ? tarn__json_fail(json, err, "action", "a sidecar without a path") : TARN_OK;
    default:
        return TARN_OK;
    }
}

enum tarn_status tarn__delta_action_parse(struct tarn_json *json, struct tarn_text line, uint64_t offset, struct tarn__delta_action *action,
                                          struct tarn_error *err)
{
    tarn__delta_action_begin(action, TARN_DELTA_OTHER);
    tarn__json_reopen(json, line, offset);
    TARN_RETURN_IF_ERROR(tarn__json_object(json, NULL, err));
    for (bool more = true;;) {
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            break;
        }
        size_t found = 0;
        const size_t count = sizeof(kinds) / sizeof(kinds[0]);
        while (found < count && !tarn__text_equal(kinds[found].key, json->text)) {
            found++;
        }
        if (found == count || action->kind != TARN_DELTA_OTHER) {
            TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
            continue;
        }
        struct tarn_text raw_null = {json->at, (size_t)(json->end - json->at)};
        while (raw_null.size != 0 && (raw_null.data[0] == ' ' || raw_null.data[0] == ':')) {
            raw_null.data++;
            raw_null.size--;
        }
        if (tarn__text_starts(raw_null, TARN_TEXT("null"))) {
            TARN_RETURN_IF_ERROR(tarn__json_skip(json, err)); /* checkpoints of JSON have every action's key, all but one null */
            continue;
        }
        tarn__delta_action_begin(action, kinds[found].kind);
        TARN_RETURN_IF_ERROR(read_fields(json, action, kinds[found].field, err));
    }
    enum tarn_json_event event;
    TARN_RETURN_IF_ERROR(tarn__json_next(json, &event, err));
    return check_action(json, action, err);
}

int64_t tarn__delta_statistics_rows(struct tarn_env *env, struct tarn_text statistics)
{
    /* All writers put it first; the general way is for those who do not. */
    static const struct tarn_text first = {"{\"numRecords\":", 14};
    int64_t rows = -1;
    if (tarn__text_starts(statistics, first)) {
        size_t digits = 0;
        while (first.size + digits < statistics.size && tarn__is_digit(statistics.data[first.size + digits])) {
            digits++;
        }
        if (tarn__int64_parse((struct tarn_text){statistics.data + first.size, digits}, &rows) == TARN_PARSED) {
            return rows;
        }
    }
    if (statistics.size == 0) {
        return -1;
    }
    struct tarn_json json;
    tarn__json_open(&json, &(struct tarn_json_pull_options){.env = env, .failure = TARN_CORRUPT}, statistics);
    rows = -1;
    bool more = true;
    enum tarn_status status = tarn__json_object(&json, NULL, NULL);
    while (status == TARN_OK && more) {
        status = tarn__json_key(&json, &more, NULL);
        if (status == TARN_OK && more) {
            bool is_null = false;
            status = tarn__json_is(&json, "numRecords") ? tarn__json_int64(&json, &rows, &is_null, NULL) : tarn__json_skip(&json, NULL);
            rows = json.event == TARN_JSON_NULL && rows == 0 ? -1 : rows;
        }
    }
    tarn__json_close(&json);
    return status == TARN_OK && rows >= 0 ? rows : -1;
}

enum tarn_status tarn__delta_stream_open(struct tarn__delta_stream *stream, struct tarn_store *store, struct tarn_text key,
                                         struct tarn_error *err)
{
    *stream = (struct tarn__delta_stream){.env = store->env, .key = key};
    tarn__arena_init(&stream->arena, store->env);
    const enum tarn_status status = tarn_object_open(store, key, &stream->object, err);
    if (status != TARN_OK) {
        tarn__error_at_object(err, key);
        return status;
    }
    if (tarn_object_info(stream->object).size == 0) {
        tarn_object_close(stream->object);
        stream->object = NULL;
        tarn__corrupt(
            err, "commit_empty",
            "the commit has no bytes: its writer died or lost power before they were on disk. If it is the newest, move it away to "
            "go back to the version before; its rows were never safe");
        tarn__error_at_object(err, key);
        return TARN_CORRUPT;
    }
    tarn__json_open(&stream->json, &(struct tarn_json_pull_options){.env = store->env, .arena = &stream->arena, .failure = TARN_CORRUPT},
                    (struct tarn_text){"", 0});
    return TARN_OK;
}

/* Moves what is unread to the front and reads more behind it. */
static enum tarn_status fill(struct tarn__delta_stream *stream, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__check_cancelled(stream->env, err));
    const uint64_t size = tarn_object_info(stream->object).size;
    if (stream->at != 0) {
        memmove(stream->buffer, stream->buffer + stream->at, stream->filled - stream->at);
        stream->filled -= stream->at;
        stream->base += stream->at;
        stream->at = 0;
    }
    const uint64_t left = size - stream->base - stream->filled;
    const size_t wanted = left < READ_BYTES ? (size_t)left : READ_BYTES;
    if (stream->filled + wanted > most_line) {
        return tarn__error_set(err, TARN_LIMIT, "log_line", "a line of the log is longer than %llu bytes", (unsigned long long)most_line);
    }
    if (stream->filled + wanted > stream->capacity) {
        const size_t capacity = stream->capacity == 0 ? wanted : (stream->filled + wanted) * 2;
        char *more = tarn__realloc(stream->env, stream->buffer, capacity);
        if (more == NULL) {
            return tarn__nomem(stream->env, err, capacity);
        }
        stream->buffer = more;
        stream->capacity = capacity;
    }
    const struct tarn_read_range range = {stream->base + stream->filled, wanted, (uint8_t *)stream->buffer + stream->filled};
    TARN_RETURN_IF_ERROR(tarn_object_read(stream->object, 1, &range, err));
    stream->filled += wanted;
    return TARN_OK;
}

static bool is_blank(struct tarn_text line)
{
    for (size_t i = 0; i < line.size; i++) {
        if (!tarn__is_space(line.data[i])) {
            return false;
        }
    }
    return true;
}

/* The next line without its newline; *more false at the end. */
static enum tarn_status next_line(struct tarn__delta_stream *stream, struct tarn_text *line, uint64_t *offset, bool *more,
                                  struct tarn_error *err)
{
    const uint64_t size = tarn_object_info(stream->object).size;
    size_t searched = 0;
    for (;;) {
        const size_t begin = stream->at + searched;
        const char *end = stream->filled > begin ? memchr(stream->buffer + begin, '\n', stream->filled - begin) : NULL;
        const bool last = stream->base + stream->filled == size;
        if (end == NULL && !last) {
            searched = stream->filled - stream->at;
            TARN_RETURN_IF_ERROR(fill(stream, err));
            continue;
        }
        const size_t stop = end != NULL ? (size_t)(end - stream->buffer) : stream->filled;
        *more = stream->at < stream->filled;
        *line = (struct tarn_text){stream->buffer + stream->at, stop - stream->at};
        *offset = stream->base + stream->at;
        stream->at = end != NULL ? stop + 1 : stop;
        return TARN_OK;
    }
}

enum tarn_status tarn__delta_stream_next(struct tarn__delta_stream *stream, struct tarn__delta_action *action, bool *more,
                                         struct tarn_error *err)
{
    if (stream->arena.total > ARENA_ROOM) {
        tarn__arena_free(&stream->arena);
    }
    enum tarn_status status;
    struct tarn_text line;
    uint64_t offset = 0;
    do {
        status = next_line(stream, &line, &offset, more, err);
    } while (status == TARN_OK && *more && is_blank(line));
    if (status == TARN_OK && !*more && stream->actions == 0) {
        status = tarn__corrupt(err, "commit_empty", "the commit has no actions: its writer died before it was written");
    }
    if (status == TARN_OK && *more) {
        stream->actions++;
        stream->line = line;
        status = tarn__delta_action_scan(&stream->json, line, action) ? TARN_OK
                                                                      : tarn__delta_action_parse(&stream->json, line, offset, action, err);
    }
    if (status != TARN_OK) {
        *more = false;
        tarn__error_at_object(err, stream->key);
    }
    return status;
}

void tarn__delta_stream_close(struct tarn__delta_stream *stream)
{
    if (stream->object == NULL) {
        return;
    }
    tarn__json_close(&stream->json);
    tarn_object_close(stream->object);
    tarn__arena_free(&stream->arena);
    tarn__free(stream->env, stream->buffer);
    stream->object = NULL;
    stream->buffer = NULL;
}
