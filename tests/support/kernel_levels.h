/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_KERNEL_LEVELS_H
#define TARN_TESTS_SUPPORT_KERNEL_LEVELS_H

#include "format/kernels/kernels.h"
#include "tests/support/suite.h"

/* Running a test at each level of the kernels that this machine has. */
enum { TARN_TEST_LEVELS = 3 };

static const enum tarn_cpu tarn_test_levels[TARN_TEST_LEVELS] = {TARN_CPU_BASE, TARN_CPU_V3, TARN_CPU_V4};

/** Was the level built, and does the machine have it? */
static inline bool tarn_test_level_runs(enum tarn_cpu level)
{
    return tarn__kernels_at(level) != NULL && level <= tarn__cpu_detect();
}

static inline struct tarn_env *tarn_test_env_at(enum tarn_cpu level)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env;
    options.cpu = level;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    return env;
}

#endif
