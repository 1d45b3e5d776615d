/* SPDX-License-Identifier: Apache-2.0
 *
 * Leaves of a schema, depth first.
 *
 * Specification: Parquet LogicalTypes.md, "Nested Types" (the three-level form of lists and maps). The repeated group in the middle is
 * no field of tarn's: it adds one repetition and one definition level at its LIST or MAP field. VariantShredding.md: a VARIANT is a group.
 */
#include "format/column/leaf_path.h"

#include "format/base/bytes.h"

struct walk {
    struct tarn_arena *arena;
    struct tarn__leaf_path *leaves; /* NULL: only count */
    uint32_t count;
    uint32_t depth;
    const struct tarn_field *fields[TARN_MAX_DEPTH + 1];
    uint32_t index[TARN_MAX_DEPTH + 1];
};

static bool is_group(const struct tarn_type *type)
{
    return type->id == TARN_TYPE_LIST || type->id == TARN_TYPE_MAP || type->id == TARN_TYPE_STRUCT || type->id == TARN_TYPE_VARIANT;
}

const struct tarn_field *tarn__storage_members(const struct tarn_type *type, uint32_t *count)
{
    static const struct tarn_type bytes = {.id = TARN_TYPE_BINARY, .wide = true};
    static const struct tarn_field variant[] = {
        {.name = {"metadata", 8}, .type = &bytes, .nullable = false, .id = -1},
        {.name = {"value", 5}, .type = &bytes, .nullable = false, .id = -1},
    };
    const bool unshredded = type->id == TARN_TYPE_VARIANT && type->field_count == 0;
    *count = unshredded ? 2 : type->field_count;
    return unshredded ? variant : type->fields;
}

static enum tarn_status leave(struct walk *walk, uint8_t definition, uint8_t repetition, struct tarn_error *err)
{
    const uint32_t at = walk->count++;
    if (walk->leaves == NULL) {
        return TARN_OK;
    }
    const struct tarn_field **fields = tarn__arena_calloc(walk->arena, walk->depth, sizeof(*fields));
    uint32_t *index = tarn__arena_calloc(walk->arena, walk->depth, sizeof(*index));
    if (fields == NULL || index == NULL) {
        return tarn__nomem(walk->arena->env, err, walk->depth * sizeof(*fields));
    }
    memcpy(fields, walk->fields, walk->depth * sizeof(*fields));
    memcpy(index, walk->index, walk->depth * sizeof(*index));
    walk->leaves[at] = (struct tarn__leaf_path){walk->depth, fields, index, definition, repetition};
    return TARN_OK;
}

/* Recursion is bounded by TARN_MAX_DEPTH, which is checked before each step down. */
static enum tarn_status descend(struct walk *walk, const struct tarn_field *field, uint32_t index, uint8_t definition, uint8_t repetition,
                                struct tarn_error *err)
{
    if (walk->depth > TARN_MAX_DEPTH) {
        return tarn__invalid(err, "schema_depth", "the schema nests deeper than %d levels; flatten it", (int)TARN_MAX_DEPTH);
    }
    walk->fields[walk->depth] = field;
    walk->index[walk->depth] = index;
    walk->depth++;
    definition = (uint8_t)(definition + (field->nullable ? 1 : 0));

    enum tarn_status status = TARN_OK;
    uint32_t count;
    const struct tarn_field *members = tarn__storage_members(field->type, &count);
    if (!is_group(field->type)) {
        status = leave(walk, definition, repetition, err);
    } else if (count == 0) {
        status = tarn__invalid(err, "empty_struct", "field \"%.*s\" is a struct without members, which Parquet cannot hold; give it one",
                               TARN_TEXT_ARG(field->name));
    } else {
        const uint8_t repeated = field->type->id == TARN_TYPE_LIST || field->type->id == TARN_TYPE_MAP ? 1 : 0;
        for (uint32_t i = 0; i < count && status == TARN_OK; i++) {
            status = descend(walk, &members[i], i, (uint8_t)(definition + repeated), (uint8_t)(repetition + repeated), err);
        }
    }
    walk->depth--;
    return status;
}

static enum tarn_status walk_all(struct walk *walk, const struct tarn_schema *schema, struct tarn_error *err)
{
    walk->count = 0;
    walk->depth = 0;
    for (uint32_t i = 0; i < schema->field_count; i++) {
        TARN_RETURN_IF_ERROR(descend(walk, &schema->fields[i], i, 0, 0, err));
    }
    return TARN_OK;
}

enum tarn_status tarn__leaf_paths_make(const struct tarn_schema *schema, struct tarn_arena *arena, struct tarn__leaf_path **out,
                                       uint32_t *count, struct tarn_error *err)
{
    struct walk walk = {.arena = arena};

    *out = NULL;
    *count = 0;
    TARN_RETURN_IF_ERROR(walk_all(&walk, schema, err));
    walk.leaves = tarn__arena_calloc(arena, walk.count, sizeof(*walk.leaves));
    if (walk.leaves == NULL) {
        return tarn__nomem(arena->env, err, (uint64_t)walk.count * sizeof(*walk.leaves));
    }
    TARN_RETURN_IF_ERROR(walk_all(&walk, schema, err));
    *out = walk.leaves;
    *count = walk.count;
    return TARN_OK;
}

void tarn__leaf_path_format(const struct tarn__leaf_path *path, char *buffer, size_t size)
{
    size_t used = 0;

    for (uint32_t i = 0; i < path->depth && size - used > 1; i++) {
        const struct tarn_text name = path->fields[i]->name;
        if (i != 0) {
            buffer[used++] = '.';
        }
        const size_t room = size - used - 1;
        const size_t take = name.size < room ? name.size : room;
        if (take != 0) {
            memcpy(buffer + used, name.data, take);
        }
        used += take;
    }
    buffer[used] = 0;
}
