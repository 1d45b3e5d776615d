/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a table has VARIANTs, in the words of its files: writers before the annotation existed stored plain groups, which only the table
 * calls variants.
 */
#include <string.h>

#include "format/base/arena.h"
#include "txlog/core/snapshot.h"

struct finder {
    struct tarn_snapshot *snapshot;
    struct tarn_path *paths; /* NULL: only counting */
    uint32_t count;
    struct tarn_path_step steps[TARN_MAX_DEPTH];
};

static bool note(struct finder *finder, uint32_t depth)
{
    if (finder->paths != NULL) {
        struct tarn_path_step *steps = tarn__arena_calloc(&finder->snapshot->arena, depth, sizeof(*steps));
        if (steps == NULL) {
            return false;
        }
        memcpy(steps, finder->steps, depth * sizeof(*steps));
        finder->paths[finder->count] = (struct tarn_path){depth, steps};
    }
    finder->count++;
    return true;
}

/* `kind`: of the type around. False: no memory. */
static bool find(struct finder *finder, uint32_t depth, enum tarn_type_id kind, uint32_t count, const struct tarn_field *fields,
                 const struct tarn__physical *physical)
{
    for (uint32_t i = 0; depth < TARN_MAX_DEPTH && i < count; i++) {
        struct tarn_path_step *step = &finder->steps[depth];
        if (kind == TARN_TYPE_STRUCT) {
            *step = (struct tarn_path_step){TARN_PATH_FIELD, physical[i].name, finder->snapshot->match_by_id ? physical[i].id : -1};
        } else {
            *step = (struct tarn_path_step){.kind = kind == TARN_TYPE_LIST ? TARN_PATH_ELEMENT
                                                    : i == 0               ? TARN_PATH_KEY
                                                                           : TARN_PATH_VALUE,
                                            .id = -1};
        }
        const struct tarn_type *type = fields[i].type;
        if (type->id == TARN_TYPE_VARIANT ? !note(finder, depth + 1)
                                          : !find(finder, depth + 1, type->id, type->field_count, type->fields, physical[i].children)) {
            return false;
        }
    }
    return true;
}

enum tarn_status tarn__snapshot_find_variants(struct tarn_snapshot *snapshot, struct tarn_error *err)
{
    const struct tarn_schema *schema = snapshot->schema;
    struct finder finder = {.snapshot = snapshot};
    snapshot->variant_count = 0;
    snapshot->variants = NULL;
    (void)find(&finder, 0, TARN_TYPE_STRUCT, schema->field_count, schema->fields, snapshot->physical);
    if (finder.count == 0) {
        return TARN_OK;
    }
    finder.paths = tarn__arena_calloc(&snapshot->arena, finder.count, sizeof(*finder.paths));
    finder.count = 0;
    if (finder.paths == NULL || !find(&finder, 0, TARN_TYPE_STRUCT, schema->field_count, schema->fields, snapshot->physical)) {
        return tarn__nomem(snapshot->env, err, sizeof(*finder.paths));
    }
    snapshot->variant_count = finder.count;
    snapshot->variants = finder.paths;
    return TARN_OK;
}
