/* SPDX-License-Identifier: Apache-2.0
 *
 * What a decoded footer must keep before anyone plans reads by it.
 *
 * Specification: parquet.thrift, RowGroup, ColumnChunk, ColumnMetaData. SPEC: P-FOOTER-5 to P-FOOTER-8.
 *
 * Invariants
 *  1. Offsets are compared as unsigned 64-bit numbers after negative ones were refused; no sum is made that was not checked.
 */
#include "format/column/footer_check.h"

#include "format/base/checked.h"

static enum tarn_status corrupt(const char *what, struct tarn_error *err)
{
    return tarn__corrupt(err, "footer", "footer: %s", what);
}

struct tarn_chunk_range tarn__footer_chunk_range(const struct parquet_column_metadata *chunk)
{
    const struct tarn_chunk_facts facts = {.has_dictionary_page_offset = chunk->has_dictionary_page_offset,
                                           .dictionary_page_offset = chunk->dictionary_page_offset,
                                           .data_page_offset = chunk->data_page_offset,
                                           .total_compressed_size = chunk->total_compressed_size};
    return tarn__chunk_facts_range(&facts);
}

static enum tarn_status check_indexes(const struct tarn_footer *footer, const struct tarn_chunk_facts *chunk, struct tarn_error *err)
{
    if (chunk->has_offset_index_offset != chunk->has_offset_index_length ||
        chunk->has_column_index_offset != chunk->has_column_index_length) {
        return corrupt("an index has an offset or a length, but not both", err);
    }
    if (chunk->has_offset_index_offset && !tarn__footer_is_inside(footer, chunk->offset_index_offset, chunk->offset_index_length)) {
        return corrupt("the offset index lies outside the file", err);
    }
    if (chunk->has_column_index_offset && !tarn__footer_is_inside(footer, chunk->column_index_offset, chunk->column_index_length)) {
        return corrupt("the column index lies outside the file", err);
    }
    return TARN_OK;
}

enum tarn_status tarn__footer_check_chunk(const struct tarn_footer *footer, uint32_t row_group, uint32_t leaf,
                                          const struct tarn_chunk_facts *facts, struct tarn_error *err)
{
    if (facts->file_path.size != 0) {
        return tarn__unsupported(err, "external_column_chunk", "the column lies in another file, %.*s: open that one",
                                 TARN_TEXT_ARG(facts->file_path));
    }
    if (facts->crypto && footer->cipher == NULL) {
        return corrupt("an encrypted column in a file that says nothing of encryption", err);
    }
    if (!facts->has_meta_data) {
        return facts->crypto ? check_indexes(footer, facts, err) : corrupt("a column chunk without metadata", err);
    }
    if (facts->type != footer->schema->leaves[leaf].physical) {
        return corrupt("the column chunk is of another type than the schema says", err);
    }
    if (facts->num_values < 0 || facts->total_uncompressed_size < 0 || facts->total_compressed_size < 0) {
        return corrupt("a negative count or size", err);
    }
    if (footer->schema->leaves[leaf].max_repetition == 0 && facts->num_values != tarn__footer_row_group(footer, row_group)->num_rows) {
        return corrupt("a flat column has another number of values than its row group has rows", err);
    }
    if (facts->num_values != 0) {
        const struct tarn_chunk_range range = tarn__chunk_facts_range(facts);
        if (facts->data_page_offset < 0 || !tarn__footer_is_inside(footer, (int64_t)range.begin, facts->total_compressed_size)) {
            return corrupt("the column chunk lies outside the file", err);
        }
    }
    return check_indexes(footer, facts, err);
}

static enum tarn_status check_chunk(const struct tarn_footer *footer, uint32_t row_group, uint32_t leaf, struct tarn_error *err)
{
    struct tarn_chunk_facts facts;
    TARN_RETURN_IF_ERROR(tarn__footer_chunk_facts(footer, row_group, leaf, &facts, err));
    return tarn__footer_check_chunk(footer, row_group, leaf, &facts, err);
}

static enum tarn_status check_group(const struct tarn_footer *footer, uint32_t row_group, bool chunks, struct tarn_error *err)
{
    const struct parquet_row_group *group = tarn__footer_row_group(footer, row_group);
    const int64_t flat_values = footer->groups[row_group].flat_values;
    if (group->num_rows < 0) {
        return corrupt("a row group with a negative number of rows", err);
    }
    if (group->columns.count != footer->schema->leaf_count) {
        return tarn__corrupt(err, "footer", "footer: a row group of %u columns where the schema has %u", group->columns.count,
                             footer->schema->leaf_count);
    }
    chunks = chunks || (flat_values != -1 && flat_values != group->num_rows);
    for (uint32_t leaf = 0; chunks && leaf < group->columns.count; leaf++) {
        const enum tarn_status status = check_chunk(footer, row_group, leaf, err);
        if (status != TARN_OK) {
            tarn__error_at_column(err, footer->schema->leaves[leaf].path);
            return status;
        }
    }
    return TARN_OK;
}

enum tarn_status tarn__footer_check(const struct tarn_footer *footer, bool chunks, struct tarn_error *err)
{
    const struct parquet_file_metadata *metadata = &footer->metadata;
    int64_t rows = 0;
    if (metadata->num_rows < 0) {
        return corrupt("a negative number of rows", err);
    }
    for (uint32_t i = 0; i < metadata->row_groups.count; i++) {
        enum tarn_status status = check_group(footer, i, chunks, err);
        if (status == TARN_OK && !tarn__add(rows, tarn__footer_row_group(footer, i)->num_rows, &rows)) {
            status = corrupt("more rows than fit 64 bits", err);
        }
        if (status != TARN_OK) {
            tarn__error_at_row_group(err, (int32_t)i);
            return status;
        }
    }
    return rows == metadata->num_rows ? TARN_OK : corrupt("the row groups have other rows than the file says", err);
}
