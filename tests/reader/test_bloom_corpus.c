/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "format/batch/vector.h"
#include "format/column/footer.h"
#include "format/index/bloom_filter.h"
#include "tarn/reader.h"
#include "tests/support/suite.h"

/* Files with bloom filters, by five writers; how many literals must be asked, so that a filter that is passed over is noticed. */
static const struct {
    const char *path;
    uint32_t least_asked;
    uint32_t least_denied; /* of as many values that no file holds */
} files[] = {
    {"parquet-testing/data/data_index_bloom_encoding_stats.parquet", 14, 10},
    {"parquet-testing/data/data_index_bloom_encoding_with_length.parquet", 14, 10},
    {"hyparquet/bloom_filter.parquet", 4096, 1000},
    {"engines/parquet-java/bloom.parquet", 1000, 500},
    {"engines/pyarrow/bloom_filters.parquet", 300, 200},
    {"engines/duckdb/bloom_dict.parquet", 9000, 5000},
    {"impala/data/parquet-bloom-filtering.parquet", 500, 200},
    {"duckdb/multi_bloom_a.parquet", 1, 0},
    {"duckdb/multi_bloom_b.parquet", 1, 0},
    {"duckdb/multi_bloom_c.parquet", 1, 0},
};

enum { MOST_COLUMNS = 16 };

struct counts {
    uint32_t asked;
    uint32_t denied;
};

static struct tarn_error err;

/* A value beside the given one that the files do not have; false: no such. */
static bool make_foreign(struct tarn_value *value, char text[64])
{
    const enum tarn_kind kind = tarn_type_kind(value->type);
    if (kind == TARN_KIND_I32 || kind == TARN_KIND_I64) {
        value->u.i64 += 100000007;
        return true;
    }
    if (kind == TARN_KIND_BYTES) {
        value->u.bytes = (struct tarn_text){text, (size_t)snprintf(text, 64, "none of these, %zu", value->u.bytes.size)};
        return true;
    }
    return false;
}

static void ask_vector(const struct tarn_bloom_filter *filter, const struct tarn_leaf *leaf, const struct tarn_vector *vector,
                       struct counts *counts)
{
    for (uint32_t row = 0; row < vector->length; row++) {
        uint64_t hash;
        char text[64];
        if (tarn_vector_is_null(vector, row)) {
            continue;
        }
        struct tarn_value value = tarn__vector_value(vector, row);
        ck_assert_msg(tarn__bloom_filter_may_hold(filter, leaf, &value), "%.*s: row %u is denied", TARN_TEXT_ARG(leaf->path), row);
        counts->asked += tarn__bloom_value_hash(leaf, &value, &hash);
        counts->denied += make_foreign(&value, text) && !tarn__bloom_filter_may_hold(filter, leaf, &value);
    }
}

/* The columns outside of lists and structs; `leaves` gets the leaf of each. */
static uint32_t choose(const struct tarn_footer *footer, struct tarn_path_step *steps, struct tarn_path *paths, uint32_t *leaves)
{
    uint32_t count = 0;
    for (uint32_t f = 0; f < footer->schema->root.child_count; f++) {
        const struct tarn_node *node = &footer->schema->root.children[f];
        if (node->kind == TARN_NODE_LEAF && count < MOST_COLUMNS) {
            steps[count] = (struct tarn_path_step){TARN_PATH_FIELD, node->field->name, -1};
            paths[count] = (struct tarn_path){1, &steps[count]};
            leaves[count++] = node->leaf;
        }
    }
    return count;
}

static void ask_task(struct tarn_object *object, const struct tarn_footer *footer, uint32_t row_group, struct tarn_cursor *cursor,
                     uint32_t count, const uint32_t *leaves, struct counts *counts)
{
    struct tarn_arena arena;
    struct tarn_bloom_filter filters[MOST_COLUMNS];
    struct tarn_vector *vector;
    uint32_t rows = 1;
    tarn__arena_init(&arena, cursor->env);
    for (uint32_t c = 0; c < count; c++) {
        const struct parquet_column_chunk *chunk;
        ck_assert_ok(tarn__footer_chunk(footer, row_group, leaves[c], &arena, &chunk, &err), &err);
        ck_assert_ok(tarn__bloom_filter_read(object, &chunk->meta_data, cursor->env, 0, &filters[c], &err), &err);
    }
    tarn__arena_free(&arena);
    while (rows != 0) {
        ck_assert_ok(tarn_cursor_next(cursor, 1000, &rows, &err), &err);
        for (uint32_t c = 0; rows != 0 && c < count; c++) {
            if (filters[c].block_count != 0) {
                ck_assert_ok(tarn_cursor_column(cursor, c, NULL, &vector, &err), &err);
                ask_vector(&filters[c], &footer->schema->leaves[leaves[c]], vector, counts);
            }
        }
    }
    for (uint32_t c = 0; c < count; c++) {
        tarn__bloom_filter_release(&filters[c]);
    }
}

START_TEST(bloom_corpus__holds_every_stored_value) /* P-BLOOM-1 P-BLOOM-4 */
{
    struct tarn_parquet_read_options options = TARN_PARQUET_READ_OPTIONS_INIT;
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct counts counts = {0, 0};
    char folder[1024];
    const char *corpus = tarn_test_corpus();
    if (corpus == NULL) {
        printf("not run: TARN_CORPUS is not set\n");
        return;
    }
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store;
    struct tarn_object *object;
    struct tarn_footer *footer;
    struct tarn_source *source;
    struct tarn_scan *scan;
    struct tarn_path paths[MOST_COLUMNS];
    struct tarn_path_step steps[MOST_COLUMNS];
    uint32_t leaves[MOST_COLUMNS];
    snprintf(folder, sizeof(folder), "%s/parquet", corpus);
    const struct tarn_text path = tarn__text_of(files[_i].path);
    ck_assert_ok(tarn_store_open(env, tarn__text_of(folder), false, &store, &err), &err);
    ck_assert_ok(tarn_object_open(store, path, &object, &err), &err);
    ck_assert_ok(tarn__footer_read(object, 0, &footer, &err), &err);
    ck_assert_ok(tarn_parquet_open(store, path, &options, &source, &err), &err);
    request.paths = paths;
    request.path_count = choose(footer, steps, paths, leaves);
    ck_assert_ok(tarn_source_scan(source, &request, &scan, &err), &err);
    ck_assert_uint_eq(tarn_scan_task_count(scan), footer->metadata.row_groups.count);
    for (uint32_t task = 0; task < tarn_scan_task_count(scan); task++) {
        struct tarn_cursor *cursor;
        ck_assert_ok(tarn_scan_open(scan, task, &cursor, &err), &err);
        ask_task(object, footer, task, cursor, request.path_count, leaves, &counts);
        tarn_cursor_close(cursor);
    }
    printf("%s: %u values asked, %u others denied\n", files[_i].path, counts.asked, counts.denied);
    ck_assert_uint_ge(counts.asked, files[_i].least_asked);
    ck_assert_uint_ge(counts.denied, files[_i].least_denied);
    tarn_scan_close(scan);
    tarn_source_close(source);
    tarn__footer_release(footer);
    tarn_object_close(object);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("reader/bloom_corpus", TARN_LOOP_TEST(bloom_corpus__holds_every_stored_value, files))
