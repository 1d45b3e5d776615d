/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading back what was written.
 *
 * Specification: parquet-format README.md, PageIndex.md. SPEC: P-VERIFY-WRITE-1 to P-VERIFY-WRITE-3.
 *
 * Invariants
 *  1. Nothing here looks at how the bytes were made: footer, indexes and pages are decoded by the reader's own functions.
 *  2. Nothing is kept: memory is that of the chunk at hand.
 */
#include "writer/parquet/verify_written.h"

#include "format/column/column_reader.h"
#include "format/column/footer.h"
#include "format/index/page_index.h"

static enum tarn_status differs(const char *what, struct tarn_error *err)
{
    return tarn__corrupt(
        err, "written",
        "%s, read back before the file was made visible, is not what was to be written; the file was given up: write it again, "
        "and report it if it happens again",
        what);
}

/* ---- the footer ---- */

/* Chunk by chunk what was meant, encoded, against what was read, encoded. */
static enum tarn_status compare_chunk(const struct parquet_column_chunk *meant, const struct parquet_column_chunk *read,
                                      struct tarn_buffer *bytes, struct tarn_error *err)
{
    bytes->size = 0;
    TARN_RETURN_IF_ERROR(tarn__thrift_encode(&tarn__parquet_column_chunk, meant, bytes, err));
    const size_t size = bytes->size;
    TARN_RETURN_IF_ERROR(tarn__thrift_encode(&tarn__parquet_column_chunk, read, bytes, err));
    return bytes->size == 2 * size && memcmp(bytes->data, bytes->data + size, size) == 0 ? TARN_OK
                                                                                         : differs("a column chunk's metadata", err);
}

static enum tarn_status compare_groups(const struct parquet_file_metadata *meant, const struct tarn_footer *footer,
                                       struct tarn_arena *arena, struct tarn_buffer *bytes, struct tarn_error *err)
{
    for (uint32_t g = 0; g < meant->row_groups.count; g++) {
        const struct parquet_row_group *group = &meant->row_groups.items[g];
        const struct parquet_row_group *read = tarn__footer_row_group(footer, g);
        if (read->num_rows != group->num_rows || read->total_byte_size != group->total_byte_size ||
            read->file_offset != group->file_offset) {
            return differs("a row group", err);
        }
        for (uint32_t leaf = 0; leaf < group->columns.count; leaf++) {
            const struct parquet_column_chunk *chunk;
            TARN_RETURN_IF_ERROR(tarn__footer_chunk(footer, g, leaf, arena, &chunk, err));
            TARN_RETURN_IF_ERROR(compare_chunk(&group->columns.items[leaf], chunk, bytes, err));
        }
        tarn__arena_free(arena);
    }
    return TARN_OK;
}

enum tarn_status tarn__verify_footer(struct tarn_env *env, const struct parquet_file_metadata *meant, struct tarn_span bytes,
                                     uint64_t offset, uint64_t file_size, struct tarn_error *err)
{
    struct tarn_footer *footer;
    struct tarn_arena arena;
    struct tarn_buffer *scratch = tarn__buffer_new(env, 0);

    if (scratch == NULL) {
        return tarn__nomem(env, err, 0);
    }
    tarn__arena_init(&arena, env);
    enum tarn_status status = tarn__footer_decode(env, bytes, offset, file_size, &footer, err);
    if (status == TARN_OK) {
        const struct parquet_file_metadata *read = &footer->metadata;
        status = footer->has_checksum && read->num_rows == meant->num_rows && read->row_groups.count == meant->row_groups.count &&
                         read->schema.count == meant->schema.count &&
                         read->key_value_metadata.count == meant->key_value_metadata.count + 1 &&
                         read->column_orders.count == meant->column_orders.count
                     ? compare_groups(meant, footer, &arena, scratch, err)
                     : differs("the footer", err);
        tarn__footer_release(footer);
    }
    tarn__arena_free(&arena);
    tarn__buffer_release(scratch);
    return status;
}

/* ---- indexes ---- */

static bool same_pages(const struct tarn__chunk_pages *pages, uint64_t data, const struct tarn_offset_index *index)
{
    bool same = index->page_count == pages->count;
    for (uint32_t i = 0; same && i < pages->count; i++) {
        same = index->pages[i].offset == (int64_t)(data + pages->pages[i].offset) &&
               index->pages[i].compressed_page_size == (int32_t)pages->pages[i].stored &&
               index->pages[i].first_row_index == (int64_t)pages->pages[i].first_row;
    }
    return same;
}

static bool same_nulls(const struct tarn__chunk_pages *pages, const struct tarn_column_index *index)
{
    bool same = true;
    for (uint32_t i = 0; same && i < pages->count; i++) {
        const struct tarn__value_facts *facts = &pages->pages[i].values;
        same = index->null_pages[i] == (facts->values == 0) &&
               (index->null_counts == NULL || index->null_counts[i] == (int64_t)(facts->slots - facts->values));
    }
    return same;
}

enum tarn_status tarn__verify_indexes(struct tarn_env *env, const struct tarn__column_chunk *chunk, uint64_t data, uint64_t rows,
                                      struct tarn_span column_index, struct tarn_span offset_index, struct tarn_error *err)
{
    const struct tarn__chunk_pages *pages = &chunk->pages;
    struct tarn_arena arena;
    struct tarn_offset_index offsets;
    struct tarn_column_index columns;
    enum tarn_status status = TARN_OK;

    tarn__arena_init(&arena, env);
    if (offset_index.size != 0) {
        /* not the size of the pages at hand: they may have been encrypted since */
        const struct tarn__page_facts *last = pages->count != 0 ? &pages->pages[pages->count - 1] : NULL;
        const uint64_t end = last != NULL ? data + last->offset + last->stored : data;
        status = tarn__offset_index_decode(offset_index, &arena, rows, data, end, &offsets, err);
        status = status == TARN_OK && !same_pages(pages, data, &offsets) ? differs("an offset index", err) : status;
    }
    if (column_index.size != 0 && status == TARN_OK) {
        status = tarn__column_index_decode(column_index, &arena, pages->count, &columns, err);
        status = status == TARN_OK && !same_nulls(pages, &columns) ? differs("a column index", err) : status;
    }
    tarn__arena_free(&arena);
    return status;
}

/* ---- pages ---- */

/* Reads all rows, some thousand at a time: values dense, levels beside them. */
static enum tarn_status digest_rows(struct tarn__column_reader *reader, const struct tarn_leaf *leaf, const struct tarn__leaf_form *form,
                                    uint64_t rows, struct tarn__leaf_digest *digest, struct tarn_error *err)
{
    enum { STEP = 8192 };

    for (uint64_t done = 0; done < rows;) {
        const uint64_t count = rows - done < STEP ? rows - done : STEP;
        struct tarn_vector *vector;
        tarn__column_reader_begin(reader);
        TARN_RETURN_IF_ERROR(tarn__column_reader_read(reader, count, err));
        TARN_RETURN_IF_ERROR(tarn__column_output_finish(&reader->output, &vector, err));
        if (leaf->max_definition != 0) {
            tarn__leaf_digest_levels8(digest, reader->level_definition, reader->level_repetition, reader->level_count);
        } else {
            tarn__leaf_digest_levels(digest, NULL, NULL, 0, (size_t)count);
        }
        const enum tarn_status status =
            tarn__leaf_digest_values(digest, form, (struct tarn__leaf_values){vector, NULL, 0}, vector->length, err);
        tarn_vector_release(vector);
        TARN_RETURN_IF_ERROR(status);
        done += count;
    }
    return TARN_OK;
}

/* The chunk as the first of a file. */
static struct parquet_column_metadata describe(const struct tarn_leaf *leaf, const struct tarn__column_chunk *chunk)
{
    enum { AFTER_MAGIC = 4 };
    return (struct parquet_column_metadata){
        .type = leaf->physical,
        .codec = chunk->codec,
        .num_values = (int64_t)chunk->facts.slots,
        .total_uncompressed_size = (int64_t)chunk->uncompressed_size,
        .total_compressed_size = (int64_t)(chunk->dictionary_page.size + chunk->data_pages.size),
        .data_page_offset = (int64_t)(AFTER_MAGIC + chunk->dictionary_page.size),
        .has_dictionary_page_offset = chunk->dictionary_page.size != 0,
        .dictionary_page_offset = AFTER_MAGIC,
    };
}

enum tarn_status tarn__verify_chunk(struct tarn_env *env, const struct tarn_leaf *leaf, const struct tarn__column_chunk *chunk,
                                    uint64_t rows, struct tarn_codec_context *context, struct tarn_error *err)
{
    const struct parquet_column_metadata meta = describe(leaf, chunk);
    struct tarn__leaf_digest digest = {.env = env};
    struct tarn__column_reader reader;
    struct tarn__leaf_form form;
    const struct tarn__column_reader_options options = {.env = env,
                                                        .leaf = leaf,
                                                        .chunk = &meta,
                                                        .row_count = rows,
                                                        .slot_definition = leaf->max_definition,
                                                        .keep_levels = leaf->max_definition != 0,
                                                        .invalid_utf8_as_is = true};

    if (!tarn__leaf_form_of(leaf->type, &form)) {
        return tarn__internal(err, "a leaf without stored form was written");
    }
    TARN_RETURN_IF_ERROR(tarn__column_reader_init(&reader, &options, err));
    struct tarn_buffer *bytes = tarn__buffer_new(env, 0);
    enum tarn_status status = TARN_OK;
    if (bytes == NULL || !tarn__buffer_append(bytes, chunk->dictionary_page.data, chunk->dictionary_page.size) ||
        !tarn__buffer_append(bytes, chunk->data_pages.data, chunk->data_pages.size)) {
        status = tarn__nomem(env, err, chunk->data_pages.size);
    }
    if (status == TARN_OK) {
        tarn__column_reader_start(&reader, context, bytes);
        status = digest_rows(&reader, leaf, &form, rows, &digest, err);
    }
    if (status == TARN_OK && !tarn__leaf_sums_equal(&digest.sums, &chunk->sums)) {
        status = differs("a column chunk", err);
    }
    tarn__leaf_digest_free(&digest);
    tarn__column_reader_free(&reader);
    tarn__buffer_release(bytes);
    return status;
}
