/* SPDX-License-Identifier: Apache-2.0
 *
 * The anatomy of a Parquet file: footer, row groups, column chunks, pages.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/tarn/command.h"
#include "tools/tarn/file_input.h"
#include "tools/tarn/inspect.h"

/* A bound as text; NULL when there is none. */
static const char *bound_text(struct session *session, const struct tarn_value *value, bool there, char *out, size_t size)
{
    if (there) {
        tarn_value_format(session->env, value, out, size);
    }
    return there ? out : NULL;
}

struct page_lines {
    struct listing *listing;
    uint32_t row_group;
    struct tarn_text column;
};

static enum tarn_status list_page(void *arg, const struct tarn_parquet_page_info *page, struct tarn_error *err)
{
    const struct page_lines *lines = arg;
    char numbers[6][24];
    char column[256];
    (void)err;
    snprintf(column, sizeof(column), "%.*s", (int)(lines->column.size < 250 ? lines->column.size : 250), lines->column.data);
    snprintf(numbers[0], sizeof(numbers[0]), "%" PRIu32, lines->row_group);
    snprintf(numbers[1], sizeof(numbers[1]), "%" PRIu64, page->offset);
    snprintf(numbers[2], sizeof(numbers[2]), "%" PRIu32, page->header_size);
    snprintf(numbers[3], sizeof(numbers[3]), "%" PRIu32, page->compressed_size);
    snprintf(numbers[4], sizeof(numbers[4]), "%" PRIu32, page->uncompressed_size);
    snprintf(numbers[5], sizeof(numbers[5]), "%" PRIu32, page->value_count);
    const char *texts[] = {numbers[0], column,     page->type, page->encoding, numbers[1],
                           numbers[2], numbers[3], numbers[4], numbers[5],     !page->has_crc ? "none" : page->crc_ok ? "ok" : "WRONG"};
    listing_row(lines->listing, texts);
    return TARN_OK;
}

static enum tarn_status list_pages(struct session *session, const struct tarn_parquet_metadata *metadata, int *code, struct tarn_error *err)
{
    const struct tarn_parquet_file_info file = tarn_parquet_file_info(metadata);
    struct listing *listing =
        listing_open(session, "#row group,column,page,encoding,#offset,#header,#compressed,#uncompressed,#values,crc");
    enum tarn_status status = TARN_OK;
    for (uint32_t g = 0; status == TARN_OK && g < file.row_group_count; g++) {
        for (uint32_t c = 0; status == TARN_OK && c < file.leaf_count; c++) {
            struct tarn_parquet_chunk_info chunk;
            status = tarn_parquet_chunk_info(metadata, g, c, &chunk, err);
            if (status == TARN_OK && chunk.has_key) {
                struct page_lines lines = {listing, g, chunk.path};
                status = tarn_parquet_pages(metadata, g, c, list_page, &lines, err);
            }
        }
    }
    *code = listing_close(listing);
    return status;
}

static void list_chunk(struct session *session, struct listing *listing, uint32_t row_group, const struct tarn_parquet_chunk_info *chunk)
{
    char numbers[5][24];
    char texts_of[5][256];
    snprintf(numbers[0], sizeof(numbers[0]), "%" PRIu32, row_group);
    snprintf(numbers[1], sizeof(numbers[1]), "%" PRIu64, chunk->value_count);
    snprintf(numbers[2], sizeof(numbers[2]), "%" PRIu64, chunk->compressed_size);
    snprintf(numbers[3], sizeof(numbers[3]), "%" PRIu64, chunk->uncompressed_size);
    snprintf(numbers[4], sizeof(numbers[4]), "%" PRIu64, chunk->bounds.null_count);
    snprintf(texts_of[0], sizeof(texts_of[0]), "%.*s", (int)(chunk->path.size < 250 ? chunk->path.size : 250), chunk->path.data);
    snprintf(texts_of[1], sizeof(texts_of[1]), "%s%s%.*s", chunk->physical_type, chunk->logical_type.size != 0 ? " " : "",
             (int)(chunk->logical_type.size < 200 ? chunk->logical_type.size : 200),
             chunk->logical_type.data != NULL ? chunk->logical_type.data : "");
    snprintf(texts_of[2], sizeof(texts_of[2]), "%.*s", (int)(chunk->encodings.size < 250 ? chunk->encodings.size : 250),
             chunk->encodings.data);
    const char *texts[] = {numbers[0],
                           texts_of[0],
                           texts_of[1],
                           chunk->codec,
                           texts_of[2],
                           numbers[1],
                           numbers[2],
                           numbers[3],
                           chunk->bounds.has_null_count ? numbers[4] : NULL,
                           bound_text(session, &chunk->bounds.min, chunk->bounds.has_min, texts_of[3], sizeof(texts_of[3])),
                           bound_text(session, &chunk->bounds.max, chunk->bounds.has_max, texts_of[4], sizeof(texts_of[4])),
                           chunk->has_column_index && chunk->has_offset_index ? "yes"
                           : chunk->has_offset_index                          ? "offsets"
                                                                              : "no",
                           !chunk->encrypted ? "no"
                           : chunk->has_key  ? "yes"
                                             : "no key"};
    listing_row(listing, texts);
}

/* The file as a whole, in words. */
static void list_file(const struct tarn_parquet_metadata *metadata, const struct tarn_parquet_file_info *file)
{
    const struct tarn_parquet_file_detail detail = tarn_parquet_file_detail(metadata);
    struct tarn_parquet_row_group_detail group;
    printf("%" PRIu64 " rows in %" PRIu32 " row groups, %" PRIu32 " leaf columns, %" PRIu64 " bytes, footer %" PRIu64
           " bytes%s%s\nwritten by %.*s\n",
           file->row_count, file->row_group_count, file->leaf_count, file->file_size, file->footer_size,
           file->footer_checksum_present ? " (checksum right)" : "",
           file->footer_encrypted ? " (encrypted)"
           : file->footer_signed  ? " (signature right)"
                                  : "",
           (int)file->created_by.size, file->created_by.data != NULL ? file->created_by.data : "");
    if (detail.encryption_algorithm[0] != '\0') {
        printf("encrypted: %s\n", detail.encryption_algorithm);
    }
    for (uint32_t i = 0; i < detail.key_value_count; i++) {
        printf("key %.*s: %zu bytes\n", (int)detail.key_values[i].key.size, detail.key_values[i].key.data, detail.key_values[i].value.size);
    }
    if (file->row_group_count != 0 && tarn_parquet_row_group_detail(metadata, 0, &group, NULL) == TARN_OK) {
        for (uint32_t i = 0; i < group.sorting_column_count; i++) {
            const struct tarn_parquet_sorting_column *column = &group.sorting_columns[i];
            printf("sorted by column %" PRId32 "%s, nulls %s\n", column->column, column->descending ? ", descending" : "",
                   column->nulls_first ? "first" : "last");
        }
    }
}

static enum tarn_status list_chunks(struct session *session, const struct tarn_parquet_metadata *metadata, int *code,
                                    struct tarn_error *err)
{
    const struct tarn_parquet_file_info file = tarn_parquet_file_info(metadata);
    list_file(metadata, &file);
    struct listing *listing = listing_open(
        session, "#row group,column,type,codec,encodings,#values,#compressed,#uncompressed,#nulls,min,max,page index,encrypted");
    enum tarn_status status = TARN_OK;
    for (uint32_t g = 0; status == TARN_OK && g < file.row_group_count; g++) {
        for (uint32_t c = 0; status == TARN_OK && c < file.leaf_count; c++) {
            struct tarn_parquet_chunk_info chunk;
            status = tarn_parquet_chunk_info(metadata, g, c, &chunk, err);
            if (status == TARN_OK) {
                list_chunk(session, listing, g, &chunk);
            }
        }
    }
    *code = listing_close(listing);
    return status;
}

/* ---- the stored schema ---- */

static void logical_text(const struct tarn_parquet_logical_type *type, char *out, size_t size)
{
    const int crs = (int)(type->crs.size < 64 ? type->crs.size : 64);
    if (type->unit[0] != '\0') {
        snprintf(out, size, "%s(%s%s)", type->name, type->unit, type->is_adjusted_to_utc ? ", UTC" : "");
    } else if (type->precision != 0) {
        snprintf(out, size, "%s(%" PRId32 ", %" PRId32 ")", type->name, type->precision, type->scale);
    } else if (type->bit_width != 0) {
        snprintf(out, size, "%s(%" PRId32 ", %s)", type->name, type->bit_width, type->is_signed ? "signed" : "unsigned");
    } else if (type->has_crs || type->has_algorithm) {
        snprintf(out, size, "%s(%.*s%s%s)", type->name, crs, type->has_crs ? type->crs.data : "",
                 type->has_crs && type->has_algorithm ? ", " : "", type->algorithm);
    } else {
        snprintf(out, size, "%s", type->name);
    }
}

static void list_element(struct listing *listing, const struct tarn_parquet_element *element, uint32_t depth)
{
    char name[320];
    char physical[48];
    char logical[160];
    char numbers[3][16];
    const bool leaf = element->leaf != UINT32_MAX;
    snprintf(name, sizeof(name), "%*s%.*s", (int)(depth < 30 ? 2 * depth : 60), "",
             (int)(element->name.size < 250 ? element->name.size : 250), element->name.data);
    if (leaf && element->has_type_length && element->type_length > 0) {
        snprintf(physical, sizeof(physical), "%s(%" PRId32 ")", element->physical_type, element->type_length);
    } else {
        snprintf(physical, sizeof(physical), "%s", leaf ? element->physical_type : "group");
    }
    logical_text(&element->logical_type, logical, sizeof(logical));
    snprintf(numbers[0], sizeof(numbers[0]), "%" PRId32, element->field_id);
    snprintf(numbers[1], sizeof(numbers[1]), "%u", element->max_definition);
    snprintf(numbers[2], sizeof(numbers[2]), "%u", element->max_repetition);
    const char *texts[] = {name,
                           element->repetition[0] != '\0' ? element->repetition : NULL,
                           physical,
                           logical[0] != '\0' ? logical : NULL,
                           element->converted_type[0] != '\0' ? element->converted_type : NULL,
                           element->has_field_id ? numbers[0] : NULL,
                           leaf ? numbers[1] : NULL,
                           leaf ? numbers[2] : NULL,
                           element->column_order[0] != '\0' ? element->column_order : NULL};
    listing_row(listing, texts);
}

static enum tarn_status list_elements(struct session *session, const struct tarn_parquet_metadata *metadata, int *code,
                                      struct tarn_error *err)
{
    const uint32_t count = tarn_parquet_file_detail(metadata).element_count;
    uint32_t *depths = calloc((size_t)count + 1, sizeof(*depths));
    if (depths == NULL) {
        return TARN_NOMEM;
    }
    struct listing *listing = listing_open(session, "element,repetition,physical,logical,converted,#id,#definition,#repeated,order");
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < count; i++) {
        struct tarn_parquet_element element;
        status = tarn_parquet_element_info(metadata, i, &element, err);
        if (status == TARN_OK) {
            depths[i] = i != 0 ? depths[element.parent] + 1 : 0;
            list_element(listing, &element, depths[i]);
        }
    }
    free(depths);
    *code = listing_close(listing);
    return status;
}

/* ---- commands ---- */

typedef enum tarn_status (*look_fn)(struct session *session, const struct tarn_parquet_metadata *metadata, int *code,
                                    struct tarn_error *err);

static int inspect_with(struct session *session, look_fn look)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_store *store;
    struct tarn_parquet_metadata *metadata = NULL;
    char *key;
    int code = 0;
    enum tarn_status status = store_of_path(session->env, session->args.positionals[0], false, &store, &key, &err);
    if (status == TARN_OK) {
        status = tarn_parquet_metadata_open(store, text_of(key), &metadata, &err);
    }
    if (status == TARN_OK) {
        status = look(session, metadata, &code, &err);
    }
    tarn_parquet_metadata_close(metadata);
    tarn_store_close(store);
    free(key);
    return status == TARN_OK ? code : answer_error(session, &err);
}

static enum tarn_status put_document(struct session *session, const struct tarn_parquet_metadata *metadata, int *code,
                                     struct tarn_error *err)
{
    *code = 0;
    return inspect_json(session, metadata, err);
}

static enum tarn_status put_drawing(struct session *session, const struct tarn_parquet_metadata *metadata, int *code,
                                    struct tarn_error *err)
{
    *code = 0;
    return inspect_svg(session, metadata, err);
}

int command_inspect(struct session *session)
{
    if (has(session, OPTION_SVG)) {
        return session->json ? answer_usage(session, "--svg is a document of its own: without --json") : inspect_with(session, put_drawing);
    }
    return inspect_with(session, session->json ? put_document : has(session, OPTION_PAGES) ? list_pages : list_chunks);
}

int inspect_schema(struct session *session)
{
    return inspect_with(session, list_elements);
}
