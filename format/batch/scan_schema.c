/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths to columns of a batch.
 */
#include "format/batch/scan_schema.h"

#include "format/base/bytes.h"
#include "format/batch/schema.h"

enum tarn_status tarn__whole_rows(const struct tarn_schema *schema, struct tarn_arena *arena, uint32_t *count, const struct tarn_path **out,
                                  struct tarn_error *err)
{
    struct tarn_path *paths = tarn__arena_calloc(arena, schema->field_count, sizeof(*paths));
    struct tarn_path_step *steps = tarn__arena_calloc(arena, schema->field_count, sizeof(*steps));
    if (schema->field_count != 0 && (paths == NULL || steps == NULL)) {
        return tarn__nomem(arena->env, err, schema->field_count * sizeof(*paths));
    }
    for (uint32_t i = 0; i < schema->field_count; i++) {
        steps[i] = (struct tarn_path_step){TARN_PATH_POSITION, schema->fields[i].name, (int32_t)i};
        paths[i] = (struct tarn_path){1, &steps[i]};
    }
    *count = schema->field_count;
    *out = paths;
    return TARN_OK;
}

/* The name of the last step that has one: elements, keys and values are called by what holds them. */
static struct tarn_text name_of(const struct tarn_path *path)
{
    uint32_t last = path->depth - 1;
    while (last != 0 && !tarn_path_step_is_member(&path->steps[last])) {
        last--;
    }
    return path->steps[last].name;
}

enum tarn_status tarn__scan_schema(const struct tarn_schema *source, uint32_t count, const struct tarn_path *paths,
                                   const struct tarn_type *const *types, struct tarn_arena *arena, struct tarn_schema **out,
                                   struct tarn_error *err)
{
    struct tarn_field *fields = tarn__arena_calloc(arena, (size_t)count + 1, sizeof(*fields));
    uint32_t *index = tarn__arena_calloc(arena, TARN_MAX_DEPTH, sizeof(*index));
    if (fields == NULL || index == NULL) {
        return tarn__nomem(arena->env, err, count * sizeof(*fields));
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct tarn_type *type;
        bool nullable;
        const enum tarn_status status = tarn_path_resolve(source, &paths[i], &type, &nullable, index, err);
        if (status == TARN_NOT_FOUND) { /* a hidden column: the scan gave its type */
            nullable = true;
            index[0] = UINT32_MAX;
        } else if (status != TARN_OK) {
            return status;
        }
        fields[i] = (struct tarn_field){.name = name_of(&paths[i]), .nullable = nullable, .id = -1};
        if (paths[i].depth == 1 && index[0] != UINT32_MAX) {
            fields[i] = source->fields[index[0]];
        }
        fields[i].type = types[i];
    }
    return tarn__schema_make_as_found(arena->env, count, fields, source->property_count, source->properties, out, err);
}
