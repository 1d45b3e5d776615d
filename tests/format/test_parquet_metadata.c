/* SPDX-License-Identifier: Apache-2.0
 * tarn/parquet.h over files whose pages are put together by hand.
 */
#include "tarn/parquet.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/fault.h"
#include "tests/support/parquet_bytes.h"

#define SPAN(...)                                                                                                                          \
    {                                                                                                                                      \
        (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})                                                             \
    }

static struct tarn_error err;

static const struct parquet_schema_element elements[] = {
    {.name = {"schema", 6}, .has_num_children = true, .num_children = 1},
    {.name = {"day", 3},
     .has_type = true,
     .type = PARQUET_INT32,
     .has_repetition_type = true,
     .repetition_type = PARQUET_OPTIONAL,
     .has_converted_type = true,
     .converted_type = PARQUET_CONVERTED_DATE},
};

/* A dictionary of two days, a page of codes, a page of plain values with a wrong checksum. */
static const struct tarn_test_page pages[] = {
    {.type = PARQUET_DICTIONARY_PAGE,
     .encoding = PARQUET_ENCODING_PLAIN,
     .values = 2,
     .body = SPAN(1, 0, 0, 0, 2, 0, 0, 0),
     .crc = TARN_TEST_CRC},
    {.type = PARQUET_DATA_PAGE,
     .encoding = PARQUET_ENCODING_RLE_DICTIONARY,
     .values = 3,
     .definition = SPAN(0x06, 0x01),
     .body = SPAN(1, 0x06, 1)},
    {.type = PARQUET_DATA_PAGE_V2,
     .encoding = PARQUET_ENCODING_PLAIN,
     .values = 2,
     .rows = 2,
     .definition = SPAN(0x04, 0x00),
     .body = SPAN(0),
     .crc = TARN_TEST_WRONG_CRC},
};
static const struct parquet_statistics statistics = {.has_null_count = true,
                                                     .null_count = 2,
                                                     .has_min_value = true,
                                                     .min_value = SPAN(1, 0, 0, 0),
                                                     .has_max_value = true,
                                                     .max_value = SPAN(2, 0, 0, 0)};
static const struct tarn_test_chunk chunk = {.page_count = 3, .pages = pages, .statistics = &statistics};
static const struct tarn_test_row_group row_group = {.rows = 5, .chunks = &chunk};
static const struct tarn_test_parquet file = {.element_count = 2, .elements = elements, .row_group_count = 1, .row_groups = &row_group};

struct seen {
    unsigned count;
    struct tarn_parquet_page_info pages[4];
    unsigned stop_at;
};

static enum tarn_status see(void *arg, const struct tarn_parquet_page_info *page, struct tarn_error *e)
{
    struct seen *seen = arg;
    seen->pages[seen->count++ & 3] = *page;
    return seen->count == seen->stop_at ? tarn__invalid(e, "enough", "enough") : TARN_OK;
}

START_TEST(parquet_metadata__says_what_is_in_the_file)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store;
    struct tarn_parquet_metadata *metadata;
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    tarn_test_parquet_put(store, "f", &file);
    ck_assert_ok(tarn_parquet_metadata_open(store, TARN_TEXT("f"), &metadata, &err), &err);
    const struct tarn_parquet_file_info info = tarn_parquet_file_info(metadata);
    ck_assert_uint_eq(info.row_count, 5);
    ck_assert_uint_eq(info.row_group_count, 1);
    ck_assert_uint_eq(info.leaf_count, 1);
    ck_assert(!info.footer_checksum_present);
    ck_assert_uint_eq(tarn_parquet_schema(metadata)->field_count, 1);

    struct tarn_parquet_row_group_info group;
    ck_assert_ok(tarn_parquet_row_group_info(metadata, 0, &group, &err), &err);
    ck_assert_uint_eq(group.row_count, 5);
    ck_assert_uint_eq(group.file_offset, 4);
    struct tarn_parquet_chunk_info column;
    ck_assert_ok(tarn_parquet_chunk_info(metadata, 0, 0, &column, &err), &err);
    ck_assert_str_eq(column.physical_type, "INT32");
    ck_assert_str_eq(column.logical_type.data, "DATE");
    ck_assert_str_eq(column.codec, "UNCOMPRESSED");
    ck_assert_str_eq(column.path.data, "day");
    ck_assert_uint_eq(column.value_count, 5);
    ck_assert_uint_eq(column.compressed_size, group.total_compressed_size);
    ck_assert(!column.has_bloom_filter && !column.has_column_index);
    ck_assert(column.bounds.has_null_count);
    ck_assert_uint_eq(column.bounds.null_count, 2);
    ck_assert_int_eq(column.bounds.min.u.i64, 1);
    ck_assert_int_eq(column.bounds.max.u.i64, 2);
    ck_assert_status(tarn_parquet_chunk_info(metadata, 0, 1, &column, &err), TARN_INVALID);
    ck_assert_status(tarn_parquet_row_group_info(metadata, 1, &group, &err), TARN_INVALID);
    tarn_parquet_metadata_close(metadata);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(parquet_metadata__gives_what_is_stored) /* P-META-1, P-META-2, P-META-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store;
    struct tarn_parquet_metadata *metadata;
    struct tarn_parquet_element stored;
    struct tarn_parquet_row_group_detail group;
    struct tarn_parquet_chunk *opened;
    const struct tarn_parquet_offset_index *offsets;
    const struct tarn_parquet_column_index *bounds;
    struct tarn_value value;
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    tarn_test_parquet_put(store, "f", &file);
    ck_assert_ok(tarn_parquet_metadata_open(store, TARN_TEXT("f"), &metadata, &err), &err);
    const struct tarn_parquet_file_detail detail = tarn_parquet_file_detail(metadata);
    ck_assert_uint_eq(detail.element_count, 2);
    ck_assert_str_eq(detail.encryption_algorithm, "");
    ck_assert_ptr_null(detail.aad_prefix.data);
    ck_assert_ok(tarn_parquet_element_info(metadata, 0, &stored, &err), &err);
    ck_assert_uint_eq(stored.child_count, 1);
    ck_assert_uint_eq(stored.leaf, UINT32_MAX);
    ck_assert_ok(tarn_parquet_element_info(metadata, 1, &stored, &err), &err);
    ck_assert_str_eq(stored.physical_type, "INT32");
    ck_assert_str_eq(stored.converted_type, "DATE");
    ck_assert_str_eq(stored.repetition, "OPTIONAL");
    ck_assert_str_eq(stored.logical_type.name, "");
    ck_assert(!stored.has_field_id);
    ck_assert_uint_eq(stored.leaf, 0);
    ck_assert_uint_eq(stored.max_definition, 1);
    ck_assert_status(tarn_parquet_element_info(metadata, 2, &stored, &err), TARN_INVALID);
    ck_assert_ok(tarn_parquet_row_group_detail(metadata, 0, &group, &err), &err);
    ck_assert(!group.has_sorting_columns && !group.has_ordinal);
    ck_assert_status(tarn_parquet_row_group_detail(metadata, 1, &group, &err), TARN_INVALID);
    ck_assert_ok(tarn_parquet_chunk_open(metadata, 0, 0, &opened, &err), &err);
    ck_assert_str_eq(opened->codec, "UNCOMPRESSED");
    ck_assert_int_eq(opened->num_values, 5);
    ck_assert_ptr_nonnull(opened->statistics);
    ck_assert(opened->statistics->has_null_count && opened->statistics->null_count == 2);
    ck_assert_ptr_null(opened->statistics->max.data);
    ck_assert(!opened->statistics->has_is_max_value_exact && !opened->statistics->has_nan_count);
    ck_assert(tarn_parquet_chunk_bound(opened, opened->statistics->max_value, &value));
    ck_assert_int_eq(value.u.i64, 2);
    ck_assert(!tarn_parquet_chunk_bound(opened, opened->statistics->max, &value));
    ck_assert_ptr_null(opened->size_statistics);
    ck_assert_ptr_null(opened->geospatial_statistics);
    ck_assert(!opened->bloom_filter.is_there && !opened->column_index.is_there);
    ck_assert_ok(tarn_parquet_chunk_offset_index(opened, &offsets, &err), &err);
    ck_assert_ok(tarn_parquet_chunk_column_index(opened, &bounds, &err), &err);
    ck_assert_ptr_null(offsets);
    ck_assert_ptr_null(bounds);
    tarn_parquet_chunk_close(opened);
    tarn_parquet_chunk_close(NULL);
    ck_assert_status(tarn_parquet_chunk_open(metadata, 0, 1, &opened, &err), TARN_INVALID);
    ck_assert_ptr_null(opened);
    tarn_parquet_metadata_close(metadata);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(parquet_metadata__walks_pages)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store;
    struct tarn_parquet_metadata *metadata;
    struct seen seen = {0};
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    tarn_test_parquet_put(store, "f", &file);
    ck_assert_ok(tarn_parquet_metadata_open(store, TARN_TEXT("f"), &metadata, &err), &err);
    ck_assert_ok(tarn_parquet_pages(metadata, 0, 0, see, &seen, &err), &err);
    ck_assert_uint_eq(seen.count, 3);
    ck_assert_str_eq(seen.pages[0].type, "DICTIONARY_PAGE");
    ck_assert_uint_eq(seen.pages[0].offset, 4);
    ck_assert(seen.pages[0].has_crc && seen.pages[0].crc_ok);
    ck_assert_str_eq(seen.pages[1].type, "DATA_PAGE");
    ck_assert_str_eq(seen.pages[1].encoding, "RLE_DICTIONARY");
    ck_assert_uint_eq(seen.pages[1].value_count, 3);
    ck_assert_uint_eq(seen.pages[1].compressed_size, 4 + 2 + 3);
    ck_assert(!seen.pages[1].has_crc);
    ck_assert_uint_eq(seen.pages[1].offset, 4 + seen.pages[0].header_size + 8);
    ck_assert_str_eq(seen.pages[2].type, "DATA_PAGE_V2");
    ck_assert(seen.pages[2].has_crc && !seen.pages[2].crc_ok);
    seen = (struct seen){.stop_at = 2};
    ck_assert_status(tarn_parquet_pages(metadata, 0, 0, see, &seen, &err), TARN_INVALID);
    ck_assert_uint_eq(seen.count, 2);
    ck_assert_str_eq(err.object, "f");
    ck_assert_str_eq(err.column, "day");
    ck_assert_status(tarn_parquet_pages(metadata, 3, 0, see, &seen, &err), TARN_INVALID);
    tarn_parquet_metadata_close(metadata);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(parquet_metadata__names_the_file_in_errors)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store;
    struct tarn_parquet_metadata *metadata;
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    ck_assert_status(tarn_parquet_metadata_open(store, TARN_TEXT("none"), &metadata, &err), TARN_NOT_FOUND);
    ck_assert_ptr_null(metadata);
    const struct tarn_span rubbish = SPAN('r', 'u', 'b', 'b', 'i', 's', 'h', ' ', 'h', 'e', 'r', 'e');
    ck_assert_ok(tarn_store_put(store, TARN_TEXT("r"), rubbish, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err), &err);
    ck_assert_status(tarn_parquet_metadata_open(store, TARN_TEXT("r"), &metadata, &err), TARN_CORRUPT);
    ck_assert_str_eq(err.object, "r");
    ck_assert_str_eq(err.detail, "magic");
    tarn_parquet_metadata_close(NULL);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

/* ---- the corpus ---- */

static struct tarn_env *corpus_env;
static unsigned inspected;
static unsigned pages_seen;

static enum tarn_status see_sound(void *arg, const struct tarn_parquet_page_info *page, struct tarn_error *e)
{
    (void)e;
    ck_assert(!page->has_crc || page->crc_ok || strstr((const char *)arg, "corrupt") != NULL);
    pages_seen++;
    return TARN_OK;
}

/* Every file must open, or need a feature by name; the pages of every chunk must be found. */
static int inspect_file(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    const size_t length = strlen(path);
    struct tarn_store *store;
    struct tarn_parquet_metadata *metadata;
    (void)info;
    if (kind != FTW_F || length < 8 || strcmp(path + length - 8, ".parquet") != 0) {
        return 0;
    }
    const struct tarn_text folder = {path, (size_t)place->base - 1};
    ck_assert_ok(tarn_store_open_local(corpus_env, folder, false, &store, &err), &err);
    const struct tarn_text key = {path + place->base, length - (size_t)place->base};
    const enum tarn_status status = tarn_parquet_metadata_open(store, key, &metadata, &err);
    const bool encrypted = strstr(path, "encrypt") != NULL; /* without keys there is not much to see */
    ck_assert_msg(status == TARN_OK || status == TARN_UNSUPPORTED || (status == TARN_AUTH && encrypted), "%s: %s", path, err.message);
    if (status == TARN_OK && !encrypted) {
        const struct tarn_parquet_file_info file_info = tarn_parquet_file_info(metadata);
        for (uint32_t group = 0; group < file_info.row_group_count; group++) {
            for (uint32_t leaf = 0; leaf < file_info.leaf_count; leaf++) {
                ck_assert_msg(tarn_parquet_pages(metadata, group, leaf, see_sound, (void *)(uintptr_t)path, &err) == TARN_OK, "%s: %s",
                              path, err.message);
            }
        }
        inspected++;
    }
    tarn_parquet_metadata_close(metadata);
    tarn_store_close(store);
    return 0;
}

static const char *const folders[] = {"parquet-testing/data", "engines/carquet",     "engines/datafusion",
                                      "engines/duckdb",       "engines/fastparquet", "engines/parquet-java",
                                      "engines/polars",       "engines/pyarrow",     "hyparquet"};

START_TEST(parquet_metadata__finds_every_page_of_the_corpus)
{
    char path[4096];
    if (tarn_test_corpus() == NULL) {
        printf("not run: no TARN_CORPUS\n");
        return;
    }
    corpus_env = tarn_test_env();
    inspected = pages_seen = 0;
    snprintf(path, sizeof(path), "%s/parquet/%s", tarn_test_corpus(), folders[_i]);
    ck_assert_int_eq(nftw(path, inspect_file, 16, FTW_PHYS), 0);
    printf("%s: %u files, %u pages\n", folders[_i], inspected, pages_seen);
    ck_assert_uint_gt(pages_seen, 0);
    tarn_test_env_close(corpus_env);
}
END_TEST

static enum tarn_status inspect(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *e)
{
    struct tarn_store *store = NULL;
    struct tarn_parquet_metadata *metadata = NULL;
    struct seen seen = {0};
    (void)ctx;
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_store_open(env, TARN_TEXT("memory:t"), true, &store, &err), &err);
    tarn_test_parquet_put(store, "f", &file);
    tarn_fault_resume(fault);
    enum tarn_status status = tarn_parquet_metadata_open(store, TARN_TEXT("f"), &metadata, e);
    struct tarn_parquet_chunk *opened = NULL;
    const struct tarn_parquet_offset_index *index;
    if (status == TARN_OK) {
        status = tarn_parquet_pages(metadata, 0, 0, see, &seen, e);
    }
    if (status == TARN_OK) {
        status = tarn_parquet_chunk_open(metadata, 0, 0, &opened, e);
    }
    if (status == TARN_OK) {
        status = tarn_parquet_chunk_offset_index(opened, &index, e);
    }
    tarn_parquet_chunk_close(opened);
    tarn_parquet_metadata_close(metadata);
    tarn_store_close(store);
    return status;
}

START_TEST(parquet_metadata__survives_every_failure)
{
    ck_assert_uint_gt(tarn_fault_sweep(inspect, NULL, TARN_FAULT_ALL), 20);
}
END_TEST

TARN_SUITE("format/parquet_metadata", TARN_TEST(parquet_metadata__says_what_is_in_the_file),
           TARN_TEST(parquet_metadata__gives_what_is_stored), TARN_TEST(parquet_metadata__walks_pages),
           TARN_TEST(parquet_metadata__names_the_file_in_errors), TARN_LOOP_TEST(parquet_metadata__finds_every_page_of_the_corpus, folders),
           TARN_TEST(parquet_metadata__survives_every_failure))
