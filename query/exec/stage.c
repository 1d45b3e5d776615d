/* SPDX-License-Identifier: Apache-2.0
 *
 * Stages: made from plans, gathered into one stream, folded task by task.
 *
 * Invariant: the order of rows and of merging is that of tasks, however many threads there are.
 */
#include "query/exec/stage.h"

enum { WAVE_TASKS_PER_THREAD = 2 };

enum tarn_status tarn__stage_open(struct tarn__run *run, const struct tarn__plan *plan, struct tarn__stage **out, struct tarn_error *err)
{
    struct tarn__stage *input = NULL;
    enum tarn_status status = TARN_OK;
    *out = NULL;
    if (plan->kind == TARN__PLAN_SCAN) {
        return tarn__scan_stage_open(run, plan, out, err);
    }
    if (plan->kind == TARN__PLAN_VALUES) {
        return tarn__values_stage_open(run->env, plan, out, err);
    }
    TARN_RETURN_IF_ERROR(tarn__stage_open(run, plan->input, &input, err));
    switch (plan->kind) {
    case TARN__PLAN_FILTER:
    case TARN__PLAN_PROJECT:
        status = tarn__map_stage_open(run->env, plan, input, out, err);
        break;
    case TARN__PLAN_AGGREGATE:
        status = tarn__aggregate_stage_open(run->env, plan, input, out, err);
        break;
    case TARN__PLAN_SORT:
        status = tarn__sort_stage_open(run->env, plan, input, out, err);
        break;
    case TARN__PLAN_LIMIT:
        status = tarn__limit_stage_open(run->env, plan, input, out, err);
        break;
    case TARN__PLAN_SCAN:
    case TARN__PLAN_VALUES:
        break;
    }
    if (status != TARN_OK) {
        run->scan = NULL; /* it goes with the input */
        tarn__stage_close(input);
    }
    return status;
}

void tarn__stage_close(struct tarn__stage *stage)
{
    if (stage != NULL) {
        struct tarn__stage *input = stage->input;
        stage->ops->close(stage);
        tarn__stage_close(input);
    }
}

void tarn__stream_close(struct tarn__stream *stream)
{
    if (stream != NULL) {
        stream->ops->close(stream);
    }
}

uint32_t tarn__stage_one_task(struct tarn__stage *stage)
{
    (void)stage;
    return 1;
}

/* ---- folding ---- */

struct wave {
    const struct tarn__fold_ops *ops;
    void *ctx;
    uint32_t first;
    void **partials;
};

static enum tarn_status run_task(void *arg, uint64_t i, uint32_t worker, struct tarn_error *err)
{
    struct wave *wave = arg;
    (void)worker;
    return wave->ops->task(wave->ctx, wave->first + (uint32_t)i, &wave->partials[i], err);
}

enum tarn_status tarn__fold_tasks(struct tarn_env *env, uint32_t task_count, const struct tarn__fold_ops *ops, void *ctx,
                                  struct tarn_error *err)
{
    const uint32_t threads = tarn__concurrency(env);
    const uint32_t width = threads > 1 ? threads * WAVE_TASKS_PER_THREAD : 1;
    struct wave wave = {.ops = ops, .ctx = ctx, .partials = tarn__calloc(env, width, sizeof(void *))};
    enum tarn_status status = wave.partials == NULL ? tarn__nomem(env, err, 0) : TARN_OK;
    for (uint32_t first = 0; status == TARN_OK && first < task_count; first += width) {
        const uint32_t count = task_count - first < width ? task_count - first : width;
        wave.first = first;
        status = tarn__check_cancelled(env, err);
        status = status == TARN_OK ? tarn__parallel_for(env, count, run_task, &wave, err) : status;
        for (uint32_t i = 0; i < count; i++) {
            if (wave.partials[i] != NULL) {
                status = status == TARN_OK ? ops->merge(ctx, wave.partials[i], err) : status;
                ops->drop(ctx, wave.partials[i]);
                wave.partials[i] = NULL;
            }
        }
    }
    tarn__free(env, wave.partials);
    return status;
}

/* ---- all tasks as one stream ---- */

struct gather {
    struct tarn__stream stream;
    struct tarn__stage *stage;
    uint32_t task; /* the next one to open */
    uint32_t task_count;
    bool lazy;
    struct tarn__stream *current; /* one after the other */
    struct tarn__chunks ready;    /* of a wave */
    size_t taken;
};

/* Takes the rows of a whole task. */
static enum tarn_status drain_task(void *ctx, uint32_t task, void **partial, struct tarn_error *err)
{
    struct gather *gather = ctx;
    struct tarn_env *env = gather->stage->env;
    struct tarn__chunks *chunks = tarn__calloc(env, 1, sizeof(*chunks));
    struct tarn__stream *stream = NULL;
    enum tarn_status status;
    *partial = chunks;
    if (chunks == NULL) {
        return tarn__nomem(env, err, sizeof(*chunks));
    }
    status = gather->stage->ops->open(gather->stage, gather->task + task, &stream, err);
    while (status == TARN_OK) {
        struct tarn__chunk chunk;
        status = stream->ops->next(stream, &chunk, err);
        if (status != TARN_OK || chunk.rows == 0) {
            break;
        }
        status = tarn__chunks_add(chunks, env, &chunk, err);
    }
    tarn__stream_close(stream);
    return status;
}

static enum tarn_status append_task(void *ctx, void *partial, struct tarn_error *err)
{
    struct gather *gather = ctx;
    struct tarn__chunks *chunks = partial;
    enum tarn_status status = TARN_OK;
    for (size_t i = 0; i < chunks->count; i++) {
        if (status == TARN_OK) {
            status = tarn__chunks_add(&gather->ready, gather->stage->env, &chunks->items[i], err);
            chunks->items[i] = (struct tarn__chunk){0, 0, NULL};
        }
    }
    return status;
}

static void drop_task(void *ctx, void *partial)
{
    struct gather *gather = ctx;
    tarn__chunks_free(partial, gather->stage->env);
    tarn__free(gather->stage->env, partial);
}

static const struct tarn__fold_ops drain_ops = {drain_task, append_task, drop_task};

static enum tarn_status next_of_wave(struct gather *gather, struct tarn__chunk *out, struct tarn_error *err)
{
    struct tarn_env *env = gather->stage->env;
    while (gather->taken == gather->ready.count) {
        const uint32_t width = tarn__concurrency(env) * WAVE_TASKS_PER_THREAD;
        const uint32_t left = gather->task_count - gather->task;
        tarn__chunks_free(&gather->ready, env);
        gather->ready = (struct tarn__chunks){NULL, 0, 0, 0};
        gather->taken = 0;
        if (left == 0) {
            return TARN_OK;
        }
        const uint32_t count = left < width ? left : width;
        TARN_RETURN_IF_ERROR(tarn__fold_tasks(env, count, &drain_ops, gather, err));
        gather->task += count;
    }
    *out = gather->ready.items[gather->taken];
    gather->ready.items[gather->taken++] = (struct tarn__chunk){0, 0, NULL};
    return TARN_OK;
}

static enum tarn_status gather_next(struct tarn__stream *stream, struct tarn__chunk *out, struct tarn_error *err)
{
    struct gather *gather = (struct gather *)stream;
    *out = (struct tarn__chunk){0, 0, NULL};
    TARN_RETURN_IF_ERROR(tarn__check_cancelled(gather->stage->env, err));
    if (!gather->lazy) {
        return next_of_wave(gather, out, err);
    }
    for (;;) {
        if (gather->current == NULL) {
            if (gather->task == gather->task_count) {
                return TARN_OK;
            }
            TARN_RETURN_IF_ERROR(gather->stage->ops->open(gather->stage, gather->task, &gather->current, err));
            gather->task++;
        }
        TARN_RETURN_IF_ERROR(gather->current->ops->next(gather->current, out, err));
        if (out->rows != 0) {
            return TARN_OK;
        }
        tarn__stream_close(gather->current);
        gather->current = NULL;
    }
}

static void gather_close(struct tarn__stream *stream)
{
    struct gather *gather = (struct gather *)stream;
    struct tarn_env *env = gather->stage->env;
    tarn__stream_close(gather->current);
    tarn__chunks_free(&gather->ready, env);
    tarn__free(env, gather);
}

enum tarn_status tarn__stage_gather(struct tarn__stage *stage, bool lazy, struct tarn__stream **out, struct tarn_error *err)
{
    static const struct tarn__stream_ops ops = {gather_next, gather_close};
    const uint32_t tasks = stage->ops->task_count(stage);
    struct gather *gather = NULL;
    *out = NULL;
    gather = tarn__calloc(stage->env, 1, sizeof(*gather));
    if (gather == NULL) {
        return tarn__nomem(stage->env, err, sizeof(*gather));
    }
    gather->stream.ops = &ops;
    gather->stage = stage;
    gather->task_count = tasks;
    gather->lazy = lazy || tasks < 2 || tarn__concurrency(stage->env) < 2;
    *out = &gather->stream;
    return TARN_OK;
}
