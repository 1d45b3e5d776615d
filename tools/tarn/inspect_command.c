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
            if (status == TARN_OK) {
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
                                                                              : "no"};
    listing_row(listing, texts);
}

static enum tarn_status list_chunks(struct session *session, const struct tarn_parquet_metadata *metadata, int *code,
                                    struct tarn_error *err)
{
    const struct tarn_parquet_file_info file = tarn_parquet_file_info(metadata);
    if (!session->json) {
        printf("%" PRIu64 " rows in %" PRIu32 " row groups, %" PRIu32 " leaf columns, %" PRIu64 " bytes, footer %" PRIu64
               " bytes%s\nwritten by %.*s\n",
               file.row_count, file.row_group_count, file.leaf_count, file.file_size, file.footer_size,
               file.footer_checksum_present ? " (checksum right)" : "", (int)file.created_by.size,
               file.created_by.data != NULL ? file.created_by.data : "");
    }
    struct listing *listing =
        listing_open(session, "#row group,column,type,codec,encodings,#values,#compressed,#uncompressed,#nulls,min,max,page index");
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

int command_inspect(struct session *session)
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
        status = has(session, OPTION_PAGES) ? list_pages(session, metadata, &code, &err) : list_chunks(session, metadata, &code, &err);
    }
    tarn_parquet_metadata_close(metadata);
    tarn_store_close(store);
    free(key);
    return status == TARN_OK ? code : answer_error(session, &err);
}
