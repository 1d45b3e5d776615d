/* SPDX-License-Identifier: Apache-2.0
 *
 * Page headers, decoded and held against what they say of their page.
 *
 * Specification: parquet.thrift, PageHeader. SPEC: P-PAGE-1 to P-PAGE-3.
 *
 * Invariants
 *  1. Sizes and counts of a header that is handed out are not negative and below 2^31, so that sums of two fit 32 bits.
 *  2. Levels of a DATA_PAGE_V2 lie inside both the stored and the uncompressed body.
 */
#include "format/page/page_header.h"

static enum tarn_status corrupt(const char *what, struct tarn_error *err)
{
    return tarn__corrupt(err, "page_header", "page header: %s", what);
}

static enum tarn_status read_v2(const struct parquet_data_page_header_v2 *v2, struct tarn_page_header *out, struct tarn_error *err)
{
    if (v2->num_values < 0 || v2->num_nulls < 0 || v2->num_rows < 0 || v2->num_nulls > v2->num_values || v2->num_rows > v2->num_values) {
        return corrupt("counts of values, nulls and rows contradict each other", err);
    }
    if (v2->definition_levels_byte_length < 0 || v2->repetition_levels_byte_length < 0) {
        return corrupt("negative size of levels", err);
    }
    out->value_count = (uint32_t)v2->num_values;
    out->encoding = v2->encoding;
    out->definition_size = (uint32_t)v2->definition_levels_byte_length;
    out->repetition_size = (uint32_t)v2->repetition_levels_byte_length;
    out->compressed = !v2->has_is_compressed || v2->is_compressed;
    const uint32_t levels = out->definition_size + out->repetition_size;
    if (levels > out->compressed_size || levels > out->uncompressed_size) {
        return corrupt("levels are larger than the page", err);
    }
    return TARN_OK;
}

static enum tarn_status read_kind(struct tarn_page_header *out, struct tarn_error *err)
{
    const struct parquet_page_header *header = &out->thrift;
    switch (header->type) {
    case PARQUET_DATA_PAGE:
        if (!header->has_data_page_header || header->data_page_header.num_values < 0) {
            return corrupt("a data page without number of values", err);
        }
        out->value_count = (uint32_t)header->data_page_header.num_values;
        out->encoding = header->data_page_header.encoding;
        return TARN_OK;
    case PARQUET_DICTIONARY_PAGE:
        if (!header->has_dictionary_page_header || header->dictionary_page_header.num_values < 0) {
            return corrupt("a dictionary page without number of values", err);
        }
        out->value_count = (uint32_t)header->dictionary_page_header.num_values;
        out->encoding = header->dictionary_page_header.encoding;
        return TARN_OK;
    case PARQUET_DATA_PAGE_V2:
        return header->has_data_page_header_v2 ? read_v2(&header->data_page_header_v2, out, err)
                                               : corrupt("a data page without number of values", err);
    default:
        return TARN_OK;
    }
}

enum tarn_status tarn__page_header_decode(struct tarn_span bytes, uint64_t limit, struct tarn_page_header *out, bool *truncated,
                                          struct tarn_error *err)
{
    struct tarn_thrift_progress progress;
    *out = (struct tarn_page_header){.compressed = true};
    *truncated = false;
    const enum tarn_status status = tarn__thrift_decode(&tarn__parquet_page_header, bytes, NULL, &out->thrift, &progress, err);
    if (status != TARN_OK) {
        *truncated = progress.truncated;
        if (status == TARN_CORRUPT) {
            return corrupt(progress.truncated ? "the bytes end inside it" : "its Thrift structure is damaged", err);
        }
        return status;
    }
    const struct parquet_page_header *header = &out->thrift;
    if (progress.used > UINT32_MAX) {
        return tarn__error_set(err, TARN_LIMIT, "page_header", "a page header of more than 4 GiB");
    }
    if (header->compressed_page_size < 0 || header->uncompressed_page_size < 0) {
        return corrupt("negative size", err);
    }
    if ((uint64_t)header->uncompressed_page_size > (limit != 0 ? limit : TARN_PAGE_LIMIT)) {
        return tarn__error_set(err, TARN_LIMIT, "page_size", "a page of %d bytes is larger than the limit",
                               (int)header->uncompressed_page_size);
    }
    out->header_size = (uint32_t)progress.used;
    out->compressed_size = (uint32_t)header->compressed_page_size;
    out->uncompressed_size = (uint32_t)header->uncompressed_page_size;
    out->type = header->type;
    return read_kind(out, err);
}

enum tarn_status tarn__page_header_encode(const struct parquet_page_header *header, struct tarn_buffer *out, struct tarn_error *err)
{
    return tarn__thrift_encode(&tarn__parquet_page_header, header, out, err);
}
