/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths into the tree of a file's schema.
 *
 * SPEC: P-PATH-1 to P-PATH-4.
 *
 * Invariants
 *  1. A node that is made for a path has the levels of the one it stands for, and a subset of its leaves.
 *  2. A struct that a path leads through is no layer of the result: what it says of null, its member says.
 */
#include "reader/parquet/access_path.h"

#include "format/base/arena.h"
#include "format/column/variant_schema.h"

struct steps {
    const struct tarn_path *path;
    const uint32_t *index; /**< of the members, in the logical schema */
    uint32_t count;
    bool typed; /**< behind them is TARN_PATH_TYPED */
    struct tarn_arena *arena;
};

bool tarn__parquet_is_row_index(const struct tarn_path *path)
{
    return path->depth == 1 && path->steps[0].kind == TARN_PATH_FIELD && tarn__text_equal(path->steps[0].name, TARN_TEXT(TARN_ROW_INDEX));
}

static enum tarn_status no_memory(const struct steps *steps, struct tarn_error *err)
{
    return tarn__nomem(steps->arena->env, err, sizeof(struct tarn_node));
}

/* The list of what is found in each element. */
static enum tarn_status list_of(const struct steps *steps, const struct tarn_node *list, const struct tarn_node *member, bool nullable,
                                const struct tarn_node **out, struct tarn_error *err)
{
    if (member->leaf_count == 0) {
        return tarn__invalid(err, "path", "nothing is stored of what the path leads to: ask for the whole column");
    }
    struct tarn_node *node = tarn__arena_alloc(steps->arena, sizeof(*node));
    struct tarn_field *field = tarn__arena_alloc(steps->arena, sizeof(*field));
    struct tarn_type *type = tarn__arena_alloc(steps->arena, sizeof(*type));
    if (node == NULL || field == NULL || type == NULL) {
        return no_memory(steps, err);
    }
    *type = (struct tarn_type){.id = TARN_TYPE_LIST, .field_count = 1, .fields = member->field};
    *field = *list->field;
    field->type = type;
    field->nullable = list->field->nullable || nullable;
    *node = *list;
    node->kind = TARN_NODE_LIST;
    node->field = field;
    node->nullable = list->nullable || nullable;
    node->leaf = member->leaf;
    node->leaf_count = member->leaf_count;
    node->child_count = 1;
    node->children = member;
    node->sparse = member->sparse;
    *out = node;
    return TARN_OK;
}

/* The end of the path: as it is, but null where something around it is. */
static enum tarn_status end_of(const struct steps *steps, const struct tarn_node *node, bool nullable, const struct tarn_node **out,
                               struct tarn_error *err)
{
    *out = node;
    if (!nullable || node->nullable) {
        return TARN_OK;
    }
    struct tarn_node *copy = tarn__arena_alloc(steps->arena, sizeof(*copy));
    struct tarn_field *field = tarn__arena_alloc(steps->arena, sizeof(*field));
    if (copy == NULL || field == NULL) {
        return no_memory(steps, err);
    }
    *field = *node->field;
    field->nullable = true;
    *copy = *node;
    copy->field = field;
    copy->nullable = true;
    *out = copy;
    return TARN_OK;
}

/* The column that a variant, or a field of it, has of its own. */
static enum tarn_status typed_of(const struct steps *steps, const struct tarn_node *variant, uint32_t count, const struct tarn_text *names,
                                 const struct tarn_node **out, struct tarn_error *err)
{
    const struct tarn_node *typed = tarn__variant_schema_typed(variant, count, names);
    if (typed == NULL) {
        return tarn__invalid(err, "path", "the file has no column of one type for what the path leads to");
    }
    return end_of(steps, typed, true, out, err);
}

/* A field of the objects that a variant holds, and so on. */
static enum tarn_status part_of(const struct steps *steps, const struct tarn_node *variant, uint32_t step, const struct tarn_node **out,
                                struct tarn_error *err)
{
    const uint32_t count = steps->count - step;
    struct tarn_text *names = tarn__arena_calloc(steps->arena, (size_t)count + 1, sizeof(*names));
    *out = variant; /* of one that is none the leaves say why */
    if (variant->variant == NULL) {
        return TARN_OK;
    }
    if (names == NULL) {
        return no_memory(steps, err);
    }
    for (uint32_t i = 0; i < count; i++) {
        names[i] = tarn__arena_text(steps->arena, steps->path->steps[step + i].name);
        if (names[i].data == NULL) {
            return no_memory(steps, err);
        }
    }
    return steps->typed ? typed_of(steps, variant, count, names, out, err)
                        : tarn__variant_schema_part(steps->arena, variant, count, names, out, err);
}

/* `nullable`: a struct between `node` and the list around it, or the row, may be null. */
static enum tarn_status follow(const struct steps *steps, const struct tarn_node *node, uint32_t step, bool nullable,
                               const struct tarn_node **out, struct tarn_error *err)
{
    const struct tarn_node *member;
    if (step == steps->count && steps->typed && node->kind != TARN_NODE_VARIANT) {
        return tarn__invalid(err, "path", "only a variant has columns of their own for what it holds");
    }
    if (step == steps->count && !steps->typed) {
        return end_of(steps, node, nullable, out, err);
    }
    switch (node->kind) {
    case TARN_NODE_STRUCT:
        if (steps->index[step] < node->child_count) {
            return follow(steps, &node->children[steps->index[step]], step + 1, nullable || node->nullable, out, err);
        }
        break;
    case TARN_NODE_LIST:
    case TARN_NODE_MAP:
        if (steps->index[step] < node->child_count) {
            TARN_RETURN_IF_ERROR(follow(steps, &node->children[steps->index[step]], step + 1, false, &member, err));
            return list_of(steps, node, member, nullable, out, err);
        }
        break;
    case TARN_NODE_VARIANT:
        return part_of(steps, node, step, out, err);
    default:
        break;
    }
    return tarn__invalid(err, "path", "the path leads into a column that has no members to be read one by one");
}

static enum tarn_status check_node(const struct parquet_source *source, const struct tarn_node *node, struct tarn_error *err)
{
    for (uint32_t i = 0; i < node->leaf_count; i++) {
        struct tarn__value_rule rule;
        const struct tarn_leaf *leaf = &source->footer->schema->leaves[node->leaf + i];
        if (!tarn__node_has_leaf(node, node->leaf + i)) {
            continue;
        }
        const enum tarn_status status = tarn__value_rule_of(leaf, &rule, err);
        if (status != TARN_OK) {
            tarn__error_at_column(err, leaf->path);
            return status;
        }
    }
    return TARN_OK;
}

enum tarn_status tarn__parquet_find_node(const struct parquet_source *source, const struct tarn_path *path, struct tarn_arena *arena,
                                         const struct tarn_node **out, struct tarn_error *err)
{
    const struct tarn_type *type;
    bool nullable;
    uint32_t index[TARN_MAX_DEPTH];
    const bool typed = path->depth > 1 && path->steps[path->depth - 1].kind == TARN_PATH_TYPED;
    const struct tarn_path named = {path->depth - (typed ? 1 : 0), path->steps};
    const struct steps steps = {path, index, named.depth, typed, arena};

    if (path->depth > TARN_MAX_DEPTH) {
        return tarn__invalid(err, "path", "a path of %u steps is deeper than any schema", path->depth);
    }
    TARN_RETURN_IF_ERROR(tarn_path_resolve(source->footer->schema->schema, &named, &type, &nullable, index, err));
    TARN_RETURN_IF_ERROR(follow(&steps, &source->footer->schema->root, 0, false, out, err));
    return check_node(source, *out, err);
}

const struct tarn_leaf *tarn__parquet_find_leaf(const struct parquet_source *source, const struct tarn_expr_column *column)
{
    const struct tarn_type *type;
    bool nullable;
    uint32_t index[TARN_MAX_DEPTH];
    const struct tarn_node *node = &source->footer->schema->root;
    if (column->path.depth > TARN_MAX_DEPTH ||
        tarn_path_resolve(source->footer->schema->schema, &column->path, &type, &nullable, index, NULL) != TARN_OK) {
        return NULL;
    }
    for (uint32_t i = 0; i < column->path.depth; i++) {
        if (node->kind != TARN_NODE_STRUCT || index[i] >= node->child_count) {
            return NULL;
        }
        node = &node->children[index[i]];
    }
    if (node->kind != TARN_NODE_LEAF) {
        return NULL;
    }
    const struct tarn_leaf *leaf = &source->footer->schema->leaves[node->leaf];
    return leaf->max_repetition == 0 && tarn_type_equal(leaf->type, column->type) ? leaf : NULL;
}
