/* SPDX-License-Identifier: Apache-2.0
 *
 * `inspect --json`: one document with every fact that a Parquet file's metadata has, named as parquet.thrift names it. What is absent in
 * the file is absent or null here; bytes are hexadecimal.
 */
#include <inttypes.h>

#include "tools/tarn/inspect.h"

/* ---- JSON, member by member ---- */

/* A comma unless it is the first, and the name. */
static void member(bool *more, const char *name)
{
    printf("%s\"%s\":", *more ? "," : "", name);
    *more = true;
}

static void element(bool *more)
{
    fputs(*more ? "," : "", stdout);
    *more = true;
}

static void put_text(bool *more, const char *name, struct tarn_text text)
{
    member(more, name);
    json_string(stdout, text);
}

static void put_word(bool *more, const char *name, const char *word)
{
    if (word[0] != '\0') {
        put_text(more, name, text_of(word));
    }
}

static void put_number(bool *more, const char *name, int64_t number)
{
    member(more, name);
    printf("%" PRId64, number);
}

static void put_some(bool *more, const char *name, bool has, int64_t number)
{
    if (has) {
        put_number(more, name, number);
    }
}

static void put_bool(bool *more, const char *name, bool value)
{
    member(more, name);
    fputs(value ? "true" : "false", stdout);
}

static void hex(struct tarn_span bytes)
{
    fputc('"', stdout);
    for (size_t i = 0; i < bytes.size; i++) {
        printf("%02x", bytes.data[i]);
    }
    fputc('"', stdout);
}

static void put_hex(bool *more, const char *name, struct tarn_span bytes)
{
    if (bytes.data != NULL) {
        member(more, name);
        hex(bytes);
    }
}

static void put_numbers(bool *more, const char *name, uint32_t count, const int64_t *numbers)
{
    if (numbers == NULL) {
        return;
    }
    member(more, name);
    fputc('[', stdout);
    for (uint32_t i = 0; i < count; i++) {
        printf("%s%" PRId64, i != 0 ? "," : "", numbers[i]);
    }
    fputc(']', stdout);
}

static void put_double(struct session *session, bool *more, const char *name, double number)
{
    static const struct tarn_type type = {.id = TARN_TYPE_F64};
    const struct tarn_value value = {.type = &type, .u.f64 = number};
    char text[64];
    tarn_value_format(session->env, &value, text, sizeof(text));
    member(more, name);
    fputs(number - number == 0 ? text : "null", stdout); /* JSON has neither NaN nor infinities */
}

static void put_key_values(bool *more, uint32_t count, const struct tarn_parquet_key_value *pairs)
{
    bool more_pairs = false;
    member(more, "key_value_metadata");
    fputc('[', stdout);
    for (uint32_t i = 0; i < count; i++) {
        bool parts = false;
        element(&more_pairs);
        fputc('{', stdout);
        put_text(&parts, "key", pairs[i].key);
        if (pairs[i].has_value) {
            put_text(&parts, "value", pairs[i].value);
        }
        fputc('}', stdout);
    }
    fputc(']', stdout);
}

/* ---- the file and its schema ---- */

static void put_encryption(bool *more, const struct tarn_parquet_file_detail *detail)
{
    bool parts = false;
    if (detail->encryption_algorithm[0] == '\0') {
        return;
    }
    member(more, "encryption_algorithm");
    fputc('{', stdout);
    put_word(&parts, "name", detail->encryption_algorithm);
    put_hex(&parts, "aad_prefix", detail->aad_prefix);
    put_hex(&parts, "aad_file_unique", detail->aad_file_unique);
    put_bool(&parts, "supply_aad_prefix", detail->supply_aad_prefix);
    fputc('}', stdout);
    put_hex(more, "footer_signing_key_metadata", detail->footer_signing_key_metadata);
}

static void put_logical_type(bool *more, const struct tarn_parquet_logical_type *type)
{
    bool parts = false;
    if (type->name[0] == '\0') {
        return;
    }
    member(more, "logical_type");
    fputc('{', stdout);
    put_word(&parts, "name", type->name);
    put_number(&parts, "id", type->id);
    if (type->unit[0] != '\0') {
        put_bool(&parts, "is_adjusted_to_utc", type->is_adjusted_to_utc);
        put_word(&parts, "unit", type->unit);
    }
    if (type->precision != 0) {
        put_number(&parts, "precision", type->precision);
        put_number(&parts, "scale", type->scale);
    }
    if (type->bit_width != 0) {
        put_number(&parts, "bit_width", type->bit_width);
        put_bool(&parts, "is_signed", type->is_signed);
    }
    put_some(&parts, "specification_version", type->specification_version != 0, type->specification_version);
    if (type->has_crs) {
        put_text(&parts, "crs", type->crs);
    }
    put_word(&parts, "algorithm", type->algorithm);
    fputc('}', stdout);
}

static void put_element(const struct tarn_parquet_element *stored, uint32_t number)
{
    bool parts = false;
    fputc('{', stdout);
    put_text(&parts, "name", stored->name);
    put_some(&parts, "parent", number != 0, stored->parent);
    put_word(&parts, "repetition_type", stored->repetition);
    put_word(&parts, "type", stored->physical_type);
    put_some(&parts, "type_length", stored->has_type_length, stored->type_length);
    put_some(&parts, "num_children", stored->leaf == UINT32_MAX, stored->child_count);
    put_word(&parts, "converted_type", stored->converted_type);
    put_some(&parts, "scale", stored->has_scale, stored->scale);
    put_some(&parts, "precision", stored->has_precision, stored->precision);
    put_some(&parts, "field_id", stored->has_field_id, stored->field_id);
    put_logical_type(&parts, &stored->logical_type);
    if (stored->leaf != UINT32_MAX) {
        put_number(&parts, "column", stored->leaf);
        put_number(&parts, "max_definition_level", stored->max_definition);
        put_number(&parts, "max_repetition_level", stored->max_repetition);
        put_word(&parts, "column_order", stored->column_order);
    }
    fputc('}', stdout);
}

static enum tarn_status put_schema(bool *more, const struct tarn_parquet_metadata *metadata, uint32_t count, struct tarn_error *err)
{
    bool elements = false;
    member(more, "schema");
    fputc('[', stdout);
    for (uint32_t i = 0; i < count; i++) {
        struct tarn_parquet_element stored;
        const enum tarn_status status = tarn_parquet_element_info(metadata, i, &stored, err);
        if (status != TARN_OK) {
            return status;
        }
        element(&elements);
        put_element(&stored, i);
    }
    fputc(']', stdout);
    return TARN_OK;
}

/* ---- chunks ---- */

/* A bound as it is stored, and as a value where it is one. */
static void put_bound(struct session *session, bool *more, const char *name, const struct tarn_parquet_chunk *chunk, struct tarn_span bound)
{
    struct tarn_value value;
    bool parts = false;
    if (bound.data == NULL) {
        return;
    }
    member(more, name);
    fputc('{', stdout);
    put_hex(&parts, "bytes", bound);
    if (tarn_parquet_chunk_bound(chunk, bound, &value)) {
        char text[512];
        const size_t size = tarn_value_format(session->env, &value, text, sizeof(text));
        put_text(&parts, "value", (struct tarn_text){text, size < sizeof(text) ? size : sizeof(text) - 1});
    }
    fputc('}', stdout);
}

static void put_statistics(struct session *session, bool *more, const struct tarn_parquet_chunk *chunk)
{
    const struct tarn_parquet_statistics *stored = chunk->statistics;
    bool parts = false;
    if (stored == NULL) {
        return;
    }
    member(more, "statistics");
    fputc('{', stdout);
    put_bound(session, &parts, "max", chunk, stored->max);
    put_bound(session, &parts, "min", chunk, stored->min);
    put_some(&parts, "null_count", stored->has_null_count, stored->null_count);
    put_some(&parts, "distinct_count", stored->has_distinct_count, stored->distinct_count);
    put_bound(session, &parts, "max_value", chunk, stored->max_value);
    put_bound(session, &parts, "min_value", chunk, stored->min_value);
    if (stored->has_is_max_value_exact) {
        put_bool(&parts, "is_max_value_exact", stored->is_max_value_exact);
    }
    if (stored->has_is_min_value_exact) {
        put_bool(&parts, "is_min_value_exact", stored->is_min_value_exact);
    }
    put_some(&parts, "nan_count", stored->has_nan_count, stored->nan_count);
    fputc('}', stdout);
}

static void put_size_statistics(bool *more, const struct tarn_parquet_size_statistics *stored)
{
    bool parts = false;
    if (stored == NULL) {
        return;
    }
    member(more, "size_statistics");
    fputc('{', stdout);
    put_some(&parts, "unencoded_byte_array_data_bytes", stored->has_unencoded_byte_array_data_bytes,
             stored->unencoded_byte_array_data_bytes);
    put_numbers(&parts, "repetition_level_histogram", stored->repetition_levels.count, stored->repetition_levels.counts);
    put_numbers(&parts, "definition_level_histogram", stored->definition_levels.count, stored->definition_levels.counts);
    fputc('}', stdout);
}

static void put_geospatial(struct session *session, bool *more, const struct tarn_parquet_geospatial_statistics *stored)
{
    bool parts = false;
    bool sides = false;
    if (stored == NULL) {
        return;
    }
    member(more, "geospatial_statistics");
    fputc('{', stdout);
    if (stored->has_bbox) {
        member(&parts, "bbox");
        fputc('{', stdout);
        put_double(session, &sides, "xmin", stored->xmin);
        put_double(session, &sides, "xmax", stored->xmax);
        put_double(session, &sides, "ymin", stored->ymin);
        put_double(session, &sides, "ymax", stored->ymax);
        if (stored->has_z) {
            put_double(session, &sides, "zmin", stored->zmin);
            put_double(session, &sides, "zmax", stored->zmax);
        }
        if (stored->has_m) {
            put_double(session, &sides, "mmin", stored->mmin);
            put_double(session, &sides, "mmax", stored->mmax);
        }
        fputc('}', stdout);
    }
    if (stored->has_types) {
        member(&parts, "geospatial_types");
        fputc('[', stdout);
        for (uint32_t i = 0; i < stored->type_count; i++) {
            printf("%s%" PRId32, i != 0 ? "," : "", stored->types[i]);
        }
        fputc(']', stdout);
    }
    fputc('}', stdout);
}

static void put_place(bool *more, const char *name, const struct tarn_parquet_place *place)
{
    bool parts = false;
    if (place->is_there) {
        member(more, name);
        fputc('{', stdout);
        put_number(&parts, "offset", place->offset);
        put_some(&parts, "length", place->has_length, place->length);
        fputc('}', stdout);
    }
}

static void put_chunk_lists(bool *more, const struct tarn_parquet_chunk *chunk)
{
    bool entries = false;
    member(more, "encodings");
    fputc('[', stdout);
    for (uint32_t i = 0; i < chunk->encoding_count; i++) {
        printf("%s\"%s\"", i != 0 ? "," : "", chunk->encodings[i]);
    }
    fputc(']', stdout);
    if (chunk->has_key_values) {
        put_key_values(more, chunk->key_value_count, chunk->key_values);
    }
    if (!chunk->has_encoding_stats) {
        return;
    }
    member(more, "encoding_stats");
    fputc('[', stdout);
    for (uint32_t i = 0; i < chunk->page_encoding_count; i++) {
        bool parts = false;
        element(&entries);
        fputc('{', stdout);
        put_word(&parts, "page_type", chunk->page_encodings[i].page_type);
        put_word(&parts, "encoding", chunk->page_encodings[i].encoding);
        put_number(&parts, "count", chunk->page_encodings[i].count);
        fputc('}', stdout);
    }
    fputc(']', stdout);
}

static void put_chunk(struct session *session, bool *more, const struct tarn_parquet_chunk *chunk)
{
    put_text(more, "path", chunk->path);
    put_word(more, "type", chunk->physical_type);
    put_word(more, "codec", chunk->codec);
    put_number(more, "num_values", chunk->num_values);
    put_number(more, "total_uncompressed_size", chunk->total_uncompressed_size);
    put_number(more, "total_compressed_size", chunk->total_compressed_size);
    put_number(more, "file_offset", chunk->file_offset);
    if (chunk->has_file_path) {
        put_text(more, "file_path", chunk->file_path);
    }
    put_number(more, "data_page_offset", chunk->data_page_offset);
    put_some(more, "index_page_offset", chunk->has_index_page_offset, chunk->index_page_offset);
    put_some(more, "dictionary_page_offset", chunk->has_dictionary_page_offset, chunk->dictionary_page_offset);
    put_chunk_lists(more, chunk);
    put_statistics(session, more, chunk);
    put_size_statistics(more, chunk->size_statistics);
    put_geospatial(session, more, chunk->geospatial_statistics);
    put_place(more, "bloom_filter", &chunk->bloom_filter);
    put_place(more, "offset_index", &chunk->offset_index);
    put_place(more, "column_index", &chunk->column_index);
    put_word(more, "encryption", chunk->encryption);
    put_hex(more, "key_metadata", chunk->key_metadata);
}

/* ---- pages ---- */

static enum tarn_status put_page(void *arg, const struct tarn_parquet_page_info *page, struct tarn_error *err)
{
    bool parts = false;
    (void)err;
    element(arg);
    fputc('{', stdout);
    put_word(&parts, "type", page->type);
    put_word(&parts, "encoding", page->encoding);
    put_number(&parts, "offset", (int64_t)page->offset);
    put_number(&parts, "header_size", page->header_size);
    put_number(&parts, "compressed_size", page->compressed_size);
    put_number(&parts, "uncompressed_size", page->uncompressed_size);
    put_number(&parts, "num_values", page->value_count);
    if (page->has_crc) {
        put_bool(&parts, "crc_ok", page->crc_ok);
    }
    fputc('}', stdout);
    return TARN_OK;
}

static void put_offset_index(bool *more, const struct tarn_parquet_offset_index *index)
{
    bool pages = false;
    bool parts = false;
    if (index == NULL) {
        return;
    }
    member(more, "offset_index_pages");
    fputs("{\"page_locations\":[", stdout);
    for (uint32_t i = 0; i < index->page_count; i++) {
        bool numbers = false;
        element(&pages);
        fputc('{', stdout);
        put_number(&numbers, "offset", index->pages[i].offset);
        put_number(&numbers, "compressed_page_size", index->pages[i].compressed_size);
        put_number(&numbers, "first_row_index", index->pages[i].first_row);
        fputc('}', stdout);
    }
    fputc(']', stdout);
    parts = true;
    put_numbers(&parts, "unencoded_byte_array_data_bytes", index->page_count, index->unencoded_byte_array_data_bytes);
    fputc('}', stdout);
}

static void put_bounds(bool *more, const char *name, const struct tarn_parquet_column_index *index, const struct tarn_span *bounds)
{
    bool pages = false;
    member(more, name);
    fputc('[', stdout);
    for (uint32_t i = 0; i < index->page_count; i++) {
        element(&pages);
        if (index->null_pages[i]) {
            fputs("null", stdout);
        } else {
            hex(bounds[i]);
        }
    }
    fputc(']', stdout);
}

static void put_column_index(bool *more, const struct tarn_parquet_column_index *index)
{
    bool parts = false;
    if (index == NULL) {
        return;
    }
    member(more, "column_index_pages");
    fputc('{', stdout);
    put_word(&parts, "boundary_order", index->boundary_order);
    put_bounds(&parts, "min_values", index, index->min_values);
    put_bounds(&parts, "max_values", index, index->max_values);
    put_numbers(&parts, "null_counts", index->page_count, index->null_counts);
    put_numbers(&parts, "nan_counts", index->page_count, index->nan_counts);
    put_numbers(&parts, "repetition_level_histograms", index->repetition_levels.count, index->repetition_levels.counts);
    put_numbers(&parts, "definition_level_histograms", index->definition_levels.count, index->definition_levels.counts);
    fputc('}', stdout);
}

static enum tarn_status put_pages(bool *more, const struct tarn_parquet_metadata *metadata, struct tarn_parquet_chunk *chunk,
                                  struct tarn_error *err)
{
    const struct tarn_parquet_offset_index *offsets;
    const struct tarn_parquet_column_index *bounds;
    bool pages = false;
    member(more, "pages");
    fputc('[', stdout);
    enum tarn_status status = tarn_parquet_pages(metadata, chunk->row_group, chunk->leaf, put_page, &pages, err);
    fputc(']', stdout);
    if (status == TARN_OK) {
        status = tarn_parquet_chunk_offset_index(chunk, &offsets, err);
    }
    if (status == TARN_OK) {
        put_offset_index(more, offsets);
        status = tarn_parquet_chunk_column_index(chunk, &bounds, err);
    }
    if (status == TARN_OK) {
        put_column_index(more, bounds);
    }
    return status;
}

/* ---- row groups ---- */

/* A chunk that cannot be looked into says why; the others are told all the same. */
static enum tarn_status put_column(struct session *session, const struct tarn_parquet_metadata *metadata, uint32_t row_group, uint32_t leaf,
                                   struct tarn_error *err)
{
    struct tarn_parquet_chunk *chunk;
    struct tarn_error why = TARN_ERROR_INIT;
    bool parts = false;
    enum tarn_status status = tarn_parquet_chunk_open(metadata, row_group, leaf, &chunk, &why);
    fputc('{', stdout);
    if (status == TARN_OK) {
        put_chunk(session, &parts, chunk);
        status = has(session, OPTION_PAGES) ? put_pages(&parts, metadata, chunk, err) : TARN_OK;
        tarn_parquet_chunk_close(chunk);
    } else if (status == TARN_UNSUPPORTED || status == TARN_AUTH) {
        put_word(&parts, "unreadable", why.message);
        status = TARN_OK;
    } else if (err != NULL) {
        *err = why;
    }
    fputc('}', stdout);
    return status;
}

static void put_sorting(bool *more, const struct tarn_parquet_row_group_detail *group)
{
    bool columns = false;
    if (!group->has_sorting_columns) {
        return;
    }
    member(more, "sorting_columns");
    fputc('[', stdout);
    for (uint32_t i = 0; i < group->sorting_column_count; i++) {
        bool parts = false;
        element(&columns);
        fputc('{', stdout);
        put_number(&parts, "column_idx", group->sorting_columns[i].column);
        put_bool(&parts, "descending", group->sorting_columns[i].descending);
        put_bool(&parts, "nulls_first", group->sorting_columns[i].nulls_first);
        fputc('}', stdout);
    }
    fputc(']', stdout);
}

static enum tarn_status put_row_group(struct session *session, const struct tarn_parquet_metadata *metadata, uint32_t row_group,
                                      uint32_t leaf_count, struct tarn_error *err)
{
    struct tarn_parquet_row_group_info info;
    struct tarn_parquet_row_group_detail detail;
    bool parts = false;
    bool columns = false;
    enum tarn_status status = tarn_parquet_row_group_info(metadata, row_group, &info, err);
    if (status == TARN_OK) {
        status = tarn_parquet_row_group_detail(metadata, row_group, &detail, err);
    }
    if (status != TARN_OK) {
        return status;
    }
    fputc('{', stdout);
    put_number(&parts, "num_rows", (int64_t)info.row_count);
    put_number(&parts, "total_byte_size", detail.total_byte_size);
    put_some(&parts, "total_compressed_size", detail.has_total_compressed_size, detail.total_compressed_size);
    put_some(&parts, "file_offset", detail.has_file_offset, detail.file_offset);
    put_some(&parts, "ordinal", detail.has_ordinal, detail.ordinal);
    put_sorting(&parts, &detail);
    member(&parts, "columns");
    fputc('[', stdout);
    for (uint32_t leaf = 0; status == TARN_OK && leaf < leaf_count; leaf++) {
        element(&columns);
        status = put_column(session, metadata, row_group, leaf, err);
    }
    fputs("]}", stdout);
    return status;
}

enum tarn_status inspect_json(struct session *session, const struct tarn_parquet_metadata *metadata, struct tarn_error *err)
{
    const struct tarn_parquet_file_info file = tarn_parquet_file_info(metadata);
    const struct tarn_parquet_file_detail detail = tarn_parquet_file_detail(metadata);
    bool parts = false;
    bool groups = false;
    answer_begin(session);
    fputc('{', stdout);
    put_number(&parts, "version", file.version);
    put_number(&parts, "num_rows", (int64_t)file.row_count);
    put_text(&parts, "created_by", file.created_by);
    put_number(&parts, "file_size", (int64_t)file.file_size);
    put_number(&parts, "footer_size", (int64_t)file.footer_size);
    put_bool(&parts, "footer_checksum", file.footer_checksum_present);
    put_number(&parts, "column_count", file.leaf_count);
    put_key_values(&parts, detail.key_value_count, detail.key_values);
    put_bool(&parts, "footer_encrypted", file.footer_encrypted);
    put_encryption(&parts, &detail);
    enum tarn_status status = put_schema(&parts, metadata, detail.element_count, err);
    member(&parts, "row_groups");
    fputc('[', stdout);
    for (uint32_t g = 0; status == TARN_OK && g < file.row_group_count; g++) {
        element(&groups);
        status = put_row_group(session, metadata, g, file.leaf_count, err);
    }
    fputs("]}", stdout);
    if (status == TARN_OK) {
        answer_end(session);
    }
    return status;
}
