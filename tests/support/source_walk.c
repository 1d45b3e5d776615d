/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/source_walk.h"

#include <stdlib.h>

enum { MOST_COLUMNS = 64, MOST_ROWS = 100000, MOST_VALUES = 64 };

static void demand(bool held)
{
    if (!held) {
        abort();
    }
}

/* Every third row, beginning with the second. */
static struct tarn_selection some_of(uint32_t rows, uint32_t *positions)
{
    struct tarn_selection selection = {.kind = TARN_SELECT_POSITIONS, .rows = rows, .count = 0, .u.positions = positions};
    for (uint32_t i = 1; i < rows; i += 3) {
        positions[selection.count++] = i;
    }
    return selection;
}

/* Looks at every row, and at the values of the first ones. */
static void touch(const struct tarn_vector *vector, struct tarn_env *env)
{
    char text[64];
    for (uint32_t row = 0; row < vector->length; row++) {
        (void)tarn_vector_is_null(vector, row);
    }
    for (uint32_t row = 0; row < vector->length && row < MOST_VALUES; row++) {
        (void)tarn_vector_format(env, vector, row, text, sizeof(text));
    }
}

static enum tarn_status read_window(struct tarn_cursor *cursor, uint32_t columns, uint32_t rows, bool part)
{
    static uint32_t positions[8192];
    struct tarn_env *env = cursor->env;
    const struct tarn_selection some = some_of(rows, positions);
    for (uint32_t i = 0; i < columns; i++) {
        struct tarn_vector *vector;
        const enum tarn_status status = tarn_cursor_column(cursor, i, part ? &some : NULL, &vector, NULL);
        if (status != TARN_OK) {
            return status;
        }
        demand(vector->length == (part ? some.count : rows));
        touch(vector, env);
        if (part && tarn_cursor_column(cursor, i, NULL, &vector, NULL) == TARN_OK) { /* goes back for the others */
            demand(vector->length == rows);
        }
    }
    return TARN_OK;
}

static void read_tasks(struct tarn_scan *scan, uint32_t columns, uint32_t window, bool part)
{
    uint64_t total = 0;
    for (uint32_t task = 0; task < tarn_scan_task_count(scan); task++) {
        struct tarn_cursor *cursor;
        uint32_t rows;
        if (tarn_scan_open(scan, task, &cursor, NULL) != TARN_OK) {
            continue;
        }
        while (tarn_cursor_next(cursor, window, &rows, NULL) == TARN_OK && rows != 0 && total < MOST_ROWS) {
            total += rows;
            if (read_window(cursor, columns, rows, part) != TARN_OK) {
                break;
            }
        }
        tarn_cursor_close(cursor);
    }
}

void tarn_walk_source(struct tarn_source *source)
{
    const struct tarn_schema *schema = tarn_source_schema(source);
    struct tarn_path_step steps[MOST_COLUMNS];
    struct tarn_path paths[MOST_COLUMNS];
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    for (uint32_t i = 0; i < schema->field_count && i < MOST_COLUMNS; i++) {
        steps[i].kind = TARN_PATH_FIELD;
        steps[i].name = schema->fields[i].name;
        steps[i].id = -1;
        paths[i].depth = 1;
        paths[i].steps = &steps[i];
        request.path_count = i + 1;
    }
    request.paths = paths;
    static const uint32_t windows[] = {8192, 7};
    for (unsigned i = 0; i < 4; i++) {
        struct tarn_scan *scan;
        if (tarn_source_scan(source, &request, &scan, NULL) == TARN_OK) {
            read_tasks(scan, request.path_count, windows[i % 2], i >= 2);
        }
        tarn_scan_close(scan);
    }
}
