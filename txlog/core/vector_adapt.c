/* SPDX-License-Identifier: Apache-2.0
 *
 * Files' types to tables' types.
 *
 * Invariants
 *  1. No value changes: widening is exact, and a narrower table type (an integer file column without annotation) is checked value by value.
 *  2. Time is cut, never rounded: nanoseconds towards minus infinity, as all engines do that keep microseconds.
 *  3. Null slots of what is made are zero.
 *  4. Dictionaries, constants and runs are converted once an entry and keep their shape, unless a dictionary is larger than the batch.
 */
#include "txlog/core/vector_adapt.h"

#include <string.h>

#include "format/base/bytes.h"
#include "format/base/datetime.h"
#include "format/base/decimal.h"
#include "format/base/utf8.h"
#include "format/batch/flatten.h"
#include "format/batch/vector_builder.h"
#include "format/expr/cast.h"
#include "tarn/expr.h"

static bool is_signed(enum tarn_type_id id)
{
    return id >= TARN_TYPE_I8 && id <= TARN_TYPE_I64;
}

static bool is_integer(enum tarn_type_id id)
{
    return id >= TARN_TYPE_I8 && id <= TARN_TYPE_U64;
}

static bool is_text(enum tarn_type_id id)
{
    return id == TARN_TYPE_STRING || id == TARN_TYPE_JSON || id == TARN_TYPE_ENUM;
}

static bool is_bytes(enum tarn_type_id id)
{
    return id == TARN_TYPE_BINARY || id == TARN_TYPE_BSON;
}

/* Writers differ in whether they annotate the 16 bytes of a UUID. */
static bool is_uuid_bytes(const struct tarn_type *a, const struct tarn_type *b)
{
    return a->id == TARN_TYPE_UUID && b->id == TARN_TYPE_FIXED && b->width == 16;
}

static bool is_geospatial(enum tarn_type_id id)
{
    return id == TARN_TYPE_GEOMETRY || id == TARN_TYPE_GEOGRAPHY;
}

/* Not equal, and yet the same bytes that mean the same: what tables say more exactly than files. */
static bool is_same_layout(const struct tarn_type *from, const struct tarn_type *to)
{
    return (is_geospatial(to->id) && (from->id == to->id || is_bytes(from->id))) ||
           (to->id == TARN_TYPE_DURATION && to->unit == TARN_MICRO && from->id == TARN_TYPE_I64);
}

static enum tarn_status refuse(const struct tarn_type *from, const struct tarn_type *to, struct tarn_error *err)
{
    char file[96];
    char table[96];
    tarn_type_format(from, file, sizeof(file));
    tarn_type_format(to, table, sizeof(table));
    return tarn__unsupported(err, "scan.type_change", "the file has %s where the table has %s", file, table);
}

static int32_t find_alias(uint32_t count, const struct tarn_field *fields, const struct tarn__physical *physical)
{
    for (uint32_t a = 0; a < physical->alias_count; a++) {
        for (uint32_t i = 0; i < count; i++) {
            if (tarn__text_equal(fields[i].name, physical->aliases[a])) {
                return (int32_t)i;
            }
        }
    }
    return -1;
}

int32_t tarn__adapt_find(uint32_t count, const struct tarn_field *fields, const struct tarn__adapt_names *names)
{
    const struct tarn__physical *physical = names->physical;
    if (names->by_alias) {
        return find_alias(count, fields, physical);
    }
    if (!names->by_id || physical->id < 0) {
        return tarn_fields_find(count, fields, physical->name);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (fields[i].id == physical->id) {
            return (int32_t)i;
        }
    }
    return -1;
}

static enum tarn_status plan_children(struct tarn_arena *arena, const struct tarn_type *from, const struct tarn_type *to,
                                      const struct tarn__adapt_names *names, struct tarn__adapt *out, struct tarn_error *err)
{
    out->children = tarn__arena_calloc(arena, (size_t)to->field_count + 1, sizeof(*out->children));
    if (out->children == NULL) {
        return tarn__nomem(arena->env, err, to->field_count * sizeof(*out->children));
    }
    out->child_count = to->field_count;
    const bool is_struct = to->id == TARN_TYPE_STRUCT;
    bool same = to->field_count == from->field_count;
    for (uint32_t i = 0; i < to->field_count; i++) {
        struct tarn__adapt_names below = {NULL, false, false};
        int32_t found = (int32_t)i;
        if (names != NULL) {
            below = (struct tarn__adapt_names){&names->physical->children[i], names->by_id, names->by_alias};
        }
        if (is_struct) {
            found = names != NULL ? tarn__adapt_find(from->field_count, from->fields, &below)
                                  : tarn_fields_find(from->field_count, from->fields, to->fields[i].name);
        }
        struct tarn__adapt *child = &out->children[i];
        if (found < 0) {
            *child = (struct tarn__adapt){.kind = TARN_ADAPT_NULLS, .to = to->fields[i].type};
        } else {
            TARN_RETURN_IF_ERROR(
                tarn__adapt_plan(arena, from->fields[found].type, to->fields[i].type, names != NULL ? &below : NULL, child, err));
            child->source = (uint32_t)found;
        }
        /* Under other names it is another type: whoever prints a struct takes the names from its vectors. */
        same = same && child->kind == TARN_ADAPT_SAME && child->source == i &&
               (!is_struct || tarn__text_equal(from->fields[i].name, to->fields[i].name));
    }
    out->kind = same ? TARN_ADAPT_SAME : is_struct ? TARN_ADAPT_STRUCT : TARN_ADAPT_LIST;
    return TARN_OK;
}

/* Scalars; false when there is no way. */
static bool plan_scalar(const struct tarn_type *from, const struct tarn_type *to, enum tarn__adapt_kind *kind)
{
    const enum tarn_type_id a = from->id;
    const enum tarn_type_id b = to->id;
    if (a == TARN_TYPE_NULL) {
        *kind = TARN_ADAPT_NULLS;
    } else if (tarn_type_equal(from, to) || (is_text(a) && (is_text(b) || is_bytes(b))) || (is_bytes(a) && is_bytes(b)) ||
               is_uuid_bytes(from, to) || is_uuid_bytes(to, from) || is_same_layout(from, to)) {
        *kind = TARN_ADAPT_SAME;
    } else if (is_integer(a) && is_signed(b)) {
        *kind = TARN_ADAPT_INTEGER;
    } else if (b == TARN_TYPE_INTERVAL && a == TARN_TYPE_I32) {
        *kind = TARN_ADAPT_MONTHS;
    } else if (b == TARN_TYPE_F64 && (a == TARN_TYPE_F32 || (is_signed(a) && a != TARN_TYPE_I64))) {
        *kind = TARN_ADAPT_DOUBLE;
    } else if (b == TARN_TYPE_DECIMAL && to->precision <= 38 && (is_integer(a) || (a == TARN_TYPE_DECIMAL && from->precision <= 38))) {
        *kind = TARN_ADAPT_DECIMAL;
    } else if (a == TARN_TYPE_DATE && b == TARN_TYPE_TIMESTAMP && !to->wide) {
        *kind = TARN_ADAPT_DATE_TO_TIMESTAMP;
    } else if (a == TARN_TYPE_TIMESTAMP && b == TARN_TYPE_TIMESTAMP && !to->wide) {
        *kind = !from->wide && from->unit == to->unit ? TARN_ADAPT_SAME : TARN_ADAPT_TIMESTAMP;
    } else if (is_bytes(a) && is_text(b)) {
        *kind = TARN_ADAPT_TEXT;
    } else if (is_bytes(b) && (a == TARN_TYPE_FIXED || a == TARN_TYPE_UUID)) {
        *kind = TARN_ADAPT_BYTES;
    } else if (tarn_expr_cast_is_lossless(from, to)) {
        *kind = TARN_ADAPT_CAST;
    } else {
        return false;
    }
    return true;
}

enum tarn_status tarn__adapt_plan(struct tarn_arena *arena, const struct tarn_type *from, const struct tarn_type *to,
                                  const struct tarn__adapt_names *names, struct tarn__adapt *out, struct tarn_error *err)
{
    *out = (struct tarn__adapt){.from = from, .to = to};
    const bool nested = to->id == TARN_TYPE_STRUCT || to->id == TARN_TYPE_LIST || to->id == TARN_TYPE_MAP;
    if (nested && from->id == to->id) {
        return plan_children(arena, from, to, names, out, err);
    }
    if (to->id == TARN_TYPE_NULL) {
        out->kind = TARN_ADAPT_NULLS;
        return TARN_OK;
    }
    return !nested && plan_scalar(from, to, &out->kind) ? TARN_OK : refuse(from, to, err);
}

bool tarn__adapt_is_same(const struct tarn__adapt *plan)
{
    return plan->kind == TARN_ADAPT_SAME;
}

/* ---- applying ---- */

static int64_t load_integer(enum tarn_type_id id, const void *values, uint32_t i, bool *over)
{
    switch (id) {
    case TARN_TYPE_I8:
        return ((const int8_t *)values)[i];
    case TARN_TYPE_I16:
        return ((const int16_t *)values)[i];
    case TARN_TYPE_I32:
        return ((const int32_t *)values)[i];
    case TARN_TYPE_U8:
        return ((const uint8_t *)values)[i];
    case TARN_TYPE_U16:
        return ((const uint16_t *)values)[i];
    case TARN_TYPE_U32:
        return ((const uint32_t *)values)[i];
    case TARN_TYPE_U64:
        *over = ((const uint64_t *)values)[i] > INT64_MAX;
        return (int64_t)((const uint64_t *)values)[i];
    default:
        return ((const int64_t *)values)[i];
    }
}

static bool store_integer(enum tarn_type_id id, void *values, uint32_t i, int64_t value)
{
    switch (id) {
    case TARN_TYPE_I8:
        ((int8_t *)values)[i] = (int8_t)value;
        return value >= INT8_MIN && value <= INT8_MAX;
    case TARN_TYPE_I16:
        ((int16_t *)values)[i] = (int16_t)value;
        return value >= INT16_MIN && value <= INT16_MAX;
    case TARN_TYPE_I32:
        ((int32_t *)values)[i] = (int32_t)value;
        return value >= INT32_MIN && value <= INT32_MAX;
    default:
        ((int64_t *)values)[i] = value;
        return true;
    }
}

static tarn_i128 load_decimal(const struct tarn_type *type, const void *values, uint32_t i)
{
    bool over = false;
    switch (tarn_type_kind(type)) {
    case TARN_KIND_I32:
        return ((const int32_t *)values)[i];
    case TARN_KIND_I64:
        return ((const int64_t *)values)[i];
    case TARN_KIND_I128: {
        const uint8_t *at = (const uint8_t *)values + (size_t)i * 16;
        uint64_t words[2];
        memcpy(words, at, sizeof(words));
        return (tarn_i128)(((tarn_u128)words[1] << 64) | words[0]);
    }
    default:
        return type->id == TARN_TYPE_U64 ? (tarn_i128)((const uint64_t *)values)[i] : load_integer(type->id, values, i, &over);
    }
}

static void store_decimal(const struct tarn_type *type, void *values, uint32_t i, tarn_i128 value)
{
    switch (tarn_type_kind(type)) {
    case TARN_KIND_I32:
        ((int32_t *)values)[i] = (int32_t)value;
        break;
    case TARN_KIND_I64:
        ((int64_t *)values)[i] = (int64_t)value;
        break;
    default: {
        const uint64_t words[2] = {(uint64_t)value, (uint64_t)((tarn_u128)value >> 64)};
        memcpy((uint8_t *)values + (size_t)i * 16, words, sizeof(words));
        break;
    }
    }
}

static unsigned unit_digits(enum tarn_time_unit unit)
{
    return (unsigned)unit * 3;
}

static bool convert_timestamp(const struct tarn__adapt *plan, const void *values, uint32_t i, int64_t *out)
{
    if (!plan->from->wide) {
        return tarn__ticks_rescale(((const int64_t *)values)[i], unit_digits(plan->from->unit), unit_digits(plan->to->unit), out) !=
               TARN_PARSED_RANGE;
    }
    uint64_t words[2];
    memcpy(words, (const uint8_t *)values + (size_t)i * 16, sizeof(words));
    const tarn_i128 nanos = (tarn_i128)(((tarn_u128)words[1] << 64) | words[0]);
    const tarn_i128 divisor = tarn__ticks_per_second(9) / tarn__ticks_per_second(unit_digits(plan->to->unit));
    tarn_i128 ticks = nanos / divisor;
    ticks -= nanos % divisor < 0;
    *out = (int64_t)ticks;
    return ticks >= INT64_MIN && ticks <= INT64_MAX;
}

/* One value; false when the table's type cannot hold it. */
static bool convert_value(const struct tarn__adapt *plan, const void *from, void *to, uint32_t i)
{
    bool over = false;
    int64_t ticks;
    tarn_i128 decimal;
    switch (plan->kind) {
    case TARN_ADAPT_INTEGER:
        return store_integer(plan->to->id, to, i, load_integer(plan->from->id, from, i, &over)) && !over;
    case TARN_ADAPT_DOUBLE:
        ((double *)to)[i] =
            plan->from->id == TARN_TYPE_F32 ? (double)((const float *)from)[i] : (double)load_integer(plan->from->id, from, i, &over);
        return true;
    case TARN_ADAPT_DECIMAL:
        if (tarn__decimal128_rescale(load_decimal(plan->from, from, i),
                                     plan->from->id == TARN_TYPE_DECIMAL ? (unsigned)plan->from->scale : 0, (unsigned)plan->to->scale,
                                     (unsigned)plan->to->precision, 0, &decimal) != TARN_PARSED) {
            return false;
        }
        store_decimal(plan->to, to, i, decimal);
        return true;
    case TARN_ADAPT_MONTHS:
        tarn__store32((uint8_t *)to + (size_t)i * 16, (uint32_t)((const int32_t *)from)[i]); /* the days and nanoseconds behind are zero */
        return true;
    case TARN_ADAPT_DATE_TO_TIMESTAMP:
        if (tarn__ticks_rescale((int64_t)((const int32_t *)from)[i] * TARN_DAY_SECONDS, 0, unit_digits(plan->to->unit), &ticks) !=
            TARN_PARSED) {
            return false;
        }
        ((int64_t *)to)[i] = ticks;
        return true;
    default:
        if (!convert_timestamp(plan, from, i, &ticks)) {
            return false;
        }
        ((int64_t *)to)[i] = ticks;
        return true;
    }
}

static struct tarn_buffer *copy_validity(struct tarn_env *env, const struct tarn_vector *vector)
{
    struct tarn_buffer *bits = tarn__buffer_new(env, tarn__bits_bytes(vector->length));
    if (bits != NULL && vector->length != 0) {
        memcpy(bits->data, vector->validity, tarn__bits_bytes(vector->length));
    }
    return bits;
}

static enum tarn_status convert_flat(const struct tarn__adapt *plan, struct tarn_vector *vector, struct tarn_vector **out,
                                     struct tarn_error *err)
{
    struct tarn_env *env = tarn__vector_env(vector);
    struct tarn_buffer *values = tarn__buffer_new_zeroed(env, (size_t)vector->length * tarn_type_width(plan->to));
    struct tarn_buffer *validity = vector->validity != NULL ? copy_validity(env, vector) : NULL;
    if (values == NULL || (vector->validity != NULL && validity == NULL)) {
        tarn__buffer_release(values);
        tarn__buffer_release(validity);
        return tarn__nomem(env, err, vector->length);
    }
    for (uint32_t i = 0; i < vector->length; i++) {
        if (vector->validity != NULL && !tarn__bit_get(vector->validity, i)) {
            continue;
        }
        if (!convert_value(plan, vector->u.values, values->data, i)) {
            tarn__buffer_release(values);
            tarn__buffer_release(validity);
            char name[64];
            tarn_type_format(plan->to, name, sizeof(name));
            return tarn__corrupt(err, "value_range", "a value of the file does not fit the table's type %s", name);
        }
    }
    *out = tarn__vector_flat(env, plan->to, vector->length, values, validity);
    return *out == NULL ? tarn__nomem(env, err, 0) : TARN_OK;
}

static enum tarn_status convert_bytes(const struct tarn__adapt *plan, struct tarn_vector *vector, struct tarn_vector **out,
                                      struct tarn_error *err)
{
    struct tarn_env *env = tarn__vector_env(vector);
    struct tarn_vector_builder *builder;
    TARN_RETURN_IF_ERROR(tarn__vector_builder_open(env, plan->to, &builder, err));
    for (uint32_t i = 0; i < vector->length; i++) {
        if (tarn_vector_is_null(vector, i)) {
            tarn__vector_builder_null(builder);
        } else {
            tarn__vector_builder_text(builder, tarn_vector_text(vector, i));
        }
    }
    const enum tarn_status status = tarn__vector_builder_finish(builder, out, err);
    tarn__vector_builder_close_all(builder);
    return status;
}

static enum tarn_status check_text(struct tarn_vector *vector, struct tarn_error *err)
{
    for (uint32_t i = 0; i < vector->length; i++) {
        if (!tarn__utf8_is_valid(tarn_vector_text(vector, i))) {
            return tarn__corrupt(err, "utf8", "a text of the file is not UTF-8");
        }
    }
    return TARN_OK;
}

static enum tarn_status retyped(struct tarn_vector *vector, const struct tarn_type *type, struct tarn_vector **out, struct tarn_error *err)
{
    *out = vector->type == type ? tarn_vector_retain(vector) : tarn__vector_retype(vector, type);
    return *out == NULL ? tarn__nomem(tarn__vector_env(vector), err, 0) : TARN_OK;
}

/* CONSTANT and RUNS: the same over a converted child. */
static enum tarn_status convert_spread(const struct tarn__adapt *plan, struct tarn_vector *vector, struct tarn_vector **out,
                                       struct tarn_error *err)
{
    struct tarn_vector *child;
    TARN_RETURN_IF_ERROR(tarn__adapt_apply(plan, vector->children[0], &child, err));
    struct tarn_vector *again = tarn__vector_with_children(vector, &child);
    tarn_vector_release(child);
    if (again == NULL) {
        return tarn__nomem(tarn__vector_env(vector), err, 0);
    }
    const enum tarn_status status = retyped(again, plan->to, out, err);
    tarn_vector_release(again);
    return status;
}

static enum tarn_status convert_dictionary(const struct tarn__adapt *plan, struct tarn_vector *vector, struct tarn_vector **out,
                                           struct tarn_error *err)
{
    struct tarn_env *env = tarn__vector_env(vector);
    if (vector->dictionary->values->length > vector->length) {
        struct tarn_vector *flat;
        TARN_RETURN_IF_ERROR(tarn__vector_flatten(vector, NULL, &flat, err));
        const enum tarn_status flat_status = tarn__adapt_apply(plan, flat, out, err);
        tarn_vector_release(flat);
        return flat_status;
    }
    struct tarn_vector *values;
    TARN_RETURN_IF_ERROR(tarn__adapt_apply(plan, vector->dictionary->values, &values, err));
    struct tarn_buffer *codes = tarn__buffer_new(env, (size_t)vector->length * sizeof(uint32_t));
    struct tarn_buffer *validity = vector->validity != NULL ? copy_validity(env, vector) : NULL;
    struct tarn_dictionary *dictionary = tarn__dictionary_make(env, values);
    if (codes == NULL || dictionary == NULL || (vector->validity != NULL && validity == NULL)) {
        tarn__buffer_release(codes);
        tarn__buffer_release(validity);
        tarn__dictionary_release(dictionary);
        return tarn__nomem(env, err, vector->length);
    }
    if (vector->length != 0) {
        memcpy(codes->data, vector->u.codes, (size_t)vector->length * sizeof(uint32_t));
    }
    *out = tarn__vector_dictionary(env, plan->to, vector->length, codes, dictionary, validity);
    return *out == NULL ? tarn__nomem(env, err, 0) : TARN_OK;
}

static enum tarn_status convert_scalar(const struct tarn__adapt *plan, struct tarn_vector *vector, struct tarn_vector **out,
                                       struct tarn_error *err)
{
    if (plan->kind == TARN_ADAPT_TEXT) {
        TARN_RETURN_IF_ERROR(check_text(vector, err));
        return retyped(vector, plan->to, out, err);
    }
    if (plan->kind == TARN_ADAPT_CAST) {
        return tarn__vector_cast(vector, plan->to, out, err);
    }
    if (vector->shape == TARN_SHAPE_CONSTANT || vector->shape == TARN_SHAPE_RUNS) {
        return convert_spread(plan, vector, out, err);
    }
    if (vector->shape == TARN_SHAPE_DICTIONARY) {
        return convert_dictionary(plan, vector, out, err);
    }
    return plan->kind == TARN_ADAPT_BYTES ? convert_bytes(plan, vector, out, err) : convert_flat(plan, vector, out, err);
}

static enum tarn_status convert_nested(const struct tarn__adapt *plan, struct tarn_vector *vector, struct tarn_vector **out,
                                       struct tarn_error *err)
{
    struct tarn_env *env = tarn__vector_env(vector);
    if (vector->shape == TARN_SHAPE_CONSTANT || vector->shape == TARN_SHAPE_RUNS) {
        return convert_spread(plan, vector, out, err);
    }
    if (vector->shape == TARN_SHAPE_DICTIONARY) {
        return convert_dictionary(plan, vector, out, err);
    }
    struct tarn_vector **children = tarn__calloc(env, (size_t)plan->child_count + 1, sizeof(struct tarn_vector *));
    if (children == NULL) {
        return tarn__nomem(env, err, plan->child_count);
    }
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < plan->child_count; i++) {
        const struct tarn__adapt *child = &plan->children[i];
        if (child->kind == TARN_ADAPT_NULLS) {
            const uint32_t length = plan->kind == TARN_ADAPT_STRUCT ? vector->length : vector->children[i]->length;
            children[i] = tarn__vector_nulls(env, child->to, length);
            status = children[i] == NULL ? tarn__nomem(env, err, 0) : TARN_OK;
        } else {
            status = tarn__adapt_apply(child, vector->children[child->source], &children[i], err);
        }
    }
    if (status == TARN_OK && plan->kind == TARN_ADAPT_STRUCT) {
        struct tarn_buffer *validity = vector->validity != NULL ? copy_validity(env, vector) : NULL;
        if (vector->validity != NULL && validity == NULL) {
            status = tarn__nomem(env, err, vector->length);
        } else {
            *out = tarn__vector_struct(env, plan->to, vector->length, plan->child_count, children, validity);
            tarn__free(env, children); /* the references went with the call */
            return *out == NULL ? tarn__nomem(env, err, 0) : TARN_OK;
        }
    }
    if (status == TARN_OK) {
        struct tarn_vector *again = tarn__vector_with_children(vector, children);
        status = again == NULL ? tarn__nomem(env, err, 0) : retyped(again, plan->to, out, err);
        tarn_vector_release(again);
    }
    for (uint32_t i = 0; i < plan->child_count; i++) {
        tarn_vector_release(children[i]);
    }
    tarn__free(env, children);
    return status;
}

enum tarn_status tarn__adapt_apply(const struct tarn__adapt *plan, struct tarn_vector *vector, struct tarn_vector **out,
                                   struct tarn_error *err)
{
    *out = NULL;
    if (plan->kind == TARN_ADAPT_SAME) {
        return retyped(vector, plan->to, out, err);
    }
    if (plan->kind == TARN_ADAPT_NULLS || vector->shape == TARN_SHAPE_NULLS) {
        *out = tarn__vector_nulls(tarn__vector_env(vector), plan->to, vector->length);
        return *out == NULL ? tarn__nomem(tarn__vector_env(vector), err, 0) : TARN_OK;
    }
    return plan->kind == TARN_ADAPT_STRUCT || plan->kind == TARN_ADAPT_LIST ? convert_nested(plan, vector, out, err)
                                                                            : convert_scalar(plan, vector, out, err);
}
