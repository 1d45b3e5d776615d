/* SPDX-License-Identifier: Apache-2.0
 *
 * ORDER BY, and the top rows of it. Stable: equal rows keep the order of the input. SPEC: Q-SORT-1, Q-SORT-2.
 *
 * Invariants
 *  1. Rows are kept in the order they came; positions are sorted, not rows.
 *  2. With a limit never more than KEEP_FACTOR times the wanted rows (and KEEP_ROWS) are held: then all but the best are dropped, and rows
 *     that come behind the last of these are not taken in any more.
 */
#include "format/batch/compare.h"
#include "query/exec/stage.h"

enum { KEEP_ROWS = 32768, KEEP_FACTOR = 4, OUT_ROWS = TARN_BATCH_ROWS };

struct sort_stream {
    struct tarn__stream stream;
    struct tarn__stage *stage;
    struct tarn__chunks chunks;
    struct tarn__chunk sorted;
    bool done;
    bool has_bound; /* sorted.rows - 1 is the worst row that is still wanted */
    uint32_t given;
};

static int compare_rows(const struct tarn__plan *plan, const struct tarn__chunk *a, uint32_t i, const struct tarn__chunk *b, uint32_t k)
{
    for (uint32_t n = 0; n < plan->sort_count; n++) {
        const struct tarn__sort_key *key = &plan->sorts[n];
        const struct tarn_vector *x = a->columns[key->column];
        const struct tarn_vector *y = b->columns[key->column];
        const bool x_null = tarn_vector_is_null(x, i);
        const bool y_null = tarn_vector_is_null(y, k);
        if (x_null || y_null) {
            if (x_null != y_null) {
                return x_null == key->nulls_first ? -1 : 1;
            }
            continue;
        }
        const int order = tarn__vector_compare(x, i, y, k);
        if (order != 0) {
            return key->descending ? -order : order;
        }
    }
    return 0;
}

/* Merge sort of positions: stable, and the number of comparisons is bounded whatever the rows. */
static void sort_positions(const struct tarn__plan *plan, const struct tarn__chunk *rows, uint32_t *positions, uint32_t *room,
                           uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        positions[i] = i;
    }
    uint32_t *from = positions;
    uint32_t *to = room;
    for (uint64_t width = 1; width < count; width *= 2) {
        for (uint64_t begin = 0; begin < count; begin += 2 * width) {
            const uint64_t middle = begin + width < count ? begin + width : count;
            const uint64_t end = begin + 2 * width < count ? begin + 2 * width : count;
            uint64_t a = begin;
            uint64_t b = middle;
            for (uint64_t k = begin; k < end; k++) {
                const bool left = a < middle && (b >= end || compare_rows(plan, rows, from[a], rows, from[b]) <= 0);
                to[k] = left ? from[a++] : from[b++];
            }
        }
        uint32_t *other = from;
        from = to;
        to = other;
    }
    if (from != positions && count != 0) {
        memcpy(positions, from, (size_t)count * sizeof(uint32_t));
    }
}

/* What is held, sorted, in s->sorted; cut to the limit. */
static enum tarn_status sort_held(struct sort_stream *s, struct tarn_error *err)
{
    const struct tarn__plan *plan = s->stage->plan;
    struct tarn_env *env = s->stage->env;
    struct tarn__chunk whole;
    TARN_RETURN_IF_ERROR(tarn__chunks_concat(&s->chunks, env, plan->column_count, plan->columns, &whole, err));
    tarn__chunks_free(&s->chunks, env);
    const uint32_t count = whole.rows;
    uint32_t *positions = tarn__alloc(env, ((size_t)count + 1) * sizeof(uint32_t));
    uint32_t *room = tarn__alloc(env, ((size_t)count + 1) * sizeof(uint32_t));
    enum tarn_status status = positions == NULL || room == NULL ? tarn__nomem(env, err, 0) : TARN_OK;
    if (status == TARN_OK) {
        sort_positions(plan, &whole, positions, room, count);
        tarn__chunk_free(&s->sorted, env);
        status = tarn__chunk_gather(&whole, env, positions, plan->limit < count ? (uint32_t)plan->limit : count, &s->sorted, err);
    }
    tarn__free(env, positions);
    tarn__free(env, room);
    tarn__chunk_free(&whole, env);
    return status;
}

/* Drops the rows of a chunk that cannot be among the wanted ones any more. */
static enum tarn_status drop_late(struct sort_stream *s, struct tarn__chunk *chunk, struct tarn_error *err)
{
    struct tarn_env *env = s->stage->env;
    struct tarn__chunk kept;
    uint32_t count = 0;
    if (!s->has_bound) {
        return TARN_OK;
    }
    uint32_t *positions = tarn__alloc(env, ((size_t)chunk->rows + 1) * sizeof(uint32_t));
    if (positions == NULL) {
        return tarn__nomem(env, err, 0);
    }
    const struct tarn__chunk *best = &s->chunks.items[0]; /* what the last cut left, in order */
    for (uint32_t i = 0; i < chunk->rows; i++) {
        if (compare_rows(s->stage->plan, chunk, i, best, best->rows - 1) < 0) {
            positions[count++] = i;
        }
    }
    enum tarn_status status = TARN_OK;
    if (count != chunk->rows) {
        status = tarn__chunk_gather(chunk, env, positions, count, &kept, err);
        if (status == TARN_OK) {
            tarn__chunk_free(chunk, env);
            *chunk = kept;
        }
    }
    tarn__free(env, positions);
    return status;
}

static enum tarn_status cut(struct sort_stream *s, struct tarn_error *err)
{
    const struct tarn__plan *plan = s->stage->plan;
    if (plan->limit == 0 || plan->limit > INT32_MAX / KEEP_FACTOR || s->chunks.rows < KEEP_ROWS ||
        s->chunks.rows < plan->limit * KEEP_FACTOR) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(sort_held(s, err));
    struct tarn__chunk best = s->sorted;
    s->sorted = (struct tarn__chunk){0, 0, NULL};
    s->has_bound = best.rows == plan->limit;
    return tarn__chunks_add(&s->chunks, s->stage->env, &best, err);
}

static enum tarn_status take_all(struct sort_stream *s, struct tarn__stream *input, struct tarn_error *err)
{
    for (;;) {
        struct tarn__chunk chunk;
        TARN_RETURN_IF_ERROR(input->ops->next(input, &chunk, err));
        if (chunk.rows == 0) {
            return TARN_OK;
        }
        const enum tarn_status status = drop_late(s, &chunk, err);
        if (status != TARN_OK || chunk.rows == 0) {
            tarn__chunk_free(&chunk, s->stage->env);
            TARN_RETURN_IF_ERROR(status);
            continue;
        }
        TARN_RETURN_IF_ERROR(tarn__chunks_add(&s->chunks, s->stage->env, &chunk, err));
        TARN_RETURN_IF_ERROR(cut(s, err));
    }
}

static enum tarn_status sort_next(struct tarn__stream *stream, struct tarn__chunk *out, struct tarn_error *err)
{
    struct sort_stream *s = (struct sort_stream *)stream;
    *out = (struct tarn__chunk){0, 0, NULL};
    if (!s->done) {
        struct tarn__stream *input;
        s->done = true;
        TARN_RETURN_IF_ERROR(tarn__stage_gather(s->stage->input, false, &input, err));
        enum tarn_status status = take_all(s, input, err);
        tarn__stream_close(input);
        TARN_RETURN_IF_ERROR(status);
        TARN_RETURN_IF_ERROR(sort_held(s, err));
    }
    const uint32_t left = s->sorted.rows - s->given;
    const uint32_t count = left < OUT_ROWS ? left : OUT_ROWS;
    if (count == 0) {
        return TARN_OK;
    }
    s->given += count;
    return tarn__chunk_slice(&s->sorted, s->stage->env, s->given - count, count, out, err);
}

static void sort_close(struct tarn__stream *stream)
{
    struct sort_stream *s = (struct sort_stream *)stream;
    struct tarn_env *env = s->stage->env;
    tarn__chunks_free(&s->chunks, env);
    tarn__chunk_free(&s->sorted, env);
    tarn__free(env, s);
}

static enum tarn_status sort_open(struct tarn__stage *stage, uint32_t task, struct tarn__stream **out, struct tarn_error *err)
{
    static const struct tarn__stream_ops ops = {sort_next, sort_close};
    struct sort_stream *s = tarn__calloc(stage->env, 1, sizeof(*s));
    (void)task;
    *out = NULL;
    if (s == NULL) {
        return tarn__nomem(stage->env, err, sizeof(*s));
    }
    s->stream.ops = &ops;
    s->stage = stage;
    *out = &s->stream;
    return TARN_OK;
}

static void stage_close(struct tarn__stage *stage)
{
    tarn__free(stage->env, stage);
}

enum tarn_status tarn__sort_stage_open(struct tarn_env *env, const struct tarn__plan *plan, struct tarn__stage *input,
                                       struct tarn__stage **out, struct tarn_error *err)
{
    static const struct tarn__stage_ops ops = {tarn__stage_one_task, sort_open, stage_close};
    *out = tarn__calloc(env, 1, sizeof(**out));
    if (*out == NULL) {
        return tarn__nomem(env, err, sizeof(**out));
    }
    **out = (struct tarn__stage){&ops, env, plan, input};
    return TARN_OK;
}
