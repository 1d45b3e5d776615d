/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_TABLE_ROWS_H
#define TARN_TESTS_SUPPORT_TABLE_ROWS_H

#include "tarn/table.h"
#include "tests/support/suite.h"

/*
 * A table for tests: columns id (BIGINT, never null), name (VARCHAR "row N"), part (INTEGER, id % 3; null when id % 7 is 0).
 * What fails, fails the test, unless a status is returned.
 */
const struct tarn_schema *tarn_test_rows_schema(struct tarn_env *env);

/** Rows with ids first .. first + count - 1 to the sink, which is then finished. */
enum tarn_status tarn_test_rows_write(struct tarn_sink *sink, int64_t first, uint32_t count, struct tarn_error *err);

/** The same without finish or abort. */
enum tarn_status tarn_test_rows_put(struct tarn_sink *sink, int64_t first, uint32_t count, struct tarn_error *err);

/** Makes the table with these rows as version 0. `partitioned`: by part. */
enum tarn_status tarn_test_table_create(struct tarn_env *env, struct tarn_text uri, bool partitioned, int64_t first, uint32_t count,
                                        struct tarn_error *err);
/** The same in a table of `format` (NULL: the default). */
enum tarn_status tarn_test_table_create_as(struct tarn_env *env, struct tarn_text uri, const char *format, bool partitioned, int64_t first,
                                           uint32_t count, struct tarn_error *err);
enum tarn_status tarn_test_table_append(struct tarn_env *env, struct tarn_text uri, int64_t first, uint32_t count,
                                        struct tarn_commit_result *result, struct tarn_error *err);
/** Replaces all rows. */
enum tarn_status tarn_test_table_overwrite(struct tarn_env *env, struct tarn_text uri, int64_t first, uint32_t count,
                                           struct tarn_error *err);
/** Takes out the rows whose id is `id` by rewriting the files that may hold it. */
enum tarn_status tarn_test_table_delete(struct tarn_env *env, struct tarn_text uri, int64_t id, struct tarn_error *err);

/** The predicate id = value. */
struct tarn_expr *tarn_test_id_equals(struct tarn_env *env, int64_t value);

/** Rows and the sum of ids of a version (-1: the newest), every value of every column checked. */
enum tarn_status tarn_test_table_sum(struct tarn_env *env, struct tarn_text uri, int64_t version, uint64_t *rows, int64_t *sum,
                                     struct tarn_error *err);

/** The rows of a version as sorted lines of canonical JSON; freed with tarn__free. */
char *tarn_test_table_rows(struct tarn_env *env, struct tarn_text uri, int64_t version);

/** Puts a file into a folder of the local file system, making folders on the way. */
void tarn_test_put_file(const char *folder, const char *name, const char *text);

#endif
