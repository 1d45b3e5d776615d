/* SPDX-License-Identifier: Apache-2.0
 *
 * Row groups copied byte for byte.
 *
 * Specification: parquet-format README.md "File format", PageIndex.md, BloomFilter.md. SPEC: P-COPY-1 to P-COPY-6.
 *
 * Invariants
 *  1. Pages, bloom filters and column indexes keep their bytes. An offset index is decoded, moved with its pages, and encoded.
 *  2. No more bytes come of a source than it has: parts of a footer that point at the same bytes are CORRUPT, not multiplied.
 *  3. Chunks of a row group lie in the order of the new file's leaves, its filters behind them; all column indexes, then all offset
 *     indexes, stand before the footer.
 */
#include "txlog/core/files/page_copy.h"

#include "format/base/checked.h"
#include "format/index/bloom_filter.h"
#include "format/index/page_index.h"

enum { ROOM = 1 << 20, BLOOM_HEAD = 256 };

static enum tarn_status no_memory(const struct tarn__page_copy *copy, struct tarn_error *err)
{
    return tarn__nomem(copy->env, err, sizeof(struct parquet_column_chunk));
}

enum tarn_status tarn__page_copy_open(struct tarn_env *env, struct tarn_object_writer *out, const struct tarn_file_schema *schema,
                                      struct tarn__page_copy *copy, struct tarn_error *err)
{
    *copy = (struct tarn__page_copy){.env = env, .out = out, .schema = schema};
    tarn__arena_init(&copy->arena, env);
    copy->room = tarn__alloc(env, ROOM);
    copy->index_bytes = tarn__buffer_new(env, 0);
    return copy->room != NULL && copy->index_bytes != NULL ? TARN_OK : tarn__nomem(env, err, ROOM);
}

void tarn__page_copy_close(struct tarn__page_copy *copy)
{
    if (copy->env == NULL) {
        return;
    }
    tarn__arena_free(&copy->arena);
    tarn__free(copy->env, copy->room);
    tarn__buffer_release(copy->index_bytes);
    tarn__free(copy->env, copy->column_indexes);
    tarn__free(copy->env, copy->offset_indexes);
    tarn__free(copy->env, copy->groups);
    *copy = (struct tarn__page_copy){.env = NULL};
}

enum tarn_status tarn__page_copy_check(const struct tarn_footer *footer, struct tarn_error *err)
{
    if (footer->cipher != NULL || footer->is_encrypted || footer->metadata.has_encryption_algorithm) {
        return tarn__unsupported(err, "copy.encrypted", "pages of an encrypted file are bound to it; write it anew from its rows instead");
    }
    return TARN_OK;
}

/* ---- bytes ---- */

enum tarn_status tarn__page_copy_bytes(struct tarn__page_copy *copy, struct tarn_object *object, uint64_t begin, uint64_t end,
                                       struct tarn_error *err)
{
    while (begin < end) {
        const size_t size = end - begin < ROOM ? (size_t)(end - begin) : ROOM;
        TARN_RETURN_IF_ERROR(tarn__check_cancelled(copy->env, err));
        TARN_RETURN_IF_ERROR(tarn_object_read(object, 1, &(struct tarn_read_range){begin, size, copy->room}, err));
        TARN_RETURN_IF_ERROR(tarn_object_writer_append(copy->out, (struct tarn_span){copy->room, size}, err));
        begin += size;
    }
    return TARN_OK;
}

/* What is left of a source's bytes. */
struct supply {
    const struct tarn__page_source *source;
    uint64_t left;
};

static enum tarn_status take(struct supply *supply, uint64_t size, struct tarn_error *err)
{
    if (size > supply->left) {
        return tarn__corrupt(err, "footer", "the parts that the footer tells of have more bytes than the file: some overlap");
    }
    supply->left -= size;
    return TARN_OK;
}

/* ---- what a chunk says of itself ---- */

/*
 * Bounds whose order the new file does not state for this column. Readers judge the old pair of binary columns by who wrote the file
 * (PARQUET-251): in a file of another writer it would be believed.
 */
static void drop_doubtful_bounds(struct parquet_column_chunk *chunk, bool other_order, bool other_writer)
{
    struct parquet_statistics *statistics = &chunk->meta_data.statistics;
    const int32_t type = chunk->meta_data.type;

    if (other_order) {
        statistics->has_min_value = false;
        statistics->has_max_value = false;
        statistics->has_is_min_value_exact = false;
        statistics->has_is_max_value_exact = false;
        chunk->has_column_index_offset = false;
        chunk->has_column_index_length = false;
    }
    if (other_writer && (type == PARQUET_BYTE_ARRAY || type == PARQUET_FIXED_LEN_BYTE_ARRAY || type == PARQUET_INT96)) {
        statistics->has_min = false;
        statistics->has_max = false;
    }
}

static enum tarn_status describe_chunk(struct tarn__page_copy *copy, const struct tarn__page_source *source, uint32_t group, uint32_t leaf,
                                       struct parquet_column_chunk *out, struct tarn_error *err)
{
    const struct parquet_column_chunk *stored;
    const struct tarn_leaf *described = &copy->schema->leaves[leaf];

    TARN_RETURN_IF_ERROR(
        tarn__footer_chunk(source->footer, group, source->leaves != NULL ? source->leaves[leaf] : leaf, &copy->arena, &stored, err));
    *out = *stored;
    if (out->has_file_path) {
        return tarn__unsupported(err, "external_column_chunk", "the pages of a column chunk lie in another file");
    }
    out->file_offset = 0;
    out->meta_data.path_in_schema.count = described->step_count;
    out->meta_data.path_in_schema.items = (struct tarn_text *)(uintptr_t)described->steps;
    drop_doubtful_bounds(out, source->other_orders != NULL && source->other_orders[leaf], source->other_writer);
    return TARN_OK;
}

/* ---- one chunk ---- */

/* A chunk without values need not lie anywhere: nothing of it is copied. */
static void describe_empty(struct tarn__page_copy *copy, struct parquet_column_chunk *chunk)
{
    struct parquet_column_metadata *meta = &chunk->meta_data;
    meta->total_compressed_size = 0;
    meta->total_uncompressed_size = 0;
    meta->data_page_offset = (int64_t)copy->out->written;
    meta->has_dictionary_page_offset = false;
    meta->has_index_page_offset = false;
    meta->has_bloom_filter_offset = false;
    meta->has_bloom_filter_length = false;
    chunk->has_column_index_offset = false;
    chunk->has_column_index_length = false;
    chunk->has_offset_index_offset = false;
    chunk->has_offset_index_length = false;
}

static enum tarn_status read_index(struct tarn__page_copy *copy, struct supply *supply, int64_t offset, int32_t length,
                                   struct tarn_span *out, struct tarn_error *err)
{
    uint8_t *bytes = tarn__arena_alloc(&copy->arena, (size_t)length);
    *out = (struct tarn_span){bytes, (size_t)length};
    if (bytes == NULL) {
        return tarn__nomem(copy->env, err, (uint64_t)length);
    }
    TARN_RETURN_IF_ERROR(take(supply, (uint64_t)length, err));
    return tarn_object_read(supply->source->object, 1, &(struct tarn_read_range){(uint64_t)offset, (size_t)length, bytes}, err);
}

static bool keep_part(struct tarn_env *env, struct tarn__index_copy **parts, size_t *count, size_t *capacity, struct tarn__index_copy part)
{
    if (!tarn__grow(env, parts, capacity, *count + 1, sizeof(**parts))) {
        return false;
    }
    (*parts)[(*count)++] = part;
    return true;
}

static enum tarn_status keep_column_index(struct tarn__page_copy *copy, struct supply *supply, uint32_t leaf,
                                          struct parquet_column_chunk *chunk, struct tarn_error *err)
{
    struct tarn_span bytes;
    if (!chunk->has_column_index_offset || !chunk->has_column_index_length || chunk->column_index_length <= 0) {
        return TARN_OK;
    }
    struct tarn__index_copy part = {copy->group_count, leaf, copy->index_bytes->size, (uint32_t)chunk->column_index_length};
    TARN_RETURN_IF_ERROR(read_index(copy, supply, chunk->column_index_offset, chunk->column_index_length, &bytes, err));
    return tarn__buffer_append(copy->index_bytes, bytes.data, bytes.size) &&
                   keep_part(copy->env, &copy->column_indexes, &copy->column_index_count, &copy->column_index_capacity, part)
               ? TARN_OK
               : no_memory(copy, err);
}

static enum tarn_status keep_offset_index(struct tarn__page_copy *copy, struct supply *supply, uint32_t leaf,
                                          struct parquet_column_chunk *chunk, struct tarn_chunk_range range, int64_t moved, uint64_t rows,
                                          struct tarn_error *err)
{
    struct tarn_span bytes;
    struct tarn_offset_index checked;
    struct parquet_offset_index index;
    struct tarn_thrift_progress progress;
    if (!chunk->has_offset_index_offset || !chunk->has_offset_index_length || chunk->offset_index_length <= 0) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(read_index(copy, supply, chunk->offset_index_offset, chunk->offset_index_length, &bytes, err));
    TARN_RETURN_IF_ERROR(tarn__offset_index_decode(bytes, &copy->arena, rows, range.begin, range.end, &checked, err));
    TARN_RETURN_IF_ERROR(tarn__thrift_decode(&tarn__parquet_offset_index, bytes, &copy->arena, &index, &progress, err));
    for (uint32_t i = 0; i < index.page_locations.count; i++) {
        index.page_locations.items[i].offset += moved; /* it lies in the chunk: no overflow */
    }
    struct tarn__index_copy part = {copy->group_count, leaf, copy->index_bytes->size, 0};
    TARN_RETURN_IF_ERROR(tarn__thrift_encode(&tarn__parquet_offset_index, &index, copy->index_bytes, err));
    part.size = (uint32_t)(copy->index_bytes->size - part.begin);
    return keep_part(copy->env, &copy->offset_indexes, &copy->offset_index_count, &copy->offset_index_capacity, part)
               ? TARN_OK
               : no_memory(copy, err);
}

/* Moves an offset that lies in the chunk; another says nothing. */
static void move_offset(bool *has, int64_t *offset, struct tarn_chunk_range range, int64_t moved)
{
    *has = *has && *offset > 0 && (uint64_t)*offset >= range.begin && (uint64_t)*offset < range.end;
    *offset = *has ? *offset + moved : 0;
}

static enum tarn_status copy_chunk(struct tarn__page_copy *copy, struct supply *supply, uint32_t group, uint32_t leaf,
                                   struct parquet_column_chunk *chunk, struct tarn_error *err)
{
    struct parquet_column_metadata *meta = &chunk->meta_data;
    const uint64_t rows = (uint64_t)tarn__footer_row_group(supply->source->footer, group)->num_rows;
    bool has_data = true;

    TARN_RETURN_IF_ERROR(describe_chunk(copy, supply->source, group, leaf, chunk, err));
    if (meta->num_values == 0) {
        describe_empty(copy, chunk);
        return TARN_OK;
    }
    const struct tarn_chunk_range range = tarn__footer_chunk_range(meta);
    const int64_t moved = (int64_t)copy->out->written - (int64_t)range.begin;
    TARN_RETURN_IF_ERROR(take(supply, range.end - range.begin, err));
    TARN_RETURN_IF_ERROR(tarn__page_copy_bytes(copy, supply->source->object, range.begin, range.end, err));
    meta->total_compressed_size = (int64_t)(range.end - range.begin);
    move_offset(&has_data, &meta->data_page_offset, range, moved);
    meta->data_page_offset = has_data ? meta->data_page_offset : (int64_t)range.begin + moved;
    move_offset(&meta->has_dictionary_page_offset, &meta->dictionary_page_offset, range, moved);
    move_offset(&meta->has_index_page_offset, &meta->index_page_offset, range, moved);
    if (!copy->drop_page_index) {
        TARN_RETURN_IF_ERROR(keep_column_index(copy, supply, leaf, chunk, err));
        TARN_RETURN_IF_ERROR(keep_offset_index(copy, supply, leaf, chunk, range, moved, rows, err));
    }
    chunk->has_column_index_offset = false; /* until finish knows where they lie */
    chunk->has_column_index_length = false;
    chunk->has_offset_index_offset = false;
    chunk->has_offset_index_length = false;
    return TARN_OK;
}

/* ---- bloom filters ---- */

/* How many bytes the filter at `offset` has, by its own header. */
static enum tarn_status bloom_size(struct tarn__page_copy *copy, const struct supply *supply, uint64_t offset, uint64_t most,
                                   uint64_t *size, struct tarn_error *err)
{
    struct tarn_bloom_header header;
    bool truncated;
    const size_t head = most < BLOOM_HEAD ? (size_t)most : BLOOM_HEAD;

    TARN_RETURN_IF_ERROR(tarn_object_read(supply->source->object, 1, &(struct tarn_read_range){offset, head, copy->room}, err));
    TARN_RETURN_IF_ERROR(tarn__bloom_header_decode((struct tarn_span){copy->room, head}, &header, &truncated, err));
    *size = (uint64_t)header.size + header.bits_bytes;
    return *size <= most ? TARN_OK : tarn__corrupt(err, "bloom_filter", "a bloom filter ends behind the place it has");
}

static enum tarn_status copy_bloom_filter(struct tarn__page_copy *copy, struct supply *supply, struct parquet_column_chunk *chunk,
                                          struct tarn_error *err)
{
    struct parquet_column_metadata *meta = &chunk->meta_data;
    uint64_t offset = 0;
    uint64_t most = 0;
    uint64_t size = 0;

    const bool there =
        !copy->drop_bloom_filters && tarn__bloom_filter_place(meta, supply->source->footer->file_size, &offset, &most) && most != 0;
    const uint64_t given = meta->has_bloom_filter_length && meta->bloom_filter_length > 0 ? (uint64_t)meta->bloom_filter_length : 0;
    meta->has_bloom_filter_offset = false;
    meta->has_bloom_filter_length = false;
    if (!there) {
        return TARN_OK;
    }
    if (given != 0 && given <= most) {
        size = given;
    } else {
        TARN_RETURN_IF_ERROR(bloom_size(copy, supply, offset, most, &size, err));
    }
    TARN_RETURN_IF_ERROR(take(supply, size, err));
    meta->has_bloom_filter_offset = true;
    meta->bloom_filter_offset = (int64_t)copy->out->written;
    meta->has_bloom_filter_length = size <= INT32_MAX;
    meta->bloom_filter_length = size <= INT32_MAX ? (int32_t)size : 0;
    return tarn__page_copy_bytes(copy, supply->source->object, offset, offset + size, err);
}

/* ---- row groups ---- */

/* Sorting columns by the new file's numbers of leaves: as many as are there, from the first. */
static enum tarn_status describe_sorting(struct tarn__page_copy *copy, const struct tarn__page_source *source,
                                         const struct parquet_row_group *stored, struct parquet_row_group *group, struct tarn_error *err)
{
    const uint32_t count = stored->has_sorting_columns ? stored->sorting_columns.count : 0;
    struct parquet_sorting_column *columns = tarn__arena_calloc(&copy->arena, (size_t)count + 1, sizeof(*columns));
    uint32_t kept = 0;

    if (columns == NULL) {
        return no_memory(copy, err);
    }
    for (uint32_t i = 0; i < count && kept == i; i++) {
        for (uint32_t leaf = 0; leaf < copy->schema->leaf_count && kept == i; leaf++) {
            const uint32_t from = source->leaves != NULL ? source->leaves[leaf] : leaf;
            if (stored->sorting_columns.items[i].column_idx == (int32_t)from) {
                columns[kept] = stored->sorting_columns.items[i];
                columns[kept++].column_idx = (int32_t)leaf;
            }
        }
    }
    group->has_sorting_columns = kept != 0;
    group->sorting_columns.count = kept;
    group->sorting_columns.items = columns;
    return TARN_OK;
}

static enum tarn_status begin_group(struct tarn__page_copy *copy, const struct tarn__page_source *source, uint32_t number,
                                    struct parquet_row_group **out, struct tarn_error *err)
{
    const struct parquet_row_group *stored = tarn__footer_row_group(source->footer, number);
    struct parquet_column_chunk *columns = tarn__arena_calloc(&copy->arena, copy->schema->leaf_count, sizeof(*columns));

    *out = NULL;
    if (columns == NULL || copy->group_count == UINT32_MAX ||
        !tarn__grow(copy->env, &copy->groups, &copy->group_capacity, (size_t)copy->group_count + 1, sizeof(*copy->groups))) {
        return no_memory(copy, err);
    }
    struct parquet_row_group *group = &copy->groups[copy->group_count];
    *group = (struct parquet_row_group){.columns = {copy->schema->leaf_count, columns},
                                        .num_rows = stored->num_rows,
                                        .total_byte_size = stored->total_byte_size,
                                        .has_ordinal = copy->group_count <= INT16_MAX,
                                        .ordinal = (int16_t)(copy->group_count <= INT16_MAX ? copy->group_count : 0)};
    *out = group;
    return describe_sorting(copy, source, stored, group, err);
}

static enum tarn_status end_group(struct tarn__page_copy *copy, struct parquet_row_group *group, struct tarn_error *err)
{
    group->total_compressed_size = 0;
    group->file_offset = INT64_MAX;
    for (uint32_t leaf = 0; leaf < copy->schema->leaf_count; leaf++) {
        const struct parquet_column_metadata *meta = &group->columns.items[leaf].meta_data;
        if (!tarn__add(group->total_compressed_size, meta->total_compressed_size, &group->total_compressed_size)) {
            return tarn__corrupt(err, "footer", "the sizes of the column chunks overflow");
        }
        if (meta->num_values != 0) {
            const int64_t begin = (int64_t)tarn__footer_chunk_range(meta).begin;
            group->file_offset = begin < group->file_offset ? begin : group->file_offset;
        }
    }
    group->has_total_compressed_size = true;
    group->has_file_offset = group->file_offset != INT64_MAX;
    if (!tarn__add(copy->rows, (uint64_t)group->num_rows, &copy->rows) || copy->rows > INT64_MAX) {
        return tarn__error_set(err, TARN_LIMIT, "rows", "more rows than a Parquet file can have");
    }
    copy->group_count++;
    return TARN_OK;
}

static void place_error(const struct tarn__page_copy *copy, uint32_t group, uint32_t leaf, struct tarn_error *err)
{
    tarn__error_at_row_group(err, (int32_t)group);
    tarn__error_at_column(err, copy->schema->leaves[leaf].path);
}

enum tarn_status tarn__page_copy_groups(struct tarn__page_copy *copy, const struct tarn__page_source *source, struct tarn_error *err)
{
    struct supply supply = {source, source->footer->file_size};

    if (source->footer->has_short_chunks) { /* what was left out of the sizes is taken from the neighbours */
        supply.left *= 2;
    }
    TARN_RETURN_IF_ERROR(tarn__page_copy_check(source->footer, err));
    for (uint32_t g = 0; g < source->footer->metadata.row_groups.count; g++) {
        struct parquet_row_group *group;
        enum tarn_status status = TARN_OK;
        TARN_RETURN_IF_ERROR(begin_group(copy, source, g, &group, err));
        for (uint32_t step = 0; status == TARN_OK && step < 2 * copy->schema->leaf_count; step++) {
            const uint32_t leaf = step % copy->schema->leaf_count;
            struct parquet_column_chunk *chunk = &group->columns.items[leaf];
            status = step < copy->schema->leaf_count ? copy_chunk(copy, &supply, g, leaf, chunk, err)
                                                     : copy_bloom_filter(copy, &supply, chunk, err);
            if (status != TARN_OK) {
                place_error(copy, g, leaf, err);
                return status;
            }
        }
        TARN_RETURN_IF_ERROR(end_group(copy, group, err));
    }
    return TARN_OK;
}

enum tarn_status tarn__page_copy_adopt(struct tarn__page_copy *copy, const struct tarn__page_source *source, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__page_copy_check(source->footer, err));
    for (uint32_t g = 0; g < source->footer->metadata.row_groups.count; g++) {
        struct parquet_row_group *group;
        TARN_RETURN_IF_ERROR(begin_group(copy, source, g, &group, err));
        for (uint32_t leaf = 0; leaf < copy->schema->leaf_count; leaf++) {
            const enum tarn_status status = describe_chunk(copy, source, g, leaf, &group->columns.items[leaf], err);
            if (status != TARN_OK) {
                place_error(copy, g, leaf, err);
                return status;
            }
        }
        TARN_RETURN_IF_ERROR(end_group(copy, group, err));
    }
    return TARN_OK;
}

/* ---- the end of the file ---- */

enum tarn_status tarn__page_copy_finish(struct tarn__page_copy *copy, struct tarn_error *err)
{
    for (size_t i = 0; i < copy->column_index_count; i++) {
        const struct tarn__index_copy *part = &copy->column_indexes[i];
        struct parquet_column_chunk *chunk = &copy->groups[part->group].columns.items[part->leaf];
        chunk->has_column_index_offset = true;
        chunk->has_column_index_length = true;
        chunk->column_index_offset = (int64_t)copy->out->written;
        chunk->column_index_length = (int32_t)part->size;
        TARN_RETURN_IF_ERROR(
            tarn_object_writer_append(copy->out, (struct tarn_span){copy->index_bytes->data + part->begin, part->size}, err));
    }
    for (size_t i = 0; i < copy->offset_index_count; i++) {
        const struct tarn__index_copy *part = &copy->offset_indexes[i];
        struct parquet_column_chunk *chunk = &copy->groups[part->group].columns.items[part->leaf];
        chunk->has_offset_index_offset = true;
        chunk->has_offset_index_length = true;
        chunk->offset_index_offset = (int64_t)copy->out->written;
        chunk->offset_index_length = (int32_t)part->size;
        TARN_RETURN_IF_ERROR(
            tarn_object_writer_append(copy->out, (struct tarn_span){copy->index_bytes->data + part->begin, part->size}, err));
    }
    return TARN_OK;
}

static enum tarn_status check_footer(struct tarn__page_copy *copy, struct tarn_span bytes, uint64_t offset, struct tarn_error *err)
{
    enum { TRAILER = 8 };
    struct tarn_footer *footer;
    struct tarn_error why = TARN_ERROR_INIT;
    const struct tarn_span encoded = {bytes.data, bytes.size - TRAILER};
    const enum tarn_status status = tarn__footer_decode(copy->env, encoded, offset, offset + bytes.size, &footer, &why);

    if (status == TARN_NOMEM || status == TARN_LIMIT) {
        if (err != NULL) {
            *err = why;
        }
        return status;
    }
    if (status != TARN_OK) {
        return tarn__internal(err, "the new footer would not be read: %s", why.message);
    }
    const bool same = footer->metadata.row_groups.count == copy->group_count && (uint64_t)footer->metadata.num_rows == copy->rows &&
                      footer->schema->leaf_count == copy->schema->leaf_count;
    tarn__footer_release(footer);
    return same ? TARN_OK : tarn__internal(err, "the new footer is read otherwise than it was meant");
}

enum tarn_status tarn__page_copy_footer(struct tarn__page_copy *copy, const struct parquet_file_metadata *metadata, struct tarn_error *err)
{
    struct parquet_file_metadata whole = *metadata;
    struct tarn_buffer *bytes = tarn__buffer_new(copy->env, 0);

    if (bytes == NULL) {
        return no_memory(copy, err);
    }
    whole.num_rows = (int64_t)copy->rows;
    whole.row_groups.count = copy->group_count;
    whole.row_groups.items = copy->groups;
    enum tarn_status status = tarn__footer_write(&whole, true, bytes, err);
    status = status == TARN_OK ? check_footer(copy, tarn__buffer_span(bytes), copy->out->written, err) : status;
    status = status == TARN_OK ? tarn_object_writer_append(copy->out, tarn__buffer_span(bytes), err) : status;
    tarn__buffer_release(bytes);
    return status;
}
