/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking things up in table metadata.
 *
 * Specification: Iceberg table spec, "Snapshot References", Appendix F "Point in Time Reads (Time Travel)".
 */
#include "format/base/bytes.h"
#include "txlog/iceberg/iceberg_metadata.h"

const struct tarn__iceberg_spec *tarn__iceberg_metadata_spec(const struct tarn__iceberg_metadata *metadata, int32_t id)
{
    for (uint32_t i = 0; i < metadata->spec_count; i++) {
        if (metadata->specs[i].id == id) {
            return &metadata->specs[i];
        }
    }
    return NULL;
}

const struct tarn__iceberg_snapshot_entry *tarn__iceberg_metadata_snapshot(const struct tarn__iceberg_metadata *metadata, int64_t id)
{
    for (uint32_t i = metadata->snapshot_count; i-- > 0;) { /* the last is wanted most often */
        if (metadata->snapshots[i].id == id) {
            return &metadata->snapshots[i];
        }
    }
    return NULL;
}

const struct tarn__iceberg_ref *tarn__iceberg_metadata_ref(const struct tarn__iceberg_metadata *metadata, struct tarn_text name)
{
    for (uint32_t i = 0; i < metadata->ref_count; i++) {
        if (tarn__text_equal(metadata->refs[i].name, name)) {
            return &metadata->refs[i];
        }
    }
    return NULL;
}

const struct tarn_text *tarn__iceberg_metadata_property(const struct tarn__iceberg_metadata *metadata, struct tarn_text key)
{
    for (uint32_t i = 0; i < metadata->property_count; i++) {
        if (tarn__text_equal(metadata->properties[i].key, key)) {
            return &metadata->properties[i].value;
        }
    }
    return NULL;
}

/* The log is what was current, not the lineage: a rollback makes an older snapshot current again. */
int64_t tarn__iceberg_metadata_as_of(const struct tarn__iceberg_metadata *metadata, int64_t timestamp_ms)
{
    int64_t id = -1;
    for (uint32_t i = 0; i < metadata->snapshot_log_count; i++) {
        if (metadata->snapshot_log[i].timestamp_ms <= timestamp_ms) {
            id = metadata->snapshot_log[i].snapshot_id;
        }
    }
    return id;
}
