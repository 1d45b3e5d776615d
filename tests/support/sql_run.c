/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/sql_run.h"

#include <string.h>

#include "format/base/text.h"
#include "format/batch/row_text.h"
#include "tests/support/suite.h"

const char *tarn_test_sql_story(struct tarn_env *env, const struct tarn_sql_step *steps, size_t count)
{
    const char *lake = tarn_test_folder();
    for (size_t i = 0; i < count; i++) {
        const struct tarn_sql_step *step = &steps[i];
        struct tarn_error err = TARN_ERROR_INIT;
        char *text;
        const enum tarn_status status = tarn_test_statement(env, lake, step->sql, NULL, &text, &err);
        ck_assert_msg(status == step->status, "%s: %s instead of %s: %s", step->sql, tarn_status_name(status),
                      tarn_status_name(step->status), err.message);
        ck_assert_msg(step->detail == NULL || strcmp(err.detail, step->detail) == 0, "%s: %s instead of %s: %s", step->sql, err.detail,
                      step->detail, err.message);
        ck_assert_msg(step->rows == NULL || strcmp(text, step->rows) == 0, "%s gave\n%s", step->sql, text != NULL ? text : "nothing");
        tarn__free(env, text);
    }
    return lake;
}
