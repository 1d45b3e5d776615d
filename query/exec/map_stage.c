/* SPDX-License-Identifier: Apache-2.0
 *
 * Project, filter, VALUES and LIMIT: what handles one chunk after the other.
 */
#include "format/batch/flatten.h"
#include "format/batch/gather.h"
#include "format/batch/selection.h"
#include "format/expr/batch_input.h"
#include "query/exec/stage.h"

/* ---- project and filter ---- */

struct map_stream {
    struct tarn__stream stream;
    struct tarn__stage *stage;
    struct tarn__stream *input;
    struct tarn_expr_eval **evals; /* NULL: the column as it is */
    struct tarn__batch_input *inputs;
    uint32_t count; /* of expressions */
};

static const struct tarn__expression *expression_at(const struct tarn__plan *plan, uint32_t i)
{
    return plan->kind == TARN__PLAN_FILTER ? &plan->predicate : &plan->exprs[i];
}

static enum tarn_status project_chunk(struct map_stream *s, const struct tarn__chunk *in, struct tarn__chunk *out, struct tarn_error *err)
{
    struct tarn_env *env = s->stage->env;
    enum tarn_status status = tarn__chunk_init(out, env, in->rows, s->count, err);
    for (uint32_t i = 0; status == TARN_OK && i < s->count; i++) {
        if (s->evals[i] == NULL) {
            out->columns[i] = tarn_vector_retain(in->columns[expression_at(s->stage->plan, i)->channel]);
            continue;
        }
        tarn__batch_input_set(&s->inputs[i], in->rows, in->columns);
        status = tarn_expr_eval_run(s->evals[i], &s->inputs[i].input, NULL, &out->columns[i], err);
        if (status != TARN_OK) {
            out->columns[i] = NULL;
        }
    }
    if (status != TARN_OK) {
        tarn__chunk_free(out, env);
    }
    return status;
}

static enum tarn_status filter_chunk(struct map_stream *s, const struct tarn__chunk *in, struct tarn__chunk *out, struct tarn_error *err)
{
    struct tarn_env *env = s->stage->env;
    struct tarn_selection selection;
    tarn__batch_input_set(&s->inputs[0], in->rows, in->columns);
    TARN_RETURN_IF_ERROR(tarn_expr_eval_filter(s->evals[0], &s->inputs[0].input, NULL, &selection, err));
    if (selection.count == 0) {
        return TARN_OK;
    }
    enum tarn_status status = tarn__chunk_init(out, env, selection.count, in->column_count, err);
    for (uint32_t i = 0; status == TARN_OK && i < in->column_count; i++) {
        status = tarn__vector_select(in->columns[i], &selection, &out->columns[i], err);
    }
    if (status != TARN_OK) {
        tarn__chunk_free(out, env);
    }
    return status;
}

static enum tarn_status map_next(struct tarn__stream *stream, struct tarn__chunk *out, struct tarn_error *err)
{
    struct map_stream *s = (struct map_stream *)stream;
    *out = (struct tarn__chunk){0, 0, NULL};
    while (out->rows == 0) {
        struct tarn__chunk in;
        TARN_RETURN_IF_ERROR(s->input->ops->next(s->input, &in, err));
        if (in.rows == 0) {
            return TARN_OK;
        }
        const enum tarn_status status =
            s->stage->plan->kind == TARN__PLAN_FILTER ? filter_chunk(s, &in, out, err) : project_chunk(s, &in, out, err);
        for (uint32_t i = 0; i < s->count; i++) {
            if (s->evals[i] != NULL) {
                tarn__batch_input_set(&s->inputs[i], 0, NULL); /* lets go of the rows before they are freed */
            }
        }
        tarn__chunk_free(&in, s->stage->env);
        TARN_RETURN_IF_ERROR(status);
    }
    return TARN_OK;
}

static void map_close(struct tarn__stream *stream)
{
    struct map_stream *s = (struct map_stream *)stream;
    struct tarn_env *env = s->stage->env;
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->evals[i] != NULL) {
            tarn__batch_input_close(&s->inputs[i]);
            tarn_expr_eval_close(s->evals[i]);
        }
    }
    tarn__stream_close(s->input);
    tarn__free(env, s->evals);
    tarn__free(env, s->inputs);
    tarn__free(env, s);
}

static enum tarn_status map_open(struct tarn__stage *stage, uint32_t task, struct tarn__stream **out, struct tarn_error *err)
{
    static const struct tarn__stream_ops ops = {map_next, map_close};
    const uint32_t count = stage->plan->kind == TARN__PLAN_FILTER ? 1 : stage->plan->column_count;
    struct map_stream *s = tarn__calloc(stage->env, 1, sizeof(*s));
    enum tarn_status status = TARN_OK;
    *out = NULL;
    if (s == NULL) {
        return tarn__nomem(stage->env, err, sizeof(*s));
    }
    s->stream.ops = &ops;
    s->stage = stage;
    s->evals = tarn__calloc(stage->env, count + 1u, sizeof(*s->evals));
    s->inputs = tarn__calloc(stage->env, count + 1u, sizeof(*s->inputs));
    if (s->evals == NULL || s->inputs == NULL) {
        status = tarn__nomem(stage->env, err, 0);
    }
    for (uint32_t i = 0; status == TARN_OK && i < count; i++) {
        const struct tarn__expression *expression = expression_at(stage->plan, i);
        s->count = i + 1;
        if (expression->expr != NULL) {
            status = tarn_expr_eval_open(stage->env, expression->expr, tarn_query_expr_host(), &s->evals[i], err);
            if (status == TARN_OK) {
                tarn__batch_input_open(&s->inputs[i], stage->env, expression->channels);
            }
        }
    }
    status = status == TARN_OK ? stage->input->ops->open(stage->input, task, &s->input, err) : status;
    if (status != TARN_OK) {
        map_close(&s->stream);
        return status;
    }
    *out = &s->stream;
    return TARN_OK;
}

static uint32_t map_task_count(struct tarn__stage *stage)
{
    return stage->input->ops->task_count(stage->input);
}

static void plain_close(struct tarn__stage *stage)
{
    tarn__free(stage->env, stage);
}

static enum tarn_status plain_open(struct tarn_env *env, const struct tarn__stage_ops *ops, const struct tarn__plan *plan,
                                   struct tarn__stage *input, struct tarn__stage **out, struct tarn_error *err)
{
    *out = tarn__calloc(env, 1, sizeof(**out));
    if (*out == NULL) {
        return tarn__nomem(env, err, sizeof(**out));
    }
    **out = (struct tarn__stage){ops, env, plan, input};
    return TARN_OK;
}

enum tarn_status tarn__map_stage_open(struct tarn_env *env, const struct tarn__plan *plan, struct tarn__stage *input,
                                      struct tarn__stage **out, struct tarn_error *err)
{
    static const struct tarn__stage_ops ops = {map_task_count, map_open, plain_close};
    return plain_open(env, &ops, plan, input, out, err);
}

/* ---- VALUES ---- */

struct values_stream {
    struct tarn__stream stream;
    struct tarn__stage *stage;
    bool done;
};

static enum tarn_status constant(struct tarn_env *env, const struct tarn_expr *expr, struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_expr_eval *eval;
    struct tarn__batch_input input;
    TARN_RETURN_IF_ERROR(tarn_expr_eval_open(env, expr, tarn_query_expr_host(), &eval, err));
    tarn__batch_input_open(&input, env, NULL);
    tarn__batch_input_set(&input, 1, NULL);
    const enum tarn_status status = tarn_expr_eval_run(eval, &input.input, NULL, out, err);
    tarn__batch_input_close(&input);
    tarn_expr_eval_close(eval);
    return status;
}

static enum tarn_status values_column(const struct tarn__plan *plan, struct tarn_env *env, uint32_t column, struct tarn_vector **rows,
                                      struct tarn_vector **out, struct tarn_error *err)
{
    uint32_t made = 0;
    enum tarn_status status = TARN_OK;
    while (status == TARN_OK && made < plan->row_count) {
        status = constant(env, plan->exprs[(size_t)made * plan->column_count + column].expr, &rows[made], err);
        made += status == TARN_OK;
    }
    status = status == TARN_OK ? tarn__vector_concat(env, plan->columns[column].type, made, rows, NULL, out, err) : status;
    for (uint32_t i = 0; i < made; i++) {
        tarn_vector_release(rows[i]);
    }
    return status;
}

static enum tarn_status values_next(struct tarn__stream *stream, struct tarn__chunk *out, struct tarn_error *err)
{
    struct values_stream *s = (struct values_stream *)stream;
    const struct tarn__plan *plan = s->stage->plan;
    struct tarn_env *env = s->stage->env;
    *out = (struct tarn__chunk){0, 0, NULL};
    if (s->done) {
        return TARN_OK;
    }
    s->done = true;
    struct tarn_vector **rows = tarn__calloc(env, plan->row_count + 1u, sizeof(*rows));
    enum tarn_status status =
        rows == NULL ? tarn__nomem(env, err, 0) : tarn__chunk_init(out, env, plan->row_count, plan->column_count, err);
    for (uint32_t i = 0; status == TARN_OK && i < plan->column_count; i++) {
        status = values_column(plan, env, i, rows, &out->columns[i], err);
        if (status != TARN_OK) {
            out->columns[i] = NULL;
        }
    }
    tarn__free(env, rows);
    if (status != TARN_OK) {
        tarn__chunk_free(out, env);
    }
    return status;
}

static void values_close(struct tarn__stream *stream)
{
    tarn__free(((struct values_stream *)stream)->stage->env, stream);
}

static enum tarn_status values_open(struct tarn__stage *stage, uint32_t task, struct tarn__stream **out, struct tarn_error *err)
{
    static const struct tarn__stream_ops ops = {values_next, values_close};
    struct values_stream *s = tarn__calloc(stage->env, 1, sizeof(*s));
    (void)task;
    *out = NULL;
    if (s == NULL) {
        return tarn__nomem(stage->env, err, sizeof(*s));
    }
    *s = (struct values_stream){{&ops}, stage, false};
    *out = &s->stream;
    return TARN_OK;
}

enum tarn_status tarn__values_stage_open(struct tarn_env *env, const struct tarn__plan *plan, struct tarn__stage **out,
                                         struct tarn_error *err)
{
    static const struct tarn__stage_ops ops = {tarn__stage_one_task, values_open, plain_close};
    return plain_open(env, &ops, plan, NULL, out, err);
}

/* ---- LIMIT ---- */

struct limit_stream {
    struct tarn__stream stream;
    struct tarn__stage *stage;
    struct tarn__stream *input;
    uint64_t skip;
    uint64_t left;
};

static enum tarn_status limit_next(struct tarn__stream *stream, struct tarn__chunk *out, struct tarn_error *err)
{
    struct limit_stream *s = (struct limit_stream *)stream;
    *out = (struct tarn__chunk){0, 0, NULL};
    while (s->left != 0) {
        struct tarn__chunk in;
        TARN_RETURN_IF_ERROR(s->input->ops->next(s->input, &in, err));
        if (in.rows == 0) {
            return TARN_OK;
        }
        const uint32_t from = s->skip < in.rows ? (uint32_t)s->skip : in.rows;
        const uint32_t count = in.rows - from < s->left ? in.rows - from : (uint32_t)s->left;
        s->skip -= from;
        s->left -= count;
        if (from == 0 && count == in.rows) {
            *out = in;
            return TARN_OK;
        }
        const enum tarn_status status = count != 0 ? tarn__chunk_slice(&in, s->stage->env, from, count, out, err) : TARN_OK;
        tarn__chunk_free(&in, s->stage->env);
        if (status != TARN_OK || count != 0) {
            return status;
        }
    }
    return TARN_OK;
}

static void limit_close(struct tarn__stream *stream)
{
    struct limit_stream *s = (struct limit_stream *)stream;
    tarn__stream_close(s->input);
    tarn__free(s->stage->env, s);
}

static enum tarn_status limit_open(struct tarn__stage *stage, uint32_t task, struct tarn__stream **out, struct tarn_error *err)
{
    static const struct tarn__stream_ops ops = {limit_next, limit_close};
    struct limit_stream *s = tarn__calloc(stage->env, 1, sizeof(*s));
    (void)task;
    *out = NULL;
    if (s == NULL) {
        return tarn__nomem(stage->env, err, sizeof(*s));
    }
    *s = (struct limit_stream){{&ops}, stage, NULL, stage->plan->offset, stage->plan->limit};
    const enum tarn_status status = tarn__stage_gather(stage->input, stage->plan->limit != UINT64_MAX, &s->input, err);
    if (status != TARN_OK) {
        limit_close(&s->stream);
        return status;
    }
    *out = &s->stream;
    return TARN_OK;
}

enum tarn_status tarn__limit_stage_open(struct tarn_env *env, const struct tarn__plan *plan, struct tarn__stage *input,
                                        struct tarn__stage **out, struct tarn_error *err)
{
    static const struct tarn__stage_ops ops = {tarn__stage_one_task, limit_open, plain_close};
    return plain_open(env, &ops, plan, input, out, err);
}
