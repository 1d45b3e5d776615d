/* SPDX-License-Identifier: Apache-2.0
 *
 * Schemas: checked deep copies of fields in an arena of their own, counted by reference; finding a field by its name.
 *
 * Invariants
 *  1. Nothing in a schema points outside its arena: it outlives whatever it was made from.
 *  2. Every type in a schema keeps its rules (precision, members, depth, names): whoever walks one need not check again.
 */
#include "format/batch/schema.h"

#include <stdatomic.h>

#include "format/base/arena.h"
#include "format/base/bytes.h"
#include "format/base/checked.h"
#include "format/base/hash.h"
#include "format/base/utf8.h"

enum { LARGEST_PRECISION = 76, FEW_FIELDS = 16 };

struct owned_schema {
    struct tarn_schema schema; /* first: the two addresses are one */
    struct tarn_env *env;
    struct tarn_arena arena;
    atomic_uint_fast32_t references;
};

static struct owned_schema *owner_of(const struct tarn_schema *schema)
{
    return (struct owned_schema *)(uintptr_t)schema;
}

/* `names`: are they checked? Those of a file are as they are. */
struct copier {
    struct tarn_arena *arena;
    bool names;
};

struct tarn_arena *tarn__schema_arena(const struct tarn_schema *schema)
{
    return &owner_of(schema)->arena;
}

static enum tarn_status check_name(struct tarn_text name, struct tarn_error *err)
{
    if (name.size != 0 && memchr(name.data, 0, name.size) != NULL) {
        return tarn__invalid(err, "name", "the name \"%.*s\" holds a NUL byte", TARN_TEXT_ARG(name));
    }
    if (!tarn__utf8_is_valid(name)) {
        return tarn__invalid(err, "name", "a name is not valid UTF-8");
    }
    return TARN_OK;
}

static enum tarn_status twin_error(struct tarn_text name, struct tarn_error *err)
{
    return tarn__invalid(err, "duplicate_name", "two fields are called \"%.*s\": rename one of them", TARN_TEXT_ARG(name));
}

/* Names of one struct, in an open hash table: schemas of ten thousand columns exist. */
static enum tarn_status check_twins(struct tarn_env *env, uint32_t count, const struct tarn_field *fields, struct tarn_error *err)
{
    if (count <= FEW_FIELDS) {
        for (uint32_t i = 1; i < count; i++) {
            for (uint32_t k = 0; k < i; k++) {
                if (tarn__text_equal(fields[i].name, fields[k].name)) {
                    return twin_error(fields[i].name, err);
                }
            }
        }
        return TARN_OK;
    }
    size_t slots = 64;
    while (slots < (size_t)count * 2) {
        slots *= 2;
    }
    uint32_t *table = tarn__calloc(env, slots, sizeof(*table)); /* index + 1; 0: free */
    if (table == NULL) {
        return tarn__nomem(env, err, slots * sizeof(*table));
    }
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; i < count && status == TARN_OK; i++) {
        size_t at = (size_t)tarn__hash_text(fields[i].name) & (slots - 1);
        while (table[at] != 0 && !tarn__text_equal(fields[table[at] - 1].name, fields[i].name)) {
            at = (at + 1) & (slots - 1);
        }
        if (table[at] != 0) {
            status = twin_error(fields[i].name, err);
        }
        table[at] = i + 1;
    }
    tarn__free(env, table);
    return status;
}

static enum tarn_status check_scalar(const struct tarn_type *type, struct tarn_error *err)
{
    switch (type->id) {
    case TARN_TYPE_DECIMAL:
        if (type->precision < 1 || type->precision > LARGEST_PRECISION || type->scale < 0 || type->scale > type->precision) {
            return tarn__invalid(err, "decimal", "DECIMAL(%d,%d): the precision is 1 to %d, the scale 0 to the precision",
                                 (int)type->precision, (int)type->scale, (int)LARGEST_PRECISION);
        }
        return TARN_OK;
    case TARN_TYPE_TIME:
    case TARN_TYPE_TIMESTAMP:
    case TARN_TYPE_DURATION:
        if ((unsigned)type->unit > TARN_NANO) {
            return tarn__invalid(err, "time_unit", "%d is no unit of time", (int)type->unit);
        }
        return check_name(type->zone, err);
    case TARN_TYPE_FIXED:
        if (type->width > INT32_MAX) {
            return tarn__invalid(err, "width", "values of %u bytes are too wide", type->width);
        }
        return TARN_OK;
    case TARN_TYPE_GEOMETRY:
    case TARN_TYPE_GEOGRAPHY:
        return check_name(type->zone, err);
    default:
        if ((unsigned)type->id > TARN_TYPE_VARIANT) {
            return tarn__invalid(err, "type", "%d is no type", (int)type->id);
        }
        return TARN_OK;
    }
}

static enum tarn_status check_members(const struct tarn_type *type, struct tarn_error *err)
{
    const bool list = type->id == TARN_TYPE_LIST;
    const bool map = type->id == TARN_TYPE_MAP;
    const uint32_t wanted = list ? 1 : map ? 2 : type->id == TARN_TYPE_STRUCT ? type->field_count : 0;
    if (type->field_count != wanted || (wanted != 0 && type->fields == NULL)) {
        return tarn__invalid(err, "members", "a type has %u members where %u belong", type->field_count, wanted);
    }
    if (map && type->fields[0].nullable) {
        return tarn__invalid(err, "map_key", "the key of a map cannot be null");
    }
    return TARN_OK;
}

static enum tarn_status copy_fields(const struct copier *copier, uint32_t count, const struct tarn_field *fields, unsigned depth,
                                    const struct tarn_field **out, struct tarn_error *err);

static enum tarn_status copy_text(struct tarn_arena *arena, struct tarn_text text, struct tarn_text *out, struct tarn_error *err)
{
    *out = tarn__arena_text(arena, text);
    return out->data != NULL ? TARN_OK : tarn__nomem(arena->env, err, text.size + 1);
}

static enum tarn_status copy_type(const struct copier *copier, const struct tarn_type *type, unsigned depth, const struct tarn_type **out,
                                  struct tarn_error *err)
{
    struct tarn_arena *arena = copier->arena;
    *out = NULL;
    if (type == NULL) {
        return tarn__invalid(err, "type", "a field has no type");
    }
    TARN_RETURN_IF_ERROR(check_scalar(type, err));
    TARN_RETURN_IF_ERROR(check_members(type, err));
    if (depth > TARN_MAX_DEPTH) {
        return tarn__invalid(err, "depth", "types are nested deeper than %d levels", (int)TARN_MAX_DEPTH);
    }
    struct tarn_type *copy = tarn__arena_alloc(arena, sizeof(*copy));
    if (copy == NULL) {
        return tarn__nomem(arena->env, err, sizeof(*copy));
    }
    *copy = *type;
    copy->fields = NULL;
    TARN_RETURN_IF_ERROR(copy_text(arena, type->zone, &copy->zone, err));
    if (type->id == TARN_TYPE_STRUCT && copier->names) {
        TARN_RETURN_IF_ERROR(check_twins(arena->env, type->field_count, type->fields, err));
    }
    TARN_RETURN_IF_ERROR(copy_fields(copier, type->field_count, type->fields, depth + 1, &copy->fields, err));
    *out = copy;
    return TARN_OK;
}

static enum tarn_status copy_properties(struct tarn_arena *arena, uint32_t count, const struct tarn_property *properties,
                                        const struct tarn_property **out, struct tarn_error *err)
{
    *out = NULL;
    if (count == 0) {
        return TARN_OK;
    }
    struct tarn_property *copies = tarn__arena_calloc(arena, count, sizeof(*copies));
    if (copies == NULL) {
        return tarn__nomem(arena->env, err, (uint64_t)count * sizeof(*copies));
    }
    for (uint32_t i = 0; i < count; i++) {
        TARN_RETURN_IF_ERROR(copy_text(arena, properties[i].key, &copies[i].key, err));
        TARN_RETURN_IF_ERROR(copy_text(arena, properties[i].value, &copies[i].value, err));
    }
    *out = copies;
    return TARN_OK;
}

static enum tarn_status copy_fields(const struct copier *copier, uint32_t count, const struct tarn_field *fields, unsigned depth,
                                    const struct tarn_field **out, struct tarn_error *err)
{
    struct tarn_arena *arena = copier->arena;
    *out = NULL;
    if (count == 0) {
        return TARN_OK;
    }
    struct tarn_field *copies = tarn__arena_calloc(arena, count, sizeof(*copies));
    if (copies == NULL) {
        return tarn__nomem(arena->env, err, (uint64_t)count * sizeof(*copies));
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct tarn_field *field = &fields[i];
        copies[i] = (struct tarn_field){.nullable = field->nullable, .id = field->id, .property_count = field->property_count};
        enum tarn_status status = copier->names ? check_name(field->name, err) : TARN_OK;
        if (status == TARN_OK) {
            status = copy_text(arena, field->name, &copies[i].name, err);
        }
        if (status == TARN_OK) {
            status = copy_type(copier, field->type, depth, &copies[i].type, err);
        }
        if (status == TARN_OK) {
            status = copy_properties(arena, field->property_count, field->properties, &copies[i].properties, err);
        }
        if (status != TARN_OK) {
            tarn__error_at_column(err, field->name);
            return status;
        }
    }
    *out = copies;
    return TARN_OK;
}

enum tarn_status tarn__type_copy(struct tarn_arena *arena, const struct tarn_type *type, const struct tarn_type **out,
                                 struct tarn_error *err)
{
    const struct copier copier = {arena, true};
    return copy_type(&copier, type, 1, out, err);
}

static enum tarn_status make(struct tarn_env *env, bool names, uint32_t field_count, const struct tarn_field *fields,
                             uint32_t property_count, const struct tarn_property *properties, struct tarn_schema **out,
                             struct tarn_error *err)
{
    *out = NULL;
    struct owned_schema *owner = tarn__calloc(env, 1, sizeof(*owner));
    if (owner == NULL) {
        return tarn__nomem(env, err, sizeof(*owner));
    }
    owner->env = tarn__env_retain(env);
    tarn__arena_init(&owner->arena, env);
    atomic_init(&owner->references, 1);
    owner->schema.field_count = field_count;
    owner->schema.property_count = property_count;
    const struct copier copier = {&owner->arena, names};
    enum tarn_status status = names ? check_twins(env, field_count, fields, err) : TARN_OK;
    if (status == TARN_OK) {
        status = copy_fields(&copier, field_count, fields, 1, &owner->schema.fields, err);
    }
    if (status == TARN_OK) {
        status = copy_properties(&owner->arena, property_count, properties, &owner->schema.properties, err);
    }
    if (status != TARN_OK) {
        tarn_schema_release(&owner->schema);
        return status;
    }
    *out = &owner->schema;
    return TARN_OK;
}

enum tarn_status tarn_schema_make(struct tarn_env *env, uint32_t field_count, const struct tarn_field *fields, uint32_t property_count,
                                  const struct tarn_property *properties, struct tarn_schema **out, struct tarn_error *err)
{
    return make(env, true, field_count, fields, property_count, properties, out, err);
}

enum tarn_status tarn__schema_make_as_found(struct tarn_env *env, uint32_t field_count, const struct tarn_field *fields,
                                            uint32_t property_count, const struct tarn_property *properties, struct tarn_schema **out,
                                            struct tarn_error *err)
{
    return make(env, false, field_count, fields, property_count, properties, out, err);
}

struct tarn_schema *tarn_schema_retain(const struct tarn_schema *schema)
{
    if (schema != NULL) {
        atomic_fetch_add_explicit(&owner_of(schema)->references, 1, memory_order_relaxed);
    }
    return schema != NULL ? &owner_of(schema)->schema : NULL;
}

void tarn_schema_release(const struct tarn_schema *schema)
{
    if (schema == NULL) {
        return;
    }
    struct owned_schema *owner = owner_of(schema);
    if (atomic_fetch_sub_explicit(&owner->references, 1, memory_order_acq_rel) == 1) {
        struct tarn_env *env = owner->env;
        tarn__arena_free(&owner->arena);
        tarn__free(env, owner);
        tarn_env_close(env);
    }
}

/*
 * By the name itself, then by its text: a path that was made from the fields is found without looking at texts, also among fields of one
 * name. *several: that text is the name of more than one.
 */
static int32_t find_exactly(uint32_t field_count, const struct tarn_field *fields, struct tarn_text name, bool *several)
{
    int32_t found = -1;
    *several = false;
    for (uint32_t i = 0; i < field_count; i++) {
        if (fields[i].name.data == name.data && fields[i].name.size == name.size) {
            return (int32_t)i;
        }
    }
    for (uint32_t i = 0; i < field_count && !*several; i++) {
        if (tarn__text_equal(fields[i].name, name)) {
            *several = found >= 0;
            found = (int32_t)i;
        }
    }
    return found;
}

int32_t tarn_fields_find(uint32_t field_count, const struct tarn_field *fields, struct tarn_text name)
{
    bool several;
    int32_t found = find_exactly(field_count, fields, name, &several);
    for (uint32_t i = 0; i < field_count && found < 0; i++) {
        if (tarn__text_equal_caseless(fields[i].name, name)) {
            for (uint32_t k = i + 1; k < field_count && !several; k++) {
                several = tarn__text_equal_caseless(fields[k].name, name);
            }
            found = (int32_t)i;
        }
    }
    return several ? -1 : found;
}
