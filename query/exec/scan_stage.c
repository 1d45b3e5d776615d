/* SPDX-License-Identifier: Apache-2.0
 *
 * The scan: one task of the source a task, filtered late: the other columns are fetched for the rows that pass only.
 */
#include "format/expr/filter_scan.h"
#include "query/exec/stage.h"

struct scan_stage {
    struct tarn__stage stage;
    struct tarn_scan *scan;
    struct tarn_path *paths;
};

struct scan_stream {
    struct tarn__stream stream;
    struct scan_stage *stage;
    struct tarn_cursor *cursor;
    struct tarn__filter_scan *filter;
};

static enum tarn_status stream_next(struct tarn__stream *stream, struct tarn__chunk *out, struct tarn_error *err)
{
    struct scan_stream *s = (struct scan_stream *)stream;
    const uint32_t count = s->stage->stage.plan->column_count;
    struct tarn_selection selection;
    *out = (struct tarn__chunk){0, 0, NULL};
    TARN_RETURN_IF_ERROR(tarn__check_cancelled(s->stage->stage.env, err));
    TARN_RETURN_IF_ERROR(tarn__filter_scan_next(s->filter, 0, &selection, err));
    if (selection.count == 0) {
        return TARN_OK;
    }
    enum tarn_status status = tarn__chunk_init(out, s->stage->stage.env, selection.count, count, err);
    for (uint32_t i = 0; status == TARN_OK && i < count; i++) {
        status = tarn__filter_scan_column(s->filter, i, &out->columns[i], err);
        out->columns[i] = status == TARN_OK ? tarn_vector_retain(out->columns[i]) : NULL;
    }
    if (status != TARN_OK) {
        tarn__chunk_free(out, s->stage->stage.env);
    }
    return status;
}

static void stream_close(struct tarn__stream *stream)
{
    struct scan_stream *s = (struct scan_stream *)stream;
    tarn__filter_scan_close(s->filter);
    tarn_cursor_close(s->cursor);
    tarn__free(s->stage->stage.env, s);
}

static enum tarn_status stage_open(struct tarn__stage *stage, uint32_t task, struct tarn__stream **out, struct tarn_error *err)
{
    static const struct tarn__stream_ops ops = {stream_next, stream_close};
    struct scan_stage *scan = (struct scan_stage *)stage;
    struct scan_stream *s = tarn__calloc(stage->env, 1, sizeof(*s));
    *out = NULL;
    if (s == NULL) {
        return tarn__nomem(stage->env, err, sizeof(*s));
    }
    s->stream.ops = &ops;
    s->stage = scan;
    enum tarn_status status = tarn_scan_open(scan->scan, task, &s->cursor, err);
    if (status == TARN_OK) {
        status = tarn__filter_scan_open(stage->env, s->cursor, stage->plan->predicate.expr, stage->plan->predicate.channels,
                                        tarn_query_expr_host(), &s->filter, err);
    }
    if (status != TARN_OK) {
        stream_close(&s->stream);
        return status;
    }
    *out = &s->stream;
    return TARN_OK;
}

static uint32_t stage_task_count(struct tarn__stage *stage)
{
    return tarn_scan_task_count(((struct scan_stage *)stage)->scan);
}

static void stage_close(struct tarn__stage *stage)
{
    struct scan_stage *scan = (struct scan_stage *)stage;
    tarn_scan_close(scan->scan);
    tarn__free(stage->env, scan->paths);
    tarn__free(stage->env, scan);
}

enum tarn_status tarn__scan_stage_open(struct tarn__run *run, const struct tarn__plan *plan, struct tarn__stage **out,
                                       struct tarn_error *err)
{
    static const struct tarn__stage_ops ops = {stage_task_count, stage_open, stage_close};
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct scan_stage *scan = tarn__calloc(run->env, 1, sizeof(*scan));
    *out = NULL;
    if (scan == NULL) {
        return tarn__nomem(run->env, err, sizeof(*scan));
    }
    scan->stage = (struct tarn__stage){&ops, run->env, plan, NULL};
    scan->paths = tarn__calloc(run->env, plan->column_count + 1u, sizeof(*scan->paths));
    if (scan->paths == NULL) {
        stage_close(&scan->stage);
        return tarn__nomem(run->env, err, 0);
    }
    for (uint32_t i = 0; i < plan->column_count; i++) {
        scan->paths[i] = plan->scope->channels[i].path;
    }
    request.path_count = plan->column_count;
    request.paths = scan->paths;
    request.predicate = plan->predicate.expr;
    request.no_prune = plan->no_prune;
    request.row_limit = plan->row_limit;
    const enum tarn_status status = tarn_source_scan(plan->source, &request, &scan->scan, err);
    if (status != TARN_OK) {
        stage_close(&scan->stage);
        return status;
    }
    run->scan = scan->scan;
    *out = &scan->stage;
    return TARN_OK;
}
