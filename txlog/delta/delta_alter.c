/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes to a Delta table's columns, properties, constraints and clustering, as metadata, protocol and domains of the commit.
 *
 * Specification: Delta PROTOCOL.md, "Column Mapping", "Type Widening", "CHECK Constraints", "Generated Columns", "Identity Columns",
 * "Default Columns", "Clustered Table".
 *
 * Invariants
 *  1. Rows of files that are there mean after a change what they meant before: a column is dropped or renamed by mapping, a type only
 *     becomes one that holds all values of the old, a column that is added is null in them.
 *  2. A change of type is noted in the column's metadata, in the order in which changes were made.
 *  3. What a transaction's shape says is what its commit will say.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "format/json/json_print.h"
#include "txlog/core/table_format.h"
#include "txlog/delta/delta_alteration.h"
#include "txlog/delta/delta_property.h"
#include "txlog/delta/delta_schema.h"
#include "txlog/delta/delta_widening.h"
#include "txlog/delta/delta_write.h"

struct altering {
    struct tarn__alteration table;
    struct tarn_transaction *transaction;
    const struct tarn_table_change *change;
    const struct tarn__delta_state *state; /* before the change */
};

static enum tarn_status invalid_column(struct tarn_error *err, struct tarn_text column, const char *detail, const char *what)
{
    tarn__invalid(err, detail, "%s", what);
    tarn__error_at_column(err, column);
    return TARN_INVALID;
}

static enum tarn_status find(struct altering *a, struct tarn_column_name path, struct tarn__tree_place *out, struct tarn_error *err)
{
    if (path.count == 0) {
        return tarn__invalid(err, "column", "the change names no column");
    }
    return tarn__tree_find(a->table.arena, a->table.tree, path, out, err);
}

/* A column or a member of a struct, which can go, move and be called otherwise; elements, keys and values cannot. */
static enum tarn_status find_member(struct altering *a, struct tarn__tree_place *out, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(find(a, a->change->path, out, err));
    return out->parent->kind == TARN_TREE_STRUCT
               ? TARN_OK
               : invalid_column(err, a->change->path.names[0], "column",
                                "the element of a list, and the key and value of a map, stay as they are");
}

static int64_t partition_place(const struct altering *a, const struct tarn__tree_place *place)
{
    for (uint32_t i = 0; place->parent == a->table.tree && i < a->table.metadata.partition_column_count; i++) {
        if (tarn__text_equal(a->table.metadata.partition_columns[i], place->field->name)) {
            return i;
        }
    }
    return -1;
}

/* ---- names ---- */

static enum tarn_status check_name(struct altering *a, const struct tarn__tree_type *parent, struct tarn_text name, uint32_t but,
                                   struct tarn_error *err)
{
    if (name.size == 0) {
        return tarn__invalid(err, "column_name", "a column needs a name");
    }
    for (uint32_t i = 0; i < parent->field_count; i++) {
        if (i != but && tarn__text_equal_caseless(parent->fields[i].name, name)) {
            tarn__invalid(err, "column_name", "there is a column \"%.*s\" already; names that differ in case only count as one",
                          TARN_TEXT_ARG(parent->fields[i].name));
            tarn__error_at_column(err, name);
            return TARN_INVALID;
        }
    }
    return tarn__delta_name_needs_mapping(name) ? tarn__alteration_map(&a->table, err) : TARN_OK;
}

static enum tarn_status place_among(const struct altering *a, const struct tarn__tree_type *parent, uint32_t *out, struct tarn_error *err)
{
    const struct tarn_table_change *change = a->change;
    *out = change->place == TARN_PLACE_FIRST ? 0 : parent->field_count;
    if (change->place != TARN_PLACE_AFTER) {
        return TARN_OK;
    }
    const uint32_t after = tarn__tree_member(parent, change->after);
    if (after == UINT32_MAX) {
        return tarn__error_set(err, TARN_NOT_FOUND, "column", "there is no column \"%.*s\" to come after", TARN_TEXT_ARG(change->after));
    }
    *out = after + 1;
    return TARN_OK;
}

/* ---- columns ---- */

/* A field of the caller's as a tree of Delta's types. */
static enum tarn_status tree_of(struct altering *a, const struct tarn_field *field, struct tarn__tree_field *out, struct tarn_error *err)
{
    struct tarn_schema *given;
    struct tarn_schema *mapped = NULL;
    struct tarn__tree_type *tree;
    bool unused;
    TARN_RETURN_IF_ERROR(tarn_schema_make(a->table.env, 1, field, 0, NULL, &given, err));
    enum tarn_status status = tarn__delta_schema_map(a->table.env, given, false, &mapped, &unused, err);
    tarn_schema_release(given);
    if (status == TARN_OK) {
        status = tarn__tree_of_schema(a->table.arena, mapped, &tree, err);
        tarn_schema_release(mapped);
    }
    if (status == TARN_OK) {
        *out = tree->fields[0];
    }
    return status;
}

static enum tarn_status insert(struct altering *a, struct tarn__tree_type *parent, uint32_t at, struct tarn__tree_field *field,
                               struct tarn_error *err)
{
    if (!a->table.is_new && !field->nullable) {
        return invalid_column(err, field->name, "not_null",
                              "a new column is null in the rows that are there; make it NOT NULL when it is filled");
    }
    TARN_RETURN_IF_ERROR(check_name(a, parent, field->name, UINT32_MAX, err));
    TARN_RETURN_IF_ERROR(tarn__alteration_name(&a->table, field, err));
    a->table.metadata_changed = true;
    return tarn__tree_insert(a->table.arena, parent, at, field, err);
}

static enum tarn_status add_column(struct altering *a, struct tarn_error *err)
{
    struct tarn__tree_type *parent = a->table.tree;
    if (a->change->field == NULL) {
        return tarn__invalid(err, "column", "the change names no column");
    }
    if (a->change->path.count != 0) {
        struct tarn__tree_place place;
        TARN_RETURN_IF_ERROR(find(a, a->change->path, &place, err));
        parent = place.field->type;
        if (parent->kind != TARN_TREE_STRUCT) {
            return invalid_column(err, place.field->name, "column", "only a struct can have members");
        }
    }
    struct tarn__tree_field field;
    uint32_t at;
    TARN_RETURN_IF_ERROR(place_among(a, parent, &at, err));
    TARN_RETURN_IF_ERROR(tree_of(a, a->change->field, &field, err));
    return insert(a, parent, at, &field, err);
}

static enum tarn_status clustering_of(const struct altering *a, struct tarn_text *out)
{
    static const struct tarn_text domain = {"delta.clustering", 16};
    *out = (struct tarn_text){NULL, 0};
    for (size_t i = 0; i < a->state->domain_count; i++) {
        if (tarn__text_equal(a->state->domains[i].domain, domain) && !a->state->domains[i].removed) {
            *out = a->state->domains[i].configuration;
        }
    }
    for (size_t i = 0; i < a->transaction->change.domain_count; i++) {
        if (tarn__text_equal(a->transaction->change.domains[i].domain, domain)) {
            *out = a->transaction->change.domains[i].configuration;
        }
    }
    return TARN_OK;
}

/* The clustering names its columns by physical names, in JSON. */
static enum tarn_status is_clustered_by(const struct altering *a, const struct tarn__tree_field *field, bool *is, struct tarn_error *err)
{
    struct tarn_text clustering;
    struct tarn_text_builder name;
    TARN_RETURN_IF_ERROR(clustering_of(a, &clustering));
    const struct tarn_text *physical = tarn__tree_get(field, TARN_TEXT("delta.columnMapping.physicalName"));
    tarn__builder_init(&name, a->table.env);
    if (a->state->mapping != TARN_MAPPING_NONE && physical != NULL) {
        tarn__builder_add(&name, *physical);
    } else {
        tarn__json_put_string(&name, field->name);
    }
    const enum tarn_status status = tarn__builder_status(&name, err);
    *is = status == TARN_OK && clustering.size != 0 && memmem(clustering.data, clustering.size, name.data, name.size) != NULL;
    tarn__builder_free(&name);
    return status;
}

static enum tarn_status drop_column(struct altering *a, struct tarn_error *err)
{
    struct tarn__tree_place place;
    bool clustered;
    TARN_RETURN_IF_ERROR(find_member(a, &place, err));
    TARN_RETURN_IF_ERROR(is_clustered_by(a, place.field, &clustered, err));
    if (clustered) {
        return invalid_column(err, place.field->name, "clustering", "the table is clustered by the column; change the clustering first");
    }
    if (partition_place(a, &place) >= 0) {
        return invalid_column(err, place.field->name, "partition_columns", "the table is partitioned by the column");
    }
    if (place.parent->field_count == 1) {
        return invalid_column(err, place.field->name, "column", "it is the last column there; a table and a struct need one");
    }
    if (place.parent == a->table.tree && a->table.metadata.partition_column_count + 1 >= place.parent->field_count) {
        return invalid_column(err, place.field->name, "partition_columns", "a table needs a column that it is not partitioned by");
    }
    TARN_RETURN_IF_ERROR(tarn__alteration_map(&a->table, err));
    tarn__tree_remove(place.parent, place.index);
    a->table.metadata_changed = true;
    return TARN_OK;
}

static enum tarn_status rename_column(struct altering *a, struct tarn_error *err)
{
    struct tarn__tree_place place;
    TARN_RETURN_IF_ERROR(find_member(a, &place, err));
    TARN_RETURN_IF_ERROR(check_name(a, place.parent, a->change->name, place.index, err));
    TARN_RETURN_IF_ERROR(tarn__alteration_map(&a->table, err));
    const int64_t partition = partition_place(a, &place);
    const struct tarn_text name = tarn__arena_text(a->table.arena, a->change->name);
    if (name.data == NULL) {
        return tarn__nomem(a->table.env, err, a->change->name.size);
    }
    place.field->name = name;
    if (partition >= 0) {
        a->table.metadata.partition_columns[partition] = name;
    }
    a->table.metadata_changed = true;
    return TARN_OK;
}

static enum tarn_status move_column(struct altering *a, struct tarn_error *err)
{
    struct tarn__tree_place place;
    uint32_t at;
    TARN_RETURN_IF_ERROR(find_member(a, &place, err));
    const struct tarn__tree_field field = *place.field;
    if (a->change->place == TARN_PLACE_AFTER && tarn__text_equal_caseless(field.name, a->change->after)) {
        return invalid_column(err, field.name, "column", "a column cannot come after itself");
    }
    tarn__tree_remove(place.parent, place.index);
    TARN_RETURN_IF_ERROR(place_among(a, place.parent, &at, err));
    a->table.metadata_changed = true;
    return tarn__tree_insert(a->table.arena, place.parent, at, &field, err);
}

/* ---- types ---- */

/* [{"toType":"long","fromType":"integer","fieldPath":"element"}] */
static enum tarn_status note_type_change(struct altering *a, const struct tarn__tree_place *place, struct tarn_text from,
                                         struct tarn_text to, struct tarn_error *err)
{
    static const struct tarn_text key = {"delta.typeChanges", 17};
    const struct tarn_text *before = tarn__tree_get(place->anchor, key);
    struct tarn_text_builder text;
    struct tarn_json_printer json;
    tarn__builder_init(&text, a->table.env);
    if (before != NULL && before->size > 2 && before->data[before->size - 1] == ']') {
        tarn__builder_add(&text, (struct tarn_text){before->data, before->size - 1});
        tarn__builder_add_char(&text, ',');
    } else {
        tarn__builder_add_char(&text, '[');
    }
    tarn__json_printer_init(&json, &text);
    tarn__json_print_begin_object(&json);
    tarn__json_print_key(&json, TARN_TEXT("toType"));
    tarn__json_print_string(&json, to);
    tarn__json_print_key(&json, TARN_TEXT("fromType"));
    tarn__json_print_string(&json, from);
    if (place->inside.size != 0) {
        tarn__json_print_key(&json, TARN_TEXT("fieldPath"));
        tarn__json_print_string(&json, place->inside);
    }
    tarn__json_print_end_object(&json);
    tarn__builder_add_char(&text, ']');
    enum tarn_status status = tarn__builder_status(&text, err);
    if (status == TARN_OK) {
        const struct tarn_text copy = tarn__arena_text(a->table.arena, tarn__builder_text(&text));
        status =
            copy.data != NULL ? tarn__tree_set(a->table.arena, place->anchor, key, copy, err) : tarn__nomem(a->table.env, err, text.size);
    }
    tarn__builder_free(&text);
    return status;
}

static enum tarn_status widen(struct altering *a, const struct tarn__tree_place *place, const struct tarn__tree_type *to,
                              struct tarn_error *err)
{
    struct tarn__tree_type *type = place->field->type;
    if (!a->table.is_new) {
        TARN_RETURN_IF_ERROR(note_type_change(a, place, type->name, to->name, err));
        TARN_RETURN_IF_ERROR(tarn__delta_features_add(&a->table.features, TARN_TEXT("typeWidening"), err));
        TARN_RETURN_IF_ERROR(tarn__alteration_put(&a->table, TARN_TEXT("delta.enableTypeWidening"), TARN_TEXT("true"), err));
    }
    type->name = to->name;
    a->table.metadata_changed = true;
    return TARN_OK;
}

static enum tarn_status change_type(struct altering *a, struct tarn_error *err)
{
    struct tarn__tree_place place;
    struct tarn__tree_field wanted;
    if (a->change->type == NULL) {
        return tarn__invalid(err, "type", "the change names no type");
    }
    TARN_RETURN_IF_ERROR(find(a, a->change->path, &place, err));
    const struct tarn_field field = {.name = TARN_TEXT("value"), .type = a->change->type, .nullable = true, .id = -1};
    TARN_RETURN_IF_ERROR(tree_of(a, &field, &wanted, err));
    const struct tarn__tree_type *from = place.field->type;
    const struct tarn__tree_type *to = wanted.type;
    if (from->kind == TARN_TREE_LEAF && to->kind == TARN_TREE_LEAF && tarn__text_equal(from->name, to->name)) {
        return TARN_OK;
    }
    const bool leaves = from->kind == TARN_TREE_LEAF && to->kind == TARN_TREE_LEAF;
    if (!leaves || !tarn__delta_may_widen(from->name, to->name)) {
        tarn__invalid(err, "type", "%.*s cannot become %.*s: not every value of it, as files have them, would be the same one",
                      TARN_TEXT_ARG(leaves ? from->name : TARN_TEXT("a nested type")),
                      TARN_TEXT_ARG(to->kind == TARN_TREE_LEAF ? to->name : TARN_TEXT("a nested type")));
        tarn__error_at_column(err, place.field->name);
        return TARN_INVALID;
    }
    if (tarn__tree_get(place.anchor, TARN_TEXT("delta.identity.start")) != NULL) {
        return invalid_column(err, place.field->name, "identity", "an identity column stays BIGINT");
    }
    if (partition_place(a, &place) >= 0 && tarn__text_equal(from->name, TARN_TEXT("date"))) {
        return invalid_column(err, place.field->name, "partition_columns", "the values of a partition column are texts of its type");
    }
    return widen(a, &place, to, err);
}

/* ---- what else a column has ---- */

static enum tarn_status set_nullable(struct altering *a, struct tarn_error *err)
{
    struct tarn__tree_place place;
    TARN_RETURN_IF_ERROR(find(a, a->change->path, &place, err));
    if (place.parent->kind == TARN_TREE_MAP && place.index == 0 && a->change->flag) {
        return invalid_column(err, place.field->name, "not_null", "the key of a map is never null");
    }
    place.field->nullable = a->change->flag;
    a->table.metadata_changed = true;
    return TARN_OK;
}

static enum tarn_status set_comment(struct altering *a, struct tarn_error *err)
{
    struct tarn__tree_place place;
    a->table.metadata_changed = true;
    if (a->change->path.count == 0) {
        a->table.metadata.description = tarn__arena_text(a->table.arena, a->change->text);
        return a->table.metadata.description.data != NULL ? TARN_OK : tarn__nomem(a->table.env, err, a->change->text.size);
    }
    TARN_RETURN_IF_ERROR(find_member(a, &place, err));
    if (a->change->text.size == 0) {
        (void)tarn__tree_unset(place.field, TARN_TEXT("comment"));
        return TARN_OK;
    }
    return tarn__tree_set_text(a->table.arena, place.field, TARN_TEXT("comment"), a->change->text, err);
}

/* Expressions and numbers belong to columns of the table, and exclude each other. */
static enum tarn_status find_column(struct altering *a, bool new_only, struct tarn__tree_place *out, struct tarn_error *err)
{
    static const struct {
        enum tarn_change_kind kind;
        struct tarn_text key;
    } others[] = {
        {TARN_CHANGE_GENERATED, {"delta.generationExpression", 26}},
        {TARN_CHANGE_IDENTITY, {"delta.identity.start", 20}},
        {TARN_CHANGE_DEFAULT, {"CURRENT_DEFAULT", 15}},
    };
    TARN_RETURN_IF_ERROR(find(a, a->change->path, out, err));
    if (out->parent != a->table.tree) {
        return invalid_column(err, out->field->name, "column", "only whole columns have expressions, defaults and numbers");
    }
    if (new_only && !a->table.is_new) {
        return invalid_column(err, out->field->name, "column", "generated and identity columns are made with their table");
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (a->change->kind != others[i].kind && a->change->text.size + (size_t)(a->change->kind == TARN_CHANGE_IDENTITY) != 0 &&
            tarn__tree_get(out->field, others[i].key) != NULL) {
            return invalid_column(err, out->field->name, "column", "a column is generated, numbered or has a default, not two of these");
        }
    }
    a->table.metadata_changed = true;
    return TARN_OK;
}

static enum tarn_status set_default(struct altering *a, struct tarn_error *err)
{
    struct tarn__tree_place place;
    TARN_RETURN_IF_ERROR(find_column(a, false, &place, err));
    if (a->change->text.size == 0) {
        (void)tarn__tree_unset(place.field, TARN_TEXT("CURRENT_DEFAULT"));
        return TARN_OK;
    }
    const struct tarn_schema *base = a->transaction->snapshot->schema;
    if (!a->table.is_new && tarn_fields_find(base->field_count, base->fields, place.field->name) < 0) {
        return invalid_column(err, place.field->name, "default",
                              "rows that are there have no value of a column that is added; give it its default in a change of its own");
    }
    TARN_RETURN_IF_ERROR(tarn__delta_features_add(&a->table.features, TARN_TEXT("allowColumnDefaults"), err));
    return tarn__tree_set_text(a->table.arena, place.field, TARN_TEXT("CURRENT_DEFAULT"), a->change->text, err);
}

static enum tarn_status set_generated(struct altering *a, struct tarn_error *err)
{
    struct tarn__tree_place place;
    TARN_RETURN_IF_ERROR(find_column(a, true, &place, err));
    if (a->change->text.size == 0) {
        return invalid_column(err, place.field->name, "generated", "a generated column needs its expression");
    }
    TARN_RETURN_IF_ERROR(tarn__delta_features_add(&a->table.features, TARN_TEXT("generatedColumns"), err));
    return tarn__tree_set_text(a->table.arena, place.field, TARN_TEXT("delta.generationExpression"), a->change->text, err);
}

static enum tarn_status set_identity(struct altering *a, struct tarn_error *err)
{
    struct tarn__tree_place place;
    TARN_RETURN_IF_ERROR(find_column(a, true, &place, err));
    if (!tarn__text_equal(place.field->type->name, TARN_TEXT("long"))) {
        return invalid_column(err, place.field->name, "identity", "an identity column is BIGINT");
    }
    if (a->change->step == 0) {
        return invalid_column(err, place.field->name, "identity", "an identity column's increment cannot be 0");
    }
    if (partition_place(a, &place) >= 0) {
        return invalid_column(err, place.field->name, "identity", "a table cannot be partitioned by its numbers");
    }
    struct tarn_arena *arena = a->table.arena;
    const struct tarn_text given = a->change->flag ? TARN_TEXT("true") : TARN_TEXT("false");
    TARN_RETURN_IF_ERROR(tarn__delta_features_add(&a->table.features, TARN_TEXT("identityColumns"), err));
    TARN_RETURN_IF_ERROR(tarn__tree_set_int(arena, place.field, TARN_TEXT("delta.identity.start"), a->change->start, err));
    TARN_RETURN_IF_ERROR(tarn__tree_set_int(arena, place.field, TARN_TEXT("delta.identity.step"), a->change->step, err));
    return tarn__tree_set(arena, place.field, TARN_TEXT("delta.identity.allowExplicitInsert"), given, err);
}

/* ---- properties and constraints ---- */

static enum tarn_status unset_property(struct altering *a, struct tarn_error *err)
{
    static const char *const kept[] = {"delta.columnMapping.", "delta.rowTracking.", "delta.inCommitTimestamp", TARN_DELTA_CONSTRAINTS};
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (tarn__text_starts(a->change->name, tarn__text_of(kept[i]))) {
            return tarn__invalid(err, "property", "%.*s cannot be unset", TARN_TEXT_ARG(a->change->name));
        }
    }
    if (tarn__alteration_take(&a->table, a->change->name) || a->change->flag) {
        return TARN_OK;
    }
    return tarn__error_set(err, TARN_NOT_FOUND, "property", "the table has no property %.*s", TARN_TEXT_ARG(a->change->name));
}

/* delta.constraints.NAME, in lower case as Spark writes it. */
static enum tarn_status constraint_key(struct altering *a, struct tarn_text *out, struct tarn_error *err)
{
    static const struct tarn_text prefix = {TARN_DELTA_CONSTRAINTS, sizeof(TARN_DELTA_CONSTRAINTS) - 1};
    const struct tarn_text name = a->change->name;
    if (name.size == 0 || a->change->text.size + (size_t)(a->change->kind == TARN_CHANGE_DROP_CONSTRAINT) == 0) {
        return tarn__invalid(err, "constraint", "a constraint needs a name and an expression");
    }
    char *key = tarn__arena_alloc(a->table.arena, prefix.size + name.size + 1);
    if (key == NULL) {
        return tarn__nomem(a->table.env, err, name.size);
    }
    memcpy(key, prefix.data, prefix.size);
    for (size_t i = 0; i < name.size; i++) {
        const char c = name.data[i];
        key[prefix.size + i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    *out = (struct tarn_text){key, prefix.size + name.size};
    return TARN_OK;
}

static enum tarn_status add_constraint(struct altering *a, struct tarn_error *err)
{
    struct tarn_text key;
    TARN_RETURN_IF_ERROR(constraint_key(a, &key, err));
    if (tarn__alteration_property(&a->table, key) != NULL) {
        return tarn__invalid(err, "constraint", "there is a constraint \"%.*s\" already", TARN_TEXT_ARG(a->change->name));
    }
    TARN_RETURN_IF_ERROR(tarn__delta_features_add(&a->table.features, TARN_TEXT("checkConstraints"), err));
    return tarn__alteration_put(&a->table, key, a->change->text, err);
}

static enum tarn_status drop_constraint(struct altering *a, struct tarn_error *err)
{
    struct tarn_text key;
    TARN_RETURN_IF_ERROR(constraint_key(a, &key, err));
    if (tarn__alteration_take(&a->table, key) || a->change->flag) {
        return TARN_OK;
    }
    return tarn__error_set(err, TARN_NOT_FOUND, "constraint", "the table has no constraint \"%.*s\"", TARN_TEXT_ARG(a->change->name));
}

/* ---- clustering ---- */

enum { MOST_CLUSTERING_COLUMNS = 4 };

static enum tarn_status print_cluster_column(struct altering *a, struct tarn_column_name path, struct tarn_json_printer *json,
                                             struct tarn_error *err)
{
    struct tarn__tree_place place;
    TARN_RETURN_IF_ERROR(find(a, path, &place, err));
    if (place.inside.size != 0 || place.field->type->kind != TARN_TREE_LEAF) {
        return invalid_column(err, place.field->name, "clustering",
                              "a table is clustered by columns and members of structs that have values");
    }
    tarn__json_print_begin_array(json);
    for (uint32_t i = 1; i <= path.count; i++) {
        TARN_RETURN_IF_ERROR(find(a, (struct tarn_column_name){i, path.names}, &place, err));
        const struct tarn_text *physical =
            a->table.mapping != TARN_MAPPING_NONE ? tarn__tree_get(place.field, TARN_TEXT("delta.columnMapping.physicalName")) : NULL;
        if (physical != NULL) {
            tarn__json_print_raw(json, *physical);
        } else {
            tarn__json_print_string(json, place.field->name);
        }
    }
    tarn__json_print_end_array(json);
    return TARN_OK;
}

static enum tarn_status print_clustering(struct altering *a, struct tarn_text_builder *text, struct tarn_error *err)
{
    struct tarn_json_printer json;
    tarn__json_printer_init(&json, text);
    tarn__json_print_begin_object(&json);
    tarn__json_print_key(&json, TARN_TEXT("clusteringColumns"));
    tarn__json_print_begin_array(&json);
    for (uint32_t i = 0; i < a->change->column_count; i++) {
        TARN_RETURN_IF_ERROR(print_cluster_column(a, a->change->columns[i], &json, err));
    }
    tarn__json_print_end_array(&json);
    tarn__json_print_key(&json, TARN_TEXT("domainName"));
    tarn__json_print_string(&json, TARN_TEXT("delta.clustering"));
    tarn__json_print_end_object(&json);
    return tarn__builder_status(text, err);
}

static enum tarn_status cluster(struct altering *a, struct tarn_error *err)
{
    struct tarn_text before;
    TARN_RETURN_IF_ERROR(clustering_of(a, &before));
    if (a->change->column_count == 0 && before.size == 0) {
        return TARN_OK;
    }
    if (a->table.metadata.partition_column_count != 0) {
        return tarn__invalid(err, "clustering", "a table that is partitioned cannot be clustered as well");
    }
    if (a->change->column_count > MOST_CLUSTERING_COLUMNS) {
        return tarn__invalid(err, "clustering", "a table is clustered by at most %d columns", MOST_CLUSTERING_COLUMNS);
    }
    TARN_RETURN_IF_ERROR(tarn__delta_features_add(&a->table.features, TARN_TEXT("clustering"), err));
    struct tarn_text_builder text;
    tarn__builder_init(&text, a->table.env);
    enum tarn_status status = print_clustering(a, &text, err);
    if (status == TARN_OK) {
        status = tarn__transaction_set_domain(a->transaction, TARN_TEXT("delta.clustering"), tarn__builder_text(&text), false, err);
    }
    tarn__builder_free(&text);
    return status;
}

/* ---- schemas ---- */

static enum tarn_status given_tree(struct altering *a, struct tarn_schema **mapped, struct tarn__tree_type **tree, struct tarn_error *err)
{
    bool unused;
    *mapped = NULL;
    if (a->change->schema == NULL) {
        return tarn__invalid(err, "schema", "the change has no schema");
    }
    TARN_RETURN_IF_ERROR(tarn__delta_schema_map(a->table.env, a->change->schema, a->change->flag, mapped, &unused, err));
    return tarn__tree_of_schema(a->table.arena, *mapped, tree, err);
}

static enum tarn_status merge(struct altering *a, struct tarn__tree_type *into, const struct tarn__tree_type *from,
                              const struct tarn__tree_place *above, struct tarn_error *err);

static enum tarn_status merge_member(struct altering *a, struct tarn__tree_type *into, uint32_t index, const struct tarn__tree_type *from,
                                     const struct tarn__tree_place *above, struct tarn_error *err)
{
    struct tarn__tree_place place = {.parent = into, .index = index, .field = &into->fields[index], .anchor = &into->fields[index]};
    if (into->kind != TARN_TREE_STRUCT) {
        const struct tarn_text name = place.field->name;
        char *inside = tarn__arena_alloc(a->table.arena, above->inside.size + name.size + 2);
        if (inside == NULL) {
            return tarn__nomem(a->table.env, err, name.size);
        }
        memcpy(inside, tarn__text_chars(above->inside), above->inside.size);
        const size_t dot = above->inside.size != 0;
        inside[above->inside.size] = '.';
        memcpy(inside + above->inside.size + dot, name.data, name.size);
        place.anchor = above->anchor;
        place.inside = (struct tarn_text){inside, above->inside.size + dot + name.size};
    }
    return merge(a, place.field->type, from, &place, err);
}

static enum tarn_status merge(struct altering *a, struct tarn__tree_type *into, const struct tarn__tree_type *from,
                              const struct tarn__tree_place *above, struct tarn_error *err)
{
    if (into->kind != from->kind) {
        return TARN_OK; /* told when the rows come */
    }
    if (into->kind == TARN_TREE_LEAF) {
        const struct tarn_property *may = tarn__alteration_property(&a->table, TARN_TEXT("delta.enableTypeWidening"));
        const bool widens = !tarn__text_equal(into->name, from->name) && may != NULL && tarn__text_equal(may->value, TARN_TEXT("true")) &&
                            tarn__delta_may_widen(into->name, from->name);
        return widens ? widen(a, above, from, err) : TARN_OK;
    }
    for (uint32_t i = 0; i < from->field_count; i++) {
        const uint32_t at = into->kind == TARN_TREE_STRUCT ? tarn__tree_member(into, from->fields[i].name) : i;
        if (at == UINT32_MAX) {
            struct tarn__tree_field field = from->fields[i];
            field.nullable = true;
            TARN_RETURN_IF_ERROR(insert(a, into, into->field_count, &field, err));
        } else {
            TARN_RETURN_IF_ERROR(merge_member(a, into, at, from->fields[i].type, above, err));
        }
    }
    return TARN_OK;
}

static enum tarn_status merge_schema(struct altering *a, struct tarn_error *err)
{
    struct tarn_schema *mapped;
    struct tarn__tree_type *tree;
    const struct tarn__tree_place none = {0};
    enum tarn_status status = given_tree(a, &mapped, &tree, err);
    status = status == TARN_OK ? merge(a, a->table.tree, tree, &none, err) : status;
    tarn_schema_release(mapped);
    return status;
}

static enum tarn_status replace_with(struct altering *a, const struct tarn_schema *schema, struct tarn__tree_type *tree,
                                     struct tarn_error *err)
{
    const uint32_t count = a->change->column_count;
    struct tarn_text *names = tarn__arena_calloc(a->table.arena, (size_t)count + 1, sizeof(*names));
    struct tarn_text clustering;
    if (names == NULL) {
        return tarn__nomem(a->table.env, err, count * sizeof(*names));
    }
    for (uint32_t i = 0; i < count; i++) {
        if (a->change->columns[i].count != 1) {
            return tarn__invalid(err, "partition_columns", "a table is partitioned by whole columns");
        }
        names[i] = a->change->columns[i].names[0];
    }
    TARN_RETURN_IF_ERROR(clustering_of(a, &clustering));
    if (clustering.size != 0) {
        return tarn__invalid(err, "clustering", "the table is clustered; end the clustering before its schema is replaced");
    }
    TARN_RETURN_IF_ERROR(tarn__delta_choose_partition(a->table.arena, count, names, schema, &a->table.metadata, err));
    a->table.tree = tree;
    a->table.metadata_changed = true;
    if (a->table.mapping == TARN_MAPPING_NONE && tarn__delta_schema_needs_mapping(schema)) {
        return tarn__alteration_map(&a->table, err);
    }
    for (uint32_t i = 0; i < tree->field_count; i++) {
        TARN_RETURN_IF_ERROR(tarn__alteration_name(&a->table, &tree->fields[i], err));
    }
    return TARN_OK;
}

static enum tarn_status replace_schema(struct altering *a, struct tarn_error *err)
{
    struct tarn_schema *mapped;
    struct tarn__tree_type *tree;
    enum tarn_status status = given_tree(a, &mapped, &tree, err);
    status = status == TARN_OK ? replace_with(a, mapped, tree, err) : status;
    tarn_schema_release(mapped);
    return status;
}

/* ---- all of them ---- */

static enum tarn_status apply(struct altering *a, struct tarn_error *err)
{
    switch (a->change->kind) {
    case TARN_CHANGE_ADD_COLUMN:
        return add_column(a, err);
    case TARN_CHANGE_DROP_COLUMN:
        return drop_column(a, err);
    case TARN_CHANGE_RENAME_COLUMN:
        return rename_column(a, err);
    case TARN_CHANGE_MOVE_COLUMN:
        return move_column(a, err);
    case TARN_CHANGE_TYPE:
        return change_type(a, err);
    case TARN_CHANGE_NULLABLE:
        return set_nullable(a, err);
    case TARN_CHANGE_COMMENT:
        return set_comment(a, err);
    case TARN_CHANGE_DEFAULT:
        return set_default(a, err);
    case TARN_CHANGE_GENERATED:
        return set_generated(a, err);
    case TARN_CHANGE_IDENTITY:
        return set_identity(a, err);
    case TARN_CHANGE_SET_PROPERTY:
        return tarn__alteration_set(&a->table, a->change->name, a->change->text, err);
    case TARN_CHANGE_UNSET_PROPERTY:
        return unset_property(a, err);
    case TARN_CHANGE_ADD_CONSTRAINT:
        return add_constraint(a, err);
    case TARN_CHANGE_DROP_CONSTRAINT:
        return drop_constraint(a, err);
    case TARN_CHANGE_CLUSTER:
        return cluster(a, err);
    case TARN_CHANGE_MERGE_SCHEMA:
        return merge_schema(a, err);
    case TARN_CHANGE_REPLACE_SCHEMA:
        return replace_schema(a, err);
    }
    return tarn__invalid(err, "alter", "there is no change of kind %d", (int)a->change->kind);
}

/* A snapshot without files, of the table as the commit will make it. */
static enum tarn_status make_shape(const struct tarn_transaction *transaction, const struct tarn__delta_metadata *metadata,
                                   const struct tarn__delta_protocol *protocol, struct tarn_snapshot **out, struct tarn_error *err)
{
    const struct tarn_snapshot *base = transaction->snapshot;
    struct tarn_snapshot *shape;
    *out = NULL;
    TARN_RETURN_IF_ERROR(tarn__snapshot_new(&base->place, base->format, &shape, err));
    shape->is_new = base->is_new;
    shape->position = base->position;
    shape->parent_id = base->parent_id;
    shape->sequence = base->sequence;
    shape->info.version = base->info.version;
    shape->info.timestamp = base->info.timestamp;
    struct tarn__delta_state *state = tarn__arena_alloc(&shape->arena, sizeof(*state));
    enum tarn_status status = state == NULL ? tarn__nomem(shape->env, err, sizeof(*state)) : TARN_OK;
    if (status == TARN_OK) {
        *state = (struct tarn__delta_state){.has_protocol = true, .has_metadata = true};
        shape->state = state;
        status = tarn__delta_metadata_copy(&shape->arena, metadata, &state->metadata, err);
    }
    status = status == TARN_OK ? tarn__delta_protocol_copy(&shape->arena, protocol, &state->protocol, err) : status;
    status = status == TARN_OK ? tarn__delta_state_describe(shape, err) : status;
    status = status == TARN_OK ? transaction->format->admit(shape, false, err) : status;
    if (status != TARN_OK) {
        tarn_snapshot_close(shape);
        return status == TARN_CORRUPT ? tarn__error_recode(err, TARN_INVALID) : status; /* of what was asked for, not of stored bytes */
    }
    *out = shape;
    return TARN_OK;
}

/* Domains are read from the base; a shape has none of its own. */
static enum tarn_status put_together(struct altering *a, struct tarn_error *err)
{
    struct tarn_transaction *transaction = a->transaction;
    struct tarn__delta_metadata *metadata = tarn__arena_alloc(a->table.arena, sizeof(*metadata));
    struct tarn__delta_protocol *protocol = tarn__arena_alloc(a->table.arena, sizeof(*protocol));
    if (metadata == NULL || protocol == NULL) {
        return tarn__nomem(a->table.env, err, sizeof(*metadata));
    }
    struct tarn__delta_metadata finished;
    struct tarn__delta_protocol asked;
    const struct tarn__delta_protocol *before = &tarn__delta_state_of(transaction->shape)->protocol;
    TARN_RETURN_IF_ERROR(tarn__alteration_finish(&a->table, &finished, &asked, err));
    const bool upgraded = !tarn__delta_protocol_equal(before, &asked);
    /* Both may name texts of the shape, which ends here. */
    TARN_RETURN_IF_ERROR(tarn__delta_metadata_copy(a->table.arena, &finished, metadata, err));
    TARN_RETURN_IF_ERROR(tarn__delta_protocol_copy(a->table.arena, &asked, protocol, err));
    struct tarn_snapshot *shape;
    if (!upgraded && !a->table.metadata_changed) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(make_shape(transaction, metadata, protocol, &shape, err));
    tarn_snapshot_close(transaction->shape);
    transaction->shape = shape;
    transaction->change.metadata = a->table.metadata_changed ? metadata : transaction->change.metadata;
    transaction->change.protocol = upgraded ? protocol : transaction->change.protocol;
    return TARN_OK;
}

static enum tarn_status begin(struct tarn_transaction *transaction, const struct tarn_table_change *change, struct altering *out,
                              struct tarn_error *err)
{
    const struct tarn_snapshot *base = transaction->snapshot;
    *out = (struct altering){.transaction = transaction, .change = change, .state = tarn__delta_state_of(base)};
    return tarn__alteration_begin(&transaction->arena, tarn__delta_state_of(transaction->shape), base->is_new, base->files.count != 0,
                                  &out->table, err);
}

enum tarn_status tarn__delta_alter(struct tarn_transaction *transaction, const struct tarn_table_change *change, struct tarn_error *err)
{
    struct altering a;
    TARN_RETURN_IF_ERROR(begin(transaction, change, &a, err));
    TARN_RETURN_IF_ERROR(apply(&a, err));
    return put_together(&a, err);
}

enum tarn_status tarn__delta_number(struct tarn_transaction *transaction, struct tarn_error *err)
{
    struct altering a;
    bool any = false;
    TARN_RETURN_IF_ERROR(begin(transaction, NULL, &a, err));
    for (uint32_t i = 0; i < transaction->identity_count; i++) {
        const struct tarn__identity *identity = &transaction->identities[i];
        if (identity->used) {
            TARN_RETURN_IF_ERROR(tarn__tree_set_int(a.table.arena, &a.table.tree->fields[identity->column],
                                                    TARN_TEXT("delta.identity.highWaterMark"), identity->mark, err));
            any = true;
        }
    }
    a.table.metadata_changed = any;
    return any ? put_together(&a, err) : TARN_OK;
}
