/* SPDX-License-Identifier: Apache-2.0
 * From one version to the newest: what refreshing gives is what loading anew gives, at the cost of the new commits, and the versions that
 * share with one another may go in any order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/base/bytes.h"
#include "tests/support/delta_fixture.h"
#include "tests/support/fault.h"
#include "txlog/core/snapshot.h"
#include "txlog/delta/delta_state.h"

#define TABLE DELTA_PROTOCOL DELTA_METADATA
#define TXN(app, version) "{\"txn\":{\"appId\":\"" app "\",\"version\":" version "}}\n"
#define DOMAIN(name, text, removed)                                                                                                        \
    "{\"domainMetadata\":{\"domain\":\"" name "\",\"configuration\":\"" text "\",\"removed\":" removed "}}\n"

static struct delta_fixture f;

static struct tarn_snapshot *load_newest(void)
{
    struct tarn_snapshot *snapshot;
    ck_assert_ok(delta_load(&f, -1, &snapshot), &f.err);
    return snapshot;
}

static struct tarn_snapshot *refresh(struct tarn_snapshot *snapshot)
{
    struct tarn_snapshot *newer;
    ck_assert_ok(tarn_snapshot_refresh(snapshot, &newer, &f.err), &f.err);
    return newer;
}

/* Replaces the snapshot by what it is refreshed to. */
static void follow(struct tarn_snapshot **snapshot)
{
    struct tarn_snapshot *newer = refresh(*snapshot);
    tarn_snapshot_close(*snapshot);
    *snapshot = newer;
}

/* ---- equality ---- */

struct text {
    char *line[20000];
    size_t count;
};

static enum tarn_status add_file(void *arg, const struct tarn_file_info *file, struct tarn_error *err)
{
    (void)err;
    struct text *text = arg;
    char line[1000];
    size_t size = (size_t)snprintf(line, sizeof(line), "%.*s %llu %lld %d %llu [%.*s]", (int)file->path.size, file->path.data,
                                   (unsigned long long)file->size, (long long)file->modified, file->has_row_count,
                                   (unsigned long long)file->row_count, (int)file->statistics.size, file->statistics.data);
    for (uint32_t i = 0; i < file->partition_count; i++) {
        const struct tarn_value *value = &file->partition_values[i];
        size += (size_t)snprintf(line + size, sizeof(line) - size, " %d:%.*s", value->type->id,
                                 value->is_null ? 4 : (int)value->u.bytes.size, value->is_null ? "null" : value->u.bytes.data);
    }
    text->line[text->count++] = strdup(line);
    return TARN_OK;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_files(struct tarn_snapshot *snapshot, struct text *text)
{
    text->count = 0;
    ck_assert_ok(tarn_snapshot_files(snapshot, add_file, text, &f.err), &f.err);
    qsort(text->line, text->count, sizeof(char *), compare);
}

static void check_equal(struct tarn_snapshot *a, struct tarn_snapshot *b)
{
    static struct text left;
    static struct text right;
    const struct tarn_snapshot_info x = tarn_snapshot_info(a);
    const struct tarn_snapshot_info y = tarn_snapshot_info(b);
    ck_assert_int_eq(x.version, y.version);
    ck_assert_int_eq(x.timestamp, y.timestamp);
    ck_assert_uint_eq(x.file_count, y.file_count);
    ck_assert_uint_eq(x.total_bytes, y.total_bytes);
    ck_assert_int_eq(x.has_row_count, y.has_row_count);
    ck_assert_uint_eq(x.row_count, y.row_count);
    ck_assert_uint_eq(x.property_count, y.property_count);
    ck_assert_uint_eq(x.partition_column_count, y.partition_column_count);
    ck_assert_uint_eq(tarn_snapshot_schema(a)->field_count, tarn_snapshot_schema(b)->field_count);
    ck_assert_int_eq(a->position, b->position);
    const struct tarn__delta_state *s = tarn__delta_state_of(a);
    const struct tarn__delta_state *t = tarn__delta_state_of(b);
    ck_assert_uint_eq(s->txn_count, t->txn_count);
    for (size_t i = 0; i < s->txn_count; i++) {
        size_t at = 0;
        while (at < t->txn_count && !tarn__text_equal(s->txns[i].app_id, t->txns[at].app_id)) {
            at++;
        }
        ck_assert_uint_lt(at, t->txn_count);
        ck_assert_int_eq(s->txns[i].version, t->txns[at].version);
    }
    ck_assert_uint_eq(s->domain_count, t->domain_count);
    for (size_t i = 0; i < s->domain_count; i++) {
        size_t at = 0;
        while (at < t->domain_count && !tarn__text_equal(s->domains[i].domain, t->domains[at].domain)) {
            at++;
        }
        ck_assert_uint_lt(at, t->domain_count);
        ck_assert_int_eq(s->domains[i].removed, t->domains[at].removed);
        ck_assert(tarn__text_equal(s->domains[i].configuration, t->domains[at].configuration));
    }
    list_files(a, &left);
    list_files(b, &right);
    ck_assert_uint_eq(left.count, right.count);
    for (size_t i = 0; i < left.count; i++) {
        ck_assert_str_eq(left.line[i], right.line[i]);
        free(left.line[i]);
        free(right.line[i]);
    }
}

static void check_as_loaded(struct tarn_snapshot *snapshot)
{
    struct tarn_snapshot *loaded = load_newest();
    check_equal(snapshot, loaded);
    tarn_snapshot_close(loaded);
}

/* ---- tests ---- */

START_TEST(delta_refresh__nothing_new_is_the_same_snapshot) /* T-DELTA-REFRESH-1 */
{
    delta_open(&f);
    delta_commit(&f, 0, TABLE DELTA_ADD("a"));
    struct tarn_snapshot *snapshot = load_newest();
    f.lists = 0;
    f.opens = 0;
    struct tarn_snapshot *same = refresh(snapshot);
    ck_assert_ptr_eq(same, snapshot);
    ck_assert_uint_eq(f.lists, 0);
    ck_assert_uint_eq(f.opens, 2); /* the version's own commit, the next one's name */
    tarn_snapshot_close(same);
    tarn_snapshot_close(snapshot);
    delta_close(&f);
}
END_TEST

START_TEST(delta_refresh__reads_the_new_commits_and_lists_nothing) /* T-DELTA-REFRESH-1 */
{
    delta_open(&f);
    delta_commit(&f, 0, TABLE DELTA_ADD("a") DELTA_ADD("b") TXN("x", "1") TXN("y", "1"));
    struct tarn_snapshot *first = load_newest();
    delta_commit(&f, 1, DELTA_REMOVE("a") DELTA_ADD("c") TXN("x", "2") TXN("z", "9") DOMAIN("d", "one", "false"));
    delta_commit(&f, 2, DELTA_ADD("a") DELTA_REMOVE("c") DELTA_ADD("c") DOMAIN("d", "two", "false") DOMAIN("e", "", "true"));
    delta_commit(&f, 3, DELTA_REMOVE("b") DELTA_REMOVE("never there") DELTA_ADD("c"));
    f.lists = 0;
    f.opens = 0;
    struct tarn_snapshot *newer = refresh(first);
    ck_assert_uint_eq(f.lists, 0);
    ck_assert_uint_le(f.opens, 2 + 3 * 2 + 1);
    ck_assert_str_eq(delta_live_of(&f, newer), "a;c;");
    ck_assert_str_eq(delta_live_of(&f, first), "a;b;"); /* stays what it was */
    check_as_loaded(newer);
    tarn_snapshot_close(first);
    check_as_loaded(newer);
    tarn_snapshot_close(newer);
    delta_close(&f);
}
END_TEST

#define PARTITIONED(schema)                                                                                                                \
    "{\"metaData\":{\"id\":\"m\",\"format\":{\"provider\":\"parquet\"},\"schemaString\":\"{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":["   \
    "{\\\"name\\\":\\\"id\\\",\\\"type\\\":\\\"long\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}},"                                       \
    "{\\\"name\\\":\\\"p\\\",\\\"type\\\":\\\"string\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}}" schema                                \
    "]}\",\"partitionColumns\":[\"p\"],\"configuration\":{\"k\":\"v\"}}}\n"
#define ADD_IN(path, p)                                                                                                                    \
    "{\"add\":{\"path\":\"" path "\",\"partitionValues\":{\"p\":" p "},\"size\":10,\"modificationTime\":1,\"dataChange\":true}}\n"

START_TEST(delta_refresh__takes_over_a_new_schema_and_partitions) /* T-DELTA-REFRESH-2 */
{
    delta_open(&f);
    delta_commit(&f, 0, DELTA_PROTOCOL PARTITIONED("") ADD_IN("a", "\"x\"") ADD_IN("b", "null"));
    struct tarn_snapshot *snapshot = load_newest();
    struct tarn_snapshot *first = tarn_snapshot_retain(snapshot);
    delta_commit(&f, 1, ADD_IN("c", "\"x\"") ADD_IN("d", "\"y\""));
    follow(&snapshot);
    check_as_loaded(snapshot);
    delta_commit(&f, 2,
                 PARTITIONED(",{\\\"name\\\":\\\"more\\\",\\\"type\\\":\\\"long\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}}")
                     ADD_IN("e", "\"z\"") DELTA_REMOVE("a"));
    follow(&snapshot);
    check_as_loaded(snapshot);
    ck_assert_uint_eq(tarn_snapshot_schema(snapshot)->field_count, 3);
    ck_assert_uint_eq(tarn_snapshot_schema(first)->field_count, 2);
    delta_commit(&f, 3, "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":4}}\n" ADD_IN("f", "\"x\""));
    follow(&snapshot);
    check_as_loaded(snapshot);
    ck_assert_int_eq(tarn_snapshot_info(snapshot).writer_version, 4);
    ck_assert_str_eq(delta_live_of(&f, first), "a;b;");
    tarn_snapshot_close(first);
    delta_commit(&f, 4, "{\"protocol\":{\"minReaderVersion\":4,\"minWriterVersion\":4}}\n");
    struct tarn_snapshot *newer;
    ck_assert_status(tarn_snapshot_refresh(snapshot, &newer, &f.err), TARN_UNSUPPORTED);
    ck_assert_str_eq(delta_live_of(&f, snapshot), "b;c;d;e;f;");
    tarn_snapshot_close(snapshot);
    delta_close(&f);
}
END_TEST

START_TEST(delta_refresh__loads_anew_when_the_log_is_another) /* T-DELTA-REFRESH-3 */
{
    delta_open(&f);
    delta_commit(&f, 0, TABLE DELTA_ADD("a"));
    delta_commit(&f, 1, DELTA_ADD("b"));
    struct tarn_snapshot *snapshot = load_newest();
    delta_remove(&f, "00000000000000000001.json"); /* the table was made anew, with fewer versions */
    f.now += 5000000;
    delta_commit(&f, 0, TABLE DELTA_ADD("x"));
    follow(&snapshot);
    ck_assert_str_eq(delta_live_of(&f, snapshot), "x;");
    f.now += 5000000;
    delta_commit(&f, 0, TABLE DELTA_ADD("y")); /* as many */
    follow(&snapshot);
    ck_assert_str_eq(delta_live_of(&f, snapshot), "y;");
    tarn_snapshot_close(snapshot);
    delta_close(&f);
}
END_TEST

START_TEST(delta_refresh__a_torn_commit_leaves_the_snapshot) /* T-DELTA-REFRESH-2 */
{
    delta_open(&f);
    delta_commit(&f, 0, TABLE DELTA_ADD("a"));
    struct tarn_snapshot *snapshot = load_newest();
    delta_commit(&f, 1, DELTA_REMOVE("a") "{\"add\":{\"pa");
    struct tarn_snapshot *newer;
    ck_assert_status(tarn_snapshot_refresh(snapshot, &newer, &f.err), TARN_CORRUPT);
    ck_assert_ptr_nonnull(strstr(f.err.message, "`tarn fsck --repair`"));
    ck_assert_ptr_null(newer);
    ck_assert_str_eq(delta_live_of(&f, snapshot), "a;");
    tarn_snapshot_close(snapshot);
    delta_close(&f);
}
END_TEST

static uint32_t random_next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

enum { NAMES = 9000, STEPS = 120, KEPT = 8 };

/* A long history over more files than a segment holds; some snapshots are kept while newer ones are made of them. */
START_TEST(delta_refresh__equals_loading_through_a_long_history) /* T-DELTA-REFRESH-1 */
{
    static bool live[NAMES];
    static char text[1 << 20];
    memset(live, 0, sizeof(live));
    uint32_t random = 1234567 + (uint32_t)_i;
    delta_open(&f);
    size_t size = (size_t)snprintf(text, sizeof(text), "%s", TABLE);
    for (int i = 0; i < 5000; i++) {
        live[i] = true;
        size += (size_t)snprintf(text + size, sizeof(text) - size, DELTA_ADD("f%d"), i);
    }
    delta_commit(&f, 0, text);
    struct tarn_snapshot *snapshot = load_newest();
    struct tarn_snapshot *kept[KEPT] = {NULL};
    for (int v = 1; v <= STEPS; v++) {
        f.now += random_next(&random) % 3 == 0 ? 0 : 1000000;
        size = 0;
        text[0] = '\0';
        const uint32_t actions = random_next(&random) % 10 == 0 ? 1500 : 1 + random_next(&random) % 4;
        bool touched[NAMES] = {false};
        for (uint32_t i = 0; i < actions; i++) {
            const uint32_t name = random_next(&random) % NAMES;
            if (touched[name]) {
                continue;
            }
            touched[name] = true;
            const bool add = !live[name] || random_next(&random) % 8 == 0;
            size += (size_t)snprintf(text + size, sizeof(text) - size, add ? DELTA_ADD("f%u") : DELTA_REMOVE("f%u"), name);
            live[name] = add;
        }
        delta_commit(&f, v, text[0] != '\0' ? text : "{}\n");
        if (random_next(&random) % 4 == 0) {
            continue; /* several commits at once */
        }
        follow(&snapshot);
        struct tarn_snapshot **place = &kept[random_next(&random) % KEPT];
        tarn_snapshot_close(*place);
        *place = tarn_snapshot_retain(snapshot);
        if (v % 20 == 0) {
            check_as_loaded(snapshot);
        }
    }
    follow(&snapshot);
    check_as_loaded(snapshot);
    tarn_snapshot_close(snapshot);
    for (int i = 0; i < KEPT; i++) {
        if (kept[i] != NULL) {
            struct tarn_snapshot *then;
            ck_assert_ok(delta_load(&f, tarn_snapshot_info(kept[i]).version, &then), &f.err);
            check_equal(kept[i], then);
            tarn_snapshot_close(then);
            struct tarn_snapshot *newer = refresh(kept[i]); /* from any of them */
            check_as_loaded(newer);
            tarn_snapshot_close(newer);
            tarn_snapshot_close(kept[i]);
        }
    }
    delta_close(&f);
}
END_TEST

START_TEST(delta_refresh__goes_on_from_a_checkpoint) /* T-DELTA-REFRESH-1 */
{
    delta_open(&f);
    delta_commit(&f, 0, TABLE DELTA_ADD("a"));
    delta_commit(&f, 1, DELTA_ADD("b"));
    delta_put_checkpoint(&f, "00000000000000000001.checkpoint.parquet", TABLE DELTA_ADD("a") DELTA_ADD("b") TXN("x", "4"));
    struct tarn_snapshot *snapshot = load_newest();
    delta_commit(&f, 2, DELTA_REMOVE("a") DELTA_ADD("b") TXN("x", "5"));
    follow(&snapshot);
    ck_assert_str_eq(delta_live_of(&f, snapshot), "b;");
    check_as_loaded(snapshot);
    delta_commit(&f, 3, DELTA_REMOVE("b"));
    follow(&snapshot);
    ck_assert_str_eq(delta_live_of(&f, snapshot), "");
    check_as_loaded(snapshot);
    tarn_snapshot_close(snapshot);
    delta_close(&f);
}
END_TEST

static enum tarn_status put_commit(struct tarn_env *env, int version, const char *text)
{
    struct tarn_store *store;
    char key[64];
    snprintf(key, sizeof(key), "_delta_log/%020d.json", version);
    struct tarn_error err = TARN_ERROR_INIT;
    ck_assert_ok(tarn_store_open(env, TARN_TEXT("memory:t"), true, &store, &err), &err);
    ck_assert_ok(
        tarn_store_put(store, tarn__text_of(key), tarn__span_of_text(tarn__text_of(text)), TARN_PUT_OVERWRITE, TARN_ROLE_COMMIT, &err),
        &err);
    tarn_store_close(store);
    return TARN_OK;
}

static enum tarn_status refresh_body(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    (void)ctx;
    struct tarn_snapshot *snapshot;
    struct tarn_snapshot *newer = NULL;
    tarn_fault_suspend(fault);
    put_commit(env, 0, DELTA_PROTOCOL PARTITIONED("") ADD_IN("a", "\"x\"") ADD_IN("b", "\"y\"") TXN("x", "1"));
    ck_assert_ok(tarn_snapshot_load(env, TARN_TEXT("memory:t"), NULL, &snapshot, err), err);
    put_commit(env, 1, DELTA_REMOVE("a") ADD_IN("c", "\"z\"") TXN("y", "1") PARTITIONED(""));
    tarn_fault_resume(fault);
    const enum tarn_status status = tarn_snapshot_refresh(snapshot, &newer, err);
    tarn_fault_suspend(fault);
    ck_assert_uint_eq(tarn_snapshot_info(snapshot).file_count, 2);
    ck_assert_int_eq(tarn_snapshot_info(snapshot).version, 0);
    ck_assert((newer != NULL) == (status == TARN_OK));
    ck_assert(newer == NULL || tarn_snapshot_info(newer).version == 1);
    tarn_snapshot_close(newer);
    tarn_snapshot_close(snapshot);
    return status;
}

START_TEST(delta_refresh__survives_every_failure) /* T-DELTA-FAULT-1 */
{
    tarn_fault_sweep(refresh_body, NULL, TARN_FAULT_ALL);
}
END_TEST

TARN_SUITE("txlog/delta_refresh", TARN_TEST(delta_refresh__nothing_new_is_the_same_snapshot),
           TARN_TEST(delta_refresh__reads_the_new_commits_and_lists_nothing),
           TARN_TEST(delta_refresh__takes_over_a_new_schema_and_partitions), TARN_TEST(delta_refresh__loads_anew_when_the_log_is_another),
           TARN_TEST(delta_refresh__a_torn_commit_leaves_the_snapshot),
           TARN_LOOP_TIMES(delta_refresh__equals_loading_through_a_long_history, 4), TARN_TEST(delta_refresh__goes_on_from_a_checkpoint),
           TARN_TEST(delta_refresh__survives_every_failure))
