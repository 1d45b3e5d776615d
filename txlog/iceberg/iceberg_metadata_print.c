/* SPDX-License-Identifier: Apache-2.0
 *
 * Table metadata to JSON, field by field in the order in which Iceberg's Java library writes it. SPEC: T-ICEBERG-META-6.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "txlog/iceberg/iceberg_metadata.h"

static void print_number(struct tarn_json_printer *json, const char *key, int64_t value)
{
    tarn__json_print_key(json, tarn__text_of(key));
    tarn__json_print_int64(json, value);
}

static void print_text(struct tarn_json_printer *json, const char *key, struct tarn_text value)
{
    tarn__json_print_key(json, tarn__text_of(key));
    tarn__json_print_string(json, value);
}

static void print_properties(struct tarn_json_printer *json, uint32_t count, const struct tarn_property *properties)
{
    for (uint32_t i = 0; i < count; i++) {
        tarn__json_print_key(json, properties[i].key);
        tarn__json_print_string(json, properties[i].value);
    }
}

void tarn__iceberg_snapshot_print(const struct tarn__iceberg_snapshot *snapshot, struct tarn_json_printer *json)
{
    tarn__json_print_begin_object(json);
    if (snapshot->sequence > 0) {
        print_number(json, "sequence-number", snapshot->sequence);
    }
    print_number(json, "snapshot-id", snapshot->id);
    if (snapshot->parent_id != -1) {
        print_number(json, "parent-snapshot-id", snapshot->parent_id);
    }
    print_number(json, "timestamp-ms", snapshot->timestamp_ms);
    if (snapshot->operation.size != 0) {
        tarn__json_print_key(json, TARN_TEXT("summary"));
        tarn__json_print_begin_object(json);
        print_text(json, "operation", snapshot->operation);
        print_properties(json, snapshot->summary_count, snapshot->summary);
        tarn__json_print_end_object(json);
    }
    if (snapshot->manifest_list.size != 0) {
        print_text(json, "manifest-list", snapshot->manifest_list);
    } else {
        tarn__json_print_key(json, TARN_TEXT("manifests"));
        tarn__json_print_begin_array(json);
        for (uint32_t i = 0; i < snapshot->manifest_count; i++) {
            tarn__json_print_string(json, snapshot->manifests[i]);
        }
        tarn__json_print_end_array(json);
    }
    if (snapshot->schema_id >= 0) {
        print_number(json, "schema-id", snapshot->schema_id);
    }
    tarn__json_print_end_object(json);
}

static void print_definitions(const struct tarn__iceberg_metadata *metadata, struct tarn_json_printer *json)
{
    print_number(json, "current-schema-id", metadata->current_schema_id);
    tarn__json_print_key(json, TARN_TEXT("schemas"));
    tarn__json_print_begin_array(json);
    for (uint32_t i = 0; i < metadata->schema_count; i++) {
        tarn__json_print_raw(json, metadata->schemas[i].json);
    }
    tarn__json_print_end_array(json);
    print_number(json, "default-spec-id", metadata->default_spec_id);
    tarn__json_print_key(json, TARN_TEXT("partition-specs"));
    tarn__json_print_begin_array(json);
    for (uint32_t i = 0; i < metadata->spec_count; i++) {
        tarn__iceberg_spec_print(&metadata->specs[i], json);
    }
    tarn__json_print_end_array(json);
    print_number(json, "last-partition-id", metadata->last_partition_id);
    print_number(json, "default-sort-order-id", metadata->default_order_id);
    tarn__json_print_key(json, TARN_TEXT("sort-orders"));
    tarn__json_print_begin_array(json);
    for (uint32_t i = 0; i < metadata->order_count; i++) {
        tarn__iceberg_order_print(&metadata->orders[i], json);
    }
    tarn__json_print_end_array(json);
}

static void print_ref(const struct tarn__iceberg_ref *ref, struct tarn_json_printer *json)
{
    tarn__json_print_key(json, ref->name);
    tarn__json_print_begin_object(json);
    print_number(json, "snapshot-id", ref->snapshot_id);
    print_text(json, "type", ref->is_tag ? TARN_TEXT("tag") : TARN_TEXT("branch"));
    if (ref->min_snapshots_to_keep >= 0) {
        print_number(json, "min-snapshots-to-keep", ref->min_snapshots_to_keep);
    }
    if (ref->max_snapshot_age_ms >= 0) {
        print_number(json, "max-snapshot-age-ms", ref->max_snapshot_age_ms);
    }
    if (ref->max_ref_age_ms >= 0) {
        print_number(json, "max-ref-age-ms", ref->max_ref_age_ms);
    }
    tarn__json_print_end_object(json);
}

static void print_snapshots(const struct tarn__iceberg_metadata *metadata, struct tarn_json_printer *json)
{
    print_number(json, "current-snapshot-id", metadata->current_snapshot_id);
    tarn__json_print_key(json, TARN_TEXT("refs"));
    tarn__json_print_begin_object(json);
    for (uint32_t i = 0; i < metadata->ref_count; i++) {
        print_ref(&metadata->refs[i], json);
    }
    tarn__json_print_end_object(json);
    tarn__json_print_key(json, TARN_TEXT("snapshots"));
    tarn__json_print_begin_array(json);
    for (uint32_t i = 0; i < metadata->snapshot_count; i++) {
        tarn__json_print_raw(json, metadata->snapshots[i].json);
    }
    tarn__json_print_end_array(json);
}

static void print_raw_list(struct tarn_json_printer *json, const char *key, struct tarn_text list)
{
    tarn__json_print_key(json, tarn__text_of(key));
    tarn__json_print_raw(json, list.size != 0 ? list : TARN_TEXT("[]"));
}

static void print_logs(const struct tarn__iceberg_metadata *metadata, struct tarn_json_printer *json)
{
    tarn__json_print_key(json, TARN_TEXT("snapshot-log"));
    tarn__json_print_begin_array(json);
    for (uint32_t i = 0; i < metadata->snapshot_log_count; i++) {
        tarn__json_print_begin_object(json);
        print_number(json, "timestamp-ms", metadata->snapshot_log[i].timestamp_ms);
        print_number(json, "snapshot-id", metadata->snapshot_log[i].snapshot_id);
        tarn__json_print_end_object(json);
    }
    tarn__json_print_end_array(json);
    tarn__json_print_key(json, TARN_TEXT("metadata-log"));
    tarn__json_print_begin_array(json);
    for (uint32_t i = 0; i < metadata->metadata_log_count; i++) {
        tarn__json_print_begin_object(json);
        print_number(json, "timestamp-ms", metadata->metadata_log[i].timestamp_ms);
        print_text(json, "metadata-file", metadata->metadata_log[i].file);
        tarn__json_print_end_object(json);
    }
    tarn__json_print_end_array(json);
}

void tarn__iceberg_metadata_print(const struct tarn__iceberg_metadata *metadata, struct tarn_text_builder *out)
{
    struct tarn_json_printer json;
    tarn__json_printer_init(&json, out);
    tarn__json_print_begin_object(&json);
    print_number(&json, "format-version", 2);
    print_text(&json, "table-uuid", metadata->table_uuid);
    print_text(&json, "location", metadata->location);
    print_number(&json, "last-sequence-number", metadata->last_sequence);
    print_number(&json, "last-updated-ms", metadata->last_updated_ms);
    print_number(&json, "last-column-id", metadata->last_column_id);
    print_definitions(metadata, &json);
    tarn__json_print_key(&json, TARN_TEXT("properties"));
    tarn__json_print_begin_object(&json);
    print_properties(&json, metadata->property_count, metadata->properties);
    tarn__json_print_end_object(&json);
    print_snapshots(metadata, &json);
    print_raw_list(&json, "statistics", metadata->statistics);
    print_raw_list(&json, "partition-statistics", metadata->partition_statistics);
    print_logs(metadata, &json);
    for (uint32_t i = 0; i < metadata->unknown_count; i++) {
        tarn__json_print_key(&json, metadata->unknown[i].key);
        tarn__json_print_raw(&json, metadata->unknown[i].json);
    }
    tarn__json_print_end_object(&json);
}
