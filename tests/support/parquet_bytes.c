/* SPDX-License-Identifier: Apache-2.0
 * Parquet files from hand-written pages.
 */
#include "tests/support/parquet_bytes.h"

#include <stdio.h>
#include <stdlib.h>

#include "format/base/hash.h"

enum { MOST_LEAVES = 16 };

/* Not Check's assertions: fuzz targets make files too. */
static void demand(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "parquet_bytes: %s\n", what);
        abort();
    }
}

static void append(struct tarn_buffer *out, const void *bytes, size_t size)
{
    demand(tarn__buffer_append(out, bytes, size), "no memory");
}

/* DATA_PAGE has the length before each kind of level, DATA_PAGE_V2 has it in its header. */
static void append_levels(struct tarn_buffer *body, const struct tarn_test_page *page, struct tarn_span levels)
{
    if (levels.size == 0) {
        return;
    }
    if (page->type == PARQUET_DATA_PAGE && !page->packed_levels) {
        uint8_t length[4];
        tarn__store32(length, (uint32_t)levels.size);
        append(body, length, sizeof(length));
    }
    append(body, levels.data, levels.size);
}

static void append_page(struct tarn_env *env, struct tarn_buffer *out, const struct tarn_test_page *page)
{
    struct tarn_error err;
    struct tarn_buffer *body = tarn__buffer_new(env, 0);
    append_levels(body, page, page->repetition);
    append_levels(body, page, page->definition);
    append(body, page->body.data, page->body.size);

    struct parquet_page_header header = {
        .type = page->type,
        .uncompressed_page_size = (int32_t)body->size,
        .compressed_page_size = (int32_t)body->size,
        .has_crc = page->crc != TARN_TEST_NO_CRC,
        .crc = (int32_t)(tarn__crc32(0, body->data, body->size) ^ (page->crc == TARN_TEST_WRONG_CRC ? 1u : 0u)),
        .has_data_page_header = page->type == PARQUET_DATA_PAGE,
        .has_dictionary_page_header = page->type == PARQUET_DICTIONARY_PAGE,
        .has_data_page_header_v2 = page->type == PARQUET_DATA_PAGE_V2,
        .has_index_page_header = page->type == PARQUET_INDEX_PAGE,
    };
    const int32_t levels = page->packed_levels ? PARQUET_ENCODING_BIT_PACKED : PARQUET_ENCODING_RLE;
    header.data_page_header = (struct parquet_data_page_header){
        .num_values = page->values, .encoding = page->encoding, .definition_level_encoding = levels, .repetition_level_encoding = levels};
    header.dictionary_page_header = (struct parquet_dictionary_page_header){.num_values = page->values, .encoding = page->encoding};
    header.data_page_header_v2 = (struct parquet_data_page_header_v2){.num_values = page->values,
                                                                      .num_rows = page->rows,
                                                                      .encoding = page->encoding,
                                                                      .definition_levels_byte_length = (int32_t)page->definition.size,
                                                                      .repetition_levels_byte_length = (int32_t)page->repetition.size};
    demand(tarn__thrift_encode(&tarn__parquet_page_header, &header, out, &err) == TARN_OK, "the page header is not written");
    append(out, body->data, body->size);
    tarn__buffer_release(body);
}

static uint32_t leaves_of(const struct tarn_test_parquet *file, const struct parquet_schema_element **leaves)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < file->element_count; i++) {
        if (file->elements[i].has_type) {
            demand(count < MOST_LEAVES, "too many leaves");
            leaves[count++] = &file->elements[i];
        }
    }
    return count;
}

static struct parquet_column_chunk append_chunk(struct tarn_env *env, struct tarn_buffer *out, const struct tarn_test_chunk *chunk,
                                                const struct parquet_schema_element *leaf, struct tarn_text *path)
{
    static int32_t encodings[] = {PARQUET_ENCODING_PLAIN};
    struct parquet_column_chunk thrift = {.has_meta_data = true};
    struct parquet_column_metadata *metadata = &thrift.meta_data;
    *path = leaf->name;
    metadata->type = leaf->type;
    metadata->codec = chunk->codec;
    metadata->encodings.count = 1;
    metadata->encodings.items = encodings;
    metadata->path_in_schema.count = 1;
    metadata->path_in_schema.items = path;
    metadata->data_page_offset = (int64_t)out->size;
    const size_t begin = out->size;
    for (uint32_t i = 0; i < chunk->page_count; i++) {
        const struct tarn_test_page *page = &chunk->pages[i];
        if (page->type == PARQUET_DICTIONARY_PAGE && !chunk->no_dictionary_offset && !metadata->has_dictionary_page_offset) {
            metadata->has_dictionary_page_offset = true;
            metadata->dictionary_page_offset = (int64_t)out->size;
        }
        append_page(env, out, page);
        if (page->type == PARQUET_DICTIONARY_PAGE) {
            metadata->data_page_offset = (int64_t)(chunk->no_dictionary_offset ? begin : out->size);
        } else {
            metadata->num_values += page->values;
        }
    }
    metadata->num_values = chunk->values > 0 ? chunk->values : chunk->values < 0 ? 0 : metadata->num_values;
    metadata->total_compressed_size = (int64_t)(out->size - begin);
    metadata->total_uncompressed_size = metadata->total_compressed_size;
    if (chunk->statistics != NULL) {
        metadata->has_statistics = true;
        metadata->statistics = *chunk->statistics;
    }
    return thrift;
}

void tarn_test_parquet_put(struct tarn_store *store, const char *key, const struct tarn_test_parquet *file)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = store->env;
    const struct parquet_schema_element *leaves[MOST_LEAVES];
    struct tarn_text paths[MOST_LEAVES];
    struct parquet_column_order orders[MOST_LEAVES];
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    const uint32_t leaf_count = leaves_of(file, leaves);
    struct parquet_row_group *row_groups = calloc(file->row_group_count + 1u, sizeof(*row_groups));
    struct parquet_column_chunk *chunks = calloc((size_t)file->row_group_count * leaf_count + 1, sizeof(*chunks));
    struct parquet_file_metadata metadata = {.version = 1, .has_column_orders = true};

    if (file->created_by != NULL) {
        metadata.has_created_by = true;
        metadata.created_by = tarn__text_of(file->created_by);
    }
    append(out, "PAR1", 4);
    for (uint32_t i = 0; i < file->row_group_count; i++) {
        row_groups[i].num_rows = file->row_groups[i].rows;
        metadata.num_rows += file->row_groups[i].rows;
        row_groups[i].columns.count = leaf_count;
        row_groups[i].columns.items = chunks + (size_t)i * leaf_count;
        for (uint32_t leaf = 0; leaf < leaf_count; leaf++) {
            orders[leaf].id = PARQUET_ORDER_TYPE;
            row_groups[i].columns.items[leaf] = append_chunk(env, out, &file->row_groups[i].chunks[leaf], leaves[leaf], &paths[leaf]);
        }
    }
    metadata.schema.count = file->element_count;
    metadata.schema.items = (struct parquet_schema_element *)(uintptr_t)file->elements;
    metadata.row_groups.count = file->row_group_count;
    metadata.row_groups.items = row_groups;
    metadata.column_orders.count = leaf_count;
    metadata.column_orders.items = orders;
    const size_t footer = out->size;
    demand(tarn__thrift_encode(&tarn__parquet_file_metadata, &metadata, out, &err) == TARN_OK, "the footer is not written");
    uint8_t end[8] = {0, 0, 0, 0, 'P', 'A', 'R', '1'};
    tarn__store32(end, (uint32_t)(out->size - footer));
    append(out, end, sizeof(end));
    demand(tarn_store_put(store, tarn__text_of(key), tarn__buffer_span(out), TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err) == TARN_OK,
           err.message);
    tarn__buffer_release(out);
    free(row_groups);
    free(chunks);
}
