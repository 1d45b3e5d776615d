/* SPDX-License-Identifier: Apache-2.0
 * Opening stores: what a URI names, what the hook decides, what a folder that is not there comes to.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tarn/store.h"
#include "tests/support/suite.h"

static struct tarn_text text(const char *terminated)
{
    return (struct tarn_text){terminated, strlen(terminated)};
}

static enum tarn_status open_close(struct tarn_env *env, const char *uri, bool create, struct tarn_error *err)
{
    struct tarn_store *store;
    const enum tarn_status status = tarn_store_open(env, text(uri), create, &store, err);
    ck_assert((status == TARN_OK) == (store != NULL));
    tarn_store_close(store);
    return status;
}

START_TEST(store_open__makes_a_folder_with_its_parents_only_when_asked) /* S-STORE-7 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    char path[512];
    struct stat stat_of;
    snprintf(path, sizeof(path), "%s/a/b//c/", tarn_test_folder());
    ck_assert_status(open_close(env, path, false, &err), TARN_NOT_FOUND);
    ck_assert_str_eq(err.object, path);
    ck_assert_ok(open_close(env, path, true, &err), &err);
    ck_assert_int_eq(stat(path, &stat_of), 0);
    ck_assert_ok(open_close(env, path, true, &err), &err);
    ck_assert_ok(open_close(env, path, false, &err), &err);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *before;
    const char *behind;
    const char *made; /* below the test's folder */
    enum tarn_status status;
    const char *detail;
} uris[] = {
    {"", "/plain", "/plain", TARN_OK, ""},
    {"", "/100%25", "/100%25", TARN_OK, ""}, /* a path is no URI */
    {"", "/a:b", "/a:b", TARN_OK, ""},
    {"file://", "/a%20b%C3%A4", "/a b\xc3\xa4", TARN_OK, ""},
    {"file://localhost", "/host", "/host", TARN_OK, ""},
    {"file:", "/short%2fone", "/short/one", TARN_OK, ""},
    {"file://", "/cut%2", NULL, TARN_INVALID, "path"},
    {"file://", "/no%zz", NULL, TARN_INVALID, "path"},
    {"file://", "/nul%00", NULL, TARN_INVALID, "path"},
    {"file://elsewhere", "/x", NULL, TARN_INVALID, "path"},
    {"s3://bucket", "/x", NULL, TARN_UNSUPPORTED, "store.scheme"},
    {"memory://", "/x", NULL, TARN_UNSUPPORTED, "store.scheme"},
};

START_TEST(store_open__reads_paths_and_file_uris) /* S-STORE-7 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    const char *folder = tarn_test_folder();
    char uri[512];
    char made[512];
    struct stat stat_of;
    snprintf(uri, sizeof(uri), "%s%s%s", uris[_i].before, folder, uris[_i].behind);
    ck_assert_status(open_close(env, uri, true, &err), uris[_i].status);
    ck_assert_str_eq(err.detail, uris[_i].detail);
    if (uris[_i].made != NULL) {
        snprintf(made, sizeof(made), "%s%s", folder, uris[_i].made);
        ck_assert_msg(stat(made, &stat_of) == 0 && S_ISDIR(stat_of.st_mode), "%s was not made", made);
    }
    tarn_test_env_close(env);
}
END_TEST

START_TEST(store_open__refuses_an_empty_path_a_nul_and_a_file)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_store *store;
    ck_assert_status(open_close(env, "", true, &err), TARN_INVALID);
    ck_assert_status(tarn_store_open(env, (struct tarn_text){"/tmp\0x", 6}, false, &store, &err), TARN_INVALID);
    char path[512];
    snprintf(path, sizeof(path), "%s/file", tarn_test_folder());
    FILE *file = fopen(path, "w");
    fclose(file);
    ck_assert_status(open_close(env, path, true, &err), TARN_NOT_FOUND);
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status hook(void *ctx, struct tarn_env *env, struct tarn_text uri, bool create, struct tarn_store **out,
                             struct tarn_error *err)
{
    (void)create;
    ++*(int *)ctx;
    if (uri.size == 5) {
        return TARN_AUTH; /* without a word in err */
    }
    return tarn_store_open_memory(env, 0, out, err);
}

START_TEST(store_open__asks_the_hook_of_the_host) /* S-STORE-7 */
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env;
    int calls = 0;
    options.open_store = hook;
    options.store_ctx = &calls;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    ck_assert_ok(open_close(env, "memory:/x", true, &err), &err);
    ck_assert_status(open_close(env, "wrong", true, &err), TARN_AUTH);
    ck_assert_int_eq(err.code, TARN_AUTH);
    ck_assert_str_eq(err.object, "wrong");
    ck_assert_int_eq(calls, 2);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("format/store_open", TARN_TEST(store_open__makes_a_folder_with_its_parents_only_when_asked),
           TARN_LOOP_TEST(store_open__reads_paths_and_file_uris, uris), TARN_TEST(store_open__refuses_an_empty_path_a_nul_and_a_file),
           TARN_TEST(store_open__asks_the_hook_of_the_host))
