/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths to columns, found in a schema.
 */
#include <stdio.h>

#include "format/base/bytes.h"
#include "format/base/error.h"
#include "tarn/cursor.h"

static const struct tarn_type row_index = {.id = TARN_TYPE_I64};

/* "a, b, c and 12 more": what there is instead of the name that was asked for. */
static void list_names(uint32_t count, const struct tarn_field *fields, char *out, size_t size)
{
    size_t used = 0;
    uint32_t shown = 0;
    out[0] = '\0';
    while (shown < count && used + fields[shown].name.size + 24 < size) {
        if (shown != 0) {
            memcpy(out + used, ", ", 2);
            used += 2;
        }
        if (fields[shown].name.size != 0) {
            memcpy(out + used, fields[shown].name.data, fields[shown].name.size);
            used += fields[shown].name.size;
        }
        out[used] = '\0';
        shown++;
    }
    if (shown < count) {
        snprintf(out + used, size - used, " and %u more", count - shown);
    }
}

/* By id where the siblings have ids: a name may have been given to another column since. */
static int32_t find_field(uint32_t count, const struct tarn_field *fields, const struct tarn_path_step *step)
{
    bool has_ids = false;
    for (uint32_t i = 0; step->id >= 0 && i < count; i++) {
        if (fields[i].id == step->id) {
            return (int32_t)i;
        }
        has_ids = has_ids || fields[i].id >= 0;
    }
    return has_ids ? -1 : tarn_fields_find(count, fields, step->name);
}

static enum tarn_status no_field(uint32_t count, const struct tarn_field *fields, const struct tarn_path_step *step, struct tarn_error *err)
{
    char names[256];
    list_names(count, fields, names, sizeof(names));
    tarn__error_set(err, TARN_NOT_FOUND, "column", "there is no column \"%.*s\", or several that differ in case; there is: %s",
                    TARN_TEXT_ARG(step->name), names);
    tarn__error_at_column(err, step->name);
    return TARN_NOT_FOUND;
}

static enum tarn_status at_position(uint32_t count, const struct tarn_path_step *step, int32_t *member, struct tarn_error *err)
{
    *member = step->id >= 0 && (uint32_t)step->id < count ? step->id : -1;
    return *member >= 0
               ? TARN_OK
               : tarn__error_set(err, TARN_NOT_FOUND, "column", "there is no column number %d: there are %u", (int)step->id, count);
}

static enum tarn_status wrong_step(const char *what, struct tarn_error *err)
{
    return tarn__error_set(err, TARN_NOT_FOUND, "column", "a path asks for %s where the type has none", what);
}

/* The member that a step below the first leads to; -1 with the error set. Objects of a variant are no part of a schema: see below. */
static enum tarn_status step_into(const struct tarn_type *type, const struct tarn_path_step *step, int32_t *member, struct tarn_error *err)
{
    switch (step->kind) {
    case TARN_PATH_FIELD:
        if (type->id != TARN_TYPE_STRUCT) {
            return wrong_step("a member by name", err);
        }
        *member = find_field(type->field_count, type->fields, step);
        return *member >= 0 ? TARN_OK : no_field(type->field_count, type->fields, step, err);
    case TARN_PATH_POSITION:
        if (type->id != TARN_TYPE_STRUCT) {
            return wrong_step("a member by number", err);
        }
        return at_position(type->field_count, step, member, err);
    case TARN_PATH_ELEMENT:
        *member = 0;
        return type->id == TARN_TYPE_LIST ? TARN_OK : wrong_step("elements", err);
    case TARN_PATH_KEY:
        *member = 0;
        return type->id == TARN_TYPE_MAP ? TARN_OK : wrong_step("keys", err);
    case TARN_PATH_VALUE:
        *member = 1;
        return type->id == TARN_TYPE_MAP ? TARN_OK : wrong_step("values", err);
    case TARN_PATH_TYPED:
        return tarn__invalid(err, "path", "only a Parquet file has columns of their own for what a variant holds");
    }
    return tarn__invalid(err, "path", "%d is no kind of step", (int)step->kind);
}

enum tarn_status tarn_path_resolve(const struct tarn_schema *schema, const struct tarn_path *path, const struct tarn_type **type,
                                   bool *nullable, uint32_t *index, struct tarn_error *err)
{
    const struct tarn_type *at = NULL;
    bool may_be_null = false;
    *type = NULL;
    *nullable = true;
    if (path->depth == 0 || path->depth > TARN_MAX_DEPTH || !tarn_path_step_is_member(&path->steps[0])) {
        return tarn__invalid(err, "path", "a path begins with a column's name and has at most %d steps", (int)TARN_MAX_DEPTH);
    }
    for (uint32_t i = 0; i < path->depth; i++) {
        if (at != NULL && at->id == TARN_TYPE_VARIANT && path->steps[i].kind == TARN_PATH_FIELD) {
            may_be_null = true;
            if (index != NULL) {
                index[i] = UINT32_MAX;
            }
            continue;
        }
        const struct tarn_field *fields = at == NULL ? schema->fields : at->fields;
        int32_t member = -1;
        if (at == NULL && path->steps[i].kind == TARN_PATH_POSITION) {
            TARN_RETURN_IF_ERROR(at_position(schema->field_count, &path->steps[i], &member, err));
        } else if (at == NULL) {
            member = find_field(schema->field_count, fields, &path->steps[i]);
            if (member < 0 && path->depth == 1 && tarn__text_equal(path->steps[0].name, TARN_TEXT(TARN_ROW_INDEX))) {
                *type = &row_index;
                *nullable = false;
                if (index != NULL) {
                    index[0] = UINT32_MAX;
                }
                return TARN_OK;
            }
            if (member < 0) {
                return no_field(schema->field_count, fields, &path->steps[i], err);
            }
        } else {
            TARN_RETURN_IF_ERROR(step_into(at, &path->steps[i], &member, err));
        }
        if (index != NULL) {
            index[i] = (uint32_t)member;
        }
        at = fields[member].type;
        may_be_null = may_be_null || fields[member].nullable;
    }
    *type = at;
    *nullable = may_be_null;
    return TARN_OK;
}
