/* SPDX-License-Identifier: Apache-2.0
 *
 * A table taken apart to be changed.
 *
 * Specification: Delta PROTOCOL.md, "Column Mapping", "Writer Requirements for Column Mapping", and the properties of each feature.
 *
 * Invariants
 *  1. A column that files have keeps the name that it has in them: mapping that is switched on later gives the logical name as physical.
 *  2. An id or a physical name is never used for a second column, also not for one of the same name after it was dropped.
 *  3. Whatever metadata says, the protocol lists the feature for it.
 */
#include "txlog/delta/delta_alteration.h"

#include <string.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "txlog/delta/delta_property.h"
#include "txlog/delta/delta_schema.h"

static const struct tarn_text mode_key = {"delta.columnMapping.mode", 24};
static const struct tarn_text most_key = {"delta.columnMapping.maxColumnId", 31};
static const struct tarn_text id_key = {"delta.columnMapping.id", 22};
static const struct tarn_text physical_key = {"delta.columnMapping.physicalName", 32};

/* ---- properties ---- */

const struct tarn_property *tarn__alteration_property(const struct tarn__alteration *alteration, struct tarn_text key)
{
    const bool caseless = tarn__text_starts(key, TARN_TEXT("delta."));
    for (uint32_t i = 0; i < alteration->metadata.property_count; i++) {
        const struct tarn_property *property = &alteration->metadata.properties[i];
        if (tarn__text_equal(property->key, key) || (caseless && tarn__text_equal_caseless(property->key, key))) {
            return property;
        }
    }
    return NULL;
}

enum tarn_status tarn__alteration_put(struct tarn__alteration *alteration, struct tarn_text key, struct tarn_text value,
                                      struct tarn_error *err)
{
    struct tarn__delta_metadata *metadata = &alteration->metadata;
    struct tarn_property *known = (struct tarn_property *)(uintptr_t)tarn__alteration_property(alteration, key);
    if (known != NULL && tarn__text_equal(known->value, value)) {
        return TARN_OK;
    }
    const struct tarn_text copy = tarn__arena_text(alteration->arena, value);
    const struct tarn_text name = tarn__arena_text(alteration->arena, key);
    if (copy.data == NULL || name.data == NULL) {
        return tarn__nomem(alteration->env, err, value.size);
    }
    alteration->metadata_changed = true;
    if (known != NULL) {
        known->value = copy;
        return TARN_OK;
    }
    if (metadata->property_count == alteration->property_capacity) {
        const uint32_t capacity = alteration->property_capacity * 2 + 8;
        struct tarn_property *grown = tarn__arena_calloc(alteration->arena, capacity, sizeof(*grown));
        if (grown == NULL) {
            return tarn__nomem(alteration->env, err, capacity * sizeof(*grown));
        }
        if (metadata->property_count != 0) {
            memcpy(grown, metadata->properties, metadata->property_count * sizeof(*grown));
        }
        metadata->properties = grown;
        alteration->property_capacity = capacity;
    }
    metadata->properties[metadata->property_count++] = (struct tarn_property){name, copy};
    return TARN_OK;
}

bool tarn__alteration_take(struct tarn__alteration *alteration, struct tarn_text key)
{
    struct tarn__delta_metadata *metadata = &alteration->metadata;
    const struct tarn_property *known = tarn__alteration_property(alteration, key);
    if (known == NULL) {
        return false;
    }
    const size_t at = (size_t)(known - metadata->properties);
    memmove(&metadata->properties[at], &metadata->properties[at + 1], (metadata->property_count - at - 1) * sizeof(*metadata->properties));
    metadata->property_count--;
    alteration->metadata_changed = true;
    return true;
}

static enum tarn_status put_number(struct tarn__alteration *alteration, struct tarn_text key, int64_t value, struct tarn_error *err)
{
    char number[TARN_NUMBER_TEXT];
    return tarn__alteration_put(alteration, key, (struct tarn_text){number, tarn__int64_print(value, number)}, err);
}

/* ---- column mapping ---- */

static int64_t id_of(const struct tarn__tree_field *field)
{
    const struct tarn_text *text = tarn__tree_get(field, id_key);
    int64_t id = 0;
    return text != NULL && tarn__int64_parse(*text, &id) == TARN_PARSED ? id : 0;
}

static int64_t greatest_id(const struct tarn__tree_type *type)
{
    int64_t most = 0;
    for (uint32_t i = 0; i < type->field_count; i++) {
        const int64_t own = type->kind == TARN_TREE_STRUCT ? id_of(&type->fields[i]) : 0;
        const int64_t below = greatest_id(type->fields[i].type);
        most = own > most ? own : most;
        most = below > most ? below : most;
    }
    return most;
}

/* `fresh`: nothing was written under these names, so that they get physical names of their own. */
static enum tarn_status name_field(struct tarn__alteration *alteration, struct tarn__tree_field *field, bool fresh, struct tarn_error *err);

static enum tarn_status name_members(struct tarn__alteration *alteration, struct tarn__tree_type *type, bool fresh, struct tarn_error *err)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (type->kind == TARN_TREE_STRUCT) {
            TARN_RETURN_IF_ERROR(name_field(alteration, &type->fields[i], fresh, err));
        } else {
            TARN_RETURN_IF_ERROR(name_members(alteration, type->fields[i].type, fresh, err));
        }
    }
    return TARN_OK;
}

static enum tarn_status name_field(struct tarn__alteration *alteration, struct tarn__tree_field *field, bool fresh, struct tarn_error *err)
{
    char name[41] = "col-";
    struct tarn_text physical = field->name;
    if (fresh) {
        tarn__uuid(alteration->env, name + 4);
        physical = (struct tarn_text){name, 40};
    }
    if (alteration->most_id == INT32_MAX) {
        return tarn__error_set(err, TARN_LIMIT, "column_id", "the table has used up the ids of its columns");
    }
    TARN_RETURN_IF_ERROR(tarn__tree_set_int(alteration->arena, field, id_key, ++alteration->most_id, err));
    TARN_RETURN_IF_ERROR(tarn__tree_set_text(alteration->arena, field, physical_key, physical, err));
    return name_members(alteration, field->type, fresh, err);
}

enum tarn_status tarn__alteration_name(struct tarn__alteration *alteration, struct tarn__tree_field *field, struct tarn_error *err)
{
    return alteration->mapping != TARN_MAPPING_NONE ? name_field(alteration, field, true, err) : TARN_OK;
}

static enum tarn_status map_as(struct tarn__alteration *alteration, enum tarn__delta_mapping mapping, struct tarn_error *err)
{
    alteration->mapping = mapping;
    TARN_RETURN_IF_ERROR(name_members(alteration, alteration->tree, alteration->is_new, err));
    TARN_RETURN_IF_ERROR(tarn__alteration_put(alteration, mode_key, mapping == TARN_MAPPING_ID ? TARN_TEXT("id") : TARN_TEXT("name"), err));
    return tarn__delta_features_add(&alteration->features, TARN_TEXT("columnMapping"), err);
}

enum tarn_status tarn__alteration_map(struct tarn__alteration *alteration, struct tarn_error *err)
{
    return alteration->mapping == TARN_MAPPING_NONE ? map_as(alteration, TARN_MAPPING_NAME, err) : TARN_OK;
}

static enum tarn_status set_mapping(struct tarn__alteration *alteration, struct tarn_text value, struct tarn_error *err)
{
    static const char *const words[] = {"none", "name", "id"};
    size_t wanted = 0;
    while (!tarn__text_equal_caseless(value, tarn__text_of(words[wanted]))) {
        wanted++; /* the value was checked to be one of them */
    }
    if (wanted == (size_t)alteration->mapping) {
        return wanted == TARN_MAPPING_NONE ? tarn__alteration_put(alteration, mode_key, TARN_TEXT("none"), err) : TARN_OK;
    }
    if (alteration->mapping == TARN_MAPPING_NONE && (wanted == TARN_MAPPING_NAME || alteration->is_new)) {
        return map_as(alteration, (enum tarn__delta_mapping)wanted, err);
    }
    return tarn__invalid(err, "property",
                         "delta.columnMapping.mode cannot go from %s to %s on a table that is there; only from none to name",
                         words[alteration->mapping], words[wanted]);
}

/* ---- properties with consequences ---- */

static enum tarn_status set_row_tracking(struct tarn__alteration *alteration, struct tarn_error *err)
{
    static const struct {
        struct tarn_text key;
        const char *prefix;
    } columns[] = {
        {{"delta.rowTracking.materializedRowIdColumnName", 45}, "_row-id-col-"},
        {{"delta.rowTracking.materializedRowCommitVersionColumnName", 56}, "_row-commit-version-col-"},
    };
    if (alteration->has_files) {
        return tarn__unsupported(err, "delta.property", "row tracking begins with a table, or where it has no rows yet");
    }
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        if (tarn__alteration_property(alteration, columns[i].key) == NULL) {
            char name[64];
            const size_t size = strlen(columns[i].prefix);
            memcpy(name, columns[i].prefix, size);
            tarn__uuid(alteration->env, name + size);
            TARN_RETURN_IF_ERROR(tarn__alteration_put(alteration, columns[i].key, tarn__text_of(name), err));
        }
    }
    return TARN_OK;
}

enum tarn_status tarn__alteration_set(struct tarn__alteration *alteration, struct tarn_text key, struct tarn_text value,
                                      struct tarn_error *err)
{
    struct tarn__delta_property_fact fact;
    TARN_RETURN_IF_ERROR(tarn__delta_property_check(key, value, &fact, err));
    if (tarn__text_equal(fact.key, mode_key)) {
        return set_mapping(alteration, value, err);
    }
    if (fact.feature.size != 0) {
        TARN_RETURN_IF_ERROR(tarn__delta_features_add(&alteration->features, fact.feature, err));
    }
    if (tarn__text_starts(fact.key, TARN_TEXT("delta.feature."))) {
        alteration->metadata_changed = true; /* the protocol says it, the properties do not */
        return TARN_OK;
    }
    if (tarn__text_equal(fact.feature, TARN_TEXT("rowTracking"))) {
        TARN_RETURN_IF_ERROR(set_row_tracking(alteration, err));
    }
    if (tarn__text_equal(fact.feature, TARN_TEXT("inCommitTimestamp")) && !alteration->is_new) {
        const struct tarn_property *now = tarn__alteration_property(alteration, fact.key);
        if (now == NULL || !tarn__text_equal(now->value, TARN_TEXT("true"))) {
            return tarn__unsupported(err, "delta.property", "in-commit timestamps begin with a table; this one is there already");
        }
    }
    return tarn__alteration_put(alteration, fact.key, fact.value, err);
}

/* ---- taking apart and putting together ---- */

enum tarn_status tarn__alteration_begin(struct tarn_arena *arena, const struct tarn__delta_state *state, bool is_new, bool has_files,
                                        struct tarn__alteration *out, struct tarn_error *err)
{
    *out = (struct tarn__alteration){
        .env = arena->env, .arena = arena, .is_new = is_new, .has_files = has_files, .mapping = state->mapping, .before = state->protocol};
    if (is_new) {
        out->before.reader = 0;
        out->before.writer = 0;
    }
    TARN_RETURN_IF_ERROR(tarn__delta_metadata_copy(arena, &state->metadata, &out->metadata, err));
    out->property_capacity = out->metadata.property_count;
    TARN_RETURN_IF_ERROR(tarn__delta_features_of(arena, &state->protocol, &out->features, err));
    TARN_RETURN_IF_ERROR(tarn__tree_parse(arena, out->metadata.schema, &out->tree, err));
    const struct tarn_property *most = tarn__alteration_property(out, most_key);
    int64_t said = 0;
    out->most_id = greatest_id(out->tree);
    if (most != NULL && tarn__int64_parse(most->value, &said) == TARN_PARSED && said > out->most_id) {
        out->most_id = said;
    }
    return TARN_OK;
}

static enum tarn_status add_type_features(struct tarn__alteration *alteration, const struct tarn__tree_type *type, struct tarn_error *err)
{
    static const struct {
        struct tarn_text type;
        struct tarn_text feature;
    } asks[] = {
        {{"timestamp_ntz", 13}, {"timestampNtz", 12}},
        {{"variant", 7}, {"variantType", 11}},
        {{"geometry", 8}, {"geospatial", 10}},
        {{"geography", 9}, {"geospatial", 10}},
    };
    for (size_t i = 0; type->kind == TARN_TREE_LEAF && i < sizeof(asks) / sizeof(asks[0]); i++) {
        if (tarn__text_starts(type->name, asks[i].type)) {
            TARN_RETURN_IF_ERROR(tarn__delta_features_add(&alteration->features, asks[i].feature, err));
        }
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        TARN_RETURN_IF_ERROR(add_type_features(alteration, type->fields[i].type, err));
    }
    return TARN_OK;
}

enum tarn_status tarn__alteration_finish(struct tarn__alteration *alteration, struct tarn__delta_metadata *metadata,
                                         struct tarn__delta_protocol *protocol, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(add_type_features(alteration, alteration->tree, err));
    if (alteration->mapping != TARN_MAPPING_NONE) {
        TARN_RETURN_IF_ERROR(put_number(alteration, most_key, alteration->most_id, err));
    }
    struct tarn_text_builder json;
    tarn__builder_init(&json, alteration->env);
    tarn__tree_print(alteration->tree, &json);
    enum tarn_status status = tarn__builder_status(&json, err);
    if (status == TARN_OK) {
        alteration->metadata.schema = tarn__arena_text(alteration->arena, tarn__builder_text(&json));
        status = alteration->metadata.schema.data == NULL ? tarn__nomem(alteration->env, err, json.size) : TARN_OK;
    }
    tarn__builder_free(&json);
    TARN_RETURN_IF_ERROR(status);
    *metadata = alteration->metadata;
    return tarn__delta_features_protocol(&alteration->features, &alteration->before, protocol, err);
}
