/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of a listing as a batch, so that the printer of queries prints them: as CSV, JSON, a Parquet file. They become vectors as any
 * host's rows do, through the Arrow C data interface.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/tarn/command.h"

enum { MOST_COLUMNS = 16 };

/* One column: 64-bit numbers, or texts with offsets. */
struct column {
    char *name;
    bool number;
    int64_t *numbers;
    int32_t *offsets;
    char *bytes;
    size_t size;
    uint8_t *validity;
    int64_t nulls;
};

struct listing_rows {
    uint32_t count;
    struct column columns[MOST_COLUMNS];
    size_t rows;
    size_t room;
};

struct listing_rows *listing_rows_open(uint32_t columns, const struct table_column *heads)
{
    struct listing_rows *rows = calloc(1, sizeof(*rows));
    for (uint32_t i = 0; rows != NULL && i < columns && i < MOST_COLUMNS; i++) {
        rows->columns[i].name = strndup(heads[i].name.data, heads[i].name.size);
        rows->columns[i].number = heads[i].right;
        rows->count++;
    }
    return rows;
}

void listing_rows_close(struct listing_rows *rows)
{
    for (uint32_t i = 0; rows != NULL && i < rows->count; i++) {
        free(rows->columns[i].name);
        free(rows->columns[i].numbers);
        free(rows->columns[i].offsets);
        free(rows->columns[i].bytes);
        free(rows->columns[i].validity);
    }
    free(rows);
}

static bool resize(void *array, size_t bytes)
{
    void *old;
    memcpy(&old, array, sizeof(old));
    void *larger = realloc(old, bytes);
    if (larger != NULL) {
        memcpy(array, &larger, sizeof(larger));
    }
    return larger != NULL;
}

static bool make_room(struct listing_rows *rows)
{
    if (rows->rows < rows->room) {
        return true;
    }
    const size_t room = rows->room * 2 + 64;
    for (uint32_t i = 0; i < rows->count; i++) {
        struct column *column = &rows->columns[i];
        const bool first = column->offsets == NULL;
        if (!resize(&column->numbers, room * sizeof(int64_t)) || !resize(&column->offsets, (room + 1) * sizeof(int32_t)) ||
            !resize(&column->validity, room / 8 + 1)) {
            return false;
        }
        column->offsets[0] = first ? 0 : column->offsets[0];
    }
    rows->room = room;
    return true;
}

static bool add_value(struct column *column, size_t row, const char *text)
{
    const bool is_null = text == NULL || (column->number && text[0] == '\0');
    const size_t size = is_null || column->number ? 0 : strlen(text);
    if (size > INT32_MAX - column->size || (size != 0 && !resize(&column->bytes, column->size + size))) {
        return false;
    }
    if (size != 0) {
        memcpy(column->bytes + column->size, text, size);
    }
    column->size += size;
    column->numbers[row] = !is_null && column->number ? strtoll(text, NULL, 10) : 0;
    column->offsets[row + 1] = (int32_t)column->size;
    column->nulls += is_null;
    const uint8_t bit = (uint8_t)(1u << (row & 7));
    column->validity[row >> 3] = (uint8_t)(((row & 7) == 0 ? 0 : column->validity[row >> 3]) | (is_null ? 0 : bit));
    return true;
}

bool listing_rows_add(struct listing_rows *rows, const char *const *texts)
{
    if (!make_room(rows)) {
        return false;
    }
    for (uint32_t i = 0; i < rows->count; i++) {
        if (!add_value(&rows->columns[i], rows->rows, texts[i])) {
            return false;
        }
    }
    rows->rows++;
    return true;
}

/* ---- as a batch ---- */

struct one_batch {
    struct tarn_batches batches; /* first: the two addresses are one */
    struct tarn_batch *batch;
    bool given;
};

static enum tarn_status next_batch(struct tarn_batches *batches, struct tarn_batch **out, struct tarn_error *err)
{
    struct one_batch *one = (struct one_batch *)(void *)batches;
    (void)err;
    *out = one->given || one->batch->length == 0 ? NULL : one->batch;
    one->given = true;
    return TARN_OK;
}

static void keep_batch(struct tarn_batches *batches)
{
    (void)batches; /* the caller's */
}

static void release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release_array(struct ArrowArray *array)
{
    array->release = NULL;
}

static enum tarn_status make_batch(struct session *session, const struct listing_rows *rows, struct tarn_schema **schema,
                                   struct tarn_batch **out, struct tarn_error *err)
{
    static const void *no_buffers[] = {NULL};
    struct ArrowSchema schemas[MOST_COLUMNS];
    struct ArrowSchema *schema_pointers[MOST_COLUMNS];
    struct ArrowArray arrays[MOST_COLUMNS];
    struct ArrowArray *array_pointers[MOST_COLUMNS];
    const void *buffers[MOST_COLUMNS][3];
    for (uint32_t i = 0; i < rows->count; i++) {
        const struct column *column = &rows->columns[i];
        buffers[i][0] = column->nulls != 0 ? column->validity : NULL;
        buffers[i][1] = column->number ? (const void *)column->numbers : (const void *)column->offsets;
        buffers[i][2] = column->bytes;
        schemas[i] = (struct ArrowSchema){
            .format = column->number ? "l" : "u", .name = column->name, .flags = ARROW_FLAG_NULLABLE, .release = release_schema};
        arrays[i] = (struct ArrowArray){.length = (int64_t)rows->rows,
                                        .null_count = column->nulls,
                                        .n_buffers = column->number ? 2 : 3,
                                        .buffers = buffers[i],
                                        .release = release_array};
        schema_pointers[i] = &schemas[i];
        array_pointers[i] = &arrays[i];
    }
    const struct ArrowSchema shape = {
        .format = "+s", .name = "", .n_children = rows->count, .children = schema_pointers, .release = release_schema};
    struct ArrowArray array = {.length = (int64_t)rows->rows,
                               .n_buffers = 1,
                               .n_children = rows->count,
                               .buffers = no_buffers,
                               .children = array_pointers,
                               .release = release_array};
    *out = NULL;
    const enum tarn_status status = tarn_arrow_import_schema(session->env, &shape, schema, err);
    return status == TARN_OK ? tarn_arrow_import_batch(session->env, *schema, &shape, &array, out, err) : status;
}

int listing_rows_print(struct session *session, const struct listing_rows *rows)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_schema *schema = NULL;
    struct one_batch one = {.batch = NULL};
    int code;
    const enum tarn_status status = make_batch(session, rows, &schema, &one.batch, &err);
    if (status == TARN_OK) {
        one.batches = (struct tarn_batches){session->env, schema, next_batch, keep_batch};
        code = rows_print(session, &one.batches);
    } else {
        code = answer_error(session, &err);
    }
    tarn_batch_release(one.batch);
    tarn_schema_release(schema);
    return code;
}
