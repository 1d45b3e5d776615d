/* SPDX-License-Identifier: Apache-2.0
 *
 * All of one snapshot, out of the text that the metadata keeps of it.
 *
 * Specification: Iceberg table spec, "Snapshots"; Appendix F "Optional Snapshot Summary Fields". SPEC: T-ICEBERG-META-3.
 */
#include "format/base/bytes.h"
#include "format/json/json_pull.h"
#include "txlog/iceberg/iceberg_metadata.h"

static enum tarn_status read_summary(struct tarn_json *json, struct tarn__iceberg_snapshot *out, struct tarn_error *err)
{
    struct tarn_arena *arena = json->options.arena;
    struct tarn_property *properties = NULL;
    uint32_t count = 0;
    bool is_null;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, &is_null, err));
    while (!is_null) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            break;
        }
        if (tarn__json_is(json, "operation")) {
            TARN_RETURN_IF_ERROR(tarn__json_string(json, &out->operation, NULL, err));
            continue;
        }
        if (!tarn__arena_room(arena, &properties, count, sizeof(*properties))) {
            return tarn__nomem(arena->env, err, count * sizeof(*properties));
        }
        properties[count].key = json->text;
        TARN_RETURN_IF_ERROR(tarn__json_string(json, &properties[count].value, NULL, err));
        count++;
    }
    out->summary = properties;
    out->summary_count = count;
    return TARN_OK;
}

static enum tarn_status read_manifests(struct tarn_json *json, struct tarn__iceberg_snapshot *out, struct tarn_error *err)
{
    struct tarn_arena *arena = json->options.arena;
    struct tarn_text *manifests = NULL;
    uint32_t count = 0;
    bool is_null;
    TARN_RETURN_IF_ERROR(tarn__json_array(json, &is_null, err));
    while (!is_null) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_element(json, &more, err));
        if (!more) {
            break;
        }
        if (!tarn__arena_room(arena, &manifests, count, sizeof(*manifests))) {
            return tarn__nomem(arena->env, err, count * sizeof(*manifests));
        }
        TARN_RETURN_IF_ERROR(tarn__json_string(json, &manifests[count], NULL, err));
        count++;
    }
    out->manifests = manifests;
    out->manifest_count = count;
    return TARN_OK;
}

static enum tarn_status read_field(struct tarn_json *json, struct tarn__iceberg_snapshot *out, bool *has_id, struct tarn_error *err)
{
    bool is_null;
    if (tarn__json_is(json, "snapshot-id")) {
        *has_id = true;
        return tarn__json_int64(json, &out->id, NULL, err);
    }
    if (tarn__json_is(json, "parent-snapshot-id")) {
        TARN_RETURN_IF_ERROR(tarn__json_int64(json, &out->parent_id, &is_null, err));
        out->parent_id = is_null ? -1 : out->parent_id;
        return TARN_OK;
    }
    if (tarn__json_is(json, "sequence-number")) {
        return tarn__json_int64(json, &out->sequence, &is_null, err);
    }
    if (tarn__json_is(json, "timestamp-ms")) {
        return tarn__json_int64(json, &out->timestamp_ms, NULL, err);
    }
    if (tarn__json_is(json, "schema-id")) {
        int64_t id;
        TARN_RETURN_IF_ERROR(tarn__json_int64(json, &id, &is_null, err));
        out->schema_id = is_null || id < 0 || id > INT32_MAX ? -1 : (int32_t)id;
        return TARN_OK;
    }
    if (tarn__json_is(json, "manifest-list")) {
        return tarn__json_string(json, &out->manifest_list, &is_null, err);
    }
    if (tarn__json_is(json, "manifests")) {
        return read_manifests(json, out, err);
    }
    if (tarn__json_is(json, "summary")) {
        return read_summary(json, out, err);
    }
    return tarn__json_skip(json, err);
}

static enum tarn_status read_snapshot(struct tarn_json *json, struct tarn__iceberg_snapshot *out, struct tarn_error *err)
{
    bool has_id = false;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, NULL, err));
    for (;;) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            break;
        }
        TARN_RETURN_IF_ERROR(read_field(json, out, &has_id, err));
    }
    if (!has_id || (out->manifest_list.size == 0 && out->manifests == NULL && out->manifest_count == 0 && out->sequence > 0)) {
        return tarn__corrupt(err, "metadata.snapshot", "table metadata: a snapshot without id or manifest-list");
    }
    enum tarn_json_event event;
    return tarn__json_next(json, &event, err); /* nothing behind */
}

enum tarn_status tarn__iceberg_snapshot_parse(struct tarn_text json, struct tarn_arena *arena, struct tarn__iceberg_snapshot *out,
                                              struct tarn_error *err)
{
    struct tarn__iceberg_snapshot made = {.parent_id = -1, .schema_id = -1};
    struct tarn_json reader;
    tarn__json_open(&reader, &(struct tarn_json_pull_options){.arena = arena, .env = arena->env, .failure = TARN_CORRUPT}, json);
    const enum tarn_status status = read_snapshot(&reader, &made, err);
    tarn__json_close(&reader);
    *out = status == TARN_OK ? made : (struct tarn__iceberg_snapshot){.parent_id = -1, .schema_id = -1};
    return status;
}
