/* SPDX-License-Identifier: Apache-2.0
 *
 * What every test executable shares: the running of a suite, an env that must end empty, folders that go away.
 */
#include "tests/support/suite.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_FOLDERS = 512, TIMEOUT_SECONDS = 300 };

static char folders[MOST_FOLDERS][256];
static int folder_count;
static pid_t folder_owner;

int tarn_suite_run(const char *title, const struct tarn_suite_case *cases, int count)
{
    Suite *suite = suite_create(title);
    for (int i = 0; i < count; i++) {
        TCase *tcase = tcase_create(cases[i].test->name);
        tcase_set_timeout(tcase, TIMEOUT_SECONDS);
        tcase_add_loop_test(tcase, cases[i].test, 0, cases[i].rows);
        suite_add_tcase(suite, tcase);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int run = srunner_ntests_run(runner);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    if (run == 0) {
        fprintf(stderr, "%s: no check was executed\n", title);
        return EXIT_FAILURE;
    }
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

struct tarn_env *tarn_test_env(void)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env;
    ck_assert_ok(tarn_env_open(NULL, &env, &err), &err);
    return env;
}

void tarn_test_env_close(struct tarn_env *env)
{
    const uint64_t left = tarn_env_memory(env, NULL);
    tarn_env_close(env);
    ck_assert_msg(left == 0, "%llu bytes were not given back", (unsigned long long)left);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void remove_folders(void)
{
    if (getpid() == folder_owner) {
        for (int i = 0; i < folder_count; i++) {
            nftw(folders[i], remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        }
    }
}

const char *tarn_test_folder(void)
{
    if (folder_owner != getpid()) { /* a test that Check runs in a process of its own */
        folder_owner = getpid();
        folder_count = 0;
        atexit(remove_folders);
    }
    ck_assert_int_lt(folder_count, MOST_FOLDERS);
    const char *base = getenv("TMPDIR");
    char *folder = folders[folder_count++];
    snprintf(folder, sizeof(folders[0]), "%s/tarn-test-XXXXXX", base != NULL ? base : "/tmp");
    ck_assert_msg(mkdtemp(folder) != NULL, "cannot make %s", folder);
    return folder;
}

const char *tarn_test_corpus(void)
{
    const char *corpus = getenv("TARN_CORPUS");
    return corpus != NULL && corpus[0] != '\0' ? corpus : NULL;
}
