/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/parquet_file.h"

#include "tests/support/witness.h"

static struct tarn_error err = TARN_ERROR_INIT;

struct tarn_buffer *tarn_test_read(struct tarn_store *store, struct tarn_text key)
{
    struct tarn_object *object;
    ck_assert_ok(tarn_object_open(store, key, &object, &err), &err);
    const uint64_t size = tarn_object_info(object).size;
    struct tarn_buffer *bytes = tarn__buffer_new(store->env, size);
    ck_assert_ptr_nonnull(bytes);
    const struct tarn_read_range range = {0, size, bytes->data};
    ck_assert_ok(tarn_object_read(object, 1, &range, &err), &err);
    tarn_object_close(object);
    return bytes;
}

static enum tarn_status count_object(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *listed)
{
    (void)key;
    (void)info;
    (void)listed;
    ++*(unsigned *)arg;
    return TARN_OK;
}

bool tarn_test_store_is_empty(struct tarn_store *store)
{
    unsigned objects = 0;
    ck_assert_ok(tarn_store_list(store, TARN_TEXT(""), TARN_TEXT(""), count_object, &objects, &err), &err);
    return objects == 0;
}

static void witness_indexes(const struct tarn_parquet_file *file, const struct parquet_column_chunk *chunk)
{
    const uint8_t *bytes = file->bytes->data;
    if (chunk->has_column_index_offset) {
        const struct tarn_span index = {bytes + chunk->column_index_offset, (size_t)chunk->column_index_length};
        tarn_test_witness(&tarn__parquet_column_index, index, TARN_TEST_OURS, "column index");
    }
    if (chunk->has_offset_index_offset) {
        const struct tarn_span index = {bytes + chunk->offset_index_offset, (size_t)chunk->offset_index_length};
        tarn_test_witness(&tarn__parquet_offset_index, index, TARN_TEST_OURS, "offset index");
    }
}

const struct parquet_column_chunk *tarn_parquet_file_outer_chunk(struct tarn_parquet_file *file, uint32_t row_group, uint32_t leaf)
{
    const struct parquet_column_chunk *chunk;
    ck_assert_ok(tarn__footer_chunk(file->footer, row_group, leaf, &file->arena, &chunk, &err), &err);
    return chunk;
}

void tarn_parquet_file_open(struct tarn_parquet_file *file, struct tarn_store *store, struct tarn_text key)
{
    struct tarn_object *object;

    *file = (struct tarn_parquet_file){.env = store->env, .bytes = tarn_test_read(store, key)};
    tarn__arena_init(&file->arena, store->env);
    ck_assert_ok(tarn__codec_context_open(store->env, &file->codec, &err), &err);
    ck_assert_ok(tarn_object_open(store, key, &object, &err), &err);
    ck_assert_ok(tarn__footer_read(object, 0, &file->footer, &err), &err);
    tarn_object_close(object);
    tarn_test_witness(&tarn__parquet_file_metadata, file->footer->bytes, TARN_TEST_OURS, "footer");
    for (uint32_t group = 0; group < file->footer->metadata.row_groups.count; group++) {
        if (file->footer->schema->leaf_count != 0) {
            witness_indexes(file, tarn_parquet_file_outer_chunk(file, group, 0));
        }
    }
}

void tarn_parquet_file_close(struct tarn_parquet_file *file)
{
    tarn__footer_release(file->footer);
    tarn__codec_context_close(file->codec);
    tarn__arena_free(&file->arena);
    tarn__buffer_release(file->bytes);
}

const struct parquet_column_metadata *tarn_parquet_file_chunk(struct tarn_parquet_file *file, uint32_t row_group, uint32_t leaf)
{
    return &tarn_parquet_file_outer_chunk(file, row_group, leaf)->meta_data;
}

static struct tarn_page_walk walk_of(struct tarn_parquet_file *file, uint32_t row_group, uint32_t leaf)
{
    const struct parquet_column_metadata *chunk = tarn_parquet_file_chunk(file, row_group, leaf);
    const struct tarn_chunk_range range = tarn__footer_chunk_range(chunk);
    const struct tarn_leaf *described = &file->footer->schema->leaves[leaf];
    return (struct tarn_page_walk){.env = file->env,
                                   .codec_context = file->codec,
                                   .rest = {file->bytes->data + range.begin, range.end - range.begin},
                                   .offset = range.begin,
                                   .values_left = (uint64_t)chunk->num_values,
                                   .codec = chunk->codec,
                                   .max_definition = described->max_definition,
                                   .max_repetition = described->max_repetition};
}

struct tarn_page tarn_parquet_file_page(struct tarn_parquet_file *file, uint32_t row_group, uint32_t leaf, uint32_t number)
{
    struct tarn_page_walk walk = walk_of(file, row_group, leaf);
    struct tarn_page page;
    bool end = false;

    for (uint32_t i = 0; i <= number; i++) {
        ck_assert_ok(tarn__page_next(&walk, &page, &end, &err), &err);
        ck_assert(!end);
    }
    ck_assert_ok(tarn__page_open(&walk, &page, NULL, &err), &err);
    return page;
}

uint32_t tarn_parquet_file_page_count(struct tarn_parquet_file *file, uint32_t row_group, uint32_t leaf)
{
    struct tarn_page_walk walk = walk_of(file, row_group, leaf);

    for (uint32_t count = 0;; count++) {
        struct tarn_page page;
        bool end = false;
        ck_assert_ok(tarn__page_next(&walk, &page, &end, &err), &err);
        if (end) {
            ck_assert_uint_eq(walk.rest.size, 0); /* chunks end with their last page */
            return count;
        }
        ck_assert_ok(tarn__page_open(&walk, &page, NULL, &err), &err);
        tarn__page_release(&page);
    }
}

bool tarn_parquet_file_column_index(struct tarn_parquet_file *file, uint32_t row_group, uint32_t leaf, struct tarn_column_index *out)
{
    const struct parquet_column_chunk *chunk = tarn_parquet_file_outer_chunk(file, row_group, leaf);
    const uint32_t pages = tarn_parquet_file_offset_index(file, row_group, leaf).page_count;

    if (!chunk->has_column_index_offset) {
        return false;
    }
    const struct tarn_span bytes = {file->bytes->data + chunk->column_index_offset, (size_t)chunk->column_index_length};
    ck_assert_ok(tarn__column_index_decode(bytes, &file->arena, pages, out, &err), &err);
    return true;
}

struct tarn_offset_index tarn_parquet_file_offset_index(struct tarn_parquet_file *file, uint32_t row_group, uint32_t leaf)
{
    const struct parquet_column_chunk *chunk = tarn_parquet_file_outer_chunk(file, row_group, leaf);
    const struct tarn_chunk_range range = tarn__footer_chunk_range(&chunk->meta_data);
    const uint64_t rows = (uint64_t)tarn__footer_row_group(file->footer, row_group)->num_rows;
    struct tarn_offset_index index;

    ck_assert(chunk->has_offset_index_offset);
    const struct tarn_span bytes = {file->bytes->data + chunk->offset_index_offset, (size_t)chunk->offset_index_length};
    ck_assert_ok(tarn__offset_index_decode(bytes, &file->arena, rows, range.begin, range.end, &index, &err), &err);
    return index;
}

void tarn_parquet_file_write(struct tarn_store *store, struct tarn_text key, const struct tarn_schema *schema,
                             const struct tarn_parquet_write_options *options, uint32_t rows, struct tarn_vector **columns)
{
    struct tarn_sink *sink;
    struct tarn_batch *batch;

    ck_assert_ok(tarn__batch_adopt(store->env, schema, rows, columns, &batch, &err), &err);
    ck_assert_ok(tarn_parquet_create(store, key, schema, options, &sink, &err), &err);
    ck_assert_ok(tarn_sink_write(sink, batch, &err), &err);
    ck_assert_ok(tarn_sink_finish(sink, &err), &err);
    tarn_batch_release(batch);
}
