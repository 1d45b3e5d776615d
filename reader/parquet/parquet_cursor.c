/* SPDX-License-Identifier: Apache-2.0
 *
 * A cursor over one row group of a Parquet file, or over a range of its rows.
 *
 * Bytes: see page_plan.h. Rows: `next` only moves a window; a column is decoded when it is asked for, from the rows
 * of the selection alone, and rows before them are passed over. Rows for which the page index rules the predicate out are in no window.
 *
 * Invariants
 *  1. A column's readers stand behind the last row that was decoded, never behind the window's end.
 *  2. `base` is what was decoded in this window, for `base_selection`; later calls for fewer rows pick from it. A caller that asks for
 *     other rows all the same (the arms of an OR may) makes the readers go back and decode the whole window.
 *  3. Vectors handed out live in `handed` until the window moves.
 */
#include "format/base/alloc.h"
#include "format/batch/gather.h"
#include "format/batch/selection.h"
#include "format/column/assemble.h"
#include "reader/parquet/page_plan.h"
#include "reader/parquet/pruning.h"
#include "reader/parquet/row_ranges.h"

/* Rows that are not wanted but lie between rows that are: up to so many are decoded with them, as passing over costs too. Where no more
 * than one row in RARE is not wanted all are decoded. */
enum { GAP = 12, RARE = 16 };

struct column {
    const struct tarn_node *node; /**< NULL: row index */
    struct tarn__column_reader *readers;
    bool ready;
    struct tarn__column_place *places; /**< of the readers before they decoded `base`, when it is of a part of the window; else NULL */
    struct tarn_vector *base;          /**< NULL: nothing decoded in this window */
    struct tarn_selection base_selection;
    uint32_t *base_positions;
    size_t base_capacity;
    uint64_t pages; /**< counted in the scan's stats so far */
    uint64_t pages_skipped;
    uint64_t spread;
};

struct parquet_cursor {
    struct tarn_cursor cursor;
    struct parquet_scan *scan;
    struct tarn_codec_context *codec_context;
    struct parquet_group group;
    uint32_t range; /**< of the group's ranges: the one at hand */
    uint64_t window_row;
    uint32_t window_rows;
    struct column *columns; /**< one a path */
    struct tarn_vector **handed;
    size_t handed_count;
    size_t handed_capacity;
    uint32_t *positions; /**< room for those of a selection */
    size_t position_capacity;
    bool failed;
};

/* ---- columns ---- */

/* The definition level from which a level pair of leaf number `leaf` is a slot: that of the elements of the innermost list around it. */
static uint16_t slot_definition(const struct tarn_node *node, uint32_t leaf, uint16_t around)
{
    while (node->kind != TARN_NODE_LEAF) {
        const bool list = node->kind == TARN_NODE_LIST || node->kind == TARN_NODE_MAP;
        around = list ? node->element_definition : around;
        const struct tarn_node *child = node->children;
        while (child->leaf_count == 0 || leaf >= child->leaf + child->leaf_count) {
            child++;
        }
        node = child;
    }
    return around;
}

/* A path into a variant leaves out leaves of its range: their readers stay empty. */
static bool is_read(const struct column *column, uint32_t i)
{
    return !column->node->sparse || column->readers[i].options.env != NULL;
}

static enum tarn_status start_column(struct parquet_cursor *cursor, struct column *column, struct tarn_error *err)
{
    const struct parquet_source *source = cursor->scan->source;
    const struct tarn_node *node = column->node;
    if (column->readers == NULL) {
        column->readers = tarn__calloc(cursor->cursor.env, node->leaf_count, sizeof(*column->readers));
        if (column->readers == NULL) {
            return tarn__nomem(cursor->cursor.env, err, node->leaf_count * sizeof(*column->readers));
        }
    }
    for (uint32_t i = 0; i < node->leaf_count; i++) {
        const uint32_t leaf = node->leaf + i;
        const uint32_t slot = cursor->scan->slots[leaf];
        if (!tarn__node_has_leaf(node, leaf)) {
            continue;
        }
        const struct parquet_chunk *chunk = &cursor->group.chunks[slot];
        const struct tarn__column_reader_options options = {
            .env = cursor->cursor.env,
            .leaf = &source->footer->schema->leaves[leaf],
            .chunk = chunk->metadata,
            .footer = source->footer,
            .row_group = cursor->group.row_group,
            .row_count = cursor->group.row_count,
            .first_row = cursor->group.first_row,
            .slot_definition = slot_definition(node, leaf, 0),
            .keep_levels = node->kind != TARN_NODE_LEAF,
            .no_crc = source->options.no_crc,
            .packed_low_first = tarn__parquet_packs_low_first(source),
            .invalid_utf8_as_is = source->options.invalid_utf8_as_is,
            .page_limit = source->options.page_limit,
        };
        TARN_RETURN_IF_ERROR(tarn__column_reader_init(&column->readers[i], &options, err));
        tarn__column_reader_start_from(&column->readers[i], cursor->codec_context, tarn__reads_source(cursor->group.reads, slot),
                                       chunk->range, chunk->offsets);
    }
    column->ready = true;
    return TARN_OK;
}

static void count_pages(struct parquet_cursor *cursor, struct column *column)
{
    uint64_t pages = 0;
    uint64_t skipped = 0;
    uint64_t spread = 0;
    for (uint32_t i = 0; i < column->node->leaf_count; i++) {
        pages += column->readers[i].pages;
        skipped += column->readers[i].pages_skipped;
        spread += column->readers[i].output.spread;
    }
    atomic_fetch_add(&cursor->scan->pages, pages - column->pages);
    atomic_fetch_add(&cursor->scan->pages_skipped, skipped - column->pages_skipped);
    atomic_fetch_add(&cursor->scan->flattened, spread - column->spread);
    column->pages = pages;
    column->pages_skipped = skipped;
    column->spread = spread;
}

/* Rows [from, to) of the window, appended to every leaf. */
static enum tarn_status read_rows(struct parquet_cursor *cursor, struct column *column, uint32_t from, uint32_t to, struct tarn_error *err)
{
    const uint64_t row = cursor->window_row + from;
    for (uint32_t i = 0; i < column->node->leaf_count; i++) {
        struct tarn__column_reader *reader = &column->readers[i];
        if (!is_read(column, i)) {
            continue;
        }
        TARN_RETURN_IF_ERROR(tarn__column_reader_skip(reader, row - reader->at.row, err));
        TARN_RETURN_IF_ERROR(tarn__column_reader_read(reader, to - from, err));
    }
    return TARN_OK;
}

/* Reads runs of selected rows, small gaps included, and turns the positions into those among the rows read. */
static enum tarn_status read_runs(struct parquet_cursor *cursor, struct column *column, uint32_t *positions, uint32_t count,
                                  uint32_t *rows_read, struct tarn_error *err)
{
    *rows_read = 0;
    for (uint32_t i = 0; i < count;) {
        const uint32_t from = positions[i];
        uint32_t to = from + 1;
        uint32_t end = i + 1;
        while (end < count && positions[end] - to <= GAP) {
            to = positions[end] + 1;
            end++;
        }
        TARN_RETURN_IF_ERROR(read_rows(cursor, column, from, to, err));
        for (; i < end; i++) {
            positions[i] = *rows_read + (positions[i] - from);
        }
        *rows_read += to - from;
    }
    return TARN_OK;
}

static bool grow_positions(struct tarn_env *env, uint32_t **positions, size_t *capacity, uint32_t rows)
{
    return tarn__grow(env, positions, capacity, tarn__selection_bytes(rows) / sizeof(uint32_t), sizeof(uint32_t));
}

static void release_places(const struct parquet_cursor *cursor, struct column *column)
{
    for (uint32_t i = 0; column->places != NULL && i < column->node->leaf_count; i++) {
        tarn__column_place_release(&column->places[i]);
    }
    tarn__free(cursor->cursor.env, column->places);
    column->places = NULL;
}

static enum tarn_status note_places(const struct parquet_cursor *cursor, struct column *column, struct tarn_error *err)
{
    column->places = tarn__calloc(cursor->cursor.env, column->node->leaf_count, sizeof(*column->places));
    if (column->places == NULL) {
        return tarn__nomem(cursor->cursor.env, err, column->node->leaf_count * sizeof(*column->places));
    }
    for (uint32_t i = 0; i < column->node->leaf_count; i++) {
        if (is_read(column, i)) {
            tarn__column_reader_mark(&column->readers[i], &column->places[i]);
        }
    }
    return TARN_OK;
}

/* Decodes the selected rows: `base`, and `base_selection` with memory of its own. */
static enum tarn_status decode(struct parquet_cursor *cursor, struct column *column, const struct tarn_selection *selection,
                               struct tarn_error *err)
{
    struct tarn_env *env = cursor->cursor.env;
    uint32_t rows_read = selection->count;

    for (uint32_t i = 0; i < column->node->leaf_count; i++) {
        if (is_read(column, i)) {
            tarn__column_reader_begin(&column->readers[i]);
        }
    }
    column->base_selection = *selection;
    if (selection->count == selection->rows) {
        column->base_selection = tarn_selection_all(selection->rows);
        TARN_RETURN_IF_ERROR(read_rows(cursor, column, 0, selection->rows, err));
        return tarn__assemble(column->node, column->readers, rows_read, &column->base, err);
    }

    if (!grow_positions(env, &column->base_positions, &column->base_capacity, selection->rows)) {
        return tarn__nomem(env, err, tarn__selection_bytes(selection->rows));
    }
    const uint32_t *chosen = tarn__selection_positions(selection, column->base_positions);
    if (chosen != column->base_positions) {
        memcpy(column->base_positions, chosen, selection->count * sizeof(uint32_t));
    }
    column->base_selection = tarn__selection_of_positions(selection->rows, selection->count, column->base_positions);
    TARN_RETURN_IF_ERROR(note_places(cursor, column, err));
    memcpy(cursor->positions, column->base_positions, selection->count * sizeof(uint32_t));

    struct tarn_vector *read;
    TARN_RETURN_IF_ERROR(read_runs(cursor, column, cursor->positions, selection->count, &rows_read, err));
    TARN_RETURN_IF_ERROR(tarn__assemble(column->node, column->readers, rows_read, &read, err));
    if (rows_read == selection->count) {
        column->base = read;
        return TARN_OK;
    }
    const enum tarn_status status = tarn__vector_gather_ascending(read, cursor->positions, selection->count, &column->base, err);
    tarn_vector_release(read);
    return status;
}

/* Keeps a vector until the window moves. Takes the reference over. */
static enum tarn_status hand_out(struct parquet_cursor *cursor, struct tarn_vector *vector, struct tarn_vector **out,
                                 struct tarn_error *err)
{
    if (!tarn__grow(cursor->cursor.env, &cursor->handed, &cursor->handed_capacity, cursor->handed_count + 1, sizeof(*cursor->handed))) {
        tarn_vector_release(vector);
        return tarn__nomem(cursor->cursor.env, err, sizeof(*cursor->handed));
    }
    cursor->handed[cursor->handed_count++] = vector;
    *out = vector;
    return TARN_OK;
}

static enum tarn_status row_index(struct parquet_cursor *cursor, const struct tarn_type *type, const struct tarn_selection *selection,
                                  struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_env *env = cursor->cursor.env;
    struct tarn_buffer *values = tarn__buffer_new(env, (size_t)selection->count * sizeof(int64_t));
    if (values == NULL) {
        return tarn__nomem(env, err, (uint64_t)selection->count * sizeof(int64_t));
    }
    const uint32_t *positions = tarn__selection_positions(selection, cursor->positions);
    const uint64_t first = cursor->group.first_row + cursor->window_row;
    int64_t *rows = (int64_t *)(void *)values->data;
    for (uint32_t i = 0; i < selection->count; i++) {
        rows[i] = (int64_t)(first + positions[i]);
    }
    struct tarn_vector *vector = tarn__vector_flat(env, type, selection->count, values, NULL);
    return vector != NULL ? hand_out(cursor, vector, out, err) : tarn__nomem(env, err, 0);
}

/* Are all rows of `part` among those that were decoded? `positions`: room for those of part. */
static bool is_decoded(const struct column *column, const struct tarn_selection *part, uint32_t *positions)
{
    const struct tarn_selection *base = &column->base_selection;
    if (base->kind == TARN_SELECT_ALL) {
        return true;
    }
    const uint32_t *wanted = tarn__selection_positions(part, positions);
    uint32_t at = 0;
    for (uint32_t i = 0; i < part->count; i++, at++) {
        while (at < base->count && base->u.positions[at] < wanted[i]) {
            at++;
        }
        if (at == base->count || base->u.positions[at] != wanted[i]) {
            return false;
        }
    }
    return true;
}

static enum tarn_status decode_all(struct parquet_cursor *cursor, struct column *column, struct tarn_error *err)
{
    const struct tarn_selection all = tarn_selection_all(cursor->window_rows);
    struct tarn_vector *before;
    TARN_RETURN_IF_ERROR(hand_out(cursor, column->base, &before, err));
    column->base = NULL;
    for (uint32_t i = 0; i < column->node->leaf_count; i++) {
        if (is_read(column, i)) {
            tarn__column_reader_rewind(&column->readers[i], &column->places[i]);
        }
    }
    release_places(cursor, column);
    return decode(cursor, column, &all, err);
}

static enum tarn_status need_base(struct parquet_cursor *cursor, struct column *column, const struct tarn_selection *selection,
                                  struct tarn_error *err)
{
    const uint32_t slot = cursor->scan->slots[column->node->leaf];
    const uint32_t last = cursor->scan->slots[column->node->leaf + column->node->leaf_count - 1];
    const struct tarn_selection all = tarn_selection_all(cursor->window_rows);
    if (column->base == NULL) {
        if (selection->rows - selection->count <= selection->rows / RARE) {
            selection = &all;
        }
        TARN_RETURN_IF_ERROR(
            tarn__parquet_plan_selected(&cursor->group, slot, last - slot + 1, cursor->window_row, selection, cursor->positions, err));
        TARN_RETURN_IF_ERROR(column->ready ? TARN_OK : start_column(cursor, column, err));
        return decode(cursor, column, selection, err);
    }
    return is_decoded(column, selection, cursor->positions) ? TARN_OK : decode_all(cursor, column, err);
}

static enum tarn_status select_column(struct parquet_cursor *cursor, uint32_t handle, const struct tarn_selection *selection,
                                      struct tarn_vector **out, struct tarn_error *err)
{
    struct column *column = &cursor->columns[handle];
    if (!grow_positions(cursor->cursor.env, &cursor->positions, &cursor->position_capacity, selection->rows)) {
        return tarn__nomem(cursor->cursor.env, err, tarn__selection_bytes(selection->rows));
    }
    if (column->node != NULL && column->node->leaf_count == 0) {
        struct tarn_vector *empty;
        TARN_RETURN_IF_ERROR(tarn__assemble_leafless(cursor->cursor.env, column->node, selection->count, &empty, err));
        return hand_out(cursor, empty, out, err);
    }
    if (column->node == NULL) {
        return row_index(cursor, cursor->scan->types[handle], selection, out, err);
    }
    const enum tarn_status status = need_base(cursor, column, selection, err);
    if (column->ready) {
        count_pages(cursor, column);
    }
    TARN_RETURN_IF_ERROR(status);
    if (selection->count == column->base_selection.count) {
        *out = column->base;
        return TARN_OK;
    }
    struct tarn_vector *part;
    const struct tarn_selection relative = tarn__selection_relative(&column->base_selection, selection, cursor->positions);
    TARN_RETURN_IF_ERROR(tarn__vector_select(column->base, &relative, &part, err));
    return hand_out(cursor, part, out, err);
}

static enum tarn_status placed(struct parquet_cursor *cursor, enum tarn_status status, struct tarn_error *err)
{
    if (status != TARN_OK) {
        tarn__error_at_row_group(err, (int32_t)cursor->group.row_group);
        tarn__error_at_object(err, tarn__text_of(cursor->scan->source->key));
    }
    return status;
}

static enum tarn_status cursor_column(struct tarn_cursor *handle_, uint32_t handle, const struct tarn_selection *selection,
                                      struct tarn_vector **out, struct tarn_error *err)
{
    struct parquet_cursor *cursor = (struct parquet_cursor *)handle_;
    const struct tarn_selection all = tarn_selection_all(cursor->window_rows);
    if (selection == NULL) {
        selection = &all;
    }
    if (handle >= cursor->scan->scan.path_count || selection->rows != cursor->window_rows || selection->count > selection->rows) {
        return tarn__invalid(err, "selection", "column %u of %u, %u of %u rows: not what the cursor has", handle,
                             cursor->scan->scan.path_count, selection->count, selection->rows);
    }
    if (cursor->failed) {
        return tarn__invalid(err, "cursor", "the cursor failed before and can only be closed");
    }
    const enum tarn_status status = select_column(cursor, handle, selection, out, err);
    cursor->failed = status != TARN_OK && status != TARN_INVALID;
    return placed(cursor, status, err);
}

/* ---- the cursor ---- */

static void forget_window(struct parquet_cursor *cursor)
{
    for (size_t i = 0; i < cursor->handed_count; i++) {
        tarn_vector_release(cursor->handed[i]);
    }
    cursor->handed_count = 0;
    for (uint32_t i = 0; i < cursor->scan->scan.path_count; i++) {
        tarn_vector_release(cursor->columns[i].base);
        cursor->columns[i].base = NULL;
        release_places(cursor, &cursor->columns[i]);
    }
}

static enum tarn_status cursor_next(struct tarn_cursor *handle, uint32_t max_rows, uint32_t *rows, struct tarn_error *err)
{
    struct parquet_cursor *cursor = (struct parquet_cursor *)handle;
    *rows = 0;
    TARN_RETURN_IF_ERROR(tarn__check_cancelled(cursor->cursor.env, err));
    forget_window(cursor);
    cursor->window_row += cursor->window_rows;
    cursor->window_rows = 0;
    const struct parquet_row_ranges *ranges = &cursor->group.ranges;
    while (cursor->range < ranges->count && cursor->window_row >= ranges->rows[cursor->range].end) {
        cursor->range++;
    }
    if (cursor->range == ranges->count) {
        return TARN_OK;
    }
    const struct parquet_rows *range = &ranges->rows[cursor->range];
    cursor->window_row = cursor->window_row > range->begin ? cursor->window_row : range->begin;
    const uint64_t left = range->end - cursor->window_row;
    const uint32_t most = max_rows != 0 && max_rows < cursor->scan->batch_rows ? max_rows : cursor->scan->batch_rows;
    cursor->window_rows = left < most ? (uint32_t)left : most;
    atomic_fetch_add(&cursor->scan->rows, cursor->window_rows);
    *rows = cursor->window_rows;
    return TARN_OK;
}

static void close_columns(struct parquet_cursor *cursor)
{
    struct tarn_env *env = cursor->cursor.env;
    for (uint32_t i = 0; cursor->columns != NULL && i < cursor->scan->scan.path_count; i++) {
        struct column *column = &cursor->columns[i];
        for (uint32_t leaf = 0; column->readers != NULL && leaf < column->node->leaf_count; leaf++) {
            if (column->readers[leaf].options.env != NULL) {
                tarn__column_reader_free(&column->readers[leaf]);
            }
        }
        tarn__free(env, column->readers);
        tarn__free(env, column->base_positions);
    }
    tarn__free(env, cursor->columns);
}

static void cursor_close(struct tarn_cursor *handle)
{
    struct parquet_cursor *cursor = (struct parquet_cursor *)handle;
    struct tarn_env *env = cursor->cursor.env;
    if (cursor->columns != NULL) {
        forget_window(cursor);
    }
    close_columns(cursor);
    tarn__reads_close(cursor->group.reads);
    tarn__free(env, cursor->handed);
    tarn__free(env, cursor->positions);
    tarn__codec_context_close(cursor->codec_context);
    tarn__arena_free(&cursor->group.arena);
    tarn__free(env, cursor);
}

static const struct tarn_cursor_ops parquet_cursor_ops = {
    .size = sizeof(struct tarn_cursor_ops),
    .next = cursor_next,
    .column = cursor_column,
    .close = cursor_close,
};

static enum tarn_status open_chunks(struct parquet_group *group, struct tarn_error *err)
{
    const struct parquet_scan *scan = group->scan;
    group->chunks = tarn__arena_calloc(&group->arena, (size_t)scan->wanted_count + 1, sizeof(*group->chunks));
    if (group->chunks == NULL) {
        return tarn__nomem(scan->scan.env, err, scan->wanted_count * sizeof(*group->chunks));
    }
    for (uint32_t slot = 0; slot < scan->wanted_count; slot++) {
        struct parquet_chunk *chunk = &group->chunks[slot];
        const uint32_t leaf = scan->wanted[slot];
        TARN_RETURN_IF_ERROR(tarn__footer_chunk(scan->source->footer, group->row_group, leaf, &group->arena, &chunk->thrift, err));
        chunk->metadata = &chunk->thrift->meta_data;
        TARN_RETURN_IF_ERROR(tarn__parquet_chunk_range(scan->source, group->row_group, leaf, &chunk->range, err));
    }
    return TARN_OK;
}

/* Which rows there are, and the reading of what is needed first. */
static enum tarn_status open_group(struct parquet_cursor *cursor, uint32_t task, struct tarn_error *err)
{
    struct parquet_scan *scan = cursor->scan;
    struct parquet_group *group = &cursor->group;
    struct parquet_outcome *outcome = &scan->outcomes[group->row_group];
    TARN_RETURN_IF_ERROR(open_chunks(group, err));
    TARN_RETURN_IF_ERROR(tarn__parquet_reads_of_task(group, task, err));
    TARN_RETURN_IF_ERROR(tarn__parquet_row_ranges(group, &scan->tasks[task].rows, err));
    if (group->ranges.count == 0) {
        int before = PARQUET_NOT_LOOKED_AT; /* another task may read rows of the same row group */
        atomic_compare_exchange_strong(&outcome->verdict, &before, (int)PARQUET_PRUNED_PAGES);
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__parquet_prune_by_content(group, cursor->codec_context, err));
    if (group->ranges.count == 0) {
        return TARN_OK;
    }
    atomic_store(&outcome->verdict, (int)PARQUET_READ);
    TARN_RETURN_IF_ERROR(tarn__parquet_plan_first(group, err));
    tarn__parquet_plan_ahead(scan, task + 1);
    return TARN_OK;
}

static enum tarn_status open_cursor(struct parquet_cursor *cursor, uint32_t task, struct tarn_error *err)
{
    struct tarn_env *env = cursor->cursor.env;
    const struct parquet_scan *scan = cursor->scan;
    cursor->columns = tarn__calloc(env, (size_t)scan->scan.path_count + 1, sizeof(*cursor->columns));
    if (cursor->columns == NULL) {
        return tarn__nomem(env, err, scan->scan.path_count * sizeof(*cursor->columns));
    }
    for (uint32_t i = 0; i < scan->scan.path_count; i++) {
        cursor->columns[i].node = scan->paths[i].node;
    }
    TARN_RETURN_IF_ERROR(tarn__codec_context_open(env, &cursor->codec_context, err));
    return open_group(cursor, task, err);
}

enum tarn_status tarn__parquet_cursor_open(struct parquet_scan *scan, uint32_t task, struct tarn_cursor **out, struct tarn_error *err)
{
    struct tarn_env *env = scan->scan.env;
    const uint32_t row_group = scan->tasks[task].row_group;
    struct parquet_cursor *cursor = tarn__calloc(env, 1, sizeof(*cursor));
    if (cursor == NULL) {
        return tarn__nomem(env, err, sizeof(*cursor));
    }
    cursor->cursor = (struct tarn_cursor){.ops = &parquet_cursor_ops, .env = env};
    cursor->scan = scan;
    cursor->group = (struct parquet_group){
        .scan = scan,
        .row_group = row_group,
        .row_count = (uint64_t)tarn__parquet_row_group(scan->source, row_group)->num_rows,
        .first_row = scan->source->first_rows[row_group],
    };
    tarn__arena_init(&cursor->group.arena, env);
    const enum tarn_status status = placed(cursor, open_cursor(cursor, task, err), err);
    if (status != TARN_OK) {
        cursor_close(&cursor->cursor);
        return status;
    }
    *out = &cursor->cursor;
    return TARN_OK;
}
