/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_STATEMENT_H
#define TARN_TESTS_SUPPORT_STATEMENT_H

#include "tarn/query.h"
#include "tests/support/suite.h"

/**
 * Runs one statement in a lake. `info` (may be NULL): what it did. *text (may be NULL): its rows as "a|b" lines in the order in which they
 * came; freed with tarn__free.
 */
enum tarn_status tarn_test_statement(struct tarn_env *env, const char *lake, const char *sql, struct tarn_query_info *info, char **text,
                                     struct tarn_error *err);

#endif
