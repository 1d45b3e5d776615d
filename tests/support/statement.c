/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/statement.h"

#include "format/base/text.h"
#include "format/batch/row_text.h"

enum tarn_status tarn_test_statement(struct tarn_env *env, const char *lake, const char *sql, struct tarn_query_info *info, char **text,
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
