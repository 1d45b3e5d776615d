/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as SQL over a small table: parsed, bound, planned and run for a few batches. What comes back is rows or an error, within a
 * limit of memory; an error that points into the text points inside it.
 */
#include <stdlib.h>
#include <string.h>

#include "query/query_state.h"
#include "tests/support/memory_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum tarn_status find_table(void *ctx, const struct tarn__table_name *name, struct tarn_text sql, struct tarn_source **out,
                                   struct tarn_error *err)
{
    (void)name;
    (void)sql;
    *out = ctx;
    return ctx != NULL ? TARN_OK : tarn__error_set(err, TARN_NOT_FOUND, "table", "no table");
}

static struct tarn_query *start(struct tarn_env *env, struct tarn_text sql, struct tarn_source *table, struct tarn_error *err)
{
    struct tarn_query *query;
    if (tarn__query_begin(env, sql, NULL, &query, err) != TARN_OK) {
        return NULL;
    }
    query->relations = (struct tarn__relations){table, find_table};
    const enum tarn__statement_kind kind = query->statement->kind;
    enum tarn_status status = TARN_OK;
    if (kind == TARN__STATEMENT_SELECT) {
        status = tarn__query_select(query, err);
    } else if (kind == TARN__STATEMENT_EXPLAIN) {
        status = tarn__query_explain(query, err);
    }
    if (status != TARN_OK) {
        tarn_query_close(query);
        return NULL;
    }
    return query;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env;
    struct tarn_query *query;
    struct tarn_batch *batch = NULL;
    struct tarn_source *table = NULL;
    options.memory_limit = 64 << 20;
    if (tarn_env_open(&options, &env, &err) != TARN_OK) {
        return 0;
    }
    query = start(env, TARN_TEXT("VALUES (1, 'x', 1.5, DATE '2020-01-01', [1, 2], 2e0), (2, NULL, NULL, NULL, NULL, NULL)"), NULL, &err);
    if (query != NULL && tarn_query_next(query, &batch, &err) == TARN_OK && batch != NULL) {
        const struct tarn_memory_source_options cut = {1, 1, true};
        if (tarn_memory_source_open(env, batch->schema, batch->length, batch->columns, &cut, &table, &err) != TARN_OK) {
            table = NULL;
        }
    }
    tarn_query_close(query);
    err.offset = -1;
    query = start(env, (struct tarn_text){(const char *)data, size}, table, &err);
    for (int i = 0; query != NULL && i < 4; i++) {
        if (tarn_query_next(query, &batch, &err) != TARN_OK || batch == NULL) {
            break;
        }
    }
    if (err.offset > (int64_t)size) {
        abort();
    }
    tarn_query_close(query);
    tarn_source_close(table);
    if (tarn_env_memory(env, NULL) != 0) {
        abort();
    }
    tarn_env_close(env);
    return 0;
}
