/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_SCHEMA_MAP_H
#define TARN_TXLOG_CORE_SCHEMA_MAP_H

#include "tarn/type.h"

/*
 * What a schema becomes in a table format, whose types are fewer: the walk and the rules that all formats share. The format decides about
 * types without members; lists, structs and maps are those of what they hold.
 */

/** `to` comes as the same type without parameters. Errors: UNSUPPORTED by the format's own names. */
typedef enum tarn_status (*tarn__type_map_fn)(void *arg, const struct tarn_type *from, struct tarn_type *to, struct tarn_error *err);

/** Names, nullability and the property "comment" stay; ids go. Errors: INVALID (no columns, names equal without case), those of fn. */
TARN_WARN_UNUSED enum tarn_status tarn__schema_map(struct tarn_env *env, const struct tarn_schema *from, tarn__type_map_fn fn, void *arg,
                                                   struct tarn_schema **out, struct tarn_error *err);

#endif
