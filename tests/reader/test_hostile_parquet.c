/* SPDX-License-Identifier: Apache-2.0
 * A file is an argument by an enemy: every byte of a file changed, the file cut at every byte, and the damaged files of the corpus, all
 * within a bound of memory. What is wrong is refused; nothing that a checksum covers is ever handed out changed.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "format/base/hash.h"
#include "tarn/reader.h"
#include "tests/support/canonical.h"
#include "tests/support/parquet_file.h"

enum { SIZE = 64 << 10, MEMORY = 64 << 20 };

static struct tarn_error err;
static struct tarn_env *env;
static struct tarn_store *store;

static void open_env(uint64_t memory_limit)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    options.memory_limit = memory_limit;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
}

static void close_env(void)
{
    tarn_store_close(store);
    tarn_test_env_close(env);
}

/* ---- a file of about SIZE bytes with pages of every encoding that tarn writes ---- */

static const struct tarn_type i64_type = {.id = TARN_TYPE_I64};
static const struct tarn_type string_type = {.id = TARN_TYPE_STRING};
static const struct tarn_type f64_type = {.id = TARN_TYPE_F64};
static const struct tarn_type bool_type = {.id = TARN_TYPE_BOOL};
static const struct tarn_field element = {.name = TARN_TEXT("element"), .type = &f64_type, .nullable = true, .id = -1};
static const struct tarn_type list_type = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &element};
static const struct tarn_field fields[] = {TARN_TEST_FIELD("i", &i64_type, false), TARN_TEST_FIELD("s", &string_type, true),
                                           TARN_TEST_FIELD("d", &string_type, true), TARN_TEST_FIELD("b", &bool_type, true),
                                           TARN_TEST_FIELD("l", &list_type, true)};
enum { COLUMNS = sizeof(fields) / sizeof(fields[0]), ROWS = 300 };

static void put_value(struct tarn_vector_builder *builder, uint32_t column, uint32_t row)
{
    char text[300];
    const int size = snprintf(text, sizeof(text), "%u %0*u", row * 2654435761u, (int)(150 + row % 100), row);
    if (fields[column].nullable && row % 9 == 4) {
        tarn__vector_builder_null(builder);
        return;
    }
    switch (column) {
    case 0:
        tarn__vector_builder_i64(builder, (int64_t)(row * UINT64_C(0x9e3779b97f4a7c15)));
        break;
    case 1:
        tarn__vector_builder_text(builder, (struct tarn_text){text, (size_t)size});
        break;
    case 2:
        tarn__vector_builder_text(builder, (struct tarn_text){text, 1});
        break;
    case 3:
        tarn__vector_builder_bool(builder, row % 3 == 0);
        break;
    default:
        for (uint32_t i = 0; i < row % 5; i++) {
            tarn__vector_builder_f64(tarn__vector_builder_child(builder, 0), row * 0.1 + i);
        }
        tarn__vector_builder_close(builder);
        break;
    }
}

static struct tarn_buffer *make_file(enum tarn_codec codec)
{
    struct tarn_parquet_write_options options = TARN_PARQUET_WRITE_OPTIONS_INIT;
    struct tarn_vector *columns[COLUMNS];
    struct tarn_schema *schema;
    options.codec = codec;
    options.page_rows = 60;
    options.row_group_rows = 120;
    ck_assert_ok(tarn_schema_make(env, COLUMNS, fields, 0, NULL, &schema, &err), &err);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        struct tarn_vector_builder *builder;
        ck_assert_ok(tarn__vector_builder_open(env, fields[c].type, &builder, &err), &err);
        for (uint32_t row = 0; row < ROWS; row++) {
            put_value(builder, c, row);
        }
        ck_assert_ok(tarn__vector_builder_finish(builder, &columns[c], &err), &err);
        tarn__vector_builder_close_all(builder);
    }
    tarn_parquet_file_write(store, TARN_TEXT("f"), schema, &options, ROWS, columns);
    tarn_schema_release(schema);
    return tarn_test_read(store, TARN_TEXT("f"));
}

/* ---- reading ---- */

/* A hash of all rows; the status of opening or reading. */
static enum tarn_status read_all(struct tarn_span bytes, uint64_t *hash)
{
    struct tarn_source *source;
    ck_assert_ok(tarn_store_put(store, TARN_TEXT("x"), bytes, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err), &err);
    enum tarn_status status = tarn_parquet_open(store, TARN_TEXT("x"), NULL, &source, &err);
    if (status == TARN_OK) {
        struct tarn_text_builder text;
        tarn__builder_init(&text, env);
        status = tarn_canonical_rows(source, 100, &text, &err);
        *hash = tarn__hash_bytes(text.data, text.size, 0);
        tarn__builder_free(&text);
        tarn_source_close(source);
    }
    return status;
}

static bool is_refusal(enum tarn_status status)
{
    return status == TARN_CORRUPT || status == TARN_UNSUPPORTED || status == TARN_LIMIT;
}

/* Marks the bytes that a checksum covers: page bodies, and the footer with its length and magic. */
static uint8_t *covered_bytes(const struct tarn_buffer *bytes)
{
    struct tarn_parquet_file file;
    uint8_t *covered = calloc(bytes->size, 1);
    ck_assert_ptr_nonnull(covered);
    tarn_parquet_file_open(&file, store, TARN_TEXT("f"));
    memset(covered + file.footer->offset, 1, bytes->size - file.footer->offset);
    for (uint32_t group = 0; group < file.footer->metadata.row_groups.count; group++) {
        for (uint32_t leaf = 0; leaf < file.footer->schema->leaf_count; leaf++) {
            const uint32_t pages = tarn_parquet_file_page_count(&file, group, leaf);
            for (uint32_t i = 0; i < pages; i++) {
                struct tarn_page page = tarn_parquet_file_page(&file, group, leaf, i);
                memset(covered + page.offset + page.header.header_size, 1, page.header.compressed_size);
                tarn__page_release(&page);
            }
        }
    }
    tarn_parquet_file_close(&file);
    return covered;
}

static const enum tarn_codec codecs[] = {TARN_CODEC_ZSTD, TARN_CODEC_UNCOMPRESSED};

START_TEST(hostile_parquet__every_flip_under_a_checksum_is_refused) /* P-HOSTILE-1 */
{
    uint64_t right;
    uint64_t got;
    unsigned refused = 0;
    unsigned harmless = 0;
    unsigned wrong = 0;
    open_env(MEMORY);
    struct tarn_buffer *file = make_file(codecs[_i]);
    uint8_t *covered = covered_bytes(file);
    ck_assert_ok(read_all(tarn__buffer_span(file), &right), &err);
    for (size_t at = 0; at < file->size; at++) {
        const uint8_t bit = (uint8_t)(1u << (at * 5 % 8));
        file->data[at] ^= bit;
        const enum tarn_status status = read_all(tarn__buffer_span(file), &got);
        file->data[at] ^= bit;
        ck_assert_msg(status == TARN_OK || is_refusal(status), "byte %zu: %s", at, err.message);
        ck_assert_msg(status != TARN_OK || !covered[at], "the flip of byte %zu, which a checksum covers, is not seen", at);
        refused += status != TARN_OK;
        harmless += status == TARN_OK && got == right;
        wrong += status == TARN_OK && got != right;
    }
    printf("%zu bytes: %u flips refused, %u harmless, %u give other rows\n", file->size, refused, harmless, wrong);
    ck_assert_uint_ge(refused, (unsigned)(file->size / 10 * 8));
    ck_assert_uint_eq(wrong, 0);
    free(covered);
    tarn__buffer_release(file);
    close_env();
}
END_TEST

START_TEST(hostile_parquet__a_file_cut_anywhere_is_refused) /* P-HOSTILE-2 */
{
    uint64_t hash;
    open_env(MEMORY);
    struct tarn_buffer *file = make_file(TARN_CODEC_ZSTD);
    for (size_t size = 0; size < file->size; size++) {
        const enum tarn_status status = read_all((struct tarn_span){file->data, size}, &hash);
        ck_assert_msg(status == TARN_CORRUPT, "cut to %zu bytes: %s", size, tarn_status_name(status));
    }
    tarn__buffer_release(file);
    close_env();
}
END_TEST

/* ---- the damaged files of the corpus ---- */

static unsigned files_read;

static bool is_damaged_by_name(const char *path)
{
    return strstr(path, "/fuzzing/") != NULL || strstr(path, "/hostile/") != NULL || strstr(path, "/bad_") != NULL ||
           strstr(path, "/broken") != NULL || strstr(path, "corrupt") != NULL;
}

static int read_damaged(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    uint64_t hash;
    (void)place;
    if (kind != FTW_F || !is_damaged_by_name(path) || info->st_size > MEMORY / 4 || strstr(path, ".json") != NULL) {
        return 0;
    }
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    uint8_t *bytes = malloc((size_t)info->st_size + 1);
    ck_assert_uint_eq(fread(bytes, 1, (size_t)info->st_size, file), (size_t)info->st_size);
    fclose(file);
    open_env(MEMORY);
    const clock_t begun = clock();
    const enum tarn_status status = read_all((struct tarn_span){bytes, (size_t)info->st_size}, &hash);
    const double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
    ck_assert_msg(status == TARN_OK || is_refusal(status) || status == TARN_AUTH, "%s: %s: %s", path, tarn_status_name(status),
                  err.message);
    ck_assert_msg(seconds < 10, "%s took %.1f s of processor time", path, seconds);
    close_env();
    free(bytes);
    files_read++;
    return 0;
}

START_TEST(hostile_parquet__damaged_files_stay_within_their_bounds) /* P-HOSTILE-3 */
{
    char folder[1024];
    if (tarn_test_corpus() == NULL) {
        printf("not run: TARN_CORPUS is not set\n");
        return;
    }
    snprintf(folder, sizeof(folder), "%s/parquet", tarn_test_corpus());
    files_read = 0;
    ck_assert_int_eq(nftw(folder, read_damaged, 16, FTW_PHYS), 0);
    printf("%u damaged files read within %d MiB\n", files_read, MEMORY >> 20);
    ck_assert_uint_ge(files_read, 200);
}
END_TEST

TARN_SUITE("hostile parquet", TARN_LOOP_TEST(hostile_parquet__every_flip_under_a_checksum_is_refused, codecs),
           TARN_TEST(hostile_parquet__a_file_cut_anywhere_is_refused), TARN_TEST(hostile_parquet__damaged_files_stay_within_their_bounds))
