/* SPDX-License-Identifier: Apache-2.0
 * Every Parquet file of the conformance corpus that can be read is written again: the rows of the new file are those of the old one. What
 * cannot be written is listed by name, with the reason.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tarn/arrow.h"
#include "tarn/reader.h"
#include "tarn/writer.h"
#include "tests/support/canonical.h"
#include "tests/support/corpus_index.h"
#include "tests/support/corpus_keys.h"
#include "tests/support/expected_rows.h"
#include "tests/support/suite.h"

enum { SLICES = 8 };

static const struct {
    const char *path;
    const char *said; /* status and detail */
    const char *why;
} refused[] = {
    {"duckdb/empty-group/empty_group_test.parquet", "INVALID.schema", "a group without members, which the specification does not have"},
    {"engines/parquet-java/legacy_maps.parquet", "INVALID.null_in_required",
     "a key that is null, in a map of legacy form with optional keys"},
    {"engines/pyarrow/zero_columns.parquet", "INVALID.schema", "no columns: nothing would say how many rows there are"},
};

static struct tarn_error err;
static unsigned wrong;

/* All files are looked at before the test fails. */
static void complain(const char *path, const char *what, const char *more, size_t size)
{
    fprintf(stderr, "%s: %s %.*s\n", path, what, (int)size, more);
    wrong++;
}

static const char *refusal_of(const char *path)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (strcmp(refused[i].path, path) == 0) {
            return refused[i].said;
        }
    }
    return NULL;
}

enum { MOST_VARIANTS = 8 };

/* Variants are shredded, however few there are. */
static uint32_t shred_variants(const struct tarn_schema *schema, struct tarn_path_step *steps, struct tarn_parquet_column_options *columns)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < schema->field_count && count < MOST_VARIANTS; i++) {
        if (schema->fields[i].type->id == TARN_TYPE_VARIANT) {
            steps[count] = (struct tarn_path_step){.kind = TARN_PATH_POSITION, .id = (int32_t)i};
            columns[count] = (struct tarn_parquet_column_options)TARN_PARQUET_COLUMN_OPTIONS_INIT;
            columns[count].path = (struct tarn_path){1, &steps[count]};
            columns[count++].shredding = TARN_CHOICE_YES;
        }
    }
    return count;
}

static enum tarn_status write_again(struct tarn_source *source, struct tarn_store *store, int slice)
{
    struct tarn_path_step steps[MOST_VARIANTS];
    struct tarn_parquet_column_options columns[MOST_VARIANTS];
    struct tarn_parquet_write_options options = TARN_PARQUET_WRITE_OPTIONS_INIT;
    struct tarn_batches *batches;
    struct tarn_sink *sink;
    options.page_rows = slice % 2 == 0 ? 0 : 700;
    options.row_group_rows = slice % 3 == 0 ? 0 : 3000;
    TARN_RETURN_IF_ERROR(tarn_source_batches(source, NULL, &batches, &err));
    options.columns = columns;
    options.column_count = shred_variants(batches->schema, steps, columns);
    enum tarn_status status = tarn_parquet_create(store, TARN_TEXT("again"), batches->schema, &options, &sink, &err);
    if (status == TARN_OK) {
        status = tarn_batches_copy(batches, sink, NULL, &err);
    }
    batches->close(batches);
    return status;
}

static void compare(struct tarn_source *old, struct tarn_store *store, const char *path)
{
    const struct tarn_parquet_read_options options = {.size = sizeof(options), .invalid_utf8_as_is = true};
    struct tarn_source *again;
    struct tarn_text_builder before;
    struct tarn_text_builder after;
    tarn__builder_init(&before, old->env);
    tarn__builder_init(&after, old->env);
    ck_assert_ok(tarn_canonical_rows(old, 1000, &before, &err), &err);
    ck_assert_ok(tarn_parquet_open(store, TARN_TEXT("again"), &options, &again, &err), &err);
    if (tarn_canonical_rows(again, 999, &after, &err) != TARN_OK) {
        complain(path, "cannot be read again:", err.message, strlen(err.message));
    }
    size_t same = 0;
    while (same < before.size && same < after.size && before.data[same] == after.data[same]) {
        same++;
    }
    const bool equal = before.size == after.size && same == before.size;
    if (!equal) {
        complain(path, "other rows near", after.size != 0 ? after.data + same : "", after.size - same < 100 ? after.size - same : 100);
    }
    for (uint32_t i = 0; i < tarn_source_schema(old)->field_count; i++) {
        const struct tarn_field *a = &tarn_source_schema(old)->fields[i];
        const struct tarn_field *b = &tarn_source_schema(again)->fields[i];
        if (!tarn_type_equal(a->type, b->type) || a->nullable != b->nullable || a->id != b->id) {
            complain(path, "another column", a->name.data, a->name.size);
        }
    }
    tarn__builder_free(&before);
    tarn__builder_free(&after);
    tarn_source_close(again);
}

static void check_file(const char *corpus, const char *path, int slice)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_parquet_read_options read_options = TARN_PARQUET_READ_OPTIONS_INIT;
    struct tarn_env *key_env = tarn_test_env();
    struct tarn_key_file *keys = NULL;
    struct tarn_key_hooks hooks;
    struct tarn_env *env;
    struct tarn_store *memory;
    struct tarn_source *source = NULL;
    char *json = tarn_test_corpus_keys(corpus, path);
    if (json != NULL) {
        ck_assert_ok(tarn_key_file_open(key_env, tarn__text_of(json), &keys, &err), &err);
        hooks = tarn_key_file_hooks(keys);
        options.keys = &hooks;
    }
    free(json);
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    struct tarn_store *store = tarn_corpus_store(env, corpus, path);
    ck_assert_ok(tarn_store_open_memory(env, 0, &memory, &err), &err);
    read_options.invalid_utf8_as_is = true;
    enum tarn_status status = tarn_parquet_open(store, tarn__text_of(path), &read_options, &source, &err);
    if (status == TARN_OK) {
        const char *said = refusal_of(path);
        char got[128] = "";
        status = write_again(source, memory, slice);
        if (status != TARN_OK) {
            snprintf(got, sizeof(got), "%s.%s", tarn_status_name(status), err.detail);
        }
        if (strcmp(got, said != NULL ? said : "") != 0) {
            complain(path, got, err.message, strlen(err.message));
        }
        if (status == TARN_OK) {
            compare(source, memory, path);
        }
    } else {
        ck_assert_msg(status == TARN_UNSUPPORTED, "%s: %s", path, err.message); /* of a minimal build */
    }
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_store_close(memory);
    tarn_test_env_close(env);
    tarn_key_file_close(keys);
    tarn_test_env_close(key_env);
}

START_TEST(rewrite_corpus__rows_stay) /* P-TYPE-12 */
{
    const char *corpus = tarn_test_corpus();
    const char *only = getenv("TARN_CONFORMANCE_ONLY");
    struct tarn_corpus_index index;
    struct tarn_corpus_entry entry;
    int number = 0;
    if (corpus == NULL) {
        fprintf(stderr, "not run: TARN_CORPUS is not set\n");
        return;
    }
    struct tarn_env *env = tarn_test_env();
    tarn_corpus_index_open(&index, env, corpus);
    while (tarn_corpus_index_next(&index, &entry)) {
        if (entry.must == TARN_CORPUS_READ && number++ % SLICES == _i && (only == NULL || strstr(entry.path, only) != NULL)) {
            check_file(corpus, entry.path, _i);
        }
    }
    tarn_corpus_index_close(&index);
    tarn_test_env_close(env);
    ck_assert_int_gt(number, 500);
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

TARN_SUITE("conformance/rewrite", TARN_LOOP_TIMES(rewrite_corpus__rows_stay, SLICES))
