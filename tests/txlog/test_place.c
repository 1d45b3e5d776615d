/* SPDX-License-Identifier: Apache-2.0
 * Places of tables: folders, metadata files, names in a catalog.
 */
#include "txlog/core/place.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "format/base/alloc.h"
#include "format/base/text.h"
#include "tarn/table.h"
#include "tests/support/fault.h"
#include "tests/support/memory_catalog.h"
#include "tests/support/suite.h"

static const struct {
    const char *location;
    const char *folder; /* NULL: no metadata file */
    const char *key;
} splits[] = {
    {"/wh/t/metadata/v3.metadata.json", "/wh/t", "metadata/v3.metadata.json"},
    {"file:///wh/t/metadata/00001-a.metadata.json", "file:///wh/t", "metadata/00001-a.metadata.json"},
    {"t/metadata/v3.gz.metadata.json", "t", "metadata/v3.gz.metadata.json"},
    {"t/metadata/v3.metadata.json.gz", "t", "metadata/v3.metadata.json.gz"},
    {"metadata/v3.metadata.json", ".", "metadata/v3.metadata.json"},
    {"/metadata/v3.metadata.json", "/", "metadata/v3.metadata.json"},
    {"/wh/t/x/v3.metadata.json", "/wh/t", "x/v3.metadata.json"},
    {"v3.metadata.json", NULL, NULL},
    {"/wh/t/metadata/v3.json", NULL, NULL},
    {"/wh/t/metadata/.metadata.json/", NULL, NULL},
    {"", NULL, NULL},
};

START_TEST(place__splits_the_location_of_a_metadata_file) /* T-PLACE-1 */
{
    struct tarn_text folder;
    struct tarn_text key;
    const bool is = tarn__place_split_metadata(tarn__text_of(splits[_i].location), &folder, &key);
    ck_assert_int_eq(is, splits[_i].folder != NULL);
    if (is) {
        ck_assert_msg(tarn__text_equal(folder, tarn__text_of(splits[_i].folder)), "%.*s", TARN_TEXT_ARG(folder));
        ck_assert_msg(tarn__text_equal(key, tarn__text_of(splits[_i].key)), "%.*s", TARN_TEXT_ARG(key));
    }
}
END_TEST

static struct tarn_env *env_of(struct tarn_memory_catalog *catalog, const char *folder)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env;
    snprintf(catalog->warehouse, sizeof(catalog->warehouse), "%s", folder);
    options.open_catalog = tarn_memory_catalog_open;
    options.catalog_ctx = catalog;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    return env;
}

START_TEST(place__asks_the_catalog_behind_a_hash) /* T-PLACE-2 */
{
    struct tarn_memory_catalog catalog = {.count = 0};
    struct tarn_error err = TARN_ERROR_INIT;
    const char *folder = tarn_test_folder();
    struct tarn_env *env = env_of(&catalog, folder);
    char location[600];
    snprintf(location, sizeof(location), "file://%s/t/metadata/00002-x.metadata.json", folder);
    tarn_memory_catalog_set(&catalog, "ns.t", location);
    struct tarn__place place;
    ck_assert_status(tarn__place_find(env, TARN_TEXT("shelf:#ns.t"), &place, &err), TARN_NOT_FOUND); /* the folder is not there */
    snprintf(location, sizeof(location), "%s/t", folder);
    ck_assert_int_eq(mkdir(location, 0777), 0);
    ck_assert_ok(tarn__place_find(env, TARN_TEXT("shelf:#ns.t"), &place, &err), &err);
    ck_assert_str_eq(place.entry, "metadata/00002-x.metadata.json");
    ck_assert_str_eq(place.name, "ns.t");
    ck_assert_str_eq(place.pointer, tarn_memory_catalog_location(&catalog, "ns.t"));
    ck_assert(tarn__text_ends(tarn_store_location(place.store), TARN_TEXT("/t")));
    struct tarn__place copy;
    ck_assert_ok(tarn__place_copy(&place, &copy, &err), &err);
    tarn__place_close(&place);
    ck_assert_str_eq(copy.uri, "shelf:#ns.t");
    tarn__place_close(&copy);
    tarn__place_close(&copy); /* closed is closed */

    ck_assert_status(tarn__place_find(env, TARN_TEXT("shelf:#ns.u"), &place, &err), TARN_NOT_FOUND);
    ck_assert_status(tarn__place_find(env, TARN_TEXT("shelf:#ns/t"), &place, &err), TARN_INVALID);
    ck_assert_status(tarn__place_find(env, TARN_TEXT("shelf:#.t"), &place, &err), TARN_INVALID);
    ck_assert_status(tarn__place_make(env, TARN_TEXT("shelf:#ns.t"), &place, &err), TARN_EXISTS);
    catalog.rows[0].is_view = true;
    ck_assert_status(tarn__place_find(env, TARN_TEXT("shelf:#ns.t"), &place, &err), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, "catalog.view");
    tarn_memory_catalog_set(&catalog, "ns.t", "/somewhere/else");
    catalog.rows[0].is_view = false;
    ck_assert_status(tarn__place_find(env, TARN_TEXT("shelf:#ns.t"), &place, &err), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, "catalog.location");
    tarn_test_env_close(env);
}
END_TEST

START_TEST(place__takes_a_hash_in_a_folder_for_what_it_is) /* T-PLACE-2 */
{
    struct tarn_memory_catalog catalog = {.count = 0};
    struct tarn_error err = TARN_ERROR_INIT;
    char folder[600];
    snprintf(folder, sizeof(folder), "%s/a#b", tarn_test_folder());
    struct tarn_env *env = env_of(&catalog, "/nowhere");
    struct tarn__place place;
    ck_assert_ok(tarn__place_make(env, tarn__text_of(folder), &place, &err), &err);
    ck_assert_ptr_null(place.catalog);
    ck_assert_ptr_null(place.entry);
    tarn__place_close(&place);
    ck_assert_ok(tarn__place_find(env, tarn__text_of(folder), &place, &err), &err);
    tarn__place_close(&place);
    ck_assert_status(tarn__place_make(env, TARN_TEXT("x/metadata/v1.metadata.json"), &place, &err), TARN_INVALID);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(place__makes_the_folder_that_the_catalog_names) /* T-PLACE-3 */
{
    struct tarn_memory_catalog catalog = {.count = 0};
    struct tarn_error err = TARN_ERROR_INIT;
    const char *folder = tarn_test_folder();
    struct tarn_env *env = env_of(&catalog, folder);
    struct tarn__place place;
    ck_assert_ok(tarn__place_make(env, TARN_TEXT("shelf:#new"), &place, &err), &err);
    ck_assert_ptr_null(place.pointer);
    char wanted[600];
    struct stat info;
    snprintf(wanted, sizeof(wanted), "%s/new", folder);
    ck_assert_int_eq(stat(wanted, &info), 0);
    tarn__place_close(&place);
    ck_assert_uint_eq(catalog.count, 0); /* finding a place enters nothing */
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status find_and_copy(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    struct tarn__place place;
    struct tarn__place copy;
    (void)ctx;
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn__place_make(env, TARN_TEXT("memory:t"), &place, err), err);
    tarn__place_close(&place);
    tarn_fault_resume(fault);
    TARN_RETURN_IF_ERROR(tarn__place_find(env, TARN_TEXT("shelf:#t"), &place, err));
    const enum tarn_status status = tarn__place_copy(&place, &copy, err);
    tarn__place_close(&place);
    tarn__place_close(&copy);
    return status;
}

START_TEST(place__gives_everything_back_whatever_fails)
{
    struct tarn_memory_catalog catalog = {.count = 0};
    struct tarn_env_options env = TARN_ENV_OPTIONS_INIT;
    env.open_catalog = tarn_memory_catalog_open;
    env.catalog_ctx = &catalog;
    tarn_memory_catalog_set(&catalog, "t", "memory:t/metadata/v1.metadata.json");
    const struct tarn_fault_sweep_options options = {.env = &env};
    ck_assert_uint_gt(tarn_fault_sweep_with(find_and_copy, NULL, TARN_FAULT_ALL, &options), 10);
}
END_TEST

TARN_SUITE("place", TARN_LOOP_TEST(place__splits_the_location_of_a_metadata_file, splits), TARN_TEST(place__asks_the_catalog_behind_a_hash),
           TARN_TEST(place__takes_a_hash_in_a_folder_for_what_it_is), TARN_TEST(place__makes_the_folder_that_the_catalog_names),
           TARN_TEST(place__gives_everything_back_whatever_fails))
