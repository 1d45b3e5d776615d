/* SPDX-License-Identifier: Apache-2.0
 *
 * Schemas on their way into a table format.
 */
#include "txlog/core/schema_map.h"

#include "format/base/arena.h"
#include "format/base/bytes.h"
#include "format/base/utf8.h"

struct mapper {
    struct tarn_arena arena;
    tarn__type_map_fn fn;
    void *arg;
};

static enum tarn_status map_fields(struct mapper *mapper, uint32_t count, const struct tarn_field *from, unsigned depth,
                                   const struct tarn_field **out, struct tarn_error *err);

static enum tarn_status map_type(struct mapper *mapper, const struct tarn_type *from, unsigned depth, struct tarn_type *to,
                                 struct tarn_error *err)
{
    *to = (struct tarn_type){.id = from->id};
    if (from->field_count == 0) {
        return mapper->fn(mapper->arg, from, to, err);
    }
    to->field_count = from->field_count;
    return map_fields(mapper, from->field_count, from->fields, depth + 1, &to->fields, err);
}

static enum tarn_status map_fields(struct mapper *mapper, uint32_t count, const struct tarn_field *from, unsigned depth,
                                   const struct tarn_field **out, struct tarn_error *err)
{
    struct tarn_field *fields = tarn__arena_calloc(&mapper->arena, (size_t)count + 1, sizeof(*fields));
    struct tarn_type *types = tarn__arena_calloc(&mapper->arena, (size_t)count + 1, sizeof(*types));
    if (fields == NULL || types == NULL) {
        return tarn__nomem(mapper->arena.env, err, count * sizeof(*fields));
    }
    for (uint32_t i = 0; i < count; i++) {
        fields[i] = (struct tarn_field){.name = from[i].name, .type = &types[i], .nullable = from[i].nullable, .id = -1};
        for (uint32_t p = 0; p < from[i].property_count; p++) {
            if (tarn__text_equal(from[i].properties[p].key, TARN_TEXT("comment"))) {
                fields[i].properties = &from[i].properties[p];
                fields[i].property_count = 1;
            }
        }
        for (uint32_t j = 0; j < i && depth == 0; j++) {
            if (tarn__text_equal_caseless(from[i].name, from[j].name)) {
                return tarn__invalid(err, "column_name",
                                     "columns \"%.*s\" and \"%.*s\" differ in case only, which most engines cannot tell apart",
                                     TARN_TEXT_ARG(from[j].name), TARN_TEXT_ARG(from[i].name));
            }
        }
        const enum tarn_status status = map_type(mapper, from[i].type, depth, &types[i], err);
        if (status != TARN_OK) {
            tarn__error_at_column(err, from[i].name);
            return status;
        }
    }
    *out = fields;
    return TARN_OK;
}

enum tarn_status tarn__schema_map(struct tarn_env *env, const struct tarn_schema *from, tarn__type_map_fn fn, void *arg,
                                  struct tarn_schema **out, struct tarn_error *err)
{
    *out = NULL;
    if (from == NULL || from->field_count == 0) {
        return tarn__invalid(err, "schema", "a table needs at least one column");
    }
    struct mapper mapper = {.fn = fn, .arg = arg};
    tarn__arena_init(&mapper.arena, env);
    const struct tarn_field *fields;
    enum tarn_status status = map_fields(&mapper, from->field_count, from->fields, 0, &fields, err);
    if (status == TARN_OK) {
        status = tarn_schema_make(env, from->field_count, fields, 0, NULL, out, err);
    }
    tarn__arena_free(&mapper.arena);
    return status;
}
