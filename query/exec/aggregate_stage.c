/* SPDX-License-Identifier: Apache-2.0
 *
 * GROUP BY, aggregates without it, and DISTINCT (groups without aggregates): each task into a table of its own, the tables merged in the
 * order of tasks. Groups come out in the order in which their first row came in. SPEC: Q-AGG-7.
 */
#include "query/exec/aggregate_state.h"

struct partial {
    struct tarn__group_table table;
    bool has_table;
    struct tarn__aggregate_states *states;
    uint32_t made; /* states that are initialised */
    uint32_t *groups;
    size_t capacity;
};

struct aggregate_stream {
    struct tarn__stream stream;
    struct tarn__stage *stage;
    struct partial *total;
    struct tarn__chunk result;
    bool done;
    uint32_t given;
};

static void partial_free(struct tarn_env *env, struct partial *partial)
{
    if (partial == NULL) {
        return;
    }
    if (partial->has_table) {
        tarn__group_table_free(&partial->table);
    }
    for (uint32_t i = 0; i < partial->made; i++) {
        tarn__states_free(&partial->states[i]);
    }
    tarn__free(env, partial->states);
    tarn__free(env, partial->groups);
    tarn__free(env, partial);
}

static enum tarn_status partial_make(struct tarn_env *env, const struct tarn__plan *plan, struct partial **out, struct tarn_error *err)
{
    struct partial *partial = tarn__calloc(env, 1, sizeof(*partial));
    enum tarn_status status = TARN_OK;
    *out = partial;
    if (partial == NULL) {
        return tarn__nomem(env, err, sizeof(*partial));
    }
    partial->states = tarn__calloc(env, plan->aggregate_count + 1u, sizeof(*partial->states));
    status = partial->states == NULL ? tarn__nomem(env, err, 0) : TARN_OK;
    while (status == TARN_OK && partial->made < plan->aggregate_count) {
        status = tarn__states_init(&partial->states[partial->made], env, &plan->aggregates[partial->made], err);
        partial->made += status == TARN_OK;
    }
    if (status == TARN_OK && !plan->scalar) {
        status = tarn__group_table_init(&partial->table, env, plan->key_count, err);
        partial->has_table = status == TARN_OK;
    }
    for (uint32_t i = 0; status == TARN_OK && plan->scalar && i < partial->made; i++) {
        status = tarn__states_grow(&partial->states[i], 1, err);
    }
    if (status != TARN_OK) {
        partial_free(env, partial);
        *out = NULL;
    }
    return status;
}

static enum tarn_status number_rows(struct partial *partial, struct tarn_env *env, struct tarn_vector *const *keys, uint32_t rows,
                                    struct tarn_error *err)
{
    if (!tarn__grow(env, &partial->groups, &partial->capacity, (size_t)rows + 1, sizeof(uint32_t))) {
        return tarn__nomem(env, err, 0);
    }
    if (!partial->has_table) {
        memset(partial->groups, 0, ((size_t)rows + 1) * sizeof(uint32_t));
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__group_table_add(&partial->table, keys, rows, partial->groups, err));
    for (uint32_t i = 0; i < partial->made; i++) {
        TARN_RETURN_IF_ERROR(tarn__states_grow(&partial->states[i], partial->table.group_count, err));
    }
    return TARN_OK;
}

static enum tarn_status take_chunk(struct partial *partial, const struct tarn__stage *stage, const struct tarn__chunk *chunk,
                                   struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(number_rows(partial, stage->env, chunk->columns, chunk->rows, err));
    for (uint32_t i = 0; i < partial->made; i++) {
        const struct tarn__plan_aggregate *aggregate = &stage->plan->aggregates[i];
        const struct tarn_vector *arg = aggregate->arg >= 0 ? chunk->columns[aggregate->arg] : NULL;
        const struct tarn_vector *filter = aggregate->filter >= 0 ? chunk->columns[aggregate->filter] : NULL;
        TARN_RETURN_IF_ERROR(tarn__states_update(&partial->states[i], arg, filter, chunk->rows, partial->groups, err));
    }
    return TARN_OK;
}

/* ---- the fold ---- */

static enum tarn_status fold_task(void *ctx, uint32_t task, void **out, struct tarn_error *err)
{
    struct aggregate_stream *s = ctx;
    struct tarn__stage *input = s->stage->input;
    struct tarn__stream *stream = NULL;
    struct partial *partial;
    enum tarn_status status = partial_make(s->stage->env, s->stage->plan, &partial, err);
    *out = partial;
    status = status == TARN_OK ? input->ops->open(input, task, &stream, err) : status;
    while (status == TARN_OK) {
        struct tarn__chunk chunk;
        status = stream->ops->next(stream, &chunk, err);
        if (status != TARN_OK || chunk.rows == 0) {
            break;
        }
        status = take_chunk(partial, s->stage, &chunk, err);
        tarn__chunk_free(&chunk, s->stage->env);
    }
    tarn__stream_close(stream);
    return status;
}

/* Groups of a task in the numbers of the total. */
static enum tarn_status map_groups(struct aggregate_stream *s, struct partial *partial, uint32_t **out, struct tarn_error *err)
{
    struct tarn_env *env = s->stage->env;
    uint32_t *map = tarn__calloc(env, (size_t)(partial->has_table ? partial->table.group_count : 1) + 1, sizeof(uint32_t));
    size_t done = 0;
    *out = map;
    if (map == NULL) {
        return tarn__nomem(env, err, 0);
    }
    for (size_t i = 0; partial->has_table && i < partial->table.keys.count; i++) { /* chunk after chunk: in the order of numbers */
        const struct tarn__chunk *keys = &partial->table.keys.items[i];
        TARN_RETURN_IF_ERROR(number_rows(s->total, env, keys->columns, keys->rows, err));
        memcpy(map + done, s->total->groups, keys->rows * sizeof(uint32_t));
        done += keys->rows;
    }
    return TARN_OK;
}

static enum tarn_status fold_merge(void *ctx, void *later, struct tarn_error *err)
{
    struct aggregate_stream *s = ctx;
    struct partial *partial = later;
    uint32_t *map;
    enum tarn_status status = map_groups(s, partial, &map, err);
    for (uint32_t i = 0; status == TARN_OK && i < partial->made; i++) {
        status = tarn__states_merge(&s->total->states[i], &partial->states[i], map, err);
    }
    tarn__free(s->stage->env, map);
    return status;
}

static void fold_drop(void *ctx, void *partial)
{
    partial_free(((struct aggregate_stream *)ctx)->stage->env, partial);
}

static enum tarn_status finish(struct aggregate_stream *s, struct tarn_error *err)
{
    const struct tarn__plan *plan = s->stage->plan;
    struct tarn_env *env = s->stage->env;
    struct tarn__chunk keys = {0, 0, NULL};
    const uint32_t groups = plan->scalar ? 1 : s->total->table.group_count;
    TARN_RETURN_IF_ERROR(tarn__chunk_init(&s->result, env, groups, plan->column_count, err));
    if (!plan->scalar) {
        TARN_RETURN_IF_ERROR(tarn__chunks_concat(&s->total->table.keys, env, plan->key_count, plan->columns, &keys, err));
        for (uint32_t i = 0; i < plan->key_count; i++) {
            s->result.columns[i] = tarn_vector_retain(keys.columns[i]);
        }
        tarn__chunk_free(&keys, env);
    }
    for (uint32_t i = 0; i < plan->aggregate_count; i++) {
        TARN_RETURN_IF_ERROR(tarn__states_finish(&s->total->states[i], &s->result.columns[plan->key_count + i], err));
    }
    return TARN_OK;
}

static enum tarn_status aggregate_next(struct tarn__stream *stream, struct tarn__chunk *out, struct tarn_error *err)
{
    static const struct tarn__fold_ops ops = {fold_task, fold_merge, fold_drop};
    struct aggregate_stream *s = (struct aggregate_stream *)stream;
    struct tarn__stage *input = s->stage->input;
    *out = (struct tarn__chunk){0, 0, NULL};
    if (!s->done) {
        s->done = true;
        TARN_RETURN_IF_ERROR(partial_make(s->stage->env, s->stage->plan, &s->total, err));
        TARN_RETURN_IF_ERROR(tarn__fold_tasks(s->stage->env, input->ops->task_count(input), &ops, s, err));
        TARN_RETURN_IF_ERROR(finish(s, err));
        partial_free(s->stage->env, s->total);
        s->total = NULL;
    }
    const uint32_t left = s->result.rows - s->given;
    const uint32_t count = left < TARN_BATCH_ROWS ? left : TARN_BATCH_ROWS;
    if (count == 0) {
        return TARN_OK;
    }
    s->given += count;
    return tarn__chunk_slice(&s->result, s->stage->env, s->given - count, count, out, err);
}

static void aggregate_close(struct tarn__stream *stream)
{
    struct aggregate_stream *s = (struct aggregate_stream *)stream;
    struct tarn_env *env = s->stage->env;
    partial_free(env, s->total);
    tarn__chunk_free(&s->result, env);
    tarn__free(env, s);
}

static enum tarn_status aggregate_open(struct tarn__stage *stage, uint32_t task, struct tarn__stream **out, struct tarn_error *err)
{
    static const struct tarn__stream_ops ops = {aggregate_next, aggregate_close};
    struct aggregate_stream *s = tarn__calloc(stage->env, 1, sizeof(*s));
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

enum tarn_status tarn__aggregate_stage_open(struct tarn_env *env, const struct tarn__plan *plan, struct tarn__stage *input,
                                            struct tarn__stage **out, struct tarn_error *err)
{
    static const struct tarn__stage_ops ops = {tarn__stage_one_task, aggregate_open, stage_close};
    *out = tarn__calloc(env, 1, sizeof(**out));
    if (*out == NULL) {
        return tarn__nomem(env, err, sizeof(**out));
    }
    **out = (struct tarn__stage){&ops, env, plan, input};
    return TARN_OK;
}
