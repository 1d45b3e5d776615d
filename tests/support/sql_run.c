/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/sql_run.h"

#include <string.h>

#include "format/base/text.h"
#include "format/batch/row_text.h"
#include "format/batch/vector.h"
#include "tests/support/suite.h"

enum tarn_status tarn_test_sql(struct tarn_env *env, const char *lake, const char *sql, struct tarn_query_info *info, char **text,
                               struct tarn_error *err)
{
    struct tarn_query_options options = TARN_QUERY_OPTIONS_INIT;
    struct tarn_query *query;
    struct tarn_batch *batch;
    struct tarn_text_builder out;
    size_t size;
    options.lake = tarn__text_of(lake);
    if (text != NULL) {
        *text = NULL;
    }
    TARN_RETURN_IF_ERROR(tarn_query_open(env, tarn__text_of(sql), &options, &query, err));
    tarn__builder_init(&out, env);
    enum tarn_status status;
    while ((status = tarn_query_next(query, &batch, err)) == TARN_OK && batch != NULL) {
        for (uint32_t i = 0; i < batch->length; i++) {
            for (uint32_t k = 0; k < batch->column_count; k++) {
                tarn__builder_add_str(&out, k == 0 ? "" : "|");
                tarn__row_text(&out, batch->columns[k], i, TARN_STYLE_SQL);
            }
            tarn__builder_add_char(&out, '\n');
        }
    }
    if (info != NULL) {
        *info = tarn_query_info(query);
    }
    status = status == TARN_OK ? tarn__builder_status(&out, err) : status;
    if (status == TARN_OK && text != NULL) {
        *text = tarn__builder_take(&out, &size);
        status = *text != NULL ? TARN_OK : tarn__nomem(env, err, 0);
    }
    tarn__builder_free(&out);
    tarn_query_close(query);
    return status;
}

const char *tarn_test_sql_story(struct tarn_env *env, const struct tarn_sql_step *steps, size_t count)
{
    const char *lake = tarn_test_folder();
    for (size_t i = 0; i < count; i++) {
        const struct tarn_sql_step *step = &steps[i];
        struct tarn_error err = TARN_ERROR_INIT;
        char *text;
        const enum tarn_status status = tarn_test_sql(env, lake, step->sql, NULL, &text, &err);
        ck_assert_msg(status == step->status, "%s: %s instead of %s: %s", step->sql, tarn_status_name(status),
                      tarn_status_name(step->status), err.message);
        ck_assert_msg(step->detail == NULL || strcmp(err.detail, step->detail) == 0, "%s: %s instead of %s: %s", step->sql, err.detail,
                      step->detail, err.message);
        ck_assert_msg(step->rows == NULL || strcmp(text, step->rows) == 0, "%s gave\n%s", step->sql, text != NULL ? text : "nothing");
        tarn__free(env, text);
    }
    return lake;
}
