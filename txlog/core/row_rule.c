/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules about rows: compiled and evaluated.
 *
 * Invariant: a rule that cannot be compiled is an error, never a rule that holds.
 */
#include "txlog/core/row_rule.h"

#include <stddef.h>

#include "format/base/bytes.h"
#include "format/batch/vector.h"

static bool compiles(const struct tarn_expr_host *host)
{
    return host != NULL && host->size >= offsetof(struct tarn_expr_host, compile) + sizeof(host->compile) && host->compile != NULL;
}

enum tarn_status tarn__rule_compile(struct tarn_env *env, const struct tarn_expr_host *host, const struct tarn_schema *schema,
                                    struct tarn_text text, const struct tarn_type *type, struct tarn_expr **out, struct tarn_error *err)
{
    *out = NULL;
    host = host != NULL ? host : tarn__env_options(env)->expr_host;
    if (!compiles(host)) {
        return tarn__unsupported(err, "expr.host",
                                 "the table has expressions (\"%.*s\"), and the program lends no expression host that compiles them",
                                 TARN_TEXT_ARG(text));
    }
    return host->compile(host->ctx, env, schema, text, type, out, err);
}

enum tarn_status tarn__rule_open(struct tarn_env *env, const struct tarn_expr_host *host, const struct tarn_schema *schema,
                                 struct tarn_text text, const struct tarn_type *type, struct tarn__rule_eval *out, struct tarn_error *err)
{
    *out = (struct tarn__rule_eval){.env = env};
    TARN_RETURN_IF_ERROR(tarn__rule_compile(env, host, schema, text, type, &out->expr, err));
    out->columns = tarn__calloc(env, (size_t)out->expr->column_count + 1, sizeof(*out->columns));
    enum tarn_status status = out->columns == NULL ? tarn__nomem(env, err, out->expr->column_count * sizeof(*out->columns)) : TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < out->expr->column_count; i++) {
        const struct tarn_path *path = &out->expr->columns[i].path;
        const int32_t column = tarn_fields_find(schema->field_count, schema->fields, path->steps[0].name);
        if (column < 0 || path->depth != 1) {
            status = tarn__internal(err, "an expression of the table has a column that the table has not");
        } else {
            out->columns[i] = (uint32_t)column;
        }
    }
    status = status == TARN_OK ? tarn_expr_eval_open(env, out->expr, host, &out->eval, err) : status;
    if (status != TARN_OK) {
        tarn__rule_close(out);
        return status;
    }
    tarn__batch_input_open(&out->input, env, out->columns);
    return TARN_OK;
}

void tarn__rule_close(struct tarn__rule_eval *rule)
{
    if (rule->eval != NULL) {
        tarn__batch_input_close(&rule->input);
        tarn_expr_eval_close(rule->eval);
    }
    tarn_expr_release(rule->expr);
    if (rule->env != NULL) {
        tarn__free(rule->env, rule->columns);
    }
    *rule = (struct tarn__rule_eval){0};
}

enum tarn_status tarn__rule_values(struct tarn__rule_eval *rule, uint32_t rows, struct tarn_vector *const *columns,
                                   struct tarn_vector **out, struct tarn_error *err)
{
    tarn__batch_input_set(&rule->input, rows, columns);
    const enum tarn_status status = tarn_expr_eval_run(rule->eval, &rule->input.input, NULL, out, err);
    tarn__batch_input_set(&rule->input, 0, NULL);
    return status;
}

enum tarn_status tarn__rule_first_failure(struct tarn__rule_eval *rule, uint32_t rows, struct tarn_vector *const *columns, uint32_t *row,
                                          struct tarn_error *err)
{
    struct tarn_vector *truth;
    *row = UINT32_MAX;
    TARN_RETURN_IF_ERROR(tarn__rule_values(rule, rows, columns, &truth, err));
    for (uint32_t i = 0; i < rows && *row == UINT32_MAX; i++) {
        const struct tarn_value value = tarn__vector_value(truth, i);
        *row = value.is_null || !value.u.boolean ? i : UINT32_MAX;
    }
    tarn_vector_release(truth);
    return TARN_OK;
}

bool tarn__rule_uses(const struct tarn__rule_eval *rule, uint32_t column)
{
    for (uint32_t i = 0; i < rule->expr->column_count; i++) {
        if (rule->columns[i] == column) {
            return true;
        }
    }
    return false;
}
