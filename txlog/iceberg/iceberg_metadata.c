/* SPDX-License-Identifier: Apache-2.0
 *
 * Table metadata out of JSON.
 *
 * Specification: Iceberg table spec, "Table Metadata", Appendix C "Table Metadata and Snapshots"; what Iceberg's Java library refuses
 * (TableMetadata, TableMetadataParser). SPEC: T-ICEBERG-META-1 to 5.
 *
 * Invariants
 *  1. The version is known before anything else is believed.
 *  2. The text is walked once behind that. Of a snapshot only what all are asked for is kept, and where it stands: 72 bytes each.
 *  3. What is handed out does not contradict itself: ids that are referred to exist, and once each.
 */
#include "txlog/iceberg/iceberg_metadata.h"

#include <stdlib.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "format/codec/inflate.h"
#include "format/json/json_pull.h"

/* Fields that were there. */
enum seen {
    SEEN_UUID = 1 << 0,
    SEEN_LOCATION = 1 << 1,
    SEEN_LAST_SEQUENCE = 1 << 2,
    SEEN_LAST_UPDATED = 1 << 3,
    SEEN_LAST_COLUMN = 1 << 4,
    SEEN_CURRENT_SCHEMA = 1 << 5,
    SEEN_SCHEMAS = 1 << 6,
    SEEN_DEFAULT_SPEC = 1 << 7,
    SEEN_LAST_PARTITION = 1 << 8,
    SEEN_SPECS = 1 << 9,
    SEEN_DEFAULT_ORDER = 1 << 10,
    SEEN_ORDERS = 1 << 11,
    SEEN_REFS = 1 << 12,
};

struct parsing {
    struct tarn_json json;
    struct tarn_arena *arena;
    struct tarn__iceberg_metadata *out;
    unsigned seen;
    struct tarn_text schema; /* version 1 */
    struct tarn_text partition_spec;
};

/* ---- steps that all parts take ---- */

static enum tarn_status no_room(const struct parsing *p, struct tarn_error *err)
{
    return tarn__nomem(p->arena->env, err, 0);
}

/* Reads an object, calling `field` for each key. *raw is its text. */
static enum tarn_status read_object(struct tarn_json *json,
                                    enum tarn_status (*field)(struct tarn_json *json, void *to, struct tarn_error *err), void *to,
                                    struct tarn_text *raw, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__json_object(json, NULL, err));
    const size_t begin = json->offset;
    for (;;) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            *raw = tarn__json_since(json, begin);
            return TARN_OK;
        }
        TARN_RETURN_IF_ERROR(field(json, to, err));
    }
}

/* Reads an array (null is an empty one), calling `element` for each value. */
static enum tarn_status read_array(struct parsing *p, enum tarn_status (*element)(struct parsing *p, struct tarn_error *err),
                                   struct tarn_error *err)
{
    bool is_null;
    TARN_RETURN_IF_ERROR(tarn__json_array(&p->json, &is_null, err));
    while (!is_null) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_element(&p->json, &more, err));
        if (!more) {
            break;
        }
        TARN_RETURN_IF_ERROR(element(p, err));
    }
    return TARN_OK;
}

static enum tarn_status read_int32(struct tarn_json *json, int32_t *out, struct tarn_error *err)
{
    int64_t value;
    TARN_RETURN_IF_ERROR(tarn__json_int64(json, &value, NULL, err));
    if (value < INT32_MIN || value > INT32_MAX) {
        return tarn__json_fail(json, err, "json.range", "a number of more than 32 bits");
    }
    *out = (int32_t)value;
    return TARN_OK;
}

/* ---- schemas, specs, orders ---- */

static enum tarn_status schema_field(struct tarn_json *json, void *to, struct tarn_error *err)
{
    struct tarn__iceberg_text_by_id *schema = to;
    return tarn__json_is(json, "schema-id") ? read_int32(json, &schema->id, err) : tarn__json_skip(json, err);
}

static enum tarn_status read_schema(struct parsing *p, struct tarn_error *err)
{
    struct tarn__iceberg_metadata *out = p->out;
    if (!tarn__arena_room(p->arena, &out->schemas, out->schema_count, sizeof(*out->schemas))) {
        return no_room(p, err);
    }
    struct tarn__iceberg_text_by_id schema = {.id = -1};
    TARN_RETURN_IF_ERROR(read_object(&p->json, schema_field, &schema, &schema.json, err));
    if (schema.id < 0) {
        return tarn__corrupt(err, "metadata.schemas", "table metadata: a schema without schema-id");
    }
    ((struct tarn__iceberg_text_by_id *)(uintptr_t)out->schemas)[out->schema_count++] = schema;
    return TARN_OK;
}

static enum tarn_status read_raw_element(struct parsing *p, struct tarn_text *raw, struct tarn_error *err)
{
    enum tarn_json_event event;
    TARN_RETURN_IF_ERROR(tarn__json_next(&p->json, &event, err));
    return tarn__json_raw(&p->json, raw, err);
}

static enum tarn_status read_spec(struct parsing *p, struct tarn_error *err)
{
    struct tarn__iceberg_metadata *out = p->out;
    struct tarn_text raw;
    if (!tarn__arena_room(p->arena, &out->specs, out->spec_count, sizeof(*out->specs))) {
        return no_room(p, err);
    }
    TARN_RETURN_IF_ERROR(read_raw_element(p, &raw, err));
    return tarn__iceberg_spec_parse(raw, p->arena, &((struct tarn__iceberg_spec *)(uintptr_t)out->specs)[out->spec_count++], err);
}

static enum tarn_status read_order(struct parsing *p, struct tarn_error *err)
{
    struct tarn__iceberg_metadata *out = p->out;
    struct tarn_text raw;
    if (!tarn__arena_room(p->arena, &out->orders, out->order_count, sizeof(*out->orders))) {
        return no_room(p, err);
    }
    TARN_RETURN_IF_ERROR(read_raw_element(p, &raw, err));
    return tarn__iceberg_order_parse(raw, p->arena, &((struct tarn__iceberg_order *)(uintptr_t)out->orders)[out->order_count++], err);
}

/* ---- snapshots, refs, logs, properties ---- */

static enum tarn_status snapshot_field(struct tarn_json *json, void *to, struct tarn_error *err)
{
    struct tarn__iceberg_snapshot_entry *entry = to;
    bool is_null;
    if (tarn__json_is(json, "snapshot-id")) {
        return tarn__json_int64(json, &entry->id, NULL, err);
    }
    if (tarn__json_is(json, "parent-snapshot-id")) {
        TARN_RETURN_IF_ERROR(tarn__json_int64(json, &entry->parent_id, &is_null, err));
        entry->parent_id = is_null ? -1 : entry->parent_id;
        return TARN_OK;
    }
    if (tarn__json_is(json, "sequence-number")) {
        TARN_RETURN_IF_ERROR(tarn__json_int64(json, &entry->sequence, &is_null, err));
        return TARN_OK;
    }
    if (tarn__json_is(json, "timestamp-ms")) {
        return tarn__json_int64(json, &entry->timestamp_ms, NULL, err);
    }
    if (tarn__json_is(json, "schema-id")) {
        int64_t id;
        TARN_RETURN_IF_ERROR(tarn__json_int64(json, &id, &is_null, err));
        if (!is_null && (id < 0 || id > INT32_MAX)) {
            return tarn__json_fail(json, err, "json.range", "a schema-id that is no number of 31 bits");
        }
        entry->schema_id = is_null ? -1 : (int32_t)id;
        return TARN_OK;
    }
    return tarn__json_skip(json, err);
}

static enum tarn_status read_snapshot(struct parsing *p, struct tarn_error *err)
{
    struct tarn__iceberg_metadata *out = p->out;
    if (!tarn__arena_room(p->arena, &out->snapshots, out->snapshot_count, sizeof(*out->snapshots))) {
        return no_room(p, err);
    }
    struct tarn__iceberg_snapshot_entry entry = {.id = -1, .parent_id = -1, .timestamp_ms = INT64_MIN, .schema_id = -1};
    TARN_RETURN_IF_ERROR(read_object(&p->json, snapshot_field, &entry, &entry.json, err));
    if (entry.id == -1 || entry.timestamp_ms == INT64_MIN || entry.sequence < 0) {
        return tarn__corrupt(err, "metadata.snapshots", "table metadata: a snapshot without id or time, or of a negative sequence number");
    }
    ((struct tarn__iceberg_snapshot_entry *)(uintptr_t)out->snapshots)[out->snapshot_count++] = entry;
    return TARN_OK;
}

static enum tarn_status ref_field(struct tarn_json *json, void *to, struct tarn_error *err)
{
    struct tarn__iceberg_ref *ref = to;
    static const char *const keys[] = {"min-snapshots-to-keep", "max-snapshot-age-ms", "max-ref-age-ms"};
    int64_t *const numbers[] = {&ref->min_snapshots_to_keep, &ref->max_snapshot_age_ms, &ref->max_ref_age_ms};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (tarn__text_equal(json->text, tarn__text_of(keys[i]))) {
            bool is_null;
            TARN_RETURN_IF_ERROR(tarn__json_int64(json, numbers[i], &is_null, err));
            *numbers[i] = is_null ? -1 : *numbers[i];
            return TARN_OK;
        }
    }
    if (tarn__json_is(json, "snapshot-id")) {
        return tarn__json_int64(json, &ref->snapshot_id, NULL, err);
    }
    if (tarn__json_is(json, "type")) {
        struct tarn_text type;
        TARN_RETURN_IF_ERROR(tarn__json_string(json, &type, NULL, err));
        ref->is_tag = tarn__text_equal_caseless(type, TARN_TEXT("tag"));
        return ref->is_tag || tarn__text_equal_caseless(type, TARN_TEXT("branch"))
                   ? TARN_OK
                   : tarn__corrupt(err, "metadata.refs", "table metadata: a ref that is neither branch nor tag");
    }
    return tarn__json_skip(json, err);
}

static enum tarn_status add_ref(struct parsing *p, const struct tarn__iceberg_ref *ref, struct tarn_error *err)
{
    struct tarn__iceberg_metadata *out = p->out;
    if (!tarn__arena_room(p->arena, &out->refs, out->ref_count, sizeof(*out->refs))) {
        return no_room(p, err);
    }
    ((struct tarn__iceberg_ref *)(uintptr_t)out->refs)[out->ref_count++] = *ref;
    return TARN_OK;
}

static enum tarn_status read_refs(struct parsing *p, struct tarn_error *err)
{
    bool is_null;
    TARN_RETURN_IF_ERROR(tarn__json_object(&p->json, &is_null, err));
    while (!is_null) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_key(&p->json, &more, err));
        if (!more) {
            break;
        }
        struct tarn__iceberg_ref ref = {
            .name = p->json.text, .snapshot_id = -1, .min_snapshots_to_keep = -1, .max_snapshot_age_ms = -1, .max_ref_age_ms = -1};
        struct tarn_text raw;
        TARN_RETURN_IF_ERROR(read_object(&p->json, ref_field, &ref, &raw, err));
        TARN_RETURN_IF_ERROR(add_ref(p, &ref, err));
    }
    return TARN_OK;
}

static enum tarn_status log_field(struct tarn_json *json, void *to, struct tarn_error *err)
{
    struct tarn__iceberg_log_entry *entry = to;
    if (tarn__json_is(json, "timestamp-ms")) {
        return tarn__json_int64(json, &entry->timestamp_ms, NULL, err);
    }
    if (tarn__json_is(json, "snapshot-id")) {
        return tarn__json_int64(json, &entry->snapshot_id, NULL, err);
    }
    if (tarn__json_is(json, "metadata-file")) {
        return tarn__json_string(json, &entry->file, NULL, err);
    }
    return tarn__json_skip(json, err);
}

static enum tarn_status read_log(struct parsing *p, const struct tarn__iceberg_log_entry **log, uint32_t *count, bool of_files,
                                 struct tarn_error *err)
{
    struct tarn_text raw;
    if (!tarn__arena_room(p->arena, log, *count, sizeof(**log))) {
        return no_room(p, err);
    }
    struct tarn__iceberg_log_entry entry = {.timestamp_ms = INT64_MIN, .snapshot_id = -1};
    TARN_RETURN_IF_ERROR(read_object(&p->json, log_field, &entry, &raw, err));
    if (entry.timestamp_ms == INT64_MIN || (of_files ? entry.file.size == 0 : entry.snapshot_id == -1)) {
        return tarn__corrupt(err, "metadata.log", "table metadata: a log entry without time or without what it is about");
    }
    ((struct tarn__iceberg_log_entry *)(uintptr_t)*log)[(*count)++] = entry;
    return TARN_OK;
}

static enum tarn_status read_snapshot_log(struct parsing *p, struct tarn_error *err)
{
    return read_log(p, &p->out->snapshot_log, &p->out->snapshot_log_count, false, err);
}

static enum tarn_status read_metadata_log(struct parsing *p, struct tarn_error *err)
{
    return read_log(p, &p->out->metadata_log, &p->out->metadata_log_count, true, err);
}

/* An object of strings. */
static enum tarn_status read_properties(struct tarn_json *json, struct tarn_arena *arena, const struct tarn_property **out, uint32_t *count,
                                        struct tarn_error *err)
{
    struct tarn_property *properties = NULL;
    bool is_null;
    *count = 0;
    *out = NULL;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, &is_null, err));
    while (!is_null) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            break;
        }
        if (!tarn__arena_room(arena, &properties, *count, sizeof(*properties))) {
            return tarn__nomem(arena->env, err, sizeof(*properties));
        }
        properties[*count].key = json->text;
        TARN_RETURN_IF_ERROR(tarn__json_string(json, &properties[*count].value, NULL, err));
        ++*count;
    }
    *out = properties;
    return TARN_OK;
}

/* ---- the top level ---- */

/* Numbers by their key. *taken: it was one of them. */
static enum tarn_status read_number(struct parsing *p, bool *taken, struct tarn_error *err)
{
    struct tarn__iceberg_metadata *out = p->out;
    const struct {
        const char *key;
        int32_t *narrow;
        int64_t *wide;
        enum seen seen;
    } numbers[] = {
        {"last-sequence-number", NULL, &out->last_sequence, SEEN_LAST_SEQUENCE},
        {"last-updated-ms", NULL, &out->last_updated_ms, SEEN_LAST_UPDATED},
        {"last-column-id", &out->last_column_id, NULL, SEEN_LAST_COLUMN},
        {"current-schema-id", &out->current_schema_id, NULL, SEEN_CURRENT_SCHEMA},
        {"default-spec-id", &out->default_spec_id, NULL, SEEN_DEFAULT_SPEC},
        {"last-partition-id", &out->last_partition_id, NULL, SEEN_LAST_PARTITION},
        {"default-sort-order-id", &out->default_order_id, NULL, SEEN_DEFAULT_ORDER},
        {"format-version", &out->format_version, NULL, 0},
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (tarn__text_equal(p->json.text, tarn__text_of(numbers[i].key))) {
            *taken = true;
            p->seen |= numbers[i].seen;
            return numbers[i].wide != NULL ? tarn__json_int64(&p->json, numbers[i].wide, NULL, err)
                                           : read_int32(&p->json, numbers[i].narrow, err);
        }
    }
    *taken = false;
    return TARN_OK;
}

static enum tarn_status read_unknown(struct parsing *p, struct tarn_error *err)
{
    struct tarn__iceberg_metadata *out = p->out;
    struct tarn__iceberg_unknown field = {.key = p->json.text};
    if (!tarn__arena_room(p->arena, &out->unknown, out->unknown_count, sizeof(*out->unknown))) {
        return no_room(p, err);
    }
    TARN_RETURN_IF_ERROR(tarn__json_raw(&p->json, &field.json, err));
    ((struct tarn__iceberg_unknown *)(uintptr_t)out->unknown)[out->unknown_count++] = field;
    return TARN_OK;
}

/* The lists of the table, each from its begin: of a field that stands twice the last counts. */
static enum tarn_status read_list(struct parsing *p, bool *taken, struct tarn_error *err)
{
    struct tarn__iceberg_metadata *out = p->out;
    const struct {
        const char *key;
        enum tarn_status (*element)(struct parsing *p, struct tarn_error *err);
        uint32_t *count;
        enum seen seen;
    } lists[] = {
        {"schemas", read_schema, &out->schema_count, SEEN_SCHEMAS},       {"partition-specs", read_spec, &out->spec_count, SEEN_SPECS},
        {"sort-orders", read_order, &out->order_count, SEEN_ORDERS},      {"snapshots", read_snapshot, &out->snapshot_count, 0},
        {"snapshot-log", read_snapshot_log, &out->snapshot_log_count, 0}, {"metadata-log", read_metadata_log, &out->metadata_log_count, 0},
    };
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (tarn__text_equal(p->json.text, tarn__text_of(lists[i].key))) {
            *taken = true;
            p->seen |= lists[i].seen;
            *lists[i].count = 0;
            return read_array(p, lists[i].element, err);
        }
    }
    *taken = false;
    return TARN_OK;
}

static enum tarn_status read_field(struct parsing *p, struct tarn_error *err)
{
    struct tarn__iceberg_metadata *out = p->out;
    struct tarn_json *json = &p->json;
    bool taken;
    TARN_RETURN_IF_ERROR(read_number(p, &taken, err));
    if (taken) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(read_list(p, &taken, err));
    if (taken) {
        return TARN_OK;
    }
    if (tarn__json_is(json, "table-uuid")) {
        p->seen |= SEEN_UUID;
        return tarn__json_string(json, &out->table_uuid, NULL, err);
    }
    if (tarn__json_is(json, "location")) {
        p->seen |= SEEN_LOCATION;
        return tarn__json_string(json, &out->location, NULL, err);
    }
    if (tarn__json_is(json, "current-snapshot-id")) {
        bool is_null;
        TARN_RETURN_IF_ERROR(tarn__json_int64(json, &out->current_snapshot_id, &is_null, err));
        out->current_snapshot_id = is_null ? -1 : out->current_snapshot_id;
        return TARN_OK;
    }
    if (tarn__json_is(json, "properties")) {
        return read_properties(json, p->arena, &out->properties, &out->property_count, err);
    }
    if (tarn__json_is(json, "refs")) {
        p->seen |= SEEN_REFS;
        out->ref_count = 0;
        return read_refs(p, err);
    }
    if (tarn__json_is(json, "statistics")) {
        return tarn__json_raw(json, &out->statistics, err);
    }
    if (tarn__json_is(json, "partition-statistics")) {
        return tarn__json_raw(json, &out->partition_statistics, err);
    }
    if (tarn__json_is(json, "schema")) {
        return tarn__json_raw(json, &p->schema, err);
    }
    if (tarn__json_is(json, "partition-spec")) {
        return tarn__json_raw(json, &p->partition_spec, err);
    }
    return read_unknown(p, err);
}

static void open_text(struct parsing *p, struct tarn_text text)
{
    tarn__json_open(&p->json, &(struct tarn_json_pull_options){.arena = p->arena, .env = p->arena->env, .failure = TARN_CORRUPT}, text);
}

static enum tarn_status read_all(struct parsing *p, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__json_object(&p->json, NULL, err));
    for (;;) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_key(&p->json, &more, err));
        if (!more) {
            break;
        }
        TARN_RETURN_IF_ERROR(read_field(p, err));
    }
    enum tarn_json_event event;
    return tarn__json_next(&p->json, &event, err); /* nothing behind */
}

/* Versions differ in what words mean: a later one is refused before its other fields are looked at. */
static enum tarn_status read_version(struct parsing *p, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__json_object(&p->json, NULL, err));
    for (;;) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_key(&p->json, &more, err));
        if (!more) {
            return tarn__corrupt(err, "metadata.format_version", "table metadata without format-version");
        }
        if (!tarn__json_is(&p->json, "format-version")) {
            TARN_RETURN_IF_ERROR(tarn__json_skip(&p->json, err));
            continue;
        }
        int64_t version;
        TARN_RETURN_IF_ERROR(tarn__json_int64(&p->json, &version, NULL, err));
        if (version == 3) {
            return tarn__unsupported(err, "iceberg.format_version.3", "the table is of Iceberg's format version 3");
        }
        if (version > 3) {
            return tarn__unsupported(err, "iceberg.format_version", "the table is of Iceberg's format version %lld", (long long)version);
        }
        return version >= 1 ? TARN_OK
                            : tarn__corrupt(err, "metadata.format_version", "table metadata of the version %lld", (long long)version);
    }
}

/* ---- what follows, and what must hold ---- */

static enum tarn_status missing(struct tarn_error *err, const char *detail, const char *field)
{
    return tarn__corrupt(err, detail, "table metadata without %s", field);
}

static int compare_ids(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Is an id there twice? `stride` bytes lie between the ids. */
static enum tarn_status check_distinct(struct parsing *p, const void *first, size_t stride, bool wide, uint32_t count, const char *detail,
                                       struct tarn_error *err)
{
    struct tarn_env *env = p->arena->env;
    int64_t *ids = tarn__calloc(env, (size_t)count + 1, sizeof(*ids));
    if (ids == NULL) {
        return tarn__nomem(env, err, count * sizeof(*ids));
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *at = (const uint8_t *)first + i * stride;
        int32_t narrow;
        memcpy(&narrow, at, sizeof(narrow));
        ids[i] = narrow;
        if (wide) {
            memcpy(&ids[i], at, sizeof(ids[i]));
        }
    }
    qsort(ids, count, sizeof(*ids), compare_ids);
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 1; i < count && status == TARN_OK; i++) {
        if (ids[i] == ids[i - 1]) {
            status = tarn__corrupt(err, detail, "table metadata: the id %lld is there twice", (long long)ids[i]);
        }
    }
    tarn__free(env, ids);
    return status;
}

static enum tarn_status settle_schemas(struct parsing *p, struct tarn_error *err)
{
    struct tarn__iceberg_metadata *out = p->out;
    if ((p->seen & SEEN_SCHEMAS) == 0 && out->format_version == 1 && p->schema.size != 0) {
        struct tarn__iceberg_text_by_id *only = tarn__arena_alloc(p->arena, sizeof(*only));
        if (only == NULL) {
            return no_room(p, err);
        }
        struct tarn_json inner;
        struct tarn_text raw;
        tarn__json_open(&inner, &(struct tarn_json_pull_options){.arena = p->arena, .env = p->arena->env, .failure = TARN_CORRUPT},
                        p->schema);
        const enum tarn_status status = read_object(&inner, schema_field, only, &raw, err); /* id 0 when it does not say */
        tarn__json_close(&inner);
        TARN_RETURN_IF_ERROR(status);
        only->json = p->schema;
        out->schemas = only;
        out->schema_count = 1;
        out->current_schema_id = only->id;
        return TARN_OK;
    }
    if (out->schema_count == 0) {
        return missing(err, "metadata.schemas", "schemas");
    }
    if ((p->seen & SEEN_CURRENT_SCHEMA) == 0) {
        return missing(err, "metadata.current_schema", "current-schema-id");
    }
    TARN_RETURN_IF_ERROR(
        check_distinct(p, &out->schemas[0].id, sizeof(out->schemas[0]), false, out->schema_count, "metadata.schemas", err));
    for (uint32_t i = 0; i < out->schema_count; i++) {
        if (out->schemas[i].id == out->current_schema_id) {
            return TARN_OK;
        }
    }
    return tarn__corrupt(err, "metadata.current_schema", "table metadata: no schema has the id %d that is the current one",
                         out->current_schema_id);
}

static int32_t highest_partition_id(const struct tarn__iceberg_metadata *metadata)
{
    int32_t highest = TARN_ICEBERG_FIRST_PARTITION_ID - 1;
    for (uint32_t i = 0; i < metadata->spec_count; i++) {
        for (uint32_t f = 0; f < metadata->specs[i].field_count; f++) {
            const int32_t id = metadata->specs[i].fields[f].id;
            highest = id > highest ? id : highest;
        }
    }
    return highest;
}

static enum tarn_status settle_specs(struct parsing *p, struct tarn_error *err)
{
    struct tarn__iceberg_metadata *out = p->out;
    if ((p->seen & SEEN_SPECS) == 0 && out->format_version == 1 && p->partition_spec.size != 0) {
        struct tarn__iceberg_spec *only = tarn__arena_alloc(p->arena, sizeof(*only));
        if (only == NULL) {
            return no_room(p, err);
        }
        TARN_RETURN_IF_ERROR(tarn__iceberg_spec_parse_fields(p->partition_spec, 0, p->arena, only, err));
        out->specs = only;
        out->spec_count = 1;
        out->default_spec_id = 0;
    } else if (out->spec_count == 0) {
        return missing(err, "metadata.partition_specs", "partition-specs");
    } else if ((p->seen & SEEN_DEFAULT_SPEC) == 0) {
        return missing(err, "metadata.default_spec", "default-spec-id");
    }
    TARN_RETURN_IF_ERROR(
        check_distinct(p, &out->specs[0].id, sizeof(out->specs[0]), false, out->spec_count, "metadata.partition_specs", err));
    if (tarn__iceberg_metadata_spec(out, out->default_spec_id) == NULL) {
        return tarn__corrupt(err, "metadata.default_spec", "table metadata: no partition spec has the id %d that is the default",
                             out->default_spec_id);
    }
    if ((p->seen & SEEN_LAST_PARTITION) == 0 && out->format_version > 1) {
        return missing(err, "metadata.last_partition_id", "last-partition-id");
    }
    const int32_t highest = highest_partition_id(out); /* some writers say 0 where nothing is partitioned */
    out->last_partition_id = (p->seen & SEEN_LAST_PARTITION) == 0 || out->last_partition_id < highest ? highest : out->last_partition_id;
    return TARN_OK;
}

/* Order 0 is the unsorted one, whether it is listed or not. */
static enum tarn_status add_unsorted(struct parsing *p, struct tarn_error *err)
{
    struct tarn__iceberg_metadata *out = p->out;
    if (!tarn__arena_room(p->arena, &out->orders, out->order_count, sizeof(*out->orders))) {
        return no_room(p, err);
    }
    ((struct tarn__iceberg_order *)(uintptr_t)out->orders)[out->order_count++] = (struct tarn__iceberg_order){.id = 0};
    out->default_order_id = 0;
    return TARN_OK;
}

static enum tarn_status settle_orders(struct parsing *p, struct tarn_error *err)
{
    struct tarn__iceberg_metadata *out = p->out;
    if ((p->seen & SEEN_ORDERS) == 0) {
        return out->format_version == 1 ? add_unsorted(p, err) : missing(err, "metadata.sort_orders", "sort-orders");
    }
    if ((p->seen & SEEN_DEFAULT_ORDER) == 0) {
        return missing(err, "metadata.default_order", "default-sort-order-id");
    }
    for (uint32_t i = 0; i < out->order_count; i++) {
        if (out->orders[i].id == out->default_order_id) {
            return check_distinct(p, &out->orders[0].id, sizeof(out->orders[0]), false, out->order_count, "metadata.sort_orders", err);
        }
    }
    if (out->default_order_id == 0) {
        return add_unsorted(p, err);
    }
    return tarn__corrupt(err, "metadata.default_order", "table metadata: no sort order has the id %d that is the default",
                         out->default_order_id);
}

static enum tarn_status settle_snapshots(struct parsing *p, struct tarn_error *err)
{
    struct tarn__iceberg_metadata *out = p->out;
    if (out->snapshot_count != 0) {
        TARN_RETURN_IF_ERROR(
            check_distinct(p, &out->snapshots[0].id, sizeof(out->snapshots[0]), true, out->snapshot_count, "metadata.snapshots", err));
    }
    for (uint32_t i = 0; i < out->snapshot_count; i++) {
        const struct tarn__iceberg_snapshot_entry *entry = &out->snapshots[i];
        if (entry->sequence > out->last_sequence && (p->seen & SEEN_LAST_SEQUENCE) != 0) {
            return tarn__corrupt(err, "metadata.sequence_number",
                                 "table metadata: snapshot %lld has the sequence number %lld, the table only %lld", (long long)entry->id,
                                 (long long)entry->sequence, (long long)out->last_sequence);
        }
        out->last_sequence = entry->sequence > out->last_sequence ? entry->sequence : out->last_sequence;
    }
    if (out->current_snapshot_id != -1 && tarn__iceberg_metadata_snapshot(out, out->current_snapshot_id) == NULL) {
        return tarn__corrupt(err, "metadata.current_snapshot", "table metadata: no snapshot has the id %lld that is the current one",
                             (long long)out->current_snapshot_id);
    }
    return TARN_OK;
}

static enum tarn_status settle_refs(struct parsing *p, struct tarn_error *err)
{
    struct tarn__iceberg_metadata *out = p->out;
    bool has_main = false;
    for (uint32_t i = 0; i < out->ref_count; i++) {
        const struct tarn__iceberg_ref *ref = &out->refs[i];
        if (tarn__iceberg_metadata_snapshot(out, ref->snapshot_id) == NULL) {
            return tarn__corrupt(err, "metadata.refs", "table metadata: the ref %.*s is of a snapshot that is not there",
                                 TARN_TEXT_ARG(ref->name));
        }
        if (tarn__text_equal(ref->name, TARN_TEXT("main"))) {
            has_main = true;
            if (ref->snapshot_id != out->current_snapshot_id || ref->is_tag) {
                return tarn__corrupt(err, "metadata.refs", "table metadata: the branch main is not at the current snapshot");
            }
        }
    }
    if (has_main || out->current_snapshot_id == -1) {
        return TARN_OK;
    }
    const struct tarn__iceberg_ref main_branch = {.name = TARN_TEXT("main"),
                                                  .snapshot_id = out->current_snapshot_id,
                                                  .min_snapshots_to_keep = -1,
                                                  .max_snapshot_age_ms = -1,
                                                  .max_ref_age_ms = -1};
    return add_ref(p, &main_branch, err);
}

static enum tarn_status settle(struct parsing *p, struct tarn_error *err)
{
    const struct {
        enum seen seen;
        const char *detail;
        const char *field;
    } required[] = {
        {SEEN_LOCATION, "metadata.location", "location"},
        {SEEN_LAST_UPDATED, "metadata.last_updated", "last-updated-ms"},
        {SEEN_LAST_COLUMN, "metadata.last_column_id", "last-column-id"},
        {p->out->format_version > 1 ? SEEN_UUID : SEEN_LOCATION, "metadata.table_uuid", "table-uuid"},
    };
    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        if ((p->seen & required[i].seen) == 0) {
            return missing(err, required[i].detail, required[i].field);
        }
    }
    TARN_RETURN_IF_ERROR(settle_schemas(p, err));
    TARN_RETURN_IF_ERROR(settle_specs(p, err));
    TARN_RETURN_IF_ERROR(settle_orders(p, err));
    TARN_RETURN_IF_ERROR(settle_snapshots(p, err));
    return settle_refs(p, err);
}

/* ---- gzip ---- */

static enum tarn_status give_once(void *ctx, struct tarn_span *out, struct tarn_error *err)
{
    (void)err;
    struct tarn_span *left = ctx;
    *out = *left;
    *left = (struct tarn_span){NULL, 0};
    return TARN_OK;
}

static enum tarn_status unpack(struct tarn_span bytes, struct tarn_arena *arena, struct tarn_text *out, struct tarn_error *err)
{
    struct tarn_inflate *inflate;
    TARN_RETURN_IF_ERROR(tarn__inflate_open(arena->env, give_once, &bytes, &inflate, err));
    struct tarn_text_builder text;
    tarn__builder_init(&text, arena->env);
    struct tarn_span part;
    enum tarn_status status;
    do {
        status = tarn__inflate_next(inflate, &part, err);
        if (status == TARN_OK) {
            tarn__builder_add_bytes(&text, part.data, part.size);
            status = tarn__builder_status(&text, err);
        }
    } while (status == TARN_OK && part.size != 0);
    tarn__inflate_close(inflate);
    if (status == TARN_OK) {
        *out = tarn__arena_text(arena, tarn__builder_text(&text));
        status = out->data == NULL ? tarn__nomem(arena->env, err, text.size) : TARN_OK;
    }
    tarn__builder_free(&text);
    return status;
}

enum tarn_status tarn__iceberg_metadata_parse(struct tarn_span bytes, struct tarn_arena *arena, struct tarn__iceberg_metadata *out,
                                              struct tarn_error *err)
{
    *out = (struct tarn__iceberg_metadata){0};
    struct tarn__iceberg_metadata made = {.current_snapshot_id = -1};
    struct tarn_text text = {(const char *)bytes.data, bytes.size};
    if (bytes.size >= 2 && bytes.data[0] == 0x1f && bytes.data[1] == 0x8b) {
        TARN_RETURN_IF_ERROR(unpack(bytes, arena, &text, err));
    }
    struct parsing parsing = {.arena = arena, .out = &made};
    open_text(&parsing, text);
    enum tarn_status status = read_version(&parsing, err);
    tarn__json_close(&parsing.json);
    if (status == TARN_OK) {
        open_text(&parsing, text);
        status = read_all(&parsing, err);
        tarn__json_close(&parsing.json);
    }
    if (status == TARN_OK) {
        status = settle(&parsing, err);
    }
    if (status == TARN_OK) {
        *out = made;
    }
    return status;
}
