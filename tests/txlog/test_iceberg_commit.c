/* SPDX-License-Identifier: Apache-2.0
 * What a commit to an Iceberg table leaves behind: metadata, snapshots, manifests, hints; through folders and through catalogs.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "tests/support/fault.h"
#include "tests/support/memory_catalog.h"
#include "tests/support/table_rows.h"
#include "txlog/iceberg/iceberg_state.h"

static struct tarn_error err = TARN_ERROR_INIT;

static struct tarn_text new_table(void)
{
    static char path[512];
    static int number;
    snprintf(path, sizeof(path), "%s/t%d", tarn_test_folder(), number++);
    return tarn__text_of(path);
}

static void create(struct tarn_env *env, struct tarn_text uri, bool partitioned, uint32_t rows)
{
    ck_assert_ok(tarn_test_table_create_as(env, uri, "iceberg", partitioned, 0, rows, &err), &err);
}

static struct tarn_snapshot *load(struct tarn_env *env, struct tarn_text uri)
{
    struct tarn_snapshot *snapshot;
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, &snapshot, &err), &err);
    return snapshot;
}

static void check_rows(struct tarn_env *env, struct tarn_text uri, uint64_t rows)
{
    uint64_t found;
    int64_t sum;
    ck_assert_ok(tarn_test_table_sum(env, uri, -1, &found, &sum, &err), &err);
    ck_assert_uint_eq(found, rows);
}

static const char *summary(const struct tarn_snapshot *snapshot, const char *key)
{
    static char value[256];
    const struct tarn__iceberg_snapshot *current = &tarn__iceberg_state_of(snapshot)->current;
    for (uint32_t i = 0; i < current->summary_count; i++) {
        if (tarn__text_equal(current->summary[i].key, tarn__text_of(key))) {
            snprintf(value, sizeof(value), "%.*s", TARN_TEXT_ARG(current->summary[i].value));
            return value;
        }
    }
    return "-";
}

static void check_object(struct tarn_snapshot *snapshot, const char *key, const char *text)
{
    uint8_t bytes[64] = {0};
    struct tarn_object *object;
    ck_assert_ok(tarn_object_open(snapshot->store, tarn__text_of(key), &object, &err), &err);
    const struct tarn_read_range range = {0, strlen(text), bytes};
    ck_assert_uint_eq(tarn_object_info(object).size, strlen(text));
    ck_assert_ok(tarn_object_read(object, 1, &range, &err), &err);
    ck_assert_str_eq((const char *)bytes, text);
    tarn_object_close(object);
}

START_TEST(iceberg_commit__writes_metadata_as_the_specification_has_it) /* T-ICEBERG-WRITE-1 T-ICEBERG-WRITE-2 T-ICEBERG-WRITE-3 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    create(env, uri, false, 10);
    struct tarn_snapshot *snapshot = load(env, uri);
    const struct tarn__iceberg_state *state = tarn__iceberg_state_of(snapshot);
    const struct tarn__iceberg_metadata *metadata = &state->metadata;
    ck_assert_int_eq(metadata->format_version, 2);
    ck_assert_int_eq(metadata->last_sequence, 1);
    ck_assert_int_eq(metadata->last_column_id, 3);
    ck_assert_int_eq(metadata->last_partition_id, 999);
    ck_assert_uint_eq(metadata->snapshot_count, 1);
    ck_assert_uint_eq(metadata->snapshot_log_count, 1);
    ck_assert_uint_eq(metadata->metadata_log_count, 0);
    ck_assert_int_eq(metadata->current_snapshot_id, snapshot->info.version);
    ck_assert_int_gt(metadata->current_snapshot_id, 0);
    ck_assert(tarn__text_equal(state->file.key, TARN_TEXT("metadata/v1.metadata.json")));
    ck_assert(tarn__text_equal(state->current.operation, TARN_TEXT("append")));
    ck_assert_int_eq(state->current.parent_id, -1);
    ck_assert_str_eq(summary(snapshot, "added-records"), "10");
    ck_assert_str_eq(summary(snapshot, "total-records"), "10");
    ck_assert_str_eq(summary(snapshot, "added-data-files"), "1");
    ck_assert_str_eq(summary(snapshot, "changed-partition-count"), "1");
    ck_assert_str_eq(summary(snapshot, "total-delete-files"), "0");
    ck_assert_str_eq(summary(snapshot, "engine-name"), "tarn");
    check_object(snapshot, "metadata/version-hint.text", "1");
    const int64_t first = snapshot->info.version;
    tarn_snapshot_close(snapshot);

    ck_assert_ok(tarn_test_table_append(env, uri, 10, 5, NULL, &err), &err);
    snapshot = load(env, uri);
    state = tarn__iceberg_state_of(snapshot);
    ck_assert_int_eq(state->current.parent_id, first);
    ck_assert_int_eq(state->current.sequence, 2);
    ck_assert_uint_eq(state->metadata.metadata_log_count, 1);
    ck_assert(tarn__text_ends(state->metadata.metadata_log[0].file, TARN_TEXT("/metadata/v1.metadata.json")));
    ck_assert_uint_eq(state->manifest_count, 2);
    ck_assert_int_eq(state->manifests[0].added_snapshot_id, snapshot->info.version); /* new manifests stand first */
    ck_assert_int_eq(state->manifests[0].sequence_number, 2);
    ck_assert_int_eq(state->manifests[1].sequence_number, 1);
    ck_assert_str_eq(summary(snapshot, "total-records"), "15");
    check_object(snapshot, "metadata/version-hint.text", "2");
    tarn_snapshot_close(snapshot);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(iceberg_commit__keeps_the_numbers_of_files_that_stay) /* T-ICEBERG-WRITE-4 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    create(env, uri, true, 100); /* four partitions, one file each, one manifest */
    ck_assert_ok(tarn_test_table_delete(env, uri, 4, &err), &err);
    check_rows(env, uri, 99);
    struct tarn_snapshot *snapshot = load(env, uri);
    const struct tarn__iceberg_state *state = tarn__iceberg_state_of(snapshot);
    ck_assert(tarn__text_equal(state->current.operation, TARN_TEXT("overwrite")));
    ck_assert_str_eq(summary(snapshot, "deleted-data-files"), "1");
    ck_assert_str_eq(summary(snapshot, "added-data-files"), "1");
    ck_assert_str_eq(summary(snapshot, "changed-partition-count"), "1");
    ck_assert_str_eq(summary(snapshot, "total-records"), "99");
    ck_assert_uint_eq(state->manifest_count, 2);
    const struct tarn__iceberg_manifest_file *rewritten = &state->manifests[1];
    ck_assert_int_eq(rewritten->existing_files, 3);
    ck_assert_int_eq(rewritten->deleted_files, 1);
    ck_assert_int_eq(rewritten->added_files, 0);
    ck_assert_int_eq(rewritten->min_sequence_number, 1);
    ck_assert_int_eq(rewritten->sequence_number, 2);
    ck_assert_uint_eq(rewritten->partition_count, 1);
    ck_assert(rewritten->partitions[0].contains_null);
    for (uint32_t i = 0; i < snapshot->files.count; i++) {
        const struct tarn__tracked_file *file = tarn__file_set_at(&snapshot->files, i);
        ck_assert_int_eq(file->sequence, file->rows == 27 ? 2 : 1); /* of 28 rows with part 1 one went */
    }
    /* What is all gone leaves no manifest behind in the snapshot after. */
    tarn_snapshot_close(snapshot);
    ck_assert_ok(tarn_test_table_overwrite(env, uri, 0, 1, &err), &err);
    ck_assert_ok(tarn_test_table_append(env, uri, 1, 1, NULL, &err), &err);
    snapshot = load(env, uri);
    ck_assert_uint_eq(tarn__iceberg_state_of(snapshot)->manifest_count, 2);
    tarn_snapshot_close(snapshot);
    check_rows(env, uri, 2);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(iceberg_commit__puts_many_small_manifests_together) /* T-ICEBERG-WRITE-5 */
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    options.durability = TARN_DURABILITY_OFF;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    const struct tarn_text uri = new_table();
    create(env, uri, false, 1);
    for (int64_t i = 1; i <= 101; i++) {
        ck_assert_ok(tarn_test_table_append(env, uri, i, 1, NULL, &err), &err);
    }
    struct tarn_snapshot *snapshot = load(env, uri);
    ck_assert_uint_lt(tarn__iceberg_state_of(snapshot)->manifest_count, 10);
    ck_assert_uint_eq(snapshot->files.count, 102);
    tarn_snapshot_close(snapshot);
    check_rows(env, uri, 102);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(iceberg_commit__limits_the_log_of_metadata_files)
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    struct tarn_property property = {.key = TARN_TEXT("write.metadata.previous-versions-max"), .value = TARN_TEXT("2")};
    struct tarn_table_create_options options = TARN_TABLE_CREATE_OPTIONS_INIT;
    struct tarn_transaction *transaction;
    options.format = "iceberg";
    options.schema = tarn_test_rows_schema(env);
    options.property_count = 1;
    options.properties = &property;
    ck_assert_ok(tarn_transaction_create(env, uri, &options, NULL, &transaction, &err), &err);
    struct tarn_commit_result result;
    ck_assert_ok(tarn_transaction_commit(transaction, &result, &err), &err);
    ck_assert_int_eq(result.version, -1); /* a table without a snapshot */
    check_rows(env, uri, 0);
    for (int64_t i = 0; i < 4; i++) {
        ck_assert_ok(tarn_test_table_append(env, uri, i, 1, NULL, &err), &err);
    }
    struct tarn_snapshot *snapshot = load(env, uri);
    const struct tarn__iceberg_metadata *metadata = &tarn__iceberg_state_of(snapshot)->metadata;
    ck_assert_uint_eq(metadata->metadata_log_count, 2);
    ck_assert(tarn__text_ends(metadata->metadata_log[1].file, TARN_TEXT("v4.metadata.json")));
    ck_assert(tarn__text_ends(metadata->metadata_log[0].file, TARN_TEXT("v3.metadata.json")));
    tarn_snapshot_close(snapshot);
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status first_version(void *arg, const struct tarn_commit_info *commit, struct tarn_error *error)
{
    (void)error;
    *(int64_t *)arg = commit->version;
    return TARN_OK;
}

START_TEST(iceberg_commit__restores_by_the_manifests_of_then) /* T-ICEBERG-WRITE-6 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    create(env, uri, false, 10);
    int64_t first = -1;
    ck_assert_ok(tarn_table_history(env, uri, 0, first_version, &first, &err), &err);
    ck_assert_ok(tarn_test_table_delete(env, uri, 4, &err), &err);
    ck_assert_ok(tarn_test_table_append(env, uri, 100, 5, NULL, &err), &err);
    struct tarn_commit_result result;
    ck_assert_ok(tarn_table_restore(env, uri, first, &result, &err), &err);
    ck_assert_uint_eq(result.files_added, 1);
    ck_assert_uint_eq(result.files_removed, 2);
    check_rows(env, uri, 10);
    struct tarn_snapshot *snapshot = load(env, uri);
    ck_assert_int_eq(snapshot->info.version, result.version);
    ck_assert_str_eq(summary(snapshot, "total-records"), "10");
    ck_assert_uint_eq(tarn__iceberg_state_of(snapshot)->metadata.snapshot_count, 4);
    tarn_snapshot_close(snapshot);
    ck_assert_status(tarn_table_restore(env, uri, 4711, &result, &err), TARN_NOT_FOUND);
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status append_as(struct tarn_env *env, struct tarn_text uri, const char *app, int64_t version)
{
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    struct tarn_snapshot *snapshot = load(env, uri);
    struct tarn_transaction *transaction;
    struct tarn_sink *sink;
    options.app_id = tarn__text_of(app);
    options.app_version = version;
    enum tarn_status status = tarn_transaction_open(snapshot, &options, &transaction, &err);
    tarn_snapshot_close(snapshot);
    if (status != TARN_OK) {
        return status;
    }
    ck_assert_ok(tarn_transaction_sink(transaction, &sink, &err), &err);
    ck_assert_ok(tarn_test_rows_write(sink, 100 * version, 1, &err), &err);
    return tarn_transaction_commit(transaction, NULL, &err);
}

START_TEST(iceberg_commit__is_done_once_for_an_application) /* T-ICEBERG-WRITE-7 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    create(env, uri, false, 1);
    ck_assert_ok(append_as(env, uri, "loader", 3), &err);
    ck_assert_ok(append_as(env, uri, "other", 1), &err);
    ck_assert_status(append_as(env, uri, "loader", 3), TARN_EXISTS);
    ck_assert_str_eq(err.detail, "app_transaction");
    ck_assert_ok(append_as(env, uri, "loader", 4), &err);
    check_rows(env, uri, 4);
    tarn_test_env_close(env);
}
END_TEST

static struct tarn_transaction *append_begun(struct tarn_env *env, struct tarn_text uri, const char *app, int64_t version)
{
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    struct tarn_snapshot *snapshot = load(env, uri);
    struct tarn_transaction *transaction;
    struct tarn_sink *sink;
    options.app_id = tarn__text_of(app);
    options.app_version = version;
    ck_assert_ok(tarn_transaction_open(snapshot, &options, &transaction, &err), &err);
    tarn_snapshot_close(snapshot);
    ck_assert_ok(tarn_transaction_sink(transaction, &sink, &err), &err);
    ck_assert_ok(tarn_test_rows_write(sink, 100, 1, &err), &err);
    return transaction;
}

START_TEST(iceberg_commit__of_an_application_is_done_once_by_two_at_once) /* T-ICEBERG-WRITE-7 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    create(env, uri, false, 1);
    struct tarn_transaction *first = append_begun(env, uri, "loader", 3);
    struct tarn_transaction *same = append_begun(env, uri, "loader", 3);
    struct tarn_transaction *later = append_begun(env, uri, "loader", 4);
    ck_assert_ok(tarn_transaction_commit(first, NULL, &err), &err);
    ck_assert_status(tarn_transaction_commit(same, NULL, &err), TARN_EXISTS);
    ck_assert_str_eq(err.detail, "app_transaction");
    ck_assert_status(tarn_transaction_commit(later, NULL, &err), TARN_CONFLICT);
    ck_assert_str_eq(err.detail, "concurrent_transaction");
    check_rows(env, uri, 2);
    tarn_test_env_close(env);
}
END_TEST

/* ---- metadata that another writer put there meanwhile ---- */

/* The metadata of version `from` with each `old` made `fresh` becomes that of version `to`. */
static void put_metadata(struct tarn_text uri, int from, int to, const char *old, const char *fresh)
{
    static char text[1 << 16];
    static char made[1 << 17];
    char path[700];
    snprintf(path, sizeof(path), "%.*s/metadata/v%d.metadata.json", TARN_TEXT_ARG(uri), from);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    size_t size = 0;
    for (const char *at = text; *at != '\0';) {
        if (old[0] != '\0' && strncmp(at, old, strlen(old)) == 0) {
            size += (size_t)snprintf(made + size, sizeof(made) - size, "%s", fresh);
            at += strlen(old);
        } else {
            made[size++] = *at++;
        }
    }
    made[size] = '\0';
    snprintf(path, sizeof(path), "metadata/v%d.metadata.json", to);
    char folder[600];
    snprintf(folder, sizeof(folder), "%.*s", TARN_TEXT_ARG(uri));
    tarn_test_put_file(folder, path, made);
}

static const struct {
    const char *old;
    const char *fresh;
    const char *detail;
} others[] = {
    {"schema-id\":0", "schema-id\":1", "metadata_changed"},
    {"\"table-uuid\":\"", "\"table-uuid\":\"00", "table_replaced"},
};

START_TEST(iceberg_commit__ends_when_the_table_is_another) /* T-ICEBERG-CONFLICT-1 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    create(env, uri, false, 10);
    struct tarn_transaction *transaction = append_begun(env, uri, "", 0);
    put_metadata(uri, 1, 2, others[_i].old, others[_i].fresh);
    ck_assert_status(tarn_transaction_commit(transaction, NULL, &err), TARN_CONFLICT);
    ck_assert_str_eq(err.detail, others[_i].detail);
    check_rows(env, uri, 10);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(iceberg_commit__of_what_read_ends_when_the_branch_was_set_back) /* T-ICEBERG-CONFLICT-1 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    create(env, uri, false, 10);
    ck_assert_ok(tarn_test_table_append(env, uri, 100, 5, NULL, &err), &err);
    struct tarn_snapshot *snapshot = load(env, uri);
    struct tarn_transaction *reads;
    struct tarn_expr *predicate = tarn_test_id_equals(env, 5);
    uint32_t count;
    ck_assert_ok(tarn_transaction_open(snapshot, NULL, &reads, &err), &err);
    ck_assert_ok(tarn_transaction_select(reads, predicate, &count, &err), &err);
    ck_assert_uint_eq(count, 1);
    ck_assert_ok(tarn_transaction_remove(reads, 0, &err), &err);
    tarn_expr_release(predicate);
    tarn_snapshot_close(snapshot);
    struct tarn_transaction *appends = append_begun(env, uri, "", 0);
    put_metadata(uri, 1, 3, "", "");
    ck_assert_status(tarn_transaction_commit(reads, NULL, &err), TARN_CONFLICT);
    ck_assert_str_eq(err.detail, "concurrent_rewrite");
    ck_assert_ok(tarn_transaction_commit(appends, NULL, &err), &err); /* an append has read nothing */
    check_rows(env, uri, 11);
    tarn_test_env_close(env);
}
END_TEST

/* ---- what is not written to ---- */

START_TEST(iceberg_commit__leaves_alone_what_it_was_not_opened_for) /* T-ICEBERG-WRITE-8 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    create(env, uri, false, 10);
    struct tarn_snapshot *snapshot = load(env, uri);
    struct tarn_snapshot_options options = TARN_SNAPSHOT_OPTIONS_INIT;
    struct tarn_transaction *transaction;
    char file[600];
    options.version = snapshot->info.version;
    tarn_snapshot_close(snapshot);
    ck_assert_ok(tarn_snapshot_load(env, uri, &options, &snapshot, &err), &err);
    ck_assert_status(tarn_transaction_open(snapshot, NULL, &transaction, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "not_a_branch");
    tarn_snapshot_close(snapshot);
    snprintf(file, sizeof(file), "%.*s/metadata/v1.metadata.json", TARN_TEXT_ARG(uri));
    ck_assert_ok(tarn_snapshot_load(env, tarn__text_of(file), NULL, &snapshot, &err), &err);
    ck_assert_status(tarn_transaction_open(snapshot, NULL, &transaction, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "past_the_catalog");
    tarn_snapshot_close(snapshot);
    ck_assert_status(tarn_test_table_create_as(env, uri, "iceberg", false, 0, 1, &err), TARN_EXISTS);
    ck_assert_status(tarn_test_table_create_as(env, uri, "delta", false, 0, 1, &err), TARN_EXISTS);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(iceberg_commit__does_not_write_beside_zipped_metadata) /* T-ICEBERG-WRITE-8 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_property property = {.key = TARN_TEXT("write.metadata.compression-codec"), .value = TARN_TEXT("gzip")};
    struct tarn_table_create_options options = TARN_TABLE_CREATE_OPTIONS_INIT;
    struct tarn_transaction *transaction;
    options.format = "iceberg";
    options.schema = tarn_test_rows_schema(env);
    options.property_count = 1;
    options.properties = &property;
    ck_assert_status(tarn_transaction_create(env, new_table(), &options, NULL, &transaction, &err), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, "iceberg.write_gzip");
    property.value = TARN_TEXT("none");
    ck_assert_ok(tarn_transaction_create(env, new_table(), &options, NULL, &transaction, &err), &err);
    tarn_transaction_abort(transaction);
    tarn_test_env_close(env);
}
END_TEST

/* ---- catalogs ---- */

/* One more process, as it were, over the catalog. */
static struct tarn_env *env_over(struct tarn_memory_catalog *catalog)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    options.open_catalog = tarn_memory_catalog_open;
    options.catalog_ctx = catalog;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    return env;
}

static struct tarn_env *catalog_env(struct tarn_memory_catalog *catalog)
{
    snprintf(catalog->warehouse, sizeof(catalog->warehouse), "%s", tarn_test_folder());
    return env_over(catalog);
}

static const struct tarn_text in_catalog = {"shelf:#ns.t", 11};

START_TEST(iceberg_commit__moves_the_pointer_of_a_catalog) /* T-ICEBERG-WRITE-9 */
{
    struct tarn_memory_catalog catalog = {.count = 0};
    struct tarn_env *env = catalog_env(&catalog);
    ck_assert_ok(tarn_test_table_create(env, in_catalog, false, 0, 10, &err), &err); /* in a catalog the default is iceberg */
    const char *first = tarn_memory_catalog_location(&catalog, "ns.t");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(strstr(first, "/ns.t/metadata/00000-"));
    ck_assert_ok(tarn_test_table_append(env, in_catalog, 10, 5, NULL, &err), &err);
    ck_assert_ptr_nonnull(strstr(tarn_memory_catalog_location(&catalog, "ns.t"), "/metadata/00001-"));
    check_rows(env, in_catalog, 15);
    ck_assert_status(tarn_test_table_create(env, in_catalog, false, 0, 1, &err), TARN_EXISTS);
    ck_assert_status(tarn_test_table_create_as(env, TARN_TEXT("shelf:#d"), "delta", false, 0, 1, &err), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, "catalog.table_format");
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    enum tarn_swap_answer answer;
    enum tarn_status status;
    uint64_t rows;
} answers[] = {
    {TARN_SWAP_BUSY, TARN_OK, 15},
    {TARN_SWAP_UNKNOWN_DONE, TARN_OK, 15},
    {TARN_SWAP_UNKNOWN_LOST, TARN_OK, 15},
    {TARN_SWAP_BROKEN, TARN_IO, 10},
};

START_TEST(iceberg_commit__reads_back_what_a_catalog_does_not_say) /* T-ICEBERG-COMMIT-2 */
{
    struct tarn_memory_catalog catalog = {.count = 0};
    struct tarn_env *env = catalog_env(&catalog);
    ck_assert_ok(tarn_test_table_create(env, in_catalog, false, 0, 10, &err), &err);
    catalog.next = answers[_i].answer;
    ck_assert_status(tarn_test_table_append(env, in_catalog, 10, 5, NULL, &err), answers[_i].status);
    check_rows(env, in_catalog, answers[_i].rows);
    tarn_test_env_close(env);
}
END_TEST

struct other {
    struct tarn_env *env;
    int64_t first;
};

static void append_first(void *arg)
{
    const struct other *other = arg;
    ck_assert_ok(tarn_test_table_append(other->env, in_catalog, other->first, 7, NULL, &err), &err);
}

static enum tarn_status count_metadata(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *error)
{
    (void)info;
    (void)error;
    uint32_t *counts = arg;
    counts[0] += tarn__text_ends(key, TARN_TEXT(".metadata.json"));
    counts[1] += key.size > 14 && memcmp(key.data, "metadata/snap-", 14) == 0;
    return TARN_OK;
}

START_TEST(iceberg_commit__is_built_anew_on_whoever_was_first) /* T-ICEBERG-COMMIT-1 */
{
    struct tarn_memory_catalog catalog = {.count = 0};
    struct tarn_env *env = catalog_env(&catalog);
    struct other other = {env_over(&catalog), 1000};
    ck_assert_ok(tarn_test_table_create(env, in_catalog, false, 0, 10, &err), &err);
    catalog.before_swap = append_first;
    catalog.arg = &other;
    struct tarn_commit_result result;
    ck_assert_ok(tarn_test_table_append(env, in_catalog, 10, 5, &result, &err), &err);
    ck_assert_uint_eq(result.attempts, 2);
    check_rows(env, in_catalog, 22);
    struct tarn_snapshot *snapshot = load(env, in_catalog);
    ck_assert_int_eq(tarn__iceberg_state_of(snapshot)->current.sequence, 3);
    ck_assert_uint_eq(tarn__iceberg_state_of(snapshot)->manifest_count, 3);
    ck_assert_str_eq(summary(snapshot, "total-records"), "22");
    uint32_t counts[2] = {0, 0};
    ck_assert_ok(tarn_store_list(snapshot->store, TARN_TEXT("metadata/"), TARN_TEXT(""), count_metadata, counts, &err), &err);
    ck_assert_uint_eq(counts[0], 3); /* what the lost attempt wrote is gone */
    ck_assert_uint_eq(counts[1], 3);
    tarn_snapshot_close(snapshot);
    tarn_test_env_close(other.env);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("txlog/iceberg_commit", TARN_TEST(iceberg_commit__writes_metadata_as_the_specification_has_it),
           TARN_TEST(iceberg_commit__keeps_the_numbers_of_files_that_stay), TARN_TEST(iceberg_commit__puts_many_small_manifests_together),
           TARN_TEST(iceberg_commit__limits_the_log_of_metadata_files), TARN_TEST(iceberg_commit__restores_by_the_manifests_of_then),
           TARN_TEST(iceberg_commit__is_done_once_for_an_application),
           TARN_TEST(iceberg_commit__of_an_application_is_done_once_by_two_at_once),
           TARN_LOOP_TEST(iceberg_commit__ends_when_the_table_is_another, others),
           TARN_TEST(iceberg_commit__of_what_read_ends_when_the_branch_was_set_back),
           TARN_TEST(iceberg_commit__leaves_alone_what_it_was_not_opened_for),
           TARN_TEST(iceberg_commit__does_not_write_beside_zipped_metadata), TARN_TEST(iceberg_commit__moves_the_pointer_of_a_catalog),
           TARN_LOOP_TEST(iceberg_commit__reads_back_what_a_catalog_does_not_say, answers),
           TARN_TEST(iceberg_commit__is_built_anew_on_whoever_was_first))
