/* SPDX-License-Identifier: Apache-2.0
 *
 * Scan tasks on the side that reads them. SPEC: T-PLAN-1.
 */
#include "format/base/alloc.h"
#include "format/base/bytes.h"
#include "tarn/scan_plan.h"
#include "txlog/core/task_bytes.h"

struct tarn_scan_task {
    struct tarn_env *env;
    struct tarn_snapshot *snapshot; /* of one file */
    struct tarn__task wishes;
    struct tarn_source *source;
};

enum tarn_status tarn_scan_task_open(struct tarn_env *env, struct tarn_span bytes, struct tarn_scan_task **out, struct tarn_error *err)
{
    *out = NULL;
    struct tarn_scan_task *task = tarn__calloc(env, 1, sizeof(*task));
    if (task == NULL) {
        return tarn__nomem(env, err, sizeof(*task));
    }
    task->env = tarn__env_retain(env);
    enum tarn_status status = tarn__task_decode(env, bytes, &task->snapshot, &task->wishes, err);
    if (status == TARN_OK) {
        status = tarn_snapshot_source(task->snapshot, &task->source, err);
    }
    if (status != TARN_OK) {
        tarn_scan_task_close(task);
        return status;
    }
    *out = task;
    return TARN_OK;
}

enum tarn_status tarn_scan_task_read(struct tarn_scan_task *task, struct tarn_filtered_scan **out, struct tarn_error *err)
{
    const struct tarn_row_range *range = &task->wishes.range;
    struct tarn_filter_request request = TARN_FILTER_REQUEST_INIT;
    request.path_count = task->wishes.path_count;
    request.paths = task->wishes.paths;
    request.predicate = task->wishes.predicate;
    request.no_prune = task->wishes.no_prune;
    if (range->begin != 0 || range->end != UINT64_MAX) {
        request.range_count = 1;
        request.ranges = range;
    }
    return tarn_filtered_scan_open(task->source, &request, out, err);
}

void tarn_scan_task_close(struct tarn_scan_task *task)
{
    if (task == NULL) {
        return;
    }
    struct tarn_env *env = task->env;
    tarn_source_close(task->source);
    tarn_expr_release(task->wishes.predicate);
    tarn_snapshot_close(task->snapshot);
    tarn__free(env, task);
    tarn_env_close(env);
}
