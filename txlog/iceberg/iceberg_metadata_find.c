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

/* ---- schemas and specs of the metadata ---- */

enum tarn_status tarn__iceberg_metadata_schema(const struct tarn__iceberg_metadata *metadata, struct tarn_env *env, int32_t id,
                                               struct tarn_arena *arena, struct tarn__iceberg_schema *out, struct tarn_error *err)
{
    *out = (struct tarn__iceberg_schema){0};
    for (uint32_t i = 0; i < metadata->schema_count; i++) {
        if (metadata->schemas[i].id == id) {
            TARN_RETURN_IF_ERROR(tarn__iceberg_schema_parse(env, metadata->schemas[i].json, arena, out, err));
            out->id = id;
            return TARN_OK;
        }
    }
    return tarn__corrupt(err, "metadata.schema_id", "table metadata: there is no schema %d", id);
}

struct older_schemas {
    const struct tarn__iceberg_metadata *metadata;
    struct tarn_arena *arena;
    enum tarn_status status; /* NOMEM and LIMIT: not knowing is then no answer */
    struct tarn_error *err;
};

/* A schema that cannot be read knows nothing: it is not the one that is asked for. */
static const struct tarn_type *find_old_type(void *arg, int32_t id)
{
    struct older_schemas *older = arg;
    for (uint32_t i = older->metadata->schema_count; i-- > 0;) {
        const struct tarn_type *root;
        const enum tarn_status status = tarn__iceberg_type_parse(older->metadata->schemas[i].json, older->arena, &root, older->err);
        older->status = status == TARN_NOMEM || status == TARN_LIMIT ? status : older->status;
        if (status == TARN_OK) {
            const struct tarn_field *field = tarn__iceberg_field_find(root->field_count, root->fields, id);
            if (field != NULL) {
                return field->type;
            }
        }
    }
    return NULL;
}

enum tarn_status tarn__iceberg_metadata_bind(const struct tarn__iceberg_metadata *metadata, const struct tarn_schema *schema,
                                             struct tarn_arena *arena, const struct tarn__partition_spec **specs,
                                             const struct tarn__sort_order **orders, struct tarn_error *err)
{
    struct older_schemas older = {metadata, arena, TARN_OK, err};
    struct tarn__partition_spec *made = tarn__arena_calloc(arena, (size_t)metadata->spec_count + 1, sizeof(*made));
    struct tarn__sort_order *sorted = tarn__arena_calloc(arena, (size_t)metadata->order_count + 1, sizeof(*sorted));
    *specs = NULL;
    *orders = NULL;
    if (made == NULL || sorted == NULL) {
        return tarn__nomem(arena->env, err, metadata->spec_count * sizeof(*made));
    }
    for (uint32_t i = 0; i < metadata->spec_count; i++) {
        TARN_RETURN_IF_ERROR(tarn__iceberg_spec_bind(arena, &metadata->specs[i], schema, find_old_type, &older, &made[i], err));
        TARN_RETURN_IF_ERROR(older.status);
    }
    for (uint32_t i = 0; i < metadata->order_count; i++) {
        TARN_RETURN_IF_ERROR(tarn__iceberg_order_bind(arena, &metadata->orders[i], schema, &sorted[i], err));
    }
    *specs = made;
    *orders = sorted;
    return TARN_OK;
}
