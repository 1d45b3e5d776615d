/* SPDX-License-Identifier: Apache-2.0
 * Names of tables in lakes: what they mean in a folder and in a catalog, and what a lake lists.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/text.h"
#include "tarn/query.h"
#include "tests/support/fault.h"

/* ---- a catalog with three entries, named by "shelf:" ---- */

struct shelf {
    struct tarn_catalog base;
    int *opened;
};

static const struct tarn_catalog_entry entries[] = {
    {{"alone", 5}, {"memory:alone/metadata/1.metadata.json", 37}, false},
    {{"ns.seen", 7}, {"memory:seen/metadata/1.metadata.json", 36}, true},
    {{"ns.t", 4}, {"memory:t/metadata/1.metadata.json", 33}, false},
};

static enum tarn_status shelf_find(struct tarn_catalog *catalog, struct tarn_text table, tarn_catalog_fn fn, void *arg,
                                   struct tarn_error *err)
{
    (void)catalog;
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        if (table.size == entries[i].name.size && memcmp(table.data, entries[i].name.data, table.size) == 0) {
            return fn(arg, &entries[i], err);
        }
    }
    return tarn__error_set(err, TARN_NOT_FOUND, "table", "not on the shelf");
}

static enum tarn_status shelf_list(struct tarn_catalog *catalog, tarn_catalog_fn fn, void *arg, struct tarn_error *err)
{
    (void)catalog;
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        TARN_RETURN_IF_ERROR(fn(arg, &entries[i], err));
    }
    return TARN_OK;
}

static enum tarn_status shelf_place(struct tarn_catalog *catalog, struct tarn_text table, tarn_text_fn fn, void *arg,
                                    struct tarn_error *err)
{
    (void)catalog;
    return fn(arg, table, err);
}

static enum tarn_status shelf_swap(struct tarn_catalog *catalog, struct tarn_text table, struct tarn_text expected, struct tarn_text next,
                                   struct tarn_error *err)
{
    (void)catalog;
    (void)table;
    (void)expected;
    (void)next;
    return tarn__error_set(err, TARN_IO, "shelf", "the shelf is full");
}

static enum tarn_status shelf_drop(struct tarn_catalog *catalog, struct tarn_text table, struct tarn_error *err)
{
    (void)catalog;
    (void)table;
    return tarn__error_set(err, TARN_IO, "shelf", "the shelf is locked");
}

static void shelf_close(struct tarn_catalog *catalog)
{
    struct shelf *shelf = (struct shelf *)catalog;
    struct tarn_env *env = tarn__env_retain(catalog->env);
    (*shelf->opened)--;
    tarn_catalog_deinit(catalog);
    tarn__free(env, shelf);
    tarn_env_close(env);
}

static enum tarn_status shelf_open(void *ctx, struct tarn_env *env, struct tarn_text uri, struct tarn_catalog **out, struct tarn_error *err)
{
    static const struct tarn_catalog_ops ops = {
        sizeof(ops), "shelf", shelf_find, shelf_list, shelf_place, shelf_swap, shelf_drop, shelf_close,
    };
    *out = NULL;
    if (uri.size != 6 || memcmp(uri.data, "shelf:", 6) != 0) {
        return TARN_OK;
    }
    struct shelf *shelf = tarn__calloc(env, 1, sizeof(*shelf));
    if (shelf == NULL) {
        return tarn__nomem(env, err, sizeof(*shelf));
    }
    const enum tarn_status status = tarn_catalog_init(&shelf->base, &ops, env, err);
    if (status != TARN_OK) {
        tarn__free(env, shelf);
        return status;
    }
    shelf->opened = ctx;
    (*shelf->opened)++;
    *out = &shelf->base;
    return TARN_OK;
}

/* ---- what is asked ---- */

static enum tarn_status print_text(void *arg, struct tarn_text text, struct tarn_error *err)
{
    (void)err;
    snprintf(arg, 1024, "%.*s", TARN_TEXT_ARG(text));
    return TARN_OK;
}

static const char *uri_of(struct tarn_env *env, const char *lake, const char *name)
{
    static char uri[1024];
    struct tarn_error err = TARN_ERROR_INIT;
    ck_assert_ok(tarn_lake_table_uri(env, tarn__text_of(lake), tarn__text_of(name), print_text, uri, &err), &err);
    return uri;
}

static enum tarn_status print_table(void *arg, const struct tarn_lake_table *table, struct tarn_error *err)
{
    char *text = arg;
    const size_t size = strlen(text);
    (void)err;
    snprintf(text + size, 2048 - size, "%.*s=%.*s(%s%s) ", TARN_TEXT_ARG(table->name), TARN_TEXT_ARG(table->uri), table->format,
             table->is_view ? ",view" : "");
    return TARN_OK;
}

static void make(struct tarn_env *env, const char *lake, const char *path)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_query_options options = TARN_QUERY_OPTIONS_INIT;
    struct tarn_query *query;
    char sql[600];
    char whole[512];
    snprintf(whole, sizeof(whole), "%s/%s", lake, path);
    snprintf(sql, sizeof(sql), "CREATE TABLE '%s' (a INTEGER)", whole);
    ck_assert_ok(tarn_query_open(env, tarn__text_of(sql), &options, &query, &err), &err);
    tarn_query_close(query);
}

static void put(struct tarn_env *env, const char *folder, const char *key)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_store *store;
    const struct tarn_span bytes = {(const uint8_t *)"a\n1\n", 4};
    ck_assert_ok(tarn_store_open(env, tarn__text_of(folder), true, &store, &err), &err);
    ck_assert_ok(tarn_store_put(store, tarn__text_of(key), bytes, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err), &err);
    tarn_store_close(store);
}

START_TEST(lake__names_tables_of_a_folder) /* Q-LAKE-1 */
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = tarn_test_folder();
    char expected[1024];
    make(env, lake, "ns/t");
    make(env, lake, "ns.t"); /* the folder of a folder goes before it */
    make(env, lake, "v1.2");
    snprintf(expected, sizeof(expected), "%s/ns/t", lake);
    ck_assert_str_eq(uri_of(env, lake, "ns.t"), expected);
    snprintf(expected, sizeof(expected), "%s/v1.2", lake);
    ck_assert_str_eq(uri_of(env, lake, "v1.2"), expected);
    snprintf(expected, sizeof(expected), "%s/ns/fresh", lake);
    ck_assert_str_eq(uri_of(env, lake, "ns.fresh"), expected);
    snprintf(expected, sizeof(expected), "%s/fresh", lake);
    ck_assert_str_eq(uri_of(env, lake, "fresh"), expected);
    ck_assert_str_eq(uri_of(env, "", "fresh"), "fresh");
    ck_assert_str_eq(uri_of(env, ".", "ns.fresh"), "ns/fresh");
    ck_assert_str_eq(uri_of(env, "/", "fresh"), "/fresh");
    ck_assert_str_eq(uri_of(env, "not/there/", "fresh"), "not/there/fresh");
    tarn_test_env_close(env);
}
END_TEST

static const char *const no_names[] = {"", ".", "..", "a.", ".a", "a..b", "a/b", "/a", "../a", "ns/../a"};

START_TEST(lake__refuses_names_that_lead_elsewhere) /* Q-LAKE-4 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    char uri[1024];
    ck_assert_status(tarn_lake_table_uri(env, TARN_TEXT("lake"), tarn__text_of(no_names[_i]), print_text, uri, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "table_name");
    tarn_test_env_close(env);
}
END_TEST

START_TEST(lake__lists_a_folder_by_name) /* Q-LAKE-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    const char *lake = tarn_test_folder();
    char text[2048] = "";
    char expected[2048];
    make(env, lake, "a-b"); /* its keys stand before those of a */
    make(env, lake, "a");
    make(env, lake, "a/inside");
    make(env, lake, "ns/t");
    make(env, lake, "ns/u");
    make(env, lake, "one/two/three");
    make(env, lake, ".hidden");
    put(env, lake, "file.csv");
    put(env, lake, "ns/file.csv");
    put(env, lake, "zz/file.csv");
    ck_assert_ok(tarn_lake_tables(env, tarn__text_of(lake), print_table, text, &err), &err);
    snprintf(expected, sizeof(expected), "a=%s/a(delta) a-b=%s/a-b(delta) ns.t=%s/ns/t(delta) ns.u=%s/ns/u(delta) ", lake, lake, lake,
             lake);
    ck_assert_str_eq(text, expected);
    ck_assert_status(tarn_lake_tables(env, TARN_TEXT("not/there"), print_table, text, &err), TARN_NOT_FOUND);
    tarn_test_env_close(env);
}
END_TEST

static struct tarn_env_options with_shelf(int *opened)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    options.open_catalog = shelf_open;
    options.catalog_ctx = opened;
    return options;
}

START_TEST(lake__names_entries_of_a_catalog) /* Q-LAKE-2 */
{
    int opened = 0;
    const struct tarn_env_options options = with_shelf(&opened);
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env;
    char text[2048] = "";
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    ck_assert_str_eq(uri_of(env, "shelf:", "ns.t"), "shelf:#ns.t");
    ck_assert_str_eq(uri_of(env, "shelf:", "ns.fresh"), "shelf:#ns.fresh");
    ck_assert_str_eq(uri_of(env, "shelf:", "alone"), "shelf:#alone");
    ck_assert_str_eq(uri_of(env, "shelf:", "fresh"), "shelf:#default.fresh");
    ck_assert_ok(tarn_lake_tables(env, TARN_TEXT("shelf:"), print_table, text, &err), &err);
    ck_assert_str_eq(text, "alone=shelf:#alone(iceberg) ns.seen=shelf:#ns.seen(iceberg,view) ns.t=shelf:#ns.t(iceberg) ");
    ck_assert_int_eq(opened, 0);
    tarn_test_env_close(env);
}
END_TEST

/* What is missing in a catalog: the nearest entry is named, and a file beside is not taken for it. */
START_TEST(lake__suggests_entries_of_a_catalog) /* Q-LAKE-2 */
{
    int opened = 0;
    const struct tarn_env_options options = with_shelf(&opened);
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_relation relation;
    struct tarn_env *env;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    ck_assert_status(tarn_relation_open(env, TARN_TEXT("shelf:"), TARN_TEXT("ns.r"), &relation, &err), TARN_NOT_FOUND);
    ck_assert_msg(strstr(err.message, "did you mean \"ns.t\"") != NULL, "%s", err.message);
    ck_assert_status(tarn_relation_open(env, TARN_TEXT("."), TARN_TEXT("shelf:#ns.r"), &relation, &err), TARN_NOT_FOUND);
    ck_assert_status(tarn_relation_open(env, TARN_TEXT("."), TARN_TEXT("shelf:#ns.r@v3"), &relation, &err), TARN_NOT_FOUND);
    ck_assert_status(tarn_relation_open(env, TARN_TEXT("shelf:"), TARN_TEXT("no-such-*"), &relation, &err), TARN_NOT_FOUND);
    ck_assert_int_eq(opened, 0);
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status list_body(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    char text[2048] = "";
    (void)ctx;
    tarn_fault_suspend(fault);
    make(env, "memory:lake", "ns/t");
    make(env, "memory:lake", "u");
    put(env, "memory:lake", "file.csv");
    tarn_fault_resume(fault);
    return tarn_lake_tables(env, TARN_TEXT("memory:lake"), print_table, text, err);
}

static enum tarn_status name_body(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    char text[2048] = "";
    (void)fault;
    TARN_RETURN_IF_ERROR(tarn_lake_table_uri(env, TARN_TEXT("shelf:"), TARN_TEXT("fresh"), print_text, text, err));
    ck_assert_int_eq(*(int *)ctx, 0);
    return tarn_lake_tables(env, TARN_TEXT("shelf:"), print_table, text, err);
}

START_TEST(lake__survives_every_failure)
{
    int opened = 0;
    const struct tarn_env_options options = with_shelf(&opened);
    const struct tarn_fault_sweep_options sweep = {.env = &options};
    tarn_fault_sweep(list_body, NULL, TARN_FAULT_ALL_ALLOC | TARN_FAULT_IO_ONCE);
    tarn_fault_sweep_with(name_body, &opened, TARN_FAULT_ALL_ALLOC, &sweep);
    ck_assert_int_eq(opened, 0);
}
END_TEST

TARN_SUITE("query/lake", TARN_TEST(lake__names_tables_of_a_folder), TARN_LOOP_TEST(lake__refuses_names_that_lead_elsewhere, no_names),
           TARN_TEST(lake__lists_a_folder_by_name), TARN_TEST(lake__names_entries_of_a_catalog),
           TARN_TEST(lake__suggests_entries_of_a_catalog), TARN_TEST(lake__survives_every_failure))
