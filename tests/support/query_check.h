/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_QUERY_CHECK_H
#define TARN_TESTS_SUPPORT_QUERY_CHECK_H

#include "query/query_state.h"
#include "tests/support/suite.h"

/*
 * SQL against expected text. The table `t` (and any other name) is what the query `table_sql` gives (a VALUES list, say), put behind a
 * memory source. Rows come out as "a|b" lines, NULL as NULL.
 */

/** Runs a SELECT; *text (freed with tarn__free) has its rows. `table`: what FROM names mean; NULL: nothing. */
enum tarn_status tarn_query_text(struct tarn_env *env, const char *sql, struct tarn_source *table, bool no_prune, char **text,
                                 struct tarn_error *err);

/**
 * The query gives `expected` with pruning on and off, with 1 thread and 4, with every kernel level of the machine, from tasks of any size,
 * from plain and from dictionary columns.
 */
void tarn_query_check(const char *table_sql, const char *sql, const char *expected);

/** The query fails with the status, and its message begins with `message`. */
void tarn_query_check_fails(const char *table_sql, const char *sql, enum tarn_status status, const char *message);

/** The memory source of `table_sql`'s rows. */
struct tarn_source *tarn_query_table(struct tarn_env *env, const char *table_sql, uint32_t task_rows, uint32_t batch_rows,
                                     bool dictionaries);

#endif
