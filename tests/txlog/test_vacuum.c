/* SPDX-License-Identifier: Apache-2.0
 * Vacuum: what no version in its time needs goes, everything else stays, whatever happened to the table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/error.h"
#include "tarn/maintain.h"
#include "tarn/reader.h"
#include "tests/support/table_rows.h"

static struct tarn_error err = TARN_ERROR_INIT;
static const struct tarn_text uri = {"memory:t", 8};
enum { EACH = 10 };
static const int64_t hour = INT64_C(3600) * 1000000;
static const int64_t day = INT64_C(86400) * 1000000;

/* Tables in memory, under a clock that stands still until it is moved. */
struct world {
    struct tarn_env *env;
    struct tarn_store *store;     /* of the table */
    struct tarn_store *stores[4]; /* by their last letter: t, u, i */
    int64_t now;
};

static int64_t now_of(void *ctx)
{
    return ((struct world *)ctx)->now;
}

static enum tarn_status open_store(void *ctx, struct tarn_env *env, struct tarn_text name, bool create, struct tarn_store **out,
                                   struct tarn_error *error)
{
    struct world *w = ctx;
    struct tarn_store **slot = &w->stores[name.data[name.size - 1] % 4];
    if (*slot == NULL && !create) {
        return tarn__error_set(error, TARN_NOT_FOUND, "store", "there is no such store");
    }
    if (*slot == NULL) {
        TARN_RETURN_IF_ERROR(tarn_store_open_memory(env, 0, slot, error));
    }
    *out = tarn_store_retain(*slot);
    return TARN_OK;
}

static void begin(struct world *w)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    *w = (struct world){.now = INT64_C(1700000000) * 1000000};
    options.now = now_of;
    options.clock_ctx = w;
    options.open_store = open_store;
    options.store_ctx = w;
    ck_assert_ok(tarn_env_open(&options, &w->env, &err), &err);
    ck_assert_ok(tarn_store_open(w->env, uri, true, &w->store, &err), &err);
    ck_assert_ok(tarn_test_table_create_as(w->env, uri, "delta", false, 0, EACH, &err), &err);
}

static void end(struct world *w)
{
    tarn_store_close(w->store);
    for (int i = 0; i < 4; i++) {
        tarn_store_close(w->stores[i]);
    }
    tarn_test_env_close(w->env);
}

static void put(struct world *w, const char *key)
{
    const struct tarn_text bytes = TARN_TEXT("x");
    ck_assert_ok(tarn_store_put(w->store, tarn__text_of(key), tarn__span_of_text(bytes), TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err), &err);
}

static bool is_there(struct world *w, const char *key)
{
    struct tarn_object_info info;
    return tarn_store_head(w->store, tarn__text_of(key), &info, NULL) == TARN_OK;
}

static struct tarn_vacuum_result vacuum(struct world *w, const struct tarn_vacuum_options *options)
{
    struct tarn_vacuum_result result = TARN_VACUUM_RESULT_INIT;
    ck_assert_ok(tarn_table_vacuum(w->env, uri, options, &result, &err), &err);
    return result;
}

static void check_rows(struct world *w, int64_t version, uint64_t rows)
{
    uint64_t found;
    int64_t sum;
    ck_assert_ok(tarn_test_table_sum(w->env, uri, version, &found, &sum, &err), &err);
    ck_assert_uint_eq(found, rows);
}

START_TEST(vacuum__removes_what_is_past_its_time) /* T-MAINTAIN-VACUUM-1 */
{
    struct world w;
    struct tarn_vacuum_options options = TARN_VACUUM_OPTIONS_INIT;
    begin(&w);
    options.mode = _i == 0 ? TARN_VACUUM_FULL : TARN_VACUUM_LITE;
    ck_assert_ok(tarn_test_table_append(w.env, uri, EACH, EACH, NULL, &err), &err);
    w.now += 3 * day;
    ck_assert_ok(tarn_test_table_overwrite(w.env, uri, 100, 5, &err), &err);
    w.now += 6 * day; /* the two old files are nine days old, but were needed until six days ago */
    struct tarn_vacuum_result result = vacuum(&w, &options);
    ck_assert_uint_eq(result.files, 0);
    ck_assert_uint_eq(result.files_kept, _i == 0 ? 3 : 0); /* lite: nothing is past its time yet */
    check_rows(&w, 1, 2 * EACH);
    w.now += 2 * day;
    options.dry_run = true;
    result = vacuum(&w, &options);
    ck_assert_uint_eq(result.files, 2);
    check_rows(&w, 1, 2 * EACH);
    options.dry_run = false;
    const uint64_t bytes = result.bytes;
    result = vacuum(&w, &options);
    ck_assert_uint_eq(result.files, 2);
    ck_assert_uint_eq(result.bytes, bytes);
    ck_assert_int_eq(result.horizon, w.now - 7 * day);
    check_rows(&w, -1, 5);
    uint64_t rows;
    int64_t sum;
    ck_assert_status(tarn_test_table_sum(w.env, uri, 1, &rows, &sum, &err), TARN_NOT_FOUND);
    result = vacuum(&w, &options);
    ck_assert_uint_eq(result.files, 0);
    end(&w);
}
END_TEST

START_TEST(vacuum__leaves_what_is_not_its_business) /* T-MAINTAIN-VACUUM-2 */
{
    static const struct {
        const char *key;
        bool goes;
    } files[] = {
        {"orphan.parquet", true},
        {"part=1/orphan.parquet", true},
        {"_change_data/cdc-1.parquet", true},
        {"deletion_vector_61d16c75-6994-46b7-a15b-8b538852e50e.bin", true},
        {"_other/file.parquet", false},
        {".hidden/file.parquet", false},
        {"a/_sub/file.parquet", false},
        {"_SUCCESS", false},
        {"metadata/v1.metadata.json", false},
        {"_delta_log/00000000000000000099.txt", false},
    };
    enum { FILES = sizeof(files) / sizeof(files[0]) };
    struct world w;
    begin(&w);
    for (int i = 0; i < FILES; i++) {
        put(&w, files[i].key);
    }
    w.now += 8 * day;
    put(&w, "young.parquet"); /* a writer at work */
    const struct tarn_vacuum_result result = vacuum(&w, NULL);
    ck_assert_uint_eq(result.files, 4);
    for (int i = 0; i < FILES; i++) {
        ck_assert_msg(is_there(&w, files[i].key) == !files[i].goes, "%s", files[i].key);
    }
    ck_assert(is_there(&w, "young.parquet"));
    check_rows(&w, -1, EACH);
    end(&w);
}
END_TEST

START_TEST(vacuum__a_short_retention_must_be_forced) /* T-MAINTAIN-VACUUM-3 */
{
    struct world w;
    struct tarn_vacuum_options options = TARN_VACUUM_OPTIONS_INIT;
    begin(&w);
    ck_assert_ok(tarn_test_table_overwrite(w.env, uri, 100, 5, &err), &err);
    w.now += 2 * hour;
    options.retention = hour;
    ck_assert_status(tarn_table_vacuum(w.env, uri, &options, NULL, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "retention");
    check_rows(&w, 0, EACH);
    options.force = true;
    ck_assert_uint_eq(vacuum(&w, &options).files, 1);
    check_rows(&w, -1, 5);
    end(&w);
}
END_TEST

/* The table says for how long. */
START_TEST(vacuum__the_table_says_how_long) /* T-MAINTAIN-VACUUM-3 */
{
    struct world w;
    struct tarn_table_create_options create = TARN_TABLE_CREATE_OPTIONS_INIT;
    const struct tarn_property property = {TARN_TEXT("delta.deletedFileRetentionDuration"), TARN_TEXT("interval 2 hours")};
    const struct tarn_text other = TARN_TEXT("memory:u");
    struct tarn_transaction *transaction;
    struct tarn_vacuum_result result = TARN_VACUUM_RESULT_INIT;
    begin(&w);
    create.format = "delta";
    create.schema = tarn_test_rows_schema(w.env);
    create.property_count = 1;
    create.properties = &property;
    ck_assert_ok(tarn_transaction_create(w.env, other, &create, NULL, &transaction, &err), &err);
    ck_assert_ok(tarn_transaction_commit(transaction, NULL, &err), &err);
    ck_assert_ok(tarn_test_table_append(w.env, other, 0, EACH, NULL, &err), &err);
    ck_assert_ok(tarn_test_table_overwrite(w.env, other, 0, EACH, &err), &err);
    w.now += hour;
    ck_assert_ok(tarn_table_vacuum(w.env, other, NULL, &result, &err), &err);
    ck_assert_uint_eq(result.files, 0);
    w.now += hour + 1;
    ck_assert_ok(tarn_table_vacuum(w.env, other, NULL, &result, &err), &err);
    ck_assert_uint_eq(result.files, 1);
    end(&w);
}
END_TEST

START_TEST(vacuum__lite_needs_the_whole_log) /* T-MAINTAIN-VACUUM-4 */
{
    struct world w;
    struct tarn_vacuum_options options = TARN_VACUUM_OPTIONS_INIT;
    begin(&w);
    for (int64_t i = 1; i < 4; i++) {
        ck_assert_ok(tarn_test_table_overwrite(w.env, uri, i * EACH, EACH, &err), &err);
    }
    put(&w, "orphan.parquet");
    w.now += 8 * day;
    options.mode = TARN_VACUUM_LITE;
    ck_assert_uint_eq(vacuum(&w, &options).files, 3);
    ck_assert(is_there(&w, "orphan.parquet")); /* the log never knew it */
    ck_assert(is_there(&w, "_delta_log/_last_vacuum_info"));
    ck_assert_ok(tarn_store_remove(w.store, TARN_TEXT("_delta_log/_last_vacuum_info"), &err), &err);
    options.inventory = NULL;
    /* As after a clean-up of the log: a checkpoint stands for the commits before it. */
    end(&w);
}
END_TEST

static struct tarn_source *inventory_of(struct world *w, const char *lines)
{
    struct tarn_source *source;
    ck_assert_ok(tarn_store_put(w->store, TARN_TEXT("_inventory.ndjson"), tarn__span_of_text(tarn__text_of(lines)), TARN_PUT_OVERWRITE,
                                TARN_ROLE_DATA, &err),
                 &err);
    ck_assert_ok(tarn_json_open(w->store, TARN_TEXT("_inventory.ndjson"), NULL, &source, &err), &err);
    return source;
}

START_TEST(vacuum__an_inventory_stands_for_a_listing) /* T-MAINTAIN-VACUUM-5 */
{
    struct world w;
    struct tarn_vacuum_options options = TARN_VACUUM_OPTIONS_INIT;
    begin(&w);
    put(&w, "a.parquet");
    put(&w, "b.parquet");
    put(&w, "c.parquet");
    w.now += 8 * day;
    options.inventory =
        inventory_of(&w, "{\"path\":\"a.parquet\",\"length\":1,\"isDir\":false,\"modificationTime\":1700000000000}\n"
                         "{\"path\":\"dir\",\"length\":0,\"isDir\":true,\"modificationTime\":1700000000000}\n"
                         "{\"path\":\"../above.parquet\",\"length\":1,\"isDir\":false,\"modificationTime\":1700000000000}\n"
                         "{\"path\":\"/elsewhere/x.parquet\",\"length\":1,\"isDir\":false,\"modificationTime\":1700000000000}\n"
                         "{\"path\":\"gone.parquet\",\"length\":1,\"isDir\":false,\"modificationTime\":1700000000000}\n"
                         "{\"path\":\"b.parquet\",\"length\":1,\"isDir\":false,\"modificationTime\":1800000000000}\n");
    const struct tarn_vacuum_result result = vacuum(&w, &options);
    tarn_source_close(options.inventory);
    ck_assert_uint_eq(result.files, 2); /* what vanished meanwhile is no error */
    ck_assert(!is_there(&w, "a.parquet"));
    ck_assert(is_there(&w, "b.parquet"));
    ck_assert(is_there(&w, "c.parquet"));
    options.inventory = inventory_of(&w, "{\"path\":\"a.parquet\",\"length\":1}\n");
    ck_assert_status(tarn_table_vacuum(w.env, uri, &options, NULL, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "inventory");
    tarn_source_close(options.inventory);
    end(&w);
}
END_TEST

struct operations {
    char names[4][32];
    int count;
};

static enum tarn_status keep_operation(void *arg, const struct tarn_commit_info *commit, struct tarn_error *error)
{
    struct operations *operations = arg;
    (void)error;
    snprintf(operations->names[operations->count++], 32, "%.*s", TARN_TEXT_ARG(commit->operation));
    return TARN_OK;
}

START_TEST(vacuum__history_tells_when_asked) /* T-MAINTAIN-VACUUM-6 */
{
    struct world w;
    struct tarn_vacuum_options options = TARN_VACUUM_OPTIONS_INIT;
    struct operations operations = {.count = 0};
    begin(&w);
    put(&w, "orphan.parquet");
    w.now += 8 * day;
    options.log = true;
    ck_assert_uint_eq(vacuum(&w, &options).files, 1);
    ck_assert_ok(tarn_table_history(w.env, uri, 3, keep_operation, &operations, &err), &err);
    ck_assert_int_eq(operations.count, 3);
    ck_assert_str_eq(operations.names[0], "VACUUM END");
    ck_assert_str_eq(operations.names[1], "VACUUM START");
    check_rows(&w, -1, EACH);
    end(&w);
}
END_TEST

START_TEST(vacuum__other_formats_are_refused_by_name) /* T-MAINTAIN-VACUUM-3 */
{
    struct world w;
    const struct tarn_text ice = TARN_TEXT("memory:i");
    begin(&w);
    ck_assert_ok(tarn_test_table_create_as(w.env, ice, "iceberg", false, 0, EACH, &err), &err);
    ck_assert_status(tarn_table_vacuum(w.env, ice, NULL, NULL, &err), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, "table.vacuum");
    end(&w);
}
END_TEST

/* ---- random histories ---- */

enum { MOST_VERSIONS = 80, STEPS = 60 };

struct known {
    uint64_t rows;
    int64_t sum;
    int64_t until; /* when the next version came; INT64_MAX: it is the newest */
};

struct history {
    struct world w;
    struct known versions[MOST_VERSIONS];
    int64_t count;
    uint64_t seed;
    int64_t next_id;
    int64_t horizon;               /* the latest of all clean-ups */
    struct tarn_transaction *open; /* with staged rows */
    int64_t opened;
    uint64_t open_rows;
};

static uint64_t roll(struct history *h, uint64_t below)
{
    h->seed = h->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (h->seed >> 33) % below;
}

/* After something that may have made a version. */
static void note_version(struct history *h)
{
    struct tarn_snapshot *snapshot;
    ck_assert_ok(tarn_snapshot_load(h->w.env, uri, NULL, &snapshot, &err), &err);
    const int64_t version = tarn_snapshot_info(snapshot).version;
    tarn_snapshot_close(snapshot);
    while (h->count <= version) {
        struct known *made = &h->versions[h->count];
        ck_assert_ok(tarn_test_table_sum(h->w.env, uri, h->count, &made->rows, &made->sum, &err), &err);
        made->until = INT64_MAX;
        if (h->count > 0) {
            h->versions[h->count - 1].until = h->w.now;
        }
        h->count++;
    }
}

static bool can_read(const struct history *h, int64_t version)
{
    return h->versions[version].until >= h->horizon;
}

static void check_versions(struct history *h)
{
    for (int64_t version = 0; version < h->count; version++) {
        uint64_t rows;
        int64_t sum;
        if (can_read(h, version)) {
            ck_assert_ok(tarn_test_table_sum(h->w.env, uri, version, &rows, &sum, &err), &err);
            ck_assert_uint_eq(rows, h->versions[version].rows);
            ck_assert_int_eq(sum, h->versions[version].sum);
        }
    }
}

static void stage_rows(struct history *h)
{
    struct tarn_snapshot *snapshot;
    struct tarn_sink *sink;
    ck_assert_ok(tarn_snapshot_load(h->w.env, uri, NULL, &snapshot, &err), &err);
    ck_assert_ok(tarn_transaction_open(snapshot, NULL, &h->open, &err), &err);
    tarn_snapshot_close(snapshot);
    ck_assert_ok(tarn_transaction_sink(h->open, &sink, &err), &err);
    ck_assert_ok(tarn_test_rows_write(sink, h->next_id, 5, &err), &err);
    h->next_id += 5;
    h->opened = h->w.now;
}

static void finish_staged(struct history *h)
{
    if (h->open != NULL) {
        ck_assert_ok(tarn_transaction_commit(h->open, NULL, &err), &err);
        h->open = NULL;
        note_version(h);
    }
}

static void clean(struct history *h)
{
    struct tarn_vacuum_options options = TARN_VACUUM_OPTIONS_INIT;
    struct tarn_vacuum_result result = TARN_VACUUM_RESULT_INIT;
    options.mode = roll(h, 2) == 0 ? TARN_VACUUM_FULL : TARN_VACUUM_LITE;
    options.force = true;
    options.retention = (int64_t)(roll(h, 5) + 1) * 24 * hour;
    options.dry_run = roll(h, 4) == 0;
    if (h->open != NULL && h->w.now - h->opened >= options.retention) {
        finish_staged(h); /* a writer may take as long as files are kept, not longer */
    }
    ck_assert_ok(tarn_table_vacuum(h->w.env, uri, &options, &result, &err), &err);
    if (!options.dry_run && result.horizon > h->horizon) {
        h->horizon = result.horizon;
    }
    check_versions(h);
}

static void step(struct history *h)
{
    struct tarn_optimize_options optimize = TARN_OPTIMIZE_OPTIONS_INIT;
    const int64_t version = (int64_t)roll(h, (uint64_t)h->count);
    switch (roll(h, 9)) {
    case 0:
    case 1:
        ck_assert_ok(tarn_test_table_append(h->w.env, uri, h->next_id, 4, NULL, &err), &err);
        h->next_id += 4;
        break;
    case 2:
        ck_assert_ok(tarn_test_table_delete(h->w.env, uri, (int64_t)roll(h, (uint64_t)h->next_id), &err), &err);
        break;
    case 3:
        ck_assert_ok(tarn_test_table_overwrite(h->w.env, uri, h->next_id, 3, &err), &err);
        h->next_id += 3;
        break;
    case 4:
        ck_assert_ok(tarn_table_optimize(h->w.env, uri, &optimize, NULL, &err), &err);
        break;
    case 5:
        if (can_read(h, version)) {
            ck_assert_ok(tarn_table_restore(h->w.env, uri, version, NULL, &err), &err);
        }
        break;
    case 6:
        if (h->open == NULL) {
            stage_rows(h);
        } else {
            finish_staged(h);
        }
        break;
    default:
        clean(h);
        break;
    }
    note_version(h);
    h->w.now += (int64_t)roll(h, 30) * hour + 1;
}

START_TEST(vacuum__no_version_in_its_time_loses_a_file) /* T-MAINTAIN-VACUUM-7 */
{
    struct history *h = calloc(1, sizeof(*h));
    begin(&h->w);
    h->seed = (uint64_t)_i + 1;
    h->next_id = EACH;
    h->horizon = INT64_MIN;
    note_version(h);
    for (int i = 0; i < STEPS && h->count < MOST_VERSIONS - 4; i++) {
        step(h);
    }
    finish_staged(h);
    check_versions(h);
    end(&h->w);
    free(h);
}
END_TEST

TARN_SUITE("txlog/vacuum", TARN_LOOP_TIMES(vacuum__removes_what_is_past_its_time, 2), TARN_TEST(vacuum__leaves_what_is_not_its_business),
           TARN_TEST(vacuum__a_short_retention_must_be_forced), TARN_TEST(vacuum__the_table_says_how_long),
           TARN_TEST(vacuum__lite_needs_the_whole_log), TARN_TEST(vacuum__an_inventory_stands_for_a_listing),
           TARN_TEST(vacuum__history_tells_when_asked), TARN_TEST(vacuum__other_formats_are_refused_by_name),
           TARN_LOOP_TIMES(vacuum__no_version_in_its_time_loses_a_file, 12))
