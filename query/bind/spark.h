/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_QUERY_BIND_SPARK_H
#define TARN_QUERY_BIND_SPARK_H

#include "query/bind/bound.h"

/*
 * Expression text that tables carry (constraints, generated columns, defaults), which Spark's rules give its meaning: 1 DIV 2, CAST that
 * cuts, concat that is null with a null. What tarn cannot do as Spark does it is UNSUPPORTED `expr.spark`, never done otherwise. The
 * session's zone is UTC.
 */

/** The host's hook: see struct tarn_expr_host. */
enum tarn_status tarn__spark_compile(void *ctx, struct tarn_env *env, const struct tarn_schema *schema, struct tarn_text text,
                                     const struct tarn_type *type, struct tarn_expr **out, struct tarn_error *err);

/** A tree of Spark's text, bound by Spark's rules. */
TARN_WARN_UNUSED enum tarn_status tarn__spark_bind(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out,
                                                   struct tarn_error *err);
/** CAST(value AS type). */
TARN_WARN_UNUSED enum tarn_status tarn__spark_cast(struct tarn__binder *b, struct tarn__bound **value, const struct tarn_type *type,
                                                   struct tarn_error *err);
/** A call by name, whose arguments are bound. */
TARN_WARN_UNUSED enum tarn_status tarn__spark_call(struct tarn__binder *b, struct tarn_text name, uint32_t count, struct tarn__bound **args,
                                                   uint32_t place, struct tarn__bound **out, struct tarn_error *err);
/** A type by the name that Spark has for it; NULL: not one of those that tarn casts to. */
const struct tarn_type *tarn__spark_type(struct tarn_arena *arena, struct tarn_text text);
/** UNSUPPORTED expr.spark with caret. */
enum tarn_status tarn__spark_refuse(const struct tarn__binder *b, uint32_t place, struct tarn_error *err, const char *format, ...)
    TARN_PRINTF(4, 5);

#endif
