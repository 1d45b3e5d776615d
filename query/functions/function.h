/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_QUERY_FUNCTIONS_FUNCTION_H
#define TARN_QUERY_FUNCTIONS_FUNCTION_H

#include "format/base/text.h"
#include "format/batch/row_text.h"
#include "query/functions/operand.h"
#include "tarn/expr.h"

/*
 * The scalar functions of SQL: one table (functions.def), one file a family. Ids are stored in scan tasks and table metadata: they never
 * change their meaning.
 */

/** One call over a set of rows. */
struct tarn__call {
    struct tarn_env *env;
    struct tarn_expr_eval *eval;
    const struct tarn_expr_node *node;
    const struct tarn_selection *selection;
    uint32_t rows;
    uint32_t count;
    struct tarn_vector **args;      /**< of `rows` rows each; not for lazy functions */
    struct tarn__operand *operands; /**< the same, to be read */
    int32_t parameter;              /**< from the table: which of a family */
    struct tarn_error *err;
};

typedef enum tarn_status (*tarn__function_run)(struct tarn__call *call, struct tarn_vector **out);

enum {
    TARN__FUNCTION_TOTAL = 1,      /**< never fails for a value: may be computed for dictionary entries that no row has */
    TARN__FUNCTION_LAZY = 2,       /**< evaluates its arguments itself */
    TARN__FUNCTION_SEES_NULLS = 4, /**< its answer for a null is not always null */
    TARN__FUNCTION_HIDDEN = 8,     /**< has no name in SQL: operators, what the binder makes */
};

/** How the types of arguments and result are found; see query/bind/overload.c. */
enum tarn__rule {
    TARN__RULE_SIGNATURE = 0,
    TARN__RULE_ADD,      /**< numbers: the common type, decimals one digit wider */
    TARN__RULE_MULTIPLY, /**< numbers: decimals add their digits */
    TARN__RULE_COMMON,   /**< numbers: the common type */
    TARN__RULE_SAME,     /**< a number: its type */
    TARN__RULE_WHOLE,    /**< a number: without digits behind the point */
    TARN__RULE_ROUND,    /**< a number and a constant number of digits */
    TARN__RULE_CHOICE,   /**< any types: their common one (COALESCE, GREATEST) */
    TARN__RULE_IF,       /**< BOOLEAN, then two of a common type */
    TARN__RULE_NULLIF,
    TARN__RULE_TRUNCATE, /**< text, moment: DATE gives TIMESTAMP */
    TARN__RULE_INTERNAL, /**< only the binder makes it */
};

struct tarn__function {
    uint32_t id;
    const char *name;
    enum tarn__rule rule;
    const char *signature;
    unsigned flags;
    int32_t parameter;
    tarn__function_run run;
};

/** Ids that the binder itself uses; the table has the rest. */
enum tarn__function_id {
    TARN__F_CAST = 1,
    TARN__F_TRY_CAST = 2,
    TARN__F_CASE = 3,
    TARN__F_COALESCE = 4,
    TARN__F_DISTINCT_FROM = 5,
    TARN__F_LIKE = 6,
    TARN__F_ILIKE = 7,
    TARN__F_STRUCT_EXTRACT = 8,
    TARN__F_LIST_EXTRACT = 9,
    TARN__F_LIST_VALUE = 10,
    TARN__F_EQUAL = 11, /**< comparisons of types that the tree does not compare */
};

uint32_t tarn__function_count(void);
const struct tarn__function *tarn__function_at(uint32_t index);
/** NULL: no such id. */
const struct tarn__function *tarn__function_find(uint32_t id);

/* ---- for the families ---- */

/** INVALID at the place of the call. */
enum tarn_status tarn__call_invalid(const struct tarn__call *call, const char *detail, const char *format, ...) TARN_PRINTF(3, 4);
enum tarn_status tarn__call_nomem(const struct tarn__call *call);

/** Rows where no argument is null; *out NULL: all. */
TARN_WARN_UNUSED enum tarn_status tarn__call_validity(const struct tarn__call *call, struct tarn_buffer **out);
static inline bool tarn__row_valid(const struct tarn_buffer *validity, uint32_t row)
{
    return validity == NULL || tarn__bit_get(validity->data, row);
}

/**
 * A vector of the node's type from dense numbers, null where `validity` says so. Takes `validity` over. *bad is set to the first row whose
 * value does not fit the type, then there is no vector; UINT32_MAX: all fit.
 */
TARN_WARN_UNUSED enum tarn_status tarn__call_integers(const struct tarn__call *call, const int64_t *values, struct tarn_buffer *validity,
                                                      uint32_t *bad, struct tarn_vector **out);
TARN_WARN_UNUSED enum tarn_status tarn__call_wide(const struct tarn__call *call, const tarn_i128 *values, struct tarn_buffer *validity,
                                                  uint32_t *bad, struct tarn_vector **out);
/** F32 or F64. */
TARN_WARN_UNUSED enum tarn_status tarn__call_doubles(const struct tarn__call *call, const double *values, struct tarn_buffer *validity,
                                                     struct tarn_vector **out);
/** BOOL: takes `bits` (values of null rows are cleared) and `validity` over. */
TARN_WARN_UNUSED enum tarn_status tarn__call_bits(const struct tarn__call *call, struct tarn_buffer *bits, struct tarn_buffer *validity,
                                                  struct tarn_vector **out);

/** A row's value for a message: as CAST(x AS VARCHAR) gives it, NULL written out. */
void tarn__print_value(struct tarn_text_builder *out, const struct tarn_vector *vector, uint32_t row);

/** An interval's parts. */
struct tarn__interval {
    int32_t months;
    int32_t days;
    int64_t nanos;
};
struct tarn__interval tarn__interval_load(const struct tarn__operand *operand, uint32_t row);
void tarn__interval_store(uint8_t out[16], struct tarn__interval interval);
/** "1 year 2 days 03:04:05.5", in SQL's words. */
bool tarn__interval_parse(struct tarn_text text, struct tarn__interval *out);

/* ---- the families' entry points, named in functions.def ---- */
#define FUNCTION(id, name, rule, signature, flags, run, parameter)                                                                         \
    enum tarn_status tarn__run_##run(struct tarn__call *call, struct tarn_vector **out);
#include "query/functions/functions.def"
#undef FUNCTION

#endif
