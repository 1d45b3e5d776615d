/* SPDX-License-Identifier: Apache-2.0
 * SQL against expected text, in every way that must not make a difference.
 */
#include "tests/support/query_check.h"

#include <string.h>

#include "format/base/text.h"
#include "format/batch/flatten.h"
#include "format/batch/row_text.h"
#include "tests/support/memory_source.h"

static enum tarn_status find_table(void *ctx, const struct tarn__table_name *name, struct tarn_text sql, struct tarn_source **out,
                                   struct tarn_error *err)
{
    (void)name;
    (void)sql;
    *out = ctx;
    return ctx != NULL ? TARN_OK : tarn__error_set(err, TARN_NOT_FOUND, "table", "no table");
}

static enum tarn_status start(struct tarn_env *env, const char *sql, struct tarn_source *table, bool no_prune, struct tarn_query **out,
                              struct tarn_error *err)
{
    struct tarn_query_options options = TARN_QUERY_OPTIONS_INIT;
    options.no_prune = no_prune;
    TARN_RETURN_IF_ERROR(tarn__query_begin(env, tarn__text_of(sql), &options, out, err));
    (*out)->relations = (struct tarn__relations){table, find_table};
    const enum tarn_status status =
        (*out)->statement->kind == TARN__STATEMENT_EXPLAIN ? tarn__query_explain(*out, err) : tarn__query_select(*out, err);
    if (status != TARN_OK) {
        tarn_query_close(*out);
        *out = NULL;
    }
    return status;
}

static void add_rows(struct tarn_text_builder *out, const struct tarn_batch *batch)
{
    for (uint32_t i = 0; i < batch->length; i++) {
        for (uint32_t k = 0; k < batch->column_count; k++) {
            tarn__builder_add_str(out, k == 0 ? "" : "|");
            if (tarn_vector_is_null(batch->columns[k], i)) {
                tarn__builder_add_str(out, "NULL");
            } else {
                tarn__row_text(out, batch->columns[k], i, TARN_STYLE_SQL);
            }
        }
        tarn__builder_add_char(out, '\n');
    }
}

enum tarn_status tarn_query_text(struct tarn_env *env, const char *sql, struct tarn_source *table, bool no_prune, char **text,
                                 struct tarn_error *err)
{
    struct tarn_text_builder out;
    struct tarn_query *query;
    struct tarn_batch *batch;
    *text = NULL;
    TARN_RETURN_IF_ERROR(start(env, sql, table, no_prune, &query, err));
    tarn__builder_init(&out, env);
    enum tarn_status status;
    while ((status = tarn_query_next(query, &batch, err)) == TARN_OK && batch != NULL) {
        add_rows(&out, batch);
    }
    if (status == TARN_OK) {
        tarn__builder_add_str(&out, "");
        status = tarn__builder_status(&out, err);
        size_t size;
        *text = status == TARN_OK ? tarn__builder_take(&out, &size) : NULL;
        status = status == TARN_OK && *text == NULL ? tarn__nomem(env, err, 0) : status;
    }
    tarn__builder_free(&out);
    tarn_query_close(query);
    return status;
}

struct tarn_source *tarn_query_table(struct tarn_env *env, const char *table_sql, uint32_t task_rows, uint32_t batch_rows,
                                     bool dictionaries)
{
    const struct tarn_memory_source_options options = {task_rows, batch_rows, dictionaries};
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_query *query;
    struct tarn_batch *batch;
    struct tarn_source *source;
    ck_assert_ok(start(env, table_sql, NULL, false, &query, &err), &err);
    ck_assert_ok(tarn_query_next(query, &batch, &err), &err);
    ck_assert_ptr_nonnull(batch);
    struct tarn_vector *flat[64];
    for (uint32_t i = 0; i < batch->column_count; i++) {
        ck_assert_ok(tarn__vector_flatten(batch->columns[i], NULL, &flat[i], &err), &err);
    }
    ck_assert_ok(tarn_memory_source_open(env, batch->schema, batch->length, flat, &options, &source, &err), &err);
    for (uint32_t i = 0; i < batch->column_count; i++) {
        tarn_vector_release(flat[i]);
    }
    tarn_query_close(query);
    return source;
}

static void check_one(const char *table_sql, const char *sql, const char *expected, uint32_t threads, enum tarn_cpu cpu, uint32_t task_rows,
                      bool dictionaries)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_pool *pool = NULL;
    struct tarn_executor executor;
    struct tarn_env *env;
    options.cpu = cpu;
    if (threads > 1) {
        ck_assert_ok(tarn_pool_open(threads, &pool, &err), &err);
        executor = tarn_pool_executor(pool);
        options.executor = &executor;
    }
    if (tarn_env_open(&options, &env, &err) == TARN_OK) { /* else the machine has no such kernels */
        struct tarn_source *source = table_sql != NULL ? tarn_query_table(env, table_sql, task_rows, task_rows / 2, dictionaries) : NULL;
        for (int no_prune = 0; no_prune < 2; no_prune++) {
            char *text;
            ck_assert_msg(tarn_query_text(env, sql, source, no_prune != 0, &text, &err) == TARN_OK, "%s\n%s", sql, err.message);
            ck_assert_msg(strcmp(text, expected) == 0,
                          "%s (threads %u, cpu %d, task rows %u, dictionaries %d, no_prune %d)\ngave:\n%s\nexpected:\n%s", sql, threads,
                          (int)cpu, task_rows, dictionaries, no_prune, text, expected);
            tarn__free(env, text);
        }
        tarn_source_close(source);
        tarn_test_env_close(env);
    }
    tarn_pool_close(pool);
}

void tarn_query_check(const char *table_sql, const char *sql, const char *expected)
{
    check_one(table_sql, sql, expected, 1, TARN_CPU_BASE, 0, false);
    if (table_sql == NULL) {
        return;
    }
    check_one(table_sql, sql, expected, 1, TARN_CPU_V3, 2, true);
    check_one(table_sql, sql, expected, 4, TARN_CPU_V4, 3, false);
    check_one(table_sql, sql, expected, 4, TARN_CPU_AUTO, 1, true);
}

void tarn_query_check_fails(const char *table_sql, const char *sql, enum tarn_status status, const char *message)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_source *source = table_sql != NULL ? tarn_query_table(env, table_sql, 2, 1, false) : NULL;
    char *text;
    const enum tarn_status found = tarn_query_text(env, sql, source, false, &text, &err);
    ck_assert_msg(found == status, "%s: %s %s", sql, tarn_status_name(found), found == TARN_OK ? text : err.message);
    ck_assert_msg(strncmp(err.message, message, strlen(message)) == 0, "%s:\n%s\nexpected:\n%s", sql, err.message, message);
    tarn_source_close(source);
    tarn_test_env_close(env);
}
