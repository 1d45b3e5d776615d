/* SPDX-License-Identifier: Apache-2.0
 * A whole Parquet file: every column of every row group read, in windows of two sizes, all rows and a part of them.
 * Nothing is expected of the rows but that they are as many as the windows have, and that all memory comes back.
 */
#include <stdlib.h>
#include <string.h>

#include "tarn/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_COLUMNS = 64, MOST_ROWS = 100000 };

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

static enum tarn_status read_window(struct tarn_cursor *cursor, uint32_t columns, uint32_t rows, bool part)
{
    static uint32_t positions[8192];
    const struct tarn_selection some = some_of(rows, positions);
    for (uint32_t i = 0; i < columns; i++) {
        struct tarn_vector *vector;
        const enum tarn_status status = tarn_cursor_column(cursor, i, part ? &some : NULL, &vector, NULL);
        if (status != TARN_OK) {
            return status;
        }
        demand(vector->length == (part ? some.count : rows));
        for (uint32_t row = 0; row < vector->length; row++) {
            (void)tarn_vector_is_null(vector, row);
        }
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

static void read_source(struct tarn_source *source)
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_parquet_read_options read_options = TARN_PARQUET_READ_OPTIONS_INIT;
    struct tarn_env *env;
    struct tarn_store *store;
    struct tarn_source *source;
    options.memory_limit = 64 << 20;
    read_options.no_crc = true; /* else hardly a change would come behind the checksums */
    demand(tarn_env_open(&options, &env, NULL) == TARN_OK);
    demand(tarn_store_open_memory(env, 0, &store, NULL) == TARN_OK);
    if (tarn_store_put(store, TARN_TEXT("f"), (struct tarn_span){data, size}, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, NULL) == TARN_OK &&
        tarn_parquet_open(store, TARN_TEXT("f"), &read_options, &source, NULL) == TARN_OK) {
        read_source(source);
        tarn_source_close(source);
    }
    tarn_store_close(store);
    demand(tarn_env_memory(env, NULL) == 0);
    tarn_env_close(env);
    return 0;
}
