/* SPDX-License-Identifier: Apache-2.0
 *
 * tarn/parquet.h, one column chunk as stored, with its indexes.
 *
 * Specification: parquet.thrift, ColumnChunk, ColumnMetaData, Statistics, SizeStatistics, GeospatialStatistics; PageIndex.md. SPEC:
 * P-META-3, P-META-4.
 *
 * Invariants
 *  1. Everything that a chunk hands out lies in its own arena or in the footer's bytes, which its metadata keeps.
 */
#include "format/base/alloc.h"
#include "format/column/metadata.h"
#include "format/column/statistics.h"

struct open_chunk {
    struct tarn_parquet_chunk chunk; /* first: the two addresses are one */
    const struct tarn_parquet_metadata *metadata;
    struct tarn_arena arena;
    const struct tarn_parquet_offset_index *offset_index; /* once asked for */
    const struct tarn_parquet_column_index *column_index;
};

/* ---- parts of a chunk; NULL: no memory ---- */

static const struct tarn_parquet_statistics *make_statistics(struct tarn_arena *arena, const struct parquet_statistics *stored)
{
    static const struct tarn_span none = {NULL, 0};
    struct tarn_parquet_statistics *made = tarn__arena_alloc(arena, sizeof(*made));
    if (made != NULL) {
        *made = (struct tarn_parquet_statistics){
            .max = stored->has_max ? stored->max : none,
            .min = stored->has_min ? stored->min : none,
            .max_value = stored->has_max_value ? stored->max_value : none,
            .min_value = stored->has_min_value ? stored->min_value : none,
            .has_null_count = stored->has_null_count,
            .has_distinct_count = stored->has_distinct_count,
            .has_nan_count = stored->has_nan_count,
            .has_is_max_value_exact = stored->has_is_max_value_exact,
            .has_is_min_value_exact = stored->has_is_min_value_exact,
            .is_max_value_exact = stored->is_max_value_exact,
            .is_min_value_exact = stored->is_min_value_exact,
            .null_count = stored->null_count,
            .distinct_count = stored->distinct_count,
            .nan_count = stored->nan_count,
        };
    }
    return made;
}

/* An empty list is there all the same. */
static struct tarn_parquet_histogram histogram_of(bool has, const parquet_i64_list *list)
{
    static const int64_t nothing;
    return (struct tarn_parquet_histogram){has ? list->count : 0, !has ? NULL : list->items != NULL ? list->items : &nothing};
}

static const struct tarn_parquet_size_statistics *make_sizes(struct tarn_arena *arena, const struct parquet_size_statistics *stored)
{
    struct tarn_parquet_size_statistics *made = tarn__arena_alloc(arena, sizeof(*made));
    if (made != NULL) {
        *made = (struct tarn_parquet_size_statistics){
            .has_unencoded_byte_array_data_bytes = stored->has_unencoded_byte_array_data_bytes,
            .unencoded_byte_array_data_bytes = stored->unencoded_byte_array_data_bytes,
            .repetition_levels = histogram_of(stored->has_repetition_level_histogram, &stored->repetition_level_histogram),
            .definition_levels = histogram_of(stored->has_definition_level_histogram, &stored->definition_level_histogram),
        };
    }
    return made;
}

static const struct tarn_parquet_geospatial_statistics *make_geospatial(struct tarn_arena *arena,
                                                                        const struct parquet_geospatial_statistics *stored)
{
    struct tarn_parquet_geospatial_statistics *made = tarn__arena_alloc(arena, sizeof(*made));
    const struct parquet_bounding_box *box = &stored->bbox;
    if (made != NULL) {
        *made = (struct tarn_parquet_geospatial_statistics){
            .has_bbox = stored->has_bbox,
            .has_z = box->has_zmin && box->has_zmax,
            .has_m = box->has_mmin && box->has_mmax,
            .xmin = box->xmin,
            .xmax = box->xmax,
            .ymin = box->ymin,
            .ymax = box->ymax,
            .zmin = box->zmin,
            .zmax = box->zmax,
            .mmin = box->mmin,
            .mmax = box->mmax,
            .has_types = stored->has_geospatial_types,
            .type_count = stored->geospatial_types.count,
            .types = stored->geospatial_types.items,
        };
    }
    return made;
}

static const char *const *make_encodings(struct tarn_arena *arena, const parquet_i32_list *stored)
{
    const char **made = tarn__arena_calloc(arena, (size_t)stored->count + 1, sizeof(*made));
    for (uint32_t i = 0; made != NULL && i < stored->count; i++) {
        made[i] = tarn__parquet_encoding_name(stored->items[i]);
    }
    return made;
}

static const struct tarn_parquet_page_encoding *make_page_encodings(struct tarn_arena *arena, const struct parquet_column_metadata *stored)
{
    struct tarn_parquet_page_encoding *made = tarn__arena_calloc(arena, (size_t)stored->encoding_stats.count + 1, sizeof(*made));
    for (uint32_t i = 0; made != NULL && i < stored->encoding_stats.count; i++) {
        const struct parquet_page_encoding_stats *entry = &stored->encoding_stats.items[i];
        made[i] = (struct tarn_parquet_page_encoding){tarn__parquet_page_type_name(entry->page_type),
                                                      tarn__parquet_encoding_name(entry->encoding), entry->count};
    }
    return made;
}

static bool make_parts(struct open_chunk *open, const struct parquet_column_metadata *stored)
{
    struct tarn_parquet_chunk *chunk = &open->chunk;
    struct tarn_arena *arena = &open->arena;
    bool made = true;
    if (stored->has_statistics) {
        chunk->statistics = make_statistics(arena, &stored->statistics);
        made = chunk->statistics != NULL;
    }
    if (stored->size_statistics != NULL) {
        chunk->size_statistics = make_sizes(arena, stored->size_statistics);
        made = made && chunk->size_statistics != NULL;
    }
    if (stored->geospatial_statistics != NULL) {
        chunk->geospatial_statistics = make_geospatial(arena, stored->geospatial_statistics);
        made = made && chunk->geospatial_statistics != NULL;
    }
    chunk->encodings = make_encodings(arena, &stored->encodings);
    chunk->page_encodings = make_page_encodings(arena, stored);
    chunk->key_values = tarn__metadata_key_values(arena, stored->key_value_metadata.count, stored->key_value_metadata.items);
    return made && chunk->encodings != NULL && chunk->page_encodings != NULL && chunk->key_values != NULL;
}

/* ---- the chunk ---- */

static struct tarn_parquet_place place_of(bool has_offset, int64_t offset, bool has_length, int32_t length)
{
    return (struct tarn_parquet_place){has_offset, has_length, has_offset ? offset : 0, has_length ? length : 0};
}

static void fill_encryption(const struct parquet_column_crypto_metadata *crypto, struct tarn_parquet_chunk *chunk)
{
    chunk->encryption = "";
    if (crypto != NULL) {
        chunk->encryption = crypto->id == PARQUET_ENCRYPTION_WITH_FOOTER_KEY   ? "ENCRYPTION_WITH_FOOTER_KEY"
                            : crypto->id == PARQUET_ENCRYPTION_WITH_COLUMN_KEY ? "ENCRYPTION_WITH_COLUMN_KEY"
                                                                               : "UNKNOWN";
        if (crypto->id == PARQUET_ENCRYPTION_WITH_COLUMN_KEY && crypto->column_key.has_key_metadata) {
            chunk->key_metadata = crypto->column_key.key_metadata;
        }
    }
}

static void fill_chunk(struct open_chunk *open, uint32_t row_group, uint32_t leaf, const struct parquet_column_chunk *thrift)
{
    const struct parquet_column_metadata *stored = &thrift->meta_data;
    open->chunk = (struct tarn_parquet_chunk){
        .row_group = row_group,
        .leaf = leaf,
        .path = open->metadata->footer->schema->leaves[leaf].path,
        .physical_type = tarn__parquet_type_name(stored->type),
        .codec = tarn__parquet_codec_name(stored->codec),
        .codec_id = stored->codec,
        .encoding_count = stored->encodings.count,
        .step_count = stored->path_in_schema.count,
        .path_in_schema = stored->path_in_schema.items,
        .num_values = stored->num_values,
        .total_uncompressed_size = stored->total_uncompressed_size,
        .total_compressed_size = stored->total_compressed_size,
        .file_offset = thrift->file_offset,
        .has_file_path = thrift->has_file_path,
        .file_path = thrift->file_path,
        .data_page_offset = stored->data_page_offset,
        .has_index_page_offset = stored->has_index_page_offset,
        .has_dictionary_page_offset = stored->has_dictionary_page_offset,
        .index_page_offset = stored->index_page_offset,
        .dictionary_page_offset = stored->dictionary_page_offset,
        .bloom_filter = place_of(stored->has_bloom_filter_offset, stored->bloom_filter_offset, stored->has_bloom_filter_length,
                                 stored->bloom_filter_length),
        .offset_index = place_of(thrift->has_offset_index_offset, thrift->offset_index_offset, thrift->has_offset_index_length,
                                 thrift->offset_index_length),
        .column_index = place_of(thrift->has_column_index_offset, thrift->column_index_offset, thrift->has_column_index_length,
                                 thrift->column_index_length),
        .has_key_values = stored->has_key_value_metadata,
        .key_value_count = stored->key_value_metadata.count,
        .has_encoding_stats = stored->has_encoding_stats,
        .page_encoding_count = stored->encoding_stats.count,
    };
    fill_encryption(thrift->crypto_metadata, &open->chunk);
}

enum tarn_status tarn_parquet_chunk_open(const struct tarn_parquet_metadata *metadata, uint32_t row_group, uint32_t leaf,
                                         struct tarn_parquet_chunk **out, struct tarn_error *err)
{
    const struct parquet_column_chunk *thrift;
    struct open_chunk *open = tarn__calloc(metadata->env, 1, sizeof(*open));
    *out = NULL;
    if (open == NULL) {
        return tarn__nomem(metadata->env, err, sizeof(*open));
    }
    open->metadata = metadata;
    tarn__arena_init(&open->arena, metadata->env);
    enum tarn_status status = tarn__metadata_find_chunk(metadata, row_group, leaf, &open->arena, &thrift, err);
    if (status == TARN_OK) {
        fill_chunk(open, row_group, leaf, thrift);
        status = make_parts(open, &thrift->meta_data) ? TARN_OK : tarn__nomem(metadata->env, err, sizeof(*open));
    }
    if (status != TARN_OK) {
        tarn_parquet_chunk_close(&open->chunk);
        return status;
    }
    *out = &open->chunk;
    return TARN_OK;
}

void tarn_parquet_chunk_close(struct tarn_parquet_chunk *chunk)
{
    struct open_chunk *open = (struct open_chunk *)chunk;
    if (open != NULL) {
        struct tarn_env *env = open->metadata->env;
        tarn__arena_free(&open->arena);
        tarn__free(env, open);
    }
}

bool tarn_parquet_chunk_bound(const struct tarn_parquet_chunk *chunk, struct tarn_span stored, struct tarn_value *out)
{
    const struct open_chunk *open = (const struct open_chunk *)chunk;
    const struct tarn_leaf *leaf = &open->metadata->footer->schema->leaves[chunk->leaf];
    *out = (struct tarn_value){.is_null = true};
    return stored.data != NULL && leaf->type != NULL && tarn__stored_value(leaf, stored, out);
}

/* ---- indexes ---- */

/* The bytes of an index, which the footer has checked to lie in the file, decoded by its table. */
static enum tarn_status read_index(struct open_chunk *open, const struct tarn_parquet_place *place, const struct tarn_thrift_struct *of,
                                   void *out, struct tarn_error *err)
{
    const enum tarn__module_type type = of == &tarn__parquet_offset_index ? TARN__MODULE_OFFSET_INDEX : TARN__MODULE_COLUMN_INDEX;
    struct tarn__column_cipher *cipher = NULL;
    struct tarn_span plain;
    const struct tarn_parquet_metadata *metadata = open->metadata;
    const size_t size = place->length > 0 ? (size_t)place->length : 0;
    struct tarn_thrift_progress progress;
    uint8_t *bytes = tarn__arena_alloc(&open->arena, size + 1);
    if (bytes == NULL) {
        return tarn__nomem(metadata->env, err, size);
    }
    enum tarn_status status = tarn_object_read(metadata->object, 1, &(struct tarn_read_range){(uint64_t)place->offset, size, bytes}, err);
    if (status == TARN_OK) {
        status = tarn__footer_cipher(metadata->footer, open->chunk.row_group, open->chunk.leaf, &cipher, err);
    }
    if (status == TARN_OK) {
        status = tarn__column_cipher_module(cipher, type, (struct tarn_span){bytes, size}, &open->arena, &plain, NULL, err);
    }
    if (status == TARN_OK) {
        status = tarn__thrift_decode(of, plain, &open->arena, out, &progress, err);
    }
    tarn__column_cipher_close(cipher);
    if (status != TARN_OK) {
        tarn__error_at_object(err, metadata->key);
        tarn__error_at_row_group(err, (int32_t)open->chunk.row_group);
        tarn__error_at_column(err, open->chunk.path);
    }
    return status;
}

static enum tarn_status unequal(const struct open_chunk *open, const char *detail, struct tarn_error *err)
{
    const enum tarn_status status = tarn__corrupt(err, detail, "the lists of the index are of unequal length");
    tarn__error_at_object(err, open->metadata->key);
    tarn__error_at_row_group(err, (int32_t)open->chunk.row_group);
    tarn__error_at_column(err, open->chunk.path);
    return status;
}

enum tarn_status tarn_parquet_chunk_offset_index(struct tarn_parquet_chunk *chunk, const struct tarn_parquet_offset_index **out,
                                                 struct tarn_error *err)
{
    struct open_chunk *open = (struct open_chunk *)chunk;
    struct parquet_offset_index stored;
    *out = open->offset_index;
    if (*out != NULL || !chunk->offset_index.is_there) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(read_index(open, &chunk->offset_index, &tarn__parquet_offset_index, &stored, err));
    const uint32_t count = stored.page_locations.count;
    if (stored.has_unencoded_byte_array_data_bytes && stored.unencoded_byte_array_data_bytes.count != count) {
        return unequal(open, "offset_index", err);
    }
    struct tarn_parquet_page_place *pages = tarn__arena_calloc(&open->arena, (size_t)count + 1, sizeof(*pages));
    struct tarn_parquet_offset_index *made = tarn__arena_alloc(&open->arena, sizeof(*made));
    if (pages == NULL || made == NULL) {
        return tarn__nomem(open->metadata->env, err, ((uint64_t)count + 1) * sizeof(*pages));
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct parquet_page_location *page = &stored.page_locations.items[i];
        pages[i] = (struct tarn_parquet_page_place){page->offset, page->compressed_page_size, page->first_row_index};
    }
    *made = (struct tarn_parquet_offset_index){
        count, pages, stored.has_unencoded_byte_array_data_bytes ? stored.unencoded_byte_array_data_bytes.items : NULL};
    *out = open->offset_index = made;
    return TARN_OK;
}

static const char *boundary_name(int32_t order)
{
    static const char *const names[] = {"UNORDERED", "ASCENDING", "DESCENDING"};
    return order >= PARQUET_UNORDERED && order <= PARQUET_DESCENDING ? names[order] : "UNKNOWN";
}

enum tarn_status tarn_parquet_chunk_column_index(struct tarn_parquet_chunk *chunk, const struct tarn_parquet_column_index **out,
                                                 struct tarn_error *err)
{
    struct open_chunk *open = (struct open_chunk *)chunk;
    struct parquet_column_index stored;
    *out = open->column_index;
    if (*out != NULL || !chunk->column_index.is_there) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(read_index(open, &chunk->column_index, &tarn__parquet_column_index, &stored, err));
    const uint32_t count = stored.null_pages.count;
    if (stored.min_values.count != count || stored.max_values.count != count ||
        (stored.has_null_counts && stored.null_counts.count != count) || (stored.has_nan_counts && stored.nan_counts.count != count)) {
        return unequal(open, "column_index", err);
    }
    struct tarn_parquet_column_index *made = tarn__arena_alloc(&open->arena, sizeof(*made));
    if (made == NULL) {
        return tarn__nomem(open->metadata->env, err, sizeof(*made));
    }
    *made = (struct tarn_parquet_column_index){
        .page_count = count,
        .boundary_order = boundary_name(stored.boundary_order),
        .null_pages = stored.null_pages.items,
        .min_values = stored.min_values.items,
        .max_values = stored.max_values.items,
        .null_counts = stored.has_null_counts ? stored.null_counts.items : NULL,
        .nan_counts = stored.has_nan_counts ? stored.nan_counts.items : NULL,
        .repetition_levels = histogram_of(stored.has_repetition_level_histograms, &stored.repetition_level_histograms),
        .definition_levels = histogram_of(stored.has_definition_level_histograms, &stored.definition_level_histograms),
    };
    *out = open->column_index = made;
    return TARN_OK;
}
