/* SPDX-License-Identifier: Apache-2.0
 *
 * The difference of two metaData actions.
 *
 * Specification: Delta PROTOCOL.md, "Change Metadata", "Identity Columns", "Column Mapping"; Spark's ConflictChecker (metadata allow list).
 *
 * Invariants
 *  1. What is not known to be harmless is OTHER: a property that is gone, one that is not in the list, any word of the schema.
 *  2. Turning on column mapping is harmless only while every column is called in files what it was called before.
 */
#include "txlog/delta/delta_metadata_change.h"

#include "format/base/bytes.h"
#include "txlog/delta/delta_schema.h"

/* Properties that may be set while others write: files written without them are files of the table all the same. */
static const struct {
    struct tarn_text key;
    struct tarn_text value; /* the only one; empty: any */
} settings[] = {
    {{"delta.enableRowTracking", 23}, {"true", 4}},
    {{"delta.rowTracking.materializedRowIdColumnName", 45}, {"", 0}},
    {{"delta.rowTracking.materializedRowCommitVersionColumnName", 56}, {"", 0}},
    {{"delta.columnMapping.mode", 24}, {"name", 4}},
    {{"delta.columnMapping.maxColumnId", 31}, {"", 0}},
    {{"delta.enableDeletionVectors", 27}, {"true", 4}},
    {{"delta.checkpointPolicy", 22}, {"v2", 2}},
    {{"delta.enableInCommitTimestamps", 30}, {"true", 4}},
    {{"delta.inCommitTimestampEnablementVersion", 40}, {"", 0}},
    {{"delta.inCommitTimestampEnablementTimestamp", 42}, {"", 0}},
    {{"io.unitycatalog.tableId", 23}, {"", 0}},
    {{"ucTableId", 9}, {"", 0}},
};

struct comparison {
    bool marks;
    bool mapping;
    bool other;
};

struct tarn_text tarn__delta_metadata_property(const struct tarn__delta_metadata *metadata, struct tarn_text key)
{
    for (uint32_t i = 0; i < metadata->property_count; i++) {
        if (tarn__text_equal(metadata->properties[i].key, key)) {
            return metadata->properties[i].value;
        }
    }
    return (struct tarn_text){"", 0};
}

bool tarn__delta_metadata_turns_on(const struct tarn__delta_metadata *before, const struct tarn__delta_metadata *after,
                                   struct tarn_text key)
{
    return !tarn__text_equal(tarn__delta_metadata_property(before, key), TARN_TEXT("true")) &&
           tarn__text_equal(tarn__delta_metadata_property(after, key), TARN_TEXT("true"));
}

static bool is_setting(const struct tarn_property *property)
{
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (tarn__text_equal(property->key, settings[i].key)) {
            return settings[i].value.size == 0 || tarn__text_equal(property->value, settings[i].value);
        }
    }
    return false;
}

static bool has_property(const struct tarn__delta_metadata *metadata, struct tarn_text key)
{
    bool has = false;
    for (uint32_t i = 0; !has && i < metadata->property_count; i++) {
        has = tarn__text_equal(metadata->properties[i].key, key);
    }
    return has;
}

/* *settings: some are set. False: something that is not a setting changes, or something is gone. */
static bool compare_properties(const struct tarn__delta_metadata *before, const struct tarn__delta_metadata *after, bool *set)
{
    for (uint32_t i = 0; i < before->property_count; i++) {
        if (!has_property(after, before->properties[i].key)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < after->property_count; i++) {
        const struct tarn_property *property = &after->properties[i];
        if (has_property(before, property->key) &&
            tarn__text_equal(tarn__delta_metadata_property(before, property->key), property->value)) {
            continue;
        }
        *set = true;
        if (!is_setting(property)) {
            return false;
        }
    }
    return true;
}

/* ---- schemas ---- */

static const struct tarn_text *field_property(const struct tarn_field *field, struct tarn_text key)
{
    for (uint32_t i = 0; i < field->property_count; i++) {
        if (tarn__text_equal(field->properties[i].key, key)) {
            return &field->properties[i].value;
        }
    }
    return NULL;
}

/* Properties of `field` that `other` has not, or has differently. */
static void compare_field_properties(const struct tarn_field *field, const struct tarn_field *other, bool new, struct comparison *out)
{
    for (uint32_t i = 0; i < field->property_count; i++) {
        const struct tarn_property *property = &field->properties[i];
        const struct tarn_text *value = field_property(other, property->key);
        if (value != NULL && tarn__text_equal(*value, property->value)) {
            continue;
        }
        if (tarn__text_equal(property->key, TARN_TEXT("delta.identity.highWaterMark"))) {
            out->marks = true;
        } else if (new &&value == NULL && tarn__text_equal(property->key, TARN_TEXT("delta.columnMapping.id"))) {
            out->mapping = true;
        } else if (new &&value == NULL && tarn__text_equal(property->key, TARN_TEXT("delta.columnMapping.physicalName"))) {
            out->mapping = true;
            out->other = out->other || !tarn__text_equal(property->value, field->name);
        } else {
            out->other = true;
        }
    }
}

static void compare_fields(uint32_t count, const struct tarn_field *before, const struct tarn_field *after, struct comparison *out)
{
    for (uint32_t i = 0; i < count && !out->other; i++) {
        const struct tarn_type *old = before[i].type;
        const struct tarn_type *new = after[i].type;
        if (!tarn__text_equal(before[i].name, after[i].name) || before[i].nullable != after[i].nullable || old->id != new->id ||
            old->field_count != new->field_count || (old->field_count == 0 && !tarn_type_equal(old, new))) {
            out->other = true;
            return;
        }
        compare_field_properties(&before[i], &after[i], false, out);
        compare_field_properties(&after[i], &before[i], true, out);
        compare_fields(old->field_count, old->fields, new->fields, out);
    }
}

static enum tarn_status compare_schemas(struct tarn_env *env, struct tarn_text before, struct tarn_text after, struct comparison *out,
                                        struct tarn_error *err)
{
    if (tarn__text_equal(before, after)) {
        return TARN_OK;
    }
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__delta_schema old = {0};
    struct tarn__delta_schema new = {0};
    enum tarn_status status = tarn__delta_schema_parse(env, before, false, &arena, &old, err);
    if (status == TARN_OK) {
        status = tarn__delta_schema_parse(env, after, false, &arena, &new, err);
    }
    if (status == TARN_OK && old.schema->field_count != new.schema->field_count) {
        out->other = true;
    } else if (status == TARN_OK) {
        compare_fields(old.schema->field_count, old.schema->fields, new.schema->fields, out);
    } else if (status == TARN_UNSUPPORTED) {
        out->other = true; /* a type that we do not have: not ours to judge */
        status = TARN_OK;
    }
    tarn_schema_release(old.schema);
    tarn_schema_release(new.schema);
    tarn__arena_free(&arena);
    return status;
}

enum tarn_status tarn__delta_metadata_compare(struct tarn_env *env, const struct tarn__delta_metadata *before,
                                              const struct tarn__delta_metadata *after, enum tarn__delta_metadata_change *out,
                                              struct tarn_error *err)
{
    *out = TARN_METADATA_OTHER;
    bool same = tarn__text_equal(before->id, after->id) && tarn__text_equal(before->name, after->name) &&
                tarn__text_equal(before->description, after->description) &&
                before->partition_column_count == after->partition_column_count;
    for (uint32_t i = 0; same && i < before->partition_column_count; i++) {
        same = tarn__text_equal(before->partition_columns[i], after->partition_columns[i]);
    }
    bool set = false;
    if (!same || !compare_properties(before, after, &set)) {
        return TARN_OK;
    }
    struct comparison comparison = {0};
    TARN_RETURN_IF_ERROR(compare_schemas(env, before->schema, after->schema, &comparison, err));
    const struct tarn_text mode = TARN_TEXT("delta.columnMapping.mode");
    const struct tarn_text old_mode = tarn__delta_metadata_property(before, mode);
    const bool was_unmapped = old_mode.size == 0 || tarn__text_equal(old_mode, TARN_TEXT("none"));
    const bool is_mapped = tarn__text_equal(tarn__delta_metadata_property(after, mode), TARN_TEXT("name"));
    const bool mode_kept = tarn__text_equal(old_mode, tarn__delta_metadata_property(after, mode));
    if (comparison.other || (comparison.mapping && !(was_unmapped && is_mapped)) || !(mode_kept || was_unmapped)) {
        return TARN_OK;
    }
    *out = set || comparison.mapping ? TARN_METADATA_SETTINGS : comparison.marks ? TARN_METADATA_MARKS : TARN_METADATA_SAME;
    return TARN_OK;
}
