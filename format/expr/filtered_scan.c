/* SPDX-License-Identifier: Apache-2.0
 *
 * The filtered scan of any source: the loop of filter_scan.h over all tasks, several at a time where there are threads.
 *
 * SPEC: X-SCAN-1 to X-SCAN-5.
 *
 * A lane walks one task. Lane i mod n has task i; rows are taken from the lane of the lowest task that is not done, so that they come in
 * order. A lane's job runs on the executor until its queue is full or its task ends, and is submitted again when the queue was emptied.
 *
 * Invariants
 *  1. A lane is touched by its job while one runs, else by the caller.
 *  2. Rows that wait in a queue are at most `queue_rows` and one batch more.
 *  3. The error of the lowest task is the one that is told, after the rows of the tasks before it.
 */
#include "tarn/filtered_scan.h"

#include <stdatomic.h>

#include "format/base/alloc.h"
#include "format/base/arena.h"
#include "format/base/bytes.h"
#include "format/batch/gather.h"
#include "format/batch/scan_schema.h"
#include "format/batch/selection.h"
#include "format/batch/vector.h"
#include "format/expr/filter_scan.h"

enum { MOST_LANES = 64, TASKS_A_THREAD = 4 };

static const uint64_t default_memory = UINT64_C(128) << 20;

struct lane {
    struct tarn_filtered_scan *scan;
    uint32_t task;
    bool ended; /**< the task gives no more rows than the queue has */
    struct tarn_cursor *cursor;
    struct tarn__filter_scan *filter;
    uint32_t *positions;
    size_t position_capacity;
    struct tarn_vector **columns;
    struct tarn_batch **queue;
    size_t queue_count;
    size_t queue_at; /**< the next to be taken */
    size_t queue_capacity;
    uint64_t queue_rows;
    void *job; /**< of the executor; NULL: none runs */
    enum tarn_status status;
    struct tarn_error error;
};

struct tarn_filtered_scan {
    struct tarn_batches batches; /* first: the two addresses are one */
    struct tarn_env *env;
    struct tarn_arena arena;
    struct tarn_scan *scan;
    struct tarn_schema *schema;
    struct tarn_expr *predicate;
    const struct tarn_expr_host *host;
    uint32_t column_count;
    uint32_t *column_handles;    /**< of the projection */
    uint32_t *predicate_handles; /**< of the predicate's columns */
    uint32_t row_handle;         /**< of the row index; UINT32_MAX: not needed */
    uint32_t range_count;
    struct tarn_row_range *ranges;
    bool has_ranges;
    const uint8_t *row_mask;
    uint64_t row_mask_rows;
    uint64_t rows_left; /**< UINT64_MAX: no limit */
    uint32_t batch_rows;
    uint64_t queue_rows; /**< that may wait in one lane; 0: lanes do not run ahead */
    struct lane *lanes;
    uint32_t lane_count;
    uint32_t task_count;
    uint32_t task; /**< whose rows are taken now */
    struct tarn_batch *handed;
    bool failed;
    atomic_bool stopped;
};

/* ---- which rows ---- */

static bool in_ranges(const struct tarn_filtered_scan *scan, uint64_t row)
{
    uint32_t low = 0;
    uint32_t high = scan->range_count; /* ranges before `low` end at or before the row */
    if (!scan->has_ranges) {
        return true;
    }
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (scan->ranges[middle].end <= row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < scan->range_count && scan->ranges[low].begin <= row;
}

static bool in_mask(const struct tarn_filtered_scan *scan, uint64_t row)
{
    return scan->row_mask == NULL || (row < scan->row_mask_rows && ((scan->row_mask[row / 8] >> (row % 8)) & 1) != 0);
}

/* Leaves of the selected rows those that ranges and mask have. */
static enum tarn_status select_rows(struct lane *lane, struct tarn_selection *selection, struct tarn_error *err)
{
    const struct tarn_filtered_scan *scan = lane->scan;
    struct tarn_vector *rows;
    if (scan->row_handle == UINT32_MAX) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__filter_scan_column(lane->filter, scan->row_handle, &rows, err));
    if (rows->shape != TARN_SHAPE_FLAT || tarn_type_kind(rows->type) != TARN_KIND_I64) {
        return tarn__internal(err, "row positions are no flat integers");
    }
    const size_t room = tarn__selection_bytes(selection->rows) / sizeof(uint32_t);
    if (!tarn__grow(scan->env, &lane->positions, &lane->position_capacity, room, sizeof(uint32_t))) {
        return tarn__nomem(scan->env, err, room * sizeof(uint32_t));
    }
    const uint32_t *chosen = tarn__selection_positions(selection, lane->positions);
    const int64_t *numbers = rows->u.values;
    uint32_t count = 0;
    for (uint32_t i = 0; i < selection->count; i++) {
        if (in_ranges(scan, (uint64_t)numbers[i]) && in_mask(scan, (uint64_t)numbers[i])) {
            lane->positions[count++] = chosen[i];
        }
    }
    if (count != selection->count) {
        *selection = tarn__selection_of_positions(selection->rows, count, lane->positions);
    }
    return TARN_OK;
}

/* ---- one task ---- */

static enum tarn_status open_task(struct lane *lane, struct tarn_error *err)
{
    struct tarn_filtered_scan *scan = lane->scan;
    TARN_RETURN_IF_ERROR(tarn_scan_open(scan->scan, lane->task, &lane->cursor, err));
    if (lane->filter != NULL) { /* keeps what it learned of dictionaries */
        tarn__filter_scan_rebind(lane->filter, lane->cursor);
        return TARN_OK;
    }
    return tarn__filter_scan_open(scan->env, lane->cursor, scan->predicate, scan->predicate_handles, scan->host, &lane->filter, err);
}

static enum tarn_status make_batch(struct lane *lane, const struct tarn_selection *selection, struct tarn_batch **out,
                                   struct tarn_error *err)
{
    const struct tarn_filtered_scan *scan = lane->scan;
    const struct tarn_selection *part = selection->count == selection->rows ? NULL : selection;
    for (uint32_t i = 0; i < scan->column_count; i++) {
        TARN_RETURN_IF_ERROR(tarn_cursor_column(lane->cursor, scan->column_handles[i], part, &lane->columns[i], err));
    }
    return tarn_batch_make(scan->env, scan->schema, selection->count, lane->columns, out, err);
}

/* The next rows of the task; NULL: there are none. */
static enum tarn_status produce(struct lane *lane, struct tarn_batch **out, struct tarn_error *err)
{
    struct tarn_selection selection;
    *out = NULL;
    if (lane->cursor == NULL) {
        TARN_RETURN_IF_ERROR(open_task(lane, err));
    }
    do {
        TARN_RETURN_IF_ERROR(tarn__filter_scan_next(lane->filter, lane->scan->batch_rows, &selection, err));
        if (selection.count == 0) {
            return TARN_OK;
        }
        TARN_RETURN_IF_ERROR(select_rows(lane, &selection, err));
    } while (selection.count == 0);
    return make_batch(lane, &selection, out, err);
}

static void end_task(struct lane *lane)
{
    tarn_cursor_close(lane->cursor);
    lane->cursor = NULL;
    lane->ended = true;
}

static void run_lane(void *arg)
{
    struct lane *lane = arg;
    struct tarn_filtered_scan *scan = lane->scan;
    while (lane->status == TARN_OK && !lane->ended && lane->queue_rows <= scan->queue_rows && !atomic_load(&scan->stopped)) {
        struct tarn_batch *batch = NULL;
        if (!tarn__grow(scan->env, &lane->queue, &lane->queue_capacity, lane->queue_count + 1, sizeof(struct tarn_batch *))) {
            lane->status = tarn__nomem(scan->env, &lane->error, sizeof(struct tarn_batch *));
            break;
        }
        lane->status = produce(lane, &batch, &lane->error);
        if (batch != NULL) {
            lane->queue[lane->queue_count++] = batch;
            lane->queue_rows += batch->length;
        } else if (lane->status == TARN_OK) {
            end_task(lane);
        }
    }
}

/* ---- the lanes ---- */

static void wait_for(struct lane *lane)
{
    const struct tarn_executor *executor = tarn__env_options(lane->scan->env)->executor;
    if (lane->job != NULL) {
        executor->wait(executor->ctx, lane->job);
        lane->job = NULL;
    }
}

/* Lets the lane go on with its task; at once, when the executor takes no more. */
static void go_on(struct lane *lane)
{
    const struct tarn_executor *executor = tarn__env_options(lane->scan->env)->executor;
    lane->job = executor->submit(executor->ctx, run_lane, lane);
    if (lane->job == NULL) {
        run_lane(lane);
    }
}

static void begin_task(struct lane *lane, uint32_t task)
{
    lane->task = task;
    lane->ended = false;
    if (lane->scan->queue_rows != 0) {
        go_on(lane);
    }
}

static enum tarn_status lane_failure(const struct lane *lane, struct tarn_error *err)
{
    if (err != NULL) {
        *err = lane->error;
    }
    return lane->status;
}

/* The next batch of the lane of the lowest task; NULL: its task is done. */
static enum tarn_status take(struct lane *lane, struct tarn_batch **out, struct tarn_error *err)
{
    *out = NULL;
    if (lane->scan->queue_rows == 0) {
        TARN_RETURN_IF_ERROR(produce(lane, out, err));
        if (*out == NULL) {
            end_task(lane);
        }
        return TARN_OK;
    }
    for (;;) {
        wait_for(lane);
        if (lane->queue_at < lane->queue_count) {
            *out = lane->queue[lane->queue_at++];
            lane->queue_rows -= (*out)->length;
            if (lane->queue_at == lane->queue_count) {
                lane->queue_at = lane->queue_count = 0;
                if (lane->status == TARN_OK && !lane->ended) {
                    go_on(lane);
                }
            }
            return TARN_OK;
        }
        if (lane->status != TARN_OK || lane->ended) {
            return lane_failure(lane, err);
        }
        go_on(lane);
    }
}

/* ---- the scan ---- */

/* At most `rows` of the batch, when it has more. */
static enum tarn_status cut(struct tarn_filtered_scan *scan, struct tarn_batch **batch, uint64_t rows, struct tarn_error *err)
{
    struct tarn_batch *whole = *batch;
    struct tarn_vector **columns = tarn__calloc(scan->env, (size_t)whole->column_count + 1, sizeof(struct tarn_vector *));
    uint32_t *positions = tarn__calloc(scan->env, (size_t)rows, sizeof(*positions));
    enum tarn_status status = columns != NULL && positions != NULL ? TARN_OK : tarn__nomem(scan->env, err, rows * sizeof(*positions));
    for (uint32_t i = 0; status == TARN_OK && i < rows; i++) {
        positions[i] = i;
    }
    const struct tarn_selection part = tarn__selection_of_positions(whole->length, (uint32_t)rows, positions);
    for (uint32_t i = 0; status == TARN_OK && i < whole->column_count; i++) {
        status = tarn__vector_select(whole->columns[i], &part, &columns[i], err);
    }
    if (status == TARN_OK) {
        status = tarn_batch_make(scan->env, scan->schema, (uint32_t)rows, columns, batch, err);
    }
    for (uint32_t i = 0; columns != NULL && i < whole->column_count; i++) {
        tarn_vector_release(columns[i]);
    }
    if (status == TARN_OK) {
        tarn_batch_release(whole);
    }
    tarn__free(scan->env, columns);
    tarn__free(scan->env, positions);
    return status;
}

static enum tarn_status next_rows(struct tarn_filtered_scan *scan, struct tarn_batch **out, struct tarn_error *err)
{
    *out = NULL;
    while (*out == NULL && scan->task < scan->task_count && scan->rows_left != 0) {
        struct lane *lane = &scan->lanes[scan->task % scan->lane_count];
        TARN_RETURN_IF_ERROR(take(lane, out, err));
        if (*out == NULL) {
            scan->task++;
            const uint64_t next = (uint64_t)lane->task + scan->lane_count;
            if (next < scan->task_count) {
                begin_task(lane, (uint32_t)next);
            }
        }
    }
    if (*out != NULL && (*out)->length > scan->rows_left) {
        const enum tarn_status status = cut(scan, out, scan->rows_left, err);
        if (status != TARN_OK) {
            tarn_batch_release(*out);
            *out = NULL;
            return status;
        }
    }
    scan->rows_left -= *out != NULL && scan->rows_left != UINT64_MAX ? (*out)->length : 0;
    return TARN_OK;
}

enum tarn_status tarn_filtered_scan_next(struct tarn_filtered_scan *scan, struct tarn_batch **out, struct tarn_error *err)
{
    *out = NULL;
    tarn_batch_release(scan->handed);
    scan->handed = NULL;
    if (scan->failed) {
        return tarn__invalid(err, "scan", "the scan failed before and can only be closed");
    }
    const enum tarn_status status = next_rows(scan, &scan->handed, err);
    scan->failed = status != TARN_OK;
    *out = scan->handed;
    return status;
}

const struct tarn_schema *tarn_filtered_scan_schema(const struct tarn_filtered_scan *scan)
{
    return scan->schema;
}

void tarn_filtered_scan_stats(struct tarn_filtered_scan *scan, struct tarn_scan_stats *stats)
{
    tarn_scan_stats(scan->scan, stats);
}

size_t tarn_filtered_scan_explain(struct tarn_filtered_scan *scan, uint32_t part, char *buffer, size_t size)
{
    return tarn_scan_explain(scan->scan, part, buffer, size);
}

static void close_lane(struct lane *lane)
{
    struct tarn_env *env = lane->scan->env;
    wait_for(lane);
    for (size_t i = lane->queue_at; i < lane->queue_count; i++) {
        tarn_batch_release(lane->queue[i]);
    }
    tarn__filter_scan_close(lane->filter);
    tarn_cursor_close(lane->cursor);
    tarn__free(env, lane->queue);
    tarn__free(env, lane->positions);
    tarn__free(env, lane->columns);
}

void tarn_filtered_scan_close(struct tarn_filtered_scan *scan)
{
    if (scan == NULL) {
        return;
    }
    struct tarn_env *env = scan->env;
    atomic_store(&scan->stopped, true);
    tarn_batch_release(scan->handed);
    for (uint32_t i = 0; i < scan->lane_count; i++) {
        wait_for(&scan->lanes[i]);
    }
    for (uint32_t i = 0; i < scan->lane_count; i++) {
        close_lane(&scan->lanes[i]);
    }
    tarn_scan_close(scan->scan);
    tarn_schema_release(scan->schema);
    tarn_expr_release(scan->predicate);
    tarn__arena_free(&scan->arena);
    tarn__free(env, scan->lanes);
    tarn__free(env, scan);
    tarn_env_close(env);
}

/* ---- opening ---- */

/* Do two paths lead to the same column, by whatever names? */
static bool same_path(const struct tarn_schema *schema, const struct tarn_path *a, const struct tarn_path *b)
{
    uint32_t one[TARN_MAX_DEPTH];
    uint32_t two[TARN_MAX_DEPTH];
    const struct tarn_type *type;
    bool nullable;
    return a->depth == b->depth && a->depth <= TARN_MAX_DEPTH && tarn_path_resolve(schema, a, &type, &nullable, one, NULL) == TARN_OK &&
           tarn_path_resolve(schema, b, &type, &nullable, two, NULL) == TARN_OK && memcmp(one, two, a->depth * sizeof(*one)) == 0;
}

/* The handle of a path among those that are there, or of a new one. */
static uint32_t handle_of(const struct tarn_schema *schema, struct tarn_path *paths, uint32_t *count, const struct tarn_path *path)
{
    for (uint32_t i = 0; i < *count; i++) {
        if (same_path(schema, &paths[i], path)) {
            return i;
        }
    }
    paths[*count] = *path;
    return (*count)++;
}

static const struct tarn_path_step row_step = {TARN_PATH_FIELD, {TARN_ROW_INDEX, sizeof(TARN_ROW_INDEX) - 1}, -1};

/* A column that is projected and looked at by the predicate is read once. */
static enum tarn_status collect_paths(struct tarn_filtered_scan *scan, const struct tarn_schema *schema,
                                      const struct tarn_filter_request *request, const struct tarn_path *projection,
                                      struct tarn_scan_request *inner, struct tarn_error *err)
{
    const uint32_t predicate_columns = scan->predicate != NULL ? scan->predicate->column_count : 0;
    const struct tarn_path row_path = {1, &row_step};
    struct tarn_path *paths = tarn__arena_calloc(&scan->arena, (size_t)scan->column_count + predicate_columns + 1, sizeof(*paths));
    scan->column_handles = tarn__arena_calloc(&scan->arena, (size_t)scan->column_count + 1, sizeof(uint32_t));
    scan->predicate_handles = tarn__arena_calloc(&scan->arena, (size_t)predicate_columns + 1, sizeof(uint32_t));
    if (paths == NULL || scan->column_handles == NULL || scan->predicate_handles == NULL) {
        return tarn__nomem(scan->env, err, (scan->column_count + predicate_columns) * sizeof(*paths));
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < scan->column_count; i++) {
        scan->column_handles[i] = i;
        paths[count++] = projection[i];
    }
    for (uint32_t i = 0; i < predicate_columns; i++) {
        scan->predicate_handles[i] = handle_of(schema, paths, &count, &scan->predicate->columns[i].path);
    }
    scan->row_handle = request->ranges != NULL || request->row_mask != NULL ? handle_of(schema, paths, &count, &row_path) : UINT32_MAX;
    inner->paths = paths;
    inner->path_count = count;
    return TARN_OK;
}

static enum tarn_status copy_ranges(struct tarn_filtered_scan *scan, const struct tarn_filter_request *request, struct tarn_error *err)
{
    scan->has_ranges = request->ranges != NULL;
    scan->range_count = scan->has_ranges ? request->range_count : 0;
    scan->ranges = tarn__arena_calloc(&scan->arena, (size_t)scan->range_count + 1, sizeof(*scan->ranges));
    if (scan->ranges == NULL) {
        return tarn__nomem(scan->env, err, scan->range_count * sizeof(*scan->ranges));
    }
    for (uint32_t i = 0; i < scan->range_count; i++) {
        scan->ranges[i] = request->ranges[i];
        if (scan->ranges[i].begin > scan->ranges[i].end || (i != 0 && scan->ranges[i].begin < scan->ranges[i - 1].end)) {
            return tarn__invalid(err, "ranges", "the ranges of rows do not ascend");
        }
    }
    return TARN_OK;
}

static uint64_t row_width(const struct tarn_filtered_scan *scan)
{
    enum { USUAL_WIDTH = 32 };
    uint64_t width = 1;
    for (uint32_t i = 0; i < scan->column_count; i++) {
        const uint32_t fixed = tarn_type_width(scan->schema->fields[i].type);
        width += fixed != 0 ? fixed : (uint32_t)USUAL_WIDTH;
    }
    return width;
}

/* As many tasks at a time as there are threads; one, without a queue, where there is only the caller's. */
static enum tarn_status open_lanes(struct tarn_filtered_scan *scan, uint64_t memory, struct tarn_error *err)
{
    const struct tarn_executor *executor = tarn__env_options(scan->env)->executor;
    const bool alone = executor == NULL || executor->submit == NULL || executor->wait == NULL || scan->task_count < 2;
    const uint32_t threads = alone ? 1 : tarn__concurrency(scan->env);
    uint32_t lanes = threads < MOST_LANES ? threads : (uint32_t)MOST_LANES;
    lanes = lanes < scan->task_count ? lanes : scan->task_count;
    if (lanes > 1) {
        const uint64_t rows = (memory != 0 ? memory : default_memory) / lanes / row_width(scan);
        scan->queue_rows = rows > scan->batch_rows ? rows : scan->batch_rows;
    }
    scan->lanes = tarn__calloc(scan->env, (size_t)lanes + 1, sizeof(*scan->lanes));
    if (scan->lanes == NULL) {
        return tarn__nomem(scan->env, err, lanes * sizeof(*scan->lanes));
    }
    for (uint32_t i = 0; i < lanes; i++) {
        struct lane *lane = &scan->lanes[scan->lane_count++];
        *lane = (struct lane){.scan = scan, .task = i, .error = TARN_ERROR_INIT};
        lane->columns = tarn__calloc(scan->env, (size_t)scan->column_count + 1, sizeof(struct tarn_vector *));
        if (lane->columns == NULL) {
            return tarn__nomem(scan->env, err, scan->column_count * sizeof(struct tarn_vector *));
        }
    }
    for (uint32_t i = 0; i < lanes; i++) {
        begin_task(&scan->lanes[i], i);
    }
    return TARN_OK;
}

static enum tarn_status open_scan(struct tarn_filtered_scan *scan, struct tarn_source *source, const struct tarn_filter_request *request,
                                  struct tarn_error *err)
{
    struct tarn_scan_request inner = TARN_SCAN_REQUEST_INIT;
    const struct tarn_schema *schema = tarn_source_schema(source);
    const struct tarn_path *projection = request->paths;
    const uint32_t threads = tarn__concurrency(scan->env);
    scan->column_count = request->path_count;
    if (scan->column_count == 0) {
        TARN_RETURN_IF_ERROR(tarn__whole_rows(schema, &scan->arena, &scan->column_count, &projection, err));
    }
    TARN_RETURN_IF_ERROR(copy_ranges(scan, request, err));
    TARN_RETURN_IF_ERROR(collect_paths(scan, schema, request, projection, &inner, err));
    scan->row_mask = request->row_mask;
    scan->row_mask_rows = request->row_mask_rows;
    scan->rows_left = request->row_limit != 0 ? request->row_limit : UINT64_MAX;
    scan->batch_rows = request->batch_rows != 0 ? request->batch_rows : (uint32_t)TARN_BATCH_ROWS;
    inner.predicate = scan->predicate;
    inner.no_prune = request->no_prune;
    inner.batch_rows = scan->batch_rows;
    inner.range_count = scan->range_count;
    inner.ranges = scan->has_ranges ? scan->ranges : NULL;
    inner.row_limit = scan->predicate == NULL && scan->row_handle == UINT32_MAX ? request->row_limit : 0;
    inner.least_tasks = threads > 1 && request->row_limit == 0 ? threads * TASKS_A_THREAD : 0;
    TARN_RETURN_IF_ERROR(tarn_source_scan(source, &inner, &scan->scan, err));
    scan->task_count = tarn_scan_task_count(scan->scan);
    TARN_RETURN_IF_ERROR(tarn__scan_schema(schema, scan->column_count, projection, scan->scan->types, &scan->arena, &scan->schema, err));
    scan->batches.schema = scan->schema;
    return open_lanes(scan, request->memory_limit, err);
}

static enum tarn_status next_of_batches(struct tarn_batches *batches, struct tarn_batch **out, struct tarn_error *err)
{
    return tarn_filtered_scan_next((struct tarn_filtered_scan *)(void *)batches, out, err);
}

static void close_of_batches(struct tarn_batches *batches)
{
    tarn_filtered_scan_close((struct tarn_filtered_scan *)(void *)batches);
}

struct tarn_batches *tarn_filtered_scan_batches(struct tarn_filtered_scan *scan)
{
    return &scan->batches;
}

enum tarn_status tarn_filtered_scan_open(struct tarn_source *source, const struct tarn_filter_request *given,
                                         struct tarn_filtered_scan **out, struct tarn_error *err)
{
    struct tarn_env *env = source->env;
    struct tarn_filter_request request = TARN_FILTER_REQUEST_INIT;
    *out = NULL;
    if (given != NULL) {
        if (given->size < sizeof(uint32_t) || given->size > sizeof(request)) {
            return tarn__invalid(err, "options_size", "tarn_filter_request.size is %u: set it with TARN_FILTER_REQUEST_INIT", given->size);
        }
        memcpy(&request, given, given->size);
    }
    struct tarn_filtered_scan *scan = tarn__calloc(env, 1, sizeof(*scan));
    if (scan == NULL) {
        return tarn__nomem(env, err, sizeof(*scan));
    }
    scan->env = tarn__env_retain(env);
    scan->batches = (struct tarn_batches){.env = env, .next = next_of_batches, .close = close_of_batches};
    scan->predicate = request.predicate != NULL ? tarn_expr_retain(request.predicate) : NULL;
    scan->host = request.host;
    tarn__arena_init(&scan->arena, env);
    const enum tarn_status status = open_scan(scan, source, &request, err);
    if (status != TARN_OK) {
        tarn_filtered_scan_close(scan);
        return status;
    }
    *out = scan;
    return TARN_OK;
}
