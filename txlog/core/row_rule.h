/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_ROW_RULE_H
#define TARN_TXLOG_CORE_ROW_RULE_H

#include "format/expr/batch_input.h"
#include "tarn/expr.h"

/*
 * What a table says about rows that come into it, in the words of the model: expressions that must be true, and columns whose values the
 * table makes. A snapshot lists them (txlog/core/snapshot.h); here they are compiled by the expression host and applied to batches.
 *
 * Threads: single.
 */
enum tarn__rule_kind {
    TARN_RULE_CHECK = 0, /* `text` is true for every row: false and null are neither */
    TARN_RULE_GENERATED, /* the column is `text` */
    TARN_RULE_DEFAULT,   /* the column is `text` in rows that do not have it */
    TARN_RULE_IDENTITY,  /* the column is numbered */
};

struct tarn__row_rule {
    enum tarn__rule_kind kind;
    uint32_t column;       /* of the schema; not of CHECK */
    struct tarn_text name; /* the constraint's, or the column's */
    struct tarn_text text;
    int64_t start; /* IDENTITY */
    int64_t step;
    bool has_mark; /* numbers up to `mark` are taken */
    int64_t mark;
    bool takes_given; /* rows may bring their own numbers */
};

/** A rule that can be evaluated. Zeroed: none. */
struct tarn__rule_eval {
    struct tarn_expr *expr;
    struct tarn_expr_eval *eval;
    struct tarn__batch_input input;
    uint32_t *columns; /* of the schema, by slot */
    struct tarn_env *env;
};

/** Text of a table as an expression. Errors: UNSUPPORTED expr.host (there is none that compiles), those of the host. */
TARN_WARN_UNUSED enum tarn_status tarn__rule_compile(struct tarn_env *env, const struct tarn_expr_host *host,
                                                     const struct tarn_schema *schema, struct tarn_text text, const struct tarn_type *type,
                                                     struct tarn_expr **out, struct tarn_error *err);
/** `type`: of the values; NULL: as they come. */
TARN_WARN_UNUSED enum tarn_status tarn__rule_open(struct tarn_env *env, const struct tarn_expr_host *host, const struct tarn_schema *schema,
                                                  struct tarn_text text, const struct tarn_type *type, struct tarn__rule_eval *out,
                                                  struct tarn_error *err);
/** Its value for rows whose columns are those of the schema; columns that it does not use may be NULL. A new reference. */
TARN_WARN_UNUSED enum tarn_status tarn__rule_values(struct tarn__rule_eval *rule, uint32_t rows, struct tarn_vector *const *columns,
                                                    struct tarn_vector **out, struct tarn_error *err);
/** The first row for which it is not true; UINT32_MAX: it is for all. */
TARN_WARN_UNUSED enum tarn_status tarn__rule_first_failure(struct tarn__rule_eval *rule, uint32_t rows, struct tarn_vector *const *columns,
                                                           uint32_t *row, struct tarn_error *err);
/** Does it use this column? */
bool tarn__rule_uses(const struct tarn__rule_eval *rule, uint32_t column);
void tarn__rule_close(struct tarn__rule_eval *rule);

#endif
