/* SPDX-License-Identifier: Apache-2.0
 *
 * The filtered scan: next, filter, the rest for the survivors.
 */
#include "format/expr/filter_scan.h"

struct tarn__filter_scan {
    struct tarn_env *env;
    struct tarn_cursor *cursor;
    const uint32_t *handles;
    struct tarn_expr_eval *eval; /* NULL: all rows pass */
    struct tarn_selection selection;
    uint64_t rows;
};

static enum tarn_status filter_column(void *ctx, uint32_t slot, const struct tarn_selection *selection, struct tarn_vector **out,
                                      struct tarn_error *err)
{
    struct tarn__filter_scan *scan = ctx;
    return tarn_cursor_column(scan->cursor, scan->handles[slot], selection, out, err);
}

enum tarn_status tarn__filter_scan_open(struct tarn_env *env, struct tarn_cursor *cursor, const struct tarn_expr *predicate,
                                        const uint32_t *handles, const struct tarn_expr_host *host, struct tarn__filter_scan **out,
                                        struct tarn_error *err)
{
    *out = NULL;
    struct tarn__filter_scan *scan = tarn__calloc(env, 1, sizeof(*scan));
    if (scan == NULL) {
        return tarn__nomem(env, err, sizeof(*scan));
    }
    *scan = (struct tarn__filter_scan){.env = tarn__env_retain(env), .cursor = cursor, .handles = handles};
    if (predicate != NULL) {
        const enum tarn_status status = tarn_expr_eval_open(env, predicate, host, &scan->eval, err);
        if (status != TARN_OK) {
            tarn__filter_scan_close(scan);
            return status;
        }
    }
    *out = scan;
    return TARN_OK;
}

enum tarn_status tarn__filter_scan_next(struct tarn__filter_scan *scan, uint32_t max_rows, struct tarn_selection *selection,
                                        struct tarn_error *err)
{
    *selection = tarn_selection_all(0);
    do {
        uint32_t rows;
        TARN_RETURN_IF_ERROR(tarn__check_cancelled(scan->env, err));
        TARN_RETURN_IF_ERROR(tarn_cursor_next(scan->cursor, max_rows, &rows, err));
        scan->rows += rows;
        scan->selection = tarn_selection_all(rows);
        if (rows == 0) {
            return TARN_OK;
        }
        if (scan->eval != NULL) {
            const struct tarn_expr_input input = {scan, rows, filter_column};
            TARN_RETURN_IF_ERROR(tarn_expr_eval_filter(scan->eval, &input, NULL, &scan->selection, err));
        }
    } while (scan->selection.count == 0);
    *selection = scan->selection;
    return TARN_OK;
}

enum tarn_status tarn__filter_scan_column(struct tarn__filter_scan *scan, uint32_t handle, struct tarn_vector **out, struct tarn_error *err)
{
    const bool all = scan->selection.kind == TARN_SELECT_ALL;
    return tarn_cursor_column(scan->cursor, handle, all ? NULL : &scan->selection, out, err);
}

uint64_t tarn__filter_scan_rows(const struct tarn__filter_scan *scan)
{
    return scan->rows;
}

uint64_t tarn__filter_scan_flattened(const struct tarn__filter_scan *scan)
{
    return scan->eval != NULL ? tarn_expr_eval_flattened(scan->eval) : 0;
}

void tarn__filter_scan_rebind(struct tarn__filter_scan *scan, struct tarn_cursor *cursor)
{
    scan->cursor = cursor;
    scan->selection = tarn_selection_all(0);
}

void tarn__filter_scan_close(struct tarn__filter_scan *scan)
{
    if (scan != NULL) {
        struct tarn_env *env = scan->env;
        tarn_expr_eval_close(scan->eval);
        tarn__free(env, scan);
        tarn_env_close(env);
    }
}
