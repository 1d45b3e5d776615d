/* SPDX-License-Identifier: Apache-2.0
 *
 * Gathering: for each shape, what the rows at some positions look like in the same shape.
 *
 * Positions of TARN_GATHER_NULL give null. Two shapes cannot say that a row is null (CONSTANT, RUNS): with such positions, and RUNS
 * also with positions that do not ascend, the rows are gathered from the child instead.
 * Selected rows ascend. Where few of those between the first and the last are missing they are copied stretch by stretch.
 */
#include "format/batch/gather.h"

#include "format/base/checked.h"
#include "format/batch/bitmap.h"
#include "format/batch/selection.h"

struct job {
    struct tarn_env *env;
    const struct tarn_vector *vector;
    const uint32_t *positions;
    uint32_t count;
    bool has_nulls; /* among the positions */
    bool ascends;   /* every position is above the one before */
    bool dense;     /* and nearly every row between the first and the last is there */
    struct tarn_error *err;
};

enum { STRETCH = 16 }; /* rows, on average, from which copying stretches pays */

static bool is_dense(const uint32_t *positions, uint32_t count)
{
    return count >= STRETCH && positions[count - 1] - positions[0] - (count - 1) <= count / STRETCH;
}

/* How many positions from number `i` on follow one another. They ascend, so where one is as far as its number says all before are. */
static uint32_t stretch_at(const struct job *job, uint32_t i)
{
    const uint32_t *positions = job->positions + i;
    const uint32_t left = job->count - i;
    uint32_t known = 0; /* this one is of the stretch */
    uint32_t step = 1;
    while (known + step < left && positions[known + step] - positions[0] == known + step) {
        known += step;
        step *= 2;
    }
    for (; step != 0; step /= 2) {
        if (known + step < left && positions[known + step] - positions[0] == known + step) {
            known += step;
        }
    }
    return known + 1;
}

static enum tarn_status done(const struct job *job, struct tarn_vector *vector, struct tarn_vector **out)
{
    *out = vector;
    return vector != NULL ? TARN_OK : tarn__nomem(job->env, job->err, 0);
}

/* NULL: no memory. */
static struct tarn_buffer *gather_bits(const struct job *job, const uint8_t *bits)
{
    if (!job->dense) {
        return tarn__bitmap_gather(job->env, bits, job->positions, job->count);
    }
    struct tarn_buffer *out = tarn__buffer_new_zeroed(job->env, tarn__bits_bytes(job->count));
    for (uint32_t i = 0, n = 0; out != NULL && i < job->count; i += n) {
        n = stretch_at(job, i);
        tarn__bitmap_append(out->data, i, bits, job->positions[i], n);
    }
    return out;
}

/* False: no memory. */
static bool gather_validity(const struct job *job, struct tarn_buffer **validity)
{
    *validity = NULL;
    if (job->vector->validity == NULL && !job->has_nulls) {
        return true;
    }
    *validity = gather_bits(job, job->vector->validity);
    return *validity != NULL;
}

#define GATHER(name, type)                                                                                                                 \
    static void name(type *restrict to, const type *restrict from, const uint32_t *restrict positions, uint32_t count, bool has_nulls)     \
    {                                                                                                                                      \
        if (!has_nulls) {                                                                                                                  \
            for (uint32_t i = 0; i < count; i++) {                                                                                         \
                to[i] = from[positions[i]];                                                                                                \
            }                                                                                                                              \
            return;                                                                                                                        \
        }                                                                                                                                  \
        for (uint32_t i = 0; i < count; i++) {                                                                                             \
            to[i] = positions[i] != TARN_GATHER_NULL ? from[positions[i]] : 0;                                                             \
        }                                                                                                                                  \
    }

GATHER(gather8, uint8_t)
GATHER(gather16, uint16_t)
GATHER(gather32, uint32_t)
GATHER(gather64, uint64_t)

static void gather_bytes(uint8_t *to, const uint8_t *from, size_t width, const uint32_t *positions, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++, to += width) {
        if (positions[i] != TARN_GATHER_NULL) {
            memcpy(to, from + positions[i] * width, width);
        } else {
            memset(to, 0, width);
        }
    }
}

static void gather_stretches(uint8_t *to, const uint8_t *from, size_t width, const struct job *job)
{
    for (uint32_t i = 0, n = 0; i < job->count; i += n) {
        n = stretch_at(job, i);
        memcpy(to + i * width, from + job->positions[i] * width, n * width);
    }
}

static void gather_fixed(uint8_t *to, const void *from, size_t width, const struct job *job)
{
    if (job->dense && width != 0) {
        gather_stretches(to, from, width, job);
        return;
    }
    switch (width) {
    case 0:
        break;
    case 1:
        gather8(to, from, job->positions, job->count, job->has_nulls);
        break;
    case 2:
        gather16((void *)to, from, job->positions, job->count, job->has_nulls);
        break;
    case 4:
        gather32((void *)to, from, job->positions, job->count, job->has_nulls);
        break;
    case 8:
        gather64((void *)to, from, job->positions, job->count, job->has_nulls);
        break;
    default:
        gather_bytes(to, from, width, job->positions, job->count);
        break;
    }
}

static struct tarn_buffer *gather_values(const struct job *job, size_t width)
{
    size_t size;
    struct tarn_buffer *values = tarn__mul((size_t)job->count, width, &size) ? tarn__buffer_new(job->env, size) : NULL;
    if (values != NULL) {
        gather_fixed(values->data, job->vector->u.values, width, job);
    }
    return values;
}

static enum tarn_status gather_flat(const struct job *job, struct tarn_buffer *validity, struct tarn_vector **out)
{
    const struct tarn_vector *vector = job->vector;
    struct tarn_buffer *values = tarn_type_kind(vector->type) == TARN_KIND_BOOL ? gather_bits(job, vector->u.values)
                                                                                : gather_values(job, tarn_type_width(vector->type));
    return done(job, tarn__vector_flat(job->env, vector->type, job->count, values, validity), out);
}

/* Strings of 32-bit offsets, by stretches. They are a part of what there is, so they fit. */
static void gather_narrow_stretches(const struct job *job, struct tarn_buffer *offsets, struct tarn_buffer **bytes)
{
    const uint32_t *from = job->vector->u.offsets;
    uint32_t *ends = (uint32_t *)(void *)offsets->data;
    uint32_t total = 0;
    for (uint32_t i = 0, n = 0; i < job->count; i += n) {
        n = stretch_at(job, i);
        const uint32_t *restrict begin = from + job->positions[i];
        const uint32_t less = begin[0] - total; /* wraps, and back */
        for (uint32_t k = 0; k < n; k++) {
            ends[i + k] = begin[k] - less;
        }
        total += begin[n] - begin[0];
    }
    ends[job->count] = total;
    *bytes = tarn__buffer_new(job->env, total);
    for (uint32_t i = 0, n = 0; *bytes != NULL && i < job->count; i += n) {
        n = stretch_at(job, i);
        const uint32_t size = ends[i + n] - ends[i];
        if (size != 0) {
            memcpy((*bytes)->data + ends[i], job->vector->bytes + from[job->positions[i]], size);
        }
    }
}

/* The usual strings: 32-bit offsets at both ends, no nulls among the positions. False: there are more than 4 GiB. */
static bool gather_narrow(const struct job *job, struct tarn_buffer *offsets, struct tarn_buffer **bytes)
{
    const uint32_t *from = job->vector->u.offsets;
    const uint32_t *restrict positions = job->positions;
    uint32_t *restrict ends = (uint32_t *)(void *)offsets->data;
    uint64_t total = 0;
    for (uint32_t i = 0; i < job->count; i++) {
        ends[i] = (uint32_t)total;
        total += from[positions[i] + 1] - from[positions[i]];
    }
    if (total > UINT32_MAX) {
        return false;
    }
    ends[job->count] = (uint32_t)total;
    *bytes = tarn__buffer_new(job->env, (size_t)total);
    const uint32_t there = job->vector->length != 0 ? from[job->vector->length] : 0; /* up to here bytes are known to be */
    for (uint32_t i = 0; i < job->count && *bytes != NULL; i++) {
        const uint32_t begin = from[positions[i]];
        const struct tarn_text text = {(const char *)job->vector->bytes + begin, from[positions[i] + 1] - begin};
        tarn__copy_text((*bytes)->data + ends[i], total - ends[i], text, there - begin);
    }
    return true;
}

static enum tarn_status gather_strings(const struct job *job, struct tarn_buffer *validity, struct tarn_vector **out)
{
    const struct tarn_vector *vector = job->vector;
    if (!job->has_nulls && !vector->wide_offsets) {
        struct tarn_buffer *narrow = tarn__buffer_new(job->env, ((size_t)job->count + 1) * sizeof(uint32_t));
        struct tarn_buffer *texts = NULL;
        if (narrow != NULL && job->dense) {
            gather_narrow_stretches(job, narrow, &texts);
            return done(job, tarn__vector_strings(job->env, vector->type, job->count, narrow, false, texts, validity), out);
        }
        if (narrow == NULL || gather_narrow(job, narrow, &texts)) {
            return done(job, tarn__vector_strings(job->env, vector->type, job->count, narrow, false, texts, validity), out);
        }
        tarn__buffer_release(narrow);
    }
    uint64_t total = 0;
    for (uint32_t i = 0; i < job->count; i++) {
        const uint32_t at = job->positions[i];
        total += at != TARN_GATHER_NULL ? tarn__vector_offset(vector, at + 1) - tarn__vector_offset(vector, at) : 0;
    }
    const bool wide = total > UINT32_MAX;
    struct tarn_buffer *offsets = tarn__buffer_new(job->env, ((size_t)job->count + 1) * (wide ? 8 : 4));
    struct tarn_buffer *bytes = tarn__buffer_new(job->env, total);
    if (offsets != NULL && bytes != NULL) {
        uint32_t *narrow = (uint32_t *)(void *)offsets->data;
        uint64_t *broad = (uint64_t *)(void *)offsets->data;
        uint64_t end = 0;
        for (uint32_t i = 0; i <= job->count; i++) {
            if (wide) {
                broad[i] = end;
            } else {
                narrow[i] = (uint32_t)end;
            }
            if (i == job->count || job->positions[i] == TARN_GATHER_NULL) {
                continue;
            }
            const struct tarn_text text = tarn__vector_leaf_text(vector, job->positions[i]);
            tarn__copy_text(bytes->data + end, total - end, text, text.size);
            end += text.size;
        }
    }
    return done(job, tarn__vector_strings(job->env, vector->type, job->count, offsets, wide, bytes, validity), out);
}

static enum tarn_status gather_views(const struct job *job, struct tarn_buffer *validity, struct tarn_vector **out)
{
    const struct tarn_vector *vector = job->vector;
    struct tarn_buffer *views = gather_values(job, sizeof(struct tarn_string_view));
    for (uint32_t i = 0; i < vector->view_buffer_count; i++) {
        tarn__buffer_retain(vector->view_buffers[i]);
    }
    return done(
        job, tarn__vector_views(job->env, vector->type, job->count, views, vector->view_buffer_count, vector->view_buffers, validity), out);
}

static enum tarn_status gather_codes(const struct job *job, struct tarn_buffer *validity, struct tarn_vector **out)
{
    const struct tarn_vector *vector = job->vector;
    struct tarn_buffer *codes = gather_values(job, sizeof(uint32_t));
    return done(job,
                tarn__vector_dictionary(job->env, vector->type, job->count, codes, tarn__dictionary_retain(vector->dictionary), validity),
                out);
}

/* Row 0 of the child where a position is given. */
static enum tarn_status gather_constant(const struct job *job, struct tarn_vector **out)
{
    const struct tarn_vector *vector = job->vector;
    if (!job->has_nulls) {
        return done(job, tarn__vector_constant(job->env, vector->type, job->count, tarn_vector_retain(vector->children[0])), out);
    }
    uint32_t *rows = tarn__calloc(job->env, job->count, sizeof(*rows));
    if (rows == NULL) {
        return done(job, NULL, out);
    }
    for (uint32_t i = 0; i < job->count; i++) {
        rows[i] = job->positions[i] == TARN_GATHER_NULL ? TARN_GATHER_NULL : 0;
    }
    const enum tarn_status status = tarn__vector_gather(vector->children[0], rows, job->count, out, job->err);
    tarn__free(job->env, rows);
    return status;
}

static bool ascend(const struct job *job)
{
    if (job->ascends) {
        return true;
    }
    for (uint32_t i = 1; i < job->count; i++) {
        if (job->positions[i - 1] > job->positions[i]) {
            return false;
        }
    }
    return !job->has_nulls;
}

static enum tarn_status gather_runs(const struct job *job, struct tarn_vector **out)
{
    const struct tarn_vector *vector = job->vector;
    uint32_t *rows = tarn__alloc(job->env, (size_t)job->count * sizeof(*rows));
    if (rows == NULL) {
        return done(job, NULL, out);
    }
    enum tarn_status status;
    if (!ascend(job)) {
        for (uint32_t i = 0; i < job->count; i++) {
            rows[i] = job->positions[i] == TARN_GATHER_NULL ? TARN_GATHER_NULL : tarn__vector_run(vector, job->positions[i]);
        }
        status = tarn__vector_gather(vector->children[0], rows, job->count, out, job->err);
        tarn__free(job->env, rows);
        return status;
    }
    struct tarn_buffer *ends = tarn__buffer_new(job->env, (size_t)job->count * sizeof(uint32_t));
    uint32_t runs = 0;
    uint32_t run = 0;
    for (uint32_t i = 0; i < job->count && ends != NULL; i++) {
        while (vector->u.ends[run] <= job->positions[i]) {
            run++;
        }
        if (runs == 0 || rows[runs - 1] != run) {
            rows[runs++] = run;
        }
        ((uint32_t *)(void *)ends->data)[runs - 1] = i + 1;
    }
    struct tarn_vector *child = NULL;
    status = ends != NULL ? tarn__vector_gather(vector->children[0], rows, runs, &child, job->err) : tarn__nomem(job->env, job->err, 0);
    tarn__free(job->env, rows);
    if (status != TARN_OK) {
        tarn__buffer_release(ends);
        return status;
    }
    return done(job, tarn__vector_runs(job->env, vector->type, job->count, runs, ends, child), out);
}

/* The elements of the lists at the positions, one list after the other. */
static enum tarn_status element_positions(const struct job *job, uint32_t **out, uint32_t *count)
{
    const struct tarn_vector *vector = job->vector;
    uint64_t total = 0;
    for (uint32_t i = 0; i < job->count; i++) {
        const uint32_t at = job->positions[i];
        total += at != TARN_GATHER_NULL ? tarn__vector_offset(vector, at + 1) - tarn__vector_offset(vector, at) : 0;
    }
    if (total >= UINT32_MAX) {
        return tarn__error_set(job->err, TARN_LIMIT, "vector_length", "the lists of one batch hold %llu elements: use smaller batches",
                               (unsigned long long)total);
    }
    uint32_t *elements = tarn__alloc(job->env, total * sizeof(*elements));
    if (elements == NULL) {
        return tarn__nomem(job->env, job->err, total * sizeof(*elements));
    }
    uint32_t at = 0;
    for (uint32_t i = 0; i < job->count; i++) {
        if (job->positions[i] != TARN_GATHER_NULL) {
            const uint64_t end = tarn__vector_offset(vector, job->positions[i] + 1);
            for (uint64_t k = tarn__vector_offset(vector, job->positions[i]); k < end; k++) {
                elements[at++] = (uint32_t)k;
            }
        }
    }
    *out = elements;
    *count = at;
    return TARN_OK;
}

static struct tarn_buffer *list_offsets(const struct job *job)
{
    const struct tarn_vector *vector = job->vector;
    struct tarn_buffer *offsets = tarn__buffer_new(job->env, ((size_t)job->count + 1) * sizeof(uint32_t));
    if (offsets != NULL) {
        uint32_t *ends = (uint32_t *)(void *)offsets->data;
        uint32_t end = 0;
        for (uint32_t i = 0; i < job->count; i++) {
            const uint32_t at = job->positions[i];
            ends[i] = end;
            end += at != TARN_GATHER_NULL ? (uint32_t)(tarn__vector_offset(vector, at + 1) - tarn__vector_offset(vector, at)) : 0;
        }
        ends[job->count] = end;
    }
    return offsets;
}

/* The children at the positions as an array that the caller frees; all are made or none. */
static enum tarn_status gather_children(const struct job *job, const uint32_t *positions, uint32_t count, struct tarn_vector ***out)
{
    const struct tarn_vector *vector = job->vector;
    struct tarn_vector **children = tarn__calloc(job->env, (size_t)vector->child_count + 1, sizeof(struct tarn_vector *));
    enum tarn_status status = children != NULL ? TARN_OK : tarn__nomem(job->env, job->err, 0);
    uint32_t made = 0;
    while (status == TARN_OK && made < vector->child_count) {
        status = job->ascends ? tarn__vector_gather_ascending(vector->children[made], positions, count, &children[made], job->err)
                              : tarn__vector_gather(vector->children[made], positions, count, &children[made], job->err);
        made += status == TARN_OK;
    }
    if (status != TARN_OK) {
        for (uint32_t i = 0; i < made; i++) {
            tarn_vector_release(children[i]);
        }
        tarn__free(job->env, children);
        children = NULL;
    }
    *out = children;
    return status;
}

static enum tarn_status gather_nested(const struct job *job, struct tarn_buffer *validity, struct tarn_vector **out)
{
    const struct tarn_vector *vector = job->vector;
    const bool list = vector->shape == TARN_SHAPE_LIST;
    const uint32_t *rows = job->positions;
    uint32_t row_count = job->count;
    uint32_t *elements = NULL;
    struct tarn_vector **children = NULL;
    enum tarn_status status = list ? element_positions(job, &elements, &row_count) : TARN_OK;
    if (status == TARN_OK) {
        status = gather_children(job, list ? elements : rows, row_count, &children);
    }
    tarn__free(job->env, elements);
    if (status != TARN_OK) {
        tarn__buffer_release(validity);
        return status;
    }
    struct tarn_vector *made =
        list ? tarn__vector_list(job->env, vector->type, job->count, list_offsets(job), false, vector->child_count, children, validity)
             : tarn__vector_struct(job->env, vector->type, job->count, vector->child_count, children, validity);
    tarn__free(job->env, children);
    return done(job, made, out);
}

static enum tarn_status gather(struct job job, struct tarn_vector **out)
{
    const struct tarn_vector *vector = job.vector;
    const uint32_t count = job.count;
    struct tarn_buffer *validity;
    *out = NULL;
    switch (vector->shape) {
    case TARN_SHAPE_NULLS:
        return done(&job, tarn__vector_nulls(job.env, vector->type, count), out);
    case TARN_SHAPE_CONSTANT:
        return gather_constant(&job, out);
    case TARN_SHAPE_RUNS:
        return gather_runs(&job, out);
    default:
        break;
    }
    if (!gather_validity(&job, &validity)) {
        return done(&job, NULL, out);
    }
    switch (vector->shape) {
    case TARN_SHAPE_FLAT:
        return gather_flat(&job, validity, out);
    case TARN_SHAPE_STRINGS:
        return gather_strings(&job, validity, out);
    case TARN_SHAPE_VIEWS:
        return gather_views(&job, validity, out);
    case TARN_SHAPE_DICTIONARY:
        return gather_codes(&job, validity, out);
    default:
        return gather_nested(&job, validity, out);
    }
}

enum tarn_status tarn__vector_gather(const struct tarn_vector *vector, const uint32_t *positions, uint32_t count, struct tarn_vector **out,
                                     struct tarn_error *err)
{
    struct job job = {.env = tarn__vector_env(vector), .vector = vector, .positions = positions, .count = count, .err = err};
    for (uint32_t i = 0; i < count; i++) {
        job.has_nulls |= positions[i] == TARN_GATHER_NULL;
    }
    return gather(job, out);
}

enum tarn_status tarn__vector_gather_ascending(const struct tarn_vector *vector, const uint32_t *positions, uint32_t count,
                                               struct tarn_vector **out, struct tarn_error *err)
{
    const struct job job = {
        .env = tarn__vector_env(vector),
        .vector = vector,
        .positions = positions,
        .count = count,
        .ascends = true,
        .dense = is_dense(positions, count),
        .err = err,
    };
    return gather(job, out);
}

enum tarn_status tarn__vector_select(struct tarn_vector *vector, const struct tarn_selection *selection, struct tarn_vector **out,
                                     struct tarn_error *err)
{
    if (selection == NULL || selection->count == vector->length) {
        *out = tarn_vector_retain(vector);
        return TARN_OK;
    }
    if (selection->kind == TARN_SELECT_POSITIONS) {
        return tarn__vector_gather_ascending(vector, selection->u.positions, selection->count, out, err);
    }
    struct tarn_env *env = tarn__vector_env(vector);
    uint32_t *room = tarn__alloc(env, tarn__selection_bytes(selection->count));
    *out = NULL;
    if (room == NULL) {
        return tarn__nomem(env, err, tarn__selection_bytes(selection->count));
    }
    const enum tarn_status status =
        tarn__vector_gather_ascending(vector, tarn__selection_positions(selection, room), selection->count, out, err);
    tarn__free(env, room);
    return status;
}

enum tarn_status tarn__batch_compact(struct tarn_env *env, struct tarn_batch *batch, struct tarn_batch **out, struct tarn_error *err)
{
    *out = NULL;
    if (batch->selection.count == batch->length) {
        *out = tarn_batch_retain(batch);
        return TARN_OK;
    }
    struct tarn_vector **columns = tarn__calloc(env, (size_t)batch->column_count + 1, sizeof(struct tarn_vector *));
    if (columns == NULL) {
        return tarn__nomem(env, err, 0);
    }
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; i < batch->column_count && status == TARN_OK; i++) {
        status = tarn__vector_select(batch->columns[i], &batch->selection, &columns[i], err);
    }
    if (status == TARN_OK) {
        status = tarn_batch_make(env, batch->schema, batch->selection.count, columns, out, err);
    }
    for (uint32_t i = 0; i < batch->column_count; i++) {
        tarn_vector_release(columns[i]);
    }
    tarn__free(env, columns);
    return status;
}
