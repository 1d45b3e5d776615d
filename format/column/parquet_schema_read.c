/* SPDX-License-Identifier: Apache-2.0
 *
 * SchemaElements as a logical schema, a tree of nodes and a table of leaves.
 *
 * Specification: Parquet LogicalTypes.md, "Nested Types" with its rules of backward compatibility. SPEC: P-SCHEMA-1 to P-SCHEMA-5.
 *
 * Invariants
 *  1. end[i] is the index behind the last descendant of element i; the children of i are i + 1, end[i + 1], ... up to end[i].
 *  2. Leaves are numbered in the order of the elements: the order of column chunks.
 *  3. A node and the field it is about have the same shape: STRUCT children are the fields, LIST has one, MAP two.
 */
#include "format/batch/schema.h"
#include "format/column/logical_type.h"

#include "format/column/variant_schema.h"
#include "format/encoding/plain.h"

/* Groups within each other: a list takes three for one level of tarn's. */
enum { MAX_GROUPS = 3 * TARN_MAX_DEPTH };

struct reader {
    struct tarn_arena *arena;
    const struct parquet_schema_element *elements;
    uint32_t count;
    uint32_t *end;
    struct tarn_leaf *leaves;
    uint32_t leaf_count;
    uint32_t step_count;
    struct tarn_text steps[MAX_GROUPS + 1]; /* names from the root to where the walk is */
    struct tarn_error *err;
};

/* Where in the nesting something stands. */
struct place {
    uint16_t definition;
    uint16_t repetition;
    uint16_t depth; /* of logical nesting */
};

/* A node and its field, made together. */
struct made {
    struct tarn_node *node;
    struct tarn_field *field;
};

static enum tarn_status corrupt(struct reader *r, uint32_t element, const char *what)
{
    return tarn__corrupt(r->err, "schema", "schema element %u (%.*s): %s", element, TARN_TEXT_ARG(r->elements[element].name), what);
}

static void *arena_array(struct reader *r, size_t count, size_t size, enum tarn_status *status)
{
    void *made = tarn__arena_calloc(r->arena, count != 0 ? count : 1, size);
    *status = made != NULL ? TARN_OK : tarn__nomem(r->arena->env, r->err, (uint64_t)count * size);
    return made;
}

/* ---- the shape ---- */

static uint32_t children_of(const struct reader *r, uint32_t element)
{
    const struct parquet_schema_element *e = &r->elements[element];
    return e->has_num_children && e->num_children > 0 ? (uint32_t)e->num_children : 0;
}

static bool is_group(const struct reader *r, uint32_t element)
{
    return element == 0 || !r->elements[element].has_type;
}

static int32_t repetition_of(const struct reader *r, uint32_t element)
{
    const struct parquet_schema_element *e = &r->elements[element];
    return e->has_repetition_type ? e->repetition_type : PARQUET_REQUIRED;
}

static enum tarn_status measure(struct reader *r, uint32_t element, uint32_t depth)
{
    const struct parquet_schema_element *e = &r->elements[element];
    if (depth > MAX_GROUPS) {
        return tarn__error_set(r->err, TARN_LIMIT, "schema_depth", "the schema nests deeper than %d groups", MAX_GROUPS);
    }
    if (e->has_num_children && e->num_children < 0) {
        return corrupt(r, element, "a negative number of children");
    }
    if (!is_group(r, element) && children_of(r, element) != 0) {
        return corrupt(r, element, "a type and children");
    }
    if (!e->has_type && !e->has_num_children && element != 0) {
        return corrupt(r, element, "neither a type nor children");
    }
    uint32_t at = element + 1;
    for (uint32_t i = 0; i < children_of(r, element); i++) {
        if (at >= r->count) {
            return corrupt(r, element, "more children than there are elements");
        }
        TARN_RETURN_IF_ERROR(measure(r, at, depth + 1));
        at = r->end[at];
    }
    r->leaf_count += !is_group(r, element);
    r->end[element] = at;
    return TARN_OK;
}

/* ---- fields ---- */

static enum tarn_status build_field(struct reader *r, uint32_t element, struct place place, struct made out);
static enum tarn_status build_value(struct reader *r, uint32_t element, struct place place, struct made out);

static struct tarn_type *new_type(struct reader *r, enum tarn_type_id id, struct made out, enum tarn_status *status)
{
    struct tarn_type *type = arena_array(r, 1, sizeof(*type), status);
    if (type != NULL) {
        type->id = id;
        out.field->type = type;
    }
    return type;
}

/* Room for the children of a node and for the fields of its type. */
static enum tarn_status new_children(struct reader *r, enum tarn_type_id id, uint32_t count, struct made out, struct made *children)
{
    enum tarn_status status;
    struct tarn_type *type = new_type(r, id, out, &status);
    TARN_RETURN_IF_ERROR(status);
    children->node = arena_array(r, count, sizeof(*children->node), &status);
    TARN_RETURN_IF_ERROR(status);
    children->field = arena_array(r, count, sizeof(*children->field), &status);
    TARN_RETURN_IF_ERROR(status);
    type->field_count = count;
    type->fields = children->field;
    out.node->children = children->node;
    out.node->child_count = count;
    return TARN_OK;
}

static enum tarn_status enter(struct reader *r, uint32_t element, struct place place)
{
    if (place.depth > TARN_MAX_DEPTH) {
        return tarn__error_set(r->err, TARN_LIMIT, "schema_depth", "the schema nests deeper than %d", TARN_MAX_DEPTH);
    }
    r->steps[r->step_count++] = r->elements[element].name;
    return TARN_OK;
}

static enum tarn_status join_path(struct reader *r, struct tarn_leaf *leaf)
{
    enum tarn_status status;
    size_t size = r->step_count;
    for (uint32_t i = 0; i < r->step_count; i++) {
        size += r->steps[i].size;
    }
    struct tarn_text *steps = arena_array(r, r->step_count, sizeof(*steps), &status);
    TARN_RETURN_IF_ERROR(status);
    char *text = arena_array(r, size, 1, &status);
    TARN_RETURN_IF_ERROR(status);
    leaf->path = (struct tarn_text){text, size - 1};
    leaf->steps = steps;
    leaf->step_count = r->step_count;
    for (uint32_t i = 0; i < r->step_count; i++) {
        steps[i] = r->steps[i];
        if (i != 0) {
            *text++ = '.';
        }
        if (steps[i].size != 0) {
            memcpy(text, steps[i].data, steps[i].size);
        }
        text += steps[i].size;
    }
    return TARN_OK;
}

/* What the type has no member for. */
static enum tarn_status keep_property(struct reader *r, struct tarn_text key, struct tarn_text value, struct made out)
{
    enum tarn_status status;
    struct tarn_property *property = arena_array(r, 1, sizeof(*property), &status);
    TARN_RETURN_IF_ERROR(status);
    *property = (struct tarn_property){key, value};
    out.field->property_count = 1;
    out.field->properties = property;
    return TARN_OK;
}

static enum tarn_status keep_algorithm(struct reader *r, const struct parquet_schema_element *element, struct made out)
{
    const struct parquet_logical_type logical = tarn__annotation_of(element).logical;
    const struct tarn_text name = logical.id == PARQUET_LOGICAL_GEOGRAPHY && logical.u.geography.has_algorithm
                                      ? tarn__edge_algorithm_name(logical.u.geography.algorithm)
                                      : TARN_TEXT("");
    return name.size != 0 && out.field->type->id == TARN_TYPE_GEOGRAPHY ? keep_property(r, TARN_TEXT(TARN_PARQUET_ALGORITHM_KEY), name, out)
                                                                        : TARN_OK;
}

static enum tarn_status build_leaf(struct reader *r, uint32_t element, struct place place, struct made out)
{
    const struct parquet_schema_element *e = &r->elements[element];
    struct tarn_leaf *leaf = &r->leaves[r->leaf_count];
    struct tarn_leaf_type read;
    enum tarn_status status;

    TARN_RETURN_IF_ERROR(tarn__leaf_type_read(e, &read, r->err));
    struct tarn_type *type = new_type(r, read.type.id, out, &status);
    TARN_RETURN_IF_ERROR(status);
    *type = read.type;
    const int32_t length = e->type == PARQUET_FIXED_LEN_BYTE_ARRAY ? e->type_length : 0;
    *leaf = (struct tarn_leaf){
        .element = element,
        .physical = e->type,
        .type_length = length,
        .width = tarn__plain_width(e->type, length),
        .max_definition = place.definition,
        .max_repetition = place.repetition,
        .stored_digits = read.type.id == TARN_TYPE_TIMESTAMP ? (uint32_t)read.type.unit * 3 : 0,
        .order = read.order,
        .node = out.node,
        .type = type,
        .unsupported = read.unsupported,
        .malformed = read.malformed,
        .field_id = e->has_field_id ? e->field_id : -1,
    };
    out.node->kind = TARN_NODE_LEAF;
    out.node->leaf = r->leaf_count++;
    out.node->leaf_count = 1;
    TARN_RETURN_IF_ERROR(keep_algorithm(r, e, out));
    return join_path(r, leaf);
}

static enum tarn_status build_struct(struct reader *r, uint32_t element, struct place place, struct made out)
{
    struct made children;
    const uint32_t count = children_of(r, element);
    TARN_RETURN_IF_ERROR(new_children(r, TARN_TYPE_STRUCT, count, out, &children));
    out.node->kind = TARN_NODE_STRUCT;
    place.depth++;
    uint32_t at = element + 1;
    for (uint32_t i = 0; i < count; i++, at = r->end[at]) {
        TARN_RETURN_IF_ERROR(build_field(r, at, place, (struct made){children.node + i, children.field + i}));
    }
    return TARN_OK;
}

/* Is the repeated group of a LIST the element itself, rather than a shell around it? */
static bool is_element(const struct reader *r, uint32_t list, uint32_t repeated)
{
    if (!is_group(r, repeated) || children_of(r, repeated) != 1 || repetition_of(r, repeated + 1) == PARQUET_REPEATED) {
        return true;
    }
    const int32_t annotation = tarn__annotation_of(&r->elements[repeated]).logical.id;
    if (annotation == PARQUET_LOGICAL_LIST || annotation == PARQUET_LOGICAL_MAP) {
        return true;
    }
    const struct tarn_text name = r->elements[repeated].name;
    const struct tarn_text outer = r->elements[list].name;
    const struct tarn_text tuple = TARN_TEXT("_tuple");
    return tarn__text_equal(name, TARN_TEXT("array")) ||
           (name.size == outer.size + tuple.size && tarn__text_starts(name, outer) && tarn__text_ends(name, tuple));
}

/* The levels of a node that repeats, and those of what it holds. */
static struct place repeat(struct tarn_node *node, struct place place)
{
    place.definition++;
    place.repetition++;
    place.depth++;
    node->repetition = place.repetition;
    node->element_definition = place.definition;
    return place;
}

static void name_field(struct tarn_field *field, struct tarn_text name, bool nullable)
{
    field->name = name;
    field->nullable = nullable;
}

static enum tarn_status build_list(struct reader *r, uint32_t element, struct place place, struct made out)
{
    struct made child;
    const uint32_t repeated = element + 1;
    TARN_RETURN_IF_ERROR(new_children(r, TARN_TYPE_LIST, 1, out, &child));
    out.node->kind = TARN_NODE_LIST;
    const struct place inner = repeat(out.node, place);
    if (is_element(r, element, repeated)) {
        TARN_RETURN_IF_ERROR(enter(r, repeated, inner));
        child.field->id = r->elements[repeated].has_field_id ? r->elements[repeated].field_id : -1;
        TARN_RETURN_IF_ERROR(build_value(r, repeated, inner, child));
    } else {
        TARN_RETURN_IF_ERROR(enter(r, repeated, inner));
        TARN_RETURN_IF_ERROR(build_field(r, repeated + 1, inner, child));
    }
    r->step_count--;
    name_field(child.field, TARN_TEXT("element"), child.field->nullable);
    return TARN_OK;
}

static enum tarn_status build_map(struct reader *r, uint32_t element, struct place place, struct made out)
{
    struct made children;
    const uint32_t entry = element + 1;
    const uint32_t key = entry + 1;
    TARN_RETURN_IF_ERROR(new_children(r, TARN_TYPE_MAP, 2, out, &children));
    out.node->kind = TARN_NODE_MAP;
    const struct place inner = repeat(out.node, place);
    TARN_RETURN_IF_ERROR(enter(r, entry, inner));
    TARN_RETURN_IF_ERROR(build_field(r, key, inner, children));
    const struct made value = {children.node + 1, children.field + 1};
    if (children_of(r, entry) == 2) {
        TARN_RETURN_IF_ERROR(build_field(r, r->end[key], inner, value));
        name_field(value.field, TARN_TEXT("value"), value.field->nullable);
    } else {
        enum tarn_status status;
        new_type(r, TARN_TYPE_NULL, value, &status);
        TARN_RETURN_IF_ERROR(status);
        *value.node = (struct tarn_node){.kind = TARN_NODE_ABSENT, .nullable = true, .definition = UINT16_MAX, .leaf = r->leaf_count};
        name_field(value.field, TARN_TEXT("value"), true);
        value.field->id = -1;
    }
    r->step_count--;
    name_field(children.field, TARN_TEXT("key"), false);
    return TARN_OK;
}

static enum tarn_status build_variant(struct reader *r, uint32_t element, struct place place, struct made out)
{
    const uint32_t first = r->leaf_count;
    enum tarn_status status;
    TARN_RETURN_IF_ERROR(build_struct(r, element, place, out));
    new_type(r, TARN_TYPE_VARIANT, out, &status);
    TARN_RETURN_IF_ERROR(status);
    out.node->kind = TARN_NODE_VARIANT;
    const char *malformed;
    TARN_RETURN_IF_ERROR(tarn__variant_schema_read(r->arena, out.node, r->leaves, &out.node->variant, &malformed, r->err));
    for (uint32_t i = first; i < r->leaf_count; i++) {
        r->leaves[i].malformed = malformed != NULL ? malformed : r->leaves[i].malformed;
        r->leaves[i].order = TARN_ORDER_UNDEFINED;
    }
    return TARN_OK;
}

static bool has_list_shape(const struct reader *r, uint32_t element)
{
    return children_of(r, element) == 1 && repetition_of(r, element + 1) == PARQUET_REPEATED;
}

static bool has_map_shape(const struct reader *r, uint32_t element)
{
    const uint32_t entry = element + 1;
    if (!has_list_shape(r, element) || !is_group(r, entry)) {
        return false;
    }
    const uint32_t count = children_of(r, entry);
    return (count == 1 || count == 2) && repetition_of(r, entry + 1) != PARQUET_REPEATED;
}

/* The value at `element`, whose own repetition is accounted for in `place`. */
static enum tarn_status build_value(struct reader *r, uint32_t element, struct place place, struct made out)
{
    out.node->definition = place.definition;
    out.node->repetition = place.repetition;
    out.node->leaf = r->leaf_count;
    out.node->field = out.field;
    if (!is_group(r, element)) {
        return build_leaf(r, element, place, out);
    }
    const int32_t annotation = tarn__annotation_of(&r->elements[element]).logical.id;
    enum tarn_status status;
    if (annotation == PARQUET_LOGICAL_LIST && has_list_shape(r, element)) {
        status = build_list(r, element, place, out);
    } else if (annotation == PARQUET_LOGICAL_MAP && has_map_shape(r, element)) {
        status = build_map(r, element, place, out);
    } else if (annotation == PARQUET_LOGICAL_VARIANT) {
        status = build_variant(r, element, place, out);
    } else {
        status = build_struct(r, element, place, out);
        if (status == TARN_OK && annotation == PARQUET_LOGICAL_FILE) {
            status = keep_property(r, TARN_TEXT(TARN_PARQUET_LOGICAL_KEY), TARN_TEXT("FILE"), out);
        }
    }
    out.node->leaf_count = r->leaf_count - out.node->leaf;
    return status;
}

static enum tarn_status build_repeated(struct reader *r, uint32_t element, struct place place, struct made out)
{
    struct made child;
    TARN_RETURN_IF_ERROR(new_children(r, TARN_TYPE_LIST, 1, out, &child));
    *out.node = (struct tarn_node){.kind = TARN_NODE_LIST,
                                   .field = out.field,
                                   .definition = place.definition,
                                   .leaf = r->leaf_count,
                                   .child_count = 1,
                                   .children = child.node};
    const struct place inner = repeat(out.node, place);
    name_field(child.field, TARN_TEXT("element"), false);
    child.field->id = -1;
    const enum tarn_status status = build_value(r, element, inner, child);
    out.node->leaf_count = r->leaf_count - out.node->leaf;
    return status;
}

static enum tarn_status build_field(struct reader *r, uint32_t element, struct place place, struct made out)
{
    const struct parquet_schema_element *e = &r->elements[element];
    const int32_t repetition = repetition_of(r, element);
    const uint32_t first = r->leaf_count;
    enum tarn_status status;

    TARN_RETURN_IF_ERROR(enter(r, element, place));
    name_field(out.field, e->name, repetition == PARQUET_OPTIONAL);
    out.field->id = e->has_field_id ? e->field_id : -1;
    if (repetition == PARQUET_REPEATED) {
        status = build_repeated(r, element, place, out);
    } else {
        place.definition = (uint16_t)(place.definition + (repetition == PARQUET_OPTIONAL));
        out.node->nullable = repetition == PARQUET_OPTIONAL;
        status = build_value(r, element, place, out);
    }
    if (repetition < PARQUET_REQUIRED || repetition > PARQUET_REPEATED) {
        for (uint32_t i = first; i < r->leaf_count; i++) {
            r->leaves[i].unsupported = "repetition.unknown"; /* nobody can tell what its levels mean */
        }
    }
    r->step_count--;
    return status;
}

/* ---- the whole ---- */

/* Points nodes at the fields of the finished schema. What is below a variant is no part of it and keeps the fields of the arena. */
static void adopt(struct reader *r, struct tarn_node *node, const struct tarn_field *field)
{
    node->field = field;
    if (node->kind == TARN_NODE_LEAF) {
        r->leaves[node->leaf].type = field->type;
    }
    struct tarn_node *children = (struct tarn_node *)(uintptr_t)node->children;
    const struct tarn_field *fields = field->type->fields;
    for (uint32_t i = 0; node->kind != TARN_NODE_VARIANT && i < node->child_count; i++) {
        adopt(r, &children[i], &fields[i]);
    }
}

static enum tarn_status finish(struct reader *r, struct tarn_file_schema *made, const struct tarn_field *root, uint32_t property_count,
                               const struct tarn_property *properties)
{
    struct tarn_schema *schema;
    const enum tarn_status status =
        tarn__schema_make_as_found(r->arena->env, root->type->field_count, root->type->fields, property_count, properties, &schema, r->err);
    if (status == TARN_INVALID) { /* what is wrong with a schema was seen before, but for texts in types: the name of a CRS */
        char why[sizeof(r->err->message)] = "";
        if (r->err != NULL) {
            memcpy(why, r->err->message, sizeof(why));
        }
        return tarn__corrupt(r->err, "schema", "the schema cannot be held: %s", why);
    }
    TARN_RETURN_IF_ERROR(status);
    made->schema = schema;
    made->leaf_count = r->leaf_count;
    made->leaves = r->leaves;
    struct tarn_node *children = (struct tarn_node *)(uintptr_t)made->root.children;
    for (uint32_t i = 0; i < made->root.child_count; i++) {
        adopt(r, &children[i], &schema->fields[i]);
    }
    return TARN_OK;
}

enum tarn_status tarn__file_schema_read(struct tarn_arena *arena, uint32_t count, const struct parquet_schema_element *elements,
                                        uint32_t property_count, const struct tarn_property *properties, struct tarn_file_schema **out,
                                        struct tarn_error *err)
{
    struct reader r = {.arena = arena, .elements = elements, .count = count, .err = err};
    enum tarn_status status;

    *out = NULL;
    if (count == 0 || (elements[0].has_type && !elements[0].has_num_children)) { /* parquet-go once wrote a type beside the children */
        return tarn__corrupt(err, "schema", "the schema has no root group");
    }
    r.end = arena_array(&r, count, sizeof(*r.end), &status);
    TARN_RETURN_IF_ERROR(status);
    TARN_RETURN_IF_ERROR(measure(&r, 0, 0));
    if (r.end[0] != count) {
        return corrupt(&r, r.end[0], "not below the root");
    }
    r.leaves = arena_array(&r, r.leaf_count, sizeof(*r.leaves), &status);
    TARN_RETURN_IF_ERROR(status);
    struct tarn_file_schema *made = arena_array(&r, 1, sizeof(*made), &status);
    TARN_RETURN_IF_ERROR(status);
    struct tarn_field *root = arena_array(&r, 1, sizeof(*root), &status);
    TARN_RETURN_IF_ERROR(status);

    r.leaf_count = 0;
    TARN_RETURN_IF_ERROR(build_struct(&r, 0, (struct place){0, 0, 0}, (struct made){&made->root, root}));
    made->root.leaf_count = r.leaf_count;
    TARN_RETURN_IF_ERROR(finish(&r, made, root, property_count, properties));
    *out = made;
    return TARN_OK;
}

void tarn__file_schema_give_timestamps(struct tarn_file_schema *schema, enum tarn_wide_timestamps how)
{
    for (uint32_t i = 0; how != TARN_WIDE_EXACT && i < schema->leaf_count; i++) {
        struct tarn_leaf *leaf = (struct tarn_leaf *)(uintptr_t)&schema->leaves[i];
        struct tarn_type *type = (struct tarn_type *)(uintptr_t)leaf->type;
        if (type->id != TARN_TYPE_TIMESTAMP || !type->wide) {
            continue;
        }
        if (how == TARN_WIDE_BYTES) {
            *type = (struct tarn_type){.id = TARN_TYPE_FIXED, .width = leaf->width};
            leaf->order = TARN_ORDER_UNDEFINED;
        } else {
            type->unit = TARN_MICRO;
            type->wide = false;
        }
    }
}

void tarn__file_schema_free(struct tarn_file_schema *schema)
{
    if (schema != NULL) {
        tarn_schema_release(schema->schema);
        schema->schema = NULL;
    }
}
