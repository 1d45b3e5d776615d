/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_SQL_RUN_H
#define TARN_TESTS_SUPPORT_SQL_RUN_H

#include "tests/support/statement.h"

/** One step of a story: a statement and what comes of it. */
struct tarn_sql_step {
    const char *sql;
    const char *rows;        /**< what it gives; NULL: not looked at */
    enum tarn_status status; /**< TARN_OK, or how it fails */
    const char *detail;      /**< of a failure */
};

/** Every step in order, in a fresh lake whose folder is returned (static storage). */
const char *tarn_test_sql_story(struct tarn_env *env, const struct tarn_sql_step *steps, size_t count);

#endif
