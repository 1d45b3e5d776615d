/* SPDX-License-Identifier: Apache-2.0
 * Footers of every engine of the corpus, read by tarn and by Apache Thrift: the same trees. And what is not the same is found.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/thrift/parquet_thrift.h"
#include "tests/support/suite.h"
#include "tests/support/witness.h"

/* The FileMetaData of a file; NULL data when it has none in plain text. */
static struct tarn_span read_footer(const char *path)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    fseek(file, 0, SEEK_END);
    const long size = ftell(file);
    struct tarn_span footer = {NULL, 0};
    uint8_t trailer[8];
    if (size >= 12 && fseek(file, size - 8, SEEK_SET) == 0 && fread(trailer, 1, 8, file) == 8 && memcmp(trailer + 4, "PAR1", 4) == 0) {
        const uint32_t length = tarn__load32(trailer);
        if ((long)length <= size - 12) {
            uint8_t *bytes = malloc(length + 1);
            fseek(file, size - 8 - (long)length, SEEK_SET);
            ck_assert_uint_eq(fread(bytes, 1, length, file), length);
            footer = (struct tarn_span){bytes, length};
        }
    }
    fclose(file);
    return footer;
}

static unsigned compared;

/* Is it a footer at all? Damaged ones of the corpus have tests of their own. */
static bool is_footer(struct tarn_span footer)
{
    struct tarn_thrift_progress progress;
    struct parquet_file_metadata metadata;
    struct tarn_arena arena;
    struct tarn_env *env = tarn_test_env();
    tarn__arena_init(&arena, env);
    const bool is =
        footer.data != NULL && tarn__thrift_decode(&tarn__parquet_file_metadata, footer, &arena, &metadata, &progress, NULL) == TARN_OK;
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
    return is;
}

static int compare_file(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    const size_t length = strlen(path);
    (void)info, (void)place;
    if (kind != FTW_F || length < 8 || strcmp(path + length - 8, ".parquet") != 0) {
        return 0;
    }
    const struct tarn_span footer = read_footer(path);
    if (is_footer(footer)) {
        tarn_test_witness(&tarn__parquet_file_metadata, footer, TARN_TEST_FOREIGN, path);
        compared++;
    }
    free((void *)(uintptr_t)footer.data);
    return 0;
}

static const char *const folders[] = {"parquet-testing/data",
                                      "engines/carquet",
                                      "engines/datafusion",
                                      "engines/duckdb",
                                      "engines/fastparquet",
                                      "engines/parquet-java",
                                      "engines/polars",
                                      "engines/pyarrow",
                                      "hyparquet",
                                      "impala",
                                      "duckdb"};

START_TEST(witness__reads_footers_of_the_corpus_as_we_do)
{
    const char *corpus = tarn_test_corpus();
    if (corpus == NULL || !tarn_test_has_witness()) {
        printf("not run: no %s\n", corpus == NULL ? "TARN_CORPUS" : "witness");
        return;
    }
    char path[4096];
    snprintf(path, sizeof(path), "%s/parquet/%s", corpus, folders[_i]);
    compared = 0;
    nftw(path, compare_file, 16, FTW_PHYS);
    printf("%s: %u footers compared\n", folders[_i], compared);
    ck_assert_uint_gt(compared, 0);
}
END_TEST

START_TEST(witness__reads_what_we_write)
{
    static int64_t counts[20];
    static struct tarn_span values[20];
    static bool nulls[20];
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err;
    struct parquet_column_index index = {.boundary_order = 2, .has_null_counts = true};
    for (int i = 0; i < 20; i++) {
        counts[i] = INT64_MIN + i;
        nulls[i] = i % 3 == 0;
        values[i] = (struct tarn_span){(const uint8_t *)"01234567890123456789", (size_t)i};
    }
    index.null_pages.count = index.min_values.count = index.max_values.count = index.null_counts.count = 20;
    index.null_pages.items = nulls;
    index.min_values.items = index.max_values.items = values;
    index.null_counts.items = counts;
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    ck_assert_ok(tarn__thrift_encode(&tarn__parquet_column_index, &index, out, &err), &err);
    tarn_test_witness(&tarn__parquet_column_index, tarn__buffer_span(out), TARN_TEST_OURS, "column index");

    struct parquet_bounding_box box = {.xmin = -0.0, .xmax = 1.5, .ymin = -1e300, .ymax = 1e-300, .has_mmax = true, .mmax = 7};
    struct parquet_geospatial_statistics geo = {.has_bbox = true, .bbox = box};
    struct parquet_column_metadata column = {.type = 6, .codec = 6, .num_values = INT64_MAX, .geospatial_statistics = &geo};
    ck_assert(tarn__buffer_resize(out, 0));
    ck_assert_ok(tarn__thrift_encode(&tarn__parquet_column_metadata, &column, out, &err), &err);
    tarn_test_witness(&tarn__parquet_column_metadata, tarn__buffer_span(out), TARN_TEST_OURS, "column metadata");
    tarn__buffer_release(out);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("format/witness", TARN_LOOP_TEST(witness__reads_footers_of_the_corpus_as_we_do, folders),
           TARN_TEST(witness__reads_what_we_write))
