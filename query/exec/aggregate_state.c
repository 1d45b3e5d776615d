/* SPDX-License-Identifier: Apache-2.0
 *
 * Aggregates: update with rows, merge with those of a later task, finish. SPEC: Q-AGG-2 to Q-AGG-6.
 *
 * Invariant: a group without a value that counts has count 0 and gives NULL (counts give 0). With DISTINCT the groups' values are only
 * touched by `feed_set`, which sees each pair once.
 */
#include "query/exec/aggregate_state.h"

#include <math.h>

#include "format/base/decimal.h"
#include "format/batch/vector_builder.h"
#include "query/bind/sql_type.h"

enum tarn_status tarn__states_init(struct tarn__aggregate_states *states, struct tarn_env *env,
                                   const struct tarn__plan_aggregate *aggregate, struct tarn_error *err)
{
    *states = (struct tarn__aggregate_states){.env = env, .aggregate = aggregate};
    const bool keeps_value = aggregate->kind >= TARN__AGG_MIN && aggregate->kind <= TARN__AGG_ANY_VALUE;
    if (keeps_value && (tarn_type_kind(aggregate->arg_type) == TARN_KIND_NESTED || tarn_type_kind(aggregate->arg_type) == TARN_KIND_I256 ||
                        tarn_type_kind(aggregate->arg_type) == TARN_KIND_F16)) {
        return tarn__unsupported(err, "sql.type",
                                 "min, max, first and any_value of lists, structs and decimals over 38 digits are not available yet");
    }
    if (!aggregate->distinct || aggregate->kind == TARN__AGG_MIN || aggregate->kind == TARN__AGG_MAX) {
        return TARN_OK;
    }
    states->set_types[0] = &tarn__sql_integer;
    states->set_types[1] = aggregate->arg_type;
    TARN_RETURN_IF_ERROR(tarn__group_table_init(&states->set, env, 2, err));
    states->has_set = true;
    return TARN_OK;
}

static bool is_bytes(const struct tarn__aggregate_states *states)
{
    const enum tarn__aggregate_kind kind = states->aggregate->kind;
    if (kind < TARN__AGG_MIN || kind > TARN__AGG_ANY_VALUE) {
        return false;
    }
    const enum tarn_kind physical = tarn_type_kind(states->aggregate->arg_type);
    return physical == TARN_KIND_BYTES || physical == TARN_KIND_FIXED;
}

void tarn__states_free(struct tarn__aggregate_states *states)
{
    for (uint32_t i = 0; states->aggregate != NULL && is_bytes(states) && i < states->count; i++) {
        tarn__free(states->env, states->groups[i].u.text.data);
    }
    tarn__free(states->env, states->groups);
    if (states->has_set) {
        tarn__group_table_free(&states->set);
    }
    states->groups = NULL;
    states->count = 0;
    states->has_set = false;
}

enum tarn_status tarn__states_grow(struct tarn__aggregate_states *states, uint32_t groups, struct tarn_error *err)
{
    if (groups <= states->count) {
        return TARN_OK;
    }
    if (!tarn__grow(states->env, &states->groups, &states->capacity, groups, sizeof(*states->groups))) {
        return tarn__nomem(states->env, err, 0);
    }
    memset(states->groups + states->count, 0, (groups - states->count) * sizeof(*states->groups));
    states->count = groups;
    return TARN_OK;
}

static enum tarn_status overflow(struct tarn_error *err)
{
    return tarn__invalid(err, "overflow", "the sum has more than 38 digits; cast the argument to DOUBLE");
}

static enum tarn_status set_text(struct tarn__aggregate_states *states, struct tarn__group_state *state, struct tarn_text text,
                                 struct tarn_error *err)
{
    if (text.size > state->u.text.capacity || state->u.text.data == NULL) {
        const uint32_t capacity = (uint32_t)text.size + (uint32_t)text.size / 4 + 16;
        char *data = tarn__realloc(states->env, state->u.text.data, capacity);
        if (data == NULL) {
            return tarn__nomem(states->env, err, capacity);
        }
        state->u.text.data = data;
        state->u.text.capacity = capacity;
    }
    if (text.size != 0) {
        memcpy(state->u.text.data, text.data, text.size);
    }
    state->u.text.size = (uint32_t)text.size;
    return TARN_OK;
}

/* ---- one value into one group ---- */

/* NaN is the largest, as everywhere. */
static bool above(double a, double b)
{
    return isnan(a) ? !isnan(b) : a > b;
}

static void add_moments(struct tarn__group_state *state, double value)
{
    const double delta = value - state->u.moments.mean;
    state->u.moments.mean += delta / (double)state->count;
    state->u.moments.m2 += delta * (value - state->u.moments.mean);
}

static enum tarn_status take_exact(struct tarn__group_state *state, enum tarn__aggregate_kind kind, tarn_i128 value, struct tarn_error *err)
{
    const bool first = state->count++ == 0;
    switch (kind) {
    case TARN__AGG_SUM:
    case TARN__AGG_AVG:
        return tarn__i128_add(state->u.exact, value, &state->u.exact) ? TARN_OK : overflow(err);
    case TARN__AGG_MIN:
        state->u.exact = first || value < state->u.exact ? value : state->u.exact;
        return TARN_OK;
    case TARN__AGG_MAX:
        state->u.exact = first || value > state->u.exact ? value : state->u.exact;
        return TARN_OK;
    default:
        state->u.exact = first ? value : state->u.exact;
        return TARN_OK;
    }
}

static void take_double(struct tarn__group_state *state, enum tarn__aggregate_kind kind, double value)
{
    const bool first = state->count++ == 0;
    switch (kind) {
    case TARN__AGG_SUM:
    case TARN__AGG_AVG:
        state->u.sum += value;
        return;
    case TARN__AGG_MIN:
        state->u.sum = first || above(state->u.sum, value) ? value : state->u.sum;
        return;
    case TARN__AGG_MAX:
        state->u.sum = first || above(value, state->u.sum) ? value : state->u.sum;
        return;
    case TARN__AGG_VAR_SAMP:
    case TARN__AGG_VAR_POP:
    case TARN__AGG_STDDEV_SAMP:
    case TARN__AGG_STDDEV_POP:
        add_moments(state, value);
        return;
    default:
        state->u.sum = first ? value : state->u.sum;
        return;
    }
}

static void take_bool(struct tarn__group_state *state, enum tarn__aggregate_kind kind, bool value)
{
    const bool first = state->count++ == 0;
    const bool all = kind == TARN__AGG_BOOL_AND || kind == TARN__AGG_MIN;
    const bool any = kind == TARN__AGG_BOOL_OR || kind == TARN__AGG_MAX;
    state->u.truth = first ? value : all ? state->u.truth && value : any ? state->u.truth || value : state->u.truth;
}

static enum tarn_status take_text(struct tarn__aggregate_states *states, struct tarn__group_state *state, struct tarn_text value,
                                  struct tarn_error *err)
{
    const bool first = state->count == 0;
    const enum tarn__aggregate_kind kind = states->aggregate->kind;
    const int order = first ? 0 : tarn__text_compare(value, (struct tarn_text){state->u.text.data, state->u.text.size});
    if (first || (kind == TARN__AGG_MIN && order < 0) || (kind == TARN__AGG_MAX && order > 0)) {
        TARN_RETURN_IF_ERROR(set_text(states, state, value, err));
    }
    state->count++;
    return TARN_OK;
}

/* ---- rows ---- */

static bool passes(const struct tarn__operand *filter, uint32_t row)
{
    return filter == NULL || (!tarn__operand_null(filter, row) && tarn__operand_bool_at(filter, row));
}

static enum tarn_status feed(struct tarn__aggregate_states *states, struct tarn__operand *arg, const struct tarn__operand *filter,
                             uint32_t rows, const uint32_t *groups, struct tarn_error *err)
{
    const enum tarn__aggregate_kind kind = states->aggregate->kind;
    const enum tarn_kind physical = tarn_type_kind(arg->leaf->type);
    if (arg->all_null && kind != TARN__AGG_FIRST) {
        return TARN_OK;
    }
    if (kind == TARN__AGG_COUNT) {
        for (uint32_t i = 0; i < rows; i++) {
            states->groups[groups[i]].count += !tarn__operand_null(arg, i) && passes(filter, i);
        }
        return TARN_OK;
    }
    const double *doubles = NULL;
    if (physical == TARN_KIND_F64 || physical == TARN_KIND_F32) {
        doubles = tarn__operand_f64(arg, states->env);
        if (doubles == NULL) {
            return tarn__nomem(states->env, err, 0);
        }
    }
    const bool narrow = physical >= TARN_KIND_I8 && physical <= TARN_KIND_U32;
    const int64_t *integers = narrow ? tarn__operand_i64(arg, states->env) : NULL;
    if (narrow && integers == NULL) {
        return tarn__nomem(states->env, err, 0);
    }
    for (uint32_t i = 0; i < rows; i++) {
        struct tarn__group_state *state = &states->groups[groups[i]];
        if (tarn__operand_null(arg, i) || !passes(filter, i)) {
            continue;
        }
        if (doubles != NULL) {
            take_double(state, kind, doubles[i]);
        } else if (narrow) {
            TARN_RETURN_IF_ERROR(take_exact(state, kind, integers[i], err));
        } else if (physical == TARN_KIND_BOOL) {
            take_bool(state, kind, tarn__operand_bool_at(arg, i));
        } else if (physical == TARN_KIND_BYTES) {
            TARN_RETURN_IF_ERROR(take_text(states, state, tarn__operand_text(arg, i), err));
        } else if (physical == TARN_KIND_FIXED) {
            const uint32_t width = tarn_type_width(arg->leaf->type);
            const char *bytes = (const char *)arg->leaf->u.values + (size_t)tarn__operand_at(arg, i) * width;
            TARN_RETURN_IF_ERROR(take_text(states, state, (struct tarn_text){bytes, width}, err));
        } else {
            TARN_RETURN_IF_ERROR(take_exact(state, kind, tarn__operand_i128_at(arg, i), err));
        }
    }
    return TARN_OK;
}

/* ---- DISTINCT ---- */

/* Adds pairs to the set; with `fed`, those that are new go into the groups. Null values are left out: no aggregate counts them. */
static enum tarn_status add_pairs(struct tarn__aggregate_states *states, struct tarn_vector *groups, struct tarn_vector *values, bool fed,
                                  struct tarn_error *err)
{
    struct tarn_vector *const pair[2] = {groups, values};
    const size_t chunks = states->set.keys.count;
    uint32_t *ids = tarn__alloc(states->env, ((size_t)values->length + 1) * sizeof(uint32_t));
    if (ids == NULL) {
        return tarn__nomem(states->env, err, 0);
    }
    enum tarn_status status = tarn__group_table_add(&states->set, pair, values->length, ids, err);
    tarn__free(states->env, ids);
    if (status != TARN_OK || !fed || states->set.keys.count == chunks) {
        return status;
    }
    const struct tarn__chunk *fresh = &states->set.keys.items[chunks];
    struct tarn__operand group;
    struct tarn__operand value;
    TARN_RETURN_IF_ERROR(tarn__operand_init(&group, fresh->columns[0], err));
    status = tarn__operand_init(&value, fresh->columns[1], err);
    uint32_t *numbers = status == TARN_OK ? tarn__alloc(states->env, ((size_t)fresh->rows + 1) * sizeof(uint32_t)) : NULL;
    if (status == TARN_OK && numbers == NULL) {
        status = tarn__nomem(states->env, err, 0);
    }
    for (uint32_t i = 0; status == TARN_OK && i < fresh->rows; i++) {
        numbers[i] = (uint32_t)tarn__operand_i128_at(&group, i);
    }
    status = status == TARN_OK ? feed(states, &value, NULL, fresh->rows, numbers, err) : status;
    tarn__free(states->env, numbers);
    tarn__operand_free(&group);
    tarn__operand_free(&value);
    return status;
}

/* The rows that count, as (group, value). */
static enum tarn_status collect_pairs(struct tarn__aggregate_states *states, const struct tarn_vector *arg,
                                      const struct tarn__operand *filter, uint32_t rows, const uint32_t *groups, struct tarn_error *err)
{
    uint32_t *positions = tarn__alloc(states->env, ((size_t)rows + 1) * sizeof(uint32_t));
    struct tarn_buffer *numbers = tarn__buffer_new(states->env, (size_t)rows * sizeof(uint32_t));
    struct tarn_vector *group = NULL;
    struct tarn__chunk picked = {0, 0, NULL};
    uint32_t count = 0;
    enum tarn_status status = positions == NULL || numbers == NULL ? tarn__nomem(states->env, err, 0) : TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < rows; i++) {
        if (!tarn_vector_is_null(arg, i) && passes(filter, i)) {
            ((uint32_t *)(void *)numbers->data)[count] = groups[i];
            positions[count++] = i;
        }
    }
    if (status == TARN_OK) {
        struct tarn_vector *columns[1] = {(struct tarn_vector *)(uintptr_t)arg};
        const struct tarn__chunk whole = {rows, 1, columns};
        group = tarn__vector_flat(states->env, &tarn__sql_integer, count, numbers, NULL);
        status = group == NULL ? tarn__nomem(states->env, err, 0) : tarn__chunk_gather(&whole, states->env, positions, count, &picked, err);
    } else {
        tarn__buffer_release(numbers);
    }
    if (status == TARN_OK && count != 0) {
        status = add_pairs(states, group, picked.columns[0], false, err);
    }
    tarn_vector_release(group);
    tarn__chunk_free(&picked, states->env);
    tarn__free(states->env, positions);
    return status;
}

enum tarn_status tarn__states_update(struct tarn__aggregate_states *states, const struct tarn_vector *arg, const struct tarn_vector *filter,
                                     uint32_t rows, const uint32_t *groups, struct tarn_error *err)
{
    struct tarn__operand value;
    struct tarn__operand condition;
    const struct tarn__operand *filtered = filter != NULL ? &condition : NULL;
    enum tarn_status status = TARN_OK;
    if (filter != NULL) {
        TARN_RETURN_IF_ERROR(tarn__operand_init(&condition, filter, err));
    }
    if (arg == NULL) {
        for (uint32_t i = 0; i < rows; i++) {
            states->groups[groups[i]].count += passes(filtered, i);
        }
    } else if (states->has_set) {
        status = collect_pairs(states, arg, filtered, rows, groups, err);
    } else {
        status = tarn__operand_init(&value, arg, err);
        if (status == TARN_OK) {
            status = feed(states, &value, filtered, rows, groups, err);
            tarn__operand_free(&value);
        }
    }
    if (filter != NULL) {
        tarn__operand_free(&condition);
    }
    return status;
}

/* ---- merge ---- */

static void merge_moments(struct tarn__group_state *to, const struct tarn__group_state *from)
{
    const double n = (double)to->count;
    const double m = (double)from->count;
    const double delta = from->u.moments.mean - to->u.moments.mean;
    if (to->count == 0) {
        *to = *from;
        return;
    }
    to->u.moments.mean += delta * m / (n + m);
    to->u.moments.m2 += from->u.moments.m2 + delta * delta * n * m / (n + m);
    to->count += from->count;
}

static enum tarn_status merge_group(struct tarn__aggregate_states *states, struct tarn__group_state *to,
                                    const struct tarn__group_state *from, struct tarn_error *err)
{
    const enum tarn__aggregate_kind kind = states->aggregate->kind;
    const uint64_t count = to->count + from->count;
    if (from->count == 0) {
        return TARN_OK;
    }
    if (kind == TARN__AGG_COUNT || kind == TARN__AGG_COUNT_STAR) {
        to->count = count;
        return TARN_OK;
    }
    if (kind >= TARN__AGG_VAR_SAMP) {
        merge_moments(to, from);
        return TARN_OK;
    }
    const enum tarn_kind physical = tarn_type_kind(states->aggregate->arg_type);
    enum tarn_status status = TARN_OK;
    if (is_bytes(states)) {
        status = take_text(states, to, (struct tarn_text){from->u.text.data, from->u.text.size}, err);
    } else if (physical == TARN_KIND_F64 || physical == TARN_KIND_F32) {
        take_double(to, kind, from->u.sum);
    } else if (physical == TARN_KIND_BOOL) {
        take_bool(to, kind, from->u.truth);
    } else {
        status = take_exact(to, kind, from->u.exact, err);
    }
    to->count = count;
    return status;
}

static enum tarn_status merge_set(struct tarn__aggregate_states *states, const struct tarn__aggregate_states *later, const uint32_t *map,
                                  struct tarn_error *err)
{
    for (size_t c = 0; c < later->set.keys.count; c++) {
        const struct tarn__chunk *chunk = &later->set.keys.items[c];
        struct tarn__operand group;
        struct tarn_buffer *numbers = tarn__buffer_new(states->env, (size_t)chunk->rows * sizeof(uint32_t));
        if (numbers == NULL) {
            return tarn__nomem(states->env, err, 0);
        }
        enum tarn_status status = tarn__operand_init(&group, chunk->columns[0], err);
        if (status != TARN_OK) {
            tarn__buffer_release(numbers);
            return status;
        }
        for (uint32_t i = 0; i < chunk->rows; i++) {
            ((uint32_t *)(void *)numbers->data)[i] = map[(uint32_t)tarn__operand_i128_at(&group, i)];
        }
        tarn__operand_free(&group);
        struct tarn_vector *mapped = tarn__vector_flat(states->env, &tarn__sql_integer, chunk->rows, numbers, NULL);
        if (mapped == NULL) {
            return tarn__nomem(states->env, err, 0);
        }
        status = add_pairs(states, mapped, chunk->columns[1], true, err);
        tarn_vector_release(mapped);
        TARN_RETURN_IF_ERROR(status);
    }
    return TARN_OK;
}

enum tarn_status tarn__states_merge(struct tarn__aggregate_states *states, const struct tarn__aggregate_states *later, const uint32_t *map,
                                    struct tarn_error *err)
{
    if (states->has_set) {
        return merge_set(states, later, map, err);
    }
    for (uint32_t i = 0; i < later->count; i++) {
        TARN_RETURN_IF_ERROR(merge_group(states, &states->groups[map[i]], &later->groups[i], err));
    }
    return TARN_OK;
}

/* ---- finish ---- */

static double average(const struct tarn__aggregate_states *states, const struct tarn__group_state *state)
{
    const struct tarn_type *type = states->aggregate->arg_type;
    if (tarn__sql_is_float(type)) {
        return state->u.sum / (double)state->count;
    }
    return tarn__decimal128_to_double(state->u.exact, 0) / (double)state->count /
           tarn__decimal128_to_double(tarn__pow10_128((unsigned)type->scale), 0);
}

static double variance(enum tarn__aggregate_kind kind, const struct tarn__group_state *state, bool *null)
{
    const bool sample = kind == TARN__AGG_VAR_SAMP || kind == TARN__AGG_STDDEV_SAMP;
    const double divisor = (double)state->count - (sample ? 1 : 0);
    *null = divisor <= 0;
    const double value = *null ? 0 : state->u.moments.m2 / divisor;
    return kind == TARN__AGG_STDDEV_SAMP || kind == TARN__AGG_STDDEV_POP ? sqrt(value) : value;
}

static enum tarn_status append_exact(struct tarn_vector_builder *builder, const struct tarn_type *type, tarn_i128 value,
                                     struct tarn_error *err)
{
    const uint64_t sign = value < 0 ? UINT64_MAX : 0;
    const uint64_t words[4] = {(uint64_t)value, (uint64_t)((tarn_u128)value >> 64), sign, sign};
    if (type->id == TARN_TYPE_DECIMAL && !tarn__decimal128_fits(value, (unsigned)type->precision)) {
        return overflow(err);
    }
    if (tarn_type_kind(type) == TARN_KIND_I128) {
        tarn__vector_builder_words(builder, words);
    } else {
        tarn__vector_builder_i64(builder, (int64_t)words[0]);
    }
    return TARN_OK;
}

static enum tarn_status append_group(struct tarn__aggregate_states *states, const struct tarn__group_state *state,
                                     struct tarn_vector_builder *builder, struct tarn_error *err)
{
    const enum tarn__aggregate_kind kind = states->aggregate->kind;
    bool null = false;
    if (kind == TARN__AGG_COUNT || kind == TARN__AGG_COUNT_STAR) {
        tarn__vector_builder_i64(builder, (int64_t)state->count);
        return TARN_OK;
    }
    if (state->count == 0) {
        tarn__vector_builder_null(builder);
        return TARN_OK;
    }
    if (kind == TARN__AGG_AVG) {
        tarn__vector_builder_f64(builder, average(states, state));
        return TARN_OK;
    }
    if (kind >= TARN__AGG_VAR_SAMP) {
        const double value = variance(kind, state, &null);
        if (null) {
            tarn__vector_builder_null(builder);
        } else {
            tarn__vector_builder_f64(builder, value);
        }
        return TARN_OK;
    }
    switch (tarn_type_kind(states->aggregate->arg_type)) {
    case TARN_KIND_F32:
    case TARN_KIND_F64:
        tarn__vector_builder_f64(builder, state->u.sum);
        return TARN_OK;
    case TARN_KIND_BOOL:
        tarn__vector_builder_bool(builder, state->u.truth);
        return TARN_OK;
    case TARN_KIND_BYTES:
    case TARN_KIND_FIXED:
        tarn__vector_builder_text(builder, (struct tarn_text){state->u.text.data, state->u.text.size});
        return TARN_OK;
    default:
        return append_exact(builder, states->aggregate->type, state->u.exact, err);
    }
}

enum tarn_status tarn__states_finish(struct tarn__aggregate_states *states, struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_vector_builder *builder;
    *out = NULL;
    if (tarn__sql_is_null(states->aggregate->type)) {
        *out = tarn__vector_nulls(states->env, states->aggregate->type, states->count);
        return *out != NULL ? TARN_OK : tarn__nomem(states->env, err, 0);
    }
    enum tarn_status status = tarn__vector_builder_open(states->env, states->aggregate->type, &builder, err);
    for (uint32_t i = 0; status == TARN_OK && i < states->count; i++) {
        status = append_group(states, &states->groups[i], builder, err);
    }
    status = status == TARN_OK ? tarn__vector_builder_finish(builder, out, err) : status;
    tarn__vector_builder_close_all(builder);
    return status;
}
