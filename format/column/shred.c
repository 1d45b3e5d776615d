/* SPDX-License-Identifier: Apache-2.0
 *
 * The shredding of records into columns, one leaf at a time, level by level from the column down.
 *
 * Specification: Parquet README.md "Nested Encoding" (Dremel). SPEC: P-SHRED-1 to P-SHRED-6.
 *
 * Invariants
 *  1. A slot is live while everything above it is there; live slots are, in order, the rows of `vector` that `rows` (or first, first
 *     + 1, ...) names. Live slots have definition LIVE, others the final level at which they ended.
 *  2. `definition` NULL: all slots are live; `repetition` NULL: all are 0. Neither is written before the first null or list.
 *  3. Only a list or map adds slots, and it adds them behind the slot that the list had; a list without elements keeps that one slot.
 *  4. The loop goes down the path, which is at most TARN_MAX_DEPTH + 1 long: no recursion.
 */
#include "format/column/shred.h"

#include "format/base/bytes.h"
#include "format/base/checked.h"

/* No definition level: levels are at most 2 * TARN_MAX_DEPTH + 1. */
enum { LIVE = UINT16_MAX };

struct state {
    struct tarn__shredder *s;
    const struct tarn_vector *vector;
    size_t slots;
    size_t live;
    uint16_t *definition;
    uint16_t *repetition;
    uint32_t *rows;
    uint32_t first;
    uint16_t level; /* definition of a live slot that ends here */
    unsigned side;  /* which of the shredder's two arrays are free for repetition and definition */
    unsigned rows_side;
};

/* At least one element, so that NULL means no memory. */
static bool reserve(struct tarn__shredder *s, void *array, size_t slot, size_t count, size_t element)
{
    return tarn__grow(s->env, array, &s->capacity[slot], count == 0 ? 1 : count, element);
}

static uint16_t *definition_array(struct state *st, unsigned side, size_t count)
{
    return reserve(st->s, &st->s->definition[side], side, count, sizeof(uint16_t)) ? st->s->definition[side] : NULL;
}

static uint16_t *repetition_array(struct state *st, unsigned side, size_t count)
{
    return reserve(st->s, &st->s->repetition[side], 2 + side, count, sizeof(uint16_t)) ? st->s->repetition[side] : NULL;
}

static uint32_t *rows_array(struct state *st, unsigned side, size_t count)
{
    return reserve(st->s, &st->s->rows[side], 4 + side, count, sizeof(uint32_t)) ? st->s->rows[side] : NULL;
}

static enum tarn_status no_memory(struct state *st, struct tarn_error *err)
{
    return tarn__nomem(st->s->env, err, st->slots);
}

static inline uint32_t row_at(const struct state *st, size_t live)
{
    return st->rows != NULL ? st->rows[live] : st->first + (uint32_t)live;
}

/* Row of the batch that the live slot `live` belongs to. Only for errors: counts from the start. */
static uint64_t batch_row(const struct state *st, size_t live)
{
    uint64_t row = 0;
    for (size_t slot = 0, seen = 0; slot < st->slots; slot++) {
        row += st->repetition == NULL || st->repetition[slot] == 0 ? 1 : 0;
        if ((st->definition == NULL || st->definition[slot] == LIVE) && seen++ == live) {
            break;
        }
    }
    return row - 1;
}

/* The vector that holds the values behind CONSTANT and RUNS, with rows that are its own. */
static enum tarn_status resolve(struct state *st, struct tarn_error *err)
{
    while (st->vector->shape == TARN_SHAPE_CONSTANT || st->vector->shape == TARN_SHAPE_RUNS) {
        const struct tarn_vector *vector = st->vector;
        uint32_t *rows = rows_array(st, st->rows_side, st->live);
        if (rows == NULL) {
            return no_memory(st, err);
        }
        if (vector->shape == TARN_SHAPE_CONSTANT) {
            memset(rows, 0, st->live * sizeof(*rows));
        } else {
            uint32_t run = 0;
            for (size_t i = 0; i < st->live; i++) {
                const uint32_t row = row_at(st, i);
                if (run != 0 && vector->u.ends[run - 1] > row) {
                    run = 0; /* rows of a constant list go back to its first element */
                }
                while (vector->u.ends[run] <= row) {
                    run++;
                }
                rows[i] = run;
            }
        }
        st->rows = rows;
        st->rows_side ^= 1;
        st->vector = vector->children[0];
    }
    return TARN_OK;
}

/* All live slots end here. */
static enum tarn_status end_all(struct state *st, struct tarn_error *err)
{
    if (st->definition == NULL) {
        st->definition = definition_array(st, st->side, st->slots);
        if (st->definition == NULL) {
            return no_memory(st, err);
        }
        for (size_t i = 0; i < st->slots; i++) {
            st->definition[i] = st->level;
        }
    } else {
        for (size_t i = 0; i < st->slots; i++) {
            st->definition[i] = st->definition[i] == LIVE ? st->level : st->definition[i];
        }
    }
    st->live = 0;
    return TARN_OK;
}

static size_t count_nulls(const struct state *st)
{
    const uint8_t *validity = st->vector->validity;
    size_t valid = 0;

    if (validity == NULL) {
        return 0;
    }
    size_t i = 0;
    if (st->rows == NULL && st->first % 8 == 0) { /* whole words */
        const uint8_t *bytes = validity + st->first / 8;
        for (; st->live - i >= 64; i += 64) {
            valid += (size_t)__builtin_popcountll(tarn__load64(bytes + i / 8));
        }
    }
    for (; i < st->live; i++) {
        valid += tarn__bit_get(validity, row_at(st, i));
    }
    return st->live - valid;
}

static enum tarn_status null_in_required(const struct state *st, const struct tarn_field *field, struct tarn_error *err)
{
    size_t i = 0;
    while (st->vector->validity != NULL && i < st->live && tarn__bit_get(st->vector->validity, row_at(st, i))) {
        i++;
    }
    const uint64_t row = batch_row(st, i);
    const enum tarn_status status =
        tarn__invalid(err, "null_in_required", "a null where field \"%.*s\" may not be null; make it nullable", TARN_TEXT_ARG(field->name));
    tarn__error_at_row(err, row);
    return status;
}

/* Slots whose value is null end at this level, the others go on. */
static enum tarn_status drop_nulls(struct state *st, struct tarn_error *err)
{
    const uint8_t *validity = st->vector->validity;
    uint32_t *rows = rows_array(st, st->rows_side, st->live);
    uint16_t *definition = st->definition != NULL ? st->definition : definition_array(st, st->side, st->slots);
    size_t kept = 0;

    if (rows == NULL || definition == NULL) {
        return no_memory(st, err);
    }
    if (st->definition == NULL) { /* every slot is live: no branch in the loop */
        for (size_t i = 0; i < st->slots; i++) {
            const uint32_t row = row_at(st, i);
            const bool valid = tarn__bit_get(validity, row);
            definition[i] = valid ? LIVE : st->level;
            rows[kept] = row;
            kept += valid;
        }
    } else {
        for (size_t i = 0, live = 0; i < st->slots; i++) {
            if (definition[i] != LIVE) {
                continue;
            }
            const uint32_t row = row_at(st, live++);
            const bool valid = tarn__bit_get(validity, row);
            definition[i] = valid ? LIVE : st->level;
            rows[kept] = row;
            kept += valid;
        }
    }
    st->definition = definition;
    st->rows = rows;
    st->rows_side ^= 1;
    st->live = kept;
    return TARN_OK;
}

/* Nullability of the field, whose vector is resolved. */
static enum tarn_status step_nulls(struct state *st, const struct tarn_field *field, struct tarn_error *err)
{
    const bool none = st->vector->shape == TARN_SHAPE_NULLS;
    const size_t nulls = none ? st->live : count_nulls(st);

    if (!field->nullable) {
        return nulls == 0 ? TARN_OK : null_in_required(st, field, err);
    }
    if (none) {
        TARN_RETURN_IF_ERROR(end_all(st, err));
    } else if (nulls != 0) {
        TARN_RETURN_IF_ERROR(drop_nulls(st, err));
    }
    st->level++;
    return TARN_OK;
}

static inline uint64_t offset_at(const struct tarn_vector *list, uint32_t row)
{
    return list->wide_offsets ? ((const uint64_t *)list->u.offsets)[row] : ((const uint32_t *)list->u.offsets)[row];
}

/* A list that is there: each element becomes a slot, and an empty list ends at this level. */
static enum tarn_status step_list(struct state *st, uint16_t repetition_level, struct tarn_error *err)
{
    const struct tarn_vector *list = st->vector;
    size_t elements = 0;
    size_t empty = 0;

    for (size_t i = 0; i < st->live; i++) {
        const uint32_t row = row_at(st, i);
        const uint64_t length = offset_at(list, row + 1) - offset_at(list, row);
        empty += length == 0;
        if (!tarn__add(elements, length, &elements)) {
            return tarn__nomem(st->s->env, err, UINT64_MAX);
        }
    }
    size_t slots;
    if (!tarn__add(st->slots - st->live + empty, elements, &slots)) {
        return tarn__nomem(st->s->env, err, UINT64_MAX);
    }
    const unsigned side = st->side ^ 1;
    uint16_t *definition = definition_array(st, side, slots);
    uint16_t *repetition = repetition_array(st, side, slots);
    uint32_t *rows = rows_array(st, st->rows_side, elements);
    if (definition == NULL || repetition == NULL || rows == NULL) {
        return tarn__nomem(st->s->env, err, slots);
    }

    size_t at = 0;
    size_t row_count = 0;
    for (size_t i = 0, live = 0; i < st->slots; i++) {
        const uint16_t above = st->repetition != NULL ? st->repetition[i] : 0;
        if (st->definition != NULL && st->definition[i] != LIVE) {
            definition[at] = st->definition[i];
            repetition[at++] = above;
            continue;
        }
        const uint32_t row = row_at(st, live++);
        const uint64_t begin = offset_at(list, row);
        const uint64_t end = offset_at(list, row + 1);
        definition[at] = begin == end ? st->level : LIVE;
        repetition[at++] = above;
        for (uint64_t element = begin; element < end; element++) {
            rows[row_count++] = (uint32_t)element;
            if (element != begin) {
                definition[at] = LIVE;
                repetition[at++] = repetition_level;
            }
        }
    }
    st->definition = definition;
    st->repetition = repetition;
    st->rows = rows;
    st->side = side;
    st->rows_side ^= 1;
    st->slots = slots;
    st->live = elements;
    st->level++;
    return TARN_OK;
}

static bool shape_fits(const struct tarn_vector *vector, const struct tarn_type *type)
{
    if (vector->shape == TARN_SHAPE_NULLS) {
        return true;
    }
    switch (type->id) {
    case TARN_TYPE_LIST:
    case TARN_TYPE_MAP:
        return vector->shape == TARN_SHAPE_LIST && vector->child_count == type->field_count;
    case TARN_TYPE_STRUCT:
    case TARN_TYPE_VARIANT: {
        uint32_t count;
        (void)tarn__storage_members(type, &count);
        return vector->shape == TARN_SHAPE_STRUCT && vector->child_count == count;
    }
    default:
        break;
    }
    const enum tarn_shape shape = vector->shape == TARN_SHAPE_DICTIONARY ? vector->dictionary->values->shape : vector->shape;
    if (tarn_type_kind(type) == TARN_KIND_BYTES) {
        return shape == TARN_SHAPE_STRINGS || shape == TARN_SHAPE_VIEWS;
    }
    return shape == TARN_SHAPE_FLAT;
}

static enum tarn_status step(struct state *st, const struct tarn__leaf_path *path, uint32_t depth, uint16_t *repetition_level,
                             struct tarn_error *err)
{
    const struct tarn_field *field = path->fields[depth];

    TARN_RETURN_IF_ERROR(resolve(st, err));
    if (!shape_fits(st->vector, field->type)) {
        return tarn__invalid(err, "vector", "field \"%.*s\" was given a vector whose shape its type cannot have",
                             TARN_TEXT_ARG(field->name));
    }
    TARN_RETURN_IF_ERROR(step_nulls(st, field, err));
    const bool is_leaf = depth + 1 == path->depth;
    const bool repeated = field->type->id == TARN_TYPE_LIST || field->type->id == TARN_TYPE_MAP;
    if (is_leaf) {
        return TARN_OK;
    }
    if (repeated) {
        ++*repetition_level;
    }
    if (st->vector->shape == TARN_SHAPE_NULLS) {
        return TARN_OK; /* nothing is live: there is no child to look at, and none is needed */
    }
    if (repeated) {
        TARN_RETURN_IF_ERROR(step_list(st, *repetition_level, err));
    }
    st->vector = st->vector->children[path->index[depth + 1]];
    return TARN_OK;
}

enum tarn_status tarn__shred(struct tarn__shredder *shredder, const struct tarn__leaf_path *path, const struct tarn_vector *column,
                             struct tarn__shred_rows take, struct tarn__shredded *out, struct tarn_error *err)
{
    struct state st = {.s = shredder, .vector = column, .slots = take.count, .live = take.count, .first = take.first};
    uint16_t repetition_level = 0;

    *out = (struct tarn__shredded){0};
    if (take.positions != NULL) {
        st.rows = rows_array(&st, 0, take.count);
        if (st.rows == NULL) {
            return no_memory(&st, err);
        }
        memcpy(st.rows, take.positions, take.count * sizeof(*st.rows));
        st.rows_side = 1;
    }
    for (uint32_t depth = 0; depth < path->depth; depth++) {
        if (st.live == 0 && depth != 0) {
            break; /* every slot has ended, and its level is final */
        }
        const enum tarn_status status = step(&st, path, depth, &repetition_level, err);
        if (status != TARN_OK) {
            return status;
        }
    }
    if (st.definition != NULL) {
        for (size_t i = 0; i < st.slots; i++) {
            st.definition[i] = st.definition[i] == LIVE ? path->max_definition : st.definition[i];
        }
    }
    *out = (struct tarn__shredded){.slots = st.slots,
                                   .definition = st.definition,
                                   .repetition = st.repetition,
                                   .vector = st.live != 0 ? st.vector : NULL,
                                   .values = st.live,
                                   .rows = st.rows,
                                   .first_row = st.first};
    return TARN_OK;
}

void tarn__shredder_free(struct tarn__shredder *shredder)
{
    for (unsigned side = 0; side < 2; side++) {
        tarn__free(shredder->env, shredder->definition[side]);
        tarn__free(shredder->env, shredder->repetition[side]);
        tarn__free(shredder->env, shredder->rows[side]);
    }
    *shredder = (struct tarn__shredder){.env = shredder->env};
}
