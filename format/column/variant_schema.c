/* SPDX-License-Identifier: Apache-2.0
 *
 * The groups of a VARIANT column: which child is metadata, value, typed_value, and how typed_value is shredded.
 *
 * Specification: parquet-format VariantShredding.md, "Value Shredding" with its closed list of types. SPEC: P-VARCOL-1, P-VARCOL-2.
 */
#include "format/column/variant_schema.h"

#include <stdlib.h>

struct reading {
    struct tarn_arena *arena;
    const struct tarn_leaf *leaves;
    struct tarn_variant_column *column;
    uint32_t name_room;
    struct tarn_text *names;
    const char *problem;
    struct tarn_error *err;
};

static enum tarn_status problem(struct reading *r, const char *what)
{
    r->problem = r->problem != NULL ? r->problem : what;
    return TARN_OK;
}

/* ---- leaves ---- */

static bool is_binary(const struct reading *r, const struct tarn_node *node)
{
    return node->kind == TARN_NODE_LEAF && r->leaves[node->leaf].physical == PARQUET_BYTE_ARRAY &&
           node->field->type->id == TARN_TYPE_BINARY;
}

static bool decimal_type(int32_t physical, const struct tarn_type *type, struct tarn_shredding *out)
{
    static const int32_t digits[] = {9, 18, 38};
    out->type = physical == PARQUET_INT32   ? TARN_VARIANT_DECIMAL4
                : physical == PARQUET_INT64 ? TARN_VARIANT_DECIMAL8
                                            : TARN_VARIANT_DECIMAL16;
    out->scale = (uint8_t)type->scale;
    return type->precision <= digits[out->type - TARN_VARIANT_DECIMAL4] && type->scale >= 0;
}

/* The variant type that a column's values have; false: the list of the specification does not have it. */
static bool primitive_type(const struct tarn_leaf *leaf, const struct tarn_type *type, struct tarn_shredding *out)
{
    switch (type->id) {
    case TARN_TYPE_BOOL:
        out->type = TARN_VARIANT_TRUE;
        return true;
    case TARN_TYPE_I8:
        out->type = TARN_VARIANT_I8;
        return true;
    case TARN_TYPE_I16:
        out->type = TARN_VARIANT_I16;
        return true;
    case TARN_TYPE_I32:
        out->type = TARN_VARIANT_I32;
        return true;
    case TARN_TYPE_I64:
        out->type = TARN_VARIANT_I64;
        return true;
    case TARN_TYPE_F32:
        out->type = TARN_VARIANT_F32;
        return true;
    case TARN_TYPE_F64:
        out->type = TARN_VARIANT_F64;
        return true;
    case TARN_TYPE_DECIMAL:
        return decimal_type(leaf->physical, type, out);
    case TARN_TYPE_DATE:
        out->type = TARN_VARIANT_DATE;
        return true;
    case TARN_TYPE_TIME:
        out->type = TARN_VARIANT_TIME_NTZ;
        return type->unit == TARN_MICRO && !type->utc;
    case TARN_TYPE_TIMESTAMP:
        out->type = type->unit == TARN_MICRO ? (type->utc ? TARN_VARIANT_TIMESTAMP : TARN_VARIANT_TIMESTAMP_NTZ)
                                             : (type->utc ? TARN_VARIANT_TIMESTAMP_NANOS : TARN_VARIANT_TIMESTAMP_NTZ_NANOS);
        return leaf->physical == PARQUET_INT64 && (type->unit == TARN_MICRO || type->unit == TARN_NANO);
    case TARN_TYPE_BINARY:
        out->type = TARN_VARIANT_BINARY;
        return leaf->physical == PARQUET_BYTE_ARRAY;
    case TARN_TYPE_STRING:
        out->type = TARN_VARIANT_STRING;
        return true;
    case TARN_TYPE_UUID:
        out->type = TARN_VARIANT_UUID;
        return true;
    default:
        return false;
    }
}

/* ---- groups ---- */

static enum tarn_status read_group(struct reading *r, const struct tarn_node *node, bool top, struct tarn_shredding *out);

static uint32_t count_fields(const struct tarn_node *node)
{
    uint32_t count = node->kind == TARN_NODE_STRUCT ? node->child_count : 0;
    for (uint32_t i = 0; i < node->child_count; i++) {
        count += count_fields(&node->children[i]);
    }
    return count;
}

static enum tarn_status read_object(struct reading *r, const struct tarn_node *node, struct tarn_shredding *out)
{
    struct tarn_shredded_field *fields = tarn__arena_calloc(r->arena, (size_t)node->child_count + 1, sizeof(*fields));
    if (fields == NULL) {
        return tarn__nomem(r->arena->env, r->err, node->child_count * sizeof(*fields));
    }
    if (node->child_count == 0) {
        return problem(r, "an object of typed_value has no fields");
    }
    out->kind = TARN_SHREDDING_OBJECT;
    out->field_count = node->child_count;
    out->fields = fields;
    for (uint32_t i = 0; i < node->child_count; i++) {
        fields[i].child = i;
        r->names[r->column->name_count++] = node->children[i].field->name;
        TARN_RETURN_IF_ERROR(read_group(r, &node->children[i], false, &fields[i].group));
    }
    return TARN_OK;
}

static enum tarn_status read_typed(struct reading *r, const struct tarn_node *node, struct tarn_shredding *out)
{
    switch (node->kind) {
    case TARN_NODE_LEAF:
        out->kind = TARN_SHREDDING_PRIMITIVE;
        return primitive_type(&r->leaves[node->leaf], node->field->type, out) ? TARN_OK
                                                                              : problem(r, "typed_value has a type that no variant has");
    case TARN_NODE_STRUCT:
        return read_object(r, node, out);
    case TARN_NODE_LIST: {
        struct tarn_shredding *element = tarn__arena_calloc(r->arena, 1, sizeof(*element));
        if (element == NULL) {
            return tarn__nomem(r->arena->env, r->err, sizeof(*element));
        }
        out->kind = TARN_SHREDDING_ARRAY;
        out->element = element;
        return read_group(r, &node->children[0], false, element);
    }
    default:
        return problem(r, "typed_value is a map, a variant or without columns");
    }
}

static enum tarn_status read_group(struct reading *r, const struct tarn_node *node, bool top, struct tarn_shredding *out)
{
    out->value = TARN_SHREDDING_ABSENT;
    out->typed = TARN_SHREDDING_ABSENT;
    if (!top && node->kind != TARN_NODE_STRUCT) {
        return problem(r, "a field or element is no group of value and typed_value");
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        const struct tarn_node *child = &node->children[i];
        const struct tarn_text name = child->field->name;
        const bool metadata = top && tarn__text_equal(name, TARN_TEXT("metadata"));
        if (metadata || tarn__text_equal(name, TARN_TEXT("value"))) {
            uint32_t *place = metadata ? &r->column->metadata : &out->value;
            if (*place != TARN_SHREDDING_ABSENT || !is_binary(r, child)) {
                return problem(r, "metadata or value is there twice, or no column of bytes");
            }
            *place = i;
        } else if (tarn__text_equal(name, TARN_TEXT("typed_value")) && out->typed == TARN_SHREDDING_ABSENT) {
            out->typed = i;
            TARN_RETURN_IF_ERROR(read_typed(r, child, out));
        } else if (!top || !tarn__text_starts(name, TARN_TEXT("_"))) { /* those are to be passed over */
            return problem(r, "a group has a field other than metadata, value and typed_value");
        }
    }
    return out->value == TARN_SHREDDING_ABSENT && out->typed == TARN_SHREDDING_ABSENT
               ? problem(r, "a group has neither value nor typed_value")
               : TARN_OK;
}

/* ---- names ---- */

static int compare_names(const void *a, const void *b)
{
    return tarn__text_compare(*(const struct tarn_text *)a, *(const struct tarn_text *)b);
}

static int compare_fields(const void *a, const void *b)
{
    const uint32_t one = ((const struct tarn_shredded_field *)a)->name;
    const uint32_t two = ((const struct tarn_shredded_field *)b)->name;
    return (one > two) - (one < two);
}

static void sort_names(struct tarn_variant_column *column, struct tarn_text *names)
{
    const uint32_t count = column->name_count;
    qsort(names, count, sizeof(*names), compare_names);
    column->name_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || !tarn__text_equal(names[i], names[column->name_count - 1])) {
            names[column->name_count++] = names[i];
        }
    }
    column->names = names;
}

static uint32_t number_of(const struct tarn_variant_column *column, struct tarn_text name)
{
    uint32_t low = 0;
    uint32_t high = column->name_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (tarn__text_compare(column->names[middle], name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Gives all fields their numbers and brings those of each object into order. */
static void number_names(struct reading *r, struct tarn_shredding *group, const struct tarn_node *node)
{
    const struct tarn_node *typed = group->typed != TARN_SHREDDING_ABSENT ? &node->children[group->typed] : NULL;
    struct tarn_shredded_field *fields = (struct tarn_shredded_field *)(uintptr_t)group->fields;
    if (group->kind == TARN_SHREDDING_ARRAY) {
        number_names(r, (struct tarn_shredding *)(uintptr_t)group->element, &typed->children[0]);
    }
    for (uint32_t i = 0; i < group->field_count; i++) {
        fields[i].name = number_of(r->column, typed->children[fields[i].child].field->name);
        number_names(r, &fields[i].group, &typed->children[fields[i].child]);
    }
    if (group->field_count != 0) {
        qsort(fields, group->field_count, sizeof(*fields), compare_fields);
    }
    for (uint32_t i = 1; i < group->field_count; i++) {
        if (fields[i - 1].name == fields[i].name) {
            (void)problem(r, "an object of typed_value has a field twice");
        }
    }
}

enum tarn_status tarn__variant_schema_read(struct tarn_arena *arena, const struct tarn_node *node, const struct tarn_leaf *leaves,
                                           const struct tarn_variant_column **out, const char **why, struct tarn_error *err)
{
    struct reading r = {.arena = arena, .leaves = leaves, .err = err};
    *out = NULL;
    *why = NULL;
    r.column = tarn__arena_calloc(arena, 1, sizeof(*r.column));
    r.names = tarn__arena_calloc(arena, (size_t)count_fields(node) + 1, sizeof(*r.names));
    if (r.column == NULL || r.names == NULL) {
        return tarn__nomem(arena->env, err, sizeof(*r.column));
    }
    r.column->metadata = TARN_SHREDDING_ABSENT;
    TARN_RETURN_IF_ERROR(read_group(&r, node, true, &r.column->group));
    if (r.column->metadata == TARN_SHREDDING_ABSENT) {
        TARN_RETURN_IF_ERROR(problem(&r, "there is no metadata"));
    }
    if (r.problem == NULL) {
        sort_names(r.column, r.names);
        number_names(&r, &r.column->group, node);
    }
    *why = r.problem;
    *out = r.problem == NULL ? r.column : NULL;
    return TARN_OK;
}

/* ---- groups that only their table calls variants ---- */

static const struct tarn_node *follow(const struct tarn_node *node, const struct tarn_path_step *step)
{
    if (step->kind == TARN_PATH_FIELD && node->kind == TARN_NODE_STRUCT) {
        for (uint32_t i = 0; i < node->child_count; i++) {
            const struct tarn_field *field = node->children[i].field;
            if (step->id >= 0 ? field->id == step->id : tarn__text_equal(field->name, step->name)) {
                return &node->children[i];
            }
        }
        return NULL;
    }
    const bool list = step->kind == TARN_PATH_ELEMENT && node->kind == TARN_NODE_LIST;
    const bool map = (step->kind == TARN_PATH_KEY || step->kind == TARN_PATH_VALUE) && node->kind == TARN_NODE_MAP;
    return list || map ? &node->children[step->kind == TARN_PATH_VALUE ? 1 : 0] : NULL;
}

enum tarn_status tarn__variant_schema_mark(struct tarn_arena *arena, struct tarn_file_schema *schema, uint32_t count,
                                           const struct tarn_path *paths, struct tarn_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct tarn_node *found = &schema->root;
        for (uint32_t d = 0; found != NULL && d < paths[i].depth; d++) {
            found = follow(found, &paths[i].steps[d]);
        }
        if (found == NULL || found->kind != TARN_NODE_STRUCT || found == &schema->root) {
            continue;
        }
        struct tarn_node *node = (struct tarn_node *)(uintptr_t)found; /* of a schema that nobody else has seen */
        const char *problem;
        TARN_RETURN_IF_ERROR(tarn__variant_schema_read(arena, node, schema->leaves, &node->variant, &problem, err));
        if (problem != NULL) {
            continue; /* what it is then the table will say */
        }
        struct tarn_type *type = (struct tarn_type *)(uintptr_t)node->field->type;
        node->kind = TARN_NODE_VARIANT;
        *type = (struct tarn_type){.id = TARN_TYPE_VARIANT};
        for (uint32_t l = node->leaf; l < node->leaf + node->leaf_count; l++) {
            ((struct tarn_leaf *)(uintptr_t)&schema->leaves[l])->order = TARN_ORDER_UNDEFINED;
        }
    }
    return TARN_OK;
}

/* ---- parts ---- */

static const struct tarn_shredded_field *find_field(const struct tarn_variant_column *column, const struct tarn_shredding *group,
                                                    struct tarn_text name)
{
    uint32_t low = 0;
    uint32_t high = group->field_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const int order = tarn__text_compare(column->names[group->fields[middle].name], name);
        if (order == 0) {
            return &group->fields[middle];
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return NULL;
}

/* The columns of a part in their order in the file; *places: where each came to stand, ABSENT for NULL. */
static uint32_t put_children(struct tarn_node *children, const struct tarn_node *const parts[3], uint32_t *const places[3])
{
    uint32_t count = 0;
    for (unsigned i = 0; i < 3; i++) {
        uint32_t place = 0;
        *places[i] = TARN_SHREDDING_ABSENT;
        for (unsigned k = 0; k < 3 && parts[i] != NULL; k++) {
            place += parts[k] != NULL && parts[k]->leaf < parts[i]->leaf;
        }
        if (parts[i] != NULL) {
            children[place] = *parts[i];
            *places[i] = place;
            count++;
        }
    }
    return count;
}

/* Follows steps as far as fields were shredded: how many that are, the group there and its node. */
static uint32_t walk_steps(const struct tarn_node *variant, uint32_t step_count, const struct tarn_text *steps,
                           const struct tarn_shredding **group, const struct tarn_node **place)
{
    uint32_t taken = 0;
    *group = &variant->variant->group;
    *place = variant;
    while (taken < step_count && (*group)->kind == TARN_SHREDDING_OBJECT) {
        const struct tarn_shredded_field *found = find_field(variant->variant, *group, steps[taken]);
        if (found == NULL) {
            break;
        }
        *place = &(*place)->children[(*group)->typed].children[found->child];
        *group = &found->group;
        taken++;
    }
    return taken;
}

const struct tarn_node *tarn__variant_schema_typed(const struct tarn_node *variant, uint32_t step_count, const struct tarn_text *steps)
{
    const struct tarn_shredding *group;
    const struct tarn_node *place;
    const uint32_t taken = walk_steps(variant, step_count, steps, &group, &place);
    return taken == step_count && group->kind == TARN_SHREDDING_PRIMITIVE ? &place->children[group->typed] : NULL;
}

enum tarn_status tarn__variant_schema_part(struct tarn_arena *arena, const struct tarn_node *variant, uint32_t step_count,
                                           const struct tarn_text *steps, const struct tarn_node **out, struct tarn_error *err)
{
    struct tarn_node *node = tarn__arena_calloc(arena, 1, sizeof(*node));
    struct tarn_node *children = tarn__arena_calloc(arena, 3, sizeof(*children));
    struct tarn_field *field = tarn__arena_calloc(arena, 1, sizeof(*field));
    struct tarn_variant_column *column = tarn__arena_calloc(arena, 1, sizeof(*column));
    *out = NULL;
    if (node == NULL || children == NULL || field == NULL || column == NULL) {
        return tarn__nomem(arena->env, err, 3 * sizeof(*children));
    }
    const struct tarn_shredding *group;
    const struct tarn_node *place;
    const uint32_t taken = walk_steps(variant, step_count, steps, &group, &place);
    *column = *variant->variant;
    column->group = *group;
    column->is_part = true;
    column->step_count = step_count - taken;
    column->steps = steps + taken;
    const bool stored = taken < step_count; /* in value, whatever typed_value is */
    const struct tarn_node *const parts[3] = {
        &variant->children[variant->variant->metadata],
        group->value != TARN_SHREDDING_ABSENT ? &place->children[group->value] : NULL,
        group->typed != TARN_SHREDDING_ABSENT && !stored ? &place->children[group->typed] : NULL,
    };
    uint32_t *const places[3] = {&column->metadata, &column->group.value, &column->group.typed};
    *field = *variant->field;
    field->nullable = true;
    *node = *variant;
    node->field = field;
    node->nullable = true;
    node->children = children;
    node->child_count = put_children(children, parts, places);
    node->leaf = children[0].leaf;
    node->leaf_count = children[node->child_count - 1].leaf + children[node->child_count - 1].leaf_count - node->leaf;
    node->sparse = true;
    node->variant = column;
    *out = node;
    return TARN_OK;
}

bool tarn__node_has_leaf(const struct tarn_node *node, uint32_t leaf)
{
    while (node->sparse) {
        const struct tarn_node *child = NULL;
        for (uint32_t i = 0; i < node->child_count && child == NULL; i++) {
            const struct tarn_node *candidate = &node->children[i];
            child = leaf >= candidate->leaf && leaf - candidate->leaf < candidate->leaf_count ? candidate : NULL;
        }
        if (child == NULL) {
            return false;
        }
        node = child;
    }
    return true;
}
