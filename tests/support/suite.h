/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_SUITE_H
#define TARN_TESTS_SUPPORT_SUITE_H

#include <check.h>

#include "tarn/env.h"

/*
 * One executable a unit: tests with Check, named <unit>__<behaviour>, listed once in TARN_SUITE, which defines main.
 * A run that executes no check fails. CK_FORK=no under sanitizers. CK_RUN_CASE=name picks one.
 */
struct tarn_suite_case {
    const TTest *test;
    int rows; /* a loop test runs once for each row, with _i */
};

int tarn_suite_run(const char *title, const struct tarn_suite_case *cases, int count);

#define TARN_TEST(test_name)                                                                                                               \
    {                                                                                                                                      \
        test_name, 1                                                                                                                       \
    }
#define TARN_LOOP_TEST(test_name, table)                                                                                                   \
    {                                                                                                                                      \
        test_name, (int)(sizeof(table) / sizeof((table)[0]))                                                                               \
    }
/** A loop test without a table: _i is 0 .. times - 1. */
#define TARN_LOOP_TIMES(test_name, times)                                                                                                  \
    {                                                                                                                                      \
        test_name, times                                                                                                                   \
    }
#define TARN_SUITE(title, ...)                                                                                                             \
    int main(void)                                                                                                                         \
    {                                                                                                                                      \
        const struct tarn_suite_case cases[] = {__VA_ARGS__};                                                                              \
        return tarn_suite_run(title, cases, (int)(sizeof(cases) / sizeof(cases[0])));                                                      \
    }

/** Fails with the error's text unless the call is OK. */
#define ck_assert_ok(call, err)                                                                                                            \
    do {                                                                                                                                   \
        const enum tarn_status ck_status_ = (call);                                                                                        \
        ck_assert_msg(ck_status_ == TARN_OK, "%s: %s: %s", #call, tarn_status_name(ck_status_), (err)->message);                           \
    } while (0)

#define ck_assert_status(call, expected)                                                                                                   \
    do {                                                                                                                                   \
        const enum tarn_status ck_status_ = (call);                                                                                        \
        ck_assert_msg(ck_status_ == (expected), "%s: %s, expected %s", #call, tarn_status_name(ck_status_), tarn_status_name(expected));   \
    } while (0)

/** An env of libc memory without threads, which fails the test when it cannot be opened; and its closing, which fails on a leak. */
struct tarn_env *tarn_test_env(void);
void tarn_test_env_close(struct tarn_env *env);

/** A new empty folder under $TMPDIR or /tmp, removed with what is in it when the process ends well. Static storage, one a call. */
const char *tarn_test_folder(void);

/** The folder of the conformance corpus ($TARN_CORPUS), or NULL: then the test says "not run". */
const char *tarn_test_corpus(void);

#endif
