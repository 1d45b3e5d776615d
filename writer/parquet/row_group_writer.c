/* SPDX-License-Identifier: Apache-2.0
 *
 * Row groups.
 *
 * Specification: parquet-format README.md "File format"; parquet.thrift "RowGroup", "ColumnChunk", "ColumnMetaData".
 * SPEC: P-FILE-WRITE-1, P-FILE-WRITE-3, P-FILE-WRITE-6.
 *
 * Invariants
 *  1. A group ends after `most_rows` rows, or when a look at its size finds `most_bytes`. Looks fall on rows that follow from the
 *     sizes found before, never on the ends of batches: equal rows make equal files.
 *  2. Chunks of a group lie in the order of the leaves, the dictionary page first, nothing between them; bloom filters behind a group,
 *     those of several groups together (bloom_store.h).
 *  3. All that depends on where a chunk lies is made after it was written.
 */
#include "writer/parquet/row_group_writer.h"

#include "format/base/checked.h"
#include "writer/parquet/verify_written.h"

enum { MOST_STEP = 8192, LEAST_PARALLEL = 16384 };

static enum tarn_status no_memory(const struct tarn__row_group_writer *w, struct tarn_error *err)
{
    return tarn__nomem(w->env, err, w->leaf_count * sizeof(struct parquet_column_chunk));
}

enum tarn_status tarn__row_group_writer_init(struct tarn__row_group_writer *w, struct tarn_arena *arena, struct tarn_object_writer *file,
                                             const struct tarn_file_schema *schema, const struct tarn__leaf_path *paths,
                                             const struct tarn__row_group_options *options, struct tarn_error *err)
{
    *w = (struct tarn__row_group_writer){.env = arena->env,
                                         .arena = arena,
                                         .file = file,
                                         .options = *options,
                                         .schema = schema,
                                         .paths = paths,
                                         .leaf_count = schema->leaf_count,
                                         .next_check = 1};
    const uint32_t workers = tarn__concurrency(w->env);
    tarn__bloom_store_init(&w->blooms, w->env);
    w->columns = tarn__arena_calloc(arena, w->leaf_count, sizeof(*w->columns));
    w->chunks = tarn__arena_calloc(arena, w->leaf_count, sizeof(*w->chunks));
    w->order = tarn__arena_calloc(arena, w->leaf_count, sizeof(*w->order));
    w->contexts = tarn__arena_calloc(arena, workers, sizeof(struct tarn_codec_context *));
    w->facts = tarn__arena_calloc(arena, w->leaf_count, sizeof(*w->facts));
    w->stored = tarn__arena_calloc(arena, w->leaf_count, sizeof(*w->stored));
    w->index_bytes = tarn__buffer_new(w->env, 0);
    if (w->columns == NULL || w->chunks == NULL || w->order == NULL || w->contexts == NULL || w->facts == NULL || w->stored == NULL ||
        w->index_bytes == NULL) {
        return no_memory(w, err);
    }
    TARN_RETURN_IF_ERROR(tarn__chunk_encryptor_init(&w->encryptor, w->env, options->encryption->sealer, err));
    for (w->context_count = 0; w->context_count < workers; w->context_count++) {
        TARN_RETURN_IF_ERROR(tarn__codec_context_open(w->env, &w->contexts[w->context_count], err));
    }
    for (uint32_t i = 0; i < w->leaf_count; i++) {
        w->order[i] = i;
        TARN_RETURN_IF_ERROR(tarn__column_writer_open(w->env, &paths[i], &options->leaves[i].column, &w->columns[i], err));
        w->has_page_index |= options->leaves[i].page_index;
    }
    return TARN_OK;
}

void tarn__row_group_writer_free(struct tarn__row_group_writer *w)
{
    for (uint32_t i = 0; w->columns != NULL && i < w->leaf_count; i++) {
        tarn__column_writer_close(w->columns[i]);
    }
    for (uint32_t i = 0; i < w->context_count; i++) {
        tarn__codec_context_close(w->contexts[i]);
    }
    tarn__chunk_encryptor_free(&w->encryptor);
    tarn__bloom_store_free(&w->blooms);
    tarn__buffer_release(w->index_bytes);
    tarn__free(w->env, w->groups);
    tarn__free(w->env, w->column_indexes);
    tarn__free(w->env, w->offset_indexes);
    *w = (struct tarn__row_group_writer){.env = w->env};
}

static void place_error(const struct tarn__row_group_writer *w, uint32_t leaf, struct tarn_error *err)
{
    char path[sizeof(((struct tarn_error *)NULL)->column)];

    tarn__leaf_path_format(&w->paths[leaf], path, sizeof(path));
    tarn__error_at_column(err, (struct tarn_text){path, strlen(path)});
    tarn__error_at_row_group(err, (int32_t)w->group_count);
}

/* ---- rows ---- */

struct piece {
    struct tarn__row_group_writer *writer;
    const struct tarn_batch *batch;
    const uint32_t *positions;
    uint32_t first;
    uint32_t count;
};

static enum tarn_status write_leaf(void *arg, uint64_t leaf, uint32_t worker, struct tarn_error *err)
{
    const struct piece *piece = arg;
    struct tarn__row_group_writer *w = piece->writer;
    const struct tarn_vector *column = piece->batch->columns[w->paths[leaf].index[0]];
    const enum tarn_status status =
        tarn__column_writer_write(w->columns[leaf], w->contexts[worker], column, piece->positions, piece->first, piece->count, err);

    if (status != TARN_OK && err != NULL) {
        if (err->row >= 0) {
            err->row += (int64_t)w->rows;
        }
        place_error(w, (uint32_t)leaf, err);
    }
    return status;
}

struct in_order {
    const uint32_t *order;
    enum tarn_status (*fn)(void *arg, uint64_t leaf, uint32_t worker, struct tarn_error *err);
    void *arg;
};

static enum tarn_status run_in_order(void *arg, uint64_t i, uint32_t worker, struct tarn_error *err)
{
    const struct in_order *in_order = arg;
    return in_order->fn(in_order->arg, in_order->order[i], worker, err);
}

/* Handing a few values to threads costs more than encoding them. */
static enum tarn_status for_each_leaf(struct tarn__row_group_writer *w, uint64_t values,
                                      enum tarn_status (*fn)(void *arg, uint64_t leaf, uint32_t worker, struct tarn_error *err), void *arg,
                                      struct tarn_error *err)
{
    if (w->context_count > 1 && values >= LEAST_PARALLEL) {
        struct in_order in_order = {w->order, fn, arg};
        return tarn__parallel_for(w->env, w->leaf_count, run_in_order, &in_order, err);
    }
    for (uint32_t leaf = 0; leaf < w->leaf_count; leaf++) {
        TARN_RETURN_IF_ERROR(fn(arg, leaf, 0, err));
    }
    return TARN_OK;
}

/* Leaves by the magnitude of their bytes: 0 of the largest. */
static unsigned magnitude_of(const struct tarn__row_group_writer *w, uint32_t leaf)
{
    const uint64_t size = tarn__column_writer_size(w->columns[leaf]);
    return size == 0 ? 64 : (unsigned)__builtin_clzll(size);
}

/* The bytes of the group; and the leaves are ordered by them: what is begun last is then short, and no thread waits long for another. */
static uint64_t weigh_group(struct tarn__row_group_writer *w)
{
    uint32_t begin[66] = {0};
    uint64_t size = 0;

    for (uint32_t i = 0; i < w->leaf_count; i++) {
        size += tarn__column_writer_size(w->columns[i]);
        begin[magnitude_of(w, i) + 1]++;
    }
    for (unsigned i = 1; i < 66; i++) {
        begin[i] += begin[i - 1];
    }
    for (uint32_t i = 0; i < w->leaf_count; i++) {
        w->order[begin[magnitude_of(w, i)]++] = i;
    }
    return size;
}

static enum tarn_status flush_group(struct tarn__row_group_writer *w, struct tarn_error *err);

/* Ends the group when it is large enough, else says when to look again: at most as many rows on as there are, so that rows that get
 * larger are noticed in time. */
static enum tarn_status check_size(struct tarn__row_group_writer *w, struct tarn_error *err)
{
    const uint64_t size = weigh_group(w);

    if (size >= w->options.most_bytes || w->group_rows >= w->options.most_rows) {
        return flush_group(w, err);
    }
    const uint64_t row_size = size / w->group_rows + 1;
    uint64_t step = (w->options.most_bytes - size) / row_size;
    step = step < w->group_rows ? step : w->group_rows;
    step = step < MOST_STEP ? step : MOST_STEP;
    w->next_check = w->group_rows + (step != 0 ? step : 1);
    return TARN_OK;
}

static enum tarn_status check_sorting(struct tarn__row_group_writer *w, const struct piece *piece, struct tarn_error *err)
{
    const enum tarn_status status =
        tarn__sorting_check(w->options.sorting, piece->batch, piece->positions, piece->first, piece->count, err);

    if (status != TARN_OK && err != NULL && err->row >= 0) {
        err->row += (int64_t)w->rows;
        tarn__error_at_row_group(err, (int32_t)w->group_count);
    }
    return status;
}

enum tarn_status tarn__row_group_writer_write(struct tarn__row_group_writer *w, const struct tarn_batch *batch, const uint32_t *positions,
                                              uint32_t count, struct tarn_error *err)
{
    for (uint32_t done = 0; done < count;) {
        const uint64_t until_check = w->next_check - w->group_rows;
        const uint64_t until_full = w->options.most_rows - w->group_rows;
        uint64_t rows = count - done;
        rows = rows < until_check ? rows : until_check;
        rows = rows < until_full ? rows : until_full;
        struct piece piece = {w, batch, positions != NULL ? positions + done : NULL, done, (uint32_t)rows};
        TARN_RETURN_IF_ERROR(tarn__check_cancelled(w->env, err));
        TARN_RETURN_IF_ERROR(check_sorting(w, &piece, err));
        TARN_RETURN_IF_ERROR(for_each_leaf(w, rows * w->leaf_count, write_leaf, &piece, err));
        done += (uint32_t)rows;
        w->rows += rows;
        w->group_rows += rows;
        if (w->group_rows == w->next_check || w->group_rows == w->options.most_rows) {
            TARN_RETURN_IF_ERROR(check_size(w, err));
        }
    }
    return TARN_OK;
}

/* ---- a group into the file ---- */

static enum tarn_status finish_leaf(void *arg, uint64_t leaf, uint32_t worker, struct tarn_error *err)
{
    struct tarn__row_group_writer *w = arg;
    enum tarn_status status = tarn__column_writer_finish(w->columns[leaf], w->contexts[worker], &w->chunks[leaf], err);

    if (status == TARN_OK && w->options.check == TARN_CHECK_FULL) {
        status = tarn__verify_chunk(w->env, &w->schema->leaves[leaf], &w->chunks[leaf], w->group_rows, w->contexts[worker], err);
    }
    if (status != TARN_OK) {
        place_error(w, (uint32_t)leaf, err);
    }
    return status;
}

/* Each encoding that a page or its levels have, by number; and how many pages have it. */
static bool fill_encodings(struct tarn_arena *arena, const struct tarn__column_chunk *chunk, bool has_levels,
                           struct parquet_column_metadata *meta)
{
    const bool has_dictionary = chunk->dictionary_page.size != 0;
    const int32_t page_type = chunk->page_version == 1 ? PARQUET_DATA_PAGE : PARQUET_DATA_PAGE_V2;
    int32_t *encodings = tarn__arena_calloc(arena, TARN_ENCODING_COUNT, sizeof(*encodings));
    struct parquet_page_encoding_stats *stats = tarn__arena_calloc(arena, TARN_ENCODING_COUNT + 1, sizeof(*stats));
    uint32_t encoding_count = 0;
    uint32_t stat_count = 0;

    if (encodings == NULL || stats == NULL) {
        return false;
    }
    if (has_dictionary) {
        stats[stat_count++] = (struct parquet_page_encoding_stats){PARQUET_DICTIONARY_PAGE, PARQUET_ENCODING_PLAIN, 1};
    }
    for (int32_t encoding = 0; encoding < TARN_ENCODING_COUNT; encoding++) {
        const uint32_t pages = chunk->pages_of[encoding];
        const bool beside = (encoding == PARQUET_ENCODING_PLAIN && has_dictionary) || (encoding == PARQUET_ENCODING_RLE && has_levels);
        if (pages != 0) {
            stats[stat_count++] = (struct parquet_page_encoding_stats){page_type, encoding, (int32_t)pages};
        }
        if (pages != 0 || beside) {
            encodings[encoding_count++] = encoding;
        }
    }
    meta->encodings.count = encoding_count;
    meta->encodings.items = encodings;
    meta->has_encoding_stats = true;
    meta->encoding_stats.count = stat_count;
    meta->encoding_stats.items = stats;
    return true;
}

static bool copy_histogram(struct tarn_arena *arena, const int64_t *from, size_t count, parquet_i64_list *to)
{
    to->items = tarn__arena_calloc(arena, count, sizeof(*to->items));
    if (to->items == NULL) {
        return false;
    }
    memcpy(to->items, from, count * sizeof(*from));
    to->count = (uint32_t)count;
    return true;
}

static bool fill_size_statistics(struct tarn_arena *arena, const struct tarn__column_chunk *chunk, struct parquet_column_metadata *meta)
{
    const bool any = chunk->pages.is_byte_array || chunk->definition_histogram != NULL || chunk->repetition_histogram != NULL;
    struct parquet_size_statistics *size = any ? tarn__arena_calloc(arena, 1, sizeof(*size)) : NULL;

    meta->size_statistics = size;
    if (size == NULL) {
        return !any;
    }
    size->has_unencoded_byte_array_data_bytes = chunk->pages.is_byte_array;
    size->unencoded_byte_array_data_bytes = (int64_t)chunk->unencoded_bytes;
    size->has_definition_level_histogram = chunk->definition_histogram != NULL;
    size->has_repetition_level_histogram = chunk->repetition_histogram != NULL;
    return (chunk->definition_histogram == NULL ||
            copy_histogram(arena, chunk->definition_histogram, chunk->pages.max_definition + (size_t)1,
                           &size->definition_level_histogram)) &&
           (chunk->repetition_histogram == NULL ||
            copy_histogram(arena, chunk->repetition_histogram, chunk->pages.max_repetition + (size_t)1, &size->repetition_level_histogram));
}

/* Bounds outlive the column writer's chunk: they are copied. */
static bool fill_statistics(struct tarn__row_group_writer *w, uint32_t leaf, struct parquet_column_metadata *meta)
{
    const struct tarn__column_chunk *chunk = &w->chunks[leaf];
    const enum tarn__stored_order order = tarn__column_writer_form(w->columns[leaf])->order;
    struct tarn__value_facts facts = {0};

    if (!tarn__value_facts_merge(&facts, &chunk->facts, order, w->arena) ||
        !tarn__value_facts_merge(&w->facts[leaf], &facts, order, NULL)) {
        return false;
    }
    meta->has_statistics = !w->options.leaves[leaf].column.no_statistics;
    meta->statistics = tarn__value_facts_statistics(&facts, order, !w->options.leaves[leaf].column.no_nan_counts);
    return true;
}

static struct tarn__chunk_place place_of(const struct tarn__row_group_writer *w, uint32_t row_group, uint32_t leaf)
{
    return (struct tarn__chunk_place){tarn__file_encryption_of(w->options.encryption, leaf), row_group, leaf};
}

static enum tarn_status write_chunk(struct tarn__row_group_writer *w, uint32_t leaf, struct parquet_column_chunk *out,
                                    struct tarn_error *err)
{
    struct tarn__column_chunk *chunk = &w->chunks[leaf];
    const struct tarn_leaf *described = &w->schema->leaves[leaf];
    const struct tarn__chunk_place place = place_of(w, w->group_count, leaf);
    const uint64_t begin = w->file->written;
    struct tarn__chunk_size size;

    TARN_RETURN_IF_ERROR(tarn__chunk_encrypt(&w->encryptor, &place, chunk, w->file, &size, err));

    struct parquet_column_metadata *meta = &out->meta_data;
    *out = (struct parquet_column_chunk){.has_meta_data = true};
    *meta = (struct parquet_column_metadata){
        .type = described->physical,
        .codec = chunk->codec,
        .path_in_schema = {described->step_count, (struct tarn_text *)(uintptr_t)described->steps},
        .num_values = (int64_t)chunk->facts.slots,
        .total_uncompressed_size = (int64_t)chunk->uncompressed_size,
        .total_compressed_size = (int64_t)(size.dictionary + size.data),
        .data_page_offset = (int64_t)(begin + size.dictionary),
        .has_dictionary_page_offset = size.dictionary != 0,
        .dictionary_page_offset = (int64_t)begin,
    };
    w->stored[leaf] += (uint64_t)meta->total_compressed_size;
    const bool has_levels = w->paths[leaf].max_definition != 0 || w->paths[leaf].max_repetition != 0;
    return fill_encodings(w->arena, chunk, has_levels, meta) && fill_size_statistics(w->arena, chunk, meta) &&
                   fill_statistics(w, leaf, meta) &&
                   (chunk->geo == NULL || tarn__geo_bounds_statistics(chunk->geo, w->arena, &meta->geospatial_statistics))
               ? TARN_OK
               : no_memory(w, err);
}

/* Index bytes of the chunk, whose data pages begin at `data`: none where the leaf has no page index. */
static enum tarn_status keep_indexes(struct tarn__row_group_writer *w, uint32_t leaf, uint64_t data, struct tarn_error *err)
{
    const size_t at = (size_t)w->group_count * w->leaf_count + leaf;
    const struct tarn__chunk_pages *pages = &w->chunks[leaf].pages;
    uint64_t begin = w->index_bytes->size;
    bool written = false;

    if (!tarn__grow(w->env, &w->column_indexes, &w->column_index_capacity, at + 1, sizeof(*w->column_indexes)) ||
        !tarn__grow(w->env, &w->offset_indexes, &w->offset_index_capacity, at + 1, sizeof(*w->offset_indexes))) {
        return no_memory(w, err);
    }
    w->column_indexes[at] = (struct tarn__index_part){0, 0};
    w->offset_indexes[at] = (struct tarn__index_part){0, 0};
    if (!w->has_page_index) {
        return TARN_OK;
    }
    if (w->options.leaves[leaf].page_index) {
        TARN_RETURN_IF_ERROR(tarn__chunk_column_index(pages, w->env, w->index_bytes, &written, err));
    }
    w->column_indexes[at] = (struct tarn__index_part){begin, (uint32_t)(w->index_bytes->size - begin)};
    begin = w->index_bytes->size;
    TARN_RETURN_IF_ERROR(tarn__chunk_offset_index(pages, data, w->env, w->index_bytes, err));
    w->offset_indexes[at] = (struct tarn__index_part){begin, (uint32_t)(w->index_bytes->size - begin)};
    if (w->options.check == TARN_CHECK_OFF) {
        return TARN_OK;
    }
    const struct tarn__index_part column = w->column_indexes[at];
    const struct tarn_span columns = {w->index_bytes->data + column.begin, column.size};
    const struct tarn_span offsets = {w->index_bytes->data + begin, w->index_bytes->size - begin};
    const enum tarn_status status = tarn__verify_indexes(w->env, &w->chunks[leaf], data, w->group_rows, columns, offsets, err);
    if (status != TARN_OK) {
        place_error(w, leaf, err);
    }
    return status;
}

/* ---- bloom filters ---- */

static struct tarn__chunk_place bloom_place(void *arg, uint32_t row_group, uint32_t leaf)
{
    return place_of(arg, row_group, leaf);
}

static void bloom_placed(void *arg, uint32_t row_group, uint32_t leaf, uint64_t offset, uint64_t length)
{
    struct tarn__row_group_writer *w = arg;
    struct parquet_column_metadata *meta = &w->groups[row_group].columns.items[leaf].meta_data;

    meta->has_bloom_filter_offset = true;
    meta->has_bloom_filter_length = true;
    meta->bloom_filter_offset = (int64_t)offset;
    meta->bloom_filter_length = (int32_t)length;
}

static enum tarn_status write_blooms(struct tarn__row_group_writer *w, struct tarn_error *err)
{
    const struct tarn__bloom_target target = {&w->encryptor, w->file, bloom_place, bloom_placed, w};
    return tarn__bloom_store_write(&w->blooms, &target, err);
}

static enum tarn_status flush_group(struct tarn__row_group_writer *w, struct tarn_error *err)
{
    if (w->group_rows == 0) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(for_each_leaf(w, w->group_rows * w->leaf_count, finish_leaf, w, err));
    struct parquet_column_chunk *columns = tarn__arena_calloc(w->arena, w->leaf_count, sizeof(*columns));
    if (columns == NULL || !tarn__grow(w->env, &w->groups, &w->group_capacity, (size_t)w->group_count + 1, sizeof(*w->groups))) {
        return no_memory(w, err);
    }
    struct parquet_row_group *group = &w->groups[w->group_count];
    *group = (struct parquet_row_group){
        .columns = {w->leaf_count, columns},
        .num_rows = (int64_t)w->group_rows,
        .has_file_offset = true,
        .file_offset = (int64_t)w->file->written,
        .has_total_compressed_size = true,
        .has_sorting_columns = w->options.sorting->column_count != 0,
        .sorting_columns = {w->options.sorting->column_count, w->options.sorting->columns},
        .has_ordinal = w->group_count <= INT16_MAX,
        .ordinal = (int16_t)(w->group_count <= INT16_MAX ? w->group_count : 0),
    };
    for (uint32_t leaf = 0; leaf < w->leaf_count; leaf++) {
        TARN_RETURN_IF_ERROR(write_chunk(w, leaf, &columns[leaf], err));
        group->total_byte_size += columns[leaf].meta_data.total_uncompressed_size;
        group->total_compressed_size += columns[leaf].meta_data.total_compressed_size;
        TARN_RETURN_IF_ERROR(keep_indexes(w, leaf, (uint64_t)columns[leaf].meta_data.data_page_offset, err));
        if (w->chunks[leaf].bloom.block_count != 0) {
            TARN_RETURN_IF_ERROR(tarn__bloom_store_keep(&w->blooms, w->group_count, leaf, &w->chunks[leaf].bloom, err));
        }
        tarn__column_writer_reset(w->columns[leaf]);
    }
    w->group_count++;
    w->group_rows = 0;
    w->next_check = 1;
    tarn__sorting_begin_group(w->options.sorting);
    return tarn__bloom_store_is_full(&w->blooms) ? write_blooms(w, err) : TARN_OK;
}

/* ---- the page index ---- */

static enum tarn_status write_index(struct tarn__row_group_writer *w, uint32_t number, enum tarn__module_type type,
                                    struct tarn__index_part part, int64_t *offset, int32_t *length, struct tarn_error *err)
{
    const struct tarn__chunk_place place = place_of(w, number / w->leaf_count, number % w->leaf_count);
    const struct tarn_span plain = {w->index_bytes->data + part.begin, part.size};
    uint64_t size;

    *offset = (int64_t)w->file->written;
    TARN_RETURN_IF_ERROR(tarn__chunk_encrypt_part(&w->encryptor, &place, type, plain, w->file, &size, err));
    *length = (int32_t)size;
    return TARN_OK;
}

/* All column indexes lie together, then all offset indexes: a reader that prunes by one kind reads one range. */
static enum tarn_status write_indexes(struct tarn__row_group_writer *w, struct tarn_error *err)
{
    for (uint32_t i = 0; i < w->group_count * w->leaf_count; i++) {
        struct parquet_column_chunk *chunk = &w->groups[i / w->leaf_count].columns.items[i % w->leaf_count];
        const struct tarn__index_part part = w->column_indexes[i];
        if (part.size != 0) {
            chunk->has_column_index_offset = true;
            chunk->has_column_index_length = true;
            TARN_RETURN_IF_ERROR(
                write_index(w, i, TARN__MODULE_COLUMN_INDEX, part, &chunk->column_index_offset, &chunk->column_index_length, err));
        }
    }
    for (uint32_t i = 0; i < w->group_count * w->leaf_count; i++) {
        struct parquet_column_chunk *chunk = &w->groups[i / w->leaf_count].columns.items[i % w->leaf_count];
        if (w->offset_indexes[i].size == 0) {
            continue;
        }
        chunk->has_offset_index_offset = true;
        chunk->has_offset_index_length = true;
        TARN_RETURN_IF_ERROR(write_index(w, i, TARN__MODULE_OFFSET_INDEX, w->offset_indexes[i], &chunk->offset_index_offset,
                                         &chunk->offset_index_length, err));
    }
    return TARN_OK;
}

/* Last of all, when everything that the metadata say is known. */
static enum tarn_status encrypt_metadata(struct tarn__row_group_writer *w, struct tarn_error *err)
{
    for (uint32_t i = 0; i < w->group_count * w->leaf_count; i++) {
        const struct tarn__chunk_place place = place_of(w, i / w->leaf_count, i % w->leaf_count);
        TARN_RETURN_IF_ERROR(tarn__chunk_encrypt_metadata(&w->encryptor, &place, w->options.encryption->footer.plain, w->arena,
                                                          &w->groups[place.row_group].columns.items[place.leaf], err));
    }
    return TARN_OK;
}

enum tarn_status tarn__row_group_writer_finish(struct tarn__row_group_writer *w, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(flush_group(w, err));
    TARN_RETURN_IF_ERROR(write_blooms(w, err));
    TARN_RETURN_IF_ERROR(write_indexes(w, err));
    return encrypt_metadata(w, err);
}
